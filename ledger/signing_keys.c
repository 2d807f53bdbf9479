/* The ledger's keys: which ones the log names, and the files in which the signing key and its public half lie. */
#include "ledger/signing_keys.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "ledger/event.h"
#include "ledger/ledger.h"
#include "ledger/small_file.h"

enum { KEY_MODE = 0600 };

/* ---- those that the log and checkpoint.pub name */

/* From the ledger's last event back, so that the present key comes first. */
static int add_keys_of_log(struct key_list *list, struct store_txn *log, struct daybook_error *err)
{
    struct event_scratch scratch = {0};
    struct store_head head;
    int rc = store_head(log, DAYBOOK_LEDGER, 1, &head, err);
    uint64_t seq = rc ? 0 : head.last_seq;
    while (!rc && seq) {
        struct daybook_event event;
        struct daybook_data data;
        const uint8_t *bytes;
        size_t len;
        rc = store_event(log, seq, &bytes, &len, err);
        if (!rc)
            rc = event_read_stored(seq, bytes, len, &event, err);
        bool changed = !rc && event.type == DAYBOOK_LEDGER_KEY_CHANGED;
        if (changed)
            rc = event_read_data(&event, &scratch, &data, err);
        if (changed && !rc)
            rc = key_list_add_text(list, data.new_key, err);
        if (changed && !rc)
            rc = key_list_add_text(list, data.old_key, err);
        seq = !rc && event.prev && event.prev < seq ? seq - event.prev : 0;
    }
    event_scratch_release(&scratch);
    return rc;
}

static struct daybook_text first_line(const char *text)
{
    return (struct daybook_text){text, strcspn(text, "\n")};
}

static int add_public_key(struct key_list *list, const char *folder, struct daybook_error *err)
{
    char *text = NULL;
    size_t len;
    int rc = small_file_read(folder, SIGNING_PUBLIC_FILE, &text, &len, NULL, err);
    if (!rc && text)
        rc = key_list_add_text(list, first_line(text), err);
    if (rc == DAYBOOK_BAD_VALUE)
        rc = daybook_fail(err, DAYBOOK_DAMAGED,
                          "%s/%s is no verifier key. Remove it: where %s is, `daybook checkpoint` makes it again.",
                          folder, SIGNING_PUBLIC_FILE, SIGNING_KEY_FILE);
    free(text);
    return rc;
}

/* What the log says counts; before the first change, it says nothing. */
int signing_keys_read(struct key_list *list, struct daybook_snapshot *snapshot, struct daybook_error *err)
{
    int rc = add_keys_of_log(list, snapshot->log, err);
    return rc || list->count ? rc : add_public_key(list, daybook_folder(snapshot->ledger), err);
}

int signing_own_keys(struct daybook *ledger, struct note_key **ret, size_t *ret_count, struct daybook_error *err)
{
    struct key_list list = {0};
    struct daybook_snapshot *snapshot = NULL;
    int rc = daybook_snapshot_begin(ledger, &snapshot, err);
    if (!rc)
        rc = signing_keys_read(&list, snapshot, err);
    daybook_snapshot_end(snapshot);
    if (rc) {
        free(list.keys);
        return rc;
    }
    *ret = list.keys;
    *ret_count = list.count;
    return 0;
}

int signing_key(struct daybook *ledger, struct note_key *ret, struct daybook_error *err)
{
    struct note_key *keys = NULL;
    size_t count = 0;
    int rc = signing_own_keys(ledger, &keys, &count, err);
    if (!rc && count == 0)
        rc = daybook_fail(err, DAYBOOK_NOT_FOUND, "This ledger has no signing key yet. `daybook key new` makes it.");
    if (!rc)
        *ret = keys[0];
    free(keys);
    return rc;
}

/* ---- files */

int signing_read_signer(const char *folder, const char *name, struct note_signer *ret, bool *ret_there,
                        struct daybook_error *err)
{
    char *text = NULL;
    size_t len = 0;
    mode_t mode = 0;
    int rc = small_file_read(folder, name, &text, &len, &mode, err);
    *ret_there = text != NULL;
    if (!rc && text && (mode & 077))
        rc = daybook_fail(
            err, DAYBOOK_BAD_VALUE,
            "Others may read the signing key %s/%s. Run chmod 600 on it; if somebody may have read it, make "
            "a new one with `daybook key new`.",
            folder, name);
    if (!rc && text)
        rc = note_signer_parse(first_line(text), ret, err);
    if (rc == DAYBOOK_BAD_VALUE && text && !(mode & 077))
        rc = daybook_fail(err, DAYBOOK_BAD_VALUE,
                          "%s/%s is no signing key. Put it back, or move it away and make a new one with `daybook key "
                          "new`.",
                          folder, name);
    if (text)
        OPENSSL_cleanse(text, len);
    free(text);
    return rc;
}

int signing_write_signer(const char *folder, const char *name, const struct note_signer *signer,
                         struct daybook_error *err)
{
    char text[NOTE_VKEY_SIZE + 1];
    note_signer_print(signer, text);
    memcpy(text + strlen(text), "\n", 2);
    int rc = small_file_create(folder, name, KEY_MODE, text, err);
    OPENSSL_cleanse(text, sizeof text);
    return rc;
}

int signing_write_public(const char *folder, const struct note_key *key, struct daybook_error *err)
{
    char text[NOTE_VKEY_SIZE + 1];
    note_key_print(key, text);
    memcpy(text + strlen(text), "\n", 2);
    return small_file_replace(folder, SIGNING_PUBLIC_FILE, SIGNING_FILE_MODE, text, err);
}

int signing_fresh_signer(const char *name, struct note_signer *ret, struct daybook_error *err)
{
    uint8_t seed[NOTE_SEED_SIZE] = {0};
    while (getrandom(seed, sizeof seed, 0) != sizeof seed)
        continue;
    int rc = note_signer_make((struct daybook_text){name, strlen(name)}, seed, ret, err);
    OPENSSL_cleanse(seed, sizeof seed);
    return rc;
}
