/* Proofs: which subtrees they are made of, and the two algorithms that check them. */
#include "ledger/proof.h"

#include <string.h>

/* ---- making */

/* The root of the 2^height leaves from `first` on, a multiple of that. Every eighth height is stored: never more than
 * 256 rows or events are hashed again. */
static int perfect_root(struct store_txn *log, uint64_t first, unsigned height, struct tree_hash *ret,
                        struct daybook_error *err)
{
    struct tree_hash left, right;
    if (height == 0) {
        const uint8_t *bytes;
        size_t len;
        int rc = store_event(log, first + 1, &bytes, &len, err);
        if (!rc)
            tree_leaf_hash(bytes, len, ret);
        return rc;
    }
    if (height % TREE_ROW_BITS == 0)
        return store_tree_row(log, height / TREE_ROW_BITS, first >> height, ret, err);
    int rc = perfect_root(log, first, height - 1, &left, err);
    if (!rc)
        rc = perfect_root(log, first + (UINT64_C(1) << (height - 1)), height - 1, &right, err);
    if (!rc)
        tree_node_hash(&left, &right, ret);
    return rc;
}

/* The height of the largest perfect tree that is smaller than `count` leaves, count > 1: its left subtree. */
static unsigned left_height(uint64_t count)
{
    return 63 - (unsigned)__builtin_clzll(count - 1);
}

/* The root of the tree over leaves first .. first + count - 1, as it stands in a tree that ends with them or is perfect
 * there; count > 0. */
static int range_root(struct store_txn *log, uint64_t first, uint64_t count, struct tree_hash *ret,
                      struct daybook_error *err)
{
    struct tree_hash stack[TREE_STACK_MAX], hash;
    unsigned depth = 0;
    int rc = 0;
    for (uint64_t rest = count; rest && !rc; depth++) {
        unsigned height = 63 - (unsigned)__builtin_clzll(rest);
        rc = perfect_root(log, first, height, &stack[depth], err);
        first += UINT64_C(1) << height;
        rest -= UINT64_C(1) << height;
    }
    if (rc)
        return rc;
    hash = stack[--depth];
    while (depth)
        tree_node_hash(&stack[--depth], &hash, &hash);
    *ret = hash;
    return 0;
}

static int push_range(struct store_txn *log, uint64_t first, uint64_t count, struct proof *proof,
                      struct daybook_error *err)
{
    if (proof->count == PROOF_HASHES_MAX)
        return daybook_fail(err, DAYBOOK_TOO_LARGE, "A proof has at most %d hashes.", PROOF_HASHES_MAX);
    return range_root(log, first, count, &proof->hashes[proof->count++], err);
}

/* What was pushed on the way down from the root is wanted from the leaf up. */
static void reverse(struct proof *proof)
{
    for (unsigned i = 0, j = proof->count; i + 1 < j; i++) {
        struct tree_hash swapped = proof->hashes[--j];
        proof->hashes[j] = proof->hashes[i];
        proof->hashes[i] = swapped;
    }
}

int proof_inclusion(struct store_txn *log, uint64_t seq, uint64_t size, struct proof *ret, struct daybook_error *err)
{
    if (seq == 0 || seq > size)
        return daybook_fail(err, DAYBOOK_NOT_FOUND, "Event %llu is not among the first %llu.", (unsigned long long)seq,
                            (unsigned long long)size);
    struct proof proof = {0};
    uint64_t index = seq - 1, first = 0, count = size;
    int rc = 0;
    while (count > 1 && !rc) {
        uint64_t left = UINT64_C(1) << left_height(count);
        bool is_left = index - first < left;
        rc = is_left ? push_range(log, first + left, count - left, &proof, err)
                     : push_range(log, first, left, &proof, err);
        first += is_left ? 0 : left;
        count = is_left ? left : count - left;
    }
    reverse(&proof);
    if (!rc)
        *ret = proof;
    return rc;
}

int proof_consistency(struct store_txn *log, uint64_t old_size, uint64_t size, struct proof *ret,
                      struct daybook_error *err)
{
    if (old_size > size)
        return daybook_fail(err, DAYBOOK_NOT_FOUND, "A log of %llu events cannot extend one of %llu.",
                            (unsigned long long)size, (unsigned long long)old_size);
    struct proof proof = {0};
    uint64_t first = 0, count = size;
    int rc = 0;
    /* Down to the largest subtree that ends where the old tree ends; the old root itself needs no hash. */
    while (old_size && old_size != first + count && !rc) {
        uint64_t left = UINT64_C(1) << left_height(count);
        bool is_left = old_size - first <= left;
        rc = is_left ? push_range(log, first + left, count - left, &proof, err)
                     : push_range(log, first, left, &proof, err);
        first += is_left ? 0 : left;
        count = is_left ? left : count - left;
    }
    if (!rc && first)
        rc = push_range(log, first, count, &proof, err);
    reverse(&proof);
    if (!rc)
        *ret = proof;
    return rc;
}

