/* One left-to-right scan: a date, then perhaps a time, an offset, a weekday, and nothing else. Words such as 月底 or
 * ASAP, dates that do not exist and anything left over make the cell DATE_BAD: nothing is guessed. */
#include "tools/import/dates.h"

#include "ledger/date.h"
#include "tools/import/fold.h"

#include <string.h>

enum {
    DATE_TEXT_MAX = 96,
    SERIAL_MIN = 20000,    /* 1954-10-03 */
    SERIAL_MAX = 80000,    /* 2119-01-11 */
    SERIAL_EPOCH = -25569, /* day 0 of a spreadsheet, 1899-12-30 */
    DAYS_AFTER_MAX = 3650,
    SECONDS_A_DAY = 86400,
};

struct number {
    int value, digits;
};

static bool take(const char **at, const char *literal)
{
    size_t len = strlen(literal);

    if (strncmp(*at, literal, len) != 0)
        return false;
    *at += len;
    return true;
}

static bool take_any(const char **at, const char *const *literals)
{
    for (; *literals != NULL; literals++)
        if (take(at, *literals))
            return true;
    return false;
}

static void skip_spaces(const char **at)
{
    while (**at == ' ' || **at == '\t' || **at == '\n' || **at == '\r')
        ++*at;
}

static bool take_number(const char **at, struct number *ret)
{
    struct number number = {0};

    while (**at >= '0' && **at <= '9' && number.digits < 9) {
        number.value = number.value * 10 + (**at - '0');
        number.digits++;
        ++*at;
    }
    *ret = number;
    return number.digits > 0 && !(**at >= '0' && **at <= '9');
}

static bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

/* The index of a word given in full or by at least its first three letters, 1-based; 0 when there is none. */
static int take_word(const char **at, const char *const *words, int word_count)
{
    size_t len = 0;

    while (is_letter((*at)[len]))
        len++;
    for (int i = 0; len >= 3 && i < word_count; i++) {
        if (len > strlen(words[i]) || strncmp(*at, words[i], len) != 0)
            continue;
        *at += len;
        if (**at == '.')
            ++*at;
        return i + 1;
    }
    return 0;
}

static int take_month(const char **at)
{
    static const char *const months[] = {"january", "february", "march",     "april",   "may",      "june",
                                         "july",    "august",   "september", "october", "november", "december"};

    return take_word(at, months, 12);
}

static bool take_weekday(const char **at)
{
    static const char *const weekdays[] = {"monday", "tuesday",  "wednesday", "thursday",
                                           "friday", "saturday", "sunday"};
    static const char *const prefixes[] = {"星期", "周", "週", "礼拜", "禮拜", NULL};
    static const char *const days[] = {"一", "二", "三", "四", "五", "六", "日", "天", NULL};
    const char *start = *at;
    bool bracket = take(at, "(");
    bool found = take_word(at, weekdays, 7) != 0;

    if (!found) {
        bool prefixed = take_any(at, prefixes);
        found = (prefixed || bracket) && take_any(at, days);
    }
    if (found && (!bracket || take(at, ")")))
        return true;
    *at = start;
    return false;
}

/* "Z", "+08:00", "-0530", "UTC", "GMT": east of UTC in seconds. */
static bool take_offset(const char **at, int32_t *ret_offset_s)
{
    static const char *const utc[] = {"z", "utc", "gmt", NULL};
    const char *start = *at;
    struct number hours = {0};
    struct number minutes = {0};

    skip_spaces(at);
    bool zero = take_any(at, utc);
    bool west = **at == '-';
    if (!take(at, "+") && !take(at, "-")) {
        *ret_offset_s = 0;
        if (!zero)
            *at = start;
        return zero;
    }
    bool read = take_number(at, &hours);
    if (read && hours.digits == 4) {
        minutes.value = hours.value % 100;
        hours.value /= 100;
    } else if (read && take(at, ":")) {
        read = take_number(at, &minutes) && minutes.digits == 2;
    }
    if (!read || hours.value > 14 || minutes.value > 59) {
        *at = start;
        return false;
    }
    int32_t offset_s = hours.value * 3600 + minutes.value * 60;
    *ret_offset_s = west ? -offset_s : offset_s;
    return true;
}

