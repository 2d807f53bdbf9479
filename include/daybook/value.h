/* The plain values that events are made of: text, exact decimals, civil days.
 *
 * None of them owns memory. A struct daybook_text points at bytes that belong to whoever made it;
 * ptr == NULL means "absent", len == 0 with a pointer means the empty text. */
#ifndef DAYBOOK_VALUE_H
#define DAYBOOK_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* UTF-8 without NUL, not terminated. */
struct daybook_text {
    const char *ptr;
    size_t len;
};

/* DAYBOOK_LITERAL(daybook_text){ptr, len} is a value in C and in C++. */
#ifdef __cplusplus
#define DAYBOOK_LITERAL(type) type
#else
#define DAYBOOK_LITERAL(type) (struct type)
#endif
#define DAYBOOK_TEXT_NONE (DAYBOOK_LITERAL(daybook_text){NULL, 0})
#define DAYBOOK_TEXT(literal) (DAYBOOK_LITERAL(daybook_text){(literal), sizeof(literal) - 1})

/* mantissa / 10^scale; at most 18 digits, scale 0..9, no trailing zeros after the point. */
struct daybook_decimal {
    int64_t mantissa;
    uint8_t scale;
};

/* Limits and sizes; a …_TEXT_SIZE is room for the value as text, NUL included. */
enum {
    DAYBOOK_DECIMAL_DIGITS_MAX = 18,
    DAYBOOK_DECIMAL_SCALE_MAX = 9,
    DAYBOOK_DECIMAL_TEXT_SIZE = 24, /* sign, 19 characters, NUL, and air */
    DAYBOOK_DAY_TEXT_SIZE = 11,     /* YYYY-MM-DD and NUL */
    DAYBOOK_INSTANT_TEXT_SIZE = 28, /* YYYY-MM-DDTHH:MM:SS.ffffffZ and NUL */
    DAYBOOK_TEXT_MAX = 32767,       /* bytes of one text in an event */
};

/* A civil date: days since 1970-01-01, years 1..9999. */
#define DAYBOOK_DAY_NONE INT32_MIN /* absent, or not known */
#define DAYBOOK_DAY_MIN (-719162)  /* 0001-01-01 */
#define DAYBOOK_DAY_MAX 2932896    /* 9999-12-31 */
/* An instant: microseconds since 1970-01-01T00:00:00Z. */
#define DAYBOOK_INSTANT_NONE INT64_MIN

#ifdef __cplusplus
}
#endif
#endif
