/* The state of an order, event by event. Folds are total: whatever the log says is applied, never refused; only lack of
 * memory and unreadable bytes end one. */
#include "ledger/order.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/decimal.h"
#include "ledger/text.h"

#define DECIMAL_ZERO ((struct daybook_decimal){0, 0})

void order_state_release(struct order_state *state)
{
    arena_release(&state->arena);
    free(state->lines);
    free(state->parts);
    free(state->notes);
    *state = (struct order_state){0};
}

static void state_reset(struct order_state *state)
{
    struct order_state kept = *state;
    arena_reset(&kept.arena);
    *state = (struct order_state){.arena = kept.arena,
                                  .lines = kept.lines,
                                  .line_capacity = kept.line_capacity,
                                  .parts = kept.parts,
                                  .part_capacity = kept.part_capacity,
                                  .notes = kept.notes,
                                  .note_capacity = kept.note_capacity,
                                  .ordered_on = DAYBOOK_DAY_NONE,
                                  .own_expected_on = DAYBOOK_DAY_NONE,
                                  .expected_on = DAYBOOK_DAY_NONE,
                                  .first_expected_on = DAYBOOK_DAY_NONE,
                                  .requested_on = DAYBOOK_DAY_NONE,
                                  .shipped_on = DAYBOOK_DAY_NONE,
                                  .delivered_on = DAYBOOK_DAY_NONE,
                                  .cancelled_on = DAYBOOK_DAY_NONE};
}

static int no_memory(struct daybook_error *err)
{
    return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for the state of an order.");
}

static int grow(void **list, size_t *capacity, size_t used, size_t size, struct daybook_error *err)
{
    if (used < *capacity)
        return 0;
    size_t wanted = *capacity ? *capacity * 2 : 8;
    void *bigger = realloc(*list, wanted * size);
    if (!bigger)
        return no_memory(err);
    *list = bigger;
    *capacity = wanted;
    return 0;
}

/* What one event is applied with. */
struct application {
    const struct daybook_event *event;
    const struct daybook_data *data;
    int32_t recorded_day;
};

struct order_line *order_find_line(const struct order_state *state, uint32_t line)
{
    for (size_t i = 0; i < state->line_count; i++)
        if (state->lines[i].line == line)
            return &state->lines[i];
    return NULL;
}

bool order_is_complete(const struct order_state *state, bool delivered)
{
    for (size_t i = 0; i < state->line_count; i++) {
        const struct order_line *line = &state->lines[i];
        if (decimal_compare(delivered ? line->delivered : line->shipped, line->quantity) < 0)
            return false;
    }
    return true;
}

static int keep_text(struct order_state *state, struct daybook_text *kept, struct daybook_text text,
                     struct daybook_error *err)
{
    if (!text.ptr)
        return 0;
    *kept = arena_text(&state->arena, text);
    return kept->ptr ? 0 : no_memory(err);
}

/* Own fields: those that `changes` names are replaced, added or cleared; the list is made anew in the arena. */
static int merge_own(struct order_state *state, struct order_own **list, size_t *count,
                     const struct daybook_own *changes, size_t change_count, uint64_t seq, struct daybook_error *err)
{
    if (change_count == 0)
        return 0;
    struct order_own *merged = arena_alloc(&state->arena, (*count + change_count) * sizeof *merged);
    if (!merged)
        return no_memory(err);
    size_t used = 0;
    for (size_t i = 0; i < *count; i++)
        merged[used++] = (*list)[i];
    for (size_t i = 0; i < change_count; i++) {
        size_t at = 0;
        while (at < used && merged[at].value.field != changes[i].field)
            at++;
        if (changes[i].kind == DAYBOOK_OWN_CLEARED) {
            if (at < used)
                memmove(&merged[at], &merged[at + 1], (--used - at) * sizeof *merged);
            continue;
        }
        merged[at] = (struct order_own){changes[i], seq};
        used += at == used;
        if (keep_text(state, &merged[at].value.text, changes[i].text, err))
            return DAYBOOK_NO_MEMORY;
        const uint8_t *commitment = changes[i].personal.commitment;
        merged[at].value.personal.value = DAYBOOK_TEXT_NONE;
        merged[at].value.personal.salt = NULL;
        if (commitment) {
            merged[at].value.personal.commitment = arena_copy(&state->arena, commitment, DAYBOOK_COMMITMENT_SIZE);
            if (!merged[at].value.personal.commitment)
                return no_memory(err);
        }
    }
    *list = merged;
    *count = used;
    return 0;
}

