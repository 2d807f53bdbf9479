/* The table of figures, for people and as JSON. */
#include "tools/bench/report.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum goal { GOAL_NONE, AT_LEAST, AT_MOST };

/* A figure is held against another row of the same round, or, where there is none, against a fixed figure. */
static const struct {
    const char *name, *unit;
    enum row against;
    double against_figure;
    enum goal goal;
    double goal_ratio;
} rows[ROW_COUNT] = {
    [RAW_DURABLE] = {"raw LMDB: an event a commit", "events/s", ROW_NONE, 0, GOAL_NONE, 0},
    [APPEND_DURABLE] = {"daybook_append: an entry a call", "events/s", RAW_DURABLE, 0, AT_LEAST, 0.75},
    /* PostgreSQL with 8 clients made 11.5 k/s where raw LMDB made 3.4; 64 writers are to make three times as many. */
    [APPEND_8_THREADS] = {"daybook_append: 8 threads", "events/s", RAW_DURABLE, 0, AT_LEAST, 3.4},
    [APPEND_64_THREADS] = {"daybook_append: 64 threads", "events/s", RAW_DURABLE, 0, AT_LEAST, 10.1},
    [RAW_BULK] = {"raw LMDB: 10,000 a commit", "events/s", ROW_NONE, 0, GOAL_NONE, 0},
    [RAW_HEADS_BULK] = {"raw LMDB with heads: 10,000 a commit", "events/s", RAW_BULK, 0, GOAL_NONE, 0},
    [APPEND_BULK] = {"daybook_append: 10,000 a call", "events/s", RAW_HEADS_BULK, 0, AT_LEAST, 0.6},
    [CARRY_BULK] = {"daybook_carry: 10,000 a call", "events/s", RAW_HEADS_BULK, 0, GOAL_NONE, 0},
    [BYTES_STORED] = {"an event stored", "bytes", ROW_NONE, 64, AT_MOST, 1},
    [RAW_BYTES_ON_DISK] = {"an event on disk: raw LMDB", "bytes", ROW_NONE, 0, GOAL_NONE, 0},
    [BYTES_ON_DISK] = {"an event on disk: log/", "bytes", ROW_NONE, 92, AT_MOST, 1},
    [BYTES_WITH_PERSONAL] = {"an event on disk: log/ and personal data", "bytes", RAW_BYTES_ON_DISK, 0, GOAL_NONE, 0},
    [RAW_SCAN] = {"raw LMDB: scan, a byte touched", "events/s", ROW_NONE, 0, GOAL_NONE, 0},
    [EVENT_READ] = {"event_read of all events", "events/s", RAW_SCAN, 0, GOAL_NONE, 0},
    [EVENT_CHECK] = {"check of all events", "events/s", RAW_SCAN, 0, GOAL_NONE, 0},
    [VERIFY] = {"verify of the whole ledger", "events/s", ROW_NONE, 3e6, AT_LEAST, 1},
    [FOLD] = {"fold of all orders into delay facts", "events/s", RAW_SCAN, 0, AT_LEAST, 1.0 / 3},
    [DELAYS_FROM_EVENTS] = {"delays by customer, from events", "events/s", RAW_SCAN, 0, AT_LEAST, 1.0 / 3},
    [VIEW_REBUILD] = {"rebuild of the view delays", "events/s", RAW_SCAN, 0, GOAL_NONE, 0},
    /* 300,000 orders in 20 ms. */
    [DELAYS_FROM_VIEW] = {"delays by customer, from the view", "orders/s", ROW_NONE, 15e6, AT_LEAST, 1},
};

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

static bool has_ratio(enum row row)
{
    return rows[row].against != ROW_NONE || rows[row].against_figure > 0;
}

/* The median of the rounds' ratios. */
static double ratio(const struct report *report, enum row row)
{
    double ratios[REPORT_ROUNDS];
    enum row against = rows[row].against;
    for (int i = 0; i < REPORT_ROUNDS; i++)
        ratios[i] =
            report->samples[row][i] / (against != ROW_NONE ? report->samples[against][i] : rows[row].against_figure);
    return median(ratios);
}

