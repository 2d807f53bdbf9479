/* The rows of writing: daybook_append and daybook_carry. */
#ifndef TOOLS_BENCH_APPEND_H
#define TOOLS_BENCH_APPEND_H

#include "tools/bench/report.h"
#include "tools/bench/stored.h"
#include "tools/bench/workload.h"

/* All of the workload in calls of 10,000 entries. `batch` is of that capacity. Only time within the calls counts. */
int append_bulk(struct daybook *ledger, const struct workload *workload, struct batch *batch, struct report *report,
                struct daybook_error *err);
/* All of `stored` into a fresh ledger, 10,000 events a call. */
int append_carry(const char *folder, const struct stored *stored, struct report *report, struct daybook_error *err);
/* Orders from number `first` on, an entry a call, from so many threads at once; each order belongs to one of them. */
int append_from_threads(struct daybook *ledger, uint32_t first, uint32_t orders, unsigned threads, enum row row,
                        struct report *report, struct daybook_error *err);

#endif
