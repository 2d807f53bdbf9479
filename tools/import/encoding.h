/* The bytes of a file -> UTF-8 text. */
#ifndef TOOLS_IMPORT_ENCODING_H
#define TOOLS_IMPORT_ENCODING_H

#include "daybook/error.h"
#include "daybook/value.h"

/* malloc'ed bytes; the owner calls free(bytes.ptr). */
struct encoded_bytes {
    char *ptr;
    size_t len;
};

enum { ENCODING_TEXT_MAX = INT32_MAX }; /* bytes of UTF-8: offsets into it have 32 bits */

/* The whole file. DAYBOOK_IO, DAYBOOK_TOO_LARGE, DAYBOOK_NO_MEMORY. */
int encoding_read_file(const char *path, struct encoded_bytes *ret, struct daybook_error *err);

/* Turns `bytes` into valid UTF-8 without BOM and without NUL, in place or in a fresh buffer that takes the old one's
 * place. encoding: an iconv name, or NULL to find out: BOM, then strict UTF-8, then GB18030. *ret_guessed is true for
 * the last, which many byte runs pass by accident: the caller believes it only if the text makes sense.
 * DAYBOOK_NOT_A_WORKBOOK (zip, OLE, HTML), DAYBOOK_BAD_ENCODING, DAYBOOK_BAD_TEXT (NUL), DAYBOOK_USAGE (no such
 * encoding). */
int encoding_to_utf8(struct encoded_bytes *bytes, const char *encoding, bool *ret_guessed, struct daybook_error *err);

#endif
