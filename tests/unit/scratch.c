/* What tests of a whole ledger share. */
#include "tests/unit/scratch.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <cmocka.h>

void scratch_folder(char out[SCRATCH_PATH_SIZE])
{
    snprintf(out, SCRATCH_PATH_SIZE, "%s/daybook-test-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(out));
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status, (void)kind, (void)place;
    return remove(path);
}

void scratch_remove(const char *folder)
{
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

struct daybook *scratch_ledger(const char *folder)
{
    struct daybook *ledger = NULL;
    struct daybook_error err = {0};
    const struct daybook_init_options options = {.timezone = DAYBOOK_TEXT("UTC")};
    if (daybook_init(folder, &options, &err) || daybook_open(folder, NULL, &ledger, &err))
        fail_msg("%s", err.message);
    return ledger;
}

struct daybook_text text_of(const char *text)
{
    return (struct daybook_text){text, text ? strlen(text) : 0};
}

struct daybook_decimal quantity(int64_t units)
{
    return (struct daybook_decimal){units, 0};
}

int record(struct daybook *ledger, const struct daybook_draft *drafts, size_t count, struct daybook_result *result)
{
    const struct daybook_entry entry = {.drafts = drafts,
                                        .draft_count = count,
                                        .actor = DAYBOOK_TEXT("li.lei"),
                                        .via = DAYBOOK_TEXT("li.lei@host"),
                                        .via_kind = DAYBOOK_TEXT("os")};
    struct daybook_error err = {0};
    if (daybook_append(ledger, &entry, 1, result, &err))
        *result = (struct daybook_result){.error = err};
    return result->error.code;
}

/* splitmix64 */
uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

uint32_t random_below(uint64_t *state, uint32_t below)
{
    return (uint32_t)(random_next(state) >> 32) % below;
}

uint64_t random_seed(void)
{
    const char *given = getenv("SEED");
    uint64_t seed = 0;
    if (given)
        seed = strtoull(given, NULL, 10);
    else if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
        seed = 1;
    seed &= UINT32_MAX; /* short enough to type */
    print_message("# SEED=%llu\n", (unsigned long long)seed);
    return seed;
}
