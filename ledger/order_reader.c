/* One order as a snapshot has it, at any cut in time. */
#include "ledger/order_reader.h"

void order_reader_release(struct order_reader *reader)
{
    chain_release(&reader->chain);
    order_places_release(&reader->places);
    order_state_release(&reader->state);
}

int order_reader_load(struct order_reader *reader, struct daybook_snapshot *snapshot, uint32_t ordinal,
                      struct order_cut cut, struct daybook_error *err)
{
    int rc = chain_load(&reader->chain, snapshot->log, DAYBOOK_ORDER, ordinal, cut.as_of, err);
    return rc ? rc
              : order_fold(&reader->state, &reader->chain, reader->chain.count, &reader->places,
                           ledger_zone(snapshot->ledger), cut.effective_on, NULL, NULL, err);
}

int order_reader_each(struct order_reader *reader, struct daybook_snapshot *snapshot, struct order_cut cut,
                      order_visit *visit, void *context, struct daybook_error *err)
{
    uint32_t last = 0;
    int rc = store_last_ordinal(snapshot->log, DAYBOOK_ORDER, &last, err);
    for (uint32_t ordinal = 1; ordinal <= last && !rc; ordinal++) {
        rc = order_reader_load(reader, snapshot, ordinal, cut, err);
        if (!rc && reader->state.exists)
            rc = visit(context, &reader->state, err);
    }
    return rc;
}

void order_describe(const struct order_state *state, struct daybook_order *ret)
{
    *ret = (struct daybook_order){
        .ordinal = state->ordinal,
        .order_no = state->order_no,
        .status = workflow_statuses[state->status].name,
        .customer = state->customer,
        .customer_ref = state->customer_ref,
        .ordered_on = state->ordered_on,
        .expected_on = state->expected_on,
        .first_expected_on = state->first_expected_on,
        .requested_on = state->requested_on,
        .shipped_on = state->shipped_on,
        .delivered_on = state->delivered_on,
        .cancelled_on = state->cancelled_on,
        .line_count = state->line_count,
        .version = state->version,
        .last_seq = state->last_seq,
        .created_us = state->created_us,
        .updated_us = state->updated_us,
    };
}
