/* control-totals.csv: for each table what its rows come to. */
#include <string.h>

#include "tools/event_json.h"
#include "tools/pack/work.h"

static const struct column columns[] = {
    {"file", NULL, NULL, COLUMN_KEY},
    {"figure", NULL, NULL, COLUMN_KEY},
    {"of", NULL, NULL, COLUMN_KEY},
    {"total", NULL, NULL, COLUMN_NUMBER},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

static int put(struct pack_file *file, const char *table, const char *figure, const char *of, struct cell total)
{
    const struct cell cells[COLUMNS] = {cell_string(table), cell_string(figure), cell_string(of), total};
    return output_row(&file->output, cells, &file->pack->session->ctx->error);
}

static int put_count(struct pack_file *file, const char *table, const char *figure, const char *of, uint64_t total)
{
    return put(file, table, figure, of, cell_integer((int64_t)total));
}

static int put_events(struct pack_file *file)
{
    struct pack *pack = file->pack;
    const struct pack_totals *t = &pack->totals;
    char scratch[EVENT_TYPE_NAME_SIZE];
    int rc = put_count(file, "events.csv", "rows", NULL, t->events);
    if (!rc && t->events)
        rc = put_count(file, "events.csv", "smallest seq", NULL, pack->before + 1);
    if (!rc && t->events)
        rc = put_count(file, "events.csv", "largest seq", NULL, pack->end);
    for (size_t i = 0; i < t->type_count && !rc; i++)
        rc = put_count(file, "events.csv", "rows of type",
                       event_type_name(pack->session->registers, &t->types[i].event, scratch), t->types[i].count);
    if (!rc)
        rc = put_count(file, "events.csv", "sum of changes", NULL, t->changes);
    if (!rc)
        rc = put_count(file, "changes.csv", "rows", NULL, t->changes);
    if (!rc)
        rc = put_count(file, "stored-events.txt", "rows", NULL, t->events);
    return rc ? rc : put_count(file, "recorded-later.csv", "rows", NULL, t->later);
}

static int put_orders(struct pack_file *file)
{
    const struct pack_totals *t = &file->pack->totals;
    int rc = put_count(file, "orders.csv", "rows", NULL, t->orders);
    for (size_t i = 0; i < STATUS_COUNT && !rc; i++)
        rc = put_count(file, "orders.csv", "rows of status", workflow_statuses[i].name, t->with_status[i]);
    if (!rc)
        rc = put_count(file, "orders.csv", "rows of status", "taken-back", t->taken_back);
    if (!rc)
        rc = put_count(file, "orders.csv", "sum of events_in_period", NULL, t->order_events);
    return rc ? rc : put_count(file, "orders.csv", "sum of lines", NULL, t->lines);
}

static int put_sum(struct pack_file *file, const char *figure, const char *unit, pack_sum sum)
{
    char text[PACK_SUM_TEXT_SIZE];
    pack_sum_format(sum, text);
    return put(file, "order-lines.csv", figure, unit, cell_string(text));
}

static int put_lines(struct pack_file *file)
{
    const struct pack_totals *t = &file->pack->totals;
    int rc = put_count(file, "order-lines.csv", "rows", NULL, t->lines);
    for (size_t i = 0; i < t->unit_count && !rc; i++) {
        const struct pack_unit *unit = &t->units[i];
        rc = put_sum(file, "sum of quantity", unit->unit, unit->quantity);
        if (!rc)
            rc = put_sum(file, "sum of shipped", unit->unit, unit->shipped);
        if (!rc)
            rc = put_sum(file, "sum of delivered", unit->unit, unit->delivered);
    }
    return rc;
}

int pack_write_totals(struct pack *pack)
{
    struct pack_file file;
    int rc = pack_open_table(pack, "control-totals.csv", columns, COLUMNS, &file);
    if (!rc)
        rc = put_events(&file);
    if (!rc)
        rc = put_orders(&file);
    if (!rc)
        rc = put_lines(&file);
    if (!rc && pack->request->draws)
        rc = put_count(&file, "sample.csv", "rows", NULL, pack->sample.count);
    return pack_close(&file, rc);
}
