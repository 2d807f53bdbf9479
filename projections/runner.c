/* The runner keeps views. The one file of the projections that knows LMDB. */
#include "projections/runner.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "ledger/env.h"

enum {
    TABLE_COUNT = 2,
    PATH_SIZE = 4096,
    NAME_SIZE = 64,
    NAME_MAX_LEN = 32,
    SUBJECTS_A_COMMIT = 20000,
    FILLED_A_COMMIT = 1 << 22
};

/* What a view knows of itself; one row of its table "meta". */
struct view_meta {
    uint64_t position; /* all events up to it are in the rows */
    uint64_t building; /* 0: whole; else the next ordinal to fold */
    uint8_t root[TREE_HASH_SIZE];
    char ledger_id[LEDGER_ID_SIZE];
};

struct daybook_rows {
    struct env *env;
    MDB_txn *txn;
    MDB_dbi tables[TABLE_COUNT], meta;
    bool comparing; /* puts are compared with what is kept */
    bool differs;
    uint64_t compared; /* of the main table */
};

struct daybook_view {
    struct env *env;
    struct daybook_rows rows;
};

static int no_memory(struct daybook_error *err)
{
    return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for a view.");
}

/* ---- rows */

/* A row is its bytes and a check of them, so that a damaged view is told from a good one. */
static uint32_t row_check(uint64_t key, const void *bytes, size_t len)
{
    return (uint32_t)XXH3_64bits_withSeed(bytes, len, key);
}

static int split_row(struct daybook_rows *rows, uint64_t key, const MDB_val *value, size_t *ret_len,
                     struct daybook_error *err)
{
    uint32_t check;
    if (value->mv_size >= sizeof check) {
        *ret_len = value->mv_size - sizeof check;
        memcpy(&check, (const char *)value->mv_data + *ret_len, sizeof check);
        if (check == row_check(key, value->mv_data, *ret_len))
            return 0;
    }
    return daybook_fail(err, DAYBOOK_DAMAGED, "A row of %s is damaged. `daybook rebuild --all` makes views anew.",
                        env_folder(rows->env));
}

int daybook_rows_put(struct daybook_rows *rows, enum daybook_table table, uint64_t key, const void *bytes, size_t len,
                     struct daybook_error *err)
{
    uint32_t check = row_check(key, bytes, len);
    MDB_val k = {sizeof key, &key}, value = {len + sizeof check, NULL};
    if (!rows->comparing) {
        int rc = env_fail(rows->env, mdb_put(rows->txn, rows->tables[table], &k, &value, MDB_RESERVE), err);
        if (!rc) {
            memcpy(value.mv_data, bytes, len);
            memcpy((char *)value.mv_data + len, &check, sizeof check);
        }
        return rc;
    }
    rows->compared += table == DAYBOOK_TABLE_MAIN;
    const void *kept;
    size_t kept_len = 0;
    int rc = daybook_rows_get(rows, table, key, &kept, &kept_len, err);
    rows->differs |= !rc && (!kept || kept_len != len || memcmp(kept, bytes, len) != 0);
    return rc;
}

int daybook_rows_remove(struct daybook_rows *rows, enum daybook_table table, uint64_t key, struct daybook_error *err)
{
    MDB_val k = {sizeof key, &key};
    if (rows->comparing) {
        const void *kept;
        size_t len;
        int rc = daybook_rows_get(rows, table, key, &kept, &len, err);
        rows->differs |= !rc && kept;
        return rc;
    }
    int rc = mdb_del(rows->txn, rows->tables[table], &k, NULL);
    return rc == MDB_NOTFOUND ? 0 : env_fail(rows->env, rc, err);
}

