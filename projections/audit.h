/* The view `audit`: who changed what and when, from -> to, of every field of every event, exactly.
 *
 * It keeps nothing. Who, when, what type and which subject stand in each event's envelope, and a scan of envelopes is
 * faster than an index is to keep; what an event changed is the difference between the subject's state right before
 * it and right after it, as it was known then, folded from the subject's chain. So it cannot be out of date or
 * disagree with the log. */
#ifndef PROJECTIONS_AUDIT_H
#define PROJECTIONS_AUDIT_H

#include "ledger/order_fields.h"
#include "projections/registers.h"

extern const unsigned audit_version;

/* One field: its name ("status", "items.1.quantity", "fields.颜色"), and its value before and after as text; absent:
 * none, or erased. */
struct audit_change {
    struct daybook_text field, from, to;
    bool from_erased, to_erased; /* of an order's fields */
};

struct audit_entry {
    struct daybook_event event;
    struct daybook_text order_no; /* absent for events of registers */
    struct daybook_text actor, via;
    struct daybook_text reason; /* absent: none was given, or it was erased */
    uint64_t target;            /* the event that it takes back; 0: none */
    uint64_t voided_by;         /* the event that takes it back; 0: it stands */
    const struct audit_change *changes;
    size_t change_count;
};

/* What an entry points to lives until the next one. Non-zero stops. */
typedef int audit_visit(void *context, const struct audit_entry *entry, struct daybook_error *err);

/* Every event of one order up to as_of, oldest first. */
int audit_order(struct daybook_snapshot *snapshot, struct registers *registers, uint32_t order, uint64_t as_of,
                audit_visit *visit, void *context, struct daybook_error *err);

/* Conditions that are set must all hold. */
struct audit_filter {
    uint32_t actor; /* ordinal; 0: any */
    uint32_t order; /* ordinal; 0: any */
    uint32_t
        customer;  /* final ordinal: events of the customer, and of orders that were theirs before or after; 0: any */
    uint32_t type; /* wire number; 0: any */
    struct daybook_text field; /* changed; also the last part ("quantity") or the first ("items"); absent: any */
    uint64_t from, to;         /* seqs, inclusive */
    int32_t effective_on;      /* events that had occurred by that day; DAYBOOK_DAY_NONE: all */
    uint64_t limit;            /* the latest so many; UINT64_MAX: all */
};
int audit_each(struct daybook_snapshot *snapshot, struct registers *registers, const struct audit_filter *filter,
               audit_visit *visit, void *context, struct daybook_error *err);

/* Each field of the order as it stands at the cut, with the event that set it. */
struct blame_line {
    struct daybook_text field, value; /* value absent: erased */
    const struct daybook_event *event;
    struct daybook_text actor, via;
};
typedef int blame_visit(void *context, const struct blame_line *line, struct daybook_error *err);
int audit_blame(struct daybook_snapshot *snapshot, struct registers *registers, uint32_t order, struct order_cut cut,
                blame_visit *visit, void *context, struct daybook_error *err);

#endif
