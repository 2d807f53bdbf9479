/* Projections of an application through the public header: kept, made anew, checked; of orders and of others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daybook/type.h"
#include "daybook/view.h"
#include "tests/unit/scratch.h"

struct place {
    char root[SCRATCH_PATH_SIZE], folder[SCRATCH_PATH_SIZE + 8];
    struct daybook *ledger;
};

static const struct daybook_type_definition checked = {"quality.checked", 1000, 1, DAYBOOK_ORDER, NULL, 0};
static int puts_done;

static int append(struct place *p, struct daybook_draft draft, struct daybook_result *result)
{
    struct daybook_result unwanted;
    return record(p->ledger, &draft, 1, result ? result : &unwanted);
}

static struct daybook_draft draft_of(uint32_t type, const char *order_no)
{
    struct daybook_draft draft;
    daybook_draft_init(&draft, type);
    draft.order_no = text_of(order_no);
    draft.customer = type == DAYBOOK_ORDER_CREATED ? text_of("Wang") : DAYBOOK_TEXT_NONE;
    return draft;
}

/* Two orders, A-1 and A-2, and the type. */
static int setup(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    struct daybook_draft definition = draft_of(DAYBOOK_TYPE_REGISTERED, NULL);
    definition.definition = &checked;
    scratch_folder(p->root);
    snprintf(p->folder, sizeof p->folder, "%s/ledger", p->root);
    p->ledger = scratch_ledger(p->folder);
    *state = p;
    puts_done = 0;
    return append(p, definition, NULL) || append(p, draft_of(DAYBOOK_ORDER_CREATED, "A-1"), NULL) ||
           append(p, draft_of(DAYBOOK_ORDER_CREATED, "A-2"), NULL);
}

static int teardown(void **state)
{
    struct place *p = *state;
    daybook_close(p->ledger);
    scratch_remove(p->root);
    free(p);
    return 0;
}

static int count_event(void *context, const struct daybook_event *event, const struct daybook_data *data,
                       struct daybook_error *err)
{
    uint32_t *count = context;
    (void)data, (void)err;
    *count += event->type == 1000 || event->kind == DAYBOOK_CUSTOMER;
    return 0;
}

/* A row for what has such events: how many. */
static int put_count(struct daybook_rows *rows, struct daybook_subject *subject, struct daybook_error *err)
{
    uint32_t count = 0;
    int rc = daybook_subject_events(subject, count_event, &count, err);
    puts_done++;
    if (rc || !count)
        return rc ? rc : daybook_rows_remove(rows, DAYBOOK_TABLE_MAIN, daybook_subject_ordinal(subject), err);
    return daybook_rows_put(rows, DAYBOOK_TABLE_MAIN, daybook_subject_ordinal(subject), &count, sizeof count, err);
}

/* A row for every order: its status, and in the other table its number. */
static int put_status(struct daybook_rows *rows, struct daybook_subject *subject, struct daybook_error *err)
{
    const struct daybook_order *order = daybook_subject_order(subject);
    uint32_t ordinal = daybook_subject_ordinal(subject), count = 0;
    puts_done++;
    if (!order) {
        int rc = daybook_rows_remove(rows, DAYBOOK_TABLE_MAIN, ordinal, err);
        return rc ? rc : daybook_rows_remove(rows, DAYBOOK_TABLE_SIDE, ordinal, err);
    }
    int rc = daybook_subject_events(subject, count_event, &count, err); /* the order stays as it is */
    if (!rc)
        rc = daybook_rows_put(rows, DAYBOOK_TABLE_MAIN, ordinal, order->status, strlen(order->status), err);
    return rc ? rc : daybook_rows_put(rows, DAYBOOK_TABLE_SIDE, ordinal, order->order_no.ptr, order->order_no.len, err);
}

static const struct daybook_projection checks = {"checks", 1, put_count, DAYBOOK_ORDER, NULL};
static const struct daybook_projection status = {"status", 1, put_status, 0, NULL};

