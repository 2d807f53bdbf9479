/* Are the pages of an LMDB file what they should be?
 *
 * A page begins with 16 bytes:   0 number (8)   8 pad (2)   10 flags (2)   12 lower (2)   14 upper (2)
 * Behind them stand 2-byte offsets of nodes, up to `lower`; the nodes fill the end of the page from `upper` on. A node:
 *     0 lo (2)   2 hi (2)   4 flags (2)   6 key size (2)   8 key, then data
 * In a leaf, lo and hi are the size of the data; in a branch lo, hi and flags are the number of the page below. Data
 * that is too large stands in overflow pages of its own (12: how many), the node then has the number of the first. */
#include "ledger/pagewalk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PAGE_HEADER = 16,
    NODE_HEADER = 8,
    TABLE_SIZE = 48, /* of a table's record */
    META_SIZE = 136, /* without the page's header */
    KEY_MAX = 511,
    DEPTH_MAX = 32,
    PAGE_SIZE_MIN = 512,
    PAGE_SIZE_MAX = 32768,
};
enum { PAGE_BRANCH = 0x01, PAGE_LEAF = 0x02, PAGE_OVERFLOW = 0x04, PAGE_META = 0x08, PAGE_KINDS = 0x6f };
enum { NODE_BIG = 0x01, NODE_TABLE = 0x02 };
enum { TABLE_INTEGER_KEYS = 0x08, TABLE_ALLOWED = TABLE_INTEGER_KEYS };

#define META_MAGIC 0xbeefc0deU
#define NO_PAGE UINT64_MAX

/* A table as its record says; what was counted is compared with it. */
struct table {
    char name[64];
    bool is_free_list, is_main, has_integer_keys;
    unsigned depth;
    uint64_t branches, leaves, overflows, entries, root;
    uint64_t seen_branches, seen_leaves, seen_overflows, seen_entries;
    uint8_t last_key[KEY_MAX];
    size_t last_key_len;
};

struct walk {
    const char *path;
    int fd;
    size_t page_size;
    uint64_t page_count; /* pages that may be used: 0 .. page_count - 1 */
    uint8_t *seen;       /* a bit a page */
    struct daybook_error *err;
};

static uint64_t number_at(const uint8_t *bytes, unsigned size)
{
    uint64_t value = 0;
    memcpy(&value, bytes, size);
    return value;
}

static unsigned short_at(const uint8_t *bytes)
{
    return (unsigned)number_at(bytes, 2);
}

static int damaged(const struct walk *w, const struct table *table, uint64_t page, const char *what)
{
    return daybook_fail(w->err, DAYBOOK_DAMAGED, "%s is damaged: page %llu, table %s: %s. Restore a backup.", w->path,
                        (unsigned long long)page, table->name, what);
}

static int no_memory(const struct walk *w)
{
    return daybook_fail(w->err, DAYBOOK_NO_MEMORY, "Out of memory while checking the pages of %s.", w->path);
}

static int read_at(const struct walk *w, void *into, size_t size, uint64_t offset, size_t *ret_got)
{
    size_t got = 0;
    while (got < size) {
        ssize_t n = pread(w->fd, (char *)into + got, size - got, (off_t)(offset + got));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return daybook_fail(w->err, DAYBOOK_IO, "%s cannot be read: %s.", w->path, strerror(errno));
        if (n == 0)
            break;
        got += (size_t)n;
    }
    *ret_got = got;
    return 0;
}

/* Every page belongs to one place. */
static int claim(struct walk *w, const struct table *table, uint64_t page, uint64_t count)
{
    if (page < 2 || page >= w->page_count || count > w->page_count - page)
        return damaged(w, table, page, "the number lies outside the file");
    for (uint64_t i = page; i < page + count; i++) {
        if (w->seen[i / 8] & 1 << i % 8)
            return damaged(w, table, i, "it is used twice");
        w->seen[i / 8] |= (uint8_t)(1 << i % 8);
    }
    return 0;
}

static int read_page(struct walk *w, const struct table *table, uint64_t page, uint8_t *into)
{
    size_t got = 0;
    int rc = claim(w, table, page, 1);
    if (!rc)
        rc = read_at(w, into, w->page_size, page * w->page_size, &got);
    if (rc)
        return rc;
    if (got != w->page_size)
        return damaged(w, table, page, "the file ends before it");
    return number_at(into, 8) == page ? 0 : damaged(w, table, page, "it says another number");
}

