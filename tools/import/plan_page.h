/* What became of an import, for people and for programs. */
#ifndef TOOLS_IMPORT_PLAN_PAGE_H
#define TOOLS_IMPORT_PLAN_PAGE_H

#include "tools/cli/command.h"
#include "tools/import/plan.h"

enum { IMPORT_SAMPLES = 10 };

/* An order as it would be, for the dry run. */
struct import_sample {
    const struct reading_order *order;
    enum plan_outcome outcome;
    struct daybook_text events; /* "created, delivered" */
};

struct import_result {
    struct daybook_text file;
    const struct reading *reading; /* NULL when the file was refused before anything was understood */
    bool dry_run;
    size_t outcomes[PLAN_OUTCOME_COUNT]; /* orders */
    uint64_t events;
    const struct reading_rejection *rejected; /* by row */
    size_t rejected_count;
    json_t *gone;        /* order numbers */
    size_t future_count; /* orders shipped or delivered on a day that is still to come */
    uint32_t future_row;
    struct import_sample samples[IMPORT_SAMPLES];
    size_t sample_count;
    bool is_refused; /* rows were rejected, and --partial was not said */
};

/* The whole answer on standard output. */
int import_page(struct context *ctx, const struct import_result *result);

#endif
