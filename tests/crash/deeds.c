/* Library calls in a forked child, and commands of the program: most of them in the forked child as well, as that is
 * quicker than to start the program, some in the program itself. */
#include "tests/crash/deeds.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/crash/intents.h"
#include "tests/unit/scratch.h"
#include "ledger/base64.h"
#include "tools/commands.h"
#include "tools/views.h"

enum { ROUNDS = 12, BATCH_MAX = 50, ARGUMENTS_MAX = 12 };

void deeds_path(const struct actor *actor, const char *name, char out[PATH_SIZE_MAX])
{
    snprintf(out, PATH_SIZE_MAX, "%s/%s", actor->root, name);
}

static void numbered_path(const struct actor *actor, const char *name, uint32_t number, char out[PATH_SIZE_MAX])
{
    snprintf(out, PATH_SIZE_MAX, "%s/%s%u", actor->root, name, number);
}

void deeds_answer_path(const struct actor *actor, char out[PATH_SIZE_MAX])
{
    numbered_path(actor, "answer-", actor->member, out);
}

/* ---- with the library */

static struct daybook *open_ledger(struct actor *actor)
{
    struct daybook *ledger = NULL;
    struct daybook_error err = {0};
    char path[PATH_SIZE_MAX];
    deeds_path(actor, "ledger", path);
    if (daybook_open(path, NULL, &ledger, &err)) {
        record_complain(actor->record, "opening: %s", err.message);
        _exit(1);
    }
    return ledger;
}

static void see_events(struct actor *actor, struct daybook *ledger, uint64_t first, uint64_t last)
{
    struct daybook_snapshot *snapshot = NULL;
    if (daybook_snapshot_begin(ledger, &snapshot, NULL))
        return;
    for (uint64_t seq = first; seq <= last; seq++) {
        struct daybook_event event;
        if (daybook_event(snapshot, seq, &event, NULL) == 0)
            record_sighting(actor->record, seq, event.bytes, (uint32_t)event.len);
        else
            record_complain(actor->record, "event %llu was answered and is not there", (unsigned long long)seq);
    }
    daybook_snapshot_end(snapshot);
}

bool deeds_append(struct actor *actor, struct daybook *ledger, const uint32_t *numbers, size_t count)
{
    static struct intent_entry entries[BATCH_MAX];
    static struct daybook_entry requests[BATCH_MAX];
    static struct daybook_result results[BATCH_MAX];
    struct daybook_error err = {0};
    for (size_t i = 0; i < count; i++) {
        intent_entry(numbers[i], &entries[i]);
        requests[i] = entries[i].entry;
    }
    int64_t begun_us = record_now_us();
    if (daybook_append(ledger, requests, count, results, &err)) {
        record_complain(actor->record, "appending: %s", err.message);
        return false;
    }
    record_wait(actor->record, begun_us);
    for (size_t i = 0; i < count; i++) {
        if (results[i].error.code) {
            record_complain(actor->record, "intent %u: %s", numbers[i], results[i].error.message);
            return false;
        }
        atomic_fetch_add(&actor->record->repeats, results[i].repeated);
        record_answer(actor->record, numbers[i], results[i].first_seq, results[i].last_seq);
    }
    see_events(actor, ledger, results[0].first_seq, results[count - 1].first_seq);
    return true;
}

static void append_until_done(struct actor *actor, uint32_t batch)
{
    struct daybook *ledger = open_ledger(actor);
    bool good = true;
    for (int i = 0; i < ROUNDS && good; i++) {
        uint32_t numbers[BATCH_MAX], count = 0;
        while (count < batch && (numbers[count] = intent_choose(actor->record, &actor->random)))
            count++;
        good = count && deeds_append(actor, ledger, numbers, count);
    }
    daybook_close(ledger);
    _exit(0);
}

static void append_singly(struct actor *actor)
{
    append_until_done(actor, 1);
}

static void append_in_bulk(struct actor *actor)
{
    append_until_done(actor, 2 + random_below(&actor->random, BATCH_MAX - 1));
}

struct walk {
    struct actor *actor;
    uint64_t next;
};

static int follow_event(void *context, const struct daybook_event *event, struct daybook_error *err)
{
    struct walk *w = context;
    (void)err;
    if (event->seq != w->next++)
        record_complain(w->actor->record, "follow came to %llu, not to %llu", (unsigned long long)event->seq,
                        (unsigned long long)w->next - 1);
    if (event->seq % 4 == 0)
        record_sighting(w->actor->record, event->seq, event->bytes, (uint32_t)event->len);
    return 0;
}

