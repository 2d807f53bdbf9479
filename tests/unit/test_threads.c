/* Many threads in one process: appending in shared commits, reading, verifying, opening and closing, forking. Under
 * ThreadSanitizer (make THREADS=1) this finds what two threads touch at once. THREADS_S repeats it for so long. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "daybook/erase.h"
#include "ledger/ledger.h"
#include "ledger/verify.h"
#include "projections/delays.h"
#include "projections/orders.h"
#include "projections/runner.h"
#include "tests/unit/scratch.h"

enum { PAIRS = 4, ENTRIES = 24, BATCH_MAX = 3, LEDGERS = 3, FORKS = 12 };

static void assert_path(char out[SCRATCH_PATH_SIZE + 24], const char *root, const char *name)
{
    snprintf(out, SCRATCH_PATH_SIZE + 24, "%s/%s", root, name);
}

static struct daybook *open_or_null(const char *folder)
{
    struct daybook *ledger = NULL;
    return daybook_open(folder, NULL, &ledger, NULL) ? NULL : ledger;
}

/* ---- what one thread does. cmocka's asserts belong to the main thread: others count what went wrong. */

struct work {
    struct daybook *ledger;
    const char *folder;
    unsigned author; /* the numbers and keys of its entries; two threads may share one */
    unsigned count;
    const atomic_bool *over;
    uint64_t seqs[ENTRIES]; /* what was answered */
    unsigned repeated, failed, rounds;
};

/* Entry i of that author: quantity and key say which. Every third names somebody new. */
static void fill_entry(const struct work *w, unsigned i, struct daybook_draft *draft, struct daybook_draft_item *item,
                       char names[2][32], struct daybook_entry *entry)
{
    snprintf(names[0], 32, "key-%u-%u", w->author, i);
    snprintf(names[1], 32, "customer-%u", i % 3 ? i % 5 : w->author * 1000 + i);
    *item = (struct daybook_draft_item){.code = DAYBOOK_TEXT("LW-1"),
                                        .has_quantity = true,
                                        .quantity = quantity(w->author * 1000 + i + 1),
                                        .expected_on = DAYBOOK_DAY_NONE};
    daybook_draft_init(draft, DAYBOOK_ORDER_CREATED);
    draft->customer = text_of(names[1]);
    draft->items = item;
    draft->item_count = 1;
    *entry = (struct daybook_entry){.drafts = draft,
                                    .draft_count = 1,
                                    .actor = DAYBOOK_TEXT("li.lei"),
                                    .via = DAYBOOK_TEXT("li.lei@host"),
                                    .via_kind = DAYBOOK_TEXT("os"),
                                    .key = text_of(names[0])};
}

static void append_batch(struct work *w, unsigned first, unsigned count)
{
    struct daybook_draft drafts[BATCH_MAX];
    struct daybook_draft_item items[BATCH_MAX];
    struct daybook_entry entries[BATCH_MAX] = {0};
    struct daybook_result results[BATCH_MAX];
    char names[BATCH_MAX][2][32];
    for (unsigned i = 0; i < count; i++)
        fill_entry(w, first + i, &drafts[i], &items[i], names[i], &entries[i]);
    if (daybook_append(w->ledger, entries, count, results, NULL)) {
        w->failed++;
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        w->failed += results[i].error.code != 0;
        w->repeated += results[i].repeated;
        w->seqs[first + i] = results[i].last_seq;
    }
}

static void *append(void *context)
{
    struct work *w = context;
    for (unsigned i = 0, batch = 1; i < w->count; i += batch, batch = 1 + i % BATCH_MAX) {
        if (batch > w->count - i)
            batch = w->count - i;
        append_batch(w, i, batch);
    }
    return NULL;
}

/* A refusal in somebody else's batch is no failure of mine, nor a broken one. */
static void *append_wrongly(void *context)
{
    struct work *w = context;
    while (!atomic_load(w->over)) {
        struct daybook_draft draft;
        struct daybook_entry entry = {.drafts = &draft,
                                      .draft_count = 1,
                                      .actor = DAYBOOK_TEXT("nobody"),
                                      .via = DAYBOOK_TEXT("nobody@host"),
                                      .via_kind = DAYBOOK_TEXT("os")};
        struct daybook_result result;
        daybook_draft_init(&draft, DAYBOOK_ORDER_SHIPPED);
        draft.order_no = DAYBOOK_TEXT("no such order");
        w->failed += daybook_append(w->ledger, &entry, 1, &result, NULL) || result.error.code != DAYBOOK_NOT_FOUND ||
                     !strstr(result.error.message, "no such order");
        w->rounds++;
    }
    return NULL;
}

