/* The state of an order as a flat list of named values. */
#include "ledger/order_fields.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/decimal.h"
#include "ledger/text.h"

void order_fields_release(struct order_fields *fields)
{
    arena_release(&fields->arena);
    free(fields->fields);
    *fields = (struct order_fields){0};
}

const char *order_field_name(enum order_field_id id)
{
    static const char *const names[ORDER_FIELD_ID_COUNT] = {
        [ORDER_FIELD_STATUS] = "status",
        [ORDER_FIELD_CUSTOMER] = "customer",
        [ORDER_FIELD_CUSTOMER_REF] = "customer_ref",
        [ORDER_FIELD_PRIORITY] = "priority",
        [ORDER_FIELD_ORDERED_ON] = "ordered_on",
        [ORDER_FIELD_EXPECTED_ON] = "expected_on",
        [ORDER_FIELD_FIRST_EXPECTED_ON] = "first_expected_on",
        [ORDER_FIELD_REQUESTED_ON] = "requested_on",
        [ORDER_FIELD_SHIPPED_ON] = "shipped_on",
        [ORDER_FIELD_DELIVERED_ON] = "delivered_on",
        [ORDER_FIELD_CANCELLED_ON] = "cancelled_on",
        [ORDER_FIELD_CARRIER] = "carrier",
        [ORDER_FIELD_TRACKING] = "tracking",
        [ORDER_FIELD_OWN] = "fields",
        [ORDER_FIELD_LINE_CODE] = "code",
        [ORDER_FIELD_LINE_NAME] = "name",
        [ORDER_FIELD_LINE_QUANTITY] = "quantity",
        [ORDER_FIELD_LINE_UNIT] = "unit",
        [ORDER_FIELD_LINE_EXPECTED_ON] = "expected_on",
        [ORDER_FIELD_LINE_SHIPPED] = "shipped",
        [ORDER_FIELD_LINE_DELIVERED] = "delivered",
        [ORDER_FIELD_LINE_OWN] = "fields",
        [ORDER_FIELD_NOTE] = "notes",
    };
    return names[id];
}

/* Collects fields and remembers that memory ran out, so that it is asked once. */
struct collector {
    struct order_fields *to;
    bool failed;
};

static void add(struct collector *c, struct order_field field)
{
    struct order_fields *to = c->to;
    if (to->count == to->capacity) {
        size_t wanted = to->capacity ? to->capacity * 2 : 32;
        struct order_field *bigger = realloc(to->fields, wanted * sizeof *bigger);
        if (!bigger) {
            c->failed = true;
            return;
        }
        to->fields = bigger;
        to->capacity = wanted;
    }
    to->fields[to->count++] = field;
}

static void add_text(struct collector *c, enum order_field_id id, uint32_t line, struct daybook_text text)
{
    if (!text.ptr)
        return;
    struct daybook_text copy = arena_text(&c->to->arena, text);
    c->failed |= !copy.ptr;
    add(c, (struct order_field){.id = id, .line = line, .value = {.kind = ORDER_VALUE_TEXT, .text = copy}});
}

static void add_day(struct collector *c, enum order_field_id id, uint32_t line, int32_t day)
{
    if (day != DAYBOOK_DAY_NONE)
        add(c, (struct order_field){.id = id, .line = line, .value = {.kind = ORDER_VALUE_DAY, .day = day}});
}

static void add_decimal(struct collector *c, enum order_field_id id, uint32_t line, struct daybook_decimal decimal)
{
    add(c, (struct order_field){.id = id, .line = line, .value = {.kind = ORDER_VALUE_DECIMAL, .decimal = decimal}});
}

static void add_own(struct collector *c, enum order_field_id id, uint32_t line, const struct order_own *own,
                    size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct daybook_own *value = &own[i].value;
        struct order_field field = {.id = id, .line = line, .own = value->field};
        if (value->kind == DAYBOOK_OWN_PERSONAL) {
            field.value =
                (struct order_value){.kind = ORDER_VALUE_PERSONAL, .seq = own[i].seq, .slot = value->personal.slot};
            field.value.commitment = arena_copy(&c->to->arena, value->personal.commitment, DAYBOOK_COMMITMENT_SIZE);
            c->failed |= !field.value.commitment;
        } else if (value->kind == DAYBOOK_OWN_NUMBER) {
            field.value = (struct order_value){.kind = ORDER_VALUE_DECIMAL, .decimal = value->number};
        } else if (value->kind == DAYBOOK_OWN_DAY) {
            field.value = (struct order_value){.kind = ORDER_VALUE_DAY, .day = value->day};
        } else {
            field.value =
                (struct order_value){.kind = ORDER_VALUE_TEXT, .text = arena_text(&c->to->arena, value->text)};
        }
        add(c, field);
    }
}

static void add_line(struct collector *c, const struct order_line *line)
{
    if (line->product)
        add(c, (struct order_field){.id = ORDER_FIELD_LINE_CODE,
                                    .line = line->line,
                                    .value = {.kind = ORDER_VALUE_PRODUCT, .ordinal = line->product}});
    add_text(c, ORDER_FIELD_LINE_NAME, line->line, line->name);
    add_decimal(c, ORDER_FIELD_LINE_QUANTITY, line->line, line->quantity);
    add_text(c, ORDER_FIELD_LINE_UNIT, line->line, line->unit);
    add_day(c, ORDER_FIELD_LINE_EXPECTED_ON, line->line, line->expected_on);
    add_decimal(c, ORDER_FIELD_LINE_SHIPPED, line->line, line->shipped);
    add_decimal(c, ORDER_FIELD_LINE_DELIVERED, line->line, line->delivered);
    add_own(c, ORDER_FIELD_LINE_OWN, line->line, line->own, line->own_count);
}

