/* May this happen? The rules that a command has to keep, apart from how it is then recorded. */
#ifndef LEDGER_DECIDE_H
#define LEDGER_DECIDE_H

#include "ledger/order.h"

/* May `data` be recorded for the order in that state? */
struct decision {
    uint32_t type;
    const struct daybook_data *data;
    int32_t occurred_on;
    int32_t today;           /* the writer's date */
    bool late_dates_allowed; /* shipping and delivery days after today */
    bool in_place;           /* it takes a voided event's place: what the present status allows does not matter */
    const struct order_state *state;
    const struct chain *history;       /* of the order */
    const struct order_places *places; /* of the whole history */
};
int decide(const struct decision *decision, struct daybook_error *err);

#endif
