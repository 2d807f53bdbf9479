/* One set of rows in four formats, and what hostile data becomes in each. */
#include "tools/cli/csv.h"
#include "tools/cli/display.h"
#include "tools/cli/output.h"
#include "tools/cli/progress.h"
#include "tools/cli/table.h"

#include <locale.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const struct column columns[] = {
    {"order_no", "Order", "订单号", COLUMN_KEY},
    {"customer", "Customer", "客户", COLUMN_TEXT},
    {"quantity", "Qty", "数量", COLUMN_NUMBER},
};

struct captured {
    struct output output;
    char *text;
    size_t size;
};

static void capture(struct captured *captured, enum output_format format, enum language language, size_t width)
{
    *captured = (struct captured){.output = {.format = format, .language = language, .width = width}};
    captured->output.stream = open_memstream(&captured->text, &captured->size);
    assert_non_null(captured->output.stream);
}

static void assert_captured(struct captured *captured, const char *expected)
{
    assert_int_equal(fclose(captured->output.stream), 0);
    assert_string_equal(captured->text, expected);
    output_release(&captured->output);
    free(captured->text);
}

static void write_two_rows(struct captured *captured, const char *member, json_t *rest)
{
    struct output *output = &captured->output;

    assert_int_equal(output_begin(output, member, columns, 3, NULL), 0);
    assert_int_equal(output_row(output,
                                (struct cell[]){cell_string("SO-1"), cell_string("上海\x1b[2J\n=A"),
                                                cell_quantity((struct daybook_decimal){-125, 1})},
                                NULL),
                     0);
    assert_int_equal(output_row(output, (struct cell[]){cell_string("SO-2"), cell_null(), cell_integer(3)}, NULL), 0);
    assert_int_equal(output_end(output, rest, NULL), 0);
}

static void test_table(void **state)
{
    struct captured captured;

    (void)state;
    capture(&captured, OUTPUT_TABLE, LANGUAGE_ZH, 0);
    write_two_rows(&captured, "orders", NULL);
    /* Six columns of heading stand over four letters; wide characters count two. */
    assert_captured(&captured, "订单号 客户                数量\n"
                               "SO-1   上海<U+001B>[2J↵=A -12.5\n"
                               "SO-2                          3\n");
}

static void test_table_is_cut_on_a_terminal(void **state)
{
    struct captured captured;

    (void)state;
    capture(&captured, OUTPUT_TABLE, LANGUAGE_EN, 20);
    write_two_rows(&captured, "orders", NULL);
    assert_captured(&captured, "Order Customer   Qty\n"
                               "SO-1  上海<U+0 -12.5\n"
                               "SO-2               3\n");
}

static void test_table_pages_keep_their_widths(void **state)
{
    struct captured captured;
    struct output *output = &captured.output;
    const char *last;

    (void)state;
    capture(&captured, OUTPUT_TABLE, LANGUAGE_EN, 0);
    assert_int_equal(output_begin(output, NULL, columns, 3, NULL), 0);
    for (int i = 0; i < TABLE_PAGE_ROWS + 1; i++)
        assert_int_equal(
            output_row(output,
                       (struct cell[]){cell_string(i == 0 ? "SO-0000000001" : "S"), cell_string("A"), cell_integer(i)},
                       NULL),
            0);
    assert_int_equal(output_end(output, NULL, NULL), 0);
    assert_int_equal(fclose(output->stream), 0);
    captured.text[captured.size - 1] = '\0';
    last = strrchr(captured.text, '\n') + 1;
    assert_string_equal(last, "S             A        2000");
    assert_null(strstr(captured.text + 1, "Order "));
    output_release(output);
    free(captured.text);
}

static void test_csv(void **state)
{
    struct captured captured;

    (void)state;
    capture(&captured, OUTPUT_CSV, LANGUAGE_ZH, 0);
    write_two_rows(&captured, "orders", NULL);
    assert_captured(&captured, "\xEF\xBB\xBForder_no,customer,quantity\r\n"
                               "SO-1,\"上海\x1b[2J\n=A\",-12.5\r\n"
                               "SO-2,,3\r\n");
}

