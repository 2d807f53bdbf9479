/* undo-import: what one import brought is taken back, order by order.
 *
 *     which import? ──▶ look at every order that it touched (counts, and what others did since) ──▶ look again, void
 *
 * An order that the import created would be gone, and with it what others recorded about it since: that is refused,
 * nothing written, unless --partial leaves such orders as they are. Each order is an entry, chunks are commits; nothing
 * is kept between two runs, as what stands says what is left to do, so the command can be repeated after it was killed.
 * The voids have a cause of their own ("undo <SHA-256>"), by which the next import knows that nothing was said. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/text.h"
#include "ledger/tree.h"
#include "tools/cli/progress.h"
#include "tools/commands.h"
#include "tools/import/arena.h"
#include "tools/import/origin.h"
#include "tools/order_json.h"
#include "tools/session.h"

enum { CHUNK = 10000, ROUNDS_MAX = 5, PREFIX_MIN = 8, NAMED_MAX = 10, IDENTITY_SIZE = 2 * TREE_HASH_SIZE + 1 };

/* What is to be done, or was. */
struct tally {
    size_t changed, removed; /* orders */
    uint64_t voided;         /* events */
};

struct undoing {
    struct context *ctx;
    struct session session;
    struct origin_sources sources;
    struct origin_traces traces;
    uint32_t source;
    struct daybook_text file, identity; /* of the source; in `kept` */
    struct arena kept;                  /* to the end of the command */
    uint32_t *orders;                   /* that the import touched */
    size_t order_count, order_capacity;
    struct tally planned, done;
    size_t conflicts; /* orders that others wrote to meanwhile */
    json_t *left;     /* orders that stay as they are */
};

static int no_memory(struct undoing *u)
{
    return daybook_fail(&u->ctx->error, DAYBOOK_NO_MEMORY, "Not enough memory to undo an import.");
}

/* ---- which import */

static bool is_import(const struct undoing *u, uint32_t source)
{
    return u->sources.list[source].role == ORIGIN_IMPORT;
}

/* The import of the file as it is now, if there is such a file and it was imported like that; else 0. */
static int find_by_content(struct undoing *u, const char *path, uint32_t *ret)
{
    struct tree_hash hash;
    struct stat status;
    char hex[IDENTITY_SIZE];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), rc = 0;
    *ret = 0;
    if (fd < 0)
        return 0;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
        if (!sha256_file(fd, hash.bytes))
            rc = daybook_fail(&u->ctx->error, DAYBOOK_IO, "Cannot read %s: %s.", path, strerror(errno));
        if (!rc) {
            tree_hash_hex(&hash, hex);
            rc = daybook_find(u->session.snapshot, DAYBOOK_SOURCE, (struct daybook_text){hex, strlen(hex)}, ret,
                              &u->ctx->error);
        }
        if (!rc && *ret && !is_import(u, *ret))
            *ret = 0;
    }
    close(fd);
    return rc;
}

static bool begins_identity(const struct undoing *u, uint32_t source, const char *prefix)
{
    size_t len = strlen(prefix);
    return len >= PREFIX_MIN && len <= u->sources.list[source].identity.len &&
           strncasecmp(prefix, u->sources.list[source].identity.ptr, len) == 0;
}

static int has_name(struct undoing *u, uint32_t source, const char *path, bool *ret)
{
    const char *slash = strrchr(path, '/'), *base = slash && slash[1] ? slash + 1 : path;
    struct daybook_text name = DAYBOOK_TEXT_NONE;
    int rc = registers_name(u->session.registers, DAYBOOK_SOURCE, source, &name, &u->ctx->error);
    *ret = !rc && name.ptr && text_equals(name, (struct daybook_text){base, strlen(base)});
    return rc;
}

