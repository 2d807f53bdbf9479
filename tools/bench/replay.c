/* The rows of reading. The page cache is warm: each pass is made once unmeasured, then again until enough time has
 * passed to be measured. */
#include "tools/bench/replay.h"

#include <stdlib.h>

#include "ledger/event.h"
#include "ledger/verify.h"
#include "projections/delays.h"
#include "projections/figures.h"

static const double seconds_least = 0.2;

struct replay {
    struct daybook_snapshot *snapshot;
    struct raw *raw;
    struct view *view;
    struct figures *customers; /* by ordinal */
    uint32_t customer_last;
    uint64_t sum; /* of the pass: keeps the compiler from leaving work out, and tells that two ways agree */
};

typedef int replay_pass(struct replay *replay, struct daybook_error *err);

static int measure(struct replay *replay, replay_pass *pass, uint64_t things, enum row row, struct report *report,
                   struct daybook_error *err)
{
    unsigned passes = 0;
    double elapsed = 0;
    int rc = pass(replay, err);
    for (double start = seconds_now(); !rc && elapsed < seconds_least; elapsed = seconds_now() - start, passes++)
        rc = pass(replay, err);
    if (!rc)
        report_put(report, row, (double)things * passes / elapsed);
    return rc;
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
    return view_rebuild(replay->snapshot, &delays_projection, NULL, err);
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

static int delays_by_customer(struct replay *replay, struct view *view, struct daybook_error *err)
{
    struct figures_delays delays;
    size_t groups = (size_t)replay->customer_last + 1;
    replay->customers = calloc(groups, sizeof *replay->customers);
    if (!replay->customers)
        return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for %zu customers.", groups);
    replay->sum = 0;
    int rc = delays_each(replay->snapshot, view, ORDER_CUT_NOW, false, count_order, replay, err);
    for (size_t i = 0; i < groups && !rc; i++) {
        rc = figures_finish(&replay->customers[i], &delays, err);
        if (!rc)
            replay->sum +=
                (uint64_t)(delays.lead_days.sum + delays.late_days.sum + delays.lateness_days.percentiles[0]);
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

static int replay_delays(struct replay *replay, uint64_t events, struct report *report, struct daybook_error *err)
{
    int rc = measure(replay, delays_from_events, events, DELAYS_FROM_EVENTS, report, err);
    uint64_t sum = replay->sum;
    if (!rc)
        rc = view_open(replay->snapshot, &delays_projection, NULL, &replay->view, err);
    if (!rc)
        rc = measure(replay, delays_from_view, report->orders, DELAYS_FROM_VIEW, report, err);
    if (!rc && replay->sum != sum)
        rc = daybook_fail(err, DAYBOOK_VERIFICATION_FAILED, "Delays from events and from the view differ.");
    view_close(replay->view);
    return rc;
}

int replay_all(struct daybook_snapshot *snapshot, struct raw *raw, struct report *report, struct daybook_error *err)
{
    static const struct {
        replay_pass *pass;
        enum row row;
    } passes[] = {
        {scan_raw, RAW_SCAN}, {read_events, EVENT_READ}, {check_events, EVENT_CHECK}, {verify, VERIFY},
        {fold, FOLD},         {rebuild, VIEW_REBUILD},
    };
    struct replay replay = {.snapshot = snapshot, .raw = raw};
    uint64_t events = daybook_last_seq(snapshot);
    int rc = store_last_ordinal(snapshot->log, DAYBOOK_CUSTOMER, &replay.customer_last, err);
    for (size_t i = 0; i < sizeof passes / sizeof *passes && !rc; i++)
        rc = measure(&replay, passes[i].pass, events, passes[i].row, report, err);
    if (!rc)
        rc = replay_delays(&replay, events, report, err);
    return rc;
}
