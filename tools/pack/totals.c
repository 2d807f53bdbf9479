/* Control totals. */
#include "tools/pack/totals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BILLION = 1000000000 };

void pack_totals_release(struct pack_totals *totals)
{
    for (size_t i = 0; i < totals->unit_count; i++)
        free(totals->units[i].unit);
    free(totals->units);
    free(totals->types);
    *totals = (struct pack_totals){0};
}

/* Room for one more of `size` bytes at `at`; NULL when there is no memory. Lists are short: they grow by one. */
static void *insert(void *list, size_t count, size_t at, size_t size)
{
    char *bigger = realloc(list, (count + 1) * size);
    if (bigger)
        memmove(bigger + (at + 1) * size, bigger + at * size, (count - at) * size);
    return bigger;
}

static int no_memory(struct daybook_error *err)
{
    return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for control totals.");
}

int pack_totals_add_event(struct pack_totals *totals, const struct daybook_event *event, struct daybook_error *err)
{
    size_t at = 0;
    totals->events++;
    totals->order_events += event->kind == DAYBOOK_ORDER;
    while (at < totals->type_count && totals->types[at].event.type < event->type)
        at++;
    if (at == totals->type_count || totals->types[at].event.type != event->type) {
        struct pack_type_count *types = insert(totals->types, totals->type_count, at, sizeof *types);
        if (!types)
            return no_memory(err);
        types[at] = (struct pack_type_count){.event = *event};
        totals->types = types;
        totals->type_count++;
    }
    totals->types[at].count++;
    return 0;
}

static int compare_unit(const struct pack_unit *unit, struct daybook_text name)
{
    size_t len = strlen(unit->unit), shorter = len < name.len ? len : name.len;
    int order = shorter ? memcmp(unit->unit, name.ptr, shorter) : 0;
    return order ? order : (len > name.len) - (len < name.len);
}

static struct pack_unit *find_unit(struct pack_totals *totals, struct daybook_text name)
{
    size_t low = 0, high = totals->unit_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_unit(&totals->units[middle], name);
        if (order == 0)
            return &totals->units[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    char *copy = strndup(name.ptr ? name.ptr : "", name.len);
    struct pack_unit *units = copy ? insert(totals->units, totals->unit_count, low, sizeof *units) : NULL;
    if (!units) {
        free(copy);
        return NULL;
    }
    units[low] = (struct pack_unit){.unit = copy};
    totals->units = units;
    totals->unit_count++;
    return &units[low];
}

static void add(pack_sum *sum, struct daybook_decimal decimal)
{
    pack_sum more = decimal.mantissa;
    for (int scale = decimal.scale; scale < DAYBOOK_DECIMAL_SCALE_MAX; scale++)
        more *= 10;
    *sum += more;
}

int pack_totals_add_line(struct pack_totals *totals, const struct order_line *line, struct daybook_error *err)
{
    struct pack_unit *unit = find_unit(totals, line->unit);
    if (!unit)
        return no_memory(err);
    totals->lines++;
    add(&unit->quantity, line->quantity);
    add(&unit->shipped, line->shipped);
    add(&unit->delivered, line->delivered);
    return 0;
}

void pack_sum_format(pack_sum sum, char out[PACK_SUM_TEXT_SIZE])
{
    bool negative = sum < 0;
    pack_sum magnitude = negative ? -sum : sum, whole = magnitude / BILLION;
    uint32_t fraction = (uint32_t)(magnitude % BILLION);
    uint64_t high = (uint64_t)(whole / BILLION / BILLION), low = (uint64_t)(whole % ((pack_sum)BILLION * BILLION));
    int len = snprintf(out, PACK_SUM_TEXT_SIZE, "%s", negative ? "-" : "");
    len += high ? snprintf(out + len, PACK_SUM_TEXT_SIZE - (size_t)len, "%llu%018llu", (unsigned long long)high,
                           (unsigned long long)low)
                : snprintf(out + len, PACK_SUM_TEXT_SIZE - (size_t)len, "%llu", (unsigned long long)low);
    if (fraction == 0)
        return;
    len += snprintf(out + len, PACK_SUM_TEXT_SIZE - (size_t)len, ".%09u", fraction);
    while (out[len - 1] == '0')
        out[--len] = '\0';
}
