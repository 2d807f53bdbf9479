/* Every delay figure: cases counted by hand, and random orders against a second, slow implementation that is
 * written from the definitions alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "projections/figures.h"

#define NONE DAYBOOK_DAY_NONE

static const struct figures_params plain = {.since = NONE, .until = NONE, .question_day = 1000};

/* An order of which nothing is known, with days to be filled in. */
static struct order_facts order_in(enum order_phase phase)
{
    return (struct order_facts){
        .phase = (uint8_t)phase,
        .ordered_on = NONE,
        .expected_on = NONE,
        .first_expected_on = NONE,
        .requested_on = NONE,
        .shipped_on = NONE,
        .delivered_on = NONE,
        .cancelled_on = NONE,
        .shipped_in_full_on = FULL_ALWAYS,
        .delivered_in_full_on = FULL_ALWAYS,
    };
}

static struct order_facts delivered(int32_t expected_on, int32_t delivered_on)
{
    struct order_facts facts = order_in(PHASE_DELIVERED);
    facts.expected_on = expected_on;
    facts.delivered_on = delivered_on;
    return facts;
}

static struct order_facts open_with(int32_t expected_on)
{
    struct order_facts facts = order_in(PHASE_OPEN);
    facts.expected_on = expected_on;
    return facts;
}

static struct figures_delays delays_of(const struct order_facts *orders, size_t count,
                                       const struct figures_params *params)
{
    struct figures figures = {0};
    struct figures_delays delays;

    for (size_t i = 0; i < count; i++) {
        if (figures_selected(&orders[i], params)) {
            assert_int_equal(figures_add(&figures, &orders[i], params, NULL), 0);
        }
    }
    assert_int_equal(figures_finish(&figures, &delays, NULL), 0);
    figures_release(&figures);
    return delays;
}

#define DELAYS_OF(orders, params) delays_of((orders), sizeof(orders) / sizeof *(orders), (params))

static void assert_ratio(int64_t numerator, int64_t denominator, const char *want)
{
    char digits[FIGURES_RATIO_SIZE];
    assert_true(figures_ratio(numerator, denominator, digits));
    assert_string_equal(digits, want);
}

static void the_worked_example(void **state)
{
    (void)state;
    struct order_facts orders[] = {delivered(10, 8), delivered(10, 10), delivered(10, 13), delivered(12, 15),
                                   delivered(NONE, 9)};
    struct figures_delays delays = DELAYS_OF(orders, &plain);

    assert_int_equal(delays.counts.orders, 5);
    assert_int_equal(delays.counts.delivered, 5);
    assert_int_equal(delays.counts.open, 0);
    assert_int_equal(delays.counts.measured, 4);
    assert_int_equal(delays.counts.undated, 0);
    assert_int_equal(delays.counts.on_time, 2);
    assert_int_equal(delays.counts.late, 2);
    assert_ratio(delays.counts.on_time, delays.counts.measured, "0.500000");
    assert_int_equal(delays.lateness_days.count, 4);
    assert_ratio(delays.lateness_days.sum, delays.lateness_days.count, "1.000000");
    assert_int_equal(delays.lateness_days.min, -2);
    assert_int_equal(delays.lateness_days.max, 3);
    assert_int_equal(delays.lateness_days.percentiles[PERCENTILE_50], 0);
    assert_int_equal(delays.lateness_days.percentiles[PERCENTILE_90], 3);
    assert_int_equal(delays.late_days.count, 2);
    assert_ratio(delays.late_days.sum, delays.late_days.count, "3.000000");
    assert_int_equal(delays.counts.promises.due, 4);
}

