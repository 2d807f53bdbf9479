/* Open addressing with linear probing; never more than half full. */
#include "tools/import/hash_index.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static uint64_t mix(uint64_t hash)
{
    hash ^= hash >> 32;
    hash *= 0xD6E8FEB86659FD93u;
    return hash ^ hash >> 32;
}

static uint64_t seed(void)
{
    static uint64_t value; /* racing threads at worst compute it twice, each before its first use */
    uint64_t fresh;

    if (__atomic_load_n(&value, __ATOMIC_RELAXED) == 0) {
        if (getrandom(&fresh, sizeof fresh, 0) != sizeof fresh || fresh == 0)
            fresh = 0x9E3779B97F4A7C15u;
        uint64_t none = 0;
        __atomic_compare_exchange_n(&value, &none, fresh, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    }
    return __atomic_load_n(&value, __ATOMIC_RELAXED);
}

uint64_t hash_bytes(uint64_t start, const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    uint64_t hash = mix(start ^ seed() ^ len);
    uint64_t word;

    for (; len >= sizeof word; at += sizeof word, len -= sizeof word) {
        memcpy(&word, at, sizeof word);
        hash = mix(hash ^ word) * 0x9E3779B97F4A7C15u;
    }
    word = 0;
    if (len > 0)
        memcpy(&word, at, len);
    return mix(hash ^ word);
}

bool hash_index_reset(struct hash_index *set, size_t count)
{
    size_t wanted = 8;

    while (wanted < 2 * count)
        wanted *= 2;
    if (wanted > set->capacity) {
        uint32_t *slots = reallocarray(set->slots, wanted, sizeof *slots);
        if (slots == NULL)
            return false;
        set->slots = slots;
        set->capacity = wanted;
    }
    set->mask = wanted - 1;
    memset(set->slots, 0, wanted * sizeof *set->slots);
    return true;
}

size_t hash_index_add(struct hash_index *set, uint64_t hash, size_t index, hash_index_equal *equal, const void *context)
{
    size_t slot = hash & set->mask;

    for (; set->slots[slot] != 0; slot = (slot + 1) & set->mask)
        if (equal(context, set->slots[slot] - 1, index))
            return set->slots[slot] - 1;
    set->slots[slot] = (uint32_t)index + 1;
    return index;
}

void hash_index_free(struct hash_index *set)
{
    free(set->slots);
    *set = (struct hash_index){0};
}
