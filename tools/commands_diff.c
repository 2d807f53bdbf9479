/* diff: what is different between two moments, order by order, or in one figure. */
#include "projections/diff.h"

#include "ledger/text.h"
#include "tools/commands.h"
#include "tools/diff_figure.h"
#include "tools/event_json.h"
#include "tools/order_json.h"
#include "tools/words.h"

static const struct column columns[] = {
    {"order_no", "Order", "订单号", COLUMN_KEY}, {"field", "Field", "字段", COLUMN_KEY},
    {"from", "From", "原值", COLUMN_TEXT},       {"to", "To", "新值", COLUMN_TEXT},
    {"seq", "Event", "序号", COLUMN_NUMBER},     {"actor", "Who", "操作人", COLUMN_KEY},
    {"type", "What", "事件", COLUMN_KEY},        {"recorded_at", "Recorded", "记录时间", COLUMN_KEY},
};
enum { COLUMNS = sizeof columns / sizeof *columns, PEOPLE_COLUMNS = COLUMNS - 2 };

struct printer {
    struct session *session;
    uint64_t orders, changes; /* printed so far */
};

static int print_json(struct printer *p, const struct diff_order *order)
{
    struct session *s = p->session;
    json_t *changes = json_array();
    for (size_t i = 0; i < order->change_count; i++) {
        const struct diff_change *change = &order->changes[i];
        char scratch[EVENT_TYPE_NAME_SIZE];
        json_array_append_new(changes,
                              json_pack("{s:o,s:o,s:o,s:I,s:o,s:s,s:o}", "field", json_of_text(change->field), "from",
                                        json_of_text(change->from), "to", json_of_text(change->to), "seq",
                                        (json_int_t)change->event->seq, "actor", json_of_text(change->actor), "type",
                                        event_type_name(s->registers, change->event, scratch), "recorded_at",
                                        json_of_instant(change->event->recorded_us)));
    }
    if (json_array_size(changes) != order->change_count) {
        json_decref(changes);
        return daybook_fail(&s->ctx->error, DAYBOOK_NO_MEMORY, "Out of memory for what changed.");
    }
    return output_object(&s->ctx->output,
                         json_pack("{s:o,s:o}", "order_no", json_of_text(order->order_no), "changes", changes),
                         &s->ctx->error);
}

/* `change` NULL: there is none. For people the number stands at the first row of its order only. */
static int print_row(struct printer *p, const struct diff_order *order, const struct diff_change *change, bool first)
{
    struct session *s = p->session;
    bool table = s->ctx->format == OUTPUT_TABLE;
    char field[WORD_SIZE], scratch[EVENT_TYPE_NAME_SIZE];
    struct cell cells[COLUMNS] = {[0] = first || !table ? cell_text(order->order_no) : cell_null()};
    if (!change) {
        cells[1] = table ? cell_toned(cell_string(say(s->ctx, "(nothing)", "（无变化）")), TONE_FAINT) : cell_null();
        return output_row(&s->ctx->output, cells, &s->ctx->error);
    }
    word_of_field(s->ctx, change->field, field);
    cells[1] = table ? cell_string(field) : cell_text(change->field);
    cells[2] = cell_text(change->from);
    cells[3] = cell_text(change->to);
    cells[4] = cell_integer((int64_t)change->event->seq);
    cells[5] = cell_text(change->actor);
    cells[6] = cell_string(event_type_name(s->registers, change->event, scratch));
    cells[7] = cell_instant(change->event->recorded_us);
    return output_row(&s->ctx->output, cells, &s->ctx->error);
}

static int print_order(void *context, const struct diff_order *order, struct daybook_error *err)
{
    struct printer *p = context;
    int rc = 0;
    (void)err; /* it is the context's own */
    p->orders++;
    p->changes += order->change_count;
    if (output_wants_json(&p->session->ctx->output))
        return print_json(p, order);
    for (size_t i = 0; i < order->change_count && !rc; i++)
        rc = print_row(p, order, &order->changes[i], i == 0);
    return rc || order->change_count ? rc : print_row(p, order, NULL, true);
}

