/* The runner keeps views: tables computed from the log that can be thrown away and computed again.
 *
 *     views/<name>.current               the name of the folder in use; changed by one rename
 *     views/<name>-v<version>-<n>/       an LMDB environment: two tables of rows, and meta
 *
 * The unit of work is a subject, not an event: since every order's events are a chain (nth, prev), an order that
 * has new events is folded again from its chain by the one fold there is (ledger/order.c) and its row is put anew. So
 * voids and corrections need nothing of their own, and a view is the same whether it was kept or made afresh.
 *
 *     position p ──▶ events p+1 .. n name the orders touched ──▶ each is folded ──▶ its row ──▶ position n, root
 *                                                                                   in one transaction
 *
 * Invariants:
 *  1. The rows of a view are those of a fresh fold of the log up to its position.
 *  2. Position, root and rows change in one transaction.
 *  3. A view that is being built is not current until it is whole. */
#ifndef PROJECTIONS_RUNNER_H
#define PROJECTIONS_RUNNER_H

#include "ledger/order_reader.h"

struct view;
struct view_rows; /* the rows of a view within a transaction */

enum view_table { VIEW_MAIN, VIEW_SIDE };

/* A projection: a name, a version, and what becomes of one order's state. It is a pure function: no clock, no names,
 * no personal values. `state` that does not exist means: no row. */
struct projection {
    const char *name;
    uint32_t version;
    int (*put)(struct view_rows *rows, const struct order_state *state, struct daybook_error *err);
    /* Put the orders first..last as they are now into rows that have none of them yet, faster than one by one; may be
     * NULL. */
    int (*fill)(struct view_rows *rows, struct daybook_snapshot *snapshot, uint32_t first, uint32_t last,
                struct daybook_error *err);
};

/* Called now and then while a view is built; may be NULL. */
typedef void view_progress(void *context, const char *view, uint64_t done, uint64_t total);
struct view_options {
    view_progress *progress;
    void *context;
};

/* Open the view and bring it to the snapshot's last seq; built anew when it is not there, of another version, of
 * another log, or damaged. DAYBOOK_VERSION_CONFLICT when another process has brought it further than the snapshot:
 * take a new snapshot. DAYBOOK_READ_ONLY when it cannot be kept here: fold without it. */
int view_open(struct daybook_snapshot *snapshot, const struct projection *projection,
              const struct view_options *options, struct view **ret, struct daybook_error *err);
void view_close(struct view *view); /* NULL is allowed */
/* The rows that view_open has seen; they live as long as the view is open. */
struct view_rows *view_rows(struct view *view);

/* Build it anew beside the one in use, then change over. */
int view_rebuild(struct daybook_snapshot *snapshot, const struct projection *projection,
                 const struct view_options *options, struct daybook_error *err);
/* Fold afresh in memory and compare with the rows kept: *ret_same. */
int view_check(struct daybook_snapshot *snapshot, const struct projection *projection,
               const struct view_options *options, bool *ret_same, uint64_t *ret_rows, struct daybook_error *err);

/* Where a view stands, without touching it. */
struct view_status {
    bool exists, usable; /* usable: of the program's version, and of this log */
    uint32_t version;
    uint64_t position;
    uint64_t file_bytes;
    char folder[64];
};
void view_status(struct daybook_snapshot *snapshot, const struct projection *projection, struct view_status *ret);

/* ---- rows; bytes that are read live until the transaction ends */
int rows_put(struct view_rows *rows, enum view_table table, uint64_t key, const void *bytes, size_t len,
             struct daybook_error *err);
int rows_remove(struct view_rows *rows, enum view_table table, uint64_t key, struct daybook_error *err);
/* Not there: *ret_bytes NULL. */
int rows_get(struct view_rows *rows, enum view_table table, uint64_t key, const void **ret_bytes, size_t *ret_len,
             struct daybook_error *err);
typedef int rows_visit(void *context, uint64_t key, const void *bytes, size_t len, struct daybook_error *err);
int rows_each(struct view_rows *rows, enum view_table table, rows_visit *visit, void *context,
              struct daybook_error *err);

#endif
