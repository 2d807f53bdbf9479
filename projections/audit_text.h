/* Fields and values of the audit trail as text, and what events of registers changed. */
#ifndef PROJECTIONS_AUDIT_TEXT_H
#define PROJECTIONS_AUDIT_TEXT_H

#include "projections/audit.h"

/* What turning into text needs; texts made go to the arena. */
struct audit_texts {
    struct daybook_snapshot *snapshot;
    struct registers *registers;
    struct arena *arena;
};

/* "status", "items.1.quantity", "fields.颜色", "notes.17". */
int audit_field_text(struct audit_texts *texts, const struct order_field *field, struct daybook_text *ret,
                     struct daybook_error *err);
/* "shipped", "2026-01-05", "12.5", a customer's name, a product's code; absent for none, and for a value that was
 * erased. */
int audit_value_text(struct audit_texts *texts, const struct order_value *value, struct daybook_text *ret,
                     struct daybook_error *err);
/* What an event of a register changed: each of its fields, from what the register's earlier events said. In the
 * arena. */
int audit_register_changes(struct audit_texts *texts, const struct daybook_event *event,
                           const struct audit_change **ret, size_t *ret_count, struct daybook_error *err);

#endif
