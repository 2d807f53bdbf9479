/* A ledger: open it, append to it, read it.
 *
 * A ledger is a folder: log/ (the truth), personal-<g>/ (what may be forgotten), views/ (can be deleted).
 *
 *     make and open   daybook_init, daybook_open .. daybook_close
 *     append          daybook_append of entries, each made of drafts (daybook_draft_init)
 *     read            daybook_snapshot_begin .. daybook_snapshot_end; in between daybook_event, daybook_follow ..
 *
 * Names: daybook_… works on a ledger, daybook_snapshot_… and what takes a snapshot on one state of it.
 * Ownership: what you pass in is read during the call only; what you are given belongs to the ledger or to the snapshot
 * and lives as long as that. What a struct …_options does not set is zero.
 * Threads: a struct daybook may be used from many threads at once; a snapshot by one at a time. After fork() the
 * child must open its own handle (DAYBOOK_FORKED_HANDLE).
 * Errors: daybook/error.h. Besides those that are named here every call can fail with DAYBOOK_IO (the disk),
 * DAYBOOK_NO_MEMORY and DAYBOOK_DAMAGED (run `daybook verify`, restore a backup). */
#ifndef DAYBOOK_LEDGER_H
#define DAYBOOK_LEDGER_H

#include "daybook/error.h"
#include "daybook/event.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* An open ledger, and a state of it that stays as it is while others write. */
struct daybook;
struct daybook_snapshot;
struct daybook_type_definition; /* daybook/type.h */

/* ---- making and opening */

/* What a new ledger is like. */
struct daybook_init_options {
    struct daybook_text timezone; /* IANA name; absent: the system's */
    struct daybook_text numbers;  /* pattern of order numbers; absent: SO-{000000} */
    bool unsafe_filesystem;       /* allow NFS and the like */
};
/* Make an empty ledger in `folder` (created when it is not there); options may be NULL. DAYBOOK_ALREADY_EXISTS when
 * there is one, DAYBOOK_BAD_VALUE for an unknown zone or a bad pattern, DAYBOOK_REMOTE_FILESYSTEM,
 * DAYBOOK_DISK_FULL. */
int daybook_init(const char *folder, const struct daybook_init_options *options, struct daybook_error *err);

/* How a ledger is opened. */
struct daybook_open_options {
    bool unsafe_filesystem; /* allow NFS and the like, where locks may not hold: for a copy at rest */
    bool accept_clock;      /* append although the clock is more than a day behind the log's last event */
};
/* Open the ledger in `folder`; options may be NULL. Ends with daybook_close. DAYBOOK_NO_LEDGER: there is none, make
 * one; DAYBOOK_NEWER_FORMAT: use a newer Daybook; DAYBOOK_REMOTE_FILESYSTEM: move it to a local disk. */
int daybook_open(const char *folder, const struct daybook_open_options *options, struct daybook **ret,
                 struct daybook_error *err);
/* All snapshots must have ended, and no other thread may be in a call. NULL is allowed. */
void daybook_close(struct daybook *ledger);

/* 32 lower-case hex digits; lives as long as the handle. Changes once, when `load` takes another ledger's identity. */
const char *daybook_id(const struct daybook *ledger);
/* As it was given to daybook_open. Lives as long as the handle. */
const char *daybook_folder(const struct daybook *ledger);
/* "Asia/Shanghai": whose days count. Lives as long as the handle, and changes with the identity. */
const char *daybook_timezone(const struct daybook *ledger);

/* ---- appending */

/* A line of an order as a caller states it. Start from zero, and set expected_on to DAYBOOK_DAY_NONE. */
struct daybook_draft_item {
    uint32_t line;            /* 0: by code, or a new one; one more than the order's last: a new one for certain */
    bool is_new;              /* a line of its own, even if the order has one with that code */
    struct daybook_text code; /* a product that is not known yet is registered */
    struct daybook_text name; /* of the product when it is new; of this line when it differs */
    struct daybook_text unit;
    bool has_quantity;
    struct daybook_decimal quantity;
    int32_t expected_on; /* DAYBOOK_DAY_NONE: absent */
    const struct daybook_draft_field *fields;
    size_t field_count;
};

/* An own field by name; a field that is not defined yet is defined as personal text. */
struct daybook_draft_field {
    struct daybook_text name;
    struct daybook_text value; /* as typed; read by the field's kind. ptr NULL clears it */
};

