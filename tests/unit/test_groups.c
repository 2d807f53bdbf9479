/* Grouping: order of keys, one group a key whatever the order of arrival, and each order once in each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "ledger/date.h"
#include "projections/groups.h"

static int released;

static void count_release(void *accumulator)
{
    (void)accumulator;
    released++;
}

static struct groups *new_groups(size_t part_count)
{
    struct groups *groups = NULL;
    assert_int_equal(groups_new(part_count, sizeof(int64_t), count_release, &groups, NULL), 0);
    return groups;
}

static bool count_in(struct groups *groups, const struct daybook_text parts[], uint32_t order)
{
    struct group *group = NULL;
    assert_int_equal(groups_count_order(groups, parts, order, &group, NULL), 0);
    if (group) {
        ++*(int64_t *)group->accumulator;
    }
    return group != NULL;
}

static void assert_part(struct daybook_text part, const char *want)
{
    if (!want) {
        assert_null(part.ptr);
        return;
    }
    assert_non_null(part.ptr);
    assert_int_equal(part.len, strlen(want));
    assert_memory_equal(part.ptr, want, part.len);
}

static struct daybook_text text_of(const char *text)
{
    return text ? (struct daybook_text){text, strlen(text)} : DAYBOOK_TEXT_NONE;
}

static void keys_sort_by_code_point_null_first(void **state)
{
    (void)state;
    /* UTF-16 would put the last before the one before it; a collation would mix the cases */
    const char *const sorted[] = {NULL, "", "A", "AB", "B", "Z", "a", "é", "中文", "！", "𝄞"};
    const size_t arrival[] = {7, 3, 10, 0, 5, 9, 1, 8, 2, 6, 4};
    struct groups *groups = new_groups(1);

    for (uint32_t i = 0; i < 11; i++) {
        struct daybook_text part = text_of(sorted[arrival[i]]);
        assert_true(count_in(groups, &part, i));
    }
    assert_int_equal(groups_size(groups), 11);
    for (size_t i = 0; i < 11; i++) {
        assert_part(groups_sorted(groups)[i]->parts[0], sorted[i]);
    }
    groups_free(groups);
}

static void composite_keys_compare_part_by_part(void **state)
{
    (void)state;
    const char *const sorted[][4] = {
        {NULL, "x", "x", "x"}, {"", "abc", "", ""},   {"a", NULL, NULL, "b"}, {"a", NULL, "", NULL},
        {"a", NULL, "", "b"},  {"a", "", NULL, NULL}, {"a", "bc", "", ""},    {"ab", "c", "", ""},
    };
    struct groups *groups = new_groups(4);

    for (uint32_t i = 8; i-- > 0;) {
        struct daybook_text parts[4];
        for (size_t part = 0; part < 4; part++) {
            parts[part] = text_of(sorted[i][part]);
        }
        assert_true(count_in(groups, parts, i));
    }
    assert_int_equal(groups_size(groups), 8);
    for (size_t i = 0; i < 8; i++) {
        for (size_t part = 0; part < 4; part++) {
            assert_part(groups_sorted(groups)[i]->parts[part], sorted[i][part]);
        }
    }
    groups_free(groups);
}

static void an_order_counts_once_in_each_product(void **state)
{
    (void)state;
    const struct daybook_text a = DAYBOOK_TEXT("A");
    const struct daybook_text b = DAYBOOK_TEXT("B");
    struct groups *groups = new_groups(1);

    assert_true(count_in(groups, &b, 0)); /* order 0 has lines of B, A and B again */
    assert_true(count_in(groups, &a, 0));
    assert_false(count_in(groups, &b, 0));
    assert_true(count_in(groups, &b, 1));
    assert_true(count_in(groups, &b, UINT32_MAX));
    assert_false(count_in(groups, &b, UINT32_MAX));

    assert_int_equal(groups_size(groups), 2);
    assert_int_equal(*(int64_t *)groups_sorted(groups)[0]->accumulator, 1);
    assert_int_equal(*(int64_t *)groups_sorted(groups)[1]->accumulator, 3);
    released = 0;
    groups_free(groups);
    assert_int_equal(released, 2);
}

static void without_parts_there_is_one_group(void **state)
{
    (void)state;
    struct groups *groups = new_groups(0);

    assert_int_equal(groups_size(groups), 0);
    assert_true(count_in(groups, NULL, 1));
    assert_true(count_in(groups, NULL, 2));
    assert_int_equal(groups_size(groups), 1);
    assert_null(groups_sorted(groups)[0]->parts[0].ptr);
    groups_free(groups);
    groups_free(NULL);
}

