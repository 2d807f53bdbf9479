/* import: a table of orders in.
 *
 *     read the file ──▶ plan every order (nothing is kept but counts) ──▶ plan again, append in chunks ──▶ the page
 *
 * All or nothing: with a rejected row nothing is written unless --partial. Up to COMMIT_MAX entries are one commit. A
 * longer import is several, so that memory stays bounded; when it is cut off between two, importing the file again
 * brings the rest: what is there already compares as equal, and each entry has a key made of the file, the order and
 * its version, so that not even two imports of one file at the same time record anything twice. */
#include <stdlib.h>
#include <string.h>

#include "ledger/tree.h"
#include "tools/cli/progress.h"
#include "tools/commands.h"
#include "tools/import/arena.h"
#include "tools/import/plan_page.h"
#include "tools/session.h"

enum { COMMIT_MAX = 50000, CHUNK = 25000 };

struct import {
    struct context *ctx;
    struct session session;
    bool has_ledger, dry_run;
    struct zone *zone; /* the system's, while there is no ledger */
    struct arena kept; /* options, rejections: to the end */
    struct reading *reading;
    struct planner *planner;
    char identity[2 * TREE_HASH_SIZE + 1];
    struct import_result result;
    struct reading_rejection *rejected;
    size_t rejected_count, rejected_capacity;
};

