/* Items, parts of items and fields as typed after --item and --field. */
#include "tools/cli/item.h"

#include "ledger/decimal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct daybook_text text_of(const char *string)
{
    return (struct daybook_text){string, strlen(string)};
}

static void assert_text(struct daybook_text text, const char *expected)
{
    if (!expected) {
        assert_null(text.ptr);
        return;
    }
    assert_int_equal(text.len, strlen(expected));
    assert_memory_equal(text.ptr, expected, text.len);
}

static void assert_quantity(struct daybook_decimal quantity, const char *expected)
{
    char written[DAYBOOK_DECIMAL_TEXT_SIZE];

    decimal_format(quantity, written);
    assert_string_equal(written, expected);
}

static void test_items(void **state)
{
    static const struct {
        const char *typed, *code, *quantity, *unit, *name;
    } cases[] = {
        {"P-1:10", "P-1", "10", NULL, NULL},      {"P-1:10pcs", "P-1", "10", "pcs", NULL},
        {"P-1:10 pcs", "P-1", "10", "pcs", NULL}, {"P-1:12件:螺栓 M8", "P-1", "12", "件", "螺栓 M8"},
        {"P-1:１２件", "P-1", "12", "件", NULL},  {"P-1：１２．５０㎏：螺栓", "P-1", "12.5", "㎏", "螺栓"},
        {"P-1:3m²", "P-1", "3", "m²", NULL},      {"P-1:0.5::x", "P-1", "0.5", NULL, ":x"},
        {"P-1:5:", "P-1", "5", NULL, NULL},       {" A B : 5 : M8:40 ", "A B", "5", NULL, "M8:40"},
        {"P-1#2:7", "P-1#2", "7", NULL, NULL},    {"P-1:123456789012345678", "P-1", "123456789012345678", NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct daybook_error err = {0};
        struct item item = {0};

        assert_int_equal(item_parse(text_of(cases[i].typed), &item, &err), 0);
        assert_text(item.code, cases[i].code);
        assert_quantity(item.quantity, cases[i].quantity);
        assert_text(item.unit, cases[i].unit);
        assert_text(item.name, cases[i].name);
    }
}

static void test_what_is_no_item(void **state)
{
    static const char *const cases[] = {
        "",
        "P-1",
        ":10",
        "P-1:",
        "P-1:0",
        "P-1:-5",
        "P-1:+5",
        "P-1:1e400",
        "P-1:0x10",
        "P-1:约100",
        "P-1:十",
        "P-1:1,200",
        "P-1:5.3.1",
        "P-1:10 p2",
        "P-1:５e５",
        "P-1:pcs",
        "P-1:nan",
        "P-1:.",
        "P-1:1234567890123456789",
        "P-1:0.0000000001",
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct daybook_error err = {0};
        struct item item = {.quantity = {7, 0}};

        assert_int_equal(item_parse(text_of(cases[i]), &item, &err), DAYBOOK_USAGE);
        assert_int_equal(item.quantity.mantissa, 7);
        assert_true(err.message[0] != '\0');
    }
}

static void test_parts(void **state)
{
    static const struct {
        const char *typed, *whole, *code;
        uint32_t line;
        const char *quantity;
    } cases[] = {
        {"P-1:10", "P-1", "P-1", 0, "10"},
        {"P-1#2:10", "P-1#2", "P-1", 2, "10"},
        {"#3:1.5", "#3", "", 3, "1.5"},
        {"C#:4", "C#", "C#", 0, "4"},
        {"C#0:4", "C#0", "C#0", 0, "4"},
        {"A#1#12:4", "A#1#12", "A#1", 12, "4"},
        {"A#1234567:4", "A#1234567", "A#1234567", 0, "4"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct item_part part = {0};

        assert_int_equal(item_part_parse(text_of(cases[i].typed), &part, NULL), 0);
        assert_text(part.whole, cases[i].whole);
        assert_text(part.code, cases[i].code);
        assert_int_equal(part.line, cases[i].line);
        assert_quantity(part.quantity, cases[i].quantity);
    }
}

static void test_what_is_no_part(void **state)
{
    static const char *const cases[] = {"P-1", "P-1:", "P-1:0", "P-1:5pcs", ":5", "P-1:5:Bolt"};
    struct item_part part = {0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(item_part_parse(text_of(cases[i]), &part, NULL), DAYBOOK_USAGE);
}

static void test_pairs(void **state)
{
    struct daybook_text key = DAYBOOK_TEXT_NONE, value = DAYBOOK_TEXT_NONE;

    (void)state;
    assert_int_equal(pair_parse(text_of(" 颜色 =red=dark "), &key, &value, NULL), 0);
    assert_text(key, "颜色");
    assert_text(value, "red=dark ");
    assert_int_equal(pair_parse(text_of("colour="), &key, &value, NULL), 0);
    assert_text(value, "");
    assert_int_equal(pair_parse(text_of("colour"), &key, &value, NULL), DAYBOOK_USAGE);
    assert_int_equal(pair_parse(text_of(" =red"), &key, &value, NULL), DAYBOOK_USAGE);
    assert_int_equal(pair_parse(text_of(""), &key, &value, NULL), DAYBOOK_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_items),           cmocka_unit_test(test_what_is_no_item), cmocka_unit_test(test_parts),
        cmocka_unit_test(test_what_is_no_part), cmocka_unit_test(test_pairs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
