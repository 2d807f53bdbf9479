/* CSV as RFC 4180 has it, safe to open in a spreadsheet. */
#ifndef TOOLS_CLI_CSV_H
#define TOOLS_CLI_CSV_H

#include "daybook/value.h"

#include <stdio.h>

/* Spreadsheets take a file without it for the local code page. */
#define CSV_BYTE_ORDER_MARK "\xEF\xBB\xBF"
#define CSV_ROW_END "\r\n"

enum csv_content {
    CSV_TEXT,  /* somebody's words: guarded, so that they are never run as a formula */
    CSV_VALUE, /* a number or date that we formatted ourselves: -3 stays -3 */
};

/* One field, quoted where necessary; the caller writes "," and CSV_ROW_END between, and checks the stream.
 * The guard is one ' before text of the form '*[=+-@ tab CR]…; import takes one off such text, so both ways are
 * exact. */
void csv_write_field(FILE *stream, struct daybook_text field, enum csv_content content);

#endif
