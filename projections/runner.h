/* The runner keeps views: tables computed from the log that can be thrown away and computed again.
 *
 *     views/<name>.current               the name of the folder in use; changed by one rename
 *     views/<name>-v<version>-<n>/       an LMDB environment: two tables of rows, and meta
 *
 * The unit of work is a subject, not an event: since every order's events are a chain (nth, prev), an order that
 * has new events is folded again from its chain by the one fold there is (ledger/order.c) and its row is put anew. So
 * voids and corrections need nothing of their own, and a view is the same whether it was kept or made afresh.
 *
 *     position p ──▶ events p+1 .. n name the orders touched ──▶ each is folded ──▶ its row ──▶ position n, root
 *                                                                                   in one transaction
 *
 * Invariants:
 *  1. The rows of a view are those of a fresh fold of the log up to its position.
 *  2. Position, root and rows change in one transaction.
 *  3. A view that is being built is not current until it is whole. */
#ifndef PROJECTIONS_RUNNER_H
#define PROJECTIONS_RUNNER_H

#include "daybook/view.h"
#include "ledger/order_reader.h"

/* What a projection is told; ours look inside. */
struct daybook_subject {
    struct daybook_snapshot *snapshot;
    uint32_t kind, ordinal;
    struct order_reader reader; /* its chain, and of an order the state */
    struct order_state told;    /* of the fold that daybook_subject_events does, so that the state stays as it is */
    struct daybook_order order;
};

/* Where a view stands, without touching it. */
struct view_status {
    bool exists, usable; /* usable: of the program's version, and of this log */
    uint32_t version;
    uint64_t position;
    uint64_t file_bytes;
    char folder[64];
};
void view_status(struct daybook_snapshot *snapshot, const struct daybook_projection *projection,
                 struct view_status *ret);

#endif
