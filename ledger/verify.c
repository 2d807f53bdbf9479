/* Is a ledger what it claims to be?
 *
 *     pages      of log and personal data, before either is mapped (pagewalk.c)
 *     events     a range a thread, on all processors (verify_range.c)
 *     order      the ranges one after the other, as they come (verify_order.c)
 *     tables     at the end: heads, voids, and that none has rows that no event accounts for
 *
 * A finding does not end it: the first ones are told, the rest are counted. */
#include "ledger/verify.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "ledger/pagewalk.h"
#include "ledger/verify_parts.h"

/* ---- pages */

/* A file that is being written to can look damaged to who reads it without a lock: then once more, while no new commit
 * can begin. */
static int walk_pages(const char *folder, const char *path, struct daybook_error *err)
{
    char queue_path[4200];
    int rc = pagewalk_file(path, err);
    if (rc != DAYBOOK_DAMAGED)
        return rc;
    snprintf(queue_path, sizeof queue_path, "%s/log/queue", folder);
    int queue = open(queue_path, O_RDONLY | O_CLOEXEC);
    if (queue < 0)
        return rc;
    if (flock(queue, LOCK_EX) == 0)
        rc = pagewalk_file(path, err);
    close(queue);
    return rc;
}

/* A generation of personal data that is being made, or being deleted, may look like anything: what counts is the one
 * that the log names, whose pages are known to be sound. */
static bool is_named_by_log(const char *folder, const char *name)
{
    struct store *store = NULL;
    struct store_txn *log = NULL;
    uint64_t generation = 0;
    char named[40];
    int rc = store_open(folder, true, &store, NULL);
    if (!rc)
        rc = store_begin(store, false, &log, NULL);
    if (!rc)
        rc = store_meta_number(log, "personal", &generation, NULL);
    store_abort(log);
    store_close(store);
    snprintf(named, sizeof named, "personal-%llu", (unsigned long long)generation);
    return rc || strcmp(named, name) == 0;
}

int verify_pages(const char *folder, struct daybook_error *err)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/log/data.mdb", folder);
    if (access(path, F_OK))
        return 0; /* no ledger: daybook_open says so */
    int rc = walk_pages(folder, path, err);
    DIR *entries = rc ? NULL : opendir(folder);
    if (!rc && !entries)
        return daybook_fail(err, DAYBOOK_IO, "%s cannot be read: %s.", folder, strerror(errno));
    for (struct dirent *entry; !rc && (entry = readdir(entries));) {
        if (strncmp(entry->d_name, "personal-", strlen("personal-")) != 0)
            continue;
        snprintf(path, sizeof path, "%s/%s/data.mdb", folder, entry->d_name);
        if (access(path, F_OK) == 0)
            rc = walk_pages(folder, path, err);
        if (rc && !is_named_by_log(folder, entry->d_name))
            rc = 0;
    }
    if (entries)
        closedir(entries);
    return rc;
}

/* ---- threads: each takes a range, checks it, and waits until it is its turn to put it in order */

enum { THREADS_MAX = 64, SAME_SNAPSHOT_TRIES = 100 };

struct crew {
    const struct verify_options *options;
    const struct verify_facts *facts;
    struct verify_order *order; /* whose turn it is may touch it */
    pthread_mutex_t lock;       /* guards what follows */
    pthread_cond_t turned;
    uint64_t next_seq, taken, turn; /* ranges are numbered as they are taken */
    uint32_t registered[DAYBOOK_KIND_COUNT];
    int rc; /* of who failed first: all stop */
    struct daybook_error err;
};

struct member {
    struct crew *crew;
    pthread_t thread;
    uint64_t number; /* of the range */
    struct range range;
};

static int stop_at(void *context, uint64_t seq, const uint8_t *bytes, size_t len, struct daybook_error *err)
{
    uint64_t *ret = context;
    (void)bytes, (void)len, (void)err;
    *ret = seq;
    return 1;
}

