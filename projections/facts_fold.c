/* The lean fold: the facts of all orders in one pass over the log.
 *
 * ledger/order.c is the fold, and says what every event means. But it goes from order to order along their chains, with
 * a lookup an event, and keeps lines, parts, notes and texts, of which delays need next to nothing. Here events come as
 * they stand in the log, and an order is a row in an array:
 *
 *     event ──▶ kind, ordinal, nth, type, actor, day ──▶ orders[ordinal - first] ──▶ its facts, changed in place
 *
 * That is done for histories where whole orders are shipped and delivered. An order that meets anything else (a void, a
 * part of its quantities, lines amended, a type or version that is not in the table below) is left to order.c. So
 * nothing here can be wrong about what it does not know; tests/unit/test_facts_fold.c holds what it knows equal to
 * order.c over random histories. */
#include "projections/facts_fold.h"

#include <stdlib.h>

#include "ledger/event_reader.h"

enum {
    PASS_ORDERS_MAX = 1 << 22, /* of which one pass keeps rows: 352 MiB; more orders are more passes */
    KNOWN_VERSION = 1,         /* of every type in the table */
    CUT_REACHED = -1,
};

enum course { NOT_THERE, LEAN, INTRICATE /* order.c folds it */ };

struct row {
    struct order_facts facts; /* its phase is filled in at the end */
    uint32_t events;          /* seen so far, whether they count or not */
    uint8_t course;
    uint8_t held_from;
    uint16_t lines_len, carrier_len;
    const uint8_t *lines; /* the list in order.created; NULL: without lines */
    const char *carrier;  /* of the last shipment; NULL: none */
};

/* What an event brings. */
struct step {
    struct event_reader data; /* the elements that are left ... */
    size_t left;              /* ... and their number */
    uint32_t actor;
    int32_t occurred_on;
    int32_t created_on; /* only of order.created: never unknown */
};

/* Go to the next element; false when it is absent. */
static bool next_is_there(struct step *step)
{
    if (step->left == 0)
        return false;
    step->left--;
    return !read_nil(&step->data);
}

static void skip_text(struct step *step)
{
    if (next_is_there(step))
        read_text(&step->data);
}

/* ---- content */

/* One line of a new order; false when order.c would do more than add it. */
static bool take_line(struct event_reader *r, uint32_t *line_last, int32_t *latest_promise)
{
    struct step line = {.data = *r};
    line.left = read_array(&line.data);
    uint32_t number = next_is_there(&line) ? read_uint32(&line.data) : 0;
    uint32_t product = next_is_there(&line) ? read_ordinal(&line.data) : 0;
    int64_t mantissa = 0;
    if (next_is_there(&line) && read_array(&line.data) == 2) {
        mantissa = read_int(&line.data);
        read_int(&line.data); /* scale */
    }
    skip_text(&line); /* unit */
    skip_text(&line); /* name */
    int32_t promise = next_is_there(&line) ? read_day(&line.data) : DAYBOOK_DAY_NONE;
    for (; line.left && !line.data.bad; line.left--)
        event_reader_skip(&line.data);
    bool is_plain = number > *line_last && product && mantissa > 0;
    *line_last = number;
    if (promise > *latest_promise)
        *latest_promise = promise;
    *r = line.data;
    return is_plain && !r->bad;
}

static bool take_lines(struct row *row, struct event_reader *r, int32_t *latest_promise)
{
    const uint8_t *start = r->at;
    uint32_t line_last = 0;
    size_t count = read_array(r);
    for (size_t i = 0; i < count; i++)
        if (!take_line(r, &line_last, latest_promise))
            return false;
    row->lines = count ? start : NULL;
    row->lines_len = count ? (uint16_t)(r->at - start) : 0;
    return true;
}

static void promise(struct row *row, int32_t day)
{
    row->facts.expected_on = day;
    if (row->facts.first_expected_on == DAYBOOK_DAY_NONE)
        row->facts.first_expected_on = day;
}

