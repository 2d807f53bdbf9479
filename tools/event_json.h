/* An event as JSON, driven by the schema table: its fields for `history`, and the whole line of `log` (CloudEvents
 * 1.0).
 *
 * In data, customers, products and own fields stand with their names, days as YYYY-MM-DD, quantities as strings;
 * what is absent is left out, and a personal value that was erased is null. A `log` line's data also has "salts",
 * when the event has personal values: a list by slot (daybook/event.h) of {"salt": base64, "value": text}, null for
 * an erased one. It alone is what `load` takes personal values from: the named members are for people and may say a
 * name of today. */
#ifndef TOOLS_EVENT_JSON_H
#define TOOLS_EVENT_JSON_H

#include <jansson.h>

#include "ledger/event.h"
#include "projections/registers.h"

/* The type's name, for an application's the registered one; "application-1000" when there is none, into `scratch`. It
 * lives as long as `registers` and `scratch`. */
enum { EVENT_TYPE_NAME_SIZE = 24 };
const char *event_type_name(struct registers *registers, const struct daybook_event *event,
                            char scratch[EVENT_TYPE_NAME_SIZE]);

/* "order/SO-000001", "product/P-1", "customer/12": a JSON string in *ret. */
int event_subject_json(struct daybook_snapshot *snapshot, struct registers *registers,
                       const struct daybook_event *event, json_t **ret, struct daybook_error *err);
/* The event's own fields, an object; those of an application's type are called as it was registered, or by position. */
int event_data_json(struct daybook_snapshot *snapshot, struct registers *registers, const struct daybook_event *event,
                    bool with_salts, json_t **ret, struct daybook_error *err);
/* The line of `log`. */
int event_line_json(struct daybook_snapshot *snapshot, struct registers *registers, const struct daybook_event *event,
                    json_t **ret, struct daybook_error *err);

#endif
