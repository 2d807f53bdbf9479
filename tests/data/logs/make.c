/* Makes the golden ledger of the present format: tests/data/logs/<format>/ with log/data.mdb, personal-0/data.mdb and
 * events.hex, one stored event a line. Run by hand once when a format is new; what it made before is never made again.
 *
 *     make all
 *     gcc -std=gnu11 -D_GNU_SOURCE -Iinclude -I. tests/data/logs/make.c build/release/internal.a \
 *         $(pkg-config --libs lmdb msgpack libcrypto libxxhash libutf8proc) -o build/make-golden
 *     build/make-golden tests/data/logs/1
 *
 * It has every event type that can be recorded today. tests/unit/test_golden.c says what it must fold to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daybook/ledger.h"
#include "ledger/date.h"

static struct daybook *ledger;
static struct daybook_result last;

static struct daybook_text text_of(const char *text)
{
    return (struct daybook_text){text, text ? strlen(text) : 0};
}

static void stop(const char *message)
{
    fprintf(stderr, "%s\n", message);
    exit(1);
}

static int32_t day_of(const char *date)
{
    int32_t day = DAYBOOK_DAY_NONE;
    if (date && !date_parse_iso(text_of(date), &day))
        stop(date);
    return day;
}

static struct daybook_draft draft_of(uint32_t type, const char *order_no, const char *date)
{
    struct daybook_draft draft;
    daybook_draft_init(&draft, type);
    draft.order_no = text_of(order_no);
    draft.occurred = date ? DAYBOOK_OCCURRED_ON : DAYBOOK_OCCURRED_UNKNOWN;
    draft.occurred_on = day_of(date);
    return draft;
}

static struct daybook_draft_item item_of(const char *code, int64_t mantissa, uint8_t scale)
{
    return (struct daybook_draft_item){
        .code = text_of(code), .has_quantity = true, .quantity = {mantissa, scale}, .expected_on = DAYBOOK_DAY_NONE};
}

static void record(const struct daybook_draft *draft, const char *key, const struct daybook_source_name *source)
{
    const struct daybook_entry entry = {.drafts = draft,
                                        .draft_count = 1,
                                        .actor = DAYBOOK_TEXT("李雷"),
                                        .via = DAYBOOK_TEXT("li.lei@host"),
                                        .via_kind = DAYBOOK_TEXT("os"),
                                        .key = text_of(key),
                                        .source = source};
    struct daybook_error err = {0};
    if (daybook_append(ledger, &entry, 1, &last, &err))
        stop(err.message);
    if (last.error.code)
        stop(last.error.message);
}

static void record_plain(uint32_t type, const char *order_no, const char *date)
{
    struct daybook_draft draft = draft_of(type, order_no, date);
    record(&draft, NULL, NULL);
}

static void define(const char *name, const char *kind, bool is_public, const struct daybook_text *choices,
                   size_t choice_count)
{
    struct daybook_draft draft = draft_of(DAYBOOK_FIELD_DEFINED, NULL, "2026-01-02");
    draft.name = text_of(name);
    draft.category = text_of(kind);
    draft.scope = DAYBOOK_TEXT("order");
    draft.is_public = is_public;
    draft.is_required = is_public;
    draft.choices = choices, draft.choice_count = choice_count;
    record(&draft, NULL, NULL);
}

static void registers(void)
{
    static const struct daybook_text colours[] = {DAYBOOK_TEXT("红"), DAYBOOK_TEXT("green")};
    define("Weight", "number", false, NULL, 0);
    define("Best before", "date", false, NULL, 0);
    define("Colour", "choice", true, colours, 2);
}

/* Shipped in two parts, the second corrected; delivered in two; promise moved, a note retracted. */
static void order_one(void)
{
    struct daybook_draft_item items[] = {item_of("LW-1", 12, 0), item_of("LW-2", 4, 0)}, part = item_of("LW-1", 6, 0);
    struct daybook_draft_field fields[] = {{DAYBOOK_TEXT("Weight"), DAYBOOK_TEXT("12.50")},
                                           {DAYBOOK_TEXT("Best before"), DAYBOOK_TEXT("2026-06-30")},
                                           {DAYBOOK_TEXT("Colour"), DAYBOOK_TEXT("红")},
                                           {DAYBOOK_TEXT("Contact"), DAYBOOK_TEXT("王小明")}};
    struct daybook_draft d = draft_of(DAYBOOK_ORDER_CREATED, "A-1", "2026-01-05");
    items[0].name = DAYBOOK_TEXT("蓝纹奶酪");
    items[0].unit = DAYBOOK_TEXT("箱");
    items[1].fields = &fields[3], items[1].field_count = 1;
    d.customer = DAYBOOK_TEXT("万泰酒业");
    d.items = items, d.item_count = 2;
    d.fields = fields, d.field_count = 4;
    d.expected_on = day_of("2026-01-20");
    d.requested_on = day_of("2026-01-18");
    d.ordered_on = day_of("2026-01-04");
    d.customer_ref = DAYBOOK_TEXT("PO-77");
    record(&d, "create A-1", NULL);
    record_plain(DAYBOOK_ORDER_PROCESSING_STARTED, "A-1", "2026-01-06");
    record_plain(DAYBOOK_ORDER_PRODUCTION_STARTED, "A-1", "2026-01-07");
    d = draft_of(DAYBOOK_ORDER_PROMISE_CHANGED, "A-1", "2026-01-08");
    d.expected_on = day_of("2026-01-25");
    d.reason = DAYBOOK_TEXT("the oven broke");
    record(&d, NULL, NULL);
    d = draft_of(DAYBOOK_ORDER_SHIPPED, "A-1", "2026-01-10");
    d.items = &part, d.item_count = 1;
    d.carrier = DAYBOOK_TEXT("SF");
    d.tracking = DAYBOOK_TEXT("123");
    record(&d, NULL, NULL);
    record_plain(DAYBOOK_ORDER_SHIPPED, "A-1", "2026-01-12");
    uint64_t shipped = last.last_seq;
    d = draft_of(DAYBOOK_ORDER_DELIVERED, "A-1", "2026-01-13");
    d.items = &part, d.item_count = 1;
    record(&d, NULL, NULL);
    record_plain(DAYBOOK_ORDER_DELIVERED, "A-1", "2026-01-15");
    struct daybook_draft change = draft_of(DAYBOOK_ORDER_SHIPPED, NULL, "2026-01-11");
    d = draft_of(DAYBOOK_ORDER_EVENT_VOIDED, "A-1", NULL);
    d.target = shipped;
    d.reason = DAYBOOK_TEXT("a day late in the book");
    d.replacement = &change;
    record(&d, NULL, NULL);
    d = draft_of(DAYBOOK_ORDER_NOTE_ADDED, "A-1", "2026-01-16");
    d.text = DAYBOOK_TEXT("左门");
    d.category = DAYBOOK_TEXT("packaging");
    record(&d, NULL, NULL);
    uint64_t note = last.last_seq;
    d.text = DAYBOOK_TEXT("");
    record(&d, NULL, NULL);
    d = draft_of(DAYBOOK_ORDER_NOTE_RETRACTED, "A-1", NULL);
    d.target = note;
    d.reason = DAYBOOK_TEXT("wrong order");
    record(&d, NULL, NULL);
}

