/* Memory that was refused, remembered; see memory.h. */
#include "tools/memory.h"

#include <jansson.h>
#include <stdlib.h>

#include "ledger/text.h"

static bool refused;

static void *watched_malloc(size_t size)
{
    void *memory = malloc(size);
    refused |= !memory;
    return memory;
}

void memory_watch(void)
{
    json_set_alloc_funcs(watched_malloc, free);
}

void memory_note(const void *made, struct daybook_text from)
{
    refused |= !made && text_is_valid(from);
}

bool memory_was_refused(void)
{
    return refused;
}
