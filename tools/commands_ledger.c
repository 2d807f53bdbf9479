/* The ledger as a whole: making one, its schema, its health. */
#include "tools/commands.h"
#include "tools/doctor.h"
#include "tools/own_fields.h"

#include <string.h>

/* ---- init */

static int print_next_steps(struct context *ctx)
{
    const char *const steps[] = {
        say(ctx, "Next: daybook create --customer ACME --item P-1:10pcs:Bolt --expected +14",
            "下一步：daybook create --customer 万泰酒业 --item P-1:10件:螺栓 --expected +14"),
        say(ctx, "      daybook import orders.csv --dry-run       (a table that you have)",
            "      daybook import 订单.xlsx --dry-run      （导入已有表格）"),
        say(ctx, "      daybook help", "      daybook help"),
    };
    int rc = 0;
    for (size_t i = 0; i < sizeof steps / sizeof *steps && !rc; i++) {
        if (ctx->output.format == OUTPUT_TABLE)
            rc = output_print(&ctx->output, &ctx->error, "%s", steps[i]);
        else
            cli_print_note("%s", steps[i]);
    }
    return rc;
}

static int print_made(struct session *s)
{
    static const struct column columns[] = {{"ledger", NULL, NULL, COLUMN_TEXT},
                                            {"id", NULL, NULL, COLUMN_KEY},
                                            {"timezone", NULL, NULL, COLUMN_KEY},
                                            {"numbers", NULL, NULL, COLUMN_KEY}};
    struct context *ctx = s->ctx;
    const struct daybook *ledger = s->ledger;
    if (output_wants_json(&ctx->output))
        return output_document(&ctx->output,
                               json_pack("{s:s,s:s,s:s,s:s}", "ledger", ledger->folder, "id", ledger->id, "timezone",
                                         ledger->timezone, "numbers", ledger->numbers),
                               &ctx->error);
    if (ctx->output.format == OUTPUT_TABLE)
        return output_print(&ctx->output, &ctx->error,
                            say(ctx, "Made an empty ledger in %s: time zone %s, order numbers %s.",
                                "已在 %s 新建空账本：时区 %s，订单号格式 %s。"),
                            ledger->folder, ledger->timezone, ledger->numbers);
    int rc = output_begin(&ctx->output, NULL, columns, 4, &ctx->error);
    if (!rc)
        rc = output_row(&ctx->output,
                        (struct cell[]){cell_string(ledger->folder), cell_string(ledger->id),
                                        cell_string(ledger->timezone), cell_string(ledger->numbers)},
                        &ctx->error);
    return rc ? rc : output_end(&ctx->output, NULL, &ctx->error);
}

static int run_init(struct context *ctx)
{
    struct session session = {0};
    struct daybook_init_options options = {.timezone = context_text(ctx, "--timezone"),
                                           .numbers = context_text(ctx, "--numbers"),
                                           .unsafe_filesystem = ctx->unsafe_filesystem};
    int rc = daybook_init(ctx->ledger_path, &options, &ctx->error);
    if (!rc)
        rc = session_open(&session, ctx);
    if (!rc)
        rc = print_made(&session);
    if (!rc)
        rc = print_next_steps(ctx);
    session_close(&session);
    return rc;
}

/* ---- schema */

/* A type of event as it is listed: Daybook's own, or one that an application has registered here. */
struct listed_type {
    const char *name;
    uint32_t wire, version, subject;
    size_t field_count;
    const struct schema_type *own; /* NULL: registered */
    const struct daybook_type_definition *registered;
};
struct listed_field {
    const char *name, *kind;
    bool required;
    unsigned since;
};

static struct listed_field listed_field(const struct listed_type *type, size_t i)
{
    if (type->own) {
        const struct schema_field *field = &type->own->fields[i];
        return (struct listed_field){field->name, schema_field_kind_name(field->kind), field->required, field->since};
    }
    const struct daybook_type_field *field = &type->registered->fields[i];
    const char *kind = application_kind_name(field->kind);
    return (struct listed_field){field->name, kind ? kind : "unknown", field->is_required, type->version};
}

static json_t *type_json(const struct listed_type *type)
{
    json_t *fields = json_array();
    for (size_t i = 0; i < type->field_count && fields; i++) {
        struct listed_field field = listed_field(type, i);
        json_t *object = json_pack("{s:s,s:s,s:b,s:i}", "name", field.name, "kind", field.kind, "required",
                                   (int)field.required, "since", (int)field.since);
        if (json_array_append_new(fields, object)) {
            json_decref(fields);
            fields = NULL;
        }
    }
    return json_pack("{s:s,s:I,s:I,s:s,s:o}", "type", type->name, "wire", (json_int_t)type->wire, "version",
                     (json_int_t)type->version, "subject", schema_kind_name(type->subject), "fields", fields);
}

/* A row for each field; a type without fields has one row all the same. */
static int put_type(struct output *out, const struct listed_type *type, struct daybook_error *err)
{
    int rc = 0;
    if (output_wants_json(out))
        return output_object(out, type_json(type), err);
    for (size_t i = 0; (i == 0 || i < type->field_count) && !rc; i++) {
        bool there = i < type->field_count;
        struct listed_field field = there ? listed_field(type, i) : (struct listed_field){0};
        rc = output_row(out,
                        (struct cell[]){cell_string(type->name), cell_integer(type->wire), cell_integer(type->version),
                                        cell_string(schema_kind_name(type->subject)), cell_string(field.name),
                                        cell_string(field.kind), there ? cell_boolean(field.required) : cell_null(),
                                        there ? cell_integer(field.since) : cell_null()},
                        err);
    }
    return rc;
}

