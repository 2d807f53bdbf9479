/* From bytes to orders, step by step: encoding, cells, header, rows, columns, orders. */
#include "tools/import/reading.h"

#include "ledger/text.h"
#include "tools/import/encoding.h"
#include "tools/import/sheet.h"
#include "tools/import/status_words.h"
#include "tools/memory.h"

#include <stdlib.h>
#include <string.h>

enum { HEADER_SEARCH_ROWS = 30 };

/* What a reading's texts point into. */
struct reading_memory {
    struct arena arena;
    struct grid table;
};

void sheet_reject(struct sheet *sheet, size_t table_row, size_t column, struct daybook_text value, const char *reason)
{
    struct reading *reading = sheet->reading;
    struct reading_rejection *rejected =
        array_reserve(reading->rejected, reading->rejected_count, &sheet->rejected_capacity, sizeof *rejected);

    if (rejected == NULL) {
        sheet->out_of_memory = true;
        return;
    }
    reading->rejected = rejected;
    rejected[reading->rejected_count++] = (struct reading_rejection){
        .row = (uint32_t)table_row + 1,
        .column = column == COLUMN_NONE ? DAYBOOK_TEXT("") : sheet->header->columns[column].header,
        .value = value,
        .reason = reason,
    };
}

void sheet_skip(struct sheet *sheet, size_t table_row, const char *why)
{
    struct reading *reading = sheet->reading;
    struct reading_skip *skipped =
        array_reserve(reading->skipped, reading->skipped_count, &sheet->skipped_capacity, sizeof *skipped);

    if (skipped == NULL) {
        sheet->out_of_memory = true;
        return;
    }
    reading->skipped = skipped;
    skipped[reading->skipped_count++] = (struct reading_skip){(uint32_t)table_row + 1, why};
}

void sheet_doubt(struct sheet *sheet, size_t row, const char *text, const char *text_zh)
{
    struct reading *reading = sheet->reading;
    struct reading_doubt *doubts =
        array_reserve(reading->doubts, reading->doubt_count, &sheet->doubt_capacity, sizeof *doubts);

    if (doubts == NULL || text == NULL || text_zh == NULL) {
        sheet->out_of_memory = true;
        return;
    }
    reading->doubts = doubts;
    doubts[reading->doubt_count++] = (struct reading_doubt){(uint32_t)row, text, text_zh};
}

/* "sep=;" as the first line: the delimiter, moved past with its line. '\0' when there is none. */
static char take_separator_line(struct daybook_text *text)
{
    size_t len = 0;

    while (len < text->len && text->ptr[len] != '\n' && text->ptr[len] != '\r')
        len++;
    if (len != 5 || strncasecmp(text->ptr, "sep=", 4) != 0)
        return '\0';
    char separator = text->ptr[4];
    if (len + 1 < text->len && text->ptr[len] == '\r' && text->ptr[len + 1] == '\n')
        len++;
    len = len < text->len ? len + 1 : len;
    *text = (struct daybook_text){text->ptr + len, text->len - len};
    return separator;
}

/* The delimiter that gives the best header, and where that is. */
static int choose_delimiter(struct daybook_text text, char given, const struct header_options *options,
                            char *ret_delimiter, size_t *ret_row, struct daybook_error *err)
{
    const char choices[] = {given != '\0' ? given : ',', ';', '\t', '|'};
    size_t choice_count = given != '\0' ? 1 : sizeof choices;
    unsigned best = 0;

    for (size_t i = 0; i < choice_count; i++) {
        struct grid start = {0};
        size_t row = 0;
        int code = grid_split(text, choices[i], HEADER_SEARCH_ROWS, &start, NULL);
        if (code == DAYBOOK_TOO_LARGE) /* too many cells for this one; another may fit */
            continue;
        if (code != 0)
            return daybook_fail(err, code, "Not enough memory to read the table.");
        unsigned score = header_score(&start, options, &row);
        grid_free(&start);
        if (score > best) {
            best = score;
            *ret_delimiter = choices[i];
            *ret_row = row;
        }
    }
    if (best > 0)
        return 0;
    return daybook_fail(err, DAYBOOK_NO_HEADER,
                        "None of the first %d rows has known column headers; add a header row, or name columns with "
                        "--map COLUMN=FIELD.",
                        HEADER_SEARCH_ROWS);
}

static int by_row_and_column(const void *a, const void *b)
{
    const struct reading_rejection *left = a;
    const struct reading_rejection *right = b;

    if (left->row != right->row)
        return left->row < right->row ? -1 : 1;
    /* the headers lie side by side in the table's text */
    uintptr_t left_column = (uintptr_t)left->column.ptr;
    uintptr_t right_column = (uintptr_t)right->column.ptr;
    return (left_column > right_column) - (left_column < right_column);
}

static int show_columns(struct sheet *sheet, struct daybook_error *err)
{
    const struct header *header = sheet->header;
    struct reading_column *columns = arena_alloc(sheet->arena, header->column_count * sizeof *columns);

    for (size_t i = 0; columns != NULL && i < header->column_count; i++) {
        const struct header_column *column = &header->columns[i];
        columns[i] = (struct reading_column){.header = column->header, .field = "", .why = column->why};
        if (column->field < FIELD_COUNT)
            columns[i].field = field_name(column->field);
        else if (column->field == FIELD_CUSTOM)
            columns[i].field = arena_format(sheet->arena, "field:%s", column->custom_name);
        if (columns[i].field == NULL)
            columns = NULL;
    }
    if (columns == NULL)
        return daybook_fail(err, DAYBOOK_NO_MEMORY, "Not enough memory to read the table.");
    sheet->reading->columns = columns;
    sheet->reading->column_count = header->column_count;
    return 0;
}

