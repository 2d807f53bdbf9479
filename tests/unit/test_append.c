/* Appending through the public interface: numbers, ordinals, names, keys, versions, threads, processes, crashes. */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/date.h"
#include "ledger/event.h"
#include "ledger/order_reader.h"
#include "ledger/verify.h"
#include "tests/unit/scratch.h"

struct place {
    char root[SCRATCH_PATH_SIZE], folder[SCRATCH_PATH_SIZE + 8];
    struct daybook *ledger;
};

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    scratch_folder(p->root);
    snprintf(p->folder, sizeof p->folder, "%s/ledger", p->root);
    p->ledger = scratch_ledger(p->folder);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;
    daybook_close(p->ledger);
    scratch_remove(p->root);
    free(p);
    return 0;
}

/* ---- short ways */

static struct daybook_draft draft_of(uint32_t type, const char *order_no)
{
    struct daybook_draft draft;
    daybook_draft_init(&draft, type);
    draft.order_no = text_of(order_no);
    return draft;
}

static struct daybook_draft_item item_of(const char *code, int64_t units)
{
    return (struct daybook_draft_item){
        .code = text_of(code), .has_quantity = true, .quantity = quantity(units), .expected_on = DAYBOOK_DAY_NONE};
}

/* order_no NULL: the ledger numbers it. */
static struct daybook_result create(struct daybook *ledger, const char *order_no, const char *customer)
{
    struct daybook_draft_item item = item_of("LW-1", 12);
    struct daybook_draft draft = draft_of(DAYBOOK_ORDER_CREATED, order_no);
    struct daybook_result result;
    draft.customer = text_of(customer);
    draft.items = &item, draft.item_count = 1;
    record(ledger, &draft, 1, &result);
    return result;
}

static int append_keyed(struct daybook *ledger, const struct daybook_draft *drafts, size_t count, const char *key,
                        uint32_t version, struct daybook_result *result)
{
    const struct daybook_entry entry = {.drafts = drafts,
                                        .draft_count = count,
                                        .actor = DAYBOOK_TEXT("wang"),
                                        .via = DAYBOOK_TEXT("wang@host"),
                                        .via_kind = DAYBOOK_TEXT("os"),
                                        .key = text_of(key),
                                        .expect_version = version};
    assert_int_equal(daybook_append(ledger, &entry, 1, result, NULL), 0);
    return result->error.code;
}

static uint64_t last_seq(struct daybook *ledger)
{
    struct daybook_snapshot *snapshot;
    assert_int_equal(daybook_snapshot_begin(ledger, &snapshot, NULL), 0);
    uint64_t seq = daybook_last_seq(snapshot);
    daybook_snapshot_end(snapshot);
    return seq;
}

static uint32_t find(struct daybook *ledger, uint32_t kind, const char *name)
{
    struct daybook_snapshot *snapshot;
    uint32_t ordinal = 0;
    assert_int_equal(daybook_snapshot_begin(ledger, &snapshot, NULL), 0);
    assert_int_equal(daybook_find(snapshot, kind, text_of(name), &ordinal, NULL), 0);
    daybook_snapshot_end(snapshot);
    return ordinal;
}

static struct daybook_event event_at(struct daybook_snapshot *snapshot, uint64_t seq)
{
    struct daybook_event event;
    assert_int_equal(daybook_event(snapshot, seq, &event, NULL), 0);
    return event;
}

static void root_of(struct daybook *ledger, uint8_t root[32])
{
    struct daybook_snapshot *snapshot;
    assert_int_equal(daybook_snapshot_begin(ledger, &snapshot, NULL), 0);
    assert_int_equal(daybook_root(snapshot, daybook_last_seq(snapshot), root, NULL), 0);
    daybook_snapshot_end(snapshot);
}

/* ---- numbers and ordinals */

static void numbers_count_up_and_skip_taken_ones(void **state)
{
    struct place *p = *state;
    assert_string_equal(create(p->ledger, NULL, "A").order_no, "SO-000001");
    assert_string_equal(create(p->ledger, "SO-000002", "A").order_no, "SO-000002");
    assert_int_equal(create(p->ledger, "SO-000004", "B").order, 3);
    struct daybook_result third = create(p->ledger, NULL, "B");
    assert_string_equal(third.order_no, "SO-000003");
    assert_int_equal(third.order, 4); /* the n-th order, whatever its number */
    assert_string_equal(create(p->ledger, NULL, "A").order_no, "SO-000005");
    assert_int_equal(create(p->ledger, "SO-000003", "A").error.code, DAYBOOK_ALREADY_EXISTS);
    for (int i = 6; i < 150; i++) {
        char expected[16];
        snprintf(expected, sizeof expected, "SO-%06d", i);
        assert_string_equal(create(p->ledger, NULL, "A").order_no, expected);
    }
    assert_int_equal(find(p->ledger, DAYBOOK_ORDER, "ＳＯ-０００００３"), 4); /* full-width digits */
    assert_int_equal(find(p->ledger, DAYBOOK_ORDER, " SO-000003 "), 4);
    assert_int_equal(find(p->ledger, DAYBOOK_ORDER, "SO-3"), 0);
    assert_int_equal(find(p->ledger, DAYBOOK_CUSTOMER, "B"), 2);
    assert_int_equal(find(p->ledger, DAYBOOK_CUSTOMER, "b"), 2);
    assert_int_equal(find(p->ledger, DAYBOOK_CUSTOMER, "C"), 0);
}

static void numbers_by_day(void **state)
{
    struct place *p = *state;
    char folder[SCRATCH_PATH_SIZE + 16], day[DAYBOOK_DAY_TEXT_SIZE], expected[64];
    struct daybook *ledger;
    struct daybook_snapshot *snapshot;
    snprintf(folder, sizeof folder, "%s/other", p->root);
    const struct daybook_init_options options = {.timezone = DAYBOOK_TEXT("Asia/Shanghai"),
                                                 .numbers = DAYBOOK_TEXT("XS{yyyymmdd}-{000}")};
    assert_int_equal(daybook_init(folder, &options, NULL), 0);
    assert_int_equal(daybook_open(folder, NULL, &ledger, NULL), 0);
    for (int i = 1; i <= 3; i++) {
        struct daybook_result result = create(ledger, NULL, "A");
        assert_int_equal(daybook_snapshot_begin(ledger, &snapshot, NULL), 0);
        int64_t us = event_at(snapshot, result.last_seq).recorded_us +
                     8 * 3600 * (int64_t)1000000; /* Shanghai is 8 hours ahead */
        daybook_snapshot_end(snapshot);
        date_format((int32_t)(us / 86400000000), day);
        snprintf(expected, sizeof expected, "XS%.4s%.2s%.2s-%03d", day, day + 5, day + 8, i);
        assert_string_equal(result.order_no, expected);
    }
    daybook_close(ledger);
}

static void patterns(void **state)
{
    struct place *p = *state;
    static const char *const bad[] = {"",    "SO-",    "{00}{00}",  "{000",     "000}",
                                      "{x}", "{yyyy}", "ＳＯ{000}", " SO{000}", "{0 }"};
    char folder[SCRATCH_PATH_SIZE + 16];
    snprintf(folder, sizeof folder, "%s/other", p->root);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct daybook_init_options options = {.timezone = DAYBOOK_TEXT("UTC"), .numbers = text_of(bad[i])};
        assert_int_equal(daybook_init(folder, &options, NULL), DAYBOOK_BAD_VALUE);
    }
    assert_int_equal(daybook_init(p->folder, NULL, NULL), DAYBOOK_ALREADY_EXISTS);
}

/* ---- keys */

