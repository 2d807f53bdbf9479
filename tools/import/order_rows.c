/* One row of an order: each cell read by what its column is. */
#include "tools/import/order_rows.h"

#include "ledger/date.h"
#include "ledger/decimal.h"

#include <string.h>

static void reject(struct builder *builder, struct row_state *state, enum field field, const char *reason)
{
    size_t column = builder->sheet->header->column_of[field];
    struct daybook_text value = column != COLUMN_NONE ? builder->cells[column] : DAYBOOK_TEXT("");

    sheet_reject(builder->sheet, state->table_row, column, value, reason);
    state->bad = true;
}

/* What the row says in a field; absent (ptr NULL) when nothing, or nothing but a spreadsheet's error, which is
 * rejected. */
static struct daybook_text take(struct builder *builder, struct row_state *state, enum field field)
{
    size_t column = builder->sheet->header->column_of[field];

    if (column == COLUMN_NONE || cell_is_absent(builder->cells[column]))
        return DAYBOOK_TEXT_NONE;
    if (cell_is_error(builder->cells[column])) {
        reject(builder, state, field, "cell-error");
        return DAYBOOK_TEXT_NONE;
    }
    return builder->cells[column];
}

bool order_row_date(const struct builder *builder, enum field field, struct daybook_text text, int32_t *ret_day)
{
    const struct sheet *sheet = builder->sheet;
    struct date_cell cell = date_scan(text);

    switch (cell.kind) {
    case DATE_ABSENT:
        *ret_day = DAYBOOK_DAY_NONE;
        return true;
    case DATE_KNOWN:
    case DATE_NUMERIC:
        return date_cell_day(&cell, sheet->facts[sheet->header->column_of[field]].date_order, sheet->options->zone,
                             ret_day);
    case DATE_MONTH_DAY:
        if (field == FIELD_ORDERED_ON)
            return sheet->title_year != 0 &&
                   date_from_ymd(sheet->title_year, cell.numbers[0], cell.numbers[1], ret_day);
        return builder->ordered_on != DAYBOOK_DAY_NONE && date_cell_day_after(&cell, builder->ordered_on, ret_day);
    case DATE_AFTER:
        if ((field != FIELD_EXPECTED_ON && field != FIELD_REQUESTED_ON) || builder->ordered_on == DAYBOOK_DAY_NONE ||
            builder->ordered_on > DAYBOOK_DAY_MAX - cell.numbers[0])
            return false;
        *ret_day = builder->ordered_on + cell.numbers[0];
        return true;
    case DATE_BAD:
        break;
    }
    return false;
}

static int32_t take_date(struct builder *builder, struct row_state *state, enum field field)
{
    struct daybook_text text = take(builder, state, field);
    int32_t day = DAYBOOK_DAY_NONE;

    if (text.ptr != NULL && !order_row_date(builder, field, text, &day))
        reject(builder, state, field, "bad-date");
    return day;
}

/* name spec spec …, without those that are absent. */
static struct daybook_text name_with_specs(struct builder *builder, struct daybook_text name)
{
    const struct header *header = builder->sheet->header;

    for (size_t i = 0; sheet_has(builder->sheet, FIELD_SPEC) && i < header->column_count; i++) {
        struct daybook_text spec = builder->cells[i];
        if (header->columns[i].field != FIELD_SPEC || cell_is_absent(spec))
            continue;
        if (name.ptr == NULL) {
            name = spec;
            continue;
        }
        char *both = arena_alloc(builder->sheet->arena, name.len + spec.len + 1);
        if (both == NULL) {
            builder->sheet->out_of_memory = true;
            return name;
        }
        memcpy(both, name.ptr, name.len);
        both[name.len] = ' ';
        memcpy(both + name.len + 1, spec.ptr, spec.len);
        name = (struct daybook_text){both, name.len + spec.len + 1};
    }
    return name;
}

/* A quantity of the line's that may be zero or absent. */
static bool take_partial(struct builder *builder, struct row_state *state, enum field field,
                         struct daybook_decimal *ret)
{
    struct daybook_text text = take(builder, state, field);
    struct daybook_text unit;

    if (text.ptr == NULL)
        return false;
    char mark = builder->sheet->facts[builder->sheet->header->column_of[field]].decimal_mark;
    if (!quantity_read(text, mark, ret, &unit) || ret->mantissa < 0) {
        reject(builder, state, field, "bad-quantity");
        return false;
    }
    if (ret->mantissa > 0 && decimal_compare(*ret, state->line.quantity) > 0 && state->line.quantity.mantissa > 0)
        sheet_doubt(builder->sheet, state->table_row + 1, "More was sent than ordered; kept as written.",
                    "已发或已交数量多于订购数量，按原样保留。");
    return ret->mantissa > 0;
}

static void take_partials(struct builder *builder, struct row_state *state)
{
    struct reading_partial partial = {0};

    partial.has_shipped = take_partial(builder, state, FIELD_SHIPPED_QTY, &partial.shipped);
    partial.has_delivered = take_partial(builder, state, FIELD_DELIVERED_QTY, &partial.delivered);
    if (!partial.has_shipped && !partial.has_delivered)
        return;
    struct reading_partial *kept = arena_alloc(builder->sheet->arena, sizeof *kept);
    if (kept == NULL) {
        builder->sheet->out_of_memory = true;
        return;
    }
    *kept = partial;
    state->line.partial = kept;
}

