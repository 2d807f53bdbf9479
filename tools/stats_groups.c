/* What `--by` groups orders by.
 *
 * A key is a number that a text belongs to: the ordinal of a customer, product or actor, a month, a status. Grouped by
 * one such thing, a group is found by that number alone, and its name is looked up once; only keys that are texts of
 * the order itself, and combinations of several things, are looked up by their texts. */
#include "tools/stats_groups.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/date.h"
#include "ledger/text.h"
#include "tools/order_json.h"

enum {
    NUMBERED_KEYS_MAX = 1 << 22, /* keys beyond are found by their texts: a list of groups stays small */
    MONTHS_A_YEAR = 12,
};

_Static_assert((int)DAYBOOK_DECIMAL_TEXT_SIZE >= (int)GROUP_MONTH_SIZE, "one scratch buffer serves all keys");

struct order {
    const struct order_facts *facts;
    const struct delays_labels *labels;
};

struct part {
    const struct dimension *dimension;
    const char *word; /* as typed */
    uint32_t field;   /* ordinal of an own field */
    /* Of the order at hand: */
    const uint32_t *keys;
    size_t key_count;
    uint32_t single; /* where `keys` points when there is one */
    struct daybook_text carrier;
    const struct order_own **values; /* of an own field, in the order and its lines */
    uint32_t *value_keys;
    size_t value_capacity;
    char scratch[DAYBOOK_DECIMAL_TEXT_SIZE];
};

struct dimension {
    const char *name, *title_en, *title_zh;
    bool wants_labels;
    bool is_numbered; /* a key's text is the same for all orders */
    int (*find_keys)(struct grouping *grouping, struct part *part, const struct order *order);
    int (*text_of)(struct grouping *grouping, struct part *part, uint32_t key, struct daybook_text *ret);
};

struct grouping {
    struct session *session;
    const struct figures_params *params;
    struct groups *groups;
    struct part parts[GROUP_PARTS_MAX];
    size_t part_count;
    struct group **by_number; /* with one numbered part: its groups by key, NULL where there is none yet */
    size_t number_capacity;
    struct order_reader reader; /* for own fields */
    uint32_t loaded_order;      /* which is in it */
};

static int no_memory(struct grouping *g)
{
    return daybook_fail(&g->session->ctx->error, DAYBOOK_NO_MEMORY, "Out of memory for groups of orders.");
}

/* ---- the things to group by */

static void set_single(struct part *part, uint32_t key)
{
    part->single = key;
    part->keys = &part->single;
    part->key_count = 1;
}

static void set_month(struct part *part, int32_t day)
{
    int year, month, day_of_month;
    part->key_count = 0;
    if (day == DAYBOOK_DAY_NONE)
        return;
    date_to_ymd(day, &year, &month, &day_of_month);
    set_single(part, (uint32_t)(year * MONTHS_A_YEAR + month - 1));
}

static int customer_keys(struct grouping *g, struct part *part, const struct order *order)
{
    (void)g;
    set_single(part, order->facts->customer);
    return 0;
}

static int customer_text(struct grouping *g, struct part *part, uint32_t key, struct daybook_text *ret)
{
    (void)part;
    return registers_name(g->session->registers, DAYBOOK_CUSTOMER, key, ret, &g->session->ctx->error);
}

static int product_keys(struct grouping *g, struct part *part, const struct order *order)
{
    (void)g;
    part->keys = order->labels->products;
    part->key_count = order->labels->product_count;
    return 0;
}

static int product_text(struct grouping *g, struct part *part, uint32_t key, struct daybook_text *ret)
{
    struct register_product product = {0};
    int rc = registers_product(g->session->registers, key, &product, &g->session->ctx->error);
    (void)part;
    if (!rc)
        *ret = product.code;
    return rc;
}

static int month_keys(struct grouping *g, struct part *part, const struct order *order)
{
    set_month(part, figures_milestone(order->facts, g->params));
    return 0;
}

static int ordered_month_keys(struct grouping *g, struct part *part, const struct order *order)
{
    (void)g;
    set_month(part, order->facts->ordered_on);
    return 0;
}

static int month_text(struct grouping *g, struct part *part, uint32_t key, struct daybook_text *ret)
{
    int32_t first_day = 0;
    (void)g;
    date_from_ymd((int)key / MONTHS_A_YEAR, (int)key % MONTHS_A_YEAR + 1, 1, &first_day);
    group_month(first_day, part->scratch);
    *ret = (struct daybook_text){part->scratch, GROUP_MONTH_SIZE - 1};
    return 0;
}

static int actor_keys(struct grouping *g, struct part *part, const struct order *order)
{
    (void)g;
    set_single(part, order->facts->delivered_by);
    part->key_count = order->facts->delivered_by ? 1 : 0;
    return 0;
}

static int actor_text(struct grouping *g, struct part *part, uint32_t key, struct daybook_text *ret)
{
    (void)part;
    return registers_name(g->session->registers, DAYBOOK_ACTOR, key, ret, &g->session->ctx->error);
}

