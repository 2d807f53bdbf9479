/* The power fails, again and again: after each cut the ledger opens, has every answered event byte for byte and nothing
 * that was not asked for, verifies, agrees with its personal data and its views, and goes on.
 *
 * CUTS says after how many cuts to stop; POWER_S for how many seconds to go on instead, with a new workload each time.
 * SEED repeats a run. */
#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/ledger.h"
#include "ledger/verify.h"
#include "projections/delays.h"
#include "projections/orders.h"
#include "tests/power/disk.h"
#include "tests/power/workload.h"
#include "tests/unit/scratch.h"

enum { REQUESTS = 120, CUTS_A_WORKLOAD = 300, CUTS_DEFAULT = 150, LYING_CUTS = 40, PATH_SIZE = SCRATCH_PATH_SIZE + 32 };
enum { NOT_MADE = -1 };

/* ---- what must be there */

/* The log as the recorded program left it, and what had been answered when. */
struct expected {
    char root[SCRATCH_PATH_SIZE], folder[PATH_SIZE], image[PATH_SIZE], image_ledger[PATH_SIZE + 8];
    struct recording *recording;
    struct daybook *ledger;
    struct daybook_snapshot *snapshot;
};

/* What may be found after a cut: the last answer, or the next one, as the request may have been recorded already. */
struct moment {
    int64_t answered, next; /* last seq; NOT_MADE: not even init has answered */
};

struct check {
    const struct expected *expected;
    char *problem;
    size_t size;
};

__attribute__((format(printf, 2, 3))) static int problem(struct check *c, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(c->problem, c->size, format, arguments);
    va_end(arguments);
    return -1;
}

static int same_event(void *context, const struct daybook_event *event, struct daybook_error *err)
{
    struct check *c = context;
    struct daybook_event wanted;
    if (daybook_event(c->expected->snapshot, event->seq, &wanted, err))
        return problem(c, "event %llu was never asked for", (unsigned long long)event->seq);
    if (wanted.len != event->len || memcmp(wanted.bytes, event->bytes, event->len) != 0)
        return problem(c, "event %llu is not what was recorded", (unsigned long long)event->seq);
    return 0;
}

static int check_events(struct check *c, struct daybook_snapshot *snapshot, const struct moment *moment)
{
    struct daybook_error err = {0};
    int64_t last = (int64_t)daybook_last_seq(snapshot);
    if (last != moment->next && last != (moment->answered == NOT_MADE ? 0 : moment->answered))
        return problem(c, "%lld events are there; %lld were answered, %lld with the request that was under way",
                       (long long)last, (long long)moment->answered, (long long)moment->next);
    int rc = daybook_follow(snapshot, 1, same_event, c, &err);
    return rc && !*c->problem ? problem(c, "following: %s", err.message) : rc;
}

static int check_views(struct check *c, struct daybook_snapshot *snapshot)
{
    static const struct daybook_projection *const kept[] = {&orders_projection, &delays_projection};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        struct daybook_error err = {0};
        bool same = false;
        uint64_t rows;
        if (daybook_view_check(snapshot, kept[i], NULL, &same, &rows, &err))
            return problem(c, "the view %s: %s", kept[i]->name, err.message);
        if (!same)
            return problem(c, "the view %s is not what a fresh fold gives", kept[i]->name);
    }
    return 0;
}

static int count_forgetting(void *context, const struct daybook_event *event, struct daybook_error *err)
{
    uint64_t *count = context;
    (void)err;
    *count += event->type == DAYBOOK_PERSONAL_DATA_ERASED;
    return 0;
}

/* Each forgetting of the workload takes one value. */
static uint64_t forgotten(const char *folder)
{
    struct daybook *ledger = NULL;
    struct daybook_snapshot *snapshot = NULL;
    uint64_t count = 0;
    if (!daybook_open(folder, NULL, &ledger, NULL) && !daybook_snapshot_begin(ledger, &snapshot, NULL))
        daybook_follow(snapshot, 1, count_forgetting, &count, NULL);
    daybook_snapshot_end(snapshot);
    daybook_close(ledger);
    return count;
}

