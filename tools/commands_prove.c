/* `prove`: files that show somebody outside what is in the log. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base64.h"
#include "ledger/chain.h"
#include "ledger/ledger.h"
#include "ledger/signing.h"
#include "tools/check_proof.h"
#include "tools/commands.h"
#include "tools/evidence_text.h"
#include "tools/proof_document.h"

/* One command's proofs: all under one checkpoint. */
struct proving {
    struct session session;
    char *note;
    struct checkpoint checkpoint;
    struct proof_inclusion_file *file;
    json_t *fields; /* by name, those of --show that an event had */
};

static int no_memory(struct context *ctx)
{
    return daybook_fail(&ctx->error, DAYBOOK_NO_MEMORY, "Out of memory for a proof.");
}

/* Sign first, then look: the snapshot has all events of the checkpoint. */
static int begin(struct proving *p, struct context *ctx)
{
    uint64_t size = context_count(ctx, "--size", SIGNING_ALL);
    struct note note;
    p->file = malloc(sizeof *p->file);
    p->fields = json_object();
    int rc = p->file && p->fields ? session_open(&p->session, ctx) : no_memory(ctx);
    if (!rc)
        rc = signing_checkpoint(p->session.ledger, size, &p->note, NULL, &ctx->error);
    if (!rc)
        rc = checkpoint_of_note((struct daybook_text){p->note, strlen(p->note)}, &note, &p->checkpoint, &ctx->error);
    return rc ? rc : session_read(&p->session);
}

static void end(struct proving *p)
{
    session_close(&p->session);
    free(p->note);
    free(p->file);
    json_decref(p->fields);
}

static int check_options(struct context *ctx)
{
    if (context_given(ctx, "--show") && !output_wants_json(&ctx->output))
        return daybook_fail(&ctx->error, DAYBOOK_USAGE,
                            say(ctx, "--show needs --format json: a text proof has no place for personal values.",
                                "--show 需要 --format json：文本证明中没有个人数据的位置。"));
    if (ctx->output.format == OUTPUT_CSV)
        return daybook_fail(&ctx->error, DAYBOOK_USAGE,
                            say(ctx, "A proof is text or JSON, not CSV.", "证明只有文本或 JSON 形式。"));
    return 0;
}

/* ---- personal values that are to be shown */

struct showing {
    struct proving *proving;
    const struct daybook_event *event;
    json_t *list;
    int rc;
};

static bool is_wanted(const struct context *ctx, const char *field)
{
    for (const struct given *given = context_given(ctx, "--show"); given; given = given->next)
        if (strcmp(given->string, field) == 0)
            return true;
    return false;
}

static int show_value(void *context, const char *field, uint16_t slot, const struct daybook_personal *personal)
{
    (void)slot;
    struct showing *s = context;
    struct context *ctx = s->proving->session.ctx;
    const uint8_t *salt = NULL;
    struct daybook_text value;
    char salt_text[BASE64_LEN(DAYBOOK_SALT_SIZE) + 1];
    if (!is_wanted(ctx, field))
        return 0;
    s->rc = daybook_personal_salt(s->proving->session.snapshot, s->event->seq, personal, &salt, &value, &ctx->error);
    if (!s->rc && !value.ptr)
        s->rc = daybook_fail(
            &ctx->error, DAYBOOK_NOT_FOUND,
            say(ctx, "\"%s\" of event %llu was erased: nobody can show it.", "事件的“%s”（%llu）已被删除，无法出示。"),
            field, (unsigned long long)s->event->seq);
    if (s->rc)
        return s->rc;
    base64_encode(salt, DAYBOOK_SALT_SIZE, salt_text);
    if (json_object_set_new(s->proving->fields, field, json_true()) ||
        json_array_append_new(
            s->list, json_pack("{s:s,s:s,s:s%}", "field", field, "salt", salt_text, "value", value.ptr, value.len)))
        s->rc = no_memory(ctx);
    return s->rc;
}