static void follow(struct actor *actor)
{
    struct daybook *ledger = open_ledger(actor);
    struct walk w = {actor, 1};
    for (int i = 0; i < ROUNDS; i++) {
        struct daybook_snapshot *snapshot = NULL;
        if (daybook_snapshot_begin(ledger, &snapshot, NULL))
            break;
        if (i == 0 && daybook_last_seq(snapshot) > 100)
            w.next = daybook_last_seq(snapshot) - 100;
        if (daybook_follow(snapshot, w.next, follow_event, &w, NULL) || w.next != daybook_last_seq(snapshot) + 1)
            record_complain(actor->record, "follow ended at %llu", (unsigned long long)w.next);
        daybook_snapshot_end(snapshot);
        usleep(1000);
    }
    daybook_close(ledger);
    _exit(0);
}

static void note_roots(struct actor *actor)
{
    struct daybook *ledger = open_ledger(actor);
    for (int i = 0; i < ROUNDS; i++) {
        struct daybook_snapshot *snapshot = NULL;
        uint8_t root[32];
        if (daybook_snapshot_begin(ledger, &snapshot, NULL))
            break;
        if (daybook_root(snapshot, daybook_last_seq(snapshot), root, NULL) == 0)
            record_checkpoint(actor->record, daybook_last_seq(snapshot), root);
        daybook_snapshot_end(snapshot);
        usleep(1000);
    }
    daybook_close(ledger);
    _exit(0);
}

/* A view that others have brought further is no trouble: the next snapshot is newer. */
static void keep_views(struct actor *actor)
{
    struct daybook *ledger = open_ledger(actor);
    struct daybook_error err = {0};
    for (int i = 0; i < ROUNDS; i++) {
        struct daybook_snapshot *snapshot = NULL;
        struct daybook_view *view = NULL;
        if (daybook_snapshot_begin(ledger, &snapshot, NULL))
            break;
        int rc = daybook_view_open(snapshot, views[i % 2], NULL, &view, &err);
        if (rc && rc != DAYBOOK_VERSION_CONFLICT)
            record_complain(actor->record, "keeping a view: %s", err.message);
        daybook_view_close(view);
        daybook_snapshot_end(snapshot);
    }
    daybook_close(ledger);
    _exit(0);
}

/* ---- with the program */

static void redirect(struct actor *actor)
{
    char path[PATH_SIZE_MAX];
    deeds_answer_path(actor, path);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
        _exit(1);
    close(fd);
}

/* The program lies beside the folder of the tests. */
static void start_program(char **arguments)
{
    char path[PATH_SIZE_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 20);
    path[len > 0 ? len : 0] = '\0';
    for (int i = 0; i < 2 && strrchr(path, '/'); i++)
        *strrchr(path, '/') = '\0';
    strncat(path, "/daybook", sizeof path - strlen(path) - 1);
    execv(path, arguments);
    _exit(1);
}