static void digits_are_exact(void **state)
{
    (void)state;
    const struct {
        int64_t numerator, denominator;
        const char *want;
    } cases[] = {
        {772, 809, "0.954265"},
        {-15656, 809, "-19.352287"},
        {0, 7, "0.000000"},
        {7, 7, "1.000000"},
        {1, 3, "0.333333"},
        {2, 3, "0.666667"},
        {-2, 3, "-0.666667"},
        {1, 2000000, "0.000000"}, /* 0.0000005: to the even 0 */
        {3, 2000000, "0.000002"}, /* 0.0000015: to the even 2 */
        {5, 2000000, "0.000002"},
        {-1, 2000000, "0.000000"}, /* never "-0" */
        {-3, 2000000, "-0.000002"},
        {1000001, 2000000, "0.500000"},
        {1000003, 2000000, "0.500002"},
        {500000000000000001, 1000000000000000000, "0.500000"},
        {1000000500000000001, 1000000000000000000, "1.000001"}, /* just over the half of the last digit */
        {INT64_MAX, INT64_MAX, "1.000000"},
        {INT64_MAX, 1, "9223372036854775807.000000"},
        {INT64_MIN, 1, "-9223372036854775808.000000"},
        {1, INT64_MAX, "0.000000"},
    };
    char untouched[FIGURES_RATIO_SIZE] = "untouched";

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_ratio(cases[i].numerator, cases[i].denominator, cases[i].want);
    }
    assert_false(figures_ratio(0, 0, untouched));
    assert_false(figures_ratio(5, 0, untouched));
    assert_string_equal(untouched, "untouched");
}

static void percentiles_are_nearest_rank(void **state)
{
    (void)state;
    const struct {
        int32_t values; /* 1, 2 .. values */
        int32_t want[PERCENTILE_COUNT];
    } cases[] = {
        {1, {1, 1, 1, 1, 1}},         {2, {1, 2, 2, 2, 2}},
        {3, {2, 3, 3, 3, 3}},         {7, {4, 6, 7, 7, 7}},
        {10, {5, 9, 9, 10, 10}},      {20, {10, 17, 18, 19, 20}},
        {21, {11, 18, 19, 20, 21}},   {100, {50, 85, 90, 95, 99}},
        {101, {51, 86, 91, 96, 100}}, {1000, {500, 850, 900, 950, 990}},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct figures figures = {0};
        struct figures_delays delays;
        for (int32_t value = cases[i].values; value >= 1; value--) {
            struct order_facts facts = delivered(100, 100 + value);
            assert_int_equal(figures_add(&figures, &facts, &plain, NULL), 0);
        }
        assert_int_equal(figures_finish(&figures, &delays, NULL), 0);
        assert_memory_equal(delays.lateness_days.percentiles, cases[i].want, sizeof cases[i].want);
        assert_memory_equal(delays.late_days.percentiles, cases[i].want, sizeof cases[i].want);
        assert_int_equal(delays.lateness_days.sum, (int64_t)cases[i].values * (cases[i].values + 1) / 2);
        figures_release(&figures);
    }
}

static void nothing_has_no_figures(void **state)
{
    (void)state;
    struct figures figures = {0};
    struct figures_delays delays;

    assert_int_equal(figures_finish(&figures, &delays, NULL), 0);
    assert_int_equal(delays.counts.orders, 0);
    assert_int_equal(delays.lateness_days.count, 0);
    assert_int_equal(delays.late_days.count, 0);
    assert_int_equal(delays.lead_days.count, 0);
    figures_release(&figures);
}

static void status_alone_decides(void **state)
{
    (void)state;
    struct order_facts orders[] = {order_in(PHASE_OPEN),      order_in(PHASE_SHIPPED),  order_in(PHASE_DELIVERED),
                                   order_in(PHASE_CANCELLED), order_in(PHASE_RETURNED), order_in(PHASE_RETURNED)};

    /* all have all dates; only the delivered one is measured and has a lead */
    for (size_t i = 0; i < 6; i++) {
        orders[i].ordered_on = 5;
        orders[i].expected_on = orders[i].shipped_on = orders[i].delivered_on = orders[i].cancelled_on = 20;
    }
    struct figures_delays delays = DELAYS_OF(orders, &plain);
    assert_int_equal(delays.counts.orders, 6);
    assert_int_equal(delays.counts.open, 2);
    assert_int_equal(delays.counts.delivered, 1);
    assert_int_equal(delays.counts.cancelled, 1);
    assert_int_equal(delays.counts.returned, 2);
    assert_int_equal(delays.counts.measured, 1);
    assert_int_equal(delays.lead_days.count, 1);
    assert_int_equal(delays.lead_days.sum, 15);
    assert_int_equal(delays.counts.with_shipped_on, 6);
}

