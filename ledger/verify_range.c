/* What can be said of an event by itself, in any order and by many threads at once: its bytes and their check, the
 * hashes of its block, its names, key and personal values. What only its neighbours tell is handed on. */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "ledger/chain.h"
#include "ledger/names.h"
#include "ledger/text.h"
#include "ledger/verify_parts.h"

enum { END_OF_RANGE = -1 };

static int no_memory(struct range *r)
{
    return daybook_fail(&r->err, DAYBOOK_NO_MEMORY, "Out of memory while verifying.");
}

static int found_or_failed(struct range *r, uint64_t seq, int rc)
{
    return findings_add_or_fail(&r->findings, seq, seq, rc, &r->err);
}

/* ---- references */

static int refer(struct range *r, uint64_t seq, uint32_t kind, uint32_t ordinal)
{
    if (ordinal <= r->registered[kind])
        return 0;
    if (r->reference_count == r->reference_capacity) {
        size_t capacity = r->reference_capacity ? 2 * r->reference_capacity : RANGE_EVENTS;
        struct reference *references = reallocarray(r->references, capacity, sizeof *references);
        if (!references)
            return no_memory(r);
        r->references = references;
        r->reference_capacity = capacity;
    }
    r->references[r->reference_count++] = (struct reference){seq, kind, ordinal};
    return 0;
}

/* The highest of each kind stands for all. */
static int refer_all(struct range *r, const struct daybook_event *event, const struct daybook_data *data)
{
    uint32_t product = 0, field = 0;
    for (size_t i = 0; i < data->own_count; i++)
        field = data->own[i].field > field ? data->own[i].field : field;
    for (size_t i = 0; i < data->line_count; i++) {
        const struct daybook_line *line = &data->lines[i];
        product = line->product > product ? line->product : product;
        for (size_t j = 0; j < line->own_count; j++)
            field = line->own[j].field > field ? line->own[j].field : field;
    }
    int rc = refer(r, event->seq, DAYBOOK_CUSTOMER, data->customer > data->into ? data->customer : data->into);
    if (!rc)
        rc = refer(r, event->seq, DAYBOOK_PRODUCT, product);
    return rc ? rc : refer(r, event->seq, DAYBOOK_FIELD, field);
}

/* ---- names and keys */

struct name_visit {
    struct range *range;
    const struct daybook_event *event;
};

struct name_wanted {
    struct daybook_text name;
    bool found;
};

/* Who a customer is now. Damage on the way is found where it lies. */
static int merged_into(struct range *r, uint32_t *ordinal)
{
    int rc = ledger_final_customer(r->snapshot->log, ordinal, &r->err);
    return rc == DAYBOOK_DAMAGED || rc == DAYBOOK_NOT_FOUND ? 0 : found_or_failed(r, r->last, rc);
}

static int see_name(void *context, bool is_personal, uint32_t kind, struct daybook_text name, uint32_t ordinal,
                    struct daybook_error *err)
{
    struct name_wanted *wanted = context;
    (void)is_personal, (void)kind, (void)ordinal, (void)err;
    wanted->found |= text_equals(name, wanted->name);
    return 0;
}

/* Has the subject taken the name after event `seq`? An old name leads to whoever had it last. */
static int took_name(struct range *r, uint32_t kind, uint32_t ordinal, struct daybook_text name, uint64_t seq,
                     bool *ret)
{
    struct name_wanted wanted = {name, false};
    struct chain chain = {0};
    int rc = ordinal ? chain_load(&chain, r->snapshot->log, kind, ordinal, UINT64_MAX, &r->err) : 0;
    for (size_t i = 0; i < chain.count && !rc; i++) {
        struct daybook_data data;
        if (chain.links[i].event.seq <= seq)
            continue;
        rc = chain_data(&chain, i, &chain.scratch, &data, &r->err);
        if (!rc)
            rc = names_of_event(&chain.links[i].event, &data, r->snapshot->personal, see_name, &wanted, &r->err);
    }
    chain_release(&chain);
    *ret = wanted.found;
    return rc == DAYBOOK_DAMAGED || rc == DAYBOOK_NOT_FOUND ? 0 : found_or_failed(r, seq, rc);
}

static uint64_t hash_name(uint32_t kind, struct daybook_text name)
{
    uint64_t hash = XXH3_64bits_withSeed(name.ptr, name.len, kind);
    return (uint32_t)hash ? hash : hash + 1;
}

