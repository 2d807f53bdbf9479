/* Random kills in a crowd: what was answered is in the log, once, whatever was killed at whatever moment. CRASH_S says
 * for how many seconds. The record itself is tried on ledgers from which something was lost. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/crash/check.h"
#include "tests/crash/crowd.h"
#include "tests/crash/intents.h"
#include "tests/crash/moments.h"
#include "tests/unit/scratch.h"

enum { KILLS_A_CHECK = 300, EVENTS_A_LEDGER = 5000, QUICK_S = 10 };

static void assert_good(struct record *record, const char *root, uint64_t *ret_last_seq)
{
    struct daybook_error problem = {0};
    if (!crash_check(record, root, &problem, ret_last_seq))
        fail_msg("%s", problem.message);
}

/* ---- the crowd */

struct totals {
    uint64_t answered, tried, verified, repeats, programs, checks, ledgers;
};

static void add_up(struct totals *t, const struct record *record)
{
    uint32_t count = atomic_load(&record->intent_count);
    for (uint32_t i = 1; i <= count; i++) {
        t->answered += atomic_load(&record->intents[i].answers) > 0;
        t->tried += atomic_load(&record->intents[i].tries) > 0;
    }
    t->verified += atomic_load(&record->verified);
    t->repeats += atomic_load(&record->repeats);
    t->programs += atomic_load(&record->programs);
}

static void print_totals(const struct totals *t, const struct crowd *crowd, const struct record *record)
{
    static const char *const holdings[] = {"log", "personal", "view"};
    static const char *const moments[] = {"locked", "committing", "syncing", "written", "committed"};
    print_message("# %u kills (%u while stopped), %u ended by themselves, %u stops\n", crowd->kills,
                  crowd->kills_stopped, crowd->ended, crowd->stops);
    print_message(
        "# %llu intents answered of %llu tried, %llu keys found again, %llu verifies, %llu answers of programs\n",
        (unsigned long long)t->answered, (unsigned long long)t->tried, (unsigned long long)t->repeats,
        (unsigned long long)(t->verified + 2 * t->checks), (unsigned long long)t->programs);
    print_message("# %llu checks of %llu ledgers\n", (unsigned long long)t->checks, (unsigned long long)t->ledgers);
    for (int h = 0; h < HOLDING_COUNT; h++) {
        print_message("# killed with the lock of the %s: %u from outside;", holdings[h], crowd->kills_holding[h]);
        for (int m = 0; m < DEATH_COUNT; m++)
            print_message(" %u %s%s", atomic_load(&record->deaths_at[h][m]), moments[m],
                          m + 1 < DEATH_COUNT ? "," : "\n");
    }
}

static void crowd_of_killed(void **state)
{
    (void)state;
    char root[SCRATCH_PATH_SIZE];
    const char *seconds = getenv("CRASH_S");
    int64_t end_us = record_now_us() + (seconds ? strtol(seconds, NULL, 10) : QUICK_S) * 1000000;
    struct record *record = record_new();
    struct totals totals = {0};
    uint64_t last = EVENTS_A_LEDGER + 1;
    assert_non_null(record);
    scratch_folder(root);
    struct crowd crowd = {.record = record, .root = root, .random = random_seed()};
    while (record_now_us() < end_us) {
        if (last > EVENTS_A_LEDGER) { /* a check reads all of it */
            add_up(&totals, record);
            record_reset(record);
            deeds_prepare(root);
            totals.ledgers++;
        }
        crowd_run(&crowd, KILLS_A_CHECK, end_us);
        assert_good(record, root, &last);
        totals.checks++;
    }
    add_up(&totals, record);
    print_totals(&totals, &crowd, record);
    assert_true(crowd.kills > 0 && totals.answered > 0);
    record_free(record);
    scratch_remove(root);
}

