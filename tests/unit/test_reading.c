/* Tables in, orders out: the files of tests/data against what a careful person reads in them, and one small table for
 * each rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ledger/date.h"
#include "ledger/decimal.h"
#include "tools/import/reading.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- the files of tests/data ---- */

static void assert_text(json_t *expected, struct daybook_text text)
{
    if (json_is_null(expected)) {
        assert_null(text.ptr);
        return;
    }
    assert_non_null(text.ptr);
    assert_int_equal(text.len, json_string_length(expected));
    assert_memory_equal(text.ptr, json_string_value(expected), text.len);
}

static void assert_day(json_t *expected, int32_t day)
{
    char text[DAYBOOK_DAY_TEXT_SIZE] = "";

    if (json_is_null(expected)) {
        assert_int_equal(day, DAYBOOK_DAY_NONE);
        return;
    }
    assert_int_not_equal(day, DAYBOOK_DAY_NONE);
    date_format(day, text);
    assert_string_equal(text, json_string_value(expected));
}

static void assert_lines(json_t *items, const struct reading_order *order)
{
    assert_int_equal(order->line_count, json_array_size(items));
    for (uint32_t i = 0; i < order->line_count; i++) {
        json_t *item = json_array_get(items, i);
        char quantity[DAYBOOK_DECIMAL_TEXT_SIZE];
        if (!json_is_null(json_object_get(item, "code")))
            assert_text(json_object_get(item, "code"), order->lines[i].code);
        if (!json_is_null(json_object_get(item, "name")))
            assert_text(json_object_get(item, "name"), order->lines[i].name);
        decimal_format(order->lines[i].quantity, quantity);
        assert_string_equal(quantity, json_string_value(json_object_get(item, "quantity")));
    }
}

static void assert_notes(json_t *expected, const struct reading_order *order)
{
    char joined[4096] = "";
    size_t used = 0;

    for (uint32_t i = 0; i < order->note_count; i++) {
        int len = snprintf(joined + used, sizeof joined - used, "%s%.*s", i > 0 ? "\n" : "", (int)order->notes[i].len,
                           order->notes[i].ptr);
        used += (size_t)len;
    }
    assert_text(expected, order->note_count == 0 ? DAYBOOK_TEXT_NONE : (struct daybook_text){joined, used});
}

static const struct reading_order *order_of(const struct reading *reading, const char *number)
{
    for (size_t i = 0; i < reading->order_count; i++) {
        struct daybook_text order_no = reading->orders[i].order_no;
        if (order_no.len == strlen(number) && memcmp(order_no.ptr, number, order_no.len) == 0)
            return &reading->orders[i];
    }
    return NULL;
}

static void assert_order(json_t *expected, const struct reading *reading)
{
    const struct reading_order *order = order_of(reading, json_string_value(json_object_get(expected, "order_no")));

    assert_non_null(order);
    assert_text(json_object_get(expected, "customer"), order->customer);
    assert_lines(json_object_get(expected, "items"), order);
    assert_day(json_object_get(expected, "ordered_on"), order->ordered_on);
    assert_day(json_object_get(expected, "expected_on"), order->expected_on);
    assert_day(json_object_get(expected, "shipped_on"), order->shipped_on);
    assert_day(json_object_get(expected, "delivered_on"), order->delivered_on);
    assert_string_equal(order->status != NULL ? order->status : "pending",
                        json_string_value(json_object_get(expected, "status")));
    assert_notes(json_object_get(expected, "note"), order);
}

/* "--map COLUMN=FIELD" and "--date-order ORDER"; --partial is the caller's business. */
static void options_of(json_t *arguments, struct reading_options *options, struct reading_map *map, char column[64])
{
    for (size_t i = 0; i + 1 < json_array_size(arguments); i++) {
        const char *name = json_string_value(json_array_get(arguments, i));
        const char *value = json_string_value(json_array_get(arguments, i + 1));
        if (strcmp(name, "--map") == 0) {
            const char *equals = strchr(value, '=');
            snprintf(column, 64, "%.*s", (int)(equals - value), value);
            *map = (struct reading_map){column, equals + 1};
            options->maps = map;
            options->map_count = 1;
        } else if (strcmp(name, "--date-order") == 0) {
            options->date_order = strcmp(value, "dmy") == 0 ? DATE_ORDER_DMY : DATE_ORDER_MDY;
        }
    }
}

