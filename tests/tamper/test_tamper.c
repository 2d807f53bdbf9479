/* Every change to a ledger's files that we could think of, made at random: verify must say so, and where, or nothing
 * that anybody reads has changed. It runs in a child, so that a signal is a failure and not the end; it writes nothing.
 *
 * SEED= repeats a run. TAMPER_S= goes on for so many seconds. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <lmdb.h>
#include <xxhash.h>

#include "ledger/verify.h"
#include "tests/tamper/forge.h"
#include "tests/tamper/place.h"
#include "tests/unit/scratch.h"

enum { ROUNDS = 150, LIMIT_S = 60 };

static uint64_t seed, chance; /* what random numbers began with, and where they are */
static struct place place;

/* ---- what verify says */

struct verdict {
    int status; /* of the child; 1: findings, 3: it cannot be read */
    bool fits_checkpoint;
    char message[300];
};

static void be_the_child(const char *folder, int out)
{
    struct verify_options options = {.earlier_size = place.kept_size};
    struct verify_result result;
    struct daybook_error err = {0};
    struct verdict verdict = {0};
    alarm(LIMIT_S);
    int rc = verify_ledger(folder, &options, &result, &err);
    verdict.status = rc ? (int)daybook_code_class(rc) : 0;
    verdict.fits_checkpoint =
        result.has_earlier_root && memcmp(&result.earlier_root, &place.kept_root, sizeof place.kept_root) == 0;
    memcpy(verdict.message, err.message, strnlen(err.message, sizeof verdict.message - 1));
    ssize_t written = write(out, &verdict, sizeof verdict);
    _exit(written == sizeof verdict ? 0 : 1);
}

static struct verdict verify(const char *what)
{
    int ends[2], status;
    struct verdict verdict;
    uint64_t before = place_files_hash(&place);
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0)
        be_the_child(place.folder, ends[1]);
    close(ends[1]);
    ssize_t got = read(ends[0], &verdict, sizeof verdict);
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status) || got != sizeof verdict)
        fail_msg("SEED=%llu: %s: verify ended with signal %d", (unsigned long long)seed, what, WTERMSIG(status));
    if (place_files_hash(&place) != before)
        fail_msg("SEED=%llu: %s: verify wrote to the files", (unsigned long long)seed, what);
    return verdict;
}

/* Found, and said where: a table, a file, a page or an event is named. */
static void assert_found(const char *what)
{
    static const char *const places[] = {"vent ", "vents ", "able ", "page ", "rows", "/log", "/personal", "ledger's",
                                        "format",  "time zone", "order numbers"};
    struct verdict verdict = verify(what);
    bool says_where = false;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        says_where |= strstr(verdict.message, places[i]) != NULL;
    if (verdict.status != 1 && verdict.status != 3)
        fail_msg("SEED=%llu: %s goes unseen: %d", (unsigned long long)seed, what, verdict.status);
    if (!says_where)
        fail_msg("SEED=%llu: %s: it is not said where: %s", (unsigned long long)seed, what, verdict.message);
}

/* Found, or of no account: every row of every table is still what it was. */
static void assert_found_or_same(const char *what)
{
    struct verdict verdict = verify(what);
    if (verdict.status == 0 && place_rows_hash(&place) != place.good_rows)
        fail_msg("SEED=%llu: %s goes unseen", (unsigned long long)seed, what);
    if (verdict.status != 0 && verdict.status != 1 && verdict.status != 3)
        fail_msg("SEED=%llu: %s: status %d: %s", (unsigned long long)seed, what, verdict.status, verdict.message);
}

/* ---- rows */

enum how { DELETE, FLIP, ADD, SWAP, HOW_COUNT };
static const char *const how_names[HOW_COUNT] = {"removed", "changed", "slipped in", "swapped"};