/* Several: whoever asks has to say which. */
static int refuse_several(struct undoing *u, json_t *found)
{
    char list[NAMED_MAX * (IDENTITY_SIZE + 2)] = "";
    size_t count = json_array_size(found);
    for (size_t i = 0; i < count && i < NAMED_MAX; i++)
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%.16s", i ? ", " : "",
                 json_string_value(json_object_get(json_array_get(found, i), "sha256")));
    u->ctx->error_members = json_pack("{s:O}", "sources", found);
    return daybook_fail(&u->ctx->error, DAYBOOK_BAD_VALUE,
                        say(u->ctx, "%zu imports are called that. Say the SHA-256 of the one that is meant: %s%s.",
                            "有 %zu 次导入符合。请用 SHA-256 指明其中一次：%s%s。"),
                        count, list, count > NAMED_MAX ? " …" : "");
}

static json_t *source_json(struct daybook_text name, struct daybook_text identity)
{
    return json_pack("{s:o,s:o}", "file", json_of_text(name), "sha256", json_of_text(identity));
}

static int add_found(struct undoing *u, uint32_t source, json_t *found)
{
    struct daybook_text name = DAYBOOK_TEXT_NONE;
    int rc = registers_name(u->session.registers, DAYBOOK_SOURCE, source, &name, &u->ctx->error);
    if (!rc && json_array_append_new(found, source_json(name, u->sources.list[source].identity)))
        rc = no_memory(u);
    return rc;
}

/* By the beginning of its SHA-256, or else by its name. */
static int find_by_name(struct undoing *u, const char *asked, uint32_t *ret)
{
    json_t *found = json_array();
    int rc = found ? 0 : no_memory(u);
    for (int pass = 0; pass < 2 && !rc && json_array_size(found) == 0; pass++) {
        for (uint32_t source = 1; source < u->sources.count && !rc; source++) {
            bool fits = is_import(u, source) && pass == 0 && begins_identity(u, source, asked);
            if (is_import(u, source) && pass == 1)
                rc = has_name(u, source, asked, &fits);
            if (rc || !fits)
                continue;
            *ret = source;
            rc = add_found(u, source, found);
        }
    }
    if (!rc && json_array_size(found) == 0)
        rc = daybook_fail(&u->ctx->error, DAYBOOK_NOT_FOUND,
                          say(u->ctx, "No import is called %s. Say the file, its name, or 8 digits of its SHA-256.",
                              "没有名为 %s 的导入。请给出文件、文件名，或其 SHA-256 的至少 8 位。"),
                          asked);
    if (!rc && json_array_size(found) > 1)
        rc = refuse_several(u, found);
    json_decref(found);
    return rc;
}

static int find_source(struct undoing *u)
{
    const char *asked = context_string(u->ctx, "FILE");
    struct daybook_text name = DAYBOOK_TEXT_NONE;
    int rc = find_by_content(u, asked, &u->source);
    if (!rc && u->source == 0)
        rc = find_by_name(u, asked, &u->source);
    if (!rc)
        rc = registers_name(u->session.registers, DAYBOOK_SOURCE, u->source, &name, &u->ctx->error);
    if (rc)
        return rc;
    u->identity = arena_text(&u->kept, u->sources.list[u->source].identity);
    u->file = name.ptr ? arena_text(&u->kept, name) : u->identity;
    return u->identity.ptr && u->file.ptr ? 0 : no_memory(u);
}

/* ---- which orders */

struct scan {
    struct undoing *undoing;
    bool *seen; /* by ordinal of an order */
    uint32_t last_order;
    uint64_t *said, *undone; /* by ordinal of a source: the last event that it caused, that its undoing caused */
};

static int scan_event(void *context, const struct daybook_event *event, struct daybook_error *err)
{
    struct scan *scan = context;
    struct undoing *u = scan->undoing;
    if (event->kind != DAYBOOK_ORDER || !event->cause_source || event->cause_source >= u->sources.count ||
        event->ordinal > scan->last_order)
        return 0;
    const struct origin_source *source = &u->sources.list[event->cause_source];
    if (source->role == ORIGIN_UNDO)
        scan->undone[source->import] = event->seq;
    else
        scan->said[event->cause_source] = event->seq;
    /* What another undoing put back may be this import's. */
    if ((event->cause_source != u->source && source->role != ORIGIN_UNDO) || scan->seen[event->ordinal])
        return 0;
    uint32_t *orders = array_reserve(u->orders, u->order_count, &u->order_capacity, sizeof *orders);
    if (!orders)
        return daybook_fail(err, DAYBOOK_NO_MEMORY, "Not enough memory to undo an import.");
    scan->seen[event->ordinal] = true;
    u->orders = orders;
    orders[u->order_count++] = event->ordinal;
    return 0;
}

