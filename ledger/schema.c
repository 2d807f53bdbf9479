/* The schema table made of include/daybook/schema.def, and the questions that it alone can answer. */
#include "ledger/schema.h"

#include <string.h>

#include "ledger/decimal.h"
#include "ledger/text.h"

enum { OPTIONAL = 0, REQUIRED = 1 };

#define FIELD(name, kind, member, need, since)                                                                         \
    {name, SCHEMA_##kind, offsetof(struct daybook_data, member), need, since},
#define EVENT(id, wire, name, subject, version, ...)                                                                   \
    static const struct schema_field fields_of_##id[] = {__VA_ARGS__{NULL, SCHEMA_UINT, 0, OPTIONAL, 0}};
#include "daybook/schema.def"
#undef EVENT

const struct schema_type schema_types[] = {
#define EVENT(id, wire, name, subject, version, ...)                                                                   \
    {name, wire, DAYBOOK_##subject, version, fields_of_##id, sizeof fields_of_##id / sizeof *fields_of_##id - 1},
#include "daybook/schema.def"
#undef EVENT
};
const size_t schema_type_count = sizeof schema_types / sizeof *schema_types;

static const struct schema_field application_fields[] = {FIELD("values", VALUES, values, OPTIONAL, 1)};
const struct schema_type schema_application = {"application", 0, 0, UINT32_MAX, application_fields, 1};
#undef FIELD

enum {
#define EVENT(id, wire, name, subject, version, ...) POSITION_##id,
#include "daybook/schema.def"
#undef EVENT
};

static const struct schema_type *const type_of_wire[] = {
#define EVENT(id, wire, name, subject, version, ...) [wire] = &schema_types[POSITION_##id],
#include "daybook/schema.def"
#undef EVENT
};

const struct schema_type *schema_by_wire(uint32_t wire)
{
    if (wire >= DAYBOOK_APPLICATION_TYPE_MIN)
        return &schema_application;
    return wire < sizeof type_of_wire / sizeof *type_of_wire ? type_of_wire[wire] : NULL;
}

const struct schema_type *schema_by_name(struct daybook_text name)
{
    for (size_t i = 0; i < schema_type_count; i++)
        if (text_equals(name, (struct daybook_text){schema_types[i].name, strlen(schema_types[i].name)}))
            return &schema_types[i];
    return NULL;
}

const char *schema_field_kind_name(enum schema_field_kind kind)
{
    static const char *const names[SCHEMA_FIELD_KIND_COUNT] = {
        [SCHEMA_UINT] = "integer",      [SCHEMA_DAY] = "day",           [SCHEMA_TEXT] = "text",
        [SCHEMA_PERSONAL] = "personal", [SCHEMA_CUSTOMER] = "customer", [SCHEMA_LINES] = "lines",
        [SCHEMA_PARTS] = "quantities",  [SCHEMA_OWN] = "own fields",    [SCHEMA_ROWS] = "rows",
        [SCHEMA_VALUES] = "values",
    };
    return names[kind];
}

const char *schema_kind_name(uint32_t kind)
{
    static const char *const names[DAYBOOK_KIND_COUNT] = {
        [DAYBOOK_ORDER] = "order",       [DAYBOOK_CUSTOMER] = "customer", [DAYBOOK_PRODUCT] = "product",
        [DAYBOOK_ACTOR] = "actor",       [DAYBOOK_SOURCE] = "source",     [DAYBOOK_VIA] = "via",
        [DAYBOOK_WORKFLOW] = "workflow", [DAYBOOK_CALENDAR] = "calendar", [DAYBOOK_FIELD] = "field",
        [DAYBOOK_LEDGER] = "ledger",
    };
    return kind < DAYBOOK_KIND_COUNT && names[kind] ? names[kind] : "unknown";
}

void data_init(struct daybook_data *data)
{
    *data = (struct daybook_data){
        .ordered_on = DAYBOOK_DAY_NONE, .expected_on = DAYBOOK_DAY_NONE, .requested_on = DAYBOOK_DAY_NONE};
}

/* The lists are pairs of members; a schema field names the pointer, and its count stands behind it. */
static size_t list_count(const struct daybook_data *data, enum schema_field_kind kind)
{
    switch (kind) {
    case SCHEMA_LINES:
        return data->line_count;
    case SCHEMA_PARTS:
        return data->part_count;
    case SCHEMA_OWN:
        return data->own_count;
    case SCHEMA_VALUES:
        return data->value_count;
    default:
        return data->rows_len;
    }
}

bool data_has(const struct daybook_data *data, const struct schema_field *field)
{
    const void *member = (const char *)data + field->offset;
    switch (field->kind) {
    case SCHEMA_UINT:
        return *(const uint64_t *)member != 0;
    case SCHEMA_DAY:
        return *(const int32_t *)member != DAYBOOK_DAY_NONE;
    case SCHEMA_TEXT:
        return ((const struct daybook_text *)member)->ptr != NULL;
    case SCHEMA_PERSONAL:
        return ((const struct daybook_personal *)member)->commitment != NULL;
    case SCHEMA_CUSTOMER:
        return *(const uint32_t *)member != 0;
    default:
        return list_count(data, field->kind) != 0;
    }
}

static int validate_text(const char *what, struct daybook_text text, struct daybook_error *err)
{
    if (text.len > DAYBOOK_TEXT_MAX)
        return daybook_fail(err, DAYBOOK_TOO_LARGE, "The %s is %zu bytes long; at most %d can be kept.", what, text.len,
                            DAYBOOK_TEXT_MAX);
    if (text.ptr && !text_is_valid(text))
        return daybook_fail(err, DAYBOOK_BAD_VALUE, "The %s is not valid UTF-8 text without NUL characters.", what);
    return 0;
}

static int validate_day(const char *what, int32_t day, struct daybook_error *err)
{
    if (day != DAYBOOK_DAY_NONE && (day < DAYBOOK_DAY_MIN || day > DAYBOOK_DAY_MAX))
        return daybook_fail(err, DAYBOOK_BAD_VALUE, "The %s is outside the years 1 to 9999.", what);
    return 0;
}

static int validate_own(const struct daybook_own *own, size_t count, struct daybook_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < count && !rc; i++) {
        if (own[i].field == 0)
            return daybook_fail(err, DAYBOOK_BAD_VALUE, "An own field is not named.");
        if (own[i].kind == DAYBOOK_OWN_TEXT)
            rc = validate_text("own field", own[i].text, err);
        else if (own[i].kind == DAYBOOK_OWN_PERSONAL)
            rc = validate_text("own field", own[i].personal.value, err);
        else if (own[i].kind == DAYBOOK_OWN_NUMBER && !decimal_is_normal(own[i].number))
            rc = daybook_fail(err, DAYBOOK_BAD_VALUE, "A number of an own field is not in its shortest form.");
        else if (own[i].kind == DAYBOOK_OWN_DAY)
            rc = validate_day("own field", own[i].day, err);
    }
    return rc;
}

static int validate_line(const struct daybook_line *line, struct daybook_error *err)
{
    if (line->line == 0)
        return daybook_fail(err, DAYBOOK_BAD_VALUE, "A line of the order has no number.");
    if (line->has_quantity && (!decimal_is_normal(line->quantity) || line->quantity.mantissa < 0))
        return daybook_fail(err, DAYBOOK_BAD_VALUE, "A quantity must be a plain decimal that is not negative.");
    int rc = validate_text("unit", line->unit, err);
    if (!rc)
        rc = validate_text("line's name", line->name, err);
    if (!rc)
        rc = validate_day("line's expected date", line->expected_on, err);
    return rc ? rc : validate_own(line->own, line->own_count, err);
}

static int validate_value(const struct daybook_value *value, struct daybook_error *err)
{
    if (value->kind == DAYBOOK_VALUE_TEXT)
        return validate_text("text", value->text, err);
    if (value->kind == DAYBOOK_VALUE_PERSONAL)
        return validate_text("text", value->personal.value, err);
    if (value->kind == DAYBOOK_VALUE_DECIMAL && !decimal_is_normal(value->decimal))
        return daybook_fail(err, DAYBOOK_BAD_VALUE, "A decimal is not in its shortest form.");
    return 0;
}

static int validate_field(const struct schema_field *field, const struct daybook_data *data, struct daybook_error *err)
{
    const void *member = (const char *)data + field->offset;
    int rc = 0;
    switch (field->kind) {
    case SCHEMA_TEXT:
        return validate_text(field->name, *(const struct daybook_text *)member, err);
    case SCHEMA_PERSONAL:
        return validate_text(field->name, ((const struct daybook_personal *)member)->value, err);
    case SCHEMA_DAY:
        return validate_day(field->name, *(const int32_t *)member, err);
    case SCHEMA_OWN:
        return validate_own(data->own, data->own_count, err);
    case SCHEMA_LINES:
        for (size_t i = 0; i < data->line_count && !rc; i++)
            rc = validate_line(&data->lines[i], err);
        return rc;
    case SCHEMA_VALUES:
        for (size_t i = 0; i < data->value_count && !rc; i++)
            rc = validate_value(&data->values[i], err);
        return rc;
    case SCHEMA_PARTS:
        for (size_t i = 0; i < data->part_count; i++)
            if (data->parts[i].line == 0 || !decimal_is_normal(data->parts[i].quantity) ||
                data->parts[i].quantity.mantissa <= 0)
                return daybook_fail(err, DAYBOOK_BAD_VALUE, "A shipped or delivered quantity must be above 0.");
        return 0;
    default:
        return 0;
    }
}

int data_validate(const struct schema_type *type, const struct daybook_data *data, struct daybook_error *err)
{
    for (size_t i = 0; i < type->field_count; i++) {
        const struct schema_field *field = &type->fields[i];
        if (field->required && !data_has(data, field))
            return daybook_fail(err, DAYBOOK_BAD_VALUE, "%s needs \"%s\".", type->name, field->name);
        int rc = validate_field(field, data, err);
        if (rc)
            return rc;
    }
    return 0;
}
