/* `load`: lines are read into a chunk, which is recorded when it is large enough, or old enough: who feeds lines
 * slowly, or is killed, finds kept what was sent a moment ago. A chunk holds either foreign events or events of
 * another ledger's log. */
#include "tools/load.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ledger/arena.h"
#include "ledger/date.h"
#include "tools/cli/progress.h"
#include "tools/load_exact.h"
#include "tools/load_foreign.h"
#include "tools/load_reader.h"
#include "tools/memory.h"

enum {
    CHUNK_LINES_MAX = 10000,
    CHUNK_BYTES_MAX = 16 << 20,
    CHUNK_AGE_MS = 100,
    ENTRY_LINES_MAX = 4 * CHUNK_LINES_MAX, /* an entry of another log is kept whole up to here */
};

struct chunk_line {
    uint64_t number;
    int64_t recorded_us; /* of an event of another log */
    bool doubtful;
};

struct loader {
    struct session *session;
    struct load_reader reader;
    struct load_counts *counts;
    uint64_t line_number, bad_line;
    uint64_t known_seq; /* the log's last event when loading began */
    struct progress progress;
    /* the chunk: */
    bool is_exact;
    size_t count, capacity, bytes;
    int64_t begun_ms;
    struct chunk_line *lines;
    struct daybook_entry *entries;
    struct daybook_result *results;
    struct daybook_carried *carried;
    struct arena arena; /* its lines, and what they point to */
    struct arena nodes; /* of one line */
    struct event_scratch scratch;
};

