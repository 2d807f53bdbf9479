/* The log on disk: tables, keys, transactions. Numbers in values are little-endian, as the machine has them. */
#include "ledger/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/env_copy.h"
#include "ledger/recent.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "ledger files are little-endian");

enum table { EVENTS, HEADS, NAMES, KEYS, VOIDS, TREE, META, TABLE_COUNT };

static const struct {
    const char *name;
    unsigned flags;
} tables[TABLE_COUNT] = {
    [EVENTS] = {"events", MDB_INTEGERKEY},
    [HEADS] = {"heads", MDB_INTEGERKEY},
    [NAMES] = {"names", 0},
    [KEYS] = {"keys", MDB_INTEGERKEY},
    [VOIDS] = {"voids", MDB_INTEGERKEY},
    [TREE] = {"tree", MDB_INTEGERKEY},
    [META] = {"meta", 0},
};

struct store {
    char *folder;
    struct env *env;
    int queue; /* log/queue, or -1 when reading only */
    bool read_only;
    MDB_dbi tables[TABLE_COUNT];
    struct recent *recent;  /* from the first write transaction on */
    size_t recent_holds_in; /* id of the one transaction in which it holds what the log says */
};

struct store_txn {
    struct store *store;
    MDB_txn *mdb;
    /* A writer's for puts in a row, an ordered reader's for rows near the last one; opened when first needed. */
    MDB_cursor *cursors[TABLE_COUNT];
    bool is_ordered;       /* only of a reader */
    struct recent *recent; /* the store's, in a write transaction */
    bool continues;        /* our own last commit */
};

struct head_row {
    uint64_t last_seq;
    uint32_t version;
} __attribute__((packed));

static const struct env_options log_options = {.tables_max = TABLE_COUNT, .address_eighths = 3};

static int open_tables_locked(struct store *store, bool create, struct daybook_error *err)
{
    MDB_txn *txn = NULL;
    int rc = env_begin(store->env, create, &txn, err);
    if (rc)
        return rc;
    int lmdb = 0;
    for (int i = 0; i < TABLE_COUNT && !lmdb; i++)
        lmdb = mdb_dbi_open(txn, tables[i].name, tables[i].flags | (create ? MDB_CREATE : 0), &store->tables[i]);
    if (!lmdb && create) {
        uint64_t format = STORE_FORMAT;
        MDB_val key = {6, (void *)(uintptr_t) "format"}, value = {sizeof format, &format};
        lmdb = mdb_put(txn, store->tables[META], &key, &value, 0);
    }
    if (lmdb) {
        env_abort(store->env, txn);
        return env_fail(store->env, lmdb, err);
    }
    return env_commit(store->env, txn, err);
}

static int open_tables(struct store *store, bool create, struct daybook_error *err)
{
    env_lock_tables();
    int rc = open_tables_locked(store, create, err);
    env_unlock_tables();
    return rc;
}

