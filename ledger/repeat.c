/* The same key again: does the request say what it said the first time? Compared are the events about orders, field
 * by field, without seqs, times that the ledger set, and commitments: personal values count, and an erased one
 * counts as equal. */
#include <string.h>

#include "ledger/decimal.h"
#include "ledger/text.h"
#include "ledger/writer.h"

int repeat_find(struct writer *w, uint64_t key, uint64_t *ret_seq, struct daybook_error *err)
{
    if (w->entry.key_in_table)
        return store_key(w->log, key, ret_seq, err);
    *ret_seq = 0;
    for (size_t i = 0; i < w->chain.count; i++)
        if (w->chain.links[i].event.has_key && w->chain.links[i].event.key == key)
            *ret_seq = w->chain.links[i].event.seq;
    return 0;
}

/* What is compared: fields of a stored event with those of the one prepared now. */
struct comparison {
    struct writer *writer;
    uint64_t seq; /* of the stored one */
    struct daybook_error *err;
    int failed;
};

static bool same_personal(struct comparison *c, const struct daybook_personal *stored,
                          const struct daybook_personal *now)
{
    const uint8_t *salt;
    struct daybook_text value = DAYBOOK_TEXT_NONE;
    if (!stored->commitment || !now->commitment)
        return stored->commitment == now->commitment;
    c->failed |= personal_value(c->writer->personal, c->seq, stored->slot, &salt, &value, c->err);
    return !value.ptr || text_equals(value, now->value);
}

static bool same_text(struct daybook_text a, struct daybook_text b)
{
    return (a.ptr == NULL) == (b.ptr == NULL) && text_equals(a, b);
}

static bool same_own(struct comparison *c, const struct daybook_own *a, size_t count_a, const struct daybook_own *b,
                     size_t count_b)
{
    bool same = count_a == count_b;
    for (size_t i = 0; i < count_a && same; i++)
        same = a[i].field == b[i].field && a[i].kind == b[i].kind && a[i].day == b[i].day &&
               same_text(a[i].text, b[i].text) && decimal_compare(a[i].number, b[i].number) == 0 &&
               same_personal(c, &a[i].personal, &b[i].personal);
    return same;
}

static bool same_lines(struct comparison *c, const struct daybook_data *a, const struct daybook_data *b)
{
    bool same = a->line_count == b->line_count;
    for (size_t i = 0; i < a->line_count && same; i++) {
        const struct daybook_line *x = &a->lines[i], *y = &b->lines[i];
        same = x->line == y->line && x->product == y->product && x->has_quantity == y->has_quantity &&
               decimal_compare(x->quantity, y->quantity) == 0 && same_text(x->unit, y->unit) &&
               (!x->name.ptr || !y->name.ptr || text_equals(x->name, y->name)) && /* absent: the product's own then */
               x->expected_on == y->expected_on && same_own(c, x->own, x->own_count, y->own, y->own_count);
    }
    return same;
}

static bool same_parts(const struct daybook_data *a, const struct daybook_data *b)
{
    bool same = a->part_count == b->part_count;
    for (size_t i = 0; i < a->part_count && same; i++)
        same = a->parts[i].line == b->parts[i].line && decimal_compare(a->parts[i].quantity, b->parts[i].quantity) == 0;
    return same;
}

/* Two who were merged since are one. */
static bool same_customer(struct comparison *c, uint32_t stored, uint32_t now)
{
    if (stored == now || !stored || !now || (now & ENTRY_NEW))
        return stored == now;
    c->failed |= ledger_final_customer(c->writer->log, &stored, c->err);
    c->failed |= ledger_final_customer(c->writer->log, &now, c->err);
    return stored == now;
}

static bool same_values(struct comparison *c, const struct daybook_data *a, const struct daybook_data *b)
{
    bool same = true;
    for (size_t i = 0; (i < a->value_count || i < b->value_count) && same; i++) {
        static const struct daybook_value absent = {.day = DAYBOOK_DAY_NONE};
        const struct daybook_value *x = i < a->value_count ? &a->values[i] : &absent;
        const struct daybook_value *y = i < b->value_count ? &b->values[i] : &absent;
        same = x->kind == y->kind && x->integer == y->integer && decimal_compare(x->decimal, y->decimal) == 0 &&
               same_text(x->text, y->text) && same_personal(c, &x->personal, &y->personal);
    }
    return same;
}

static bool same_field(struct comparison *c, const struct schema_field *field, const struct daybook_data *a,
                       const struct daybook_data *b)
{
    const void *x = (const char *)a + field->offset, *y = (const char *)b + field->offset;
    switch (field->kind) {
    case SCHEMA_UINT:
        return *(const uint64_t *)x == *(const uint64_t *)y;
    case SCHEMA_DAY:
        return *(const int32_t *)x == *(const int32_t *)y;
    case SCHEMA_TEXT:
        return same_text(*(const struct daybook_text *)x, *(const struct daybook_text *)y);
    case SCHEMA_PERSONAL:
        return same_personal(c, x, y);
    case SCHEMA_CUSTOMER:
        return same_customer(c, *(const uint32_t *)x, *(const uint32_t *)y);
    case SCHEMA_LINES:
        return same_lines(c, a, b);
    case SCHEMA_PARTS:
        return same_parts(a, b);
    case SCHEMA_OWN:
        return same_own(c, a->own, a->own_count, b->own, b->own_count);
    case SCHEMA_VALUES:
        return same_values(c, a, b);
    default:
        return a->rows_len == b->rows_len && (a->rows_len == 0 || memcmp(a->rows, b->rows, a->rows_len) == 0);
    }
}

