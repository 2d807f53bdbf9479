/* What can be asked of the delays: a kind of statistics each. */
#ifndef TOOLS_STATS_KINDS_H
#define TOOLS_STATS_KINDS_H

#include "tools/cli/command.h"

int run_stats_delays(struct context *ctx);
int run_stats_lead(struct context *ctx);
int run_stats_ageing(struct context *ctx);
int run_stats_slippage(struct context *ctx);

#endif
