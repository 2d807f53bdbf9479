/* The view `delays`: facts of every order, from which all delay figures and groupings are computed.
 *
 *     main   ordinal -> struct order_facts
 *     side   ordinal -> its products and the carrier of its last shipment */
#ifndef PROJECTIONS_DELAYS_H
#define PROJECTIONS_DELAYS_H

#include "projections/facts.h"
#include "projections/runner.h"

extern const struct projection delays_projection;

/* What an order is grouped by besides its facts. */
struct delays_labels {
    const uint32_t *products; /* ordinals, each once */
    size_t product_count;
    struct daybook_text carrier; /* absent: none was named, or nothing was shipped */
};

/* Every order, by ordinal: from the view, or (view NULL) folded afresh at the cut. `labels` is NULL unless wanted. */
typedef int delays_visit(void *context, const struct order_facts *facts, const struct delays_labels *labels,
                         struct daybook_error *err);
int delays_each(struct daybook_snapshot *snapshot, struct view *view, struct order_cut cut, bool want_labels,
                delays_visit *visit, void *context, struct daybook_error *err);

#endif
