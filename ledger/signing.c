/* Signing with the ledger's own key. Everything that changes a file here holds the lock; files are put in place in an
 * order in which a process may die anywhere:
 *
 *     first key    checkpoint.key, checkpoint.pub (made again from the key when it is not there)
 *     next key     checkpoint.key.next, the event, checkpoint.last, checkpoint.pub, checkpoint.key: whoever signs next
 *                  finds the event in the log and the key still waiting, and does the rest
 *     checkpoint   checkpoint.last, and only then it is shown to anybody */
#include "ledger/signing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "ledger/env.h"
#include "ledger/ledger.h"
#include "ledger/signing_keys.h"
#include "ledger/small_file.h"
#include "ledger/text.h"

#define NEXT_KEY_FILE "checkpoint.key.next"
#define LOCK_FILE "checkpoint.lock"

enum { LOCK_MODE = 0600, PATH_SIZE = 4200 };

/* One turn at signing. */
struct signing {
    struct daybook *ledger;
    const char *folder;
    int lock; /* -1: not held */
    char origin[NOTE_NAME_MAX + 1];
    struct daybook_snapshot *snapshot; /* begun after the lock: nothing that was signed before is missing in it */
    struct note_signer signer, former; /* former: the key before it, when the key changes now */
    bool has_signer, has_former;
    char *last; /* NULL: nothing was signed yet */
    struct checkpoint last_checkpoint;
};

static struct daybook_text text_of(const char *text)
{
    return (struct daybook_text){text, strlen(text)};
}

static int no_memory(struct daybook_error *err)
{
    return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for a signature.");
}

void signing_origin(const struct daybook *ledger, char out[NOTE_NAME_MAX + 1])
{
    snprintf(out, NOTE_NAME_MAX + 1, "daybook/%s", daybook_id(ledger));
}

/* ---- one turn */

int signing_lock(struct daybook *ledger, int *ret, struct daybook_error *err)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", daybook_folder(ledger), LOCK_FILE);
    int rc = store_refuse_forked(ledger->store, err);
    if (rc)
        return rc;
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, LOCK_MODE);
    if (lock < 0)
        return path_fail(path, errno, "opening", err);
    while (flock(lock, LOCK_EX))
        if (errno != EINTR) {
            rc = path_fail(path, errno, "locking", err);
            close(lock);
            return rc;
        }
    *ret = lock;
    return 0;
}

static int read_last(struct signing *s, struct daybook_error *err)
{
    size_t len;
    struct note note;
    int rc = small_file_read(s->folder, SIGNING_LAST_FILE, &s->last, &len, NULL, err);
    if (rc || !s->last)
        return rc;
    rc = checkpoint_of_note((struct daybook_text){s->last, len}, &note, &s->last_checkpoint, NULL);
    return rc ? daybook_fail(
                    err, DAYBOOK_DAMAGED,
                    "%s/%s is no checkpoint any more: without it nobody can tell whether the ledger extends what "
                    "was signed. Put it back from a backup.",
                    s->folder, SIGNING_LAST_FILE)
              : 0;
}

/* A checkpoint of another ledger, laid there by hand, says nothing of this one. */
static bool has_last(const struct signing *s)
{
    return s->last && text_equals(s->last_checkpoint.origin, text_of(s->origin));
}

/* Does the ledger still begin with what was signed last? */
static int refuse_fork(struct signing *s, struct daybook_error *err)
{
    uint8_t root[TREE_HASH_SIZE];
    const struct checkpoint *last = &s->last_checkpoint;
    if (!has_last(s))
        return 0;
    bool is_shorter = last->size > daybook_last_seq(s->snapshot);
    int rc = is_shorter ? 0 : daybook_root(s->snapshot, last->size, root, err);
    if (rc || (!is_shorter && memcmp(root, last->root.bytes, sizeof root) == 0))
        return rc;
    return is_shorter ? daybook_fail(err, DAYBOOK_FOREIGN_LOG,
                                     "A checkpoint of %llu events was signed with this key, and this ledger (%llu "
                                     "events) does not extend it: events were removed, or an older copy was put back. "
                                     "Signing would prove two histories. Bring the newer copy back; if it is lost, "
                                     "move %s away, make a new key (`daybook key new`), and tell who has that "
                                     "checkpoint.",
                                     (unsigned long long)last->size, (unsigned long long)daybook_last_seq(s->snapshot),
                                     SIGNING_LAST_FILE)
                      : daybook_fail(err, DAYBOOK_FOREIGN_LOG,
                                     "This ledger does not extend what was signed with its key: the first %llu events "
                                     "are not those that were signed. Run `daybook verify`. If it finds an event that "
                                     "was changed, keep this folder and %s in it as they are, they are the evidence, "
                                     "and restore a backup. If it finds nothing, an older copy was put back and "
                                     "written to: bring the newer one back; only where that is lost, move %s away and "
                                     "make a new key (`daybook key new`).",
                                     (unsigned long long)last->size, SIGNING_LAST_FILE, SIGNING_LAST_FILE);
}

