/* Why not lines and split(): quotes, newlines within them, CR-only files. libcsv knows those; what it hides is put
 * right here: it drops blank lines unless CSV_REPALL_NL is set, and then tells the CR and the LF of one CRLF apart. It
 * reports an open quote only in its strict mode, which would also refuse 5" pipe: so that is set for the end alone.
 *
 * Where there is no quote there is nothing to know: the lines before the first one are split here, at a third of the
 * price, to the same cells. */
#include "tools/import/grid.h"

#include "ledger/text.h"
#include "tools/import/arena.h"

#include <csv.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct splitter {
    struct grid *table;
    size_t text_len;
    bool row_has_cells, after_cr;
    int code; /* the first failure; nothing is added after it */
};

static struct daybook_text without_formula_guard(struct daybook_text cell)
{
    size_t quotes = 0;

    while (quotes < cell.len && cell.ptr[quotes] == '\'')
        quotes++;
    if (quotes == 0 || quotes == cell.len || memchr("=+-@\t\r", cell.ptr[quotes], 6) == NULL)
        return cell;
    return (struct daybook_text){cell.ptr + 1, cell.len - 1};
}

static bool is_plain(char c)
{
    return c > ' ' && c < 0x7F;
}

static struct daybook_text trim(struct daybook_text cell)
{
    if (cell.len == 0 || (is_plain(cell.ptr[0]) && is_plain(cell.ptr[cell.len - 1])))
        return cell;
    return text_trim(cell);
}

static void add_cell(void *content, size_t len, void *context)
{
    struct splitter *splitter = context;
    struct grid *table = splitter->table;
    struct daybook_text cell = trim(without_formula_guard((struct daybook_text){content, len}));

    splitter->after_cr = false;
    splitter->row_has_cells = true;
    if (splitter->code != 0)
        return;
    if (table->cell_count >= GRID_CELLS_MAX || table->cell_count - table->rows[table->row_count] >= GRID_COLUMNS_MAX) {
        splitter->code = DAYBOOK_TOO_LARGE;
        return;
    }
    uint32_t *cells = array_reserve(table->cells, table->cell_count + 1, &table->cell_capacity, sizeof *cells);
    if (cells == NULL) {
        splitter->code = DAYBOOK_NO_MEMORY;
        return;
    }
    table->cells = cells;
    if (cell.len > 0)
        memcpy(table->text + splitter->text_len, cell.ptr, cell.len);
    splitter->text_len += cell.len;
    cells[++table->cell_count] = (uint32_t)splitter->text_len;
}

static void end_row(int terminator, void *context)
{
    struct splitter *splitter = context;
    struct grid *table = splitter->table;
    bool second_half_of_crlf = terminator == '\n' && splitter->after_cr && !splitter->row_has_cells;

    splitter->after_cr = terminator == '\r';
    splitter->row_has_cells = false;
    if (second_half_of_crlf || splitter->code != 0)
        return;
    uint32_t *rows = array_reserve(table->rows, table->row_count + 1, &table->row_capacity, sizeof *rows);
    if (rows == NULL) {
        splitter->code = DAYBOOK_NO_MEMORY;
        return;
    }
    table->rows = rows;
    rows[++table->row_count] = (uint32_t)table->cell_count;
    size_t width = grid_row_width(table, table->row_count - 1);
    if (width > table->column_count)
        table->column_count = width;
}

/* As libcsv does: spaces and tabs around a cell are none of it. */
static void add_plain_cell(struct splitter *splitter, const char *start, const char *end, char delimiter, bool ends_row)
{
    while (start < end && (*start == ' ' || *start == '\t') && *start != delimiter)
        start++;
    while (start < end && (end[-1] == ' ' || end[-1] == '\t') && end[-1] != delimiter)
        end--;
    if (start < end || !ends_row || splitter->row_has_cells)
        add_cell((void *)(uintptr_t)start, (size_t)(end - start), splitter);
}

