/* The view `orders`. */
#include "projections/orders.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/text.h"

const char *const orders_sort_names[ORDERS_SORT_COUNT] = {
    [ORDERS_BY_NUMBER] = "order_no",        [ORDERS_BY_CUSTOMER] = "customer",    [ORDERS_BY_STATUS] = "status",
    [ORDERS_BY_ORDERED] = "ordered_on",     [ORDERS_BY_EXPECTED] = "expected_on", [ORDERS_BY_SHIPPED] = "shipped_on",
    [ORDERS_BY_DELIVERED] = "delivered_on", [ORDERS_BY_CREATED] = "created_at",   [ORDERS_BY_UPDATED] = "updated_at",
};

static int no_memory(struct daybook_error *err)
{
    return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for a list of orders.");
}

/* ---- the row */

static int row_pack(const struct order_state *state, uint8_t **ret, size_t *ret_len, struct daybook_error *err)
{
    struct orders_row row;
    memset(&row, 0, sizeof row); /* rows are compared byte by byte, padding too */
    facts_of(state, &row.facts);
    row.created_us = state->created_us;
    row.updated_us = state->updated_us;
    row.product_count = (uint32_t)state->line_count;
    row.number_len = (uint32_t)state->order_no.len;
    row.reference_len = (uint32_t)state->customer_ref.len;
    size_t len = sizeof row + row.product_count * sizeof(uint32_t) + row.number_len + row.reference_len;
    uint8_t *bytes = malloc(len), *at = bytes;
    if (!bytes)
        return no_memory(err);
    at = (uint8_t *)memcpy(at, &row, sizeof row) + sizeof row;
    for (size_t i = 0; i < state->line_count; i++, at += sizeof(uint32_t))
        memcpy(at, &state->lines[i].product, sizeof(uint32_t));
    if (row.number_len)
        memcpy(at, state->order_no.ptr, row.number_len);
    if (row.reference_len)
        memcpy(at + row.number_len, state->customer_ref.ptr, row.reference_len);
    *ret = bytes;
    *ret_len = len;
    return 0;
}

/* A row as it is read: the variable parts still where they lie. */
struct row_parts {
    struct orders_row row;
    const uint8_t *products; /* product_count numbers, unaligned */
    struct daybook_text number, reference;
};

static int row_unpack(const uint8_t *bytes, size_t len, struct row_parts *ret, struct daybook_error *err)
{
    if (len >= sizeof ret->row) {
        memcpy(&ret->row, bytes, sizeof ret->row);
        size_t wanted = sizeof ret->row + (size_t)ret->row.product_count * sizeof(uint32_t) + ret->row.number_len +
                        ret->row.reference_len;
        ret->products = bytes + sizeof ret->row;
        ret->number = (struct daybook_text){
            (const char *)ret->products + (size_t)ret->row.product_count * sizeof(uint32_t), ret->row.number_len};
        ret->reference = (struct daybook_text){ret->number.ptr + ret->number.len, ret->row.reference_len};
        if (len == wanted && ret->row.facts.status < STATUS_COUNT)
            return 0;
    }
    return daybook_fail(err, DAYBOOK_DAMAGED, "The view orders is damaged. `daybook rebuild orders` makes it anew.");
}

static int put(struct daybook_rows *rows, struct daybook_subject *subject, struct daybook_error *err)
{
    const struct order_state *state = &subject->reader.state;
    uint8_t *bytes = NULL;
    size_t len = 0;
    if (!state->exists)
        return daybook_rows_remove(rows, DAYBOOK_TABLE_MAIN, state->ordinal, err);
    int rc = row_pack(state, &bytes, &len, err);
    if (!rc)
        rc = daybook_rows_put(rows, DAYBOOK_TABLE_MAIN, state->ordinal, bytes, len, err);
    free(bytes);
    return rc;
}

const struct daybook_projection orders_projection = {"orders", 1, put, DAYBOOK_ORDER, NULL};

/* ---- finding */

