/* Evidence: `checkpoint` says what the log is, `verify` computes everything again. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ledger/text.h"
#include "ledger/verify.h"
#include "ledger/base64.h"
#include "tools/cli/progress.h"
#include "tools/commands.h"
#include "tools/session.h"

enum { ROOT_TEXT_LEN = BASE64_LEN(TREE_HASH_SIZE), NOTE_MAX = 1 << 20 };

/* ---- checkpoint */

static int print_checkpoint(struct context *ctx, const char *id, uint64_t size, const uint8_t root[TREE_HASH_SIZE])
{
    char root_text[ROOT_TEXT_LEN + 1], text[200];
    base64_encode(root, TREE_HASH_SIZE, root_text);
    snprintf(text, sizeof text, "daybook/%s\n%llu\n%s\n\n", id, (unsigned long long)size, root_text);
    if (output_wants_json(&ctx->output))
        return output_document(&ctx->output,
                               json_pack("{s:o,s:I,s:s,s:s}", "origin", json_sprintf("daybook/%s", id), "size",
                                         (json_int_t)size, "root", root_text, "checkpoint", text),
                               &ctx->error);
    int rc = output_print(&ctx->output, &ctx->error, "daybook/%s", id);
    if (!rc)
        rc = output_print(&ctx->output, &ctx->error, "%llu", (unsigned long long)size);
    if (!rc)
        rc = output_print(&ctx->output, &ctx->error, "%s", root_text);
    return rc ? rc : output_print(&ctx->output, &ctx->error, "%s", "");
}

static int run_checkpoint(struct context *ctx)
{
    struct session session = {0};
    uint8_t root[TREE_HASH_SIZE];
    uint64_t size = 0;
    int rc = session_open(&session, ctx);
    if (!rc)
        rc = session_read(&session);
    if (!rc) {
        size = daybook_last_seq(session.snapshot);
        rc = daybook_root(session.snapshot, size, root, &ctx->error);
    }
    if (!rc)
        rc = print_checkpoint(ctx, daybook_id(session.ledger), size, root);
    session_close(&session);
    return rc;
}

/* ---- a checkpoint that was kept */

struct checkpoint {
    struct daybook_text origin;
    uint64_t size;
    uint8_t root[TREE_HASH_SIZE];
};

static int read_whole(const char *name, char **ret, size_t *ret_len, struct daybook_error *err)
{
    int fd = strcmp(name, "-") == 0 ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    char *text = malloc(NOTE_MAX + 1);
    size_t len = 0;
    ssize_t got = fd < 0 || !text ? -1 : 1;
    while (got > 0 && len <= NOTE_MAX) {
        got = read(fd, text + len, NOTE_MAX + 1 - len);
        len += got > 0 ? (size_t)got : 0;
    }
    int rc = 0;
    if (got < 0)
        rc = daybook_fail(err, DAYBOOK_IO, "%s cannot be read: %s.", name, strerror(errno));
    else if (len > NOTE_MAX)
        rc = daybook_fail(err, DAYBOOK_VERIFICATION_FAILED, "%s is too large for a checkpoint.", name);
    if (fd > STDIN_FILENO)
        close(fd);
    if (rc) {
        free(text);
        return rc;
    }
    *ret = text;
    *ret_len = len;
    return 0;
}

/* The next line of `rest`, without its LF; false when there is no LF. */
static bool take_line(struct daybook_text *rest, struct daybook_text *ret)
{
    const char *end = rest->len ? memchr(rest->ptr, '\n', rest->len) : NULL;
    if (!end)
        return false;
    *ret = (struct daybook_text){rest->ptr, (size_t)(end - rest->ptr)};
    rest->ptr = end + 1;
    rest->len -= ret->len + 1;
    return true;
}

static bool parse_size(struct daybook_text text, uint64_t *ret)
{
    uint64_t value = 0;
    if (text.len == 0 || (text.len > 1 && text.ptr[0] == '0'))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned)(text.ptr[i] - '0');
        if (digit > 9 || __builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value))
            return false;
    }
    *ret = value;
    return value <= INT64_MAX;
}

static bool is_signature(struct daybook_text line)
{
    static const char dash[] = "\xe2\x80\x94 ";
    return line.len > sizeof dash && memcmp(line.ptr, dash, sizeof dash - 1) == 0;
}

