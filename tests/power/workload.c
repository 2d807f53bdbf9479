/* Random requests to a ledger; see workload.h. */
#include "tests/power/workload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daybook/erase.h"
#include "ledger/event.h"
#include "ledger/ledger.h"
#include "projections/delays.h"
#include "projections/orders.h"
#include "tests/power/record.h"
#include "tests/unit/scratch.h"

enum { ORDERS_MAX = 4000, BULK_MAX = 60, TEXT_SIZE = 6000, CUSTOMERS = 12, CARRIED_MAX = 2000, VALUES_MAX = 8 };

struct workload {
    const char *folder;
    struct daybook *ledger;
    uint64_t random, last_seq;
    char orders[ORDERS_MAX][DAYBOOK_ORDER_NO_MAX + 1];
    uint64_t events[ORDERS_MAX]; /* one of each order's */
    uint32_t order_count;
    char text[TEXT_SIZE];
};

static void must(int rc, const struct daybook_error *err)
{
    if (!rc)
        return;
    fprintf(stderr, "# workload: %s\n", err->message);
    abort();
}

static void open_it(struct workload *w)
{
    struct daybook_error err = {0};
    must(daybook_open(w->folder, NULL, &w->ledger, &err), &err);
}

static void answered(struct workload *w, const struct daybook_result *result)
{
    if (!result->error.code && result->last_seq > w->last_seq)
        w->last_seq = result->last_seq;
    recording_answer(w->last_seq);
}

/* A refusal is an answer too. */
static void submit(struct workload *w, const struct daybook_draft *drafts, size_t count)
{
    struct daybook_result result;
    record(w->ledger, drafts, count, &result);
    answered(w, &result);
    if (!result.error.code && result.order && drafts->type == DAYBOOK_ORDER_CREATED && w->order_count < ORDERS_MAX) {
        memcpy(w->orders[w->order_count], result.order_no, sizeof w->orders[0]);
        w->events[w->order_count++] = result.last_seq;
    }
}

/* Letters that differ from request to request. */
static struct daybook_text some_text(struct workload *w, size_t len)
{
    for (size_t i = 0; i < len; i++)
        w->text[i] = (char)('a' + random_below(&w->random, 26));
    return (struct daybook_text){w->text, len};
}

static struct daybook_text some_customer(struct workload *w, char buffer[32])
{
    snprintf(buffer, 32, "customer %u", random_below(&w->random, CUSTOMERS));
    return text_of(buffer);
}

static struct daybook_draft_item some_item(struct workload *w, char code[16])
{
    snprintf(code, 16, "P-%u", random_below(&w->random, 40));
    return (struct daybook_draft_item){.code = text_of(code),
                                       .has_quantity = true,
                                       .quantity = quantity(1 + random_below(&w->random, 90)),
                                       .expected_on = DAYBOOK_DAY_NONE};
}

/* ---- requests */

static void create_order(struct workload *w)
{
    char customer[32], codes[3][16];
    struct daybook_draft drafts[2];
    struct daybook_draft_item items[3];
    size_t count = 1 + random_below(&w->random, 3);
    for (size_t i = 0; i < count; i++)
        items[i] = some_item(w, codes[i]);
    daybook_draft_init(&drafts[0], DAYBOOK_ORDER_CREATED);
    drafts[0].customer = some_customer(w, customer);
    drafts[0].items = items, drafts[0].item_count = count;
    drafts[0].expected_on = 20000 + (int32_t)random_below(&w->random, 1000);
    daybook_draft_init(&drafts[1], DAYBOOK_ORDER_NOTE_ADDED);
    drafts[1].text = some_text(w, 1 + random_below(&w->random, 200));
    submit(w, drafts, 1 + random_below(&w->random, 2));
}

static struct daybook_draft draft_for_an_order(struct workload *w, uint32_t type, uint32_t *ret_index)
{
    struct daybook_draft draft;
    daybook_draft_init(&draft, type);
    *ret_index = w->order_count ? random_below(&w->random, w->order_count) : 0;
    draft.order_no = text_of(w->order_count ? w->orders[*ret_index] : "none");
    return draft;
}

static void add_note(struct workload *w)
{
    uint32_t index;
    struct daybook_draft draft = draft_for_an_order(w, DAYBOOK_ORDER_NOTE_ADDED, &index);
    draft.text = some_text(w, 1 + random_below(&w->random, random_below(&w->random, 4) ? 80 : TEXT_SIZE));
    submit(w, &draft, 1);
}

