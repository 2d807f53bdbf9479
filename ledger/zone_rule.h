/* POSIX TZ rules ("CET-1CEST,M3.5.0,M10.5.0/3"): how a zone's years go on after the last change that its file
 * lists. The footer of a TZif file holds one (RFC 8536, section 3.3). */
#ifndef LEDGER_ZONE_RULE_H
#define LEDGER_ZONE_RULE_H

#include <stdbool.h>
#include <stdint.h>

/* The yearly begin or end of daylight saving time: a day and a local time. */
struct zone_change {
    char kind;      /* 'M': weekday in a week of a month; 'J': day 1..365 without 29 February; 'n': day 0..365 */
    int month;      /* 'M' only */
    int week;       /* 'M' only: 1..4, 5 = last */
    int day;        /* 'M': 0 = Sunday; else the number of the day */
    int32_t time_s; /* may lie before the day or after it */
};

/* All zero is UTC. */
struct zone_rule {
    bool has_dst;
    int32_t standard_s; /* east of UTC */
    int32_t dst_s;
    struct zone_change dst_start;
    struct zone_change dst_end;
};

/* An offset, in force from the instant that was asked about until just before until_s. */
struct zone_span {
    int32_t offset_s;
    int64_t until_s; /* INT64_MAX: for ever */
};

/* False when `text` is no rule; names in <> and the hours -167..167 of RFC 8536 are taken. */
bool zone_rule_parse(const char *text, struct zone_rule *ret);
/* at_s: an instant in seconds since 1970, of any year that 64 bits of microseconds can say. */
struct zone_span zone_rule_span(const struct zone_rule *rule, int64_t at_s);

#endif
