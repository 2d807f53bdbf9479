/* An entry on its way into the log: decided and named by its writer, waiting for ordinals, numbers, seqs and times. */
#ifndef LEDGER_ENTRY_H
#define LEDGER_ENTRY_H

#include "daybook/ledger.h"
#include "ledger/arena.h"

/* A reference to the n-th new subject of the entry, where an ordinal is not given yet: ENTRY_NEW | n. */
#define ENTRY_NEW 0x80000000u

struct entry_event {
    struct daybook_event
        event; /* type, version, kind, ordinal (or ENTRY_NEW | n), occurred; the rest is the sequencer's */
    struct daybook_data data; /* its lists are the entry's own and may be changed in place */
    bool day_filled_in;       /* occurred_on is the writer's date: nothing was said */
};

/* A name that finds a subject from now on. */
struct entry_name {
    uint32_t kind, ordinal; /* or ENTRY_NEW | n */
    bool is_personal;
    struct daybook_text text; /* in the form in which it is compared */
};

/* Starts as {0}; reused through entry_reset. Lists live in the arena. */
struct entry {
    struct arena arena;
    struct entry_event *events;
    size_t event_count, event_capacity;
    struct entry_name *names;
    size_t name_count, name_capacity;
    uint32_t *new_kinds;    /* kind of the n-th new subject */
    uint32_t *new_ordinals; /* filled in by the sequencer */
    size_t new_count, new_capacity;
    uint32_t actor, via, source; /* ordinals or ENTRY_NEW | n */
    bool has_key, key_in_table;  /* to be looked for in the table: the request named no order */
    uint64_t key;
    size_t key_event;         /* index of the event that carries the key */
    size_t about;             /* index of the first event about the order; event_count: none */
    bool creates_order;       /* its order begins in it: anew, if it was taken back before */
    bool assigns_number;      /* events[about] is an order.created without a number */
    uint64_t expect_last_seq; /* of the order, as the decision saw it; 0: it was not there */
    uint32_t expect_order;    /* its ordinal; 0: none */
};

void entry_reset(struct entry *entry);
void entry_release(struct entry *entry);
/* One more, zeroed; NULL when out of memory. Earlier pointers move. */
struct entry_event *entry_add_event(struct entry *entry, uint32_t type, uint32_t ordinal);
int entry_add_name(struct entry *entry, struct entry_name name, struct daybook_error *err);
/* ENTRY_NEW | n for a new subject; 0 when out of memory. */
uint32_t entry_add_subject(struct entry *entry, uint32_t kind);

#endif
