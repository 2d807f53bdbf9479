/* What this process wrote to the log last: a ring of events, a table of heads. */
#include "ledger/recent.h"

#include <stdlib.h>
#include <string.h>

struct recent *recent_new(void)
{
    struct recent *recent = calloc(1, sizeof *recent);
    if (recent)
        recent->generation = 1;
    return recent;
}

void recent_free(struct recent *recent)
{
    free(recent);
}

void recent_forget_heads(struct recent *recent)
{
    enum { GENERATION_MAX = 0x7fffffff };
    if (recent->generation == GENERATION_MAX) {
        memset(recent->heads, 0, sizeof recent->heads);
        recent->generation = 0;
    }
    recent->generation++;
    recent->head_count = recent->unwritten_count = 0;
}

void recent_clear(struct recent *recent)
{
    recent_forget_heads(recent);
    memset(recent->last_ordinals, 0, sizeof recent->last_ordinals);
    recent->first_seq = recent->next_seq = 0;
}

/* ---- events */

const uint8_t *recent_event(const struct recent *recent, uint64_t seq, size_t *ret_len)
{
    if (seq < recent->first_seq || seq >= recent->next_seq || recent->next_seq - seq > RECENT_EVENTS)
        return NULL;
    uint64_t position = recent->positions[seq % RECENT_EVENTS];
    if (recent->end - position > RECENT_BYTES)
        return NULL;
    *ret_len = recent->lengths[seq % RECENT_EVENTS];
    return recent->bytes + position % RECENT_BYTES;
}

_Static_assert(DAYBOOK_EVENT_SIZE_MAX <= UINT16_MAX && (size_t)DAYBOOK_EVENT_SIZE_MAX <= (size_t)RECENT_BYTES,
               "any event can be kept");

void recent_keep_event(struct recent *recent, uint64_t seq, const uint8_t *bytes, size_t len)
{
    size_t left = RECENT_BYTES - recent->end % RECENT_BYTES;
    if (left < len) /* an event stands in one piece */
        recent->end += left;
    if (seq != recent->next_seq)
        recent->first_seq = seq;
    recent->next_seq = seq + 1;
    recent->positions[seq % RECENT_EVENTS] = recent->end;
    recent->lengths[seq % RECENT_EVENTS] = (uint16_t)len;
    memcpy(recent->bytes + recent->end % RECENT_BYTES, bytes, len);
    recent->end += len;
}

/* ---- heads */

/* Neighbours are worked on together, so they stay together in memory: a run of subjects is hashed, and a subject has
 * its place within its run. */
static size_t slot_of(const struct recent *recent, uint64_t subject)
{
    enum { RUN = 64, STEP = RUN + 1 }; /* odd: it comes past every slot */
    uint64_t hash = subject / RUN * 0x9e3779b97f4a7c15u;
    size_t slot = ((size_t)(hash >> 32) * RUN + subject % RUN) % RECENT_HEADS;
    while (recent->heads[slot].generation == recent->generation && recent->heads[slot].subject != subject)
        slot = (slot + STEP) % RECENT_HEADS;
    return slot;
}

const struct recent_head *recent_head(const struct recent *recent, uint64_t subject)
{
    const struct recent_head *head = &recent->heads[slot_of(recent, subject)];
    return head->generation == recent->generation ? head : NULL;
}

void recent_keep_head(struct recent *recent, uint64_t subject, uint64_t last_seq, uint32_t version, bool unwritten)
{
    struct recent_head *head = &recent->heads[slot_of(recent, subject)];
    bool known = head->generation == recent->generation, was_unwritten = known && head->unwritten;
    recent->head_count += !known;
    if (unwritten && !was_unwritten)
        recent->unwritten[recent->unwritten_count++] = subject;
    *head = (struct recent_head){.subject = subject,
                                 .last_seq = last_seq,
                                 .version = version,
                                 .generation = recent->generation & 0x7fffffff,
                                 .unwritten = unwritten || was_unwritten};
}

bool recent_is_full(const struct recent *recent)
{
    return recent->head_count >= RECENT_HEADS_USED;
}

static int compare_subjects(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

void recent_sort_unwritten(struct recent *recent)
{
    qsort(recent->unwritten, recent->unwritten_count, sizeof *recent->unwritten, compare_subjects);
}

void recent_heads_written(struct recent *recent)
{
    for (size_t i = 0; i < recent->unwritten_count; i++)
        recent->heads[slot_of(recent, recent->unwritten[i])].unwritten = 0;
    recent->unwritten_count = 0;
}
