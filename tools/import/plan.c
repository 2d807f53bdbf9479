/* One order of a table after the other: looked up, compared, planned. */
#include "tools/import/plan_work.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/date.h"
#include "tools/import/arena.h"
#include "tools/memory.h"

static int no_memory(struct daybook_error *err)
{
    return daybook_fail(err, DAYBOOK_NO_MEMORY, "Not enough memory to plan the import.");
}

/* ---- drafts and rejections of the order at hand */

struct daybook_draft *plan_add(struct planner *p, uint32_t type, uint32_t row)
{
    static struct daybook_draft nowhere; /* what is written there is never read: out_of_memory ends the order */
    struct daybook_draft *drafts = array_reserve(p->drafts, p->draft_count, &p->draft_capacity, sizeof *drafts);

    if (!drafts) {
        p->out_of_memory = true;
        return &nowhere;
    }
    p->drafts = drafts;
    struct daybook_draft *draft = &drafts[p->draft_count++];
    daybook_draft_init(draft, type);
    draft->order_no = p->order_no;
    draft->cause_row = row;
    draft->occurred = DAYBOOK_OCCURRED_UNKNOWN;
    return draft;
}

void plan_day(struct daybook_draft *draft, int32_t day)
{
    draft->occurred = day == DAYBOOK_DAY_NONE ? DAYBOOK_OCCURRED_UNKNOWN : DAYBOOK_OCCURRED_ON;
    draft->occurred_on = day;
}

void plan_reject(struct planner *p, uint32_t row, const char *field, struct daybook_text value, const char *reason)
{
    struct reading_rejection *rejected =
        array_reserve(p->rejected, p->rejected_count, &p->rejected_capacity, sizeof *rejected);
    struct daybook_text column = DAYBOOK_TEXT("");

    if (!rejected) {
        p->out_of_memory = true;
        return;
    }
    for (size_t i = 0; i < p->reading->column_count && column.len == 0; i++)
        if (strcmp(p->reading->columns[i].field, field) == 0)
            column = p->reading->columns[i].header;
    p->rejected = rejected;
    rejected[p->rejected_count++] =
        (struct reading_rejection){row, column, value.ptr ? value : DAYBOOK_TEXT(""), reason};
}

bool plan_takes(struct planner *p, uint32_t row, const char *field, struct daybook_text value, struct plan_view view)
{
    if (view.is_now || (p->said && view.is_said))
        return false;
    if (!p->said || view.said_is_now || p->options.side == PLAN_THEIRS)
        return true;
    if (p->options.side == PLAN_ASK)
        plan_reject(p, row, field, value, "changed-since");
    return false;
}

void *plan_alloc(struct planner *p, size_t size)
{
    void *memory = arena_alloc(p->arena, size);
    p->out_of_memory |= memory == NULL;
    return memory;
}

struct daybook_text plan_day_text(struct planner *p, int32_t day)
{
    char *text = plan_alloc(p, DAYBOOK_DAY_TEXT_SIZE);
    if (!text)
        return DAYBOOK_TEXT_NONE;
    date_format(day, text);
    return (struct daybook_text){text, DAYBOOK_DAY_TEXT_SIZE - 1};
}

/* Every order has the file's fields in the same order, so the next one is nearly always the one after the last. */
struct plan_field *plan_field_of(struct planner *p, const char *name, struct daybook_error *err)
{
    for (size_t i = 0; i < p->field_count; i++) {
        size_t at = (p->field_last + 1 + i) % p->field_count;
        if (p->fields[at].name == name) {
            p->field_last = at;
            return &p->fields[at];
        }
    }
    struct plan_field *fields = array_reserve(p->fields, p->field_count, &p->field_capacity, sizeof *fields);
    if (!fields) {
        no_memory(err);
        return NULL;
    }
    p->fields = fields;
    struct plan_field *field = &fields[p->field_count];
    struct daybook_text text = {name, strlen(name)};
    *field = (struct plan_field){.name = name};
    if (p->snapshot && daybook_find(p->snapshot, DAYBOOK_FIELD, text, &field->ordinal, err))
        return NULL;
    if (field->ordinal && registers_field(p->registers, field->ordinal, &field->definition, err))
        return NULL;
    p->field_last = p->field_count++;
    return field;
}

