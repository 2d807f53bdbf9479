/* Delay figures, exact, from rows of facts: how late, how long, how many, and of which promises.
 *
 * A figure is gathered order by order and summed up at the end:
 *
 *     struct figures figures = {0};                     all zeros is "no orders yet"
 *     for each order with figures_selected():  figures_add(&figures, ...)
 *     figures_finish(&figures, &delays, err)            counts, sums, percentiles
 *     figures_release(&figures)
 *
 * Nothing here is floating point: rates and means stay fractions until figures_ratio() writes their digits,
 * so that a table, JSON and an outsider's calculation agree to the last one. */
#ifndef PROJECTIONS_FIGURES_H
#define PROJECTIONS_FIGURES_H

#include "daybook/error.h"
#include "ledger/calendar.h"
#include "projections/facts.h"

enum { PERCENTILE_50, PERCENTILE_85, PERCENTILE_90, PERCENTILE_95, PERCENTILE_99, PERCENTILE_COUNT };
extern const int distribution_percentiles[PERCENTILE_COUNT]; /* 50 85 90 95 99 */

/* A multiset of days, small while it has few values, and at most a counter a day once it has many:
 *
 *     strays: -70000 9 31 ...          counts: [first] 3 0 0 7 12 ... [first + width - 1]
 *
 * `counts` has the values of a window near zero, `strays` all others in order of arrival. When the strays have
 * used up their room, the window is widened over those near zero, if there are values enough to pay for it. */
struct distribution {
    uint32_t *counts;
    int32_t *strays;
    size_t stray_count;
    size_t stray_capacity;
    uint32_t value_count;
    uint32_t width;
    int32_t first;
};

/* One day of a histogram. */
struct distribution_bin {
    int32_t days;
    uint32_t orders;
};

struct distribution_summary {
    int64_t count; /* when 0, the rest is 0 and means nothing: show null */
    int64_t sum;   /* the mean is sum / count */
    int32_t min;
    int32_t max;
    int32_t percentiles[PERCENTILE_COUNT]; /* nearest-rank */
};

/* DAYBOOK_NO_MEMORY, and then nothing was added. At most UINT32_MAX values. */
int distribution_add(struct distribution *distribution, int32_t days, struct daybook_error *err);
/* The values that occur, ascending, each once. The caller frees *ret_bins, NULL when there are none. */
int distribution_bins(struct distribution *distribution, struct distribution_bin **ret_bins, size_t *ret_count,
                      struct daybook_error *err);
/* Of all values but the `skip` smallest. */
void distribution_summarize(const struct distribution_bin *bins, size_t bin_count, int64_t skip,
                            struct distribution_summary *ret);
void distribution_release(struct distribution *distribution);

enum figures_promise { PROMISE_LATEST, PROMISE_FIRST, PROMISE_REQUESTED };
enum figures_milestone { MILESTONE_DELIVERED, MILESTONE_SHIPPED };

struct figures_params {
    enum figures_promise promise;
    enum figures_milestone milestone;
    const struct calendar *calendar; /* NULL: civil days */
    bool has_tolerance;
    int32_t tolerance_early; /* days, >= 0; these two are read only with has_tolerance */
    int32_t tolerance_late;
    int32_t since; /* both ends included, DAYBOOK_DAY_NONE: open */
    int32_t until;
    int32_t question_day; /* always a day */
};

/* The promise that it is held to, and the day that is held against it; DAYBOOK_DAY_NONE when there is none. */
int32_t figures_promise(const struct order_facts *facts, const struct figures_params *params);
int32_t figures_milestone(const struct order_facts *facts, const struct figures_params *params);
/* Does it count under since and until? Ask before every _add, and before a group is made for it. */
bool figures_selected(const struct order_facts *facts, const struct figures_params *params);
bool figures_is_open(const struct order_facts *facts);
/* False when it is not measured: not delivered (or shipped, where that is the milestone), or without day or promise. */
bool figures_lateness(const struct order_facts *facts, const struct figures_params *params, int32_t *ret_days);
/* False when it is not delivered (or shipped), or the day of that is not known. */
bool figures_lead(const struct order_facts *facts, const struct figures_params *params, int32_t *ret_days);
/* Calendar days that an open order is past its latest promise; false when it is not. */
bool figures_overdue(const struct order_facts *facts, const struct figures_params *params, int32_t *ret_days);

/* Signed, as numerators and denominators of figures_ratio(). */
struct figures_counts {
    int64_t orders; /* = open + delivered + cancelled + returned */
    int64_t open;
    int64_t delivered;
    int64_t cancelled;
    int64_t returned;
    int64_t measured; /* = early + on_time + late */
    int64_t undated;
    int64_t early; /* always 0 without a tolerance */
    int64_t on_time;
    int64_t late;
    int64_t in_full; /* on time and in full: in_full_rate = in_full / measured */
    int64_t overdue_open;
    int64_t with_shipped_on; /* whether --milestone shipped would measure something */
    struct {
        int64_t due; /* = kept + broken */
        int64_t kept;
        int64_t broken;
        int64_t cancelled_after_due;
        int64_t returned_late;
    } promises;
};

struct figures {
    struct figures_counts counts;
    struct distribution lateness;
    struct distribution lead;
};

struct figures_delays {
    struct figures_counts counts;
    struct distribution_summary lateness_days; /* of the measured */
    struct distribution_summary late_days;     /* of the late */
    struct distribution_summary lead_days;     /* of the delivered with their day */
};

/* One order more in the counts, as figures_add() counts it. */
void figures_count(struct figures_counts *counts, const struct order_facts *facts, const struct figures_params *params);
/* DAYBOOK_NO_MEMORY, and then *figures is good for figures_release() only. */
int figures_add(struct figures *figures, const struct order_facts *facts, const struct figures_params *params,
                struct daybook_error *err);
/* Leaves *figures as it is; more may be added. */
int figures_finish(struct figures *figures, struct figures_delays *ret, struct daybook_error *err);
void figures_release(struct figures *figures);

enum { AGEING_BUCKET_COUNT = 6 };
extern const char *const ageing_bucket_names[AGEING_BUCKET_COUNT]; /* "not_due" .. "over_90" "no_promise" */

/* All zeros is empty. */
struct ageing {
    int64_t orders[AGEING_BUCKET_COUNT];
};

/* Days past the latest promise, on the calendar of params; orders that are not open are passed over. */
void ageing_add(struct ageing *ageing, const struct order_facts *facts, const struct figures_params *params);

enum { FIGURES_RATIO_SIZE = 28 }; /* sign, 19 digits, point, 6 digits, NUL */

/* numerator / denominator with 6 decimals, half to even ("-19.352287"). False, and out untouched, when the denominator
 * is 0: show null. The denominator is never negative. */
bool figures_ratio(int64_t numerator, int64_t denominator, char out[FIGURES_RATIO_SIZE]);

#endif
