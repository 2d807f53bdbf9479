/* All events of a log as stored bytes. */
#include "tools/bench/stored.h"

#include <stdio.h>
#include <stdlib.h>

#include "ledger/event.h"

struct gathering {
    struct stored *stored;
    struct daybook_snapshot *snapshot;
    struct event_scratch scratch;
    struct daybook_error *err;
};

static int take_personal(void *context, const char *field, uint16_t slot, const struct daybook_personal *personal)
{
    struct gathering *g = context;
    size_t i = g->stored->count;
    struct daybook_carried *carried = &g->stored->events[i];
    if (slot > 0)
        return daybook_fail(g->err, DAYBOOK_TOO_LARGE, "Event %llu has a second personal value, \"%s\".",
                            (unsigned long long)carried->seq, field);
    carried->salts = &g->stored->salts[i];
    carried->values = &g->stored->values[i];
    carried->value_count = 1;
    return daybook_personal_salt(g->snapshot, carried->seq, personal, &g->stored->salts[i], &g->stored->values[i],
                                 g->err);
}

static void take_columns(const struct daybook_event *event, const struct daybook_data *data, struct stored_columns *ret)
{
    *ret = (struct stored_columns){
        .kind = event->kind,
        .ordinal = event->ordinal,
        .nth = event->nth,
        .type = event->type,
        .customer = data->customer,
        .occurred_on = event->occurred_on,
        .expected_on = data->expected_on,
    };
    snprintf(ret->subject, sizeof ret->subject, "%s/%06u", schema_kind_name(event->kind), event->ordinal);
}

static int take_event(void *context, const struct daybook_event *event, struct daybook_error *err)
{
    struct gathering *g = context;
    struct stored *stored = g->stored;
    struct daybook_data data;
    int rc = event_read_data(event, &g->scratch, &data, err);
    if (rc)
        return rc;
    stored->events[stored->count] = (struct daybook_carried){event->seq, event->bytes, event->len, NULL, NULL, 0};
    take_columns(event, &data, &stored->columns[stored->count]);
    rc = data_each_personal(schema_by_wire(event->type), &data, take_personal, g);
    stored->count++;
    stored->bytes += event->len;
    return rc;
}

int stored_new(struct daybook_snapshot *snapshot, struct stored *ret, struct daybook_error *err)
{
    size_t capacity = (size_t)daybook_last_seq(snapshot);
    struct stored stored = {.events = calloc(capacity, sizeof *stored.events),
                            .columns = calloc(capacity, sizeof *stored.columns),
                            .salts = calloc(capacity, sizeof *stored.salts),
                            .values = calloc(capacity, sizeof *stored.values)};
    struct gathering g = {.stored = &stored, .snapshot = snapshot, .err = err};
    int rc = stored.events && stored.columns && stored.salts && stored.values
                 ? daybook_follow(snapshot, 1, take_event, &g, err)
                 : daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for %zu events.", capacity);
    event_scratch_release(&g.scratch);
    if (rc)
        stored_release(&stored);
    else
        *ret = stored;
    return rc;
}

void stored_release(struct stored *stored)
{
    free(stored->events);
    free(stored->columns);
    free(stored->salts);
    free(stored->values);
}
