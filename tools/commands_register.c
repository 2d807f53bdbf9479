/* Customers, products and own fields: what they are called, and events that change it. */
#include "tools/commands.h"

#include "ledger/text.h"
#include "tools/own_fields.h"

#include <string.h>

/* ---- lists */

static int list_customers(struct session *s)
{
    static const struct column columns[] = {{"ordinal", "No.", "编号", COLUMN_NUMBER},
                                            {"name", "Customer", "客户", COLUMN_TEXT}};
    struct context *ctx = s->ctx;
    uint32_t count = 0, current = 0, total = 0;
    int rc = registers_count(s->registers, DAYBOOK_CUSTOMER, &count, &ctx->error);
    if (!rc)
        rc = output_begin(&ctx->output, "customers", columns, 2, &ctx->error);
    for (uint32_t ordinal = 1; ordinal <= count && !rc; ordinal++) {
        struct daybook_text name = DAYBOOK_TEXT_NONE;
        rc = registers_customer(s->registers, ordinal, &current, &ctx->error);
        if (rc || current != ordinal)
            continue; /* merged: the other one stands for it */
        rc = registers_name(s->registers, DAYBOOK_CUSTOMER, ordinal, &name, &ctx->error);
        if (!rc)
            rc = output_row(&ctx->output, (struct cell[]){cell_integer(ordinal), cell_text(name)}, &ctx->error);
        total++;
    }
    return rc ? rc : output_end(&ctx->output, json_pack("{s:I}", "total", (json_int_t)total), &ctx->error);
}

static int list_products(struct session *s)
{
    static const struct column columns[] = {{"ordinal", "No.", "编号", COLUMN_NUMBER},
                                            {"code", "Code", "产品代码", COLUMN_KEY},
                                            {"name", "Name", "名称", COLUMN_TEXT}};
    struct context *ctx = s->ctx;
    uint32_t count = 0;
    int rc = registers_count(s->registers, DAYBOOK_PRODUCT, &count, &ctx->error);
    if (!rc)
        rc = output_begin(&ctx->output, "products", columns, 3, &ctx->error);
    for (uint32_t ordinal = 1; ordinal <= count && !rc; ordinal++) {
        struct register_product product = {0};
        rc = registers_product(s->registers, ordinal, &product, &ctx->error);
        if (!rc)
            rc = output_row(&ctx->output,
                            (struct cell[]){cell_integer(ordinal), cell_text(product.code), cell_text(product.name)},
                            &ctx->error);
    }
    return rc ? rc : output_end(&ctx->output, json_pack("{s:I}", "total", (json_int_t)count), &ctx->error);
}

/* "A, B": the texts of a JSON array in one cell. */
static const char *join(const json_t *texts, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < json_array_size(texts) && used < size; i++) {
        int len = snprintf(out + used, size - used, "%s%s", i ? ", " : "", json_string_value(json_array_get(texts, i)));
        used += len > 0 ? (size_t)len : 0;
    }
    return out;
}

static int put_field(struct session *s, const json_t *field)
{
    char choices[1000];
    return output_row(&s->ctx->output,
                      (struct cell[]){cell_string(json_string_value(json_object_get(field, "name"))),
                                      cell_string(json_string_value(json_object_get(field, "kind"))),
                                      cell_boolean(json_is_true(json_object_get(field, "required"))),
                                      cell_boolean(json_is_true(json_object_get(field, "public"))),
                                      cell_string(join(json_object_get(field, "choices"), choices, sizeof choices))},
                      &s->ctx->error);
}

static int list_fields(struct session *s)
{
    static const struct column columns[] = {{"name", "Field", "字段", COLUMN_KEY},
                                            {"kind", "Kind", "类型", COLUMN_KEY},
                                            {"required", "Required", "必填", COLUMN_KEY},
                                            {"public", "Public", "公开", COLUMN_KEY},
                                            {"choices", "Choices", "可选值", COLUMN_TEXT}};
    struct output *out = &s->ctx->output;
    json_t *fields = NULL, *field;
    size_t i;
    int rc = own_fields_json(s, &fields);
    if (!rc)
        rc = output_begin(out, "fields", columns, 5, &s->ctx->error);
    json_array_foreach(fields, i, field)
    {
        if (!rc)
            rc = output_wants_json(out) ? output_object(out, json_incref(field), &s->ctx->error) : put_field(s, field);
    }
    if (!rc)
        rc = output_end(out, json_pack("{s:I}", "total", (json_int_t)json_array_size(fields)), &s->ctx->error);
    json_decref(fields);
    return rc;
}

