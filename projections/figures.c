/* The definitions of every delay figure, each in one place. Days are exact integers throughout. */
#include "projections/figures.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const int distribution_percentiles[PERCENTILE_COUNT] = {50, 85, 90, 95, 99};

enum {
    NEAR_ZERO_DAYS = 32768, /* the window stays within -NEAR_ZERO_DAYS .. NEAR_ZERO_DAYS - 1 */
    WINDOW_STEP = 16,       /* its ends are multiples of this, so that it widens seldom */
    WIDTH_PER_VALUE = 4,    /* counters that one value may pay for */
    STRAYS_AT_FIRST = 8,
};

static bool window_has(const struct distribution *distribution, int32_t days)
{
    return (uint32_t)days - (uint32_t)distribution->first < distribution->width;
}

static bool is_near_zero(int32_t days)
{
    return days >= -NEAR_ZERO_DAYS && days < NEAR_ZERO_DAYS;
}

/* The window over what is counted already and all strays near zero. False when it would not be wider, or too wide for
 * so few values. */
static bool find_wider_window(const struct distribution *distribution, int32_t *ret_first, uint32_t *ret_width)
{
    int32_t low = NEAR_ZERO_DAYS;
    int32_t high = -NEAR_ZERO_DAYS;

    if (distribution->width > 0) {
        low = distribution->first;
        high = distribution->first + (int32_t)distribution->width - 1;
    }
    for (size_t i = 0; i < distribution->stray_count; i++) {
        int32_t days = distribution->strays[i];
        if (!is_near_zero(days)) {
            continue;
        }
        if (days < low) {
            low = days;
        }
        if (days > high) {
            high = days;
        }
    }
    if (low > high) {
        return false;
    }

    uint32_t first_step = (uint32_t)(low + NEAR_ZERO_DAYS) / WINDOW_STEP;
    uint32_t last_step = (uint32_t)(high + NEAR_ZERO_DAYS) / WINDOW_STEP;
    uint32_t width = (last_step - first_step + 1) * WINDOW_STEP;
    uint64_t affordable = (uint64_t)WIDTH_PER_VALUE * distribution->value_count;

    if (width == distribution->width || (width > WINDOW_STEP && width > affordable)) {
        return false;
    }
    *ret_first = (int32_t)(first_step * WINDOW_STEP) - NEAR_ZERO_DAYS;
    *ret_width = width;
    return true;
}

/* Count the strays that lie in the window and keep the others. */
static void count_strays(struct distribution *distribution)
{
    size_t kept = 0;

    for (size_t i = 0; i < distribution->stray_count; i++) {
        int32_t days = distribution->strays[i];
        if (window_has(distribution, days)) {
            distribution->counts[days - distribution->first]++;
        } else {
            distribution->strays[kept++] = days;
        }
    }
    distribution->stray_count = kept;
}

static int widen_window(struct distribution *distribution, int32_t first, uint32_t width, struct daybook_error *err)
{
    uint32_t *counts = calloc(width, sizeof *counts);

    if (!counts) {
        return daybook_fail(err, DAYBOOK_NO_MEMORY, "There is not enough memory to count days.");
    }
    if (distribution->width > 0) {
        memcpy(counts + (distribution->first - first), distribution->counts, distribution->width * sizeof *counts);
    }
    free(distribution->counts);
    distribution->counts = counts;
    distribution->first = first;
    distribution->width = width;
    count_strays(distribution);
    return 0;
}

/* Make room for one more stray. At least half of it is free afterwards, so that this happens seldom. */
static int make_room(struct distribution *distribution, struct daybook_error *err)
{
    int32_t first = 0;
    uint32_t width = 0;

    if (find_wider_window(distribution, &first, &width)) {
        int code = widen_window(distribution, first, width, err);
        if (code) {
            return code;
        }
    }
    if (distribution->stray_capacity > 0 && distribution->stray_count <= distribution->stray_capacity / 2) {
        return 0;
    }

    size_t capacity = distribution->stray_capacity > 0 ? 2 * distribution->stray_capacity : STRAYS_AT_FIRST;
    int32_t *strays = reallocarray(distribution->strays, capacity, sizeof *strays);
    if (!strays) {
        return daybook_fail(err, DAYBOOK_NO_MEMORY, "There is not enough memory for %zu values.", capacity);
    }
    distribution->strays = strays;
    distribution->stray_capacity = capacity;
    return 0;
}

