/* The rows of one order -> the order, or the reasons why not. An order is all or nothing: one bad line takes it along.
 */
#include "ledger/text.h"
#include "tools/import/order_rows.h"

#include <stdlib.h>
#include <string.h>

static const struct sheet_row *first_row(const struct builder *builder, size_t order)
{
    return &builder->sheet->rows[builder->sheet->order_rows[order]];
}

/* The rest of an order: its number says which. */
static void reject_order_row(struct builder *builder, const struct row_state *state, size_t order, const char *reason)
{
    const struct sheet *sheet = builder->sheet;
    struct daybook_text number = sheet_cell(sheet, state->table_row, FIELD_ORDER_NO);

    if (number.len == 0)
        number = sheet->reading->orders[order].order_no;
    if (number.ptr == NULL)
        number = DAYBOOK_TEXT("");
    sheet_reject(builder->sheet, state->table_row, sheet->header->column_of[FIELD_ORDER_NO], number, reason);
}

static bool rows_equal(const void *context, size_t a, size_t b)
{
    const struct builder *builder = context;
    const struct grid *table = builder->sheet->table;
    size_t row_a = builder->states[a].table_row;
    size_t row_b = builder->states[b].table_row;

    for (size_t i = 0; i < builder->sheet->header->column_count; i++)
        if (!text_equals(grid_cell(table, row_a, i), grid_cell(table, row_b, i)))
            return false;
    return true;
}

static uint64_t row_hash(const struct builder *builder, size_t row)
{
    uint64_t hash = 0;

    for (size_t i = 0; i < builder->sheet->header->column_count; i++) {
        struct daybook_text cell = grid_cell(builder->sheet->table, row, i);
        hash = hash_bytes(hash, cell.ptr, cell.len);
    }
    return hash;
}

static void mark_duplicates(struct builder *builder, size_t order)
{
    if (builder->state_count < 2)
        return;
    if (!hash_index_reset(&builder->seen, builder->state_count)) {
        builder->sheet->out_of_memory = true;
        return;
    }
    for (size_t i = 0; i < builder->state_count; i++) {
        struct row_state *state = &builder->states[i];
        state->duplicate =
            hash_index_add(&builder->seen, row_hash(builder, state->table_row), i, rows_equal, builder) != i;
        if (state->duplicate)
            reject_order_row(builder, state, order, "duplicate-row");
    }
}

static bool fields_equal(const struct reading_line *a, const struct reading_line *b)
{
    if (a->field_count != b->field_count)
        return false;
    for (uint32_t i = 0; i < a->field_count; i++)
        if (a->fields[i].name != b->fields[i].name || !text_equals(a->fields[i].value, b->fields[i].value))
            return false;
    return true;
}

static bool products_equal(const void *context, size_t a, size_t b)
{
    const struct builder *builder = context;
    const struct reading_line *line_a = &builder->states[a].line;
    const struct reading_line *line_b = &builder->states[b].line;

    return names_equal(line_a->code, line_b->code) && names_equal(line_a->name, line_b->name) &&
           fields_equal(line_a, line_b);
}

static bool has_product_twice(struct builder *builder)
{
    if (builder->state_count < 2)
        return false;
    if (!hash_index_reset(&builder->seen, builder->state_count)) {
        builder->sheet->out_of_memory = true;
        return false;
    }
    for (size_t i = 0; i < builder->state_count; i++) {
        const struct row_state *state = &builder->states[i];
        if (state->duplicate || (state->line.code.ptr == NULL && state->line.name.ptr == NULL))
            continue;
        uint64_t hash = name_hash(name_hash(0, state->line.code), state->line.name);
        for (uint32_t j = 0; j < state->line.field_count; j++)
            hash = hash_bytes(hash, state->line.fields[j].value.ptr, state->line.fields[j].value.len);
        if (hash_index_add(&builder->seen, hash, i, products_equal, builder) != i)
            return true;
    }
    return false;
}

/* One number for two customers or two order dates; rows that nothing tells apart. */
static bool contradicts_itself(struct builder *builder)
{
    const struct row_state *first = &builder->states[0];
    struct daybook_text customer = DAYBOOK_TEXT_NONE;

    if (builder->state_count < 2)
        return false;
    for (size_t i = 0; i < builder->state_count; i++) {
        const struct row_state *state = &builder->states[i];
        if (state->customer.ptr != NULL && customer.ptr == NULL)
            customer = state->customer;
        bool other_customer = state->customer.ptr != NULL && !names_equal(state->customer, customer);
        bool other_day = state->ordered_on != DAYBOOK_DAY_NONE && state->ordered_on != builder->ordered_on;
        bool no_line_to_tell = !builder->has_items && !state->duplicate && !fields_equal(&state->line, &first->line);
        if (other_customer || other_day || no_line_to_tell)
            return true;
    }
    return builder->has_items && has_product_twice(builder);
}

static bool notes_equal(const void *context, size_t a, size_t b)
{
    const struct builder *builder = context;

    return text_equals(builder->notes[a], builder->notes[b]);
}

