/* The view `audit`: events with what they changed. Registers' changes are in audit_register.c. */
#include "projections/audit.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/order_reader.h"
#include "ledger/text.h"
#include "projections/audit_text.h"

const unsigned audit_version = 1;

/* Memory of a walk; texts of one entry live in `arena`. */
struct auditor {
    struct daybook_snapshot *snapshot;
    struct registers *registers; /* names are those that held when the event was recorded */
    uint64_t names_as_of;        /* what the caller had them at */
    struct order_reader reader;  /* the chain of the order looked at */
    struct order_fields before, after;
    struct arena arena;
    struct event_scratch scratch;
    struct audit_change *changes;
    size_t change_count, change_capacity;
    uint32_t customer_before, customer_after;
    uint32_t loaded; /* order whose chain is in reader, and whose state after `folded` events is in `after` */
    size_t folded;
};

static void auditor_release(struct auditor *a)
{
    registers_set_as_of(a->registers, a->names_as_of);
    order_reader_release(&a->reader);
    order_fields_release(&a->before);
    order_fields_release(&a->after);
    arena_release(&a->arena);
    event_scratch_release(&a->scratch);
    free(a->changes);
}

static int add_change(struct auditor *a, struct audit_change change, struct daybook_error *err)
{
    if (a->change_count == a->change_capacity) {
        size_t wanted = a->change_capacity ? a->change_capacity * 2 : 32;
        struct audit_change *bigger = realloc(a->changes, wanted * sizeof *bigger);
        if (!bigger)
            return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for an audit trail.");
        a->changes = bigger;
        a->change_capacity = wanted;
    }
    a->changes[a->change_count++] = change;
    return 0;
}

static int note_change(void *context, const struct order_field *field, const struct order_value *from,
                       const struct order_value *to, struct daybook_error *err)
{
    struct auditor *a = context;
    struct audit_change change;
    struct audit_texts texts = {a->snapshot, a->registers, &a->arena};
    int rc = audit_field_text(&texts, field, &change.field, err);
    if (!rc)
        rc = audit_value_text(&texts, from, &change.from, err);
    if (!rc)
        rc = audit_value_text(&texts, to, &change.to, err);
    change.from_erased = from->kind == ORDER_VALUE_PERSONAL && !change.from.ptr;
    change.to_erased = to->kind == ORDER_VALUE_PERSONAL && !change.to.ptr;
    return rc ? rc : add_change(a, change, err);
}

/* The fields of the order after its first `count` events, as it was known then. */
static int fields_after(struct auditor *a, size_t count, struct order_fields *ret, uint32_t *ret_customer,
                        struct daybook_error *err)
{
    struct order_reader *r = &a->reader;
    int rc = order_fold(&r->state, &r->chain, count, &r->places, ledger_zone(a->snapshot->ledger), DAYBOOK_DAY_NONE,
                        NULL, NULL, err);
    if (rc)
        return rc;
    *ret_customer = r->state.exists ? r->state.customer : 0;
    return order_fields_of(ret, &r->state, err);
}

static int load_order(struct auditor *a, uint32_t order, uint64_t as_of, struct daybook_error *err)
{
    a->loaded = 0;
    int rc = chain_load(&a->reader.chain, a->snapshot->log, DAYBOOK_ORDER, order, as_of, err);
    if (!rc)
        rc = fields_after(a, 0, &a->after, &a->customer_after, err);
    a->loaded = rc ? 0 : order;
    a->folded = 0;
    return rc;
}

/* Let a->changes be what the order's event number `nth` changed. */
static int changes_of_order_event(struct auditor *a, uint32_t nth, struct daybook_error *err)
{
    int rc = 0;
    if (a->folded != nth - 1)
        rc = fields_after(a, nth - 1, &a->after, &a->customer_after, err);
    if (rc)
        return rc;
    struct order_fields swap = a->before;
    a->before = a->after;
    a->after = swap;
    a->customer_before = a->customer_after;
    rc = fields_after(a, nth, &a->after, &a->customer_after, err);
    a->folded = nth;
    return rc ? rc : order_fields_compare(&a->before, &a->after, note_change, a, err);
}

