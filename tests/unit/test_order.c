/* The fold of an order: every figure of one order, voids, and cuts in time. Histories are made in memory, by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/order.h"
#include "ledger/order_fields.h"
#include "tests/unit/scratch.h"

#define NONE DAYBOOK_DAY_NONE
#define DAY_US (24 * 3600 * (int64_t)1000000)
#define assert_quantity(value, units) assert_true((value).mantissa == (units) && (value).scale == 0)

enum {
    EVENTS_MAX = 40,
    SEQ_STEP = 10,
    RECORDED_ON = 1000 /* the first event is recorded on day 1000, each a day later */
};

struct history {
    struct chain chain;
    struct order_places places;
    struct order_state state;
    struct zone *zone;
    struct daybook_data data[EVENTS_MAX];
    struct daybook_line lines[EVENTS_MAX][3];
    struct daybook_part parts[EVENTS_MAX][3];
    size_t count;
};

static int setup(void **state)
{
    struct history *h = calloc(1, sizeof *h);
    if (!h || zone_load(DAYBOOK_TEXT("UTC"), &h->zone, NULL))
        return -1;
    *state = h;
    return 0;
}

static int teardown(void **state)
{
    struct history *h = *state;
    chain_release(&h->chain);
    order_places_release(&h->places);
    order_state_release(&h->state);
    zone_free(h->zone);
    free(h);
    return 0;
}

static uint64_t seq_of(size_t index)
{
    return (index + 1) * SEQ_STEP;
}

/* The next event; its fields are filled in through what is returned. */
static struct daybook_data *add(struct history *h, uint32_t type, int32_t occurred_on)
{
    assert_true(h->count < EVENTS_MAX);
    size_t index = h->count++;
    const struct daybook_event event = {.seq = seq_of(index),
                                        .type = type,
                                        .version = 1,
                                        .kind = DAYBOOK_ORDER,
                                        .ordinal = 5,
                                        .nth = (uint32_t)h->count,
                                        .actor = (uint32_t)(100 + index),
                                        .occurred_on = occurred_on,
                                        .occurred_us = DAYBOOK_INSTANT_NONE,
                                        .recorded_us = (RECORDED_ON + (int64_t)index) * DAY_US};
    data_init(&h->data[index]);
    assert_int_equal(chain_push(&h->chain, &event, &h->data[index], NULL), 0);
    return &h->data[index];
}

static struct daybook_line line_of(uint32_t number, int64_t units)
{
    return (struct daybook_line){
        .line = number, .product = number + 20, .has_quantity = true, .quantity = quantity(units), .expected_on = NONE};
}

static struct daybook_data *add_created(struct history *h, int32_t day)
{
    struct daybook_data *data = add(h, DAYBOOK_ORDER_CREATED, day);
    struct daybook_line *lines = h->lines[h->count - 1];
    data->order_no = DAYBOOK_TEXT("SO-1");
    data->customer = 3;
    lines[0] = line_of(1, 10);
    lines[1] = line_of(2, 4);
    data->lines = lines, data->line_count = 2;
    return data;
}

/* A shipment or delivery of some of one line. */
static struct daybook_data *add_part(struct history *h, uint32_t type, int32_t day, uint32_t line, int64_t units)
{
    struct daybook_data *data = add(h, type, day);
    h->parts[h->count - 1][0] = (struct daybook_part){line, quantity(units)};
    data->parts = h->parts[h->count - 1], data->part_count = 1;
    return data;
}

static struct daybook_data *add_amended_line(struct history *h, uint32_t line, int64_t units)
{
    struct daybook_data *data = add(h, DAYBOOK_ORDER_AMENDED, 50);
    h->lines[h->count - 1][0] =
        (struct daybook_line){.line = line, .has_quantity = true, .quantity = quantity(units), .expected_on = NONE};
    data->lines = h->lines[h->count - 1], data->line_count = 1;
    return data;
}

/* A void of an event; with `replaced`, the next event takes its place. */
static void add_void(struct history *h, size_t target, bool replaced)
{
    struct daybook_data *data = add(h, DAYBOOK_ORDER_EVENT_VOIDED, NONE);
    data->target = seq_of(target);
    data->replacement = replaced ? SEQ_STEP : 0;
}

