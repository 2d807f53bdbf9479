/* Strings in an arena, arrays that grow. */
#include "tools/import/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *arena_string(struct arena *arena, struct daybook_text text)
{
    char *copy = arena_alloc(arena, text.len + 1);

    if (copy != NULL && text.len > 0)
        memcpy(copy, text.ptr, text.len);
    return copy;
}

char *arena_format(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    char *formatted = NULL;
    char *copy = NULL;

    va_start(arguments, format);
    int len = vasprintf(&formatted, format, arguments);
    va_end(arguments);
    if (len < 0)
        return NULL;
    copy = arena_string(arena, (struct daybook_text){formatted, (size_t)len});
    free(formatted);
    return copy;
}

void *array_reserve(void *items, size_t count, size_t *capacity, size_t item_size)
{
    if (count < *capacity)
        return items;
    size_t wanted = *capacity < 16 ? 16 : *capacity + *capacity / 2;
    void *grown = reallocarray(items, wanted, item_size);
    if (grown != NULL)
        *capacity = wanted;
    return grown;
}