/* The next range in which there are events; where there are none, however many seqs, nobody looks. */
static bool take_range(struct member *m)
{
    struct crew *crew = m->crew;
    uint64_t seq = 0;
    pthread_mutex_lock(&crew->lock);
    int found = crew->rc ? 0 : store_each_event(m->range.snapshot->log, crew->next_seq, stop_at, &seq, &crew->err);
    if (found > 1)
        crew->rc = found;
    if (found == 1 && crew->next_seq <= seq) {
        uint64_t index = seq ? (seq - 1) / RANGE_EVENTS : 0;
        m->range.first = index ? index * RANGE_EVENTS + 1 : 0;
        m->range.last = (index + 1) * RANGE_EVENTS;
        m->number = crew->taken++;
        crew->next_seq = m->range.last + 1;
        memcpy(m->range.registered, crew->registered, sizeof crew->registered);
    }
    bool taken = found == 1;
    pthread_mutex_unlock(&crew->lock);
    return taken;
}

static bool wait_for_turn(struct member *m)
{
    struct crew *crew = m->crew;
    pthread_mutex_lock(&crew->lock);
    while (crew->turn != m->number && !crew->rc)
        pthread_cond_wait(&crew->turned, &crew->lock);
    bool has_turn = !crew->rc;
    pthread_mutex_unlock(&crew->lock);
    return has_turn;
}

static void end_turn(struct member *m, int rc, const struct daybook_error *err)
{
    struct crew *crew = m->crew;
    pthread_mutex_lock(&crew->lock);
    if (rc && !crew->rc) {
        crew->rc = rc;
        crew->err = *err;
    }
    if (!rc) {
        crew->turn++;
        for (unsigned kind = 0; kind < DAYBOOK_KIND_COUNT; kind++)
            crew->registered[kind] = crew->order->heads[kind].count;
    }
    pthread_cond_broadcast(&crew->turned);
    pthread_mutex_unlock(&crew->lock);
}

static void *check_ranges(void *context)
{
    struct member *m = context;
    const struct crew *crew = m->crew;
    while (take_range(m)) {
        int rc = range_check(&m->range);
        if (!rc && !wait_for_turn(m))
            break;
        if (!rc)
            rc = verify_order_take(crew->order, &m->range, &m->range.err);
        if (!rc && crew->options->progress)
            crew->options->progress(crew->options->context,
                                    m->range.last < crew->facts->last_seq ? m->range.last : crew->facts->last_seq,
                                    crew->facts->last_seq);
        end_turn(m, rc, &m->range.err);
    }
    return NULL;
}

static void end_snapshots(struct member *members, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        daybook_snapshot_end(members[i].range.snapshot);
}

/* A transaction belongs to one thread, so each gets its own, all of the same commit. Where writers come between too
 * often, or readers are too many, fewer threads do it. */
static int begin_snapshots(struct daybook *ledger, struct member *members, unsigned wanted, unsigned *ret_count,
                           struct daybook_error *err)
{
    unsigned count = 0;
    for (int tries = 0; tries < SAME_SNAPSHOT_TRIES && count < wanted; tries++) {
        end_snapshots(members, count);
        count = 0;
        int rc = daybook_snapshot_begin(ledger, &members[0].range.snapshot, err);
        if (rc)
            return rc;
        for (count = 1; count < wanted; count++) {
            struct daybook_snapshot **snapshot = &members[count].range.snapshot;
            if (daybook_snapshot_begin(ledger, snapshot, NULL))
                break;
            if (store_commit_id((*snapshot)->log) != store_commit_id(members[0].range.snapshot->log)) {
                daybook_snapshot_end(*snapshot);
                break;
            }
        }
    }
    *ret_count = count;
    return 0;
}

