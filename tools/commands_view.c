/* views, rebuild: the tables that are computed from the log, and how they are made anew. */
#include "tools/commands.h"
#include "tools/session.h"
#include "tools/views.h"

#include <string.h>

#include "tools/cli/progress.h"

/* The audit is asked of the log itself: it is listed, so that nobody looks for its folder. */
static const char computed_view[] = "audit";

/* ---- views */

enum state { STATE_CURRENT, STATE_BEHIND, STATE_UNUSABLE, STATE_MISSING, STATE_COMPUTED };

static const struct {
    const char *name, *said_en, *said_zh;
    enum tone tone;
} states[] = {
    [STATE_CURRENT] = {"current", "up to date", "最新", TONE_GOOD},
    [STATE_BEHIND] = {"behind", "behind; brought up when it is asked", "落后；查询时自动补齐", TONE_PLAIN},
    [STATE_UNUSABLE] = {"unusable", "unusable; built anew when it is asked", "不可用；查询时自动重建", TONE_WARNING},
    [STATE_MISSING] = {"missing", "not there yet; built when it is asked", "尚未建立；查询时自动建立", TONE_PLAIN},
    [STATE_COMPUTED] = {"computed", "computed from the log, keeps nothing", "直接由日志计算，不存储", TONE_FAINT},
};

static int put_view(struct session *s, const char *name, enum state state, const struct view_status *status)
{
    struct context *ctx = s->ctx;
    bool is_kept = state != STATE_COMPUTED, is_placed = is_kept && status->usable;
    struct cell nothing = cell_null();
    int64_t position = (int64_t)status->position, last = (int64_t)daybook_last_seq(s->snapshot);
    const char *said = output_wants_json(&ctx->output) || ctx->format == OUTPUT_CSV
                           ? states[state].name
                           : say(ctx, states[state].said_en, states[state].said_zh);
    return output_row(&ctx->output,
                      (struct cell[]){
                          cell_string(name),
                          is_kept && status->exists ? cell_integer(status->version) : nothing,
                          is_placed ? cell_integer(position) : nothing,
                          is_placed ? cell_integer(last - position) : nothing,
                          is_kept ? cell_integer((int64_t)status->file_bytes) : nothing,
                          cell_boolean(!is_kept || status->usable),
                          cell_toned(cell_string(said), states[state].tone),
                      },
                      &ctx->error);
}

static enum state state_of(const struct session *s, const struct view_status *status)
{
    if (!status->exists)
        return STATE_MISSING;
    if (!status->usable)
        return STATE_UNUSABLE;
    return status->position < daybook_last_seq(s->snapshot) ? STATE_BEHIND : STATE_CURRENT;
}

static int list_views(struct session *s)
{
    static const struct column columns[] = {
        {"name", "View", "视图", COLUMN_KEY},
        {"version", "Version", "版本", COLUMN_NUMBER},
        {"position", "Position", "位置", COLUMN_NUMBER},
        {"behind", "Behind", "落后", COLUMN_NUMBER},
        {"bytes", "Bytes", "字节", COLUMN_NUMBER},
        {"usable", "Usable", "可用", COLUMN_KEY},
        {"state", "State", "状态", COLUMN_TEXT},
    };
    struct context *ctx = s->ctx;
    const struct view_status nothing = {0};
    int rc = output_begin(&ctx->output, "views", columns, sizeof columns / sizeof *columns, &ctx->error);
    for (size_t i = 0; views[i] && !rc; i++) {
        struct view_status status;
        view_status(s->snapshot, views[i], &status);
        rc = put_view(s, views[i]->name, state_of(s, &status), &status);
    }
    if (!rc)
        rc = put_view(s, computed_view, STATE_COMPUTED, &nothing);
    json_t *rest = NULL;
    if (!rc && ctx->format == OUTPUT_JSON)
        rest = json_pack("{s:I}", "seq", (json_int_t)daybook_last_seq(s->snapshot));
    return rc ? rc : output_end(&ctx->output, rest, &ctx->error);
}