static int64_t monotonic_ms(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int no_memory(struct loader *l)
{
    return daybook_fail(&l->session->ctx->error, DAYBOOK_NO_MEMORY, "Out of memory for the lines of one commit.");
}

static int bad_line(struct loader *l, uint64_t number, const char *reason)
{
    l->bad_line = number;
    return daybook_fail(&l->session->ctx->error, DAYBOOK_BAD_LINE, "%s", reason);
}

/* A failure of the environment stays one; anything else is the line's. */
static int blame_line(struct loader *l, uint64_t number, const struct daybook_error *error)
{
    if (memory_was_refused())
        return no_memory(l);
    if (daybook_code_class(error->code) != DAYBOOK_CLASS_ENVIRONMENT || error->code == DAYBOOK_DAMAGED ||
        error->code == DAYBOOK_NEWER_FORMAT)
        return bad_line(l, number, error->message);
    l->session->ctx->error = *error;
    return error->code;
}

/* ---- recording a chunk */

static void empty_chunk(struct loader *l)
{
    l->count = l->bytes = 0;
    arena_reset(&l->arena);
}

static int record_foreign(struct loader *l)
{
    int rc = daybook_append(l->session->ledger, l->entries, l->count, l->results, &l->session->ctx->error);
    for (size_t i = 0; i < l->count && !rc; i++) {
        const struct daybook_result *result = &l->results[i];
        if (result->error.code)
            return blame_line(l, l->lines[i].number, &result->error);
        l->counts->lines++;
        if (result->repeated)
            l->counts->repeated++;
        else if (result->first_seq)
            l->counts->events += result->last_seq - result->first_seq + 1;
        l->counts->doubts += l->lines[i].doubtful && !result->repeated;
    }
    return rc;
}

/* How many lines before `index` belong to whole entries. */
static size_t whole_entries(const struct loader *l, size_t index)
{
    size_t count = index;
    while (count && l->lines[count - 1].recorded_us == l->lines[index].recorded_us)
        count--;
    return count;
}

/* All or none are taken: when one cannot be, those before its entry are. */
static int record_exact(struct loader *l)
{
    struct daybook_error error = {0};
    size_t taken = 0, kept = l->count;
    int rc = daybook_carry(l->session->ledger, l->carried, l->count, &taken, &error);
    if (rc) {
        size_t ignored;
        kept = taken < l->count ? whole_entries(l, taken) : 0;
        if (kept && daybook_carry(l->session->ledger, l->carried, kept, &ignored, NULL))
            kept = 0;
    }
    for (size_t i = 0; i < kept; i++) {
        l->counts->lines++;
        *(l->carried[i].seq <= l->known_seq ? &l->counts->repeated : &l->counts->events) += 1;
    }
    if (!rc)
        return 0;
    return blame_line(l, l->lines[taken < l->count ? taken : l->count - 1].number, &error);
}

static int record_chunk(struct loader *l)
{
    if (l->count == 0)
        return 0;
    int rc = l->is_exact ? record_exact(l) : record_foreign(l);
    empty_chunk(l);
    progress_update(&l->progress, l->counts->lines);
    return rc;
}

/* ---- filling a chunk */

static int grow_chunk(struct loader *l)
{
    if (l->count < l->capacity)
        return 0;
    size_t wanted = l->capacity ? l->capacity * 2 : CHUNK_LINES_MAX;
    struct chunk_line *lines = reallocarray(l->lines, wanted, sizeof *lines);
    l->lines = lines ? lines : l->lines;
    struct daybook_entry *entries = reallocarray(l->entries, wanted, sizeof *entries);
    l->entries = entries ? entries : l->entries;
    struct daybook_result *results = reallocarray(l->results, wanted, sizeof *results);
    l->results = results ? results : l->results;
    struct daybook_carried *carried = reallocarray(l->carried, wanted, sizeof *carried);
    l->carried = carried ? carried : l->carried;
    if (!lines || !entries || !results || !carried)
        return no_memory(l);
    l->capacity = wanted;
    return 0;
}

static bool is_large(const struct loader *l)
{
    return l->count >= CHUNK_LINES_MAX || l->bytes >= CHUNK_BYTES_MAX || monotonic_ms() - l->begun_ms >= CHUNK_AGE_MS;
}

/* Foreign lines are entries of their own. An entry of another log goes on for as long as the recorded time is the
 * same. */
static bool may_end_before(const struct loader *l, const struct chunk_line *next)
{
    return !l->is_exact || l->lines[l->count - 1].recorded_us != next->recorded_us || l->count >= ENTRY_LINES_MAX;
}

/* The recorded time that a line of another log says, before anything else of it is read. */
static int64_t said_recorded_us(const struct json_node *line)
{
    struct daybook_text said = json_node_text(json_node_member(line, "recordedtime"));
    int64_t us = 0;
    if (said.ptr)
        instant_parse(said, &us);
    return us;
}

static bool is_doubtful(const struct loader *l, const struct daybook_draft *draft)
{
    return (draft->type == DAYBOOK_ORDER_SHIPPED || draft->type == DAYBOOK_ORDER_DELIVERED) &&
           draft->occurred == DAYBOOK_OCCURRED_ON && draft->occurred_on > l->session->today;
}

static int read_foreign(struct loader *l, const struct json_node *json, struct chunk_line *line,
                        struct daybook_error *err)
{
    const struct context *ctx = l->session->ctx;
    struct daybook_entry *entry = &l->entries[l->count];
    int rc = load_foreign_entry(json, line->number, ledger_zone(l->session->ledger), &l->arena, entry, err);
    if (rc)
        return rc;
    entry->actor = entry->actor.ptr ? entry->actor : ctx->actor;
    entry->via = (struct daybook_text){ctx->via, strlen(ctx->via)};
    entry->via_kind = DAYBOOK_TEXT("load");
    line->doubtful = is_doubtful(l, entry->drafts);
    return 0;
}

/* The entry that a bad line of another log goes on with is not kept in part. */
static void drop_entry_of(struct loader *l, const struct chunk_line *line)
{
    while (l->count && l->is_exact && l->lines[l->count - 1].recorded_us == line->recorded_us)
        l->count--;
}

/* What is no JSON does not say what entry it goes on with: perhaps the last one. */
static void drop_last_entry(struct loader *l)
{
    if (l->count)
        drop_entry_of(l, &(struct chunk_line){.recorded_us = l->lines[l->count - 1].recorded_us});
}

static bool ends_chunk(const struct loader *l, bool is_exact, const struct chunk_line *line)
{
    return l->count && (is_exact != l->is_exact || (is_large(l) && may_end_before(l, line)));
}

static int add_line(struct loader *l, const struct json_node *json, bool is_exact, struct chunk_line line, size_t len)
{
    struct daybook_error error = {0};
    int rc = grow_chunk(l);
    if (rc)
        return rc;
    rc = is_exact ? load_exact_event(json, &l->arena, &l->scratch, &l->carried[l->count], &error)
                  : read_foreign(l, json, &line, &error);
    if (rc && is_exact)
        drop_entry_of(l, &line);
    if (rc)
        return blame_line(l, line.number, &error);
    if (l->count == 0)
        l->begun_ms = monotonic_ms();
    l->is_exact = is_exact;
    l->lines[l->count++] = line;
    l->bytes += len;
    return 0;
}

static bool is_blank(struct daybook_text text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != ' ' && text.ptr[i] != '\t')
            return false;
    return true;
}

