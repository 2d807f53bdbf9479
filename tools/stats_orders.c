/* `stats … --orders`: the orders that figures are made of, each with what is measured of it. */
#include "tools/stats_orders.h"

#include "tools/order_card.h"

static const struct column columns[] = {
    {"order_no", "Order", "订单号", COLUMN_KEY},
    {"status", "Status", "状态", COLUMN_KEY},
    {"customer", "Customer", "客户", COLUMN_TEXT},
    {"ordered_on", "Ordered", "下单日期", COLUMN_KEY},
    {"first_expected_on", "First promise", "最初交期", COLUMN_KEY},
    {"promise", "Promise", "承诺交期", COLUMN_KEY},
    {"reached_on", "Reached", "到达日期", COLUMN_KEY},
    {"lateness_days", "Late, days", "延迟天数", COLUMN_NUMBER},
    {"lead_days", "Lead, days", "周期天数", COLUMN_NUMBER},
    {"overdue_days", "Overdue, days", "逾期天数", COLUMN_NUMBER},
};

struct walk {
    struct stats *stats;
    json_int_t count;
};

static struct cell days_cell(bool known, int32_t days)
{
    return known ? cell_integer(days) : cell_null();
}

static int visit_order(void *context, const struct order_facts *facts, const struct delays_labels *labels,
                       struct daybook_error *err)
{
    struct walk *walk = context;
    struct stats *stats = walk->stats;
    struct session *s = &stats->session;
    const struct figures_params *params = &stats->params;
    struct daybook_text customer = DAYBOOK_TEXT_NONE;
    int32_t late = 0, lead = 0, overdue = 0;
    (void)labels;
    if (!figures_selected(facts, params))
        return 0;
    int rc = stats->kind->look ? stats->kind->look(stats, facts) : 0;
    if (rc || !stats->kind->concerns(stats, facts))
        return rc;
    rc = order_reader_load(&s->reader, s->snapshot, facts->order, s->cut, err);
    if (!rc)
        rc = registers_name(s->registers, DAYBOOK_CUSTOMER, facts->customer, &customer, err);
    if (rc)
        return rc;
    bool is_measured = figures_lateness(facts, params, &late), has_lead = figures_lead(facts, params, &lead);
    bool is_overdue = figures_overdue(facts, params, &overdue);
    const char *status = s->ctx->format == OUTPUT_TABLE ? order_status_label(s->ctx, facts->status)
                                                        : workflow_statuses[facts->status].name;
    walk->count++;
    return output_row(&s->ctx->output,
                      (struct cell[]){cell_text(s->reader.state.order_no), cell_string(status), cell_text(customer),
                                      cell_day(facts->ordered_on), cell_day(facts->first_expected_on),
                                      cell_day(figures_promise(facts, params)),
                                      cell_day(figures_milestone(facts, params)),
                                      cell_toned(days_cell(is_measured, late), late > 0 ? TONE_WARNING : TONE_PLAIN),
                                      days_cell(has_lead, lead), cell_toned(days_cell(is_overdue, overdue), TONE_BAD)},
                      err);
}

int stats_write_orders(struct stats *stats, struct daybook_view *view)
{
    struct session *s = &stats->session;
    struct context *ctx = s->ctx;
    struct walk walk = {.stats = stats};
    if (context_given(ctx, "--by") || context_given(ctx, "--sort"))
        return daybook_fail(&ctx->error, DAYBOOK_USAGE,
                            say(ctx, "--orders lists single orders: leave out --by and --sort.",
                                "--orders 列出单个订单：请去掉 --by 和 --sort。"));
    int rc = output_begin(&ctx->output, "orders", columns, sizeof columns / sizeof *columns, &ctx->error);
    if (!rc)
        rc = delays_each(s->snapshot, view, s->cut, false, visit_order, &walk, &ctx->error);
    json_t *rest = NULL;
    if (!rc && ctx->format == OUTPUT_JSON &&
        !(rest = json_pack("{s:I,s:o}", "total", walk.count, "basis", session_basis(s, &delays_projection))))
        rc = daybook_fail(&ctx->error, DAYBOOK_NO_MEMORY, "Out of memory for the basis of the answer.");
    return rc ? rc : output_end(&ctx->output, rest, &ctx->error);
}
