/* Is a ledger what it claims to be?
 *
 *     pages      of log and personal data, before either is mapped (pagewalk.c)
 *     events     one after the other: bytes, chain, time, fields, the tree's rows, names, keys, personal values
 *     tables     at the end: heads, voids, meta, and that none has rows that no event accounts for
 *
 * A finding does not end it: the first ones are told, the rest are counted. */
#include "ledger/verify.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include <xxhash.h>

#include "ledger/chain.h"
#include "ledger/event.h"
#include "ledger/ledger.h"
#include "ledger/names.h"
#include "ledger/pagewalk.h"
#include "ledger/text.h"

enum { PROGRESS_EVERY = 1024 };

/* The head of a subject as its events say it, and a hash of the name that its first event gave; 0: none. */
struct head {
    uint64_t last_seq;
    uint32_t version, first_name;
};

/* The heads of one kind's subjects, by ordinal - 1. */
struct heads {
    struct head *rows;
    uint32_t count, capacity;
};

/* Names that were met, each counted once. Most are a subject's first name, which its head remembers; the others are
 * here, by hash. */
struct name_set {
    uint64_t *slots; /* 0: empty */
    size_t count, capacity;
    uint64_t first_names; /* counted, but not here */
};

/* The largest ordinal of a kind that an entry refers to, and the event that does. */
struct reference {
    uint32_t ordinal;
    uint64_t seq;
};

struct verification {
    const struct verify_options *options;
    struct verify_result *result;
    struct daybook_snapshot *snapshot;
    struct daybook_error *err; /* what failed last; a finding, or the end */
    struct tree tree;
    struct heads heads[DAYBOOK_KIND_COUNT];
    struct reference references[DAYBOOK_KIND_COUNT]; /* of the entry being read */
    unsigned referred_kinds;                         /* a bit for each that it refers to */
    struct name_set public_names, personal_names;
    uint64_t expected_seq, tree_rows, keys;
    int64_t recorded_us;
    int32_t counter_day;
    struct store_void *voids;
    size_t void_count, void_capacity;
    char numbers[NUMBERS_PATTERN_MAX + 1];
    struct event_scratch scratch;
};

__attribute__((format(printf, 3, 4))) static void found(struct verification *v, uint64_t seq, const char *format, ...)
{
    struct verify_result *result = v->result;
    if (result->problem_count++ >= VERIFY_PROBLEMS_MAX)
        return;
    struct verify_problem *problem = &result->problems[result->problem_count - 1];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(problem->message, sizeof problem->message, format, arguments);
    va_end(arguments);
    problem->seq = seq;
}

static int no_memory(struct verification *v)
{
    return daybook_fail(v->err, DAYBOOK_NO_MEMORY, "Out of memory while verifying.");
}

/* What says a sentence about damage is a finding; what the machine could not do ends it. */
static int found_or_failed(struct verification *v, uint64_t seq, int rc)
{
    if (rc != DAYBOOK_DAMAGED && rc != DAYBOOK_NOT_FOUND && rc != DAYBOOK_NEWER_FORMAT && rc != DAYBOOK_BAD_VALUE &&
        rc != DAYBOOK_TOO_LARGE)
        return rc;
    found(v, seq, "%s", v->err->message);
    return 0;
}

#define SEQ(seq) ((unsigned long long)(seq))

/* ---- names that were met */

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

static uint64_t hash_name(uint32_t kind, struct daybook_text name)
{
    uint64_t hash = XXH3_64bits_withSeed(name.ptr, name.len, kind);
    return (uint32_t)hash ? hash : hash + 1;
}

static size_t slot_of(const struct name_set *set, uint64_t hash)
{
    size_t at = hash & (set->capacity - 1);
    while (set->slots[at] && set->slots[at] != hash)
        at = (at + 1) & (set->capacity - 1);
    return at;
}

static int add_name(struct verification *v, struct name_set *set, uint64_t hash)
{
    if (set->count * 2 >= set->capacity && !grow_names(set))
        return no_memory(v);
    size_t at = slot_of(set, hash);
    set->count += set->slots[at] == 0;
    set->slots[at] = hash;
    return 0;
}

