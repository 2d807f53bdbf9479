/* Names become ordinals. Who or what is not known yet is registered by an event of the entry that names it. */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "ledger/date.h"
#include "ledger/decimal.h"
#include "ledger/text.h"
#include "ledger/writer.h"

static int no_memory(struct daybook_error *err)
{
    return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for an entry.");
}

/* ---- personal values */

static const uint8_t *fresh_salt(struct writer *w)
{
    if (!w->salts_ready || w->salts_used == sizeof w->salts) {
        while (getrandom(w->salts, sizeof w->salts, 0) != sizeof w->salts)
            continue;
        w->salts_used = 0;
        w->salts_ready = true;
    }
    const uint8_t *salt = w->salts + w->salts_used;
    w->salts_used += DAYBOOK_SALT_SIZE;
    return arena_copy(&w->entry.arena, salt, DAYBOOK_SALT_SIZE);
}

int resolve_personal(struct writer *w, struct daybook_text value, struct daybook_personal *ret,
                     struct daybook_error *err)
{
    *ret = (struct daybook_personal){0};
    if (!value.ptr)
        return 0;
    if (value.len > DAYBOOK_TEXT_MAX)
        return daybook_fail(err, DAYBOOK_TOO_LARGE, "A text of %zu bytes is too long; at most %d can be kept.",
                            value.len, DAYBOOK_TEXT_MAX);
    const uint8_t *salt = fresh_salt(w);
    uint8_t *commitment = arena_alloc(&w->entry.arena, DAYBOOK_COMMITMENT_SIZE);
    struct daybook_text copy = arena_text(&w->entry.arena, value);
    if (!salt || !commitment || !copy.ptr)
        return no_memory(err);
    personal_commitment(salt, copy, commitment);
    *ret = (struct daybook_personal){.commitment = commitment, .salt = salt, .value = copy};
    return 0;
}

/* ---- finding */

/* The form in which the name is compared, in the entry's arena; absent when it is not valid text or out of memory. */
static struct daybook_text compared_name(struct writer *w, uint32_t kind, struct daybook_text name)
{
    size_t len = 0;
    char *out = arena_alloc(&w->entry.arena, name.len);
    if (out && ledger_compared_ascii(kind, name, out, &len))
        return (struct daybook_text){out, len};
    char *compared = ledger_compared_name(kind, name, &len);
    struct daybook_text copy =
        compared ? arena_text(&w->entry.arena, (struct daybook_text){compared, len}) : DAYBOOK_TEXT_NONE;
    free(compared);
    return copy;
}

static int compare_name(struct writer *w, uint32_t kind, struct daybook_text name, struct daybook_text *ret,
                        struct daybook_error *err)
{
    struct daybook_text compared = name.len > DAYBOOK_TEXT_MAX ? name : compared_name(w, kind, name);
    if (!compared.ptr && name.ptr && text_is_valid(name))
        return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for the name of the %s.", schema_kind_name(kind));
    if (!compared.ptr || compared.len == 0)
        return daybook_fail(err, DAYBOOK_BAD_VALUE, "The name of the %s is empty or not valid UTF-8 text.",
                            schema_kind_name(kind));
    if (compared.len > DAYBOOK_TEXT_MAX)
        return daybook_fail(err, DAYBOOK_TOO_LARGE, "The name of the %s is too long; at most %d bytes can be kept.",
                            schema_kind_name(kind), DAYBOOK_TEXT_MAX);
    *ret = compared;
    return 0;
}

static int find_compared(struct writer *w, uint32_t kind, struct daybook_text compared, uint32_t *ret,
                         struct daybook_error *err)
{
    for (size_t i = w->entry.name_count; i-- > 0;)
        if (w->entry.names[i].kind == kind && text_equals(w->entry.names[i].text, compared)) {
            *ret = w->entry.names[i].ordinal;
            return 0;
        }
    return ledger_find(w->log, w->personal, kind, compared, ret, err);
}

int resolve_find(struct writer *w, uint32_t kind, struct daybook_text name, struct daybook_text *ret_compared,
                 uint32_t *ret, struct daybook_error *err)
{
    struct daybook_text compared;
    int rc = compare_name(w, kind, name, &compared, err);
    if (!rc)
        rc = find_compared(w, kind, compared, ret, err);
    if (!rc)
        *ret_compared = compared;
    return rc;
}

