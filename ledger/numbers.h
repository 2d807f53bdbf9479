/* Order numbers from a pattern: SO-{000000}, XS{yyyymmdd}-{000}. Text, date parts {yyyy} {yy} {mm} {dd} (which may
 * stand together, {yyyymmdd}), and exactly one counter {0..} whose zeros are its least width. */
#ifndef LEDGER_NUMBERS_H
#define LEDGER_NUMBERS_H

#include "daybook/error.h"
#include "daybook/value.h"

enum { NUMBERS_PATTERN_MAX = 200, NUMBERS_EXPANDED_MAX = 400 };

int numbers_check(struct daybook_text pattern, struct daybook_error *err);
/* The number for that day and counter, NUL-terminated; the length without NUL. The pattern was checked. */
size_t numbers_expand(struct daybook_text pattern, int32_t day, uint64_t counter, char out[NUMBERS_EXPANDED_MAX]);
/* Could the pattern have made that number, on whatever day? */
bool numbers_match(struct daybook_text pattern, struct daybook_text number);

#endif