/* The subject that the table of names leads to: its head, if it has one by now. */
static int count_name(struct verification *v, struct name_set *set, uint64_t hash, struct head *head, bool is_first)
{
    if (head && head->first_name == (uint32_t)hash)
        return 0;
    if (!head || !is_first || (set->count && set->slots[slot_of(set, hash)]))
        return add_name(v, set, hash);
    head->first_name = (uint32_t)hash;
    set->first_names++;
    return 0;
}

/* ---- chains */

static int add_subject(struct verification *v, struct heads *heads)
{
    if (heads->count == heads->capacity) {
        uint32_t capacity = heads->capacity ? heads->capacity * 2 : 64;
        struct head *rows = capacity ? reallocarray(heads->rows, capacity, sizeof *rows) : NULL;
        if (!rows)
            return no_memory(v);
        heads->rows = rows;
        heads->capacity = capacity;
    }
    heads->rows[heads->count++] = (struct head){0};
    return 0;
}

static int check_chain(struct verification *v, const struct daybook_event *event)
{
    if (event->kind == 0 || event->kind >= DAYBOOK_KIND_COUNT) {
        found(v, event->seq, "Event %llu is about a kind of subject, %u, that there is not.", SEQ(event->seq),
              event->kind);
        return 0;
    }
    struct heads *heads = &v->heads[event->kind];
    if (event->ordinal > heads->count + 1) {
        found(v, event->seq, "Event %llu is about %s %u, but there are only %u so far.", SEQ(event->seq),
              schema_kind_name(event->kind), event->ordinal, heads->count);
        return 0;
    }
    int rc = event->ordinal > heads->count ? add_subject(v, heads) : 0;
    if (rc)
        return rc;
    struct head *head = &heads->rows[event->ordinal - 1];
    uint64_t prev = head->version ? event->seq - head->last_seq : 0;
    if (event->nth != head->version + 1 || event->prev != prev)
        found(v, event->seq,
              "Event %llu says that it is number %u of %s %u, %llu after the one before; it is number %u, %llu after.",
              SEQ(event->seq), event->nth, schema_kind_name(event->kind), event->ordinal, SEQ(event->prev),
              head->version + 1, SEQ(prev));
    head->version = event->nth;
    head->last_seq = event->seq;
    return 0;
}

static void refer(struct verification *v, uint64_t seq, enum daybook_kind kind, uint32_t ordinal)
{
    struct reference *reference = &v->references[kind];
    if (ordinal <= reference->ordinal)
        return;
    *reference = (struct reference){ordinal, seq};
    v->referred_kinds |= 1u << kind;
}

/* Within an entry an event may refer to what a later one registers: the first event's actor, for one. */
static void end_entry(struct verification *v)
{
    for (; v->referred_kinds; v->referred_kinds &= v->referred_kinds - 1) {
        unsigned kind = (unsigned)__builtin_ctz(v->referred_kinds);
        struct reference *reference = &v->references[kind];
        if (reference->ordinal > v->heads[kind].count)
            found(v, reference->seq, "Event %llu refers to %s %u, which is not registered.", SEQ(reference->seq),
                  schema_kind_name(kind), reference->ordinal);
        reference->ordinal = 0;
    }
}

static void refer_all(struct verification *v, const struct daybook_event *event, const struct daybook_data *data)
{
    refer(v, event->seq, DAYBOOK_CUSTOMER, data->customer);
    refer(v, event->seq, DAYBOOK_CUSTOMER, data->into);
    for (size_t i = 0; i < data->own_count; i++)
        refer(v, event->seq, DAYBOOK_FIELD, data->own[i].field);
    for (size_t i = 0; i < data->line_count; i++) {
        refer(v, event->seq, DAYBOOK_PRODUCT, data->lines[i].product);
        for (size_t j = 0; j < data->lines[i].own_count; j++)
            refer(v, event->seq, DAYBOOK_FIELD, data->lines[i].own[j].field);
    }
}

/* ---- names and keys */

