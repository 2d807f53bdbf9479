/* A line of a ledger's own `log` as the stored event that it carries, checked to say what its members say. */
#ifndef TOOLS_LOAD_EXACT_H
#define TOOLS_LOAD_EXACT_H

#include "daybook/ledger.h"
#include "ledger/arena.h"
#include "ledger/event.h"
#include "tools/json_node.h"

/* Does the line claim to be one: `stored` bytes, and a source /daybook/<id>? */
bool load_is_exact(const struct json_node *line);

/* The event, into `arena` (texts stay where those of `line` are). DAYBOOK_BAD_VALUE when its members disagree. */
int load_exact_event(const struct json_node *line, struct arena *arena, struct event_scratch *scratch,
                     struct daybook_carried *ret, struct daybook_error *err);

#endif
