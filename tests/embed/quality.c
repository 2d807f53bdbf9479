/* Quality checks of orders: an event type of our own, and a view that knows how many defects each order has had. */
#include <daybook/type.h>
#include <daybook/view.h>
#include <stdio.h>

static const struct daybook_type_field field = {"defects", DAYBOOK_VALUE_INTEGER, true};
static const struct daybook_type_definition checked = {"quality.checked", 1000, 1, DAYBOOK_ORDER, &field, 1};

static int add_defects(void *context, const struct daybook_event *event, const struct daybook_data *data,
                       struct daybook_error *err)
{
    (void)err;
    if (event->type == checked.wire && data->value_count)
        *(int64_t *)context += data->values[0].integer;
    return 0;
}

/* The row of an order: how many defects were found. */
static int put(struct daybook_rows *rows, struct daybook_subject *subject, struct daybook_error *err)
{
    int64_t found = 0;
    int rc = daybook_subject_events(subject, add_defects, &found, err);
    return rc ? rc : daybook_rows_put(rows, DAYBOOK_TABLE_MAIN, daybook_subject_ordinal(subject), &found, 8, err);
}

static int print_row(void *context, uint64_t key, const void *bytes, size_t len, struct daybook_error *err)
{
    (void)context, (void)len, (void)err;
    return printf("order %d: %d defects\n", (int)key, *(const unsigned char *)bytes) < 0;
}

static int record(struct daybook *ledger, struct daybook_error *err)
{
    const struct daybook_value three = {.kind = DAYBOOK_VALUE_INTEGER, .integer = 3};
    struct daybook_draft drafts[3];
    struct daybook_result result;
    daybook_draft_init(&drafts[0], DAYBOOK_TYPE_REGISTERED); /* again and again: once it is there, it adds nothing */
    drafts[0].definition = &checked;
    daybook_draft_init(&drafts[1], DAYBOOK_ORDER_CREATED);
    drafts[1].customer = DAYBOOK_TEXT("Hanari Carnes");
    daybook_draft_init(&drafts[2], checked.wire);
    drafts[2].values = &three, drafts[2].value_count = 1;
    const struct daybook_entry entry = {.drafts = drafts, .draft_count = 3, .actor = DAYBOOK_TEXT("zhou.min"),
                                        .via = DAYBOOK_TEXT("quality"), .via_kind = DAYBOOK_TEXT("program")};
    return daybook_append(ledger, &entry, 1, &result, err) || (*err = result.error).code;
}

int main(void)
{
    const struct daybook_projection defects = {.name = "defects", .version = 1, .put = put};
    struct daybook *ledger = NULL;
    struct daybook_snapshot *snapshot = NULL;
    struct daybook_view *view = NULL;
    struct daybook_error error = {0};
    int rc = daybook_init("quality.ledger", NULL, &error) || daybook_open("quality.ledger", NULL, &ledger, &error) ||
             record(ledger, &error) || daybook_snapshot_begin(ledger, &snapshot, &error) ||
             daybook_view_open(snapshot, &defects, NULL, &view, &error) ||
             daybook_rows_each(daybook_view_rows(view), DAYBOOK_TABLE_MAIN, print_row, NULL, &error);
    if (rc)
        fprintf(stderr, "%s\n", error.message);
    daybook_view_close(view);
    daybook_snapshot_end(snapshot);
    daybook_close(ledger);
    return rc;
}