/* The order's number: what its creations say; the last one up to the chain's end. */
static int order_number(struct auditor *a, struct daybook_text *ret, struct daybook_error *err)
{
    struct chain *chain = &a->reader.chain;
    *ret = DAYBOOK_TEXT_NONE;
    int rc = 0;
    for (size_t i = 0; i < chain->count && !rc; i++) {
        struct daybook_data data;
        if (chain->links[i].event.type != DAYBOOK_ORDER_CREATED)
            continue;
        rc = chain_data(chain, i, &chain->scratch, &data, err);
        if (!rc)
            *ret = arena_text(&a->arena, data.order_no);
    }
    return rc;
}

/* The reason that the event itself gives, and the event that it takes back. */
static int read_said(struct auditor *a, struct audit_entry *entry, struct daybook_error *err)
{
    struct daybook_data data;
    const struct daybook_event *event = &entry->event;
    if (!schema_by_wire(event->type))
        return 0;
    int rc = event_read_data(event, &a->scratch, &data, err);
    if (rc)
        return rc;
    entry->target = event->type == DAYBOOK_ORDER_EVENT_VOIDED ? data.target : 0;
    return data.reason.commitment ? daybook_personal_value(a->snapshot, event->seq, &data.reason, &entry->reason, err)
                                  : 0;
}

/* Which later event of the order takes this one back? */
static int find_voiding(struct auditor *a, uint64_t seq, uint64_t *ret, struct daybook_error *err)
{
    struct chain *chain = &a->reader.chain;
    int rc = 0;
    for (size_t i = chain->count; i-- > 0 && chain->links[i].event.seq > seq && !rc;) {
        struct daybook_data data;
        if (chain->links[i].event.type != DAYBOOK_ORDER_EVENT_VOIDED)
            continue;
        rc = chain_data(chain, i, &chain->scratch, &data, err);
        if (!rc && data.target == seq)
            *ret = chain->links[i].event.seq;
    }
    return rc;
}

static int make_entry(struct auditor *a, const struct daybook_event *event, struct audit_entry *ret,
                      struct daybook_error *err)
{
    struct audit_entry entry = {.event = *event};
    struct audit_texts texts = {a->snapshot, a->registers, &a->arena};
    arena_reset(&a->arena);
    a->change_count = 0;
    registers_set_as_of(a->registers, event->seq);
    int rc = registers_who(a->registers, event, &entry.actor, &entry.via, err);
    if (!rc)
        rc = read_said(a, &entry, err);
    if (!rc && event->kind == DAYBOOK_ORDER && (a->loaded != event->ordinal || a->reader.chain.count < event->nth))
        rc = load_order(a, event->ordinal, UINT64_MAX, err);
    if (!rc && event->kind == DAYBOOK_ORDER) {
        rc = changes_of_order_event(a, event->nth, err);
        if (!rc)
            rc = order_number(a, &entry.order_no, err);
        if (!rc)
            rc = find_voiding(a, event->seq, &entry.voided_by, err);
    }
    if (!rc && (event->kind != DAYBOOK_ORDER || event->type >= DAYBOOK_APPLICATION_TYPE_MIN)) {
        const struct audit_change *changes;
        size_t count;
        rc = audit_register_changes(&texts, event, &changes, &count, err);
        for (size_t i = 0; i < (rc ? 0 : count) && !rc; i++)
            rc = add_change(a, changes[i], err);
    }
    entry.changes = a->changes;
    entry.change_count = a->change_count;
    if (!rc)
        *ret = entry;
    return rc;
}

int audit_order(struct daybook_snapshot *snapshot, struct registers *registers, uint32_t order, uint64_t as_of,
                audit_visit *visit, void *context, struct daybook_error *err)
{
    struct auditor a = {.snapshot = snapshot, .registers = registers, .names_as_of = registers_as_of(registers)};
    int rc = load_order(&a, order, as_of, err);
    for (size_t i = 0; i < a.reader.chain.count && !rc; i++) {
        struct audit_entry entry;
        rc = make_entry(&a, &a.reader.chain.links[i].event, &entry, err);
        if (!rc)
            rc = visit(context, &entry, err);
    }
    auditor_release(&a);
    return rc;
}

/* ---- over the whole ledger */

struct audit_walk {
    struct auditor auditor;
    const struct audit_filter *filter;
    audit_visit *visit;
    void *context;
    uint64_t *latest; /* seqs that matched, the oldest overwritten */
    uint64_t matched;
};