/* Who a customer is now. Damage on the way is found where it lies. */
static int merged_into(struct verification *v, uint32_t *ordinal)
{
    int rc = ledger_final_customer(v->snapshot->log, ordinal, v->err);
    return rc == DAYBOOK_DAMAGED || rc == DAYBOOK_NOT_FOUND ? 0 : found_or_failed(v, 0, rc);
}

struct name_visit {
    struct verification *v;
    uint64_t seq;
    uint32_t nth;
};

struct name_wanted {
    struct daybook_text name;
    bool found;
};

static int see_name(void *context, bool is_personal, uint32_t kind, struct daybook_text name, uint32_t ordinal,
                    struct daybook_error *err)
{
    struct name_wanted *wanted = context;
    (void)is_personal, (void)kind, (void)ordinal, (void)err;
    wanted->found |= text_equals(name, wanted->name);
    return 0;
}

/* Has the subject taken the name after event `seq`? An old name leads to whoever had it last. */
static int took_name(struct verification *v, uint32_t kind, uint32_t ordinal, struct daybook_text name, uint64_t seq,
                     bool *ret)
{
    struct name_wanted wanted = {name, false};
    struct chain chain = {0};
    int rc = ordinal ? chain_load(&chain, v->snapshot->log, kind, ordinal, UINT64_MAX, v->err) : 0;
    for (size_t i = 0; i < chain.count && !rc; i++) {
        struct daybook_data data;
        if (chain.links[i].event.seq <= seq)
            continue;
        rc = chain_data(&chain, i, &chain.scratch, &data, v->err);
        if (!rc)
            rc = names_of_event(&chain.links[i].event, &data, v->snapshot->personal, see_name, &wanted, v->err);
    }
    chain_release(&chain);
    *ret = wanted.found;
    return rc == DAYBOOK_DAMAGED || rc == DAYBOOK_NOT_FOUND ? 0 : found_or_failed(v, 0, rc);
}

static int check_name(void *context, bool is_personal, uint32_t kind, struct daybook_text name, uint32_t ordinal,
                      struct daybook_error *err)
{
    const struct name_visit *visit = context;
    struct verification *v = visit->v;
    uint32_t stored = 0, now = ordinal, stored_now;
    bool taken = false;
    int rc = is_personal ? personal_name(v->snapshot->personal, kind, name, &stored, err)
                         : store_name(v->snapshot->log, kind, name, &stored, err);
    struct heads *heads = &v->heads[kind];
    if (!rc)
        rc = count_name(v, is_personal ? &v->personal_names : &v->public_names, hash_name(kind, name),
                        stored && stored <= heads->count ? &heads->rows[stored - 1] : NULL,
                        stored == ordinal && visit->nth == 1);
    stored_now = stored;
    if (!rc && stored && stored != ordinal && kind == DAYBOOK_CUSTOMER) {
        rc = merged_into(v, &now);
        if (!rc)
            rc = merged_into(v, &stored_now);
    }
    if (!rc && stored_now != now)
        rc = took_name(v, kind, stored, name, visit->seq, &taken);
    if (!rc && stored_now != now && !taken)
        found(v, visit->seq, "The name that event %llu gives to %s %u leads to %u in the table of names.",
              SEQ(visit->seq), schema_kind_name(kind), ordinal, stored);
    return rc;
}

/* Counters are kept under the prefix that numbers had on the day of an order's recording. */
static int count_counters(struct verification *v, const struct daybook_event *event)
{
    char prefix[NUMBERS_EXPANDED_MAX];
    if (event->type != DAYBOOK_ORDER_CREATED)
        return 0;
    int32_t day = zone_day(ledger_zone(v->snapshot->ledger), event->recorded_us);
    if (day == v->counter_day)
        return 0;
    v->counter_day = day;
    struct daybook_text numbers = {v->numbers, strlen(v->numbers)};
    struct daybook_text text = {prefix, numbers_expand(numbers, day, 0, prefix)};
    uint32_t counter = 0;
    int rc = store_name(v->snapshot->log, STORE_KIND_COUNTER, text, &counter, v->err);
    return rc || counter == 0 ? rc : add_name(v, &v->public_names, hash_name(STORE_KIND_COUNTER, text));
}

