/* The rows of reading. The page cache is warm: each pass is made once unmeasured, then again until enough time has
 * passed to be measured. */
#include "tools/bench/replay.h"

#include <stdlib.h>
#include <time.h>

#include "ledger/event.h"
#include "ledger/verify.h"
#include "projections/delays.h"
#include "projections/figures.h"

static const double seconds_least = 0.2;

/* The least that a row of facts can be; only to see how fast memory is. */
struct narrow_row {
    uint32_t customer;
    int32_t ordered_on, expected_on, shipped_on, delivered_on, status;
};

enum { NARROW_ROWS = 4 << 20 }; /* 96 MiB: more than any cache */

struct replay {
    struct daybook_snapshot *snapshot;
    struct raw *raw;
    struct sqlite *sqlite;
    struct daybook_view *view;
    struct figures *customers; /* by ordinal */
    uint32_t customer_last;
    uint64_t sum; /* of the pass: keeps the compiler from leaving work out */
    struct delay_sums sums;
    struct narrow_row *rows;
    size_t row_count;
};

typedef int replay_pass(struct replay *replay, struct daybook_error *err);

static int measure_by(double (*clock_now)(void), struct replay *replay, replay_pass *pass, uint64_t things,
                      enum row row, struct report *report, struct daybook_error *err)
{
    unsigned passes = 0;
    double elapsed = 0;
    int rc = pass(replay, err);
    for (double start = clock_now(); !rc && elapsed < seconds_least; elapsed = clock_now() - start, passes++)
        rc = pass(replay, err);
    if (!rc)
        report_put(report, row, (double)things * passes / elapsed);
    return rc;
}

static int measure(struct replay *replay, replay_pass *pass, uint64_t things, enum row row, struct report *report,
                   struct daybook_error *err)
{
    return measure_by(seconds_now, replay, pass, things, row, report, err);
}

