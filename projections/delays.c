/* The view `delays`. */
#include "projections/delays.h"

#include <stdlib.h>
#include <string.h>

/* Facts are scanned far more often than they change: a chunk has one lookup and one check for all its orders, and is
 * still small enough to be written again for one of them. */
enum { CHUNK_ORDERS = 128 };
struct chunk {
    struct order_facts facts[CHUNK_ORDERS]; /* all zeros: no such order */
};

/* A row of labels: product_count, carrier_len + 1 (0: none), the products, the carrier. */
enum { LABELS_HEADER = 2 };

struct labels_buffer {
    uint32_t *row;
    size_t capacity; /* numbers */
};

static int damaged(struct daybook_error *err)
{
    return daybook_fail(err, DAYBOOK_DAMAGED, "The view delays is damaged. `daybook rebuild delays` makes it anew.");
}

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
        return damaged(err);
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

/* ---- keeping */

static uint64_t chunk_key(uint32_t ordinal)
{
    return (ordinal - 1) / CHUNK_ORDERS;
}

static int load_chunk(struct daybook_rows *rows, uint64_t key, struct chunk *ret, struct daybook_error *err)
{
    const void *bytes;
    size_t len;
    int rc = daybook_rows_get(rows, DAYBOOK_TABLE_SIDE, key, &bytes, &len, err);
    if (rc)
        return rc;
    if (bytes && len != sizeof *ret)
        return damaged(err);
    if (bytes)
        memcpy(ret, bytes, sizeof *ret);
    else
        memset(ret, 0, sizeof *ret);
    return 0;
}

static int store_chunk(struct daybook_rows *rows, uint64_t key, const struct chunk *chunk, struct daybook_error *err)
{
    bool is_empty = true;
    for (size_t i = 0; i < CHUNK_ORDERS && is_empty; i++)
        is_empty = chunk->facts[i].order == 0;
    return is_empty ? daybook_rows_remove(rows, DAYBOOK_TABLE_SIDE, key, err)
                    : daybook_rows_put(rows, DAYBOOK_TABLE_SIDE, key, chunk, sizeof *chunk, err);
}

static int put_labels(struct daybook_rows *rows, struct labels_buffer *buffer, uint32_t ordinal,
                      const struct delays_labels *labels, struct daybook_error *err)
{
    size_t len = 0;
    int rc = labels_pack(buffer, labels, &len, err);
    return rc ? rc : daybook_rows_put(rows, DAYBOOK_TABLE_MAIN, ordinal, buffer->row, len, err);
}

static int put_state_labels(struct daybook_rows *rows, const struct order_state *state, struct daybook_error *err)
{
    struct labels_buffer buffer = {0};
    struct product_list products = {0};
    struct delays_labels labels;
    int rc = labels_of(state, &products, &labels, err);
    if (!rc)
        rc = put_labels(rows, &buffer, state->ordinal, &labels, err);
    product_list_release(&products);
    free(buffer.row);
    return rc;
}

static int put(struct daybook_rows *rows, struct daybook_subject *subject, struct daybook_error *err)
{
    const struct order_state *state = &subject->reader.state;
    uint64_t key = chunk_key(state->ordinal);
    struct chunk chunk;
    int rc = load_chunk(rows, key, &chunk, err);
    if (rc)
        return rc;
    struct order_facts *facts = &chunk.facts[(state->ordinal - 1) % CHUNK_ORDERS];
    if (state->exists)
        facts_of(state, facts);
    else
        memset(facts, 0, sizeof *facts);
    rc = store_chunk(rows, key, &chunk, err);
    if (rc)
        return rc;
    return state->exists ? put_state_labels(rows, state, err)
                         : daybook_rows_remove(rows, DAYBOOK_TABLE_MAIN, state->ordinal, err);
}

/* A chunk is put when the first order of another one comes. */
struct filling {
    struct daybook_rows *rows;
    struct labels_buffer buffer;
    struct chunk chunk;
    uint64_t key;
    bool has_chunk;
};

static int end_chunk(struct filling *f, struct daybook_error *err)
{
    return f->has_chunk ? store_chunk(f->rows, f->key, &f->chunk, err) : 0;
}

static int fill_order(void *context, const struct order_facts *facts, const struct delays_labels *labels,
                      struct daybook_error *err)
{
    struct filling *f = context;
    uint64_t key = chunk_key(facts->order);
    int rc = 0;
    if (!f->has_chunk || key != f->key) {
        rc = end_chunk(f, err);
        if (!rc)
            rc = load_chunk(f->rows, key, &f->chunk, err);
        if (rc)
            return rc;
        f->has_chunk = true;
        f->key = key;
    }
    memcpy(&f->chunk.facts[(facts->order - 1) % CHUNK_ORDERS], facts, sizeof *facts); /* with its padding */
    return put_labels(f->rows, &f->buffer, facts->order, labels, err);
}

static int fill(struct daybook_rows *rows, struct daybook_snapshot *snapshot, uint32_t first, uint32_t last,
                struct daybook_error *err)
{
    struct filling f = {.rows = rows};
    int rc = facts_each(snapshot, ORDER_CUT_NOW, first, last, true, fill_order, &f, err);
    if (!rc)
        rc = end_chunk(&f, err);
    free(f.buffer.row);
    return rc;
}

const struct daybook_projection delays_projection = {"delays", 2, put, DAYBOOK_ORDER, fill};

/* ---- reading */

struct walk {
    struct daybook_rows *rows;
    bool want_labels;
    facts_visit *visit;
    void *context;
    struct labels_buffer buffer;
};

static int visit_order(struct walk *w, const struct order_facts *facts, struct daybook_error *err)
{
    struct delays_labels labels;
    const void *row = NULL;
    size_t row_len = 0;
    if (!w->want_labels)
        return w->visit(w->context, facts, NULL, err);
    int rc = daybook_rows_get(w->rows, DAYBOOK_TABLE_MAIN, facts->order, &row, &row_len, err);
    if (!rc)
        rc = labels_unpack(&w->buffer, row, row_len, &labels, err);
    return rc ? rc : w->visit(w->context, facts, &labels, err);
}

static int visit_chunk(void *context, uint64_t key, const void *bytes, size_t len, struct daybook_error *err)
{
    struct walk *w = context;
    struct chunk chunk;
    int rc = 0;
    if (len != sizeof chunk)
        return damaged(err);
    memcpy(&chunk, bytes, sizeof chunk); /* rows of LMDB need not be aligned for numbers */
    for (size_t i = 0; i < CHUNK_ORDERS && !rc; i++) {
        const struct order_facts *facts = &chunk.facts[i];
        if (facts->order == 0)
            continue;
        if (facts->status >= STATUS_COUNT || facts->order != key * CHUNK_ORDERS + i + 1)
            return damaged(err);
        rc = visit_order(w, facts, err);
    }
    return rc;
}

int delays_each(struct daybook_snapshot *snapshot, struct daybook_view *view, struct order_cut cut, bool want_labels,
                facts_visit *visit, void *context, struct daybook_error *err)
{
    struct walk w = {.want_labels = want_labels, .visit = visit, .context = context};
    if (!view)
        return facts_each(snapshot, cut, 1, UINT32_MAX, want_labels, visit, context, err);
    w.rows = daybook_view_rows(view);
    int rc = daybook_rows_each(w.rows, DAYBOOK_TABLE_SIDE, visit_chunk, &w, err);
    free(w.buffer.row);
    return rc;
}
