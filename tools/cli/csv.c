/* One CSV field: quotes for the reader, a guard for the spreadsheet. */
#include "tools/cli/csv.h"

#include <stdbool.h>
#include <string.h>

/* Would a spreadsheet run it, or would import take an apostrophe off it? */
static bool needs_guard(struct daybook_text field)
{
    size_t at = 0;

    while (at < field.len && field.ptr[at] == '\'')
        at++;
    return at < field.len && memchr("=+-@\t\r", field.ptr[at], 6);
}

static bool needs_quotes(struct daybook_text field)
{
    for (size_t i = 0; i < field.len; i++)
        if (memchr(",\"\r\n", field.ptr[i], 4))
            return true;
    return false;
}

void csv_write_field(FILE *stream, struct daybook_text field, enum csv_content content)
{
    bool quoted = needs_quotes(field);

    if (quoted)
        fputc('"', stream);
    if (content == CSV_TEXT && needs_guard(field))
        fputc('\'', stream);
    for (size_t start = 0; start < field.len;) {
        const char *quote = memchr(field.ptr + start, '"', field.len - start);
        size_t end = quote ? (size_t)(quote - field.ptr) + 1 : field.len;

        fwrite(field.ptr + start, 1, end - start, stream);
        if (quote)
            fputc('"', stream);
        start = end;
    }
    if (quoted)
        fputc('"', stream);
}
