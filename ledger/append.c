/* Appending: threads share a commit, processes take turns, personal data is committed before the log.
 *
 *     callers queue ──▶ the first becomes the leader: takes all that wait, one transaction, one commit
 *                       the others wait for it; who came meanwhile is the next batch, led by the first of them
 *
 * Callers that have just been answered often have the next request ready. A leader gives them a moment to come back,
 * or two halves of them would take turns at commits of half the size; who writes alone never waits.
 *
 * A batch: wait for the turn, lock the log, lock personal data, repair it if a crash left it ahead; each entry is
 * prepared and sequenced; then personal data is committed, then the log. A failed put aborts all of it. */
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "ledger/date.h"
#include "ledger/erase.h"
#include "ledger/names.h"
#include "ledger/sequence.h"
#include "ledger/writer.h"

#define DAY_US (24 * 3600 * (int64_t)1000000)

/* What a caller in the queue waits for. */
enum turn { TURN_WAIT, TURN_LEAD, TURN_DONE };

struct append_request {
    const struct daybook_entry *entries;
    const struct daybook_carried *carried;
    size_t count;
    struct daybook_result *results;
    size_t taken; /* of carried */
    const struct daybook_erase_request *erase;
    struct daybook_erased erased;
    int rc;
    struct daybook_error error;
    _Atomic uint32_t turn; /* a futex: each caller is woken by itself, once */
    struct append_request *next;
};

struct append_queue {
    pthread_mutex_t lock;
    pthread_cond_t gathered; /* as many requests are there as the leader waits for */
    struct append_request *first, **last;
    size_t count;
    bool has_leader;
    /* the leader's own: */
    size_t expected;  /* requests, if all come back that took part lately */
    int64_t batch_ns; /* what the last batch took */
    struct writer writer;
    struct sequence sequence;
    struct tree tree;
    struct event_scratch scratch;
    struct erasure erasure;
    bool has_moved; /* personal data, to its next generation */
};

int append_queue_new(struct append_queue **ret, struct daybook_error *err)
{
    struct append_queue *queue = calloc(1, sizeof *queue);
    if (!queue)
        return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory while opening a ledger.");
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->gathered, &monotonic);
    pthread_condattr_destroy(&monotonic);
    queue->last = &queue->first;
    *ret = queue;
    return 0;
}

void append_queue_free(struct append_queue *queue)
{
    if (!queue)
        return;
    writer_release(&queue->writer);
    sequence_release(&queue->sequence);
    event_scratch_release(&queue->scratch);
    pthread_cond_destroy(&queue->gathered);
    pthread_mutex_destroy(&queue->lock);
    free(queue);
}

/* ---- one batch */

/* Another process may have taken over another ledger's identity while the log had no events. */
static int refresh_identity(struct daybook *ledger, struct store_txn *log, struct daybook_error *err)
{
    struct daybook_text id;
    int rc = store_meta_text(log, "id", &id, err);
    if (rc || (id.ptr && id.len == strlen(ledger->id) && memcmp(id.ptr, ledger->id, id.len) == 0))
        return rc;
    pthread_mutex_lock(&ledger->lock);
    rc = ledger_read_identity(ledger, log, err);
    pthread_mutex_unlock(&ledger->lock);
    return rc;
}

static int read_last_event(struct append_queue *q, struct store_txn *log, struct daybook_error *err)
{
    struct sequence *s = &q->sequence;
    s->last_recorded_us = 0;
    int rc = store_last_seq(log, &s->last_seq, err);
    if (!rc && s->last_seq) {
        struct daybook_event last;
        const uint8_t *bytes;
        size_t len;
        rc = store_event(log, s->last_seq, &bytes, &len, err);
        if (!rc)
            rc = event_read_stored(s->last_seq, bytes, len, &last, err);
        if (!rc)
            s->last_recorded_us = last.recorded_us;
    }
    if (!rc && q->tree.size != s->last_seq)
        rc = sequence_load_tree(log, s->last_seq, &q->tree, err);
    return rc;
}

