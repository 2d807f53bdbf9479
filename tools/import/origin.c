/* Voids say what replaced what; sources say who said it. */
#include "tools/import/origin.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/text.h"

static int no_memory(struct daybook_error *err)
{
    return daybook_fail(err, DAYBOOK_NO_MEMORY, "Not enough memory to tell where events are from.");
}

/* ---- sources */

static int load_source(struct origin_sources *sources, struct daybook_snapshot *snapshot, uint32_t ordinal,
                       struct daybook_error *err)
{
    static const struct daybook_text prefix = {ORIGIN_UNDO_PREFIX, sizeof ORIGIN_UNDO_PREFIX - 1};
    struct origin_source *source = &sources->list[ordinal];
    struct daybook_data data;
    int rc = chain_load(&sources->chain, snapshot->log, DAYBOOK_SOURCE, ordinal, UINT64_MAX, err);
    if (rc || sources->chain.count == 0)
        return rc;
    rc = chain_data(&sources->chain, 0, &sources->chain.scratch, &data, err);
    if (rc)
        return rc;
    source->identity = data.identity;
    if (text_equals(data.category, DAYBOOK_TEXT("import")))
        source->role = ORIGIN_IMPORT;
    if (!text_equals(data.category, DAYBOOK_TEXT("undo-import")) || data.identity.len <= prefix.len ||
        memcmp(data.identity.ptr, prefix.ptr, prefix.len) != 0)
        return 0;
    source->role = ORIGIN_UNDO;
    return daybook_find(snapshot, DAYBOOK_SOURCE,
                        (struct daybook_text){data.identity.ptr + prefix.len, data.identity.len - prefix.len},
                        &source->import, err);
}

int origin_sources_load(struct origin_sources *sources, struct daybook_snapshot *snapshot, struct daybook_error *err)
{
    uint32_t last = 0;
    int rc = store_last_ordinal(snapshot->log, DAYBOOK_SOURCE, &last, err);
    struct origin_source *list = rc ? NULL : calloc((size_t)last + 1, sizeof *list);
    if (!list)
        return rc ? rc : no_memory(err);
    free(sources->list);
    sources->list = list;
    sources->count = last + 1;
    for (uint32_t ordinal = 1; ordinal <= last && !rc; ordinal++)
        rc = load_source(sources, snapshot, ordinal, err);
    return rc;
}

void origin_sources_release(struct origin_sources *sources)
{
    free(sources->list);
    chain_release(&sources->chain);
    *sources = (struct origin_sources){0};
}

/* Sources that are newer than the snapshot, and none, are no import's. */
static struct origin_source source_of(const struct origin_sources *sources, uint32_t ordinal)
{
    return ordinal < sources->count ? sources->list[ordinal] : (struct origin_source){.role = ORIGIN_OTHER};
}

/* ---- traces */

size_t origin_before(const struct origin_traces *traces, const struct origin_sources *sources, size_t link,
                     uint32_t import)
{
    size_t before = traces->list[link].replaced;
    while (before != ORIGIN_NONE) {
        uint32_t by = traces->list[before].import;
        if (by != import && !source_of(sources, by).is_undone)
            break;
        before = traces->list[before].replaced;
    }
    return before;
}

/* What an undoing put in the target's place says what stood there before. Imports correct days and nothing else, so the
 * day tells which one that is. */
static size_t find_restored(const struct origin_traces *traces, const struct chain *chain, uint32_t import,
                            size_t target, size_t replacement)
{
    size_t link = traces->list[target].replaced;
    while (link != ORIGIN_NONE && (traces->list[link].import == import ||
                                   chain->links[link].event.occurred_on != chain->links[replacement].event.occurred_on))
        link = traces->list[link].replaced;
    return link;
}

/* What an undoing takes back never was, nor was the correction that had put it there, down to what stands again; and
 * that is of whoever said it first. */
static void trace_undoing(struct origin_traces *traces, const struct chain *chain, uint32_t import, size_t target,
                          size_t replacement)
{
    size_t restored =
        replacement == ORIGIN_NONE ? ORIGIN_NONE : find_restored(traces, chain, import, target, replacement);
    for (size_t link = target; link != restored && link != ORIGIN_NONE; link = traces->list[link].replaced) {
        traces->list[link].never_was = true;
        if (traces->list[link].replacing != ORIGIN_NONE)
            traces->list[traces->list[link].replacing].never_was = true;
    }
    if (replacement == ORIGIN_NONE)
        return;
    traces->list[replacement].never_was = true;
    traces->list[replacement].import = restored == ORIGIN_NONE ? 0 : traces->list[restored].import;
}

static int trace_void(struct origin_traces *traces, const struct origin_sources *sources, struct chain *chain,
                      size_t index, struct daybook_error *err)
{
    const struct daybook_event *event = &chain->links[index].event;
    struct origin_source source = source_of(sources, event->cause_source);
    struct daybook_data data;
    int rc = chain_data(chain, index, &chain->scratch, &data, err);
    if (rc)
        return rc;
    size_t target = chain_find(chain, data.target);
    size_t replacement = data.replacement ? chain_find(chain, event->seq + data.replacement) : chain->count;
    if (target >= index)
        return 0;
    bool is_replaced = replacement > index && replacement < chain->count;
    if (source.role == ORIGIN_UNDO) {
        traces->list[index].never_was = true;
        trace_undoing(traces, chain, source.import, target, is_replaced ? replacement : ORIGIN_NONE);
    }
    if (is_replaced) {
        traces->list[replacement].replaced = target;
        traces->list[replacement].replacing = index;
    }
    return 0;
}

int origin_traces_find(struct origin_traces *traces, const struct origin_sources *sources, struct chain *chain,
                       struct daybook_error *err)
{
    int rc = 0;
    if (traces->capacity < chain->count) {
        struct origin_trace *list = realloc(traces->list, chain->capacity * sizeof *list);
        if (!list)
            return no_memory(err);
        traces->list = list;
        traces->capacity = chain->capacity;
    }
    for (size_t i = 0; i < chain->count; i++) {
        uint32_t cause = chain->links[i].event.cause_source;
        bool said = source_of(sources, cause).role == ORIGIN_IMPORT;
        traces->list[i] = (struct origin_trace){said ? cause : 0, ORIGIN_NONE, ORIGIN_NONE, false};
    }
    for (size_t i = 0; i < chain->count && !rc; i++)
        if (chain->links[i].event.type == DAYBOOK_ORDER_EVENT_VOIDED)
            rc = trace_void(traces, sources, chain, i, err);
    return rc;
}

void origin_traces_release(struct origin_traces *traces)
{
    free(traces->list);
    *traces = (struct origin_traces){0};
}