int daybook_rows_get(struct daybook_rows *rows, enum daybook_table table, uint64_t key, const void **ret_bytes,
                     size_t *ret_len, struct daybook_error *err)
{
    MDB_val k = {sizeof key, &key}, value;
    int rc = mdb_get(rows->txn, rows->tables[table], &k, &value);
    *ret_bytes = rc ? NULL : value.mv_data;
    *ret_len = 0;
    if (rc)
        return rc == MDB_NOTFOUND ? 0 : env_fail(rows->env, rc, err);
    rc = split_row(rows, key, &value, ret_len, err);
    if (rc != DAYBOOK_DAMAGED || !rows->comparing)
        return rc;
    rows->differs = true;
    *ret_bytes = NULL;
    return 0;
}

int daybook_rows_each(struct daybook_rows *rows, enum daybook_table table, daybook_rows_visit *visit, void *context,
                      struct daybook_error *err)
{
    MDB_cursor *cursor = NULL;
    MDB_val key, value;
    int rc = mdb_cursor_open(rows->txn, rows->tables[table], &cursor);
    if (rc)
        return env_fail(rows->env, rc, err);
    int answer = 0;
    while (!answer && !(rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT))) {
        uint64_t number = 0;
        memcpy(&number, key.mv_data, key.mv_size < sizeof number ? key.mv_size : sizeof number);
        size_t len = 0;
        answer = split_row(rows, number, &value, &len, err);
        if (!answer)
            answer = visit(context, number, value.mv_data, len, err);
    }
    mdb_cursor_close(cursor);
    return answer || rc == MDB_NOTFOUND ? answer : env_fail(rows->env, rc, err);
}

static int row_count(struct daybook_rows *rows, uint64_t *ret, struct daybook_error *err)
{
    MDB_stat stat;
    int rc = mdb_stat(rows->txn, rows->tables[DAYBOOK_TABLE_MAIN], &stat);
    *ret = rc ? 0 : stat.ms_entries;
    return env_fail(rows->env, rc, err);
}

static int read_meta(struct daybook_rows *rows, struct view_meta *ret, struct daybook_error *err)
{
    MDB_val key = {4, (void *)(uintptr_t) "view"}, value;
    int rc = mdb_get(rows->txn, rows->meta, &key, &value);
    *ret = (struct view_meta){0};
    if (!rc && value.mv_size != sizeof *ret)
        rc = MDB_CORRUPTED;
    if (!rc)
        memcpy(ret, value.mv_data, sizeof *ret);
    return rc == MDB_NOTFOUND ? 0 : env_fail(rows->env, rc, err);
}

static int write_meta(struct daybook_rows *rows, const struct view_meta *meta, struct daybook_error *err)
{
    MDB_val key = {4, (void *)(uintptr_t) "view"}, value = {sizeof *meta, (void *)(uintptr_t)meta};
    return env_fail(rows->env, mdb_put(rows->txn, rows->meta, &key, &value, 0), err);
}

/* ---- folders */

static void views_path(const struct daybook *ledger, const char *name, char out[PATH_SIZE])
{
    snprintf(out, PATH_SIZE, "%s/views%s%s", daybook_folder(ledger), *name ? "/" : "", name);
}

static bool read_current(const struct daybook *ledger, const struct daybook_projection *projection, char out[NAME_SIZE])
{
    char file[NAME_SIZE], path[PATH_SIZE];
    snprintf(file, sizeof file, "%s.current", projection->name);
    views_path(ledger, file, path);
    FILE *stream = fopen(path, "re");
    bool good = stream && fgets(out, NAME_SIZE, stream);
    if (stream)
        fclose(stream);
    if (!good)
        return false;
    out[strcspn(out, "\n")] = '\0';
    char prefix[NAME_SIZE];
    snprintf(prefix, sizeof prefix, "%s-v", projection->name);
    return strncmp(out, prefix, strlen(prefix)) == 0 && !strchr(out, '/');
}

static uint32_t version_of(const char *folder)
{
    const char *v = strstr(folder, "-v");
    return v ? (uint32_t)strtoul(v + 2, NULL, 10) : 0;
}

