/* What `--by` groups orders by: from the words of the command line to an accumulator for each key.
 *
 * An order has none, one or several keys in each thing grouped by (products: one each), and counts once in every
 * combination of them. */
#ifndef TOOLS_STATS_GROUPS_H
#define TOOLS_STATS_GROUPS_H

#include "projections/delays.h"
#include "projections/figures.h"
#include "projections/groups.h"
#include "tools/session.h"

struct grouping;

/* Groups by the words of --by (`by` NULL: by nothing), with accumulators as groups_new() has them. `session` and
 * `params` must outlive it. DAYBOOK_USAGE for a word that is none, DAYBOOK_NOT_FOUND for an own field that is none. */
int grouping_new(struct session *session, const struct figures_params *params, const struct given *by,
                 size_t accumulator_size, void (*release)(void *accumulator), struct grouping **ret);
void grouping_free(struct grouping *grouping); /* NULL is allowed */

/* Do the orders' labels have to be read? */
bool grouping_wants_labels(const struct grouping *grouping);
size_t grouping_part_count(const struct grouping *grouping);
/* "customer", "field:NAME": the member of "by". */
const char *grouping_part_name(const struct grouping *grouping, size_t part);
/* The same as a heading for people. */
const char *grouping_part_title(const struct grouping *grouping, size_t part);

/* Count an order: `add` is called with the accumulator of each of its groups. */
typedef int grouping_add(void *context, void *accumulator, const struct order_facts *facts);
int grouping_count(struct grouping *grouping, const struct order_facts *facts, const struct delays_labels *labels,
                   grouping_add *add, void *context);

/* All groups, by key; as groups_sorted(). */
struct group **grouping_sorted(struct grouping *grouping, size_t *ret_count);

#endif
