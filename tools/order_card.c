/* An order as a person reads it: what it is, its dates, its lines, what was noted, who touched it last. */
#include "tools/order_card.h"

#include "ledger/date.h"
#include "ledger/text.h"
#include "tools/order_json.h"

#include <stdio.h>
#include <string.h>

enum {
    LOCAL_TIME_SIZE = sizeof "2026-01-05 08:00",
    REMARK_WIDTH_MAX = 60, /* columns; what is longer is cut: the card is for reading, JSON for the whole */
};

const char *order_status_label(const struct context *ctx, enum workflow_status status)
{
    static const char *const chinese[STATUS_COUNT] = {
        [STATUS_PENDING] = "待处理",  [STATUS_PROCESSING] = "处理中", [STATUS_IN_PRODUCTION] = "生产中",
        [STATUS_SHIPPED] = "已发货",  [STATUS_DELIVERED] = "已送达",  [STATUS_CANCELLED] = "已取消",
        [STATUS_RETURNED] = "已退货", [STATUS_ON_HOLD] = "已暂停",
    };
    return ctx->language == LANGUAGE_ZH ? chinese[status] : workflow_statuses[status].name;
}

/* "2026-01-05 08:00" where the ledger is. */
static void local_time(const struct session *s, int64_t instant_us, char out[LOCAL_TIME_SIZE])
{
    char text[DAYBOOK_INSTANT_TEXT_SIZE];
    instant_format(instant_us + zone_offset_s(ledger_zone(s->ledger), instant_us) * (int64_t)1000000, text);
    memcpy(out, text, LOCAL_TIME_SIZE - 1);
    out[10] = ' ';
    out[LOCAL_TIME_SIZE - 1] = '\0';
}

/* A pair of the card; a row without a value is left out. */
static int put(struct session *s, const char *title, struct cell value, const char *remark)
{
    if (value.kind == CELL_NULL)
        return 0;
    return output_row(&s->ctx->output,
                      (struct cell[]){cell_toned(cell_string(title), TONE_FAINT), value, cell_string(remark)},
                      &s->ctx->error);
}

static int begin_pairs(struct session *s)
{
    static const struct column columns[] = {
        {"title", NULL, NULL, COLUMN_KEY}, {"value", NULL, NULL, COLUMN_TEXT}, {"remark", NULL, NULL, COLUMN_TEXT}};
    return output_begin(&s->ctx->output, NULL, columns, 3, &s->ctx->error);
}

static int put_header(struct session *s)
{
    const struct context *ctx = s->ctx;
    const struct order_state *state = &s->reader.state;
    struct daybook_text customer = DAYBOOK_TEXT_NONE;
    char remark[100] = "";
    int64_t days = 0;
    enum tone tone = TONE_PLAIN;
    if (order_overdue_days(state, s->question_day, &days)) {
        snprintf(remark, sizeof remark, say(ctx, "%lld d overdue", "已逾期 %lld 天"), (long long)days);
        tone = TONE_BAD;
    } else if (order_late_days(state, &days)) {
        snprintf(remark, sizeof remark,
                 days > 0 ? say(ctx, "%lld d late", "迟到 %lld 天")
                          : say(ctx, "%lld d before the promise", "比承诺提前 %lld 天"),
                 (long long)(days > 0 ? days : -days));
        tone = days > 0 ? TONE_WARNING : TONE_GOOD;
    }
    int rc = registers_name(s->registers, DAYBOOK_CUSTOMER, state->customer, &customer, &s->ctx->error);
    if (!rc)
        rc = put(s, say(ctx, "Order", "订单号"), cell_text(state->order_no), "");
    if (!rc)
        rc = put(s, say(ctx, "Status", "状态"), cell_toned(cell_string(order_status_label(ctx, state->status)), tone),
                 remark);
    if (!rc)
        rc = put(s, say(ctx, "Customer", "客户"), cell_text(customer), "");
    if (!rc)
        rc = put(s, say(ctx, "Their reference", "客户单号"), cell_text(state->customer_ref), "");
    bool urgent = text_equals(state->priority, DAYBOOK_TEXT("urgent"));
    return rc || !urgent ? rc
                         : put(s, say(ctx, "Priority", "优先级"),
                               cell_toned(cell_string(say(ctx, "urgent", "加急")), TONE_WARNING), "");
}

