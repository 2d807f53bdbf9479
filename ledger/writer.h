/* The writer's side of an append: a request in the caller's words becomes an entry, named and decided, under the
 * write lock.
 *
 *     resolve.c   names -> ordinals; who and what is new is registered by events of the same entry
 *     application.c  registrations of event types, and events of applications
 *     prepare.c   drafts -> events, each decided on the state that the ones before it leave
 *     repeat.c    the same key again: the same content?
 *     append.c    transactions, turns, commits */
#ifndef LEDGER_WRITER_H
#define LEDGER_WRITER_H

#include "ledger/application.h"
#include "ledger/entry.h"
#include "ledger/ledger.h"
#include "ledger/order.h"

enum {
    WRITER_SALT_POOL = 64 * DAYBOOK_SALT_SIZE,
    WRITER_NAMES = 1 << 14, /* slots for names found lately: 1 MB */
    WRITER_NAME_LENGTH = 50 /* longer ones are looked up each time */
};

/* A name as it was typed (of an order: as it is compared), and whose it is. The same people, customers, products and
 * orders come again and again, and finding one costs a normalisation and a look into the tables. Good for as long as
 * this handle's commits follow each other. */
struct writer_name {
    uint32_t ordinal;
    uint32_t generation; /* of another one than the writer's: an empty slot */
    uint32_t kind;
    uint8_t len;
    char text[WRITER_NAME_LENGTH];
};

/* Its memory is reused from entry to entry. Starts as {0}. */
struct writer {
    struct daybook *ledger;
    struct store_txn *log;
    struct personal_txn *personal;
    uint64_t last_seq; /* 0: the entry being prepared opens the log */
    int64_t clock_us;
    int32_t today;
    bool erases; /* the entry being prepared records a forgetting; nobody else may */
    struct entry entry;
    struct chain chain; /* of the order that the entry is about */
    struct order_places places;
    struct order_state state;
    struct event_scratch scratch;
    struct application_types types;
    bool types_pending; /* some of them stand in this transaction only */
    struct writer_name names[WRITER_NAMES];
    uint32_t names_generation; /* 0: none yet */
    uint8_t salts[WRITER_SALT_POOL];
    size_t salts_used; /* of a pool that is filled when WRITER_SALT_POOL or not started */
    bool salts_ready;
};
void writer_release(struct writer *writer);
/* Forget the names found: somebody else's commit, an abort, a rename or a merge. */
void writer_forget_names(struct writer *writer);
/* That order has that number, in the form in which it is compared. */
void writer_keep_order(struct writer *writer, struct daybook_text order_no, uint32_t order);

/* ---- resolve.c: ordinals, or ENTRY_NEW | n with the registering event added to the entry */
int resolve_actor(struct writer *writer, struct daybook_text name, uint32_t *ret, struct daybook_error *err);
int resolve_via(struct writer *writer, struct daybook_text name, struct daybook_text kind, uint32_t *ret,
                struct daybook_error *err);
int resolve_source(struct writer *writer, const struct daybook_source_name *source, uint32_t *ret,
                   struct daybook_error *err);
int resolve_customer(struct writer *writer, struct daybook_text name, uint32_t *ret, struct daybook_error *err);
int resolve_product(struct writer *writer, struct daybook_text code, struct daybook_text name, uint32_t *ret,
                    struct daybook_error *err);
/* The value of an own field as its definition reads it; a field that is not there yet is defined as personal text. */
int resolve_own(struct writer *writer, const struct daybook_draft_field *field, struct daybook_own *ret,
                struct daybook_error *err);
/* What has that name; DAYBOOK_NOT_FOUND with a sentence. */
int resolve_known(struct writer *writer, uint32_t kind, struct daybook_text name, uint32_t *ret,
                  struct daybook_error *err);
/* An order by its number: the same, but kept in mind. */
int resolve_order(struct writer *writer, struct daybook_text order_no, struct daybook_text *ret_compared, uint32_t *ret,
                  struct daybook_error *err);
/* 0 in *ret when nobody has the name. *ret_compared is in the entry's arena. */
int resolve_find(struct writer *writer, uint32_t kind, struct daybook_text name, struct daybook_text *ret_compared,
                 uint32_t *ret, struct daybook_error *err);
/* A personal value with a fresh salt; absent for an absent text. */
int resolve_personal(struct writer *writer, struct daybook_text value, struct daybook_personal *ret,
                     struct daybook_error *err);
/* Is that its present name, and not one that it had before? */
int resolve_is_called(struct writer *writer, uint32_t kind, uint32_t ordinal, struct daybook_text compared, bool *ret,
                      struct daybook_error *err);
/* A product's own name now; absent when it has none. */
int resolve_product_name(struct writer *writer, uint32_t product, struct daybook_text *ret, struct daybook_error *err);

/* ---- prepare.c */
/* Fill writer->entry. *ret_repeated: recorded before under its key, and writer->entry is empty. */
int prepare_entry(struct writer *writer, const struct daybook_entry *request, struct daybook_result *result,
                  struct daybook_error *err);

/* ---- repeat.c */
/* Where an entry with that key begins to be about its subject: in the chain loaded, or (no subject was named) in the
 * table of keys. 0: nowhere. */
int repeat_find(struct writer *writer, uint64_t key, uint64_t *ret_seq, struct daybook_error *err);
/* Does the entry prepared now say the same as the one stored around `seq`? DAYBOOK_KEY_REUSED when not. */
int repeat_compare(struct writer *writer, uint64_t seq, struct daybook_result *result, struct daybook_error *err);

#endif
