/* Tables of an environment, row by row into a fresh one: one long transaction would hold all its pages in memory, so it
 * is committed now and then, and synced once, at the end. */
#include "ledger/env_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

enum { COMMIT_BYTES = 32 << 20, PROGRESS_ROWS = 1024 };

int env_copy_begin(struct env_copy *copy, const char *path, unsigned tables_max, struct daybook_error *err)
{
    const struct env_options options = {.tables_max = tables_max, .address_eighths = 2, .any_filesystem = true};
    if (mkdir(path, 0770))
        return path_fail(path, errno, "creating", err);
    int rc = env_open(path, &options, &copy->env, err);
    if (!rc)
        rc = env_fail(copy->env, mdb_env_set_flags(env_lmdb(copy->env), MDB_NOSYNC, 1), err);
    return rc ? rc : env_begin(copy->env, true, &copy->txn, err);
}

static int commit(struct env_copy *copy, struct daybook_error *err)
{
    int rc = env_commit(copy->env, copy->txn, err);
    copy->txn = NULL;
    copy->pending = 0;
    return rc;
}

static int open_table(struct env_copy *copy, const char *name, unsigned flags, MDB_dbi *ret, struct daybook_error *err)
{
    return env_fail(copy->env, mdb_dbi_open(copy->txn, name, flags | MDB_CREATE, ret), err);
}

static int put(struct env_copy *copy, MDB_dbi table, MDB_val *key, MDB_val *value, struct daybook_error *err)
{
    int lmdb = mdb_put(copy->txn, table, key, value, MDB_APPEND);
    copy->pending += key->mv_size + value->mv_size;
    if (lmdb == MDB_KEYEXIST)
        return daybook_fail(err, DAYBOOK_DAMAGED, "A table's rows are out of order. Run `daybook verify`.");
    int rc = env_fail(copy->env, lmdb, err);
    if (!rc && copy->pending >= COMMIT_BYTES) {
        rc = commit(copy, err);
        if (!rc)
            rc = env_begin(copy->env, true, &copy->txn, err);
    }
    return rc;
}

int env_copy_table(struct env_copy *copy, MDB_txn *from, MDB_dbi table, const char *name, unsigned flags,
                   bool (*is_beyond)(const MDB_val *key, const void *context), const void *context,
                   struct daybook_error *err)
{
    MDB_cursor *cursor = NULL;
    MDB_val key, value;
    MDB_dbi to = 0;
    uint64_t rows = 0;
    int lmdb = 0, rc = open_table(copy, name, flags, &to, err);
    if (!rc)
        rc = env_fail(copy->env, mdb_cursor_open(from, table, &cursor), err);
    while (!rc && !(lmdb = mdb_cursor_get(cursor, &key, &value, MDB_NEXT))) {
        if (is_beyond && is_beyond(&key, context))
            break;
        rc = put(copy, to, &key, &value, err);
        if (copy->progress && ++rows % PROGRESS_ROWS == 0)
            copy->progress(copy->context, PROGRESS_ROWS);
    }
    if (copy->progress)
        copy->progress(copy->context, rows % PROGRESS_ROWS);
    if (cursor)
        mdb_cursor_close(cursor);
    return rc || lmdb == MDB_NOTFOUND ? rc : env_fail(copy->env, lmdb, err);
}

int env_copy_end(struct env_copy *copy, struct daybook_error *err)
{
    int fd = -1, rc = commit(copy, err);
    if (!rc)
        rc = env_fail(copy->env, mdb_env_sync(env_lmdb(copy->env), 1), err);
    if (!rc && !mdb_env_get_fd(env_lmdb(copy->env), &fd))
        posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED); /* who verifies it reads what is on the disk */
    env_copy_abort(copy);
    return rc;
}

void env_copy_abort(struct env_copy *copy)
{
    if (copy->txn)
        env_abort(copy->env, copy->txn);
    env_close(copy->env);
    copy->env = NULL;
    copy->txn = NULL;
}
