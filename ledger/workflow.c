/* Which status an order may go through: the default workflow, as data. */
#include "ledger/workflow.h"

#include <stdio.h>
#include <string.h>

#include "ledger/text.h"

const struct workflow_status_row workflow_statuses[STATUS_COUNT] = {
    [STATUS_PENDING] = {"pending", WORKFLOW_OPEN},
    [STATUS_PROCESSING] = {"processing", WORKFLOW_OPEN},
    [STATUS_IN_PRODUCTION] = {"in-production", WORKFLOW_OPEN},
    [STATUS_SHIPPED] = {"shipped", WORKFLOW_SHIPPED},
    [STATUS_DELIVERED] = {"delivered", WORKFLOW_DELIVERED},
    [STATUS_CANCELLED] = {"cancelled", WORKFLOW_CANCELLED},
    [STATUS_RETURNED] = {"returned", WORKFLOW_RETURNED},
    [STATUS_ON_HOLD] = {"on-hold", WORKFLOW_OPEN},
};

#define IN(status) (1u << STATUS_##status)
#define MOVING (IN(PENDING) | IN(PROCESSING) | IN(IN_PRODUCTION) | IN(SHIPPED))
#define OPEN (MOVING | IN(ON_HOLD))
#define ANY ((1u << STATUS_COUNT) - 1)

/* A type that is not here needs no status of its own (order.created) or is judged elsewhere (order.moved). */
static const struct {
    uint32_t type;
    unsigned statuses;
} rules[] = {
    {DAYBOOK_ORDER_PROCESSING_STARTED, IN(PENDING)},
    {DAYBOOK_ORDER_PRODUCTION_STARTED, IN(PENDING) | IN(PROCESSING)},
    {DAYBOOK_ORDER_SHIPPED, MOVING | IN(DELIVERED)},
    {DAYBOOK_ORDER_DELIVERED, MOVING | IN(DELIVERED)},
    {DAYBOOK_ORDER_CANCELLED, OPEN},
    {DAYBOOK_ORDER_RETURNED, IN(SHIPPED) | IN(DELIVERED)},
    {DAYBOOK_ORDER_REOPENED, IN(DELIVERED) | IN(CANCELLED) | IN(RETURNED)},
    {DAYBOOK_ORDER_HELD, MOVING},
    {DAYBOOK_ORDER_RESUMED, IN(ON_HOLD)},
    {DAYBOOK_ORDER_PROMISE_CHANGED, OPEN},
    {DAYBOOK_ORDER_AMENDED, OPEN},
    {DAYBOOK_ORDER_PRIORITY_SET, OPEN},
    {DAYBOOK_ORDER_NOTE_ADDED, ANY},
    {DAYBOOK_ORDER_NOTE_RETRACTED, ANY},
    {DAYBOOK_ORDER_EVENT_VOIDED, ANY},
};

static unsigned statuses_for(uint32_t type)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rules[i].type == type)
            return rules[i].statuses;
    return 0;
}

enum workflow_status workflow_status_by_name(struct daybook_text name)
{
    for (int i = 0; i < STATUS_COUNT; i++)
        if (text_equals(name, (struct daybook_text){workflow_statuses[i].name, strlen(workflow_statuses[i].name)}))
            return (enum workflow_status)i;
    return STATUS_COUNT;
}

bool workflow_is_open(enum workflow_status status)
{
    return workflow_statuses[status].phase <= WORKFLOW_SHIPPED;
}

bool workflow_allows(uint32_t type, enum workflow_status status)
{
    return statuses_for(type) >> status & 1;
}

void workflow_allowed_names(uint32_t type, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (unsigned i = 0; i < STATUS_COUNT && used < size; i++)
        if (statuses_for(type) >> i & 1) {
            int len = snprintf(out + used, size - used, "%s%s", used ? ", " : "", workflow_statuses[i].name);
            used += len > 0 ? (size_t)len : 0;
        }
}
