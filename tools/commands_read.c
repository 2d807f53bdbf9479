/* Orders on the screen: show, list, today. */
#include <stdlib.h>
#include <string.h>

#include "ledger/date.h"
#include "ledger/decimal.h"
#include "ledger/text.h"
#include "tools/commands.h"
#include "tools/order_card.h"
#include "tools/order_filter.h"
#include "tools/order_json.h"

static const struct column list_columns[] = {
    {"order_no", "Order", "订单号", COLUMN_KEY},
    {"customer", "Customer", "客户", COLUMN_TEXT},
    {"status", "Status", "状态", COLUMN_KEY},
    {"ordered_on", "Ordered", "下单日期", COLUMN_KEY},
    {"expected_on", "Promised", "承诺交期", COLUMN_KEY},
    {"delivered_on", "Delivered", "实际交货", COLUMN_KEY},
    {"days_late", "Days late", "延迟天数", COLUMN_NUMBER},
    {"items", "Items", "产品", COLUMN_TEXT},
};
enum { LIST_COLUMNS = sizeof list_columns / sizeof *list_columns, ITEMS_TEXT_SIZE = 240, NARROW_COLUMNS = 110 };

/* On a narrow terminal there is no room for the items, which come last. */
static size_t list_column_count(const struct context *ctx)
{
    bool narrow = ctx->format == OUTPUT_TABLE && ctx->output.width && ctx->output.width < NARROW_COLUMNS;
    return narrow ? LIST_COLUMNS - 1 : LIST_COLUMNS;
}

/* "P-1 × 10, P-2 × 3": what fits. */
static int items_text(struct session *s, const struct order_state *state, char out[ITEMS_TEXT_SIZE])
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < state->line_count && used < ITEMS_TEXT_SIZE; i++) {
        struct register_product product;
        char quantity[DAYBOOK_DECIMAL_TEXT_SIZE];
        int rc = registers_product(s->registers, state->lines[i].product, &product, &s->ctx->error);
        if (rc)
            return rc;
        struct daybook_text name = state->lines[i].name.ptr ? state->lines[i].name
                                   : product.name.ptr       ? product.name
                                                            : product.code;
        decimal_format(state->lines[i].quantity, quantity);
        int len = snprintf(out + used, ITEMS_TEXT_SIZE - used, "%s%.*s × %s", used ? ", " : "",
                           (int)text_prefix_of_width(name, 40), name.ptr, quantity);
        if (len < 0 || used + (size_t)len >= ITEMS_TEXT_SIZE) {
            out[used] = '\0'; /* a whole item or none */
            break;
        }
        used += (size_t)len;
    }
    return 0;
}

static int list_row(struct session *s, const struct order_state *state)
{
    struct output *out = &s->ctx->output;
    struct daybook_error *err = &s->ctx->error;
    if (output_wants_json(out)) {
        json_t *order = NULL;
        int rc = order_json(s->snapshot, s->registers, state, s->question_day, &order, err);
        return rc ? rc : output_object(out, order, err);
    }
    struct daybook_text customer;
    char items[ITEMS_TEXT_SIZE];
    int64_t days;
    struct cell late = cell_null();
    if (order_late_days(state, &days))
        late = cell_toned(cell_integer(days), days > 0 ? TONE_BAD : TONE_GOOD);
    else if (order_overdue_days(state, s->question_day, &days))
        late = cell_toned(cell_integer(days), TONE_BAD);
    int rc = registers_name(s->registers, DAYBOOK_CUSTOMER, state->customer, &customer, err);
    if (!rc)
        rc = items_text(s, state, items);
    if (rc)
        return rc;
    const char *status = s->ctx->format == OUTPUT_TABLE ? order_status_label(s->ctx, state->status)
                                                        : workflow_statuses[state->status].name;
    const struct cell cells[LIST_COLUMNS] = {cell_text(state->order_no),
                                             cell_text(customer),
                                             cell_string(status),
                                             cell_day(state->ordered_on),
                                             cell_day(state->expected_on),
                                             cell_day(state->delivered_on),
                                             late,
                                             cell_string(items)};
    return output_row(out, cells, err);
}

