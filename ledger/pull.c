/* Catching up from another copy of the same ledger.
 *
 *     compare    the roots over what both have: the same, or the first event that differs, by bisection
 *     take       chunk by chunk: hashed on top of our tree, held against the root there, then carried
 *
 * What is there is read in one snapshot, from its file as it is mapped: a chunk is a list of pointers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/arena.h"
#include "ledger/backup.h"
#include "ledger/env.h"
#include "ledger/event.h"
#include "ledger/ledger.h"
#include "ledger/sequence.h"
#include "ledger/verify.h"

enum {
    CHUNK_EVENTS = 10000,
    CHUNK_BYTES = 16 << 20,
    CHUNK_EVENTS_MAX = 4 * CHUNK_EVENTS, /* an entry is kept whole up to here */
    CHUNK_FULL = -1,
};

struct pulling {
    struct daybook *ledger, *other;
    struct daybook_snapshot *theirs;
    const char *from;
    const struct daybook_pull_options *options;
    struct daybook_pulled *result;
    struct tree tree; /* of what is here, and the chunk */
    /* the chunk: */
    struct daybook_carried *events; /* CHUNK_EVENTS_MAX of them */
    size_t count, bytes;
    int64_t recorded_us; /* of its last event */
    struct arena arena;
    struct event_scratch scratch;
};

static int no_memory(const struct pulling *p, struct daybook_error *err)
{
    return path_fail(p->from, ENOMEM, "pulling from", err);
}

/* ---- comparing */

static int same_root(struct pulling *p, struct daybook_snapshot *ours, uint64_t size, bool *ret,
                     struct daybook_error *err)
{
    uint8_t here[TREE_HASH_SIZE], there[TREE_HASH_SIZE];
    int rc = daybook_root(ours, size, here, err);
    if (!rc)
        rc = daybook_root(p->theirs, size, there, err);
    if (!rc)
        *ret = memcmp(here, there, sizeof here) == 0;
    return rc;
}

static int refuse_foreign(struct pulling *p, uint64_t seq, struct daybook_error *err)
{
    p->result->differs_at = seq;
    if (seq == 1)
        return daybook_fail(err, DAYBOOK_FOREIGN_LOG,
                            "%s is another ledger than this one: the histories differ from event 1 on. Nothing was "
                            "taken.",
                            p->from);
    return daybook_fail(err, DAYBOOK_FOREIGN_LOG,
                        "%s has another history from event %llu on: both have gone on separately since. Nothing from "
                        "there was taken; keep one of them, and record again in it what only the other has.",
                        p->from, (unsigned long long)seq);
}

/* Roots that differ over `seq` events and not over seq - 1 must come of events that do. */
static int check_event_differs(struct pulling *p, struct daybook_snapshot *ours, uint64_t seq,
                               struct daybook_error *err)
{
    const uint8_t *here, *there;
    size_t here_len, there_len;
    int rc = store_event(ours->log, seq, &here, &here_len, err);
    if (!rc)
        rc = store_event(p->theirs->log, seq, &there, &there_len, err);
    if (!rc && here_len == there_len && memcmp(here, there, here_len) == 0)
        rc = daybook_fail(err, DAYBOOK_DAMAGED,
                          "The trees of this ledger and of %s differ at event %llu, but the events do not. Run "
                          "`daybook verify` on both.",
                          p->from, (unsigned long long)seq);
    return rc;
}

static int compare(struct pulling *p, struct daybook_snapshot *ours, struct daybook_error *err)
{
    uint64_t same = 0, differs = ours->last_seq < p->theirs->last_seq ? ours->last_seq : p->theirs->last_seq;
    bool is_same = false;
    int rc = same_root(p, ours, differs, &is_same, err);
    if (rc || is_same)
        return rc;
    while (!rc && differs - same > 1) {
        uint64_t middle = same + (differs - same) / 2;
        rc = same_root(p, ours, middle, &is_same, err);
        *(is_same ? &same : &differs) = middle;
    }
    if (!rc)
        rc = check_event_differs(p, ours, differs, err);
    return rc ? rc : refuse_foreign(p, differs, err);
}

static int compare_with_ours(struct pulling *p, struct daybook_error *err)
{
    struct daybook_snapshot *ours = NULL;
    int rc = daybook_snapshot_begin(p->ledger, &ours, err);
    if (rc)
        return rc;
    p->result->before = p->result->events = ours->last_seq;
    p->result->theirs = p->theirs->last_seq;
    rc = compare(p, ours, err);
    if (!rc)
        rc = sequence_load_tree(ours->log, ours->last_seq, &p->tree, err);
    daybook_snapshot_end(ours);
    return rc;
}

/* ---- a chunk */

struct values {
    struct pulling *p;
    uint64_t seq;
    const uint8_t **salts;
    struct daybook_text *values;
    size_t count;
    struct daybook_error *err;
};

static int count_value(void *context, const char *field, uint16_t slot, const struct daybook_personal *personal)
{
    struct values *v = context;
    (void)field, (void)personal;
    v->count = slot + 1u;
    return 0;
}

/* Absent when it was erased; that it fits its commitment is seen to where it is put. */
static int take_value(void *context, const char *field, uint16_t slot, const struct daybook_personal *personal)
{
    struct values *v = context;
    (void)field, (void)personal;
    return personal_value(v->p->theirs->personal, v->seq, slot, &v->salts[slot], &v->values[slot], v->err);
}

