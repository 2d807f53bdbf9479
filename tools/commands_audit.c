/* Who changed what and when: history, blame, audit. */
#include <string.h>

#include "ledger/text.h"
#include "projections/audit.h"
#include "tools/audit_printer.h"
#include "tools/commands.h"
#include "tools/event_json.h"
#include "tools/session.h"
#include "tools/words.h"

static int run_history(struct context *ctx)
{
    struct session s = {0};
    struct audit_printer printer = {.session = &s, .output = &ctx->output};
    uint32_t order = 0;
    int rc = session_open(&s, ctx);
    if (!rc)
        rc = session_read(&s);
    if (!rc)
        rc = session_find_order(&s, context_text(ctx, "NO"), &order);
    if (!rc)
        rc = audit_print_begin(&printer);
    if (!rc)
        rc = audit_order(s.snapshot, s.registers, order, s.cut.as_of, audit_print_entry, &printer, &ctx->error);
    if (!rc)
        rc = audit_print_end(&printer);
    session_close(&s);
    return rc;
}

/* ---- blame */

static const struct column blame_columns[] = {
    {"field", "Field", "字段", COLUMN_KEY},
    {"value", "Value", "现值", COLUMN_TEXT},
    {"seq", "Seq", "序号", COLUMN_NUMBER},
    {"type", "Set by", "事件", COLUMN_KEY},
    {"actor", "Who", "操作人", COLUMN_KEY},
    {"occurred_on", "Occurred", "发生日期", COLUMN_KEY},
    {"recorded_at", "Recorded", "记录时间", COLUMN_KEY},
};
enum { BLAME_COLUMNS = sizeof blame_columns / sizeof *blame_columns, NARROW_COLUMNS = 100 };

/* On a narrow terminal there is no room for when it was recorded, which comes last. */
static size_t blame_column_count(const struct context *ctx)
{
    bool narrow = ctx->format == OUTPUT_TABLE && ctx->output.width && ctx->output.width < NARROW_COLUMNS;
    return narrow ? BLAME_COLUMNS - 1 : BLAME_COLUMNS;
}

static int print_blame(void *context, const struct blame_line *line, struct daybook_error *err)
{
    struct session *s = context;
    char recorded[SESSION_TIME_SIZE], scratch[EVENT_TYPE_NAME_SIZE];
    session_local_time(s, line->event->recorded_us, recorded);
    bool table = s->ctx->format == OUTPUT_TABLE;
    char field[WORD_SIZE];
    const char *type = event_type_name(s->registers, line->event, scratch);
    word_of_field(s->ctx, line->field, field);
    const struct cell cells[BLAME_COLUMNS] = {
        table ? cell_string(field) : cell_text(line->field),
        cell_text(line->value),
        cell_integer((int64_t)line->event->seq),
        cell_string(table ? word_of_type(s->ctx, type) : type),
        cell_text(line->actor),
        cell_day(line->event->occurred_on),
        table ? cell_string(recorded) : cell_instant(line->event->recorded_us),
    };
    return output_row(&s->ctx->output, cells, err);
}

static int run_blame(struct context *ctx)
{
    struct session s = {0};
    int rc = session_open(&s, ctx);
    if (!rc)
        rc = session_read(&s);
    if (!rc)
        rc = session_order(&s, context_text(ctx, "NO"));
    if (!rc)
        rc = output_begin(&ctx->output, NULL, blame_columns, blame_column_count(ctx), &ctx->error);
    if (!rc)
        rc = audit_blame(s.snapshot, s.registers, s.reader.state.ordinal, s.cut, print_blame, &s, &ctx->error);
    if (!rc)
        rc = output_end(&ctx->output, NULL, &ctx->error);
    session_close(&s);
    return rc;
}

/* ---- audit */

static int find_register(struct session *s, const char *option, uint32_t kind, uint32_t *ret)
{
    struct daybook_text name = context_text(s->ctx, option);
    if (!name.ptr)
        return 0;
    int rc = daybook_find(s->snapshot, kind, name, ret, &s->ctx->error);
    if (!rc && *ret == 0)
        rc = daybook_fail(&s->ctx->error, DAYBOOK_NOT_FOUND,
                          say(s->ctx, "Nothing was ever recorded under the name %.*s.", "没有名为 %.*s 的记录。"),
                          (int)name.len, name.ptr);
    return rc;
}

static int find_type(struct session *s, uint32_t *ret)
{
    struct daybook_text name = context_text(s->ctx, "--type");
    const struct schema_type *type = name.ptr ? schema_by_name(name) : NULL;
    const struct application_types *registered;
    int rc = registers_types(s->registers, &registered, &s->ctx->error);
    uint32_t wire = type ? type->wire : 0;
    for (size_t i = 0; name.ptr && !rc && i < registered->count; i++)
        if (text_equals(name, (struct daybook_text){registered->list[i]->name, strlen(registered->list[i]->name)}))
            wire = registered->list[i]->wire;
    if (rc)
        return rc;
    if (name.ptr && !wire)
        return daybook_fail(&s->ctx->error, DAYBOOK_USAGE,
                            say(s->ctx, "There is no event type \"%.*s\". `daybook schema` lists them.",
                                "没有事件类型“%.*s”。`daybook schema` 可列出全部类型。"),
                            (int)name.len, name.ptr);
    *ret = wire;
    return 0;
}

