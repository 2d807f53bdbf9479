/* bench: what the log, replay and the program do, beside raw LMDB and SQLite that hold the same events, in one run.
 *
 *     bench [--orders N] [--dir FOLDER]
 *     bench --goals                        only says which goals there are
 *
 * Each of three rounds makes everything anew in a temporary folder. Figures go to the standard output and to
 * build/bench.json. */
#include <errno.h>
#include <ftw.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/bench/append.h"
#include "tools/bench/program.h"
#include "tools/bench/raw.h"
#include "tools/bench/replay.h"
#include "tools/bench/sqlite.h"

enum {
    ORDERS_DEFAULT = 50000,
    BULK_EVENTS = WORKLOAD_BULK_ENTRIES,
    DURABLE_EVENTS = 2000, /* of raw LMDB and SQLite, one a commit */
};

static const char json_path[] = "build/bench.json";

struct bench {
    uint32_t orders;
    char folder[PATH_MAX]; /* of the round */
    struct workload workload;
    struct batch batch;
    struct report report;
};

static const char *path_in(const struct bench *bench, const char *name, char out[PATH_MAX])
{
    if (snprintf(out, PATH_MAX, "%s/%s", bench->folder, name) >= PATH_MAX)
        out[0] = '\0'; /* no such path: opening fails */
    return out;
}

static int remove_entry(const char *path, const struct stat *stat, int kind, struct FTW *walk)
{
    (void)stat, (void)kind, (void)walk;
    return remove(path);
}

static void remove_folder(const char *folder)
{
    enum { OPEN_FOLDERS = 8 };
    if (nftw(folder, remove_entry, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS))
        fprintf(stderr, "bench: %s could not be removed: %s\n", folder, strerror(errno));
}

/* ---- a round */

struct peers {
    struct raw *raw;
    struct sqlite *sqlite;
};

static int file_bytes(const struct bench *bench, const char *name, double *ret, struct daybook_error *err)
{
    char path[PATH_MAX];
    struct stat file;
    if (stat(path_in(bench, name, path), &file))
        return daybook_fail(err, DAYBOOK_IO, "%s: %s.", path, strerror(errno));
    *ret = (double)file.st_size;
    return 0;
}

static int put_sizes(struct bench *bench, struct daybook_error *err)
{
    static const struct {
        enum row row;
        const char *files[2];
    } sizes[] = {
        {RAW_BYTES_ON_DISK, {"raw/data.mdb", NULL}},
        {SQLITE_BYTES_ON_DISK, {"sqlite", NULL}},
        {BYTES_ON_DISK, {"ledger/log/data.mdb", NULL}},
        {BYTES_WITH_KEYS, {"foreign/log/data.mdb", NULL}},
        {BYTES_WITH_PERSONAL, {"ledger/log/data.mdb", "ledger/personal-0/data.mdb"}},
    };
    int rc = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes && !rc; i++) {
        double sum = 0, size = 0;
        for (size_t f = 0; f < 2 && sizes[i].files[f] && !rc; f++, sum += size)
            rc = file_bytes(bench, sizes[i].files[f], &size, err);
        report_put(&bench->report, sizes[i].row, sum / (double)bench->report.events);
    }
    return rc;
}

static int append_raw(struct bench *bench, struct raw *raw, const struct stored *stored, size_t count, size_t a_commit,
                      enum row row, struct daybook_error *err)
{
    double start = seconds_now();
    int rc = raw_append(raw, stored, stored->count - count, count, a_commit, err);
    report_put(&bench->report, row, (double)count / (seconds_now() - start));
    return rc;
}

static int append_raw_heads(struct bench *bench, const struct stored *stored, struct daybook_error *err)
{
    struct raw *raw = NULL;
    char path[PATH_MAX];
    int rc = raw_new(path_in(bench, "raw-heads", path), true, &raw, err);
    if (!rc)
        rc = append_raw(bench, raw, stored, stored->count, BULK_EVENTS, RAW_HEADS_BULK, err);
    raw_free(raw);
    return rc;
}

/* The last events one by one, all others before them in large commits. */
static int append_sqlite(struct bench *bench, const struct stored *stored, struct sqlite *sqlite,
                         struct daybook_error *err)
{
    size_t single = stored->count / 2 < DURABLE_EVENTS ? stored->count / 2 : DURABLE_EVENTS;
    size_t bulk = stored->count - single;
    double start = seconds_now();
    int rc = sqlite_append(sqlite, stored, 0, bulk, BULK_EVENTS, err);
    report_put(&bench->report, SQLITE_BULK, (double)bulk / (seconds_now() - start));
    start = seconds_now();
    if (!rc)
        rc = sqlite_append(sqlite, stored, bulk, single, 1, err);
    report_put(&bench->report, SQLITE_DURABLE, (double)single / (seconds_now() - start));
    return rc ? rc : sqlite_settle(sqlite, err);
}

