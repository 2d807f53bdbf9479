/* What event_validate answers, found out in another way: by msgpack-c alone, which reads the bytes and writes them
 * again. Slow, and easy to believe. */
#ifndef TESTS_EVENT_REFERENCE_H
#define TESTS_EVENT_REFERENCE_H

#include "ledger/event.h"

bool event_reference_validates(uint64_t seq, const uint8_t *bytes, size_t len);

#endif
