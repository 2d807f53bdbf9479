/* Civil dates as day numbers and instants as microseconds, without libc's time functions: those depend on
 * the process's TZ, and know neither years before 1900 as numbers nor "there is no such date".
 *
 * The arithmetic counts years from 1 March, so that the leap day is a year's last day and every month's
 * first day of the year is a linear formula; 400 years are one cycle of 146097 days. */
#include "ledger/date.h"

#include <string.h>

enum {
    DAYS_PER_CYCLE = 146097,
    YEARS_PER_CYCLE = 400,
    DAYS_TO_EPOCH = 719468, /* from 0000-03-01 to 1970-01-01 */
};

static const int64_t US_PER_SECOND = 1000000;
static const int64_t US_PER_DAY = INT64_C(86400) * 1000000;

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

bool date_from_ymd(int year, int month, int day, int32_t *ret_day)
{
    static const int month_days[13] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1) {
        return false;
    }
    if (day > month_days[month] + (month == 2 && is_leap(year) ? 1 : 0)) {
        return false;
    }
    int march_year = month <= 2 ? year - 1 : year;
    int march_month = (month + 9) % 12;
    int cycle = march_year / YEARS_PER_CYCLE;
    int year_of_cycle = march_year % YEARS_PER_CYCLE;
    int day_of_year = (153 * march_month + 2) / 5 + day - 1;
    int day_of_cycle = year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100 + day_of_year;
    *ret_day = cycle * DAYS_PER_CYCLE + day_of_cycle - DAYS_TO_EPOCH;
    return true;
}

void date_to_ymd(int32_t day, int *ret_year, int *ret_month, int *ret_day)
{
    int since_year_0 = day + DAYS_TO_EPOCH;
    int cycle = since_year_0 / DAYS_PER_CYCLE;
    int day_of_cycle = since_year_0 % DAYS_PER_CYCLE;
    int year_of_cycle =
        (day_of_cycle - day_of_cycle / 1460 + day_of_cycle / 36524 - day_of_cycle / (DAYS_PER_CYCLE - 1)) / 365;
    int day_of_year = day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    int march_month = (5 * day_of_year + 2) / 153;
    int month = march_month < 10 ? march_month + 3 : march_month - 9;
    *ret_year = cycle * YEARS_PER_CYCLE + year_of_cycle + (month <= 2 ? 1 : 0);
    *ret_month = month;
    *ret_day = day_of_year - (153 * march_month + 2) / 5 + 1;
}

int date_weekday(int32_t day)
{
    return (day - DAYBOOK_DAY_MIN) % 7; /* 0001-01-01 was a Monday */
}

/* The number that exactly `count` digits at `s` make, or -1. */
static int digits(const char *s, size_t count)
{
    int value = 0;
    for (size_t i = 0; i < count; i++) {
        if (s[i] < '0' || s[i] > '9') {
            return -1;
        }
        value = value * 10 + (s[i] - '0');
    }
    return value;
}

static void put_digits(char *out, int count, int64_t value)
{
    for (int i = count - 1; i >= 0; i--) {
        out[i] = (char)('0' + value % 10);
        value /= 10;
    }
}

bool date_parse_iso(struct daybook_text text, int32_t *ret_day)
{
    if (text.len != DAYBOOK_DAY_TEXT_SIZE - 1 || text.ptr[4] != '-' || text.ptr[7] != '-') {
        return false;
    }
    /* A part that is no number is -1, which is no year, month or day either. */
    return date_from_ymd(digits(text.ptr, 4), digits(text.ptr + 5, 2), digits(text.ptr + 8, 2), ret_day);
}

void date_format(int32_t day, char out[DAYBOOK_DAY_TEXT_SIZE])
{
    int year;
    int month;
    int day_of_month;
    date_to_ymd(day, &year, &month, &day_of_month);
    put_digits(out, 4, year);
    out[4] = '-';
    put_digits(out + 5, 2, month);
    out[7] = '-';
    put_digits(out + 8, 2, day_of_month);
    out[10] = '\0';
}

