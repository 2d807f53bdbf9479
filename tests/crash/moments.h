/* Ends a process at a chosen moment of a write transaction, and tells others which locks a process holds.
 *
 * LMDB's functions and fdatasync are defined here anew and call the real ones: nothing in the library knows of it. */
#ifndef TESTS_CRASH_MOMENTS_H
#define TESTS_CRASH_MOMENTS_H

#include "tests/crash/record.h"

/* In a child: tell what it holds as that member's, and kill it at the n-th moment from now; 0: never. */
void moments_watch(struct record *record, unsigned member, unsigned death);
/* Kill it there, whenever it comes there. */
void moments_die_at(struct record *record, unsigned member, enum holding holding, enum death_place place);
/* Stop it (SIGSTOP) while LMDB opens a file, and has not yet let others in. */
void moments_stop_opening(void);

#endif
