/* What the ledger would refuse, told before anything is written: an import is all or nothing, while entries are refused
 * one by one. */
#include "tools/import/plan_work.h"

#include <msgpack.h>
#include <string.h>

#include "ledger/date.h"
#include "ledger/decimal.h"
#include "ledger/text.h"

/* Compatibility decomposition makes a name up to 18 times as long before it is looked up. */
enum { NAME_MAX_BYTES = DAYBOOK_TEXT_MAX / 18, OWN_BYTES = 48, LINE_BYTES = 48 };

static void check_length(struct planner *p, uint32_t row, const char *field, struct daybook_text text, size_t max)
{
    if (text.len > max)
        plan_reject(p, row, field, text, "too-large");
}

static bool is_choice(const struct register_field *definition, struct daybook_text value)
{
    msgpack_unpacked unpacked;
    size_t offset = 0;
    bool found = false;
    if (!definition->choices_len)
        return true;
    msgpack_unpacked_init(&unpacked);
    if (msgpack_unpack_next(&unpacked, (const char *)definition->choices, definition->choices_len, &offset) ==
            MSGPACK_UNPACK_SUCCESS &&
        unpacked.data.type == MSGPACK_OBJECT_ARRAY) {
        const msgpack_object_array *choices = &unpacked.data.via.array;
        for (uint32_t i = 0; i < choices->size && !found; i++)
            found =
                choices->ptr[i].type == MSGPACK_OBJECT_STR &&
                text_equals((struct daybook_text){choices->ptr[i].via.str.ptr, choices->ptr[i].via.str.size}, value);
    }
    msgpack_unpacked_destroy(&unpacked);
    return found;
}

static bool fits_kind(const struct plan_field *field, struct daybook_text value)
{
    struct daybook_decimal number;
    int32_t day;
    if (!field->ordinal)
        return true;
    if (text_equals(field->definition.category, DAYBOOK_TEXT("number")))
        return decimal_parse(value, &number);
    if (text_equals(field->definition.category, DAYBOOK_TEXT("date")))
        return date_parse_iso(value, &day);
    return is_choice(&field->definition, value);
}

/* What own fields take in an event: personal ones their commitments, public ones their text. */
static size_t own_size(struct planner *p, const struct reading_field *fields, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        struct plan_field *field = plan_field_of(p, fields[i].name, NULL);
        bool is_public = field && (field->definition.is_public || field->definition.choices_len);
        size += OWN_BYTES + (is_public ? fields[i].value.len : 0);
    }
    return size;
}

size_t plan_line_size(struct planner *p, const struct reading_line *line)
{
    return LINE_BYTES + line->name.len + line->unit.len + own_size(p, line->fields, line->field_count);
}

static int check_fields(struct planner *p, uint32_t row, const struct reading_field *fields, size_t count,
                        struct daybook_error *err)
{
    for (size_t i = 0; i < count; i++) {
        struct plan_field *field = plan_field_of(p, fields[i].name, err);
        if (!field)
            return err->code;
        struct daybook_text value = fields[i].value;
        size_t name_len = strlen(fields[i].name);
        if (value.len <= DAYBOOK_TEXT_MAX && name_len <= NAME_MAX_BYTES && fits_kind(field, value))
            continue;
        char *column = plan_alloc(p, sizeof "field:" + name_len);
        if (!column)
            return 0;
        memcpy(column, "field:", 6);
        memcpy(column + 6, fields[i].name, name_len);
        plan_reject(p, row, column, value, fits_kind(field, value) ? "too-large" : "bad-value");
    }
    return 0;
}

static int check_line(struct planner *p, const struct reading_line *line, struct daybook_error *err)
{
    check_length(p, line->row, "code", line->code, NAME_MAX_BYTES);
    check_length(p, line->row, "product", line->name, NAME_MAX_BYTES);
    check_length(p, line->row, "unit", line->unit, NAME_MAX_BYTES);
    int rc = check_fields(p, line->row, line->fields, line->field_count, err);
    if (!rc && p->rejected_count == 0 && plan_line_size(p, line) > PLAN_EVENT_ROOM)
        plan_reject(p, line->row, "", DAYBOOK_TEXT_NONE, "too-large");
    return rc;
}

int plan_check(struct planner *p, struct daybook_error *err)
{
    const struct reading_order *sheet = p->sheet;
    check_length(p, sheet->row, "order_no", sheet->order_no, DAYBOOK_ORDER_NO_MAX);
    check_length(p, sheet->row, "customer", sheet->customer, NAME_MAX_BYTES);
    check_length(p, sheet->row, "customer_ref", sheet->customer_ref, NAME_MAX_BYTES);
    for (uint32_t i = 0; i < sheet->note_count; i++)
        check_length(p, sheet->row, "note", sheet->notes[i], DAYBOOK_TEXT_MAX);
    int rc = check_fields(p, sheet->row, sheet->fields, sheet->field_count, err);
    for (uint32_t i = 0; i < sheet->line_count && !rc; i++)
        rc = check_line(p, &sheet->lines[i], err);
    if (!rc && p->rejected_count == 0 && own_size(p, sheet->fields, sheet->field_count) > PLAN_EVENT_ROOM)
        plan_reject(p, sheet->row, "", DAYBOOK_TEXT_NONE, "too-large");
    return rc;
}
