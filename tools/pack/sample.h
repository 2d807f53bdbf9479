/* A sample that anybody can draw again: each order has the rank SHA-256(seed ":" order number), and those with the
 * smallest ranks are drawn. No random numbers: the seed decides, and it is the auditor's. */
#ifndef TOOLS_PACK_SAMPLE_H
#define TOOLS_PACK_SAMPLE_H

#include "daybook/error.h"
#include "daybook/value.h"
#include "ledger/tree.h"

struct pack_draw {
    struct tree_hash rank;
    uint32_t order; /* ordinal */
};

/* The smallest ranks so far, as a heap with the largest of them on top. Starts as {0}. */
struct pack_sample {
    struct pack_draw *draws;
    size_t count, capacity;
    uint64_t wanted;
};
void pack_sample_release(struct pack_sample *sample);

int pack_rank(struct daybook_text seed, struct daybook_text order_no, struct tree_hash *ret, struct daybook_error *err);
int pack_sample_offer(struct pack_sample *sample, const struct pack_draw *draw, struct daybook_error *err);
/* Put the draws in the order of their ranks; nothing may be offered any more. */
void pack_sample_sort(struct pack_sample *sample);

#endif