static void same_key_same_answer(void **state)
{
    struct place *p = *state;
    struct daybook_draft drafts[2] = {draft_of(DAYBOOK_ORDER_CREATED, NULL), draft_of(DAYBOOK_ORDER_NOTE_ADDED, NULL)};
    struct daybook_draft_item item = item_of("LW-1", 12);
    struct daybook_result first, again;
    item.name = DAYBOOK_TEXT("蓝纹奶酪");
    drafts[0].customer = DAYBOOK_TEXT("万泰酒业");
    drafts[0].items = &item, drafts[0].item_count = 1;
    drafts[1].text = DAYBOOK_TEXT("by the back door");
    assert_int_equal(append_keyed(p->ledger, drafts, 2, "k1", 0, &first), 0);
    assert_int_equal(append_keyed(p->ledger, drafts, 2, "k1", 0, &again), 0);
    assert_false(first.repeated);
    assert_true(again.repeated);
    assert_string_equal(again.order_no, first.order_no);
    assert_int_equal(again.order, first.order);
    assert_int_equal(again.first_seq, first.first_seq);
    assert_int_equal(again.last_seq, first.last_seq);
    assert_int_equal(last_seq(p->ledger), first.last_seq);
    drafts[1].text = DAYBOOK_TEXT("by the front door"); /* a personal value is content, too */
    assert_int_equal(append_keyed(p->ledger, drafts, 2, "k1", 0, &again), DAYBOOK_KEY_REUSED);
    drafts[1].text = DAYBOOK_TEXT("by the back door");
    item.quantity = quantity(13);
    assert_int_equal(append_keyed(p->ledger, drafts, 2, "k1", 0, &again), DAYBOOK_KEY_REUSED);
    item.quantity = quantity(12);
    assert_int_equal(append_keyed(p->ledger, drafts, 1, "k1", 0, &again), DAYBOOK_KEY_REUSED);
    assert_int_equal(append_keyed(p->ledger, drafts, 2, "k2", 0, &again), 0);
    assert_false(again.repeated);
    assert_string_equal(again.order_no, "SO-000002");
}

static void key_of_an_order_that_moved_on(void **state)
{
    struct place *p = *state;
    struct daybook_result first, again;
    create(p->ledger, "A-1", "A");
    create(p->ledger, "A-2", "A");
    struct daybook_draft ship = draft_of(DAYBOOK_ORDER_SHIPPED, "A-1"),
                         delivered = draft_of(DAYBOOK_ORDER_DELIVERED, "A-1");
    ship.carrier = DAYBOOK_TEXT("SF");
    assert_int_equal(append_keyed(p->ledger, &ship, 1, "k", 0, &first), 0);
    assert_int_equal(append_keyed(p->ledger, &delivered, 1, NULL, 0, &again), 0);
    assert_int_equal(append_keyed(p->ledger, &ship, 1, "k", 0, &again), 0);
    assert_true(again.repeated);
    assert_int_equal(again.last_seq, first.last_seq);
    ship.carrier = DAYBOOK_TEXT("UPS");
    assert_int_equal(append_keyed(p->ledger, &ship, 1, "k", 0, &again), DAYBOOK_KEY_REUSED);
    ship.order_no = DAYBOOK_TEXT("A-2"); /* a key is looked for in the history of the order that is named */
    assert_int_equal(append_keyed(p->ledger, &ship, 1, "k", 0, &again), 0);
    assert_false(again.repeated);
}

static void key_of_a_numbered_creation(void **state)
{
    struct place *p = *state;
    struct daybook_draft draft = draft_of(DAYBOOK_ORDER_CREATED, "A-1");
    struct daybook_result first, again;
    draft.customer = DAYBOOK_TEXT("A");
    assert_int_equal(append_keyed(p->ledger, &draft, 1, "k", 0, &first), 0);
    assert_int_equal(append_keyed(p->ledger, &draft, 1, "k", 0, &again), 0);
    assert_true(again.repeated);
    assert_string_equal(again.order_no, "A-1");
    assert_int_equal(append_keyed(p->ledger, &draft, 1, "other", 0, &again), DAYBOOK_ALREADY_EXISTS);
}

/* Each draft's day counts by itself: one that was filled in is no content, one that was given is. */
static void days_in_keyed_entries(void **state)
{
    struct place *p = *state;
    struct daybook_draft drafts[2] = {draft_of(DAYBOOK_ORDER_CREATED, "A-1"), draft_of(DAYBOOK_ORDER_SHIPPED, "A-1")};
    struct daybook_result result;
    drafts[0].customer = DAYBOOK_TEXT("A");
    drafts[1].occurred = DAYBOOK_OCCURRED_ON;
    drafts[1].occurred_on = 20000;
    assert_int_equal(append_keyed(p->ledger, drafts, 2, "k", 0, &result), 0);
    assert_int_equal(append_keyed(p->ledger, drafts, 2, "k", 0, &result), 0);
    assert_true(result.repeated);
    drafts[1].occurred_on = 20001;
    assert_int_equal(append_keyed(p->ledger, drafts, 2, "k", 0, &result), DAYBOOK_KEY_REUSED);
}

static void key_of_a_rename(void **state)
{
    struct place *p = *state;
    struct daybook_draft rename = draft_of(DAYBOOK_CUSTOMER_RENAMED, NULL);
    struct daybook_result first, again;
    create(p->ledger, NULL, "a");
    create(p->ledger, NULL, "b");
    rename.subject = DAYBOOK_TEXT("a");
    rename.name = DAYBOOK_TEXT("c");
    assert_int_equal(append_keyed(p->ledger, &rename, 1, "k", 0, &first), 0);
    assert_int_equal(append_keyed(p->ledger, &rename, 1, "k", 0, &again), 0);
    assert_true(again.repeated);
    assert_int_equal(again.last_seq, first.last_seq);
    rename.name = DAYBOOK_TEXT("d");
    assert_int_equal(append_keyed(p->ledger, &rename, 1, "k", 0, &again), DAYBOOK_KEY_REUSED);
    rename.subject = DAYBOOK_TEXT("b");
    assert_int_equal(append_keyed(p->ledger, &rename, 1, "k", 0, &again), DAYBOOK_KEY_REUSED);
    struct daybook_draft order = draft_of(DAYBOOK_ORDER_CREATED, NULL);
    order.customer = DAYBOOK_TEXT("b");
    assert_int_equal(append_keyed(p->ledger, &order, 1, "k", 0, &again), DAYBOOK_KEY_REUSED);
}

/* ---- versions, whole entries */

static void expected_versions(void **state)
{
    struct place *p = *state;
    struct daybook_result result;
    create(p->ledger, "A-1", "A");
    struct daybook_draft note = draft_of(DAYBOOK_ORDER_NOTE_ADDED, "A-1");
    note.text = DAYBOOK_TEXT("x");
    assert_int_equal(append_keyed(p->ledger, &note, 1, NULL, 2, &result), DAYBOOK_VERSION_CONFLICT);
    assert_int_equal(append_keyed(p->ledger, &note, 1, NULL, 1, &result), 0);
    assert_int_equal(append_keyed(p->ledger, &note, 1, NULL, 1, &result), DAYBOOK_VERSION_CONFLICT);
    assert_int_equal(append_keyed(p->ledger, &note, 1, NULL, 2, &result), 0);
}

static void whole_or_not_at_all(void **state)
{
    struct place *p = *state;
    create(p->ledger, "A-1", "A");
    uint64_t before = last_seq(p->ledger);
    struct daybook_draft bad[2] = {draft_of(DAYBOOK_ORDER_CREATED, "A-2"), draft_of(DAYBOOK_ORDER_RESUMED, "A-2")};
    struct daybook_draft good = draft_of(DAYBOOK_ORDER_CREATED, "A-3");
    bad[0].customer = DAYBOOK_TEXT("somebody new");
    good.customer = DAYBOOK_TEXT("A");
    struct daybook_entry entries[2] = {{.drafts = bad, .draft_count = 2}, {.drafts = &good, .draft_count = 1}};
    for (int i = 0; i < 2; i++) {
        entries[i].actor = DAYBOOK_TEXT("li.lei");
        entries[i].via = DAYBOOK_TEXT("li.lei@host");
    }
    struct daybook_result results[2];
    assert_int_equal(daybook_append(p->ledger, entries, 2, results, NULL), 0);
    assert_int_equal(results[0].error.code, DAYBOOK_STATUS_FORBIDS);
    assert_int_equal(results[0].last_seq, 0);
    assert_int_equal(results[1].error.code, 0); /* refused is only what is wrong */
    assert_int_equal(results[1].first_seq, before + 1);
    assert_int_equal(results[1].last_seq, before + 1);
    assert_int_equal(results[1].order, 2);
    assert_int_equal(find(p->ledger, DAYBOOK_CUSTOMER, "somebody new"), 0);
    assert_int_equal(find(p->ledger, DAYBOOK_ORDER, "A-2"), 0);
}

