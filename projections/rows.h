/* The rows of a view: two tables and what the view knows of itself, in an LMDB environment of their own.
 *
 * A row is its bytes and a check of them, so that a damaged view is told from a good one. Puts can be made to compare
 * with what is kept instead: that is how `rebuild --check` runs the very fold that made the view. */
#ifndef PROJECTIONS_ROWS_H
#define PROJECTIONS_ROWS_H

#include <lmdb.h>

#include "daybook/view.h"
#include "ledger/ledger.h"
#include "ledger/tree.h"

enum { ROWS_TABLE_COUNT = 2 };

/* What a view knows of itself; one row of its table "meta". */
struct view_meta {
    uint64_t position; /* all events up to it are in the rows */
    uint64_t building; /* 0: whole; else the next ordinal to fold */
    uint8_t root[TREE_HASH_SIZE];
    char ledger_id[LEDGER_ID_SIZE];
};

struct daybook_rows {
    struct env *env;
    MDB_txn *txn; /* NULL between transactions */
    MDB_dbi tables[ROWS_TABLE_COUNT], meta;
    bool comparing; /* puts are compared with what is kept */
    bool differs;
    uint64_t compared; /* of the main table */
};

/* The environment in the folder `path`. `rows` is all zero before; rows_close() ends it, also after a failure. */
int rows_open(struct daybook_rows *rows, const char *path, bool create, struct daybook_error *err);
/* A transaction that is open is given up. */
void rows_close(struct daybook_rows *rows);

int rows_begin(struct daybook_rows *rows, bool write, struct daybook_error *err);
/* Commits when rc is 0, else gives up and returns it. */
int rows_end(struct daybook_rows *rows, int rc, struct daybook_error *err);

/* A view that has none yet: all zero. */
int rows_read_meta(struct daybook_rows *rows, struct view_meta *ret, struct daybook_error *err);
int rows_write_meta(struct daybook_rows *rows, const struct view_meta *meta, struct daybook_error *err);
/* Of the main table. */
int rows_count(struct daybook_rows *rows, uint64_t *ret, struct daybook_error *err);

#endif
