/* One command's use of a ledger. */
#include "tools/session.h"

#include <string.h>

#include "ledger/date.h"
#include "tools/cli/progress.h"

int session_open(struct session *s, struct context *ctx)
{
    struct daybook_open_options options = {.unsafe_filesystem = ctx->unsafe_filesystem,
                                           .accept_clock = ctx->accept_clock};
    s->ctx = ctx;
    int rc = daybook_open(ctx->ledger_path, &options, &s->ledger, &ctx->error);
    if (rc)
        return rc;
    s->now_us = ledger_clock_us();
    s->today = s->question_day = zone_day(ledger_zone(s->ledger), s->now_us);
    s->cut = ORDER_CUT_NOW;
    return 0;
}

void session_end_read(struct session *s)
{
    registers_free(s->registers);
    daybook_snapshot_end(s->snapshot);
    s->registers = NULL;
    s->snapshot = NULL;
}

void session_close(struct session *s)
{
    order_reader_release(&s->reader);
    session_end_read(s);
    daybook_close(s->ledger);
    *s = (struct session){0};
}

int session_seq(struct session *s, const struct when *when, uint64_t *ret)
{
    struct moment moment;
    int rc = when_moment(when, s->now_us, ledger_zone(s->ledger), &moment, &s->ctx->error);
    if (rc)
        return rc;
    if (!moment.is_seq)
        return daybook_seq_at(s->snapshot, moment.instant_us, ret, &s->ctx->error);
    *ret = moment.seq;
    return 0;
}

/* What --as-of means, written so that it means the same tomorrow, and the day of that moment: for a seq, the day it was
 * recorded on. */
static int settle_as_of(struct session *s, const struct when *when)
{
    struct moment moment;
    int rc = when_moment(when, s->now_us, ledger_zone(s->ledger), &moment, &s->ctx->error);
    if (rc)
        return rc;
    int64_t instant_us = moment.instant_us;
    if (moment.is_seq) {
        uint64_t last = daybook_last_seq(s->snapshot), seq = moment.seq < last ? moment.seq : last;
        struct daybook_event event;
        snprintf(s->as_of, sizeof s->as_of, "%llu", (unsigned long long)seq);
        if (seq == 0)
            return 0;
        rc = daybook_event(s->snapshot, seq, &event, &s->ctx->error);
        if (rc)
            return rc;
        instant_us = event.recorded_us;
    } else {
        instant_format(instant_us, s->as_of);
    }
    s->question_day = zone_day(ledger_zone(s->ledger), instant_us);
    return 0;
}

int session_read(struct session *s)
{
    session_end_read(s);
    const struct given *as_of = context_given_if(s->ctx, "--as-of");
    const struct given *effective = context_given_if(s->ctx, "--effective");
    s->cut = ORDER_CUT_NOW;
    s->has_as_of = as_of != NULL;
    s->has_effective = effective != NULL;
    int rc = daybook_snapshot_begin(s->ledger, &s->snapshot, &s->ctx->error);
    if (!rc && as_of)
        rc = session_seq(s, &as_of->when, &s->cut.as_of);
    if (!rc && as_of)
        rc = settle_as_of(s, &as_of->when);
    if (!rc && effective)
        rc = session_day(s, "--effective", &s->cut.effective_on);
    if (!rc && effective)
        s->question_day = s->cut.effective_on;
    return rc ? rc : registers_new(s->snapshot, s->cut.as_of, &s->registers, &s->ctx->error);
}

int session_day(struct session *s, const char *option, int32_t *ret)
{
    const struct given *given = context_given(s->ctx, option);
    if (given)
        return when_day(&given->when, s->now_us, ledger_zone(s->ledger), ret, &s->ctx->error);
    *ret = DAYBOOK_DAY_NONE;
    return 0;
}

void session_local_time(const struct session *s, int64_t instant_us, char out[SESSION_TIME_SIZE])
{
    char text[DAYBOOK_INSTANT_TEXT_SIZE];
    instant_format(instant_us + (int64_t)zone_offset_s(ledger_zone(s->ledger), instant_us) * 1000000, text);
    snprintf(out, SESSION_TIME_SIZE, "%.10s %.8s", text, text + 11);
}

int session_find_order(struct session *s, struct daybook_text order_no, uint32_t *ret)
{
    int rc = daybook_find(s->snapshot, DAYBOOK_ORDER, order_no, ret, &s->ctx->error);
    if (!rc && *ret == 0)
        rc = daybook_fail(&s->ctx->error, DAYBOOK_NOT_FOUND,
                          say(s->ctx, "There is no order %.*s. `daybook list --search` finds orders.",
                              "没有订单 %.*s。可用 `daybook list --search` 查找。"),
                          (int)order_no.len, order_no.ptr);
    return rc;
}

