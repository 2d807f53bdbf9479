/* `stats … --orders`: the orders that figures are made of, each with what is measured of it. */
#ifndef TOOLS_STATS_ORDERS_H
#define TOOLS_STATS_ORDERS_H

#include "tools/stats.h"

/* `view` NULL: folded afresh at the session's cut. */
int stats_write_orders(struct stats *stats, struct daybook_view *view);

#endif