static int run_views(struct context *ctx)
{
    struct session s = {0};
    int rc = session_open(&s, ctx);
    if (!rc)
        rc = session_read(&s);
    if (!rc)
        rc = list_views(&s);
    session_close(&s);
    return rc;
}

/* ---- rebuild */

enum task { TASK_REBUILD, TASK_CHECK, TASK_TELL };

struct rebuild {
    struct session session;
    enum task task;
    struct progress progress;
    char different[200]; /* names of views that are not what a fresh fold gives */
};

static void show_progress(void *context, const char *view, uint64_t done, uint64_t total)
{
    struct progress *progress = context;
    progress->label = view;
    progress->total = total;
    progress_update(progress, done);
}

static void note_difference(struct rebuild *r, const char *name)
{
    size_t used = strlen(r->different);
    snprintf(r->different + used, sizeof r->different - used, "%s%s", used ? ", " : "", name);
}

/* Rebuild, check or just tell; *ret_result says what came of it. */
static int work_on(struct rebuild *r, const struct daybook_projection *projection, const char **ret_result)
{
    enum { TRIES = 20 };
    struct session *s = &r->session;
    struct daybook_view_options options = {show_progress, &r->progress};
    bool same = true;
    uint64_t rows = 0;
    int rc = 0;
    *ret_result = "would-rebuild";
    if (r->task == TASK_TELL)
        return 0;
    progress_start(&r->progress, s->ctx->language, projection->name, 0);
    if (r->task == TASK_REBUILD) {
        rc = daybook_view_rebuild(s->snapshot, projection, &options, &s->ctx->error);
        *ret_result = "rebuilt";
    } else {
        rc = daybook_view_check(s->snapshot, projection, &options, &same, &rows, &s->ctx->error);
        for (int i = 1; i < TRIES && rc == DAYBOOK_VERSION_CONFLICT; i++) { /* others write meanwhile */
            rc = session_read(s);
            if (!rc)
                rc = daybook_view_check(s->snapshot, projection, &options, &same, &rows, &s->ctx->error);
        }
        *ret_result = same ? "same" : "different";
    }
    progress_end(&r->progress);
    if (!same)
        note_difference(r, projection->name);
    return rc;
}

static int rebuild_one(struct rebuild *r, const struct daybook_projection *projection)
{
    struct context *ctx = r->session.ctx;
    static const struct {
        const char *name, *said_en, *said_zh;
    } results[] = {
        {"would-rebuild", "would be rebuilt", "将会重建"},
        {"rebuilt", "rebuilt", "已重建"},
        {"same", "same", "一致"},
        {"different", "different", "不一致"},
    };
    const char *result = NULL, *said;
    int64_t events;
    uint32_t orders = 0;
    int rc = work_on(r, projection, &result);
    if (!rc)
        rc = store_last_ordinal(r->session.snapshot->log, DAYBOOK_ORDER, &orders, &ctx->error);
    if (rc)
        return rc;
    events = (int64_t)daybook_last_seq(r->session.snapshot); /* work_on() may have taken a new snapshot */
    said = result;
    for (size_t i = 0; ctx->format == OUTPUT_TABLE && i < sizeof results / sizeof *results; i++)
        if (strcmp(results[i].name, result) == 0)
            said = say(ctx, results[i].said_en, results[i].said_zh);
    return output_row(
        &ctx->output,
        (struct cell[]){cell_string(projection->name), cell_string(said), cell_integer(events), cell_integer(orders)},
        &ctx->error);
}

static int check_names(struct context *ctx)
{
    for (const struct given *given = context_given(ctx, "VIEW"); given; given = given->next)
        if (!views_find(given->text) && strcmp(given->string, computed_view) != 0)
            return daybook_fail(&ctx->error, DAYBOOK_NOT_FOUND,
                                say(ctx, "There is no view \"%.100s\"; `daybook views` lists them.",
                                    "没有视图“%.100s”；`daybook views` 列出全部视图。"),
                                given->string);
    return 0;
}