static int see(void *context, const struct daybook_event *event, struct daybook_error *err)
{
    uint64_t *next = context;
    (void)err;
    return event->seq == (*next)++ ? 0 : -1;
}

static void *read_log(void *context)
{
    struct work *w = context;
    uint64_t next = 1;
    do {
        struct daybook_snapshot *snapshot = NULL;
        uint32_t ordinal = 0;
        uint8_t root[32];
        if (daybook_snapshot_begin(w->ledger, &snapshot, NULL)) {
            w->failed++;
            break;
        }
        w->failed += daybook_follow(snapshot, next, see, &next, NULL) != 0;
        w->failed += next != daybook_last_seq(snapshot) + 1;
        w->failed += daybook_root(snapshot, daybook_last_seq(snapshot), root, NULL) != 0;
        w->failed += daybook_find(snapshot, DAYBOOK_CUSTOMER, DAYBOOK_TEXT("customer-1"), &ordinal, NULL) != 0;
        w->failed += daybook_event(snapshot, UINT32_MAX, &(struct daybook_event){0}, NULL) != DAYBOOK_NOT_FOUND;
        daybook_snapshot_end(snapshot);
        w->rounds++;
    } while (!atomic_load(w->over));
    return NULL;
}

static void *verify(void *context)
{
    static const struct verify_options options;
    struct work *w = context;
    do {
        struct verify_result result;
        struct daybook_error err = {0};
        if (verify_ledger(w->folder, &options, &result, &err)) {
            fprintf(stderr, "# verify: %s\n", err.message);
            w->failed++;
        }
        w->rounds++;
    } while (!atomic_load(w->over));
    return NULL;
}

static void *keep_views(void *context)
{
    struct work *w = context;
    do {
        struct daybook_snapshot *snapshot = NULL;
        struct daybook_view *view = NULL;
        if (daybook_snapshot_begin(w->ledger, &snapshot, NULL)) {
            w->failed++;
            break;
        }
        const struct daybook_projection *kept = w->rounds % 2 ? &orders_projection : &delays_projection;
        int rc = daybook_view_open(snapshot, kept, NULL, &view, NULL);
        w->failed += rc && rc != DAYBOOK_VERSION_CONFLICT; /* another thread has brought it further */
        if (w->rounds++ % 8 == 0)
            w->failed += daybook_view_rebuild(snapshot, &orders_projection, NULL, NULL) != 0;
        daybook_view_close(view);
        daybook_snapshot_end(snapshot);
    } while (!atomic_load(w->over));
    return NULL;
}

static void *open_and_close(void *context)
{
    struct work *w = context;
    do {
        struct daybook *ledger = open_or_null(w->folder);
        struct daybook_snapshot *snapshot = NULL;
        w->failed += !ledger || daybook_snapshot_begin(ledger, &snapshot, NULL) != 0;
        daybook_snapshot_end(snapshot);
        daybook_close(ledger);
        w->rounds++;
    } while (!atomic_load(w->over));
    return NULL;
}

/* ---- threads */

typedef void *work_function(void *);

struct worker {
    work_function *run;
    struct work work;
    pthread_t thread;
};

static void start(struct worker *workers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_int_equal(pthread_create(&workers[i].thread, NULL, workers[i].run, &workers[i].work), 0);
}

static void join(struct worker *workers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
}

static void assert_none_failed(const struct worker *workers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (workers[i].work.failed)
            fail_msg("worker %zu failed %u times", i, workers[i].work.failed);
}

struct tally {
    unsigned quantities[PAIRS * 1000 + 1];
    unsigned orders;
    struct event_scratch scratch;
};

static int count_order(void *context, const struct daybook_event *event, struct daybook_error *err)
{
    struct tally *t = context;
    struct daybook_data data;
    if (event->type != DAYBOOK_ORDER_CREATED)
        return 0;
    int rc = event_read_data(event, &t->scratch, &data, err);
    int64_t units = rc ? 0 : data.lines[0].quantity.mantissa;
    if (rc || units < 1 || units > PAIRS * 1000)
        return -1;
    t->quantities[units]++;
    t->orders++;
    return 0;
}

