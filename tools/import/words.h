/* Headers and status words taken apart, so that "Order_No.", "OrderNo" and "訂單編號" meet the one spelling in our
 * tables. */
#ifndef TOOLS_IMPORT_WORDS_H
#define TOOLS_IMPORT_WORDS_H

#include "daybook/value.h"

enum { WORDS_BYTES_MAX = 120, WORDS_MAX = 24 };

/* NFKC, lower case, simplified characters; without blanks and punctuation, but # reads "no".
 * bytes holds the words one behind the other, NUL-terminated; word i is bytes[starts[i]] .. bytes[starts[i + 1]]. */
struct words {
    char bytes[WORDS_BYTES_MAX];
    unsigned starts[WORDS_MAX + 1];
    unsigned count;
};

/* False when it is too long to be a header or a status: *ret is then empty. */
bool words_read(struct daybook_text text, struct words *ret);
bool words_word_is(const struct words *words, unsigned word, const char *literal);

#endif
