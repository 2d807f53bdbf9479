/* Base64, both ways; reading takes exactly what writing makes. */
#include "tools/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t base64_encode(const uint8_t *bytes, size_t len, char *out)
{
    char *at = out;
    for (size_t i = 0; i < len; i += 3) {
        uint32_t group = (uint32_t)bytes[i] << 16;
        if (i + 1 < len)
            group |= (uint32_t)bytes[i + 1] << 8;
        if (i + 2 < len)
            group |= bytes[i + 2];
        *at++ = alphabet[group >> 18];
        *at++ = alphabet[group >> 12 & 63];
        *at++ = i + 1 < len ? alphabet[group >> 6 & 63] : '=';
        *at++ = i + 2 < len ? alphabet[group & 63] : '=';
    }
    *at = '\0';
    return (size_t)(at - out);
}

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool base64_decode(struct daybook_text text, uint8_t *out, size_t *ret_len)
{
    size_t used = 0;
    if (text.len % 4)
        return false;
    for (size_t i = 0; i < text.len; i += 4) {
        const char *four = text.ptr + i;
        bool is_last = i + 4 == text.len;
        unsigned padding = is_last && four[3] == '=' ? (four[2] == '=' ? 2 : 1) : 0;
        uint32_t group = 0;
        for (unsigned j = 0; j < 4; j++) {
            int value = j >= 4 - padding ? 0 : value_of(four[j]);
            if (value < 0)
                return false;
            group = group << 6 | (uint32_t)value;
        }
        if ((padding == 2 && group & 0xffff) || (padding == 1 && group & 0xff))
            return false; /* bits that the padding says are not there */
        out[used++] = (uint8_t)(group >> 16);
        if (padding < 2)
            out[used++] = (uint8_t)(group >> 8);
        if (padding < 1)
            out[used++] = (uint8_t)group;
    }
    *ret_len = used;
    return true;
}