static int write_current(const struct daybook *ledger, const struct daybook_projection *projection, const char *folder,
                         struct daybook_error *err)
{
    char file[NAME_SIZE], fresh[PATH_SIZE], path[PATH_SIZE];
    snprintf(file, sizeof file, "%s.current", projection->name);
    views_path(ledger, file, path);
    snprintf(file, sizeof file, "%s.next", projection->name);
    views_path(ledger, file, fresh);
    FILE *stream = fopen(fresh, "we");
    bool good = stream && fprintf(stream, "%s\n", folder) > 0 && fflush(stream) == 0 && fsync(fileno(stream)) == 0;
    if (stream)
        good = fclose(stream) == 0 && good;
    if (good && rename(fresh, path) == 0)
        return 0;
    return path_fail(path, errno, "writing", err);
}

static void remove_folder(const char *path)
{
    static const char *const files[] = {"data.mdb", "lock.mdb"};
    char file[PATH_SIZE + 16];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(file, sizeof file, "%s/%s", path, files[i]);
        unlink(file);
    }
    rmdir(path);
}

/* Every folder of the projection but `kept`; who still reads one keeps its files until it ends. */
static void remove_others(const struct daybook *ledger, const struct daybook_projection *projection, const char *kept)
{
    char path[PATH_SIZE], prefix[NAME_SIZE];
    views_path(ledger, "", path);
    snprintf(prefix, sizeof prefix, "%s-v", projection->name);
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0 && strcmp(entry->d_name, kept) != 0) {
            views_path(ledger, entry->d_name, path);
            remove_folder(path);
        }
    if (dir)
        closedir(dir);
}

/* One builder at a time: the lock is the file views/<name>.lock. */
static int lock_building(const struct daybook *ledger, const struct daybook_projection *projection, int *ret_fd,
                         struct daybook_error *err)
{
    char file[NAME_SIZE], path[PATH_SIZE];
    views_path(ledger, "", path);
    if (mkdir(path, 0770) && errno != EEXIST)
        return path_fail(path, errno, "creating", err);
    snprintf(file, sizeof file, "%s.lock", projection->name);
    views_path(ledger, file, path);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0660);
    if (fd < 0)
        return path_fail(path, errno, "opening", err);
    while (flock(fd, LOCK_EX))
        if (errno != EINTR) {
            close(fd);
            return path_fail(path, errno, "locking", err);
        }
    *ret_fd = fd;
    return 0;
}

/* ---- opening an environment */

static int open_tables_locked(struct daybook_view *view, bool create, struct daybook_error *err)
{
    static const char *const names[TABLE_COUNT] = {"main", "side"};
    MDB_txn *txn = NULL;
    int rc = env_begin(view->env, create, &txn, err);
    if (rc)
        return rc;
    unsigned flags = create ? MDB_CREATE : 0;
    int lmdb = mdb_dbi_open(txn, "meta", flags, &view->rows.meta);
    for (int i = 0; i < TABLE_COUNT && !lmdb; i++)
        lmdb = mdb_dbi_open(txn, names[i], flags | MDB_INTEGERKEY, &view->rows.tables[i]);
    if (lmdb) {
        env_abort(view->env, txn);
        return env_fail(view->env, lmdb, err);
    }
    return env_commit(view->env, txn, err);
}

static int open_tables(struct daybook_view *view, bool create, struct daybook_error *err)
{
    env_lock_tables();
    int rc = open_tables_locked(view, create, err);
    env_unlock_tables();
    return rc;
}

