/* Which source, order, line is the same as one that is there. */
#include "tools/import/plan_work.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/date.h"
#include "ledger/decimal.h"
#include "ledger/text.h"
#include "tools/import/arena.h"
#include "tools/import/hash_index.h"
#include "tools/order_json.h"

static int no_memory(struct daybook_error *err)
{
    return daybook_fail(err, DAYBOOK_NO_MEMORY, "Not enough memory to plan the import.");
}

/* ---- sources */

int plan_find_sources(struct planner *p, struct daybook_error *err)
{
    int rc = origin_sources_load(&p->sources, p->snapshot, err);
    return rc ? rc : daybook_find(p->snapshot, DAYBOOK_SOURCE, p->options.identity, &p->own_source, err);
}

/* ---- the order at hand */

/* Which event completed the shipment, the delivery: it is the one to correct when its day turns out to be another. */
static int note_moves(void *context, const struct order_state *state, const struct daybook_event *event,
                      const struct daybook_data *data, struct daybook_error *err)
{
    struct planner *p = context;
    const bool done[2] = {
        [PLAN_SHIP] = state->status >= STATUS_SHIPPED && order_is_complete(state, false),
        [PLAN_DELIVER] = state->status == STATUS_DELIVERED,
    };
    const uint32_t types[2] = {[PLAN_SHIP] = DAYBOOK_ORDER_SHIPPED, [PLAN_DELIVER] = DAYBOOK_ORDER_DELIVERED};
    (void)data, (void)err;
    for (int move = PLAN_SHIP; move <= PLAN_DELIVER; move++) {
        if (done[move] && !p->was_done[move] && event->type == types[move])
            p->moved_seq[move] = event->seq;
        if (event->type == DAYBOOK_ORDER_REOPENED && !done[move])
            p->moved_seq[move] = 0;
        p->was_done[move] = done[move];
    }
    return 0;
}

/* An import that found the order there agreed with its creation, or changed it. */
static int fold_said(struct planner *p, struct daybook_error *err)
{
    bool any = false;
    int rc = 0;
    p->said_chain.count = 0;
    for (size_t i = 0; i < p->reader.chain.count && !rc; i++) {
        const struct daybook_event *event = &p->reader.chain.links[i].event;
        bool said = p->traces.list[i].import != 0;
        if (p->traces.list[i].never_was)
            continue;
        any |= said;
        if (said || event->type == DAYBOOK_ORDER_CREATED)
            rc = chain_push(&p->said_chain, event, NULL, err);
    }
    if (rc || !any)
        return rc;
    rc = order_fold(&p->said_state, &p->said_chain, p->said_chain.count, &p->said_places,
                    ledger_zone(p->snapshot->ledger), DAYBOOK_DAY_NONE, NULL, NULL, err);
    if (!rc && p->said_state.exists)
        p->said = &p->said_state;
    return rc;
}

/* An order whose creation was taken back is none: the sheet creates it again, under the number that it had. */
int plan_load_order(struct planner *p, uint32_t ordinal, struct daybook_error *err)
{
    struct order_reader *reader = &p->reader;
    int rc = chain_load(&reader->chain, p->snapshot->log, DAYBOOK_ORDER, ordinal, UINT64_MAX, err);
    if (!rc)
        rc = order_fold(&reader->state, &reader->chain, reader->chain.count, &reader->places,
                        ledger_zone(p->snapshot->ledger), DAYBOOK_DAY_NONE, note_moves, p, err);
    if (!rc && !reader->state.exists && !p->order_no.ptr)
        rc = daybook_name(p->snapshot, DAYBOOK_ORDER, ordinal, &p->order_no, err);
    if (rc || !reader->state.exists)
        return rc;
    rc = origin_traces_find(&p->traces, &p->sources, &reader->chain, err);
    if (!rc)
        rc = fold_said(p, err);
    p->now = &reader->state;
    p->status = p->now->status;
    p->held_from = p->now->held_from;
    if (!p->order_no.ptr) /* the state is folded anew for the next order */
        p->order_no = arena_text(p->arena, p->now->order_no);
    p->out_of_memory |= !p->order_no.ptr;
    return rc;
}

