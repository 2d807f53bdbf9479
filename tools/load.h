/* `load`: lines of events into the ledger, in order, committed chunk by chunk. */
#ifndef TOOLS_LOAD_H
#define TOOLS_LOAD_H

#include "tools/session.h"

struct load_counts {
    uint64_t lines;    /* taken, blank ones not counted */
    uint64_t events;   /* recorded by them, registrations included */
    uint64_t repeated; /* lines that were there already */
    uint64_t doubts;   /* lines that say something odd: a shipment or delivery still to come */
};

/* Read from `fd` to its end. On failure, too, *counts says what is kept; DAYBOOK_BAD_LINE for a line that cannot be
 * taken, whose number goes to *ret_bad_line (0: no line is to blame). */
int load_lines(struct session *session, int fd, struct load_counts *counts, uint64_t *ret_bad_line);

#endif
