/* Random histories against a model: what the figures and rules mean, written once more, plainly, over arrays. The model
 * keeps each order's events as they were recorded and answers every question by going through them from the start.
 * Two handles and other processes take turns at writing, and views are kept by one while another writes.
 * SEED repeats a run, STEPS makes it longer; REPLAY takes the steps that a failure came down to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/order_reader.h"
#include "ledger/schema.h"
#include "ledger/verify.h"
#include "projections/delays.h"
#include "projections/figures.h"
#include "projections/orders.h"
#include "tests/unit/scratch.h"
#include "tests/unit/steps.h"

#define NONE DAYBOOK_DAY_NONE

enum {
    ORDERS = 8,
    EVENTS_MAX = 2 * STEPS_MAX,
    ITEMS_MAX = 3,
    LINES_MAX = 400,
    CODES = 4,
    CUSTOMERS = 5,
    FIELDS = 3,
    HANDLES = 2,
    FIRST_DAY = 20000,
    DAYS = 40,
    SEQUENCE_STEPS = 100
};

#define SAME(got, want) same(#got, (int64_t)(got), (int64_t)(want))

static void same(const char *what, int64_t got, int64_t want)
{
    if (got != want)
        steps_differ("%s is %lld, not %lld", what, (long long)got, (long long)want);
}

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
    uint32_t own[FIELDS]; /* 0: as before, else what it says */
    uint32_t priority;
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
    uint32_t own[FIELDS], priority;
    uint32_t notes[EVENTS_MAX]; /* indexes of facts */
    size_t note_count;
};

struct order {
    struct fact facts[EVENTS_MAX];
    size_t count;
    uint32_t ordinal;   /* 0 until it is created for the first time */
    uint32_t line_last; /* ever given */
};

/* A mistake made on purpose: it has to be found. */
static bool keeps_quantities;

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
    for (size_t i = 0; i < FIELDS; i++)
        p->own[i] = f->own[i] ? f->own[i] : p->own[i];
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
    for (int i = 0; i < LINES_MAX && !keeps_quantities; i++) {
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
    case DAYBOOK_ORDER_PRIORITY_SET: p->priority = f->priority; break;
    default: steps_differ("event type %u", f->type);
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

static bool status_allows(const struct picture *p, const struct fact *f)
{
    bool moving = p->status <= STATUS_SHIPPED, open = moving || p->status == STATUS_ON_HOLD;
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
    case DAYBOOK_ORDER_NOTE_ADDED:
    case DAYBOOK_ORDER_NOTE_RETRACTED: return true;
    case DAYBOOK_ORDER_AMENDED:
        return open || (!f->customer && !f->part_count && f->expected_on == NONE && f->requested_on == NONE);
    default: return open; /* cancelling, promising, priority */
    }
}

/* May it be recorded? From the rules of the default workflow: 0, or the code of the refusal. */
static int model_refuses(const struct picture *p, const struct fact *f)
{
    if (f->type == DAYBOOK_ORDER_CREATED)
        return p->there ? DAYBOOK_ALREADY_EXISTS : 0;
    if (!p->there)
        return DAYBOOK_NOT_FOUND;
    if (!status_allows(p, f))
        return DAYBOOK_STATUS_FORBIDS;
    if (f->type == DAYBOOK_ORDER_PRIORITY_SET && f->priority == 3)
        return DAYBOOK_BAD_VALUE;
    return f->type == DAYBOOK_ORDER_NOTE_RETRACTED && !f->replacing ? DAYBOOK_NOT_FOUND : 0;
}

/* ---- the run */

struct run {
    struct draw draw;
    bool tells;
    char folder[SCRATCH_PATH_SIZE + 8];
    struct daybook *handles[HANDLES];
    uint64_t last_seq;
    uint32_t requests; /* so far: each has a key of its own */
    uint32_t fields[FIELDS], field_last; /* ordinals, 0 while a field is not defined */
    struct order *orders; /* ORDERS of them, by number */
    uint32_t ordinal_last;
    uint32_t customers[CUSTOMERS]; /* who a name leads to: the ordinal, 0 while it is not registered */
    uint32_t customer_last;
    struct picture now, expected;
    struct order_reader reader;
    struct daybook_draft draft, replacement;
    struct daybook_draft_item items[ITEMS_MAX];
    struct daybook_draft_field own[FIELDS];
};

