/* Evidence as a program that embeds the library makes and checks it. */
#include <dlfcn.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "daybook/evidence.h"
#include "ledger/signing.h"
#include "tests/unit/scratch.h"

struct fixture {
    char folder[SCRATCH_PATH_SIZE], path[SCRATCH_PATH_SIZE + 8];
    struct daybook *ledger;
    struct daybook_proven *proven;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct daybook_draft draft;
    struct daybook_result result = {.order = 0};
    scratch_folder(f->folder);
    snprintf(f->path, sizeof f->path, "%s/ledger", f->folder);
    f->ledger = scratch_ledger(f->path);
    f->proven = calloc(1, sizeof *f->proven);
    daybook_draft_init(&draft, DAYBOOK_ORDER_CREATED);
    draft.customer = DAYBOOK_TEXT("ACME");
    assert_int_equal(record(f->ledger, &draft, 1, &result), 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    daybook_close(f->ledger);
    scratch_remove(f->folder);
    free(f->proven);
    free(f);
    return 0;
}

static int check(struct fixture *f, const char *file, const char *key, const uint8_t *old_root)
{
    struct daybook_text keys[] = {text_of(key)};
    struct daybook_check_options options = {.keys = keys, .key_count = 1, .old_root = old_root};
    return daybook_check_proof(text_of(file), &options, f->proven, NULL);
}

static void a_proof_is_made_and_checked(void **state)
{
    struct fixture *f = *state;
    char *key = NULL, *file = NULL;
    assert_int_equal(daybook_verifier_key(f->ledger, &key, NULL), DAYBOOK_NOT_FOUND);
    assert_int_equal(daybook_make_key(f->ledger, NULL), 0);
    assert_int_equal(daybook_make_key(f->ledger, NULL), DAYBOOK_ALREADY_EXISTS);
    assert_int_equal(daybook_verifier_key(f->ledger, &key, NULL), 0);
    assert_int_equal(daybook_prove_event(f->ledger, 3, 4, &file, NULL), 0);
    assert_int_equal(check(f, file, key, NULL), 0);
    assert_int_equal(f->proven->kind, DAYBOOK_PROOF_INCLUSION);
    assert_int_equal(f->proven->seq, 3);
    assert_int_equal(f->proven->size, 4);
    struct daybook_snapshot *snapshot = NULL;
    struct daybook_event event;
    assert_int_equal(daybook_snapshot_begin(f->ledger, &snapshot, NULL), 0);
    assert_int_equal(daybook_event(snapshot, 3, &event, NULL), 0);
    assert_int_equal(f->proven->event_len, event.len);
    assert_memory_equal(f->proven->event, event.bytes, event.len);
    daybook_snapshot_end(snapshot);
    assert_int_equal(f->proven->signed_by.len, strlen("daybook/") + 32);
    file[30] ^= 1;
    assert_int_equal(check(f, file, key, NULL), DAYBOOK_VERIFICATION_FAILED);
    assert_int_equal(check(f, file, "no key", NULL), DAYBOOK_BAD_VALUE);
    assert_int_equal(daybook_check_proof(text_of(file), NULL, f->proven, NULL), DAYBOOK_USAGE);
    free(file);
    assert_int_equal(daybook_prove_event(f->ledger, 99, 0, &file, NULL), DAYBOOK_NOT_FOUND);
    assert_int_equal(daybook_prove_event(f->ledger, 4, 3, &file, NULL), DAYBOOK_NOT_FOUND);
    assert_int_equal(daybook_checkpoint(f->ledger, 99, &file, NULL), DAYBOOK_NOT_FOUND);
    free(key);
}

static void history_only_grew(void **state)
{
    struct fixture *f = *state;
    char *key = NULL, *file = NULL, *note = NULL;
    uint8_t old_root[32];
    struct daybook_snapshot *snapshot = NULL;
    assert_int_equal(daybook_checkpoint(f->ledger, 0, &note, NULL), 0);
    assert_int_equal(daybook_verifier_key(f->ledger, &key, NULL), 0);
    assert_int_equal(daybook_snapshot_begin(f->ledger, &snapshot, NULL), 0);
    assert_int_equal(daybook_root(snapshot, 3, old_root, NULL), 0);
    assert_int_equal(daybook_prove_consistency(f->ledger, 3, 0, &file, NULL), 0);
    assert_int_equal(check(f, file, key, old_root), 0);
    assert_int_equal(f->proven->kind, DAYBOOK_PROOF_CONSISTENCY);
    assert_int_equal(f->proven->old_size, 3);
    assert_int_equal(f->proven->size, daybook_last_seq(snapshot));
    assert_int_equal(check(f, file, key, NULL), 0);
    assert_memory_equal(f->proven->old_root, old_root, sizeof old_root);
    old_root[0] ^= 1;
    assert_int_equal(check(f, file, key, old_root), DAYBOOK_VERIFICATION_FAILED);
    free(file);
    /* from a power of two on, the proof does not tell the older root */
    assert_int_equal(daybook_prove_consistency(f->ledger, 2, 0, &file, NULL), 0);
    assert_int_equal(check(f, file, key, NULL), DAYBOOK_VERIFICATION_FAILED);
    assert_int_equal(daybook_root(snapshot, 2, old_root, NULL), 0);
    assert_int_equal(check(f, file, key, old_root), 0);
    daybook_snapshot_end(snapshot);
    free(file);
    free(note);
    free(key);
}

/* A certificate or a manifest is signed with the same key, and can never be taken for a checkpoint. */
static void other_texts_are_signed(void **state)
{
    struct fixture *f = *state;
    char *file = NULL, origin[NOTE_NAME_MAX + 1], checkpoint[400];
    struct note note;
    struct note_key *keys = NULL;
    size_t key_count = 0, count = 0;
    assert_int_equal(signing_sign(f->ledger, DAYBOOK_TEXT("a certificate\n\nof something\n"), &file, NULL), 0);
    assert_int_equal(signing_own_keys(f->ledger, &keys, &key_count, NULL), 0);
    assert_int_equal(key_count, 1);
    assert_int_equal(note_parse(text_of(file), &note, NULL), 0);
    assert_int_equal(note_verify(&note, keys, key_count, &count, NULL), 0);
    assert_int_equal(count, 1);
    assert_int_equal(note.text.len, strlen("a certificate\n\nof something\n"));
    free(file);
    free(keys);
    signing_origin(f->ledger, origin);
    snprintf(checkpoint, sizeof checkpoint, "%s\n999\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", origin);
    assert_int_equal(signing_sign(f->ledger, text_of(checkpoint), &file, NULL), DAYBOOK_BAD_VALUE);
    assert_int_equal(signing_sign(f->ledger, DAYBOOK_TEXT("no line feed"), &file, NULL), DAYBOOK_BAD_VALUE);
    assert_int_equal(signing_sign(f->ledger, DAYBOOK_TEXT(""), &file, NULL), DAYBOOK_BAD_VALUE);
}

static void write_last(const struct fixture *f, const char *text)
{
    char path[SCRATCH_PATH_SIZE + 40];
    snprintf(path, sizeof path, "%s/checkpoint.last", f->path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* One tree has one checkpoint; an older size is signed again and does not become the last. */
static void what_was_signed_last_is_kept(void **state)
{
    struct fixture *f = *state;
    char *first = NULL, *again = NULL, *older = NULL, *kept = NULL;
    assert_int_equal(daybook_checkpoint(f->ledger, 0, &first, NULL), 0);
    assert_int_equal(daybook_checkpoint(f->ledger, 0, &again, NULL), 0);
    assert_string_equal(first, again);
    assert_int_equal(daybook_checkpoint(f->ledger, 2, &older, NULL), 0);
    assert_int_equal(signing_kept(f->ledger, false, &kept, NULL), 0);
    assert_string_equal(first, kept);
    free(first);
    free(again);
    free(older);
    free(kept);
    /* a kept checkpoint that is damaged is not passed over: without it a fork could be signed */
    write_last(f, "");
    assert_int_equal(daybook_checkpoint(f->ledger, 0, &first, NULL), DAYBOOK_DAMAGED);
}

/* However many events another ledger had: what is signed here is kept, or the next fork would not be seen. */
static void what_another_ledger_signed_is_not_in_the_way(void **state)
{
    struct fixture *f = *state;
    char *first = NULL, *kept = NULL;
    write_last(f, "daybook/another\n1000\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n");
    assert_int_equal(daybook_checkpoint(f->ledger, 0, &first, NULL), 0);
    assert_int_equal(signing_kept(f->ledger, false, &kept, NULL), 0);
    assert_string_equal(first, kept);
    free(first);
    free(kept);
}

static unsigned death; /* the process is killed before its n-th rename; 0: never */

int rename(const char *from, const char *to)
{
    int (*real)(const char *, const char *);
    *(void **)&real = dlsym(RTLD_NEXT, "rename");
    if (death && --death == 0)
        kill(getpid(), SIGKILL);
    return real(from, to);
}

/* False when it was killed before the n-th file came into its place. */
static bool rotate_or_die(const char *path, unsigned n)
{
    const struct daybook_entry who = {
        .actor = DAYBOOK_TEXT("li.lei"), .via = DAYBOOK_TEXT("li.lei@host"), .via_kind = DAYBOOK_TEXT("os")};
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct note_key key;
        struct daybook *ledger = NULL;
        int rc = daybook_open(path, NULL, &ledger, NULL);
        death = n;
        rc = rc ? rc : signing_rotate(ledger, &who, &key, NULL);
        daybook_close(ledger);
        _exit(rc);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFEXITED(status);
}

/* checkpoint.pub is what backups carry along and people hand out: it must not stay behind the key that signs. */
static void a_change_of_keys_that_was_killed_is_finished_whole(void **state)
{
    struct fixture *f = *state;
    char path[SCRATCH_PATH_SIZE + 40], on_disk[400], *note = NULL, *key = NULL;
    bool survived = false;
    unsigned n = 1;
    snprintf(path, sizeof path, "%s/checkpoint.pub", f->path);
    assert_int_equal(daybook_make_key(f->ledger, NULL), 0);
    for (; !survived; n++) {
        daybook_close(f->ledger);
        f->ledger = NULL;
        survived = rotate_or_die(f->path, n);
        assert_int_equal(daybook_open(f->path, NULL, &f->ledger, NULL), 0);
        assert_int_equal(daybook_checkpoint(f->ledger, 0, &note, NULL), 0);
        assert_int_equal(daybook_verifier_key(f->ledger, &key, NULL), 0);
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        assert_non_null(fgets(on_disk, sizeof on_disk, file));
        fclose(file);
        on_disk[strcspn(on_disk, "\n")] = '\0';
        assert_string_equal(on_disk, key);
        free(note);
        free(key);
    }
    assert_true(n > 4); /* it did die at the next key, the checkpoint and the public key */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_proof_is_made_and_checked, setup, teardown),
        cmocka_unit_test_setup_teardown(history_only_grew, setup, teardown),
        cmocka_unit_test_setup_teardown(other_texts_are_signed, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_signed_last_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(what_another_ledger_signed_is_not_in_the_way, setup, teardown),
        cmocka_unit_test_setup_teardown(a_change_of_keys_that_was_killed_is_finished_whole, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
