/* audit-pack: what an auditor is given. */
#include <string.h>

#include "ledger/folder.h"
#include "tools/commands.h"
#include "tools/pack/pack.h"

enum { SEED_MAX = 200 };

/* The seed is written into a page that people read and into commands that they repeat. */
static bool is_plain(struct daybook_text seed)
{
    for (size_t i = 0; i < seed.len; i++)
        if ((unsigned char)seed.ptr[i] < ' ' || seed.ptr[i] == 0x7f || memchr("'\\", seed.ptr[i], 2))
            return false;
    return seed.len > 0 && seed.len <= SEED_MAX;
}

static int read_sample(struct context *ctx, struct pack_request *request)
{
    const struct given *sample = context_given(ctx, "--sample"), *seed = context_given(ctx, "--seed");
    if (!sample != !seed)
        return daybook_fail(&ctx->error, DAYBOOK_USAGE,
                            say(ctx, "A sample needs both --sample NUMBER and --seed SEED. The auditor names the seed.",
                                "抽样需要同时给出 --sample 数量 与 --seed 种子；种子由审计师指定。"));
    if (!sample)
        return 0;
    if (sample->count == 0 || !is_plain(seed->text))
        return daybook_fail(&ctx->error, DAYBOOK_USAGE,
                            say(ctx, "--sample is at least 1, --seed a text of up to %d bytes without ' and \\.",
                                "--sample 至少为 1；--seed 为不含 ' 与 \\ 的文字或数字，最多 %d 字节。"),
                            SEED_MAX);
    request->draws = true;
    request->sample = sample->count;
    request->seed = seed->text;
    return 0;
}

static int read_request(struct session *s, struct pack_request *request)
{
    struct context *ctx = s->ctx;
    request->folder = context_string(ctx, "DIR");
    int rc = read_sample(ctx, request);
    if (!rc)
        rc = session_day(s, "--since", &request->since_on);
    if (!rc)
        rc = session_day(s, "--until", &request->until_on);
    if (!rc && request->until_on == DAYBOOK_DAY_MAX)
        rc = daybook_fail(&ctx->error, DAYBOOK_USAGE,
                          say(ctx, "No period ends on the last of all days. Choose an earlier one for --until.",
                              "期间不能止于最后一日。请为 --until 选择更早的日期。"));
    if (!rc && request->since_on > request->until_on)
        rc = daybook_fail(&ctx->error, DAYBOOK_USAGE,
                          say(ctx, "The period ends before it begins: --since is its first day, --until its last.",
                              "期间的结束早于开始：--since 为首日，--until 为末日。"));
    if (!rc && !folder_is_free(request->folder)) /* asked before the work; what counts is what the rename finds */
        rc = daybook_fail(
            &ctx->error, DAYBOOK_ALREADY_EXISTS,
            say(ctx, "There is something in %s already. Choose a new folder.", "%s 中已有内容。请选择新的文件夹。"),
            request->folder);
    return rc;
}

static int answer(struct context *ctx, const struct pack_request *request, const struct pack_summary *made)
{
    if (output_wants_json(&ctx->output))
        return output_document(&ctx->output,
                               json_pack("{s:s,s:I,s:I,s:I,s:I}", "folder", request->folder, "events",
                                         (json_int_t)made->events, "orders", (json_int_t)made->orders, "drawn",
                                         (json_int_t)made->drawn, "size", (json_int_t)made->size),
                               &ctx->error);
    int rc =
        output_print(&ctx->output, &ctx->error,
                     say(ctx, "%s: events %llu, orders %llu, drawn %llu. The auditor begins with README.txt in it.",
                         "%s：事件 %llu，订单 %llu，抽中 %llu。请审计师从其中的 README.txt 开始。"),
                     request->folder, (unsigned long long)made->events, (unsigned long long)made->orders,
                     (unsigned long long)made->drawn);
    if (!rc && made->events == 0)
        rc = output_print(&ctx->output, &ctx->error, "%s",
                          say(ctx, "Nothing was recorded in this period: are --since and --until right?",
                              "该期间内没有记录任何事件：--since 与 --until 是否正确？"));
    if (!rc && !made->is_over)
        rc = output_print(&ctx->output, &ctx->error, "%s",
                          say(ctx, "The period is not over yet: make the pack again when it is.",
                              "期间尚未结束：请在结束后重新制作。"));
    return rc;
}

static int run_audit_pack(struct context *ctx)
{
    struct session session = {0};
    struct pack_request request = {0};
    struct pack_summary made;
    int rc = session_open(&session, ctx);
    if (!rc)
        rc = read_request(&session, &request);
    if (!rc)
        rc = pack_make(&session, &request, &made);
    if (!rc)
        rc = answer(ctx, &request, &made);
    session_close(&session);
    return rc;
}

const struct command pack_commands[] = {
    {
        .name = "audit-pack",
        .group = "keeping",
        .arguments = (const struct argument[]){{.name = "DIR", .kind = ARGUMENT_FILE, .required = true}, {0}},
        .options =
            (const struct option[]){
                {"--since", ARGUMENT_DATE, "DATE", NULL, true, false, "first day of the period", "期间的首日"},
                {"--until", ARGUMENT_DATE, "DATE", NULL, true, false, "last day of the period", "期间的末日"},
                {"--sample", ARGUMENT_COUNT, "N", NULL, false, false, "draw so many orders, with whole histories",
                 "抽取若干订单，附完整历史"},
                {"--seed", ARGUMENT_TEXT, "SEED", NULL, false, false, "what the draw depends on: the auditor's choice",
                 "决定抽样结果的种子：由审计师指定"},
                {0}},
        .summary_en = "For the auditor: a folder with every event and order of a period, a sample, and the proof.",
        .summary_zh = "供审计师使用：含期间全部事件与订单、样本及证明的文件夹。",
        .example = "daybook audit-pack --since 2026-01-01 --until 2026-06-30 --sample 25 --seed 7 pack",
        .ledger_use = LEDGER_READ,
        .run = run_audit_pack,
    },
    {0},
};