/* What is said of the day on which something happened. */
enum daybook_occurred {
    DAYBOOK_OCCURRED_TODAY,   /* nothing was said: the writer's date in the ledger's zone */
    DAYBOOK_OCCURRED_ON,      /* occurred_on */
    DAYBOOK_OCCURRED_UNKNOWN, /* nobody knows */
};

/* One event to be recorded, named in the caller's words. Start from daybook_draft_init(). */
struct daybook_draft {
    uint32_t type;                /* enum daybook_type */
    struct daybook_text order_no; /* whose event it is; absent in order.created: the ledger gives a number */
    struct daybook_text subject;  /* register events: present name or code of the subject */
    enum daybook_occurred occurred;
    int32_t occurred_on;
    int64_t occurred_us;          /* the exact instant, when it is known; else DAYBOOK_INSTANT_NONE */
    uint32_t cause_row;           /* of the entry's source that it stood in */
    struct daybook_text customer; /* who ordered; who is merged into */
    struct daybook_text reason, text, category, carrier, tracking, status, customer_ref;
    struct daybook_text name, code; /* registers: the new ones */
    struct daybook_text scope;
    bool is_public, is_required;
    const struct daybook_text *choices;
    size_t choice_count;
    int32_t ordered_on, expected_on, requested_on;
    const struct daybook_draft_item *items; /* lines of the order, or quantities shipped or delivered */
    size_t item_count;
    /* own fields of the order */
    const struct daybook_draft_field *fields;
    size_t field_count;
    uint64_t target; /* a void's or a retraction's event */
    /* A void may be followed by the same event as it should have been: the target's fields, changed by those that
     * `replacement` has. */
    const struct daybook_draft *replacement;
    /* The event of the order, of the target's type, whose content the replacement has; 0: the target's. */
    uint64_t as_in;
    /* An event type of an application (daybook/type.h): in DAYBOOK_TYPE_REGISTERED what is registered; in an event of
     * the type the version that is meant, NULL: the latest. */
    const struct daybook_type_definition *definition;
    const struct daybook_value *values; /* of an application's event; those without a name by position */
    size_t value_count;
};
/* A draft of that type in which nothing is said. */
void daybook_draft_init(struct daybook_draft *draft, uint32_t type);

/* Where events came from. */
struct daybook_source_name {
    struct daybook_text category; /* "import", "load" .. */
    struct daybook_text name;     /* file name; may be absent */
    struct daybook_text identity; /* what tells it apart: SHA-256 of the file, URI of a foreign source */
};

/* One request: its events are recorded whole or not at all, with one recorded time. Start from zero. Events of orders
 * are all about one order: the one that the first draft names or creates (registrations of types may stand before
 * it). */
struct daybook_entry {
    const struct daybook_draft *drafts;
    size_t draft_count;
    struct daybook_text actor;                /* who says so */
    struct daybook_text via;                  /* how that is known */
    struct daybook_text via_kind;             /* "os", "import" .. */
    struct daybook_text key;                  /* idempotency key; absent: none */
    uint32_t expect_version;                  /* of the order that drafts[0] names; 0: any */
    const struct daybook_source_name *source; /* cause of the events; may be NULL */
    bool late_dates_allowed;                  /* take shipping and delivery dates in the future */
    bool after_previous;                      /* refused as well when the entry before it in the same call is refused */
};

/* Bytes of an order number. */
enum { DAYBOOK_ORDER_NO_MAX = 400 };

/* What became of an entry. */
struct daybook_result {
    struct daybook_error error;              /* code 0: recorded, or recorded before under the same key */
    bool repeated;                           /* the latter */
    uint64_t first_seq, last_seq;            /* of the entry; 0 when nothing was to record */
    uint32_t order;                          /* ordinal of the order that the entry is about; 0: none */
    char order_no[DAYBOOK_ORDER_NO_MAX + 1]; /* its number, which the ledger may have given */
};

/* Record entries in one durable commit: when it returns, they are on disk. Each succeeds or is refused by itself: see
 * its result, where the code is of the class DAYBOOK_CLASS_REFUSED, or DAYBOOK_CLOCK_BEHIND. Returns non-zero (and
 * records none) only when the commit failed: DAYBOOK_DISK_FULL, DAYBOOK_READ_ONLY, DAYBOOK_FORKED_HANDLE. Waits while
 * others write; calls from many threads share commits. A key makes it safe to repeat an entry of which nobody knows
 * whether it was recorded. */
