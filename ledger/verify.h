/* Is a ledger what it claims to be? Everything is computed again from the stored bytes up: pages, events, chains,
 * tree, tables, personal values, identity. */
#ifndef LEDGER_VERIFY_H
#define LEDGER_VERIFY_H

#include "daybook/ledger.h"
#include "ledger/tree.h"

enum { VERIFY_PROBLEMS_MAX = 20, VERIFY_ID_SIZE = 33 };

struct verify_options {
    bool unsafe_filesystem;
    uint64_t earlier_size; /* also give the root over that many events; 0: none */
    void (*progress)(void *context, uint64_t done, uint64_t total); /* may be NULL */
    void *context;
};

/* What is wrong, as a sentence; seq 0 where no single event is to blame. */
struct verify_problem {
    uint64_t seq;
    char message[300];
};

struct verify_result {
    char id[VERIFY_ID_SIZE];
    uint64_t events, subjects;
    uint64_t personal_values, erased; /* those that are there, and those that are not any more */
    struct tree_hash root, earlier_root;
    bool has_earlier_root;
    uint64_t problem_count; /* of which the first are told: */
    struct verify_problem problems[VERIFY_PROBLEMS_MAX];
};

/* Verify the ledger in `folder`. *ret is filled also when it fails. DAYBOOK_VERIFICATION_FAILED: result->problems
 * say why, the first of them is *err. DAYBOOK_DAMAGED: the files cannot even be read. Memory grows with the number
 * of subjects, not of events. */
int verify_ledger(const char *folder, const struct verify_options *options, struct verify_result *ret,
                  struct daybook_error *err);

/* Only the pages of the ledger in `folder`, before files that came from elsewhere are mapped. DAYBOOK_DAMAGED. */
int verify_pages(const char *folder, struct daybook_error *err);

#endif
