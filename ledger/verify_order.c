/* What can be said of events only one after the other: that none is missing, that each follows the one before of its
 * subject, that what it refers to is registered; and at the end, that the tables have what the events account for and
 * nothing else. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/verify_parts.h"

/* ---- findings */

static void keep(struct findings *findings, const struct finding *finding)
{
    size_t at = findings->count < VERIFY_PROBLEMS_MAX ? (size_t)findings->count : VERIFY_PROBLEMS_MAX;
    findings->count++;
    for (; at && findings->kept[at - 1].position > finding->position; at--)
        if (at < VERIFY_PROBLEMS_MAX)
            findings->kept[at] = findings->kept[at - 1];
    if (at < VERIFY_PROBLEMS_MAX)
        findings->kept[at] = *finding;
}

void findings_add(struct findings *findings, uint64_t position, uint64_t seq, const char *format, ...)
{
    struct finding finding = {.position = position, .problem.seq = seq};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(finding.problem.message, sizeof finding.problem.message, format, arguments);
    va_end(arguments);
    keep(findings, &finding);
}

void findings_move(struct findings *from, struct findings *to)
{
    uint64_t kept = from->count < VERIFY_PROBLEMS_MAX ? from->count : VERIFY_PROBLEMS_MAX;
    for (uint64_t i = 0; i < kept; i++)
        keep(to, &from->kept[i]);
    to->count += from->count - kept;
    from->count = 0;
}

int findings_add_or_fail(struct findings *findings, uint64_t position, uint64_t seq, int rc,
                         const struct daybook_error *err)
{
    if (rc != DAYBOOK_DAMAGED && rc != DAYBOOK_NOT_FOUND && rc != DAYBOOK_NEWER_FORMAT && rc != DAYBOOK_BAD_VALUE &&
        rc != DAYBOOK_TOO_LARGE)
        return rc;
    findings_add(findings, position, seq, "%s", err->message);
    return 0;
}

/* ---- names that were met */

static int no_memory(struct daybook_error *err)
{
    return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory while verifying.");
}

static bool grow_names(struct name_set *set)
{
    size_t capacity = set->capacity ? set->capacity * 2 : 1024;
    uint64_t *slots = calloc(capacity, sizeof *slots);
    if (!slots)
        return false;
    for (size_t i = 0; i < set->capacity; i++)
        if (set->slots[i]) {
            size_t at = set->slots[i] & (capacity - 1);
            while (slots[at])
                at = (at + 1) & (capacity - 1);
            slots[at] = set->slots[i];
        }
    free(set->slots);
    set->slots = slots;
    set->capacity = capacity;
    return true;
}

static size_t slot_of(const struct name_set *set, uint64_t hash)
{
    size_t at = hash & (set->capacity - 1);
    while (set->slots[at] && set->slots[at] != hash)
        at = (at + 1) & (set->capacity - 1);
    return at;
}

static int add_name(struct name_set *set, uint64_t hash, struct daybook_error *err)
{
    if (set->count * 2 >= set->capacity && !grow_names(set))
        return no_memory(err);
    size_t at = slot_of(set, hash);
    set->count += set->slots[at] == 0;
    set->slots[at] = hash;
    return 0;
}

static int count_name(struct verify_order *o, const struct given_name *name, struct daybook_error *err)
{
    struct name_set *set = name->is_personal ? &o->personal_names : &o->public_names;
    const struct heads *heads = name->kind < DAYBOOK_KIND_COUNT ? &o->heads[name->kind] : NULL;
    struct head *head = heads && name->stored && name->stored <= heads->count ? &heads->rows[name->stored - 1] : NULL;
    if (head && head->first_name == (uint32_t)name->hash)
        return 0;
    if (!head || !name->is_first || (set->count && set->slots[slot_of(set, name->hash)]))
        return add_name(set, name->hash, err);
    head->first_name = (uint32_t)name->hash;
    set->first_names++;
    return 0;
}

/* ---- events */

