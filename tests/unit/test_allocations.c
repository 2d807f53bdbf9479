/* Appending, following and folding take no memory an event: what they need grows to its size and is used again.
 *
 * malloc and its kin are counted here by standing in front of the C library's. LMDB takes memory for the pages that a
 * transaction changes, and frees it at the commit: that is its own affair, so callers within liblmdb do not count.
 * Under a sanitizer, which has its own malloc, there is nothing to count. */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/order_reader.h"
#include "tests/unit/scratch.h"

#if !defined(__SANITIZE_ADDRESS__)

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *old, size_t size);

static uintptr_t lmdb_begin, lmdb_end;
static size_t counted;

static void count(const void *caller)
{
    uintptr_t address = (uintptr_t)caller;
    counted += address < lmdb_begin || address >= lmdb_end;
}

void *malloc(size_t size)
{
    count(__builtin_return_address(0));
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size)
{
    count(__builtin_return_address(0));
    return __libc_calloc(number, size);
}

void *realloc(void *old, size_t size)
{
    count(__builtin_return_address(0));
    return __libc_realloc(old, size);
}

/* Where LMDB's code is. */
static void find_lmdb(void)
{
    Dl_info info;
    char line[4096];
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_true(dladdr(dlsym(RTLD_DEFAULT, "mdb_put"), &info));
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps)) {
        unsigned long begin = 0, end = 0;
        if (!strstr(line, info.dli_fname) || sscanf(line, "%lx-%lx", &begin, &end) != 2)
            continue;
        lmdb_begin = lmdb_begin && lmdb_begin < begin ? lmdb_begin : begin;
        lmdb_end = lmdb_end > end ? lmdb_end : end;
    }
    fclose(maps);
    assert_true(lmdb_end > lmdb_begin);
}

/* ---- a workload: orders that are created, taken into processing, shipped, delivered */

enum { ENTRIES = 10000, ORDERS = ENTRIES / 4, COMMIT_MAX = 40 };

struct work {
    char root[SCRATCH_PATH_SIZE], folder[SCRATCH_PATH_SIZE + 8];
    struct daybook *ledger;
    struct daybook_entry entries[ENTRIES];
    struct daybook_draft drafts[ENTRIES];
    struct daybook_draft_item items[ENTRIES];
    char numbers[ENTRIES][16], customers[ENTRIES][16];
    struct daybook_result results[ENTRIES];
};

static void fill(struct work *w, unsigned round)
{
    static const uint32_t types[] = {DAYBOOK_ORDER_CREATED, DAYBOOK_ORDER_PROCESSING_STARTED, DAYBOOK_ORDER_SHIPPED,
                                     DAYBOOK_ORDER_NOTE_ADDED};
    for (unsigned i = 0; i < ENTRIES; i++) {
        struct daybook_draft *draft = &w->drafts[i];
        unsigned order = i % ORDERS;
        daybook_draft_init(draft, types[i / ORDERS]);
        snprintf(w->numbers[i], sizeof w->numbers[i], "SO-%u-%u", round, order);
        snprintf(w->customers[i], sizeof w->customers[i], "Customer %u", order % 700);
        draft->order_no = text_of(w->numbers[i]);
        if (draft->type == DAYBOOK_ORDER_CREATED) {
            w->items[i] = (struct daybook_draft_item){.code = DAYBOOK_TEXT("LW-1"),
                                                      .has_quantity = true,
                                                      .quantity = quantity(3),
                                                      .expected_on = DAYBOOK_DAY_NONE};
            draft->customer = text_of(w->customers[i]);
            draft->items = &w->items[i], draft->item_count = 1;
        }
        if (draft->type == DAYBOOK_ORDER_NOTE_ADDED)
            draft->text = DAYBOOK_TEXT("call before delivery");
        w->entries[i] = (struct daybook_entry){.drafts = draft,
                                               .draft_count = 1,
                                               .actor = DAYBOOK_TEXT("wang"),
                                               .via = DAYBOOK_TEXT("wang@host"),
                                               .via_kind = DAYBOOK_TEXT("os")};
    }
}

