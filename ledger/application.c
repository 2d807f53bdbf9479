/* Event types of applications. A registration is an event of the ledger itself; its fields stand as rows of
 * [name, kind, required]. What is registered is read from the ledger's chain, each event once. */
#include "ledger/application.h"

#include <msgpack.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/decimal.h"
#include "ledger/text.h"
#include "ledger/writer.h"

static int no_memory(struct daybook_error *err)
{
    return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for event types.");
}

static const char *const kind_names[DAYBOOK_VALUE_KIND_COUNT] = {
    [DAYBOOK_VALUE_TEXT] = "text",       [DAYBOOK_VALUE_PERSONAL] = "personal", [DAYBOOK_VALUE_INTEGER] = "integer",
    [DAYBOOK_VALUE_DECIMAL] = "decimal", [DAYBOOK_VALUE_DAY] = "day",
};

const char *application_kind_name(enum daybook_value_kind kind)
{
    return (unsigned)kind < DAYBOOK_VALUE_KIND_COUNT ? kind_names[kind] : NULL;
}

static enum daybook_value_kind kind_by_name(struct daybook_text name)
{
    for (int kind = 0; kind < DAYBOOK_VALUE_KIND_COUNT; kind++)
        if (kind_names[kind] && text_equals(name, (struct daybook_text){kind_names[kind], strlen(kind_names[kind])}))
            return (enum daybook_value_kind)kind;
    return DAYBOOK_VALUE_OTHER;
}

static uint32_t subject_by_name(struct daybook_text name)
{
    for (uint32_t kind = 1; kind < DAYBOOK_KIND_COUNT; kind++)
        if (text_equals(name, (struct daybook_text){schema_kind_name(kind), strlen(schema_kind_name(kind))}))
            return kind;
    return 0;
}

/* ---- reading registrations */

void application_types_release(struct application_types *types)
{
    arena_release(&types->arena);
    free(types->list);
    *types = (struct application_types){0};
}

/* Nothing is known any more: the transaction that it was read in was undone. */
static void forget_types(struct application_types *types)
{
    arena_reset(&types->arena);
    types->count = 0;
    types->seen = 0;
}

static const char *terminated(struct arena *arena, struct daybook_text text)
{
    char *copy = arena_alloc(arena, text.len + 1);
    if (copy && text.len)
        memcpy(copy, text.ptr, text.len);
    return copy;
}

/* The rows of a registration; a row that is none (another program wrote it) is a field of a kind that is not known. */
static int read_fields(struct arena *arena, const struct daybook_data *data, struct daybook_type_definition *type,
                       struct daybook_error *err)
{
    msgpack_unpacked rows;
    msgpack_unpacked_init(&rows);
    size_t used = 0;
    int rc = 0;
    if (data->rows_len &&
        msgpack_unpack_next(&rows, (const char *)data->rows, data->rows_len, &used) == MSGPACK_UNPACK_SUCCESS &&
        rows.data.type == MSGPACK_OBJECT_ARRAY) {
        msgpack_object_array array = rows.data.via.array;
        struct daybook_type_field *fields = arena_alloc(arena, (array.size + 1) * sizeof *fields);
        rc = fields ? 0 : no_memory(err);
        for (uint32_t i = 0; i < array.size && !rc; i++) {
            msgpack_object_array row =
                array.ptr[i].type == MSGPACK_OBJECT_ARRAY ? array.ptr[i].via.array : (msgpack_object_array){0};
            struct daybook_text texts[2] = {DAYBOOK_TEXT(""), DAYBOOK_TEXT("")};
            for (uint32_t j = 0; j < row.size && j < 2; j++)
                if (row.ptr[j].type == MSGPACK_OBJECT_STR)
                    texts[j] = (struct daybook_text){row.ptr[j].via.str.ptr, row.ptr[j].via.str.size};
            fields[i] = (struct daybook_type_field){
                terminated(arena, texts[0]), kind_by_name(texts[1]),
                row.size > 2 && row.ptr[2].type == MSGPACK_OBJECT_POSITIVE_INTEGER && row.ptr[2].via.u64 != 0};
            rc = fields[i].name ? 0 : no_memory(err);
        }
        type->fields = fields;
        type->field_count = array.size;
    }
    msgpack_unpacked_destroy(&rows);
    return rc;
}

