/* Single cells: what is absent, how much, which day, which status. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ledger/date.h"
#include "ledger/decimal.h"
#include "tools/import/cells.h"
#include "tools/import/dates.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct daybook_text text_of(const char *string)
{
    return (struct daybook_text){string, strlen(string)};
}

static void test_absent_values(void **state)
{
    static const char *const absent[] = {"",     "-",  "—",    "/",   "N/A", "n/a", "NULL",
                                         "null", "无", "待定", "TBD", "－",  "／"};
    static const char *const present[] = {"0", "x", "--x", "NA", "无线", "-1", "#N/A"};

    (void)state;
    for (size_t i = 0; i < COUNT(absent); i++)
        assert_true(cell_is_absent(text_of(absent[i])));
    for (size_t i = 0; i < COUNT(present); i++)
        assert_false(cell_is_absent(text_of(present[i])));
    assert_true(cell_is_error(text_of("#N/A")));
    assert_false(cell_is_error(text_of("#1")));
}

static void test_quantities(void **state)
{
    static const struct {
        const char *text;
        char mark;
        const char *number, *unit; /* number NULL: refused */
    } cases[] = {
        {"12", '.', "12", ""},
        {"１２", '.', "12", ""},
        {"1,200", '.', "1200", ""},
        {"1，200", '.', "1200", ""},
        {"1,200.50", '.', "1200.5", ""},
        {"1.200,5", ',', "1200.5", ""},
        {"12,50", ',', "12.5", ""},
        {"1.200", ',', "1200", ""},
        {"0,75", ',', "0.75", ""},
        {"12件", '.', "12", "件"},
        {"10 pcs", '.', "10", "pcs"},
        {"10 m²", '.', "10", "m²"},
        {"5千克", '.', "5", "千克"},
        {"3 KG", '.', "3", "KG"},
        {"-5", '.', "-5", ""},
        {"-0", '.', "0", ""},
        {"-0.00", '.', "0", ""},
        {"007", '.', "7", ""},
        {"123456789012345678", '.', "123456789012345678", ""},
        {"1234567890123456789", '.', NULL, NULL},
        {"12345678901234567890123456789012345678", '.', NULL, NULL},
        {"1234567890123456789012345678901234567890123456789", '.', NULL, NULL},
        {"0.1234567891", '.', NULL, NULL},
        {"12,50", '.', NULL, NULL},
        {"1,2,3", '.', NULL, NULL},
        {"1,2000", '.', NULL, NULL},
        {"0,125", '.', NULL, NULL},
        {"1.2.3", '.', NULL, NULL},
        {"约100", '.', NULL, NULL},
        {"100左右", '.', NULL, NULL},
        {"十", '.', NULL, NULL},
        {"1十", '.', NULL, NULL},
        {"3万", '.', NULL, NULL},
        {"10k", '.', NULL, NULL},
        {"1e400", '.', NULL, NULL},
        {"0x10", '.', NULL, NULL},
        {"10-20", '.', NULL, NULL},
        {"10%", '.', NULL, NULL},
        {"1/2", '.', NULL, NULL},
        {"1½", '.', NULL, NULL},
        {"--5", '.', NULL, NULL},
        {"", '.', NULL, NULL},
        {".", '.', NULL, NULL},
        {"ten", '.', NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct daybook_decimal value;
        struct daybook_text unit;
        char number[DAYBOOK_DECIMAL_TEXT_SIZE];
        bool read = quantity_read(text_of(cases[i].text), cases[i].mark, &value, &unit);
        if (read != (cases[i].number != NULL))
            print_message("%s\n", cases[i].text);
        assert_int_equal(read, cases[i].number != NULL);
        if (!read)
            continue;
        decimal_format(value, number);
        assert_string_equal(number, cases[i].number);
        assert_int_equal(unit.len, strlen(cases[i].unit));
        assert_memory_equal(unit.ptr, cases[i].unit, unit.len);
    }
}

static void test_decimal_marks(void **state)
{
    static const struct {
        const char *values[3];
        char delimiter, mark;
    } columns[] = {
        {{"1,200", "12", "3"}, ',', '.'},
        {{"1.200", "12", "3"}, ',', '.'},
        {{"1.200", "12", "3"}, ';', ','},
        {{"1,200", "12", "3"}, ';', ','},
        {{"1.200", "1.200,5", "3"}, ',', ','},
        {{"1,200.5", "1.200", "3"}, ';', '.'},
        {{"1.200", "12,5", "3"}, ',', ','},
        {{"1,200", "12.5", "3"}, ';', '.'},
        {{"1.200.000", "1", "3"}, ',', ','},
        {{"12,5", "12.5", "3"}, ',', '.'}, /* contradicts itself: as if nothing were said */
        {{"12,5件", "", "x"}, ',', ','},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(columns); i++) {
        struct mark_evidence evidence = {0};
        for (size_t j = 0; j < COUNT(columns[i].values); j++)
            quantity_note_mark(text_of(columns[i].values[j]), &evidence);
        assert_int_equal(quantity_mark(evidence, columns[i].delimiter), columns[i].mark);
    }
}