static int take_values(struct pulling *p, const struct daybook_event *event, struct daybook_carried *ret,
                       struct daybook_error *err)
{
    const struct schema_type *type = schema_by_wire(event->type);
    struct values v = {.p = p, .seq = event->seq, .err = err};
    struct daybook_data data;
    int rc = event_read_data(event, &p->scratch, &data, err);
    if (rc || !type)
        return rc;
    data_each_personal(type, &data, count_value, &v);
    if (v.count == 0)
        return 0;
    v.salts = arena_alloc(&p->arena, v.count * sizeof *v.salts);
    v.values = arena_alloc(&p->arena, v.count * sizeof *v.values);
    if (!v.salts || !v.values)
        return no_memory(p, err);
    rc = data_each_personal(type, &data, take_value, &v);
    ret->salts = v.salts;
    ret->values = v.values;
    ret->value_count = v.count;
    return rc;
}

/* It ends between entries, as the log does for every reader. */
static int add_event(void *context, uint64_t seq, const uint8_t *bytes, size_t len, struct daybook_error *err)
{
    struct pulling *p = context;
    struct daybook_carried *carried = &p->events[p->count];
    struct daybook_event event;
    struct tree_hash leaf;
    struct tree_row rows[TREE_ROWS_MAX];
    bool is_full = p->count >= CHUNK_EVENTS || p->bytes >= CHUNK_BYTES;
    int rc = event_read(seq, bytes, len, &event, err);
    if (rc || (is_full && event.recorded_us != p->recorded_us) || p->count == CHUNK_EVENTS_MAX)
        return rc ? rc : CHUNK_FULL;
    *carried = (struct daybook_carried){.seq = seq, .bytes = bytes, .len = len};
    rc = take_values(p, &event, carried, err);
    if (rc)
        return rc;
    tree_leaf_hash(bytes, len, &leaf);
    tree_append(&p->tree, &leaf, rows);
    p->recorded_us = event.recorded_us;
    p->bytes += len;
    p->count++;
    return 0;
}

/* Do these events, on top of ours, make the root that is said there? */
static int check_chunk(struct pulling *p, struct daybook_error *err)
{
    struct tree_hash here, there;
    uint64_t size = p->events[p->count - 1].seq;
    tree_root(&p->tree, &here);
    int rc = daybook_root(p->theirs, size, there.bytes, err);
    if (!rc && (p->tree.size != size || memcmp(here.bytes, there.bytes, sizeof here.bytes) != 0))
        rc = daybook_fail(err, DAYBOOK_VERIFICATION_FAILED,
                          "The events of %s up to %llu do not make the root that it has for them. Run `daybook verify` "
                          "on it.",
                          p->from, (unsigned long long)size);
    return rc;
}

/* Somebody else may have written here since the roots were compared: the same events, or others. */
static int carry_chunk(struct pulling *p, struct daybook_error *err)
{
    size_t taken = 0;
    int rc = daybook_carry(p->ledger, p->events, p->count, &taken, err);
    if (rc == DAYBOOK_FOREIGN_LOG && taken < p->count)
        return refuse_foreign(p, p->events[taken].seq, err);
    if (rc)
        return rc;
    p->result->events = p->events[p->count - 1].seq;
    if (p->options->progress)
        p->options->progress(p->options->context, DAYBOOK_STEP_COPY, p->result->events - p->result->before,
                             p->theirs->last_seq - p->result->before);
    return 0;
}

static int take_all(struct pulling *p, struct daybook_error *err)
{
    int rc = 0;
    while (!rc && p->result->events < p->theirs->last_seq) {
        p->count = p->bytes = 0;
        arena_reset(&p->arena);
        rc = store_each_event(p->theirs->log, p->result->events + 1, add_event, p, err);
        if (rc == CHUNK_FULL)
            rc = 0;
        if (!rc && p->count == 0)
            rc = daybook_fail(err, DAYBOOK_DAMAGED, "Event %llu of %s is missing. Run `daybook verify` on it.",
                              (unsigned long long)p->result->events + 1, p->from);
        if (!rc)
            rc = check_chunk(p, err);
        if (!rc)
            rc = carry_chunk(p, err);
    }
    return rc;
}

/* ---- all of it */

static int open_source(struct pulling *p, struct daybook_error *err)
{
    char folder[FOLDER_PATH_MAX];
    struct daybook_copy backup;
    int rc = backup_newest(p->from, folder, err);
    if (rc)
        return rc;
    struct daybook_open_options options = {.unsafe_filesystem = p->options->unsafe_filesystem ||
                                                                backup_read(folder, &backup, NULL) == 0};
    rc = verify_pages(folder, err);
    if (!rc)
        rc = daybook_open(folder, &options, &p->other, err);
    if (!rc)
        rc = daybook_snapshot_begin(p->other, &p->theirs, err);
    if (rc)
        return rc;
    store_expect_order(p->theirs->log);
    personal_expect_order(p->theirs->personal);
    return 0;
}

int daybook_pull(struct daybook *ledger, const char *from, const struct daybook_pull_options *options,
                 struct daybook_pulled *ret, struct daybook_error *err)
{
    static const struct daybook_pull_options defaults;
    struct pulling *p = calloc(1, sizeof *p);
    *ret = (struct daybook_pulled){0};
    if (!p)
        return path_fail(from, ENOMEM, "pulling from", err);
    *p = (struct pulling){.ledger = ledger, .from = from, .options = options ? options : &defaults, .result = ret};
    p->events = malloc(CHUNK_EVENTS_MAX * sizeof *p->events);
    int rc = p->events ? open_source(p, err) : no_memory(p, err);
    if (!rc)
        rc = compare_with_ours(p, err);
    if (!rc)
        rc = take_all(p, err);
    daybook_snapshot_end(p->theirs);
    daybook_close(p->other);
    event_scratch_release(&p->scratch);
    arena_release(&p->arena);
    free(p->events);
    free(p);
    return rc;
}
