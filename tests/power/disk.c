/* Durable and pending states of files and names; see disk.h. */
#include "tests/power/disk.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/scratch.h"

enum { NODES_MAX = 4096, NAME_SIZE = 64, SECTOR = 512, PAGE = 4096, CHANCE_WHOLE = 1000 };

/* A file or a folder, whatever it is called. */
struct node {
    bool is_folder;
    uint8_t *bytes; /* durable */
    size_t len;
    struct record *pending; /* writes and resizes */
    size_t pending_count;
};

/* A name in a folder; target < 0: none. */
struct name {
    int folder, target;
    char text[NAME_SIZE];
};

/* A change of one name, or of two at once. */
struct change {
    struct name names[2];
    unsigned count;
};

struct names {
    struct name *all;
    size_t count;
};

struct disk {
    unsigned lies;
    struct node nodes[NODES_MAX];
    int node_count;
    struct names now, durable;
    struct change *pending;
    size_t pending_count;
};

static void *grown(void *array, size_t count, size_t size)
{
    if (count & (count - 1)) /* capacities are powers of two */
        return array;
    array = realloc(array, (count ? count * 2 : 1) * size);
    if (!array)
        abort();
    return array;
}

static int add_node(struct disk *disk, bool is_folder)
{
    if (disk->node_count == NODES_MAX)
        abort();
    disk->nodes[disk->node_count].is_folder = is_folder;
    return disk->node_count++;
}

struct disk *disk_new(unsigned lies)
{
    struct disk *disk = calloc(1, sizeof *disk);
    if (!disk)
        abort();
    disk->lies = lies;
    add_node(disk, true); /* the folder itself */
    return disk;
}

void disk_free(struct disk *disk)
{
    for (int i = 0; i < disk->node_count; i++) {
        free(disk->nodes[i].bytes);
        free(disk->nodes[i].pending);
    }
    free(disk->now.all);
    free(disk->durable.all);
    free(disk->pending);
    free(disk);
}

/* ---- names */

static struct name *find_name(const struct names *names, const struct name *wanted)
{
    for (size_t i = 0; i < names->count; i++)
        if (names->all[i].folder == wanted->folder && strcmp(names->all[i].text, wanted->text) == 0)
            return &names->all[i];
    return NULL;
}

static void set_name(struct names *names, const struct name *name)
{
    struct name *there = find_name(names, name);
    if (!there) {
        names->all = grown(names->all, names->count, sizeof *names->all);
        there = &names->all[names->count++];
    }
    *there = *name;
}

/* Where a path leads now; target < 0 where nothing is. The path "" is the folder itself, which has no name. */
static struct name look_up(const struct disk *disk, const char *path)
{
    struct name name = {.folder = -1, .target = 0};
    while (*path) {
        size_t len = strcspn(path, "/");
        if (len >= NAME_SIZE || name.target < 0)
            abort();
        name.folder = name.target;
        memcpy(name.text, path, len);
        name.text[len] = '\0';
        const struct name *there = find_name(&disk->now, &name);
        name.target = there ? there->target : -1;
        path += len + (path[len] == '/');
    }
    return name;
}

static void change_names(struct disk *disk, const struct change *change)
{
    disk->pending = grown(disk->pending, disk->pending_count, sizeof *disk->pending);
    disk->pending[disk->pending_count++] = *change;
    for (unsigned i = 0; i < change->count; i++)
        set_name(&disk->now, &change->names[i]);
}

static void create(struct disk *disk, const struct record *record)
{
    struct change change = {.names = {look_up(disk, record->path)}, .count = 1};
    change.names[0].target = add_node(disk, record->kind == RECORD_MKDIR);
    change_names(disk, &change);
}

static void remove_name(struct disk *disk, const struct record *record)
{
    struct change change = {.names = {look_up(disk, record->path)}, .count = 1};
    change.names[0].target = -1;
    change_names(disk, &change);
}

