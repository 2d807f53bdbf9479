/* What a ledger is used for while its files are recorded: it is made, perhaps filled from another log, and then grows
 * by a random mixture of requests, while views are kept. Each request that is answered is noted in the recording. */
#ifndef TESTS_POWER_WORKLOAD_H
#define TESTS_POWER_WORKLOAD_H

#include <stdint.h>

/* Makes and fills the ledger `folder`; with a `source` (NULL: none) it begins as a copy of that ledger. */
void workload_run(const char *folder, const char *source, uint64_t seed, unsigned requests);

#endif