static void take_item(struct builder *builder, struct row_state *state)
{
    struct reading_line *line = &state->line;
    bool was_bad = state->bad;
    struct daybook_text code = take(builder, state, FIELD_CODE);
    struct daybook_text name = take(builder, state, FIELD_PRODUCT);
    struct daybook_text unit_after = DAYBOOK_TEXT_NONE;

    if (code.ptr == NULL && name.ptr == NULL && state->bad == was_bad)
        reject(builder, state, sheet_has(builder->sheet, FIELD_PRODUCT) ? FIELD_PRODUCT : FIELD_CODE,
               "missing-product");
    line->name = name_with_specs(builder, name);
    line->code = code.ptr != NULL ? code : line->name;

    was_bad = state->bad;
    struct daybook_text quantity = take(builder, state, FIELD_QUANTITY);
    size_t column = builder->sheet->header->column_of[FIELD_QUANTITY];
    if (quantity.ptr == NULL) {
        if (state->bad == was_bad)
            reject(builder, state, FIELD_QUANTITY, "missing-quantity");
    } else if (!quantity_read(quantity, builder->sheet->facts[column].decimal_mark, &line->quantity, &unit_after) ||
               line->quantity.mantissa <= 0) {
        reject(builder, state, FIELD_QUANTITY, "bad-quantity");
    }
    line->unit = sheet_has(builder->sheet, FIELD_UNIT) ? take(builder, state, FIELD_UNIT) : DAYBOOK_TEXT_NONE;
    if (line->unit.ptr == NULL && unit_after.len > 0)
        line->unit = unit_after;
    take_partials(builder, state);
}

static void take_status(struct builder *builder, struct row_state *state)
{
    struct daybook_text word = take(builder, state, FIELD_STATUS);

    if (word.ptr == NULL || cell_is_unticked(word))
        return;
    state->status_word = word;
    if (!status_words_find(builder->words, word, &state->status))
        reject(builder, state, FIELD_STATUS, "unknown-status");
}

/* Custom fields of the lines, or of the order: the values of this row. */
const struct reading_field *order_row_fields(struct builder *builder, bool of_lines, bool of_orders,
                                             uint32_t *ret_count)
{
    const struct header *header = builder->sheet->header;
    struct reading_field *fields = NULL;
    uint32_t count = 0;

    for (int storing = 0; storing < 2; storing++) {
        count = 0;
        for (size_t i = 0; i < header->column_count; i++) {
            bool wanted = builder->sheet->facts[i].of_lines ? of_lines : of_orders;
            if (header->columns[i].field != FIELD_CUSTOM || !wanted || cell_is_absent(builder->cells[i]))
                continue;
            if (storing)
                fields[count] = (struct reading_field){header->columns[i].custom_name, builder->cells[i]};
            count++;
        }
        if (count == 0)
            break;
        if (!storing && (fields = arena_alloc(builder->sheet->arena, count * sizeof *fields)) == NULL) {
            builder->sheet->out_of_memory = true;
            count = 0;
            break;
        }
    }
    *ret_count = count;
    return fields;
}

static void check_dates(struct builder *builder, struct row_state *state)
{
    const struct reading_line *line = &state->line;

    if (builder->ordered_on != DAYBOOK_DAY_NONE) {
        if (line->shipped_on != DAYBOOK_DAY_NONE && line->shipped_on < builder->ordered_on)
            reject(builder, state, FIELD_SHIPPED_ON, "dates-out-of-order");
        if (line->delivered_on != DAYBOOK_DAY_NONE && line->delivered_on < builder->ordered_on)
            reject(builder, state, FIELD_DELIVERED_ON, "dates-out-of-order");
        if (line->expected_on != DAYBOOK_DAY_NONE && line->expected_on < builder->ordered_on)
            sheet_doubt(builder->sheet, state->table_row + 1, "It was promised for a day before it was ordered.",
                        "预计交货日期早于订单日期。");
    }
    if (state->status.name != NULL && state->status.rank == STATUS_CANCELLED && line->delivered_on != DAYBOOK_DAY_NONE)
        reject(builder, state, FIELD_STATUS, "status-contradicts-dates");
}

/* What a row leaves empty and continues, it takes from the row above: not its own number, product and quantity, nor
 * notes. */
static bool is_taken_over(enum field field)
{
    return field == FIELD_CUSTOM || field == FIELD_STATUS || field == FIELD_CUSTOMER || field == FIELD_CUSTOMER_REF ||
           (field < FIELD_COUNT && field_is_date(field));
}

void order_row_load(struct builder *builder, const struct sheet_row *row)
{
    const struct header *header = builder->sheet->header;

    for (size_t i = 0; i < header->column_count; i++) {
        struct daybook_text cell = grid_cell(builder->sheet->table, row->table_row, i);
        if (cell.len > 0 || !row->continues || !is_taken_over(header->columns[i].field))
            builder->cells[i] = cell;
    }
}

void order_row_read(struct builder *builder, struct row_state *state)
{
    state->customer = take(builder, state, FIELD_CUSTOMER);
    state->customer_ref = take(builder, state, FIELD_CUSTOMER_REF);
    state->line.row = (uint32_t)state->table_row + 1;
    if (builder->has_items)
        take_item(builder, state);
    state->ordered_on = take_date(builder, state, FIELD_ORDERED_ON);
    state->line.expected_on = take_date(builder, state, FIELD_EXPECTED_ON);
    state->line.requested_on = take_date(builder, state, FIELD_REQUESTED_ON);
    state->line.shipped_on = take_date(builder, state, FIELD_SHIPPED_ON);
    state->line.delivered_on = take_date(builder, state, FIELD_DELIVERED_ON);
    take_status(builder, state);
    if (!state->bad)
        check_dates(builder, state);
    state->line.fields = order_row_fields(builder, true, false, &state->line.field_count);
}
