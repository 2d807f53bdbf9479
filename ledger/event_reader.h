/* Reading an event's bytes in one straight line. It is all inline, as folds read events by the million; what is
 * seldom seen (signed forms, numbers right before the end) is left to functions of event.c.
 *
 * A reader keeps its first error and returns harmless values, so that it is asked once at the end. Bounds are checked;
 * canonical form and the event's check are not. */
#ifndef LEDGER_EVENT_READER_H
#define LEDGER_EVENT_READER_H

#include <endian.h>
#include <string.h>

#include "ledger/event.h"

struct event_reader {
    const uint8_t *at, *end;
    bool bad;
    bool unknown;   /* passed over elements that this program does not know */
    uint16_t slots; /* personal values seen */
};

/* An integer of any form; `is_unsigned`: up to UINT64_MAX, else up to INT64_MAX. */
uint64_t event_reader_any_integer(struct event_reader *r, bool is_unsigned);
/* Pass over one value, whatever it is. */
void event_reader_skip(struct event_reader *r);

static inline size_t reader_left(const struct event_reader *r)
{
    return (size_t)(r->end - r->at);
}

static inline bool read_nil(struct event_reader *r)
{
    if (r->at == r->end || *r->at != 0xc0)
        return false;
    r->at++;
    return true;
}

/* The reader is handed on as a copy: whose address is never taken stays in registers. */
static inline uint64_t read_any_integer(struct event_reader *r, bool is_unsigned)
{
    struct event_reader copy = *r;
    uint64_t value = event_reader_any_integer(&copy, is_unsigned);
    *r = copy;
    return value;
}

static inline uint64_t read_integer(struct event_reader *r, bool is_unsigned)
{
    enum { LONGEST = 9, UINT_8 = 0xcc, UINT_64 = 0xcf };
    if (r->at < r->end && *r->at <= 0x7f)
        return *r->at++;
    if (__builtin_expect(reader_left(r) < LONGEST || *r->at < UINT_8 || *r->at > UINT_64, 0))
        return read_any_integer(r, is_unsigned);
    unsigned size = 1u << (*r->at - UINT_8);
    uint64_t value;
    memcpy(&value, r->at + 1, sizeof value);
    value = be64toh(value) >> (64 - 8 * size);
    r->at += 1 + size;
    r->bad |= !is_unsigned && value > INT64_MAX;
    return value;
}

static inline int64_t read_int(struct event_reader *r)
{
    return (int64_t)read_integer(r, false);
}

static inline uint64_t read_uint64(struct event_reader *r)
{
    return read_integer(r, true);
}

static inline uint32_t read_uint32(struct event_reader *r)
{
    uint64_t value = read_uint64(r);
    r->bad |= value > UINT32_MAX;
    return (uint32_t)value;
}

/* Ordinals have 31 bits; a writer uses the one above for subjects that have none yet. */
static inline uint32_t read_ordinal(struct event_reader *r)
{
    uint64_t value = read_uint64(r);
    r->bad |= value > INT32_MAX;
    return (uint32_t)value;
}

static inline int32_t read_day(struct event_reader *r)
{
    int64_t value = read_int(r);
    r->bad |= value < DAYBOOK_DAY_MIN || value > DAYBOOK_DAY_MAX;
    return r->bad ? DAYBOOK_DAY_NONE : (int32_t)value;
}

static inline size_t read_array(struct event_reader *r)
{
    size_t count = 0;
    if (r->at < r->end && (*r->at & 0xf0) == 0x90) {
        count = *r->at++ & 0x0f;
    } else if (reader_left(r) >= 3 && *r->at == 0xdc) {
        count = (size_t)r->at[1] << 8 | r->at[2];
        r->at += 3;
    } else {
        r->bad = true;
    }
    r->bad |= count > reader_left(r); /* an element takes a byte at least */
    return r->bad ? 0 : count;
}

static inline struct daybook_text read_text(struct event_reader *r)
{
    size_t left = reader_left(r), header = 1, len = 0;
    if (left >= 1 && (*r->at & 0xe0) == 0xa0) {
        len = *r->at & 0x1f;
    } else if (left >= 2 && *r->at == 0xd9) {
        header = 2;
        len = r->at[1];
    } else if (left >= 3 && *r->at == 0xda) {
        header = 3;
        len = (size_t)r->at[1] << 8 | r->at[2];
    } else {
        r->bad = true;
    }
    if (r->bad || left < header + len) {
        r->bad = true;
        return DAYBOOK_TEXT_NONE;
    }
    const uint8_t *run = r->at + header;
    r->at = run + len;
    return (struct daybook_text){(const char *)run, len};
}

/* The envelope of the event that stood under `seq`; false when the bytes are no event. */
static inline bool read_envelope(uint64_t seq, const uint8_t *bytes, size_t len, struct daybook_event *ret)
{
    struct event_reader r = {.at = bytes, .end = bytes + len};
    uint32_t cause_source = 0, cause_row = 0;
    if (len > DAYBOOK_EVENT_SIZE_MAX || read_array(&r) != EVENT_ELEMENTS)
        return false;
    uint32_t type = read_uint32(&r);
    uint32_t version = read_uint32(&r);
    uint32_t kind = read_uint32(&r);
    uint32_t ordinal = read_ordinal(&r);
    uint32_t nth = read_uint32(&r);
    uint64_t prev = read_uint64(&r);
    uint32_t actor = read_ordinal(&r);
    uint32_t via = read_ordinal(&r);
    int64_t recorded_us = read_int(&r);
    int32_t occurred_on = read_nil(&r) ? DAYBOOK_DAY_NONE : read_day(&r);
    int64_t occurred_us = read_nil(&r) ? DAYBOOK_INSTANT_NONE : read_int(&r);
    bool has_key = !read_nil(&r);
    uint64_t key = has_key ? read_uint64(&r) : 0;
    if (!read_nil(&r)) {
        r.bad |= read_array(&r) != 2;
        cause_source = read_ordinal(&r);
        cause_row = read_uint32(&r);
    }
    if (r.bad || reader_left(&r) < EVENT_CHECK_SIZE + 1 || r.end[-EVENT_CHECK_SIZE] != 0xce || type == 0 ||
        ordinal == 0 || nth == 0 || prev >= seq || (nth == 1) != (prev == 0))
        return false;
    /* Every member, by itself: clearing the struct first would take as long as reading the event. */
    *ret = (struct daybook_event){.seq = seq,
                                  .type = type,
                                  .version = version,
                                  .kind = kind,
                                  .ordinal = ordinal,
                                  .nth = nth,
                                  .prev = prev,
                                  .actor = actor,
                                  .via = via,
                                  .recorded_us = recorded_us,
                                  .occurred_on = occurred_on,
                                  .occurred_us = occurred_us,
                                  .key = key,
                                  .has_key = has_key,
                                  .cause_source = cause_source,
                                  .cause_row = cause_row,
                                  .data = r.at,
                                  .data_len = reader_left(&r) - EVENT_CHECK_SIZE,
                                  .bytes = bytes,
                                  .len = len};
    return true;
}

#endif
