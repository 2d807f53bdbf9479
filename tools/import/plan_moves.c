/* The way of an order through its statuses: what must have happened for the sheet to say what it says. */
#include "tools/import/plan_work.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/decimal.h"

static const struct {
    uint32_t type;
    enum workflow_status status; /* that it leads to when nothing is missing any more */
    const char *day_field, *quantity_field;
} moves[2] = {
    [PLAN_SHIP] = {DAYBOOK_ORDER_SHIPPED, STATUS_SHIPPED, "shipped_on", "shipped_qty"},
    [PLAN_DELIVER] = {DAYBOOK_ORDER_DELIVERED, STATUS_DELIVERED, "delivered_on", "delivered_qty"},
};

static int32_t sheet_day(const struct reading_order *sheet, enum plan_move move)
{
    return move == PLAN_SHIP ? sheet->shipped_on : sheet->delivered_on;
}

static int32_t line_day(const struct reading_line *line, enum plan_move move)
{
    return move == PLAN_SHIP ? line->shipped_on : line->delivered_on;
}

static int32_t state_day(const struct order_state *state, enum plan_move move)
{
    return move == PLAN_SHIP ? state->shipped_on : state->delivered_on;
}

static struct daybook_decimal sent_of(const struct order_line *line, enum plan_move move)
{
    return move == PLAN_SHIP ? line->shipped : line->delivered;
}

/* What the sheet says is sent without saying when; false when it says nothing of the kind. */
static bool partial_of(const struct reading_line *line, enum plan_move move, struct daybook_decimal *ret)
{
    if (!line->partial || line_day(line, move) != DAYBOOK_DAY_NONE)
        return false;
    *ret = move == PLAN_SHIP ? line->partial->shipped : line->partial->delivered;
    return move == PLAN_SHIP ? line->partial->has_shipped : line->partial->has_delivered;
}

static bool is_on_the_way(enum workflow_status status)
{
    return status <= STATUS_DELIVERED;
}

/* ---- what the sheet says */

/* Is each line sent in full, by its day or its quantities? */
static bool sheet_sent_all(const struct planner *p, enum plan_move move)
{
    for (size_t i = 0; i < p->line_count; i++) {
        const struct reading_line *line = p->lines[i].sheet;
        struct daybook_decimal sent;
        bool in_full = line_day(line, move) != DAYBOOK_DAY_NONE ||
                       (partial_of(line, move, &sent) && decimal_compare(sent, line->quantity) >= 0);
        if (!in_full)
            return false;
    }
    return p->line_count > 0;
}

/* STATUS_COUNT: nothing. Quantities may say more than the word. */
static enum workflow_status sheet_status(const struct planner *p)
{
    const char *name = p->sheet->status;
    enum workflow_status status = STATUS_COUNT;
    if (name)
        status = workflow_status_by_name((struct daybook_text){name, strlen(name)});
    bool open_ended = status == STATUS_COUNT || status < STATUS_DELIVERED;
    if (open_ended && sheet_sent_all(p, PLAN_DELIVER))
        return STATUS_DELIVERED;
    if (open_ended && status != STATUS_SHIPPED && sheet_sent_all(p, PLAN_SHIP))
        return STATUS_SHIPPED;
    return status;
}

/* ---- the day of what happened already */

void plan_correct_days(struct planner *p)
{
    for (enum plan_move move = PLAN_SHIP; move <= PLAN_DELIVER; move++) {
        int32_t day = sheet_day(p->sheet, move), now = state_day(p->now, move);
        int32_t said = p->said ? state_day(p->said, move) : now;
        struct plan_view view = {.is_said = day == said, .is_now = day == now, .said_is_now = said == now};
        if (day == DAYBOOK_DAY_NONE || (p->moved_seq[move] == 0 && p->now->status < moves[move].status))
            continue;
        if (!plan_takes(p, p->sheet->row, moves[move].day_field, plan_day_text(p, day), view))
            continue;
        if (p->moved_seq[move] == 0) { /* on hold it may still come; an order that is closed was closed without it */
            if (p->now->status != STATUS_ON_HOLD)
                plan_reject(p, p->sheet->row, moves[move].day_field, plan_day_text(p, day), "order-closed");
            continue;
        }
        struct daybook_draft *correct = plan_alloc(p, sizeof *correct);
        if (!correct)
            return;
        daybook_draft_init(correct, moves[move].type);
        correct->order_no = p->order_no;
        correct->cause_row = p->sheet->row;
        plan_day(correct, day);
        struct daybook_draft *draft = plan_add(p, DAYBOOK_ORDER_EVENT_VOIDED, p->sheet->row);
        draft->target = p->moved_seq[move];
        draft->replacement = correct;
    }
}

