/* Everything that can fail does, one call after the other: memory, reads, writes, syncs, locks, maps, names. The real
 * program then says what is wrong and that the machine is to blame (or does without), is ended by no signal, leaves the
 * ledger as it was or as it was to become, and the same command without a fault succeeds.
 *
 * FAULTS says how many are tried, half of them of memory, spread evenly over all there are (0: all). SEED moves the
 * choice. The program is $DAYBOOK, else the one built beside this test. */
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "daybook/ledger.h"
#include "ledger/verify.h"
#include "tests/fault/fault.h"
#include "tests/unit/scratch.h"

enum { ARGUMENTS_MAX = 20, PATH_SIZE = 4096, OUTPUT_SIZE = 1 << 16, PATIENCE_S = 60 };
#ifdef __SANITIZE_ADDRESS__ /* and so is the program, which takes its time */
enum { FAULTS_DEFAULT = 80 };
#else
enum { FAULTS_DEFAULT = 250 };
#endif
enum { ENVIRONMENT_EXIT = DAYBOOK_CLASS_ENVIRONMENT };

static const int32_t errors_of[FAULT_KIND_COUNT][FAULT_ERRORS_MAX] = {
#define KIND(name, class, ...) [FAULT_##name] = {__VA_ARGS__},
    FAULT_KINDS(KIND)
#undef KIND
};
static const char *const kind_names[FAULT_KIND_COUNT] = {
#define KIND(name, class, ...) [FAULT_##name] = #name,
    FAULT_KINDS(KIND)
#undef KIND
};

/* ---- what is run */

/* The ledgers that commands begin with, each made by these commands from the one named. */
enum base { NO_LEDGER, EMPTY, ORDERS, KEPT, SIGNED, IMPORTED, BASE_COUNT };
static const char *const base_names[BASE_COUNT] = {"none", "empty", "orders", "kept", "signed", "imported"};

static const struct {
    enum base made, from;
    const char *arguments[ARGUMENTS_MAX];
} preparations[] = {
    {EMPTY, NO_LEDGER, {"init", "--timezone", "UTC"}},
    {ORDERS, EMPTY, {"create", "--customer", "acme", "--item", "P-1:3pcs:Bolt", "--note", "call first"}},
    {ORDERS, ORDERS, {"create", "--customer", "万泰酒业", "--item", "P-2:5", "--expected", "2026-12-01"}},
    {ORDERS, ORDERS, {"ship", "SO-000001", "--carrier", "DHL"}},
    {ORDERS, ORDERS, {"key", "new"}},
    {KEPT, ORDERS, {"rebuild", "--all"}},
    {KEPT, KEPT, {"create", "--customer", "new since", "--item", "P-3:1"}},
    {SIGNED, ORDERS, {"checkpoint"}},
    {IMPORTED, ORDERS, {"import", "orders.csv"}},
};

struct command {
    const char *arguments[ARGUMENTS_MAX];
    enum base base;
    enum { ONE_COMMIT, SAME_ANSWER, PARTS } promise; /* PARTS: what came before a failure is kept, entry by entry */
};