static bool envelope_matches(const struct audit_walk *w, const struct daybook_event *event)
{
    const struct audit_filter *f = w->filter;
    int32_t day = event->occurred_on != DAYBOOK_DAY_NONE
                      ? event->occurred_on
                      : zone_day(ledger_zone(w->auditor.snapshot->ledger), event->recorded_us);
    return (!f->actor || event->actor == f->actor) && (!f->type || event->type == f->type) &&
           (!f->order || (event->kind == DAYBOOK_ORDER && event->ordinal == f->order)) &&
           (!f->customer || event->kind == DAYBOOK_ORDER || event->kind == DAYBOOK_CUSTOMER) &&
           (f->effective_on == DAYBOOK_DAY_NONE || event->kind != DAYBOOK_ORDER ||
            event->type == DAYBOOK_ORDER_EVENT_VOIDED || day <= f->effective_on);
}

static bool field_matches(struct daybook_text wanted, struct daybook_text field)
{
    bool first =
        field.len > wanted.len && field.ptr[wanted.len] == '.' && memcmp(field.ptr, wanted.ptr, wanted.len) == 0;
    bool last = field.len > wanted.len && field.ptr[field.len - wanted.len - 1] == '.' &&
                memcmp(field.ptr + field.len - wanted.len, wanted.ptr, wanted.len) == 0;
    return first || last || text_equals(wanted, field);
}

static int is_of_customer(struct audit_walk *w, const struct daybook_event *event, bool *ret, struct daybook_error *err)
{
    const struct auditor *a = &w->auditor;
    uint32_t ordinals[2] = {event->kind == DAYBOOK_CUSTOMER ? event->ordinal : a->customer_before,
                            event->kind == DAYBOOK_CUSTOMER ? 0 : a->customer_after};
    int rc = 0;
    *ret = false;
    registers_set_as_of(a->registers, a->names_as_of); /* who is who is asked of now */
    for (int i = 0; i < 2 && !rc && !*ret; i++) {
        uint32_t final = 0;
        if (ordinals[i])
            rc = registers_customer(w->auditor.registers, ordinals[i], &final, err);
        *ret = !rc && ordinals[i] && final == w->filter->customer;
    }
    registers_set_as_of(a->registers, event->seq);
    return rc;
}

/* Make the entry and see whether it is wanted, for what only the entry tells. */
static int entry_matches(struct audit_walk *w, const struct daybook_event *event, struct audit_entry *entry, bool *ret,
                         struct daybook_error *err)
{
    const struct audit_filter *f = w->filter;
    bool wanted = true;
    int rc = make_entry(&w->auditor, event, entry, err);
    if (!rc && f->customer)
        rc = is_of_customer(w, event, &wanted, err);
    if (!rc && wanted && f->field.ptr) {
        wanted = false;
        for (size_t i = 0; i < entry->change_count && !wanted; i++)
            wanted = field_matches(f->field, entry->changes[i].field);
    }
    *ret = wanted;
    return rc;
}

enum { STOPPED = -1 };

static int visit_event(void *context, const struct daybook_event *event, struct daybook_error *err)
{
    struct audit_walk *w = context;
    struct audit_entry entry;
    bool wanted = true;
    int rc = 0;
    if (event->seq > w->filter->to)
        return STOPPED;
    if (!envelope_matches(w, event))
        return 0;
    bool judged = w->filter->customer || w->filter->field.ptr;
    if (judged || !w->latest)
        rc = entry_matches(w, event, &entry, &wanted, err);
    if (rc || !wanted)
        return rc;
    if (!w->latest)
        return w->visit(w->context, &entry, err);
    w->latest[w->matched++ % w->filter->limit] = event->seq;
    return 0;
}

static int visit_latest(struct audit_walk *w, struct daybook_error *err)
{
    uint64_t limit = w->filter->limit, count = w->matched < limit ? w->matched : limit;
    int rc = 0;
    for (uint64_t i = w->matched - count; i < w->matched && !rc; i++) {
        struct daybook_event event;
        struct audit_entry entry;
        rc = daybook_event(w->auditor.snapshot, w->latest[i % limit], &event, err);
        if (!rc)
            rc = make_entry(&w->auditor, &event, &entry, err);
        if (!rc)
            rc = w->visit(w->context, &entry, err);
    }
    return rc;
}

