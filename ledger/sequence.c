/* The sequencer: turns a decided entry and a clock reading into events of the log. First everything is numbered
 * and encoded, in memory; then it is put. */
#include "ledger/sequence.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/event.h"
#include "ledger/names.h"
#include "ledger/numbers.h"

/* The counter of a number prefix is kept only now and then: the numbers between are found by looking. */
enum { COUNTER_KEPT_EVERY = 64 };

void sequence_release(struct sequence *sequence)
{
    free(sequence->bytes);
    sequence->bytes = NULL;
}

static uint32_t settled(const struct entry *entry, uint32_t ordinal)
{
    return ordinal & ENTRY_NEW ? entry->new_ordinals[ordinal & ~ENTRY_NEW] : ordinal;
}

static int give_ordinals(struct sequence *s, struct entry *entry, struct daybook_error *err)
{
    uint32_t next[DAYBOOK_KIND_COUNT] = {0};
    for (size_t i = 0; i < entry->new_count; i++) {
        uint32_t kind = entry->new_kinds[i];
        if (s->last_ordinals[kind] == 0) {
            int rc = store_last_ordinal(s->log, kind, &s->last_ordinals[kind], err);
            if (rc)
                return rc;
        }
        if (next[kind] == 0)
            next[kind] = s->last_ordinals[kind] + 1;
        if (next[kind] & ENTRY_NEW)
            return daybook_fail(err, DAYBOOK_TOO_LARGE, "This ledger has as many %ss as it can hold.",
                                schema_kind_name(kind));
        entry->new_ordinals[i] = next[kind]++;
    }
    return 0;
}

static void settle_lines(const struct entry *entry, struct daybook_data *data)
{
    struct daybook_line *lines = (struct daybook_line *)(uintptr_t)data->lines; /* the entry's own */
    for (size_t i = 0; i < data->line_count; i++) {
        lines[i].product = settled(entry, lines[i].product);
        struct daybook_own *own = (struct daybook_own *)(uintptr_t)lines[i].own;
        for (size_t j = 0; j < lines[i].own_count; j++)
            own[j].field = settled(entry, own[j].field);
    }
}

static void settle_references(const struct entry *entry, struct entry_event *added)
{
    struct daybook_data *data = &added->data;
    added->event.ordinal = settled(entry, added->event.ordinal);
    data->customer = settled(entry, data->customer);
    data->into = settled(entry, data->into);
    settle_lines(entry, data);
    struct daybook_own *own = (struct daybook_own *)(uintptr_t)data->own;
    for (size_t i = 0; i < data->own_count; i++)
        own[i].field = settled(entry, own[i].field);
}

/* The smallest number of the pattern, for that day, that nobody has. A kept counter only says where to begin: all
 * numbers up to it are taken. */
static int give_number(struct sequence *s, struct entry *entry, int64_t recorded_us, struct daybook_error *err)
{
    char number[NUMBERS_EXPANDED_MAX];
    int32_t day = zone_day(s->zone, recorded_us);
    struct daybook_text prefix = {number, numbers_expand(s->numbers, day, 0, number)};
    uint32_t counter = 0, taken = 1;
    int rc = store_name(s->log, STORE_KIND_COUNTER, prefix, &counter, err);
    const uint32_t kept = counter;
    struct daybook_text text = {number, 0};
    while (!rc && taken && counter < UINT32_MAX) {
        text.len = numbers_expand(s->numbers, day, ++counter, number);
        rc = store_name(s->log, DAYBOOK_ORDER, text, &taken, err);
    }
    if (rc)
        return rc;
    struct entry_event *created = &entry->events[entry->about];
    created->data.order_no = arena_text(&entry->arena, text);
    if (!created->data.order_no.ptr)
        return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for an order number.");
    rc = entry_add_name(entry,
                        (struct entry_name){DAYBOOK_ORDER, created->event.ordinal, false, created->data.order_no}, err);
    if (!rc && counter / COUNTER_KEPT_EVERY != kept / COUNTER_KEPT_EVERY) {
        prefix.len = numbers_expand(s->numbers, day, 0, number);
        prefix = arena_text(&entry->arena, prefix);
        rc = prefix.ptr ? entry_add_name(entry, (struct entry_name){STORE_KIND_COUNTER, counter, false, prefix}, err)
                        : daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for an order number.");
    }
    return rc;
}