static void move_order(struct workload *w)
{
    static const uint32_t types[] = {DAYBOOK_ORDER_PROCESSING_STARTED, DAYBOOK_ORDER_SHIPPED, DAYBOOK_ORDER_DELIVERED,
                                     DAYBOOK_ORDER_HELD, DAYBOOK_ORDER_RESUMED, DAYBOOK_ORDER_CANCELLED};
    uint32_t index;
    struct daybook_draft draft =
        draft_for_an_order(w, types[random_below(&w->random, sizeof types / sizeof *types)], &index);
    submit(w, &draft, 1);
}

static void change_promise(struct workload *w)
{
    uint32_t index;
    struct daybook_draft draft = draft_for_an_order(w, DAYBOOK_ORDER_PROMISE_CHANGED, &index);
    draft.expected_on = 20000 + (int32_t)random_below(&w->random, 1000);
    draft.reason = some_text(w, 20);
    submit(w, &draft, 1);
}

static void void_event(struct workload *w)
{
    uint32_t index;
    struct daybook_draft draft = draft_for_an_order(w, DAYBOOK_ORDER_EVENT_VOIDED, &index);
    draft.target = w->events[index];
    draft.reason = DAYBOOK_TEXT("typed twice");
    submit(w, &draft, 1);
}

static void rename_customer(struct workload *w)
{
    char old_name[32], new_name[48];
    struct daybook_draft draft;
    daybook_draft_init(&draft, DAYBOOK_CUSTOMER_RENAMED);
    draft.subject = some_customer(w, old_name);
    snprintf(new_name, sizeof new_name, "%s of %u", old_name, random_below(&w->random, 1000));
    draft.name = text_of(new_name);
    submit(w, &draft, 1);
}

static void merge_customers(struct workload *w)
{
    char name[32], into[32];
    struct daybook_draft draft;
    daybook_draft_init(&draft, DAYBOOK_CUSTOMER_MERGED);
    draft.subject = some_customer(w, name);
    draft.customer = some_customer(w, into);
    submit(w, &draft, 1);
}

/* Somebody who came for this, so that each forgetting takes one value. */
static void forget_customer(struct workload *w)
{
    char name[32];
    struct daybook_error err = {0};
    struct daybook_draft draft;
    struct daybook_erased erased;
    snprintf(name, sizeof name, "visitor %016llx", (unsigned long long)random_next(&w->random));
    daybook_draft_init(&draft, DAYBOOK_ORDER_CREATED);
    draft.customer = text_of(name);
    submit(w, &draft, 1);
    const struct daybook_erase_request request = {.kind = DAYBOOK_ERASE_CUSTOMER,
                                                  .name = draft.customer,
                                                  .reason = some_text(w, 20),
                                                  .actor = DAYBOOK_TEXT("li.lei"),
                                                  .via = DAYBOOK_TEXT("li.lei@host"),
                                                  .via_kind = DAYBOOK_TEXT("os")};
    must(daybook_erase(w->ledger, &request, &erased, &err), &err);
    w->last_seq = erased.last_seq;
    recording_answer(w->last_seq);
}

/* Many entries in one commit, as `import` makes them. */
static void import_orders(struct workload *w)
{
    static struct daybook_draft drafts[BULK_MAX];
    static struct daybook_entry entries[BULK_MAX];
    static struct daybook_result results[BULK_MAX];
    static struct daybook_draft_item items[BULK_MAX];
    static char customers[BULK_MAX][32], codes[BULK_MAX][16], identity[32];
    struct daybook_error err = {0};
    size_t count = 1 + random_below(&w->random, BULK_MAX);
    snprintf(identity, sizeof identity, "%016llx", (unsigned long long)random_next(&w->random));
    const struct daybook_source_name source = {DAYBOOK_TEXT("import"), DAYBOOK_TEXT("orders.csv"), text_of(identity)};
    for (size_t i = 0; i < count; i++) {
        items[i] = some_item(w, codes[i]);
        daybook_draft_init(&drafts[i], DAYBOOK_ORDER_CREATED);
        drafts[i].customer = some_customer(w, customers[i]);
        drafts[i].items = &items[i], drafts[i].item_count = 1;
        drafts[i].cause_row = (uint32_t)i + 1;
        entries[i] = (struct daybook_entry){.drafts = &drafts[i],
                                            .draft_count = 1,
                                            .actor = DAYBOOK_TEXT("wang"),
                                            .via = DAYBOOK_TEXT("import by wang@desk"),
                                            .via_kind = DAYBOOK_TEXT("import"),
                                            .source = &source};
    }
    must(daybook_append(w->ledger, entries, count, results, &err), &err);
    for (size_t i = 0; i < count; i++)
        if (!results[i].error.code && results[i].last_seq > w->last_seq)
            w->last_seq = results[i].last_seq;
    recording_answer(w->last_seq);
}

