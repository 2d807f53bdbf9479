/* Which rows are orders at all, and which belong together. */
#include "ledger/text.h"
#include "tools/import/cells.h"
#include "tools/import/hash_index.h"
#include "tools/import/sheet.h"
#include "tools/import/words.h"

#include <stdlib.h>
#include <string.h>

enum { ORDER_NONE = UINT32_MAX };

/* The row above, for one that continues it. */
struct sorter {
    struct sheet *sheet;
    struct sheet_row *rows; /* in the file's order */
    uint32_t *orders;       /* the order of each */
    size_t row_count;
    struct hash_index numbers;
    bool can_continue;            /* no blank row, total or footer since */
    uint32_t above;               /* its order; ORDER_NONE when it was rejected */
    struct daybook_text customer; /* its customer */
};

static struct daybook_text first_cell(const struct sheet *sheet, size_t row, size_t *ret_column)
{
    for (size_t column = 0; column < sheet->header->column_count; column++) {
        struct daybook_text cell = grid_cell(sheet->table, row, column);
        if (cell.len > 0) {
            *ret_column = column;
            return cell;
        }
    }
    *ret_column = COLUMN_NONE;
    return DAYBOOK_TEXT("");
}

/* Nothing in a known column but a status or a box that nobody ticked. */
static bool is_blank(const struct sheet *sheet, size_t row)
{
    const struct header *header = sheet->header;

    for (size_t column = 0; column < header->column_count; column++) {
        struct daybook_text cell = grid_cell(sheet->table, row, column);
        enum field field = header->columns[column].field;
        if (cell.len > 0 && field < FIELD_COUNT && field != FIELD_STATUS && !cell_is_unticked(cell))
            return false;
    }
    return true;
}

/* The header once more, as on each page of a printed list. */
static bool is_header_again(const struct sheet *sheet, size_t row)
{
    const struct header *header = sheet->header;

    for (size_t column = 0; column < header->column_count; column++)
        if (header->columns[column].field < FIELD_COUNT &&
            !text_equals(grid_cell(sheet->table, row, column), header->columns[column].header))
            return false;
    return true;
}

/* 计 or 計; both begin with a byte that few cells have. */
static bool contains_chinese_sum(struct daybook_text text)
{
    return text.len > 0 && memchr(text.ptr, '\xE8', text.len) != NULL &&
           (memmem(text.ptr, text.len, "计", strlen("计")) != NULL ||
            memmem(text.ptr, text.len, "計", strlen("計")) != NULL);
}

static bool contains_any_case(struct daybook_text text, const char *lower)
{
    size_t len = strlen(lower);

    for (size_t i = 0; i + len <= text.len; i++) {
        size_t same = 0;
        while (same < len && (text.ptr[i + same] | 0x20) == lower[same])
            same++;
        if (same == len)
            return true;
    }
    return false;
}

static bool starts_with(const char *string, const char *start)
{
    return strncmp(string, start, strlen(start)) == 0;
}

/* 合计, 本页小计, 合计：12 are totals; a 小计算器 is a thing to buy. */
static bool is_chinese_total(const char *joined)
{
    static const char *const totals[] = {"合计", "总计", "小计"};
    static const char *const after[] = {"金额", "数量", "大写", "人民币"};
    size_t len = strlen(joined);

    for (size_t i = 0; i < sizeof totals / sizeof *totals; i++) {
        size_t total_len = strlen(totals[i]);
        if (len < total_len)
            continue;
        if (strcmp(joined + len - total_len, totals[i]) == 0)
            return true;
        if (!starts_with(joined, totals[i]))
            continue;
        const char *rest = joined + total_len;
        if ((unsigned char)*rest < 0x80)
            return true;
        for (size_t j = 0; j < sizeof after / sizeof *after; j++)
            if (starts_with(rest, after[j]))
                return true;
    }
    return false;
}

static bool is_english_total(const struct words *words)
{
    static const char *const totals[] = {"total", "totals", "sum", "subtotal", NULL};
    static const char *const beside[] = {"grand",    "sub",    "summe",   "gesamt", "of",     "all",   "page", "qty",
                                         "quantity", "amount", "overall", "order",  "orders", "items", NULL};
    bool has_total = false;

    for (unsigned i = 0; i < words->count; i++) {
        bool total = false;
        bool allowed = words->bytes[words->starts[i]] >= '0' && words->bytes[words->starts[i]] <= '9';
        for (size_t j = 0; totals[j] != NULL; j++)
            total |= words_word_is(words, i, totals[j]);
        for (size_t j = 0; beside[j] != NULL; j++)
            allowed |= words_word_is(words, i, beside[j]);
        if (!total && !allowed)
            return false;
        has_total |= total;
    }
    return has_total;
}

static bool says_total(struct daybook_text cell)
{
    struct words words;

    bool chinese = contains_chinese_sum(cell);
    bool english = contains_any_case(cell, "total") || contains_any_case(cell, "sum");
    if ((!chinese && !english) || !words_read(cell, &words))
        return false;
    return (chinese && is_chinese_total(words.bytes)) || (english && is_english_total(&words));
}