/* The head of an event's subject: as an earlier event of this entry leaves it, else as the log has it. */
static int head_before(struct sequence *s, const struct entry *entry, size_t index, struct store_head *ret,
                       struct daybook_error *err)
{
    const struct daybook_event *event = &entry->events[index].event;
    for (size_t i = index; i-- > 0;) {
        const struct daybook_event *earlier = &entry->events[i].event;
        if (earlier->kind == event->kind && earlier->ordinal == event->ordinal) {
            *ret = (struct store_head){earlier->nth, earlier->seq};
            return 0;
        }
    }
    return store_head(s->log, event->kind, event->ordinal, ret, err);
}

static int number_event(struct sequence *s, struct entry *entry, size_t index, int64_t recorded_us,
                        struct daybook_error *err)
{
    struct daybook_event *event = &entry->events[index].event;
    settle_references(entry, &entry->events[index]);
    struct store_head head;
    int rc = head_before(s, entry, index, &head, err);
    if (rc)
        return rc;
    event->seq = s->last_seq + 1 + index;
    event->nth = head.version + 1;
    event->prev = head.version ? event->seq - head.last_seq : 0;
    event->actor = settled(entry, entry->actor);
    event->via = settled(entry, entry->via);
    event->recorded_us = recorded_us;
    event->cause_source = settled(entry, entry->source);
    event->has_key = entry->has_key && index == entry->key_event;
    event->key = event->has_key ? entry->key : 0;
    return 0;
}

static int encode(struct sequence *s, struct entry *entry, struct daybook_error *err)
{
    size_t used = 0;
    for (size_t i = 0; i < entry->event_count; i++) {
        if (s->bytes_capacity - used < DAYBOOK_EVENT_SIZE_MAX) {
            size_t wanted = s->bytes_capacity * 2 + DAYBOOK_EVENT_SIZE_MAX;
            uint8_t *bigger = realloc(s->bytes, wanted);
            if (!bigger)
                return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for an entry of %zu events.",
                                    entry->event_count);
            s->bytes = bigger;
            s->bytes_capacity = wanted;
        }
        struct daybook_event *event = &entry->events[i].event;
        int rc = event_write(event, &entry->events[i].data, s->bytes + used, &event->len, err);
        if (rc)
            return rc;
        used += event->len;
    }
    const uint8_t *at = s->bytes; /* only now the buffer stands still */
    for (size_t i = 0; i < entry->event_count; at += entry->events[i++].event.len)
        entry->events[i].event.bytes = at;
    return 0;
}

int sequence_put(struct sequence *s, const struct daybook_event *event, const struct daybook_data *data,
                 struct daybook_error *err)
{
    int rc = store_put_event(s->log, event->seq, event->bytes, event->len, err);
    if (!rc)
        rc = store_put_head(s->log, event->kind, event->ordinal, (struct store_head){event->nth, event->seq}, err);
    if (!rc && event->type == DAYBOOK_ORDER_EVENT_VOIDED) {
        uint64_t replacing = data->replacement ? event->seq + data->replacement : 0;
        rc = store_put_void(s->log, &(struct store_void){data->target, event->seq, replacing}, err);
    }
    struct tree_hash leaf;
    struct tree_row rows[TREE_ROWS_MAX];
    tree_leaf_hash(event->bytes, event->len, &leaf);
    unsigned row_count = tree_append(s->tree, &leaf, rows);
    for (unsigned i = 0; i < row_count && !rc; i++)
        rc = store_put_tree_row(s->log, &rows[i], err);
    s->last_seq = event->seq;
    s->last_recorded_us = event->recorded_us;
    return rc;
}

struct personal_put {
    struct sequence *sequence;
    uint64_t seq;
    struct daybook_error *err;
};

static int put_personal(void *context, const char *field, uint16_t slot, const struct daybook_personal *personal)
{
    (void)field;
    const struct personal_put *put = context;
    return personal_put_value(put->sequence->personal, put->seq, slot, personal->salt, personal->value, put->err);
}

