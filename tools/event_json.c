/* An event as JSON: one function for each kind of field, picked by the schema table. */
#include "tools/event_json.h"

#include <msgpack.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/chain.h"
#include "ledger/date.h"
#include "ledger/decimal.h"
#include "ledger/base64.h"

/* What rendering one event needs. The first failure stays in `rc`, so that it is asked once at the end. */
struct maker {
    struct daybook_snapshot *snapshot;
    struct registers *registers;
    const struct daybook_event *event;
    struct daybook_error *err;
    int rc;
};

static int fail_json(const struct daybook_event *event, struct daybook_error *err)
{
    return daybook_fail(err, DAYBOOK_NO_MEMORY,
                        "Out of memory while writing event %llu as JSON, or its text is no text.",
                        (unsigned long long)event->seq);
}

/* Takes `value`; NULL is a failure. */
static void set(struct maker *m, json_t *object, const char *name, json_t *value)
{
    if (json_object_set_new(object, name, value) && !m->rc)
        m->rc = fail_json(m->event, m->err);
}

static void append(struct maker *m, json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) && !m->rc)
        m->rc = fail_json(m->event, m->err);
}

static json_t *text_json(struct daybook_text text)
{
    return text.ptr ? json_stringn(text.ptr, text.len) : json_null();
}

static json_t *day_json(int32_t day)
{
    char text[DAYBOOK_DAY_TEXT_SIZE];
    date_format(day, text);
    return json_string(text);
}

static json_t *decimal_json(struct daybook_decimal value)
{
    char text[DAYBOOK_DECIMAL_TEXT_SIZE];
    size_t len = decimal_format(value, text);
    return json_stringn(text, len);
}

static json_t *personal_json(struct maker *m, const struct daybook_personal *personal)
{
    struct daybook_text value = DAYBOOK_TEXT_NONE;
    if (!m->rc)
        m->rc = daybook_personal_value(m->snapshot, m->event->seq, personal, &value, m->err);
    return text_json(value);
}

static json_t *customer_json(struct maker *m, uint32_t ordinal)
{
    struct daybook_text name = DAYBOOK_TEXT_NONE;
    if (!m->rc)
        m->rc = registers_name(m->registers, DAYBOOK_CUSTOMER, ordinal, &name, m->err);
    return text_json(name);
}

static json_t *product_code_json(struct maker *m, uint32_t ordinal)
{
    struct register_product product = {0};
    if (!m->rc)
        m->rc = registers_product(m->registers, ordinal, &product, m->err);
    return text_json(product.code);
}

/* ---- own fields, lines, quantities, rows */

static json_t *own_value_json(struct maker *m, const struct daybook_own *own)
{
    switch (own->kind) {
    case DAYBOOK_OWN_TEXT:
        return text_json(own->text);
    case DAYBOOK_OWN_PERSONAL:
        return personal_json(m, &own->personal);
    case DAYBOOK_OWN_NUMBER:
        return decimal_json(own->number);
    case DAYBOOK_OWN_DAY:
        return day_json(own->day);
    default:
        return json_null();
    }
}

static json_t *own_json(struct maker *m, const struct daybook_own *own, size_t count)
{
    json_t *object = json_object();
    for (size_t i = 0; i < count && !m->rc; i++) {
        struct register_field field = {0};
        m->rc = registers_field(m->registers, own[i].field, &field, m->err);
        json_t *value = m->rc ? NULL : own_value_json(m, &own[i]);
        if (!m->rc && json_object_setn_new(object, field.name.ptr ? field.name.ptr : "", field.name.len, value))
            m->rc = fail_json(m->event, m->err);
    }
    return object;
}

static json_t *line_json(struct maker *m, const struct daybook_line *line)
{
    json_t *object = json_object();
    set(m, object, "line", json_integer(line->line));
    if (line->product)
        set(m, object, "code", product_code_json(m, line->product));
    if (line->name.ptr)
        set(m, object, "name", text_json(line->name));
    if (line->has_quantity)
        set(m, object, "quantity", decimal_json(line->quantity));
    if (line->unit.ptr)
        set(m, object, "unit", text_json(line->unit));
    if (line->expected_on != DAYBOOK_DAY_NONE)
        set(m, object, "expected_on", day_json(line->expected_on));
    if (line->own_count)
        set(m, object, "fields", own_json(m, line->own, line->own_count));
    return object;
}

