/* What is different between two moments, order by order. */
#include "projections/diff.h"

#include <stdlib.h>

#include "ledger/order_reader.h"
#include "ledger/text.h"
#include "projections/audit_text.h"

struct differ {
    struct daybook_snapshot *snapshot;
    struct registers *registers;
    struct diff_span span;
    uint64_t names_as_of; /* what the caller had the registers at */
    struct order_reader reader;
    struct order_fields before, after;
    struct arena arena;
    struct diff_change *changes;
    size_t change_count, change_capacity;
    size_t cursor; /* into changes, while an event's own changes are gone through in the same order */
    const struct daybook_event *event;
};

static void differ_release(struct differ *d)
{
    registers_set_as_of(d->registers, d->names_as_of);
    order_reader_release(&d->reader);
    order_fields_release(&d->before);
    order_fields_release(&d->after);
    arena_release(&d->arena);
    free(d->changes);
}

static int no_memory(struct daybook_error *err)
{
    return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for what changed between two moments.");
}

static int fields_after(struct differ *d, size_t count, struct order_fields *ret, struct daybook_error *err)
{
    struct order_reader *r = &d->reader;
    int rc = order_fold(&r->state, &r->chain, count, &r->places, ledger_zone(d->snapshot->ledger), DAYBOOK_DAY_NONE,
                        NULL, NULL, err);
    return rc ? rc : order_fields_of(ret, &r->state, err);
}

/* A value and the name that it had at that moment. */
static int value_at(struct differ *d, uint64_t seq, const struct order_value *value, struct daybook_text *ret,
                    struct daybook_error *err)
{
    struct audit_texts texts = {d->snapshot, d->registers, &d->arena};
    registers_set_as_of(d->registers, seq);
    return audit_value_text(&texts, value, ret, err);
}

static int note_change(void *context, const struct order_field *field, const struct order_value *from,
                       const struct order_value *to, struct daybook_error *err)
{
    struct differ *d = context;
    struct audit_texts texts = {d->snapshot, d->registers, &d->arena};
    struct diff_change change = {.identity = *field};
    int rc = value_at(d, d->span.from, from, &change.from, err);
    if (!rc)
        rc = value_at(d, d->span.to, to, &change.to, err);
    if (!rc)
        rc = audit_field_text(&texts, field, &change.field, err);
    bool same_said_again = from->kind == ORDER_VALUE_PERSONAL && to->kind == ORDER_VALUE_PERSONAL && change.to.ptr &&
                           text_equals(change.from, change.to);
    if (rc || same_said_again)
        return rc;
    if (d->change_count == d->change_capacity) {
        size_t wanted = d->change_capacity ? d->change_capacity * 2 : 32;
        struct diff_change *bigger = reallocarray(d->changes, wanted, sizeof *bigger);
        if (!bigger)
            return no_memory(err);
        d->changes = bigger;
        d->change_capacity = wanted;
    }
    d->changes[d->change_count++] = change;
    return 0;
}

/* The event at hand changed that field; both lists of changes are in the same order. */
static int note_event(void *context, const struct order_field *field, const struct order_value *from,
                      const struct order_value *to, struct daybook_error *err)
{
    struct differ *d = context;
    (void)from, (void)to, (void)err;
    while (d->cursor < d->change_count && order_field_compare(&d->changes[d->cursor].identity, field) < 0)
        d->cursor++;
    if (d->cursor < d->change_count && order_field_compare(&d->changes[d->cursor].identity, field) == 0)
        d->changes[d->cursor].event = d->event;
    return 0;
}

/* Which events made these changes? Step by step from the state before; the last one that touched a field did. */
static int find_events(struct differ *d, size_t count_before, struct daybook_error *err)
{
    struct chain *chain = &d->reader.chain;
    int rc = 0;
    for (size_t i = count_before; i < chain->count && !rc; i++) {
        rc = fields_after(d, i + 1, &d->after, err);
        d->event = &chain->links[i].event;
        d->cursor = 0;
        if (!rc)
            rc = order_fields_compare(&d->before, &d->after, note_event, d, err);
        struct order_fields swap = d->before;
        d->before = d->after;
        d->after = swap;
    }
    for (size_t i = 0; i < d->change_count && !rc; i++) {
        struct daybook_text via;
        registers_set_as_of(d->registers, d->changes[i].event->seq);
        rc = registers_who(d->registers, d->changes[i].event, &d->changes[i].actor, &via, err);
    }
    return rc;
}

static int diff_one(struct differ *d, uint32_t ordinal, diff_visit *visit, void *context, struct daybook_error *err)
{
    struct chain *chain = &d->reader.chain;
    struct diff_order order = {.order = ordinal};
    size_t count_before = 0;
    arena_reset(&d->arena);
    d->change_count = 0;
    int rc = chain_load(chain, d->snapshot->log, DAYBOOK_ORDER, ordinal, d->span.to, err);
    while (!rc && count_before < chain->count && chain->links[count_before].event.seq <= d->span.from)
        count_before++;
    if (rc || count_before == chain->count)
        return rc;
    rc = fields_after(d, count_before, &d->before, err);
    if (!rc)
        rc = fields_after(d, chain->count, &d->after, err);
    if (!rc)
        rc = order_fields_compare(&d->before, &d->after, note_change, d, err);
    if (!rc && d->change_count)
        rc = find_events(d, count_before, err);
    if (!rc)
        rc = daybook_name(d->snapshot, DAYBOOK_ORDER, ordinal, &order.order_no, err);
    order.changes = d->changes;
    order.change_count = d->change_count;
    return rc ? rc : visit(context, &order, err);
}

/* ---- which orders */

enum { STOPPED = -1 };

/* A bit an order. */
struct touched {
    uint8_t *bits;
    uint32_t last; /* ordinal */
    uint64_t last_seq;
};

static int touch(void *context, const struct daybook_event *event, struct daybook_error *err)
{
    struct touched *touched = context;
    (void)err;
    if (event->seq > touched->last_seq)
        return STOPPED;
    if (event->kind == DAYBOOK_ORDER && event->ordinal <= touched->last)
        touched->bits[event->ordinal / 8] |= (uint8_t)(1U << event->ordinal % 8);
    return 0;
}

static int diff_touched(struct differ *d, diff_visit *visit, void *context, struct daybook_error *err)
{
    struct touched touched = {.last_seq = d->span.to};
    int rc = store_last_ordinal(d->snapshot->log, DAYBOOK_ORDER, &touched.last, err);
    if (!rc && !(touched.bits = calloc((size_t)touched.last / 8 + 1, 1)))
        rc = no_memory(err);
    if (!rc)
        rc = daybook_follow(d->snapshot, d->span.from + 1, touch, &touched, err);
    if (rc == STOPPED)
        rc = 0;
    for (uint32_t ordinal = 1; ordinal <= touched.last && !rc; ordinal++)
        if (touched.bits[ordinal / 8] & 1U << ordinal % 8)
            rc = diff_one(d, ordinal, visit, context, err);
    free(touched.bits);
    return rc;
}

int diff_orders(struct daybook_snapshot *snapshot, struct registers *registers, struct diff_span span, uint32_t order,
                diff_visit *visit, void *context, struct daybook_error *err)
{
    struct differ d = {
        .snapshot = snapshot, .registers = registers, .span = span, .names_as_of = registers_as_of(registers)};
    int rc = order ? diff_one(&d, order, visit, context, err) : diff_touched(&d, visit, context, err);
    differ_release(&d);
    return rc;
}