/* The end of each TIME that was given, within the log. */
static int read_span(struct session *s, struct diff_span *ret)
{
    uint64_t last = daybook_last_seq(s->snapshot), from = 0, to = 0;
    int rc = session_seq(s, &context_given(s->ctx, "FROM")->when, &from);
    if (!rc)
        rc = session_seq(s, &context_given(s->ctx, "TO")->when, &to);
    if (!rc && from > to)
        rc = daybook_fail(&s->ctx->error, DAYBOOK_USAGE,
                          say(s->ctx, "The first moment lies behind the second: name the earlier one first.",
                              "第一个时间晚于第二个：请先写较早的时间。"));
    if (!rc)
        *ret = (struct diff_span){from < last ? from : last, to < last ? to : last};
    return rc;
}

static int diff_of_orders(struct session *s, struct diff_span span)
{
    struct context *ctx = s->ctx;
    struct printer p = {.session = s};
    uint32_t order = 0;
    json_t *rest = NULL;
    int rc = context_given(ctx, "--order") ? session_find_order(s, context_text(ctx, "--order"), &order) : 0;
    if (!rc)
        rc = output_begin(&ctx->output, "orders", columns, ctx->format == OUTPUT_TABLE ? PEOPLE_COLUMNS : COLUMNS,
                          &ctx->error);
    if (!rc)
        rc = diff_orders(s->snapshot, s->registers, span, order, print_order, &p, &ctx->error);
    if (!rc && ctx->format == OUTPUT_JSON &&
        !(rest = json_pack("{s:o,s:o}", "from", diff_moment_json(s, span.from), "to", diff_moment_json(s, span.to))))
        rc = daybook_fail(&ctx->error, DAYBOOK_NO_MEMORY, "Out of memory for what changed.");
    if (!rc)
        rc = output_end(&ctx->output, rest, &ctx->error);
    if (!rc && ctx->format == OUTPUT_TABLE)
        rc = output_print(&ctx->output, &ctx->error,
                          say(ctx, "%llu order(s), %llu change(s), between event %llu and event %llu",
                              "%llu 个订单，%llu 处变化；从第 %llu 条记录之后到第 %llu 条记录"),
                          (unsigned long long)p.orders, (unsigned long long)p.changes, (unsigned long long)span.from,
                          (unsigned long long)span.to);
    return rc;
}

static int check_options(struct context *ctx)
{
    bool has_figure = context_given(ctx, "--figure") != NULL;
    if (has_figure && context_given(ctx, "--order"))
        return daybook_fail(
            &ctx->error, DAYBOOK_USAGE,
            say(ctx, "--figure is about all orders: leave out --order.", "--figure 针对全部订单：请去掉 --order。"));
    if (!has_figure && diff_figure_options_given(ctx))
        return daybook_fail(&ctx->error, DAYBOOK_USAGE,
                            say(ctx, "Only a figure is asked for like that: name it, as in --figure on-time.",
                                "这些选项只用于指标：请指明指标，例如 --figure on-time。"));
    return 0;
}

static int run_diff(struct context *ctx)
{
    static const struct stats_kind kind = {.judges_promises = true};
    struct stats stats = {.kind = &kind};
    struct session *s = &stats.session;
    struct diff_span span = {0, 0};
    int rc = check_options(ctx);
    if (!rc)
        rc = session_open(s, ctx);
    if (!rc)
        rc = session_read(s);
    if (!rc)
        rc = read_span(s, &span);
    if (!rc)
        rc = context_given(ctx, "--figure") ? diff_figure(&stats, span) : diff_of_orders(s, span);
    session_close(s);
    return rc;
}

const struct command diff_commands[] = {
    {
        .name = "diff",
        .group = "audit",
        .arguments = (const struct argument[]){{.name = "FROM", .kind = ARGUMENT_TIME, .required = true},
                                               {.name = "TO", .kind = ARGUMENT_TIME, .required = true},
                                               {0}},
        .options =
            (const struct option[]){
                {"--order", ARGUMENT_TEXT, "NO", NULL, false, false, "only this order", "只看此订单"},
                {"--figure", ARGUMENT_CHOICE, "NAME", "on-time|late|orders|open|delivered|cancelled|returned", false,
                 false, "the orders that moved this figure, and why", "使该指标变化的订单及原因"},
                DIFF_FIGURE_OPTIONS,
                {0}},
        .summary_en = "What is different between two moments: orders, or the orders that moved a figure.",
        .summary_zh = "两个时间之间的差异：订单的变化，或使某个指标变化的订单。",
        .example = "daybook diff yesterday today --figure on-time",
        .ledger_use = LEDGER_READ,
        .run = run_diff,
    },
    {0},
};