static bool take_time(const char **at, struct date_cell *cell)
{
    static const char *const morning[] = {"上午", "早上", "凌晨", NULL};
    static const char *const afternoon[] = {"下午", "晚上", "中午", NULL};
    static const char *const am[] = {"am", "a.m.", NULL};
    static const char *const pm[] = {"pm", "p.m.", NULL};
    struct number hours, minutes;
    struct number seconds = {0};
    struct number fraction;
    int32_t offset_s = 0;

    bool before_noon = take_any(at, morning);
    bool after_noon = !before_noon && take_any(at, afternoon);
    skip_spaces(at);
    if (!take_number(at, &hours) || hours.digits > 2)
        return false;
    bool chinese = take(at, "时") || take(at, "時") || take(at, "点") || take(at, "點");
    if (!chinese && !take(at, ":"))
        return false;
    if (!take_number(at, &minutes) || minutes.digits > 2)
        return false;
    if (chinese)
        take(at, "分");
    if (chinese ? **at >= '0' && **at <= '9' : take(at, ":")) {
        if (!take_number(at, &seconds) || seconds.digits > 2)
            return false;
        if (take(at, ".") && !take_number(at, &fraction))
            return false;
        take(at, "秒");
    }
    const char *start = *at;
    skip_spaces(at);
    before_noon = take_any(at, am) || before_noon;
    after_noon = take_any(at, pm) || after_noon;
    if (!before_noon && !after_noon)
        *at = start;
    if (hours.value > 24 || minutes.value > 59 || seconds.value > 60)
        return false;
    if (after_noon && hours.value < 12)
        hours.value += 12;
    if (before_noon && hours.value == 12)
        hours.value = 0;
    cell->has_offset = take_offset(at, &offset_s);
    cell->utc_second = hours.value * 3600 + minutes.value * 60 + seconds.value - offset_s;
    return true;
}

/* What may follow a date, up to the end. */
static bool take_rest(const char **at, struct date_cell *cell)
{
    if (**at == '\0')
        return true;
    skip_spaces(at);
    take(at, ",");
    skip_spaces(at);
    take_weekday(at);
    skip_spaces(at);
    if ((*at)[0] == 't' && (*at)[1] >= '0' && (*at)[1] <= '9')
        ++*at;
    if (**at != '\0' && !take_weekday(at) && !take_time(at, cell))
        return false;
    skip_spaces(at);
    take_weekday(at);
    return **at == '\0';
}

/* The year that was written, two digits exactly standing for 1970..2069; 0 when it is none. */
static int full_year(struct number year)
{
    if (year.digits == 2)
        return year.value >= 70 ? 1900 + year.value : 2000 + year.value;
    return year.digits == 4 ? year.value : 0;
}

static void set_known(struct date_cell *cell, int year, int month, int day)
{
    bool zero = (year == 0 || year == 1900) && day == 0 && (month == 0 || month == 1);

    if (zero)
        cell->kind = DATE_ABSENT;
    else if (date_from_ymd(year, month, day, &cell->day))
        cell->kind = DATE_KNOWN;
}

static void set_month_day(struct date_cell *cell, int month, int day)
{
    int32_t in_leap_year;

    if (!date_from_ymd(2000, month, day, &in_leap_year))
        return;
    cell->kind = DATE_MONTH_DAY;
    cell->numbers[0] = month;
    cell->numbers[1] = day;
}

/* After "2024年" or "24年". */
static void scan_after_year(const char **at, struct number year, struct date_cell *cell)
{
    struct number month, day;

    skip_spaces(at);
    if (!take_number(at, &month) || month.digits > 2)
        return;
    skip_spaces(at);
    if (!take(at, "月"))
        return;
    skip_spaces(at);
    if (!take_number(at, &day) || day.digits > 2)
        return;
    skip_spaces(at);
    if ((take(at, "日") || take(at, "号") || take(at, "號")) && full_year(year) != 0)
        set_known(cell, full_year(year), month.value, day.value);
}