/* ---- signing, under the lock */

/* The text, an empty line, a line by each signer that there is; malloc'ed. */
static int compose(const struct signing *s, struct daybook_text text, char **ret, struct daybook_error *err)
{
    char line[NOTE_LINE_SIZE], former_line[NOTE_LINE_SIZE] = "";
    char *note = NULL;
    int rc = note_sign(&s->signer, text, line, err);
    if (!rc && s->has_former)
        rc = note_sign(&s->former, text, former_line, err);
    if (rc)
        return rc;
    if (asprintf(&note, "%.*s\n%s%s", (int)text.len, text.ptr, former_line, line) < 0)
        return no_memory(err);
    *ret = note;
    return 0;
}

/* checkpoint.last itself, if it is what would be signed: it may have cosignatures. */
static bool is_last(const struct signing *s, const struct checkpoint *checkpoint)
{
    struct note note;
    size_t count = 0;
    return has_last(s) && !s->has_former && s->last_checkpoint.size == checkpoint->size &&
           memcmp(&s->last_checkpoint.root, &checkpoint->root, sizeof checkpoint->root) == 0 &&
           note_parse(text_of(s->last), &note, NULL) == 0 && note_verify(&note, &s->signer.key, 1, &count, NULL) == 0 &&
           count == 1;
}

static int sign_checkpoint(struct signing *s, uint64_t size, char **ret, struct daybook_error *err)
{
    struct checkpoint checkpoint = {text_of(s->origin), size, {{0}}};
    char text[CHECKPOINT_SIZE], *note = NULL;
    int rc = refuse_fork(s, err);
    if (!rc)
        rc = daybook_root(s->snapshot, size, checkpoint.root.bytes, err);
    if (rc)
        return rc;
    checkpoint_print(&checkpoint, text);
    if (is_last(s, &checkpoint))
        return (*ret = strdup(s->last)) ? 0 : no_memory(err);
    rc = compose(s, text_of(text), &note, err);
    if (!rc && (!has_last(s) || size >= s->last_checkpoint.size))
        rc = small_file_replace(s->folder, SIGNING_LAST_FILE, SIGNING_FILE_MODE, note, err);
    if (rc)
        free(note);
    else
        *ret = note;
    return rc;
}

/* ---- which key signs */

/* The key that the log names last is waiting in its file: the rest of what changing keys is. */
static int finish_change(struct signing *s, const struct note_signer *next, struct daybook_error *err)
{
    char from[PATH_SIZE], to[PATH_SIZE], *note = NULL;
    s->former = s->signer;
    s->has_former = s->has_signer;
    s->signer = *next;
    s->has_signer = true;
    int rc = sign_checkpoint(s, daybook_last_seq(s->snapshot), &note, err);
    free(note);
    if (!rc)
        rc = signing_write_public(s->folder, &s->signer.key, err);
    snprintf(from, sizeof from, "%s/%s", s->folder, NEXT_KEY_FILE);
    snprintf(to, sizeof to, "%s/%s", s->folder, SIGNING_KEY_FILE);
    if (!rc && rename(from, to))
        rc = path_fail(to, errno, "writing", err);
    if (!rc)
        rc = path_sync_folder(s->folder, err);
    s->has_former = false;
    note_signer_wipe(&s->former);
    free(s->last);
    s->last = NULL;
    return rc ? rc : read_last(s, err);
}

static int finish_interrupted_change(struct signing *s, const struct key_list *own, struct daybook_error *err)
{
    struct note_signer next = {0};
    bool there = false;
    int rc = signing_read_signer(s->folder, NEXT_KEY_FILE, &next, &there, err);
    if (!rc && there && own->count && note_key_equals(&own->keys[0], &next.key))
        rc = finish_change(s, &next, err);
    note_signer_wipe(&next);
    return rc;
}

static int make_first_key(struct signing *s, struct daybook_error *err)
{
    int rc = signing_fresh_signer(s->origin, &s->signer, err);
    if (!rc)
        rc = signing_write_signer(s->folder, SIGNING_KEY_FILE, &s->signer, err);
    s->has_signer = !rc;
    return rc ? rc : signing_write_public(s->folder, &s->signer.key, err);
}

