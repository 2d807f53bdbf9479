/* Evidence as text: checkpoints and proofs of a ledger, and the check of a proof from its bytes alone. */
#include "daybook/evidence.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/evidence.h"
#include "ledger/ledger.h"
#include "ledger/signing.h"

/* ---- making */

int daybook_make_key(struct daybook *ledger, struct daybook_error *err)
{
    struct note_key key;
    return signing_make_key(ledger, &key, err);
}

int daybook_verifier_key(struct daybook *ledger, char **ret, struct daybook_error *err)
{
    struct note_key key;
    char text[NOTE_VKEY_SIZE];
    int rc = signing_key(ledger, &key, err);
    if (rc)
        return rc;
    note_key_print(&key, text);
    char *copy = strdup(text);
    if (!copy)
        return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for a key.");
    *ret = copy;
    return 0;
}

int daybook_checkpoint(struct daybook *ledger, uint64_t size, char **ret, struct daybook_error *err)
{
    return signing_checkpoint(ledger, size ? size : SIGNING_ALL, ret, NULL, err);
}

static int read_event(struct store_txn *log, uint64_t seq, struct proof_inclusion_file *file, struct daybook_error *err)
{
    const uint8_t *bytes;
    size_t len;
    int rc = store_event(log, seq, &bytes, &len, err);
    if (!rc && len > sizeof file->extra)
        rc = daybook_fail(err, DAYBOOK_DAMAGED, "Event %llu is too large. Run `daybook verify`.",
                          (unsigned long long)seq);
    if (rc)
        return rc;
    memcpy(file->extra, bytes, len);
    file->extra_len = len;
    file->has_extra = true;
    return 0;
}

int evidence_inclusion(struct daybook_snapshot *snapshot, uint64_t seq, uint64_t size, const char *checkpoint,
                       struct proof_inclusion_file *ret, struct daybook_error *err)
{
    int rc = proof_inclusion(snapshot->log, seq, size, &ret->proof, err);
    if (!rc)
        rc = read_event(snapshot->log, seq, ret, err);
    ret->index = seq - 1;
    ret->checkpoint = (struct daybook_text){checkpoint, strlen(checkpoint)};
    return rc;
}

/* Sign first, then look: a snapshot that begins after the checkpoint has all of its events. */
static int sign_and_look(struct daybook *ledger, uint64_t *size, char **ret_checkpoint,
                         struct daybook_snapshot **ret_snapshot, struct daybook_error *err)
{
    int rc = signing_checkpoint(ledger, *size ? *size : SIGNING_ALL, ret_checkpoint, size, err);
    return rc ? rc : daybook_snapshot_begin(ledger, ret_snapshot, err);
}

int daybook_prove_event(struct daybook *ledger, uint64_t seq, uint64_t size, char **ret, struct daybook_error *err)
{
    struct daybook_snapshot *snapshot = NULL;
    char *checkpoint = NULL;
    struct proof_inclusion_file *file = malloc(sizeof *file);
    int rc = file ? sign_and_look(ledger, &size, &checkpoint, &snapshot, err)
                  : daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for a proof.");
    if (!rc)
        rc = evidence_inclusion(snapshot, seq, size, checkpoint, file, err);
    if (!rc)
        rc = proof_inclusion_print(file, ret, err);
    daybook_snapshot_end(snapshot);
    free(checkpoint);
    free(file);
    return rc;
}

int daybook_prove_consistency(struct daybook *ledger, uint64_t old_size, uint64_t size, char **ret,
                              struct daybook_error *err)
{
    struct daybook_snapshot *snapshot = NULL;
    char *checkpoint = NULL;
    struct proof_consistency_file file = {.old_size = old_size};
    int rc = sign_and_look(ledger, &size, &checkpoint, &snapshot, err);
    if (!rc)
        rc = proof_consistency(snapshot->log, old_size, size, &file.proof, err);
    if (!rc) {
        file.checkpoint = (struct daybook_text){checkpoint, strlen(checkpoint)};
        rc = proof_consistency_print(&file, ret, err);
    }
    daybook_snapshot_end(snapshot);
    free(checkpoint);
    return rc;
}

/* ---- checking */

int evidence_checkpoint(struct daybook_text bytes, const struct note_key *keys, size_t key_count,
                        struct checkpoint *ret, const struct note_key **ret_by, struct daybook_error *err)
{
    struct note note;
    const struct note_key *by = NULL;
    int rc = checkpoint_of_note(bytes, &note, ret, err);
    for (size_t i = 0; i < key_count && !rc; i++) {
        size_t count = 0;
        rc = note_verify(&note, &keys[i], 1, &count, err);
        if (!rc && count && !by)
            by = &keys[i];
    }
    if (!rc)
        *ret_by = by;
    return rc;
}

/* The key of a log signs that log only; a witness signs any. */
int evidence_signed_checkpoint(struct daybook_text bytes, const struct note_key *keys, size_t key_count,
                               struct checkpoint *ret, const struct note_key **ret_by, struct daybook_error *err)
{
    int rc = evidence_checkpoint(bytes, keys, key_count, ret, ret_by, err);
    if (rc)
        return rc;
    if (!*ret_by)
        return daybook_fail(err, DAYBOOK_VERIFICATION_FAILED,
                            "The checkpoint is not signed by %s%s: it proves nothing to who trusts that key.",
                            keys[0].name, key_count > 1 ? " or another key of that log" : "");
    const char *name = (*ret_by)->name;
    bool is_own = strlen(name) == ret->origin.len && memcmp(name, ret->origin.ptr, ret->origin.len) == 0;
    if ((*ret_by)->algorithm == NOTE_ED25519 && !is_own)
        return daybook_fail(err, DAYBOOK_VERIFICATION_FAILED,
                            "The checkpoint is of another log than that of the key %s.", name);
    return 0;
}

