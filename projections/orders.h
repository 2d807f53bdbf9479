/* The view `orders`: what orders are found, filtered and sorted by. What an order says in full is folded from its
 * events when it is shown, so nothing is kept twice.
 *
 *     main   ordinal -> struct orders_row, its products, its number, its customer's reference */
#ifndef PROJECTIONS_ORDERS_H
#define PROJECTIONS_ORDERS_H

#include "projections/facts.h"
#include "projections/registers.h"
#include "projections/runner.h"

extern const struct daybook_projection orders_projection;

/* Fixed part of a row. */
struct orders_row {
    struct order_facts facts;
    int64_t created_us, updated_us;
    uint32_t product_count, number_len, reference_len;
};

enum orders_sort {
    ORDERS_BY_NUMBER,
    ORDERS_BY_CUSTOMER,
    ORDERS_BY_STATUS,
    ORDERS_BY_ORDERED,
    ORDERS_BY_EXPECTED,
    ORDERS_BY_SHIPPED,
    ORDERS_BY_DELIVERED,
    ORDERS_BY_CREATED,
    ORDERS_BY_UPDATED,
    ORDERS_SORT_COUNT
};
extern const char *const orders_sort_names[ORDERS_SORT_COUNT]; /* "order_no", "customer" .. */

/* All conditions that are set must hold. Start from ORDERS_ALL. */
struct orders_filter {
    enum workflow_status status; /* STATUS_COUNT: any */
    uint32_t customer;           /* final ordinal; 0: any */
    uint32_t product;            /* ordinal; 0: any */
    bool open;                   /* neither delivered, cancelled nor returned */
    bool overdue;                /* open and past the promise on question_day */
    int32_t due_until;           /* open, promised for question_day or later, up to this day; DAYBOOK_DAY_NONE: any */
    int32_t question_day;
    struct daybook_text search; /* in number, reference, customer's name, products; absent: any */
};
#define ORDERS_ALL ((struct orders_filter){.status = STATUS_COUNT, .due_until = DAYBOOK_DAY_NONE})

/* Orders found, sorted; the caller ends with orders_found_release. */
struct orders_found {
    uint32_t *ordinals;
    size_t count;
};
/* From the view, or (view NULL) folded afresh at the cut. */
int orders_find(struct daybook_snapshot *snapshot, struct daybook_view *view, struct order_cut cut,
                struct registers *registers, const struct orders_filter *filter, enum orders_sort sort,
                struct orders_found *ret, struct daybook_error *err);
void orders_found_release(struct orders_found *found);

#endif
