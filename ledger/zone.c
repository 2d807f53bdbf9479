/* TZif files (RFC 8536).
 *
 * A zone's history is a row of spans with one offset each. The file lists where spans begin; after the last
 * one the rule in its footer says how years go on. span_at() hides which of the two answers; all questions
 * are asked through it. Seconds are counted from 1970 as POSIX does, without leap seconds. */
#include "ledger/zone.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/zone_rule.h"

#define ZONE_FOLDER "/usr/share/zoneinfo/"

enum {
    NAME_MAX_LEN = 63,
    FILE_SIZE_MAX = 1 << 20,
    TYPES_MAX = 256,
    DAY_S = 86400,
    OFFSET_MAX_S = 26 * 3600, /* RFC 8536 wants less than 26 hours */
};

static const int64_t US_PER_SECOND = 1000000;

struct zone {
    size_t count;    /* of transitions */
    int64_t *starts; /* seconds, ascending */
    uint8_t *types;  /* types[i] holds from starts[i] */
    int32_t offsets[TYPES_MAX];
    bool has_rule;
    struct zone_rule rule; /* after the last transition */
};

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

struct tzif_counts {
    uint32_t is_utc, is_standard, leap, time, type, chars;
};

enum { TZIF_HEADER_SIZE = 44, TZIF_COUNTS_AT = 20, TZIF_TYPE_SIZE = 6 };

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* A big-endian time of 4 or 8 bytes. */
static int64_t be_time(const uint8_t *p, size_t size)
{
    if (size == 4) {
        return (int32_t)be32(p);
    }
    return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

/* The counts and the size of the data block behind the header at `p`; false unless all of it lies within `len`. */
static bool read_tzif_header(const uint8_t *p, size_t len, size_t time_size, struct tzif_counts *ret, size_t *ret_size)
{
    if (len < TZIF_HEADER_SIZE || memcmp(p, "TZif", 4) != 0) {
        return false;
    }
    const uint8_t *c = p + TZIF_COUNTS_AT;
    struct tzif_counts counts = {be32(c), be32(c + 4), be32(c + 8), be32(c + 12), be32(c + 16), be32(c + 20)};
    uint64_t size = (uint64_t)counts.time * (time_size + 1) + (uint64_t)counts.type * TZIF_TYPE_SIZE + counts.chars +
                    (uint64_t)counts.leap * (time_size + 4) + counts.is_standard + counts.is_utc;
    if (size > len - TZIF_HEADER_SIZE || counts.type == 0 || counts.type > TYPES_MAX) {
        return false;
    }
    *ret = counts;
    *ret_size = (size_t)size;
    return true;
}

/* Transitions and types of the data block at `p`, which read_tzif_header has measured. */
static int read_tzif_block(struct zone *zone, const uint8_t *p, const struct tzif_counts *counts, size_t time_size)
{
    const uint8_t *types = p + counts->time * time_size;
    const uint8_t *offsets = types + counts->time;
    for (size_t i = 0; i < counts->type; i++) {
        int32_t offset_s = (int32_t)be32(offsets + i * TZIF_TYPE_SIZE);
        if (offset_s <= -OFFSET_MAX_S || offset_s >= OFFSET_MAX_S) {
            return DAYBOOK_DAMAGED;
        }
        zone->offsets[i] = offset_s;
    }
    if (counts->time == 0) {
        return 0;
    }
    zone->starts = calloc(counts->time, sizeof(*zone->starts));
    zone->types = calloc(counts->time, sizeof(*zone->types));
    if (zone->starts == NULL || zone->types == NULL) {
        return DAYBOOK_NO_MEMORY;
    }
    for (size_t i = 0; i < counts->time; i++) {
        zone->starts[i] = be_time(p + i * time_size, time_size);
        zone->types[i] = types[i];
        if (types[i] >= counts->type || (i > 0 && zone->starts[i] <= zone->starts[i - 1])) {
            return DAYBOOK_DAMAGED;
        }
    }
    zone->count = counts->time;
    return 0;
}

/* The footer is a line between two line feeds; an empty one says that nothing is known. */
static int read_tzif_footer(struct zone *zone, const uint8_t *p, size_t len)
{
    char line[128];
    const uint8_t *end = len > 1 && p[0] == '\n' ? memchr(p + 1, '\n', len - 1) : NULL;
    if (end == NULL || (size_t)(end - p) > sizeof(line)) {
        return DAYBOOK_DAMAGED;
    }
    size_t line_len = (size_t)(end - p) - 1;
    memcpy(line, p + 1, line_len);
    line[line_len] = '\0';
    if (line_len == 0) {
        return 0;
    }
    zone->has_rule = zone_rule_parse(line, &zone->rule);
    return zone->has_rule ? 0 : DAYBOOK_DAMAGED;
}

/* Version 1 files have one block with 4-byte times; later ones a second with 8-byte times, then the footer. */
static int read_tzif(struct zone *zone, const uint8_t *p, size_t len)
{
    struct tzif_counts counts;
    size_t size;
    if (!read_tzif_header(p, len, 4, &counts, &size)) {
        return DAYBOOK_DAMAGED;
    }
    if (p[4] == '\0') {
        return read_tzif_block(zone, p + TZIF_HEADER_SIZE, &counts, 4);
    }
    p += TZIF_HEADER_SIZE + size;
    len -= TZIF_HEADER_SIZE + size;
    if (!read_tzif_header(p, len, 8, &counts, &size)) {
        return DAYBOOK_DAMAGED;
    }
    int rc = read_tzif_block(zone, p + TZIF_HEADER_SIZE, &counts, 8);
    if (rc != 0) {
        return rc;
    }
    return read_tzif_footer(zone, p + TZIF_HEADER_SIZE + size, len - TZIF_HEADER_SIZE - size);
}

/* All of a small regular file into fresh memory that the caller frees. */
static int read_file(const char *path, uint8_t **ret_bytes, size_t *ret_len)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    int rc = DAYBOOK_IO;
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return errno == ENOENT || errno == ENOTDIR ? DAYBOOK_BAD_VALUE : DAYBOOK_IO;
    }
    if (fstat(fd, &info) != 0) {
        goto out;
    }
    if (!S_ISREG(info.st_mode)) {
        rc = DAYBOOK_BAD_VALUE;
        goto out;
    }
    if (info.st_size > FILE_SIZE_MAX) {
        rc = DAYBOOK_DAMAGED;
        goto out;
    }
    bytes = calloc(1, (size_t)info.st_size + 1);
    if (bytes == NULL) {
        rc = DAYBOOK_NO_MEMORY;
        goto out;
    }
    while (len < (size_t)info.st_size) {
        ssize_t got = read(fd, bytes + len, (size_t)info.st_size - len);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            goto out;
        }
        if (got == 0) {
            break;
        }
        len += (size_t)got;
    }
    *ret_bytes = bytes;
    *ret_len = len;
    bytes = NULL;
    rc = 0;
