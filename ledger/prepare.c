/* Drafts become events: named by resolve.c, decided on the state that the events before them leave. */
#include <string.h>

#include "ledger/decide.h"
#include "ledger/decimal.h"
#include "ledger/text.h"
#include "ledger/tree.h"
#include "ledger/writer.h"

static int no_memory(struct daybook_error *err)
{
    return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for an entry.");
}

/* ---- lines, quantities, own fields */

static int prepare_own(struct writer *w, const struct daybook_draft_field *fields, size_t count,
                       const struct daybook_own **ret, size_t *ret_count, struct daybook_error *err)
{
    struct daybook_own *own = arena_alloc(&w->entry.arena, count * sizeof *own);
    int rc = own ? 0 : no_memory(err);
    for (size_t i = 0; i < count && !rc; i++)
        rc = resolve_own(w, &fields[i], &own[i], err);
    *ret = count ? own : NULL;
    *ret_count = count;
    return rc;
}

/* The one line of the order with that product; 0 when there is none. */
static int line_of_product(const struct writer *w, uint32_t product, struct daybook_text code, uint32_t *ret,
                           struct daybook_error *err)
{
    uint32_t line = 0;
    for (size_t i = 0; i < w->state.line_count; i++) {
        if (w->state.lines[i].product != product)
            continue;
        if (line)
            return daybook_fail(err, DAYBOOK_AMBIGUOUS_LINE,
                                "Several lines of this order have the code %.*s. Name one by its number: %.*s#%u.",
                                (int)code.len, code.ptr, (int)code.len, code.ptr, line);
        line = w->state.lines[i].line;
    }
    *ret = line;
    return 0;
}

/* How the lines of an event get their numbers. */
struct numbering {
    bool amends;
    const struct daybook_data *replaced; /* the event whose place this one takes; may be NULL */
    uint32_t last;                       /* the highest number so far */
    const struct daybook_line *lines;    /* those that have one already */
    size_t count;
};

static bool is_numbered(const struct numbering *numbering, uint32_t line)
{
    for (size_t i = 0; i < numbering->count; i++)
        if (numbering->lines[i].line == line)
            return true;
    return false;
}

/* The number that the replaced event gave to a line of that product; 0 when it had none. */
static uint32_t line_replaced(const struct numbering *numbering, uint32_t product)
{
    const struct daybook_data *data = numbering->replaced;
    for (size_t i = 0; data && product && i < data->line_count; i++)
        if (data->lines[i].product == product && !is_numbered(numbering, data->lines[i].line))
            return data->lines[i].line;
    return 0;
}

/* A line that has the product's own name needs none. */
static int prepare_name(struct writer *w, const struct daybook_draft_item *item, struct daybook_line *line,
                        struct daybook_error *err)
{
    struct daybook_text known;
    if (!item->name.ptr)
        return 0;
    int rc = line->product ? resolve_product_name(w, line->product, &known, err) : 0;
    struct daybook_text name = text_trim(item->name);
    if (!rc && !(line->product && known.ptr && text_equals(known, name)))
        line->name = name;
    return rc;
}

static int prepare_line(struct writer *w, const struct daybook_draft_item *item, struct numbering *numbering,
                        struct daybook_line *ret, struct daybook_error *err)
{
    bool amends = numbering->amends;
    struct daybook_line line = {.line = item->line,
                                .has_quantity = item->has_quantity,
                                .quantity = item->quantity,
                                .unit = item->unit,
                                .expected_on = item->expected_on};
    int rc = item->code.ptr ? resolve_product(w, item->code, item->name, &line.product, err) : 0;
    uint32_t replaced = line.line ? 0 : line_replaced(numbering, line.product);
    if (replaced)
        line.line = replaced;
    if (!rc && amends && line.line == 0 && !item->is_new)
        rc = line_of_product(w, line.product, item->code, &line.line, err);
    const struct order_line *before = amends && line.line ? order_find_line(&w->state, line.line) : NULL;
    if (!rc && amends && item->line && !before && item->line != numbering->last + 1)
        rc = daybook_fail(err, DAYBOOK_NOT_FOUND, "This order has no line %u.", line.line);
    if (!rc && !before && (!item->code.ptr || !item->has_quantity || item->quantity.mantissa <= 0))
        rc = daybook_fail(err, DAYBOOK_BAD_VALUE, "A new line needs a product code and a quantity above 0.");
    if (!rc && !before && !replaced)
        line.line = ++numbering->last;
    if (!rc && before && before->product == line.product)
        line.product = 0; /* as before */
    if (!rc)
        rc = prepare_name(w, item, &line, err);
    if (!rc && item->field_count)
        rc = prepare_own(w, item->fields, item->field_count, &line.own, &line.own_count, err);
    if (!rc)
        *ret = line;
    return rc;
}

