/* Bytes that are not trusted: are they an event, whole, in its place, and in the one form that writing gives? */
#include <xxhash.h>

#include "ledger/canonical.h"
#include "ledger/event.h"

uint32_t event_checksum(uint64_t seq, const uint8_t *bytes, size_t len)
{
    return (uint32_t)XXH3_64bits_withSeed(bytes, len, seq);
}

bool event_check_holds(uint64_t seq, const uint8_t *bytes, size_t len)
{
    if (len <= EVENT_CHECK_SIZE || bytes[len - EVENT_CHECK_SIZE] != 0xce)
        return false;
    const uint8_t *stored = bytes + len - 4;
    uint32_t check = (uint32_t)stored[0] << 24 | (uint32_t)stored[1] << 16 | (uint32_t)stored[2] << 8 | stored[3];
    return check == event_checksum(seq, bytes, len - EVENT_CHECK_SIZE);
}

int event_read_stored(uint64_t seq, const uint8_t *bytes, size_t len, struct daybook_event *ret,
                      struct daybook_error *err)
{
    if (event_check_holds(seq, bytes, len))
        return event_read(seq, bytes, len, ret, err);
    return daybook_fail(err, DAYBOOK_DAMAGED,
                        "Event %llu is not what was recorded: its bytes do not fit its check. Run `daybook verify` to "
                        "see what else is damaged, and restore a backup.",
                        (unsigned long long)seq);
}

enum { SMALL_MAX = 0x7f, ARRAY_HEAD = 0x90, NIL = 0xc0 };

/* Where the elements of an event begin, but for the check. */
struct elements {
    const uint8_t *at[EVENT_ELEMENTS - 1];
};
enum { ELEMENT_OCCURRED_AT = 10, ELEMENT_CAUSE = 12, ELEMENT_DATA = 13 };

static bool find_elements(const uint8_t *bytes, size_t len, struct elements *ret)
{
    const uint8_t *at = bytes + 1, *end = bytes + len - EVENT_CHECK_SIZE;
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
    return good || rc == DAYBOOK_NO_MEMORY ? rc : event_damaged(event->seq, err);
}

int event_read_checked(uint64_t seq, const uint8_t *bytes, size_t len, struct event_scratch *scratch,
                       struct daybook_event *ret, struct daybook_data *ret_data, struct daybook_error *err)
{
    struct elements elements;
    if (len > DAYBOOK_EVENT_SIZE_MAX || !event_check_holds(seq, bytes, len) || !find_elements(bytes, len, &elements) ||
        event_read(seq, bytes, len, ret, err))
        return event_damaged(seq, err);
    return check_fields(ret, &elements, scratch, ret_data, err);
}
