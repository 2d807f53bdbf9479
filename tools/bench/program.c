/* The rows of the program. What it made is opened and held against the workload's own sums. */
#include "tools/bench/program.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/bench/replay.h"

enum { STATS_RUNS = 10, ARGUMENTS_MAX = 8 };

extern char **environ;

struct program {
    char path[PATH_MAX]; /* of daybook, which lies beside this program */
    const char *folder;
    const struct workload *workload;
    struct batch *batch;
    const struct delay_sums *sums;
    struct report *report;
};

/* ---- processes */

/* Arguments stand in `folder`; the first is the ledger. The answer goes to the file `output`, NULL: nowhere. */
static int run(const struct program *program, const char *const arguments[], const char *output, double *ret_seconds,
               struct daybook_error *err)
{
    const char *argv[ARGUMENTS_MAX + 3] = {"daybook", "--ledger"};
    posix_spawn_file_actions_t actions;
    pid_t child = 0;
    int status = 0;
    for (size_t i = 0; i < ARGUMENTS_MAX && arguments[i]; i++)
        argv[2 + i] = arguments[i];
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addchdir_np(&actions, program->folder);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output ? output : "/dev/null",
                                     O_WRONLY | O_CREAT | O_TRUNC, 0600);
    double start = seconds_now();
    int failed = posix_spawn(&child, program->path, &actions, NULL, (char *const *)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed)
        return daybook_fail(err, DAYBOOK_IO, "%s cannot be run: %s.", program->path, strerror(failed));
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    *ret_seconds = seconds_now() - start;
    if (!WIFEXITED(status) || WEXITSTATUS(status))
        return daybook_fail(err, DAYBOOK_IO, "`daybook --ledger %s %s` ended with status %d.", arguments[0],
                            arguments[1], status);
    return 0;
}

static int path_of(const struct program *program, const char *name, char out[PATH_MAX], struct daybook_error *err)
{
    return snprintf(out, PATH_MAX, "%s/%s", program->folder, name) < PATH_MAX
               ? 0
               : daybook_fail(err, DAYBOOK_IO, "%s is too long a path.", program->folder);
}

/* ---- files in */

/* A fresh ledger takes the file; then its orders must have the workload's delays. */
static int take_file(struct program *program, const char *command, const char *ledger, const char *file,
                     double *ret_seconds, struct daybook_error *err)
{
    struct delay_sums got;
    char path[PATH_MAX];
    double ignored;
    int rc = path_of(program, ledger, path, err);
    if (!rc)
        rc = run(program, (const char *[]){ledger, "init", "--timezone", "UTC", NULL}, NULL, &ignored, err);
    if (!rc)
        rc = run(program, (const char *[]){ledger, command, file, NULL}, NULL, ret_seconds, err);
    if (!rc)
        rc = replay_delay_sums(path, &got, err);
    if (!rc)
        rc = sums_agree(program->sums, &got, file, err);
    return rc;
}

static int write_file(struct program *program, const char *name, void (*write)(struct program *program, FILE *file),
                      struct daybook_error *err)
{
    char path[PATH_MAX];
    int rc = path_of(program, name, path, err);
    if (rc)
        return rc;
    FILE *file = fopen(path, "w");
    if (!file)
        return daybook_fail(err, DAYBOOK_IO, "%s: %s.", path, strerror(errno));
    write(program, file);
    bool failed = ferror(file);
    return fclose(file) || failed ? daybook_fail(err, DAYBOOK_IO, "%s cannot be written.", path) : 0;
}

static void write_lines(struct program *program, FILE *file)
{
    for (size_t done = 0; done < program->workload->count; done += program->batch->count) {
        batch_fill(program->batch, program->workload, done);
        batch_write_lines(program->batch, file, done + 1);
    }
}

static void write_table(struct program *program, FILE *file)
{
    workload_write_table(file, (uint32_t)program->report->orders);
}