/* Origin, size, root, an empty line, signature lines: nothing else. */
static bool parse_checkpoint(struct daybook_text note, struct checkpoint *ret)
{
    struct daybook_text size, root, line;
    size_t len;
    for (size_t i = 0; i < note.len; i++)
        if ((unsigned char)note.ptr[i] < ' ' && note.ptr[i] != '\n')
            return false;
    if (!text_is_valid(note) || !take_line(&note, &ret->origin) || ret->origin.len == 0 || !take_line(&note, &size) ||
        !parse_size(size, &ret->size) || !take_line(&note, &root) || root.len != ROOT_TEXT_LEN)
        return false;
    uint8_t bytes[ROOT_TEXT_LEN / 4 * 3];
    if (!base64_decode(root, bytes, &len) || len != TREE_HASH_SIZE || !take_line(&note, &line) || line.len)
        return false;
    memcpy(ret->root, bytes, TREE_HASH_SIZE);
    while (note.len)
        if (!take_line(&note, &line) || !is_signature(line))
            return false;
    return true;
}

/* ---- verify */

static void show_progress(void *context, uint64_t done, uint64_t total)
{
    struct progress *progress = context;
    progress->total = total;
    progress_update(progress, done);
}

static json_t *problems_json(const struct verify_result *result)
{
    json_t *list = json_array();
    for (size_t i = 0; i < result->problem_count && i < VERIFY_PROBLEMS_MAX; i++) {
        const struct verify_problem *problem = &result->problems[i];
        json_array_append_new(list, json_pack("{s:o,s:s}", "seq",
                                              problem->seq ? json_integer((json_int_t)problem->seq) : json_null(),
                                              "message", problem->message));
    }
    return list;
}

static int tell_problems(struct context *ctx, const struct verify_result *result)
{
    struct daybook_error first = ctx->error;
    for (size_t i = 0; i < result->problem_count && i < VERIFY_PROBLEMS_MAX; i++)
        cli_print_note("%s", result->problems[i].message);
    if (result->problem_count > VERIFY_PROBLEMS_MAX)
        cli_print_note(say(ctx, "… and %llu more.", "……另有 %llu 处。"),
                       (unsigned long long)(result->problem_count - VERIFY_PROBLEMS_MAX));
    ctx->error_members =
        json_pack("{s:o,s:I}", "problems", problems_json(result), "count", (json_int_t)result->problem_count);
    return daybook_fail(&ctx->error, DAYBOOK_VERIFICATION_FAILED,
                        say(ctx, "This ledger does not verify: %s Restore a backup that does.",
                            "此账本未通过验证：%s 请恢复一份能通过验证的备份。"),
                        first.message);
}

/* Is the log as it was when the checkpoint was made, and longer or not? */
static int compare_checkpoint(struct context *ctx, const struct checkpoint *checkpoint,
                              const struct verify_result *result)
{
    char origin[60];
    snprintf(origin, sizeof origin, "daybook/%s", result->id);
    if (!text_equals(checkpoint->origin, (struct daybook_text){origin, strlen(origin)}))
        return daybook_fail(&ctx->error, DAYBOOK_VERIFICATION_FAILED,
                            say(ctx, "The checkpoint is of another ledger, %.*s; this one is %s.",
                                "该检查点属于另一账本 %.*s；此账本为 %s。"),
                            (int)(checkpoint->origin.len < 200 ? checkpoint->origin.len : 200), checkpoint->origin.ptr,
                            origin);
    if (checkpoint->size > result->events)
        return daybook_fail(&ctx->error, DAYBOOK_VERIFICATION_FAILED,
                            say(ctx, "The checkpoint is of %llu events, but the ledger has %llu: events were removed.",
                                "检查点包含 %llu 个事件，账本只有 %llu 个：有事件被移除。"),
                            (unsigned long long)checkpoint->size, (unsigned long long)result->events);
    struct tree_hash empty;
    struct tree none;
    tree_init(&none);
    tree_root(&none, &empty);
    const struct tree_hash *root = checkpoint->size ? &result->earlier_root : &empty;
    if (memcmp(root->bytes, checkpoint->root, TREE_HASH_SIZE) == 0)
        return 0;
    return daybook_fail(
        &ctx->error, DAYBOOK_VERIFICATION_FAILED,
        say(ctx, "The first %llu events are not those of the checkpoint: one was changed, removed or slipped in.",
            "前 %llu 个事件与检查点不符：有事件被更改、移除或插入。"),
        (unsigned long long)checkpoint->size);
}

