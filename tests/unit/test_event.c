/* Events and their bytes: every type there and back, the reader against msgpack-c, and what is no event. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <msgpack.h>
#include <xxhash.h>

#include "ledger/event.h"
#include "tests/unit/event_reference.h"
#include "tests/unit/scratch.h"

/* ---- random events of any type */

enum { LIST_MAX = 20, TEXT_ROOM = 600, TEXTS_MAX = 128 };

struct sample {
    uint64_t random;
    struct daybook_event event;
    struct daybook_data data;
    struct daybook_line lines[LIST_MAX];
    struct daybook_part parts[LIST_MAX];
    struct daybook_own own[LIST_MAX], line_own[LIST_MAX][3];
    char texts[TEXTS_MAX][TEXT_ROOM];
    size_t text_count;
    uint8_t commitments[TEXTS_MAX][DAYBOOK_COMMITMENT_SIZE];
    size_t commitment_count;
    uint8_t bytes[DAYBOOK_EVENT_SIZE_MAX];
    size_t len;
};

/* Numbers of every length that msgpack knows. */
static uint64_t any_number(struct sample *s)
{
    return random_next(&s->random) >> random_below(&s->random, 64);
}

static uint32_t any_ordinal(struct sample *s)
{
    return 1 + (uint32_t)(any_number(s) >> 34);
}

static int32_t any_day(struct sample *s)
{
    return DAYBOOK_DAY_MIN + (int32_t)random_below(&s->random, DAYBOOK_DAY_MAX - DAYBOOK_DAY_MIN + 1);
}

static struct daybook_text any_text(struct sample *s)
{
    static const char *const characters[] = {"a", "Z", " ", "é", "奶", "🧀", "\n"};
    char *text = s->texts[s->text_count++ % TEXTS_MAX];
    size_t len = 0, wanted = random_below(&s->random, random_below(&s->random, 8) ? 33 : TEXT_ROOM - 8);
    while (len < wanted) {
        const char *c = characters[random_below(&s->random, sizeof characters / sizeof *characters)];
        memcpy(text + len, c, strlen(c));
        len += strlen(c);
    }
    return (struct daybook_text){text, len};
}

static struct daybook_personal any_personal(struct sample *s)
{
    uint8_t *commitment = s->commitments[s->commitment_count++ % TEXTS_MAX];
    for (int i = 0; i < DAYBOOK_COMMITMENT_SIZE; i++)
        commitment[i] = (uint8_t)random_next(&s->random);
    return (struct daybook_personal){.commitment = commitment};
}

static struct daybook_decimal any_quantity(struct sample *s)
{
    struct daybook_decimal value = {1 + (int64_t)(any_number(s) % 999999999999999998u),
                                    (uint8_t)random_below(&s->random, 10)};
    while (value.scale && value.mantissa % 10 == 0)
        value.mantissa /= 10, value.scale--;
    return value;
}

static size_t any_own(struct sample *s, struct daybook_own *own, uint32_t most)
{
    size_t count = 1 + random_below(&s->random, most);
    for (size_t i = 0; i < count; i++) {
        own[i] = (struct daybook_own){.field = any_ordinal(s), .day = DAYBOOK_DAY_NONE};
        own[i].kind = (enum daybook_own_kind)random_below(&s->random, 5);
        switch (own[i].kind) {
        case DAYBOOK_OWN_TEXT: own[i].text = any_text(s); break;
        case DAYBOOK_OWN_PERSONAL: own[i].personal = any_personal(s); break;
        case DAYBOOK_OWN_NUMBER: own[i].number = any_quantity(s); break;
        case DAYBOOK_OWN_DAY: own[i].day = any_day(s); break;
        default: break;
        }
    }
    return count;
}

static bool coin(struct sample *s)
{
    return random_below(&s->random, 2);
}

static struct daybook_line any_line(struct sample *s, size_t index)
{
    struct daybook_line line = {.line = any_ordinal(s), .expected_on = DAYBOOK_DAY_NONE};
    if (coin(s))
        line.product = any_ordinal(s);
    if (coin(s))
        line.has_quantity = true, line.quantity = any_quantity(s);
    if (coin(s))
        line.unit = any_text(s);
    if (coin(s))
        line.name = any_text(s);
    if (coin(s))
        line.expected_on = any_day(s);
    if (coin(s))
        line.own = s->line_own[index], line.own_count = any_own(s, s->line_own[index], 3);
    return line;
}

static void fill_field(struct sample *s, const struct schema_field *field)
{
    static const uint8_t rows[] = {0x92, 0xa1, 'x', 0x92, 0x01, 0xcd, 0x01, 0x00}; /* ["x", [1, 256]] */
    void *member = (char *)&s->data + field->offset;
    size_t count = 1 + random_below(&s->random, LIST_MAX);
    switch (field->kind) {
    case SCHEMA_UINT: *(uint64_t *)member = any_number(s) | 1; break;
    case SCHEMA_DAY: *(int32_t *)member = any_day(s); break;
    case SCHEMA_TEXT: *(struct daybook_text *)member = any_text(s); break;
    case SCHEMA_PERSONAL: *(struct daybook_personal *)member = any_personal(s); break;
    case SCHEMA_CUSTOMER: *(uint32_t *)member = any_ordinal(s); break;
    case SCHEMA_ROWS: s->data.rows = rows, s->data.rows_len = sizeof rows; break;
    case SCHEMA_OWN: s->data.own = s->own, s->data.own_count = any_own(s, s->own, LIST_MAX); break;
    case SCHEMA_LINES:
        for (size_t i = 0; i < count; i++)
            s->lines[i] = any_line(s, i);
        s->data.lines = s->lines, s->data.line_count = count;
        break;
    case SCHEMA_PARTS:
        for (size_t i = 0; i < count; i++)
            s->parts[i] = (struct daybook_part){any_ordinal(s), any_quantity(s)};
        s->data.parts = s->parts, s->data.part_count = count;
        break;
    default: fail();
    }
}