static const struct order_state *fold_cut(struct history *h, uint64_t as_of, int32_t effective_on)
{
    size_t count = 0;
    while (count < h->count && h->chain.links[count].event.seq <= as_of)
        count++;
    assert_int_equal(order_fold(&h->state, &h->chain, count, &h->places, h->zone, effective_on, NULL, NULL, NULL), 0);
    return &h->state;
}

static const struct order_state *fold(struct history *h)
{
    return fold_cut(h, UINT64_MAX, NONE);
}

/* ---- one order */

static void created(void **state)
{
    struct history *h = *state;
    struct daybook_data *data = add_created(h, 7);
    const struct order_state *s = fold(h);
    assert_true(s->exists);
    assert_int_equal(s->status, STATUS_PENDING);
    assert_int_equal(s->ordinal, 5);
    assert_int_equal(s->customer, 3);
    assert_int_equal(s->ordered_on, 7); /* the day that it was created on */
    assert_int_equal(s->line_count, 2);
    assert_int_equal(s->line_last, 2);
    assert_quantity(s->lines[1].quantity, 4);
    assert_int_equal(s->shipped_on, NONE);
    assert_int_equal(s->delivered_on, NONE);
    assert_int_equal(s->expected_on, NONE);
    assert_int_equal(s->first_expected_on, NONE);
    assert_int_equal(s->version, 1);
    assert_int_equal(s->last_seq, 10);
    data->ordered_on = 5;
    assert_int_equal(fold(h)->ordered_on, 5); /* what the order says */
}

static void created_on_an_unknown_day(void **state)
{
    struct history *h = *state;
    add_created(h, NONE);
    assert_int_equal(fold(h)->ordered_on, RECORDED_ON);
}

static void promises(void **state)
{
    struct history *h = *state;
    add_created(h, 7);
    h->lines[0][0].expected_on = 20;
    h->lines[0][1].expected_on = 25;
    assert_int_equal(fold(h)->expected_on, 25); /* the latest of its lines' */
    assert_int_equal(h->state.first_expected_on, 25);
    add(h, DAYBOOK_ORDER_PROMISE_CHANGED, 8)->expected_on = 22;
    assert_int_equal(fold(h)->expected_on, 22); /* its own */
    assert_int_equal(h->state.first_expected_on, 25);
    struct daybook_data *amended = add_amended_line(h, 2, 4);
    h->lines[h->count - 1][0].expected_on = 40;
    assert_int_equal(fold(h)->expected_on, 22);
    amended->expected_on = 30;
    amended->requested_on = 18;
    assert_int_equal(fold(h)->expected_on, 30);
    assert_int_equal(h->state.requested_on, 18);
    assert_int_equal(h->state.first_expected_on, 25);
}

static void first_promise_after_creation(void **state)
{
    struct history *h = *state;
    add_created(h, 7);
    add(h, DAYBOOK_ORDER_PROMISE_CHANGED, 8)->expected_on = 22;
    add(h, DAYBOOK_ORDER_PROMISE_CHANGED, 9)->expected_on = 21;
    assert_int_equal(fold(h)->first_expected_on, 22);
    assert_int_equal(h->state.expected_on, 21);
}

static void line_promise_goes_with_its_line(void **state)
{
    struct history *h = *state;
    add_created(h, 7);
    h->lines[0][0].expected_on = 20;
    h->lines[0][1].expected_on = 25;
    add_amended_line(h, 2, 0);
    assert_int_equal(fold(h)->expected_on, 20);
    assert_int_equal(h->state.first_expected_on, 25);
}

static void shipped_whole(void **state)
{
    struct history *h = *state;
    add_created(h, 7);
    add(h, DAYBOOK_ORDER_SHIPPED, 12)->carrier = DAYBOOK_TEXT("SF");
    const struct order_state *s = fold(h);
    assert_int_equal(s->status, STATUS_SHIPPED);
    assert_int_equal(s->shipped_on, 12);
    assert_int_equal(s->delivered_on, NONE);
    assert_quantity(s->lines[0].shipped, 10);
    assert_quantity(s->lines[1].shipped, 4);
    assert_quantity(s->lines[0].delivered, 0);
    assert_memory_equal(s->carrier.ptr, "SF", 2);
}

