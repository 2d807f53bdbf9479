/* The table of figures, for people and as JSON. */
#include "tools/bench/report.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Of the goal for the whole process, which speaks of a certain number. */
enum { GOAL_ORDERS = 300000, FIGURE_SIZE = 80 };

static const char drift_note[] = "Absolute figures drift from hour to hour, even on one machine: trust the ratios, "
                                 "which are taken within a round.";

double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void report_put(struct report *report, enum row row, double figure)
{
    report->samples[row][report->round] = figure;
}

/* ---- medians and ratios */

static int compare_figures(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static double median(const double samples[REPORT_ROUNDS])
{
    double sorted[REPORT_ROUNDS];
    memcpy(sorted, samples, sizeof sorted);
    qsort(sorted, REPORT_ROUNDS, sizeof *sorted, compare_figures);
    return sorted[REPORT_ROUNDS / 2];
}

/* The median of the rounds' ratios. */
static double ratio(const struct report *report, const struct comparison *c)
{
    double ratios[REPORT_ROUNDS];
    for (int i = 0; i < REPORT_ROUNDS; i++)
        ratios[i] = report->samples[c->row][i] / (c->of == ROW_NONE ? c->of_figure : report->samples[c->of][i]);
    return median(ratios);
}

static bool is_met(const struct comparison *c, double reached)
{
    return c->goal == AT_LEAST ? reached >= c->goal_ratio : reached <= c->goal_ratio;
}

static long cores(void)
{
    return sysconf(_SC_NPROCESSORS_ONLN);
}

/* ---- for people */

static const char *figure_text(double figure, const char *unit, char out[FIGURE_SIZE])
{
    static const struct {
        double least, divisor;
        const char *prefix;
    } scales[] = {{1e6, 1e6, "M "}, {1e3, 1e3, "k "}, {0, 1, ""}};
    size_t i = 0;
    while (figure < scales[i].least)
        i++;
    snprintf(out, FIGURE_SIZE, "%.2f %s%s", figure / scales[i].divisor, scales[i].prefix, unit);
    return out;
}

static const char *held_against(const struct comparison *c, char out[FIGURE_SIZE])
{
    if (c->of == ROW_NONE)
        return figure_text(c->of_figure, row_names[c->row].unit, out);
    return row_names[c->of].name;
}

static void print_comparison(const struct report *report, const struct comparison *c)
{
    char text[FIGURE_SIZE], goal[24] = "";
    double reached = ratio(report, c);
    if (c->goal != GOAL_NONE)
        snprintf(goal, sizeof goal, "%s %.2f %s", c->goal == AT_LEAST ? ">=" : "<=", c->goal_ratio,
                 is_met(c, reached) ? "met" : "MISSED");
    printf("  %7.2f  %-15s of %s\n", reached, goal, held_against(c, text));
}

/* A row's first comparison stands beside it, the others below. */
static void print_row(const struct report *report, enum row row)
{
    char text[FIGURE_SIZE];
    bool is_compared = false;
    printf("%-50s %19s", row_names[row].name, figure_text(median(report->samples[row]), row_names[row].unit, text));
    for (size_t i = 0; i < comparison_count; i++) {
        if (comparisons[i].row != row)
            continue;
        if (is_compared)
            printf("%70s", "");
        print_comparison(report, &comparisons[i]);
        is_compared = true;
    }
    if (!is_compared)
        putchar('\n');
}

void report_print(const struct report *report)
{
    printf("%zu orders, %zu events, %d rounds, medians; %ld cores\n%s\n\n", report->orders, report->events,
           REPORT_ROUNDS, cores(), drift_note);
    printf("%-50s %19s  %7s  %s\n", "", "figure", "ratio", "its goal");
    for (enum row row = ROW_NONE + 1; row < ROW_COUNT; row++)
        print_row(report, row);
    putchar('\n');
    if (report->orders < GOAL_ORDERS)
        printf("The goal of the whole process speaks of %d orders: --orders %d.\n", GOAL_ORDERS, GOAL_ORDERS);
    for (size_t i = 0; i < absent_peer_count; i++)
        printf("Not measured, as %s is not here: %s.\n", absent_peers[i].name, absent_peers[i].goals);
}

void report_print_goals(void)
{
    char text[FIGURE_SIZE];
    for (size_t i = 0; i < comparison_count; i++)
        if (comparisons[i].goal != GOAL_NONE)
            printf("%s\t%s\n", row_names[comparisons[i].row].name, held_against(&comparisons[i], text));
}

/* ---- for programs */

static json_t *comparison_json(const struct report *report, const struct comparison *c)
{
    char text[FIGURE_SIZE];
    double reached = ratio(report, c);
    json_t *object = json_pack("{s:s, s:f}", "of", held_against(c, text), "ratio", reached);
    if (object && c->goal != GOAL_NONE) {
        json_object_set_new(object, c->goal == AT_LEAST ? "at_least" : "at_most", json_real(c->goal_ratio));
        json_object_set_new(object, "met", json_boolean(is_met(c, reached)));
    }
    return object;
}

static json_t *row_json(const struct report *report, enum row row)
{
    json_t *samples = json_array(), *compared = json_array();
    char text[FIGURE_SIZE];
    double figure = median(report->samples[row]);
    for (int i = 0; i < REPORT_ROUNDS; i++)
        json_array_append_new(samples, json_real(report->samples[row][i]));
    for (size_t i = 0; i < comparison_count; i++)
        if (comparisons[i].row == row)
            json_array_append_new(compared, comparison_json(report, &comparisons[i]));
    return json_pack("{s:s, s:s, s:f, s:s, s:o, s:o}", "row", row_names[row].name, "unit", row_names[row].unit,
                     "figure", figure, "text", figure_text(figure, row_names[row].unit, text), "rounds", samples,
                     "compared", compared);
}

int report_write_json(const struct report *report, const char *path, struct daybook_error *err)
{
    json_t *list = json_array(), *absent = json_array();
    for (enum row row = ROW_NONE + 1; row < ROW_COUNT; row++)
        json_array_append_new(list, row_json(report, row));
    for (size_t i = 0; i < absent_peer_count; i++)
        json_array_append_new(absent,
                              json_pack("{s:s, s:s}", "peer", absent_peers[i].name, "goals", absent_peers[i].goals));
    json_t *object = json_pack("{s:I, s:I, s:I, s:s, s:o, s:o}", "orders", (json_int_t)report->orders, "events",
                               (json_int_t)report->events, "cores", (json_int_t)cores(), "note", drift_note,
                               "not_measured", absent, "rows", list);
    int rc = object && json_dump_file(object, path, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) == 0
                 ? 0
                 : daybook_fail(err, DAYBOOK_IO, "The figures cannot be written to %s.", path);
    json_decref(object);
    return rc;
}
