/* The Merkle tree over the log (RFC 6962, SHA-256): what lets an outsider check that nothing was changed.
 *
 * leaf = H(0x00 || bytes), node = H(0x01 || left || right), empty tree = H(""). Appending keeps a stack with
 * the root of each perfect subtree, one for each 1-bit of the size:
 *
 *     size 6 = 110b      stack: [ root of leaves 0..3 ][ root of leaves 4..5 ]
 *
 * Rows of height 8, 16 .. (one an append in 256) are handed to the caller, who stores them. */
#ifndef LEDGER_TREE_H
#define LEDGER_TREE_H

#include "daybook/value.h"

enum { TREE_HASH_SIZE = 32, TREE_STACK_MAX = 64, TREE_ROW_BITS = 8 };

struct tree_hash {
    uint8_t bytes[TREE_HASH_SIZE];
};

struct tree {
    uint64_t size;  /* leaves */
    unsigned depth; /* used entries of stack = number of 1-bits of size */
    struct tree_hash stack[TREE_STACK_MAX];
};

/* A row that became complete: the root of 256^level leaves, the index-th of its level. level >= 1. */
struct tree_row {
    unsigned level;
    uint64_t index;
    struct tree_hash hash;
};
enum { TREE_ROWS_MAX = 8 }; /* most rows that one append can complete */

void tree_leaf_hash(const void *bytes, size_t len, struct tree_hash *ret);
void tree_node_hash(const struct tree_hash *left, const struct tree_hash *right, struct tree_hash *ret);
void tree_init(struct tree *tree); /* the empty tree */
/* Append a leaf. Rows completed by it go to rows; returns how many (0 for 255 appends in 256). */
unsigned tree_append(struct tree *tree, const struct tree_hash *leaf, struct tree_row rows[TREE_ROWS_MAX]);
void tree_root(const struct tree *tree, struct tree_hash *ret);
/* Put the root of a perfect subtree of 2^height leaves on the right end; the size so far must be a multiple of
 * 2^height. Rows of a height above `height` that this completes go to rows; NULL: nobody wants them. */
unsigned tree_push_subtree(struct tree *tree, const struct tree_hash *root, unsigned height,
                           struct tree_row rows[TREE_ROWS_MAX]);
/* The root of 2^TREE_ROW_BITS leaves; overwrites them. */
void tree_block_root(struct tree_hash leaves[1 << TREE_ROW_BITS], struct tree_hash *ret);
/* 64 lower-case hex digits and NUL. */
void tree_hash_hex(const struct tree_hash *hash, char out[2 * TREE_HASH_SIZE + 1]);

/* SHA-256 of two byte runs one after the other (len_b may be 0): the commitment of personal data is H(salt ||
 * value). */
void sha256_pair(const void *a, size_t len_a, const void *b, size_t len_b, uint8_t ret[32]);
/* SHA-256 of what is left to read of an open file; false, with errno, when it cannot be read. */
bool sha256_file(int fd, uint8_t ret[32]);

#endif
