/* The view `delays`: facts of every order, from which all delay figures and groupings are computed.
 *
 *     main   ordinal -> its products and the carrier of its last shipment
 *     side   (ordinal - 1) / 128 -> the facts of these 128 orders, struct order_facts each */
#ifndef PROJECTIONS_DELAYS_H
#define PROJECTIONS_DELAYS_H

#include "projections/facts_fold.h"
#include "projections/runner.h"

extern const struct daybook_projection delays_projection;

/* Every order, by ordinal: from the view, or (view NULL) folded afresh at the cut. `labels` is NULL unless wanted. */
int delays_each(struct daybook_snapshot *snapshot, struct daybook_view *view, struct order_cut cut, bool want_labels,
                facts_visit *visit, void *context, struct daybook_error *err);

#endif
