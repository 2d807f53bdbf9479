/* Are the pages of an LMDB file what they should be? Asked before a file that may be damaged is mapped: a flipped
 * bit in a page's header can make LMDB read outside of the map, which ends the process.
 *
 * Everything is read with pread into memory of our own and bounds-checked; nothing of LMDB is called. Only what a
 * reader may come across is looked at: the meta pages and every page that the newest one leads to. */
#ifndef LEDGER_PAGEWALK_H
#define LEDGER_PAGEWALK_H

#include "daybook/error.h"

/* Walk the file `path` (LMDB 0.9, data version 1, 64-bit little-endian, tables without duplicates). DAYBOOK_DAMAGED
 * names the table and the page; DAYBOOK_IO, _NO_MEMORY. The file may be written to meanwhile only by a commit that
 * had begun before the call. */
int pagewalk_file(const char *path, struct daybook_error *err);

/* The same of a file that is open, and perhaps under `path` no more. */
int pagewalk_open_file(int fd, const char *path, struct daybook_error *err);

/* The same for the list of free pages alone: a writer takes pages from it without a look at what it says, and one that
 * is damaged sends it anywhere. */
int pagewalk_free_list(int fd, const char *path, struct daybook_error *err);

/* Are the two meta pages of a file that is there, and not empty, whole? LMDB divides by the page size that they say
 * before it asks. DAYBOOK_DAMAGED, _IO. */
int pagewalk_metas(const char *path, struct daybook_error *err);

#endif