static void one_time_an_entry(void **state)
{
    struct place *p = *state;
    struct daybook_snapshot *snapshot;
    struct daybook_result results[3];
    for (int i = 0; i < 3; i++)
        results[i] = create(p->ledger, NULL, i == 2 ? "B" : "A");
    assert_int_equal(results[0].first_seq, 1); /* ledger.opened is the first entry's */
    assert_int_equal(daybook_snapshot_begin(p->ledger, &snapshot, NULL), 0);
    assert_int_equal(event_at(snapshot, 1).type, DAYBOOK_LEDGER_OPENED);
    int64_t before = 0;
    for (int i = 0; i < 3; i++) {
        int64_t us = event_at(snapshot, results[i].first_seq).recorded_us;
        assert_true(us > before);
        for (uint64_t seq = results[i].first_seq; seq <= results[i].last_seq; seq++)
            assert_true(event_at(snapshot, seq).recorded_us == us);
        uint64_t seq = 0;
        assert_int_equal(daybook_seq_at(snapshot, us, &seq, NULL), 0);
        assert_int_equal(seq, results[i].last_seq);
        assert_int_equal(daybook_seq_at(snapshot, us - 1, &seq, NULL), 0);
        assert_int_equal(seq, results[i].first_seq - 1);
        before = us;
    }
    daybook_snapshot_end(snapshot);
}

/* What would make the log unreadable must not get in. */
static void malformed_requests(void **state)
{
    struct place *p = *state;
    struct daybook_result result;
    create(p->ledger, "A-1", "A");
    uint64_t before = last_seq(p->ledger);
    struct daybook_draft note = draft_of(DAYBOOK_ORDER_NOTE_ADDED, "A-1");
    note.text = DAYBOOK_TEXT("x");
    note.occurred = DAYBOOK_OCCURRED_ON;
    const int32_t days[] = {DAYBOOK_DAY_MIN - 1, DAYBOOK_DAY_MAX + 1, INT32_MAX};
    for (int i = 0; i < 3; i++) {
        note.occurred_on = days[i];
        assert_int_equal(record(p->ledger, &note, 1, &result), DAYBOOK_BAD_VALUE);
    }
    note.occurred = DAYBOOK_OCCURRED_TODAY;
    note.text = DAYBOOK_TEXT("\xff");
    assert_int_equal(record(p->ledger, &note, 1, &result), DAYBOOK_BAD_VALUE);
    note.text = DAYBOOK_TEXT("x");
    note.category = DAYBOOK_TEXT("\xed\xa0\x80");
    assert_int_equal(record(p->ledger, &note, 1, &result), DAYBOOK_BAD_VALUE);
    struct daybook_draft rename = draft_of(DAYBOOK_PRODUCT_RENAMED, NULL);
    rename.subject = DAYBOOK_TEXT("LW-1");
    rename.name = DAYBOOK_TEXT("\xff");
    assert_int_equal(record(p->ledger, &rename, 1, &result), DAYBOOK_BAD_VALUE);
    rename.name = DAYBOOK_TEXT("fine");
    rename.occurred = DAYBOOK_OCCURRED_ON;
    rename.occurred_on = INT32_MAX;
    assert_int_equal(record(p->ledger, &rename, 1, &result), DAYBOOK_BAD_VALUE);
    struct daybook_draft unknown = draft_of(9999, NULL);
    assert_int_equal(record(p->ledger, &unknown, 1, &result), DAYBOOK_BAD_VALUE);
    assert_int_equal(record(p->ledger, &unknown, 0, &result), DAYBOOK_BAD_VALUE);
    struct daybook_draft nobody = draft_of(DAYBOOK_ORDER_CREATED, "A-2");
    assert_int_equal(record(p->ledger, &nobody, 1, &result), DAYBOOK_BAD_VALUE);
    assert_int_equal(last_seq(p->ledger), before);
}

/* ---- names */

static void long_names(void **state)
{
    struct place *p = *state;
    static char names[2][1001], number[402];
    memset(names, 'n', sizeof names - 1);
    memset(number, '7', 401);
    names[0][1000] = names[1][1000] = '\0';
    names[1][999] = 'm';
    assert_int_equal(create(p->ledger, "A-1", names[0]).error.code, 0);
    assert_int_equal(create(p->ledger, "A-2", names[1]).error.code, 0);
    assert_int_equal(find(p->ledger, DAYBOOK_CUSTOMER, names[0]), 1);
    assert_int_equal(find(p->ledger, DAYBOOK_CUSTOMER, names[1]), 2);
    assert_int_equal(create(p->ledger, number, "A").error.code, DAYBOOK_TOO_LARGE);
    number[400] = '\0';
    struct daybook_result result = create(p->ledger, number, "A");
    assert_int_equal(result.error.code, 0);
    assert_string_equal(result.order_no, number);
    assert_int_equal(find(p->ledger, DAYBOOK_ORDER, number), 3);
}

static int rename_customer(struct daybook *ledger, const char *from, const char *to)
{
    struct daybook_draft draft = draft_of(DAYBOOK_CUSTOMER_RENAMED, NULL);
    struct daybook_result result;
    draft.subject = text_of(from);
    draft.name = text_of(to);
    return record(ledger, &draft, 1, &result);
}

static int merge(struct daybook *ledger, const char *from, const char *into)
{
    struct daybook_draft draft = draft_of(DAYBOOK_CUSTOMER_MERGED, NULL);
    struct daybook_result result;
    draft.subject = text_of(from);
    draft.customer = text_of(into);
    return record(ledger, &draft, 1, &result);
}

static void renames(void **state)
{
    struct place *p = *state;
    create(p->ledger, "A-1", "old");
    create(p->ledger, "A-2", "another");
    assert_int_equal(rename_customer(p->ledger, "old", "new"), 0);
    assert_int_equal(find(p->ledger, DAYBOOK_CUSTOMER, "new"), 1);
    assert_int_equal(find(p->ledger, DAYBOOK_CUSTOMER, "old"), 1); /* goes on finding */
    assert_int_equal(rename_customer(p->ledger, "old", "another"), DAYBOOK_ALREADY_EXISTS);
    assert_int_equal(rename_customer(p->ledger, "nobody", "x"), DAYBOOK_NOT_FOUND);
    assert_int_equal(rename_customer(p->ledger, "new", "NEW"), 0); /* its own name, written otherwise */
    struct daybook_draft draft = draft_of(DAYBOOK_PRODUCT_RENAMED, NULL);
    struct daybook_result result;
    draft.subject = DAYBOOK_TEXT("lw-1");
    draft.code = DAYBOOK_TEXT("LW-2");
    assert_int_equal(record(p->ledger, &draft, 1, &result), 0);
    assert_int_equal(find(p->ledger, DAYBOOK_PRODUCT, "LW-1"), find(p->ledger, DAYBOOK_PRODUCT, "LW-2"));
}

static void merges(void **state)
{
    struct place *p = *state;
    create(p->ledger, "A-1", "a");
    create(p->ledger, "A-2", "b");
    create(p->ledger, "A-3", "c");
    assert_int_equal(merge(p->ledger, "a", "b"), 0);
    assert_int_equal(find(p->ledger, DAYBOOK_CUSTOMER, "a"), 2);
    assert_int_equal(merge(p->ledger, "b", "a"), DAYBOOK_BAD_VALUE); /* they are one */
    assert_int_equal(merge(p->ledger, "b", "c"), 0);
    assert_int_equal(find(p->ledger, DAYBOOK_CUSTOMER, "a"), 3); /* merges follow each other */
    uint64_t before = last_seq(p->ledger);
    create(p->ledger, "A-4", "a");
    assert_int_equal(last_seq(p->ledger), before + 1); /* nobody was registered */
    struct daybook_snapshot *snapshot;
    struct event_scratch scratch = {0};
    struct daybook_data data;
    assert_int_equal(daybook_snapshot_begin(p->ledger, &snapshot, NULL), 0);
    struct daybook_event event = event_at(snapshot, before + 1);
    assert_int_equal(event_read_data(&event, &scratch, &data, NULL), 0);
    assert_int_equal(data.customer, 3);
    event_scratch_release(&scratch);
    daybook_snapshot_end(snapshot);
}

/* ---- lines, own fields, corrections */

