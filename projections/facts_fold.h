/* The facts of all orders at once, in one pass over the log. */
#ifndef PROJECTIONS_FACTS_FOLD_H
#define PROJECTIONS_FACTS_FOLD_H

#include "ledger/order_reader.h"
#include "projections/facts.h"

/* The orders first..last that there are at the cut, by ordinal. `labels` is NULL unless wanted. `visit` answers
 * non-zero to stop. */
typedef int facts_visit(void *context, const struct order_facts *facts, const struct delays_labels *labels,
                        struct daybook_error *err);
int facts_each(struct daybook_snapshot *snapshot, struct order_cut cut, uint32_t first, uint32_t last, bool want_labels,
               facts_visit *visit, void *context, struct daybook_error *err);

#endif