static void shipped_in_parts(void **state)
{
    struct history *h = *state;
    add_created(h, 7);
    add(h, DAYBOOK_ORDER_PROCESSING_STARTED, 8);
    add_part(h, DAYBOOK_ORDER_SHIPPED, 10, 1, 6)->carrier = DAYBOOK_TEXT("SF");
    add_part(h, DAYBOOK_ORDER_SHIPPED, 11, 2, 4);
    const struct order_state *s = fold(h);
    assert_int_equal(s->status, STATUS_PROCESSING); /* quantities, not the status */
    assert_int_equal(s->shipped_on, NONE);
    assert_quantity(s->lines[0].shipped, 6);
    assert_true(s->has_shipment);
    assert_null(s->carrier.ptr); /* the last one named none */
    add_part(h, DAYBOOK_ORDER_SHIPPED, 13, 1, 4);
    s = fold(h);
    assert_int_equal(s->status, STATUS_SHIPPED);
    assert_int_equal(s->shipped_on, 13);
    assert_int_equal(s->part_count, 3);
    assert_int_equal(s->parts[0].day, 10);
    add_part(h, DAYBOOK_ORDER_SHIPPED, 14, 1, 5); /* more than was ordered */
    s = fold(h);
    assert_quantity(s->lines[0].shipped, 15);
    assert_int_equal(s->shipped_on, 13);
}

static void rest_shipped_without_lines(void **state)
{
    struct history *h = *state;
    add_created(h, 7);
    add_part(h, DAYBOOK_ORDER_SHIPPED, 10, 1, 6);
    add(h, DAYBOOK_ORDER_SHIPPED, 12);
    const struct order_state *s = fold(h);
    assert_quantity(s->lines[0].shipped, 10);
    assert_quantity(s->lines[1].shipped, 4);
    assert_int_equal(s->shipped_on, 12);
    assert_int_equal(s->part_count, 3);
    assert_quantity(s->parts[1].quantity, 4); /* of line 1, what was missing */
}

static void delivered_in_parts(void **state)
{
    struct history *h = *state;
    add_created(h, 7);
    add_part(h, DAYBOOK_ORDER_DELIVERED, 10, 1, 3);
    const struct order_state *s = fold(h);
    assert_int_equal(s->status, STATUS_PENDING);
    assert_quantity(s->lines[0].delivered, 3);
    assert_quantity(s->lines[0].shipped, 3); /* what is delivered counts as shipped */
    add_part(h, DAYBOOK_ORDER_DELIVERED, 11, 2, 4);
    add_part(h, DAYBOOK_ORDER_DELIVERED, 14, 1, 7);
    s = fold(h);
    assert_int_equal(s->status, STATUS_DELIVERED);
    assert_int_equal(s->delivered_on, 14);
    assert_int_equal(s->shipped_on, NONE); /* no shipment was recorded */
    assert_int_equal(s->delivered_by, 103);
}

static void delivered_whole(void **state)
{
    struct history *h = *state;
    add_created(h, 7);
    add_part(h, DAYBOOK_ORDER_SHIPPED, 9, 1, 6);
    add_part(h, DAYBOOK_ORDER_DELIVERED, 10, 1, 6);
    add(h, DAYBOOK_ORDER_DELIVERED, 12);
    const struct order_state *s = fold(h);
    assert_int_equal(s->status, STATUS_DELIVERED);
    assert_int_equal(s->delivered_on, 12);
    assert_quantity(s->lines[0].delivered, 10);
    assert_quantity(s->lines[0].shipped, 10);
    assert_quantity(s->lines[1].delivered, 4);
}

static void delivered_on_an_unknown_day(void **state)
{
    struct history *h = *state;
    add_created(h, 7);
    add(h, DAYBOOK_ORDER_DELIVERED, NONE);
    assert_int_equal(fold(h)->status, STATUS_DELIVERED);
    assert_int_equal(h->state.delivered_on, NONE);
}

static void without_lines(void **state)
{
    struct history *h = *state;
    add_created(h, 7)->line_count = 0;
    add(h, DAYBOOK_ORDER_SHIPPED, 9);
    assert_int_equal(fold(h)->shipped_on, 9);
    add(h, DAYBOOK_ORDER_DELIVERED, 12);
    assert_int_equal(fold(h)->delivered_on, 12);
    assert_int_equal(h->state.shipped_on, 9);
}