/* What order.created and order.amended have in common, from the customer on. */
static bool take_content(struct row *row, struct step *step, bool is_new)
{
    struct order_facts *facts = &row->facts;
    int32_t lines_promise = DAYBOOK_DAY_NONE, own_promise = DAYBOOK_DAY_NONE;
    uint32_t customer = next_is_there(step) ? read_ordinal(&step->data) : 0;
    if (customer)
        facts->customer = customer;
    if (next_is_there(step) && !(is_new && take_lines(row, &step->data, &lines_promise)))
        return false;
    if (next_is_there(step))
        facts->ordered_on = read_day(&step->data);
    if (next_is_there(step))
        own_promise = read_day(&step->data);
    if (next_is_there(step))
        facts->requested_on = read_day(&step->data);
    if (own_promise != DAYBOOK_DAY_NONE || lines_promise != DAYBOOK_DAY_NONE)
        promise(row, own_promise != DAYBOOK_DAY_NONE ? own_promise : lines_promise);
    return true;
}

/* Nothing of it has left, or arrived; what has no lines lacks nothing. */
static int32_t nothing_moved(const struct row *row)
{
    return row->lines ? FULL_NEVER : FULL_ALWAYS;
}

static bool apply_created(struct row *row, struct step *step)
{
    if (row->course != NOT_THERE)
        return false;
    struct order_facts *facts = &row->facts; /* all zeros, padding too */
    row->course = LEAN;
    facts->status = STATUS_PENDING;
    facts->ordered_on = step->created_on;
    facts->expected_on = facts->first_expected_on = facts->requested_on = DAYBOOK_DAY_NONE;
    facts->shipped_on = facts->delivered_on = facts->cancelled_on = DAYBOOK_DAY_NONE;
    skip_text(step); /* its number */
    if (!take_content(row, step, true))
        return false;
    facts->shipped_in_full_on = facts->delivered_in_full_on = nothing_moved(row);
    return true;
}

static bool apply_amended(struct row *row, struct step *step)
{
    return take_content(row, step, false);
}

static bool apply_promise(struct row *row, struct step *step)
{
    if (!next_is_there(step))
        return false;
    promise(row, read_day(&step->data));
    return true;
}

/* ---- status */

static bool apply_nothing(struct row *row, struct step *step)
{
    (void)row, (void)step;
    return true;
}

static bool apply_processing(struct row *row, struct step *step)
{
    (void)step;
    row->facts.status = STATUS_PROCESSING;
    return true;
}

static bool apply_production(struct row *row, struct step *step)
{
    (void)step;
    row->facts.status = STATUS_IN_PRODUCTION;
    return true;
}

/* What was missing went on the event's day; of a day that nobody knows it counts as there. */
static void move_all(int32_t *in_full_on, const struct step *step)
{
    if (*in_full_on == FULL_NEVER)
        *in_full_on = step->occurred_on == DAYBOOK_DAY_NONE ? FULL_ALWAYS : step->occurred_on;
}

/* Does the event name parts of the order? */
static bool names_parts(struct step *step)
{
    return next_is_there(step) && read_array(&step->data) > 0;
}

static bool apply_shipped(struct row *row, struct step *step)
{
    struct order_facts *facts = &row->facts;
    bool had_left = facts->status >= STATUS_SHIPPED && facts->shipped_in_full_on != FULL_NEVER;
    struct daybook_text carrier = next_is_there(step) ? read_text(&step->data) : DAYBOOK_TEXT_NONE;
    skip_text(step); /* tracking */
    if (names_parts(step))
        return false;
    row->carrier = carrier.ptr;
    row->carrier_len = (uint16_t)carrier.len;
    move_all(&facts->shipped_in_full_on, step);
    if (had_left)
        return true;
    facts->shipped_on = step->occurred_on;
    if (facts->status != STATUS_DELIVERED)
        facts->status = STATUS_SHIPPED;
    return true;
}

static bool apply_delivered(struct row *row, struct step *step)
{
    struct order_facts *facts = &row->facts;
    if (names_parts(step))
        return false;
    move_all(&facts->delivered_in_full_on, step);
    move_all(&facts->shipped_in_full_on, step);
    if (facts->status == STATUS_DELIVERED)
        return true;
    facts->status = STATUS_DELIVERED;
    facts->delivered_on = step->occurred_on;
    facts->delivered_by = step->actor;
    return true;
}

static bool apply_cancelled(struct row *row, struct step *step)
{
    row->facts.status = STATUS_CANCELLED;
    row->facts.cancelled_on = step->occurred_on;
    return true;
}

static bool apply_returned(struct row *row, struct step *step)
{
    (void)step;
    row->facts.status = STATUS_RETURNED;
    return true;
}

