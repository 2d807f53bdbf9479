/* What an order says: created as the sheet has it, or amended where the sheet has another value. */
#include "tools/import/plan_work.h"

#include <string.h>

#include "ledger/decimal.h"
#include "ledger/text.h"

static bool same_decimal(struct daybook_decimal a, struct daybook_decimal b)
{
    return decimal_compare(a, b) == 0;
}

static bool same_text(struct daybook_text a, struct daybook_text b)
{
    return (a.ptr == NULL) == (b.ptr == NULL) && text_equals(a, b);
}

/* Lines with days of their own keep them; one day for all is the order's. */
static bool sheet_days_differ(const struct planner *p)
{
    for (uint32_t i = 0; i < p->sheet->line_count; i++)
        if (p->sheet->lines[i].expected_on != DAYBOOK_DAY_NONE &&
            p->sheet->lines[i].expected_on != p->sheet->expected_on)
            return true;
    return false;
}

/* ---- lines of a draft */

static struct daybook_draft_item new_item(struct planner *p, struct plan_line *line, uint32_t number, bool own_day)
{
    const struct reading_line *sheet = line->sheet;
    line->number = number;
    line->quantity = sheet->quantity;
    return (struct daybook_draft_item){
        .line = number,
        .code = sheet->code,
        .name = sheet->name,
        .unit = sheet->unit,
        .has_quantity = true,
        .quantity = sheet->quantity,
        .expected_on = own_day ? sheet->expected_on : DAYBOOK_DAY_NONE,
        .fields = plan_fields(p, sheet->fields, sheet->field_count),
        .field_count = sheet->field_count,
    };
}

/* Items go to `draft`, and, when they are too many for one event, to amendments after it. */
struct item_list {
    struct planner *planner;
    size_t draft; /* index: drafts move while more are added */
    struct daybook_draft_item *items;
    size_t left, count, bytes;
};

static void add_item(struct item_list *list, struct daybook_draft_item item, size_t bytes, uint32_t row)
{
    struct planner *p = list->planner;
    if (list->bytes + bytes > PLAN_EVENT_ROOM && list->count) {
        plan_add(p, DAYBOOK_ORDER_AMENDED, row);
        if (p->out_of_memory)
            return;
        list->draft = p->draft_count - 1;
        list->items += list->count;
        list->left -= list->count;
        list->count = list->bytes = 0;
    }
    list->items[list->count++] = item;
    list->bytes += bytes;
    p->drafts[list->draft].items = list->items;
    p->drafts[list->draft].item_count = list->count;
}

/* ---- a new order */

void plan_create(struct planner *p)
{
    const struct reading_order *sheet = p->sheet;
    bool own_days = sheet_days_differ(p);
    struct item_list list = {.planner = p, .items = plan_alloc(p, p->line_count * sizeof *list.items)};
    struct daybook_draft *created = plan_add(p, DAYBOOK_ORDER_CREATED, sheet->row);
    plan_day(created, sheet->ordered_on);
    created->customer = sheet->customer;
    created->customer_ref = sheet->customer_ref;
    created->requested_on = sheet->requested_on;
    created->expected_on = own_days ? DAYBOOK_DAY_NONE : sheet->expected_on;
    created->fields = plan_fields(p, sheet->fields, sheet->field_count);
    created->field_count = sheet->field_count;
    for (size_t i = 0; i < p->line_count && !p->out_of_memory; i++) {
        struct plan_line *line = &p->lines[i];
        add_item(&list, new_item(p, line, (uint32_t)i + 1, own_days), plan_line_size(p, line->sheet), line->sheet->row);
    }
}

/* ---- an order that is there */

/* What an amendment would say, as far as it is found out. */
struct amendment {
    struct planner *planner;
    struct daybook_draft head; /* of the order itself */
    bool has_head;
    struct changed_item *items;
    size_t item_count;
};

struct changed_item {
    struct daybook_draft_item item;
    size_t bytes;
    uint32_t row;
};

/* A closed order says what it says; its own fields and notes may change all the same. */
static bool amends(struct planner *p, uint32_t row, const char *field, struct daybook_text value, struct plan_view view)
{
    if (!plan_takes(p, row, field, value, view))
        return false;
    if (workflow_allows(DAYBOOK_ORDER_AMENDED, p->now->status))
        return true;
    plan_reject(p, row, field, value, "order-closed");
    return false;
}

