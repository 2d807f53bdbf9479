/* What all `stats` commands share. */
#include "tools/stats.h"

#include <stdlib.h>
#include <string.h>

#include "tools/stats_groups.h"
#include "tools/stats_orders.h"

static const char *const promise_names[] = {
    [PROMISE_LATEST] = "latest", [PROMISE_FIRST] = "first", [PROMISE_REQUESTED] = "requested"};
static const char *const milestone_names[] = {[MILESTONE_DELIVERED] = "delivered", [MILESTONE_SHIPPED] = "shipped"};
static const char *const calendar_names[] = {"days", "workdays"};

/* Monday to Friday. */
static const struct calendar working_week = {NULL, 0};

struct answer {
    struct stats *stats;
    struct grouping *grouping;
    void *total;
    struct group **groups;
    size_t group_count;
};

static int no_memory(struct stats *stats)
{
    return daybook_fail(&stats->session.ctx->error, DAYBOOK_NO_MEMORY, "Out of memory for figures.");
}

/* ---- what is asked for */

/* The index of the choice that was made; 0, the usual one, when none was. */
static size_t choice(const struct context *ctx, const char *option, const char *const names[], size_t count)
{
    const char *given = context_string(ctx, option);
    for (size_t i = 0; given && i < count; i++)
        if (strcmp(names[i], given) == 0)
            return i;
    return 0;
}

/* "2,5": days early and late that still are on time. */
static int read_tolerance(struct context *ctx, struct figures_params *params)
{
    enum { DAYS_MAX = 36500 };
    const char *text = context_string(ctx, "--tolerance");
    unsigned long days[2] = {0, 0};
    if (!text)
        return 0;
    bool good = true;
    for (int i = 0; i < 2 && good; i++) {
        char *end = NULL;
        good = *text >= '0' && *text <= '9';
        days[i] = strtoul(text, &end, 10);
        good = good && days[i] <= DAYS_MAX && *end == (i == 0 ? ',' : '\0');
        text = end + (i == 0 && good);
    }
    if (!good)
        return daybook_fail(&ctx->error, DAYBOOK_USAGE,
                            say(ctx, "--tolerance: two numbers of days, early and late, as in 2,5; up to %d.",
                                "--tolerance：提前与延后的天数，如 2,5；最大 %d。"),
                            DAYS_MAX);
    params->has_tolerance = true;
    params->tolerance_early = (int32_t)days[0];
    params->tolerance_late = (int32_t)days[1];
    return 0;
}

int stats_read_params(struct stats *stats)
{
    struct context *ctx = stats->session.ctx;
    struct figures_params *params = &stats->params;
    *params = (struct figures_params){.question_day = stats->session.question_day};
    params->milestone = (enum figures_milestone)choice(ctx, "--milestone", milestone_names, 2);
    params->calendar = choice(ctx, "--calendar", calendar_names, 2) ? &working_week : NULL;
    int rc = session_day(&stats->session, "--since", &params->since);
    if (!rc)
        rc = session_day(&stats->session, "--until", &params->until);
    if (rc || !stats->kind->judges_promises)
        return rc;
    params->promise = (enum figures_promise)choice(ctx, "--promise", promise_names, 3);
    return read_tolerance(ctx, params);
}

/* The figure that groups are sorted by; NULL: by their key. */
static int find_sort(struct stats *stats, const struct stats_figure **ret)
{
    struct context *ctx = stats->session.ctx;
    const char *name = context_string(ctx, "--sort");
    *ret = NULL;
    for (size_t i = 0; name && i < stats->kind->figure_count; i++)
        if (stats->kind->figures[i].style != STATS_LIST && strcmp(stats->kind->figures[i].name, name) == 0)
            *ret = &stats->kind->figures[i];
    if (*ret || !name || strcmp(name, "key") == 0)
        return 0;
    return daybook_fail(&ctx->error, DAYBOOK_USAGE,
                        say(ctx, "--sort: \"%.100s\" is neither \"key\" nor a figure of this answer, such as \"%s\".",
                            "--sort：“%.100s”既不是 key，也不是本结果的指标（例如 %s）。"),
                        name, stats->kind->figures[0].name);
}

