/* Full-width characters as the plain ones they stand for: １２ is 12, （ is (. */
#ifndef TOOLS_IMPORT_FOLD_H
#define TOOLS_IMPORT_FOLD_H

#include "daybook/value.h"

/* The next character of valid UTF-8, moved past; full-width ASCII and wide spaces come as ASCII. *at < end. */
uint32_t fold_next(const char **at, const char *end);
/* `text` folded so and with ASCII letters in lower case, NUL-terminated; false when it does not fit into `size` bytes.
 */
bool fold_short(struct daybook_text text, char *out, size_t size);

#endif