static int walk_table(struct walk *w, struct table *table);

/* ---- what leaves hold */

static bool read_table(const uint8_t *record, struct table *table)
{
    unsigned flags = short_at(record + 4);
    table->has_integer_keys = flags & TABLE_INTEGER_KEYS;
    table->depth = short_at(record + 6);
    table->branches = number_at(record + 8, 8);
    table->leaves = number_at(record + 16, 8);
    table->overflows = number_at(record + 24, 8);
    table->entries = number_at(record + 32, 8);
    table->root = number_at(record + 40, 8);
    return (flags & ~(unsigned)TABLE_ALLOWED) == 0 && table->depth <= DEPTH_MAX;
}

static int check_named_table(struct walk *w, const struct table *main_table, uint64_t page, const uint8_t *key,
                             size_t key_len, const uint8_t *record)
{
    struct table *table = calloc(1, sizeof *table);
    if (!table)
        return no_memory(w);
    for (size_t i = 0; i < key_len && i + 1 < sizeof table->name; i++)
        table->name[i] = (char)(key[i] >= ' ' && key[i] < 0x7f ? key[i] : '?');
    int rc = read_table(record, table) ? walk_table(w, table) : damaged(w, main_table, page, "the record of a table");
    free(table);
    return rc;
}

/* A row of the free list: how many pages, and which. They must be in no other place. */
static int check_free_pages(struct walk *w, const struct table *table, uint64_t page, const uint8_t *data, size_t size)
{
    uint64_t count = size >= 8 ? number_at(data, 8) : NO_PAGE;
    if (count > UINT32_MAX || size < (count + 1) * 8)
        return damaged(w, table, page, "a list of free pages has the wrong size");
    int rc = 0;
    for (uint64_t i = 1; i <= count && !rc; i++)
        rc = claim(w, table, number_at(data + 8 * i, 8), 1);
    return rc;
}

static int read_overflow(struct walk *w, struct table *table, uint64_t first, size_t size)
{
    uint8_t header[PAGE_HEADER];
    uint64_t least = (PAGE_HEADER - 1 + size) / w->page_size + 1;
    size_t got = 0;
    if (first < 2 || first >= w->page_count)
        return damaged(w, table, first, "the number lies outside the file");
    int rc = read_at(w, header, sizeof header, first * w->page_size, &got);
    if (rc)
        return rc;
    uint64_t count = number_at(header + 12, 4);
    if (got != sizeof header || number_at(header, 8) != first ||
        (short_at(header + 10) & PAGE_KINDS) != PAGE_OVERFLOW || count < least)
        return damaged(w, table, first, "it is no overflow page of that size");
    rc = claim(w, table, first, count);
    table->seen_overflows += count;
    uint8_t last;
    if (!rc)
        rc = read_at(w, &last, 1, first * w->page_size + PAGE_HEADER + size - 1, &got);
    return rc || got == 1 ? rc : damaged(w, table, first, "the file ends before its data does");
}

static int check_free_overflow(struct walk *w, struct table *table, uint64_t page, uint64_t first, size_t size)
{
    uint8_t *data = malloc(size);
    size_t got = 0;
    int rc = data ? read_at(w, data, size, first * w->page_size + PAGE_HEADER, &got) : no_memory(w);
    if (!rc)
        rc = got == size ? check_free_pages(w, table, page, data, size)
                         : damaged(w, table, first, "the file ends before its data does");
    free(data);
    return rc;
}

/* A node of a leaf that lies within the page as far as its header and key; `room` is what is left for data. */
static int check_row(struct walk *w, struct table *table, uint64_t page, const uint8_t *node, size_t key_len,
                     size_t room, size_t *ret_stored)
{
    unsigned flags = short_at(node + 4);
    size_t size = (size_t)number_at(node, 4);
    const uint8_t *data = node + NODE_HEADER + key_len;
    bool is_big = flags & NODE_BIG, is_table = flags & NODE_TABLE;
    *ret_stored = is_big ? 8 : size;
    if (flags & ~(unsigned)(NODE_BIG | NODE_TABLE) || (is_big && is_table) || is_table != table->is_main ||
        *ret_stored > room)
        return damaged(w, table, page, "a row is broken");
    if (is_table)
        return size == TABLE_SIZE ? check_named_table(w, table, page, node + NODE_HEADER, key_len, data)
                                  : damaged(w, table, page, "the record of a table");
    int rc = 0;
    if (is_big)
        rc = size ? read_overflow(w, table, number_at(data, 8), size) : damaged(w, table, page, "a row is broken");
    if (rc || !table->is_free_list)
        return rc;
    return is_big ? check_free_overflow(w, table, page, number_at(data, 8), size)
                  : check_free_pages(w, table, page, data, size);
}

