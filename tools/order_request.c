/* One entry about an order. Which option fills which field stands in one table, whatever the command. */
#include "tools/order_request.h"

#include "ledger/text.h"
#include "tools/order_card.h"
#include "tools/order_json.h"

#include <stdlib.h>
#include <string.h>

static const struct option *find_option(const struct context *ctx, const char *name)
{
    for (const struct option *option = ctx->command->options; option && option->name; option++)
        if (strcmp(option->name, name) == 0)
            return option;
    return NULL;
}

/* ---- words to drafts */

enum value_kind { VALUE_TEXT, VALUE_DAY, VALUE_LIST };

/* An option or argument, the field of the schema that it fills, and where a draft keeps it. */
static const struct value {
    const char *name, *field;
    enum value_kind kind;
    size_t offset;
} values[] = {
    {"--customer", "customer", VALUE_TEXT, offsetof(struct daybook_draft, customer)},
    {"--ref", "customer_ref", VALUE_TEXT, offsetof(struct daybook_draft, customer_ref)},
    {"--carrier", "carrier", VALUE_TEXT, offsetof(struct daybook_draft, carrier)},
    {"--tracking", "tracking", VALUE_TEXT, offsetof(struct daybook_draft, tracking)},
    {"--text", "text", VALUE_TEXT, offsetof(struct daybook_draft, text)},
    {"TEXT", "text", VALUE_TEXT, offsetof(struct daybook_draft, text)},
    {"--kind", "kind", VALUE_TEXT, offsetof(struct daybook_draft, category)},
    {"LEVEL", "priority", VALUE_TEXT, offsetof(struct daybook_draft, category)},
    {"--ordered", "ordered_on", VALUE_DAY, offsetof(struct daybook_draft, ordered_on)},
    {"--expected", "expected_on", VALUE_DAY, offsetof(struct daybook_draft, expected_on)},
    {"DATE", "expected_on", VALUE_DAY, offsetof(struct daybook_draft, expected_on)},
    {"--requested", "requested_on", VALUE_DAY, offsetof(struct daybook_draft, requested_on)},
    {"--item", "items", VALUE_LIST, 0},
    {"--field", "fields", VALUE_LIST, 0},
};
enum { VALUE_COUNT = sizeof values / sizeof *values };

static int refuse_blank(struct context *ctx, const char *name, struct daybook_text text)
{
    if (!text.ptr || text_trim(text).len)
        return 0;
    return daybook_fail(&ctx->error, DAYBOOK_USAGE, say(ctx, "%s is empty.", "%s 为空。"), name);
}

static int read_value(struct order_request *r, const struct value *value, struct daybook_draft *draft)
{
    struct context *ctx = r->session.ctx;
    char *member = (char *)draft + value->offset;
    const struct given *given = context_given_if(ctx, value->name);
    if (!given || value->kind == VALUE_LIST)
        return 0;
    if (value->kind == VALUE_DAY)
        return session_day(&r->session, value->name, (int32_t *)(void *)member);
    *(struct daybook_text *)(void *)member = given->text;
    return refuse_blank(ctx, value->name, given->text);
}

static size_t count_given(const struct given *list)
{
    size_t count = 0;
    for (; list; list = list->next)
        count++;
    return count;
}

static int no_memory(struct context *ctx)
{
    return daybook_fail(&ctx->error, DAYBOOK_NO_MEMORY, "Out of memory for a command.");
}

static bool has_line_of(const struct order_state *state, uint32_t product)
{
    for (size_t i = 0; i < state->line_count; i++)
        if (state->lines[i].product == product)
            return true;
    return false;
}