static int print_verified(struct context *ctx, const struct checkpoint *checkpoint, const struct verify_result *r)
{
    char root[ROOT_TEXT_LEN + 1];
    base64_encode(r->root.bytes, TREE_HASH_SIZE, root);
    if (output_wants_json(&ctx->output))
        return output_document(&ctx->output,
                               json_pack("{s:s,s:I,s:I,s:I,s:I,s:s,s:o}", "ledger", r->id, "events",
                                         (json_int_t)r->events, "subjects", (json_int_t)r->subjects, "personal_values",
                                         (json_int_t)r->personal_values, "erased", (json_int_t)r->erased, "root", root,
                                         "checkpoint_size",
                                         checkpoint ? json_integer((json_int_t)checkpoint->size) : json_null()),
                               &ctx->error);
    int rc =
        output_print(&ctx->output, &ctx->error,
                     say(ctx, "Verified: %llu events of %llu subjects; every event, chain, table and hash is right.",
                         "验证通过：%llu 个事件、%llu 个主体；所有事件、链、表与哈希均正确。"),
                     (unsigned long long)r->events, (unsigned long long)r->subjects);
    if (!rc)
        rc = output_print(&ctx->output, &ctx->error,
                          say(ctx, "Personal values: %llu fit their commitments, %llu were erased.",
                              "个人数据：%llu 项与承诺相符，%llu 项已删除。"),
                          (unsigned long long)r->personal_values, (unsigned long long)r->erased);
    if (!rc && checkpoint)
        rc =
            output_print(&ctx->output, &ctx->error,
                         say(ctx, "The first %llu events are those of the checkpoint.", "前 %llu 个事件与检查点一致。"),
                         (unsigned long long)checkpoint->size);
    return rc ? rc : output_print(&ctx->output, &ctx->error, say(ctx, "Root: %s", "根哈希：%s"), root);
}

static int verify_with(struct context *ctx, const struct checkpoint *checkpoint)
{
    struct progress progress = {0};
    struct verify_result result;
    struct verify_options options = {.unsafe_filesystem = ctx->unsafe_filesystem,
                                     .earlier_size = checkpoint ? checkpoint->size : 0,
                                     .progress = show_progress,
                                     .context = &progress};
    progress_start(&progress, ctx->language, say(ctx, "Verify", "验证"), 0);
    int rc = verify_ledger(ctx->ledger_path, &options, &result, &ctx->error);
    progress_end(&progress);
    if (rc == DAYBOOK_VERIFICATION_FAILED)
        return tell_problems(ctx, &result);
    if (!rc && checkpoint)
        rc = compare_checkpoint(ctx, checkpoint, &result);
    return rc ? rc : print_verified(ctx, checkpoint, &result);
}

static int run_verify(struct context *ctx)
{
    const char *name = context_string(ctx, "--checkpoint");
    struct checkpoint checkpoint;
    char *note = NULL;
    size_t len = 0;
    int rc = name ? read_whole(name, &note, &len, &ctx->error) : 0;
    if (!rc && name && !parse_checkpoint((struct daybook_text){note, len}, &checkpoint))
        rc = daybook_fail(&ctx->error, DAYBOOK_VERIFICATION_FAILED,
                          say(ctx, "%s is no checkpoint: origin, size, root, an empty line, signatures.",
                              "%s 不是检查点：应为来源、数量、根哈希、空行、签名。"),
                          name);
    if (!rc)
        rc = verify_with(ctx, name ? &checkpoint : NULL);
    free(note);
    return rc;
}

const struct command evidence_commands[] = {
    {
        .name = "checkpoint",
        .group = "audit",
        .summary_en = "Print what the log is now: its size and the hash over all of it.",
        .summary_zh = "输出日志当前的检查点：事件数与整体哈希。",
        .example = "daybook checkpoint > checkpoint.txt",
        .ledger_use = LEDGER_READ,
        .run = run_checkpoint,
    },
    {
        .name = "verify",
        .group = "audit",
        .options =
            (const struct option[]){
                {.name = "--checkpoint",
                 .kind = ARGUMENT_FILE,
                 .value_name = "FILE",
                 .help_en = "also compare with a checkpoint that was kept",
                 .help_zh = "并与保存的检查点比较"},
                {0},
            },
        .summary_en = "Compute everything again from the stored bytes, and name what is wrong.",
        .summary_zh = "从存储字节重新计算一切，并指出错误。",
        .example = "daybook verify --checkpoint checkpoint.txt",
        .ledger_use = LEDGER_READ,
        .run = run_verify,
    },
    {0},
};
