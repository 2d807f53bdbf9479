/* export: orders out, as a table that import reads back without a single event, or as JSON lines.
 *
 * A CSV has a row for each line of an order. Two passes: the first finds which columns there have to be, the second
 * writes. A file is written beside its place and moved there once it is whole. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/date.h"
#include "ledger/decimal.h"
#include "ledger/text.h"
#include "tools/cli/csv.h"
#include "tools/cli/progress.h"
#include "tools/commands.h"
#include "tools/order_filter.h"
#include "tools/order_json.h"

enum { NOTE_COLUMNS_MAX = 20 };

struct export
{
    struct context *ctx;
    struct session session;
    struct orders_found found;
    const char *path;
    FILE *stream;
    char *temporary; /* NULL: written in place */
    bool has_items;  /* some order has lines */
    bool *fields;    /* by ordinal: some order has it */
    uint32_t field_count;
    size_t note_columns;
    uint64_t rows;
};

/* ---- every order, twice */

typedef int export_visit(struct export *ex, const struct order_state *state);

static int each_order(struct export *ex, const char *label, export_visit *visit)
{
    struct session *s = &ex->session;
    struct progress progress;
    int rc = 0;
    progress_start(&progress, ex->ctx->language, label, ex->found.count);
    for (size_t i = 0; i < ex->found.count && !rc; i++) {
        rc = order_reader_load(&s->reader, s->snapshot, ex->found.ordinals[i], s->cut, &ex->ctx->error);
        if (!rc)
            rc = visit(ex, &s->reader.state);
        progress_update(&progress, i + 1);
    }
    progress_end(&progress);
    return rc;
}

static void note_fields(struct export *ex, const struct order_own *own, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (own[i].value.field <= ex->field_count)
            ex->fields[own[i].value.field] = true;
}

static int survey(struct export *ex, const struct order_state *state)
{
    size_t notes = 0;
    for (size_t i = 0; i < state->note_count; i++)
        notes += !state->notes[i].retracted;
    if (notes > ex->note_columns)
        ex->note_columns = notes < NOTE_COLUMNS_MAX ? notes : NOTE_COLUMNS_MAX;
    ex->has_items |= state->line_count > 0;
    note_fields(ex, state->own, state->own_count);
    for (size_t i = 0; i < state->line_count; i++)
        note_fields(ex, state->lines[i].own, state->lines[i].own_count);
    return 0;
}

/* ---- cells */

/* The row at hand; `line` is NULL for an order without lines. */
struct row {
    struct export *ex;
    const struct order_state *state;
    const struct order_line *line;
    bool first; /* of its order */
    bool started;
};

static void put(struct row *row, struct daybook_text text, enum csv_content content)
{
    if (row->started)
        fputc(',', row->ex->stream);
    row->started = true;
    csv_write_field(row->ex->stream, text.ptr ? text : DAYBOOK_TEXT(""), content);
}

static void put_day(struct row *row, int32_t day)
{
    char text[DAYBOOK_DAY_TEXT_SIZE] = "";
    if (day != DAYBOOK_DAY_NONE)
        date_format(day, text);
    put(row, (struct daybook_text){text, strlen(text)}, CSV_VALUE);
}

static void put_decimal(struct row *row, bool present, struct daybook_decimal decimal)
{
    char text[DAYBOOK_DECIMAL_TEXT_SIZE] = "";
    if (present)
        decimal_format(decimal, text);
    put(row, (struct daybook_text){text, strlen(text)}, CSV_VALUE);
}

static bool same_quantity(struct daybook_decimal a, struct daybook_decimal b)
{
    return decimal_compare(a, b) == 0;
}

/* What arrived on a day without having been sent before counts as sent that day; a table says only that it arrived. */
static bool came_with_delivery(const struct order_state *state, const struct order_part *part)
{
    if (part->delivered || state->shipped_on != DAYBOOK_DAY_NONE)
        return false;
    for (size_t i = 0; i < state->part_count; i++) {
        const struct order_part *other = &state->parts[i];
        if (other->delivered && other->line == part->line && other->day == part->day &&
            same_quantity(other->quantity, part->quantity))
            return true;
    }
    return false;
}