int resolve_known(struct writer *w, uint32_t kind, struct daybook_text name, uint32_t *ret, struct daybook_error *err)
{
    struct daybook_text compared;
    int rc = resolve_find(w, kind, name, &compared, ret, err);
    if (!rc && *ret == 0)
        rc = daybook_fail(err, DAYBOOK_NOT_FOUND, "There is no %s %.*s.", schema_kind_name(kind), (int)name.len,
                          name.ptr);
    return rc;
}

/* ---- names found lately */

void writer_forget_names(struct writer *w)
{
    if (++w->names_generation == 0) {
        memset(w->names, 0, sizeof w->names);
        w->names_generation = 1;
    }
}

/* Where the name would be kept; NULL when it is too long. */
static struct writer_name *name_slot(struct writer *w, uint32_t kind, struct daybook_text name)
{
    uint32_t hash = 2166136261u ^ kind;
    if (name.len > WRITER_NAME_LENGTH)
        return NULL;
    for (size_t i = 0; i < name.len; i++)
        hash = (hash ^ (uint8_t)name.ptr[i]) * 16777619u;
    return &w->names[hash % WRITER_NAMES];
}

static bool slot_holds(const struct writer *w, const struct writer_name *slot, uint32_t kind, struct daybook_text name)
{
    return slot && slot->generation == w->names_generation && slot->kind == kind && slot->len == name.len &&
           memcmp(slot->text, name.ptr, name.len) == 0;
}

static void slot_keep(const struct writer *w, struct writer_name *slot, uint32_t kind, struct daybook_text name,
                      uint32_t ordinal)
{
    if (!slot || name.len == 0 || (ordinal & ENTRY_NEW))
        return;
    slot->ordinal = ordinal;
    slot->generation = w->names_generation;
    slot->kind = kind;
    slot->len = (uint8_t)name.len;
    memcpy(slot->text, name.ptr, name.len);
}

void writer_keep_order(struct writer *w, struct daybook_text order_no, uint32_t order)
{
    slot_keep(w, name_slot(w, DAYBOOK_ORDER, order_no), DAYBOOK_ORDER, order_no, order);
}

int resolve_order(struct writer *w, struct daybook_text order_no, struct daybook_text *ret_compared, uint32_t *ret,
                  struct daybook_error *err)
{
    struct daybook_text compared;
    int rc = compare_name(w, DAYBOOK_ORDER, order_no, &compared, err);
    if (rc)
        return rc;
    struct writer_name *slot = name_slot(w, DAYBOOK_ORDER, compared); /* nothing in the entry names an order yet */
    *ret_compared = compared;
    if (slot_holds(w, slot, DAYBOOK_ORDER, compared)) {
        *ret = slot->ordinal;
        return 0;
    }
    rc = find_compared(w, DAYBOOK_ORDER, compared, ret, err);
    if (!rc && *ret)
        slot_keep(w, slot, DAYBOOK_ORDER, compared, *ret);
    return rc;
}

static bool brings_names(const struct entry *entry, uint32_t kind)
{
    bool brings = false;
    for (size_t i = 0; i < entry->name_count; i++)
        brings |= entry->names[i].kind == kind;
    return brings;
}

/* What has that name, or a new subject with its registering event, whose fields the caller fills in (*ret_event, NULL
 * when it was there). */
static int find_or_register(struct writer *w, uint32_t kind, uint32_t type, struct daybook_text name, uint32_t *ret,
                            struct entry_event **ret_event, struct daybook_error *err)
{
    struct daybook_text compared;
    struct writer_name *slot = brings_names(&w->entry, kind) ? NULL : name_slot(w, kind, name);
    *ret_event = NULL;
    if (slot_holds(w, slot, kind, name)) {
        *ret = slot->ordinal;
        return 0;
    }
    int rc = resolve_find(w, kind, name, &compared, ret, err);
    if (!rc && *ret)
        slot_keep(w, slot, kind, name, *ret);
    if (rc || *ret)
        return rc;
    uint32_t fresh = entry_add_subject(&w->entry, kind);
    struct entry_event *added = fresh ? entry_add_event(&w->entry, type, fresh) : NULL;
    if (!added)
        return no_memory(err);
    added->event.occurred_on = w->today;
    rc = entry_add_name(&w->entry, (struct entry_name){kind, fresh, ledger_kind_is_personal(kind), compared}, err);
    if (!rc) {
        *ret = fresh;
        *ret_event = added;
    }
    return rc;
}

static int register_person(struct writer *w, uint32_t kind, uint32_t type, struct daybook_text name, uint32_t *ret,
                           struct entry_event **ret_event, struct daybook_error *err)
{
    int rc = find_or_register(w, kind, type, name, ret, ret_event, err);
    if (!rc && *ret_event)
        rc = resolve_personal(w, text_trim(name), &(*ret_event)->data.person, err);
    return rc;
}

