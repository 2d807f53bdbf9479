/* Working days between two days, without walking over them: whole weeks are arithmetic, and only the
 * exceptions between the two days are looked at, which a binary search finds. */
#include "ledger/calendar.h"

#include "ledger/date.h"

enum { DAYS_A_WEEK = 7, WORKDAYS_A_WEEK = 5 };

/* How many exceptions lie on `day` or before it. */
static size_t exceptions_through(const struct calendar *calendar, int32_t day)
{
    size_t low = 0;
    size_t high = calendar->exception_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (calendar->exceptions[middle].day <= day) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool is_weekday(int32_t day)
{
    return date_weekday(day) < WORKDAYS_A_WEEK;
}

/* Mondays to Fridays from DAYBOOK_DAY_MIN, which is a Monday, through `day`. */
static int32_t weekdays_through(int32_t day)
{
    int32_t days_before = day - DAYBOOK_DAY_MIN;
    int32_t in_last_week = days_before % DAYS_A_WEEK + 1;

    if (in_last_week > WORKDAYS_A_WEEK) {
        in_last_week = WORKDAYS_A_WEEK;
    }
    return days_before / DAYS_A_WEEK * WORKDAYS_A_WEEK + in_last_week;
}

bool calendar_is_workday(const struct calendar *calendar, int32_t day)
{
    size_t through = exceptions_through(calendar, day);

    if (through > 0 && calendar->exceptions[through - 1].day == day) {
        return calendar->exceptions[through - 1].is_workday;
    }
    return is_weekday(day);
}

int32_t calendar_days_between(const struct calendar *calendar, int32_t a, int32_t b)
{
    if (!calendar) {
        return b - a;
    }
    if (a > b) {
        return -calendar_days_between(calendar, b, a);
    }

    int32_t workdays = weekdays_through(b) - weekdays_through(a);
    size_t end = exceptions_through(calendar, b);

    for (size_t i = exceptions_through(calendar, a); i < end; i++) {
        const struct calendar_exception *exception = &calendar->exceptions[i];
        workdays += (int32_t)exception->is_workday - (int32_t)is_weekday(exception->day);
    }
    return workdays;
}