/* The product that a line of the order has had since an event before this one; 0 when none says so. */
static uint32_t product_of_line(struct maker *m, struct chain *chain, uint32_t line)
{
    uint32_t product = 0;
    for (size_t i = 0; i < chain->count && !m->rc; i++) {
        uint32_t type = chain->links[i].event.type;
        struct daybook_data data;
        if (type != DAYBOOK_ORDER_CREATED && type != DAYBOOK_ORDER_AMENDED)
            continue;
        m->rc = chain_data(chain, i, &chain->scratch, &data, m->err);
        for (size_t j = 0; j < data.line_count && !m->rc; j++)
            if (data.lines[j].line == line && data.lines[j].product)
                product = data.lines[j].product;
    }
    return product;
}

static json_t *parts_json(struct maker *m, const struct daybook_data *data)
{
    struct chain chain = {0};
    json_t *array = json_array();
    if (!m->rc)
        m->rc = chain_load(&chain, m->snapshot->log, m->event->kind, m->event->ordinal, m->event->seq, m->err);
    for (size_t i = 0; i < data->part_count && !m->rc; i++) {
        uint32_t product = product_of_line(m, &chain, data->parts[i].line);
        json_t *object = json_object();
        set(m, object, "line", json_integer(data->parts[i].line));
        if (product)
            set(m, object, "code", product_code_json(m, product));
        set(m, object, "quantity", decimal_json(data->parts[i].quantity));
        append(m, array, object);
    }
    chain_release(&chain);
    return array;
}

static json_t *msgpack_json(const msgpack_object *object)
{
    json_t *array;
    switch (object->type) {
    case MSGPACK_OBJECT_STR:
        return json_stringn(object->via.str.ptr, object->via.str.size);
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        return json_integer((json_int_t)object->via.u64);
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        return json_integer(object->via.i64);
    case MSGPACK_OBJECT_ARRAY:
        array = json_array();
        for (uint32_t i = 0; i < object->via.array.size; i++)
            if (json_array_append_new(array, msgpack_json(&object->via.array.ptr[i]))) {
                json_decref(array);
                return NULL;
            }
        return array;
    default:
        return json_null();
    }
}

static json_t *rows_json(const struct daybook_data *data)
{
    msgpack_unpacked unpacked;
    msgpack_unpacked_init(&unpacked);
    size_t used = 0;
    json_t *rows = NULL;
    if (msgpack_unpack_next(&unpacked, (const char *)data->rows, data->rows_len, &used) == MSGPACK_UNPACK_SUCCESS)
        rows = msgpack_json(&unpacked.data);
    msgpack_unpacked_destroy(&unpacked);
    return rows;
}

static json_t *lines_json(struct maker *m, const struct daybook_data *data)
{
    json_t *array = json_array();
    for (size_t i = 0; i < data->line_count && !m->rc; i++)
        append(m, array, line_json(m, &data->lines[i]));
    return array;
}

static json_t *field_json(struct maker *m, const struct schema_field *field, const struct daybook_data *data)
{
    const void *member = (const char *)data + field->offset;
    switch (field->kind) {
    case SCHEMA_UINT:
        return json_integer((json_int_t) * (const uint64_t *)member);
    case SCHEMA_DAY:
        return day_json(*(const int32_t *)member);
    case SCHEMA_TEXT:
        return text_json(*(const struct daybook_text *)member);
    case SCHEMA_PERSONAL:
        return personal_json(m, member);
    case SCHEMA_CUSTOMER:
        return customer_json(m, *(const uint32_t *)member);
    case SCHEMA_LINES:
        return lines_json(m, data);
    case SCHEMA_PARTS:
        return parts_json(m, data);
    case SCHEMA_OWN:
        return own_json(m, data->own, data->own_count);
    default:
        return rows_json(data);
    }
}

/* ---- values of an application's event */

/* What is registered of the event's type; NULL: nothing. */
static const struct daybook_type_definition *
registered_type(struct registers *registers, const struct daybook_event *event, struct daybook_error *err)
{
    const struct application_types *types;
    if (registers_types(registers, &types, err))
        return NULL;
    return application_type(types, event->type, event->version);
}

