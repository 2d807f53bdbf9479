/* `stats slippage`: promises that were moved: how often, how far, why and by whom.
 *
 * The view knows the first and the latest promise of an order, not what was in between: an order that has a promise is
 * folded again, and its promise looked at after each event. */
#include "tools/stats.h"
#include "tools/stats_kinds.h"

#include <stdlib.h>

#include "ledger/text.h"
#include "projections/groups.h"

/* One event that changed a promise. */
struct move {
    uint32_t actor;
    struct daybook_text reason; /* absent: none was given, or it was erased */
    int32_t days;
    bool after_due; /* the promise was broken already */
};

/* The moves of the order at hand. */
struct slippage_order {
    struct order_reader reader;
    struct move *moves;
    size_t count, capacity;
    struct stats *stats;
    int32_t promised; /* the last promise so far; DAYBOOK_DAY_NONE: none yet */
    bool lapsed;      /* it does not stand any more, and no other has come */
    uint32_t number;  /* of moves counted so far by reason and actor */
};

/* The accumulator. Reasons and actors are made when the first move is added. */
struct slippage {
    int64_t moved, moves, days, moved_after_due;
    struct groups *reasons, *actors;
};

/* Moves of one reason or actor. */
struct tally {
    int64_t moves, days;
};

static int no_memory(struct stats *stats)
{
    return daybook_fail(&stats->session.ctx->error, DAYBOOK_NO_MEMORY, "Out of memory for moved promises.");
}

/* ---- the moves of an order */

static int note_move(struct slippage_order *order, const struct order_state *state, const struct daybook_event *event,
                     const struct daybook_data *data, struct daybook_error *err)
{
    const struct stats *stats = order->stats;
    struct move *move;
    if (order->count == order->capacity) {
        size_t wanted = 2 * order->capacity + 8;
        struct move *bigger = reallocarray(order->moves, wanted, sizeof *bigger);
        if (!bigger)
            return no_memory(order->stats);
        order->moves = bigger;
        order->capacity = wanted;
    }
    move = &order->moves[order->count];
    int32_t day = event->occurred_on;
    if (day == DAYBOOK_DAY_NONE)
        day = zone_day(ledger_zone(stats->session.ledger), event->recorded_us);
    *move = (struct move){.actor = event->actor, .after_due = !order->lapsed && day > order->promised};
    if (state->expected_on != DAYBOOK_DAY_NONE)
        move->days = calendar_days_between(stats->params.calendar, order->promised, state->expected_on);
    int rc = data->reason.commitment
                 ? daybook_personal_value(stats->session.snapshot, event->seq, &data->reason, &move->reason, err)
                 : 0;
    if (!rc)
        order->count++;
    return rc;
}

static int look_at_event(void *context, const struct order_state *state, const struct daybook_event *event,
                         const struct daybook_data *data, struct daybook_error *err)
{
    struct slippage_order *order = context;
    int32_t now = state->expected_on;
    int32_t before = order->lapsed ? DAYBOOK_DAY_NONE : order->promised;
    int rc = 0;
    if (event->type == DAYBOOK_ORDER_CREATED) {
        order->count = 0; /* begun anew: what was promised before is void */
        order->promised = DAYBOOK_DAY_NONE;
    } else if (order->promised != DAYBOOK_DAY_NONE && now != before) {
        rc = note_move(order, state, event, data, err);
    }
    order->lapsed = now == DAYBOOK_DAY_NONE;
    if (!order->lapsed)
        order->promised = now;
    return rc;
}

static int look(struct stats *stats, const struct order_facts *facts)
{
    struct slippage_order *order = stats->own;
    struct session *s = &stats->session;
    struct order_reader *reader = &order->reader;
    order->count = 0;
    order->promised = DAYBOOK_DAY_NONE;
    order->lapsed = false;
    order->stats = stats;
    if (facts->first_expected_on == DAYBOOK_DAY_NONE)
        return 0;
    int rc = chain_load(&reader->chain, s->snapshot->log, DAYBOOK_ORDER, facts->order, s->cut.as_of, &s->ctx->error);
    return rc ? rc
              : order_fold(&reader->state, &reader->chain, reader->chain.count, &reader->places, ledger_zone(s->ledger),
                           s->cut.effective_on, look_at_event, order, &s->ctx->error);
}

static bool concerns(const struct stats *stats, const struct order_facts *facts)
{
    const struct slippage_order *order = stats->own;
    (void)facts;
    return order->count > 0;
}

/* ---- adding up */

static void release(void *accumulator)
{
    struct slippage *slippage = accumulator;
    groups_free(slippage->reasons);
    groups_free(slippage->actors);
}

static int tally_move(struct groups *groups, struct daybook_text key, uint32_t number, const struct move *move,
                      struct daybook_error *err)
{
    struct group *group = NULL;
    int rc = groups_count_order(groups, &key, number, &group, err);
    if (rc || !group)
        return rc;
    struct tally *tally = group->accumulator;
    tally->moves++;
    tally->days += move->days;
    return 0;
}

static int add_move(struct stats *stats, struct slippage *slippage, const struct move *move)
{
    struct slippage_order *order = stats->own;
    struct daybook_error *err = &stats->session.ctx->error;
    struct daybook_text actor = DAYBOOK_TEXT_NONE;
    order->number++; /* here it is moves that are counted, each once */
    int rc = registers_name(stats->session.registers, DAYBOOK_ACTOR, move->actor, &actor, err);
    if (!rc)
        rc = tally_move(slippage->reasons, move->reason, order->number, move, err);
    if (!rc)
        rc = tally_move(slippage->actors, actor, order->number, move, err);
    slippage->moves++;
    slippage->days += move->days;
    slippage->moved_after_due += move->after_due;
    return rc;
}