static void an_unknown_day_is_undated(void **state)
{
    (void)state;
    struct order_facts orders[] = {delivered(10, NONE), delivered(NONE, NONE), delivered(10, 11)};
    orders[0].ordered_on = orders[1].ordered_on = orders[2].ordered_on = 13; /* ordered after delivery: lead -2 */

    struct figures_delays delays = DELAYS_OF(orders, &plain);
    assert_int_equal(delays.counts.delivered, 3);
    assert_int_equal(delays.counts.undated, 2);
    assert_int_equal(delays.counts.measured, 1);
    assert_int_equal(delays.counts.promises.due, 1); /* though the first is past its promise, too */
    assert_int_equal(delays.lead_days.count, 1);
    assert_int_equal(delays.lead_days.min, -2);
}

static void a_promise_of_each_kind(void **state)
{
    (void)state;
    struct order_facts facts = delivered(10, 12);
    struct figures_params params = plain;
    const int32_t want_days[] = {[PROMISE_LATEST] = 2, [PROMISE_FIRST] = 5, [PROMISE_REQUESTED] = -3};
    int32_t days = 0;

    facts.first_expected_on = 7;
    facts.requested_on = 15;
    for (int promise = PROMISE_LATEST; promise <= PROMISE_REQUESTED; promise++) {
        params.promise = (enum figures_promise)promise;
        assert_true(figures_lateness(&facts, &params, &days));
        assert_int_equal(days, want_days[promise]);
    }
    facts.requested_on = NONE;
    assert_false(figures_lateness(&facts, &params, &days));
}

static void tolerance_makes_early_and_late(void **state)
{
    (void)state;
    struct order_facts orders[7]; /* -3 .. 3 days late */
    struct figures_params params = plain;

    for (int32_t i = 0; i < 7; i++) {
        orders[i] = delivered(100, 100 + i - 3);
    }

    struct figures_delays delays = DELAYS_OF(orders, &params);
    assert_int_equal(delays.counts.on_time, 4);
    assert_int_equal(delays.counts.early, 0);
    assert_int_equal(delays.counts.late, 3);

    params.has_tolerance = true; /* 0,0: only the very day */
    delays = DELAYS_OF(orders, &params);
    assert_int_equal(delays.counts.early, 3);
    assert_int_equal(delays.counts.on_time, 1);
    assert_int_equal(delays.counts.late, 3);

    params.tolerance_early = 2;
    params.tolerance_late = 1;
    delays = DELAYS_OF(orders, &params);
    assert_int_equal(delays.counts.early, 1);
    assert_int_equal(delays.counts.on_time, 4);
    assert_int_equal(delays.counts.late, 2);
    assert_int_equal(delays.late_days.count, 2); /* 2 and 3 days, counted from the promise */
    assert_int_equal(delays.late_days.sum, 5);
    assert_int_equal(delays.late_days.min, 2);
    assert_int_equal(delays.lateness_days.sum, 0);
    /* too early is broken as well */
    assert_int_equal(delays.counts.promises.due, 7);
    assert_int_equal(delays.counts.promises.kept, 4);
    assert_int_equal(delays.counts.promises.broken, 3);
}

static int64_t in_full_count(int32_t delivered_on, int32_t in_full_on, const struct figures_params *params)
{
    struct order_facts facts = delivered(101, delivered_on);
    facts.delivered_in_full_on = in_full_on;
    facts.shipped_in_full_on = FULL_NEVER;
    return delays_of(&facts, 1, params).counts.in_full;
}

static void in_full_is_also_on_time(void **state)
{
    (void)state;
    const struct calendar workdays = {NULL, 0};
    struct figures_params params = plain;

    assert_int_equal(in_full_count(101, 101, &params), 1);
    assert_int_equal(in_full_count(101, 102, &params), 0); /* a part that came a day after the promise */
    assert_int_equal(in_full_count(101, FULL_NEVER, &params), 0);
    assert_int_equal(in_full_count(101, FULL_ALWAYS, &params), 1);
    assert_int_equal(in_full_count(102, FULL_ALWAYS, &params), 0); /* in full but late */

    params.has_tolerance = true;
    params.tolerance_late = 2;
    assert_int_equal(in_full_count(101, 103, &params), 1);
    assert_int_equal(in_full_count(101, 104, &params), 0);
    assert_int_equal(in_full_count(100, 100, &params), 0); /* too early */

    /* Day 101 was 1970-04-12, a Sunday: two working days later is Tuesday, day 103. */
    params.calendar = &workdays;
    assert_int_equal(in_full_count(101, 103, &params), 1);
    assert_int_equal(in_full_count(101, 104, &params), 0);
    params.tolerance_late = 0;
    assert_int_equal(in_full_count(100, 101, &params), 1); /* from Sunday back to Saturday is no working day */
}