static int check_signer(struct signing *s, const struct key_list *own, struct daybook_error *err)
{
    if (!s->has_signer)
        return daybook_fail(
            err, DAYBOOK_NOT_FOUND,
            "The signing key %s is not in %s; backups leave it out. Put it back, or make a new one with "
            "`daybook key new`, which the log records.",
            SIGNING_KEY_FILE, s->folder);
    if (strcmp(s->signer.key.name, s->origin) != 0)
        return daybook_fail(err, DAYBOOK_BAD_VALUE,
                            "The signing key is %s's, and this ledger is %s. Move checkpoint.* away, then `daybook key "
                            "new` makes its own.",
                            s->signer.key.name, s->origin);
    if (own->count && !note_key_equals(&own->keys[0], &s->signer.key))
        return daybook_fail(err, DAYBOOK_BAD_VALUE,
                            "%s is not the key that this ledger signs with now. Put that one back, or make a new one "
                            "with `daybook key new`, which the log records.",
                            SIGNING_KEY_FILE);
    return own->count ? 0 : signing_write_public(s->folder, &s->signer.key, err);
}

/* An empty ledger that took over another one's identity has the key of who it was: nothing was signed with it but, at
 * most, that there was nothing. */
static int drop_key_of_another(struct signing *s, struct key_list *own, struct daybook_error *err)
{
    static const char *const names[] = {SIGNING_LAST_FILE, SIGNING_PUBLIC_FILE,
                                        SIGNING_KEY_FILE}; /* the key last: it tells that it is to go */
    bool has_signed = s->last && s->last_checkpoint.size > 0;
    if (!s->has_signer || strcmp(s->signer.key.name, s->origin) == 0 || has_signed || own->count > 1)
        return 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[PATH_SIZE];
        snprintf(path, sizeof path, "%s/%s", s->folder, names[i]);
        if (unlink(path) && errno != ENOENT)
            return path_fail(path, errno, "removing", err);
    }
    free(s->last);
    s->last = NULL;
    s->has_signer = false;
    own->count = 0;
    return 0;
}

/* Lock, snapshot, what was signed last, the key as it lies there. */
static int begin(struct signing *s, struct daybook *ledger, struct key_list *own, struct daybook_error *err)
{
    *s = (struct signing){.ledger = ledger, .folder = daybook_folder(ledger), .lock = -1};
    signing_origin(ledger, s->origin);
    int rc = signing_lock(ledger, &s->lock, err);
    if (!rc)
        rc = daybook_snapshot_begin(ledger, &s->snapshot, err);
    if (!rc)
        rc = read_last(s, err);
    if (!rc)
        rc = signing_keys_read(own, s->snapshot, err);
    if (!rc)
        rc = signing_read_signer(s->folder, SIGNING_KEY_FILE, &s->signer, &s->has_signer, err);
    if (!rc)
        rc = drop_key_of_another(s, own, err);
    return rc ? rc : finish_interrupted_change(s, own, err);
}

/* The same, ready to sign. */
static int begin_signing(struct signing *s, struct daybook *ledger, struct daybook_error *err)
{
    struct key_list own = {0};
    int rc = begin(s, ledger, &own, err);
    if (!rc && !s->has_signer && own.count == 0)
        rc = make_first_key(s, err);
    else if (!rc)
        rc = check_signer(s, &own, err);
    free(own.keys);
    return rc;
}

static void end(struct signing *s)
{
    note_signer_wipe(&s->signer);
    note_signer_wipe(&s->former);
    daybook_snapshot_end(s->snapshot);
    free(s->last);
    if (s->lock >= 0)
        close(s->lock);
}

/* ---- what others call */

int signing_check(struct daybook *ledger, struct daybook_error *err)
{
    struct signing s;
    struct key_list own = {0};
    int rc = begin(&s, ledger, &own, err);
    if (!rc && (s.has_signer || own.count))
        rc = check_signer(&s, &own, err);
    if (!rc)
        rc = refuse_fork(&s, err);
    free(own.keys);
    end(&s);
    return rc;
}

int signing_make_key(struct daybook *ledger, struct note_key *ret, struct daybook_error *err)
{
    struct signing s;
    struct key_list own = {0};
    int rc = begin(&s, ledger, &own, err);
    if (!rc && (s.has_signer || own.count))
        rc = daybook_fail(err, DAYBOOK_ALREADY_EXISTS, "This ledger has a signing key already.");
    if (!rc)
        rc = make_first_key(&s, err);
    if (!rc)
        *ret = s.signer.key;
    free(own.keys);
    end(&s);
    return rc;
}

