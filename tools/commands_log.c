/* The log as lines, out and in: `log` and `load`. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "tools/commands.h"
#include "tools/event_json.h"
#include "tools/load.h"

/* ---- log */

enum {
    SNAPSHOT_EVENTS_MAX = 10000, /* then a fresh one: an old one keeps the file from reusing space */
    FOLLOW_EVERY_MS = 200,
};

struct walk {
    struct session *session;
    uint64_t next, to;
    size_t left; /* of this snapshot */
};

enum { WALK_SNAPSHOT_USED = -1 };

static int print_event(void *context, const struct daybook_event *event, struct daybook_error *err)
{
    struct walk *w = context;
    json_t *line = NULL;
    if (event->seq > w->to || w->left == 0)
        return WALK_SNAPSHOT_USED;
    int rc = event_line_json(w->session->snapshot, w->session->registers, event, &line, err);
    if (!rc)
        rc = output_object(&w->session->ctx->output, line, err);
    if (rc)
        return rc;
    w->left--;
    w->next = event->seq + 1;
    return 0;
}

/* Everything that is there now, up to w->to. */
static int print_events(struct walk *w)
{
    struct session *s = w->session;
    for (;;) {
        w->left = SNAPSHOT_EVENTS_MAX;
        int rc = session_read(s);
        if (!rc)
            rc = daybook_follow(s->snapshot, w->next, print_event, w, &s->ctx->error);
        if (rc && rc != WALK_SNAPSHOT_USED)
            return rc;
        if (w->left || w->next > w->to)
            return 0;
    }
}

/* Wait, but not for a reader who has gone away. */
static bool reader_waits(const struct output *output)
{
    struct pollfd reader = {.fd = fileno(output->stream)};
    return poll(&reader, 1, FOLLOW_EVERY_MS) <= 0 || !(reader.revents & (POLLERR | POLLNVAL));
}

static int run_log(struct context *ctx)
{
    struct session session = {0};
    struct walk walk = {.session = &session};
    struct output *output = &ctx->output;
    bool follows = context_flag(ctx, "--follow");
    walk.next = context_count(ctx, "--from", 1);
    walk.to = context_count(ctx, "--to", UINT64_MAX);
    if (output->format == OUTPUT_CSV)
        return daybook_fail(
            &ctx->error, DAYBOOK_USAGE, "%s",
            say(ctx, "A log is no table. Leave --format csv out.", "日志不是表格，请去掉 --format csv。"));
    if (output->format == OUTPUT_TABLE)
        output->format = OUTPUT_JSONL;
    int rc = session_open(&session, ctx);
    if (!rc)
        rc = output_begin(output, NULL, NULL, 0, &ctx->error);
    if (!rc)
        rc = print_events(&walk);
    while (!rc && follows && walk.next <= walk.to) {
        rc = output_flush(output, &ctx->error);
        if (!rc && !reader_waits(output))
            break;
        if (!rc)
            rc = print_events(&walk);
    }
    if (!rc)
        rc = output_end(output, NULL, &ctx->error);
    session_close(&session);
    return rc;
}

/* ---- load */

static int open_lines(struct context *ctx, int *ret_fd)
{
    const char *name = context_string(ctx, "FILE");
    int fd = strcmp(name, "-") == 0 ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return daybook_fail(&ctx->error, DAYBOOK_IO, say(ctx, "%s cannot be read: %s.", "无法读取 %s：%s。"), name,
                            strerror(errno));
    *ret_fd = fd;
    return 0;
}

static int tell_bad_line(struct context *ctx, uint64_t line, uint64_t kept)
{
    struct daybook_error reason = ctx->error;
    ctx->error_members = json_pack("{s:I,s:I}", "line", (json_int_t)line, "kept", (json_int_t)kept);
    return daybook_fail(
        &ctx->error, DAYBOOK_BAD_LINE,
        say(ctx, "Line %llu cannot be loaded: %s Kept before it: %llu.", "第 %llu 行无法载入：%s 之前已保留 %llu 行。"),
        (unsigned long long)line, reason.message, (unsigned long long)kept);
}

static int print_counts(struct context *ctx, const struct load_counts *counts)
{
    if (output_wants_json(&ctx->output))
        return output_document(&ctx->output,
                               json_pack("{s:I,s:I,s:I,s:I}", "lines", (json_int_t)counts->lines, "events",
                                         (json_int_t)counts->events, "repeated", (json_int_t)counts->repeated, "doubts",
                                         (json_int_t)counts->doubts),
                               &ctx->error);
    int rc = output_print(&ctx->output, &ctx->error,
                          say(ctx, "%llu lines loaded: %llu events recorded, %llu lines were there already.",
                              "已载入 %llu 行：记录 %llu 个事件，%llu 行此前已载入。"),
                          (unsigned long long)counts->lines, (unsigned long long)counts->events,
                          (unsigned long long)counts->repeated);
    if (!rc && counts->doubts)
        rc = output_print(&ctx->output, &ctx->error,
                          say(ctx, "%llu of them tell of a shipment or delivery that is still to come.",
                              "其中 %llu 行的发货或交付日期在将来。"),
                          (unsigned long long)counts->doubts);
    return rc;
}

static int run_load(struct context *ctx)
{
    struct session session = {0};
    struct load_counts counts = {0};
    uint64_t bad_line = 0;
    int fd = -1;
    int rc = session_open(&session, ctx);
    if (!rc)
        rc = open_lines(ctx, &fd);
    if (!rc)
        rc = load_lines(&session, fd, &counts, &bad_line);
    if (rc && bad_line)
        rc = tell_bad_line(ctx, bad_line, counts.lines);
    if (!rc)
        rc = print_counts(ctx, &counts);
    if (fd > STDIN_FILENO)
        close(fd);
    session_close(&session);
    return rc;
}

const struct command log_commands[] = {
    {
        .name = "log",
        .group = "audit",
        .options =
            (const struct option[]){
                {.name = "--from",
                 .kind = ARGUMENT_COUNT,
                 .value_name = "SEQ",
                 .help_en = "begin with this event",
                 .help_zh = "从该事件开始"},
                {.name = "--to",
                 .kind = ARGUMENT_COUNT,
                 .value_name = "SEQ",
                 .help_en = "end with this event",
                 .help_zh = "到该事件为止"},
                {.name = "--follow",
                 .kind = ARGUMENT_FLAG,
                 .help_en = "go on with events as they are recorded",
                 .help_zh = "持续输出新事件"},
                {0},
            },
        .summary_en = "Print the raw events, one a line (CloudEvents 1.0).",
        .summary_zh = "逐行输出原始事件（CloudEvents 1.0）。",
        .example = "daybook log --from 1 --to 10",
        .ledger_use = LEDGER_READ,
        .run = run_log,
    },
    {
        .name = "load",
        .group = "audit",
        .arguments = (const struct argument[]){{.name = "FILE", .kind = ARGUMENT_FILE, .required = true}, {0}},
        .summary_en = "Record events from lines: another ledger's log, or foreign CloudEvents.",
        .summary_zh = "从文本行载入事件：另一账本的日志，或外部 CloudEvents。",
        .example = "daybook log | daybook --ledger copy load -",
        .ledger_use = LEDGER_WRITE,
        .run = run_load,
    },
    {0},
};