static void check_seq(struct verify_order *o, uint64_t seq)
{
    if (seq == o->expected_seq + 1)
        findings_add(&o->findings, o->expected_seq, o->expected_seq, "Event %llu is missing.", SEQ(o->expected_seq));
    else if (seq > o->expected_seq)
        findings_add(&o->findings, o->expected_seq, o->expected_seq, "The events %llu to %llu are missing.",
                     SEQ(o->expected_seq), SEQ(seq - 1));
    else if (seq < o->expected_seq)
        findings_add(&o->findings, seq, seq, "There is an event %llu, which cannot be.", SEQ(seq));
    o->expected_seq = seq + 1;
}

static int add_subject(struct heads *heads, struct daybook_error *err)
{
    if (heads->count == heads->capacity) {
        uint32_t capacity = heads->capacity ? heads->capacity * 2 : 64;
        struct head *rows = capacity ? reallocarray(heads->rows, capacity, sizeof *rows) : NULL;
        if (!rows)
            return no_memory(err);
        heads->rows = rows;
        heads->capacity = capacity;
    }
    heads->rows[heads->count++] = (struct head){0};
    return 0;
}

static int check_chain(struct verify_order *o, const struct link *link, struct daybook_error *err)
{
    if (link->kind >= DAYBOOK_KIND_COUNT) {
        findings_add(&o->findings, link->seq, link->seq,
                     "Event %llu is about a kind of subject, %u, that there is not.", SEQ(link->seq), link->kind);
        return 0;
    }
    struct heads *heads = &o->heads[link->kind];
    if (link->ordinal > heads->count + 1) {
        findings_add(&o->findings, link->seq, link->seq, "Event %llu is about %s %u, but there are only %u so far.",
                     SEQ(link->seq), schema_kind_name(link->kind), link->ordinal, heads->count);
        return 0;
    }
    int rc = link->ordinal > heads->count ? add_subject(heads, err) : 0;
    if (rc)
        return rc;
    struct head *head = &heads->rows[link->ordinal - 1];
    uint64_t prev = head->version ? link->seq - head->last_seq : 0;
    if (link->nth != head->version + 1 || link->prev != prev)
        findings_add(
            &o->findings, link->seq, link->seq,
            "Event %llu says that it is number %u of %s %u, %llu after the one before; it is number %u, %llu after.",
            SEQ(link->seq), link->nth, schema_kind_name(link->kind), link->ordinal, SEQ(link->prev), head->version + 1,
            SEQ(prev));
    head->version = link->nth;
    head->last_seq = link->seq;
    return 0;
}

static void refer(struct verify_order *o, const struct reference *reference)
{
    struct reference *highest = &o->references[reference->kind];
    if (reference->ordinal <= highest->ordinal)
        return;
    *highest = *reference;
    o->referred_kinds |= 1u << reference->kind;
}

/* Within an entry an event may refer to what a later one registers: the first event's actor, for one. */
static void end_entry(struct verify_order *o)
{
    for (; o->referred_kinds; o->referred_kinds &= o->referred_kinds - 1) {
        unsigned kind = (unsigned)__builtin_ctz(o->referred_kinds);
        struct reference *highest = &o->references[kind];
        if (highest->ordinal > o->heads[kind].count)
            findings_add(&o->findings, highest->seq, highest->seq,
                         "Event %llu refers to %s %u, which is not registered.", SEQ(highest->seq),
                         schema_kind_name(kind), highest->ordinal);
        highest->ordinal = 0;
    }
}

static int take_links(struct verify_order *o, const struct range *range, struct daybook_error *err)
{
    const struct reference *reference = range->references, *end = reference + range->reference_count;
    int rc = 0;
    for (size_t i = 0; i < range->link_count && !rc; i++) {
        const struct link *link = &range->links[i];
        if (link->seq != o->expected_seq)
            check_seq(o, link->seq);
        else
            o->expected_seq++;
        if (link->begins_entry && o->referred_kinds)
            end_entry(o);
        for (; reference < end && reference->seq == link->seq; reference++)
            refer(o, reference);
        if (link->kind)
            rc = check_chain(o, link, err);
    }
    return rc;
}

/* ---- the tree above its blocks */

