/* The figures of a run: a sample of each row in every round, their medians, and each as a ratio to what it is held
 * against. */
#ifndef TOOLS_BENCH_REPORT_H
#define TOOLS_BENCH_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daybook/error.h"

enum { REPORT_ROUNDS = 3 };

enum row {
    ROW_NONE,
    RAW_DURABLE,
    APPEND_DURABLE,
    APPEND_8_THREADS,
    APPEND_64_THREADS,
    RAW_BULK,
    RAW_HEADS_BULK,
    APPEND_BULK,
    CARRY_BULK,
    BYTES_STORED,
    RAW_BYTES_ON_DISK,
    BYTES_ON_DISK,
    BYTES_WITH_PERSONAL,
    RAW_SCAN,
    EVENT_READ,
    EVENT_CHECK,
    VERIFY,
    FOLD,
    DELAYS_FROM_EVENTS,
    VIEW_REBUILD,
    DELAYS_FROM_VIEW,
    ROW_COUNT
};

struct report {
    size_t orders, events;
    double samples[ROW_COUNT][REPORT_ROUNDS];
    int round; /* in which samples are put */
};

void report_put(struct report *report, enum row row, double figure);
/* To the standard output. */
void report_print(const struct report *report);
int report_write_json(const struct report *report, const char *path, struct daybook_error *err);

/* Seconds of a clock that only goes forward. */
double seconds_now(void);

#endif
