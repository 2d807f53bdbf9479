/* Proofs: the published ones; those of logs of many sizes, held against the recursive definition; files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "daybook/ledger.h"
#include "ledger/base64.h"
#include "ledger/ledger.h"
#include "ledger/proof.h"
#include "tests/unit/scratch.h"

/* ---- the definitions of RFC 6962, sections 2.1 to 2.1.2, word for word over leaf hashes */

static void model_node(const struct tree_hash *left, const struct tree_hash *right, struct tree_hash *ret)
{
    uint8_t bytes[65] = {1};
    memcpy(bytes + 1, left, 32);
    memcpy(bytes + 33, right, 32);
    assert_int_equal(EVP_Digest(bytes, sizeof bytes, ret->bytes, NULL, EVP_sha256(), NULL), 1);
}

static uint64_t model_split(uint64_t n)
{
    uint64_t k = 1;
    while (k * 2 < n)
        k *= 2;
    return k;
}

static struct tree_hash model_root(const struct tree_hash *leaves, uint64_t n)
{
    struct tree_hash root;
    if (n == 0) {
        assert_int_equal(EVP_Digest("", 0, root.bytes, NULL, EVP_sha256(), NULL), 1);
        return root;
    }
    if (n == 1)
        return leaves[0];
    uint64_t k = model_split(n);
    struct tree_hash left = model_root(leaves, k), right = model_root(leaves + k, n - k);
    model_node(&left, &right, &root);
    return root;
}

static void model_path(uint64_t m, const struct tree_hash *leaves, uint64_t n, struct proof *proof)
{
    if (n == 1)
        return;
    uint64_t k = model_split(n);
    if (m < k) {
        model_path(m, leaves, k, proof);
        proof->hashes[proof->count++] = model_root(leaves + k, n - k);
    } else {
        model_path(m - k, leaves + k, n - k, proof);
        proof->hashes[proof->count++] = model_root(leaves, k);
    }
}

static void model_subproof(uint64_t m, const struct tree_hash *leaves, uint64_t n, bool whole, struct proof *proof)
{
    if (m == n) {
        if (!whole)
            proof->hashes[proof->count++] = model_root(leaves, n);
        return;
    }
    uint64_t k = model_split(n);
    if (m <= k) {
        model_subproof(m, leaves, k, whole, proof);
        proof->hashes[proof->count++] = model_root(leaves + k, n - k);
    } else {
        model_subproof(m - k, leaves + k, n - k, false, proof);
        proof->hashes[proof->count++] = model_root(leaves, k);
    }
}

/* ---- the published vectors */

static void published_leaves(struct tree_hash leaves[8])
{
    static const struct daybook_text bytes[] = {
        {"", 0}, {"\x00", 1}, {"\x10", 1}, {"\x20\x21", 2}, {"\x30\x31", 2}, {"\x40\x41\x42\x43", 4},
        {"\x50\x51\x52\x53\x54\x55\x56\x57", 8},
        {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16},
    };
    for (size_t i = 0; i < 8; i++)
        tree_leaf_hash(bytes[i].ptr, bytes[i].len, &leaves[i]);
}

#define PUBLISHED_NOTE                                                                                                 \
    "daybook.example/test\n7\n3bib5AOAnjJXUNPSY814kpwpQreUKjS3fhIslZSnTIw=\n\n"                                        \
    "\xe2\x80\x94 daybook.example/test "                                                                               \
    "3BLsTLZaaDa/5u2QHz3MMg6WRhep7+h16iyPfhJl5UWI1zo7R0JrYhDjyUmzMwtQd5qddu1pleIc7r3Kynfwc3gc3AM=\n"
static const char published_file[] =
    "c2sp.org/tlog-proof@v1\nextra QEFCQw==\nindex 5\n"
    "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=\nsIaT7C5yFZcTBkHoIR5+7cy0wmQTlj7ubB4u0W/7Gl8=\n"
    "037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=\n\n" PUBLISHED_NOTE;
static const char published_consistency[] =
    "old 3\nApjRIpBtz8EIkstTpzmS/FufST6kybrbJ7eRtBJ6f+c=\nB1Bqhf2d0vEg62lPhgEeW7RmLlxBWmKRcDPUqWJEh+c=\n"
    "+sVCA+fMaWzw38tCySodnbr3CtnmIfS9jZhmLwDjwSU=\ng327FS6bB5AQcX6E6GXaTrwPoZioBtWdMb8VrM7yLQ4=\n\n" PUBLISHED_NOTE;

static struct tree_hash root_in(struct daybook_text note_bytes)
{
    struct note note;
    struct checkpoint checkpoint;
    assert_int_equal(note_parse(note_bytes, &note, NULL), 0);
    assert_int_equal(checkpoint_parse(note.text, &checkpoint, NULL), 0);
    return checkpoint.root;
}

