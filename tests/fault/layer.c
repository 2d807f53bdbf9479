/* Preloaded into a program, it stands before libc: it counts calls and makes those fail that a test has chosen. libfiu
 * does as much for calls to libc, but does not tell which calls there were, which `make test` needs to choose a few of
 * each kind.
 *
 * Calls that libc makes inside of itself are not seen, except for memory. */
#include "tests/fault/fault.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static const uint8_t class_of[FAULT_KIND_COUNT] = {
#define KIND(name, class, ...) [FAULT_##name] = class,
    FAULT_KINDS(KIND)
#undef KIND
};

static struct fault_state *state;
static bool spared; /* calls are not counted for a while */

/* libc's own, for what is more than a system call; looked up at once, as dlsym needs memory too. */
static struct {
    FILE *(*fopen)(const char *, const char *);
    char *(*mkdtemp)(char *);
    int (*mkostemp)(char *, int);
    int (*fflush)(FILE *);
    int (*fclose)(FILE *);
    struct passwd *(*getpwuid)(uid_t);
} libc;

static struct {
    EVP_PKEY *(*private_key)(int, ENGINE *, const unsigned char *, size_t);
    EVP_PKEY *(*public_key)(int, ENGINE *, const unsigned char *, size_t);
} libcrypto;

__attribute__((constructor)) static void begin(void)
{
    *(void **)&libc.fopen = dlsym(RTLD_NEXT, "fopen");
    *(void **)&libc.mkdtemp = dlsym(RTLD_NEXT, "mkdtemp");
    *(void **)&libc.mkostemp = dlsym(RTLD_NEXT, "mkostemp");
    *(void **)&libc.fflush = dlsym(RTLD_NEXT, "fflush");
    *(void **)&libc.fclose = dlsym(RTLD_NEXT, "fclose");
    *(void **)&libc.getpwuid = dlsym(RTLD_NEXT, "getpwuid");
    *(void **)&libcrypto.private_key = dlsym(RTLD_NEXT, "EVP_PKEY_new_raw_private_key");
    *(void **)&libcrypto.public_key = dlsym(RTLD_NEXT, "EVP_PKEY_new_raw_public_key");
    const char *path = getenv(FAULT_VARIABLE);
    int fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0) : -1;
    if (fd < 0)
        return;
    long place = syscall(SYS_mmap, NULL, sizeof *state, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    syscall(SYS_close, fd);
    state = (void *)place;
}

/* The error that this call is to fail with; 0: none. */
static int fault(enum fault_kind kind)
{
    if (!state || spared || class_of[kind] != state->class)
        return 0;
    uint64_t n = __atomic_add_fetch(&state->count, 1, __ATOMIC_RELAXED);
    if (n < FAULT_CALLS_MAX)
        state->kinds[n] = (uint8_t)kind;
    if (!state->at || n < state->at || (n > state->at && !state->all_from_there))
        return 0;
    state->failed++;
    return state->error;
}

static bool fails(enum fault_kind kind)
{
    int error = fault(kind);
    if (error)
        errno = error;
    return error != 0;
}

/* ---- memory: the next library's, which may be a sanitizer's */

/* dlsym asks for memory itself before it has found any. */
static _Alignas(16) char first_bytes[8192];
static size_t first_used;

static bool is_first(const void *memory)
{
    return (const char *)memory >= first_bytes && (const char *)memory < first_bytes + sizeof first_bytes;
}

static void *first_memory(size_t size)
{
    void *memory = first_bytes + first_used;
    first_used += (size + 15) & ~(size_t)15;
    if (first_used > sizeof first_bytes)
        abort();
    return memory;
}

static struct {
    void *(*allocate)(size_t);
    void *(*allocate_zeroed)(size_t, size_t);
    void *(*resize)(void *, size_t);
    int (*allocate_aligned)(void **, size_t, size_t);
    void (*release)(void *);
} next;

static bool find_memory(void)
{
    static bool finding;
    if (next.release)
        return true;
    if (finding)
        return false;
    finding = true;
    *(void **)&next.allocate = dlsym(RTLD_NEXT, "malloc");
    *(void **)&next.allocate_zeroed = dlsym(RTLD_NEXT, "calloc");
    *(void **)&next.resize = dlsym(RTLD_NEXT, "realloc");
    *(void **)&next.allocate_aligned = dlsym(RTLD_NEXT, "posix_memalign");
    *(void **)&next.release = dlsym(RTLD_NEXT, "free");
    return true;
}

void *malloc(size_t size)
{
    if (!find_memory())
        return first_memory(size);
    return fails(FAULT_ALLOCATE) ? NULL : next.allocate(size);
}

void *calloc(size_t count, size_t size)
{
    if (!find_memory())
        return first_memory(count * size);
    return fails(FAULT_ALLOCATE) ? NULL : next.allocate_zeroed(count, size);
}

void *realloc(void *memory, size_t size)
{
    if (!find_memory() || is_first(memory))
        abort();
    return fails(FAULT_ALLOCATE) ? NULL : next.resize(memory, size);
}