static void run_on(struct actor *actor, const char *ledger, const char *const *words)
{
    static const struct command *const tables[] = {
        ledger_commands,   order_commands, register_commands, read_commands,   audit_commands,  log_commands,
        evidence_commands, stats_commands, view_commands,     import_commands, export_commands, NULL,
    };
    static const struct program program = {"crash", tables};
    char path[PATH_SIZE_MAX], *arguments[ARGUMENTS_MAX + 1] = {strdup("daybook"), strdup("--ledger"), path};
    int count = 3;
    deeds_path(actor, ledger, path);
    for (; *words; words++)
        arguments[count++] = strdup(*words);
    redirect(actor);
    if (random_below(&actor->random, 5) == 0)
        start_program(arguments);
    int status = cli_main(&program, count, arguments);
    fflush(stdout);
    _exit(status);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Commands that take nothing. */
static void read_somehow(struct actor *actor)
{
    static const char *const questions[][3] = {
        {"list"},
        {"today"},
        {"customers"},
        {"audit"},
        {"views"},
        {"doctor"},
        {"stats", "delays"},
        {"stats", "lead"},
        {"stats", "ageing"},
        {"stats", "slippage"},
        {"show", "BASE-1"},
        {"history", "BASE-2"},
    };
    run_on(actor, "ledger", questions[random_below(&actor->random, sizeof questions / sizeof *questions)]);
}

static void rebuild(struct actor *actor)
{
    run_on(actor, "ledger", random_below(&actor->random, 3) ? WORDS("rebuild", "--all") : WORDS("rebuild", "--check"));
}

static void verify(struct actor *actor)
{
    run_on(actor, "ledger", WORDS("verify"));
}

static void count_verify(struct actor *actor)
{
    atomic_fetch_add(&actor->record->verified, 1);
}

static void print_log(struct actor *actor)
{
    run_on(actor, "ledger", WORDS("log"));
}

/* A whole answer becomes the file that the next load reads. */
static void keep_log(struct actor *actor)
{
    char answer[PATH_SIZE_MAX], lines[PATH_SIZE_MAX];
    deeds_answer_path(actor, answer);
    deeds_path(actor, "log.jsonl", lines);
    rename(answer, lines);
}

/* The ledger's own lines are there already; the copy takes those that it has not. */
static void load_log(struct actor *actor)
{
    char lines[PATH_SIZE_MAX];
    deeds_path(actor, "log.jsonl", lines);
    if (access(lines, R_OK))
        _exit(0);
    run_on(actor, random_below(&actor->random, 4) ? "copy" : "ledger", WORDS("load", lines));
}

static void export_table(struct actor *actor)
{
    char path[PATH_SIZE_MAX];
    snprintf(path, sizeof path, "%s/export-%u.csv", actor->root, actor->member);
    run_on(actor, "ledger", WORDS("export", path));
}

static void print_checkpoint(struct actor *actor)
{
    run_on(actor, "ledger", WORDS("checkpoint"));
}

static void keep_checkpoint(struct actor *actor)
{
    char path[PATH_SIZE_MAX], lines[3][100];
    uint8_t root[40];
    size_t len = 0;
    deeds_answer_path(actor, path);
    FILE *answer = fopen(path, "re");
    bool good = answer != NULL;
    for (int i = 0; i < 3 && good; i++)
        good = fgets(lines[i], sizeof lines[i], answer) != NULL;
    if (answer)
        fclose(answer);
    if (good && base64_decode((struct daybook_text){lines[2], strcspn(lines[2], "\n")}, root, &len) && len == 32)
        record_checkpoint(actor->record, strtoull(lines[1], NULL, 10), root);
    else
        record_complain(actor->record, "checkpoint answered something else");
}

static uint32_t choose_file(struct actor *actor)
{
    return random_below(&actor->random, FILES);
}

static void run_on_file(struct actor *actor, const char *command, const char *kind, const char *suffix)
{
    char path[PATH_SIZE_MAX], name[32];
    snprintf(name, sizeof name, "%s-%u.%s", kind, actor->choice, suffix);
    deeds_path(actor, name, path);
    run_on(actor, "ledger", WORDS(command, path));
}

static void import(struct actor *actor)
{
    run_on_file(actor, "import", "table", "csv");
}

static void note_import(struct actor *actor)
{
    atomic_fetch_add(&actor->record->imported[actor->choice], 1);
}

static void load(struct actor *actor)
{
    run_on_file(actor, "load", "lines", "jsonl");
}

static void note_load(struct actor *actor)
{
    atomic_fetch_add(&actor->record->loaded[actor->choice], 1);
}

/* An order: the program has no entry like those of other kinds. */
static uint32_t choose_order(struct actor *actor)
{
    for (int tries = 0; tries < 20; tries++) {
        uint32_t number = intent_choose(actor->record, &actor->random);
        if (number && intent_kind(number) <= INTENT_OTHER_ORDER)
            return number;
    }
    return 0;
}

static void create(struct actor *actor)
{
    struct intent_entry e;
    char item[40];
    if (!actor->choice)
        _exit(0);
    intent_entry(actor->choice, &e);
    snprintf(item, sizeof item, "LW-1:%u", actor->choice);
    run_on(actor, "ledger", WORDS("create", "--customer", e.customer, "--item", item, "--key", e.key));
}

static void note_create(struct actor *actor)
{
    if (actor->choice)
        record_answer(actor->record, actor->choice, 0, 0);
}

const struct deed deeds[] = {
    {"append", 8, append_singly, NULL, NULL},
    {"append in bulk", 6, append_in_bulk, NULL, NULL},
    {"follow", 3, follow, NULL, NULL},
    {"root", 2, note_roots, NULL, NULL},
    {"keep views", 4, keep_views, NULL, NULL},
    {"read", 4, read_somehow, NULL, NULL},
    {"rebuild", 2, rebuild, NULL, NULL},
    {"verify", 3, verify, NULL, count_verify},
    {"log", 1, print_log, NULL, keep_log},
    {"load the log", 2, load_log, NULL, NULL},
    {"export", 1, export_table, NULL, NULL},
    {"checkpoint", 1, print_checkpoint, NULL, keep_checkpoint},
    {"import", 3, import, choose_file, note_import},
    {"load", 3, load, choose_file, note_load},
    {"create", 3, create, choose_order, note_create},
    {0},
};

const struct deed *deeds_choose(uint64_t *random)
{
    unsigned total = 0;
    for (const struct deed *d = deeds; d->name; d++)
        total += d->weight;
    unsigned at = random_below(random, total);
    const struct deed *chosen = deeds;
    while (at >= chosen->weight)
        at -= chosen++->weight;
    return chosen;
}