static int open_folder(const struct daybook *ledger, const char *folder, bool create, struct daybook_view **ret,
                       struct daybook_error *err)
{
    char path[PATH_SIZE];
    views_path(ledger, folder, path);
    if (create && mkdir(path, 0770) && errno != EEXIST)
        return path_fail(path, errno, "creating", err);
    char data[PATH_SIZE + 16];
    snprintf(data, sizeof data, "%s/data.mdb", path);
    if (!create && access(data, F_OK)) /* it is being removed */
        return path_fail(data, errno, "opening", err);
    struct daybook_view *view = calloc(1, sizeof *view);
    if (!view)
        return no_memory(err);
    struct env_options options = {.tables_max = TABLE_COUNT + 1,
                                  .address_eighths = 1,
                                  .any_filesystem = true,
                                  .read_only = access(path, W_OK) != 0};
    int rc = env_open(path, &options, &view->env, err);
    view->rows.env = view->env;
    if (!rc)
        rc = open_tables(view, create, err);
    if (rc)
        daybook_view_close(view);
    else
        *ret = view;
    return rc;
}

void daybook_view_close(struct daybook_view *view)
{
    if (!view)
        return;
    if (view->rows.txn)
        env_abort(view->env, view->rows.txn);
    env_close(view->env);
    free(view);
}

struct daybook_rows *daybook_view_rows(struct daybook_view *view)
{
    return &view->rows;
}

/* ---- folding */

/* Ordinals of the subjects of a kind that have events from a seq on. */
struct touched {
    uint32_t kind;
    uint32_t *ordinals;
    size_t count, capacity;
};