static void make_sample(struct sample *s, const struct schema_type *type)
{
    s->text_count = s->commitment_count = 0;
    s->event = (struct daybook_event){.seq = 2 + (any_number(s) >> 1),
                                      .type = type->wire,
                                      .version = type->version,
                                      .kind = type->subject,
                                      .ordinal = any_ordinal(s),
                                      .nth = 1,
                                      .actor = any_ordinal(s),
                                      .via = any_ordinal(s),
                                      .recorded_us = (int64_t)(any_number(s) >> 1) * (coin(s) ? 1 : -1),
                                      .occurred_on = coin(s) ? any_day(s) : DAYBOOK_DAY_NONE,
                                      .occurred_us = coin(s) ? (int64_t)any_number(s) >> 1 : DAYBOOK_INSTANT_NONE};
    if (coin(s)) {
        s->event.nth = 2 + (uint32_t)(any_number(s) >> 33);
        s->event.prev = 1 + any_number(s) % (s->event.seq - 1);
    }
    if (coin(s))
        s->event.has_key = true, s->event.key = any_number(s);
    if (coin(s))
        s->event.cause_source = any_ordinal(s), s->event.cause_row = (uint32_t)any_number(s);
    data_init(&s->data);
    for (size_t i = 0; i < type->field_count; i++)
        if (type->fields[i].required || coin(s))
            fill_field(s, &type->fields[i]);
    assert_int_equal(event_write(&s->event, &s->data, s->bytes, &s->len, NULL), 0);
}

/* ---- the same, field by field */

static bool same_text(struct daybook_text a, struct daybook_text b)
{
    return (a.ptr == NULL) == (b.ptr == NULL) && a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static bool same_personal(const struct daybook_personal *a, const struct daybook_personal *b)
{
    if (!a->commitment || !b->commitment)
        return a->commitment == b->commitment;
    return memcmp(a->commitment, b->commitment, DAYBOOK_COMMITMENT_SIZE) == 0;
}

static bool same_decimal(struct daybook_decimal a, struct daybook_decimal b)
{
    return a.mantissa == b.mantissa && a.scale == b.scale;
}

static void assert_same_own(const struct daybook_own *a, size_t count_a, const struct daybook_own *b, size_t count_b)
{
    assert_int_equal(count_a, count_b);
    for (size_t i = 0; i < count_a; i++) {
        assert_int_equal(a[i].field, b[i].field);
        assert_int_equal(a[i].kind, b[i].kind);
        assert_int_equal(a[i].day, b[i].day);
        assert_true(same_text(a[i].text, b[i].text));
        assert_true(same_personal(&a[i].personal, &b[i].personal));
        assert_true(same_decimal(a[i].number, b[i].number));
    }
}

static void assert_same_lines(const struct daybook_data *a, const struct daybook_data *b)
{
    assert_int_equal(a->line_count, b->line_count);
    for (size_t i = 0; i < a->line_count; i++) {
        const struct daybook_line *x = &a->lines[i], *y = &b->lines[i];
        assert_int_equal(x->line, y->line);
        assert_int_equal(x->product, y->product);
        assert_int_equal(x->has_quantity, y->has_quantity);
        assert_true(same_decimal(x->quantity, y->quantity));
        assert_true(same_text(x->unit, y->unit));
        assert_true(same_text(x->name, y->name));
        assert_int_equal(x->expected_on, y->expected_on);
        assert_same_own(x->own, x->own_count, y->own, y->own_count);
    }
}

static void assert_same_data(const struct schema_type *type, const struct daybook_data *a, const struct daybook_data *b)
{
    for (size_t i = 0; i < type->field_count; i++) {
        const void *x = (const char *)a + type->fields[i].offset, *y = (const char *)b + type->fields[i].offset;
        switch (type->fields[i].kind) {
        case SCHEMA_UINT: assert_true(*(const uint64_t *)x == *(const uint64_t *)y); break;
        case SCHEMA_DAY: assert_int_equal(*(const int32_t *)x, *(const int32_t *)y); break;
        case SCHEMA_TEXT:
            assert_true(same_text(*(const struct daybook_text *)x, *(const struct daybook_text *)y));
            break;
        case SCHEMA_PERSONAL: assert_true(same_personal(x, y)); break;
        case SCHEMA_CUSTOMER: assert_int_equal(*(const uint32_t *)x, *(const uint32_t *)y); break;
        case SCHEMA_LINES: assert_same_lines(a, b); break;
        case SCHEMA_OWN: assert_same_own(a->own, a->own_count, b->own, b->own_count); break;
        case SCHEMA_PARTS:
            assert_int_equal(a->part_count, b->part_count);
            for (size_t j = 0; j < a->part_count; j++) {
                assert_int_equal(a->parts[j].line, b->parts[j].line);
                assert_true(same_decimal(a->parts[j].quantity, b->parts[j].quantity));
            }
            break;
        default:
            assert_int_equal(a->rows_len, b->rows_len);
            if (a->rows_len)
                assert_memory_equal(a->rows, b->rows, a->rows_len);
        }
    }
}

static void assert_same_envelope(const struct daybook_event *a, const struct daybook_event *b)
{
    assert_true(a->seq == b->seq && a->prev == b->prev && a->key == b->key);
    assert_true(a->recorded_us == b->recorded_us && a->occurred_us == b->occurred_us);
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->version, b->version);
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->ordinal, b->ordinal);
    assert_int_equal(a->nth, b->nth);
    assert_int_equal(a->actor, b->actor);
    assert_int_equal(a->via, b->via);
    assert_int_equal(a->occurred_on, b->occurred_on);
    assert_int_equal(a->has_key, b->has_key);
    assert_int_equal(a->cause_source, b->cause_source);
    assert_int_equal(a->cause_row, b->cause_row);
}