/* The row as text ("-": none), from the view as of now. */
static const char *row_of(struct place *p, const struct daybook_projection *projection, enum daybook_table table,
                          uint64_t key)
{
    static char text[64];
    struct daybook_snapshot *snapshot;
    struct daybook_view *view;
    const void *bytes;
    size_t len;
    uint32_t count;
    assert_int_equal(daybook_snapshot_begin(p->ledger, &snapshot, NULL), 0);
    assert_int_equal(daybook_view_open(snapshot, projection, NULL, &view, NULL), 0);
    assert_int_equal(daybook_rows_get(daybook_view_rows(view), table, key, &bytes, &len, NULL), 0);
    snprintf(text, sizeof text, "-");
    if (bytes && projection->put == put_count) {
        assert_int_equal(len, sizeof count);
        memcpy(&count, bytes, sizeof count);
        snprintf(text, sizeof text, "%u", count);
    } else if (bytes) {
        snprintf(text, sizeof text, "%.*s", (int)len, (const char *)bytes);
    }
    daybook_view_close(view);
    daybook_snapshot_end(snapshot);
    return text;
}

static void kept_as_events_come(void **state)
{
    struct place *p = *state;
    struct daybook_result result;
    assert_string_equal(row_of(p, &checks, DAYBOOK_TABLE_MAIN, 1), "-");
    assert_int_equal(puts_done, 2);
    assert_int_equal(append(p, draft_of(1000, "A-1"), NULL), 0);
    assert_int_equal(append(p, draft_of(1000, "A-1"), &result), 0);
    assert_string_equal(row_of(p, &checks, DAYBOOK_TABLE_MAIN, 1), "2");
    assert_int_equal(puts_done, 3); /* the other order was left alone */
    struct daybook_draft voiding = draft_of(DAYBOOK_ORDER_EVENT_VOIDED, "A-1");
    voiding.target = result.last_seq;
    assert_int_equal(append(p, voiding, NULL), 0);
    assert_string_equal(row_of(p, &checks, DAYBOOK_TABLE_MAIN, 1), "1");
    voiding.target = result.last_seq - 1;
    assert_int_equal(append(p, voiding, NULL), 0);
    assert_string_equal(row_of(p, &checks, DAYBOOK_TABLE_MAIN, 1), "-");
    assert_int_equal(puts_done, 5);
}

static void told_the_order(void **state)
{
    struct place *p = *state;
    assert_string_equal(row_of(p, &status, DAYBOOK_TABLE_MAIN, 2), "pending");
    assert_string_equal(row_of(p, &status, DAYBOOK_TABLE_SIDE, 2), "A-2");
    assert_int_equal(append(p, draft_of(DAYBOOK_ORDER_SHIPPED, "A-2"), NULL), 0);
    assert_string_equal(row_of(p, &status, DAYBOOK_TABLE_MAIN, 2), "shipped");
    struct daybook_snapshot *snapshot;
    uint64_t created = 0;
    uint32_t ordinal = 0;
    assert_int_equal(daybook_snapshot_begin(p->ledger, &snapshot, NULL), 0);
    assert_int_equal(daybook_find(snapshot, DAYBOOK_ORDER, DAYBOOK_TEXT("A-1"), &ordinal, NULL), 0);
    for (struct daybook_event event = {0}; event.kind != DAYBOOK_ORDER || event.ordinal != ordinal;)
        assert_int_equal(daybook_event(snapshot, ++created, &event, NULL), 0);
    daybook_snapshot_end(snapshot);
    struct daybook_draft voiding = draft_of(DAYBOOK_ORDER_EVENT_VOIDED, "A-1");
    voiding.target = created;
    assert_int_equal(append(p, voiding, NULL), 0);
    assert_string_equal(row_of(p, &status, DAYBOOK_TABLE_MAIN, 1), "-");
    assert_string_equal(row_of(p, &status, DAYBOOK_TABLE_SIDE, 1), "-");
}

static void another_version_is_made_anew(void **state)
{
    struct place *p = *state;
    struct daybook_projection next = status;
    assert_string_equal(row_of(p, &status, DAYBOOK_TABLE_MAIN, 1), "pending");
    next.put = put_count;
    next.version = 2;
    puts_done = 0;
    assert_int_equal(append(p, draft_of(1000, "A-1"), NULL), 0);
    assert_string_equal(row_of(p, &next, DAYBOOK_TABLE_MAIN, 1), "1");
    assert_int_equal(puts_done, 2);
}

