/* Putting a backup back: copied beside the place where the ledger is to be, verified there, and only then named. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/backup.h"
#include "ledger/env.h"

struct restoring {
    const struct daybook_restore_options *options;
    struct folder_draft draft;
    uint64_t bytes_done, bytes;
    struct daybook_copy copy;
};

static void count_bytes(void *context, uint64_t bytes)
{
    struct restoring *r = context;
    r->bytes_done += bytes;
    if (r->options->progress)
        r->options->progress(r->options->context, DAYBOOK_STEP_COPY, r->bytes_done, r->bytes);
}

/* ---- one backup */

/* An LMDB environment has one file that matters. */
static int copy_environment(struct restoring *r, const char *backup, const char *name, struct daybook_error *err)
{
    char from[FOLDER_PATH_MAX], to[FOLDER_PATH_MAX], file[300];
    struct stat status;
    snprintf(file, sizeof file, "%s/data.mdb", name);
    int rc = folder_join(from, backup, file, err);
    if (!rc && lstat(from, &status))
        rc = errno == ENOENT || errno == ENOTDIR ? daybook_fail(err, DAYBOOK_DAMAGED, "%s is missing.", from)
                                                 : path_fail(from, errno, "reading", err);
    if (!rc)
        rc = folder_join(to, r->draft.path, name, err);
    if (!rc)
        rc = folder_make(to, err);
    if (!rc)
        rc = folder_join(to, r->draft.path, file, err);
    if (rc)
        return rc;
    r->bytes = r->bytes_done + (uint64_t)status.st_size;
    return folder_copy_file(from, to, count_bytes, r, err);
}

static int copy_personal(struct restoring *r, const char *backup, struct daybook_error *err)
{
    DIR *entries = opendir(backup);
    int rc = entries ? 0 : path_fail(backup, errno, "reading", err);
    for (struct dirent *entry; !rc && (entry = readdir(entries));)
        if (strncmp(entry->d_name, "personal-", strlen("personal-")) == 0)
            rc = copy_environment(r, backup, entry->d_name, err);
    if (entries)
        closedir(entries);
    return rc;
}

static int check_manifest(const struct daybook_copy *said, const struct daybook_copy *found, struct daybook_error *err)
{
    if (strcmp(said->ledger, found->ledger) == 0 && said->events == found->events &&
        memcmp(said->root, found->root, sizeof said->root) == 0)
        return 0;
    return daybook_fail(err, DAYBOOK_VERIFICATION_FAILED,
                        "The backup is not what was backed up: it is a ledger of %llu events with another root than "
                        "its " BACKUP_MANIFEST " says, or of another number of events.",
                        (unsigned long long)found->events);
}

static int restore_one(struct restoring *r, const char *backup, const char *folder, struct daybook_error *err)
{
    char parent[FOLDER_PATH_MAX], name[FOLDER_PATH_MAX], prefix[FOLDER_PATH_MAX + 16];
    struct daybook_copy found;
    int rc = backup_read(backup, &r->copy, err);
    if (!rc)
        rc = folder_parent(parent, folder, err);
    if (!rc)
        rc = folder_name(name, folder, err);
    if (rc)
        return rc;
    snprintf(prefix, sizeof prefix, ".%s.restore-", name);
    r->bytes_done = 0;
    rc = folder_begin(parent, prefix, &r->draft, err);
    if (!rc)
        rc = copy_environment(r, backup, "log", err);
    if (!rc)
        rc = copy_personal(r, backup, err);
    if (!rc)
        rc = backup_copy_public_key(backup, r->draft.path, err);
    if (!rc)
        rc = backup_verify(r->draft.path, r->options->unsafe_filesystem, r->options->progress, r->options->context,
                           &found, err);
    if (!rc)
        rc = check_manifest(&r->copy, &found, err);
    if (!rc)
        rc = folder_finish(&r->draft, folder, err);
    folder_abandon(&r->draft);
    return rc;
}

/* ---- which one */

static bool is_backups_fault(int rc)
{
    return rc == DAYBOOK_VERIFICATION_FAILED || rc == DAYBOOK_DAMAGED || rc == DAYBOOK_NOT_FOUND;
}

/* The newest that verifies. When none does, what is wrong with the newest is told. */
static int restore_newest(struct restoring *r, const char *dir, const char *folder, uint64_t *ret_passed_over,
                          struct daybook_error *err)
{
    struct backup_list list = {0};
    struct daybook_error first = {0};
    int rc = backup_list_read(dir, &list, err);
    if (!rc && list.count == 0)
        rc = daybook_fail(err, DAYBOOK_NOT_FOUND, "There is no backup in %s. `daybook backup` makes one.", dir);
    size_t left = list.count;
    while (!rc && left) {
        char path[FOLDER_PATH_MAX];
        struct daybook_error why = {0};
        int failed = folder_join(path, dir, list.rows[--left].name, &why);
        if (!failed)
            failed = restore_one(r, path, folder, &why);
        if (!first.code)
            first = why;
        memcpy(r->copy.name, list.rows[left].name, sizeof r->copy.name);
        if (!failed)
            break;
        if (!is_backups_fault(failed) || left == 0) {
            rc = failed;
            *err = is_backups_fault(failed) ? first : why;
        }
    }
    if (!rc)
        *ret_passed_over = list.count - 1 - left;
    backup_list_free(&list);
    return rc;
}

static int refuse_existing(const char *folder, struct daybook_error *err)
{
    if (folder_is_free(folder))
        return 0;
    return daybook_fail(err, DAYBOOK_ALREADY_EXISTS,
                        "There is something in %s already, and a backup is never put over a ledger. Choose another "
                        "folder with --ledger.",
                        folder);
}

int daybook_restore(const char *dir, const char *folder, const struct daybook_restore_options *options,
                    struct daybook_copy *ret, uint64_t *ret_passed_over, struct daybook_error *err)
{
    static const struct daybook_restore_options defaults;
    struct daybook_error error = {0};
    struct restoring *r = calloc(1, sizeof *r);
    uint64_t passed_over = 0;
    if (!r)
        return path_fail(folder, ENOMEM, "restoring", err);
    *r = (struct restoring){.options = options ? options : &defaults, .draft.lock = -1};
    int rc = refuse_existing(folder, &error);
    if (!rc)
        rc = backup_read(dir, &r->copy, &error);
    if (rc == DAYBOOK_NOT_FOUND)
        rc = restore_newest(r, dir, folder, &passed_over, &error);
    else if (!rc)
        rc = restore_one(r, dir, folder, &error);
    if (!rc) {
        *ret = r->copy;
        *ret_passed_over = passed_over;
    } else if (err) {
        *err = error;
    }
    free(r);
    return rc;
}