static int prepare_lines(struct writer *w, const struct daybook_draft *draft, const struct daybook_data *replaced,
                         struct daybook_data *data, struct daybook_error *err)
{
    struct daybook_line *lines = arena_alloc(&w->entry.arena, draft->item_count * sizeof *lines);
    struct numbering numbering = {.amends = draft->type == DAYBOOK_ORDER_AMENDED, .replaced = replaced, .lines = lines};
    int rc = lines ? 0 : no_memory(err);
    if (numbering.amends && w->entry.creates_order) /* what one event cannot hold goes on here */
        numbering.last = w->state.line_last;
    else if (!rc && (numbering.amends || replaced))
        rc = order_highest_line(&w->chain, &w->scratch, &numbering.last, err);
    for (size_t i = 0; i < draft->item_count && !rc; i++) {
        struct daybook_draft_item item = draft->items[i];
        if (!numbering.amends)
            item.line = 0;
        numbering.count = i;
        rc = prepare_line(w, &item, &numbering, &lines[i], err);
    }
    data->lines = lines;
    data->line_count = draft->item_count;
    return rc;
}

static int prepare_parts(struct writer *w, const struct daybook_draft *draft, struct daybook_data *data,
                         struct daybook_error *err)
{
    struct daybook_part *parts = arena_alloc(&w->entry.arena, draft->item_count * sizeof *parts);
    int rc = parts ? 0 : no_memory(err);
    for (size_t i = 0; i < draft->item_count && !rc; i++) {
        const struct daybook_draft_item *item = &draft->items[i];
        uint32_t product = 0;
        parts[i] = (struct daybook_part){item->line, item->quantity};
        if (!item->has_quantity || item->quantity.mantissa <= 0)
            return daybook_fail(err, DAYBOOK_BAD_VALUE, "A shipped or delivered quantity must be above 0.");
        if (item->line == 0)
            rc = resolve_known(w, DAYBOOK_PRODUCT, item->code, &product, err);
        if (!rc && item->line == 0)
            rc = line_of_product(w, product, item->code, &parts[i].line, err);
        if (!rc && parts[i].line == 0)
            rc = daybook_fail(err, DAYBOOK_NOT_FOUND, "No line of this order has the code %.*s.", (int)item->code.len,
                              item->code.ptr);
    }
    data->parts = parts;
    data->part_count = draft->item_count;
    return rc;
}

/* ---- the fields of one event */

/* `replaced`: the event whose place it takes, or NULL; what is in both keeps its line's number. */
static int prepare_order_data(struct writer *w, const struct daybook_draft *draft, const struct daybook_data *replaced,
                              struct daybook_data *data, struct daybook_error *err)
{
    data_init(data);
    data->customer_ref = draft->customer_ref;
    data->carrier = draft->carrier;
    data->tracking = draft->tracking;
    data->status = draft->status;
    data->category = draft->category;
    data->ordered_on = draft->ordered_on;
    data->expected_on = draft->expected_on;
    data->requested_on = draft->requested_on;
    data->target = draft->target;
    int rc = 0;
    bool moves = draft->type == DAYBOOK_ORDER_SHIPPED || draft->type == DAYBOOK_ORDER_DELIVERED;
    if (draft->customer.ptr)
        rc = resolve_customer(w, draft->customer, &data->customer, err);
    if (!rc && draft->item_count)
        rc = moves ? prepare_parts(w, draft, data, err) : prepare_lines(w, draft, replaced, data, err);
    if (!rc && draft->field_count)
        rc = prepare_own(w, draft->fields, draft->field_count, &data->own, &data->own_count, err);
    if (!rc)
        rc = resolve_personal(w, draft->reason, &data->reason, err);
    if (!rc)
        rc = resolve_personal(w, draft->text, &data->text, err);
    return rc;
}

