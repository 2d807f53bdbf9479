/* An event and its bytes. See ARCHITECTURE.md, "The format", for every byte. */
#ifndef LEDGER_EVENT_H
#define LEDGER_EVENT_H

#include "daybook/error.h"
#include "daybook/event.h"
#include "ledger/schema.h"

enum {
    EVENT_ELEMENTS = 15,  /* of the outer array */
    EVENT_CHECK_SIZE = 5, /* its last element */
    EVENT_LIST_MAX = DAYBOOK_EVENT_SIZE_MAX / 2,
};

/* Room for the lists of one decoded event, kept and reused: reading allocates only while it still grows.
 * Starts as {0}; the lists of the event read last live in it. */
struct event_scratch {
    struct daybook_line *lines;
    size_t line_capacity;
    struct daybook_part *parts;
    size_t part_capacity;
    struct daybook_own *own;
    size_t own_capacity;
    struct daybook_value *values;
    size_t value_capacity;
    bool has_unknown; /* the event read last has elements that this program does not know */
    bool no_room;     /* there was no memory for its lists */
};
void event_scratch_release(struct event_scratch *scratch);

/* "Its bytes are no event": what reading says of damage. */
int event_damaged(uint64_t seq, struct daybook_error *err);

/* The envelope, by a straight-line reader; bounds are checked, canonical form and check are not. `seq` is the key
 * that the bytes stood under. DAYBOOK_DAMAGED when the bytes are no event. */
int event_read(uint64_t seq, const uint8_t *bytes, size_t len, struct daybook_event *ret, struct daybook_error *err);

/* The same of an event that people are shown or that a writer builds on: the check must hold, too. */
int event_read_stored(uint64_t seq, const uint8_t *bytes, size_t len, struct daybook_event *ret,
                      struct daybook_error *err);

/* The fields of an event of a type that this program knows. DAYBOOK_DAMAGED for malformed bytes, DAYBOOK_NEWER_FORMAT
 * for a newer version of the type or a type below 1000 that is not in the table, DAYBOOK_NO_MEMORY; *ret is anything
 * then. */
int event_read_data(const struct daybook_event *event, struct event_scratch *scratch, struct daybook_data *ret,
                    struct daybook_error *err);

/* What the check of an event must be, over all bytes before it. */
uint32_t event_checksum(uint64_t seq, const uint8_t *bytes, size_t len);
/* Is it whole and in its place? */
bool event_check_holds(uint64_t seq, const uint8_t *bytes, size_t len);

/* Everything that can be said of the bytes alone: canonical msgpack as msgpack-c reads and writes it, the shape of an
 * event, the fields of a type that this program knows, the check. For bytes that are not yet trusted; what was read is
 * handed over. *ret_data stays empty for a type or version that this program does not know; after a failure it is
 * anything. */
int event_read_checked(uint64_t seq, const uint8_t *bytes, size_t len, struct event_scratch *scratch,
                       struct daybook_event *ret, struct daybook_data *ret_data, struct daybook_error *err);

/* Pack `event` (all members but data, bytes) with `data`; for an application's type (data == NULL) event->data is
 * taken as it is. Sets *ret_len. DAYBOOK_TOO_LARGE when it does not fit. */
int event_write(const struct daybook_event *event, const struct daybook_data *data, uint8_t out[DAYBOOK_EVENT_SIZE_MAX],
                size_t *ret_len, struct daybook_error *err);

/* Call `visit` for every personal value of `data` with its slot, in order. Stops at the first non-zero answer and
 * returns it. */
typedef int personal_visit(void *context, const char *field, uint16_t slot, const struct daybook_personal *personal);
int data_each_personal(const struct schema_type *type, const struct daybook_data *data, personal_visit *visit,
                       void *context);

#endif