int evidence_check_inclusion(const struct proof_inclusion_file *file, const struct checkpoint *checkpoint,
                             struct daybook_error *err)
{
    struct tree_hash leaf;
    if (!file->has_extra || file->extra_len > DAYBOOK_EVENT_SIZE_MAX)
        return daybook_fail(err, DAYBOOK_VERIFICATION_FAILED,
                            "The event itself is not in this file: it does not stand alone.");
    tree_leaf_hash(file->extra, file->extra_len, &leaf);
    if (!proof_inclusion_holds(&file->proof, &leaf, file->index, checkpoint->size, &checkpoint->root))
        return daybook_fail(err, DAYBOOK_VERIFICATION_FAILED,
                            "The event is not where the proof says: event, place, hashes or root were altered.");
    return 0;
}

int evidence_check_consistency(const struct proof_consistency_file *file, const struct checkpoint *checkpoint,
                               const uint8_t *old_root, struct tree_hash *ret_old_root, struct daybook_error *err)
{
    struct tree_hash root;
    if (old_root)
        memcpy(root.bytes, old_root, sizeof root.bytes);
    else if (!proof_old_root(&file->proof, file->old_size, checkpoint->size, &checkpoint->root, &root))
        return daybook_fail(err, DAYBOOK_VERIFICATION_FAILED,
                            "A proof from %llu events on is checked against the checkpoint of that size: give the one "
                            "that you kept (check-proof --checkpoint OLD). Or the proof was altered.",
                            (unsigned long long)file->old_size);
    if (!proof_consistency_holds(&file->proof, file->old_size, &root, checkpoint->size, &checkpoint->root))
        return daybook_fail(
            err, DAYBOOK_VERIFICATION_FAILED,
            "The log of %llu events does not extend that of %llu: history was changed, or the proof was.",
            (unsigned long long)checkpoint->size, (unsigned long long)file->old_size);
    *ret_old_root = root;
    return 0;
}

static int check_event(struct daybook_text file, const struct note_key *keys, size_t key_count,
                       struct daybook_proven *ret, struct checkpoint *checkpoint, const struct note_key **by,
                       struct daybook_error *err)
{
    struct proof_inclusion_file *read = malloc(sizeof *read);
    int rc = read ? proof_inclusion_parse(file, read, err)
                  : daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for a proof.");
    if (!rc)
        rc = evidence_signed_checkpoint(read->checkpoint, keys, key_count, checkpoint, by, err);
    if (!rc)
        rc = evidence_check_inclusion(read, checkpoint, err);
    if (!rc) {
        ret->kind = DAYBOOK_PROOF_INCLUSION;
        ret->seq = read->index + 1;
        ret->checkpoint = read->checkpoint;
        ret->event_len = read->extra_len;
        memcpy(ret->event, read->extra, read->extra_len);
    }
    free(read);
    return rc;
}

static int check_growth(struct daybook_text file, const struct note_key *keys, size_t key_count,
                        const uint8_t *old_root, struct daybook_proven *ret, struct checkpoint *checkpoint,
                        const struct note_key **by, struct daybook_error *err)
{
    struct proof_consistency_file read;
    struct tree_hash root;
    int rc = proof_consistency_parse(file, &read, err);
    if (!rc)
        rc = evidence_signed_checkpoint(read.checkpoint, keys, key_count, checkpoint, by, err);
    if (!rc)
        rc = evidence_check_consistency(&read, checkpoint, old_root, &root, err);
    if (rc)
        return rc;
    ret->kind = DAYBOOK_PROOF_CONSISTENCY;
    ret->old_size = read.old_size;
    ret->checkpoint = read.checkpoint;
    memcpy(ret->old_root, root.bytes, sizeof ret->old_root);
    return 0;
}

static int parse_keys(const struct daybook_check_options *options, struct note_key **ret, struct daybook_error *err)
{
    struct note_key *keys = calloc(options->key_count, sizeof *keys);
    int rc = keys ? 0 : daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for keys.");
    for (size_t i = 0; i < options->key_count && !rc; i++)
        rc = note_key_parse(options->keys[i], &keys[i], err);
    if (rc)
        free(keys);
    else
        *ret = keys;
    return rc;
}

int daybook_check_proof(struct daybook_text file, const struct daybook_check_options *options,
                        struct daybook_proven *ret, struct daybook_error *err)
{
    struct note_key *keys = NULL;
    const struct note_key *by = NULL;
    struct checkpoint checkpoint;
    if (!options || options->key_count == 0)
        return daybook_fail(err, DAYBOOK_USAGE, "A proof is checked with a verifier key: whose log is it?");
    struct daybook_proven *proven = calloc(1, sizeof *proven);
    int rc =
        proven ? parse_keys(options, &keys, err) : daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for a proof.");
    bool is_growth = file.len > 4 && memcmp(file.ptr, "old ", 4) == 0;
    if (!rc)
        rc = is_growth ? check_growth(file, keys, options->key_count, options->old_root, proven, &checkpoint, &by, err)
                       : check_event(file, keys, options->key_count, proven, &checkpoint, &by, err);
    if (!rc) {
        proven->origin = checkpoint.origin;
        proven->size = checkpoint.size;
        memcpy(proven->root, checkpoint.root.bytes, sizeof proven->root);
        proven->signed_by = (struct daybook_text){options->keys[by - keys].ptr, strlen(by->name)};
        *ret = *proven;
    }
    free(keys);
    free(proven);
    return rc;
}