static void add_order(struct collector *c, const struct order_state *s)
{
    const char *status = workflow_statuses[s->status].name;
    add_text(c, ORDER_FIELD_STATUS, 0, (struct daybook_text){status, strlen(status)});
    if (s->customer)
        add(c, (struct order_field){.id = ORDER_FIELD_CUSTOMER,
                                    .value = {.kind = ORDER_VALUE_CUSTOMER, .ordinal = s->customer}});
    add_text(c, ORDER_FIELD_CUSTOMER_REF, 0, s->customer_ref);
    add_text(c, ORDER_FIELD_PRIORITY, 0, s->priority);
    add_day(c, ORDER_FIELD_ORDERED_ON, 0, s->ordered_on);
    add_day(c, ORDER_FIELD_EXPECTED_ON, 0, s->expected_on);
    add_day(c, ORDER_FIELD_FIRST_EXPECTED_ON, 0, s->first_expected_on);
    add_day(c, ORDER_FIELD_REQUESTED_ON, 0, s->requested_on);
    add_day(c, ORDER_FIELD_SHIPPED_ON, 0, s->shipped_on);
    add_day(c, ORDER_FIELD_DELIVERED_ON, 0, s->delivered_on);
    add_day(c, ORDER_FIELD_CANCELLED_ON, 0, s->cancelled_on);
    add_text(c, ORDER_FIELD_CARRIER, 0, s->carrier);
    add_text(c, ORDER_FIELD_TRACKING, 0, s->tracking);
    add_own(c, ORDER_FIELD_OWN, 0, s->own, s->own_count);
    for (size_t i = 0; i < s->line_count; i++)
        add_line(c, &s->lines[i]);
    for (size_t i = 0; i < s->note_count; i++)
        if (!s->notes[i].retracted)
            add(c, (struct order_field){.id = ORDER_FIELD_NOTE,
                                        .note = s->notes[i].seq,
                                        .value = {.kind = ORDER_VALUE_PERSONAL, .seq = s->notes[i].seq}});
}

/* The order's own fields, then line by line, then notes. */
int order_field_compare(const struct order_field *a, const struct order_field *b)
{
    bool line_a = a->id >= ORDER_FIELD_LINE_CODE, line_b = b->id >= ORDER_FIELD_LINE_CODE;
    if (line_a && line_b && a->id != ORDER_FIELD_NOTE && b->id != ORDER_FIELD_NOTE && a->line != b->line)
        return a->line < b->line ? -1 : 1;
    if (a->id != b->id)
        return a->id < b->id ? -1 : 1;
    if (a->own != b->own)
        return a->own < b->own ? -1 : 1;
    return (a->note > b->note) - (a->note < b->note);
}

static int compare_fields(const void *left, const void *right)
{
    return order_field_compare(left, right);
}

int order_fields_of(struct order_fields *fields, const struct order_state *state, struct daybook_error *err)
{
    arena_reset(&fields->arena);
    fields->count = 0;
    struct collector c = {.to = fields};
    if (state->exists)
        add_order(&c, state);
    if (!c.failed && fields->count)
        qsort(fields->fields, fields->count, sizeof *fields->fields, compare_fields);
    return c.failed ? daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for the fields of an order.") : 0;
}

bool order_value_equals(const struct order_value *a, const struct order_value *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case ORDER_VALUE_TEXT:
        return text_equals(a->text, b->text);
    case ORDER_VALUE_DAY:
        return a->day == b->day;
    case ORDER_VALUE_DECIMAL:
        return decimal_compare(a->decimal, b->decimal) == 0;
    case ORDER_VALUE_CUSTOMER:
    case ORDER_VALUE_PRODUCT:
        return a->ordinal == b->ordinal;
    case ORDER_VALUE_PERSONAL:
        return a->seq == b->seq && a->slot == b->slot;
    default:
        return true;
    }
}

int order_fields_compare(const struct order_fields *before, const struct order_fields *after, order_change *visit,
                         void *context, struct daybook_error *err)
{
    static const struct order_value none = {.kind = ORDER_VALUE_NONE};
    size_t i = 0, j = 0;
    int rc = 0;
    while (!rc && (i < before->count || j < after->count)) {
        int order = i == before->count  ? 1
                    : j == after->count ? -1
                                        : order_field_compare(&before->fields[i], &after->fields[j]);
        if (order < 0) {
            rc = visit(context, &before->fields[i], &before->fields[i].value, &none, err);
            i++;
        } else if (order > 0) {
            rc = visit(context, &after->fields[j], &none, &after->fields[j].value, err);
            j++;
        } else {
            if (!order_value_equals(&before->fields[i].value, &after->fields[j].value))
                rc = visit(context, &after->fields[j], &before->fields[i].value, &after->fields[j].value, err);
            i++, j++;
        }
    }
    return rc;
}
