/* An event and its bytes: one msgpack array of 15 elements.
 *
 *   0 type  1 version  2 kind  3 ordinal  4 nth  5 prev  6 actor  7 via  8 recorded_us
 *   9 occurred_on  10 occurred_us  11 key  12 cause  13 data  14 check
 *
 * This file reads: the straight-line reader of event_reader.h keeps its first error and returns harmless values, so
 * that it is asked once at the end. event_write.c writes; event_check.c judges bytes that are not trusted. */
#include "ledger/event.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/decimal.h"
#include "ledger/event_reader.h"

enum { NESTING_MAX = 8 };

static uint64_t read_big_endian(struct event_reader *r, unsigned size)
{
    if ((size_t)(r->end - r->at) < size) {
        r->bad = true;
        r->at = r->end;
        return 0;
    }
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++)
        value = value << 8 | *r->at++;
    return value;
}

static uint8_t read_byte(struct event_reader *r)
{
    return (uint8_t)read_big_endian(r, 1);
}

uint64_t event_reader_any_integer(struct event_reader *r, bool is_unsigned)
{
    enum { UINT_8 = 0xcc, INT_8 = 0xd0, INT_64 = 0xd3, NEGATIVE = 0xe0 };
    uint8_t tag = read_byte(r);
    uint64_t value = tag;
    bool is_negative = tag >= NEGATIVE;
    if (is_negative) {
        value = (uint64_t)(int8_t)tag;
    } else if (tag >= UINT_8 && tag <= INT_64) {
        bool is_signed = tag >= INT_8;
        unsigned size = 1u << (tag - (is_signed ? INT_8 : UINT_8)), unused_bits = 64 - 8 * size;
        value = read_big_endian(r, size);
        if (is_signed)
            value = (uint64_t)((int64_t)(value << unused_bits) >> unused_bits);
        is_negative = is_signed && value > INT64_MAX;
    } else if (tag > INT8_MAX) {
        r->bad = true;
    }
    r->bad |= is_unsigned ? is_negative : !is_negative && value > INT64_MAX;
    return value;
}

static bool is_array(const struct event_reader *r)
{
    return r->at < r->end && ((*r->at & 0xf0) == 0x90 || *r->at == 0xdc);
}

static const uint8_t *read_run(struct event_reader *r, size_t len)
{
    if (r->bad || (size_t)(r->end - r->at) < len) {
        r->bad = true;
        return NULL;
    }
    const uint8_t *run = r->at;
    r->at += len;
    return run;
}

static struct daybook_personal read_personal(struct event_reader *r)
{
    struct daybook_personal personal = {0};
    if (read_byte(r) != 0xc4 || read_byte(r) != DAYBOOK_COMMITMENT_SIZE)
        r->bad = true;
    personal.commitment = read_run(r, DAYBOOK_COMMITMENT_SIZE);
    personal.slot = r->slots++;
    return personal;
}

static struct daybook_decimal read_decimal(struct event_reader *r)
{
    struct daybook_decimal value = {0, 0};
    if (read_array(r) != 2)
        r->bad = true;
    value.mantissa = read_int(r);
    int64_t scale = read_int(r);
    r->bad |= scale < 0 || scale > DAYBOOK_DECIMAL_SCALE_MAX;
    value.scale = r->bad ? 0 : (uint8_t)scale;
    r->bad |= !decimal_is_normal(value);
    return value;
}

static void skip_value(struct event_reader *r, unsigned depth)
{
    if (r->bad || r->at == r->end || depth > NESTING_MAX) {
        r->bad = true;
        return;
    }
    uint8_t tag = *r->at;
    if (is_array(r)) {
        for (size_t count = read_array(r); count && !r->bad; count--)
            skip_value(r, depth + 1);
    } else if ((tag & 0xe0) == 0xa0 || tag == 0xd9 || tag == 0xda) {
        read_text(r);
    } else if (tag == 0xc0) {
        r->at++;
    } else if (tag == 0xc4) {
        read_personal(r);
    } else {
        if (tag == 0xcf)
            read_uint64(r);
        else
            read_int(r);
    }
}

