/* The orders that were touched in the period, as they were known at its end, and the draw among them. */
#include <stdlib.h>
#include <string.h>

#include "tools/cli/progress.h"
#include "tools/pack/work.h"

static const struct column order_columns[] = {
    {"order_no", NULL, NULL, COLUMN_KEY},          {"status", NULL, NULL, COLUMN_KEY},
    {"customer", NULL, NULL, COLUMN_TEXT},         {"customer_ref", NULL, NULL, COLUMN_TEXT},
    {"ordered_on", NULL, NULL, COLUMN_KEY},        {"expected_on", NULL, NULL, COLUMN_KEY},
    {"first_expected_on", NULL, NULL, COLUMN_KEY}, {"requested_on", NULL, NULL, COLUMN_KEY},
    {"shipped_on", NULL, NULL, COLUMN_KEY},        {"delivered_on", NULL, NULL, COLUMN_KEY},
    {"cancelled_on", NULL, NULL, COLUMN_KEY},      {"lines", NULL, NULL, COLUMN_NUMBER},
    {"first_seq", NULL, NULL, COLUMN_NUMBER},      {"last_seq", NULL, NULL, COLUMN_NUMBER},
    {"events_before", NULL, NULL, COLUMN_NUMBER},  {"events_in_period", NULL, NULL, COLUMN_NUMBER},
    {"events_after", NULL, NULL, COLUMN_NUMBER},   {"rank", NULL, NULL, COLUMN_KEY},
};
static const struct column line_columns[] = {
    {"order_no", NULL, NULL, COLUMN_KEY},    {"line", NULL, NULL, COLUMN_NUMBER},
    {"code", NULL, NULL, COLUMN_KEY},        {"name", NULL, NULL, COLUMN_TEXT},
    {"quantity", NULL, NULL, COLUMN_NUMBER}, {"unit", NULL, NULL, COLUMN_KEY},
    {"shipped", NULL, NULL, COLUMN_NUMBER},  {"delivered", NULL, NULL, COLUMN_NUMBER},
    {"expected_on", NULL, NULL, COLUMN_KEY},
};
enum {
    ORDER_COLUMNS = sizeof order_columns / sizeof *order_columns,
    LINE_COLUMNS = sizeof line_columns / sizeof *line_columns,
};

struct order_files {
    struct pack *pack;
    struct pack_file orders, lines;
};

/* An order whose creation was taken back has a history, and no state. */
#define TAKEN_BACK "taken-back"

static int write_line(struct order_files *f, struct daybook_text order_no, const struct order_line *line)
{
    struct session *s = f->pack->session;
    struct register_product product = {0};
    int rc = registers_product(s->registers, line->product, &product, &s->ctx->error);
    const struct cell cells[LINE_COLUMNS] = {
        cell_text(order_no),           cell_integer(line->line),
        cell_text(product.code),       cell_text(line->name.ptr ? line->name : product.name),
        cell_quantity(line->quantity), cell_text(line->unit),
        cell_quantity(line->shipped),  cell_quantity(line->delivered),
        cell_day(line->expected_on),
    };
    if (!rc)
        rc = output_row(&f->lines.output, cells, &s->ctx->error);
    return rc ? rc : pack_totals_add_line(&f->pack->totals, line, &s->ctx->error);
}

/* Offers the order to the draw; its rank as text. */
static int rank_order(struct pack *pack, uint32_t ordinal, struct daybook_text order_no,
                      char rank[2 * TREE_HASH_SIZE + 1])
{
    struct daybook_error *err = &pack->session->ctx->error;
    struct pack_draw draw = {.order = ordinal};
    if (!pack->request->draws)
        return 0;
    int rc = pack_rank(pack->request->seed, order_no, &draw.rank, err);
    if (rc)
        return rc;
    tree_hash_hex(&draw.rank, rank);
    return pack_sample_offer(&pack->sample, &draw, err);
}