static void lines_by_code(void **state)
{
    struct place *p = *state;
    struct daybook_draft_item items[2] = {item_of("X", 1), item_of("X", 2)};
    struct daybook_draft draft = draft_of(DAYBOOK_ORDER_CREATED, "A-1");
    struct daybook_result result;
    draft.customer = DAYBOOK_TEXT("A");
    draft.items = items, draft.item_count = 2;
    assert_int_equal(record(p->ledger, &draft, 1, &result), 0);
    struct daybook_draft ship = draft_of(DAYBOOK_ORDER_SHIPPED, "A-1");
    ship.items = items, ship.item_count = 1;
    assert_int_equal(record(p->ledger, &ship, 1, &result), DAYBOOK_AMBIGUOUS_LINE);
    items[0].line = 2;
    assert_int_equal(record(p->ledger, &ship, 1, &result), 0);
    items[0].line = 3;
    assert_int_equal(record(p->ledger, &ship, 1, &result), DAYBOOK_NOT_FOUND);
    items[0] = item_of("Y", 1);
    assert_int_equal(record(p->ledger, &ship, 1, &result), DAYBOOK_NOT_FOUND);
    struct daybook_draft amend = draft_of(DAYBOOK_ORDER_AMENDED, "A-1");
    amend.items = items, amend.item_count = 1;
    assert_int_equal(record(p->ledger, &amend, 1, &result), 0); /* a new line */
    assert_int_equal(record(p->ledger, &ship, 1, &result), 0);
    ship.occurred = DAYBOOK_OCCURRED_ON;
    ship.occurred_on = DAYBOOK_DAY_MAX;
    assert_int_equal(record(p->ledger, &ship, 1, &result), DAYBOOK_DATE_IN_FUTURE);
}

static int append_items(struct daybook *ledger, uint32_t type, const struct daybook_draft_item *items, size_t count,
                        struct daybook_result *result)
{
    struct daybook_draft draft = draft_of(type, "A-1");
    draft.customer = text_of(type == DAYBOOK_ORDER_CREATED ? "A" : NULL);
    draft.items = items, draft.item_count = count;
    return record(ledger, &draft, 1, result);
}

static void load(struct order_reader *reader, struct daybook *ledger)
{
    struct daybook_snapshot *snapshot;
    assert_int_equal(daybook_snapshot_begin(ledger, &snapshot, NULL), 0);
    assert_int_equal(order_reader_load(reader, snapshot, 1, ORDER_CUT_NOW, NULL), 0);
    daybook_snapshot_end(snapshot);
}

/* What was shipped of a line that was taken back must not count for another one. */
static void line_numbers_are_never_reused(void **state)
{
    struct place *p = *state;
    struct order_reader reader = {0};
    struct daybook_result result, amended;
    struct daybook_draft void_of = draft_of(DAYBOOK_ORDER_EVENT_VOIDED, "A-1");
    const struct daybook_draft_item x = item_of("X", 5), y = item_of("Y", 5), z = item_of("Z", 5);
    assert_int_equal(append_items(p->ledger, DAYBOOK_ORDER_CREATED, &x, 1, &result), 0);
    assert_int_equal(append_items(p->ledger, DAYBOOK_ORDER_AMENDED, &y, 1, &amended), 0);
    assert_int_equal(append_items(p->ledger, DAYBOOK_ORDER_SHIPPED, &y, 1, &result), 0);
    void_of.target = amended.last_seq;
    assert_int_equal(record(p->ledger, &void_of, 1, &result), 0);
    assert_int_equal(append_items(p->ledger, DAYBOOK_ORDER_AMENDED, &z, 1, &result), 0);
    load(&reader, p->ledger);
    assert_int_equal(reader.state.line_count, 2);
    assert_int_equal(reader.state.lines[1].line, 3);
    assert_int_equal(reader.state.lines[1].shipped.mantissa, 0);
    order_reader_release(&reader);
}

/* An order that is created again begins anew, in all of that entry; what comes later is numbered past all there ever
 * was. */
static void lines_of_an_order_that_comes_again(void **state)
{
    struct place *p = *state;
    struct order_reader reader = {0};
    struct daybook_result result, created;
    struct daybook_draft drafts[] = {draft_of(DAYBOOK_ORDER_CREATED, "A-1"), draft_of(DAYBOOK_ORDER_AMENDED, "A-1")};
    struct daybook_draft void_of = draft_of(DAYBOOK_ORDER_EVENT_VOIDED, "A-1");
    const struct daybook_draft_item wrong[] = {item_of("V", 1), item_of("W", 1), item_of("X", 1)};
    const struct daybook_draft_item x = item_of("X", 5), y = item_of("Y", 5), z = item_of("Z", 5);
    assert_int_equal(append_items(p->ledger, DAYBOOK_ORDER_CREATED, wrong, 3, &created), 0);
    void_of.target = created.last_seq;
    assert_int_equal(record(p->ledger, &void_of, 1, &result), 0);
    drafts[0].customer = DAYBOOK_TEXT("A");
    drafts[0].items = &x, drafts[0].item_count = 1;
    drafts[1].items = &y, drafts[1].item_count = 1;
    assert_int_equal(record(p->ledger, drafts, 2, &result), 0);
    assert_int_equal(append_items(p->ledger, DAYBOOK_ORDER_AMENDED, &z, 1, &result), 0);
    load(&reader, p->ledger);
    assert_int_equal(reader.state.line_count, 3);
    assert_int_equal(reader.state.lines[0].line, 1);
    assert_int_equal(reader.state.lines[1].line, 2);
    assert_int_equal(reader.state.lines[2].line, 4);
    order_reader_release(&reader);
}

/* A creation that is corrected keeps the numbers of what it still has, in whatever order it is stated now. */
static void correction_keeps_line_numbers(void **state)
{
    struct place *p = *state;
    struct order_reader reader = {0};
    struct daybook_result result, created;
    struct daybook_draft void_of = draft_of(DAYBOOK_ORDER_EVENT_VOIDED, "A-1"), change;
    const struct daybook_draft_item before[] = {item_of("X", 5), item_of("Y", 5)};
    const struct daybook_draft_item after[] = {item_of("Z", 1), item_of("Y", 6)};
    assert_int_equal(append_items(p->ledger, DAYBOOK_ORDER_CREATED, before, 2, &created), 0);
    assert_int_equal(append_items(p->ledger, DAYBOOK_ORDER_DELIVERED, &before[1], 1, &result), 0);
    daybook_draft_init(&change, DAYBOOK_ORDER_CREATED);
    change.items = after, change.item_count = 2;
    void_of.target = created.last_seq;
    void_of.replacement = &change;
    assert_int_equal(record(p->ledger, &void_of, 1, &result), 0);
    load(&reader, p->ledger);
    assert_int_equal(reader.state.line_count, 2);
    assert_int_equal(reader.state.lines[0].line, 3); /* Z */
    assert_int_equal(reader.state.lines[0].delivered.mantissa, 0);
    assert_int_equal(reader.state.lines[1].line, 2);
    assert_int_equal(reader.state.lines[1].quantity.mantissa, 6);
    assert_int_equal(reader.state.lines[1].delivered.mantissa, 5);
    order_reader_release(&reader);
}

static void own_fields(void **state)
{
    struct place *p = *state;
    static const struct daybook_text colours[] = {DAYBOOK_TEXT("red"), DAYBOOK_TEXT("green")};
    static const char *const kinds[] = {"number", "date", "choice"};
    static const char *const good[] = {"12.50", "2026-03-01", "green"}, *const bad[] = {"twelve", "1.3.2026", "blue"};
    struct daybook_result result;
    create(p->ledger, "A-1", "A");
    for (int i = 0; i < 3; i++) {
        struct daybook_draft define = draft_of(DAYBOOK_FIELD_DEFINED, NULL),
                             amend = draft_of(DAYBOOK_ORDER_AMENDED, "A-1");
        struct daybook_draft_field field = {.name = text_of(kinds[i]), .value = text_of(bad[i])};
        define.name = text_of(kinds[i]);
        define.category = text_of(kinds[i]);
        define.choices = colours, define.choice_count = i == 2 ? 2 : 0;
        assert_int_equal(record(p->ledger, &define, 1, &result), 0);
        assert_int_equal(record(p->ledger, &define, 1, &result), DAYBOOK_ALREADY_EXISTS);
        amend.fields = &field, amend.field_count = 1;
        assert_int_equal(record(p->ledger, &amend, 1, &result), DAYBOOK_BAD_VALUE);
        field.value = text_of(good[i]);
        assert_int_equal(record(p->ledger, &amend, 1, &result), 0);
        field.name = DAYBOOK_TEXT("not defined yet");
        assert_int_equal(record(p->ledger, &amend, 1, &result), 0);
    }
    assert_int_equal(find(p->ledger, DAYBOOK_FIELD, "Not defined yet"), 2); /* once, when it was first used */
}

