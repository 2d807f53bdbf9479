/* The pages that a writer is about to change. LMDB copies a page and frees the old one by what its header says, without
 * a look: one that is damaged would send the writer to other pages, and the damage would spread. Who holds the write
 * lock asks here before each put.
 *
 * What was found sound once stays so: whoever writes later has looked, too. So pages are looked at once, and most puts
 * only compare their key with the range of keys of the last leaf. */
#ifndef LEDGER_PAGEPATH_H
#define LEDGER_PAGEPATH_H

#include <stddef.h>

#include "daybook/error.h"

struct pagepath;

/* NULL: out of memory. `folder` is copied. */
struct pagepath *pagepath_new(const char *folder);
void pagepath_free(struct pagepath *paths); /* NULL is allowed */

/* Look at the pages of `table` on the way to where `key` stands or would stand, and at those beside them, which LMDB
 * may join with them. `fd` is the file as LMDB has it open, `txn_id` the writer's transaction. A table that is not
 * there yet has none. DAYBOOK_DAMAGED names the page; DAYBOOK_IO, _NO_MEMORY. */
int pagepath_check(struct pagepath *paths, int fd, size_t txn_id, const char *table, const void *key, size_t key_size,
                   struct daybook_error *err);

#endif
