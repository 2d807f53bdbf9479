/* An LMDB environment, opened once a process: the table of open ones, map sizes, and LMDB's errors in our words. */
#include "ledger/env.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "ledger/pagepath.h"
#include "ledger/pagewalk.h"

#define MAP_SIZE_WANTED ((size_t)1 << 40)
#define MAP_SIZE_LEAST ((size_t)1 << 20)
enum { READERS_MAX = 1024, WRITES_A_CLEARING = 256 };

struct env {
    MDB_env *mdb;
    char *folder;
    dev_t device;
    ino_t inode;
    unsigned users;
    atomic_uint transactions;
    unsigned writes; /* changed under LMDB's write lock, as what follows */
    struct pagepath *paths;
    pid_t owner;
    struct env *next;
};

static pthread_mutex_t open_lock = PTHREAD_MUTEX_INITIALIZER;
static struct env *open_environments;
static pthread_mutex_t tables_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

/* A child must not inherit a lock that a thread of the parent holds: nobody there would ever let go of it. */
static void lock_for_fork(void)
{
    pthread_mutex_lock(&tables_lock);
    pthread_mutex_lock(&open_lock);
}

static void unlock_after_fork(void)
{
    pthread_mutex_unlock(&open_lock);
    pthread_mutex_unlock(&tables_lock);
}

static void watch_forks(void)
{
    pthread_atfork(lock_for_fork, unlock_after_fork, unlock_after_fork);
}

/* Filesystems on which shared memory or locks do not work between machines (magic numbers of statfs(2)). */
static const struct {
    uint32_t magic;
    const char *name;
} remote_filesystems[] = {
    {0x6969, "NFS"},      {0x517b, "SMB"},        {0xff534d42, "CIFS"},  {0xfe534d42, "SMB2"},
    {0x01021997, "9p"},   {0x65735546, "FUSE"},   {0x00c36400, "Ceph"},  {0x5346414f, "AFS"},
    {0x73757245, "Coda"}, {0x0bd00bd0, "Lustre"}, {0x7461636f, "OCFS2"}, {0x47504653, "GPFS"},
};

int path_fail(const char *path, int error_number, const char *doing, struct daybook_error *err)
{
    switch (error_number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return daybook_fail(err, DAYBOOK_DISK_FULL, "The disk is full while %s %s. Free some space and repeat.", doing,
                            path);
    case EROFS:
    case EACCES:
    case EPERM:
        return daybook_fail(err, DAYBOOK_READ_ONLY,
                            "No permission for %s %s. Check who owns the folder and whether it is read-only.", doing,
                            path);
    case ENOMEM:
        return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory while %s %s.", doing, path);
    default:
        return daybook_fail(err, DAYBOOK_IO, "%s while %s %s.", strerror(error_number), doing, path);
    }
}

int path_sync_folder(const char *folder, struct daybook_error *err)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = fd < 0 || fsync(fd) ? path_fail(folder, errno, "syncing", err) : 0;
    if (fd >= 0)
        close(fd);
    return rc;
}

static bool is_full(const char *folder)
{
    struct statfs fs;
    return !statfs(folder, &fs) && (uint64_t)fs.f_bavail * (uint64_t)fs.f_bsize < 1 << 20;
}

int env_fail(const struct env *env, int lmdb_code, struct daybook_error *err)
{
    const char *folder = env ? env->folder : "the ledger";
    switch (lmdb_code) {
    case MDB_SUCCESS:
        return 0;
    case MDB_NOTFOUND:
    case MDB_PAGE_NOTFOUND:
    case MDB_CORRUPTED:
    case MDB_INVALID:
    case MDB_INCOMPATIBLE:
    case MDB_BAD_TXN:
    case MDB_BAD_DBI:
    case MDB_BAD_VALSIZE:
        return daybook_fail(err, DAYBOOK_DAMAGED,
                            "%s is damaged (%s). Run `daybook verify`, and restore a backup if it agrees.", folder,
                            mdb_strerror(lmdb_code));
    case MDB_PANIC:
        return daybook_fail(err, DAYBOOK_IO,
                            "A write to %s failed half-way. Close it, open it again, and run `daybook verify`.",
                            folder);
    case MDB_VERSION_MISMATCH:
        return daybook_fail(err, DAYBOOK_NEWER_FORMAT,
                            "%s was written by another version of LMDB. Use the program that wrote it.", folder);
    case MDB_READERS_FULL:
        return daybook_fail(err, DAYBOOK_TOO_MANY_READERS, "Too many programs read %s at once. Close some and repeat.",
                            folder);
    case MDB_MAP_RESIZED:
        return daybook_fail(err, DAYBOOK_TOO_MANY_READERS,
                            "%s has grown beyond what this process has mapped while others read. Repeat.", folder);
    case MDB_MAP_FULL:
        return daybook_fail(err, DAYBOOK_DISK_FULL,
                            "The address space for %s is used up. Raise `ulimit -v` and repeat.", folder);
    case MDB_TXN_FULL:
    case MDB_CURSOR_FULL:
        return daybook_fail(err, DAYBOOK_TOO_LARGE, "Too much in one transaction of %s. Write it in smaller parts.",
                            folder);
    case EIO: /* what LMDB says of a write that was cut short */
        return path_fail(folder, is_full(folder) ? ENOSPC : EIO, "using", err);
    default:
        return path_fail(folder, lmdb_code, "using", err);
    }
}