void event_reader_skip(struct event_reader *r)
{
    skip_value(r, 0);
}

int event_damaged(uint64_t seq, struct daybook_error *err)
{
    return daybook_fail(err, DAYBOOK_DAMAGED,
                        "Event %llu cannot be read: its bytes are no event. Run `daybook verify` to see what else is "
                        "damaged, and restore a backup.",
                        (unsigned long long)seq);
}

int event_read(uint64_t seq, const uint8_t *bytes, size_t len, struct daybook_event *ret, struct daybook_error *err)
{
    return read_envelope(seq, bytes, len, ret) ? 0 : event_damaged(seq, err);
}

/* Make room for one more element of a scratch list; false when out of memory. */
static bool grow(void **list, size_t *capacity, size_t used, size_t size)
{
    if (used < *capacity)
        return true;
    size_t wanted = *capacity ? *capacity * 2 : 16;
    void *bigger = realloc(*list, wanted * size);
    if (!bigger)
        return false;
    *list = bigger;
    *capacity = wanted;
    return true;
}

void event_scratch_release(struct event_scratch *scratch)
{
    free(scratch->lines);
    free(scratch->parts);
    free(scratch->own);
    free(scratch->values);
    *scratch = (struct event_scratch){0};
}

static struct daybook_own read_own(struct event_reader *r)
{
    struct daybook_own own = {.day = DAYBOOK_DAY_NONE};
    size_t count = read_array(r);
    r->bad |= count < 1 || count > 2;
    own.field = read_ordinal(r);
    if (count < 2 || r->bad || r->at == r->end)
        return own;
    uint8_t tag = *r->at;
    if (tag == 0xc4) {
        own.kind = DAYBOOK_OWN_PERSONAL;
        own.personal = read_personal(r);
    } else if (tag == 0x92) {
        own.kind = DAYBOOK_OWN_NUMBER;
        own.number = read_decimal(r);
    } else if ((tag & 0xe0) == 0xa0 || tag == 0xd9 || tag == 0xda) {
        own.kind = DAYBOOK_OWN_TEXT;
        own.text = read_text(r);
    } else {
        own.kind = DAYBOOK_OWN_DAY;
        own.day = read_day(r);
    }
    return own;
}

/* All own fields of an event, the order's and its lines', stand in one scratch list; `first` is where these begin. A
 * line keeps that index until the list no longer moves. */
static size_t read_own_list(struct event_reader *r, struct event_scratch *scratch, size_t *used)
{
    size_t count = read_array(r);
    for (size_t i = 0; i < count && !r->bad; i++) {
        if (!grow((void **)&scratch->own, &scratch->own_capacity, *used, sizeof *scratch->own)) {
            r->bad = scratch->no_room = true;
            return 0;
        }
        scratch->own[(*used)++] = read_own(r);
    }
    return r->bad ? 0 : count;
}

static struct daybook_line read_line(struct event_reader *r, struct event_scratch *scratch, size_t *own_used)
{
    struct daybook_line line = {.expected_on = DAYBOOK_DAY_NONE};
    size_t count = read_array(r);
    r->bad |= count < 1;
    line.line = read_uint32(r);
    if (count > 1 && !read_nil(r))
        line.product = read_ordinal(r);
    if (count > 2 && !read_nil(r)) {
        line.has_quantity = true;
        line.quantity = read_decimal(r);
    }
    if (count > 3 && !read_nil(r))
        line.unit = read_text(r);
    if (count > 4 && !read_nil(r))
        line.name = read_text(r);
    if (count > 5 && !read_nil(r))
        line.expected_on = read_day(r);
    if (count > 6 && !read_nil(r))
        line.own_count = read_own_list(r, scratch, own_used);
    r->unknown |= count > 7;
    for (size_t i = 7; i < count && !r->bad; i++)
        skip_value(r, 0);
    return line;
}

