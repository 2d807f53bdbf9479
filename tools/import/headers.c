/* Every column gets at most one field and every field the column that fits it best; what nobody knows becomes a custom
 * field. */
#include "tools/import/headers.h"

#include "ledger/text.h"
#include "tools/import/dictionary.h"
#include "tools/import/words.h"

#include <stdlib.h>
#include <string.h>

enum {
    HEADER_ROWS_MAX = 30,
    KNOWN_MIN = 2,
    COMPLETE_BONUS = 1 << 16, /* a row with order number and customer beats any without */
    CUSTOM_NAME_MAX = 255,    /* bytes */
};

static const char *const names[FIELD_COUNT] = {
#define X(name, text) text,
    READING_FIELDS(X)
#undef X
};

const char *field_name(enum field field)
{
    return names[field];
}

bool field_is_date(enum field field)
{
    return field == FIELD_REQUESTED_ON || field == FIELD_ORDERED_ON || field == FIELD_EXPECTED_ON ||
           field == FIELD_SHIPPED_ON || field == FIELD_DELIVERED_ON;
}

static bool is_repeatable(enum field field)
{
    return field == FIELD_NOTE || field == FIELD_SPEC;
}

static bool same_header(struct daybook_text a, struct daybook_text b)
{
    struct words words_a, words_b;

    return text_equals(a, b) || (words_read(a, &words_a) && words_read(b, &words_b) && words_a.count > 0 &&
                                 strcmp(words_a.bytes, words_b.bytes) == 0);
}

static struct daybook_text as_text(const char *string)
{
    return (struct daybook_text){string, strlen(string)};
}

/* The map that names this header, or NULL. */
static const struct reading_map *map_of(const struct header_options *options, struct daybook_text header)
{
    for (size_t i = 0; i < options->map_count; i++)
        if (header.len > 0 && same_header(text_trim(as_text(options->maps[i].column)), header))
            return &options->maps[i];
    return NULL;
}

static unsigned row_score(const struct grid *table, size_t row, const struct header_options *options)
{
    bool has_number = options->auto_number;
    bool has_customer = false;
    unsigned known = 0;

    for (size_t column = 0; column < grid_row_width(table, row); column++) {
        struct daybook_text cell = grid_cell(table, row, column);
        const struct reading_map *map = map_of(options, cell);
        struct dictionary_match match = {{0}};
        if (map == NULL && !dictionary_match(cell, &match))
            continue;
        known++;
        has_number |= map != NULL ? strcmp(map->field, names[FIELD_ORDER_NO]) == 0 : match.rank[FIELD_ORDER_NO] != 0;
        has_customer |= map != NULL ? strcmp(map->field, names[FIELD_CUSTOMER]) == 0 : match.rank[FIELD_CUSTOMER] != 0;
    }
    if (known < KNOWN_MIN)
        return 0;
    return known + (has_number && has_customer ? (unsigned)COMPLETE_BONUS : 0);
}

unsigned header_score(const struct grid *table, const struct header_options *options, size_t *ret_row)
{
    unsigned best = 0;

    for (size_t row = 0; row < table->row_count && row < HEADER_ROWS_MAX; row++) {
        unsigned score = row_score(table, row, options);
        if (score > best) {
            best = score;
            *ret_row = row;
        }
    }
    return best;
}

/* Header columns while fields are given out. */
struct mapper {
    struct header *header;
    struct dictionary_match *matches;
    bool *settled; /* the column's fate is known */
};

/* The unsettled column that stands best in a list of the dictionary, then leftmost. */
static size_t best_column(const struct mapper *mapper, int list)
{
    size_t best = COLUMN_NONE;

    for (size_t i = 0; i < mapper->header->column_count; i++) {
        unsigned rank = mapper->matches[i].rank[list];
        if (!mapper->settled[i] && rank != 0 && (best == COLUMN_NONE || rank < mapper->matches[best].rank[list]))
            best = i;
    }
    return best;
}

static bool has(const struct mapper *mapper, enum field field)
{
    return mapper->header->column_of[field] != COLUMN_NONE;
}

static void settle(struct mapper *mapper, size_t column, enum field field)
{
    mapper->header->columns[column].field = field;
    mapper->settled[column] = true;
    if (field < FIELD_COUNT && !has(mapper, field))
        mapper->header->column_of[field] = column;
}

static void take_best(struct mapper *mapper, enum field field, int list)
{
    size_t column = has(mapper, field) && !is_repeatable(field) ? COLUMN_NONE : best_column(mapper, list);

    for (; column != COLUMN_NONE; column = is_repeatable(field) ? best_column(mapper, list) : COLUMN_NONE)
        settle(mapper, column, field);
}