static void every_type_there_and_back(void **state)
{
    (void)state;
    struct sample *s = calloc(1, sizeof *s);
    struct event_scratch scratch = {0};
    s->random = random_seed();
    for (size_t t = 0; t < schema_type_count; t++)
        for (int i = 0; i < 200; i++) {
            struct daybook_event event;
            struct daybook_data data;
            make_sample(s, &schema_types[t]);
            assert_int_equal(event_validate(s->event.seq, s->bytes, s->len, NULL), 0);
            assert_int_equal(event_read(s->event.seq, s->bytes, s->len, &event, NULL), 0);
            assert_same_envelope(&event, &s->event);
            assert_int_equal(event_read_data(&event, &scratch, &data, NULL), 0);
            assert_same_data(&schema_types[t], &data, &s->data);
            assert_int_equal(data_validate(&schema_types[t], &data, NULL), 0);
        }
    event_scratch_release(&scratch);
    free(s);
}

/* ---- against msgpack-c */

static const msgpack_object *at(const msgpack_object *array, uint32_t index)
{
    static const msgpack_object nil = {.type = MSGPACK_OBJECT_NIL};
    assert_int_equal(array->type, MSGPACK_OBJECT_ARRAY);
    return index < array->via.array.size ? &array->via.array.ptr[index] : &nil;
}

/* `there` is 0 for an absent value: then msgpack-c sees nil. */
static void expect_uint(const msgpack_object *o, bool there, uint64_t value)
{
    assert_int_equal(o->type, there ? MSGPACK_OBJECT_POSITIVE_INTEGER : MSGPACK_OBJECT_NIL);
    if (there)
        assert_true(o->via.u64 == value);
}

static void expect_int(const msgpack_object *o, bool there, int64_t value)
{
    if (there && value < 0) {
        assert_int_equal(o->type, MSGPACK_OBJECT_NEGATIVE_INTEGER);
        assert_true(o->via.i64 == value);
    } else {
        expect_uint(o, there, (uint64_t)value);
    }
}

static void expect_text(const msgpack_object *o, struct daybook_text text)
{
    assert_int_equal(o->type, text.ptr ? MSGPACK_OBJECT_STR : MSGPACK_OBJECT_NIL);
    if (text.ptr)
        assert_int_equal(o->via.str.size, text.len);
    if (text.len)
        assert_memory_equal(o->via.str.ptr, text.ptr, text.len);
}

static void expect_personal(const msgpack_object *o, const struct daybook_personal *personal)
{
    assert_int_equal(o->type, personal->commitment ? MSGPACK_OBJECT_BIN : MSGPACK_OBJECT_NIL);
    if (personal->commitment) {
        assert_int_equal(o->via.bin.size, DAYBOOK_COMMITMENT_SIZE);
        assert_memory_equal(o->via.bin.ptr, personal->commitment, DAYBOOK_COMMITMENT_SIZE);
    }
}

static void expect_decimal(const msgpack_object *o, struct daybook_decimal value)
{
    expect_int(at(o, 0), true, value.mantissa);
    expect_int(at(o, 1), true, value.scale);
    assert_int_equal(o->via.array.size, 2);
}

static void expect_own(const msgpack_object *o, const struct daybook_own *own, size_t count)
{
    assert_int_equal(o->type == MSGPACK_OBJECT_ARRAY ? o->via.array.size : 0, count);
    for (uint32_t i = 0; i < count; i++) {
        const msgpack_object *pair = at(o, i), *value = at(pair, 1);
        expect_uint(at(pair, 0), true, own[i].field);
        switch (own[i].kind) {
        case DAYBOOK_OWN_CLEARED: assert_int_equal(pair->via.array.size, 1); break;
        case DAYBOOK_OWN_TEXT: expect_text(value, own[i].text); break;
        case DAYBOOK_OWN_PERSONAL: expect_personal(value, &own[i].personal); break;
        case DAYBOOK_OWN_NUMBER: expect_decimal(value, own[i].number); break;
        case DAYBOOK_OWN_DAY: expect_int(value, true, own[i].day); break;
        }
    }
}

