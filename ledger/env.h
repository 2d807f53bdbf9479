/* An LMDB environment, opened once a process.
 *
 * LMDB's locks break silently when one process opens a file twice, so open environments are kept in one locked table by
 * (device, inode) with a count. Every environment gets a large address range once, so that no process sees
 * a full map before the disk is full. Errors of LMDB become errors of ours here, and only here. */
#ifndef LEDGER_ENV_H
#define LEDGER_ENV_H

#include <lmdb.h>

#include "daybook/error.h"
#include "daybook/value.h"

struct env;

struct env_options {
    unsigned tables_max;
    unsigned address_eighths; /* share of a limited address space (RLIMIT_AS) that its map may take */
    bool read_only;
    bool any_filesystem; /* do not refuse remote filesystems */
};

/* Open `folder` (it exists). DAYBOOK_REMOTE_FILESYSTEM, _READ_ONLY, _DAMAGED, _NEWER_FORMAT, _IO, _NO_MEMORY. */
int env_open(const char *folder, const struct env_options *options, struct env **ret, struct daybook_error *err);
void env_close(struct env *env); /* NULL is allowed */

/* DAYBOOK_FORKED_HANDLE in a process that did not open it. */
int env_refuse_forked(const struct env *env, struct daybook_error *err);
/* A transaction. A handle that came through fork() is refused (DAYBOOK_FORKED_HANDLE). A map that another process made
 * larger is taken over. */
int env_begin(struct env *env, bool write, MDB_txn **ret, struct daybook_error *err);
/* Both end the transaction, whatever they return. */
int env_commit(struct env *env, MDB_txn *txn, struct daybook_error *err);
void env_abort(struct env *env, MDB_txn *txn);

/* Before a writer puts a row under `key`: are the pages that this will change what they should be? `table` is its name,
 * which outlives the environment. DAYBOOK_DAMAGED names the page. */
int env_expect_put(struct env *env, MDB_txn *txn, const char *table, const MDB_val *key, struct daybook_error *err);
/* Before a writer deletes many rows: the same of all pages. */
int env_expect_deletes(struct env *env, struct daybook_error *err);

/* mdb_get for a reader that mostly asks for rows in the order in which they stand: the next one is looked at first. The
 * cursor starts as NULL; who has one closes it before the transaction ends. */
int env_get_near(MDB_txn *txn, MDB_dbi table, MDB_cursor **cursor, const MDB_val *key, MDB_val *ret);

/* The error for what LMDB (or errno) said about `env`. MDB_SUCCESS is 0. */
int env_fail(const struct env *env, int lmdb_code, struct daybook_error *err);
/* The same for a path and an errno. */
int path_fail(const char *path, int error_number, const char *doing, struct daybook_error *err);
/* A new name in a folder is on disk once the folder is. */
int path_sync_folder(const char *folder, struct daybook_error *err);

/* LMDB allows one transaction of a process at a time to open tables: hold this around one that does. */
void env_lock_tables(void);
void env_unlock_tables(void);

MDB_env *env_lmdb(struct env *env);
const char *env_folder(const struct env *env);
/* Number of stale reader slots cleared. */
int env_clear_stale_readers(struct env *env);

#endif
