/* What customers, products, actors and own fields are called, at a cut in recorded time. Names of people live in
 * personal data: an erased one is shown as "customer/12". */
#ifndef PROJECTIONS_REGISTERS_H
#define PROJECTIONS_REGISTERS_H

#include "ledger/application.h"
#include "ledger/ledger.h"

struct registers;

struct register_product {
    struct daybook_text code, name; /* name absent: it has none */
};
struct register_field {
    struct daybook_text name, category, scope;
    bool is_public, is_required;
    const uint8_t *choices; /* a msgpack array of texts */
    size_t choices_len;
};

/* Names as the last register event up to as_of says (UINT64_MAX: now); each is read when first asked for. The
 * snapshot must outlive it. */
int registers_new(struct daybook_snapshot *snapshot, uint64_t as_of, struct registers **ret, struct daybook_error *err);
void registers_free(struct registers *registers);
/* Another cut: what was read stays known for as long as nothing was recorded about it between. */
void registers_set_as_of(struct registers *registers, uint64_t as_of);
uint64_t registers_as_of(const struct registers *registers);

/* The name of a customer (merges followed), actor, via or source. Never absent; texts live as long as `registers`. */
int registers_name(struct registers *registers, uint32_t kind, uint32_t ordinal, struct daybook_text *ret,
                   struct daybook_error *err);
/* Who a customer was merged into by then; itself when it was not. */
int registers_customer(struct registers *registers, uint32_t ordinal, uint32_t *ret, struct daybook_error *err);
int registers_product(struct registers *registers, uint32_t ordinal, struct register_product *ret,
                      struct daybook_error *err);
int registers_field(struct registers *registers, uint32_t ordinal, struct register_field *ret,
                    struct daybook_error *err);
/* The event types that applications have registered, whatever the cut; the list lives as long as `registers`. */
int registers_types(struct registers *registers, const struct application_types **ret, struct daybook_error *err);
/* How many subjects of the kind there are by then: ordinals 1..n. */
int registers_count(struct registers *registers, uint32_t kind, uint32_t *ret, struct daybook_error *err);
/* How an event's actor is shown with what is known of them: "li.lei, claimed by wang@host" is for people; this gives
 * the two names apart. */
int registers_who(struct registers *registers, const struct daybook_event *event, struct daybook_text *ret_actor,
                  struct daybook_text *ret_via, struct daybook_error *err);

#endif