static int check_verifies(struct check *c, const char *when)
{
    struct verify_result result;
    struct daybook_error err = {0};
    if (verify_ledger(c->expected->image_ledger, NULL, &result, &err))
        return problem(c, "verify %s: %s", when, err.message);
    const uint64_t wanted = forgotten(c->expected->image_ledger);
    return result.erased == wanted ? 0
                                   : problem(c, "%s %llu personal values are gone, not %llu", when,
                                             (unsigned long long)result.erased, (unsigned long long)wanted);
}

/* Whatever a cut left of other generations, the next append deletes it. */
static int check_folders(struct check *c)
{
    DIR *entries = opendir(c->expected->image_ledger);
    unsigned count = 0;
    for (struct dirent *entry; entries && (entry = readdir(entries));)
        count += strncmp(entry->d_name, "personal-", 9) == 0;
    if (entries)
        closedir(entries);
    return count == 1 ? 0 : problem(c, "%u folders of personal data after the next append", count);
}

/* The ledger takes an order from a customer who may or may not be known, and a note. */
static int append_after(struct check *c, struct daybook *ledger)
{
    struct daybook_draft drafts[2];
    struct daybook_result result;
    daybook_draft_init(&drafts[0], DAYBOOK_ORDER_CREATED);
    drafts[0].customer = DAYBOOK_TEXT("customer 1");
    daybook_draft_init(&drafts[1], DAYBOOK_ORDER_NOTE_ADDED);
    drafts[1].text = DAYBOOK_TEXT("the light is on again");
    if (record(ledger, drafts, 2, &result))
        return problem(c, "appending afterwards: %s", result.error.message);
    return 0;
}

static int check_open(struct check *c, struct daybook *ledger, const struct moment *moment)
{
    struct daybook_snapshot *snapshot = NULL;
    struct daybook_error err = {0};
    if (daybook_snapshot_begin(ledger, &snapshot, &err))
        return problem(c, "reading: %s", err.message);
    int rc = check_events(c, snapshot, moment);
    if (!rc)
        rc = check_views(c, snapshot);
    daybook_snapshot_end(snapshot);
    return rc;
}

/* An init that was cut off before it answered can be repeated. */
static int open_or_make(struct check *c, const struct moment *moment, struct daybook **ret)
{
    const char *folder = c->expected->image_ledger;
    const struct daybook_init_options options = {.timezone = DAYBOOK_TEXT("UTC")};
    struct daybook_error err = {0};
    int rc = daybook_open(folder, NULL, ret, &err);
    if (moment->answered == NOT_MADE && (rc == DAYBOOK_NO_LEDGER || (rc == DAYBOOK_IO && access(folder, F_OK)))) {
        rc = daybook_init(folder, &options, &err);
        if (!rc)
            rc = daybook_open(folder, NULL, ret, &err);
    }
    return rc ? problem(c, "opening: %s", err.message) : 0;
}

static int check_image(struct check *c, const struct moment *moment)
{
    struct daybook *ledger = NULL;
    int rc = open_or_make(c, moment, &ledger);
    if (!rc)
        rc = check_verifies(c, "after the cut");
    if (!rc)
        rc = check_open(c, ledger, moment);
    if (!rc)
        rc = append_after(c, ledger);
    daybook_close(ledger);
    if (!rc)
        rc = check_folders(c);
    return rc ? rc : check_verifies(c, "after the next append");
}

/* ---- recording */

static void record_workload(struct expected *e, const char *source, uint64_t seed)
{
    e->recording = recording_new();
    pid_t child = fork();
    if (child == 0) {
        recording_begin(e->recording, e->root);
        workload_run(e->folder, source, seed, REQUESTS);
        _exit(0);
    }
    int status = -1;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    assert_int_equal(daybook_open(e->folder, NULL, &e->ledger, NULL), 0);
    assert_int_equal(daybook_snapshot_begin(e->ledger, &e->snapshot, NULL), 0);
}

