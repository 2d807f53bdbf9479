/* The working calendar: Monday to Friday, less holidays, plus make-up working days (Chinese holidays need both). */
#ifndef LEDGER_CALENDAR_H
#define LEDGER_CALENDAR_H

#include "daybook/value.h"

/* Exceptions, sorted by day, each day once. The caller owns the array. */
struct calendar_exception {
    int32_t day;
    bool is_workday;
};
struct calendar {
    const struct calendar_exception *exceptions;
    size_t exception_count;
};

bool calendar_is_workday(const struct calendar *calendar, int32_t day);
/* Days from a to b. calendar == NULL: civil days, b - a. Else, with a <= b, the working days in (a, b]; the other way
 * round minus those in (b, a]. Constant time but for the exceptions between. */
int32_t calendar_days_between(const struct calendar *calendar, int32_t a, int32_t b);

#endif
