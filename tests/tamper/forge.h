/* A forger who has the program, and makes everything right again that nobody signed: numbers, chains, checks, tables,
 * the tree. Only a checkpoint that is kept elsewhere tells. */
#ifndef TESTS_TAMPER_FORGE_H
#define TESTS_TAMPER_FORGE_H

#include "tests/tamper/place.h"

enum forgery { FORGE_NOTHING, FORGE_CHANGE, FORGE_REMOVE, FORGE_INSERT };

/* The ledger in `from`, written anew into the folder `to`, with the forgery at the first note from seq `at` on. */
void forge(const char *from, const char *to, enum forgery forgery, uint64_t at);

#endif