/* ---- events of orders */

static int32_t occurred_on(const struct writer *w, const struct daybook_draft *draft)
{
    return draft->occurred == DAYBOOK_OCCURRED_ON        ? draft->occurred_on
           : draft->occurred == DAYBOOK_OCCURRED_UNKNOWN ? DAYBOOK_DAY_NONE
                                                         : w->today;
}

static int fold_state(struct writer *w, struct daybook_error *err)
{
    return order_fold(&w->state, &w->chain, w->chain.count, &w->places, ledger_zone(w->ledger), DAYBOOK_DAY_NONE, NULL,
                      NULL, err);
}

struct addition {
    bool in_place; /* it takes a voided event's place: what the present status allows does not matter */
    bool late_dates_allowed;
    bool more; /* events of the entry follow that are decided on the state after this one */
};

/* Decide, add the event to the entry, and, when more follow, let the state know. */
static int add_order_event(struct writer *w, uint32_t order, const struct daybook_draft *draft, int32_t day,
                           const struct daybook_data *data, const struct addition *how, struct daybook_error *err)
{
    struct decision decision = {.type = draft->type,
                                .data = data,
                                .occurred_on = day,
                                .today = w->today,
                                .late_dates_allowed = how->late_dates_allowed,
                                .in_place = how->in_place,
                                .state = &w->state,
                                .history = &w->chain,
                                .places = &w->places};
    int rc = data_validate(schema_by_wire(draft->type), data, err);
    if (!rc)
        rc = decide(&decision, err);
    struct entry_event *added = rc ? NULL : entry_add_event(&w->entry, draft->type, order);
    if (rc || !added)
        return rc ? rc : no_memory(err);
    added->event.occurred_on = draft->type == DAYBOOK_ORDER_EVENT_VOIDED ? DAYBOOK_DAY_NONE : day;
    added->day_filled_in = draft->occurred == DAYBOOK_OCCURRED_TODAY && !how->in_place;
    added->event.occurred_us = draft->occurred_us;
    added->event.cause_row = draft->cause_row;
    added->data = *data;
    if (!how->more)
        return 0;
    struct daybook_event pending = added->event;
    pending.seq = w->last_seq + w->entry.event_count;
    pending.recorded_us = w->clock_us;
    struct daybook_data *kept = arena_copy(&w->entry.arena, data, sizeof *data);
    rc = kept ? chain_push(&w->chain, &pending, kept, err) : no_memory(err);
    return rc ? rc : fold_state(w, err);
}

/* The same personal value under a fresh commitment. */
static int commit_again(struct writer *w, uint64_t seq, const struct daybook_personal *from,
                        struct daybook_personal *ret, struct daybook_error *err)
{
    const uint8_t *salt;
    struct daybook_text value = DAYBOOK_TEXT_NONE;
    int rc = from->commitment ? personal_value(w->personal, seq, from->slot, &salt, &value, err) : 0;
    return rc ? rc : resolve_personal(w, value, ret, err);
}

/* What `change` says instead of what `data` says, field by field; a list is replaced whole. */
static void overlay(const struct schema_type *type, const struct daybook_data *change, struct daybook_data *data)
{
    static const size_t sizes[SCHEMA_FIELD_KIND_COUNT] = {[SCHEMA_UINT] = sizeof(uint64_t),
                                                          [SCHEMA_DAY] = sizeof(int32_t),
                                                          [SCHEMA_TEXT] = sizeof(struct daybook_text),
                                                          [SCHEMA_PERSONAL] = sizeof(struct daybook_personal),
                                                          [SCHEMA_CUSTOMER] = sizeof(uint32_t)};
    for (size_t i = 0; i < type->field_count; i++) {
        const struct schema_field *field = &type->fields[i];
        if (!data_has(change, field))
            continue;
        memcpy((char *)data + field->offset, (const char *)change + field->offset, sizes[field->kind]);
        if (field->kind == SCHEMA_LINES)
            data->lines = change->lines, data->line_count = change->line_count;
        else if (field->kind == SCHEMA_PARTS)
            data->parts = change->parts, data->part_count = change->part_count;
        else if (field->kind == SCHEMA_OWN)
            data->own = change->own, data->own_count = change->own_count;
    }
}