static char *path_join(const char *folder, const char *name)
{
    char *path = NULL;
    return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

static void store_free(struct store *store)
{
    if (!store)
        return;
    env_close(store->env);
    if (store->queue >= 0)
        close(store->queue);
    recent_free(store->recent);
    free(store->folder);
    free(store);
}

static int store_new(const char *folder, struct store **ret, struct daybook_error *err)
{
    struct store *store = calloc(1, sizeof *store);
    char *copy = strdup(folder);
    if (!store || !copy) {
        free(store);
        free(copy);
        return path_fail(folder, ENOMEM, "opening", err);
    }
    store->folder = copy;
    store->queue = -1;
    *ret = store;
    return 0;
}

static int create_log(const char *log, bool any_filesystem, struct store *store, struct daybook_error *err)
{
    struct env_options options = log_options;
    options.any_filesystem = any_filesystem;
    int rc = env_open(log, &options, &store->env, err);
    return rc ? rc : open_tables(store, true, err);
}

static void remove_log(const char *log)
{
    static const char *const files[] = {"data.mdb", "lock.mdb"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *path = path_join(log, files[i]);
        if (path)
            unlink(path);
        free(path);
    }
    rmdir(log);
}

int store_put_identity(struct store_txn *txn, struct daybook_text id, struct daybook_text zone_name,
                       struct daybook_text numbers, struct daybook_error *err)
{
    int rc = store_put_meta_text(txn, "id", id, err);
    if (!rc)
        rc = store_put_meta_text(txn, "timezone", zone_name, err);
    return rc ? rc : store_put_meta_text(txn, "numbers", numbers, err);
}

static int write_identity(struct store *store, struct daybook_text id, struct daybook_text zone_name,
                          struct daybook_text numbers, struct daybook_error *err)
{
    struct store_txn txn = {.store = store};
    int rc = env_begin(store->env, true, &txn.mdb, err);
    if (rc)
        return rc;
    rc = store_put_identity(&txn, id, zone_name, numbers, err);
    if (!rc)
        return env_commit(store->env, txn.mdb, err);
    env_abort(store->env, txn.mdb);
    return rc;
}

int store_create(const char *folder, bool any_filesystem, struct daybook_text id, struct daybook_text zone_name,
                 struct daybook_text numbers, struct daybook_error *err)
{
    struct store *store = NULL;
    char *log = path_join(folder, "log"), *fresh = path_join(folder, "log.new-XXXXXX");
    int rc = log && fresh ? store_new(folder, &store, err) : path_fail(folder, ENOMEM, "creating", err);
    if (!rc && (!mkdtemp(fresh) || chmod(fresh, 0770)))
        rc = path_fail(fresh, errno, "creating", err);
    if (!rc)
        rc = create_log(fresh, any_filesystem, store, err);
    if (!rc)
        rc = write_identity(store, id, zone_name, numbers, err);
    store_free(store);
    if (!rc)
        rc = path_sync_folder(fresh, err);
    if (!rc && rename(fresh, log)) /* now it is there, whole, also after a power cut */
        rc = errno == ENOTEMPTY || errno == EEXIST
                 ? daybook_fail(err, DAYBOOK_ALREADY_EXISTS, "Somebody else just made a ledger in %s.", folder)
                 : path_fail(log, errno, "creating", err);
    if (rc && fresh)
        remove_log(fresh);
    else if (!rc)
        rc = path_sync_folder(folder, err);
    free(fresh);
    free(log);
    return rc;
}

static int check_format(struct store *store, struct daybook_error *err)
{
    struct store_txn *txn = NULL;
    uint64_t format = 0;
    int rc = store_begin(store, false, &txn, err);
    if (!rc)
        rc = store_meta_number(txn, "format", &format, err);
    store_abort(txn);
    if (!rc && format != STORE_FORMAT)
        rc = daybook_fail(err, format > STORE_FORMAT ? DAYBOOK_NEWER_FORMAT : DAYBOOK_DAMAGED,
                          "%s has format %llu; this program knows format %d. Use a newer daybook.", store->folder,
                          (unsigned long long)format, STORE_FORMAT);
    return rc;
}

static int open_queue(struct store *store, const char *log, struct daybook_error *err)
{
    char *path = path_join(log, "queue");
    if (!path)
        return path_fail(log, ENOMEM, "opening", err);
    store->queue = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0660);
    int rc = store->queue < 0 ? path_fail(path, errno, "opening", err) : 0;
    free(path);
    return rc;
}

static int open_log(struct store *store, const char *log, bool any_filesystem, struct daybook_error *err)
{
    struct env_options options = log_options;
    options.any_filesystem = any_filesystem;
    options.read_only = access(log, W_OK) != 0;
    store->read_only = options.read_only;
    int rc = env_open(log, &options, &store->env, err);
    if (!rc)
        rc = open_tables(store, false, err);
    if (!rc && !store->read_only)
        rc = open_queue(store, log, err);
    return rc ? rc : check_format(store, err);
}

