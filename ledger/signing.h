/* The ledger's own key, and what it signs.
 *
 *     checkpoint.key        the signing key, mode 0600; backups leave it out
 *     checkpoint.pub        its public half, a verifier key
 *     checkpoint.last       the last checkpoint that was signed, with the cosignatures of witnesses that came back
 *     checkpoint.witnessed  the last checkpoint that a witness has cosigned
 *     checkpoint.lock       held while any of them changes: one process signs at a time
 *
 * A fork is never signed: what is signed extends checkpoint.last, or is a part of it. The first key makes no event;
 * every later one is an event of the ledger, so that old checkpoints stay good. */
#ifndef LEDGER_SIGNING_H
#define LEDGER_SIGNING_H

#include "daybook/ledger.h"
#include "ledger/checkpoint.h"
#include "ledger/signing_keys.h"

/* Whose log it is, on the first line of a checkpoint and as the name of its key: daybook/<ledger id>. */
void signing_origin(const struct daybook *ledger, char out[NOTE_NAME_MAX + 1]);

/* Make the first key. DAYBOOK_ALREADY_EXISTS, DAYBOOK_READ_ONLY. */
int signing_make_key(struct daybook *ledger, struct note_key *ret, struct daybook_error *err);
/* Another key from now on, recorded in the log as `who` says (its actor and via). Where the old key is here, the
 * checkpoint behind that event is signed by both. DAYBOOK_NOT_FOUND when there is no first key; as
 * signing_checkpoint. */
int signing_rotate(struct daybook *ledger, const struct daybook_entry *who, struct note_key *ret,
                   struct daybook_error *err);
/* Would the next checkpoint be signed? The code and sentence of why not. Having no key yet is no hindrance. */
int signing_check(struct daybook *ledger, struct daybook_error *err);

#define SIGNING_ALL UINT64_MAX
/* A signed checkpoint of the first `size` events (SIGNING_ALL: of all that there are now), malloc'ed; *ret_size may be
 * NULL. Makes the key when there is none. When it returns, the newest one signed is on disk as checkpoint.last.
 * DAYBOOK_FOREIGN_LOG: the ledger does not extend what was signed before. DAYBOOK_NOT_FOUND: there are not as many
 * events, or the signing key is not in this folder. DAYBOOK_READ_ONLY: the folder may not be written to. */
int signing_checkpoint(struct daybook *ledger, uint64_t size, char **ret, uint64_t *ret_size,
                       struct daybook_error *err);
/* Another text as a signed note, malloc'ed: a certificate, a manifest. It must end in LF and must not look like a
 * checkpoint: its first line is not the origin. As signing_checkpoint. */
int signing_sign(struct daybook *ledger, struct daybook_text text, char **ret, struct daybook_error *err);

/* The last signed checkpoint as it is kept, malloc'ed; NULL when there is none. With `witnessed`, the last one that a
 * witness has cosigned. */
int signing_kept(struct daybook *ledger, bool witnessed, char **ret, struct daybook_error *err);

/* ---- for what lies beside the key as well */

#define SIGNING_LAST_FILE "checkpoint.last"
#define SIGNING_WITNESSED_FILE "checkpoint.witnessed"
/* One process at a time changes these files; close(*ret) ends it. DAYBOOK_READ_ONLY. */
int signing_lock(struct daybook *ledger, int *ret, struct daybook_error *err);

#endif
