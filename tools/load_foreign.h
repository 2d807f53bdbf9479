/* A foreign CloudEvents line as a request to the ledger: which types and members are taken, and how they are read. */
#ifndef TOOLS_LOAD_FOREIGN_H
#define TOOLS_LOAD_FOREIGN_H

#include "daybook/ledger.h"
#include "ledger/arena.h"
#include "ledger/zone.h"
#include "tools/json_node.h"

/* Fill `entry` (all but actor, when the line has none, via and via_kind). Everything that it points to lives in
 * `arena` or where the texts of `line` do. DAYBOOK_BAD_VALUE with a sentence that names the member. */
int load_foreign_entry(const struct json_node *line, uint64_t line_number, const struct zone *zone, struct arena *arena,
                       struct daybook_entry *entry, struct daybook_error *err);

#endif
