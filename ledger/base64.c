/* Base64, both ways; reading takes exactly what writing makes. */
#include "ledger/base64.h"

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

/* What a character stands for, plus 1; 0 for one that is not in the alphabet. */
static const uint8_t values[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
};

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
            unsigned value = j >= 4 - padding ? 1 : values[(unsigned char)four[j]];
            if (value == 0)
                return false;
            group = group << 6 | (value - 1);
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
