/* What lies in a folder of backups: names, manifests, and whether a copy verifies. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/backup.h"
#include "ledger/date.h"
#include "ledger/env.h"
#include "ledger/verify.h"

enum { MANIFEST_MAX = 1024, ROOT_HEX_SIZE = 2 * TREE_HASH_SIZE + 1 };

/* ---- names: an instant without its separators, and a number */

enum { STAMP_LEN = sizeof "20260119T080000.000000Z" - 1 };

static void stamp_of(int64_t instant_us, char out[STAMP_LEN + 1])
{
    char text[DAYBOOK_INSTANT_TEXT_SIZE];
    size_t len = 0;
    instant_format(instant_us, text);
    for (const char *at = text; *at && len < STAMP_LEN; at++)
        if (*at != '-' && *at != ':')
            out[len++] = *at;
    out[len] = '\0';
}

void backup_name(struct daybook_copy *copy)
{
    char stamp[STAMP_LEN + 1];
    stamp_of(copy->made_us, stamp);
    snprintf(copy->name, sizeof copy->name, "%s-%llu", stamp, (unsigned long long)copy->events);
}

/* ---- manifests, which only we write: one member a line, in this order */

static const char manifest_format[] = "{\n"
                                      "  \"daybook_backup\": 1,\n"
                                      "  \"ledger\": \"%s\",\n"
                                      "  \"events\": %llu,\n"
                                      "  \"root\": \"%s\",\n"
                                      "  \"made_at\": \"%s\"\n"
                                      "}\n";

static size_t manifest_print(const struct daybook_copy *copy, char out[MANIFEST_MAX])
{
    char made[DAYBOOK_INSTANT_TEXT_SIZE], root[ROOT_HEX_SIZE];
    struct tree_hash hash;
    memcpy(hash.bytes, copy->root, sizeof hash.bytes);
    tree_hash_hex(&hash, root);
    instant_format(copy->made_us, made);
    return (size_t)snprintf(out, MANIFEST_MAX, manifest_format, copy->ledger, (unsigned long long)copy->events, root,
                            made);
}

static bool root_of_hex(const char hex[ROOT_HEX_SIZE], uint8_t ret[TREE_HASH_SIZE])
{
    for (size_t i = 0; i < TREE_HASH_SIZE; i++) {
        const char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        char *end;
        ret[i] = (uint8_t)strtoul(pair, &end, 16);
        if (end != pair + 2)
            return false;
    }
    return true;
}

/* What comes out the same when it is written again was ours. */
static bool manifest_parse(const char *text, size_t len, struct daybook_copy *ret)
{
    char made[DAYBOOK_INSTANT_TEXT_SIZE] = "", root[ROOT_HEX_SIZE] = "", again[MANIFEST_MAX];
    struct daybook_copy copy = {.name = ""};
    unsigned long long events = 0;
    int members = sscanf(text,
                         "{ \"daybook_backup\": 1, \"ledger\": \"%32[0-9a-f]\", \"events\": %llu, \"root\": "
                         "\"%64[0-9a-f]\", \"made_at\": \"%27[0-9TZ:.-]\" }",
                         copy.ledger, &events, root, made);
    copy.events = events;
    if (members != 4 || strlen(root) != ROOT_HEX_SIZE - 1 || !root_of_hex(root, copy.root) ||
        !instant_parse((struct daybook_text){made, strlen(made)}, &copy.made_us) ||
        manifest_print(&copy, again) != len || memcmp(again, text, len) != 0)
        return false;
    *ret = copy;
    return true;
}

int backup_write_manifest(const char *folder, const struct daybook_copy *copy, struct daybook_error *err)
{
    char path[FOLDER_PATH_MAX], text[MANIFEST_MAX];
    size_t len = manifest_print(copy, text);
    int rc = folder_join(path, folder, BACKUP_MANIFEST, err);
    return rc ? rc : folder_write_file(path, text, len, err);
}

int backup_read(const char *folder, struct daybook_copy *ret, struct daybook_error *err)
{
    char path[FOLDER_PATH_MAX], text[MANIFEST_MAX + 1];
    int rc = folder_join(path, folder, BACKUP_MANIFEST, err);
    if (rc)
        return rc;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    ssize_t len;
    do
        len = fd < 0 ? -1 : read(fd, text, MANIFEST_MAX);
    while (len < 0 && errno == EINTR);
    if (len < 0 && errno != ENOENT && errno != ENOTDIR && errno != ELOOP && errno != EISDIR)
        rc = path_fail(path, errno, "reading", err);
    if (fd >= 0)
        close(fd);
    text[len > 0 ? len : 0] = '\0';
    if (!rc && (len <= 0 || !manifest_parse(text, (size_t)len, ret)))
        rc = daybook_fail(err, DAYBOOK_NOT_FOUND, "%s is no backup: it has no " BACKUP_MANIFEST " that says so.",
                          folder);
    return rc;
}

/* ---- the list */