static void add_note(struct builder *builder, struct daybook_text note)
{
    struct daybook_text *notes =
        array_reserve(builder->notes, builder->note_count, &builder->note_capacity, sizeof *notes);

    if (notes == NULL) {
        builder->sheet->out_of_memory = true;
        return;
    }
    builder->notes = notes;
    notes[builder->note_count] = note;
    if (hash_index_add(&builder->seen, hash_bytes(0, note.ptr, note.len), builder->note_count, notes_equal, builder) ==
        builder->note_count)
        builder->note_count++;
}

static void collect_notes(struct builder *builder, struct reading_order *order)
{
    const struct header *header = builder->sheet->header;
    size_t note_columns = 1; /* the status word counts for one */

    for (size_t i = 0; i < header->column_count; i++)
        note_columns += header->columns[i].field == FIELD_NOTE;
    builder->note_count = 0;
    if (!hash_index_reset(&builder->seen, builder->state_count * note_columns)) {
        builder->sheet->out_of_memory = true;
        return;
    }
    for (size_t row = 0; row < builder->state_count; row++) {
        const struct row_state *state = &builder->states[row];
        for (size_t i = 0; note_columns > 1 && i < header->column_count; i++) {
            struct daybook_text cell = grid_cell(builder->sheet->table, state->table_row, i);
            if (header->columns[i].field == FIELD_NOTE && !cell_is_absent(cell))
                add_note(builder, cell);
        }
        if (state->status.name != NULL && state->status.keep_word)
            add_note(builder, state->status_word);
    }
    if (builder->note_count == 0)
        return;
    struct daybook_text *kept = arena_alloc(builder->sheet->arena, builder->note_count * sizeof *kept);
    if (kept == NULL) {
        builder->sheet->out_of_memory = true;
        return;
    }
    memcpy(kept, builder->notes, builder->note_count * sizeof *kept);
    order->notes = kept;
    order->note_count = (uint32_t)builder->note_count;
}

static int32_t later(int32_t a, int32_t b)
{
    return a > b ? a : b; /* DAYBOOK_DAY_NONE is the least */
}

static void aggregate_dates(const struct builder *builder, struct reading_order *order)
{
    bool all_shipped = true;
    bool all_delivered = true;

    order->expected_on = order->requested_on = order->shipped_on = order->delivered_on = DAYBOOK_DAY_NONE;
    for (size_t i = 0; i < builder->state_count; i++) {
        const struct reading_line *line = &builder->states[i].line;
        if (builder->states[i].duplicate)
            continue;
        order->expected_on = later(order->expected_on, line->expected_on);
        order->requested_on = later(order->requested_on, line->requested_on);
        order->shipped_on = later(order->shipped_on, line->shipped_on);
        order->delivered_on = later(order->delivered_on, line->delivered_on);
        all_shipped &= line->shipped_on != DAYBOOK_DAY_NONE;
        all_delivered &= line->delivered_on != DAYBOOK_DAY_NONE;
    }
    if (!all_shipped)
        order->shipped_on = DAYBOOK_DAY_NONE;
    if (!all_delivered)
        order->delivered_on = DAYBOOK_DAY_NONE;
}

static void decide_status(struct builder *builder, struct reading_order *order)
{
    struct status_meaning least = {0};
    bool differ = false;

    for (size_t i = 0; i < builder->state_count; i++) {
        const struct status_meaning *status = &builder->states[i].status;
        if (status->name == NULL)
            continue;
        differ |= least.name != NULL && strcmp(least.name, status->name) != 0;
        if (least.name == NULL || status->rank < least.rank)
            least = *status;
    }
    if (differ)
        sheet_doubt(builder->sheet, order->row,
                    "The lines of this order have different statuses; the least advanced is taken.",
                    "该订单各行状态不同，取进展最慢的。");
    bool stated = least.name != NULL;
    bool not_shipped = !stated || least.rank == STATUS_PENDING || least.rank == STATUS_PROCESSING ||
                       least.rank == STATUS_IN_PRODUCTION;
    bool not_delivered = not_shipped || least.rank == STATUS_SHIPPED;

    order->status = least.name;
    if (not_delivered && order->delivered_on != DAYBOOK_DAY_NONE)
        order->status = "delivered";
    else if (not_shipped && order->shipped_on != DAYBOOK_DAY_NONE)
        order->status = "shipped";
    order->status_from_dates = order->status != least.name;
    if (stated && order->status_from_dates && builder->raised_count++ == 0)
        builder->raised_row = order->row;
}

static void collect_lines(struct builder *builder, struct reading_order *order)
{
    struct reading_line *lines = arena_alloc(builder->sheet->arena, builder->state_count * sizeof *lines);

    if (lines == NULL) {
        builder->sheet->out_of_memory = true;
        return;
    }
    for (size_t i = 0; i < builder->state_count; i++)
        if (!builder->states[i].duplicate)
            lines[order->line_count++] = builder->states[i].line;
    order->lines = lines;
}

