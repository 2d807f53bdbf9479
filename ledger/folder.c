/* Folders that appear whole or not at all. */
#include "ledger/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ledger/env.h"

enum { OPEN_FOLDERS_MAX = 16, COPY_BUFFER_SIZE = 1 << 20 };

/* ---- paths */

int folder_join(char out[FOLDER_PATH_MAX], const char *folder, const char *name, struct daybook_error *err)
{
    int len = snprintf(out, FOLDER_PATH_MAX, "%s/%s", folder, name);
    if (len < FOLDER_PATH_MAX)
        return 0;
    return daybook_fail(err, DAYBOOK_TOO_LARGE, "A path is longer than %d bytes. Use shorter names.", FOLDER_PATH_MAX);
}

/* Without slashes at its end; where the last name begins. */
static int split(const char *path, size_t *ret_len, size_t *ret_name, struct daybook_error *err)
{
    size_t len = strlen(path), name;
    while (len > 1 && path[len - 1] == '/')
        len--;
    if (len == 0 || len >= FOLDER_PATH_MAX)
        return daybook_fail(err, DAYBOOK_USAGE, "A folder's name is empty, or longer than %d bytes.", FOLDER_PATH_MAX);
    for (name = len; name > 0 && path[name - 1] != '/'; name--)
        continue;
    *ret_len = len;
    *ret_name = name;
    return 0;
}

int folder_parent(char out[FOLDER_PATH_MAX], const char *path, struct daybook_error *err)
{
    size_t len = 0, name = 0;
    int rc = split(path, &len, &name, err);
    if (!rc)
        snprintf(out, FOLDER_PATH_MAX, "%.*s", name ? (int)name : 1, name ? path : ".");
    return rc;
}

int folder_name(char out[FOLDER_PATH_MAX], const char *path, struct daybook_error *err)
{
    size_t len = 0, name = 0;
    int rc = split(path, &len, &name, err);
    if (!rc)
        snprintf(out, FOLDER_PATH_MAX, "%.*s", (int)(len - name), path + name);
    return rc;
}

bool folder_lies_in(const char *path, const char *folder)
{
    char parent[FOLDER_PATH_MAX];
    char *inner = realpath(path, NULL), *outer = realpath(folder, NULL);
    if (!inner && folder_parent(parent, path, NULL) == 0)
        inner = realpath(parent, NULL);
    size_t len = outer ? strlen(outer) : 0;
    bool lies_in = inner && outer && strncmp(inner, outer, len) == 0 && (inner[len] == '/' || inner[len] == '\0');
    free(inner);
    free(outer);
    return lies_in;
}

bool folder_is_free(const char *path)
{
    struct stat status;
    if (lstat(path, &status))
        return errno == ENOENT;
    DIR *entries = S_ISDIR(status.st_mode) ? opendir(path) : NULL;
    unsigned count = 0;
    while (entries && count <= 2 && readdir(entries))
        count++;
    if (entries)
        closedir(entries);
    return entries && count <= 2; /* itself and its parent */
}

/* ---- whole folders */

int folder_make(const char *path, struct daybook_error *err)
{
    return mkdir(path, 0770) ? path_fail(path, errno, "creating", err) : 0;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status, (void)where;
    int failed = kind == FTW_DP ? rmdir(path) : unlink(path);
    return failed && errno != ENOENT ? -1 : 0;
}

int folder_remove(const char *path, struct daybook_error *err)
{
    if (nftw(path, remove_one, OPEN_FOLDERS_MAX, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) && errno != ENOENT)
        return path_fail(path, errno, "removing", err);
    return 0;
}

static int sync_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status, (void)where;
    if (kind != FTW_DP && kind != FTW_F)
        return 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int failed = fd < 0 || fsync(fd), reason = errno;
    if (fd >= 0)
        close(fd);
    errno = reason;
    return failed ? -1 : 0;
}

int folder_sync(const char *path, struct daybook_error *err)
{
    if (nftw(path, sync_one, OPEN_FOLDERS_MAX, FTW_DEPTH | FTW_PHYS))
        return path_fail(path, errno, "syncing", err);
    return 0;
}

/* ---- in the making */

/* -1 where it is another's, or where folders cannot be locked, as on NFS: nobody takes it there. */
static int lock_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    close(fd);
    return -1;
}

/* Whose turn it is to look around in a folder, for a moment; not for long, as who called us may hold that lock. */
static int wait_for_turn(const char *path)
{
    enum { TRIES = 200, PAUSE_NS = 5000000 };
    int fd = lock_folder(path);
    for (int i = 0; fd < 0 && errno == EWOULDBLOCK && i < TRIES; i++) {
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
        fd = lock_folder(path);
    }
    return fd;
}