static int run_list(struct context *ctx, int (*list)(struct session *))
{
    struct session session = {0};
    int rc = session_open(&session, ctx);
    if (!rc)
        rc = session_read(&session);
    if (!rc)
        rc = list(&session);
    session_close(&session);
    return rc;
}

static int run_customers(struct context *ctx)
{
    return run_list(ctx, list_customers);
}

static int run_products(struct context *ctx)
{
    return run_list(ctx, list_products);
}

static int run_field_list(struct context *ctx)
{
    return run_list(ctx, list_fields);
}

/* ---- changes */

static int answer(struct context *ctx, const char *type, const struct daybook_result *result, const char *sentence)
{
    static const struct column columns[] = {{"type", NULL, NULL, COLUMN_KEY}, {"seq", NULL, NULL, COLUMN_NUMBER}};
    struct output *out = &ctx->output;
    if (output_wants_json(out))
        return output_document(out, json_pack("{s:s,s:I}", "type", type, "seq", (json_int_t)result->last_seq),
                               &ctx->error);
    if (out->format == OUTPUT_TABLE)
        return output_line(out, (struct daybook_text){sentence, strlen(sentence)}, &ctx->error);
    int rc = output_begin(out, NULL, columns, 2, &ctx->error);
    if (!rc)
        rc = output_row(out, (struct cell[]){cell_string(type), cell_integer((int64_t)result->last_seq)}, &ctx->error);
    return rc ? rc : output_end(out, NULL, &ctx->error);
}

static int record(struct context *ctx, const struct daybook_draft *draft, const char *sentence)
{
    struct session session = {0};
    struct daybook_entry entry;
    struct daybook_result result;
    int rc = session_open(&session, ctx);
    if (!rc) {
        session_entry(&session, draft, 1, &entry);
        rc = session_append(&session, &entry, &result);
    }
    if (!rc)
        rc = answer(ctx, schema_by_wire(draft->type)->name, &result, sentence);
    session_close(&session);
    return rc;
}

static int run_rename_customer(struct context *ctx)
{
    struct daybook_draft draft;
    daybook_draft_init(&draft, DAYBOOK_CUSTOMER_RENAMED);
    draft.subject = context_text(ctx, "OLD");
    draft.name = context_text(ctx, "NEW");
    return record(ctx, &draft,
                  say(ctx, "Renamed; every order follows, and the old name still finds the customer.",
                      "已改名；全部订单随之更新，旧名称仍可查到该客户。"));
}

static int run_rename_product(struct context *ctx)
{
    struct daybook_draft draft;
    daybook_draft_init(&draft, DAYBOOK_PRODUCT_RENAMED);
    draft.subject = context_text(ctx, "CODE");
    draft.code = context_text(ctx, "NEWCODE");
    draft.name = context_text(ctx, "--name");
    return record(ctx, &draft,
                  say(ctx, "Renamed; every order follows, and the old code still finds the product.",
                      "已改名；全部订单随之更新，旧代码仍可查到该产品。"));
}

static int run_merge_customer(struct context *ctx)
{
    struct daybook_draft draft;
    daybook_draft_init(&draft, DAYBOOK_CUSTOMER_MERGED);
    draft.subject = context_text(ctx, "OLD");
    draft.customer = context_text(ctx, "INTO");
    return record(ctx, &draft,
                  say(ctx, "Merged: orders of both are now one customer's.", "已合并：两者的订单现归同一客户。"));
}

enum { CHOICES_MAX = 200 };

/* "A,B,C" into texts; returns how many, CHOICES_MAX + 1 when there are more than fit. Also with "，" and "、". */
static size_t split_choices(struct daybook_text list, struct daybook_text texts[CHOICES_MAX])
{
    static const char *const commas[] = {",", "，", "、"};
    size_t count = 0, start = 0;
    for (size_t at = 0; at <= list.len; at++) {
        size_t comma = at == list.len ? 1 : 0;
        for (size_t i = 0; i < 3 && !comma; i++)
            if (list.len - at >= strlen(commas[i]) && memcmp(list.ptr + at, commas[i], strlen(commas[i])) == 0)
                comma = strlen(commas[i]);
        if (!comma)
            continue;
        struct daybook_text choice = text_trim((struct daybook_text){list.ptr + start, at - start});
        if (choice.len && count == CHOICES_MAX)
            return CHOICES_MAX + 1;
        if (choice.len)
            texts[count++] = choice;
        start = at + comma;
        at = start - 1;
    }
    return count;
}

