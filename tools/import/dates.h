/* A date as people type it, before and after it is known whether the day or the month comes first. */
#ifndef TOOLS_IMPORT_DATES_H
#define TOOLS_IMPORT_DATES_H

#include "daybook/value.h"
#include "ledger/zone.h"

/* Also indexes of bits in a set of orders. */
enum date_order {
    DATE_ORDER_UNKNOWN = 0,
    DATE_ORDER_YMD,
    DATE_ORDER_DMY,
    DATE_ORDER_MDY,
};
#define DATE_ORDER_BIT(order) (1u << (order))
#define DATE_ORDERS_ALL                                                                                                \
    (DATE_ORDER_BIT(DATE_ORDER_YMD) | DATE_ORDER_BIT(DATE_ORDER_DMY) | DATE_ORDER_BIT(DATE_ORDER_MDY))

enum date_kind {
    DATE_BAD = 0,   /* no date, or none that exists */
    DATE_ABSENT,    /* 0, 1900-01-00, 0000-00-00 */
    DATE_KNOWN,     /* says its order itself: day */
    DATE_NUMERIC,   /* three numbers, the year first or last */
    DATE_MONTH_DAY, /* no year */
    DATE_AFTER,     /* so many days after the order */
};

struct date_cell {
    enum date_kind kind;
    int32_t day;        /* DATE_KNOWN */
    int numbers[3];     /* DATE_NUMERIC; DATE_MONTH_DAY: month, day; DATE_AFTER: days */
    int digits[3];      /* how many each number was written with */
    bool has_offset;    /* a time with an offset from UTC: */
    int32_t utc_second; /* the second of the written day, less the offset */
};

/* `text` is trimmed and not an absent value. */
struct date_cell date_scan(struct daybook_text text);
/* The set of orders in which a DATE_NUMERIC is a date; 0 if there is none. */
unsigned date_cell_orders(const struct date_cell *cell);
/* The day of a DATE_KNOWN or DATE_NUMERIC; zone (NULL = UTC) decides where the cell has an offset. False when there is
 * none. */
bool date_cell_day(const struct date_cell *cell, enum date_order order, const struct zone *zone, int32_t *ret_day);
/* The first such day of a DATE_MONTH_DAY that is not before `from`. */
bool date_cell_day_after(const struct date_cell *cell, int32_t from, int32_t *ret_day);

#endif
