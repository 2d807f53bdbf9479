/* Time zones: real ones around their changes, and every form of rule that a footer may have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/date.h"
#include "ledger/zone.h"
#include "ledger/zone_rule.h"

enum { HOUR_S = 3600 };

static struct daybook_text text_of(const char *s)
{
    return (struct daybook_text){s, strlen(s)};
}

static struct zone *zone_of(const char *name)
{
    struct zone *zone = NULL;
    struct daybook_error err = {0};
    if (zone_load(text_of(name), &zone, &err) != 0) {
        fail_msg("%s: %s", name, err.message);
    }
    return zone;
}

static int64_t us_of(const char *instant)
{
    int64_t us = 0;
    if (!instant_parse(text_of(instant), &us)) {
        fail_msg("%s is no instant", instant);
    }
    return us;
}

static int32_t day_of(const char *date)
{
    int32_t day = 0;
    if (!date_parse_iso(text_of(date), &day)) {
        fail_msg("%s is no date", date);
    }
    return day;
}

static void offsets_and_days(void **state)
{
    (void)state;
    static const struct {
        const char *zone, *instant;
        int32_t offset_s;
        const char *day;
    } cases[] = {
        {"UTC", "1850-01-01T00:00:00Z", 0, "1850-01-01"},
        {"UTC", "2026-03-05T23:59:59.999999Z", 0, "2026-03-05"},
        {"Asia/Shanghai", "2026-03-05T15:59:59.999999Z", 8 * HOUR_S, "2026-03-05"},
        {"Asia/Shanghai", "2026-03-05T16:00:00Z", 8 * HOUR_S, "2026-03-06"},
        {"Asia/Shanghai", "1988-07-01T00:00:00Z", 9 * HOUR_S, "1988-07-01"}, /* it had summer time then */
        {"Asia/Shanghai", "1900-12-31T15:54:16Z", 29143, "1900-12-31"},      /* local mean time */
        {"Asia/Shanghai", "1900-12-31T15:54:17Z", 8 * HOUR_S, "1900-12-31"},
        {"Asia/Shanghai", "1969-12-31T15:59:59.999999Z", 8 * HOUR_S, "1969-12-31"},
        {"Asia/Shanghai", "9999-12-31T00:00:00Z", 8 * HOUR_S, "9999-12-31"},
        {"Europe/Berlin", "2026-03-29T00:59:59.999999Z", 1 * HOUR_S, "2026-03-29"},
        {"Europe/Berlin", "2026-03-29T01:00:00Z", 2 * HOUR_S, "2026-03-29"},
        {"Europe/Berlin", "2026-10-25T00:59:59.999999Z", 2 * HOUR_S, "2026-10-25"},
        {"Europe/Berlin", "2026-10-25T01:00:00Z", 1 * HOUR_S, "2026-10-25"},
        {"Europe/Berlin", "2050-03-27T00:59:59.999999Z", 1 * HOUR_S, "2050-03-27"},
        {"Europe/Berlin", "2050-03-27T01:00:00Z", 2 * HOUR_S, "2050-03-27"},
        {"Europe/Berlin", "2050-10-30T00:59:59.999999Z", 2 * HOUR_S, "2050-10-30"},
        {"Europe/Berlin", "2050-10-30T01:00:00Z", 1 * HOUR_S, "2050-10-30"},
        {"America/New_York", "2026-03-08T06:59:59.999999Z", -5 * HOUR_S, "2026-03-08"},
        {"America/New_York", "2026-03-08T07:00:00Z", -4 * HOUR_S, "2026-03-08"},
        {"America/New_York", "2050-03-13T06:59:59.999999Z", -5 * HOUR_S, "2050-03-13"},
        {"America/New_York", "2050-03-13T07:00:00Z", -4 * HOUR_S, "2050-03-13"},
        {"America/New_York", "2050-11-06T05:59:59.999999Z", -4 * HOUR_S, "2050-11-06"},
        {"America/New_York", "2050-11-06T06:00:00Z", -5 * HOUR_S, "2050-11-06"},
        {"America/New_York", "2050-07-05T03:59:59.999999Z", -4 * HOUR_S, "2050-07-04"},
        {"Australia/Sydney", "2050-01-01T00:00:00Z", 11 * HOUR_S, "2050-01-01"}, /* southern summer */
        {"Australia/Sydney", "2050-07-01T00:00:00Z", 10 * HOUR_S, "2050-07-01"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct zone *zone = zone_of(cases[i].zone);
        assert_int_equal(zone_offset_s(zone, us_of(cases[i].instant)), cases[i].offset_s);
        assert_int_equal(zone_day(zone, us_of(cases[i].instant)), day_of(cases[i].day));
        zone_free(zone);
    }
}