static void the_milestone_may_be_shipping(void **state)
{
    (void)state;
    struct figures_params params = plain;
    struct order_facts orders[5] = {
        order_in(PHASE_SHIPPED),   /* shipped on 12, promised 10 */
        order_in(PHASE_DELIVERED), /* shipped on 9, delivered on 14, promised 10 */
        order_in(PHASE_DELIVERED), /* ship date unknown: delivered on 13 counts */
        order_in(PHASE_SHIPPED),   /* shipped, nobody knows when */
        order_in(PHASE_OPEN),      /* reopened: its ship date measures nothing */
    };
    for (size_t i = 0; i < 5; i++) {
        orders[i].ordered_on = 4;
        orders[i].expected_on = 10;
    }
    orders[0].shipped_on = 12;
    orders[1].shipped_on = 9;
    orders[1].delivered_on = 14;
    orders[1].delivered_in_full_on = FULL_NEVER;
    orders[2].delivered_on = 13;
    orders[4].shipped_on = 10;

    struct figures_delays delays = DELAYS_OF(orders, &params);
    assert_int_equal(delays.counts.measured, 2);
    assert_int_equal(delays.lateness_days.sum, 4 + 3);
    assert_int_equal(delays.counts.undated, 0);
    assert_int_equal(delays.counts.in_full, 0);
    assert_int_equal(delays.counts.promises.due, 5);
    assert_int_equal(delays.counts.with_shipped_on, 3);

    params.milestone = MILESTONE_SHIPPED;
    delays = DELAYS_OF(orders, &params);
    assert_int_equal(delays.counts.open, 3);
    assert_int_equal(delays.counts.delivered, 2);
    assert_int_equal(delays.counts.measured, 3);
    assert_int_equal(delays.lateness_days.sum, 2 - 1 + 3);
    assert_int_equal(delays.counts.on_time, 1);
    assert_int_equal(delays.counts.in_full, 1); /* by the shipped quantities */
    assert_int_equal(delays.counts.undated, 1);
    assert_int_equal(delays.lead_days.count, 3);
    assert_int_equal(delays.lead_days.sum, 8 + 5 + 9);
    /* the undated one is in no promise; the reopened one is broken as it is open past its day */
    assert_int_equal(delays.counts.promises.due, 4);
    assert_int_equal(delays.counts.promises.kept, 1);
    assert_int_equal(delays.counts.promises.broken, 3);
}

static void open_promises_are_due_when_past(void **state)
{
    (void)state;
    struct order_facts orders[] = {open_with(98), open_with(99), open_with(100), open_with(101), open_with(NONE)};
    struct figures_params params = plain;
    params.question_day = 100;
    orders[0].phase = PHASE_SHIPPED;
    orders[2].first_expected_on = 90;

    struct figures_delays delays = DELAYS_OF(orders, &params);
    assert_int_equal(delays.counts.promises.due, 2);
    assert_int_equal(delays.counts.promises.kept, 0);
    assert_int_equal(delays.counts.promises.broken, 2);
    assert_int_equal(delays.counts.overdue_open, 2);

    params.has_tolerance = true;
    params.tolerance_late = 1;
    delays = DELAYS_OF(orders, &params);
    assert_int_equal(delays.counts.promises.due, 1);
    assert_int_equal(delays.counts.overdue_open, 2); /* whatever is tolerated */

    params.promise = PROMISE_FIRST;
    delays = DELAYS_OF(orders, &params);
    assert_int_equal(delays.counts.promises.due, 1);
    assert_int_equal(delays.counts.overdue_open, 2);
}

static void overdue_is_in_calendar_days(void **state)
{
    (void)state;
    const struct calendar workdays = {NULL, 0};
    struct order_facts facts = open_with(99); /* 1970-04-10, a Friday */
    struct figures_params params = plain;
    int32_t days = 0;
    params.calendar = &workdays;
    params.question_day = 101; /* the Sunday */

    struct figures_delays delays = delays_of(&facts, 1, &params);
    assert_int_equal(delays.counts.overdue_open, 1);
    assert_int_equal(delays.counts.promises.due, 0);
    assert_true(figures_overdue(&facts, &params, &days));
    assert_int_equal(days, 2);

    params.question_day = 99;
    assert_false(figures_overdue(&facts, &params, &days));
    params.question_day = 102; /* Monday */
    assert_int_equal(delays_of(&facts, 1, &params).counts.promises.due, 1);
    facts.phase = PHASE_CANCELLED;
    assert_false(figures_overdue(&facts, &params, &days));
}