static int check_name(void *context, bool is_personal, uint32_t kind, struct daybook_text name, uint32_t ordinal,
                      struct daybook_error *err)
{
    const struct name_visit *visit = context;
    struct range *r = visit->range;
    const uint64_t seq = visit->event->seq;
    uint32_t stored = 0, now = ordinal, stored_now;
    bool taken = false;
    int rc = is_personal ? personal_name(r->snapshot->personal, kind, name, &stored, err)
                         : store_name(r->snapshot->log, kind, name, &stored, err);
    if (!rc)
        r->names[r->name_count++] = (struct given_name){.hash = hash_name(kind, name),
                                                        .kind = kind,
                                                        .stored = stored,
                                                        .is_personal = is_personal,
                                                        .is_first = stored == ordinal && visit->event->nth == 1};
    stored_now = stored;
    if (!rc && stored && stored != ordinal && kind == DAYBOOK_CUSTOMER) {
        rc = merged_into(r, &now);
        if (!rc)
            rc = merged_into(r, &stored_now);
    }
    if (!rc && stored_now != now)
        rc = took_name(r, kind, stored, name, seq, &taken);
    if (!rc && stored_now != now && !taken)
        findings_add(&r->findings, seq, seq,
                     "The name that event %llu gives to %s %u leads to %u in the table of names.", SEQ(seq),
                     schema_kind_name(kind), ordinal, stored);
    return rc;
}

static struct daybook_text numbers_at(struct range *r, uint64_t seq)
{
    const struct verify_facts *facts = r->facts;
    while (r->pattern < facts->pattern_count && facts->patterns[r->pattern].seq <= seq) {
        r->pattern++;
        r->counter_day = DAYBOOK_DAY_NONE;
    }
    const char *text = r->pattern ? facts->patterns[r->pattern - 1].text : "";
    return (struct daybook_text){text, strlen(text)};
}

/* Up to a counter all numbers are taken: the next one is looked for behind it. Too low only takes longer. */
static int check_counter(struct range *r, struct daybook_text numbers, int32_t day, uint32_t counter, uint64_t seq)
{
    char number[NUMBERS_EXPANDED_MAX];
    struct daybook_text text = {number, numbers_expand(numbers, day, counter, number)};
    uint32_t taken = 0;
    int rc = store_name(r->snapshot->log, DAYBOOK_ORDER, text, &taken, &r->err);
    if (!rc && !taken)
        findings_add(&r->findings, seq, 0,
                     "The table of names has a counter of order numbers at %u, but no order %.*s.", counter,
                     (int)text.len, text.ptr);
    return rc;
}

/* Counters are kept under the prefix that numbers had on the day of an order's recording. */
static int count_counters(struct range *r, const struct daybook_event *event)
{
    char prefix[NUMBERS_EXPANDED_MAX];
    if (event->type != DAYBOOK_ORDER_CREATED)
        return 0;
    struct daybook_text numbers = numbers_at(r, event->seq);
    int32_t day = zone_day(r->facts->zone, event->recorded_us);
    if (day == r->counter_day || numbers.len == 0)
        return 0;
    r->counter_day = day;
    struct daybook_text text = {prefix, numbers_expand(numbers, day, 0, prefix)};
    uint32_t counter = 0;
    int rc = store_name(r->snapshot->log, STORE_KIND_COUNTER, text, &counter, &r->err);
    if (!rc && counter) {
        r->names[r->name_count++] =
            (struct given_name){.hash = hash_name(STORE_KIND_COUNTER, text), .kind = STORE_KIND_COUNTER};
        rc = check_counter(r, numbers, day, counter, event->seq);
    }
    return found_or_failed(r, event->seq, rc);
}

/* A key that should stand in the table does, under this event or a later one with the same key. */
static int count_key(struct range *r, const struct daybook_event *event, const struct daybook_data *data)
{
    uint64_t seq = 0;
    if (!event->has_key || !names_key_in_table(event, data, numbers_at(r, event->seq)))
        return 0;
    int rc = store_key(r->snapshot->log, event->key, &seq, &r->err);
    r->keys += !rc && seq == event->seq;
    if (!rc && seq < event->seq)
        findings_add(&r->findings, event->seq, event->seq,
                     "The idempotency key of event %llu is missing in the table of keys.", SEQ(event->seq));
    return rc;
}

/* ---- personal values */

