/* Orders as the log makes them: one, or all, now or at any past moment.
 *
 * Nothing of this is stored: each call folds the order's events. Texts and data that a visitor is given live until it
 * returns: copy what is kept. */
#ifndef DAYBOOK_ORDER_H
#define DAYBOOK_ORDER_H

#include "daybook/ledger.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Which events count: those recorded up to a seq (inclusive; UINT64_MAX: all), and those that had occurred by a day
 * (DAYBOOK_DAY_NONE: all). What was voided as of that seq does not count, and what replaces it stands in its place. */
struct daybook_cut {
    uint64_t as_of;
    int32_t effective_on;
};
#define DAYBOOK_CUT_NOW ((struct daybook_cut){UINT64_MAX, DAYBOOK_DAY_NONE})

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
/* Every order there is at the cut, in the order in which they were first created. */
int daybook_orders(struct daybook_snapshot *snapshot, struct daybook_cut cut, daybook_order_visit *visit, void *context,
                   struct daybook_error *err);

/* Fold: the events of one order that count at the cut, in the order in which they apply, voids taken out and
 * replacements in their places. `data` has the event's fields. */
typedef int daybook_fold_visit(void *context, const struct daybook_event *event, const struct daybook_data *data,
                               struct daybook_error *err);
int daybook_fold_order(struct daybook_snapshot *snapshot, struct daybook_text order_no, struct daybook_cut cut,
                       daybook_fold_visit *visit, void *context, struct daybook_error *err);

#ifdef __cplusplus
}
#endif
#endif
