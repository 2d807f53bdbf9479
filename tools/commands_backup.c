/* Copies of a ledger: `backup`, `restore`, `pull`. */
#include <stdio.h>
#include <string.h>

#include "daybook/backup.h"
#include "ledger/base64.h"
#include "ledger/date.h"
#include "ledger/tree.h"
#include "tools/backup/files.h"
#include "tools/cli/progress.h"
#include "tools/commands.h"
#include "tools/session.h"

enum { ROOT_TEXT_SIZE = BASE64_LEN(TREE_HASH_SIZE) + 1 };

struct bar {
    struct context *ctx;
    struct progress progress;
    enum daybook_copy_step step;
};

static void start_bar(struct bar *bar, enum daybook_copy_step step)
{
    const char *const labels[] = {
        [DAYBOOK_STEP_COPY] = say(bar->ctx, "Copy", "复制"),
        [DAYBOOK_STEP_VERIFY] = say(bar->ctx, "Verify", "验证"),
    };
    bar->step = step;
    progress_start(&bar->progress, bar->ctx->language, labels[step], 0);
}

static void show_progress(void *context, enum daybook_copy_step step, uint64_t done, uint64_t total)
{
    struct bar *bar = context;
    if (step != bar->step)
        start_bar(bar, step);
    bar->progress.total = total;
    progress_update(&bar->progress, done);
}

/* ---- backup */

static int print_backup(struct context *ctx, const char *dir, const struct daybook_copy *copy, uint64_t removed)
{
    char root[ROOT_TEXT_SIZE], made[DAYBOOK_INSTANT_TEXT_SIZE];
    base64_encode(copy->root, TREE_HASH_SIZE, root);
    instant_format(copy->made_us, made);
    if (output_wants_json(&ctx->output))
        return output_document(&ctx->output,
                               json_pack("{s:o,s:s,s:I,s:s,s:s,s:I}", "backup", json_sprintf("%s/%s", dir, copy->name),
                                         "ledger", copy->ledger, "events", (json_int_t)copy->events, "root", root,
                                         "made_at", made, "removed", (json_int_t)removed),
                               &ctx->error);
    int rc = output_print(
        &ctx->output, &ctx->error,
        say(ctx, "Backed up %llu events to %s/%s, and verified them.", "已备份 %llu 个事件到 %s/%s，并通过验证。"),
        (unsigned long long)copy->events, dir, copy->name);
    if (!rc)
        rc = output_print(&ctx->output, &ctx->error, say(ctx, "Root: %s", "根哈希：%s"), root);
    if (!rc && removed)
        rc = output_print(&ctx->output, &ctx->error,
                          say(ctx, removed == 1 ? "Removed %llu older backup." : "Removed %llu older backups.",
                              "已删除 %llu 份较早的备份。"),
                          (unsigned long long)removed);
    return rc;
}

static int run_backup(struct context *ctx)
{
    struct session session = {0};
    struct bar bar = {.ctx = ctx};
    struct daybook_copy_file files[BACKUP_FILE_COUNT];
    struct daybook_backup_options options = {.progress = show_progress,
                                             .context = &bar,
                                             .keep = context_count(ctx, "--keep", 0),
                                             .files = files,
                                             .file_count = BACKUP_FILE_COUNT};
    const char *dir = context_string(ctx, "DIR");
    struct daybook_copy copy;
    uint64_t removed = 0;
    if (context_given(ctx, "--keep") && options.keep == 0)
        return daybook_fail(&ctx->error, DAYBOOK_USAGE,
                            say(ctx, "--keep 0 would keep no backup, not even this one: give 1 or more.",
                                "--keep 0 表示一份也不留，包括本次备份：请给出 1 或更大的数。"));
    backup_files(files);
    int rc = session_open(&session, ctx);
    if (!rc) {
        start_bar(&bar, DAYBOOK_STEP_COPY);
        rc = daybook_backup(session.ledger, dir, &options, &copy, &removed, &ctx->error);
        progress_end(&bar.progress);
    }
    if (!rc)
        rc = print_backup(ctx, dir, &copy, removed);
    session_close(&session);
    return rc;
}

/* ---- restore */

static int print_restored(struct context *ctx, const struct daybook_copy *copy, uint64_t passed_over)
{
    char root[ROOT_TEXT_SIZE], made[DAYBOOK_INSTANT_TEXT_SIZE];
    base64_encode(copy->root, TREE_HASH_SIZE, root);
    instant_format(copy->made_us, made);
    if (output_wants_json(&ctx->output))
        return output_document(&ctx->output,
                               json_pack("{s:s,s:s?,s:s,s:I,s:s,s:s,s:I}", "restored", ctx->ledger_path, "backup",
                                         copy->name[0] ? copy->name : NULL, "ledger", copy->ledger, "events",
                                         (json_int_t)copy->events, "root", root, "made_at", made, "passed_over",
                                         (json_int_t)passed_over),
                               &ctx->error);
    int rc = output_print(&ctx->output, &ctx->error,
                          say(ctx, "Restored %llu events to %s, as they were at %s, and verified them.",
                              "已恢复 %llu 个事件到 %s（%s 时的状态），并通过验证。"),
                          (unsigned long long)copy->events, ctx->ledger_path, made);
    return rc ? rc : output_print(&ctx->output, &ctx->error, say(ctx, "Root: %s", "根哈希：%s"), root);
}