/* *ret is NULL when nothing is to be shown of this event. */
static int shown_of(struct proving *p, uint64_t seq, json_t **ret)
{
    struct context *ctx = p->session.ctx;
    struct daybook_event event;
    struct daybook_data data;
    struct event_scratch scratch = {0};
    struct showing showing = {p, &event, NULL, 0};
    *ret = NULL;
    if (!context_given(ctx, "--show"))
        return 0;
    int rc = daybook_event(p->session.snapshot, seq, &event, &ctx->error);
    if (!rc)
        rc = event_read_data(&event, &scratch, &data, &ctx->error);
    const struct schema_type *type = rc ? NULL : schema_by_wire(event.type);
    showing.list = json_array();
    if (!rc && !showing.list)
        rc = no_memory(ctx);
    if (!rc && type) {
        data_each_personal(type, &data, show_value, &showing);
        rc = showing.rc;
    }
    event_scratch_release(&scratch);
    if (rc || json_array_size(showing.list) == 0) {
        json_decref(showing.list);
        return rc;
    }
    *ret = showing.list;
    return 0;
}

/* A name that was mistyped would leave out, unseen, what the proof was made for. */
static int require_fields(struct proving *p)
{
    struct context *ctx = p->session.ctx;
    for (const struct given *given = context_given(ctx, "--show"); given; given = given->next)
        if (!json_object_get(p->fields, given->string))
            return daybook_fail(&ctx->error, DAYBOOK_NOT_FOUND,
                                say(ctx, "There is no personal value \"%s\" here. `daybook log` shows what there is.",
                                    "其中没有个人数据“%s”。可用 `daybook log` 查看有哪些。"),
                                given->string);
    return 0;
}

/* ---- one event */

static int print_event_proof(struct proving *p, uint64_t seq)
{
    struct context *ctx = p->session.ctx;
    char *text = NULL;
    json_t *shown = NULL;
    int rc = evidence_inclusion(p->session.snapshot, seq, p->checkpoint.size, p->note, p->file, &ctx->error);
    if (!rc && !output_wants_json(&ctx->output)) {
        rc = proof_inclusion_print(p->file, &text, &ctx->error);
        if (!rc)
            rc = evidence_print_text(ctx, text);
        free(text);
        return rc;
    }
    if (!rc)
        rc = shown_of(p, seq, &shown);
    if (!rc)
        rc = require_fields(p);
    if (rc) {
        json_decref(shown);
        return rc;
    }
    return output_document(&ctx->output, proof_inclusion_json(p->file, &p->checkpoint, shown), &ctx->error);
}

/* ---- consistency */

static int print_consistency(struct proving *p, uint64_t old_size)
{
    struct context *ctx = p->session.ctx;
    struct proof_consistency_file file = {.old_size = old_size, .checkpoint = {p->note, strlen(p->note)}};
    struct tree_hash old_root;
    char *text = NULL;
    int rc = proof_consistency(p->session.snapshot->log, old_size, p->checkpoint.size, &file.proof, &ctx->error);
    if (!rc && output_wants_json(&ctx->output)) {
        rc = daybook_root(p->session.snapshot, old_size, old_root.bytes, &ctx->error);
        return rc ? rc
                  : output_document(&ctx->output, proof_consistency_json(&file, &p->checkpoint, &old_root),
                                    &ctx->error);
    }
    if (!rc)
        rc = proof_consistency_print(&file, &text, &ctx->error);
    if (!rc)
        rc = evidence_print_text(ctx, text);
    free(text);
    return rc;
}

static bool read_number(const char *text, uint64_t *ret)
{
    char *end;
    errno = 0;
    *ret = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0;
}

