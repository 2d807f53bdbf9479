/* Reading and answering POSIX TZ rules. */
#include "ledger/zone_rule.h"

#include <string.h>

#include "ledger/date.h"

static const int64_t DAY_S = 86400;
/* The Gregorian calendar repeats after 400 years, weekdays included. */
static const int64_t CYCLE_S = INT64_C(146097) * 86400;

static bool read_number(const char **s, int max, int *ret)
{
    int value = 0;
    const char *start = *s;
    for (; **s >= '0' && **s <= '9'; (*s)++) {
        value = value * 10 + (**s - '0');
        if (value > max) {
            return false;
        }
    }
    *ret = value;
    return *s > start;
}

static bool read_char(const char **s, char wanted)
{
    if (**s != wanted) {
        return false;
    }
    (*s)++;
    return true;
}

/* [+-]h[:m[:s]] as seconds. */
static bool read_time(const char **s, int hours_max, int32_t *ret_s)
{
    bool negative = read_char(s, '-');
    if (!negative) {
        read_char(s, '+');
    }
    int hours;
    int minutes = 0;
    int seconds = 0;
    if (!read_number(s, hours_max, &hours)) {
        return false;
    }
    if (read_char(s, ':')) {
        if (!read_number(s, 59, &minutes) || (read_char(s, ':') && !read_number(s, 59, &seconds))) {
            return false;
        }
    }
    int32_t total_s = (hours * 60 + minutes) * 60 + seconds;
    *ret_s = negative ? -total_s : total_s;
    return true;
}

/* "CET" or "<+08>"; the abbreviation itself is of no use here. */
static bool skip_abbreviation(const char **s)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    if (read_char(s, '<')) {
        *s += strcspn(*s, ">");
        return read_char(s, '>');
    }
    size_t len = strspn(*s, letters);
    *s += len;
    return len >= 3;
}

/* "M3.5.0/3", "J60", "59/2:30". */
static bool read_change(const char **s, struct zone_change *ret)
{
    struct zone_change change = {.kind = 'n', .time_s = 2 * 3600};
    bool read;
    if (read_char(s, 'M')) {
        change.kind = 'M';
        read = read_number(s, 12, &change.month) && change.month >= 1 && read_char(s, '.') &&
               read_number(s, 5, &change.week) && change.week >= 1 && read_char(s, '.') &&
               read_number(s, 6, &change.day);
    } else if (read_char(s, 'J')) {
        change.kind = 'J';
        read = read_number(s, 365, &change.day) && change.day >= 1;
    } else {
        read = read_number(s, 365, &change.day);
    }
    if (!read || (read_char(s, '/') && !read_time(s, 167, &change.time_s))) {
        return false;
    }
    *ret = change;
    return true;
}

bool zone_rule_parse(const char *text, struct zone_rule *ret)
{
    struct zone_rule rule = {.has_dst = false};
    int32_t west_s; /* POSIX counts westwards */
    if (!skip_abbreviation(&text) || !read_time(&text, 24, &west_s)) {
        return false;
    }
    rule.standard_s = -west_s;
    if (*text != '\0') {
        west_s -= 3600; /* unless the rule says something else */
        rule.has_dst = skip_abbreviation(&text) && (*text == ',' || read_time(&text, 24, &west_s)) &&
                       read_char(&text, ',') && read_change(&text, &rule.dst_start) && read_char(&text, ',') &&
                       read_change(&text, &rule.dst_end) && *text == '\0';
        if (!rule.has_dst) {
            return false;
        }
        rule.dst_s = -west_s;
    }
    *ret = rule;
    return true;
}

static int32_t day_of(int year, int month, int day)
{
    int32_t result = 0;
    date_from_ymd(year, month, day, &result);
    return result;
}

/* The local date and time of the change in `year`, as seconds. */
static int64_t change_local_s(const struct zone_change *change, int year)
{
    int32_t new_year = day_of(year, 1, 1);
    int32_t day = new_year + change->day;
    if (change->kind == 'M') {
        int32_t first = day_of(year, change->month, 1);
        int32_t next = change->month < 12 ? day_of(year, change->month + 1, 1) : day_of(year + 1, 1, 1);
        int first_weekday = (date_weekday(first) + 1) % 7; /* 0 = Sunday */
        day = first + (change->day - first_weekday + 7) % 7 + 7 * (change->week - 1);
        if (day >= next) {
            day -= 7;
        }
    } else if (change->kind == 'J') {
        bool leap_day_before = change->day >= 60 && day_of(year, 3, 1) - new_year == 60;
        day += leap_day_before ? 0 : -1;
    }
    return day * DAY_S + change->time_s;
}

struct zone_span zone_rule_span(const struct zone_rule *rule, int64_t at_s)
{
    struct zone_span span = {rule->standard_s, INT64_MAX};
    if (!rule->has_dst) {
        return span;
    }
    int64_t cycle_s = (at_s / CYCLE_S - (at_s % CYCLE_S < 0 ? 1 : 0)) * CYCLE_S;
    int64_t wanted_s = at_s - cycle_s; /* in the years 1970..2369 */
    int year;
    int month;
    int day;
    date_to_ymd((int32_t)(wanted_s / DAY_S), &year, &month, &day);
    /* The last change up to the instant decides; the neighbouring years cover New Year and southern summers. */
    int64_t since_s = INT64_MIN;
    for (int y = year - 1; y <= year + 1; y++) {
        /* Daylight time all year long ends and begins at one instant; then the begin, here the later one, wins. */
        const struct {
            int64_t start_s;
            int32_t offset_s;
        } changes[] = {
            {change_local_s(&rule->dst_end, y) - rule->dst_s, rule->standard_s},
            {change_local_s(&rule->dst_start, y) - rule->standard_s, rule->dst_s},
        };
        for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
            if (changes[i].start_s > wanted_s) {
                int64_t until_s = cycle_s + changes[i].start_s;
                span.until_s = until_s < span.until_s ? until_s : span.until_s;
            } else if (changes[i].start_s >= since_s) {
                since_s = changes[i].start_s;
                span.offset_s = changes[i].offset_s;
            }
        }
    }
    return span;
}
