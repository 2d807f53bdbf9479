/* Small files beside the tables, such as keys: read whole, and put in place whole or not at all. */
#ifndef LEDGER_SMALL_FILE_H
#define LEDGER_SMALL_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "daybook/error.h"

enum { SMALL_FILE_MAX = 1 << 20 };

/* Malloc'ed and NUL-terminated; *ret is NULL when there is no such file. *ret_mode may be NULL: its st_mode.
 * DAYBOOK_IO, DAYBOOK_TOO_LARGE, DAYBOOK_READ_ONLY where reading is not permitted. */
int small_file_read(const char *folder, const char *name, char **ret, size_t *ret_len, mode_t *ret_mode,
                    struct daybook_error *err);
/* Both return when file and name are on disk. A process that is killed leaves the old file, or none. One process at a
 * time: the caller holds a lock. */
/* DAYBOOK_ALREADY_EXISTS. */
int small_file_create(const char *folder, const char *name, mode_t mode, const char *text, struct daybook_error *err);
int small_file_replace(const char *folder, const char *name, mode_t mode, const char *text, struct daybook_error *err);

#endif
