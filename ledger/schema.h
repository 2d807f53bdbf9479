/* The schema table: every event type and its fields, looked up by wire number or by name. */
#ifndef LEDGER_SCHEMA_H
#define LEDGER_SCHEMA_H

#include "daybook/error.h"
#include "daybook/event.h"

/* How a field is stored in `data`, and which C type its member of struct daybook_data has. */
enum schema_field_kind {
    SCHEMA_UINT,     /* uint64_t; 0 is absent */
    SCHEMA_DAY,      /* int32_t days */
    SCHEMA_TEXT,     /* struct daybook_text */
    SCHEMA_PERSONAL, /* struct daybook_personal: 32 bytes of commitment on disk */
    SCHEMA_CUSTOMER, /* uint32_t ordinal */
    SCHEMA_LINES,    /* lines, line_count */
    SCHEMA_PARTS,    /* parts, part_count */
    SCHEMA_OWN,      /* own, own_count */
    SCHEMA_ROWS,     /* rows, rows_len */
    SCHEMA_VALUES,   /* values, value_count: all fields of an application's type */
    SCHEMA_FIELD_KIND_COUNT
};

struct schema_field {
    const char *name;
    enum schema_field_kind kind;
    size_t offset; /* in struct daybook_data */
    bool required;
    unsigned since; /* version of the type that brought it */
};

struct schema_type {
    const char *name;
    uint32_t wire;
    uint32_t subject; /* enum daybook_kind; 0: any */
    unsigned version;
    const struct schema_field *fields;
    size_t field_count;
};

extern const struct schema_type schema_types[];
extern const size_t schema_type_count;

/* What stands for every type of an application (wire numbers from DAYBOOK_APPLICATION_TYPE_MIN): one field that holds
 * all values, whatever the subject and the version. Its bytes say what each value is; names are the registration's. */
extern const struct schema_type schema_application;

/* NULL when this program does not know the type. */
const struct schema_type *schema_by_wire(uint32_t wire);
const struct schema_type *schema_by_name(struct daybook_text name);
/* "day", "text", "personal" ..: for people. */
const char *schema_field_kind_name(enum schema_field_kind kind);
/* "order", "customer" ..; "kind-77" has none: "unknown". */
const char *schema_kind_name(uint32_t kind);

/* No field present. */
void data_init(struct daybook_data *data);
/* Is the field there? */
bool data_has(const struct daybook_data *data, const struct schema_field *field);
/* Required fields are there, texts are valid and short enough, days in range. The first that is not is named. */
int data_validate(const struct schema_type *type, const struct daybook_data *data, struct daybook_error *err);

#endif
