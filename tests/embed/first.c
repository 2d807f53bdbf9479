/* An order with a note, recorded together or not at all. */
#include <daybook/ledger.h>
#include <stdio.h>

int main(void)
{
    struct daybook *ledger = NULL;
    struct daybook_error error = {0};
    struct daybook_result result = {0};
    struct daybook_draft drafts[2];
    daybook_draft_init(&drafts[0], DAYBOOK_ORDER_CREATED);
    drafts[0].customer = DAYBOOK_TEXT("Hanari Carnes");
    daybook_draft_init(&drafts[1], DAYBOOK_ORDER_NOTE_ADDED);
    drafts[1].text = DAYBOOK_TEXT("Pack the glasses in straw.");
    struct daybook_entry entry = {.drafts = drafts, .draft_count = 2, .actor = DAYBOOK_TEXT("li.lei"),
                                  .via = DAYBOOK_TEXT("first"), .via_kind = DAYBOOK_TEXT("program")};
    int rc = daybook_init("first.ledger", NULL, &error) || daybook_open("first.ledger", NULL, &ledger, &error) ||
             daybook_append(ledger, &entry, 1, &result, &error) || result.error.code;
    puts(!rc ? result.order_no : result.error.code ? result.error.message : error.message);
    daybook_close(ledger);
    return rc;
}