/* Each entry of authors 0 .. authors - 1 is there, once. */
static void assert_each_once(struct daybook *ledger, unsigned authors, unsigned entries)
{
    struct tally *tally = calloc(1, sizeof *tally);
    struct daybook_snapshot *snapshot = NULL;
    assert_int_equal(daybook_snapshot_begin(ledger, &snapshot, NULL), 0);
    assert_int_equal(daybook_follow(snapshot, 1, count_order, tally, NULL), 0);
    assert_int_equal(tally->orders, authors * entries);
    for (unsigned author = 0; author < authors; author++)
        for (unsigned i = 0; i < entries; i++)
            assert_int_equal(tally->quantities[author * 1000 + i + 1], 1);
    daybook_snapshot_end(snapshot);
    event_scratch_release(&tally->scratch);
    free(tally);
}

static void assert_verifies(const char *folder)
{
    static const struct verify_options options;
    struct verify_result result;
    struct daybook_error err = {0};
    if (verify_ledger(folder, &options, &result, &err))
        fail_msg("%s", err.message);
    assert_int_equal(result.erased, 0);
}

/* ---- the tests */

/* Threads 2n and 2n + 1 send the same entries under the same keys: whoever comes second is told the first's seqs. */
static void keys_in_two_threads(const char *root)
{
    enum { APPENDERS = 2 * PAIRS, WORKERS = APPENDERS + 6 };
    static work_function *const others[] = {append_wrongly, read_log, read_log, verify, keep_views, keep_views};
    struct worker workers[WORKERS] = {0};
    char folder[SCRATCH_PATH_SIZE + 24];
    atomic_bool over = false;
    assert_path(folder, root, "keys");
    struct daybook *ledger = scratch_ledger(folder);
    for (unsigned i = 0; i < WORKERS; i++)
        workers[i] = (struct worker){
            .run = i < APPENDERS ? append : others[i - APPENDERS],
            .work = {.ledger = ledger, .folder = folder, .author = i / 2, .count = ENTRIES, .over = &over}};
    start(workers, WORKERS);
    join(workers, APPENDERS);
    atomic_store(&over, true);
    join(workers + APPENDERS, WORKERS - APPENDERS);
    assert_none_failed(workers, WORKERS);
    for (unsigned pair = 0; pair < PAIRS; pair++) {
        const struct work *one = &workers[2 * pair].work, *two = &workers[2 * pair + 1].work;
        assert_memory_equal(one->seqs, two->seqs, sizeof one->seqs);
        assert_int_equal(one->repeated + two->repeated, ENTRIES);
    }
    assert_each_once(ledger, PAIRS, ENTRIES);
    daybook_close(ledger);
    assert_verifies(folder);
}

static void several_ledgers(const char *root)
{
    enum { WORKERS = 3 * LEDGERS };
    struct worker workers[WORKERS] = {0};
    struct daybook *ledgers[LEDGERS];
    char folders[LEDGERS][SCRATCH_PATH_SIZE + 24], name[16];
    atomic_bool over = true; /* readers read once */
    for (unsigned i = 0; i < LEDGERS; i++) {
        snprintf(name, sizeof name, "several-%u", i);
        assert_path(folders[i], root, name);
        ledgers[i] = scratch_ledger(folders[i]);
        for (unsigned j = 0; j < 3; j++)
            workers[3 * i + j] = (struct worker){
                .run = j < 2 ? append : read_log,
                .work = {.ledger = ledgers[i], .folder = folders[i], .author = j, .count = ENTRIES, .over = &over}};
    }
    start(workers, WORKERS);
    join(workers, WORKERS);
    assert_none_failed(workers, WORKERS);
    for (unsigned i = 0; i < LEDGERS; i++) {
        assert_each_once(ledgers[i], 2, ENTRIES);
        daybook_close(ledgers[i]);
    }
}

/* Two handles of one ledger share LMDB's environment: closing one leaves the other at work. */
static void opened_twice(const char *root)
{
    enum { WORKERS = 5 };
    struct worker workers[WORKERS] = {0};
    char folder[SCRATCH_PATH_SIZE + 24];
    atomic_bool over = false;
    assert_path(folder, root, "twice");
    struct daybook *one = scratch_ledger(folder), *two = open_or_null(folder);
    assert_non_null(two);
    static work_function *const runs[WORKERS] = {append, append, append, open_and_close, open_and_close};
    for (unsigned i = 0; i < WORKERS; i++)
        workers[i] = (struct worker){.run = runs[i],
                                     .work = {.ledger = i ? one : two,
                                              .folder = folder,
                                              .author = i,
                                              .count = i ? ENTRIES : ENTRIES / 4,
                                              .over = &over}};
    start(workers, WORKERS);
    join(workers, 1);
    daybook_close(two);
    join(workers + 1, 2);
    atomic_store(&over, true);
    join(workers + 3, 2);
    assert_none_failed(workers, WORKERS);
    daybook_close(one);
    assert_verifies(folder);
}