/* Lists of a stored event lie in scratch memory and its texts in the map: the entry keeps copies that it may change. */
static int copy_lists(struct writer *w, uint64_t seq, struct daybook_data *data, struct daybook_error *err)
{
    struct daybook_line *lines = arena_copy(&w->entry.arena, data->lines, data->line_count * sizeof *lines);
    struct daybook_own *own = arena_copy(&w->entry.arena, data->own, data->own_count * sizeof *own);
    data->parts = arena_copy(&w->entry.arena, data->parts, data->part_count * sizeof *data->parts);
    int rc = lines && own && data->parts ? 0 : no_memory(err);
    for (size_t i = 0; i < data->own_count && !rc; i++)
        if (own[i].kind == DAYBOOK_OWN_PERSONAL)
            rc = commit_again(w, seq, &data->own[i].personal, &own[i].personal, err);
    for (size_t i = 0; i < data->line_count && !rc; i++) {
        struct daybook_own *of_line = arena_copy(&w->entry.arena, lines[i].own, lines[i].own_count * sizeof *of_line);
        rc = of_line ? 0 : no_memory(err);
        for (size_t j = 0; j < lines[i].own_count && !rc; j++)
            if (of_line[j].kind == DAYBOOK_OWN_PERSONAL)
                rc = commit_again(w, seq, &lines[i].own[j].personal, &of_line[j].personal, err);
        lines[i].own = of_line;
    }
    data->lines = lines;
    data->own = own;
    return rc;
}

/* The voided event again, with what the draft says instead. */
static int add_replacement(struct writer *w, uint32_t order, const struct daybook_draft *voiding,
                           const struct addition *how, struct daybook_error *err)
{
    size_t target = chain_find(&w->chain, voiding->target), void_index = w->entry.event_count - 1;
    size_t source = voiding->as_in ? chain_find(&w->chain, voiding->as_in) : target;
    if (source == w->chain.count || w->chain.links[source].event.type != w->chain.links[target].event.type)
        return daybook_fail(err, DAYBOOK_BAD_VALUE, "Event %llu is none of this order that could stand in that place.",
                            (unsigned long long)voiding->as_in);
    struct daybook_event stored = w->chain.links[source].event;
    if (stored.type >= DAYBOOK_APPLICATION_TYPE_MIN)
        return daybook_fail(err, DAYBOOK_CANNOT_VOID,
                            "Event %llu is an application's: take it back, and record it anew by an event of its own.",
                            (unsigned long long)stored.seq);
    struct daybook_draft change = *voiding->replacement;
    struct daybook_data data, changes;
    change.type = stored.type;
    data_init(&data);
    int rc = chain_data(&w->chain, source, &w->scratch, &data, err);
    struct daybook_personal reason = data.reason, text = data.text;
    if (!rc)
        rc = copy_lists(w, stored.seq, &data, err);
    if (!rc)
        rc = prepare_order_data(w, &change, &data, &changes, err);
    if (!rc)
        rc = commit_again(w, stored.seq, &reason, &data.reason, err);
    if (!rc)
        rc = commit_again(w, stored.seq, &text, &data.text, err);
    if (rc)
        return rc;
    overlay(schema_by_wire(stored.type), &changes, &data);
    int32_t day = change.occurred == DAYBOOK_OCCURRED_TODAY ? stored.occurred_on : occurred_on(w, &change);
    uint64_t replacement = w->entry.event_count - void_index;
    w->entry.events[void_index].data.replacement = replacement;
    /* The fold of what follows in this entry sees it too: the chain has its own copy, in the entry's memory. */
    ((struct daybook_data *)(uintptr_t)w->chain.links[w->chain.count - 1].pending)->replacement = replacement;
    return add_order_event(w, order, &change, day, &data, how, err);
}