static int list_orders(struct session *s, const uint32_t *ordinals, size_t count)
{
    int rc = 0;
    for (size_t i = 0; i < count && !rc; i++) {
        rc = order_reader_load(&s->reader, s->snapshot, ordinals[i], s->cut, &s->ctx->error);
        if (!rc)
            rc = list_row(s, &s->reader.state);
    }
    return rc;
}

static enum orders_sort sort_wanted(const struct context *ctx)
{
    const char *name = context_string(ctx, "--sort");
    for (int i = 0; name && i < ORDERS_SORT_COUNT; i++)
        if (strcmp(name, orders_sort_names[i]) == 0)
            return (enum orders_sort)i;
    return ORDERS_BY_NUMBER;
}

static int run_list(struct context *ctx)
{
    struct session s = {0};
    struct orders_found found = {0};
    int rc = session_open(&s, ctx);
    if (!rc)
        rc = session_read(&s);
    if (!rc)
        rc = order_filter_find(&s, sort_wanted(ctx), &found);
    uint64_t limit = context_count(ctx, "--limit", UINT64_MAX);
    size_t shown = found.count < limit ? found.count : (size_t)limit;
    if (!rc)
        rc = output_begin(&ctx->output, "orders", list_columns, list_column_count(ctx), &ctx->error);
    if (!rc)
        rc = list_orders(&s, found.ordinals, shown);
    json_t *basis = rc ? NULL : session_basis(&s, &orders_projection);
    if (!rc)
        rc = output_end(&ctx->output, json_pack("{s:I,s:o?}", "total", (json_int_t)found.count, "basis", basis),
                        &ctx->error);
    if (!rc && ctx->format == OUTPUT_TABLE)
        rc = output_print(&ctx->output, &ctx->error, say(ctx, "%zu of %zu orders", "%zu / 共 %zu 个订单"), shown,
                          found.count);
    orders_found_release(&found);
    session_close(&s);
    return rc;
}

/* A few lines that can be sent on as they are: nothing of what is noted inside the house. */
static int show_for_customer(struct session *s)
{
    const struct order_state *state = &s->reader.state;
    struct context *ctx = s->ctx;
    struct output *out = &ctx->output;
    char items[ITEMS_TEXT_SIZE];
    const struct {
        const char *label;
        int32_t day;
    } days[] = {
        {say(ctx, "Ordered", "下单日期"), state->ordered_on},
        {say(ctx, "Expected delivery", "预计交货"), state->expected_on},
        {say(ctx, "Shipped", "发货日期"), state->shipped_on},
        {say(ctx, "Delivered", "送达日期"), state->delivered_on},
    };
    int rc = items_text(s, state, items);
    if (!rc)
        rc = output_print(out, &ctx->error, say(ctx, "Order %.*s: %s", "订单 %.*s：%s"), (int)state->order_no.len,
                          state->order_no.ptr, order_status_label(ctx, state->status));
    if (!rc && state->customer_ref.ptr)
        rc = output_print(out, &ctx->error, say(ctx, "Your reference: %.*s", "贵司单号：%.*s"),
                          (int)state->customer_ref.len, state->customer_ref.ptr);
    if (!rc && items[0])
        rc = output_print(out, &ctx->error, "%s", items);
    for (size_t i = 0; i < sizeof days / sizeof *days && !rc; i++) {
        char day[DAYBOOK_DAY_TEXT_SIZE];
        if (days[i].day == DAYBOOK_DAY_NONE)
            continue;
        date_format(days[i].day, day);
        rc = output_print(out, &ctx->error, say(ctx, "%s: %s", "%s：%s"), days[i].label, day);
    }
    if (!rc && state->carrier.ptr)
        rc = output_print(out, &ctx->error, say(ctx, "Carrier: %.*s %.*s", "承运：%.*s %.*s"), (int)state->carrier.len,
                          state->carrier.ptr, (int)state->tracking.len, state->tracking.ptr ? state->tracking.ptr : "");
    return rc;
}