/* ---- one figure of an accumulator */

struct ratio {
    int64_t numerator, denominator; /* denominator 0: null; never negative */
};

static int64_t int64_at(const void *accumulator, size_t offset)
{
    int64_t number;
    memcpy(&number, (const char *)accumulator + offset, sizeof number);
    return number;
}

static struct ratio value_of(const struct stats_figure *figure, const void *accumulator)
{
    int32_t days;
    switch (figure->style) {
    case STATS_COUNT:
        return (struct ratio){int64_at(accumulator, figure->value), 1};
    case STATS_RATE:
    case STATS_MEAN:
        return (struct ratio){int64_at(accumulator, figure->value), int64_at(accumulator, figure->of)};
    case STATS_DAYS:
        memcpy(&days, (const char *)accumulator + figure->value, sizeof days);
        return (struct ratio){days, int64_at(accumulator, figure->of) != 0};
    case STATS_LIST:
        break;
    }
    return (struct ratio){0, 0};
}

/* Largest first, null last. */
static int compare_ratios(struct ratio a, struct ratio b)
{
    if (!a.denominator || !b.denominator)
        return (a.denominator == 0) - (b.denominator == 0);
    __int128 left = (__int128)a.numerator * b.denominator, right = (__int128)b.numerator * a.denominator;
    return (left < right) - (left > right);
}

static double real_of(struct ratio ratio)
{
    char digits[FIGURES_RATIO_SIZE];
    return figures_ratio(ratio.numerator, ratio.denominator, digits) ? strtod(digits, NULL) : 0;
}

json_t *stats_json_ratio(int64_t numerator, int64_t denominator)
{
    return denominator ? json_real(real_of((struct ratio){numerator, denominator})) : json_null();
}

struct cell stats_percent_cell(int64_t numerator, int64_t denominator, char scratch[STATS_RATIO_TEXT_SIZE])
{
    if (denominator == 0)
        return cell_null();
    snprintf(scratch, STATS_RATIO_TEXT_SIZE, "%.1f%%", 100 * (double)numerator / (double)denominator);
    return cell_string(scratch);
}

static bool is_asked_for(const struct stats *stats, const struct stats_figure *figure)
{
    return !figure->needs_tolerance || stats->params.has_tolerance;
}

/* For people (rounded) or for CSV. */
static struct cell cell_of(const struct stats_figure *figure, const void *accumulator, bool for_people,
                           char scratch[STATS_RATIO_TEXT_SIZE])
{
    struct ratio value = value_of(figure, accumulator);
    if (value.denominator == 0)
        return cell_null();
    if (figure->style == STATS_COUNT || figure->style == STATS_DAYS)
        return cell_integer(value.numerator);
    if (!for_people)
        return cell_real(real_of(value));
    if (figure->style == STATS_RATE)
        return stats_percent_cell(value.numerator, value.denominator, scratch);
    snprintf(scratch, STATS_RATIO_TEXT_SIZE, "%.1f", (double)value.numerator / (double)value.denominator);
    return cell_string(scratch);
}

static int json_of(struct stats *stats, const struct stats_figure *figure, void *accumulator, json_t **ret)
{
    struct ratio value = value_of(figure, accumulator);
    if (figure->style == STATS_LIST)
        return stats->kind->list(stats, accumulator, figure->name, ret);
    if (figure->style == STATS_RATE || figure->style == STATS_MEAN)
        *ret = stats_json_ratio(value.numerator, value.denominator);
    else
        *ret = value.denominator ? json_integer(value.numerator) : json_null();
    return *ret ? 0 : no_memory(stats);
}

/* ---- JSON */