static const struct command commands[] = {
    {{"init", "--timezone", "UTC"}, NO_LEDGER, ONE_COMMIT},
    {{"create", "--key", "k", "--customer", "new", "--item", "P-9:1", "--note", "a note"}, ORDERS, ONE_COMMIT},
    {{"create", "--key", "k", "--customer", "first", "--item", "P-9:1"}, EMPTY, ONE_COMMIT},
    {{"ship", "SO-000002", "--key", "k", "--tracking", "T-1"}, ORDERS, ONE_COMMIT},
    {{"note", "SO-000002", "another note", "--key", "k"}, ORDERS, ONE_COMMIT},
    {{"forget", "note", "7", "--reason", "r"}, ORDERS, ONE_COMMIT},
    {{"import", "orders.csv"}, ORDERS, ONE_COMMIT},
    {{"undo-import", "orders.csv", "--reason", "r"}, IMPORTED, ONE_COMMIT},
    {{"load", "lines.jsonl"}, EMPTY, PARTS},
    {{"list", "--format", "json"}, ORDERS, SAME_ANSWER},
    {{"list", "--format", "json"}, KEPT, SAME_ANSWER}, /* libsmartcols loops for ever without memory */
    {{"stats", "delays", "--by", "customer", "--format", "json"}, KEPT, ONE_COMMIT},
    {{"rebuild", "--all"}, KEPT, ONE_COMMIT},
    {{"rebuild", "--check"}, KEPT, ONE_COMMIT},
    {{"export", "out.csv"}, KEPT, ONE_COMMIT},
    {{"history", "SO-000001", "--format", "json"}, ORDERS, SAME_ANSWER},
    {{"log"}, ORDERS, SAME_ANSWER},
    {{"verify", "--format", "json"}, ORDERS, SAME_ANSWER},
    {{"checkpoint"}, ORDERS, ONE_COMMIT}, /* makes a key: each answer has its own signature */
    {{"checkpoint"}, SIGNED, SAME_ANSWER},
    {{"prove", "order", "SO-000001", "--format", "json", "--show", "text"}, SIGNED, SAME_ANSWER},
    {{"prove", "--consistency", "5", "--size", "7"}, SIGNED, SAME_ANSWER},
    {{"check-proof", "event.proof"}, SIGNED, SAME_ANSWER},
    {{"audit-pack", "--since", "today", "--until", "+1", "--sample", "2", "--seed", "7", "pack"}, SIGNED, ONE_COMMIT},
    {{"backup", "made", "--keep", "1"}, ORDERS, ONE_COMMIT},
    {{"restore", "backups"}, NO_LEDGER, ONE_COMMIT},
    {{"pull", "backups"}, EMPTY, ONE_COMMIT},
};
enum { COMMAND_COUNT = sizeof commands / sizeof *commands };

/* ---- running */

struct place {
    char root[SCRATCH_PATH_SIZE], program[PATH_SIZE], layer[PATH_SIZE + 32];
    struct fault_state *state;
};

struct outcome {
    int status; /* as of waitpid */
    char out[OUTPUT_SIZE], err[OUTPUT_SIZE];
};

static struct place place;

static void read_text(const char *path, char text[OUTPUT_SIZE])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? 0 : read(fd, text, OUTPUT_SIZE - 1);
    text[len > 0 ? len : 0] = '\0';
    if (fd >= 0)
        close(fd);
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void become(const char *const arguments[ARGUMENTS_MAX], bool with_layer)
{
    const char *all[ARGUMENTS_MAX + 8] = {place.program, "--ledger", "ledger"};
    size_t count = 3;
    for (size_t i = 0; i < ARGUMENTS_MAX && arguments[i]; i++)
        all[count++] = arguments[i];
    int out = open("stdout", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    int err = open("stderr", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
        _exit(99);
    close(out);
    close(err);
    if (with_layer)
        setenv("LD_PRELOAD", place.layer, 1);
    alarm(PATIENCE_S);
    execv(place.program, (char *const *)(uintptr_t)all);
    _exit(99);
}

/* In the scratch folder, on the ledger "ledger" in it. */
static void run(const char *const arguments[ARGUMENTS_MAX], bool with_layer, struct outcome *ret)
{
    pid_t child = fork();
    if (child == 0)
        become(arguments, with_layer);
    waitpid(child, &ret->status, 0);
    read_text("stdout", ret->out);
    read_text("stderr", ret->err);
}

/* The calls of `class` are counted, the n-th fails. */
static void run_faulty(const struct command *command, uint32_t class, uint64_t at, bool all_from_there, int32_t error,
                       struct outcome *ret)
{
    struct fault_state *s = place.state;
    s->class = class, s->at = at, s->all_from_there = all_from_there, s->error = error;
    s->count = s->failed = 0;
    run(command->arguments, true, ret);
}

static void run_well(const char *const arguments[ARGUMENTS_MAX])
{
    static struct outcome outcome;
    run(arguments, false, &outcome);
    if (outcome.status)
        fail_msg("%s ends with %#x: %s", arguments[0], (unsigned)outcome.status, outcome.err);
}

/* ---- ledgers */

static char copy_to[PATH_SIZE];
static size_t copy_skip;

/* Lock files are made anew: their contents mean nothing to a new set of processes. */
static int copy_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    char target[PATH_SIZE * 2];
    (void)where;
    snprintf(target, sizeof target, "%s%s", copy_to, path + copy_skip);
    if (kind == FTW_D)
        return mkdir(target, status->st_mode & 0777);
    if (strstr(path, "lock.mdb"))
        return 0;
    int from = open(path, O_RDONLY | O_CLOEXEC);
    int to = open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, status->st_mode & 0777);
    ssize_t copied = copy_file_range(from, NULL, to, NULL, (size_t)status->st_size, 0);
    close(from);
    close(to);
    return copied != status->st_size;
}