/* The order's promise is its own or else the latest of its lines'; the first there ever was is kept. */
static void settle_promise(struct order_state *state)
{
    state->expected_on = state->own_expected_on;
    if (state->expected_on == DAYBOOK_DAY_NONE)
        for (size_t i = 0; i < state->line_count; i++)
            if (state->lines[i].expected_on > state->expected_on)
                state->expected_on = state->lines[i].expected_on;
    if (state->first_expected_on == DAYBOOK_DAY_NONE)
        state->first_expected_on = state->expected_on;
}

static void remove_line(struct order_state *state, struct order_line *line)
{
    size_t at = (size_t)(line - state->lines);
    memmove(line, line + 1, (--state->line_count - at) * sizeof *line);
}

static int change_line(struct order_state *state, const struct daybook_line *change, uint64_t seq,
                       struct daybook_error *err)
{
    struct order_line *line = order_find_line(state, change->line);
    bool takes_out = change->has_quantity && change->quantity.mantissa == 0;
    if (line && takes_out)
        remove_line(state, line);
    if (takes_out || (!line && !(change->product && change->has_quantity)))
        return 0; /* a change of a line that is not there, as what brought it was taken back */
    if (!line) {
        int rc = grow((void **)&state->lines, &state->line_capacity, state->line_count, sizeof *line, err);
        if (rc)
            return rc;
        line = &state->lines[state->line_count++];
        *line = (struct order_line){.line = change->line, .expected_on = DAYBOOK_DAY_NONE};
        if (change->line > state->line_last)
            state->line_last = change->line;
    }
    if (change->product)
        line->product = change->product;
    if (change->has_quantity)
        line->quantity = change->quantity;
    if (change->expected_on != DAYBOOK_DAY_NONE)
        line->expected_on = change->expected_on;
    int rc = keep_text(state, &line->unit, change->unit, err);
    if (!rc)
        rc = keep_text(state, &line->name, change->name, err);
    return rc ? rc : merge_own(state, &line->own, &line->own_count, change->own, change->own_count, seq, err);
}

/* What order.created and order.amended have in common. */
static int take_content(struct order_state *state, const struct application *a, struct daybook_error *err)
{
    const struct daybook_data *data = a->data;
    if (data->customer)
        state->customer = data->customer;
    if (data->ordered_on != DAYBOOK_DAY_NONE)
        state->ordered_on = data->ordered_on;
    if (data->expected_on != DAYBOOK_DAY_NONE)
        state->own_expected_on = data->expected_on;
    if (data->requested_on != DAYBOOK_DAY_NONE)
        state->requested_on = data->requested_on;
    int rc = keep_text(state, &state->customer_ref, data->customer_ref, err);
    for (size_t i = 0; i < data->line_count && !rc; i++)
        rc = change_line(state, &data->lines[i], a->event->seq, err);
    settle_promise(state);
    return rc ? rc : merge_own(state, &state->own, &state->own_count, data->own, data->own_count, a->event->seq, err);
}

static int apply_created(struct order_state *state, const struct application *a, struct daybook_error *err)
{
    uint32_t ordinal = a->event->ordinal;
    state_reset(state);
    state->ordinal = ordinal;
    state->exists = true;
    state->status = STATUS_PENDING;
    state->created_us = a->event->recorded_us;
    state->ordered_on = a->event->occurred_on != DAYBOOK_DAY_NONE ? a->event->occurred_on : a->recorded_day;
    int rc = keep_text(state, &state->order_no, a->data->order_no, err);
    return rc ? rc : take_content(state, a, err);
}

static int apply_promise(struct order_state *state, const struct application *a, struct daybook_error *err)
{
    (void)err;
    state->own_expected_on = a->data->expected_on;
    settle_promise(state);
    return 0;
}

static int apply_processing(struct order_state *state, const struct application *a, struct daybook_error *err)
{
    (void)a, (void)err;
    state->status = STATUS_PROCESSING;
    return 0;
}