static int read_rows(struct sheet *sheet, struct daybook_error *err)
{
    struct reading *reading = sheet->reading;
    int code = 0;

    sheet->facts = arena_alloc(sheet->arena, sheet->header->column_count * sizeof *sheet->facts);
    sheet->out_of_memory = sheet->facts == NULL;
    if (!sheet->out_of_memory)
        sheet_sort_rows(sheet);
    if (!sheet->out_of_memory)
        code = sheet_decide_columns(sheet, err);
    if (code == 0 && !sheet->out_of_memory) {
        for (size_t i = 0; i < reading->column_count; i++)
            reading->columns[i].of_lines = sheet->facts[i].of_lines;
        sheet_build_orders(sheet);
    }
    if (code == 0 && (sheet->out_of_memory || memory_was_refused()))
        code = daybook_fail(err, DAYBOOK_NO_MEMORY, "Not enough memory to read the table.");
    if (code != 0)
        reading->order_count = 0;
    else if (reading->rejected_count > 1)
        qsort(reading->rejected, reading->rejected_count, sizeof *reading->rejected, by_row_and_column);
    free(sheet->rows);
    free(sheet->order_rows);
    return code;
}

/* Takes the bytes over. */
static int read_table(struct encoded_bytes *bytes, const struct reading_options *options, struct reading *reading,
                      struct daybook_error *err)
{
    const struct header_options header_options = {options->maps, options->map_count, options->no_fields,
                                                  options->auto_number};
    struct reading_memory *memory = reading->memory;
    struct header header = {0};
    struct sheet sheet = {
        .options = options, .table = &memory->table, .header = &header, .reading = reading, .arena = &memory->arena};
    bool guessed = false;
    size_t row = 0;

    int code = status_words_check(options, err);
    if (code == 0)
        code = encoding_to_utf8(bytes, options->encoding, &guessed, err);
    if (code != 0)
        return code;
    struct daybook_text text = {bytes->ptr, bytes->len};
    sheet.delimiter = ',';
    code = choose_delimiter(text, take_separator_line(&text), &header_options, &sheet.delimiter, &row, err);
    if (code == DAYBOOK_NO_HEADER && guessed)
        return daybook_fail(
            err, DAYBOOK_BAD_ENCODING,
            "The file is not UTF-8, and read as GB18030 it has no known header; name its encoding with --encoding.");
    if (code == 0)
        code = grid_split(text, sheet.delimiter, 0, &memory->table, err);
    free(bytes->ptr);
    *bytes = (struct encoded_bytes){0};
    if (code == 0)
        code = header_read(&memory->table, row, &header_options, &memory->arena, &header, err);
    if (header.columns == NULL)
        return code;
    int shown = show_columns(&sheet, code == 0 ? err : NULL);
    if (code == 0)
        code = shown;
    return code == 0 ? read_rows(&sheet, err) : code;
}

int reading_take_bytes(struct encoded_bytes *bytes, const struct reading_options *options, struct reading **ret,
                       struct daybook_error *err)
{
    struct reading *reading = calloc(1, sizeof *reading);
    struct reading_memory *memory = calloc(1, sizeof *memory);
    int code = 0;

    *ret = NULL;
    if (reading == NULL || memory == NULL) {
        free(reading);
        free(memory);
        return daybook_fail(err, DAYBOOK_NO_MEMORY, "Not enough memory to read the table.");
    }
    reading->memory = memory;
    code = read_table(bytes, options, reading, err);
    *ret = reading;
    return code;
}

int reading_load(const char *path, const struct reading_options *options, struct reading **ret,
                 struct daybook_error *err)
{
    struct encoded_bytes bytes = {0};

    *ret = NULL;
    int code = encoding_read_file(path, &bytes, err);
    if (code == 0)
        code = reading_take_bytes(&bytes, options, ret, err);
    free(bytes.ptr);
    return code;
}

int reading_from_bytes(const void *content, size_t len, const struct reading_options *options, struct reading **ret,
                       struct daybook_error *err)
{
    struct encoded_bytes bytes = {.ptr = malloc(len + 1), .len = len};
    int code = 0;

    *ret = NULL;
    if (bytes.ptr == NULL || len > ENCODING_TEXT_MAX) {
        code = daybook_fail(err, bytes.ptr == NULL ? DAYBOOK_NO_MEMORY : DAYBOOK_TOO_LARGE, "The table is too large.");
    } else {
        if (len > 0)
            memcpy(bytes.ptr, content, len);
        code = reading_take_bytes(&bytes, options, ret, err);
    }
    free(bytes.ptr);
    return code;
}

void reading_free(struct reading *reading)
{
    if (reading == NULL)
        return;
    arena_release(&reading->memory->arena);
    grid_free(&reading->memory->table);
    free(reading->memory);
    free(reading->orders);
    free(reading->rejected);
    free(reading->skipped);
    free(reading->doubts);
    free(reading);
}
