/* Tables of an environment, row by row into a fresh one.
 *
 * Not by mdb_env_copy2: LMDB uses pages and their buffers again as they are, so that a copy of pages, compacting or
 * not, can hold bytes that were deleted long ago; it begins a transaction of its own, which is not the one that the
 * other environment's belongs to; it neither syncs nor says how far it is. */
#ifndef LEDGER_ENV_COPY_H
#define LEDGER_ENV_COPY_H

#include "ledger/env.h"

struct env_copy {
    struct env *env;
    MDB_txn *txn;
    size_t pending;                                 /* bytes that are not committed yet */
    void (*progress)(void *context, uint64_t rows); /* may be NULL */
    void *context;
};

/* Make `path` an empty environment. Ends with env_copy_end or env_copy_abort. */
int env_copy_begin(struct env_copy *copy, const char *path, unsigned tables_max, struct daybook_error *err);
/* The rows of a table, up to the first whose key `is_beyond` (NULL: all). */
int env_copy_table(struct env_copy *copy, MDB_txn *from, MDB_dbi table, const char *name, unsigned flags,
                   bool (*is_beyond)(const MDB_val *key, const void *context), const void *context,
                   struct daybook_error *err);
/* Everything on disk, and closed. */
int env_copy_end(struct env_copy *copy, struct daybook_error *err);
void env_copy_abort(struct env_copy *copy);

#endif