static void published_vectors(void **state)
{
    (void)state;
    static struct proof_inclusion_file file;
    struct proof_consistency_file consistency;
    struct tree_hash leaves[8], leaf;
    char *text = NULL;
    published_leaves(leaves);
    assert_int_equal(proof_inclusion_parse(text_of(published_file), &file, NULL), 0);
    assert_int_equal(file.index, 5);
    assert_int_equal(file.extra_len, 4);
    assert_int_equal(file.proof.count, 3);
    tree_leaf_hash(file.extra, file.extra_len, &leaf);
    struct tree_hash root = root_in(file.checkpoint);
    assert_true(proof_inclusion_holds(&file.proof, &leaf, 5, 7, &root));
    assert_int_equal(proof_inclusion_print(&file, &text, NULL), 0);
    assert_string_equal(text, published_file);
    free(text);
    assert_int_equal(proof_consistency_parse(text_of(published_consistency), &consistency, NULL), 0);
    struct tree_hash old_root = model_root(leaves, 3);
    assert_true(proof_consistency_holds(&consistency.proof, 3, &old_root, 7, &root));
    assert_int_equal(proof_consistency_print(&consistency, &text, NULL), 0);
    assert_string_equal(text, published_consistency);
    free(text);
}

/* ---- a log's proofs */

struct log {
    char folder[SCRATCH_PATH_SIZE], path[SCRATCH_PATH_SIZE + 8];
    struct daybook *ledger;
    struct daybook_snapshot *snapshot;
    uint64_t size;
    struct tree_hash *leaves;
};

enum { BATCH = 500 };

/* A log of at least `size` events: notes on one order, which are cheap to record. */
static void make_log(struct log *log, uint64_t size)
{
    static struct daybook_draft drafts[BATCH];
    static struct daybook_entry entries[BATCH];
    static struct daybook_result results[BATCH];
    scratch_folder(log->folder);
    snprintf(log->path, sizeof log->path, "%s/ledger", log->folder);
    log->ledger = scratch_ledger(log->path);
    for (uint64_t at = 0; at < size; at += BATCH) {
        for (size_t i = 0; i < BATCH; i++) {
            daybook_draft_init(&drafts[i], DAYBOOK_ORDER_CREATED);
            drafts[i].customer = DAYBOOK_TEXT("ACME");
            entries[i] = (struct daybook_entry){.drafts = &drafts[i], .draft_count = 1, .actor = DAYBOOK_TEXT("li"),
                                                .via = DAYBOOK_TEXT("li@desk"), .via_kind = DAYBOOK_TEXT("os")};
        }
        assert_int_equal(daybook_append(log->ledger, entries, BATCH, results, NULL), 0);
    }
    assert_int_equal(daybook_snapshot_begin(log->ledger, &log->snapshot, NULL), 0);
    log->size = daybook_last_seq(log->snapshot);
    assert_true(log->size >= size);
    log->leaves = calloc(log->size, sizeof *log->leaves);
    for (uint64_t i = 0; i < log->size; i++) {
        struct daybook_event event;
        assert_int_equal(daybook_event(log->snapshot, i + 1, &event, NULL), 0);
        tree_leaf_hash(event.bytes, event.len, &log->leaves[i]);
    }
}

static void drop_log(struct log *log)
{
    free(log->leaves);
    daybook_snapshot_end(log->snapshot);
    daybook_close(log->ledger);
    scratch_remove(log->folder);
}

static void check_inclusion(struct log *log, uint64_t index, uint64_t size)
{
    struct proof proof, model = {0};
    struct tree_hash root = model_root(log->leaves, size);
    assert_int_equal(proof_inclusion(log->snapshot->log, index + 1, size, &proof, NULL), 0);
    model_path(index, log->leaves, size, &model);
    assert_int_equal(proof.count, model.count);
    assert_memory_equal(proof.hashes, model.hashes, model.count * sizeof *model.hashes);
    assert_true(proof_inclusion_holds(&proof, &log->leaves[index], index, size, &root));
    if (size > 1) {
        assert_false(proof_inclusion_holds(&proof, &log->leaves[index], index ^ 1, size, &root));
        assert_false(proof_inclusion_holds(&proof, &log->leaves[index ? index - 1 : 1], index, size, &root));
        proof.hashes[proof.count / 2].bytes[7] ^= 1;
        assert_false(proof_inclusion_holds(&proof, &log->leaves[index], index, size, &root));
        proof.hashes[proof.count / 2].bytes[7] ^= 1;
        proof.count--;
        assert_false(proof_inclusion_holds(&proof, &log->leaves[index], index, size, &root));
        proof.count++;
    }
    proof.hashes[proof.count++] = root;
    assert_false(proof_inclusion_holds(&proof, &log->leaves[index], index, size, &root));
}

