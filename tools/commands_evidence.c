/* Evidence: `checkpoint` says what the log is, `verify` computes everything again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base64.h"
#include "ledger/ledger.h"
#include "ledger/signing.h"
#include "ledger/text.h"
#include "ledger/verify.h"
#include "tools/cli/progress.h"
#include "tools/commands.h"
#include "tools/evidence_text.h"

enum { ROOT_TEXT_LEN = BASE64_LEN(TREE_HASH_SIZE) };

/* ---- checkpoint */

static int print_checkpoint(struct context *ctx, const char *note, bool is_signed)
{
    struct note parsed;
    struct checkpoint checkpoint;
    char root[ROOT_TEXT_LEN + 1];
    if (!output_wants_json(&ctx->output))
        return evidence_print_text(ctx, note);
    int rc = checkpoint_of_note((struct daybook_text){note, strlen(note)}, &parsed, &checkpoint, &ctx->error);
    if (rc)
        return rc;
    base64_encode(checkpoint.root.bytes, TREE_HASH_SIZE, root);
    return output_document(&ctx->output,
                           json_pack("{s:s%,s:I,s:s,s:s,s:b}", "origin", checkpoint.origin.ptr, checkpoint.origin.len,
                                     "size", (json_int_t)checkpoint.size, "root", root, "checkpoint", note, "signed",
                                     (int)is_signed),
                           &ctx->error);
}

/* What was signed last, if the log is still just that. */
static int find_kept(struct session *s, const struct checkpoint *now, char **ret)
{
    struct note note;
    struct checkpoint kept;
    char *text = NULL;
    int rc = signing_kept(s->ledger, false, &text, &s->ctx->error);
    bool same = !rc && text && checkpoint_of_note((struct daybook_text){text, strlen(text)}, &note, &kept, NULL) == 0 &&
                text_equals(kept.origin, now->origin) && kept.size == now->size &&
                memcmp(&kept.root, &now->root, sizeof kept.root) == 0;
    if (same)
        *ret = text;
    else
        free(text);
    return rc;
}

/* Where nothing can be signed, what the log is can still be said: its text, the empty line, nobody's signature. */
static int print_unsigned(struct session *s)
{
    struct context *ctx = s->ctx;
    char origin[NOTE_NAME_MAX + 1], text[CHECKPOINT_SIZE + 1], *kept = NULL;
    struct checkpoint checkpoint = {.size = 0};
    struct daybook_error reason = ctx->error;
    ctx->error = (struct daybook_error){0};
    int rc = session_read(s);
    if (rc)
        return rc;
    signing_origin(s->ledger, origin);
    checkpoint.origin = (struct daybook_text){origin, strlen(origin)};
    checkpoint.size = daybook_last_seq(s->snapshot);
    rc = daybook_root(s->snapshot, checkpoint.size, checkpoint.root.bytes, &ctx->error);
    if (!rc)
        rc = find_kept(s, &checkpoint, &kept);
    if (rc)
        return rc;
    checkpoint_print(&checkpoint, text);
    memcpy(text + strlen(text), "\n", 2);
    if (!kept)
        cli_print_note(say(ctx, "Not signed: %s", "未签名：%s"), reason.message);
    rc = print_checkpoint(ctx, kept ? kept : text, kept != NULL);
    free(kept);
    return rc;
}

static int run_checkpoint(struct context *ctx)
{
    struct session session = {0};
    char *note = NULL;
    int rc = session_open(&session, ctx);
    if (!rc) {
        rc = signing_checkpoint(session.ledger, SIGNING_ALL, &note, NULL, &ctx->error);
        bool cannot_sign = (rc == DAYBOOK_READ_ONLY && store_is_read_only(session.ledger->store)) ||
                           rc == DAYBOOK_NOT_FOUND; /* no key */
        if (cannot_sign)
            rc = print_unsigned(&session);
        else if (!rc)
            rc = print_checkpoint(ctx, note, true);
    }
    free(note);
    session_close(&session);
    return rc;
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
    if (memcmp(root->bytes, checkpoint->root.bytes, TREE_HASH_SIZE) == 0)
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

/* Did a key of the ledger sign the checkpoint that was kept? A signature that claims so and is false says that the
 * file was altered: what it says then is nothing against the ledger. */
static int check_signatures(struct context *ctx, const struct note *note, bool *ret_signed)
{
    struct session session = {0};
    struct note_key *keys = NULL;
    size_t key_count = 0, signed_count = 0;
    int rc = session_open(&session, ctx);
    if (!rc)
        rc = signing_own_keys(session.ledger, &keys, &key_count, &ctx->error);
    if (!rc)
        rc = note_verify(note, keys, key_count, &signed_count, &ctx->error);
    if (rc == DAYBOOK_VERIFICATION_FAILED)
        rc = daybook_fail(&ctx->error, DAYBOOK_VERIFICATION_FAILED,
                          say(ctx,
                              "The signature of the checkpoint is false: %s was altered. The ledger itself verifies; "
                              "compare it with the checkpoint as it was signed.",
                              "检查点的签名不成立：%s 被改动过。账本自身通过验证；请用签署时的原件核对。"),
                          context_string(ctx, "--checkpoint"));
    free(keys);
    session_close(&session);
    *ret_signed = signed_count > 0;
    return rc;
}

/* That nobody known here signed it is said, not refused: a copy that `load` made has no key, and what counts is that
 * the checkpoint was kept where nobody could change it. */
static int judge_checkpoint(struct context *ctx, const struct checkpoint *checkpoint, const struct note *note,
                            const struct verify_result *result)
{
    bool is_signed = false;
    int rc = check_signatures(ctx, note, &is_signed);
    if (!rc)
        rc = compare_checkpoint(ctx, checkpoint, result);
    if (!rc && !is_signed)
        cli_print_note("%s",
                       say(ctx,
                           "No key of this ledger signed the checkpoint: it is worth what the place is worth where "
                           "it was kept.",
                           "该检查点没有此账本密钥的签名：其可信程度取决于保存它的地方。"));
    return rc;
}

static int verify_with(struct context *ctx, const struct checkpoint *checkpoint, const struct note *note)
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
        rc = judge_checkpoint(ctx, checkpoint, note, &result);
    return rc ? rc : print_verified(ctx, checkpoint, &result);
}

static int run_verify(struct context *ctx)
{
    const char *name = context_string(ctx, "--checkpoint");
    struct checkpoint checkpoint;
    struct note note;
    char *text = NULL;
    size_t len = 0;
    int rc = name ? evidence_read_file(ctx, name, &text, &len) : 0;
    if (!rc && name && checkpoint_of_note((struct daybook_text){text, len}, &note, &checkpoint, NULL))
        rc = daybook_fail(&ctx->error, DAYBOOK_VERIFICATION_FAILED,
                          say(ctx, "%s is no checkpoint: origin, size, root, an empty line, signatures.",
                              "%s 不是检查点：应为来源、数量、根哈希、空行、签名。"),
                          name);
    if (!rc)
        rc = verify_with(ctx, name ? &checkpoint : NULL, &note);
    free(text);
    return rc;
}

const struct command evidence_commands[] = {
    {
        .name = "checkpoint",
        .group = "audit",
        .summary_en = "Print what the log is now, signed: its size and the hash over all of it.",
        .summary_zh = "输出并签名日志当前的检查点：事件数与整体哈希。",
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