/* ---- quantities on the move */

static bool is_complete(const struct planner *p, enum plan_move move)
{
    if (p->line_count == 0 && (!p->now || p->now->line_count == 0))
        return p->status != STATUS_ON_HOLD && p->status >= moves[move].status;
    for (size_t i = 0; i < p->line_count; i++)
        if (decimal_compare(p->lines[i].sent[move], p->lines[i].quantity) < 0)
            return false;
    for (size_t i = 0; p->now && i < p->now->line_count; i++) { /* lines that the sheet does not have */
        const struct order_line *line = &p->now->lines[i];
        bool on_sheet = false;
        for (size_t j = 0; j < p->line_count && !on_sheet; j++)
            on_sheet = p->lines[j].now == line;
        if (!on_sheet && decimal_compare(sent_of(line, move), line->quantity) < 0)
            return false;
    }
    return true;
}

/* An order on hold is resumed first; false, and rejected, when the order is closed. */
static bool may_move(struct planner *p, enum plan_move move, const struct reading_line *line)
{
    uint32_t row = line ? line->row : p->sheet->row;
    if (p->status == STATUS_ON_HOLD) {
        plan_add(p, DAYBOOK_ORDER_RESUMED, row);
        p->status = p->held_from;
    }
    if (is_on_the_way(p->status))
        return true;
    bool dated = line && line_day(line, move) != DAYBOOK_DAY_NONE;
    struct daybook_decimal sent = {0};
    char text[DAYBOOK_DECIMAL_TEXT_SIZE];
    struct daybook_text value = DAYBOOK_TEXT_NONE;
    if (dated)
        value = plan_day_text(p, line_day(line, move));
    else if (line && partial_of(line, move, &sent))
        value = arena_text(p->arena, (struct daybook_text){text, decimal_format(sent, text)});
    plan_reject(p, row, dated ? moves[move].day_field : moves[move].quantity_field, value, "order-closed");
    return false;
}

/* A part that goes out: how much of which line. */
struct part {
    struct plan_line *line;
    struct daybook_decimal quantity;
    int32_t day;
};

enum { PARTS_MAX = 2000 /* in one event */ };

/* One event for parts of one day. */
static void add_parts(struct planner *p, enum plan_move move, const struct part *parts, size_t count)
{
    struct daybook_draft_item *items = plan_alloc(p, count * sizeof *items);
    if (!items || count == 0 || !may_move(p, move, parts[0].line->sheet))
        return;
    for (size_t i = 0; i < count; i++) {
        struct daybook_decimal *sent = parts[i].line->sent;
        items[i] = (struct daybook_draft_item){.line = parts[i].line->number,
                                               .has_quantity = true,
                                               .quantity = parts[i].quantity,
                                               .expected_on = DAYBOOK_DAY_NONE};
        decimal_add(sent[move], parts[i].quantity, &sent[move]);
        if (move == PLAN_DELIVER && decimal_compare(sent[PLAN_SHIP], sent[PLAN_DELIVER]) < 0)
            sent[PLAN_SHIP] = sent[PLAN_DELIVER]; /* what arrived has left */
    }
    for (size_t start = 0; start < count; start += PARTS_MAX) {
        struct daybook_draft *draft = plan_add(p, moves[move].type, parts[start].line->sheet->row);
        draft->items = items + start;
        draft->item_count = count - start < PARTS_MAX ? count - start : PARTS_MAX;
        plan_day(draft, parts[start].day);
    }
    if (is_complete(p, move) && p->status < moves[move].status)
        p->status = moves[move].status;
}

