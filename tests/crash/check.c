/* Each check is a function of its own; the first that finds something ends it. */
#include "tests/crash/check.h"

#include <inttypes.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ledger/event.h"
#include "ledger/verify.h"
#include "tests/crash/deeds.h"
#include "tests/crash/intents.h"
#include "tools/views.h"

enum { APPEND_WAIT_MS = 20000, FILE_BYTES_MAX = 32 << 20 };

/* What the log holds, as one walk over it finds it. */
struct found {
    uint64_t order, note; /* seqs */
};

struct check {
    struct record *record;
    const struct actor actor;
    struct daybook_error *problem;
    struct daybook *ledger;
    struct daybook_snapshot *snapshot;
    uint64_t last_seq, next_seq;
    uint64_t *hashes; /* of events, by seq */
    int64_t *recorded_us;
    struct found *intents;
    struct found imported[FILES][FILE_ORDERS], loaded[FILES][FILE_ORDERS];
    struct event_scratch scratch;
};

#define PROBLEM(check, ...) (daybook_fail((check)->problem, DAYBOOK_VERIFICATION_FAILED, __VA_ARGS__), false)

/* ---- somebody new can append at once, and finds nobody's traces */

static int count_reader(const char *line, void *context)
{
    char own[24];
    unsigned *others = context;
    snprintf(own, sizeof own, "%d", (int)getpid());
    line += strspn(line, " ");
    *others += *line >= '0' && *line <= '9' && strncmp(line, own, strlen(own)) != 0;
    return 0;
}

/* Slots of readers that are in use; who opens the ledger has cleared those of the dead. */
static unsigned other_readers(const struct actor *actor)
{
    char path[PATH_SIZE_MAX];
    MDB_env *env = NULL;
    unsigned others = 0;
    deeds_path(actor, "ledger/log", path);
    if (mdb_env_create(&env) || mdb_env_open(env, path, MDB_RDONLY, 0600) ||
        mdb_reader_list(env, count_reader, &others) < 0)
        others = 1000;
    mdb_env_close(env);
    return others;
}

static void append_and_exit(struct check *c)
{
    struct daybook *ledger = NULL;
    struct actor actor = c->actor;
    char path[PATH_SIZE_MAX];
    uint32_t number = record_new_intent(c->record);
    deeds_path(&actor, "ledger", path);
    if (daybook_open(path, NULL, &ledger, NULL))
        _exit(2);
    bool good = number == 0 || deeds_append(&actor, ledger, &number, 1);
    daybook_close(ledger);
    if (!good)
        _exit(3);
    _exit(other_readers(&actor) ? 4 : 0);
}

static bool check_locks(struct check *c)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        append_and_exit(c);
    int waited_ms = 0;
    while (waitpid(child, &status, WNOHANG) == 0 && waited_ms++ < APPEND_WAIT_MS)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    if (waited_ms > APPEND_WAIT_MS) {
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        return PROBLEM(c, "A lock is left behind: a fresh process cannot append.");
    }
    return status == 0 || PROBLEM(c, "A fresh process ended with status %d, exit %d.", status, WEXITSTATUS(status));
}

/* ---- the log */

static bool find(struct check *c, uint64_t *place, uint64_t seq, const char *what)
{
    if (*place)
        return PROBLEM(c, "%s was recorded twice: events %" PRIu64 " and %" PRIu64 ".", what, *place, seq);
    *place = seq;
    return true;
}

static bool find_in_file(struct check *c, struct found places[FILES][FILE_ORDERS], bool is_note, const char *text,
                         uint64_t seq)
{
    unsigned file = 0, row = 0;
    if (sscanf(text, "%u-%u", &file, &row) != 2 || file >= FILES || row >= FILE_ORDERS)
        return PROBLEM(c, "Event %" PRIu64 " is of a file that nobody has: %s.", seq, text);
    return find(c, is_note ? &places[file][row].note : &places[file][row].order, seq, text);
}

static bool find_order(struct check *c, const struct daybook_event *event, const struct daybook_data *data)
{
    char number[40], customer[24];
    snprintf(number, sizeof number, "%.*s", (int)data->order_no.len, data->order_no.ptr ? data->order_no.ptr : "");
    if (strncmp(number, "BASE-", 5) == 0)
        return true;
    if (number[0] == 'T')
        return find_in_file(c, c->imported, false, number + 1, event->seq);
    if (number[0] == 'F')
        return find_in_file(c, c->loaded, false, number + 1, event->seq);
    int64_t intent = data->line_count == 1 ? data->lines[0].quantity.mantissa : 0;
    if (intent <= 0 || intent >= INTENTS_MAX || intent_kind((uint32_t)intent) == INTENT_NOTE)
        return PROBLEM(c, "Order %s is nobody's intent.", number);
    uint32_t expected = 0;
    intent_customer((uint32_t)intent, customer);
    struct daybook_text name = {customer, strlen(customer)};
    if (daybook_find(c->snapshot, DAYBOOK_CUSTOMER, name, &expected, NULL) || expected != data->customer)
        return PROBLEM(c, "Order %s is not for %s.", number, customer);
    return find(c, &c->intents[intent].order, event->seq, number);
}

