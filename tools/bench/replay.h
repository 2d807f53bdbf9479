/* The rows of reading: raw events, the fold, the view. */
#ifndef TOOLS_BENCH_REPLAY_H
#define TOOLS_BENCH_REPLAY_H

#include "tools/bench/raw.h"
#include "tools/bench/report.h"
#include "tools/bench/sqlite.h"

/* `raw` and `sqlite` hold the events of the snapshot. *ret_sums is what all of them come to. */
int replay_all(struct daybook_snapshot *snapshot, struct raw *raw, struct sqlite *sqlite, struct report *report,
               struct delay_sums *ret_sums, struct daybook_error *err);
/* Delays by customer of the ledger in `folder`, from its events. */
int replay_delay_sums(const char *folder, struct delay_sums *ret, struct daybook_error *err);

#endif
