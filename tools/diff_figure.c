/* `diff A B --figure NAME`: what moved a figure. */
#include "tools/diff_figure.h"

#include <string.h>

#include "projections/bridge.h"
#include "tools/event_json.h"
#include "tools/order_json.h"
#include "tools/words.h"

/* For people the running figure stands beside each order: from the first moment's to the second's, line by line. */
static const struct column columns[] = {
    {"order_no", "Order", "订单号", COLUMN_KEY},
    {"from", "From", "原为", COLUMN_KEY},
    {"to", "To", "现为", COLUMN_KEY},
    {"counted", "+/-", "增减", COLUMN_NUMBER},
    {"measured", "of +/-", "基数增减", COLUMN_NUMBER},
    {"figure_after", "Then", "累计", COLUMN_NUMBER},
    {"seq", "Event", "序号", COLUMN_NUMBER},
    {"type", "What", "事件", COLUMN_KEY},
    {"actor", "Who", "操作人", COLUMN_KEY},
    {"reason", "Reason", "原因", COLUMN_TEXT},
    {"recorded_at", "Recorded", "记录时间", COLUMN_KEY},
};
enum { COLUMNS = sizeof columns / sizeof *columns, FIGURE_TEXT_SIZE = 80, NARROW_COLUMNS = 130 };

/* On a narrow terminal there is no room for when it was recorded, which comes last. */
static size_t column_count(const struct context *ctx)
{
    bool narrow = ctx->format == OUTPUT_TABLE && ctx->output.width && ctx->output.width < NARROW_COLUMNS;
    return narrow ? COLUMNS - 1 : COLUMNS;
}

struct printer {
    struct session *session;
    const struct bridge_figure *figure;
    struct bridge_count running;
};

bool diff_figure_options_given(const struct context *ctx)
{
    static const char *const names[] = {"--since", "--until", "--promise", "--milestone", "--tolerance", "--calendar"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (context_given(ctx, names[i]))
            return true;
    return false;
}

static int no_memory(struct session *s)
{
    return daybook_fail(&s->ctx->error, DAYBOOK_NO_MEMORY, "Out of memory for what moved a figure.");
}

json_t *diff_moment_json(struct session *s, uint64_t seq)
{
    struct tree_hash root;
    char hex[2 * TREE_HASH_SIZE + 1];
    if (daybook_root(s->snapshot, seq, root.bytes, NULL))
        return NULL;
    tree_hash_hex(&root, hex);
    return json_pack("{s:I,s:s}", "seq", (json_int_t)seq, "root", hex);
}

/* ---- JSON */

/* Into `object`: "on_time":…, and for a rate "measured":…. */
static bool put_counts(const struct printer *p, json_t *object, struct bridge_count count)
{
    return !json_object_set_new(object, p->figure->counted, json_integer(count.counted)) &&
           (!p->figure->is_rate || !json_object_set_new(object, "measured", json_integer(count.measured)));
}

static bool put_rate(const struct printer *p, json_t *object, const char *name, struct bridge_count count)
{
    return !p->figure->is_rate || !json_object_set_new(object, name, stats_json_ratio(count.counted, count.measured));
}

static json_t *figure_json(struct printer *p, uint64_t seq, struct bridge_count count)
{
    json_t *object = diff_moment_json(p->session, seq);
    if (object && put_counts(p, object, count) && put_rate(p, object, "rate", count))
        return object;
    json_decref(object);
    return NULL;
}

/* The difference of two rates is one of its own: b/d - a/c, in one fraction. */
static json_t *difference_json(struct printer *p, struct bridge_count from, struct bridge_count to)
{
    struct bridge_count rate = {to.counted * from.measured - from.counted * to.measured, to.measured * from.measured};
    json_t *object = json_object();
    if (object &&
        put_counts(p, object, (struct bridge_count){to.counted - from.counted, to.measured - from.measured}) &&
        put_rate(p, object, "rate", rate))
        return object;
    json_decref(object);
    return NULL;
}

static int print_json(struct printer *p, const struct bridge_order *order)
{
    struct session *s = p->session;
    json_t *events = json_array();
    for (size_t i = 0; i < order->event_count; i++) {
        const struct bridge_event *it = &order->events[i];
        char scratch[EVENT_TYPE_NAME_SIZE];
        json_array_append_new(
            events, json_pack("{s:I,s:s,s:o,s:o,s:o,s:o}", "seq", (json_int_t)it->event->seq, "type",
                              event_type_name(s->registers, it->event, scratch), "actor", json_of_text(it->actor),
                              "recorded_at", json_of_instant(it->event->recorded_us), "occurred_on",
                              json_of_day(it->event->occurred_on), "reason", json_of_text(it->reason)));
    }
    bool whole = json_array_size(events) == order->event_count;
    json_t *object = json_pack("{s:o,s:s?,s:s?,s:o}", "order_no", json_of_text(order->order_no), "from", order->from,
                               "to", order->to, "events", events);
    if (whole && object && put_counts(p, object, order->adds) && put_rate(p, object, "rate_after", p->running))
        return output_object(&s->ctx->output, object, &s->ctx->error);
    json_decref(object);
    return no_memory(s);
}

/* ---- tables and CSV */

static const char *class_word(const struct printer *p, const char *class)
{
    static const struct {
        const char *name, *english, *chinese;
    } words[] = {
        {"on-time", "on time", "准时"},     {"late", "late", "延迟"},
        {"early", "early", "过早"},         {"undated", "undated", "日期不明"},
        {"open", "open", "未结"},           {"cancelled", "cancelled", "已取消"},
        {"returned", "returned", "已退货"}, {"no-promise", "no promise", "无承诺"},
        {"outside", "outside", "不在期间"},
    };
    const struct context *ctx = p->session->ctx;
    if (ctx->format != OUTPUT_TABLE)
        return class;
    for (size_t i = 0; class && i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].name, class) == 0)
            return say(ctx, words[i].english, words[i].chinese);
    return say(ctx, "(none)", "（无）");
}

