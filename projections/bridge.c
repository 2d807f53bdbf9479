/* Why a figure is another one now, order by order. */
#include "projections/bridge.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/order_reader.h"
#include "projections/facts_fold.h"

#define AT(member) offsetof(struct figures_counts, member)

const struct bridge_figure bridge_figures[] = {
    {"on-time", "on_time", AT(on_time), true},        {"late", "late", AT(late), true},
    {"orders", "orders", AT(orders), false},          {"open", "open", AT(open), false},
    {"delivered", "delivered", AT(delivered), false}, {"cancelled", "cancelled", AT(cancelled), false},
    {"returned", "returned", AT(returned), false},    {0},
};

/* What an order counts as: the first that fits. */
enum order_class { CLASS_ABSENT, CLASS_OUTSIDE, CLASS_ON_TIME };
static const struct {
    const char *name;
    size_t at; /* the count that it is in */
} classes[] = {
    {NULL, 0},                /* CLASS_ABSENT */
    {"outside", 0},           /* CLASS_OUTSIDE: its milestone is not in the period asked for */
    {"on-time", AT(on_time)}, /* CLASS_ON_TIME, from where on counts tell */
    {"late", AT(late)},
    {"early", AT(early)},
    {"undated", AT(undated)},
    {"open", AT(open)},
    {"cancelled", AT(cancelled)},
    {"returned", AT(returned)},
    {"no-promise", AT(orders)},
};

/* What one order is for the figure at one moment. */
struct standing {
    uint8_t class;
    bool counted, measured;
};

enum side { FROM, TO, SIDE_COUNT };

struct bridge {
    struct daybook_snapshot *snapshot;
    struct registers *registers;
    const struct bridge_figure *figure;
    const struct figures_params *params;
    struct diff_span span;
    struct bridge_count totals[SIDE_COUNT];
    struct standing (*standings)[SIDE_COUNT]; /* by ordinal */
    uint32_t last;                            /* ordinal */
    struct order_reader reader;
    struct event_scratch scratch;
    struct bridge_event *events;
    size_t event_count, event_capacity;
};

static int no_memory(struct daybook_error *err)
{
    return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for what moved a figure.");
}

static int64_t count_at(const struct figures_counts *counts, size_t offset)
{
    int64_t number;
    memcpy(&number, (const char *)counts + offset, sizeof number);
    return number;
}

static struct standing standing_of(const struct bridge *b, const struct order_facts *facts)
{
    struct figures_counts counts = {0};
    struct standing standing = {.class = CLASS_OUTSIDE};
    if (!figures_selected(facts, b->params))
        return standing;
    figures_count(&counts, facts, b->params);
    standing.class = CLASS_ON_TIME;
    while (count_at(&counts, classes[standing.class].at) == 0)
        standing.class ++;
    standing.counted = count_at(&counts, b->figure->counted_at) != 0;
    standing.measured = b->figure->is_rate && counts.measured != 0;
    return standing;
}

struct gathering {
    struct bridge *bridge;
    enum side side;
};

static int gather(void *context, const struct order_facts *facts, const struct delays_labels *labels,
                  struct daybook_error *err)
{
    const struct gathering *g = context;
    struct bridge *b = g->bridge;
    struct standing standing = standing_of(b, facts);
    (void)labels, (void)err;
    b->standings[facts->order][g->side] = standing;
    b->totals[g->side].counted += standing.counted;
    b->totals[g->side].measured += standing.measured;
    return 0;
}

int bridge_new(struct daybook_snapshot *snapshot, struct registers *registers, const struct bridge_figure *figure,
               const struct figures_params *params, struct diff_span span, struct bridge **ret,
               struct daybook_error *err)
{
    const uint64_t seqs[SIDE_COUNT] = {[FROM] = span.from, [TO] = span.to};
    struct bridge *b = calloc(1, sizeof *b);
    if (!b)
        return no_memory(err);
    *b =
        (struct bridge){.snapshot = snapshot, .registers = registers, .figure = figure, .params = params, .span = span};
    int rc = store_last_ordinal(snapshot->log, DAYBOOK_ORDER, &b->last, err);
    if (!rc && !(b->standings = calloc((size_t)b->last + 1, sizeof *b->standings)))
        rc = no_memory(err);
    for (enum side side = FROM; side < SIDE_COUNT && !rc; side++)
        rc = facts_each(snapshot, (struct order_cut){seqs[side], DAYBOOK_DAY_NONE}, 1, UINT32_MAX, false, gather,
                        &(struct gathering){b, side}, err);
    if (rc)
        bridge_free(b);
    else
        *ret = b;
    return rc;
}