static int put_types(struct session *s)
{
    struct output *out = &s->ctx->output;
    struct daybook_error *err = &s->ctx->error;
    const struct application_types *registered;
    int rc = registers_types(s->registers, &registered, err);
    for (size_t i = 0; i < schema_type_count && !rc; i++) {
        const struct schema_type *type = &schema_types[i];
        rc = put_type(out,
                      &(struct listed_type){.name = type->name,
                                            .wire = type->wire,
                                            .version = type->version,
                                            .subject = type->subject,
                                            .field_count = type->field_count,
                                            .own = type},
                      err);
    }
    for (size_t i = 0; !rc && i < registered->count; i++) {
        const struct daybook_type_definition *type = registered->list[i];
        rc = put_type(out,
                      &(struct listed_type){.name = type->name,
                                            .wire = type->wire,
                                            .version = type->version,
                                            .subject = type->subject,
                                            .field_count = type->field_count,
                                            .registered = type},
                      err);
    }
    return rc;
}

static int put_own_fields(struct output *out, json_t *fields, struct daybook_error *err)
{
    static const struct column columns[] = {{"name", "Own field", "自定义字段", COLUMN_KEY},
                                            {"kind", "Kind", "类型", COLUMN_KEY},
                                            {"required", "Required", "必填", COLUMN_KEY}};
    size_t i;
    json_t *field;
    int rc = output_print(out, err, "%s", "");
    if (!rc)
        rc = output_begin(out, NULL, columns, 3, err);
    json_array_foreach(fields, i, field)
    {
        if (!rc)
            rc = output_row(out,
                            (struct cell[]){cell_string(json_string_value(json_object_get(field, "name"))),
                                            cell_string(json_string_value(json_object_get(field, "kind"))),
                                            cell_boolean(json_is_true(json_object_get(field, "required")))},
                            err);
    }
    return rc ? rc : output_end(out, NULL, err);
}

static int print_schema(struct session *s)
{
    static const struct column columns[] = {
        {"type", "Event", "事件", COLUMN_KEY},         {"wire", "Number", "编号", COLUMN_NUMBER},
        {"version", "Version", "版本", COLUMN_NUMBER}, {"subject", "Subject", "对象", COLUMN_KEY},
        {"field", "Field", "字段", COLUMN_KEY},        {"kind", "Kind", "类型", COLUMN_KEY},
        {"required", "Required", "必填", COLUMN_KEY},  {"since", "Since", "始于版本", COLUMN_NUMBER},
    };
    struct output *out = &s->ctx->output;
    struct daybook_error *err = &s->ctx->error;
    json_t *own = NULL;
    int rc = own_fields_json(s, &own);
    if (!rc)
        rc = output_begin(out, "types", columns, sizeof columns / sizeof *columns, err);
    if (!rc)
        rc = put_types(s);
    if (!rc)
        rc = output_end(out, json_pack("{s:O}", "fields", own), err);
    if (!rc && out->format == OUTPUT_TABLE && json_array_size(own))
        rc = put_own_fields(out, own, err);
    json_decref(own);
    return rc;
}

static int run_schema(struct context *ctx)
{
    struct session session = {0};
    int rc = session_open(&session, ctx);
    if (!rc)
        rc = session_read(&session);
    if (!rc)
        rc = print_schema(&session);
    session_close(&session);
    return rc;
}

const struct command ledger_commands[] = {
    {
        .name = "init",
        .group = "keeping",
        .options =
            (const struct option[]){{"--numbers", ARGUMENT_TEXT, "PATTERN", NULL, false, false,
                                     "how order numbers look: {yyyy} {yy} {mm} {dd} {000…}; SO-{000000} unless said",
                                     "订单号格式：{yyyy} {yy} {mm} {dd} {000…}；默认 SO-{000000}"},
                                    {"--timezone", ARGUMENT_TEXT, "ZONE", NULL, false, false,
                                     "whose days count: Asia/Shanghai; the system's unless said",
                                     "按哪个时区计日期：Asia/Shanghai；默认为系统时区"},
                                    {0}},
        .summary_en = "Make a new, empty ledger.",
        .summary_zh = "新建空账本。",
        .example = "daybook init --numbers 'SO-{000000}' --timezone Asia/Shanghai",
        .ledger_use = LEDGER_NONE,
        .run = run_init,
    },
    {
        .name = "schema",
        .group = "keeping",
        .summary_en = "List every type of event with its fields, and the ledger's own fields.",
        .summary_zh = "列出全部事件类型及其字段，以及自定义字段。",
        .example = "daybook schema --format json",
        .ledger_use = LEDGER_READ,
        .run = run_schema,
    },
    {
        .name = "doctor",
        .group = "keeping",
        .summary_en = "Say how the ledger is, what is wrong, and what to do.",
        .summary_zh = "检查账本状况，指出问题与处理办法。",
        .example = "daybook doctor",
        .ledger_use = LEDGER_READ,
        .run = run_doctor,
    },
    {0},
};
