/* The events of one subject, followed back from its head. */
#include "ledger/chain.h"

#include <stdlib.h>
#include <string.h>

void chain_release(struct chain *chain)
{
    free(chain->links);
    event_scratch_release(&chain->scratch);
    event_scratch_release(&chain->place_scratch);
    *chain = (struct chain){0};
}

static int reserve(struct chain *chain, size_t wanted, struct daybook_error *err)
{
    if (wanted <= chain->capacity)
        return 0;
    size_t capacity = chain->capacity ? chain->capacity : 16;
    while (capacity < wanted)
        capacity *= 2;
    struct chain_link *links = realloc(chain->links, capacity * sizeof *links);
    if (!links)
        return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for a history of %zu events.", wanted);
    chain->links = links;
    chain->capacity = capacity;
    return 0;
}

static int broken(uint64_t seq, struct daybook_error *err)
{
    return daybook_fail(err, DAYBOOK_DAMAGED,
                        "The history that event %llu belongs to is broken. Run `daybook verify`, and restore a backup.",
                        (unsigned long long)seq);
}

/* Fill links from the back: the event with number nth goes to links[nth - 1]. */
static int load_back(struct chain *chain, struct store_txn *txn, uint32_t kind, uint32_t ordinal,
                     struct store_head head, struct daybook_error *err)
{
    uint64_t seq = head.last_seq;
    for (uint32_t nth = head.version; nth > 0; nth--) {
        const uint8_t *bytes;
        size_t len;
        struct chain_link *link = &chain->links[nth - 1];
        int rc = store_event(txn, seq, &bytes, &len, err);
        if (rc)
            return rc == DAYBOOK_NOT_FOUND ? broken(seq, err) : rc;
        rc = event_read_stored(seq, bytes, len, &link->event, err);
        if (rc)
            return rc;
        if (link->event.kind != kind || link->event.ordinal != ordinal || link->event.nth != nth)
            return broken(seq, err);
        link->pending = NULL;
        seq -= link->event.prev;
    }
    return 0;
}

int chain_load(struct chain *chain, struct store_txn *txn, uint32_t kind, uint32_t ordinal, uint64_t as_of,
               struct daybook_error *err)
{
    struct store_head head;
    chain->count = 0;
    int rc = store_head(txn, kind, ordinal, &head, err);
    if (!rc && head.version > head.last_seq)
        rc = broken(head.last_seq, err);
    if (!rc)
        rc = reserve(chain, head.version, err);
    if (!rc)
        rc = load_back(chain, txn, kind, ordinal, head, err);
    if (rc)
        return rc;
    chain->count = head.version;
    while (chain->count && chain->links[chain->count - 1].event.seq > as_of)
        chain->count--;
    return 0;
}

int chain_push(struct chain *chain, const struct daybook_event *event, const struct daybook_data *data,
               struct daybook_error *err)
{
    int rc = reserve(chain, chain->count + 1, err);
    if (!rc)
        chain->links[chain->count++] = (struct chain_link){*event, data};
    return rc;
}

size_t chain_find(const struct chain *chain, uint64_t seq)
{
    size_t low = 0, high = chain->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (chain->links[middle].event.seq < seq)
            low = middle + 1;
        else
            high = middle;
    }
    return low < chain->count && chain->links[low].event.seq == seq ? low : chain->count;
}

int chain_data(struct chain *chain, size_t index, struct event_scratch *scratch, struct daybook_data *ret,
               struct daybook_error *err)
{
    const struct chain_link *link = &chain->links[index];
    if (!link->pending)
        return event_read_data(&link->event, scratch, ret, err);
    *ret = *link->pending;
    return 0;
}