static int carrier_keys(struct grouping *g, struct part *part, const struct order *order)
{
    (void)g;
    set_single(part, 0);
    part->carrier = order->labels->carrier;
    return 0;
}

static int carrier_text(struct grouping *g, struct part *part, uint32_t key, struct daybook_text *ret)
{
    (void)g, (void)key;
    *ret = part->carrier;
    return 0;
}

static int status_keys(struct grouping *g, struct part *part, const struct order *order)
{
    (void)g;
    set_single(part, order->facts->status);
    return 0;
}

static int status_text(struct grouping *g, struct part *part, uint32_t key, struct daybook_text *ret)
{
    const char *name = workflow_statuses[key].name;
    (void)g, (void)part;
    *ret = (struct daybook_text){name, strlen(name)};
    return 0;
}

/* The values of the part's field among these. */
static int take_values(struct grouping *g, struct part *part, const struct order_own *own, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (own[i].value.field != part->field)
            continue;
        if (part->key_count == part->value_capacity) {
            size_t wanted = 2 * part->value_capacity + 8;
            const struct order_own **values = reallocarray(part->values, wanted, sizeof *values);
            if (values)
                part->values = values;
            uint32_t *keys = reallocarray(part->value_keys, wanted, sizeof *keys);
            if (keys)
                part->value_keys = keys;
            if (!values || !keys)
                return no_memory(g);
            part->value_capacity = wanted;
        }
        part->value_keys[part->key_count] = (uint32_t)part->key_count;
        part->values[part->key_count++] = &own[i];
    }
    return 0;
}

static int field_keys(struct grouping *g, struct part *part, const struct order *order)
{
    const struct order_state *state = &g->reader.state;
    int rc = 0;
    if (g->loaded_order != order->facts->order) {
        g->loaded_order = 0;
        rc = order_reader_load(&g->reader, g->session->snapshot, order->facts->order, g->session->cut,
                               &g->session->ctx->error);
    }
    if (rc)
        return rc;
    g->loaded_order = order->facts->order;
    part->key_count = 0;
    rc = take_values(g, part, state->own, state->own_count);
    for (size_t i = 0; i < state->line_count && !rc; i++)
        rc = take_values(g, part, state->lines[i].own, state->lines[i].own_count);
    part->keys = part->value_keys;
    if (part->key_count == 0)
        set_single(part, 0);
    return rc;
}

static int field_text(struct grouping *g, struct part *part, uint32_t key, struct daybook_text *ret)
{
    if (part->keys != &part->single)
        return order_own_text(g->session->snapshot, part->values[key], part->scratch, ret, &g->session->ctx->error);
    *ret = DAYBOOK_TEXT_NONE;
    return 0;
}

static const struct dimension dimensions[] = {
    {"customer", "Customer", "客户", false, true, customer_keys, customer_text},
    {"product", "Product", "产品", true, true, product_keys, product_text},
    {"month", "Month", "月份", false, true, month_keys, month_text},
    {"ordered-month", "Ordered", "下单月份", false, true, ordered_month_keys, month_text},
    {"actor", "Delivered by", "送达记录人", false, true, actor_keys, actor_text},
    {"carrier", "Carrier", "承运商", true, false, carrier_keys, carrier_text},
    {"status", "Status", "状态", false, true, status_keys, status_text},
};
static const struct dimension field_dimension = {"field:", NULL, NULL, false, false, field_keys, field_text};

/* ---- making and asking */

static int find_field(struct grouping *g, struct part *part, struct daybook_text name)
{
    struct context *ctx = g->session->ctx;
    int rc = daybook_find(g->session->snapshot, DAYBOOK_FIELD, name, &part->field, &ctx->error);
    if (rc || part->field)
        return rc;
    return daybook_fail(&ctx->error, DAYBOOK_NOT_FOUND,
                        say(ctx, "There is no own field \"%.*s\".", "没有自定义字段“%.*s”。"), (int)name.len, name.ptr);
}

static int add_part(struct grouping *g, const struct given *given)
{
    struct context *ctx = g->session->ctx;
    size_t prefix_len = strlen(field_dimension.name);
    if (g->part_count == GROUP_PARTS_MAX)
        return daybook_fail(&ctx->error, DAYBOOK_USAGE,
                            say(ctx, "--by can be given %d times at most.", "--by 最多给 %d 次。"), GROUP_PARTS_MAX);
    struct part *part = &g->parts[g->part_count++];
    part->word = given->string;
    for (size_t i = 0; i < sizeof dimensions / sizeof *dimensions; i++)
        if (strcmp(dimensions[i].name, given->string) == 0)
            part->dimension = &dimensions[i];
    if (part->dimension)
        return 0;
    if (strncmp(given->string, field_dimension.name, prefix_len) != 0)
        return daybook_fail(&ctx->error, DAYBOOK_USAGE,
                            say(ctx,
                                "--by: \"%.100s\" is none of customer, product, field:NAME, month, ordered-month, "
                                "actor, carrier, status.",
                                "--by：“%.100s”不是 customer、product、field:NAME、month、ordered-month、"
                                "actor、carrier、status 之一。"),
                            given->string);
    part->dimension = &field_dimension;
    return find_field(g, part, (struct daybook_text){given->text.ptr + prefix_len, given->text.len - prefix_len});
}