static void test_dates_that_say_their_order(void **state)
{
    static const struct {
        const char *text, *day;
    } cases[] = {
        {"2024-03-05", "2024-03-05"},
        {"2024/3/5", "2024-03-05"},
        {"2024.3.5", "2024-03-05"},
        {"２０２４／３／５", "2024-03-05"},
        {"20240305", "2024-03-05"},
        {"2024年3月5日", "2024-03-05"},
        {"2024 年 3 月 5 号", "2024-03-05"},
        {"24年3月5日", "2024-03-05"},
        {"5 Mar 2024", "2024-03-05"},
        {"5th March 2024", "2024-03-05"},
        {"Mar 5, 2024", "2024-03-05"},
        {"March 5 2024", "2024-03-05"},
        {"05-Mar-24", "2024-03-05"},
        {"05-Mar-70", "1970-03-05"},
        {"05-Mar-69", "2069-03-05"},
        {"2024-Mar-05", "2024-03-05"},
        {"2024-03-05 14:30", "2024-03-05"},
        {"2024/3/5 9:05:00", "2024-03-05"},
        {"2024-03-05T14:30:00.123", "2024-03-05"},
        {"2024-03-05 2:30 PM", "2024-03-05"},
        {"2024年3月5日 下午2点30分", "2024-03-05"},
        {"2024-03-05 星期二", "2024-03-05"},
        {"2024年3月5日（周二）", "2024-03-05"},
        {"2024-03-05 Tue", "2024-03-05"},
        {"Tuesday, March 5, 2024", "2024-03-05"},
        {"2024-03-05T23:30:00-02:00", "2024-03-06"}, /* without a zone: UTC */
        {"2024-03-05T01:30:00+08:00", "2024-03-04"},
        {"2024-03-05T23:30:00Z", "2024-03-05"},
        {"45554", "2024-09-19"},
        {"45554.604", "2024-09-19"},
        {"20000", "1954-10-03"},
        {"80000", "2119-01-11"},
        {"2024-02-29", "2024-02-29"},
        {"9999-12-31", "9999-12-31"},
        {"0001-01-01", "0001-01-01"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct date_cell cell = date_scan(text_of(cases[i].text));
        char day[DAYBOOK_DAY_TEXT_SIZE];
        int32_t number = 0;
        if (cell.kind != DATE_KNOWN)
            print_message("%s\n", cases[i].text);
        assert_int_equal(cell.kind, DATE_KNOWN);
        assert_true(date_cell_day(&cell, DATE_ORDER_UNKNOWN, NULL, &number));
        date_format(number, day);
        assert_string_equal(day, cases[i].day);
        assert_int_equal(date_cell_orders(&cell), 0);
    }
}

static void test_an_offset_counts_in_the_ledgers_zone(void **state)
{
    struct date_cell cell = date_scan(text_of("2024-03-05T23:30:00Z"));
    struct daybook_error err = {0};
    struct zone *shanghai = NULL;
    int32_t day, next;

    (void)state;
    assert_int_equal(zone_load(DAYBOOK_TEXT("Asia/Shanghai"), &shanghai, &err), 0);
    assert_true(date_from_ymd(2024, 3, 6, &next));
    assert_true(date_cell_day(&cell, DATE_ORDER_UNKNOWN, shanghai, &day));
    assert_int_equal(day, next);
    zone_free(shanghai);
}

static void test_what_is_no_date(void **state)
{
    static const char *const bad[] = {
        "2023-02-29",
        "2024-02-30",
        "0000-01-01",
        "10000-01-01",
        "2024-13-01",
        "月底",
        "ASAP",
        "15个工作日",
        "2024-03",
        "2024年3月",
        "3/5",
        "Mar-24",
        "2024-03-05前",
        "2024-03/05",
        "1/2/3/4",
        "5-Mar-124",
        "19999",
        "80001",
        "240305",
        "05032024",
        "2024-03-05 25:00",
        "yesterday",
        "2024-03-05x",
        "2024-03-05 or so",
        "30/2",
        "99999999999999",
        "5-5-5-",
        "3月32日",
        "30天左右",
        "5 Mar 2024 x",
        "--",
        "2024-03-05 ........................................................................................",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        if (date_scan(text_of(bad[i])).kind != DATE_BAD)
            print_message("%s\n", bad[i]);
        assert_int_equal(date_scan(text_of(bad[i])).kind, DATE_BAD);
    }
}

static void test_other_kinds_of_dates(void **state)
{
    static const struct {
        const char *text;
        enum date_kind kind;
    } cases[] = {
        {"0", DATE_ABSENT},
        {"1900-01-00", DATE_ABSENT},
        {"0000-00-00", DATE_ABSENT},
        {"1900/1/0", DATE_ABSENT},
        {"0000-00-00 00:00:00", DATE_ABSENT},
        {"3月5日", DATE_MONTH_DAY},
        {"3月5号", DATE_MONTH_DAY},
        {"5-Mar", DATE_MONTH_DAY},
        {"Mar 5", DATE_MONTH_DAY},
        {"30天", DATE_AFTER},
        {"30 days", DATE_AFTER},
        {"45天内", DATE_AFTER},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (date_scan(text_of(cases[i].text)).kind != cases[i].kind)
            print_message("%s\n", cases[i].text);
        assert_int_equal(date_scan(text_of(cases[i].text)).kind, cases[i].kind);
    }
}

static void test_orders_that_can_read_a_date(void **state)
{
    enum {
        YMD = DATE_ORDER_BIT(DATE_ORDER_YMD),
        DMY = DATE_ORDER_BIT(DATE_ORDER_DMY),
        MDY = DATE_ORDER_BIT(DATE_ORDER_MDY)
    };
    static const struct {
        const char *text;
        unsigned orders;
    } cases[] = {
        {"03/04/2025", DMY | MDY}, {"13/04/2025", DMY},
        {"04/13/2025", MDY},       {"8/20/24", MDY},
        {"7/16/1996", MDY},        {"03/04/05", YMD | DMY | MDY},
        {"3/4/05", DMY | MDY},     {"99/12/31", YMD},
        {"13/02/24", YMD | DMY},   {"2/30/25", 0},
        {"05.08.2024", DMY | MDY}, {"3/4/5", 0},
        {"29/02/2023", 0},         {"29/02/2024", DMY},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct date_cell cell = date_scan(text_of(cases[i].text));
        if (date_cell_orders(&cell) != cases[i].orders)
            print_message("%s\n", cases[i].text);
        assert_int_equal(cell.kind, DATE_NUMERIC);
        assert_int_equal(date_cell_orders(&cell), cases[i].orders);
    }
}

static void test_statuses(void **state)
{
    static const struct {
        const char *word, *status;
    } cases[] = {
        {"待处理", "pending"},
        {"NEW", "pending"},
        {"In Process", "processing"},
        {"in-progress", "processing"},
        {"部分发货", "processing"},
        {"處理中", "processing"},
        {"In Production", "in-production"},
        {"WIP", "in-production"},
        {"已发货", "shipped"},
        {"In Transit", "shipped"},
        {"已發貨", "shipped"},
        {"Completed", "delivered"},
        {"complete", "delivered"},
        {"已签收", "delivered"},
        {"Canceled", "cancelled"},
        {"cancelled", "cancelled"},
        {"交易关闭", "cancelled"},
        {"客户拒收", "returned"},
        {"on hold", "on-hold"},
        {"暫停", "on-hold"},
    };
    static const char *const unknown[] = {"已关闭", "closed", "See Bob", "", "!!"};
    struct status_meaning meaning;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (!status_read(text_of(cases[i].word), &meaning))
            print_message("%s\n", cases[i].word);
        assert_true(status_read(text_of(cases[i].word), &meaning));
        assert_string_equal(meaning.name, cases[i].status);
    }
    for (size_t i = 0; i < COUNT(unknown); i++)
        assert_false(status_read(text_of(unknown[i]), &meaning));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_absent_values),
        cmocka_unit_test(test_quantities),
        cmocka_unit_test(test_decimal_marks),
        cmocka_unit_test(test_dates_that_say_their_order),
        cmocka_unit_test(test_an_offset_counts_in_the_ledgers_zone),
        cmocka_unit_test(test_what_is_no_date),
        cmocka_unit_test(test_other_kinds_of_dates),
        cmocka_unit_test(test_orders_that_can_read_a_date),
        cmocka_unit_test(test_statuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
