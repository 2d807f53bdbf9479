/* Entries of an audit trail in every format. */
#include "tools/audit_printer.h"

#include <string.h>

#include "ledger/date.h"
#include "ledger/text.h"
#include "tools/event_json.h"
#include "tools/order_json.h"
#include "tools/words.h"

/* For CSV: a row a change, or one for an event that changed nothing. */
static const struct column entry_columns[] = {
    {"seq", "Seq", "序号", COLUMN_NUMBER},
    {"recorded_at", "Recorded", "记录时间", COLUMN_KEY},
    {"order_no", "Order", "订单号", COLUMN_KEY},
    {"actor", "Who", "操作人", COLUMN_KEY},
    {"via", "Known by", "来源", COLUMN_TEXT},
    {"type", "What", "事件", COLUMN_KEY},
    {"occurred_on", "Occurred", "发生日期", COLUMN_KEY},
    {"field", "Field", "字段", COLUMN_TEXT},
    {"from", "From", "原值", COLUMN_TEXT},
    {"to", "To", "新值", COLUMN_TEXT},
};
enum { ENTRY_COLUMNS = sizeof entry_columns / sizeof *entry_columns };

/* A claim is shown as one: "li.lei, claimed by wang@host"; who acts under the own login is just "wang@host". */
static void who_text(const struct context *ctx, struct daybook_text actor, struct daybook_text via, char out[256])
{
    size_t user_len = 0;
    while (user_len < via.len && via.ptr[user_len] != '@')
        user_len++;
    bool is_own_name = text_equals(actor, (struct daybook_text){via.ptr, user_len});
    int actor_len = (int)text_prefix_of_width(actor, 60), via_len = (int)text_prefix_of_width(via, 60);
    bool is_erased = via.len > 4 && memcmp(via.ptr, "via/", 4) == 0; /* whose it was cannot be said any more */
    if (is_own_name)
        snprintf(out, 256, "%.*s", via_len, via.ptr);
    else if (is_erased)
        snprintf(out, 256, "%.*s (%.*s)", actor_len, actor.ptr, via_len, via.ptr);
    else
        snprintf(out, 256, say(ctx, "%.*s (claimed by %.*s)", "%.*s（由 %.*s 声明）"), actor_len, actor.ptr, via_len,
                 via.ptr);
}

static int print_json(struct audit_printer *p, const struct audit_entry *entry)
{
    struct session *s = p->session;
    struct daybook_error *err = &s->ctx->error;
    char scratch[EVENT_TYPE_NAME_SIZE];
    json_t *data = NULL, *changes = json_array();
    int rc = event_data_json(s->snapshot, s->registers, &entry->event, false, &data, err);
    for (size_t i = 0; i < entry->change_count && !rc; i++)
        json_array_append_new(changes, json_pack("{s:o,s:o,s:o}", "field", json_of_text(entry->changes[i].field),
                                                 "from", json_of_text(entry->changes[i].from), "to",
                                                 json_of_text(entry->changes[i].to)));
    if (rc) {
        json_decref(changes);
        return rc;
    }
    bool of_order = entry->event.kind == DAYBOOK_ORDER;
    json_t *object =
        json_pack("{s:I,s:o,s:o,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "seq", (json_int_t)entry->event.seq, "order_no",
                  json_of_text(entry->order_no), "version", of_order ? json_integer(entry->event.nth) : json_null(),
                  "type", event_type_name(s->registers, &entry->event, scratch), "actor", json_of_text(entry->actor),
                  "via", json_of_text(entry->via), "recorded_at", json_of_instant(entry->event.recorded_us),
                  "occurred_on", json_of_day(entry->event.occurred_on), "changes", changes, "data", data, "voided_by",
                  entry->voided_by ? json_integer((json_int_t)entry->voided_by) : json_null());
    return output_object(p->output, object, err);
}

static int print_row(struct audit_printer *p, const struct audit_entry *entry, const struct audit_change *change)
{
    struct session *s = p->session;
    char scratch[EVENT_TYPE_NAME_SIZE];
    const struct cell cells[ENTRY_COLUMNS] = {
        cell_integer((int64_t)entry->event.seq),
        cell_instant(entry->event.recorded_us),
        cell_text(entry->order_no),
        cell_text(entry->actor),
        cell_text(entry->via),
        cell_string(event_type_name(s->registers, &entry->event, scratch)),
        cell_day(entry->event.occurred_on),
        change ? cell_text(change->field) : cell_null(),
        change ? cell_text(change->from) : cell_null(),
        change ? cell_text(change->to) : cell_null(),
    };
    return output_row(p->output, cells, &s->ctx->error);
}

static int print_rows(struct audit_printer *p, const struct audit_entry *entry)
{
    const struct audit_change reason = {.field = DAYBOOK_TEXT("reason"), .to = entry->reason};
    int rc = 0;
    for (size_t i = 0; i < entry->change_count && !rc; i++)
        rc = print_row(p, entry, &entry->changes[i]);
    if (!rc && (entry->reason.ptr || entry->change_count == 0))
        rc = print_row(p, entry, entry->reason.ptr ? &reason : NULL);
    return rc;
}

