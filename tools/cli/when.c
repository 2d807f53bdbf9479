/* What "yesterday" or "2 weeks ago" says, and which day or microsecond that is. */
#include "tools/cli/when.h"

#include "ledger/date.h"
#include "ledger/text.h"

#include <string.h>

static const int64_t second_us = 1000000;
static const int32_t days_span = DAYBOOK_DAY_MAX - DAYBOOK_DAY_MIN;

static const struct {
    struct daybook_text word;
    struct when when;
} words[] = {
    {DAYBOOK_TEXT("today"), {WHEN_DAYS_FROM_TODAY, 0}},    {DAYBOOK_TEXT("yesterday"), {WHEN_DAYS_FROM_TODAY, -1}},
    {DAYBOOK_TEXT("tomorrow"), {WHEN_DAYS_FROM_TODAY, 1}}, {DAYBOOK_TEXT("今天"), {WHEN_DAYS_FROM_TODAY, 0}},
    {DAYBOOK_TEXT("昨天"), {WHEN_DAYS_FROM_TODAY, -1}},    {DAYBOOK_TEXT("明天"), {WHEN_DAYS_FROM_TODAY, 1}},
    {DAYBOOK_TEXT("unknown"), {WHEN_UNKNOWN, 0}},          {DAYBOOK_TEXT("未知"), {WHEN_UNKNOWN, 0}},
};

/* What follows the number in "2 weeks ago". A day is 24 hours here: the same time of day but for a change of clocks. */
static const struct {
    struct daybook_text words;
    int64_t seconds;
} units[] = {
    {DAYBOOK_TEXT("minute ago"), 60},   {DAYBOOK_TEXT("minutes ago"), 60},   {DAYBOOK_TEXT("分钟前"), 60},
    {DAYBOOK_TEXT("hour ago"), 3600},   {DAYBOOK_TEXT("hours ago"), 3600},   {DAYBOOK_TEXT("小时前"), 3600},
    {DAYBOOK_TEXT("day ago"), 86400},   {DAYBOOK_TEXT("days ago"), 86400},   {DAYBOOK_TEXT("天前"), 86400},
    {DAYBOOK_TEXT("week ago"), 604800}, {DAYBOOK_TEXT("weeks ago"), 604800}, {DAYBOOK_TEXT("周前"), 604800},
};

/* Digits at the start of `text`: how many, and their number. False without any or beyond INT64_MAX. */
static bool read_number(struct daybook_text text, size_t *ret_digits, int64_t *ret_number)
{
    size_t digits = 0;
    int64_t number = 0;

    for (; digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9'; digits++)
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, text.ptr[digits] - '0', &number))
            return false;
    *ret_digits = digits;
    *ret_number = number;
    return digits > 0;
}

static struct daybook_text skip(struct daybook_text text, size_t bytes)
{
    return (struct daybook_text){text.ptr + bytes, text.len - bytes};
}

/* "+10", "-3". More days than the calendar has are as far as any. */
static bool read_offset(struct daybook_text text, struct when *ret)
{
    size_t digits = 0;
    int64_t number = 0;

    if (text.len < 2 || (*text.ptr != '+' && *text.ptr != '-') || !read_number(skip(text, 1), &digits, &number) ||
        digits + 1 != text.len)
        return false;
    if (number > days_span + 1)
        number = days_span + 1;
    *ret = (struct when){WHEN_DAYS_FROM_TODAY, *text.ptr == '-' ? -number : number};
    return true;
}

static bool read_date(struct daybook_text text, struct when *ret)
{
    int32_t day = 0;

    if (date_parse_iso(text, &day)) {
        *ret = (struct when){WHEN_DAY, day};
        return true;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (text_equals(text, words[i].word)) {
            *ret = words[i].when;
            return true;
        }
    return read_offset(text, ret);
}

/* "2 weeks ago", "2周前"; or the bare number, a seq. */
static bool read_counted(struct daybook_text text, struct when *ret)
{
    size_t digits = 0;
    int64_t number = 0, ago_us = 0;
    struct daybook_text unit;

    if (!read_number(text, &digits, &number))
        return false;
    unit = text_trim(skip(text, digits));
    if (unit.len == 0 && digits == text.len) {
        *ret = (struct when){WHEN_SEQ, number};
        return true;
    }
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (text_equals(unit, units[i].words)) {
            if (__builtin_mul_overflow(number, units[i].seconds * second_us, &ago_us))
                return false;
            *ret = (struct when){WHEN_AGO, ago_us};
            return true;
        }
    return false;
}

static int quoted_length(struct daybook_text text)
{
    return (int)text_prefix_of_width(text, 60);
}

int when_parse_date(struct daybook_text text, bool unknown_allowed, struct when *ret, struct daybook_error *err)
{
    struct when when;

    if (!read_date(text, &when) || (when.kind == WHEN_UNKNOWN && !unknown_allowed))
        return daybook_fail(err, DAYBOOK_USAGE,
                            "\"%.*s\" is no date; write YYYY-MM-DD, today, yesterday, tomorrow, or a number of days "
                            "from today such as +10 or -3%s.",
                            quoted_length(text), text.ptr, unknown_allowed ? "; or unknown" : "");
    *ret = when;
    return 0;
}

int when_parse_time(struct daybook_text text, struct when *ret, struct daybook_error *err)
{
    struct when when;
    int64_t instant_us = 0;

    if (instant_parse(text, &instant_us))
        when = (struct when){WHEN_INSTANT, instant_us};
    else if (!read_counted(text, &when) && (!read_date(text, &when) || when.kind == WHEN_UNKNOWN))
        return daybook_fail(err, DAYBOOK_USAGE,
                            "\"%.*s\" is no time; write a date (YYYY-MM-DD, yesterday, -3), an instant "
                            "(2026-01-19T08:00:00Z), \"2 weeks ago\", or the number of an event.",
                            quoted_length(text), text.ptr);
    *ret = when;
    return 0;
}

int when_day(const struct when *when, int64_t now_us, const struct zone *zone, int32_t *ret_day,
             struct daybook_error *err)
{
    int64_t day = when->number;

    if (when->kind == WHEN_UNKNOWN) {
        *ret_day = DAYBOOK_DAY_NONE;
        return 0;
    }
    if (when->kind == WHEN_DAYS_FROM_TODAY)
        day += zone_day(zone, now_us);
    if (day < DAYBOOK_DAY_MIN || day > DAYBOOK_DAY_MAX)
        return daybook_fail(err, DAYBOOK_USAGE, "That date is not within the years 1 to 9999.");
    *ret_day = (int32_t)day;
    return 0;
}

int when_moment(const struct when *when, int64_t now_us, const struct zone *zone, struct moment *ret,
                struct daybook_error *err)
{
    const int64_t earliest_us = 86400 * second_us * DAYBOOK_DAY_MIN;
    int64_t instant_us = when->number;
    int32_t day = 0;
    int code;

    if (when->kind == WHEN_SEQ) {
        *ret = (struct moment){.is_seq = true, .seq = (uint64_t)when->number};
        return 0;
    }
    if (when->kind == WHEN_AGO) {
        if (__builtin_sub_overflow(now_us, when->number, &instant_us) || instant_us < earliest_us)
            return daybook_fail(err, DAYBOOK_USAGE, "That time is not within the years 1 to 9999.");
    } else if (when->kind != WHEN_INSTANT) {
        code = when_day(when, now_us, zone, &day, err);
        if (code)
            return code;
        instant_us = zone_day_start_us(zone, day + 1) - 1;
    }
    *ret = (struct moment){.instant_us = instant_us};
    return 0;
}