/* All views unless some are named. */
static bool is_wanted(const struct context *ctx, const struct daybook_projection *projection)
{
    const struct given *named = context_given(ctx, "VIEW");
    const struct given *given = named;
    while (given && strcmp(given->string, projection->name) != 0)
        given = given->next;
    return !named || given;
}

static int rebuild_wanted(struct rebuild *r)
{
    static const struct column columns[] = {{"name", "View", "视图", COLUMN_KEY},
                                            {"result", "Result", "结果", COLUMN_KEY},
                                            {"events", "Events", "事件", COLUMN_NUMBER},
                                            {"orders", "Orders", "订单", COLUMN_NUMBER}};
    struct context *ctx = r->session.ctx;
    int rc = output_begin(&ctx->output, "views", columns, 4, &ctx->error);
    for (size_t i = 0; views[i] && !rc; i++)
        if (is_wanted(ctx, views[i]))
            rc = rebuild_one(r, views[i]);
    if (!rc)
        rc = output_end(&ctx->output, NULL, &ctx->error);
    if (rc || !*r->different)
        return rc;
    return daybook_fail(&ctx->error, DAYBOOK_VERIFICATION_FAILED,
                        say(ctx, "Kept rows differ from a fresh fold: %s. `daybook rebuild` makes them anew.",
                            "视图与日志重新计算的结果不一致：%s。`daybook rebuild` 可重建。"),
                        r->different);
}

static int run_rebuild(struct context *ctx)
{
    struct rebuild r = {.task = context_flag(ctx, "--check")     ? TASK_CHECK
                                : context_flag(ctx, "--dry-run") ? TASK_TELL
                                                                 : TASK_REBUILD};
    if (context_flag(ctx, "--check") && context_flag(ctx, "--dry-run"))
        return daybook_fail(
            &ctx->error, DAYBOOK_USAGE,
            say(ctx, "--check replaces nothing: it needs no --dry-run.", "--check 不替换任何内容，无需 --dry-run。"));
    if (context_flag(ctx, "--all") && context_given(ctx, "VIEW"))
        return daybook_fail(&ctx->error, DAYBOOK_USAGE,
                            say(ctx, "Name views or say --all, not both.", "请指定视图或使用 --all，不能两者同时。"));
    int rc = check_names(ctx);
    if (!rc)
        rc = session_open(&r.session, ctx);
    if (!rc)
        rc = session_read(&r.session);
    if (!rc)
        rc = rebuild_wanted(&r);
    session_close(&r.session);
    return rc;
}

const struct command view_commands[] = {
    {
        .name = "views",
        .group = "keeping",
        .summary_en = "State of the views: how far each is, its size, whether it is usable.",
        .summary_zh = "视图状态：位置、大小、是否可用。",
        .example = "daybook views",
        .ledger_use = LEDGER_READ,
        .run = run_views,
    },
    {
        .name = "rebuild",
        .group = "keeping",
        .arguments = (const struct argument[]){{.name = "VIEW", .kind = ARGUMENT_TEXT, .repeated = true}, {0}},
        .options =
            (const struct option[]){
                {.name = "--all",
                 .kind = ARGUMENT_FLAG,
                 .help_en = "All views; the same as naming none.",
                 .help_zh = "全部视图；与不指定视图相同。"},
                {.name = "--check",
                 .kind = ARGUMENT_FLAG,
                 .help_en = "Compare each view with a fresh fold of the log; nothing is replaced.",
                 .help_zh = "与日志重新计算的结果比较；不替换视图。"},
                {.name = "--dry-run",
                 .kind = ARGUMENT_FLAG,
                 .help_en = "Say what would be rebuilt, and from how many events.",
                 .help_zh = "只说明将重建什么、涉及多少事件。"},
                {0},
            },
        .summary_en = "Make views anew from the log.",
        .summary_zh = "由日志重建视图。",
        .example = "daybook rebuild --check",
        .ledger_use = LEDGER_READ,
        .run = run_rebuild,
    },
    {0},
};