static bool find_note(struct check *c, const struct daybook_event *event, const struct daybook_data *data)
{
    struct daybook_text value;
    char text[60];
    unsigned intent = 0;
    if (daybook_personal_value(c->snapshot, event->seq, &data->text, &value, NULL) || !value.ptr)
        return PROBLEM(c, "The text of note %" PRIu64 " is lost.", event->seq);
    snprintf(text, sizeof text, "%.*s", (int)value.len, value.ptr);
    if (strncmp(text, "line ", 5) == 0)
        return find_in_file(c, c->loaded, true, text + 5, event->seq);
    if (sscanf(text, "note %u", &intent) != 1 || intent >= INTENTS_MAX)
        return PROBLEM(c, "The note \"%s\" is nobody's intent.", text);
    return find(c, &c->intents[intent].note, event->seq, text);
}

static int visit(void *context, const struct daybook_event *event, struct daybook_error *err)
{
    struct check *c = context;
    struct daybook_data data;
    bool good =
        event->seq == c->next_seq || PROBLEM(c, "Event %" PRIu64 " follows %" PRIu64 ".", event->seq, c->next_seq - 1);
    if (!good || event_read_data(event, &c->scratch, &data, err))
        return DAYBOOK_VERIFICATION_FAILED;
    c->next_seq++;
    c->hashes[event->seq] = record_hash(event->bytes, (uint32_t)event->len);
    c->recorded_us[event->seq] = event->recorded_us;
    if (event->type == DAYBOOK_ORDER_CREATED)
        good = find_order(c, event, &data);
    else if (event->type == DAYBOOK_ORDER_NOTE_ADDED)
        good = find_note(c, event, &data);
    return good ? 0 : DAYBOOK_VERIFICATION_FAILED;
}

static bool check_events(struct check *c)
{
    if (daybook_follow(c->snapshot, 1, visit, c, c->problem))
        return false;
    return c->next_seq == c->last_seq + 1 || PROBLEM(c, "The log ends before its last event.");
}

/* ---- what was answered */

static bool check_intent(struct check *c, uint32_t number)
{
    struct intent *intent = &c->record->intents[number];
    const struct found *found = &c->intents[number];
    enum intent_kind kind = intent_kind(number);
    uint64_t seq = kind == INTENT_NOTE ? found->note : found->order;
    uint64_t first = atomic_load(&intent->first_seq), last = atomic_load(&intent->last_seq);
    if (kind == INTENT_NOTED_ORDER &&
        (!found->order != !found->note || c->recorded_us[found->order] != c->recorded_us[found->note]))
        return PROBLEM(c, "The entry of intent %u is not whole.", number);
    if (atomic_load(&intent->answers) == 0)
        return true;
    if (seq == 0)
        return PROBLEM(c, "Intent %u was answered and is not there.", number);
    return first == 0 || (seq >= first && seq <= last) ||
           PROBLEM(c, "Intent %u was answered as event %" PRIu64 "-%" PRIu64 " and is event %" PRIu64 ".", number,
                   first, last, seq);
}

static bool check_intents(struct check *c)
{
    uint32_t count = atomic_load(&c->record->intent_count);
    bool good = true;
    for (uint32_t number = 1; number <= count && good; number++)
        good = check_intent(c, number);
    return good;
}

static bool check_sightings(struct check *c)
{
    for (uint32_t i = 0; i < SIGHTINGS_MAX; i++) {
        const struct sighting *s = &c->record->sightings[i];
        uint64_t hash = atomic_load(&s->hash);
        if (hash && (s->seq > c->last_seq || c->hashes[s->seq] != hash))
            return PROBLEM(c, "Event %" PRIu64 " was seen as something else.", s->seq);
    }
    return true;
}

static bool check_checkpoints(struct check *c)
{
    for (uint32_t i = 0; i < CHECKPOINTS_MAX; i++) {
        const struct checkpoint *point = &c->record->checkpoints[i];
        uint8_t root[32];
        if (!atomic_load(&point->written))
            continue;
        if (point->size > c->last_seq || daybook_root(c->snapshot, point->size, root, NULL) ||
            memcmp(root, point->root, 32) != 0)
            return PROBLEM(c, "The log does not continue the checkpoint of size %" PRIu64 ".", point->size);
    }
    return true;
}

