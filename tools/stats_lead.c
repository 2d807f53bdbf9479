/* `stats lead`: how long orders take, and `stats ageing`: how long open ones are past their promise. */
#include "tools/stats.h"
#include "tools/stats_kinds.h"

#include <stdlib.h>

/* ---- lead */

struct lead {
    struct distribution days;
    struct distribution_summary summary;
};

static void lead_release(void *accumulator)
{
    struct lead *lead = accumulator;
    distribution_release(&lead->days);
}

static bool lead_concerns(const struct stats *stats, const struct order_facts *facts)
{
    int32_t days = 0;
    return figures_lead(facts, &stats->params, &days);
}

static int lead_add(struct stats *stats, void *accumulator, const struct order_facts *facts)
{
    struct lead *lead = accumulator;
    int32_t days = 0;
    figures_lead(facts, &stats->params, &days); /* it has one: it concerns us */
    return distribution_add(&lead->days, days, &stats->session.ctx->error);
}

static int lead_settle(struct stats *stats, void *accumulator)
{
    struct lead *lead = accumulator;
    struct distribution_bin *bins = NULL;
    size_t count = 0;
    int rc = distribution_bins(&lead->days, &bins, &count, &stats->session.ctx->error);
    if (!rc)
        distribution_summarize(bins, count, 0, &lead->summary);
    free(bins);
    return rc;
}

static int lead_histogram(struct stats *stats, void *accumulator, const char *name, json_t **ret)
{
    struct lead *lead = accumulator;
    struct distribution_bin *bins = NULL;
    size_t count = 0;
    int rc = distribution_bins(&lead->days, &bins, &count, &stats->session.ctx->error);
    (void)name; /* there is one list */
    if (rc)
        return rc;
    json_t *list = json_array();
    bool good = list != NULL;
    for (size_t i = 0; i < count && good; i++)
        good = !json_array_append_new(
            list, json_pack("{s:i,s:I}", "days", (int)bins[i].days, "orders", (json_int_t)bins[i].orders));
    free(bins);
    if (good) {
        *ret = list;
        return 0;
    }
    json_decref(list);
    return daybook_fail(&stats->session.ctx->error, DAYBOOK_NO_MEMORY, "Out of memory for a histogram.");
}

/* A bar for each day that occurs, the longest of BAR_WIDTH. */
static int lead_print_histogram(struct stats *stats, void *accumulator)
{
    enum { BAR_WIDTH = 40 };
    static const char bar[BAR_WIDTH + 1] = "########################################";
    static const struct column columns[] = {{"days", "Days", "天数", COLUMN_NUMBER},
                                            {"orders", "Orders", "订单", COLUMN_NUMBER},
                                            {"bar", "", "", COLUMN_TEXT}};
    struct context *ctx = stats->session.ctx;
    struct lead *lead = accumulator;
    struct distribution_bin *bins = NULL;
    size_t count = 0;
    uint32_t most = 1;
    int rc = distribution_bins(&lead->days, &bins, &count, &ctx->error);
    for (size_t i = 0; i < count && !rc; i++)
        most = bins[i].orders > most ? bins[i].orders : most;
    if (!rc && count)
        rc = output_print(&ctx->output, &ctx->error, "%s", "");
    if (!rc && count)
        rc = output_begin(&ctx->output, NULL, columns, 3, &ctx->error);
    for (size_t i = 0; i < count && !rc; i++) {
        size_t width = (size_t)((uint64_t)bins[i].orders * BAR_WIDTH / most);
        rc = output_row(&ctx->output,
                        (struct cell[]){cell_integer(bins[i].days), cell_integer(bins[i].orders),
                                        cell_text((struct daybook_text){bar, width})},
                        &ctx->error);
    }
    if (!rc && count)
        rc = output_end(&ctx->output, NULL, &ctx->error);
    free(bins);
    return rc;
}

#define LEAD_AT(member) offsetof(struct lead, summary.member)
#define LEAD_DAYS(member) .style = STATS_DAYS, .value = LEAD_AT(member), .of = LEAD_AT(count)

static const struct stats_figure lead_figures[] = {
    {"orders", "Orders", "订单", STATS_ALWAYS, .style = STATS_COUNT, .value = LEAD_AT(count)},
    {"lead_days.mean", "Mean, days", "平均天数", STATS_ALWAYS, .style = STATS_MEAN, .value = LEAD_AT(sum),
     .of = LEAD_AT(count)},
    {"lead_days.min", "Min", "最小", STATS_ALWAYS, LEAD_DAYS(min)},
    {"lead_days.p50", "p50", "p50", STATS_ALWAYS, LEAD_DAYS(percentiles[PERCENTILE_50])},
    {"lead_days.p85", "p85", "p85", STATS_ALWAYS, LEAD_DAYS(percentiles[PERCENTILE_85])},
    {"lead_days.p90", "p90", "p90", STATS_ALWAYS, LEAD_DAYS(percentiles[PERCENTILE_90])},
    {"lead_days.max", "Max", "最大", STATS_ALWAYS, LEAD_DAYS(max)},
    {"histogram", NULL, NULL, STATS_HIDDEN, .style = STATS_LIST},
};

int run_stats_lead(struct context *ctx)
{
    static const struct stats_kind kind = {
        .figures = lead_figures,
        .figure_count = sizeof lead_figures / sizeof *lead_figures,
        .accumulator_size = sizeof(struct lead),
        .release = lead_release,
        .concerns = lead_concerns,
        .add = lead_add,
        .settle = lead_settle,
        .list = lead_histogram,
        .print_lists = lead_print_histogram,
    };
    return stats_run(ctx, &kind, NULL);
}

/* ---- ageing */

static bool ageing_concerns(const struct stats *stats, const struct order_facts *facts)
{
    (void)stats;
    return figures_is_open(facts);
}

static int ageing_add_order(struct stats *stats, void *accumulator, const struct order_facts *facts)
{
    ageing_add(accumulator, facts, &stats->params);
    return 0;
}

#define AGEING(name, title_en, title_zh, bucket)                                                                       \
    {                                                                                                                  \
        name, title_en, title_zh, STATS_ALWAYS, .style = STATS_COUNT, .value = offsetof(struct ageing, orders[bucket]) \
    }

static const struct stats_figure ageing_figures[AGEING_BUCKET_COUNT] = {
    AGEING("not_due", "Not due", "未到期", 0),          AGEING("1-7", "1-7 days", "1-7 天", 1),
    AGEING("8-30", "8-30 days", "8-30 天", 2),          AGEING("31-90", "31-90 days", "31-90 天", 3),
    AGEING("over_90", "Over 90 days", "超过 90 天", 4), AGEING("no_promise", "No promise", "无承诺", 5),
};

int run_stats_ageing(struct context *ctx)
{
    static const struct stats_kind kind = {
        .figures = ageing_figures,
        .figure_count = AGEING_BUCKET_COUNT,
        .accumulator_size = sizeof(struct ageing),
        .concerns = ageing_concerns,
        .add = ageing_add_order,
    };
    return stats_run(ctx, &kind, NULL);
}
