/* Forgetting: the next generation of personal data, without what is to go.
 *
 * Rows are copied one by one. Deleting them in place, or a copy of pages, would keep their bytes: LMDB recycles pages
 * without clearing them. The names are computed anew from the log, as a name that is forgotten here may be an older
 * customer's again. */
#include "ledger/erase.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/chain.h"
#include "ledger/names.h"
#include "ledger/text.h"

static const struct {
    struct daybook_text name;
    uint32_t subject;
} kinds[] = {
    [DAYBOOK_ERASE_CUSTOMER] = {{"customer", 8}, DAYBOOK_CUSTOMER},
    [DAYBOOK_ERASE_ACTOR] = {{"actor", 5}, DAYBOOK_ACTOR},
    [DAYBOOK_ERASE_NOTE] = {{"note", 4}, DAYBOOK_ORDER},
};
enum { KIND_COUNT = sizeof kinds / sizeof *kinds };

struct daybook_text erase_kind_name(enum daybook_erase_kind kind)
{
    return kinds[kind].name;
}

bool erase_kind_of(struct daybook_text name, enum daybook_erase_kind *ret)
{
    for (size_t i = 0; i < KIND_COUNT; i++)
        if (text_equals(kinds[i].name, name)) {
            *ret = (enum daybook_erase_kind)i;
            return true;
        }
    return false;
}

static int no_memory(struct daybook_error *err)
{
    return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for forgetting.");
}

void erase_release(struct erasure *e)
{
    for (size_t i = 0; i < e->value_count; i++) {
        free(e->values[i].text);
        free(e->values[i].folded);
    }
    free(e->values);
    free(e->seqs);
    *e = (struct erasure){0};
}

/* ---- what goes */

static int add_seq(struct erasure *e, uint64_t seq, struct daybook_error *err)
{
    if (e->seq_count == e->seq_capacity) {
        size_t capacity = e->seq_capacity ? 2 * e->seq_capacity : 16;
        uint64_t *seqs = realloc(e->seqs, capacity * sizeof *seqs);
        if (!seqs)
            return no_memory(err);
        e->seqs = seqs;
        e->seq_capacity = capacity;
    }
    e->seqs[e->seq_count++] = seq;
    return 0;
}

