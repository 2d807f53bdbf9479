/* The whole program inside of the fuzzer, on files that are the same before every run: a ledger with a few orders, and
 * whatever else the target wants to lie in the current folder. */
#ifndef TESTS_FUZZ_PROGRAM_H
#define TESTS_FUZZ_PROGRAM_H

#include "tests/fuzz/choices.h"

/* Run it in the folder that files are prepared in; arguments end with NULL. The exit status, which is one of the
 * four that the program knows. */
int program_run(const char *const *arguments);
/* Put a file there. */
void program_write(const char *path, const void *bytes, size_t len);

/* Once, in this order: an empty folder; what the target writes into it; what these commands make there (a list of
 * argument lists that ends with NULL). All of it is kept. */
void program_start(void);
void program_prepare(const char *const *const *commands);
/* Before a run: what was kept, and nothing else. */
void program_reset(void);
/* What is kept; NULL beyond the last. */
struct program_file {
    char path[80];
    uint8_t *bytes;
    size_t len;
};
const struct program_file *program_file(size_t index);

#endif
