/* LMDB with nothing around it: no check of any byte, no reading before writing. */
#include "tools/bench/raw.h"

#include <errno.h>
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct raw {
    MDB_env *env;
    MDB_dbi events, heads;
    bool with_heads;
    uint64_t last_seq;
};

struct head {
    uint64_t last_seq;
    uint32_t version;
} __attribute__((packed));

static const size_t map_size = (size_t)1 << 40;

static int fail(int lmdb_code, struct daybook_error *err)
{
    return lmdb_code ? daybook_fail(err, DAYBOOK_IO, "Raw LMDB: %s.", mdb_strerror(lmdb_code)) : 0;
}

static int open_tables(struct raw *raw)
{
    MDB_txn *txn = NULL;
    int rc = mdb_txn_begin(raw->env, NULL, 0, &txn);
    if (rc)
        return rc;
    rc = mdb_dbi_open(txn, "events", MDB_CREATE | MDB_INTEGERKEY, &raw->events);
    if (!rc && raw->with_heads)
        rc = mdb_dbi_open(txn, "heads", MDB_CREATE | MDB_INTEGERKEY, &raw->heads);
    if (!rc)
        return mdb_txn_commit(txn);
    mdb_txn_abort(txn);
    return rc;
}

int raw_new(const char *folder, bool with_heads, struct raw **ret, struct daybook_error *err)
{
    struct raw *raw = calloc(1, sizeof *raw);
    if (!raw)
        return fail(ENOMEM, err);
    raw->with_heads = with_heads;
    int rc = mkdir(folder, 0700) ? errno : mdb_env_create(&raw->env);
    if (!rc)
        rc = mdb_env_set_maxdbs(raw->env, 2);
    if (!rc)
        rc = mdb_env_set_mapsize(raw->env, map_size);
    if (!rc)
        rc = mdb_env_open(raw->env, folder, MDB_NOTLS, 0600);
    if (!rc)
        rc = open_tables(raw);
    if (rc)
        raw_free(raw);
    else
        *ret = raw;
    return fail(rc, err);
}

void raw_free(struct raw *raw)
{
    if (!raw)
        return;
    if (raw->env)
        mdb_env_close(raw->env);
    free(raw);
}

/* ---- appending */

static int put_head(struct raw *raw, MDB_txn *txn, const struct stored_columns *subject, uint64_t seq)
{
    uint64_t number = (uint64_t)subject->kind << 32 | subject->ordinal;
    struct head row = {seq, subject->nth};
    MDB_val key = {sizeof number, &number}, value = {sizeof row, &row};
    return mdb_put(txn, raw->heads, &key, &value, 0);
}

static int put_events(struct raw *raw, MDB_txn *txn, const struct stored *stored, size_t first, size_t count)
{
    MDB_cursor *cursor = NULL;
    int rc = mdb_cursor_open(txn, raw->events, &cursor);
    for (size_t i = first; i < first + count && !rc; i++) {
        uint64_t seq = raw->last_seq + 1;
        MDB_val key = {sizeof seq, &seq};
        MDB_val value = {stored->events[i].len, (void *)(uintptr_t)stored->events[i].bytes};
        rc = mdb_cursor_put(cursor, &key, &value, MDB_APPEND);
        if (!rc && raw->with_heads)
            rc = put_head(raw, txn, &stored->columns[i], seq);
        raw->last_seq = seq;
    }
    if (cursor)
        mdb_cursor_close(cursor);
    return rc;
}

int raw_append(struct raw *raw, const struct stored *stored, size_t first, size_t count, size_t a_commit,
               struct daybook_error *err)
{
    int rc = 0;
    for (size_t done = 0; done < count && !rc; done += a_commit) {
        MDB_txn *txn = NULL;
        rc = mdb_txn_begin(raw->env, NULL, 0, &txn);
        if (rc)
            break;
        rc = put_events(raw, txn, stored, first + done, count - done < a_commit ? count - done : a_commit);
        if (rc)
            mdb_txn_abort(txn);
        else
            rc = mdb_txn_commit(txn);
    }
    return fail(rc, err);
}

/* ---- reading */

int raw_scan(struct raw *raw, uint64_t *ret_sum, struct daybook_error *err)
{
    MDB_txn *txn = NULL;
    MDB_cursor *cursor = NULL;
    MDB_val key, value;
    uint64_t sum = 0;
    int rc = mdb_txn_begin(raw->env, NULL, MDB_RDONLY, &txn);
    if (rc)
        return fail(rc, err);
    rc = mdb_cursor_open(txn, raw->events, &cursor);
    while (!rc && !(rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)))
        sum += *(const uint8_t *)value.mv_data;
    if (cursor)
        mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
    *ret_sum = sum;
    return fail(rc == MDB_NOTFOUND ? 0 : rc, err);
}