static bool apply_reopened(struct row *row, struct step *step)
{
    struct order_facts *facts = &row->facts;
    bool to_shipped = next_is_there(step) ? workflow_status_by_name(read_text(&step->data)) == STATUS_SHIPPED
                                          : facts->status == STATUS_DELIVERED;
    facts->status = to_shipped ? STATUS_SHIPPED : STATUS_PENDING;
    facts->delivered_on = facts->cancelled_on = DAYBOOK_DAY_NONE;
    facts->delivered_by = 0;
    facts->delivered_in_full_on = nothing_moved(row);
    if (!to_shipped) {
        facts->shipped_on = DAYBOOK_DAY_NONE;
        facts->shipped_in_full_on = nothing_moved(row);
    }
    return true;
}

static bool apply_held(struct row *row, struct step *step)
{
    (void)step;
    if (row->facts.status != STATUS_ON_HOLD)
        row->held_from = (uint8_t)row->facts.status;
    row->facts.status = STATUS_ON_HOLD;
    return true;
}

static bool apply_resumed(struct row *row, struct step *step)
{
    (void)step;
    if (row->facts.status == STATUS_ON_HOLD)
        row->facts.status = row->held_from;
    return true;
}

static bool apply_moved(struct row *row, struct step *step)
{
    if (!next_is_there(step))
        return false;
    enum workflow_status status = workflow_status_by_name(read_text(&step->data));
    if (status != STATUS_COUNT)
        row->facts.status = status;
    return true;
}

/* False: order.c has to fold this order. */
typedef bool apply(struct row *row, struct step *step);
static apply *const apply_type[] = {
    [DAYBOOK_ORDER_CREATED] = apply_created,
    [DAYBOOK_ORDER_AMENDED] = apply_amended,
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
    [DAYBOOK_ORDER_NOTE_ADDED] = apply_nothing,
    [DAYBOOK_ORDER_NOTE_RETRACTED] = apply_nothing,
    [DAYBOOK_ORDER_MOVED] = apply_moved,
    [DAYBOOK_ORDER_PRIORITY_SET] = apply_nothing,
};
enum { TYPE_COUNT = sizeof apply_type / sizeof *apply_type };

/* ---- a pass */

struct pass {
    struct daybook_snapshot *snapshot;
    const struct zone *zone;
    struct order_cut cut;
    struct row *rows;
    uint32_t first, count;
};

/* False: order.c has to fold this order. */
static bool fold(const struct pass *pass, struct row *row, const struct daybook_event *event)
{
    if (event->nth != ++row->events)
        return false;
    if (event->type >= DAYBOOK_APPLICATION_TYPE_MIN)
        return true;
    if (event->type >= TYPE_COUNT || !apply_type[event->type] || event->version != KNOWN_VERSION)
        return false;
    struct step step = {.data = {.at = event->data, .end = event->data + event->data_len},
                        .actor = event->actor,
                        .occurred_on = event->occurred_on,
                        .created_on = event->occurred_on};
    if (step.created_on == DAYBOOK_DAY_NONE)
        step.created_on = zone_day(pass->zone, event->recorded_us);
    if (pass->cut.effective_on != DAYBOOK_DAY_NONE && step.created_on > pass->cut.effective_on)
        return true;
    if (row->course == NOT_THERE && event->type != DAYBOOK_ORDER_CREATED)
        return true;
    step.left = read_array(&step.data);
    return apply_type[event->type](row, &step) && !step.data.bad;
}

static int visit_event(void *context, uint64_t seq, const uint8_t *bytes, size_t len, struct daybook_error *err)
{
    const struct pass *pass = context;
    struct daybook_event event;
    if (seq > pass->cut.as_of)
        return CUT_REACHED;
    if (!read_envelope(seq, bytes, len, &event))
        return event_read(seq, bytes, len, &event, err); /* which says so */
    uint32_t index = event.ordinal - pass->first;
    if (event.kind != DAYBOOK_ORDER || index >= pass->count || pass->rows[index].course == INTRICATE)
        return 0;
    if (!fold(pass, &pass->rows[index], &event))
        pass->rows[index].course = INTRICATE;
    return 0;
}