static void test_csv_fields(void **state)
{
    static const struct {
        const char *text, *written;
    } cases[] = {
        {"plain", "plain"},
        {"a,b", "\"a,b\""},
        {"say \"no\"", "\"say \"\"no\"\"\""},
        {"=1+1", "'=1+1"},
        {"+86", "'+86"},
        {"-3", "'-3"},
        {"@x", "'@x"},
        {"\tx", "'\tx"},
        {"\rx", "\"'\rx\""},
        {"'=1", "''=1"},
        {"''-", "'''-"},
        {"'x", "'x"},
        {"'", "'"},
        {"", ""},
        {"1=1", "1=1"},
        {"=\"a\"", "\"'=\"\"a\"\"\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct captured captured;

        capture(&captured, OUTPUT_CSV, LANGUAGE_EN, 0);
        csv_write_field(captured.output.stream, (struct daybook_text){cases[i].text, strlen(cases[i].text)}, CSV_TEXT);
        assert_captured(&captured, cases[i].written);
    }
}

static void test_json_array_in_an_object(void **state)
{
    struct captured captured;

    (void)state;
    capture(&captured, OUTPUT_JSON, LANGUAGE_ZH, 0);
    write_two_rows(&captured, "orders", json_pack("{s:i,s:f,s:n}", "total", 2, "rate", 0.954264, "basis"));
    assert_captured(&captured, "{\"orders\":[\n"
                               "{\"order_no\":\"SO-1\",\"customer\":\"上海\\u001B[2J\\n=A\",\"quantity\":\"-12.5\"},\n"
                               "{\"order_no\":\"SO-2\",\"customer\":null,\"quantity\":3}\n"
                               "],\n\"total\":2,\n\"rate\":0.954264,\n\"basis\":null}\n");
}

static void test_json_array_alone(void **state)
{
    struct captured captured;
    json_t *document;

    (void)state;
    capture(&captured, OUTPUT_JSON, LANGUAGE_EN, 0);
    assert_int_equal(output_begin(&captured.output, NULL, columns, 3, NULL), 0);
    assert_int_equal(output_object(&captured.output, json_pack("{s:[i]}", "a", 1), NULL), 0);
    assert_int_equal(output_end(&captured.output, NULL, NULL), 0);
    assert_int_equal(fflush(captured.output.stream), 0);
    document = json_loads(captured.text, 0, NULL);
    assert_int_equal(json_array_size(document), 1);
    json_decref(document);
    assert_captured(&captured, "[\n{\"a\":[1]}\n]\n");
}

static void test_empty_json_is_a_document(void **state)
{
    struct captured captured;

    (void)state;
    capture(&captured, OUTPUT_JSON, LANGUAGE_EN, 0);
    assert_int_equal(output_begin(&captured.output, "orders", columns, 3, NULL), 0);
    assert_int_equal(output_end(&captured.output, NULL, NULL), 0);
    assert_captured(&captured, "{\"orders\":[\n]}\n");
}

static void test_json_lines(void **state)
{
    struct captured captured;

    (void)state;
    capture(&captured, OUTPUT_JSONL, LANGUAGE_EN, 0);
    assert_int_equal(output_begin(&captured.output, "x", columns, 3, NULL), 0);
    assert_int_equal(
        output_row(&captured.output, (struct cell[]){cell_day(20458), cell_instant(0), cell_boolean(true)}, NULL), 0);
    assert_int_equal(output_row(&captured.output,
                                (struct cell[]){cell_day(DAYBOOK_DAY_NONE), cell_instant(DAYBOOK_INSTANT_NONE),
                                                cell_real(-19.352287)},
                                NULL),
                     0);
    assert_int_equal(output_end(&captured.output, json_pack("{s:i}", "total", 2), NULL), 0);
    assert_captured(&captured,
                    "{\"order_no\":\"2026-01-05\",\"customer\":\"1970-01-01T00:00:00.000000Z\",\"quantity\":true}\n"
                    "{\"order_no\":null,\"customer\":null,\"quantity\":-19.352287}\n");
}

static void test_documents(void **state)
{
    struct captured captured;

    (void)state;
    capture(&captured, OUTPUT_JSONL, LANGUAGE_EN, 0);
    assert_int_equal(output_document(&captured.output, json_pack("{s:[i,i]}", "a", 1, 2), NULL), 0);
    assert_captured(&captured, "{\"a\":[1,2]}\n");
    capture(&captured, OUTPUT_CSV, LANGUAGE_EN, 0);
    assert_int_equal(output_document(&captured.output, json_object(), NULL), DAYBOOK_USAGE);
    assert_captured(&captured, "");
}

static void test_escapes(void **state)
{
    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"订单 é́ ok", "订单 é́ ok"},
        {"a\x1b]0;x\x07", "a<U+001B>]0;x<U+0007>"},
        {"a\r\nb\nc\rd", "a↵b↵c<U+000D>d"},
        {"a\tb", "a b"},
        {"\xC2\x9B"
         "31m",
         "<U+009B>31m"},
        {"\x7F", "<U+007F>"},
        {"x\xE2\x80\xAEy", "x<U+202E>y"},
        {"\xFF\xC3", "<FF><C3>"},
        {"\xED\xA0\x80", "<ED><A0><80>"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *shown = display_escape((struct daybook_text){cases[i].text, strlen(cases[i].text)});

        assert_string_equal(shown, cases[i].shown);
        free(shown);
    }
}

