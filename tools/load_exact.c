/* A line of a ledger's own `log` as the stored event that it carries.
 *
 * What the bytes say is what is taken; the members beside them are compared as far as they do not need names (of
 * customers, products, own fields), which are registered by events that may not have been taken yet. */
#include "tools/load_exact.h"

#include <stdio.h>
#include <string.h>

#include "ledger/date.h"
#include "ledger/text.h"
#include "ledger/base64.h"
#include "tools/event_json.h"

static const char source_prefix[] = "/daybook/";

static struct daybook_text text_member(const struct json_node *object, const char *name)
{
    return json_node_text(json_node_member(object, name));
}

static bool is_kind(const struct json_node *node, enum json_node_kind kind)
{
    return node && node->kind == kind;
}

static struct daybook_text text_of(const char *text)
{
    return (struct daybook_text){text, strlen(text)};
}

static bool starts_with(struct daybook_text text, const char *prefix)
{
    size_t len = strlen(prefix);
    return text.len >= len && memcmp(text.ptr, prefix, len) == 0;
}

bool load_is_exact(const struct json_node *line)
{
    return text_member(line, "stored").ptr && starts_with(text_member(line, "source"), source_prefix);
}

static int disagrees(const char *name, struct daybook_error *err)
{
    return daybook_fail(err, DAYBOOK_BAD_VALUE, "\"%s\" is not what the stored event says.", name);
}

/* ---- members */

static bool time_agrees(const struct json_node *line, const struct daybook_event *event)
{
    char text[DAYBOOK_INSTANT_TEXT_SIZE] = "";
    struct daybook_text time = text_member(line, "time");
    bool is_date = event->occurred_us == DAYBOOK_INSTANT_NONE && event->occurred_on != DAYBOOK_DAY_NONE;
    if (is_kind(json_node_member(line, "dateonly"), JSON_NODE_TRUE) != is_date)
        return false;
    if (event->occurred_us != DAYBOOK_INSTANT_NONE) {
        instant_format(event->occurred_us, text);
        return text_equals(time, text_of(text));
    }
    if (!is_date)
        return !time.ptr;
    date_format(event->occurred_on, text);
    return time.len == strlen("YYYY-MM-DDT00:00:00Z") && starts_with(time, text) &&
           memcmp(time.ptr + 10, "T00:00:00Z", 10) == 0;
}

static int check_envelope(const struct json_node *line, const struct daybook_event *event, struct daybook_error *err)
{
    const struct schema_type *type = schema_by_wire(event->type);
    char text[80];
    struct daybook_text id = text_member(line, "id"), source = text_member(line, "source");
    struct daybook_text ledger = {source.ptr + sizeof source_prefix - 1, source.len - (sizeof source_prefix - 1)};
    snprintf(text, sizeof text, "/%llu", (unsigned long long)event->seq);
    if (!id.ptr || id.len < ledger.len || memcmp(id.ptr, ledger.ptr, ledger.len) != 0 ||
        !text_equals((struct daybook_text){id.ptr + ledger.len, id.len - ledger.len}, text_of(text)))
        return disagrees("id", err);
    /* What an application calls its types, a line before this one registers. */
    if (type && type != &schema_application && !text_equals(text_member(line, "type"), text_of(type->name)))
        return disagrees("type", err);
    snprintf(text, sizeof text, "%s/", schema_kind_name(event->kind));
    if (!starts_with(text_member(line, "subject"), text))
        return disagrees("subject", err);
    instant_format(event->recorded_us, text);
    if (!text_equals(text_member(line, "recordedtime"), text_of(text)))
        return disagrees("recordedtime", err);
    return time_agrees(line, event) ? 0 : disagrees("time", err);
}

static bool field_agrees(const struct schema_field *field, const struct daybook_data *data,
                         const struct json_node *members)
{
    const struct json_node *value = json_node_member(members, field->name);
    const void *member = (const char *)data + field->offset;
    char text[DAYBOOK_DAY_TEXT_SIZE];
    if (!data_has(data, field))
        return value == NULL || field->kind == SCHEMA_VALUES;
    switch (field->kind) {
    case SCHEMA_UINT:
        return is_kind(value, JSON_NODE_INTEGER) && (uint64_t)value->integer == *(const uint64_t *)member;
    case SCHEMA_TEXT:
        return text_equals(json_node_text(value), *(const struct daybook_text *)member);
    case SCHEMA_DAY:
        date_format(*(const int32_t *)member, text);
        return text_equals(json_node_text(value), text_of(text));
    case SCHEMA_VALUES: /* members are called as an earlier line registers them */
        return true;
    default:
        return value != NULL; /* made with names of other subjects, or checked by its commitment */
    }
}

/* ---- personal values */

struct personal_values {
    const struct json_node *members, *next_pair; /* "data", and the row of its "salts" for the next slot */
    const uint8_t **salts;
    struct daybook_text *values;
    struct arena *arena;
    size_t count;
    struct daybook_error *err;
};