int store_open(const char *folder, bool any_filesystem, struct store **ret, struct daybook_error *err)
{
    struct store *store = NULL;
    char *log = path_join(folder, "log"), *data = path_join(folder, "log/data.mdb");
    int rc = log && data ? store_new(folder, &store, err) : path_fail(folder, ENOMEM, "opening", err);
    if (!rc && access(data, F_OK))
        rc = errno == ENOENT || errno == ENOTDIR ? daybook_fail(err, DAYBOOK_NO_LEDGER,
                                                                "There is no ledger in %s. `daybook init` makes one; "
                                                                "--ledger or $DAYBOOK_LEDGER names another folder.",
                                                                folder)
                                                 : path_fail(folder, errno, "opening", err);
    if (!rc)
        rc = open_log(store, log, any_filesystem, err);
    free(log);
    free(data);
    if (rc)
        store_free(store);
    else
        *ret = store;
    return rc;
}

void store_close(struct store *store)
{
    store_free(store);
}

bool store_is_read_only(const struct store *store)
{
    return store->read_only;
}

int store_refuse_forked(const struct store *store, struct daybook_error *err)
{
    return env_refuse_forked(store->env, err);
}

/* LMDB's own lock is unfair between processes; who waits for it holds the queue, so that processes take turns. */
static int wait_for_turn(struct store *store, struct daybook_error *err)
{
    if (store->read_only)
        return daybook_fail(err, DAYBOOK_READ_ONLY, "%s cannot be written: no permission, or a read-only disk.",
                            store->folder);
    while (flock(store->queue, LOCK_EX))
        if (errno != EINTR)
            return path_fail(store->folder, errno, "locking", err);
    return 0;
}

/* LMDB numbers the transactions that were committed: when ours directly follows our last one, nobody else wrote. */
static void use_recent(struct store_txn *txn)
{
    struct store *store = txn->store;
    txn->continues = store->recent_holds_in == mdb_txn_id(txn->mdb);
    if (!txn->continues)
        recent_clear(store->recent);
    store->recent_holds_in = 0;
    txn->recent = store->recent;
}

int store_begin(struct store *store, bool write, struct store_txn **ret, struct daybook_error *err)
{
    if (write && !store->recent)
        store->recent = recent_new();
    struct store_txn *txn = calloc(1, sizeof *txn);
    if (!txn || (write && !store->recent)) {
        free(txn);
        return path_fail(store->folder, ENOMEM, "using", err);
    }
    txn->store = store;
    int rc = write ? wait_for_turn(store, err) : 0;
    if (!rc) {
        rc = env_begin(store->env, write, &txn->mdb, err);
        if (write)
            flock(store->queue, LOCK_UN);
    }
    if (rc) {
        free(txn);
        return rc;
    }
    if (write)
        use_recent(txn);
    *ret = txn;
    return 0;
}

bool store_continues(const struct store_txn *txn)
{
    return txn->continues;
}

uint64_t store_commit_id(const struct store_txn *txn)
{
    return mdb_txn_id(txn->mdb);
}

static int put_heads(struct store_txn *txn, struct daybook_error *err);

int store_commit(struct store_txn *txn, struct daybook_error *err)
{
    struct store *store = txn->store;
    size_t id = mdb_txn_id(txn->mdb);
    int rc = put_heads(txn, err);
    if (rc) {
        store_abort(txn);
        return rc;
    }
    rc = env_commit(store->env, txn->mdb, err); /* closes the cursors of a write transaction */
    if (!rc)
        store->recent_holds_in = id + 1;
    free(txn);
    return rc;
}

void store_abort(struct store_txn *txn)
{
    if (!txn)
        return;
    for (int i = 0; i < TABLE_COUNT; i++)
        if (txn->is_ordered && txn->cursors[i])
            mdb_cursor_close(txn->cursors[i]); /* a writer's end with its transaction */
    env_abort(txn->store->env, txn->mdb);
    free(txn);
}

void store_expect_order(struct store_txn *txn)
{
    txn->is_ordered = true;
}

/* ---- rows */

