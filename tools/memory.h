/* Memory that was refused where nobody says so: jansson leaves out what it had no room for, or takes good text for bad,
 * and words and names of a table are then not known again. It is remembered, so that neither passes for an answer. */
#ifndef TOOLS_MEMORY_H
#define TOOLS_MEMORY_H

#include "daybook/value.h"

/* From now on jansson's memory is watched. Once, before it is used. */
void memory_watch(void);
/* `made` was to be made of `from`, and NULL means that it could not: because of the text, or for lack of memory? */
void memory_note(const void *made, struct daybook_text from);
/* Since the program began. */
bool memory_was_refused(void);

#endif