static void promises_that_would_vanish(void **state)
{
    (void)state;
    struct order_facts orders[] = {
        order_in(PHASE_CANCELLED), order_in(PHASE_CANCELLED), order_in(PHASE_CANCELLED), order_in(PHASE_CANCELLED),
        order_in(PHASE_RETURNED),  order_in(PHASE_RETURNED),  order_in(PHASE_RETURNED),
    };
    struct figures_params params = plain;

    for (size_t i = 0; i < 7; i++) {
        orders[i].expected_on = 10;
    }
    orders[0].cancelled_on = 10;
    orders[1].cancelled_on = 11;
    orders[2].cancelled_on = 12;
    orders[4].delivered_on = 10; /* orders[3]: nobody knows when */
    orders[5].delivered_on = 12;
    orders[5].shipped_on = 9;

    struct figures_delays delays = DELAYS_OF(orders, &params);
    assert_int_equal(delays.counts.promises.due, 0);
    assert_int_equal(delays.counts.promises.cancelled_after_due, 2);
    assert_int_equal(delays.counts.promises.returned_late, 1);
    assert_int_equal(delays.counts.undated, 0);

    params.milestone = MILESTONE_SHIPPED;
    assert_int_equal(DELAYS_OF(orders, &params).counts.promises.returned_late, 0);

    params = plain;
    params.has_tolerance = true;
    params.tolerance_late = 1;
    delays = DELAYS_OF(orders, &params);
    assert_int_equal(delays.counts.promises.cancelled_after_due, 1);
    assert_int_equal(delays.counts.promises.returned_late, 1);
    params.tolerance_late = 2;
    assert_int_equal(DELAYS_OF(orders, &params).counts.promises.returned_late, 0);
}

static void since_and_until_go_by_the_milestone(void **state)
{
    (void)state;
    struct order_facts orders[] = {delivered(10, 9),    delivered(10, 10), delivered(10, 12),       delivered(NONE, 13),
                                   delivered(10, NONE), open_with(10),     order_in(PHASE_RETURNED)};
    struct figures_params params = plain;
    orders[6].delivered_on = 11;
    orders[5].shipped_on = 11;

    params.since = 10;
    params.until = 12;
    struct figures_delays delays = DELAYS_OF(orders, &params);
    assert_int_equal(delays.counts.orders, 3);
    assert_int_equal(delays.counts.delivered, 2);
    assert_int_equal(delays.counts.returned, 1);
    assert_int_equal(delays.counts.open, 0);
    assert_int_equal(delays.counts.undated, 0);
    assert_int_equal(delays.counts.overdue_open, 0);
    assert_int_equal(delays.counts.promises.due, 2);

    params.until = NONE;
    assert_int_equal(DELAYS_OF(orders, &params).counts.orders, 4);
    params.since = NONE;
    params.until = 9;
    assert_int_equal(DELAYS_OF(orders, &params).counts.orders, 1);
    params.until = 12;
    params.milestone = MILESTONE_SHIPPED; /* the open one has a ship date within */
    assert_int_equal(DELAYS_OF(orders, &params).counts.orders, 5);
    assert_int_equal(DELAYS_OF(orders, &params).counts.overdue_open, 1);
}

static void a_weekend_is_no_delay_on_workdays(void **state)
{
    (void)state;
    const struct calendar workdays = {NULL, 0};
    struct figures_params params = plain;
    struct order_facts facts = delivered(99, 101); /* promised Friday, come Sunday */
    int32_t days = 7;
    params.calendar = &workdays;
    facts.ordered_on = 92; /* the Friday before */

    assert_true(figures_lateness(&facts, &params, &days));
    assert_int_equal(days, 0);
    assert_int_equal(delays_of(&facts, 1, &params).counts.on_time, 1);
    assert_true(figures_lead(&facts, &params, &days));
    assert_int_equal(days, 5);
    facts.delivered_on = 102;
    assert_int_equal(delays_of(&facts, 1, &params).counts.late, 1);
}