/* --since begins at the start of a day, at an instant, or at a seq; --until ends as every TIME does. */
static int find_span(struct session *s, struct audit_filter *filter)
{
    const struct given *since = context_given(s->ctx, "--since"), *until = context_given(s->ctx, "--until");
    filter->from = 1;
    filter->to = s->cut.as_of;
    int rc = 0;
    if (since && since->when.kind == WHEN_SEQ) {
        filter->from = (uint64_t)since->when.number;
    } else if (since) {
        struct moment moment;
        rc = when_moment(&since->when, s->now_us, ledger_zone(s->ledger), &moment, &s->ctx->error);
        if (!rc && (since->when.kind == WHEN_DAY || since->when.kind == WHEN_DAYS_FROM_TODAY))
            moment.instant_us =
                zone_day_start_us(ledger_zone(s->ledger), zone_day(ledger_zone(s->ledger), moment.instant_us));
        if (!rc)
            rc = daybook_seq_at(s->snapshot, moment.instant_us - 1, &filter->from, &s->ctx->error);
        filter->from++;
    }
    uint64_t end = UINT64_MAX;
    if (!rc && until)
        rc = session_seq(s, &until->when, &end);
    if (end < filter->to)
        filter->to = end;
    return rc;
}

static int read_audit_filter(struct session *s, struct audit_filter *filter)
{
    *filter = (struct audit_filter){.effective_on = s->cut.effective_on,
                                    .field = context_text(s->ctx, "--field"),
                                    .limit = context_count(s->ctx, "--limit", UINT64_MAX)};
    struct daybook_text order = context_text(s->ctx, "--order");
    int rc = find_register(s, "--actor", DAYBOOK_ACTOR, &filter->actor);
    if (!rc)
        rc = find_register(s, "--customer", DAYBOOK_CUSTOMER, &filter->customer);
    if (!rc && order.ptr)
        rc = session_find_order(s, order, &filter->order);
    if (!rc)
        rc = find_type(s, &filter->type);
    return rc ? rc : find_span(s, filter);
}

static int run_audit(struct context *ctx)
{
    struct session s = {0};
    struct audit_filter filter;
    struct audit_printer printer = {.session = &s, .output = &ctx->output};
    int rc = session_open(&s, ctx);
    if (!rc)
        rc = session_read(&s);
    if (!rc)
        rc = read_audit_filter(&s, &filter);
    if (!rc)
        rc = audit_print_begin(&printer);
    if (!rc)
        rc = audit_each(s.snapshot, s.registers, &filter, audit_print_entry, &printer, &ctx->error);
    if (!rc)
        rc = audit_print_end(&printer);
    session_close(&s);
    return rc;
}

#define TIME_OPTIONS                                                                                                   \
    {"--as-of", ARGUMENT_TIME, "TIME", NULL, false, false, "as it was known then", "按当时已知的情况"},                \
    {                                                                                                                  \
        "--effective", ARGUMENT_DATE, "DATE", NULL, false, false, "as it was on that day", "按当天的实际情况"  \
    }

const struct command audit_commands[] = {
    {
        .name = "history",
        .group = "audit",
        .arguments = (const struct argument[]){{.name = "NO", .kind = ARGUMENT_TEXT, .required = true}, {0}},
        .options = (const struct option[]){{"--as-of", ARGUMENT_TIME, "TIME", NULL, false, false,
                                            "as it was known then", "按当时已知的情况"},
                                           {0}},
        .summary_en = "Every event of one order: who, when, what changed from and to.",
        .summary_zh = "一个订单的全部事件：谁、何时、从什么改成什么。",
        .example = "daybook history SO-000001",
        .ledger_use = LEDGER_READ,
        .run = run_history,
    },
    {
        .name = "blame",
        .group = "audit",
        .arguments = (const struct argument[]){{.name = "NO", .kind = ARGUMENT_TEXT, .required = true}, {0}},
        .options = (const struct option[]){TIME_OPTIONS, {0}},
        .summary_en = "Each field of an order, and who set it when.",
        .summary_zh = "订单每个字段由谁、何时设定。",
        .example = "daybook blame SO-000001",
        .ledger_use = LEDGER_READ,
        .run = run_blame,
    },
    {
        .name = "audit",
        .group = "audit",
        .options =
            (const struct option[]){
                {"--actor", ARGUMENT_TEXT, "NAME", NULL, false, false, "only what this person did", "只看此人的操作"},
                {"--order", ARGUMENT_TEXT, "NO", NULL, false, false, "only of this order", "只看此订单"},
                {"--customer", ARGUMENT_TEXT, "NAME", NULL, false, false, "only of this customer", "只看此客户"},
                {"--type", ARGUMENT_TEXT, "TYPE", NULL, false, false, "only events of this type", "只看此类事件"},
                {"--field", ARGUMENT_TEXT, "FIELD", NULL, false, false, "only what changed this field",
                 "只看改动此字段的事件"},
                {"--since", ARGUMENT_TIME, "TIME", NULL, false, false, "recorded from then on", "从此时起记录的"},
                {"--until", ARGUMENT_TIME, "TIME", NULL, false, false, "recorded up to then", "到此时为止记录的"},
                {"--limit", ARGUMENT_COUNT, "N", NULL, false, false, "the latest so many", "只看最近的若干条"},
                TIME_OPTIONS,
                {0}},
        .summary_en = "Who changed what and when, over the whole ledger.",
        .summary_zh = "全账本：谁、何时、改了什么。",
        .example = "daybook audit --since yesterday --limit 20",
        .ledger_use = LEDGER_READ,
        .run = run_audit,
    },
    {0},
};