static int prepare_order_event(struct writer *w, uint32_t order, const struct daybook_draft *draft,
                               struct daybook_text order_no, const struct daybook_entry *request, bool more,
                               struct daybook_error *err)
{
    struct daybook_data data;
    int rc = prepare_order_data(w, draft, NULL, &data, err);
    if (draft->type == DAYBOOK_ORDER_CREATED) {
        w->entry.creates_order = true;
        data.order_no = order_no;
        if (!rc && !order_no.ptr) { /* the sequencer gives it; until then a stand-in passes for it */
            w->entry.assigns_number = true;
            data.order_no = DAYBOOK_TEXT("?");
        }
    }
    struct addition how = {.late_dates_allowed = request->late_dates_allowed, .more = more || draft->replacement};
    if (!rc)
        rc = add_order_event(w, order, draft, occurred_on(w, draft), &data, &how, err);
    if (rc || !draft->replacement)
        return rc;
    how = (struct addition){.in_place = true, .late_dates_allowed = request->late_dates_allowed, .more = more};
    return add_replacement(w, order, draft, &how, err);
}

/* ---- events of registers */

static int prepare_rename(struct writer *w, const struct daybook_draft *draft, uint32_t kind, struct daybook_error *err)
{
    uint32_t ordinal = 0, holder = 0;
    bool in_use = false;
    struct daybook_text compared, name = kind == DAYBOOK_CUSTOMER ? draft->name : draft->code;
    int rc = resolve_known(w, kind, draft->subject, &ordinal, err);
    if (!rc && name.ptr)
        rc = resolve_find(w, kind, name, &compared, &holder, err);
    if (!rc && holder && holder != ordinal) /* a name that somebody had before may be taken */
        rc = resolve_is_called(w, kind, holder, compared, &in_use, err);
    if (!rc && in_use)
        rc = daybook_fail(err, DAYBOOK_ALREADY_EXISTS,
                          "There is another %s %.*s. `daybook merge` makes two customers one.", schema_kind_name(kind),
                          (int)name.len, name.ptr);
    struct entry_event *added = rc ? NULL : entry_add_event(&w->entry, draft->type, ordinal);
    if (rc || !added)
        return rc ? rc : no_memory(err);
    added->event.occurred_on = occurred_on(w, draft);
    added->day_filled_in = draft->occurred == DAYBOOK_OCCURRED_TODAY;
    if (kind == DAYBOOK_CUSTOMER)
        rc = resolve_personal(w, text_trim(name), &added->data.person, err);
    else
        added->data.code = name.ptr ? text_trim(name) : name, added->data.name = draft->name;
    if (!rc && name.ptr) /* also when it leads there already: as "customer/12", in no table */
        rc = entry_add_name(&w->entry, (struct entry_name){kind, ordinal, kind == DAYBOOK_CUSTOMER, compared}, err);
    return rc;
}

static int prepare_merge(struct writer *w, const struct daybook_draft *draft, struct daybook_error *err)
{
    uint32_t ordinal = 0, into = 0;
    int rc = resolve_known(w, DAYBOOK_CUSTOMER, draft->subject, &ordinal, err);
    if (!rc)
        rc = resolve_known(w, DAYBOOK_CUSTOMER, draft->customer, &into, err);
    if (!rc && ordinal == into)
        rc = daybook_fail(err, DAYBOOK_BAD_VALUE, "%.*s and %.*s are one customer already.", (int)draft->subject.len,
                          draft->subject.ptr, (int)draft->customer.len, draft->customer.ptr);
    struct entry_event *added = rc ? NULL : entry_add_event(&w->entry, draft->type, ordinal);
    if (rc || !added)
        return rc ? rc : no_memory(err);
    added->event.occurred_on = occurred_on(w, draft);
    added->data.into = into;
    return 0;
}