static int run_field_add(struct context *ctx)
{
    struct daybook_text choices[CHOICES_MAX];
    struct daybook_draft draft;
    const struct given *list = context_given(ctx, "--choices");
    daybook_draft_init(&draft, DAYBOOK_FIELD_DEFINED);
    draft.name = context_text(ctx, "NAME");
    draft.category = context_text(ctx, "--kind");
    draft.is_required = context_flag(ctx, "--required");
    draft.is_public = context_flag(ctx, "--public");
    draft.choices = choices;
    draft.choice_count = list ? split_choices(list->text, choices) : 0;
    bool is_choice = text_equals(draft.category, DAYBOOK_TEXT("choice"));
    if (draft.choice_count > CHOICES_MAX)
        return daybook_fail(&ctx->error, DAYBOOK_USAGE,
                            say(ctx, "A field has at most %d choices.", "一个字段最多有 %d 个可选值。"), CHOICES_MAX);
    if (is_choice != (draft.choice_count > 0))
        return daybook_fail(&ctx->error, DAYBOOK_USAGE,
                            say(ctx, "--choices A,B belongs to --kind choice, and it needs them.",
                                "--kind choice 需要 --choices A,B；其他类型不能有 --choices。"));
    return record(
        ctx, &draft,
        say(ctx, "Defined; orders take it as --field NAME=VALUE.", "已定义；订单中以 --field 名称=值 填写。"));
}

#define RENAMES(first, second)                                                                                         \
    (const struct argument[])                                                                                          \
    {                                                                                                                  \
        {.name = first, .kind = ARGUMENT_TEXT, .required = true},                                                      \
            {.name = second, .kind = ARGUMENT_TEXT, .required = true},                                                 \
        {                                                                                                              \
            0                                                                                                          \
        }                                                                                                              \
    }

const struct command register_commands[] = {
    {
        .name = "customers",
        .group = "orders",
        .summary_en = "List the customers.",
        .summary_zh = "列出客户。",
        .example = "daybook customers",
        .ledger_use = LEDGER_READ,
        .run = run_customers,
    },
    {
        .name = "products",
        .group = "orders",
        .summary_en = "List the products.",
        .summary_zh = "列出产品。",
        .example = "daybook products",
        .ledger_use = LEDGER_READ,
        .run = run_products,
    },
    {
        .name = "rename customer",
        .group = "orders",
        .arguments = RENAMES("OLD", "NEW"),
        .summary_en = "Give a customer another name; every order follows.",
        .summary_zh = "更改客户名称；全部订单随之更新。",
        .example = "daybook rename customer ACME 'ACME Ltd'",
        .ledger_use = LEDGER_WRITE,
        .run = run_rename_customer,
    },
    {
        .name = "rename product",
        .group = "orders",
        .arguments = RENAMES("CODE", "NEWCODE"),
        .options =
            (const struct option[]){{"--name", ARGUMENT_TEXT, "NAME", NULL, false, false, "its name", "名称"}, {0}},
        .summary_en = "Give a product another code, or name; every order follows.",
        .summary_zh = "更改产品代码或名称；全部订单随之更新。",
        .example = "daybook rename product P-1 P-100 --name Bolt",
        .ledger_use = LEDGER_WRITE,
        .run = run_rename_product,
    },
    {
        .name = "merge customer",
        .group = "orders",
        .arguments = RENAMES("OLD", "INTO"),
        .summary_en = "Two names are one customer: orders of OLD become those of INTO.",
        .summary_zh = "两个名称是同一客户：OLD 的订单归入 INTO。",
        .example = "daybook merge customer Acme-Co ACME",
        .ledger_use = LEDGER_WRITE,
        .run = run_merge_customer,
    },
    {
        .name = "field add",
        .group = "orders",
        .arguments = (const struct argument[]){{.name = "NAME", .kind = ARGUMENT_TEXT, .required = true}, {0}},
        .options =
            (const struct option[]){
                {"--kind", ARGUMENT_CHOICE, "KIND", "text|number|date|choice", true, false, "what it holds", "类型"},
                {"--choices", ARGUMENT_TEXT, "A,B", NULL, false, false, "the values it may have", "可选值"},
                {"--required", ARGUMENT_FLAG, NULL, NULL, false, false, "every new order needs it", "新订单必填"},
                {"--public", ARGUMENT_FLAG, NULL, NULL, false, false,
                 "its text is nobody's personal data and stays for good", "其内容不是个人数据，永久保留"},
                {0}},
        .summary_en = "Define a field of your own for orders.",
        .summary_zh = "新增自定义订单字段。",
        .example = "daybook field add colour --kind choice --choices red,blue",
        .ledger_use = LEDGER_WRITE,
        .run = run_field_add,
    },
    {
        .name = "field list",
        .group = "orders",
        .summary_en = "List the ledger's own fields.",
        .summary_zh = "列出自定义字段。",
        .example = "daybook field list",
        .ledger_use = LEDGER_READ,
        .run = run_field_list,
    },
    {0},
};
