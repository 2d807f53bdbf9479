/* Mistakes are taken back by events of their own: undo for one's own last entry, correct for any one event. */
#include "tools/commands_order.h"
#include "tools/order_request.h"

#include <stdlib.h>

enum { UNDO_ATTEMPTS_MAX = 5 };

const struct option undo_options[] = {
    {"--reason", ARGUMENT_TEXT, "REASON", NULL, false, false, "why", "原因"},
    {OPTION_EXPECT},
    {0},
};

const struct option correct_options[] = {
    {"--reason", ARGUMENT_TEXT, "REASON", NULL, true, false, "why", "原因"},
    {"--void", ARGUMENT_FLAG, NULL, NULL, false, false, "it should not have been recorded at all", "整条撤销"},
    {"--on", ARGUMENT_DATE_OR_UNKNOWN, "DATE", NULL, false, false, "the day that it happened on, or unknown",
     "发生日期，或 unknown"},
    {"--expected", ARGUMENT_DATE, "DATE", NULL, false, false, "the promised day", "承诺交期"},
    {"--requested", ARGUMENT_DATE, "DATE", NULL, false, false, "the customer's wish", "客户要求的交期"},
    {"--ordered", ARGUMENT_DATE, "DATE", NULL, false, false, "the day it was ordered on", "下单日期"},
    {"--customer", ARGUMENT_TEXT, "NAME", NULL, false, false, "who ordered", "客户"},
    {"--ref", ARGUMENT_TEXT, "NUMBER", NULL, false, false, "the customer's own number", "客户单号"},
    {"--carrier", ARGUMENT_TEXT, "CARRIER", NULL, false, false, "who carries it", "承运商"},
    {"--tracking", ARGUMENT_TEXT, "NUMBER", NULL, false, false, "their number", "运单号"},
    {"--item", ARGUMENT_ITEM_CHANGE, "CODE:QTY", NULL, false, true, "all items of that event anew", "该记录的全部产品"},
    {"--field", ARGUMENT_PAIR, "NAME=VALUE", NULL, false, true, "all own fields of that event anew",
     "该记录的全部自定义字段"},
    {"--text", ARGUMENT_TEXT, "TEXT", NULL, false, false, "the text of a note", "备注内容"},
    {"--kind", ARGUMENT_TEXT, "KIND", NULL, false, false, "the kind of a note", "备注类别"},
    {OPTION_KEY},
    {OPTION_EXPECT},
    {0},
};

/* ---- undo */

static bool stands(const struct order_reader *reader, size_t link)
{
    if (reader->chain.links[link].event.type == DAYBOOK_ORDER_EVENT_VOIDED)
        return false;
    for (size_t place = 0; place < reader->chain.count; place++)
        if (reader->places.applied[place] == link)
            return true;
    return false;
}

/* The last entry of which something stands: its links, newest first, into `links`, which holds all of the chain. */
static size_t find_last_entry(const struct order_reader *reader, size_t *links)
{
    size_t count = 0;
    for (size_t i = reader->chain.count; i-- > 0;) {
        int64_t recorded_us = reader->chain.links[i].event.recorded_us;
        if (count && reader->chain.links[links[0]].event.recorded_us != recorded_us)
            break;
        if (stands(reader, i))
            links[count++] = i;
    }
    return count;
}

static int check_mine(struct order_request *r, const struct daybook_event *event)
{
    struct session *s = &r->session;
    struct context *ctx = s->ctx;
    struct daybook_text actor = DAYBOOK_TEXT_NONE;
    uint32_t me = 0;
    int rc = daybook_find(s->snapshot, DAYBOOK_ACTOR, ctx->actor, &me, &ctx->error);
    if (rc || me == event->actor)
        return rc;
    rc = registers_name(s->registers, DAYBOOK_ACTOR, event->actor, &actor, &ctx->error);
    if (rc)
        return rc;
    return daybook_fail(&ctx->error, DAYBOOK_NOT_YOURS,
                        say(ctx,
                            "The last entry is by %.*s, so it is not yours to undo. `daybook correct` takes back a "
                            "single event of anyone, with a reason.",
                            "最后一次记录由 %.*s 所记，不能由您撤销。可用 `daybook correct` 说明原因后更正单条记录。"),
                        (int)actor.len, actor.ptr);
}

/* What the link replaced when it was recorded as a correction; 0 when it was none. */
static int find_replaced(struct order_reader *reader, size_t link, uint64_t *ret_seq, struct daybook_error *err)
{
    struct chain *chain = &reader->chain;
    *ret_seq = 0;
    for (size_t i = 0; i < link; i++) {
        struct daybook_data data;
        const struct daybook_event *event = &chain->links[i].event;
        if (event->type != DAYBOOK_ORDER_EVENT_VOIDED)
            continue;
        int rc = chain_data(chain, i, &chain->scratch, &data, err);
        if (rc)
            return rc;
        if (data.replacement && event->seq + data.replacement == chain->links[link].event.seq)
            *ret_seq = data.target;
    }
    return 0;
}

/* One void for each event, on the order as it was looked at. A correction that is taken back leaves what it had
 * corrected: that is recorded again in its place. */
