/* SQLite as a careful person would keep events in it: what a ledger is held against. */
#ifndef TOOLS_BENCH_SQLITE_H
#define TOOLS_BENCH_SQLITE_H

#include "tools/bench/stored.h"
#include "tools/bench/sums.h"

struct sqlite;

/* A fresh database: WAL, synchronous=FULL, UNIQUE(subject, version). */
int sqlite_new(const char *path, struct sqlite **ret, struct daybook_error *err);
void sqlite_free(struct sqlite *sqlite); /* NULL is allowed */

/* Append the events from `first` on, durably, `a_commit` of them in each commit. */
int sqlite_append(struct sqlite *sqlite, const struct stored *stored, size_t first, size_t count, size_t a_commit,
                  struct daybook_error *err);
/* Empty the write-ahead log, so that the file's size is what the events take. */
int sqlite_settle(struct sqlite *sqlite, struct daybook_error *err);
/* Delays by customer, from the events or from the table of orders, a row each. */
int sqlite_delays(struct sqlite *sqlite, struct delay_sums *ret, struct daybook_error *err);
int sqlite_make_orders(struct sqlite *sqlite, struct daybook_error *err);
int sqlite_delays_from_orders(struct sqlite *sqlite, struct delay_sums *ret, struct daybook_error *err);

#endif