static int check_clock(const struct daybook *ledger, int64_t last_us, int64_t clock_us, struct daybook_error *err)
{
    char last[DAYBOOK_INSTANT_TEXT_SIZE], now[DAYBOOK_INSTANT_TEXT_SIZE];
    if (clock_us >= last_us - DAY_US || ledger->options.accept_clock)
        return 0;
    instant_format(last_us, last);
    instant_format(clock_us, now);
    return daybook_fail(err, DAYBOOK_CLOCK_BEHIND,
                        "The clock says %s, but the last event was recorded at %s. Set the clock right, or say "
                        "--accept-clock if it is.",
                        now, last);
}

/* What a forgetting that was killed left: the generation that it left behind, or the one that it was making. */
static int remove_leftovers(struct daybook *ledger, struct store_txn *log, struct daybook_error *err)
{
    uint64_t generation = 0;
    int rc = store_meta_number(log, "personal", &generation, err);
    if (rc || (ledger->is_swept && ledger->swept_generation == generation &&
               !personal_exists(ledger->folder, generation + 1)))
        return rc;
    rc = personal_remove_others(ledger->folder, generation, true, err);
    ledger->is_swept = rc == 0;
    ledger->swept_generation = generation;
    return rc;
}

static int begin_batch(struct daybook *ledger, struct append_queue *q, struct daybook_error *err)
{
    struct sequence *s = &q->sequence;
    uint64_t personal_seq = 0;
    s->log = NULL;
    s->personal = NULL;
    q->has_moved = false;
    int rc = store_begin(ledger->store, true, &s->log, err);
    if (!rc)
        rc = ledger_begin_personal(ledger, s->log, true, &s->personal, err);
    if (!rc)
        rc = remove_leftovers(ledger, s->log, err);
    if (!rc)
        rc = refresh_identity(ledger, s->log, err);
    if (!rc)
        rc = read_last_event(q, s->log, err);
    if (!rc)
        rc = personal_last_seq(s->personal, &personal_seq, err);
    bool repairs = !rc && personal_seq > s->last_seq;
    if (repairs)
        rc = names_repair(s->log, s->personal, s->last_seq, err);
    q->writer.log = s->log;
    q->writer.personal = s->personal;
    s->tree = &q->tree;
    s->zone = ledger_zone(ledger);
    s->numbers = (struct daybook_text){ledger->numbers, strlen(ledger->numbers)};
    memset(s->last_ordinals, 0, sizeof s->last_ordinals);
    q->writer.ledger = ledger;
    if (rc || repairs || !store_continues(s->log))
        writer_forget_names(&q->writer);
    application_begin_batch(&q->writer);
    return rc;
}

/* Only what is read where nothing happened: the texts are long. */
static void result_init(struct daybook_result *result)
{
    result->error.code = 0;
    result->error.message[0] = '\0';
    result->repeated = false;
    result->first_seq = result->last_seq = 0;
    result->order = 0;
    result->order_no[0] = '\0';
}

static void copy_order_no(struct daybook_text number, struct daybook_result *result)
{
    size_t len = number.len < DAYBOOK_ORDER_NO_MAX ? number.len : DAYBOOK_ORDER_NO_MAX;
    if (number.ptr)
        memcpy(result->order_no, number.ptr, len);
    result->order_no[len] = '\0';
}

/* Does a name lead elsewhere after this entry? New names of new subjects led nowhere before. */
static bool changes_names(const struct entry *entry)
{
    for (size_t i = 0; i < entry->event_count; i++) {
        uint32_t type = entry->events[i].event.type;
        if (type == DAYBOOK_CUSTOMER_RENAMED || type == DAYBOOK_CUSTOMER_MERGED || type == DAYBOOK_PRODUCT_RENAMED)
            return true;
    }
    return false;
}

