/* Delimited text into cells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tools/import/grid.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Cells in brackets, rows a line each: "[a][b]\n[]\n". */
static void describe(const struct grid *table, size_t first_row, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t row = first_row; row < table->row_count; row++) {
        for (size_t column = 0; column < grid_row_width(table, row); column++) {
            struct daybook_text cell = grid_cell(table, row, column);
            used += (size_t)snprintf(out + used, size - used, "[%.*s]", (int)cell.len, cell.ptr);
        }
        used += (size_t)snprintf(out + used, size - used, "\n");
    }
    assert_true(used < size);
}

static void expect_cells(const char *text, char delimiter, size_t first_row, const char *expected)
{
    struct grid table = {0};
    struct daybook_error error = {0};
    char got[400];

    assert_int_equal(grid_split((struct daybook_text){text, strlen(text)}, delimiter, 0, &table, &error), 0);
    describe(&table, first_row, got, sizeof got);
    assert_string_equal(got, expected);
    grid_free(&table);
}

/* Lines before a file's first quote are split without the parser that the others need: behind a row that is nothing
 * but a quoted cell, each text must come to the same. */
static void test_quotes_elsewhere_change_nothing(void **state)
{
    static const struct {
        const char *text;
        char delimiter;
        const char *cells;
    } cases[] = {
        {"a,b\nc,d\n", ',', "[a][b]\n[c][d]\n"},
        {"a,b\nc,d", ',', "[a][b]\n[c][d]\n"},
        {"a,,\n,b\n", ',', "[a][][]\n[][b]\n"},
        {"a\r\nb\rc\n", ',', "[a]\n[b]\n[c]\n"},
        {"a\n\n\r\n  \t\nb\n", ',', "[a]\n\n\n\n[b]\n"},
        {" a \t,\tb c ,\n", ',', "[a][b c][]\n"},
        {" a\t\t b \n\t\n", '\t', "[a][][b]\n[][]\n"},
        {"1,5;2\n ;\n", ';', "[1,5][2]\n[][]\n"},
        {"'=1+1,''-2,'a, '@x\n", ',', "[=1+1]['-2]['a][@x]\n"},
        {"\xC2\xA0" "a\xE3\x80\x80|b\n", '|', "[a][b]\n"},
        {"a,\n", ',', "[a][]\n"},
        {"a,", ',', "[a][]\n"},
        {"\n", ',', "\n"},
        {"", ',', ""},
        {" ", ',', ""},
        {"a,b\nc,5\" pipe\nd,\"e\nf\"\n", ',', "[a][b]\n[c][5\" pipe]\n[d][e\nf]\n"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char behind_quotes[200];
        snprintf(behind_quotes, sizeof behind_quotes, "\"\"\n%s", cases[i].text);
        expect_cells(cases[i].text, cases[i].delimiter, 0, cases[i].cells);
        expect_cells(behind_quotes, cases[i].delimiter, 1, cases[i].cells);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_quotes_elsewhere_change_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
