/* Rows of a view. With runner.c's folders, all that the projections know of LMDB. */
#include "projections/rows.h"

#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "ledger/env.h"

/* ---- opening */

static int open_tables_locked(struct daybook_rows *rows, bool create, struct daybook_error *err)
{
    static const char *const names[ROWS_TABLE_COUNT] = {"main", "side"};
    MDB_txn *txn = NULL;
    int rc = env_begin(rows->env, create, &txn, err);
    if (rc)
        return rc;
    unsigned flags = create ? MDB_CREATE : 0;
    int lmdb = mdb_dbi_open(txn, "meta", flags, &rows->meta);
    for (int i = 0; i < ROWS_TABLE_COUNT && !lmdb; i++)
        lmdb = mdb_dbi_open(txn, names[i], flags | MDB_INTEGERKEY, &rows->tables[i]);
    if (lmdb) {
        env_abort(rows->env, txn);
        return env_fail(rows->env, lmdb, err);
    }
    return env_commit(rows->env, txn, err);
}

int rows_open(struct daybook_rows *rows, const char *path, bool create, struct daybook_error *err)
{
    struct env_options options = {.tables_max = ROWS_TABLE_COUNT + 1,
                                  .address_eighths = 1,
                                  .any_filesystem = true,
                                  .read_only = access(path, W_OK) != 0};
    int rc = env_open(path, &options, &rows->env, err);
    if (rc)
        return rc;
    env_lock_tables();
    rc = open_tables_locked(rows, create, err);
    env_unlock_tables();
    return rc;
}

void rows_close(struct daybook_rows *rows)
{
    if (rows->txn)
        env_abort(rows->env, rows->txn);
    env_close(rows->env);
}

int rows_begin(struct daybook_rows *rows, bool write, struct daybook_error *err)
{
    return env_begin(rows->env, write, &rows->txn, err);
}

int rows_end(struct daybook_rows *rows, int rc, struct daybook_error *err)
{
    MDB_txn *txn = rows->txn;
    rows->txn = NULL;
    if (!rc)
        return env_commit(rows->env, txn, err);
    env_abort(rows->env, txn);
    return rc;
}

/* ---- rows */

static uint32_t row_check(uint64_t key, const void *bytes, size_t len)
{
    return (uint32_t)XXH3_64bits_withSeed(bytes, len, key);
}

static int split_row(struct daybook_rows *rows, uint64_t key, const MDB_val *value, size_t *ret_len,
                     struct daybook_error *err)
{
    uint32_t check;
    if (value->mv_size >= sizeof check) {
        *ret_len = value->mv_size - sizeof check;
        memcpy(&check, (const char *)value->mv_data + *ret_len, sizeof check);
        if (check == row_check(key, value->mv_data, *ret_len))
            return 0;
    }
    return daybook_fail(err, DAYBOOK_DAMAGED, "A row of %s is damaged. `daybook rebuild --all` makes views anew.",
                        env_folder(rows->env));
}

int daybook_rows_put(struct daybook_rows *rows, enum daybook_table table, uint64_t key, const void *bytes, size_t len,
                     struct daybook_error *err)
{
    uint32_t check = row_check(key, bytes, len);
    MDB_val k = {sizeof key, &key}, value = {len + sizeof check, NULL};
    if (!rows->comparing) {
        int rc = env_fail(rows->env, mdb_put(rows->txn, rows->tables[table], &k, &value, MDB_RESERVE), err);
        if (!rc) {
            memcpy(value.mv_data, bytes, len);
            memcpy((char *)value.mv_data + len, &check, sizeof check);
        }
        return rc;
    }
    rows->compared += table == DAYBOOK_TABLE_MAIN;
    const void *kept;
    size_t kept_len = 0;
    int rc = daybook_rows_get(rows, table, key, &kept, &kept_len, err);
    rows->differs |= !rc && (!kept || kept_len != len || memcmp(kept, bytes, len) != 0);
    return rc;
}

int daybook_rows_remove(struct daybook_rows *rows, enum daybook_table table, uint64_t key, struct daybook_error *err)
{
    MDB_val k = {sizeof key, &key};
    if (rows->comparing) {
        const void *kept;
        size_t len;
        int rc = daybook_rows_get(rows, table, key, &kept, &len, err);
        rows->differs |= !rc && kept;
        return rc;
    }
    int rc = mdb_del(rows->txn, rows->tables[table], &k, NULL);
    return rc == MDB_NOTFOUND ? 0 : env_fail(rows->env, rc, err);
}

int daybook_rows_get(struct daybook_rows *rows, enum daybook_table table, uint64_t key, const void **ret_bytes,
                     size_t *ret_len, struct daybook_error *err)
{
    MDB_val k = {sizeof key, &key}, value;
    int rc = mdb_get(rows->txn, rows->tables[table], &k, &value);
    *ret_bytes = rc ? NULL : value.mv_data;
    *ret_len = 0;
    if (rc)
        return rc == MDB_NOTFOUND ? 0 : env_fail(rows->env, rc, err);
    rc = split_row(rows, key, &value, ret_len, err);
    if (rc != DAYBOOK_DAMAGED || !rows->comparing)
        return rc;
    rows->differs = true;
    *ret_bytes = NULL;
    return 0;
}

int daybook_rows_each(struct daybook_rows *rows, enum daybook_table table, daybook_rows_visit *visit, void *context,
                      struct daybook_error *err)
{
    MDB_cursor *cursor = NULL;
    MDB_val key, value;
    int rc = mdb_cursor_open(rows->txn, rows->tables[table], &cursor);
    if (rc)
        return env_fail(rows->env, rc, err);
    int answer = 0;
    while (!answer && !(rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT))) {
        uint64_t number = 0;
        memcpy(&number, key.mv_data, key.mv_size < sizeof number ? key.mv_size : sizeof number);
        size_t len = 0;
        answer = split_row(rows, number, &value, &len, err);
        if (!answer)
            answer = visit(context, number, value.mv_data, len, err);
    }
    mdb_cursor_close(cursor);
    return answer || rc == MDB_NOTFOUND ? answer : env_fail(rows->env, rc, err);
}

int rows_count(struct daybook_rows *rows, uint64_t *ret, struct daybook_error *err)
{
    MDB_stat stat;
    int rc = mdb_stat(rows->txn, rows->tables[DAYBOOK_TABLE_MAIN], &stat);
    *ret = rc ? 0 : stat.ms_entries;
    return env_fail(rows->env, rc, err);
}

int rows_read_meta(struct daybook_rows *rows, struct view_meta *ret, struct daybook_error *err)
{
    MDB_val key = {4, (void *)(uintptr_t) "view"}, value;
    int rc = mdb_get(rows->txn, rows->meta, &key, &value);
    *ret = (struct view_meta){0};
    if (!rc && value.mv_size != sizeof *ret)
        rc = MDB_CORRUPTED;
    if (!rc)
        memcpy(ret, value.mv_data, sizeof *ret);
    return rc == MDB_NOTFOUND ? 0 : env_fail(rows->env, rc, err);
}

int rows_write_meta(struct daybook_rows *rows, const struct view_meta *meta, struct daybook_error *err)
{
    MDB_val key = {4, (void *)(uintptr_t) "view"}, value = {sizeof *meta, (void *)(uintptr_t)meta};
    return env_fail(rows->env, mdb_put(rows->txn, rows->meta, &key, &value, 0), err);
}