/* What an entry is prepared by: where the log ends, the clock. */
static int begin_entry(struct append_queue *q, struct daybook_error *err)
{
    struct writer *w = &q->writer;
    w->last_seq = q->sequence.last_seq;
    w->clock_us = ledger_clock_us();
    w->today = zone_day(ledger_zone(w->ledger), w->clock_us);
    return check_clock(w->ledger, q->sequence.last_recorded_us, w->clock_us, err);
}

/* One entry. *ret_broken: the transaction must be aborted. */
static int append_entry(struct append_queue *q, const struct daybook_entry *request, struct daybook_result *result,
                        bool *ret_broken)
{
    struct writer *w = &q->writer;
    struct sequence_verdict verdict = {0};
    result_init(result);
    int rc = begin_entry(q, &result->error);
    if (!rc)
        rc = prepare_entry(w, request, result, &result->error);
    if (rc || result->repeated || w->entry.event_count == 0)
        return rc;
    rc = sequence_entry(&q->sequence, &w->entry, w->clock_us, &verdict, ret_broken, &result->error);
    if (rc)
        return rc;
    if (changes_names(&w->entry))
        writer_forget_names(w);
    if (verdict.order_no.ptr)
        writer_keep_order(w, verdict.order_no, verdict.order);
    result->first_seq = verdict.first_seq;
    result->last_seq = verdict.last_seq;
    result->order = verdict.order;
    if (verdict.order_no.ptr)
        copy_order_no(verdict.order_no, result);
    return 0;
}

/* What the machine could not do is no refusal of one entry: none of the batch is recorded. */
static bool is_of_machine(int rc)
{
    return rc && rc != DAYBOOK_CLOCK_BEHIND && daybook_code_class(rc) == DAYBOOK_CLASS_ENVIRONMENT;
}

static int append_entries(struct append_queue *q, struct append_request *request, struct daybook_error *err)
{
    for (size_t i = 0; i < request->count; i++) {
        bool broken = false;
        struct daybook_result *result = &request->results[i];
        if (i && request->entries[i].after_previous && result[-1].error.code) {
            *result = result[-1];
            continue;
        }
        int rc = append_entry(q, &request->entries[i], result, &broken);
        result->error.code = rc;
        if (broken || is_of_machine(rc)) {
            *err = result->error;
            return rc;
        }
    }
    return 0;
}

/* ---- forgetting */

/* Personal data of this batch is put into the next generation from here on. */
static int move_personal(struct append_queue *q, struct daybook_erased *ret, struct daybook_error *err)
{
    struct writer *w = &q->writer;
    int rc = erase_move(&q->erasure, w->ledger, q->sequence.log, &q->sequence.personal, ret, err);
    w->personal = q->sequence.personal;
    q->has_moved |= rc == 0;
    writer_forget_names(w);
    return rc;
}

/* What is recorded. A via that goes along is named by its event, as a copy may hear of the actor only when its name is
 * gone, and could not tell whose the via is. The one that was asked for comes last, and has the reason. */
static int draft_erasures(const struct erasure *e, const struct daybook_erase_request *wanted,
                          struct daybook_draft **ret, struct daybook_error *err)
{
    struct daybook_draft *drafts = calloc(e->via_count + 1, sizeof *drafts);
    if (!drafts)
        return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for forgetting.");
    for (size_t i = 0; i <= e->via_count; i++) {
        bool is_asked_for = i == e->via_count;
        daybook_draft_init(&drafts[i], DAYBOOK_PERSONAL_DATA_ERASED);
        drafts[i].category = erase_kind_name(is_asked_for ? e->kind : DAYBOOK_ERASE_NOTE);
        drafts[i].target = is_asked_for ? e->target : e->seqs[e->seq_count - e->via_count + i];
        drafts[i].reason = is_asked_for ? wanted->reason : DAYBOOK_TEXT_NONE;
    }
    *ret = drafts;
    return 0;
}