static const char *const customer_names[CUSTOMERS] = {"万泰酒业", "Müller", "acme", "beta", "gamma"};
static const char *const codes[CODES] = {"LW-1", "LW-2", "LW-3", "LW-4"};
static const char *const numbers[ORDERS] = {"A-1", "A-2", "A-3", "A-4", "A-5", "A-6", "A-7", "A-8"};

static const char *const field_names[FIELDS] = {"colour", "尺寸", "batch"};
static const char *const own_values[] = {NULL, "red", "L", "2026-07"};
static const char *const priorities[] = {NULL, "normal", "urgent", "at once"};

static uint32_t below(struct run *r, uint32_t limit)
{
    return draw_below(&r->draw, limit);
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
                                     DAYBOOK_ORDER_PRIORITY_SET,
                                     DAYBOOK_ORDER_CREATED};
    return types[below(r, sizeof types / sizeof *types)];
}

static void fill_own(struct run *r, struct fact *f)
{
    struct daybook_draft *d = &r->draft;
    for (uint32_t i = 0; i < FIELDS; i++) {
        f->own[i] = below(r, 4);
        if (!f->own[i])
            continue;
        r->own[d->field_count++] =
            (struct daybook_draft_field){text_of(field_names[i]), text_of(own_values[f->own[i]])};
    }
    d->fields = r->own;
}

static void fill_content(struct run *r, const struct order *o, struct fact *f)
{
    struct daybook_draft *d = &r->draft;
    bool created = f->type == DAYBOOK_ORDER_CREATED;
    if (below(r, 3) == 1)
        fill_own(r, f);
    if (!created && d->field_count && below(r, 2))
        return; /* own fields only */
    if (created || below(r, 2)) {
        uint32_t name = below(r, CUSTOMERS);
        d->customer = text_of(customer_names[name]);
        f->customer = customer_named(r, name);
    }
    if (below(r, 3) == 1)
        f->expected_on = d->expected_on = any_day(r);
    if (!created || below(r, 3) == 1) /* something has to be amended */
        f->requested_on = d->requested_on = any_day(r);
    fill_items(r, o, f, r->items);
}

/* A random event of one order: the draft, and the fact that it would be. */
static void propose(struct run *r, const struct order *o, uint32_t type, struct fact *f)
{
    struct daybook_draft *d = &r->draft;
    *f = (struct fact){.type = type, .day = below(r, 8) ? any_day(r) : NONE, .expected_on = NONE, .requested_on = NONE};
    daybook_draft_init(d, type);
    d->occurred = f->day == NONE ? DAYBOOK_OCCURRED_UNKNOWN : DAYBOOK_OCCURRED_ON;
    d->occurred_on = f->day;
    if (type == DAYBOOK_ORDER_CREATED || type == DAYBOOK_ORDER_AMENDED)
        fill_content(r, o, f);
    if (type == DAYBOOK_ORDER_PROMISE_CHANGED)
        f->expected_on = d->expected_on = any_day(r);
    if ((type == DAYBOOK_ORDER_SHIPPED || type == DAYBOOK_ORDER_DELIVERED) && below(r, 2))
        fill_items(r, o, f, r->items);
    d->items = r->items, d->item_count = f->part_count;
    if (type == DAYBOOK_ORDER_REOPENED && below(r, 2)) {
        f->says_status = true;
        f->to_shipped = below(r, 2);
        d->status = text_of(f->to_shipped ? "shipped" : "pending");
    }
    if (type == DAYBOOK_ORDER_NOTE_ADDED)
        d->text = text_of("a note");
    if (type == DAYBOOK_ORDER_PRIORITY_SET) {
        f->priority = 1 + below(r, 3);
        d->category = text_of(priorities[f->priority]);
    }
    if (type == DAYBOOK_ORDER_NOTE_RETRACTED && o->count) { /* `replacing`: there is such a note */
        f->replacing = r->now.note_count > 0;
        f->target = d->target =
            r->now.note_count ? o->facts[r->now.notes[below(r, (uint32_t)r->now.note_count)]].seq : o->facts[0].seq;
    }
}

/* ---- writing */

