/* An event and its bytes: one msgpack array of 15 elements.
 *
 *   0 type  1 version  2 kind  3 ordinal  4 nth  5 prev  6 actor  7 via  8 recorded_us
 *   9 occurred_on  10 occurred_us  11 key  12 cause  13 data  14 check
 *
 * Writing is msgpack-c's. Reading is the straight-line reader of event_reader.h, which keeps its first error and
 * returns harmless values, so that it is asked once at the end; bytes that are not trusted must also have the one form
 * that writing gives (canonical.c). */
#include "ledger/event.h"

#include <msgpack.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "ledger/canonical.h"
#include "ledger/decimal.h"
#include "ledger/event_reader.h"
#include "ledger/text.h"

enum { CHECK_SIZE = EVENT_CHECK_SIZE, NESTING_MAX = 8 };

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

static int damaged(uint64_t seq, struct daybook_error *err)
{
    return daybook_fail(err, DAYBOOK_DAMAGED,
                        "Event %llu cannot be read: its bytes are no event. Run `daybook verify` to see what else is "
                        "damaged, and restore a backup.",
                        (unsigned long long)seq);
}

int event_read(uint64_t seq, const uint8_t *bytes, size_t len, struct daybook_event *ret, struct daybook_error *err)
{
    return read_envelope(seq, bytes, len, ret) ? 0 : damaged(seq, err);
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
        return damaged(event->seq, err);
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
        return damaged(event->seq, err);
    attach_lists(scratch, ret);
    scratch->has_unknown = r.unknown || count > type->field_count;
    return 0;
}

/* ---- writing */

struct output {
    uint8_t *at;
    size_t room;
};

static int output_write(void *context, const char *bytes, size_t len)
{
    struct output *out = context;
    if (len > out->room)
        return -1;
    if (len) /* msgpack-c has no pointer for an empty text */
        memcpy(out->at, bytes, len);
    out->at += len;
    out->room -= len;
    return 0;
}

static int pack_text(msgpack_packer *pk, struct daybook_text text)
{
    int rc = text.len > DAYBOOK_TEXT_MAX ? -1 : msgpack_pack_str(pk, text.len);
    return rc ? rc : msgpack_pack_str_body(pk, text.ptr, text.len);
}

static int pack_personal(msgpack_packer *pk, const struct daybook_personal *personal)
{
    int rc = msgpack_pack_bin(pk, DAYBOOK_COMMITMENT_SIZE);
    return rc ? rc : msgpack_pack_bin_body(pk, personal->commitment, DAYBOOK_COMMITMENT_SIZE);
}

static int pack_decimal(msgpack_packer *pk, struct daybook_decimal value)
{
    return msgpack_pack_array(pk, 2) || msgpack_pack_int64(pk, value.mantissa) || msgpack_pack_uint8(pk, value.scale);
}

static int pack_own(msgpack_packer *pk, const struct daybook_own *own)
{
    if (msgpack_pack_array(pk, own->kind == DAYBOOK_OWN_CLEARED ? 1 : 2) || msgpack_pack_uint32(pk, own->field))
        return -1;
    switch (own->kind) {
    case DAYBOOK_OWN_TEXT:
        return pack_text(pk, own->text);
    case DAYBOOK_OWN_PERSONAL:
        return pack_personal(pk, &own->personal);
    case DAYBOOK_OWN_NUMBER:
        return pack_decimal(pk, own->number);
    case DAYBOOK_OWN_DAY:
        return msgpack_pack_int32(pk, own->day);
    default:
        return 0;
    }
}

static int pack_own_list(msgpack_packer *pk, const struct daybook_own *own, size_t count)
{
    int rc = count > EVENT_LIST_MAX ? -1 : msgpack_pack_array(pk, count);
    for (size_t i = 0; i < count && !rc; i++)
        rc = pack_own(pk, &own[i]);
    return rc;
}