static int find_orders(struct undoing *u)
{
    struct scan scan = {.undoing = u};
    struct daybook_error *err = &u->ctx->error;
    int rc = store_last_ordinal(u->session.snapshot->log, DAYBOOK_ORDER, &scan.last_order, err);
    u->order_count = 0;
    scan.seen = calloc((size_t)scan.last_order + 1, sizeof *scan.seen);
    scan.said = calloc(u->sources.count, sizeof *scan.said);
    scan.undone = calloc(u->sources.count, sizeof *scan.undone);
    if (!rc && (!scan.seen || !scan.said || !scan.undone))
        rc = no_memory(u);
    if (!rc)
        rc = daybook_follow(u->session.snapshot, 1, scan_event, &scan, err);
    for (uint32_t source = 1; source < u->sources.count && !rc; source++)
        u->sources.list[source].is_undone = scan.undone[source] > scan.said[source];
    free(scan.seen);
    free(scan.said);
    free(scan.undone);
    return rc;
}

static int look(struct undoing *u)
{
    int rc = session_read(&u->session);
    return rc ? rc : origin_sources_load(&u->sources, u->session.snapshot, &u->ctx->error);
}

/* ---- one order */

struct order_plan {
    struct daybook_text order_no;
    size_t *links; /* to void */
    size_t link_count;
    uint64_t *later; /* events of others that would be gone */
    size_t later_count;
    bool is_removed; /* the order would be there no more */
};

/* Lists lie in `arena`. */
static int plan_order(struct undoing *u, uint32_t ordinal, struct arena *arena, struct order_plan *ret)
{
    struct order_reader *reader = &u->session.reader;
    const struct chain *chain = &reader->chain;
    struct order_plan plan = {.order_no = DAYBOOK_TEXT_NONE};
    int rc = order_reader_load(reader, u->session.snapshot, ordinal, ORDER_CUT_NOW, &u->ctx->error);
    if (!rc)
        rc = origin_traces_find(&u->traces, &u->sources, &reader->chain, &u->ctx->error);
    if (!rc)
        rc = daybook_name(u->session.snapshot, DAYBOOK_ORDER, ordinal, &plan.order_no, &u->ctx->error);
    if (rc)
        return rc;
    plan.links = arena_alloc(arena, chain->count * sizeof *plan.links);
    plan.later = arena_alloc(arena, chain->count * sizeof *plan.later);
    if (!plan.links || !plan.later)
        return no_memory(u);
    size_t creation = order_places_creation(&reader->places, chain, chain->count);
    if (creation < chain->count) {
        size_t link = reader->places.applied[creation];
        plan.is_removed = u->traces.list[link].import == u->source &&
                          origin_before(&u->traces, &u->sources, link, u->source) == ORIGIN_NONE;
    }
    for (size_t place = chain->count; place-- > 0;) { /* the creation last */
        size_t link = reader->places.applied[place];
        if (link == ORDER_PLACE_NONE)
            continue;
        if (u->traces.list[link].import == u->source)
            plan.links[plan.link_count++] = link;
        else if (plan.is_removed && place > creation)
            plan.later[plan.later_count++] = chain->links[link].event.seq;
    }
    *ret = plan;
    return 0;
}

static int keep_left(struct undoing *u, const struct order_plan *plan)
{
    json_t *events = json_array();
    for (size_t i = plan->later_count; i-- > 0;)
        json_array_append_new(events, json_integer((json_int_t)plan->later[i]));
    json_t *order = json_pack("{s:o,s:s,s:o}", "order_no", json_of_text(plan->order_no), "reason", "later-events",
                              "events", events);
    return json_array_append_new(u->left, order) ? no_memory(u) : 0;
}

static void count_order(struct tally *tally, bool is_removed, size_t events)
{
    *(is_removed ? &tally->removed : &tally->changed) += 1;
    tally->voided += events;
}

