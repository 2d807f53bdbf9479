/* One set of rows, four formats: each is a row of functions in the table `formats`. */
#include "tools/cli/output.h"

#include "ledger/date.h"
#include "ledger/decimal.h"
#include "tools/cli/csv.h"
#include "tools/cli/display.h"
#include "tools/cli/table.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    COLUMNS_MAX = 512,
    TERMINAL_WIDTH_DEFAULT = 80,
    /* 15 digits hold any decimal of so many digits exactly: 0.954264 does not become 0.95426400000000005. */
    JSON_FLAGS = JSON_ENCODE_ANY | JSON_REAL_PRECISION(15),
    JSON_LINE = JSON_FLAGS | JSON_COMPACT,
    JSON_INDENTED = JSON_FLAGS | JSON_INDENT(2),
};

_Static_assert((int)DAYBOOK_INSTANT_TEXT_SIZE >= (int)DAYBOOK_DECIMAL_TEXT_SIZE, "one scratch buffer serves all cells");

struct cell cell_null(void)
{
    return (struct cell){.kind = CELL_NULL};
}

struct cell cell_text(struct daybook_text text)
{
    return text.ptr ? (struct cell){.kind = CELL_TEXT, .text = text} : cell_null();
}

struct cell cell_string(const char *text)
{
    return text ? cell_text((struct daybook_text){text, strlen(text)}) : cell_null();
}

struct cell cell_integer(int64_t number)
{
    return (struct cell){.kind = CELL_INTEGER, .integer = number};
}

struct cell cell_real(double number)
{
    return (struct cell){.kind = CELL_REAL, .real = number};
}

struct cell cell_boolean(bool truth)
{
    return (struct cell){.kind = CELL_BOOLEAN, .boolean = truth};
}

struct cell cell_day(int32_t day)
{
    return day == DAYBOOK_DAY_NONE ? cell_null() : (struct cell){.kind = CELL_DAY, .day = day};
}

struct cell cell_instant(int64_t instant_us)
{
    return instant_us == DAYBOOK_INSTANT_NONE ? cell_null()
                                              : (struct cell){.kind = CELL_INSTANT, .instant_us = instant_us};
}

struct cell cell_quantity(struct daybook_decimal quantity)
{
    return (struct cell){.kind = CELL_QUANTITY, .quantity = quantity};
}

struct cell cell_toned(struct cell cell, enum tone tone)
{
    cell.tone = tone;
    return cell;
}

/* The cell as text; in `scratch` unless it is text already. */
static struct daybook_text cell_as_text(const struct cell *cell, char scratch[DAYBOOK_INSTANT_TEXT_SIZE])
{
    *scratch = '\0';
    switch (cell->kind) {
    case CELL_NULL:
        break;
    case CELL_TEXT:
        return cell->text;
    case CELL_INTEGER:
        snprintf(scratch, DAYBOOK_INSTANT_TEXT_SIZE, "%lld", (long long)cell->integer);
        break;
    case CELL_REAL:
        snprintf(scratch, DAYBOOK_INSTANT_TEXT_SIZE, "%.15g", cell->real);
        break;
    case CELL_BOOLEAN:
        return cell->boolean ? DAYBOOK_TEXT("true") : DAYBOOK_TEXT("false");
    case CELL_DAY:
        date_format(cell->day, scratch);
        break;
    case CELL_INSTANT:
        instant_format(cell->instant_us, scratch);
        break;
    case CELL_QUANTITY:
        decimal_format(cell->quantity, scratch);
        break;
    }
    return (struct daybook_text){scratch, strlen(scratch)};
}

static json_t *cell_as_json(const struct cell *cell)
{
    char scratch[DAYBOOK_INSTANT_TEXT_SIZE];
    struct daybook_text text;

    switch (cell->kind) {
    case CELL_NULL:
        return json_null();
    case CELL_INTEGER:
        return json_integer(cell->integer);
    case CELL_REAL:
        return json_real(cell->real);
    case CELL_BOOLEAN:
        return json_boolean(cell->boolean);
    case CELL_TEXT:
    case CELL_DAY:
    case CELL_INSTANT:
    case CELL_QUANTITY:
        break;
    }
    text = cell_as_text(cell, scratch);
    return json_stringn(text.ptr, text.len);
}

static int fail_memory(struct daybook_error *err)
{
    return daybook_fail(err, DAYBOOK_NO_MEMORY, "There is not enough memory to write the answer.");
}

