/* The ledgers that are tampered with, and their files and rows from outside. */
#include "tests/tamper/place.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <xxhash.h>

/* All that a ledger is; a lock file is made anew by whoever opens it. */
static const char *const files[] = {"log/data.mdb", "personal-0/data.mdb", "log/lock.mdb", "personal-0/lock.mdb"};
enum { FILE_COUNT = sizeof files / sizeof *files, DATA_FILES = 2 };

static void path_of(char out[2 * PLACE_PATH_SIZE], const char *folder, const char *name)
{
    snprintf(out, 2 * PLACE_PATH_SIZE, "%s/%s", folder, name);
}

/* ---- files */

static uint8_t *read_file(const char *folder, const char *name, size_t *ret_size)
{
    char path[2 * PLACE_PATH_SIZE];
    struct stat file;
    path_of(path, folder, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0 && fstat(fd, &file) == 0);
    uint8_t *bytes = malloc((size_t)file.st_size + 1);
    assert_int_equal(read(fd, bytes, (size_t)file.st_size), file.st_size);
    close(fd);
    *ret_size = (size_t)file.st_size;
    return bytes;
}

uint8_t *place_read(const struct place *place, const char *name, size_t *ret_size)
{
    return read_file(place->folder, name, ret_size);
}

static void write_file(const char *folder, const char *name, const uint8_t *bytes, size_t size)
{
    char path[2 * PLACE_PATH_SIZE];
    path_of(path, folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0660);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), (ssize_t)size);
    close(fd);
}

void place_write(const struct place *place, const char *name, const uint8_t *bytes, size_t size)
{
    write_file(place->folder, name, bytes, size);
}

static void copy_file(const char *from, const char *to, const char *name)
{
    size_t size;
    uint8_t *bytes = read_file(from, name, &size);
    write_file(to, name, bytes, size);
    free(bytes);
}

void place_copy(const struct place *place, const char *from, const char *name)
{
    copy_file(from, place->folder, name);
}

static void copy_ledger(const char *from, const char *to)
{
    char path[2 * PLACE_PATH_SIZE];
    mkdir(to, 0770);
    path_of(path, to, "log");
    mkdir(path, 0770);
    path_of(path, to, "personal-0");
    mkdir(path, 0770);
    for (size_t i = 0; i < FILE_COUNT; i++)
        copy_file(from, to, files[i]);
}

void place_restore(const struct place *place)
{
    copy_ledger(place->good, place->folder);
}

uint64_t place_files_hash(const struct place *place)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < DATA_FILES; i++) {
        size_t size;
        uint8_t *bytes = place_read(place, files[i], &size);
        hash = XXH3_64bits_withSeed(bytes, size, hash);
        free(bytes);
    }
    return hash;
}

/* ---- rows */

MDB_env *place_open(const struct place *place, const char *name)
{
    char path[2 * PLACE_PATH_SIZE];
    MDB_env *env = NULL;
    path_of(path, place->folder, name);
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 8), 0);
    assert_int_equal(mdb_env_set_mapsize(env, 1 << 26), 0);
    assert_int_equal(mdb_env_open(env, path, MDB_NOSYNC, 0660), 0);
    return env;
}

void row_get(MDB_cursor *cursor, uint32_t index, struct row *row)
{
    MDB_val key, value;
    assert_int_equal(mdb_cursor_get(cursor, &key, &value, MDB_FIRST), 0);
    for (uint32_t i = 0; i < index; i++)
        assert_int_equal(mdb_cursor_get(cursor, &key, &value, MDB_NEXT), 0);
    assert_true(key.mv_size <= sizeof row->key && value.mv_size <= sizeof row->value);
    memcpy(row->key, key.mv_data, row->key_len = key.mv_size);
    memcpy(row->value, value.mv_data, row->value_len = value.mv_size);
}

bool row_put(MDB_txn *txn, MDB_dbi dbi, const void *key, size_t key_len, const void *value, size_t value_len)
{
    MDB_val k = {key_len, (void *)(uintptr_t)key}, v = {value_len, (void *)(uintptr_t)value};
    return mdb_put(txn, dbi, &k, &v, 0) == 0;
}

static uint64_t hash_table(MDB_txn *txn, MDB_dbi dbi, uint64_t hash)
{
    MDB_cursor *cursor = NULL;
    MDB_val key, value;
    assert_int_equal(mdb_cursor_open(txn, dbi, &cursor), 0);
    while (!mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
        hash = XXH3_64bits_withSeed(key.mv_data, key.mv_size, hash);
        hash = XXH3_64bits_withSeed(value.mv_data, value.mv_size, hash);
    }
    mdb_cursor_close(cursor);
    return hash;
}