static int pack_line(msgpack_packer *pk, const struct daybook_line *line)
{
    size_t count = line->own_count                         ? 7
                   : line->expected_on != DAYBOOK_DAY_NONE ? 6
                   : line->name.ptr                        ? 5
                   : line->unit.ptr                        ? 4
                   : line->has_quantity                    ? 3
                   : line->product                         ? 2
                                                           : 1;
    int rc = msgpack_pack_array(pk, count) || msgpack_pack_uint32(pk, line->line);
    if (!rc && count > 1)
        rc = line->product ? msgpack_pack_uint32(pk, line->product) : msgpack_pack_nil(pk);
    if (!rc && count > 2)
        rc = line->has_quantity ? pack_decimal(pk, line->quantity) : msgpack_pack_nil(pk);
    if (!rc && count > 3)
        rc = line->unit.ptr ? pack_text(pk, line->unit) : msgpack_pack_nil(pk);
    if (!rc && count > 4)
        rc = line->name.ptr ? pack_text(pk, line->name) : msgpack_pack_nil(pk);
    if (!rc && count > 5)
        rc = line->expected_on != DAYBOOK_DAY_NONE ? msgpack_pack_int32(pk, line->expected_on) : msgpack_pack_nil(pk);
    if (!rc && count > 6)
        rc = pack_own_list(pk, line->own, line->own_count);
    return rc;
}

static int pack_lists(msgpack_packer *pk, enum schema_field_kind kind, const struct daybook_data *data)
{
    int rc = 0;
    if (kind == SCHEMA_OWN)
        return pack_own_list(pk, data->own, data->own_count);
    if (kind == SCHEMA_LINES) {
        rc = data->line_count > EVENT_LIST_MAX ? -1 : msgpack_pack_array(pk, data->line_count);
        for (size_t i = 0; i < data->line_count && !rc; i++)
            rc = pack_line(pk, &data->lines[i]);
        return rc;
    }
    rc = data->part_count > EVENT_LIST_MAX ? -1 : msgpack_pack_array(pk, data->part_count);
    for (size_t i = 0; i < data->part_count && !rc; i++)
        rc = msgpack_pack_array(pk, 2) || msgpack_pack_uint32(pk, data->parts[i].line) ||
             pack_decimal(pk, data->parts[i].quantity);
    return rc;
}

static int pack_field(msgpack_packer *pk, const struct schema_field *field, const struct daybook_data *data)
{
    if (!data_has(data, field))
        return msgpack_pack_nil(pk);
    const void *member = (const char *)data + field->offset;
    switch (field->kind) {
    case SCHEMA_UINT:
        return msgpack_pack_uint64(pk, *(const uint64_t *)member);
    case SCHEMA_DAY:
        return msgpack_pack_int32(pk, *(const int32_t *)member);
    case SCHEMA_TEXT:
        return pack_text(pk, *(const struct daybook_text *)member);
    case SCHEMA_PERSONAL:
        return pack_personal(pk, member);
    case SCHEMA_CUSTOMER:
        return msgpack_pack_uint32(pk, *(const uint32_t *)member);
    case SCHEMA_ROWS:
        return pk->callback(pk->data, (const char *)data->rows, data->rows_len);
    default:
        return pack_lists(pk, field->kind, data);
    }
}

static int pack_value(msgpack_packer *pk, const struct daybook_value *value)
{
    switch (value->kind) {
    case DAYBOOK_VALUE_TEXT:
        return pack_text(pk, value->text);
    case DAYBOOK_VALUE_PERSONAL:
        return pack_personal(pk, &value->personal);
    case DAYBOOK_VALUE_INTEGER:
        return msgpack_pack_int64(pk, value->integer);
    case DAYBOOK_VALUE_DECIMAL:
        return pack_decimal(pk, value->decimal);
    default:
        return msgpack_pack_nil(pk);
    }
}

static int pack_values(msgpack_packer *pk, const struct daybook_value *values, size_t count)
{
    while (count && values[count - 1].kind == DAYBOOK_VALUE_ABSENT)
        count--;
    int rc = count > EVENT_LIST_MAX ? -1 : msgpack_pack_array(pk, count);
    for (size_t i = 0; i < count && !rc; i++)
        rc = pack_value(pk, &values[i]);
    return rc;
}