static bool is_met(enum row row, double reached)
{
    return rows[row].goal == AT_LEAST ? reached >= rows[row].goal_ratio : reached <= rows[row].goal_ratio;
}

static long cores(void)
{
    return sysconf(_SC_NPROCESSORS_ONLN);
}

/* ---- for people */

static void print_figure(char *out, size_t size, double figure, const char *unit)
{
    static const struct {
        double least, divisor;
        const char *prefix;
    } scales[] = {{1e6, 1e6, "M "}, {1e3, 1e3, "k "}, {0, 1, ""}};
    size_t i = 0;
    while (figure < scales[i].least)
        i++;
    snprintf(out, size, "%.2f %s%s", figure / scales[i].divisor, scales[i].prefix, unit);
}

static void print_row(const struct report *report, enum row row)
{
    char figure[40], against[40] = "", goal[24] = "", ratio_text[24] = "";
    print_figure(figure, sizeof figure, median(report->samples[row]), rows[row].unit);
    if (rows[row].against == ROW_NONE && rows[row].against_figure > 0)
        print_figure(against, sizeof against, rows[row].against_figure, rows[row].unit);
    else if (rows[row].against != ROW_NONE)
        snprintf(against, sizeof against, "%s", rows[rows[row].against].name);
    if (has_ratio(row))
        snprintf(ratio_text, sizeof ratio_text, "%.2f", ratio(report, row));
    if (rows[row].goal != GOAL_NONE)
        snprintf(goal, sizeof goal, "%s %.2f %s", rows[row].goal == AT_LEAST ? ">=" : "<=", rows[row].goal_ratio,
                 is_met(row, ratio(report, row)) ? "met" : "MISSED");
    printf("%-42s %16s  %-14s %6s  %s\n", rows[row].name, figure, goal, ratio_text, against);
}

void report_print(const struct report *report)
{
    printf("%zu orders, %zu events, %d rounds, medians; %ld cores\n%s\n\n", report->orders, report->events,
           REPORT_ROUNDS, cores(), drift_note);
    printf("%-42s %16s  %-14s %6s  %s\n", "", "figure", "goal of ratio", "ratio", "of");
    for (enum row row = ROW_NONE + 1; row < ROW_COUNT; row++)
        print_row(report, row);
}

/* ---- for programs */

static json_t *row_json(const struct report *report, enum row row)
{
    json_t *samples = json_array();
    for (int i = 0; i < REPORT_ROUNDS; i++)
        json_array_append_new(samples, json_real(report->samples[row][i]));
    json_t *object = json_pack("{s:s, s:s, s:f, s:o}", "row", rows[row].name, "unit", rows[row].unit, "figure",
                               median(report->samples[row]), "rounds", samples);
    if (has_ratio(row))
        json_object_set_new(object, "ratio", json_real(ratio(report, row)));
    if (rows[row].against != ROW_NONE)
        json_object_set_new(object, "of", json_string(rows[rows[row].against].name));
    else if (rows[row].against_figure > 0)
        json_object_set_new(object, "of", json_real(rows[row].against_figure));
    if (rows[row].goal != GOAL_NONE) {
        json_object_set_new(object, rows[row].goal == AT_LEAST ? "at_least" : "at_most",
                            json_real(rows[row].goal_ratio));
        json_object_set_new(object, "met", json_boolean(is_met(row, ratio(report, row))));
    }
    return object;
}

int report_write_json(const struct report *report, const char *path, struct daybook_error *err)
{
    json_t *list = json_array();
    for (enum row row = ROW_NONE + 1; row < ROW_COUNT; row++)
        json_array_append_new(list, row_json(report, row));
    json_t *object =
        json_pack("{s:I, s:I, s:I, s:s, s:o}", "orders", (json_int_t)report->orders, "events",
                  (json_int_t)report->events, "cores", (json_int_t)cores(), "note", drift_note, "rows", list);
    int rc = object && json_dump_file(object, path, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) == 0
                 ? 0
                 : daybook_fail(err, DAYBOOK_IO, "The figures cannot be written to %s.", path);
    json_decref(object);
    return rc;
}