int resolve_actor(struct writer *w, struct daybook_text name, uint32_t *ret, struct daybook_error *err)
{
    struct entry_event *added;
    return register_person(w, DAYBOOK_ACTOR, DAYBOOK_ACTOR_REGISTERED, name, ret, &added, err);
}

int resolve_via(struct writer *w, struct daybook_text name, struct daybook_text kind, uint32_t *ret,
                struct daybook_error *err)
{
    struct entry_event *added;
    int rc = register_person(w, DAYBOOK_VIA, DAYBOOK_VIA_REGISTERED, name, ret, &added, err);
    if (!rc && added)
        added->data.category = kind;
    return rc;
}

int resolve_source(struct writer *w, const struct daybook_source_name *source, uint32_t *ret, struct daybook_error *err)
{
    struct entry_event *added;
    int rc = find_or_register(w, DAYBOOK_SOURCE, DAYBOOK_SOURCE_REGISTERED, source->identity, ret, &added, err);
    if (rc || !added)
        return rc;
    added->data.category = source->category;
    added->data.identity = source->identity;
    return resolve_personal(w, source->name, &added->data.person, err);
}

int resolve_customer(struct writer *w, struct daybook_text name, uint32_t *ret, struct daybook_error *err)
{
    struct entry_event *added;
    return register_person(w, DAYBOOK_CUSTOMER, DAYBOOK_CUSTOMER_REGISTERED, name, ret, &added, err);
}

int resolve_product(struct writer *w, struct daybook_text code, struct daybook_text name, uint32_t *ret,
                    struct daybook_error *err)
{
    struct entry_event *added;
    int rc = find_or_register(w, DAYBOOK_PRODUCT, DAYBOOK_PRODUCT_REGISTERED, code, ret, &added, err);
    if (!rc && added) {
        added->data.code = text_trim(code);
        added->data.name = name.ptr ? text_trim(name) : name;
    }
    return rc;
}

/* The latest event of a register's chain that has what `take` wants, newest first. */
static int latest_event(struct writer *w, uint32_t kind, uint32_t ordinal, bool (*take)(const struct daybook_data *),
                        struct daybook_data *ret, uint64_t *ret_seq, bool *ret_found, struct daybook_error *err)
{
    struct store_head head = {0};
    int rc = store_head(w->log, kind, ordinal, &head, err);
    *ret_found = false;
    uint64_t seq = head.last_seq;
    for (uint32_t nth = head.version; nth > 0 && !rc && !*ret_found; nth--) {
        const uint8_t *bytes;
        size_t len;
        struct daybook_event event;
        rc = store_event(w->log, seq, &bytes, &len, err);
        if (!rc)
            rc = event_read_stored(seq, bytes, len, &event, err);
        if (!rc)
            rc = event_read_data(&event, &w->scratch, ret, err);
        *ret_found = !rc && take(ret);
        *ret_seq = seq;
        seq -= rc ? 0 : event.prev;
    }
    return rc;
}

static bool has_name(const struct daybook_data *data)
{
    return data->name.ptr != NULL;
}

int resolve_product_name(struct writer *w, uint32_t product, struct daybook_text *ret, struct daybook_error *err)
{
    *ret = DAYBOOK_TEXT_NONE;
    for (size_t i = 0; i < w->entry.event_count; i++)
        if (w->entry.events[i].event.kind == DAYBOOK_PRODUCT && w->entry.events[i].event.ordinal == product)
            *ret = w->entry.events[i].data.name;
    if (product & ENTRY_NEW)
        return 0;
    struct daybook_data data;
    uint64_t seq;
    bool found;
    int rc = latest_event(w, DAYBOOK_PRODUCT, product, has_name, &data, &seq, &found, err);
    if (!rc && found)
        *ret = data.name;
    return rc;
}

static bool has_code(const struct daybook_data *data)
{
    return data->code.ptr != NULL;
}

static bool has_person(const struct daybook_data *data)
{
    return data->person.commitment != NULL;
}