static int put_dates(struct session *s)
{
    const struct context *ctx = s->ctx;
    const struct order_state *state = &s->reader.state;
    char first[DAYBOOK_DAY_TEXT_SIZE] = "", promise[60] = "";
    if (state->first_expected_on != state->expected_on) {
        date_format(state->first_expected_on, first);
        snprintf(promise, sizeof promise, say(ctx, "first %s", "最初 %s"), first);
    }
    const struct {
        const char *title;
        int32_t day;
        const char *remark;
    } rows[] = {
        {say(ctx, "Ordered", "下单日期"), state->ordered_on, ""},
        {say(ctx, "Wished for", "要求交期"), state->requested_on, ""},
        {say(ctx, "Promised", "承诺交期"), state->expected_on, promise},
        {say(ctx, "Shipped", "发货日期"), state->shipped_on, ""},
        {say(ctx, "Delivered", "送达日期"), state->delivered_on, ""},
        {say(ctx, "Cancelled", "取消日期"), state->cancelled_on, ""},
    };
    int rc = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows && !rc; i++)
        rc = put(s, rows[i].title, cell_day(rows[i].day), rows[i].remark);
    if (!rc)
        rc = put(s, say(ctx, "Carrier", "承运商"), cell_text(state->carrier), "");
    return rc ? rc : put(s, say(ctx, "Tracking", "运单号"), cell_text(state->tracking), "");
}

static int put_own(struct session *s, const char *before, const struct order_own *own, size_t count)
{
    int rc = 0;
    for (size_t i = 0; i < count && !rc; i++) {
        char scratch[DAYBOOK_DECIMAL_TEXT_SIZE], title[400];
        struct register_field field = {0};
        struct daybook_text text = DAYBOOK_TEXT_NONE;
        rc = registers_field(s->registers, own[i].value.field, &field, &s->ctx->error);
        if (!rc)
            rc = order_own_text(s->snapshot, &own[i], scratch, &text, &s->ctx->error);
        snprintf(title, sizeof title, "%s%.*s", before, (int)text_prefix_of_width(field.name, REMARK_WIDTH_MAX),
                 field.name.ptr);
        if (!rc)
            rc = put(s, title, text.ptr ? cell_text(text) : cell_string(say(s->ctx, "(erased)", "（已删除）")), "");
    }
    return rc;
}

/* Who recorded an event, and when: "2026-01-05 08:00", "li.lei (wang@desk3)". */
static int put_who(struct session *s, const char *title, const struct daybook_event *event)
{
    struct daybook_text actor = DAYBOOK_TEXT_NONE, via = DAYBOOK_TEXT_NONE;
    char when[LOCAL_TIME_SIZE], who[800];
    int rc = registers_who(s->registers, event, &actor, &via, &s->ctx->error);
    if (rc)
        return rc;
    local_time(s, event->recorded_us, when);
    snprintf(who, sizeof who, "%.*s (%.*s)", (int)text_prefix_of_width(actor, REMARK_WIDTH_MAX), actor.ptr,
             (int)text_prefix_of_width(via, REMARK_WIDTH_MAX), via.ptr);
    return put(s, title, cell_string(when), who);
}

static int put_pairs(struct session *s)
{
    const struct chain *chain = &s->reader.chain;
    const struct order_state *state = &s->reader.state;
    int rc = begin_pairs(s);
    if (!rc)
        rc = put_header(s);
    if (!rc)
        rc = put_dates(s);
    if (!rc)
        rc = put_own(s, "", state->own, state->own_count);
    for (size_t i = 0; i < state->line_count && !rc; i++) {
        char before[20];
        snprintf(before, sizeof before, "#%u ", state->lines[i].line);
        rc = put_own(s, before, state->lines[i].own, state->lines[i].own_count);
    }
    size_t created = 0; /* an order that was taken back may have been created again */
    while (created + 1 < chain->count && chain->links[created].event.recorded_us != state->created_us)
        created++;
    if (!rc)
        rc = put_who(s, say(s->ctx, "Created", "创建"), &chain->links[created].event);
    if (!rc)
        rc = put_who(s, say(s->ctx, "Last change", "最后修改"), &chain->links[chain->count - 1].event);
    return rc ? rc : output_end(&s->ctx->output, NULL, &s->ctx->error);
}