static int put_names(struct sequence *s, const struct entry *entry, struct daybook_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < entry->name_count && !rc; i++) {
        const struct entry_name *name = &entry->names[i];
        uint32_t ordinal = name->kind == STORE_KIND_COUNTER ? name->ordinal : settled(entry, name->ordinal);
        rc = name->is_personal ? personal_put_name(s->personal, name->kind, name->text, ordinal, err)
                               : store_put_name(s->log, name->kind, name->text, ordinal, err);
    }
    return rc;
}

static int put_all(struct sequence *s, struct entry *entry, struct daybook_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < entry->event_count && !rc; i++) {
        const struct daybook_event *event = &entry->events[i].event;
        const struct daybook_data *data = &entry->events[i].data;
        rc = sequence_put(s, event, data, err);
        struct personal_put put = {s, event->seq, err};
        if (!rc)
            rc = data_each_personal(schema_by_wire(event->type), data, put_personal, &put);
    }
    if (!rc)
        rc = put_names(s, entry, err);
    const struct entry_event *keyed = &entry->events[entry->key_event];
    if (!rc && names_key_in_table(&keyed->event, &keyed->data, s->numbers))
        rc = store_put_key(s->log, entry->key, keyed->event.seq, err);
    for (size_t i = 0; i < entry->new_count; i++)
        if (entry->new_ordinals[i] > s->last_ordinals[entry->new_kinds[i]])
            s->last_ordinals[entry->new_kinds[i]] = entry->new_ordinals[i];
    return rc;
}

static int check_expected(struct sequence *s, const struct entry *entry, struct daybook_error *err)
{
    if (entry->expect_order == 0)
        return 0;
    struct store_head head;
    int rc = store_head(s->log, DAYBOOK_ORDER, entry->expect_order, &head, err);
    if (!rc && head.last_seq != entry->expect_last_seq)
        rc = daybook_fail(err, DAYBOOK_VERSION_CONFLICT,
                          "The order was changed by someone else meanwhile. Look at it again and repeat.");
    return rc;
}

int sequence_entry(struct sequence *s, struct entry *entry, int64_t clock_us, struct sequence_verdict *ret,
                   bool *ret_broken, struct daybook_error *err)
{
    int64_t recorded_us = clock_us > s->last_recorded_us ? clock_us : s->last_recorded_us + 1;
    int rc = check_expected(s, entry, err);
    if (!rc)
        rc = give_ordinals(s, entry, err);
    if (!rc && entry->assigns_number)
        rc = give_number(s, entry, recorded_us, err);
    for (size_t i = 0; i < entry->event_count && !rc; i++)
        rc = number_event(s, entry, i, recorded_us, err);
    if (!rc)
        rc = encode(s, entry, err);
    if (rc)
        return rc;
    struct sequence_verdict verdict = {
        .first_seq = s->last_seq + 1, .last_seq = s->last_seq + entry->event_count, .recorded_us = recorded_us};
    if (entry->about < entry->event_count) {
        verdict.order = entry->events[entry->about].event.ordinal;
        verdict.order_no = entry->events[entry->about].data.order_no;
    }
    rc = put_all(s, entry, err);
    *ret_broken = rc != 0;
    if (!rc)
        *ret = verdict;
    return rc;
}

int sequence_load_tree(struct store_txn *log, uint64_t size, struct tree *ret, struct daybook_error *err)
{
    struct tree tree;
    int rc = 0;
    tree_init(&tree);
    for (unsigned level = 64 / TREE_ROW_BITS; level-- > 1 && !rc;) {
        uint64_t rows = size >> (level * TREE_ROW_BITS), first = rows & ~(uint64_t)0xff;
        for (uint64_t i = first; i < rows && !rc; i++) {
            struct tree_hash hash;
            rc = store_tree_row(log, level, i, &hash, err);
            if (!rc)
                tree_push_subtree(&tree, &hash, level * TREE_ROW_BITS, NULL);
        }
    }
    for (uint64_t seq = (size & ~(uint64_t)0xff) + 1; seq <= size && !rc; seq++) {
        const uint8_t *bytes;
        size_t len;
        struct tree_hash leaf;
        struct tree_row rows[TREE_ROWS_MAX];
        rc = store_event(log, seq, &bytes, &len, err);
        if (rc)
            break;
        tree_leaf_hash(bytes, len, &leaf);
        tree_append(&tree, &leaf, rows);
    }
    if (!rc)
        *ret = tree;
    return rc;
}