static int get(struct store_txn *txn, enum table table, MDB_val key, MDB_val *ret, bool *ret_found,
               struct daybook_error *err)
{
    MDB_dbi dbi = txn->store->tables[table];
    int rc = txn->is_ordered ? env_get_near(txn->mdb, dbi, &txn->cursors[table], &key, ret)
                             : mdb_get(txn->mdb, dbi, &key, ret);
    *ret_found = rc == 0;
    return rc == MDB_NOTFOUND ? 0 : env_fail(txn->store->env, rc, err);
}

static int put_with(struct store_txn *txn, enum table table, MDB_val key, MDB_val value, unsigned flags,
                    struct daybook_error *err)
{
    MDB_cursor **cursor = &txn->cursors[table];
    int checked = env_expect_put(txn->store->env, txn->mdb, tables[table].name, &key, err);
    if (checked)
        return checked;
    int rc = *cursor ? 0 : mdb_cursor_open(txn->mdb, txn->store->tables[table], cursor);
    if (!rc)
        rc = mdb_cursor_put(*cursor, &key, &value, flags);
    return env_fail(txn->store->env, rc, err);
}

static int put(struct store_txn *txn, enum table table, MDB_val key, MDB_val value, struct daybook_error *err)
{
    return put_with(txn, table, key, value, 0, err);
}

static int damaged_row(struct store_txn *txn, enum table table, struct daybook_error *err)
{
    return daybook_fail(err, DAYBOOK_DAMAGED, "A row of table %s in %s/log cannot be as it is. Run `daybook verify`.",
                        tables[table].name, txn->store->folder);
}

/* A row of fixed size under a number; what is not there leaves *ret as it is and *ret_found false. */
static int get_fixed(struct store_txn *txn, enum table table, uint64_t key, void *ret, size_t size, bool *ret_found,
                     struct daybook_error *err)
{
    MDB_val value;
    int rc = get(txn, table, (MDB_val){sizeof key, &key}, &value, ret_found, err);
    if (rc || !*ret_found)
        return rc;
    if (value.mv_size != size)
        return damaged_row(txn, table, err);
    memcpy(ret, value.mv_data, size);
    return 0;
}

static int put_fixed(struct store_txn *txn, enum table table, uint64_t key, const void *row, size_t size,
                     struct daybook_error *err)
{
    return put(txn, table, (MDB_val){sizeof key, &key}, (MDB_val){size, (void *)(uintptr_t)row}, err);
}

static int count(struct store_txn *txn, enum table table, uint64_t *ret, struct daybook_error *err)
{
    MDB_stat stat;
    int rc = mdb_stat(txn->mdb, txn->store->tables[table], &stat);
    if (!rc)
        *ret = stat.ms_entries;
    return env_fail(txn->store->env, rc, err);
}

int store_last_seq(struct store_txn *txn, uint64_t *ret, struct daybook_error *err)
{
    MDB_cursor *cursor = NULL;
    MDB_val key, value;
    int rc = mdb_cursor_open(txn->mdb, txn->store->tables[EVENTS], &cursor);
    if (!rc) {
        rc = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
        mdb_cursor_close(cursor);
    }
    if (rc == MDB_NOTFOUND) {
        *ret = 0;
        return 0;
    }
    if (rc)
        return env_fail(txn->store->env, rc, err);
    if (key.mv_size != sizeof *ret)
        return damaged_row(txn, EVENTS, err);
    memcpy(ret, key.mv_data, sizeof *ret);
    return 0;
}

int store_event(struct store_txn *txn, uint64_t seq, const uint8_t **ret_bytes, size_t *ret_len,
                struct daybook_error *err)
{
    const uint8_t *bytes = txn->recent ? recent_event(txn->recent, seq, ret_len) : NULL;
    if (bytes) {
        *ret_bytes = bytes;
        return 0;
    }
    MDB_val value;
    bool found;
    int rc = get(txn, EVENTS, (MDB_val){sizeof seq, &seq}, &value, &found, err);
    if (rc)
        return rc;
    if (!found)
        return daybook_fail(err, DAYBOOK_NOT_FOUND, "There is no event %llu.", (unsigned long long)seq);
    *ret_bytes = value.mv_data;
    *ret_len = value.mv_size;
    return 0;
}