/* ---- own fields */

const struct order_own *plan_find_own(const struct order_own *own, size_t count, uint32_t field)
{
    for (size_t i = 0; i < count; i++)
        if (own[i].value.field == field)
            return &own[i];
    return NULL;
}

/* An erased value equals any: what was forgotten must not come back with a sheet that still has it. */
int plan_own_equals(struct planner *p, const struct order_own *own, struct daybook_text value, bool *ret,
                    struct daybook_error *err)
{
    char scratch[DAYBOOK_DECIMAL_TEXT_SIZE];
    struct daybook_text text = DAYBOOK_TEXT_NONE;
    struct daybook_decimal number;
    int32_t day;
    if (own->value.kind == DAYBOOK_OWN_NUMBER) {
        *ret = decimal_parse(value, &number) && decimal_compare(number, own->value.number) == 0;
        return 0;
    }
    if (own->value.kind == DAYBOOK_OWN_DAY) {
        *ret = date_parse_iso(value, &day) && day == own->value.day;
        return 0;
    }
    int rc = order_own_text(p->snapshot, own, scratch, &text, err);
    *ret = !text.ptr || text_equals(text_trim(text), value);
    return rc;
}

/* ---- lines */

static int same_own(struct planner *p, const struct reading_line *sheet, const struct order_line *line, bool *ret,
                    struct daybook_error *err)
{
    bool same = true;
    int rc = 0;
    for (size_t i = 0; i < sheet->field_count && same && !rc; i++) {
        struct plan_field *field = plan_field_of(p, sheet->fields[i].name, err);
        if (!field)
            return err->code;
        const struct order_own *own = plan_find_own(line->own, line->own_count, field->ordinal);
        same = own != NULL;
        if (own)
            rc = plan_own_equals(p, own, sheet->fields[i].value, &same, err);
    }
    *ret = same;
    return rc;
}

struct line_search {
    const struct order_state *state;
    bool *taken;
    bool said; /* look among the imports' lines, else among the ledger's */
    bool own_must_match;
};

static int find_line(struct planner *p, const struct line_search *search, struct plan_line *line, uint32_t product,
                     struct daybook_error *err)
{
    const struct order_line **found = search->said ? &line->said : &line->now;
    int rc = 0;
    for (size_t i = 0; i < search->state->line_count && !*found && !rc; i++) {
        const struct order_line *candidate = &search->state->lines[i];
        bool same = candidate->product == product && !search->taken[i];
        if (same && search->own_must_match)
            rc = same_own(p, line->sheet, candidate, &same, err);
        if (!rc && same) {
            *found = candidate;
            search->taken[i] = true;
        }
    }
    return rc;
}

/* One product may stand in several lines that own fields tell apart: first those that are equal, then by order. */
static int match_with(struct planner *p, const struct order_state *state, bool said, const uint32_t *products,
                      struct daybook_error *err)
{
    struct line_search search = {.state = state, .said = said};
    search.taken = plan_alloc(p, state->line_count * sizeof *search.taken);
    int rc = 0;
    for (int pass = 0; pass < 2 && search.taken; pass++) {
        search.own_must_match = pass == 0;
        for (size_t i = 0; i < p->line_count && !rc; i++)
            if (products[i])
                rc = find_line(p, &search, &p->lines[i], products[i], err);
    }
    return rc;
}

static void pair_lines(struct planner *p)
{
    for (size_t i = 0; i < p->line_count; i++) {
        struct plan_line *line = &p->lines[i];
        if (line->now && p->said) /* the ledger's line is the imports' line of that number, if that has it */
            line->said = order_find_line(p->said, line->now->line);
        line->number = line->now ? line->now->line : 0;
        line->quantity = line->now ? line->now->quantity : line->sheet->quantity;
        if (line->now) {
            line->sent[PLAN_SHIP] = line->now->shipped;
            line->sent[PLAN_DELIVER] = line->now->delivered;
        }
    }
}