/* In another process, which opens the ledger for this one entry. */
static int append_elsewhere(struct run *r, const struct daybook_entry *entry, struct daybook_result *result)
{
    int ends[2], status = 0;
    SAME(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        struct daybook *ledger = NULL;
        bool done = daybook_open(r->folder, NULL, &ledger, NULL) == 0 &&
                    daybook_append(ledger, entry, 1, result, NULL) == 0 &&
                    write(ends[1], result, sizeof *result) == sizeof *result;
        daybook_close(ledger);
        _exit(done ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    close(ends[1]);
    SAME(read(ends[0], result, sizeof *result), sizeof *result);
    close(ends[0]);
    SAME(waitpid(child, &status, 0), child);
    return status;
}

/* By one of the handles, or in another process. What is refused leaves everything as it was; what is recorded follows
 * on what was there. */
static int send_entry(struct run *r, const struct daybook_entry *entry, struct daybook_result *result)
{
    uint32_t whose = below(r, 16);
    int rc = whose == 15 ? append_elsewhere(r, entry, result)
                         : daybook_append(r->handles[whose % HANDLES], entry, 1, result, NULL);
    SAME(rc, 0);
    if (!result->error.code && !result->repeated) {
        SAME(result->first_seq, r->last_seq + 1);
        r->last_seq = result->last_seq;
    }
    if (r->tells)
        fprintf(stderr, "#   %.*s %s: %s, %llu\n", (int)entry->drafts->order_no.len,
                entry->drafts->order_no.ptr ? entry->drafts->order_no.ptr : "",
                schema_by_wire(entry->drafts->type)->name, daybook_code_name(result->error.code),
                (unsigned long long)result->last_seq);
    return result->error.code;
}

/* Once more under its key, as after a lost answer; and another request under that key. */
static void repeat(struct run *r, const struct daybook_entry *entry, const struct daybook_result *result)
{
    struct daybook_result again;
    struct daybook_draft other;
    struct daybook_entry reused = *entry;
    SAME(send_entry(r, entry, &again), 0);
    SAME(again.repeated, true);
    SAME(again.first_seq, result->first_seq);
    SAME(again.last_seq, result->last_seq);
    daybook_draft_init(&other, DAYBOOK_ORDER_NOTE_ADDED);
    other.order_no = entry->drafts->order_no;
    other.text = text_of("something else");
    reused.drafts = &other;
    SAME(send_entry(r, &reused, &again), DAYBOOK_KEY_REUSED);
}

/* `version`: of the order; 0: the request is about none. */
static int append(struct run *r, const char *order_no, size_t version, struct daybook_result *result)
{
    char key[24];
    uint32_t expecting = order_no ? below(r, 8) : 0;
    r->draft.order_no = text_of(order_no);
    snprintf(key, sizeof key, "k%u", r->requests++);
    struct daybook_entry entry = {.drafts = &r->draft, .draft_count = 1, .actor = DAYBOOK_TEXT("li.lei"),
                                  .via = DAYBOOK_TEXT("li.lei@host"), .via_kind = DAYBOOK_TEXT("os"),
                                  .key = order_no ? text_of(key) : DAYBOOK_TEXT_NONE};
    if (expecting == 1) { /* somebody was faster */
        entry.expect_version = (uint32_t)version + 1;
        SAME(send_entry(r, &entry, result), DAYBOOK_VERSION_CONFLICT);
    }
    entry.expect_version = expecting == 2 ? (uint32_t)version : 0;
    int code = send_entry(r, &entry, result);
    if (!code && order_no && below(r, 4) == 1)
        repeat(r, &entry, result);
    return code;
}

static struct fact *keep(struct order *o, const struct fact *f, uint64_t seq)
{
    SAME(o->count < EVENTS_MAX, true);
    o->facts[o->count] = *f;
    o->facts[o->count].seq = seq;
    o->facts[o->count].recorded_day = (int32_t)(ledger_clock_us() / 86400000000);
    for (size_t i = 0; i < f->part_count; i++)
        if (f->parts[i].line > o->line_last)
            o->line_last = f->parts[i].line;
    return &o->facts[o->count++];
}

/* Customers and fields that the accepted draft has registered. */
static void learn_names(struct run *r, const struct daybook_draft *draft, const struct fact *f)
{
    for (uint32_t i = 0; i < CUSTOMERS; i++)
        if (draft->customer.ptr == customer_names[i] && !r->customers[i])
            r->customers[i] = ++r->customer_last;
    for (uint32_t i = 0; i < FIELDS; i++)
        if (f->own[i] && !r->fields[i])
            r->fields[i] = ++r->field_last;
}

static void step_event(struct run *r, struct order *o, const char *order_no)
{
    struct fact f;
    struct daybook_result result;
    model_fold(&r->now, o, UINT64_MAX, NONE);
    propose(r, o, r->now.there ? any_type(r) : DAYBOOK_ORDER_CREATED, &f);
    int code = append(r, order_no, o->count, &result);
    SAME(code, model_refuses(&r->now, &f));
    if (code)
        return;
    learn_names(r, &r->draft, &f);
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
    int code = append(r, order_no, o->count, &result);
    bool lines_gone = voidable && replaces && target->part_count && code == DAYBOOK_NOT_FOUND;
    if (!lines_gone) /* parts may name lines that are gone */
        SAME(code, voidable ? 0 : DAYBOOK_CANNOT_VOID);
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
        snprintf(name, sizeof name, "renamed %u", r->requests);
        daybook_draft_init(&r->draft, DAYBOOK_CUSTOMER_RENAMED);
        r->draft.name = text_of(name);
        r->draft.subject = text_of(customer_names[from]); /* which goes on finding it */
        SAME(append(r, NULL, 0, &result), r->customers[from] ? 0 : DAYBOOK_NOT_FOUND);
        return;
    }
    daybook_draft_init(&r->draft, DAYBOOK_CUSTOMER_MERGED);
    r->draft.subject = text_of(customer_names[from]);
    r->draft.customer = text_of(customer_names[into]);
    uint32_t old = r->customers[from];
    if (below(r, 4))
        return; /* or soon there would be one customer */
    int code = append(r, NULL, 0, &result);
    SAME(code, !old || !r->customers[into] ? DAYBOOK_NOT_FOUND : old == r->customers[into] ? DAYBOOK_BAD_VALUE : 0);
    if (code)
        return;
    for (int i = 0; i < CUSTOMERS; i++)
        if (r->customers[i] == old)
            r->customers[i] = r->customers[into];
}

/* ---- comparing */

static void compare_own(struct run *r, struct daybook_snapshot *snapshot)
{
    const struct order_state *s = &r->reader.state;
    size_t count = 0;
    for (uint32_t i = 0; i < FIELDS; i++) {
        struct daybook_text text = DAYBOOK_TEXT_NONE;
        count += r->expected.own[i] != 0;
        for (size_t j = 0; j < s->own_count; j++)
            if (s->own[j].value.field == r->fields[i])
                SAME(daybook_personal_value(snapshot, s->own[j].seq, &s->own[j].value.personal, &text, NULL), 0);
        struct daybook_text wanted = text_of(own_values[r->expected.own[i]]);
        if (text.len != wanted.len || (text.len && memcmp(text.ptr, wanted.ptr, text.len) != 0))
            steps_differ("field %s is %.*s, not %s", field_names[i], (int)text.len, text.ptr, wanted.ptr);
    }
    SAME(s->own_count, count);
}

static void compare_lines(const struct order_state *s, const struct picture *p)
{
    size_t lines = 0, notes = 0;
    for (uint32_t i = 0; i < LINES_MAX; i++) {
        if (!p->lines[i].there)
            continue;
        const struct order_line *line = order_find_line(s, i);
        SAME(line != NULL, true);
        SAME(line->quantity.mantissa, p->lines[i].ordered);
        SAME(line->shipped.mantissa, p->lines[i].shipped);
        SAME(line->delivered.mantissa, p->lines[i].delivered);
        lines++;
    }
    SAME(s->line_count, lines);
    for (size_t i = 0; i < s->note_count; i++)
        notes += !s->notes[i].retracted;
    SAME(notes, p->note_count);
}

static void compare_state(struct run *r, const struct order *o, uint64_t as_of, int32_t effective_on)
{
    const struct order_state *s = &r->reader.state;
    const struct picture *p = &r->expected;
    model_fold(&r->expected, o, as_of, effective_on);
    SAME(s->exists, p->there);
    if (!p->there)
        return;
    SAME(s->status, p->status);
    SAME(s->customer, p->customer);
    SAME(s->ordered_on, p->ordered_on);
    SAME(s->expected_on, p->promise);
    SAME(s->first_expected_on, p->first_promise);
    SAME(s->requested_on, p->requested_on);
    SAME(s->shipped_on, p->shipped_on);
    SAME(s->delivered_on, p->delivered_on);
    SAME(s->cancelled_on, p->cancelled_on);
    SAME(s->priority.len, p->priority ? strlen(priorities[p->priority]) : 0);
    compare_lines(s, p);
}

static void compare(struct run *r, const struct order *o, struct order_cut cut)
{
    struct daybook_snapshot *snapshot;
    SAME(daybook_snapshot_begin(r->handles[below(r, HANDLES)], &snapshot, NULL), 0);
    SAME(daybook_last_seq(snapshot), r->last_seq);
    if (cut.as_of != UINT64_MAX)
        cut.as_of = below(r, (uint32_t)r->last_seq + 1);
    SAME(order_reader_load(&r->reader, snapshot, o->ordinal, cut, NULL), 0);
    if (cut.as_of == UINT64_MAX)
        SAME(r->reader.chain.count, o->count);
    compare_state(r, o, cut.as_of, cut.effective_on);
    if (r->expected.there)
        compare_own(r, snapshot);
    daybook_snapshot_end(snapshot);
}

/* ---- figures, from a view that others have written on since it was looked at last */

static const struct figures_params by_the_latest_promise = {.since = NONE, .until = NONE,
                                                            .question_day = FIRST_DAY + DAYS / 2};

static int gather(void *context, const struct order_facts *facts, const struct delays_labels *labels,
                  struct daybook_error *err)
{
    (void)labels;
    return figures_add(context, facts, &by_the_latest_promise, err);
}

static int by_value(const void *left, const void *right)
{
    int32_t a = *(const int32_t *)left, b = *(const int32_t *)right;
    return (a > b) - (a < b);
}

static void compare_figures(struct run *r, const struct figures_delays *got, struct order_cut cut)
{
    struct figures_counts want = {0};
    int32_t lateness[ORDERS];
    for (size_t i = 0; i < ORDERS; i++) {
        const struct picture *p = &r->expected;
        model_fold(&r->expected, &r->orders[i], cut.as_of, cut.effective_on);
        bool ended = p->status == STATUS_DELIVERED || p->status == STATUS_CANCELLED || p->status == STATUS_RETURNED;
        if (!p->there)
            continue;
        want.orders++;
        want.open += !ended;
        want.delivered += p->status == STATUS_DELIVERED;
        want.cancelled += p->status == STATUS_CANCELLED;
        want.returned += p->status == STATUS_RETURNED;
        want.overdue_open += !ended && p->promise != NONE && p->promise < by_the_latest_promise.question_day;
        if (p->status != STATUS_DELIVERED || p->delivered_on == NONE || p->promise == NONE)
            continue;
        lateness[want.measured++] = p->delivered_on - p->promise;
        want.late += p->delivered_on > p->promise;
    }
    SAME(got->counts.orders, want.orders);
    SAME(got->counts.open, want.open);
    SAME(got->counts.delivered, want.delivered);
    SAME(got->counts.cancelled, want.cancelled);
    SAME(got->counts.returned, want.returned);
    SAME(got->counts.overdue_open, want.overdue_open);
    SAME(got->counts.measured, want.measured);
    SAME(got->counts.late, want.late);
    SAME(got->counts.on_time, want.measured - want.late);
    qsort(lateness, (size_t)want.measured, sizeof *lateness, by_value);
    if (want.measured) /* nearest rank: the value at rank n / 2, rounded up, from 1 */
        SAME(got->lateness_days.percentiles[PERCENTILE_50], lateness[(want.measured + 1) / 2 - 1]);
}

static void look(struct run *r, struct order_cut cut)
{
    struct daybook_snapshot *snapshot;
    struct daybook_view *view = NULL;
    struct figures figures = {0};
    struct figures_delays delays;
    SAME(daybook_snapshot_begin(r->handles[below(r, HANDLES)], &snapshot, NULL), 0);
    if (cut.as_of != UINT64_MAX)
        cut.as_of = below(r, (uint32_t)r->last_seq + 1);
    if (cut.as_of == UINT64_MAX && cut.effective_on == NONE)
        SAME(daybook_view_open(snapshot, &delays_projection, NULL, &view, NULL), 0);
    SAME(delays_each(snapshot, view, cut, false, gather, &figures, NULL), 0);
    SAME(figures_finish(&figures, &delays, NULL), 0);
    compare_figures(r, &delays, cut);
    figures_release(&figures);
    daybook_view_close(view);
    daybook_snapshot_end(snapshot);
}

/* ---- sequences */

static void step(struct run *r)
{
    uint32_t at = below(r, ORDERS);
    struct order *o = &r->orders[at];
    uint32_t what = below(r, 10);
    if (what == 9)
        step_register(r);
    else if (what > 6 && o->count)
        step_void(r, o, numbers[at]);
    else
        step_event(r, o, numbers[at]);
    if (o->count == 0)
        return;
    if (!o->ordinal)
        o->ordinal = ++r->ordinal_last;
    compare(r, o, ORDER_CUT_NOW);
    compare(r, o, (struct order_cut){0, below(r, 2) ? any_day(r) : NONE});
    compare(r, o, (struct order_cut){UINT64_MAX, any_day(r)});
    if (below(r, 4) == 1)
        look(r, ORDER_CUT_NOW);
    if (below(r, 8) == 1)
        look(r, (struct order_cut){below(r, 2) ? UINT64_MAX : 0, below(r, 2) ? any_day(r) : NONE});
}

/* The views are those of a fresh fold, and all that is computed from events is right. */
static void finish(struct run *r)
{
    static const struct daybook_projection *const views[] = {&delays_projection, &orders_projection};
    struct daybook_snapshot *snapshot;
    struct verify_result verified;
    uint64_t rows = 0;
    bool is_same = false;
    look(r, ORDER_CUT_NOW);
    SAME(daybook_snapshot_begin(r->handles[1], &snapshot, NULL), 0);
    for (size_t i = 0; i < 2; i++) {
        struct daybook_view *view = NULL;
        SAME(daybook_view_open(snapshot, views[i], NULL, &view, NULL), 0);
        daybook_view_close(view);
        SAME(daybook_view_check(snapshot, views[i], NULL, &is_same, &rows, NULL), 0);
        SAME(is_same, true);
    }
    daybook_snapshot_end(snapshot);
    for (int i = 0; i < HANDLES; i++)
        daybook_close(r->handles[i]);
    SAME(verify_ledger(r->folder, &(struct verify_options){.unsafe_filesystem = false}, &verified, NULL), 0);
    SAME(verified.events, r->last_seq);
}

static char root[SCRATCH_PATH_SIZE]; /* of all sequences: one that fails leaves its ledger */

static void run_steps(struct steps *steps, bool tells)
{
    struct run *r = calloc(1, sizeof *r);
    r->orders = calloc(ORDERS, sizeof *r->orders);
    r->tells = tells;
    snprintf(r->folder, sizeof r->folder, "%s/ledger", root);
    scratch_remove(r->folder);
    const struct daybook_init_options in_utc = {.timezone = DAYBOOK_TEXT("UTC")};
    SAME(daybook_init(r->folder, &in_utc, NULL), 0);
    for (int i = 0; i < HANDLES; i++)
        SAME(daybook_open(r->folder, NULL, &r->handles[i], NULL), 0);
    size_t count = steps->count;
    for (size_t i = 0; i < count; i++) {
        steps->count = i + 1; /* what fails, fails here */
        r->draw = (struct draw){&steps->of[i], 0};
        step(r);
    }
    r->draw = (struct draw){NULL, 0};
    finish(r);
    order_reader_release(&r->reader);
    free(r->orders);
    free(r);
}

static struct steps steps;

static void random_histories(void **state)
{
    (void)state;
    const char *wanted = getenv("STEPS"), *replay = getenv("REPLAY");
    long left = wanted ? strtol(wanted, NULL, 10) : 3000, sequences = 0;
    if (replay) {
        assert_true(steps_parse(&steps, replay));
        assert_true(steps_hold(run_steps, &steps, true));
        return;
    }
    uint64_t random = random_seed();
    for (; left > 0; left -= SEQUENCE_STEPS, sequences++) {
        steps_draw(&steps, SEQUENCE_STEPS, &random);
        if (steps_hold(run_steps, &steps, false))
            continue;
        steps_shrink(run_steps, &steps);
        steps_tell(run_steps, &steps);
        fail();
    }
    print_message("# %ld sequences of %d steps\n", sequences, SEQUENCE_STEPS);
}

/* The model forgets that what is reopened has arrived no more. */
static void a_mistake_comes_down_to_a_few_steps(void **state)
{
    (void)state;
    uint64_t random = random_seed();
    bool found = false;
    keeps_quantities = true;
    for (int i = 0; i < 50 && !found; i++) {
        steps_draw(&steps, SEQUENCE_STEPS, &random);
        found = !steps_hold(run_steps, &steps, false);
    }
    assert_true(found);
    steps_shrink(run_steps, &steps);
    steps_tell(run_steps, &steps);
    keeps_quantities = false;
    assert_true(steps.count <= 4);
    assert_true(steps_hold(run_steps, &steps, false));
}

static int make_root(void **state)
{
    (void)state;
    scratch_folder(root);
    return 0;
}

static int remove_root(void **state)
{
    (void)state;
    scratch_remove(root);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_histories),
        cmocka_unit_test(a_mistake_comes_down_to_a_few_steps),
    };
    return cmocka_run_group_tests_name("model", tests, make_root, remove_root);
}
