/* What a process of the crowd does until it is killed or done: one row a deed. */
#ifndef TESTS_CRASH_DEEDS_H
#define TESTS_CRASH_DEEDS_H

#include <stddef.h>

#include "tests/crash/record.h"

enum { PATH_SIZE_MAX = 256 };

/* One process of the crowd, as it is told what to do. */
struct actor {
    struct record *record;
    const char *root; /* holds ledger/, copy/, files and answers */
    unsigned member;
    uint32_t choice; /* which intent, which file: the deed knows */
    uint64_t random;
};

struct deed {
    const char *name;
    unsigned weight;
    /* The child: does it and never returns; exit status 0 is an answer. */
    void (*run)(struct actor *actor);
    uint32_t (*choose)(struct actor *actor); /* the parent, before; may be NULL */
    void (*answered)(struct actor *actor);   /* the parent, after exit status 0; may be NULL */
};

extern const struct deed deeds[]; /* ends with a row without a name */
const struct deed *deeds_choose(uint64_t *random);

/* A fresh ledger with the base orders, an empty copy, and the files that deeds read. */
void deeds_prepare(const char *root);
/* "<root>/<name>" */
void deeds_path(const struct actor *actor, const char *name, char out[PATH_SIZE_MAX]);
void deeds_answer_path(const struct actor *actor, char out[PATH_SIZE_MAX]);

/* Try intents [numbers] in one call, from an open ledger; false when that failed. */
struct daybook;
bool deeds_append(struct actor *actor, struct daybook *ledger, const uint32_t *numbers, size_t count);

#endif
