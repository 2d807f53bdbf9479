/* Memory of one import: strings beside what ledger/arena.h gives, and arrays that grow. */
#ifndef TOOLS_IMPORT_ARENA_H
#define TOOLS_IMPORT_ARENA_H

#include "ledger/arena.h"

/* The text, NUL-terminated; NULL when out of memory. */
char *arena_string(struct arena *arena, struct daybook_text text);
char *arena_format(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Room for one more than `count` items in a malloc'ed array; its new address, or NULL (the old one stays valid). */
void *array_reserve(void *items, size_t count, size_t *capacity, size_t item_size);

#endif
