/* What this process wrote to the log last, kept in memory so that a writer need not ask LMDB for it again: the bytes of
 * the newest events, and where the subjects touched lately end. Heads are put only when the transaction ends, each once
 * and in the order of their keys.
 *
 * It holds for one write transaction: the one that directly follows our own last commit. After an abort, or a commit of
 * anybody else, store.c empties it. */
#ifndef LEDGER_RECENT_H
#define LEDGER_RECENT_H

#include "daybook/event.h"

enum {
    RECENT_EVENTS = 1 << 16,     /* at most so many events */
    RECENT_BYTES = 4 << 20,      /* and so many bytes of them */
    RECENT_HEADS = 1 << 16,      /* slots for heads */
    RECENT_HEADS_USED = 3 << 14, /* when so many are in use, all are put and forgotten */
};

struct recent_head {
    uint64_t subject; /* key in the table of heads */
    uint64_t last_seq;
    uint32_t version;
    uint32_t generation : 31, unwritten : 1; /* of another generation: an empty slot */
};

struct recent {
    uint32_t generation;
    uint32_t last_ordinals[DAYBOOK_KIND_COUNT]; /* highest of each kind; 0: not known here */
    size_t head_count, unwritten_count;
    uint64_t first_seq, next_seq; /* first_seq .. next_seq - 1 were kept, and may be overwritten since */
    uint64_t end;                 /* of the endless run of bytes of which the last RECENT_BYTES are there */
    struct recent_head heads[RECENT_HEADS];
    uint64_t unwritten[RECENT_HEADS];  /* subjects whose heads are not in the table yet */
    uint64_t positions[RECENT_EVENTS]; /* in the run, by seq modulo RECENT_EVENTS */
    uint16_t lengths[RECENT_EVENTS];
    uint8_t bytes[RECENT_BYTES];
};

/* NULL when out of memory. Pages that are not used are never touched. */
struct recent *recent_new(void);
void recent_free(struct recent *recent);
/* Forget everything. */
void recent_clear(struct recent *recent);

/* NULL when it is not here; valid until the next recent_keep_event. */
const uint8_t *recent_event(const struct recent *recent, uint64_t seq, size_t *ret_len);
void recent_keep_event(struct recent *recent, uint64_t seq, const uint8_t *bytes, size_t len);

/* NULL when it is not here. */
const struct recent_head *recent_head(const struct recent *recent, uint64_t subject);
/* A head as it is in the table, or (unwritten) as it has to be put there. There must be room: see recent_is_full. */
void recent_keep_head(struct recent *recent, uint64_t subject, uint64_t last_seq, uint32_t version, bool unwritten);
/* Is there no room for another head? */
bool recent_is_full(const struct recent *recent);
void recent_forget_heads(struct recent *recent);
/* Sort `unwritten` by key. */
void recent_sort_unwritten(struct recent *recent);
/* All heads are in the table now. */
void recent_heads_written(struct recent *recent);

#endif