/* A table comes in one commit; each line of foreign events is an entry of its own. */
static bool check_files(struct check *c)
{
    for (uint32_t f = 0; f < FILES; f++) {
        uint32_t imported = 0, loaded = 0, noted = 0;
        for (uint32_t i = 0; i < FILE_ORDERS; i++) {
            imported += c->imported[f][i].order != 0;
            loaded += c->loaded[f][i].order != 0;
            noted += c->loaded[f][i].note != 0;
        }
        if (imported && imported != FILE_ORDERS)
            return PROBLEM(c, "Table %u was imported in part: %u orders.", f, imported);
        if (atomic_load(&c->record->imported[f]) && !imported)
            return PROBLEM(c, "Table %u was imported and is not there.", f);
        if (atomic_load(&c->record->loaded[f]) && (loaded != FILE_ORDERS || noted != FILE_ORDERS))
            return PROBLEM(c, "Lines %u were loaded and are not there: %u orders, %u notes.", f, loaded, noted);
    }
    return true;
}

/* ---- what the ledger says of itself */

static bool verify_folder(struct check *c, const char *name, uint64_t *ret_events)
{
    static const struct verify_options options;
    struct verify_result result;
    char path[PATH_SIZE_MAX];
    deeds_path(&c->actor, name, path);
    if (verify_ledger(path, &options, &result, c->problem))
        return false;
    *ret_events = result.events;
    return result.erased == 0 || PROBLEM(c, "%" PRIu64 " personal values of %s are lost.", result.erased, name);
}

static bool check_verify(struct check *c)
{
    uint64_t events = 0;
    return verify_folder(c, "ledger", &events);
}

static bool check_views(struct check *c)
{
    for (int i = 0; views[i]; i++) {
        bool same = false;
        uint64_t rows = 0;
        if (daybook_view_check(c->snapshot, views[i], NULL, &same, &rows, c->problem))
            return false;
        if (!same)
            return PROBLEM(c, "The view %s is not what a fresh fold gives.", views[i]->name);
    }
    return true;
}

/* The copy took lines of the log: it is how the log began. */
static bool check_copy(struct check *c)
{
    struct daybook *copy = NULL;
    struct daybook_snapshot *snapshot = NULL;
    char path[PATH_SIZE_MAX];
    uint8_t here[32], there[32] = {0};
    uint64_t size = 0;
    if (!verify_folder(c, "copy", &size))
        return false;
    deeds_path(&c->actor, "copy", path);
    bool good = !daybook_open(path, NULL, &copy, c->problem) && !daybook_snapshot_begin(copy, &snapshot, c->problem) &&
                !daybook_root(snapshot, size, there, c->problem);
    daybook_snapshot_end(snapshot);
    daybook_close(copy);
    if (good && (size > c->last_seq || daybook_root(c->snapshot, size, here, NULL) || memcmp(here, there, 32) != 0))
        good = PROBLEM(c, "The copy's %" PRIu64 " events are not those of the log.", size);
    return good;
}

static bool check_size(struct check *c)
{
    struct stat file;
    char path[PATH_SIZE_MAX];
    deeds_path(&c->actor, "ledger/log/data.mdb", path);
    return (!stat(path, &file) && file.st_size <= FILE_BYTES_MAX) ||
           PROBLEM(c, "The log takes %lld bytes: killed readers keep its pages.", (long long)file.st_size);
}

static bool check_complaint(struct check *c)
{
    return !atomic_load(&c->record->complained) || PROBLEM(c, "%s", c->record->complaint);
}

static bool run_checks(struct check *c)
{
    static bool (*const checks[])(struct check *) = {
        check_events, check_intents, check_sightings, check_checkpoints, check_files,
        check_verify, check_views,   check_copy,      check_size,
    };
    bool good = true;
    c->last_seq = daybook_last_seq(c->snapshot);
    c->hashes = calloc(c->last_seq + 1, sizeof *c->hashes);
    c->recorded_us = calloc(c->last_seq + 1, sizeof *c->recorded_us);
    c->intents = calloc(INTENTS_MAX, sizeof *c->intents);
    for (size_t i = 0; i < sizeof checks / sizeof *checks && good; i++)
        good = checks[i](c);
    free(c->hashes);
    free(c->recorded_us);
    free(c->intents);
    event_scratch_release(&c->scratch);
    return good;
}

bool crash_check(struct record *record, const char *root, struct daybook_error *ret_problem, uint64_t *ret_last_seq)
{
    struct check c = {
        .record = record, .actor = {.record = record, .root = root}, .problem = ret_problem, .next_seq = 1};
    char path[PATH_SIZE_MAX];
    deeds_path(&c.actor, "ledger", path);
    bool good = check_complaint(&c) && check_locks(&c) && check_complaint(&c);
    good = good && !daybook_open(path, NULL, &c.ledger, ret_problem) &&
           !daybook_snapshot_begin(c.ledger, &c.snapshot, ret_problem) && run_checks(&c);
    *ret_last_seq = c.last_seq;
    daybook_snapshot_end(c.snapshot);
    daybook_close(c.ledger);
    return good;
}