/* HH:MM:SS at s (8 bytes) as microseconds, or -1. *ret_leap: it is second 60. */
static int64_t clock_us(const char *s, bool *ret_leap)
{
    int hour = digits(s, 2);
    int minute = digits(s + 3, 2);
    int second = digits(s + 6, 2);
    if (s[2] != ':' || s[5] != ':' || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) {
        return -1;
    }
    *ret_leap = second == 60;
    return ((hour * 60 + minute) * 60 + second) * US_PER_SECOND;
}

/* An optional ".f", 1 to 9 digits, as microseconds; moves *pos behind it. False when it is malformed. */
static bool fraction_us(struct daybook_text text, size_t *pos, int64_t *ret_us)
{
    int64_t us = 0;
    size_t at = *pos;
    if (at < text.len && text.ptr[at] == '.') {
        size_t first = ++at;
        for (int64_t unit = US_PER_SECOND / 10; at < text.len && digits(text.ptr + at, 1) >= 0; unit /= 10) {
            us += digits(text.ptr + at, 1) * unit;
            at++;
        }
        if (at == first || at - first > 9) {
            return false;
        }
    }
    *pos = at;
    *ret_us = us;
    return true;
}

/* "Z" or ±HH:MM, which must be the whole of `text`, as microseconds east of UTC. */
static bool offset_us(struct daybook_text text, int64_t *ret_us)
{
    if (text.len == 1 && (text.ptr[0] == 'Z' || text.ptr[0] == 'z')) {
        *ret_us = 0;
        return true;
    }
    if (text.len != 6 || (text.ptr[0] != '+' && text.ptr[0] != '-') || text.ptr[3] != ':') {
        return false;
    }
    int hours = digits(text.ptr + 1, 2);
    int minutes = digits(text.ptr + 4, 2);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) {
        return false;
    }
    int64_t us = (hours * 60 + minutes) * 60 * US_PER_SECOND;
    *ret_us = text.ptr[0] == '-' ? -us : us;
    return true;
}

bool instant_parse(struct daybook_text text, int64_t *ret_us)
{
    enum { DATE_LEN = 10, CLOCK_LEN = 8 };
    size_t pos = DATE_LEN + 1 + CLOCK_LEN;
    if (text.len <= pos || strchr("Tt ", text.ptr[DATE_LEN]) == NULL || text.ptr[DATE_LEN] == '\0') {
        return false;
    }
    int32_t day;
    bool leap = false;
    int64_t clock = clock_us(text.ptr + DATE_LEN + 1, &leap);
    int64_t fraction;
    int64_t offset;
    if (clock < 0 || !date_parse_iso((struct daybook_text){text.ptr, DATE_LEN}, &day) ||
        !fraction_us(text, &pos, &fraction) ||
        !offset_us((struct daybook_text){text.ptr + pos, text.len - pos}, &offset)) {
        return false;
    }
    if (leap) {
        clock -= 1;
        fraction = 0;
    }
    int64_t us = day * US_PER_DAY + clock + fraction - offset;
    if (us < DAYBOOK_DAY_MIN * US_PER_DAY || us >= (DAYBOOK_DAY_MAX + 1) * US_PER_DAY) {
        return false;
    }
    *ret_us = us;
    return true;
}

void instant_format(int64_t us, char out[DAYBOOK_INSTANT_TEXT_SIZE])
{
    int64_t day = us / US_PER_DAY;
    int64_t us_of_day = us % US_PER_DAY;
    if (us_of_day < 0) {
        us_of_day += US_PER_DAY;
        day--;
    }
    int64_t second_of_day = us_of_day / US_PER_SECOND;
    date_format((int32_t)day, out);
    out[10] = 'T';
    put_digits(out + 11, 2, second_of_day / 3600);
    out[13] = ':';
    put_digits(out + 14, 2, second_of_day / 60 % 60);
    out[16] = ':';
    put_digits(out + 17, 2, second_of_day % 60);
    out[19] = '.';
    put_digits(out + 20, 6, us_of_day % US_PER_SECOND);
    out[26] = 'Z';
    out[27] = '\0';
}