/* The day on which the line was wholly shipped (delivered); none when it was not, or when nobody knows. */
static int32_t sent_day(const struct row *row, bool delivered)
{
    const struct order_state *state = row->state;
    struct daybook_decimal sum = {0, 0}, more;
    int32_t day = DAYBOOK_DAY_NONE;
    if (delivered && state->status == STATUS_CANCELLED)
        return DAYBOOK_DAY_NONE;
    if (!row->line)
        return delivered ? state->delivered_on : state->shipped_on;
    for (size_t i = 0; i < state->part_count; i++) {
        const struct order_part *part = &state->parts[i];
        if (part->line != row->line->line || part->delivered != delivered || came_with_delivery(state, part))
            continue;
        if (part->day == DAYBOOK_DAY_NONE)
            return DAYBOOK_DAY_NONE;
        day = part->day > day ? part->day : day;
        if (decimal_add(sum, part->quantity, &more))
            sum = more;
    }
    return decimal_compare(sum, row->line->quantity) >= 0 ? day : DAYBOOK_DAY_NONE;
}

static void put_order_no(struct row *row)
{
    put(row, row->state->order_no, CSV_TEXT);
}

static void put_customer(struct row *row)
{
    struct daybook_text name = DAYBOOK_TEXT_NONE;
    if (registers_name(row->ex->session.registers, DAYBOOK_CUSTOMER, row->state->customer, &name, NULL))
        name = DAYBOOK_TEXT_NONE;
    put(row, name, CSV_TEXT);
}

static void put_reference(struct row *row)
{
    put(row, row->state->customer_ref, CSV_TEXT);
}

static struct register_product product_of(struct row *row)
{
    struct register_product product = {0};
    if (row->line && registers_product(row->ex->session.registers, row->line->product, &product, NULL))
        product = (struct register_product){0};
    return product;
}

static void put_code(struct row *row)
{
    put(row, product_of(row).code, CSV_TEXT);
}

static void put_product(struct row *row)
{
    bool own_name = row->line && row->line->name.ptr;
    put(row, own_name ? row->line->name : product_of(row).name, CSV_TEXT);
}

static void put_quantity(struct row *row)
{
    put_decimal(row, row->line, row->line ? row->line->quantity : (struct daybook_decimal){0, 0});
}

static void put_unit(struct row *row)
{
    put(row, row->line ? row->line->unit : DAYBOOK_TEXT_NONE, CSV_TEXT);
}

static void put_shipped_quantity(struct row *row)
{
    bool more = row->line && decimal_compare(row->line->shipped, row->line->delivered) > 0;
    put_decimal(row, more, more ? row->line->shipped : (struct daybook_decimal){0, 0});
}

static void put_delivered_quantity(struct row *row)
{
    bool some = row->line && row->line->delivered.mantissa > 0;
    put_decimal(row, some, some ? row->line->delivered : (struct daybook_decimal){0, 0});
}

static void put_ordered(struct row *row)
{
    put_day(row, row->state->ordered_on);
}

static void put_expected(struct row *row)
{
    bool own_day = row->line && row->line->expected_on != DAYBOOK_DAY_NONE;
    put_day(row, own_day ? row->line->expected_on : row->line ? row->state->own_expected_on : row->state->expected_on);
}

static void put_requested(struct row *row)
{
    put_day(row, row->state->requested_on);
}

static void put_shipped(struct row *row)
{
    put_day(row, sent_day(row, false));
}

static void put_delivered(struct row *row)
{
    put_day(row, sent_day(row, true));
}

static void put_status(struct row *row)
{
    static const char *const words_zh[STATUS_COUNT] = {
        [STATUS_PENDING] = "待处理",  [STATUS_PROCESSING] = "处理中", [STATUS_IN_PRODUCTION] = "生产中",
        [STATUS_SHIPPED] = "已发货",  [STATUS_DELIVERED] = "已交付",  [STATUS_CANCELLED] = "已取消",
        [STATUS_RETURNED] = "已退货", [STATUS_ON_HOLD] = "暂停",
    };
    const char *word = say(row->ex->ctx, workflow_statuses[row->state->status].name, words_zh[row->state->status]);
    put(row, (struct daybook_text){word, strlen(word)}, CSV_TEXT);
}