int store_put_event(struct store_txn *txn, uint64_t seq, const uint8_t *bytes, size_t len, struct daybook_error *err)
{
    int rc =
        put_with(txn, EVENTS, (MDB_val){sizeof seq, &seq}, (MDB_val){len, (void *)(uintptr_t)bytes}, MDB_APPEND, err);
    if (!rc)
        recent_keep_event(txn->recent, seq, bytes, len);
    return rc;
}

int store_each_event(struct store_txn *txn, uint64_t from, store_visit *visit, void *context, struct daybook_error *err)
{
    MDB_cursor *cursor = NULL;
    MDB_val key = {sizeof from, &from}, value;
    int rc = mdb_cursor_open(txn->mdb, txn->store->tables[EVENTS], &cursor);
    if (rc)
        return env_fail(txn->store->env, rc, err);
    int answer = 0;
    for (rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE); !rc && !answer;
         rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
        uint64_t seq;
        if (key.mv_size != sizeof seq) {
            answer = damaged_row(txn, EVENTS, err);
            break;
        }
        memcpy(&seq, key.mv_data, sizeof seq);
        answer = visit(context, seq, value.mv_data, value.mv_size, err);
        if (answer)
            break;
    }
    mdb_cursor_close(cursor);
    return answer || rc == MDB_NOTFOUND ? answer : env_fail(txn->store->env, rc, err);
}

static uint64_t subject_key(uint32_t kind, uint32_t ordinal)
{
    return (uint64_t)kind << 32 | ordinal;
}

/* Orders come first in the table, so new ones are put before the heads of all else, and LMDB would leave half empty
 * every page that it splits there. Taken out first, to be put again with the others, the next rows are not in the way:
 * a page that is added to at its end is split so that it stays full. */
static int lift_rows_behind_orders(struct store_txn *txn, struct daybook_error *err)
{
    enum { ROWS = 160 }; /* more than a page has */
    MDB_cursor *cursor = NULL;
    int lmdb = mdb_cursor_open(txn->mdb, txn->store->tables[HEADS], &cursor), rc = 0;
    for (int i = 0; i < ROWS && !lmdb && !rc; i++) {
        struct head_row row;
        uint64_t subject = subject_key(DAYBOOK_ORDER + 1, 0);
        MDB_val key = {sizeof subject, &subject}, value;
        lmdb = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
        if (lmdb)
            break;
        if (value.mv_size != sizeof row) {
            rc = damaged_row(txn, HEADS, err);
            break;
        }
        if ((rc = env_expect_put(txn->store->env, txn->mdb, tables[HEADS].name, &key, err)))
            break;
        memcpy(&subject, key.mv_data, sizeof subject);
        memcpy(&row, value.mv_data, sizeof row);
        const struct recent_head *newer = recent_head(txn->recent, subject);
        if (!newer || !newer->unwritten)
            recent_keep_head(txn->recent, subject, row.last_seq, row.version, true);
        lmdb = mdb_cursor_del(cursor, 0);
    }
    if (cursor)
        mdb_cursor_close(cursor);
    return rc || lmdb == MDB_NOTFOUND ? rc : env_fail(txn->store->env, lmdb, err);
}

/* What is not in the table yet, in the order of keys. */
static int put_heads(struct store_txn *txn, struct daybook_error *err)
{
    enum { MANY = 256 };
    struct recent *recent = txn->recent;
    if (!recent || recent->unwritten_count == 0)
        return 0;
    int rc = recent->unwritten_count < MANY ? 0 : lift_rows_behind_orders(txn, err);
    recent_sort_unwritten(recent);
    for (size_t i = 0; i < recent->unwritten_count && !rc; i++) {
        const struct recent_head *head = recent_head(recent, recent->unwritten[i]);
        struct head_row row = {head->last_seq, head->version};
        rc = put_fixed(txn, HEADS, recent->unwritten[i], &row, sizeof row, err);
    }
    if (!rc)
        recent_heads_written(recent);
    return rc;
}

