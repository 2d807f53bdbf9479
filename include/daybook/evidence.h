/* Evidence: what convinces somebody who has neither the ledger nor this library.
 *
 *     make     daybook_make_key, daybook_checkpoint, daybook_prove_event, daybook_prove_consistency
 *     check    daybook_check_proof: needs a verifier key, and no ledger
 *
 * All of it is text in public formats (C2SP signed-note, tlog-checkpoint, tlog-proof, tlog-witness), so that
 * others can check it with tools of their own. What it shows: the first N events are what they were when the
 * checkpoint of N events was signed. Not that they are true, nor that they are all.
 *
 * Names: daybook_make_…, daybook_prove_… work on a ledger; daybook_check_… on text alone. Ownership: texts that
 * are returned are malloc'ed, NUL-terminated, and the caller's to free(). Threads: as daybook/ledger.h; processes
 * that sign at once wait for each other. Errors: daybook/error.h, and as daybook/ledger.h. */
#ifndef DAYBOOK_EVIDENCE_H
#define DAYBOOK_EVIDENCE_H

#include "daybook/ledger.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* ---- making */

/* Make the ledger's signing key, an Ed25519 key in its folder that only its owner may read. daybook_checkpoint does it
 * when there is none. DAYBOOK_ALREADY_EXISTS; DAYBOOK_READ_ONLY. */
int daybook_make_key(struct daybook *ledger, struct daybook_error *err);
/* The public half, as a verifier key: name+id+base64. Give it to whoever is to check. DAYBOOK_NOT_FOUND when there
 * is no key yet. */
int daybook_verifier_key(struct daybook *ledger, char **ret, struct daybook_error *err);
/* A signed checkpoint of the first `size` events, 0: of all that there are now. It is on disk before it is
 * returned, and a ledger that does not extend what was signed before is never signed. DAYBOOK_FOREIGN_LOG: that is
 * so, an older copy was put back; DAYBOOK_NOT_FOUND: there are not as many events, or the key is not in the
 * folder; DAYBOOK_READ_ONLY. */
int daybook_checkpoint(struct daybook *ledger, uint64_t size, char **ret, struct daybook_error *err);
/* That the event with that seq is among the first `size` (0: all): a file that holds the event and a checkpoint,
 * and stands alone. As daybook_checkpoint; DAYBOOK_NOT_FOUND also when it is not among them. */
int daybook_prove_event(struct daybook *ledger, uint64_t seq, uint64_t size, char **ret, struct daybook_error *err);
/* That the first `size` events (0: all) begin with the first `old_size`, unchanged. As daybook_prove_event. */
int daybook_prove_consistency(struct daybook *ledger, uint64_t old_size, uint64_t size, char **ret,
                              struct daybook_error *err);

/* ---- checking */

/* What a proof is compared with. */
struct daybook_check_options {
    const struct daybook_text *keys; /* verifier keys, one of which must have signed its checkpoint */
    size_t key_count;                /* at least 1 */
    const uint8_t *old_root; /* of a consistency proof: the 32 bytes that an older checkpoint had; may be NULL */
};

/* What a proof can be of. */
enum daybook_proof_kind {
    DAYBOOK_PROOF_INCLUSION = 1,
    DAYBOOK_PROOF_CONSISTENCY = 2,
};

/* What a proof shows. */
struct daybook_proven {
    enum daybook_proof_kind kind;
    struct daybook_text origin; /* whose log; points into the file, as `checkpoint` does */
    uint64_t size;              /* of the log in the checkpoint */
    uint8_t root[32];
    uint64_t seq;                   /* inclusion: of the event */
    uint64_t old_size;              /* consistency */
    uint8_t old_root[32];           /* consistency: what the older checkpoint must have had */
    struct daybook_text checkpoint; /* the signed note */
    struct daybook_text signed_by;  /* the name of the first of the keys that signed it */
    size_t event_len;               /* inclusion: the stored event */
    uint8_t event[DAYBOOK_EVENT_SIZE_MAX];
};
/* Check a file that daybook_prove_event or daybook_prove_consistency made, or another log's in the same format.
 * Nothing in it is trusted. DAYBOOK_VERIFICATION_FAILED: it is malformed, altered, not signed by any of the keys,
 * or a signature of one of them is false; DAYBOOK_BAD_VALUE: a key is none; DAYBOOK_USAGE: no key was given. */
int daybook_check_proof(struct daybook_text file, const struct daybook_check_options *options,
                        struct daybook_proven *ret, struct daybook_error *err);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
