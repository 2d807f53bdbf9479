/* Base64 (RFC 4648, section 4): padded, one line; what is not in canonical form is refused. */
#ifndef LEDGER_BASE64_H
#define LEDGER_BASE64_H

#include "daybook/value.h"

/* Characters, without NUL, that `len` bytes become. */
#define BASE64_LEN(len) (((len) + 2) / 3 * 4)

/* Into `out`, which has room for BASE64_LEN(len) + 1; NUL-terminated. Returns the length. */
size_t base64_encode(const uint8_t *bytes, size_t len, char *out);
/* Into `out`, which has room for text.len / 4 * 3 bytes. False when `text` is not canonical. */
bool base64_decode(struct daybook_text text, uint8_t *out, size_t *ret_len);

#endif
