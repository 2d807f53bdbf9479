/* Forgetting, inside a write transaction of the log: personal data is copied to its next generation without what is to
 * be forgotten. append.c records it, commits, and has the old generation deleted. */
#ifndef LEDGER_ERASE_H
#define LEDGER_ERASE_H

#include "daybook/erase.h"
#include "ledger/ledger.h"

/* A value that goes, and the form in which it is looked for in those that stay. */
struct erase_value {
    char *text, *folded;
    size_t len, folded_len;
};

/* Starts as {0}. */
struct erasure {
    enum daybook_erase_kind kind;
    uint64_t target;
    uint64_t *seqs; /* events whose values go; the last `via_count` of them are vias' */
    size_t seq_count, seq_capacity, via_count;
    struct erase_value *values; /* those that are there */
    size_t value_count, value_capacity;
};
void erase_release(struct erasure *erasure);

/* "customer", "actor", "note": as events say it. */
struct daybook_text erase_kind_name(enum daybook_erase_kind kind);
/* False for a name of no kind. */
bool erase_kind_of(struct daybook_text name, enum daybook_erase_kind *ret);

/* Add what is to go when that target is forgotten. DAYBOOK_NOT_FOUND, DAYBOOK_BAD_VALUE. */
int erase_collect(struct erasure *erasure, struct store_txn *log, struct personal_txn *personal,
                  enum daybook_erase_kind kind, uint64_t target, struct daybook_error *err);
/* The ordinal of the customer or actor that the request names. */
int erase_find(struct store_txn *log, struct personal_txn *personal, const struct daybook_erase_request *request,
               uint64_t *ret, struct daybook_error *err);
/* Does the text say one of the values, as a word or words? False also when out of memory. */
bool erase_is_said_in(const struct erasure *erasure, struct daybook_text text);
/* Sort what is to go, make the next generation, begin a transaction on it in the place of *personal (which is aborted),
 * and have the log's name it; `ret` gets what was erased and what still stands. On failure *personal is as it was. */
int erase_move(struct erasure *erasure, struct daybook *ledger, struct store_txn *log, struct personal_txn **personal,
               struct daybook_erased *ret, struct daybook_error *err);

#endif
