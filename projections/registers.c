/* What customers, products, actors and own fields are called: each chain is folded once, when it is first asked for. */
#include "projections/registers.h"

#include <stdlib.h>

#include "ledger/arena.h"
#include "ledger/chain.h"

struct subject {
    uint64_t from, until; /* what follows holds for cuts from <= seq < until; until 0: not read yet */
    bool is_known;        /* at that cut */
    uint32_t into;        /* of a merged customer */
    struct daybook_text name, code, category, scope;
    bool is_public, is_required;
    const uint8_t *rows;
    size_t rows_len;
};

struct registers {
    struct daybook_snapshot *snapshot;
    uint64_t as_of;
    struct arena arena;
    struct chain chain;
    struct application_types types;
    struct subject *subjects[DAYBOOK_KIND_COUNT]; /* by ordinal */
    uint32_t counts[DAYBOOK_KIND_COUNT];
};

static int no_memory(struct daybook_error *err)
{
    return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for names.");
}

int registers_new(struct daybook_snapshot *snapshot, uint64_t as_of, struct registers **ret, struct daybook_error *err)
{
    struct registers *r = calloc(1, sizeof *r);
    int rc = r ? 0 : no_memory(err);
    for (uint32_t kind = 0; kind < DAYBOOK_KIND_COUNT && !rc; kind++) {
        if (kind == DAYBOOK_ORDER)
            continue;
        rc = store_last_ordinal(snapshot->log, kind, &r->counts[kind], err);
        if (rc || r->counts[kind] == 0)
            continue;
        r->subjects[kind] = calloc((size_t)r->counts[kind] + 1, sizeof *r->subjects[kind]);
        rc = r->subjects[kind] ? 0 : no_memory(err);
    }
    if (rc) {
        registers_free(r);
        return rc;
    }
    r->snapshot = snapshot;
    r->as_of = as_of;
    *ret = r;
    return 0;
}

void registers_free(struct registers *r)
{
    if (!r)
        return;
    for (uint32_t kind = 0; kind < DAYBOOK_KIND_COUNT; kind++)
        free(r->subjects[kind]);
    arena_release(&r->arena);
    chain_release(&r->chain);
    application_types_release(&r->types);
    free(r);
}

static int keep(struct registers *r, struct daybook_text *kept, struct daybook_text text, struct daybook_error *err)
{
    if (!text.ptr)
        return 0;
    *kept = arena_text(&r->arena, text);
    return kept->ptr ? 0 : no_memory(err);
}

static int apply(struct registers *r, struct subject *subject, const struct daybook_event *event,
                 const struct daybook_data *data, struct daybook_error *err)
{
    struct daybook_text person = DAYBOOK_TEXT_NONE;
    int rc = 0;
    if (data->person.commitment)
        rc = daybook_personal_value(r->snapshot, event->seq, &data->person, &person, err);
    if (data->person.commitment)
        subject->name = DAYBOOK_TEXT_NONE; /* an erased name leaves none */
    if (!rc)
        rc = keep(r, &subject->name, person, err);
    if (!rc)
        rc = keep(r, &subject->name, data->name, err);
    if (!rc)
        rc = keep(r, &subject->code, data->code, err);
    if (!rc)
        rc = keep(r, &subject->category, data->category, err);
    if (!rc)
        rc = keep(r, &subject->scope, data->scope, err);
    if (data->into)
        subject->into = data->into;
    subject->is_public = data->flag != 0;
    subject->is_required = data->number != 0;
    if (!rc && data->rows) {
        subject->rows = arena_copy(&r->arena, data->rows, data->rows_len);
        subject->rows_len = data->rows_len;
        rc = subject->rows ? 0 : no_memory(err);
    }
    return rc;
}

static int read_subject(struct registers *r, uint32_t kind, uint32_t ordinal, struct subject *subject,
                        struct daybook_error *err)
{
    *subject = (struct subject){0};
    int rc = chain_load(&r->chain, r->snapshot->log, kind, ordinal, UINT64_MAX, err);
    size_t i = 0;
    for (; i < r->chain.count && r->chain.links[i].event.seq <= r->as_of && !rc; i++) {
        struct daybook_data data;
        rc = chain_data(&r->chain, i, &r->chain.scratch, &data, err);
        if (!rc)
            rc = apply(r, subject, &r->chain.links[i].event, &data, err);
        subject->is_known = true;
        subject->from = r->chain.links[i].event.seq;
    }
    subject->until = rc ? 0 : i < r->chain.count ? r->chain.links[i].event.seq : UINT64_MAX;
    return rc;
}