static int pack_data(msgpack_packer *pk, const struct schema_type *type, const struct daybook_data *data)
{
    if (type == &schema_application)
        return pack_values(pk, data->values, data->value_count);
    size_t count = type->field_count;
    while (count && !data_has(data, &type->fields[count - 1]))
        count--; /* trailing nils are cut */
    int rc = msgpack_pack_array(pk, count);
    for (size_t i = 0; i < count && !rc; i++)
        rc = pack_field(pk, &type->fields[i], data);
    return rc;
}

static int pack_envelope(msgpack_packer *pk, const struct daybook_event *event)
{
    return msgpack_pack_array(pk, EVENT_ELEMENTS) || msgpack_pack_uint32(pk, event->type) ||
           msgpack_pack_uint32(pk, event->version) || msgpack_pack_uint32(pk, event->kind) ||
           msgpack_pack_uint32(pk, event->ordinal) || msgpack_pack_uint32(pk, event->nth) ||
           msgpack_pack_uint64(pk, event->prev) || msgpack_pack_uint32(pk, event->actor) ||
           msgpack_pack_uint32(pk, event->via) || msgpack_pack_int64(pk, event->recorded_us) ||
           (event->occurred_on == DAYBOOK_DAY_NONE ? msgpack_pack_nil(pk)
                                                   : msgpack_pack_int32(pk, event->occurred_on)) ||
           (event->occurred_us == DAYBOOK_INSTANT_NONE ? msgpack_pack_nil(pk)
                                                       : msgpack_pack_int64(pk, event->occurred_us)) ||
           (event->has_key ? msgpack_pack_uint64(pk, event->key) : msgpack_pack_nil(pk)) ||
           (event->cause_source ? msgpack_pack_array(pk, 2) || msgpack_pack_uint32(pk, event->cause_source) ||
                                      msgpack_pack_uint32(pk, event->cause_row)
                                : msgpack_pack_nil(pk));
}

static uint32_t event_checksum(uint64_t seq, const uint8_t *bytes, size_t len)
{
    return (uint32_t)XXH3_64bits_withSeed(bytes, len, seq);
}

int event_write(const struct daybook_event *event, const struct daybook_data *data, uint8_t out[DAYBOOK_EVENT_SIZE_MAX],
                size_t *ret_len, struct daybook_error *err)
{
    struct output output = {out, DAYBOOK_EVENT_SIZE_MAX - CHECK_SIZE};
    msgpack_packer pk;
    msgpack_packer_init(&pk, &output, output_write);
    int rc = pack_envelope(&pk, event);
    if (!rc)
        rc = data ? pack_data(&pk, schema_by_wire(event->type), data)
                  : output_write(&output, (const char *)event->data, event->data_len);
    if (rc)
        return daybook_fail(err, DAYBOOK_TOO_LARGE,
                            "One event would be larger than %d bytes. Split the order, or shorten its texts.",
                            DAYBOOK_EVENT_SIZE_MAX);
    size_t len = (size_t)(output.at - out);
    output.room = CHECK_SIZE;
    msgpack_pack_fix_uint32(&pk, event_checksum(event->seq, out, len));
    *ret_len = len + CHECK_SIZE;
    return 0;
}

/* ---- bytes that are not trusted */

bool event_check_holds(uint64_t seq, const uint8_t *bytes, size_t len)
{
    if (len <= CHECK_SIZE || bytes[len - CHECK_SIZE] != 0xce)
        return false;
    const uint8_t *stored = bytes + len - 4;
    uint32_t check = (uint32_t)stored[0] << 24 | (uint32_t)stored[1] << 16 | (uint32_t)stored[2] << 8 | stored[3];
    return check == event_checksum(seq, bytes, len - CHECK_SIZE);
}

enum { SMALL_MAX = 0x7f, ARRAY_HEAD = 0x90, NIL = 0xc0 };

