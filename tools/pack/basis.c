/* basis.json: what was asked for, and what the pack stands on. */
#include "daybook/version.h"
#include "ledger/date.h"
#include "ledger/sequence.h"
#include "tools/pack/work.h"

static json_t *hash_json(const struct tree_hash *hash)
{
    char hex[2 * TREE_HASH_SIZE + 1];
    tree_hash_hex(hash, hex);
    return json_string(hex);
}

/* The tree of the first `size` events under that name: its root, and with `subtrees` the roots of the perfect subtrees
 * from left to right, from which it can be grown. */
static int add_tree(struct pack *pack, json_t *basis, const char *name, uint64_t size, bool subtrees)
{
    struct tree tree;
    struct tree_hash root;
    int rc = sequence_load_tree(pack->session->snapshot->log, size, &tree, &pack->session->ctx->error);
    if (rc)
        return rc;
    tree_root(&tree, &root);
    json_t *object = json_pack("{s:I,s:o}", "size", (json_int_t)size, "root", hash_json(&root));
    if (subtrees) {
        json_t *list = json_array();
        for (unsigned i = 0; i < tree.depth; i++)
            json_array_append_new(list, hash_json(&tree.stack[i]));
        json_object_set_new(object, "subtrees", list);
    }
    return json_object_set_new(basis, name, object) ? pack_no_memory(pack) : 0;
}

static int add_sample(struct pack *pack, json_t *basis)
{
    const struct pack_request *request = pack->request;
    json_t *sample = json_null();
    if (request->draws)
        sample = json_pack("{s:I,s:s%,s:I,s:I}", "wanted", (json_int_t)request->sample, "seed", request->seed.ptr,
                           request->seed.len, "drawn", (json_int_t)pack->sample.count, "population",
                           (json_int_t)pack->totals.orders);
    return json_object_set_new(basis, "sample", sample) ? pack_no_memory(pack) : 0;
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

static json_t *request_json(const struct pack *pack)
{
    char since[DAYBOOK_DAY_TEXT_SIZE], until[DAYBOOK_DAY_TEXT_SIZE];
    char begins[DAYBOOK_INSTANT_TEXT_SIZE], ends[DAYBOOK_INSTANT_TEXT_SIZE];
    date_format(pack->request->since_on, since);
    date_format(pack->request->until_on, until);
    instant_format(pack->begins_us, begins);
    instant_format(pack->ends_us, ends);
    return json_pack("{s:s,s:s,s:o,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:I}", "format", "daybook-audit-pack/1", "program",
                     "daybook " DAYBOOK_VERSION, "command", command_json(pack, since, until), "language",
                     pack->session->ctx->language == LANGUAGE_ZH ? "zh" : "en", "origin", pack->origin, "timezone",
                     daybook_timezone(pack->session->ledger), "since", since, "until", until, "begins_at", begins,
                     "ends_at", ends, "events", (json_int_t)pack->totals.events);
}

int pack_write_basis(struct pack *pack)
{
    json_t *basis = request_json(pack);
    int rc = basis ? 0 : pack_no_memory(pack);
    if (!rc)
        rc = add_tree(pack, basis, "before", pack->before, true);
    if (!rc)
        rc = add_tree(pack, basis, "end", pack->end, false);
    if (!rc)
        rc = add_tree(pack, basis, "ledger", pack->size, false);
    if (!rc)
        rc = add_sample(pack, basis);
    if (!rc)
        rc = pack_write_json(pack, "basis.json", basis);
    json_decref(basis);
    return rc;
}