const struct daybook_draft_field *plan_fields(struct planner *p, const struct reading_field *fields, size_t count)
{
    struct daybook_draft_field *drafted = plan_alloc(p, count * sizeof *drafted);
    for (size_t i = 0; drafted && i < count; i++)
        drafted[i] = (struct daybook_draft_field){{fields[i].name, strlen(fields[i].name)}, fields[i].value};
    return drafted;
}

/* ---- the planner */

int planner_new(const struct reading *reading, const struct planner_options *options, struct planner **ret,
                struct daybook_error *err)
{
    struct planner *p = calloc(1, sizeof *p);
    if (!p)
        return no_memory(err);
    p->reading = reading;
    p->options = *options;
    *ret = p;
    return 0;
}

void planner_free(struct planner *p)
{
    if (!p)
        return;
    origin_sources_release(&p->sources);
    origin_traces_release(&p->traces);
    order_reader_release(&p->reader);
    chain_release(&p->said_chain);
    chain_release(&p->product_chain);
    order_places_release(&p->said_places);
    order_state_release(&p->said_state);
    free(p->matches);
    free(p->absent);
    free(p->seen);
    free(p->fields);
    free(p->drafts);
    free(p->rejected);
    free(p);
}

/* What was seen stays seen; orders that are new meanwhile are another's, or our own. */
static int make_room(struct planner *p, struct daybook_error *err)
{
    uint32_t last = 0;
    int rc = store_last_ordinal(p->snapshot->log, DAYBOOK_ORDER, &last, err);
    size_t count = (size_t)last + 1;
    if (rc || count <= p->seen_count)
        return rc;
    bool *seen = realloc(p->seen, count * sizeof *seen);
    if (!seen)
        return no_memory(err);
    memset(seen + p->seen_count, 0, count - p->seen_count);
    p->seen = seen;
    p->seen_count = count;
    return 0;
}

/* Numbers that the ledger gives to orders without one may be those of others in the file: then nothing is known. */
static int keep_absent(struct planner *p, uint64_t own_events, struct daybook_error *err)
{
    uint64_t last_seq = daybook_last_seq(p->snapshot);
    size_t count = p->reading->order_count;
    if (!p->absent)
        p->absent = calloc(count + 1, sizeof *p->absent);
    else if (last_seq != p->looked_seq + own_events || p->matches)
        memset(p->absent, 0, count);
    p->looked_seq = last_seq;
    return p->absent ? 0 : no_memory(err);
}

int planner_look(struct planner *p, struct daybook_snapshot *snapshot, struct registers *registers, uint64_t own_events,
                 struct daybook_error *err)
{
    p->snapshot = snapshot;
    p->registers = registers;
    p->field_count = 0;
    int rc = make_room(p, err);
    if (!rc)
        rc = keep_absent(p, own_events, err);
    if (!rc)
        rc = plan_find_sources(p, err);
    return rc ? rc : plan_match_orders(p, err);
}

static int find_order(struct planner *p, size_t index, uint32_t *ret, struct daybook_error *err)
{
    *ret = 0;
    if (!p->snapshot)
        return 0;
    if (p->seen_count <= 1) /* the ledger has no order at all */
        p->absent[index] = true;
    if (p->absent[index])
        return 0;
    if (!p->sheet->order_no.ptr) {
        *ret = p->matches ? p->matches[index] : 0;
        return 0;
    }
    int rc = daybook_find(p->snapshot, DAYBOOK_ORDER, p->sheet->order_no, ret, err);
    p->absent[index] = !rc && *ret == 0;
    return rc;
}

static void begin_order(struct planner *p, size_t index, struct arena *arena)
{
    p->arena = arena;
    p->sheet = &p->reading->orders[index];
    p->order_no = p->sheet->order_no;
    p->said = p->now = NULL;
    p->moved_seq[PLAN_SHIP] = p->moved_seq[PLAN_DELIVER] = 0;
    p->was_done[PLAN_SHIP] = p->was_done[PLAN_DELIVER] = false;
    p->reader.chain.count = 0;
    p->lines = NULL;
    p->line_count = 0;
    p->status = p->held_from = STATUS_PENDING;
    p->draft_count = p->rejected_count = 0;
}

