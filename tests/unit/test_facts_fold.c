/* The lean fold of facts against the fold: the same facts and labels of every order, at any cut, over random histories
 * of all that can happen to an order. SEED repeats a run, STEPS makes it longer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "projections/facts_fold.h"
#include "tests/unit/scratch.h"

enum { ORDERS = 120, ENTRIES_A_CALL = 50, ITEMS_MAX = 3, FIRST_DAY = 20000, DAYS = 40, CALLS = 60 };

/* Most are of the kind that the lean fold does itself, so that orders get old before they meet another. */
static const uint32_t types[] = {
    DAYBOOK_ORDER_CREATED,         DAYBOOK_ORDER_CREATED,         DAYBOOK_ORDER_CREATED,
    DAYBOOK_ORDER_AMENDED,         DAYBOOK_ORDER_PROMISE_CHANGED, DAYBOOK_ORDER_PROCESSING_STARTED,
    DAYBOOK_ORDER_PRODUCTION_STARTED, DAYBOOK_ORDER_SHIPPED,      DAYBOOK_ORDER_SHIPPED,
    DAYBOOK_ORDER_DELIVERED,       DAYBOOK_ORDER_DELIVERED,       DAYBOOK_ORDER_CANCELLED,
    DAYBOOK_ORDER_RETURNED,        DAYBOOK_ORDER_REOPENED,        DAYBOOK_ORDER_REOPENED,
    DAYBOOK_ORDER_HELD,            DAYBOOK_ORDER_RESUMED,         DAYBOOK_ORDER_RESUMED,
    DAYBOOK_ORDER_NOTE_ADDED,      DAYBOOK_ORDER_PRIORITY_SET,    DAYBOOK_ORDER_MOVED,
    DAYBOOK_ORDER_EVENT_VOIDED,    DAYBOOK_CUSTOMER_MERGED,
};
static const char *const customers[] = {"Ada", "Bo", "Chen", "Dai"};
static const char *const codes[] = {"P-1", "P-2", "P-3", "P-4"};
static const char *const carriers[] = {NULL, "", "SF", "a carrier whose name is longer than thirty-one bytes"};
static const char *const statuses[] = {"pending", "processing", "in-production", "shipped", "delivered"};

struct request {
    struct daybook_draft draft, replacement;
    struct daybook_draft_item items[ITEMS_MAX];
    char order_no[16];
};

struct run {
    uint64_t random;
    struct daybook *ledger;
    struct request requests[ENTRIES_A_CALL];
    struct daybook_entry entries[ENTRIES_A_CALL];
    struct daybook_result results[ENTRIES_A_CALL];
    uint64_t seqs[ORDERS]; /* some event of each order, to be voided */
    uint32_t at[ENTRIES_A_CALL]; /* which order */
    unsigned accepted, visited, shipped, delivered, in_parts;
};

static uint32_t below(struct run *r, uint32_t n)
{
    return random_below(&r->random, n);
}

static int32_t any_day(struct run *r)
{
    return FIRST_DAY + (int32_t)below(r, DAYS);
}

static void fill_items(struct run *r, struct request *q, bool are_parts)
{
    q->draft.items = q->items;
    q->draft.item_count = below(r, ITEMS_MAX + 1);
    for (size_t i = 0; i < q->draft.item_count; i++) {
        q->items[i] = (struct daybook_draft_item){.expected_on = DAYBOOK_DAY_NONE, .has_quantity = true};
        q->items[i].quantity = quantity(1 + below(r, 4));
        q->items[i].code = text_of(codes[are_parts ? i : below(r, 4)]);
        if (are_parts)
            continue;
        if (below(r, 3) == 0)
            q->items[i].expected_on = any_day(r);
        if (below(r, 3) == 0)
            q->items[i].unit = text_of("kg");
        if (below(r, 4) == 0)
            q->items[i].name = text_of("a name of its own");
    }
}

static void fill_content(struct run *r, struct request *q)
{
    struct daybook_draft *d = &q->draft;
    bool is_new = d->type == DAYBOOK_ORDER_CREATED;
    if (is_new || below(r, 3) == 0)
        d->customer = text_of(customers[below(r, 4)]);
    if (is_new || below(r, 3) == 0)
        fill_items(r, q, false);
    if (below(r, 2))
        d->expected_on = any_day(r);
    if (below(r, 3) == 0)
        d->requested_on = any_day(r);
    if (below(r, 4) == 0)
        d->ordered_on = any_day(r);
    if (below(r, 4) == 0)
        d->customer_ref = text_of("PO 7");
}

