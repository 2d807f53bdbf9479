/* What the steps of a reading share: table and header go in, each step adds what it found out. */
#ifndef TOOLS_IMPORT_SHEET_H
#define TOOLS_IMPORT_SHEET_H

#include "tools/import/arena.h"
#include "tools/import/grid.h"
#include "tools/import/reading.h"

/* A row that is data. */
struct sheet_row {
    uint32_t table_row : 31;
    uint32_t continues : 1; /* takes its empty cells from the row above */
};

struct column_facts {
    enum date_order date_order;
    char decimal_mark;
    bool of_lines;
};

struct sheet {
    const struct reading_options *options;
    const struct grid *table;
    const struct header *header;
    char delimiter;
    int title_year; /* 0 = none, or several */
    struct column_facts *facts;

    /* rows of order i: rows[order_rows[i]] .. rows[order_rows[i + 1]] */
    struct sheet_row *rows;
    uint32_t *order_rows;

    struct reading *reading;
    struct arena *arena;
    size_t order_capacity, rejected_capacity, skipped_capacity, doubt_capacity;
    bool out_of_memory; /* sticky; looked at after each step */
};

/* rows.c: sorts rows out and into orders; reading->orders gets order_no alone. */
void sheet_sort_rows(struct sheet *sheet);
/* columns.c: date orders, decimal marks, whose custom fields they are. DAYBOOK_AMBIGUOUS_DATES,
 * DAYBOOK_MIXED_DATE_ORDER. */
int sheet_decide_columns(struct sheet *sheet, struct daybook_error *err);
/* orders.c: fills reading->orders and drops those with a bad row. */
void sheet_build_orders(struct sheet *sheet);

/* column may be COLUMN_NONE. */
void sheet_reject(struct sheet *sheet, size_t table_row, size_t column, struct daybook_text value, const char *reason);
void sheet_skip(struct sheet *sheet, size_t table_row, const char *why);
/* row 0 = the whole file; the texts live in the arena (NULL: out of memory). */
void sheet_doubt(struct sheet *sheet, size_t row, const char *text, const char *text_zh);

/* The cell of a field's first column; the empty text when there is none. */
static inline struct daybook_text sheet_cell(const struct sheet *sheet, size_t table_row, enum field field)
{
    size_t column = sheet->header->column_of[field];

    return column == COLUMN_NONE ? DAYBOOK_TEXT("") : grid_cell(sheet->table, table_row, column);
}

static inline bool sheet_has(const struct sheet *sheet, enum field field)
{
    return sheet->header->column_of[field] != COLUMN_NONE;
}

/* Do two names mean the same: NFKC, case, blanks. */
bool names_equal(struct daybook_text a, struct daybook_text b);
uint64_t name_hash(uint64_t start, struct daybook_text name);

#endif