/* What needs the events of the bulk append: the same bytes in the peers, carried, and read. */
static int run_on_stored(struct bench *bench, struct peers *peers, struct daybook_snapshot *snapshot,
                         struct daybook_error *err)
{
    struct stored stored = {0};
    struct delay_sums sums = {0};
    char path[PATH_MAX];
    int rc = stored_new(snapshot, &stored, err);
    bench->report.orders = bench->orders;
    bench->report.events = stored.count;
    report_put(&bench->report, BYTES_STORED, (double)stored.bytes / (double)stored.count);
    if (!rc)
        rc = append_raw(bench, peers->raw, &stored, stored.count, BULK_EVENTS, RAW_BULK, err);
    if (!rc)
        rc = append_raw_heads(bench, &stored, err);
    if (!rc)
        rc = append_carry(path_in(bench, "carried", path), &stored, &bench->report, err);
    if (!rc)
        rc = append_sqlite(bench, &stored, peers->sqlite, err);
    if (!rc)
        rc = replay_all(snapshot, peers->raw, peers->sqlite, &bench->report, &sums, err);
    if (!rc)
        rc = program_all(bench->folder, &bench->workload, &bench->batch, &sums, &bench->report, err);
    if (!rc)
        rc = put_sizes(bench, err);
    if (!rc)
        rc = append_raw(bench, peers->raw, &stored, stored.count < DURABLE_EVENTS ? stored.count : DURABLE_EVENTS, 1,
                        RAW_DURABLE, err);
    stored_release(&stored);
    return rc;
}

/* Single requests go on where the bulk append ended, as raw LMDB does. */
static int append_durably(struct bench *bench, struct daybook *ledger, struct daybook_error *err)
{
    static const struct {
        uint32_t orders;
        unsigned threads;
        enum row row;
    } crews[] = {{500, 1, APPEND_DURABLE}, {1500, 8, APPEND_8_THREADS}, {4000, 64, APPEND_64_THREADS}};
    uint32_t first = bench->orders + 1;
    int rc = 0;
    for (size_t i = 0; i < sizeof crews / sizeof *crews && !rc; i++) {
        uint32_t orders = crews[i].orders < bench->orders ? crews[i].orders : bench->orders;
        rc = append_from_threads(ledger, first, orders, crews[i].threads, crews[i].row, &bench->report, err);
        first += orders;
    }
    return rc;
}

static int run_in_folder(struct bench *bench, struct daybook_error *err)
{
    struct daybook_init_options options = {.timezone = DAYBOOK_TEXT("UTC")};
    struct daybook *ledger = NULL;
    struct daybook_snapshot *snapshot = NULL;
    struct peers peers = {NULL, NULL};
    char path[PATH_MAX];
    int rc = daybook_init(path_in(bench, "ledger", path), &options, err);
    if (!rc)
        rc = daybook_open(path, NULL, &ledger, err);
    if (!rc)
        rc = append_bulk(ledger, &bench->workload, &bench->batch, &bench->report, err);
    if (!rc)
        rc = raw_new(path_in(bench, "raw", path), false, &peers.raw, err);
    if (!rc)
        rc = sqlite_new(path_in(bench, "sqlite", path), &peers.sqlite, err);
    if (!rc)
        rc = daybook_snapshot_begin(ledger, &snapshot, err);
    if (!rc)
        rc = run_on_stored(bench, &peers, snapshot, err);
    if (snapshot)
        daybook_snapshot_end(snapshot);
    raw_free(peers.raw);
    sqlite_free(peers.sqlite);
    if (!rc)
        rc = append_durably(bench, ledger, err);
    daybook_close(ledger);
    return rc;
}

static int run_round(struct bench *bench, const char *parent, struct daybook_error *err)
{
    if (snprintf(bench->folder, PATH_MAX, "%s/bench-XXXXXX", parent) >= PATH_MAX || !mkdtemp(bench->folder))
        return daybook_fail(err, DAYBOOK_IO, "No folder can be made in %s. Say --dir.", parent);
    int rc = run_in_folder(bench, err);
    remove_folder(bench->folder);
    return rc;
}

/* ---- the program */

static int run(struct bench *bench, const char *parent, struct daybook_error *err)
{
    int rc = workload_new(1, bench->orders, &bench->workload, err);
    if (!rc)
        rc = batch_new(WORKLOAD_BULK_ENTRIES, &bench->batch, err);
    for (int i = 0; i < REPORT_ROUNDS && !rc; i++) {
        bench->report.round = i;
        rc = run_round(bench, parent, err);
    }
    batch_release(&bench->batch);
    workload_release(&bench->workload);
    if (rc)
        return rc;
    report_print(&bench->report);
    return report_write_json(&bench->report, json_path, err);
}

static bool read_orders(const char *text, uint32_t *ret)
{
    char *end = NULL;
    unsigned long value = strtoul(text, &end, 10);
    if (end == text || *end || value == 0 || value > WORKLOAD_ORDERS_MAX)
        return false;
    *ret = (uint32_t)value;
    return true;
}

static int usage(void)
{
    fprintf(stderr, "usage: bench [--orders 1..%d] [--dir FOLDER] | --goals\n", WORKLOAD_ORDERS_MAX);
    return DAYBOOK_CLASS_USAGE;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"orders", required_argument, NULL, 'n'},
        {"dir", required_argument, NULL, 'd'},
        {"goals", no_argument, NULL, 'g'},
        {NULL, 0, NULL, 0},
    };
    static struct bench bench = {.orders = ORDERS_DEFAULT};
    const char *parent = "build";
    struct daybook_error error = {0};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;)
        if (option == 'g')
            return report_print_goals(), 0;
        else if (option == 'd')
            parent = optarg;
        else if (option != 'n' || !read_orders(optarg, &bench.orders))
            return usage();
    if (optind < argc)
        return usage();
    if (run(&bench, parent, &error)) {
        fprintf(stderr, "bench: %s\n", error.message);
        return (int)daybook_code_class(error.code);
    }
    return 0;
}