/* A key that should stand in the table does, under this event or a later one with the same key. */
static int count_key(struct verification *v, const struct daybook_event *event, const struct daybook_data *data)
{
    uint64_t seq = 0;
    if (!names_key_in_table(event, data, (struct daybook_text){v->numbers, strlen(v->numbers)}))
        return 0;
    int rc = store_key(v->snapshot->log, event->key, &seq, v->err);
    v->keys += !rc && seq == event->seq;
    if (!rc && seq < event->seq)
        found(v, event->seq, "The idempotency key of event %llu is missing in the table of keys.", SEQ(event->seq));
    return rc;
}

/* ---- personal values */

static int check_personal(void *context, const char *field, uint16_t slot, const struct daybook_personal *personal)
{
    const struct name_visit *visit = context;
    struct verification *v = visit->v;
    const uint8_t *salt;
    struct daybook_text value;
    uint8_t commitment[DAYBOOK_COMMITMENT_SIZE];
    int rc = personal_value(v->snapshot->personal, visit->seq, slot, &salt, &value, v->err);
    if (rc)
        return rc;
    if (!value.ptr) {
        v->result->erased++;
        return 0;
    }
    v->result->personal_values++;
    personal_commitment(salt, value, commitment);
    if (memcmp(commitment, personal->commitment, sizeof commitment) != 0)
        found(v, visit->seq, "The \"%s\" of event %llu is not what was recorded: it does not fit its commitment.",
              field, SEQ(visit->seq));
    return 0;
}

/* ---- what single types say */

static int add_void(struct verification *v, const struct daybook_event *event, const struct daybook_data *data)
{
    if (v->void_count == v->void_capacity) {
        size_t capacity = v->void_capacity ? v->void_capacity * 2 : 64;
        struct store_void *voids = reallocarray(v->voids, capacity, sizeof *voids);
        if (!voids)
            return no_memory(v);
        v->voids = voids;
        v->void_capacity = capacity;
    }
    uint64_t replacing = data->replacement ? event->seq + data->replacement : 0;
    v->voids[v->void_count++] = (struct store_void){data->target, event->seq, replacing};
    if (data->target >= event->seq)
        found(v, event->seq, "Event %llu voids event %llu, which is not before it.", SEQ(event->seq),
              SEQ(data->target));
    return 0;
}

static int check_meta(struct verification *v, const char *name, struct daybook_text said)
{
    struct daybook_text kept;
    int rc = store_meta_text(v->snapshot->log, name, &kept, v->err);
    if (!rc && (!kept.ptr || !text_equals(kept, said)))
        found(v, 1, "The ledger's \"%s\" is not what event 1 says.", name);
    return rc;
}

static int check_opening(struct verification *v, const struct daybook_event *event, const struct daybook_data *data)
{
    if (event->seq != 1) {
        found(v, event->seq, "Event %llu opens the ledger again.", SEQ(event->seq));
        return 0;
    }
    int rc = check_meta(v, "id", data->identity);
    if (!rc)
        rc = check_meta(v, "timezone", data->timezone);
    return rc ? rc : check_meta(v, "numbers", data->numbers);
}

static int check_by_type(struct verification *v, const struct daybook_event *event, const struct daybook_data *data)
{
    if (event->seq == 1 && event->type != DAYBOOK_LEDGER_OPENED)
        found(v, 1, "Event 1 does not open the ledger.");
    if ((event->type == DAYBOOK_LEDGER_OPENED || event->type == DAYBOOK_LEDGER_CHANGED) && data->numbers.len &&
        data->numbers.len < sizeof v->numbers) {
        memcpy(v->numbers, data->numbers.ptr, data->numbers.len);
        v->numbers[data->numbers.len] = '\0';
        v->counter_day = DAYBOOK_DAY_NONE;
    }
    if (event->type == DAYBOOK_LEDGER_OPENED)
        return check_opening(v, event, data);
    return event->type == DAYBOOK_ORDER_EVENT_VOIDED ? add_void(v, event, data) : 0;
}