int daybook_append(struct daybook *ledger, const struct daybook_entry *entries, size_t count,
                   struct daybook_result *results, struct daybook_error *err);

/* An event of another ledger's log, as it is stored there. */
struct daybook_carried {
    uint64_t seq;
    const uint8_t *bytes;
    size_t len;
    const uint8_t *const *salts; /* personal values by slot, and their salts; NULL entries: erased */
    const struct daybook_text *values;
    size_t value_count;
};
/* Take events of another ledger's log; the first must have the next seq. Only into a ledger that has no event, or whose
 * events are the same so far (those are compared and passed over). All or none are taken: on failure *ret_taken is the
 * index of the one that cannot be. DAYBOOK_FOREIGN_LOG: the log has another history; DAYBOOK_VERIFICATION_FAILED: a
 * value does not fit its commitment; and as daybook_append. */
int daybook_carry(struct daybook *ledger, const struct daybook_carried *events, size_t count, size_t *ret_taken,
                  struct daybook_error *err);

/* ---- reading */

/* A consistent state of the log; what it returns lives until daybook_snapshot_end. Keep it short: a snapshot that
 * stays open keeps the file from reusing space. DAYBOOK_TOO_MANY_READERS: end some; DAYBOOK_FORKED_HANDLE. */
int daybook_snapshot_begin(struct daybook *ledger, struct daybook_snapshot **ret, struct daybook_error *err);
/* NULL is allowed. */
void daybook_snapshot_end(struct daybook_snapshot *snapshot);
/* The seq of the last event in it, which is how many there are; 0: none yet. */
uint64_t daybook_last_seq(const struct daybook_snapshot *snapshot);

/* The event with that seq. DAYBOOK_NOT_FOUND when there is none. */
int daybook_event(struct daybook_snapshot *snapshot, uint64_t seq, struct daybook_event *ret,
                  struct daybook_error *err);
/* Events from `from` on, in order, until visit answers non-zero (which is returned) or the snapshot ends, which it
 * always does between entries. To follow a growing log, begin the next snapshot's walk at the seq after the last
 * one visited. DAYBOOK_DAMAGED as above. */
typedef int daybook_visit(void *context, const struct daybook_event *event, struct daybook_error *err);
int daybook_follow(struct daybook_snapshot *snapshot, uint64_t from, daybook_visit *visit, void *context,
                   struct daybook_error *err);
/* The last seq recorded at or before that instant; 0 when the log began later. DAYBOOK_DAMAGED as above. */
int daybook_seq_at(struct daybook_snapshot *snapshot, int64_t recorded_us, uint64_t *ret, struct daybook_error *err);
/* A personal value of an event, checked against its commitment; absent (ptr NULL) when it was erased. DAYBOOK_DAMAGED
 * as above. */
int daybook_personal_value(struct daybook_snapshot *snapshot, uint64_t seq, const struct daybook_personal *personal,
                           struct daybook_text *ret, struct daybook_error *err);
/* The same with its salt, DAYBOOK_SALT_SIZE bytes; NULL when it was erased. */
int daybook_personal_salt(struct daybook_snapshot *snapshot, uint64_t seq, const struct daybook_personal *personal,
                          const uint8_t **ret_salt, struct daybook_text *ret, struct daybook_error *err);
/* The Merkle root (RFC 9162, SHA-256) over the first `size` events, size <= last seq. DAYBOOK_DAMAGED as above. */
int daybook_root(struct daybook_snapshot *snapshot, uint64_t size, uint8_t ret[32], struct daybook_error *err);
/* The ordinal of what has that name (order number, customer's name, product's code ..); 0 when there is none; of a
 * customer that was merged, of who it was merged into. Whose name was erased is found as "customer/12". `kind` is an
 * enum daybook_kind. DAYBOOK_BAD_VALUE when the name is no valid text. */
int daybook_find(struct daybook_snapshot *snapshot, uint32_t kind, struct daybook_text name, uint32_t *ret,
                 struct daybook_error *err);
/* The other way: what a subject is called now, by the name that daybook_find() finds it under; of a customer that was
 * merged, of who it was merged into. Absent when the name was personal and is erased. Lives as long as the snapshot.
 * DAYBOOK_NOT_FOUND when there is no such subject. */
int daybook_name(struct daybook_snapshot *snapshot, uint32_t kind, uint32_t ordinal, struct daybook_text *ret,
                 struct daybook_error *err);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
