/* `check-proof`: nothing in the file is trusted but what hashes and a signature show; then that is said in words. */
#include "tools/check_proof.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/base64.h"
#include "ledger/date.h"
#include "ledger/event.h"
#include "ledger/personal.h"
#include "ledger/text.h"
#include "tools/evidence_text.h"
#include "tools/proof_document.h"

struct checking {
    struct context *ctx;
    struct session session; /* opened where no key was given */
    struct note_key *keys;
    size_t key_count;
    struct proof_document document;
    struct checkpoint checkpoint;
    const struct note_key *by;
    struct event_scratch scratch;
    json_t *said; /* a line for people each */
    /* An order: what its events have in common, and how far they go. */
    uint32_t ordinal, nth;
    uint64_t last_seq;
    char order_no[DAYBOOK_ORDER_NO_MAX + 1];
};

static int refuse(struct checking *c, const char *english, const char *chinese)
{
    return daybook_fail(&c->ctx->error, DAYBOOK_VERIFICATION_FAILED, "%s",
                        language_pick(c->ctx->language, english, chinese));
}

__attribute__((format(printf, 2, 3))) static int tell(struct checking *c, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    json_t *line = json_vsprintf(format, arguments);
    va_end(arguments);
    return json_array_append_new(c->said, line)
               ? daybook_fail(&c->ctx->error, DAYBOOK_NO_MEMORY, "Out of memory for an answer.")
               : 0;
}

/* ---- the checkpoint */

static int check_checkpoint(struct checking *c)
{
    struct daybook_error *err = &c->ctx->error;
    int rc = evidence_signed_checkpoint(c->document.checkpoint, c->keys, c->key_count, &c->checkpoint, &c->by, err);
    if (!rc && !proof_document_agrees(&c->document, &c->checkpoint))
        rc = refuse(c, "The file says another size or root than its checkpoint.",
                    "文件所述的数量或根哈希与其检查点不符。");
    return rc;
}

/* ---- events */

/* Is the value one that the event is committed to, in that field? */
struct sought {
    const char *field;
    uint8_t commitment[DAYBOOK_COMMITMENT_SIZE];
};

static int is_committed(void *context, const char *field, uint16_t slot, const struct daybook_personal *personal)
{
    (void)slot;
    const struct sought *sought = context;
    return strcmp(field, sought->field) == 0 &&
           memcmp(personal->commitment, sought->commitment, sizeof sought->commitment) == 0;
}

static int check_shown(struct checking *c, const json_t *shown, const struct schema_type *type,
                       const struct daybook_data *data)
{
    const char *field = json_string_value(json_object_get(shown, "field")),
               *salt_text = json_string_value(json_object_get(shown, "salt"));
    const json_t *value = json_object_get(shown, "value");
    uint8_t salt[BASE64_LEN(DAYBOOK_SALT_SIZE) / 4 * 3];
    size_t len = 0;
    bool good = field && salt_text && json_is_string(value) && json_object_size(shown) == 3 &&
                strlen(salt_text) == BASE64_LEN(DAYBOOK_SALT_SIZE) &&
                base64_decode((struct daybook_text){salt_text, strlen(salt_text)}, salt, &len) &&
                len == DAYBOOK_SALT_SIZE;
    if (!good || !type)
        return refuse(c, "What the file shows of personal values is malformed.", "所出示的个人数据格式有误。");
    struct sought sought = {.field = field};
    struct daybook_text text = {json_string_value(value), json_string_length(value)};
    personal_commitment(salt, text, sought.commitment);
    if (!data_each_personal(type, data, is_committed, &sought))
        return refuse(c, "A personal value that the file shows is not the one that was recorded.",
                      "所出示的个人数据与记录的承诺不符。");
    return tell(c, "  %s: %.*s", field, (int)text.len, text.ptr);
}

static int tell_event(struct checking *c, const struct daybook_event *event)
{
    char recorded[DAYBOOK_INSTANT_TEXT_SIZE], number[24];
    const struct schema_type *type = schema_by_wire(event->type);
    instant_format(event->recorded_us, recorded);
    snprintf(number, sizeof number, "application-%u", event->type);
    return tell(c,
                say(c->ctx, "Event %llu: %s of %s/%u, its event %u; recorded %s by actor/%u.",
                    "事件 %llu：%s，主体 %s/%u 的第 %u 个事件；记录于 %s，操作人 actor/%u。"),
                (unsigned long long)event->seq,
                event->type < DAYBOOK_APPLICATION_TYPE_MIN && type ? type->name : number, schema_kind_name(event->kind),
                event->ordinal, event->nth, recorded, event->actor);
}

