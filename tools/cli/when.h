/* Days and moments as a person types them.
 *
 *   DATE  YYYY-MM-DD | today | yesterday | tomorrow | +10 | -3 (days from today) | unknown, where allowed
 *   TIME  a DATE (its last microsecond) | an RFC 3339 instant | "2 weeks ago" | a plain integer: a seq
 *
 * (also 今天 昨天 明天 未知 and 2周前). Reading is one step and needs neither clock nor zone; what it means is another:
 * then `now_us` and the ledger's zone are known. Pure functions. */
#ifndef TOOLS_CLI_WHEN_H
#define TOOLS_CLI_WHEN_H

#include "daybook/error.h"
#include "daybook/value.h"
#include "ledger/zone.h"

enum when_kind {
    WHEN_UNKNOWN,         /* the day is not known */
    WHEN_DAY,             /* number: a civil day */
    WHEN_DAYS_FROM_TODAY, /* number: of days, negative: before */
    WHEN_INSTANT,         /* number: microseconds since 1970 */
    WHEN_AGO,             /* number: of microseconds before now */
    WHEN_SEQ,             /* number: a seq */
};

struct when {
    enum when_kind kind;
    int64_t number;
};

/* A moment in a ledger's life: seq when it is one, otherwise by the clock. */
struct moment {
    bool is_seq;
    uint64_t seq;
    int64_t instant_us;
};

/* Read a DATE or a TIME. DAYBOOK_USAGE, with what is allowed, when it is none. */
int when_parse_date(struct daybook_text text, bool unknown_allowed, struct when *ret, struct daybook_error *err);
int when_parse_time(struct daybook_text text, struct when *ret, struct daybook_error *err);

/* The day that a DATE means; DAYBOOK_DAY_NONE for "unknown". DAYBOOK_USAGE outside of the years 1..9999. */
int when_day(const struct when *when, int64_t now_us, const struct zone *zone, int32_t *ret_day,
             struct daybook_error *err);
/* The moment that a TIME means; the end of the day for a DATE. DAYBOOK_USAGE outside of the years 1..9999. */
int when_moment(const struct when *when, int64_t now_us, const struct zone *zone, struct moment *ret,
                struct daybook_error *err);

#endif
