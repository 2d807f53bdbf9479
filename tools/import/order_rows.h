/* The rows of one order while it is being built. */
#ifndef TOOLS_IMPORT_ORDER_ROWS_H
#define TOOLS_IMPORT_ORDER_ROWS_H

#include "tools/import/cells.h"
#include "tools/import/hash_index.h"
#include "tools/import/sheet.h"
#include "tools/import/status_words.h"

/* One row of the order at hand. */
struct row_state {
    struct reading_line line;
    struct daybook_text customer, customer_ref, status_word;
    struct status_meaning status; /* .name NULL: none said */
    size_t table_row;
    int32_t ordered_on;
    bool duplicate; /* equal to an earlier one: not counted */
    bool bad;
};

struct builder {
    struct sheet *sheet;
    struct status_words *words;
    struct daybook_text *cells; /* of the row at hand, with what it takes from the row above */
    struct row_state *states;
    size_t state_count, state_capacity;
    struct daybook_text *notes;
    size_t note_count, note_capacity;
    struct hash_index seen;
    int32_t ordered_on;  /* of the order at hand: its first date that can be read */
    bool has_items;      /* the table has products */
    size_t raised_count; /* orders whose status the dates moved on */
    size_t raised_row;
};

/* Loads the row's cells, with what it takes from the row above if it continues that: rows come in the file's order. */
void order_row_load(struct builder *builder, const struct sheet_row *row);
/* Reads the loaded cells into *state; what cannot be read is rejected and makes it bad. */
void order_row_read(struct builder *builder, struct row_state *state);
/* A date as its column reads; false when it is none. *ret_day may be DAYBOOK_DAY_NONE. */
bool order_row_date(const struct builder *builder, enum field field, struct daybook_text text, int32_t *ret_day);
/* The custom fields of the loaded cells that are the lines', the orders', or both. In the arena. */
const struct reading_field *order_row_fields(struct builder *builder, bool of_lines, bool of_orders,
                                             uint32_t *ret_count);

#endif