static int no_memory(struct import *im)
{
    return daybook_fail(&im->ctx->error, DAYBOOK_NO_MEMORY, "Not enough memory for the import.");
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

/* ---- reading */

static size_t count_given(const struct context *ctx, const char *option)
{
    size_t count = 0;
    for (const struct given *given = context_given(ctx, option); given; given = given->next)
        count++;
    return count;
}

static int read_pairs(struct import *im, struct reading_options *options)
{
    struct context *ctx = im->ctx;
    struct reading_map *maps = arena_alloc(&im->kept, count_given(ctx, "--map") * sizeof *maps);
    struct reading_status *statuses = arena_alloc(&im->kept, count_given(ctx, "--status") * sizeof *statuses);
    if (!maps || !statuses)
        return no_memory(im);
    for (const struct given *given = context_given(ctx, "--map"); given; given = given->next) {
        struct reading_map *map = &maps[options->map_count++];
        *map =
            (struct reading_map){arena_string(&im->kept, given->pair.key), arena_string(&im->kept, given->pair.value)};
        if (!map->column || !map->field)
            return no_memory(im);
    }
    for (const struct given *given = context_given(ctx, "--status"); given; given = given->next) {
        struct reading_status *status = &statuses[options->status_count++];
        *status = (struct reading_status){arena_string(&im->kept, given->pair.key),
                                          arena_string(&im->kept, given->pair.value)};
        if (!status->word || !status->status)
            return no_memory(im);
    }
    options->maps = maps;
    options->statuses = statuses;
    return 0;
}

static enum date_order date_order_of(const char *name)
{
    static const struct {
        const char *name;
        enum date_order order;
    } orders[] = {{"ymd", DATE_ORDER_YMD}, {"dmy", DATE_ORDER_DMY}, {"mdy", DATE_ORDER_MDY}};
    for (size_t i = 0; name && i < sizeof orders / sizeof *orders; i++)
        if (strcmp(orders[i].name, name) == 0)
            return orders[i].order;
    return DATE_ORDER_UNKNOWN;
}

static int read_options(struct import *im, struct reading_options *options)
{
    struct context *ctx = im->ctx;
    char zone_name[64];
    *options = (struct reading_options){
        .encoding = context_string(ctx, "--encoding"),
        .date_order = date_order_of(context_string(ctx, "--date-order")),
        .no_fields = context_flag(ctx, "--no-fields"),
        .auto_number = context_flag(ctx, "--auto-number"),
    };
    int rc = read_pairs(im, options);
    if (!rc && !im->has_ledger) {
        zone_system_name(zone_name);
        rc = zone_load((struct daybook_text){zone_name, strlen(zone_name)}, &im->zone, &ctx->error);
    }
    options->zone = im->has_ledger ? ledger_zone(im->session.ledger) : im->zone;
    return rc;
}

static void identify(struct import *im, const struct encoded_bytes *bytes)
{
    struct tree_hash hash;
    sha256_pair(bytes->ptr, bytes->len, NULL, 0, hash.bytes);
    tree_hash_hex(&hash, im->identity);
}

/* A file that is refused whole names the columns that it is refused for. */
static void name_columns(struct import *im)
{
    const struct reading *reading = im->reading;
    json_t *columns = json_array();
    for (size_t i = 0; reading && i < reading->refused_column_count; i++)
        json_array_append_new(columns, json_stringn(reading->refused_columns[i].ptr, reading->refused_columns[i].len));
    im->ctx->error_members = json_pack("{s:o}", "columns", columns);
}

static int read_file(struct import *im)
{
    struct reading_options options;
    struct encoded_bytes bytes = {0};
    struct daybook_error *err = &im->ctx->error;
    int rc = read_options(im, &options);
    if (!rc)
        rc = encoding_read_file(context_string(im->ctx, "FILE"), &bytes, err);
    if (!rc) {
        identify(im, &bytes);
        rc = reading_take_bytes(&bytes, &options, &im->reading, err);
        if (rc)
            name_columns(im);
    }
    free(bytes.ptr);
    return rc;
}

/* ---- planning */

static int keep_rejected(struct import *im, const struct reading_rejection *rejected)
{
    struct reading_rejection *list =
        array_reserve(im->rejected, im->rejected_count, &im->rejected_capacity, sizeof *list);
    if (!list)
        return no_memory(im);
    im->rejected = list;
    struct reading_rejection *kept = &list[im->rejected_count++];
    *kept = *rejected;
    kept->value = arena_text(&im->kept, rejected->value);
    return kept->value.ptr ? 0 : no_memory(im);
}

/* "created, promise-changed": the types without "order.". */
static struct daybook_text event_names(struct import *im, const struct plan *plan)
{
    enum { SIZE = 200 };
    char *names = arena_alloc(&im->kept, SIZE);
    size_t used = 0;
    for (size_t i = 0; names && i < plan->draft_count && used < SIZE; i++) {
        const char *name = schema_by_wire(plan->drafts[i].type)->name, *dot = strchr(name, '.');
        used += (size_t)snprintf(names + used, SIZE - used, "%s%s", used ? ", " : "", dot ? dot + 1 : name);
    }
    return (struct daybook_text){names, names ? strlen(names) : 0};
}

static void sample(struct import *im, size_t index, const struct plan *plan)
{
    struct import_result *result = &im->result;
    if (!im->dry_run || result->sample_count == IMPORT_SAMPLES || plan->outcome == PLAN_REJECTED)
        return;
    result->samples[result->sample_count++] =
        (struct import_sample){&im->reading->orders[index], plan->outcome, event_names(im, plan)};
}

static void doubt_future(struct import *im, const struct reading_order *order, int32_t today)
{
    bool future = order->shipped_on > today || order->delivered_on > today;
    for (uint32_t i = 0; i < order->line_count && !future; i++)
        future = order->lines[i].shipped_on > today || order->lines[i].delivered_on > today;
    if (future && im->result.future_count++ == 0)
        im->result.future_row = order->row;
}

static int plan_all(struct import *im)
{
    struct arena arena = {0};
    struct progress progress;
    int32_t today = im->has_ledger ? im->session.today : zone_day(im->zone, ledger_clock_us());
    int rc = 0;
    for (size_t i = 0; i < im->reading->rejected_count && !rc; i++)
        rc = keep_rejected(im, &im->reading->rejected[i]);
    progress_start(&progress, im->ctx->language, say(im->ctx, "Compare", "比对"), im->reading->order_count);
    for (size_t i = 0; i < im->reading->order_count && !rc; i++) {
        struct plan plan;
        rc = planner_plan(im->planner, i, &arena, &plan, &im->ctx->error);
        if (rc)
            break;
        im->result.outcomes[plan.outcome]++;
        im->result.events += plan.draft_count;
        for (size_t j = 0; j < plan.rejected_count && !rc; j++)
            rc = keep_rejected(im, &plan.rejected[j]);
        sample(im, i, &plan);
        doubt_future(im, &im->reading->orders[i], today);
        progress_update(&progress, i + 1);
        arena_reset(&arena);
    }
    progress_end(&progress);
    arena_release(&arena);
    return rc;
}

static int add_gone(void *context, struct daybook_text order_no, struct daybook_error *err)
{
    json_t *list = context;
    if (json_array_append_new(list, json_stringn(order_no.ptr, order_no.len)))
        return daybook_fail(err, DAYBOOK_NO_MEMORY, "Not enough memory for the import.");
    return 0;
}

static int look(struct import *im, uint64_t own_events)
{
    int rc = im->has_ledger ? session_read(&im->session) : 0;
    if (!rc && im->has_ledger)
        rc = planner_look(im->planner, im->session.snapshot, im->session.registers, own_events, &im->ctx->error);
    return rc;
}

static int plan_import(struct import *im)
{
    struct planner_options options = {
        .side = context_flag(im->ctx, "--mine")     ? PLAN_MINE
                : context_flag(im->ctx, "--theirs") ? PLAN_THEIRS
                                                    : PLAN_ASK,
        .identity = {im->identity, strlen(im->identity)},
    };
    int rc = planner_new(im->reading, &options, &im->planner, &im->ctx->error);
    if (!rc)
        rc = look(im, 0);
    if (!rc)
        rc = plan_all(im);
    im->result.gone = json_array();
    return rc ? rc : planner_each_gone(im->planner, add_gone, im->result.gone, &im->ctx->error);
}

/* ---- writing */

/* Entries on their way to one commit; their drafts live in the arena. */
struct chunk {
    struct import *import;
    struct arena arena;
    struct daybook_source_name source;
    struct daybook_entry blank; /* what all entries have in common */
    struct daybook_text key;    /* what all keys begin with */
    struct daybook_entry *entries;
    struct daybook_result *results;
    size_t *orders; /* by entry */
    bool *creates;
    size_t count, capacity;
};

/* "import <file> <version> <number>", or "import <file> row <row>" for an order without a number; one that was there
 * before (an undone import brought it) has its version, too. */
static struct daybook_text entry_key(struct chunk *chunk, const struct reading_order *order, uint32_t version)
{
    struct daybook_text number = order->order_no;
    char middle[40];
    size_t len = (size_t)(number.ptr ? snprintf(middle, sizeof middle, "%u ", version)
                          : version  ? snprintf(middle, sizeof middle, "row %u %u", order->row, version)
                                     : snprintf(middle, sizeof middle, "row %u", order->row));
    char *key = arena_alloc(&chunk->arena, chunk->key.len + len + number.len + 1);
    if (!key)
        return DAYBOOK_TEXT_NONE;
    memcpy(key, chunk->key.ptr, chunk->key.len);
    memcpy(key + chunk->key.len, middle, len);
    if (number.ptr)
        memcpy(key + chunk->key.len + len, number.ptr, number.len);
    return (struct daybook_text){key, chunk->key.len + len + number.len};
}

static int take_results(struct chunk *chunk)
{
    struct import *im = chunk->import;
    int rc = 0;
    for (size_t i = 0; i < chunk->count && !rc; i++) {
        const struct daybook_result *result = &chunk->results[i];
        const struct reading_order *order = &im->reading->orders[chunk->orders[i]];
        if (!result->error.code) {
            im->result.events += result->repeated ? 0 : result->last_seq - result->first_seq + 1;
            continue;
        }
        im->result.outcomes[chunk->creates[i] ? PLAN_CREATED : PLAN_CHANGED]--;
        im->result.outcomes[PLAN_REJECTED]++;
        struct reading_rejection rejected = {order->row, DAYBOOK_TEXT(""),
                                             order->order_no.ptr ? order->order_no : DAYBOOK_TEXT(""),
                                             daybook_code_name(result->error.code)};
        rc = keep_rejected(im, &rejected);
    }
    return rc;
}

/* One commit. The snapshot is taken anew: one that stays open keeps the file from reusing space. */
static int append_chunk(struct chunk *chunk)
{
    struct import *im = chunk->import;
    uint64_t events_before = im->result.events;
    if (chunk->count == 0)
        return 0;
    int rc = daybook_append(im->session.ledger, chunk->entries, chunk->count, chunk->results, &im->ctx->error);
    if (!rc)
        rc = take_results(chunk);
    chunk->count = 0;
    arena_reset(&chunk->arena);
    return rc ? rc : look(im, im->result.events - events_before);
}

static int add_entry(struct chunk *chunk, size_t index, const struct plan *plan)
{
    struct daybook_entry *entry = &chunk->entries[chunk->count];
    *entry = chunk->blank;
    entry->drafts = plan->drafts;
    entry->draft_count = plan->draft_count;
    entry->expect_version = plan->version;
    entry->key = entry_key(chunk, &chunk->import->reading->orders[index], plan->version);
    chunk->orders[chunk->count] = index;
    chunk->creates[chunk->count++] = plan->outcome == PLAN_CREATED;
    return entry->key.ptr ? 0 : no_memory(chunk->import);
}

static int write_orders(struct import *im, struct chunk *chunk)
{
    struct progress progress;
    int rc = 0;
    progress_start(&progress, im->ctx->language, say(im->ctx, "Import", "导入"), im->reading->order_count);
    for (size_t i = 0; i < im->reading->order_count && !rc; i++) {
        struct plan plan;
        rc = planner_plan(im->planner, i, &chunk->arena, &plan, &im->ctx->error);
        if (!rc && plan.draft_count)
            rc = add_entry(chunk, i, &plan);
        if (!rc && chunk->count == chunk->capacity)
            rc = append_chunk(chunk);
        progress_update(&progress, i + 1);
    }
    if (!rc)
        rc = append_chunk(chunk);
    progress_end(&progress);
    return rc;
}

static int write_import(struct import *im)
{
    const char *file = base_name(context_string(im->ctx, "FILE"));
    size_t wanted = im->result.outcomes[PLAN_CREATED] + im->result.outcomes[PLAN_CHANGED];
    struct chunk chunk = {.import = im, .capacity = wanted <= COMMIT_MAX ? wanted : CHUNK};
    chunk.source = (struct daybook_source_name){
        DAYBOOK_TEXT("import"), {file, strlen(file)}, {im->identity, strlen(im->identity)}};
    session_entry(&im->session, NULL, 0, &chunk.blank);
    chunk.blank.source = &chunk.source;
    chunk.blank.late_dates_allowed = true;
    chunk.key = arena_printf(&im->kept, "import %s ", im->identity);
    im->result.events = 0;
    if (wanted == 0)
        return 0;
    chunk.entries = calloc(chunk.capacity, sizeof *chunk.entries);
    chunk.results = calloc(chunk.capacity, sizeof *chunk.results);
    chunk.orders = calloc(chunk.capacity, sizeof *chunk.orders);
    chunk.creates = calloc(chunk.capacity, sizeof *chunk.creates);
    int rc = chunk.entries && chunk.results && chunk.orders && chunk.creates && chunk.key.ptr ? write_orders(im, &chunk)
                                                                                              : no_memory(im);
    free(chunk.entries);
    free(chunk.results);
    free(chunk.orders);
    free(chunk.creates);
    arena_release(&chunk.arena);
    return rc;
}

/* ---- the command */

static int check_options(struct context *ctx)
{
    if (context_flag(ctx, "--mine") && context_flag(ctx, "--theirs"))
        return daybook_fail(&ctx->error, DAYBOOK_USAGE,
                            say(ctx, "Say --mine or --theirs, not both.", "--mine 与 --theirs 只能选一个。"));
    if (context_flag(ctx, "--sheet") || context_flag(ctx, "--all-sheets"))
        return daybook_fail(&ctx->error, DAYBOOK_NOT_A_WORKBOOK,
                            say(ctx, "Workbooks are read by a later version; save the sheet as CSV.",
                                "本版本尚不读取工作簿，请把工作表另存为 CSV。"));
    if (ctx->format == OUTPUT_CSV)
        return daybook_fail(&ctx->error, DAYBOOK_USAGE,
                            say(ctx, "An import answers with --format json, jsonl or table.",
                                "导入结果只能用 --format json、jsonl 或 table。"));
    return 0;
}

/* A dry run needs no ledger, and --init makes one once the file is known to be good. */
static int open_ledger(struct import *im)
{
    int rc = session_open(&im->session, im->ctx);
    im->has_ledger = !rc;
    if (rc == DAYBOOK_NO_LEDGER && (im->dry_run || context_flag(im->ctx, "--init"))) {
        im->ctx->error = (struct daybook_error){0};
        return 0;
    }
    return rc;
}

static int make_ledger(struct import *im)
{
    struct daybook_init_options options = {.unsafe_filesystem = im->ctx->unsafe_filesystem};
    if (im->has_ledger)
        return 0;
    int rc = daybook_init(im->ctx->ledger_path, &options, &im->ctx->error);
    if (!rc)
        rc = session_open(&im->session, im->ctx);
    im->has_ledger = !rc;
    if (!rc)
        cli_print_note(say(im->ctx, "Made a ledger in %s, time zone %s. (`daybook init` makes one of your choice.)",
                           "已在 %s 建立账本，时区 %s。（可用 `daybook init` 自行设定。）"),
                       im->ctx->ledger_path, daybook_timezone(im->session.ledger));
    return rc ? rc : look(im, 0);
}

static int by_row(const void *a, const void *b)
{
    const struct reading_rejection *left = a, *right = b;
    return (left->row > right->row) - (left->row < right->row);
}

/* Rows, not reasons: a row may have several. The list is sorted. */
static size_t count_rejected_rows(const struct import *im)
{
    size_t rows = 0;
    for (size_t i = 0; i < im->rejected_count; i++)
        rows += i == 0 || im->rejected[i].row != im->rejected[i - 1].row;
    return rows;
}

static int answer(struct import *im)
{
    struct context *ctx = im->ctx;
    const char *file = base_name(context_string(ctx, "FILE"));
    if (im->rejected_count)
        qsort(im->rejected, im->rejected_count, sizeof *im->rejected, by_row);
    im->result.file = (struct daybook_text){file, strlen(file)};
    im->result.reading = im->reading;
    im->result.rejected = im->rejected;
    im->result.rejected_count = im->rejected_count;
    im->result.dry_run = im->dry_run;
    im->result.is_refused = im->rejected_count && !context_flag(ctx, "--partial");
    int rc = import_page(ctx, &im->result);
    if (rc || im->rejected_count == 0 || context_flag(ctx, "--partial"))
        return rc;
    return daybook_fail(
        &ctx->error, DAYBOOK_ROWS_REJECTED,
        say(ctx,
            "%zu row(s) were rejected, so nothing is written. Correct them, or say --partial for the other orders.",
            "有 %zu 行被拒绝，未写入任何内容。请修正，或用 --partial 只导入其余订单。"),
        count_rejected_rows(im));
}

static int import_file(struct import *im)
{
    int rc = open_ledger(im);
    if (!rc)
        rc = read_file(im);
    if (!rc)
        rc = plan_import(im);
    bool refused = im->rejected_count && !context_flag(im->ctx, "--partial");
    if (!rc && !im->dry_run && !refused)
        rc = make_ledger(im);
    if (!rc && !im->dry_run && !refused)
        rc = write_import(im);
    if (!rc && !im->dry_run && refused)
        im->result.outcomes[PLAN_CREATED] = im->result.outcomes[PLAN_CHANGED] = im->result.events = 0;
    return rc ? rc : answer(im);
}

static int run_import(struct context *ctx)
{
    struct import im = {.ctx = ctx, .dry_run = context_flag(ctx, "--dry-run")};
    int rc = check_options(ctx);
    if (!rc)
        rc = import_file(&im);
    planner_free(im.planner);
    reading_free(im.reading);
    json_decref(im.result.gone);
    free(im.rejected);
    arena_release(&im.kept);
    zone_free(im.zone);
    session_close(&im.session);
    return rc;
}

static const struct option import_options[] = {
    {"--dry-run", ARGUMENT_FLAG, NULL, NULL, false, false, "only show what would be", "只显示将会怎样，不写入"},
    {"--init", ARGUMENT_FLAG, NULL, NULL, false, false, "make the ledger when there is none", "没有账本时先创建"},
    {"--partial", ARGUMENT_FLAG, NULL, NULL, false, false, "import the good orders although rows are rejected",
     "有行被拒绝时仍导入其余订单"},
    {"--map", ARGUMENT_PAIR, "COLUMN=FIELD", NULL, false, true,
     "what a column is: a field, field:NAME, or - to leave it out",
     "指定列的含义：字段名、field:名称，或 - 表示不导入"},
    {"--status", ARGUMENT_PAIR, "WORD=STATUS", NULL, false, true, "what a status word means", "指定状态词的含义"},
    {"--date-order", ARGUMENT_CHOICE, "ORDER", "ymd|dmy|mdy", false, false, "how dates are written", "日期的书写顺序"},
    {"--encoding", ARGUMENT_TEXT, "NAME", NULL, false, false, "the file's encoding", "文件编码"},
    {"--no-fields", ARGUMENT_FLAG, NULL, NULL, false, false, "leave out columns that are no known field",
     "不导入未识别的列"},
    {"--auto-number", ARGUMENT_FLAG, NULL, NULL, false, false, "number orders that have no number",
     "为没有编号的订单自动编号"},
    {"--mine", ARGUMENT_FLAG, NULL, NULL, false, false, "where both changed, keep the ledger's value",
     "双方都改动时保留账本的值"},
    {"--theirs", ARGUMENT_FLAG, NULL, NULL, false, false, "where both changed, take the file's value",
     "双方都改动时采用文件的值"},
    {"--sheet", ARGUMENT_TEXT, "NAME", NULL, false, false, "which sheet of a workbook", "工作簿中的哪个工作表"},
    {"--all-sheets", ARGUMENT_FLAG, NULL, NULL, false, false, "all sheets of a workbook", "工作簿中的全部工作表"},
    {0},
};

const struct command import_commands[] = {
    {
        .name = "import",
        .group = "files",
        .arguments = (const struct argument[]){{.name = "FILE", .kind = ARGUMENT_FILE, .required = true}, {0}},
        .options = import_options,
        .summary_en = "Import a table of orders.",
        .summary_zh = "导入订单表。",
        .example = "daybook import orders.csv --dry-run",
        .ledger_use = LEDGER_WRITE,
        .run = run_import,
    },
    {0},
};