static int final_customer(struct planner *p, uint32_t customer, uint32_t *ret, struct daybook_error *err)
{
    *ret = 0;
    return customer ? registers_customer(p->registers, customer, ret, err) : 0;
}

/* A customer whose name was erased cannot be found by it; the sheet may not bring the name back. */
static int is_erased(struct planner *p, uint32_t customer, bool *ret, struct daybook_error *err)
{
    struct daybook_text name;
    int rc = daybook_name(p->snapshot, DAYBOOK_CUSTOMER, customer, &name, err);
    *ret = !rc && !name.ptr;
    return rc;
}

static int amend_customer(struct amendment *a, struct daybook_error *err)
{
    struct planner *p = a->planner;
    uint32_t sheet = 0, said = 0, now = 0;
    bool erased = false;
    int rc = daybook_find(p->snapshot, DAYBOOK_CUSTOMER, p->sheet->customer, &sheet, err);
    if (!rc)
        rc = final_customer(p, sheet, &sheet, err);
    if (!rc)
        rc = final_customer(p, p->now->customer, &now, err);
    if (!rc && p->said)
        rc = final_customer(p, p->said->customer, &said, err);
    if (!rc && sheet == 0)
        rc = is_erased(p, now, &erased, err);
    struct plan_view view = {
        .is_said = sheet && sheet == said, .is_now = sheet && sheet == now, .said_is_now = said == now};
    if (!rc && !erased && amends(p, p->sheet->row, "customer", p->sheet->customer, view)) {
        a->head.customer = p->sheet->customer;
        a->has_head = true;
    }
    return rc;
}

static struct plan_view view_of_days(int32_t sheet, int32_t said, int32_t now)
{
    return (struct plan_view){.is_said = sheet == said, .is_now = sheet == now, .said_is_now = said == now};
}

static bool amends_day(struct planner *p, uint32_t row, const char *field, int32_t sheet, int32_t said, int32_t now)
{
    return sheet != DAYBOOK_DAY_NONE && amends(p, row, field, plan_day_text(p, sheet), view_of_days(sheet, said, now));
}

static void amend_plain(struct amendment *a)
{
    struct planner *p = a->planner;
    const struct reading_order *sheet = p->sheet;
    const struct order_state *now = p->now, *said = p->said ? p->said : now;
    if (amends_day(p, sheet->row, "ordered_on", sheet->ordered_on, said->ordered_on, now->ordered_on)) {
        a->head.ordered_on = sheet->ordered_on;
        a->has_head = true;
    }
    if (amends_day(p, sheet->row, "requested_on", sheet->requested_on, said->requested_on, now->requested_on)) {
        a->head.requested_on = sheet->requested_on;
        a->has_head = true;
    }
    struct plan_view view = {.is_said = same_text(sheet->customer_ref, said->customer_ref),
                             .is_now = same_text(sheet->customer_ref, now->customer_ref),
                             .said_is_now = same_text(said->customer_ref, now->customer_ref)};
    if (sheet->customer_ref.ptr && amends(p, sheet->row, "customer_ref", sheet->customer_ref, view)) {
        a->head.customer_ref = sheet->customer_ref;
        a->has_head = true;
    }
}

/* ---- own fields, of the order or of a line */

static int view_of_own(struct planner *p, const struct order_own *said, const struct order_own *now,
                       struct daybook_text value, struct plan_view *ret, struct daybook_error *err)
{
    struct plan_view view = {.said_is_now = said && now ? said->seq == now->seq : said == now};
    int rc = now ? plan_own_equals(p, now, value, &view.is_now, err) : 0;
    if (!rc && said)
        rc = plan_own_equals(p, said, value, &view.is_said, err);
    *ret = view;
    return rc;
}

/* Where a field is looked for: in a table the fields of an order stand in the rows of its lines, too. */
struct own_place {
    const struct order_state *state;
    const struct order_line *line;
};