/* Held and resumed, amended, cancelled and reopened; its customer renamed. */
static void order_two(void)
{
    struct daybook_draft_item item = item_of("LW-2", 35, 1),
                              changes[] = {item_of("LW-2", 25, 1), item_of("LW-3", 1, 9)};
    struct daybook_draft d = draft_of(DAYBOOK_ORDER_CREATED, "A-2", NULL);
    item.unit = DAYBOOK_TEXT("kg");
    d.ordered_on = day_of("2026-01-05");
    d.customer = DAYBOOK_TEXT("Müller");
    d.items = &item, d.item_count = 1;
    record(&d, NULL, NULL);
    d = draft_of(DAYBOOK_ORDER_HELD, "A-2", "2026-01-06");
    d.reason = DAYBOOK_TEXT("not paid");
    record(&d, NULL, NULL);
    record_plain(DAYBOOK_ORDER_RESUMED, "A-2", "2026-01-07");
    d = draft_of(DAYBOOK_ORDER_AMENDED, "A-2", "2026-01-08");
    changes[1].expected_on = day_of("2026-02-10");
    d.items = changes, d.item_count = 2;
    record(&d, NULL, NULL);
    d = draft_of(DAYBOOK_CUSTOMER_RENAMED, NULL, "2026-01-09");
    d.subject = DAYBOOK_TEXT("Müller");
    d.name = DAYBOOK_TEXT("Müller & Söhne");
    record(&d, NULL, NULL);
    d = draft_of(DAYBOOK_PRODUCT_RENAMED, NULL, "2026-01-09");
    d.subject = DAYBOOK_TEXT("LW-3");
    d.code = DAYBOOK_TEXT("LW-03");
    d.name = DAYBOOK_TEXT("a grain");
    record(&d, NULL, NULL);
    d = draft_of(DAYBOOK_ORDER_CANCELLED, "A-2", "2026-01-10");
    d.reason = DAYBOOK_TEXT("too dear");
    record(&d, NULL, NULL);
    d = draft_of(DAYBOOK_ORDER_REOPENED, "A-2", "2026-01-11");
    d.status = DAYBOOK_TEXT("pending");
    d.reason = DAYBOOK_TEXT("a better price");
    record(&d, NULL, NULL);
}

