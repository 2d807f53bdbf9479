/* Small files: a new one is written beside its place, synced, and then given its name. */
#include "ledger/small_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/env.h"
#include "ledger/folder.h"

enum { PATH_SIZE = 4200 };

static int read_whole(int fd, const char *path, char **ret, size_t *ret_len, struct daybook_error *err)
{
    char *text = malloc(SMALL_FILE_MAX + 2);
    size_t len = 0;
    ssize_t got = text ? 1 : -1;
    while (got > 0 && len <= SMALL_FILE_MAX) {
        got = read(fd, text + len, SMALL_FILE_MAX + 1 - len);
        len += got > 0 ? (size_t)got : 0;
    }
    int rc = got < 0 ? path_fail(path, errno, "reading", err) : 0;
    if (!rc && len > SMALL_FILE_MAX)
        rc = daybook_fail(err, DAYBOOK_TOO_LARGE, "%s is too large for what it should be.", path);
    if (rc) {
        free(text);
        return rc;
    }
    text[len] = '\0';
    *ret = text;
    *ret_len = len;
    return 0;
}

int small_file_read(const char *folder, const char *name, char **ret, size_t *ret_len, mode_t *ret_mode,
                    struct daybook_error *err)
{
    char path[PATH_SIZE];
    struct stat about = {0};
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) {
        *ret = NULL;
        *ret_len = 0;
        return 0;
    }
    if (fd < 0)
        return path_fail(path, errno, "opening", err);
    int rc = fstat(fd, &about) ? path_fail(path, errno, "reading", err) : 0;
    if (!rc)
        rc = read_whole(fd, path, ret, ret_len, err);
    close(fd);
    if (!rc && ret_mode)
        *ret_mode = about.st_mode;
    return rc;
}

/* The file under another name, synced. What a killed process left there is in nobody's use. */
static int write_beside(const char *path, mode_t mode, const char *text, struct daybook_error *err)
{
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    int rc =
        fd < 0 || folder_write_all(fd, text, strlen(text)) || fsync(fd) ? path_fail(path, errno, "writing", err) : 0;
    if (fd >= 0 && close(fd) && !rc)
        rc = path_fail(path, errno, "writing", err);
    if (rc && fd >= 0)
        unlink(path);
    return rc;
}

int small_file_create(const char *folder, const char *name, mode_t mode, const char *text, struct daybook_error *err)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return access(path, F_OK) == 0 ? daybook_fail(err, DAYBOOK_ALREADY_EXISTS, "There is %s already.", path)
                                   : small_file_replace(folder, name, mode, text, err);
}

int small_file_replace(const char *folder, const char *name, mode_t mode, const char *text, struct daybook_error *err)
{
    char path[PATH_SIZE], beside[PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    snprintf(beside, sizeof beside, "%s/%s.part", folder, name);
    int rc = write_beside(beside, mode, text, err);
    if (rc)
        return rc;
    if (rename(beside, path)) {
        rc = path_fail(path, errno, "writing", err);
        unlink(beside);
    }
    return rc ? rc : path_sync_folder(folder, err);
}
