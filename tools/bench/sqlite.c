/* SQLite as a peer: subjects by the names that callers use, as a ledger takes them, and what the questions need in
 * columns beside the event, which favours it. */
#include "tools/bench/sqlite.h"

#include <sqlite3.h>
#include <stdlib.h>

struct sqlite {
    sqlite3 *db;
    sqlite3_stmt *insert;
};

static const char schema[] = "PRAGMA journal_mode = WAL;"
                             "PRAGMA synchronous = FULL;"
                             "PRAGMA cache_size = -262144;" /* KiB */
                             "CREATE TABLE events("
                             "    seq INTEGER PRIMARY KEY,"
                             "    subject TEXT NOT NULL,"
                             "    version INTEGER NOT NULL,"
                             "    type INTEGER NOT NULL,"
                             "    occurred_on INTEGER,"
                             "    customer INTEGER,"
                             "    expected_on INTEGER,"
                             "    event BLOB NOT NULL,"
                             "    UNIQUE(subject, version))";

static const char insert_sql[] =
    "INSERT INTO events(subject, version, type, occurred_on, customer, expected_on, event) VALUES(?,?,?,?,?,?,?)";

/* The workload's deliveries are final, and each is of the whole order. */
#define ORDERS                                                                                                         \
    "SELECT customer, ordered_on, expected_on, delivered_on FROM ("                                                    \
    "    SELECT subject, max(customer) AS customer,"                                                                   \
    "           max(occurred_on) FILTER (WHERE type = :created) AS ordered_on,"                                        \
    "           max(occurred_on) FILTER (WHERE type = :delivered) AS delivered_on"                                     \
    "    FROM events WHERE type IN (:created, :delivered) GROUP BY subject)"                                           \
    " LEFT JOIN ("                                                                                                     \
    "    SELECT subject, expected_on, max(version)"                                                                    \
    "    FROM events WHERE expected_on IS NOT NULL GROUP BY subject) USING (subject)"
#define MEASURED                                                                                                       \
    "SELECT customer, delivered_on - expected_on AS lateness, delivered_on - ordered_on AS lead FROM orders"           \
    " WHERE delivered_on IS NOT NULL AND expected_on IS NOT NULL"
#define RANKED                                                                                                         \
    "SELECT *, row_number() OVER (PARTITION BY customer ORDER BY lateness) AS place,"                                  \
    "       count(*) OVER (PARTITION BY customer) AS places FROM measured"
#define BY_CUSTOMER                                                                                                    \
    "SELECT count(*), sum(lead), sum(max(lateness, 0)), max(lateness) FILTER (WHERE place = (places + 1) / 2)"         \
    " FROM ranked GROUP BY customer"

static int fail(const struct sqlite *sqlite, struct daybook_error *err)
{
    return daybook_fail(err, DAYBOOK_IO, "SQLite: %s.", sqlite3_errmsg(sqlite->db));
}

static int execute(struct sqlite *sqlite, const char *sql, struct daybook_error *err)
{
    return sqlite3_exec(sqlite->db, sql, NULL, NULL, NULL) ? fail(sqlite, err) : 0;
}

int sqlite_new(const char *path, struct sqlite **ret, struct daybook_error *err)
{
    struct sqlite *sqlite = calloc(1, sizeof *sqlite);
    if (!sqlite)
        return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for SQLite.");
    int rc = sqlite3_open(path, &sqlite->db) ? fail(sqlite, err) : execute(sqlite, schema, err);
    if (!rc && sqlite3_prepare_v2(sqlite->db, insert_sql, -1, &sqlite->insert, NULL))
        rc = fail(sqlite, err);
    if (rc)
        sqlite_free(sqlite);
    else
        *ret = sqlite;
    return rc;
}

void sqlite_free(struct sqlite *sqlite)
{
    if (!sqlite)
        return;
    sqlite3_finalize(sqlite->insert);
    sqlite3_close(sqlite->db);
    free(sqlite);
}

/* ---- appending */

static int bind_day(sqlite3_stmt *statement, int column, int32_t day)
{
    return day == DAYBOOK_DAY_NONE ? sqlite3_bind_null(statement, column) : sqlite3_bind_int(statement, column, day);
}