static int note_touched(void *context, const struct daybook_event *event, struct daybook_error *err)
{
    struct touched *t = context;
    if (event->kind != t->kind || (t->count && t->ordinals[t->count - 1] == event->ordinal))
        return 0;
    if (t->count == t->capacity) {
        size_t wanted = t->capacity ? t->capacity * 2 : 1024;
        uint32_t *bigger = realloc(t->ordinals, wanted * sizeof *bigger);
        if (!bigger)
            return no_memory(err);
        t->ordinals = bigger;
        t->capacity = wanted;
    }
    t->ordinals[t->count++] = event->ordinal;
    return 0;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static uint32_t kind_of(const struct daybook_projection *projection)
{
    return projection->kind ? projection->kind : DAYBOOK_ORDER;
}

static void subject_release(struct daybook_subject *subject)
{
    order_reader_release(&subject->reader);
    order_state_release(&subject->told);
}

static int fold_subject(struct daybook_subject *subject, struct daybook_snapshot *snapshot,
                        const struct daybook_projection *projection, uint32_t ordinal, struct daybook_rows *rows,
                        struct daybook_error *err)
{
    struct order_reader *reader = &subject->reader;
    subject->snapshot = snapshot;
    subject->kind = kind_of(projection);
    subject->ordinal = ordinal;
    int rc = subject->kind == DAYBOOK_ORDER
                 ? order_reader_load(reader, snapshot, ordinal, ORDER_CUT_NOW, err)
                 : chain_load(&reader->chain, snapshot->log, subject->kind, ordinal, UINT64_MAX, err);
    reader->state.ordinal = ordinal;
    if (!rc && subject->kind == DAYBOOK_ORDER)
        order_describe(&reader->state, &subject->order);
    return rc ? rc : projection->put(rows, subject, err);
}

static void set_meta(struct daybook_snapshot *snapshot, struct view_meta *meta)
{
    memcpy(meta->ledger_id, daybook_id(snapshot->ledger), sizeof meta->ledger_id);
}

/* Bring the rows from their position to the snapshot's, in the open write transaction. */
static int catch_up_rows(struct daybook_view *view, struct daybook_snapshot *snapshot,
                         const struct daybook_projection *projection, struct daybook_error *err)
{
    struct view_meta meta;
    struct touched touched = {.kind = kind_of(projection)};
    struct daybook_subject subject = {0};
    int rc = read_meta(&view->rows, &meta, err);
    if (!rc && meta.position < snapshot->last_seq) {
        rc = daybook_follow(snapshot, meta.position + 1, note_touched, &touched, err);
        if (touched.count > 1)
            qsort(touched.ordinals, touched.count, sizeof *touched.ordinals, by_number);
        for (size_t i = 0; i < touched.count && !rc; i++)
            if (i == 0 || touched.ordinals[i] != touched.ordinals[i - 1])
                rc = fold_subject(&subject, snapshot, projection, touched.ordinals[i], &view->rows, err);
        meta.position = snapshot->last_seq;
        if (!rc)
            rc = daybook_root(snapshot, meta.position, meta.root, err);
        set_meta(snapshot, &meta);
        if (!rc)
            rc = write_meta(&view->rows, &meta, err);
    }
    free(touched.ordinals);
    subject_release(&subject);
    return rc;
}

static int begin_rows(struct daybook_view *view, bool write, struct daybook_error *err)
{
    return env_begin(view->env, write, &view->rows.txn, err);
}

static int end_rows(struct daybook_view *view, int rc, struct daybook_error *err)
{
    MDB_txn *txn = view->rows.txn;
    view->rows.txn = NULL;
    if (!rc)
        return env_commit(view->env, txn, err);
    env_abort(view->env, txn);
    return rc;
}

static int catch_up(struct daybook_view *view, struct daybook_snapshot *snapshot,
                    const struct daybook_projection *projection, struct daybook_error *err)
{
    int rc = begin_rows(view, true, err);
    return rc ? rc : end_rows(view, catch_up_rows(view, snapshot, projection, err), err);
}

/* ---- what a projection is told */

uint32_t daybook_subject_ordinal(const struct daybook_subject *subject)
{
    return subject->ordinal;
}

const struct daybook_order *daybook_subject_order(const struct daybook_subject *subject)
{
    return subject->kind == DAYBOOK_ORDER && subject->reader.state.exists ? &subject->order : NULL;
}

struct telling {
    daybook_fold_visit *visit;
    void *context;
};

static int tell(void *context, const struct order_state *state, const struct daybook_event *event,
                const struct daybook_data *data, struct daybook_error *err)
{
    const struct telling *telling = context;
    (void)state;
    return telling->visit(telling->context, event, data, err);
}

int daybook_subject_events(struct daybook_subject *subject, daybook_fold_visit *visit, void *context,
                           struct daybook_error *err)
{
    struct order_reader *reader = &subject->reader;
    struct telling telling = {visit, context};
    int rc = 0;
    if (subject->kind == DAYBOOK_ORDER)
        return order_fold(&subject->told, &reader->chain, reader->chain.count, &reader->places,
                          ledger_zone(subject->snapshot->ledger), DAYBOOK_DAY_NONE, tell, &telling, err);
    for (size_t i = 0; i < reader->chain.count && !rc; i++) {
        struct daybook_data data;
        rc = chain_data(&reader->chain, i, &reader->chain.scratch, &data, err);
        if (!rc)
            rc = visit(context, &reader->chain.links[i].event, &data, err);
    }
    return rc;
}

/* ---- building anew */

/* Some orders more, in a transaction of their own: what is built is not lost when the builder is killed. */
static int build_some(struct daybook_view *view, struct daybook_snapshot *snapshot,
                      const struct daybook_projection *projection, uint32_t last_ordinal, struct view_meta *meta,
                      struct daybook_error *err)
{
    struct daybook_subject subject = {0};
    int rc = begin_rows(view, true, err);
    if (rc)
        return rc;
    uint64_t end = meta->building + (projection->fill ? FILLED_A_COMMIT : SUBJECTS_A_COMMIT);
    if (end > (uint64_t)last_ordinal + 1)
        end = (uint64_t)last_ordinal + 1;
    if (projection->fill)
        rc = projection->fill(&view->rows, snapshot, (uint32_t)meta->building, (uint32_t)end - 1, err);
    for (uint64_t ordinal = meta->building; !projection->fill && !rc && ordinal < end; ordinal++)
        rc = fold_subject(&subject, snapshot, projection, (uint32_t)ordinal, &view->rows, err);
    meta->building = end;
    if (!rc)
        rc = write_meta(&view->rows, meta, err);
    subject_release(&subject);
    return end_rows(view, rc, err);
}

static int build(struct daybook_view *view, struct daybook_snapshot *snapshot,
                 const struct daybook_projection *projection, const struct daybook_view_options *options,
                 struct daybook_error *err)
{
    struct view_meta meta;
    uint32_t last_ordinal = 0;
    int rc = begin_rows(view, false, err);
    if (rc)
        return rc;
    rc = read_meta(&view->rows, &meta, err);
    env_abort(view->env, view->rows.txn);
    view->rows.txn = NULL;
    if (!rc)
        rc = store_last_ordinal(snapshot->log, kind_of(projection), &last_ordinal, err);
    if (!rc && meta.building == 0) {
        meta.position = snapshot->last_seq;
        meta.building = 1;
        set_meta(snapshot, &meta);
        rc = daybook_root(snapshot, meta.position, meta.root, err);
    }
    while (!rc && meta.building <= last_ordinal) {
        rc = build_some(view, snapshot, projection, last_ordinal, &meta, err);
        if (options && options->progress)
            options->progress(options->context, projection->name, meta.building - 1, last_ordinal);
    }
    if (rc)
        return rc;
    meta.building = 0;
    rc = begin_rows(view, true, err);
    if (!rc)
        rc = end_rows(view, write_meta(&view->rows, &meta, err), err);
    return rc ? rc : catch_up(view, snapshot, projection, err); /* what came since an interrupted build began */
}

/* A folder of this version that somebody began and did not finish, of this log; else a fresh name. */
static bool find_unfinished(struct daybook_snapshot *snapshot, const struct daybook_projection *projection,
                            const char *current, char out[NAME_SIZE])
{
    char path[PATH_SIZE], prefix[NAME_SIZE];
    bool found = false;
    views_path(snapshot->ledger, "", path);
    snprintf(prefix, sizeof prefix, "%s-v%u-", projection->name, projection->version);
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir && !found && (entry = readdir(dir));) {
        struct daybook_view *view = NULL;
        struct view_meta meta = {0};
        if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0 || strcmp(entry->d_name, current) == 0 ||
            strlen(entry->d_name) >= NAME_SIZE || open_folder(snapshot->ledger, entry->d_name, false, &view, NULL))
            continue;
        uint8_t root[TREE_HASH_SIZE];
        found = !begin_rows(view, false, NULL) && !read_meta(&view->rows, &meta, NULL) && meta.building > 0 &&
                strcmp(meta.ledger_id, daybook_id(snapshot->ledger)) == 0 && meta.position <= snapshot->last_seq &&
                !daybook_root(snapshot, meta.position, root, NULL) && memcmp(root, meta.root, sizeof root) == 0;
        daybook_view_close(view);
        if (found)
            memcpy(out, entry->d_name, strlen(entry->d_name) + 1);
    }
    if (dir)
        closedir(dir);
    return found;
}

