/* Groups: one accumulator for each distinct key, in the order of the keys.
 *
 * A key has up to four parts, one for each thing grouped by, each a text or null ("no carrier"). What an
 * accumulator is, is the caller's business: any struct whose all-zero bytes mean "empty". */
#ifndef PROJECTIONS_GROUPS_H
#define PROJECTIONS_GROUPS_H

#include "daybook/error.h"
#include "daybook/value.h"

enum {
    GROUP_PARTS_MAX = 4,
    GROUP_MONTH_SIZE = 8, /* YYYY-MM and NUL */
};

struct groups;

struct group {
    struct daybook_text parts[GROUP_PARTS_MAX]; /* the map's own copy; those not in use are null */
    void *accumulator;
};

/* Keys of part_count parts (0..GROUP_PARTS_MAX), accumulators of accumulator_size bytes. `release` frees what an
 * accumulator holds, NULL if it holds nothing. The caller frees *ret_groups by groups_free(). */
int groups_new(size_t part_count, size_t accumulator_size, void (*release)(void *accumulator),
               struct groups **ret_groups, struct daybook_error *err);
void groups_free(struct groups *groups);

/* The group of the key, made with zeros when it is new, for counting `order` in it; *ret_group is NULL when the last
 * order counted in that group was this one already. So the keys of one order may repeat (two lines of one product)
 * if all of them come before the next order's. Groups stay where they are until groups_free(). */
int groups_count_order(struct groups *groups, const struct daybook_text parts[], uint32_t order,
                       struct group **ret_group, struct daybook_error *err);

/* All groups by key, part by part in code-point order, null first. The array of groups_size() groups is good until the
 * next groups_count_order(); the caller may arrange it otherwise. */
size_t groups_size(const struct groups *groups);
struct group **groups_sorted(struct groups *groups);

/* "2024-05", the key of a month, of a day that is one. */
void group_month(int32_t day, char out[GROUP_MONTH_SIZE]);

#endif