static void rename_it(struct disk *disk, const struct record *record)
{
    struct change change = {.names = {look_up(disk, record->path), look_up(disk, (const char *)record->bytes)},
                            .count = 2};
    change.names[1].target = change.names[0].target;
    change.names[0].target = -1;
    change_names(disk, &change);
}

/* ---- bytes */

static void put_bytes(uint8_t **bytes, size_t *len, uint64_t offset, const uint8_t *from, size_t count)
{
    if (offset + count > *len) {
        *bytes = realloc(*bytes, offset + count);
        if (!*bytes)
            abort();
        memset(*bytes + *len, 0, offset + count - *len);
        *len = offset + count;
    }
    memcpy(*bytes + offset, from, count);
}

static void apply_whole(uint8_t **bytes, size_t *len, const struct record *record)
{
    if (record->kind == RECORD_WRITE)
        put_bytes(bytes, len, record->offset, record->bytes, record->len);
    else if (record->offset > *len)
        put_bytes(bytes, len, record->offset - 1, (const uint8_t *)"", 1);
    else
        *len = record->offset;
}

static void change_bytes(struct disk *disk, const struct record *record)
{
    int target = look_up(disk, record->path).target;
    if (target < 0)
        abort();
    struct node *node = &disk->nodes[target];
    node->pending = grown(node->pending, node->pending_count, sizeof *node->pending);
    node->pending[node->pending_count++] = *record;
}

static void sync_write(struct disk *disk, const struct record *record)
{
    struct node *node = &disk->nodes[look_up(disk, record->path).target];
    if (!(disk->lies & DISK_SYNC_WRITES_LIE))
        apply_whole(&node->bytes, &node->len, &node->pending[--node->pending_count]);
}

static void sync_folder(struct disk *disk, int folder)
{
    size_t kept = 0;
    for (size_t i = 0; i < disk->pending_count; i++) {
        const struct change *change = &disk->pending[i];
        if (change->names[change->count - 1].folder != folder) {
            disk->pending[kept++] = *change;
            continue;
        }
        for (unsigned n = 0; n < change->count; n++)
            set_name(&disk->durable, &change->names[n]);
    }
    disk->pending_count = kept;
}

static void sync_node(struct disk *disk, const struct record *record)
{
    int target = look_up(disk, record->path).target;
    struct node *node = &disk->nodes[target];
    if (node->is_folder && !(disk->lies & DISK_FOLDERS_LIE))
        sync_folder(disk, target);
    if (node->is_folder || disk->lies & DISK_FILES_LIE)
        return;
    for (size_t i = 0; i < node->pending_count; i++)
        apply_whole(&node->bytes, &node->len, &node->pending[i]);
    node->pending_count = 0;
}

static void nothing(struct disk *disk, const struct record *record)
{
    (void)disk, (void)record;
}

void disk_apply(struct disk *disk, const struct record *record)
{
    static void (*const apply[])(struct disk *, const struct record *) = {
        [RECORD_CREATE] = create,      [RECORD_MKDIR] = create,       [RECORD_RENAME] = rename_it,
        [RECORD_REMOVE] = remove_name, [RECORD_WRITE] = change_bytes, [RECORD_RESIZE] = change_bytes,
        [RECORD_SYNC] = sync_node,     [RECORD_SYNC_WRITE] = sync_write, [RECORD_ANSWER] = nothing,
    };
    apply[record->kind](disk, record);
}

/* ---- images */

/* How a cut chooses. `kept` and `torn` of a thousand pending changes are; the rest is lost. */
struct mood {
    uint32_t kept, torn;
    uint64_t *random;
};

static bool chance(const struct mood *mood, uint32_t of_a_thousand)
{
    return random_below(mood->random, CHANCE_WHOLE) < of_a_thousand;
}