static bool has_value(struct daybook_text cell)
{
    return !cell_is_absent(cell);
}

static bool has_date(const struct sheet *sheet, size_t row, size_t but_column)
{
    for (size_t column = 0; column < sheet->header->column_count; column++) {
        struct daybook_text cell = grid_cell(sheet->table, row, column);
        enum field field = sheet->header->columns[column].field;
        if (column != but_column && field < FIELD_COUNT && field_is_date(field) && has_value(cell) &&
            date_scan(cell).kind > DATE_ABSENT)
            return true;
    }
    return false;
}

static bool is_total(const struct sheet *sheet, size_t row)
{
    struct daybook_text number = sheet_cell(sheet, row, FIELD_ORDER_NO);
    bool total = false;
    size_t first;

    if (has_value(number) && !says_total(number))
        return false;
    first_cell(sheet, row, &first);
    for (size_t column = 0; column < sheet->header->column_count && !total; column++) {
        enum field field = sheet->header->columns[column].field;
        if (column == first || (field < FIELD_COUNT && field != FIELD_NOTE))
            total = says_total(grid_cell(sheet->table, row, column));
    }
    return total && !has_date(sheet, row, COLUMN_NONE);
}

/* 制表人：王敏, 说明：…: a line of words under the table. */
static bool is_footer(const struct sheet *sheet, size_t row)
{
    static const char *const starts[] = {"制表", "审核",       "签字",       "制单",      "复核",     "核准",
                                         "批准", "preparedby", "approvedby", "checkedby", "signature"};
    static const char *const with_colon[] = {"注", "说明", "备注", "附注", "note", "notes", "remark", "remarks"};
    static const enum field telling[] = {FIELD_CUSTOMER, FIELD_CODE, FIELD_PRODUCT, FIELD_QUANTITY};
    struct words words;
    size_t first;
    struct daybook_text cell = first_cell(sheet, row, &first);
    struct daybook_text before_colon = cell;

    for (size_t i = 0; i < sizeof telling / sizeof *telling; i++)
        if (sheet->header->column_of[telling[i]] != first && has_value(sheet_cell(sheet, row, telling[i])))
            return false;
    if (has_date(sheet, row, first))
        return false;

    size_t colon = 0;
    while (colon < cell.len && cell.ptr[colon] != ':' &&
           strncmp(cell.ptr + colon, "：", cell.len - colon < 3 ? cell.len - colon : 3) != 0)
        colon++;
    before_colon.len = colon;
    if (before_colon.len > 60)
        before_colon.len = 0;
    if (words_read(before_colon, &words)) {
        for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
            if (starts_with(words.bytes, starts[i]))
                return true;
        for (size_t i = 0; colon < cell.len && i < sizeof with_colon / sizeof *with_colon; i++)
            if (strcmp(words.bytes, with_colon[i]) == 0)
                return true;
    }
    return false;
}

/* Why the row is no data; NULL when it is. */
static const char *why_skipped(const struct sheet *sheet, size_t row)
{
    if (is_blank(sheet, row))
        return "blank";
    if (is_header_again(sheet, row))
        return "repeated header";
    if (is_total(sheet, row))
        return "total";
    return is_footer(sheet, row) ? "footer" : NULL;
}

static bool numbers_equal(const void *context, size_t a, size_t b)
{
    const struct reading *reading = context;

    return text_equals(reading->orders[a].order_no, reading->orders[b].order_no);
}

/* The index of a new last order, or ORDER_NONE when out of memory. */
static uint32_t add_order(struct sorter *sorter, struct daybook_text number)
{
    struct reading *reading = sorter->sheet->reading;
    struct reading_order *orders =
        array_reserve(reading->orders, reading->order_count, &sorter->sheet->order_capacity, sizeof *orders);

    if (orders == NULL) {
        sorter->sheet->out_of_memory = true;
        return ORDER_NONE;
    }
    reading->orders = orders;
    orders[reading->order_count] = (struct reading_order){.order_no = number};
    return (uint32_t)reading->order_count++;
}

/* Order numbers are kept as NFKC; plain ASCII is that already. */
static struct daybook_text normal_number(struct sorter *sorter, struct daybook_text cell)
{
    size_t len = 0;
    bool ascii = true;

    for (size_t i = 0; i < cell.len; i++)
        ascii &= (unsigned char)cell.ptr[i] < 0x80;
    if (ascii)
        return cell;
    char *normal = text_nfkc(cell, &len);
    char *kept = normal != NULL ? arena_string(sorter->sheet->arena, (struct daybook_text){normal, len}) : NULL;
    free(normal);
    sorter->sheet->out_of_memory |= kept == NULL;
    return kept != NULL ? (struct daybook_text){kept, len} : cell;
}

