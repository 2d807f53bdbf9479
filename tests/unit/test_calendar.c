/* The working calendar against days counted by hand, and against a walk from day to day. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "ledger/calendar.h"
#include "ledger/date.h"

static int32_t day_of(int year, int month, int day)
{
    int32_t ret = DAYBOOK_DAY_NONE;
    assert_true(date_from_ymd(year, month, day, &ret));
    return ret;
}

/* Labour Day 2024 in China: 1 to 5 May off, Sunday 28 April and Saturday 11 May worked. */
static struct calendar labour_day(struct calendar_exception exceptions[7])
{
    exceptions[0] = (struct calendar_exception){day_of(2024, 4, 28), true};
    for (int i = 0; i < 5; i++) {
        exceptions[1 + i] = (struct calendar_exception){day_of(2024, 5, 1 + i), false};
    }
    exceptions[6] = (struct calendar_exception){day_of(2024, 5, 11), true};
    return (struct calendar){exceptions, 7};
}

static void civil_days_are_a_difference(void **state)
{
    (void)state;
    assert_int_equal(calendar_days_between(NULL, day_of(2024, 2, 28), day_of(2024, 3, 1)), 2);
    assert_int_equal(calendar_days_between(NULL, day_of(2024, 3, 1), day_of(2024, 2, 28)), -2);
    assert_int_equal(calendar_days_between(NULL, DAYBOOK_DAY_MIN, DAYBOOK_DAY_MAX), 3652058);
}

static void a_week_without_exceptions(void **state)
{
    (void)state;
    const struct calendar plain = {NULL, 0};
    int32_t friday = day_of(2024, 6, 7);
    /* from Friday to Friday .. the Saturday of the week after */
    const int32_t workdays[] = {0, 0, 0, 1, 2, 3, 4, 5, 5};

    for (int32_t i = 0; i < 9; i++) {
        assert_int_equal(calendar_days_between(&plain, friday, friday + i), workdays[i]);
        assert_int_equal(calendar_days_between(&plain, friday + i, friday), -workdays[i]);
    }
    /* from Saturday, Monday counts; back from Monday to Saturday it counts too */
    assert_int_equal(calendar_days_between(&plain, friday + 1, friday + 3), 1);
    assert_int_equal(calendar_days_between(&plain, friday + 3, friday + 1), -1);
    /* 2024 has 366 days: from 31 December 2023, a Sunday, 52 weeks, Monday and Tuesday */
    assert_int_equal(calendar_days_between(&plain, day_of(2023, 12, 31), day_of(2024, 12, 31)), 262);
}

static void holidays_and_make_up_days(void **state)
{
    (void)state;
    struct calendar_exception exceptions[7];
    const struct calendar calendar = labour_day(exceptions);

    assert_true(calendar_is_workday(&calendar, day_of(2024, 4, 28)));  /* a Sunday, worked */
    assert_true(calendar_is_workday(&calendar, day_of(2024, 4, 30)));  /* a Tuesday as any */
    assert_false(calendar_is_workday(&calendar, day_of(2024, 5, 1)));  /* a Wednesday off */
    assert_false(calendar_is_workday(&calendar, day_of(2024, 5, 4)));  /* a Saturday off anyway */
    assert_true(calendar_is_workday(&calendar, day_of(2024, 5, 11)));  /* a Saturday, worked */
    assert_false(calendar_is_workday(&calendar, day_of(2024, 5, 12))); /* a Sunday as any */

    /* Friday 26 April to Monday 13 May: 28 29 30 April, 6 7 8 9 10 11 13 May */
    assert_int_equal(calendar_days_between(&calendar, day_of(2024, 4, 26), day_of(2024, 5, 13)), 10);
    assert_int_equal(calendar_days_between(&calendar, day_of(2024, 5, 13), day_of(2024, 4, 26)), -10);
    /* the first day does not count, the last does */
    assert_int_equal(calendar_days_between(&calendar, day_of(2024, 4, 28), day_of(2024, 4, 29)), 1);
    assert_int_equal(calendar_days_between(&calendar, day_of(2024, 4, 27), day_of(2024, 4, 28)), 1);
    assert_int_equal(calendar_days_between(&calendar, day_of(2024, 4, 30), day_of(2024, 5, 5)), 0);
    assert_int_equal(calendar_days_between(&calendar, day_of(2024, 5, 10), day_of(2024, 5, 11)), 1);
}

static void the_ends_of_time(void **state)
{
    (void)state;
    const struct calendar plain = {NULL, 0};

    assert_true(calendar_is_workday(&plain, DAYBOOK_DAY_MIN)); /* a Monday */
    assert_true(calendar_is_workday(&plain, DAYBOOK_DAY_MAX)); /* a Friday */
    /* 3652059 days are 521722 weeks and Monday to Friday; the first day is not counted */
    assert_int_equal(calendar_days_between(&plain, DAYBOOK_DAY_MIN, DAYBOOK_DAY_MAX), 521722 * 5 + 5 - 1);
}

static bool walked_workday(const struct calendar *calendar, int32_t day)
{
    for (size_t i = 0; i < calendar->exception_count; i++) {
        if (calendar->exceptions[i].day == day) {
            return calendar->exceptions[i].is_workday;
        }
    }
    return (day + 700003) % 7 < 5; /* 1970-01-01 was a Thursday, 700003 = 7 * 100000 + 3 */
}

static int32_t walked_days(const struct calendar *calendar, int32_t a, int32_t b)
{
    int32_t count = 0;
    for (int32_t day = a; day < b;) {
        count += walked_workday(calendar, ++day);
    }
    for (int32_t day = b; day < a;) {
        count -= walked_workday(calendar, ++day);
    }
    return count;
}

static void agrees_with_a_walk(void **state)
{
    (void)state;
    const char *given = getenv("SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
    print_message("SEED=%u\n", seed);
    srandom(seed);

    for (int round = 0; round < 300; round++) {
        struct calendar_exception exceptions[40];
        int32_t start = (int32_t)(random() % 30000) - 5000;
        struct calendar calendar = {exceptions, (size_t)(random() % 40)};
        int32_t day = start;

        for (size_t i = 0; i < calendar.exception_count; i++) {
            day += 1 + (int32_t)(random() % 6);
            exceptions[i] = (struct calendar_exception){day, random() % 2 == 0};
        }
        for (int i = 0; i < 30; i++) {
            int32_t a = start - 20 + (int32_t)(random() % 200);
            int32_t b = start - 20 + (int32_t)(random() % 200);
            assert_int_equal(calendar_days_between(&calendar, a, b), walked_days(&calendar, a, b));
            assert_int_equal(calendar_is_workday(&calendar, a), walked_workday(&calendar, a));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(civil_days_are_a_difference), cmocka_unit_test(a_week_without_exceptions),
        cmocka_unit_test(holidays_and_make_up_days),   cmocka_unit_test(the_ends_of_time),
        cmocka_unit_test(agrees_with_a_walk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