struct candidate {
    uint32_t ordinal;
    int64_t rank;             /* what is sorted by, when it is a number */
    struct daybook_text text; /* .. or a text */
    struct daybook_text number;
};

struct finder {
    const struct orders_filter *filter;
    enum orders_sort sort;
    struct registers *registers;
    struct arena arena; /* numbers and texts of candidates */
    struct candidate *candidates;
    size_t count, capacity;
    char *search; /* as compared; NULL: none */
    size_t search_len;
};

static int contains(const struct finder *f, struct daybook_text text, bool *ret, struct daybook_error *err)
{
    size_t len = 0;
    if (*ret || !text.ptr || !text.len)
        return 0;
    char *folded = text_fold(text, &len);
    if (!folded)
        return no_memory(err);
    *ret = memmem(folded, len, f->search, f->search_len) != NULL;
    free(folded);
    return 0;
}

static uint32_t product_at(const struct row_parts *parts, uint32_t index)
{
    uint32_t product;
    memcpy(&product, parts->products + index * sizeof product, sizeof product);
    return product;
}

static int matches_search(struct finder *f, const struct row_parts *parts, bool *ret, struct daybook_error *err)
{
    struct daybook_text customer;
    *ret = f->search == NULL;
    if (*ret)
        return 0;
    int rc = contains(f, parts->number, ret, err);
    if (!rc)
        rc = contains(f, parts->reference, ret, err);
    if (!rc)
        rc = registers_name(f->registers, DAYBOOK_CUSTOMER, parts->row.facts.customer, &customer, err);
    if (!rc)
        rc = contains(f, customer, ret, err);
    for (uint32_t i = 0; i < parts->row.product_count && !rc && !*ret; i++) {
        struct register_product product;
        rc = registers_product(f->registers, product_at(parts, i), &product, err);
        if (!rc)
            rc = contains(f, product.code, ret, err);
        if (!rc)
            rc = contains(f, product.name, ret, err);
    }
    return rc;
}

static bool has_product(const struct row_parts *parts, uint32_t product)
{
    for (uint32_t i = 0; i < parts->row.product_count; i++)
        if (product_at(parts, i) == product)
            return true;
    return false;
}

/* All but the customer and the search, which need names. */
static bool matches_facts(const struct orders_filter *filter, const struct row_parts *parts)
{
    const struct order_facts *facts = &parts->row.facts;
    bool open = facts->phase <= PHASE_SHIPPED, promised = facts->expected_on != DAYBOOK_DAY_NONE;
    if (filter->status != STATUS_COUNT && facts->status != (uint32_t)filter->status)
        return false;
    if (filter->open && !open)
        return false;
    if (filter->overdue && !(open && promised && facts->expected_on < filter->question_day))
        return false;
    bool due =
        open && promised && facts->expected_on >= filter->question_day && facts->expected_on <= filter->due_until;
    if (filter->due_until != DAYBOOK_DAY_NONE && !due)
        return false;
    return !filter->product || has_product(parts, filter->product);
}

static int matches(struct finder *f, const struct row_parts *parts, bool *ret, struct daybook_error *err)
{
    uint32_t customer = parts->row.facts.customer;
    *ret = matches_facts(f->filter, parts);
    int rc = 0;
    if (*ret && f->filter->customer) {
        rc = registers_customer(f->registers, customer, &customer, err);
        *ret = customer == f->filter->customer;
    }
    return rc || !*ret ? rc : matches_search(f, parts, ret, err);
}

static int rank(struct finder *f, const struct row_parts *parts, struct candidate *c, struct daybook_error *err)
{
    const struct order_facts *facts = &parts->row.facts;
    switch (f->sort) {
    case ORDERS_BY_CUSTOMER:
        return registers_name(f->registers, DAYBOOK_CUSTOMER, facts->customer, &c->text, err);
    case ORDERS_BY_STATUS:
        c->rank = facts->status;
        break;
    case ORDERS_BY_ORDERED:
        c->rank = facts->ordered_on;
        break;
    case ORDERS_BY_EXPECTED:
        c->rank = facts->expected_on;
        break;
    case ORDERS_BY_SHIPPED:
        c->rank = facts->shipped_on;
        break;
    case ORDERS_BY_DELIVERED:
        c->rank = facts->delivered_on;
        break;
    case ORDERS_BY_CREATED:
        c->rank = parts->row.created_us;
        break;
    case ORDERS_BY_UPDATED:
        c->rank = parts->row.updated_us;
        break;
    default:
        break;
    }
    if (f->sort >= ORDERS_BY_ORDERED && f->sort <= ORDERS_BY_DELIVERED && c->rank == DAYBOOK_DAY_NONE)
        c->rank = INT64_MAX; /* without that day: last */
    return 0;
}

