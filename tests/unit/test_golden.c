/* Every format that ever landed opens, and folds to the same answers, for ever: tests/data/logs/<format>/, made by
 * tests/data/logs/make.c. What it must say is written here by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "ledger/date.h"
#include "ledger/order_reader.h"
#include "tests/unit/event_reference.h"
#include "tests/unit/scratch.h"

static const char *const formats[] = {"tests/data/logs/1"};

struct place {
    char root[SCRATCH_PATH_SIZE];
    struct daybook *ledger;
    struct daybook_snapshot *snapshot;
};

static void copy_file(const char *from_folder, const char *to_folder, const char *folder, const char *name)
{
    char path[512], buffer[8192];
    size_t len;
    snprintf(path, sizeof path, "%s/%s", to_folder, folder);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/%s/%s", from_folder, folder, name);
    FILE *from = fopen(path, "rb");
    assert_non_null(from);
    snprintf(path, sizeof path, "%s/%s/%s", to_folder, folder, name);
    FILE *to = fopen(path, "wb");
    assert_non_null(to);
    while ((len = fread(buffer, 1, sizeof buffer, from)) > 0)
        assert_int_equal(fwrite(buffer, 1, len, to), len);
    fclose(from);
    assert_int_equal(fclose(to), 0);
}

static void open_copy(struct place *p, const char *format)
{
    struct daybook_error err = {0};
    scratch_folder(p->root);
    copy_file(format, p->root, "log", "data.mdb");
    copy_file(format, p->root, "personal-0", "data.mdb");
    if (daybook_open(p->root, NULL, &p->ledger, &err) || daybook_snapshot_begin(p->ledger, &p->snapshot, &err))
        fail_msg("%s", err.message);
}

static void close_copy(struct place *p)
{
    daybook_snapshot_end(p->snapshot);
    daybook_close(p->ledger);
    scratch_remove(p->root);
}

static uint32_t find(const struct place *p, uint32_t kind, const char *name)
{
    uint32_t ordinal = 0;
    assert_int_equal(daybook_find(p->snapshot, kind, text_of(name), &ordinal, NULL), 0);
    return ordinal;
}

/* ---- the same bytes */

static int compare_line(void *context, const struct daybook_event *event, struct daybook_error *err)
{
    static char line[2 * DAYBOOK_EVENT_SIZE_MAX + 4];
    FILE *expected = context;
    assert_non_null(fgets(line, sizeof line, expected));
    assert_int_equal(strlen(line), 2 * event->len + 1);
    for (size_t i = 0; i < event->len; i++) {
        char hex[3];
        snprintf(hex, sizeof hex, "%02x", event->bytes[i]);
        assert_memory_equal(hex, line + 2 * i, 2);
    }
    return event_validate(event->seq, event->bytes, event->len, err);
}

static void same_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        struct place p;
        char path[512];
        open_copy(&p, formats[i]);
        snprintf(path, sizeof path, "%s/events.hex", formats[i]);
        FILE *expected = fopen(path, "r");
        assert_non_null(expected);
        assert_int_equal(daybook_follow(p.snapshot, 1, compare_line, expected, NULL), 0);
        assert_int_equal(fgetc(expected), EOF); /* and all of them */
        fclose(expected);
        close_copy(&p);
    }
}

/* ---- the same answers */

struct line_answer {
    int64_t quantity, shipped, delivered; /* in the scale below */
    uint8_t scale;
};

struct answer {
    const char *order_no, *status, *customer, *ordered_on, *expected_on, *first_expected_on, *requested_on, *shipped_on,
        *delivered_on;
    uint32_t version;
    size_t line_count, notes;
    struct line_answer lines[2];
};

static const struct answer answers[] = {
    {"A-1",
     "delivered",
     "万泰酒业",
     "2026-01-04",
     "2026-01-25",
     "2026-01-20",
     "2026-01-18",
     "2026-01-11",
     "2026-01-15",
     13,
     2,
     1,
     {{12, 12, 12, 0}, {4, 4, 4, 0}}},
    {"A-2",
     "pending",
     "Müller & Söhne",
     "2026-01-05",
     "2026-02-10",
     "2026-02-10",
     NULL,
     NULL,
     NULL,
     6,
     2,
     0,
     {{25, 0, 0, 1}, {1, 0, 0, 9}}},
    {"SO-000001", "returned", "acme", "2025-12-30", NULL, NULL, NULL, NULL, "2026-01-02", 3, 0, 0, {{0}}},
    {"A-3", "shipped", "nobody", "2026-01-03", NULL, NULL, NULL, "2026-01-04", NULL, 4, 0, 0, {{0}}},
};

static void assert_day(int32_t day, const char *expected)
{
    char text[DAYBOOK_DAY_TEXT_SIZE] = "none";
    if (day != DAYBOOK_DAY_NONE)
        date_format(day, text);
    assert_string_equal(text, expected ? expected : "none");
}