static void expect_line(const msgpack_object *o, const struct daybook_line *line)
{
    expect_uint(at(o, 0), true, line->line);
    expect_uint(at(o, 1), line->product != 0, line->product);
    if (line->has_quantity)
        expect_decimal(at(o, 2), line->quantity);
    else
        assert_int_equal(at(o, 2)->type, MSGPACK_OBJECT_NIL);
    expect_text(at(o, 3), line->unit);
    expect_text(at(o, 4), line->name);
    expect_int(at(o, 5), line->expected_on != DAYBOOK_DAY_NONE, line->expected_on);
    expect_own(at(o, 6), line->own, line->own_count);
}

static void expect_field(const msgpack_object *o, const struct schema_field *field, const struct daybook_data *data)
{
    const void *member = (const char *)data + field->offset;
    size_t count = o->type == MSGPACK_OBJECT_ARRAY ? o->via.array.size : 0;
    switch (field->kind) {
    case SCHEMA_UINT: expect_uint(o, *(const uint64_t *)member != 0, *(const uint64_t *)member); break;
    case SCHEMA_DAY: expect_int(o, *(const int32_t *)member != DAYBOOK_DAY_NONE, *(const int32_t *)member); break;
    case SCHEMA_TEXT: expect_text(o, *(const struct daybook_text *)member); break;
    case SCHEMA_PERSONAL: expect_personal(o, member); break;
    case SCHEMA_CUSTOMER: expect_uint(o, *(const uint32_t *)member != 0, *(const uint32_t *)member); break;
    case SCHEMA_OWN: expect_own(o, data->own, data->own_count); break;
    case SCHEMA_LINES:
        assert_int_equal(count, data->line_count);
        for (uint32_t i = 0; i < count; i++)
            expect_line(at(o, i), &data->lines[i]);
        break;
    case SCHEMA_PARTS:
        assert_int_equal(count, data->part_count);
        for (uint32_t i = 0; i < count; i++) {
            expect_uint(at(at(o, i), 0), true, data->parts[i].line);
            expect_decimal(at(at(o, i), 1), data->parts[i].quantity);
        }
        break;
    default: assert_int_equal(count != 0, data->rows_len != 0);
    }
}

static void reader_equals_msgpack_c(void **state)
{
    (void)state;
    struct sample *s = calloc(1, sizeof *s);
    struct event_scratch scratch = {0};
    s->random = random_seed();
    for (int i = 0; i < 3000; i++) {
        const struct schema_type *type = &schema_types[random_below(&s->random, (uint32_t)schema_type_count)];
        struct daybook_event e;
        struct daybook_data data;
        msgpack_unpacked unpacked;
        make_sample(s, type);
        assert_int_equal(event_read(s->event.seq, s->bytes, s->len, &e, NULL), 0);
        assert_int_equal(event_read_data(&e, &scratch, &data, NULL), 0);
        msgpack_unpacked_init(&unpacked);
        assert_int_equal(msgpack_unpack_next(&unpacked, (const char *)s->bytes, s->len, NULL), MSGPACK_UNPACK_SUCCESS);
        const msgpack_object *o = &unpacked.data;
        assert_int_equal(o->via.array.size, 15);
        const uint64_t plain[] = {e.type, e.version, e.kind, e.ordinal, e.nth, e.prev, e.actor, e.via};
        for (uint32_t j = 0; j < 8; j++)
            expect_uint(at(o, j), true, plain[j]);
        expect_int(at(o, 8), true, e.recorded_us);
        expect_int(at(o, 9), e.occurred_on != DAYBOOK_DAY_NONE, e.occurred_on);
        expect_int(at(o, 10), e.occurred_us != DAYBOOK_INSTANT_NONE, e.occurred_us);
        expect_uint(at(o, 11), e.has_key, e.key);
        if (e.cause_source) {
            expect_uint(at(at(o, 12), 0), true, e.cause_source);
            expect_uint(at(at(o, 12), 1), true, e.cause_row);
        } else {
            assert_int_equal(at(o, 12)->type, MSGPACK_OBJECT_NIL);
        }
        for (uint32_t j = 0; j < type->field_count; j++)
            expect_field(at(at(o, 13), j), &type->fields[j], &data);
        assert_true(at(at(o, 13), (uint32_t)type->field_count)->type == MSGPACK_OBJECT_NIL);
        expect_uint(at(o, 14), true, (uint32_t)XXH3_64bits_withSeed(s->bytes, s->len - 5, s->event.seq));
        msgpack_unpacked_destroy(&unpacked);
    }
    event_scratch_release(&scratch);
    free(s);
}

/* ---- bytes written by hand */

struct bytes {
    uint8_t at[256];
    size_t len;
};

static void add_hex(struct bytes *b, const char *hex)
{
    for (; *hex; hex += 2) {
        const char digits[3] = {hex[0], hex[1], '\0'};
        b->at[b->len++] = (uint8_t)strtoul(digits, NULL, 16);
    }
}

static void add_check(struct bytes *b, uint64_t seq)
{
    uint32_t check = (uint32_t)XXH3_64bits_withSeed(b->at, b->len, seq);
    b->at[b->len++] = 0xce;
    for (int shift = 24; shift >= 0; shift -= 8)
        b->at[b->len++] = (uint8_t)(check >> shift);
}

enum { HAND_SEQ = 7 };
/* order.processing-started, order 1, its second event, 3 seqs back, actor 2, via 3, recorded at 1970-01-01T00:00:01Z,
 * occurred on 1970-01-02. */
static const char *const by_hand[14] = {"23", "01",         "01", "01", "02", "03", "02",
                                        "03", "ce000f4240", "01", "c0", "c0", "c0", "90"};

