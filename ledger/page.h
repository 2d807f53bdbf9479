/* A page of an LMDB file (0.9, data version 1, 64-bit little-endian), and what must be true of one by itself.
 *
 * A page begins with 16 bytes:   0 number (8)   8 pad (2)   10 flags (2)   12 lower (2)   14 upper (2)
 * Behind them stand 2-byte offsets of nodes, up to `lower`; the nodes fill the end of the page from `upper` on. A node:
 *     0 lo (2)   2 hi (2)   4 flags (2)   6 key size (2)   8 key, then data
 * In a leaf, lo and hi are the size of the data; in a branch lo, hi and flags are the number of the page below. Data
 * that is too large stands in overflow pages of its own (12: how many), the node then has the number of the first. */
#ifndef LEDGER_PAGE_H
#define LEDGER_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { PAGE_HEADER = 16, NODE_HEADER = 8, PAGE_KEY_MAX = 511, PAGE_SIZE_MIN = 512, PAGE_SIZE_MAX = 32768 };
enum { PAGE_META_SIZE = PAGE_HEADER + 136, PAGE_TABLE_SIZE = 48, PAGE_DEPTH_MAX = 32 };
enum { PAGE_BRANCH = 0x01, PAGE_LEAF = 0x02, PAGE_OVERFLOW = 0x04, PAGE_META = 0x08, PAGE_KINDS = 0x6f };
enum { NODE_BIG = 0x01, NODE_TABLE = 0x02 };

#define PAGE_NONE UINT64_MAX

/* What the file says of a table. */
struct page_table {
    bool has_integer_keys;
    unsigned depth; /* pages from the root to a leaf, both counted */
    uint64_t branches, leaves, overflows, entries, root;
};

/* One of the two meta pages; the one with the higher txn_id counts. */
struct page_meta {
    size_t page_size;
    uint64_t last_page, txn_id;
    struct page_table free_pages, tables;
};

/* `size` bytes as a number. */
static inline uint64_t page_number_at(const uint8_t *bytes, unsigned size)
{
    uint64_t value = 0;
    memcpy(&value, bytes, size);
    return value;
}

static inline unsigned page_short_at(const uint8_t *bytes)
{
    return bytes[0] | (unsigned)bytes[1] << 8;
}

static inline unsigned page_node_count(const uint8_t *page)
{
    return (page_short_at(page + 12) - PAGE_HEADER) / 2;
}

static inline const uint8_t *page_node(const uint8_t *page, unsigned index)
{
    return page + page_short_at(page + PAGE_HEADER + 2 * index);
}

static inline size_t page_key_size(const uint8_t *node)
{
    return page_short_at(node + 6);
}

/* The page that a branch's node leads to. */
static inline uint64_t page_below(const uint8_t *node)
{
    return page_number_at(node, 6);
}

/* What is wrong with a leaf or branch that should be page `number`; NULL: nothing, and every header, key and value in
 * it lies within its `page_size` bytes. */
const char *page_fault(const uint8_t *page, size_t page_size, uint64_t number, bool is_leaf);

/* false: the 48 bytes are no record of a table such as Daybook makes. */
bool page_read_table(const uint8_t record[PAGE_TABLE_SIZE], struct page_table *ret);
/* false: the bytes do not begin a meta page of LMDB 0.9. The page sizes of both must agree. */
bool page_read_meta(const uint8_t page[PAGE_META_SIZE], struct page_meta *ret);

#endif
