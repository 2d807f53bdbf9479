/* Civil dates and instants: the proleptic Gregorian calendar, years 1..9999, no time zone inside. */
#ifndef LEDGER_DATE_H
#define LEDGER_DATE_H

#include "daybook/value.h"

/* The day of year/month/day; false when there is no such date (2026-02-30, year 0, year 10000). */
bool date_from_ymd(int year, int month, int day, int32_t *ret_day);
/* The other way; `day` lies within DAYBOOK_DAY_MIN..DAYBOOK_DAY_MAX. */
void date_to_ymd(int32_t day, int *ret_year, int *ret_month, int *ret_day);
/* Exactly YYYY-MM-DD, nothing before or after. */
bool date_parse_iso(struct daybook_text text, int32_t *ret_day);
/* YYYY-MM-DD and NUL into out. */
void date_format(int32_t day, char out[DAYBOOK_DAY_TEXT_SIZE]);
/* 0 = Monday .. 6 = Sunday. */
int date_weekday(int32_t day);

/* RFC 3339 with any offset and 0..9 digits of a second (beyond 6 are cut), "T" or " " between, upper or lower
 * case. Leap second 60 reads as 59.999999. */
bool instant_parse(struct daybook_text text, int64_t *ret_us);
/* YYYY-MM-DDTHH:MM:SS.ffffffZ and NUL into out; years 1..9999 only. */
void instant_format(int64_t us, char out[DAYBOOK_INSTANT_TEXT_SIZE]);

#endif
