/* Random histories against a model: what the figures and rules mean, written once more, plainly, over arrays. The model
 * keeps each order's events as they were recorded and answers every question by going through them from the start.
 * SEED repeats a run, STEPS makes it longer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/order_reader.h"
#include "tests/unit/scratch.h"

#define NONE DAYBOOK_DAY_NONE

enum {
    ORDERS = 8,
    EVENTS_MAX = 4000,
    ITEMS_MAX = 3,
    LINES_MAX = 400,
    CODES = 4,
    CUSTOMERS = 5,
    FIRST_DAY = 20000,
    DAYS = 40
};

/* ---- the model */

struct part {
    uint32_t line, code; /* code 0: as before */
    int64_t units;
};

struct fact {
    uint64_t seq;
    uint32_t type;
    int32_t day, recorded_day;
    uint32_t customer;
    int32_t expected_on, requested_on;
    struct part parts[ITEMS_MAX];
    size_t part_count;
    bool says_status, to_shipped;
    uint64_t target, replacing;
};

struct picture {
    bool there;
    enum workflow_status status, held_from;
    uint32_t customer;
    int32_t ordered_on, own_promise, promise, first_promise, requested_on, shipped_on, delivered_on, cancelled_on;
    struct {
        bool there;
        uint32_t code;
        int64_t ordered, shipped, delivered;
    } lines[LINES_MAX];
    uint32_t notes[EVENTS_MAX / 8]; /* indexes of facts */
    size_t note_count;
};

struct order {
    struct fact facts[EVENTS_MAX];
    size_t count;
    uint32_t line_last; /* ever given */
};

static bool all_there(const struct picture *p, bool delivered)
{
    for (int i = 0; i < LINES_MAX; i++)
        if (p->lines[i].there && (delivered ? p->lines[i].delivered : p->lines[i].shipped) < p->lines[i].ordered)
            return false;
    return true;
}

static void model_created(struct picture *p, const struct fact *f)
{
    memset(p, 0, sizeof *p);
    p->there = true;
    p->status = STATUS_PENDING;
    p->ordered_on = f->day == NONE ? f->recorded_day : f->day;
    p->own_promise = p->first_promise = p->requested_on = p->shipped_on = p->delivered_on = p->cancelled_on = NONE;
}

static void model_content(struct picture *p, const struct fact *f)
{
    if (f->customer)
        p->customer = f->customer;
    if (f->expected_on != NONE)
        p->own_promise = f->expected_on;
    if (f->requested_on != NONE)
        p->requested_on = f->requested_on;
    for (size_t i = 0; i < f->part_count; i++) {
        const struct part *part = &f->parts[i];
        bool known = p->lines[part->line].there;
        if (part->units == 0)
            memset(&p->lines[part->line], 0, sizeof p->lines[0]);
        if (part->units == 0 || (!known && !part->code))
            continue; /* a line taken out; or one changed that is not there */
        p->lines[part->line].there = true;
        p->lines[part->line].ordered = part->units;
        if (part->code)
            p->lines[part->line].code = part->code;
    }
}

static void model_move(struct picture *p, const struct fact *f, bool delivering)
{
    for (int i = 0; i < LINES_MAX; i++) {
        if (!p->lines[i].there)
            continue;
        int64_t *sum = delivering ? &p->lines[i].delivered : &p->lines[i].shipped;
        if (f->part_count == 0 && *sum < p->lines[i].ordered)
            *sum = p->lines[i].ordered;
        for (size_t j = 0; j < f->part_count; j++)
            if (f->parts[j].line == (uint32_t)i)
                *sum += f->parts[j].units;
        if (delivering && p->lines[i].shipped < p->lines[i].delivered)
            p->lines[i].shipped = p->lines[i].delivered;
    }
}

static void model_reopened(struct picture *p, const struct fact *f)
{
    bool to_shipped = f->says_status ? f->to_shipped : p->status == STATUS_DELIVERED;
    p->status = to_shipped ? STATUS_SHIPPED : STATUS_PENDING;
    p->delivered_on = p->cancelled_on = NONE;
    for (int i = 0; i < LINES_MAX; i++) {
        p->lines[i].delivered = 0;
        if (!to_shipped)
            p->lines[i].shipped = 0;
    }
    if (!to_shipped)
        p->shipped_on = NONE;
}

static void model_retract(struct picture *p, const struct order *o, uint64_t target)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->note_count; i++)
        if (o->facts[p->notes[i]].seq != target)
            p->notes[kept++] = p->notes[i];
    p->note_count = kept;
}