static int number_of_event(struct context *ctx, const struct given *seq, uint64_t *ret)
{
    if (read_number(seq->string, ret))
        return 0;
    return daybook_fail(&ctx->error, DAYBOOK_USAGE,
                        say(ctx,
                            "%s is no number of an event. Those of an order are proven together: daybook prove order "
                            "%s",
                            "%s 不是事件编号。证明整个订单：daybook prove order %s"),
                        seq->string, seq->string);
}

/* As a number, or as the file of the checkpoint that has that size. */
static int size_before(struct context *ctx, const struct given *old, uint64_t *ret)
{
    char *text = NULL;
    size_t len = 0;
    struct note note;
    struct checkpoint checkpoint;
    if (read_number(old->string, ret))
        return 0;
    int rc = evidence_read_file(ctx, old->string, &text, &len);
    if (!rc)
        rc = checkpoint_of_note((struct daybook_text){text, len}, &note, &checkpoint, &ctx->error);
    if (!rc)
        *ret = checkpoint.size;
    free(text);
    return rc;
}

static int run_prove(struct context *ctx)
{
    struct proving proving = {.note = NULL};
    uint64_t number = 0;
    const struct given *seq = context_given(ctx, "SEQ"), *old_size = context_given(ctx, "--consistency");
    if (!seq == !old_size)
        return daybook_fail(&ctx->error, DAYBOOK_USAGE,
                            say(ctx,
                                "What is to be proven? An event: prove SEQ, or a history: prove --consistency OLD.",
                                "要证明什么？单个事件：prove SEQ；历史延续：prove --consistency OLD。"));
    int rc = seq ? number_of_event(ctx, seq, &number) : size_before(ctx, old_size, &number);
    if (!rc)
        rc = check_options(ctx);
    if (!rc)
        rc = begin(&proving, ctx);
    if (!rc)
        rc = seq ? print_event_proof(&proving, number) : print_consistency(&proving, number);
    end(&proving);
    return rc;
}

/* ---- an order */

static int add_event(struct proving *p, uint64_t seq, json_t *events)
{
    json_t *shown = NULL;
    int rc = evidence_inclusion(p->session.snapshot, seq, p->checkpoint.size, p->note, p->file, &p->session.ctx->error);
    if (!rc)
        rc = shown_of(p, seq, &shown);
    if (!rc && json_array_append_new(events, proof_event_json(p->file, shown)))
        rc = no_memory(p->session.ctx);
    return rc;
}

static int print_order(struct proving *p, const struct chain *chain, struct daybook_text order_no)
{
    struct context *ctx = p->session.ctx;
    int rc = 0;
    if (!output_wants_json(&ctx->output)) {
        for (size_t i = 0; i < chain->count && !rc; i++)
            rc = print_event_proof(p, chain->links[i].event.seq);
        return rc;
    }
    json_t *events = json_array();
    rc = events ? 0 : no_memory(ctx);
    for (size_t i = 0; i < chain->count && !rc; i++)
        rc = add_event(p, chain->links[i].event.seq, events);
    if (!rc)
        rc = require_fields(p);
    if (rc) {
        json_decref(events);
        return rc;
    }
    return output_document(&ctx->output, proof_order_json(order_no.ptr, order_no.len, p->note, &p->checkpoint, events),
                           &ctx->error);
}

static int run_prove_order(struct context *ctx)
{
    struct proving proving = {.note = NULL};
    struct session *s = &proving.session;
    struct chain chain = {0};
    struct daybook_data created;
    struct daybook_text order_no = context_text(ctx, "NO");
    uint32_t ordinal = 0;
    int rc = check_options(ctx);
    if (!rc)
        rc = begin(&proving, ctx);
    if (!rc)
        rc = daybook_find(s->snapshot, DAYBOOK_ORDER, order_no, &ordinal, &ctx->error);
    if (!rc && ordinal)
        rc = chain_load(&chain, s->snapshot->log, DAYBOOK_ORDER, ordinal, proving.checkpoint.size, &ctx->error);
    if (!rc && chain.count == 0)
        rc = daybook_fail(&ctx->error, DAYBOOK_NOT_FOUND,
                          say(ctx, "There is no order %.*s among those events.", "这些事件中没有订单 %.*s。"),
                          (int)order_no.len, order_no.ptr);
    if (!rc) /* the number as the event says it, not as it was typed */
        rc = chain_data(&chain, 0, &chain.scratch, &created, &ctx->error);
    if (!rc)
        rc = print_order(&proving, &chain, created.order_no);
    chain_release(&chain);
    end(&proving);
    return rc;
}

