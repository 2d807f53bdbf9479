/* What the parts of a planner share: the order at hand, as the sheet, the imports and the ledger have it. */
#ifndef TOOLS_IMPORT_PLAN_WORK_H
#define TOOLS_IMPORT_PLAN_WORK_H

#include "ledger/order_reader.h"
#include "tools/import/origin.h"
#include "tools/import/plan.h"

/* A line of the sheet and its counterparts. */
struct plan_line {
    const struct reading_line *sheet;
    const struct order_line *said, *now; /* NULL: none */
    uint32_t number;                     /* within the order; 0: none yet */
    struct daybook_decimal quantity;     /* once the drafts are recorded */
    struct daybook_decimal sent[2];      /* by enum plan_move, once the drafts so far are recorded */
};

enum plan_move { PLAN_SHIP, PLAN_DELIVER };

/* An own field of the file, and what the ledger knows of it. */
struct plan_field {
    const char *name; /* as the reading's orders point to it */
    uint32_t ordinal; /* 0: not defined yet */
    struct register_field definition;
};

/* How a value of the sheet stands to the other two. */
struct plan_view {
    bool is_said, is_now, said_is_now;
};

struct planner {
    const struct reading *reading;
    struct planner_options options;
    struct daybook_snapshot *snapshot; /* NULL: an empty ledger */
    struct registers *registers;
    struct origin_sources sources;
    uint32_t own_source;
    uint32_t *matches;   /* by order of the reading: the order that one without a number is; NULL: all have one */
    bool *absent;        /* by order of the reading: its number was not there, and nobody else has written since */
    uint64_t looked_seq; /* the last one of the snapshot */
    bool *seen;          /* by ordinal of an order: the file has it */
    size_t seen_count;
    struct plan_field *fields;
    size_t field_count, field_capacity, field_last;

    /* the order at hand */
    struct arena *arena;
    const struct reading_order *sheet;
    struct daybook_text order_no;
    struct order_reader reader;  /* the fold of all */
    struct origin_traces traces; /* of the reader's chain */
    struct chain said_chain;
    struct order_places said_places;
    struct order_state said_state;
    struct chain product_chain;
    const struct order_state *said, *now; /* NULL: there is none */
    uint64_t moved_seq[2];                /* by enum plan_move: the event that completed it; 0: none */
    bool was_done[2];                     /* while folding */
    struct plan_line *lines;
    size_t line_count;
    enum workflow_status status; /* once the drafts so far are recorded */
    enum workflow_status held_from;
    struct daybook_draft *drafts;
    size_t draft_count, draft_capacity;
    struct reading_rejection *rejected;
    size_t rejected_count, rejected_capacity;
    bool out_of_memory; /* sticky; looked at after each order */
};

/* plan.c */
struct daybook_draft *plan_add(struct planner *p, uint32_t type, uint32_t row); /* never NULL */
void plan_day(struct daybook_draft *draft, int32_t day);                        /* DAYBOOK_DAY_NONE: unknown */
/* `field` as reading_column has it: "status", "field:Colour". */
void plan_reject(struct planner *p, uint32_t row, const char *field, struct daybook_text value, const char *reason);
/* Does the sheet's value become an event? If it contradicts what was done since, that is rejected. */
bool plan_takes(struct planner *p, uint32_t row, const char *field, struct daybook_text value, struct plan_view view);
struct daybook_text plan_day_text(struct planner *p, int32_t day);
/* Zeroed, in the arena; NULL, and out_of_memory, when there is none. */
void *plan_alloc(struct planner *p, size_t size);
struct plan_field *plan_field_of(struct planner *p, const char *name, struct daybook_error *err);
const struct daybook_draft_field *plan_fields(struct planner *p, const struct reading_field *fields, size_t count);

/* plan_match.c: sources, orders and lines that are the same. */
int plan_find_sources(struct planner *p, struct daybook_error *err);
int plan_match_orders(struct planner *p, struct daybook_error *err);
int plan_load_order(struct planner *p, uint32_t ordinal, struct daybook_error *err);
int plan_match_lines(struct planner *p, struct daybook_error *err);
/* NULL: the list has no such field. */
const struct order_own *plan_find_own(const struct order_own *own, size_t count, uint32_t field);
int plan_own_equals(struct planner *p, const struct order_own *own, struct daybook_text value, bool *ret,
                    struct daybook_error *err);

/* plan_check.c: what the ledger would refuse, told before anything is written. */
int plan_check(struct planner *p, struct daybook_error *err);
size_t plan_line_size(struct planner *p, const struct reading_line *line); /* in an event, at most */
enum { PLAN_EVENT_ROOM = 40000 };                                          /* for lines in one event */

/* plan_content.c: creation, amendments, promises, notes. */
void plan_create(struct planner *p);
int plan_amend(struct planner *p, struct daybook_error *err);
int plan_notes(struct planner *p, struct daybook_error *err);

/* plan_moves.c: statuses, shipments, deliveries. */
void plan_correct_days(struct planner *p);
void plan_moves(struct planner *p);

#endif