/* By the names as they are: who asks may be who is forgotten. */
static int record_erasure(struct append_queue *q, const struct daybook_erase_request *wanted,
                          struct sequence_verdict *ret, struct daybook_error *err)
{
    struct writer *w = &q->writer;
    struct daybook_draft *drafts = NULL;
    struct daybook_result result;
    bool broken;
    int rc = draft_erasures(&q->erasure, wanted, &drafts, err);
    const struct daybook_entry entry = {.drafts = drafts,
                                        .draft_count = q->erasure.via_count + 1,
                                        .actor = wanted->actor,
                                        .via = wanted->via,
                                        .via_kind = wanted->via_kind};
    if (!rc)
        rc = begin_entry(q, err);
    if (!rc) {
        w->erases = true;
        rc = prepare_entry(w, &entry, &result, err);
        w->erases = false;
    }
    if (!rc)
        rc = sequence_entry(&q->sequence, &w->entry, w->clock_us, ret, &broken, err);
    free(drafts);
    return rc;
}

static int erase(struct append_queue *q, struct append_request *request, struct daybook_error *err)
{
    const struct daybook_erase_request *wanted = request->erase;
    struct writer *w = &q->writer;
    struct daybook_erased erased = {0};
    struct sequence_verdict verdict = {0};
    uint64_t target = 0;
    int rc = erase_find(w->log, w->personal, wanted, &target, err);
    if (!rc)
        rc = erase_collect(&q->erasure, w->log, w->personal, wanted->kind, target, err);
    if (!rc && q->erasure.value_count == 0) {
        request->erased = (struct daybook_erased){.target = target};
        return 0;
    }
    if (!rc && erase_is_said_in(&q->erasure, wanted->reason))
        rc = daybook_fail(err, DAYBOOK_BAD_VALUE, "The reason says what is to be forgotten. Give it without.");
    if (!rc)
        rc = record_erasure(q, wanted, &verdict, err);
    erase_release(&q->erasure);
    if (!rc) /* with the via that was registered just now, if who is forgotten asks from a new place */
        rc = erase_collect(&q->erasure, w->log, w->personal, wanted->kind, target, err);
    if (!rc)
        rc = move_personal(q, &erased, err);
    erased.first_seq = verdict.first_seq;
    erased.last_seq = verdict.last_seq;
    if (!rc)
        request->erased = erased;
    return rc;
}

/* ---- events carried from another log */

/* The other ledger forgot something that this one, a copy made before, has still. */
static int carry_erasure(struct append_queue *q, const struct daybook_data *data, struct daybook_error *err)
{
    enum daybook_erase_kind kind;
    if (!erase_kind_of(data->category, &kind))
        return 0;
    int rc = erase_collect(&q->erasure, q->sequence.log, q->sequence.personal, kind, data->target, err);
    return rc == DAYBOOK_NOT_FOUND || rc == DAYBOOK_BAD_VALUE ? 0 : rc; /* no rule makes another log's event wrong */
}

struct carry {
    struct append_queue *queue;
    const struct daybook_event *event;
};

static int put_name(void *context, bool is_personal, uint32_t kind, struct daybook_text compared, uint32_t ordinal,
                    struct daybook_error *err)
{
    struct carry *c = context;
    return is_personal ? personal_put_name(c->queue->sequence.personal, kind, compared, ordinal, err)
                       : store_put_name(c->queue->sequence.log, kind, compared, ordinal, err);
}

static int put_carried_values(struct append_queue *q, const struct daybook_carried *carried,
                              const struct schema_type *type, const struct daybook_data *data,
                              struct daybook_error *err);

static int foreign(uint64_t seq, struct daybook_error *err)
{
    return daybook_fail(
        err, DAYBOOK_FOREIGN_LOG,
        "Event %llu does not continue this ledger's log: it has another history. Load it into a fresh ledger.",
        (unsigned long long)seq);
}

static int carry_known(struct append_queue *q, const struct daybook_carried *carried, struct daybook_error *err)
{
    const uint8_t *bytes;
    size_t len;
    int rc = store_event(q->sequence.log, carried->seq, &bytes, &len, err);
    if (rc)
        return rc;
    return len == carried->len && memcmp(bytes, carried->bytes, len) == 0 ? 0 : foreign(carried->seq, err);
}