static bool same_event(struct comparison *c, const struct daybook_event *stored, const struct entry_event *now)
{
    struct daybook_data data;
    if (stored->type != now->event.type || stored->occurred_us != now->event.occurred_us)
        return false;
    /* A day that was filled in with the writer's date is not part of what was said. */
    if (!now->day_filled_in && stored->occurred_on != now->event.occurred_on)
        return false;
    c->failed |= event_read_data(stored, &c->writer->scratch, &data, c->err);
    if (c->failed)
        return false;
    const struct schema_type *type = schema_by_wire(stored->type);
    bool assigned = c->writer->entry.assigns_number && stored->type == DAYBOOK_ORDER_CREATED;
    if (assigned)
        data.order_no = now->data.order_no;
    if (data.replacement && now->data.replacement) /* who was registered between the two is there by now */
        data.replacement = now->data.replacement;
    bool same = true;
    for (size_t i = 0; i < type->field_count && same; i++)
        same = same_field(c, &type->fields[i], &data, &now->data);
    return same;
}

static int read_event(struct writer *w, uint64_t seq, struct daybook_event *ret, struct daybook_error *err)
{
    const uint8_t *bytes;
    size_t len;
    int rc = store_event(w->log, seq, &bytes, &len, err);
    return rc ? rc : event_read_stored(seq, bytes, len, ret, err);
}

/* An entry that is about no order: its last event is what was asked for. */
static int compare_register(struct writer *w, const struct daybook_event *stored, uint64_t *ret_end, bool *ret_same,
                            struct daybook_error *err)
{
    const struct entry_event *now = &w->entry.events[w->entry.event_count - 1];
    struct comparison c = {.writer = w, .seq = stored->seq, .err = err};
    *ret_same = stored->kind == now->event.kind && stored->ordinal == now->event.ordinal && same_event(&c, stored, now);
    *ret_end = stored->seq;
    return c.failed;
}

/* Compare event by event from `seq` on, for as long as the stored entry goes. */
static int compare_entry(struct writer *w, uint64_t seq, uint64_t last, uint64_t *ret_end, bool *ret_same,
                         struct daybook_error *err)
{
    struct daybook_event first, stored;
    int rc = read_event(w, seq, &first, err);
    size_t next = w->entry.about;
    bool same = true;
    if (!rc && next == w->entry.event_count)
        return compare_register(w, &first, ret_end, ret_same, err);
    stored = first;
    while (!rc && stored.recorded_us == first.recorded_us) {
        while (next < w->entry.event_count && w->entry.events[next].event.kind != DAYBOOK_ORDER)
            next++;
        struct comparison c = {.writer = w, .seq = seq, .err = err};
        if (stored.kind == DAYBOOK_ORDER)
            same = same && next < w->entry.event_count && same_event(&c, &stored, &w->entry.events[next++]);
        if (c.failed)
            return c.failed;
        if (++seq > last)
            break;
        rc = read_event(w, seq, &stored, err);
    }
    while (next < w->entry.event_count && w->entry.events[next].event.kind != DAYBOOK_ORDER)
        next++;
    *ret_same = same && next == w->entry.event_count;
    *ret_end = seq - 1;
    return rc;
}

int repeat_compare(struct writer *w, uint64_t seq, struct daybook_result *result, struct daybook_error *err)
{
    struct daybook_event first;
    struct daybook_data data;
    uint64_t end = seq, last = 0;
    bool same = false;
    struct chain chain = {0};
    int rc = store_last_seq(w->log, &last, err);
    if (!rc)
        rc = compare_entry(w, seq, last, &end, &same, err);
    if (!rc && !same)
        rc = daybook_fail(err, DAYBOOK_KEY_REUSED,
                          "This key was used before, for something else. Use a new key for a new request.");
    if (!rc)
        rc = read_event(w, seq, &first, err);
    if (!rc)
        rc = chain_load(&chain, w->log, first.kind, first.ordinal, seq, err);
    for (size_t i = 0; i < chain.count && !rc; i++)
        if (chain.links[i].event.type == DAYBOOK_ORDER_CREATED &&
            !(rc = chain_data(&chain, i, &chain.scratch, &data, err))) {
            size_t len = data.order_no.len < DAYBOOK_ORDER_NO_MAX ? data.order_no.len : DAYBOOK_ORDER_NO_MAX;
            memcpy(result->order_no, data.order_no.ptr, len);
            result->order_no[len] = '\0';
        }
    chain_release(&chain);
    uint64_t begin = seq; /* who or what was registered for it stands before */
    for (struct daybook_event before; !rc && begin > 1; begin--) {
        rc = read_event(w, begin - 1, &before, err);
        if (rc || before.recorded_us != first.recorded_us)
            break;
    }
    if (rc)
        return rc;
    result->repeated = true;
    result->order = first.kind == DAYBOOK_ORDER ? first.ordinal : 0;
    result->first_seq = begin;
    result->last_seq = end;
    return 0;
}