/* Each event of an order follows the one before it: none in between can have been left out. */
static int check_link(struct checking *c, const struct daybook_event *event, const struct daybook_data *data)
{
    bool first = c->document.count == 1;
    bool follows = first ? event->nth == 1 && event->prev == 0
                         : event->ordinal == c->ordinal && event->nth == c->nth + 1 && event->seq > c->last_seq &&
                               event->prev == event->seq - c->last_seq;
    if (event->kind != DAYBOOK_ORDER || !follows)
        return refuse(c, "These are not all events of one order from its first one on: one is missing or of another.",
                      "这些事件并非同一订单从首个事件起的完整序列：有缺失或不属于该订单。");
    if (first && event->type == DAYBOOK_ORDER_CREATED && data->order_no.len <= DAYBOOK_ORDER_NO_MAX &&
        data->order_no.ptr)
        memcpy(c->order_no, data->order_no.ptr, data->order_no.len);
    c->ordinal = event->ordinal;
    c->nth = event->nth;
    c->last_seq = event->seq;
    return 0;
}

static int check_content(struct checking *c)
{
    const struct proof_inclusion_file *item = c->document.item;
    struct daybook_event event;
    struct daybook_data data = {.line_count = 0};
    bool is_event =
        event_read_checked(item->index + 1, item->extra, item->extra_len, &c->scratch, &event, &data, NULL) == 0;
    bool needs_event = c->document.kind == PROOF_DOCUMENT_ORDER || c->document.shown;
    if (!is_event && needs_event)
        return refuse(c, "What is in the log at that place is no event of Daybook.",
                      "日志该处的内容不是 Daybook 事件。");
    if (!is_event)
        return tell(c,
                    say(c->ctx, "Leaf %llu: %zu bytes, which are no event of Daybook.",
                        "第 %llu 项：%zu 字节，不是 Daybook 事件。"),
                    (unsigned long long)item->index, item->extra_len);
    int rc = tell_event(c, &event);
    if (!rc && c->document.kind == PROOF_DOCUMENT_ORDER)
        rc = check_link(c, &event, &data);
    const struct schema_type *type = schema_by_wire(event.type);
    for (size_t i = 0; i < json_array_size(c->document.shown) && !rc; i++)
        rc = check_shown(c, json_array_get(c->document.shown, i), type, &data);
    return rc;
}

static int tell_where(struct checking *c)
{
    struct context *ctx = c->ctx;
    bool is_order = c->document.kind == PROOF_DOCUMENT_ORDER;
    int rc = 0;
    if (is_order)
        rc = tell(
            c,
            say(ctx,
                "These are the first %llu events of order %s, none missing between them; whether it has later ones "
                "this file cannot show.",
                "以上是订单的前 %llu 个事件（%s），其间没有缺失；此文件不能说明其后是否还有事件。"),
            (unsigned long long)c->document.count, c->order_no);
    if (!rc)
        rc = tell(c,
                  say(ctx, "In the log %.*s as it was at %llu events, unchanged: %s signed that.",
                      "在日志 %.*s 有 %llu 个事件时即在其中，未被更改：由 %s 签名。"),
                  (int)c->checkpoint.origin.len, c->checkpoint.origin.ptr, (unsigned long long)c->checkpoint.size,
                  c->by->name);
    return rc ? rc
              : tell(c, "%s",
                     say(ctx, "It does not show that what was recorded is true.", "它不能说明所记录的内容属实。"));
}

static int check_order_no(struct checking *c)
{
    const char *said = json_string_value(json_object_get(c->document.json, "order_no"));
    if (!said || strcmp(said, c->order_no) == 0)
        return 0;
    return refuse(c, "The order has another number than the file says.", "订单号与文件所述不符。");
}

