/* Orders as the log makes them: the public face of the fold. */
#include "daybook/order.h"
#include "ledger/order_reader.h"

struct query {
    daybook_order_visit *visit;
    void *context;
};

static int visit_state(void *context, const struct order_state *state, struct daybook_error *err)
{
    const struct query *query = context;
    struct daybook_order order;
    order_describe(state, &order);
    return query->visit(query->context, &order, err);
}

static struct order_cut cut_of(struct daybook_cut cut)
{
    return (struct order_cut){cut.as_of, cut.effective_on};
}

static int find_order(struct daybook_snapshot *snapshot, struct daybook_text order_no, uint32_t *ret,
                      struct daybook_error *err)
{
    int rc = daybook_find(snapshot, DAYBOOK_ORDER, order_no, ret, err);
    if (!rc && *ret == 0)
        rc = daybook_fail(err, DAYBOOK_NOT_FOUND, "There is no order %.*s.", (int)order_no.len, order_no.ptr);
    return rc;
}

int daybook_order(struct daybook_snapshot *snapshot, struct daybook_text order_no, struct daybook_cut cut,
                  daybook_order_visit *visit, void *context, struct daybook_error *err)
{
    struct order_reader reader = {0};
    struct query query = {visit, context};
    uint32_t ordinal = 0;
    int rc = find_order(snapshot, order_no, &ordinal, err);
    if (!rc)
        rc = order_reader_load(&reader, snapshot, ordinal, cut_of(cut), err);
    if (!rc && !reader.state.exists)
        rc = daybook_fail(err, DAYBOOK_NOT_FOUND, "Order %.*s is not there at that moment.", (int)order_no.len,
                          order_no.ptr);
    if (!rc)
        rc = visit_state(&query, &reader.state, err);
    order_reader_release(&reader);
    return rc;
}

int daybook_orders(struct daybook_snapshot *snapshot, struct daybook_cut cut, daybook_order_visit *visit, void *context,
                   struct daybook_error *err)
{
    struct order_reader reader = {0};
    struct query query = {visit, context};
    int rc = order_reader_each(&reader, snapshot, cut_of(cut), visit_state, &query, err);
    order_reader_release(&reader);
    return rc;
}

struct fold {
    daybook_fold_visit *visit;
    void *context;
};

static int visit_applied(void *context, const struct order_state *state, const struct daybook_event *event,
                         const struct daybook_data *data, struct daybook_error *err)
{
    const struct fold *fold = context;
    (void)state;
    return fold->visit(fold->context, event, data, err);
}

int daybook_fold_order(struct daybook_snapshot *snapshot, struct daybook_text order_no, struct daybook_cut cut,
                       daybook_fold_visit *visit, void *context, struct daybook_error *err)
{
    struct order_reader reader = {0};
    struct fold fold = {visit, context};
    uint32_t ordinal = 0;
    int rc = find_order(snapshot, order_no, &ordinal, err);
    if (!rc)
        rc = chain_load(&reader.chain, snapshot->log, DAYBOOK_ORDER, ordinal, cut.as_of, err);
    if (!rc)
        rc = order_fold(&reader.state, &reader.chain, reader.chain.count, &reader.places, ledger_zone(snapshot->ledger),
                        cut.effective_on, visit_applied, &fold, err);
    order_reader_release(&reader);
    return rc;
}
