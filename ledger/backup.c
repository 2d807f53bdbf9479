/* Making a backup: a state of the log, and personal data that fits it, row by row into a new folder.
 *
 *     .daybook-XXXXXX/   copied, synced, verified, described; then it gets its name
 *
 * The state is that of one snapshot: writers go on. Personal data may be ahead of it, which is left out. If data was
 * erased meanwhile, the copy still has it, so it is made once more. */
#include "ledger/backup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/env.h"
#include "ledger/ledger.h"
#include "ledger/names.h"

#define DRAFT_PREFIX ".daybook-"
enum { TRIES_MAX = 10 };

struct making {
    struct daybook *ledger;
    const struct daybook_backup_options *options;
    struct folder_draft draft;
    uint64_t generation;
    uint64_t rows_done, rows;
    struct daybook_copy copy;
};

static void count_rows(void *context, uint64_t rows)
{
    struct making *m = context;
    m->rows_done += rows;
    if (m->options->progress)
        m->options->progress(m->options->context, DAYBOOK_STEP_COPY, m->rows_done, m->rows);
}

/* ---- one copy */

/* Names of customers and actors, where the ledger's own are ahead of the snapshot. */
static int put_names(struct making *m, struct daybook_snapshot *snapshot, struct daybook_error *err)
{
    struct personal *personal = NULL;
    struct personal_txn *txn = NULL;
    int rc = personal_open(m->draft.path, m->generation, true, &personal, err);
    if (!rc)
        rc = personal_begin(personal, true, &txn, err);
    if (!rc) {
        rc = names_repair(snapshot->log, txn, snapshot->last_seq, err);
        if (rc)
            personal_abort(txn);
        else
            rc = personal_commit(txn, err);
    }
    personal_close(personal);
    return rc;
}

static int expect_rows(struct making *m, struct daybook_snapshot *snapshot, struct daybook_error *err)
{
    uint64_t log = 0, values = 0, names = 0;
    int rc = store_row_count(snapshot->log, &log, err);
    if (!rc)
        rc = personal_value_count(snapshot->personal, &values, err);
    if (!rc)
        rc = personal_name_count(snapshot->personal, &names, err);
    m->rows = log + values + names;
    m->rows_done = 0;
    return rc;
}

static int copy_snapshot(struct making *m, struct daybook_snapshot *snapshot, struct daybook_error *err)
{
    char log[FOLDER_PATH_MAX];
    bool has_names = false;
    m->copy.events = snapshot->last_seq;
    int rc = expect_rows(m, snapshot, err);
    if (!rc)
        rc = store_meta_number(snapshot->log, "personal", &m->generation, err);
    if (!rc)
        rc = folder_join(log, m->draft.path, "log", err);
    if (!rc)
        rc = store_copy(snapshot->log, log, count_rows, m, err);
    if (!rc)
        rc = personal_copy(snapshot->personal, m->draft.path, m->generation, snapshot->last_seq, count_rows, m,
                           &has_names, err);
    if (!rc && !has_names)
        rc = put_names(m, snapshot, err);
    return rc ? rc : daybook_root(snapshot, snapshot->last_seq, m->copy.root, err);
}

/* What was written is read again from the bytes up, and must be what the ledger says of itself. */
static int verify_copy(struct making *m, struct daybook_error *err)
{
    struct daybook_copy found;
    struct daybook_error why = {0};
    int rc = backup_verify(m->draft.path, true, m->options->progress, m->options->context, &found, &why);
    if (rc == DAYBOOK_VERIFICATION_FAILED || rc == DAYBOOK_DAMAGED)
        return daybook_fail(err, DAYBOOK_VERIFICATION_FAILED,
                            "The copy does not verify, so there is no backup: %s Run `daybook verify` on the ledger.",
                            why.message);
    if (rc && err)
        *err = why;
    if (!rc && (found.events != m->copy.events || memcmp(found.root, m->copy.root, sizeof found.root) != 0))
        rc = daybook_fail(err, DAYBOOK_VERIFICATION_FAILED,
                          "The copy's root is not the ledger's, so there is no backup. Run `daybook verify`.");
    if (!rc)
        memcpy(m->copy.ledger, found.ledger, sizeof m->copy.ledger);
    return rc;
}

static int write_files(struct making *m, struct daybook_error *err)
{
    int rc = backup_write_manifest(m->draft.path, &m->copy, err);
    for (size_t i = 0; i < m->options->file_count && !rc; i++) {
        const struct daybook_copy_file *file = &m->options->files[i];
        char path[FOLDER_PATH_MAX];
        rc = folder_join(path, m->draft.path, file->name, err);
        if (!rc)
            rc = folder_write_file(path, file->bytes.ptr, file->bytes.len, err);
    }
    return rc;
}

static int copy_ledger(struct making *m, struct daybook_error *err)
{
    struct daybook_snapshot *snapshot = NULL;
    int rc = daybook_snapshot_begin(m->ledger, &snapshot, err);
    if (!rc)
        rc = copy_snapshot(m, snapshot, err);
    daybook_snapshot_end(snapshot);
    if (!rc)
        rc = verify_copy(m, err);
    if (!rc)
        rc = backup_copy_public_key(daybook_folder(m->ledger), m->draft.path, err);
    return rc ? rc : write_files(m, err);
}