static int refuse_remote(const char *folder, struct daybook_error *err)
{
    struct statfs fs;
    if (statfs(folder, &fs))
        return path_fail(folder, errno, "opening", err);
    for (size_t i = 0; i < sizeof remote_filesystems / sizeof *remote_filesystems; i++)
        if ((uint32_t)fs.f_type == remote_filesystems[i].magic)
            return daybook_fail(
                err, DAYBOOK_REMOTE_FILESYSTEM,
                "%s lies on a remote filesystem (%s), where locks do not protect a ledger. Move it to a "
                "local disk, or use --unsafe-filesystem if only one machine ever opens it.",
                folder, remote_filesystems[i].name);
    return 0;
}

static size_t map_size_wanted(unsigned address_eighths)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) || limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur / 8 >= MAP_SIZE_WANTED)
        return MAP_SIZE_WANTED;
    size_t share = (size_t)limit.rlim_cur / 8 * address_eighths;
    return share & ~(size_t)0xffff;
}

/* Where the address space is limited, a map takes half of what is left of it at most: others follow (a copy has its own
 * two beside those of the ledger), and memory that is no map. */
static bool has_room(size_t map_size)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) || limit.rlim_cur == RLIM_INFINITY)
        return true;
    void *room = mmap(NULL, 2 * map_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return room != MAP_FAILED && munmap(room, 2 * map_size) == 0;
}

static int create_with(const char *folder, const struct env_options *options, size_t map_size, unsigned flags,
                       MDB_env **ret)
{
    MDB_env *mdb = NULL;
    int rc = mdb_env_create(&mdb);
    if (rc)
        return rc;
    rc = mdb_env_set_maxdbs(mdb, options->tables_max);
    if (!rc)
        rc = mdb_env_set_maxreaders(mdb, READERS_MAX);
    if (!rc)
        rc = mdb_env_set_mapsize(mdb, map_size);
    if (!rc)
        rc = mdb_env_open(mdb, folder, flags, 0660);
    if (rc)
        mdb_env_close(mdb);
    else
        *ret = mdb;
    return rc;
}

/* Who may not write the lock file could read without one, but beside a writer pages would change under such a
 * reader: only for a copy at rest, and only when the caller says so. */
static int create(const char *folder, const struct env_options *options, size_t map_size, MDB_env **ret)
{
    unsigned flags = MDB_NOTLS | (options->read_only ? MDB_RDONLY : 0);
    int rc = create_with(folder, options, map_size, flags, ret);
    if (rc == EACCES && options->read_only && options->any_filesystem)
        rc = create_with(folder, options, map_size, flags | MDB_NOLOCK, ret);
    return rc;
}

/* A file that is shorter than its last page would raise SIGBUS when read. */
static bool is_cut(MDB_env *mdb)
{
    MDB_envinfo info;
    MDB_stat stat;
    struct stat file;
    int fd = -1;
    if (mdb_env_info(mdb, &info) || mdb_env_stat(mdb, &stat) || mdb_env_get_fd(mdb, &fd) || fstat(fd, &file))
        return true;
    return file.st_size > 0 && (uint64_t)file.st_size / stat.ms_psize < info.me_last_pgno + 1;
}

/* LMDB maps its lock file: a page of it that the disk has no room for would be a signal, not an error. */
static int reserve_lock_file(const char *folder, struct daybook_error *err)
{
    enum { LOCK_FILE_SIZE = 68 * 1024 }; /* a little more than READERS_MAX slots take */
    char path[4096];
    snprintf(path, sizeof path, "%s/lock.mdb", folder);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0660);
    if (fd < 0)
        return path_fail(path, errno, "opening", err);
    int rc = fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, LOCK_FILE_SIZE) ? errno : 0;
    close(fd);
    return rc == ENOSPC || rc == EDQUOT || rc == EFBIG ? path_fail(path, rc, "opening", err) : 0;
}