static void amendment_leaves_the_status(void **state)
{
    struct history *h = *state;
    add_created(h, 7);
    add(h, DAYBOOK_ORDER_SHIPPED, 9);
    add_amended_line(h, 1, 12);
    const struct order_state *s = fold(h);
    assert_int_equal(s->status, STATUS_SHIPPED);
    assert_int_equal(s->shipped_on, 9);
    assert_false(order_is_complete(s, false));
    add_part(h, DAYBOOK_ORDER_DELIVERED, 10, 2, 4);
    add_part(h, DAYBOOK_ORDER_DELIVERED, 11, 1, 8);
    add_amended_line(h, 1, 8);
    s = fold(h);
    assert_int_equal(s->status, STATUS_SHIPPED); /* although what was delivered is enough now */
    assert_int_equal(s->delivered_on, NONE);
    add(h, DAYBOOK_ORDER_DELIVERED, 15);
    assert_int_equal(fold(h)->delivered_on, 15); /* the next delivery completes */
}

static void lines_come_and_go(void **state)
{
    struct history *h = *state;
    add_created(h, 7);
    add_amended_line(h, 2, 0);
    assert_int_equal(fold(h)->line_count, 1);
    add_amended_line(h, 3, 6);
    assert_int_equal(fold(h)->line_count, 1); /* no product: a change of a line that is not there */
    h->lines[h->count - 1][0].product = 23;
    const struct order_state *s = fold(h);
    assert_int_equal(s->line_count, 2);
    assert_int_equal(s->line_last, 3);
    assert_null(order_find_line(s, 2));
    add_amended_line(h, 3, 0);
    assert_int_equal(fold(h)->line_last, 3); /* never reused */
    struct daybook_data *amended = add_amended_line(h, 1, 11);
    h->lines[h->count - 1][0].unit = DAYBOOK_TEXT("kg");
    amended->customer = 8;
    s = fold(h);
    assert_quantity(s->lines[0].quantity, 11);
    assert_int_equal(s->lines[0].product, 21); /* as before */
    assert_int_equal(s->customer, 8);
    assert_memory_equal(s->lines[0].unit.ptr, "kg", 2);
}

static void cancelled_and_reopened(void **state)
{
    struct history *h = *state;
    add_created(h, 7);
    add(h, DAYBOOK_ORDER_SHIPPED, 9);
    add(h, DAYBOOK_ORDER_CANCELLED, 11);
    const struct order_state *s = fold(h);
    assert_int_equal(s->status, STATUS_CANCELLED);
    assert_int_equal(s->cancelled_on, 11);
    add(h, DAYBOOK_ORDER_REOPENED, 12);
    s = fold(h);
    assert_int_equal(s->status, STATUS_PENDING);
    assert_int_equal(s->cancelled_on, NONE);
    assert_int_equal(s->shipped_on, NONE);
    assert_quantity(s->lines[0].shipped, 0);
    assert_int_equal(s->part_count, 0);
}

static void delivered_and_reopened(void **state)
{
    struct history *h = *state;
    add_created(h, 7);
    add(h, DAYBOOK_ORDER_SHIPPED, 9);
    add(h, DAYBOOK_ORDER_DELIVERED, 11);
    struct daybook_data *reopened = add(h, DAYBOOK_ORDER_REOPENED, 12);
    const struct order_state *s = fold(h);
    assert_int_equal(s->status, STATUS_SHIPPED);
    assert_int_equal(s->delivered_on, NONE);
    assert_int_equal(s->delivered_by, 0);
    assert_int_equal(s->shipped_on, 9);
    assert_quantity(s->lines[0].delivered, 0);
    assert_quantity(s->lines[0].shipped, 10);
    reopened->status = DAYBOOK_TEXT("pending");
    s = fold(h);
    assert_int_equal(s->status, STATUS_PENDING);
    assert_int_equal(s->shipped_on, NONE);
    assert_quantity(s->lines[0].shipped, 0);
}

static void returned_keeps_its_delivery(void **state)
{
    struct history *h = *state;
    add_created(h, 7);
    add(h, DAYBOOK_ORDER_DELIVERED, 11);
    add(h, DAYBOOK_ORDER_RETURNED, 13);
    assert_int_equal(fold(h)->status, STATUS_RETURNED);
    assert_int_equal(h->state.delivered_on, 11);
    add(h, DAYBOOK_ORDER_REOPENED, 14);
    assert_int_equal(fold(h)->status, STATUS_PENDING);
    assert_int_equal(h->state.delivered_on, NONE);
}

