/* LMDB with nothing around it, holding the same events: what a ledger is held against. */
#ifndef TOOLS_BENCH_RAW_H
#define TOOLS_BENCH_RAW_H

#include "tools/bench/stored.h"

struct raw;

/* A fresh environment in `folder`, which is made. with_heads: also subject -> (last seq, version), as a ledger has. */
int raw_new(const char *folder, bool with_heads, struct raw **ret, struct daybook_error *err);
void raw_free(struct raw *raw); /* NULL is allowed */

/* Append the events under the next seqs, durably, `a_commit` events in each commit. */
int raw_append(struct raw *raw, const struct stored *stored, size_t first, size_t count, size_t a_commit,
               struct daybook_error *err);
/* Walk all events and touch a byte of each. */
int raw_scan(struct raw *raw, uint64_t *ret_sum, struct daybook_error *err);

#endif
