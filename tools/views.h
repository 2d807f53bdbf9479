/* The views that this program keeps. */
#ifndef TOOLS_VIEWS_H
#define TOOLS_VIEWS_H

#include "daybook/value.h"
#include "projections/runner.h"

extern const struct daybook_projection *const views[]; /* ends with NULL */

/* NULL when there is none of that name. */
const struct daybook_projection *views_find(struct daybook_text name);

#endif
