/* An order as JSON: names from the registers, personal values from their own place. */
#include "tools/order_json.h"

#include "ledger/date.h"
#include "ledger/decimal.h"

_Static_assert((int)DAYBOOK_DECIMAL_TEXT_SIZE >= (int)DAYBOOK_DAY_TEXT_SIZE, "a day fits where a decimal does");

json_t *json_of_text(struct daybook_text text)
{
    return text.ptr ? json_stringn(text.ptr, text.len) : json_null();
}

json_t *json_of_day(int32_t day)
{
    char text[DAYBOOK_DAY_TEXT_SIZE];
    if (day == DAYBOOK_DAY_NONE)
        return json_null();
    date_format(day, text);
    return json_string(text);
}

json_t *json_of_instant(int64_t instant_us)
{
    char text[DAYBOOK_INSTANT_TEXT_SIZE];
    if (instant_us == DAYBOOK_INSTANT_NONE)
        return json_null();
    instant_format(instant_us, text);
    return json_string(text);
}

json_t *json_of_decimal(struct daybook_decimal decimal)
{
    char text[DAYBOOK_DECIMAL_TEXT_SIZE];
    decimal_format(decimal, text);
    return json_string(text);
}

int order_note_text(struct daybook_snapshot *snapshot, uint64_t seq, struct daybook_text *ret,
                    struct daybook_error *err)
{
    struct event_scratch scratch = {0};
    struct daybook_event event;
    struct daybook_data data;
    int rc = daybook_event(snapshot, seq, &event, err);
    if (!rc)
        rc = event_read_data(&event, &scratch, &data, err);
    if (!rc)
        rc = daybook_personal_value(snapshot, seq, &data.text, ret, err);
    event_scratch_release(&scratch);
    return rc;
}

int order_own_text(struct daybook_snapshot *snapshot, const struct order_own *own,
                   char scratch[DAYBOOK_DECIMAL_TEXT_SIZE], struct daybook_text *ret, struct daybook_error *err)
{
    const struct daybook_own *value = &own->value;
    if (value->kind == DAYBOOK_OWN_PERSONAL)
        return daybook_personal_value(snapshot, own->seq, &value->personal, ret, err);
    *ret = (struct daybook_text){scratch, DAYBOOK_DAY_TEXT_SIZE - 1};
    if (value->kind == DAYBOOK_OWN_DAY)
        date_format(value->day, scratch);
    else if (value->kind == DAYBOOK_OWN_NUMBER)
        ret->len = decimal_format(value->number, scratch);
    else
        *ret = value->text;
    return 0;
}

bool order_late_days(const struct order_state *state, int64_t *ret)
{
    if (workflow_statuses[state->status].phase != WORKFLOW_DELIVERED || state->delivered_on == DAYBOOK_DAY_NONE ||
        state->expected_on == DAYBOOK_DAY_NONE)
        return false;
    *ret = (int64_t)state->delivered_on - state->expected_on;
    return true;
}

bool order_overdue_days(const struct order_state *state, int32_t question_day, int64_t *ret)
{
    if (!workflow_is_open(state->status) || state->expected_on == DAYBOOK_DAY_NONE ||
        question_day <= state->expected_on)
        return false;
    *ret = (int64_t)question_day - state->expected_on;
    return true;
}

/* Makes parts of one order; the first error is kept, asked for once. */
struct maker {
    struct daybook_snapshot *snapshot;
    struct registers *registers;
    struct daybook_error *err;
    int rc;
};

static json_t *text_or_fail(struct maker *m, int rc, struct daybook_text text)
{
    if (!rc)
        return json_of_text(text);
    m->rc = m->rc ? m->rc : rc;
    return NULL;
}

static json_t *name_of(struct maker *m, uint32_t kind, uint32_t ordinal)
{
    struct daybook_text name = DAYBOOK_TEXT_NONE;
    int rc = registers_name(m->registers, kind, ordinal, &name, m->err);
    return text_or_fail(m, rc, name);
}

static json_t *days_or_null(bool known, int64_t days)
{
    return known ? json_integer(days) : json_null();
}

