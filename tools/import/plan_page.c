/* The page that an import answers with: what was understood, what was not, and what it comes to. */
#include "tools/import/plan_page.h"

#include <string.h>

#include "ledger/text.h"

/* ---- for programs */

static json_t *json_of(struct daybook_text text)
{
    return json_stringn(text.ptr ? text.ptr : "", text.len);
}

/* Two columns may have one header: the second is told apart by its place. */
static json_t *mapping_json(const struct reading *reading)
{
    json_t *mapping = json_object();
    for (size_t i = 0; i < reading->column_count; i++) {
        const struct reading_column *column = &reading->columns[i];
        char key[300];
        if (!column->field[0])
            continue;
        snprintf(key, sizeof key, "%.*s", (int)text_prefix_of_width(column->header, 200), column->header.ptr);
        size_t len = strlen(key);
        if (json_object_get(mapping, key))
            snprintf(key + len, sizeof key - len, " (%zu)", i + 1);
        json_object_set_new(mapping, key, json_string(column->field));
    }
    return mapping;
}

static json_t *left_out_json(const struct reading *reading)
{
    json_t *list = json_array();
    for (size_t i = 0; i < reading->column_count; i++)
        if (!reading->columns[i].field[0])
            json_array_append_new(list, json_of(reading->columns[i].header));
    return list;
}

/* Enough of a value to recognise it. */
static struct daybook_text shown(struct daybook_text value)
{
    enum { SHOWN_WIDTH = 200 };
    return (struct daybook_text){value.ptr, text_prefix_of_width(value, SHOWN_WIDTH)};
}

static json_t *rejected_json(const struct import_result *result)
{
    json_t *list = json_array();
    for (size_t i = 0; i < result->rejected_count; i++) {
        const struct reading_rejection *rejected = &result->rejected[i];
        json_array_append_new(list, json_pack("{s:i,s:o,s:o,s:s}", "row", (int)rejected->row, "column",
                                              json_of(rejected->column), "value", json_of(shown(rejected->value)),
                                              "reason", rejected->reason));
    }
    return list;
}

static json_t *skipped_json(const struct reading *reading)
{
    json_t *list = json_array();
    for (size_t i = 0; i < reading->skipped_count; i++)
        json_array_append_new(
            list, json_pack("{s:i,s:s}", "row", (int)reading->skipped[i].row, "why", reading->skipped[i].why));
    return list;
}

static const char future_en[] =
    "%zu order(s) were shipped or delivered on a day that is still to come; this is the first.";
static const char future_zh[] = "有 %zu 个订单的发货或交货日期在今天之后，本行为第一个。";

static json_t *doubts_json(const struct context *ctx, const struct import_result *result)
{
    json_t *list = json_array();
    for (size_t i = 0; i < result->reading->doubt_count; i++) {
        const struct reading_doubt *doubt = &result->reading->doubts[i];
        json_array_append_new(list, json_pack("{s:i,s:s}", "row", (int)doubt->row, "text",
                                              language_pick(ctx->language, doubt->text, doubt->text_zh)));
    }
    if (result->future_count)
        json_array_append_new(list, json_pack("{s:i,s:o}", "row", (int)result->future_row, "text",
                                              json_sprintf(say(ctx, future_en, future_zh), result->future_count)));
    return list;
}

static json_t *result_json(const struct context *ctx, const struct import_result *result)
{
    const struct reading *reading = result->reading;
    return json_pack(
        "{s:s#,s:b,s:I,s:I,s:I,s:I,s:I,s:I,s:o,s:o,s:o,s:o,s:o,s:O}", "file", result->file.ptr, (int)result->file.len,
        "dry_run", result->dry_run, "rows", (json_int_t)reading->rows, "orders", (json_int_t)reading->order_count,
        "created", (json_int_t)result->outcomes[PLAN_CREATED], "changed", (json_int_t)result->outcomes[PLAN_CHANGED],
        "unchanged", (json_int_t)result->outcomes[PLAN_UNCHANGED], "events", (json_int_t)result->events, "rejected",
        rejected_json(result), "skipped", skipped_json(reading), "doubts", doubts_json(ctx, result), "mapping",
        mapping_json(reading), "not_imported", left_out_json(reading), "not_in_file", result->gone);
}

/* ---- for people */

struct wording {
    const char *word, *en, *zh;
};