static void model_apply(struct picture *p, const struct order *o, const struct fact *f)
{
    bool before_shipping = p->status < STATUS_SHIPPED; /* pending, processing, in production */
    bool was_shipped = !before_shipping && all_there(p, false);
    switch (f->type) {
    case DAYBOOK_ORDER_CREATED: model_created(p, f); model_content(p, f); break;
    case DAYBOOK_ORDER_AMENDED: model_content(p, f); break;
    case DAYBOOK_ORDER_PROMISE_CHANGED: p->own_promise = f->expected_on; break;
    case DAYBOOK_ORDER_PROCESSING_STARTED: p->status = STATUS_PROCESSING; break;
    case DAYBOOK_ORDER_PRODUCTION_STARTED: p->status = STATUS_IN_PRODUCTION; break;
    case DAYBOOK_ORDER_SHIPPED:
        model_move(p, f, false);
        if (!was_shipped && all_there(p, false)) {
            p->shipped_on = f->day;
            p->status = p->status == STATUS_DELIVERED ? STATUS_DELIVERED : STATUS_SHIPPED;
        }
        break;
    case DAYBOOK_ORDER_DELIVERED:
        model_move(p, f, true);
        if (p->status != STATUS_DELIVERED && all_there(p, true))
            p->status = STATUS_DELIVERED, p->delivered_on = f->day;
        break;
    case DAYBOOK_ORDER_CANCELLED: p->status = STATUS_CANCELLED, p->cancelled_on = f->day; break;
    case DAYBOOK_ORDER_RETURNED: p->status = STATUS_RETURNED; break;
    case DAYBOOK_ORDER_REOPENED: model_reopened(p, f); break;
    case DAYBOOK_ORDER_HELD:
        if (p->status != STATUS_ON_HOLD)
            p->held_from = p->status;
        p->status = STATUS_ON_HOLD;
        break;
    case DAYBOOK_ORDER_RESUMED: p->status = p->status == STATUS_ON_HOLD ? p->held_from : p->status; break;
    case DAYBOOK_ORDER_NOTE_ADDED: p->notes[p->note_count++] = (uint32_t)(f - o->facts); break;
    case DAYBOOK_ORDER_NOTE_RETRACTED: model_retract(p, o, f->target); break;
    default: fail();
    }
    p->promise = p->own_promise;
    if (p->first_promise == NONE)
        p->first_promise = p->promise;
}

/* What stands in the place of a fact as of a seq: itself, what replaced it, what replaced that; NULL for nothing. */
static const struct fact *standing(const struct order *o, const struct fact *f, uint64_t as_of)
{
    for (size_t i = 0; f && i < o->count && o->facts[i].seq <= as_of; i++) {
        if (o->facts[i].type != DAYBOOK_ORDER_EVENT_VOIDED || o->facts[i].target != f->seq)
            continue;
        bool replaced = o->facts[i].replacing && o->facts[i].replacing <= as_of;
        f = replaced ? &o->facts[i + 1] : NULL;
    }
    return f;
}

/* A replacement is the fact after its void; it counts in another place. */
static bool is_replacement(const struct order *o, size_t index)
{
    return index > 0 && o->facts[index - 1].replacing == o->facts[index].seq;
}

static void model_fold(struct picture *p, const struct order *o, uint64_t as_of, int32_t effective_on)
{
    memset(p, 0, sizeof *p);
    for (size_t i = 0; i < o->count && o->facts[i].seq <= as_of; i++) {
        if (o->facts[i].type == DAYBOOK_ORDER_EVENT_VOIDED || is_replacement(o, i))
            continue;
        const struct fact *f = standing(o, &o->facts[i], as_of);
        if (!f || (effective_on != NONE && (f->day == NONE ? f->recorded_day : f->day) > effective_on))
            continue;
        if (p->there || f->type == DAYBOOK_ORDER_CREATED)
            model_apply(p, o, f);
    }
}

