/* Which folder of a view is in use, by names in views/ alone. */
#include "projections/view_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/env.h"

void view_folder_path(const struct daybook *ledger, const char *name, char out[VIEW_PATH_SIZE])
{
    snprintf(out, VIEW_PATH_SIZE, "%s/views%s%s", daybook_folder(ledger), *name ? "/" : "", name);
}

bool view_folder_current(const struct daybook *ledger, const struct daybook_projection *projection,
                         char out[VIEW_FOLDER_SIZE])
{
    char file[VIEW_FOLDER_SIZE], path[VIEW_PATH_SIZE];
    snprintf(file, sizeof file, "%s.current", projection->name);
    view_folder_path(ledger, file, path);
    FILE *stream = fopen(path, "re");
    bool good = stream && fgets(out, VIEW_FOLDER_SIZE, stream);
    if (stream)
        fclose(stream);
    if (!good)
        return false;
    out[strcspn(out, "\n")] = '\0';
    char prefix[VIEW_FOLDER_SIZE];
    snprintf(prefix, sizeof prefix, "%s-v", projection->name);
    return strncmp(out, prefix, strlen(prefix)) == 0 && !strchr(out, '/');
}

uint32_t view_folder_version(const char *folder)
{
    const char *v = strstr(folder, "-v");
    return v ? (uint32_t)strtoul(v + 2, NULL, 10) : 0;
}

int view_folder_choose(const struct daybook *ledger, const struct daybook_projection *projection, const char *folder,
                       struct daybook_error *err)
{
    char file[VIEW_FOLDER_SIZE], fresh[VIEW_PATH_SIZE], path[VIEW_PATH_SIZE];
    snprintf(file, sizeof file, "%s.current", projection->name);
    view_folder_path(ledger, file, path);
    snprintf(file, sizeof file, "%s.next", projection->name);
    view_folder_path(ledger, file, fresh);
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
    char file[VIEW_PATH_SIZE + 16];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(file, sizeof file, "%s/%s", path, files[i]);
        unlink(file);
    }
    rmdir(path);
}

void view_folder_remove_others(const struct daybook *ledger, const struct daybook_projection *projection,
                               const char *kept)
{
    char path[VIEW_PATH_SIZE], prefix[VIEW_FOLDER_SIZE];
    view_folder_path(ledger, "", path);
    snprintf(prefix, sizeof prefix, "%s-v", projection->name);
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0 && strcmp(entry->d_name, kept) != 0) {
            view_folder_path(ledger, entry->d_name, path);
            remove_folder(path);
        }
    if (dir)
        closedir(dir);
}

int view_folder_lock(const struct daybook *ledger, const struct daybook_projection *projection, int *ret_fd,
                     struct daybook_error *err)
{
    char file[VIEW_FOLDER_SIZE], path[VIEW_PATH_SIZE];
    view_folder_path(ledger, "", path);
    if (mkdir(path, 0770) && errno != EEXIST)
        return path_fail(path, errno, "creating", err);
    snprintf(file, sizeof file, "%s.lock", projection->name);
    view_folder_path(ledger, file, path);
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

void view_folder_fresh(const struct daybook *ledger, const struct daybook_projection *projection,
                       char out[VIEW_FOLDER_SIZE])
{
    char path[VIEW_PATH_SIZE];
    for (unsigned n = 1;; n++) {
        snprintf(out, VIEW_FOLDER_SIZE, "%s-v%u-%u", projection->name, projection->version, n);
        view_folder_path(ledger, out, path);
        if (access(path, F_OK))
            return;
    }
}