void bridge_free(struct bridge *b)
{
    if (!b)
        return;
    order_reader_release(&b->reader);
    event_scratch_release(&b->scratch);
    free(b->standings);
    free(b->events);
    free(b);
}

struct bridge_count bridge_from(const struct bridge *b)
{
    return b->totals[FROM];
}

struct bridge_count bridge_to(const struct bridge *b)
{
    return b->totals[TO];
}

/* ---- the events that did it */

/* What an event can change of an order that the figure depends on. */
struct judged {
    struct standing standing;
    int32_t promise, milestone;
};

static bool is_same(const struct judged *a, const struct judged *b)
{
    return a->standing.class == b->standing.class && a->standing.counted == b->standing.counted &&
           a->standing.measured == b->standing.measured && a->promise == b->promise && a->milestone == b->milestone;
}

static int judge(struct bridge *b, size_t count, struct judged *ret, struct daybook_error *err)
{
    struct order_reader *r = &b->reader;
    struct order_facts facts;
    int rc = order_fold(&r->state, &r->chain, count, &r->places, ledger_zone(b->snapshot->ledger), DAYBOOK_DAY_NONE,
                        NULL, NULL, err);
    if (rc)
        return rc;
    *ret = (struct judged){.promise = DAYBOOK_DAY_NONE, .milestone = DAYBOOK_DAY_NONE};
    if (!r->state.exists)
        return 0;
    facts_of(&r->state, &facts);
    *ret = (struct judged){standing_of(b, &facts), figures_promise(&facts, b->params),
                           figures_milestone(&facts, b->params)};
    return 0;
}

static int add_event(struct bridge *b, const struct daybook_event *event, struct daybook_error *err)
{
    struct bridge_event added = {.event = event};
    struct daybook_data data = {0};
    struct daybook_text via;
    registers_set_as_of(b->registers, event->seq); /* names of the time, as in history */
    int rc = registers_who(b->registers, event, &added.actor, &via, err);
    if (!rc)
        rc = event_read_data(event, &b->scratch, &data, err);
    if (!rc && data.reason.commitment)
        rc = daybook_personal_value(b->snapshot, event->seq, &data.reason, &added.reason, err);
    if (rc)
        return rc;
    if (b->event_count == b->event_capacity) {
        size_t wanted = b->event_capacity ? b->event_capacity * 2 : 16;
        struct bridge_event *bigger = reallocarray(b->events, wanted, sizeof *bigger);
        if (!bigger)
            return no_memory(err);
        b->events = bigger;
        b->event_capacity = wanted;
    }
    b->events[b->event_count++] = added;
    return 0;
}

static int find_events(struct bridge *b, uint32_t ordinal, struct daybook_error *err)
{
    struct chain *chain = &b->reader.chain;
    struct judged before, after;
    size_t i = 0;
    b->event_count = 0;
    int rc = chain_load(chain, b->snapshot->log, DAYBOOK_ORDER, ordinal, b->span.to, err);
    while (!rc && i < chain->count && chain->links[i].event.seq <= b->span.from)
        i++;
    if (!rc)
        rc = judge(b, i, &before, err);
    for (; i < chain->count && !rc; i++) {
        rc = judge(b, i + 1, &after, err);
        if (!rc && !is_same(&before, &after))
            rc = add_event(b, &chain->links[i].event, err);
        before = after;
    }
    return rc;
}

int bridge_each(struct bridge *b, bridge_visit *visit, void *context, struct daybook_error *err)
{
    uint64_t names_as_of = registers_as_of(b->registers);
    int rc = 0;
    for (uint32_t ordinal = 1; ordinal <= b->last && !rc; ordinal++) {
        struct standing from = b->standings[ordinal][FROM], to = b->standings[ordinal][TO];
        struct bridge_order order = {ordinal,
                                     DAYBOOK_TEXT_NONE,
                                     classes[from.class].name,
                                     classes[to.class].name,
                                     {to.counted - from.counted, to.measured - from.measured},
                                     NULL,
                                     0};
        if (order.adds.counted == 0 && order.adds.measured == 0)
            continue;
        rc = find_events(b, ordinal, err);
        if (!rc)
            rc = daybook_name(b->snapshot, DAYBOOK_ORDER, ordinal, &order.order_no, err);
        order.events = b->events;
        order.event_count = b->event_count;
        if (!rc)
            rc = visit(context, &order, err);
    }
    registers_set_as_of(b->registers, names_as_of);
    return rc;
}