static int append_voids(struct order_request *r, const size_t *links, size_t count)
{
    struct session *s = &r->session;
    const struct chain *chain = &s->reader.chain;
    struct daybook_entry entry;
    struct daybook_draft as_it_was, *drafts = calloc(count, sizeof *drafts);
    daybook_draft_init(&as_it_was,
                       DAYBOOK_ORDER_EVENT_VOIDED); /* changes nothing; the type is that of what stood there */
    if (!drafts)
        return daybook_fail(&s->ctx->error, DAYBOOK_NO_MEMORY, "Out of memory for a command.");
    for (size_t i = 0; i < count; i++) {
        daybook_draft_init(&drafts[i], DAYBOOK_ORDER_EVENT_VOIDED);
        drafts[i].order_no = context_text(s->ctx, "NO");
        drafts[i].reason = context_text(s->ctx, "--reason");
        drafts[i].target = chain->links[links[i]].event.seq;
        int rc = find_replaced(&s->reader, links[i], &drafts[i].as_in, &s->ctx->error);
        if (rc) {
            free(drafts);
            return rc;
        }
        if (drafts[i].as_in)
            drafts[i].replacement = &as_it_was;
    }
    session_entry(s, drafts, count, &entry);
    if (entry.expect_version == 0)
        entry.expect_version = (uint32_t)chain->count;
    int rc = session_append(s, &entry, &r->result);
    free(drafts);
    return rc;
}

static int undo_last(struct order_request *r)
{
    struct session *s = &r->session;
    size_t *links = calloc(s->reader.chain.count, sizeof *links);
    size_t count = links ? find_last_entry(&s->reader, links) : 0;
    int rc = 0;
    if (!links)
        rc = daybook_fail(&s->ctx->error, DAYBOOK_NO_MEMORY, "Out of memory for a command.");
    else if (count == 0)
        rc = daybook_fail(&s->ctx->error, DAYBOOK_CANNOT_VOID,
                          say(s->ctx, "Nothing of this order is left to undo: all of it was taken back.",
                              "该订单已没有可撤销的记录。"));
    if (!rc)
        rc = check_mine(r, &s->reader.chain.links[links[0]].event);
    if (!rc)
        rc = append_voids(r, links, count);
    free(links);
    return rc;
}

static int look_again(struct order_request *r)
{
    struct session *s = &r->session;
    int rc = session_read(s);
    return rc ? rc : order_reader_load(&s->reader, s->snapshot, r->order, s->cut, &s->ctx->error);
}

int run_undo(struct context *ctx)
{
    struct order_request request = {0};
    int rc = order_request_begin(&request, ctx);
    if (!rc)
        rc = order_request_read(&request, DAYBOOK_ORDER_EVENT_VOIDED);
    if (!rc)
        rc = undo_last(&request);
    /* Someone was faster: the last entry is another one now. */
    for (int i = 1; i < UNDO_ATTEMPTS_MAX && rc == DAYBOOK_VERSION_CONFLICT && !context_given(ctx, "--expect"); i++) {
        rc = look_again(&request);
        if (!rc)
            rc = undo_last(&request);
    }
    if (!rc)
        rc = look_again(&request);
    if (!rc)
        rc = order_request_answer(&request, say(ctx, "undone", "已撤销"));
    order_request_end(&request);
    return rc;
}

/* ---- correct */

/* Does what was said fit the event that it is about? Something must be said, or --void. */
static int check_correction(struct order_request *r, uint64_t seq)
{
    struct context *ctx = r->session.ctx;
    const struct chain *chain = &r->session.reader.chain;
    size_t at = chain_find(chain, seq), count = 0;
    const struct schema_type *type = at < chain->count ? schema_by_wire(chain->links[at].event.type) : NULL;
    int rc = type ? order_request_check(r, type, &count) : 0;
    if (rc || (!type && !context_flag(ctx, "--void")))
        return rc ? rc
                  : daybook_fail(&ctx->error, DAYBOOK_NOT_FOUND,
                                 say(ctx, "Event %llu is none of this order. `daybook history` shows its events.",
                                     "事件 %llu 不属于该订单。`daybook history` 可查看其全部事件。"),
                                 (unsigned long long)seq);
    if (context_flag(ctx, "--void") != (count == 0))
        return daybook_fail(&ctx->error, DAYBOOK_USAGE,
                            say(ctx, "Say either --void or what should have been recorded, such as --on DATE.",
                                "请给出 --void，或给出正确内容，例如 --on DATE。"));
    return 0;
}

int run_correct(struct context *ctx)
{
    struct order_request request = {0};
    struct daybook_draft replacement;
    uint64_t seq = context_given(ctx, "SEQ")->count;
    int rc = order_request_begin(&request, ctx);
    if (!rc)
        rc = check_correction(&request, seq);
    if (!rc)
        rc = order_request_read(&request, DAYBOOK_ORDER_EVENT_VOIDED);
    if (!rc) {
        struct daybook_draft *draft = &request.drafts[0];
        replacement = *draft;
        replacement.reason = DAYBOOK_TEXT_NONE; /* why it is corrected, not why it happened */
        daybook_draft_init(draft, DAYBOOK_ORDER_EVENT_VOIDED);
        draft->order_no = replacement.order_no;
        draft->reason = context_text(ctx, "--reason");
        draft->target = seq;
        draft->replacement = context_flag(ctx, "--void") ? NULL : &replacement;
        rc = order_request_send(&request);
    }
    if (!rc)
        rc = order_request_answer(&request, say(ctx, "corrected", "已更正"));
    order_request_end(&request);
    return rc;
}