static const struct order_own *own_at(struct own_place place, uint32_t field)
{
    const struct order_line *line = place.line;
    const struct order_own *own = NULL;
    if (!place.state)
        return NULL;
    if (line)
        own = plan_find_own(line->own, line->own_count, field);
    if (!own)
        own = plan_find_own(place.state->own, place.state->own_count, field);
    if (!own && !line && place.state->line_count)
        own = plan_find_own(place.state->lines[0].own, place.state->lines[0].own_count, field);
    return own;
}

/* Those that the sheet changes, into a fresh list. */
static int changed_own(struct planner *p, uint32_t row, const struct reading_field *fields, size_t count,
                       struct own_place said, struct own_place now, struct daybook_draft_field **ret, size_t *ret_count,
                       struct daybook_error *err)
{
    struct reading_field *changed = plan_alloc(p, count * sizeof *changed);
    size_t used = 0;
    int rc = 0;
    for (size_t i = 0; changed && i < count && !rc; i++) {
        struct plan_view view = {0};
        struct plan_field *field = plan_field_of(p, fields[i].name, err);
        if (!field)
            return err->code;
        rc = view_of_own(p, own_at(said, field->ordinal), own_at(now, field->ordinal), fields[i].value, &view, err);
        char *column = plan_alloc(p, sizeof "field:" + strlen(fields[i].name));
        if (rc || !column)
            return rc;
        memcpy(column, "field:", 6);
        memcpy(column + 6, fields[i].name, strlen(fields[i].name));
        if (plan_takes(p, row, column, fields[i].value, view))
            changed[used++] = fields[i];
    }
    *ret = plan_alloc(p, used * sizeof **ret);
    *ret_count = used;
    for (size_t i = 0; *ret && i < used; i++)
        (*ret)[i] = (struct daybook_draft_field){{changed[i].name, strlen(changed[i].name)}, changed[i].value};
    return rc;
}

static int amend_own(struct amendment *a, struct daybook_error *err)
{
    struct planner *p = a->planner;
    struct own_place said = {.state = p->said}, now = {.state = p->now};
    struct daybook_draft_field *fields = NULL;
    int rc = changed_own(p, p->sheet->row, p->sheet->fields, p->sheet->field_count, said, now, &fields,
                         &a->head.field_count, err);
    a->head.fields = fields;
    a->has_head |= a->head.field_count != 0;
    return rc;
}

/* ---- lines */

/* What a line is promised for: its own day, else the order's. */
static int32_t promise_of(const struct order_state *state, const struct order_line *line)
{
    return line->expected_on != DAYBOOK_DAY_NONE ? line->expected_on : state->own_expected_on;
}

static bool ledger_days_differ(const struct planner *p)
{
    for (size_t i = 0; i < p->line_count; i++)
        if (p->lines[i].now && p->lines[i].now->expected_on != DAYBOOK_DAY_NONE)
            return true;
    return false;
}

/* A product that was renamed since is still known by the names it had. */
static int had_name(struct planner *p, uint32_t product, struct daybook_text name, bool *ret, struct daybook_error *err)
{
    struct chain *chain = &p->product_chain;
    int rc = chain_load(chain, p->snapshot->log, DAYBOOK_PRODUCT, product, UINT64_MAX, err);
    for (size_t i = 0; i < chain->count && !rc && !*ret; i++) {
        struct daybook_data data;
        rc = chain_data(chain, i, &chain->scratch, &data, err);
        *ret = !rc && data.name.ptr && text_equals(text_trim(data.name), text_trim(name));
    }
    return rc;
}

static int view_of_name(struct planner *p, const struct plan_line *line, struct plan_view *ret,
                        struct daybook_error *err)
{
    struct daybook_text name = line->sheet->name, now = line->now->name, said = line->said ? line->said->name : now;
    bool products_own = false;
    int rc = !now.ptr || !said.ptr ? had_name(p, line->now->product, name, &products_own, err) : 0;
    *ret = (struct plan_view){
        .is_now = now.ptr ? text_equals(now, name) : products_own,
        .is_said = said.ptr ? text_equals(said, name) : products_own,
        .said_is_now = same_text(said, now),
    };
    return rc;
}