/* A correction says which order it was about, and personal values come along under fresh commitments. */
static void corrections(void **state)
{
    struct place *p = *state;
    struct daybook_result created = create(p->ledger, "A-1", "A"), result;
    struct daybook_draft cancel = draft_of(DAYBOOK_ORDER_CANCELLED, "A-1"),
                         void_of = draft_of(DAYBOOK_ORDER_EVENT_VOIDED, "A-1"), change;
    cancel.reason = DAYBOOK_TEXT("too dear");
    assert_int_equal(record(p->ledger, &cancel, 1, &result), 0);
    daybook_draft_init(&change, DAYBOOK_ORDER_CANCELLED);
    change.occurred = DAYBOOK_OCCURRED_ON;
    change.occurred_on = 20000;
    void_of.target = result.last_seq;
    void_of.replacement = &change;
    assert_int_equal(record(p->ledger, &void_of, 1, &result), 0);
    assert_int_equal(result.last_seq, result.first_seq + 1);
    assert_int_equal(record(p->ledger, &void_of, 1, &result), DAYBOOK_CANNOT_VOID); /* it was taken back already */
    struct daybook_snapshot *snapshot;
    struct event_scratch scratch = {0};
    struct daybook_data data;
    struct daybook_text reason;
    assert_int_equal(daybook_snapshot_begin(p->ledger, &snapshot, NULL), 0);
    struct daybook_event event = event_at(snapshot, daybook_last_seq(snapshot));
    assert_int_equal(event.type, DAYBOOK_ORDER_CANCELLED);
    assert_int_equal(event.occurred_on, 20000);
    assert_int_equal(event_read_data(&event, &scratch, &data, NULL), 0);
    assert_int_equal(daybook_personal_value(snapshot, event.seq, &data.reason, &reason, NULL), 0);
    assert_int_equal(reason.len, 8);
    assert_memory_equal(reason.ptr, "too dear", 8);
    event_scratch_release(&scratch);
    daybook_snapshot_end(snapshot);
    daybook_draft_init(&change, DAYBOOK_ORDER_CREATED);
    change.customer = DAYBOOK_TEXT("B");
    void_of.target = created.last_seq;
    assert_int_equal(record(p->ledger, &void_of, 1, &result), 0);
    assert_string_equal(result.order_no, "A-1");
    void_of.target = 1;
    assert_int_equal(record(p->ledger, &void_of, 1, &result), DAYBOOK_NOT_FOUND); /* an event of the register */
}

static void created_taken_back_and_created_again(void **state)
{
    struct place *p = *state;
    struct daybook_result created = create(p->ledger, "A-1", "A"), result;
    struct daybook_draft void_of = draft_of(DAYBOOK_ORDER_EVENT_VOIDED, "A-1"),
                         note = draft_of(DAYBOOK_ORDER_NOTE_ADDED, "A-1");
    void_of.target = created.last_seq;
    note.text = DAYBOOK_TEXT("x");
    assert_int_equal(record(p->ledger, &void_of, 1, &result), 0);
    assert_int_equal(record(p->ledger, &note, 1, &result), DAYBOOK_NOT_FOUND);
    result = create(p->ledger, "A-1", "A");
    assert_int_equal(result.error.code, 0);
    assert_int_equal(result.order, created.order);
    assert_int_equal(record(p->ledger, &note, 1, &result), 0);
    struct daybook_snapshot *snapshot;
    assert_int_equal(daybook_snapshot_begin(p->ledger, &snapshot, NULL), 0);
    assert_int_equal(event_at(snapshot, result.last_seq).nth, 4); /* its chain goes on */
    daybook_snapshot_end(snapshot);
}

/* ---- threads, handles, processes */

enum { THREADS = 8, PER_THREAD = 400 }; /* more than a thread gets done before another one has its turn to run */

struct worker {
    struct daybook *ledger;
    pthread_barrier_t *start;
    struct daybook_result results[PER_THREAD];
};

static void *work(void *context)
{
    struct worker *w = context;
    pthread_barrier_wait(w->start);
    for (int i = 0; i < PER_THREAD; i++)
        w->results[i] = create(w->ledger, NULL, "A");
    return NULL;
}

/* LMDB numbers its commits; the number stands in the newer one of two meta pages. */
static uint64_t commits(const char *folder)
{
    enum { AT = 144 };
    char path[SCRATCH_PATH_SIZE + 32];
    uint64_t numbers[2] = {0, 0};
    snprintf(path, sizeof path, "%s/log/data.mdb", folder);
    int file = open(path, O_RDONLY);
    assert_int_equal(pread(file, &numbers[0], 8, AT), 8);
    assert_int_equal(pread(file, &numbers[1], 8, sysconf(_SC_PAGESIZE) + AT), 8);
    close(file);
    return numbers[0] > numbers[1] ? numbers[0] : numbers[1];
}

static void threads_share_commits(void **state)
{
    struct place *p = *state;
    static struct worker workers[THREADS];
    pthread_t threads[THREADS];
    pthread_barrier_t start;
    static bool seen[THREADS * PER_THREAD + 1];
    memset(seen, 0, sizeof seen);
    create(p->ledger, "first", "A");
    uint64_t first = last_seq(p->ledger), before = commits(p->folder);
    assert_int_equal(pthread_barrier_init(&start, NULL, THREADS), 0);
    for (int i = 0; i < THREADS; i++) {
        workers[i].ledger = p->ledger;
        workers[i].start = &start;
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&start);
    for (int i = 0; i < THREADS; i++)
        for (int j = 0; j < PER_THREAD; j++) {
            const struct daybook_result *r = &workers[i].results[j];
            assert_int_equal(r->error.code, 0);
            assert_int_equal(r->first_seq, r->last_seq);
            assert_in_range(r->last_seq, first + 1, first + THREADS * PER_THREAD);
            assert_false(seen[r->last_seq - first]); /* nothing twice */
            seen[r->last_seq - first] = true;
        }
    assert_int_equal(last_seq(p->ledger), first + THREADS * PER_THREAD); /* nothing lost */
    assert_true(commits(p->folder) - before < THREADS * PER_THREAD);
}

static void two_handles(void **state)
{
    struct place *p = *state;
    struct daybook *other;
    assert_int_equal(daybook_open(p->folder, NULL, &other, NULL), 0);
    for (int i = 1; i < 300; i++) { /* over the first stored row of the tree */
        char expected[16];
        snprintf(expected, sizeof expected, "SO-%06d", i);
        assert_string_equal(create(i % 3 ? p->ledger : other, NULL, "A").order_no, expected);
    }
    uint8_t root[32], other_root[32];
    root_of(p->ledger, root);
    root_of(other, other_root);
    assert_memory_equal(root, other_root, 32);
    daybook_close(other);
    assert_string_equal(create(p->ledger, NULL, "A").order_no, "SO-000300");
}

/* ---- what a writer keeps in mind must not outlive what it is about */

static struct daybook *second_handle(const struct place *p)
{
    struct daybook *ledger;
    assert_int_equal(daybook_open(p->folder, NULL, &ledger, NULL), 0);
    return ledger;
}

static struct daybook_result step(struct daybook *ledger, uint32_t type, const char *order_no)
{
    struct daybook_draft draft = draft_of(type, order_no);
    struct daybook_result result;
    record(ledger, &draft, 1, &result);
    return result;
}

static struct daybook_result take_back(struct daybook *ledger, const char *order_no, uint64_t target)
{
    struct daybook_draft draft = draft_of(DAYBOOK_ORDER_EVENT_VOIDED, order_no);
    struct daybook_result result;
    draft.target = target;
    draft.reason = DAYBOOK_TEXT("a mistake");
    record(ledger, &draft, 1, &result);
    return result;
}

