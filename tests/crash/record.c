/* The outside record: shared memory, written without locks, as whoever writes may be killed at any time. */
#include "tests/crash/record.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

int64_t record_now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

struct record *record_new(void)
{
    void *shared = mmap(NULL, sizeof(struct record), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return shared == MAP_FAILED ? NULL : shared;
}

void record_free(struct record *record)
{
    munmap(record, sizeof *record);
}

void record_reset(struct record *record)
{
    atomic_uint deaths[HOLDING_COUNT][DEATH_COUNT];
    memcpy(deaths, record->deaths_at, sizeof deaths);
    memset(record, 0, sizeof *record);
    memcpy(record->deaths_at, deaths, sizeof deaths);
}

enum intent_kind intent_kind(uint32_t number)
{
    return number % INTENT_KIND_COUNT;
}

uint32_t record_new_intent(struct record *record)
{
    uint32_t number = atomic_fetch_add(&record->intent_count, 1) + 1;
    if (number < INTENTS_MAX)
        return number;
    atomic_store(&record->intent_count, INTENTS_MAX - 1);
    return 0;
}

void record_answer(struct record *record, uint32_t number, uint64_t first_seq, uint64_t last_seq)
{
    struct intent *intent = &record->intents[number];
    uint64_t before = 0;
    if (first_seq && !atomic_compare_exchange_strong(&intent->first_seq, &before, first_seq) && before != first_seq)
        record_complain(record, "intent %u was answered with event %" PRIu64 ", then with %" PRIu64, number, before,
                        first_seq);
    if (last_seq)
        atomic_store(&intent->last_seq, last_seq);
    atomic_fetch_add(&intent->answers, 1);
}

void record_wait(struct record *record, int64_t begun_us)
{
    uint64_t waited = (uint64_t)(record_now_us() - begun_us), longest = atomic_load(&record->longest_wait_us);
    while (waited > longest && !atomic_compare_exchange_weak(&record->longest_wait_us, &longest, waited))
        continue;
}

void record_sighting(struct record *record, uint64_t seq, const uint8_t *bytes, uint32_t len)
{
    uint32_t at = atomic_fetch_add(&record->sighting_count, 1) % SIGHTINGS_MAX;
    atomic_store(&record->sightings[at].hash, 0);
    record->sightings[at].seq = seq;
    atomic_store(&record->sightings[at].hash, record_hash(bytes, len));
}

void record_checkpoint(struct record *record, uint64_t size, const uint8_t root[32])
{
    uint32_t at = atomic_fetch_add(&record->checkpoint_count, 1) % CHECKPOINTS_MAX;
    atomic_store(&record->checkpoints[at].written, false);
    record->checkpoints[at].size = size;
    memcpy(record->checkpoints[at].root, root, 32);
    atomic_store(&record->checkpoints[at].written, true);
}

void record_complain(struct record *record, const char *format, ...)
{
    if (atomic_exchange(&record->complained, true))
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(record->complaint, sizeof record->complaint, format, arguments);
    va_end(arguments);
}

/* FNV-1a: not what the ledger itself uses. */
uint64_t record_hash(const uint8_t *bytes, uint32_t len)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (uint32_t i = 0; i < len; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
    return hash ? hash : 1;
}
