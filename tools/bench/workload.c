/* The standard workload, of 100 orders: all created and taken into processing, 30 with a note, 8 with a changed
 * promise; then 6 cancelled, 6 left in processing, 88 shipped, and 82 of these delivered. */
#include "tools/bench/workload.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/date.h"
#include "ledger/schema.h"

enum step { CREATED, NOTE, PROCESSING, PROMISE, CANCELLED, SHIPPED, DELIVERED, STEP_COUNT };

enum {
    FIRST_DAY = 10957, /* 2000-01-01 */
    ORDERS_A_DAY = 200,
    CUSTOMERS = 2000,
    PRODUCTS = 500,
    ACTORS = 12,
    PROMISE_MOVES = 5, /* days */
};

static const uint32_t step_types[STEP_COUNT] = {
    [CREATED] = DAYBOOK_ORDER_CREATED,
    [NOTE] = DAYBOOK_ORDER_NOTE_ADDED,
    [PROCESSING] = DAYBOOK_ORDER_PROCESSING_STARTED,
    [PROMISE] = DAYBOOK_ORDER_PROMISE_CHANGED,
    [CANCELLED] = DAYBOOK_ORDER_CANCELLED,
    [SHIPPED] = DAYBOOK_ORDER_SHIPPED,
    [DELIVERED] = DAYBOOK_ORDER_DELIVERED,
};

static const struct daybook_text carriers[] = {
    {"DHL", 3},
    {"UPS", 3},
    {"SF", 2},
    {"Road", 4},
};

struct batch_texts {
    struct daybook_draft draft;
    struct daybook_draft_item item;
    char order_no[16], customer[24], product[16], note[64], actor[16];
};

/* What about an order is drawn; each draw is independent of the others. */
enum draw { DRAW_FATE, DRAW_NOTE, DRAW_PROMISE, DRAW_LEAD, DRAW_DELAY, DRAW_TRANSIT, DRAW_CUSTOMER, DRAW_PRODUCT };

/* SplitMix64's finaliser over (order, draw), reduced to 0..below-1. */
static uint32_t draw(uint32_t order, enum draw what, uint32_t below)
{
    uint64_t x = (uint64_t)order << 8 | what;
    x = (x + 0x9e3779b97f4a7c15u) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)((x ^ x >> 31) % below);
}

/* ---- an order's days */

static int32_t created_on(uint32_t order)
{
    return FIRST_DAY + (int32_t)(order / ORDERS_A_DAY);
}

static int32_t expected_on(uint32_t order)
{
    return created_on(order) + 7 + (int32_t)draw(order, DRAW_LEAD, 14);
}

static int32_t shipped_on(uint32_t order)
{
    return expected_on(order) - 4 + (int32_t)draw(order, DRAW_DELAY, 6);
}

static int32_t step_day(uint32_t order, enum step step)
{
    switch (step) {
    case PROCESSING:
        return created_on(order) + 1;
    case PROMISE:
        return created_on(order) + 2;
    case CANCELLED:
        return created_on(order) + 3;
    case SHIPPED:
        return shipped_on(order);
    case DELIVERED:
        return shipped_on(order) + 1 + (int32_t)draw(order, DRAW_TRANSIT, 4);
    default:
        return created_on(order);
    }
}

static bool happens(uint32_t order, enum step step)
{
    uint32_t fate = draw(order, DRAW_FATE, 100);
    switch (step) {
    case NOTE:
        return draw(order, DRAW_NOTE, 100) < 30;
    case PROMISE:
        return draw(order, DRAW_PROMISE, 100) < 8;
    case CANCELLED:
        return fate < 6;
    case SHIPPED:
        return fate >= 12;
    case DELIVERED:
        return fate >= 18;
    default:
        return true;
    }
}

/* ---- all orders */