out:
    free(bytes);
    close(fd);
    return rc;
}

static bool is_zone_name(struct daybook_text name)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_-+";
    if (name.len == 0 || name.len > NAME_MAX_LEN || name.ptr[0] == '/') {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        if (memchr(allowed, name.ptr[i], sizeof(allowed) - 1) == NULL) {
            return false;
        }
    }
    return true;
}

static int fail_to_load(int code, struct daybook_text name, struct daybook_error *err)
{
    int len = (int)name.len;
    switch (code) {
    case DAYBOOK_BAD_VALUE:
        return daybook_fail(err, code, "There is no time zone named \"%.*s\"; give an IANA name such as Asia/Shanghai.",
                            len, name.ptr);
    case DAYBOOK_NO_MEMORY:
        return daybook_fail(err, code, "Out of memory while reading time zone %.*s.", len, name.ptr);
    case DAYBOOK_DAMAGED:
        return daybook_fail(err, code, "The file %s%.*s is no valid time zone file; install tzdata again.", ZONE_FOLDER,
                            len, name.ptr);
    default:
        return daybook_fail(err, code, "The file %s%.*s cannot be read: %s.", ZONE_FOLDER, len, name.ptr,
                            strerrordesc_np(errno));
    }
}

int zone_load(struct daybook_text name, struct zone **ret, struct daybook_error *err)
{
    char path[sizeof(ZONE_FOLDER) + NAME_MAX_LEN];
    uint8_t *bytes = NULL;
    size_t len = 0;
    struct zone *zone = NULL;
    int rc = 0;
    if (!is_zone_name(name)) {
        return daybook_fail(err, DAYBOOK_BAD_VALUE,
                            "A time zone is an IANA name such as Asia/Shanghai: letters, digits, / _ - and +, at most "
                            "%d of them.",
                            NAME_MAX_LEN);
    }
    zone = calloc(1, sizeof(*zone));
    if (zone == NULL) {
        rc = DAYBOOK_NO_MEMORY;
        goto out;
    }
    if (name.len == 3 && memcmp(name.ptr, "UTC", 3) == 0) {
        zone->has_rule = true;
    } else {
        snprintf(path, sizeof(path), "%s%.*s", ZONE_FOLDER, (int)name.len, name.ptr);
        rc = read_file(path, &bytes, &len);
        if (rc == 0) {
            rc = read_tzif(zone, bytes, len);
        }
    }
    if (rc == 0) {
        *ret = zone;
        zone = NULL;
    }
out:
    free(bytes);
    zone_free(zone);
    return rc == 0 ? 0 : fail_to_load(rc, name, err);
}