static void finish_order(struct builder *builder, size_t index, struct reading_order *order)
{
    order->row = (uint32_t)builder->states[0].table_row + 1;
    order->ordered_on = builder->ordered_on;
    for (size_t i = 0; i < builder->state_count; i++) {
        if (order->customer.ptr == NULL)
            order->customer = builder->states[i].customer;
        if (order->customer_ref.ptr == NULL)
            order->customer_ref = builder->states[i].customer_ref;
    }
    aggregate_dates(builder, order);
    decide_status(builder, order);
    collect_notes(builder, order);
    order_row_load(builder, first_row(builder, index));
    order->fields = order_row_fields(builder, !builder->has_items, true, &order->field_count);
    if (builder->has_items)
        collect_lines(builder, order);
}

/* The order's day, which dates without a year and delays in days count from. */
static void find_ordered_on(struct builder *builder)
{
    builder->ordered_on = DAYBOOK_DAY_NONE;
    for (size_t i = 0; i < builder->state_count && builder->ordered_on == DAYBOOK_DAY_NONE; i++) {
        struct daybook_text cell = sheet_cell(builder->sheet, builder->states[i].table_row, FIELD_ORDERED_ON);
        int32_t day;
        if (!cell_is_absent(cell) && order_row_date(builder, FIELD_ORDERED_ON, cell, &day))
            builder->ordered_on = day;
    }
}

static bool start_order(struct builder *builder, size_t order)
{
    const struct sheet *sheet = builder->sheet;

    builder->state_count = 0;
    for (size_t row = sheet->order_rows[order]; row < sheet->order_rows[order + 1]; row++) {
        struct row_state *states =
            array_reserve(builder->states, builder->state_count, &builder->state_capacity, sizeof *states);
        if (states == NULL)
            return false;
        builder->states = states;
        states[builder->state_count++] =
            (struct row_state){.table_row = sheet->rows[row].table_row, .ordered_on = DAYBOOK_DAY_NONE};
    }
    return true;
}

static void check_customer(struct builder *builder)
{
    bool known = false;

    for (size_t i = 0; i < builder->state_count; i++)
        known |= builder->states[i].customer.ptr != NULL;
    for (size_t i = 0; i < builder->state_count && !known; i++)
        if (!builder->states[i].duplicate && !builder->states[i].bad) {
            sheet_reject(builder->sheet, builder->states[i].table_row,
                         builder->sheet->header->column_of[FIELD_CUSTOMER], DAYBOOK_TEXT(""), "missing-customer");
            builder->states[i].bad = true;
        }
}

/* False when the order is rejected, its rows with their reasons. */
static bool build_order(struct builder *builder, size_t index, struct reading_order *order)
{
    const char *reason = NULL;

    if (!start_order(builder, index)) {
        builder->sheet->out_of_memory = true;
        return false;
    }
    mark_duplicates(builder, index);
    find_ordered_on(builder);
    for (size_t i = 0; i < builder->state_count; i++) {
        order_row_load(builder, first_row(builder, index) + i);
        if (!builder->states[i].duplicate)
            order_row_read(builder, &builder->states[i]);
    }
    check_customer(builder);
    for (size_t i = 0; i < builder->state_count; i++)
        if (builder->states[i].bad)
            reason = "order-incomplete";
    if (contradicts_itself(builder))
        reason = "conflicting-duplicate";
    for (size_t i = 0; reason != NULL && i < builder->state_count; i++)
        if (!builder->states[i].bad && !builder->states[i].duplicate)
            reject_order_row(builder, &builder->states[i], index, reason);
    if (reason == NULL && !builder->sheet->out_of_memory)
        finish_order(builder, index, order);
    return reason == NULL;
}

static void tell_raised(const struct builder *builder)
{
    struct arena *arena = builder->sheet->arena;

    if (builder->raised_count > 0)
        sheet_doubt(
            builder->sheet, builder->raised_row,
            arena_format(
                arena,
                "The dates say more than the status of %zu order(s), this one first: taken as shipped or delivered.",
                builder->raised_count),
            arena_format(arena, "有 %zu 个订单的日期比状态更新，按日期视为已发货或已交付，本行为第一个。",
                         builder->raised_count));
}

void sheet_build_orders(struct sheet *sheet)
{
    struct reading *reading = sheet->reading;
    struct builder builder = {.sheet = sheet};
    size_t kept = 0;

    builder.has_items = sheet_has(sheet, FIELD_PRODUCT) || sheet_has(sheet, FIELD_CODE);
    builder.cells = calloc(sheet->header->column_count + 1, sizeof *builder.cells);
    builder.words = status_words_new(sheet);
    if (builder.cells == NULL || builder.words == NULL)
        sheet->out_of_memory = true;
    for (size_t i = 0; i < reading->order_count && !sheet->out_of_memory; i++) {
        struct reading_order order = {.order_no = reading->orders[i].order_no};
        if (!build_order(&builder, i, &order))
            continue;
        reading->orders[i] = reading->orders[kept];
        reading->orders[kept++] = order;
    }
    reading->dropped_count = reading->order_count - kept;
    reading->order_count = kept;
    tell_raised(&builder);
    status_words_free(builder.words);
    free(builder.cells);
    free(builder.states);
    free(builder.notes);
    hash_index_free(&builder.seen);
}
