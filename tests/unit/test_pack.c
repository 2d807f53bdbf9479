/* An audit pack's arithmetic: sums that no 64 bits hold, and a draw that keeps the smallest ranks of any population. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/scratch.h"
#include "tools/pack/sample.h"
#include "tools/pack/totals.h"

static const char *summed(const struct daybook_decimal *quantities, size_t count, size_t times)
{
    static char text[PACK_SUM_TEXT_SIZE];
    struct pack_totals totals = {0};
    for (size_t i = 0; i < count * times; i++) {
        const struct order_line line = {.quantity = quantities[i % count], .unit = DAYBOOK_TEXT("kg")};
        assert_int_equal(pack_totals_add_line(&totals, &line, NULL), 0);
    }
    assert_int_equal(totals.unit_count, 1);
    pack_sum_format(totals.units[0].quantity, text);
    pack_totals_release(&totals);
    return text;
}

static void sums_are_exact(void **state)
{
    (void)state;
    const struct daybook_decimal tenth = {1, 1}, smallest = {1, 9}, largest = {999999999999999999, 0};
    const struct daybook_decimal mixed[] = {{25, 1}, {-5, 1}, {1, 9}, {-1, 9}, {3, 0}};
    assert_string_equal(summed(&tenth, 1, 10), "1");
    assert_string_equal(summed(&tenth, 1, 3), "0.3");
    assert_string_equal(summed(&smallest, 1, 20), "0.00000002");
    assert_string_equal(summed(&largest, 1, 1), "999999999999999999");
    assert_string_equal(summed(&largest, 1, 2), "1999999999999999998");
    assert_string_equal(summed(&largest, 1, 3000), "2999999999999999997000");
    assert_string_equal(summed((struct daybook_decimal[]){largest, smallest}, 2, 1), "999999999999999999.000000001");
    assert_string_equal(summed(mixed, 5, 1), "5");
    assert_string_equal(summed((struct daybook_decimal[]){{-15, 1}, {0, 0}}, 2, 1), "-1.5");
    assert_string_equal(summed((struct daybook_decimal[]){{1, 0}, {-1, 0}}, 2, 1), "0");
}

static void units_are_apart_and_in_order(void **state)
{
    (void)state;
    static const char *const given[] = {"pcs", "kg", NULL, "件", "kg", "k", "pcs", "pcs"};
    static const char *const wanted[] = {"", "k", "kg", "pcs", "件"}, *const sums[] = {"1", "1", "2", "3", "1"};
    struct pack_totals totals = {0};
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        const struct order_line line = {.quantity = {1, 0}, .unit = text_of(given[i])};
        assert_int_equal(pack_totals_add_line(&totals, &line, NULL), 0);
    }
    assert_int_equal(totals.lines, 8);
    assert_int_equal(totals.unit_count, 5);
    for (size_t i = 0; i < 5; i++) {
        char text[PACK_SUM_TEXT_SIZE];
        pack_sum_format(totals.units[i].quantity, text);
        assert_string_equal(totals.units[i].unit, wanted[i]);
        assert_string_equal(text, sums[i]);
    }
    pack_totals_release(&totals);
}

/* sha256sum of "7:SO-000001". */
static void a_rank_is_a_hash(void **state)
{
    (void)state;
    struct tree_hash rank;
    char hex[2 * TREE_HASH_SIZE + 1];
    assert_int_equal(pack_rank(DAYBOOK_TEXT("7"), DAYBOOK_TEXT("SO-000001"), &rank, NULL), 0);
    tree_hash_hex(&rank, hex);
    assert_string_equal(hex, "e93136da8939618d977b8f51465d48dad4c324a7b8566b513eae6e6e815a074f");
}

static int by_rank(const void *a, const void *b)
{
    return memcmp(a, b, TREE_HASH_SIZE);
}

/* Populations of 0 to 300, samples of 1 to 40: what is kept is the head of the sorted population. */
static void the_smallest_are_drawn(void **state)
{
    (void)state;
    uint64_t seed = 20260101;
    for (int round = 0; round < 400; round++) {
        struct tree_hash all[300];
        struct pack_sample sample = {.wanted = 1 + random_next(&seed) % 40};
        size_t count = random_next(&seed) % 301, kept = count < sample.wanted ? count : (size_t)sample.wanted;
        for (size_t i = 0; i < count; i++) {
            for (size_t byte = 0; byte < TREE_HASH_SIZE; byte++)
                all[i].bytes[byte] = (uint8_t)random_next(&seed);
            const struct pack_draw draw = {.rank = all[i], .order = (uint32_t)i};
            assert_int_equal(pack_sample_offer(&sample, &draw, NULL), 0);
        }
        pack_sample_sort(&sample);
        qsort(all, count, sizeof *all, by_rank);
        assert_int_equal(sample.count, kept);
        for (size_t i = 0; i < kept; i++)
            assert_memory_equal(sample.draws[i].rank.bytes, all[i].bytes, TREE_HASH_SIZE);
        pack_sample_release(&sample);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_exact),
        cmocka_unit_test(units_are_apart_and_in_order),
        cmocka_unit_test(a_rank_is_a_hash),
        cmocka_unit_test(the_smallest_are_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
