/* A ledger: open it, append to it, read it.
 *
 * A ledger is a folder: log/ (the truth), personal-<g>/ (what may be forgotten), views/ (can be deleted).
 * Threads: a struct daybook may be used from many threads at once; a snapshot by one at a time. After fork() the
 * child must open its own handle. */
#ifndef DAYBOOK_LEDGER_H
#define DAYBOOK_LEDGER_H

#include "daybook/error.h"
#include "daybook/event.h"

#ifdef __cplusplus
extern "C" {
#endif

struct daybook;
struct daybook_snapshot;

/* ---- making and opening */

struct daybook_init_options {
    struct daybook_text timezone; /* IANA name; absent: the system's */
    struct daybook_text numbers;  /* pattern of order numbers; absent: SO-{000000} */
    bool unsafe_filesystem;       /* allow NFS and the like */
};
/* Make an empty ledger in `folder` (created when it is not there). DAYBOOK_ALREADY_EXISTS when there is one,
 * DAYBOOK_BAD_VALUE for an unknown zone or a bad pattern. */
int daybook_init(const char *folder, const struct daybook_init_options *options, struct daybook_error *err);

struct daybook_open_options {
    bool unsafe_filesystem;
    bool accept_clock; /* append although the clock is more than a day behind the log's last event */
};
/* options may be NULL. DAYBOOK_NO_LEDGER, _NEWER_FORMAT, _DAMAGED, _REMOTE_FILESYSTEM, _IO. Ends with daybook_close. */
int daybook_open(const char *folder, const struct daybook_open_options *options, struct daybook **ret,
                 struct daybook_error *err);
/* All snapshots must have ended. NULL is allowed. */
void daybook_close(struct daybook *ledger);

/* 32 lower-case hex digits; lives as long as the handle. Changes once, when `load` takes another ledger's identity. */
const char *daybook_id(const struct daybook *ledger);
const char *daybook_folder(const struct daybook *ledger);
const char *daybook_timezone(const struct daybook *ledger);

/* ---- appending */

/* A line of an order as a caller states it. */
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

enum daybook_occurred {
    DAYBOOK_OCCURRED_TODAY,   /* nothing was said: the writer's date in the ledger's zone */
    DAYBOOK_OCCURRED_ON,      /* occurred_on */
    DAYBOOK_OCCURRED_UNKNOWN, /* nobody knows */
};

struct daybook_type_definition;

/* One event to be recorded, named in the caller's words. Start from daybook_draft_init(). */
struct daybook_draft {
    uint32_t type;                /* enum daybook_type */
    struct daybook_text order_no; /* whose event it is; absent in order.created: the ledger gives a number */
    struct daybook_text subject;  /* register events: present name or code of the subject */
    enum daybook_occurred occurred;
    int32_t occurred_on;
    int64_t occurred_us;
    uint32_t cause_row;
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
    const struct daybook_draft_field *fields;
    size_t field_count;
    uint64_t target; /* a void's or a retraction's event */
    /* A void may be followed by the same event as it should have been: the target's fields, changed by those that
     * `replacement` has. */
    const struct daybook_draft *replacement;
    /* The event of the order, of the target's type, whose content the replacement has; 0: the target's. */
    uint64_t as_in;
    /* An event type of an application (daybook/type.h): in DAYBOOK_TYPE_REGISTERED what is registered; in an event of the
     * type the version that is meant, NULL: the latest. */
    const struct daybook_type_definition *definition;
    const struct daybook_value *values; /* of an application's event; those without a name by position */
    size_t value_count;
};
void daybook_draft_init(struct daybook_draft *draft, uint32_t type);

/* Where events came from. */
struct daybook_source_name {
    struct daybook_text category; /* "import", "load" .. */
    struct daybook_text name;     /* file name; may be absent */
    struct daybook_text identity; /* what tells it apart: SHA-256 of the file, URI of a foreign source */
};

/* One request: its events are recorded whole or not at all, with one recorded time. */
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

enum { DAYBOOK_ORDER_NO_MAX = 400 /* bytes */ };

struct daybook_result {
    struct daybook_error error;   /* code 0: recorded, or recorded before under the same key */
    bool repeated;                /* the latter */
    uint64_t first_seq, last_seq; /* of the entry; 0 when nothing was to record */
    uint32_t order;               /* ordinal of the order that the entry is about; 0: none */
    char order_no[DAYBOOK_ORDER_NO_MAX + 1];
};

/* Record entries in one durable commit. Each succeeds or is refused by itself: see its result. Returns non-zero (and
 * records none) only when the commit failed. Calls from many threads share commits. */
int daybook_append(struct daybook *ledger, const struct daybook_entry *entries, size_t count,
                   struct daybook_result *results, struct daybook_error *err);

/* Take events of another ledger's log as they are: bytes `stored` under `seq`, which must be the next one. Only into
 * a ledger that has no event, or whose events are the same so far (those are compared and passed over). `salts` and
 * `values` (NULL entries: erased) are the personal values by slot. All or none are taken: on failure *ret_taken is
 * the index of the one that cannot be. DAYBOOK_FOREIGN_LOG, _DAMAGED, _VERIFICATION_FAILED. */
struct daybook_carried {
    uint64_t seq;
    const uint8_t *bytes;
    size_t len;
    const uint8_t *const *salts;
    const struct daybook_text *values;
    size_t value_count;
};
int daybook_carry(struct daybook *ledger, const struct daybook_carried *events, size_t count, size_t *ret_taken,
                  struct daybook_error *err);

/* ---- reading */

/* A consistent state of the log; what it returns lives until daybook_snapshot_end. Keep it short: a snapshot that
 * stays open keeps the file from reusing space. */
int daybook_snapshot_begin(struct daybook *ledger, struct daybook_snapshot **ret, struct daybook_error *err);
void daybook_snapshot_end(struct daybook_snapshot *snapshot);
uint64_t daybook_last_seq(const struct daybook_snapshot *snapshot);

/* The event with that seq. DAYBOOK_NOT_FOUND, DAYBOOK_DAMAGED. */
int daybook_event(struct daybook_snapshot *snapshot, uint64_t seq, struct daybook_event *ret,
                  struct daybook_error *err);
/* Events from `from` on, in order, until visit answers non-zero (which is returned) or the snapshot ends, which it
 * always does between entries. To follow a growing log, begin the next snapshot's walk at the seq after the last
 * one visited. */
typedef int daybook_visit(void *context, const struct daybook_event *event, struct daybook_error *err);
int daybook_follow(struct daybook_snapshot *snapshot, uint64_t from, daybook_visit *visit, void *context,
                   struct daybook_error *err);
/* The last seq recorded at or before that instant; 0 when the log began later. */
int daybook_seq_at(struct daybook_snapshot *snapshot, int64_t recorded_us, uint64_t *ret, struct daybook_error *err);
/* A personal value of an event, checked against its commitment; absent (ptr NULL) when it was erased. */
int daybook_personal_value(struct daybook_snapshot *snapshot, uint64_t seq, const struct daybook_personal *personal,
                           struct daybook_text *ret, struct daybook_error *err);
/* The same with its salt. */
int daybook_personal_salt(struct daybook_snapshot *snapshot, uint64_t seq, const struct daybook_personal *personal,
                          const uint8_t **ret_salt, struct daybook_text *ret, struct daybook_error *err);
/* The Merkle root over the first `size` events (size <= last seq). */
int daybook_root(struct daybook_snapshot *snapshot, uint64_t size, uint8_t ret[32], struct daybook_error *err);
/* The ordinal of what has that name (order number, customer's or product's name ..); 0 when there is none. */
int daybook_find(struct daybook_snapshot *snapshot, uint32_t kind, struct daybook_text name, uint32_t *ret,
                 struct daybook_error *err);

#ifdef __cplusplus
}
#endif
#endif