static void fresh_name(const struct daybook *ledger, const struct daybook_projection *projection, char out[NAME_SIZE])
{
    char path[PATH_SIZE];
    for (unsigned n = 1;; n++) {
        snprintf(out, NAME_SIZE, "%s-v%u-%u", projection->name, projection->version, n);
        views_path(ledger, out, path);
        if (access(path, F_OK))
            return;
    }
}

/* Under the builder's lock: build beside the folder in use, then change over. */
static int rebuild_locked(struct daybook_snapshot *snapshot, const struct daybook_projection *projection,
                          const struct daybook_view_options *options, struct daybook_error *err)
{
    char current[NAME_SIZE] = "", folder[NAME_SIZE];
    struct daybook_view *view = NULL;
    read_current(snapshot->ledger, projection, current);
    if (!find_unfinished(snapshot, projection, current, folder))
        fresh_name(snapshot->ledger, projection, folder);
    int rc = open_folder(snapshot->ledger, folder, true, &view, err);
    if (!rc)
        rc = build(view, snapshot, projection, options, err);
    daybook_view_close(view);
    if (!rc)
        rc = write_current(snapshot->ledger, projection, folder, err);
    if (!rc)
        remove_others(snapshot->ledger, projection, folder);
    return rc;
}

/* The name is part of names of files, and what follows it there begins with '-'. */
static int check_name(const struct daybook_projection *projection, struct daybook_error *err)
{
    size_t len = strlen(projection->name);
    if (len && len <= NAME_MAX_LEN && strspn(projection->name, "abcdefghijklmnopqrstuvwxyz0123456789_") == len &&
        projection->version && kind_of(projection) < DAYBOOK_KIND_COUNT)
        return 0;
    return daybook_fail(
        err, DAYBOOK_BAD_VALUE,
        "\"%s\" cannot be the name of a view, or its version is 0: a-z 0-9 and _, at most %d characters.",
        projection->name, NAME_MAX_LEN);
}