static int check_carried(struct append_queue *q, const struct daybook_carried *carried, struct daybook_event *event,
                         struct daybook_data *data, struct daybook_error *err)
{
    struct store_head head;
    uint32_t last_ordinal = 0;
    int rc = event_read_checked(carried->seq, carried->bytes, carried->len, &q->scratch, event, data, err);
    if (!rc)
        rc = store_head(q->sequence.log, event->kind, event->ordinal, &head, err);
    if (!rc && head.version == 0)
        rc = store_last_ordinal(q->sequence.log, event->kind, &last_ordinal, err);
    if (!rc && (carried->seq != q->sequence.last_seq + 1 || event->nth != head.version + 1 ||
                event->prev != (head.version ? carried->seq - head.last_seq : 0) ||
                (head.version == 0 && event->ordinal != last_ordinal + 1) ||
                event->recorded_us < q->sequence.last_recorded_us))
        rc = foreign(carried->seq, err);
    return rc;
}

static int take_identity(struct append_queue *q, const struct daybook_data *data, struct daybook_error *err)
{
    struct daybook *ledger = q->writer.ledger;
    int rc = store_put_identity(q->sequence.log, data->identity, data->timezone, data->numbers, err);
    pthread_mutex_lock(&ledger->lock);
    if (!rc)
        rc = ledger_read_identity(ledger, q->sequence.log, err);
    pthread_mutex_unlock(&ledger->lock);
    q->sequence.zone = ledger_zone(ledger);
    q->sequence.numbers = (struct daybook_text){ledger->numbers, strlen(ledger->numbers)};
    return rc;
}

static int carry_event(struct append_queue *q, const struct daybook_carried *carried, struct daybook_error *err)
{
    struct daybook_event event;
    struct daybook_data data;
    if (carried->seq <= q->sequence.last_seq)
        return carry_known(q, carried, err);
    int rc = check_carried(q, carried, &event, &data, err);
    const struct schema_type *type = rc ? NULL : schema_by_wire(event.type);
    if (!rc && (!type || event.version > type->version))
        rc = event_read_data(&event, &q->scratch, &data, err); /* which says that it is newer than this program */
    if (!rc && type)
        rc = put_carried_values(q, carried, type, &data, err);
    if (!rc)
        rc = sequence_put(&q->sequence, &event, &data, err);
    if (!rc && event.type == DAYBOOK_LEDGER_OPENED)
        rc = take_identity(q, &data, err);
    struct carry c = {q, &event};
    if (!rc)
        rc = names_of_event(&event, &data, q->sequence.personal, put_name, &c, err);
    if (!rc && names_key_in_table(&event, &data, q->sequence.numbers))
        rc = store_put_key(q->sequence.log, event.key, event.seq, err);
    return rc || event.type != DAYBOOK_PERSONAL_DATA_ERASED ? rc : carry_erasure(q, &data, err);
}

struct carried_values {
    struct append_queue *queue;
    const struct daybook_carried *carried;
    struct daybook_error *err;
};

static int put_carried_value(void *context, const char *field, uint16_t slot, const struct daybook_personal *personal)
{
    const struct carried_values *v = context;
    uint8_t commitment[DAYBOOK_COMMITMENT_SIZE];
    if (slot >= v->carried->value_count || !v->carried->values[slot].ptr || !v->carried->salts[slot])
        return 0; /* erased */
    personal_commitment(v->carried->salts[slot], v->carried->values[slot], commitment);
    if (memcmp(commitment, personal->commitment, sizeof commitment) != 0)
        return daybook_fail(v->err, DAYBOOK_VERIFICATION_FAILED,
                            "The \"%s\" of event %llu is not what was recorded: it does not fit its commitment.", field,
                            (unsigned long long)v->carried->seq);
    return personal_put_value(v->queue->sequence.personal, v->carried->seq, slot, v->carried->salts[slot],
                              v->carried->values[slot], v->err);
}