/* A date that was only asked for is the promise where nothing else is; "delivery date" is the promise where nothing
 * else is, and the delivery otherwise. */
static void take_promises(struct mapper *mapper)
{
    take_best(mapper, FIELD_EXPECTED_ON, FIELD_EXPECTED_ON);
    take_best(mapper, has(mapper, FIELD_EXPECTED_ON) ? FIELD_REQUESTED_ON : FIELD_EXPECTED_ON, FIELD_REQUESTED_ON);
    take_best(mapper, has(mapper, FIELD_EXPECTED_ON) ? FIELD_DELIVERED_ON : FIELD_EXPECTED_ON, DICTIONARY_DELIVERY);
}

static void take_fields(struct mapper *mapper)
{
    static const enum field in_turn[] = {
        FIELD_ORDER_NO,   FIELD_CUSTOMER,   FIELD_CODE,         FIELD_PRODUCT,       FIELD_SPEC,
        FIELD_QUANTITY,   FIELD_UNIT,       FIELD_SHIPPED_QTY,  FIELD_DELIVERED_QTY, FIELD_CUSTOMER_REF,
        FIELD_ORDERED_ON, FIELD_SHIPPED_ON, FIELD_DELIVERED_ON, FIELD_STATUS,        FIELD_NOTE,
    };
    for (size_t i = 0; i < sizeof in_turn / sizeof *in_turn; i++)
        take_best(mapper, in_turn[i], (int)in_turn[i]);
    take_promises(mapper);
}

static int apply_map(struct mapper *mapper, size_t column, const struct reading_map *map, struct daybook_error *err)
{
    static const char prefix[] = "field:";
    struct header_column *target = &mapper->header->columns[column];

    if (strcmp(map->field, "-") == 0) {
        target->why = "left out by --map";
        settle(mapper, column, FIELD_NONE);
        return 0;
    }
    if (strncmp(map->field, prefix, sizeof prefix - 1) == 0 && map->field[sizeof prefix - 1] != '\0') {
        target->custom_name = map->field + sizeof prefix - 1;
        settle(mapper, column, FIELD_CUSTOM);
        return 0;
    }
    for (enum field field = 0; field < FIELD_COUNT; field++) {
        if (strcmp(map->field, names[field]) != 0)
            continue;
        if (has(mapper, field) && !is_repeatable(field))
            return daybook_fail(err, DAYBOOK_USAGE, "Two columns are mapped to %s; choose one.", map->field);
        settle(mapper, column, field);
        return 0;
    }
    return daybook_fail(
        err, DAYBOOK_USAGE,
        "There is no field named %s to map %s to; take order_no, customer, quantity, expected_on …, field:NAME or -.",
        map->field, map->column);
}

static int apply_maps(struct mapper *mapper, const struct header_options *options, struct daybook_error *err)
{
    for (size_t i = 0; i < options->map_count; i++) {
        bool found = false;
        for (size_t column = 0; column < mapper->header->column_count; column++) {
            if (map_of(options, mapper->header->columns[column].header) != &options->maps[i])
                continue;
            int code = mapper->settled[column] ? 0 : apply_map(mapper, column, &options->maps[i], err);
            if (code != 0)
                return code;
            found = true;
            break;
        }
        if (!found)
            return daybook_fail(err, DAYBOOK_NO_COLUMN,
                                "--map names the column %s, but the header in row %zu has none of that name.",
                                options->maps[i].column, mapper->header->row + 1);
    }
    return 0;
}

static bool name_is_taken(const struct header *header, size_t before, const char *name)
{
    for (size_t i = 0; i < before; i++)
        if (header->columns[i].custom_name != NULL && strcmp(header->columns[i].custom_name, name) == 0)
            return true;
    return false;
}

/* The header with newlines as blanks; a later column of the same name gets its own number behind it. */
static const char *custom_name(const struct header *header, size_t column, struct arena *arena)
{
    struct daybook_text text = header->columns[column].header;
    char *base;
    char *name;

    while (text.len > CUSTOM_NAME_MAX || (text.len > 0 && text.len < header->columns[column].header.len &&
                                          ((unsigned char)text.ptr[text.len] & 0xC0) == 0x80))
        text.len--;
    base = arena_string(arena, text);
    for (char *at = base; at != NULL && *at != '\0'; at++)
        if (*at == '\n' || *at == '\r' || *at == '\t')
            *at = ' ';
    name = base;
    for (size_t number = column + 1; name != NULL && name_is_taken(header, column, name); number++)
        name = arena_format(arena, "%s (%zu)", base, number);
    return name;
}