/* Who opens an environment that nobody has open makes LMDB's lock file anew. Others wait for that, and when it is
 * killed half-way they go on with a lock file that does not know the last commit: it would be written over. So one
 * process at a time opens, and who comes next begins again. Where folders cannot be locked, LMDB's own lock is all
 * there is. */
static int wait_to_open(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (fd >= 0 && flock(fd, LOCK_EX) && errno == EINTR)
        continue;
    return fd;
}

/* With the largest address range that the system agrees to. */
static int create_largest(const char *folder, const struct env_options *options, MDB_env **ret,
                          struct daybook_error *err)
{
    struct env named = {.folder = (char[4096]){0}};
    strncpy(named.folder, folder, 4095);
    int rc = ENOMEM;
    for (size_t size = map_size_wanted(options->address_eighths); rc == ENOMEM && size >= MAP_SIZE_LEAST; size /= 2)
        if (has_room(size))
            rc = create(folder, options, size, ret);
    return env_fail(&named, rc, err);
}

static int create_checked(const char *folder, const struct env_options *options, MDB_env **ret,
                          struct daybook_error *err)
{
    char data[4096];
    snprintf(data, sizeof data, "%s/data.mdb", folder);
    int rc = options->read_only ? 0 : reserve_lock_file(folder, err);
    if (rc)
        return rc;
    int turn = wait_to_open(folder);
    rc = pagewalk_metas(data, err);
    if (!rc)
        rc = create_largest(folder, options, ret, err);
    if (turn >= 0)
        close(turn);
    if (rc || !is_cut(*ret))
        return rc;
    mdb_env_close(*ret);
    return daybook_fail(err, DAYBOOK_DAMAGED, "%s is shorter than it says: it was cut off. Restore a backup.", data);
}

static struct env *find_open(dev_t device, ino_t inode)
{
    for (struct env *env = open_environments; env; env = env->next)
        if (env->device == device && env->inode == inode && env->owner == getpid())
            return env;
    return NULL;
}

static int open_new(const char *folder, const struct env_options *options, struct env **ret, struct daybook_error *err)
{
    struct env *env = calloc(1, sizeof *env);
    char *copy = strdup(folder);
    struct stat file;
    int fd = -1;
    int rc = env && copy ? 0 : path_fail(folder, ENOMEM, "opening", err);
    if (!rc)
        rc = create_checked(folder, options, &env->mdb, err);
    if (rc) {
        free(copy);
        free(env);
        return rc;
    }
    if (!mdb_env_get_fd(env->mdb, &fd) && !fstat(fd, &file)) {
        env->device = file.st_dev;
        env->inode = file.st_ino;
    }
    env->folder = copy;
    env->users = 1;
    env->owner = getpid();
    env->next = open_environments;
    open_environments = env;
    env_clear_stale_readers(env);
    *ret = env;
    return 0;
}

/* The file that LMDB holds open tells environments apart: as long as it is open, no other file gets its inode. */
static struct env *find_folder(const char *folder)
{
    char path[4096];
    struct stat file;
    snprintf(path, sizeof path, "%s/data.mdb", folder);
    return stat(path, &file) ? NULL : find_open(file.st_dev, file.st_ino);
}

int env_open(const char *folder, const struct env_options *options, struct env **ret, struct daybook_error *err)
{
    struct stat place;
    if (stat(folder, &place))
        return path_fail(folder, errno, "opening", err);
    int rc = options->any_filesystem ? 0 : refuse_remote(folder, err);
    if (rc)
        return rc;
    pthread_once(&fork_once, watch_forks);
    pthread_mutex_lock(&open_lock);
    struct env *env = find_folder(folder);
    if (env) {
        env->users++;
        *ret = env;
    } else {
        rc = open_new(folder, options, ret, err);
    }
    pthread_mutex_unlock(&open_lock);
    return rc;
}

void env_close(struct env *env)
{
    if (!env)
        return;
    pthread_mutex_lock(&open_lock);
    if (--env->users == 0) {
        struct env **link = &open_environments;
        while (*link != env)
            link = &(*link)->next;
        *link = env->next;
        if (env->owner == getpid()) /* a forked child must not touch the parent's locks */
            mdb_env_close(env->mdb);
        pagepath_free(env->paths);
        free(env->folder);
        free(env);
    }
    pthread_mutex_unlock(&open_lock);
}

void env_lock_tables(void)
{
    pthread_mutex_lock(&tables_lock);
}

void env_unlock_tables(void)
{
    pthread_mutex_unlock(&tables_lock);
}

