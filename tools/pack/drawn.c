/* The orders drawn: for each a folder with its whole history, from its first event to the ledger's last, and the proof
 * of it. */
#include <stdlib.h>
#include <string.h>

#include "ledger/evidence.h"
#include "tools/audit_printer.h"
#include "tools/cli/progress.h"
#include "tools/pack/work.h"
#include "tools/proof_document.h"

static const struct column columns[] = {
    {"draw", NULL, NULL, COLUMN_NUMBER}, {"order_no", NULL, NULL, COLUMN_KEY},  {"rank", NULL, NULL, COLUMN_KEY},
    {"folder", NULL, NULL, COLUMN_KEY},  {"events", NULL, NULL, COLUMN_NUMBER},
};
enum { COLUMNS = sizeof columns / sizeof *columns, FOLDER_NO_MAX = 60, FOLDER_NAME_SIZE = FOLDER_NO_MAX + 40 };

/* "sample/003-SO-000001": an order number may be anything, a file's name on somebody else's computer may not. The draw
 * tells apart what looks the same then. */
static void draw_folder(size_t draw, struct daybook_text order_no, char out[FOLDER_NAME_SIZE])
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    int len = snprintf(out, FOLDER_NAME_SIZE, "sample/%03zu-", draw);
    for (size_t i = 0; i < order_no.len && i < FOLDER_NO_MAX; i++)
        out[len++] = memchr(safe, order_no.ptr[i], sizeof safe - 1) ? order_no.ptr[i] : '_';
    out[len] = '\0';
}

static int write_history(struct pack *pack, const char *name, enum output_format format, uint32_t order,
                         uint64_t *ret_events)
{
    struct session *s = pack->session;
    struct pack_file file;
    int rc = pack_open_output(pack, name, format, &file);
    struct audit_printer printer = {.session = s, .output = &file.output};
    if (!rc)
        rc = audit_print_begin(&printer);
    if (!rc)
        rc = audit_order(s->snapshot, s->registers, order, UINT64_MAX, audit_print_entry, &printer, &s->ctx->error);
    if (!rc)
        rc = audit_print_end(&printer);
    *ret_events = printer.entries;
    return pack_close(&file, rc);
}

static int add_proof(struct pack *pack, uint64_t seq, struct proof_inclusion_file *file, json_t *events)
{
    int rc = evidence_inclusion(pack->session->snapshot, seq, pack->size, pack->checkpoint, file,
                                &pack->session->ctx->error);
    return rc ? rc : json_array_append_new(events, proof_event_json(file, NULL)) ? pack_no_memory(pack) : 0;
}

/* As `daybook prove order` prints it. */
static int write_proof(struct pack *pack, const char *name, uint32_t order, struct daybook_text order_no)
{
    struct session *s = pack->session;
    struct chain *chain = &s->reader.chain;
    struct checkpoint checkpoint = {.size = pack->size};
    struct proof_inclusion_file *file = malloc(sizeof *file);
    json_t *events = json_array(), *document = NULL;
    int rc = file && events ? 0 : pack_no_memory(pack);
    if (!rc)
        rc = daybook_root(s->snapshot, pack->size, checkpoint.root.bytes, &s->ctx->error);
    if (!rc)
        rc = chain_load(chain, s->snapshot->log, DAYBOOK_ORDER, order, pack->size, &s->ctx->error);
    for (size_t i = 0; i < (rc ? 0 : chain->count) && !rc; i++)
        rc = add_proof(pack, chain->links[i].event.seq, file, events);
    if (!rc) {
        document = proof_order_json(order_no.ptr, order_no.len, pack->checkpoint, &checkpoint, json_incref(events));
        rc = document ? pack_write_json(pack, name, document) : pack_no_memory(pack);
    }
    json_decref(document);
    json_decref(events);
    free(file);
    return rc;
}

static int write_draw(struct pack *pack, struct pack_file *list, size_t index)
{
    struct session *s = pack->session;
    const struct pack_draw *draw = &pack->sample.draws[index];
    struct daybook_text order_no = DAYBOOK_TEXT_NONE;
    char rank[2 * TREE_HASH_SIZE + 1], folder[FOLDER_NAME_SIZE], name[PACK_NAME_MAX];
    uint64_t events = 0;
    int rc = daybook_name(s->snapshot, DAYBOOK_ORDER, draw->order, &order_no, &s->ctx->error);
    if (rc)
        return rc;
    tree_hash_hex(&draw->rank, rank);
    draw_folder(index + 1, order_no, folder);
    rc = pack_make_folder(pack, folder);
    snprintf(name, sizeof name, "%s/history.txt", folder);
    if (!rc)
        rc = write_history(pack, name, OUTPUT_TABLE, draw->order, &events);
    snprintf(name, sizeof name, "%s/history.csv", folder);
    if (!rc)
        rc = write_history(pack, name, OUTPUT_CSV, draw->order, &events);
    snprintf(name, sizeof name, "%s/proof.json", folder);
    if (!rc)
        rc = write_proof(pack, name, draw->order, order_no);
    const struct cell cells[COLUMNS] = {
        cell_integer((int64_t)index + 1), cell_text(order_no), cell_string(rank), cell_string(folder),
        cell_integer((int64_t)events),
    };
    return rc ? rc : output_row(&list->output, cells, &s->ctx->error);
}

int pack_write_sample(struct pack *pack)
{
    struct context *ctx = pack->session->ctx;
    struct pack_file list;
    struct progress progress;
    if (!pack->request->draws)
        return 0;
    pack_sample_sort(&pack->sample);
    int rc = pack_make_folder(pack, "sample");
    if (!rc)
        rc = pack_open_table(pack, "sample.csv", columns, COLUMNS, &list);
    if (rc)
        return rc;
    progress_start(&progress, ctx->language, say(ctx, "Sample", "样本"), pack->sample.count);
    for (size_t i = 0; i < pack->sample.count && !rc; i++) {
        rc = write_draw(pack, &list, i);
        progress_update(&progress, i + 1);
    }
    progress_end(&progress);
    return pack_close(&list, rc);
}
