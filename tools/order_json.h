/* An order as JSON, the same wherever one is shown. */
#ifndef TOOLS_ORDER_JSON_H
#define TOOLS_ORDER_JSON_H

#include "ledger/order_reader.h"
#include "projections/registers.h"

#include <jansson.h>

/* `state` with its names and personal values; `question_day` is the day that open orders are overdue by. The caller
 * ends *ret with json_decref. Absent and erased values are null. */
int order_json(struct daybook_snapshot *snapshot, struct registers *registers, const struct order_state *state,
               int32_t question_day, json_t **ret, struct daybook_error *err);

/* Text of a note that stands in an order's state; absent when it was erased. It lives as long as the snapshot. */
int order_note_text(struct daybook_snapshot *snapshot, uint64_t seq, struct daybook_text *ret,
                    struct daybook_error *err);
/* The value of an own field as text: as typed, YYYY-MM-DD, or a plain decimal; absent when it was erased. It lives as
 * long as the snapshot, the state and `scratch`. */
int order_own_text(struct daybook_snapshot *snapshot, const struct order_own *own,
                   char scratch[DAYBOOK_DECIMAL_TEXT_SIZE], struct daybook_text *ret, struct daybook_error *err);

/* Days past the promise: once delivered (negative: early), and while open. False when there is nothing to say. */
bool order_late_days(const struct order_state *state, int64_t *ret);
bool order_overdue_days(const struct order_state *state, int32_t question_day, int64_t *ret);

/* Values on their own; absent ones are null. NULL when out of memory. */
json_t *json_of_text(struct daybook_text text);
json_t *json_of_day(int32_t day);
json_t *json_of_instant(int64_t instant_us);
json_t *json_of_decimal(struct daybook_decimal decimal);

#endif