static const struct wording reasons[] = {
    {"bad-date", "is no date that exists", "不是有效日期"},
    {"bad-quantity", "is no quantity above 0", "不是大于 0 的数量"},
    {"missing-order-no", "there is no order number (or say --auto-number)", "缺少订单编号（或用 --auto-number）"},
    {"missing-customer", "there is no customer", "缺少客户"},
    {"missing-product", "there is no product", "缺少产品"},
    {"missing-quantity", "there is no quantity", "缺少数量"},
    {"unknown-status", "is no status known here; say --status WORD=STATUS", "状态含义不明，请用 --status 词=状态 指定"},
    {"duplicate-row", "equals an earlier row; it is counted once", "与前面的行完全相同，只计一次"},
    {"conflicting-duplicate", "one number, but another customer, day, or the same product again",
     "同一订单编号，但客户、日期不同或产品重复"},
    {"dates-out-of-order", "is before the order was placed", "早于下单日期"},
    {"status-contradicts-dates", "does not go with the dates", "状态与日期矛盾"},
    {"order-incomplete", "another row of this order was rejected", "同一订单的其他行被拒"},
    {"cell-error", "is an error of the spreadsheet", "是电子表格的错误值"},
    {"number-precision", "has lost digits in the spreadsheet", "在电子表格中已丢失位数"},
    {"changed-since", "was changed here since the last import; --mine or --theirs decides",
     "上次导入后账本中已改动，请用 --mine 或 --theirs 决定"},
    {"order-closed", "the order is closed; reopen it first", "订单已关闭，请先重新打开"},
    {"status-goes-back", "would take the order back", "状态不能倒退"},
    {"too-large", "is too long to be kept", "过长，无法保存"},
    {"bad-value", "does not fit the field as it is defined", "不符合该字段的定义"},
    {"version-conflict", "someone changed the order just now; import again", "订单刚被他人修改，请重新导入"},
};

static const struct wording whys[] = {
    {"blank", "blank", "空行"},
    {"title", "title", "标题"},
    {"total", "total", "合计"},
    {"footer", "footer", "表尾"},
    {"repeated header", "repeated header", "重复表头"},
};

static const struct wording outcomes[PLAN_OUTCOME_COUNT] = {
    [PLAN_UNCHANGED] = {"unchanged", "unchanged", "未变"},
    [PLAN_CREATED] = {"created", "new", "新增"},
    [PLAN_CHANGED] = {"changed", "changed", "变更"},
    [PLAN_REJECTED] = {"rejected", "rejected", "被拒"},
};

static const char *explain(const struct context *ctx, const struct wording *list, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].word, word) == 0)
            return language_pick(ctx->language, list[i].en, list[i].zh);
    return word;
}

#define EXPLAIN(ctx, list, word) explain(ctx, list, sizeof(list) / sizeof *(list), word)

static int print_mapping(struct context *ctx, const struct reading *reading)
{
    static const struct column columns[] = {
        {"column", "Column", "列", COLUMN_TEXT},
        {"field", "Read as", "识别为", COLUMN_KEY},
        {"remark", "", "", COLUMN_TEXT},
    };
    struct daybook_error *err = &ctx->error;
    int rc = output_begin(&ctx->output, "mapping", columns, 3, err);
    for (size_t i = 0; i < reading->column_count && !rc; i++) {
        const struct reading_column *column = &reading->columns[i];
        const char *field = column->field[0] ? column->field : say(ctx, "left out", "不导入");
        const char *remark = column->why        ? column->why
                             : column->of_lines ? say(ctx, "differs from line to line", "各行不同")
                                                : "";
        struct cell cells[] = {cell_text(column->header),
                               cell_toned(cell_string(field), column->field[0] ? TONE_PLAIN : TONE_WARNING),
                               cell_toned(cell_string(remark), TONE_FAINT)};
        rc = output_row(&ctx->output, cells, err);
    }
    return rc ? rc : output_end(&ctx->output, NULL, err);
}