/* Nobody is killed: all end well, and nobody waits long for a turn. */
static void crowd_of_living(void **state)
{
    enum { PROCESSES = 120, WAIT_MAX_US = 5 * 1000 * 1000 };
    (void)state;
    char root[SCRATCH_PATH_SIZE];
    struct record *record = record_new();
    struct crowd crowd = {.record = record, .root = root, .random = random_seed(), .spare = true};
    uint64_t last = 0;
    scratch_folder(root);
    deeds_prepare(root);
    crowd_run(&crowd, PROCESSES, INT64_MAX);
    assert_good(record, root, &last);
    assert_true(crowd.ended >= PROCESSES);
    assert_int_equal(crowd.kills, 0);
    assert_in_range(atomic_load(&record->longest_wait_us), 1, WAIT_MAX_US);
    record_free(record);
    scratch_remove(root);
}

/* Somebody is killed while they read; who has the ledger open all the time must not keep every page since then. */
static void killed_reader_is_forgotten(void **state)
{
    enum { APPENDS = 3000, GROWTH_MAX = 8 << 20 };
    (void)state;
    char root[SCRATCH_PATH_SIZE], path[SCRATCH_PATH_SIZE + 20];
    int told[2];
    char byte;
    scratch_folder(root);
    snprintf(path, sizeof path, "%s/ledger", root);
    daybook_close(scratch_ledger(path));
    assert_int_equal(pipe(told), 0);
    pid_t reader = fork();
    if (reader == 0) {
        struct daybook *own = NULL;
        struct daybook_snapshot *snapshot = NULL;
        if (!daybook_open(path, NULL, &own, NULL) && !daybook_snapshot_begin(own, &snapshot, NULL) &&
            write(told[1], "r", 1) == 1)
            pause();
        _exit(1);
    }
    assert_int_equal(read(told[0], &byte, 1), 1);
    struct daybook *ledger = NULL;
    assert_int_equal(daybook_open(path, NULL, &ledger, NULL), 0);
    kill(reader, SIGKILL);
    waitpid(reader, NULL, 0);
    for (uint32_t i = 0; i < APPENDS; i++) {
        struct intent_entry e;
        struct daybook_result result;
        intent_entry(INTENT_KIND_COUNT, &e);
        assert_int_equal(record(ledger, e.drafts, 1, &result), 0);
    }
    daybook_close(ledger);
    struct stat file;
    snprintf(path, sizeof path, "%s/ledger/log/data.mdb", root);
    assert_int_equal(stat(path, &file), 0);
    assert_in_range(file.st_size, 1, GROWTH_MAX);
    close(told[0]);
    close(told[1]);
    scratch_remove(root);
}

static uint32_t new_noted_order(struct record *record)
{
    uint32_t number;
    do
        number = record_new_intent(record);
    while (intent_kind(number) != INTENT_NOTED_ORDER);
    return number;
}

/* In a child: append one order with a note, until it dies there. */
static pid_t append_until(struct record *record, const char *root, enum holding holding, enum death_place place)
{
    uint32_t number = new_noted_order(record);
    pid_t child = fork();
    if (child == 0) {
        struct actor actor = {.record = record, .root = root};
        char path[PATH_SIZE_MAX];
        struct daybook *ledger = NULL;
        deeds_path(&actor, "ledger", path);
        moments_die_at(record, 0, holding, place);
        if (!daybook_open(path, NULL, &ledger, NULL))
            deeds_append(&actor, ledger, &number, 1);
        _exit(1);
    }
    return child;
}

/* Somebody dies when a commit is on disk and LMDB's lock file does not say so yet; the next one, who would put that
 * right on opening, dies as well, while a third waits for their turn to open. */
static void killed_while_opening(void **state)
{
    enum { WAIT_US = 200 * 1000 };
    (void)state;
    char root[SCRATCH_PATH_SIZE], path[SCRATCH_PATH_SIZE + 20];
    struct record *record = record_new();
    int status;
    uint64_t last;
    scratch_folder(root);
    deeds_prepare(root);
    snprintf(path, sizeof path, "%s/ledger", root);
    waitpid(append_until(record, root, HOLDS_LOG, DEATH_WRITTEN), &status, 0);
    assert_true(WIFSIGNALED(status));
    pid_t opener = fork();
    if (opener == 0) {
        struct daybook *ledger = NULL;
        moments_stop_opening();
        daybook_open(path, NULL, &ledger, NULL);
        _exit(1);
    }
    assert_int_equal(waitpid(opener, &status, WUNTRACED), opener);
    assert_true(WIFSTOPPED(status));
    pid_t next = append_until(record, root, HOLDS_PERSONAL, DEATH_COMMITTED);
    usleep(WAIT_US); /* until it waits; too short a time would let the test pass, never fail */
    kill(opener, SIGKILL);
    waitpid(opener, NULL, 0);
    waitpid(next, &status, 0);
    assert_true(WIFSIGNALED(status));
    assert_good(record, root, &last);
    record_free(record);
    scratch_remove(root);
}