static struct expected *expected_new(uint64_t seed, bool with_source)
{
    struct expected *e = calloc(1, sizeof *e);
    char images[SCRATCH_PATH_SIZE], source[PATH_SIZE];
    scratch_folder(e->root);
    scratch_folder(images);
    snprintf(e->folder, sizeof e->folder, "%s/ledger", e->root);
    snprintf(e->image, sizeof e->image, "%s/image", images);
    snprintf(e->image_ledger, sizeof e->image_ledger, "%s/ledger", e->image);
    snprintf(source, sizeof source, "%s/source", images);
    if (with_source)
        workload_run(source, NULL, seed + 1, REQUESTS);
    record_workload(e, with_source ? source : NULL, seed);
    scratch_remove(source);
    return e;
}

static void expected_free(struct expected *e)
{
    daybook_snapshot_end(e->snapshot);
    daybook_close(e->ledger);
    recording_free(e->recording);
    scratch_remove(e->root);
    *strrchr(e->image, '/') = '\0';
    scratch_remove(e->image);
    free(e);
}

/* ---- cutting */

/* Whom a crash in the middle of a check would leave without a word. */
static char doing[128];

static void on_crash(int number)
{
    if (write(STDERR_FILENO, doing, strlen(doing)) < 0)
        _exit(1);
    signal(number, SIG_DFL);
    raise(number);
}

static void say_crashes(void)
{
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGABRT, SIGALRM};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        signal(numbers[i], on_crash);
}

/* Is called at each cut; non-zero ends it. */
typedef int at_cut(void *context, const struct disk *disk, const struct moment *moment, uint64_t *random);

static int64_t next_answer(const struct recording *recording, size_t at, int64_t otherwise)
{
    struct record record;
    while (recording_next(recording, &at, &record))
        if (record.kind == RECORD_ANSWER)
            return (int64_t)record.offset;
    return otherwise;
}

struct plan {
    unsigned lies;
    size_t cuts;      /* spread evenly over everything that was recorded */
    size_t init_cuts; /* more at each step of making the ledger, of which there are few */
};

static int each_cut(const struct recording *recording, const struct plan *plan, uint64_t *random, at_cut *cut,
                    void *context)
{
    struct disk *disk = disk_new(plan->lies);
    struct moment moment = {NOT_MADE, next_answer(recording, 0, 0)};
    struct record record;
    const size_t count = recording_count(recording);
    size_t done = 0;
    int rc = 0;
    for (size_t at = 0, i = 1; !rc && recording_next(recording, &at, &record); i++) {
        disk_apply(disk, &record);
        if (record.kind == RECORD_ANSWER) {
            moment.answered = (int64_t)record.offset;
            moment.next = next_answer(recording, at, moment.answered);
        }
        for (size_t n = 0; !rc && moment.answered == NOT_MADE && n < plan->init_cuts; n++)
            rc = cut(context, disk, &moment, random);
        for (; !rc && done < plan->cuts * i / count; done++)
            rc = cut(context, disk, &moment, random);
    }
    disk_free(disk);
    return rc;
}

struct run {
    const struct expected *expected;
    uint64_t seed;
    size_t cuts;
};

static int check_cut(void *context, const struct disk *disk, const struct moment *moment, uint64_t *random)
{
    struct run *run = context;
    char text[400] = "";
    struct check c = {.expected = run->expected, .problem = text, .size = sizeof text};
    run->cuts++;
    snprintf(doing, sizeof doing, "# died at cut %zu of the workload %llu\n", run->cuts,
             (unsigned long long)run->seed);
    alarm(60);
    disk_image(disk, run->expected->image, random);
    int rc = check_image(&c, moment);
    alarm(0);
    if (rc)
        fail_msg("cut %zu of the workload %llu: %s (%s)", run->cuts, (unsigned long long)run->seed, text,
                 run->expected->image);
    scratch_remove(run->expected->image);
    return 0;
}

