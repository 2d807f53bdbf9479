/* From the root of a table down to the leaf of a key, by pread and with bounds of our own, as in pagewalk.c. */
#include "ledger/pagepath.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/page.h"

enum { TABLES_MAX = 8 };

struct bound {
    bool is_set;
    size_t size;
    uint8_t key[PAGE_KEY_MAX];
};

/* Keys from low to below high belong to a leaf that was looked at, with all above it. */
struct known_range {
    const char *table;
    bool has_integer_keys, is_known;
    struct bound low, high;
};

struct pagepath {
    char *folder;
    size_t txn_id;         /* in which meta was read */
    struct page_meta meta; /* what the writer begins with */
    uint8_t *looked_at;    /* a bit a page; pages behind page_count are newer than this */
    uint64_t page_count;
    struct known_range ranges[TABLES_MAX];
    uint8_t page[PAGE_SIZE_MAX], beside[PAGE_SIZE_MAX];
};

/* One way down. */
struct descent {
    struct pagepath *paths;
    int fd;
    const char *table;
    const struct page_table *says;
    const uint8_t *key;
    size_t key_size;
    struct bound low, high;
    struct daybook_error *err;
};

struct pagepath *pagepath_new(const char *folder)
{
    struct pagepath *paths = calloc(1, sizeof *paths);
    if (paths && !(paths->folder = strdup(folder))) {
        free(paths);
        return NULL;
    }
    return paths;
}

void pagepath_free(struct pagepath *paths)
{
    if (!paths)
        return;
    free(paths->looked_at);
    free(paths->folder);
    free(paths);
}

static int compare_keys(bool are_integers, const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size)
{
    if (are_integers && a_size == 8 && b_size == 8) {
        uint64_t x = page_number_at(a, 8), y = page_number_at(b, 8);
        return (x > y) - (x < y);
    }
    int order = memcmp(a, b, a_size < b_size ? a_size : b_size);
    return order ? order : (a_size > b_size) - (a_size < b_size);
}

static bool is_below(const struct known_range *range, const uint8_t *key, size_t size, const struct bound *bound)
{
    return compare_keys(range->has_integer_keys, key, size, bound->key, bound->size) < 0;
}

static bool is_in(const struct known_range *range, const uint8_t *key, size_t size)
{
    return range->is_known && !(range->low.is_set && is_below(range, key, size, &range->low)) &&
           !(range->high.is_set && !is_below(range, key, size, &range->high));
}

static int damaged(const struct descent *d, uint64_t page, const char *what)
{
    return daybook_fail(d->err, DAYBOOK_DAMAGED, "%s/data.mdb is damaged: page %llu, table %s: %s. Restore a backup.",
                        d->paths->folder, (unsigned long long)page, d->table, what);
}

static int read_bytes(const struct descent *d, void *into, size_t size, uint64_t offset)
{
    ssize_t got;
    do
        got = pread(d->fd, into, size, (off_t)offset);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return daybook_fail(d->err, DAYBOOK_IO, "%s/data.mdb cannot be read: %s.", d->paths->folder, strerror(errno));
    return (size_t)got == size ? 0 : damaged(d, offset / d->paths->meta.page_size, "the file ends before it");
}

static int read_page(struct descent *d, uint64_t page, bool is_leaf, uint8_t *into)
{
    struct pagepath *paths = d->paths;
    if (page < 2 || page > paths->meta.last_page)
        return damaged(d, page, "the number lies outside the file");
    int rc = read_bytes(d, into, paths->meta.page_size, page * paths->meta.page_size);
    bool is_known = page >= paths->page_count || paths->looked_at[page / 8] & 1 << page % 8;
    const char *fault = rc || is_known ? NULL : page_fault(into, paths->meta.page_size, page, is_leaf);
    if (fault)
        return damaged(d, page, fault);
    if (!rc && !is_known)
        paths->looked_at[page / 8] |= (uint8_t)(1 << page % 8);
    return rc;
}

static void set_bound(struct bound *bound, const uint8_t *node)
{
    bound->is_set = true;
    bound->size = page_key_size(node);
    memcpy(bound->key, node + NODE_HEADER, bound->size);
}

/* The last node whose key is not above ours; the first node's key counts as lowest of all. */
static unsigned choose_node(const struct descent *d, const uint8_t *page)
{
    unsigned low = 0, high = page_node_count(page);
    while (high - low > 1) {
        unsigned middle = low + (high - low) / 2;
        const uint8_t *node = page_node(page, middle);
        bool is_above =
            compare_keys(d->says->has_integer_keys, node + NODE_HEADER, page_key_size(node), d->key, d->key_size) > 0;
        *(is_above ? &high : &low) = middle;
    }
    return low;
}