static int run_show(struct context *ctx)
{
    struct session s = {0};
    json_t *order = NULL;
    int rc = session_open(&s, ctx);
    if (!rc)
        rc = session_read(&s);
    if (!rc)
        rc = session_order(&s, context_text(ctx, "NO"));
    if (!rc && ctx->format == OUTPUT_TABLE) {
        rc = context_flag(ctx, "--for-customer") ? show_for_customer(&s) : order_card(&s);
    } else if (!rc && output_wants_json(&ctx->output)) {
        rc = order_json(s.snapshot, s.registers, &s.reader.state, s.question_day, &order, &ctx->error);
        if (!rc)
            rc = output_document(&ctx->output, order, &ctx->error);
    } else if (!rc) {
        rc = output_begin(&ctx->output, NULL, list_columns, list_column_count(ctx), &ctx->error);
        if (!rc)
            rc = list_row(&s, &s.reader.state);
        if (!rc)
            rc = output_end(&ctx->output, NULL, &ctx->error);
    }
    session_close(&s);
    return rc;
}

/* ---- today */

enum { TODAY_DAYS = 7, TODAY_LINES = 10 /* of what has no end of its own */, TODAY_SHOWN = 20 };

/* Orders whose promise was moved since a seq: their ordinals, as often as it was. */
struct moved {
    uint32_t *ordinals;
    size_t count, capacity;
};

static int note_moved(void *context, const struct daybook_event *event, struct daybook_error *err)
{
    struct moved *m = context;
    if (event->type != DAYBOOK_ORDER_PROMISE_CHANGED)
        return 0;
    if (m->count == m->capacity) {
        size_t wanted = m->capacity ? m->capacity * 2 : 64;
        uint32_t *bigger = realloc(m->ordinals, wanted * sizeof *bigger);
        if (!bigger)
            return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for a list of orders.");
        m->ordinals = bigger;
        m->capacity = wanted;
    }
    m->ordinals[m->count++] = event->ordinal;
    return 0;
}