static bool holds_pictures(const struct grid *table, size_t first_row, size_t column)
{
    static const char *const formulas[] = {"=DISPIMG(", "=_xlfn.DISPIMG("};

    for (size_t row = first_row; row < table->row_count; row++) {
        struct daybook_text cell = grid_cell(table, row, column);
        for (size_t i = 0; cell.len > 0 && cell.ptr[0] == '=' && i < sizeof formulas / sizeof *formulas; i++)
            if (cell.len > strlen(formulas[i]) && memcmp(cell.ptr, formulas[i], strlen(formulas[i])) == 0)
                return true;
    }
    return false;
}

/* What becomes of a column that is no field. */
static int settle_rest(struct mapper *mapper, const struct grid *table, const struct header_options *options,
                       struct arena *arena, struct daybook_error *err)
{
    for (size_t i = 0; i < mapper->header->column_count; i++) {
        struct header_column *column = &mapper->header->columns[i];
        if (mapper->settled[i])
            continue;
        column->field = FIELD_NONE;
        if (column->header.len == 0)
            column->why = "no header";
        else if (dictionary_is_counter(column->header))
            column->why = "row counter";
        else if (dictionary_is_contact(column->header))
            column->why = "contact data";
        else if (holds_pictures(table, mapper->header->row + 1, i))
            column->why = "pictures in cells";
        else if (options->no_fields)
            column->why = "custom fields are left out by --no-fields";
        else
            column->field = FIELD_CUSTOM;
        if (column->field == FIELD_CUSTOM && (column->custom_name = custom_name(mapper->header, i, arena)) == NULL)
            return daybook_fail(err, DAYBOOK_NO_MEMORY, "Not enough memory for the header.");
    }
    return 0;
}

static void drop_field(struct mapper *mapper, enum field field)
{
    for (size_t i = 0; i < mapper->header->column_count; i++)
        if (mapper->header->columns[i].field == field)
            mapper->settled[i] = false;
    mapper->header->column_of[field] = COLUMN_NONE;
}

/* Quantities and units of nothing are custom fields. */
static void drop_item_fields(struct mapper *mapper)
{
    static const enum field of_items[] = {FIELD_SPEC, FIELD_QUANTITY, FIELD_UNIT, FIELD_SHIPPED_QTY,
                                          FIELD_DELIVERED_QTY};

    for (size_t i = 0; i < sizeof of_items / sizeof *of_items; i++)
        drop_field(mapper, of_items[i]);
}

static int require(const struct mapper *mapper, enum field field, const char *what, struct daybook_error *err)
{
    if (has(mapper, field))
        return 0;
    return daybook_fail(err, DAYBOOK_NO_COLUMN,
                        "The header in row %zu has no column for the %s; name it with --map COLUMN=%s.",
                        mapper->header->row + 1, what, names[field]);
}

static int check_required(const struct mapper *mapper, const struct header_options *options, struct daybook_error *err)
{
    int code = options->auto_number ? 0 : require(mapper, FIELD_ORDER_NO, "order number", err);

    if (code == 0)
        code = require(mapper, FIELD_CUSTOMER, "customer", err);
    if (code == 0 && (has(mapper, FIELD_PRODUCT) || has(mapper, FIELD_CODE)))
        code = require(mapper, FIELD_QUANTITY, "quantity", err);
    return code;
}

int header_read(const struct grid *table, size_t row, const struct header_options *options, struct arena *arena,
                struct header *ret, struct daybook_error *err)
{
    struct header header = {.row = row, .column_count = grid_row_width(table, row)};
    struct mapper mapper = {.header = &header};
    int code = 0;

    for (enum field field = 0; field < FIELD_COUNT; field++)
        header.column_of[field] = COLUMN_NONE;
    header.columns = arena_alloc(arena, header.column_count * sizeof *header.columns);
    mapper.matches = calloc(header.column_count + 1, sizeof *mapper.matches);
    mapper.settled = calloc(header.column_count + 1, sizeof *mapper.settled);
    if (header.columns == NULL || mapper.matches == NULL || mapper.settled == NULL) {
        code = daybook_fail(err, DAYBOOK_NO_MEMORY, "Not enough memory for the header.");
        goto done;
    }
    for (size_t i = 0; i < header.column_count; i++) {
        header.columns[i].header = grid_cell(table, row, i);
        dictionary_match(header.columns[i].header, &mapper.matches[i]);
    }
    code = apply_maps(&mapper, options, err);
    if (code != 0)
        goto done;
    take_fields(&mapper);
    if (!has(&mapper, FIELD_PRODUCT) && !has(&mapper, FIELD_CODE))
        drop_item_fields(&mapper);
    code = settle_rest(&mapper, table, options, arena, err);
    if (code != 0)
        goto done;
    *ret = header;
    code = check_required(&mapper, options, err);
done:
    free(mapper.matches);
    free(mapper.settled);
    return code;
}
