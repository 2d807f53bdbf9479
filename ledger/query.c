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

/* ---- names */

/* The name that an event gives its subject; *ret_given: whether it does. */
static int name_given(struct daybook_snapshot *snapshot, const struct daybook_event *event,
                      const struct daybook_data *data, struct daybook_text *ret, bool *ret_given,
                      struct daybook_error *err)
{
    if (ledger_kind_is_personal(event->kind)) {
        *ret_given = data->person.commitment != NULL;
        return *ret_given ? daybook_personal_value(snapshot, event->seq, &data->person, ret, err) : 0;
    }
    *ret = event->kind == DAYBOOK_ORDER     ? data->order_no
           : event->kind == DAYBOOK_PRODUCT ? data->code
           : event->kind == DAYBOOK_FIELD   ? data->name
                                            : data->identity;
    *ret_given = ret->ptr != NULL;
    return 0;
}

int daybook_name(struct daybook_snapshot *snapshot, uint32_t kind, uint32_t ordinal, struct daybook_text *ret,
                 struct daybook_error *err)
{
    struct chain chain = {0};
    struct daybook_text name = DAYBOOK_TEXT_NONE;
    bool given = false;
    int rc = kind == DAYBOOK_CUSTOMER && ordinal ? ledger_final_customer(snapshot->log, &ordinal, err) : 0;
    if (!rc)
        rc = chain_load(&chain, snapshot->log, kind, ordinal, UINT64_MAX, err);
    if (!rc && chain.count == 0)
        rc = daybook_fail(err, DAYBOOK_NOT_FOUND, "There is no %s number %u.", schema_kind_name(kind), ordinal);
    for (size_t i = chain.count; i-- > 0 && !rc && !given;) {
        struct daybook_data data;
        rc = chain_data(&chain, i, &chain.scratch, &data, err);
        if (!rc)
            rc = name_given(snapshot, &chain.links[i].event, &data, &name, &given, err);
    }
    chain_release(&chain);
    if (!rc)
        *ret = name;
    return rc;
}