int daybook_view_rebuild(struct daybook_snapshot *snapshot, const struct daybook_projection *projection,
                         const struct daybook_view_options *options, struct daybook_error *err)
{
    int fd = -1;
    int rc = check_name(projection, err);
    if (!rc)
        rc = lock_building(snapshot->ledger, projection, &fd, err);
    if (!rc)
        rc = rebuild_locked(snapshot, projection, options, err);
    if (fd >= 0)
        close(fd);
    return rc;
}

/* ---- opening a view */

/* Is the view one of this log, whole, and where? *ret_ahead: it knows events that the snapshot does not. */
static bool is_usable(struct daybook_view *view, struct daybook_snapshot *snapshot, struct view_meta *ret,
                      bool *ret_ahead)
{
    uint8_t root[TREE_HASH_SIZE];
    *ret_ahead = false;
    if (begin_rows(view, false, NULL))
        return false;
    bool good = !read_meta(&view->rows, ret, NULL) && ret->building == 0 && ret->ledger_id[0] &&
                strncmp(ret->ledger_id, daybook_id(snapshot->ledger), sizeof ret->ledger_id) == 0;
    env_abort(view->env, view->rows.txn);
    view->rows.txn = NULL;
    if (good && ret->position > snapshot->last_seq) {
        *ret_ahead = true;
        return true;
    }
    return good && !daybook_root(snapshot, ret->position, root, NULL) && memcmp(root, ret->root, sizeof root) == 0;
}

static bool log_has_seq(struct daybook *ledger, uint64_t seq)
{
    struct daybook_snapshot *now = NULL;
    bool has = !daybook_snapshot_begin(ledger, &now, NULL) && daybook_last_seq(now) >= seq;
    daybook_snapshot_end(now);
    return has;
}

/* Open what is current and usable; *ret_view NULL when there is none. */
static int open_current(struct daybook_snapshot *snapshot, const struct daybook_projection *projection,
                        struct daybook_view **ret_view, struct view_meta *ret_meta, struct daybook_error *err)
{
    char folder[NAME_SIZE];
    struct daybook_view *view = NULL;
    bool ahead = false;
    *ret_view = NULL;
    if (!read_current(snapshot->ledger, projection, folder) || version_of(folder) != projection->version ||
        open_folder(snapshot->ledger, folder, false, &view, NULL))
        return 0;
    if (!is_usable(view, snapshot, ret_meta, &ahead) || (ahead && !log_has_seq(snapshot->ledger, ret_meta->position))) {
        daybook_view_close(view);
        return 0;
    }
    if (ahead) {
        daybook_view_close(view);
        return daybook_fail(err, DAYBOOK_VERSION_CONFLICT, "The view is ahead of this snapshot. Take a new one.");
    }
    *ret_view = view;
    return 0;
}