/* Of a row that has lines: they were read before, so that there is nothing to check. */
static int list_products(const struct row *row, struct product_list *list, struct daybook_error *err)
{
    struct event_reader r = {.at = row->lines, .end = row->lines + row->lines_len};
    int rc = 0;
    for (size_t lines = read_array(&r); lines && !rc; lines--) {
        size_t elements = read_array(&r);
        read_uint32(&r);
        rc = product_list_add(list, read_ordinal(&r), err);
        for (; elements > 2; elements--)
            event_reader_skip(&r);
    }
    return rc;
}

struct visitor {
    bool want_labels;
    facts_visit *visit;
    void *context;
    struct product_list products;
    struct order_reader reader;
};

static int show_lean(struct visitor *v, struct row *row, uint32_t ordinal, struct daybook_error *err)
{
    struct delays_labels labels;
    row->facts.order = ordinal;
    row->facts.phase = (uint8_t)workflow_statuses[row->facts.status].phase;
    if (!v->want_labels)
        return v->visit(v->context, &row->facts, NULL, err);
    v->products.count = 0;
    int rc = row->lines ? list_products(row, &v->products, err) : 0;
    labels = (struct delays_labels){v->products.products, v->products.count, {row->carrier, row->carrier_len}};
    return rc ? rc : v->visit(v->context, &row->facts, &labels, err);
}

static int show_intricate(struct visitor *v, const struct pass *pass, uint32_t ordinal, struct daybook_error *err)
{
    struct order_facts facts;
    struct delays_labels labels;
    int rc = order_reader_load(&v->reader, pass->snapshot, ordinal, pass->cut, err);
    if (rc || !v->reader.state.exists)
        return rc;
    facts_of(&v->reader.state, &facts);
    if (v->want_labels)
        rc = labels_of(&v->reader.state, &v->products, &labels, err);
    return rc ? rc : v->visit(v->context, &facts, v->want_labels ? &labels : NULL, err);
}

/* The seq of an order's first event: no event of it, or of a later one, stands before. */
static int find_first_seq(struct visitor *v, struct daybook_snapshot *snapshot, uint32_t ordinal, uint64_t *ret,
                          struct daybook_error *err)
{
    *ret = 1;
    if (ordinal == 1)
        return 0;
    int rc = chain_load(&v->reader.chain, snapshot->log, DAYBOOK_ORDER, ordinal, UINT64_MAX, err);
    if (!rc && v->reader.chain.count)
        *ret = v->reader.chain.links[0].event.seq;
    return rc;
}

static int run_pass(struct visitor *v, struct pass *pass, struct daybook_error *err)
{
    uint64_t from = 0;
    pass->rows = calloc(pass->count, sizeof *pass->rows);
    if (!pass->rows)
        return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for the facts of %u orders.", pass->count);
    int rc = find_first_seq(v, pass->snapshot, pass->first, &from, err);
    if (!rc)
        rc = store_each_event(pass->snapshot->log, from, visit_event, pass, err);
    if (rc == CUT_REACHED)
        rc = 0;
    for (uint32_t i = 0; i < pass->count && !rc; i++)
        if (pass->rows[i].course == LEAN)
            rc = show_lean(v, &pass->rows[i], pass->first + i, err);
        else if (pass->rows[i].course == INTRICATE)
            rc = show_intricate(v, pass, pass->first + i, err);
    free(pass->rows);
    return rc;
}

int facts_each(struct daybook_snapshot *snapshot, struct order_cut cut, uint32_t first, uint32_t last, bool want_labels,
               facts_visit *visit, void *context, struct daybook_error *err)
{
    struct visitor v = {.want_labels = want_labels, .visit = visit, .context = context};
    struct pass pass = {.snapshot = snapshot, .zone = ledger_zone(snapshot->ledger), .cut = cut, .first = first};
    uint32_t ordinal_last = 0;
    int rc = store_last_ordinal(snapshot->log, DAYBOOK_ORDER, &ordinal_last, err);
    if (last > ordinal_last)
        last = ordinal_last;
    while (!rc && pass.first <= last) {
        uint32_t left = last - pass.first + 1;
        pass.count = left < PASS_ORDERS_MAX ? left : PASS_ORDERS_MAX;
        rc = run_pass(&v, &pass, err);
        pass.first += pass.count;
    }
    product_list_release(&v.products);
    order_reader_release(&v.reader);
    return rc;
}
