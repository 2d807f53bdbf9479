/* The events of the period: a row an event, a row a change, and the stored bytes that hashes are made of. */
#include <stdlib.h>
#include <string.h>

#include "ledger/base64.h"
#include "tools/audit_printer.h"
#include "tools/cli/progress.h"
#include "tools/event_json.h"
#include "tools/pack/work.h"

static const struct column columns[] = {
    {"seq", NULL, NULL, COLUMN_NUMBER},         {"recorded_at", NULL, NULL, COLUMN_KEY},
    {"recorded_local", NULL, NULL, COLUMN_KEY}, {"occurred_on", NULL, NULL, COLUMN_KEY},
    {"type", NULL, NULL, COLUMN_KEY},           {"order_no", NULL, NULL, COLUMN_KEY},
    {"version", NULL, NULL, COLUMN_NUMBER},     {"subject", NULL, NULL, COLUMN_KEY},
    {"actor", NULL, NULL, COLUMN_KEY},          {"via", NULL, NULL, COLUMN_TEXT},
    {"source", NULL, NULL, COLUMN_TEXT},        {"source_row", NULL, NULL, COLUMN_NUMBER},
    {"takes_back", NULL, NULL, COLUMN_NUMBER},  {"taken_back_by", NULL, NULL, COLUMN_NUMBER},
    {"changes", NULL, NULL, COLUMN_NUMBER},
};
enum { COLUMNS = sizeof columns / sizeof *columns }; /* recorded-later.csv is without the last */

struct event_files {
    struct pack *pack;
    struct pack_file events, changes, stored;
    struct audit_printer printer; /* to `changes` */
    struct progress progress;
    char *line; /* base64 of one event */
};

/* 0: none. */
static struct cell cell_number(uint64_t number)
{
    return number ? cell_integer((int64_t)number) : cell_null();
}

/* `changes`: rows of the event in changes.csv. */
static int write_row(struct pack_file *file, const struct audit_entry *entry, uint64_t changes)
{
    struct session *s = file->pack->session;
    const struct daybook_event *event = &entry->event;
    char recorded[SESSION_TIME_SIZE], type[EVENT_TYPE_NAME_SIZE];
    struct daybook_text source = DAYBOOK_TEXT_NONE;
    json_t *subject = NULL;
    int rc = event->cause_source
                 ? registers_name(s->registers, DAYBOOK_SOURCE, event->cause_source, &source, &s->ctx->error)
                 : 0;
    if (!rc)
        rc = event_subject_json(s->snapshot, s->registers, event, &subject, &s->ctx->error);
    if (rc)
        return rc;
    session_local_time(s, event->recorded_us, recorded);
    const struct cell cells[COLUMNS] = {
        cell_integer((int64_t)event->seq),
        cell_instant(event->recorded_us),
        cell_string(recorded),
        cell_day(event->occurred_on),
        cell_string(event_type_name(s->registers, event, type)),
        cell_text(entry->order_no),
        event->kind == DAYBOOK_ORDER ? cell_integer(event->nth) : cell_null(),
        cell_string(json_string_value(subject)),
        cell_text(entry->actor),
        cell_text(entry->via),
        cell_text(source),
        cell_number(event->cause_row),
        cell_number(entry->target),
        cell_number(entry->voided_by),
        cell_integer((int64_t)changes),
    };
    rc = output_row(&file->output, cells, &s->ctx->error);
    json_decref(subject);
    return rc;
}

static int write_event(void *context, const struct audit_entry *entry, struct daybook_error *err)
{
    struct event_files *f = context;
    struct pack *pack = f->pack;
    const struct daybook_event *event = &entry->event;
    uint64_t changes = f->changes.output.row_count;
    int rc = audit_print_entry(&f->printer, entry, err);
    changes = f->changes.output.row_count - changes;
    if (!rc)
        rc = write_row(&f->events, entry, changes);
    if (!rc)
        rc = pack_totals_add_event(&pack->totals, event, err);
    if (rc)
        return rc;
    base64_encode(event->bytes, event->len, f->line);
    fprintf(f->stored.stream, "%s\n", f->line);
    pack->totals.changes += changes;
    if (event->kind == DAYBOOK_ORDER && event->ordinal <= pack->order_max)
        pack->touched[event->ordinal / 8] |= (uint8_t)(1U << event->ordinal % 8);
    progress_update(&f->progress, event->seq - pack->before);
    return 0;
}

static int write_period(struct event_files *f)
{
    struct pack *pack = f->pack;
    struct session *s = pack->session;
    const struct audit_filter filter = {
        .from = pack->before + 1, .to = pack->end, .effective_on = DAYBOOK_DAY_NONE, .limit = UINT64_MAX};
    int rc = pack_open_table(pack, "events.csv", columns, COLUMNS, &f->events);
    if (!rc)
        rc = pack_open_output(pack, "changes.csv", OUTPUT_CSV, &f->changes);
    if (!rc)
        rc = pack_open(pack, "stored-events.txt", &f->stored);
    f->printer = (struct audit_printer){.session = s, .output = &f->changes.output};
    if (!rc)
        rc = audit_print_begin(&f->printer);
    progress_start(&f->progress, s->ctx->language, say(s->ctx, "Events", "事件"), pack->end - pack->before);
    if (!rc)
        rc = audit_each(s->snapshot, s->registers, &filter, write_event, f, &s->ctx->error);
    progress_end(&f->progress);
    if (!rc)
        rc = audit_print_end(&f->printer);
    rc = pack_close(&f->events, rc);
    rc = pack_close(&f->changes, rc);
    return pack_close(&f->stored, rc);
}

/* ---- what was recorded after the period, and happened in it */

static int write_later_row(void *context, const struct audit_entry *entry, struct daybook_error *err)
{
    struct pack_file *file = context;
    (void)err; /* it is the context's own */
    file->pack->totals.later++;
    return write_row(file, entry, 0);
}

/* Most later events are of later days: those are left after a look at their envelope. */
static int write_if_of_period(void *context, const struct daybook_event *event, struct daybook_error *err)
{
    struct pack_file *file = context;
    struct pack *pack = file->pack;
    struct session *s = pack->session;
    const struct audit_filter only = {
        .from = event->seq, .to = event->seq, .effective_on = DAYBOOK_DAY_NONE, .limit = UINT64_MAX};
    if (event->occurred_on == DAYBOOK_DAY_NONE || event->occurred_on < pack->request->since_on ||
        event->occurred_on > pack->request->until_on)
        return 0;
    return audit_each(s->snapshot, s->registers, &only, write_later_row, file, err);
}

static int write_later(struct pack *pack)
{
    struct session *s = pack->session;
    struct pack_file file;
    int rc = pack_open_table(pack, "recorded-later.csv", columns, COLUMNS - 1, &file);
    if (!rc)
        rc = daybook_follow(s->snapshot, pack->end + 1, write_if_of_period, &file, &s->ctx->error);
    return pack_close(&file, rc);
}

int pack_write_events(struct pack *pack)
{
    struct event_files files = {.pack = pack, .line = malloc(BASE64_LEN(DAYBOOK_EVENT_SIZE_MAX) + 1)};
    int rc = files.line ? 0 : pack_no_memory(pack);
    if (!rc)
        rc = write_period(&files);
    free(files.line);
    return rc ? rc : write_later(pack);
}