static void held_and_resumed(void **state)
{
    struct history *h = *state;
    static const uint32_t moves[] = {DAYBOOK_ORDER_PROCESSING_STARTED, DAYBOOK_ORDER_PRODUCTION_STARTED,
                                     DAYBOOK_ORDER_SHIPPED};
    static const enum workflow_status reached[] = {STATUS_PROCESSING, STATUS_IN_PRODUCTION, STATUS_SHIPPED};
    add_created(h, 7);
    for (int i = 0; i < 3; i++) {
        add(h, moves[i], 8 + i);
        add(h, DAYBOOK_ORDER_HELD, 8 + i);
        assert_int_equal(fold(h)->status, STATUS_ON_HOLD);
        add(h, DAYBOOK_ORDER_RESUMED, 9 + i);
        assert_int_equal(fold(h)->status, reached[i]);
    }
}

static void notes(void **state)
{
    struct history *h = *state;
    add_created(h, 7);
    add(h, DAYBOOK_ORDER_NOTE_ADDED, 8)->category = DAYBOOK_TEXT("packaging");
    add(h, DAYBOOK_ORDER_NOTE_ADDED, 8);
    add(h, DAYBOOK_ORDER_NOTE_RETRACTED, 9)->target = seq_of(1);
    const struct order_state *s = fold(h);
    assert_int_equal(s->note_count, 2);
    assert_true(s->notes[0].retracted);
    assert_false(s->notes[1].retracted);
    assert_int_equal(s->notes[1].seq, seq_of(2));
    assert_int_equal(s->notes[0].category.len, 9);
}

static void own_fields(void **state)
{
    struct history *h = *state;
    const struct daybook_own first[] = {{.field = 1, .kind = DAYBOOK_OWN_DAY, .day = 30},
                                        {.field = 2, .kind = DAYBOOK_OWN_NUMBER, .number = {5, 0}, .day = NONE}};
    const struct daybook_own second[] = {
        {.field = 2, .kind = DAYBOOK_OWN_TEXT, .text = DAYBOOK_TEXT("red"), .day = NONE},
        {.field = 1, .kind = DAYBOOK_OWN_CLEARED, .day = NONE},
        {.field = 3, .kind = DAYBOOK_OWN_DAY, .day = 31}};
    struct daybook_data *data = add_created(h, 7);
    data->own = first, data->own_count = 2;
    h->lines[0][0].own = first, h->lines[0][0].own_count = 1;
    assert_int_equal(fold(h)->own_count, 2);
    data = add(h, DAYBOOK_ORDER_AMENDED, 8);
    data->own = second, data->own_count = 3;
    const struct order_state *s = fold(h);
    assert_int_equal(s->own_count, 2);
    assert_int_equal(s->own[0].value.field, 2);
    assert_int_equal(s->own[0].value.kind, DAYBOOK_OWN_TEXT);
    assert_int_equal(s->own[0].seq, seq_of(1));
    assert_int_equal(s->own[1].value.field, 3);
    assert_int_equal(s->lines[0].own_count, 1);
    assert_int_equal(s->lines[0].own[0].value.day, 30);
}

/* ---- mistakes */

static void voided(void **state)
{
    struct history *h = *state;
    add_created(h, 7);
    add(h, DAYBOOK_ORDER_SHIPPED, 9);
    add_void(h, 1, false);
    const struct order_state *s = fold(h);
    assert_int_equal(s->status, STATUS_PENDING);
    assert_int_equal(s->shipped_on, NONE);
    assert_quantity(s->lines[0].shipped, 0);
    assert_int_equal(s->version, 3);
    assert_int_equal(fold_cut(h, seq_of(1), NONE)->status, STATUS_SHIPPED); /* as it was believed */
}

/* Re-dating the shipment of a delivered order must not make it undelivered. */
static void replaced_in_its_place(void **state)
{
    struct history *h = *state;
    add_created(h, 7);
    add(h, DAYBOOK_ORDER_SHIPPED, 9);
    add(h, DAYBOOK_ORDER_DELIVERED, 11);
    add_void(h, 1, true);
    add(h, DAYBOOK_ORDER_SHIPPED, 8);
    const struct order_state *s = fold(h);
    assert_int_equal(s->status, STATUS_DELIVERED);
    assert_int_equal(s->shipped_on, 8);
    assert_int_equal(s->delivered_on, 11);
    assert_int_equal(s->part_count, 4);
    s = fold_cut(h, seq_of(3), NONE); /* the void alone: the delivery is of all, the shipment is not there */
    assert_int_equal(s->status, STATUS_DELIVERED);
    assert_int_equal(s->shipped_on, NONE);
    assert_int_equal(fold_cut(h, seq_of(2), NONE)->shipped_on, 9);
}