static void append_round(struct work *w, unsigned round)
{
    fill(w, round);
    assert_int_equal(daybook_append(w->ledger, w->entries, ENTRIES, w->results, NULL), 0);
    for (unsigned i = 0; i < ENTRIES; i++)
        assert_int_equal(w->results[i].error.code, 0);
}

static int setup(void **state)
{
    struct work *w = calloc(1, sizeof *w);
    scratch_folder(w->root);
    snprintf(w->folder, sizeof w->folder, "%s/ledger", w->root);
    w->ledger = scratch_ledger(w->folder);
    append_round(w, 0);
    append_round(w, 1);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct work *w = *state;
    daybook_close(w->ledger);
    scratch_remove(w->root);
    free(w);
    return 0;
}

/* ---- the tests */

static void counter_counts(void **state)
{
    (void)state;
    void *(*volatile allocate)(size_t) = malloc;
    void *(*volatile again)(void *, size_t) = realloc;
    void *(*volatile zeroed)(size_t, size_t) = calloc;
    size_t before = counted;
    void *one = allocate(10), *two = zeroed(2, 10);
    one = again(one, 20);
    assert_int_equal(counted - before, 3);
    free(one);
    free(two);
    struct daybook_text name = DAYBOOK_TEXT("Straße");
    uint32_t ordinal;
    struct daybook_snapshot *snapshot;
    struct work *w = *state;
    assert_int_equal(daybook_snapshot_begin(w->ledger, &snapshot, NULL), 0);
    before = counted;
    assert_int_equal(daybook_find(snapshot, DAYBOOK_CUSTOMER, name, &ordinal, NULL), 0);
    assert_true(counted > before); /* the library's are counted, too */
    daybook_snapshot_end(snapshot);
}

/* Transactions, and the sorting of heads: so many a commit, whatever is in it. */
static void append_takes_none_an_event(void **state)
{
    struct work *w = *state;
    for (unsigned round = 2; round < 4; round++) {
        fill(w, round);
        size_t before = counted;
        assert_int_equal(daybook_append(w->ledger, w->entries, ENTRIES, w->results, NULL), 0);
        assert_in_range(counted - before, 1, COMMIT_MAX);
    }
}

static int see(void *context, const struct daybook_event *event, struct daybook_error *err)
{
    (void)err;
    *(uint64_t *)context += event->nth;
    return 0;
}

static void following_takes_none_an_event(void **state)
{
    struct work *w = *state;
    struct daybook_snapshot *snapshot;
    uint64_t sum = 0;
    assert_int_equal(daybook_snapshot_begin(w->ledger, &snapshot, NULL), 0);
    size_t before = counted;
    assert_int_equal(daybook_follow(snapshot, 1, see, &sum, NULL), 0);
    assert_in_range(counted - before, 0, 2);
    assert_true(sum > ENTRIES);
    daybook_snapshot_end(snapshot);
}

static int see_order(void *context, const struct order_state *state, struct daybook_error *err)
{
    (void)err;
    *(uint64_t *)context += state->version;
    return 0;
}

static void folding_takes_none_an_order(void **state)
{
    struct work *w = *state;
    struct daybook_snapshot *snapshot;
    struct order_reader reader = {0};
    uint64_t versions = 0;
    assert_int_equal(daybook_snapshot_begin(w->ledger, &snapshot, NULL), 0);
    assert_int_equal(order_reader_load(&reader, snapshot, 1, ORDER_CUT_NOW, NULL), 0); /* lists grow to their size */
    size_t before = counted;
    assert_int_equal(order_reader_each(&reader, snapshot, ORDER_CUT_NOW, see_order, &versions, NULL), 0);
    assert_in_range(counted - before, 0, 4);
    assert_true(versions >= 2 * ENTRIES);
    order_reader_release(&reader);
    daybook_snapshot_end(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counter_counts),
        cmocka_unit_test(append_takes_none_an_event),
        cmocka_unit_test(following_takes_none_an_event),
        cmocka_unit_test(folding_takes_none_an_order),
    };
    find_lmdb();
    return cmocka_run_group_tests_name("allocations", tests, setup, teardown);
}

#else

static void not_counted(void **state)
{
    (void)state;
    skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(not_counted)};
    return cmocka_run_group_tests_name("allocations", tests, NULL, NULL);
}

#endif