/* CODE or CODE#LINE: a product of that very code, "#2" and all, comes first. */
static int read_part(struct order_request *r, const struct item_part *part, struct daybook_draft_item *item)
{
    struct session *s = &r->session;
    const struct order_line *line = order_find_line(&s->reader.state, part->line);
    uint32_t product = 0;
    item->quantity = part->quantity;
    int rc = daybook_find(s->snapshot, DAYBOOK_PRODUCT, part->whole, &product, &s->ctx->error);
    if (rc)
        return rc;
    if (part->line == 0 || (product && has_line_of(&s->reader.state, product))) {
        item->code = part->whole;
        return 0;
    }
    item->line = part->line;
    if (!line || part->code.len == 0)
        return 0; /* that there is no such line says the ledger */
    rc = daybook_find(s->snapshot, DAYBOOK_PRODUCT, part->code, &product, &s->ctx->error);
    if (!rc && line->product != product)
        rc = daybook_fail(&s->ctx->error, DAYBOOK_NOT_FOUND,
                          say(s->ctx, "Line %u of this order is not %.*s.", "该订单第 %u 行不是 %.*s。"), part->line,
                          (int)text_prefix_of_width(part->code, 60), part->code.ptr);
    return rc;
}

static int read_item(struct order_request *r, enum argument_kind kind, const struct given *given,
                     struct daybook_draft_item *item)
{
    *item = (struct daybook_draft_item){.has_quantity = true, .expected_on = DAYBOOK_DAY_NONE};
    if (kind == ARGUMENT_ITEM_PART)
        return read_part(r, &given->item_part, item);
    if (kind == ARGUMENT_ITEM_CHANGE) {
        item->unit = given->item_change.unit;
        item->name = given->item_change.name;
        return read_part(r, &given->item_change.part, item);
    }
    item->code = given->item.code;
    item->name = given->item.name;
    item->unit = given->item.unit;
    item->quantity = given->item.quantity;
    return 0;
}

static int read_items(struct order_request *r, struct daybook_draft *draft)
{
    const struct option *option = find_option(r->session.ctx, "--item");
    const struct given *list = option ? context_given(r->session.ctx, "--item") : NULL;
    int rc = 0;
    if (!list)
        return 0;
    r->items = calloc(count_given(list), sizeof *r->items);
    if (!r->items)
        return no_memory(r->session.ctx);
    for (const struct given *given = list; given && !rc; given = given->next)
        rc = read_item(r, option->kind, given, &r->items[draft->item_count++]);
    draft->items = r->items;
    return rc;
}

/* K=V; an empty V clears the field. A mistyped name must not become a field of its own. */
static int read_field(struct order_request *r, const struct pair *pair, struct daybook_draft_field *field)
{
    struct session *s = &r->session;
    struct register_field definition = {0};
    uint32_t ordinal = 0;
    int name_len = (int)text_prefix_of_width(pair->key, 60);
    int rc = daybook_find(s->snapshot, DAYBOOK_FIELD, pair->key, &ordinal, &s->ctx->error);
    if (!rc && ordinal == 0)
        return daybook_fail(
            &s->ctx->error, DAYBOOK_NOT_FOUND,
            say(s->ctx,
                "There is no field \"%.*s\". `daybook field list` shows the fields; `daybook field "
                "add %.*s --kind text` makes one.",
                "没有字段“%.*s”。`daybook field list` 列出字段；`daybook field add %.*s --kind text` 可新增。"),
            name_len, pair->key.ptr, name_len, pair->key.ptr);
    if (!rc)
        rc = registers_field(s->registers, ordinal, &definition, &s->ctx->error);
    if (!rc && definition.is_required && text_trim(pair->value).len == 0)
        rc =
            daybook_fail(&s->ctx->error, DAYBOOK_BAD_VALUE,
                         say(s->ctx, "Field \"%.*s\" is required; it cannot be empty.", "字段“%.*s”为必填，不能为空。"),
                         name_len, pair->key.ptr);
    *field = (struct daybook_draft_field){pair->key, pair->value.len ? pair->value : DAYBOOK_TEXT_NONE};
    return rc;
}

static int read_fields(struct order_request *r, struct daybook_draft *draft)
{
    const struct given *list = context_given_if(r->session.ctx, "--field");
    int rc = 0;
    if (!list)
        return 0;
    r->fields = calloc(count_given(list), sizeof *r->fields);
    if (!r->fields)
        return no_memory(r->session.ctx);
    for (const struct given *given = list; given && !rc; given = given->next)
        rc = read_field(r, &given->pair, &r->fields[draft->field_count++]);
    draft->fields = r->fields;
    return rc;
}