/* Some of a write: a prefix, or each unit of a size or not; always whole sectors of the file. */
static void apply_torn(uint8_t **bytes, size_t *len, const struct record *record, const struct mood *mood)
{
    static const uint32_t units[] = {SECTOR, PAGE};
    const uint32_t unit = units[random_below(mood->random, 2)];
    const bool is_prefix = random_below(mood->random, 3) == 0;
    uint64_t at = record->offset, end = record->offset + record->len;
    uint64_t prefix_end = at + random_below(mood->random, record->len + 1);
    while (at < end) {
        uint64_t next = (at / unit + 1) * unit;
        if (next > end)
            next = end;
        if (is_prefix ? next <= prefix_end : chance(mood, CHANCE_WHOLE / 2))
            put_bytes(bytes, len, at, record->bytes + (at - record->offset), next - at);
        at = next;
    }
}

static void write_file(const char *path, const uint8_t *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0660);
    if (fd < 0 || (len && pwrite(fd, bytes, len, 0) != (ssize_t)len))
        abort();
    close(fd);
}

/* LMDB maps its lock file, so nobody knows what of it is on the disk. */
static void fill_lock(uint8_t *bytes, size_t len, const struct mood *mood)
{
    if (chance(mood, CHANCE_WHOLE / 2))
        for (size_t i = 0; i + 8 <= len; i += 8) {
            uint64_t rubbish = random_next(mood->random);
            memcpy(bytes + i, &rubbish, sizeof rubbish);
        }
}

static void make_file(const struct node *node, const char *path, const struct mood *mood)
{
    size_t len = node->len;
    uint8_t *bytes = malloc(len + 1);
    if (!bytes)
        abort();
    if (len)
        memcpy(bytes, node->bytes, len);
    for (size_t i = 0; i < node->pending_count; i++)
        if (chance(mood, mood->kept))
            apply_whole(&bytes, &len, &node->pending[i]);
        else if (node->pending[i].kind == RECORD_WRITE && chance(mood, mood->torn))
            apply_torn(&bytes, &len, &node->pending[i], mood);
    if (strstr(path, "/lock.mdb") && mood->kept != CHANCE_WHOLE)
        fill_lock(bytes, len, mood);
    write_file(path, bytes, len);
    free(bytes);
}

static void make_folder(const struct disk *disk, const struct names *names, int folder, const char *path,
                        const struct mood *mood)
{
    if (mkdir(path, 0770))
        abort();
    for (size_t i = 0; i < names->count; i++) {
        const struct name *name = &names->all[i];
        char below[4096];
        if (name->folder != folder || name->target < 0)
            continue;
        snprintf(below, sizeof below, "%s/%s", path, name->text);
        if (disk->nodes[name->target].is_folder)
            make_folder(disk, names, name->target, below, mood);
        else
            make_file(&disk->nodes[name->target], below, mood);
    }
}

/* The choice among the pending changes of names, which apply in their order. */
static struct names choose_names(const struct disk *disk, const struct mood *mood)
{
    struct names names = {0};
    for (size_t i = 0; i < disk->durable.count; i++)
        set_name(&names, &disk->durable.all[i]);
    for (size_t i = 0; i < disk->pending_count; i++)
        if (chance(mood, mood->kept))
            for (unsigned n = 0; n < disk->pending[i].count; n++)
                set_name(&names, &disk->pending[i].names[n]);
    return names;
}

static void make_image(const struct disk *disk, const char *folder, const struct mood *mood)
{
    struct names names = choose_names(disk, mood);
    make_folder(disk, &names, 0, folder, mood);
    free(names.all);
}

void disk_image(const struct disk *disk, const char *folder, uint64_t *random)
{
    /* All lost; mostly lost; half and half; mostly kept; torn wherever possible. */
    static const struct mood moods[] = {{0, 0, NULL}, {100, 300, NULL}, {500, 500, NULL}, {900, 500, NULL},
                                        {300, 1000, NULL}};
    struct mood mood = moods[random_below(random, sizeof moods / sizeof *moods)];
    mood.random = random;
    make_image(disk, folder, &mood);
}

void disk_image_whole(const struct disk *disk, const char *folder)
{
    uint64_t random = 0;
    make_image(disk, folder, &(struct mood){CHANCE_WHOLE, 0, &random});
}
