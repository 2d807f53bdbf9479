/* The folder for an auditor, whole or not at all. */
#include "tools/pack/pack.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/date.h"
#include "tools/pack/work.h"

/* Which seqs the period has. */
static int find_period(struct pack *pack)
{
    struct session *s = pack->session;
    struct daybook_error *err = &s->ctx->error;
    const struct zone *zone = ledger_zone(s->ledger);
    struct daybook_event last;
    pack->begins_us = zone_day_start_us(zone, pack->request->since_on);
    pack->ends_us = zone_day_start_us(zone, pack->request->until_on + 1) - 1;
    pack->size = daybook_last_seq(s->snapshot);
    int rc = daybook_seq_at(s->snapshot, pack->begins_us - 1, &pack->before, err);
    if (!rc)
        rc = daybook_seq_at(s->snapshot, pack->ends_us, &pack->end, err);
    if (!rc && pack->size)
        rc = daybook_event(s->snapshot, pack->size, &last, err);
    if (!rc && pack->size)
        pack->last_recorded_us = last.recorded_us;
    if (!rc)
        rc = store_last_ordinal(s->snapshot->log, DAYBOOK_ORDER, &pack->order_max, err);
    if (!rc && !(pack->touched = calloc((size_t)pack->order_max / 8 + 1, 1)))
        rc = pack_no_memory(pack);
    return rc;
}

static bool is_over(const struct pack *pack)
{
    return pack->session->today > pack->request->until_on;
}

/* The one file that is another each time, and on no list. */
static int write_made(struct pack *pack)
{
    struct session *s = pack->session;
    const struct context *ctx = s->ctx;
    struct pack_file file;
    char now[DAYBOOK_INSTANT_TEXT_SIZE], local[SESSION_TIME_SIZE];
    int rc = pack_open(pack, "made.txt", &file);
    if (rc)
        return rc;
    instant_format(s->now_us, now);
    session_local_time(s, s->now_us, local);
    fprintf(file.stream,
            say(ctx, "Made at %s (%s %s)\nby %.*s, as known by %s\n", "制作时间 %s（%s %s）\n制作人 %.*s，来源 %s\n"),
            now, local, daybook_timezone(s->ledger), (int)ctx->actor.len, ctx->actor.ptr, ctx->via);
    if (!is_over(pack))
        fputs(say(ctx, "The period was not over then: a later pack may have more events.\n",
                  "当时期间尚未结束：以后制作的审计包可能有更多事件。\n"),
              file.stream);
    return pack_close(&file, 0);
}

static int write_files(struct pack *pack)
{
    static int (*const steps[])(struct pack * pack) = {
        pack_write_events,   pack_write_orders, pack_write_sample, pack_write_outside,   pack_write_totals,
        pack_write_evidence, pack_write_basis,  pack_write_readme, pack_write_checksums, write_made,
    };
    int rc = 0;
    for (size_t i = 0; i < sizeof steps / sizeof *steps && !rc; i++)
        rc = steps[i](pack);
    return rc;
}

static int make(struct pack *pack)
{
    const struct context *ctx = pack->session->ctx;
    struct daybook_error *err = &pack->session->ctx->error;
    const char *path = pack->request->folder;
    char parent[FOLDER_PATH_MAX];
    if (folder_lies_in(path, ctx->ledger_path))
        return daybook_fail(err, DAYBOOK_USAGE,
                            say(ctx, "%s lies in the ledger's folder. Choose a place outside of it.",
                                "%s 位于账本文件夹内。请选择其外的位置。"),
                            path);
    int rc = folder_parent(parent, path, err);
    if (!rc)
        rc = folder_begin(parent, ".audit-pack-", &pack->folder, err);
    if (!rc)
        rc = write_files(pack);
    return rc ? rc : folder_finish(&pack->folder, path, err);
}

int pack_make(struct session *session, const struct pack_request *request, struct pack_summary *ret)
{
    struct pack pack = {.session = session, .request = request, .folder = {.lock = -1}};
    int rc = session_read(session);
    if (!rc)
        rc = find_period(&pack);
    if (!rc)
        rc = pack_seal(&pack);
    if (!rc)
        rc = make(&pack);
    if (!rc)
        *ret =
            (struct pack_summary){pack.totals.events, pack.totals.orders, pack.sample.count, pack.size, is_over(&pack)};
    folder_abandon(&pack.folder);
    pack_sample_release(&pack.sample);
    pack_totals_release(&pack.totals);
    for (size_t i = 0; i < pack.file_count; i++)
        free(pack.files[i]);
    free(pack.files);
    free(pack.touched);
    free(pack.checkpoint);
    return rc;
}