/* The event by hand with other bytes for one or two of its elements. */
static struct bytes changed(unsigned index, const char *hex, unsigned second_index, const char *second_hex)
{
    struct bytes b = {.len = 0};
    add_hex(&b, "9f");
    for (unsigned i = 0; i < 14; i++)
        add_hex(&b, i == index ? hex : i == second_index ? second_hex : by_hand[i]);
    add_check(&b, HAND_SEQ);
    return b;
}

enum {
    TYPE = 0,
    VERSION = 1,
    KIND = 2,
    NTH = 4,
    PREV = 5,
    RECORDED = 8,
    DAY = 9,
    INSTANT = 10,
    KEY = 11,
    CAUSE = 12,
    DATA = 13,
    NOWHERE = 99
};

static void written_as_by_hand(void **state)
{
    (void)state;
    struct bytes expected = changed(NOWHERE, "", NOWHERE, "");
    struct daybook_event event = {.seq = HAND_SEQ,
                                  .type = DAYBOOK_ORDER_PROCESSING_STARTED,
                                  .version = 1,
                                  .kind = DAYBOOK_ORDER,
                                  .ordinal = 1,
                                  .nth = 2,
                                  .prev = 3,
                                  .actor = 2,
                                  .via = 3,
                                  .recorded_us = 1000000,
                                  .occurred_on = 1,
                                  .occurred_us = DAYBOOK_INSTANT_NONE};
    struct daybook_data data;
    uint8_t out[DAYBOOK_EVENT_SIZE_MAX];
    size_t len = 0;
    data_init(&data);
    assert_int_equal(event_write(&event, &data, out, &len, NULL), 0);
    assert_int_equal(len, expected.len);
    assert_memory_equal(out, expected.at, len);
}

struct variant {
    unsigned index;
    const char *hex;
    unsigned second_index;
    const char *second_hex;
};

static void taken(void **state)
{
    (void)state;
    static const struct variant variants[] = {
        {NOWHERE, "", NOWHERE, ""},
        {DAY, "ce002cc0a0", NOWHERE, ""},             /* 9999-12-31 */
        {DAY, "d2fff506c6", NOWHERE, ""},             /* 0001-01-01 */
        {DAY, "c0", NOWHERE, ""},                     /* nobody knows */
        {INSTANT, "d3f000000000000000", NOWHERE, ""}, /* long ago */
        {KEY, "cfffffffffffffffff", NOWHERE, ""},
        {CAUSE, "920102", NOWHERE, ""},
        {DATA, "9101", NOWHERE, ""},                  /* a field that a later program added */
        {DATA, "9392c00105a3616263", NOWHERE, ""},
        {TYPE, "25", DATA, "91a153"},                 /* order.shipped by "S" */
        {TYPE, "25", DATA, "91a0"},                   /* a carrier without a name */
        {TYPE, "25", DATA, "93c0c0919201920500"},
        {TYPE, "cd03e8", DATA, "9201a161"},           /* an application's */
        {TYPE, "ccc8", NOWHERE, ""},                  /* not known yet */
        {VERSION, "02", NOWHERE, ""},                 /* nor that version */
        {TYPE, "20", DATA, "93a14101919301c0920500"}, /* a line without a product */
        {TYPE, "22", DATA, "91ce002cc0a0"},           /* promised for 9999-12-31 */
    };
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        const struct variant *v = &variants[i];
        struct bytes b = changed(v->index, v->hex, v->second_index, v->second_hex);
        if (event_validate(HAND_SEQ, b.at, b.len, NULL))
            fail_msg("refused: %s %s", v->hex, v->second_hex);
    }
}