static void ageing_has_six_buckets(void **state)
{
    (void)state;
    const struct {
        int32_t past_days;
        const char *bucket;
    } cases[] = {{-5, "not_due"}, {0, "not_due"}, {1, "1-7"},    {7, "1-7"},      {8, "8-30"},
                 {30, "8-30"},    {31, "31-90"},  {90, "31-90"}, {91, "over_90"}, {700000, "over_90"}};
    struct figures_params params = plain;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ageing ageing = {0};
        struct order_facts facts = open_with(params.question_day - cases[i].past_days);
        ageing_add(&ageing, &facts, &params);
        for (size_t bucket = 0; bucket < AGEING_BUCKET_COUNT; bucket++) {
            assert_int_equal(ageing.orders[bucket], strcmp(ageing_bucket_names[bucket], cases[i].bucket) == 0);
        }
    }

    const struct calendar workdays = {NULL, 0};
    struct ageing ageing = {0};
    struct order_facts orders[] = {open_with(99), open_with(NONE), delivered(1, NONE), order_in(PHASE_SHIPPED)};
    params.calendar = &workdays;
    params.question_day = 101; /* promised Friday, asked on Sunday */
    for (size_t i = 0; i < 4; i++) {
        ageing_add(&ageing, &orders[i], &params);
    }
    assert_int_equal(ageing.orders[0], 1);
    assert_int_equal(ageing.orders[1], 0);
    assert_int_equal(ageing.orders[5], 2);
    assert_string_equal(ageing_bucket_names[5], "no_promise");
}

static void a_histogram_has_each_day_once(void **state)
{
    (void)state;
    const int32_t values[] = {3, -700000, 3, 0, 2932896, -1, 3, 0, 2932896, 64, -32768, 32767, 32768, -32769};
    const struct distribution_bin want[] = {{-700000, 1}, {-32769, 1}, {-32768, 1}, {-1, 1},    {0, 2},
                                            {3, 3},       {64, 1},     {32767, 1},  {32768, 1}, {2932896, 2}};
    enum { REPEATS = 10000 };
    struct distribution distribution = {0};
    struct distribution_bin *bins = NULL;
    size_t bin_count = 0;

    /* asked after one round, and after so many that all but the far ones are counters */
    for (uint32_t round = 1; round <= REPEATS; round++) {
        for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
            assert_int_equal(distribution_add(&distribution, values[i], NULL), 0);
        }
        if (round != 1 && round != REPEATS) {
            continue;
        }
        assert_int_equal(distribution_bins(&distribution, &bins, &bin_count, NULL), 0);
        assert_int_equal(bin_count, sizeof want / sizeof *want);
        for (size_t i = 0; i < bin_count; i++) {
            assert_int_equal(bins[i].days, want[i].days);
            assert_int_equal(bins[i].orders, want[i].orders * round);
        }
        free(bins);
    }
    distribution_release(&distribution);
}

static void memory_is_bounded(void **state)
{
    (void)state;
    struct distribution distribution = {0};

    for (int32_t i = 0; i < 1000000; i++) {
        assert_int_equal(distribution_add(&distribution, i % 400 - 30, NULL), 0);
    }
    assert_true(distribution.stray_capacity <= 256);
    assert_true(distribution.width <= 512);
    for (int32_t i = 0; i < 1000000; i++) {
        assert_int_equal(distribution_add(&distribution, i % 90000 - 60000, NULL), 0);
    }
    assert_true(distribution.width <= 65536);
    distribution_release(&distribution);

    /* a customer with a few orders pays for those, not for a window */
    for (int32_t i = 0; i < 9; i++) {
        assert_int_equal(distribution_add(&distribution, i * 3000, NULL), 0);
    }
    assert_int_equal(distribution.width, 0);
    assert_int_equal(distribution.stray_capacity, 16);
    distribution_release(&distribution);
}

/* From here on: the second implementation. */

enum { RANDOM_ORDERS_MAX = 400 };

struct values {
    int32_t days[RANDOM_ORDERS_MAX];
    int count;
};

static int compare_int32(const void *a, const void *b)
{
    int32_t left = *(const int32_t *)a;
    int32_t right = *(const int32_t *)b;
    return left < right ? -1 : left > right;
}