/* The root over the first events, as many as the caller asked for; all whole blocks of them are in the tree. */
static int find_earlier_root(struct verify_order *o, const struct range *range, struct daybook_error *err)
{
    struct tree tree = o->tree;
    struct tree_row rows[TREE_ROWS_MAX];
    struct tree_hash leaf;
    const uint8_t *bytes;
    size_t len;
    while (tree.size < range->facts->earlier_size) {
        int rc = store_event(range->snapshot->log, tree.size + 1, &bytes, &len, err);
        if (rc) /* a missing one is told already */
            return rc == DAYBOOK_NOT_FOUND ? 0 : rc;
        tree_leaf_hash(bytes, len, &leaf);
        tree_append(&tree, &leaf, rows);
    }
    tree_root(&tree, &o->result->earlier_root);
    o->result->has_earlier_root = true;
    return 0;
}

static int grow_tree(struct verify_order *o, struct range *range, struct daybook_error *err)
{
    struct tree_row rows[TREE_ROWS_MAX];
    const uint64_t earlier_size = range->facts->earlier_size;
    int rc = 0;
    for (size_t i = 0; i <= range->block_count && !rc; i++) {
        bool is_near = o->tree.size <= earlier_size && earlier_size - o->tree.size < BLOCK_EVENTS;
        if (is_near && earlier_size && earlier_size <= range->facts->last_seq)
            rc = find_earlier_root(o, range, err);
        if (rc || i == range->block_count)
            break;
        unsigned count = tree_push_subtree(&o->tree, &range->blocks[i], TREE_ROW_BITS, rows);
        for (unsigned row = 0; row < count && !rc; row++)
            rc = range_check_row(range, &rows[row], range->last);
    }
    for (size_t i = 0; i < range->leaf_count; i++)
        tree_append(&o->tree, &range->leaves[i], rows);
    return rc;
}

/* ---- a range */

static int add_voids(struct verify_order *o, const struct range *range, struct daybook_error *err)
{
    size_t needed = o->void_count + range->void_count;
    if (needed > o->void_capacity) {
        struct store_void *voids = reallocarray(o->voids, 2 * needed, sizeof *voids);
        if (!voids)
            return no_memory(err);
        o->voids = voids;
        o->void_capacity = 2 * needed;
    }
    if (range->void_count)
        memcpy(o->voids + o->void_count, range->voids, range->void_count * sizeof *range->voids);
    o->void_count = needed;
    return 0;
}

int verify_order_take(struct verify_order *order, struct range *range, struct daybook_error *err)
{
    int rc = take_links(order, range, err);
    for (size_t i = 0; i < range->name_count && !rc; i++)
        rc = count_name(order, &range->names[i], err);
    if (!rc)
        rc = grow_tree(order, range, err);
    if (!rc)
        rc = add_voids(order, range, err);
    findings_move(&range->findings, &order->findings);
    order->result->events += range->link_count;
    order->result->personal_values += range->personal_values;
    order->result->erased += range->erased;
    order->keys += range->keys;
    order->tree_rows += range->tree_rows;
    return rc;
}

/* ---- tables */

static int check_heads(struct verify_order *o, struct daybook_snapshot *snapshot, struct daybook_error *err)
{
    for (uint32_t kind = 0; kind < DAYBOOK_KIND_COUNT; kind++)
        for (uint32_t i = 0; i < o->heads[kind].count; i++) {
            const struct head *head = &o->heads[kind].rows[i];
            struct store_head stored = {0};
            int rc = store_head(snapshot->log, kind, i + 1, &stored, err);
            if (rc && findings_add_or_fail(&o->findings, UINT64_MAX, head->last_seq, rc, err))
                return rc;
            if (!rc && (stored.version != head->version || stored.last_seq != head->last_seq))
                findings_add(&o->findings, UINT64_MAX, head->last_seq,
                             "The table of heads says that %s %u has %u events up to %llu; it has %u up to %llu.",
                             schema_kind_name(kind), i + 1, stored.version, SEQ(stored.last_seq), head->version,
                             SEQ(head->last_seq));
            o->result->subjects++;
        }
    return 0;
}

static int by_target(const void *a, const void *b)
{
    const struct store_void *x = a, *y = b;
    return x->target < y->target ? -1 : x->target > y->target;
}