static void starts_of_days(void **state)
{
    (void)state;
    static const struct {
        const char *zone, *day, *start;
    } cases[] = {
        {"UTC", "2026-03-05", "2026-03-05T00:00:00Z"},
        {"Asia/Shanghai", "2026-03-05", "2026-03-05T00:00:00+08:00"},
        {"Europe/Berlin", "2026-03-29", "2026-03-29T00:00:00+01:00"},
        {"Europe/Berlin", "2026-03-30", "2026-03-30T00:00:00+02:00"},
        {"Europe/Berlin", "2050-10-31", "2050-10-31T00:00:00+01:00"},
        {"America/New_York", "2050-07-04", "2050-07-04T00:00:00-04:00"},
        {"America/Sao_Paulo", "2018-11-04", "2018-11-04T01:00:00-02:00"}, /* there was no midnight */
        {"America/Sao_Paulo", "2018-02-18", "2018-02-18T00:00:00-03:00"}, /* it came an hour after 24:00 */
        {"America/St_Johns", "2006-10-29", "2006-10-29T00:00:00-02:30"},  /* it came twice: 0:01 became 23:01 */
        {"Pacific/Apia", "2011-12-30", "2011-12-31T00:00:00+14:00"},      /* there was no such day */
        {"Pacific/Apia", "2011-12-31", "2011-12-31T00:00:00+14:00"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct zone *zone = zone_of(cases[i].zone);
        int64_t start_us = zone_day_start_us(zone, day_of(cases[i].day));
        assert_true(start_us == us_of(cases[i].start));
        assert_true(zone_day(zone, start_us) >= day_of(cases[i].day));
        assert_true(zone_day(zone, start_us - 1) < day_of(cases[i].day));
        zone_free(zone);
    }
}

static void first_and_last_day(void **state)
{
    (void)state;
    static const char *const names[] = {"UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct zone *zone = zone_of(names[i]);
        assert_int_equal(zone_day(zone, zone_day_start_us(zone, DAYBOOK_DAY_MIN)), DAYBOOK_DAY_MIN);
        assert_int_equal(zone_day(zone, zone_day_start_us(zone, DAYBOOK_DAY_MAX)), DAYBOOK_DAY_MAX);
        zone_free(zone);
    }
}

static void refused_names(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "Mars/Olympus", "../../../etc/passwd", "Europe/../UTC", "Europe", "/etc/localtime", "/", "zone.tab",
        "tzdata.zi", "Asia/Shanghai ", "Asia\\Shanghai", "Europe/Berlin/x",
        "Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct zone *zone = NULL;
        struct daybook_error err = {0};
        assert_int_equal(zone_load(text_of(bad[i]), &zone, &err), DAYBOOK_BAD_VALUE);
        assert_int_equal(err.code, DAYBOOK_BAD_VALUE);
        assert_true(err.message[0] != '\0');
        assert_null(zone);
    }
    struct zone *zone = NULL;
    assert_int_equal(zone_load(DAYBOOK_TEXT("UTC\0"), &zone, NULL), DAYBOOK_BAD_VALUE);
    assert_int_equal(zone_load(DAYBOOK_TEXT_NONE, &zone, NULL), DAYBOOK_BAD_VALUE);
}