static int compare_steps(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

uint32_t workload_order(const struct workload *workload, size_t step)
{
    return (uint32_t)(workload->steps[step] >> 8);
}

int workload_new(uint32_t first, uint32_t orders, struct workload *ret, struct daybook_error *err)
{
    uint64_t *steps = calloc((size_t)orders * STEP_COUNT, sizeof *steps);
    size_t count = 0;
    if (!steps)
        return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for %u orders. Ask for fewer.", orders);
    for (uint32_t order = first; order < first + orders; order++)
        for (enum step step = CREATED; step < STEP_COUNT; step++)
            if (happens(order, step))
                steps[count++] = (uint64_t)step_day(order, step) << 40 | (uint64_t)order << 8 | step;
    qsort(steps, count, sizeof *steps, compare_steps);
    *ret = (struct workload){steps, count};
    return 0;
}

void workload_release(struct workload *workload)
{
    free(workload->steps);
}

/* ---- requests */

int batch_new(size_t capacity, struct batch *ret, struct daybook_error *err)
{
    struct batch batch = {.entries = calloc(capacity, sizeof *batch.entries),
                          .results = calloc(capacity, sizeof *batch.results),
                          .texts = calloc(capacity, sizeof *batch.texts),
                          .capacity = capacity};
    if (!batch.entries || !batch.results || !batch.texts) {
        batch_release(&batch);
        return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for %zu requests.", capacity);
    }
    *ret = batch;
    return 0;
}

void batch_release(struct batch *batch)
{
    free(batch->entries);
    free(batch->results);
    free(batch->texts);
}

static struct daybook_text numbered(char *out, size_t size, const char *prefix, int digits, uint32_t number)
{
    return (struct daybook_text){out, (size_t)snprintf(out, size, "%s%0*u", prefix, digits, number)};
}

static void fill_created(struct batch_texts *texts, uint32_t order)
{
    struct daybook_draft *draft = &texts->draft;
    texts->item = (struct daybook_draft_item){
        .code = numbered(texts->product, sizeof texts->product, "P-", 4, draw(order, DRAW_PRODUCT, PRODUCTS)),
        .has_quantity = true,
        .quantity = {1 + (int64_t)draw(order, DRAW_FATE, 40), 0},
        .expected_on = DAYBOOK_DAY_NONE,
    };
    draft->customer =
        numbered(texts->customer, sizeof texts->customer, "Customer ", 4, draw(order, DRAW_CUSTOMER, CUSTOMERS));
    draft->expected_on = expected_on(order);
    draft->items = &texts->item;
    draft->item_count = 1;
}

static void fill(struct daybook_entry *entry, struct batch_texts *texts, uint64_t packed)
{
    enum step step = packed & 0xff;
    uint32_t order = (uint32_t)(packed >> 8);
    struct daybook_draft *draft = &texts->draft;
    daybook_draft_init(draft, step_types[step]);
    draft->order_no = numbered(texts->order_no, sizeof texts->order_no, "SO-", 6, order);
    draft->occurred = DAYBOOK_OCCURRED_ON;
    draft->occurred_on = (int32_t)(packed >> 40);
    if (step == CREATED)
        fill_created(texts, order);
    else if (step == NOTE)
        draft->text =
            numbered(texts->note, sizeof texts->note, "Asks to be called before delivery, extension ", 4, order);
    else if (step == PROMISE)
        draft->expected_on = expected_on(order) + PROMISE_MOVES;
    else if (step == SHIPPED)
        draft->carrier = carriers[order % (sizeof carriers / sizeof *carriers)];
    *entry = (struct daybook_entry){
        .drafts = draft,
        .draft_count = 1,
        .actor = numbered(texts->actor, sizeof texts->actor, "clerk ", 2, order % ACTORS),
        .via = DAYBOOK_TEXT("bench@localhost"),
        .via_kind = DAYBOOK_TEXT("os"),
    };
}

void batch_fill(struct batch *batch, const struct workload *workload, size_t from)
{
    size_t left = workload->count - from;
    batch->count = left < batch->capacity ? left : batch->capacity;
    for (size_t i = 0; i < batch->count; i++)
        fill(&batch->entries[i], &batch->texts[i], workload->steps[from + i]);
}

int batch_refusal(const struct batch *batch, struct daybook_error *err)
{
    for (size_t i = 0; i < batch->count; i++)
        if (batch->results[i].error.code) {
            *err = batch->results[i].error;
            return err->code;
        }
    return 0;
}

/* ---- as files; no text of the workload needs quoting */

static void write_day(FILE *file, bool is_there, int32_t day)
{
    char text[DAYBOOK_DAY_TEXT_SIZE] = "";
    if (is_there)
        date_format(day, text);
    fprintf(file, ",%s", text);
}

void workload_write_table(FILE *file, uint32_t orders)
{
    fputs("Order No,Customer,Item Code,Qty,Order Date,Promised Date,Ship Date,Actual Delivery,Status\n", file);
    for (uint32_t order = 1; order <= orders; order++) {
        bool shipped = happens(order, SHIPPED), delivered = happens(order, DELIVERED);
        fprintf(file, "SO-%06u,Customer %04u,P-%04u,%u", order, draw(order, DRAW_CUSTOMER, CUSTOMERS),
                draw(order, DRAW_PRODUCT, PRODUCTS), 1 + draw(order, DRAW_FATE, 40));
        write_day(file, true, created_on(order));
        write_day(file, true, expected_on(order) + (happens(order, PROMISE) ? PROMISE_MOVES : 0));
        write_day(file, shipped, step_day(order, SHIPPED));
        write_day(file, delivered, step_day(order, DELIVERED));
        fprintf(file, ",%s\n",
                happens(order, CANCELLED) ? "cancelled"
                : delivered               ? "delivered"
                : shipped                 ? "shipped"
                                          : "processing");
    }
}

/* A member of an object, behind a comma unless it is the first. */
static void write_member(FILE *file, bool *is_first, const char *name, struct daybook_text value)
{
    if (!value.ptr)
        return;
    fprintf(file, "%s\"%s\":\"%.*s\"", *is_first ? "" : ",", name, (int)value.len, value.ptr);
    *is_first = false;
}

static void write_data(FILE *file, const struct daybook_draft *draft)
{
    char day[DAYBOOK_DAY_TEXT_SIZE];
    bool is_first = true;
    write_member(file, &is_first, "customer", draft->customer);
    write_member(file, &is_first, "text", draft->text);
    write_member(file, &is_first, "carrier", draft->carrier);
    if (draft->expected_on != DAYBOOK_DAY_NONE) {
        date_format(draft->expected_on, day);
        write_member(file, &is_first, "expected_on", (struct daybook_text){day, DAYBOOK_DAY_TEXT_SIZE - 1});
    }
    for (size_t i = 0; i < draft->item_count; i++)
        fprintf(file, ",\"items\":[{\"code\":\"%.*s\",\"quantity\":\"%lld\"}]", (int)draft->items[i].code.len,
                draft->items[i].code.ptr, (long long)draft->items[i].quantity.mantissa);
}

static void write_line(FILE *file, const struct daybook_entry *entry, size_t id)
{
    const struct daybook_draft *draft = entry->drafts;
    char day[DAYBOOK_DAY_TEXT_SIZE];
    date_format(draft->occurred_on, day);
    fprintf(file, "{\"specversion\":\"1.0\",\"source\":\"/bench\",\"id\":\"%zu\",\"type\":\"%s\"", id,
            schema_by_wire(draft->type)->name);
    fprintf(file, ",\"subject\":\"order/%.*s\",\"time\":\"%sT00:00:00Z\",\"dateonly\":true", (int)draft->order_no.len,
            draft->order_no.ptr, day);
    fprintf(file, ",\"actor\":\"%.*s\",\"data\":{", (int)entry->actor.len, entry->actor.ptr);
    write_data(file, draft);
    fputs("}}\n", file);
}

void batch_write_lines(const struct batch *batch, FILE *file, size_t first)
{
    for (size_t i = 0; i < batch->count; i++)
        write_line(file, &batch->entries[i], first + i);
}