/* Whose order it is, as the event that created it says. */
static uint32_t customer_of(struct daybook *ledger, uint64_t created)
{
    struct daybook_snapshot *snapshot;
    struct event_scratch scratch = {0};
    struct daybook_data data;
    assert_int_equal(daybook_snapshot_begin(ledger, &snapshot, NULL), 0);
    struct daybook_event event = event_at(snapshot, created);
    assert_int_equal(event_read_data(&event, &scratch, &data, NULL), 0);
    uint32_t customer = data.customer;
    event_scratch_release(&scratch);
    daybook_snapshot_end(snapshot);
    return customer;
}

static void renames_and_merges_of_another_handle(void **state)
{
    struct place *p = *state;
    struct daybook *other = second_handle(p);
    create(p->ledger, "B-1", "a");
    assert_int_equal(customer_of(p->ledger, create(p->ledger, "B-2", "b").last_seq), 2);
    assert_int_equal(customer_of(p->ledger, create(p->ledger, "B-3", "a").last_seq), 1);
    assert_int_equal(merge(other, "a", "b"), 0);
    assert_int_equal(customer_of(p->ledger, create(p->ledger, "B-4", "a").last_seq), 2);
    assert_int_equal(merge(p->ledger, "b", "c"), DAYBOOK_NOT_FOUND);
    assert_int_equal(customer_of(other, create(other, "B-5", "c").last_seq), 3);
    assert_int_equal(merge(p->ledger, "b", "c"), 0);
    assert_int_equal(customer_of(p->ledger, create(p->ledger, "B-6", "a").last_seq), 3);
    assert_int_equal(customer_of(other, create(other, "B-7", "b").last_seq), 3);
    assert_int_equal(rename_customer(other, "c", "d"), 0);
    assert_int_equal(customer_of(p->ledger, create(p->ledger, "B-8", "d").last_seq), 3);
    assert_int_equal(customer_of(p->ledger, create(p->ledger, "B-9", "c").last_seq), 3);
    daybook_close(other);
}

static void merge_between_entries_of_a_call(void **state)
{
    struct place *p = *state;
    enum { ENTRIES = 4 };
    struct daybook_draft_item item = item_of("LW-1", 1);
    struct daybook_draft drafts[ENTRIES];
    struct daybook_entry entries[ENTRIES];
    struct daybook_result results[ENTRIES];
    static const char *const numbers[ENTRIES] = {"C-1", "C-2", NULL, "C-3"};
    create(p->ledger, "C-0", "b");
    for (size_t i = 0; i < ENTRIES; i++) {
        drafts[i] = draft_of(i == 2 ? DAYBOOK_CUSTOMER_MERGED : DAYBOOK_ORDER_CREATED, numbers[i]);
        drafts[i].customer = i == 2 ? DAYBOOK_TEXT("b") : DAYBOOK_TEXT("a");
        drafts[i].subject = DAYBOOK_TEXT("a");
        drafts[i].items = &item, drafts[i].item_count = i != 2;
        entries[i] = (struct daybook_entry){.drafts = &drafts[i],
                                            .draft_count = 1,
                                            .actor = DAYBOOK_TEXT("wang"),
                                            .via = DAYBOOK_TEXT("wang@host"),
                                            .via_kind = DAYBOOK_TEXT("os")};
    }
    assert_int_equal(daybook_append(p->ledger, entries, ENTRIES, results, NULL), 0);
    for (size_t i = 0; i < ENTRIES; i++)
        assert_int_equal(results[i].error.code, 0);
    assert_int_equal(customer_of(p->ledger, results[1].last_seq), 2);
    assert_int_equal(customer_of(p->ledger, results[3].last_seq), 1);
}

static void voids_and_corrections_of_another_handle(void **state)
{
    struct place *p = *state;
    struct daybook *other = second_handle(p);
    struct order_reader reader = {0};
    create(p->ledger, "D-1", "a");
    uint64_t cancelled = step(p->ledger, DAYBOOK_ORDER_CANCELLED, "D-1").last_seq;
    assert_int_equal(step(p->ledger, DAYBOOK_ORDER_SHIPPED, "D-1").error.code, DAYBOOK_STATUS_FORBIDS);
    assert_int_equal(take_back(other, "D-1", cancelled).error.code, 0);
    assert_int_equal(step(p->ledger, DAYBOOK_ORDER_SHIPPED, "D-1").error.code, 0);
    assert_int_equal(step(other, DAYBOOK_ORDER_DELIVERED, "D-1").error.code, 0);
    assert_int_equal(step(p->ledger, DAYBOOK_ORDER_CANCELLED, "D-1").error.code, DAYBOOK_STATUS_FORBIDS);
    assert_int_equal(take_back(p->ledger, "D-1", cancelled).error.code, DAYBOOK_CANNOT_VOID);
    load(&reader, p->ledger);
    assert_int_equal(reader.state.status, STATUS_DELIVERED);
    assert_int_equal(reader.state.version, 5);
    order_reader_release(&reader);
    daybook_close(other);
}

/* A number that another handle gave is not given again; one that was refused is free. */
static void orders_of_another_handle(void **state)
{
    struct place *p = *state;
    struct daybook *other = second_handle(p);
    for (int i = 0; i < 200; i++) {
        char number[16];
        snprintf(number, sizeof number, "E-%d", i);
        struct daybook_result first = create(i % 2 ? other : p->ledger, number, "a");
        assert_int_equal(first.order, i + 1);
        assert_int_equal(create(i % 2 ? p->ledger : other, number, "a").error.code, DAYBOOK_ALREADY_EXISTS);
        struct daybook_result next = step(i % 3 ? p->ledger : other, DAYBOOK_ORDER_PROCESSING_STARTED, number);
        assert_int_equal(next.order, first.order);
        assert_int_equal(next.last_seq, first.last_seq + 1);
    }
    daybook_close(other);
}

/* In a child: exit status 0 when all is as it should be. */
static int in_child(struct place *p)
{
    struct daybook_snapshot *snapshot;
    struct daybook *own;
    if (create(p->ledger, NULL, "A").error.code == 0)
        return 1;
    if (daybook_snapshot_begin(p->ledger, &snapshot, NULL) != DAYBOOK_FORKED_HANDLE)
        return 2;
    if (daybook_open(p->folder, NULL, &own, NULL))
        return 3;
    if (create(own, "from the child", "A").error.code)
        return 4;
    daybook_close(own);
    daybook_close(p->ledger);
    return 0;
}

static void refused_after_fork(void **state)
{
    struct place *p = *state;
    int status = -1;
    create(p->ledger, NULL, "A");
    pid_t child = fork();
    if (child == 0)
        _exit(in_child(p));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(find(p->ledger, DAYBOOK_ORDER, "from the child"), 2);
    assert_string_equal(create(p->ledger, NULL, "A").order_no, "SO-000002");
}

static void read_only_folder(void **state)
{
    struct place *p = *state;
    char log[SCRATCH_PATH_SIZE + 32];
    if (geteuid() == 0) /* may write anywhere */
        skip();
    create(p->ledger, "A-1", "A");
    daybook_close(p->ledger);
    p->ledger = NULL;
    snprintf(log, sizeof log, "%s/log", p->folder);
    assert_int_equal(chmod(log, 0500), 0);
    int opened = daybook_open(p->folder, NULL, &p->ledger, NULL);
    int code = opened ? opened : create(p->ledger, "A-2", "A").error.code;
    chmod(log, 0700);
    assert_int_equal(opened, 0);
    assert_int_not_equal(code, 0);
    assert_int_equal(find(p->ledger, DAYBOOK_ORDER, "A-1"), 1);
}

/* ---- clocks and crashes */