static void check_consistency(struct log *log, uint64_t old_size, uint64_t size)
{
    struct proof proof, model = {0};
    struct tree_hash old_root = model_root(log->leaves, old_size), root = model_root(log->leaves, size);
    assert_int_equal(proof_consistency(log->snapshot->log, old_size, size, &proof, NULL), 0);
    if (old_size)
        model_subproof(old_size, log->leaves, size, true, &model);
    assert_int_equal(proof.count, model.count);
    assert_memory_equal(proof.hashes, model.hashes, model.count * sizeof *model.hashes);
    assert_true(proof_consistency_holds(&proof, old_size, &old_root, size, &root));
    struct tree_hash told;
    bool tells = proof_old_root(&proof, old_size, size, &root, &told);
    assert_int_equal(tells, old_size == size || (old_size & (old_size - 1)) || !old_size);
    if (tells)
        assert_memory_equal(&told, &old_root, sizeof told);
    struct tree_hash other = root;
    other.bytes[0] ^= 0x80;
    assert_false(old_size && proof_consistency_holds(&proof, old_size, &old_root, size, &other));
    other = old_root;
    other.bytes[31] ^= 1;
    assert_false(proof_consistency_holds(&proof, old_size, &other, size, &root));
    assert_false(size && proof_consistency_holds(&proof, size + 1, &old_root, size, &root));
    if (proof.count) {
        proof.hashes[proof.count - 1].bytes[3] ^= 4;
        assert_false(proof_consistency_holds(&proof, old_size, &old_root, size, &root));
        proof.hashes[proof.count - 1].bytes[3] ^= 4;
        proof.count--;
        assert_false(proof_consistency_holds(&proof, old_size, &old_root, size, &root));
        proof.count++;
    }
    proof.hashes[proof.count++] = root;
    assert_false(proof_consistency_holds(&proof, old_size, &old_root, size, &root));
}

enum { SMALL = 70, RANDOM_PROOFS = 8 };

static void every_proof_of_small_logs(void **state)
{
    (void)state;
    struct log log;
    make_log(&log, SMALL);
    for (uint64_t size = 0; size <= SMALL; size++) {
        for (uint64_t index = 0; index < size; index++)
            check_inclusion(&log, index, size);
        for (uint64_t old_size = 0; old_size <= size; old_size++)
            check_consistency(&log, old_size, size);
    }
    drop_log(&log);
}

/* More than 65,536 events: rows of two levels. Sizes near powers of two are the ones that go wrong. */
static void proofs_of_a_large_log(void **state)
{
    (void)state;
    struct log log;
    uint64_t random = random_seed();
    static const uint64_t near[] = {255, 256, 257, 511, 512, 513, 65535, 65536, 65537, 66047, 66048, 66049};
    make_log(&log, 66100);
    for (size_t i = 0; i < sizeof near / sizeof *near; i++)
        for (size_t j = i % 3; j <= i; j += 3) {
            check_inclusion(&log, near[j] - 1, near[i]);
            check_consistency(&log, near[j], near[i]);
        }
    for (int i = 0; i < RANDOM_PROOFS; i++) {
        uint64_t size = 1 + random_below(&random, (uint32_t)log.size), part = random_below(&random, (uint32_t)size);
        check_inclusion(&log, part, size);
        check_consistency(&log, part, size);
    }
    drop_log(&log);
}

static void what_is_not_there(void **state)
{
    (void)state;
    struct log log;
    struct proof proof;
    make_log(&log, 3);
    assert_int_equal(proof_inclusion(log.snapshot->log, 0, 3, &proof, NULL), DAYBOOK_NOT_FOUND);
    assert_int_equal(proof_inclusion(log.snapshot->log, 4, 3, &proof, NULL), DAYBOOK_NOT_FOUND);
    assert_int_equal(proof_consistency(log.snapshot->log, 4, 3, &proof, NULL), DAYBOOK_NOT_FOUND);
    assert_false(proof_inclusion_holds(&(struct proof){.count = PROOF_HASHES_MAX + 1}, &log.leaves[0], 0, 1,
                                       &log.leaves[0]));
    drop_log(&log);
}

/* ---- files */