static void assert_file(const char *name, const char *expected_name)
{
    struct reading_options options = {0};
    struct reading_map map;
    struct daybook_error err = {0};
    struct reading *reading = NULL;
    json_error_t json_err;
    char path[128], column[64];

    snprintf(path, sizeof path, "tests/data/%s", expected_name);
    json_t *expected = json_load_file(path, 0, &json_err);
    assert_non_null(expected);
    options_of(json_object_get(expected, "args"), &options, &map, column);
    snprintf(path, sizeof path, "tests/data/%s", name);
    int code = reading_load(path, &options, &reading, &err);

    json_t *refused = json_object_get(expected, "refused");
    if (refused != NULL) {
        json_t *columns = json_object_get(refused, "columns");
        assert_string_equal(daybook_code_name(code), json_string_value(json_object_get(refused, "reason")));
        assert_int_equal(reading->refused_column_count, json_array_size(columns));
        for (size_t i = 0; i < reading->refused_column_count; i++)
            assert_text(json_array_get(columns, i), reading->refused_columns[i]);
    } else {
        size_t i;
        json_t *entry;
        assert_string_equal(err.message, "");
        assert_int_equal(code, 0);
        json_array_foreach(json_object_get(expected, "orders"), i, entry) assert_order(entry, reading);
        assert_int_equal(reading->order_count, json_array_size(json_object_get(expected, "orders")));
        json_array_foreach(json_object_get(expected, "rejected"), i, entry)
        {
            assert_true(i < reading->rejected_count);
            assert_int_equal(reading->rejected[i].row, json_integer_value(json_object_get(entry, "row")));
            assert_string_equal(reading->rejected[i].reason, json_string_value(json_object_get(entry, "reason")));
            assert_text(json_object_get(entry, "column"), reading->rejected[i].column);
            assert_text(json_object_get(entry, "value"), reading->rejected[i].value);
        }
        assert_int_equal(reading->rejected_count, i);
        json_array_foreach(json_object_get(expected, "skipped"), i, entry)
        {
            assert_true(i < reading->skipped_count);
            assert_int_equal(reading->skipped[i].row, json_integer_value(json_object_get(entry, "row")));
            assert_string_equal(reading->skipped[i].why, json_string_value(json_object_get(entry, "why")));
        }
        assert_int_equal(reading->skipped_count, i);
    }
    reading_free(reading);
    json_decref(expected);
}

