/* The public face of the fold: one order, all orders, the events that count, now and at past moments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "daybook/order.h"
#include "tests/unit/scratch.h"

enum { CREATED = 20500, SHIPPED_WRONG = 20510, SHIPPED = 20508 }; /* days since 1970 */

static struct daybook *ledger;
static struct daybook_snapshot *snapshot;
static char folder[SCRATCH_PATH_SIZE];
static uint64_t shipped_seq, corrected_seq;

/* Two orders; the first is shipped, and the day of that corrected. */
static int make(void **state)
{
    (void)state;
    char path[SCRATCH_PATH_SIZE + 8];
    struct daybook_draft created, shipped, fixed, correction;
    struct daybook_result result;
    scratch_folder(folder);
    snprintf(path, sizeof path, "%s/l", folder);
    ledger = scratch_ledger(path);
    struct daybook_draft_item item = {.code = DAYBOOK_TEXT("P-1"),
                                      .has_quantity = true,
                                      .quantity = quantity(3),
                                      .expected_on = DAYBOOK_DAY_NONE};
    daybook_draft_init(&created, DAYBOOK_ORDER_CREATED);
    created.customer = DAYBOOK_TEXT("ACME");
    created.occurred = DAYBOOK_OCCURRED_ON;
    created.occurred_on = CREATED;
    created.items = &item;
    created.item_count = 1;
    assert_int_equal(record(ledger, &created, 1, &result), 0);
    assert_int_equal(record(ledger, &created, 1, &result), 0);
    daybook_draft_init(&shipped, DAYBOOK_ORDER_SHIPPED);
    shipped.order_no = DAYBOOK_TEXT("SO-000001");
    shipped.occurred = DAYBOOK_OCCURRED_ON;
    shipped.occurred_on = SHIPPED_WRONG;
    assert_int_equal(record(ledger, &shipped, 1, &result), 0);
    shipped_seq = result.last_seq;
    daybook_draft_init(&fixed, DAYBOOK_ORDER_SHIPPED);
    fixed.occurred = DAYBOOK_OCCURRED_ON;
    fixed.occurred_on = SHIPPED;
    daybook_draft_init(&correction, DAYBOOK_ORDER_EVENT_VOIDED);
    correction.order_no = DAYBOOK_TEXT("SO-000001");
    correction.target = shipped_seq;
    correction.reason = DAYBOOK_TEXT("typo");
    correction.replacement = &fixed;
    assert_int_equal(record(ledger, &correction, 1, &result), 0);
    corrected_seq = result.last_seq;
    return daybook_snapshot_begin(ledger, &snapshot, NULL);
}

static int unmake(void **state)
{
    (void)state;
    daybook_snapshot_end(snapshot);
    daybook_close(ledger);
    scratch_remove(folder);
    return 0;
}

static int keep(void *context, const struct daybook_order *order, struct daybook_error *err)
{
    (void)err;
    *(struct daybook_order *)context = *order;
    return 0;
}

static struct daybook_order at(struct daybook_cut cut)
{
    struct daybook_order order = {0};
    struct daybook_error error = {0};
    assert_int_equal(daybook_order(snapshot, DAYBOOK_TEXT("SO-000001"), cut, keep, &order, &error), 0);
    return order;
}

static void order_now_and_then(void **state)
{
    (void)state;
    struct daybook_order now = at(DAYBOOK_CUT_NOW);
    assert_string_equal(now.status, "shipped");
    assert_int_equal(now.shipped_on, SHIPPED);
    assert_int_equal(now.ordered_on, CREATED);
    assert_int_equal(now.version, 4);
    assert_int_equal(now.last_seq, corrected_seq);
    assert_int_equal(now.line_count, 1);
    assert_int_equal(at((struct daybook_cut){shipped_seq, DAYBOOK_DAY_NONE}).shipped_on, SHIPPED_WRONG);
    assert_string_equal(at((struct daybook_cut){UINT64_MAX, SHIPPED - 1}).status, "pending");
    assert_string_equal(at((struct daybook_cut){UINT64_MAX, SHIPPED}).status, "shipped");
}