static int keep_type(struct application_types *types, const struct daybook_data *data, struct daybook_error *err)
{
    if (types->count == types->capacity) {
        size_t wanted = types->capacity ? types->capacity * 2 : 8;
        const struct daybook_type_definition **bigger = realloc(types->list, wanted * sizeof *bigger);
        if (!bigger)
            return no_memory(err);
        types->list = bigger;
        types->capacity = wanted;
    }
    struct daybook_type_definition *type = arena_alloc(&types->arena, sizeof *type);
    if (!type)
        return no_memory(err);
    *type = (struct daybook_type_definition){.name = terminated(&types->arena, data->name),
                                             .wire = data->number > UINT32_MAX ? 0 : (uint32_t)data->number,
                                             .version = data->flag > UINT32_MAX ? 0 : (uint32_t)data->flag,
                                             .subject = subject_by_name(data->scope)};
    int rc = type->name ? read_fields(&types->arena, data, type, err) : no_memory(err);
    if (!rc)
        types->list[types->count++] = type;
    return rc;
}

static int read_link(struct store_txn *log, uint64_t seq, struct daybook_event *ret, struct daybook_error *err)
{
    const uint8_t *bytes;
    size_t len;
    int rc = store_event(log, seq, &bytes, &len, err);
    return rc ? rc : event_read_stored(seq, bytes, len, ret, err);
}

/* Back from the ledger's last event to the one seen last; registrations are kept in the order of the log. */
int application_types_read(struct application_types *types, struct store_txn *log, struct daybook_error *err)
{
    struct store_head head;
    struct chain found = {0};
    struct daybook_event event;
    int rc = store_head(log, DAYBOOK_LEDGER, 1, &head, err);
    uint64_t seq = rc ? 0 : head.last_seq;
    while (!rc && seq > types->seen) {
        rc = read_link(log, seq, &event, err);
        if (!rc && event.type == DAYBOOK_TYPE_REGISTERED)
            rc = chain_push(&found, &event, NULL, err);
        seq = !rc && event.prev ? seq - event.prev : 0;
    }
    for (size_t i = found.count; i-- > 0 && !rc;) {
        struct daybook_data data;
        rc = chain_data(&found, i, &found.scratch, &data, err);
        if (!rc)
            rc = keep_type(types, &data, err);
    }
    if (!rc)
        types->seen = head.last_seq;
    else
        forget_types(types);
    chain_release(&found);
    return rc;
}

const struct daybook_type_definition *application_type(const struct application_types *types, uint32_t wire,
                                                       uint32_t version)
{
    for (size_t i = types->count; i-- > 0;)
        if (types->list[i]->wire == wire && (version == 0 || types->list[i]->version == version))
            return types->list[i];
    return NULL;
}

int daybook_types(struct daybook_snapshot *snapshot, daybook_type_visit *visit, void *context,
                  struct daybook_error *err)
{
    struct application_types types = {0};
    int rc = application_types_read(&types, snapshot->log, err);
    for (size_t i = 0; i < types.count && !rc; i++)
        rc = visit(context, types.list[i], err);
    application_types_release(&types);
    return rc;
}

/* ---- reading values */

int daybook_values(const struct daybook_event *event, const struct daybook_type_definition *type,
                   struct daybook_value *ret, size_t room, struct daybook_error *err)
{
    if (event->type < DAYBOOK_APPLICATION_TYPE_MIN || (type && type->wire != event->type))
        return daybook_fail(err, DAYBOOK_USAGE, "Event %llu is of type %u, not of the application's type %u.",
                            (unsigned long long)event->seq, event->type, type ? type->wire : 0);
    struct event_scratch scratch = {0};
    struct daybook_data data;
    int rc = event_read_data(event, &scratch, &data, err);
    for (size_t i = 0; i < room && !rc; i++) {
        ret[i] = i < data.value_count ? data.values[i] : (struct daybook_value){.day = DAYBOOK_DAY_NONE};
        if (!type || i >= type->field_count)
            continue;
        ret[i].name = (struct daybook_text){type->fields[i].name, strlen(type->fields[i].name)};
        bool is_day = ret[i].kind == DAYBOOK_VALUE_INTEGER && type->fields[i].kind == DAYBOOK_VALUE_DAY &&
                      ret[i].integer >= DAYBOOK_DAY_MIN && ret[i].integer <= DAYBOOK_DAY_MAX;
        if (is_day) {
            ret[i].kind = DAYBOOK_VALUE_DAY;
            ret[i].day = (int32_t)ret[i].integer;
        }
    }
    event_scratch_release(&scratch);
    return rc;
}

/* ---- registering */

static bool is_name(const char *name, bool dots)
{
    size_t len = name ? strlen(name) : 0;
    size_t good =
        len ? strspn(name, dots ? "abcdefghijklmnopqrstuvwxyz0123456789-_." : "abcdefghijklmnopqrstuvwxyz0123456789-_")
            : 0;
    return len && len <= DAYBOOK_TYPE_NAME_MAX && good == len;
}