int daybook_view_open(struct daybook_snapshot *snapshot, const struct daybook_projection *projection,
                      const struct daybook_view_options *options, struct daybook_view **ret, struct daybook_error *err)
{
    struct daybook_view *view = NULL;
    struct view_meta meta;
    int fd = -1;
    int rc = check_name(projection, err);
    if (!rc)
        rc = open_current(snapshot, projection, &view, &meta, err);
    if (!rc && !view) {
        rc = lock_building(snapshot->ledger, projection, &fd, err);
        if (!rc) /* somebody else may have built it meanwhile */
            rc = open_current(snapshot, projection, &view, &meta, err);
        if (!rc && !view)
            rc = rebuild_locked(snapshot, projection, options, err);
        if (!rc && !view)
            rc = open_current(snapshot, projection, &view, &meta, err);
        if (!rc && !view)
            rc = daybook_fail(err, DAYBOOK_DAMAGED, "The view %s cannot be kept in %s/views. Check the disk.",
                              projection->name, daybook_folder(snapshot->ledger));
    }
    if (!rc && meta.position < snapshot->last_seq)
        rc = catch_up(view, snapshot, projection, err);
    if (!rc)
        rc = begin_rows(view, false, err);
    if (!rc)
        rc = read_meta(&view->rows, &meta, err);
    if (!rc && meta.position != snapshot->last_seq)
        rc = daybook_fail(err, DAYBOOK_VERSION_CONFLICT, "The view is ahead of this snapshot. Take a new one.");
    if (fd >= 0)
        close(fd);
    if (rc)
        daybook_view_close(view);
    else
        *ret = view;
    return rc;
}

/* ---- checking */

int daybook_view_check(struct daybook_snapshot *snapshot, const struct daybook_projection *projection,
                       const struct daybook_view_options *options, bool *ret_same, uint64_t *ret_rows,
                       struct daybook_error *err)
{
    struct daybook_view *view = NULL;
    struct daybook_subject subject = {0};
    uint32_t last_ordinal = 0;
    uint64_t kept = 0;
    int rc = daybook_view_open(snapshot, projection, options, &view, err);
    if (!rc)
        rc = store_last_ordinal(snapshot->log, kind_of(projection), &last_ordinal, err);
    if (!rc)
        rc = row_count(&view->rows, &kept, err);
    if (!rc)
        view->rows.comparing = true;
    for (uint32_t ordinal = 1; ordinal <= last_ordinal && !rc; ordinal++) {
        rc = fold_subject(&subject, snapshot, projection, ordinal, &view->rows, err);
        if (options && options->progress && ordinal % 4096 == 0)
            options->progress(options->context, projection->name, ordinal, last_ordinal);
    }
    if (!rc) {
        *ret_same = !view->rows.differs && view->rows.compared == kept;
        *ret_rows = view->rows.compared;
    }
    subject_release(&subject);
    daybook_view_close(view);
    return rc;
}

void view_status(struct daybook_snapshot *snapshot, const struct daybook_projection *projection,
                 struct view_status *ret)
{
    struct daybook_view *view = NULL;
    struct view_meta meta = {0};
    struct view_status status = {0};
    bool ahead = false;
    if (read_current(snapshot->ledger, projection, status.folder)) {
        char path[PATH_SIZE], file[NAME_SIZE + 16];
        struct stat data;
        snprintf(file, sizeof file, "%s/data.mdb", status.folder);
        views_path(snapshot->ledger, file, path);
        status.exists = stat(path, &data) == 0;
        status.file_bytes = status.exists ? (uint64_t)data.st_size : 0;
        status.version = version_of(status.folder);
    }
    if (status.exists && !open_folder(snapshot->ledger, status.folder, false, &view, NULL)) {
        status.usable = is_usable(view, snapshot, &meta, &ahead) && status.version == projection->version;
        status.position = meta.position;
    }
    daybook_view_close(view);
    *ret = status;
}
