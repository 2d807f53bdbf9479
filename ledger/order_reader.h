/* One order as a snapshot has it, at any cut in time. */
#ifndef LEDGER_ORDER_READER_H
#define LEDGER_ORDER_READER_H

#include "daybook/order.h"
#include "ledger/ledger.h"
#include "ledger/order.h"

/* Starts as {0}; reused from order to order. */
struct order_reader {
    struct chain chain; /* the order's events up to the cut */
    struct order_places places;
    struct order_state state;
};
void order_reader_release(struct order_reader *reader);

/* Fold the order into reader->state; state.exists is false when it is not there at that cut (chain.count 0: never
 * heard of). */
int order_reader_load(struct order_reader *reader, struct daybook_snapshot *snapshot, uint32_t ordinal,
                      struct order_cut cut, struct daybook_error *err);
/* The state as those see it who embed the library. */
void order_describe(const struct order_state *state, struct daybook_order *ret);
/* Every order there is at the cut, by ordinal. visit answers non-zero to stop. */
typedef int order_visit(void *context, const struct order_state *state, struct daybook_error *err);
int order_reader_each(struct order_reader *reader, struct daybook_snapshot *snapshot, struct order_cut cut,
                      order_visit *visit, void *context, struct daybook_error *err);

#endif
