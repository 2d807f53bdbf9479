/* What can only be said of a column as a whole: a single 03/04/2025 or 1.200 does not tell what it means. */
#include "tools/import/cells.h"
#include "tools/import/sheet.h"

#include "ledger/text.h"

#include <string.h>

static size_t data_row_count(const struct sheet *sheet)
{
    return sheet->order_rows[sheet->reading->order_count];
}

static bool is_date_column(const struct sheet *sheet, size_t column)
{
    enum field field = sheet->header->columns[column].field;

    return field < FIELD_COUNT && field_is_date(field);
}

/* False when there is nothing to read in the cell. */
static bool scan(const struct sheet *sheet, size_t row, size_t column, struct date_cell *ret)
{
    struct daybook_text cell = grid_cell(sheet->table, sheet->rows[row].table_row, column);

    if (cell_is_absent(cell))
        return false;
    *ret = date_scan(cell);
    return true;
}

/* The orders in which all values of the column that tell anything are dates; 0 when there is none. */
static unsigned orders_of_column(const struct sheet *sheet, size_t column)
{
    unsigned orders = DATE_ORDERS_ALL;
    struct date_cell cell;

    for (size_t row = 0; row < data_row_count(sheet); row++) {
        unsigned possible = scan(sheet, row, column, &cell) ? date_cell_orders(&cell) : 0;
        if (possible != 0)
            orders &= possible;
    }
    return orders;
}

static bool values_differ(const struct sheet *sheet, size_t column, unsigned orders)
{
    struct date_cell cell;

    for (size_t row = 0; row < data_row_count(sheet); row++) {
        int32_t first = DAYBOOK_DAY_NONE;
        if (!scan(sheet, row, column, &cell) || date_cell_orders(&cell) == 0)
            continue;
        for (enum date_order order = DATE_ORDER_YMD; order <= DATE_ORDER_MDY; order++) {
            int32_t day;
            if ((orders & DATE_ORDER_BIT(order)) == 0 || !date_cell_day(&cell, order, NULL, &day))
                continue;
            if (first != DAYBOOK_DAY_NONE && first != day)
                return true;
            first = day;
        }
    }
    return false;
}

static enum date_order lowest_order(unsigned orders)
{
    enum date_order order = DATE_ORDER_YMD;

    while (order < DATE_ORDER_MDY && (orders & DATE_ORDER_BIT(order)) == 0)
        order++;
    return order;
}

static bool is_single(unsigned orders)
{
    return orders != 0 && (orders & (orders - 1)) == 0;
}

static int refuse_columns(struct sheet *sheet, const bool *refused, int code, struct daybook_error *err)
{
    const struct header *header = sheet->header;
    struct daybook_text *columns = arena_alloc(sheet->arena, header->column_count * sizeof *columns);
    char list[300] = "";
    size_t used = 0;
    size_t count = 0;

    if (columns == NULL)
        return daybook_fail(err, DAYBOOK_NO_MEMORY, "Not enough memory to read the table.");
    for (size_t i = 0; i < header->column_count; i++) {
        if (!refused[i])
            continue;
        struct daybook_text name = header->columns[i].header;
        if (used + name.len + 3 < sizeof list) {
            memcpy(list + used, count > 0 ? ", " : "", count > 0 ? 2 : 0);
            used += count > 0 ? 2 : 0;
            memcpy(list + used, name.ptr, name.len);
            used += name.len;
        }
        columns[count++] = name;
    }
    list[used] = '\0';
    sheet->reading->refused_columns = columns;
    sheet->reading->refused_column_count = count;
    if (code == DAYBOOK_MIXED_DATE_ORDER)
        return daybook_fail(
            err, code, "Some dates have the day first, others the month (%s); say which with --date-order dmy or mdy.",
            list);
    return daybook_fail(
        err, code,
        "Nothing tells whether the day or the month comes first (%s); say it with --date-order dmy, mdy or ymd.", list);
}

/* What the columns that need no help agree on; DATE_ORDER_UNKNOWN when they do not, or there are none. */
static enum date_order agreed_order(const struct sheet *sheet, const unsigned *orders)
{
    unsigned agreed = 0;

    for (size_t i = 0; i < sheet->header->column_count; i++)
        if (is_date_column(sheet, i) && is_single(orders[i]))
            agreed |= orders[i];
    return is_single(agreed) ? lowest_order(agreed) : DATE_ORDER_UNKNOWN;
}

