/* Exact decimals in 64 bits. Sums and comparisons go through 128 bits, where two 18-digit mantissas
 * brought to one scale (at most 27 digits) always fit; only the result is checked. */
#include "ledger/decimal.h"

#include <string.h>

__extension__ typedef __int128 wide;

static const int64_t MANTISSA_MAX = INT64_C(999999999999999999); /* DAYBOOK_DECIMAL_DIGITS_MAX nines */

static const int64_t power_of_10[DAYBOOK_DECIMAL_SCALE_MAX + 1] = {
    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000,
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Append the digits at s to *mantissa; false when one is no digit or there are too many. */
static bool append_digits(const char *s, size_t len, int64_t *mantissa)
{
    for (size_t i = 0; i < len; i++) {
        if (!is_digit(s[i])) {
            return false;
        }
        int digit = s[i] - '0';
        if (*mantissa > (MANTISSA_MAX - digit) / 10) {
            return false;
        }
        *mantissa = *mantissa * 10 + digit;
    }
    return true;
}

bool decimal_parse(struct daybook_text text, struct daybook_decimal *ret)
{
    if (text.len == 0) {
        return false;
    }
    bool negative = text.ptr[0] == '-';
    const char *start = text.ptr + (negative ? 1 : 0);
    const char *end = text.ptr + text.len;
    const char *point = memchr(start, '.', (size_t)(end - start));
    const char *whole_end = point != NULL ? point : end;
    const char *fraction = point != NULL ? point + 1 : end;
    if (whole_end == start && fraction == end) {
        return false;
    }
    while (end > fraction && end[-1] == '0') {
        end--;
    }
    size_t scale = (size_t)(end - fraction);
    int64_t mantissa = 0;
    if (scale > DAYBOOK_DECIMAL_SCALE_MAX || !append_digits(start, (size_t)(whole_end - start), &mantissa) ||
        !append_digits(fraction, scale, &mantissa)) {
        return false;
    }
    *ret = (struct daybook_decimal){negative ? -mantissa : mantissa, (uint8_t)scale};
    return true;
}

size_t decimal_format(struct daybook_decimal value, char out[DAYBOOK_DECIMAL_TEXT_SIZE])
{
    char reversed[DAYBOOK_DECIMAL_TEXT_SIZE];
    size_t len = 0;
    uint64_t rest = value.mantissa < 0 ? -(uint64_t)value.mantissa : (uint64_t)value.mantissa;
    for (size_t place = 0; rest > 0 || place <= value.scale; place++) {
        if (place == value.scale && place > 0) {
            reversed[len++] = '.';
        }
        reversed[len++] = (char)('0' + rest % 10);
        rest /= 10;
    }
    if (value.mantissa < 0) {
        reversed[len++] = '-';
    }
    for (size_t i = 0; i < len; i++) {
        out[i] = reversed[len - 1 - i];
    }
    out[len] = '\0';
    return len;
}

static wide mantissa_at(struct daybook_decimal value, uint8_t scale)
{
    return (wide)value.mantissa * power_of_10[scale - value.scale];
}

static uint8_t common_scale(struct daybook_decimal a, struct daybook_decimal b)
{
    return a.scale > b.scale ? a.scale : b.scale;
}

int decimal_compare(struct daybook_decimal a, struct daybook_decimal b)
{
    uint8_t scale = common_scale(a, b);
    wide left = mantissa_at(a, scale);
    wide right = mantissa_at(b, scale);
    return (left > right) - (left < right);
}

bool decimal_add(struct daybook_decimal a, struct daybook_decimal b, struct daybook_decimal *ret)
{
    uint8_t scale = common_scale(a, b);
    wide sum = mantissa_at(a, scale) + mantissa_at(b, scale);
    while (scale > 0 && sum % 10 == 0) {
        sum /= 10;
        scale--;
    }
    if (sum > MANTISSA_MAX || sum < -MANTISSA_MAX) {
        return false;
    }
    *ret = (struct daybook_decimal){(int64_t)sum, scale};
    return true;
}

bool decimal_subtract(struct daybook_decimal a, struct daybook_decimal b, struct daybook_decimal *ret)
{
    return decimal_add(a, (struct daybook_decimal){-b.mantissa, b.scale}, ret);
}

bool decimal_is_normal(struct daybook_decimal value)
{
    return value.scale <= DAYBOOK_DECIMAL_SCALE_MAX && value.mantissa <= MANTISSA_MAX &&
           value.mantissa >= -MANTISSA_MAX && (value.scale == 0 || value.mantissa % 10 != 0);
}
