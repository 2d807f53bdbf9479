/* A ledger: its folder, its identity, its snapshots. Appending is in append.c. */
#include "ledger/ledger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ledger/chain.h"
#include "ledger/env.h"
#include "ledger/sequence.h"
#include "ledger/text.h"

static struct daybook_text text_of(const char *text)
{
    return (struct daybook_text){text, strlen(text)};
}

int64_t ledger_clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- identity */

static void new_id(char out[LEDGER_ID_SIZE])
{
    uint8_t bytes[16] = {0};
    while (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        continue;
    for (int i = 0; i < 16; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static int copy_meta(struct store_txn *log, const char *name, char *out, size_t size, struct daybook_error *err)
{
    struct daybook_text text;
    int rc = store_meta_text(log, name, &text, err);
    if (!rc && (!text.ptr || text.len >= size))
        rc = daybook_fail(err, DAYBOOK_DAMAGED, "The ledger's own \"%s\" cannot be read. Run `daybook verify`.", name);
    if (rc)
        return rc;
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
    return 0;
}

static int use_zone(struct daybook *ledger, struct zone *zone, struct daybook_error *err)
{
    struct retired_zone *retired = ledger->zone ? malloc(sizeof *retired) : NULL;
    if (ledger->zone && !retired) {
        zone_free(zone);
        return path_fail(ledger->folder, ENOMEM, "opening", err);
    }
    if (retired) {
        *retired = (struct retired_zone){ledger->zone, ledger->retired_zones};
        ledger->retired_zones = retired;
    }
    ledger->zone = zone;
    return 0;
}

int ledger_read_identity(struct daybook *ledger, struct store_txn *log, struct daybook_error *err)
{
    struct zone *zone = NULL;
    int rc = copy_meta(log, "id", ledger->id, sizeof ledger->id, err);
    if (!rc)
        rc = copy_meta(log, "timezone", ledger->timezone, sizeof ledger->timezone, err);
    if (!rc)
        rc = copy_meta(log, "numbers", ledger->numbers, sizeof ledger->numbers, err);
    if (!rc)
        rc = numbers_check(text_of(ledger->numbers), err);
    if (!rc)
        rc = zone_load(text_of(ledger->timezone), &zone, err);
    if (rc)
        return rc;
    return use_zone(ledger, zone, err);
}

/* ---- making */

static int make_folder(const char *folder, struct daybook_error *err)
{
    char parent[4096];
    bool was_there = mkdir(folder, 0770) != 0;
    if (was_there && errno != EEXIST)
        return path_fail(folder, errno, "creating", err);
    snprintf(parent, sizeof parent, "%s/..", folder);
    int rc = path_sync_folder(parent, err);
    return was_there ? 0 : rc; /* whose folder it is may have seen to that */
}

/* What only a ledger that was used has beside its log. Making another one among it would mix the two. */
static int refuse_remains(const char *folder, struct daybook_error *err)
{
    static const char *const names[] = {"checkpoint.key", "checkpoint.pub", "checkpoint.last", "views"};
    char path[4096];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        if (access(path, F_OK) == 0)
            return daybook_fail(err, DAYBOOK_ALREADY_EXISTS,
                                "%s has the remains of a ledger whose log is missing. Restore a backup under another "
                                "name with `daybook restore`, or make a new ledger elsewhere.",
                                folder);
    }
    return 0;
}

int daybook_init(const char *folder, const struct daybook_init_options *options, struct daybook_error *err)
{
    static const struct daybook_init_options defaults;
    const struct daybook_init_options *o = options ? options : &defaults;
    char system_zone[64], log[4096], id[LEDGER_ID_SIZE];
    new_id(id);
    zone_system_name(system_zone);
    struct daybook_text zone_name = o->timezone.ptr ? o->timezone : text_of(system_zone);
    struct daybook_text numbers = o->numbers.ptr ? o->numbers : DAYBOOK_TEXT("SO-{000000}");
    struct zone *zone = NULL;
    int rc = numbers_check(numbers, err);
    if (!rc)
        rc = zone_load(zone_name, &zone, err);
    zone_free(zone);
    if (!rc)
        rc = make_folder(folder, err);
    snprintf(log, sizeof log, "%s/log", folder);
    if (!rc && access(log, F_OK) == 0)
        rc = daybook_fail(err, DAYBOOK_ALREADY_EXISTS,
                          "There is a ledger in %s already. Choose another folder with --ledger.", folder);
    if (!rc)
        rc = refuse_remains(folder, err);
    if (!rc)
        rc = personal_create(folder, 0, o->unsafe_filesystem, err);
    if (!rc)
        rc = store_create(folder, o->unsafe_filesystem, text_of(id), zone_name, numbers, err);
    return rc;
}

/* ---- opening */

int daybook_open(const char *folder, const struct daybook_open_options *options, struct daybook **ret,
                 struct daybook_error *err)
{
    struct daybook *ledger = calloc(1, sizeof *ledger);
    struct store_txn *log = NULL;
    struct daybook_snapshot *snapshot = NULL;
    if (!ledger)
        return path_fail(folder, ENOMEM, "opening", err);
    pthread_mutex_init(&ledger->lock, NULL);
    ledger->options = options ? *options : (struct daybook_open_options){0};
    ledger->folder = strdup(folder);
    int rc = ledger->folder ? append_queue_new(&ledger->queue, err) : path_fail(folder, ENOMEM, "opening", err);
    if (!rc)
        rc = store_open(folder, ledger->options.unsafe_filesystem, &ledger->store, err);
    if (!rc)
        rc = store_begin(ledger->store, false, &log, err);
    if (!rc)
        rc = ledger_read_identity(ledger, log, err);
    store_abort(log);
    if (!rc)
        rc = daybook_snapshot_begin(ledger, &snapshot, err); /* personal data can be read */
    daybook_snapshot_end(snapshot);
    if (rc)
        daybook_close(ledger);
    else
        *ret = ledger;
    return rc;
}

void daybook_close(struct daybook *ledger)
{
    if (!ledger)
        return;
    personal_close(ledger->personal);
    if (!ledger->store || !store_refuse_forked(ledger->store, NULL)) /* else threads of the parent seem to wait in it */
        append_queue_free(ledger->queue);
    store_close(ledger->store);
    zone_free(ledger->zone);
    while (ledger->retired_zones) {
        struct retired_zone *next = ledger->retired_zones->next;
        zone_free(ledger->retired_zones->zone);
        free(ledger->retired_zones);
        ledger->retired_zones = next;
    }
    pthread_mutex_destroy(&ledger->lock);
    free(ledger->folder);
    free(ledger);
}

const char *daybook_id(const struct daybook *ledger)
{
    return ledger->id;
}

const char *daybook_folder(const struct daybook *ledger)
{
    return ledger->folder;
}

const char *daybook_timezone(const struct daybook *ledger)
{
    return ledger->timezone;
}

const struct zone *ledger_zone(const struct daybook *ledger)
{
    return ledger->zone;
}

/* ---- personal data */

/* That generation of personal data, with one user more. A snapshot that began before the last forgetting may ask for
 * an older one than the ledger keeps open. */
static int open_generation(struct daybook *ledger, uint64_t number, struct personal **ret, struct daybook_error *err)
{
    struct personal *opened = NULL;
    bool is_kept = ledger->personal && ledger->personal_generation == number;
    int rc = is_kept ? 0 : personal_open(ledger->folder, number, ledger->options.unsafe_filesystem, &opened, err);
    if (rc)
        return rc;
    if (is_kept) {
        *ret = personal_share(ledger->personal);
    } else if (ledger->personal && number < ledger->personal_generation) {
        *ret = opened;
    } else {
        personal_close(ledger->personal);
        ledger->personal = opened;
        ledger->personal_generation = number;
        *ret = personal_share(opened);
    }
    return 0;
}

int ledger_begin_personal(struct daybook *ledger, struct store_txn *log, bool write, struct personal_txn **ret,
                          struct daybook_error *err)
{
    uint64_t number = 0;
    struct personal *personal = NULL;
    int rc = store_meta_number(log, "personal", &number, err);
    pthread_mutex_lock(&ledger->lock);
    if (!rc)
        rc = open_generation(ledger, number, &personal, err);
    pthread_mutex_unlock(&ledger->lock);
    if (!rc)
        rc = personal_begin(personal, write, ret, err);
    personal_close(personal);
    return rc;
}

void ledger_let_go_of_personal(struct daybook *ledger, uint64_t generation)
{
    pthread_mutex_lock(&ledger->lock);
    if (ledger->personal_generation < generation) {
        personal_close(ledger->personal);
        ledger->personal = NULL;
    }
    pthread_mutex_unlock(&ledger->lock);
}

/* ---- names */

bool ledger_kind_is_personal(uint32_t kind)
{
    return kind == DAYBOOK_CUSTOMER || kind == DAYBOOK_ACTOR || kind == DAYBOOK_VIA;
}

/* Upper and lower case are one, but not in order numbers and not in what tells sources apart. */
static bool is_folded(uint32_t kind)
{
    return kind != DAYBOOK_ORDER && kind != DAYBOOK_SOURCE;
}

char *ledger_compared_name(uint32_t kind, struct daybook_text name, size_t *ret_len)
{
    return is_folded(kind) ? text_fold(name, ret_len) : text_nfkc(name, ret_len);
}

bool ledger_compared_ascii(uint32_t kind, struct daybook_text name, char *out, size_t *ret_len)
{
    return is_folded(kind) ? text_fold_ascii(name, out, ret_len) : text_nfkc_ascii(name, out, ret_len);
}

/* A merge ends a customer's chain, so its last event tells whether there was one. Merges may follow each other, never
 * in a circle that was not refused; the bound keeps a damaged log from looping. */
int ledger_final_customer(struct store_txn *log, uint32_t *ordinal, struct daybook_error *err)
{
    struct event_scratch scratch = {0};
    int rc = 0;
    for (int hops = 0; hops < 1000 && !rc; hops++) {
        struct store_head head;
        struct daybook_event event;
        struct daybook_data data;
        const uint8_t *bytes;
        size_t len;
        rc = store_head(log, DAYBOOK_CUSTOMER, *ordinal, &head, err);
        if (rc || head.version == 0)
            break;
        rc = store_event(log, head.last_seq, &bytes, &len, err);
        if (!rc)
            rc = event_read_stored(head.last_seq, bytes, len, &event, err);
        if (rc || event.type != DAYBOOK_CUSTOMER_MERGED)
            break;
        rc = event_read_data(&event, &scratch, &data, err);
        if (!rc)
            *ordinal = data.into;
    }
    event_scratch_release(&scratch);
    return rc;
}

/* "customer/12": the ordinal; 0 for any other name. */
static uint32_t stand_in_ordinal(uint32_t kind, struct daybook_text compared)
{
    char text[40], *end = NULL;
    const char *kind_name = schema_kind_name(kind);
    const size_t kind_len = strlen(kind_name);
    if (compared.len <= kind_len + 1 || compared.len >= sizeof text)
        return 0;
    memcpy(text, compared.ptr, compared.len);
    text[compared.len] = '\0';
    const char *digits = text + kind_len + 1;
    if (memcmp(text, kind_name, kind_len) != 0 || text[kind_len] != '/' || *digits < '1' || *digits > '9')
        return 0;
    unsigned long ordinal = strtoul(digits, &end, 10);
    return *end == '\0' && ordinal <= UINT32_MAX ? (uint32_t)ordinal : 0;
}

/* Is there such a subject, and was the last name that it was given erased? */
static int is_nameless(struct store_txn *log, struct personal_txn *personal, uint32_t kind, uint32_t ordinal, bool *ret,
                       struct daybook_error *err)
{
    struct event_scratch scratch = {0};
    struct chain chain = {0};
    bool named = false;
    int rc = chain_load(&chain, log, kind, ordinal, UINT64_MAX, err);
    *ret = false;
    for (size_t i = chain.count; i-- > 0 && !rc && !named;) {
        struct daybook_data data;
        struct daybook_text name;
        const uint8_t *salt;
        rc = chain_data(&chain, i, &scratch, &data, err);
        named = !rc && data.person.commitment;
        if (named)
            rc = personal_value(personal, chain.links[i].event.seq, data.person.slot, &salt, &name, err);
        *ret = !rc && named && !name.ptr;
    }
    event_scratch_release(&scratch);
    chain_release(&chain);
    return rc;
}

/* Whose name is erased is found under what is shown in its place. */
static int find_nameless(struct store_txn *log, struct personal_txn *personal, uint32_t kind,
                         struct daybook_text compared, uint32_t *ret, struct daybook_error *err)
{
    bool nameless = false;
    const uint32_t ordinal = stand_in_ordinal(kind, compared);
    int rc = ordinal ? is_nameless(log, personal, kind, ordinal, &nameless, err) : 0;
    if (!rc && nameless)
        *ret = ordinal;
    return rc;
}

int ledger_find(struct store_txn *log, struct personal_txn *personal, uint32_t kind, struct daybook_text compared,
                uint32_t *ret, struct daybook_error *err)
{
    uint32_t ordinal = 0;
    int rc = ledger_kind_is_personal(kind) ? personal_name(personal, kind, compared, &ordinal, err)
                                           : store_name(log, kind, compared, &ordinal, err);
    if (!rc && !ordinal && ledger_kind_is_personal(kind))
        rc = find_nameless(log, personal, kind, compared, &ordinal, err);
    if (!rc && ordinal && kind == DAYBOOK_CUSTOMER)
        rc = ledger_final_customer(log, &ordinal, err);
    if (!rc)
        *ret = ordinal;
    return rc;
}

/* ---- snapshots */

/* The log first, then personal data. *ret_generation is what the log names. */
static int begin_reading(struct daybook_snapshot *snapshot, uint64_t *ret_generation, struct daybook_error *err)
{
    int rc = store_begin(snapshot->ledger->store, false, &snapshot->log, err);
    if (!rc)
        rc = store_meta_number(snapshot->log, "personal", ret_generation, err);
    if (!rc)
        rc = ledger_begin_personal(snapshot->ledger, snapshot->log, false, &snapshot->personal, err);
    if (!rc)
        rc = store_last_seq(snapshot->log, &snapshot->last_seq, err);
    return rc;
}

int daybook_snapshot_begin(struct daybook *ledger, struct daybook_snapshot **ret, struct daybook_error *err)
{
    struct daybook_snapshot *snapshot = calloc(1, sizeof *snapshot);
    if (!snapshot)
        return path_fail(ledger->folder, ENOMEM, "reading", err);
    snapshot->ledger = ledger;
    uint64_t generation = 0, failed;
    int rc = begin_reading(snapshot, &generation, err);
    do { /* between the two, somebody may have forgotten something and deleted what we were about to open */
        failed = generation;
        if (rc == DAYBOOK_DAMAGED || rc == DAYBOOK_IO) {
            personal_abort(snapshot->personal);
            store_abort(snapshot->log);
            *snapshot = (struct daybook_snapshot){.ledger = ledger};
            rc = begin_reading(snapshot, &generation, err);
        }
    } while (rc && generation != failed);
    if (rc)
        daybook_snapshot_end(snapshot);
    else
        *ret = snapshot;
    return rc;
}

void daybook_snapshot_end(struct daybook_snapshot *snapshot)
{
    if (!snapshot)
        return;
    personal_abort(snapshot->personal);
    store_abort(snapshot->log);
    free(snapshot);
}

uint64_t daybook_last_seq(const struct daybook_snapshot *snapshot)
{
    return snapshot->last_seq;
}

int daybook_event(struct daybook_snapshot *snapshot, uint64_t seq, struct daybook_event *ret, struct daybook_error *err)
{
    const uint8_t *bytes;
    size_t len;
    int rc = store_event(snapshot->log, seq, &bytes, &len, err);
    return rc ? rc : event_read_stored(seq, bytes, len, ret, err);
}

struct follow {
    daybook_visit *visit;
    void *context;
};

static int follow_event(void *context, uint64_t seq, const uint8_t *bytes, size_t len, struct daybook_error *err)
{
    struct follow *f = context;
    struct daybook_event event;
    int rc = event_read_stored(seq, bytes, len, &event, err);
    return rc ? rc : f->visit(f->context, &event, err);
}

int daybook_follow(struct daybook_snapshot *snapshot, uint64_t from, daybook_visit *visit, void *context,
                   struct daybook_error *err)
{
    return store_each_event(snapshot->log, from, follow_event, &(struct follow){visit, context}, err);
}

int daybook_seq_at(struct daybook_snapshot *snapshot, int64_t recorded_us, uint64_t *ret, struct daybook_error *err)
{
    uint64_t low = 0, high = snapshot->last_seq; /* the answer lies in low..high */
    while (low < high) {
        uint64_t middle = low + (high - low + 1) / 2;
        struct daybook_event event;
        int rc = daybook_event(snapshot, middle, &event, err);
        if (rc)
            return rc;
        if (event.recorded_us <= recorded_us)
            low = middle;
        else
            high = middle - 1;
    }
    *ret = low;
    return 0;
}

int daybook_personal_salt(struct daybook_snapshot *snapshot, uint64_t seq, const struct daybook_personal *personal,
                          const uint8_t **ret_salt, struct daybook_text *ret, struct daybook_error *err)
{
    const uint8_t *salt = NULL;
    struct daybook_text value;
    uint8_t commitment[DAYBOOK_COMMITMENT_SIZE];
    int rc = personal_value(snapshot->personal, seq, personal->slot, &salt, &value, err);
    if (rc)
        return rc;
    *ret = DAYBOOK_TEXT_NONE;
    *ret_salt = NULL;
    if (!value.ptr)
        return 0;
    personal_commitment(salt, value, commitment);
    if (memcmp(commitment, personal->commitment, sizeof commitment) == 0) {
        *ret = value;
        *ret_salt = salt;
    }
    return 0;
}

int daybook_personal_value(struct daybook_snapshot *snapshot, uint64_t seq, const struct daybook_personal *personal,
                           struct daybook_text *ret, struct daybook_error *err)
{
    const uint8_t *salt;
    return daybook_personal_salt(snapshot, seq, personal, &salt, ret, err);
}

int daybook_root(struct daybook_snapshot *snapshot, uint64_t size, uint8_t ret[32], struct daybook_error *err)
{
    struct tree tree;
    struct tree_hash root;
    int rc = sequence_load_tree(snapshot->log, size, &tree, err);
    if (rc)
        return rc;
    tree_root(&tree, &root);
    memcpy(ret, root.bytes, sizeof root.bytes);
    return 0;
}

int daybook_find(struct daybook_snapshot *snapshot, uint32_t kind, struct daybook_text name, uint32_t *ret,
                 struct daybook_error *err)
{
    size_t len = 0;
    char *compared = ledger_compared_name(kind, name, &len);
    if (!compared && text_is_valid(name))
        return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory while looking for a name.");
    if (!compared)
        return daybook_fail(err, DAYBOOK_BAD_VALUE, "A name is not valid UTF-8 text.");
    uint32_t ordinal = 0;
    int rc =
        len ? ledger_find(snapshot->log, snapshot->personal, kind, (struct daybook_text){compared, len}, &ordinal, err)
            : 0;
    free(compared);
    if (!rc && ordinal) { /* personal data may be ahead of the log while a writer commits */
        struct store_head head;
        rc = store_head(snapshot->log, kind, ordinal, &head, err);
        if (!rc && head.version == 0)
            ordinal = 0;
    }
    if (!rc)
        *ret = ordinal;
    return rc;
}