static int add(struct stats *stats, void *accumulator, const struct order_facts *facts)
{
    struct slippage *slippage = accumulator;
    struct slippage_order *order = stats->own;
    struct daybook_error *err = &stats->session.ctx->error;
    int rc = 0;
    (void)facts;
    if (!slippage->reasons)
        rc = groups_new(1, sizeof(struct tally), NULL, &slippage->reasons, err);
    if (!rc && !slippage->actors)
        rc = groups_new(1, sizeof(struct tally), NULL, &slippage->actors, err);
    for (size_t i = 0; i < order->count && !rc; i++)
        rc = add_move(stats, slippage, &order->moves[i]);
    slippage->moved++;
    return rc;
}

/* ---- reasons and actors */

/* Most moves first, then by key, null before any. */
static int by_moves(const void *a, const void *b)
{
    const struct group *x = *(const struct group *const *)a, *y = *(const struct group *const *)b;
    const struct tally *p = x->accumulator, *q = y->accumulator;
    int order = (p->moves < q->moves) - (p->moves > q->moves);
    if (order || !x->parts[0].ptr || !y->parts[0].ptr)
        return order ? order : (x->parts[0].ptr != NULL) - (y->parts[0].ptr != NULL);
    return text_compare(x->parts[0], y->parts[0]);
}

/* `groups` may be NULL. */
static struct group **ranked(struct groups *groups, size_t *ret_count)
{
    *ret_count = groups ? groups_size(groups) : 0;
    if (*ret_count == 0)
        return NULL;
    struct group **list = groups_sorted(groups);
    qsort(list, *ret_count, sizeof *list, by_moves);
    return list;
}

static int list_tallies(struct stats *stats, void *accumulator, const char *name, json_t **ret)
{
    struct slippage *slippage = accumulator;
    const char *key_name = name + sizeof "by_" - 1;
    size_t count;
    struct group **groups = ranked(*key_name == 'r' ? slippage->reasons : slippage->actors, &count);
    json_t *array = json_array();
    bool good = array != NULL;
    for (size_t i = 0; i < count && good; i++) {
        const struct tally *tally = groups[i]->accumulator;
        struct daybook_text key = groups[i]->parts[0];
        good = !json_array_append_new(array, json_pack("{s:o,s:I,s:I}", key_name,
                                                       key.ptr ? json_stringn(key.ptr, key.len) : json_null(), "moves",
                                                       (json_int_t)tally->moves, "days", (json_int_t)tally->days));
    }
    if (good) {
        *ret = array;
        return 0;
    }
    json_decref(array);
    return no_memory(stats);
}

static int print_tallies(struct stats *stats, struct groups *tallies, const char *title_en, const char *title_zh)
{
    const struct column columns[] = {{"key", title_en, title_zh, COLUMN_TEXT},
                                     {"moves", "Moves", "变更次数", COLUMN_NUMBER},
                                     {"days", "Days", "天数", COLUMN_NUMBER}};
    struct context *ctx = stats->session.ctx;
    size_t count;
    struct group **groups = ranked(tallies, &count);
    if (count == 0)
        return 0;
    int rc = output_print(&ctx->output, &ctx->error, "%s", "");
    if (!rc)
        rc = output_begin(&ctx->output, NULL, columns, 3, &ctx->error);
    for (size_t i = 0; i < count && !rc; i++) {
        const struct tally *tally = groups[i]->accumulator;
        struct cell key = groups[i]->parts[0].ptr ? cell_text(groups[i]->parts[0])
                                                  : cell_toned(cell_string(say(ctx, "(none)", "（无）")), TONE_FAINT);
        rc = output_row(&ctx->output, (struct cell[]){key, cell_integer(tally->moves), cell_integer(tally->days)},
                        &ctx->error);
    }
    return rc ? rc : output_end(&ctx->output, NULL, &ctx->error);
}

static int print_lists(struct stats *stats, void *accumulator)
{
    struct slippage *slippage = accumulator;
    int rc = print_tallies(stats, slippage->reasons, "Reason", "原因");
    return rc ? rc : print_tallies(stats, slippage->actors, "Who", "变更人");
}

#define COUNT_OF(member) STATS_ALWAYS, .style = STATS_COUNT, .value = offsetof(struct slippage, member)

static const struct stats_figure figures[] = {
    {"moved", "Orders moved", "变更订单", COUNT_OF(moved)},
    {"moves", "Moves", "变更次数", COUNT_OF(moves)},
    {"days", "Days in sum", "累计天数", COUNT_OF(days)},
    {"by_reason", NULL, NULL, STATS_HIDDEN, .style = STATS_LIST},
    {"by_actor", NULL, NULL, STATS_HIDDEN, .style = STATS_LIST},
    {"moved_after_due", "Moved after due", "逾期后变更", COUNT_OF(moved_after_due)},
};

int run_stats_slippage(struct context *ctx)
{
    static const struct stats_kind kind = {
        .figures = figures,
        .figure_count = sizeof figures / sizeof *figures,
        .accumulator_size = sizeof(struct slippage),
        .release = release,
        .look = look,
        .concerns = concerns,
        .add = add,
        .list = list_tallies,
        .print_lists = print_lists,
    };
    struct slippage_order order = {0};
    int rc = stats_run(ctx, &kind, &order);
    order_reader_release(&order.reader);
    free(order.moves);
    return rc;
}