static void copy_ledger(const char *from, const char *to)
{
    scratch_remove(to);
    if (access(from, F_OK))
        return;
    snprintf(copy_to, sizeof copy_to, "%s", to);
    copy_skip = strlen(from);
    assert_int_equal(nftw(from, copy_one, 16, FTW_PHYS), 0);
}

struct size_and_root {
    uint64_t events, erased;
    struct tree_hash root, earlier;
};

static int look(uint64_t earlier_size, struct size_and_root *ret, struct daybook_error *err)
{
    static struct verify_result result;
    const struct verify_options options = {.earlier_size = earlier_size};
    *ret = (struct size_and_root){0};
    if (access("ledger/log", F_OK))
        return 0;
    int rc = verify_ledger("ledger", &options, &result, err);
    ret->events = result.events;
    ret->erased = result.erased;
    ret->root = result.root;
    ret->earlier = earlier_size ? result.earlier_root : result.root;
    return rc;
}

/* What commands make beside the ledger and would not make again. */
static void remove_products(void)
{
    unlink("out.csv");
    scratch_remove("pack");
}

static void make_bases(void)
{
    static struct outcome lines;
    static const char *const log[ARGUMENTS_MAX] = {"log"}, *const backup[ARGUMENTS_MAX] = {"backup", "backups"};
    static const char *const prove[ARGUMENTS_MAX] = {"prove", "3"};
    write_text("orders.csv", "Order No,Customer,Item No,Qty,Order Date,Promised Date,Remarks\n"
                             "T-1,acme,P-1,4,2026-01-05,2026-02-01,as agreed\n"
                             "T-2,\"Müller, Söhne\",P-7,2,2026-01-06,2026-02-03,\n");
    for (size_t i = 0; i < sizeof preparations / sizeof *preparations; i++) {
        copy_ledger(base_names[preparations[i].from], "ledger");
        run_well(preparations[i].arguments);
        copy_ledger("ledger", base_names[preparations[i].made]);
    }
    copy_ledger(base_names[ORDERS], "ledger");
    run_well(backup);
    run(log, false, &lines);
    write_text("lines.jsonl", lines.out);
    copy_ledger(base_names[SIGNED], "ledger");
    run(prove, false, &lines);
    write_text("event.proof", lines.out);
}