static int survey(struct undoing *u)
{
    struct arena arena = {0};
    struct progress progress;
    int rc = 0;
    u->planned = (struct tally){0};
    json_array_clear(u->left);
    progress_start(&progress, u->ctx->language, say(u->ctx, "Look", "查看"), u->order_count);
    for (size_t i = 0; i < u->order_count && !rc; i++) {
        struct order_plan plan;
        rc = plan_order(u, u->orders[i], &arena, &plan);
        if (!rc && plan.later_count)
            rc = keep_left(u, &plan);
        else if (!rc && plan.link_count)
            count_order(&u->planned, plan.is_removed, plan.link_count);
        progress_update(&progress, i + 1);
        arena_reset(&arena);
    }
    progress_end(&progress);
    arena_release(&arena);
    return rc;
}

/* ---- writing */

/* Entries on their way to one commit; drafts live in the arena. */
struct chunk {
    struct undoing *undoing;
    struct arena arena;
    struct daybook_source_name source;
    struct daybook_draft as_it_was; /* changes nothing: the type is that of what stood there */
    struct daybook_entry *entries;
    struct daybook_result *results;
    bool *removes; /* by entry */
    size_t count;
};

static int add_entry(struct chunk *chunk, const struct order_plan *plan)
{
    struct undoing *u = chunk->undoing;
    const struct chain *chain = &u->session.reader.chain;
    struct daybook_draft *drafts = arena_alloc(&chunk->arena, plan->link_count * sizeof *drafts);
    if (!drafts)
        return no_memory(u);
    for (size_t i = 0; i < plan->link_count; i++) {
        size_t before = origin_before(&u->traces, &u->sources, plan->links[i], u->source);
        const struct daybook_event *event = &chain->links[plan->links[i]].event;
        daybook_draft_init(&drafts[i], DAYBOOK_ORDER_EVENT_VOIDED);
        drafts[i].order_no = plan->order_no;
        drafts[i].reason = context_text(u->ctx, "--reason");
        drafts[i].target = event->seq;
        drafts[i].cause_row = event->cause_row;
        if (before != ORIGIN_NONE) {
            drafts[i].as_in = chain->links[before].event.seq;
            drafts[i].replacement = &chunk->as_it_was;
        }
    }
    chunk->removes[chunk->count] = plan->is_removed;
    struct daybook_entry *entry = &chunk->entries[chunk->count++];
    session_entry(&u->session, drafts, plan->link_count, entry);
    entry->source = &chunk->source;
    entry->expect_version = (uint32_t)chain->count;
    entry->late_dates_allowed = true;
    return 0;
}

/* Refused entries are those of orders that others wrote to meanwhile: the next round looks at them again. */
static int append_chunk(struct chunk *chunk)
{
    struct undoing *u = chunk->undoing;
    int rc = daybook_append(u->session.ledger, chunk->entries, chunk->count, chunk->results, &u->ctx->error);
    for (size_t i = 0; i < chunk->count && !rc; i++) {
        const struct daybook_error *refused = &chunk->results[i].error;
        if (refused->code == DAYBOOK_VERSION_CONFLICT)
            u->conflicts++;
        else if (refused->code)
            rc = daybook_fail(&u->ctx->error, refused->code, "%s", refused->message);
        else
            count_order(&u->done, chunk->removes[i], chunk->entries[i].draft_count);
    }
    chunk->count = 0;
    arena_reset(&chunk->arena);
    return rc;
}

static int write_orders(struct undoing *u, struct chunk *chunk)
{
    struct progress progress;
    int rc = 0;
    progress_start(&progress, u->ctx->language, say(u->ctx, "Undo", "撤销"), u->order_count);
    for (size_t i = 0; i < u->order_count && !rc; i++) {
        struct order_plan plan;
        rc = plan_order(u, u->orders[i], &chunk->arena, &plan);
        if (!rc && plan.link_count && plan.later_count == 0)
            rc = add_entry(chunk, &plan);
        if (!rc && (chunk->count == CHUNK || (chunk->count && i + 1 == u->order_count))) {
            rc = append_chunk(chunk);
            if (!rc) /* a snapshot that stays open keeps the file from reusing space */
                rc = session_read(&u->session);
        }
        progress_update(&progress, i + 1);
    }
    progress_end(&progress);
    return rc;
}