/* The log names another folder of personal data from one transaction to the next. */
static void forget(struct daybook *ledger, uint64_t generation)
{
    char name[32];
    struct daybook_erased erased;
    snprintf(name, sizeof name, "customer-%u", (unsigned)generation);
    const struct daybook_erase_request request = {.kind = DAYBOOK_ERASE_CUSTOMER,
                                                  .name = text_of(name),
                                                  .actor = DAYBOOK_TEXT("li.lei"),
                                                  .via = DAYBOOK_TEXT("li.lei@host"),
                                                  .via_kind = DAYBOOK_TEXT("os")};
    assert_int_equal(daybook_erase(ledger, &request, &erased, NULL), 0);
    assert_int_equal(erased.values, 1);
}

static void generation_moves(const char *root)
{
    enum { WORKERS = 6, GENERATIONS = 4 };
    static void *(*const runs[WORKERS])(void *) = {append, append, read_log, read_log, open_and_close, open_and_close};
    struct worker workers[WORKERS] = {0};
    char folder[SCRATCH_PATH_SIZE + 24];
    atomic_bool over = false;
    assert_path(folder, root, "generations");
    struct daybook *ledger = scratch_ledger(folder);
    struct work first = {.ledger = ledger, .author = 0, .count = ENTRIES};
    append(&first);
    assert_int_equal(first.failed, 0);
    for (unsigned i = 0; i < WORKERS; i++)
        workers[i] = (struct worker){
            .run = runs[i],
            .work = {.ledger = ledger, .folder = folder, .over = &over, .author = i + 1, .count = ENTRIES}};
    start(workers, WORKERS);
    for (uint64_t generation = 1; generation <= GENERATIONS; generation++) {
        forget(ledger, generation);
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
    atomic_store(&over, true);
    join(workers, WORKERS);
    assert_none_failed(workers, WORKERS);
    daybook_close(ledger);
}

/* In the child: the parent's handle is refused, an own one works. Its exit status says which step failed. */
static void be_a_child(struct daybook *inherited, const char *folder, unsigned author)
{
    struct work w = {.ledger = inherited, .author = author, .count = 1};
    struct daybook_snapshot *snapshot = NULL;
    struct daybook_draft draft;
    struct daybook_draft_item item;
    struct daybook_entry entry;
    struct daybook_result result;
    char names[2][32];
    alarm(60); /* a lock that another thread held at the fork would never be let go of */
    fill_entry(&w, 0, &draft, &item, names, &entry);
    if (daybook_append(inherited, &entry, 1, &result, NULL) != DAYBOOK_FORKED_HANDLE)
        _exit(1);
    if (daybook_snapshot_begin(inherited, &snapshot, NULL) != DAYBOOK_FORKED_HANDLE)
        _exit(2);
    w.ledger = open_or_null(folder);
    if (!w.ledger)
        _exit(3);
    append(&w);
    daybook_close(w.ledger);
    daybook_close(inherited);
    _exit(w.failed ? 4 : 0);
}

/* AddressSanitizer's allocator hangs in the child of a process whose other threads were allocating. */
#ifdef __SANITIZE_ADDRESS__
enum { ALLOCATOR_SURVIVES_FORK = false };
#else
enum { ALLOCATOR_SURVIVES_FORK = true };
#endif

static void forked(const char *root)
{
    enum { WORKERS = 5 };
    const size_t running = ALLOCATOR_SURVIVES_FORK ? WORKERS : 0;
    static work_function *const runs[WORKERS] = {append_wrongly, append_wrongly, read_log, open_and_close,
                                                 open_and_close};
    struct worker workers[WORKERS] = {0};
    char folder[SCRATCH_PATH_SIZE + 24];
    atomic_bool over = false;
    assert_path(folder, root, "forked");
    struct daybook *ledger = scratch_ledger(folder);
    for (unsigned i = 0; i < WORKERS; i++)
        workers[i] = (struct worker){.run = runs[i], .work = {.ledger = ledger, .folder = folder, .over = &over}};
    start(workers, running);
    int wrong = 0;
    for (unsigned i = 0; i < FORKS && !wrong; i++) {
        pid_t child = fork();
        if (child == 0)
            be_a_child(ledger, folder, i);
        assert_int_equal(waitpid(child, &wrong, 0), child);
    }
    atomic_store(&over, true);
    join(workers, running);
    assert_int_equal(wrong, 0);
    assert_none_failed(workers, WORKERS);
    struct work own = {.ledger = ledger, .author = FORKS, .count = ENTRIES};
    append(&own);
    assert_int_equal(own.failed, 0);
    daybook_close(ledger);
    assert_verifies(folder);
}

static bool last_byte_flipped(const char *folder, uint64_t seq)
{
    struct daybook *ledger = open_or_null(folder);
    struct store_txn *log = NULL;
    const uint8_t *bytes;
    size_t len;
    char path[SCRATCH_PATH_SIZE + 40];
    static uint8_t data[1 << 24];
    assert_non_null(ledger);
    assert_int_equal(store_begin(ledger->store, false, &log, NULL), 0);
    assert_int_equal(store_event(log, seq, &bytes, &len, NULL), 0);
    snprintf(path, sizeof path, "%s/log/data.mdb", folder);
    FILE *file = fopen(path, "r+");
    size_t size = fread(data, 1, sizeof data, file);
    const uint8_t *at = memmem(data, size, bytes, len);
    if (at) {
        long offset = (long)(at - data) + (long)len - 1;
        fseek(file, offset, SEEK_SET);
        fputc(data[offset] ^ 1, file);
    }
    fclose(file);
    store_abort(log);
    daybook_close(ledger);
    return at;
}

/* So many events that verify shares them between threads, while others write; and it says what it says alone. */
static void verified_by_many(const char *root)
{
    enum { BATCHES = 90, BATCH = 100 };
    char folder[SCRATCH_PATH_SIZE + 24];
    atomic_bool over = false;
    assert_path(folder, root, "many");
    struct daybook *ledger = scratch_ledger(folder);
    for (unsigned i = 0; i < BATCHES; i++) {
        struct daybook_draft drafts[BATCH];
        struct daybook_draft_item items[BATCH];
        struct daybook_entry entries[BATCH] = {0};
        struct daybook_result results[BATCH];
        static char names[BATCH][2][32];
        struct work w = {.author = i};
        for (unsigned j = 0; j < BATCH; j++)
            fill_entry(&w, j, &drafts[j], &items[j], names[j], &entries[j]);
        assert_int_equal(daybook_append(ledger, entries, BATCH, results, NULL), 0);
        assert_int_equal(results[BATCH - 1].error.code, 0);
    }
    struct worker workers[] = {
        {.run = append, .work = {.ledger = ledger, .author = 1000, .count = ENTRIES, .over = &over}},
        {.run = verify, .work = {.ledger = ledger, .folder = folder, .over = &over}},
        {.run = verify, .work = {.ledger = ledger, .folder = folder, .over = &over}},
    };
    start(workers, 3);
    join(workers, 1);
    atomic_store(&over, true);
    join(workers + 1, 2);
    assert_none_failed(workers, 3);
    daybook_close(ledger);
    assert_verifies(folder);
    struct verify_result result;
    assert_true(last_byte_flipped(folder, 4100) && last_byte_flipped(folder, 200));
    assert_int_equal(verify_ledger(folder, NULL, &result, NULL), DAYBOOK_VERIFICATION_FAILED);
    assert_true(result.problem_count >= 4); /* two events, their blocks, and what is missing in their chains */
    assert_int_equal(result.problems[0].seq, 200);
}

/* ---- each of them, as often as there is time */

static void repeat(void (*test)(const char *root))
{
    char root[SCRATCH_PATH_SIZE];
    const char *seconds = getenv("THREADS_S");
    time_t end = time(NULL) + (seconds ? strtol(seconds, NULL, 10) / 6 : 0);
    unsigned rounds = 0;
    do {
        scratch_folder(root);
        test(root);
        scratch_remove(root);
        rounds++;
    } while (time(NULL) < end);
    print_message("# %u rounds\n", rounds);
}

#define TEST(name)                                                                                                     \
    static void test_##name(void **state)                                                                              \
    {                                                                                                                  \
        (void)state;                                                                                                   \
        repeat(name);                                                                                                  \
    }
TEST(keys_in_two_threads)
TEST(several_ledgers)
TEST(opened_twice)
TEST(generation_moves)
TEST(forked)
TEST(verified_by_many)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_in_two_threads),
        cmocka_unit_test(test_several_ledgers),
        cmocka_unit_test(test_opened_twice),
        cmocka_unit_test(test_generation_moves),
        cmocka_unit_test(test_forked),
        cmocka_unit_test(test_verified_by_many),
    };
    return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