int distribution_add(struct distribution *distribution, int32_t days, struct daybook_error *err)
{
    if (!window_has(distribution, days) && distribution->stray_count == distribution->stray_capacity) {
        int code = make_room(distribution, err);
        if (code) {
            return code;
        }
    }
    if (window_has(distribution, days)) {
        distribution->counts[days - distribution->first]++;
    } else {
        distribution->strays[distribution->stray_count++] = days;
    }
    distribution->value_count++;
    return 0;
}

static int compare_days(const void *a, const void *b)
{
    int32_t left = *(const int32_t *)a;
    int32_t right = *(const int32_t *)b;
    return (left > right) - (left < right);
}

/* Append `orders` more orders at `days`, which is no less than the last bin's. */
static size_t put_bin(struct distribution_bin *bins, size_t bin_count, int32_t days, uint32_t orders)
{
    if (bin_count > 0 && bins[bin_count - 1].days == days) {
        bins[bin_count - 1].orders += orders;
        return bin_count;
    }
    bins[bin_count] = (struct distribution_bin){days, orders};
    return bin_count + 1;
}

int distribution_bins(struct distribution *distribution, struct distribution_bin **ret_bins, size_t *ret_count,
                      struct daybook_error *err)
{
    struct distribution_bin *bins = NULL;
    size_t count = 0;
    size_t stray = 0;

    if (distribution->value_count > 0) {
        bins = calloc(distribution->stray_count + distribution->width, sizeof *bins);
        if (!bins) {
            return daybook_fail(err, DAYBOOK_NO_MEMORY, "There is not enough memory for a histogram.");
        }
    }
    if (distribution->stray_count > 0) {
        qsort(distribution->strays, distribution->stray_count, sizeof *distribution->strays, compare_days);
    }

    while (stray < distribution->stray_count && distribution->strays[stray] < distribution->first) {
        count = put_bin(bins, count, distribution->strays[stray++], 1);
    }
    for (uint32_t i = 0; i < distribution->width; i++) {
        if (distribution->counts[i] > 0) {
            count = put_bin(bins, count, distribution->first + (int32_t)i, distribution->counts[i]);
        }
    }
    while (stray < distribution->stray_count) {
        count = put_bin(bins, count, distribution->strays[stray++], 1);
    }

    *ret_bins = bins;
    *ret_count = count;
    return 0;
}

void distribution_summarize(const struct distribution_bin *bins, size_t bin_count, int64_t skip,
                            struct distribution_summary *ret)
{
    struct distribution_summary summary = {.count = -skip};
    int64_t rank = 0; /* of the bin's last value, counted from 1 behind the skipped */
    int next = 0;     /* percentile to be found */

    for (size_t i = 0; i < bin_count; i++) {
        summary.count += bins[i].orders;
    }

    for (size_t i = 0; i < bin_count; i++) {
        int64_t skipped = skip < bins[i].orders ? skip : bins[i].orders;
        int64_t orders = bins[i].orders - skipped;
        skip -= skipped;
        if (orders == 0) {
            continue;
        }
        if (rank == 0) {
            summary.min = bins[i].days;
        }
        summary.max = bins[i].days;
        summary.sum += orders * bins[i].days;
        rank += orders;
        /* rank >= ceil(p * count / 100), in whole numbers */
        while (next < PERCENTILE_COUNT && 100 * rank >= distribution_percentiles[next] * summary.count) {
            summary.percentiles[next++] = bins[i].days;
        }
    }
    *ret = summary;
}

void distribution_release(struct distribution *distribution)
{
    free(distribution->counts);
    free(distribution->strays);
    *distribution = (struct distribution){0};
}

int32_t figures_promise(const struct order_facts *facts, const struct figures_params *params)
{
    const int32_t days[] = {
        [PROMISE_LATEST] = facts->expected_on,
        [PROMISE_FIRST] = facts->first_expected_on,
        [PROMISE_REQUESTED] = facts->requested_on,
    };
    return days[params->promise];
}

int32_t figures_milestone(const struct order_facts *facts, const struct figures_params *params)
{
    if (params->milestone == MILESTONE_SHIPPED && facts->shipped_on != DAYBOOK_DAY_NONE) {
        return facts->shipped_on;
    }
    return facts->delivered_on;
}

