/* Decimals: what is taken, how it is written, and arithmetic at the edge of 18 digits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/decimal.h"

static struct daybook_text text_of(const char *s)
{
    return (struct daybook_text){s, strlen(s)};
}

static struct daybook_decimal decimal_of(const char *s)
{
    struct daybook_decimal value = {0, 0};
    assert_true(decimal_parse(text_of(s), &value));
    return value;
}

static void parse_and_format(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t mantissa;
        uint8_t scale;
        const char *formatted;
    } good[] = {
        {"12", 12, 0, "12"},
        {"0.50", 5, 1, "0.5"},
        {".5", 5, 1, "0.5"},
        {"5.", 5, 0, "5"},
        {"-3", -3, 0, "-3"},
        {"-0", 0, 0, "0"},
        {"-0.00", 0, 0, "0"},
        {"12.500", 125, 1, "12.5"},
        {"100", 100, 0, "100"},
        {"007", 7, 0, "7"},
        {"-.25", -25, 2, "-0.25"},
        {"0.000000001", 1, 9, "0.000000001"},
        {"-1.000000001", -1000000001, 9, "-1.000000001"},
        {"999999999999999999", 999999999999999999, 0, "999999999999999999"},
        {"-999999999.999999999", -999999999999999999, 9, "-999999999.999999999"},
        {"0000000000000000000000000001", 1, 0, "1"},
        {"1.5000000000000000000000000", 15, 1, "1.5"},
        {"999999999999999999.0000", 999999999999999999, 0, "999999999999999999"},
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct daybook_decimal value;
        char out[DAYBOOK_DECIMAL_TEXT_SIZE];
        assert_true(decimal_parse(text_of(good[i].text), &value));
        assert_true(value.mantissa == good[i].mantissa);
        assert_int_equal(value.scale, good[i].scale);
        assert_true(decimal_is_normal(value));
        assert_int_equal(decimal_format(value, out), strlen(good[i].formatted));
        assert_string_equal(out, good[i].formatted);
    }
}

static void not_decimals(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "-", ".", "-.", "+5", " 5", "5 ", "1e3", "1,5", "1.2.3", "--1", "0x10", "1-", "\xef\xbc\x95", "5..", "NaN",
        "1000000000000000000", "0.0000000001", "1234567890.123456789", "99999999999999999999999999999999999999",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct daybook_decimal value = {77, 3};
        assert_false(decimal_parse(text_of(bad[i]), &value));
        assert_true(value.mantissa == 77 && value.scale == 3);
    }
    struct daybook_decimal value;
    assert_false(decimal_parse(DAYBOOK_TEXT_NONE, &value));
    assert_false(decimal_parse(DAYBOOK_TEXT("1\0"), &value));
}

static void compare(void **state)
{
    (void)state;
    static const char *const ascending[] = {
        "-999999999999999999", "-999999999.999999999", "-10", "-9.5", "-0.000000001", "0", "0.000000001", "0.5",
        "1.000000001", "1.1", "999999999.999999999", "1000000000", "999999999999999999",
    };
    int count = sizeof(ascending) / sizeof(ascending[0]);
    for (int i = 0; i < count; i++) {
        for (int j = 0; j < count; j++) {
            assert_int_equal(decimal_compare(decimal_of(ascending[i]), decimal_of(ascending[j])), (i > j) - (i < j));
        }
    }
}

static void add_and_subtract(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b, *sum, *difference; /* NULL: does not fit */
    } cases[] = {
        {"0.1", "0.2", "0.3", "-0.1"},
        {"0.75", "0.25", "1", "0.5"},
        {"10", "0", "10", "10"},
        {"-5", "-5", "-10", "0"},
        {"999999999999999999", "1", NULL, "999999999999999998"},
        {"-999999999999999999", "1", "-999999999999999998", NULL},
        {"999999999999999999", "0.1", NULL, NULL},
        {"999999999999999999", "999999999999999999", NULL, "0"},
        {"999999999.999999999", "0.000000001", "1000000000", "999999999.999999998"},
        {"99999999999999999.5", "0.5", "100000000000000000", "99999999999999999"},
        {"999999999999999999", "-0.000000001", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct daybook_decimal a = decimal_of(cases[i].a);
        struct daybook_decimal b = decimal_of(cases[i].b);
        struct daybook_decimal got = {77, 3};
        char out[DAYBOOK_DECIMAL_TEXT_SIZE];
        assert_int_equal(decimal_add(a, b, &got), cases[i].sum != NULL);
        if (cases[i].sum != NULL) {
            decimal_format(got, out);
            assert_string_equal(out, cases[i].sum);
            assert_true(decimal_is_normal(got));
        } else {
            assert_true(got.mantissa == 77);
        }
        assert_int_equal(decimal_subtract(a, b, &got), cases[i].difference != NULL);
        if (cases[i].difference != NULL) {
            decimal_format(got, out);
            assert_string_equal(out, cases[i].difference);
            assert_true(decimal_is_normal(got));
        }
    }
}

static void normal_form(void **state)
{
    (void)state;
    static const struct {
        struct daybook_decimal value;
        bool normal;
    } cases[] = {
        {{0, 0}, true}, {{0, 1}, false}, {{10, 0}, true}, {{10, 1}, false}, {{-20, 2}, false}, {{-21, 2}, true},
        {{1, 9}, true}, {{1, 10}, false}, {{999999999999999999, 0}, true}, {{1000000000000000000, 0}, false},
        {{-1000000000000000001, 0}, false}, {{INT64_MIN, 0}, false}, {{INT64_MAX, 255}, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(decimal_is_normal(cases[i].value), cases[i].normal);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse_and_format), cmocka_unit_test(not_decimals), cmocka_unit_test(compare),
        cmocka_unit_test(add_and_subtract), cmocka_unit_test(normal_form),
    };
    return cmocka_run_group_tests_name("decimal", tests, NULL, NULL);
}
