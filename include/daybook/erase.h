/* Forgetting: personal data is taken out of a ledger for good, while every hash, proof and figure stays as it was.
 *
 * Events hold commitments, SHA-256(16 random bytes || value); the values stand beside the log. daybook_erase() writes
 * them anew without those to be forgotten, records that it did, by whom and why, and deletes the old files.
 *
 * Names: daybook_erase works on a ledger as daybook_append does. Ownership: what you pass in is read during the call
 * only; what comes back is the caller's own. Threads: from many at once, as daybook/ledger.h. Errors: daybook/error.h,
 * and as daybook_append. */
#ifndef DAYBOOK_ERASE_H
#define DAYBOOK_ERASE_H

#include "daybook/ledger.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* What can be forgotten. */
enum daybook_erase_kind {
    DAYBOOK_ERASE_CUSTOMER, /* all names that the customer ever had, and those of customers merged into it */
    DAYBOOK_ERASE_ACTOR,    /* all names of the actor, and vias called after it: "wang", "wang@desk3" */
    /* the texts of one event (a note, a reason, own fields, the name of a file), and of what it corrected or was
     * corrected by */
    DAYBOOK_ERASE_NOTE,
};

/* Start from zero. */
struct daybook_erase_request {
    enum daybook_erase_kind kind;
    struct daybook_text name; /* of a customer or an actor; absent: see `target` */
    uint64_t target;          /* its ordinal; of DAYBOOK_ERASE_NOTE the seq of the event */
    struct daybook_text reason;
    struct daybook_text actor, via, via_kind; /* as in struct daybook_entry */
};

/* So many places at most are named of each sort. */
enum { DAYBOOK_ERASE_PLACES = 16 };

/* What became of it. */
struct daybook_erased {
    uint64_t target; /* ordinal of the customer or actor, or seq of the event */
    /* What was recorded: who asks, if new; each via of an actor; last the erasure that was asked for. 0: nothing was
     * left to erase. */
    uint64_t first_seq, last_seq;
    uint64_t values; /* so many values are gone */
    /* Personal values of others, or of other events, that have one of the values in them still: how many, and the
     * first few events. They can be forgotten by themselves. */
    uint64_t mention_count, mentions[DAYBOOK_ERASE_PLACES];
    /* Events that have one of the values (of 4 bytes or more) in public text, which nothing can erase. */
    uint64_t public_count, publics[DAYBOOK_ERASE_PLACES];
};

/* Forget, durably: when it returns 0 no file of the ledger contains the values. Interrupted at any moment it leaves the
 * old state or the new one; what is left of the other is deleted by the next append. Waits while others write, and lets
 * them wait while it copies. Forgetting what is forgotten already records nothing. DAYBOOK_NOT_FOUND: no such customer,
 * actor or event; DAYBOOK_BAD_VALUE: the reason says what is to be forgotten, or the event has a name of a customer or
 * an actor, who is to be forgotten as a whole; else as daybook_append. */
int daybook_erase(struct daybook *ledger, const struct daybook_erase_request *request, struct daybook_erased *ret,
                  struct daybook_error *err);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