static int print_samples(struct context *ctx, const struct import_result *result)
{
    static const struct column columns[] = {
        {"order_no", "Order", "订单", COLUMN_KEY},
        {"customer", "Customer", "客户", COLUMN_TEXT},
        {"lines", "Lines", "行数", COLUMN_NUMBER},
        {"ordered_on", "Ordered", "下单", COLUMN_KEY},
        {"expected_on", "Expected", "预计交货", COLUMN_KEY},
        {"delivered_on", "Delivered", "实际交货", COLUMN_KEY},
        {"status", "Status", "状态", COLUMN_KEY},
        {"outcome", "", "", COLUMN_KEY},
        {"events", "Events", "事件", COLUMN_TEXT},
    };
    struct daybook_error *err = &ctx->error;
    int rc = output_begin(&ctx->output, "orders", columns, sizeof columns / sizeof *columns, err);
    for (size_t i = 0; i < result->sample_count && !rc; i++) {
        const struct reading_order *order = result->samples[i].order;
        const struct wording *outcome = &outcomes[result->samples[i].outcome];
        struct cell cells[] = {
            cell_text(order->order_no),
            cell_text(order->customer),
            cell_integer(order->line_count),
            cell_day(order->ordered_on),
            cell_day(order->expected_on),
            cell_day(order->delivered_on),
            cell_string(order->status ? order->status : "pending"),
            cell_string(language_pick(ctx->language, outcome->en, outcome->zh)),
            cell_text(result->samples[i].events),
        };
        rc = output_row(&ctx->output, cells, err);
    }
    return rc ? rc : output_end(&ctx->output, NULL, err);
}

static int print_doubts(struct context *ctx, const struct import_result *result)
{
    static const struct column columns[] = {
        {"row", "Row", "行", COLUMN_NUMBER},
        {"text", "Please look at this", "请留意", COLUMN_TEXT},
    };
    struct daybook_error *err = &ctx->error;
    int rc = output_begin(&ctx->output, "doubts", columns, 2, err);
    for (size_t i = 0; i < result->reading->doubt_count && !rc; i++) {
        const struct reading_doubt *doubt = &result->reading->doubts[i];
        const char *text = language_pick(ctx->language, doubt->text, doubt->text_zh);
        struct cell cells[] = {doubt->row ? cell_integer(doubt->row) : cell_null(),
                               cell_toned(cell_string(text), TONE_WARNING)};
        rc = output_row(&ctx->output, cells, err);
    }
    if (!rc && result->future_count) {
        char text[200];
        snprintf(text, sizeof text, say(ctx, future_en, future_zh), result->future_count);
        struct cell cells[] = {cell_integer(result->future_row), cell_toned(cell_string(text), TONE_WARNING)};
        rc = output_row(&ctx->output, cells, err);
    }
    return rc ? rc : output_end(&ctx->output, NULL, err);
}

static int print_rejected(struct context *ctx, const struct import_result *result)
{
    static const struct column columns[] = {
        {"row", "Row", "行", COLUMN_NUMBER},   {"column", "Column", "列", COLUMN_TEXT},
        {"value", "Value", "值", COLUMN_TEXT}, {"reason", "Reason", "原因", COLUMN_KEY},
        {"explanation", "", "", COLUMN_TEXT},
    };
    struct daybook_error *err = &ctx->error;
    int rc = output_begin(&ctx->output, "rejected", columns, 5, err);
    for (size_t i = 0; i < result->rejected_count && !rc; i++) {
        const struct reading_rejection *rejected = &result->rejected[i];
        struct cell cells[] = {cell_integer(rejected->row), cell_text(rejected->column),
                               cell_text(shown(rejected->value)), cell_toned(cell_string(rejected->reason), TONE_BAD),
                               cell_string(EXPLAIN(ctx, reasons, rejected->reason))};
        rc = output_row(&ctx->output, cells, err);
    }
    return rc ? rc : output_end(&ctx->output, NULL, err);
}

/* "skipped: 2 title, 1 total" */
static int print_skipped(struct context *ctx, const struct reading *reading)
{
    char line[300];
    size_t used = (size_t)snprintf(line, sizeof line, "%s", say(ctx, "Skipped rows:", "跳过的行："));
    for (size_t i = 0; i < sizeof whys / sizeof *whys; i++) {
        size_t count = 0;
        for (size_t j = 0; j < reading->skipped_count; j++)
            count += strcmp(reading->skipped[j].why, whys[i].word) == 0;
        if (count && used < sizeof line)
            used +=
                (size_t)snprintf(line + used, sizeof line - used, " %s %zu", EXPLAIN(ctx, whys, whys[i].word), count);
    }
    return output_print(&ctx->output, &ctx->error, "%s", line);
}