/* ---- for people: a block an event, which no terminal is too narrow for */

static struct daybook_text said_of(const struct context *ctx, struct daybook_text value, bool is_erased)
{
    const char *erased = say(ctx, "(erased)", "（已删除）");
    return is_erased ? (struct daybook_text){erased, strlen(erased)} : value;
}

/* "expected_on: 2026-03-20 → 2026-03-25" */
static int print_change(struct audit_printer *p, const struct audit_change *change)
{
    struct session *s = p->session;
    enum { SHOWN_MAX = 1200 }; /* bytes of one value: a long note goes on in `show` */
    char field[WORD_SIZE];
    struct daybook_text from = said_of(s->ctx, change->from, change->from_erased),
                        to = said_of(s->ctx, change->to, change->to_erased);
    word_of_field(s->ctx, change->field, field);
    int from_len = (int)text_prefix_of_width(from, SHOWN_MAX / 4),
        to_len = (int)text_prefix_of_width(to, SHOWN_MAX / 4);
    return output_print(p->output, &s->ctx->error, say(s->ctx, "      %s: %.*s%s%.*s", "      %s：%.*s%s%.*s"), field,
                        from_len, from.ptr ? from.ptr : "",
                        from.ptr ? " → "
                        : to.ptr ? "→ "
                                 : " →",
                        to_len, to.ptr ? to.ptr : "");
}

/* What the event has to do with another one: it takes it back, or is taken back by it. */
static int print_link(struct audit_printer *p, const struct audit_entry *entry)
{
    struct session *s = p->session;
    int rc = 0;
    if (entry->target)
        rc = output_print(p->output, &s->ctx->error,
                          say(s->ctx, "      takes back event %llu", "      撤销第 %llu 条记录"),
                          (unsigned long long)entry->target);
    if (!rc && entry->voided_by)
        rc = output_print(p->output, &s->ctx->error,
                          say(s->ctx, "      (taken back by event %llu)", "      （已被第 %llu 条记录撤销）"),
                          (unsigned long long)entry->voided_by);
    return rc;
}

static int print_block(struct audit_printer *p, const struct audit_entry *entry)
{
    struct session *s = p->session;
    struct context *ctx = s->ctx;
    char recorded[SESSION_TIME_SIZE], who[256], scratch[EVENT_TYPE_NAME_SIZE], day[DAYBOOK_DAY_TEXT_SIZE] = "";
    const char *what = word_of_type(ctx, event_type_name(s->registers, &entry->event, scratch));
    session_local_time(s, entry->event.recorded_us, recorded);
    who_text(ctx, entry->actor, entry->via, who);
    if (entry->event.occurred_on != DAYBOOK_DAY_NONE)
        date_format(entry->event.occurred_on, day);
    int rc = output_print(p->output, &ctx->error, say(ctx, "%5llu %.*s%s%s%s%s", "%5llu %.*s%s%s%s%s"),
                          (unsigned long long)entry->event.seq, (int)entry->order_no.len,
                          entry->order_no.ptr ? entry->order_no.ptr : "", entry->order_no.ptr ? "  " : "", what,
                          day[0] ? say(ctx, " on ", "，发生于 ") : "", day);
    if (!rc)
        rc = output_print(p->output, &ctx->error, say(ctx, "      by %s, recorded %s", "      %s，记录于 %s"), who,
                          recorded);
    for (size_t i = 0; i < entry->change_count && !rc; i++)
        rc = print_change(p, &entry->changes[i]);
    if (!rc && entry->reason.ptr)
        rc = print_change(p, &(struct audit_change){.field = DAYBOOK_TEXT("reason"), .to = entry->reason});
    return rc ? rc : print_link(p, entry);
}

int audit_print_entry(void *context, const struct audit_entry *entry, struct daybook_error *err)
{
    struct audit_printer *p = context;
    (void)err; /* it is the context's own */
    p->entries++;
    if (output_wants_json(p->output))
        return print_json(p, entry);
    return p->output->format == OUTPUT_TABLE ? print_block(p, entry) : print_rows(p, entry);
}

int audit_print_begin(struct audit_printer *p)
{
    if (p->output->format == OUTPUT_TABLE)
        return 0;
    return output_begin(p->output, NULL, entry_columns, ENTRY_COLUMNS, &p->session->ctx->error);
}

int audit_print_end(struct audit_printer *p)
{
    struct context *ctx = p->session->ctx;
    if (p->output->format != OUTPUT_TABLE)
        return output_end(p->output, NULL, &ctx->error);
    return p->entries ? 0 : output_print(p->output, &ctx->error, "%s", say(ctx, "(no events)", "（无记录）"));
}