void zone_free(struct zone *zone)
{
    if (zone == NULL) {
        return;
    }
    free(zone->starts);
    free(zone->types);
    free(zone);
}

static struct zone_span span_at(const struct zone *zone, int64_t at_s)
{
    size_t after = 0; /* how many transitions are not after the instant */
    for (size_t end = zone->count; after < end;) {
        size_t middle = after + (end - after) / 2;
        if (zone->starts[middle] <= at_s) {
            after = middle + 1;
        } else {
            end = middle;
        }
    }
    if (after == zone->count && zone->has_rule) {
        return zone_rule_span(&zone->rule, at_s);
    }
    return (struct zone_span){
        .offset_s = zone->offsets[after > 0 ? zone->types[after - 1] : 0],
        .until_s = after < zone->count ? zone->starts[after] : INT64_MAX,
    };
}

int32_t zone_offset_s(const struct zone *zone, int64_t instant_us)
{
    return span_at(zone, floor_div(instant_us, US_PER_SECOND)).offset_s;
}

int32_t zone_day(const struct zone *zone, int64_t instant_us)
{
    int64_t at_s = floor_div(instant_us, US_PER_SECOND);
    return (int32_t)floor_div(at_s + span_at(zone, at_s).offset_s, DAY_S);
}

/* Midnight may not exist (clocks go forward over it), exist twice, or the whole day may be missing; so walk the
 * spans around it to the first instant whose local time has reached it. */
int64_t zone_day_start_us(const struct zone *zone, int32_t day)
{
    int64_t midnight_s = (int64_t)day * DAY_S;
    int64_t at_s = midnight_s - OFFSET_MAX_S;
    for (;;) {
        struct zone_span span = span_at(zone, at_s);
        int64_t reached_s = midnight_s - span.offset_s;
        if (reached_s < at_s) {
            reached_s = at_s;
        }
        if (reached_s < span.until_s) {
            return reached_s * US_PER_SECOND;
        }
        at_s = span.until_s;
    }
}

/* Take `name` if it is a zone of this system. */
static bool take_name(const char *name, size_t len, char out[NAME_MAX_LEN + 1])
{
    struct zone *zone = NULL;
    if (zone_load((struct daybook_text){name, len}, &zone, NULL) != 0) {
        return false;
    }
    zone_free(zone);
    memcpy(out, name, len);
    out[len] = '\0';
    return true;
}

void zone_system_name(char out[64])
{
    const char *tz = getenv("TZ");
    if (tz != NULL) {
        tz += tz[0] == ':' ? 1 : 0;
        if (take_name(tz, strlen(tz), out)) {
            return;
        }
    }
    uint8_t *bytes = NULL;
    size_t len = 0;
    if (read_file("/etc/timezone", &bytes, &len) == 0) {
        const uint8_t *line_end = memchr(bytes, '\n', len);
        bool taken = take_name((const char *)bytes, line_end != NULL ? (size_t)(line_end - bytes) : len, out);
        free(bytes);
        if (taken) {
            return;
        }
    }
    char target[256];
    ssize_t target_len = readlink("/etc/localtime", target, sizeof(target) - 1);
    if (target_len > 0) {
        target[target_len] = '\0';
        const char *folder = strstr(target, "zoneinfo/");
        if (folder != NULL && take_name(folder + strlen("zoneinfo/"), strlen(folder + strlen("zoneinfo/")), out)) {
            return;
        }
    }
    memcpy(out, "UTC", sizeof("UTC"));
}
