/* Which names and keys an event brings. */
#include "ledger/names.h"

#include <stdlib.h>

#include "ledger/event.h"
#include "ledger/text.h"

static int visit_name(uint32_t kind, struct daybook_text name, uint32_t ordinal, names_visit *visit, void *context,
                      struct daybook_error *err)
{
    size_t len = 0;
    if (!name.ptr)
        return 0;
    char *compared = ledger_compared_name(kind, name, &len);
    if (!compared && text_is_valid(name))
        return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for the name of %s %u.", schema_kind_name(kind),
                            ordinal);
    if (!compared)
        return daybook_fail(err, DAYBOOK_DAMAGED, "The name of %s %u is not valid text.", schema_kind_name(kind),
                            ordinal);
    int rc =
        len ? visit(context, ledger_kind_is_personal(kind), kind, (struct daybook_text){compared, len}, ordinal, err)
            : 0;
    free(compared);
    return rc;
}

int names_of_event(const struct daybook_event *event, const struct daybook_data *data, struct personal_txn *personal,
                   names_visit *visit, void *context, struct daybook_error *err)
{
    struct daybook_text name = DAYBOOK_TEXT_NONE;
    switch (event->type) {
    case DAYBOOK_ORDER_CREATED:
        name = data->order_no;
        break;
    case DAYBOOK_PRODUCT_REGISTERED:
    case DAYBOOK_PRODUCT_RENAMED:
        name = data->code;
        break;
    case DAYBOOK_FIELD_DEFINED:
        name = data->name;
        break;
    case DAYBOOK_SOURCE_REGISTERED:
        name = data->identity;
        break;
    case DAYBOOK_CUSTOMER_REGISTERED:
    case DAYBOOK_CUSTOMER_RENAMED:
    case DAYBOOK_ACTOR_REGISTERED:
    case DAYBOOK_ACTOR_CHANGED:
    case DAYBOOK_VIA_REGISTERED:
        if (data->person.commitment) {
            const uint8_t *salt;
            int rc = personal_value(personal, event->seq, data->person.slot, &salt, &name, err);
            if (rc)
                return rc;
        }
        break;
    default:
        break;
    }
    return visit_name(event->kind, name, event->ordinal, visit, context, err);
}

bool names_key_in_table(const struct daybook_event *event, const struct daybook_data *data, struct daybook_text numbers)
{
    if (!event->has_key || event->kind != DAYBOOK_ORDER)
        return event->has_key;
    return event->type == DAYBOOK_ORDER_CREATED && numbers_match(numbers, data->order_no);
}

struct repair {
    struct personal_txn *personal;
    struct event_scratch scratch;
};

static int put_personal_name(void *context, bool is_personal, uint32_t kind, struct daybook_text compared,
                             uint32_t ordinal, struct daybook_error *err)
{
    return is_personal ? personal_put_name(context, kind, compared, ordinal, err) : 0;
}

static int repair_event(void *context, uint64_t seq, const uint8_t *bytes, size_t len, struct daybook_error *err)
{
    struct repair *r = context;
    struct daybook_event event;
    struct daybook_data data;
    int rc = event_read(seq, bytes, len, &event, err);
    if (rc || !ledger_kind_is_personal(event.kind))
        return rc;
    rc = event_read_data(&event, &r->scratch, &data, err);
    return rc ? rc : names_of_event(&event, &data, r->personal, put_personal_name, r->personal, err);
}

int names_repair(struct store_txn *log, struct personal_txn *personal, uint64_t last_seq, struct daybook_error *err)
{
    struct repair r = {.personal = personal};
    int rc = personal_cut(personal, last_seq, err);
    if (!rc)
        rc = store_each_event(log, 1, repair_event, &r, err);
    event_scratch_release(&r.scratch);
    return rc;
}
