/* The log on disk: the tables of log/ and the transactions over them. With personal.c and env.c the only code of the
 * ledger that knows LMDB.
 *
 * Invariants (tests and verify name them by number):
 *  1. events has the keys 1..n without a gap, n being the last seq.
 *  2. heads has one row for each subject that has events: its version (number of events) and its last seq.
 *  3. names, keys, voids, tree and meta are what the events say: they can be computed from them.
 *  4. A transaction that put anything and then failed is aborted, never committed. */
#ifndef LEDGER_STORE_H
#define LEDGER_STORE_H

#include "daybook/error.h"
#include "daybook/event.h"
#include "ledger/tree.h"

struct store;
struct store_txn;

/* version 0: the subject has no event. */
struct store_head {
    uint32_t version;
    uint64_t last_seq;
};

/* What a voided event's place is taken by: replacing == 0 for nothing. */
struct store_void {
    uint64_t target, voiding, replacing;
};

enum { STORE_FORMAT = 1, STORE_META_TEXT_MAX = 200 };

/* Make the folder's log/ with empty tables and that identity, whole or not at all; it must not be there. */
int store_create(const char *folder, bool any_filesystem, struct daybook_text id, struct daybook_text zone_name,
                 struct daybook_text numbers, struct daybook_error *err);
/* DAYBOOK_NO_LEDGER when there is no log/ in the folder. Falls back to reading only where writing is not permitted. */
int store_open(const char *folder, bool any_filesystem, struct store **ret, struct daybook_error *err);
void store_close(struct store *store);
bool store_is_read_only(const struct store *store);
/* Before any lock of a handle is taken: in a forked child threads of the parent seem to hold them for ever. */
int store_refuse_forked(const struct store *store, struct daybook_error *err);

/* A write transaction first waits for its turn among processes (log/queue), then for LMDB's lock. */
int store_begin(struct store *store, bool write, struct store_txn **ret, struct daybook_error *err);
/* A write transaction: is the log as our own last commit left it, with nobody's after that? */
bool store_continues(const struct store_txn *txn);
/* A reader's: the commit that it sees. */
uint64_t store_commit_id(const struct store_txn *txn);
int store_commit(struct store_txn *txn, struct daybook_error *err); /* ends it either way */
void store_abort(struct store_txn *txn);                            /* NULL is allowed */

/* From here on, this reader asks for rows of each table mostly in the order in which they stand. */
void store_expect_order(struct store_txn *txn);

/* 0 for an empty log. */
int store_last_seq(struct store_txn *txn, uint64_t *ret, struct daybook_error *err);
/* The bytes live until the transaction ends or, in a write transaction, the next put. DAYBOOK_NOT_FOUND. */
int store_event(struct store_txn *txn, uint64_t seq, const uint8_t **ret_bytes, size_t *ret_len,
                struct daybook_error *err);
/* Only at the end of the log. */
int store_put_event(struct store_txn *txn, uint64_t seq, const uint8_t *bytes, size_t len, struct daybook_error *err);
/* Walk events from `from` on, in order, until visit answers non-zero (which is returned) or the log ends. */
typedef int store_visit(void *context, uint64_t seq, const uint8_t *bytes, size_t len, struct daybook_error *err);
int store_each_event(struct store_txn *txn, uint64_t from, store_visit *visit, void *context,
                     struct daybook_error *err);

int store_head(struct store_txn *txn, uint32_t kind, uint32_t ordinal, struct store_head *ret,
               struct daybook_error *err);
int store_put_head(struct store_txn *txn, uint32_t kind, uint32_t ordinal, struct store_head head,
                   struct daybook_error *err);
/* The highest ordinal of the kind; 0 when there is none. */
int store_last_ordinal(struct store_txn *txn, uint32_t kind, uint32_t *ret, struct daybook_error *err);
/* Number of rows of heads. */
int store_head_count(struct store_txn *txn, uint64_t *ret, struct daybook_error *err);

/* Under this kind the table of names keeps counters of order numbers: a number up to which all are taken. */
enum { STORE_KIND_COUNTER = 255 };

/* Natural names of kinds whose names are public. `name` is already in the form in which it is compared. Not there:
 * ordinal 0. */
int store_name(struct store_txn *txn, uint32_t kind, struct daybook_text name, uint32_t *ret,
               struct daybook_error *err);
int store_put_name(struct store_txn *txn, uint32_t kind, struct daybook_text name, uint32_t ordinal,
                   struct daybook_error *err);
int store_name_count(struct store_txn *txn, uint64_t *ret, struct daybook_error *err);
/* The key under which a name stands in a table of names: kind, then the name, or of a long one its first 400 bytes and
 * a SHA-256. Returns the key's length. */
enum { NAME_KEY_MAX = 1 + 400 + 32 };
size_t store_name_key(uint32_t kind, struct daybook_text name, uint8_t out[NAME_KEY_MAX]);

/* Idempotency keys of requests that named no subject. Not there: seq 0. */
int store_key(struct store_txn *txn, uint64_t key, uint64_t *ret_seq, struct daybook_error *err);
int store_put_key(struct store_txn *txn, uint64_t key, uint64_t seq, struct daybook_error *err);
int store_key_count(struct store_txn *txn, uint64_t *ret, struct daybook_error *err);

/* All voids, by target, into a fresh array that the caller frees. */
int store_voids(struct store_txn *txn, struct store_void **ret, size_t *ret_count, struct daybook_error *err);
int store_put_void(struct store_txn *txn, const struct store_void *row, struct daybook_error *err);

int store_tree_row(struct store_txn *txn, unsigned level, uint64_t index, struct tree_hash *ret,
                   struct daybook_error *err);
int store_put_tree_row(struct store_txn *txn, const struct tree_row *row, struct daybook_error *err);
int store_tree_row_count(struct store_txn *txn, uint64_t *ret, struct daybook_error *err);

/* Small facts about the log by name; absent text has ptr NULL, absent number is 0. Texts live as events do. */
int store_meta_text(struct store_txn *txn, const char *name, struct daybook_text *ret, struct daybook_error *err);
int store_put_meta_text(struct store_txn *txn, const char *name, struct daybook_text value, struct daybook_error *err);
int store_meta_number(struct store_txn *txn, const char *name, uint64_t *ret, struct daybook_error *err);
int store_put_meta_number(struct store_txn *txn, const char *name, uint64_t value, struct daybook_error *err);

int store_meta_count(struct store_txn *txn, uint64_t *ret, struct daybook_error *err);

/* What meta says of the ledger: its id, zone and pattern of numbers. */
int store_put_identity(struct store_txn *txn, struct daybook_text id, struct daybook_text zone_name,
                       struct daybook_text numbers, struct daybook_error *err);

/* All tables, row by row, into a fresh environment `path`; after some thousand rows each: progress(context, rows),
 * which may be NULL. Number of rows. */
int store_copy(struct store_txn *txn, const char *path, void (*progress)(void *context, uint64_t rows), void *context,
               struct daybook_error *err);
int store_row_count(struct store_txn *txn, uint64_t *ret, struct daybook_error *err);

/* Sizes for doctor: bytes of the file, slots of readers in use. */
struct store_sizes {
    uint64_t file_bytes;
    unsigned readers;
    unsigned stale_readers_cleared;
};
int store_sizes(struct store *store, struct store_sizes *ret, struct daybook_error *err);
/* "LMDB 0.9.24: (July 24, 2019)": the library that runs here. */
const char *store_lmdb_version(void);

#endif