/* Of all threads together. */
static double processor_seconds_now(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

/* ---- events */

static int scan_raw(struct replay *replay, struct daybook_error *err)
{
    return raw_scan(replay->raw, &replay->sum, err);
}

static int read_event(void *context, uint64_t seq, const uint8_t *bytes, size_t len, struct daybook_error *err)
{
    uint64_t *sum = context;
    struct daybook_event event;
    int rc = event_read(seq, bytes, len, &event, err);
    if (!rc)
        *sum += event.ordinal;
    return rc;
}

static int read_events(struct replay *replay, struct daybook_error *err)
{
    return store_each_event(replay->snapshot->log, 1, read_event, &replay->sum, err);
}

static int check_event(void *context, uint64_t seq, const uint8_t *bytes, size_t len, struct daybook_error *err)
{
    (void)context;
    return event_check_holds(seq, bytes, len)
               ? 0
               : daybook_fail(err, DAYBOOK_DAMAGED, "Event %llu does not fit its check.", (unsigned long long)seq);
}

static int check_events(struct replay *replay, struct daybook_error *err)
{
    return store_each_event(replay->snapshot->log, 1, check_event, NULL, err);
}

static int verify(struct replay *replay, struct daybook_error *err)
{
    struct verify_result result;
    return verify_ledger(daybook_folder(replay->snapshot->ledger), NULL, &result, err);
}

/* ---- orders */

static int take_facts(void *context, const struct order_facts *facts, const struct delays_labels *labels,
                      struct daybook_error *err)
{
    uint64_t *sum = context;
    (void)labels, (void)err;
    *sum += facts->phase;
    return 0;
}

static int fold(struct replay *replay, struct daybook_error *err)
{
    return facts_each(replay->snapshot, ORDER_CUT_NOW, 1, UINT32_MAX, false, take_facts, &replay->sum, err);
}

static int rebuild(struct replay *replay, struct daybook_error *err)
{
    return daybook_view_rebuild(replay->snapshot, &delays_projection, NULL, err);
}

/* ---- delays by customer */

static const struct figures_params params = {
    .since = DAYBOOK_DAY_NONE, .until = DAYBOOK_DAY_NONE, .question_day = 20000};

static int count_order(void *context, const struct order_facts *facts, const struct delays_labels *labels,
                       struct daybook_error *err)
{
    struct replay *replay = context;
    (void)labels;
    if (!figures_selected(facts, &params))
        return 0;
    return figures_add(&replay->customers[facts->customer], facts, &params, err);
}

static void add_delays(struct delay_sums *sums, const struct figures_delays *delays)
{
    sums->measured += delays->counts.measured;
    sums->lead_days += delays->lead_days.sum;
    sums->late_days += delays->late_days.sum;
    sums->medians += delays->lateness_days.percentiles[PERCENTILE_50];
}

static int delays_by_customer(struct replay *replay, struct daybook_view *view, struct daybook_error *err)
{
    struct figures_delays delays;
    size_t groups = (size_t)replay->customer_last + 1;
    replay->customers = calloc(groups, sizeof *replay->customers);
    if (!replay->customers)
        return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for %zu customers.", groups);
    replay->sums = (struct delay_sums){0};
    int rc = delays_each(replay->snapshot, view, ORDER_CUT_NOW, false, count_order, replay, err);
    for (size_t i = 0; i < groups && !rc; i++) {
        rc = figures_finish(&replay->customers[i], &delays, err);
        if (!rc)
            add_delays(&replay->sums, &delays);
    }
    for (size_t i = 0; i < groups; i++)
        figures_release(&replay->customers[i]);
    free(replay->customers);
    return rc;
}

static int delays_from_events(struct replay *replay, struct daybook_error *err)
{
    return delays_by_customer(replay, NULL, err);
}

static int delays_from_view(struct replay *replay, struct daybook_error *err)
{
    return delays_by_customer(replay, replay->view, err);
}

/* ---- the peers' way */

static int sqlite_from_events(struct replay *replay, struct daybook_error *err)
{
    return sqlite_delays(replay->sqlite, &replay->sums, err);
}

static int sqlite_from_orders(struct replay *replay, struct daybook_error *err)
{
    return sqlite_delays_from_orders(replay->sqlite, &replay->sums, err);
}

static int read_column(struct replay *replay, struct daybook_error *err)
{
    uint64_t sum = 0;
    (void)err;
    for (size_t i = 0; i < replay->row_count; i++)
        sum += replay->rows[i].customer;
    replay->sum = sum;
    return 0;
}

static int measure_column(struct replay *replay, struct report *report, struct daybook_error *err)
{
    replay->row_count = NARROW_ROWS;
    replay->rows = malloc(replay->row_count * sizeof *replay->rows);
    if (!replay->rows)
        return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for %zu rows.", replay->row_count);
    for (size_t i = 0; i < replay->row_count; i++)
        replay->rows[i] = (struct narrow_row){.customer = (uint32_t)i};
    int rc = measure(replay, read_column, replay->row_count, COLUMN_READ, report, err);
    free(replay->rows);
    return rc;
}

/* One after the other, and each must come to the sums of the first. */
static int measure_delays(struct replay *replay, uint64_t events, struct report *report, struct daybook_error *err)
{
    const struct {
        replay_pass *pass;
        uint64_t things;
        enum row row;
    } ways[] = {
        {delays_from_events, events, DELAYS_FROM_EVENTS},
        {sqlite_from_events, events, SQLITE_DELAYS},
        {delays_from_view, report->orders, DELAYS_FROM_VIEW},
        {sqlite_from_orders, report->orders, SQLITE_FACTS},
    };
    struct delay_sums expected;
    int rc = delays_from_events(replay, err);
    expected = replay->sums;
    for (size_t i = 0; i < sizeof ways / sizeof *ways && !rc; i++) {
        rc = ways[i].pass(replay, err);
        if (!rc)
            rc = sums_agree(&expected, &replay->sums, row_names[ways[i].row].name, err);
        if (!rc)
            rc = measure(replay, ways[i].pass, ways[i].things, ways[i].row, report, err);
    }
    replay->sums = expected;
    return rc;
}

static int replay_delays(struct replay *replay, uint64_t events, struct report *report, struct daybook_error *err)
{
    int rc = measure_column(replay, report, err);
    if (!rc)
        rc = daybook_view_open(replay->snapshot, &delays_projection, NULL, &replay->view, err);
    if (!rc)
        rc = sqlite_make_orders(replay->sqlite, err);
    if (!rc)
        rc = measure_delays(replay, events, report, err);
    daybook_view_close(replay->view);
    return rc;
}

int replay_all(struct daybook_snapshot *snapshot, struct raw *raw, struct sqlite *sqlite, struct report *report,
               struct delay_sums *ret_sums, struct daybook_error *err)
{
    static const struct {
        replay_pass *pass;
        enum row row;
    } passes[] = {
        {scan_raw, RAW_SCAN}, {read_events, EVENT_READ}, {check_events, EVENT_CHECK}, {verify, VERIFY},
        {fold, FOLD},         {rebuild, VIEW_REBUILD},
    };
    struct replay replay = {.snapshot = snapshot, .raw = raw, .sqlite = sqlite};
    uint64_t events = daybook_last_seq(snapshot);
    int rc = store_last_ordinal(snapshot->log, DAYBOOK_CUSTOMER, &replay.customer_last, err);
    for (size_t i = 0; i < sizeof passes / sizeof *passes && !rc; i++)
        rc = measure(&replay, passes[i].pass, events, passes[i].row, report, err);
    if (!rc)
        rc = measure_by(processor_seconds_now, &replay, verify, events, VERIFY_A_CORE, report, err);
    if (!rc)
        rc = replay_delays(&replay, events, report, err);
    if (!rc)
        *ret_sums = replay.sums;
    return rc;
}

int replay_delay_sums(const char *folder, struct delay_sums *ret, struct daybook_error *err)
{
    struct daybook *ledger = NULL;
    struct replay replay = {0};
    int rc = daybook_open(folder, NULL, &ledger, err);
    if (!rc)
        rc = daybook_snapshot_begin(ledger, &replay.snapshot, err);
    if (!rc)
        rc = store_last_ordinal(replay.snapshot->log, DAYBOOK_CUSTOMER, &replay.customer_last, err);
    if (!rc)
        rc = delays_from_events(&replay, err);
    if (!rc)
        *ret = replay.sums;
    if (replay.snapshot)
        daybook_snapshot_end(replay.snapshot);
    daybook_close(ledger);
    return rc;
}
