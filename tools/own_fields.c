/* The ledger's own fields. */
#include "tools/own_fields.h"

#include "tools/order_json.h"

#include <msgpack.h>

static int no_memory(struct session *s)
{
    return daybook_fail(&s->ctx->error, DAYBOOK_NO_MEMORY, "Out of memory for the own fields.");
}

/* A msgpack array of texts; what is none of these is left out. */
static json_t *choices_json(const struct register_field *field)
{
    json_t *choices = json_array();
    msgpack_unpacked unpacked;
    size_t offset = 0;
    msgpack_unpacked_init(&unpacked);
    if (choices && field->choices_len &&
        msgpack_unpack_next(&unpacked, (const char *)field->choices, field->choices_len, &offset) ==
            MSGPACK_UNPACK_SUCCESS &&
        unpacked.data.type == MSGPACK_OBJECT_ARRAY) {
        const msgpack_object_array *array = &unpacked.data.via.array;
        for (uint32_t i = 0; i < array->size; i++)
            if (array->ptr[i].type == MSGPACK_OBJECT_STR &&
                json_array_append_new(choices, json_stringn(array->ptr[i].via.str.ptr, array->ptr[i].via.str.size))) {
                json_decref(choices);
                choices = NULL;
                break;
            }
    }
    msgpack_unpacked_destroy(&unpacked);
    return choices;
}

int own_field_json(struct session *s, uint32_t ordinal, json_t **ret)
{
    struct register_field field = {0};
    int rc = registers_field(s->registers, ordinal, &field, &s->ctx->error);
    if (rc)
        return rc;
    json_t *object =
        json_pack("{s:o,s:o,s:b,s:b,s:o}", "name", json_of_text(field.name), "kind", json_of_text(field.category),
                  "required", (int)field.is_required, "public", (int)field.is_public, "choices", choices_json(&field));
    if (!object)
        return no_memory(s);
    *ret = object;
    return 0;
}

int own_fields_json(struct session *s, json_t **ret)
{
    uint32_t count = 0;
    json_t *fields = json_array();
    int rc = fields ? registers_count(s->registers, DAYBOOK_FIELD, &count, &s->ctx->error) : no_memory(s);
    for (uint32_t ordinal = 1; ordinal <= count && !rc; ordinal++) {
        json_t *field = NULL;
        rc = own_field_json(s, ordinal, &field);
        if (!rc && json_array_append_new(fields, field))
            rc = no_memory(s);
    }
    if (rc)
        json_decref(fields);
    else
        *ret = fields;
    return rc;
}
