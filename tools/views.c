/* The views that this program keeps. */
#include "tools/views.h"

#include <string.h>

#include "ledger/text.h"
#include "projections/delays.h"
#include "projections/orders.h"

const struct daybook_projection *const views[] = {&delays_projection, &orders_projection, NULL};

const struct daybook_projection *views_find(struct daybook_text name)
{
    for (size_t i = 0; views[i]; i++)
        if (text_equals(name, (struct daybook_text){views[i]->name, strlen(views[i]->name)}))
            return views[i];
    return NULL;
}
