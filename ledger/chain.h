/* The events of one subject, followed back from its head: the log is its own index. */
#ifndef LEDGER_CHAIN_H
#define LEDGER_CHAIN_H

#include "ledger/event.h"
#include "ledger/store.h"

struct chain_link {
    struct daybook_event event;
    const struct daybook_data *pending; /* fields of an event that is about to be appended; else NULL */
};

/* Starts as {0}; reused from subject to subject. Links are oldest first. */
struct chain {
    struct chain_link *links;
    size_t count, capacity;
    struct event_scratch scratch;
    struct event_scratch place_scratch; /* for what takes a voided event's place */
};
void chain_release(struct chain *chain);

/* The subject's events with seq <= as_of. Checks nth and prev on the way (DAYBOOK_DAMAGED). None: count 0. */
int chain_load(struct chain *chain, struct store_txn *txn, uint32_t kind, uint32_t ordinal, uint64_t as_of,
               struct daybook_error *err);
/* One more at the end; `data` stays the caller's. */
int chain_push(struct chain *chain, const struct daybook_event *event, const struct daybook_data *data,
               struct daybook_error *err);
/* Index of the link with that seq; chain->count when there is none. */
size_t chain_find(const struct chain *chain, uint64_t seq);
/* The fields of a link; they live until the next call with the same scratch. */
int chain_data(struct chain *chain, size_t index, struct event_scratch *scratch, struct daybook_data *ret,
               struct daybook_error *err);

#endif