/* A log of one event, recorded so far from now. */
static int carry_opening(struct daybook *ledger, int64_t from_now_us)
{
    struct daybook_event event = {.seq = 1,
                                  .type = DAYBOOK_LEDGER_OPENED,
                                  .version = 1,
                                  .kind = DAYBOOK_LEDGER,
                                  .ordinal = 1,
                                  .nth = 1,
                                  .actor = 1,
                                  .via = 1,
                                  .recorded_us = ledger_clock_us() + from_now_us,
                                  .occurred_on = DAYBOOK_DAY_NONE,
                                  .occurred_us = DAYBOOK_INSTANT_NONE};
    struct daybook_data data;
    static uint8_t bytes[DAYBOOK_EVENT_SIZE_MAX];
    struct daybook_carried carried = {.seq = 1, .bytes = bytes};
    size_t taken = 0;
    data_init(&data);
    data.identity = DAYBOOK_TEXT("0123456789abcdef0123456789abcdef");
    data.timezone = DAYBOOK_TEXT("UTC");
    data.numbers = DAYBOOK_TEXT("N{00}");
    assert_int_equal(event_write(&event, &data, bytes, &carried.len, NULL), 0);
    return daybook_carry(ledger, &carried, 1, &taken, NULL);
}

static void clock_far_behind(void **state)
{
    struct place *p = *state;
    const struct daybook_open_options accepting = {.accept_clock = true};
    assert_int_equal(carry_opening(p->ledger, 25 * 3600 * (int64_t)1000000), 0);
    assert_int_equal(create(p->ledger, NULL, "A").error.code, DAYBOOK_CLOCK_BEHIND);
    assert_int_equal(last_seq(p->ledger), 1);
    daybook_close(p->ledger);
    assert_int_equal(daybook_open(p->folder, &accepting, &p->ledger, NULL), 0);
    assert_string_equal(create(p->ledger, NULL, "A").order_no, "N01");
}

static void clock_a_little_behind(void **state)
{
    struct place *p = *state;
    struct daybook_snapshot *snapshot;
    assert_int_equal(carry_opening(p->ledger, 23 * 3600 * (int64_t)1000000), 0);
    assert_int_equal(create(p->ledger, NULL, "A").error.code, 0);
    assert_int_equal(daybook_snapshot_begin(p->ledger, &snapshot, NULL), 0);
    assert_true(event_at(snapshot, 2).recorded_us == event_at(snapshot, 1).recorded_us + 1);
    daybook_snapshot_end(snapshot);
}

/* Personal data was committed, the log was not: as after a crash between the two. */
static void leave_personal_ahead(const char *folder, uint64_t from_seq)
{
    static const uint8_t salt[DAYBOOK_SALT_SIZE];
    struct personal *personal;
    struct personal_txn *txn;
    assert_int_equal(personal_open(folder, 0, false, &personal, NULL), 0);
    assert_int_equal(personal_begin(personal, true, &txn, NULL), 0);
    for (uint64_t seq = from_seq; seq < from_seq + 500; seq++) /* more than a page */
        for (uint16_t slot = 0; slot < 2; slot++)
            assert_int_equal(
                personal_put_value(txn, seq, slot, salt, DAYBOOK_TEXT("a ghost's value, long enough"), NULL), 0);
    assert_int_equal(personal_put_name(txn, DAYBOOK_CUSTOMER, DAYBOOK_TEXT("ghost"), 77, NULL), 0);
    assert_int_equal(personal_put_name(txn, DAYBOOK_CUSTOMER, DAYBOOK_TEXT("b"), 77, NULL), 0);
    assert_int_equal(personal_commit(txn, NULL), 0);
    personal_close(personal);
}

static void crash_between_the_commits(void **state)
{
    struct place *p = *state;
    create(p->ledger, "A-1", "A");
    create(p->ledger, "A-2", "B");
    uint64_t before = last_seq(p->ledger);
    leave_personal_ahead(p->folder, before + 1);
    assert_int_equal(find(p->ledger, DAYBOOK_CUSTOMER, "ghost"), 0);
    struct daybook_result result = create(p->ledger, "A-3", "ghost");
    assert_int_equal(result.error.code, 0);
    assert_int_equal(find(p->ledger, DAYBOOK_CUSTOMER, "ghost"), 3);
    assert_int_equal(find(p->ledger, DAYBOOK_CUSTOMER, "A"), 1);
    assert_int_equal(find(p->ledger, DAYBOOK_CUSTOMER, "B"), 2);
    struct personal *personal;
    struct personal_txn *txn;
    uint64_t last = 0, count = 0;
    assert_int_equal(personal_open(p->folder, 0, false, &personal, NULL), 0);
    assert_int_equal(personal_begin(personal, false, &txn, NULL), 0);
    assert_int_equal(personal_last_seq(txn, &last, NULL), 0);
    assert_int_equal(personal_value_count(txn, &count, NULL), 0);
    assert_int_equal(last, result.first_seq); /* the customer's registration */
    assert_int_equal(count, 5);               /* three customers, an actor, a via */
    personal_abort(txn);
    personal_close(personal);
}

/* ---- carrying a log over */

enum { CARRIED_MAX = 700, SLOTS_MAX = 4 };

struct copy {
    struct daybook_snapshot *snapshot;
    struct daybook_carried events[CARRIED_MAX];
    const uint8_t *salts[CARRIED_MAX][SLOTS_MAX];
    struct daybook_text values[CARRIED_MAX][SLOTS_MAX];
    size_t count;
};

static int copy_value(void *context, const char *field, uint16_t slot, const struct daybook_personal *personal)
{
    (void)field;
    struct copy *c = context;
    struct daybook_carried *carried = &c->events[c->count];
    assert_true(slot < SLOTS_MAX);
    struct daybook_personal looked_for = *personal;
    looked_for.slot = slot;
    carried->value_count = slot + 1u;
    return daybook_personal_salt(c->snapshot, carried->seq, &looked_for, &c->salts[c->count][slot],
                                 &c->values[c->count][slot], NULL);
}

static int copy_event(void *context, const struct daybook_event *event, struct daybook_error *err)
{
    struct copy *c = context;
    struct event_scratch scratch = {0};
    struct daybook_data data;
    assert_true(c->count < CARRIED_MAX);
    c->events[c->count] = (struct daybook_carried){.seq = event->seq, .bytes = event->bytes, .len = event->len,
                                                   .salts = c->salts[c->count], .values = c->values[c->count]};
    int rc = event_read_data(event, &scratch, &data, err);
    if (!rc)
        rc = data_each_personal(schema_by_wire(event->type), &data, copy_value, c);
    event_scratch_release(&scratch);
    c->count++;
    return rc;
}

/* A ledger with something of everything; more than 512 events. */
static struct daybook *full_ledger(const char *folder)
{
    struct daybook *ledger;
    struct daybook_result result;
    const struct daybook_init_options options = {.timezone = DAYBOOK_TEXT("Europe/Berlin"),
                                                 .numbers = DAYBOOK_TEXT("XS{yyyy}-{0000}")};
    assert_int_equal(daybook_init(folder, &options, NULL), 0);
    assert_int_equal(daybook_open(folder, NULL, &ledger, NULL), 0);
    struct daybook_draft keyed = draft_of(DAYBOOK_ORDER_CREATED, NULL), ship = draft_of(DAYBOOK_ORDER_SHIPPED, "A-1"),
                         void_of = draft_of(DAYBOOK_ORDER_EVENT_VOIDED, "A-1");
    keyed.customer = DAYBOOK_TEXT("万泰酒业");
    assert_int_equal(append_keyed(ledger, &keyed, 1, "the key", 0, &result), 0);
    create(ledger, "A-1", "a");
    create(ledger, "A-2", "b");
    assert_int_equal(record(ledger, &ship, 1, &result), 0);
    void_of.target = result.last_seq;
    void_of.reason = DAYBOOK_TEXT("not yet");
    assert_int_equal(record(ledger, &void_of, 1, &result), 0);
    assert_int_equal(merge(ledger, "a", "b"), 0);
    for (int i = 0; i < 520; i++)
        create(ledger, NULL, "b");
    return ledger;
}

struct both {
    struct place *place;
    struct copy *copy;
    struct daybook *full;
};

static int setup_copy(void **state)
{
    struct place *p;
    char folder[SCRATCH_PATH_SIZE + 16];
    if (setup(state))
        return -1;
    p = *state;
    struct copy *c = calloc(1, sizeof *c);
    snprintf(folder, sizeof folder, "%s/full", p->root);
    struct daybook *full = full_ledger(folder);
    if (daybook_snapshot_begin(full, &c->snapshot, NULL) || daybook_follow(c->snapshot, 1, copy_event, c, NULL))
        return -1;
    static struct both both;
    both.place = p, both.copy = c, both.full = full;
    *state = &both;
    return 0;
}

