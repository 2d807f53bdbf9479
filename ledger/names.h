/* Which names and keys an event brings: what the tables of names and keys can be computed from, when events are
 * carried over, when personal data is repaired, and when a ledger is verified. */
#ifndef LEDGER_NAMES_H
#define LEDGER_NAMES_H

#include "ledger/ledger.h"

/* visit(context, is_personal, kind, compared name, ordinal). A name whose personal value is gone is left out. */
typedef int names_visit(void *context, bool is_personal, uint32_t kind, struct daybook_text compared, uint32_t ordinal,
                        struct daybook_error *err);
int names_of_event(const struct daybook_event *event, const struct daybook_data *data, struct personal_txn *personal,
                   names_visit *visit, void *context, struct daybook_error *err);
/* Does the event's idempotency key stand in the table of keys? It does when the request may have named no order: it
 * was about a register, or created an order with a number such as the ledger gives. A function of the event and the
 * pattern alone, so that the table can be computed from the log. */
bool names_key_in_table(const struct daybook_event *event, const struct daybook_data *data,
                        struct daybook_text numbers);
/* After a crash between the two commits: forget what personal data has beyond the log, and put its names anew. */
int names_repair(struct store_txn *log, struct personal_txn *personal, uint64_t last_seq, struct daybook_error *err);

#endif
