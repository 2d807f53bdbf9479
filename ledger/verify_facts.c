/* What single events cannot tell and every thread must know: which pattern order numbers had when, and what was
 * forgotten. Both stand in the chain of the ledger itself, which is short. */
#include <stdlib.h>
#include <string.h>

#include "ledger/chain.h"
#include "ledger/erase.h"
#include "ledger/verify_parts.h"

static int no_memory(struct daybook_error *err)
{
    return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory while verifying.");
}

/* ---- forgotten */

static int compare_erased(const void *a, const void *b)
{
    const struct erased *x = a, *y = b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return (x->target > y->target) - (x->target < y->target);
}

static struct erased *find_erased(const struct verify_facts *facts, uint32_t kind, uint64_t target)
{
    struct erased key = {.kind = kind, .target = target};
    return facts->erased_count ? bsearch(&key, facts->erased, facts->erased_count, sizeof key, compare_erased) : NULL;
}

static int add_erased(struct verify_facts *facts, uint32_t kind, uint64_t target, uint64_t seq,
                      struct daybook_error *err)
{
    if (facts->erased_count == facts->erased_capacity) {
        size_t capacity = facts->erased_capacity ? 2 * facts->erased_capacity : 64;
        struct erased *erased = reallocarray(facts->erased, capacity, sizeof *erased);
        if (!erased)
            return no_memory(err);
        facts->erased = erased;
        facts->erased_capacity = capacity;
    }
    facts->erased[facts->erased_count++] = (struct erased){kind, target, seq};
    return 0;
}

/* By kind and target, with the last erasure of each. */
static void sort_erased(struct verify_facts *facts)
{
    size_t kept = 0;
    if (facts->erased_count)
        qsort(facts->erased, facts->erased_count, sizeof *facts->erased, compare_erased);
    for (size_t i = 0; i < facts->erased_count; i++) {
        struct erased *last = kept ? &facts->erased[kept - 1] : NULL;
        if (!last || compare_erased(last, &facts->erased[i]))
            facts->erased[kept++] = facts->erased[i];
        else if (last->seq < facts->erased[i].seq)
            last->seq = facts->erased[i].seq;
    }
    facts->erased_count = kept;
}

/* Who forgets a text forgets what it was corrected to and from. Each event is replaced once and replaces one: up and
 * down the rows again reach all of them. */
static int add_corrections(struct verify_facts *facts, struct store_txn *log, struct daybook_error *err)
{
    struct store_void *voids = NULL;
    size_t count = 0;
    int rc = store_voids(log, &voids, &count, err);
    for (size_t i = 0; i < 2 * count && !rc; i++) {
        const struct store_void *row = &voids[i < count ? i : 2 * count - 1 - i];
        const struct erased *old = find_erased(facts, DAYBOOK_ERASE_NOTE, row->target);
        const struct erased *new = row->replacing ? find_erased(facts, DAYBOOK_ERASE_NOTE, row->replacing) : NULL;
        if (row->replacing && !old != !new) {
            rc = add_erased(facts, DAYBOOK_ERASE_NOTE, old ? row->replacing : row->target, old ? old->seq : new->seq,
                            err);
            sort_erased(facts);
        }
    }
    free(voids);
    return rc;
}

bool verify_is_erased(const struct verify_facts *facts, struct store_txn *log, const struct event_place *place)
{
    const struct erased *by = find_erased(facts, DAYBOOK_ERASE_NOTE, place->seq);
    uint32_t customer = place->ordinal;
    if (by && by->seq > place->seq)
        return true;
    switch (place->kind) {
    case DAYBOOK_CUSTOMER:
        if (facts->erased_count && !ledger_final_customer(log, &customer, NULL))
            by = find_erased(facts, DAYBOOK_ERASE_CUSTOMER, customer);
        break;
    case DAYBOOK_ACTOR:
        by = find_erased(facts, DAYBOOK_ERASE_ACTOR, place->ordinal);
        break;
    case DAYBOOK_VIA: /* whose, only its name could tell */
        return facts->last_actor_erased > place->seq;
    default:
        break;
    }
    return by && by->seq > place->seq;
}

/* ---- the chain */

static int add_pattern(struct verify_facts *facts, uint64_t seq, struct daybook_text text, struct daybook_error *err)
{
    struct pattern *patterns = reallocarray(facts->patterns, facts->pattern_count + 1, sizeof *patterns);
    if (!patterns)
        return no_memory(err);
    facts->patterns = patterns;
    struct pattern *added = &patterns[facts->pattern_count++];
    *added = (struct pattern){.seq = seq};
    memcpy(added->text, text.ptr, text.len);
    return 0;
}

static int add_erasure(struct verify_facts *facts, struct store_txn *log, uint64_t seq, const struct daybook_data *data,
                       struct daybook_error *err)
{
    enum daybook_erase_kind kind;
    uint32_t customer = (uint32_t)data->target;
    if (!erase_kind_of(data->category, &kind))
        return 0;
    if (kind == DAYBOOK_ERASE_ACTOR)
        facts->last_actor_erased = seq;
    if (kind != DAYBOOK_ERASE_CUSTOMER || ledger_final_customer(log, &customer, NULL))
        return add_erased(facts, kind, data->target, seq, err);
    return add_erased(facts, kind, customer, seq, err);
}

static int load_event(struct verify_facts *facts, struct store_txn *log, struct chain *chain, size_t index,
                      struct daybook_error *err)
{
    struct daybook_data data;
    const struct daybook_event *event = &chain->links[index].event;
    if (event->type != DAYBOOK_LEDGER_OPENED && event->type != DAYBOOK_LEDGER_CHANGED &&
        event->type != DAYBOOK_PERSONAL_DATA_ERASED)
        return 0;
    int rc = chain_data(chain, index, &chain->scratch, &data, err);
    if (!rc && event->type == DAYBOOK_PERSONAL_DATA_ERASED)
        return add_erasure(facts, log, event->seq, &data, err);
    return rc || !data.numbers.len || data.numbers.len > NUMBERS_PATTERN_MAX
               ? rc
               : add_pattern(facts, event->seq, data.numbers, err);
}

/* What is damaged on the way is found where it lies. */
static int pass_damage(int rc)
{
    return rc == DAYBOOK_DAMAGED || rc == DAYBOOK_NOT_FOUND || rc == DAYBOOK_NEWER_FORMAT ? 0 : rc;
}

int verify_facts_load(struct verify_facts *facts, struct daybook_snapshot *snapshot, struct daybook_error *err)
{
    struct chain chain = {0};
    int rc = chain_load(&chain, snapshot->log, DAYBOOK_LEDGER, 1, UINT64_MAX, err);
    for (size_t i = 0; i < chain.count && !rc; i++)
        rc = load_event(facts, snapshot->log, &chain, i, err);
    chain_release(&chain);
    rc = pass_damage(rc);
    sort_erased(facts);
    return rc || facts->erased_count == 0 ? rc : pass_damage(add_corrections(facts, snapshot->log, err));
}

void verify_facts_release(struct verify_facts *facts)
{
    free(facts->patterns);
    free(facts->erased);
}
