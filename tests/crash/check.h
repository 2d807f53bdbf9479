/* What has to be true of a ledger after processes were killed, whatever they were doing: the outside record says what
 * was answered. */
#ifndef TESTS_CRASH_CHECK_H
#define TESTS_CRASH_CHECK_H

#include "daybook/error.h"
#include "tests/crash/record.h"

/* Nobody else uses the ledger in root/ledger and its copy in root/copy. False: `ret_problem` says what is wrong. */
bool crash_check(struct record *record, const char *root, struct daybook_error *ret_problem, uint64_t *ret_last_seq);

#endif