static void test_sample_files(void **state)
{
    static const char *const files[][2] = {
        {"northwind_orders.csv", "northwind_orders.csv.expected.json"},
        {"northwind_lines.csv", "northwind_lines.csv.expected.json"},
        {"orders_zh_gbk.csv", "orders_zh_gbk.csv.expected.json"},
        {"orders_unicode_text.txt", "orders_unicode_text.txt.expected.json"},
        {"orders_semicolon.csv", "orders_semicolon.csv.expected.json"},
        {"orders_us_messy.csv", "orders_us_messy.csv.expected.json"},
        {"orders_paste_cr.tsv", "orders_paste_cr.tsv.expected.json"},
        {"orders_ambiguous.csv", "orders_ambiguous.csv.expected.json"},
        {"orders_ambiguous.csv", "orders_ambiguous.csv.dmy.expected.json"},
        {"orders_ambiguous.csv", "orders_ambiguous.csv.mdy.expected.json"},
        {"reimport_v1.csv", "reimport_v1.csv.expected.json"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(files); i++) {
        print_message("%s\n", files[i][1]);
        assert_file(files[i][0], files[i][1]);
    }
}

/* ---- one small table for each rule ---- */

/* A reading in a few lines, what is absent left out:
 *     A1 Ann 2024-01-02 exp 2024-01-09 shipped from-dates ref PO7 note "x" {Colour=red}
 *       SKU=Name x 12 pcs del 2024-01-03 sent 4 {Size=M}
 *     - 3 Qty "ten" bad-quantity
 *     . 4 blank
 *     = ambiguous-dates */
struct writer {
    char text[8192];
    size_t used;
};

static void __attribute__((format(printf, 2, 3))) put(struct writer *writer, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int len = vsnprintf(writer->text + writer->used, sizeof writer->text - writer->used, format, arguments);
    va_end(arguments);
    assert_true(len >= 0 && (size_t)len < sizeof writer->text - writer->used);
    writer->used += (size_t)len;
}

static void put_text(struct writer *writer, const char *before, struct daybook_text text, const char *after)
{
    if (text.ptr != NULL)
        put(writer, "%s%.*s%s", before, (int)text.len, text.ptr, after);
}

static void put_day(struct writer *writer, const char *before, int32_t day)
{
    char text[DAYBOOK_DAY_TEXT_SIZE];

    if (day == DAYBOOK_DAY_NONE)
        return;
    date_format(day, text);
    put(writer, "%s%s", before, text);
}

static void put_quantity(struct writer *writer, const char *before, struct daybook_decimal quantity)
{
    char text[DAYBOOK_DECIMAL_TEXT_SIZE];

    decimal_format(quantity, text);
    put(writer, "%s%s", before, text);
}

static void put_fields(struct writer *writer, const struct reading_field *fields, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        put(writer, " {%s=%.*s}", fields[i].name, (int)fields[i].value.len, fields[i].value.ptr);
}

static void put_line(struct writer *writer, const struct reading_line *line)
{
    put_text(writer, "  ", line->code, "");
    put_text(writer, "=", line->name, "");
    put_quantity(writer, " x ", line->quantity);
    put_text(writer, " ", line->unit, "");
    put_day(writer, " exp ", line->expected_on);
    put_day(writer, " req ", line->requested_on);
    put_day(writer, " ship ", line->shipped_on);
    put_day(writer, " del ", line->delivered_on);
    if (line->partial != NULL && line->partial->has_shipped)
        put_quantity(writer, " sent ", line->partial->shipped);
    if (line->partial != NULL && line->partial->has_delivered)
        put_quantity(writer, " handed ", line->partial->delivered);
    put_fields(writer, line->fields, line->field_count);
    put(writer, "\n");
}

static void put_order(struct writer *writer, const struct reading_order *order)
{
    put_text(writer, "", order->order_no, " ");
    put_text(writer, "", order->customer, "");
    put_day(writer, " ", order->ordered_on);
    put_day(writer, " exp ", order->expected_on);
    put_day(writer, " req ", order->requested_on);
    put_day(writer, " ship ", order->shipped_on);
    put_day(writer, " del ", order->delivered_on);
    if (order->status != NULL)
        put(writer, " %s%s", order->status, order->status_from_dates ? " from-dates" : "");
    put_text(writer, " ref ", order->customer_ref, "");
    for (uint32_t i = 0; i < order->note_count; i++)
        put_text(writer, " note \"", order->notes[i], "\"");
    put_fields(writer, order->fields, order->field_count);
    put(writer, "\n");
    for (uint32_t i = 0; i < order->line_count; i++)
        put_line(writer, &order->lines[i]);
}

static void describe(struct writer *writer, int code, const struct reading *reading)
{
    writer->used = 0;
    writer->text[0] = '\0';
    if (code != 0)
        put(writer, "= %s\n", daybook_code_name(code));
    if (reading == NULL)
        return;
    for (size_t i = 0; i < reading->order_count; i++)
        put_order(writer, &reading->orders[i]);
    for (size_t i = 0; code == 0 && i < reading->rejected_count; i++) {
        const struct reading_rejection *rejected = &reading->rejected[i];
        put(writer, "- %u %.*s \"%.*s\" %s\n", rejected->row, (int)rejected->column.len, rejected->column.ptr,
            (int)rejected->value.len, rejected->value.ptr, rejected->reason);
    }
    for (size_t i = 0; code == 0 && i < reading->skipped_count; i++)
        put(writer, ". %u %s\n", reading->skipped[i].row, reading->skipped[i].why);
}

static void assert_reads_with(const struct reading_options *options, const char *bytes, size_t len,
                              const char *expected)
{
    struct reading *reading = NULL;
    struct daybook_error err = {0};
    struct writer writer;
    int code = reading_from_bytes(bytes, len, options, &reading, &err);

    describe(&writer, code, reading);
    if (strcmp(writer.text, expected) != 0)
        print_message("---- table\n%s\n---- %s\n", bytes, err.message);
    assert_string_equal(writer.text, expected);
    reading_free(reading);
}

struct table_case {
    const char *table, *expected;
};

static void assert_cases(const struct reading_options *options, const struct table_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_reads_with(options, cases[i].table, strlen(cases[i].table), cases[i].expected);
}

#define H "Order No,Customer,Product,Qty,Order Date,Expected,Shipped,Delivered,Status,Notes\n"
#define ASSERT_CASES(cases) assert_cases(&(struct reading_options){0}, (cases), COUNT(cases))

static void test_rows_become_orders(void **state)
{
    static const struct table_case cases[] = {
        /* one number, two rows; apart too */
        {H "A,Ann,P,1,,,,,,\nB,Bob,P,1,,,,,,\nA,Ann,Q,2,,,,,,\n", "A Ann\n  P=P x 1\n  Q=Q x 2\nB Bob\n  P=P x 1\n"},
        /* an empty number continues, and takes dates and status from above */
        {H "A,Ann,P,1,2024-01-02,2024-01-09,2024-01-05,,已发货,\n,,Q,2,,2024-01-10,,,,\n",
         "A Ann 2024-01-02 exp 2024-01-10 ship 2024-01-05 shipped\n"
         "  P=P x 1 exp 2024-01-09 ship 2024-01-05\n  Q=Q x 2 exp 2024-01-10 ship 2024-01-05\n"},
        {H "A,Ann,P,1,,,,,,\n,ANN,Q,2,,,,,,\n", "A Ann\n  P=P x 1\n  Q=Q x 2\n"},
        /* a repeated number takes nothing over: its line is not delivered, so the order is not */
        {H "A,Ann,P,1,2024-01-02,,,2024-01-05,,\nA,Ann,Q,2,2024-01-02,,,,,\n",
         "A Ann 2024-01-02\n  P=P x 1 del 2024-01-05\n  Q=Q x 2\n"},
        {H "A,Ann,P,1,2024-01-02,,,2024-01-05,,\nA,Ann,Q,2,2024-01-02,,,2024-01-07,,\n",
         "A Ann 2024-01-02 del 2024-01-07 delivered from-dates\n  P=P x 1 del 2024-01-05\n  Q=Q x 2 del 2024-01-07\n"},
        /* not across a blank row, not for another customer, not without a product */
        {H "A,Ann,P,1,,,,,,\n\n,,Q,2,,,,,,\n", "A Ann\n  P=P x 1\n- 4 Order No \"\" missing-order-no\n. 3 blank\n"},
        {H "A,Ann,P,1,,,,,,\n,Bob,Q,2,,,,,,\n,,R,3,,,,,,\n",
         "A Ann\n  P=P x 1\n- 3 Order No \"\" missing-order-no\n- 4 Order No \"\" missing-order-no\n"},
        {H "A,Ann,P,1,,,,,,\n,,,2,,,,,,\n", "A Ann\n  P=P x 1\n- 3 Order No \"\" missing-order-no\n"},
        /* across a printed page's header */
        {H "A,Ann,P,1,,,,,,\n" H ",,Q,2,,,,,,\n", "A Ann\n  P=P x 1\n  Q=Q x 2\n. 3 repeated header\n"},
        /* notes are distinct, in order */
        {H "A,Ann,P,1,,,,,,first\nA,Ann,Q,2,,,,,,second\nA,Ann,R,3,,,,,,first\n",
         "A Ann note \"first\" note \"second\"\n  P=P x 1\n  Q=Q x 2\n  R=R x 3\n"},
        /* duplicates: equal in every cell counts once; the rest is a contradiction */
        {H "A,Ann,P,1,,,,,,\nA,Ann,P,1,,,,,,\n", "A Ann\n  P=P x 1\n- 3 Order No \"A\" duplicate-row\n"},
        {H "A,Ann,P,1,,,,,,\nA,Ann,P,2,,,,,,\n",
         "- 2 Order No \"A\" conflicting-duplicate\n- 3 Order No \"A\" conflicting-duplicate\n"},
        {H "A,Ann,P,1,2024-01-02,,,,,\nA,Ann,Q,2,2024-01-03,,,,,\n",
         "- 2 Order No \"A\" conflicting-duplicate\n- 3 Order No \"A\" conflicting-duplicate\n"},
        {H "A,Ann,P,1,,,,,,\nA,ａｎｎ,Q,2,,,,,,\n", "A Ann\n  P=P x 1\n  Q=Q x 2\n"},
        /* a bad line takes its order along */
        {H "A,Ann,P,1,,,,,,\n,,Q,ten,,,,,,\nB,Bob,P,1,,,,,,\n",
         "B Bob\n  P=P x 1\n- 2 Order No \"A\" order-incomplete\n- 3 Qty \"ten\" bad-quantity\n"},
        {H "A,Ann,P,,,,,,,\nB,Bob,,3,,,,,,\nC,,P,1,,,,,,\nD,Di,#REF!,1,,,,,,\n",
         "- 2 Qty \"\" missing-quantity\n- 3 Product \"\" missing-product\n- 4 Customer \"\" missing-customer\n"
         "- 5 Product \"#REF!\" cell-error\n"},
        /* order numbers are kept as NFKC */
        {H "Ａ１,Ann,P,1,,,,,,\nA1,Ann,Q,2,,,,,,\n", "A1 Ann\n  P=P x 1\n  Q=Q x 2\n"},
        /* no product column: orders without items */
        {"Order No,Customer,Order Date\nA,Ann,2024-01-02\n", "A Ann 2024-01-02\n"},
        {"Order No,Customer,Paid\nA,Ann,1\nA,Ann,2\n",
         "- 2 Order No \"A\" conflicting-duplicate\n- 3 Order No \"A\" conflicting-duplicate\n"},
    };
    (void)state;
    ASSERT_CASES(cases);
}

static void test_statuses_and_dates(void **state)
{
    static const struct table_case cases[] = {
        {H "A,Ann,P,1,,,,,,\n", "A Ann\n  P=P x 1\n"},
        {H "A,Ann,P,1,2024-01-02,,2024-01-03,,Confirmed,\n",
         "A Ann 2024-01-02 ship 2024-01-03 shipped from-dates\n  P=P x 1 ship 2024-01-03\n"},
        {H "A,Ann,P,1,,,,2024-01-03,On Hold,\n", "A Ann del 2024-01-03 on-hold\n  P=P x 1 del 2024-01-03\n"},
        {H "A,Ann,P,1,,,,2024-01-03,作废,\n", "- 2 Status \"作废\" status-contradicts-dates\n"},
        {H "A,Ann,P,1,,,,,部分发货,\n", "A Ann processing note \"部分发货\"\n  P=P x 1\n"},
        {H "A,Ann,P,1,,,,,已关闭,\n,,Q,1,,,,,,\n",
         "- 2 Status \"已关闭\" unknown-status\n- 3 Status \"已关闭\" unknown-status\n"},
        {H "A,Ann,P,1,2024-01-02,,2024-01-01,2023-12-31,,\n",
         "- 2 Shipped \"2024-01-01\" dates-out-of-order\n- 2 Delivered \"2023-12-31\" dates-out-of-order\n"},
        /* promised before ordered is a warning only */
        {H "A,Ann,P,1,2024-01-02,2024-01-01,,,,\n", "A Ann 2024-01-02 exp 2024-01-01\n  P=P x 1 exp 2024-01-01\n"},
        /* days after the order; dates without a year */
        {H "A,Ann,P,1,2024-12-20,30天,,,,\n", "A Ann 2024-12-20 exp 2025-01-19\n  P=P x 1 exp 2025-01-19\n"},
        {H "A,Ann,P,1,2024-12-20,1月5日,,,,\n", "A Ann 2024-12-20 exp 2025-01-05\n  P=P x 1 exp 2025-01-05\n"},
        {H "A,Ann,P,1,2023-03-01,2月29日,,,,\n", "A Ann 2023-03-01 exp 2024-02-29\n  P=P x 1 exp 2024-02-29\n"},
        {H "A,Ann,P,1,,1月5日,,,,\nB,Bob,P,1,,30天,,,,\n",
         "- 2 Expected \"1月5日\" bad-date\n- 3 Expected \"30天\" bad-date\n"},
        {H "A,Ann,P,1,3月5日,,,,,\n", "- 2 Order Date \"3月5日\" bad-date\n"},
        {"Orders of 2024\n" H "A,Ann,P,1,3月5日,,,,,\n", "A Ann 2024-03-05\n  P=P x 1\n. 1 title\n"},
        {"2024 and 2025\n" H "A,Ann,P,1,3月5日,,,,,\n", "- 3 Order Date \"3月5日\" bad-date\n. 1 title\n"},
        /* absent dates */
        {H "A,Ann,P,1,0,1900-01-00,0000-00-00,-,N/A,NULL\n", "A Ann\n  P=P x 1\n"},
    };
    (void)state;
    ASSERT_CASES(cases);
}

static void test_date_orders(void **state)
{
    static const struct table_case cases[] = {
        /* 13 can only be a day; the other column follows */
        {H "A,Ann,P,1,13/02/2024,05/03/2024,,,,\n", "A Ann 2024-02-13 exp 2024-03-05\n  P=P x 1 exp 2024-03-05\n"},
        {H "A,Ann,P,1,02/13/2024,05/03/2024,,,,\n", "A Ann 2024-02-13 exp 2024-05-03\n  P=P x 1 exp 2024-05-03\n"},
        {H "A,Ann,P,1,13/02/2024,,,,,\nB,Bob,P,1,02/14/2024,,,,,\n", "= mixed-date-order\n"},
        {H "A,Ann,P,1,03/04/2024,,,,,\n", "= ambiguous-dates\n"},
        {H "A,Ann,P,1,05/05/2024,,,,,\n", "A Ann 2024-05-05\n  P=P x 1\n"},
        /* what tells its order itself is no evidence for its neighbours */
        {H "A,Ann,P,1,2024-01-31,,,,,\nB,Bob,P,1,03/04/2024,,,,,\n", "= ambiguous-dates\n"},
        /* what none can read neither */
        {H "A,Ann,P,1,30/30/2024,,,,,\nB,Bob,P,1,02/13/2024,,,,,\n",
         "B Bob 2024-02-13\n  P=P x 1\n- 2 Order Date \"30/30/2024\" bad-date\n"},
        {H "A,Ann,P,1,24/02/03,,,,,\nB,Bob,P,1,24/02/30,,,,,\n",
         "A Ann 2003-02-24\n  P=P x 1\nB Bob 2030-02-24\n  P=P x 1\n"},
        {H "A,Ann,P,1,24/02/03,,,,,\n", "= ambiguous-dates\n"},
    };
    static const struct table_case with_mdy[] = {
        {H "A,Ann,P,1,13/02/2024,,,,,\nB,Bob,P,1,02/14/2024,,,,,\n",
         "B Bob 2024-02-14\n  P=P x 1\n- 2 Order Date \"13/02/2024\" bad-date\n"},
    };
    (void)state;
    ASSERT_CASES(cases);
    assert_cases(&(struct reading_options){.date_order = DATE_ORDER_MDY}, with_mdy, COUNT(with_mdy));
}

static void test_skipped_rows(void **state)
{
    static const struct table_case cases[] = {
        {H "A,Ann,P,1,,,,,,\n,,,,,,,,Open,\n", "A Ann\n  P=P x 1\n. 3 blank\n"},
        {H "FALSE,,,,,,,,,\nA,Ann,P,1,,,,,,\n", "A Ann\n  P=P x 1\n. 2 blank\n"},
        {H "A,Ann,P,1,,,,,,\n,,Grand Total:,1,,,,,,\n,,本页小计,1,,,,,,\n合 計,,,1,,,,,,\n",
         "A Ann\n  P=P x 1\n. 3 total\n. 4 total\n. 5 total\n"},
        /* a thing with such a name is none */
        {H "A,Ann,P,1,,,,,,\n,,小计算器,1,,,,,,\n,,Total Station,1,,,,,,\n",
         "A Ann\n  P=P x 1\n  小计算器=小计算器 x 1\n  Total Station=Total Station x 1\n"},
        {H "A,Ann,P,1,,,,,,\n制表人：王敏,,,,,,,,,\n注：含税,,,,,,,,,\n", "A Ann\n  P=P x 1\n. 3 footer\n. 4 footer\n"},
        {H "A,Ann,P,1,,,,,,\n审核中,Bob,P,1,,,,,,\n", "A Ann\n  P=P x 1\n审核中 Bob\n  P=P x 1\n"},
        /* titles and blank rows count, newlines within quotes do not */
        {"Title\n\n" H "A,Ann,P,1,,,,,,\"one\ntwo\"\nB,,P,1,,,,,,\n",
         "A Ann note \"one\ntwo\"\n  P=P x 1\n- 5 Customer \"\" missing-customer\n. 1 title\n. 2 blank\n"},
        {"Order No,Customer\r\n\r\nA,Ann\r\n\r\n\r\nB,\r\n",
         "A Ann\n- 6 Customer \"\" missing-customer\n. 2 blank\n. 4 blank\n. 5 blank\n"},
        {"Order No,Customer\r\rA,Ann\rB,\r", "A Ann\n- 4 Customer \"\" missing-customer\n. 2 blank\n"},
    };
    (void)state;
    ASSERT_CASES(cases);
}

static void test_columns(void **state)
{
    static const struct table_case cases[] = {
        /* the order's custom fields, and those that become the lines' for the whole file */
        {"Order No,Customer,SKU,Qty,Colour,Region\nA,Ann,P,1,red,N\nB,Bob,P,1,red,S\nB,Bob,P,2,blue,S\n",
         "A Ann {Region=N}\n  P x 1 {Colour=red}\nB Bob {Region=S}\n  P x 1 {Colour=red}\n  P x 2 {Colour=blue}\n"},
        {"Order No,Customer,SKU,Qty,Colour\nA,Ann,P,1,red\n,,Q,2,\n", "A Ann {Colour=red}\n  P x 1\n  Q x 2\n"},
        {"Order No,Customer,Paid\nA,Ann,0\nB,Bob,-\n", "A Ann {Paid=0}\nB Bob\n"},
        {"Order No,Customer,\"Net\nweight\",X,X\nA,Ann,1,2,3\n", "A Ann {Net weight=1} {X=2} {X (5)=3}\n"},
        /* left out: counters, contacts, pictures, what stands under no header */
        {"No.,Order No,Customer,Phone,,Pic,收货地址\n1,A,Ann,123,x,\"=DISPIMG(\"\"a\"\",1)\",Road\n", "A Ann\n"},
        /* spec is added to the name; a model is the code only where no other is */
        {"订单号,客户,品名,规格,数量\nA,安,螺栓,M8,12件\n", "A 安\n  螺栓 M8=螺栓 M8 x 12 件\n"},
        {"订单号,客户,品名,型号,数量\nA,安,螺栓,M8,1\n", "A 安\n  M8=螺栓 x 1\n"},
        {"订单号,客户,料号,品名,型号,数量,单位\nA,安,K1,螺栓,M8,10 pcs,个\n", "A 安\n  K1=螺栓 M8 x 10 个\n"},
        {"訂單編號,客戶名稱,產品名稱,數量,訂單日期,預計交貨日期,實際交貨日期,訂單狀態,備註\nA,安,茶,1,2024-01-02,2024-"
         "01-09,,處理中,急\n",
         "A 安 2024-01-02 exp 2024-01-09 processing note \"急\"\n  茶=茶 x 1 exp 2024-01-09\n"},
        {"OrderDate,order_number,customer_name,Items.Product Code,Items.Qty\n2024-01-02,A,Ann,P,1\n",
         "A Ann 2024-01-02\n  P x 1\n"},
        {"order_id,customer_id,order_purchase_timestamp,order_delivered_carrier_date,order_delivered_customer_date,"
         "order_estimated_delivery_date\nA,C7,2024-01-02 10:56:33,2024-01-04,2024-01-06,2024-01-09\n",
         "A C7 2024-01-02 exp 2024-01-09 ship 2024-01-04 del 2024-01-06 delivered from-dates\n"},
        /* the customer's number is the order's only when there is no own one */
        {"客户订单号,客户\nA,安\n", "A 安\n"},
        {"客户订单号,订单号,客户\nP7,A,安\n", "A 安 ref P7\n"},
        {"Order No,Customer ID,Customer Name\nA,7,Ann\n", "A Ann {Customer ID=7}\n"},
        /* asked for or promised */
        {"订单号,客户,要求交期\nA,安,2024-01-09\n", "A 安 exp 2024-01-09\n"},
        {"订单号,客户,要求交期,承诺交期\nA,安,2024-01-09,2024-01-12\n", "A 安 exp 2024-01-12 req 2024-01-09\n"},
        {"订单号,客户,交货日期\nA,安,2024-01-09\n", "A 安 exp 2024-01-09\n"},
        {"订单号,客户,交货日期,交期\nA,安,2024-01-09,2024-01-08\n",
         "A 安 exp 2024-01-08 del 2024-01-09 delivered from-dates\n"},
        {"订单号,客户,交货日期,Delivery Date (actual)\nA,安,2024-01-09,2024-01-08\n",
         "A 安 exp 2024-01-09 del 2024-01-08 delivered from-dates\n"},
        /* days, amounts and prices are no dates and no quantities */
        {"Order No,Customer,交期(天),Order Amount,Received Qty,数量(件),品名\nA,Ann,30,9.50,3,2,茶\n",
         "A Ann {交期(天)=30} {Order Amount=9.50} {Received Qty=3}\n  茶=茶 x 2\n"},
        /* partly sent, the day unknown */
        {"Order No,Customer,SKU,Qty,已发数量,已交数量\nA,Ann,P,10,4,0\nB,Bob,P,1,,3\nC,Cy,P,1,-1,\n",
         "A Ann\n  P x 10 sent 4\nB Bob\n  P x 1 handed 3\n- 4 已发数量 \"-1\" bad-quantity\n"},
        {"Order No,Customer,备注1,备注2\nA,Ann,x,y\n", "A Ann note \"x\" note \"y\"\n"},
        {"Order No,Customer,Product\nA,Ann,P\n", "= no-column\n"},
        {"Order No,Product,Qty\nA,P,1\n", "= no-column\n"},
        {"a,b,c\n1,2,3\n", "= no-header\n"},
        {"", "= no-header\n"},
    };
    (void)state;
    ASSERT_CASES(cases);
}

static void test_options(void **state)
{
    static const char *const workflow[] = {"quality-check"};
    static const struct reading_map maps[] = {
        {"Nr", "order_no"}, {"wer", "customer"}, {"Farbe", "field:colour"}, {"Phone", "-"}};
    static const struct reading_map bad_field[] = {{"Customer", "nonsense"}};
    static const struct reading_map bad_column[] = {{"Nowhere", "note"}};
    static const struct reading_status statuses[] = {{"closed", "delivered"}, {"checked", "quality-check"}};
    static const struct reading_status bad_status[] = {{"closed", "nonsense"}};
    static const struct table_case mapped[] = {{"Nr,Wer,Farbe,Phone\nA,Ann,red,1\n", "A Ann {colour=red}\n"}};
    static const struct table_case worded[] = {
        {"Order No,Customer,Status\nA,Ann,CLOSED\nB,Bob,checked\nC,Cy,Quality Check\n",
         "A Ann delivered\nB Bob quality-check\nC Cy quality-check\n"}};
    static const struct table_case plain[] = {{"Order No,Customer,Colour\nA,Ann,red\n", "A Ann\n"}};
    static const struct table_case numbered[] = {
        {"Customer,Product,Qty\nAnn,P,1\n,Q,2\nAnn,P,1\nBob,R,3\n\n,S,4\n",
         "Ann\n  P=P x 1\n  Q=Q x 2\nAnn\n  P=P x 1\nBob\n  R=R x 3\n- 7 Customer \"\" missing-customer\n. 6 blank\n"}};
    static const struct table_case refused[] = {{"Order No,Customer\nA,Ann\n", "= usage\n"}};
    static const struct table_case no_column[] = {{"Order No,Customer\nA,Ann\n", "= no-column\n"}};

    (void)state;
    assert_cases(&(struct reading_options){.maps = maps, .map_count = COUNT(maps)}, mapped, COUNT(mapped));
    assert_cases(&(struct reading_options){.maps = bad_field, .map_count = 1}, refused, COUNT(refused));
    assert_cases(&(struct reading_options){.maps = bad_column, .map_count = 1}, no_column, COUNT(no_column));
    assert_cases(&(struct reading_options){.statuses = statuses,
                                           .status_count = COUNT(statuses),
                                           .workflow_statuses = workflow,
                                           .workflow_status_count = COUNT(workflow)},
                 worded, COUNT(worded));
    assert_cases(&(struct reading_options){.statuses = bad_status, .status_count = 1}, refused, COUNT(refused));
    assert_cases(&(struct reading_options){.no_fields = true}, plain, COUNT(plain));
    assert_cases(&(struct reading_options){.auto_number = true}, numbered, COUNT(numbered));
}

static void test_text_and_delimiters(void **state)
{
    static const struct table_case cases[] = {
        {"sep=|\nOrder No|Customer\nA|Ann, Bob\n", "A Ann, Bob\n"},
        {"sep=;\r\nOrder No;Customer\r\nA;Ann\r\nB;\r\n", "A Ann\n- 3 Customer \"\" missing-customer\n"},
        {"Order No|Customer\nA|Ann\n", "A Ann\n"},
        {"Order No\tCustomer\nA\tAnn, Bob\n", "A Ann, Bob\n"},
        {"Order No,Customer\nA\nB,Bob,left,over\n", "B Bob\n- 2 Customer \"\" missing-customer\n"},
        {"Order No,Customer,Notes\nA,\xE3\x80\x80"
         "Ann\xC2\xA0,\n",
         "A Ann\n"},
        /* the guard against formulas: one ' is taken off, no more, and only before such text */
        {"Order No,Customer,Notes\nA,'+Ann,''=1\nB,'Bob,'t is\nC,-Cy,'\n",
         "A +Ann note \"'=1\"\nB 'Bob note \"'t is\"\nC -Cy note \"'\"\n"},
        {"Order No,Customer\nA,\"Ann\n", "= bad-csv\n"},
        {"Order No,Customer\nA,5\" pipes\n", "A 5\" pipes\n"},
        {"Order No,Customer\nA,Ann\xFF\xFF\n", "= bad-encoding\n"},
        {"Order No,Customer\nA,Ann\xEF\xBF\xBD\n", "= bad-encoding\n"},
        {"PK\003\004rest", "= not-a-workbook\n"},
        {"<html><table>", "= not-a-workbook\n"},
    };
    static const char with_nul[] = "Order No,Customer\nA,A\0n\n";

    (void)state;
    ASSERT_CASES(cases);
    assert_reads_with(&(struct reading_options){0}, with_nul, sizeof with_nul - 1, "= bad-text\n");
}

static void test_doubts_are_told_once(void **state)
{
    static const char table[] = H "A,Ann,P,1,2024-01-02,2024-01-01,,,,\nB,Bob,P,1,,,,,closed,\nC,Cy,P,1,,,,,closed,\n";
    struct reading *reading = NULL;

    (void)state;
    assert_int_equal(reading_from_bytes(table, sizeof table - 1, &(struct reading_options){0}, &reading, NULL), 0);
    assert_int_equal(reading->doubt_count, 2);
    assert_int_equal(reading->doubts[0].row, 2);
    assert_int_equal(reading->doubts[1].row, 0);
    assert_non_null(strstr(reading->doubts[1].text, "closed"));
    assert_int_equal(reading->rows, 3);
    reading_free(reading);
}

static void test_columns_are_shown(void **state)
{
    static const char table[] = "No.,Order No,Customer,Phone,Colour\n1,A,Ann,5,red\n";
    static const char *const fields[] = {"", "order_no", "customer", "", "field:Colour"};
    struct reading *reading = NULL;

    (void)state;
    assert_int_equal(reading_from_bytes(table, sizeof table - 1, &(struct reading_options){0}, &reading, NULL), 0);
    assert_int_equal(reading->column_count, COUNT(fields));
    for (size_t i = 0; i < COUNT(fields); i++) {
        assert_string_equal(reading->columns[i].field, fields[i]);
        assert_int_equal(reading->columns[i].why != NULL, fields[i][0] == '\0');
    }
    reading_free(reading);
}

static void test_large_cells_and_long_orders(void **state)
{
    enum { CELL = 10 << 20, LINES = 50000 };
    static const char head[] = "Order No,Customer,Notes\nA,Ann,";
    char *table = malloc(sizeof head + CELL);
    struct reading *reading = NULL;
    size_t used = sizeof head - 1;

    (void)state;
    assert_non_null(table);
    memcpy(table, head, used);
    memset(table + used, 'x', CELL);
    assert_int_equal(reading_from_bytes(table, used + CELL, &(struct reading_options){0}, &reading, NULL), 0);
    assert_int_equal(reading->orders[0].notes[0].len, CELL);
    reading_free(reading);

    /* one order of very many lines stays linear */
    used = (size_t)snprintf(table, CELL, "Order No,Customer,Product,Qty,Notes\nA,Ann,P,1,\n");
    for (int i = 0; i < LINES; i++)
        used += (size_t)snprintf(table + used, CELL - used, ",,P%d,1,n%d\n", i, i);
    assert_int_equal(reading_from_bytes(table, used, &(struct reading_options){0}, &reading, NULL), 0);
    assert_int_equal(reading->order_count, 1);
    assert_int_equal(reading->orders[0].line_count, LINES + 1);
    assert_int_equal(reading->orders[0].note_count, LINES);
    reading_free(reading);
    free(table);
}

/* Cut anywhere, a table is read or refused, never crashed on. */
static void test_cut_tables(void **state)
{
    static const char table[] = "sep=,\n标题 2024年\n" H
                                "A,安,\"茶\"\"x\",\"1,200\",3月5日,30天,,,已发货,'=1\n,,Q,12件,,,,,,\n合计,,,2,,,,,,\n";

    (void)state;
    for (size_t len = 0; len < sizeof table; len++) {
        struct reading *reading = NULL;
        reading_from_bytes(table, len, &(struct reading_options){0}, &reading, NULL);
        reading_free(reading);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sample_files),
        cmocka_unit_test(test_rows_become_orders),
        cmocka_unit_test(test_statuses_and_dates),
        cmocka_unit_test(test_date_orders),
        cmocka_unit_test(test_skipped_rows),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_text_and_delimiters),
        cmocka_unit_test(test_doubts_are_told_once),
        cmocka_unit_test(test_columns_are_shown),
        cmocka_unit_test(test_large_cells_and_long_orders),
        cmocka_unit_test(test_cut_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