bool figures_selected(const struct order_facts *facts, const struct figures_params *params)
{
    int32_t milestone = figures_milestone(facts, params);

    if (params->since == DAYBOOK_DAY_NONE && params->until == DAYBOOK_DAY_NONE) {
        return true;
    }
    if (milestone == DAYBOOK_DAY_NONE) {
        return false;
    }
    return (params->since == DAYBOOK_DAY_NONE || milestone >= params->since) &&
           (params->until == DAYBOOK_DAY_NONE || milestone <= params->until);
}

bool figures_is_open(const struct order_facts *facts)
{
    return facts->phase == PHASE_OPEN || facts->phase == PHASE_SHIPPED;
}

/* Is its status one that the milestone stands for? */
static bool has_reached(const struct order_facts *facts, const struct figures_params *params)
{
    return facts->phase == PHASE_DELIVERED || (facts->phase == PHASE_SHIPPED && params->milestone == MILESTONE_SHIPPED);
}

static bool days_between(int32_t a, int32_t b, const struct figures_params *params, int32_t *ret_days)
{
    if (a == DAYBOOK_DAY_NONE || b == DAYBOOK_DAY_NONE) {
        return false;
    }
    *ret_days = calendar_days_between(params->calendar, a, b);
    return true;
}

bool figures_lateness(const struct order_facts *facts, const struct figures_params *params, int32_t *ret_days)
{
    return has_reached(facts, params) &&
           days_between(figures_promise(facts, params), figures_milestone(facts, params), params, ret_days);
}

bool figures_lead(const struct order_facts *facts, const struct figures_params *params, int32_t *ret_days)
{
    return has_reached(facts, params) &&
           days_between(facts->ordered_on, figures_milestone(facts, params), params, ret_days);
}

bool figures_overdue(const struct order_facts *facts, const struct figures_params *params, int32_t *ret_days)
{
    if (!figures_is_open(facts) || facts->expected_on == DAYBOOK_DAY_NONE ||
        facts->expected_on >= params->question_day) {
        return false;
    }
    *ret_days = params->question_day - facts->expected_on;
    return true;
}

static int32_t tolerated_late(const struct figures_params *params)
{
    return params->has_tolerance ? params->tolerance_late : 0;
}

/* Is the order's promise past due at `day`? Not when either is missing. */
static bool is_past_due(const struct order_facts *facts, const struct figures_params *params, int32_t day)
{
    int32_t late_days = 0;

    return days_between(figures_promise(facts, params), day, params, &late_days) && late_days > tolerated_late(params);
}

/* Of an order with a promise: had every line its whole quantity by then? */
static bool is_in_full(const struct order_facts *facts, const struct figures_params *params)
{
    int32_t in_full_on =
        params->milestone == MILESTONE_SHIPPED ? facts->shipped_in_full_on : facts->delivered_in_full_on;

    if (in_full_on == FULL_NEVER || in_full_on == FULL_ALWAYS) {
        return in_full_on == FULL_ALWAYS;
    }
    return !is_past_due(facts, params, in_full_on);
}

static void count_phase(struct figures_counts *counts, const struct order_facts *facts)
{
    counts->orders++;
    counts->open += figures_is_open(facts);
    counts->delivered += facts->phase == PHASE_DELIVERED;
    counts->cancelled += facts->phase == PHASE_CANCELLED;
    counts->returned += facts->phase == PHASE_RETURNED;
}

static void count_measured(struct figures_counts *counts, const struct order_facts *facts,
                           const struct figures_params *params, int32_t late_days)
{
    bool is_late = late_days > tolerated_late(params);
    bool is_early = params->has_tolerance && late_days < -params->tolerance_early;
    bool is_on_time = !is_late && !is_early;

    counts->measured++;
    counts->late += is_late;
    counts->early += is_early;
    counts->on_time += is_on_time;
    counts->in_full += is_on_time && is_in_full(facts, params);
    counts->promises.due++;
    counts->promises.kept += is_on_time;
    counts->promises.broken += !is_on_time;
}

/* What became of the promise of an order that never was delivered, or did not stay so. */
static void count_unmeasured_promise(struct figures_counts *counts, const struct order_facts *facts,
                                     const struct figures_params *params)
{
    if (facts->phase == PHASE_CANCELLED) {
        counts->promises.cancelled_after_due += is_past_due(facts, params, facts->cancelled_on);
    } else if (facts->phase == PHASE_RETURNED) {
        counts->promises.returned_late += is_past_due(facts, params, figures_milestone(facts, params));
    } else if (!has_reached(facts, params) && is_past_due(facts, params, params->question_day)) {
        counts->promises.due++;
        counts->promises.broken++;
    }
}