static int teardown_copy(void **state)
{
    struct both *both = *state;
    void *place = both->place;
    daybook_snapshot_end(both->copy->snapshot);
    daybook_close(both->full);
    free(both->copy);
    return teardown(&place);
}

static void carried_whole(void **state)
{
    struct both *b = *state;
    struct daybook *ledger = b->place->ledger;
    uint8_t root[32], carried_root[32];
    size_t taken = 0;
    struct daybook_result result;
    assert_int_equal(daybook_carry(ledger, b->copy->events, b->copy->count, &taken, NULL), 0);
    assert_int_equal(taken, b->copy->count);
    root_of(b->full, root);
    root_of(ledger, carried_root);
    assert_memory_equal(carried_root, root, 32);
    assert_string_equal(daybook_id(ledger), daybook_id(b->full));
    assert_string_equal(daybook_timezone(ledger), "Europe/Berlin");
    assert_int_equal(find(ledger, DAYBOOK_CUSTOMER, "万泰酒业"), 1);
    assert_int_equal(find(ledger, DAYBOOK_CUSTOMER, "a"), 3);
    assert_int_equal(find(ledger, DAYBOOK_ORDER, "A-2"), 3);
    assert_int_equal(find(ledger, DAYBOOK_PRODUCT, "LW-1"), 1);
    assert_int_equal(daybook_carry(ledger, b->copy->events, b->copy->count, &taken, NULL), 0); /* known: passed over */
    assert_int_equal(last_seq(ledger), b->copy->count);
    struct daybook_draft keyed = draft_of(DAYBOOK_ORDER_CREATED, NULL);
    keyed.customer = DAYBOOK_TEXT("万泰酒业");
    assert_int_equal(append_keyed(ledger, &keyed, 1, "the key", 0, &result), 0);
    assert_true(result.repeated);
    struct daybook_result next = create(ledger, NULL, "b"), expected = create(b->full, NULL, "b");
    assert_string_equal(next.order_no, expected.order_no); /* it goes on as the first would */
    assert_int_equal(next.order, expected.order);
    assert_int_equal(next.last_seq, expected.last_seq);
}

static void carried_in_pieces_and_erased(void **state)
{
    struct both *b = *state;
    struct daybook *ledger = b->place->ledger;
    uint8_t root[32], carried_root[32];
    size_t taken = 0;
    memset(b->copy->values, 0, sizeof b->copy->values);
    for (size_t i = 0; i < b->copy->count; i += 100) {
        size_t count = b->copy->count - i < 100 ? b->copy->count - i : 100;
        assert_int_equal(daybook_carry(ledger, b->copy->events + i, count, &taken, NULL), 0);
    }
    root_of(b->full, root);
    root_of(ledger, carried_root);
    assert_memory_equal(carried_root, root, 32);
    assert_int_equal(find(ledger, DAYBOOK_CUSTOMER, "万泰酒业"), 0); /* forgotten */
}

static void foreign_and_damaged(void **state)
{
    struct both *b = *state;
    struct daybook *ledger = b->place->ledger;
    size_t taken = 99;
    assert_int_equal(daybook_carry(ledger, b->copy->events + 1, 5, &taken, NULL),
                     DAYBOOK_FOREIGN_LOG); /* begins at 2 */
    assert_int_equal(taken, 0);
    b->copy->values[1][0] = DAYBOOK_TEXT("not what it was");
    assert_int_equal(daybook_carry(ledger, b->copy->events, 5, &taken, NULL), DAYBOOK_VERIFICATION_FAILED);
    assert_int_equal(taken, 1);
    assert_int_equal(last_seq(ledger), 0); /* all or none */
    uint8_t damaged[200];
    memcpy(damaged, b->copy->events[0].bytes, b->copy->events[0].len);
    damaged[30] ^= 4;
    b->copy->events[0].bytes = damaged;
    assert_int_equal(daybook_carry(ledger, b->copy->events, 1, &taken, NULL), DAYBOOK_DAMAGED);
    create(ledger, NULL, "A");
    struct daybook_snapshot *snapshot;
    assert_int_equal(daybook_snapshot_begin(b->full, &snapshot, NULL), 0);
    struct daybook_event event = event_at(snapshot, 1);
    const struct daybook_carried first = {.seq = 1, .bytes = event.bytes, .len = event.len};
    assert_int_equal(daybook_carry(ledger, &first, 1, &taken, NULL), DAYBOOK_FOREIGN_LOG); /* another history */
    daybook_snapshot_end(snapshot);
    assert_string_equal(create(ledger, NULL, "A").order_no, "SO-000002"); /* and its own identity */
}

/* What was put before a commit failed is in memory, but not in the log. */
static void nothing_remains_of_an_aborted_commit(void **state)
{
    struct both *b = *state;
    struct copy *c = b->copy;
    struct daybook *ledger = b->place->ledger;
    uint8_t root[32], carried_root[32], damaged[200];
    size_t taken = 0, half = c->count / 2, last = c->count - 1;
    struct verify_result verified;
    assert_int_equal(daybook_carry(ledger, c->events, half, &taken, NULL), 0);
    struct daybook_carried whole = c->events[last];
    assert_true(whole.len <= sizeof damaged);
    memcpy(damaged, whole.bytes, whole.len);
    damaged[30] ^= 4;
    c->events[last].bytes = damaged;
    assert_int_equal(daybook_carry(ledger, c->events + half, c->count - half, &taken, NULL), DAYBOOK_DAMAGED);
    assert_int_equal(last_seq(ledger), half);
    c->events[last] = whole;
    /* The numbers, ordinals and seqs that the aborted ones had are free: the same order gets them here and there. */
    struct daybook_result here = create(ledger, "K-1", "someone new");
    assert_int_equal(here.error.code, 0);
    assert_int_equal(here.first_seq, half + 1);
    assert_int_equal(step(ledger, DAYBOOK_ORDER_CANCELLED, "K-1").last_seq, here.last_seq + 1);
    assert_int_equal(daybook_carry(ledger, c->events, c->count, &taken, NULL), DAYBOOK_FOREIGN_LOG);
    assert_int_equal(step(ledger, DAYBOOK_ORDER_CANCELLED, "K-1").error.code, DAYBOOK_STATUS_FORBIDS);
    create(ledger, NULL, "a");
    assert_int_equal(verify_ledger(b->place->folder, &(struct verify_options){0}, &verified, NULL), 0);
    assert_int_equal(verified.events, last_seq(ledger));
    root_of(ledger, root);
    struct daybook *other = second_handle(b->place);
    root_of(other, carried_root);
    assert_memory_equal(carried_root, root, 32);
    daybook_close(other);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define CASE_OF_COPY(name) cmocka_unit_test_setup_teardown(name, setup_copy, teardown_copy)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(numbers_count_up_and_skip_taken_ones),
        CASE(numbers_by_day),
        CASE(patterns),
        CASE(same_key_same_answer),
        CASE(key_of_an_order_that_moved_on),
        CASE(key_of_a_numbered_creation),
        CASE(days_in_keyed_entries), CASE(key_of_a_rename),
        CASE(expected_versions),
        CASE(whole_or_not_at_all),
        CASE(one_time_an_entry),
        CASE(malformed_requests),
        CASE(long_names),
        CASE(renames),
        CASE(merges),
        CASE(lines_by_code),
        CASE(line_numbers_are_never_reused),
        CASE(correction_keeps_line_numbers),
        CASE(lines_of_an_order_that_comes_again),
        CASE(own_fields),
        CASE(corrections),
        CASE(created_taken_back_and_created_again),
        CASE(threads_share_commits),
        CASE(two_handles),
        CASE(renames_and_merges_of_another_handle),
        CASE(merge_between_entries_of_a_call),
        CASE(voids_and_corrections_of_another_handle),
        CASE(orders_of_another_handle),
        CASE(refused_after_fork),
        CASE(read_only_folder),
        CASE(clock_far_behind),
        CASE(clock_a_little_behind),
        CASE(crash_between_the_commits),
        CASE_OF_COPY(carried_whole),
        CASE_OF_COPY(carried_in_pieces_and_erased),
        CASE_OF_COPY(foreign_and_damaged),
        CASE_OF_COPY(nothing_remains_of_an_aborted_commit),
    };
    return cmocka_run_group_tests_name("append", tests, NULL, NULL);
}