static void correction_corrected(void **state)
{
    struct history *h = *state;
    add_created(h, 7);
    add(h, DAYBOOK_ORDER_PROMISE_CHANGED, 8)->expected_on = 20; /* 1 */
    add(h, DAYBOOK_ORDER_PROMISE_CHANGED, 9)->expected_on = 30; /* 2 */
    add_void(h, 1, true);
    add(h, DAYBOOK_ORDER_PROMISE_CHANGED, 8)->expected_on = 21; /* 4, in the place of 1 */
    assert_int_equal(fold(h)->first_expected_on, 21);
    assert_int_equal(h->state.expected_on, 30);
    add_void(h, 4, true);
    add(h, DAYBOOK_ORDER_PROMISE_CHANGED, 8)->expected_on = 22; /* 6, there too */
    assert_int_equal(fold(h)->first_expected_on, 22);
    assert_int_equal(h->state.expected_on, 30);
    add_void(h, 6, false); /* and nothing in its place */
    assert_int_equal(fold(h)->first_expected_on, 30);
    assert_int_equal(fold_cut(h, seq_of(4), NONE)->first_expected_on, 21);
}

static void void_of_what_does_not_stand(void **state)
{
    struct history *h = *state;
    add_created(h, 7);
    add(h, DAYBOOK_ORDER_SHIPPED, 9); /* 1 */
    add_void(h, 1, false);            /* 2 */
    add_void(h, 2, false);            /* a void cannot be voided */
    add_void(h, 1, false);            /* nor anything twice */
    add_void(h, 30, false);           /* nor what is not there */
    assert_int_equal(fold(h)->status, STATUS_PENDING);
    assert_int_equal(h->state.version, 6);
}

static void created_voided_and_created_again(void **state)
{
    struct history *h = *state;
    add_created(h, 7);
    add(h, DAYBOOK_ORDER_SHIPPED, 9);
    add_void(h, 0, false);
    assert_false(fold(h)->exists);
    add(h, DAYBOOK_ORDER_NOTE_ADDED, 10);
    assert_false(fold(h)->exists);
    add_created(h, 12)->customer = 4;
    const struct order_state *s = fold(h);
    assert_true(s->exists);
    assert_int_equal(s->status, STATUS_PENDING); /* the shipment was of the one that is not */
    assert_int_equal(s->customer, 4);
    assert_int_equal(s->ordered_on, 12);
    assert_int_equal(s->note_count, 0);
    assert_int_equal(s->version, 5);
    assert_int_equal(fold_cut(h, seq_of(1), NONE)->status, STATUS_SHIPPED);
}

static void created_corrected(void **state)
{
    struct history *h = *state;
    add_created(h, 7);
    add(h, DAYBOOK_ORDER_SHIPPED, 9);
    add_void(h, 0, true);
    add_created(h, 6);
    h->lines[3][0].quantity = quantity(3);
    const struct order_state *s = fold(h);
    assert_int_equal(s->status, STATUS_SHIPPED);
    assert_int_equal(s->ordered_on, 6);
    assert_quantity(s->lines[0].shipped, 3);
}

/* ---- cuts */

static void effective(void **state)
{
    struct history *h = *state;
    add_created(h, 7);
    add(h, DAYBOOK_ORDER_SHIPPED, 9);
    add(h, DAYBOOK_ORDER_DELIVERED, NONE); /* recorded on day 1002 */
    assert_false(fold_cut(h, UINT64_MAX, 6)->exists);
    assert_int_equal(fold_cut(h, UINT64_MAX, 8)->status, STATUS_PENDING);
    assert_int_equal(fold_cut(h, UINT64_MAX, 9)->status, STATUS_SHIPPED);
    assert_int_equal(fold_cut(h, UINT64_MAX, 1001)->status, STATUS_SHIPPED);
    assert_int_equal(fold_cut(h, UINT64_MAX, 1002)->status, STATUS_DELIVERED);
    assert_int_equal(fold_cut(h, seq_of(0), 1002)->status, STATUS_PENDING); /* both conditions */
}