/* The plain member is a copy for people; it must be the same text. */
static bool plain_agrees(const struct personal_values *v, const char *field, struct daybook_text value)
{
    const struct json_node *plain = json_node_member(v->members, field);
    if (is_kind(plain, JSON_NODE_OBJECT)) /* own fields stand below "fields" */
        return true;
    return value.ptr ? is_kind(plain, JSON_NODE_TEXT) && text_equals(plain->text, value)
                     : is_kind(plain, JSON_NODE_NULL);
}

static int take_value(void *context, const char *field, uint16_t slot, const struct daybook_personal *personal)
{
    (void)personal;
    struct personal_values *v = context;
    const struct json_node *pair = v->next_pair;
    bool is_own = strcmp(field, "fields") == 0 || strcmp(field, "values") == 0; /* the member has another name */
    if (!pair)
        return daybook_fail(v->err, DAYBOOK_BAD_VALUE, "\"salts\" has too few rows.");
    v->next_pair = pair->next;
    v->count = slot + 1u;
    if (pair->kind == JSON_NODE_NULL)
        return is_own || plain_agrees(v, field, DAYBOOK_TEXT_NONE) ? 0 : disagrees(field, v->err);
    struct daybook_text salt = text_member(pair, "salt"), value = text_member(pair, "value");
    uint8_t bytes[BASE64_LEN(DAYBOOK_SALT_SIZE) / 4 * 3];
    size_t len = 0;
    if (!value.ptr || salt.len != BASE64_LEN(DAYBOOK_SALT_SIZE) || !base64_decode(salt, bytes, &len) ||
        len != DAYBOOK_SALT_SIZE)
        return daybook_fail(v->err, DAYBOOK_BAD_VALUE, "\"salts\" must be a list of null or {\"salt\", \"value\"}.");
    if (!is_own && !plain_agrees(v, field, value))
        return disagrees(field, v->err);
    v->salts[slot] = arena_copy(v->arena, bytes, DAYBOOK_SALT_SIZE);
    v->values[slot] = value;
    return v->salts[slot] ? 0 : daybook_fail(v->err, DAYBOOK_NO_MEMORY, "Out of memory for a line.");
}

static int take_data(const struct json_node *line, const struct daybook_event *event, struct arena *arena,
                     struct event_scratch *scratch, struct daybook_carried *carried, struct daybook_error *err)
{
    const struct schema_type *type = schema_by_wire(event->type);
    const struct json_node *members = json_node_member(line, "data"), *list = json_node_member(members, "salts");
    size_t capacity = is_kind(list, JSON_NODE_LIST) ? list->count : 0;
    struct personal_values v = {.members = members,
                                .next_pair = capacity ? list->first : NULL,
                                .arena = arena,
                                .err = err,
                                .salts = arena_alloc(arena, capacity * sizeof *v.salts + 1),
                                .values = arena_alloc(arena, capacity * sizeof *v.values + 1)};
    struct daybook_data data;
    if (!v.salts || !v.values)
        return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for a line.");
    int rc = event_read_data(event, scratch, &data, err);
    for (size_t i = 0; !rc && i < type->field_count; i++)
        if (!field_agrees(&type->fields[i], &data, members))
            rc = disagrees(type->fields[i].name, err);
    if (!rc)
        rc = data_each_personal(type, &data, take_value, &v);
    if (!rc && v.count != capacity)
        rc = daybook_fail(err, DAYBOOK_BAD_VALUE, "\"salts\" has too many rows.");
    carried->salts = v.salts;
    carried->values = v.values;
    carried->value_count = v.count;
    return rc;
}

static bool read_sequence(struct daybook_text text, uint64_t *ret)
{
    uint64_t value = 0;
    if (text.len != 20)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned)(text.ptr[i] - '0');
        if (digit > 9 || __builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value))
            return false;
    }
    *ret = value;
    return value != 0;
}

int load_exact_event(const struct json_node *line, struct arena *arena, struct event_scratch *scratch,
                     struct daybook_carried *ret, struct daybook_error *err)
{
    struct daybook_text stored = text_member(line, "stored");
    struct daybook_carried carried = {0};
    struct daybook_event event;
    if (!read_sequence(text_member(line, "sequence"), &carried.seq))
        return daybook_fail(err, DAYBOOK_BAD_VALUE, "\"sequence\" must be a seq of 20 digits.");
    uint8_t *bytes = arena_alloc(arena, stored.len / 4 * 3 + 1);
    if (!bytes)
        return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for a line.");
    if (!base64_decode(stored, bytes, &carried.len))
        return daybook_fail(err, DAYBOOK_BAD_VALUE, "\"stored\" is not base64.");
    carried.bytes = bytes;
    int rc = event_read(carried.seq, bytes, carried.len, &event, err);
    if (!rc)
        rc = check_envelope(line, &event, err);
    if (!rc)
        rc = take_data(line, &event, arena, scratch, &carried, err);
    if (rc)
        return rc;
    *ret = carried;
    return 0;
}
