/* An event becomes bytes: what msgpack-c packs, in the one form that canonical.c accepts, and the check behind it. */
#include <msgpack.h>
#include <string.h>

#include "ledger/event.h"

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

int event_write(const struct daybook_event *event, const struct daybook_data *data, uint8_t out[DAYBOOK_EVENT_SIZE_MAX],
                size_t *ret_len, struct daybook_error *err)
{
    struct output output = {out, DAYBOOK_EVENT_SIZE_MAX - EVENT_CHECK_SIZE};
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
    output.room = EVENT_CHECK_SIZE;
    msgpack_pack_fix_uint32(&pk, event_checksum(event->seq, out, len));
    *ret_len = len + EVENT_CHECK_SIZE;
    return 0;
}