/* May it be recorded? From the rules of the default workflow. */
static bool model_allows(const struct picture *p, const struct fact *f)
{
    bool moving = p->status <= STATUS_SHIPPED, open = moving || p->status == STATUS_ON_HOLD;
    if (f->type == DAYBOOK_ORDER_CREATED)
        return !p->there;
    if (!p->there)
        return false;
    switch (f->type) {
    case DAYBOOK_ORDER_PROCESSING_STARTED: return p->status == STATUS_PENDING;
    case DAYBOOK_ORDER_PRODUCTION_STARTED: return p->status == STATUS_PENDING || p->status == STATUS_PROCESSING;
    case DAYBOOK_ORDER_SHIPPED:
        return (moving || p->status == STATUS_DELIVERED) &&
               (f->part_count || p->status < STATUS_SHIPPED || !all_there(p, false));
    case DAYBOOK_ORDER_DELIVERED: return moving || (p->status == STATUS_DELIVERED && f->part_count);
    case DAYBOOK_ORDER_RETURNED: return p->status == STATUS_SHIPPED || p->status == STATUS_DELIVERED;
    case DAYBOOK_ORDER_REOPENED:
        return p->status == STATUS_DELIVERED ||
               ((p->status == STATUS_CANCELLED || p->status == STATUS_RETURNED) && !(f->says_status && f->to_shipped));
    case DAYBOOK_ORDER_HELD: return moving;
    case DAYBOOK_ORDER_RESUMED: return p->status == STATUS_ON_HOLD;
    case DAYBOOK_ORDER_NOTE_ADDED: return true;
    case DAYBOOK_ORDER_NOTE_RETRACTED: return f->target != 0;
    default: return open; /* cancelling, amending, promising */
    }
}

/* ---- the run */

struct run {
    uint64_t random;
    struct daybook *ledger;
    struct order *orders; /* ORDERS of them, by ordinal */
    size_t order_count;
    uint32_t customers[CUSTOMERS]; /* who a name leads to: the ordinal, 0 while it is not registered */
    uint32_t customer_last;
    struct picture now, expected;
    struct order_reader reader;
    struct daybook_draft draft, replacement;
    struct daybook_draft_item items[ITEMS_MAX], changed_items[ITEMS_MAX];
    unsigned accepted, refused, repeated;
};

static const char *const customer_names[CUSTOMERS] = {"万泰酒业", "Müller", "acme", "beta", "gamma"};
static const char *const codes[CODES] = {"LW-1", "LW-2", "LW-3", "LW-4"};
static const char *const numbers[ORDERS] = {"A-1", "A-2", "A-3", "A-4", "A-5", "A-6", "A-7", "A-8"};

static uint32_t below(struct run *r, uint32_t limit)
{
    return random_below(&r->random, limit);
}

static int32_t any_day(struct run *r)
{
    return FIRST_DAY + (int32_t)below(r, DAYS);
}

/* The one line with a code; 0 for none, LINES_MAX for several. */
static uint32_t line_of_code(const struct picture *p, uint32_t code)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < LINES_MAX; i++)
        if (p->lines[i].there && p->lines[i].code == code)
            found = found ? LINES_MAX : i;
    return found;
}

static uint32_t customer_named(struct run *r, uint32_t name)
{
    return r->customers[name] ? r->customers[name] : r->customer_last + 1;
}

/* Distinct codes with units; for created and amended orders the lines that the codes mean, or new ones. */
static void fill_items(struct run *r, const struct order *o, struct fact *f, struct daybook_draft_item *items)
{
    uint32_t code = 1 + below(r, CODES), last = f->type == DAYBOOK_ORDER_CREATED ? 0 : o->line_last;
    bool moves = f->type == DAYBOOK_ORDER_SHIPPED || f->type == DAYBOOK_ORDER_DELIVERED;
    size_t wanted = 1 + below(r, ITEMS_MAX);
    for (size_t i = 0; i < wanted; i++, code = 1 + code % CODES) {
        uint32_t line = f->type == DAYBOOK_ORDER_CREATED ? 0 : line_of_code(&r->now, code);
        int64_t units = 1 + below(r, 8);
        if (line == LINES_MAX || (!line && moves))
            continue;
        if (line && !moves && below(r, 6) == 0)
            units = 0;
        bool is_new = !line;
        if (is_new)
            line = ++last;
        f->parts[f->part_count] = (struct part){line, moves || !is_new ? 0 : code, units};
        items[f->part_count++] = (struct daybook_draft_item){.code = text_of(codes[code - 1]), .has_quantity = true,
                                                             .quantity = quantity(units), .expected_on = NONE};
    }
}

