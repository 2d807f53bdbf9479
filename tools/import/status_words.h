/* The status words of one file: what --status and the ledger's workflow say of them, then the built-in table. */
#ifndef TOOLS_IMPORT_STATUS_WORDS_H
#define TOOLS_IMPORT_STATUS_WORDS_H

#include "tools/import/cells.h"
#include "tools/import/sheet.h"

struct status_words;

/* NULL when out of memory. */
struct status_words *status_words_new(struct sheet *sheet);
void status_words_free(struct status_words *words);
/* False when nobody knows the word; a doubt tells so once. */
bool status_words_find(struct status_words *words, struct daybook_text word, struct status_meaning *ret);

/* DAYBOOK_USAGE when one of options->statuses names a status that is none. */
int status_words_check(const struct reading_options *options, struct daybook_error *err);

#endif
