/* Witnesses: which are known, and what they signed. */
#include "ledger/witness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/checkpoint.h"
#include "ledger/key_list.h"
#include "ledger/signing.h"
#include "ledger/small_file.h"

#define WITNESSES_FILE "witness.keys"

enum { PATH_SIZE = 4200 };

static struct daybook_text text_of(const char *text)
{
    return (struct daybook_text){text, strlen(text)};
}

static int no_memory(struct daybook_error *err)
{
    return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for witnesses.");
}

static int read_witnesses(struct key_list *list, const char *folder, struct daybook_error *err)
{
    char *text = NULL;
    size_t len = 0;
    struct daybook_text line;
    int rc = small_file_read(folder, WITNESSES_FILE, &text, &len, NULL, err);
    struct daybook_text rest = {text, len};
    while (!rc && text && evidence_line(&rest, &line))
        rc = key_list_add_text(list, line, err);
    if (rc == DAYBOOK_BAD_VALUE || (!rc && rest.len))
        rc = daybook_fail(
            err, DAYBOOK_DAMAGED,
            "%s/%s has a line that is no verifier key. Take that line out; `daybook witness add` puts a key "
            "in.",
            folder, WITNESSES_FILE);
    free(text);
    return rc;
}

int witness_keys(struct daybook *ledger, struct note_key **ret, size_t *ret_count, struct daybook_error *err)
{
    struct key_list list = {0};
    int rc = read_witnesses(&list, daybook_folder(ledger), err);
    if (rc) {
        free(list.keys);
        return rc;
    }
    *ret = list.keys;
    *ret_count = list.count;
    return 0;
}

static int write_witnesses(const char *folder, const struct key_list *list, struct daybook_error *err)
{
    char *text = NULL, key[NOTE_VKEY_SIZE];
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    for (size_t i = 0; i < list->count && out; i++) {
        note_key_print(&list->keys[i], key);
        fprintf(out, "%s\n", key);
    }
    bool failed = !out || ferror(out);
    failed = (out && fclose(out)) || failed || !text; /* glibc forgets to say that there was no memory */
    int rc = failed ? no_memory(err) : small_file_replace(folder, WITNESSES_FILE, SIGNING_FILE_MODE, text, err);
    free(text);
    return rc;
}

int witness_add(struct daybook *ledger, const struct note_key *key, struct daybook_error *err)
{
    const char *folder = daybook_folder(ledger);
    int lock = -1;
    struct key_list list = {0};
    if (key->algorithm != NOTE_COSIGNATURE)
        return daybook_fail(err, DAYBOOK_BAD_VALUE,
                            "This is the key of a log, not of a witness: a witness signs with a key of kind 4.");
    int rc = signing_lock(ledger, &lock, err);
    if (!rc)
        rc = read_witnesses(&list, folder, err);
    size_t before = list.count;
    if (!rc)
        rc = key_list_add(&list, key, err);
    if (!rc && list.count == before)
        rc = daybook_fail(err, DAYBOOK_ALREADY_EXISTS, "The witness %s is known already.", key->name);
    if (!rc)
        rc = write_witnesses(folder, &list, err);
    free(list.keys);
    if (lock >= 0)
        close(lock);
    return rc;
}

static bool has_signed(const struct note *note, const struct note_key *key)
{
    struct note_signature signature;
    struct daybook_text rest = note->signatures;
    while (note_next_signature(&rest, &signature))
        if (note_is_by(&signature, key))
            return true;
    return false;
}

/* The first line by that witness, appended to `out`: however many it sent, one is what can be said of it. */
static int put_line_by(FILE *out, const struct note_key *key, struct daybook_text text, struct daybook_text lines,
                       size_t *count, struct daybook_error *err)
{
    struct note_signature signature;
    struct daybook_text rest = lines;
    const char *line = rest.ptr;
    while (note_next_signature(&rest, &signature) && !note_is_by(&signature, key))
        line = rest.ptr;
    if (line == rest.ptr)
        return 0;
    if (!note_signature_holds(&signature, key, text))
        return daybook_fail(err, DAYBOOK_VERIFICATION_FAILED,
                            "%s has not signed the last checkpoint with this line: it is of another one, or was "
                            "altered.",
                            key->name);
    fwrite(line, 1, (size_t)(rest.ptr - line), out);
    ++*count;
    return 0;
}

/* The lines of witnesses that the kept note does not have yet, appended to `out`. */
static int put_new_lines(FILE *out, const struct note *kept, struct daybook_text lines,
                         const struct key_list *witnesses, size_t *ret_count, struct daybook_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < witnesses->count && !rc; i++)
        if (!has_signed(kept, &witnesses->keys[i]))
            rc = put_line_by(out, &witnesses->keys[i], kept->text, lines, ret_count, err);
    return rc;
}