static int check_definition(const struct daybook_type_definition *type, struct daybook_error *err)
{
    if (!type)
        return daybook_fail(err, DAYBOOK_BAD_VALUE, "To register an event type, give its definition.");
    if (!is_name(type->name, true) || schema_by_name((struct daybook_text){type->name, strlen(type->name)}))
        return daybook_fail(err, DAYBOOK_BAD_VALUE,
                            "\"%s\" cannot be the name of an event type: it is made of a-z 0-9 . - _, has at most %d "
                            "characters, and is none of Daybook's own.",
                            type->name ? type->name : "", DAYBOOK_TYPE_NAME_MAX);
    if (type->wire < DAYBOOK_APPLICATION_TYPE_MIN || type->version == 0 || type->subject == 0 ||
        type->subject >= DAYBOOK_KIND_COUNT || type->field_count > DAYBOOK_TYPE_FIELDS_MAX)
        return daybook_fail(
            err, DAYBOOK_BAD_VALUE,
            "The event type %s needs a number from %d, a version from 1, a kind of subject, and at most "
            "%d fields.",
            type->name, DAYBOOK_APPLICATION_TYPE_MIN, DAYBOOK_TYPE_FIELDS_MAX);
    for (size_t i = 0; i < type->field_count; i++) {
        /* "salts" stands beside the fields in a line of `log`. */
        if (!is_name(type->fields[i].name, false) || strcmp(type->fields[i].name, "salts") == 0 ||
            !application_kind_name(type->fields[i].kind))
            return daybook_fail(err, DAYBOOK_BAD_VALUE,
                                "Field %zu of %s needs a name made of a-z 0-9 - _ and a kind of value.", i + 1,
                                type->name);
        for (size_t j = 0; j < i; j++)
            if (strcmp(type->fields[i].name, type->fields[j].name) == 0)
                return daybook_fail(err, DAYBOOK_BAD_VALUE, "%s has two fields %s.", type->name, type->fields[i].name);
    }
    return 0;
}

static bool same_fields(const struct daybook_type_definition *a, const struct daybook_type_definition *b)
{
    bool same = a->field_count == b->field_count;
    for (size_t i = 0; i < a->field_count && same; i++)
        same = strcmp(a->fields[i].name, b->fields[i].name) == 0 && a->fields[i].kind == b->fields[i].kind &&
               a->fields[i].is_required == b->fields[i].is_required;
    return same;
}

/* Is it there already, word for word? What has its name or its number must be the same type. */
static int compare_registered(const struct application_types *types, const struct daybook_type_definition *type,
                              bool *ret_there, struct daybook_error *err)
{
    bool there = false;
    for (size_t i = 0; i < types->count; i++) {
        const struct daybook_type_definition *known = types->list[i];
        bool same_name = strcmp(known->name, type->name) == 0, same_wire = known->wire == type->wire;
        if (!same_name && !same_wire)
            continue;
        bool same_version = known->version == type->version;
        if (!same_name || !same_wire || known->subject != type->subject || (same_version && !same_fields(known, type)))
            return daybook_fail(err, DAYBOOK_ALREADY_EXISTS,
                                "%s (number %u, version %u) is registered already, and differs. Take a name and a "
                                "number of its own, or a new version.",
                                known->name, known->wire, known->version);
        there |= same_version;
    }
    *ret_there = there;
    return 0;
}

static int pack_rows(struct arena *arena, const struct daybook_type_definition *type, struct daybook_data *data,
                     struct daybook_error *err)
{
    msgpack_sbuffer buffer;
    msgpack_packer pk;
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&pk, &buffer, msgpack_sbuffer_write);
    int rc = msgpack_pack_array(&pk, type->field_count);
    for (size_t i = 0; i < type->field_count && !rc; i++) {
        const struct daybook_type_field *field = &type->fields[i];
        const char *kind = application_kind_name(field->kind);
        rc = msgpack_pack_array(&pk, 3) || msgpack_pack_str(&pk, strlen(field->name)) ||
             msgpack_pack_str_body(&pk, field->name, strlen(field->name)) || msgpack_pack_str(&pk, strlen(kind)) ||
             msgpack_pack_str_body(&pk, kind, strlen(kind)) || msgpack_pack_uint8(&pk, field->is_required);
    }
    data->rows = rc ? NULL : arena_copy(arena, buffer.data, buffer.size);
    data->rows_len = buffer.size;
    msgpack_sbuffer_destroy(&buffer);
    return data->rows ? 0 : no_memory(err);
}