int session_order(struct session *s, struct daybook_text order_no)
{
    struct daybook_error *err = &s->ctx->error;
    uint32_t ordinal = 0;
    int rc = session_find_order(s, order_no, &ordinal);
    if (!rc)
        rc = order_reader_load(&s->reader, s->snapshot, ordinal, s->cut, err);
    if (rc)
        return rc;
    if (s->reader.state.exists)
        return 0;
    bool cut = s->has_as_of || s->has_effective;
    if (cut && s->reader.chain.count == 0)
        return daybook_fail(err, DAYBOOK_NOT_YET_KNOWN,
                            say(s->ctx, "Order %.*s was not yet known then.", "当时还没有订单 %.*s 的记录。"),
                            (int)order_no.len, order_no.ptr);
    return daybook_fail(err, DAYBOOK_NOT_FOUND,
                        cut ? say(s->ctx, "Order %.*s was not there then.", "当时没有订单 %.*s。")
                            : say(s->ctx, "Order %.*s was taken back. `daybook history` still shows it.",
                                  "订单 %.*s 已被撤回；`daybook history` 仍可查看。"),
                        (int)order_no.len, order_no.ptr);
}

static void show_progress(void *context, const char *view, uint64_t done, uint64_t total)
{
    struct progress *progress = context;
    progress->label = view;
    progress->total = total;
    progress_update(progress, done);
}

int session_view(struct session *s, const struct daybook_projection *projection, struct daybook_view **ret)
{
    enum { TRIES = 20 };
    struct progress progress;
    struct daybook_view_options options = {show_progress, &progress};
    *ret = NULL;
    if (s->has_as_of || s->has_effective)
        return 0;
    progress_start(&progress, s->ctx->language, projection->name, 0);
    int rc = DAYBOOK_VERSION_CONFLICT;
    for (int i = 0; i < TRIES && rc == DAYBOOK_VERSION_CONFLICT; i++) {
        rc = i ? session_read(s) : 0; /* others write meanwhile: look again from where they are */
        if (!rc)
            rc = daybook_view_open(s->snapshot, projection, &options, ret, &s->ctx->error);
    }
    progress_end(&progress);
    bool fold_instead = rc == DAYBOOK_READ_ONLY || rc == DAYBOOK_DISK_FULL || rc == DAYBOOK_VERSION_CONFLICT;
    return fold_instead ? 0 : rc;
}

json_t *session_basis(struct session *s, const struct daybook_projection *projection)
{
    uint64_t last = daybook_last_seq(s->snapshot), seq = s->cut.as_of < last ? s->cut.as_of : last;
    struct tree_hash root;
    char hex[2 * TREE_HASH_SIZE + 1], day[DAYBOOK_DAY_TEXT_SIZE] = "";
    if (daybook_root(s->snapshot, seq, root.bytes, NULL))
        return NULL;
    tree_hash_hex(&root, hex);
    if (s->has_effective)
        date_format(s->cut.effective_on, day);
    return json_pack("{s:I,s:s,s:s?,s:s?,s:s,s:i}", "seq", (json_int_t)seq, "root", hex, "as_of",
                     s->has_as_of ? s->as_of : NULL, "effective", s->has_effective ? day : NULL, "view",
                     projection->name, "view_version", (int)projection->version);
}

void session_entry(struct session *s, const struct daybook_draft *drafts, size_t count, struct daybook_entry *ret)
{
    const struct given *key = context_given_if(s->ctx, "--key"), *expect = context_given_if(s->ctx, "--expect");
    *ret = (struct daybook_entry){
        .drafts = drafts,
        .draft_count = count,
        .actor = s->ctx->actor,
        .via = {s->ctx->via, strlen(s->ctx->via)},
        .via_kind = DAYBOOK_TEXT("os"),
        .key = key ? key->text : DAYBOOK_TEXT_NONE,
        .expect_version = expect ? (uint32_t)(expect->count < UINT32_MAX ? expect->count : UINT32_MAX) : 0,
    };
}

int session_append(struct session *s, const struct daybook_entry *entry, struct daybook_result *ret)
{
    int rc = daybook_append(s->ledger, entry, 1, ret, &s->ctx->error);
    if (!rc && ret->error.code)
        s->ctx->error = ret->error;
    return rc ? rc : ret->error.code;
}