/* Promises and amendments come before the events of a status: after those the order may be closed. */
static int plan_events(struct planner *p, struct daybook_error *err)
{
    int rc = 0;
    if (!p->now)
        plan_create(p);
    else
        rc = plan_amend(p, err);
    if (!rc)
        rc = plan_notes(p, err);
    if (!rc)
        plan_moves(p);
    return rc;
}

int planner_plan(struct planner *p, size_t index, struct arena *arena, struct plan *ret, struct daybook_error *err)
{
    uint32_t ordinal = 0;
    struct plan plan = {.outcome = PLAN_UNCHANGED};
    begin_order(p, index, arena);
    int rc = find_order(p, index, &ordinal, err);
    if (!rc && ordinal) {
        if (ordinal < p->seen_count)
            p->seen[ordinal] = true;
        rc = plan_load_order(p, ordinal, err);
        plan.version = (uint32_t)p->reader.chain.count;
    }
    if (!rc)
        rc = plan_check(p, err);
    if (!rc && p->rejected_count == 0)
        rc = plan_match_lines(p, err);
    if (!rc && p->rejected_count == 0)
        rc = plan_events(p, err);
    if (rc)
        return rc;
    if (p->rejected_count) {
        plan.outcome = PLAN_REJECTED;
        plan.rejected = arena_copy(arena, p->rejected, p->rejected_count * sizeof *p->rejected);
        plan.rejected_count = p->rejected_count;
        p->out_of_memory |= plan.rejected == NULL;
    } else if (p->draft_count) {
        plan.outcome = p->now ? PLAN_CHANGED : PLAN_CREATED;
        plan.drafts = arena_copy(arena, p->drafts, p->draft_count * sizeof *p->drafts);
        plan.draft_count = p->draft_count;
        p->out_of_memory |= plan.drafts == NULL;
    }
    if (p->out_of_memory || memory_was_refused())
        return no_memory(err);
    *ret = plan;
    return 0;
}

/* ---- orders that the file does not have */

struct gone_walk {
    struct planner *planner;
    planner_gone *visit;
    void *context;
};

static int visit_event(void *context, const struct daybook_event *event, struct daybook_error *err)
{
    struct gone_walk *walk = context;
    struct planner *p = walk->planner;
    if (event->type != DAYBOOK_ORDER_CREATED || event->cause_source >= p->sources.count ||
        p->sources.list[event->cause_source].role != ORIGIN_IMPORT || event->ordinal >= p->seen_count ||
        p->seen[event->ordinal])
        return 0;
    int rc = order_reader_load(&p->reader, p->snapshot, event->ordinal, ORDER_CUT_NOW, err);
    const struct chain *chain = &p->reader.chain;
    size_t place = rc ? 0 : order_places_creation(&p->reader.places, chain, chain->count);
    if (rc || place == chain->count || chain->links[p->reader.places.applied[place]].event.seq != event->seq)
        return rc; /* taken back; who else created it does so in another event */
    return walk->visit(walk->context, p->reader.state.order_no, err);
}

/* Those of rejected rows are in the file, too. */
static int see_dropped(struct planner *p, struct daybook_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < p->reading->dropped_count && !rc; i++) {
        struct daybook_text number = p->reading->orders[p->reading->order_count + i].order_no;
        uint32_t ordinal = 0;
        if (number.ptr)
            rc = daybook_find(p->snapshot, DAYBOOK_ORDER, number, &ordinal, err);
        if (ordinal && ordinal < p->seen_count)
            p->seen[ordinal] = true;
    }
    return rc;
}

int planner_each_gone(struct planner *p, planner_gone *visit, void *context, struct daybook_error *err)
{
    struct gone_walk walk = {p, visit, context};
    if (!p->snapshot || p->sources.count <= 1)
        return 0;
    int rc = see_dropped(p, err);
    return rc ? rc : daybook_follow(p->snapshot, 1, visit_event, &walk, err);
}