static int by_ordinal(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static int find_moved(struct session *s, struct orders_found *ret)
{
    struct moved moved = {0};
    uint64_t seq = 0;
    size_t kept = 0;
    int64_t since_us = s->now_us - (int64_t)TODAY_DAYS * 24 * 3600 * 1000000;
    int rc = daybook_seq_at(s->snapshot, since_us, &seq, &s->ctx->error);
    if (!rc)
        rc = daybook_follow(s->snapshot, seq + 1, note_moved, &moved, &s->ctx->error);
    if (moved.count)
        qsort(moved.ordinals, moved.count, sizeof *moved.ordinals, by_ordinal);
    for (size_t i = 0; i < moved.count; i++)
        if (i == 0 || moved.ordinals[i] != moved.ordinals[i - 1])
            moved.ordinals[kept++] = moved.ordinals[i];
    *ret = (struct orders_found){moved.ordinals, kept};
    return rc;
}

static int find_today(struct session *s, struct daybook_view *view, const struct orders_filter *filter,
                      enum orders_sort sort, struct orders_found *ret)
{
    return orders_find(s->snapshot, view, s->cut, s->registers, filter, sort, ret, &s->ctx->error);
}

/* Open orders that nothing happened to for the longest time. */
static int find_stuck(struct session *s, struct daybook_view *view, struct orders_found *ret)
{
    struct orders_filter open = ORDERS_ALL;
    open.open = true;
    int rc = find_today(s, view, &open, ORDERS_BY_UPDATED, ret);
    if (ret->count > TODAY_LINES)
        ret->count = TODAY_LINES;
    return rc;
}

static int find_new(struct session *s, struct daybook_view *view, struct orders_found *ret)
{
    struct orders_filter all = ORDERS_ALL;
    int64_t since_us = zone_day_start_us(ledger_zone(s->ledger), s->today - 1);
    int rc = find_today(s, view, &all, ORDERS_BY_CREATED, ret);
    size_t first = ret->count;
    while (first > 0 && !rc) {
        rc = order_reader_load(&s->reader, s->snapshot, ret->ordinals[first - 1], s->cut, &s->ctx->error);
        if (rc || s->reader.state.created_us < since_us)
            break;
        first--;
    }
    if (!rc && ret->count > first)
        memmove(ret->ordinals, ret->ordinals + first, (ret->count - first) * sizeof *ret->ordinals);
    ret->count -= first;
    return rc;
}

struct section {
    const char *member, *title;
    struct orders_found found;
};

static int section_json(struct session *s, const struct section *section, json_t *document)
{
    struct context *ctx = s->ctx;
    json_t *list = json_array();
    int rc = 0;
    for (size_t i = 0; i < section->found.count && !rc; i++) {
        json_t *order = NULL;
        rc = order_reader_load(&s->reader, s->snapshot, section->found.ordinals[i], s->cut, &ctx->error);
        if (!rc)
            rc = order_json(s->snapshot, s->registers, &s->reader.state, s->question_day, &order, &ctx->error);
        if (!rc)
            json_array_append_new(list, order);
    }
    json_object_set_new(document, section->member, list);
    return rc;
}

/* A screen shows the first of a long section, and how many more there are. */
static int section_table(struct session *s, const struct section *section)
{
    struct context *ctx = s->ctx;
    size_t shown = section->found.count < TODAY_SHOWN ? section->found.count : TODAY_SHOWN;
    int rc = output_print(&ctx->output, &ctx->error, "%s: %zu", section->title, section->found.count);
    if (!rc && shown)
        rc = output_begin(&ctx->output, NULL, list_columns, list_column_count(ctx), &ctx->error);
    if (!rc && shown)
        rc = list_orders(s, section->found.ordinals, shown);
    if (!rc && shown)
        rc = output_end(&ctx->output, NULL, &ctx->error);
    if (!rc && shown < section->found.count)
        rc = output_print(&ctx->output, &ctx->error, say(ctx, "… and %zu more", "…… 另有 %zu 个"),
                          section->found.count - shown);
    return rc ? rc : output_line(&ctx->output, DAYBOOK_TEXT(""), &ctx->error);
}

/* CSV is one table: which section, which order, what state. */
static int sections_csv(struct session *s, const struct section *sections, size_t count)
{
    static const struct column columns[] = {
        {"section", NULL, NULL, COLUMN_KEY},    {"order_no", NULL, NULL, COLUMN_KEY},
        {"customer", NULL, NULL, COLUMN_TEXT},  {"status", NULL, NULL, COLUMN_KEY},
        {"ordered_on", NULL, NULL, COLUMN_KEY}, {"expected_on", NULL, NULL, COLUMN_KEY},
    };
    struct context *ctx = s->ctx;
    int rc = output_begin(&ctx->output, NULL, columns, sizeof columns / sizeof *columns, &ctx->error);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < sections[i].found.count && !rc; j++) {
            struct daybook_text customer = DAYBOOK_TEXT_NONE;
            const struct order_state *state = &s->reader.state;
            rc = order_reader_load(&s->reader, s->snapshot, sections[i].found.ordinals[j], s->cut, &ctx->error);
            if (!rc)
                rc = registers_name(s->registers, DAYBOOK_CUSTOMER, state->customer, &customer, &ctx->error);
            const struct cell cells[] = {cell_string(sections[i].member),
                                         cell_text(state->order_no),
                                         cell_text(customer),
                                         cell_string(workflow_statuses[state->status].name),
                                         cell_day(state->ordered_on),
                                         cell_day(state->expected_on)};
            if (!rc)
                rc = output_row(&ctx->output, cells, &ctx->error);
        }
    return rc ? rc : output_end(&ctx->output, NULL, &ctx->error);
}

static int show_sections(struct session *s, const struct section *sections, size_t count)
{
    struct context *ctx = s->ctx;
    json_t *document = json_object();
    int rc = 0;
    if (ctx->format == OUTPUT_CSV)
        rc = sections_csv(s, sections, count);
    for (size_t i = 0; i < count && ctx->format != OUTPUT_CSV && !rc; i++)
        rc = output_wants_json(&ctx->output) ? section_json(s, &sections[i], document) : section_table(s, &sections[i]);
    if (!rc && output_wants_json(&ctx->output)) {
        json_object_set_new(document, "basis", session_basis(s, &orders_projection));
        rc = output_document(&ctx->output, json_incref(document), &ctx->error);
    }
    json_decref(document);
    return rc;
}