int plan_match_lines(struct planner *p, struct daybook_error *err)
{
    p->lines = plan_alloc(p, p->sheet->line_count * sizeof *p->lines);
    if (!p->lines)
        return no_memory(err);
    p->line_count = p->sheet->line_count;
    for (size_t i = 0; i < p->line_count; i++)
        p->lines[i].sheet = &p->sheet->lines[i];
    int rc = 0;
    if (p->now) {
        uint32_t *products = plan_alloc(p, p->line_count * sizeof *products);
        for (size_t i = 0; products && i < p->line_count && !rc; i++)
            rc = daybook_find(p->snapshot, DAYBOOK_PRODUCT, p->sheet->lines[i].code, &products[i], err);
        if (!rc && products)
            rc = match_with(p, p->now, false, products, err);
        if (!rc && products && p->said)
            rc = match_with(p, p->said, true, products, err);
    }
    pair_lines(p);
    return rc;
}

/* ---- orders without a number: by customer, day and products, the nth of equals */

struct candidate {
    uint64_t hash;
    bool is_undone; /* an import brought it and was undone: those that are there come first */
    uint32_t ordinal;
    uint32_t used; /* of the first of equals: how many rows have one of them */
};

struct candidates {
    struct candidate *list;
    size_t count, capacity;
};

static int by_hash_and_ordinal(const void *a, const void *b)
{
    const struct candidate *left = a, *right = b;
    if (left->hash != right->hash)
        return left->hash < right->hash ? -1 : 1;
    if (left->is_undone != right->is_undone)
        return left->is_undone ? 1 : -1;
    return (left->ordinal > right->ordinal) - (left->ordinal < right->ordinal);
}

static uint64_t order_hash(uint32_t customer, int32_t ordered_on)
{
    return hash_bytes(hash_bytes(0, &customer, sizeof customer), &ordered_on, sizeof ordered_on);
}

/* What the last import said of it, else what the ledger says. */
static int hash_of_state(struct planner *p, uint64_t *ret, struct daybook_error *err)
{
    const struct order_state *state = p->said ? p->said : p->now;
    const struct chain *chain = p->said ? &p->said_chain : &p->reader.chain;
    const struct order_places *places = p->said ? &p->said_places : &p->reader.places;
    size_t creation = places->applied[order_places_creation(places, chain, state->version)];
    bool day_unknown = chain->links[creation].event.occurred_on == DAYBOOK_DAY_NONE &&
                       state->ordered_on == zone_day(ledger_zone(p->snapshot->ledger), state->created_us);
    uint32_t customer = 0;
    int rc = registers_customer(p->registers, state->customer, &customer, err);
    uint64_t hash = order_hash(customer, day_unknown ? DAYBOOK_DAY_NONE : state->ordered_on);
    for (size_t i = 0; i < state->line_count; i++)
        hash = hash_bytes(hash, &state->lines[i].product, sizeof state->lines[i].product);
    *ret = hash;
    return rc;
}

static int hash_of_sheet(struct planner *p, const struct reading_order *sheet, uint64_t *ret, bool *ret_known,
                         struct daybook_error *err)
{
    uint32_t ordinal = 0;
    int rc = daybook_find(p->snapshot, DAYBOOK_CUSTOMER, sheet->customer, &ordinal, err);
    if (!rc && ordinal)
        rc = registers_customer(p->registers, ordinal, &ordinal, err);
    bool known = ordinal != 0;
    uint64_t hash = order_hash(ordinal, sheet->ordered_on);
    for (size_t i = 0; i < sheet->line_count && known && !rc; i++) {
        ordinal = 0;
        rc = daybook_find(p->snapshot, DAYBOOK_PRODUCT, sheet->lines[i].code, &ordinal, err);
        known = ordinal != 0;
        hash = hash_bytes(hash, &ordinal, sizeof ordinal);
    }
    *ret = hash;
    *ret_known = known;
    return rc;
}

/* Orders that the file names by number are not candidates for its rows without one. */
static int see_numbered(struct planner *p, bool *named, struct daybook_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < p->reading->order_count && !rc; i++) {
        uint32_t ordinal = 0;
        if (p->reading->orders[i].order_no.ptr)
            rc = daybook_find(p->snapshot, DAYBOOK_ORDER, p->reading->orders[i].order_no, &ordinal, err);
        if (ordinal < p->seen_count)
            named[ordinal] = true;
    }
    return rc;
}

