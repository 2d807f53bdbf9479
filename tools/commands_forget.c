/* Forgetting personal data, and a certificate that it was done. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daybook/erase.h"
#include "ledger/base64.h"
#include "ledger/date.h"
#include "ledger/erase.h"
#include "ledger/signing.h"
#include "tools/commands.h"
#include "tools/session.h"

enum {
    CERTIFICATE_SIZE = 1000,
    ROOT_SIZE = BASE64_LEN(TREE_HASH_SIZE) + 1,
    QUOTED_MAX = 200,
    COMMAND_SIZE = QUOTED_MAX + 80
};

/* What is shown in the place of a forgotten name, "customer/12": its ordinal, 0 for any other name. */
static uint32_t stand_in(const char *kind, struct daybook_text name)
{
    size_t kind_len = strlen(kind);
    uint32_t ordinal = 0;
    if (name.len < kind_len + 2 || memcmp(name.ptr, kind, kind_len) != 0 || name.ptr[kind_len] != '/')
        return 0;
    for (size_t i = kind_len + 1; i < name.len; i++) {
        unsigned digit = (unsigned char)name.ptr[i] - '0';
        if (digit > 9 || (digit == 0 && ordinal == 0) || ordinal > (UINT32_MAX - digit) / 10)
            return 0;
        ordinal = ordinal * 10 + digit;
    }
    return ordinal;
}

/* An ordinal is easily mistaken for another one: who still has a name is forgotten by that name only. */
static int refuse_stand_in(struct session *s, const struct daybook_erase_request *request)
{
    struct daybook_error *err = &s->ctx->error, not_found = *err;
    const char *kind = erase_kind_name(request->kind).ptr;
    uint32_t ordinal = stand_in(kind, request->name),
             subject = request->kind == DAYBOOK_ERASE_CUSTOMER ? DAYBOOK_CUSTOMER : DAYBOOK_ACTOR;
    struct daybook_text name = DAYBOOK_TEXT_NONE;
    bool is_called =
        ordinal && session_read(s) == 0 && daybook_name(s->snapshot, subject, ordinal, &name, err) == 0 && name.ptr;
    if (is_called)
        daybook_fail(err, DAYBOOK_BAD_VALUE,
                     say(s->ctx,
                         "%s/%u has a name still, and nothing was erased. Give the name, if that is who is meant: %.*s",
                         "%s/%u 仍有名称，未删除任何内容。如确要删除，请给出其名称：%.*s"),
                     kind, ordinal, (int)name.len, name.ptr);
    else
        *err = not_found;
    session_end_read(s);
    return err->code;
}

/* Who is forgotten is found by what is shown in the place of the name. */
static int erase_named(struct session *s, const struct daybook_erase_request *request, struct daybook_erased *ret)
{
    int rc = daybook_erase(s->ledger, request, ret, &s->ctx->error);
    return rc == DAYBOOK_NOT_FOUND && request->name.ptr ? refuse_stand_in(s, request) : rc;
}

/* ---- the certificate */

static int root_text(struct session *s, uint64_t size, char out[ROOT_SIZE])
{
    uint8_t root[TREE_HASH_SIZE];
    int rc = daybook_root(s->snapshot, size, root, &s->ctx->error);
    if (!rc)
        base64_encode(root, sizeof root, out);
    return rc;
}

/* Nothing in it is taken from a name: ordinals only. */
static int write_certificate(struct session *s, enum daybook_erase_kind kind, const struct daybook_erased *erased,
                             char out[CERTIFICATE_SIZE])
{
    char before[ROOT_SIZE], after[ROOT_SIZE], recorded[DAYBOOK_INSTANT_TEXT_SIZE];
    struct daybook_event event = {0};
    int rc = session_read(s);
    if (!rc)
        rc = daybook_event(s->snapshot, erased->last_seq, &event, &s->ctx->error);
    if (!rc)
        rc = root_text(s, erased->first_seq - 1, before);
    if (!rc)
        rc = root_text(s, erased->last_seq, after);
    if (rc)
        return rc;
    instant_format(event.recorded_us, recorded);
    snprintf(out, CERTIFICATE_SIZE,
             "Certificate of erasure\n"
             "ledger daybook/%s\n"
             "erased %s/%" PRIu64 "\n"
             "values %" PRIu64 "\n"
             "event %" PRIu64 "\n"
             "recorded %s\n"
             "by actor/%u via/%u\n"
             "before %" PRIu64 " %s\n"
             "after %" PRIu64 " %s\n",
             daybook_id(s->ledger), erase_kind_name(kind).ptr, erased->target, erased->values, erased->last_seq,
             recorded, event.actor, event.via, erased->first_seq - 1, before, erased->last_seq, after);
    return 0;
}

/* What was forgotten stays so, signed or not. */
static int sign_certificate(struct session *s, const char *text, char **ret)
{
    struct daybook_error *err = &s->ctx->error;
    int rc = signing_sign(s->ledger, (struct daybook_text){text, strlen(text)}, ret, err);
    if (rc == DAYBOOK_NO_MEMORY)
        return rc;
    if (rc)
        cli_print_note(
            say(s->ctx, "It is forgotten, but the certificate is not signed: %s", "已删除，但证明书未能签名：%s"),
            err->message);
    *err = (struct daybook_error){0};
    return 0;
}