/* Was something erased since the copy was begun? */
static int is_outdated(const struct making *m, bool *ret, struct daybook_error *err)
{
    struct store_txn *log = NULL;
    uint64_t generation = 0;
    int rc = store_begin(m->ledger->store, false, &log, err);
    if (!rc)
        rc = store_meta_number(log, "personal", &generation, err);
    store_abort(log);
    if (!rc)
        *ret = generation != m->generation;
    return rc;
}

static int copy_until_current(struct making *m, const char *dir, struct daybook_error *err)
{
    for (int i = 0; i < TRIES_MAX; i++) {
        bool outdated = false;
        folder_abandon(&m->draft);
        int rc = folder_begin(dir, DRAFT_PREFIX, &m->draft, err);
        if (!rc)
            rc = copy_ledger(m, err);
        if (!rc)
            rc = is_outdated(m, &outdated, err);
        if (rc || !outdated)
            return rc;
    }
    return daybook_fail(err, DAYBOOK_VERSION_CONFLICT,
                        "Data was erased each time that a copy was nearly done. Repeat `daybook backup`.");
}

/* ---- the folder of backups */

/* Backups of one ledger lie together, each newer than those before it, whatever the clock says. */
static int check_siblings(struct making *m, const struct backup_list *list, const char *dir, struct daybook_error *err)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->rows[i].ledger, daybook_id(m->ledger)) != 0)
            return daybook_fail(err, DAYBOOK_FOREIGN_LOG,
                                "%s has backups of another ledger, %s. Choose another folder.", dir,
                                list->rows[i].ledger);
    m->copy.made_us = ledger_clock_us();
    if (list->count && list->rows[list->count - 1].made_us >= m->copy.made_us)
        m->copy.made_us = list->rows[list->count - 1].made_us + 1;
    return 0;
}

/* It loses its name first: what is half removed must not look like a backup. */
static int remove_backup(const char *dir, const char *name, struct daybook_error *err)
{
    struct folder_draft grave = {.lock = -1};
    char path[FOLDER_PATH_MAX];
    int rc = folder_join(path, dir, name, err);
    if (!rc)
        rc = folder_begin(dir, DRAFT_PREFIX, &grave, err);
    if (!rc && rename(path, grave.path) && errno != ENOENT)
        rc = path_fail(path, errno, "removing", err);
    if (!rc)
        rc = folder_remove(grave.path, err);
    folder_abandon(&grave);
    return rc;
}

static int remove_older(const char *dir, uint64_t keep, const char *newest, uint64_t *ret_removed,
                        struct daybook_error *err)
{
    struct backup_list list = {0};
    uint64_t removed = 0;
    int rc = keep ? backup_list_read(dir, &list, err) : 0;
    for (size_t i = 0; i + keep < list.count && !rc; i++)
        if (strcmp(list.rows[i].name, newest) != 0) {
            rc = remove_backup(dir, list.rows[i].name, err);
            removed += !rc;
        }
    backup_list_free(&list);
    if (!rc)
        *ret_removed = removed;
    return rc;
}

static int make_backup(struct making *m, const char *dir, struct daybook_error *err)
{
    struct backup_list list = {0};
    char path[FOLDER_PATH_MAX];
    int rc = backup_list_read(dir, &list, err);
    if (!rc)
        rc = check_siblings(m, &list, dir, err);
    backup_list_free(&list);
    if (!rc)
        rc = copy_until_current(m, dir, err);
    if (!rc) {
        backup_name(&m->copy);
        rc = folder_join(path, dir, m->copy.name, err);
    }
    if (!rc)
        rc = folder_finish(&m->draft, path, err);
    folder_abandon(&m->draft);
    return rc;
}

static int make_dir(const char *dir, bool *ret_made, struct daybook_error *err)
{
    char parent[FOLDER_PATH_MAX];
    int rc = folder_parent(parent, dir, err);
    if (!rc && mkdir(dir, 0770))
        return errno == EEXIST ? 0 : path_fail(dir, errno, "creating", err);
    if (rc)
        return rc;
    *ret_made = true;
    return path_sync_folder(parent, err);
}

int daybook_backup(struct daybook *ledger, const char *dir, const struct daybook_backup_options *options,
                   struct daybook_copy *ret, uint64_t *ret_removed, struct daybook_error *err)
{
    static const struct daybook_backup_options defaults;
    struct making *m = calloc(1, sizeof *m);
    uint64_t removed = 0;
    bool made_dir = false;
    if (!m)
        return path_fail(dir, ENOMEM, "backing up to", err);
    *m = (struct making){.ledger = ledger, .options = options ? options : &defaults, .draft.lock = -1};
    int rc = folder_lies_in(dir, daybook_folder(ledger))
                 ? daybook_fail(err, DAYBOOK_BAD_VALUE,
                                "%s lies in the ledger itself, and would be lost with it. Choose another folder, best "
                                "on another disk.",
                                dir)
                 : make_dir(dir, &made_dir, err);
    if (!rc)
        rc = make_backup(m, dir, err);
    if (rc && made_dir)
        rmdir(dir);
    if (!rc)
        rc = remove_older(dir, m->options->keep, m->copy.name, &removed, err);
    if (!rc) {
        *ret = m->copy;
        *ret_removed = removed;
    }
    free(m);
    return rc;
}