static int apply_production(struct order_state *state, const struct application *a, struct daybook_error *err)
{
    (void)a, (void)err;
    state->status = STATUS_IN_PRODUCTION;
    return 0;
}

static int add_part(struct order_state *state, struct order_line *line, bool delivered, struct daybook_decimal quantity,
                    int32_t day, struct daybook_error *err)
{
    int rc = grow((void **)&state->parts, &state->part_capacity, state->part_count, sizeof *state->parts, err);
    if (rc)
        return rc;
    struct daybook_decimal *sum = delivered ? &line->delivered : &line->shipped, more;
    if (!decimal_add(*sum, quantity, &more))
        return 0; /* beyond 18 digits there is nothing left to ship */
    *sum = more;
    state->parts[state->part_count++] = (struct order_part){line->line, delivered, quantity, day};
    return 0;
}

/* What is missing to the whole quantity; 0 when nothing is. */
static struct daybook_decimal missing(struct daybook_decimal wanted, struct daybook_decimal there)
{
    struct daybook_decimal rest;
    if (decimal_compare(wanted, there) <= 0 || !decimal_subtract(wanted, there, &rest))
        return DECIMAL_ZERO;
    return rest;
}

/* What a shipment or delivery moves: the parts it names, or else all that is missing. */
static int move_quantities(struct order_state *state, const struct application *a, bool delivered,
                           struct daybook_error *err)
{
    int32_t day = a->event->occurred_on;
    int rc = 0;
    for (size_t i = 0; i < a->data->part_count && !rc; i++) {
        struct order_line *line = order_find_line(state, a->data->parts[i].line);
        if (line)
            rc = add_part(state, line, delivered, a->data->parts[i].quantity, day, err);
    }
    for (size_t i = 0; a->data->part_count == 0 && i < state->line_count && !rc; i++) {
        struct order_line *line = &state->lines[i];
        struct daybook_decimal rest = missing(line->quantity, delivered ? line->delivered : line->shipped);
        if (rest.mantissa)
            rc = add_part(state, line, delivered, rest, day, err);
    }
    for (size_t i = 0; delivered && i < state->line_count && !rc; i++) { /* what arrived has left */
        struct order_line *line = &state->lines[i];
        struct daybook_decimal rest = missing(line->delivered, line->shipped);
        if (rest.mantissa)
            rc = add_part(state, line, false, rest, day, err);
    }
    return rc;
}

static int apply_shipped(struct order_state *state, const struct application *a, struct daybook_error *err)
{
    bool before = state->status >= STATUS_SHIPPED && order_is_complete(state, false);
    int rc = move_quantities(state, a, false, err);
    state->has_shipment = true;
    state->carrier = DAYBOOK_TEXT_NONE;
    if (!rc)
        rc = keep_text(state, &state->carrier, a->data->carrier, err);
    if (!rc)
        rc = keep_text(state, &state->tracking, a->data->tracking, err);
    if (!rc && !before && order_is_complete(state, false)) {
        state->shipped_on = a->event->occurred_on;
        if (state->status != STATUS_DELIVERED)
            state->status = STATUS_SHIPPED;
    }
    return rc;
}

static int apply_delivered(struct order_state *state, const struct application *a, struct daybook_error *err)
{
    int rc = move_quantities(state, a, true, err);
    if (!rc && state->status != STATUS_DELIVERED && order_is_complete(state, true)) {
        state->status = STATUS_DELIVERED;
        state->delivered_on = a->event->occurred_on;
        state->delivered_by = a->event->actor;
    }
    return rc;
}

static int apply_cancelled(struct order_state *state, const struct application *a, struct daybook_error *err)
{
    (void)err;
    state->status = STATUS_CANCELLED;
    state->cancelled_on = a->event->occurred_on;
    return 0;
}

static int apply_returned(struct order_state *state, const struct application *a, struct daybook_error *err)
{
    (void)a, (void)err;
    state->status = STATUS_RETURNED;
    return 0;
}

