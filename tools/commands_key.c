/* The ledger's signing key, and witnesses: others who sign its checkpoints. */
#include <stdlib.h>
#include <string.h>

#include "ledger/signing.h"
#include "ledger/witness.h"
#include "tools/commands.h"
#include "tools/evidence_text.h"

/* ---- key */

static int print_key(struct context *ctx, const struct note_key *key)
{
    char text[NOTE_VKEY_SIZE];
    note_key_print(key, text);
    if (output_wants_json(&ctx->output))
        return output_document(&ctx->output, json_pack("{s:s,s:s}", "name", key->name, "key", text), &ctx->error);
    return output_print(&ctx->output, &ctx->error, "%s", text);
}

static int run_key_new(struct context *ctx)
{
    struct session session = {0};
    struct daybook_entry who;
    struct note_key key;
    int rc = session_open(&session, ctx);
    if (!rc)
        rc = signing_make_key(session.ledger, &key, &ctx->error);
    bool replaces = rc == DAYBOOK_ALREADY_EXISTS;
    if (replaces) {
        session_entry(&session, NULL, 0, &who);
        rc = signing_rotate(session.ledger, &who, &key, &ctx->error);
    }
    if (!rc)
        rc = print_key(ctx, &key);
    if (!rc && replaces)
        cli_print_note("%s",
                       say(ctx,
                           "The key was replaced, which the log records: whoever has the old line needs this one "
                           "as well. The old one is still good for what it signed.",
                           "密钥已更换并记入日志：持有旧密钥行的人还需要这一行；旧密钥签署的内容仍可用旧行核查。"));
    if (!rc)
        cli_print_note(
            say(ctx,
                "Give this line to whoever is to check the ledger. The secret half is %s/checkpoint.key: keep a "
                "copy apart, backups leave it out.",
                "请把这一行交给需要核查账本的人。私钥在 %s/checkpoint.key：请另存一份，备份不包含它。"),
            daybook_folder(session.ledger));
    session_close(&session);
    return rc;
}

static int run_key_show(struct context *ctx)
{
    struct session session = {0};
    struct note_key key;
    int rc = session_open(&session, ctx);
    if (!rc)
        rc = signing_key(session.ledger, &key, &ctx->error);
    if (!rc)
        rc = print_key(ctx, &key);
    session_close(&session);
    return rc;
}

/* ---- witness */

static int run_witness_add(struct context *ctx)
{
    struct session session = {0};
    struct note_key key;
    int rc = note_key_parse(context_text(ctx, "VKEY"), &key, &ctx->error);
    if (!rc)
        rc = session_open(&session, ctx);
    if (!rc)
        rc = witness_add(session.ledger, &key, &ctx->error);
    if (!rc && output_wants_json(&ctx->output))
        rc = print_key(ctx, &key);
    else if (!rc)
        rc = output_print(&ctx->output, &ctx->error, say(ctx, "Witness %s is known now.", "已登记见证者 %s。"),
                          key.name);
    session_close(&session);
    return rc;
}

/* When that witness signed the note; an absent instant when it did not. */
static int64_t cosigned_us(const char *kept, const struct note_key *key)
{
    struct note note;
    struct note_signature signature;
    if (!kept || note_parse((struct daybook_text){kept, strlen(kept)}, &note, NULL))
        return DAYBOOK_INSTANT_NONE;
    struct daybook_text rest = note.signatures;
    while (note_next_signature(&rest, &signature))
        if (note_signature_holds(&signature, key, note.text)) {
            uint64_t seconds = note_cosigned_at(&signature, key);
            return seconds > INT64_MAX / 1000000 ? DAYBOOK_INSTANT_NONE : (int64_t)seconds * 1000000;
        }
    return DAYBOOK_INSTANT_NONE;
}

static int print_witnesses(struct context *ctx, const struct note_key *keys, size_t count, const char *kept)
{
    static const struct column columns[] = {{"name", "Witness", "见证者", COLUMN_KEY},
                                            {"signed_at", "Signed the last checkpoint", "签署最近检查点", COLUMN_KEY},
                                            {"key", "Key", "验证密钥", COLUMN_TEXT}};
    int rc = output_begin(&ctx->output, "witnesses", columns, 3, &ctx->error);
    for (size_t i = 0; i < count && !rc; i++) {
        char text[NOTE_VKEY_SIZE];
        note_key_print(&keys[i], text);
        rc = output_row(
            &ctx->output,
            (struct cell[]){cell_string(keys[i].name), cell_instant(cosigned_us(kept, &keys[i])), cell_string(text)},
            &ctx->error);
    }
    return rc ? rc : output_end(&ctx->output, NULL, &ctx->error);
}

