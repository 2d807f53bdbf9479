/* What delay analytics need to know of one order. */
#include "projections/facts.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/decimal.h"

static bool is_of(const struct order_part *part, uint32_t line, bool delivered)
{
    return part->line == line && part->delivered == delivered;
}

/* What of a line had moved by the end of a day; parts of unknown day count as there. */
static bool had_whole_quantity(const struct order_state *state, const struct order_line *line, bool delivered,
                               int32_t day)
{
    struct daybook_decimal sum = {0, 0};
    for (size_t i = 0; i < state->part_count; i++) {
        const struct order_part *part = &state->parts[i];
        if (is_of(part, line->line, delivered) && (part->day == DAYBOOK_DAY_NONE || part->day <= day) &&
            !decimal_add(sum, part->quantity, &sum))
            return true; /* beyond 18 digits is more than any order */
    }
    return decimal_compare(sum, line->quantity) >= 0;
}

/* The first day by which one line had its whole quantity: the earliest of its parts' days that suffices. */
static int32_t line_in_full_on(const struct order_state *state, const struct order_line *line, bool delivered)
{
    if (had_whole_quantity(state, line, delivered, FULL_ALWAYS))
        return FULL_ALWAYS;
    int32_t first = FULL_NEVER;
    for (size_t i = 0; i < state->part_count; i++) {
        const struct order_part *part = &state->parts[i];
        if (is_of(part, line->line, delivered) && part->day != DAYBOOK_DAY_NONE && part->day < first &&
            had_whole_quantity(state, line, delivered, part->day))
            first = part->day;
    }
    return first;
}

static int32_t in_full_on(const struct order_state *state, bool delivered)
{
    int32_t last = FULL_ALWAYS;
    for (size_t i = 0; i < state->line_count; i++) {
        int32_t day = line_in_full_on(state, &state->lines[i], delivered);
        if (day > last)
            last = day;
    }
    return last;
}

void facts_of(const struct order_state *state, struct order_facts *ret)
{
    memset(ret, 0, sizeof *ret); /* rows are compared byte by byte, padding too */
    ret->order = state->ordinal;
    ret->customer = state->customer;
    ret->delivered_by = state->delivered_by;
    ret->status = state->status;
    ret->phase = (uint8_t)workflow_statuses[state->status].phase;
    ret->ordered_on = state->ordered_on;
    ret->expected_on = state->expected_on;
    ret->first_expected_on = state->first_expected_on;
    ret->requested_on = state->requested_on;
    ret->shipped_on = state->shipped_on;
    ret->delivered_on = state->delivered_on;
    ret->cancelled_on = state->cancelled_on;
    ret->shipped_in_full_on = in_full_on(state, false);
    ret->delivered_in_full_on = in_full_on(state, true);
}

/* ---- labels */

void product_list_release(struct product_list *list)
{
    free(list->products);
    *list = (struct product_list){0};
}

int product_list_add(struct product_list *list, uint32_t product, struct daybook_error *err)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->products[i] == product)
            return 0;
    if (list->count == list->capacity) {
        size_t wanted = list->capacity ? list->capacity * 2 : 16;
        uint32_t *bigger = reallocarray(list->products, wanted, sizeof *bigger);
        if (!bigger)
            return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for the products of an order.");
        list->products = bigger;
        list->capacity = wanted;
    }
    list->products[list->count++] = product;
    return 0;
}

int labels_of(const struct order_state *state, struct product_list *list, struct delays_labels *ret,
              struct daybook_error *err)
{
    int rc = 0;
    list->count = 0;
    for (size_t i = 0; i < state->line_count && !rc; i++)
        rc = product_list_add(list, state->lines[i].product, err);
    if (!rc)
        *ret = (struct delays_labels){list->products, list->count, state->carrier};
    return rc;
}