static void assert_summary(struct values *values, const struct distribution_summary *got)
{
    int64_t sum = 0;

    assert_int_equal(got->count, values->count);
    if (values->count == 0) {
        return;
    }
    qsort(values->days, (size_t)values->count, sizeof values->days[0], compare_int32);
    for (int i = 0; i < values->count; i++) {
        sum += values->days[i];
    }
    assert_int_equal(got->sum, sum);
    assert_int_equal(got->min, values->days[0]);
    assert_int_equal(got->max, values->days[values->count - 1]);
    for (int i = 0; i < PERCENTILE_COUNT; i++) {
        const int percentiles[PERCENTILE_COUNT] = {50, 85, 90, 95, 99};
        int rank = 1;
        while (rank * 100 < percentiles[i] * values->count) {
            rank++;
        }
        assert_int_equal(got->percentiles[i], values->days[rank - 1]);
    }
}

/* Days from a to b, one after the other. */
static int32_t slow_days(const struct calendar *calendar, int32_t a, int32_t b)
{
    int32_t days = 0;
    int32_t from = a < b ? a : b;
    int32_t to = a < b ? b : a;

    for (int32_t day = from + 1; day <= to; day++) {
        days += !calendar || calendar_is_workday(calendar, day);
    }
    return a < b ? days : -days;
}

struct slow_figures {
    struct figures_counts counts;
    struct values lateness;
    struct values late;
    struct values lead;
};

static void slow_add(struct slow_figures *slow, const struct order_facts *o, const struct figures_params *p)
{
    struct figures_counts *c = &slow->counts;
    bool by_shipping = p->milestone == MILESTONE_SHIPPED;
    int32_t promise = p->promise == PROMISE_LATEST  ? o->expected_on
                      : p->promise == PROMISE_FIRST ? o->first_expected_on
                                                    : o->requested_on;
    int32_t milestone = by_shipping && o->shipped_on != NONE ? o->shipped_on : o->delivered_on;
    int32_t full_on = by_shipping ? o->shipped_in_full_on : o->delivered_in_full_on;
    bool reached = o->phase == PHASE_DELIVERED || (by_shipping && o->phase == PHASE_SHIPPED);
    bool gone = o->phase == PHASE_CANCELLED || o->phase == PHASE_RETURNED;
    bool open = !gone && o->phase != PHASE_DELIVERED;
    int32_t tolerated = p->has_tolerance ? p->tolerance_late : 0;

    if ((p->since != NONE || p->until != NONE) && milestone == NONE) {
        return;
    }
    if ((p->since != NONE && milestone < p->since) || (p->until != NONE && milestone > p->until)) {
        return;
    }
    c->orders++;
    c->open += open;
    c->delivered += o->phase == PHASE_DELIVERED;
    c->cancelled += o->phase == PHASE_CANCELLED;
    c->returned += o->phase == PHASE_RETURNED;
    c->with_shipped_on += o->shipped_on != NONE;
    c->overdue_open += open && o->expected_on != NONE && o->expected_on < p->question_day;
    if (reached && milestone == NONE) {
        c->undated++;
        return;
    }
    if (reached && o->ordered_on != NONE) {
        slow->lead.days[slow->lead.count++] = slow_days(p->calendar, o->ordered_on, milestone);
    }
    if (promise == NONE) {
        return;
    }

    bool kept = false;
    if (reached) {
        int32_t days = slow_days(p->calendar, promise, milestone);
        slow->lateness.days[slow->lateness.count++] = days;
        c->measured++;
        if (days > tolerated) {
            c->late++;
            slow->late.days[slow->late.count++] = days;
        } else if (p->has_tolerance && days < -p->tolerance_early) {
            c->early++;
        } else {
            kept = true;
            c->on_time++;
            if (full_on == FULL_ALWAYS ||
                (full_on != FULL_NEVER && slow_days(p->calendar, promise, full_on) <= tolerated)) {
                c->in_full++;
            }
        }
    }
    if (!gone && (reached || slow_days(p->calendar, promise, p->question_day) > tolerated)) {
        c->promises.due++;
        *(kept ? &c->promises.kept : &c->promises.broken) += 1;
    }
    if (o->phase == PHASE_CANCELLED && o->cancelled_on != NONE) {
        c->promises.cancelled_after_due += slow_days(p->calendar, promise, o->cancelled_on) > tolerated;
    }
    if (o->phase == PHASE_RETURNED && milestone != NONE) {
        c->promises.returned_late += slow_days(p->calendar, promise, milestone) > tolerated;
    }
}