static void keys_are_copied_and_groups_stay(void **state)
{
    (void)state;
    char buffer[] = "first";
    struct daybook_text part = {buffer, 5};
    struct groups *groups = new_groups(1);
    struct group *first = NULL;

    assert_int_equal(groups_count_order(groups, &part, 0, &first, NULL), 0);
    memcpy(buffer, "xxxxx", 5);
    for (uint32_t i = 0; i < 1000; i++) {
        char name[16];
        part = (struct daybook_text){name, (size_t)snprintf(name, sizeof name, "%u", i)};
        assert_true(count_in(groups, &part, i));
    }
    assert_part(first->parts[0], "first");
    part = DAYBOOK_TEXT("first");
    struct group *again = NULL;
    assert_int_equal(groups_count_order(groups, &part, 2000, &again, NULL), 0);
    assert_ptr_equal(again, first);
    groups_free(groups);
}

static void months(void **state)
{
    (void)state;
    const struct {
        int year, month, day;
        const char *want;
    } cases[] = {{2024, 2, 29, "2024-02"}, {2024, 3, 1, "2024-03"}, {1, 1, 1, "0001-01"}, {9999, 12, 31, "9999-12"}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int32_t day = 0;
        char month[GROUP_MONTH_SIZE];
        assert_true(date_from_ymd(cases[i].year, cases[i].month, cases[i].day, &day));
        group_month(day, month);
        assert_string_equal(month, cases[i].want);
    }
}

/* The same with a plain array: keys as one text with nulls written out, looked for from the start. */
struct naive_group {
    char key[16];
    int64_t orders;
};

static int compare_naive(const void *a, const void *b)
{
    return strcmp(((const struct naive_group *)a)->key, ((const struct naive_group *)b)->key);
}

static void count_naive(struct naive_group *all, size_t *count, const char *key)
{
    size_t i = 0;
    while (i < *count && strcmp(all[i].key, key) != 0) {
        i++;
    }
    if (i == *count) {
        snprintf(all[(*count)++].key, sizeof all->key, "%s", key);
    }
    all[i].orders++;
}

static void agrees_with_a_plain_array(void **state)
{
    (void)state;
    enum { NAIVE_MAX = 900 };
    const char *given = getenv("SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
    print_message("SEED=%u\n", seed);
    srandom(seed);

    struct naive_group *naive = calloc(NAIVE_MAX, sizeof *naive);
    size_t naive_count = 0;
    struct groups *groups = new_groups(2);
    assert_non_null(naive);

    /* Each part is two letters or null, which the naive key writes as '!': that sorts before all letters, as null does.
     * 25 * 25 keys at most. */
    for (uint32_t order = 0; order < 5000; order++) {
        char key[8];
        struct daybook_text parts[2];
        for (size_t i = 0; i < 2; i++) {
            bool is_null = random() % 9 == 0;
            int letter = 'a' + (int)(random() % 8);
            int second = 'a' + (int)(random() % 3);
            snprintf(key + 3 * i, 4, is_null ? "!  " : "%c%c ", letter, second);
            parts[i] = is_null ? DAYBOOK_TEXT_NONE : (struct daybook_text){key + 3 * i, 2};
        }
        count_naive(naive, &naive_count, key);
        assert_true(count_in(groups, parts, order));
    }

    qsort(naive, naive_count, sizeof *naive, compare_naive);
    assert_int_equal(groups_size(groups), naive_count);
    for (size_t i = 0; i < naive_count; i++) {
        const struct group *group = groups_sorted(groups)[i];
        assert_int_equal(*(int64_t *)group->accumulator, naive[i].orders);
        for (size_t part = 0; part < 2; part++) {
            const char *want = naive[i].key + 3 * part;
            if (want[0] == '!') {
                assert_null(group->parts[part].ptr);
            } else {
                assert_memory_equal(group->parts[part].ptr, want, 2);
            }
        }
    }
    free(naive);
    groups_free(groups);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_sort_by_code_point_null_first),
        cmocka_unit_test(composite_keys_compare_part_by_part),
        cmocka_unit_test(an_order_counts_once_in_each_product),
        cmocka_unit_test(without_parts_there_is_one_group),
        cmocka_unit_test(keys_are_copied_and_groups_stay),
        cmocka_unit_test(months),
        cmocka_unit_test(agrees_with_a_plain_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
