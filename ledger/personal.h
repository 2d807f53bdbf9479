/* Personal values, apart from the log so that they can be forgotten: personal-<generation>/.
 *
 *     values   (seq, slot), big-endian  ->  16 bytes of salt, then the value
 *     names    kind, name as compared   ->  ordinal
 *
 * Who reads begins the log first, then this; a value counts only when it fits its commitment in the log. Who writes
 * commits this first, then the log; rows beyond the log's last seq are what a crash between the two left.
 *
 * Forgetting makes the next generation without the value and deletes this one (erase.c): LMDB keeps old bytes in pages
 * that are free, so what is deleted in place is still there to be read. */
#ifndef LEDGER_PERSONAL_H
#define LEDGER_PERSONAL_H

#include "daybook/error.h"
#include "daybook/event.h"

struct personal;
struct personal_txn;

int personal_create(const char *folder, uint64_t generation, bool any_filesystem, struct daybook_error *err);
int personal_open(const char *folder, uint64_t generation, bool any_filesystem, struct personal **ret,
                  struct daybook_error *err);
/* One more user of what is open; each ends with personal_close. A transaction is one by itself. */
struct personal *personal_share(struct personal *personal);
void personal_close(struct personal *personal); /* NULL is allowed */

/* Let whoever may read and write one generation's files do so with another's. */
int personal_share_permissions(const char *folder, uint64_t from, uint64_t to, struct daybook_error *err);
/* Delete that generation's folder; it need not be there. */
int personal_remove(const char *folder, uint64_t generation, struct daybook_error *err);
/* Delete all generations before that one; under the log's write lock also those after it, which nobody finished. */
int personal_remove_others(const char *folder, uint64_t generation, bool is_locked, struct daybook_error *err);
/* Is there a folder of that generation? */
bool personal_exists(const char *folder, uint64_t generation);

int personal_begin(struct personal *personal, bool write, struct personal_txn **ret, struct daybook_error *err);
int personal_commit(struct personal_txn *txn, struct daybook_error *err);
void personal_abort(struct personal_txn *txn);

/* As store_expect_order, for values. */
void personal_expect_order(struct personal_txn *txn);

/* Absent (ptr NULL) when there is none. Valid as rows of the log are. */
int personal_value(struct personal_txn *txn, uint64_t seq, uint16_t slot, const uint8_t **ret_salt,
                   struct daybook_text *ret_value, struct daybook_error *err);
int personal_put_value(struct personal_txn *txn, uint64_t seq, uint16_t slot, const uint8_t *salt,
                       struct daybook_text value, struct daybook_error *err);
/* Every value, in the order of the log, until `visit` returns something other than 0. */
typedef int personal_each_visit(void *context, uint64_t seq, uint16_t slot, const uint8_t *salt,
                                struct daybook_text value, struct daybook_error *err);
int personal_each_value(struct personal_txn *txn, personal_each_visit *visit, void *context, struct daybook_error *err);
/* The highest seq that has a value; 0 when there is none. */
int personal_last_seq(struct personal_txn *txn, uint64_t *ret, struct daybook_error *err);
/* Delete values beyond `last_seq`, and all names (the caller puts them again from the log). */
int personal_cut(struct personal_txn *txn, uint64_t last_seq, struct daybook_error *err);
int personal_value_count(struct personal_txn *txn, uint64_t *ret, struct daybook_error *err);

/* `name` is in the form in which it is compared. Not there: ordinal 0. */
int personal_name(struct personal_txn *txn, uint32_t kind, struct daybook_text name, uint32_t *ret,
                  struct daybook_error *err);
int personal_put_name(struct personal_txn *txn, uint32_t kind, struct daybook_text name, uint32_t ordinal,
                      struct daybook_error *err);
int personal_name_count(struct personal_txn *txn, uint64_t *ret, struct daybook_error *err);

/* Row by row into a fresh environment personal-<generation> below `folder`: values up to `last_seq`, and names, unless
 * there are values beyond it; then *ret_names is false, and the table empty: the caller puts them from the log.
 * Progress as in store_copy. */
int personal_copy(struct personal_txn *txn, const char *folder, uint64_t generation, uint64_t last_seq,
                  void (*progress)(void *context, uint64_t rows), void *context, bool *ret_names,
                  struct daybook_error *err);

/* SHA-256(salt || value). */
void personal_commitment(const uint8_t salt[DAYBOOK_SALT_SIZE], struct daybook_text value,
                         uint8_t ret[DAYBOOK_COMMITMENT_SIZE]);

#endif