static int32_t random_below(int32_t end)
{
    return (int32_t)(random() % end);
}

/* A day of a few weeks; now and then unknown, seldom far off. */
static int32_t random_day(int32_t far_days)
{
    if (random_below(5) == 0) {
        return NONE;
    }
    return 20000 + random_below(40) + (random_below(60) == 0 ? far_days : 0);
}

static struct order_facts random_order(int32_t far_days)
{
    struct order_facts facts = order_in((enum order_phase)random_below(5));

    if (random_below(2) == 0) {
        facts.phase = PHASE_DELIVERED;
    }
    facts.ordered_on = random_day(-far_days);
    facts.expected_on = random_day(far_days);
    facts.first_expected_on = random_day(far_days);
    facts.requested_on = random_day(far_days);
    facts.shipped_on = random_day(far_days);
    facts.delivered_on = random_day(far_days);
    facts.cancelled_on = random_day(far_days);
    facts.shipped_in_full_on = random_below(4) == 0 ? FULL_NEVER : random_day(far_days);
    facts.delivered_in_full_on = random_below(4) == 0 ? FULL_NEVER : random_day(far_days);
    return facts;
}

static struct figures_params random_params(const struct calendar *workdays)
{
    return (struct figures_params){
        .promise = (enum figures_promise)random_below(3),
        .milestone = (enum figures_milestone)random_below(2),
        .calendar = random_below(2) == 0 ? workdays : NULL,
        .has_tolerance = random_below(2) == 0,
        .tolerance_early = random_below(6),
        .tolerance_late = random_below(6),
        .since = random_below(3) == 0 ? 20000 + random_below(20) : NONE,
        .until = random_below(3) == 0 ? 20020 + random_below(20) : NONE,
        .question_day = 20000 + random_below(50),
    };
}

static void agrees_with_a_slow_implementation(void **state)
{
    (void)state;
    const struct calendar_exception exceptions[] = {{20003, false}, {20010, true}, {20011, false}, {20018, true}};
    const struct calendar workdays = {exceptions, 4};
    const char *given = getenv("SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
    print_message("SEED=%u\n", seed);
    srandom(seed);

    for (int round = 0; round < 400; round++) {
        struct figures_params params = random_params(&workdays);
        struct order_facts orders[RANDOM_ORDERS_MAX];
        struct slow_figures slow = {0};
        size_t count = (size_t)random_below(round % 4 == 0 ? RANDOM_ORDERS_MAX : 12);
        int32_t far_days = round % 8 == 0 ? 70000 : 300;

        for (size_t i = 0; i < count; i++) {
            orders[i] = random_order(far_days);
            slow_add(&slow, &orders[i], &params);
        }
        struct figures_delays delays = delays_of(orders, count, &params);
        assert_memory_equal(&delays.counts, &slow.counts, sizeof slow.counts);
        assert_summary(&slow.lateness, &delays.lateness_days);
        assert_summary(&slow.late, &delays.late_days);
        assert_summary(&slow.lead, &delays.lead_days);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_worked_example),
        cmocka_unit_test(digits_are_exact),
        cmocka_unit_test(percentiles_are_nearest_rank),
        cmocka_unit_test(nothing_has_no_figures),
        cmocka_unit_test(status_alone_decides),
        cmocka_unit_test(an_unknown_day_is_undated),
        cmocka_unit_test(a_promise_of_each_kind),
        cmocka_unit_test(tolerance_makes_early_and_late),
        cmocka_unit_test(in_full_is_also_on_time),
        cmocka_unit_test(the_milestone_may_be_shipping),
        cmocka_unit_test(open_promises_are_due_when_past),
        cmocka_unit_test(overdue_is_in_calendar_days),
        cmocka_unit_test(promises_that_would_vanish),
        cmocka_unit_test(since_and_until_go_by_the_milestone),
        cmocka_unit_test(a_weekend_is_no_delay_on_workdays),
        cmocka_unit_test(ageing_has_six_buckets),
        cmocka_unit_test(a_histogram_has_each_day_once),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(agrees_with_a_slow_implementation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
