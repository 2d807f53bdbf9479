/* What was answered, in memory that outlives whoever was answered.
 *
 * An intent is an entry that somebody wants to have recorded. Its number says everything about it (its kind, key and
 * content), so that any process can try it again under the same key, and the event in the log tells its number. */
#ifndef TESTS_CRASH_RECORD_H
#define TESTS_CRASH_RECORD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    INTENTS_MAX = 1 << 15,
    SIGHTINGS_MAX = 1 << 16,
    CHECKPOINTS_MAX = 1 << 14,
    FILES = 24,       /* tables to import, and as many files of lines to load */
    FILE_ORDERS = 12, /* in each */
    MEMBERS = 8,      /* processes at once */
    BASE_ORDERS = 16, /* there from the start, named by notes */
};

/* What a process may hold: LMDB's write lock of an environment. */
enum holding { HOLDS_LOG, HOLDS_PERSONAL, HOLDS_VIEW, HOLDING_COUNT };
/* Where in a write transaction a process may end. */
enum death_place { DEATH_LOCKED, DEATH_COMMITTING, DEATH_SYNCING, DEATH_WRITTEN, DEATH_COMMITTED, DEATH_COUNT };

enum intent_kind { INTENT_ORDER, INTENT_OTHER_ORDER, INTENT_NOTED_ORDER, INTENT_NOTE, INTENT_KIND_COUNT };

struct intent {
    atomic_uint tries, answers;
    _Atomic uint64_t first_seq, last_seq; /* of an answer; 0: the program answered, which does not say */
};

struct sighting {
    uint64_t seq;
    _Atomic uint64_t hash; /* of the event's bytes; 0: not written yet */
};

struct checkpoint {
    uint64_t size;
    uint8_t root[32];
    atomic_bool written;
};

struct record {
    atomic_uint intent_count, sighting_count, checkpoint_count;
    struct intent intents[INTENTS_MAX];
    struct sighting sightings[SIGHTINGS_MAX];
    struct checkpoint checkpoints[CHECKPOINTS_MAX];
    atomic_uint imported[FILES], loaded[FILES]; /* how often that was answered */
    atomic_uint verified;                       /* answers of verify, and of other programs: */
    atomic_uint programs;
    atomic_uint repeats;                               /* keys that were found again */
    atomic_uint holds[MEMBERS];                        /* bits of enum holding */
    atomic_uint deaths_at[HOLDING_COUNT][DEATH_COUNT]; /* of those who killed themselves there */
    _Atomic uint64_t longest_wait_us;                  /* for one append */
    atomic_bool complained;
    char complaint[600]; /* the first answer that should not have been */
};

struct record *record_new(void);
void record_free(struct record *record);
/* For a fresh ledger; deaths stay counted. */
void record_reset(struct record *record);

enum intent_kind intent_kind(uint32_t number);
/* A fresh number, or 0 when all are used. */
uint32_t record_new_intent(struct record *record);
void record_answer(struct record *record, uint32_t intent, uint64_t first_seq, uint64_t last_seq);
/* An append that began then is over. */
void record_wait(struct record *record, int64_t begun_us);
void record_sighting(struct record *record, uint64_t seq, const uint8_t *bytes, uint32_t len);
void record_checkpoint(struct record *record, uint64_t size, const uint8_t root[32]);
void record_complain(struct record *record, const char *format, ...) __attribute__((format(printf, 2, 3)));

int64_t record_now_us(void);
/* Of an event's bytes; never 0. */
uint64_t record_hash(const uint8_t *bytes, uint32_t len);

#endif
