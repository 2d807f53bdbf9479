/* Events are written anew one after the other, and carried into an empty ledger, which computes the rest. */
#include "tests/tamper/forge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/event.h"
#include "ledger/ledger.h"

enum { SUBJECTS_MAX = 1000, EVENTS_MAX = 2000 };

struct forger {
    enum forgery forgery;
    uint64_t at;
    struct daybook *to;
    struct daybook_snapshot *from;
    struct event_scratch scratch;
    struct store_head heads[DAYBOOK_KIND_COUNT][SUBJECTS_MAX];
    uint64_t now[EVENTS_MAX]; /* seqs as they are after the forgery, by those before */
    uint64_t seq;
};

/* All of the workload's events have one personal value at most. */
static int take_value(void *context, const char *field, uint16_t slot, const struct daybook_personal *personal)
{
    (void)field, (void)slot;
    *(const struct daybook_personal **)context = personal;
    return 0;
}

static void put(struct forger *f, struct daybook_event event, struct daybook_data *data)
{
    static uint8_t bytes[DAYBOOK_EVENT_SIZE_MAX];
    struct store_head *head = &f->heads[event.kind][event.ordinal];
    const struct daybook_personal *personal = NULL;
    const uint8_t *salt = NULL;
    struct daybook_text value = DAYBOOK_TEXT_NONE;
    size_t len = 0, taken;
    data_each_personal(schema_by_wire(event.type), data, take_value, &personal);
    if (personal)
        assert_int_equal(daybook_personal_salt(f->from, event.seq, personal, &salt, &value, NULL), 0);
    if (data->target)
        data->target = f->now[data->target];
    event.seq = ++f->seq;
    event.nth = head->version + 1;
    event.prev = head->version ? event.seq - head->last_seq : 0;
    *head = (struct store_head){event.nth, event.seq};
    assert_int_equal(event_write(&event, data, bytes, &len, NULL), 0);
    const struct daybook_carried carried = {
        .seq = event.seq, .bytes = bytes, .len = len, .salts = &salt, .values = &value,
        .value_count = personal != NULL};
    assert_int_equal(daybook_carry(f->to, &carried, 1, &taken, NULL), 0);
}

static int forge_event(void *context, const struct daybook_event *event, struct daybook_error *err)
{
    struct forger *f = context;
    struct daybook_data data;
    struct daybook_event forged = *event;
    assert_int_equal(event_read_data(event, &f->scratch, &data, err), 0);
    f->now[event->seq] = f->seq + 1;
    bool is_here = f->at && event->seq >= f->at && event->type == DAYBOOK_ORDER_NOTE_ADDED;
    if (is_here)
        f->at = 0;
    if (is_here && f->forgery == FORGE_REMOVE)
        return 0;
    if (is_here && f->forgery == FORGE_CHANGE)
        forged.occurred_on = 19000;
    put(f, forged, &data);
    if (is_here && f->forgery == FORGE_INSERT)
        put(f, forged, &data);
    return 0;
}

void forge(const char *from, const char *to, enum forgery forgery, uint64_t at)
{
    struct forger *f = calloc(1, sizeof *f);
    struct daybook *ledger = NULL;
    assert_non_null(f);
    f->forgery = forgery;
    f->at = at;
    f->to = scratch_ledger(to);
    assert_int_equal(daybook_open(from, NULL, &ledger, NULL), 0);
    assert_int_equal(daybook_snapshot_begin(ledger, &f->from, NULL), 0);
    assert_int_equal(daybook_follow(f->from, 1, forge_event, f, NULL), 0);
    daybook_snapshot_end(f->from);
    daybook_close(ledger);
    daybook_close(f->to);
    event_scratch_release(&f->scratch);
    free(f);
}
