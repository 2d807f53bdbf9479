/* Memory of one import: many small pieces that live exactly as long as the reading they belong to. */
#ifndef TOOLS_IMPORT_ARENA_H
#define TOOLS_IMPORT_ARENA_H

#include "daybook/value.h"

/* Zero-initialised is empty. */
struct arena {
    struct arena_chunk *chunks;
};

/* `size` zeroed bytes, aligned for any type; NULL when out of memory. They live until arena_free. */
void *arena_alloc(struct arena *arena, size_t size);
/* The text, NUL-terminated; NULL when out of memory. */
char *arena_copy(struct arena *arena, struct daybook_text text);
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
void arena_free(struct arena *arena);

/* Room for one more than `count` items in a malloc'ed array; its new address, or NULL (the old one stays valid). */
void *array_reserve(void *items, size_t count, size_t *capacity, size_t item_size);

#endif
