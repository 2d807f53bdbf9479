/* Why a figure is another one now: the orders that moved it between two moments, what each adds to its numerator and
 * denominator, and the events that did it. What the orders add, added up, is the difference, exactly.
 *
 *     bridge_new(…, &bridge, err)      both figures
 *     bridge_each(bridge, …)           the orders between them
 *     bridge_free(bridge)
 *
 * Only figures that do not depend on the day of the question can be bridged: those an order moves by events alone. */
#ifndef PROJECTIONS_BRIDGE_H
#define PROJECTIONS_BRIDGE_H

#include "projections/diff.h"
#include "projections/figures.h"

/* A figure by its name, and the counts that it is made of. */
struct bridge_figure {
    const char *name;    /* "on-time" */
    const char *counted; /* "on_time", as in the answer of stats */
    size_t counted_at;   /* in struct figures_counts */
    bool is_rate;        /* of the measured; else a plain count */
};
extern const struct bridge_figure bridge_figures[]; /* ends with a row without a name */

struct bridge_count {
    int64_t counted, measured; /* measured: 0 unless the figure is a rate */
};

struct bridge_event {
    const struct daybook_event *event;
    struct daybook_text actor, reason; /* reason absent: none was given, or it was erased */
};

struct bridge_order {
    uint32_t order; /* ordinal */
    struct daybook_text order_no;
    const char *from, *to; /* what it counts as: "late", "on-time", "open" ..; NULL: it was not there */
    struct bridge_count adds;
    const struct bridge_event *events; /* between, that changed what it counts as, its promise or its milestone */
    size_t event_count;
};

struct bridge;

/* `params` are those of stats; they and the registers outlive the bridge. */
int bridge_new(struct daybook_snapshot *snapshot, struct registers *registers, const struct bridge_figure *figure,
               const struct figures_params *params, struct diff_span span, struct bridge **ret,
               struct daybook_error *err);
void bridge_free(struct bridge *bridge); /* NULL is allowed */

/* The figure at the moments of the span. */
struct bridge_count bridge_from(const struct bridge *bridge);
struct bridge_count bridge_to(const struct bridge *bridge);

/* The orders that moved it, by ordinal. What one points to lives until the next. Non-zero stops. */
typedef int bridge_visit(void *context, const struct bridge_order *order, struct daybook_error *err);
int bridge_each(struct bridge *bridge, bridge_visit *visit, void *context, struct daybook_error *err);

#endif
