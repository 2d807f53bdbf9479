/* Days and moments as typed: what is read, what is refused, and which day or microsecond is meant. */
#include "tools/cli/when.h"

#include "ledger/date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* 2026-03-10T17:30:00Z, when it is already 01:30 of March 11 in Shanghai. */
static const int64_t now_us = 1773163800000000;
static struct zone *shanghai;

static struct daybook_text text_of(const char *string)
{
    return (struct daybook_text){string, strlen(string)};
}

static int load_zone(void **state)
{
    (void)state;
    return zone_load(DAYBOOK_TEXT("Asia/Shanghai"), &shanghai, NULL);
}

static int free_zone(void **state)
{
    (void)state;
    zone_free(shanghai);
    return 0;
}

static void test_dates(void **state)
{
    static const struct {
        const char *typed, *day;
    } cases[] = {
        {"2024-02-29", "2024-02-29"}, {"today", "2026-03-11"},      {"yesterday", "2026-03-10"},
        {"tomorrow", "2026-03-12"},   {"+10", "2026-03-21"},        {"-3", "2026-03-08"},
        {"+0", "2026-03-11"},         {"-11", "2026-02-28"},        {"今天", "2026-03-11"},
        {"昨天", "2026-03-10"},       {"0001-01-01", "0001-01-01"}, {"9999-12-31", "9999-12-31"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct daybook_error err = {0};
        struct when when = {0};
        char day_text[DAYBOOK_DAY_TEXT_SIZE];
        int32_t day = 0;

        assert_int_equal(when_parse_date(text_of(cases[i].typed), false, &when, &err), 0);
        assert_int_equal(when_day(&when, now_us, shanghai, &day, &err), 0);
        date_format(day, day_text);
        assert_string_equal(day_text, cases[i].day);
    }
}

static void test_what_is_no_date(void **state)
{
    static const char *const cases[] = {
        "",      "10",     "2026-02-30",           "2026-3-5",   "+",       "+-3",       "-3d",
        "Today", " today", "2026-03-11T00:00:00Z", "0000-01-01", "unknown", "1 day ago", "+99999999999999999999",
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct daybook_error err = {0};
        struct when when = {WHEN_SEQ, 77};

        assert_int_equal(when_parse_date(text_of(cases[i]), false, &when, &err), DAYBOOK_USAGE);
        assert_int_equal(when.number, 77);
        assert_non_null(strstr(err.message, "YYYY-MM-DD"));
    }
}

static void test_unknown_day(void **state)
{
    struct when when = {0};
    int32_t day = 0;

    (void)state;
    assert_int_equal(when_parse_date(text_of("unknown"), true, &when, NULL), 0);
    assert_int_equal(when_day(&when, now_us, shanghai, &day, NULL), 0);
    assert_int_equal(day, DAYBOOK_DAY_NONE);
    assert_int_equal(when_parse_time(text_of("unknown"), &when, NULL), DAYBOOK_USAGE);
}

static void test_days_beyond_the_calendar(void **state)
{
    static const char *const cases[] = {"+2913000", "-740000", "+9223372036854775807", "-9223372036854775807"};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct moment moment = {0};
        struct when when = {0};
        int32_t day = 0;

        assert_int_equal(when_parse_date(text_of(cases[i]), false, &when, NULL), 0);
        assert_int_equal(when_day(&when, now_us, shanghai, &day, NULL), DAYBOOK_USAGE);
        assert_int_equal(when_moment(&when, now_us, shanghai, &moment, NULL), DAYBOOK_USAGE);
    }
}

static void test_moments(void **state)
{
    static const struct {
        const char *typed, *instant;
    } cases[] = {
        {"2026-03-10", "2026-03-10T15:59:59.999999Z"},
        {"yesterday", "2026-03-10T15:59:59.999999Z"},
        {"today", "2026-03-11T15:59:59.999999Z"},
        {"-3", "2026-03-08T15:59:59.999999Z"},
        {"2026-01-19T08:00:00Z", "2026-01-19T08:00:00.000000Z"},
        {"2026-01-19T08:00:00.25+08:00", "2026-01-19T00:00:00.250000Z"},
        {"1 minute ago", "2026-03-10T17:29:00.000000Z"},
        {"3 hours ago", "2026-03-10T14:30:00.000000Z"},
        {"1 day ago", "2026-03-09T17:30:00.000000Z"},
        {"2 weeks ago", "2026-02-24T17:30:00.000000Z"},
        {"2周前", "2026-02-24T17:30:00.000000Z"},
        {"3 天前", "2026-03-07T17:30:00.000000Z"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char instant[DAYBOOK_INSTANT_TEXT_SIZE];
        struct moment moment = {.seq = 5};
        struct when when = {0};

        assert_int_equal(when_parse_time(text_of(cases[i].typed), &when, NULL), 0);
        assert_int_equal(when_moment(&when, now_us, shanghai, &moment, NULL), 0);
        assert_false(moment.is_seq);
        instant_format(moment.instant_us, instant);
        assert_string_equal(instant, cases[i].instant);
    }
}

static void test_seq(void **state)
{
    struct moment moment = {0};
    struct when when = {0};

    (void)state;
    assert_int_equal(when_parse_time(text_of("17"), &when, NULL), 0);
    assert_int_equal(when_moment(&when, now_us, shanghai, &moment, NULL), 0);
    assert_true(moment.is_seq);
    assert_int_equal(moment.seq, 17);
}

static void test_what_is_no_time(void **state)
{
    static const char *const cases[] = {"",
                                        "2 fortnights ago",
                                        "2 weeks",
                                        "weeks ago",
                                        "17 ",
                                        "99999999999999999999",
                                        "9223372036854775807 weeks ago",
                                        "2026-01-19T25:00:00Z",
                                        "1e3"};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct daybook_error err = {0};
        struct when when = {0};

        assert_int_equal(when_parse_time(text_of(cases[i]), &when, &err), DAYBOOK_USAGE);
        assert_non_null(strstr(err.message, "2 weeks ago"));
    }
}

static void test_ago_before_the_calendar(void **state)
{
    struct moment moment = {0};
    struct when when = {0};

    (void)state;
    assert_int_equal(when_parse_time(text_of("200000 weeks ago"), &when, NULL), 0);
    assert_int_equal(when_moment(&when, now_us, shanghai, &moment, NULL), DAYBOOK_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates),           cmocka_unit_test(test_what_is_no_date),
        cmocka_unit_test(test_unknown_day),     cmocka_unit_test(test_days_beyond_the_calendar),
        cmocka_unit_test(test_moments),         cmocka_unit_test(test_seq),
        cmocka_unit_test(test_what_is_no_time), cmocka_unit_test(test_ago_before_the_calendar),
    };

    return cmocka_run_group_tests(tests, load_zone, free_zone);
}
