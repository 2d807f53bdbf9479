/* A checkpoint (C2SP tlog-checkpoint): what a log is at some size, in three lines.
 *
 *     origin      whose log it is: daybook/<ledger id>
 *     size        events, in decimal
 *     root        the tree's root over them, in base64
 *
 * It is the text of a signed note (note.h). */
#ifndef LEDGER_CHECKPOINT_H
#define LEDGER_CHECKPOINT_H

#include "ledger/note.h"
#include "ledger/tree.h"

enum { CHECKPOINT_SIZE = NOTE_NAME_MAX + 80 }; /* room for the text of one of ours, with NUL */

struct checkpoint {
    struct daybook_text origin; /* points into the text that was read */
    uint64_t size;
    struct tree_hash root;
};

/* The text, with its last LF. The origin is a good name of a key. */
void checkpoint_print(const struct checkpoint *checkpoint, char out[CHECKPOINT_SIZE]);
/* Exactly the three lines. DAYBOOK_VERIFICATION_FAILED. */
int checkpoint_parse(struct daybook_text text, struct checkpoint *ret, struct daybook_error *err);

/* A signed note whose text is a checkpoint. As note_parse and checkpoint_parse. */
int checkpoint_of_note(struct daybook_text bytes, struct note *ret_note, struct checkpoint *ret,
                       struct daybook_error *err);

/* What the formats of evidence are made of; each is false when it is not there in its one form. */
/* The next line of `rest`, without its LF. */
bool evidence_line(struct daybook_text *rest, struct daybook_text *ret);
/* A number in decimal, without leading zeros, below 2^63. */
bool evidence_number(struct daybook_text text, uint64_t *ret);
bool evidence_hash(struct daybook_text text, struct tree_hash *ret);

#endif