static void not_there(void **state)
{
    (void)state;
    struct daybook_order order;
    struct daybook_error error = {0};
    assert_int_equal(daybook_order(snapshot, DAYBOOK_TEXT("SO-7"), DAYBOOK_CUT_NOW, keep, &order, &error),
                     DAYBOOK_NOT_FOUND);
    assert_int_equal(daybook_order(snapshot, DAYBOOK_TEXT("SO-000001"), (struct daybook_cut){1, DAYBOOK_DAY_NONE}, keep,
                                   &order, &error),
                     DAYBOOK_NOT_FOUND);
    assert_true(strlen(error.message) > 0);
}

static void names(void **state)
{
    (void)state;
    struct daybook_text name = DAYBOOK_TEXT("unset");
    uint32_t customer = at(DAYBOOK_CUT_NOW).customer, found = 0;
    assert_int_equal(daybook_name(snapshot, DAYBOOK_ORDER, 1, &name, NULL), 0);
    assert_int_equal(name.len, strlen("SO-000001"));
    assert_memory_equal(name.ptr, "SO-000001", name.len);
    const uint32_t subjects[][2] = {{DAYBOOK_CUSTOMER, customer}, {DAYBOOK_PRODUCT, 1}, {DAYBOOK_ACTOR, 1}};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(daybook_name(snapshot, subjects[i][0], subjects[i][1], &name, NULL), 0);
        assert_int_equal(daybook_find(snapshot, subjects[i][0], name, &found, NULL), 0);
        assert_int_equal(found, subjects[i][1]);
    }
    assert_int_equal(daybook_name(snapshot, DAYBOOK_CUSTOMER, 99, &name, NULL), DAYBOOK_NOT_FOUND);
    assert_int_equal(daybook_name(snapshot, DAYBOOK_CUSTOMER, 0, &name, NULL), DAYBOOK_NOT_FOUND);
    assert_int_equal(daybook_name(snapshot, 99, 1, &name, NULL), DAYBOOK_NOT_FOUND);
}

static int count(void *context, const struct daybook_order *order, struct daybook_error *err)
{
    (void)order, (void)err;
    ++*(int *)context;
    return 0;
}

static void all_orders(void **state)
{
    (void)state;
    int orders = 0;
    assert_int_equal(daybook_orders(snapshot, DAYBOOK_CUT_NOW, count, &orders, NULL), 0);
    assert_int_equal(orders, 2);
    orders = 0;
    assert_int_equal(daybook_orders(snapshot, (struct daybook_cut){UINT64_MAX, CREATED - 1}, count, &orders, NULL), 0);
    assert_int_equal(orders, 0);
}

struct seen {
    uint64_t seqs[8];
    size_t count;
};

static int note(void *context, const struct daybook_event *event, const struct daybook_data *data,
                struct daybook_error *err)
{
    struct seen *seen = context;
    (void)data, (void)err;
    seen->seqs[seen->count++] = event->seq;
    return 0;
}

static void fold_in_place(void **state)
{
    (void)state;
    struct seen seen = {.count = 0};
    assert_int_equal(daybook_fold_order(snapshot, DAYBOOK_TEXT("SO-000001"), DAYBOOK_CUT_NOW, note, &seen, NULL), 0);
    assert_int_equal(seen.count, 2); /* the creation, and what stands in the place of the wrong shipment */
    assert_int_equal(seen.seqs[1], corrected_seq);
    seen.count = 0;
    struct daybook_cut before = {shipped_seq, DAYBOOK_DAY_NONE};
    assert_int_equal(daybook_fold_order(snapshot, DAYBOOK_TEXT("SO-000001"), before, note, &seen, NULL), 0);
    assert_int_equal(seen.seqs[1], shipped_seq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_now_and_then),
        cmocka_unit_test(not_there),
        cmocka_unit_test(names),
        cmocka_unit_test(all_orders),
        cmocka_unit_test(fold_in_place),
    };
    return cmocka_run_group_tests_name("query", tests, make, unmake);
}