static int apply_reopened(struct order_state *state, const struct application *a, struct daybook_error *err)
{
    (void)err;
    bool to_shipped = a->data->status.ptr ? workflow_status_by_name(a->data->status) == STATUS_SHIPPED
                                          : state->status == STATUS_DELIVERED;
    size_t kept = 0;
    for (size_t i = 0; i < state->part_count; i++)
        if (to_shipped && !state->parts[i].delivered)
            state->parts[kept++] = state->parts[i];
    state->part_count = kept;
    for (size_t i = 0; i < state->line_count; i++) {
        state->lines[i].delivered = DECIMAL_ZERO;
        if (!to_shipped)
            state->lines[i].shipped = DECIMAL_ZERO;
    }
    state->status = to_shipped ? STATUS_SHIPPED : STATUS_PENDING;
    state->delivered_on = state->cancelled_on = DAYBOOK_DAY_NONE;
    state->delivered_by = 0;
    if (!to_shipped)
        state->shipped_on = DAYBOOK_DAY_NONE;
    return 0;
}

static int apply_held(struct order_state *state, const struct application *a, struct daybook_error *err)
{
    (void)a, (void)err;
    if (state->status != STATUS_ON_HOLD)
        state->held_from = state->status;
    state->status = STATUS_ON_HOLD;
    return 0;
}

static int apply_resumed(struct order_state *state, const struct application *a, struct daybook_error *err)
{
    (void)a, (void)err;
    if (state->status == STATUS_ON_HOLD)
        state->status = state->held_from;
    return 0;
}

static int apply_note(struct order_state *state, const struct application *a, struct daybook_error *err)
{
    int rc = grow((void **)&state->notes, &state->note_capacity, state->note_count, sizeof *state->notes, err);
    if (rc)
        return rc;
    struct order_note *note = &state->notes[state->note_count++];
    *note = (struct order_note){.seq = a->event->seq, .actor = a->event->actor, .recorded_us = a->event->recorded_us};
    return keep_text(state, &note->category, a->data->category, err);
}

static int apply_retraction(struct order_state *state, const struct application *a, struct daybook_error *err)
{
    (void)err;
    for (size_t i = 0; i < state->note_count; i++)
        if (state->notes[i].seq == a->data->target)
            state->notes[i].retracted = true;
    return 0;
}

static int apply_priority(struct order_state *state, const struct application *a, struct daybook_error *err)
{
    return keep_text(state, &state->priority, a->data->category, err);
}

static int apply_moved(struct order_state *state, const struct application *a, struct daybook_error *err)
{
    (void)err;
    enum workflow_status status = workflow_status_by_name(a->data->status);
    if (status != STATUS_COUNT)
        state->status = status;
    return 0;
}

static int (*const apply_type[])(struct order_state *, const struct application *, struct daybook_error *) = {
    [DAYBOOK_ORDER_CREATED] = apply_created,
    [DAYBOOK_ORDER_AMENDED] = take_content,
    [DAYBOOK_ORDER_PROMISE_CHANGED] = apply_promise,
    [DAYBOOK_ORDER_PROCESSING_STARTED] = apply_processing,
    [DAYBOOK_ORDER_PRODUCTION_STARTED] = apply_production,
    [DAYBOOK_ORDER_SHIPPED] = apply_shipped,
    [DAYBOOK_ORDER_DELIVERED] = apply_delivered,
    [DAYBOOK_ORDER_CANCELLED] = apply_cancelled,
    [DAYBOOK_ORDER_RETURNED] = apply_returned,
    [DAYBOOK_ORDER_REOPENED] = apply_reopened,
    [DAYBOOK_ORDER_HELD] = apply_held,
    [DAYBOOK_ORDER_RESUMED] = apply_resumed,
    [DAYBOOK_ORDER_NOTE_ADDED] = apply_note,
    [DAYBOOK_ORDER_NOTE_RETRACTED] = apply_retraction,
    [DAYBOOK_ORDER_MOVED] = apply_moved,
    [DAYBOOK_ORDER_PRIORITY_SET] = apply_priority,
};

static bool is_applied(const struct daybook_event *event)
{
    return event->type < sizeof apply_type / sizeof *apply_type && apply_type[event->type];
}

/* ---- voids */

void order_places_release(struct order_places *places)
{
    free(places->applied);
    *places = (struct order_places){0};
}