/* After "3月". */
static void scan_after_month(const char **at, struct number month, struct date_cell *cell)
{
    struct number day;

    skip_spaces(at);
    if (!take_number(at, &day) || day.digits > 2)
        return;
    skip_spaces(at);
    if (take(at, "日") || take(at, "号") || take(at, "號"))
        set_month_day(cell, month.value, day.value);
}

static void skip_ordinal(const char **at)
{
    static const char *const endings[] = {"st", "nd", "rd", "th", NULL};

    take_any(at, endings);
}

/* After a day and its separator, at a month's name: "5 Mar 2024", "05-Mar-24", "5 Mar". */
static bool scan_named_month(const char **at, struct number first, struct date_cell *cell)
{
    struct number last;
    int month = take_month(at);

    if (month == 0)
        return false;
    skip_spaces(at);
    if (!take(at, "-") && !take(at, "/"))
        take(at, ",");
    skip_spaces(at);
    if (!take_number(at, &last)) {
        if (first.digits <= 2)
            set_month_day(cell, month, first.value);
    } else if (first.digits == 4 && last.digits <= 2) {
        set_known(cell, first.value, month, last.value);
    } else if (first.digits <= 2 && full_year(last) != 0) {
        set_known(cell, full_year(last), month, first.value);
    }
    return true;
}

/* After "2024-" or "5/": two more numbers with the same separator, or a month's name. */
static void scan_separated(const char **at, struct number first, const char *separator, struct date_cell *cell)
{
    struct number second, third;

    if (scan_named_month(at, first, cell))
        return;
    if (!take_number(at, &second) || second.digits > 2 || !take(at, separator) || !take_number(at, &third))
        return;
    if (first.digits == 4 && third.digits <= 2) {
        set_known(cell, first.value, second.value, third.value);
    } else if (first.digits <= 2 && (third.digits <= 2 || third.digits == 4)) {
        cell->kind = DATE_NUMERIC;
        memcpy(cell->numbers, (int[]){first.value, second.value, third.value}, sizeof cell->numbers);
        memcpy(cell->digits, (int[]){first.digits, second.digits, third.digits}, sizeof cell->digits);
    }
}

/* A number and nothing that separates it: a serial, YYYYMMDD, a zero. */
static void scan_lone_number(const char **at, struct number number, struct date_cell *cell)
{
    int year = number.value / 10000;

    if (number.value == 0 && number.digits == 1) {
        cell->kind = DATE_ABSENT;
    } else if (number.digits == 8 && year >= 1900 && year <= 2199) {
        set_known(cell, year, number.value / 100 % 100, number.value % 100);
    } else if (number.digits == 5 && number.value >= SERIAL_MIN && number.value <= SERIAL_MAX) {
        struct number fraction;
        const char *start = *at;
        if (take(at, ".") && !take_number(at, &fraction))
            *at = start;
        cell->kind = DATE_KNOWN;
        cell->day = SERIAL_EPOCH + number.value;
    }
}

static bool scan_days_after(const char **at, struct number number, struct date_cell *cell)
{
    static const char *const units[] = {"天内", "天后", "天之内", "天", "days", "day", NULL};
    const char *start = *at;

    skip_spaces(at);
    if (number.value > DAYS_AFTER_MAX || !take_any(at, units) || **at != '\0') {
        *at = start;
        return false;
    }
    cell->kind = DATE_AFTER;
    cell->numbers[0] = number.value;
    return true;
}

static void scan_number_first(const char **at, struct date_cell *cell)
{
    static const char *const separators[] = {"-", "/", "."};
    struct number first;

    if (!take_number(at, &first) || scan_days_after(at, first, cell))
        return;
    if (first.digits != 5) {
        for (size_t i = 0; i < sizeof separators / sizeof *separators; i++) {
            if (take(at, separators[i])) {
                scan_separated(at, first, separators[i], cell);
                return;
            }
        }
    }
    const char *start = *at;
    skip_spaces(at);
    if (take(at, "年")) {
        scan_after_year(at, first, cell);
        return;
    }
    if (take(at, "月")) {
        scan_after_month(at, first, cell);
        return;
    }
    skip_ordinal(at);
    skip_spaces(at);
    if (scan_named_month(at, first, cell))
        return;
    *at = start;
    scan_lone_number(at, first, cell);
}

