/* Correctness before speed: what every way to delays by customer must come to. */
#ifndef TOOLS_BENCH_SUMS_H
#define TOOLS_BENCH_SUMS_H

#include <stdint.h>

#include "daybook/error.h"

/* Each the sum over all customers. */
struct delay_sums {
    int64_t measured, lead_days, late_days, medians; /* of days from promise to delivery */
};

/* DAYBOOK_VERIFICATION_FAILED when they are not the same. */
int sums_agree(const struct delay_sums *expected, const struct delay_sums *got, const char *whose,
               struct daybook_error *err);

#endif
