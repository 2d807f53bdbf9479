/* The figures of a run: a sample of each row in every round, their medians, and each as a ratio to what it is held
 * against. */
#ifndef TOOLS_BENCH_REPORT_H
#define TOOLS_BENCH_REPORT_H

#include <stdint.h>

#include "daybook/error.h"
#include "tools/bench/rows.h"

enum { REPORT_ROUNDS = 3 };

struct report {
    size_t orders, events;
    double samples[ROW_COUNT][REPORT_ROUNDS];
    int round; /* in which samples are put */
};

void report_put(struct report *report, enum row row, double figure);
/* To the standard output. */
void report_print(const struct report *report);
int report_write_json(const struct report *report, const char *path, struct daybook_error *err);
/* Each goal without its figure, a line: the row, a tab, what it is held against. */
void report_print_goals(void);

/* Seconds of a clock that only goes forward. */
double seconds_now(void);

#endif