/* A line that ends the chunk before it is read again after that: the chunk's memory, where it stood, is given back. */
static int read_line(struct loader *l, struct daybook_text text)
{
    char reason[JSON_NODE_REASON_SIZE];
    struct chunk_line line = {.number = ++l->line_number};
    if (is_blank(text))
        return 0;
    for (;;) {
        arena_reset(&l->nodes);
        struct daybook_text kept = arena_text(&l->arena, text);
        const struct json_node *json = kept.ptr ? json_node_read(kept, &l->nodes, &l->arena, reason) : NULL;
        if (!kept.ptr || (!json && memory_was_refused()))
            return no_memory(l);
        if (!json) {
            drop_last_entry(l);
            return bad_line(l, line.number, reason);
        }
        bool is_exact = load_is_exact(json);
        line.recorded_us = is_exact ? said_recorded_us(json) : 0;
        if (!ends_chunk(l, is_exact, &line))
            return add_line(l, json, is_exact, line, text.len);
        int rc = record_chunk(l);
        if (rc)
            return rc;
    }
}

static int wait_ms(const struct loader *l)
{
    if (l->count == 0)
        return -1;
    int64_t left = l->begun_ms + CHUNK_AGE_MS - monotonic_ms();
    return left > 0 ? (int)left : 0;
}

static int load_all(struct loader *l)
{
    struct daybook_error *err = &l->session->ctx->error;
    for (;;) {
        enum load_read what = LOAD_READ_END;
        struct daybook_text text;
        int rc = load_reader_next(&l->reader, wait_ms(l), &what, &text, err);
        if (rc == DAYBOOK_BAD_LINE)
            l->bad_line = l->line_number + 1;
        if (!rc && what == LOAD_READ_LINE)
            rc = read_line(l, text);
        else if (!rc)
            rc = record_chunk(l);
        if (rc || what == LOAD_READ_END)
            return rc;
    }
}

/* What came before a bad line is kept. A failure on the way there comes first in the file: it is the one to tell. */
static int keep_before_bad_line(struct loader *l, int rc)
{
    struct daybook_error first = l->session->ctx->error;
    uint64_t number = l->bad_line;
    int earlier = number ? record_chunk(l) : 0;
    if (earlier)
        return earlier;
    l->session->ctx->error = first;
    l->bad_line = number;
    return rc;
}

static void release(struct loader *l)
{
    empty_chunk(l);
    progress_end(&l->progress);
    load_reader_close(&l->reader);
    free(l->lines);
    free(l->entries);
    free(l->results);
    free(l->carried);
    arena_release(&l->arena);
    arena_release(&l->nodes);
    event_scratch_release(&l->scratch);
}

int load_lines(struct session *session, int fd, struct load_counts *counts, uint64_t *ret_bad_line)
{
    struct loader l = {.session = session, .counts = counts};
    *counts = (struct load_counts){0};
    *ret_bad_line = 0;
    int rc = session_read(session);
    if (!rc)
        l.known_seq = daybook_last_seq(session->snapshot);
    session_end_read(session);
    if (!rc)
        rc = load_reader_open(&l.reader, fd, &session->ctx->error);
    if (!rc) {
        progress_start(&l.progress, session->ctx->language, say(session->ctx, "Load", "载入"), 0);
        rc = load_all(&l);
        if (rc)
            rc = keep_before_bad_line(&l, rc);
        *ret_bad_line = l.bad_line;
    }
    release(&l);
    return rc;
}
