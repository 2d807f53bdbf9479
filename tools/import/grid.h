/* Delimited text -> rows of cells, compact: four bytes a cell beside its text.
 *
 *     text    |SO-1|Chai|12|SO-2|...        cells lie one behind the other, trimmed
 *     cells   0    4    8  10   14          where each starts; one more for the end
 *     rows    0              3              the first cell of each; one more for the end
 *
 * Row i is row i + 1 of a spreadsheet: blank lines are rows without cells, newlines within quotes are none. */
#ifndef TOOLS_IMPORT_GRID_H
#define TOOLS_IMPORT_GRID_H

#include "daybook/error.h"
#include "daybook/value.h"

enum {
    GRID_CELLS_MAX = 1 << 28,
    GRID_COLUMNS_MAX = 16384,
};

struct grid {
    char *text;
    uint32_t *cells, *rows;
    size_t cell_count, row_count;
    size_t cell_capacity, row_capacity;
    size_t column_count; /* cells of the widest row */
};

/* Splits UTF-8 text at `delimiter`; at most row_max rows are read (0 = all). The guard against formulas is taken off:
 * one ' before text that starts, after any more ', with = + - @ tab or CR. DAYBOOK_BAD_CSV when a quote stays open (not
 * when row_max ends the reading), DAYBOOK_TOO_LARGE, DAYBOOK_NO_MEMORY. */
int grid_split(struct daybook_text text, char delimiter, size_t row_max, struct grid *ret, struct daybook_error *err);
void grid_free(struct grid *table);

static inline size_t grid_row_width(const struct grid *table, size_t row)
{
    return table->rows[row + 1] - table->rows[row];
}

/* The empty text beyond the row's end. Valid as long as the table. */
static inline struct daybook_text grid_cell(const struct grid *table, size_t row, size_t column)
{
    if (column >= grid_row_width(table, row))
        return DAYBOOK_TEXT("");
    size_t cell = table->rows[row] + column;
    return (struct daybook_text){table->text + table->cells[cell], table->cells[cell + 1] - table->cells[cell]};
}

#endif
