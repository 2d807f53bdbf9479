/* `stats delays`: promises kept and broken. */
#include "tools/stats.h"
#include "tools/stats_kinds.h"

/* The accumulator. */
struct delays {
    struct figures gathered;
    struct figures_delays figures;
};

static void release(void *accumulator)
{
    struct delays *delays = accumulator;
    figures_release(&delays->gathered);
}

static bool concerns(const struct stats *stats, const struct order_facts *facts)
{
    (void)stats, (void)facts;
    return true;
}

static int add(struct stats *stats, void *accumulator, const struct order_facts *facts)
{
    struct delays *delays = accumulator;
    return figures_add(&delays->gathered, facts, &stats->params, &stats->session.ctx->error);
}

static int settle(struct stats *stats, void *accumulator)
{
    struct delays *delays = accumulator;
    return figures_finish(&delays->gathered, &delays->figures, &stats->session.ctx->error);
}

static const char *hint(const struct stats *stats, const void *accumulator)
{
    const struct delays *delays = accumulator;
    const struct figures_counts *counts = &delays->figures.counts;
    if (counts->measured || !counts->with_shipped_on || stats->params.milestone == MILESTONE_SHIPPED)
        return NULL;
    return say(stats->session.ctx,
               "Nothing is delivered with a promise and a day, but there are ship dates: --milestone shipped measures "
               "by those.",
               "没有可衡量的送达日期，但有发货日期：可加 --milestone shipped 按发货日期衡量。");
}

#define AT(member) offsetof(struct delays, figures.member)
#define COUNT_OF(member) .style = STATS_COUNT, .value = AT(counts.member)
#define RATE_OF(member, whole) .style = STATS_RATE, .value = AT(counts.member), .of = AT(counts.whole)
#define MEAN_OF(days) .style = STATS_MEAN, .value = AT(days.sum), .of = AT(days.count)
#define DAYS_OF(days, member) .style = STATS_DAYS, .value = AT(days.member), .of = AT(days.count)
#define RANK_OF(days, p) DAYS_OF(days, percentiles[PERCENTILE_##p])

static const struct stats_figure figures[] = {
    {"orders", "Orders", "订单", STATS_ALWAYS, COUNT_OF(orders)},
    {"open", "Open", "未结", STATS_ALWAYS, COUNT_OF(open)},
    {"delivered", "Delivered", "已送达", STATS_ALONE, COUNT_OF(delivered)},
    {"cancelled", "Cancelled", "已取消", STATS_ALONE, COUNT_OF(cancelled)},
    {"returned", "Returned", "已退货", STATS_ALONE, COUNT_OF(returned)},
    {"measured", "Measured", "已衡量", STATS_ALWAYS, COUNT_OF(measured)},
    {"undated", "Undated", "日期不明", STATS_ALONE, COUNT_OF(undated)},
    {"on_time", "On time", "准时", STATS_ALONE, COUNT_OF(on_time)},
    {"late", "Late", "延迟", STATS_ALWAYS, COUNT_OF(late)},
    {"early", "Early", "过早", STATS_ALWAYS, COUNT_OF(early), .needs_tolerance = true},
    {"on_time_rate", "On time %", "准时率", STATS_ALWAYS, RATE_OF(on_time, measured)},
    {"in_full_rate", "In full %", "准时足量率", STATS_ALWAYS, RATE_OF(in_full, measured)},
    {"lateness_days.mean", "Mean lateness", "平均偏差天数", STATS_ALWAYS, MEAN_OF(lateness_days)},
    {"lateness_days.min", "Least lateness", "最小偏差天数", STATS_ALONE, DAYS_OF(lateness_days, min)},
    {"lateness_days.p50", "Median lateness", "偏差中位数", STATS_ALONE, RANK_OF(lateness_days, 50)},
    {"lateness_days.p85", NULL, NULL, STATS_HIDDEN, RANK_OF(lateness_days, 85)},
    {"lateness_days.p90", "p90", "p90", STATS_ALWAYS, RANK_OF(lateness_days, 90)},
    {"lateness_days.p95", NULL, NULL, STATS_HIDDEN, RANK_OF(lateness_days, 95)},
    {"lateness_days.p99", NULL, NULL, STATS_HIDDEN, RANK_OF(lateness_days, 99)},
    {"lateness_days.max", "Max", "最大", STATS_ALWAYS, DAYS_OF(lateness_days, max)},
    {"late_days.mean", "Mean of the late", "延迟订单平均天数", STATS_ALONE, MEAN_OF(late_days)},
    {"late_days.p50", NULL, NULL, STATS_HIDDEN, RANK_OF(late_days, 50)},
    {"late_days.p85", NULL, NULL, STATS_HIDDEN, RANK_OF(late_days, 85)},
    {"late_days.p90", NULL, NULL, STATS_HIDDEN, RANK_OF(late_days, 90)},
    {"late_days.max", NULL, NULL, STATS_HIDDEN, DAYS_OF(late_days, max)},
    {"lead_days.mean", "Mean lead time", "平均周期天数", STATS_ALONE, MEAN_OF(lead_days)},
    {"lead_days.p50", NULL, NULL, STATS_HIDDEN, RANK_OF(lead_days, 50)},
    {"lead_days.p85", NULL, NULL, STATS_HIDDEN, RANK_OF(lead_days, 85)},
    {"lead_days.p90", NULL, NULL, STATS_HIDDEN, RANK_OF(lead_days, 90)},
    {"lead_days.max", NULL, NULL, STATS_HIDDEN, DAYS_OF(lead_days, max)},
    {"overdue_open", "Overdue", "逾期未结", STATS_ALWAYS, COUNT_OF(overdue_open)},
    {"promises.due", "Promises due", "到期承诺", STATS_ALONE, COUNT_OF(promises.due)},
    {"promises.kept", "Promises kept", "兑现承诺", STATS_ALONE, COUNT_OF(promises.kept)},
    {"promises.broken", "Promises broken", "未兑现承诺", STATS_ALONE, COUNT_OF(promises.broken)},
    {"promises.kept_rate", "Kept %", "兑现率", STATS_ALWAYS, RATE_OF(promises.kept, promises.due)},
    {"promises.cancelled_after_due", "Cancelled after due", "逾期后取消", STATS_ALONE,
     COUNT_OF(promises.cancelled_after_due)},
    {"promises.returned_late", "Returned, late", "延迟且退货", STATS_ALONE, COUNT_OF(promises.returned_late)},
};

int run_stats_delays(struct context *ctx)
{
    static const struct stats_kind kind = {
        .figures = figures,
        .figure_count = sizeof figures / sizeof *figures,
        .accumulator_size = sizeof(struct delays),
        .release = release,
        .judges_promises = true,
        .concerns = concerns,
        .add = add,
        .settle = settle,
        .hint = hint,
    };
    return stats_run(ctx, &kind, NULL);
}
