/* Many processes at one ledger, and processes that are killed in the middle of it. What was answered is noted outside
 * of the ledger, and looked for in it afterwards. CRASH_S says for how many seconds processes are killed. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/event.h"
#include "ledger/ledger.h"
#include "tests/unit/scratch.h"

enum { WRITERS = 8, READERS = 4, KILLED_WRITERS = 3, ANSWERS_MAX = 200000, PER_WRITER = 60 };

/* What a process was answered, in memory that outlives it. */
struct notebook {
    uint32_t count; /* of answers: counted after the answer stands there */
    int64_t longest_us;
    bool failed;
    struct {
        uint64_t seq;
        uint32_t order;
    } answers[ANSWERS_MAX];
};

struct notebooks {
    struct notebook of[WRITERS + READERS];
    bool over;
};

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static struct notebooks *new_notebooks(void)
{
    void *shared =
        mmap(NULL, sizeof(struct notebooks), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_true(shared != MAP_FAILED);
    return shared;
}

/* ---- what processes do; they exit without a word, the notebook tells */

static int append_one(struct daybook *ledger, uint64_t *random, struct notebook *notes)
{
    char key[32];
    struct daybook_draft draft;
    struct daybook_draft_item item = {
        .code = DAYBOOK_TEXT("LW-1"), .has_quantity = true, .quantity = {1, 0}, .expected_on = DAYBOOK_DAY_NONE};
    daybook_draft_init(&draft, DAYBOOK_ORDER_CREATED);
    draft.customer = random_below(random, 4) ? DAYBOOK_TEXT("万泰酒业") : DAYBOOK_TEXT("acme");
    draft.items = &item, draft.item_count = 1;
    snprintf(key, sizeof key, "%016llx", (unsigned long long)random_next(random));
    if (random_below(random, 3) == 0)
        draft.customer = text_of(key); /* a new name: a personal value of its own */
    const struct daybook_entry entry = {.drafts = &draft,
                                        .draft_count = 1,
                                        .actor = DAYBOOK_TEXT("li.lei"),
                                        .via = DAYBOOK_TEXT("li.lei@host"),
                                        .via_kind = DAYBOOK_TEXT("os"),
                                        .key = text_of(key)};
    struct daybook_result result;
    int64_t begun = now_us();
    if (daybook_append(ledger, &entry, 1, &result, NULL) || result.error.code)
        return -1;
    int64_t waited = now_us() - begun;
    if (waited > notes->longest_us)
        notes->longest_us = waited;
    notes->answers[notes->count].seq = result.last_seq;
    notes->answers[notes->count].order = result.order;
    __atomic_store_n(&notes->count, notes->count + 1, __ATOMIC_RELEASE);
    return 0;
}

static void write_until(const char *folder, struct notebook *notes, uint32_t most, uint64_t seed)
{
    struct daybook *ledger = NULL;
    uint64_t random = seed;
    notes->failed = daybook_open(folder, NULL, &ledger, NULL) != 0;
    while (!notes->failed && notes->count < most)
        notes->failed = append_one(ledger, &random, notes) != 0;
    daybook_close(ledger);
    _exit(0);
}

static int see_event(void *context, const struct daybook_event *event, struct daybook_error *err)
{
    (void)err;
    uint64_t *last = context;
    if (event->seq != *last + 1)
        return -1;
    *last = event->seq;
    return 0;
}

static int read_once(struct daybook *ledger, uint64_t *seen)
{
    struct daybook_snapshot *snapshot = NULL;
    uint64_t from = *seen > 50 ? *seen - 50 : 0, last = from;
    if (daybook_snapshot_begin(ledger, &snapshot, NULL))
        return -1;
    int rc = daybook_follow(snapshot, from + 1, see_event, &last, NULL);
    if (last < *seen || last != daybook_last_seq(snapshot)) /* what was there stays there */
        rc = -1;
    *seen = last;
    daybook_snapshot_end(snapshot);
    return rc;
}

static void read_until_over(const char *folder, struct notebook *notes, const bool *over)
{
    struct daybook *ledger = NULL;
    uint64_t seen = 0;
    notes->failed = daybook_open(folder, NULL, &ledger, NULL) != 0;
    while (!notes->failed && !__atomic_load_n(over, __ATOMIC_ACQUIRE)) {
        int64_t begun = now_us();
        notes->failed = read_once(ledger, &seen) != 0;
        int64_t waited = now_us() - begun;
        if (waited > notes->longest_us)
            notes->longest_us = waited;
        notes->count++;
    }
    daybook_close(ledger);
    _exit(0);
}

/* ---- what has to be true of the log afterwards */

struct check {
    struct daybook_snapshot *snapshot;
    uint64_t next_seq;
    int64_t recorded_us;
    uint64_t *keys;
    size_t key_count;
    struct tree tree;
    struct event_scratch scratch;
};

static int check_value(void *context, const char *field, uint16_t slot, const struct daybook_personal *personal)
{
    (void)field;
    const struct check *c = context;
    struct daybook_personal looked_for = *personal;
    struct daybook_text value;
    looked_for.slot = slot;
    assert_int_equal(daybook_personal_value(c->snapshot, c->next_seq, &looked_for, &value, NULL), 0);
    assert_non_null(value.ptr); /* nothing of it was lost */
    return 0;
}

static int check_event(void *context, const struct daybook_event *event, struct daybook_error *err)
{
    struct check *c = context;
    struct daybook_data data;
    struct tree_hash leaf;
    struct tree_row rows[TREE_ROWS_MAX];
    assert_int_equal(event->seq, c->next_seq); /* no gap */
    assert_int_equal(event_validate(event->seq, event->bytes, event->len, err), 0);
    assert_true(event->recorded_us >= c->recorded_us);
    c->recorded_us = event->recorded_us;
    if (event->nth > 1) { /* the chain is whole */
        struct daybook_event before;
        assert_int_equal(daybook_event(c->snapshot, event->seq - event->prev, &before, NULL), 0);
        assert_true(before.kind == event->kind && before.ordinal == event->ordinal && before.nth + 1 == event->nth);
    }
    struct store_head head;
    assert_int_equal(store_head(c->snapshot->log, event->kind, event->ordinal, &head, NULL), 0);
    assert_true(head.version >= event->nth && (head.version > event->nth || head.last_seq == event->seq));
    assert_int_equal(event_read_data(event, &c->scratch, &data, err), 0);
    data_each_personal(schema_by_wire(event->type), &data, check_value, c);
    if (event->has_key)
        c->keys[c->key_count++] = event->key;
    tree_leaf_hash(event->bytes, event->len, &leaf);
    tree_append(&c->tree, &leaf, rows);
    c->next_seq++;
    return 0;
}

static int compare_keys(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void check_log(const char *folder, const struct notebooks *notebooks, unsigned writers, uint64_t *ret_last)
{
    struct daybook *ledger;
    struct check c = {.next_seq = 1};
    struct tree_hash root, stored;
    assert_int_equal(daybook_open(folder, NULL, &ledger, NULL), 0);
    assert_int_equal(daybook_snapshot_begin(ledger, &c.snapshot, NULL), 0);
    uint64_t last = daybook_last_seq(c.snapshot);
    c.keys = calloc(last + 1, sizeof *c.keys);
    tree_init(&c.tree);
    assert_int_equal(daybook_follow(c.snapshot, 1, check_event, &c, NULL), 0);
    assert_int_equal(c.next_seq, last + 1);
    tree_root(&c.tree, &root);
    assert_int_equal(daybook_root(c.snapshot, last, stored.bytes, NULL), 0);
    assert_memory_equal(root.bytes, stored.bytes, sizeof root.bytes);
    qsort(c.keys, c.key_count, sizeof *c.keys, compare_keys);
    for (size_t i = 1; i < c.key_count; i++)
        assert_true(c.keys[i - 1] != c.keys[i]); /* nothing twice */
    for (unsigned w = 0; w < writers; w++)
        for (uint32_t i = 0; i < notebooks->of[w].count; i++) { /* nothing lost */
            struct daybook_event event;
            assert_int_equal(daybook_event(c.snapshot, notebooks->of[w].answers[i].seq, &event, NULL), 0);
            assert_int_equal(event.type, DAYBOOK_ORDER_CREATED);
            assert_int_equal(event.ordinal, notebooks->of[w].answers[i].order);
        }
    free(c.keys);
    event_scratch_release(&c.scratch);
    daybook_snapshot_end(c.snapshot);
    daybook_close(ledger);
    *ret_last = last;
}

/* ---- the tests */

static void processes_together(void **state)
{
    (void)state;
    char root[SCRATCH_PATH_SIZE], folder[SCRATCH_PATH_SIZE + 8];
    struct notebooks *notebooks = new_notebooks();
    pid_t writers[WRITERS], readers[READERS];
    uint64_t last = 0, appended = 0;
    scratch_folder(root);
    snprintf(folder, sizeof folder, "%s/ledger", root);
    daybook_close(scratch_ledger(folder));
    for (unsigned i = 0; i < READERS; i++)
        if ((readers[i] = fork()) == 0)
            read_until_over(folder, &notebooks->of[WRITERS + i], &notebooks->over);
    for (unsigned i = 0; i < WRITERS; i++)
        if ((writers[i] = fork()) == 0)
            write_until(folder, &notebooks->of[i], PER_WRITER, i + 1);
    for (unsigned i = 0; i < WRITERS; i++)
        waitpid(writers[i], NULL, 0);
    __atomic_store_n(&notebooks->over, true, __ATOMIC_RELEASE);
    for (unsigned i = 0; i < READERS; i++)
        waitpid(readers[i], NULL, 0);
    for (unsigned i = 0; i < WRITERS + READERS; i++) {
        assert_false(notebooks->of[i].failed);
        assert_in_range(notebooks->of[i].longest_us, 1, 5 * 1000000); /* nobody starved */
    }
    for (unsigned i = 0; i < WRITERS; i++)
        appended += notebooks->of[i].count;
    assert_int_equal(appended, WRITERS * PER_WRITER);
    for (unsigned i = 0; i < READERS; i++)
        assert_true(notebooks->of[WRITERS + i].count > 0);
    check_log(folder, notebooks, WRITERS, &last);
    assert_true(last >= appended);
    munmap(notebooks, sizeof *notebooks);
    scratch_remove(root);
}

static void wait_us(uint32_t us)
{
    nanosleep(&(struct timespec){.tv_nsec = us * 1000L}, NULL);
}

/* One is killed while the others go on, then all of them. */
static void kill_some(const char *folder, struct notebooks *notebooks, uint64_t *random)
{
    pid_t writers[KILLED_WRITERS];
    for (unsigned i = 0; i < KILLED_WRITERS; i++)
        notebooks->of[i].count = 0;
    for (unsigned i = 0; i < KILLED_WRITERS; i++) {
        uint64_t seed = random_next(random);
        if ((writers[i] = fork()) == 0)
            write_until(folder, &notebooks->of[i], ANSWERS_MAX, seed);
    }
    for (unsigned i = 0; i < KILLED_WRITERS; i++) {
        wait_us(2000 + random_below(random, 30000));
        kill(writers[i], SIGKILL);
    }
    for (unsigned i = 0; i < KILLED_WRITERS; i++)
        waitpid(writers[i], NULL, 0);
    for (unsigned i = 0; i < KILLED_WRITERS; i++)
        assert_false(notebooks->of[i].failed);
}

static void killed_processes(void **state)
{
    (void)state;
    char root[SCRATCH_PATH_SIZE], folder[SCRATCH_PATH_SIZE + 8];
    const char *wanted = getenv("CRASH_S");
    int64_t end = now_us() + (wanted ? strtol(wanted, NULL, 10) : 5) * 1000000;
    struct notebooks *notebooks = new_notebooks();
    uint64_t random = random_seed(), last = 0, before = 0, most_at_once = 4000;
    unsigned rounds = 0;
    scratch_folder(root);
    snprintf(folder, sizeof folder, "%s/ledger", root);
    daybook_close(scratch_ledger(folder));
    while (now_us() < end) {
        kill_some(folder, notebooks, &random);
        check_log(folder, notebooks, KILLED_WRITERS, &last);
        assert_true(last >= before);
        before = last;
        rounds++;
        if (last > most_at_once) { /* a check reads all of it */
            scratch_remove(folder);
            daybook_close(scratch_ledger(folder));
            before = 0;
        }
    }
    print_message("# %u rounds\n", rounds);
    assert_true(rounds > 3);
    munmap(notebooks, sizeof *notebooks);
    scratch_remove(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(processes_together), cmocka_unit_test(killed_processes)};
    return cmocka_run_group_tests_name("crash", tests, NULL, NULL);
}
