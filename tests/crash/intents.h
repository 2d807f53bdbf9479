/* An intent as the entry that it asks for, and the other way round: which intent an event is. */
#ifndef TESTS_CRASH_INTENTS_H
#define TESTS_CRASH_INTENTS_H

#include "daybook/ledger.h"
#include "tests/crash/record.h"

/* An entry with what it points to. */
struct intent_entry {
    struct daybook_entry entry;
    struct daybook_draft drafts[2];
    struct daybook_draft_item item;
    char key[24], customer[24], note[24], order_no[24];
};

/* `ret` must not be moved. */
void intent_entry(uint32_t number, struct intent_entry *ret);
/* "customer-7": whom the order of that intent is for. */
void intent_customer(uint32_t number, char out[24]);
/* A fresh intent, or one that was tried before, answered or not; 0: none is left. */
uint32_t intent_choose(struct record *record, uint64_t *random);

#endif