static int add(struct backup_list *list, const struct daybook_copy *copy, struct daybook_error *err)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 16;
        struct daybook_copy *rows = reallocarray(list->rows, capacity, sizeof *rows);
        if (!rows)
            return path_fail("the list of backups", ENOMEM, "reading", err);
        list->rows = rows;
        list->capacity = capacity;
    }
    list->rows[list->count++] = *copy;
    return 0;
}

/* The name must be the one that the manifest gives; what we may not read is none of ours. */
static int look_at(const char *dir, const char *name, struct backup_list *list, struct daybook_error *err)
{
    char path[FOLDER_PATH_MAX];
    struct daybook_copy copy;
    struct stat status;
    int rc = folder_join(path, dir, name, err);
    if (rc)
        return rc;
    if (lstat(path, &status) || !S_ISDIR(status.st_mode))
        return 0;
    rc = backup_read(path, &copy, err);
    if (rc)
        return rc == DAYBOOK_NOT_FOUND || rc == DAYBOOK_READ_ONLY ? 0 : rc;
    backup_name(&copy);
    return strcmp(copy.name, name) == 0 ? add(list, &copy, err) : 0;
}

static int by_name(const void *a, const void *b)
{
    const struct daybook_copy *one = a, *other = b;
    return strcmp(one->name, other->name);
}

int backup_list_read(const char *dir, struct backup_list *ret, struct daybook_error *err)
{
    struct backup_list list = {0};
    DIR *entries = opendir(dir);
    int rc = entries ? 0 : path_fail(dir, errno, "reading", err);
    for (struct dirent *entry; !rc && (entry = readdir(entries));)
        if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9')
            rc = look_at(dir, entry->d_name, &list, err);
    if (entries)
        closedir(entries);
    if (rc) {
        backup_list_free(&list);
        return rc;
    }
    if (list.count)
        qsort(list.rows, list.count, sizeof *list.rows, by_name);
    *ret = list;
    return 0;
}

void backup_list_free(struct backup_list *list)
{
    free(list->rows);
    *list = (struct backup_list){0};
}

int backup_newest(const char *dir, char ret[FOLDER_PATH_MAX], struct daybook_error *err)
{
    struct backup_list list = {0};
    char log[FOLDER_PATH_MAX];
    int rc = folder_join(log, dir, "log", err);
    if (!rc && access(log, F_OK) && access(dir, F_OK) == 0)
        rc = backup_list_read(dir, &list, err);
    if (!rc && list.count)
        rc = folder_join(ret, dir, list.rows[list.count - 1].name, err);
    else if (!rc)
        snprintf(ret, FOLDER_PATH_MAX, "%s", dir);
    backup_list_free(&list);
    return rc;
}

/* ---- copying and verifying */

int backup_copy_public_key(const char *from, const char *to, struct daybook_error *err)
{
    static const char name[] = "checkpoint.pub";
    char source[FOLDER_PATH_MAX], target[FOLDER_PATH_MAX];
    int rc = folder_join(source, from, name, err);
    if (!rc)
        rc = folder_join(target, to, name, err);
    return rc || access(source, F_OK) ? rc : folder_copy_file(source, target, NULL, NULL, err);
}

struct watch {
    daybook_copy_progress *progress;
    void *context;
};

static void tell_progress(void *context, uint64_t done, uint64_t total)
{
    const struct watch *watch = context;
    if (watch->progress)
        watch->progress(watch->context, DAYBOOK_STEP_VERIFY, done, total);
}

/* What opening a ledger leaves in it. */
static int remove_lock_files(const char *folder, struct daybook_error *err)
{
    char path[FOLDER_PATH_MAX];
    DIR *entries = opendir(folder);
    int rc = entries ? 0 : path_fail(folder, errno, "reading", err);
    for (struct dirent *entry; !rc && (entry = readdir(entries));) {
        static const char *const files[] = {"lock.mdb", "queue"};
        bool is_environment = strcmp(entry->d_name, "log") == 0 || strncmp(entry->d_name, "personal-", 9) == 0;
        for (size_t i = 0; i < sizeof files / sizeof *files && is_environment; i++)
            if (snprintf(path, sizeof path, "%s/%s/%s", folder, entry->d_name, files[i]) < FOLDER_PATH_MAX &&
                unlink(path) && errno != ENOENT)
                rc = path_fail(path, errno, "removing", err);
    }
    if (entries)
        closedir(entries);
    return rc;
}

int backup_verify(const char *folder, bool unsafe_filesystem, daybook_copy_progress *progress, void *context,
                  struct daybook_copy *copy, struct daybook_error *err)
{
    struct watch watch = {progress, context};
    struct verify_options options = {
        .unsafe_filesystem = unsafe_filesystem, .progress = tell_progress, .context = &watch};
    struct verify_result *result = malloc(sizeof *result);
    if (!result)
        return path_fail(folder, ENOMEM, "verifying", err);
    int rc = verify_ledger(folder, &options, result, err);
    if (!rc) {
        snprintf(copy->ledger, sizeof copy->ledger, "%s", result->id);
        copy->events = result->events;
        memcpy(copy->root, result->root.bytes, sizeof copy->root);
        rc = remove_lock_files(folder, err);
    }
    free(result);
    return rc;
}