static uint32_t order_of_number(struct sorter *sorter, struct daybook_text cell)
{
    struct reading *reading = sorter->sheet->reading;
    struct daybook_text number = normal_number(sorter, cell);

    if (sorter->can_continue && sorter->above != ORDER_NONE &&
        text_equals(reading->orders[sorter->above].order_no, number))
        return sorter->above;
    uint32_t order = add_order(sorter, number);
    if (order == ORDER_NONE)
        return ORDER_NONE;
    size_t found =
        hash_index_add(&sorter->numbers, hash_bytes(0, number.ptr, number.len), order, numbers_equal, reading);
    if (found != order)
        reading->order_count--;
    return (uint32_t)found;
}

/* The order of a row without a number, which may continue the row above; ORDER_NONE after rejecting it. */
static uint32_t order_without_number(struct sorter *sorter, size_t row, bool *continues)
{
    struct sheet *sheet = sorter->sheet;
    struct daybook_text customer = sheet_cell(sheet, row, FIELD_CUSTOMER);
    bool has_customer = has_value(customer);
    bool has_product =
        has_value(sheet_cell(sheet, row, FIELD_PRODUCT)) || has_value(sheet_cell(sheet, row, FIELD_CODE));
    bool auto_number = sheet->options->auto_number;
    bool same_customer = !has_customer || (!auto_number && names_equal(customer, sorter->customer));

    *continues = sorter->can_continue && has_product && same_customer;
    if (*continues && sorter->above != ORDER_NONE)
        return sorter->above;
    if (auto_number && has_customer)
        return add_order(sorter, DAYBOOK_TEXT_NONE);
    enum field missing = auto_number ? FIELD_CUSTOMER : FIELD_ORDER_NO;
    sheet_reject(sheet, row, sheet->header->column_of[missing], sheet_cell(sheet, row, missing),
                 auto_number ? "missing-customer" : "missing-order-no");
    return ORDER_NONE;
}

static void sort_row(struct sorter *sorter, size_t row)
{
    struct sheet *sheet = sorter->sheet;
    struct daybook_text number = sheet_cell(sheet, row, FIELD_ORDER_NO);
    struct daybook_text customer = sheet_cell(sheet, row, FIELD_CUSTOMER);
    bool continues = false;
    uint32_t order = ORDER_NONE;

    sheet->reading->rows++;
    if (cell_is_error(number))
        sheet_reject(sheet, row, sheet->header->column_of[FIELD_ORDER_NO], number, "cell-error");
    else if (has_value(number))
        order = order_of_number(sorter, number);
    else
        order = order_without_number(sorter, row, &continues);
    sorter->above = order;
    sorter->can_continue = true;
    if (!continues || has_value(customer))
        sorter->customer = customer;
    if (order == ORDER_NONE)
        return;
    sorter->rows[sorter->row_count] =
        (struct sheet_row){.table_row = (uint32_t)row & INT32_MAX, .continues = continues};
    sorter->orders[sorter->row_count++] = order;
}

/* A counting sort: rows of one order side by side, in the file's order. */
static bool group(struct sorter *sorter)
{
    struct sheet *sheet = sorter->sheet;
    size_t order_count = sheet->reading->order_count;
    uint32_t *starts = calloc(order_count + 2, sizeof *starts);
    struct sheet_row *grouped = calloc(sorter->row_count + 1, sizeof *grouped);

    if (starts == NULL || grouped == NULL) {
        free(starts);
        free(grouped);
        return false;
    }
    for (size_t i = 0; i < sorter->row_count; i++)
        starts[sorter->orders[i] + 2]++;
    for (size_t i = 2; i < order_count + 2; i++)
        starts[i] += starts[i - 1];
    for (size_t i = 0; i < sorter->row_count; i++)
        grouped[starts[sorter->orders[i] + 1]++] = sorter->rows[i];
    sheet->rows = grouped;
    sheet->order_rows = starts;
    return true;
}

void sheet_sort_rows(struct sheet *sheet)
{
    size_t row_count = sheet->table->row_count;
    struct sorter sorter = {.sheet = sheet, .above = ORDER_NONE};

    sorter.rows = calloc(row_count + 1, sizeof *sorter.rows);
    sorter.orders = calloc(row_count + 1, sizeof *sorter.orders);
    if (sorter.rows == NULL || sorter.orders == NULL || !hash_index_reset(&sorter.numbers, row_count))
        sheet->out_of_memory = true;
    for (size_t row = 0; row < sheet->header->row && !sheet->out_of_memory; row++) {
        size_t first;
        sheet_skip(sheet, row, first_cell(sheet, row, &first).len > 0 ? "title" : "blank");
    }
    for (size_t row = sheet->header->row + 1; row < row_count && !sheet->out_of_memory; row++) {
        const char *why = why_skipped(sheet, row);
        if (why == NULL) {
            sort_row(&sorter, row);
            continue;
        }
        sheet_skip(sheet, row, why);
        if (strcmp(why, "repeated header") != 0)
            sorter.can_continue = false;
    }
    if (!sheet->out_of_memory && !group(&sorter))
        sheet->out_of_memory = true;
    free(sorter.rows);
    free(sorter.orders);
    hash_index_free(&sorter.numbers);
}
