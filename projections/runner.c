/* The runner keeps views: brings them to the log's end, and builds them anew beside the one in use. */
#include "projections/runner.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/env.h"
#include "projections/rows.h"
#include "projections/view_folder.h"

enum { NAME_MAX_LEN = 32, SUBJECTS_A_COMMIT = 20000, FILLED_A_COMMIT = 1 << 22 };

struct daybook_view {
    struct daybook_rows rows;
};

static int no_memory(struct daybook_error *err)
{
    return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for a view.");
}

/* ---- opening */

static int open_folder(const struct daybook *ledger, const char *folder, bool create, struct daybook_view **ret,
                       struct daybook_error *err)
{
    char path[VIEW_PATH_SIZE];
    view_folder_path(ledger, folder, path);
    if (create && mkdir(path, 0770) && errno != EEXIST)
        return path_fail(path, errno, "creating", err);
    char data[VIEW_PATH_SIZE + 16];
    snprintf(data, sizeof data, "%s/data.mdb", path);
    if (!create && access(data, F_OK)) /* it is being removed */
        return path_fail(data, errno, "opening", err);
    struct daybook_view *view = calloc(1, sizeof *view);
    if (!view)
        return no_memory(err);
    int rc = rows_open(&view->rows, path, create, err);
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
    rows_close(&view->rows);
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
    int rc = rows_read_meta(&view->rows, &meta, err);
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
            rc = rows_write_meta(&view->rows, &meta, err);
    }
    free(touched.ordinals);
    subject_release(&subject);
    return rc;
}

static int catch_up(struct daybook_view *view, struct daybook_snapshot *snapshot,
                    const struct daybook_projection *projection, struct daybook_error *err)
{
    int rc = rows_begin(&view->rows, true, err);
    return rc ? rc : rows_end(&view->rows, catch_up_rows(view, snapshot, projection, err), err);
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
    int rc = rows_begin(&view->rows, true, err);
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
        rc = rows_write_meta(&view->rows, meta, err);
    subject_release(&subject);
    return rows_end(&view->rows, rc, err);
}

static int build(struct daybook_view *view, struct daybook_snapshot *snapshot,
                 const struct daybook_projection *projection, const struct daybook_view_options *options,
                 struct daybook_error *err)
{
    struct view_meta meta;
    uint32_t last_ordinal = 0;
    int rc = rows_begin(&view->rows, false, err);
    if (rc)
        return rc;
    rc = rows_end(&view->rows, rows_read_meta(&view->rows, &meta, err), err);
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
    rc = rows_begin(&view->rows, true, err);
    if (!rc)
        rc = rows_end(&view->rows, rows_write_meta(&view->rows, &meta, err), err);
    return rc ? rc : catch_up(view, snapshot, projection, err); /* what came since an interrupted build began */
}

/* A folder of this version that somebody began and did not finish, of this log; else a fresh name. */
static bool find_unfinished(struct daybook_snapshot *snapshot, const struct daybook_projection *projection,
                            const char *current, char out[VIEW_FOLDER_SIZE])
{
    char path[VIEW_PATH_SIZE], prefix[VIEW_FOLDER_SIZE];
    bool found = false;
    view_folder_path(snapshot->ledger, "", path);
    snprintf(prefix, sizeof prefix, "%s-v%u-", projection->name, projection->version);
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir && !found && (entry = readdir(dir));) {
        struct daybook_view *view = NULL;
        struct view_meta meta = {0};
        if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0 || strcmp(entry->d_name, current) == 0 ||
            strlen(entry->d_name) >= VIEW_FOLDER_SIZE ||
            open_folder(snapshot->ledger, entry->d_name, false, &view, NULL))
            continue;
        uint8_t root[TREE_HASH_SIZE];
        found = !rows_begin(&view->rows, false, NULL) && !rows_read_meta(&view->rows, &meta, NULL) &&
                meta.building > 0 && strcmp(meta.ledger_id, daybook_id(snapshot->ledger)) == 0 &&
                meta.position <= snapshot->last_seq && !daybook_root(snapshot, meta.position, root, NULL) &&
                memcmp(root, meta.root, sizeof root) == 0;
        daybook_view_close(view);
        if (found)
            memcpy(out, entry->d_name, strlen(entry->d_name) + 1);
    }
    if (dir)
        closedir(dir);
    return found;
}

/* Under the builder's lock: build beside the folder in use, then change over. */
static int rebuild_locked(struct daybook_snapshot *snapshot, const struct daybook_projection *projection,
                          const struct daybook_view_options *options, struct daybook_error *err)
{
    char current[VIEW_FOLDER_SIZE] = "", folder[VIEW_FOLDER_SIZE];
    struct daybook_view *view = NULL;
    view_folder_current(snapshot->ledger, projection, current);
    if (!find_unfinished(snapshot, projection, current, folder))
        view_folder_fresh(snapshot->ledger, projection, folder);
    int rc = open_folder(snapshot->ledger, folder, true, &view, err);
    if (!rc)
        rc = build(view, snapshot, projection, options, err);
    daybook_view_close(view);
    if (!rc)
        rc = view_folder_choose(snapshot->ledger, projection, folder, err);
    if (!rc)
        view_folder_remove_others(snapshot->ledger, projection, folder);
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
        rc = view_folder_lock(snapshot->ledger, projection, &fd, err);
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
    if (rows_begin(&view->rows, false, NULL))
        return false;
    bool good = !rows_read_meta(&view->rows, ret, NULL) && ret->building == 0 && ret->ledger_id[0] &&
                strncmp(ret->ledger_id, daybook_id(snapshot->ledger), sizeof ret->ledger_id) == 0;
    rows_end(&view->rows, 0, NULL);
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
    char folder[VIEW_FOLDER_SIZE];
    struct daybook_view *view = NULL;
    bool ahead = false;
    *ret_view = NULL;
    if (!view_folder_current(snapshot->ledger, projection, folder) ||
        view_folder_version(folder) != projection->version || open_folder(snapshot->ledger, folder, false, &view, NULL))
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
        rc = view_folder_lock(snapshot->ledger, projection, &fd, err);
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
        rc = rows_begin(&view->rows, false, err);
    if (!rc)
        rc = rows_read_meta(&view->rows, &meta, err);
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
        rc = rows_count(&view->rows, &kept, err);
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
    if (view_folder_current(snapshot->ledger, projection, status.folder)) {
        char path[VIEW_PATH_SIZE], file[VIEW_FOLDER_SIZE + 16];
        struct stat data;
        snprintf(file, sizeof file, "%s/data.mdb", status.folder);
        view_folder_path(snapshot->ledger, file, path);
        status.exists = stat(path, &data) == 0;
        status.file_bytes = status.exists ? (uint64_t)data.st_size : 0;
        status.version = view_folder_version(status.folder);
    }
    if (status.exists && !open_folder(snapshot->ledger, status.folder, false, &view, NULL)) {
        status.usable = is_usable(view, snapshot, &meta, &ahead) && status.version == projection->version;
        status.position = meta.position;
    }
    daybook_view_close(view);
    *ret = status;
}