static int check_personal(void *context, const char *field, uint16_t slot, const struct daybook_personal *personal)
{
    const struct name_visit *visit = context;
    struct range *r = visit->range;
    const struct daybook_event *event = visit->event;
    const uint8_t *salt;
    struct daybook_text value;
    uint8_t commitment[DAYBOOK_COMMITMENT_SIZE];
    int rc = personal_value(r->snapshot->personal, event->seq, slot, &salt, &value, &r->err);
    if (rc)
        return rc;
    if (!value.ptr) {
        r->erased++;
        struct event_place place = {event->kind, event->ordinal, event->seq};
        if (!verify_is_erased(r->facts, r->snapshot->log, &place))
            findings_add(&r->findings, event->seq, event->seq,
                         "The \"%s\" of event %llu is missing, and no event says that it was erased.", field,
                         SEQ(event->seq));
        return 0;
    }
    r->personal_values++;
    personal_commitment(salt, value, commitment);
    if (memcmp(commitment, personal->commitment, sizeof commitment) != 0)
        findings_add(&r->findings, event->seq, event->seq,
                     "The \"%s\" of event %llu is not what was recorded: it does not fit its commitment.", field,
                     SEQ(event->seq));
    return 0;
}

/* ---- what single types say */

static int add_void(struct range *r, const struct daybook_event *event, const struct daybook_data *data)
{
    if (r->void_count == r->void_capacity) {
        size_t capacity = r->void_capacity ? r->void_capacity * 2 : 64;
        struct store_void *voids = reallocarray(r->voids, capacity, sizeof *voids);
        if (!voids)
            return no_memory(r);
        r->voids = voids;
        r->void_capacity = capacity;
    }
    uint64_t replacing = data->replacement ? event->seq + data->replacement : 0;
    r->voids[r->void_count++] = (struct store_void){data->target, event->seq, replacing};
    if (data->target >= event->seq)
        findings_add(&r->findings, event->seq, event->seq, "Event %llu voids event %llu, which is not before it.",
                     SEQ(event->seq), SEQ(data->target));
    return 0;
}

static int check_meta(struct range *r, const char *name, struct daybook_text said)
{
    struct daybook_text kept;
    int rc = store_meta_text(r->snapshot->log, name, &kept, &r->err);
    if (!rc && (!kept.ptr || !text_equals(kept, said)))
        findings_add(&r->findings, 1, 1, "The ledger's \"%s\" is not what event 1 says.", name);
    return rc;
}

static int check_opening(struct range *r, const struct daybook_event *event, const struct daybook_data *data)
{
    if (event->seq != 1) {
        findings_add(&r->findings, event->seq, event->seq, "Event %llu opens the ledger again.", SEQ(event->seq));
        return 0;
    }
    int rc = check_meta(r, "id", data->identity);
    if (!rc)
        rc = check_meta(r, "timezone", data->timezone);
    return rc ? rc : check_meta(r, "numbers", data->numbers);
}

static int check_by_type(struct range *r, const struct daybook_event *event, const struct daybook_data *data)
{
    if (event->seq == 1 && event->type != DAYBOOK_LEDGER_OPENED)
        findings_add(&r->findings, 1, 1, "Event 1 does not open the ledger.");
    if (event->type == DAYBOOK_LEDGER_OPENED)
        return check_opening(r, event, data);
    return event->type == DAYBOOK_ORDER_EVENT_VOIDED ? add_void(r, event, data) : 0;
}

static int check_data(struct range *r, const struct daybook_event *event, struct daybook_data *data)
{
    const struct schema_type *type = schema_by_wire(event->type);
    if (!type || event->version > type->version)
        return found_or_failed(r, event->seq, event_read_data(event, &r->scratch, data, &r->err));
    struct name_visit visit = {r, event};
    int rc = refer_all(r, event, data);
    if (!rc)
        rc = check_by_type(r, event, data);
    if (!rc)
        rc = data_each_personal(type, data, check_personal, &visit);
    if (!rc)
        rc = names_of_event(event, data, r->snapshot->personal, check_name, &visit, &r->err);
    if (!rc)
        rc = count_key(r, event, data);
    return found_or_failed(r, event->seq, rc);
}

/* ---- the tree's blocks */

