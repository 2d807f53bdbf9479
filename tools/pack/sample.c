/* A sample that anybody can draw again. */
#include "tools/pack/sample.h"

#include <stdlib.h>
#include <string.h>

void pack_sample_release(struct pack_sample *sample)
{
    free(sample->draws);
    *sample = (struct pack_sample){0};
}

int pack_rank(struct daybook_text seed, struct daybook_text order_no, struct tree_hash *ret, struct daybook_error *err)
{
    char *prefix = malloc(seed.len + 1);
    if (!prefix)
        return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory while drawing a sample.");
    memcpy(prefix, seed.ptr, seed.len);
    prefix[seed.len] = ':';
    sha256_pair(prefix, seed.len + 1, order_no.ptr, order_no.len, ret->bytes);
    free(prefix);
    return 0;
}

static int compare(const void *a, const void *b)
{
    const struct pack_draw *left = a, *right = b;
    return memcmp(left->rank.bytes, right->rank.bytes, sizeof left->rank.bytes);
}

static void swap(struct pack_draw *a, struct pack_draw *b)
{
    struct pack_draw kept = *a;
    *a = *b;
    *b = kept;
}

static void sift_up(struct pack_draw *heap, size_t at)
{
    for (; at > 0 && compare(&heap[at], &heap[(at - 1) / 2]) > 0; at = (at - 1) / 2)
        swap(&heap[at], &heap[(at - 1) / 2]);
}

static void sift_down(struct pack_draw *heap, size_t count)
{
    size_t at = 0;
    for (;;) {
        size_t largest = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++)
            if (compare(&heap[child], &heap[largest]) > 0)
                largest = child;
        if (largest == at)
            return;
        swap(&heap[at], &heap[largest]);
        at = largest;
    }
}

int pack_sample_offer(struct pack_sample *sample, const struct pack_draw *draw, struct daybook_error *err)
{
    if (sample->count == sample->wanted) {
        if (sample->count && compare(draw, &sample->draws[0]) < 0) {
            sample->draws[0] = *draw;
            sift_down(sample->draws, sample->count);
        }
        return 0;
    }
    if (sample->count == sample->capacity) {
        size_t capacity = sample->capacity ? sample->capacity * 2 : 64;
        struct pack_draw *bigger = realloc(sample->draws, capacity * sizeof *bigger);
        if (!bigger)
            return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory while drawing a sample. Draw a smaller one.");
        sample->draws = bigger;
        sample->capacity = capacity;
    }
    sample->draws[sample->count] = *draw;
    sift_up(sample->draws, sample->count++);
    return 0;
}

void pack_sample_sort(struct pack_sample *sample)
{
    if (sample->count)
        qsort(sample->draws, sample->count, sizeof *sample->draws, compare);
}