int resolve_is_called(struct writer *w, uint32_t kind, uint32_t ordinal, struct daybook_text compared, bool *ret,
                      struct daybook_error *err)
{
    struct daybook_data data;
    const uint8_t *salt;
    bool found = false;
    uint64_t seq = 0;
    int rc = latest_event(w, kind, ordinal, kind == DAYBOOK_PRODUCT ? has_code : has_person, &data, &seq, &found, err);
    struct daybook_text name = rc || !found ? DAYBOOK_TEXT_NONE : data.code;
    if (!rc && found && kind != DAYBOOK_PRODUCT)
        rc = personal_value(w->personal, seq, data.person.slot, &salt, &name, err);
    size_t len = 0;
    char *now = !rc && name.ptr ? ledger_compared_name(kind, name, &len) : NULL;
    if (!rc && name.ptr && !now && text_is_valid(name))
        rc = daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for the name of the %s.", schema_kind_name(kind));
    const bool is_erased = found && !name.ptr; /* then `compared` is what is shown in the name's place */
    *ret = is_erased || (now && text_equals((struct daybook_text){now, len}, compared));
    free(now);
    return rc;
}

/* ---- own fields */

static bool is_among_choices(const struct daybook_data *definition, struct daybook_text value)
{
    /* `choices` is a msgpack array of texts; a short walk needs no more than their headers. */
    const uint8_t *at = definition->rows, *end = at + definition->rows_len;
    if (at < end)
        at += *at == 0xdc ? 3 : 1;
    while (at < end) {
        size_t len = 0;
        if ((*at & 0xe0) == 0xa0)
            len = *at++ & 0x1f;
        else if (*at == 0xd9 && end - at > 1)
            len = at[1], at += 2;
        else if (*at == 0xda && end - at > 2)
            len = (size_t)at[1] << 8 | at[2], at += 3;
        else
            return false;
        if ((size_t)(end - at) < len)
            return false;
        if (text_equals((struct daybook_text){(const char *)at, len}, value))
            return true;
        at += len;
    }
    return false;
}

static int read_own(struct writer *w, const struct daybook_draft_field *field, const struct daybook_data *definition,
                    struct daybook_own *own, struct daybook_error *err)
{
    const char *name = field->name.ptr;
    int name_len = (int)field->name.len;
    struct daybook_text value = field->value;
    if (definition && text_equals(definition->category, DAYBOOK_TEXT("number"))) {
        own->kind = DAYBOOK_OWN_NUMBER;
        if (!decimal_parse(text_trim(value), &own->number))
            return daybook_fail(err, DAYBOOK_BAD_VALUE, "Field %.*s takes a plain number such as 12.5.", name_len,
                                name);
    } else if (definition && text_equals(definition->category, DAYBOOK_TEXT("date"))) {
        own->kind = DAYBOOK_OWN_DAY;
        if (!date_parse_iso(text_trim(value), &own->day))
            return daybook_fail(err, DAYBOOK_BAD_VALUE, "Field %.*s takes a date as YYYY-MM-DD.", name_len, name);
    } else if (definition && (definition->flag || text_equals(definition->category, DAYBOOK_TEXT("choice")))) {
        own->kind = DAYBOOK_OWN_TEXT;
        own->text = value;
        if (definition->rows_len && !is_among_choices(definition, value))
            return daybook_fail(err, DAYBOOK_BAD_VALUE,
                                "Field %.*s does not have the choice \"%.*s\". `daybook schema` shows its choices.",
                                name_len, name, (int)value.len, value.ptr);
    } else {
        own->kind = DAYBOOK_OWN_PERSONAL;
        return resolve_personal(w, value, &own->personal, err);
    }
    return 0;
}

static bool any_event(const struct daybook_data *data)
{
    (void)data;
    return true;
}

int resolve_own(struct writer *w, const struct daybook_draft_field *field, struct daybook_own *ret,
                struct daybook_error *err)
{
    struct entry_event *added;
    struct daybook_data definition;
    struct daybook_own own = {.day = DAYBOOK_DAY_NONE};
    bool defined = false;
    uint64_t seq;
    int rc = find_or_register(w, DAYBOOK_FIELD, DAYBOOK_FIELD_DEFINED, field->name, &own.field, &added, err);
    if (!rc && added) {
        added->data.name = text_trim(field->name);
        added->data.category = DAYBOOK_TEXT("text");
    }
    if (!rc && !(own.field & ENTRY_NEW))
        rc = latest_event(w, DAYBOOK_FIELD, own.field, any_event, &definition, &seq, &defined, err);
    if (!rc && field->value.ptr)
        rc = read_own(w, field, defined ? &definition : NULL, &own, err);
    if (!rc)
        *ret = own;
    return rc;
}

void writer_release(struct writer *w)
{
    application_types_release(&w->types);
    entry_release(&w->entry);
    chain_release(&w->chain);
    order_places_release(&w->places);
    order_state_release(&w->state);
    event_scratch_release(&w->scratch);
}
