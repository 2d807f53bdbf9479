/* An event: something that happened to one subject, recorded once and never changed.
 *
 * On disk it is one msgpack array (ARCHITECTURE.md, "The format"); here it is an envelope (struct
 * daybook_event), the same for every type, and the type's own fields (struct daybook_data).
 *
 * Names: struct daybook_… are values, DAYBOOK_… numbers and limits; later versions have more kinds and types.
 * Ownership: everything that a read event points to lives in the ledger's map and is valid until the snapshot that it
 * was read in ends; lists of struct daybook_data only until the visitor that is given them returns. */
#ifndef DAYBOOK_EVENT_H
#define DAYBOOK_EVENT_H

#include "daybook/value.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a subject is. Numbers are on disk and never reused. */
enum daybook_kind {
    DAYBOOK_ORDER = 1,
    DAYBOOK_CUSTOMER = 2,
    DAYBOOK_PRODUCT = 3,
    DAYBOOK_ACTOR = 4,
    DAYBOOK_SOURCE = 5, /* where events came from: an imported file, a foreign system */
    DAYBOOK_VIA = 6,    /* how an actor is known: OS user and host, session, token */
    DAYBOOK_WORKFLOW = 7,
    DAYBOOK_CALENDAR = 8,
    DAYBOOK_FIELD = 9, /* an own field of orders or their lines */
    DAYBOOK_LEDGER = 10,
    DAYBOOK_KIND_COUNT
};

/* Event types by wire number; the table behind them is ledger/schema.def. */
enum daybook_type {
#define EVENT(id, wire, name, subject, version, ...) DAYBOOK_##id = wire,
#include "daybook/schema.def"
#undef EVENT
};

/* Limits and sizes. */
enum {
    DAYBOOK_EVENT_SIZE_MAX = 65535, /* bytes of one stored event */
    DAYBOOK_APPLICATION_TYPE_MIN = 1000,
    DAYBOOK_COMMITMENT_SIZE = 32,
    DAYBOOK_SALT_SIZE = 16,
};

/* The part that every event has. */
struct daybook_event {
    uint64_t seq;     /* position in the log, from 1 */
    uint32_t type;    /* enum daybook_type, or an application's number >= 1000 */
    uint32_t version; /* of the type, as stored */
    uint32_t kind;    /* enum daybook_kind */
    uint32_t ordinal; /* the n-th subject of that kind, from 1 */
    uint32_t nth;     /* the subject's n-th event, from 1 */
    uint64_t prev;    /* how many seqs back the subject's event before this one is; 0 for its first */
    uint32_t actor;   /* ordinal of who did it */
    uint32_t via;     /* ordinal of how that is known */
    int64_t recorded_us;
    int32_t occurred_on; /* DAYBOOK_DAY_NONE: nobody knows */
    int64_t occurred_us; /* DAYBOOK_INSTANT_NONE: the exact instant is not known */
    uint64_t key;        /* hash of the idempotency key; has_key says whether there is one */
    bool has_key;
    uint32_t cause_source; /* ordinal of the source; 0: none */
    uint32_t cause_row;
    const uint8_t *data; /* the type's fields, a msgpack array */
    size_t data_len;
    const uint8_t *bytes; /* the stored event, whole */
    size_t len;
};

/* A value that can be forgotten: the event holds only its commitment, SHA-256(salt || value). commitment == NULL:
 * absent. `slot` numbers the personal values of one event, in the order in which they stand in it. */
struct daybook_personal {
    const uint8_t *commitment;
    uint16_t slot;
    const uint8_t *salt;       /* when writing: 16 random bytes */
    struct daybook_text value; /* when writing: the value itself */
};

/* Which member of a struct daybook_own holds the value. */
enum daybook_own_kind {
    DAYBOOK_OWN_CLEARED,
    DAYBOOK_OWN_TEXT,
    DAYBOOK_OWN_PERSONAL,
    DAYBOOK_OWN_NUMBER,
    DAYBOOK_OWN_DAY
};
/* The value of an own field of an order or of a line. */
struct daybook_own {
    uint32_t field; /* ordinal */
    enum daybook_own_kind kind;
    struct daybook_text text;
    struct daybook_personal personal;
    struct daybook_decimal number;
    int32_t day;
};

/* What a field of an application's event holds. In the log a day is an integer: only the type's registration tells. */
enum daybook_value_kind {
    DAYBOOK_VALUE_ABSENT,
    DAYBOOK_VALUE_TEXT,     /* text, for good */
    DAYBOOK_VALUE_PERSONAL, /* text that can be forgotten */
    DAYBOOK_VALUE_INTEGER,
    DAYBOOK_VALUE_DECIMAL,
    DAYBOOK_VALUE_DAY,
    DAYBOOK_VALUE_OTHER, /* when reading: something that this version of the library cannot read */
    DAYBOOK_VALUE_KIND_COUNT
};

/* A field of an application's event: the member that `kind` names, the others are empty. */
struct daybook_value {
    enum daybook_value_kind kind;
    struct daybook_text name;         /* of the field */
    struct daybook_text text;         /* when writing a personal value: the value itself */
    struct daybook_personal personal; /* when reading: daybook_personal_value() gives its text */
    int64_t integer;
    struct daybook_decimal decimal;
    int32_t day;
};

/* A line of an order. In an amendment an absent member means "as before"; a quantity of 0 takes the line out. */
struct daybook_line {
    uint32_t line;    /* 1, 2, 3 .. within its order, never reused */
    uint32_t product; /* ordinal; 0: absent */
    bool has_quantity;
    struct daybook_decimal quantity;
    struct daybook_text unit;
    struct daybook_text name; /* absent: the product's own */
    int32_t expected_on;
    const struct daybook_own *own;
    size_t own_count;
};

/* A quantity of one line, shipped or delivered. */
struct daybook_part {
    uint32_t line;
    struct daybook_decimal quantity;
};

/* The fields of any type; which of them a type has says the schema. Absent: 0, a NULL pointer, DAYBOOK_DAY_NONE. */
struct daybook_data {
    uint32_t customer;
    uint32_t into;
    uint64_t target;      /* seq that this event is about */
    uint64_t replacement; /* how many seqs after this one the event stands that takes the target's place; 0: none */
    uint64_t number;      /* wire number, flag: as the schema says */
    uint64_t flag;
    struct daybook_personal person; /* the name of a customer, actor, source, via */
    struct daybook_personal reason;
    struct daybook_personal text;
    struct daybook_text order_no;
    struct daybook_text customer_ref;
    struct daybook_text carrier;
    struct daybook_text tracking;
    struct daybook_text status;
    struct daybook_text category; /* kind of a note, source, via, field */
    struct daybook_text code;
    struct daybook_text name;
    struct daybook_text department;
    struct daybook_text role;
    struct daybook_text identity;
    struct daybook_text timezone;
    struct daybook_text numbers;
    struct daybook_text scope;
    int32_t ordered_on;
    int32_t expected_on;
    int32_t requested_on;
    const struct daybook_line *lines;
    size_t line_count;
    const struct daybook_part *parts;
    size_t part_count;
    const struct daybook_own *own;
    size_t own_count;
    const uint8_t *rows; /* a msgpack array of arrays of texts and integers */
    size_t rows_len;
    const struct daybook_value *values; /* of an application's event, by position; days stand as integers */
    size_t value_count;
    struct daybook_text old_key; /* verifier keys of the ledger */
    struct daybook_text new_key;
};

#ifdef __cplusplus
}
#endif
#endif
