/* What the tables rest on besides the period's events: other events of the same orders, customers, products and people,
 * each with its proof, and the personal values of all of them with the salts that their commitments were made with. */
#include <stdlib.h>

#include "ledger/base64.h"
#include "ledger/chain.h"
#include "ledger/evidence.h"
#include "tools/pack/work.h"

static const struct column event_columns[] = {
    {"seq", NULL, NULL, COLUMN_NUMBER},
    {"event", NULL, NULL, COLUMN_KEY},
    {"hashes", NULL, NULL, COLUMN_KEY},
};
static const struct column value_columns[] = {
    {"seq", NULL, NULL, COLUMN_NUMBER},
    {"slot", NULL, NULL, COLUMN_NUMBER},
    {"salt", NULL, NULL, COLUMN_KEY},
    {"value", NULL, NULL, COLUMN_TEXT},
};
enum {
    EVENT_COLUMNS = sizeof event_columns / sizeof *event_columns,
    VALUE_COLUMNS = sizeof value_columns / sizeof *value_columns,
    HASH_TEXT = BASE64_LEN(TREE_HASH_SIZE) + 1, /* and a space */
};

/* Subjects of one kind, a bit each by ordinal. */
struct marks {
    uint8_t *marked, *written;
    uint32_t max;
};

struct outside {
    struct pack *pack;
    struct pack_file events, values;
    struct marks marks[DAYBOOK_KIND_COUNT];
    struct chain chain;
    struct event_scratch scratch;
    struct proof_inclusion_file *proof;
    char *line; /* base64 of one event */
};

/* Whose events show what a table says, in the order in which they are looked for. */
static const uint32_t kinds[] = {DAYBOOK_ORDER,   DAYBOOK_SOURCE, DAYBOOK_CUSTOMER,
                                 DAYBOOK_PRODUCT, DAYBOOK_ACTOR,  DAYBOOK_VIA};
enum { KINDS = sizeof kinds / sizeof *kinds };

static void mark(struct outside *o, uint32_t kind, uint32_t ordinal)
{
    struct marks *marks = kind < DAYBOOK_KIND_COUNT ? &o->marks[kind] : NULL;
    if (marks && marks->marked && ordinal && ordinal <= marks->max)
        marks->marked[ordinal / 8] |= (uint8_t)(1U << ordinal % 8);
}

static int put_value(void *context, const char *field, uint16_t slot, const struct daybook_personal *personal)
{
    struct outside *o = context;
    struct session *s = o->pack->session;
    const uint8_t *salt = NULL;
    struct daybook_text value;
    char text[BASE64_LEN(DAYBOOK_SALT_SIZE) + 1];
    uint64_t seq = o->proof->index + 1;
    (void)field;
    int rc = daybook_personal_salt(s->snapshot, seq, personal, &salt, &value, &s->ctx->error);
    if (rc || !value.ptr)
        return rc;
    base64_encode(salt, DAYBOOK_SALT_SIZE, text);
    const struct cell cells[VALUE_COLUMNS] = {cell_integer((int64_t)seq), cell_integer(slot), cell_string(text),
                                              cell_text(value)};
    return output_row(&o->values.output, cells, &s->ctx->error);
}

/* Mark whom and what the event names, and write its personal values. */
static int look_at(struct outside *o, const struct daybook_event *event)
{
    struct daybook_error *err = &o->pack->session->ctx->error;
    const struct schema_type *type = schema_by_wire(event->type);
    struct daybook_data data;
    mark(o, event->kind, event->ordinal);
    mark(o, DAYBOOK_ACTOR, event->actor);
    mark(o, DAYBOOK_VIA, event->via);
    mark(o, DAYBOOK_SOURCE, event->cause_source);
    int rc = event_read_data(event, &o->scratch, &data, err);
    if (rc)
        return rc;
    mark(o, DAYBOOK_CUSTOMER, data.customer);
    mark(o, DAYBOOK_CUSTOMER, data.into);
    for (size_t i = 0; i < data.line_count; i++)
        mark(o, DAYBOOK_PRODUCT, data.lines[i].product);
    o->proof->index = event->seq - 1;
    return type ? data_each_personal(type, &data, put_value, o) : 0;
}

static int look_at_period(void *context, const struct daybook_event *event, struct daybook_error *err)
{
    struct outside *o = context;
    (void)err; /* it is the context's own */
    return event->seq <= o->pack->end ? look_at(o, event) : 0;
}

