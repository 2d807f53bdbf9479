/* The pieces that proofs are made and checked with, for forms of them besides the one of daybook/evidence.h. */
#ifndef LEDGER_EVIDENCE_H
#define LEDGER_EVIDENCE_H

#include "daybook/evidence.h"
#include "ledger/proof.h"

/* The proof of one event under a checkpoint of `size` events. */
int evidence_inclusion(struct daybook_snapshot *snapshot, uint64_t seq, uint64_t size, const char *checkpoint,
                       struct proof_inclusion_file *ret, struct daybook_error *err);

/* A checkpoint as a signed note. *ret_by is the first of the keys that signed it, NULL when none did.
 * DAYBOOK_VERIFICATION_FAILED when it is malformed or the signature of one of the keys is false. */
int evidence_checkpoint(struct daybook_text bytes, const struct note_key *keys, size_t key_count,
                        struct checkpoint *ret, const struct note_key **ret_by, struct daybook_error *err);
/* The same where one of the keys must have signed it, and a log's key its own log. */
int evidence_signed_checkpoint(struct daybook_text bytes, const struct note_key *keys, size_t key_count,
                               struct checkpoint *ret, const struct note_key **ret_by, struct daybook_error *err);
/* Both: DAYBOOK_VERIFICATION_FAILED. */
int evidence_check_inclusion(const struct proof_inclusion_file *file, const struct checkpoint *checkpoint,
                             struct daybook_error *err);
/* `old_root` is 32 bytes, or NULL where it can be told from the proof (old_size is no power of two). */
int evidence_check_consistency(const struct proof_consistency_file *file, const struct checkpoint *checkpoint,
                               const uint8_t *old_root, struct tree_hash *ret_old_root, struct daybook_error *err);

#endif