static int put_event(struct sqlite *sqlite, const struct stored_columns *columns, const struct daybook_carried *event,
                     struct daybook_error *err)
{
    sqlite3_stmt *insert = sqlite->insert;
    bool failed =
        sqlite3_bind_text(insert, 1, columns->subject, -1, SQLITE_STATIC) ||
        sqlite3_bind_int64(insert, 2, columns->nth) || sqlite3_bind_int64(insert, 3, columns->type) ||
        bind_day(insert, 4, columns->occurred_on) ||
        (columns->customer ? sqlite3_bind_int64(insert, 5, columns->customer) : sqlite3_bind_null(insert, 5)) ||
        bind_day(insert, 6, columns->expected_on) ||
        sqlite3_bind_blob(insert, 7, event->bytes, (int)event->len, SQLITE_STATIC) ||
        sqlite3_step(insert) != SQLITE_DONE;
    int rc = failed ? fail(sqlite, err) : 0;
    sqlite3_reset(insert);
    return rc;
}

int sqlite_append(struct sqlite *sqlite, const struct stored *stored, size_t first, size_t count, size_t a_commit,
                  struct daybook_error *err)
{
    int rc = 0;
    for (size_t done = 0; done < count && !rc; done += a_commit) {
        size_t end = first + (count - done < a_commit ? count : done + a_commit);
        rc = execute(sqlite, "BEGIN IMMEDIATE", err);
        for (size_t i = first + done; i < end && !rc; i++)
            rc = put_event(sqlite, &stored->columns[i], &stored->events[i], err);
        if (!rc)
            rc = execute(sqlite, "COMMIT", err);
    }
    return rc;
}

int sqlite_settle(struct sqlite *sqlite, struct daybook_error *err)
{
    return execute(sqlite, "PRAGMA wal_checkpoint(TRUNCATE)", err);
}

/* ---- asking */

static void bind_type(sqlite3_stmt *statement, const char *name, uint32_t type)
{
    int index = sqlite3_bind_parameter_index(statement, name);
    if (index)
        sqlite3_bind_int64(statement, index, type);
}

/* Each row's figures are added to the sums. */
static int ask(struct sqlite *sqlite, const char *sql, struct delay_sums *ret, struct daybook_error *err)
{
    struct delay_sums sums = {0};
    sqlite3_stmt *statement = NULL;
    int step = SQLITE_ERROR;
    if (!sqlite3_prepare_v2(sqlite->db, sql, -1, &statement, NULL)) {
        bind_type(statement, ":created", DAYBOOK_ORDER_CREATED);
        bind_type(statement, ":delivered", DAYBOOK_ORDER_DELIVERED);
        while ((step = sqlite3_step(statement)) == SQLITE_ROW) {
            sums.measured += sqlite3_column_int64(statement, 0);
            sums.lead_days += sqlite3_column_int64(statement, 1);
            sums.late_days += sqlite3_column_int64(statement, 2);
            sums.medians += sqlite3_column_int64(statement, 3);
        }
    }
    int rc = step == SQLITE_DONE ? 0 : fail(sqlite, err);
    sqlite3_finalize(statement);
    if (!rc)
        *ret = sums;
    return rc;
}

int sqlite_delays(struct sqlite *sqlite, struct delay_sums *ret, struct daybook_error *err)
{
    return ask(sqlite, "WITH orders AS (" ORDERS "), measured AS (" MEASURED "), ranked AS (" RANKED ") " BY_CUSTOMER,
               ret, err);
}

int sqlite_make_orders(struct sqlite *sqlite, struct daybook_error *err)
{
    struct delay_sums none;
    return ask(sqlite, "CREATE TABLE orders AS " ORDERS, &none, err);
}

int sqlite_delays_from_orders(struct sqlite *sqlite, struct delay_sums *ret, struct daybook_error *err)
{
    return ask(sqlite, "WITH measured AS (" MEASURED "), ranked AS (" RANKED ") " BY_CUSTOMER, ret, err);
}
