/* Fields and values of the audit trail as text. */
#include "projections/audit_text.h"

#include <string.h>

#include "ledger/date.h"
#include "ledger/decimal.h"

static int no_memory(struct daybook_error *err)
{
    return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for an audit trail.");
}

static int kept(struct daybook_text text, struct daybook_text *ret, struct daybook_error *err)
{
    *ret = text;
    return text.ptr ? 0 : no_memory(err);
}

int audit_field_text(struct audit_texts *t, const struct order_field *field, struct daybook_text *ret,
                     struct daybook_error *err)
{
    const char *name = order_field_name(field->id);
    struct register_field own = {.name = {"", 0}};
    int rc = field->own ? registers_field(t->registers, field->own, &own, err) : 0;
    int own_len = (int)own.name.len;
    if (rc)
        return rc;
    switch (field->id) {
    case ORDER_FIELD_OWN:
        return kept(arena_printf(t->arena, "%s.%.*s", name, own_len, own.name.ptr), ret, err);
    case ORDER_FIELD_LINE_OWN:
        return kept(arena_printf(t->arena, "items.%u.%s.%.*s", field->line, name, own_len, own.name.ptr), ret, err);
    case ORDER_FIELD_NOTE:
        return kept(arena_printf(t->arena, "%s.%llu", name, (unsigned long long)field->note), ret, err);
    default:
        return kept(field->line ? arena_printf(t->arena, "items.%u.%s", field->line, name)
                                : (struct daybook_text){name, strlen(name)},
                    ret, err);
    }
}

/* The value itself, through its event: (seq, slot) must fit the commitment that stands there. */
struct wanted_slot {
    uint16_t slot;
    struct daybook_personal found;
};

static int find_slot(void *context, const char *field, uint16_t slot, const struct daybook_personal *personal)
{
    struct wanted_slot *wanted = context;
    (void)field;
    if (slot == wanted->slot)
        wanted->found = *personal, wanted->found.slot = slot;
    return 0;
}

static int personal_text(struct audit_texts *t, uint64_t seq, uint16_t slot, struct daybook_text *ret,
                         struct daybook_error *err)
{
    struct event_scratch scratch = {0};
    struct daybook_event event;
    struct daybook_data data;
    struct wanted_slot wanted = {.slot = slot};
    *ret = DAYBOOK_TEXT_NONE;
    int rc = daybook_event(t->snapshot, seq, &event, err);
    if (!rc)
        rc = event_read_data(&event, &scratch, &data, err);
    if (!rc)
        data_each_personal(schema_by_wire(event.type), &data, find_slot, &wanted);
    if (!rc && wanted.found.commitment)
        rc = daybook_personal_value(t->snapshot, seq, &wanted.found, ret, err);
    event_scratch_release(&scratch);
    return rc;
}

static int day_text(struct audit_texts *t, int32_t day, struct daybook_text *ret, struct daybook_error *err)
{
    char text[DAYBOOK_DAY_TEXT_SIZE];
    date_format(day, text);
    return kept(arena_text(t->arena, (struct daybook_text){text, strlen(text)}), ret, err);
}

int audit_value_text(struct audit_texts *t, const struct order_value *value, struct daybook_text *ret,
                     struct daybook_error *err)
{
    char decimal[DAYBOOK_DECIMAL_TEXT_SIZE];
    struct register_product product;
    int rc = 0;
    *ret = DAYBOOK_TEXT_NONE;
    switch (value->kind) {
    case ORDER_VALUE_TEXT:
        return kept(arena_text(t->arena, value->text), ret, err);
    case ORDER_VALUE_DAY:
        return day_text(t, value->day, ret, err);
    case ORDER_VALUE_DECIMAL:
        decimal_format(value->decimal, decimal);
        return kept(arena_text(t->arena, (struct daybook_text){decimal, strlen(decimal)}), ret, err);
    case ORDER_VALUE_CUSTOMER:
        return registers_name(t->registers, DAYBOOK_CUSTOMER, value->ordinal, ret, err);
    case ORDER_VALUE_PRODUCT:
        rc = registers_product(t->registers, value->ordinal, &product, err);
        if (!rc)
            *ret = product.code;
        return rc;
    case ORDER_VALUE_PERSONAL:
        return personal_text(t, value->seq, value->slot, ret, err);
    default:
        return 0;
    }
}

/* One scalar field of a register's event as text; absent when it has none. */
static int register_field_text(struct audit_texts *t, uint64_t seq, const struct daybook_data *data,
                               const struct schema_field *field, struct daybook_text *ret, struct daybook_error *err)
{
    const void *member = (const char *)data + field->offset;
    *ret = DAYBOOK_TEXT_NONE;
    if (!data_has(data, field))
        return 0;
    switch (field->kind) {
    case SCHEMA_TEXT:
        return kept(arena_text(t->arena, *(const struct daybook_text *)member), ret, err);
    case SCHEMA_PERSONAL:
        return daybook_personal_value(t->snapshot, seq, member, ret, err);
    case SCHEMA_DAY:
        return day_text(t, *(const int32_t *)member, ret, err);
    case SCHEMA_UINT:
        return kept(arena_printf(t->arena, "%llu", (unsigned long long)*(const uint64_t *)member), ret, err);
    case SCHEMA_CUSTOMER:
        return registers_name(t->registers, DAYBOOK_CUSTOMER, *(const uint32_t *)member, ret, err);
    default:
        return 0;
    }
}

