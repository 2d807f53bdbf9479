/* The calls that change files, each with a note of what it did; see record.h. */
#include "tests/power/record.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { CAPACITY = 256 << 20, PATH_SIZE = 4096 };

struct recording {
    size_t size, count;
    uint8_t bytes[];
};

struct header {
    uint32_t kind, len, path_size;
    uint64_t offset;
};

static struct recording *active; /* NULL: nothing is noted */
static char folder_path[PATH_SIZE];
static size_t folder_len;

struct recording *recording_new(void)
{
    struct recording *recording =
        mmap(NULL, CAPACITY, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (recording == MAP_FAILED)
        abort();
    return recording;
}

void recording_free(struct recording *recording)
{
    munmap(recording, CAPACITY);
}

void recording_begin(struct recording *recording, const char *folder)
{
    folder_len = strlen(folder);
    memcpy(folder_path, folder, folder_len + 1);
    active = recording;
}

size_t recording_count(const struct recording *recording)
{
    return recording->count;
}

static void *append(size_t len)
{
    if (len > CAPACITY - sizeof *active - active->size)
        abort();
    void *place = active->bytes + active->size;
    active->size += len;
    return place;
}

static void note(enum record_kind kind, const char *path, uint64_t offset, const void *bytes, size_t len)
{
    struct header header = {(uint32_t)kind, (uint32_t)len, (uint32_t)strlen(path) + 1, offset};
    memcpy(append(sizeof header), &header, sizeof header);
    memcpy(append(header.path_size), path, header.path_size);
    if (len)
        memcpy(append(len), bytes, len);
    active->count++;
}

void recording_answer(uint64_t last_seq)
{
    if (active)
        note(RECORD_ANSWER, "", last_seq, NULL, 0);
}

bool recording_next(const struct recording *recording, size_t *at, struct record *ret)
{
    struct header header;
    if (*at == recording->size)
        return false;
    const uint8_t *p = recording->bytes + *at;
    memcpy(&header, p, sizeof header);
    p += sizeof header;
    *ret = (struct record){header.kind, header.len, header.offset, (const char *)p, p + header.path_size};
    *at += sizeof header + header.path_size + header.len;
    return true;
}

/* ---- whose file it is */

/* The part of an absolute path below the folder; NULL: it is elsewhere, or nothing is noted. */
static const char *below(const char *path)
{
    if (!active || strncmp(path, folder_path, folder_len) != 0)
        return NULL;
    path += folder_len;
    if (*path == '/')
        path++;
    return path;
}

static const char *path_of(int fd, char buffer[PATH_SIZE])
{
    char link[64];
    if (!active)
        return NULL;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, buffer, PATH_SIZE - 1);
    if (len < 0)
        return NULL;
    buffer[len] = '\0';
    static const char gone[] = " (deleted)";
    if ((size_t)len >= sizeof gone && strcmp(buffer + len - (sizeof gone - 1), gone) == 0)
        return NULL;
    return below(buffer);
}

/* ---- names */

static void note_opened(const char *path, bool was_there, bool truncated)
{
    const char *name = below(path);
    if (name && !was_there)
        note(RECORD_CREATE, name, 0, NULL, 0);
    else if (name && truncated)
        note(RECORD_RESIZE, name, 0, NULL, 0);
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    bool was_there = faccessat(AT_FDCWD, path, F_OK, 0) == 0;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    if (fd >= 0)
        note_opened(path, was_there, flags & O_TRUNC);
    return fd;
}

FILE *fopen(const char *restrict path, const char *restrict mode)
{
    FILE *(*real)(const char *, const char *) = (FILE * (*)(const char *, const char *)) dlsym(RTLD_NEXT, "fopen");
    bool was_there = faccessat(AT_FDCWD, path, F_OK, 0) == 0;
    FILE *stream = real(path, mode);
    if (stream)
        note_opened(path, was_there, mode[0] == 'w');
    return stream;
}

static int note_name(enum record_kind kind, const char *path, int rc)
{
    const char *name = rc ? NULL : below(path);
    if (name)
        note(kind, name, 0, NULL, 0);
    return rc;
}

int mkdir(const char *path, mode_t mode)
{
    return note_name(RECORD_MKDIR, path, (int)syscall(SYS_mkdir, path, mode));
}

char *mkdtemp(char *pattern)
{
    char *(*real)(char *) = (char *(*)(char *))dlsym(RTLD_NEXT, "mkdtemp");
    char *path = real(pattern);
    note_name(RECORD_MKDIR, pattern, !path);
    return path;
}