static int put_carried_values(struct append_queue *q, const struct daybook_carried *carried,
                              const struct schema_type *type, const struct daybook_data *data,
                              struct daybook_error *err)
{
    struct carried_values v = {q, carried, err};
    return data_each_personal(type, data, put_carried_value, &v);
}

static int carry_events(struct append_queue *q, struct append_request *request, struct daybook_error *err)
{
    int rc = 0;
    for (request->taken = 0; request->taken < request->count && !rc; request->taken += !rc)
        rc = carry_event(q, &request->carried[request->taken], err);
    struct daybook_erased erased; /* moved once, however many were forgotten: each move copies everything else */
    return rc || q->erasure.value_count == 0 ? rc : move_personal(q, &erased, err);
}

/* ---- the queue */

static int commit_batch(struct daybook *ledger, struct append_queue *q, struct daybook_error *err)
{
    uint64_t generation = 0;
    int rc = store_meta_number(q->sequence.log, "personal", &generation, err);
    if (rc)
        personal_abort(q->sequence.personal);
    else /* what a crash now leaves is taken back by the next writer */
        rc = personal_commit(q->sequence.personal, err);
    if (rc)
        store_abort(q->sequence.log);
    else
        rc = store_commit(q->sequence.log, err);
    if (rc || !q->has_moved)
        return rc;
    rc = personal_remove_others(ledger->folder, generation, false, err);
    ledger_let_go_of_personal(ledger, generation);
    return rc;
}

/* Nothing of the batch is on disk, but memory may be ahead of it: the tree is loaded again, and an identity that was to
 * be taken over is the old one still. */
static void forget_batch(struct daybook *ledger, struct append_queue *q)
{
    struct store_txn *log = NULL;
    q->tree.size = UINT64_MAX;
    if (!store_begin(ledger->store, false, &log, NULL))
        refresh_identity(ledger, log, NULL);
    store_abort(log);
}

static int run_requests(struct append_queue *q, struct append_request *batch, struct daybook_error *err)
{
    int rc = 0;
    for (struct append_request *r = batch; r && !rc; r = r->next)
        rc = r->erase ? erase(q, r, err) : r->carried ? carry_events(q, r, err) : append_entries(q, r, err);
    return rc;
}

static void run_batch(struct daybook *ledger, struct append_queue *q, struct append_request *batch)
{
    struct daybook_error error = {0};
    int rc = begin_batch(ledger, q, &error);
    uint64_t before = q->sequence.last_seq;
    if (!rc)
        rc = run_requests(q, batch, &error);
    erase_release(&q->erasure);
    if (rc || q->sequence.last_seq == before) {
        personal_abort(q->sequence.personal);
        store_abort(q->sequence.log);
        if (q->has_moved) /* to a generation that the log does not name */
            ledger->is_swept = false;
    } else {
        rc = commit_batch(ledger, q, &error);
    }
    if (rc)
        forget_batch(ledger, q);
    for (struct append_request *r = batch; r; r = r->next) {
        r->rc = rc;
        r->error = error;
    }
}

/* ---- turns */

static void wait_for_turn(struct append_request *request)
{
    while (atomic_load(&request->turn) == TURN_WAIT)
        syscall(SYS_futex, &request->turn, FUTEX_WAIT_PRIVATE, TURN_WAIT, NULL, NULL, 0);
}

/* With TURN_DONE the request is its caller's again, and may be gone before the kernel hears of its address, which is
 * all that the kernel takes then. */
