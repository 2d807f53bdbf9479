/* What the parts of verify hand to each other:
 *
 *     verify.c         pages before anything is mapped; threads, each with a snapshot of its own
 *     verify_range.c   a range of events by themselves, several ranges at once: bytes, hashes, names, keys, values
 *     verify_order.c   range after range: what events say of those before them; in the end, the tables
 *
 * A range is so many seqs that a thread works on them for about a millisecond. What the ordered part needs of it is
 * kept small, and is kept only until its turn, so memory does not grow with the number of events. */
#ifndef LEDGER_VERIFY_PARTS_H
#define LEDGER_VERIFY_PARTS_H

#include "ledger/event.h"
#include "ledger/ledger.h"
#include "ledger/verify.h"

enum {
    BLOCK_EVENTS = 1 << TREE_ROW_BITS, /* a row of the tree's lowest stored level */
    RANGE_BLOCKS = 16,
    RANGE_EVENTS = RANGE_BLOCKS * BLOCK_EVENTS,
};

#define SEQ(seq) ((unsigned long long)(seq))

/* ---- findings: the first ones, in the order of events */

struct finding {
    uint64_t position; /* the seq at which it came to light */
    struct verify_problem problem;
};

struct findings {
    uint64_t count;
    struct finding kept[VERIFY_PROBLEMS_MAX];
};

/* `seq` is 0 where no single event is to blame. */
__attribute__((format(printf, 4, 5))) void findings_add(struct findings *findings, uint64_t position, uint64_t seq,
                                                        const char *format, ...);
/* Add all of `from` to `to`, and empty it. */
void findings_move(struct findings *from, struct findings *to);
/* What says a sentence about damage is a finding; what the machine could not do is returned. */
int findings_add_or_fail(struct findings *findings, uint64_t position, uint64_t seq, int rc,
                         const struct daybook_error *err);

/* ---- what all parts know from the start */

/* The pattern of order numbers from an event on. */
struct pattern {
    uint64_t seq;
    char text[NUMBERS_PATTERN_MAX + 1];
};

/* What was forgotten, a kind of daybook/erase.h, and the last event that says so. Of customers the target is who they
 * are now; of notes there is one for each event. */
struct erased {
    uint32_t kind;
    uint64_t target, seq;
};

struct verify_facts {
    const struct zone *zone;
    struct pattern *patterns; /* ascending */
    size_t pattern_count;
    struct erased *erased; /* by kind and target */
    size_t erased_count, erased_capacity;
    uint64_t last_actor_erased; /* seq; 0: none was */
    uint64_t last_seq, earlier_size;
};
/* Fills `patterns` and what follows it, but for the last line. */
int verify_facts_load(struct verify_facts *facts, struct daybook_snapshot *snapshot, struct daybook_error *err);
void verify_facts_release(struct verify_facts *facts);

struct event_place {
    uint32_t kind, ordinal;
    uint64_t seq;
};
/* Does a later event say that personal values of that event were erased? */
bool verify_is_erased(const struct verify_facts *facts, struct store_txn *log, const struct event_place *place);

/* ---- a range */

/* The part of an event's envelope that tells its place. kind 0: it could not be read. */
struct link {
    uint64_t seq, prev;
    uint32_t ordinal, nth, kind;
    bool begins_entry;
};

/* A name that an event gives and the ordinal that the table has under it. */
struct given_name {
    uint64_t hash;
    uint32_t kind, stored;
    bool is_personal;
    bool is_first; /* the subject's first event gives it, and the table says so */
};

/* An event refers to a subject that was not known to be registered when the range began. */
struct reference {
    uint64_t seq;
    uint32_t kind, ordinal;
};

struct range {
    const struct verify_facts *facts;
    struct daybook_snapshot *snapshot; /* only this thread's */
    struct daybook_error err;
    uint64_t first, last;                    /* seqs */
    uint32_t registered[DAYBOOK_KIND_COUNT]; /* at least so many subjects are, before `first` */

    struct findings findings;
    uint64_t personal_values, erased, keys, tree_rows;
    size_t link_count, name_count, reference_count, void_count, block_count, leaf_count;
    struct link links[RANGE_EVENTS + 1]; /* one more: an event 0, which cannot be */
    struct given_name names[2 * (RANGE_EVENTS + 1)];
    struct reference *references;
    struct store_void *voids;
    struct tree_hash blocks[RANGE_BLOCKS];
    struct tree_hash leaves[BLOCK_EVENTS]; /* of the block being read; in the end, of the log's last, incomplete one */

    size_t reference_capacity, void_capacity;
    size_t pattern; /* how many of the patterns have begun */
    int64_t recorded_us;
    int32_t counter_day;
    uint64_t block; /* index of the block being read */
    struct event_scratch scratch;
};

/* Check the events first .. last by themselves, and fill what follows `registered`. Fails only when the machine does.
 * Starts as {0} with the members above; is used again and again. */
int range_check(struct range *range);
/* Is a row of the tree what the log keeps? Found at `position`. */
int range_check_row(struct range *range, const struct tree_row *row, uint64_t position);
void range_release(struct range *range);

/* ---- in order */

/* The head of a subject as its events say it, and a hash of the name that its first event gave; 0: none. */
struct head {
    uint64_t last_seq;
    uint32_t version, first_name;
};

/* The heads of one kind's subjects, by ordinal - 1. */
struct heads {
    struct head *rows;
    uint32_t count, capacity;
};

/* Names that were met, each counted once. Most are a subject's first name, which its head remembers; the others are
 * here, by hash. */
struct name_set {
    uint64_t *slots; /* 0: empty */
    size_t count, capacity;
    uint64_t first_names; /* counted, but not here */
};

struct verify_order {
    struct verify_result *result;
    struct findings findings;
    struct heads heads[DAYBOOK_KIND_COUNT];
    struct reference references[DAYBOOK_KIND_COUNT]; /* the highest of the entry being read */
    unsigned referred_kinds;                         /* a bit for each that it refers to */
    struct name_set public_names, personal_names;
    uint64_t expected_seq, tree_rows, keys;
    struct store_void *voids;
    size_t void_count, void_capacity;
    struct tree tree;
};

void verify_order_init(struct verify_order *order, struct verify_result *result);
void verify_order_release(struct verify_order *order);
/* Take the next range. */
int verify_order_take(struct verify_order *order, struct range *range, struct daybook_error *err);
/* After the last range: what the tables say beyond single events. */
int verify_order_end(struct verify_order *order, struct daybook_snapshot *snapshot, struct daybook_error *err);

#endif
