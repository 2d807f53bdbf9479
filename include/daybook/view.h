/* Views: tables computed from the log, kept beside it, and made anew whenever that is needed.
 *
 * A projection says what becomes of one subject: an order, a customer, .. Daybook does the rest: it notes which
 * subjects have new events, folds each of them from its own events, and keeps the rows together with the position in
 * the log that they stand for. Daybook's own views are kept in the same way.
 *
 *     open    daybook_view_open: built when it is not there, brought up to the snapshot when it is behind
 *     read    daybook_rows_get, daybook_rows_each over daybook_view_rows
 *     close   daybook_view_close
 *
 * Names: daybook_projection is what you write, daybook_subject_… is what it is told, daybook_rows_… are its rows.
 * Ownership: bytes that are read live until the view is closed, and in a fold until the next put; what is put is
 * copied. Threads: a view belongs to one thread at a time. Several processes may keep and read the same view. */
#ifndef DAYBOOK_VIEW_H
#define DAYBOOK_VIEW_H

#include "daybook/order.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* An open view, its rows, and the one subject that a fold is about. */
struct daybook_view;
struct daybook_rows;
struct daybook_subject;

/* A view has two tables, both by number: rows that are read often in one, what is seldom asked for in the other. */
enum daybook_table { DAYBOOK_TABLE_MAIN, DAYBOOK_TABLE_SIDE };

/* Put or remove the rows of one subject, whose events have changed. A pure function of the subject: no clock, no
 * configuration, no personal values (they can be erased), no rows of other subjects. Rows stand under keys that are
 * the subject's own, best its ordinal; sums over subjects are made when the view is read. Non-zero gives up,
 * and is returned by whoever keeps the view. */
typedef int daybook_put(struct daybook_rows *rows, struct daybook_subject *subject, struct daybook_error *err);

/* Put the rows of all subjects `first` .. `last` into a view that has none of them: the same rows as `put` would, but
 * in one pass over the log. */
typedef int daybook_fill(struct daybook_rows *rows, struct daybook_snapshot *snapshot, uint32_t first, uint32_t last,
                         struct daybook_error *err);

/* What is kept: a name, a version and a fold. It must outlive the views opened with it. */
struct daybook_projection {
    const char *name; /* a-z 0-9 and '_', at most 32 bytes; not "orders" or "delays", which are Daybook's */
    uint32_t version; /* from 1; another one whenever `put` would put other rows: the view is then built anew */
    daybook_put *put;
    uint32_t kind;      /* enum daybook_kind of its subjects; 0: orders */
    daybook_fill *fill; /* NULL: a view is built by `put` alone */
};

/* Called now and then while a view is built or checked: `done` of `total` subjects. */
typedef void daybook_view_progress(void *context, const char *view, uint64_t done, uint64_t total);
/* Start from zero. */
struct daybook_view_options {
    daybook_view_progress *progress; /* may be NULL */
    void *context;
};

/* ---- keeping */

/* Open the view as of the snapshot; options may be NULL. It is built when it is not there, of another version, of
 * another log, or damaged, which may take a while. The snapshot must outlive it; ends with daybook_view_close.
 * DAYBOOK_VERSION_CONFLICT: another process has brought it further than the snapshot; take a new snapshot.
 * DAYBOOK_READ_ONLY, DAYBOOK_DISK_FULL: it cannot be kept here. DAYBOOK_BAD_VALUE: its name. Also DAYBOOK_IO,
 * DAYBOOK_NO_MEMORY, DAYBOOK_DAMAGED (the log: run `daybook verify`), and what `put` answers. */
int daybook_view_open(struct daybook_snapshot *snapshot, const struct daybook_projection *projection,
                      const struct daybook_view_options *options, struct daybook_view **ret, struct daybook_error *err);
/* NULL is allowed. */
void daybook_view_close(struct daybook_view *view);

/* Build it anew beside the one in use, then change over. Fails as daybook_view_open does. */
int daybook_view_rebuild(struct daybook_snapshot *snapshot, const struct daybook_projection *projection,
                         const struct daybook_view_options *options, struct daybook_error *err);
/* Fold afresh in memory and compare with the rows kept: *ret_same, and how many rows the main table should have.
 * Fails as daybook_view_open does. */
int daybook_view_check(struct daybook_snapshot *snapshot, const struct daybook_projection *projection,
                       const struct daybook_view_options *options, bool *ret_same, uint64_t *ret_rows,
                       struct daybook_error *err);

/* ---- what a fold is told; it lives until `put` returns */

/* The n-th subject of its kind: daybook_find() gives the ordinal of a name. */
uint32_t daybook_subject_ordinal(const struct daybook_subject *subject);
/* The order as it is now; NULL when its creation was taken back, and for subjects that are no orders. */
const struct daybook_order *daybook_subject_order(const struct daybook_subject *subject);
/* Its events that count, in the order in which they apply, with their fields (daybook_fold_order says more).
 * Non-zero from `visit` stops, and is returned. DAYBOOK_DAMAGED, DAYBOOK_NO_MEMORY, DAYBOOK_IO. */
int daybook_subject_events(struct daybook_subject *subject, daybook_fold_visit *visit, void *context,
                           struct daybook_error *err);

/* ---- rows */

/* The rows of an open view, for reading. */
struct daybook_rows *daybook_view_rows(struct daybook_view *view);

/* Within a fold only. Put replaces; removing what is not there is no failure. DAYBOOK_DISK_FULL, DAYBOOK_IO: give up,
 * and return it. */
int daybook_rows_put(struct daybook_rows *rows, enum daybook_table table, uint64_t key, const void *bytes, size_t len,
                     struct daybook_error *err);
int daybook_rows_remove(struct daybook_rows *rows, enum daybook_table table, uint64_t key, struct daybook_error *err);

/* The row under that key; *ret_bytes NULL when there is none. Bytes need not be aligned: copy numbers out.
 * DAYBOOK_DAMAGED: the row is not what was put; daybook_view_rebuild makes the view anew. */
int daybook_rows_get(struct daybook_rows *rows, enum daybook_table table, uint64_t key, const void **ret_bytes,
                     size_t *ret_len, struct daybook_error *err);
/* Every row, by key. Non-zero from `visit` stops, and is returned. DAYBOOK_DAMAGED as above. */
typedef int daybook_rows_visit(void *context, uint64_t key, const void *bytes, size_t len, struct daybook_error *err);
int daybook_rows_each(struct daybook_rows *rows, enum daybook_table table, daybook_rows_visit *visit, void *context,
                      struct daybook_error *err);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