/* After writing: did it arrive? `errno` is still that of the write that failed, or of an earlier call's. */
static int check_stream(struct output *output, struct daybook_error *err)
{
    if (!ferror(output->stream))
        return 0;
    if (!output->failed_code) {
        output->closed = errno == EPIPE;
        output->failed_code = errno == ENOSPC || errno == EDQUOT ? DAYBOOK_DISK_FULL : DAYBOOK_IO;
    }
    return daybook_fail(err, output->failed_code, "The answer could not be written to standard output%s",
                        output->failed_code == DAYBOOK_DISK_FULL ? ": the disk is full; free some space and ask again."
                                                                 : "; look where it was sent to, and ask again.");
}

/* Plain fputs in places where only the stream's state counts. */
static void put(struct output *output, const char *text)
{
    fputs(text, output->stream);
}

static int put_json(struct output *output, const json_t *value, size_t flags, struct daybook_error *err)
{
    if (json_dumpf(value, output->stream, flags) != 0 && !ferror(output->stream))
        return fail_memory(err);
    return 0;
}

static json_t *row_as_object(const struct output *output, const struct cell *cells)
{
    json_t *object = json_object();

    for (size_t i = 0; object && i < output->column_count; i++)
        if (json_object_set_new(object, output->columns[i].name, cell_as_json(&cells[i])) != 0) {
            json_decref(object);
            return NULL;
        }
    return object;
}

static int table_format_begin(struct output *output, struct daybook_error *err)
{
    output->table = table_new(output, output->columns, output->column_count);
    return output->table ? 0 : fail_memory(err);
}

static int table_format_row(struct output *output, const struct cell *cells, struct daybook_error *err)
{
    struct daybook_text texts[COLUMNS_MAX];
    char scratch[COLUMNS_MAX][DAYBOOK_INSTANT_TEXT_SIZE];
    enum tone tones[COLUMNS_MAX];

    for (size_t i = 0; i < output->column_count; i++) {
        texts[i] = cell_as_text(&cells[i], scratch[i]);
        tones[i] = cells[i].tone;
    }
    return table_add(output->table, texts, tones) ? 0 : fail_memory(err);
}

static int table_format_end(struct output *output, json_t *rest, struct daybook_error *err)
{
    bool printed = table_print(output->table);

    (void)rest;
    table_free(output->table);
    output->table = NULL;
    if (output->row_count == 0 && output->width > 0)
        put(output, language_pick(output->language, "(none)\n", "（无）\n"));
    return printed ? 0 : fail_memory(err);
}

static int csv_format_begin(struct output *output, struct daybook_error *err)
{
    (void)err;
    put(output, CSV_BYTE_ORDER_MARK);
    for (size_t i = 0; i < output->column_count; i++) {
        const char *name = output->columns[i].name;

        put(output, i ? "," : "");
        csv_write_field(output->stream, (struct daybook_text){name, strlen(name)}, CSV_TEXT);
    }
    put(output, CSV_ROW_END);
    return 0;
}

static int csv_format_row(struct output *output, const struct cell *cells, struct daybook_error *err)
{
    (void)err;
    for (size_t i = 0; i < output->column_count; i++) {
        char scratch[DAYBOOK_INSTANT_TEXT_SIZE];

        put(output, i ? "," : "");
        csv_write_field(output->stream, cell_as_text(&cells[i], scratch),
                        cells[i].kind == CELL_TEXT ? CSV_TEXT : CSV_VALUE);
    }
    put(output, CSV_ROW_END);
    return 0;
}

static int csv_format_end(struct output *output, json_t *rest, struct daybook_error *err)
{
    (void)output, (void)rest, (void)err;
    return 0;
}

static int json_format_begin(struct output *output, struct daybook_error *err)
{
    json_t *name;
    int code;

    if (!output->member) {
        put(output, "[");
        return 0;
    }
    name = json_string(output->member);
    if (!name)
        return fail_memory(err);
    put(output, "{");
    code = put_json(output, name, JSON_LINE, err);
    put(output, ":[");
    json_decref(name);
    return code;
}

static int json_format_object(struct output *output, const json_t *object, struct daybook_error *err)
{
    put(output, output->row_count ? ",\n" : "\n");
    return put_json(output, object, JSON_LINE, err);
}

static int json_format_end(struct output *output, json_t *rest, struct daybook_error *err)
{
    const char *key;
    json_t *value;

    put(output, "\n]");
    json_object_foreach(rest, key, value)
    {
        json_t *name = json_string(key);
        int code = name ? 0 : fail_memory(err);

        put(output, ",\n");
        if (!code)
            code = put_json(output, name, JSON_LINE, err);
        put(output, ":");
        if (!code)
            code = put_json(output, value, JSON_LINE, err);
        json_decref(name);
        if (code)
            return code;
    }
    put(output, output->member ? "}\n" : "\n");
    return 0;
}