static json_t *own_fields_of(struct maker *m, const struct order_own *own, size_t count)
{
    json_t *object = json_object();
    for (size_t i = 0; i < count && object && !m->rc; i++) {
        char scratch[DAYBOOK_DECIMAL_TEXT_SIZE];
        struct register_field field = {0};
        struct daybook_text text = DAYBOOK_TEXT_NONE;
        m->rc = registers_field(m->registers, own[i].value.field, &field, m->err);
        if (!m->rc)
            m->rc = order_own_text(m->snapshot, &own[i], scratch, &text, m->err);
        if (!m->rc && json_object_setn_new(object, field.name.ptr, field.name.len, json_of_text(text)))
            m->rc = daybook_fail(m->err, DAYBOOK_NO_MEMORY, "Out of memory for an order.");
    }
    return object;
}

static json_t *line_of(struct maker *m, const struct order_line *line)
{
    struct register_product product = {0};
    int rc = registers_product(m->registers, line->product, &product, m->err);
    if (rc)
        return text_or_fail(m, rc, DAYBOOK_TEXT_NONE);
    return json_pack("{s:I,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "line", (json_int_t)line->line, "code",
                     json_of_text(product.code), "name", json_of_text(line->name.ptr ? line->name : product.name),
                     "quantity", json_of_decimal(line->quantity), "unit", json_of_text(line->unit), "expected_on",
                     json_of_day(line->expected_on), "shipped", json_of_decimal(line->shipped), "delivered",
                     json_of_decimal(line->delivered), "fields", own_fields_of(m, line->own, line->own_count));
}

static json_t *note_of(struct maker *m, const struct order_note *note)
{
    struct daybook_text text = DAYBOOK_TEXT_NONE;
    int rc = order_note_text(m->snapshot, note->seq, &text, m->err);
    if (rc)
        return text_or_fail(m, rc, text);
    return json_pack("{s:o,s:o,s:o,s:o}", "text", json_of_text(text), "kind",
                     json_of_text(note->category.ptr ? note->category : DAYBOOK_TEXT("general")), "actor",
                     name_of(m, DAYBOOK_ACTOR, note->actor), "recorded_at", json_of_instant(note->recorded_us));
}

static json_t *lines_of(struct maker *m, const struct order_state *state)
{
    json_t *array = json_array();
    for (size_t i = 0; i < state->line_count && array; i++)
        if (json_array_append_new(array, line_of(m, &state->lines[i]))) {
            json_decref(array);
            return NULL;
        }
    return array;
}

static json_t *notes_of(struct maker *m, const struct order_state *state)
{
    json_t *array = json_array();
    for (size_t i = 0; i < state->note_count && array; i++)
        if (!state->notes[i].retracted && json_array_append_new(array, note_of(m, &state->notes[i]))) {
            json_decref(array);
            return NULL;
        }
    return array;
}

int order_json(struct daybook_snapshot *snapshot, struct registers *registers, const struct order_state *state,
               int32_t question_day, json_t **ret, struct daybook_error *err)
{
    struct maker m = {.snapshot = snapshot, .registers = registers, .err = err};
    int64_t late = 0, overdue = 0;
    bool is_late = order_late_days(state, &late), is_overdue = order_overdue_days(state, question_day, &overdue);
    json_t *order = json_pack(
        "{s:o,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:I,s:I,s:o,s:o,s:o}", "order_no",
        json_of_text(state->order_no), "status", workflow_statuses[state->status].name, "customer",
        name_of(&m, DAYBOOK_CUSTOMER, state->customer), "items", lines_of(&m, state), "customer_ref",
        json_of_text(state->customer_ref), "ordered_on", json_of_day(state->ordered_on), "expected_on",
        json_of_day(state->expected_on), "first_expected_on", json_of_day(state->first_expected_on), "requested_on",
        json_of_day(state->requested_on), "shipped_on", json_of_day(state->shipped_on), "delivered_on",
        json_of_day(state->delivered_on), "cancelled_on", json_of_day(state->cancelled_on), "late_days",
        days_or_null(is_late, late), "overdue_days", days_or_null(is_overdue, overdue), "notes", notes_of(&m, state),
        "fields", own_fields_of(&m, state->own, state->own_count), "version", (json_int_t)state->version, "last_seq",
        (json_int_t)state->last_seq, "created_at", json_of_instant(state->created_us), "updated_at",
        json_of_instant(state->updated_us), "priority", json_of_text(state->priority));
    if (!m.rc && !order)
        m.rc = daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for an order.");
    if (m.rc)
        json_decref(order);
    else
        *ret = order;
    return m.rc;
}