static int check_voids(struct verify_order *o, struct daybook_snapshot *snapshot, struct daybook_error *err)
{
    struct store_void *stored = NULL;
    size_t count = 0;
    int rc = store_voids(snapshot->log, &stored, &count, err);
    if (rc)
        return findings_add_or_fail(&o->findings, UINT64_MAX, 0, rc, err);
    if (o->void_count)
        qsort(o->voids, o->void_count, sizeof *o->voids, by_target);
    for (size_t i = 0; i < o->void_count; i++)
        if (i >= count || memcmp(&stored[i], &o->voids[i], sizeof *stored) != 0) {
            findings_add(&o->findings, UINT64_MAX, o->voids[i].voiding,
                         "The table of voids does not have what event %llu says of event %llu.",
                         SEQ(o->voids[i].voiding), SEQ(o->voids[i].target));
            break;
        }
    if (count > o->void_count)
        findings_add(&o->findings, UINT64_MAX, 0, "The table of voids has %zu rows; the events account for %zu.", count,
                     o->void_count);
    free(stored);
    return 0;
}

/* No table has rows that no event accounts for. */
static void check_count(struct verify_order *o, const char *table, uint64_t stored, uint64_t expected,
                        bool more_allowed)
{
    if (stored < expected || (stored > expected && !more_allowed))
        findings_add(&o->findings, UINT64_MAX, 0, "The table of %s has %llu rows; the events account for %llu.", table,
                     SEQ(stored), SEQ(expected));
}

static int check_counts(struct verify_order *o, struct daybook_snapshot *snapshot, struct daybook_error *err)
{
    struct store_txn *log = snapshot->log;
    struct personal_txn *personal = snapshot->personal;
    enum { META_ALWAYS = 4 }; /* format, id, timezone, numbers; after an erasure also personal */
    uint64_t heads = 0, names = 0, keys = 0, rows = 0, values = 0, people = 0, personal_seq = 0;
    uint64_t meta = 0, generation = 0;
    int rc = store_head_count(log, &heads, err);
    if (!rc)
        rc = store_name_count(log, &names, err);
    if (!rc)
        rc = store_key_count(log, &keys, err);
    if (!rc)
        rc = store_tree_row_count(log, &rows, err);
    if (!rc)
        rc = store_meta_count(log, &meta, err);
    if (!rc)
        rc = store_meta_number(log, "personal", &generation, err);
    if (!rc)
        rc = personal_value_count(personal, &values, err);
    if (!rc)
        rc = personal_name_count(personal, &people, err);
    if (!rc)
        rc = personal_last_seq(personal, &personal_seq, err);
    if (rc)
        return rc;
    /* Personal data is committed first: what a crash, or a writer just now, left ahead of the log is no one's fault. */
    bool is_ahead = personal_seq > snapshot->last_seq;
    check_count(o, "heads", heads, o->result->subjects, false);
    check_count(o, "names", names, o->public_names.count + o->public_names.first_names, false);
    check_count(o, "keys", keys, o->keys, false);
    check_count(o, "tree", rows, o->tree_rows, false);
    check_count(o, "meta", meta, META_ALWAYS + (generation != 0), false);
    check_count(o, "personal values", values, o->result->personal_values, is_ahead);
    check_count(o, "personal names", people, o->personal_names.count + o->personal_names.first_names, is_ahead);
    return 0;
}

/* ---- all of it */

void verify_order_init(struct verify_order *order, struct verify_result *result)
{
    *order = (struct verify_order){.result = result, .expected_seq = 1};
    tree_init(&order->tree);
}

void verify_order_release(struct verify_order *order)
{
    for (unsigned kind = 0; kind < DAYBOOK_KIND_COUNT; kind++)
        free(order->heads[kind].rows);
    free(order->public_names.slots);
    free(order->personal_names.slots);
    free(order->voids);
}

int verify_order_end(struct verify_order *order, struct daybook_snapshot *snapshot, struct daybook_error *err)
{
    struct verify_result *result = order->result;
    end_entry(order);
    int rc = check_heads(order, snapshot, err);
    if (!rc)
        rc = check_voids(order, snapshot, err);
    if (!rc)
        rc = check_counts(order, snapshot, err);
    tree_root(&order->tree, &result->root);
    result->problem_count = order->findings.count;
    for (size_t i = 0; i < order->findings.count && i < VERIFY_PROBLEMS_MAX; i++)
        result->problems[i] = order->findings.kept[i].problem;
    return rc;
}