static int keep_head(struct store_txn *txn, uint64_t subject, struct store_head head, bool unwritten,
                     struct daybook_error *err)
{
    if (recent_is_full(txn->recent)) {
        int rc = put_heads(txn, err);
        if (rc)
            return rc;
        recent_forget_heads(txn->recent);
    }
    recent_keep_head(txn->recent, subject, head.last_seq, head.version, unwritten);
    return 0;
}

int store_head(struct store_txn *txn, uint32_t kind, uint32_t ordinal, struct store_head *ret,
               struct daybook_error *err)
{
    const uint64_t subject = subject_key(kind, ordinal);
    const struct recent_head *recent = txn->recent ? recent_head(txn->recent, subject) : NULL;
    if (recent) {
        *ret = (struct store_head){recent->version, recent->last_seq};
        return 0;
    }
    struct head_row row = {0};
    bool found;
    int rc = get_fixed(txn, HEADS, subject, &row, sizeof row, &found, err);
    const struct store_head head = {row.version, row.last_seq};
    if (!rc && found && txn->recent)
        rc = keep_head(txn, subject, head, false, err);
    if (!rc)
        *ret = head;
    return rc;
}

int store_put_head(struct store_txn *txn, uint32_t kind, uint32_t ordinal, struct store_head head,
                   struct daybook_error *err)
{
    uint32_t *last = kind < DAYBOOK_KIND_COUNT ? &txn->recent->last_ordinals[kind] : NULL;
    if (last && *last && ordinal > *last)
        *last = ordinal;
    return keep_head(txn, subject_key(kind, ordinal), head, true, err);
}

static int find_last_ordinal(struct store_txn *txn, uint32_t kind, uint32_t *ret, struct daybook_error *err)
{
    MDB_cursor *cursor = NULL;
    uint64_t beyond = subject_key(kind + 1, 0), last = 0;
    MDB_val key = {sizeof beyond, &beyond}, value;
    int rc = mdb_cursor_open(txn->mdb, txn->store->tables[HEADS], &cursor);
    if (rc)
        return env_fail(txn->store->env, rc, err);
    rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    if (!rc)
        rc = mdb_cursor_get(cursor, &key, &value, MDB_PREV);
    else if (rc == MDB_NOTFOUND)
        rc = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
    if (!rc && key.mv_size == sizeof last)
        memcpy(&last, key.mv_data, sizeof last);
    mdb_cursor_close(cursor);
    if (rc && rc != MDB_NOTFOUND)
        return env_fail(txn->store->env, rc, err);
    /* Each subject has an event. A key that was damaged must not have memory made for billions. */
    uint64_t last_seq = 0, ordinal = !rc && last >> 32 == kind ? (uint32_t)last : 0;
    rc = store_last_seq(txn, &last_seq, err);
    if (rc || ordinal > last_seq)
        return rc ? rc : damaged_row(txn, HEADS, err);
    *ret = (uint32_t)ordinal;
    return 0;
}

int store_last_ordinal(struct store_txn *txn, uint32_t kind, uint32_t *ret, struct daybook_error *err)
{
    uint32_t *known = txn->recent && kind < DAYBOOK_KIND_COUNT ? &txn->recent->last_ordinals[kind] : NULL;
    if (known && *known) {
        *ret = *known;
        return 0;
    }
    int rc = put_heads(txn, err);
    if (!rc)
        rc = find_last_ordinal(txn, kind, ret, err);
    if (!rc && known)
        *known = *ret;
    return rc;
}

int store_head_count(struct store_txn *txn, uint64_t *ret, struct daybook_error *err)
{
    return count(txn, HEADS, ret, err);
}