static void voids_count_on_every_effective_day(void **state)
{
    struct history *h = *state;
    add_created(h, 7);
    add(h, DAYBOOK_ORDER_SHIPPED, 9);
    add_void(h, 1, true);
    add(h, DAYBOOK_ORDER_SHIPPED, 12);
    assert_int_equal(fold_cut(h, UINT64_MAX, 10)->status, STATUS_PENDING); /* in truth it had not left */
    assert_int_equal(fold_cut(h, UINT64_MAX, 12)->shipped_on, 12);
    assert_int_equal(fold_cut(h, seq_of(1), 10)->shipped_on, 9);
}

/* Later events replace what earlier ones said, also when they happened before. */
static void recorded_order_decides(void **state)
{
    struct history *h = *state;
    add_created(h, 7);
    add(h, DAYBOOK_ORDER_PROMISE_CHANGED, 15)->expected_on = 40;
    add(h, DAYBOOK_ORDER_PROMISE_CHANGED, 10)->expected_on = 30;
    assert_int_equal(fold(h)->expected_on, 30);
}

/* Folds are total. */
static void nonsense_is_passed_over(void **state)
{
    struct history *h = *state;
    add(h, DAYBOOK_ORDER_SHIPPED, 9);
    add_void(h, 0, true);
    add_created(h, 7);
    add_created(h, 8);
    add_part(h, DAYBOOK_ORDER_DELIVERED, 9, 99, 5);
    add(h, DAYBOOK_ORDER_RESUMED, 9);
    add(h, DAYBOOK_ORDER_NOTE_RETRACTED, 9)->target = 12345;
    add(h, DAYBOOK_ORDER_MOVED, 9)->status = DAYBOOK_TEXT("at-the-dentist");
    add(h, DAYBOOK_CUSTOMER_RENAMED, 9);
    add(h, 1234567, 9);
    const struct order_state *s = fold(h);
    assert_int_equal(s->status, STATUS_PENDING);
    assert_int_equal(s->ordered_on, 8);
    assert_int_equal(s->line_count, 2);
}

static void sums_that_do_not_fit(void **state)
{
    struct history *h = *state;
    add_created(h, 7);
    add_part(h, DAYBOOK_ORDER_DELIVERED, 9, 1, 999999999999999999);
    add_part(h, DAYBOOK_ORDER_DELIVERED, 9, 1, 999999999999999999);
    assert_quantity(fold(h)->lines[0].delivered, 999999999999999999);
}

/* ---- fields, and what changed */

struct changes {
    char text[600];
};

static void describe(char *out, size_t size, const struct order_value *value)
{
    switch (value->kind) {
    case ORDER_VALUE_NONE: snprintf(out, size, "-"); break;
    case ORDER_VALUE_DAY: snprintf(out, size, "day %d", value->day); break;
    case ORDER_VALUE_TEXT: snprintf(out, size, "%.*s", (int)value->text.len, value->text.ptr); break;
    case ORDER_VALUE_DECIMAL: snprintf(out, size, "%lld", (long long)value->decimal.mantissa); break;
    case ORDER_VALUE_PERSONAL: snprintf(out, size, "value of %llu", (unsigned long long)value->seq); break;
    default: snprintf(out, size, "#%u", value->ordinal);
    }
}

static int note_change(void *context, const struct order_field *field, const struct order_value *from,
                       const struct order_value *to, struct daybook_error *err)
{
    (void)err;
    struct changes *changes = context;
    char before[64], after[64];
    describe(before, sizeof before, from);
    describe(after, sizeof after, to);
    size_t used = strlen(changes->text);
    snprintf(changes->text + used, sizeof changes->text - used, "%s/%u: %s > %s\n", order_field_name(field->id),
             field->line, before, after);
    return 0;
}

static void changes_between(struct history *h, uint64_t from, uint64_t to, char out[600])
{
    struct order_fields before = {0}, after = {0};
    struct changes changes = {""};
    assert_int_equal(order_fields_of(&before, fold_cut(h, from, NONE), NULL), 0);
    assert_int_equal(order_fields_of(&after, fold_cut(h, to, NONE), NULL), 0);
    assert_int_equal(order_fields_compare(&before, &after, note_change, &changes, NULL), 0);
    memcpy(out, changes.text, sizeof changes.text);
    order_fields_release(&before);
    order_fields_release(&after);
}