/* ---- would the record notice? */

static void forget_answer(struct record *record, const char *root)
{
    (void)root;
    uint32_t unused = record_new_intent(record); /* answered, and nowhere */
    record_answer(record, unused, 3, 3);
}

static void move_answer(struct record *record, const char *root)
{
    (void)root;
    for (uint32_t i = 1; i < INTENTS_MAX; i++)
        if (atomic_load(&record->intents[i].first_seq) > 1) {
            atomic_store(&record->intents[i].first_seq, 1);
            atomic_store(&record->intents[i].last_seq, 1);
            return;
        }
}

static void change_sighting(struct record *record, const char *root)
{
    (void)root;
    record_sighting(record, 2, (const uint8_t *)"x", 1);
}

static void change_checkpoint(struct record *record, const char *root)
{
    static const uint8_t other[32] = {1};
    (void)root;
    record_checkpoint(record, 2, other);
}

static void claim_files(struct record *record, const char *root)
{
    deeds_prepare(root);
    record_reset(record);
    atomic_store(&record->imported[FILES - 1], 1);
}

static void claim_lines(struct record *record, const char *root)
{
    deeds_prepare(root);
    record_reset(record);
    atomic_store(&record->loaded[0], 1);
}

/* All that was answered stays in the record; the log begins anew. */
static void lose_log(struct record *record, const char *root)
{
    (void)record;
    deeds_prepare(root);
}

/* As somebody would who has another key. */
static void record_as(const char *root, uint32_t number, const char *note)
{
    char path[SCRATCH_PATH_SIZE + 8];
    struct daybook *ledger = NULL;
    struct intent_entry e;
    struct daybook_result result;
    intent_entry(number, &e);
    e.drafts[1].text = text_of(note);
    snprintf(path, sizeof path, "%s/ledger", root);
    assert_int_equal(daybook_open(path, NULL, &ledger, NULL), 0);
    assert_int_equal(record(ledger, e.drafts, note ? 2 : 1, &result), 0);
    daybook_close(ledger);
}

static void record_twice(struct record *record, const char *root)
{
    (void)record;
    record_as(root, INTENT_OTHER_ORDER, NULL);
    record_as(root, INTENT_OTHER_ORDER, NULL);
}

static void record_part(struct record *record, const char *root)
{
    record_as(root, new_noted_order(record), NULL);
}

static void record_stranger(struct record *record, const char *root)
{
    record_as(root, new_noted_order(record), "somebody else's");
}

static void losses_are_noticed(void **state)
{
    (void)state;
    static void (*const losses[])(struct record *, const char *) = {
        forget_answer, move_answer, change_sighting, change_checkpoint, claim_files,
        claim_lines,   lose_log,    record_twice,    record_part,       record_stranger,
    };
    char root[SCRATCH_PATH_SIZE];
    struct record *record = record_new();
    uint64_t last = 0;
    scratch_folder(root);
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++) {
        struct crowd crowd = {.record = record, .root = root, .random = i, .spare = true};
        struct daybook_error problem = {0};
        record_reset(record);
        deeds_prepare(root);
        crowd_run(&crowd, 2, INT64_MAX);
        assert_good(record, root, &last);
        losses[i](record, root);
        if (crash_check(record, root, &problem, &last))
            fail_msg("loss %zu was not noticed", i);
        print_message("# %s\n", problem.message);
    }
    record_free(record);
    scratch_remove(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_are_noticed),   cmocka_unit_test(killed_reader_is_forgotten),
        cmocka_unit_test(killed_while_opening), cmocka_unit_test(crowd_of_living),
        cmocka_unit_test(crowd_of_killed),
    };
    return cmocka_run_group_tests_name("crash", tests, NULL, NULL);
}
