/* All events of a log as the bytes that they are stored in, for rows that put the same bytes elsewhere. */
#ifndef TOOLS_BENCH_STORED_H
#define TOOLS_BENCH_STORED_H

#include "ledger/ledger.h"

enum { STORED_SUBJECT_SIZE = 24 };

/* What a peer needs to know of an event beside its bytes. */
struct stored_columns {
    uint32_t kind, ordinal, nth, type;
    char subject[STORED_SUBJECT_SIZE]; /* as a caller would name it: "order/000042" */
    uint32_t customer;                 /* 0: none */
    int32_t occurred_on, expected_on;  /* DAYBOOK_DAY_NONE: none */
};

/* Bytes and values live in the snapshot. */
struct stored {
    struct daybook_carried *events;
    struct stored_columns *columns;
    const uint8_t **salts; /* by event: the workload's have one personal value at most */
    struct daybook_text *values;
    size_t count;
    size_t bytes; /* of all events */
};

int stored_new(struct daybook_snapshot *snapshot, struct stored *ret, struct daybook_error *err);
void stored_release(struct stored *stored);

#endif
