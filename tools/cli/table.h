/* Tables for people: aligned columns, wide characters counted as two, cut to the terminal. The one file that
 * knows libsmartcols. Written for output.c; commands use output.h. */
#ifndef TOOLS_CLI_TABLE_H
#define TOOLS_CLI_TABLE_H

#include "tools/cli/output.h"

struct table;

/* So many rows are held to find the columns' widths; later ones follow in pages of as many, in the same widths. */
enum { TABLE_PAGE_ROWS = 2000 };

/* NULL when out of memory. `columns` stay the caller's until table_free. */
struct table *table_new(const struct output *output, const struct column *columns, size_t column_count);
void table_free(struct table *table);

/* One more row of column_count texts; tones as in struct cell. False when out of memory. A full page is printed. */
bool table_add(struct table *table, const struct daybook_text *texts, const enum tone *tones);

/* Print the rows that are still held; no rows, no heading. False when out of memory. */
bool table_print(struct table *table);

#endif