static void add_whole(struct planner *p, enum plan_move move, int32_t day)
{
    if (p->status == moves[move].status && is_complete(p, move))
        return;
    if (!may_move(p, move, NULL))
        return;
    plan_day(plan_add(p, moves[move].type, p->sheet->row), day);
    for (size_t i = 0; i < p->line_count; i++)
        for (enum plan_move sent = PLAN_SHIP; sent <= move; sent++)
            if (decimal_compare(p->lines[i].sent[sent], p->lines[i].quantity) < 0)
                p->lines[i].sent[sent] = p->lines[i].quantity;
    if (p->status < moves[move].status)
        p->status = moves[move].status;
}

/* What a line sends beyond `sum`; false when it is nothing. */
static bool is_more(struct daybook_decimal sheet, struct daybook_decimal sum, struct daybook_decimal *ret)
{
    return decimal_compare(sheet, sum) > 0 && decimal_subtract(sheet, sum, ret);
}

/* Does an earlier import already say that so much was sent? */
static bool was_said(const struct plan_line *line, enum plan_move move, struct daybook_decimal quantity)
{
    return line->said && decimal_compare(sent_of(line->said, move), quantity) >= 0;
}

/* Quantities without a day: one event. */
static void move_partials(struct planner *p, enum plan_move move)
{
    struct part *parts = plan_alloc(p, p->line_count * sizeof *parts);
    size_t count = 0;
    for (size_t i = 0; parts && i < p->line_count; i++) {
        struct plan_line *line = &p->lines[i];
        struct daybook_decimal sent, more;
        if (partial_of(line->sheet, move, &sent) && !was_said(line, move, sent) &&
            is_more(sent, line->sent[move], &more))
            parts[count++] = (struct part){line, more, DAYBOOK_DAY_NONE};
    }
    if (parts)
        add_parts(p, move, parts, count);
}

static int by_day(const void *a, const void *b)
{
    const struct part *left = a, *right = b;
    if (left->day != right->day)
        return left->day < right->day ? -1 : 1;
    return (left->line > right->line) - (left->line < right->line);
}

/* Lines that have a day: an event for each day. */
static void move_dated(struct planner *p, enum plan_move move)
{
    struct part *parts = plan_alloc(p, p->line_count * sizeof *parts);
    size_t count = 0;
    for (size_t i = 0; parts && i < p->line_count; i++) {
        struct plan_line *line = &p->lines[i];
        int32_t day = line_day(line->sheet, move);
        struct daybook_decimal more;
        if (day == DAYBOOK_DAY_NONE || (line->said && was_said(line, move, line->said->quantity)))
            continue;
        if (is_more(line->quantity, line->sent[move], &more))
            parts[count++] = (struct part){line, more, day};
    }
    if (count)
        qsort(parts, count, sizeof *parts, by_day);
    for (size_t start = 0, end; start < count; start = end) {
        for (end = start + 1; end < count && parts[end].day == parts[start].day;)
            end++;
        add_parts(p, move, parts + start, end - start);
    }
}

static bool has_one_day(const struct planner *p, enum plan_move move)
{
    for (size_t i = 0; i < p->line_count; i++)
        if (line_day(p->lines[i].sheet, move) != sheet_day(p->sheet, move))
            return false;
    return sheet_day(p->sheet, move) != DAYBOOK_DAY_NONE;
}

/* Does the sheet say that more of a line was sent than was ordered? It is kept as written. */
static bool sends_more(const struct planner *p, enum plan_move move)
{
    struct daybook_decimal sent;
    for (size_t i = 0; i < p->line_count; i++)
        if (partial_of(p->lines[i].sheet, move, &sent) && decimal_compare(sent, p->lines[i].sheet->quantity) > 0)
            return true;
    return false;
}

/* All that is known of shipments (deliveries), and, when `whole`, the rest of them. */
static void move_lines(struct planner *p, enum plan_move move, bool whole)
{
    if (whole && has_one_day(p, move)) {
        add_whole(p, move, sheet_day(p->sheet, move));
        return;
    }
    if (!whole || sends_more(p, move))
        move_partials(p, move);
    move_dated(p, move);
    if (whole)
        add_whole(p, move, DAYBOOK_DAY_NONE);
}

/* ---- statuses */