static int decide_date_orders(struct sheet *sheet, struct daybook_error *err)
{
    size_t column_count = sheet->header->column_count;
    unsigned *orders = arena_alloc(sheet->arena, column_count * sizeof *orders);
    bool *mixed = arena_alloc(sheet->arena, column_count);
    bool *ambiguous = arena_alloc(sheet->arena, column_count);
    bool any_mixed = false;
    bool any_ambiguous = false;

    if (orders == NULL || mixed == NULL || ambiguous == NULL)
        return daybook_fail(err, DAYBOOK_NO_MEMORY, "Not enough memory to read the table.");
    for (size_t i = 0; i < column_count; i++) {
        if (!is_date_column(sheet, i))
            continue;
        orders[i] = orders_of_column(sheet, i);
        mixed[i] = orders[i] == 0;
        any_mixed |= mixed[i];
    }
    if (any_mixed)
        return refuse_columns(sheet, mixed, DAYBOOK_MIXED_DATE_ORDER, err);
    enum date_order agreed = agreed_order(sheet, orders);
    for (size_t i = 0; i < column_count; i++) {
        if (!is_date_column(sheet, i))
            continue;
        sheet->facts[i].date_order = lowest_order(orders[i]);
        if (is_single(orders[i]))
            continue;
        if (agreed != DATE_ORDER_UNKNOWN && (orders[i] & DATE_ORDER_BIT(agreed)) != 0)
            sheet->facts[i].date_order = agreed;
        else
            ambiguous[i] = values_differ(sheet, i, orders[i]);
        any_ambiguous |= ambiguous[i];
    }
    return any_ambiguous ? refuse_columns(sheet, ambiguous, DAYBOOK_AMBIGUOUS_DATES, err) : 0;
}

static void decide_decimal_mark(struct sheet *sheet, enum field field)
{
    size_t column = sheet->header->column_of[field];
    struct mark_evidence evidence = {0};

    if (column == COLUMN_NONE)
        return;
    for (size_t row = 0; row < data_row_count(sheet); row++)
        quantity_note_mark(grid_cell(sheet->table, sheet->rows[row].table_row, column), &evidence);
    sheet->facts[column].decimal_mark = quantity_mark(evidence, sheet->delimiter);
}

/* Do rows of one order differ in the column? */
static bool differs_within(const struct sheet *sheet, size_t order, size_t column)
{
    size_t first = sheet->order_rows[order];
    struct daybook_text value = grid_cell(sheet->table, sheet->rows[first].table_row, column);

    for (size_t row = first + 1; row < sheet->order_rows[order + 1]; row++) {
        struct daybook_text cell = grid_cell(sheet->table, sheet->rows[row].table_row, column);
        if (!(cell.len == 0 && sheet->rows[row].continues) && !text_equals(cell, value))
            return true;
    }
    return false;
}

static void decide_owner(struct sheet *sheet, size_t column)
{
    for (size_t order = 0; order < sheet->reading->order_count && !sheet->facts[column].of_lines; order++)
        sheet->facts[column].of_lines = differs_within(sheet, order, column);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Adds the years that a title names to *found: 0 = none yet, -1 = several. */
static void note_years(struct daybook_text title, int *found)
{
    for (size_t at = 0; at < title.len;) {
        size_t digits = 0;
        int year = 0;
        for (; at + digits < title.len && is_digit(title.ptr[at + digits]); digits++)
            year = digits < 4 ? year * 10 + (title.ptr[at + digits] - '0') : year;
        at += digits > 0 ? digits : 1;
        if (digits == 4 && year >= 1900 && year <= 2199)
            *found = *found == 0 || *found == year ? year : -1;
    }
}

/* The one year that the titles name, 0 if they name none or several. */
static int title_year(const struct sheet *sheet)
{
    int found = 0;

    for (size_t row = 0; row < sheet->header->row; row++)
        for (size_t column = 0; column < grid_row_width(sheet->table, row); column++)
            note_years(grid_cell(sheet->table, row, column), &found);
    return found > 0 ? found : 0;
}

int sheet_decide_columns(struct sheet *sheet, struct daybook_error *err)
{
    static const enum field quantities[] = {FIELD_QUANTITY, FIELD_SHIPPED_QTY, FIELD_DELIVERED_QTY};
    int code = 0;

    sheet->title_year = title_year(sheet);
    for (size_t i = 0; i < sizeof quantities / sizeof *quantities; i++)
        decide_decimal_mark(sheet, quantities[i]);
    for (size_t i = 0; i < sheet->header->column_count; i++) {
        sheet->facts[i].date_order = sheet->options->date_order;
        if (sheet->header->columns[i].field == FIELD_CUSTOM)
            decide_owner(sheet, i);
    }
    if (sheet->options->date_order == DATE_ORDER_UNKNOWN)
        code = decide_date_orders(sheet, err);
    return code;
}
