/* Which orders: the options that list and export share. */
#ifndef TOOLS_ORDER_FILTER_H
#define TOOLS_ORDER_FILTER_H

#include "projections/orders.h"
#include "tools/session.h"

/* Rows for a command's table of options. */
#define ORDER_FILTER_OPTIONS                                                                                           \
    {"--status",                                                                                                       \
     ARGUMENT_CHOICE,                                                                                                  \
     "STATUS",                                                                                                         \
     "pending|processing|in-production|shipped|delivered|cancelled|returned|on-hold",                                  \
     false,                                                                                                            \
     false,                                                                                                            \
     "only orders with this status",                                                                                   \
     "只列此状态的订单"},                                                                                              \
        {"--customer", ARGUMENT_TEXT, "NAME", NULL, false, false, "only of this customer", "只列此客户的订单"},        \
        {"--product", ARGUMENT_TEXT, "CODE", NULL, false, false, "only with this product", "只列含此产品的订单"},      \
        {"--overdue", ARGUMENT_FLAG, NULL, NULL, false, false, "open, and past the promise", "已逾期的未完成订单"},    \
        {"--due-within",                                                                                               \
         ARGUMENT_COUNT,                                                                                               \
         "DAYS",                                                                                                       \
         NULL,                                                                                                         \
         false,                                                                                                        \
         false,                                                                                                        \
         "open, and promised within so many days",                                                                     \
         "承诺在若干天内交付的未完成订单"},                                                                            \
        {"--search",                                                                                                   \
         ARGUMENT_TEXT,                                                                                                \
         "TEXT",                                                                                                       \
         NULL,                                                                                                         \
         false,                                                                                                        \
         false,                                                                                                        \
         "in number, reference, customer, products",                                                                   \
         "在单号、客户单号、客户、产品中查找"},                                                                        \
        {"--as-of", ARGUMENT_TIME, "TIME", NULL, false, false, "as it was known then", "按当时已知的情况"},            \
    {                                                                                                                  \
        "--effective", ARGUMENT_DATE, "DATE", NULL, false, false, "as it was on that day", "按当天的实际情况"  \
    }

/* The orders that the options name, found in the view or folded at the cut; session_read was called. The caller ends
 * with orders_found_release. A customer or product that does not exist is DAYBOOK_NOT_FOUND. */
int order_filter_find(struct session *session, enum orders_sort sort, struct orders_found *ret);

#endif