/* Where the elements of an event begin, but for the check. */
struct elements {
    const uint8_t *at[EVENT_ELEMENTS - 1];
};
enum { ELEMENT_OCCURRED_AT = 10, ELEMENT_CAUSE = 12, ELEMENT_DATA = 13 };

static bool find_elements(const uint8_t *bytes, size_t len, struct elements *ret)
{
    const uint8_t *at = bytes + 1, *end = bytes + len - CHECK_SIZE;
    if (*bytes != (ARRAY_HEAD | EVENT_ELEMENTS))
        return false;
    for (unsigned i = 0; i < EVENT_ELEMENTS - 1; i++) {
        ret->at[i] = at;
        if (at < end && *at <= SMALL_MAX) {
            at++;
            continue;
        }
        at = canonical_value(at, end, 1);
        if (!at)
            return false;
    }
    return at == end && canonical_is_array(ret->at[ELEMENT_DATA]);
}

/* In a line, the product and the own fields are what can stand for nothing. */
static bool lines_are_tight(const uint8_t *lines, const uint8_t *end)
{
    enum { PRODUCT = 1, OWN = 6 };
    const uint8_t *at;
    for (size_t left = canonical_array(lines, &at); left; left--) {
        const uint8_t *element;
        size_t count = canonical_array(at, &element);
        for (size_t i = 0; i < count; i++) {
            if ((i == PRODUCT && *element == 0) || (i == OWN && *element == ARRAY_HEAD))
                return false;
            element = canonical_value(element, end, 0);
        }
        at = element;
    }
    return true;
}

/* What is not there is nil, never a 0 or an empty list that would be read as the same: an event has one form. */
static bool is_tight(const struct daybook_event *event, const struct schema_type *type, const struct elements *elements)
{
    const uint8_t *at, *end = event->bytes + event->len;
    if ((!event->cause_source && *elements->at[ELEMENT_CAUSE] != NIL) ||
        (event->occurred_us == DAYBOOK_INSTANT_NONE && *elements->at[ELEMENT_OCCURRED_AT] != NIL))
        return false;
    if (type == &schema_application)
        return true; /* its values are what their bytes say */
    size_t count = canonical_array(elements->at[ELEMENT_DATA], &at);
    for (size_t i = 0; i < count; i++) {
        enum schema_field_kind kind = type->fields[i].kind;
        if (*at == 0 && (kind == SCHEMA_UINT || kind == SCHEMA_CUSTOMER))
            return false;
        if (*at == ARRAY_HEAD && (kind == SCHEMA_LINES || kind == SCHEMA_PARTS || kind == SCHEMA_OWN))
            return false;
        if (*at != NIL && kind == SCHEMA_LINES && !lines_are_tight(at, end))
            return false;
        at = canonical_value(at, end, 0);
    }
    return true;
}

/* Of a type that is known, the fields: they can be read, keep their limits, and would be written in the same way again
 * (which cannot be asked when a newer program added some). */
static int check_fields(const struct daybook_event *event, const struct elements *elements,
                        struct event_scratch *scratch, struct daybook_data *ret, struct daybook_error *err)
{
    const struct schema_type *type = schema_by_wire(event->type);
    if (!type || event->version > type->version) {
        data_init(ret);
        return 0;
    }
    int rc = event_read_data(event, scratch, ret, err);
    bool good = !rc && (!type->subject || event->kind == type->subject) && !data_validate(type, ret, NULL) &&
                (scratch->has_unknown || is_tight(event, type, elements));
    return good || rc == DAYBOOK_NO_MEMORY ? rc : damaged(event->seq, err);
}

int event_read_checked(uint64_t seq, const uint8_t *bytes, size_t len, struct event_scratch *scratch,
                       struct daybook_event *ret, struct daybook_data *ret_data, struct daybook_error *err)
{
    struct elements elements;
    if (len > DAYBOOK_EVENT_SIZE_MAX || !event_check_holds(seq, bytes, len) || !find_elements(bytes, len, &elements) ||
        event_read(seq, bytes, len, ret, err))
        return damaged(seq, err);
    return check_fields(ret, &elements, scratch, ret_data, err);
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
