/* Witnesses: others who sign the ledger's checkpoints, so that not even its keeper can have two histories. Their
 * keys lie in witness.keys, one a line; their lines in checkpoint.last and checkpoint.witnessed. */
#ifndef LEDGER_WITNESS_H
#define LEDGER_WITNESS_H

#include "daybook/ledger.h"
#include "ledger/note.h"

/* How far others could tell by now if the ledger was rewritten. Times are DAYBOOK_INSTANT_NONE, sizes 0, where there is
 * no such checkpoint. */
struct witness_standing {
    uint64_t last_size;
    int64_t last_us; /* when checkpoint.last was put there */
    uint64_t witnessed_size;
    int64_t witnessed_us; /* when a witness that is known saw checkpoint.witnessed, as it says */
};
int witness_standing(struct daybook *ledger, struct witness_standing *ret, struct daybook_error *err);

/* Verifier keys of witnesses; malloc'ed, perhaps none. */
int witness_keys(struct daybook *ledger, struct note_key **ret, size_t *ret_count, struct daybook_error *err);
/* DAYBOOK_BAD_VALUE for a key that is not a witness's, DAYBOOK_ALREADY_EXISTS. */
int witness_add(struct daybook *ledger, const struct note_key *key, struct daybook_error *err);
/* Keep signature lines of witnesses that came back for checkpoint.last; lines that it has already and lines of nobody
 * known are passed over. *ret_kept is how many were new. DAYBOOK_VERIFICATION_FAILED: a known witness's line is not
 * over that checkpoint. */
int witness_keep(struct daybook *ledger, struct daybook_text lines, size_t *ret_kept, struct daybook_error *err);

#endif
