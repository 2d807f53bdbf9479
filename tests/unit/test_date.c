/* Dates against a naive walk through the whole calendar, instants against values worked out elsewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/date.h"

static struct daybook_text text_of(const char *s)
{
    return (struct daybook_text){s, strlen(s)};
}

static void every_day_in_order(void **state)
{
    (void)state;
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int32_t expected = -719162;
    for (int year = 1; year <= 9999; year++) {
        for (int month = 1; month <= 12; month++) {
            int leap = month == 2 && ((year % 4 == 0 && year % 100 != 0) || year % 400 == 0);
            int length = lengths[month - 1] + leap;
            for (int day = 1; day <= length; day++, expected++) {
                int32_t got;
                int y, m, d;
                assert_true(date_from_ymd(year, month, day, &got));
                assert_int_equal(got, expected);
                date_to_ymd(expected, &y, &m, &d);
                assert_true(y == year && m == month && d == day);
            }
            int32_t none;
            assert_false(date_from_ymd(year, month, length + 1, &none));
            assert_false(date_from_ymd(year, month, 0, &none));
        }
    }
    assert_int_equal(expected, DAYBOOK_DAY_MAX + 1);
}

static void no_such_dates(void **state)
{
    (void)state;
    int32_t day;
    assert_false(date_from_ymd(0, 12, 31, &day));
    assert_false(date_from_ymd(10000, 1, 1, &day));
    assert_false(date_from_ymd(2026, 0, 1, &day));
    assert_false(date_from_ymd(2026, 13, 1, &day));
    assert_false(date_from_ymd(2026, 2, 30, &day));
    assert_false(date_from_ymd(1900, 2, 29, &day));
    assert_false(date_from_ymd(INT32_MIN, INT32_MIN, INT32_MIN, &day));
    assert_false(date_from_ymd(INT32_MAX, INT32_MAX, INT32_MAX, &day));
}

static void weekdays(void **state)
{
    (void)state;
    assert_int_equal(date_weekday(0), 3);      /* Thursday */
    assert_int_equal(date_weekday(-1), 2);     /* Wednesday */
    assert_int_equal(date_weekday(20517), 3);  /* 2026-03-05 */
    assert_int_equal(date_weekday(11016), 1);  /* 2000-02-29 */
    assert_int_equal(date_weekday(-25508), 3); /* 1900-03-01 */
    assert_int_equal(date_weekday(DAYBOOK_DAY_MIN), 0);
    assert_int_equal(date_weekday(DAYBOOK_DAY_MAX), 4);
}

static void iso_dates(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int32_t day;
    } good[] = {
        {"1970-01-01", 0}, {"2026-03-05", 20517}, {"2000-02-29", 11016}, {"1600-02-29", -135081},
        {"0001-01-01", -719162}, {"9999-12-31", 2932896},
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        int32_t day;
        char out[DAYBOOK_DAY_TEXT_SIZE];
        assert_true(date_parse_iso(text_of(good[i].text), &day));
        assert_int_equal(day, good[i].day);
        date_format(day, out);
        assert_string_equal(out, good[i].text);
    }
    static const char *const bad[] = {
        "", "2026-3-05", "2026-02-30", "2026-03-05 ", " 2026-03-05", "2026/03/05", "20260305", "+026-03-05",
        "2026-03-0x", "2026-0x-05", "x026-03-05", "0000-01-01", "2026-00-10", "2026-10-00", "10000-01-01", "-001-01-01",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int32_t day = 4711;
        assert_false(date_parse_iso(text_of(bad[i]), &day));
        assert_int_equal(day, 4711);
    }
    int32_t day;
    assert_false(date_parse_iso(DAYBOOK_TEXT_NONE, &day));
}

static void instants(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t us;
        const char *formatted; /* NULL: the text itself */
    } good[] = {
        {"1970-01-01T00:00:00.000000Z", 0, NULL},
        {"2026-03-05T09:30:00.123456Z", 1772703000123456, NULL},
        {"1969-12-31T23:59:59.999999Z", -1, NULL},
        {"0001-01-01T00:00:00.000000Z", -62135596800000000, NULL},
        {"9999-12-31T23:59:59.999999Z", 253402300799999999, NULL},
        {"2026-03-05t09:30:00z", 1772703000000000, "2026-03-05T09:30:00.000000Z"},
        {"2026-03-05 09:30:00+08:00", 1772674200000000, "2026-03-05T01:30:00.000000Z"},
        {"2026-03-05T09:30:00.5-00:30", 1772704800500000, "2026-03-05T10:00:00.500000Z"},
        {"2026-03-05T09:30:00.1234569Z", 1772703000123456, "2026-03-05T09:30:00.123456Z"},
        {"2026-03-05T09:30:00.123456999Z", 1772703000123456, "2026-03-05T09:30:00.123456Z"},
        {"2016-12-31T23:59:60Z", 1483228799999999, "2016-12-31T23:59:59.999999Z"},
        {"2016-12-31T23:59:60.5Z", 1483228799999999, "2016-12-31T23:59:59.999999Z"},
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        int64_t us = 42;
        char out[DAYBOOK_INSTANT_TEXT_SIZE];
        assert_true(instant_parse(text_of(good[i].text), &us));
        assert_true(us == good[i].us);
        instant_format(us, out);
        assert_string_equal(out, good[i].formatted != NULL ? good[i].formatted : good[i].text);
    }
}

static void bad_instants(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "2026-03-05", "2026-03-05T09:30:00", "2026-03-05T09:30Z", "2026-03-05T24:00:00Z", "2026-03-05T09:60:00Z",
        "2026-03-05T09:30:61Z", "2026-03-05T09:30:00.Z", "2026-03-05T09:30:00.1234567890Z", "2026-03-05T09:30:00+0800",
        "2026-03-05T09:30:00+24:00", "2026-03-05T09:30:00+08:60", "2026-03-05T09:30:00+08:00 ", "2026-03-05T09:30:00Zx",
        "2026-03-05_09:30:00Z", "2026-02-30T09:30:00Z", "2026-03-05T09-30-00Z", "2026-03-05T0x:30:00Z",
        "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "2026-03-05T09:30:00,5Z", "0000-12-31T23:00:00-02:00",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int64_t us = 42;
        assert_false(instant_parse(text_of(bad[i]), &us));
        assert_true(us == 42);
    }
    /* NUL is no separator. */
    int64_t us;
    assert_false(instant_parse(DAYBOOK_TEXT("2026-03-05\0" "09:30:00Z"), &us));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_in_order), cmocka_unit_test(no_such_dates), cmocka_unit_test(weekdays),
        cmocka_unit_test(iso_dates),          cmocka_unit_test(instants),      cmocka_unit_test(bad_instants),
    };
    return cmocka_run_group_tests_name("date", tests, NULL, NULL);
}