/* ---- the answer */

static json_t *seqs_json(const uint64_t *seqs, uint64_t count)
{
    json_t *list = json_array();
    for (uint64_t i = 0; i < count && i < DAYBOOK_ERASE_PLACES; i++)
        json_array_append_new(list, json_integer((json_int_t)seqs[i]));
    return list;
}

/* "17, 18, 40 …" */
static const char *seqs_text(const uint64_t *seqs, uint64_t count, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (uint64_t i = 0; i < count && i < DAYBOOK_ERASE_PLACES && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%" PRIu64, i ? ", " : "", seqs[i]);
    if (count > DAYBOOK_ERASE_PLACES && used < size)
        snprintf(out + used, size - used, " …");
    return out;
}

/* What erases the text of that event. A customer or an actor goes with all its names, and by a name that it has. */
static int erasing_command(struct session *s, uint64_t seq, char out[COMMAND_SIZE])
{
    struct daybook_event event;
    struct daybook_text name = DAYBOOK_TEXT_NONE;
    int rc = daybook_event(s->snapshot, seq, &event, &s->ctx->error);
    bool is_named = !rc && (event.kind == DAYBOOK_CUSTOMER || event.kind == DAYBOOK_ACTOR);
    if (is_named)
        rc = daybook_name(s->snapshot, event.kind, event.ordinal, &name, &s->ctx->error);
    bool is_quotable = name.ptr && name.len <= QUOTED_MAX && !memchr(name.ptr, '\'', name.len);
    if (rc)
        return rc;
    if (is_quotable)
        snprintf(out, COMMAND_SIZE, "daybook forget %s '%.*s' --reason R", schema_kind_name(event.kind), (int)name.len,
                 name.ptr);
    else if (is_named)
        snprintf(out, COMMAND_SIZE, "daybook forget %s NAME-OF-%s/%u --reason R", schema_kind_name(event.kind),
                 schema_kind_name(event.kind), event.ordinal);
    else
        snprintf(out, COMMAND_SIZE, "daybook forget note %" PRIu64 " --reason R", seq);
    return 0;
}

/* Where else a person finds what is forgotten, and what to type to be rid of it there. */
static int tell_mentions(struct session *s, const struct daybook_erased *erased)
{
    const struct context *ctx = s->ctx;
    const uint64_t count = erased->mention_count;
    char command[COMMAND_SIZE];
    int rc = count ? session_read(s) : 0;
    if (count > 1)
        cli_print_note(say(ctx, "It still stands in %llu other texts. Each is erased by a command of its own:",
                           "另有 %llu 处文本仍含该内容，可用下列命令逐一删除："),
                       (unsigned long long)count);
    for (uint64_t i = 0; i < count && i < DAYBOOK_ERASE_PLACES && !rc; i++) {
        rc = erasing_command(s, erased->mentions[i], command);
        if (!rc && count > 1)
            cli_print_note("  %s", command);
        else if (!rc)
            cli_print_note(say(ctx, "It still stands in 1 other text (event %llu): `%s` erases it.",
                               "另有 1 处文本（事件 %llu）仍含该内容：可用 `%s` 删除。"),
                           (unsigned long long)erased->mentions[i], command);
    }
    if (!rc && count > DAYBOOK_ERASE_PLACES)
        cli_print_note(say(ctx, "  … and %llu more: `daybook log` shows them.", "  ……另有 %llu 处，见 `daybook log`。"),
                       (unsigned long long)(count - DAYBOOK_ERASE_PLACES));
    return rc;
}

static void tell_publics(const struct context *ctx, const struct daybook_erased *erased)
{
    enum { SEQS_SIZE = 24 * DAYBOOK_ERASE_PLACES };
    char seqs[SEQS_SIZE];
    if (erased->public_count)
        cli_print_note(say(ctx,
                           "It also stands in public text, which nothing can erase (%s %s). Names and codes of "
                           "products, references, carriers and --public fields are public.",
                           "公开文本中也含该内容，无法删除（%s %s）。产品名称与代码、参考号、承运商、--public "
                           "字段均为公开文本。"),
                       say(ctx, erased->public_count == 1 ? "event" : "events", "事件"),
                       seqs_text(erased->publics, erased->public_count, seqs, sizeof seqs));
}

static int print_lines(struct context *ctx, const char *text)
{
    int rc = 0;
    for (const char *end; !rc && (end = strchr(text, '\n')); text = end + 1)
        rc = output_line(&ctx->output, (struct daybook_text){text, (size_t)(end - text)}, &ctx->error);
    return rc;
}

static int answer(struct session *s, enum daybook_erase_kind kind, const struct daybook_erased *erased,
                  const char *certificate)
{
    struct context *ctx = s->ctx;
    const char *name = erase_kind_name(kind).ptr;
    if (output_wants_json(&ctx->output))
        return output_document(
            &ctx->output,
            json_pack("{s:o,s:I,s:o,s:I,s:o,s:I,s:o,s:s?}", "erased", json_sprintf("%s/%" PRIu64, name, erased->target),
                      "values", (json_int_t)erased->values, "seq",
                      erased->last_seq ? json_integer((json_int_t)erased->last_seq) : json_null(), "mention_count",
                      (json_int_t)erased->mention_count, "mentions", seqs_json(erased->mentions, erased->mention_count),
                      "public_count", (json_int_t)erased->public_count, "public",
                      seqs_json(erased->publics, erased->public_count), "certificate", certificate),
            &ctx->error);
    int rc = tell_mentions(s, erased);
    if (rc)
        return rc;
    tell_publics(ctx, erased);
    if (erased->values)
        cli_print_note("%s",
                       say(ctx,
                           "Backups and copies made before have it still: remove old backups (`backup --keep`), bring "
                           "copies up to date (`pull`).",
                           "此前的备份和副本仍含该内容：请删除旧备份（`backup --keep`），并更新副本（`pull`）。"));
    if (erased->last_seq == 0)
        return output_print(&ctx->output, &ctx->error, say(ctx, "%s/%llu is forgotten already.", "%s/%llu 早已删除。"),
                            name, (unsigned long long)erased->target);
    return print_lines(ctx, certificate);
}

static int forget(struct context *ctx, struct daybook_erase_request *request)
{
    struct session session = {0};
    struct daybook_entry entry;
    struct daybook_erased erased = {0};
    char text[CERTIFICATE_SIZE], *signed_text = NULL;
    int rc = session_open(&session, ctx);
    if (!rc) {
        session_entry(&session, NULL, 0, &entry);
        request->reason = context_text(ctx, "--reason");
        request->actor = entry.actor;
        request->via = entry.via;
        request->via_kind = entry.via_kind;
        rc = erase_named(&session, request, &erased);
    }
    if (!rc && erased.last_seq) {
        rc = write_certificate(&session, request->kind, &erased, text);
        session_end_read(&session);
        if (!rc)
            rc = sign_certificate(&session, text, &signed_text);
    }
    if (!rc)
        rc = answer(&session, request->kind, &erased, signed_text ? signed_text : erased.last_seq ? text : NULL);
    free(signed_text);
    session_close(&session);
    return rc;
}

static int run_forget_customer(struct context *ctx)
{
    return forget(ctx,
                  &(struct daybook_erase_request){.kind = DAYBOOK_ERASE_CUSTOMER, .name = context_text(ctx, "NAME")});
}

static int run_forget_actor(struct context *ctx)
{
    return forget(ctx, &(struct daybook_erase_request){.kind = DAYBOOK_ERASE_ACTOR, .name = context_text(ctx, "NAME")});
}

static int run_forget_note(struct context *ctx)
{
    return forget(ctx,
                  &(struct daybook_erase_request){.kind = DAYBOOK_ERASE_NOTE, .target = context_count(ctx, "SEQ", 0)});
}

static const struct option reason_option[] = {{"--reason", ARGUMENT_TEXT, "TEXT", NULL, true, false,
                                               "why; it must not say what is forgotten",
                                               "原因；其中不得含有要删除的内容"},
                                              {0}};
static const struct argument name_argument[] = {{.name = "NAME", .kind = ARGUMENT_TEXT, .required = true}, {0}};

const struct command forget_commands[] = {
    {
        .name = "forget customer",
        .group = "keeping",
        .arguments = name_argument,
        .options = reason_option,
        .summary_en = "Erase all names of a customer for good, and print a signed certificate; every figure and proof "
                      "stays as it is.",
        .summary_zh = "永久删除客户的全部名称，并输出签名证明书；所有数字与证明保持不变。",
        .example = "daybook forget customer ACME --reason 'Art. 17 GDPR'",
        .ledger_use = LEDGER_WRITE,
        .run = run_forget_customer,
    },
    {
        .name = "forget actor",
        .group = "keeping",
        .arguments = name_argument,
        .options = reason_option,
        .summary_en = "Erase all names of an actor for good, also as NAME@HOST; what was done stays.",
        .summary_zh = "永久删除操作人的全部名称（含 名称@主机）；其操作记录保留。",
        .example = "daybook forget actor li.lei --reason 'left the company'",
        .ledger_use = LEDGER_WRITE,
        .run = run_forget_actor,
    },
    {
        .name = "forget note",
        .group = "keeping",
        .arguments = (const struct argument[]){{.name = "SEQ", .kind = ARGUMENT_COUNT, .required = true}, {0}},
        .options = reason_option,
        .summary_en =
            "Erase the texts of one event for good: a note, a reason, own fields, a file's name; also as they "
            "were before a correction.",
        .summary_zh = "永久删除某个事件的文本：备注、原因、自定义字段或文件名，包括更正前后的内容。",
        .example = "daybook forget note 7 --reason 'a phone number'",
        .ledger_use = LEDGER_WRITE,
        .run = run_forget_note,
    },
    {0},
};