/* "772 / 809 = 95.4%" for people, the rate alone for programs; or just the number. */
static const char *figure_text(const struct printer *p, struct bridge_count count, char out[FIGURE_TEXT_SIZE])
{
    char digits[FIGURES_RATIO_SIZE] = "", percent[STATS_RATIO_TEXT_SIZE] = "";
    bool has_rate = figures_ratio(count.counted, count.measured, digits);
    stats_percent_cell(count.counted, count.measured, percent);
    if (!p->figure->is_rate)
        snprintf(out, FIGURE_TEXT_SIZE, "%lld", (long long)count.counted);
    else if (p->session->ctx->format != OUTPUT_TABLE)
        snprintf(out, FIGURE_TEXT_SIZE, "%s", digits);
    else
        snprintf(out, FIGURE_TEXT_SIZE, "%lld / %lld%s%s", (long long)count.counted, (long long)count.measured,
                 has_rate ? " = " : "", percent);
    return out;
}

static const char *signed_text(int64_t number, char out[FIGURE_TEXT_SIZE])
{
    snprintf(out, FIGURE_TEXT_SIZE, number ? "%+lld" : "%lld", (long long)number);
    return out;
}

struct texts {
    char counted[FIGURE_TEXT_SIZE], measured[FIGURE_TEXT_SIZE], figure[FIGURE_TEXT_SIZE];
};

/* What moved, signed for people; what a plain count is not a part of stays empty. */
static void put_adds(const struct printer *p, struct cell cells[COLUMNS], struct bridge_count adds, struct texts *texts)
{
    bool table = p->session->ctx->format == OUTPUT_TABLE;
    cells[3] = table ? cell_string(signed_text(adds.counted, texts->counted)) : cell_integer(adds.counted);
    if (p->figure->is_rate)
        cells[4] = table ? cell_string(signed_text(adds.measured, texts->measured)) : cell_integer(adds.measured);
}