static void not_taken(void **state)
{
    (void)state;
    static const struct variant variants[] = {
        {TYPE, "cc23", NOWHERE, ""},                   /* not the shortest form */
        {TYPE, "d023", NOWHERE, ""},
        {RECORDED, "d3000000000000000f", NOWHERE, ""},
        {RECORDED, "cf00000000000f4240", NOWHERE, ""},
        {RECORDED, "d2000f4240", NOWHERE, ""},
        {DAY, "d0ff", NOWHERE, ""},                    /* -1 is ff */
        {INSTANT, "ca3f800000", NOWHERE, ""},          /* a float */
        {INSTANT, "cb3ff0000000000000", NOWHERE, ""},
        {INSTANT, "c3", NOWHERE, ""},                  /* true */
        {KEY, "ff", NOWHERE, ""},
        {DATA, "80", NOWHERE, ""},                     /* a map */
        {DATA, "918101a161", NOWHERE, ""},
        {DATA, "91d4017f", NOWHERE, ""},               /* an extension */
        {DATA, "91c70101ff", NOWHERE, ""},
        {DATA, "91c1", NOWHERE, ""},                   /* no msgpack at all */
        {DATA, "91c40100", NOWHERE, ""},               /* a byte string that is no commitment */
        {DATA, "c0", NOWHERE, ""},
        {DATA, "dc0000", NOWHERE, ""},
        {DATA, "dd00000000", NOWHERE, ""},
        {DATA, "ddffffffff", NOWHERE, ""},
        {DATA, "91c0", NOWHERE, ""},                   /* a nil at the end */
        {DATA, "919201c0", NOWHERE, ""},
        {DATA, "91919191919191919190", NOWHERE, ""},   /* too deep */
        {DATA, "910101", NOWHERE, ""},                /* and a byte too many */
        {DAY, "ce002cc0a1", NOWHERE, ""},              /* 10000-01-01 */
        {DAY, "d2fff506c5", NOWHERE, ""},              /* before the year 1 */
        {CAUSE, "920005", NOWHERE, ""},                /* no source, but its row */
        {CAUSE, "9101", NOWHERE, ""},
        {KIND, "02", NOWHERE, ""},                     /* an order's event about a customer */
        {NTH, "01", NOWHERE, ""},                      /* the first, but one before it */
        {PREV, "00", NOWHERE, ""},                     /* the second without one before */
        {PREV, "07", NOWHERE, ""},                     /* before the log began */
        {NTH, "00", PREV, "00"},
        {TYPE, "00", NOWHERE, ""},
        {TYPE, "25", DATA, "91d90153"},                /* a short text in the long form */
        {TYPE, "25", DATA, "91a1ff"},                  /* not UTF-8 */
        {TYPE, "25", DATA, "91a3eda080"},              /* a surrogate */
        {TYPE, "25", DATA, "91a100"},                  /* NUL */
        {TYPE, "25", DATA, "9105"},                    /* a carrier that is a number */
        {TYPE, "25", DATA, "93c0c090"},                /* no quantities, written out */
        {TYPE, "25", DATA, "93c0c0919201923201"},      /* 5.0 */
        {TYPE, "25", DATA, "93c0c0919201920000"},      /* nothing shipped */
        {TYPE, "25", DATA, "93c0c091920192ff00"},      /* less than nothing */
        {TYPE, "25", DATA, "93c0c0919200920500"},     /* line 0 */
        {TYPE, "25", DATA, "93c0c091920192050a"},      /* ten decimal places */
        {TYPE, "25", DATA, "93c0c091920192cf0de0b6b3a764000000"}, /* 19 digits */
        {TYPE, "20", DATA, "93a1410191930100920500"},  /* the same, written as product 0 */
        {TYPE, "20", DATA, "93a14101919701c0c0c0c0c090"}, /* no own fields, written out */
        {TYPE, "22", DATA, "90"},                      /* a promise of nothing */
        {TYPE, "22", DATA, "91ce002cc0a1"},
        {TYPE, "2d", DATA, "9100"},                    /* a retraction of event 0, written out */
        {TYPE, "21", DATA, "91ce80000000"},            /* no ordinal is that large */
    };
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        const struct variant *v = &variants[i];
        struct bytes b = changed(v->index, v->hex, v->second_index, v->second_hex);
        if (event_validate(HAND_SEQ, b.at, b.len, NULL) != DAYBOOK_DAMAGED)
            fail_msg("taken: %s %s", v->hex, v->second_hex);
    }
}

static void whole_and_in_its_place(void **state)
{
    (void)state;
    struct bytes b = changed(NOWHERE, "", NOWHERE, "");
    assert_true(event_check_holds(HAND_SEQ, b.at, b.len));
    assert_false(event_check_holds(HAND_SEQ + 1, b.at, b.len));
    assert_int_equal(event_validate(HAND_SEQ + 1, b.at, b.len, NULL), DAYBOOK_DAMAGED);
    assert_int_equal(event_validate(HAND_SEQ - 1, b.at, b.len, NULL), DAYBOOK_DAMAGED);
    b.at[b.len - 1] ^= 1;
    assert_int_equal(event_validate(HAND_SEQ, b.at, b.len, NULL), DAYBOOK_DAMAGED);
    struct bytes short_one = {.len = 0}, long_one = {.len = 0};
    add_hex(&short_one, "9e");
    add_hex(&long_one, "dc0010");
    for (unsigned i = 0; i < 14; i++) {
        if (i != KEY)
            add_hex(&short_one, by_hand[i]);
        add_hex(&long_one, by_hand[i]);
    }
    add_hex(&long_one, "90");
    add_check(&short_one, HAND_SEQ);
    add_check(&long_one, HAND_SEQ);
    assert_int_equal(event_validate(HAND_SEQ, short_one.at, short_one.len, NULL), DAYBOOK_DAMAGED);
    assert_int_equal(event_validate(HAND_SEQ, long_one.at, long_one.len, NULL), DAYBOOK_DAMAGED);
}

static void newer_than_this_program(void **state)
{
    (void)state;
    struct event_scratch scratch = {0};
    struct daybook_event event;
    struct daybook_data data;
    struct bytes unknown = changed(TYPE, "ccc8", NOWHERE, ""), newer = changed(VERSION, "02", NOWHERE, "");
    assert_int_equal(event_read(HAND_SEQ, unknown.at, unknown.len, &event, NULL), 0);
    assert_int_equal(event_read_data(&event, &scratch, &data, NULL), DAYBOOK_NEWER_FORMAT);
    assert_int_equal(event_read(HAND_SEQ, newer.at, newer.len, &event, NULL), 0);
    assert_int_equal(event_read_data(&event, &scratch, &data, NULL), DAYBOOK_NEWER_FORMAT);
    event_scratch_release(&scratch);
}

/* ---- damage */

static void read_all(uint64_t seq, const uint8_t *bytes, size_t len, struct event_scratch *scratch)
{
    struct daybook_event event;
    struct daybook_data data;
    uint8_t *exact = malloc(len + !len); /* so that a sanitizer sees the end */
    memcpy(exact, bytes, len);
    if (event_read(seq, exact, len, &event, NULL) == 0)
        event_read_data(&event, scratch, &data, NULL);
    free(exact);
}

