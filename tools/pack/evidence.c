/* What the tables can be held against without us: seal, proofs, and the programs that check them. */
#include <stdlib.h>
#include <string.h>

#include "daybook/version.h"
#include "ledger/base64.h"
#include "ledger/date.h"
#include "ledger/proof.h"
#include "ledger/sequence.h"
#include "ledger/signing.h"
#include "tools/backup/files.h"
#include "tools/embed.h"
#include "tools/pack/work.h"

EMBED_TEXT(pack_check, "tools/pack/check.py");

static int no_memory(struct pack *pack)
{
    return daybook_fail(&pack->session->ctx->error, DAYBOOK_NO_MEMORY, "Out of memory for an audit pack.");
}

/* What cannot be written is found when the file is closed. */
static int put_json(struct pack_file *file, const json_t *document)
{
    bool failed = !document || json_dumpf(document, file->stream, JSON_INDENT(2)) != 0;
    fputc('\n', file->stream);
    return failed && !ferror(file->stream) ? no_memory(file->pack) : 0;
}

/* ---- basis.json */

static json_t *hash_json(const struct tree_hash *hash)
{
    char text[BASE64_LEN(TREE_HASH_SIZE) + 1];
    base64_encode(hash->bytes, TREE_HASH_SIZE, text);
    return json_string(text);
}

/* The tree of the first `size` events: its root, and with `subtrees` the roots of the perfect subtrees from left to
 * right, from which it can be grown. */
static int tree_json(struct pack *pack, uint64_t size, bool subtrees, json_t **ret)
{
    struct tree tree;
    struct tree_hash root;
    int rc = sequence_load_tree(pack->session->snapshot->log, size, &tree, &pack->session->ctx->error);
    if (rc)
        return rc;
    tree_root(&tree, &root);
    *ret = json_pack("{s:I,s:o}", "size", (json_int_t)size, "root", hash_json(&root));
    if (!subtrees)
        return 0;
    json_t *list = json_array();
    for (unsigned i = 0; i < tree.depth; i++)
        json_array_append_new(list, hash_json(&tree.stack[i]));
    json_object_set_new(*ret, "subtrees", list);
    return 0;
}

static json_t *sample_json(const struct pack *pack)
{
    const struct pack_request *request = pack->request;
    if (!request->draws)
        return json_null();
    return json_pack("{s:I,s:s%,s:I,s:I}", "wanted", (json_int_t)request->sample, "seed", request->seed.ptr,
                     request->seed.len, "drawn", (json_int_t)pack->sample.count, "population",
                     (json_int_t)pack->totals.orders);
}

/* The request as it can be repeated, its days spelled out. */
static json_t *command_json(const struct pack *pack, const char *since, const char *until)
{
    const struct pack_request *request = pack->request;
    const char *language = pack->session->ctx->language == LANGUAGE_ZH ? "zh" : "en";
    if (!request->draws)
        return json_sprintf("daybook --lang %s audit-pack --since %s --until %s DIR", language, since, until);
    return json_sprintf("daybook --lang %s audit-pack --since %s --until %s --sample %llu --seed '%.*s' DIR", language,
                        since, until, (unsigned long long)request->sample, (int)request->seed.len, request->seed.ptr);
}

static int write_basis(struct pack *pack)
{
    struct context *ctx = pack->session->ctx;
    char since[DAYBOOK_DAY_TEXT_SIZE], until[DAYBOOK_DAY_TEXT_SIZE];
    char begins[DAYBOOK_INSTANT_TEXT_SIZE], ends[DAYBOOK_INSTANT_TEXT_SIZE];
    json_t *before = NULL, *end = NULL, *whole = NULL;
    struct pack_file file = {.pack = pack};
    date_format(pack->request->since_on, since);
    date_format(pack->request->until_on, until);
    instant_format(pack->begins_us, begins);
    instant_format(pack->ends_us, ends);
    int rc = tree_json(pack, pack->before, true, &before);
    if (!rc)
        rc = tree_json(pack, pack->end, false, &end);
    if (!rc)
        rc = tree_json(pack, pack->size, false, &whole);
    if (!rc)
        rc = pack_open(pack, "basis.json", &file);
    if (rc) {
        json_decref(before);
        json_decref(end);
        json_decref(whole);
        return rc;
    }
    json_t *basis =
        json_pack("{s:s,s:s,s:o,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:o,s:o,s:o,s:o}", "format", "daybook-audit-pack/1",
                  "program", "daybook " DAYBOOK_VERSION, "command", command_json(pack, since, until), "language",
                  ctx->language == LANGUAGE_ZH ? "zh" : "en", "origin", pack->origin, "timezone",
                  daybook_timezone(pack->session->ledger), "since", since, "until", until, "begins_at", begins,
                  "ends_at", ends, "events", (json_int_t)pack->totals.events, "before", before, "end", end, "whole",
                  whole, "sample", sample_json(pack));
    rc = put_json(&file, basis);
    json_decref(basis);
    return pack_close(&file, rc);
}

/* ---- the seal */

static int write_text(struct pack *pack, const char *name, const char *text)
{
    return pack_write(pack, name, text, strlen(text));
}

static int write_key(struct pack *pack)
{
    struct note_key key;
    char text[NOTE_VKEY_SIZE], line[NOTE_VKEY_SIZE + 1];
    int rc = signing_key(pack->session->ledger, &key, &pack->session->ctx->error);
    if (rc)
        return rc;
    note_key_print(&key, text);
    snprintf(line, sizeof line, "%s\n", text);
    return write_text(pack, "checkpoint.pub", line);
}