/* A row an event; what is said of the order stands in the first. */
static int print_rows(struct printer *p, const struct bridge_order *order)
{
    struct session *s = p->session;
    bool table = s->ctx->format == OUTPUT_TABLE;
    int rc = 0;
    for (size_t i = 0; i < order->event_count && !rc; i++) {
        const struct bridge_event *it = &order->events[i];
        char recorded[SESSION_TIME_SIZE], scratch[EVENT_TYPE_NAME_SIZE];
        const char *type = event_type_name(s->registers, it->event, scratch);
        struct texts texts;
        struct cell cells[COLUMNS] = {[0] = table && i ? cell_null() : cell_text(order->order_no)};
        if (i == 0) {
            cells[1] = cell_string(class_word(p, order->from));
            cells[2] = cell_string(class_word(p, order->to));
            put_adds(p, cells, order->adds, &texts);
            cells[5] = cell_string(figure_text(p, p->running, texts.figure));
        }
        session_local_time(s, it->event->recorded_us, recorded);
        cells[6] = cell_integer((int64_t)it->event->seq);
        cells[7] = cell_string(table ? word_of_type(s->ctx, type) : type);
        cells[8] = cell_text(it->actor);
        cells[9] = cell_text(it->reason);
        cells[10] = table ? cell_string(recorded) : cell_instant(it->event->recorded_us);
        rc = output_row(&s->ctx->output, cells, &s->ctx->error);
    }
    return rc;
}

static int print_order(void *context, const struct bridge_order *order, struct daybook_error *err)
{
    struct printer *p = context;
    (void)err; /* it is the context's own */
    p->running.counted += order->adds.counted;
    p->running.measured += order->adds.measured;
    return output_wants_json(&p->session->ctx->output) ? print_json(p, order) : print_rows(p, order);
}

static int print_moment(struct printer *p, uint64_t seq, struct bridge_count count)
{
    struct context *ctx = p->session->ctx;
    char text[FIGURE_TEXT_SIZE];
    figure_text(p, count, text);
    return output_print(&ctx->output, &ctx->error, say(ctx, "%s as of event %llu: %s", "%s，截至第 %llu 条记录：%s"),
                        p->figure->name, (unsigned long long)seq, text);
}

static int print_difference(struct printer *p, struct bridge_count from, struct bridge_count to)
{
    struct context *ctx = p->session->ctx;
    struct texts texts;
    struct cell cells[COLUMNS] = {[0] = cell_string(say(ctx, "Difference", "差异"))};
    put_adds(p, cells, (struct bridge_count){to.counted - from.counted, to.measured - from.measured}, &texts);
    return output_row(&ctx->output, cells, &ctx->error);
}

/* ---- the answer */

static const struct bridge_figure *find_figure(const struct context *ctx)
{
    const struct bridge_figure *figure = bridge_figures;
    while (strcmp(figure->name, context_string(ctx, "--figure")) != 0)
        figure++;
    return figure;
}

static int print_bridge(struct printer *p, struct bridge *bridge, struct diff_span span)
{
    struct context *ctx = p->session->ctx;
    struct bridge_count from = bridge_from(bridge), to = bridge_to(bridge);
    bool table = ctx->format == OUTPUT_TABLE;
    json_t *rest = NULL;
    p->running = from;
    int rc = table ? print_moment(p, span.from, from) : 0;
    if (!rc)
        rc = output_begin(&ctx->output, "orders", columns, column_count(ctx), &ctx->error);
    if (!rc)
        rc = bridge_each(bridge, print_order, p, &ctx->error);
    if (!rc && table)
        rc = print_difference(p, from, to);
    if (!rc && ctx->format == OUTPUT_JSON &&
        !(rest = json_pack("{s:s,s:o,s:o,s:o}", "figure", p->figure->name, "from", figure_json(p, span.from, from),
                           "to", figure_json(p, span.to, to), "difference", difference_json(p, from, to))))
        rc = no_memory(p->session);
    if (!rc)
        rc = output_end(&ctx->output, rest, &ctx->error);
    return rc || !table ? rc : print_moment(p, span.to, to);
}

int diff_figure(struct stats *stats, struct diff_span span)
{
    struct session *s = &stats->session;
    struct bridge *bridge = NULL;
    struct printer printer = {.session = s, .figure = find_figure(s->ctx)};
    int rc = stats_read_params(stats);
    if (!rc)
        rc = bridge_new(s->snapshot, s->registers, printer.figure, &stats->params, span, &bridge, &s->ctx->error);
    if (!rc)
        rc = print_bridge(&printer, bridge, span);
    bridge_free(bridge);
    return rc;
}
