/* The ledger's own keys: which ones it had, by its log; the files in which they lie. */
#ifndef LEDGER_SIGNING_KEYS_H
#define LEDGER_SIGNING_KEYS_H

#include "daybook/ledger.h"
#include "ledger/key_list.h"

/* The key that signs now. DAYBOOK_NOT_FOUND when there is none yet. */
int signing_key(struct daybook *ledger, struct note_key *ret, struct daybook_error *err);
/* Every key that the ledger had, the present one first; malloc'ed, perhaps none. */
int signing_own_keys(struct daybook *ledger, struct note_key **ret, size_t *ret_count, struct daybook_error *err);

/* ---- for who holds the lock (signing.h) */

#define SIGNING_KEY_FILE "checkpoint.key"
#define SIGNING_PUBLIC_FILE "checkpoint.pub"
enum { SIGNING_FILE_MODE = 0644 }; /* of all but signing keys */

/* As signing_own_keys, into an empty list. */
int signing_keys_read(struct key_list *list, struct daybook_snapshot *snapshot, struct daybook_error *err);
/* A signing key from a file; *ret_there is false when there is none. DAYBOOK_BAD_VALUE: others may read it, or it is no
 * key. */
int signing_read_signer(const char *folder, const char *name, struct note_signer *ret, bool *ret_there,
                        struct daybook_error *err);
/* DAYBOOK_ALREADY_EXISTS: a signing key is never written over. */
int signing_write_signer(const char *folder, const char *name, const struct note_signer *signer,
                         struct daybook_error *err);
int signing_write_public(const char *folder, const struct note_key *key, struct daybook_error *err);
/* A new key from the system's random numbers. */
int signing_fresh_signer(const char *name, struct note_signer *ret, struct daybook_error *err);

#endif
