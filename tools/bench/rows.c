/* The rows and their goals. */
#include "tools/bench/rows.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

const struct row_name row_names[ROW_COUNT] = {
    [RAW_DURABLE] = {"raw LMDB: an event a commit", "events/s"},
    [SQLITE_DURABLE] = {"SQLite: an event a commit", "events/s"},
    [APPEND_DURABLE] = {"daybook_append: an entry a call", "events/s"},
    [APPEND_8_THREADS] = {"daybook_append: 8 threads", "events/s"},
    [APPEND_64_THREADS] = {"daybook_append: 64 threads", "events/s"},
    [RAW_BULK] = {"raw LMDB: 10,000 a commit", "events/s"},
    [RAW_HEADS_BULK] = {"raw LMDB with heads: 10,000 a commit", "events/s"},
    [SQLITE_BULK] = {"SQLite: 10,000 a commit", "events/s"},
    [APPEND_BULK] = {"daybook_append: 10,000 a call", "events/s"},
    [CARRY_BULK] = {"daybook_carry: 10,000 a call", "events/s"},
    [LOAD_EXACT] = {"daybook load: lines of a log", "lines/s"},
    [LOAD_FOREIGN] = {"daybook load: foreign lines", "lines/s"},
    [IMPORT_TABLE] = {"daybook import: CSV", "rows/s"},
    [BYTES_STORED] = {"an event stored", "bytes"},
    [RAW_BYTES_ON_DISK] = {"an event on disk: raw LMDB", "bytes"},
    [SQLITE_BYTES_ON_DISK] = {"an event on disk: SQLite", "bytes"},
    [BYTES_ON_DISK] = {"an event on disk: log/", "bytes"},
    [BYTES_WITH_KEYS] = {"an event on disk: log/ with keys of foreign events", "bytes"},
    [BYTES_WITH_PERSONAL] = {"an event on disk: log/ and personal data", "bytes"},
    [RAW_SCAN] = {"raw LMDB: scan, a byte touched", "events/s"},
    [EVENT_READ] = {"event_read of all events", "events/s"},
    [EVENT_CHECK] = {"check of all events", "events/s"},
    [VERIFY] = {"verify of the whole ledger, all cores", "events/s"},
    [VERIFY_A_CORE] = {"verify of the whole ledger, a core", "events/s"},
    [FOLD] = {"fold of all orders into delay facts", "events/s"},
    [VIEW_REBUILD] = {"rebuild of the view delays", "events/s"},
    [SQLITE_DELAYS] = {"SQLite: delays by customer, from events", "events/s"},
    [DELAYS_FROM_EVENTS] = {"delays by customer, from events", "events/s"},
    [COLUMN_READ] = {"a column of 24-byte rows, read from memory", "orders/s"},
    [SQLITE_FACTS] = {"SQLite: delays by customer, a row an order", "orders/s"},
    [DELAYS_FROM_VIEW] = {"delays by customer, from the view", "orders/s"},
    [STATS_PROCESS] = {"daybook stats delays --by customer, whole process", "ms"},
};

const struct comparison comparisons[] = {
    {APPEND_DURABLE, RAW_DURABLE, 0, AT_LEAST, 0.75},
    {APPEND_DURABLE, SQLITE_DURABLE, 0, GOAL_NONE, 0},
    /* PostgreSQL with 8 clients made 11.5 k/s where raw LMDB made 3.4; 64 writers are to make three times as many. */
    {APPEND_8_THREADS, RAW_DURABLE, 0, AT_LEAST, 3.4},
    {APPEND_64_THREADS, RAW_DURABLE, 0, AT_LEAST, 10.1},
    {RAW_HEADS_BULK, RAW_BULK, 0, GOAL_NONE, 0},
    {APPEND_BULK, RAW_HEADS_BULK, 0, AT_LEAST, 0.6},
    {APPEND_BULK, SQLITE_BULK, 0, AT_LEAST, 8},
    {CARRY_BULK, RAW_HEADS_BULK, 0, GOAL_NONE, 0},
    {LOAD_EXACT, ROW_NONE, 400e3, AT_LEAST, 1},
    {LOAD_FOREIGN, ROW_NONE, 400e3, AT_LEAST, 1},
    {IMPORT_TABLE, ROW_NONE, 200e3, AT_LEAST, 1},
    {BYTES_STORED, ROW_NONE, 64, AT_MOST, 1},
    {BYTES_ON_DISK, ROW_NONE, 92, AT_MOST, 1},
    {BYTES_ON_DISK, SQLITE_BYTES_ON_DISK, 0, GOAL_NONE, 0},
    {BYTES_WITH_KEYS, ROW_NONE, 92, AT_MOST, 1},
    {BYTES_WITH_PERSONAL, RAW_BYTES_ON_DISK, 0, GOAL_NONE, 0},
    {EVENT_READ, RAW_SCAN, 0, GOAL_NONE, 0},
    {EVENT_CHECK, RAW_SCAN, 0, GOAL_NONE, 0},
    {VERIFY_A_CORE, ROW_NONE, 3e6, AT_LEAST, 1},
    {FOLD, RAW_SCAN, 0, GOAL_NONE, 0},
    {VIEW_REBUILD, RAW_SCAN, 0, GOAL_NONE, 0},
    {DELAYS_FROM_EVENTS, ROW_NONE, 25e6, AT_LEAST, 1},
    {DELAYS_FROM_EVENTS, RAW_SCAN, 0, AT_LEAST, 1.0 / 3},
    {DELAYS_FROM_EVENTS, SQLITE_DELAYS, 0, AT_LEAST, 70},
    {DELAYS_FROM_VIEW, COLUMN_READ, 0, AT_LEAST, 0.5},
    {DELAYS_FROM_VIEW, SQLITE_FACTS, 0, GOAL_NONE, 0},
    {STATS_PROCESS, ROW_NONE, 20, AT_MOST, 1},
};
const size_t comparison_count = COUNT(comparisons);

const struct absent_peer absent_peers[] = {
    {"PostgreSQL", "8 writers as many as 8 clients, bulk 5 times COPY, delays from events 25 times"},
    {"DuckDB", "bulk as many as without keys, delays from events 5 times, from the view 10 times"},
};
const size_t absent_peer_count = COUNT(absent_peers);