static int run_today(struct context *ctx)
{
    struct session s = {0};
    struct daybook_view *view = NULL;
    enum { OVERDUE, DUE, MOVED, STUCK, NEW, SECTIONS };
    struct section sections[SECTIONS] = {
        [OVERDUE] = {"overdue", say(ctx, "Overdue", "已逾期"), {0}},
        [DUE] = {"due_this_week", say(ctx, "Due within a week", "一周内到期"), {0}},
        [MOVED] = {"promises_moved", say(ctx, "Promises moved in the last week", "最近一周改期"), {0}},
        [STUCK] = {"stuck", say(ctx, "Open, and untouched for the longest", "最久没有进展"), {0}},
        [NEW] = {"new", say(ctx, "New since yesterday", "昨天以来新增"), {0}},
    };
    int rc = session_open(&s, ctx);
    if (!rc)
        rc = session_read(&s);
    if (!rc)
        rc = session_view(&s, &orders_projection, &view);
    struct orders_filter overdue = ORDERS_ALL, due = ORDERS_ALL;
    overdue.overdue = true;
    overdue.question_day = due.question_day = s.question_day;
    due.due_until = s.question_day + TODAY_DAYS;
    if (!rc)
        rc = find_today(&s, view, &overdue, ORDERS_BY_EXPECTED, &sections[OVERDUE].found);
    if (!rc)
        rc = find_today(&s, view, &due, ORDERS_BY_EXPECTED, &sections[DUE].found);
    if (!rc)
        rc = find_moved(&s, &sections[MOVED].found);
    if (!rc)
        rc = find_stuck(&s, view, &sections[STUCK].found);
    if (!rc)
        rc = find_new(&s, view, &sections[NEW].found);
    if (!rc)
        rc = show_sections(&s, sections, SECTIONS);
    for (size_t i = 0; i < SECTIONS; i++)
        orders_found_release(&sections[i].found);
    daybook_view_close(view);
    session_close(&s);
    return rc;
}

const struct command read_commands[] = {
    {
        .name = "today",
        .group = "orders",
        .summary_en = "What needs a person now: overdue, due soon, promises moved, stuck, new.",
        .summary_zh = "今天要处理的：逾期、即将到期、改期、停滞、新增。",
        .example = "daybook today",
        .ledger_use = LEDGER_READ,
        .run = run_today,
    },
    {
        .name = "show",
        .group = "orders",
        .arguments = (const struct argument[]){{.name = "NO", .kind = ARGUMENT_TEXT, .required = true}, {0}},
        .options =
            (const struct option[]){
                {"--as-of", ARGUMENT_TIME, "TIME", NULL, false, false, "as it was known then", "按当时已知的情况"},
                {"--effective", ARGUMENT_DATE, "DATE", NULL, false, false, "as it was on that day", "按当天的实际情况"},
                {"--for-customer", ARGUMENT_FLAG, NULL, NULL, false, false, "a short text to send to the customer",
                 "发给客户的简短说明"},
                {0}},
        .summary_en = "One order, now or at any past moment.",
        .summary_zh = "查看一个订单（现在或任一历史时刻）。",
        .example = "daybook show SO-000001",
        .ledger_use = LEDGER_READ,
        .run = run_show,
    },
    {
        .name = "list",
        .group = "orders",
        .options =
            (const struct option[]){
                ORDER_FILTER_OPTIONS,
                {"--sort", ARGUMENT_CHOICE, "FIELD",
                 "order_no|customer|status|ordered_on|expected_on|shipped_on|delivered_on|created_at|updated_at", false,
                 false, "by this instead of the number", "排序字段（默认订单号）"},
                {"--limit", ARGUMENT_COUNT, "N", NULL, false, false, "at most so many", "最多列出的条数"},
                {0}},
        .summary_en = "Orders, filtered and sorted.",
        .summary_zh = "列出订单，可筛选和排序。",
        .example = "daybook list --status pending --limit 20",
        .ledger_use = LEDGER_READ,
        .run = run_list,
    },
    {0},
};