static bool change_row(MDB_cursor *cursor, MDB_dbi dbi, enum how how)
{
    static struct row one, other;
    MDB_txn *txn = mdb_cursor_txn(cursor);
    MDB_stat stat;
    assert_int_equal(mdb_stat(txn, dbi, &stat), 0);
    if (stat.ms_entries == 0 || (how == SWAP && stat.ms_entries < 2))
        return false;
    unsigned flags = 0;
    mdb_dbi_flags(txn, dbi, &flags);
    const uint32_t count = (uint32_t)stat.ms_entries, at = random_below(&chance, count);
    row_get(cursor, at, &one);
    enum { COUNTER = 255 };
    bool is_counter = !(flags & MDB_INTEGERKEY) && one.key[0] == COUNTER; /* too low, it costs time and no more */
    if (how == DELETE && is_counter)
        return false;
    if (how == DELETE)
        return mdb_cursor_del(cursor, 0) == 0;
    if (how == SWAP) {
        row_get(cursor, (at + 1 + random_below(&chance, count - 1)) % count, &other);
        if (one.value_len == other.value_len && memcmp(one.value, other.value, one.value_len) == 0)
            return false;
        return row_put(txn, dbi, one.key, one.key_len, other.value, other.value_len) &&
               row_put(txn, dbi, other.key, other.key_len, one.value, one.value_len);
    }
    if (how == FLIP && is_counter)
        one.value[1 + random_below(&chance, 3)] |= (uint8_t)(1u << random_below(&chance, 7));
    else if (how == FLIP)
        one.value[random_below(&chance, (uint32_t)one.value_len)] ^= (uint8_t)(1u << random_below(&chance, 8));
    else if (flags & MDB_INTEGERKEY)
        one.key[random_below(&chance, 7)] ^= (uint8_t)(1u << random_below(&chance, 8));
    else /* of a personal value the slot: rows beyond the log's last seq are what a crash leaves */
        one.key[one.key_len - 1] ^= (uint8_t)(1u << random_below(&chance, 8));
    MDB_val key = {one.key_len, one.key}, there;
    if (how == ADD && mdb_get(txn, dbi, &key, &there) == 0)
        return false;
    return row_put(txn, dbi, one.key, one.key_len, one.value, one.value_len);
}

static const struct {
    const char *env, *table;
} tables[] = {
    {"log", "events"}, {"log", "heads"}, {"log", "names"},      {"log", "keys"},  {"log", "voids"},
    {"log", "tree"},   {"log", "meta"},  {"personal-0", "values"}, {"personal-0", "names"},
};

static void change_table(size_t table, enum how how)
{
    char what[100];
    MDB_dbi dbi;
    MDB_cursor *cursor = NULL;
    place_restore(&place);
    MDB_env *env = place_open(&place, tables[table].env);
    MDB_txn *txn = NULL;
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, tables[table].table, 0, &dbi), 0);
    assert_int_equal(mdb_cursor_open(txn, dbi, &cursor), 0);
    bool changed = change_row(cursor, dbi, how);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
    snprintf(what, sizeof what, "a row of %s %s", tables[table].table, how_names[how]);
    if (changed)
        assert_found(what);
}

/* ---- bytes of files */

struct bytes {
    uint8_t *at;
    size_t size;
};

static size_t page_at(const struct bytes *file)
{
    return random_below(&chance, (uint32_t)(file->size / PAGE_SIZE)) * PAGE_SIZE;
}

static void flip_bit(struct bytes *file)
{
    file->at[random_below(&chance, (uint32_t)file->size)] ^= (uint8_t)(1u << random_below(&chance, 8));
}

static void flip_header(struct bytes *file)
{
    file->at[page_at(file) + random_below(&chance, 16)] ^= (uint8_t)(1u << random_below(&chance, 8));
}

static void zero_page(struct bytes *file)
{
    memset(file->at + page_at(file), 0, PAGE_SIZE);
}

static void swap_pages(struct bytes *file)
{
    uint8_t page[PAGE_SIZE];
    size_t a = page_at(file), b = page_at(file);
    memcpy(page, file->at + a, PAGE_SIZE);
    memmove(file->at + a, file->at + b, PAGE_SIZE);
    memcpy(file->at + b, page, PAGE_SIZE);
}

static void swap_metas(struct bytes *file)
{
    uint8_t page[PAGE_SIZE];
    memcpy(page, file->at, PAGE_SIZE);
    memcpy(file->at, file->at + PAGE_SIZE, PAGE_SIZE);
    memcpy(file->at + PAGE_SIZE, page, PAGE_SIZE);
}

static void garble_page(struct bytes *file)
{
    size_t page = page_at(file);
    for (size_t i = 0; i < PAGE_SIZE; i++)
        file->at[page + i] = (uint8_t)random_next(&chance);
}

static void cut(struct bytes *file)
{
    file->size = random_below(&chance, (uint32_t)file->size);
}

static void cut_pages(struct bytes *file)
{
    file->size = page_at(file);
}

