#include "tests/crash/intents.h"

#include <stdio.h>

#include "tests/unit/scratch.h"

/* Every third order is for somebody new: a personal name comes with it. */
void intent_customer(uint32_t number, char out[24])
{
    snprintf(out, 24, "customer-%u", number % 3 ? number % 7 : number);
}

static void fill_order(uint32_t number, struct intent_entry *e)
{
    intent_customer(number, e->customer);
    e->item = (struct daybook_draft_item){.code = DAYBOOK_TEXT("LW-1"),
                                          .has_quantity = true,
                                          .quantity = quantity(number),
                                          .expected_on = DAYBOOK_DAY_NONE};
    daybook_draft_init(&e->drafts[0], DAYBOOK_ORDER_CREATED);
    e->drafts[0].customer = text_of(e->customer);
    e->drafts[0].items = &e->item;
    e->drafts[0].item_count = 1;
}

static void fill_note(struct intent_entry *e, struct daybook_draft *note)
{
    daybook_draft_init(note, DAYBOOK_ORDER_NOTE_ADDED);
    note->text = text_of(e->note);
}

void intent_entry(uint32_t number, struct intent_entry *ret)
{
    enum intent_kind kind = intent_kind(number);
    *ret = (struct intent_entry){0};
    snprintf(ret->key, sizeof ret->key, "k%u", number);
    snprintf(ret->note, sizeof ret->note, "note %u", number);
    snprintf(ret->order_no, sizeof ret->order_no, "BASE-%u", number / INTENT_KIND_COUNT % BASE_ORDERS);
    if (kind == INTENT_NOTE) {
        fill_note(ret, &ret->drafts[0]);
        ret->drafts[0].order_no = text_of(ret->order_no);
    } else {
        fill_order(number, ret);
        fill_note(ret, &ret->drafts[1]);
    }
    ret->entry = (struct daybook_entry){.drafts = ret->drafts,
                                        .draft_count = kind == INTENT_NOTED_ORDER ? 2 : 1,
                                        .actor = DAYBOOK_TEXT("li.lei"),
                                        .via = DAYBOOK_TEXT("li.lei@host"),
                                        .via_kind = DAYBOOK_TEXT("os"),
                                        .key = text_of(ret->key)};
}

/* Those not answered yet are tried again more often: their writers may have been killed half-way. */
uint32_t intent_choose(struct record *record, uint64_t *random)
{
    uint32_t count = atomic_load(&record->intent_count), number = 0;
    if (count == 0 || random_below(random, 2))
        number = record_new_intent(record);
    for (int tries = 0; number == 0 && count > 0; tries++) {
        uint32_t old = 1 + random_below(random, count);
        if (atomic_load(&record->intents[old].answers) == 0 || tries > 5)
            number = old;
    }
    if (number)
        atomic_fetch_add(&record->intents[number].tries, 1);
    return number;
}