static int write_undoing(struct undoing *u)
{
    struct chunk chunk = {.undoing = u};
    struct daybook_text identity =
        arena_printf(&u->kept, ORIGIN_UNDO_PREFIX "%.*s", (int)u->identity.len, u->identity.ptr);
    chunk.source = (struct daybook_source_name){DAYBOOK_TEXT("undo-import"), u->file, identity};
    daybook_draft_init(&chunk.as_it_was, DAYBOOK_ORDER_EVENT_VOIDED);
    chunk.entries = calloc(CHUNK, sizeof *chunk.entries);
    chunk.results = calloc(CHUNK, sizeof *chunk.results);
    chunk.removes = calloc(CHUNK, sizeof *chunk.removes);
    u->conflicts = 0;
    bool is_ready = identity.ptr && chunk.entries && chunk.results && chunk.removes;
    int rc = is_ready ? write_orders(u, &chunk) : no_memory(u);
    free(chunk.entries);
    free(chunk.results);
    free(chunk.removes);
    arena_release(&chunk.arena);
    return rc;
}

/* ---- the command */

static int print_left(struct undoing *u)
{
    static const struct column columns[] = {{"order_no", "Left as it is", "保持原样", COLUMN_KEY},
                                            {"events", "Later events of others", "他人后来的记录", COLUMN_NUMBER}};
    struct context *ctx = u->ctx;
    int rc = output_begin(&ctx->output, "kept", columns, 2, &ctx->error);
    for (size_t i = 0; i < json_array_size(u->left) && !rc; i++) {
        const json_t *order = json_array_get(u->left, i);
        rc = output_row(&ctx->output,
                        (struct cell[]){
                            cell_string(json_string_value(json_object_get(order, "order_no"))),
                            cell_integer((int64_t)json_array_size(json_object_get(order, "events"))),
                        },
                        &ctx->error);
    }
    return rc ? rc : output_end(&ctx->output, NULL, &ctx->error);
}

static int print_sum(struct undoing *u, bool is_written)
{
    struct context *ctx = u->ctx;
    const struct tally *tally = is_written ? &u->done : &u->planned;
    if (tally->voided == 0)
        return output_print(
            &ctx->output, &ctx->error,
            say(ctx, "%.*s: nothing of that import is left to undo.", "%.*s：该次导入已没有可撤销的内容。"),
            (int)u->file.len, u->file.ptr);
    return output_print(
        &ctx->output, &ctx->error,
        is_written ? say(ctx, "%.*s: %llu event(s) taken back; %zu order(s) gone, %zu as before it.",
                         "%.*s：撤回 %llu 条记录；%zu 个订单不复存在，%zu 个恢复原状。")
                   : say(ctx, "%.*s: %llu event(s) would be taken back; %zu order(s) gone, %zu as before it.",
                         "%.*s：将撤回 %llu 条记录；%zu 个订单将不复存在，%zu 个将恢复原状。"),
        (int)u->file.len, u->file.ptr, (unsigned long long)tally->voided, tally->removed, tally->changed);
}

static int answer(struct undoing *u, bool is_written)
{
    struct context *ctx = u->ctx;
    const struct tally *tally = is_written ? &u->done : &u->planned;
    if (output_wants_json(&ctx->output))
        return output_document(&ctx->output,
                               json_pack("{s:o,s:I,s:I,s:I,s:O}", "source", source_json(u->file, u->identity), "orders",
                                         (json_int_t)(tally->removed + tally->changed), "removed",
                                         (json_int_t)tally->removed, "voided", (json_int_t)tally->voided, "kept",
                                         u->left),
                               &ctx->error);
    int rc = print_sum(u, is_written);
    return rc || json_array_size(u->left) == 0 ? rc : print_left(u);
}

