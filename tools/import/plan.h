/* What each order of a table needs: nothing, events, or a rejection. Three things are compared, value by value:
 *
 *     said    what the last import said: the fold of those events alone that imports caused
 *     now     what the ledger says: the fold of all
 *     sheet   what the rows say
 *
 *     sheet == said, or sheet == now        nothing: a stale sheet cannot undo what was done since
 *     now == said, or never imported        the difference becomes events
 *     all three differ                      changed-since, unless --mine or --theirs decides
 *
 * A cell that is empty says nothing. */
#ifndef TOOLS_IMPORT_PLAN_H
#define TOOLS_IMPORT_PLAN_H

#include "daybook/ledger.h"
#include "ledger/arena.h"
#include "projections/registers.h"
#include "tools/import/reading.h"

enum plan_side { PLAN_ASK, PLAN_MINE, PLAN_THEIRS };

struct planner_options {
    enum plan_side side;
    struct daybook_text identity; /* of the file, as its source has it */
};

enum plan_outcome { PLAN_UNCHANGED, PLAN_CREATED, PLAN_CHANGED, PLAN_REJECTED, PLAN_OUTCOME_COUNT };

struct plan {
    enum plan_outcome outcome;
    const struct daybook_draft *drafts; /* one entry */
    size_t draft_count;
    uint32_t version; /* of the order that is there; 0: none */
    const struct reading_rejection *rejected;
    size_t rejected_count;
};

struct planner;

/* `reading` and the options' text must outlive it. *ret compares with an empty ledger until planner_look. */
int planner_new(const struct reading *reading, const struct planner_options *options, struct planner **ret,
                struct daybook_error *err);
void planner_free(struct planner *planner); /* NULL is allowed */
/* Compare with this snapshot from now on; both must outlive that. `own_events` were recorded for plans since the last
 * look: what was not there before them is there only if somebody else wrote too. */
int planner_look(struct planner *planner, struct daybook_snapshot *snapshot, struct registers *registers,
                 uint64_t own_events, struct daybook_error *err);

/* The index-th order of the reading. What *ret points to lives in `arena`, the reading and the snapshot. */
int planner_plan(struct planner *planner, size_t index, struct arena *arena, struct plan *ret,
                 struct daybook_error *err);

/* Orders that imports brought and this file does not have, once all of its orders were planned. */
typedef int planner_gone(void *context, struct daybook_text order_no, struct daybook_error *err);
int planner_each_gone(struct planner *planner, planner_gone *visit, void *context, struct daybook_error *err);

#endif