static int subject_of(struct registers *r, uint32_t kind, uint32_t ordinal, struct subject **ret,
                      struct daybook_error *err)
{
    static struct subject nobody; /* stays empty */
    *ret = &nobody;
    if (kind >= DAYBOOK_KIND_COUNT || ordinal == 0 || ordinal > r->counts[kind])
        return 0;
    struct subject *subject = &r->subjects[kind][ordinal];
    *ret = subject;
    bool holds = subject->from <= r->as_of && (r->as_of < subject->until || subject->until == UINT64_MAX);
    return holds && subject->until ? 0 : read_subject(r, kind, ordinal, subject, err);
}

void registers_set_as_of(struct registers *r, uint64_t as_of)
{
    r->as_of = as_of;
}

uint64_t registers_as_of(const struct registers *r)
{
    return r->as_of;
}

int registers_customer(struct registers *r, uint32_t ordinal, uint32_t *ret, struct daybook_error *err)
{
    struct subject *subject;
    int rc = subject_of(r, DAYBOOK_CUSTOMER, ordinal, &subject, err);
    for (int hops = 0; hops < 1000 && !rc && subject->into; hops++) { /* the bound is for a damaged log */
        ordinal = subject->into;
        rc = subject_of(r, DAYBOOK_CUSTOMER, ordinal, &subject, err);
    }
    if (!rc)
        *ret = ordinal;
    return rc;
}

int registers_name(struct registers *r, uint32_t kind, uint32_t ordinal, struct daybook_text *ret,
                   struct daybook_error *err)
{
    struct subject *subject;
    int rc = kind == DAYBOOK_CUSTOMER ? registers_customer(r, ordinal, &ordinal, err) : 0;
    if (!rc)
        rc = subject_of(r, kind, ordinal, &subject, err);
    if (rc)
        return rc;
    if (!subject->name.ptr) {
        struct daybook_text stand_in = arena_printf(&r->arena, "%s/%u", schema_kind_name(kind), ordinal);
        if (!stand_in.ptr)
            return no_memory(err);
        if (!subject->is_known) {
            *ret = stand_in;
            return 0;
        }
        subject->name = stand_in;
    }
    *ret = subject->name;
    return 0;
}

int registers_product(struct registers *r, uint32_t ordinal, struct register_product *ret, struct daybook_error *err)
{
    struct subject *subject;
    int rc = subject_of(r, DAYBOOK_PRODUCT, ordinal, &subject, err);
    if (!rc)
        *ret = (struct register_product){subject->code, subject->name};
    return rc;
}

int registers_field(struct registers *r, uint32_t ordinal, struct register_field *ret, struct daybook_error *err)
{
    struct subject *subject;
    int rc = subject_of(r, DAYBOOK_FIELD, ordinal, &subject, err);
    if (!rc)
        *ret = (struct register_field){subject->name,        subject->category, subject->scope,   subject->is_public,
                                       subject->is_required, subject->rows,     subject->rows_len};
    return rc;
}

int registers_types(struct registers *r, const struct application_types **ret, struct daybook_error *err)
{
    *ret = &r->types;
    return application_types_read(&r->types, r->snapshot->log, err);
}

int registers_count(struct registers *r, uint32_t kind, uint32_t *ret, struct daybook_error *err)
{
    uint32_t count = r->counts[kind];
    for (; count > 0; count--) { /* ordinals are given in log order: leave out those that came later */
        int rc = chain_load(&r->chain, r->snapshot->log, kind, count, r->as_of, err);
        if (rc)
            return rc;
        if (r->chain.count)
            break;
    }
    *ret = count;
    return 0;
}

int registers_who(struct registers *r, const struct daybook_event *event, struct daybook_text *ret_actor,
                  struct daybook_text *ret_via, struct daybook_error *err)
{
    int rc = registers_name(r, DAYBOOK_ACTOR, event->actor, ret_actor, err);
    return rc ? rc : registers_name(r, DAYBOOK_VIA, event->via, ret_via, err);
}
