/* Order numbers from a pattern. */
#include "ledger/numbers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/date.h"
#include "ledger/text.h"

static const char *const date_parts[] = {"yyyy", "yy", "mm", "dd"};
enum { YEAR_4, YEAR_2, MONTH, DAY, PART_COUNT, COUNTER_WIDTH_MAX = 18 };

/* The date part that stands at `at`; PART_COUNT when there is none. */
static int part_at(const char *at, const char *end)
{
    for (int i = 0; i < PART_COUNT; i++) {
        size_t len = strlen(date_parts[i]);
        if ((size_t)(end - at) >= len && memcmp(at, date_parts[i], len) == 0)
            return i;
    }
    return PART_COUNT;
}

static bool is_counter(const char *at, const char *end)
{
    size_t zeros = 0;
    while (at + zeros < end && at[zeros] == '0')
        zeros++;
    return zeros > 0 && at + zeros == end && zeros <= COUNTER_WIDTH_MAX;
}

static bool is_date(const char *at, const char *end)
{
    bool any = at < end;
    while (at < end) {
        int part = part_at(at, end);
        if (part == PART_COUNT)
            return false;
        at += strlen(date_parts[part]);
    }
    return any;
}

/* Order numbers are looked for in NFKC; one that is given otherwise would never be found. */
static int check_as_compared(struct daybook_text pattern, struct daybook_error *err)
{
    size_t len = 0;
    char *compared = text_nfkc(pattern, &len);
    if (!compared)
        return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for the pattern of order numbers.");
    bool same = len == pattern.len && memcmp(compared, pattern.ptr, len) == 0;
    free(compared);
    if (same)
        return 0;
    return daybook_fail(err, DAYBOOK_BAD_VALUE,
                        "The pattern of order numbers has blanks at an end, or full-width or other characters "
                        "that are not kept as they are. Write it with plain ones.");
}

int numbers_check(struct daybook_text pattern, struct daybook_error *err)
{
    int counters = 0;
    bool good = pattern.ptr && pattern.len > 0 && pattern.len <= NUMBERS_PATTERN_MAX && text_is_valid(pattern);
    const char *end = good ? pattern.ptr + pattern.len : NULL;
    for (const char *at = pattern.ptr; good && at < end; at++) {
        if (*at == '}')
            good = false;
        if (*at != '{')
            continue;
        const char *close = memchr(at, '}', (size_t)(end - at));
        if (!close) {
            good = false;
            break;
        }
        bool counter = is_counter(at + 1, close);
        counters += counter;
        good = counter || is_date(at + 1, close);
        at = close;
    }
    if (good && counters == 1)
        return check_as_compared(pattern, err);
    return daybook_fail(
        err, DAYBOOK_BAD_VALUE,
        "The pattern of order numbers needs one counter such as {0000}, and besides text only {yyyy} {yy} "
        "{mm} {dd}: for example SO-{000000} or XS{yyyymmdd}-{000}.");
}

static size_t expand_part(int part, int32_t day, char *out, size_t room)
{
    int year, month, day_of_month;
    date_to_ymd(day, &year, &month, &day_of_month);
    const int values[PART_COUNT] = {[YEAR_4] = year, [YEAR_2] = year % 100, [MONTH] = month, [DAY] = day_of_month};
    return (size_t)snprintf(out, room, part == YEAR_4 ? "%04d" : "%02d", values[part]);
}

size_t numbers_expand(struct daybook_text pattern, int32_t day, uint64_t counter, char out[NUMBERS_EXPANDED_MAX])
{
    size_t used = 0;
    const char *end = pattern.ptr + pattern.len;
    for (const char *at = pattern.ptr; at < end; at++) {
        if (*at != '{') {
            out[used++] = *at;
            continue;
        }
        const char *close = memchr(at, '}', (size_t)(end - at));
        if (at[1] == '0')
            used +=
                (size_t)snprintf(out + used, NUMBERS_EXPANDED_MAX - used, "%0*" PRIu64, (int)(close - at - 1), counter);
        else
            for (const char *part = at + 1; part < close; part += strlen(date_parts[part_at(part, close)]))
                used += expand_part(part_at(part, close), day, out + used, NUMBERS_EXPANDED_MAX - used);
        at = close;
    }
    out[used] = '\0';
    return used;
}

static size_t digits_at(const char *at, const char *end)
{
    size_t count = 0;
    while (at + count < end && at[count] >= '0' && at[count] <= '9')
        count++;
    return count;
}

bool numbers_match(struct daybook_text pattern, struct daybook_text number)
{
    const char *n = number.ptr, *number_end = number.ptr + number.len, *end = pattern.ptr + pattern.len;
    for (const char *at = pattern.ptr; at < end; at++) {
        if (*at != '{') {
            if (n == number_end || *n++ != *at)
                return false;
            continue;
        }
        const char *close = memchr(at, '}', (size_t)(end - at));
        size_t width = (size_t)(close - at - 1), there = digits_at(n, number_end);
        if (there < width)
            return false;
        n += at[1] == '0' ? there : width;
        at = close;
    }
    return n == number_end;
}