/* What killed processes have left. */
static int remove_abandoned(const char *parent, const char *prefix, struct daybook_error *err)
{
    DIR *entries = opendir(parent);
    int rc = entries ? 0 : path_fail(parent, errno, "reading", err);
    for (struct dirent *entry; !rc && (entry = readdir(entries));) {
        char path[FOLDER_PATH_MAX];
        if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
            continue;
        rc = folder_join(path, parent, entry->d_name, err);
        int lock = rc ? -1 : lock_folder(path);
        if (lock < 0)
            continue;
        rc = folder_remove(path, err);
        close(lock);
    }
    if (entries)
        closedir(entries);
    return rc;
}

int folder_begin(const char *parent, const char *prefix, struct folder_draft *ret, struct daybook_error *err)
{
    struct folder_draft draft = {.lock = -1};
    char name[FOLDER_PATH_MAX];
    snprintf(draft.parent, sizeof draft.parent, "%s", parent);
    int turn = wait_for_turn(parent); /* nobody else looks between making and locking */
    uint32_t number = 0;
    int rc = remove_abandoned(parent, prefix, err);
    if (!rc && getrandom(&number, sizeof number, 0) < 0)
        rc = path_fail(parent, errno, "creating a folder in", err);
    snprintf(name, sizeof name, "%s%08x", prefix, number);
    if (!rc)
        rc = folder_join(draft.path, parent, name, err);
    if (!rc)
        rc = folder_make(draft.path, err);
    if (!rc)
        draft.lock = lock_folder(draft.path);
    if (turn >= 0)
        close(turn);
    if (rc)
        return rc;
    *ret = draft;
    return 0;
}

int folder_finish(struct folder_draft *draft, const char *path, struct daybook_error *err)
{
    int rc = folder_sync(draft->path, err);
    if (!rc && rename(draft->path, path))
        rc = errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR
                 ? daybook_fail(err, DAYBOOK_ALREADY_EXISTS, "There is something in %s already. Choose another name.",
                                path)
                 : path_fail(path, errno, "creating", err);
    if (rc)
        return rc;
    draft->path[0] = '\0';
    return path_sync_folder(draft->parent, err);
}

void folder_abandon(struct folder_draft *draft)
{
    if (draft->path[0])
        folder_remove(draft->path, NULL);
    if (draft->lock >= 0)
        close(draft->lock);
    *draft = (struct folder_draft){.lock = -1};
}

/* ---- files */

int folder_write_all(int fd, const void *bytes, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t written = write(fd, (const char *)bytes + done, len - done);
        if (written < 0 && errno != EINTR)
            return -1;
        done += written > 0 ? (size_t)written : 0;
    }
    return 0;
}

int folder_write_file(const char *path, const void *bytes, size_t len, struct daybook_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0660);
    int rc = fd < 0 || folder_write_all(fd, bytes, len) ? path_fail(path, errno, "writing", err) : 0;
    if (fd >= 0 && close(fd) && !rc)
        rc = path_fail(path, errno, "writing", err);
    return rc;
}

enum copy_failure { COPY_DONE, COPY_UNREADABLE, COPY_UNWRITABLE };

static enum copy_failure copy_bytes(int from, int to, char *buffer, void (*progress)(void *context, uint64_t bytes),
                                    void *context)
{
    for (;;) {
        ssize_t got = read(from, buffer, COPY_BUFFER_SIZE);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got ? COPY_UNREADABLE : COPY_DONE;
        if (folder_write_all(to, buffer, (size_t)got))
            return COPY_UNWRITABLE;
        if (progress)
            progress(context, (uint64_t)got);
    }
}

int folder_copy_file(const char *from, const char *to, void (*progress)(void *context, uint64_t bytes), void *context,
                     struct daybook_error *err)
{
    struct stat status;
    char *buffer = malloc(COPY_BUFFER_SIZE);
    int in = buffer ? open(from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) : -1, out = -1;
    int rc = !buffer ? path_fail(from, ENOMEM, "copying", err) : in < 0 ? path_fail(from, errno, "reading", err) : 0;
    if (!rc && (fstat(in, &status) || !S_ISREG(status.st_mode)))
        rc = daybook_fail(err, DAYBOOK_DAMAGED, "%s is not a plain file.", from);
    if (!rc && (out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0660)) < 0)
        rc = path_fail(to, errno, "writing", err);
    enum copy_failure failure = rc ? COPY_DONE : copy_bytes(in, out, buffer, progress, context);
    if (failure == COPY_UNREADABLE)
        rc = path_fail(from, errno, "reading", err);
    else if (failure == COPY_UNWRITABLE)
        rc = path_fail(to, errno, "writing", err);
    if (out >= 0 && close(out) && !rc)
        rc = path_fail(to, errno, "writing", err);
    if (in >= 0)
        close(in);
    free(buffer);
    return rc;
}