uint64_t place_rows_hash(const struct place *place)
{
    static const char *const tables[][2] = {
        {"log", "events"}, {"log", "heads"}, {"log", "names"},         {"log", "keys"},        {"log", "voids"},
        {"log", "tree"},   {"log", "meta"},  {"personal-0", "values"}, {"personal-0", "names"}};
    uint64_t hash = 0;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        MDB_env *env = place_open(place, tables[i][0]);
        MDB_txn *txn = NULL;
        MDB_dbi dbi;
        assert_int_equal(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), 0);
        assert_int_equal(mdb_dbi_open(txn, tables[i][1], 0, &dbi), 0);
        hash = hash_table(txn, dbi, hash);
        mdb_txn_abort(txn);
        mdb_env_close(env);
    }
    return hash;
}

/* ---- ledgers */

static void add_orders(struct daybook *ledger, int from, int to)
{
    struct daybook_result result;
    for (int i = from; i < to; i++) {
        char customer[20], key[20];
        struct daybook_draft drafts[2];
        struct daybook_draft_item item = {
            .code = DAYBOOK_TEXT("P-1"), .has_quantity = true, .quantity = {1, 0}, .expected_on = DAYBOOK_DAY_NONE};
        snprintf(customer, sizeof customer, "Customer %d", i % 7);
        snprintf(key, sizeof key, "key %d", i);
        daybook_draft_init(&drafts[0], DAYBOOK_ORDER_CREATED);
        drafts[0].customer = text_of(customer);
        drafts[0].items = &item;
        drafts[0].item_count = 1;
        daybook_draft_init(&drafts[1], DAYBOOK_ORDER_NOTE_ADDED);
        drafts[1].text = DAYBOOK_TEXT("call before delivery");
        struct daybook_entry entry = {.drafts = drafts,
                                      .draft_count = 2,
                                      .actor = DAYBOOK_TEXT("wang"),
                                      .via = DAYBOOK_TEXT("wang@desk"),
                                      .via_kind = DAYBOOK_TEXT("os"),
                                      .key = i % 3 == 0 ? text_of(key) : DAYBOOK_TEXT_NONE};
        assert_int_equal(daybook_append(ledger, &entry, 1, &result, NULL), 0);
        assert_int_equal(result.error.code, 0);
    }
}

/* Shipped on another day than was said first. */
static void correct_order(struct daybook *ledger, const char *no)
{
    struct daybook_draft shipped, voided;
    struct daybook_result result;
    daybook_draft_init(&shipped, DAYBOOK_ORDER_SHIPPED);
    shipped.order_no = text_of(no);
    assert_int_equal(record(ledger, &shipped, 1, &result), 0);
    daybook_draft_init(&voided, DAYBOOK_ORDER_EVENT_VOIDED);
    voided.order_no = text_of(no);
    voided.target = result.last_seq;
    voided.replacement = &shipped;
    shipped.occurred = DAYBOOK_OCCURRED_ON;
    shipped.occurred_on = 20000;
    assert_int_equal(record(ledger, &voided, 1, &result), 0);
}

static void keep_checkpoint(struct place *place, struct daybook *ledger)
{
    struct daybook_snapshot *snapshot = NULL;
    assert_int_equal(daybook_snapshot_begin(ledger, &snapshot, NULL), 0);
    place->kept_size = daybook_last_seq(snapshot);
    assert_int_equal(daybook_root(snapshot, place->kept_size, place->kept_root.bytes, NULL), 0);
    daybook_snapshot_end(snapshot);
}

void place_make(struct place *place)
{
    enum { OLDER = 60, KEPT = 150, ALL = 200 };
    scratch_folder(place->root);
    snprintf(place->good, sizeof place->good, "%s/good", place->root);
    snprintf(place->older, sizeof place->older, "%s/older", place->root);
    snprintf(place->other, sizeof place->other, "%s/other", place->root);
    snprintf(place->folder, sizeof place->folder, "%s/changed", place->root);
    struct daybook *other = scratch_ledger(place->other), *ledger = scratch_ledger(place->good);
    add_orders(other, 0, KEPT);
    daybook_close(other);
    add_orders(ledger, 0, OLDER);
    correct_order(ledger, "SO-000001");
    daybook_close(ledger);
    copy_ledger(place->good, place->older);
    assert_int_equal(daybook_open(place->good, NULL, &ledger, NULL), 0);
    add_orders(ledger, OLDER, KEPT);
    correct_order(ledger, "SO-000070");
    keep_checkpoint(place, ledger);
    add_orders(ledger, KEPT, ALL);
    daybook_close(ledger);
    place_restore(place);
    place->good_rows = place_rows_hash(place);
    place_restore(place);
}