/* Keys ascend, through all leaves. */
static bool follows_last_key(struct table *table, const uint8_t *key, size_t len)
{
    bool follows = true, is_number = table->has_integer_keys || table->is_free_list;
    if (is_number && len != 8)
        return false;
    if (table->seen_entries && is_number)
        follows = number_at(key, 8) > number_at(table->last_key, 8);
    else if (table->seen_entries) {
        size_t common = len < table->last_key_len ? len : table->last_key_len;
        int order = memcmp(table->last_key, key, common);
        follows = order < 0 || (order == 0 && table->last_key_len < len);
    }
    memcpy(table->last_key, key, len);
    table->last_key_len = len;
    return follows;
}

/* ---- pages */

static int walk_page(struct walk *w, struct table *table, uint64_t page, unsigned level);

static int check_node(struct walk *w, struct table *table, const uint8_t *bytes, unsigned index, unsigned level,
                      size_t *used)
{
    uint64_t page = number_at(bytes, 8);
    bool is_leaf = level == table->depth;
    size_t offset = short_at(bytes + PAGE_HEADER + 2 * index), upper = short_at(bytes + 14), stored = 0;
    if (offset < upper || offset % 2 || offset + NODE_HEADER > w->page_size)
        return damaged(w, table, page, "a row lies outside the page");
    const uint8_t *node = bytes + offset;
    size_t key_len = short_at(node + 6), room = w->page_size - offset - NODE_HEADER;
    if (key_len > KEY_MAX || key_len > room)
        return damaged(w, table, page, "a key lies outside the page");
    int rc;
    if (is_leaf) {
        if (key_len == 0 || !follows_last_key(table, node + NODE_HEADER, key_len))
            return damaged(w, table, page, "a key is out of order");
        table->seen_entries++;
        rc = check_row(w, table, page, node, key_len, room - key_len, &stored);
    } else {
        bool is_number = table->has_integer_keys || table->is_free_list;
        if (index && is_number && key_len != 8)
            return damaged(w, table, page, "a key has the wrong size");
        rc = walk_page(w, table, number_at(node, 6), level + 1);
    }
    *used += (NODE_HEADER + key_len + stored + 1) & ~(size_t)1;
    return rc;
}

static int walk_page(struct walk *w, struct table *table, uint64_t page, unsigned level)
{
    uint8_t *bytes = malloc(w->page_size);
    int rc = bytes ? read_page(w, table, page, bytes) : no_memory(w);
    if (!rc) {
        bool is_leaf = level == table->depth;
        unsigned lower = short_at(bytes + 12), upper = short_at(bytes + 14), count = (lower - PAGE_HEADER) / 2;
        size_t used = 0;
        *(is_leaf ? &table->seen_leaves : &table->seen_branches) += 1;
        if ((short_at(bytes + 10) & PAGE_KINDS) != (is_leaf ? PAGE_LEAF : PAGE_BRANCH))
            rc = damaged(w, table, page, "it is of another kind than the page above says");
        else if (lower < PAGE_HEADER || lower % 2 || lower > upper || upper > w->page_size || count < (is_leaf ? 1 : 2))
            rc = damaged(w, table, page, "its header is broken");
        for (unsigned i = 0; i < count && !rc; i++)
            rc = check_node(w, table, bytes, i, level, &used);
        if (!rc && used > w->page_size - upper)
            rc = damaged(w, table, page, "rows overlap");
    }
    free(bytes);
    return rc;
}

