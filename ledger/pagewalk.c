/* Are the pages of an LMDB file what they should be? Every page that the newest meta page leads to, once. */
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

#include "ledger/page.h"

/* A table as its record says; what was counted is compared with it. */
struct table {
    char name[64];
    bool is_free_list, is_main;
    struct page_table says;
    uint64_t branches, leaves, overflows, entries;
    uint8_t last_key[PAGE_KEY_MAX];
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

static int read_page(struct walk *w, const struct table *table, uint64_t page, bool is_leaf, uint8_t *into)
{
    size_t got = 0;
    int rc = claim(w, table, page, 1);
    if (!rc)
        rc = read_at(w, into, w->page_size, page * w->page_size, &got);
    if (rc)
        return rc;
    if (got != w->page_size)
        return damaged(w, table, page, "the file ends before it");
    const char *fault = page_fault(into, w->page_size, page, is_leaf);
    return fault ? damaged(w, table, page, fault) : 0;
}

static int walk_table(struct walk *w, struct table *table);

/* ---- what leaves hold */

static int check_named_table(struct walk *w, const struct table *main_table, uint64_t page, const uint8_t *key,
                             size_t key_len, const uint8_t *record)
{
    struct table *table = calloc(1, sizeof *table);
    if (!table)
        return no_memory(w);
    for (size_t i = 0; i < key_len && i + 1 < sizeof table->name; i++)
        table->name[i] = (char)(key[i] >= ' ' && key[i] < 0x7f ? key[i] : '?');
    int rc = page_read_table(record, &table->says) ? walk_table(w, table)
                                                   : damaged(w, main_table, page, "the record of a table");
    free(table);
    return rc;
}

/* A row of the free list: how many pages, and which, going down. They must be in no other place. */
static int check_free_pages(struct walk *w, const struct table *table, uint64_t page, const uint8_t *data, size_t size)
{
    uint64_t count = size >= 8 ? page_number_at(data, 8) : PAGE_NONE;
    if (count > UINT32_MAX || size < (count + 1) * 8)
        return damaged(w, table, page, "a list of free pages has the wrong size");
    uint64_t before = PAGE_NONE;
    int rc = 0;
    for (uint64_t i = 1; i <= count && !rc; i++) {
        uint64_t free_page = page_number_at(data + 8 * i, 8);
        rc = free_page < before ? claim(w, table, free_page, 1)
                                : damaged(w, table, page, "a list of free pages is out of order");
        before = free_page;
    }
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
    uint64_t count = page_number_at(header + 12, 4);
    if (got != sizeof header || page_number_at(header, 8) != first ||
        (page_short_at(header + 10) & PAGE_KINDS) != PAGE_OVERFLOW || count < least)
        return damaged(w, table, first, "it is no overflow page of that size");
    rc = claim(w, table, first, count);
    table->overflows += count;
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

static int check_row(struct walk *w, struct table *table, uint64_t page, const uint8_t *node)
{
    unsigned flags = page_short_at(node + 4);
    size_t size = (size_t)page_number_at(node, 4), key_size = page_key_size(node);
    const uint8_t *data = node + NODE_HEADER + key_size;
    bool is_big = flags & NODE_BIG, is_table = flags & NODE_TABLE;
    if (is_table != table->is_main || (is_big && size == 0))
        return damaged(w, table, page, "a row is broken");
    if (is_table)
        return size == PAGE_TABLE_SIZE ? check_named_table(w, table, page, node + NODE_HEADER, key_size, data)
                                       : damaged(w, table, page, "the record of a table");
    int rc = is_big ? read_overflow(w, table, page_number_at(data, 8), size) : 0;
    if (rc || !table->is_free_list)
        return rc;
    return is_big ? check_free_overflow(w, table, page, page_number_at(data, 8), size)
                  : check_free_pages(w, table, page, data, size);
}

/* Keys ascend, through all leaves. */
static bool follows_last_key(struct table *table, const uint8_t *key, size_t len)
{
    bool follows = true, is_number = table->says.has_integer_keys || table->is_free_list;
    if (is_number && len != 8)
        return false;
    if (table->entries && is_number)
        follows = page_number_at(key, 8) > page_number_at(table->last_key, 8);
    else if (table->entries) {
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

static int check_node(struct walk *w, struct table *table, const uint8_t *bytes, unsigned index, unsigned level)
{
    uint64_t page = page_number_at(bytes, 8);
    const uint8_t *node = page_node(bytes, index), *key = node + NODE_HEADER;
    size_t key_size = page_key_size(node);
    if (level < table->says.depth) {
        bool is_number = table->says.has_integer_keys || table->is_free_list;
        if (index && is_number && key_size != 8)
            return damaged(w, table, page, "a key has the wrong size");
        return walk_page(w, table, page_below(node), level + 1);
    }
    if (key_size == 0 || !follows_last_key(table, key, key_size))
        return damaged(w, table, page, "a key is out of order");
    table->entries++;
    return check_row(w, table, page, node);
}

static int walk_page(struct walk *w, struct table *table, uint64_t page, unsigned level)
{
    bool is_leaf = level == table->says.depth;
    uint8_t *bytes = malloc(w->page_size);
    int rc = bytes ? read_page(w, table, page, is_leaf, bytes) : no_memory(w);
    *(is_leaf ? &table->leaves : &table->branches) += 1;
    for (unsigned i = 0; !rc && i < page_node_count(bytes); i++)
        rc = check_node(w, table, bytes, i, level);
    free(bytes);
    return rc;
}

static int walk_table(struct walk *w, struct table *table)
{
    const struct page_table *says = &table->says;
    int rc = says->root == PAGE_NONE ? 0 : walk_page(w, table, says->root, 1);
    if (!rc && (says->entries != table->entries || says->branches != table->branches || says->leaves != table->leaves ||
                says->overflows != table->overflows))
        rc = damaged(w, table, says->root, "it has not as many rows or pages as it says");
    return rc;
}

/* ---- the file */

/* Commits write the two in turn, by their numbers; a fresh file has neither. Swapped, the one before the last commit
 * would be read as the last. */
static bool is_in_its_place(const uint8_t *page, const struct page_meta *meta, unsigned which)
{
    return page_number_at(page, 8) == which && (meta->txn_id == 0 || meta->txn_id % 2 == which);
}

static int read_meta(struct walk *w, unsigned which, uint64_t offset, struct page_meta *ret)
{
    static const struct table none = {.name = "(meta)"};
    uint8_t page[PAGE_META_SIZE];
    size_t got = 0;
    int rc = read_at(w, page, sizeof page, offset, &got);
    if (!rc && (got != sizeof page || !page_read_meta(page, ret)))
        rc = damaged(w, &none, which, "it is no meta page of LMDB 0.9");
    if (!rc && !is_in_its_place(page, ret, which))
        rc = damaged(w, &none, which, "it is the other meta page");
    return rc;
}

/* Both must be whole, as LMDB reads both; the newer one counts. */
static int read_metas(struct walk *w, struct page_meta *ret)
{
    static const struct table none = {.name = "(meta)"};
    struct page_meta first, second;
    int rc = read_meta(w, 0, 0, &first);
    if (!rc)
        rc = read_meta(w, 1, first.page_size, &second);
    if (!rc && first.page_size != second.page_size)
        rc = damaged(w, &none, 1, "it says another page size");
    if (!rc)
        *ret = first.txn_id >= second.txn_id ? first : second;
    return rc;
}

enum { ONLY_FREE_LIST = 1, ALL_TABLES = 2 };

static int walk_file(struct walk *w, int table_count)
{
    struct page_meta meta;
    struct stat file;
    int rc = read_metas(w, &meta);
    if (rc)
        return rc;
    if (fstat(w->fd, &file))
        return daybook_fail(w->err, DAYBOOK_IO, "%s cannot be read: %s.", w->path, strerror(errno));
    uint64_t held = (uint64_t)file.st_size / meta.page_size;
    struct table *tables = calloc(ALL_TABLES, sizeof *tables);
    w->page_size = meta.page_size;
    w->page_count = meta.last_page < held ? meta.last_page + 1 : held;
    w->seen = calloc(w->page_count / 8 + 1, 1);
    if (!tables || !w->seen) {
        rc = no_memory(w);
        goto done;
    }
    tables[0] = (struct table){.name = "(free pages)", .is_free_list = true, .says = meta.free_pages};
    tables[1] = (struct table){.name = "(tables)", .is_main = true, .says = meta.tables};
    if (meta.last_page >= held)
        rc = damaged(w, &tables[1], meta.last_page, "the file was cut off");
    for (int i = 0; i < table_count && !rc; i++)
        rc = walk_table(w, &tables[i]);
done:
    free(w->seen);
    free(tables);
    return rc;
}

int pagewalk_file(const char *path, struct daybook_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return daybook_fail(err, DAYBOOK_IO, "%s cannot be opened: %s.", path, strerror(errno));
    int rc = pagewalk_open_file(fd, path, err);
    close(fd);
    return rc;
}

int pagewalk_open_file(int fd, const char *path, struct daybook_error *err)
{
    struct walk w = {.path = path, .fd = fd, .err = err};
    return walk_file(&w, ALL_TABLES);
}

int pagewalk_free_list(int fd, const char *path, struct daybook_error *err)
{
    struct walk w = {.path = path, .fd = fd, .err = err};
    return walk_file(&w, ONLY_FREE_LIST);
}

int pagewalk_metas(const char *path, struct daybook_error *err)
{
    struct walk w = {.path = path, .fd = open(path, O_RDONLY | O_CLOEXEC), .err = err};
    struct page_meta meta;
    struct stat file;
    if (w.fd < 0)
        return 0; /* whoever opens it next says why */
    int rc = fstat(w.fd, &file) || file.st_size == 0 ? 0 : read_metas(&w, &meta);
    close(w.fd);
    return rc;
}
