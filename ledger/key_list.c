/* Verifier keys, each once: a key that signed counts once. */
#include "ledger/key_list.h"

#include <stdlib.h>

int key_list_add(struct key_list *list, const struct note_key *key, struct daybook_error *err)
{
    for (size_t i = 0; i < list->count; i++)
        if (note_key_equals(&list->keys[i], key))
            return 0;
    struct note_key *bigger = realloc(list->keys, (list->count + 1) * sizeof *bigger);
    if (!bigger)
        return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for keys.");
    list->keys = bigger;
    list->keys[list->count++] = *key;
    return 0;
}

int key_list_add_text(struct key_list *list, struct daybook_text text, struct daybook_error *err)
{
    struct note_key key;
    int rc = note_key_parse(text, &key, err);
    return rc ? rc : key_list_add(list, &key, err);
}
