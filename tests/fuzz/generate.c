/* Events made from the schema table. */
#include "tests/fuzz/generate.h"

#include <string.h>

#include "ledger/decimal.h"

enum { LIST_MAX = 6, TEXTS_MAX = 128, ROWS_SIZE = 64 };

static struct {
    struct daybook_line lines[LIST_MAX];
    struct daybook_part parts[LIST_MAX];
    struct daybook_own own[(LIST_MAX + 1) * LIST_MAX]; /* of the order, and of each line */
    size_t own_used;
    char texts[TEXTS_MAX][CHOSEN_TEXT_SIZE];
    size_t texts_used;
    uint8_t commitment[DAYBOOK_COMMITMENT_SIZE];
    uint8_t rows[ROWS_SIZE];
} made;

static struct daybook_text text(struct choices *c)
{
    return choose_text(c, made.texts[made.texts_used < TEXTS_MAX - 1 ? made.texts_used++ : made.texts_used]);
}

static struct daybook_text text_or_none(struct choices *c)
{
    return choose(c, 2) ? text(c) : DAYBOOK_TEXT_NONE;
}

static int32_t day(struct choices *c)
{
    return DAYBOOK_DAY_MIN + (int32_t)(choose_number(c) % (DAYBOOK_DAY_MAX - DAYBOOK_DAY_MIN + 1));
}

static int32_t day_or_none(struct choices *c)
{
    return choose(c, 2) ? day(c) : DAYBOOK_DAY_NONE;
}

/* In the one stored form: through its text. */
static struct daybook_decimal decimal(struct choices *c)
{
    static const struct daybook_decimal one = {1, 0};
    struct daybook_decimal value = {(int64_t)(choose_number(c) % 1000000000000000000u), (uint8_t)choose(c, 10)};
    char typed[DAYBOOK_DECIMAL_TEXT_SIZE];
    size_t len = decimal_format(value, typed);
    return decimal_parse((struct daybook_text){typed, len}, &value) ? value : one;
}

static struct daybook_personal personal(void)
{
    return (struct daybook_personal){.commitment = made.commitment};
}

static size_t own_fields(struct choices *c, const struct daybook_own **ret)
{
    size_t count = choose(c, LIST_MAX + 1);
    *ret = &made.own[made.own_used];
    for (size_t i = 0; i < count; i++) {
        struct daybook_own *own = &made.own[made.own_used++];
        *own = (struct daybook_own){.field = 1 + (uint32_t)choose_number(c) % INT32_MAX,
                                    .kind = (enum daybook_own_kind)choose(c, DAYBOOK_OWN_DAY + 1),
                                    .number = {1, 0},
                                    .personal = personal()};
        own->text = text(c);
        own->number = decimal(c);
        own->day = day(c);
    }
    return count;
}

static size_t lines(struct choices *c)
{
    size_t count = choose(c, LIST_MAX + 1);
    for (size_t i = 0; i < count; i++) {
        struct daybook_line *line = &made.lines[i];
        *line = (struct daybook_line){.line = 1 + (uint32_t)choose_number(c) % INT32_MAX,
                                      .product = (uint32_t)choose_number(c) % INT32_MAX,
                                      .has_quantity = choose(c, 2)};
        if (line->has_quantity)
            line->quantity = decimal(c);
        line->unit = text_or_none(c);
        line->name = text_or_none(c);
        line->expected_on = day_or_none(c);
        line->own_count = own_fields(c, &line->own);
    }
    return count;
}

static size_t parts(struct choices *c)
{
    size_t count = choose(c, LIST_MAX + 1);
    for (size_t i = 0; i < count; i++) {
        made.parts[i] = (struct daybook_part){1 + (uint32_t)choose_number(c) % INT32_MAX, decimal(c)};
        if (made.parts[i].quantity.mantissa == 0)
            made.parts[i].quantity = (struct daybook_decimal){1, 0};
    }
    return count;
}

/* msgpack: a list of lists of small numbers and short texts. */
static size_t rows(struct choices *c)
{
    size_t len = 0;
    uint8_t row_count = (uint8_t)choose(c, 4);
    made.rows[len++] = 0x90 | row_count;
    for (uint8_t row = 0; row < row_count; row++) {
        uint8_t cell_count = (uint8_t)choose(c, 4);
        made.rows[len++] = 0x90 | cell_count;
        for (uint8_t cell = 0; cell < cell_count; cell++) {
            if (choose(c, 2)) {
                made.rows[len++] = 0xa1;
                made.rows[len++] = (uint8_t)('a' + choose(c, 26));
            } else {
                made.rows[len++] = (uint8_t)choose(c, 128);
            }
        }
    }
    return len;
}

static void fill(struct choices *c, const struct schema_field *field, struct daybook_data *data)
{
    void *member = (char *)data + field->offset;
    switch (field->kind) {
    case SCHEMA_UINT:
        *(uint64_t *)member = 1 + choose_number(c) % INT64_MAX;
        break;
    case SCHEMA_DAY:
        *(int32_t *)member = day(c);
        break;
    case SCHEMA_TEXT:
        *(struct daybook_text *)member = text(c);
        break;
    case SCHEMA_PERSONAL:
        *(struct daybook_personal *)member = personal();
        break;
    case SCHEMA_CUSTOMER:
        *(uint32_t *)member = 1 + (uint32_t)choose_number(c) % INT32_MAX;
        break;
    case SCHEMA_LINES:
        data->lines = made.lines;
        data->line_count = lines(c);
        break;
    case SCHEMA_PARTS:
        data->parts = made.parts;
        data->part_count = parts(c);
        break;
    case SCHEMA_OWN:
        data->own_count = own_fields(c, &data->own);
        break;
    case SCHEMA_ROWS:
        data->rows = made.rows;
        data->rows_len = rows(c);
        break;
    case SCHEMA_VALUES: /* of applications, whose types are not in the table */
    case SCHEMA_FIELD_KIND_COUNT:
        break;
    }
}

const struct schema_type *generate_event(struct choices *c, struct daybook_event *event, struct daybook_data *data)
{
    const struct schema_type *type = &schema_types[choose(c, (uint32_t)schema_type_count)];
    made.own_used = made.texts_used = 0;
    *event = (struct daybook_event){
        .type = type->wire,
        .version = 1 + choose(c, type->version),
        .kind = type->subject,
        .ordinal = 1 + (uint32_t)choose_number(c) % INT32_MAX,
        .nth = 1 + (uint32_t)choose_number(c) % INT32_MAX,
        .actor = 1 + (uint32_t)choose_number(c) % INT32_MAX,
        .via = 1 + (uint32_t)choose_number(c) % INT32_MAX,
        .recorded_us = (int64_t)(choose_number(c) >> 8),
        .occurred_on = day_or_none(c),
        .occurred_us = choose(c, 2) ? (int64_t)(choose_number(c) >> 8) : DAYBOOK_INSTANT_NONE,
        .has_key = choose(c, 2),
    };
    if (event->nth > 1)
        event->prev = 1 + choose(c, 999); /* the caller's seq is 1000 or more */
    if (event->has_key)
        event->key = choose_number(c);
    if (choose(c, 2)) {
        event->cause_source = 1 + (uint32_t)choose_number(c) % INT32_MAX;
        event->cause_row = (uint32_t)choose_number(c) % INT32_MAX;
    }
    data_init(data);
    for (size_t i = 0; i < type->field_count; i++)
        if (type->fields[i].required || choose(c, 2))
            fill(c, &type->fields[i], data);
    return type;
}