int unlink(const char *path)
{
    return note_name(RECORD_REMOVE, path, (int)syscall(SYS_unlink, path));
}

int rmdir(const char *path)
{
    return note_name(RECORD_REMOVE, path, (int)syscall(SYS_rmdir, path));
}

int rename(const char *from, const char *to)
{
    int rc = (int)syscall(SYS_rename, from, to);
    const char *old_name = rc ? NULL : below(from), *new_name = rc ? NULL : below(to);
    if (old_name && new_name)
        note(RECORD_RENAME, old_name, 0, new_name, strlen(new_name) + 1);
    return rc;
}

/* ---- bytes */

static void note_write(int fd, off_t offset, const void *bytes, ssize_t len)
{
    char buffer[PATH_SIZE];
    const char *path = len > 0 ? path_of(fd, buffer) : NULL;
    if (!path)
        return;
    note(RECORD_WRITE, path, (uint64_t)offset, bytes, (size_t)len);
    if (fcntl(fd, F_GETFL) & (O_DSYNC | O_SYNC))
        note(RECORD_SYNC_WRITE, path, 0, NULL, 0);
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
    ssize_t written = syscall(SYS_pwrite64, fd, bytes, len, offset);
    note_write(fd, offset, bytes, written);
    return written;
}

ssize_t write(int fd, const void *bytes, size_t len)
{
    ssize_t written = syscall(SYS_write, fd, bytes, len);
    if (active && written > 0)
        note_write(fd, lseek(fd, 0, SEEK_CUR) - written, bytes, written);
    return written;
}

static void note_parts(int fd, const struct iovec *parts, int count, off_t offset, ssize_t written)
{
    for (int i = 0; i < count && written > 0; i++) {
        ssize_t len = written < (ssize_t)parts[i].iov_len ? written : (ssize_t)parts[i].iov_len;
        note_write(fd, offset, parts[i].iov_base, len);
        offset += len;
        written -= len;
    }
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    ssize_t written = syscall(SYS_writev, fd, parts, count);
    if (active && written > 0)
        note_parts(fd, parts, count, lseek(fd, 0, SEEK_CUR) - written, written);
    return written;
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset)
{
    ssize_t written = syscall(SYS_pwritev, fd, parts, count, offset, 0);
    note_parts(fd, parts, count, offset, written);
    return written;
}

static int note_size(int fd, off_t size, int rc)
{
    char buffer[PATH_SIZE];
    const char *path = rc ? NULL : path_of(fd, buffer);
    if (path)
        note(RECORD_RESIZE, path, (uint64_t)size, NULL, 0);
    return rc;
}

int ftruncate(int fd, off_t size)
{
    return note_size(fd, size, (int)syscall(SYS_ftruncate, fd, size));
}

int fallocate(int fd, int mode, off_t offset, off_t len)
{
    struct stat file;
    int rc = (int)syscall(SYS_fallocate, fd, mode, offset, len);
    if (!rc && !(mode & FALLOC_FL_KEEP_SIZE) && !fstat(fd, &file))
        note_size(fd, file.st_size, 0);
    return rc;
}

/* ---- syncs */

/* What stdio has written, nobody saw: files for which only fopen was seen are small, so the whole of them is noted. */
static void note_stdio(int fd, const char *path)
{
    static uint8_t bytes[4096];
    struct stat file;
    if (strstr(path, ".mdb") || fstat(fd, &file) || !S_ISREG(file.st_mode))
        return;
    char name[PATH_SIZE + 16];
    snprintf(name, sizeof name, "%s/%s", folder_path, path);
    int copy = (int)syscall(SYS_openat, AT_FDCWD, name, O_RDONLY | O_CLOEXEC, 0);
    ssize_t len = copy < 0 ? -1 : pread(copy, bytes, sizeof bytes, 0);
    if (copy >= 0)
        close(copy);
    if (len == sizeof bytes)
        abort(); /* larger than thought */
    if (len > 0)
        note(RECORD_WRITE, path, 0, bytes, (size_t)len);
}

static int note_sync(int fd, int rc)
{
    char buffer[PATH_SIZE];
    const char *path = rc ? NULL : path_of(fd, buffer);
    if (path) {
        note_stdio(fd, path);
        note(RECORD_SYNC, path, 0, NULL, 0);
    }
    return rc;
}

int fsync(int fd)
{
    return note_sync(fd, (int)syscall(SYS_fsync, fd));
}

int fdatasync(int fd)
{
    return note_sync(fd, (int)syscall(SYS_fdatasync, fd));
}