static void give_turn(struct append_request *request, enum turn turn)
{
    _Atomic uint32_t *word = &request->turn;
    atomic_store(word, turn);
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* The moment is a share of what a commit takes, so that a wait in vain costs little beside it. */
static void gather(struct append_queue *q)
{
    enum { SHARE_OF_BATCH = 4 };
    if (q->count >= q->expected)
        return;
    int64_t end = now_ns() + q->batch_ns / SHARE_OF_BATCH;
    struct timespec until = {.tv_sec = end / 1000000000, .tv_nsec = end % 1000000000};
    while (q->count < q->expected && !pthread_cond_timedwait(&q->gathered, &q->lock, &until))
        continue;
}

/* Carried events fail as a whole, and so does a forgetting. */
static bool goes_alone(const struct append_request *request)
{
    return request->carried || request->erase;
}

/* All that wait, in their order; but some go alone. */
static struct append_request *take_batch(struct append_queue *q, size_t *ret_count)
{
    struct append_request *batch = q->first, *last = batch;
    size_t count = 1;
    for (; !goes_alone(batch) && last->next && !goes_alone(last->next); count++)
        last = last->next;
    q->first = last->next;
    if (!q->first)
        q->last = &q->first;
    q->count -= count;
    last->next = NULL;
    *ret_count = count;
    return batch;
}

/* Run one batch, with one's own request at its head, while others queue up; the first of them leads on. */
static void lead(struct daybook *ledger, struct append_queue *q)
{
    size_t count;
    pthread_mutex_lock(&q->lock);
    gather(q);
    struct append_request *batch = take_batch(q, &count);
    pthread_mutex_unlock(&q->lock);
    int64_t begin = now_ns();
    run_batch(ledger, q, batch);
    pthread_mutex_lock(&q->lock);
    q->batch_ns = now_ns() - begin;
    q->expected = count + q->count;
    struct append_request *leader = q->first;
    q->has_leader = leader != NULL;
    pthread_mutex_unlock(&q->lock);
    if (leader)
        give_turn(leader, TURN_LEAD);
    for (struct append_request *r = batch->next, *next; r; r = next) {
        next = r->next;
        give_turn(r, TURN_DONE);
    }
}

static int submit(struct daybook *ledger, struct append_request *request, struct daybook_error *err)
{
    struct append_queue *q = ledger->queue;
    int forked = store_refuse_forked(ledger->store, err);
    if (forked)
        return forked;
    pthread_mutex_lock(&q->lock);
    *q->last = request;
    q->last = &request->next;
    bool leads = !q->has_leader;
    q->has_leader = true;
    if (++q->count == q->expected)
        pthread_cond_signal(&q->gathered);
    pthread_mutex_unlock(&q->lock);
    if (!leads)
        wait_for_turn(request);
    if (leads || atomic_load(&request->turn) == TURN_LEAD)
        lead(ledger, q);
    if (request->rc && err)
        *err = request->error;
    return request->rc;
}

int daybook_append(struct daybook *ledger, const struct daybook_entry *entries, size_t count,
                   struct daybook_result *results, struct daybook_error *err)
{
    struct append_request request = {.entries = entries, .count = count, .results = results};
    return submit(ledger, &request, err);
}

int daybook_carry(struct daybook *ledger, const struct daybook_carried *events, size_t count, size_t *ret_taken,
                  struct daybook_error *err)
{
    struct append_request request = {.carried = events, .count = count};
    int rc = submit(ledger, &request, err);
    *ret_taken = request.taken;
    return rc;
}

int daybook_erase(struct daybook *ledger, const struct daybook_erase_request *wanted, struct daybook_erased *ret,
                  struct daybook_error *err)
{
    struct append_request request = {.erase = wanted};
    int rc = submit(ledger, &request, err);
    if (!rc)
        *ret = request.erased;
    return rc;
}

void daybook_draft_init(struct daybook_draft *draft, uint32_t type)
{
    *draft = (struct daybook_draft){.type = type,
                                    .occurred_us = DAYBOOK_INSTANT_NONE,
                                    .occurred_on = DAYBOOK_DAY_NONE,
                                    .ordered_on = DAYBOOK_DAY_NONE,
                                    .expected_on = DAYBOOK_DAY_NONE,
                                    .requested_on = DAYBOOK_DAY_NONE};
}