/* A msgpack array of texts: the header, then each. */
static int pack_choices(struct writer *w, const struct daybook_draft *draft, struct daybook_data *data,
                        struct daybook_error *err)
{
    size_t size = 3;
    for (size_t i = 0; i < draft->choice_count; i++)
        size += 3 + draft->choices[i].len;
    uint8_t *rows = size > DAYBOOK_EVENT_SIZE_MAX ? NULL : arena_alloc(&w->entry.arena, size), *at = rows;
    if (!rows)
        return daybook_fail(err, DAYBOOK_TOO_LARGE, "The choices of a field are too long together.");
    if (draft->choice_count < 16)
        *at++ = (uint8_t)(0x90 | draft->choice_count);
    else
        *at++ = 0xdc, *at++ = (uint8_t)(draft->choice_count >> 8), *at++ = (uint8_t)draft->choice_count;
    for (size_t i = 0; i < draft->choice_count; i++) {
        size_t len = draft->choices[i].len;
        if (len < 32)
            *at++ = (uint8_t)(0xa0 | len);
        else if (len < 256)
            *at++ = 0xd9, *at++ = (uint8_t)len;
        else
            *at++ = 0xda, *at++ = (uint8_t)(len >> 8), *at++ = (uint8_t)len;
        memcpy(at, draft->choices[i].ptr, len);
        at += len;
    }
    data->rows = rows;
    data->rows_len = (size_t)(at - rows);
    return 0;
}

static int prepare_field(struct writer *w, const struct daybook_draft *draft, struct daybook_error *err)
{
    struct daybook_text compared;
    uint32_t ordinal = 0;
    int rc = resolve_find(w, DAYBOOK_FIELD, draft->name, &compared, &ordinal, err);
    if (!rc && ordinal)
        rc = daybook_fail(err, DAYBOOK_ALREADY_EXISTS, "There is a field %.*s already.", (int)draft->name.len,
                          draft->name.ptr);
    uint32_t fresh = rc ? 0 : entry_add_subject(&w->entry, DAYBOOK_FIELD);
    struct entry_event *added = fresh ? entry_add_event(&w->entry, DAYBOOK_FIELD_DEFINED, fresh) : NULL;
    if (rc || !added)
        return rc ? rc : no_memory(err);
    added->event.occurred_on = occurred_on(w, draft);
    added->data.name = text_trim(draft->name);
    added->data.category = draft->category;
    added->data.scope = draft->scope;
    added->data.flag = draft->is_public;
    added->data.number = draft->is_required;
    if (draft->choice_count)
        rc = pack_choices(w, draft, &added->data, err);
    return rc ? rc : entry_add_name(&w->entry, (struct entry_name){DAYBOOK_FIELD, fresh, false, compared}, err);
}

/* The ledger's own chain begins with what opened the log. */
static int prepare_key_change(struct writer *w, const struct daybook_draft *draft, struct daybook_error *err)
{
    uint32_t ledger = w->last_seq == 0 ? w->entry.events[0].event.ordinal : 1;
    struct entry_event *added = entry_add_event(&w->entry, DAYBOOK_LEDGER_KEY_CHANGED, ledger);
    if (!added)
        return no_memory(err);
    added->event.occurred_on = occurred_on(w, draft);
    added->data.old_key = draft->code;
    added->data.new_key = draft->name;
    return 0;
}

static int not_by_itself(struct daybook_error *err)
{
    return daybook_fail(err, DAYBOOK_BAD_VALUE, "Events of this type cannot be recorded by themselves.");
}

static int prepare_erasure(struct writer *w, const struct daybook_draft *draft, struct daybook_error *err)
{
    enum { THE_LEDGER = 1 };
    struct entry_event *added = entry_add_event(&w->entry, draft->type, THE_LEDGER);
    if (!added)
        return no_memory(err);
    added->event.occurred_on = occurred_on(w, draft);
    added->data.category = draft->category;
    added->data.target = draft->target;
    return resolve_personal(w, draft->reason, &added->data.reason, err);
}

static int prepare_register_event(struct writer *w, const struct daybook_draft *draft, struct daybook_error *err)
{
    switch (draft->type) {
    case DAYBOOK_CUSTOMER_RENAMED:
        return prepare_rename(w, draft, DAYBOOK_CUSTOMER, err);
    case DAYBOOK_PRODUCT_RENAMED:
        return prepare_rename(w, draft, DAYBOOK_PRODUCT, err);
    case DAYBOOK_CUSTOMER_MERGED:
        return prepare_merge(w, draft, err);
    case DAYBOOK_FIELD_DEFINED:
        return prepare_field(w, draft, err);
    case DAYBOOK_LEDGER_KEY_CHANGED:
        return prepare_key_change(w, draft, err);
    case DAYBOOK_PERSONAL_DATA_ERASED:
        return w->erases ? prepare_erasure(w, draft, err) : not_by_itself(err);
    default:
        return not_by_itself(err);
    }
}

