/* stats: figures of the ledger's orders. */
#include "tools/commands.h"
#include "tools/stats.h"
#include "tools/stats_kinds.h"

static const struct option delays_options[] = {
    STATS_OPTIONS,
    {.name = "--promise",
     .kind = ARGUMENT_CHOICE,
     .value_name = "WHICH",
     .choices = "latest|first|requested",
     .help_en = "Hold orders to their latest promise (usual), to the first, or to the date the customer wished for.",
     .help_zh = "以最新承诺（latest，默认）、最初承诺（first）或客户要求日期（requested）为准。"},
    {.name = "--tolerance",
     .kind = ARGUMENT_TEXT,
     .value_name = "EARLY,LATE",
     .help_en = "So many days early or late still are on time.",
     .help_zh = "提前或延后这么多天以内仍算准时。"},
    {0},
};

static const struct option common_options[] = {STATS_OPTIONS, {0}};

const struct command stats_commands[] = {
    {
        .name = "stats delays",
        .group = "reports",
        .options = delays_options,
        .summary_en = "Promises kept and broken: on-time rate, lateness, lead time.",
        .summary_zh = "交期兑现情况：准时率、延迟天数、周期。",
        .example = "daybook stats delays --by customer --since 2026-01-01",
        .ledger_use = LEDGER_READ,
        .run = run_stats_delays,
    },
    {
        .name = "stats lead",
        .group = "reports",
        .options = common_options,
        .summary_en = "Lead time from order to delivery, with a histogram by day.",
        .summary_zh = "从下单到送达的周期及其按天分布。",
        .example = "daybook stats lead --by product",
        .ledger_use = LEDGER_READ,
        .run = run_stats_lead,
    },
    {
        .name = "stats ageing",
        .group = "reports",
        .options = common_options,
        .summary_en = "Open orders by days past their promise.",
        .summary_zh = "未结订单按逾期天数分段。",
        .example = "daybook stats ageing --by customer",
        .ledger_use = LEDGER_READ,
        .run = run_stats_ageing,
    },
    {
        .name = "stats slippage",
        .group = "reports",
        .options = common_options,
        .summary_en = "Promises that were moved: how often, how far, why and by whom.",
        .summary_zh = "变更过的交期：次数、天数、原因、变更人。",
        .example = "daybook stats slippage --by customer",
        .ledger_use = LEDGER_READ,
        .run = run_stats_slippage,
    },
    {0},
};
