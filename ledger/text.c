/* Text from outside, by the Unicode tables of utf8proc.
 *
 * Functions that take text which may not be valid UTF-8 treat a bad byte as a character of its own, so that
 * a terminal table or a trim never reads past the end and never loops. */
#include "ledger/text.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

/* The character at s (len > 0): its bytes in *ret_len; -1 for a bad byte, whose length is 1. */
static int32_t character_at(const char *s, size_t len, size_t *ret_len)
{
    unsigned char first = (unsigned char)s[0];
    if (first < 0x80) {
        *ret_len = 1;
        return first;
    }
    utf8proc_int32_t character;
    /* 4 bytes are the longest character; the cut keeps huge lengths out of utf8proc's signed size. */
    utf8proc_ssize_t len_max = len < 4 ? (utf8proc_ssize_t)len : 4;
    utf8proc_ssize_t used = utf8proc_iterate((const utf8proc_uint8_t *)s, len_max, &character);
    *ret_len = used > 0 ? (size_t)used : 1;
    return used > 0 ? character : -1;
}

/* How many bytes at the front are ASCII other than NUL. */
static size_t plain_prefix(struct daybook_text text)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    size_t len = 0;
    for (uint64_t eight; text.len - len >= sizeof eight; len += sizeof eight) {
        memcpy(&eight, text.ptr + len, sizeof eight);
        if ((eight | (eight - ones)) & tops) /* a byte above 0x7f, or one that borrows: 0 */
            break;
    }
    while (len < text.len && (unsigned char)(text.ptr[len] - 1) < 0x7f) {
        len++;
    }
    return len;
}

static bool is_ascii(struct daybook_text text)
{
    return plain_prefix(text) == text.len;
}

bool text_is_valid(struct daybook_text text)
{
    for (size_t pos = plain_prefix(text), used; pos < text.len; pos += used) {
        if (character_at(text.ptr + pos, text.len - pos, &used) <= 0) {
            return false;
        }
    }
    return true;
}

bool text_equals(struct daybook_text a, struct daybook_text b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

int text_compare(struct daybook_text a, struct daybook_text b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common == 0 ? 0 : memcmp(a.ptr, b.ptr, common);
    if (order == 0) {
        return (a.len > b.len) - (a.len < b.len);
    }
    return order < 0 ? -1 : 1;
}

static bool is_space(int32_t character)
{
    if (character < 0x80) {
        return character == ' ' || (character >= '\t' && character <= '\r');
    }
    if (character == 0x85 || character == 0xFEFF) { /* next line; byte order mark, a zero-width space elsewhere */
        return true;
    }
    utf8proc_category_t category = utf8proc_category(character);
    return category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP;
}

/* Where the last character of s (len > 0) starts. */
static size_t last_character(const char *s, size_t len)
{
    size_t start = len - 1;
    while (start > 0 && len - start < 4 && ((unsigned char)s[start] & 0xC0) == 0x80) {
        start--;
    }
    size_t used;
    character_at(s + start, len - start, &used);
    return start + used == len ? start : len - 1;
}

struct daybook_text text_trim(struct daybook_text text)
{
    size_t used;
    while (text.len > 0 && is_space(character_at(text.ptr, text.len, &used))) {
        text.ptr += used;
        text.len -= used;
    }
    while (text.len > 0) {
        size_t last = last_character(text.ptr, text.len);
        if (!is_space(character_at(text.ptr + last, text.len - last, &used))) {
            break;
        }
        text.len = last;
    }
    return text;
}

/* White space runs become one blank, in place: a blank is never longer than the space it stands for. */
static size_t collapse_spaces(char *s, size_t len)
{
    size_t out = 0;
    bool in_space = false;
    for (size_t pos = 0, used; pos < len; pos += used) {
        bool space = is_space(character_at(s + pos, len - pos, &used));
        if (!space) {
            memmove(s + out, s + pos, used);
            out += used;
        } else if (!in_space) {
            s[out++] = ' ';
        }
        in_space = space;
    }
    return out;
}

static size_t copy_trimmed(struct daybook_text text, char *out)
{
    text = text_trim(text);
    if (text.len)
        memcpy(out, text.ptr, text.len);
    return text.len;
}

bool text_nfkc_ascii(struct daybook_text text, char *out, size_t *ret_len)
{
    if (!is_ascii(text))
        return false;
    *ret_len = copy_trimmed(text, out);
    return true;
}

bool text_fold_ascii(struct daybook_text text, char *out, size_t *ret_len)
{
    if (!text_nfkc_ascii(text, out, ret_len))
        return false;
    for (size_t i = 0; i < *ret_len; i++)
        if (out[i] >= 'A' && out[i] <= 'Z')
            out[i] = (char)(out[i] | 0x20);
    *ret_len = collapse_spaces(out, *ret_len);
    return true;
}

/* utf8proc's mapping of valid text, then `collapse` or not, then trimmed. */
static char *normalise(struct daybook_text text, utf8proc_option_t options, bool collapse, size_t *ret_len)
{
    utf8proc_uint8_t *mapped = NULL;
    const char *bytes = text.len > 0 ? text.ptr : "";
    if (text.len > INT32_MAX || !text_is_valid(text)) {
        return NULL;
    }
    utf8proc_ssize_t mapped_len =
        utf8proc_map((const utf8proc_uint8_t *)bytes, (utf8proc_ssize_t)text.len, &mapped, options);
    if (mapped_len < 0) {
        return NULL;
    }
    char *result = (char *)mapped;
    size_t len = collapse ? collapse_spaces(result, (size_t)mapped_len) : (size_t)mapped_len;
    struct daybook_text trimmed = text_trim((struct daybook_text){result, len});
    memmove(result, trimmed.ptr, trimmed.len);
    result[trimmed.len] = '\0';
    *ret_len = trimmed.len;
    return result;
}

static const utf8proc_option_t NFKC = UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT;

typedef bool ascii_form(struct daybook_text text, char *out, size_t *ret_len);

static char *copy_in_form(ascii_form *form, struct daybook_text text, size_t *ret_len)
{
    char *result = malloc(text.len + 1);
    if (result && form(text, result, ret_len))
        result[*ret_len] = '\0';
    return result;
}

char *text_fold(struct daybook_text text, size_t *ret_len)
{
    return is_ascii(text) ? copy_in_form(text_fold_ascii, text, ret_len)
                          : normalise(text, NFKC | UTF8PROC_CASEFOLD, true, ret_len);
}

char *text_nfkc(struct daybook_text text, size_t *ret_len)
{
    return is_ascii(text) ? copy_in_form(text_nfkc_ascii, text, ret_len) : normalise(text, NFKC, false, ret_len);
}

static size_t character_width(int32_t character)
{
    return character < 0 ? 1 : (size_t)utf8proc_charwidth(character);
}

size_t text_width(struct daybook_text text)
{
    size_t width = 0;
    for (size_t pos = 0, used; pos < text.len; pos += used) {
        width += character_width(character_at(text.ptr + pos, text.len - pos, &used));
    }
    return width;
}

size_t text_prefix_of_width(struct daybook_text text, size_t width)
{
    size_t pos = 0;
    for (size_t used; pos < text.len; pos += used) {
        size_t columns = character_width(character_at(text.ptr + pos, text.len - pos, &used));
        if (columns > width) {
            break;
        }
        width -= columns;
    }
    return pos;
}
