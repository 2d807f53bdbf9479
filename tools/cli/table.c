/* Tables through libsmartcols: it counts wide characters and decides which columns give way on a narrow terminal. */
#include "tools/cli/table.h"

#include "ledger/text.h"
#include "tools/cli/display.h"

#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <string.h>

struct table {
    struct libscols_table *lines;
    size_t column_count;
    size_t *widths; /* of the columns of the first page */
    size_t held_count;
    bool page_printed;
};

static const char *const tone_colours[] = {
    [TONE_GOOD] = "green",
    [TONE_WARNING] = "yellow",
    [TONE_BAD] = "red",
    [TONE_FAINT] = "\033[2m",
};

static int column_flags(enum column_kind kind, bool cut)
{
    if (kind == COLUMN_NUMBER)
        return SCOLS_FL_RIGHT;
    return kind == COLUMN_TEXT && cut ? SCOLS_FL_TRUNC : 0;
}

static bool add_columns(struct table *table, const struct output *output, const struct column *columns)
{
    for (size_t i = 0; i < table->column_count; i++) {
        const char *title = language_pick(output->language, columns[i].title_en, columns[i].title_zh);
        struct libscols_column *column = scols_table_new_column(table->lines, title ? title : "", 0,
                                                                column_flags(columns[i].kind, output->width > 0));

        if (!column)
            return false;
        if (output->colours && scols_cell_set_color(scols_column_get_header(column), "\033[1m") != 0)
            return false;
    }
    return true;
}

struct table *table_new(const struct output *output, const struct column *columns, size_t column_count)
{
    struct table *table = calloc(1, sizeof *table);

    if (!table)
        return NULL;
    table->column_count = column_count;
    table->widths = calloc(column_count, sizeof *table->widths);
    table->lines = scols_new_table();
    if (!table->widths || !table->lines)
        goto failed;
    scols_table_set_stream(table->lines, output->stream);
    /* Cells are escaped before they come here; a second escaping would double the marks. */
    scols_table_enable_noencoding(table->lines, 1);
    scols_table_enable_noheadings(table->lines, column_count == 0 || !columns[0].title_en);
    scols_table_enable_colors(table->lines, output->colours);
    scols_table_set_termforce(table->lines, output->width ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
    if (output->width)
        scols_table_set_termwidth(table->lines, output->width);
    if (!add_columns(table, output, columns))
        goto failed;
    return table;

failed:
    table_free(table);
    return NULL;
}

void table_free(struct table *table)
{
    if (!table)
        return;
    scols_unref_table(table->lines);
    free(table->widths);
    free(table);
}

/* Later pages have no heading, and keep the widths of the first: see pad. */
static void keep_widths(struct table *table)
{
    for (size_t i = 0; i < table->column_count; i++)
        table->widths[i] = scols_column_get_width(scols_table_get_column(table->lines, i));
    scols_table_enable_noheadings(table->lines, 1);
}

/* A cell filled up with blanks to its column's width, which it thereby passes on to its page; libsmartcols does not
 * keep a width by itself. Takes `shown`; NULL when out of memory. */
static char *pad(char *shown, size_t width, bool to_the_right)
{
    size_t used = text_width((struct daybook_text){shown, strlen(shown)});
    int blanks = used < width ? (int)(width - used) : 0;
    char *padded = NULL;

    if (asprintf(&padded, "%*s%s%*s", to_the_right ? blanks : 0, "", shown, to_the_right ? 0 : blanks, "") < 0)
        padded = NULL;
    free(shown);
    return padded;
}

bool table_print(struct table *table)
{
    if (table->held_count == 0)
        return true;
    if (scols_print_table(table->lines) != 0)
        return false;
    if (!table->page_printed)
        keep_widths(table);
    table->page_printed = true;
    table->held_count = 0;
    scols_table_remove_lines(table->lines);
    return true;
}

bool table_add(struct table *table, const struct daybook_text *texts, const enum tone *tones)
{
    struct libscols_line *line = scols_table_new_line(table->lines, NULL);

    if (!line)
        return false;
    for (size_t i = 0; i < table->column_count; i++) {
        const struct libscols_column *column = scols_table_get_column(table->lines, i);
        char *shown = display_escape(texts[i]);

        if (shown && table->page_printed && table->held_count == 0)
            shown = pad(shown, table->widths[i], scols_column_is_right(column));
        if (!shown)
            return false;
        if (scols_line_refer_data(line, i, shown) != 0) {
            free(shown);
            return false;
        }
        if (tones[i] != TONE_PLAIN && scols_cell_set_color(scols_line_get_cell(line, i), tone_colours[tones[i]]) != 0)
            return false;
    }
    if (++table->held_count < TABLE_PAGE_ROWS)
        return true;
    return table_print(table);
}
