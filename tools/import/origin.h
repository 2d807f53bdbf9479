/* Which import an event of an order is from, once undone imports and corrections are looked through.
 *
 * An undone import leaves both on record: what it said, and voids whose cause is a source of its own, "undo <identity
 * of the import>". For whoever compares a table with what imports said, neither was ever said. */
#ifndef TOOLS_IMPORT_ORIGIN_H
#define TOOLS_IMPORT_ORIGIN_H

#include "ledger/chain.h"
#include "ledger/ledger.h"

#define ORIGIN_UNDO_PREFIX "undo "

enum origin_role { ORIGIN_OTHER, ORIGIN_IMPORT, ORIGIN_UNDO };

struct origin_source {
    enum origin_role role;
    uint32_t import; /* of an undoing: the source that was undone */
    struct daybook_text identity;
    bool is_undone; /* the caller's: what it said last was taken back */
};

/* By ordinal; starts as {0}. */
struct origin_sources {
    struct origin_source *list;
    uint32_t count; /* one more than the last ordinal */
    struct chain chain;
};
/* Identities live as long as the snapshot. May be called again with the next one. */
int origin_sources_load(struct origin_sources *sources, struct daybook_snapshot *snapshot, struct daybook_error *err);
void origin_sources_release(struct origin_sources *sources);

#define ORIGIN_NONE SIZE_MAX

/* Where one event of a chain comes from. */
struct origin_trace {
    uint32_t import;  /* the source that said it; 0: no import */
    size_t replaced;  /* the link whose place it took; ORIGIN_NONE */
    size_t replacing; /* the void that brought it there; ORIGIN_NONE */
    bool never_was;   /* taken back by an undoing, or its work */
};

/* By link; starts as {0}, reused from order to order. */
struct origin_traces {
    struct origin_trace *list;
    size_t capacity;
};
int origin_traces_find(struct origin_traces *traces, const struct origin_sources *sources, struct chain *chain,
                       struct daybook_error *err);
void origin_traces_release(struct origin_traces *traces);
/* What stands again when that link goes because `import` is undone: the link that had its place before, unless that
 * one is the import's as well, or of one that is undone. ORIGIN_NONE: nothing. */
size_t origin_before(const struct origin_traces *traces, const struct origin_sources *sources, size_t link,
                     uint32_t import);

#endif
