/* Control totals: figures that whoever was given the tables can come to by adding up, and compare. */
#ifndef TOOLS_PACK_TOTALS_H
#define TOOLS_PACK_TOTALS_H

#include "ledger/order.h"

/* Sums of quantities in billionths: exact for more lines than there can be. */
__extension__ typedef __int128 pack_sum;
enum { PACK_SUM_TEXT_SIZE = 48 };

struct pack_type_count {
    struct daybook_event event; /* one of that type, by which it is named */
    uint64_t count;
};

/* Units are never added together. */
struct pack_unit {
    char *unit;
    pack_sum quantity, shipped, delivered;
};

/* Starts as {0}. */
struct pack_totals {
    uint64_t events, order_events;
    uint64_t changes, later; /* rows */
    uint64_t orders, lines;
    uint64_t with_status[STATUS_COUNT], taken_back;
    struct pack_type_count *types; /* by wire number */
    size_t type_count;
    struct pack_unit *units; /* by name */
    size_t unit_count;
};
void pack_totals_release(struct pack_totals *totals);

int pack_totals_add_event(struct pack_totals *totals, const struct daybook_event *event, struct daybook_error *err);
int pack_totals_add_line(struct pack_totals *totals, const struct order_line *line, struct daybook_error *err);
/* "-12.5": plain, exact, without zeros at the end. */
void pack_sum_format(pack_sum sum, char out[PACK_SUM_TEXT_SIZE]);

#endif
