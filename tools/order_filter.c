/* Which orders: the options that list and export share. */
#include "tools/order_filter.h"

#include <string.h>

static int find_named(struct session *s, const char *option, uint32_t kind, uint32_t *ret)
{
    struct daybook_text name = context_text(s->ctx, option);
    if (!name.ptr)
        return 0;
    int rc = daybook_find(s->snapshot, kind, name, ret, &s->ctx->error);
    if (!rc && *ret == 0)
        rc = daybook_fail(&s->ctx->error, DAYBOOK_NOT_FOUND,
                          kind == DAYBOOK_CUSTOMER
                              ? say(s->ctx, "There is no customer %.*s. `daybook customers` lists them.",
                                    "没有客户 %.*s。`daybook customers` 可列出全部客户。")
                              : say(s->ctx, "There is no product %.*s. `daybook products` lists them.",
                                    "没有产品 %.*s。`daybook products` 可列出全部产品。"),
                          (int)name.len, name.ptr);
    return rc;
}

static int read_filter(struct session *s, struct orders_filter *filter)
{
    *filter = ORDERS_ALL;
    filter->question_day = s->question_day;
    filter->overdue = context_flag(s->ctx, "--overdue");
    filter->search = context_text(s->ctx, "--search");
    struct daybook_text status = context_text(s->ctx, "--status");
    if (status.ptr)
        filter->status = workflow_status_by_name(status);
    const struct given *due = context_given(s->ctx, "--due-within");
    if (due) {
        int64_t until = (int64_t)s->question_day + (int64_t)(due->count < 4000000 ? due->count : 4000000);
        filter->due_until = until > DAYBOOK_DAY_MAX ? DAYBOOK_DAY_MAX : (int32_t)until;
    }
    int rc = find_named(s, "--customer", DAYBOOK_CUSTOMER, &filter->customer);
    return rc ? rc : find_named(s, "--product", DAYBOOK_PRODUCT, &filter->product);
}

int order_filter_find(struct session *s, enum orders_sort sort, struct orders_found *ret)
{
    struct orders_filter filter;
    struct daybook_view *view = NULL;
    int rc = session_view(s, &orders_projection, &view); /* it may take a new snapshot, so names come after it */
    if (!rc)
        rc = read_filter(s, &filter);
    if (!rc)
        rc = orders_find(s->snapshot, view, s->cut, s->registers, &filter, sort, ret, &s->ctx->error);
    daybook_view_close(view);
    return rc;
}