int signing_checkpoint(struct daybook *ledger, uint64_t size, char **ret, uint64_t *ret_size, struct daybook_error *err)
{
    struct signing s;
    int rc = begin_signing(&s, ledger, err);
    uint64_t last = rc ? 0 : daybook_last_seq(s.snapshot);
    if (size == SIGNING_ALL)
        size = last;
    if (!rc && size > last)
        rc = daybook_fail(err, DAYBOOK_NOT_FOUND, "The ledger has %llu events, not %llu.", (unsigned long long)last,
                          (unsigned long long)size);
    if (!rc)
        rc = sign_checkpoint(&s, size, ret, err);
    if (!rc && ret_size)
        *ret_size = size;
    end(&s);
    return rc;
}

int signing_sign(struct daybook *ledger, struct daybook_text text, char **ret, struct daybook_error *err)
{
    struct signing s;
    const char *line_end = text.len ? memchr(text.ptr, '\n', text.len) : NULL;
    if (!line_end || text.ptr[text.len - 1] != '\n' || !text_is_valid(text))
        return daybook_fail(err, DAYBOOK_BAD_VALUE, "What is signed is valid UTF-8 text and ends in a line feed.");
    int rc = begin_signing(&s, ledger, err);
    if (!rc && text_equals((struct daybook_text){text.ptr, (size_t)(line_end - text.ptr)}, text_of(s.origin)))
        rc = daybook_fail(err, DAYBOOK_BAD_VALUE, "A text that begins as a checkpoint does is not signed as another.");
    if (!rc)
        rc = compose(&s, text, ret, err);
    end(&s);
    return rc;
}

/* ---- another key */

/* A key that was made before, by a process that ended before its event, is taken; else a fresh one. */
static int prepare_next(struct signing *s, struct note_signer *next, struct daybook_error *err)
{
    bool there = false;
    int rc = signing_read_signer(s->folder, NEXT_KEY_FILE, next, &there, err);
    if (!rc && there && strcmp(next->key.name, s->origin) == 0)
        return 0;
    if (!rc)
        rc = signing_fresh_signer(s->origin, next, err);
    return rc ? rc : signing_write_signer(s->folder, NEXT_KEY_FILE, next, err);
}

static int record_change(struct signing *s, const struct daybook_entry *who, const struct note_key *from,
                         const struct note_key *to, struct daybook_error *err)
{
    char old_key[NOTE_VKEY_SIZE], new_key[NOTE_VKEY_SIZE];
    struct daybook_draft draft;
    struct daybook_entry entry = *who;
    struct daybook_result result = {0};
    note_key_print(from, old_key);
    note_key_print(to, new_key);
    daybook_draft_init(&draft, DAYBOOK_LEDGER_KEY_CHANGED);
    draft.code = text_of(old_key);
    draft.name = text_of(new_key);
    entry.drafts = &draft;
    entry.draft_count = 1;
    daybook_snapshot_end(s->snapshot);
    s->snapshot = NULL;
    int rc = daybook_append(s->ledger, &entry, 1, &result, err);
    if (!rc && result.error.code) {
        if (err)
            *err = result.error;
        return result.error.code;
    }
    return rc ? rc : daybook_snapshot_begin(s->ledger, &s->snapshot, err);
}

int signing_rotate(struct daybook *ledger, const struct daybook_entry *who, struct note_key *ret,
                   struct daybook_error *err)
{
    struct signing s;
    struct note_signer next = {0};
    struct key_list own = {0};
    int rc = begin(&s, ledger, &own, err);
    if (!rc && own.count == 0 && !s.has_signer)
        rc = daybook_fail(err, DAYBOOK_NOT_FOUND, "This ledger has no signing key yet.");
    const struct note_key from = own.count ? own.keys[0] : s.signer.key;
    if (!rc && s.has_signer && !note_key_equals(&from, &s.signer.key))
        s.has_signer = false; /* another one lies there: it has no say */
    if (!rc)
        rc = refuse_fork(&s, err);
    if (!rc)
        rc = prepare_next(&s, &next, err);
    if (!rc)
        rc = record_change(&s, who, &from, &next.key, err);
    if (!rc)
        rc = finish_change(&s, &next, err);
    if (!rc)
        *ret = next.key;
    note_signer_wipe(&next);
    free(own.keys);
    end(&s);
    return rc;
}

int signing_kept(struct daybook *ledger, bool witnessed, char **ret, struct daybook_error *err)
{
    size_t len;
    return small_file_read(daybook_folder(ledger), witnessed ? SIGNING_WITNESSED_FILE : SIGNING_LAST_FILE, ret, &len,
                           NULL, err);
}