static int jsonl_format_begin(struct output *output, struct daybook_error *err)
{
    (void)output, (void)err;
    return 0;
}

static int jsonl_format_object(struct output *output, const json_t *object, struct daybook_error *err)
{
    int code = put_json(output, object, JSON_LINE, err);

    put(output, "\n");
    return code;
}

static int jsonl_format_end(struct output *output, json_t *rest, struct daybook_error *err)
{
    (void)output, (void)rest, (void)err;
    return 0;
}

/* A format takes rows or, if it has `object`, objects. */
static const struct format {
    int (*begin)(struct output *, struct daybook_error *);
    int (*row)(struct output *, const struct cell *, struct daybook_error *);
    int (*object)(struct output *, const json_t *, struct daybook_error *);
    int (*end)(struct output *, json_t *rest, struct daybook_error *);
} formats[] = {
    [OUTPUT_TABLE] = {table_format_begin, table_format_row, NULL, table_format_end},
    [OUTPUT_JSON] = {json_format_begin, NULL, json_format_object, json_format_end},
    [OUTPUT_JSONL] = {jsonl_format_begin, NULL, jsonl_format_object, jsonl_format_end},
    [OUTPUT_CSV] = {csv_format_begin, csv_format_row, NULL, csv_format_end},
};

void output_init(struct output *output, FILE *stream, enum output_format format, enum language language)
{
    const char *no_color = getenv("NO_COLOR");

    *output = (struct output){.stream = stream, .format = format, .language = language};
    if (isatty(fileno(stream))) {
        struct winsize size = {0};

        output->width =
            ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : TERMINAL_WIDTH_DEFAULT;
        output->colours = !no_color || !*no_color;
    }
}

void output_release(struct output *output)
{
    table_free(output->table);
    output->table = NULL;
}

bool output_wants_json(const struct output *output)
{
    return formats[output->format].object != NULL;
}

int output_begin(struct output *output, const char *member, const struct column *columns, size_t column_count,
                 struct daybook_error *err)
{
    int code;

    if (column_count > COLUMNS_MAX)
        return daybook_fail(err, DAYBOOK_TOO_LARGE, "The answer has %zu columns; at most %d can be shown.",
                            column_count, COLUMNS_MAX);
    output->member = member;
    output->columns = columns;
    output->column_count = column_count;
    output->row_count = 0;
    code = formats[output->format].begin(output, err);
    return code ? code : check_stream(output, err);
}

int output_row(struct output *output, const struct cell *cells, struct daybook_error *err)
{
    int code;

    if (output_wants_json(output))
        return output_object(output, row_as_object(output, cells), err);
    code = formats[output->format].row(output, cells, err);
    output->row_count++;
    return code ? code : check_stream(output, err);
}

int output_object(struct output *output, json_t *object, struct daybook_error *err)
{
    int code;

    assert(output_wants_json(output));
    if (!object)
        return fail_memory(err);
    code = formats[output->format].object(output, object, err);
    json_decref(object);
    output->row_count++;
    return code ? code : check_stream(output, err);
}

int output_end(struct output *output, json_t *rest, struct daybook_error *err)
{
    int code = formats[output->format].end(output, rest, err);

    json_decref(rest);
    return code ? code : check_stream(output, err);
}

int output_document(struct output *output, json_t *document, struct daybook_error *err)
{
    int code;

    if (!document)
        return fail_memory(err);
    if (output->format == OUTPUT_CSV)
        code = daybook_fail(err, DAYBOOK_USAGE, "This answer is no table, so it cannot be CSV; ask for --format json.");
    else
        code = put_json(output, document, output->format == OUTPUT_JSONL ? JSON_LINE : JSON_INDENTED, err);
    json_decref(document);
    if (code)
        return code;
    put(output, "\n");
    return check_stream(output, err);
}

int output_line(struct output *output, struct daybook_text line, struct daybook_error *err)
{
    char *shown = display_escape(line);

    if (!shown)
        return fail_memory(err);
    fprintf(output->stream, "%s\n", shown);
    free(shown);
    return check_stream(output, err);
}

int output_print(struct output *output, struct daybook_error *err, const char *format, ...)
{
    char line[4000];
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (length < 0)
        return fail_memory(err);
    if ((size_t)length >= sizeof line)
        length = sizeof line - 1;
    return output_line(output, (struct daybook_text){line, (size_t)length}, err);
}

int output_flush(struct output *output, struct daybook_error *err)
{
    if (!ferror(output->stream))
        fflush(output->stream);
    return check_stream(output, err);
}