/* Set "a.b" as the member "b" of the object "a", which is made when it is not there. Takes `value`. */
static bool set_member(json_t *object, const char *name, json_t *value)
{
    const char *dot = strchr(name, '.');
    if (!dot)
        return json_object_set_new(object, name, value) == 0;
    size_t len = (size_t)(dot - name);
    json_t *inner = json_object_getn(object, name, len);
    if (!inner && json_object_setn_new(object, name, len, inner = json_object())) {
        json_decref(value);
        return false;
    }
    return json_object_set_new(inner, dot + 1, value) == 0;
}

static int put_figures(struct stats *stats, void *accumulator, json_t *object)
{
    int rc = 0;
    for (size_t i = 0; i < stats->kind->figure_count && !rc; i++) {
        const struct stats_figure *figure = &stats->kind->figures[i];
        json_t *value = NULL;
        if (!is_asked_for(stats, figure))
            continue;
        rc = json_of(stats, figure, accumulator, &value);
        if (!rc && !set_member(object, figure->name, value))
            rc = no_memory(stats);
    }
    return rc;
}

static int make_group(struct answer *a, const struct group *group, json_t **ret)
{
    json_t *object = json_object(), *by = json_object();
    int rc = json_object_set_new(object, "by", by) ? no_memory(a->stats) : 0; /* takes `by` even where it fails */
    for (size_t i = 0; i < grouping_part_count(a->grouping) && !rc; i++) {
        struct daybook_text key = group->parts[i];
        if (json_object_set_new(by, grouping_part_name(a->grouping, i),
                                key.ptr ? json_stringn(key.ptr, key.len) : json_null()))
            rc = no_memory(a->stats);
    }
    if (!rc)
        rc = put_figures(a->stats, group->accumulator, object);
    if (rc)
        json_decref(object);
    else
        *ret = object;
    return rc;
}

static int put_groups(struct answer *a, json_t *document)
{
    json_t *groups = json_array();
    int rc = json_object_set_new(document, "groups", groups) ? no_memory(a->stats) : 0;
    for (size_t i = 0; i < a->group_count && !rc; i++) {
        json_t *group = NULL;
        rc = make_group(a, a->groups[i], &group);
        if (!rc && json_array_append_new(groups, group))
            rc = no_memory(a->stats);
    }
    return rc;
}

static int write_json(struct answer *a)
{
    struct stats *stats = a->stats;
    struct context *ctx = stats->session.ctx;
    const char *hint = stats->kind->hint ? stats->kind->hint(stats, a->total) : NULL;
    json_t *document = json_object();
    int rc = document ? 0 : no_memory(stats);
    if (!rc && stats->kind->judges_promises &&
        json_object_set_new(document, "promise", json_string(promise_names[stats->params.promise])))
        rc = no_memory(stats);
    if (!rc && (json_object_set_new(document, "milestone", json_string(milestone_names[stats->params.milestone])) ||
                json_object_set_new(document, "calendar", json_string(calendar_names[stats->params.calendar != NULL]))))
        rc = no_memory(stats);
    if (!rc)
        rc = put_figures(stats, a->total, document);
    if (!rc)
        rc = put_groups(a, document);
    if (!rc && ((hint && json_object_set_new(document, "hint", json_string(hint))) ||
                json_object_set_new(document, "basis", session_basis(&stats->session, &delays_projection))))
        rc = no_memory(stats);
    if (!rc)
        return output_document(&ctx->output, document, &ctx->error);
    json_decref(document);
    return rc;
}

/* ---- tables and CSV */

/* The figures as lines of an answer without groups. */
static int print_alone(struct answer *a)
{
    static const struct column columns[] = {{"figure", NULL, NULL, COLUMN_KEY}, {"value", NULL, NULL, COLUMN_NUMBER}};
    struct context *ctx = a->stats->session.ctx;
    const struct stats_kind *kind = a->stats->kind;
    int rc = output_begin(&ctx->output, NULL, columns, 2, &ctx->error);
    for (size_t i = 0; i < kind->figure_count && !rc; i++) {
        const struct stats_figure *figure = &kind->figures[i];
        char scratch[STATS_RATIO_TEXT_SIZE];
        if (figure->shown == STATS_HIDDEN || !is_asked_for(a->stats, figure))
            continue;
        rc = output_row(&ctx->output,
                        (struct cell[]){cell_string(say(ctx, figure->title_en, figure->title_zh)),
                                        cell_of(figure, a->total, true, scratch)},
                        &ctx->error);
    }
    if (!rc)
        rc = output_end(&ctx->output, NULL, &ctx->error);
    return rc || !kind->print_lists ? rc : kind->print_lists(a->stats, a->total);
}