static int refuse_later(struct undoing *u, bool is_written)
{
    size_t count = json_array_size(u->left);
    char named[3 * (DAYBOOK_ORDER_NO_MAX + 2) + sizeof "…"] = "";
    size_t used = 0;
    for (size_t i = 0; i < count && i < 4 && used < sizeof named; i++) {
        const char *order_no = json_string_value(json_object_get(json_array_get(u->left, i), "order_no"));
        used += (size_t)snprintf(named + used, sizeof named - used, "%s%s", i ? ", " : "", i < 3 ? order_no : "…");
    }
    if (is_written)
        return daybook_fail(&u->ctx->error, DAYBOOK_CANNOT_VOID,
                            say(u->ctx,
                                "Meanwhile more was recorded about %zu order(s): %s. Those stay; the rest is undone.",
                                "期间有 %zu 个订单又有新记录：%s。这些订单保持原样；其余已撤销。"),
                            count, named);
    return daybook_fail(
        &u->ctx->error, DAYBOOK_CANNOT_VOID,
        say(u->ctx,
            "More was recorded since about %zu order(s) that this import created: %s. Nothing is written. Take that "
            "back "
            "first, or say --partial to leave those orders as they are.",
            "该次导入创建的订单中有 %zu 个后来又有新记录：%s。未写入任何内容。请先撤回那些记录，或用 --partial "
            "保留这些订单。"),
        count, named);
}

/* In a second round only what others wrote to in the first is left. */
static int undo_rounds(struct undoing *u, bool *ret_written)
{
    bool goes_on = true;
    int rc = 0;
    for (int round = 0; goes_on && round < ROUNDS_MAX && !rc; round++) {
        rc = round ? look(u) : 0;
        if (!rc)
            rc = find_orders(u);
        if (!rc)
            rc = survey(u);
        bool is_refused = json_array_size(u->left) && !context_flag(u->ctx, "--partial");
        if (rc || is_refused || context_flag(u->ctx, "--dry-run") || u->planned.voided == 0)
            break;
        rc = write_undoing(u);
        *ret_written = true;
        goes_on = u->conflicts > 0;
    }
    return rc;
}

static int run_undo_import(struct context *ctx)
{
    struct undoing u = {.ctx = ctx, .left = json_array()};
    bool is_written = false;
    int rc = u.left ? 0 : no_memory(&u);
    if (!rc && ctx->format == OUTPUT_CSV)
        rc = daybook_fail(&ctx->error, DAYBOOK_USAGE,
                          say(ctx, "undo-import answers with --format json, jsonl or table.",
                              "undo-import 的结果只能用 --format json、jsonl 或 table。"));
    if (!rc)
        rc = session_open(&u.session, ctx);
    if (!rc)
        rc = look(&u);
    if (!rc)
        rc = find_source(&u);
    if (!rc)
        rc = undo_rounds(&u, &is_written);
    if (!rc)
        rc = answer(&u, is_written);
    if (!rc && json_array_size(u.left) && !context_flag(ctx, "--partial"))
        rc = refuse_later(&u, is_written);
    origin_traces_release(&u.traces);
    origin_sources_release(&u.sources);
    json_decref(u.left);
    free(u.orders);
    arena_release(&u.kept);
    session_close(&u.session);
    return rc;
}

static const struct option undo_import_options[] = {
    {"--reason", ARGUMENT_TEXT, "REASON", NULL, true, false, "why", "原因"},
    {"--dry-run", ARGUMENT_FLAG, NULL, NULL, false, false, "only show what would be", "只显示将会怎样，不写入"},
    {"--partial", ARGUMENT_FLAG, NULL, NULL, false, false, "leave orders that others worked on since as they are",
     "保留他人后来改动过的订单，只撤销其余部分"},
    {0},
};

const struct command undoing_commands[] = {
    {
        .name = "undo-import",
        .group = "files",
        .arguments = (const struct argument[]){{.name = "FILE", .kind = ARGUMENT_FILE, .required = true}, {0}},
        .options = undo_import_options,
        .summary_en = "Take back what one import brought: FILE, its name, or its SHA-256.",
        .summary_zh = "撤销一次导入：以文件、文件名或 SHA-256 指明。",
        .example = "daybook undo-import orders.csv --reason 'wrong file'",
        .ledger_use = LEDGER_WRITE,
        .run = run_undo_import,
    },
    {0},
};