static int write_row(struct order_files *f, struct daybook_text order_no, const struct store_head *head,
                     const char *rank)
{
    struct pack *pack = f->pack;
    struct session *s = pack->session;
    const struct order_state *state = &s->reader.state;
    const struct chain *chain = &s->reader.chain;
    struct daybook_text customer = DAYBOOK_TEXT_NONE;
    size_t before = 0;
    int rc = state->exists && state->customer
                 ? registers_name(s->registers, DAYBOOK_CUSTOMER, state->customer, &customer, &s->ctx->error)
                 : 0;
    while (before < chain->count && chain->links[before].event.seq <= pack->before)
        before++;
    bool is = state->exists;
    const struct cell cells[ORDER_COLUMNS] = {
        cell_text(order_no),
        cell_string(is ? workflow_statuses[state->status].name : TAKEN_BACK),
        cell_text(customer),
        is ? cell_text(state->customer_ref) : cell_null(),
        is ? cell_day(state->ordered_on) : cell_null(),
        is ? cell_day(state->expected_on) : cell_null(),
        is ? cell_day(state->first_expected_on) : cell_null(),
        is ? cell_day(state->requested_on) : cell_null(),
        is ? cell_day(state->shipped_on) : cell_null(),
        is ? cell_day(state->delivered_on) : cell_null(),
        is ? cell_day(state->cancelled_on) : cell_null(),
        cell_integer(is ? (int64_t)state->line_count : 0),
        cell_integer((int64_t)chain->links[0].event.seq),
        cell_integer((int64_t)chain->links[chain->count - 1].event.seq),
        cell_integer((int64_t)before),
        cell_integer((int64_t)(chain->count - before)),
        cell_integer((int64_t)head->version - (int64_t)chain->count),
        cell_string(*rank ? rank : NULL),
    };
    return rc ? rc : output_row(&f->orders.output, cells, &s->ctx->error);
}

static int write_order(struct order_files *f, uint32_t ordinal)
{
    struct pack *pack = f->pack;
    struct session *s = pack->session;
    const struct order_state *state = &s->reader.state;
    struct daybook_text order_no = DAYBOOK_TEXT_NONE;
    struct store_head head;
    char rank[2 * TREE_HASH_SIZE + 1] = "";
    const struct order_cut end = {.as_of = pack->end, .effective_on = DAYBOOK_DAY_NONE};
    int rc = order_reader_load(&s->reader, s->snapshot, ordinal, end, &s->ctx->error);
    if (!rc)
        rc = daybook_name(s->snapshot, DAYBOOK_ORDER, ordinal, &order_no, &s->ctx->error);
    if (!rc)
        rc = store_head(s->snapshot->log, DAYBOOK_ORDER, ordinal, &head, &s->ctx->error);
    if (!rc)
        rc = rank_order(pack, ordinal, order_no, rank);
    if (!rc)
        rc = write_row(f, order_no, &head, rank);
    for (size_t i = 0; state->exists && i < state->line_count && !rc; i++)
        rc = write_line(f, order_no, &state->lines[i]);
    pack->totals.orders++;
    if (state->exists)
        pack->totals.with_status[state->status]++;
    else
        pack->totals.taken_back++;
    return rc;
}

int pack_write_orders(struct pack *pack)
{
    struct session *s = pack->session;
    struct order_files files = {.pack = pack};
    struct progress progress;
    pack->sample.wanted = pack->request->sample;
    registers_set_as_of(s->registers, pack->end);
    int rc = pack_open_table(pack, "orders.csv", order_columns, ORDER_COLUMNS, &files.orders);
    if (!rc)
        rc = pack_open_table(pack, "order-lines.csv", line_columns, LINE_COLUMNS, &files.lines);
    progress_start(&progress, s->ctx->language, say(s->ctx, "Orders", "订单"), pack->order_max);
    for (uint32_t ordinal = 1; ordinal <= pack->order_max && !rc; ordinal++) {
        if (pack->touched[ordinal / 8] & 1U << ordinal % 8)
            rc = write_order(&files, ordinal);
        progress_update(&progress, ordinal);
    }
    progress_end(&progress);
    registers_set_as_of(s->registers, UINT64_MAX);
    rc = pack_close(&files.orders, rc);
    return pack_close(&files.lines, rc);
}