/* From where each status can be reached without going back. */
static bool is_ahead(enum workflow_status from, enum workflow_status to)
{
    switch (to) {
    case STATUS_CANCELLED:
    case STATUS_ON_HOLD:
        return from <= STATUS_SHIPPED;
    case STATUS_RETURNED:
        return from <= STATUS_DELIVERED;
    default:
        return from <= to && to <= STATUS_DELIVERED;
    }
}

static bool takes_status(struct planner *p, enum workflow_status status)
{
    if (status == STATUS_COUNT)
        return false;
    enum workflow_status from = p->status == STATUS_ON_HOLD && status != STATUS_ON_HOLD ? p->held_from : p->status;
    const char *name = workflow_statuses[status].name;
    struct daybook_text value = {name, strlen(name)};
    if (p->now) {
        enum workflow_status now = p->now->status, said = p->said ? p->said->status : now;
        struct plan_view view = {.is_said = status == said, .is_now = status == now, .said_is_now = said == now};
        if (!plan_takes(p, p->sheet->row, "status", value, view))
            return false;
    }
    if (is_ahead(from, status))
        return true;
    plan_reject(p, p->sheet->row, "status", value, "status-goes-back");
    return false;
}

static void step(struct planner *p, uint32_t type, enum workflow_status to)
{
    if (p->status == STATUS_ON_HOLD)
        plan_add(p, DAYBOOK_ORDER_RESUMED, p->sheet->row), p->status = p->held_from;
    if (p->status < to)
        plan_add(p, type, p->sheet->row), p->status = to;
}

/* The end of the way, once quantities have moved. */
static void finish(struct planner *p, enum workflow_status goal)
{
    static const struct {
        enum workflow_status goal;
        uint32_t type;
    } ends[] = {{STATUS_CANCELLED, DAYBOOK_ORDER_CANCELLED},
                {STATUS_RETURNED, DAYBOOK_ORDER_RETURNED},
                {STATUS_ON_HOLD, DAYBOOK_ORDER_HELD}};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        if (ends[i].goal != goal || p->status == goal)
            continue;
        if (workflow_allows(ends[i].type, p->status)) {
            plan_add(p, ends[i].type, p->sheet->row);
            p->status = goal;
        } else {
            struct daybook_text value = {workflow_statuses[goal].name, strlen(workflow_statuses[goal].name)};
            plan_reject(p, p->sheet->row, "status", value, "status-contradicts-dates");
        }
    }
}

/* --mine: the ledger says otherwise, and keeps it; then the sheet's quantities and days do not count either. */
static bool is_left(const struct planner *p, enum workflow_status said)
{
    return p->now && p->said && said != STATUS_COUNT && said != p->now->status && said != p->said->status;
}

void plan_moves(struct planner *p)
{
    enum workflow_status before = p->status, said = sheet_status(p);
    bool takes = takes_status(p, said);
    enum workflow_status goal = takes ? said : before;
    if (p->rejected_count || (!takes && is_left(p, said)))
        return;
    if (takes && goal <= STATUS_SHIPPED && before == STATUS_ON_HOLD)
        step(p, DAYBOOK_ORDER_RESUMED, STATUS_PENDING);
    if (takes && goal == STATUS_PROCESSING)
        step(p, DAYBOOK_ORDER_PROCESSING_STARTED, STATUS_PROCESSING);
    if (takes && goal == STATUS_IN_PRODUCTION)
        step(p, DAYBOOK_ORDER_PRODUCTION_STARTED, STATUS_IN_PRODUCTION);
    bool has_day = p->sheet->shipped_on != DAYBOOK_DAY_NONE, delivered = p->sheet->delivered_on != DAYBOOK_DAY_NONE;
    bool returns = goal == STATUS_RETURNED;
    bool ships = p->status < STATUS_SHIPPED || p->status == STATUS_ON_HOLD;
    move_lines(p, PLAN_SHIP, takes && ships && (goal == STATUS_SHIPPED || (returns && !delivered) || has_day));
    bool arrives = goal == STATUS_DELIVERED || (returns && delivered && p->status != STATUS_DELIVERED);
    move_lines(p, PLAN_DELIVER, takes && arrives);
    finish(p, goal);
}
