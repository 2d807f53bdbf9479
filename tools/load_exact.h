/* A line of a ledger's own `log` as the stored event that it carries, checked to say what its members say. */
#ifndef TOOLS_LOAD_EXACT_H
#define TOOLS_LOAD_EXACT_H

#include <jansson.h>

#include "daybook/ledger.h"
#include "ledger/arena.h"
#include "ledger/event.h"

/* Does the line claim to be one: `stored` bytes, and a source /daybook/<id>? */
bool load_is_exact(const json_t *line);

/* The event, into `arena` (texts stay in `line`). DAYBOOK_BAD_VALUE when its members disagree. */
int load_exact_event(const json_t *line, struct arena *arena, struct event_scratch *scratch,
                     struct daybook_carried *ret, struct daybook_error *err);

#endif
