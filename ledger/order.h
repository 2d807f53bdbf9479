/* The state of an order, event by event. There is one fold of it, here: decide, the views, from -> to in history,
 * blame and every cut in time use it, so they cannot differ. */
#ifndef LEDGER_ORDER_H
#define LEDGER_ORDER_H

#include "ledger/arena.h"
#include "ledger/chain.h"
#include "ledger/workflow.h"
#include "ledger/zone.h"

/* Which events count: those recorded up to a seq, and, with effective_on, those that had occurred by a day. */
struct order_cut {
    uint64_t as_of;       /* inclusive; UINT64_MAX: all */
    int32_t effective_on; /* DAYBOOK_DAY_NONE: all */
};
#define ORDER_CUT_NOW ((struct order_cut){UINT64_MAX, DAYBOOK_DAY_NONE})

struct order_own {
    struct daybook_own value; /* never CLEARED */
    uint64_t seq;             /* of the event that set it: where a personal value is looked up */
};

struct order_line {
    uint32_t line, product;
    struct daybook_decimal quantity, shipped, delivered;
    struct daybook_text unit, name;
    int32_t expected_on;
    struct order_own *own;
    size_t own_count;
};

/* A quantity that left or arrived. */
struct order_part {
    uint32_t line;
    bool delivered;
    struct daybook_decimal quantity;
    int32_t day; /* DAYBOOK_DAY_NONE: unknown */
};

struct order_note {
    uint64_t seq; /* its text is the personal value (seq, 0) */
    struct daybook_text category;
    uint32_t actor;
    int64_t recorded_us;
    bool retracted;
};

/* Lists grow and are reused from order to order; texts live in the arena. */
struct order_state {
    struct arena arena;
    uint32_t ordinal;
    bool exists; /* false: not created, or its creation is voided or does not count */
    enum workflow_status status, held_from;
    uint32_t customer; /* as the event says; merges are the reader's business */
    struct daybook_text order_no, customer_ref, carrier, tracking;
    struct daybook_text priority; /* "urgent", "normal"; absent: nobody ever said */
    int32_t ordered_on;           /* what the order says, else the day that it was created on */
    int32_t own_expected_on;
    int32_t expected_on, first_expected_on, requested_on, shipped_on, delivered_on, cancelled_on;
    uint32_t delivered_by; /* actor of the delivery that completed it; 0: none */
    bool has_shipment;     /* `carrier` is that of the last one, absent or not */
    uint32_t line_last;    /* highest number ever given to a line */
    struct order_line *lines;
    size_t line_count, line_capacity;
    struct order_part *parts;
    size_t part_count, part_capacity;
    struct order_note *notes;
    size_t note_count, note_capacity;
    struct order_own *own;
    size_t own_count;
    uint32_t version; /* number of its events, whether they count or not */
    uint64_t last_seq;
    int64_t created_us, updated_us;
};

/* Starts as {0}. */
void order_state_release(struct order_state *state);

/* How the events of a chain stand to each other once voids are known: for each link the link that is applied in its
 * place. Kept and reused like a chain; starts as {0}. */
struct order_places {
    size_t *applied; /* index of the link applied at this place; ORDER_PLACE_NONE: nothing */
    size_t capacity;
};
#define ORDER_PLACE_NONE SIZE_MAX
void order_places_release(struct order_places *places);
/* Among the first `count` links. */
int order_places_find(struct order_places *places, struct chain *chain, size_t count, struct daybook_error *err);
/* The place at which the order is created; `count` when nothing creates it. Events before it are of an order that was
 * taken back and has the number no more. */
size_t order_places_creation(const struct order_places *places, const struct chain *chain, size_t count);
/* The highest number that a line of the order ever had: also in events that do not count any more, as others still name
 * it. */
int order_highest_line(struct chain *chain, struct event_scratch *scratch, uint32_t *ret, struct daybook_error *err);

/* Fold the first `count` links of an order's chain. `on_applied` (may be NULL) is called after each event that
 * counts, in the order of application. `zone` tells the day of an instant. */
typedef int order_applied(void *context, const struct order_state *state, const struct daybook_event *event,
                          const struct daybook_data *data, struct daybook_error *err);
int order_fold(struct order_state *state, struct chain *chain, size_t count, struct order_places *places,
               const struct zone *zone, int32_t effective_on, order_applied *on_applied, void *context,
               struct daybook_error *err);

/* Is every line shipped (delivered) at its quantity? True without lines. */
bool order_is_complete(const struct order_state *state, bool delivered);
/* NULL when there is no such line. */
struct order_line *order_find_line(const struct order_state *state, uint32_t line);

#endif