static void assert_amount(struct daybook_decimal value, int64_t mantissa, uint8_t scale)
{
    assert_true(value.mantissa == mantissa && value.scale == (mantissa ? scale : 0));
}

static void assert_answer(const struct place *p, struct order_reader *reader, const struct answer *a)
{
    const struct order_state *s = &reader->state;
    assert_int_equal(order_reader_load(reader, p->snapshot, find(p, DAYBOOK_ORDER, a->order_no), ORDER_CUT_NOW, NULL),
                     0);
    assert_true(s->exists);
    assert_string_equal(workflow_statuses[s->status].name, a->status);
    assert_int_equal(s->customer, find(p, DAYBOOK_CUSTOMER, a->customer));
    assert_day(s->ordered_on, a->ordered_on);
    assert_day(s->expected_on, a->expected_on);
    assert_day(s->first_expected_on, a->first_expected_on);
    assert_day(s->requested_on, a->requested_on);
    assert_day(s->shipped_on, a->shipped_on);
    assert_day(s->delivered_on, a->delivered_on);
    assert_int_equal(s->version, a->version);
    assert_int_equal(s->line_count, a->line_count);
    for (size_t i = 0; i < a->line_count; i++) {
        assert_int_equal(s->lines[i].line, i + 1);
        assert_amount(s->lines[i].quantity, a->lines[i].quantity, a->lines[i].scale);
        assert_amount(s->lines[i].shipped, a->lines[i].shipped, a->lines[i].scale);
        assert_amount(s->lines[i].delivered, a->lines[i].delivered, a->lines[i].scale);
    }
    size_t notes = 0;
    for (size_t i = 0; i < s->note_count; i++)
        notes += !s->notes[i].retracted;
    assert_int_equal(notes, a->notes);
}

static void assert_first_order(const struct place *p, struct order_reader *reader)
{
    struct daybook_text contact;
    const struct order_state *s = &reader->state;
    assert_int_equal(order_reader_load(reader, p->snapshot, find(p, DAYBOOK_ORDER, "A-1"), ORDER_CUT_NOW, NULL), 0);
    assert_int_equal(s->own_count, 4);
    assert_amount(s->own[0].value.number, 125, 1);
    assert_day(s->own[1].value.day, "2026-06-30");
    assert_int_equal(s->own[2].value.kind, DAYBOOK_OWN_TEXT);
    assert_int_equal(daybook_personal_value(p->snapshot, s->own[3].seq, &s->own[3].value.personal, &contact, NULL), 0);
    assert_int_equal(contact.len, strlen("王小明"));
    assert_memory_equal(contact.ptr, "王小明", contact.len);
    assert_null(s->carrier.ptr); /* the last shipment named none */
    assert_memory_equal(s->tracking.ptr, "123", 3);
    assert_memory_equal(s->customer_ref.ptr, "PO-77", 5);
}

static void same_answers(void **state)
{
    (void)state;
    struct order_reader reader = {0};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        struct place p;
        open_copy(&p, formats[i]);
        for (size_t j = 0; j < sizeof answers / sizeof *answers; j++)
            assert_answer(&p, &reader, &answers[j]);
        assert_first_order(&p, &reader);
        assert_int_equal(order_reader_load(&reader, p.snapshot, find(&p, DAYBOOK_ORDER, "A-4"), ORDER_CUT_NOW, NULL),
                         0);
        assert_false(reader.state.exists); /* its creation was taken back */
        assert_int_equal(find(&p, DAYBOOK_CUSTOMER, "Müller"), find(&p, DAYBOOK_CUSTOMER, "Müller & Söhne"));
        assert_int_equal(find(&p, DAYBOOK_PRODUCT, "LW-3"), find(&p, DAYBOOK_PRODUCT, "LW-03"));
        assert_string_equal(daybook_timezone(p.ledger), "Asia/Shanghai");
        close_copy(&p);
    }
    order_reader_release(&reader);
}

/* It is not a museum: it can be written to. */
static void goes_on(void **state)
{
    (void)state;
    const struct daybook_open_options accepting = {.accept_clock = true};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        struct place p;
        struct daybook_draft draft;
        struct daybook_result result;
        open_copy(&p, formats[i]);
        daybook_snapshot_end(p.snapshot);
        daybook_close(p.ledger);
        assert_int_equal(daybook_open(p.root, &accepting, &p.ledger, NULL), 0);
        daybook_draft_init(&draft, DAYBOOK_ORDER_CREATED);
        draft.customer = DAYBOOK_TEXT("acme");
        assert_int_equal(record(p.ledger, &draft, 1, &result), 0);
        assert_string_equal(result.order_no, "SO-000002");
        assert_int_equal(result.order, 6);
        daybook_close(p.ledger);
        scratch_remove(p.root);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(same_bytes), cmocka_unit_test(same_answers),
                                       cmocka_unit_test(goes_on)};
    return cmocka_run_group_tests_name("golden", tests, NULL, NULL);
}