/* What the register's events before `nth` said last under that name. */
static int earlier_value(struct audit_texts *t, struct chain *chain, uint32_t nth, const char *name,
                         struct daybook_text *ret, struct daybook_error *err)
{
    *ret = DAYBOOK_TEXT_NONE;
    int rc = 0;
    for (size_t i = 0; i + 1 < nth && i < chain->count && !rc; i++) {
        const struct daybook_event *event = &chain->links[i].event;
        const struct schema_type *type = schema_by_wire(event->type);
        struct daybook_data data;
        struct daybook_text text = DAYBOOK_TEXT_NONE;
        rc = chain_data(chain, i, &chain->scratch, &data, err);
        for (size_t f = 0; !rc && f < type->field_count; f++)
            if (strcmp(type->fields[f].name, name) == 0)
                rc = register_field_text(t, event->seq, &data, &type->fields[f], &text, err);
        if (text.ptr)
            *ret = text;
    }
    return rc;
}

static int value_text(struct audit_texts *t, uint64_t seq, const struct daybook_value *value, struct daybook_text *ret,
                      struct daybook_error *err)
{
    char decimal[DAYBOOK_DECIMAL_TEXT_SIZE];
    *ret = DAYBOOK_TEXT_NONE;
    switch (value->kind) {
    case DAYBOOK_VALUE_TEXT:
        return kept(arena_text(t->arena, value->text), ret, err);
    case DAYBOOK_VALUE_PERSONAL:
        return daybook_personal_value(t->snapshot, seq, &value->personal, ret, err);
    case DAYBOOK_VALUE_INTEGER:
        return kept(arena_printf(t->arena, "%lld", (long long)value->integer), ret, err);
    case DAYBOOK_VALUE_DECIMAL:
        decimal_format(value->decimal, decimal);
        return kept(arena_text(t->arena, (struct daybook_text){decimal, strlen(decimal)}), ret, err);
    case DAYBOOK_VALUE_DAY:
        return day_text(t, value->day, ret, err);
    default:
        return 0;
    }
}

/* Under the names of its registration, or by position. */
static int application_values(struct audit_texts *t, const struct daybook_event *event, const struct audit_change **ret,
                              size_t *ret_count, struct daybook_error *err)
{
    struct daybook_value values[DAYBOOK_TYPE_FIELDS_MAX];
    const struct application_types *types;
    size_t used = 0;
    struct audit_change *changes = arena_alloc(t->arena, DAYBOOK_TYPE_FIELDS_MAX * sizeof *changes);
    int rc = changes ? registers_types(t->registers, &types, err) : no_memory(err);
    if (!rc)
        rc = daybook_values(event, application_type(types, event->type, event->version), values,
                            DAYBOOK_TYPE_FIELDS_MAX, err);
    for (size_t i = 0; i < DAYBOOK_TYPE_FIELDS_MAX && !rc; i++) {
        if (values[i].kind == DAYBOOK_VALUE_ABSENT)
            continue;
        changes[used] = (struct audit_change){.field = values[i].name};
        if (!values[i].name.ptr)
            rc = kept(arena_printf(t->arena, "%zu", i + 1), &changes[used].field, err);
        if (!rc)
            rc = value_text(t, event->seq, &values[i], &changes[used++].to, err);
    }
    *ret = changes;
    *ret_count = rc ? 0 : used;
    return rc;
}

int audit_register_changes(struct audit_texts *t, const struct daybook_event *event, const struct audit_change **ret,
                           size_t *ret_count, struct daybook_error *err)
{
    const struct schema_type *type = schema_by_wire(event->type);
    struct chain chain = {0};
    struct event_scratch scratch = {0};
    struct daybook_data data;
    size_t used = 0;
    /* A forgetting is a deed: nothing was so before it, and its reason stands by itself. */
    const bool is_deed = event->type == DAYBOOK_PERSONAL_DATA_ERASED;
    *ret_count = 0;
    if (type == &schema_application)
        return application_values(t, event, ret, ret_count, err);
    struct audit_change *changes = arena_alloc(t->arena, (type->field_count + 1) * sizeof *changes);
    int rc =
        changes ? chain_load(&chain, t->snapshot->log, event->kind, event->ordinal, event->seq, err) : no_memory(err);
    if (!rc)
        rc = event_read_data(event, &scratch, &data, err);
    for (size_t f = 0; f < type->field_count && !rc; f++) {
        struct audit_change change = {.field = {type->fields[f].name, strlen(type->fields[f].name)}};
        if (is_deed && type->fields[f].kind == SCHEMA_PERSONAL)
            continue;
        rc = register_field_text(t, event->seq, &data, &type->fields[f], &change.to, err);
        if (!rc && !is_deed)
            rc = earlier_value(t, &chain, event->nth, type->fields[f].name, &change.from, err);
        if (!rc && data_has(&data, &type->fields[f]))
            changes[used++] = change;
    }
    chain_release(&chain);
    event_scratch_release(&scratch);
    *ret = changes;
    *ret_count = used;
    return rc;
}