static void from_and_to(void **state)
{
    struct history *h = *state;
    char changes[600];
    add_created(h, 7);
    struct daybook_data *amended = add_amended_line(h, 1, 12);
    amended->customer = 4;
    amended->expected_on = 60;
    add(h, DAYBOOK_ORDER_NOTE_ADDED, 8);
    add_amended_line(h, 2, 0);
    add(h, DAYBOOK_ORDER_NOTE_RETRACTED, 9)->target = seq_of(2);
    changes_between(h, seq_of(0), seq_of(0), changes);
    assert_string_equal(changes, "");
    changes_between(h, seq_of(0), seq_of(1), changes);
    assert_string_equal(
        changes,
        "customer/0: #3 > #4\nexpected_on/0: - > day 60\nfirst_expected_on/0: - > day 60\nquantity/1: 10 > 12\n");
    changes_between(h, seq_of(1), seq_of(2), changes);
    assert_string_equal(changes, "notes/0: - > value of 30\n");
    changes_between(h, seq_of(2), seq_of(3), changes);
    assert_string_equal(changes, "code/2: #22 > -\nquantity/2: 4 > -\nshipped/2: 0 > -\ndelivered/2: 0 > -\n");
    changes_between(h, seq_of(3), seq_of(4), changes);
    assert_string_equal(changes, "notes/0: value of 30 > -\n");
    changes_between(h, 0, seq_of(0), changes); /* it was not there: every value comes from nothing */
    assert_string_equal(changes, "status/0: - > pending\ncustomer/0: - > #3\nordered_on/0: - > day 7\n"
                                 "code/1: - > #21\nquantity/1: - > 10\nshipped/1: - > 0\ndelivered/1: - > 0\n"
                                 "code/2: - > #22\nquantity/2: - > 4\nshipped/2: - > 0\ndelivered/2: - > 0\n");
}

static int count_applied(void *context, const struct order_state *state, const struct daybook_event *event,
                         const struct daybook_data *data, struct daybook_error *err)
{
    (void)state, (void)data, (void)err;
    uint64_t *seen = context;
    seen[++seen[0]] = event->seq;
    return 0;
}

static void told_of_what_counts_in_its_order(void **state)
{
    struct history *h = *state;
    uint64_t seen[8] = {0};
    add_created(h, 7);
    add(h, DAYBOOK_ORDER_SHIPPED, 9);
    add(h, DAYBOOK_ORDER_DELIVERED, 11);
    add_void(h, 1, true);
    add(h, DAYBOOK_ORDER_SHIPPED, 8);
    assert_int_equal(order_fold(&h->state, &h->chain, h->count, &h->places, h->zone, NONE, count_applied, seen, NULL),
                     0);
    assert_int_equal(seen[0], 3);
    assert_int_equal(seen[1], seq_of(0));
    assert_int_equal(seen[2], seq_of(4));
    assert_int_equal(seen[3], seq_of(2));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(created),
        CASE(created_on_an_unknown_day),
        CASE(promises),
        CASE(first_promise_after_creation),
        CASE(line_promise_goes_with_its_line),
        CASE(shipped_whole),
        CASE(shipped_in_parts),
        CASE(rest_shipped_without_lines),
        CASE(delivered_in_parts),
        CASE(delivered_whole),
        CASE(delivered_on_an_unknown_day),
        CASE(without_lines),
        CASE(amendment_leaves_the_status),
        CASE(lines_come_and_go),
        CASE(cancelled_and_reopened),
        CASE(delivered_and_reopened),
        CASE(returned_keeps_its_delivery),
        CASE(held_and_resumed),
        CASE(notes),
        CASE(own_fields),
        CASE(voided),
        CASE(replaced_in_its_place),
        CASE(correction_corrected),
        CASE(void_of_what_does_not_stand),
        CASE(created_voided_and_created_again),
        CASE(created_corrected),
        CASE(effective),
        CASE(voids_count_on_every_effective_day),
        CASE(recorded_order_decides),
        CASE(nonsense_is_passed_over),
        CASE(sums_that_do_not_fit),
        CASE(from_and_to),
        CASE(told_of_what_counts_in_its_order),
    };
    return cmocka_run_group_tests_name("order", tests, NULL, NULL);
}
