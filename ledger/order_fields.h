/* The state of an order as a flat list of named values, so that two states can be compared field by field:
 * from -> to in history, blame, diff and imports. */
#ifndef LEDGER_ORDER_FIELDS_H
#define LEDGER_ORDER_FIELDS_H

#include "ledger/order.h"

enum order_value_kind {
    ORDER_VALUE_NONE,
    ORDER_VALUE_TEXT,
    ORDER_VALUE_DAY,
    ORDER_VALUE_DECIMAL,
    ORDER_VALUE_CUSTOMER, /* ordinal */
    ORDER_VALUE_PRODUCT,  /* ordinal */
    ORDER_VALUE_PERSONAL, /* (seq, slot) */
};

struct order_value {
    enum order_value_kind kind;
    struct daybook_text text;
    int32_t day;
    struct daybook_decimal decimal;
    uint32_t ordinal;
    uint64_t seq;
    uint16_t slot;
    const uint8_t *commitment;
};

/* A field's identity. `id` orders the list and names the field; line, own and note tell lines, own fields and
 * notes apart. */
struct order_field {
    enum order_field_id {
        ORDER_FIELD_STATUS,
        ORDER_FIELD_CUSTOMER,
        ORDER_FIELD_CUSTOMER_REF,
        ORDER_FIELD_PRIORITY,
        ORDER_FIELD_ORDERED_ON,
        ORDER_FIELD_EXPECTED_ON,
        ORDER_FIELD_FIRST_EXPECTED_ON,
        ORDER_FIELD_REQUESTED_ON,
        ORDER_FIELD_SHIPPED_ON,
        ORDER_FIELD_DELIVERED_ON,
        ORDER_FIELD_CANCELLED_ON,
        ORDER_FIELD_CARRIER,
        ORDER_FIELD_TRACKING,
        ORDER_FIELD_OWN,       /* "fields.NAME" */
        ORDER_FIELD_LINE_CODE, /* "items.LINE.code" .. */
        ORDER_FIELD_LINE_NAME,
        ORDER_FIELD_LINE_QUANTITY,
        ORDER_FIELD_LINE_UNIT,
        ORDER_FIELD_LINE_EXPECTED_ON,
        ORDER_FIELD_LINE_SHIPPED,
        ORDER_FIELD_LINE_DELIVERED,
        ORDER_FIELD_LINE_OWN, /* "items.LINE.fields.NAME" */
        ORDER_FIELD_NOTE,     /* "notes.SEQ" */
        ORDER_FIELD_ID_COUNT
    } id;
    uint32_t line;
    uint32_t own;
    uint64_t note;
    struct order_value value;
};

/* Starts as {0}; texts are copied into its arena. */
struct order_fields {
    struct arena arena;
    struct order_field *fields;
    size_t count, capacity;
};
void order_fields_release(struct order_fields *fields);

/* All fields that have a value, in a fixed order. A state that does not exist has none. */
int order_fields_of(struct order_fields *fields, const struct order_state *state, struct daybook_error *err);

/* What turns `before` into `after`: visit(context, identity, from, to), the missing one of kind NONE. Both lists
 * as order_fields_of made them. */
typedef int order_change(void *context, const struct order_field *field, const struct order_value *from,
                         const struct order_value *to, struct daybook_error *err);
int order_fields_compare(const struct order_fields *before, const struct order_fields *after, order_change *visit,
                         void *context, struct daybook_error *err);
bool order_value_equals(const struct order_value *a, const struct order_value *b);
/* The order in which both list them, by identity alone: < 0, 0 for the same field, > 0. */
int order_field_compare(const struct order_field *a, const struct order_field *b);
/* The fixed part of a field's name: "status", "items", "quantity" .. */
const char *order_field_name(enum order_field_id id);

#endif