static const struct {
    const char *what;
    void (*change)(struct bytes *file);
} changes[] = {
    {"a bit flipped", flip_bit},     {"a bit of a page's header flipped", flip_header},
    {"a page zeroed", zero_page},    {"two pages swapped", swap_pages},
    {"the metas swapped", swap_metas}, {"a page garbled", garble_page},
    {"a file cut", cut},             {"a file cut between pages", cut_pages},
};

static void change_file(const char *name, size_t change)
{
    char what[100];
    struct bytes file;
    place_restore(&place);
    file.at = place_read(&place, name, &file.size);
    if (file.size >= 2 * PAGE_SIZE)
        changes[change].change(&file);
    place_write(&place, name, file.at, file.size);
    free(file.at);
    snprintf(what, sizeof what, "%s: %s", name, changes[change].what);
    assert_found_or_same(what);
}

/* ---- tests */

static void test_untouched(void **state)
{
    (void)state;
    place_restore(&place);
    struct verdict verdict = verify("nothing");
    if (verdict.status)
        fail_msg("%s", verdict.message);
    assert_true(verdict.fits_checkpoint);
    assert_true(place_rows_hash(&place) == place.good_rows);
}

static bool time_is_left(time_t start)
{
    const char *seconds = getenv("TAMPER_S");
    return seconds && time(NULL) - start < strtol(seconds, NULL, 10);
}

static void test_rows(void **state)
{
    (void)state;
    time_t start = time(NULL);
    unsigned rounds = 0;
    do {
        for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
            for (enum how how = 0; how < HOW_COUNT; how++)
                change_table(i, how);
    } while (++rounds < 4 || time_is_left(start));
}

static void test_bytes(void **state)
{
    (void)state;
    static const char *const files[] = {"log/data.mdb", "log/data.mdb", "personal-0/data.mdb", "log/lock.mdb",
                                        "personal-0/lock.mdb"};
    time_t start = time(NULL);
    unsigned rounds = 0;
    do {
        uint32_t file = random_below(&chance, sizeof files / sizeof *files);
        change_file(files[file], random_below(&chance, sizeof changes / sizeof *changes));
    } while (++rounds < ROUNDS || time_is_left(start));
}

/* What is older, or another's, but right by itself: the checkpoint tells, or what both parts of a ledger share. */
static void test_whole_files(void **state)
{
    (void)state;
    place_restore(&place);
    place_copy(&place, place.older, "log/data.mdb");
    place_copy(&place, place.older, "personal-0/data.mdb");
    assert_false(verify("an older copy put back").fits_checkpoint);
    place_restore(&place);
    place_copy(&place, place.older, "personal-0/data.mdb");
    assert_found("an older copy of personal data put back");
    place_restore(&place);
    place_copy(&place, place.other, "personal-0/data.mdb");
    assert_found("another ledger's personal data");
    place_restore(&place);
    place_copy(&place, place.other, "log/data.mdb");
    assert_found("another ledger's log");
    place_copy(&place, place.other, "personal-0/data.mdb");
    assert_false(verify("another ledger").fits_checkpoint);
}

/* Everything is right, but for the root that was kept elsewhere; written anew without a forgery, that fits as well. */
static void test_forged(void **state)
{
    (void)state;
    for (enum forgery forgery = FORGE_NOTHING; forgery <= FORGE_INSERT; forgery++) {
        char forged[PLACE_PATH_SIZE];
        snprintf(forged, sizeof forged, "%s/forged-%d", place.root, forgery);
        forge(place.good, forged, forgery, 1 + random_below(&chance, (uint32_t)place.kept_size - 10));
        place_copy(&place, forged, "log/data.mdb");
        place_copy(&place, forged, "personal-0/data.mdb");
        struct verdict verdict = verify("a forgery");
        if (verdict.status)
            fail_msg("SEED=%llu: forgery %d: %s", (unsigned long long)seed, forgery, verdict.message);
        assert_int_equal(verdict.fits_checkpoint, forgery == FORGE_NOTHING);
    }
}

static int make_all(void **state)
{
    (void)state;
    chance = seed = random_seed();
    place_make(&place);
    return 0;
}

static int remove_all(void **state)
{
    (void)state;
    scratch_remove(place.root);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_untouched),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_whole_files),
        cmocka_unit_test(test_forged),
    };
    return cmocka_run_group_tests_name("tamper", tests, make_all, remove_all);
}
