/* What must not reach a terminal as it is: escape sequences move the cursor, retitle the window, even type for the
 * user; direction marks make a line read as another. One pass that spells them out. */
#include "tools/cli/display.h"

#include "ledger/text.h"

#include <stdio.h>
#include <stdlib.h>

/* C0 (line ends and tabs are dealt with before), DEL and C1, and Unicode's bidirectional controls. */
static const struct {
    uint32_t first, last;
} unsafe[] = {
    {0x0000, 0x001F}, {0x007F, 0x009F}, {0x061C, 0x061C}, {0x200E, 0x200F}, {0x202A, 0x202E}, {0x2066, 0x2069},
};

static bool is_unsafe(uint32_t point)
{
    for (size_t i = 0; i < sizeof unsafe / sizeof *unsafe; i++)
        if (point >= unsafe[i].first && point <= unsafe[i].last)
            return true;
    return false;
}

/* Bytes of the character at `at`, and its code point; 0 when no valid character starts there. */
static size_t decode(const unsigned char *at, size_t left, uint32_t *ret_point)
{
    size_t size = *at < 0x80 ? 1 : *at < 0xC2 ? 0 : *at < 0xE0 ? 2 : *at < 0xF0 ? 3 : *at < 0xF5 ? 4 : 0;
    uint32_t point = size == 1 ? *at : *at & (0x7Fu >> size);

    if (size == 0 || size > left)
        return 0;
    for (size_t i = 1; i < size; i++)
        point = point << 6 | (at[i] & 0x3F);
    if (size > 1 && !text_is_valid((struct daybook_text){(const char *)at, size}))
        return 0;
    *ret_point = point;
    return size;
}

static void put_character(FILE *stream, const unsigned char *at, size_t size, uint32_t point)
{
    if (size == 0)
        fprintf(stream, "<%02X>", *at);
    else if (point == '\n' || point == 0x2028 || point == 0x2029)
        fputs("↵", stream);
    else if (point == '\t')
        fputc(' ', stream);
    else if (is_unsafe(point))
        fprintf(stream, "<U+%04X>", (unsigned)point);
    else
        fwrite(at, 1, size, stream);
}

char *display_escape(struct daybook_text text)
{
    const unsigned char *bytes = (const unsigned char *)text.ptr;
    char *shown = NULL;
    size_t shown_size = 0;
    FILE *stream = open_memstream(&shown, &shown_size);
    bool failed;

    if (!stream)
        return NULL;
    for (size_t at = 0, size; at < text.len; at += size ? size : 1) {
        uint32_t point = 0;

        if (text.len - at >= 2 && bytes[at] == '\r' && bytes[at + 1] == '\n')
            at++; /* CR LF is one line end */
        size = decode(bytes + at, text.len - at, &point);
        put_character(stream, bytes + at, size, point);
    }
    failed = ferror(stream) != 0;
    if (fclose(stream) != 0 || failed) {
        free(shown);
        return NULL;
    }
    return shown;
}
