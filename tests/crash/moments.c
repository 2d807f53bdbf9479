#include "tests/crash/moments.h"

#include <dlfcn.h>
#include <lmdb.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static struct {
    struct record *record;
    unsigned member, death;
    bool dies_there, stops_opening;
    enum holding death_holding;
    enum death_place death_place;
    MDB_txn *writing[HOLDING_COUNT];
    enum holding committing;
} watch;

void moments_watch(struct record *record, unsigned member, unsigned death)
{
    memset(&watch, 0, sizeof watch);
    watch.record = record;
    watch.member = member;
    watch.death = death;
    atomic_store(&record->holds[member], 0);
}

void moments_die_at(struct record *record, unsigned member, enum holding holding, enum death_place place)
{
    moments_watch(record, member, 0);
    watch.dies_there = true;
    watch.death_holding = holding;
    watch.death_place = place;
}

void moments_stop_opening(void)
{
    watch.stops_opening = true;
}

static void reach(enum holding holding, enum death_place place)
{
    bool there = watch.dies_there && holding == watch.death_holding && place == watch.death_place;
    if (!watch.record || (!there && (!watch.death || --watch.death)))
        return;
    atomic_fetch_add(&watch.record->deaths_at[holding][place], 1);
    kill(getpid(), SIGKILL);
}

static enum holding holding_of(MDB_env *env)
{
    const char *path = "";
    mdb_env_get_path(env, &path);
    if (strstr(path, "/views/"))
        return HOLDS_VIEW;
    return strstr(path, "/personal-") ? HOLDS_PERSONAL : HOLDS_LOG;
}

/* HOLDING_COUNT: it is no write transaction. */
static enum holding holding_by(const MDB_txn *txn)
{
    enum holding holding = 0;
    while (holding < HOLDING_COUNT && watch.writing[holding] != txn)
        holding++;
    return holding;
}

static void let_go(enum holding holding)
{
    watch.writing[holding] = NULL;
    if (watch.record)
        atomic_fetch_and(&watch.record->holds[watch.member], ~(1u << holding));
}

int mdb_txn_begin(MDB_env *env, MDB_txn *parent, unsigned flags, MDB_txn **ret)
{
    int (*real)(MDB_env *, MDB_txn *, unsigned, MDB_txn **) = dlsym(RTLD_NEXT, "mdb_txn_begin");
    int rc = real(env, parent, flags, ret);
    if (rc || (flags & MDB_RDONLY))
        return rc;
    enum holding holding = holding_of(env);
    watch.writing[holding] = *ret;
    if (watch.record)
        atomic_fetch_or(&watch.record->holds[watch.member], 1u << holding);
    reach(holding, DEATH_LOCKED);
    return 0;
}

int mdb_txn_commit(MDB_txn *txn)
{
    int (*real)(MDB_txn *) = dlsym(RTLD_NEXT, "mdb_txn_commit");
    enum holding holding = holding_by(txn);
    if (holding == HOLDING_COUNT)
        return real(txn);
    watch.committing = holding;
    reach(holding, DEATH_COMMITTING);
    int rc = real(txn);
    let_go(holding);
    reach(holding, DEATH_COMMITTED);
    return rc;
}

void mdb_txn_abort(MDB_txn *txn)
{
    void (*real)(MDB_txn *) = dlsym(RTLD_NEXT, "mdb_txn_abort");
    enum holding holding = holding_by(txn);
    real(txn);
    if (holding != HOLDING_COUNT)
        let_go(holding);
}

/* LMDB has written a commit's pages, but not yet the page that makes them count. */
int fdatasync(int fd)
{
    int (*real)(int) = dlsym(RTLD_NEXT, "fdatasync");
    reach(watch.committing, DEATH_SYNCING);
    return real(fd);
}

/* The page that makes a commit count is one of the first two, and is not written whole. */
ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    ssize_t (*real)(int, const void *, size_t, off_t) = dlsym(RTLD_NEXT, "pwrite");
    ssize_t written = real(fd, bytes, len, at);
    if (len < 4096 && at < 2 * 4096)
        reach(watch.committing, DEATH_WRITTEN);
    return written;
}

ssize_t pread(int fd, void *bytes, size_t len, off_t at)
{
    ssize_t (*real)(int, void *, size_t, off_t) = dlsym(RTLD_NEXT, "pread");
    if (watch.stops_opening)
        raise(SIGSTOP);
    return real(fd, bytes, len, at);
}
