/* Processes that do everything at once on one ledger, and are killed and stopped at random. */
#ifndef TESTS_CRASH_CROWD_H
#define TESTS_CRASH_CROWD_H

#include <sys/types.h>

#include "tests/crash/deeds.h"

struct member {
    pid_t pid; /* 0: nobody */
    const struct deed *deed;
    struct actor actor;
    int64_t dies_us, goes_on_us; /* 0: is not stopped */
};

struct crowd {
    struct record *record;
    const char *root;
    uint64_t random;
    struct member members[MEMBERS];
    bool spare; /* nobody is killed, all end by themselves */
    /* What came of it: */
    unsigned kills, ended, stops;
    unsigned kills_holding[HOLDING_COUNT], kills_stopped;
};

/* Until so many more were killed (of a spared crowd: have ended) or that moment has come; then nobody is left. */
void crowd_run(struct crowd *crowd, unsigned count, int64_t end_us);

#endif
