/* The standard workload: what happens to N orders, as requests in the order of their days. It depends on nothing but
 * the numbers of the orders, so every run and every round appends the same. */
#ifndef TOOLS_BENCH_WORKLOAD_H
#define TOOLS_BENCH_WORKLOAD_H

#include <stdio.h>

#include "daybook/ledger.h"

enum {
    WORKLOAD_ORDERS_MAX = 1000000, /* more would reach into the future */
    WORKLOAD_BULK_ENTRIES = 10000, /* of one call */
};

struct workload {
    uint64_t *steps; /* day, order, what happens: sorted */
    size_t count;
};

/* The life of `orders` orders from number `first` on, about 4.1 events each. */
int workload_new(uint32_t first, uint32_t orders, struct workload *ret, struct daybook_error *err);
void workload_release(struct workload *workload);
/* The number of the order that a step is about. */
uint32_t workload_order(const struct workload *workload, size_t step);

/* The same orders, complete, as the table that a person would keep of them: a row each. */
void workload_write_table(FILE *file, uint32_t orders);

/* Requests with everything that they point to; kept and filled again. */
struct batch {
    struct daybook_entry *entries;
    struct daybook_result *results;
    struct batch_texts *texts;
    size_t count, capacity;
};
int batch_new(size_t capacity, struct batch *ret, struct daybook_error *err);
void batch_release(struct batch *batch);
/* The steps from `from` on, as many as there are and fit. */
void batch_fill(struct batch *batch, const struct workload *workload, size_t from);
/* The same requests as lines for `load`, numbered from `first`. */
void batch_write_lines(const struct batch *batch, FILE *file, size_t first);
/* 0 when all were recorded; else the first refusal. */
int batch_refusal(const struct batch *batch, struct daybook_error *err);

#endif
