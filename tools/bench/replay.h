/* The rows of reading: raw events, the fold, the view. */
#ifndef TOOLS_BENCH_REPLAY_H
#define TOOLS_BENCH_REPLAY_H

#include "tools/bench/raw.h"
#include "tools/bench/report.h"

/* `raw` holds the events of the snapshot. */
int replay_all(struct daybook_snapshot *snapshot, struct raw *raw, struct report *report, struct daybook_error *err);

#endif