static size_t read_lines(struct event_reader *r, struct event_scratch *scratch, size_t *own_used)
{
    size_t count = read_array(r);
    for (size_t i = 0; i < count && !r->bad; i++) {
        struct daybook_line line = read_line(r, scratch, own_used);
        if (!grow((void **)&scratch->lines, &scratch->line_capacity, i, sizeof line))
            r->bad = scratch->no_room = true;
        else
            scratch->lines[i] = line;
    }
    return r->bad ? 0 : count;
}

static size_t read_parts(struct event_reader *r, struct event_scratch *scratch)
{
    size_t count = read_array(r);
    for (size_t i = 0; i < count && !r->bad; i++) {
        struct daybook_part part = {0};
        r->bad |= read_array(r) != 2;
        part.line = read_uint32(r);
        part.quantity = read_decimal(r);
        if (!grow((void **)&scratch->parts, &scratch->part_capacity, i, sizeof part))
            r->bad = scratch->no_room = true;
        else
            scratch->parts[i] = part;
    }
    return r->bad ? 0 : count;
}

/* A value of an application's event: the bytes say what it is. What does not fit a kind is passed over, not refused: an
 * event that this version cannot read in full is whole all the same. */
static struct daybook_value read_value(struct event_reader *r)
{
    struct daybook_value value = {.day = DAYBOOK_DAY_NONE};
    struct event_reader before = *r;
    if (r->at == r->end || read_nil(r))
        return value;
    uint8_t tag = *r->at;
    if (is_array(r)) {
        value.kind = DAYBOOK_VALUE_DECIMAL;
        value.decimal = read_decimal(r);
    } else if ((tag & 0xe0) == 0xa0 || tag == 0xd9 || tag == 0xda) {
        value.kind = DAYBOOK_VALUE_TEXT;
        value.text = read_text(r);
    } else if (tag == 0xc4) {
        value.kind = DAYBOOK_VALUE_PERSONAL;
        value.personal = read_personal(r);
    } else {
        value.kind = DAYBOOK_VALUE_INTEGER;
        value.integer = read_int(r);
    }
    if (!r->bad)
        return value;
    *r = before;
    skip_value(r, 0);
    r->unknown = true;
    return (struct daybook_value){.kind = DAYBOOK_VALUE_OTHER, .day = DAYBOOK_DAY_NONE};
}

static int read_values(const struct daybook_event *event, struct event_scratch *scratch, struct daybook_data *ret,
                       struct daybook_error *err)
{
    struct event_reader r = {.at = event->data, .end = event->data + event->data_len};
    struct daybook_data data;
    size_t count = read_array(&r);
    data_init(&data);
    for (size_t i = 0; i < count && !r.bad; i++) {
        if (!grow((void **)&scratch->values, &scratch->value_capacity, i, sizeof *scratch->values))
            return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for an event of %zu values.", count);
        scratch->values[i] = read_value(&r);
    }
    if (r.bad || r.at != r.end)
        return event_damaged(event->seq, err);
    data.values = scratch->values;
    data.value_count = count;
    scratch->has_unknown = r.unknown;
    *ret = data;
    return 0;
}

static void read_field(struct event_reader *r, const struct schema_field *field, struct event_scratch *scratch,
                       size_t *own_used, struct daybook_data *data)
{
    void *member = (char *)data + field->offset;
    switch (field->kind) {
    case SCHEMA_UINT:
        *(uint64_t *)member = read_uint64(r);
        break;
    case SCHEMA_DAY:
        *(int32_t *)member = read_day(r);
        break;
    case SCHEMA_TEXT:
        *(struct daybook_text *)member = read_text(r);
        break;
    case SCHEMA_PERSONAL:
        *(struct daybook_personal *)member = read_personal(r);
        break;
    case SCHEMA_CUSTOMER:
        *(uint32_t *)member = read_ordinal(r);
        break;
    case SCHEMA_LINES:
        data->line_count = read_lines(r, scratch, own_used);
        break;
    case SCHEMA_PARTS:
        data->part_count = read_parts(r, scratch);
        break;
    case SCHEMA_OWN:
        data->own_count = read_own_list(r, scratch, own_used);
        break;
    case SCHEMA_ROWS:
        data->rows = r->at;
        r->bad |= !is_array(r);
        skip_value(r, 0);
        data->rows_len = (size_t)(r->at - data->rows);
        break;
    default:
        r->bad = true;
    }
}

