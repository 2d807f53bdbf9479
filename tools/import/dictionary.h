/* The words that people put over the columns of an order table. */
#ifndef TOOLS_IMPORT_DICTIONARY_H
#define TOOLS_IMPORT_DICTIONARY_H

#include "tools/import/headers.h"

enum {
    DICTIONARY_DELIVERY = FIELD_COUNT,
    DICTIONARY_LISTS
}; /* "delivery date": promised or actual, as the other columns say */

/* For each list the rank of the header in it, from 1 (best); 0 = not in it. */
struct dictionary_match {
    unsigned char rank[DICTIONARY_LISTS];
};

/* False when the header is in no list. */
bool dictionary_match(struct daybook_text header, struct dictionary_match *ret);
bool dictionary_is_counter(struct daybook_text header); /* 序号, No. */
bool dictionary_is_contact(struct daybook_text header); /* who to call, and where */

#endif