enum { COLUMNS_MAX = 64 };

/* The figures that are columns: a few for people, all for programs. */
static size_t pick_figures(const struct stats *stats, bool for_people, const struct stats_figure *ret[COLUMNS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < stats->kind->figure_count; i++) {
        const struct stats_figure *figure = &stats->kind->figures[i];
        bool wanted = for_people ? figure->shown == STATS_ALWAYS : figure->style != STATS_LIST;
        if (wanted && is_asked_for(stats, figure))
            ret[count++] = figure;
    }
    return count;
}

/* `group` NULL: the row of all orders. */
static int print_row(struct answer *a, const struct group *group, const struct stats_figure *const figures[],
                     size_t figure_count, bool for_people)
{
    struct context *ctx = a->stats->session.ctx;
    struct cell cells[COLUMNS_MAX + GROUP_PARTS_MAX];
    char scratch[COLUMNS_MAX][STATS_RATIO_TEXT_SIZE];
    size_t part_count = grouping_part_count(a->grouping);
    for (size_t i = 0; i < part_count; i++) {
        cells[i] = group ? cell_text(group->parts[i]) : cell_null();
        if (group && !group->parts[i].ptr && for_people)
            cells[i] = cell_toned(cell_string(say(ctx, "(none)", "（无）")), TONE_FAINT);
    }
    if (!group && part_count)
        cells[0] = cell_string(say(ctx, "Total", "合计"));
    for (size_t i = 0; i < figure_count; i++)
        cells[part_count + i] = cell_of(figures[i], group ? group->accumulator : a->total, for_people, scratch[i]);
    return output_row(&ctx->output, cells, &ctx->error);
}

/* A row for each group; the sum of all below them for people, or where there are no groups. */
static int print_groups(struct answer *a, bool for_people)
{
    struct context *ctx = a->stats->session.ctx;
    const struct stats_figure *figures[COLUMNS_MAX];
    struct column columns[COLUMNS_MAX + GROUP_PARTS_MAX];
    size_t part_count = grouping_part_count(a->grouping);
    size_t figure_count = pick_figures(a->stats, for_people, figures);
    for (size_t i = 0; i < part_count; i++) {
        const char *title = grouping_part_title(a->grouping, i);
        columns[i] = (struct column){grouping_part_name(a->grouping, i), title, title, COLUMN_TEXT};
    }
    for (size_t i = 0; i < figure_count; i++)
        columns[part_count + i] =
            (struct column){figures[i]->name, figures[i]->title_en, figures[i]->title_zh, COLUMN_NUMBER};
    int rc = output_begin(&ctx->output, NULL, columns, part_count + figure_count, &ctx->error);
    for (size_t i = 0; i < a->group_count && !rc; i++)
        rc = print_row(a, a->groups[i], figures, figure_count, for_people);
    if (!rc && (for_people || part_count == 0))
        rc = print_row(a, NULL, figures, figure_count, for_people);
    return rc ? rc : output_end(&ctx->output, NULL, &ctx->error);
}

static int write_answer(struct answer *a)
{
    const struct context *ctx = a->stats->session.ctx;
    const char *hint = a->stats->kind->hint ? a->stats->kind->hint(a->stats, a->total) : NULL;
    int rc;
    if (output_wants_json(&ctx->output))
        rc = write_json(a);
    else if (ctx->format == OUTPUT_CSV || grouping_part_count(a->grouping))
        rc = print_groups(a, ctx->format != OUTPUT_CSV);
    else
        rc = print_alone(a);
    if (!rc && hint)
        cli_print_note("%s", hint);
    return rc;
}

