/* The view `delays`. */
#include "projections/delays.h"

#include <stdlib.h>
#include <string.h>

/* A row of labels: product_count, carrier_len + 1 (0: none), the products, the carrier. */
enum { LABELS_HEADER = 2 };

struct labels_buffer {
    uint32_t *row;
    size_t capacity; /* numbers */
};

static int no_memory(struct daybook_error *err)
{
    return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for the products of an order.");
}

static int labels_pack(struct labels_buffer *buffer, const struct delays_labels *labels, size_t *ret_len,
                       struct daybook_error *err)
{
    size_t products_len = labels->product_count * sizeof *labels->products;
    size_t wanted = LABELS_HEADER + labels->product_count + labels->carrier.len / sizeof(uint32_t) + 1;
    if (wanted > buffer->capacity) {
        uint32_t *bigger = realloc(buffer->row, wanted * sizeof *bigger);
        if (!bigger)
            return no_memory(err);
        buffer->row = bigger;
        buffer->capacity = wanted;
    }
    buffer->row[0] = (uint32_t)labels->product_count;
    buffer->row[1] = labels->carrier.ptr ? (uint32_t)labels->carrier.len + 1 : 0;
    if (products_len)
        memcpy(buffer->row + LABELS_HEADER, labels->products, products_len);
    if (labels->carrier.len)
        memcpy((char *)(buffer->row + LABELS_HEADER) + products_len, labels->carrier.ptr, labels->carrier.len);
    *ret_len = LABELS_HEADER * sizeof(uint32_t) + products_len + labels->carrier.len;
    return 0;
}

/* Rows of LMDB need not be aligned for numbers: the products are copied out. */
static int labels_unpack(struct labels_buffer *buffer, const void *bytes, size_t len, struct delays_labels *ret,
                         struct daybook_error *err)
{
    uint32_t header[LABELS_HEADER] = {0, 0};
    if (len >= sizeof header)
        memcpy(header, bytes, sizeof header);
    size_t carrier_len = header[1] ? header[1] - 1 : 0;
    if (bytes && len != sizeof header + header[0] * sizeof(uint32_t) + carrier_len)
        return daybook_fail(err, DAYBOOK_DAMAGED,
                            "The view delays is damaged. `daybook rebuild delays` makes it anew.");
    if (header[0] > buffer->capacity) {
        uint32_t *bigger = realloc(buffer->row, header[0] * sizeof *bigger);
        if (!bigger)
            return no_memory(err);
        buffer->row = bigger;
        buffer->capacity = header[0];
    }
    const char *products = (const char *)bytes + sizeof header;
    if (header[0])
        memcpy(buffer->row, products, header[0] * sizeof(uint32_t));
    ret->products = buffer->row;
    ret->product_count = header[0];
    ret->carrier =
        header[1] ? (struct daybook_text){products + header[0] * sizeof(uint32_t), carrier_len} : DAYBOOK_TEXT_NONE;
    return 0;
}

static int put_row(struct view_rows *rows, struct labels_buffer *buffer, const struct order_facts *facts,
                   const struct delays_labels *labels, struct daybook_error *err)
{
    size_t len = 0;
    int rc = labels_pack(buffer, labels, &len, err);
    if (!rc)
        rc = rows_put(rows, VIEW_MAIN, facts->order, facts, sizeof *facts, err);
    return rc ? rc : rows_put(rows, VIEW_SIDE, facts->order, buffer->row, len, err);
}

static int put(struct view_rows *rows, const struct order_state *state, struct daybook_error *err)
{
    if (!state->exists) {
        int rc = rows_remove(rows, VIEW_MAIN, state->ordinal, err);
        return rc ? rc : rows_remove(rows, VIEW_SIDE, state->ordinal, err);
    }
    struct order_facts facts;
    struct labels_buffer buffer = {0};
    struct product_list products = {0};
    struct delays_labels labels;
    facts_of(state, &facts);
    int rc = labels_of(state, &products, &labels, err);
    if (!rc)
        rc = put_row(rows, &buffer, &facts, &labels, err);
    product_list_release(&products);
    free(buffer.row);
    return rc;
}

struct filling {
    struct view_rows *rows;
    struct labels_buffer buffer;
};

static int fill_row(void *context, const struct order_facts *facts, const struct delays_labels *labels,
                    struct daybook_error *err)
{
    struct filling *f = context;
    return put_row(f->rows, &f->buffer, facts, labels, err);
}

static int fill(struct view_rows *rows, struct daybook_snapshot *snapshot, uint32_t first, uint32_t last,
                struct daybook_error *err)
{
    struct filling f = {.rows = rows};
    int rc = facts_each(snapshot, ORDER_CUT_NOW, first, last, true, fill_row, &f, err);
    free(f.buffer.row);
    return rc;
}

const struct projection delays_projection = {"delays", 1, put, fill};

struct walk {
    struct view_rows *rows;
    bool want_labels;
    facts_visit *visit;
    void *context;
    struct labels_buffer buffer;
};

static int visit_row(void *context, uint64_t key, const void *bytes, size_t len, struct daybook_error *err)
{
    struct walk *w = context;
    struct order_facts facts;
    struct delays_labels labels;
    const void *row = NULL;
    size_t row_len = 0;
    if (len != sizeof facts)
        return daybook_fail(err, DAYBOOK_DAMAGED,
                            "The view delays is damaged. `daybook rebuild delays` makes it anew.");
    memcpy(&facts, bytes, sizeof facts);
    if (facts.status >= STATUS_COUNT || facts.order != key)
        return daybook_fail(err, DAYBOOK_DAMAGED,
                            "The view delays is damaged. `daybook rebuild delays` makes it anew.");
    if (!w->want_labels)
        return w->visit(w->context, &facts, NULL, err);
    int rc = rows_get(w->rows, VIEW_SIDE, key, &row, &row_len, err);
    if (!rc)
        rc = labels_unpack(&w->buffer, row, row_len, &labels, err);
    return rc ? rc : w->visit(w->context, &facts, &labels, err);
}

int delays_each(struct daybook_snapshot *snapshot, struct view *view, struct order_cut cut, bool want_labels,
                facts_visit *visit, void *context, struct daybook_error *err)
{
    struct walk w = {.want_labels = want_labels, .visit = visit, .context = context};
    if (!view)
        return facts_each(snapshot, cut, 1, UINT32_MAX, want_labels, visit, context, err);
    w.rows = view_rows(view);
    int rc = rows_each(w.rows, VIEW_MAIN, visit_row, &w, err);
    free(w.buffer.row);
    return rc;
}
