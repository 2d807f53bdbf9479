/* What is behind the handles of include/daybook/ledger.h. */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include <pthread.h>

#include "daybook/ledger.h"
#include "ledger/numbers.h"
#include "ledger/personal.h"
#include "ledger/store.h"
#include "ledger/zone.h"

struct append_queue;

enum { LEDGER_ID_SIZE = 33, LEDGER_ZONE_MAX = 64 };

/* Zones that the ledger had before it took over another ledger's identity: others may be using them. */
struct retired_zone {
    struct zone *zone;
    struct retired_zone *next;
};

struct daybook {
    struct store *store;
    char *folder;
    struct daybook_open_options options;
    pthread_mutex_t lock;      /* guards personal data, and identity while it changes */
    struct personal *personal; /* the newest generation seen; older ones close with the snapshots that read them */
    uint64_t personal_generation;
    bool is_swept; /* by a writer: there was no other generation than this one */
    uint64_t swept_generation;
    char id[LEDGER_ID_SIZE];
    char timezone[LEDGER_ZONE_MAX];
    char numbers[NUMBERS_PATTERN_MAX + 1];
    struct zone *zone;
    struct retired_zone *retired_zones;
    struct append_queue *queue;
};

struct daybook_snapshot {
    struct daybook *ledger;
    struct store_txn *log;
    struct personal_txn *personal;
    uint64_t last_seq;
};

/* The ledger's identity as meta says it. */
int ledger_read_identity(struct daybook *ledger, struct store_txn *log, struct daybook_error *err);
/* A transaction over personal data of the generation that the log names. */
int ledger_begin_personal(struct daybook *ledger, struct store_txn *log, bool write, struct personal_txn **ret,
                          struct daybook_error *err);
/* Close personal data of generations before that one, but for snapshots that still read it. */
void ledger_let_go_of_personal(struct daybook *ledger, uint64_t generation);
const struct zone *ledger_zone(const struct daybook *ledger);
/* Microseconds since 1970, now. */
int64_t ledger_clock_us(void);
/* The form in which the name of a subject of that kind is compared, malloc'ed; NULL when not valid text or out of
 * memory. */
char *ledger_compared_name(uint32_t kind, struct daybook_text name, size_t *ret_len);
/* The same for a name that is ASCII, into `out` of name.len bytes; false when it is not. */
bool ledger_compared_ascii(uint32_t kind, struct daybook_text name, char *out, size_t *ret_len);
/* The ordinal under a compared name; customers that were merged lead to who they were merged into. 0: none. */
int ledger_find(struct store_txn *log, struct personal_txn *personal, uint32_t kind, struct daybook_text compared,
                uint32_t *ret, struct daybook_error *err);
/* Who a customer was merged into, and that one in turn; itself when it was not. */
int ledger_final_customer(struct store_txn *log, uint32_t *ordinal, struct daybook_error *err);
bool ledger_kind_is_personal(uint32_t kind);

/* The queue of appends (append.c). */
int append_queue_new(struct append_queue **ret, struct daybook_error *err);
void append_queue_free(struct append_queue *queue);

#endif