static void files_refused(void **state)
{
    (void)state;
#define HASH "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=\n"
#define MAGIC "c2sp.org/tlog-proof@v1\n"
    static const char *const wrong[] = {
        "", "\n", MAGIC, MAGIC "\n", MAGIC "index 5", MAGIC "index 5\n", MAGIC "index 5\n" HASH,
        MAGIC "index\n\nnote\n",
        MAGIC "index 05\n\nnote\n", MAGIC "index -1\n\nnote\n", MAGIC "index 5 \n\nnote\n",
        MAGIC "index 9223372036854775808\n\nnote\n", MAGIC "extra QQ\nindex 5\n\nnote\n",
        MAGIC "extra QR==\nindex 5\n\nnote\n", MAGIC "extra\nindex 5\n\nnote\n", MAGIC "extra QQ==\n\nnote\n",
        MAGIC "index 5\nextra QQ==\n\nnote\n", MAGIC "index 5\nvBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnm==\n\nnote\n",
        MAGIC "index 5\n " HASH "\nnote\n", "c2sp.org/tlog-proof@v2\nindex 5\n\nnote\n", "\n" MAGIC "index 5\n\nnote\n",
    };
    static const char *const wrong_consistency[] = {
        "", "old\n\nnote\n", "old 03\n\nnote\n", "old 3\n", "old 3", ("old 3\n" HASH), "old 3\nx\n\nnote\n",
        "new 3\n\nnote\n",
        "old 3\r\n\nnote\n", "old  3\n\nnote\n",
    };
    static struct proof_inclusion_file file;
    struct proof_consistency_file consistency;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (proof_inclusion_parse(text_of(wrong[i]), &file, NULL) != DAYBOOK_VERIFICATION_FAILED)
            fail_msg("taken: %s", wrong[i]);
    for (size_t i = 0; i < sizeof wrong_consistency / sizeof *wrong_consistency; i++)
        if (proof_consistency_parse(text_of(wrong_consistency[i]), &consistency, NULL) != DAYBOOK_VERIFICATION_FAILED)
            fail_msg("taken: %s", wrong_consistency[i]);
    char many[8000] = MAGIC "index 5\n";
    for (int i = 0; i < PROOF_HASHES_MAX; i++)
        snprintf(many + strlen(many), sizeof many - strlen(many), HASH);
    snprintf(many + strlen(many), sizeof many - strlen(many), "\nnote\n");
    assert_int_equal(proof_inclusion_parse(text_of(many), &file, NULL), 0);
    memmove(many + strlen(MAGIC "index 5\n" HASH), many + strlen(MAGIC "index 5\n"), strlen(many) - 30);
    assert_int_equal(proof_inclusion_parse(text_of(many), &file, NULL), DAYBOOK_VERIFICATION_FAILED);
}

enum { CHANGES = 20000 };

/* A changed file either is refused or says the same of the same event: nothing else is ever proven. */
static void random_changes(void **state)
{
    (void)state;
    static struct proof_inclusion_file file;
    uint64_t random = random_seed();
    struct note_key key;
    assert_int_equal(
        note_key_parse(DAYBOOK_TEXT("daybook.example/test+dc12ec4c+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"), &key,
                       NULL),
        0);
    for (int i = 0; i < CHANGES; i++) {
        size_t len = sizeof published_file - 1;
        char *bytes = malloc(len);
        memcpy(bytes, published_file, len);
        for (uint32_t n = 1 + random_below(&random, 3); n; n--) {
            size_t at = random_below(&random, (uint32_t)len);
            if (random_below(&random, 2))
                bytes[at] = (char)(bytes[at] ^ 1 << random_below(&random, 8));
            else
                memmove(bytes + at, bytes + at + 1, --len - at);
        }
        bytes = realloc(bytes, len); /* so that reading beyond the end is seen */
        struct note note;
        struct checkpoint checkpoint;
        struct tree_hash leaf;
        size_t count = 0;
        if (proof_inclusion_parse((struct daybook_text){bytes, len}, &file, NULL) == 0 &&
            note_parse(file.checkpoint, &note, NULL) == 0 && note_verify(&note, &key, 1, &count, NULL) == 0 && count &&
            checkpoint_parse(note.text, &checkpoint, NULL) == 0) {
            tree_leaf_hash(file.extra, file.extra_len, &leaf);
            if (file.has_extra && proof_inclusion_holds(&file.proof, &leaf, file.index, checkpoint.size,
                                                        &checkpoint.root)) {
                assert_int_equal(file.index, 5);
                assert_int_equal(file.extra_len, 4);
                assert_memory_equal(file.extra, "\x40\x41\x42\x43", 4);
            }
        }
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_vectors),
        cmocka_unit_test(every_proof_of_small_logs),
        cmocka_unit_test(proofs_of_a_large_log),
        cmocka_unit_test(what_is_not_there),
        cmocka_unit_test(files_refused),
        cmocka_unit_test(random_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