static int read_occurred(struct order_request *r, struct daybook_draft *draft)
{
    const struct given *on = context_given_if(r->session.ctx, "--on");
    if (!on)
        return 0;
    draft->occurred = on->when.kind == WHEN_UNKNOWN ? DAYBOOK_OCCURRED_UNKNOWN : DAYBOOK_OCCURRED_ON;
    return session_day(&r->session, "--on", &draft->occurred_on);
}

/* Of the same day: the entry is repeated as a whole under its key. */
struct daybook_draft *order_request_add(struct order_request *r, uint32_t type)
{
    struct daybook_draft *drafts = realloc(r->drafts, (r->draft_count + 1) * sizeof *drafts);
    if (!drafts)
        return NULL;
    r->drafts = drafts;
    struct daybook_draft *added = &drafts[r->draft_count++];
    daybook_draft_init(added, type);
    if (added != drafts) {
        added->order_no = drafts[0].order_no;
        added->occurred = drafts[0].occurred;
        added->occurred_on = drafts[0].occurred_on;
    }
    return added;
}

static int read_note(struct order_request *r)
{
    const struct given *note = context_given_if(r->session.ctx, "--note");
    if (!note)
        return 0;
    struct daybook_draft *draft = order_request_add(r, DAYBOOK_ORDER_NOTE_ADDED);
    if (!draft)
        return no_memory(r->session.ctx);
    draft->text = note->text;
    return refuse_blank(r->session.ctx, "--note", note->text);
}

int order_request_read(struct order_request *r, uint32_t type)
{
    struct context *ctx = r->session.ctx;
    struct daybook_draft *draft = order_request_add(r, type);
    const struct given *no = context_given_if(ctx, "NO"), *expect = context_given_if(ctx, "--expect"),
                       *reason = context_given_if(ctx, "--reason");
    int rc = 0;
    if (!draft)
        return no_memory(ctx);
    if (no)
        draft->order_no = no->text;
    if (reason)
        draft->reason = reason->text;
    if (expect && expect->count == 0)
        return daybook_fail(
            &ctx->error, DAYBOOK_USAGE,
            say(ctx, "--expect takes the version that you saw, 1 or more.", "--expect 应为所见的版本号，至少为 1。"));
    rc = refuse_blank(ctx, "--reason", draft->reason);
    for (size_t i = 0; i < VALUE_COUNT && !rc; i++)
        rc = read_value(r, &values[i], draft);
    if (!rc)
        rc = read_items(r, draft);
    if (!rc)
        rc = read_fields(r, draft);
    if (!rc)
        rc = read_occurred(r, draft);
    return rc ? rc : read_note(r);
}

static bool has_field(const struct schema_type *type, const char *name)
{
    for (size_t i = 0; i < type->field_count; i++)
        if (strcmp(type->fields[i].name, name) == 0)
            return true;
    return false;
}

int order_request_check(const struct order_request *r, const struct schema_type *type, size_t *ret_count)
{
    struct context *ctx = r->session.ctx;
    size_t count = context_given_if(ctx, "--on") ? 1 : 0;
    for (size_t i = 0; i < VALUE_COUNT; i++) {
        if (!context_given_if(ctx, values[i].name))
            continue;
        if (!has_field(type, values[i].field))
            return daybook_fail(&ctx->error, DAYBOOK_USAGE,
                                say(ctx, "%s has no %s: %s does not fit it.", "%s 没有 %s：%s 不适用。"), type->name,
                                values[i].field, values[i].name);
        count++;
    }
    *ret_count = count;
    return 0;
}

/* ---- the entry */