void *reallocarray(void *memory, size_t count, size_t size)
{
    size_t whole;
    if (__builtin_mul_overflow(count, size, &whole)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(memory, whole);
}

int posix_memalign(void **ret, size_t alignment, size_t size)
{
    int error = find_memory() ? fault(FAULT_ALLOCATE) : ENOMEM;
    return error ? error : next.allocate_aligned(ret, alignment, size);
}

void free(void *memory)
{
    if (find_memory() && !is_first(memory))
        next.release(memory);
}

/* ---- files */

ssize_t read(int fd, void *bytes, size_t len)
{
    return fails(FAULT_READ) ? -1 : syscall(SYS_read, fd, bytes, len);
}

ssize_t pread(int fd, void *bytes, size_t len, off_t offset)
{
    return fails(FAULT_READ) ? -1 : syscall(SYS_pread64, fd, bytes, len, offset);
}

ssize_t write(int fd, const void *bytes, size_t len)
{
    return fails(FAULT_WRITE) ? -1 : syscall(SYS_write, fd, bytes, len);
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
    return fails(FAULT_WRITE) ? -1 : syscall(SYS_pwrite64, fd, bytes, len, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    return fails(FAULT_WRITE) ? -1 : syscall(SYS_writev, fd, parts, count);
}

int fsync(int fd)
{
    return fails(FAULT_SYNC) ? -1 : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    return fails(FAULT_SYNC) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    bool writes = (flags & O_ACCMODE) != O_RDONLY || flags & O_CREAT;
    return fails(writes ? FAULT_OPEN_TO_WRITE : FAULT_OPEN_TO_READ)
               ? -1
               : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

FILE *fopen(const char *restrict path, const char *restrict mode)
{
    enum fault_kind kind = mode[0] == 'r' ? FAULT_OPEN_TO_READ : FAULT_OPEN_TO_WRITE;
    return fails(kind) ? NULL : libc.fopen(path, mode);
}

int rename(const char *from, const char *to)
{
    return fails(FAULT_NAME) ? -1 : (int)syscall(SYS_rename, from, to);
}

int mkdir(const char *path, mode_t mode)
{
    return fails(FAULT_NAME) ? -1 : (int)syscall(SYS_mkdir, path, mode);
}

char *mkdtemp(char *pattern)
{
    return fails(FAULT_NAME) ? NULL : libc.mkdtemp(pattern);
}

int mkostemp(char *pattern, int flags)
{
    return fails(FAULT_OPEN_TO_WRITE) ? -1 : libc.mkostemp(pattern, flags);
}

int unlink(const char *path)
{
    return fails(FAULT_NAME) ? -1 : (int)syscall(SYS_unlink, path);
}

int rmdir(const char *path)
{
    return fails(FAULT_NAME) ? -1 : (int)syscall(SYS_rmdir, path);
}

int flock(int fd, int operation)
{
    return fails(FAULT_LOCK) ? -1 : (int)syscall(SYS_flock, fd, operation);
}

int fcntl(int fd, int command, ...)
{
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    bool locks = command == F_SETLK || command == F_SETLKW;
    return locks && fails(FAULT_LOCK) ? -1 : (int)syscall(SYS_fcntl, fd, command, argument);
}

void *mmap(void *place, size_t size, int protection, int flags, int fd, off_t offset)
{
    if (fd >= 0 && fails(FAULT_MAP))
        return MAP_FAILED;
    long mapped = syscall(SYS_mmap, place, size, protection, flags, fd, offset);
    return (void *)mapped;
}

int ftruncate(int fd, off_t size)
{
    return fails(FAULT_RESIZE) ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}

int fallocate(int fd, int mode, off_t offset, off_t len)
{
    return fails(FAULT_RESERVE) ? -1 : (int)syscall(SYS_fallocate, fd, mode, offset, len);
}

int fflush(FILE *stream)
{
    return fails(FAULT_FLUSH) ? EOF : libc.fflush(stream);
}

/* As when its last bytes find no room: the stream is gone, whatever it says. */
int fclose(FILE *stream)
{
    int error = fault(FAULT_FLUSH);
    int rc = libc.fclose(stream);
    if (!error)
        return rc;
    errno = error;
    return EOF;
}

/* glibc (2.36, nss_database_check_reload_and_get) reads through NULL when it has no memory here, and its loader may end
 * the program with "Unexpected error.": nothing that its caller could do about it. */
struct passwd *getpwuid(uid_t user)
{
    spared = true;
    struct passwd *found = libc.getpwuid(user);
    spared = false;
    return found;
}

/* libcrypto (3.0, the first look for an algorithm) reads through NULL when it has no memory here. */
EVP_PKEY *EVP_PKEY_new_raw_private_key(int type, ENGINE *engine, const unsigned char *key, size_t len)
{
    spared = true;
    EVP_PKEY *made = libcrypto.private_key(type, engine, key, len);
    spared = false;
    return made;
}

EVP_PKEY *EVP_PKEY_new_raw_public_key(int type, ENGINE *engine, const unsigned char *key, size_t len)
{
    spared = true;
    EVP_PKEY *made = libcrypto.public_key(type, engine, key, len);
    spared = false;
    return made;
}