/* "Mar 5, 2024", "March 5th 2024", "Mar 5". "Mar-24" may be a day or a year: no date. */
static void scan_month_first(const char **at, struct date_cell *cell)
{
    struct number day, year;
    int month = take_month(at);

    skip_spaces(at);
    take(at, "-");
    if (month == 0 || !take_number(at, &day) || day.digits > 2)
        return;
    skip_ordinal(at);
    skip_spaces(at);
    if (!take(at, ","))
        take(at, "-");
    skip_spaces(at);
    const char *start = *at;
    if (take_number(at, &year) && **at != ':' && full_year(year) != 0) {
        set_known(cell, full_year(year), month, day.value);
    } else if (*start == '\0' && day.digits == 1) {
        set_month_day(cell, month, day.value);
    }
}

struct date_cell date_scan(struct daybook_text text)
{
    struct date_cell cell = {.kind = DATE_BAD};
    char folded[DATE_TEXT_MAX];
    const char *at = folded;

    if (date_parse_iso(text, &cell.day)) { /* what machines write, and the most of it */
        cell.kind = DATE_KNOWN;
        return cell;
    }
    if (!fold_short(text, folded, sizeof folded))
        return cell;
    if (*at < '0' || *at > '9') {
        if (take_weekday(&at))
            take(&at, ",");
        skip_spaces(&at);
    }
    if (is_letter(*at))
        scan_month_first(&at, &cell);
    else
        scan_number_first(&at, &cell);
    if (cell.kind != DATE_BAD && !take_rest(&at, &cell))
        cell.kind = DATE_BAD;
    return cell;
}

/* Which of the three numbers is the year, the month, the day. */
static bool read_numeric(const struct date_cell *cell, enum date_order order, int32_t *ret_day)
{
    static const struct {
        int year, month, day;
    } places[] = {
        [DATE_ORDER_YMD] = {0, 1, 2},
        [DATE_ORDER_DMY] = {2, 1, 0},
        [DATE_ORDER_MDY] = {2, 0, 1},
    };
    if (order == DATE_ORDER_UNKNOWN)
        return false;
    int year_place = places[order].year;
    int day_place = places[order].day;
    int year = full_year((struct number){cell->numbers[year_place], cell->digits[year_place]});

    return year != 0 && cell->digits[day_place] <= 2 &&
           date_from_ymd(year, cell->numbers[places[order].month], cell->numbers[day_place], ret_day);
}

unsigned date_cell_orders(const struct date_cell *cell)
{
    unsigned orders = 0;
    int32_t day;

    if (cell->kind != DATE_NUMERIC)
        return 0;
    for (enum date_order order = DATE_ORDER_YMD; order <= DATE_ORDER_MDY; order++)
        if (read_numeric(cell, order, &day))
            orders |= DATE_ORDER_BIT(order);
    return orders;
}

bool date_cell_day(const struct date_cell *cell, enum date_order order, const struct zone *zone, int32_t *ret_day)
{
    int32_t day = cell->day;

    if (cell->kind == DATE_NUMERIC ? !read_numeric(cell, order, &day) : cell->kind != DATE_KNOWN)
        return false;
    if (cell->has_offset) {
        int64_t utc_s = (int64_t)day * SECONDS_A_DAY + cell->utc_second;
        int64_t local_s = utc_s + (zone != NULL ? zone_offset_s(zone, utc_s * 1000000) : 0);
        day = (int32_t)(local_s / SECONDS_A_DAY - (local_s % SECONDS_A_DAY < 0));
    }
    if (day < DAYBOOK_DAY_MIN || day > DAYBOOK_DAY_MAX)
        return false;
    *ret_day = day;
    return true;
}

bool date_cell_day_after(const struct date_cell *cell, int32_t from, int32_t *ret_day)
{
    enum { LONGEST_WAIT = 8 }; /* years from one 29 February to the next, across 1900 */
    int year, month, day_of_month;
    int32_t day;

    date_to_ymd(from, &year, &month, &day_of_month);
    for (int later = 0; later <= LONGEST_WAIT; later++) {
        if (date_from_ymd(year + later, cell->numbers[0], cell->numbers[1], &day) && day >= from) {
            *ret_day = day;
            return true;
        }
    }
    return false;
}