static void keep_views(struct workload *w)
{
    static const struct daybook_projection *const kept[] = {&orders_projection, &delays_projection};
    struct daybook_error err = {0};
    struct daybook_snapshot *snapshot = NULL;
    must(daybook_snapshot_begin(w->ledger, &snapshot, &err), &err);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        struct daybook_view *view = NULL;
        if (random_below(&w->random, 8) == 0)
            must(daybook_view_rebuild(snapshot, kept[i], NULL, &err), &err);
        must(daybook_view_open(snapshot, kept[i], NULL, &view, &err), &err);
        daybook_view_close(view);
    }
    daybook_snapshot_end(snapshot);
}

static void open_again(struct workload *w)
{
    daybook_close(w->ledger);
    open_it(w);
}

/* ---- a log carried over */

struct copy {
    struct daybook_snapshot *snapshot;
    struct daybook_carried events[CARRIED_MAX];
    const uint8_t *salts[CARRIED_MAX][VALUES_MAX];
    struct daybook_text values[CARRIED_MAX][VALUES_MAX];
    int64_t recorded_us[CARRIED_MAX];
    size_t count;
};

static int copy_value(void *context, const char *field, uint16_t slot, const struct daybook_personal *personal)
{
    struct copy *c = context;
    struct daybook_personal wanted = *personal;
    struct daybook_carried *carried = &c->events[c->count];
    (void)field;
    wanted.slot = slot;
    if (slot >= VALUES_MAX)
        abort();
    carried->value_count = slot + 1u;
    return daybook_personal_salt(c->snapshot, carried->seq, &wanted, &c->salts[c->count][slot],
                                 &c->values[c->count][slot], NULL);
}

static int copy_event(void *context, const struct daybook_event *event, struct daybook_error *err)
{
    struct copy *c = context;
    struct event_scratch scratch = {0};
    struct daybook_data data;
    if (c->count == CARRIED_MAX)
        return 0;
    c->events[c->count] = (struct daybook_carried){.seq = event->seq,
                                                   .bytes = event->bytes,
                                                   .len = event->len,
                                                   .salts = c->salts[c->count],
                                                   .values = c->values[c->count]};
    c->recorded_us[c->count] = event->recorded_us;
    int rc = event_read_data(event, &scratch, &data, err);
    if (!rc)
        rc = data_each_personal(schema_by_wire(event->type), &data, copy_value, c);
    event_scratch_release(&scratch);
    c->count++;
    return rc;
}

/* In some commits, as `load` makes them. */
static void carry(struct workload *w, const char *source)
{
    struct daybook_error err = {0};
    struct daybook *from = NULL;
    struct copy *c = calloc(1, sizeof *c);
    must(daybook_open(source, NULL, &from, &err), &err);
    must(daybook_snapshot_begin(from, &c->snapshot, &err), &err);
    must(daybook_follow(c->snapshot, 1, copy_event, c, &err), &err);
    for (size_t at = 0, taken = 0; at < c->count; at += taken) {
        size_t count = 1 + random_below(&w->random, 100);
        while (at + count < c->count && c->recorded_us[at + count] == c->recorded_us[at + count - 1])
            count++; /* whole entries */
        if (count > c->count - at)
            count = c->count - at;
        must(daybook_carry(w->ledger, &c->events[at], count, &taken, &err), &err);
        w->last_seq += taken;
        recording_answer(w->last_seq);
    }
    daybook_snapshot_end(c->snapshot);
    daybook_close(from);
    free(c);
}

/* ---- all of it */

static const struct {
    void (*make)(struct workload *w);
    uint32_t weight;
} requests_made[] = {
    {create_order, 24}, {add_note, 24},        {move_order, 15},    {change_promise, 8}, {void_event, 6},
    {keep_views, 6},    {rename_customer, 5},  {merge_customers, 3}, {import_orders, 4}, {open_again, 3},
    {forget_customer, 2},
};
enum { WEIGHTS = 100 };

static void make_request(struct workload *w)
{
    uint32_t chosen = random_below(&w->random, WEIGHTS);
    size_t i = 0;
    while (chosen >= requests_made[i].weight)
        chosen -= requests_made[i++].weight;
    requests_made[i].make(w);
}

void workload_run(const char *folder, const char *source, uint64_t seed, unsigned requests)
{
    struct workload *w = calloc(1, sizeof *w);
    struct daybook_error err = {0};
    const struct daybook_init_options options = {.timezone = DAYBOOK_TEXT("UTC")};
    w->folder = folder;
    w->random = seed;
    must(daybook_init(folder, &options, &err), &err);
    recording_answer(0);
    open_it(w);
    if (source)
        carry(w, source);
    for (unsigned i = 0; i < requests; i++)
        make_request(w);
    daybook_close(w->ledger);
    free(w);
}
