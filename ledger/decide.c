/* May this happen? One small function a rule, asked in the order of the table: the first that refuses is the answer,
 * so one bad request always gets the same one. */
#include "ledger/decide.h"

#include "ledger/text.h"

#define TEXT_ARGS(text) (int)(text).len, (text).ptr

static int order_there(const struct decision *d, struct daybook_error *err)
{
    if (d->type == DAYBOOK_ORDER_CREATED)
        return d->state->exists ? daybook_fail(err, DAYBOOK_ALREADY_EXISTS, "There is an order %.*s already.",
                                               TEXT_ARGS(d->state->order_no))
                                : 0;
    if (d->state->exists || d->type == DAYBOOK_ORDER_EVENT_VOIDED)
        return 0;
    return daybook_fail(err, DAYBOOK_NOT_FOUND,
                        "The creation of this order was taken back: there is no such order now.");
}

static bool amends_own_fields_only(const struct daybook_data *data)
{
    for (size_t i = 0; i < data->line_count; i++) {
        const struct daybook_line *line = &data->lines[i];
        if (line->product || line->has_quantity || line->unit.ptr || line->name.ptr ||
            line->expected_on != DAYBOOK_DAY_NONE)
            return false;
    }
    return !data->customer && !data->customer_ref.ptr && data->ordered_on == DAYBOOK_DAY_NONE &&
           data->expected_on == DAYBOOK_DAY_NONE && data->requested_on == DAYBOOK_DAY_NONE;
}

static int status_allows(const struct decision *d, struct daybook_error *err)
{
    if (d->type == DAYBOOK_ORDER_CREATED || workflow_allows(d->type, d->state->status))
        return 0;
    if (d->type == DAYBOOK_ORDER_AMENDED && amends_own_fields_only(d->data))
        return 0;
    if (d->type == DAYBOOK_ORDER_EVENT_VOIDED && !d->state->exists)
        return 0;
    char allowed[200];
    workflow_allowed_names(d->type, allowed, sizeof allowed);
    return daybook_fail(err, DAYBOOK_STATUS_FORBIDS, "Order %.*s is %s; %s is possible only while it is %s.",
                        TEXT_ARGS(d->state->order_no), workflow_statuses[d->state->status].name,
                        schema_by_wire(d->type)->name, allowed[0] ? allowed : "in a workflow of its own");
}

/* What is wholly shipped or delivered takes another shipment only by lines and quantities. */
static int something_left(const struct decision *d, struct daybook_error *err)
{
    if (d->data->part_count)
        return 0;
    bool shipping =
        d->type == DAYBOOK_ORDER_SHIPPED && d->state->status >= STATUS_SHIPPED && order_is_complete(d->state, false);
    bool delivering = d->type == DAYBOOK_ORDER_DELIVERED && d->state->status == STATUS_DELIVERED;
    if (!shipping && !delivering)
        return 0;
    return daybook_fail(err, DAYBOOK_STATUS_FORBIDS,
                        "Order %.*s is wholly %s already. Name lines and quantities (--item CODE:QTY) if more was.",
                        TEXT_ARGS(d->state->order_no), shipping ? "shipped" : "delivered");
}

static int lines_there(const struct decision *d, struct daybook_error *err)
{
    for (size_t i = 0; i < d->data->part_count; i++)
        if (!order_find_line(d->state, d->data->parts[i].line))
            return daybook_fail(err, DAYBOOK_NOT_FOUND, "Order %.*s has no line %u.", TEXT_ARGS(d->state->order_no),
                                d->data->parts[i].line);
    return 0;
}

static int amends_something(const struct decision *d, struct daybook_error *err)
{
    if (d->type != DAYBOOK_ORDER_AMENDED || !amends_own_fields_only(d->data) || d->data->own_count ||
        d->data->line_count)
        return 0;
    return daybook_fail(err, DAYBOOK_BAD_VALUE, "Nothing was named to amend.");
}

