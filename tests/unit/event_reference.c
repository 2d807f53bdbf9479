/* Are bytes an event, as msgpack-c sees them? */
#include "tests/unit/event_reference.h"

#include <msgpack.h>
#include <string.h>

#include "ledger/text.h"

enum { CHECK_SIZE = 5, NESTING_MAX = 8 };

static bool only_allowed_types(const msgpack_object *object, unsigned depth)
{
    if (depth > NESTING_MAX)
        return false;
    switch (object->type) {
    case MSGPACK_OBJECT_NIL:
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        return true;
    case MSGPACK_OBJECT_STR:
        return object->via.str.size <= DAYBOOK_TEXT_MAX &&
               text_is_valid((struct daybook_text){object->via.str.ptr, object->via.str.size});
    case MSGPACK_OBJECT_BIN:
        return object->via.bin.size == DAYBOOK_COMMITMENT_SIZE;
    case MSGPACK_OBJECT_ARRAY:
        for (uint32_t i = 0; i < object->via.array.size; i++)
            if (!only_allowed_types(&object->via.array.ptr[i], depth + 1))
                return false;
        return true;
    default:
        return false;
    }
}

static bool ends_with_nil(const msgpack_object *object)
{
    if (object->type != MSGPACK_OBJECT_ARRAY)
        return false;
    uint32_t count = object->via.array.size;
    for (uint32_t i = 0; i < count; i++)
        if (ends_with_nil(&object->via.array.ptr[i]))
            return true;
    return count && object->via.array.ptr[count - 1].type == MSGPACK_OBJECT_NIL;
}

/* msgpack-c writes the shortest form. The check, which always has 5 bytes, is left out. */
static bool is_written_again(const msgpack_object *event, const uint8_t *bytes, size_t len)
{
    msgpack_sbuffer again;
    msgpack_packer packer;
    msgpack_sbuffer_init(&again);
    msgpack_packer_init(&packer, &again, msgpack_sbuffer_write);
    msgpack_pack_array(&packer, EVENT_ELEMENTS);
    for (unsigned i = 0; i + 1 < EVENT_ELEMENTS; i++)
        msgpack_pack_object(&packer, event->via.array.ptr[i]);
    bool same = again.size == len - CHECK_SIZE && memcmp(again.data, bytes, again.size) == 0;
    msgpack_sbuffer_destroy(&again);
    return same;
}

/* msgpack-c makes room for as many elements as a head promises, up to 2^32. Such heads stand in no event: look from
 * head to head whether there is one. */
static bool promises_too_much(const uint8_t *bytes, size_t len)
{
    static const uint8_t widths[32] = {[0x0a] = 4, [0x0b] = 8, [0x0c] = 1, [0x0d] = 2, [0x0e] = 4, [0x0f] = 8,
                                       [0x10] = 1, [0x11] = 2, [0x12] = 4, [0x13] = 8, [0x1c] = 2, [0x1e] = 2};
    for (size_t at = 0; at < len;) {
        uint8_t head = bytes[at++];
        if (head == 0xdd || head == 0xdf)
            return true;
        if (head >= 0xa0 && head <= 0xbf)
            at += head & 0x1f;
        else if (head == 0xc4 || head == 0xd9)
            at += at < len ? 1u + bytes[at] : 1u;
        else if (head == 0xda)
            at += at + 1 < len ? 2u + ((size_t)bytes[at] << 8 | bytes[at + 1]) : 2u;
        else if (head >= 0xc0 && head <= 0xdf && widths[head - 0xc0])
            at += widths[head - 0xc0];
        else if (head >= 0xc5 && head <= 0xdf)
            return true; /* longer texts and byte strings, extensions: in no event either */
    }
    return false;
}

static bool is_canonical(const uint8_t *bytes, size_t len)
{
    if (promises_too_much(bytes, len))
        return false;
    msgpack_unpacked unpacked;
    msgpack_unpacked_init(&unpacked);
    size_t used = 0;
    bool good = msgpack_unpack_next(&unpacked, (const char *)bytes, len, &used) == MSGPACK_UNPACK_SUCCESS &&
                used == len && unpacked.data.type == MSGPACK_OBJECT_ARRAY &&
                unpacked.data.via.array.size == EVENT_ELEMENTS && only_allowed_types(&unpacked.data, 0) &&
                unpacked.data.via.array.ptr[EVENT_ELEMENTS - 2].type == MSGPACK_OBJECT_ARRAY &&
                !ends_with_nil(&unpacked.data.via.array.ptr[EVENT_ELEMENTS - 2]) &&
                is_written_again(&unpacked.data, bytes, len);
    msgpack_unpacked_destroy(&unpacked);
    return good;
}

/* What is read, written again, is the same to the byte; which cannot be asked of elements that are not known. */
static bool fields_hold(const struct daybook_event *event)
{
    const struct schema_type *type = schema_by_wire(event->type);
    if (!type || event->version > type->version)
        return true;
    struct event_scratch scratch = {0};
    struct daybook_data data;
    uint8_t again[DAYBOOK_EVENT_SIZE_MAX];
    size_t len = 0;
    bool good = (!type->subject || event->kind == type->subject) && !event_read_data(event, &scratch, &data, NULL) &&
                !data_validate(type, &data, NULL) &&
                (scratch.has_unknown || (!event_write(event, &data, again, &len, NULL) && len == event->len &&
                                         memcmp(again, event->bytes, len) == 0));
    event_scratch_release(&scratch);
    return good;
}

bool event_reference_validates(uint64_t seq, const uint8_t *bytes, size_t len)
{
    struct daybook_event event;
    return len <= DAYBOOK_EVENT_SIZE_MAX && event_check_holds(seq, bytes, len) &&
           !event_read(seq, bytes, len, &event, NULL) && is_canonical(bytes, len) && fields_hold(&event);
}

int event_validate(uint64_t seq, const uint8_t *bytes, size_t len, struct daybook_error *err)
{
    struct event_scratch scratch = {0};
    struct daybook_event event;
    struct daybook_data data;
    int rc = event_read_checked(seq, bytes, len, &scratch, &event, &data, err);
    event_scratch_release(&scratch);
    return rc;
}
