/* The tree against published roots and against RFC 6962's own recursive definition. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "ledger/tree.h"

/* The definition, word for word, by another way into the hash: MTH(D[n]) of RFC 6962, section 2.1. */
static void model_hash(uint8_t prefix, const void *a, size_t len_a, const void *b, size_t len_b, uint8_t out[32])
{
    uint8_t bytes[256];
    bytes[0] = prefix;
    memcpy(bytes + 1, a, len_a);
    memcpy(bytes + 1 + len_a, b, len_b);
    assert_int_equal(EVP_Digest(bytes, 1 + len_a + len_b, out, NULL, EVP_sha256(), NULL), 1);
}

static void model_root(uint64_t first, uint64_t count, uint8_t out[32])
{
    if (count == 0) {
        assert_int_equal(EVP_Digest("", 0, out, NULL, EVP_sha256(), NULL), 1);
        return;
    }
    if (count == 1) {
        model_hash(0x00, &first, sizeof(first), "", 0, out);
        return;
    }
    uint64_t split = 1;
    while (split * 2 < count) {
        split *= 2;
    }
    uint8_t left[32];
    uint8_t right[32];
    model_root(first, split, left);
    model_root(first + split, count - split, right);
    model_hash(0x01, left, 32, right, 32, out);
}

static void leaf_of(uint64_t index, struct tree_hash *ret)
{
    tree_leaf_hash(&index, sizeof(index), ret);
}

static void published_roots(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
    } leaves[] = {
        {"", 0}, {"\x00", 1}, {"\x10", 1}, {"\x20\x21", 2}, {"\x30\x31", 2}, {"\x40\x41\x42\x43", 4},
        {"\x50\x51\x52\x53\x54\x55\x56\x57", 8},
        {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16},
    };
    static const char *const roots[] = {
        [0] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        [1] = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        [2] = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        [3] = "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        [7] = "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        [8] = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    };
    struct tree tree;
    struct tree_row rows[TREE_ROWS_MAX];
    tree_init(&tree);
    for (size_t size = 0; size <= 8; size++) {
        struct tree_hash root;
        char hex[2 * TREE_HASH_SIZE + 1];
        if (size > 0) {
            struct tree_hash leaf;
            tree_leaf_hash(leaves[size - 1].bytes, leaves[size - 1].len, &leaf);
            assert_int_equal(tree_append(&tree, &leaf, rows), 0);
        }
        assert_int_equal(tree.size, size);
        if (roots[size] != NULL) {
            tree_root(&tree, &root);
            tree_hash_hex(&root, hex);
            assert_string_equal(hex, roots[size]);
        }
    }
}

enum { SIZES = 600 };

static void roots_of_all_sizes(void **state)
{
    (void)state;
    struct tree tree;
    struct tree_row rows[TREE_ROWS_MAX];
    tree_init(&tree);
    for (uint64_t size = 0; size <= SIZES; size++) {
        struct tree_hash root;
        struct tree_hash leaf;
        uint8_t expected[32];
        tree_root(&tree, &root);
        model_root(0, size, expected);
        assert_memory_equal(root.bytes, expected, 32);
        assert_int_equal(tree.depth, __builtin_popcountll(size));
        leaf_of(size, &leaf);
        tree_append(&tree, &leaf, rows);
    }
}

static void rows_when_256_are_complete(void **state)
{
    (void)state;
    struct tree tree;
    unsigned seen = 0;
    tree_init(&tree);
    for (uint64_t size = 1; size <= 65536; size++) {
        struct tree_hash leaf;
        struct tree_row rows[TREE_ROWS_MAX];
        uint8_t expected[32];
        leaf_of(size - 1, &leaf);
        unsigned count = tree_append(&tree, &leaf, rows);
        assert_int_equal(count, size == 65536 ? 2 : size % 256 == 0);
        if (count > 0) {
            assert_int_equal(rows[0].level, 1);
            assert_int_equal(rows[0].index, size / 256 - 1);
            if (size <= 1024 || size == 65536) {
                model_root(size - 256, 256, expected);
                assert_memory_equal(rows[0].hash.bytes, expected, 32);
            }
            seen++;
        }
        if (count == 2) {
            assert_int_equal(rows[1].level, 2);
            assert_int_equal(rows[1].index, 0);
            model_root(0, 65536, expected);
            assert_memory_equal(rows[1].hash.bytes, expected, 32);
        }
    }
    assert_int_equal(seen, 256);
}

/* At open the stack is put together from stored rows of 256 and the leaves after them. */
static void stack_from_rows(void **state)
{
    (void)state;
    for (uint64_t size = 0; size <= SIZES; size++) {
        struct tree tree;
        struct tree_hash part;
        struct tree_hash root;
        uint8_t expected[32];
        tree_init(&tree);
        for (uint64_t i = 0; i < size / 256; i++) {
            model_root(i * 256, 256, part.bytes);
            tree_push_subtree(&tree, &part, 8, NULL);
        }
        for (uint64_t i = size - size % 256; i < size; i++) {
            leaf_of(i, &part);
            tree_push_subtree(&tree, &part, 0, NULL);
        }
        tree_root(&tree, &root);
        model_root(0, size, expected);
        assert_memory_equal(root.bytes, expected, 32);
        assert_int_equal(tree.size, size);
        assert_int_equal(tree.depth, __builtin_popcountll(size));
    }
}

static void commitment(void **state)
{
    (void)state;
    static const uint8_t salt[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    static const char name[] = "王小明";
    struct tree_hash hash;
    char hex[2 * TREE_HASH_SIZE + 1];
    sha256_pair(salt, sizeof(salt), name, sizeof(name) - 1, hash.bytes);
    tree_hash_hex(&hash, hex);
    assert_string_equal(hex, "460041ab1faba92968537d4659b3b6464cb8cb968b0bb544dfc289d50806d092");
    sha256_pair("abc", 3, NULL, 0, hash.bytes);
    tree_hash_hex(&hash, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* Short inputs are padded by hand: every length around the ends of one block and of two, cut in two anywhere. */
static void hashes_of_all_lengths(void **state)
{
    (void)state;
    uint8_t bytes[260], expected[32], got[32];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7 + 1);
    for (size_t len = 0; len <= sizeof bytes; len++) {
        assert_int_equal(EVP_Digest(bytes, len, expected, NULL, EVP_sha256(), NULL), 1);
        for (size_t cut = 0; cut <= len; cut++) {
            sha256_pair(bytes, cut, bytes + cut, len - cut, got);
            assert_memory_equal(got, expected, sizeof got);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_roots), cmocka_unit_test(roots_of_all_sizes),
        cmocka_unit_test(rows_when_256_are_complete), cmocka_unit_test(stack_from_rows),
        cmocka_unit_test(commitment), cmocka_unit_test(hashes_of_all_lengths),
    };
    return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
