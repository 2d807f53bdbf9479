/* An order with a note, recorded together or not at all; the note is read back from the log. */
#include <daybook/order.h>
#include <stdio.h>
#include <string.h>

static int print_note(void *snapshot, const struct daybook_event *event, const struct daybook_data *data,
                      struct daybook_error *err)
{
    struct daybook_text text;
    if (event->type != DAYBOOK_ORDER_NOTE_ADDED)
        return 0;
    int rc = daybook_personal_value(snapshot, event->seq, &data->text, &text, err);
    return rc ? rc : printf("%.*s\n", (int)text.len, text.ptr) < 0;
}

int main(void)
{
    struct daybook *ledger = NULL;
    struct daybook_snapshot *snapshot = NULL;
    struct daybook_error error = {0};
    struct daybook_result result = {0};
    struct daybook_draft drafts[2];
    daybook_draft_init(&drafts[0], DAYBOOK_ORDER_CREATED);
    drafts[0].customer = DAYBOOK_TEXT("Hanari Carnes");
    daybook_draft_init(&drafts[1], DAYBOOK_ORDER_NOTE_ADDED);
    drafts[1].text = DAYBOOK_TEXT("Pack the glasses in straw.");
    struct daybook_entry entry = {.drafts = drafts, .draft_count = 2, .actor = DAYBOOK_TEXT("li.lei"),
                                  .via = DAYBOOK_TEXT("note"), .via_kind = DAYBOOK_TEXT("program")};
    int rc = daybook_init("note.ledger", NULL, &error) || daybook_open("note.ledger", NULL, &ledger, &error) ||
             daybook_append(ledger, &entry, 1, &result, &error) || result.error.code ||
             daybook_snapshot_begin(ledger, &snapshot, &error) ||
             daybook_fold_order(snapshot, (struct daybook_text){result.order_no, strlen(result.order_no)},
                                DAYBOOK_CUT_NOW, print_note, snapshot, &error);
    if (rc)
        fprintf(stderr, "%s\n", result.error.code ? result.error.message : error.message);
    daybook_snapshot_end(snapshot);
    daybook_close(ledger);
    return rc;
}