/* ---- the entry */

static int open_log(struct writer *w, struct daybook_error *err)
{
    uint32_t fresh = entry_add_subject(&w->entry, DAYBOOK_LEDGER);
    struct entry_event *added = fresh ? entry_add_event(&w->entry, DAYBOOK_LEDGER_OPENED, fresh) : NULL;
    if (!added)
        return no_memory(err);
    const struct daybook *ledger = w->ledger;
    added->event.occurred_on = w->today;
    added->data.identity = (struct daybook_text){ledger->id, strlen(ledger->id)};
    added->data.timezone = (struct daybook_text){ledger->timezone, strlen(ledger->timezone)};
    added->data.numbers = (struct daybook_text){ledger->numbers, strlen(ledger->numbers)};
    return 0;
}

static int prepare_frame(struct writer *w, const struct daybook_entry *request, struct daybook_error *err)
{
    int rc = w->last_seq == 0 ? open_log(w, err) : 0;
    if (!rc)
        rc = resolve_actor(w, request->actor, &w->entry.actor, err);
    if (!rc)
        rc = resolve_via(w, request->via, request->via_kind, &w->entry.via, err);
    if (!rc && request->source)
        rc = resolve_source(w, request->source, &w->entry.source, err);
    return rc;
}

/* Which order the draft names: its ordinal, ENTRY_NEW | n for one that is to be, or 0 for none. */
static int find_order(struct writer *w, const struct daybook_draft *draft, struct daybook_text *ret_no, uint32_t *ret,
                      struct daybook_error *err)
{
    *ret_no = DAYBOOK_TEXT_NONE;
    *ret = 0;
    uint32_t subject = schema_by_wire(draft->type)->subject;
    if (application_is_draft(draft))
        subject = application_subject(w, draft->type);
    if (subject != DAYBOOK_ORDER || !draft->order_no.ptr)
        return 0;
    int rc = resolve_order(w, draft->order_no, ret_no, ret, err);
    if (!rc && ret_no->len > DAYBOOK_ORDER_NO_MAX)
        rc = daybook_fail(err, DAYBOOK_TOO_LARGE, "An order number has at most %d bytes.", DAYBOOK_ORDER_NO_MAX);
    if (!rc && *ret == 0 && draft->type != DAYBOOK_ORDER_CREATED)
        rc = daybook_fail(err, DAYBOOK_NOT_FOUND, "There is no order %.*s.", (int)ret_no->len, ret_no->ptr);
    return rc;
}

static uint64_t key_hash(struct daybook_text key)
{
    uint8_t hash[32];
    uint64_t value;
    sha256_pair(key.ptr, key.len, "", 0, hash);
    memcpy(&value, hash, sizeof value);
    return value;
}

/* Load the order's history. Under a key that was used before (*ret_repeated), only what was there before that entry:
 * the request is then decided as it was the first time, and compared. */
static int load_order(struct writer *w, const struct daybook_entry *request, uint32_t order, uint64_t *ret_repeated,
                      struct daybook_error *err)
{
    bool known = order && !(order & ENTRY_NEW);
    w->chain.count = 0;
    int rc = known ? chain_load(&w->chain, w->log, DAYBOOK_ORDER, order, UINT64_MAX, err) : 0;
    if (!rc && w->entry.has_key)
        rc = repeat_find(w, w->entry.key, ret_repeated, err);
    if (!rc && *ret_repeated)
        w->chain.count = known ? chain_find(&w->chain, *ret_repeated) : 0;
    else if (!rc && request->expect_version && request->expect_version != w->chain.count)
        rc = daybook_fail(err, DAYBOOK_VERSION_CONFLICT,
                          "The order is at version %zu, not %u: someone changed it. Look at it again and repeat.",
                          w->chain.count, request->expect_version);
    return rc ? rc : fold_state(w, err);
}