static int keep_lines(const char *folder, const char *last, struct daybook_text lines, size_t *ret_kept,
                      struct daybook_error *err)
{
    struct key_list witnesses = {0};
    struct note kept;
    char *text = NULL;
    size_t len = 0, count = 0;
    FILE *out = open_memstream(&text, &len);
    int rc = out ? note_parse(text_of(last), &kept, err) : no_memory(err);
    if (!rc)
        rc = read_witnesses(&witnesses, folder, err);
    if (!rc) {
        fputs(last, out);
        rc = put_new_lines(out, &kept, lines, &witnesses, &count, err);
    }
    bool failed = out && ferror(out);
    failed = (out && fclose(out)) || failed || !text; /* glibc forgets to say that there was no memory */
    if (!rc && failed)
        rc = no_memory(err);
    if (!rc && count)
        rc = small_file_replace(folder, SIGNING_LAST_FILE, SIGNING_FILE_MODE, text, err);
    if (!rc && count)
        rc = small_file_replace(folder, SIGNING_WITNESSED_FILE, SIGNING_FILE_MODE, text, err);
    free(text);
    free(witnesses.keys);
    if (!rc)
        *ret_kept = count;
    return rc;
}

int witness_keep(struct daybook *ledger, struct daybook_text lines, size_t *ret_kept, struct daybook_error *err)
{
    char *last = NULL;
    int lock = -1;
    int rc = note_parse_signatures(lines, err);
    if (!rc)
        rc = signing_lock(ledger, &lock, err);
    if (!rc)
        rc = signing_kept(ledger, false, &last, err);
    if (!rc && !last)
        rc = daybook_fail(err, DAYBOOK_NOT_FOUND, "No checkpoint was signed yet: `daybook checkpoint` makes one.");
    if (!rc)
        rc = keep_lines(daybook_folder(ledger), last, lines, ret_kept, err);
    free(last);
    if (lock >= 0)
        close(lock);
    return rc;
}

/* A kept file that is damaged counts as none: whoever signs next says so. */
static bool parse_kept(const char *text, struct note *ret_note, struct checkpoint *ret)
{
    return text && note_parse(text_of(text), ret_note, NULL) == 0 && checkpoint_parse(ret_note->text, ret, NULL) == 0;
}

static int64_t seen_us(const struct note *note, const struct key_list *witnesses)
{
    struct note_signature signature;
    struct daybook_text rest = note->signatures;
    int64_t latest = DAYBOOK_INSTANT_NONE;
    while (note_next_signature(&rest, &signature))
        for (size_t i = 0; i < witnesses->count; i++) {
            uint64_t seconds = note_cosigned_at(&signature, &witnesses->keys[i]);
            bool later = latest == DAYBOOK_INSTANT_NONE || (int64_t)seconds > latest / 1000000;
            if (seconds <= INT64_MAX / 1000000 && later &&
                note_signature_holds(&signature, &witnesses->keys[i], note->text))
                latest = (int64_t)seconds * 1000000;
        }
    return latest;
}

int witness_standing(struct daybook *ledger, struct witness_standing *ret, struct daybook_error *err)
{
    struct witness_standing standing = {0, DAYBOOK_INSTANT_NONE, 0, DAYBOOK_INSTANT_NONE};
    struct key_list witnesses = {0};
    struct checkpoint checkpoint;
    struct note note;
    struct stat about;
    char *last = NULL, *witnessed = NULL, path[PATH_SIZE];
    int rc = signing_kept(ledger, false, &last, err);
    if (!rc)
        rc = signing_kept(ledger, true, &witnessed, err);
    if (!rc)
        rc = read_witnesses(&witnesses, daybook_folder(ledger), err);
    snprintf(path, sizeof path, "%s/%s", daybook_folder(ledger), SIGNING_LAST_FILE);
    if (!rc && parse_kept(last, &note, &checkpoint) && stat(path, &about) == 0) {
        standing.last_size = checkpoint.size;
        standing.last_us = (int64_t)about.st_mtim.tv_sec * 1000000 + about.st_mtim.tv_nsec / 1000;
    }
    if (!rc && parse_kept(witnessed, &note, &checkpoint)) {
        standing.witnessed_us = seen_us(&note, &witnesses);
        standing.witnessed_size = standing.witnessed_us == DAYBOOK_INSTANT_NONE ? 0 : checkpoint.size;
    }
    free(last);
    free(witnessed);
    free(witnesses.keys);
    if (!rc)
        *ret = standing;
    return rc;
}