static int walk_table(struct walk *w, struct table *table)
{
    if (table->root == NO_PAGE)
        return table->depth == 0 && table->entries == 0 ? 0 : damaged(w, table, table->root, "it has rows but no page");
    if (table->depth == 0)
        return damaged(w, table, table->root, "it has a page but no rows");
    int rc = walk_page(w, table, table->root, 1);
    if (!rc && (table->entries != table->seen_entries || table->branches != table->seen_branches ||
                table->leaves != table->seen_leaves || table->overflows != table->seen_overflows))
        rc = damaged(w, table, table->root, "it has not as many rows or pages as it says");
    return rc;
}

/* ---- the file */

static int read_meta(struct walk *w, unsigned which, uint8_t meta[META_SIZE], size_t page_size)
{
    static const struct table none = {.name = "(meta)"};
    uint8_t page[PAGE_HEADER + META_SIZE];
    size_t got = 0;
    int rc = read_at(w, page, sizeof page, which * (uint64_t)page_size, &got);
    if (rc)
        return rc;
    memcpy(meta, page + PAGE_HEADER, META_SIZE);
    size_t said = (size_t)number_at(meta + 24, 4);
    if (got != sizeof page || !(short_at(page + 10) & PAGE_META) || number_at(meta, 4) != META_MAGIC ||
        number_at(meta + 4, 4) != 1 || said < PAGE_SIZE_MIN || said > PAGE_SIZE_MAX || (said & (said - 1)) ||
        (page_size && said != page_size))
        return damaged(w, &none, which, "it is no meta page of LMDB 0.9");
    w->page_size = said;
    return 0;
}

static int read_metas(struct walk *w, uint8_t first[META_SIZE], uint8_t second[META_SIZE])
{
    int rc = read_meta(w, 0, first, 0);
    return rc ? rc : read_meta(w, 1, second, w->page_size);
}

static int walk_file(struct walk *w)
{
    uint8_t first[META_SIZE], second[META_SIZE];
    struct stat file;
    int rc = read_metas(w, first, second);
    if (rc)
        return rc;
    const uint8_t *meta = number_at(first + 128, 8) >= number_at(second + 128, 8) ? first : second;
    struct table *tables = calloc(2, sizeof *tables);
    if (!tables || fstat(w->fd, &file)) {
        free(tables);
        return no_memory(w);
    }
    uint64_t last = number_at(meta + 120, 8), held = (uint64_t)file.st_size / w->page_size;
    w->page_count = last < held ? last + 1 : held;
    w->seen = calloc(w->page_count / 8 + 1, 1);
    tables[0].is_free_list = tables[1].is_main = true;
    snprintf(tables[0].name, sizeof tables[0].name, "(free pages)");
    snprintf(tables[1].name, sizeof tables[1].name, "(tables)");
    if (!w->seen)
        rc = no_memory(w);
    uint8_t free_record[TABLE_SIZE];
    memcpy(free_record, meta + 24, sizeof free_record);
    free_record[4] &= (uint8_t)~TABLE_INTEGER_KEYS; /* the environment's own flags stand here, too */
    free_record[5] = 0;
    if (!rc &&
        (!read_table(free_record, &tables[0]) || !read_table(meta + 24 + TABLE_SIZE, &tables[1]) || last >= held))
        rc = damaged(w, &tables[1], last, last >= held ? "the file was cut off" : "the record of a table");
    for (int i = 0; i < 2 && !rc; i++)
        rc = walk_table(w, &tables[i]);
    free(w->seen);
    free(tables);
    return rc;
}

int pagewalk_metas(const char *path, struct daybook_error *err)
{
    struct walk w = {.path = path, .fd = open(path, O_RDONLY | O_CLOEXEC), .err = err};
    uint8_t first[META_SIZE], second[META_SIZE];
    struct stat file;
    if (w.fd < 0)
        return 0; /* whoever opens it next says why */
    int rc = fstat(w.fd, &file) || file.st_size == 0 ? 0 : read_metas(&w, first, second);
    close(w.fd);
    return rc;
}

int pagewalk_file(const char *path, struct daybook_error *err)
{
    struct walk w = {.path = path, .fd = open(path, O_RDONLY | O_CLOEXEC), .err = err};
    if (w.fd < 0)
        return daybook_fail(err, DAYBOOK_IO, "%s cannot be opened: %s.", path, strerror(errno));
    int rc = walk_file(&w);
    close(w.fd);
    return rc;
}