int audit_each(struct daybook_snapshot *snapshot, struct registers *registers, const struct audit_filter *filter,
               audit_visit *visit, void *context, struct daybook_error *err)
{
    uint64_t last = daybook_last_seq(snapshot);
    struct audit_walk w = {
        .auditor = {.snapshot = snapshot, .registers = registers, .names_as_of = registers_as_of(registers)},
        .filter = filter,
        .visit = visit,
        .context = context};
    int rc = 0;
    if (filter->limit == 0)
        return 0;
    if (filter->limit < last && !(w.latest = malloc(filter->limit * sizeof *w.latest)))
        rc = daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for an audit trail of %llu events.",
                          (unsigned long long)filter->limit);
    if (!rc)
        rc = daybook_follow(snapshot, filter->from ? filter->from : 1, visit_event, &w, err);
    if (rc == STOPPED)
        rc = 0;
    if (!rc && w.latest)
        rc = visit_latest(&w, err);
    free(w.latest);
    auditor_release(&w.auditor);
    return rc;
}

/* ---- blame */

struct blamed {
    struct order_field field; /* identity */
    struct daybook_event event;
};

struct blame {
    struct auditor auditor;
    const struct daybook_event *event; /* the one being applied */
    struct blamed *blamed;
    size_t count, capacity;
};

static bool same_identity(const struct order_field *a, const struct order_field *b)
{
    return a->id == b->id && a->line == b->line && a->own == b->own && a->note == b->note;
}

static int note_setter(void *context, const struct order_field *field, const struct order_value *from,
                       const struct order_value *to, struct daybook_error *err)
{
    struct blame *b = context;
    (void)from, (void)to;
    size_t i = 0;
    while (i < b->count && !same_identity(&b->blamed[i].field, field))
        i++;
    if (i == b->capacity) {
        size_t wanted = b->capacity ? b->capacity * 2 : 32;
        struct blamed *bigger = realloc(b->blamed, wanted * sizeof *bigger);
        if (!bigger)
            return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for an audit trail.");
        b->blamed = bigger;
        b->capacity = wanted;
    }
    b->blamed[i] = (struct blamed){*field, *b->event};
    b->count += i == b->count;
    return 0;
}

static int blame_applied(void *context, const struct order_state *state, const struct daybook_event *event,
                         const struct daybook_data *data, struct daybook_error *err)
{
    struct blame *b = context;
    (void)data;
    struct order_fields swap = b->auditor.before;
    b->auditor.before = b->auditor.after;
    b->auditor.after = swap;
    b->event = event;
    int rc = order_fields_of(&b->auditor.after, state, err);
    return rc ? rc : order_fields_compare(&b->auditor.before, &b->auditor.after, note_setter, b, err);
}

static int visit_blamed(struct blame *b, const struct order_field *field, blame_visit *visit, void *context,
                        struct daybook_error *err)
{
    struct auditor *a = &b->auditor;
    struct audit_texts texts = {a->snapshot, a->registers, &a->arena};
    struct blame_line line = {0};
    int rc = audit_field_text(&texts, field, &line.field, err);
    if (!rc)
        rc = audit_value_text(&texts, &field->value, &line.value, err);
    for (size_t i = 0; i < b->count; i++)
        if (same_identity(&b->blamed[i].field, field))
            line.event = &b->blamed[i].event;
    if (!rc && line.event)
        rc = registers_who(a->registers, line.event, &line.actor, &line.via, err);
    return rc || !line.event ? rc : visit(context, &line, err);
}

int audit_blame(struct daybook_snapshot *snapshot, struct registers *registers, uint32_t order, struct order_cut cut,
                blame_visit *visit, void *context, struct daybook_error *err)
{
    struct blame b = {
        .auditor = {.snapshot = snapshot, .registers = registers, .names_as_of = registers_as_of(registers)}};
    struct order_reader *r = &b.auditor.reader;
    int rc = chain_load(&r->chain, snapshot->log, DAYBOOK_ORDER, order, cut.as_of, err);
    if (!rc)
        rc = order_fold(&r->state, &r->chain, r->chain.count, &r->places, ledger_zone(snapshot->ledger),
                        cut.effective_on, blame_applied, &b, err);
    for (size_t i = 0; i < b.auditor.after.count && !rc; i++)
        rc = visit_blamed(&b, &b.auditor.after.fields[i], visit, context, err);
    auditor_release(&b.auditor);
    free(b.blamed);
    return rc;
}