static void nothing_is_lost(void **state)
{
    (void)state;
    const char *seconds = getenv("POWER_S"), *wanted = getenv("CUTS");
    const time_t end = time(NULL) + (seconds ? strtol(seconds, NULL, 10) : 0);
    const size_t cuts = wanted ? strtoul(wanted, NULL, 10) : CUTS_DEFAULT;
    uint64_t random = random_seed();
    size_t done = 0;
    say_crashes();
    for (unsigned i = 0; seconds ? time(NULL) < end : done < cuts; i++) {
        struct run run = {.seed = random_next(&random) & UINT32_MAX};
        struct plan plan = {DISK_HONEST, CUTS_A_WORKLOAD, 4};
        if (!seconds && cuts - done < plan.cuts)
            plan.cuts = cuts - done;
        struct expected *e = expected_new(run.seed, i % 3 == 2);
        run.expected = e;
        each_cut(e->recording, &plan, &random, check_cut, &run);
        done += run.cuts;
        expected_free(e);
    }
    print_message("# %zu cuts\n", done);
    assert_true(done > 0);
}

/* ---- the test tested */

static void read_file(const char *folder, const char *name, uint8_t **ret, long *ret_len)
{
    char path[PATH_SIZE + 32];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *ret_len = ftell(file);
    rewind(file);
    *ret = malloc((size_t)*ret_len + 1);
    assert_int_equal(fread(*ret, 1, (size_t)*ret_len, file), *ret_len);
    fclose(file);
}

/* Nothing that the program did to a file has escaped the recording. */
static void everything_is_recorded(void **state)
{
    (void)state;
    struct expected *e = expected_new(7, false);
    char personal[64];
    snprintf(personal, sizeof personal, "personal-%llu/data.mdb", (unsigned long long)forgotten(e->folder));
    const char *const names[] = {"log/data.mdb", personal, "views/orders.current"};
    struct disk *disk = disk_new(DISK_HONEST);
    struct record record;
    for (size_t at = 0; recording_next(e->recording, &at, &record);)
        disk_apply(disk, &record);
    disk_image_whole(disk, e->image);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        uint8_t *there, *made;
        long there_len, made_len;
        read_file(e->folder, names[i], &there, &there_len);
        read_file(e->image_ledger, names[i], &made, &made_len);
        assert_int_equal(made_len, there_len);
        assert_memory_equal(made, there, (size_t)there_len);
        free(there);
        free(made);
    }
    disk_free(disk);
    expected_free(e);
}

struct lying {
    const struct expected *expected;
    unsigned found;
};

/* Such a disk can do anything to a reader, so that each check is a process of its own. */
static int check_lied_to(void *context, const struct disk *disk, const struct moment *moment, uint64_t *random)
{
    struct lying *lying = context;
    char text[400] = "";
    struct check c = {.expected = lying->expected, .problem = text, .size = sizeof text};
    disk_image(disk, lying->expected->image, random);
    pid_t child = fork();
    if (child == 0) {
        alarm(10);
        struct expected mine = *lying->expected; /* handles do not pass a fork */
        if (daybook_open(mine.folder, NULL, &mine.ledger, NULL) ||
            daybook_snapshot_begin(mine.ledger, &mine.snapshot, NULL))
            _exit(0);
        c.expected = &mine;
        _exit(check_image(&c, moment) != 0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    lying->found += status != 0;
    scratch_remove(lying->expected->image);
    return 0;
}

static void lies_of_disks_are_found(void **state)
{
    static const unsigned lies[] = {DISK_HONEST, DISK_FILES_LIE, DISK_FOLDERS_LIE, DISK_SYNC_WRITES_LIE};
    (void)state;
    struct expected *e = expected_new(7, false);
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        struct lying lying = {.expected = e};
        uint64_t random = 7;
        each_cut(e->recording, &(struct plan){lies[i], LYING_CUTS, 0}, &random, check_lied_to, &lying);
        print_message("# lie %u: %u of %d cuts found\n", lies[i], lying.found, LYING_CUTS);
        assert_true(lies[i] == DISK_HONEST ? lying.found == 0 : lying.found > LYING_CUTS / 10);
    }
    expected_free(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(everything_is_recorded),
                                       cmocka_unit_test(lies_of_disks_are_found), cmocka_unit_test(nothing_is_lost)};
    return cmocka_run_group_tests_name("power", tests, NULL, NULL);
}