/* To the leaf, which is then in paths->page. */
static int descend(struct descent *d)
{
    uint8_t *page = d->paths->page, *beside = d->paths->beside;
    uint64_t number = d->says->root;
    int rc = read_page(d, number, d->says->depth == 1, page);
    for (unsigned level = 2; level <= d->says->depth && !rc; level++) {
        bool is_leaf = level == d->says->depth;
        unsigned chosen = choose_node(d, page), count = page_node_count(page);
        if (chosen > 0) {
            set_bound(&d->low, page_node(page, chosen));
            rc = read_page(d, page_below(page_node(page, chosen - 1)), is_leaf, beside);
        }
        if (!rc && chosen + 1 < count) {
            set_bound(&d->high, page_node(page, chosen + 1));
            rc = read_page(d, page_below(page_node(page, chosen + 1)), is_leaf, beside);
        }
        number = page_below(page_node(page, chosen));
        if (!rc)
            rc = read_page(d, number, is_leaf, page);
    }
    return rc;
}

/* ---- what the writer begins with */

static int read_meta(struct descent *d, uint64_t offset, struct page_meta *ret)
{
    uint8_t page[PAGE_META_SIZE];
    int rc = read_bytes(d, page, sizeof page, offset);
    return rc || page_read_meta(page, ret) ? rc : damaged(d, offset != 0, "it is no meta page of LMDB 0.9");
}

static int begin(struct descent *d, size_t txn_id)
{
    struct pagepath *paths = d->paths;
    struct page_meta first, second;
    if (paths->txn_id == txn_id)
        return 0;
    paths->meta.page_size = PAGE_SIZE_MIN;
    int rc = read_meta(d, 0, &first);
    if (!rc)
        rc = read_meta(d, first.page_size, &second);
    if (rc)
        return rc;
    paths->meta = first.txn_id >= second.txn_id ? first : second;
    if (!paths->looked_at) {
        paths->page_count = paths->meta.last_page + 1;
        paths->looked_at = calloc(paths->page_count / 8 + 1, 1);
        if (!paths->looked_at)
            return daybook_fail(d->err, DAYBOOK_NO_MEMORY, "Out of memory while checking the pages of %s.",
                                paths->folder);
    }
    paths->txn_id = txn_id;
    return 0;
}

/* The record of a table stands in a tree of its own, under the table's name. */
static int find_table(struct descent *d, struct page_table *ret)
{
    const uint8_t *page = d->paths->page;
    struct descent to_record = *d;
    to_record.says = &d->paths->meta.tables;
    to_record.key = (const uint8_t *)d->table;
    to_record.key_size = strlen(d->table);
    *ret = (struct page_table){.root = PAGE_NONE};
    int rc = to_record.says->root == PAGE_NONE ? 0 : descend(&to_record);
    if (rc || to_record.says->root == PAGE_NONE)
        return rc;
    const uint8_t *node = page_node(page, choose_node(&to_record, page));
    if (compare_keys(false, node + NODE_HEADER, page_key_size(node), to_record.key, to_record.key_size) != 0)
        return 0;
    if (page_short_at(node + 4) != NODE_TABLE || page_number_at(node, 4) != PAGE_TABLE_SIZE ||
        !page_read_table(node + NODE_HEADER + page_key_size(node), ret))
        return damaged(d, page_number_at(page, 8), "the record of a table");
    return 0;
}

/* NULL when there are more tables than anybody has: those are looked at each time. */
static struct known_range *find_range(struct pagepath *paths, const char *table)
{
    for (int i = 0; i < TABLES_MAX; i++) {
        struct known_range *range = &paths->ranges[i];
        if (!range->table)
            range->table = table;
        if (strcmp(range->table, table) == 0)
            return range;
    }
    return NULL;
}

int pagepath_check(struct pagepath *paths, int fd, size_t txn_id, const char *table, const void *key, size_t key_size,
                   struct daybook_error *err)
{
    struct known_range *range = find_range(paths, table);
    if (range && is_in(range, key, key_size))
        return 0;
    struct page_table says;
    struct descent d = {.paths = paths, .fd = fd, .table = table, .key = key, .key_size = key_size, .err = err};
    int rc = begin(&d, txn_id);
    if (!rc)
        rc = find_table(&d, &says);
    d.says = &says;
    if (!rc && says.root != PAGE_NONE)
        rc = descend(&d);
    if (!rc && range) { /* of an empty table all keys */
        range->has_integer_keys = says.has_integer_keys;
        range->low = d.low;
        range->high = d.high;
        range->is_known = true;
    }
    return rc;
}
