/* Is it in the one form in which events are stored? Asked of every event that is verified or carried over, so it is one
 * pass without memory of its own; tests hold it equal to what msgpack-c reads and writes again. */
#include "ledger/canonical.h"

#include <endian.h>
#include <string.h>

#include "daybook/event.h"
#include "ledger/text.h"

enum { NIL = 0xc0, ARRAY_16 = 0xdc };
enum { FIRST_LONG = 0xc0, LAST_LONG = 0xdf };
enum what { REFUSED, UNSIGNED, SIGNED, TEXT, COMMITMENT, ARRAY };

/* Heads with a number behind them: how many bytes it has, and the last one that a shorter head would hold. */
static const struct {
    enum what what;
    unsigned size;
    int64_t shorter;
} long_heads[LAST_LONG - FIRST_LONG + 1] = {
    [0xc4 - FIRST_LONG] = {COMMITMENT, 1, 0},        [0xcc - FIRST_LONG] = {UNSIGNED, 1, 0x7f},
    [0xcd - FIRST_LONG] = {UNSIGNED, 2, UINT8_MAX},  [0xce - FIRST_LONG] = {UNSIGNED, 4, UINT16_MAX},
    [0xcf - FIRST_LONG] = {UNSIGNED, 8, UINT32_MAX}, [0xd0 - FIRST_LONG] = {SIGNED, 1, -32},
    [0xd1 - FIRST_LONG] = {SIGNED, 2, INT8_MIN},     [0xd2 - FIRST_LONG] = {SIGNED, 4, INT16_MIN},
    [0xd3 - FIRST_LONG] = {SIGNED, 8, INT32_MIN},    [0xd9 - FIRST_LONG] = {TEXT, 1, 31},
    [0xda - FIRST_LONG] = {TEXT, 2, UINT8_MAX},      [ARRAY_16 - FIRST_LONG] = {ARRAY, 2, 15},
};

static uint64_t read_number(const uint8_t *at, const uint8_t *end, unsigned size)
{
    uint64_t value = 0;
    if ((size_t)(end - at) >= sizeof value) {
        memcpy(&value, at, sizeof value);
        return be64toh(value) >> (64 - 8 * size);
    }
    for (unsigned i = 0; i < size; i++)
        value = value << 8 | at[i];
    return value;
}

static const uint8_t *pass_text(const uint8_t *at, const uint8_t *end, uint64_t len)
{
    if (len > DAYBOOK_TEXT_MAX || (uint64_t)(end - at) < len ||
        !text_is_valid((struct daybook_text){(const char *)at, (size_t)len}))
        return NULL;
    return at + len;
}

static const uint8_t *pass_array(const uint8_t *at, const uint8_t *end, uint64_t count, unsigned depth)
{
    const uint8_t *last = NULL;
    for (; count && at; count--) {
        last = at;
        at = canonical_value(at, end, depth + 1);
    }
    return at && last && *last == NIL ? NULL : at;
}

static const uint8_t *pass_long(const uint8_t *at, const uint8_t *end, uint8_t head, unsigned depth)
{
    unsigned size = long_heads[head - FIRST_LONG].size, spare_bits = 64 - 8 * size;
    int64_t shorter = long_heads[head - FIRST_LONG].shorter;
    if (size == 0 || (size_t)(end - at) < size)
        return NULL;
    uint64_t value = read_number(at, end, size);
    at += size;
    switch (long_heads[head - FIRST_LONG].what) {
    case UNSIGNED:
        return value > (uint64_t)shorter ? at : NULL;
    case SIGNED:
        return (int64_t)(value << spare_bits) >> spare_bits < shorter ? at : NULL;
    case TEXT:
        return value > (uint64_t)shorter ? pass_text(at, end, value) : NULL;
    case COMMITMENT:
        return value == DAYBOOK_COMMITMENT_SIZE && (size_t)(end - at) >= value ? at + value : NULL;
    case ARRAY:
        return value > (uint64_t)shorter ? pass_array(at, end, value, depth) : NULL;
    default:
        return NULL;
    }
}

const uint8_t *canonical_value(const uint8_t *at, const uint8_t *end, unsigned depth)
{
    if (at == end || depth > CANONICAL_DEPTH_MAX)
        return NULL;
    uint8_t head = *at++;
    if (head <= 0x7f || head > LAST_LONG || head == NIL)
        return at;
    if (head >= FIRST_LONG)
        return pass_long(at, end, head, depth);
    if (head >= 0xa0)
        return pass_text(at, end, head & 0x1f);
    return head >= 0x90 ? pass_array(at, end, head & 0x0f, depth) : NULL;
}

bool canonical_is_array(const uint8_t *value)
{
    return (*value & 0xf0) == 0x90 || *value == ARRAY_16;
}

size_t canonical_array(const uint8_t *array, const uint8_t **ret_at)
{
    bool is_long = *array == ARRAY_16;
    *ret_at = array + (is_long ? 3 : 1);
    return is_long ? (size_t)array[1] << 8 | array[2] : *array & 0x0f;
}
