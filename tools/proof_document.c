/* Proof files read and written, as text and as JSON. */
#include "tools/proof_document.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/base64.h"

#define NEXT_PROOF "\nc2sp.org/tlog-proof@v1\n"

enum { HASH_LEN = BASE64_LEN(TREE_HASH_SIZE) };

/* ---- writing */

static json_t *bytes_json(const uint8_t *bytes, size_t len)
{
    char *text = malloc(BASE64_LEN(len) + 1);
    json_t *value = text ? json_stringn(text, base64_encode(bytes, len, text)) : NULL;
    free(text);
    return value;
}

static json_t *hash_json(const struct tree_hash *hash)
{
    return bytes_json(hash->bytes, TREE_HASH_SIZE);
}

static json_t *hashes_json(const struct proof *proof)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < proof->count; i++)
        json_array_append_new(list, hash_json(&proof->hashes[i]));
    if (list && json_array_size(list) != proof->count) {
        json_decref(list);
        list = NULL;
    }
    return list;
}

json_t *proof_event_json(const struct proof_inclusion_file *file, json_t *shown)
{
    struct tree_hash leaf;
    tree_leaf_hash(file->extra, file->extra_len, &leaf);
    json_t *object =
        json_pack("{s:I,s:o,s:o,s:o}", "leaf_index", (json_int_t)file->index, "leaf_hash", hash_json(&leaf), "hashes",
                  hashes_json(&file->proof), "event", bytes_json(file->extra, file->extra_len));
    bool failed = !object || (shown && json_object_set(object, "shown", shown));
    json_decref(shown);
    if (failed) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static json_t *checkpoint_json(const char *kind, struct daybook_text note, const struct checkpoint *checkpoint)
{
    return json_pack("{s:s,s:I,s:o,s:s%}", "kind", kind, "tree_size", (json_int_t)checkpoint->size, "root_hash",
                     hash_json(&checkpoint->root), "checkpoint", note.ptr, note.len);
}

/* Both in one; takes both. */
static json_t *join(json_t *object, json_t *more)
{
    if (!object || !more || json_object_update(object, more)) {
        json_decref(object);
        object = NULL;
    }
    json_decref(more);
    return object;
}

json_t *proof_inclusion_json(const struct proof_inclusion_file *file, const struct checkpoint *checkpoint,
                             json_t *shown)
{
    return join(checkpoint_json("inclusion", file->checkpoint, checkpoint), proof_event_json(file, shown));
}

json_t *proof_consistency_json(const struct proof_consistency_file *file, const struct checkpoint *checkpoint,
                               const struct tree_hash *old_root)
{
    return join(checkpoint_json("consistency", file->checkpoint, checkpoint),
                json_pack("{s:I,s:o,s:o}", "old_size", (json_int_t)file->old_size, "old_root_hash", hash_json(old_root),
                          "hashes", hashes_json(&file->proof)));
}

json_t *proof_order_json(const char *order_no, size_t len, const char *note, const struct checkpoint *checkpoint,
                         json_t *events)
{
    return join(checkpoint_json("order", (struct daybook_text){note, strlen(note)}, checkpoint),
                json_pack("{s:s%,s:o}", "order_no", order_no, len, "events", events));
}

/* ---- reading JSON */

static bool json_text(const json_t *object, const char *name, struct daybook_text *ret)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_string(value))
        return false;
    *ret = (struct daybook_text){json_string_value(value), json_string_length(value)};
    return true;
}

static bool json_size(const json_t *object, const char *name, uint64_t *ret)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *ret = (uint64_t)json_integer_value(value);
    return true;
}

static bool json_hash(const json_t *object, const char *name, struct tree_hash *ret)
{
    struct daybook_text text;
    return json_text(object, name, &text) && evidence_hash(text, ret);
}

static bool json_proof(const json_t *object, struct proof *ret)
{
    const json_t *list = json_object_get(object, "hashes");
    if (!json_is_array(list) || json_array_size(list) > PROOF_HASHES_MAX)
        return false;
    ret->count = (unsigned)json_array_size(list);
    for (unsigned i = 0; i < ret->count; i++) {
        const json_t *value = json_array_get(list, i);
        if (!json_is_string(value) ||
            !evidence_hash((struct daybook_text){json_string_value(value), json_string_length(value)}, &ret->hashes[i]))
            return false;
    }
    return true;
}

/* A member that nobody knows would be a claim that nobody checks. `names` ends with NULL. */
static bool has_only(const json_t *object, const char *const names[])
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        size_t i = 0;
        while (names[i] && strcmp(names[i], name) != 0)
            i++;
        if (!names[i])
            return false;
    }
    return json_is_object(object);
}

static bool item_from_json(const json_t *object, struct proof_inclusion_file *item, json_t **ret_shown)
{
    struct daybook_text event;
    struct tree_hash leaf, said;
    bool good = json_size(object, "leaf_index", &item->index) && json_hash(object, "leaf_hash", &said) &&
                json_proof(object, &item->proof) && json_text(object, "event", &event) &&
                event.len / 4 * 3 <= sizeof item->extra && base64_decode(event, item->extra, &item->extra_len);
    if (!good)
        return false;
    item->has_extra = true;
    tree_leaf_hash(item->extra, item->extra_len, &leaf);
    *ret_shown = json_object_get(object, "shown");
    return memcmp(&leaf, &said, sizeof leaf) == 0 && (!*ret_shown || json_is_array(*ret_shown));
}

static bool consistency_from_json(struct proof_document *d)
{
    static const char *const names[] = {"kind",     "tree_size",     "root_hash", "checkpoint",
                                        "old_size", "old_root_hash", "hashes",    NULL};
    struct tree_hash old_root;
    d->kind = PROOF_DOCUMENT_CONSISTENCY;
    d->consistency.checkpoint = d->checkpoint;
    return has_only(d->json, names) && json_size(d->json, "old_size", &d->consistency.old_size) &&
           json_hash(d->json, "old_root_hash", &old_root) && json_proof(d->json, &d->consistency.proof);
}

