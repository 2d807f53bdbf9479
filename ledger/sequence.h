/* The sequencer: turns a decided entry and a clock reading into events of the log.
 *
 * It is a function of the log, the entry and the clock reading alone: it reads no clock, draws no random number, has no
 * configuration and no Unicode tables, so that whoever applies the same entries in the same order gets the same
 * bytes. It tells stale entries, gives ordinals, order numbers, seqs and times, and keeps heads, names, keys, voids
 * and tree in step. */
#ifndef LEDGER_SEQUENCE_H
#define LEDGER_SEQUENCE_H

#include "ledger/entry.h"
#include "ledger/personal.h"
#include "ledger/store.h"
#include "ledger/zone.h"

/* Where the log stands while a write transaction is open. */
struct sequence {
    struct store_txn *log;
    struct personal_txn *personal;
    struct tree *tree;
    uint64_t last_seq;
    int64_t last_recorded_us;
    const struct zone *zone;
    struct daybook_text numbers;
    uint32_t last_ordinals[DAYBOOK_KIND_COUNT]; /* read when first needed; 0: not read yet */
    uint8_t *bytes;                             /* the encoded events of one entry, one after the other */
    size_t bytes_capacity;
};

struct sequence_verdict {
    uint64_t first_seq, last_seq;
    int64_t recorded_us;
    uint32_t order;
    struct daybook_text order_no; /* lives as long as the entry */
};

/* Nothing is put when it fails before the first put; when a put fails the transaction must be aborted, which
 * *ret_broken says. DAYBOOK_VERSION_CONFLICT, _TOO_LARGE, and what the store says. */
int sequence_entry(struct sequence *sequence, struct entry *entry, int64_t clock_us, struct sequence_verdict *ret,
                   bool *ret_broken, struct daybook_error *err);
void sequence_release(struct sequence *sequence);

/* Put one event that is encoded already, with its head, void and tree row: also for events carried from another log. */
int sequence_put(struct sequence *sequence, const struct daybook_event *event, const struct daybook_data *data,
                 struct daybook_error *err);
/* The tree over the first `size` events, from stored rows and at most 255 events. */
int sequence_load_tree(struct store_txn *log, uint64_t size, struct tree *ret, struct daybook_error *err);

#endif