/* Words that import understands. */
static const struct {
    const char *en, *zh;
    bool of_items; /* only when some order has lines */
    void (*write)(struct row *row);
} columns[] = {
    {"Order No", "订单编号", false, put_order_no},
    {"Customer", "客户名称", false, put_customer},
    {"Customer PO", "客户订单号", false, put_reference},
    {"Product Code", "产品编号", true, put_code},
    {"Product Name", "产品名称", true, put_product},
    {"Quantity", "数量", true, put_quantity},
    {"Unit", "单位", true, put_unit},
    {"Qty Shipped", "已发数量", true, put_shipped_quantity},
    {"Qty Delivered", "已交数量", true, put_delivered_quantity},
    {"Order Date", "订单日期", false, put_ordered},
    {"Expected Delivery", "预计交货日期", false, put_expected},
    {"Requested Date", "客户要求交期", false, put_requested},
    {"Ship Date", "发货日期", false, put_shipped},
    {"Actual Delivery", "实际交货日期", false, put_delivered},
    {"Status", "订单状态", false, put_status},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

/* ---- own fields and notes */

static const struct order_own *find_own(const struct order_own *own, size_t count, uint32_t field)
{
    for (size_t i = 0; i < count; i++)
        if (own[i].value.field == field)
            return &own[i];
    return NULL;
}

static int put_fields(struct row *row)
{
    struct export *ex = row->ex;
    int rc = 0;
    for (uint32_t field = 1; field <= ex->field_count && !rc; field++) {
        char scratch[DAYBOOK_DECIMAL_TEXT_SIZE];
        struct daybook_text text = DAYBOOK_TEXT_NONE;
        if (!ex->fields[field])
            continue;
        const struct order_own *own = row->line ? find_own(row->line->own, row->line->own_count, field) : NULL;
        if (!own)
            own = find_own(row->state->own, row->state->own_count, field);
        if (own)
            rc = order_own_text(ex->session.snapshot, own, scratch, &text, &ex->ctx->error);
        put(row, text, CSV_TEXT);
    }
    return rc;
}

/* Each note in a column of its own, in the order's first row. */
static int put_notes(struct row *row)
{
    struct export *ex = row->ex;
    size_t written = 0;
    int rc = 0;
    for (size_t i = 0; row->first && i < row->state->note_count && written < ex->note_columns && !rc; i++) {
        struct daybook_text text = DAYBOOK_TEXT_NONE;
        if (row->state->notes[i].retracted)
            continue;
        rc = order_note_text(ex->session.snapshot, row->state->notes[i].seq, &text, &ex->ctx->error);
        put(row, text, CSV_TEXT);
        written++;
    }
    for (; written < ex->note_columns; written++)
        put(row, DAYBOOK_TEXT_NONE, CSV_TEXT);
    return rc;
}

/* ---- CSV */

static int write_failed(struct export *ex)
{
    return daybook_fail(&ex->ctx->error, errno == ENOSPC || errno == EDQUOT ? DAYBOOK_DISK_FULL : DAYBOOK_IO,
                        say(ex->ctx, "Cannot write %s: %s.", "无法写入 %s：%s。"), ex->path, strerror(errno));
}

static int write_row(struct export *ex, const struct order_state *state, const struct order_line *line, bool first)
{
    struct row row = {.ex = ex, .state = state, .line = line, .first = first};
    for (size_t i = 0; i < COLUMNS; i++)
        if (ex->has_items || !columns[i].of_items)
            columns[i].write(&row);
    int rc = put_fields(&row);
    if (!rc)
        rc = put_notes(&row);
    fputs(CSV_ROW_END, ex->stream);
    ex->rows++;
    return rc ? rc : ferror(ex->stream) ? write_failed(ex) : 0;
}

static int write_csv_order(struct export *ex, const struct order_state *state)
{
    if (state->line_count == 0)
        return write_row(ex, state, NULL, true);
    int rc = 0;
    for (size_t i = 0; i < state->line_count && !rc; i++)
        rc = write_row(ex, state, &state->lines[i], i == 0);
    return rc;
}

static int write_header(struct export *ex)
{
    struct row row = {.ex = ex};
    fputs(CSV_BYTE_ORDER_MARK, ex->stream);
    for (size_t i = 0; i < COLUMNS; i++) {
        const char *word = language_pick(ex->ctx->language, columns[i].en, columns[i].zh);
        if (ex->has_items || !columns[i].of_items)
            put(&row, (struct daybook_text){word, strlen(word)}, CSV_TEXT);
    }
    for (uint32_t field = 1; field <= ex->field_count; field++) {
        struct register_field definition = {0};
        if (!ex->fields[field])
            continue;
        int rc = registers_field(ex->session.registers, field, &definition, &ex->ctx->error);
        if (rc)
            return rc;
        put(&row, definition.name, CSV_TEXT);
    }
    for (size_t i = 0; i < ex->note_columns; i++) {
        char word[32];
        int len = i ? snprintf(word, sizeof word, "%s%zu", say(ex->ctx, "Notes ", "备注"), i + 1)
                    : snprintf(word, sizeof word, "%s", say(ex->ctx, "Notes", "备注"));
        put(&row, (struct daybook_text){word, (size_t)len}, CSV_TEXT);
    }
    fputs(CSV_ROW_END, ex->stream);
    return 0;
}

static int write_csv(struct export *ex)
{
    int rc = registers_count(ex->session.registers, DAYBOOK_FIELD, &ex->field_count, &ex->ctx->error);
    ex->fields = rc ? NULL : calloc((size_t)ex->field_count + 1, sizeof *ex->fields);
    if (!ex->fields)
        return rc ? rc : daybook_fail(&ex->ctx->error, DAYBOOK_NO_MEMORY, "Not enough memory to export.");
    rc = each_order(ex, say(ex->ctx, "Look", "查看"), survey);
    if (!rc)
        rc = write_header(ex);
    return rc ? rc : each_order(ex, say(ex->ctx, "Export", "导出"), write_csv_order);
}

/* ---- JSON lines */

static int write_json_order(struct export *ex, const struct order_state *state)
{
    struct session *s = &ex->session;
    json_t *order = NULL;
    int rc = order_json(s->snapshot, s->registers, state, s->question_day, &order, &ex->ctx->error);
    if (rc)
        return rc;
    bool failed = json_dumpf(order, ex->stream, JSON_COMPACT) != 0 || fputc('\n', ex->stream) == EOF;
    json_decref(order);
    ex->rows++;
    return failed ? write_failed(ex) : 0;
}

static int write_jsonl(struct export *ex)
{
    return each_order(ex, say(ex->ctx, "Export", "导出"), write_json_order);
}

/* ---- the file */

static const struct {
    const char *ending;
    int (*write)(struct export *ex);
} formats[] = {{".csv", write_csv}, {".jsonl", write_jsonl}};
enum { FORMATS = sizeof formats / sizeof *formats, FORMAT_CSV = 0, FORMAT_JSONL = 1 };

static size_t format_of(const struct export *ex)
{
    size_t len = strlen(ex->path), i = 0;
    if (strcmp(ex->path, "-") == 0)
        return ex->ctx->format == OUTPUT_JSON || ex->ctx->format == OUTPUT_JSONL ? FORMAT_JSONL : FORMAT_CSV;
    for (; i < FORMATS; i++) {
        size_t ending = strlen(formats[i].ending);
        if (len > ending && strcasecmp(ex->path + len - ending, formats[i].ending) == 0)
            break;
    }
    return i;
}

/* Beside its place, unless that is no file of its own: a pipe, a device. */
static int open_file(struct export *ex)
{
    struct stat status;
    if (strcmp(ex->path, "-") == 0) {
        ex->stream = ex->ctx->output.stream;
        return 0;
    }
    if (stat(ex->path, &status) == 0 && !S_ISREG(status.st_mode)) {
        ex->stream = fopen(ex->path, "we");
        return ex->stream ? 0 : write_failed(ex);
    }
    if (asprintf(&ex->temporary, "%s.XXXXXX", ex->path) < 0) {
        ex->temporary = NULL;
        return daybook_fail(&ex->ctx->error, DAYBOOK_NO_MEMORY, "Not enough memory to export.");
    }
    int file = mkostemp(ex->temporary, O_CLOEXEC);
    if (file < 0) {
        int rc = write_failed(ex);
        free(ex->temporary);
        ex->temporary = NULL;
        return rc;
    }
    mode_t mask = umask(0);
    umask(mask);
    ex->stream = fchmod(file, 0666 & ~mask) == 0 ? fdopen(file, "w") : NULL;
    if (!ex->stream)
        close(file);
    return ex->stream ? 0 : write_failed(ex);
}

static int close_file(struct export *ex, int rc)
{
    if (ex->stream == ex->ctx->output.stream)
        return rc ? rc : output_flush(&ex->ctx->output, &ex->ctx->error);
    if (ex->stream && !rc && (fflush(ex->stream) || (ex->temporary && fsync(fileno(ex->stream)))))
        rc = write_failed(ex);
    if (ex->stream && fclose(ex->stream) && !rc)
        rc = write_failed(ex);
    if (ex->temporary && !rc && rename(ex->temporary, ex->path))
        rc = write_failed(ex);
    if (ex->temporary && rc)
        unlink(ex->temporary);
    return rc;
}

static int answer(struct export *ex)
{
    struct context *ctx = ex->ctx;
    if (strcmp(ex->path, "-") == 0)
        return 0;
    if (output_wants_json(&ctx->output))
        return output_document(&ctx->output,
                               json_pack("{s:s,s:I,s:I}", "file", ex->path, "orders", (json_int_t)ex->found.count,
                                         "rows", (json_int_t)ex->rows),
                               &ctx->error);
    return output_print(&ctx->output, &ctx->error, say(ctx, "%zu order(s) written to %s.", "已将 %zu 个订单写入 %s。"),
                        ex->found.count, ex->path);
}

static int write_export(struct export *ex, size_t format)
{
    int rc = session_open(&ex->session, ex->ctx);
    if (!rc)
        rc = session_read(&ex->session);
    if (!rc)
        rc = order_filter_find(&ex->session, ORDERS_BY_NUMBER, &ex->found);
    if (!rc)
        rc = open_file(ex);
    if (!rc)
        rc = formats[format].write(ex);
    rc = close_file(ex, rc);
    return rc ? rc : answer(ex);
}

static int run_export(struct context *ctx)
{
    struct export ex = {.ctx = ctx, .path = context_string(ctx, "FILE")};
    size_t format = format_of(&ex);
    if (format == FORMATS)
        return daybook_fail(&ctx->error, DAYBOOK_USAGE,
                            say(ctx, "Orders can be exported to FILE.csv or FILE.jsonl, or to - for standard output.",
                                "订单可导出为 FILE.csv 或 FILE.jsonl，或用 - 输出到标准输出。"));
    int rc = write_export(&ex, format);
    orders_found_release(&ex.found);
    session_close(&ex.session);
    free(ex.temporary);
    free(ex.fields);
    return rc;
}

const struct command export_commands[] = {
    {
        .name = "export",
        .group = "files",
        .arguments = (const struct argument[]){{.name = "FILE", .kind = ARGUMENT_FILE, .required = true}, {0}},
        .options = (const struct option[]){ORDER_FILTER_OPTIONS, {0}},
        .summary_en = "Write orders to a table that import reads back, or to JSON lines.",
        .summary_zh = "把订单导出为可再导入的表格，或 JSON 行。",
        .example = "daybook export orders.csv --status shipped",
        .ledger_use = LEDGER_READ,
        .run = run_export,
    },
    {0},
};
