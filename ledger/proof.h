/* Proofs over the Merkle tree (RFC 6962), made from the rows that the log stores and at most a few hundred events, and
 * checked from nothing but their bytes.
 *
 *     inclusion     this event is in that tree, at that place
 *     consistency   that tree is this smaller one, and only more behind it
 *
 * Hashes go from the leaf to the root. */
#ifndef LEDGER_PROOF_H
#define LEDGER_PROOF_H

#include "ledger/checkpoint.h"
#include "ledger/store.h"

enum { PROOF_HASHES_MAX = 63 };

struct proof {
    unsigned count;
    struct tree_hash hashes[PROOF_HASHES_MAX];
};

/* ---- making; the log has at least `size` events */

/* Event seq (from 1) in the tree of the first `size` events. */
int proof_inclusion(struct store_txn *log, uint64_t seq, uint64_t size, struct proof *ret, struct daybook_error *err);
/* From the first `old_size` events to the first `size`. */
int proof_consistency(struct store_txn *log, uint64_t old_size, uint64_t size, struct proof *ret,
                      struct daybook_error *err);

/* ---- checking */

/* Is `leaf` the index-th leaf (from 0) of the tree of `size` leaves with that root? */
bool proof_inclusion_holds(const struct proof *proof, const struct tree_hash *leaf, uint64_t index, uint64_t size,
                           const struct tree_hash *root);
bool proof_consistency_holds(const struct proof *proof, uint64_t old_size, const struct tree_hash *old_root,
                             uint64_t size, const struct tree_hash *root);
/* The root of the old tree, as a proof that holds says it. False where it cannot tell (old_size is a power of two: the
 * proof begins with that root), or does not hold. */
bool proof_old_root(const struct proof *proof, uint64_t old_size, uint64_t size, const struct tree_hash *root,
                    struct tree_hash *ret);

/* ---- files */

/* C2SP tlog-proof. Texts point into what was read. */
struct proof_inclusion_file {
    uint64_t index; /* of the leaf, from 0 */
    struct proof proof;
    bool has_extra;
    size_t extra_len;
    uint8_t extra[DAYBOOK_EVENT_SIZE_MAX + 3]; /* the stored event */
    struct daybook_text checkpoint;            /* a signed note */
};
/* C2SP tlog-witness, the body of add-checkpoint. */
struct proof_consistency_file {
    uint64_t old_size;
    struct proof proof;
    struct daybook_text checkpoint;
};

/* As text, malloc'ed and NUL-terminated. DAYBOOK_NO_MEMORY. */
int proof_inclusion_print(const struct proof_inclusion_file *file, char **ret, struct daybook_error *err);
int proof_consistency_print(const struct proof_consistency_file *file, char **ret, struct daybook_error *err);
/* Exactly what is written above, the note not looked into. DAYBOOK_VERIFICATION_FAILED; *ret is anything then. */
int proof_inclusion_parse(struct daybook_text text, struct proof_inclusion_file *ret, struct daybook_error *err);
int proof_consistency_parse(struct daybook_text text, struct proof_consistency_file *ret, struct daybook_error *err);

#endif