static int setup(void **state)
{
    (void)state;
    char self[PATH_SIZE];
    const char *given = getenv("DAYBOOK");
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(len > 0);
    self[len] = '\0';
    *strrchr(self, '/') = '\0';
    snprintf(place.layer, sizeof place.layer, "%s/libfault.so", self);
    *strrchr(self, '/') = '\0';
    if (given)
        snprintf(place.program, sizeof place.program, "%s", given);
    else
        snprintf(place.program, sizeof place.program, "%.*s/daybook", PATH_SIZE - 16, self);
    assert_int_equal(access(place.program, X_OK) | access(place.layer, R_OK), 0);
    scratch_folder(place.root);
    assert_int_equal(chdir(place.root), 0);
    int fd = open("faults", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(ftruncate(fd, sizeof *place.state), 0);
    place.state = mmap(NULL, sizeof *place.state, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_true(place.state != MAP_FAILED);
    close(fd);
    char variable[PATH_SIZE];
    snprintf(variable, sizeof variable, "%s/faults", place.root);
    setenv(FAULT_VARIABLE, variable, 1);
    setenv("DAYBOOK_LANG", "en", 1);
    setenv("DAYBOOK_ACTOR", "wang", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    unsetenv("DAYBOOK_LEDGER");
    /* The layer stands before a sanitizer, and hands on to it. What libcrypto loses when it starts without memory is
     * its own, and so is what glibc loses of a locale's name. */
    write_text("leaks", "leak:libcrypto\nleak:_nl_normalize_codeset\n");
    setenv("LSAN_OPTIONS", "suppressions=leaks:print_suppressions=0", 1);
    setenv("ASAN_OPTIONS", "verify_asan_link_order=0:detect_leaks=1:allocator_may_return_null=1", 1);
    make_bases();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    munmap(place.state, sizeof *place.state);
    if (chdir("/"))
        return -1;
    scratch_remove(place.root);
    return 0;
}

/* ---- faults */

/* What a command does when nothing fails. */
struct expectation {
    struct size_and_root before, after;
    uint64_t calls[FAULT_CLASS_COUNT];
    uint8_t *kinds[FAULT_CLASS_COUNT];
    char out[OUTPUT_SIZE];
};

struct fault {
    const struct command *command;
    const struct expectation *expected;
    uint32_t class;
    uint64_t at;
    bool all_from_there;
    int32_t error;
};

static void learn(const struct command *command, struct expectation *e)
{
    static struct outcome outcome;
    struct daybook_error err = {0};
    copy_ledger(base_names[command->base], "ledger");
    assert_int_equal(look(0, &e->before, &err), 0);
    for (uint32_t class = 0; class < FAULT_CLASS_COUNT; class++) {
        copy_ledger(base_names[command->base], "ledger");
        remove_products();
        run_faulty(command, class, 0, false, 0, &outcome);
        if (outcome.status)
            fail_msg("%s ends with %#x: %s", command->arguments[0], (unsigned)outcome.status, outcome.err);
        e->calls[class] = place.state->count;
        assert_in_range(e->calls[class], 1, FAULT_CALLS_MAX - 1);
        e->kinds[class] = malloc(FAULT_CALLS_MAX);
        memcpy(e->kinds[class], place.state->kinds, FAULT_CALLS_MAX);
    }
    memcpy(e->out, outcome.out, sizeof e->out);
    assert_int_equal(look(e->before.events, &e->after, &err), 0);
}

/* All are told, up to a point: one cause shows in many places. */
enum { PROBLEMS_MAX = 20 };
static unsigned problems;

__attribute__((format(printf, 3, 4))) static void complain(const struct fault *f, const struct outcome *outcome,
                                                           const char *format, ...)
{
    char what[500];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    problems++;
    print_error("%s on \"%s\", %s %llu%s (%s) fails with %s: %s\n# status %#x, stderr: %s\n",
                f->command->arguments[0], base_names[f->command->base], f->class == FAULT_MEMORY ? "memory" : "files",
                (unsigned long long)f->at, f->all_from_there ? " and all after it" : "",
                kind_names[f->expected->kinds[f->class][f->at]], strerrorname_np(f->error), what,
                (unsigned)outcome->status, outcome->err);
}

/* Where glibc speaks first: LMDB frees a list twice when the memory for a longer one was refused, and the program says
 * what the abort that follows means. */
static bool has_sentence(const char *err)
{
    const char *ours = strncmp(err, "free(): ", 8) == 0 && strchr(err, '\n') ? strchr(err, '\n') + 1 : err;
    return strncmp(ours, "daybook: ", 9) == 0 && strlen(ours) >= 20;
}

static void check_end(const struct fault *f, const struct outcome *outcome)
{
    int status = WEXITSTATUS(outcome->status);
    if (!WIFEXITED(outcome->status))
        complain(f, outcome, "ended by signal %d", WTERMSIG(outcome->status));
    else if (status == 0 && f->command->promise == SAME_ANSWER && strcmp(outcome->out, f->expected->out) != 0)
        complain(f, outcome, "another answer: %s", outcome->out);
    else if (status != 0 && status != ENVIRONMENT_EXIT)
        complain(f, outcome, "exit status %d", status);
    else if (status != 0 && !has_sentence(outcome->err))
        complain(f, outcome, "no sentence");
}

static void check_ledger(const struct fault *f, const struct outcome *outcome, bool must_be_new)
{
    struct size_and_root now;
    struct daybook_error err = {0};
    const struct expectation *e = f->expected;
    if (look(e->before.events, &now, &err))
        complain(f, outcome, "verify: %s", err.message);
    if (now.erased != (now.events == e->after.events ? e->after.erased : e->before.erased))
        complain(f, outcome, "%llu personal values are gone", (unsigned long long)now.erased);
    bool may_stop = !must_be_new && (f->command->promise == PARTS || now.events == e->before.events);
    if (now.events != e->after.events && !may_stop)
        complain(f, outcome, "%llu events", (unsigned long long)now.events);
    if (now.events && memcmp(&now.earlier, &e->after.earlier, sizeof now.earlier) != 0 && e->before.events)
        complain(f, outcome, "the events that were there are not the same");
}

/* False: the run ended before it came to that call. */
static bool try_fault(const struct fault *f)
{
    static struct outcome outcome, again;
    copy_ledger(base_names[f->command->base], "ledger");
    remove_products();
    run_faulty(f->command, f->class, f->at, f->all_from_there, f->error, &outcome);
    check_end(f, &outcome);
    check_ledger(f, &outcome, outcome.status == 0);
    if (place.state->failed == 0)
        return false;
    remove_products();
    run(f->command->arguments, false, &again);
    bool is_made = f->command->base == NO_LEDGER && strstr(again.err, "already");
    if (again.status && !is_made)
        complain(f, &again, "the same command without a fault");
    check_ledger(f, &again, true);
    return true;
}

/* ---- all of them */

/* Every stride-th fault of a class is tried; 0: none. */
struct tour {
    uint64_t position[FAULT_CLASS_COUNT], stride[FAULT_CLASS_COUNT];
    uint64_t done[FAULT_CLASS_COUNT], by_kind[FAULT_KIND_COUNT];
};

static void visit(struct tour *t, const struct fault *f)
{
    uint64_t position = t->position[f->class]++;
    if (!t->stride[f->class] || position % t->stride[f->class] || problems >= PROBLEMS_MAX || !try_fault(f))
        return;
    t->done[f->class]++;
    t->by_kind[f->expected->kinds[f->class][f->at]]++;
}

static void visit_errors(struct tour *t, struct fault *f)
{
    const int32_t *errors = errors_of[f->expected->kinds[f->class][f->at]];
    for (int i = 0; i < FAULT_ERRORS_MAX && errors[i]; i++) {
        f->error = errors[i];
        f->all_from_there = false;
        visit(t, f);
    }
    f->error = errors[0];
    f->all_from_there = true;
    visit(t, f);
}

static void visit_all(struct tour *t, struct expectation expected[COMMAND_COUNT])
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        for (uint32_t class = 0; class < FAULT_CLASS_COUNT; class++)
            for (uint64_t at = 1; at <= expected[i].calls[class]; at++)
                visit_errors(t, &(struct fault){&commands[i], &expected[i], class, at, false, 0});
}

static void faults_are_answered(void **state)
{
    (void)state;
    static struct expectation expected[COMMAND_COUNT];
    const char *wanted = getenv("FAULTS");
    const uint64_t faults = (wanted ? strtoull(wanted, NULL, 10) : FAULTS_DEFAULT) / FAULT_CLASS_COUNT;
    uint64_t random = random_seed();
    struct tour count = {0}, tour = {0};
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        learn(&commands[i], &expected[i]);
    visit_all(&count, expected);
    for (uint32_t class = 0; class < FAULT_CLASS_COUNT; class++) {
        tour.stride[class] = faults && faults < count.position[class] ? count.position[class] / faults : 1;
        tour.position[class] = random_below(&random, (uint32_t)tour.stride[class]);
    }
    visit_all(&tour, expected);
    for (int kind = 0; kind < FAULT_KIND_COUNT; kind++)
        print_message("# %s: %llu\n", kind_names[kind], (unsigned long long)tour.by_kind[kind]);
    for (uint32_t class = 0; class < FAULT_CLASS_COUNT; class++) {
        print_message("# %llu of %llu faults\n", (unsigned long long)tour.done[class],
                      (unsigned long long)count.position[class]);
        /* Runs differ a little, so that the last calls are not always met. */
        assert_true(problems || tour.done[class] >= count.position[class] / tour.stride[class] * 9 / 10);
    }
    assert_int_equal(problems, 0);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        for (uint32_t class = 0; class < FAULT_CLASS_COUNT; class++)
            free(expected[i].kinds[class]);
}

/* One call too many is never met, and the program then does what it should. */
static void without_a_fault_all_is_well(void **state)
{
    (void)state;
    static struct expectation expected;
    learn(&commands[1], &expected);
    struct fault fault = {&commands[1], &expected, FAULT_FILES, expected.calls[FAULT_FILES] + 50, false, EIO};
    assert_false(try_fault(&fault));
    fault.at = 1;
    assert_true(try_fault(&fault));
    for (uint32_t class = 0; class < FAULT_CLASS_COUNT; class++)
        free(expected.kinds[class]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(without_a_fault_all_is_well),
                                       cmocka_unit_test(faults_are_answered)};
    return cmocka_run_group_tests_name("fault", tests, setup, teardown);
}
