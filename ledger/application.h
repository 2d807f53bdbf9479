/* Event types of applications: what is registered, and drafts of such events. */
#ifndef LEDGER_APPLICATION_H
#define LEDGER_APPLICATION_H

#include "daybook/type.h"
#include "ledger/arena.h"
#include "ledger/chain.h"

struct writer;

/* Registrations, in the order of the log. Starts as {0}. */
struct application_types {
    struct arena arena;
    const struct daybook_type_definition **list;
    size_t count, capacity;
    uint64_t seen; /* seq of the ledger's event that was read last; 0: none was */
};
void application_types_release(struct application_types *types);
/* Read what was registered since the last call. */
int application_types_read(struct application_types *types, struct store_txn *log, struct daybook_error *err);
/* The version of a type, or (version 0) its latest; NULL when it was never registered. */
const struct daybook_type_definition *application_type(const struct application_types *types, uint32_t wire,
                                                       uint32_t version);
/* "text", "day" ..: as registrations say it; NULL for a kind that no field can have. */
const char *application_kind_name(enum daybook_value_kind kind);

/* Another transaction, or another entry of it: let the writer know what is registered as of now. */
void application_begin_batch(struct writer *writer);
int application_begin_entry(struct writer *writer, const struct daybook_entry *request, struct daybook_error *err);
/* Drafts that application.c prepares: registrations, and events of applications. */
bool application_is_draft(const struct daybook_draft *draft);
/* The draft that says what the entry is about: the first that is no registration. */
const struct daybook_draft *application_first(const struct daybook_entry *request);
/* The kind of subject that an event of the type is about; 0 when the type is not known. */
uint32_t application_subject(const struct writer *writer, uint32_t type);
/* Add the draft's event to writer->entry. `order` is the one that the entry is about (0: none). */
int application_prepare(struct writer *writer, const struct daybook_draft *draft, uint32_t order, int32_t occurred_on,
                        struct daybook_error *err);

#endif