static int run_witness_list(struct context *ctx)
{
    struct session session = {0};
    struct note_key *keys = NULL;
    size_t count = 0;
    char *kept = NULL;
    int rc = session_open(&session, ctx);
    if (!rc)
        rc = witness_keys(session.ledger, &keys, &count, &ctx->error);
    if (!rc)
        rc = signing_kept(session.ledger, false, &kept, &ctx->error);
    if (!rc)
        rc = print_witnesses(ctx, keys, count, kept);
    free(keys);
    free(kept);
    session_close(&session);
    return rc;
}

static int run_witness(struct context *ctx)
{
    struct session session = {0};
    char *text = NULL;
    size_t len = 0, kept = 0;
    int rc = evidence_read_file(ctx, context_string(ctx, "FILE"), &text, &len);
    if (!rc)
        rc = session_open(&session, ctx);
    if (!rc)
        rc = witness_keep(session.ledger, (struct daybook_text){text, len}, &kept, &ctx->error);
    if (!rc && kept == 0)
        rc = daybook_fail(&ctx->error, DAYBOOK_NOT_FOUND,
                          say(ctx,
                              "There is no new line of a known witness in it. `daybook witness add VKEY` makes one "
                              "known.",
                              "其中没有已登记见证者的新签名。可用 `daybook witness add VKEY` 登记。"));
    if (!rc && output_wants_json(&ctx->output))
        rc = output_document(&ctx->output, json_pack("{s:I}", "kept", (json_int_t)kept), &ctx->error);
    else if (!rc)
        rc = output_print(&ctx->output, &ctx->error,
                          say(ctx,
                              kept == 1 ? "Kept %zu cosignature of the last checkpoint."
                                        : "Kept %zu cosignatures of the last checkpoint.",
                              "已保存最近检查点的 %zu 个见证签名。"),
                          kept);
    free(text);
    session_close(&session);
    return rc;
}

const struct command key_commands[] = {
    {
        .name = "key new",
        .group = "audit",
        .summary_en = "Make the ledger's signing key; where there is one, change it, which the log records.",
        .summary_zh = "生成账本的签名密钥；已有密钥时更换，并记入日志。",
        .example = "daybook key new",
        .ledger_use = LEDGER_WRITE,
        .run = run_key_new,
    },
    {
        .name = "key show",
        .group = "audit",
        .summary_en = "Print the verifier key: what others check this ledger's checkpoints with.",
        .summary_zh = "输出验证密钥：他人用它核查此账本的检查点。",
        .example = "daybook key show",
        .ledger_use = LEDGER_READ,
        .run = run_key_show,
    },
    {
        .name = "witness",
        .group = "audit",
        .arguments = (const struct argument[]){{.name = "FILE", .kind = ARGUMENT_FILE, .required = true}, {0}},
        .summary_en =
            "Keep the signature lines that witnesses sent back for the last checkpoint (- reads standard input).",
        .summary_zh = "保存见证者对最近检查点返回的签名行（- 表示标准输入）。",
        .example = "daybook witness answer.txt",
        .ledger_use = LEDGER_READ,
        .run = run_witness,
    },
    {
        .name = "witness add",
        .group = "audit",
        .arguments = (const struct argument[]){{.name = "VKEY", .kind = ARGUMENT_TEXT, .required = true}, {0}},
        .summary_en = "Make a witness known by its verifier key.",
        .summary_zh = "用验证密钥登记一个见证者。",
        .example = "daybook witness add witness.example/w1+9f274363+BM0Us3+VbpUxlP9/tzs9gdzFYdYadTgJS3w+GmQ+5fOq",
        .ledger_use = LEDGER_READ,
        .run = run_witness_add,
    },
    {
        .name = "witness list",
        .group = "audit",
        .summary_en = "List the witnesses, and when each signed the last checkpoint.",
        .summary_zh = "列出见证者及其签署最近检查点的时间。",
        .example = "daybook witness list",
        .ledger_use = LEDGER_READ,
        .run = run_witness_list,
    },
    {0},
};
