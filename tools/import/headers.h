/* Which row is the header, and what each of its columns is. */
#ifndef TOOLS_IMPORT_HEADERS_H
#define TOOLS_IMPORT_HEADERS_H

#include "daybook/error.h"
#include "tools/import/arena.h"
#include "tools/import/grid.h"

/* The one list of fields: X(NAME, "name for --map"). */
#define READING_FIELDS(X)                                                                                              \
    X(ORDER_NO, "order_no")                                                                                            \
    X(CUSTOMER, "customer")                                                                                            \
    X(CODE, "code")                                                                                                    \
    X(PRODUCT, "product")                                                                                              \
    X(SPEC, "spec")                                                                                                    \
    X(QUANTITY, "quantity")                                                                                            \
    X(UNIT, "unit")                                                                                                    \
    X(SHIPPED_QTY, "shipped_qty")                                                                                      \
    X(DELIVERED_QTY, "delivered_qty")                                                                                  \
    X(CUSTOMER_REF, "customer_ref")                                                                                    \
    X(REQUESTED_ON, "requested_on")                                                                                    \
    X(ORDERED_ON, "ordered_on")                                                                                        \
    X(EXPECTED_ON, "expected_on")                                                                                      \
    X(SHIPPED_ON, "shipped_on")                                                                                        \
    X(DELIVERED_ON, "delivered_on")                                                                                    \
    X(STATUS, "status")                                                                                                \
    X(NOTE, "note")

enum field {
#define X(name, text) FIELD_##name,
    READING_FIELDS(X)
#undef X
        FIELD_COUNT,
    FIELD_CUSTOM = FIELD_COUNT,
    FIELD_NONE, /* left out */
};
const char *field_name(enum field field); /* field < FIELD_COUNT */
bool field_is_date(enum field field);

struct reading_map {
    const char *column; /* a header, compared as headers are */
    const char *field;  /* a field's name, "field:NAME", "-" */
};

struct header_options {
    const struct reading_map *maps;
    size_t map_count;
    bool no_fields;   /* custom fields are left out */
    bool auto_number; /* no order number is needed */
};

struct header_column {
    struct daybook_text header; /* as written */
    enum field field;
    const char *custom_name; /* FIELD_CUSTOM */
    const char *why;         /* FIELD_NONE: a phrase that says why it is left out */
};

#define COLUMN_NONE SIZE_MAX
struct header {
    size_t row;
    struct header_column *columns;
    size_t column_count;
    size_t column_of[FIELD_COUNT]; /* the first column of a field, or COLUMN_NONE; only spec and note have several */
};

/* How well the table's best row would do as a header; 0 when none has two known headers. Higher is better. */
unsigned header_score(const struct grid *table, const struct header_options *options, size_t *ret_row);
/* What each column of that row is. The arrays live in the arena, the headers' text in the table.
 * DAYBOOK_USAGE (a map that names no field), DAYBOOK_NO_COLUMN (a map that names no column; no order number, customer
 * or quantity: *ret is filled all the same, to be shown), DAYBOOK_NO_MEMORY. */
int header_read(const struct grid *table, size_t row, const struct header_options *options, struct arena *arena,
                struct header *ret, struct daybook_error *err);

#endif