static void amend_quantity(struct planner *p, struct plan_line *line, struct daybook_draft_item *item)
{
    const struct reading_line *sheet = line->sheet;
    const struct order_line *now = line->now, *said = line->said;
    char text[DAYBOOK_DECIMAL_TEXT_SIZE];
    struct daybook_text quantity =
        arena_text(p->arena, (struct daybook_text){text, decimal_format(sheet->quantity, text)});
    struct plan_view view = {.is_said = said && same_decimal(sheet->quantity, said->quantity),
                             .is_now = same_decimal(sheet->quantity, now->quantity),
                             .said_is_now = said && same_decimal(said->quantity, now->quantity)};
    if (amends(p, sheet->row, "quantity", quantity, view)) {
        item->has_quantity = true;
        item->quantity = line->quantity = sheet->quantity;
    }
    view = (struct plan_view){.is_said = said && same_text(sheet->unit, said->unit),
                              .is_now = same_text(sheet->unit, now->unit),
                              .said_is_now = said && same_text(said->unit, now->unit)};
    if (sheet->unit.ptr && amends(p, sheet->row, "unit", sheet->unit, view))
        item->unit = sheet->unit;
}

static int amend_line(struct amendment *a, struct plan_line *line, bool own_days, struct daybook_error *err)
{
    struct planner *p = a->planner;
    const struct reading_line *sheet = line->sheet;
    const struct order_line *now = line->now, *said = line->said;
    struct daybook_draft_item item = {.line = line->number, .expected_on = DAYBOOK_DAY_NONE};
    struct daybook_draft_field *fields = NULL;
    struct plan_view name = {.is_now = true};
    amend_quantity(p, line, &item);
    int rc = sheet->name.ptr ? view_of_name(p, line, &name, err) : 0;
    if (!rc && sheet->name.ptr && amends(p, sheet->row, "product", sheet->name, name))
        item.name = sheet->name;
    int32_t said_day = said && p->said ? promise_of(p->said, said) : DAYBOOK_DAY_NONE;
    if (!rc && own_days &&
        amends_day(p, sheet->row, "expected_on", sheet->expected_on, said_day, promise_of(p->now, now)))
        item.expected_on = sheet->expected_on;
    struct own_place said_at = {said ? p->said : NULL, said}, now_at = {p->now, now};
    if (!rc)
        rc = changed_own(p, sheet->row, sheet->fields, sheet->field_count, said_at, now_at, &fields, &item.field_count,
                         err);
    item.fields = fields;
    bool content = item.has_quantity || item.unit.ptr || item.name.ptr || item.expected_on != DAYBOOK_DAY_NONE;
    if (rc || (!content && !item.field_count))
        return rc;
    a->items[a->item_count++] = (struct changed_item){item, plan_line_size(p, sheet), sheet->row};
    return 0;
}

/* A line that the ledger lacks: new on the sheet, or taken out since an import brought it. */
static void add_line(struct amendment *a, struct plan_line *line, uint32_t number, bool own_day)
{
    struct daybook_draft_item item = new_item(a->planner, line, number, own_day);
    a->items[a->item_count++] = (struct changed_item){item, plan_line_size(a->planner, line->sheet), line->sheet->row};
}

static int amend_lines(struct amendment *a, bool own_days, struct daybook_error *err)
{
    struct planner *p = a->planner;
    uint32_t last = 0;
    int rc = order_highest_line(&p->reader.chain, &p->reader.chain.scratch, &last, err);
    for (size_t i = 0; i < p->line_count && !rc; i++) {
        struct plan_line *line = &p->lines[i];
        const struct order_line *said = line->said;
        if (line->now) {
            rc = amend_line(a, line, own_days, err);
            continue;
        }
        struct plan_view view = {.is_said = said && same_decimal(said->quantity, line->sheet->quantity),
                                 .said_is_now = !said};
        if (amends(p, line->sheet->row, "code", line->sheet->code, view))
            add_line(a, line, ++last, own_days);
    }
    return rc;
}

