/* Text from outside: is it valid, when do two names mean the same, how wide is it on a terminal.
 * The one file that knows utf8proc. */
#ifndef LEDGER_TEXT_H
#define LEDGER_TEXT_H

#include "daybook/value.h"

/* Valid UTF-8 (no surrogates, no overlong forms) without NUL. */
bool text_is_valid(struct daybook_text text);
bool text_equals(struct daybook_text a, struct daybook_text b);
/* By bytes, which for UTF-8 is code-point order; -1, 0, 1. */
int text_compare(struct daybook_text a, struct daybook_text b);
/* Without white space at both ends (ASCII blanks, tab, CR, LF, U+00A0, U+3000, U+FEFF and other Unicode spaces).
 * Points into `text`. */
struct daybook_text text_trim(struct daybook_text text);

/* The form in which two names are compared: NFKC, case folded, white space runs as one blank, trimmed.
 * Into a fresh NUL-terminated buffer that the caller frees; its length to *ret_len.
 * NULL when out of memory or not valid UTF-8. */
char *text_fold(struct daybook_text text, size_t *ret_len);
/* The form in which order numbers are kept: NFKC, trimmed. As text_fold otherwise. */
char *text_nfkc(struct daybook_text text, size_t *ret_len);
/* The same forms of text that is ASCII, which needs no tables, into `out` of text.len bytes. False, and nothing done,
 * when there is another character in it, or a NUL. */
bool text_fold_ascii(struct daybook_text text, char *out, size_t *ret_len);
bool text_nfkc_ascii(struct daybook_text text, char *out, size_t *ret_len);

/* Columns on a terminal: wide characters count 2, combining marks 0. */
size_t text_width(struct daybook_text text);
/* The longest prefix of whole characters that is at most `width` columns wide; its length in bytes. */
size_t text_prefix_of_width(struct daybook_text text, size_t width);

#endif
