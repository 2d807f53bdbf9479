/* Are bytes an event? As event_read_checked says, and found out in another way: by msgpack-c alone, which reads the
 * bytes and writes them again. Slow, and easy to believe. */
#ifndef TESTS_EVENT_REFERENCE_H
#define TESTS_EVENT_REFERENCE_H

#include "ledger/event.h"

/* event_read_checked, for those who want the answer alone. */
int event_validate(uint64_t seq, const uint8_t *bytes, size_t len, struct daybook_error *err);

bool event_reference_validates(uint64_t seq, const uint8_t *bytes, size_t len);

#endif