static int check_events(struct checking *c)
{
    struct daybook_error *err = &c->ctx->error;
    bool any = false;
    int rc = proof_document_next(&c->document, &any, err);
    if (!rc && !any)
        return refuse(c, "There is no proof in this file.", "文件中没有证明。");
    if (!rc)
        rc = check_checkpoint(c);
    while (!rc && any) {
        rc = evidence_check_inclusion(c->document.item, &c->checkpoint, err);
        if (!rc)
            rc = check_content(c);
        if (!rc)
            rc = proof_document_next(&c->document, &any, err);
    }
    if (!rc && c->document.kind == PROOF_DOCUMENT_ORDER)
        rc = check_order_no(c);
    if (!rc && context_given(c->ctx, "--checkpoint"))
        return daybook_fail(err, DAYBOOK_USAGE,
                            say(c->ctx,
                                "--checkpoint is for a proof of consistency: this file has its own checkpoint. To "
                                "compare that with yours, have `prove --consistency` made.",
                                "--checkpoint 用于历史延续证明；此文件自带检查点。如需与自己保存的检查点核对，"
                                "请索取 `prove --consistency` 证明。"));
    return rc ? rc : tell_where(c);
}

/* ---- consistency */

/* The root that the older checkpoint had: from the one that was kept, else from this ledger, else as the file says. */
static int find_old_root(struct checking *c, struct tree_hash *ret, bool *ret_found)
{
    const char *name = context_string(c->ctx, "--checkpoint");
    struct daybook_error *err = &c->ctx->error;
    uint64_t old_size = c->document.consistency.old_size;
    *ret_found = false;
    if (!name) {
        int rc = c->session.ledger ? session_read(&c->session) : 0;
        *ret_found = !rc && c->session.ledger && old_size <= daybook_last_seq(c->session.snapshot);
        return rc || !*ret_found ? rc : daybook_root(c->session.snapshot, old_size, ret->bytes, err);
    }
    char *text = NULL;
    size_t len = 0;
    struct checkpoint old;
    const struct note_key *by = NULL;
    int rc = evidence_read_file(c->ctx, name, &text, &len);
    if (!rc)
        rc = evidence_checkpoint((struct daybook_text){text, len}, c->keys, c->key_count, &old, &by, err);
    if (!rc && (old.size != old_size || !text_equals(old.origin, c->checkpoint.origin)))
        rc = refuse(c, "The older checkpoint is of another log or of another size than the proof begins with.",
                    "较早的检查点属于另一日志，或数量与证明的起点不符。");
    if (!rc) {
        *ret = old.root;
        *ret_found = true;
    }
    if (!rc && !by)
        cli_print_note(say(c->ctx,
                           "%s is not signed by that key: it is worth what the place is worth where it was kept.",
                           "%s 没有该密钥的签名：其可信程度取决于保存它的地方。"),
                       name);
    free(text);
    return rc;
}

static int check_consistency(struct checking *c)
{
    struct tree_hash known, said, old_root;
    bool found = false;
    char text[BASE64_LEN(TREE_HASH_SIZE) + 1];
    const char *claimed = json_string_value(json_object_get(c->document.json, "old_root_hash"));
    bool has_claim = claimed && evidence_hash((struct daybook_text){claimed, strlen(claimed)}, &said);
    int rc = check_checkpoint(c);
    if (!rc)
        rc = find_old_root(c, &known, &found);
    if (!rc && found && has_claim && memcmp(&known, &said, sizeof said) != 0)
        rc = refuse(c, "The file says another older root than is known.", "文件所述的较早根哈希与已知的不符。");
    if (!rc)
        rc = evidence_check_consistency(&c->document.consistency, &c->checkpoint,
                                        found       ? known.bytes
                                        : has_claim ? said.bytes
                                                    : NULL,
                                        &old_root, &c->ctx->error);
    if (rc)
        return rc;
    base64_encode(old_root.bytes, TREE_HASH_SIZE, text);
    rc = tell(c,
              say(c->ctx,
                  "The log %.*s of %llu events begins with %llu events that it had before, unchanged: %s signed that.",
                  "日志 %.*s 的 %llu 个事件以原有的 %llu 个事件开头，未被更改：由 %s 签名。"),
              (int)c->checkpoint.origin.len, c->checkpoint.origin.ptr, (unsigned long long)c->checkpoint.size,
              (unsigned long long)c->document.consistency.old_size, c->by->name);
    if (!rc)
        rc = tell(c, say(c->ctx, "Their root is %s%s", "其根哈希为 %s%s"), text,
                  context_given(c->ctx, "--checkpoint")
                      ? say(c->ctx, ", as in the checkpoint that you gave.", "，与所给检查点一致。")
                  : found
                      ? ""
                      : say(c->ctx, ": compare it with the checkpoint that you kept.", "：请与自己保存的检查点核对。"));
    return rc;
}