static int prepare_events(struct writer *w, const struct daybook_entry *request, uint32_t order,
                          struct daybook_text order_no, struct daybook_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < request->draft_count && !rc; i++) {
        const struct daybook_draft *draft = &request->drafts[i];
        const struct schema_type *schema = schema_by_wire(draft->type);
        if (!schema)
            return daybook_fail(err, DAYBOOK_BAD_VALUE, "There is no event type %u.", draft->type);
        if (application_is_draft(draft)) {
            rc = application_prepare(w, draft, order, occurred_on(w, draft), err);
            continue;
        }
        if (schema->subject != DAYBOOK_ORDER) {
            rc = prepare_register_event(w, draft, err);
            continue;
        }
        if (draft->type == DAYBOOK_ORDER_CREATED && order == 0) {
            order = entry_add_subject(&w->entry, DAYBOOK_ORDER);
            if (order == 0)
                return no_memory(err);
            if (order_no.ptr)
                rc = entry_add_name(&w->entry, (struct entry_name){DAYBOOK_ORDER, order, false, order_no}, err);
        }
        if (!rc)
            rc = prepare_order_event(w, order, draft, order_no, request, i + 1 < request->draft_count, err);
    }
    w->entry.about = 0;
    while (w->entry.about < w->entry.event_count && w->entry.events[w->entry.about].event.kind != DAYBOOK_ORDER)
        w->entry.about++;
    return rc;
}

/* What decide did not see: registers, and the days on which events occurred. */
static int validate_events(const struct writer *w, struct daybook_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < w->entry.event_count && !rc; i++) {
        const struct entry_event *added = &w->entry.events[i];
        int32_t day = added->event.occurred_on;
        if (day != DAYBOOK_DAY_NONE && (day < DAYBOOK_DAY_MIN || day > DAYBOOK_DAY_MAX))
            return daybook_fail(err, DAYBOOK_BAD_VALUE, "The day on which it happened is outside the years 1 to 9999.");
        if (added->event.kind != DAYBOOK_ORDER)
            rc = data_validate(schema_by_wire(added->event.type), &added->data, err);
    }
    return rc;
}

int prepare_entry(struct writer *w, const struct daybook_entry *request, struct daybook_result *result,
                  struct daybook_error *err)
{
    uint32_t order = 0;
    uint64_t repeated = 0;
    struct daybook_text order_no;
    entry_reset(&w->entry);
    if (request->draft_count == 0 || !schema_by_wire(request->drafts[0].type))
        return daybook_fail(err, DAYBOOK_BAD_VALUE, "An entry needs an event of a known type.");
    int rc = prepare_frame(w, request, err);
    size_t frame = w->entry.event_count;
    if (!rc)
        rc = application_begin_entry(w, request, err);
    if (!rc)
        rc = find_order(w, application_first(request), &order_no, &order, err);
    if (!rc && order_no.ptr) { /* not longer than DAYBOOK_ORDER_NO_MAX */
        memcpy(result->order_no, order_no.ptr, order_no.len);
        result->order_no[order_no.len] = '\0';
    }
    if (!rc && request->key.ptr) {
        w->entry.has_key = true;
        w->entry.key = key_hash(request->key);
        w->entry.key_in_table = !order_no.ptr;
    }
    if (!rc)
        rc = load_order(w, request, order, &repeated, err);
    uint64_t last_seq_seen = w->chain.count ? w->chain.links[w->chain.count - 1].event.seq : 0;
    if (!rc)
        rc = prepare_events(w, request, order, order_no, err);
    if (!rc)
        rc = validate_events(w, err);
    if (!rc && w->entry.event_count == frame) { /* types that are registered already: nothing is new */
        entry_reset(&w->entry);
        return 0;
    }
    if (repeated) {
        rc = rc ? daybook_fail(err, DAYBOOK_KEY_REUSED,
                               "This key was used before, for something else. Use a new key for a new request.")
                : repeat_compare(w, repeated, result, err);
        entry_reset(&w->entry);
        return rc;
    }
    w->entry.key_event = w->entry.about < w->entry.event_count ? w->entry.about : w->entry.event_count - 1;
    w->entry.expect_order = order && !(order & ENTRY_NEW) ? order : 0;
    w->entry.expect_last_seq = last_seq_seen;
    return rc;
}
