/* Standard output in the format asked for: a table for people; JSON, JSON lines or CSV for programs.
 *
 * A command describes its columns once and hands over rows; only a table holds rows back (a page of them), the
 * other formats write each at once, so that a million rows take no memory:
 *
 *     static const struct column columns[] = {
 *         {"order_no", "Order", "订单号", COLUMN_KEY},
 *         {"quantity", "Quantity", "数量", COLUMN_NUMBER},
 *     };
 *     output_begin(out, "orders", columns, 2, err);
 *     output_row(out, (struct cell[]){cell_text(no), cell_quantity(quantity)}, err);     for each row
 *     output_end(out, json_pack("{s:i}", "total", 1), err);                              {"orders":[…],"total":1}
 *
 * Every function that writes returns 0 or a code of daybook/error.h; pass it on at once. When the reader has gone
 * away (EPIPE) that code is DAYBOOK_IO and `closed` is set, and the program then ends quietly with exit 0. */
#ifndef TOOLS_CLI_OUTPUT_H
#define TOOLS_CLI_OUTPUT_H

#include "daybook/error.h"
#include "daybook/value.h"
#include "tools/cli/language.h"

#include <jansson.h>
#include <stdio.h>

enum output_format {
    OUTPUT_TABLE,
    OUTPUT_JSON,  /* one document */
    OUTPUT_JSONL, /* one object a line */
    OUTPUT_CSV,   /* RFC 4180, with byte order mark and formula guard */
};

enum column_kind {
    COLUMN_TEXT,   /* to the left, cut where the terminal is too narrow */
    COLUMN_KEY,    /* to the left, never cut: numbers of orders, dates, statuses */
    COLUMN_NUMBER, /* to the right, never cut */
};

/* `name` is the member in JSON and the heading in CSV; a table whose first title is NULL has no heading. */
struct column {
    const char *name;
    const char *title_en, *title_zh;
    enum column_kind kind;
};

/* Colours of a cell, on terminals only. */
enum tone {
    TONE_PLAIN,
    TONE_GOOD,
    TONE_WARNING,
    TONE_BAD,
    TONE_FAINT,
};

enum cell_kind {
    CELL_NULL, /* null in JSON, empty elsewhere */
    CELL_TEXT,
    CELL_INTEGER,
    CELL_REAL,
    CELL_BOOLEAN,
    CELL_DAY,      /* "2026-01-05" */
    CELL_INSTANT,  /* "2026-01-05T08:00:00.000000Z" */
    CELL_QUANTITY, /* an exact decimal: a string in JSON */
};

/* One value of a row. Made by the functions below; text is borrowed until output_row returns. */
struct cell {
    enum cell_kind kind;
    enum tone tone;
    union {
        struct daybook_text text;
        int64_t integer;
        double real;
        bool boolean;
        int32_t day;
        int64_t instant_us;
        struct daybook_decimal quantity;
    };
};

struct cell cell_null(void);
struct cell cell_text(struct daybook_text text); /* ptr NULL: null */
struct cell cell_string(const char *text);       /* NULL: null */
struct cell cell_integer(int64_t number);
struct cell cell_real(double number);
struct cell cell_boolean(bool truth);
struct cell cell_day(int32_t day);            /* DAYBOOK_DAY_NONE: null */
struct cell cell_instant(int64_t instant_us); /* DAYBOOK_INSTANT_NONE: null */
struct cell cell_quantity(struct daybook_decimal quantity);
/* The same cell in a colour: cell_toned(cell_day(due), TONE_BAD). */
struct cell cell_toned(struct cell cell, enum tone tone);

struct output {
    FILE *stream;
    enum output_format format;
    enum language language;
    size_t width; /* columns of the terminal; 0: none, nothing is cut */
    bool colours;
    bool closed; /* the reader has gone away */
    /* Private: */
    int failed_code;
    const char *member;
    const struct column *columns;
    size_t column_count;
    uint64_t row_count;
    struct table *table;
};

/* A fresh output; looks whether `stream` is a terminal, how wide, and whether colours are wanted ($NO_COLOR). */
void output_init(struct output *output, FILE *stream, enum output_format format, enum language language);
void output_release(struct output *output);

/* JSON or JSON lines: the command may hand over whole objects instead of rows. */
bool output_wants_json(const struct output *output);

/* Begin rows. In JSON they are the array `member` of one object, or the whole document when `member` is NULL. */
int output_begin(struct output *output, const char *member, const struct column *columns, size_t column_count,
                 struct daybook_error *err);
/* One row, a cell for each column. In JSON an object with the columns' names. */
int output_row(struct output *output, const struct cell *cells, struct daybook_error *err);
/* The same where JSON says more than a row can (output_wants_json). Takes `object`; NULL means out of memory. */
int output_object(struct output *output, json_t *object, struct daybook_error *err);
/* End rows. Takes `rest` (may be NULL): an object whose members follow the array in a JSON document; other formats
 * leave it out. Rows may begin again, but not in JSON. */
int output_end(struct output *output, json_t *rest, struct daybook_error *err);

/* One ready document; takes it; NULL means out of memory. Indented, or one line in JSON lines; in a table too, for
 * commands whose answer is no table. Refused (usage) for CSV. */
int output_document(struct output *output, json_t *document, struct daybook_error *err);

/* One line of plain text, whatever the format; control characters are escaped. */
int output_line(struct output *output, struct daybook_text line, struct daybook_error *err);
/* The same from a format; up to 4,000 bytes. */
int output_print(struct output *output, struct daybook_error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Everything to the reader now: at the end, and after each event that is followed live. */
int output_flush(struct output *output, struct daybook_error *err);

#endif
