/* A hash map from composite key to accumulator. Each group is one allocation, so that it never moves:
 *
 *     slots: [ - ][ * ][ - ][ * ] ...       open addressing, a power of two, at most half full
 *                   |         |
 *                   v         v
 *     [ group, hash, last order | accumulator, zeros at first | bytes of the key's parts ]
 *
 * Keys are names that outsiders choose, so the hash multiplies by a secret of each map: nobody can
 * prepare names that collide. */
#include "projections/groups.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ledger/date.h"
#include "ledger/text.h"

enum { SLOTS_AT_FIRST = 64 };

struct node {
    struct group group; /* first: what the caller holds */
    uint64_t hash;
    uint64_t last_order; /* the ordinal + 1, 0 before any */
    max_align_t accumulator[];
};

struct groups {
    size_t part_count;
    size_t accumulator_size;
    void (*release)(void *accumulator);
    uint64_t secret;
    struct node **slots;
    size_t slot_count;
    struct group **list;
    size_t count;
};

static uint64_t mix(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash_text(uint64_t hash, struct daybook_text text, uint64_t secret)
{
    /* Null and empty differ, and so do ("ab", "c") and ("a", "bc"). */
    hash = mix(hash ^ (text.ptr ? text.len + 1 : 0), secret);
    for (size_t at = 0; at < text.len; at += sizeof hash) {
        size_t left = text.len - at;
        uint64_t chunk = 0;
        memcpy(&chunk, text.ptr + at, left < sizeof chunk ? left : sizeof chunk);
        hash = mix(hash ^ chunk, secret);
    }
    return hash;
}

static uint64_t hash_key(const struct groups *groups, const struct daybook_text parts[])
{
    uint64_t hash = groups->secret;

    for (size_t i = 0; i < groups->part_count; i++) {
        hash = hash_text(hash, parts[i], groups->secret);
    }
    return hash;
}

static int compare_parts(struct daybook_text a, struct daybook_text b)
{
    if (!a.ptr || !b.ptr) {
        return (a.ptr != NULL) - (b.ptr != NULL);
    }
    return text_compare(a, b);
}

static int compare_keys(const struct daybook_text a[], const struct daybook_text b[], size_t part_count)
{
    for (size_t i = 0; i < part_count; i++) {
        int order = compare_parts(a[i], b[i]);
        if (order) {
            return order;
        }
    }
    return 0;
}

/* The slot that holds the key, or the empty one where it belongs. */
static struct node **find_slot(const struct groups *groups, uint64_t hash, const struct daybook_text parts[])
{
    size_t mask = groups->slot_count - 1;
    size_t i = (size_t)hash & mask;

    while (groups->slots[i]) {
        const struct node *node = groups->slots[i];
        if (node->hash == hash && compare_keys(node->group.parts, parts, groups->part_count) == 0) {
            break;
        }
        i = (i + 1) & mask;
    }
    return &groups->slots[i];
}

/* Slots and list for twice as many groups. */
static int grow(struct groups *groups, struct daybook_error *err)
{
    size_t slot_count = groups->slot_count > 0 ? 2 * groups->slot_count : SLOTS_AT_FIRST;
    struct node **slots = calloc(slot_count, sizeof *slots);
    struct group **list = reallocarray(groups->list, slot_count / 2, sizeof *list);

    if (list) {
        groups->list = list;
    }
    if (!slots || !list) {
        free(slots);
        return daybook_fail(err, DAYBOOK_NO_MEMORY, "There is not enough memory for %zu groups.", slot_count / 2);
    }

    for (size_t i = 0; i < groups->slot_count; i++) {
        struct node *node = groups->slots[i];
        if (!node) {
            continue;
        }
        size_t to = (size_t)node->hash & (slot_count - 1);
        while (slots[to]) {
            to = (to + 1) & (slot_count - 1);
        }
        slots[to] = node;
    }
    free(groups->slots);
    groups->slots = slots;
    groups->slot_count = slot_count;
    return 0;
}

static struct node *make_node(const struct groups *groups, uint64_t hash, const struct daybook_text parts[])
{
    size_t key_len = 0;

    for (size_t i = 0; i < groups->part_count; i++) {
        key_len += parts[i].len;
    }

    struct node *node = calloc(1, sizeof *node + groups->accumulator_size + key_len);
    if (!node) {
        return NULL;
    }
    node->hash = hash;
    node->group.accumulator = node->accumulator;

    char *bytes = (char *)node->accumulator + groups->accumulator_size;
    for (size_t i = 0; i < groups->part_count; i++) {
        if (!parts[i].ptr) {
            continue;
        }
        memcpy(bytes, parts[i].ptr, parts[i].len);
        node->group.parts[i] = (struct daybook_text){bytes, parts[i].len};
        bytes += parts[i].len;
    }
    return node;
}

int groups_new(size_t part_count, size_t accumulator_size, void (*release)(void *accumulator),
               struct groups **ret_groups, struct daybook_error *err)
{
    struct groups *groups = calloc(1, sizeof *groups);
    int code = 0;

    if (!groups) {
        return daybook_fail(err, DAYBOOK_NO_MEMORY, "There is not enough memory for groups.");
    }
    groups->part_count = part_count;
    groups->accumulator_size = accumulator_size;
    groups->release = release;
    if (getentropy(&groups->secret, sizeof groups->secret) != 0) {
        code = daybook_fail(err, DAYBOOK_IO, "The system gives no random bytes: %m.");
    }
    groups->secret |= 1;
    if (!code) {
        code = grow(groups, err);
    }
    if (code) {
        groups_free(groups);
        return code;
    }
    *ret_groups = groups;
    return 0;
}

void groups_free(struct groups *groups)
{
    if (!groups) {
        return;
    }
    for (size_t i = 0; i < groups->slot_count; i++) {
        if (groups->slots[i] && groups->release) {
            groups->release(groups->slots[i]->accumulator);
        }
        free(groups->slots[i]);
    }
    free(groups->slots);
    free(groups->list);
    free(groups);
}

int groups_count_order(struct groups *groups, const struct daybook_text parts[], uint32_t order,
                       struct group **ret_group, struct daybook_error *err)
{
    uint64_t hash = hash_key(groups, parts);
    struct node **slot = find_slot(groups, hash, parts);
    bool is_new = !*slot;

    if (is_new && groups->count == groups->slot_count / 2) {
        int code = grow(groups, err);
        if (code) {
            return code;
        }
        slot = find_slot(groups, hash, parts);
    }
    if (is_new) {
        struct node *node = make_node(groups, hash, parts);
        if (!node) {
            return daybook_fail(err, DAYBOOK_NO_MEMORY, "There is not enough memory for one more group.");
        }
        *slot = node;
        groups->list[groups->count++] = &node->group;
    }

    uint64_t this_order = (uint64_t)order + 1;
    *ret_group = (*slot)->last_order == this_order ? NULL : &(*slot)->group;
    (*slot)->last_order = this_order;
    return 0;
}

size_t groups_size(const struct groups *groups)
{
    return groups->count;
}

static int compare_groups(const void *a, const void *b)
{
    const struct group *left = *(struct group *const *)a;
    const struct group *right = *(struct group *const *)b;
    return compare_keys(left->parts, right->parts, GROUP_PARTS_MAX);
}

struct group **groups_sorted(struct groups *groups)
{
    if (groups->count > 1) {
        qsort(groups->list, groups->count, sizeof(struct group *), compare_groups);
    }
    return groups->list;
}

void group_month(int32_t day, char out[GROUP_MONTH_SIZE])
{
    char iso[DAYBOOK_DAY_TEXT_SIZE];

    date_format(day, iso);
    memcpy(out, iso, GROUP_MONTH_SIZE - 1);
    out[GROUP_MONTH_SIZE - 1] = '\0';
}