/* How much of the text was split: whole lines, all before the first quote. */
static size_t split_plain(struct splitter *splitter, struct daybook_text text, char delimiter)
{
    const char *quote = text.len ? memchr(text.ptr, '"', text.len) : NULL;
    const char *end = quote != NULL ? quote : text.ptr + text.len, *start = text.ptr;
    bool ends_cell[UCHAR_MAX + 1] = {['\n'] = true, ['\r'] = true};

    ends_cell[(unsigned char)delimiter] = true;
    while (end > text.ptr && end[-1] != '\n' && end[-1] != '\r')
        end--;
    for (const char *at = text.ptr; at < end && splitter->code == 0; at++) {
        if (!ends_cell[(unsigned char)*at])
            continue;
        add_plain_cell(splitter, start, at, delimiter, *at != delimiter);
        if (*at != delimiter)
            end_row(*at, splitter);
        start = at + 1;
    }
    return (size_t)(end - text.ptr);
}

/* A limited reading feeds small pieces, since libcsv cannot be stopped within one. */
static int feed(struct splitter *splitter, struct daybook_text text, char delimiter, size_t row_max)
{
    enum { WHOLE_PIECE = 1 << 20, LIMITED_PIECE = 1 << 12, CELL_STEP = 1 << 16 };
    size_t piece = row_max == 0 ? WHOLE_PIECE : LIMITED_PIECE;
    struct csv_parser parser;
    bool stopped = false;
    size_t plain = row_max == 0 ? split_plain(splitter, text, delimiter) : 0;

    if (csv_init(&parser, CSV_REPALL_NL) != 0)
        return DAYBOOK_NO_MEMORY;
    csv_set_delim(&parser, (unsigned char)delimiter);
    csv_set_blk_size(&parser, CELL_STEP);
    for (size_t at = plain; at < text.len && splitter->code == 0 && !stopped; at += piece) {
        size_t len = text.len - at < piece ? text.len - at : piece;
        if (csv_parse(&parser, text.ptr + at, len, add_cell, end_row, splitter) != len)
            splitter->code = DAYBOOK_NO_MEMORY;
        stopped = row_max != 0 && splitter->table->row_count >= row_max;
    }
    csv_set_opts(&parser, CSV_REPALL_NL | CSV_STRICT | CSV_STRICT_FINI);
    if (splitter->code == 0 && !stopped && csv_fini(&parser, add_cell, end_row, splitter) != 0 && row_max == 0)
        splitter->code = DAYBOOK_BAD_CSV;
    csv_free(&parser);
    return splitter->code;
}

int grid_split(struct daybook_text text, char delimiter, size_t row_max, struct grid *ret, struct daybook_error *err)
{
    enum { START = 64 };
    struct grid table = {.cell_capacity = START, .row_capacity = START};
    struct splitter splitter = {.table = &table};
    int code = 0;

    table.text = malloc(text.len + 1); /* cells are never longer than what they were read from */
    table.cells = calloc(START, sizeof *table.cells);
    table.rows = calloc(START, sizeof *table.rows);
    if (table.text == NULL || table.cells == NULL || table.rows == NULL)
        code = DAYBOOK_NO_MEMORY;
    else
        code = feed(&splitter, text, delimiter, row_max);
    if (code == 0) {
        if (row_max != 0 && table.row_count > row_max)
            table.row_count = row_max;
        *ret = table;
        return 0;
    }
    size_t row = table.row_count + 1;
    grid_free(&table);
    if (code == DAYBOOK_BAD_CSV)
        return daybook_fail(
            err, code, "The last row, %zu, has an opening quote (\") that is never closed; correct the file.", row);
    if (code == DAYBOOK_TOO_LARGE)
        return daybook_fail(err, code,
                            "The table is too large at row %zu (at most %d cells, %d in a row); split the file.", row,
                            GRID_CELLS_MAX, GRID_COLUMNS_MAX);
    return daybook_fail(err, code, "Not enough memory for the table.");
}

void grid_free(struct grid *table)
{
    free(table->text);
    free(table->cells);
    free(table->rows);
    *table = (struct grid){0};
}
