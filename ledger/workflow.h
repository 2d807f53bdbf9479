/* Which status an order may go through: the default workflow, as data. */
#ifndef LEDGER_WORKFLOW_H
#define LEDGER_WORKFLOW_H

#include "daybook/event.h"

/* What a status means for figures, whatever it is called. */
enum workflow_phase {
    WORKFLOW_OPEN,
    WORKFLOW_SHIPPED /* open too */,
    WORKFLOW_DELIVERED,
    WORKFLOW_CANCELLED,
    WORKFLOW_RETURNED
};

enum workflow_status {
    STATUS_PENDING,
    STATUS_PROCESSING,
    STATUS_IN_PRODUCTION,
    STATUS_SHIPPED,
    STATUS_DELIVERED,
    STATUS_CANCELLED,
    STATUS_RETURNED,
    STATUS_ON_HOLD,
    STATUS_COUNT
};

struct workflow_status_row {
    const char *name;
    enum workflow_phase phase;
};
extern const struct workflow_status_row workflow_statuses[STATUS_COUNT];

/* STATUS_COUNT when there is none of that name. */
enum workflow_status workflow_status_by_name(struct daybook_text name);
bool workflow_is_open(enum workflow_status status);
/* May an event of this type be recorded while an order has this status? */
bool workflow_allows(uint32_t type, enum workflow_status status);
/* "pending, processing" ..: the statuses that allow it, for a sentence. */
void workflow_allowed_names(uint32_t type, char *out, size_t size);

#endif
