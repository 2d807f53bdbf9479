/* The one form of msgpack in which events are stored: integers, texts, commitments (byte strings of 32 bytes), nil and
 * arrays, each with the shortest head that holds it, no array ending with a nil. Floats, maps, extensions, true and
 * false are refused. */
#ifndef LEDGER_CANONICAL_H
#define LEDGER_CANONICAL_H

#include "daybook/value.h"

enum { CANONICAL_DEPTH_MAX = 8 };

/* Pass over the value at `at`, which must lie before `end` whole, `depth` arrays deep. Where it ends; NULL when it is
 * not in that form. */
const uint8_t *canonical_value(const uint8_t *at, const uint8_t *end, unsigned depth);

/* Of a value that was passed over: is it an array, and if it is, how many elements has it? The first to *ret_at. */
bool canonical_is_array(const uint8_t *value);
size_t canonical_array(const uint8_t *array, const uint8_t **ret_at);

#endif
