/* Numbers and dates are ASCII whatever keyboard typed them; folding them here costs no memory and keeps the place in
 * the original, which full NFKC would not. */
#include "tools/import/fold.h"

#include <string.h>

static uint32_t decode(const char **at, const char *end)
{
    const unsigned char *s = (const unsigned char *)*at;
    size_t left = (size_t)(end - *at);
    uint32_t code = s[0];
    size_t len = 1;

    if (code >= 0xF0 && left >= 4) {
        code = (code & 0x07u) << 18 | (s[1] & 0x3Fu) << 12 | (s[2] & 0x3Fu) << 6 | (s[3] & 0x3Fu);
        len = 4;
    } else if (code >= 0xE0 && left >= 3) {
        code = (code & 0x0Fu) << 12 | (s[1] & 0x3Fu) << 6 | (s[2] & 0x3Fu);
        len = 3;
    } else if (code >= 0xC0 && left >= 2) {
        code = (code & 0x1Fu) << 6 | (s[1] & 0x3Fu);
        len = 2;
    }
    *at += len;
    return code;
}

uint32_t fold_next(const char **at, const char *end)
{
    uint32_t code = decode(at, end);

    if (code >= 0xFF01 && code <= 0xFF5E)
        return code - 0xFEE0;
    if (code == 0x3000 || code == 0x00A0 || code == 0x202F || (code >= 0x2000 && code <= 0x200A))
        return ' ';
    return code;
}

bool fold_short(struct daybook_text text, char *out, size_t size)
{
    const char *at = text.ptr;
    const char *end = text.ptr + text.len;
    size_t len = 0;

    while (at < end) {
        const char *start = at;
        uint32_t code = fold_next(&at, end);
        size_t step = code < 0x80 ? 1 : (size_t)(at - start);
        if (len + step >= size)
            return false;
        if (code < 0x80)
            out[len] = (char)(code >= 'A' && code <= 'Z' ? code + 32 : code);
        else
            memcpy(out + len, start, step);
        len += step;
    }
    out[len] = '\0';
    return true;
}
