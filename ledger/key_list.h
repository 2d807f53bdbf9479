/* Verifier keys, each once. */
#ifndef LEDGER_KEY_LIST_H
#define LEDGER_KEY_LIST_H

#include "ledger/note.h"

/* Starts as {0}; the caller frees `keys`. */
struct key_list {
    struct note_key *keys;
    size_t count;
};

int key_list_add(struct key_list *list, const struct note_key *key, struct daybook_error *err);
/* A key as text. DAYBOOK_BAD_VALUE. */
int key_list_add_text(struct key_list *list, struct daybook_text text, struct daybook_error *err);

#endif