static bool inclusion_from_json(struct proof_document *d)
{
    static const char *const names[] = {"kind",      "tree_size", "root_hash", "checkpoint", "leaf_index",
                                        "leaf_hash", "hashes",    "event",     "shown",      NULL};
    d->kind = PROOF_DOCUMENT_INCLUSION;
    return has_only(d->json, names);
}

static bool order_from_json(struct proof_document *d)
{
    static const char *const names[] = {"kind", "tree_size", "root_hash", "checkpoint", "order_no", "events", NULL};
    struct daybook_text order_no;
    d->kind = PROOF_DOCUMENT_ORDER;
    return has_only(d->json, names) && json_text(d->json, "order_no", &order_no) &&
           json_is_array(json_object_get(d->json, "events"));
}

static bool open_json(struct daybook_text text, struct proof_document *d)
{
    static const struct {
        const char *kind;
        bool (*read)(struct proof_document *);
    } forms[] = {
        {"inclusion", inclusion_from_json}, {"consistency", consistency_from_json}, {"order", order_from_json}};
    const char *kind;
    d->json = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
    kind = json_string_value(json_object_get(d->json, "kind"));
    if (!kind || !json_text(d->json, "checkpoint", &d->checkpoint))
        return false;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (strcmp(kind, forms[i].kind) == 0)
            return forms[i].read(d);
    return false;
}

static bool next_of_json(struct proof_document *d)
{
    static const char *const names[] = {"leaf_index", "leaf_hash", "hashes", "event", "shown", NULL};
    const json_t *object = d->json;
    if (d->kind == PROOF_DOCUMENT_ORDER) {
        object = json_array_get(json_object_get(d->json, "events"), d->next);
        if (!has_only(object, names))
            return false;
    }
    d->next++;
    d->item->checkpoint = d->checkpoint;
    return item_from_json(object, d->item, &d->shown);
}

static bool json_is_at_end(const struct proof_document *d)
{
    return d->next == (d->kind == PROOF_DOCUMENT_ORDER ? json_array_size(json_object_get(d->json, "events")) : 1);
}

bool proof_document_agrees(const struct proof_document *d, const struct checkpoint *checkpoint)
{
    uint64_t size;
    struct tree_hash root;
    return !d->json || (json_size(d->json, "tree_size", &size) && size == checkpoint->size &&
                        json_hash(d->json, "root_hash", &root) && memcmp(&root, &checkpoint->root, sizeof root) == 0);
}

/* ---- reading text */

static int next_of_text(struct proof_document *d, struct daybook_error *err)
{
    const char *next = memmem(d->rest.ptr, d->rest.len, NEXT_PROOF, sizeof NEXT_PROOF - 1);
    struct daybook_text one = {d->rest.ptr, next ? (size_t)(next + 1 - d->rest.ptr) : d->rest.len};
    int rc = proof_inclusion_parse(one, d->item, err);
    if (rc)
        return rc;
    d->rest = (struct daybook_text){one.ptr + one.len, d->rest.len - one.len};
    bool same_note = d->count == 0 || (d->checkpoint.len == d->item->checkpoint.len &&
                                       memcmp(d->checkpoint.ptr, d->item->checkpoint.ptr, d->checkpoint.len) == 0);
    if (!same_note)
        return daybook_fail(err, DAYBOOK_VERIFICATION_FAILED, "The proofs in this file have different checkpoints.");
    d->checkpoint = d->item->checkpoint;
    return 0;
}

static int open_text(struct daybook_text text, struct proof_document *d, struct daybook_error *err)
{
    bool is_growth = text.len > 4 && memcmp(text.ptr, "old ", 4) == 0;
    d->rest = text;
    d->kind =
        memmem(text.ptr, text.len, NEXT_PROOF, sizeof NEXT_PROOF - 1) ? PROOF_DOCUMENT_ORDER : PROOF_DOCUMENT_INCLUSION;
    if (!is_growth)
        return 0;
    d->kind = PROOF_DOCUMENT_CONSISTENCY;
    int rc = proof_consistency_parse(text, &d->consistency, err);
    d->checkpoint = d->consistency.checkpoint;
    return rc;
}

/* ---- both */

int proof_document_open(struct daybook_text text, struct proof_document *ret, struct daybook_error *err)
{
    *ret = (struct proof_document){.item = malloc(sizeof *ret->item)};
    if (!ret->item)
        return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for a proof.");
    if (text.len == 0 || text.ptr[0] != '{')
        return open_text(text, ret, err);
    return open_json(text, ret) ? 0
                                : daybook_fail(err, DAYBOOK_VERIFICATION_FAILED,
                                               "This is no proof in JSON: a member is missing, unknown or malformed.");
}

int proof_document_next(struct proof_document *d, bool *ret_any, struct daybook_error *err)
{
    int rc = 0;
    *ret_any = false;
    d->shown = NULL;
    if (d->json ? json_is_at_end(d) : d->count && d->rest.len == 0)
        return 0;
    if (!d->json)
        rc = next_of_text(d, err);
    else if (!next_of_json(d))
        rc = daybook_fail(err, DAYBOOK_VERIFICATION_FAILED,
                          "Proof %llu of this file is malformed, or its leaf hash is not that of its event.",
                          (unsigned long long)d->count + 1);
    if (rc)
        return rc;
    d->count++;
    *ret_any = true;
    return 0;
}

void proof_document_close(struct proof_document *d)
{
    json_decref(d->json);
    free(d->item);
    *d = (struct proof_document){0};
}
