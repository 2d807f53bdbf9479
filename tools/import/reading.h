/* A table of orders, read as a careful person would: what it says, what could not be read and why. No ledger in it.
 *
 * A reading owns every text it shows; all of it lives until reading_free. Absent texts have ptr == NULL, absent days
 * are DAYBOOK_DAY_NONE. Row numbers are those a spreadsheet shows, from 1. */
#ifndef TOOLS_IMPORT_READING_H
#define TOOLS_IMPORT_READING_H

#include "daybook/error.h"
#include "daybook/value.h"
#include "tools/import/dates.h"
#include "tools/import/encoding.h"
#include "tools/import/headers.h"

struct reading_status {
    const char *word;
    const char *status; /* a built-in status or one of workflow_statuses */
};

/* Zero-initialised: everything is found out. The arrays must live as long as the reading. */
struct reading_options {
    const char *encoding;       /* an iconv name; NULL = find out */
    enum date_order date_order; /* DATE_ORDER_UNKNOWN = find out, a column at a time */
    const struct zone *zone;    /* the ledger's, for times with an offset; NULL = UTC */
    const struct reading_map *maps;
    size_t map_count;
    const struct reading_status *statuses;
    size_t status_count;
    const char *const *workflow_statuses; /* the ledger's own, beside the built-in ones */
    size_t workflow_status_count;
    bool no_fields;
    bool auto_number;
};

struct reading_field {
    const char *name;
    struct daybook_text value;
};

/* What the sheet says of quantities already sent, their days unknown. A dated or full shipment of the line includes it.
 */
struct reading_partial {
    struct daybook_decimal shipped, delivered;
    bool has_shipped, has_delivered;
};

struct reading_line {
    struct daybook_text code, name,
        unit; /* code is the name where the row has no code; name is absent where it has only a code */
    struct daybook_decimal quantity;
    const struct reading_partial *partial; /* NULL = none */
    const struct reading_field *fields;
    uint32_t field_count;
    uint32_t row;
    int32_t expected_on, requested_on, shipped_on, delivered_on;
};

struct reading_order {
    struct daybook_text order_no; /* absent: to be numbered (auto_number) */
    struct daybook_text customer, customer_ref;
    const struct reading_line *lines;
    const struct daybook_text *notes; /* distinct, in order */
    const struct reading_field *fields;
    const char *status; /* NULL: the rows say none and no date tells */
    uint32_t line_count, note_count, field_count;
    uint32_t row;
    int32_t ordered_on;
    int32_t expected_on, requested_on; /* the lines' latest */
    int32_t shipped_on, delivered_on;  /* the lines' latest, when every line has one */
    bool status_from_dates;            /* status follows from shipped_on or delivered_on, whatever the rows said */
};

struct reading_rejection {
    uint32_t row;
    struct daybook_text column; /* the header as written; empty when there is no such column */
    struct daybook_text value;
    const char *reason; /* "bad-date" */
};
struct reading_skip {
    uint32_t row;
    const char *why; /* "blank", "title", "total", "footer", "repeated header" */
};
/* What a person should look at; nothing is refused for it. */
struct reading_doubt {
    uint32_t row; /* 0 = the whole file */
    const char *text, *text_zh;
};
struct reading_column {
    struct daybook_text header; /* as written */
    const char *field;          /* "order_no", "field:Colour", "" = left out */
    const char *why;            /* of a column left out, else NULL */
    bool of_lines;              /* a custom field that differs within an order: it is the lines' */
};

struct reading {
    struct reading_order *orders;
    size_t order_count;
    size_t dropped_count;               /* behind them in `orders`, order_no alone: those that have rejected rows */
    struct reading_rejection *rejected; /* by row */
    size_t rejected_count;
    struct reading_skip *skipped; /* by row */
    size_t skipped_count;
    struct reading_doubt *doubts;
    size_t doubt_count;
    struct reading_column *columns;
    size_t column_count;
    const struct daybook_text *refused_columns; /* of DAYBOOK_AMBIGUOUS_DATES and DAYBOOK_MIXED_DATE_ORDER */
    size_t refused_column_count;
    size_t rows; /* data rows read, rejected ones included */
    struct reading_memory *memory;
};

/* 0, or the reason why the whole file is refused. *ret is set in both cases: on refusal it is NULL or a reading without
 * orders that shows columns and refused_columns as far as they are known. End with reading_free. Besides the codes of
 * encoding_to_utf8, grid_split and header_read: DAYBOOK_NO_HEADER, DAYBOOK_AMBIGUOUS_DATES, DAYBOOK_MIXED_DATE_ORDER,
 * DAYBOOK_USAGE (a status that is none), DAYBOOK_IO. */
int reading_load(const char *path, const struct reading_options *options, struct reading **ret,
                 struct daybook_error *err);
/* The same for bytes in memory, which are not kept. */
int reading_from_bytes(const void *bytes, size_t len, const struct reading_options *options, struct reading **ret,
                       struct daybook_error *err);
/* The same for bytes that it takes over; what is left in *bytes is still freed by the caller. */
int reading_take_bytes(struct encoded_bytes *bytes, const struct reading_options *options, struct reading **ret,
                       struct daybook_error *err);
void reading_free(struct reading *reading);

#endif