static int load_exact(struct program *program, struct daybook_error *err)
{
    double seconds;
    int rc = run(program, (const char *[]){"ledger", "log", NULL}, "log.jsonl", &seconds, err);
    if (!rc)
        rc = take_file(program, "load", "exact", "log.jsonl", &seconds, err);
    if (!rc)
        report_put(program->report, LOAD_EXACT, (double)program->report->events / seconds);
    return rc;
}

static int load_foreign(struct program *program, struct daybook_error *err)
{
    double seconds;
    int rc = write_file(program, "foreign.jsonl", write_lines, err);
    if (!rc)
        rc = take_file(program, "load", "foreign", "foreign.jsonl", &seconds, err);
    if (!rc)
        report_put(program->report, LOAD_FOREIGN, (double)program->workload->count / seconds);
    return rc;
}

static int import_table(struct program *program, struct daybook_error *err)
{
    double seconds;
    int rc = write_file(program, "orders.csv", write_table, err);
    if (!rc)
        rc = take_file(program, "import", "imported", "orders.csv", &seconds, err);
    if (!rc)
        report_put(program->report, IMPORT_TABLE, (double)program->report->orders / seconds);
    return rc;
}

/* ---- the answer */

static int64_t whole(const json_t *group, const char *days, const char *figure)
{
    return json_integer_value(json_object_get(json_object_get(group, days), figure));
}

/* A mean has six digits behind the point: enough to tell the whole sum. */
static int64_t sum_of(const json_t *group, const char *days, int64_t count)
{
    return llround(json_number_value(json_object_get(json_object_get(group, days), "mean")) * (double)count);
}

static int check_answer(struct program *program, const char *name, struct daybook_error *err)
{
    struct delay_sums sums = {0};
    char path[PATH_MAX];
    size_t i;
    json_t *group;
    int rc = path_of(program, name, path, err);
    if (rc)
        return rc;
    json_t *answer = json_load_file(path, 0, NULL);
    json_array_foreach(json_object_get(answer, "groups"), i, group)
    {
        int64_t measured = json_integer_value(json_object_get(group, "measured"));
        sums.measured += measured;
        sums.lead_days += sum_of(group, "lead_days", measured);
        sums.late_days += sum_of(group, "late_days", json_integer_value(json_object_get(group, "late")));
        sums.medians += whole(group, "lateness_days", "p50");
    }
    json_decref(answer);
    return sums_agree(program->sums, &sums, "answers of the program", err);
}

/* The first time the view is made. */
static int ask_stats(struct program *program, struct daybook_error *err)
{
    static const char *const in_json[] = {"ledger", "--format", "json", "stats", "delays", "--by", "customer", NULL};
    static const char *const as_table[] = {"ledger", "stats", "delays", "--by", "customer", NULL};
    double seconds, sum = 0;
    int rc = run(program, in_json, "delays.json", &seconds, err);
    if (!rc)
        rc = check_answer(program, "delays.json", err);
    for (int i = 0; i < STATS_RUNS && !rc; i++, sum += seconds)
        rc = run(program, as_table, NULL, &seconds, err);
    if (!rc)
        report_put(program->report, STATS_PROCESS, sum / STATS_RUNS * 1000);
    return rc;
}

static int find_daybook(char path[PATH_MAX], struct daybook_error *err)
{
    static const char name[] = "daybook";
    ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - sizeof name);
    if (len < 0)
        return daybook_fail(err, DAYBOOK_IO, "/proc/self/exe: %s.", strerror(errno));
    path[len] = '\0';
    memcpy(strrchr(path, '/') + 1, name, sizeof name);
    return 0;
}

int program_all(const char *folder, const struct workload *workload, struct batch *batch, const struct delay_sums *sums,
                struct report *report, struct daybook_error *err)
{
    static int (*const parts[])(struct program *, struct daybook_error *) = {load_exact, load_foreign, import_table,
                                                                             ask_stats};
    struct program program = {.folder = folder, .workload = workload, .batch = batch, .sums = sums, .report = report};
    int rc = find_daybook(program.path, err);
    for (size_t i = 0; i < sizeof parts / sizeof *parts && !rc; i++)
        rc = parts[i](&program, err);
    return rc;
}