/* From the end of the period to the seal. */
static int write_consistency(struct pack *pack, const char *checkpoint)
{
    struct daybook_error *err = &pack->session->ctx->error;
    struct proof_consistency_file file = {.old_size = pack->end, .checkpoint = {checkpoint, strlen(checkpoint)}};
    char *text = NULL;
    int rc = proof_consistency(pack->session->snapshot->log, pack->end, pack->size, &file.proof, err);
    if (!rc)
        rc = proof_consistency_print(&file, &text, err);
    if (!rc)
        rc = write_text(pack, "consistency.txt", text);
    free(text);
    return rc;
}

/* An event beside the period, with its time: that one is outside, so nothing of the period is left out at its edges. */
static int write_neighbour(struct pack *pack, const char *name, uint64_t seq)
{
    struct daybook_error *err = &pack->session->ctx->error;
    struct proof_inclusion_file *file = calloc(1, sizeof *file);
    struct daybook_event event;
    char *text = NULL;
    int rc = file ? daybook_event(pack->session->snapshot, seq, &event, err)
                  : daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for an audit pack.");
    if (!rc)
        rc = proof_inclusion(pack->session->snapshot->log, seq, pack->size, &file->proof, err);
    if (!rc) {
        file->index = seq - 1;
        file->has_extra = true;
        file->extra_len = event.len;
        memcpy(file->extra, event.bytes, event.len);
        file->checkpoint = (struct daybook_text){pack->checkpoint, strlen(pack->checkpoint)};
        rc = proof_inclusion_print(file, &text, err);
    }
    if (!rc)
        rc = write_text(pack, name, text);
    free(text);
    free(file);
    return rc;
}

static int write_edges(struct pack *pack)
{
    int rc = pack->before ? write_neighbour(pack, "before-first.txt", pack->before) : 0;
    return rc || pack->end == pack->size ? rc : write_neighbour(pack, "after-last.txt", pack->end + 1);
}

int pack_seal(struct pack *pack)
{
    struct context *ctx = pack->session->ctx;
    uint64_t size = 0;
    signing_origin(pack->session->ledger, pack->origin);
    int rc = signing_checkpoint(pack->session->ledger, pack->size, &pack->checkpoint, &size, &ctx->error);
    if (!rc && size != pack->size)
        rc = daybook_fail(&ctx->error, DAYBOOK_VERSION_CONFLICT,
                          say(ctx, "The ledger's first events were recorded meanwhile. Make the pack again.",
                              "期间账本记录了第一批事件。请重新制作。"));
    return rc;
}

int pack_write_evidence(struct pack *pack)
{
    struct daybook_copy_file backup[BACKUP_FILE_COUNT];
    backup_files(backup);
    int rc = write_text(pack, "checkpoint.txt", pack->checkpoint);
    if (!rc)
        rc = write_key(pack);
    if (!rc)
        rc = write_consistency(pack, pack->checkpoint);
    if (!rc)
        rc = write_edges(pack);
    if (!rc)
        rc = write_basis(pack);
    if (!rc)
        rc = write_text(pack, "check.py", pack_check);
    for (size_t i = 0; i < BACKUP_FILE_COUNT && !rc; i++)
        if (strcmp(backup[i].name, "verify.py") == 0)
            rc = pack_write(pack, backup[i].name, backup[i].bytes.ptr, backup[i].bytes.len);
    return rc;
}

/* ---- an order's whole history */

static int proof_json(struct pack *pack, const struct daybook_event *event, json_t **ret)
{
    struct proof proof;
    int rc = proof_inclusion(pack->session->snapshot->log, event->seq, pack->size, &proof, &pack->session->ctx->error);
    char *text = rc ? NULL : malloc(BASE64_LEN(event->len) + 1);
    if (rc || !text)
        return rc ? rc : no_memory(pack);
    base64_encode(event->bytes, event->len, text);
    json_t *hashes = json_array();
    for (unsigned i = 0; i < proof.count; i++)
        json_array_append_new(hashes, hash_json(&proof.hashes[i]));
    *ret = json_pack("{s:I,s:o,s:s}", "leaf_index", (json_int_t)(event->seq - 1), "hashes", hashes, "event", text);
    free(text);
    return *ret ? 0 : no_memory(pack);
}

int pack_write_order_proof(struct pack *pack, const char *name, uint32_t order)
{
    struct session *s = pack->session;
    struct chain *chain = &s->reader.chain;
    json_t *events = json_array();
    struct pack_file file = {.pack = pack};
    int rc = chain_load(chain, s->snapshot->log, DAYBOOK_ORDER, order, pack->size, &s->ctx->error);
    for (size_t i = 0; i < chain->count && !rc; i++) {
        json_t *proof = NULL;
        rc = proof_json(pack, &chain->links[i].event, &proof);
        if (!rc)
            json_array_append_new(events, proof);
    }
    json_t *document = json_pack("{s:s,s:s,s:o}", "kind", "order", "checkpoint", pack->checkpoint, "events", events);
    if (!rc)
        rc = pack_open(pack, name, &file);
    if (!rc)
        rc = put_json(&file, document);
    json_decref(document);
    return pack_close(&file, rc);
}