/* ---- a certificate of erasure: a text that `forget` signed, and no proof */

#define CERTIFICATE_BEGIN "Certificate of erasure\nledger "

static bool is_certificate(struct daybook_text file)
{
    const size_t len = strlen(CERTIFICATE_BEGIN);
    return file.len > len && memcmp(file.ptr, CERTIFICATE_BEGIN, len) == 0;
}

/* Is the ledger that it names the one whose key that is? */
static bool is_of(struct daybook_text text, const struct note_key *key)
{
    const char *ledger = text.ptr + strlen(CERTIFICATE_BEGIN);
    const size_t name_len = strlen(key->name), room = text.len - strlen(CERTIFICATE_BEGIN);
    return room > name_len && memcmp(ledger, key->name, name_len) == 0 && ledger[name_len] == '\n';
}

static int check_certificate(struct checking *c, struct daybook_text file)
{
    struct context *ctx = c->ctx;
    struct note note;
    int rc = note_parse(file, &note, &ctx->error);
    for (size_t i = 0; i < c->key_count && !rc; i++) {
        size_t count = 0;
        rc = note_verify(&note, &c->keys[i], 1, &count, &ctx->error);
        if (!rc && count && !c->by && is_of(note.text, &c->keys[i]))
            c->by = &c->keys[i];
    }
    if (!rc && !c->by)
        rc = refuse(c, "The ledger that this certificate names did not sign it, or not with a key that is known here.",
                    "此证明书所述的账本没有用已知的密钥签名。");
    if (!rc && output_wants_json(&ctx->output))
        return output_document(&ctx->output,
                               json_pack("{s:s,s:s,s:s%}", "kind", "certificate", "signed_by", c->by->name, "text",
                                         note.text.ptr, note.text.len),
                               &ctx->error);
    if (!rc)
        rc =
            output_print(&ctx->output, &ctx->error,
                         say(ctx,
                             "A certificate of erasure, unchanged: %s signed it. It does not show that no copy is left "
                             "elsewhere.",
                             "删除证明书，未被更改：由 %s 签名。它不能说明别处没有副本。"),
                         c->by->name);
    return rc;
}

/* ---- the answer */

static int print_answer(struct checking *c)
{
    static const char *const kinds[] = {"inclusion", "consistency", "order"};
    struct context *ctx = c->ctx;
    char root[BASE64_LEN(TREE_HASH_SIZE) + 1];
    size_t i;
    json_t *line;
    int rc = 0;
    base64_encode(c->checkpoint.root.bytes, TREE_HASH_SIZE, root);
    if (output_wants_json(&ctx->output))
        return output_document(&ctx->output,
                               json_pack("{s:s,s:s%,s:I,s:s,s:s,s:O}", "kind", kinds[c->document.kind], "origin",
                                         c->checkpoint.origin.ptr, c->checkpoint.origin.len, "tree_size",
                                         (json_int_t)c->checkpoint.size, "root_hash", root, "signed_by", c->by->name,
                                         "shows", c->said),
                               &ctx->error);
    json_array_foreach(c->said, i, line)
    {
        if (!rc)
            rc = output_line(&ctx->output, (struct daybook_text){json_string_value(line), json_string_length(line)},
                             &ctx->error);
    }
    return rc;
}

static int check_document(struct checking *c, struct daybook_text file)
{
    int rc = proof_document_open(file, &c->document, &c->ctx->error);
    if (!rc)
        rc = c->document.kind == PROOF_DOCUMENT_CONSISTENCY ? check_consistency(c) : check_events(c);
    return rc ? rc : print_answer(c);
}

int run_check_proof(struct context *ctx)
{
    struct checking c = {.ctx = ctx, .said = json_array()};
    char *text = NULL;
    size_t len = 0;
    int rc = evidence_read_file(ctx, context_string(ctx, "FILE"), &text, &len);
    if (!rc)
        rc = evidence_keys(&c.session, ctx, &c.keys, &c.key_count);
    if (!rc)
        rc = is_certificate((struct daybook_text){text, len}) ? check_certificate(&c, (struct daybook_text){text, len})
                                                              : check_document(&c, (struct daybook_text){text, len});
    json_decref(c.said);
    event_scratch_release(&c.scratch);
    proof_document_close(&c.document);
    free(c.keys);
    free(text);
    session_close(&c.session);
    return rc;
}