static void checked_afresh(void **state)
{
    struct place *p = *state;
    struct daybook_snapshot *snapshot;
    struct daybook_projection other = status;
    bool same = false;
    uint64_t rows = 0;
    assert_int_equal(append(p, draft_of(1000, "A-2"), NULL), 0);
    assert_int_equal(daybook_snapshot_begin(p->ledger, &snapshot, NULL), 0);
    assert_int_equal(daybook_view_check(snapshot, &checks, NULL, &same, &rows, NULL), 0);
    assert_true(same);
    assert_int_equal(rows, 1); /* not every subject has a row */
    assert_int_equal(daybook_view_check(snapshot, &status, NULL, &same, &rows, NULL), 0);
    assert_true(same);
    assert_int_equal(rows, 2);
    other.put = put_count;
    assert_int_equal(daybook_view_check(snapshot, &other, NULL, &same, &rows, NULL), 0);
    assert_false(same);
    assert_int_equal(daybook_view_rebuild(snapshot, &other, NULL, NULL), 0);
    assert_int_equal(daybook_view_check(snapshot, &other, NULL, &same, &rows, NULL), 0);
    assert_true(same);
    daybook_snapshot_end(snapshot);
}

static void other_subjects(void **state)
{
    struct place *p = *state;
    static const struct daybook_projection customers = {"customers", 1, put_count, DAYBOOK_CUSTOMER, NULL};
    struct daybook_draft rename = draft_of(DAYBOOK_CUSTOMER_RENAMED, NULL);
    assert_string_equal(row_of(p, &customers, DAYBOOK_TABLE_MAIN, 1), "1");
    rename.subject = DAYBOOK_TEXT("Wang"), rename.name = DAYBOOK_TEXT("Wang Ltd");
    assert_int_equal(append(p, rename, NULL), 0);
    assert_int_equal(append(p, draft_of(DAYBOOK_ORDER_CREATED, "A-3"), NULL), 0);
    puts_done = 0;
    assert_string_equal(row_of(p, &customers, DAYBOOK_TABLE_MAIN, 1), "2");
    assert_int_equal(puts_done, 1);
}

static int refuse(struct daybook_rows *rows, struct daybook_subject *subject, struct daybook_error *err)
{
    (void)rows, (void)subject;
    return daybook_fail(err, DAYBOOK_TOO_LARGE, "No.");
}

static void refusals(void **state)
{
    struct place *p = *state;
    static const struct daybook_projection bad[] = {
        {"", 1, put_count, 0, NULL},       {"a/b", 1, put_count, 0, NULL},
        {"a-v1", 1, put_count, 0, NULL},   {"..", 1, put_count, 0, NULL},
        {"Views", 1, put_count, 0, NULL},  {"none", 0, put_count, 0, NULL},
        {"kinds", 1, put_count, 99, NULL}, {"a_name_that_is_longer_than_32_byt", 1, put_count, 0, NULL},
    };
    static const struct daybook_projection failing = {"failing", 1, refuse, 0, NULL};
    struct daybook_snapshot *snapshot;
    struct daybook_view *view;
    assert_int_equal(daybook_snapshot_begin(p->ledger, &snapshot, NULL), 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(daybook_view_open(snapshot, &bad[i], NULL, &view, NULL), DAYBOOK_BAD_VALUE);
        assert_int_equal(daybook_view_rebuild(snapshot, &bad[i], NULL, NULL), DAYBOOK_BAD_VALUE);
    }
    assert_int_equal(daybook_view_open(snapshot, &failing, NULL, &view, NULL), DAYBOOK_TOO_LARGE);
    daybook_snapshot_end(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(kept_as_events_come, setup, teardown),
        cmocka_unit_test_setup_teardown(told_the_order, setup, teardown),
        cmocka_unit_test_setup_teardown(another_version_is_made_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(checked_afresh, setup, teardown),
        cmocka_unit_test_setup_teardown(other_subjects, setup, teardown),
        cmocka_unit_test_setup_teardown(refusals, setup, teardown),
    };
    return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}
