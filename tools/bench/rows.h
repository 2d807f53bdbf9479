/* What is measured, and what each figure is held against. */
#ifndef TOOLS_BENCH_ROWS_H
#define TOOLS_BENCH_ROWS_H

#include <stddef.h>

enum row {
    ROW_NONE,
    RAW_DURABLE,
    SQLITE_DURABLE,
    APPEND_DURABLE,
    APPEND_8_THREADS,
    APPEND_64_THREADS,
    RAW_BULK,
    RAW_HEADS_BULK,
    SQLITE_BULK,
    APPEND_BULK,
    CARRY_BULK,
    LOAD_EXACT,
    LOAD_FOREIGN,
    IMPORT_TABLE,
    BYTES_STORED,
    RAW_BYTES_ON_DISK,
    SQLITE_BYTES_ON_DISK,
    BYTES_ON_DISK,
    BYTES_WITH_KEYS,
    BYTES_WITH_PERSONAL,
    RAW_SCAN,
    EVENT_READ,
    EVENT_CHECK,
    VERIFY,
    VERIFY_A_CORE,
    FOLD,
    VIEW_REBUILD,
    SQLITE_DELAYS,
    DELAYS_FROM_EVENTS,
    COLUMN_READ,
    SQLITE_FACTS,
    DELAYS_FROM_VIEW,
    STATS_PROCESS,
    ROW_COUNT
};

struct row_name {
    const char *name, *unit;
};
extern const struct row_name row_names[ROW_COUNT];

enum goal { GOAL_NONE, AT_LEAST, AT_MOST };

/* A figure as a ratio to another row of the same round or, where `of` is ROW_NONE, to a fixed figure. */
struct comparison {
    enum row row, of;
    double of_figure;
    enum goal goal;
    double goal_ratio;
};
extern const struct comparison comparisons[];
extern const size_t comparison_count;

/* Peers that goals name and that no run here can reach. */
struct absent_peer {
    const char *name, *goals;
};
extern const struct absent_peer absent_peers[];
extern const size_t absent_peer_count;

#endif
