/* Time zones: which civil day an instant falls on, from the system's TZif files (RFC 8536).
 *
 * libc's own functions keep the zone in global state (TZ, tzset), which a library must not touch:
 * several ledgers with several zones live in one process. */
#ifndef LEDGER_ZONE_H
#define LEDGER_ZONE_H

#include "daybook/error.h"
#include "daybook/value.h"

struct zone;

/* Load a zone by its IANA name ("Asia/Shanghai", "UTC"). Only letters, digits and / _ - + are taken, no "..".
 * Looks below /usr/share/zoneinfo; "UTC" needs no file. DAYBOOK_BAD_VALUE when there is none of that name; the
 * caller ends with zone_free. */
int zone_load(struct daybook_text name, struct zone **ret, struct daybook_error *err);
void zone_free(struct zone *zone);
/* Seconds east of UTC at that instant, footers (POSIX TZ rules) included for times after the last transition. */
int32_t zone_offset_s(const struct zone *zone, int64_t instant_us);
/* The civil day in the zone. */
int32_t zone_day(const struct zone *zone, int64_t instant_us);
/* The first microsecond of that civil day in the zone. */
int64_t zone_day_start_us(const struct zone *zone, int32_t day);
/* The system's own zone name for the default of `init`: $TZ if it names one, else /etc/timezone, else the target
 * of /etc/localtime, else "UTC". Writes NUL-terminated text. */
void zone_system_name(char out[64]);

#endif
