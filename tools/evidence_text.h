/* What commands about evidence share: files that somebody sent, text that goes out as it stands, keys. */
#ifndef TOOLS_EVIDENCE_TEXT_H
#define TOOLS_EVIDENCE_TEXT_H

#include "ledger/note.h"
#include "tools/session.h"

enum { EVIDENCE_FILE_MAX = 256 << 20 };

/* A whole file, "-" for standard input; malloc'ed. DAYBOOK_IO; DAYBOOK_VERIFICATION_FAILED when it is too large. */
int evidence_read_file(struct context *ctx, const char *name, char **ret, size_t *ret_len);
/* Line by line to standard output. */
int evidence_print_text(struct context *ctx, const char *text);
/* The keys to check with: --key, where the command has it and it was given, else the ledger's own, for which
 * `session` is opened. Malloc'ed. DAYBOOK_NOT_FOUND when there is none. */
int evidence_keys(struct session *session, struct context *ctx, struct note_key **ret, size_t *ret_count);

#endif
