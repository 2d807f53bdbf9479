/* Orders as the log makes them: one, or all, now or at any past moment.
 *
 * Nothing of this is stored: each call folds the order's events.
 *
 * Names: daybook_order… is the state, daybook_fold_… the events that make it.
 * Ownership: texts and data that a visitor is given live until it returns: copy what is kept.
 * Threads: as the snapshot, one at a time.
 * Errors: a visitor's non-zero answer ends the walk and is returned; besides what is named here DAYBOOK_IO,
 * DAYBOOK_NO_MEMORY and DAYBOOK_DAMAGED as in daybook/ledger.h. */
#ifndef DAYBOOK_ORDER_H
#define DAYBOOK_ORDER_H

#include "daybook/ledger.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* Which events count: those recorded up to a seq (inclusive; UINT64_MAX: all), and those that had occurred by a day
 * (DAYBOOK_DAY_NONE: all). What was voided as of that seq does not count, and what replaces it stands in its place. */
struct daybook_cut {
    uint64_t as_of;
    int32_t effective_on;
};
#define DAYBOOK_CUT_NOW (DAYBOOK_LITERAL(daybook_cut){UINT64_MAX, DAYBOOK_DAY_NONE})

/* The state of an order. Days are DAYBOOK_DAY_NONE when there is none; definitions are those of the figures. */
struct daybook_order {
    uint32_t ordinal;
    struct daybook_text order_no;
    const char *status; /* "pending", "shipped" ..: static text */
    uint32_t customer;  /* ordinal, as the order's events say it: merges are not followed */
    struct daybook_text customer_ref;
    int32_t ordered_on;  /* what the order says, else the day it was created on */
    int32_t expected_on; /* the latest promise */
    int32_t first_expected_on, requested_on, shipped_on, delivered_on, cancelled_on;
    size_t line_count;
    uint32_t version; /* number of its events */
    uint64_t last_seq;
    int64_t created_us, updated_us;
};

/* Non-zero stops, and is returned. */
typedef int daybook_order_visit(void *context, const struct daybook_order *order, struct daybook_error *err);

/* The order with that number at the cut, to `visit` once. DAYBOOK_NOT_FOUND when it is not there then. */
int daybook_order(struct daybook_snapshot *snapshot, struct daybook_text order_no, struct daybook_cut cut,
                  daybook_order_visit *visit, void *context, struct daybook_error *err);
/* Every order there is at the cut, in the order in which they were first created. Reads the whole log up to the cut;
 * a view (daybook/view.h) does that once. DAYBOOK_DAMAGED as above. */
int daybook_orders(struct daybook_snapshot *snapshot, struct daybook_cut cut, daybook_order_visit *visit, void *context,
                   struct daybook_error *err);

/* Fold: the events of one order that count at the cut, in the order in which they apply, voids taken out and
 * replacements in their places; events of applications among them. `data` has the event's fields. DAYBOOK_NOT_FOUND
 * when nothing was ever recorded about that order. */
typedef int daybook_fold_visit(void *context, const struct daybook_event *event, const struct daybook_data *data,
                               struct daybook_error *err);
int daybook_fold_order(struct daybook_snapshot *snapshot, struct daybook_text order_no, struct daybook_cut cut,
                       daybook_fold_visit *visit, void *context, struct daybook_error *err);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
