/* What all `stats` commands share: options, the walk over the orders, groups, and answers as JSON, table or CSV.
 *
 * A command is a row of struct stats_kind: how orders are gathered in an accumulator, and which figures the
 * accumulator has in the end. The same rows of figures make the members of the JSON document, the columns of a table
 * of groups, and the lines of an answer without groups. */
#ifndef TOOLS_STATS_H
#define TOOLS_STATS_H

#include "projections/delays.h"
#include "projections/figures.h"
#include "tools/session.h"

#include <jansson.h>

struct stats {
    struct session session;
    struct figures_params params;
    const struct stats_kind *kind;
    void *own; /* what the kind keeps of the order at hand */
};

enum stats_style {
    STATS_COUNT, /* an int64_t */
    STATS_RATE,  /* of two int64_t: a percentage for people */
    STATS_MEAN,  /* of two int64_t, in days */
    STATS_DAYS,  /* an int32_t, null when its int64_t `of` is 0 */
    STATS_LIST,  /* something of the kind's own, in JSON; `list` makes it */
};

/* Where people see it; programs always do. */
enum stats_shown {
    STATS_HIDDEN,
    STATS_ALONE,  /* only where nothing is grouped */
    STATS_ALWAYS, /* also in tables of groups */
};

struct stats_figure {
    const char *name; /* "lateness_days.mean" is the member "mean" of an object */
    const char *title_en, *title_zh;
    enum stats_shown shown;
    enum stats_style style;
    size_t value, of; /* offsets in the accumulator */
    bool needs_tolerance;
};

struct stats_kind {
    const struct stats_figure *figures;
    size_t figure_count;
    size_t accumulator_size; /* all zeros is empty */
    void (*release)(void *accumulator);
    bool judges_promises; /* has --promise and --tolerance */
    /* Before anything else is asked of an order; may be NULL. */
    int (*look)(struct stats *stats, const struct order_facts *facts);
    /* Is the order one that the figures are made of? Others are not added, and make no group. */
    bool (*concerns)(const struct stats *stats, const struct order_facts *facts);
    int (*add)(struct stats *stats, void *accumulator, const struct order_facts *facts);
    /* All orders are in: make the figures; may be NULL. */
    int (*settle)(struct stats *stats, void *accumulator);
    /* For STATS_LIST; may be NULL. */
    int (*list)(struct stats *stats, void *accumulator, const char *name, json_t **ret);
    /* What people see after the figures of an answer without groups; may be NULL. */
    int (*print_lists)(struct stats *stats, void *accumulator);
    /* A sentence that helps to read the answer; NULL when there is nothing to say. May be NULL. */
    const char *(*hint)(const struct stats *stats, const void *accumulator);
};

/* The whole command. */
int stats_run(struct context *ctx, const struct stats_kind *kind, void *own);

/* What the options ask for, into stats->params: --since, --until, --milestone, --calendar, and where the kind judges
 * promises --promise and --tolerance. The session is open and read. */
int stats_read_params(struct stats *stats);

/* numerator / denominator with 6 decimals as JSON; null when the denominator is 0. NULL when out of memory. */
json_t *stats_json_ratio(int64_t numerator, int64_t denominator);
/* For people, with one decimal. */
enum { STATS_RATIO_TEXT_SIZE = 32 };
struct cell stats_percent_cell(int64_t numerator, int64_t denominator, char scratch[STATS_RATIO_TEXT_SIZE]);

/* Options of every kind, for its row in the table of commands. */
#define STATS_OPTIONS                                                                                                  \
    {.name = "--by",                                                                                                   \
     .kind = ARGUMENT_TEXT,                                                                                            \
     .value_name = "WHAT",                                                                                             \
     .repeated = true,                                                                                                 \
     .help_en = "A row for each customer, product, field:NAME, month, ordered-month, actor, carrier or status.",       \
     .help_zh = "按 customer、product、field:名称、month、ordered-month、actor、carrier 或 status 分组。"},            \
        {.name = "--since",                                                                                            \
         .kind = ARGUMENT_DATE,                                                                                        \
         .value_name = "DATE",                                                                                         \
         .help_en = "Only orders that reached the milestone on that day or later.",                                    \
         .help_zh = "只算当天或之后到达里程碑的订单。"},                                                               \
        {.name = "--until",                                                                                            \
         .kind = ARGUMENT_DATE,                                                                                        \
         .value_name = "DATE",                                                                                         \
         .help_en = "Only orders that reached the milestone on that day or earlier.",                                  \
         .help_zh = "只算当天或之前到达里程碑的订单。"},                                                               \
        {.name = "--milestone",                                                                                        \
         .kind = ARGUMENT_CHOICE,                                                                                      \
         .value_name = "WHAT",                                                                                         \
         .choices = "delivered|shipped",                                                                               \
         .help_en = "The day that counts: delivered (usual) or shipped.",                                              \
         .help_zh = "以哪一天为准：delivered（送达，默认）或 shipped（发货）。"},                                      \
        {.name = "--calendar",                                                                                         \
         .kind = ARGUMENT_CHOICE,                                                                                      \
         .value_name = "WHAT",                                                                                         \
         .choices = "days|workdays",                                                                                   \
         .help_en = "Count all days (usual) or working days only.",                                                    \
         .help_zh = "按自然日（days，默认）或工作日（workdays）计算。"},                                               \
        {.name = "--as-of",                                                                                            \
         .kind = ARGUMENT_TIME,                                                                                        \
         .value_name = "TIME",                                                                                         \
         .help_en = "As it was known at that time.",                                                                   \
         .help_zh = "按当时已知的记录计算。"},                                                                         \
        {.name = "--effective",                                                                                        \
         .kind = ARGUMENT_DATE,                                                                                        \
         .value_name = "DATE",                                                                                         \
         .help_en = "As it was on that day, by all that is known now.",                                                \
         .help_zh = "按该日实际发生的情况计算。"},                                                                     \
        {.name = "--sort",                                                                                             \
         .kind = ARGUMENT_TEXT,                                                                                        \
         .value_name = "FIGURE",                                                                                       \
         .help_en = "Groups by that figure, largest first; otherwise by their key.",                                   \
         .help_zh = "按该指标从大到小排列各组；默认按分组名称。"},                                                     \
    {                                                                                                                  \
        .name = "--orders", .kind = ARGUMENT_FLAG,                                                                     \
        .help_en = "The orders that the figures are made of, instead of the figures.",                                 \
        .help_zh = "列出参与计算的订单，而不是指标。"                                                  \
    }

#endif