/* ---- checking */

static bool same(const struct tree_hash *a, const struct tree_hash *b)
{
    return memcmp(a->bytes, b->bytes, TREE_HASH_SIZE) == 0;
}

/* Up from a right child, or from the last one of an odd row, to where it has a left neighbour. */
static void climb(uint64_t *fn, uint64_t *sn)
{
    while (*fn && !(*fn & 1)) {
        *fn >>= 1;
        *sn >>= 1;
    }
}

bool proof_inclusion_holds(const struct proof *proof, const struct tree_hash *leaf, uint64_t index, uint64_t size,
                           const struct tree_hash *root)
{
    if (index >= size || proof->count > PROOF_HASHES_MAX)
        return false;
    struct tree_hash r = *leaf;
    uint64_t fn = index, sn = size - 1;
    for (unsigned i = 0; i < proof->count; i++) {
        if (sn == 0)
            return false;
        if (fn & 1 || fn == sn) {
            tree_node_hash(&proof->hashes[i], &r, &r);
            climb(&fn, &sn);
        } else {
            tree_node_hash(&r, &proof->hashes[i], &r);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && same(&r, root);
}

static bool is_empty_tree(const struct tree_hash *root)
{
    struct tree none;
    struct tree_hash empty;
    tree_init(&none);
    tree_root(&none, &empty);
    return same(root, &empty);
}

/* From the subtree at the end of the old tree up to both roots. */
static bool climb_to_roots(const struct proof *proof, uint64_t old_size, const struct tree_hash *first, unsigned used,
                           uint64_t size, struct tree_hash *ret_old, struct tree_hash *ret_new)
{
    struct tree_hash fr = *first, sr = *first;
    uint64_t fn = old_size - 1, sn = size - 1;
    while (fn & 1) {
        fn >>= 1;
        sn >>= 1;
    }
    for (unsigned i = used; i < proof->count; i++) {
        if (sn == 0)
            return false;
        if (fn & 1 || fn == sn) {
            tree_node_hash(&proof->hashes[i], &fr, &fr);
            tree_node_hash(&proof->hashes[i], &sr, &sr);
            climb(&fn, &sn);
        } else {
            tree_node_hash(&sr, &proof->hashes[i], &sr);
        }
        fn >>= 1;
        sn >>= 1;
    }
    *ret_old = fr;
    *ret_new = sr;
    return sn == 0;
}

static bool is_power_of_two(uint64_t size)
{
    return (size & (size - 1)) == 0;
}

bool proof_consistency_holds(const struct proof *proof, uint64_t old_size, const struct tree_hash *old_root,
                             uint64_t size, const struct tree_hash *root)
{
    struct tree_hash fr, sr;
    if (old_size > size || proof->count > PROOF_HASHES_MAX || (size == 0 && !is_empty_tree(root)))
        return false;
    if (old_size == 0)
        return proof->count == 0 && is_empty_tree(old_root);
    if (old_size == size)
        return proof->count == 0 && same(old_root, root);
    bool old_root_is_first = is_power_of_two(old_size);
    if (!old_root_is_first && proof->count == 0)
        return false;
    const struct tree_hash *first = old_root_is_first ? old_root : &proof->hashes[0];
    return climb_to_roots(proof, old_size, first, old_root_is_first ? 0 : 1, size, &fr, &sr) && same(&fr, old_root) &&
           same(&sr, root);
}

bool proof_old_root(const struct proof *proof, uint64_t old_size, uint64_t size, const struct tree_hash *root,
                    struct tree_hash *ret)
{
    struct tree_hash sr;
    if (old_size > size || proof->count > PROOF_HASHES_MAX)
        return false;
    if (old_size == 0 || old_size == size) {
        struct tree none;
        tree_init(&none);
        tree_root(&none, ret);
        if (old_size)
            *ret = *root;
        return proof->count == 0;
    }
    return !is_power_of_two(old_size) && proof->count &&
           climb_to_roots(proof, old_size, &proof->hashes[0], 1, size, ret, &sr) && same(&sr, root);
}