static int check_data(struct verification *v, const struct daybook_event *event, struct daybook_data *data)
{
    const struct schema_type *type = schema_by_wire(event->type);
    if (!type || event->version > type->version) {
        int rc = event_read_data(event, &v->scratch, data, v->err);
        return found_or_failed(v, event->seq, rc);
    }
    struct name_visit visit = {v, event->seq, event->nth};
    refer_all(v, event, data);
    int rc = check_by_type(v, event, data);
    if (!rc)
        rc = data_each_personal(type, data, check_personal, &visit);
    if (!rc)
        rc = names_of_event(event, data, v->snapshot->personal, check_name, &visit, v->err);
    if (!rc)
        rc = count_key(v, event, data);
    return found_or_failed(v, event->seq, rc);
}

/* ---- events */

static int grow_tree(struct verification *v, uint64_t seq, const uint8_t *bytes, size_t len)
{
    struct tree_hash leaf;
    struct tree_row rows[TREE_ROWS_MAX];
    tree_leaf_hash(bytes, len, &leaf);
    unsigned count = tree_append(&v->tree, &leaf, rows);
    for (unsigned i = 0; i < count; i++) {
        struct tree_hash stored;
        int rc = store_tree_row(v->snapshot->log, rows[i].level, rows[i].index, &stored, v->err);
        if (rc && rc != DAYBOOK_DAMAGED)
            return found_or_failed(v, seq, rc);
        if (rc || memcmp(&stored, &rows[i].hash, sizeof stored) != 0)
            found(v, 0,
                  "Something among the events %llu to %llu is not what was recorded: their hash (level %u, row %llu) "
                  "differs.",
                  SEQ(rows[i].index << (TREE_ROW_BITS * rows[i].level)) + 1,
                  SEQ((rows[i].index + 1) << (TREE_ROW_BITS * rows[i].level)), rows[i].level, SEQ(rows[i].index));
        v->tree_rows++;
    }
    if (v->tree.size == v->options->earlier_size) {
        tree_root(&v->tree, &v->result->earlier_root);
        v->result->has_earlier_root = true;
    }
    return 0;
}

static void check_seq(struct verification *v, uint64_t seq)
{
    if (seq == v->expected_seq + 1)
        found(v, v->expected_seq, "Event %llu is missing.", SEQ(v->expected_seq));
    else if (seq > v->expected_seq)
        found(v, v->expected_seq, "The events %llu to %llu are missing.", SEQ(v->expected_seq), SEQ(seq - 1));
    else if (seq < v->expected_seq)
        found(v, seq, "There is an event %llu, which cannot be.", SEQ(seq));
    v->expected_seq = seq + 1;
}

static int check_event(void *context, uint64_t seq, const uint8_t *bytes, size_t len, struct daybook_error *err)
{
    struct verification *v = context;
    struct daybook_event event;
    struct daybook_data data;
    (void)err;
    check_seq(v, seq);
    v->result->events++;
    if (v->options->progress && seq % PROGRESS_EVERY == 0)
        v->options->progress(v->options->context, seq, v->snapshot->last_seq);
    int rc = grow_tree(v, seq, bytes, len);
    if (rc)
        return rc;
    rc = event_read_checked(seq, bytes, len, &v->scratch, &event, &data, v->err);
    if (rc == DAYBOOK_NO_MEMORY)
        return rc;
    if (rc) {
        found(v, seq, "Event %llu is not what was recorded: its bytes do not fit its check. Restore a backup.",
              SEQ(seq));
        return 0;
    }
    if (event.recorded_us != v->recorded_us)
        end_entry(v);
    if (event.recorded_us < v->recorded_us)
        found(v, seq, "Event %llu says that it was recorded before the event before it.", SEQ(seq));
    v->recorded_us = event.recorded_us;
    refer(v, seq, DAYBOOK_ACTOR, event.actor);
    refer(v, seq, DAYBOOK_VIA, event.via);
    refer(v, seq, DAYBOOK_SOURCE, event.cause_source);
    rc = check_chain(v, &event);
    if (!rc)
        rc = check_data(v, &event, &data);
    return rc ? rc : count_counters(v, &event);
}

/* ---- tables */