size_t store_name_key(uint32_t kind, struct daybook_text name, uint8_t out[NAME_KEY_MAX])
{
    enum { WHOLE_MAX = 400 };
    out[0] = (uint8_t)kind;
    if (name.len <= WHOLE_MAX) {
        memcpy(out + 1, name.ptr, name.len);
        return 1 + name.len;
    }
    memcpy(out + 1, name.ptr, WHOLE_MAX);
    sha256_pair(name.ptr, name.len, "", 0, out + 1 + WHOLE_MAX);
    return NAME_KEY_MAX;
}

int store_name(struct store_txn *txn, uint32_t kind, struct daybook_text name, uint32_t *ret, struct daybook_error *err)
{
    uint8_t key[NAME_KEY_MAX];
    MDB_val value;
    bool found;
    int rc = get(txn, NAMES, (MDB_val){store_name_key(kind, name, key), key}, &value, &found, err);
    if (rc)
        return rc;
    if (found && value.mv_size != sizeof *ret)
        return damaged_row(txn, NAMES, err);
    if (found)
        memcpy(ret, value.mv_data, sizeof *ret);
    else
        *ret = 0;
    return 0;
}

int store_put_name(struct store_txn *txn, uint32_t kind, struct daybook_text name, uint32_t ordinal,
                   struct daybook_error *err)
{
    uint8_t key[NAME_KEY_MAX];
    return put(txn, NAMES, (MDB_val){store_name_key(kind, name, key), key}, (MDB_val){sizeof ordinal, &ordinal}, err);
}

int store_name_count(struct store_txn *txn, uint64_t *ret, struct daybook_error *err)
{
    return count(txn, NAMES, ret, err);
}

int store_key(struct store_txn *txn, uint64_t key, uint64_t *ret_seq, struct daybook_error *err)
{
    bool found;
    uint64_t seq = 0;
    int rc = get_fixed(txn, KEYS, key, &seq, sizeof seq, &found, err);
    if (!rc)
        *ret_seq = seq;
    return rc;
}

int store_put_key(struct store_txn *txn, uint64_t key, uint64_t seq, struct daybook_error *err)
{
    return put_fixed(txn, KEYS, key, &seq, sizeof seq, err);
}

int store_key_count(struct store_txn *txn, uint64_t *ret, struct daybook_error *err)
{
    return count(txn, KEYS, ret, err);
}

int store_voids(struct store_txn *txn, struct store_void **ret, size_t *ret_count, struct daybook_error *err)
{
    uint64_t total = 0;
    int rc = count(txn, VOIDS, &total, err);
    struct store_void *rows = rc ? NULL : calloc(total + 1, sizeof *rows);
    if (!rc && !rows)
        rc = path_fail(txn->store->folder, ENOMEM, "reading", err);
    MDB_cursor *cursor = NULL;
    if (!rc)
        rc = env_fail(txn->store->env, mdb_cursor_open(txn->mdb, txn->store->tables[VOIDS], &cursor), err);
    MDB_val key, value;
    size_t used = 0;
    while (!rc && used < total && !mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
        if (key.mv_size != 8 || value.mv_size != 16) {
            rc = damaged_row(txn, VOIDS, err);
            break;
        }
        memcpy(&rows[used].target, key.mv_data, 8);
        memcpy(&rows[used].voiding, value.mv_data, 8);
        memcpy(&rows[used++].replacing, (const char *)value.mv_data + 8, 8);
    }
    if (cursor)
        mdb_cursor_close(cursor);
    if (rc) {
        free(rows);
        return rc;
    }
    *ret = rows;
    *ret_count = used;
    return 0;
}

int store_put_void(struct store_txn *txn, const struct store_void *row, struct daybook_error *err)
{
    uint64_t value[2] = {row->voiding, row->replacing};
    return put_fixed(txn, VOIDS, row->target, value, sizeof value, err);
}

static uint64_t row_key(unsigned level, uint64_t index)
{
    return (uint64_t)level << 56 | index;
}