void figures_count(struct figures_counts *counts, const struct order_facts *facts, const struct figures_params *params)
{
    int32_t late_days = 0;
    int32_t overdue_days = 0;

    count_phase(counts, facts);
    counts->undated += has_reached(facts, params) && figures_milestone(facts, params) == DAYBOOK_DAY_NONE;
    counts->overdue_open += figures_overdue(facts, params, &overdue_days);
    counts->with_shipped_on += facts->shipped_on != DAYBOOK_DAY_NONE;
    if (figures_lateness(facts, params, &late_days)) {
        count_measured(counts, facts, params, late_days);
    } else {
        count_unmeasured_promise(counts, facts, params);
    }
}

int figures_add(struct figures *figures, const struct order_facts *facts, const struct figures_params *params,
                struct daybook_error *err)
{
    int32_t late_days = 0;
    int32_t lead_days = 0;
    int code = 0;

    if (figures_lateness(facts, params, &late_days)) {
        code = distribution_add(&figures->lateness, late_days, err);
    }
    if (!code && figures_lead(facts, params, &lead_days)) {
        code = distribution_add(&figures->lead, lead_days, err);
    }
    if (!code) {
        figures_count(&figures->counts, facts, params);
    }
    return code;
}

int figures_finish(struct figures *figures, struct figures_delays *ret, struct daybook_error *err)
{
    const struct figures_counts *counts = &figures->counts;
    struct distribution_bin *lateness = NULL;
    struct distribution_bin *lead = NULL;
    size_t lateness_count = 0;
    size_t lead_count = 0;
    int code = distribution_bins(&figures->lateness, &lateness, &lateness_count, err);

    if (code) {
        goto cleanup;
    }
    code = distribution_bins(&figures->lead, &lead, &lead_count, err);
    if (code) {
        goto cleanup;
    }

    ret->counts = *counts;
    distribution_summarize(lateness, lateness_count, 0, &ret->lateness_days);
    /* The late are the largest: all behind the early and those on time. */
    distribution_summarize(lateness, lateness_count, counts->measured - counts->late, &ret->late_days);
    distribution_summarize(lead, lead_count, 0, &ret->lead_days);

cleanup:
    free(lateness);
    free(lead);
    return code;
}

void figures_release(struct figures *figures)
{
    distribution_release(&figures->lateness);
    distribution_release(&figures->lead);
    figures->counts = (struct figures_counts){0};
}

const char *const ageing_bucket_names[AGEING_BUCKET_COUNT] = {"not_due", "1-7",     "8-30",
                                                              "31-90",   "over_90", "no_promise"};

void ageing_add(struct ageing *ageing, const struct order_facts *facts, const struct figures_params *params)
{
    static const int32_t last_days[] = {0, 7, 30, 90, INT32_MAX}; /* of each bucket but "no_promise" */
    int32_t past_days = 0;
    size_t bucket = 0;

    if (!figures_is_open(facts)) {
        return;
    }
    if (!days_between(facts->expected_on, params->question_day, params, &past_days)) {
        ageing->orders[AGEING_BUCKET_COUNT - 1]++;
        return;
    }
    while (past_days > last_days[bucket]) {
        bucket++;
    }
    ageing->orders[bucket]++;
}

bool figures_ratio(int64_t numerator, int64_t denominator, char out[FIGURES_RATIO_SIZE])
{
    const uint64_t millionth = 1000000;

    if (denominator == 0) {
        return false;
    }

    uint64_t divisor = (uint64_t)denominator;
    uint64_t magnitude = numerator < 0 ? -(uint64_t)numerator : (uint64_t)numerator;
    unsigned __int128 scaled = (unsigned __int128)magnitude * millionth;
    unsigned __int128 quotient = scaled / divisor;
    uint64_t rest = (uint64_t)(scaled % divisor);

    if (rest > divisor - rest || (rest == divisor - rest && quotient % 2 == 1)) {
        quotient++;
    }
    snprintf(out, FIGURES_RATIO_SIZE, "%s%" PRIu64 ".%06" PRIu64, numerator < 0 && quotient > 0 ? "-" : "",
             (uint64_t)(quotient / millionth), (uint64_t)(quotient % millionth));
    return true;
}