/* Of every proof of events. */
#define PROOF_OPTIONS                                                                                                  \
    {.name = "--size",                                                                                                 \
     .kind = ARGUMENT_COUNT,                                                                                           \
     .value_name = "N",                                                                                                \
     .help_en = "under a checkpoint of the first N events (0: of none); all unless said",                              \
     .help_zh = "以前 N 个事件（0：无事件）的检查点为准；默认为全部事件"},                                             \
    {                                                                                                                  \
        .name = "--show", .kind = ARGUMENT_TEXT, .value_name = "FIELD", .repeated = true,                              \
        .help_en = "show this personal value with its salt (--format json): reason, text, name",                       \
        .help_zh = "出示该个人数据及其盐值（--format json）：reason、text、name"                       \
    }

const struct command prove_commands[] = {
    {
        .name = "prove",
        .group = "audit",
        .arguments = (const struct argument[]){{.name = "SEQ", .kind = ARGUMENT_TEXT}, {0}},
        .options =
            (const struct option[]){
                PROOF_OPTIONS,
                {"--consistency", ARGUMENT_TEXT, "OLD", NULL, false, false,
                 "instead: the log begins with its first OLD events, unchanged; OLD may be a checkpoint's file",
                 "改为证明：日志以原来的前 OLD 个事件开头，未被更改；OLD 也可以是检查点文件"},
                {0}},
        .summary_en =
            "Print a file that proves to outsiders that an event is in the log, or that history was only added to.",
        .summary_zh = "输出可供外部核查的证明：某事件在日志中，或历史只增未改。",
        .example = "daybook prove 5 > event.proof",
        .ledger_use = LEDGER_READ,
        .run = run_prove,
    },
    {
        .name = "prove order",
        .group = "audit",
        .arguments = (const struct argument[]){{.name = "NO", .kind = ARGUMENT_TEXT, .required = true}, {0}},
        .options = (const struct option[]){PROOF_OPTIONS, {0}},
        .summary_en = "Print the proofs of all events of an order, in one file.",
        .summary_zh = "将一个订单全部事件的证明输出到一个文件。",
        .example = "daybook prove order SO-000001 > order.proof",
        .ledger_use = LEDGER_READ,
        .run = run_prove_order,
    },
    {
        .name = "check-proof",
        .group = "audit",
        .arguments = (const struct argument[]){{.name = "FILE", .kind = ARGUMENT_FILE, .required = true}, {0}},
        .options =
            (const struct option[]){{"--key", ARGUMENT_TEXT, "VKEY", NULL, false, false,
                                     "whose log it must be, or which witness, or a file with that key; needs no ledger",
                                     "指定日志或见证者的验证密钥；无需账本"},
                                    {"--checkpoint", ARGUMENT_FILE, "OLD", NULL, false, false,
                                     "the older checkpoint that you kept, for a consistency proof",
                                     "自己保存的较早检查点，用于核对历史延续"},
                                    {0}},
        .summary_en =
            "Check a proof, or a certificate of erasure, and say what it shows; --key VKEY needs no ledger, else this "
            "one's own keys count.",
        .summary_zh = "核查证明或删除证明书，并说明其内容；给出 --key VKEY 时无需账本，否则用此账本的密钥。",
        .example = "daybook check-proof event.proof --key \"$(daybook key show)\"",
        .ledger_use = LEDGER_READ,
        .run = run_check_proof,
    },
    {0},
};