int range_check_row(struct range *r, const struct tree_row *row, uint64_t position)
{
    struct tree_hash stored;
    int rc = store_tree_row(r->snapshot->log, row->level, row->index, &stored, &r->err);
    r->tree_rows++;
    if (rc && rc != DAYBOOK_DAMAGED)
        return found_or_failed(r, position, rc);
    if (rc || memcmp(&stored, &row->hash, sizeof stored) != 0)
        findings_add(&r->findings, position, 0,
                     "Something among the events %llu to %llu is not what was recorded: their hash (level %u, row "
                     "%llu) differs.",
                     SEQ(row->index << (TREE_ROW_BITS * row->level)) + 1,
                     SEQ((row->index + 1) << (TREE_ROW_BITS * row->level)), row->level, SEQ(row->index));
    return 0;
}

/* Where events are missing there is no hash that could be right. */
static int end_block(struct range *r)
{
    struct tree_row row = {.level = 1, .index = r->block};
    bool is_last = (r->block + 1) * BLOCK_EVENTS > r->facts->last_seq;
    if (r->leaf_count == 0 || is_last)
        return 0;
    if (r->leaf_count == BLOCK_EVENTS)
        tree_block_root(r->leaves, &row.hash);
    r->leaf_count = 0;
    r->blocks[r->block_count++] = row.hash;
    return range_check_row(r, &row, (row.index + 1) * BLOCK_EVENTS);
}

static int add_leaf(struct range *r, uint64_t seq, const uint8_t *bytes, size_t len)
{
    uint64_t block = (seq - 1) / BLOCK_EVENTS;
    int rc = block == r->block ? 0 : end_block(r);
    r->block = block;
    tree_leaf_hash(bytes, len, &r->leaves[r->leaf_count++]);
    return rc;
}

/* ---- events */

static int check_event(void *context, uint64_t seq, const uint8_t *bytes, size_t len, struct daybook_error *err)
{
    struct range *r = context;
    struct daybook_event event;
    struct daybook_data data;
    if (seq > r->last)
        return END_OF_RANGE;
    struct link *link = &r->links[r->link_count++];
    *link = (struct link){.seq = seq};
    int rc = seq ? add_leaf(r, seq, bytes, len) : 0;
    if (rc)
        return rc;
    rc = event_read_checked(seq, bytes, len, &r->scratch, &event, &data, err);
    if (rc == DAYBOOK_NO_MEMORY)
        return rc;
    if (rc) {
        findings_add(&r->findings, seq, seq, "Event %llu is not what was recorded: its bytes do not fit its check.",
                     SEQ(seq));
        return 0;
    }
    *link = (struct link){seq, event.prev, event.ordinal, event.nth, event.kind, event.recorded_us != r->recorded_us};
    if (event.kind == 0)
        findings_add(&r->findings, seq, seq, "Event %llu is about a kind of subject, 0, that there is not.", SEQ(seq));
    if (event.recorded_us < r->recorded_us)
        findings_add(&r->findings, seq, seq, "Event %llu says that it was recorded before the event before it.",
                     SEQ(seq));
    r->recorded_us = event.recorded_us;
    rc = refer(r, seq, DAYBOOK_ACTOR, event.actor);
    if (!rc)
        rc = refer(r, seq, DAYBOOK_VIA, event.via);
    if (!rc)
        rc = refer(r, seq, DAYBOOK_SOURCE, event.cause_source);
    if (!rc)
        rc = check_data(r, &event, &data);
    return rc ? rc : count_counters(r, &event);
}

/* The time of the last readable event before the range; entries go on over the bounds of ranges. */
static int64_t recorded_before(struct range *r)
{
    const uint8_t *bytes;
    size_t len;
    struct daybook_event event;
    for (uint64_t seq = r->first; seq > 1 && seq + BLOCK_EVENTS > r->first; seq--)
        if (!store_event(r->snapshot->log, seq - 1, &bytes, &len, NULL) && event_check_holds(seq - 1, bytes, len) &&
            !event_read(seq - 1, bytes, len, &event, NULL))
            return event.recorded_us;
    return 0;
}

int range_check(struct range *r)
{
    r->personal_values = r->erased = r->keys = r->tree_rows = 0;
    r->link_count = r->name_count = r->reference_count = r->void_count = r->block_count = r->leaf_count = 0;
    r->findings.count = 0;
    r->pattern = 0;
    r->counter_day = DAYBOOK_DAY_NONE;
    r->block = r->first ? (r->first - 1) / BLOCK_EVENTS : 0;
    r->recorded_us = recorded_before(r);
    int rc = store_each_event(r->snapshot->log, r->first, check_event, r, &r->err);
    return rc && rc != END_OF_RANGE ? rc : end_block(r);
}

void range_release(struct range *r)
{
    free(r->references);
    free(r->voids);
    event_scratch_release(&r->scratch);
}