/* The caller is one of them: without any other it takes longer, no more. */
static int run(struct crew *crew, struct member *members, unsigned count, struct daybook_error *err)
{
    unsigned started = 1;
    for (unsigned i = 0; i < count; i++) {
        members[i].crew = crew;
        members[i].range.facts = crew->facts;
        store_expect_order(members[i].range.snapshot->log);
        personal_expect_order(members[i].range.snapshot->personal);
    }
    while (started < count && !pthread_create(&members[started].thread, NULL, check_ranges, &members[started]))
        started++;
    check_ranges(&members[0]);
    for (unsigned i = 1; i < started; i++)
        pthread_join(members[i].thread, NULL);
    if (crew->rc && err)
        *err = crew->err;
    return crew->rc;
}

/* ---- all of it */

static int verify_with(struct daybook *ledger, struct member *members, unsigned count,
                       const struct verify_options *options, struct verify_result *result, struct daybook_error *err)
{
    struct daybook_snapshot *snapshot = members[0].range.snapshot;
    struct verify_order order;
    struct verify_facts facts = {
        .zone = ledger_zone(ledger), .last_seq = snapshot->last_seq, .earlier_size = options->earlier_size};
    struct crew crew = {.options = options,
                        .facts = &facts,
                        .order = &order,
                        .lock = PTHREAD_MUTEX_INITIALIZER,
                        .turned = PTHREAD_COND_INITIALIZER};
    verify_order_init(&order, result);
    int rc = verify_facts_load(&facts, snapshot, err);
    if (!rc)
        rc = run(&crew, members, count, err);
    if (!rc)
        rc = verify_order_end(&order, snapshot, err);
    verify_order_release(&order);
    verify_facts_release(&facts);
    return rc;
}

static unsigned threads_for(uint64_t events)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t wanted = events / RANGE_EVENTS + 1;
    if (processors > 0 && (uint64_t)processors < wanted)
        wanted = (uint64_t)processors;
    return wanted < THREADS_MAX ? (unsigned)wanted : THREADS_MAX;
}

static int count_events(struct daybook *ledger, uint64_t *ret, struct daybook_error *err)
{
    struct daybook_snapshot *snapshot = NULL;
    int rc = daybook_snapshot_begin(ledger, &snapshot, err);
    if (!rc)
        *ret = snapshot->last_seq;
    daybook_snapshot_end(snapshot);
    return rc;
}

static int verify_open_ledger(struct daybook *ledger, const struct verify_options *options,
                              struct verify_result *result, struct daybook_error *err)
{
    uint64_t events = 0;
    unsigned count = 0;
    int rc = count_events(ledger, &events, err);
    if (rc)
        return rc;
    const unsigned wanted = threads_for(events);
    struct member *members = calloc(wanted, sizeof *members);
    if (!members)
        return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory while verifying.");
    rc = begin_snapshots(ledger, members, wanted, &count, err);
    if (!rc)
        rc = verify_with(ledger, members, count, options, result, err);
    snprintf(result->id, sizeof result->id, "%s", daybook_id(ledger));
    end_snapshots(members, count);
    for (unsigned i = 0; i < wanted; i++)
        range_release(&members[i].range);
    free(members);
    if (!rc && result->problem_count)
        rc = daybook_fail(err, DAYBOOK_VERIFICATION_FAILED, "%s", result->problems[0].message);
    return rc;
}

int verify_ledger(const char *folder, const struct verify_options *options, struct verify_result *ret,
                  struct daybook_error *err)
{
    static const struct verify_options defaults;
    const struct verify_options *o = options ? options : &defaults;
    struct daybook_open_options open_options = {.unsafe_filesystem = o->unsafe_filesystem};
    struct daybook *ledger = NULL;
    *ret = (struct verify_result){0};
    int rc = verify_pages(folder, err);
    if (!rc)
        rc = daybook_open(folder, &open_options, &ledger, err);
    if (!rc)
        rc = verify_open_ledger(ledger, o, ret, err);
    daybook_close(ledger);
    return rc;
}