static json_t *value_json(struct maker *m, const struct daybook_value *value)
{
    switch (value->kind) {
    case DAYBOOK_VALUE_TEXT:
        return text_json(value->text);
    case DAYBOOK_VALUE_PERSONAL:
        return personal_json(m, &value->personal);
    case DAYBOOK_VALUE_INTEGER:
        return json_integer(value->integer);
    case DAYBOOK_VALUE_DECIMAL:
        return decimal_json(value->decimal);
    case DAYBOOK_VALUE_DAY:
        return day_json(value->day);
    default:
        return json_null();
    }
}

static void set_values(struct maker *m, json_t *object)
{
    struct daybook_value values[DAYBOOK_TYPE_FIELDS_MAX];
    const struct daybook_type_definition *type = registered_type(m->registers, m->event, m->err);
    if (!m->rc)
        m->rc = daybook_values(m->event, type, values, DAYBOOK_TYPE_FIELDS_MAX, m->err);
    for (size_t i = 0; i < DAYBOOK_TYPE_FIELDS_MAX && !m->rc; i++) {
        char position[8];
        int len = snprintf(position, sizeof position, "%zu", i + 1);
        struct daybook_text name = values[i].name.ptr ? values[i].name : (struct daybook_text){position, (size_t)len};
        if (values[i].kind == DAYBOOK_VALUE_ABSENT)
            continue;
        if (json_object_setn_new(object, name.ptr, name.len, value_json(m, &values[i])) && !m->rc)
            m->rc = fail_json(m->event, m->err);
    }
}

/* ---- salts */

struct salts {
    struct maker *maker;
    json_t *list;
};

static int add_salt(void *context, const char *field, uint16_t slot, const struct daybook_personal *personal)
{
    (void)field, (void)slot; /* they come in the order of their slots */
    struct salts *salts = context;
    struct maker *m = salts->maker;
    const uint8_t *salt = NULL;
    struct daybook_text value = DAYBOOK_TEXT_NONE;
    m->rc = daybook_personal_salt(m->snapshot, m->event->seq, personal, &salt, &value, m->err);
    if (m->rc)
        return m->rc;
    if (!value.ptr) {
        append(m, salts->list, json_null());
        return m->rc;
    }
    char text[BASE64_LEN(DAYBOOK_SALT_SIZE) + 1];
    base64_encode(salt, DAYBOOK_SALT_SIZE, text);
    json_t *object = json_object();
    set(m, object, "salt", json_string(text));
    set(m, object, "value", text_json(value));
    append(m, salts->list, object);
    return m->rc;
}

static void set_salts(struct maker *m, const struct schema_type *type, const struct daybook_data *data, json_t *object)
{
    struct salts salts = {m, json_array()};
    if (!m->rc)
        data_each_personal(type, data, add_salt, &salts);
    if (json_array_size(salts.list))
        set(m, object, "salts", salts.list);
    else
        json_decref(salts.list);
}

/* ---- the event */

int event_data_json(struct daybook_snapshot *snapshot, struct registers *registers, const struct daybook_event *event,
                    bool with_salts, json_t **ret, struct daybook_error *err)
{
    struct maker m = {snapshot, registers, event, err, 0};
    struct event_scratch scratch = {0};
    const struct schema_type *type = schema_by_wire(event->type);
    struct daybook_data data;
    json_t *object = json_object();
    if (type)
        m.rc = event_read_data(event, &scratch, &data, err);
    bool is_application = type == &schema_application;
    if (is_application)
        set_values(&m, object);
    for (size_t i = 0; type && !is_application && i < type->field_count && !m.rc; i++)
        if (data_has(&data, &type->fields[i]))
            set(&m, object, type->fields[i].name, field_json(&m, &type->fields[i], &data));
    if (type && with_salts && !m.rc)
        set_salts(&m, type, &data, object);
    event_scratch_release(&scratch);
    if (m.rc)
        json_decref(object);
    else
        *ret = object;
    return m.rc;
}

const char *event_type_name(struct registers *registers, const struct daybook_event *event,
                            char scratch[EVENT_TYPE_NAME_SIZE])
{
    const struct schema_type *type = schema_by_wire(event->type);
    if (type && type != &schema_application)
        return type->name;
    const struct daybook_type_definition *registered = registered_type(registers, event, NULL);
    if (registered)
        return registered->name;
    snprintf(scratch, EVENT_TYPE_NAME_SIZE, "application-%u", event->type);
    return scratch;
}

