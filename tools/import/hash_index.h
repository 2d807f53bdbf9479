/* Which of these was seen before? Indexes into an array of the caller's, found by hash. */
#ifndef TOOLS_IMPORT_HASH_INDEX_H
#define TOOLS_IMPORT_HASH_INDEX_H

#include "daybook/value.h"

/* Zero-initialised is empty and takes nothing until hash_index_reset. */
struct hash_index {
    uint32_t *slots; /* index + 1; 0 = free */
    size_t capacity, mask;
};

typedef bool hash_index_equal(const void *context, size_t a, size_t b);

/* Empty, with room for `count` indexes; false when out of memory. */
bool hash_index_reset(struct hash_index *set, size_t count);
/* The index of the equal item added before, or `index` itself, which is added. */
size_t hash_index_add(struct hash_index *set, uint64_t hash, size_t index, hash_index_equal *equal,
                      const void *context);
void hash_index_free(struct hash_index *set);

/* Seeded once a process, so that a file cannot be made to collide. */
uint64_t hash_bytes(uint64_t start, const void *bytes, size_t len);

#endif