static uint32_t any_type(struct run *r)
{
    static const uint32_t types[] = {DAYBOOK_ORDER_AMENDED,
                                     DAYBOOK_ORDER_AMENDED,
                                     DAYBOOK_ORDER_PROMISE_CHANGED,
                                     DAYBOOK_ORDER_PROCESSING_STARTED,
                                     DAYBOOK_ORDER_PRODUCTION_STARTED,
                                     DAYBOOK_ORDER_SHIPPED,
                                     DAYBOOK_ORDER_SHIPPED,
                                     DAYBOOK_ORDER_DELIVERED,
                                     DAYBOOK_ORDER_DELIVERED,
                                     DAYBOOK_ORDER_CANCELLED,
                                     DAYBOOK_ORDER_RETURNED,
                                     DAYBOOK_ORDER_REOPENED,
                                     DAYBOOK_ORDER_REOPENED,
                                     DAYBOOK_ORDER_HELD,
                                     DAYBOOK_ORDER_RESUMED,
                                     DAYBOOK_ORDER_RESUMED,
                                     DAYBOOK_ORDER_NOTE_ADDED,
                                     DAYBOOK_ORDER_NOTE_RETRACTED,
                                     DAYBOOK_ORDER_CREATED};
    return types[below(r, sizeof types / sizeof *types)];
}

/* A random event of one order: the draft, and the fact that it would be. */
static void propose(struct run *r, const struct order *o, uint32_t type, struct fact *f)
{
    struct daybook_draft *d = &r->draft;
    *f = (struct fact){.type = type, .day = below(r, 8) ? any_day(r) : NONE, .expected_on = NONE, .requested_on = NONE};
    daybook_draft_init(d, type);
    d->occurred = f->day == NONE ? DAYBOOK_OCCURRED_UNKNOWN : DAYBOOK_OCCURRED_ON;
    d->occurred_on = f->day;
    bool content = type == DAYBOOK_ORDER_CREATED || type == DAYBOOK_ORDER_AMENDED;
    if (type == DAYBOOK_ORDER_CREATED || (content && below(r, 2))) {
        uint32_t name = below(r, CUSTOMERS);
        d->customer = text_of(customer_names[name]);
        f->customer = customer_named(r, name);
    }
    if (content ? below(r, 3) == 0 : type == DAYBOOK_ORDER_PROMISE_CHANGED)
        f->expected_on = d->expected_on = any_day(r);
    if (content && below(r, 3) == 0)
        f->requested_on = d->requested_on = any_day(r);
    if (type == DAYBOOK_ORDER_AMENDED)
        f->requested_on = d->requested_on = any_day(r); /* something has to be amended */
    if (content || ((type == DAYBOOK_ORDER_SHIPPED || type == DAYBOOK_ORDER_DELIVERED) && below(r, 2)))
        fill_items(r, o, f, r->items);
    d->items = r->items, d->item_count = f->part_count;
    if (type == DAYBOOK_ORDER_REOPENED && below(r, 2)) {
        f->says_status = true;
        f->to_shipped = below(r, 2);
        d->status = text_of(f->to_shipped ? "shipped" : "pending");
    }
    if (type == DAYBOOK_ORDER_NOTE_ADDED)
        d->text = text_of("a note");
    if (type == DAYBOOK_ORDER_NOTE_RETRACTED && r->now.note_count)
        f->target = d->target = o->facts[r->now.notes[below(r, (uint32_t)r->now.note_count)]].seq;
}

static int append(struct run *r, const char *order_no, struct daybook_result *result)
{
    char key[24];
    struct daybook_result again;
    r->draft.order_no = text_of(order_no);
    snprintf(key, sizeof key, "k%llu", (unsigned long long)random_next(&r->random));
    const struct daybook_entry entry = {.drafts = &r->draft, .draft_count = 1, .actor = DAYBOOK_TEXT("li.lei"),
                                        .via = DAYBOOK_TEXT("li.lei@host"), .via_kind = DAYBOOK_TEXT("os"),
                                        .key = order_no ? text_of(key) : DAYBOOK_TEXT_NONE};
    assert_int_equal(daybook_append(r->ledger, &entry, 1, result, NULL), 0);
    if (result->error.code) {
        r->refused++;
        return result->error.code;
    }
    r->accepted++;
    if (order_no && below(r, 4) == 0) { /* and once more, as after a lost answer */
        assert_int_equal(daybook_append(r->ledger, &entry, 1, &again, NULL), 0);
        if (again.error.code || !again.repeated)
            fail_msg("a repeated key, type %u: %s", r->draft.type, again.error.message);
        assert_int_equal(again.first_seq, result->first_seq);
        assert_int_equal(again.last_seq, result->last_seq);
        r->repeated++;
    }
    return 0;
}