/* The number that an order's first event gave it. */
static int order_number(struct daybook_snapshot *snapshot, const struct daybook_event *event, struct daybook_text *ret,
                        struct daybook_error *err)
{
    struct daybook_event first = *event;
    struct event_scratch scratch = {0};
    struct daybook_data data = {0};
    int rc = 0;
    while (!rc && first.nth > 1)
        rc = daybook_event(snapshot, first.seq - first.prev, &first, err);
    if (!rc)
        rc = event_read_data(&first, &scratch, &data, err);
    event_scratch_release(&scratch);
    if (!rc)
        *ret = data.order_no;
    return rc;
}

int event_subject_json(struct daybook_snapshot *snapshot, struct registers *registers,
                       const struct daybook_event *event, json_t **ret, struct daybook_error *err)
{
    struct daybook_text name = DAYBOOK_TEXT_NONE;
    struct register_product product = {0};
    int rc = 0;
    if (event->kind == DAYBOOK_ORDER) {
        rc = order_number(snapshot, event, &name, err);
    } else if (event->kind == DAYBOOK_PRODUCT) {
        rc = registers_product(registers, event->ordinal, &product, err);
        name = product.code;
    }
    if (rc)
        return rc;
    json_t *subject = name.ptr ? json_sprintf("%s/%.*s", schema_kind_name(event->kind), (int)name.len, name.ptr)
                               : json_sprintf("%s/%u", schema_kind_name(event->kind), event->ordinal);
    if (!subject)
        return fail_json(event, err);
    *ret = subject;
    return 0;
}

static void set_times(struct maker *m, json_t *line)
{
    char instant[DAYBOOK_INSTANT_TEXT_SIZE], day[DAYBOOK_DAY_TEXT_SIZE];
    if (m->event->occurred_us != DAYBOOK_INSTANT_NONE) {
        instant_format(m->event->occurred_us, instant);
        set(m, line, "time", json_string(instant));
    } else if (m->event->occurred_on != DAYBOOK_DAY_NONE) {
        date_format(m->event->occurred_on, day);
        set(m, line, "time", json_sprintf("%sT00:00:00Z", day));
        set(m, line, "dateonly", json_true());
    }
    instant_format(m->event->recorded_us, instant);
    set(m, line, "recordedtime", json_string(instant));
}

static json_t *stored_json(const struct daybook_event *event)
{
    char text[BASE64_LEN(DAYBOOK_EVENT_SIZE_MAX) + 1];
    size_t len = base64_encode(event->bytes, event->len, text);
    return json_stringn_nocheck(text, len);
}

int event_line_json(struct daybook_snapshot *snapshot, struct registers *registers, const struct daybook_event *event,
                    json_t **ret, struct daybook_error *err)
{
    struct maker m = {snapshot, registers, event, err, 0};
    char type[EVENT_TYPE_NAME_SIZE];
    const char *id = daybook_id(snapshot->ledger);
    struct daybook_text actor = DAYBOOK_TEXT_NONE;
    json_t *subject = NULL, *data = NULL, *line = json_object();
    registers_set_as_of(registers, event->seq); /* a line says the same however late it is printed */
    m.rc = event_subject_json(snapshot, registers, event, &subject, err);
    if (!m.rc)
        m.rc = registers_name(registers, DAYBOOK_ACTOR, event->actor, &actor, err);
    if (!m.rc)
        m.rc = event_data_json(snapshot, registers, event, true, &data, err);
    if (m.rc) {
        json_decref(subject);
        json_decref(line);
        return m.rc;
    }
    set(&m, line, "specversion", json_string("1.0"));
    set(&m, line, "id", json_sprintf("%s/%llu", id, (unsigned long long)event->seq));
    set(&m, line, "source", json_sprintf("/daybook/%s", id));
    set(&m, line, "type", json_string(event_type_name(registers, event, type)));
    set(&m, line, "subject", subject);
    set_times(&m, line);
    set(&m, line, "sequence", json_sprintf("%020llu", (unsigned long long)event->seq));
    set(&m, line, "actor", text_json(actor));
    set(&m, line, "dataversion", json_integer(event->version));
    set(&m, line, "data", data);
    set(&m, line, "stored", stored_json(event));
    if (m.rc)
        json_decref(line);
    else
        *ret = line;
    return m.rc;
}
