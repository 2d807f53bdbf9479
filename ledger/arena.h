/* Memory that is given back all at once: texts and lists that live as long as one order, one entry, one answer. */
#ifndef LEDGER_ARENA_H
#define LEDGER_ARENA_H

#include "daybook/value.h"

struct arena_block;

/* Starts as {0}. */
struct arena {
    struct arena_block *blocks; /* the newest first */
    size_t used;                /* of the newest */
};

/* Zeroed, aligned for any type; NULL when out of memory. */
void *arena_alloc(struct arena *arena, size_t size);
/* A copy; absent stays absent. On lack of memory absent, too: the caller compares. */
struct daybook_text arena_text(struct arena *arena, struct daybook_text text);
void *arena_copy(struct arena *arena, const void *bytes, size_t size);
/* A printf into the arena; absent when out of memory. */
struct daybook_text arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Everything given back, but one block kept for the next use. */
void arena_reset(struct arena *arena);
void arena_release(struct arena *arena);

#endif