static void cut_and_flipped(void **state)
{
    (void)state;
    struct sample *s = calloc(1, sizeof *s);
    struct event_scratch scratch = {0};
    s->random = random_seed();
    for (size_t t = 0; t < schema_type_count; t++) {
        make_sample(s, &schema_types[t]);
        uint64_t seq = s->event.seq;
        for (size_t len = 0; len < s->len; len++) {
            assert_int_equal(event_validate(seq, s->bytes, len, NULL), DAYBOOK_DAMAGED);
            read_all(seq, s->bytes, len, &scratch);
        }
        for (size_t bit = 0; bit < 8 * s->len; bit += 1 + random_below(&s->random, 16)) {
            s->bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_int_equal(event_validate(seq, s->bytes, s->len, NULL), DAYBOOK_DAMAGED);
            read_all(seq, s->bytes, s->len, &scratch);
            s->bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
    event_scratch_release(&scratch);
    free(s);
}

/* ---- validation against msgpack-c */

/* A byte that may stand at the head of a value is likelier to be mistaken than any. */
static uint8_t likely_byte(uint64_t *random)
{
    static const uint8_t heads[] = {0x00, 0x01, 0x7f, 0x80, 0x90, 0x91, 0x92, 0x9f, 0xa0, 0xa1, 0xbf, 0xc0,
                                    0xc1, 0xc2, 0xc4, 0xca, 0xcb, 0xcc, 0xcd, 0xce, 0xcf, 0xd0, 0xd1, 0xd2,
                                    0xd3, 0xd4, 0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xe0, 0xff};
    uint32_t which = random_below(random, 2 * sizeof heads);
    return which < sizeof heads ? heads[which] : (uint8_t)random_below(random, 256);
}

/* A byte or a few changed, put in or taken out, and the check made to fit again. */
static void change_bytes(uint64_t *random, const uint8_t *bytes, size_t len, struct bytes *ret)
{
    size_t body = len - 5, at = random_below(random, (uint32_t)body);
    size_t gone = random_below(random, 3), come = random_below(random, 4);
    if (random_below(random, 2))
        come = gone = 1;
    gone = gone < body - at ? gone : body - at;
    memcpy(ret->at, bytes, at);
    ret->len = at;
    for (size_t i = 0; i < come; i++)
        ret->at[ret->len++] = likely_byte(random);
    memcpy(ret->at + ret->len, bytes + at + gone, body - at - gone);
    ret->len += body - at - gone;
}

static void validated_as_by_msgpack_c(void **state)
{
    (void)state;
    struct sample *s = calloc(1, sizeof *s);
    unsigned taken_count = 0, refused_count = 0;
    s->random = random_seed();
    for (int i = 0; i < 40000; i++) {
        struct bytes b = {.len = 0};
        do
            make_sample(s, &schema_types[random_below(&s->random, (uint32_t)schema_type_count)]);
        while (s->len + 10 > sizeof b.at);
        change_bytes(&s->random, s->bytes, s->len, &b);
        if (random_below(&s->random, 4) == 0) { /* twice */
            struct bytes once = b;
            change_bytes(&s->random, once.at, once.len + 5, &b);
        }
        add_check(&b, s->event.seq);
        bool expected = event_reference_validates(s->event.seq, b.at, b.len);
        bool got = event_validate(s->event.seq, b.at, b.len, NULL) == 0;
        *(got ? &taken_count : &refused_count) += 1;
        if (got != expected) {
            for (size_t j = 0; j < b.len; j++)
                fprintf(stderr, "%02x", b.at[j]);
            fail_msg(" %s", got ? "taken" : "refused");
        }
    }
    assert_in_range(taken_count, 1000, 39000); /* changes of both kinds were tried */
    assert_in_range(refused_count, 1000, 39000);
    free(s);
}

/* ---- limits */

static void texts_and_sizes(void **state)
{
    (void)state;
    static char long_text[DAYBOOK_TEXT_MAX + 1];
    memset(long_text, 'x', sizeof long_text);
    const struct schema_type *amended = schema_by_wire(DAYBOOK_ORDER_AMENDED);
    struct daybook_event event = {.seq = 1,
                                  .type = DAYBOOK_ORDER_AMENDED,
                                  .version = 1,
                                  .kind = DAYBOOK_ORDER,
                                  .ordinal = 1,
                                  .nth = 1,
                                  .actor = 1,
                                  .via = 1,
                                  .occurred_on = DAYBOOK_DAY_NONE,
                                  .occurred_us = DAYBOOK_INSTANT_NONE};
    struct daybook_own own[2] = {
        {.field = 1, .kind = DAYBOOK_OWN_TEXT, .text = {long_text, DAYBOOK_TEXT_MAX}, .day = DAYBOOK_DAY_NONE},
        {.field = 2, .kind = DAYBOOK_OWN_TEXT, .text = {long_text, 1000}, .day = DAYBOOK_DAY_NONE}};
    struct daybook_data data;
    data_init(&data);
    data.own = own, data.own_count = 2;
    uint8_t out[DAYBOOK_EVENT_SIZE_MAX];
    size_t len = 0;
    assert_int_equal(event_write(&event, &data, out, &len, NULL), 0);
    assert_int_equal(event_validate(1, out, len, NULL), 0);
    own[1].text.len += DAYBOOK_EVENT_SIZE_MAX - len; /* to the last byte */
    assert_int_equal(event_write(&event, &data, out, &len, NULL), 0);
    assert_int_equal(len, DAYBOOK_EVENT_SIZE_MAX);
    assert_int_equal(event_validate(1, out, len, NULL), 0);
    own[1].text.len++;
    assert_int_equal(event_write(&event, &data, out, &len, NULL), DAYBOOK_TOO_LARGE);
    data.own_count = 1;
    assert_int_equal(data_validate(amended, &data, NULL), 0);
    own[0].text.len++;
    assert_int_equal(data_validate(amended, &data, NULL), DAYBOOK_TOO_LARGE);
    assert_int_equal(event_write(&event, &data, out, &len, NULL), DAYBOOK_TOO_LARGE);
}

static void numbers_and_days(void **state)
{
    (void)state;
    const struct schema_type *amended = schema_by_wire(DAYBOOK_ORDER_AMENDED);
    struct daybook_line line = {
        .line = 1, .has_quantity = true, .quantity = {999999999999999999, 9}, .expected_on = DAYBOOK_DAY_NONE};
    struct daybook_data data;
    data_init(&data);
    data.lines = &line, data.line_count = 1;
    assert_int_equal(data_validate(amended, &data, NULL), 0);
    line.quantity = (struct daybook_decimal){1000000000000000001, 0}; /* 19 digits */
    assert_int_equal(data_validate(amended, &data, NULL), DAYBOOK_BAD_VALUE);
    line.quantity = (struct daybook_decimal){1, 10};
    assert_int_equal(data_validate(amended, &data, NULL), DAYBOOK_BAD_VALUE);
    line.quantity = (struct daybook_decimal){50, 1};
    assert_int_equal(data_validate(amended, &data, NULL), DAYBOOK_BAD_VALUE);
    line.quantity = (struct daybook_decimal){-5, 0};
    assert_int_equal(data_validate(amended, &data, NULL), DAYBOOK_BAD_VALUE);
    data.line_count = 0;
    const int32_t good[] = {DAYBOOK_DAY_MIN, 0, DAYBOOK_DAY_MAX},
                  bad[] = {DAYBOOK_DAY_MIN - 1, DAYBOOK_DAY_MAX + 1, INT32_MAX};
    for (int i = 0; i < 3; i++) {
        data.expected_on = good[i];
        assert_int_equal(data_validate(amended, &data, NULL), 0);
        data.expected_on = bad[i];
        assert_int_equal(data_validate(amended, &data, NULL), DAYBOOK_BAD_VALUE);
    }
}

/* ---- personal values */

struct slots {
    uint16_t count;
    const uint8_t *seen[TEXTS_MAX];
};

static int see_slot(void *context, const char *field, uint16_t slot, const struct daybook_personal *personal)
{
    struct slots *slots = context;
    assert_non_null(field);
    assert_int_equal(slot, slots->count);
    slots->seen[slots->count++] = personal->commitment;
    return 0;
}

/* The slot that a reader gives a value is the one that it was stored under. */
static void slots_are_the_same_read_and_written(void **state)
{
    (void)state;
    struct sample *s = calloc(1, sizeof *s);
    struct event_scratch scratch = {0};
    s->random = random_seed();
    for (int i = 0; i < 500; i++) {
        struct daybook_event event;
        struct daybook_data data;
        struct slots written = {.count = 0};
        make_sample(s, schema_by_wire(DAYBOOK_ORDER_CREATED));
        data_each_personal(schema_by_wire(DAYBOOK_ORDER_CREATED), &s->data, see_slot, &written);
        assert_int_equal(event_read(s->event.seq, s->bytes, s->len, &event, NULL), 0);
        assert_int_equal(event_read_data(&event, &scratch, &data, NULL), 0);
        uint16_t seen = 0;
        for (size_t j = 0; j < data.line_count; j++)
            for (size_t k = 0; k < data.lines[j].own_count; k++)
                if (data.lines[j].own[k].kind == DAYBOOK_OWN_PERSONAL) {
                    assert_int_equal(data.lines[j].own[k].personal.slot, seen);
                    assert_memory_equal(data.lines[j].own[k].personal.commitment, written.seen[seen++],
                                        DAYBOOK_COMMITMENT_SIZE);
                }
        for (size_t k = 0; k < data.own_count; k++)
            if (data.own[k].kind == DAYBOOK_OWN_PERSONAL) {
                assert_int_equal(data.own[k].personal.slot, seen);
                assert_memory_equal(data.own[k].personal.commitment, written.seen[seen++], DAYBOOK_COMMITMENT_SIZE);
            }
        assert_int_equal(seen, written.count);
    }
    event_scratch_release(&scratch);
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_there_and_back), cmocka_unit_test(reader_equals_msgpack_c),
        cmocka_unit_test(written_as_by_hand),        cmocka_unit_test(taken),
        cmocka_unit_test(not_taken),                 cmocka_unit_test(whole_and_in_its_place),
        cmocka_unit_test(newer_than_this_program),   cmocka_unit_test(cut_and_flipped),
        cmocka_unit_test(validated_as_by_msgpack_c),
        cmocka_unit_test(texts_and_sizes),           cmocka_unit_test(numbers_and_days),
        cmocka_unit_test(slots_are_the_same_read_and_written),
    };
    return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
