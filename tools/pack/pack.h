/* What an auditor is given: a folder with every event and order of a period, a sample that can be drawn again, and the
 * evidence that it is all of them and unchanged. Its README.txt says what each file is.
 *
 * The same ledger, period, sample and seed give the same bytes, but for made.txt. */
#ifndef TOOLS_PACK_PACK_H
#define TOOLS_PACK_PACK_H

#include "tools/session.h"

struct pack_request {
    const char *folder;         /* must not be there, or be empty */
    int32_t since_on, until_on; /* days in the ledger's zone, both in the period */
    bool draws;
    uint64_t sample;          /* orders to draw, if there are so many */
    struct daybook_text seed; /* the auditor's choice */
};

struct pack_summary {
    uint64_t events, orders, drawn;
    uint64_t size; /* events of the ledger that the evidence covers */
    bool is_over;  /* the period, when the pack was made */
};

/* Make the folder, whole or not at all. The session is open; a snapshot is taken. */
int pack_make(struct session *session, const struct pack_request *order, struct pack_summary *ret);

#endif
