/* "Did you mean …?": the nearest of several words to a mistyped one. */
#ifndef TOOLS_CLI_SUGGEST_H
#define TOOLS_CLI_SUGGEST_H

#include <stddef.h>

enum { SUGGEST_LENGTH_MAX = 64 }; /* code points; longer words are never near anything */
#define SUGGEST_TOO_FAR ((size_t)-1)

/* How many code points must be inserted, deleted, replaced or swapped with their neighbour to make one word the
 * other (restricted Damerau-Levenshtein), or 1 when `candidate` merely goes on where `typed` stops.
 * SUGGEST_TOO_FAR when that is more than a third of the longer word. Both are valid UTF-8. */
size_t suggest_distance(const char *typed, const char *candidate);

#endif