int store_tree_row(struct store_txn *txn, unsigned level, uint64_t index, struct tree_hash *ret,
                   struct daybook_error *err)
{
    bool found;
    int rc = get_fixed(txn, TREE, row_key(level, index), ret, sizeof *ret, &found, err);
    if (!rc && !found)
        rc = daybook_fail(err, DAYBOOK_DAMAGED, "Row %llu of level %u of the tree is missing. Run `daybook verify`.",
                          (unsigned long long)index, level);
    return rc;
}

int store_put_tree_row(struct store_txn *txn, const struct tree_row *row, struct daybook_error *err)
{
    return put_fixed(txn, TREE, row_key(row->level, row->index), &row->hash, sizeof row->hash, err);
}

int store_tree_row_count(struct store_txn *txn, uint64_t *ret, struct daybook_error *err)
{
    return count(txn, TREE, ret, err);
}

static MDB_val meta_key(const char *name)
{
    return (MDB_val){strlen(name), (void *)(uintptr_t)name};
}

int store_meta_text(struct store_txn *txn, const char *name, struct daybook_text *ret, struct daybook_error *err)
{
    MDB_val value;
    bool found;
    int rc = get(txn, META, meta_key(name), &value, &found, err);
    if (!rc)
        *ret = found ? (struct daybook_text){value.mv_data, value.mv_size} : DAYBOOK_TEXT_NONE;
    return rc;
}

int store_put_meta_text(struct store_txn *txn, const char *name, struct daybook_text value, struct daybook_error *err)
{
    return put(txn, META, meta_key(name), (MDB_val){value.len, (void *)(uintptr_t)value.ptr}, err);
}

int store_meta_number(struct store_txn *txn, const char *name, uint64_t *ret, struct daybook_error *err)
{
    MDB_val value;
    bool found;
    int rc = get(txn, META, meta_key(name), &value, &found, err);
    if (rc)
        return rc;
    if (found && value.mv_size != sizeof *ret)
        return damaged_row(txn, META, err);
    *ret = 0;
    if (found)
        memcpy(ret, value.mv_data, sizeof *ret);
    return 0;
}

int store_put_meta_number(struct store_txn *txn, const char *name, uint64_t value, struct daybook_error *err)
{
    return put(txn, META, meta_key(name), (MDB_val){sizeof value, &value}, err);
}

int store_copy(struct store_txn *txn, const char *path, void (*progress)(void *context, uint64_t rows), void *context,
               struct daybook_error *err)
{
    struct env_copy copy = {.progress = progress, .context = context};
    int rc = env_copy_begin(&copy, path, TABLE_COUNT, err);
    for (int i = 0; i < TABLE_COUNT && !rc; i++)
        rc = env_copy_table(&copy, txn->mdb, txn->store->tables[i], tables[i].name, tables[i].flags, NULL, NULL, err);
    if (!rc)
        return env_copy_end(&copy, err);
    env_copy_abort(&copy);
    return rc;
}

int store_row_count(struct store_txn *txn, uint64_t *ret, struct daybook_error *err)
{
    uint64_t rows = 0, all = 0;
    int rc = 0;
    for (int i = 0; i < TABLE_COUNT && !rc; i++, all += rows)
        rc = count(txn, (enum table)i, &rows, err);
    *ret = all;
    return rc;
}

int store_meta_count(struct store_txn *txn, uint64_t *ret, struct daybook_error *err)
{
    return count(txn, META, ret, err);
}

int store_sizes(struct store *store, struct store_sizes *ret, struct daybook_error *err)
{
    struct stat file;
    MDB_envinfo info;
    int fd = -1;
    int rc = mdb_env_get_fd(env_lmdb(store->env), &fd);
    if (!rc)
        rc = mdb_env_info(env_lmdb(store->env), &info);
    if (rc)
        return env_fail(store->env, rc, err);
    if (fstat(fd, &file))
        return path_fail(store->folder, errno, "reading", err);
    int cleared = env_clear_stale_readers(store->env);
    *ret = (struct store_sizes){(uint64_t)file.st_size, info.me_numreaders, (unsigned)cleared};
    return 0;
}

const char *store_lmdb_version(void)
{
    return mdb_version(NULL, NULL, NULL);
}