static void rules(void **state)
{
    (void)state;
    static const struct {
        const char *rule, *instant;
        int32_t offset_s;
        const char *until; /* NULL: for ever */
    } cases[] = {
        {"CST-8", "2050-01-01T00:00:00Z", 8 * HOUR_S, NULL},
        {"<+0330>-3:30", "2050-01-01T00:00:00Z", 3 * HOUR_S + 1800, NULL},
        {"<-02>2", "2050-01-01T00:00:00Z", -2 * HOUR_S, NULL},
        {"LMT-0:05:43", "2050-01-01T00:00:00Z", 343, NULL},
        /* default time 02:00, default offset one hour on */
        {"EST5EDT,M3.2.0,M11.1.0", "2050-03-13T06:59:59Z", -5 * HOUR_S, "2050-03-13T07:00:00Z"},
        {"EST5EDT,M3.2.0,M11.1.0", "2050-03-13T07:00:00Z", -4 * HOUR_S, "2050-11-06T06:00:00Z"},
        /* the fifth Sunday counted from the first is already 1 April: the last one is a week before */
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2029-03-25T01:00:00Z", 2 * HOUR_S, "2029-10-28T01:00:00Z"},
        /* 29 February has no J number, and number 59 when counted from 0 */
        {"AAA0BBB,J60/0,J300/0", "2024-02-29T23:59:59Z", 0, "2024-03-01T00:00:00Z"},
        {"AAA0BBB,J60/0,J300/0", "2024-03-01T00:00:00Z", HOUR_S, "2024-10-26T23:00:00Z"},
        {"AAA0BBB,J59/0,J300/0", "2024-02-28T00:00:00Z", HOUR_S, "2024-10-26T23:00:00Z"},
        {"AAA0BBB,59/0,300/0", "2024-02-28T23:59:59Z", 0, "2024-02-29T00:00:00Z"},
        {"AAA0BBB,59/0,300/0", "2023-03-01T00:00:00Z", HOUR_S, "2023-10-27T23:00:00Z"},
        /* times before the day and far behind it */
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2050-03-27T00:59:59Z", -2 * HOUR_S, "2050-03-27T01:00:00Z"},
        {"EET-2EEST,M3.4.4/50,M10.4.4/50", "2050-03-26T00:00:00Z", 3 * HOUR_S, "2050-10-28T23:00:00Z"},
        /* an offset of its own for summer, and one that goes back */
        {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2050-01-01T00:00:00Z", 11 * HOUR_S, "2050-04-02T15:00:00Z"},
        {"IST-1GMT0,M10.5.0,M3.5.0/1", "2050-12-31T00:00:00Z", 0, "2051-03-26T01:00:00Z"},
        /* daylight time all year */
        {"XXX3EDT4,0/0,J365/23", "2050-07-01T00:00:00Z", -4 * HOUR_S, NULL},
        {"EST5EDT,0/0,J365/25", "2051-01-01T05:00:00Z", -4 * HOUR_S, "2052-01-01T05:00:00Z"},
        {"EST5EDT,0/0,J365/25", "2051-01-01T04:59:59Z", -4 * HOUR_S, "2051-01-01T05:00:00Z"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct zone_rule rule;
        if (!zone_rule_parse(cases[i].rule, &rule)) {
            fail_msg("%s is a rule", cases[i].rule);
        }
        struct zone_span span = zone_rule_span(&rule, us_of(cases[i].instant) / 1000000);
        assert_int_equal(span.offset_s, cases[i].offset_s);
        if (cases[i].until != NULL) {
            assert_true(span.until_s == us_of(cases[i].until) / 1000000);
        } else if (!rule.has_dst) {
            assert_true(span.until_s == INT64_MAX);
        }
    }
}

static void not_rules(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "C", "CE-1", "CET", "CET-", "CET-25", "CET-1:60", "CET-1:", "<+08-8", "<", "CET-1CEST", "CET-1CEST,",
        "CET-1CEST,M3.5.0", "CET-1CEST,M3.5.0,", "CET-1CEST,M0.5.0,M10.5.0", "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.0.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J365",
        "CET-1CEST,J366,J1", "CET-1CEST,366,1", "CET-1CEST,M3.5.0,M10.5.0/168", "CET-1CEST,M3.5.0,M10.5.0x",
        "CET-99999999999999999999", "CET-1CEST,M3.5,M10.5.0", "CET-1 CEST,M3.5.0,M10.5.0",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct zone_rule rule;
        if (zone_rule_parse(bad[i], &rule)) {
            fail_msg("%s is no rule", bad[i]);
        }
    }
}

static void system_zone(void **state)
{
    (void)state;
    char name[64];
    static const struct {
        const char *tz, *name;
    } cases[] = {{"Asia/Shanghai", "Asia/Shanghai"}, {":Europe/Berlin", "Europe/Berlin"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(setenv("TZ", cases[i].tz, 1), 0);
        zone_system_name(name);
        assert_string_equal(name, cases[i].name);
    }
    static const char *const useless[] = {"", "No/Such", "/etc/localtime", "<+08>-8"};
    for (size_t i = 0; i < sizeof(useless) / sizeof(useless[0]); i++) {
        assert_int_equal(setenv("TZ", useless[i], 1), 0);
        zone_system_name(name);
        zone_free(zone_of(name));
    }
    assert_int_equal(unsetenv("TZ"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets_and_days), cmocka_unit_test(starts_of_days), cmocka_unit_test(first_and_last_day),
        cmocka_unit_test(refused_names),    cmocka_unit_test(rules),          cmocka_unit_test(not_rules),
        cmocka_unit_test(system_zone),
    };
    return cmocka_run_group_tests_name("zone", tests, NULL, NULL);
}