/* An order that was taken back is loaded too: the ledger refuses what does not go, and a repeated key is answered. */
int order_request_begin(struct order_request *r, struct context *ctx)
{
    struct session *s = &r->session;
    int rc = session_open(s, ctx);
    if (!rc)
        rc = session_read(s);
    if (rc || !context_given_if(ctx, "NO"))
        return rc;
    rc = daybook_find(s->snapshot, DAYBOOK_ORDER, context_text(ctx, "NO"), &r->order, &ctx->error);
    if (!rc && r->order == 0)
        return session_order(s, context_text(ctx, "NO"));
    if (!rc)
        rc = order_reader_load(&s->reader, s->snapshot, r->order, s->cut, &ctx->error);
    r->existed = s->reader.state.exists;
    r->before = s->reader.state.status;
    return rc;
}

int order_request_send(struct order_request *r)
{
    struct session *s = &r->session;
    struct daybook_entry entry;
    session_entry(s, r->drafts, r->draft_count, &entry);
    int rc = refuse_blank(s->ctx, "--key", entry.key); /* a script's variable that was not set */
    if (!rc)
        rc = session_append(s, &entry, &r->result);
    if (!rc)
        rc = session_read(s);
    return rc ? rc : order_reader_load(&s->reader, s->snapshot, r->result.order, s->cut, &s->ctx->error);
}

static int answer_json(struct order_request *r)
{
    struct session *s = &r->session;
    const struct order_state *state = &s->reader.state;
    json_t *order = NULL;
    int rc = 0;
    if (state->exists)
        rc = order_json(s->snapshot, s->registers, state, s->question_day, &order, &s->ctx->error);
    else
        order = json_pack("{s:s,s:n,s:I,s:I}", "order_no", r->result.order_no, "status", "version",
                          (json_int_t)state->version, "last_seq", (json_int_t)state->last_seq);
    return rc ? rc : output_document(&s->ctx->output, order, &s->ctx->error);
}

static int answer_csv(struct order_request *r)
{
    static const struct column columns[] = {{"order_no", NULL, NULL, COLUMN_KEY},
                                            {"status", NULL, NULL, COLUMN_KEY},
                                            {"version", NULL, NULL, COLUMN_NUMBER},
                                            {"last_seq", NULL, NULL, COLUMN_NUMBER}};
    struct context *ctx = r->session.ctx;
    const struct order_state *state = &r->session.reader.state;
    int rc = output_begin(&ctx->output, NULL, columns, 4, &ctx->error);
    if (!rc)
        rc = output_row(&ctx->output,
                        (struct cell[]){cell_string(r->result.order_no),
                                        cell_string(state->exists ? workflow_statuses[state->status].name : NULL),
                                        cell_integer(state->version), cell_integer((int64_t)state->last_seq)},
                        &ctx->error);
    return rc ? rc : output_end(&ctx->output, NULL, &ctx->error);
}

static int answer_line(struct order_request *r, const char *done)
{
    struct context *ctx = r->session.ctx;
    const struct order_state *state = &r->session.reader.state;
    const char *before = r->existed ? order_status_label(ctx, r->before) : "-";
    const char *after = state->exists ? order_status_label(ctx, state->status) : "-";
    const char *again = r->result.repeated ? say(ctx, " (recorded before under this key)", "（此键已记录过）") : "";
    if (strcmp(before, after) == 0)
        return output_print(&ctx->output, &ctx->error, say(ctx, "%s: %s (%s)%s", "%s：%s（%s）%s"), r->result.order_no,
                            done, after, again);
    return output_print(&ctx->output, &ctx->error, say(ctx, "%s: %s (%s -> %s)%s", "%s：%s（%s → %s）%s"),
                        r->result.order_no, done, before, after, again);
}

int order_request_answer(struct order_request *r, const char *done)
{
    const struct output *output = &r->session.ctx->output;
    if (output_wants_json(output))
        return answer_json(r);
    return output->format == OUTPUT_CSV ? answer_csv(r) : answer_line(r, done);
}

void order_request_end(struct order_request *r)
{
    free(r->drafts);
    free(r->items);
    free(r->fields);
    session_close(&r->session);
}