static int consider(struct finder *f, const struct row_parts *parts, struct daybook_error *err)
{
    bool wanted = false;
    int rc = matches(f, parts, &wanted, err);
    if (rc || !wanted)
        return rc;
    if (f->count == f->capacity) {
        size_t more = f->capacity ? f->capacity * 2 : 1024;
        struct candidate *bigger = realloc(f->candidates, more * sizeof *bigger);
        if (!bigger)
            return no_memory(err);
        f->candidates = bigger;
        f->capacity = more;
    }
    struct candidate *c = &f->candidates[f->count];
    *c = (struct candidate){.ordinal = parts->row.facts.order, .number = arena_text(&f->arena, parts->number)};
    rc = c->number.ptr ? rank(f, parts, c, err) : no_memory(err);
    f->count += !rc;
    return rc;
}

static int consider_row(void *context, uint64_t key, const void *bytes, size_t len, struct daybook_error *err)
{
    struct row_parts parts;
    (void)key;
    int rc = row_unpack(bytes, len, &parts, err);
    return rc ? rc : consider(context, &parts, err);
}

static int consider_state(void *context, const struct order_state *state, struct daybook_error *err)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    int rc = row_pack(state, &bytes, &len, err);
    if (!rc)
        rc = consider_row(context, state->ordinal, bytes, len, err);
    free(bytes);
    return rc;
}

static int compare_candidates(const void *left, const void *right)
{
    const struct candidate *a = left, *b = right;
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    int order = a->text.ptr && b->text.ptr ? text_compare(a->text, b->text) : 0;
    return order ? order : text_compare(a->number, b->number);
}

static int take_found(struct finder *f, struct orders_found *ret, struct daybook_error *err)
{
    uint32_t *ordinals = malloc((f->count + 1) * sizeof *ordinals);
    if (!ordinals)
        return no_memory(err);
    if (f->count)
        qsort(f->candidates, f->count, sizeof *f->candidates, compare_candidates);
    for (size_t i = 0; i < f->count; i++)
        ordinals[i] = f->candidates[i].ordinal;
    *ret = (struct orders_found){ordinals, f->count};
    return 0;
}

int orders_find(struct daybook_snapshot *snapshot, struct daybook_view *view, struct order_cut cut,
                struct registers *registers, const struct orders_filter *filter, enum orders_sort sort,
                struct orders_found *ret, struct daybook_error *err)
{
    struct finder f = {.filter = filter, .sort = sort, .registers = registers};
    struct order_reader reader = {0};
    int rc = 0;
    if (filter->search.ptr && !(f.search = text_fold(filter->search, &f.search_len)))
        rc = text_is_valid(filter->search)
                 ? no_memory(err)
                 : daybook_fail(err, DAYBOOK_USAGE, "What is searched for is not valid UTF-8 text.");
    if (!rc && view)
        rc = daybook_rows_each(daybook_view_rows(view), DAYBOOK_TABLE_MAIN, consider_row, &f, err);
    else if (!rc)
        rc = order_reader_each(&reader, snapshot, cut, consider_state, &f, err);
    if (!rc)
        rc = take_found(&f, ret, err);
    order_reader_release(&reader);
    arena_release(&f.arena);
    free(f.candidates);
    free(f.search);
    return rc;
}

void orders_found_release(struct orders_found *found)
{
    free(found->ordinals);
    *found = (struct orders_found){NULL, 0};
}
