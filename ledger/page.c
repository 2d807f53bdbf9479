/* What must be true of one page of an LMDB file. LMDB asks none of this: it believes what a page says. */
#include "ledger/page.h"

static const char *node_fault(const uint8_t *page, size_t page_size, unsigned index, bool is_leaf, size_t *used)
{
    size_t offset = page_short_at(page + PAGE_HEADER + 2 * index), stored = 0;
    if (offset < page_short_at(page + 14) || offset % 2 || offset + NODE_HEADER > page_size)
        return "a row lies outside the page";
    const uint8_t *node = page + offset;
    size_t key_size = page_key_size(node), room = page_size - offset - NODE_HEADER;
    if (key_size > PAGE_KEY_MAX || key_size > room)
        return "a key lies outside the page";
    if (is_leaf) {
        unsigned flags = page_short_at(node + 4);
        stored = flags & NODE_BIG ? 8 : (size_t)page_number_at(node, 4);
        if (flags & ~(unsigned)(NODE_BIG | NODE_TABLE) || (flags & NODE_BIG && flags & NODE_TABLE) ||
            stored > room - key_size)
            return "a row is broken";
    }
    *used += (NODE_HEADER + key_size + stored + 1) & ~(size_t)1;
    return NULL;
}

const char *page_fault(const uint8_t *page, size_t page_size, uint64_t number, bool is_leaf)
{
    unsigned flags = page_short_at(page + 10), lower = page_short_at(page + 12), upper = page_short_at(page + 14);
    unsigned count = page_node_count(page);
    size_t used = 0;
    const char *fault = NULL;
    if (page_number_at(page, 8) != number)
        return "it says another number";
    if (flags != (is_leaf ? PAGE_LEAF : PAGE_BRANCH))
        return "it is of another kind than the page above says";
    if (lower < PAGE_HEADER || lower % 2 || lower > upper || upper > page_size || count < (is_leaf ? 1 : 2))
        return "its header is broken";
    for (unsigned i = 0; i < count && !fault; i++)
        fault = node_fault(page, page_size, i, is_leaf, &used);
    if (!fault && used != page_size - upper) /* LMDB leaves no holes */
        fault = used > page_size - upper ? "rows overlap" : "a row is missing";
    return fault;
}

bool page_read_table(const uint8_t record[PAGE_TABLE_SIZE], struct page_table *ret)
{
    enum { INTEGER_KEYS = 0x08 };
    unsigned flags = page_short_at(record + 4);
    *ret = (struct page_table){
        .has_integer_keys = flags & INTEGER_KEYS,
        .depth = page_short_at(record + 6),
        .branches = page_number_at(record + 8, 8),
        .leaves = page_number_at(record + 16, 8),
        .overflows = page_number_at(record + 24, 8),
        .entries = page_number_at(record + 32, 8),
        .root = page_number_at(record + 40, 8),
    };
    return (flags & ~(unsigned)INTEGER_KEYS) == 0 && ret->depth <= PAGE_DEPTH_MAX &&
           (ret->root == PAGE_NONE) == (ret->depth == 0);
}

bool page_read_meta(const uint8_t page[PAGE_META_SIZE], struct page_meta *ret)
{
    const uint32_t magic = 0xbeefc0de;
    const uint8_t *meta = page + PAGE_HEADER, *free_pages = meta + 24, *tables = free_pages + PAGE_TABLE_SIZE;
    uint8_t record[PAGE_TABLE_SIZE];
    size_t size = (size_t)page_number_at(free_pages, 4); /* it stands in the pad of this record, and .. */
    memcpy(record, free_pages, sizeof record);
    record[4] &= 0xf7; /* .. flags of the environment among those of the table, whose keys are numbers of */
    record[5] = 0;     /* transactions */
    ret->page_size = size;
    ret->last_page = page_number_at(meta + 120, 8);
    ret->txn_id = page_number_at(meta + 128, 8);
    return page_short_at(page + 10) & PAGE_META && page_number_at(meta, 4) == magic &&
           page_number_at(meta + 4, 4) == 1 && size >= PAGE_SIZE_MIN && size <= PAGE_SIZE_MAX && !(size & (size - 1)) &&
           page_read_table(record, &ret->free_pages) && page_read_table(tables, &ret->tables);
}
