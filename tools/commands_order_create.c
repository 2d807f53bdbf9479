/* A new order. */
#include "tools/commands_order.h"
#include "tools/order_request.h"

enum {
    EVENT_LINES_SIZE = 30000, /* bytes of lines in one event: half of what it holds, the other half is for the rest */
    LINE_SIZE = 40,           /* at most, without its texts */
};

const struct option create_options[] = {
    {"--customer", ARGUMENT_TEXT, "NAME", NULL, true, false, "who orders", "客户"},
    {"--item", ARGUMENT_ITEM, "CODE:QTY[UNIT][:NAME]", NULL, true, true, "what is ordered, one for each line",
     "产品，每行一个"},
    {"--expected", ARGUMENT_DATE, "DATE", NULL, false, false, "the promised day of delivery", "承诺交期"},
    {"--requested", ARGUMENT_DATE, "DATE", NULL, false, false, "the customer's wish", "客户要求的交期"},
    {"--ordered", ARGUMENT_DATE, "DATE", NULL, false, false, "the day it was ordered on; today unless said",
     "下单日期；默认为今天"},
    {"--number", ARGUMENT_TEXT, "NO", NULL, false, false, "a number of your own", "自定订单号"},
    {"--ref", ARGUMENT_TEXT, "NUMBER", NULL, false, false, "the customer's own number", "客户单号"},
    {"--note", ARGUMENT_TEXT, "TEXT", NULL, false, false, "a note that belongs to it", "附加备注"},
    {"--field", ARGUMENT_PAIR, "NAME=VALUE", NULL, false, true, "an own field", "自定义字段"},
    {OPTION_KEY},
    {0},
};

/* Is the field among those that were given? Names are compared as the ledger compares them. */
static int is_given(struct order_request *r, uint32_t field, bool *ret)
{
    *ret = false;
    for (size_t i = 0; i < r->drafts[0].field_count && !*ret; i++) {
        uint32_t ordinal = 0;
        int rc = daybook_find(r->session.snapshot, DAYBOOK_FIELD, r->fields[i].name, &ordinal, &r->session.ctx->error);
        if (rc)
            return rc;
        *ret = ordinal == field;
    }
    return 0;
}

static int check_required(struct order_request *r)
{
    struct session *s = &r->session;
    uint32_t count = 0;
    int rc = registers_count(s->registers, DAYBOOK_FIELD, &count, &s->ctx->error);
    for (uint32_t field = 1; field <= count && !rc; field++) {
        struct register_field definition = {0};
        bool given = true;
        rc = registers_field(s->registers, field, &definition, &s->ctx->error);
        if (!rc && definition.is_required)
            rc = is_given(r, field, &given);
        if (!rc && !given)
            rc = daybook_fail(&s->ctx->error, DAYBOOK_BAD_VALUE,
                              say(s->ctx, "Every order needs the field \"%.*s\": --field %.*s=VALUE.",
                                  "每个订单都必须填写字段“%.*s”：--field %.*s=值。"),
                              (int)definition.name.len, definition.name.ptr, (int)definition.name.len,
                              definition.name.ptr);
    }
    return rc;
}

/* An own field without a value says nothing in a new order. */
static void drop_cleared(struct order_request *r)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->drafts[0].field_count; i++)
        if (r->fields[i].value.ptr)
            r->fields[kept++] = r->fields[i];
    r->drafts[0].field_count = kept;
}

/* What one event cannot hold goes on in amendments of the same entry; a number says that a line is a new one. */
static int split_items(struct order_request *r)
{
    struct daybook_draft *event = &r->drafts[0];
    size_t total = event->item_count, first = 0, size = 0;
    for (size_t i = 0; i < total; i++) {
        struct daybook_draft_item *item = &r->items[i];
        size_t item_size = LINE_SIZE + item->unit.len + item->name.len;
        item->line = (uint32_t)i + 1;
        if (size + item_size > EVENT_LINES_SIZE && i > first) {
            event->item_count = i - first;
            event = order_request_add(r, DAYBOOK_ORDER_AMENDED);
            if (!event)
                return daybook_fail(&r->session.ctx->error, DAYBOOK_NO_MEMORY, "Out of memory for a command.");
            event->items = item;
            first = i;
            size = 0;
        }
        size += item_size;
    }
    event->item_count = total - first;
    return 0;
}

/* An order that is entered late was created when it was ordered: what the business says of the day counts. */
static void occur_when_ordered(struct order_request *r)
{
    for (size_t i = 0; i < r->draft_count && r->drafts[0].ordered_on != DAYBOOK_DAY_NONE; i++) {
        r->drafts[i].occurred = DAYBOOK_OCCURRED_ON;
        r->drafts[i].occurred_on = r->drafts[0].ordered_on;
    }
}

int run_create(struct context *ctx)
{
    struct order_request request = {0};
    int rc = order_request_begin(&request, ctx);
    if (!rc)
        rc = order_request_read(&request, DAYBOOK_ORDER_CREATED);
    if (!rc) {
        drop_cleared(&request);
        rc = check_required(&request);
    }
    if (!rc)
        rc = split_items(&request);
    occur_when_ordered(&request);
    for (size_t i = 0; i < request.draft_count; i++)
        request.drafts[i].order_no = context_text(ctx, "--number");
    if (!rc)
        rc = order_request_send(&request);
    if (!rc && ctx->output.format == OUTPUT_TABLE)
        rc = output_print(&ctx->output, &ctx->error, "%s", request.result.order_no);
    else if (!rc)
        rc = order_request_answer(&request, "");
    order_request_end(&request);
    return rc;
}
