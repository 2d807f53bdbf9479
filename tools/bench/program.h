/* The rows of the program: whole processes, from their start to their end. */
#ifndef TOOLS_BENCH_PROGRAM_H
#define TOOLS_BENCH_PROGRAM_H

#include "tools/bench/report.h"
#include "tools/bench/sums.h"
#include "tools/bench/workload.h"

/* `folder` has the ledger of the workload, "ledger", whose events come to `sums`; files are made beside it. `batch` is
 * as for append_bulk. */
int program_all(const char *folder, const struct workload *workload, struct batch *batch, const struct delay_sums *sums,
                struct report *report, struct daybook_error *err);

#endif
