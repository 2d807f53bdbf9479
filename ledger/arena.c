/* Memory that is given back all at once. */
#include "ledger/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
    struct arena_block *next;
    size_t size;
    max_align_t bytes[];
};

enum { BLOCK_SIZE = 8192, ALIGNMENT = _Alignof(max_align_t) };

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (!arena->blocks || arena->blocks->size - arena->used < size) {
        size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
        struct arena_block *block = malloc(sizeof *block + room);
        if (!block)
            return NULL;
        block->next = arena->blocks;
        block->size = room;
        arena->blocks = block;
        arena->used = 0;
    }
    void *place = (char *)arena->blocks->bytes + arena->used;
    arena->used += size;
    return memset(place, 0, size);
}

void *arena_copy(struct arena *arena, const void *bytes, size_t size)
{
    void *copy = arena_alloc(arena, size);
    return copy && size ? memcpy(copy, bytes, size) : copy;
}

struct daybook_text arena_text(struct arena *arena, struct daybook_text text)
{
    if (!text.ptr)
        return DAYBOOK_TEXT_NONE;
    char *copy = arena_copy(arena, text.ptr, text.len);
    return copy ? (struct daybook_text){copy, text.len} : DAYBOOK_TEXT_NONE;
}

struct daybook_text arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = len < 0 ? NULL : arena_alloc(arena, (size_t)len + 1);
    if (text)
        vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    return text ? (struct daybook_text){text, (size_t)len} : DAYBOOK_TEXT_NONE;
}

void arena_reset(struct arena *arena)
{
    while (arena->blocks && arena->blocks->next) {
        struct arena_block *next = arena->blocks->next;
        free(arena->blocks);
        arena->blocks = next;
    }
    arena->used = 0;
}

void arena_release(struct arena *arena)
{
    arena_reset(arena);
    free(arena->blocks);
    arena->blocks = NULL;
}
