/* What is different between two moments: every order with an event recorded between them, and those of its fields that
 * are not what they were, each with the event that gave it its value.
 *
 * It is the difference of two states, not a list of steps: what was changed and changed back is no change. */
#ifndef PROJECTIONS_DIFF_H
#define PROJECTIONS_DIFF_H

#include "ledger/order_fields.h"
#include "projections/registers.h"

/* Two moments; what lies between them has from < seq <= to. */
struct diff_span {
    uint64_t from, to;
};

struct diff_change {
    struct order_field identity;
    struct daybook_text field, from, to; /* as in an audit trail; names of `from` are those that held then */
    const struct daybook_event *event;   /* the last one between that changed the field */
    struct daybook_text actor;
};

struct diff_order {
    uint32_t order; /* ordinal */
    struct daybook_text order_no;
    const struct diff_change *changes; /* none: what was recorded came to nothing */
    size_t change_count;
};

/* What it points to lives until the next one. Non-zero stops. */
typedef int diff_visit(void *context, const struct diff_order *order, struct daybook_error *err);

/* By ordinal; with `order` not 0 that one only, if it has an event between. */
int diff_orders(struct daybook_snapshot *snapshot, struct registers *registers, struct diff_span span, uint32_t order,
                diff_visit *visit, void *context, struct daybook_error *err);

#endif
