/* Event types of an application: facts of its own, in the same log, under the same guarantees.
 *
 * Life of a type: it is registered once by an event of type DAYBOOK_TYPE_REGISTERED (a draft with `definition`); from
 * then on events of it are drafts as any other, with `values`, and are read with daybook_values(). Everything that is
 * not the application (`daybook log`, history, verify, load, other programs) works without its code: the registration
 * in the log says what the type and its fields are called.
 *
 * Names: struct daybook_type_… describes a type, daybook_type…() reads what is registered.
 * Ownership: a definition that you give is read during the call only; one that you are given lives until the visitor
 * returns. */
#ifndef DAYBOOK_TYPE_H
#define DAYBOOK_TYPE_H

#include "daybook/ledger.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* Limits. */
enum {
    DAYBOOK_TYPE_NAME_MAX = 64,  /* bytes of a type's or a field's name */
    DAYBOOK_TYPE_FIELDS_MAX = 64 /* fields of one type */
};

/* A field of a type. Its position is on disk: fields are never reordered, new ones go to the end. */
struct daybook_type_field {
    const char *name;             /* "result": lower-case letters, digits, '-', '_' */
    enum daybook_value_kind kind; /* TEXT, PERSONAL, INTEGER, DECIMAL or DAY */
    bool is_required;
};

/* A type. Registering the same again adds nothing. The same name or number with anything else in it is refused
 * (DAYBOOK_ALREADY_EXISTS), but for a version that was not registered yet: what its fields mean is the application's
 * business, and events of earlier versions stay as they are. */
struct daybook_type_definition {
    const char *name; /* "quality.checked": lower-case letters, digits, '.', '-', '_'; none of Daybook's own */
    uint32_t wire;    /* DAYBOOK_APPLICATION_TYPE_MIN or more; on disk, so never reused for something else */
    uint32_t version; /* from 1 */
    uint32_t subject; /* enum daybook_kind: what its events are about; an order, a register's entry, or the ledger */
    const struct daybook_type_field *fields;
    size_t field_count; /* at most DAYBOOK_TYPE_FIELDS_MAX */
};

/* Is told one registration; non-zero stops. */
typedef int daybook_type_visit(void *context, const struct daybook_type_definition *type, struct daybook_error *err);
/* Every registration in the snapshot's log, in order. Non-zero from `visit` stops, and is returned. Fails with
 * DAYBOOK_DAMAGED (run `daybook verify`), DAYBOOK_NO_MEMORY, DAYBOOK_IO. */
int daybook_types(struct daybook_snapshot *snapshot, daybook_type_visit *visit, void *context,
                  struct daybook_error *err);

/* The values of an application's event, by position: ret[0] to ret[room - 1] are all set, those that the event does not
 * have to DAYBOOK_VALUE_ABSENT. `type` is what the caller knows of the event's type; it gives the values their names
 * and makes days of integers. NULL: neither. Texts live as long as the event.
 * DAYBOOK_USAGE when it is no event of an application, or not one of `type`; DAYBOOK_DAMAGED when its bytes are none.
 * */
int daybook_values(const struct daybook_event *event, const struct daybook_type_definition *type,
                   struct daybook_value *ret, size_t room, struct daybook_error *err);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