static void fill_request(struct run *r, struct request *q, uint32_t order)
{
    struct daybook_draft *d = &q->draft;
    daybook_draft_init(d, types[below(r, sizeof types / sizeof *types)]);
    snprintf(q->order_no, sizeof q->order_no, "N-%u", order);
    d->order_no = text_of(q->order_no);
    bool has_day = d->type != DAYBOOK_ORDER_EVENT_VOIDED && d->type != DAYBOOK_CUSTOMER_MERGED;
    if (has_day && below(r, 3)) {
        d->occurred = below(r, 6) ? DAYBOOK_OCCURRED_ON : DAYBOOK_OCCURRED_UNKNOWN;
        d->occurred_on = any_day(r);
    }
    if (d->type == DAYBOOK_ORDER_CREATED || d->type == DAYBOOK_ORDER_AMENDED)
        fill_content(r, q);
    else if (d->type == DAYBOOK_ORDER_PROMISE_CHANGED)
        d->expected_on = any_day(r);
    else if (d->type == DAYBOOK_ORDER_SHIPPED)
        d->carrier = text_of(carriers[below(r, 4)]);
    else if (d->type == DAYBOOK_ORDER_REOPENED && below(r, 2))
        d->status = text_of(below(r, 2) ? "shipped" : "pending");
    else if (d->type == DAYBOOK_ORDER_NOTE_ADDED)
        d->text = text_of("a note");
    else if (d->type == DAYBOOK_ORDER_PRIORITY_SET)
        d->category = text_of("urgent");
    else if (d->type == DAYBOOK_ORDER_MOVED)
        d->status = text_of(statuses[below(r, 5)]);
    else if (d->type == DAYBOOK_CUSTOMER_MERGED) {
        d->order_no = DAYBOOK_TEXT_NONE;
        d->subject = text_of(customers[below(r, 4)]);
        d->customer = text_of(below(r, 30) ? "nobody" : customers[below(r, 4)]);
    } else if (d->type == DAYBOOK_ORDER_EVENT_VOIDED) {
        d->target = r->seqs[order];
        d->reason = text_of("a mistake");
        d->replacement = below(r, 2) ? &q->replacement : NULL;
        daybook_draft_init(&q->replacement, DAYBOOK_ORDER_NOTE_ADDED);
        q->replacement.text = text_of("instead");
    }
    if ((d->type == DAYBOOK_ORDER_SHIPPED || d->type == DAYBOOK_ORDER_DELIVERED) && below(r, 4) == 0)
        fill_items(r, q, true);
}

static void append_some(struct run *r)
{
    for (size_t i = 0; i < ENTRIES_A_CALL; i++) {
        r->at[i] = below(r, ORDERS);
        fill_request(r, &r->requests[i], r->at[i]);
        r->entries[i] = (struct daybook_entry){.drafts = &r->requests[i].draft, .draft_count = 1,
                                               .actor = text_of(below(r, 2) ? "li.lei" : "wang"),
                                               .via = DAYBOOK_TEXT("li.lei@host"), .via_kind = DAYBOOK_TEXT("os")};
    }
    assert_int_equal(daybook_append(r->ledger, r->entries, ENTRIES_A_CALL, r->results, NULL), 0);
    for (size_t i = 0; i < ENTRIES_A_CALL; i++) {
        if (r->results[i].error.code)
            continue;
        r->accepted++;
        if (below(r, 2))
            r->seqs[r->at[i]] = r->results[i].last_seq;
    }
}

/* ---- comparing */

struct comparison {
    struct run *run;
    struct daybook_snapshot *snapshot;
    struct order_cut cut;
    struct order_reader reader;
    struct product_list products;
    uint32_t next, last; /* ordinals that were not seen yet */
};

/* The next order that is there; false when there is none up to c->last. */
static bool load_next(struct comparison *c)
{
    while (c->next <= c->last) {
        assert_int_equal(order_reader_load(&c->reader, c->snapshot, c->next++, c->cut, NULL), 0);
        if (c->reader.state.exists)
            return true;
    }
    return false;
}

static int compare_order(void *context, const struct order_facts *facts, const struct delays_labels *labels,
                         struct daybook_error *err)
{
    struct comparison *c = context;
    struct order_facts expected;
    struct delays_labels wanted;
    (void)err;
    assert_true(load_next(c));
    facts_of(&c->reader.state, &expected);
    assert_memory_equal(facts, &expected, sizeof expected);
    assert_int_equal(labels_of(&c->reader.state, &c->products, &wanted, NULL), 0);
    assert_int_equal(labels->product_count, wanted.product_count);
    if (wanted.product_count)
        assert_memory_equal(labels->products, wanted.products, wanted.product_count * sizeof *wanted.products);
    assert_int_equal(labels->carrier.ptr != NULL, wanted.carrier.ptr != NULL);
    assert_int_equal(labels->carrier.len, wanted.carrier.len);
    if (wanted.carrier.len)
        assert_memory_equal(labels->carrier.ptr, wanted.carrier.ptr, wanted.carrier.len);
    c->run->visited++;
    c->run->shipped += facts->shipped_on != DAYBOOK_DAY_NONE;
    c->run->delivered += facts->phase == PHASE_DELIVERED;
    c->run->in_parts += c->reader.state.part_count > c->reader.state.line_count;
    return 0;
}