/* Types that an earlier draft of the entry registers are in the list too, until the entry is done with. */
static int prepare_registration(struct writer *w, const struct daybook_draft *draft, int32_t occurred_on,
                                struct daybook_error *err)
{
    const struct daybook_type_definition *type = draft->definition;
    bool there = false;
    int rc = check_definition(type, err);
    if (!rc)
        rc = compare_registered(&w->types, type, &there, err);
    if (rc || there)
        return rc;
    /* The entry that opens the log makes the ledger's first event, and is the only one that has a new ledger. */
    uint32_t ledger = w->last_seq == 0 ? w->entry.events[0].event.ordinal : 1;
    struct entry_event *added = entry_add_event(&w->entry, DAYBOOK_TYPE_REGISTERED, ledger);
    if (!added)
        return no_memory(err);
    const char *subject = schema_kind_name(type->subject),
               *name = terminated(&w->entry.arena, (struct daybook_text){type->name, strlen(type->name)});
    added->event.occurred_on = occurred_on;
    added->day_filled_in = draft->occurred == DAYBOOK_OCCURRED_TODAY;
    added->data.name = (struct daybook_text){name, strlen(type->name)};
    added->data.scope = (struct daybook_text){subject, strlen(subject)};
    added->data.number = type->wire;
    added->data.flag = type->version;
    rc = name ? pack_rows(&w->entry.arena, type, &added->data, err) : no_memory(err);
    w->types_pending = true;
    return rc ? rc : keep_type(&w->types, &added->data, err);
}

/* ---- events */

static int mismatch(const struct daybook_type_definition *type, size_t position, struct daybook_error *err)
{
    return daybook_fail(err, DAYBOOK_BAD_VALUE, "\"%s\" of %s must be a %s.", type->fields[position].name, type->name,
                        application_kind_name(type->fields[position].kind));
}

static int prepare_value(struct writer *w, const struct daybook_type_definition *type, size_t position,
                         const struct daybook_value *given, struct daybook_value *ret, struct daybook_error *err)
{
    enum daybook_value_kind kind = type->fields[position].kind;
    bool is_text = given->kind == DAYBOOK_VALUE_TEXT || given->kind == DAYBOOK_VALUE_PERSONAL;
    bool wants_text = kind == DAYBOOK_VALUE_TEXT || kind == DAYBOOK_VALUE_PERSONAL;
    *ret = (struct daybook_value){.kind = given->kind, .day = DAYBOOK_DAY_NONE};
    if (given->kind == DAYBOOK_VALUE_ABSENT)
        return 0;
    if (is_text != wants_text || (!is_text && given->kind != kind))
        return mismatch(type, position, err);
    if (is_text && (!given->text.ptr || !text_is_valid(given->text)))
        return daybook_fail(err, DAYBOOK_BAD_VALUE, "\"%s\" of %s is not valid UTF-8 text without NUL characters.",
                            type->fields[position].name, type->name);
    ret->kind = kind;
    if (kind == DAYBOOK_VALUE_PERSONAL)
        return resolve_personal(w, given->text, &ret->personal, err);
    if (kind == DAYBOOK_VALUE_TEXT)
        ret->text = given->text;
    else if (kind == DAYBOOK_VALUE_DECIMAL)
        ret->decimal = given->decimal;
    else if (kind == DAYBOOK_VALUE_INTEGER)
        ret->integer = given->integer;
    else if (given->day < DAYBOOK_DAY_MIN || given->day > DAYBOOK_DAY_MAX)
        return daybook_fail(err, DAYBOOK_BAD_VALUE, "\"%s\" of %s is outside the years 1 to 9999.",
                            type->fields[position].name, type->name);
    else
        ret->kind = DAYBOOK_VALUE_INTEGER, ret->integer = given->day;
    return 0;
}

static int position_of(const struct daybook_type_definition *type, const struct daybook_draft *draft, size_t index,
                       size_t *ret, struct daybook_error *err)
{
    struct daybook_text name = draft->values[index].name;
    size_t at = name.ptr ? 0 : index;
    while (name.ptr && at < type->field_count &&
           !text_equals(name, (struct daybook_text){type->fields[at].name, strlen(type->fields[at].name)}))
        at++;
    if (at >= type->field_count)
        return daybook_fail(err, DAYBOOK_BAD_VALUE, "%s has %zu fields, and none is \"%.*s\".", type->name,
                            type->field_count, (int)name.len, name.ptr ? name.ptr : "");
    *ret = at;
    return 0;
}

