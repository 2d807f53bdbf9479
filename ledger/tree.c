/* The Merkle tree's stack of perfect subtrees, and SHA-256.
 *
 * Nothing here can fail (but reading a file), and must not: half an append cannot be taken back. That is why SHA-256
 * is OpenSSL's plain SHA256_* and not EVP, whose contexts are allocated; it is also the fastest way for inputs this
 * small. */
#define OPENSSL_API_COMPAT 10101 /* declares SHA256_* without calling them deprecated */
#include "ledger/tree.h"

#include <endian.h>
#include <errno.h>
#include <openssl/sha.h>
#include <string.h>
#include <unistd.h>

enum { LEAF_PREFIX = 0x00, NODE_PREFIX = 0x01 };

/* Up to here, what is hashed is padded by hand into two blocks: Update and Final cost a third of such a hash. */
enum { BLOCK_SIZE = 64, SHORT_MAX = 2 * BLOCK_SIZE - 9 };

static void sha256_short(const void *a, size_t len_a, const void *b, size_t len_b, uint8_t ret[32])
{
    uint8_t blocks[2 * BLOCK_SIZE] = {0};
    size_t len = len_a + len_b, size = len + 9 <= BLOCK_SIZE ? BLOCK_SIZE : 2 * BLOCK_SIZE;
    if (len_a)
        memcpy(blocks, a, len_a);
    if (len_b)
        memcpy(blocks + len_a, b, len_b);
    blocks[len] = 0x80;
    blocks[size - 2] = (uint8_t)(len >> 5); /* the length in bits, at most 952 */
    blocks[size - 1] = (uint8_t)(len << 3);
    SHA256_CTX context;
    SHA256_Init(&context);
    SHA256_Update(&context, blocks, size);
    for (unsigned i = 0; i < 8; i++) {
        uint32_t word = htobe32(context.h[i]);
        memcpy(ret + sizeof word * i, &word, sizeof word);
    }
}

void sha256_pair(const void *a, size_t len_a, const void *b, size_t len_b, uint8_t ret[32])
{
    if (len_a <= SHORT_MAX && len_b <= SHORT_MAX - len_a) {
        sha256_short(a, len_a, b, len_b, ret);
        return;
    }
    SHA256_CTX context;
    SHA256_Init(&context);
    SHA256_Update(&context, a, len_a);
    SHA256_Update(&context, b, len_b);
    SHA256_Final(ret, &context);
}

bool sha256_file(int fd, uint8_t ret[32])
{
    uint8_t piece[1 << 16];
    ssize_t got;
    SHA256_CTX context;
    SHA256_Init(&context);
    while ((got = read(fd, piece, sizeof piece)) != 0) {
        if (got > 0)
            SHA256_Update(&context, piece, (size_t)got);
        else if (errno != EINTR)
            return false;
    }
    SHA256_Final(ret, &context);
    return true;
}

void tree_leaf_hash(const void *bytes, size_t len, struct tree_hash *ret)
{
    const uint8_t prefix = LEAF_PREFIX;
    sha256_pair(&prefix, sizeof(prefix), bytes, len, ret->bytes);
}

void tree_node_hash(const struct tree_hash *left, const struct tree_hash *right, struct tree_hash *ret)
{
    uint8_t prefixed[1 + TREE_HASH_SIZE] = {NODE_PREFIX};
    for (size_t i = 0; i < TREE_HASH_SIZE; i++) {
        prefixed[1 + i] = left->bytes[i];
    }
    sha256_pair(prefixed, sizeof(prefixed), right->bytes, TREE_HASH_SIZE, ret->bytes);
}

void tree_init(struct tree *tree)
{
    *tree = (struct tree){.size = 0};
}

/* Put a subtree of 2^height leaves on the right end, then join equal neighbours: one for each trailing
 * 1-bit of the size counted in such subtrees. */
static unsigned push(struct tree *tree, const struct tree_hash *root, unsigned height, struct tree_row *rows)
{
    struct tree_hash hash = *root;
    unsigned row_count = 0;
    unsigned joined = height;
    for (uint64_t subtrees = tree->size >> height; subtrees & 1; subtrees >>= 1) {
        tree_node_hash(&tree->stack[--tree->depth], &hash, &hash);
        joined++;
        if (rows != NULL && joined % TREE_ROW_BITS == 0) {
            rows[row_count++] = (struct tree_row){joined / TREE_ROW_BITS, subtrees >> 1, hash};
        }
    }
    tree->stack[tree->depth++] = hash;
    tree->size += UINT64_C(1) << height;
    return row_count;
}

unsigned tree_append(struct tree *tree, const struct tree_hash *leaf, struct tree_row rows[TREE_ROWS_MAX])
{
    return push(tree, leaf, 0, rows);
}

unsigned tree_push_subtree(struct tree *tree, const struct tree_hash *root, unsigned height,
                           struct tree_row rows[TREE_ROWS_MAX])
{
    return push(tree, root, height, rows);
}

void tree_block_root(struct tree_hash leaves[1 << TREE_ROW_BITS], struct tree_hash *ret)
{
    for (size_t count = 1 << TREE_ROW_BITS; count > 1; count /= 2)
        for (size_t i = 0; i < count / 2; i++)
            tree_node_hash(&leaves[2 * i], &leaves[2 * i + 1], &leaves[i]);
    *ret = leaves[0];
}

void tree_root(const struct tree *tree, struct tree_hash *ret)
{
    if (tree->depth == 0) {
        sha256_pair(NULL, 0, NULL, 0, ret->bytes);
        return;
    }
    struct tree_hash hash = tree->stack[tree->depth - 1];
    for (unsigned i = tree->depth - 1; i > 0; i--) {
        tree_node_hash(&tree->stack[i - 1], &hash, &hash);
    }
    *ret = hash;
}

void tree_hash_hex(const struct tree_hash *hash, char out[2 * TREE_HASH_SIZE + 1])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < TREE_HASH_SIZE; i++) {
        out[2 * i] = digits[hash->bytes[i] >> 4];
        out[2 * i + 1] = digits[hash->bytes[i] & 0x0F];
    }
    out[2 * TREE_HASH_SIZE] = '\0';
}
