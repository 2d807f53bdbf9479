/* A bump allocator: an import makes millions of small arrays and frees them all at once. */
#include "tools/import/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_SIZE = 1 << 18 };

struct arena_chunk {
    struct arena_chunk *next;
    size_t used, size;
    alignas(max_align_t) char bytes[];
};

void *arena_alloc(struct arena *arena, size_t size)
{
    enum { ALIGNMENT = 8 };
    struct arena_chunk *chunk = arena->chunks;

    if (size > SIZE_MAX / 2)
        return NULL;
    size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (chunk == NULL || chunk->size - chunk->used < size) {
        size_t chunk_size = size > CHUNK_SIZE ? size : CHUNK_SIZE;
        chunk = malloc(sizeof *chunk + chunk_size);
        if (chunk == NULL)
            return NULL;
        *chunk = (struct arena_chunk){.next = arena->chunks, .size = chunk_size};
        arena->chunks = chunk;
    }
    void *piece = chunk->bytes + chunk->used;
    chunk->used += size;
    return memset(piece, 0, size);
}

char *arena_copy(struct arena *arena, struct daybook_text text)
{
    char *copy = arena_alloc(arena, text.len + 1);

    if (copy != NULL && text.len > 0)
        memcpy(copy, text.ptr, text.len);
    return copy;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    char *formatted = NULL;
    char *copy = NULL;

    va_start(arguments, format);
    int len = vasprintf(&formatted, format, arguments);
    va_end(arguments);
    if (len < 0)
        return NULL;
    copy = arena_copy(arena, (struct daybook_text){formatted, (size_t)len});
    free(formatted);
    return copy;
}

void arena_free(struct arena *arena)
{
    struct arena_chunk *chunk = arena->chunks;

    while (chunk != NULL) {
        struct arena_chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
    arena->chunks = NULL;
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