static struct fact *keep(struct order *o, const struct fact *f, uint64_t seq)
{
    assert_true(o->count < EVENTS_MAX);
    o->facts[o->count] = *f;
    o->facts[o->count].seq = seq;
    o->facts[o->count].recorded_day = (int32_t)(ledger_clock_us() / 86400000000);
    for (size_t i = 0; i < f->part_count; i++)
        if (f->parts[i].line > o->line_last)
            o->line_last = f->parts[i].line;
    return &o->facts[o->count++];
}

/* Customers that the accepted draft has registered. */
static void learn_customers(struct run *r, const struct daybook_draft *draft)
{
    for (uint32_t i = 0; i < CUSTOMERS; i++)
        if (draft->customer.ptr == customer_names[i] && !r->customers[i])
            r->customers[i] = ++r->customer_last;
}

static void step_event(struct run *r, struct order *o, const char *order_no)
{
    struct fact f;
    struct daybook_result result;
    model_fold(&r->now, o, UINT64_MAX, NONE);
    propose(r, o, r->now.there ? any_type(r) : DAYBOOK_ORDER_CREATED, &f);
    bool allowed = model_allows(&r->now, &f);
    int code = append(r, order_no, &result);
    if ((code == 0) != allowed)
        fail_msg("type %u at %s: %s", f.type, workflow_statuses[r->now.status].name,
                 code ? result.error.message : "taken");
    if (code)
        return;
    learn_customers(r, &r->draft);
    keep(o, &f, result.last_seq);
}

/* Take an event back; with a replacement, record it otherwise. */
static void step_void(struct run *r, struct order *o, const char *order_no)
{
    struct fact void_fact = {.type = DAYBOOK_ORDER_EVENT_VOIDED, .day = NONE}, changed;
    struct daybook_result result;
    const struct fact *target = &o->facts[below(r, (uint32_t)o->count)];
    bool voidable = target->type != DAYBOOK_ORDER_EVENT_VOIDED && standing(o, target, UINT64_MAX) == target;
    bool replaces = below(r, 2);
    changed = *target;
    daybook_draft_init(&r->replacement, target->type);
    if (below(r, 2)) {
        changed.day = r->replacement.occurred_on = any_day(r);
        r->replacement.occurred = DAYBOOK_OCCURRED_ON;
    }
    if (target->type == DAYBOOK_ORDER_PROMISE_CHANGED || (target->type == DAYBOOK_ORDER_CREATED && below(r, 2)))
        changed.expected_on = r->replacement.expected_on = any_day(r);
    daybook_draft_init(&r->draft, DAYBOOK_ORDER_EVENT_VOIDED);
    r->draft.target = target->seq;
    r->draft.reason = text_of("a mistake");
    r->draft.replacement = replaces ? &r->replacement : NULL;
    int code = append(r, order_no, &result);
    if (!voidable && !code)
        fail_msg("event %llu was taken back", (unsigned long long)target->seq);
    if (voidable && code && !(replaces && target->part_count)) /* parts may name lines that are gone */
        fail_msg("event %llu cannot be taken back: %s", (unsigned long long)target->seq, result.error.message);
    if (code)
        return;
    void_fact.target = target->seq;
    void_fact.replacing = replaces ? result.last_seq : 0;
    keep(o, &void_fact, result.first_seq);
    if (replaces)
        keep(o, &changed, result.last_seq);
}

static void step_register(struct run *r)
{
    struct daybook_result result;
    uint32_t from = below(r, CUSTOMERS), into = below(r, CUSTOMERS);
    if (below(r, 2)) {
        char name[40];
        snprintf(name, sizeof name, "renamed %u", below(r, 1000000));
        daybook_draft_init(&r->draft, DAYBOOK_CUSTOMER_RENAMED);
        r->draft.name = text_of(name);
        r->draft.subject = text_of(customer_names[from]); /* which goes on finding it */
        assert_int_equal(append(r, NULL, &result) == 0, r->customers[from] != 0);
        return;
    }
    daybook_draft_init(&r->draft, DAYBOOK_CUSTOMER_MERGED);
    r->draft.subject = text_of(customer_names[from]);
    r->draft.customer = text_of(customer_names[into]);
    uint32_t old = r->customers[from];
    bool possible = old && r->customers[into] && old != r->customers[into] && below(r, 10) == 0;
    if (!possible)
        return;
    assert_int_equal(append(r, NULL, &result), 0);
    for (int i = 0; i < CUSTOMERS; i++)
        if (r->customers[i] == old)
            r->customers[i] = r->customers[into];
}