/* The order as it was before the import that brought it was undone; p->now stays NULL when there is no such order. */
static int look_before_undoing(struct planner *p, struct daybook_error *err)
{
    struct order_reader *reader = &p->reader;
    const struct chain *chain = &reader->chain;
    int rc = origin_traces_find(&p->traces, &p->sources, &reader->chain, err);
    size_t created = chain->count, end = chain->count;
    while (!rc && created > 0 && chain->links[created - 1].event.type != DAYBOOK_ORDER_CREATED)
        created--;
    if (rc || created == 0 || !p->traces.list[created - 1].never_was)
        return rc;
    for (size_t i = chain->count; i > created; i--)
        if (chain->links[i - 1].event.type == DAYBOOK_ORDER_EVENT_VOIDED && p->traces.list[i - 1].never_was)
            end = i - 1;
    rc = order_fold(&reader->state, &reader->chain, end, &reader->places, ledger_zone(p->snapshot->ledger),
                    DAYBOOK_DAY_NONE, NULL, NULL, err);
    if (!rc && reader->state.exists)
        p->now = &reader->state;
    return rc;
}

static int collect(struct planner *p, const bool *named, struct candidates *candidates, struct daybook_error *err)
{
    struct arena arena = {0};
    int rc = 0;
    p->arena = &arena;
    for (uint32_t ordinal = 1; ordinal < p->seen_count && !rc; ordinal++) {
        struct candidate candidate = {.ordinal = ordinal};
        if (named[ordinal])
            continue;
        p->said = p->now = NULL;
        p->order_no = DAYBOOK_TEXT("?"); /* nobody asks for it */
        rc = plan_load_order(p, ordinal, err);
        candidate.is_undone = !rc && !p->now;
        if (candidate.is_undone)
            rc = look_before_undoing(p, err);
        if (rc || !p->now)
            continue;
        rc = hash_of_state(p, &candidate.hash, err);
        struct candidate *list =
            array_reserve(candidates->list, candidates->count, &candidates->capacity, sizeof *list);
        if (!list)
            rc = no_memory(err);
        if (rc)
            break;
        candidates->list = list;
        list[candidates->count++] = candidate;
        arena_reset(&arena);
    }
    arena_release(&arena);
    return rc;
}

/* The next of those with that hash; 0 when there is none left. */
static uint32_t take_candidate(struct candidates *candidates, uint64_t hash)
{
    size_t low = 0, high = candidates->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (candidates->list[middle].hash < hash)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == candidates->count || candidates->list[low].hash != hash)
        return 0;
    size_t next = low + candidates->list[low].used++;
    return next < candidates->count && candidates->list[next].hash == hash ? candidates->list[next].ordinal : 0;
}

static int assign(struct planner *p, struct candidates *candidates, struct daybook_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < p->reading->order_count && !rc; i++) {
        uint64_t hash = 0;
        bool known = false;
        if (p->reading->orders[i].order_no.ptr)
            continue;
        rc = hash_of_sheet(p, &p->reading->orders[i], &hash, &known, err);
        if (!rc && known)
            p->matches[i] = take_candidate(candidates, hash);
    }
    return rc;
}

/* Once, before anything is written: what is written must not be taken for an order that was there. */
int plan_match_orders(struct planner *p, struct daybook_error *err)
{
    bool any = false;
    for (size_t i = 0; i < p->reading->order_count && !any; i++)
        any = !p->reading->orders[i].order_no.ptr;
    if (!any || p->matches)
        return 0;
    struct candidates candidates = {0};
    bool *named = calloc(p->seen_count, sizeof *named);
    p->matches = calloc(p->reading->order_count, sizeof *p->matches);
    int rc = named && p->matches ? 0 : no_memory(err);
    if (!rc)
        rc = see_numbered(p, named, err);
    if (!rc)
        rc = collect(p, named, &candidates, err);
    if (!rc && candidates.count)
        qsort(candidates.list, candidates.count, sizeof *candidates.list, by_hash_and_ordinal);
    if (!rc)
        rc = assign(p, &candidates, err);
    free(candidates.list);
    free(named);
    return rc;
}