static int check_heads(struct verification *v)
{
    for (uint32_t kind = 0; kind < DAYBOOK_KIND_COUNT; kind++)
        for (uint32_t i = 0; i < v->heads[kind].count; i++) {
            const struct head *head = &v->heads[kind].rows[i];
            struct store_head stored = {0};
            int rc = store_head(v->snapshot->log, kind, i + 1, &stored, v->err);
            if (rc && found_or_failed(v, head->last_seq, rc))
                return rc;
            if (!rc && (stored.version != head->version || stored.last_seq != head->last_seq))
                found(v, head->last_seq,
                      "The table of heads says that %s %u has %u events up to %llu; it has %u up to %llu.",
                      schema_kind_name(kind), i + 1, stored.version, SEQ(stored.last_seq), head->version,
                      SEQ(head->last_seq));
            v->result->subjects++;
        }
    return 0;
}

static int by_target(const void *a, const void *b)
{
    const struct store_void *x = a, *y = b;
    return x->target < y->target ? -1 : x->target > y->target;
}

static int check_voids(struct verification *v)
{
    struct store_void *stored = NULL;
    size_t count = 0;
    int rc = store_voids(v->snapshot->log, &stored, &count, v->err);
    if (rc)
        return found_or_failed(v, 0, rc);
    if (v->void_count)
        qsort(v->voids, v->void_count, sizeof *v->voids, by_target);
    for (size_t i = 0; i < v->void_count; i++)
        if (i >= count || memcmp(&stored[i], &v->voids[i], sizeof *stored) != 0) {
            found(v, v->voids[i].voiding, "The table of voids does not have what event %llu says of event %llu.",
                  SEQ(v->voids[i].voiding), SEQ(v->voids[i].target));
            break;
        }
    if (count > v->void_count)
        found(v, 0, "The table of voids has %zu rows; the events account for %zu.", count, v->void_count);
    free(stored);
    return 0;
}

/* No table has rows that no event accounts for. */
static int check_count(struct verification *v, const char *table, uint64_t stored, uint64_t expected, bool more_allowed)
{
    if (stored < expected || (stored > expected && !more_allowed))
        found(v, 0, "The table of %s has %llu rows; the events account for %llu.", table, SEQ(stored), SEQ(expected));
    return 0;
}

static int check_counts(struct verification *v)
{
    struct store_txn *log = v->snapshot->log;
    struct personal_txn *personal = v->snapshot->personal;
    uint64_t heads = 0, names = 0, keys = 0, rows = 0, values = 0, people = 0, personal_seq = 0;
    int rc = store_head_count(log, &heads, v->err);
    if (!rc)
        rc = store_name_count(log, &names, v->err);
    if (!rc)
        rc = store_key_count(log, &keys, v->err);
    if (!rc)
        rc = store_tree_row_count(log, &rows, v->err);
    if (!rc)
        rc = personal_value_count(personal, &values, v->err);
    if (!rc)
        rc = personal_name_count(personal, &people, v->err);
    if (!rc)
        rc = personal_last_seq(personal, &personal_seq, v->err);
    if (rc)
        return rc;
    /* Personal data is committed first: what a crash, or a writer just now, left ahead of the log is no one's fault. */
    bool is_ahead = personal_seq > v->snapshot->last_seq;
    check_count(v, "heads", heads, v->result->subjects, false);
    check_count(v, "names", names, v->public_names.count + v->public_names.first_names, false);
    check_count(v, "keys", keys, v->keys, false);
    check_count(v, "tree", rows, v->tree_rows, false);
    check_count(v, "personal values", values, v->result->personal_values, is_ahead);
    return check_count(v, "personal names", people, v->personal_names.count + v->personal_names.first_names, is_ahead);
}

static int check_tables(struct verification *v)
{
    end_entry(v);
    int rc = check_heads(v);
    if (!rc)
        rc = check_voids(v);
    return rc ? rc : check_counts(v);
}

/* ---- pages */

/* A file that is being written to can look damaged to who reads it without a lock: then once more, while no new commit
 * can begin. */