static int put_lines(struct session *s)
{
    static const struct column columns[] = {
        {"line", "Line", "行", COLUMN_NUMBER},         {"code", "Code", "产品代码", COLUMN_KEY},
        {"name", "Name", "名称", COLUMN_TEXT},         {"quantity", "Quantity", "数量", COLUMN_NUMBER},
        {"unit", "Unit", "单位", COLUMN_KEY},          {"expected_on", "Promised", "承诺交期", COLUMN_KEY},
        {"shipped", "Shipped", "已发", COLUMN_NUMBER}, {"delivered", "Delivered", "已达", COLUMN_NUMBER},
    };
    struct output *out = &s->ctx->output;
    const struct order_state *state = &s->reader.state;
    if (state->line_count == 0)
        return 0;
    int rc = output_print(out, &s->ctx->error, "%s", "");
    if (!rc)
        rc = output_begin(out, NULL, columns, sizeof columns / sizeof *columns, &s->ctx->error);
    for (size_t i = 0; i < state->line_count && !rc; i++) {
        const struct order_line *line = &state->lines[i];
        struct register_product product = {0};
        rc = registers_product(s->registers, line->product, &product, &s->ctx->error);
        if (!rc)
            rc = output_row(out,
                            (struct cell[]){cell_integer(line->line), cell_text(product.code),
                                            cell_text(line->name.ptr ? line->name : product.name),
                                            cell_quantity(line->quantity), cell_text(line->unit),
                                            cell_day(line->expected_on), cell_quantity(line->shipped),
                                            cell_quantity(line->delivered)},
                            &s->ctx->error);
    }
    return rc ? rc : output_end(out, NULL, &s->ctx->error);
}

static int put_note(struct session *s, const struct order_note *note)
{
    struct daybook_text text = DAYBOOK_TEXT_NONE, actor = DAYBOOK_TEXT_NONE;
    char when[LOCAL_TIME_SIZE];
    int rc = order_note_text(s->snapshot, note->seq, &text, &s->ctx->error);
    if (!rc)
        rc = registers_name(s->registers, DAYBOOK_ACTOR, note->actor, &actor, &s->ctx->error);
    if (rc)
        return rc;
    local_time(s, note->recorded_us, when);
    struct cell said =
        text.ptr ? cell_text(text) : cell_toned(cell_string(say(s->ctx, "(erased)", "（已删除）")), TONE_FAINT);
    return output_row(&s->ctx->output,
                      (struct cell[]){cell_integer((int64_t)note->seq), cell_string(when), cell_text(actor),
                                      cell_text(note->category), said},
                      &s->ctx->error);
}

static int put_notes(struct session *s)
{
    static const struct column columns[] = {
        {"seq", "Note", "备注", COLUMN_NUMBER}, {"recorded_at", "When", "时间", COLUMN_KEY},
        {"actor", "Who", "操作人", COLUMN_KEY}, {"kind", "Kind", "类别", COLUMN_KEY},
        {"text", "Text", "内容", COLUMN_TEXT},
    };
    const struct order_state *state = &s->reader.state;
    size_t next = 0;
    while (next < state->note_count && state->notes[next].retracted)
        next++;
    if (next == state->note_count)
        return 0;
    int rc = output_print(&s->ctx->output, &s->ctx->error, "%s", "");
    if (!rc)
        rc = output_begin(&s->ctx->output, NULL, columns, sizeof columns / sizeof *columns, &s->ctx->error);
    for (; next < state->note_count && !rc; next++)
        if (!state->notes[next].retracted)
            rc = put_note(s, &state->notes[next]);
    return rc ? rc : output_end(&s->ctx->output, NULL, &s->ctx->error);
}

int order_card(struct session *session)
{
    int rc = put_pairs(session);
    if (!rc)
        rc = put_lines(session);
    return rc ? rc : put_notes(session);
}