/* Promises of lines move with their lines; the order's own when it has one, or when all lines share a day. */
static void amend_promise(struct planner *p, bool own_days, bool lines_moved)
{
    const struct order_state *now = p->now, *said = p->said ? p->said : now;
    int32_t day = p->sheet->expected_on;
    if (day == DAYBOOK_DAY_NONE || (own_days && !(lines_moved && now->own_expected_on != DAYBOOK_DAY_NONE)))
        return;
    if (!plan_takes(p, p->sheet->row, "expected_on", plan_day_text(p, day),
                    view_of_days(day, said->expected_on, now->expected_on)))
        return;
    if (workflow_allows(DAYBOOK_ORDER_PROMISE_CHANGED, now->status))
        plan_add(p, DAYBOOK_ORDER_PROMISE_CHANGED, p->sheet->row)->expected_on = day;
    else
        plan_reject(p, p->sheet->row, "expected_on", plan_day_text(p, day), "order-closed");
}

static void add_amendment(struct amendment *a)
{
    struct planner *p = a->planner;
    struct item_list list = {.planner = p, .items = plan_alloc(p, a->item_count * sizeof *list.items)};
    if (!a->has_head && a->item_count == 0)
        return;
    struct daybook_draft *draft = plan_add(p, DAYBOOK_ORDER_AMENDED, a->has_head ? p->sheet->row : a->items[0].row);
    draft->customer = a->head.customer;
    draft->customer_ref = a->head.customer_ref;
    draft->ordered_on = a->head.ordered_on;
    draft->requested_on = a->head.requested_on;
    draft->fields = a->head.fields;
    draft->field_count = a->head.field_count;
    list.draft = p->draft_count - 1;
    for (size_t i = 0; i < a->item_count && !p->out_of_memory; i++)
        add_item(&list, a->items[i].item, a->items[i].bytes, a->items[i].row);
}

int plan_amend(struct planner *p, struct daybook_error *err)
{
    struct amendment a = {.planner = p, .items = plan_alloc(p, p->line_count * sizeof *a.items)};
    bool own_days = p->line_count && (sheet_days_differ(p) || ledger_days_differ(p));
    daybook_draft_init(&a.head, DAYBOOK_ORDER_AMENDED);
    if (p->out_of_memory)
        return 0;
    plan_correct_days(p);
    int rc = amend_customer(&a, err);
    if (!rc)
        amend_plain(&a);
    if (!rc)
        rc = amend_own(&a, err);
    if (!rc)
        rc = amend_lines(&a, own_days, err);
    if (rc)
        return rc;
    bool lines_moved = false;
    for (size_t i = 0; i < a.item_count; i++)
        lines_moved |= a.items[i].item.expected_on != DAYBOOK_DAY_NONE;
    add_amendment(&a);
    amend_promise(p, own_days, lines_moved);
    return 0;
}

/* ---- notes */

struct known_notes {
    struct daybook_text *texts;
    size_t count;
    bool forgotten; /* a note that this very file brought was erased since */
};

/* Every note that the order ever had, taken back or not, but for those of undone imports. */
static int find_notes(struct planner *p, struct known_notes *known, struct daybook_error *err)
{
    struct chain *chain = &p->reader.chain;
    int rc = 0;
    known->texts = plan_alloc(p, chain->count * sizeof *known->texts);
    for (size_t i = 0; known->texts && i < chain->count && !rc; i++) {
        struct daybook_data data;
        struct daybook_text text = DAYBOOK_TEXT_NONE;
        const struct daybook_event *event = &chain->links[i].event;
        if (event->type != DAYBOOK_ORDER_NOTE_ADDED || p->traces.list[i].never_was)
            continue;
        rc = chain_data(chain, i, &chain->scratch, &data, err);
        if (!rc)
            rc = daybook_personal_value(p->snapshot, event->seq, &data.text, &text, err);
        if (text.ptr)
            known->texts[known->count++] = text;
        else if (event->cause_source && event->cause_source == p->own_source)
            known->forgotten = true;
    }
    return rc;
}

int plan_notes(struct planner *p, struct daybook_error *err)
{
    struct known_notes known = {0};
    int rc = p->now && p->sheet->note_count ? find_notes(p, &known, err) : 0;
    for (uint32_t i = 0; i < p->sheet->note_count && !known.forgotten && !rc; i++) {
        bool there = false;
        for (size_t j = 0; j < known.count && !there; j++)
            there = text_equals(text_trim(known.texts[j]), p->sheet->notes[i]);
        if (!there)
            plan_add(p, DAYBOOK_ORDER_NOTE_ADDED, p->sheet->row)->text = p->sheet->notes[i];
    }
    return rc;
}