static int reopens_to(const struct decision *d, struct daybook_error *err)
{
    if (d->type != DAYBOOK_ORDER_REOPENED || !d->data->status.ptr)
        return 0;
    enum workflow_status to = workflow_status_by_name(d->data->status);
    if (to == STATUS_PENDING || (to == STATUS_SHIPPED && d->state->status == STATUS_DELIVERED))
        return 0;
    return daybook_fail(err, DAYBOOK_STATUS_FORBIDS, "Order %.*s is %s; it can be reopened to pending%s.",
                        TEXT_ARGS(d->state->order_no), workflow_statuses[d->state->status].name,
                        d->state->status == STATUS_DELIVERED ? " or shipped" : " only");
}

static int date_not_in_future(const struct decision *d, struct daybook_error *err)
{
    if (d->late_dates_allowed || d->occurred_on <= d->today ||
        (d->type != DAYBOOK_ORDER_SHIPPED && d->type != DAYBOOK_ORDER_DELIVERED))
        return 0;
    return daybook_fail(err, DAYBOOK_DATE_IN_FUTURE,
                        "That day is still to come: a shipment or delivery is recorded once it happened. Say --on with "
                        "its day, or change the promise.");
}

static int note_there(const struct decision *d, struct daybook_error *err)
{
    if (d->type != DAYBOOK_ORDER_NOTE_RETRACTED)
        return 0;
    for (size_t i = 0; i < d->state->note_count; i++)
        if (d->state->notes[i].seq == d->data->target && !d->state->notes[i].retracted)
            return 0;
    return daybook_fail(err, DAYBOOK_NOT_FOUND, "Order %.*s has no note %llu. `daybook history` shows the seq of each.",
                        TEXT_ARGS(d->state->order_no), (unsigned long long)d->data->target);
}

static int priority_known(const struct decision *d, struct daybook_error *err)
{
    if (d->type != DAYBOOK_ORDER_PRIORITY_SET || text_equals(d->data->category, DAYBOOK_TEXT("normal")) ||
        text_equals(d->data->category, DAYBOOK_TEXT("urgent")))
        return 0;
    return daybook_fail(err, DAYBOOK_BAD_VALUE, "A priority is \"normal\" or \"urgent\".");
}

/* A void cannot be voided, and nothing twice: what was voided stands at no place any more. */
static int target_stands(const struct decision *d, struct daybook_error *err)
{
    if (d->type != DAYBOOK_ORDER_EVENT_VOIDED)
        return 0;
    size_t target = chain_find(d->history, d->data->target);
    if (target == d->history->count)
        return daybook_fail(err, DAYBOOK_NOT_FOUND,
                            "Event %llu is none of this order. `daybook history` shows its events.",
                            (unsigned long long)d->data->target);
    if (d->history->links[target].event.type == DAYBOOK_ORDER_EVENT_VOIDED)
        return daybook_fail(
            err, DAYBOOK_CANNOT_VOID,
            "Event %llu takes another one back; it cannot be taken back itself. Record what happened anew.",
            (unsigned long long)d->data->target);
    for (size_t place = 0; place < d->history->count; place++)
        if (d->places->applied[place] == target)
            return 0;
    return daybook_fail(err, DAYBOOK_CANNOT_VOID, "Event %llu was taken back already.",
                        (unsigned long long)d->data->target);
}

int decide(const struct decision *decision, struct daybook_error *err)
{
    static const struct {
        int (*holds)(const struct decision *, struct daybook_error *);
        bool also_in_place;
    } rules[] = {
        {order_there, false},       {status_allows, false}, {target_stands, false},   {note_there, false},
        {something_left, false},    {lines_there, true},    {amends_something, true}, {reopens_to, false},
        {date_not_in_future, true}, {priority_known, true},
    };
    int rc = 0;
    for (size_t i = 0; i < sizeof rules / sizeof *rules && !rc; i++)
        if (!decision->in_place || rules[i].also_in_place)
            rc = rules[i].holds(decision, err);
    return rc;
}