/* ---- the walk */

static int add_to(void *context, void *accumulator, const struct order_facts *facts)
{
    struct stats *stats = context;
    return stats->kind->add(stats, accumulator, facts);
}

static int visit_order(void *context, const struct order_facts *facts, const struct delays_labels *labels,
                       struct daybook_error *err)
{
    struct answer *a = context;
    struct stats *stats = a->stats;
    (void)err; /* the context's own */
    if (!figures_selected(facts, &stats->params))
        return 0;
    int rc = stats->kind->look ? stats->kind->look(stats, facts) : 0;
    if (rc || !stats->kind->concerns(stats, facts))
        return rc;
    rc = stats->kind->add(stats, a->total, facts);
    return rc ? rc : grouping_count(a->grouping, facts, labels, add_to, stats);
}

struct ranked {
    struct ratio value;
    size_t place; /* by key */
    struct group *group;
};

static int by_value(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    int order = compare_ratios(x->value, y->value);
    return order ? order : (x->place > y->place) - (x->place < y->place);
}

static int sort_groups(struct answer *a, const struct stats_figure *figure)
{
    struct ranked *ranked = calloc(a->group_count + 1, sizeof *ranked);
    if (!ranked)
        return no_memory(a->stats);
    for (size_t i = 0; i < a->group_count; i++)
        ranked[i] = (struct ranked){value_of(figure, a->groups[i]->accumulator), i, a->groups[i]};
    qsort(ranked, a->group_count, sizeof *ranked, by_value);
    for (size_t i = 0; i < a->group_count; i++)
        a->groups[i] = ranked[i].group;
    free(ranked);
    return 0;
}

static int settle(struct answer *a)
{
    struct stats *stats = a->stats;
    a->groups = grouping_sorted(a->grouping, &a->group_count);
    int rc = 0;
    if (!stats->kind->settle)
        return 0;
    for (size_t i = 0; i < a->group_count && !rc; i++)
        rc = stats->kind->settle(stats, a->groups[i]->accumulator);
    return rc ? rc : stats->kind->settle(stats, a->total);
}

static int answer_figures(struct stats *stats, struct daybook_view *view)
{
    struct session *s = &stats->session;
    const struct stats_kind *kind = stats->kind;
    struct answer a = {.stats = stats};
    const struct stats_figure *sort = NULL;
    int rc = find_sort(stats, &sort);
    if (!rc)
        rc = grouping_new(s, &stats->params, context_given(s->ctx, "--by"), kind->accumulator_size, kind->release,
                          &a.grouping);
    if (!rc && !(a.total = calloc(1, kind->accumulator_size)))
        rc = no_memory(stats);
    if (!rc)
        rc = delays_each(s->snapshot, view, s->cut, grouping_wants_labels(a.grouping), visit_order, &a, &s->ctx->error);
    if (!rc)
        rc = settle(&a);
    if (!rc && sort)
        rc = sort_groups(&a, sort);
    if (!rc)
        rc = write_answer(&a);
    grouping_free(a.grouping);
    if (a.total && kind->release)
        kind->release(a.total);
    free(a.total);
    return rc;
}

int stats_run(struct context *ctx, const struct stats_kind *kind, void *own)
{
    struct stats stats = {.kind = kind, .own = own};
    struct daybook_view *view = NULL;
    int rc = session_open(&stats.session, ctx);
    if (!rc)
        rc = session_read(&stats.session);
    if (!rc)
        rc = stats_read_params(&stats);
    if (!rc)
        rc = session_view(&stats.session, &delays_projection, &view);
    if (!rc)
        rc = context_flag(ctx, "--orders") ? stats_write_orders(&stats, view) : answer_figures(&stats, view);
    daybook_view_close(view);
    session_close(&stats.session);
    return rc;
}