int env_refuse_forked(const struct env *env, struct daybook_error *err)
{
    if (env->owner == getpid())
        return 0;
    return daybook_fail(err, DAYBOOK_FORKED_HANDLE,
                        "This handle of %s came through fork(). Open the ledger again in the new process.",
                        env->folder);
}

/* By what LMDB has open: under the path may be nothing by now, or another file. */
static int walk_pages(const struct env *env, int walk(int fd, const char *path, struct daybook_error *err),
                      struct daybook_error *err)
{
    char data[4096];
    int fd = -1;
    snprintf(data, sizeof data, "%s/data.mdb", env->folder);
    int rc = env_fail(env, mdb_env_get_fd(env->mdb, &fd), err);
    return rc ? rc : walk(fd, data, err);
}

int env_expect_deletes(struct env *env, struct daybook_error *err)
{
    return walk_pages(env, pagewalk_open_file, err);
}

/* The first writer here looks at the list of free pages; now and then one clears readers that were killed, which keep
 * pages from being used again. */
static int begin_writing(struct env *env, struct daybook_error *err)
{
    int rc = 0;
    if (!env->paths && !(env->paths = pagepath_new(env->folder)))
        rc = path_fail(env->folder, ENOMEM, "writing to", err);
    if (!rc && !env->writes)
        rc = walk_pages(env, pagewalk_free_list, err);
    if (rc)
        return rc;
    if (++env->writes % WRITES_A_CLEARING == 0)
        env_clear_stale_readers(env);
    return 0;
}

int env_begin(struct env *env, bool write, MDB_txn **ret, struct daybook_error *err)
{
    const unsigned flags = write ? 0 : MDB_RDONLY;
    MDB_txn *txn = NULL;
    int rc = env_refuse_forked(env, err);
    if (rc)
        return rc;
    bool alone = atomic_fetch_add(&env->transactions, 1) == 0;
    int lmdb = mdb_txn_begin(env->mdb, NULL, flags, &txn);
    if (lmdb == MDB_MAP_RESIZED && alone) { /* nobody here reads the old map */
        lmdb = mdb_env_set_mapsize(env->mdb, 0);
        if (!lmdb)
            lmdb = mdb_txn_begin(env->mdb, NULL, flags, &txn);
    }
    if (lmdb == MDB_READERS_FULL && env_clear_stale_readers(env) > 0)
        lmdb = mdb_txn_begin(env->mdb, NULL, flags, &txn);
    rc = env_fail(env, lmdb, err);
    if (!rc && write && (rc = begin_writing(env, err)))
        mdb_txn_abort(txn);
    if (rc)
        atomic_fetch_sub(&env->transactions, 1);
    else
        *ret = txn;
    return rc;
}

int env_expect_put(struct env *env, MDB_txn *txn, const char *table, const MDB_val *key, struct daybook_error *err)
{
    int fd = -1;
    int rc = env_fail(env, mdb_env_get_fd(env->mdb, &fd), err);
    return rc ? rc : pagepath_check(env->paths, fd, mdb_txn_id(txn), table, key->mv_data, key->mv_size, err);
}

int env_commit(struct env *env, MDB_txn *txn, struct daybook_error *err)
{
    int rc = mdb_txn_commit(txn);
    atomic_fetch_sub(&env->transactions, 1);
    return env_fail(env, rc, err);
}

void env_abort(struct env *env, MDB_txn *txn)
{
    mdb_txn_abort(txn);
    atomic_fetch_sub(&env->transactions, 1);
}

int env_get_near(MDB_txn *txn, MDB_dbi table, MDB_cursor **cursor, const MDB_val *key, MDB_val *ret)
{
    MDB_val at = {0, NULL};
    int rc = *cursor ? mdb_cursor_get(*cursor, &at, ret, MDB_NEXT) : mdb_cursor_open(txn, table, cursor);
    if (!rc && at.mv_size == key->mv_size && memcmp(at.mv_data, key->mv_data, at.mv_size) == 0)
        return 0;
    at = *key;
    if (*cursor)
        rc = mdb_cursor_get(*cursor, &at, ret, MDB_SET);
    if (rc) { /* it stands nowhere now */
        mdb_cursor_close(*cursor);
        *cursor = NULL;
    }
    return rc;
}

MDB_env *env_lmdb(struct env *env)
{
    return env->mdb;
}

const char *env_folder(const struct env *env)
{
    return env->folder;
}

int env_clear_stale_readers(struct env *env)
{
    int dead = 0;
    return mdb_reader_check(env->mdb, &dead) ? 0 : dead;
}