static int print_gone(struct context *ctx, const struct import_result *result)
{
    enum { SHOWN = 10, SHOWN_WIDTH = 40 };
    char line[2000];
    size_t count = json_array_size(result->gone);
    size_t used = (size_t)snprintf(line, sizeof line,
                                   say(ctx, "%zu imported order(s) are not in this file; nothing changes for them:",
                                       "有 %zu 个已导入的订单不在此文件中，保持不变："),
                                   count);
    for (size_t i = 0; i < count && i < SHOWN && used < sizeof line; i++) {
        const json_t *number = json_array_get(result->gone, i);
        struct daybook_text text = {json_string_value(number), json_string_length(number)};
        used += (size_t)snprintf(line + used, sizeof line - used, " %.*s", (int)text_prefix_of_width(text, SHOWN_WIDTH),
                                 text.ptr);
    }
    if (count > SHOWN && used < sizeof line)
        snprintf(line + used, sizeof line - used, " …");
    return output_print(&ctx->output, &ctx->error, "%s", line);
}

static int print_sum(struct context *ctx, const struct import_result *result)
{
    const size_t *counts = result->outcomes;
    unsigned long long events = result->events;
    if (result->dry_run && result->is_refused)
        return output_print(
            &ctx->output, &ctx->error,
            say(ctx,
                "As it is, nothing would be written. With --partial: %zu new, %zu changed, %zu unchanged order(s).",
                "按现状不会写入任何内容。若用 --partial：新增 %zu 个、变更 %zu 个、未变 %zu 个订单。"),
            counts[PLAN_CREATED], counts[PLAN_CHANGED], counts[PLAN_UNCHANGED]);
    if (result->dry_run)
        return output_print(
            &ctx->output, &ctx->error,
            say(ctx,
                "Would bring %zu new, %zu changed, %zu unchanged order(s): %llu event(s) about orders. Nothing "
                "was written.",
                "将新增 %zu 个、变更 %zu 个、未变 %zu 个订单，订单事件共 %llu 个。尚未写入任何内容。"),
            counts[PLAN_CREATED], counts[PLAN_CHANGED], counts[PLAN_UNCHANGED], events);
    return output_print(&ctx->output, &ctx->error,
                        say(ctx, "%zu new, %zu changed, %zu unchanged order(s): %llu event(s) recorded.",
                            "新增 %zu 个、变更 %zu 个、未变 %zu 个订单，已记录 %llu 个事件。"),
                        counts[PLAN_CREATED], counts[PLAN_CHANGED], counts[PLAN_UNCHANGED], events);
}

static int blank_line(struct context *ctx)
{
    return output_line(&ctx->output, DAYBOOK_TEXT(""), &ctx->error);
}

static int print_page(struct context *ctx, const struct import_result *result)
{
    const struct reading *reading = result->reading;
    bool has_doubts = reading->doubt_count || result->future_count;
    int rc = output_print(&ctx->output, &ctx->error, say(ctx, "%.*s: %zu rows, %zu orders", "%.*s：%zu 行，%zu 个订单"),
                          (int)result->file.len, result->file.ptr, reading->rows, reading->order_count);
    if (!rc && result->dry_run && !(rc = blank_line(ctx)))
        rc = print_mapping(ctx, reading);
    if (!rc && result->sample_count && !(rc = blank_line(ctx)))
        rc = print_samples(ctx, result);
    if (!rc && result->dry_run && reading->order_count > result->sample_count && result->sample_count)
        rc = output_print(&ctx->output, &ctx->error, say(ctx, "… and %zu more", "…… 另有 %zu 个订单"),
                          reading->order_count - result->sample_count);
    if (!rc && has_doubts && !(rc = blank_line(ctx)))
        rc = print_doubts(ctx, result);
    if (!rc && result->rejected_count && !(rc = blank_line(ctx)))
        rc = print_rejected(ctx, result);
    if (!rc)
        rc = blank_line(ctx);
    if (!rc && reading->skipped_count)
        rc = print_skipped(ctx, reading);
    /* Of a file that has none of those orders nobody expected it to have them. */
    bool is_related = result->outcomes[PLAN_CHANGED] + result->outcomes[PLAN_UNCHANGED] > 0;
    if (!rc && is_related && json_array_size(result->gone))
        rc = print_gone(ctx, result);
    return rc ? rc : print_sum(ctx, result);
}

int import_page(struct context *ctx, const struct import_result *result)
{
    if (ctx->format != OUTPUT_TABLE)
        return output_document(&ctx->output, result_json(ctx, result), &ctx->error);
    return print_page(ctx, result);
}