static int run_restore(struct context *ctx)
{
    struct bar bar = {.ctx = ctx};
    struct daybook_restore_options options = {
        .progress = show_progress, .context = &bar, .unsafe_filesystem = ctx->unsafe_filesystem};
    struct daybook_copy copy;
    uint64_t passed_over = 0;
    start_bar(&bar, DAYBOOK_STEP_COPY);
    int rc = daybook_restore(context_string(ctx, "DIR"), ctx->ledger_path, &options, &copy, &passed_over, &ctx->error);
    progress_end(&bar.progress);
    if (!rc)
        rc = print_restored(ctx, &copy, passed_over);
    if (rc)
        return rc;
    if (passed_over)
        cli_print_note(say(ctx,
                           passed_over == 1 ? "%llu newer backup did not verify and was passed over; this is %s."
                                            : "%llu newer backups did not verify and were passed over; this is %s.",
                           "有 %llu 份更新的备份未通过验证，已跳过；所用为 %s。"),
                       (unsigned long long)passed_over, copy.name);
    cli_print_note(
        "%s", say(ctx,
                  "Whatever was recorded after this backup is not here. If the original has signed checkpoints since, "
                  "do not write here and sign with the same key: that makes a fork, two histories of one ledger. "
                  "`daybook pull` first brings what the original has beyond this, and "
                  "forgets who was forgotten since. The key is not in a backup.",
                  "此备份之后的记录不在其中。若原账本此后签署过检查点，请勿在此写入并用同一密钥签署：那会形成分叉，"
                  "即同一账本的两个历史。可先用 `daybook pull` "
                  "取回原账本后来的记录（此后被删除的个人数据也随之删除）。备份中不含密钥。"));
    return 0;
}

/* ---- pull */

static int print_pulled(struct context *ctx, const char *from, const struct daybook_pulled *pulled)
{
    unsigned long long taken = pulled->events - pulled->before, here = pulled->events, there = pulled->theirs;
    if (output_wants_json(&ctx->output))
        return output_document(&ctx->output,
                               json_pack("{s:s,s:I,s:I,s:I}", "from", from, "taken", (json_int_t)taken, "events",
                                         (json_int_t)here, "theirs", (json_int_t)there),
                               &ctx->error);
    if (taken)
        return output_print(&ctx->output, &ctx->error,
                            say(ctx,
                                taken == 1 ? "Took %llu event from %s: this ledger has %llu now."
                                           : "Took %llu events from %s: this ledger has %llu now.",
                                "已从 %2$s 取回 %1$llu 个事件：此账本现有 %3$llu 个。"),
                            taken, from, here);
    if (there < here)
        return output_print(&ctx->output, &ctx->error,
                            say(ctx, "Nothing to take: %s has the first %llu of these %llu events.",
                                "无需取回：%s 只有此账本的前 %llu 个事件（共 %llu 个）。"),
                            from, there, here);
    return output_print(
        &ctx->output, &ctx->error,
        say(ctx, "Nothing to take: %s has the same %llu events.", "无需取回：%s 有同样的 %llu 个事件。"), from, here);
}

static int run_pull(struct context *ctx)
{
    struct session session = {0};
    struct bar bar = {.ctx = ctx};
    struct daybook_pull_options options = {
        .progress = show_progress, .context = &bar, .unsafe_filesystem = ctx->unsafe_filesystem};
    const char *from = context_string(ctx, "FROM");
    struct daybook_pulled pulled = {0};
    int rc = session_open(&session, ctx);
    if (!rc) {
        start_bar(&bar, DAYBOOK_STEP_COPY);
        rc = daybook_pull(session.ledger, from, &options, &pulled, &ctx->error);
        progress_end(&bar.progress);
    }
    if (pulled.differs_at)
        ctx->error_members = json_pack("{s:I}", "seq", (json_int_t)pulled.differs_at);
    if (!rc)
        rc = print_pulled(ctx, from, &pulled);
    session_close(&session);
    return rc;
}

const struct command backup_commands[] = {
    {
        .name = "backup",
        .group = "keeping",
        .arguments = (const struct argument[]){{.name = "DIR", .kind = ARGUMENT_FILE, .required = true}, {0}},
        .options =
            (const struct option[]){
                {.name = "--keep",
                 .kind = ARGUMENT_COUNT,
                 .value_name = "N",
                 .help_en = "then remove older backups of this ledger in DIR, so that N are left. What `forget` erases "
                            "stays in the backups made before it, until they are removed",
                 .help_zh = "随后删除 DIR 中此账本较早的备份，只留 N 份。`forget` "
                            "删除的内容仍在此前的备份中，直到备份被删除"},
                {0},
            },
        .summary_en = "Copy the ledger into a folder of its own below DIR, while others write, and verify the copy.",
        .summary_zh = "在他人写入的同时，把账本复制到 DIR 下的新文件夹并验证。",
        .example = "daybook backup backups --keep 7",
        .ledger_use = LEDGER_READ,
        .run = run_backup,
    },
    {
        .name = "restore",
        .group = "keeping",
        .arguments = (const struct argument[]){{.name = "DIR", .kind = ARGUMENT_FILE, .required = true}, {0}},
        .summary_en = "Make a ledger from a backup, or from the newest one in DIR that verifies; never over a ledger.",
        .summary_zh = "从备份（或 DIR 中最新且通过验证的备份）恢复账本；绝不覆盖已有账本。",
        .example = "daybook --ledger restored restore backups",
        .ledger_use = LEDGER_NONE,
        .run = run_restore,
    },
    {
        .name = "pull",
        .group = "keeping",
        .arguments = (const struct argument[]){{.name = "FROM", .kind = ARGUMENT_FILE, .required = true}, {0}},
        .summary_en =
            "Take what another copy of this ledger, or a backup, has beyond it, after a check that it is one.",
        .summary_zh = "从此账本的另一副本或备份取回后来的事件；先检查历史是否一致。",
        .example = "daybook --ledger copy.ledger pull daybook.ledger",
        .ledger_use = LEDGER_WRITE,
        .run = run_pull,
    },
    {0},
};