static void test_full_disk(void **state)
{
    struct output output = {.stream = fopen("/dev/full", "w"), .format = OUTPUT_JSONL};
    struct daybook_error err = {0};

    (void)state;
    assert_non_null(output.stream);
    assert_int_equal(output_print(&output, &err, "SO-%d", 1), 0);
    assert_int_equal(output_flush(&output, &err), DAYBOOK_DISK_FULL);
    assert_false(output.closed);
    assert_int_equal(daybook_code_class(err.code), DAYBOOK_CLASS_ENVIRONMENT);
    fclose(output.stream);
}

static void test_reader_gone(void **state)
{
    struct output output = {.format = OUTPUT_JSONL};
    int ends[2];

    (void)state;
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    output.stream = fdopen(ends[1], "w");
    assert_non_null(output.stream);
    assert_int_equal(output_print(&output, NULL, "SO-1"), 0);
    assert_int_equal(output_flush(&output, NULL), DAYBOOK_IO);
    assert_true(output.closed);
    assert_int_equal(output_print(&output, NULL, "SO-2"), DAYBOOK_IO);
    fclose(output.stream);
}

static void test_progress_line(void **state)
{
    struct progress progress = {.language = LANGUAGE_EN, .label = "Import", .total = 1000};
    char line[200];

    (void)state;
    progress_format(&progress, 500, 2000000, 200, line, sizeof line);
    assert_string_equal(line, "Import  [##########..........]  50%  500/1000  250/s  0:02 left");
    progress_format(&progress, 500, 2000000, 10, line, sizeof line);
    assert_string_equal(line, "Import  [#");
    progress_format(&progress, 1000, 4000000, 200, line, sizeof line);
    assert_string_equal(line, "Import  [####################] 100%  1000/1000  250/s");
    progress.total = 0;
    progress_format(&progress, 500, 2000000, 200, line, sizeof line);
    assert_string_equal(line, "Import  500  250/s");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_table_is_cut_on_a_terminal),
        cmocka_unit_test(test_table_pages_keep_their_widths),
        cmocka_unit_test(test_csv),
        cmocka_unit_test(test_csv_fields),
        cmocka_unit_test(test_json_array_in_an_object),
        cmocka_unit_test(test_json_array_alone),
        cmocka_unit_test(test_empty_json_is_a_document),
        cmocka_unit_test(test_json_lines),
        cmocka_unit_test(test_documents),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_reader_gone),
        cmocka_unit_test(test_progress_line),
    };

    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