/* The lists stopped moving: hang them into the data. Lines took their own fields in the order in which they stand. */
static void attach_lists(struct event_scratch *scratch, struct daybook_data *data)
{
    const struct daybook_own *own = scratch->own;
    for (size_t i = 0; i < data->line_count; i++) {
        scratch->lines[i].own = scratch->lines[i].own_count ? own : NULL;
        if (scratch->lines[i].own_count)
            own += scratch->lines[i].own_count;
    }
    data->lines = scratch->lines;
    data->parts = scratch->parts;
    data->own = data->own_count ? own : NULL;
}

int event_read_data(const struct daybook_event *event, struct event_scratch *scratch, struct daybook_data *ret,
                    struct daybook_error *err)
{
    const struct schema_type *type = schema_by_wire(event->type);
    if (!type || event->version > type->version)
        return daybook_fail(
            err, DAYBOOK_NEWER_FORMAT,
            "Event %llu is of type %u, version %u, which this program does not know. Use a newer daybook.",
            (unsigned long long)event->seq, event->type, event->version);
    if (type == &schema_application)
        return read_values(event, scratch, ret, err);
    struct event_reader r = {.at = event->data, .end = event->data + event->data_len};
    size_t own_used = 0, count = read_array(&r);
    data_init(ret);
    scratch->no_room = false;
    for (size_t i = 0; i < count && !r.bad; i++) {
        if (i >= type->field_count)
            skip_value(&r, 0);
        else if (!read_nil(&r))
            read_field(&r, &type->fields[i], scratch, &own_used, ret);
    }
    if (scratch->no_room)
        return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for the lists of an event.");
    if (r.bad || r.at != r.end)
        return event_damaged(event->seq, err);
    attach_lists(scratch, ret);
    scratch->has_unknown = r.unknown || count > type->field_count;
    return 0;
}

/* ---- personal values */

struct personal_walk {
    personal_visit *visit;
    void *context;
    uint16_t slot;
};

static int visit_own(struct personal_walk *walk, const struct daybook_own *own, size_t count)
{
    int rc = 0;
    for (size_t i = 0; i < count && !rc; i++)
        if (own[i].kind == DAYBOOK_OWN_PERSONAL)
            rc = walk->visit(walk->context, "fields", walk->slot++, &own[i].personal);
    return rc;
}

static int visit_values(struct personal_walk *walk, const struct daybook_value *values, size_t count)
{
    int rc = 0;
    for (size_t i = 0; i < count && !rc; i++)
        if (values[i].kind == DAYBOOK_VALUE_PERSONAL)
            rc = walk->visit(walk->context, "values", walk->slot++, &values[i].personal);
    return rc;
}

int data_each_personal(const struct schema_type *type, const struct daybook_data *data, personal_visit *visit,
                       void *context)
{
    struct personal_walk walk = {visit, context, 0};
    int rc = 0;
    for (size_t i = 0; i < type->field_count && !rc; i++) {
        const struct schema_field *field = &type->fields[i];
        const struct daybook_personal *personal = (const void *)((const char *)data + field->offset);
        if (field->kind == SCHEMA_PERSONAL && personal->commitment)
            rc = visit(context, field->name, walk.slot++, personal);
        else if (field->kind == SCHEMA_OWN)
            rc = visit_own(&walk, data->own, data->own_count);
        else if (field->kind == SCHEMA_VALUES)
            rc = visit_values(&walk, data->values, data->value_count);
        else if (field->kind == SCHEMA_LINES)
            for (size_t j = 0; j < data->line_count && !rc; j++)
                rc = visit_own(&walk, data->lines[j].own, data->lines[j].own_count);
    }
    return rc;
}
