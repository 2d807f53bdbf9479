/* What tests of a whole ledger share: folders that go away again, ledgers in them, and short ways to record. */
#ifndef TESTS_UNIT_SCRATCH_H
#define TESTS_UNIT_SCRATCH_H

#include "daybook/ledger.h"

enum { SCRATCH_PATH_SIZE = 128 };

/* A fresh folder, in memory where the system has such a filesystem. */
void scratch_folder(char out[SCRATCH_PATH_SIZE]);
void scratch_remove(const char *folder);
/* A ledger in UTC with the default numbers, in a folder that does not exist yet. */
struct daybook *scratch_ledger(const char *folder);

struct daybook_text text_of(const char *text); /* NULL: absent */
/* Whole units. */
struct daybook_decimal quantity(int64_t units);

/* One entry by "li.lei" of these drafts; the code of its result. */
int record(struct daybook *ledger, const struct daybook_draft *drafts, size_t count, struct daybook_result *result);

/* Random numbers that a seed repeats. */
uint64_t random_next(uint64_t *state);
/* 0 .. below - 1 */
uint32_t random_below(uint64_t *state, uint32_t below);
/* $SEED, else one of its own; it is printed, so that a failure can be repeated. */
uint64_t random_seed(void);

#endif