static int put_event(struct outside *o, const struct daybook_event *event)
{
    struct pack *pack = o->pack;
    struct daybook_error *err = &pack->session->ctx->error;
    char hashes[PROOF_HASHES_MAX * HASH_TEXT + 1] = "";
    int rc = evidence_inclusion(pack->session->snapshot, event->seq, pack->size, pack->checkpoint, o->proof, err);
    if (rc)
        return rc;
    for (unsigned i = 0; i < o->proof->proof.count; i++) {
        base64_encode(o->proof->proof.hashes[i].bytes, TREE_HASH_SIZE, hashes + i * HASH_TEXT);
        hashes[(i + 1) * HASH_TEXT - 1] = i + 1 < o->proof->proof.count ? ' ' : '\0';
    }
    base64_encode(event->bytes, event->len, o->line);
    const struct cell cells[EVENT_COLUMNS] = {cell_integer((int64_t)event->seq), cell_string(o->line),
                                              cell_string(hashes)};
    rc = output_row(&o->events.output, cells, err);
    return rc ? rc : look_at(o, event);
}

static int put_subject(struct outside *o, uint32_t kind, uint32_t ordinal)
{
    struct pack *pack = o->pack;
    int rc = chain_load(&o->chain, pack->session->snapshot->log, kind, ordinal, pack->size, &pack->session->ctx->error);
    for (size_t i = 0; i < (rc ? 0 : o->chain.count) && !rc; i++) {
        const struct daybook_event event = o->chain.links[i].event;
        if (event.seq <= pack->before || event.seq > pack->end)
            rc = put_event(o, &event);
    }
    return rc;
}

/* Events name others, whose events name others: until there is nobody new. */
static int put_subjects(struct outside *o)
{
    bool any = true;
    int rc = 0;
    while (any && !rc) {
        any = false;
        for (size_t i = 0; i < KINDS && !rc; i++) {
            struct marks *marks = &o->marks[kinds[i]];
            for (uint32_t ordinal = 1; ordinal <= marks->max && !rc; ordinal++) {
                uint8_t bit = (uint8_t)(1U << ordinal % 8);
                if (!(marks->marked[ordinal / 8] & ~marks->written[ordinal / 8] & bit))
                    continue;
                marks->written[ordinal / 8] |= bit;
                rc = put_subject(o, kinds[i], ordinal);
                any = true;
            }
        }
    }
    return rc;
}

static int prepare(struct outside *o)
{
    struct session *s = o->pack->session;
    o->proof = malloc(sizeof *o->proof);
    o->line = malloc(BASE64_LEN(DAYBOOK_EVENT_SIZE_MAX) + 1);
    int rc = o->proof && o->line ? 0 : pack_no_memory(o->pack);
    for (size_t i = 0; i < KINDS && !rc; i++) {
        struct marks *marks = &o->marks[kinds[i]];
        rc = store_last_ordinal(s->snapshot->log, kinds[i], &marks->max, &s->ctx->error);
        if (rc)
            return rc;
        marks->marked = calloc((size_t)marks->max / 8 + 1, 1);
        marks->written = calloc((size_t)marks->max / 8 + 1, 1);
        rc = marks->marked && marks->written ? 0 : pack_no_memory(o->pack);
    }
    return rc;
}

static void release(struct outside *o)
{
    for (size_t i = 0; i < KINDS; i++) {
        free(o->marks[kinds[i]].marked);
        free(o->marks[kinds[i]].written);
    }
    chain_release(&o->chain);
    event_scratch_release(&o->scratch);
    free(o->proof);
    free(o->line);
}

int pack_write_outside(struct pack *pack)
{
    struct session *s = pack->session;
    struct outside o = {.pack = pack};
    int rc = prepare(&o);
    if (!rc)
        rc = pack_open_table(pack, "other-events.csv", event_columns, EVENT_COLUMNS, &o.events);
    if (!rc)
        rc = pack_open_table(pack, "personal-values.csv", value_columns, VALUE_COLUMNS, &o.values);
    if (!rc && pack->end > pack->before)
        rc = daybook_follow(s->snapshot, pack->before + 1, look_at_period, &o, &s->ctx->error);
    if (!rc)
        rc = put_subjects(&o);
    rc = pack_close(&o.events, rc);
    rc = pack_close(&o.values, rc);
    release(&o);
    return rc;
}