static int prepare_values(struct writer *w, const struct daybook_type_definition *type,
                          const struct daybook_draft *draft, struct daybook_data *data, struct daybook_error *err)
{
    struct daybook_value *values = arena_alloc(&w->entry.arena, (type->field_count + 1) * sizeof *values);
    int rc = values ? 0 : no_memory(err);
    for (size_t i = 0; i < draft->value_count && !rc; i++) {
        size_t at = 0;
        rc = position_of(type, draft, i, &at, err);
        if (!rc)
            rc = prepare_value(w, type, at, &draft->values[i], &values[at], err);
    }
    for (size_t i = 0; i < type->field_count && !rc; i++)
        if (type->fields[i].is_required && values[i].kind == DAYBOOK_VALUE_ABSENT)
            rc = daybook_fail(err, DAYBOOK_BAD_VALUE, "%s needs \"%s\".", type->name, type->fields[i].name);
    data->values = values;
    data->value_count = type->field_count;
    return rc ? rc : data_validate(&schema_application, data, err);
}

static int find_type(struct writer *w, const struct daybook_draft *draft, const struct daybook_type_definition **ret,
                     struct daybook_error *err)
{
    uint32_t version = draft->definition ? draft->definition->version : 0;
    *ret = application_type(&w->types, draft->type, version);
    return *ret ? 0
                : daybook_fail(err, DAYBOOK_BAD_VALUE,
                               "The event type %u is not registered in this ledger. Register it first.", draft->type);
}

static int find_subject(struct writer *w, const struct daybook_type_definition *type, const struct daybook_draft *draft,
                        uint32_t order, uint32_t *ret, struct daybook_error *err)
{
    if (type->subject == DAYBOOK_LEDGER) {
        *ret = w->last_seq == 0 ? w->entry.events[0].event.ordinal : 1;
        return 0;
    }
    if (type->subject != DAYBOOK_ORDER)
        return resolve_known(w, type->subject, draft->subject, ret, err);
    if (order == 0)
        return daybook_fail(err, DAYBOOK_BAD_VALUE, "%s is about an order: the entry's first event must name it.",
                            type->name);
    if (!(order & ENTRY_NEW) && !w->state.exists)
        return daybook_fail(err, DAYBOOK_NOT_FOUND, "There is no such order now: its creation was taken back.");
    *ret = order;
    return 0;
}

static int prepare_event(struct writer *w, const struct daybook_draft *draft, uint32_t order, int32_t occurred_on,
                         struct daybook_error *err)
{
    const struct daybook_type_definition *type;
    uint32_t subject = 0;
    int rc = find_type(w, draft, &type, err);
    if (!rc)
        rc = find_subject(w, type, draft, order, &subject, err);
    struct entry_event *added = rc ? NULL : entry_add_event(&w->entry, draft->type, subject);
    if (rc || !added)
        return rc ? rc : no_memory(err);
    added->event.kind = type->subject;
    added->event.version = type->version;
    added->event.occurred_on = occurred_on;
    added->event.occurred_us = draft->occurred_us;
    added->event.cause_row = draft->cause_row;
    added->day_filled_in = draft->occurred == DAYBOOK_OCCURRED_TODAY;
    return prepare_values(w, type, draft, &added->data, err);
}

bool application_is_draft(const struct daybook_draft *draft)
{
    return draft->type == DAYBOOK_TYPE_REGISTERED || draft->type >= DAYBOOK_APPLICATION_TYPE_MIN;
}

const struct daybook_draft *application_first(const struct daybook_entry *request)
{
    size_t i = 0;
    while (i + 1 < request->draft_count && request->drafts[i].type == DAYBOOK_TYPE_REGISTERED)
        i++;
    return &request->drafts[i];
}

void application_begin_batch(struct writer *w)
{
    if (w->types_pending)
        forget_types(&w->types);
    w->types_pending = false;
}

/* What an earlier entry of the transaction registered may have been refused after all: it is read again. */
int application_begin_entry(struct writer *w, const struct daybook_entry *request, struct daybook_error *err)
{
    bool any = false;
    for (size_t i = 0; i < request->draft_count && !any; i++)
        any = application_is_draft(&request->drafts[i]);
    if (!any)
        return 0;
    if (w->types_pending)
        forget_types(&w->types);
    return application_types_read(&w->types, w->log, err);
}

uint32_t application_subject(const struct writer *w, uint32_t wire)
{
    const struct daybook_type_definition *type = application_type(&w->types, wire, 0);
    return type ? type->subject : 0;
}

int application_prepare(struct writer *w, const struct daybook_draft *draft, uint32_t order, int32_t occurred_on,
                        struct daybook_error *err)
{
    return draft->type == DAYBOOK_TYPE_REGISTERED ? prepare_registration(w, draft, occurred_on, err)
                                                  : prepare_event(w, draft, order, occurred_on, err);
}