/* One from a file, numbered here and returned; one reopened; one that was never ordered; a customer merged away. */
static void others(void)
{
    const struct daybook_source_name file = {
        DAYBOOK_TEXT("import"), DAYBOOK_TEXT("orders.csv"),
        DAYBOOK_TEXT("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")};
    struct daybook_draft d = draft_of(DAYBOOK_ORDER_CREATED, NULL, "2025-12-30");
    d.customer = DAYBOOK_TEXT("acme");
    d.cause_row = 300;
    record(&d, "row 300", &file);
    d = draft_of(DAYBOOK_ORDER_DELIVERED, "SO-000001", "2026-01-02");
    d.occurred_us = 1767312000000000;
    record(&d, NULL, NULL);
    d = draft_of(DAYBOOK_ORDER_RETURNED, "SO-000001", "2026-01-09");
    d.reason = DAYBOOK_TEXT("mouldy");
    record(&d, NULL, NULL);
    d = draft_of(DAYBOOK_ORDER_CREATED, "A-3", "2026-01-03");
    d.customer = DAYBOOK_TEXT("acme");
    record(&d, NULL, NULL);
    record_plain(DAYBOOK_ORDER_SHIPPED, "A-3", "2026-01-04");
    record_plain(DAYBOOK_ORDER_DELIVERED, "A-3", "2026-01-05");
    record_plain(DAYBOOK_ORDER_REOPENED, "A-3", "2026-01-06");
    d = draft_of(DAYBOOK_ORDER_CREATED, "A-4", "2026-01-03");
    d.customer = DAYBOOK_TEXT("nobody");
    record(&d, NULL, NULL);
    d = draft_of(DAYBOOK_ORDER_EVENT_VOIDED, "A-4", NULL);
    d.target = last.last_seq;
    record(&d, NULL, NULL);
    d = draft_of(DAYBOOK_CUSTOMER_MERGED, NULL, "2026-01-12");
    d.subject = DAYBOOK_TEXT("nobody");
    d.customer = DAYBOOK_TEXT("acme");
    record(&d, NULL, NULL);
}

static int write_hex(void *context, const struct daybook_event *event, struct daybook_error *err)
{
    (void)err;
    for (size_t i = 0; i < event->len; i++)
        fprintf(context, "%02x", event->bytes[i]);
    fputc('\n', context);
    return 0;
}

static void write_events(const char *folder)
{
    char path[4096];
    struct daybook_snapshot *snapshot;
    snprintf(path, sizeof path, "%s/events.hex", folder);
    FILE *file = fopen(path, "w");
    if (!file || daybook_snapshot_begin(ledger, &snapshot, NULL) ||
        daybook_follow(snapshot, 1, write_hex, file, NULL) || fclose(file))
        stop(path);
    daybook_snapshot_end(snapshot);
}

/* What another machine must not see. */
static void remove_locks(const char *folder)
{
    static const char *const names[] = {"log/lock.mdb", "log/queue", "personal-0/lock.mdb"};
    char path[4096];
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
}

int main(int argc, char **argv)
{
    struct daybook_error err = {0};
    const struct daybook_init_options options = {.timezone = DAYBOOK_TEXT("Asia/Shanghai"),
                                                 .numbers = DAYBOOK_TEXT("SO-{000000}")};
    if (argc != 2)
        stop("usage: make-golden FOLDER");
    if (daybook_init(argv[1], &options, &err) || daybook_open(argv[1], NULL, &ledger, &err))
        stop(err.message);
    registers();
    order_one();
    order_two();
    others();
    write_events(argv[1]);
    daybook_close(ledger);
    remove_locks(argv[1]);
    return 0;
}