int order_places_find(struct order_places *places, struct chain *chain, size_t count, struct daybook_error *err)
{
    if (places->capacity < count) {
        size_t *applied = realloc(places->applied, count * sizeof *applied);
        if (!applied)
            return no_memory(err);
        places->applied = applied;
        places->capacity = count;
    }
    for (size_t i = 0; i < count; i++)
        places->applied[i] = i;
    for (size_t i = 0; i < count; i++) {
        if (chain->links[i].event.type != DAYBOOK_ORDER_EVENT_VOIDED)
            continue;
        struct daybook_data data;
        int rc = chain_data(chain, i, &chain->place_scratch, &data, err);
        if (rc)
            return rc;
        places->applied[i] = ORDER_PLACE_NONE;
        size_t target = chain_find(chain, data.target);
        size_t replacement = data.replacement ? chain_find(chain, chain->links[i].event.seq + data.replacement) : count;
        if (target >= i)
            continue;
        /* Where the target stands now: at its own place, or at the place of what it had replaced. */
        size_t place = 0;
        while (place < i && places->applied[place] != target)
            place++;
        if (place == i)
            continue;
        places->applied[place] = replacement < count ? replacement : ORDER_PLACE_NONE;
        if (replacement < count)
            places->applied[replacement] = ORDER_PLACE_NONE; /* it counts there, not a second time here */
    }
    return 0;
}

size_t order_places_creation(const struct order_places *places, const struct chain *chain, size_t count)
{
    for (size_t place = count; place-- > 0;) {
        size_t link = places->applied[place];
        if (link != ORDER_PLACE_NONE && chain->links[link].event.type == DAYBOOK_ORDER_CREATED)
            return place;
    }
    return count;
}

int order_highest_line(struct chain *chain, struct event_scratch *scratch, uint32_t *ret, struct daybook_error *err)
{
    uint32_t highest = 0;
    int rc = 0;
    for (size_t i = 0; i < chain->count && !rc; i++) {
        uint32_t type = chain->links[i].event.type;
        struct daybook_data data = {.line_count = 0};
        if (type == DAYBOOK_ORDER_CREATED || type == DAYBOOK_ORDER_AMENDED)
            rc = chain_data(chain, i, scratch, &data, err);
        for (size_t j = 0; j < data.line_count && !rc; j++)
            if (data.lines[j].line > highest)
                highest = data.lines[j].line;
    }
    if (!rc)
        *ret = highest;
    return rc;
}

/* ---- the fold */

static int apply_link(struct order_state *state, struct chain *chain, size_t index, const struct zone *zone,
                      int32_t effective_on, order_applied *on_applied, void *context, struct daybook_error *err)
{
    const struct daybook_event *event = &chain->links[index].event;
    struct application a = {.event = event, .recorded_day = zone_day(zone, event->recorded_us)};
    int32_t day = event->occurred_on != DAYBOOK_DAY_NONE ? event->occurred_on : a.recorded_day;
    bool is_told = on_applied && event->type >= DAYBOOK_APPLICATION_TYPE_MIN; /* changes nothing, but counts */
    if ((!is_applied(event) && !is_told) || (effective_on != DAYBOOK_DAY_NONE && day > effective_on))
        return 0;
    if (!state->exists && event->type != DAYBOOK_ORDER_CREATED)
        return 0;
    struct daybook_data data;
    a.data = &data;
    int rc = chain_data(chain, index, &chain->scratch, &data, err);
    if (!rc && !is_told)
        rc = apply_type[event->type](state, &a, err);
    if (!rc && on_applied)
        rc = on_applied(context, state, event, &data, err);
    return rc;
}

int order_fold(struct order_state *state, struct chain *chain, size_t count, struct order_places *places,
               const struct zone *zone, int32_t effective_on, order_applied *on_applied, void *context,
               struct daybook_error *err)
{
    state_reset(state);
    int rc = order_places_find(places, chain, count, err);
    for (size_t i = 0; i < count && !rc; i++)
        if (places->applied[i] != ORDER_PLACE_NONE)
            rc = apply_link(state, chain, places->applied[i], zone, effective_on, on_applied, context, err);
    if (rc || count == 0)
        return rc;
    const struct daybook_event *last = &chain->links[count - 1].event;
    state->ordinal = last->ordinal;
    state->version = (uint32_t)count;
    state->last_seq = last->seq;
    state->updated_us = last->recorded_us;
    return 0;
}