static int compare_seqs(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static bool has_seq(const struct erasure *e, uint64_t seq)
{
    return e->seq_count && bsearch(&seq, e->seqs, e->seq_count, sizeof seq, compare_seqs);
}

static int add_value(struct erasure *e, struct daybook_text value, struct daybook_error *err)
{
    if (e->value_count == e->value_capacity) {
        size_t capacity = e->value_capacity ? 2 * e->value_capacity : 4;
        struct erase_value *values = realloc(e->values, capacity * sizeof *values);
        if (!values)
            return no_memory(err);
        e->values = values;
        e->value_capacity = capacity;
    }
    struct erase_value added = {.text = malloc(value.len + 1), .len = value.len};
    added.folded = added.text ? text_fold(value, &added.folded_len) : NULL;
    if (!added.text || (!added.folded && text_is_valid(value))) {
        free(added.text);
        return no_memory(err);
    }
    memcpy(added.text, value.ptr, value.len);
    e->values[e->value_count++] = added;
    return 0;
}

/* What `visit` is called with for each personal value of the events to go. */
struct collected {
    struct erasure *erasure;
    struct personal_txn *personal;
    uint64_t seq;
    struct daybook_error *err;
};

static int add_slot(void *context, const char *field, uint16_t slot, const struct daybook_personal *personal)
{
    const struct collected *c = context;
    const uint8_t *salt;
    struct daybook_text value;
    (void)field, (void)personal;
    int rc = personal_value(c->personal, c->seq, slot, &salt, &value, c->err);
    return rc || !value.ptr ? rc : add_value(c->erasure, value, c->err);
}

/* The values of the events from `first` on that are there. */
static int add_values(struct erasure *e, size_t first, struct store_txn *log, struct personal_txn *personal,
                      struct daybook_error *err)
{
    struct event_scratch scratch = {0};
    int rc = 0;
    for (size_t i = first; i < e->seq_count && !rc; i++) {
        struct daybook_event event;
        struct daybook_data data;
        const uint8_t *bytes;
        size_t len;
        rc = store_event(log, e->seqs[i], &bytes, &len, err);
        if (!rc)
            rc = event_read_stored(e->seqs[i], bytes, len, &event, err);
        if (!rc)
            rc = event_read_data(&event, &scratch, &data, err);
        if (!rc)
            rc = data_each_personal(schema_by_wire(event.type), &data, add_slot,
                                    &(struct collected){e, personal, event.seq, err});
    }
    event_scratch_release(&scratch);
    return rc;
}

static int add_chain(struct erasure *e, struct store_txn *log, uint32_t kind, uint32_t ordinal,
                     struct daybook_error *err)
{
    struct chain chain = {0};
    int rc = chain_load(&chain, log, kind, ordinal, UINT64_MAX, err);
    for (size_t i = 0; i < chain.count && !rc; i++)
        rc = add_seq(e, chain.links[i].event.seq, err);
    chain_release(&chain);
    return rc;
}

/* The customer, and all who were merged into it. */
static int collect_customer(struct erasure *e, struct store_txn *log, struct personal_txn *personal,
                            struct daybook_error *err)
{
    const size_t first = e->seq_count;
    uint32_t last = 0;
    int rc = store_last_ordinal(log, DAYBOOK_CUSTOMER, &last, err);
    for (uint32_t i = 1; i <= last && !rc; i++) {
        uint32_t final = i;
        rc = ledger_final_customer(log, &final, err);
        if (!rc && final == e->target)
            rc = add_chain(e, log, DAYBOOK_CUSTOMER, i, err);
    }
    return rc ? rc : add_values(e, first, log, personal, err);
}

/* Is a via called as the actor is, alone or before the place: "wang", "wang@desk3"? */
static bool is_called_after(const struct erase_value *via, const struct erase_value *actor)
{
    const char *at = via->folded ? memrchr(via->folded, '@', via->folded_len) : NULL;
    size_t len = at ? (size_t)(at - via->folded) : via->folded_len;
    return via->folded && actor->folded && actor->folded_len &&
           ((via->folded_len == actor->folded_len && memcmp(via->folded, actor->folded, actor->folded_len) == 0) ||
            (len == actor->folded_len && memcmp(via->folded, actor->folded, len) == 0));
}

static void drop_values(struct erasure *e, size_t seq_count, size_t value_count)
{
    e->seq_count = seq_count;
    while (e->value_count > value_count) {
        e->value_count--;
        free(e->values[e->value_count].text);
        free(e->values[e->value_count].folded);
    }
}

static int collect_actor(struct erasure *e, struct store_txn *log, struct personal_txn *personal,
                         struct daybook_error *err)
{
    const size_t first = e->seq_count, first_name = e->value_count;
    uint32_t last = 0;
    if (e->target > UINT32_MAX) /* only another log says so */
        return 0;
    int rc = add_chain(e, log, DAYBOOK_ACTOR, (uint32_t)e->target, err);
    if (!rc)
        rc = add_values(e, first, log, personal, err);
    if (!rc)
        rc = store_last_ordinal(log, DAYBOOK_VIA, &last, err);
    const size_t names = e->value_count, own_seqs = e->seq_count;
    for (uint32_t i = 1; i <= last && !rc; i++) {
        const size_t seqs = e->seq_count, values = e->value_count;
        bool is_own = false;
        rc = add_chain(e, log, DAYBOOK_VIA, i, err);
        if (!rc)
            rc = add_values(e, seqs, log, personal, err);
        for (size_t name = first_name; name < names && !rc; name++)
            for (size_t via = values; via < e->value_count; via++)
                is_own |= is_called_after(&e->values[via], &e->values[name]);
        if (!rc && !is_own)
            drop_values(e, seqs, values);
    }
    e->via_count = e->seq_count - own_seqs;
    return rc;
}

static bool has_seq_since(const struct erasure *e, size_t first, uint64_t seq)
{
    bool found = false;
    for (size_t i = first; i < e->seq_count; i++)
        found |= e->seqs[i] == seq;
    return found;
}

/* What was corrected has its old text at another seq: the event, what it took the place of, what took its place. */
static int add_corrections(struct erasure *e, size_t first, struct store_txn *log, struct daybook_error *err)
{
    struct store_void *voids = NULL;
    size_t count = 0, before = 0;
    int rc = store_voids(log, &voids, &count, err);
    while (!rc && before != e->seq_count) {
        before = e->seq_count;
        for (size_t i = 0; i < count && !rc; i++) {
            bool old = has_seq_since(e, first, voids[i].target), new = has_seq_since(e, first, voids[i].replacing);
            if (voids[i].replacing && old != new)
                rc = add_seq(e, old ? voids[i].replacing : voids[i].target, err);
        }
    }
    free(voids);
    return rc;
}

static int count_slot(void *context, const char *field, uint16_t slot, const struct daybook_personal *personal)
{
    size_t *count = context;
    (void)field, (void)slot, (void)personal;
    ++*count;
    return 0;
}

/* Customers and actors are forgotten as a whole: one of their names alone would be computed anew from nothing. */
static int check_note(const struct erasure *e, struct store_txn *log, struct daybook_error *err)
{
    struct event_scratch scratch = {0};
    struct daybook_event event;
    struct daybook_data data;
    const uint8_t *bytes;
    size_t len, slots = 0;
    int rc = store_event(log, e->target, &bytes, &len, err);
    if (!rc)
        rc = event_read_stored(e->target, bytes, len, &event, err);
    if (!rc && (event.kind == DAYBOOK_CUSTOMER || event.kind == DAYBOOK_ACTOR))
        rc = daybook_fail(err, DAYBOOK_BAD_VALUE, "Event %llu is about a name. Forget %s/%u as a whole.",
                          (unsigned long long)e->target, schema_kind_name(event.kind), event.ordinal);
    if (!rc)
        rc = event_read_data(&event, &scratch, &data, err);
    if (!rc)
        rc = data_each_personal(schema_by_wire(event.type), &data, count_slot, &slots);
    if (!rc && slots == 0)
        rc = daybook_fail(err, DAYBOOK_NOT_FOUND, "Event %llu has no text that can be forgotten.",
                          (unsigned long long)e->target);
    event_scratch_release(&scratch);
    return rc;
}

static int collect_note(struct erasure *e, struct store_txn *log, struct personal_txn *personal,
                        struct daybook_error *err)
{
    const size_t first = e->seq_count;
    int rc = check_note(e, log, err);
    if (!rc)
        rc = add_seq(e, e->target, err);
    if (!rc)
        rc = add_corrections(e, first, log, err);
    return rc ? rc : add_values(e, first, log, personal, err);
}

int erase_collect(struct erasure *e, struct store_txn *log, struct personal_txn *personal, enum daybook_erase_kind kind,
                  uint64_t target, struct daybook_error *err)
{
    static int (*const collect[])(struct erasure *, struct store_txn *, struct personal_txn *,
                                  struct daybook_error *) = {
        [DAYBOOK_ERASE_CUSTOMER] = collect_customer,
        [DAYBOOK_ERASE_ACTOR] = collect_actor,
        [DAYBOOK_ERASE_NOTE] = collect_note,
    };
    e->kind = kind;
    e->target = target;
    return collect[kind](e, log, personal, err);
}

static int missing(const struct daybook_erase_request *request, struct daybook_error *err)
{
    const struct daybook_text kind = kinds[request->kind].name, name = request->name;
    if (name.ptr)
        return daybook_fail(err, DAYBOOK_NOT_FOUND, "There is no %s %.*s. Who is forgotten has no name any more.",
                            kind.ptr, (int)name.len, name.ptr);
    return daybook_fail(err, DAYBOOK_NOT_FOUND, "There is no %s/%llu.", kind.ptr, (unsigned long long)request->target);
}

int erase_find(struct store_txn *log, struct personal_txn *personal, const struct daybook_erase_request *request,
               uint64_t *ret, struct daybook_error *err)
{
    const uint32_t kind = kinds[request->kind].subject;
    uint32_t ordinal = request->name.ptr ? 0 : (uint32_t)request->target;
    struct store_head head = {0};
    size_t len = 0;
    int rc = 0;
    if (request->kind == DAYBOOK_ERASE_NOTE) {
        *ret = request->target;
        return 0;
    }
    if (request->name.ptr) {
        char *compared = ledger_compared_name(kind, request->name, &len);
        if (!compared && text_is_valid(request->name))
            return no_memory(err);
        rc =
            compared && len ? ledger_find(log, personal, kind, (struct daybook_text){compared, len}, &ordinal, err) : 0;
        free(compared);
    } else if (request->target == ordinal && kind == DAYBOOK_CUSTOMER) {
        rc = ledger_final_customer(log, &ordinal, err);
    }
    if (!rc && ordinal)
        rc = store_head(log, kind, ordinal, &head, err);
    if (!rc && (head.version == 0 || (!request->name.ptr && request->target > UINT32_MAX)))
        rc = missing(request, err);
    if (!rc)
        *ret = ordinal;
    return rc;
}

/* ---- what is said elsewhere */

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Not within a longer word of ASCII letters: "Li" is not said in "list". */
static bool says(const char *text, size_t len, const struct erase_value *value)
{
    const char *end = text + len, *at = text;
    if (!value->folded || value->folded_len == 0)
        return false;
    while ((at = memmem(at, (size_t)(end - at), value->folded, value->folded_len))) {
        const char *behind = at + value->folded_len;
        bool starts = at == text || !is_word(at[-1]) || !is_word(at[0]);
        bool ends = behind == end || !is_word(behind[-1]) || !is_word(behind[0]);
        if (starts && ends)
            return true;
        at++;
    }
    return false;
}

bool erase_is_said_in(const struct erasure *e, struct daybook_text text)
{
    size_t len = 0;
    char *folded = text.ptr ? text_fold(text, &len) : NULL;
    bool said = false;
    for (size_t i = 0; folded && i < e->value_count && !said; i++)
        said = says(folded, len, &e->values[i]);
    free(folded);
    return said;
}

/* ---- moving */

struct move {
    const struct erasure *erasure;
    struct personal *fresh;
    struct personal_txn *to;
    size_t bytes; /* put since the last commit */
    struct event_scratch scratch;
    struct daybook_erased *erased;
    uint64_t last_mention;
};

/* What one transaction puts stays in memory until it ends. */
static int put_in_part(struct move *m, size_t bytes, struct daybook_error *err)
{
    enum { PART = 16 << 20 };
    m->bytes += bytes;
    if (m->bytes < PART)
        return 0;
    m->bytes = 0;
    struct personal_txn *full = m->to;
    m->to = NULL;
    int rc = personal_commit(full, err);
    return rc ? rc : personal_begin(m->fresh, true, &m->to, err);
}

static int copy_value(void *context, uint64_t seq, uint16_t slot, const uint8_t *salt, struct daybook_text value,
                      struct daybook_error *err)
{
    struct move *m = context;
    struct daybook_erased *erased = m->erased;
    if (has_seq(m->erasure, seq)) {
        erased->values++;
        return 0;
    }
    if (erase_is_said_in(m->erasure, value) && m->last_mention != seq) {
        if (erased->mention_count < DAYBOOK_ERASE_PLACES)
            erased->mentions[erased->mention_count] = seq;
        erased->mention_count++;
        m->last_mention = seq;
    }
    int rc = personal_put_value(m->to, seq, slot, salt, value, err);
    return rc ? rc : put_in_part(m, DAYBOOK_SALT_SIZE + value.len, err);
}

static int put_name(void *context, bool is_personal, uint32_t kind, struct daybook_text compared, uint32_t ordinal,
                    struct daybook_error *err)
{
    struct move *m = context;
    int rc = is_personal ? personal_put_name(m->to, kind, compared, ordinal, err) : 0;
    return rc ? rc : put_in_part(m, compared.len, err);
}

static bool is_in(const struct erasure *e, const uint8_t *bytes, size_t len)
{
    enum { LEAST = 4 }; /* shorter ones stand in any hash */
    bool found = false;
    for (size_t i = 0; i < e->value_count && !found; i++)
        found = e->values[i].len >= LEAST && memmem(bytes, len, e->values[i].text, e->values[i].len);
    return found;
}

static int see_event(void *context, uint64_t seq, const uint8_t *bytes, size_t len, struct daybook_error *err)
{
    struct move *m = context;
    struct daybook_event event;
    struct daybook_data data;
    if (is_in(m->erasure, bytes, len)) {
        if (m->erased->public_count < DAYBOOK_ERASE_PLACES)
            m->erased->publics[m->erased->public_count] = seq;
        m->erased->public_count++;
    }
    int rc = event_read_stored(seq, bytes, len, &event, err);
    if (rc || !ledger_kind_is_personal(event.kind))
        return rc;
    rc = event_read_data(&event, &m->scratch, &data, err);
    return rc ? rc : names_of_event(&event, &data, m->to, put_name, m, err);
}

/* Begun, and not yet what the log names. */
static int make_generation(struct move *m, struct daybook *ledger, uint64_t generation, struct daybook_error *err)
{
    const bool any_filesystem = ledger->options.unsafe_filesystem;
    int rc = personal_remove(ledger->folder, generation, err); /* of somebody who was killed */
    if (!rc)
        rc = personal_create(ledger->folder, generation, any_filesystem, err);
    if (!rc)
        rc = personal_share_permissions(ledger->folder, generation - 1, generation, err);
    if (!rc)
        rc = personal_open(ledger->folder, generation, any_filesystem, &m->fresh, err);
    return rc ? rc : personal_begin(m->fresh, true, &m->to, err);
}

int erase_move(struct erasure *e, struct daybook *ledger, struct store_txn *log, struct personal_txn **personal,
               struct daybook_erased *ret, struct daybook_error *err)
{
    struct daybook_erased erased = {.target = e->target};
    struct move m = {.erasure = e, .erased = &erased};
    uint64_t generation = 0;
    qsort(e->seqs, e->seq_count, sizeof *e->seqs, compare_seqs);
    int rc = store_meta_number(log, "personal", &generation, err);
    if (!rc)
        rc = make_generation(&m, ledger, generation + 1, err);
    if (!rc)
        rc = personal_each_value(*personal, copy_value, &m, err);
    if (!rc)
        rc = store_each_event(log, 1, see_event, &m, err);
    if (!rc)
        rc = store_put_meta_number(log, "personal", generation + 1, err);
    event_scratch_release(&m.scratch);
    if (rc) {
        personal_abort(m.to);
        personal_close(m.fresh);
        personal_remove(ledger->folder, generation + 1, NULL);
        return rc;
    }
    personal_close(m.fresh); /* the transaction uses it */
    personal_abort(*personal);
    *personal = m.to;
    *ret = erased;
    return 0;
}