static int walk_pages(const char *folder, const char *path, struct daybook_error *err)
{
    char queue_path[4200];
    int rc = pagewalk_file(path, err);
    if (rc != DAYBOOK_DAMAGED)
        return rc;
    snprintf(queue_path, sizeof queue_path, "%s/log/queue", folder);
    int queue = open(queue_path, O_RDONLY | O_CLOEXEC);
    if (queue < 0)
        return rc;
    if (flock(queue, LOCK_EX) == 0)
        rc = pagewalk_file(path, err);
    close(queue);
    return rc;
}

/* A generation of personal data that is being made, or being deleted, may look like anything: what counts is the one
 * that the log names, whose pages are known to be sound. */
static bool is_named_by_log(const char *folder, const char *name)
{
    struct store *store = NULL;
    struct store_txn *log = NULL;
    uint64_t generation = 0;
    char named[40];
    int rc = store_open(folder, true, &store, NULL);
    if (!rc)
        rc = store_begin(store, false, &log, NULL);
    if (!rc)
        rc = store_meta_number(log, "personal", &generation, NULL);
    store_abort(log);
    store_close(store);
    snprintf(named, sizeof named, "personal-%llu", (unsigned long long)generation);
    return rc || strcmp(named, name) == 0;
}

int verify_pages(const char *folder, struct daybook_error *err)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/log/data.mdb", folder);
    if (access(path, F_OK))
        return 0; /* no ledger: daybook_open says so */
    int rc = walk_pages(folder, path, err);
    DIR *entries = rc ? NULL : opendir(folder);
    if (!rc && !entries)
        return daybook_fail(err, DAYBOOK_IO, "%s cannot be read: %s.", folder, strerror(errno));
    for (struct dirent *entry; !rc && (entry = readdir(entries));) {
        if (strncmp(entry->d_name, "personal-", strlen("personal-")) != 0)
            continue;
        snprintf(path, sizeof path, "%s/%s/data.mdb", folder, entry->d_name);
        if (access(path, F_OK) == 0)
            rc = walk_pages(folder, path, err);
        if (rc && !is_named_by_log(folder, entry->d_name))
            rc = 0;
    }
    if (entries)
        closedir(entries);
    return rc;
}

/* ---- all of it */

static void release(struct verification *v)
{
    for (unsigned kind = 0; kind < DAYBOOK_KIND_COUNT; kind++)
        free(v->heads[kind].rows);
    free(v->public_names.slots);
    free(v->personal_names.slots);
    free(v->voids);
    event_scratch_release(&v->scratch);
    daybook_snapshot_end(v->snapshot);
}

static int verify_open_ledger(struct daybook *ledger, const struct verify_options *options,
                              struct verify_result *result, struct daybook_error *err)
{
    struct daybook_error error = {0};
    struct verification v = {
        .options = options, .result = result, .err = &error, .expected_seq = 1, .counter_day = DAYBOOK_DAY_NONE};
    tree_init(&v.tree);
    int rc = daybook_snapshot_begin(ledger, &v.snapshot, v.err);
    if (!rc) {
        store_expect_order(v.snapshot->log);
        personal_expect_order(v.snapshot->personal);
        rc = store_each_event(v.snapshot->log, 0, check_event, &v, v.err);
    }
    if (!rc)
        rc = check_tables(&v);
    tree_root(&v.tree, &result->root);
    snprintf(result->id, sizeof result->id, "%s", daybook_id(ledger));
    release(&v);
    if (rc && err)
        *err = error;
    if (!rc && result->problem_count)
        rc = daybook_fail(err, DAYBOOK_VERIFICATION_FAILED, "%s", result->problems[0].message);
    return rc;
}

int verify_ledger(const char *folder, const struct verify_options *options, struct verify_result *ret,
                  struct daybook_error *err)
{
    static const struct verify_options defaults;
    const struct verify_options *o = options ? options : &defaults;
    struct daybook_open_options open_options = {.unsafe_filesystem = o->unsafe_filesystem};
    struct daybook *ledger = NULL;
    *ret = (struct verify_result){0};
    int rc = verify_pages(folder, err);
    if (!rc)
        rc = daybook_open(folder, &open_options, &ledger, err);
    if (!rc)
        rc = verify_open_ledger(ledger, o, ret, err);
    daybook_close(ledger);
    return rc;
}