static void compare(struct run *r, struct daybook_snapshot *snapshot, struct order_cut cut, uint32_t first,
                    uint32_t last)
{
    uint32_t there = 0;
    assert_int_equal(store_last_ordinal(snapshot->log, DAYBOOK_ORDER, &there, NULL), 0);
    struct comparison c = {.run = r, .snapshot = snapshot, .cut = cut, .next = first};
    c.last = last < there ? last : there;
    assert_int_equal(facts_each(snapshot, cut, first, last, true, compare_order, &c, NULL), 0);
    assert_false(load_next(&c));
    order_reader_release(&c.reader);
    product_list_release(&c.products);
}

static void compare_at_cuts(struct run *r)
{
    struct daybook_snapshot *snapshot;
    assert_int_equal(daybook_snapshot_begin(r->ledger, &snapshot, NULL), 0);
    uint64_t as_of = below(r, (uint32_t)daybook_last_seq(snapshot) + 1);
    uint32_t first = 1 + below(r, ORDERS);
    compare(r, snapshot, ORDER_CUT_NOW, 1, UINT32_MAX);
    compare(r, snapshot, ORDER_CUT_NOW, first, first + below(r, ORDERS));
    compare(r, snapshot, (struct order_cut){as_of, DAYBOOK_DAY_NONE}, 1, UINT32_MAX);
    compare(r, snapshot, (struct order_cut){UINT64_MAX, any_day(r)}, 1, UINT32_MAX);
    compare(r, snapshot, (struct order_cut){as_of, any_day(r)}, 1, UINT32_MAX);
    daybook_snapshot_end(snapshot);
}

static void lean_fold_is_the_fold(void **state)
{
    (void)state;
    char root[SCRATCH_PATH_SIZE], folder[SCRATCH_PATH_SIZE + 8];
    const char *wanted = getenv("STEPS");
    long calls = wanted ? strtol(wanted, NULL, 10) : CALLS;
    struct run *r = calloc(1, sizeof *r);
    r->random = random_seed();
    scratch_folder(root);
    snprintf(folder, sizeof folder, "%s/ledger", root);
    r->ledger = scratch_ledger(folder);
    for (long i = 0; i < calls; i++) {
        append_some(r);
        compare_at_cuts(r);
    }
    print_message("# %u recorded; %u orders compared: %u shipped, %u delivered, %u in parts\n", r->accepted, r->visited,
                  r->shipped, r->delivered, r->in_parts);
    assert_true(r->shipped > r->visited / 20 && r->delivered > r->visited / 50 && r->in_parts > 0);
    daybook_close(r->ledger);
    scratch_remove(root);
    free(r);
}

static int take_nothing(void *context, const struct order_facts *facts, const struct delays_labels *labels,
                        struct daybook_error *err)
{
    unsigned *visits = context;
    (void)facts, (void)err;
    assert_null(labels);
    return ++*visits == 2 ? DAYBOOK_NOT_FOUND : 0;
}

static void visit_can_stop(void **state)
{
    (void)state;
    char root[SCRATCH_PATH_SIZE], folder[SCRATCH_PATH_SIZE + 8];
    struct daybook_snapshot *snapshot;
    unsigned visits = 0;
    scratch_folder(root);
    snprintf(folder, sizeof folder, "%s/ledger", root);
    struct daybook *ledger = scratch_ledger(folder);
    for (int i = 0; i < 3; i++) {
        struct daybook_draft draft;
        struct daybook_result result;
        daybook_draft_init(&draft, DAYBOOK_ORDER_CREATED);
        draft.customer = text_of("Ada");
        assert_int_equal(record(ledger, &draft, 1, &result), 0);
    }
    assert_int_equal(daybook_snapshot_begin(ledger, &snapshot, NULL), 0);
    assert_int_equal(facts_each(snapshot, ORDER_CUT_NOW, 1, UINT32_MAX, false, take_nothing, &visits, NULL),
                     DAYBOOK_NOT_FOUND);
    assert_int_equal(visits, 2);
    daybook_snapshot_end(snapshot);
    daybook_close(ledger);
    scratch_remove(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lean_fold_is_the_fold), cmocka_unit_test(visit_can_stop)};
    return cmocka_run_group_tests_name("facts_fold", tests, NULL, NULL);
}
