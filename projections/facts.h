/* What delay analytics need to know of one order: fixed size, no text, no pointers.
 *
 * Every delay figure and grouping is computed exactly from these rows (and, for grouping by product, carrier
 * or own field, from the labels kept beside them). Definitions: each member says which figure it feeds. */
#ifndef PROJECTIONS_FACTS_H
#define PROJECTIONS_FACTS_H

#include "daybook/value.h"
#include "ledger/order.h"

/* What a status means for figures, whatever a workflow calls it: enum workflow_phase. */
enum order_phase {
    PHASE_OPEN = WORKFLOW_OPEN,
    PHASE_SHIPPED = WORKFLOW_SHIPPED, /* open too */
    PHASE_DELIVERED = WORKFLOW_DELIVERED,
    PHASE_CANCELLED = WORKFLOW_CANCELLED,
    PHASE_RETURNED = WORKFLOW_RETURNED
};

/* in_full_*_on: the first day by which every line had its whole quantity. */
#define FULL_NEVER INT32_MAX  /* some line never had */
#define FULL_ALWAYS INT32_MIN /* no line lacks anything whose day is known: in full from the start */

struct order_facts {
    uint32_t order;        /* ordinal */
    uint32_t customer;     /* ordinal as the order's events say it; merges are the reader's business */
    uint32_t delivered_by; /* actor ordinal of the delivery that completed the order; 0: none */
    uint32_t status;       /* index in the workflow's list of statuses */
    uint8_t phase;         /* enum order_phase */
    int32_t ordered_on;    /* what the order says, else the day it was created on */
    int32_t expected_on;   /* latest promise; DAYBOOK_DAY_NONE when there is none (all days below too) */
    int32_t first_expected_on;
    int32_t requested_on;
    int32_t shipped_on;
    int32_t delivered_on;
    int32_t cancelled_on;
    int32_t shipped_in_full_on;
    int32_t delivered_in_full_on;
};

/* The facts of an order that exists. */
void facts_of(const struct order_state *state, struct order_facts *ret);

/* What an order is grouped by besides its facts. */
struct delays_labels {
    const uint32_t *products; /* ordinals, each once */
    size_t product_count;
    struct daybook_text carrier; /* of the last shipment; absent: none was named, or nothing was shipped */
};

/* Room for the products of one order, kept and reused; starts as {0}. */
struct product_list {
    uint32_t *products;
    size_t count, capacity;
};
void product_list_release(struct product_list *list);
/* Unless it is there already. */
int product_list_add(struct product_list *list, uint32_t product, struct daybook_error *err);
/* Its labels live as long as state and list are left alone. */
int labels_of(const struct order_state *state, struct product_list *list, struct delays_labels *ret,
              struct daybook_error *err);

#endif