int grouping_new(struct session *session, const struct figures_params *params, const struct given *by,
                 size_t accumulator_size, void (*release)(void *accumulator), struct grouping **ret)
{
    struct grouping *g = calloc(1, sizeof *g);
    int rc = 0;
    if (!g)
        return daybook_fail(&session->ctx->error, DAYBOOK_NO_MEMORY, "Out of memory for groups of orders.");
    g->session = session;
    g->params = params;
    for (; by && !rc; by = by->next)
        rc = add_part(g, by);
    if (!rc)
        rc = groups_new(g->part_count, accumulator_size, release, &g->groups, &session->ctx->error);
    if (rc)
        grouping_free(g);
    else
        *ret = g;
    return rc;
}

void grouping_free(struct grouping *g)
{
    if (!g)
        return;
    for (size_t i = 0; i < g->part_count; i++) {
        free(g->parts[i].values);
        free(g->parts[i].value_keys);
    }
    free(g->by_number);
    groups_free(g->groups);
    order_reader_release(&g->reader);
    free(g);
}

bool grouping_wants_labels(const struct grouping *g)
{
    bool wants = false;
    for (size_t i = 0; i < g->part_count; i++)
        wants |= g->parts[i].dimension->wants_labels;
    return wants;
}

size_t grouping_part_count(const struct grouping *g)
{
    return g->part_count;
}

const char *grouping_part_name(const struct grouping *g, size_t part)
{
    return g->parts[part].word;
}

const char *grouping_part_title(const struct grouping *g, size_t part)
{
    const struct dimension *dimension = g->parts[part].dimension;
    if (dimension == &field_dimension)
        return g->parts[part].word + strlen(field_dimension.name);
    return say(g->session->ctx, dimension->title_en, dimension->title_zh);
}

struct group **grouping_sorted(struct grouping *g, size_t *ret_count)
{
    *ret_count = g->part_count ? groups_size(g->groups) : 0;
    return groups_sorted(g->groups);
}

/* ---- counting */

/* Where the group of a numbered key is kept. */
static int find_place(struct grouping *g, uint32_t key, struct group ***ret)
{
    if (key >= g->number_capacity) {
        size_t wanted = 2 * (size_t)key + 64;
        struct group **bigger = reallocarray(g->by_number, wanted, sizeof *bigger);
        if (!bigger)
            return no_memory(g);
        memset(bigger + g->number_capacity, 0, (wanted - g->number_capacity) * sizeof *bigger);
        g->by_number = bigger;
        g->number_capacity = wanted;
    }
    *ret = &g->by_number[key];
    return 0;
}

/* By one numbered thing: keys with one text (merged customers) come to the same group when they are first met. */
static int count_numbered(struct grouping *g, struct part *part, const struct order *order, grouping_add *add,
                          void *context)
{
    int rc = 0;
    for (size_t i = 0; i < part->key_count && !rc; i++) {
        uint32_t key = part->keys[i];
        struct group *unkept = NULL, **group = &unkept;
        struct daybook_text text = DAYBOOK_TEXT_NONE;
        if (key < NUMBERED_KEYS_MAX)
            rc = find_place(g, key, &group);
        if (!rc && !*group) {
            rc = part->dimension->text_of(g, part, key, &text);
            if (!rc)
                rc = groups_count_order(g->groups, &text, order->facts->order, group, &g->session->ctx->error);
        }
        if (!rc && *group)
            rc = add(context, (*group)->accumulator, order->facts);
    }
    return rc;
}

/* Every combination of the keys of parts `at` and on, with `texts` those of the parts before. */
static int count_combinations(struct grouping *g, size_t at, struct daybook_text texts[], const struct order *order,
                              grouping_add *add, void *context)
{
    struct part *part = &g->parts[at];
    struct group *group = NULL;
    int rc = 0;
    if (at == g->part_count) {
        rc = groups_count_order(g->groups, texts, order->facts->order, &group, &g->session->ctx->error);
        return rc || !group ? rc : add(context, group->accumulator, order->facts);
    }
    for (size_t i = 0; i < part->key_count && !rc; i++) {
        rc = part->dimension->text_of(g, part, part->keys[i], &texts[at]);
        if (!rc)
            rc = count_combinations(g, at + 1, texts, order, add, context);
    }
    return rc;
}

int grouping_count(struct grouping *g, const struct order_facts *facts, const struct delays_labels *labels,
                   grouping_add *add, void *context)
{
    const struct order order = {facts, labels};
    struct daybook_text texts[GROUP_PARTS_MAX];
    int rc = 0;
    for (size_t i = 0; i < g->part_count && !rc; i++)
        rc = g->parts[i].dimension->find_keys(g, &g->parts[i], &order);
    if (rc || g->part_count == 0)
        return rc;
    if (g->part_count == 1 && g->parts[0].dimension->is_numbered)
        return count_numbered(g, &g->parts[0], &order, add, context);
    return count_combinations(g, 0, texts, &order, add, context);
}