/* ---- comparing */

static void assert_same(struct run *r, const struct order *o, uint64_t as_of, int32_t effective_on)
{
    const struct order_state *s = &r->reader.state;
    const struct picture *p = &r->expected;
    model_fold(&r->expected, o, as_of, effective_on);
    assert_int_equal(s->exists, p->there);
    if (!p->there)
        return;
    assert_int_equal(s->status, p->status);
    assert_int_equal(s->customer, p->customer);
    assert_int_equal(s->ordered_on, p->ordered_on);
    assert_int_equal(s->expected_on, p->promise);
    assert_int_equal(s->first_expected_on, p->first_promise);
    assert_int_equal(s->requested_on, p->requested_on);
    assert_int_equal(s->shipped_on, p->shipped_on);
    assert_int_equal(s->delivered_on, p->delivered_on);
    assert_int_equal(s->cancelled_on, p->cancelled_on);
    size_t lines = 0, notes = 0;
    for (uint32_t i = 0; i < LINES_MAX; i++) {
        if (!p->lines[i].there)
            continue;
        const struct order_line *line = order_find_line(s, i);
        assert_non_null(line);
        assert_true(line->quantity.mantissa == p->lines[i].ordered && line->quantity.scale == 0);
        assert_true(line->shipped.mantissa == p->lines[i].shipped);
        assert_true(line->delivered.mantissa == p->lines[i].delivered);
        lines++;
    }
    assert_int_equal(s->line_count, lines);
    for (size_t i = 0; i < s->note_count; i++)
        notes += !s->notes[i].retracted;
    assert_int_equal(notes, p->note_count);
}

static void compare(struct run *r, uint32_t ordinal, struct order_cut cut)
{
    struct daybook_snapshot *snapshot;
    const struct order *o = &r->orders[ordinal - 1];
    assert_int_equal(daybook_snapshot_begin(r->ledger, &snapshot, NULL), 0);
    if (cut.as_of != UINT64_MAX)
        cut.as_of = below(r, (uint32_t)daybook_last_seq(snapshot) + 1);
    assert_int_equal(order_reader_load(&r->reader, snapshot, ordinal, cut, NULL), 0);
    if (cut.as_of == UINT64_MAX)
        assert_int_equal(r->reader.chain.count, o->count);
    assert_same(r, o, cut.as_of, cut.effective_on);
    daybook_snapshot_end(snapshot);
}

static void step(struct run *r)
{
    size_t at = below(r, ORDERS);
    if (at >= r->order_count) { /* orders come one after the other */
        at = r->order_count;
        r->order_count++;
    }
    struct order *o = &r->orders[at];
    uint32_t what = below(r, 10);
    if (what == 0)
        step_register(r);
    else if (what < 3 && o->count)
        step_void(r, o, numbers[at]);
    else
        step_event(r, o, numbers[at]);
    if (o->count == 0) {
        r->order_count -= at + 1 == r->order_count;
        return;
    }
    compare(r, (uint32_t)at + 1, ORDER_CUT_NOW);
    compare(r, (uint32_t)at + 1, (struct order_cut){0, below(r, 2) ? any_day(r) : NONE});
    compare(r, (uint32_t)at + 1, (struct order_cut){UINT64_MAX, any_day(r)});
}

static void random_histories(void **state)
{
    (void)state;
    char root[SCRATCH_PATH_SIZE], folder[SCRATCH_PATH_SIZE + 8];
    const char *wanted = getenv("STEPS");
    long steps = wanted ? strtol(wanted, NULL, 10) : 3000;
    struct run *r = calloc(1, sizeof *r);
    r->orders = calloc(ORDERS, sizeof *r->orders);
    r->random = random_seed();
    scratch_folder(root);
    snprintf(folder, sizeof folder, "%s/ledger", root);
    r->ledger = scratch_ledger(folder);
    for (long i = 0; i < steps; i++)
        step(r);
    assert_true(r->accepted > r->refused / 4 && r->repeated > 0);
    print_message("# %u recorded, %u refused, %u repeated\n", r->accepted, r->refused, r->repeated);
    daybook_close(r->ledger);
    order_reader_release(&r->reader);
    scratch_remove(root);
    free(r->orders);
    free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_histories)};
    return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
