/* Copies through the public interface, in one process, and the folders below them. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "daybook/backup.h"
#include "daybook/erase.h"
#include "ledger/backup.h"
#include "ledger/folder.h"
#include "tests/unit/scratch.h"

/* A disk that does not give back what a file of that name has. */
static const char *unreadable;

ssize_t read(int fd, void *bytes, size_t len)
{
    static ssize_t (*real)(int, void *, size_t);
    char link[64], path[PATH_MAX] = "";
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "read");
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (unreadable && readlink(link, path, sizeof path - 1) > 0 && strstr(path, unreadable)) {
        errno = EIO;
        return -1;
    }
    return real(fd, bytes, len);
}

struct place {
    char root[SCRATCH_PATH_SIZE], folder[SCRATCH_PATH_SIZE + 16], backups[SCRATCH_PATH_SIZE + 16];
    struct daybook *ledger;
};

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    scratch_folder(p->root);
    snprintf(p->folder, sizeof p->folder, "%s/ledger", p->root);
    snprintf(p->backups, sizeof p->backups, "%s/backups", p->root);
    p->ledger = scratch_ledger(p->folder);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;
    daybook_close(p->ledger);
    scratch_remove(p->root);
    free(p);
    return 0;
}

/* ---- short ways */

static int create(struct daybook *ledger, const char *customer)
{
    struct daybook_draft_item item = {.code = DAYBOOK_TEXT("LW-1"),
                                      .has_quantity = true,
                                      .quantity = {12, 0},
                                      .expected_on = DAYBOOK_DAY_NONE};
    struct daybook_draft draft;
    struct daybook_result result;
    daybook_draft_init(&draft, DAYBOOK_ORDER_CREATED);
    draft.customer = text_of(customer);
    draft.items = &item, draft.item_count = 1;
    return record(ledger, &draft, 1, &result);
}

enum { ALL = -1 };

/* The root over the first `size` events, or over all; returns how many there are. */
static uint64_t root_at(struct daybook *ledger, int64_t size, uint8_t root[32])
{
    struct daybook_snapshot *snapshot;
    assert_int_equal(daybook_snapshot_begin(ledger, &snapshot, NULL), 0);
    uint64_t last = daybook_last_seq(snapshot);
    assert_int_equal(daybook_root(snapshot, size == ALL ? last : (uint64_t)size, root, NULL), 0);
    daybook_snapshot_end(snapshot);
    return last;
}

static unsigned entries_of(const char *path)
{
    DIR *folder = opendir(path);
    unsigned count = 0;
    while (readdir(folder))
        count++;
    closedir(folder);
    return count - 2;
}

/* ---- backups */

struct writer {
    struct daybook *ledger;
    atomic_bool stop;
};

static void *write_orders(void *argument)
{
    struct writer *writer = argument;
    for (int i = 0; !atomic_load(&writer->stop); i++) {
        char name[32];
        snprintf(name, sizeof name, "Customer %d", i);
        if (create(writer->ledger, name))
            abort();
    }
    return NULL;
}

static void backups_beside_writing_threads_are_states_of_the_log(void **state)
{
    struct place *p = *state;
    enum { BACKUPS = 8 };
    struct daybook_copy copies[BACKUPS];
    struct writer writer = {.ledger = p->ledger};
    pthread_t threads[2];
    uint64_t removed;
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, write_orders, &writer);
    for (int i = 0; i < BACKUPS; i++)
        assert_int_equal(daybook_backup(p->ledger, p->backups, NULL, &copies[i], &removed, NULL), 0);
    atomic_store(&writer.stop, true);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < BACKUPS; i++) {
        char folder[SCRATCH_PATH_SIZE + 80];
        uint8_t root[32];
        root_at(p->ledger, (int64_t)copies[i].events, root);
        assert_memory_equal(copies[i].root, root, 32);
        assert_string_equal(copies[i].ledger, daybook_id(p->ledger));
        snprintf(folder, sizeof folder, "%s/%s", p->backups, copies[i].name);
        struct daybook_copy again;
        assert_int_equal(backup_read(folder, &again, NULL), 0);
        assert_int_equal(again.events, copies[i].events);
        assert_int_equal(again.made_us, copies[i].made_us);
        assert_true(i == 0 || strcmp(copies[i - 1].name, copies[i].name) < 0);
    }
}

struct steps {
    enum daybook_copy_step step;
    uint64_t done;
    bool seen[2];
};

static void watch_steps(void *context, enum daybook_copy_step step, uint64_t done, uint64_t total)
{
    struct steps *s = context;
    assert_true(step >= s->step && done <= total);
    assert_true(step > s->step || done >= s->done);
    s->step = step;
    s->done = done;
    s->seen[step] = true;
}

static void progress_goes_forward_and_files_lie_in_the_backup(void **state)
{
    struct place *p = *state;
    struct steps steps = {0};
    const struct daybook_copy_file file = {"note.txt", DAYBOOK_TEXT("keep me")};
    const struct daybook_backup_options options = {
        .progress = watch_steps, .context = &steps, .files = &file, .file_count = 1};
    struct daybook_copy copy;
    uint64_t removed;
    char path[SCRATCH_PATH_SIZE + 100], text[20] = "";
    for (int i = 0; i < 1500; i++)
        create(p->ledger, "ACME");
    assert_int_equal(daybook_backup(p->ledger, p->backups, &options, &copy, &removed, NULL), 0);
    assert_true(steps.seen[DAYBOOK_STEP_COPY] && steps.seen[DAYBOOK_STEP_VERIFY]);
    snprintf(path, sizeof path, "%s/%s/note.txt", p->backups, copy.name);
    int fd = open(path, O_RDONLY);
    assert_int_equal(read(fd, text, sizeof text - 1), 7);
    close(fd);
    assert_string_equal(text, "keep me");
}

/* ---- forgetting meanwhile */

struct forgetting {
    struct daybook *ledger;
    enum daybook_copy_step step; /* in which somebody is forgotten, once */
    bool done;
};

static void forget_meanwhile(void *context, enum daybook_copy_step step, uint64_t done, uint64_t total)
{
    struct forgetting *f = context;
    const struct daybook_erase_request request = {.kind = DAYBOOK_ERASE_CUSTOMER,
                                                  .name = DAYBOOK_TEXT("Zacharias Unforgettable"),
                                                  .reason = DAYBOOK_TEXT("asked for"),
                                                  .actor = DAYBOOK_TEXT("li.lei"),
                                                  .via = DAYBOOK_TEXT("li.lei@host"),
                                                  .via_kind = DAYBOOK_TEXT("os")};
    struct daybook_erased erased;
    (void)done, (void)total;
    if (f->done || step != f->step)
        return;
    f->done = true;
    assert_int_equal(daybook_erase(f->ledger, &request, &erased, NULL), 0);
    assert_int_equal(erased.values, 1);
}

static const char *sought;

static int find_in_file(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)where;
    if (kind != FTW_F)
        return 0;
    char *bytes = malloc((size_t)status->st_size + 1);
    int fd = open(path, O_RDONLY);
    ssize_t len = read(fd, bytes, (size_t)status->st_size);
    close(fd);
    bool found = len > 0 && memmem(bytes, (size_t)len, sought, strlen(sought));
    free(bytes);
    return found;
}

static bool is_said_below(const char *folder, const char *text)
{
    sought = text;
    return nftw(folder, find_in_file, 16, FTW_PHYS) != 0;
}

static void who_is_forgotten_meanwhile_is_not_in_the_backup(void **state)
{
    struct place *p = *state;
    for (enum daybook_copy_step step = DAYBOOK_STEP_COPY; step <= DAYBOOK_STEP_VERIFY; step++) {
        struct forgetting forgetting = {.ledger = p->ledger, .step = step};
        const struct daybook_backup_options options = {
            .progress = forget_meanwhile, .context = &forgetting, .keep = 1};
        struct daybook_copy copy;
        uint64_t removed;
        uint8_t root[32];
        create(p->ledger, "Zacharias Unforgettable");
        for (int i = 0; i < 1100; i++)
            create(p->ledger, "Remains");
        assert_int_equal(daybook_backup(p->ledger, p->backups, NULL, &copy, &removed, NULL), 0);
        assert_true(is_said_below(p->backups, "Zacharias"));
        assert_int_equal(daybook_backup(p->ledger, p->backups, &options, &copy, &removed, NULL), 0);
        assert_true(forgetting.done);
        assert_int_equal(copy.events, root_at(p->ledger, ALL, root));
        assert_memory_equal(copy.root, root, 32);
        assert_false(is_said_below(p->backups, "Zacharias"));
        assert_true(is_said_below(p->backups, "Remains"));
        assert_int_equal(entries_of(p->backups), 1);
    }
}

static void a_restored_ledger_is_written_to_and_kept_apart(void **state)
{
    struct place *p = *state;
    struct daybook_copy made, restored;
    uint64_t count;
    char folder[SCRATCH_PATH_SIZE + 16];
    uint8_t root[32];
    struct daybook *again;
    snprintf(folder, sizeof folder, "%s/again/", p->root);
    create(p->ledger, "王小明");
    assert_int_equal(daybook_backup(p->ledger, p->backups, NULL, &made, &count, NULL), 0);
    assert_int_equal(count, 0);
    assert_int_equal(daybook_restore(p->backups, folder, NULL, &restored, &count, NULL), 0);
    assert_int_equal(count, 0);
    assert_string_equal(restored.name, made.name);
    assert_memory_equal(restored.root, made.root, 32);
    assert_int_equal(daybook_restore(p->backups, folder, NULL, &restored, &count, NULL), DAYBOOK_ALREADY_EXISTS);
    assert_int_equal(daybook_open(folder, NULL, &again, NULL), 0);
    assert_int_equal(create(again, "王小明"), 0);
    assert_true(root_at(again, (int64_t)made.events, root) > made.events);
    assert_memory_equal(root, made.root, 32);
    assert_int_equal(root_at(p->ledger, ALL, root), made.events);
    daybook_close(again);
}

static void what_cannot_be_read_is_named(void **state)
{
    struct place *p = *state;
    struct daybook_copy made, restored;
    struct daybook_error err = {0};
    uint64_t count;
    char folder[SCRATCH_PATH_SIZE + 16], file[SCRATCH_PATH_SIZE + 128];
    snprintf(folder, sizeof folder, "%s/again", p->root);
    create(p->ledger, "A");
    assert_int_equal(daybook_backup(p->ledger, p->backups, NULL, &made, &count, NULL), 0);
    snprintf(file, sizeof file, "%s/%s/log/data.mdb", p->backups, made.name);
    unreadable = file;
    assert_int_equal(daybook_restore(p->backups, folder, NULL, &restored, &count, &err), DAYBOOK_IO);
    unreadable = NULL;
    assert_non_null(strstr(err.message, "reading"));
    assert_non_null(strstr(err.message, file));
    assert_int_not_equal(access(folder, F_OK), 0);
}

/* Where a folder of an environment should be there is something else: an older backup is taken. */
static void a_backup_with_a_file_for_a_folder_is_passed_over(void **state)
{
    struct place *p = *state;
    struct daybook_copy older, newer, restored;
    uint64_t count;
    char folder[SCRATCH_PATH_SIZE + 16], file[SCRATCH_PATH_SIZE + 128];
    snprintf(folder, sizeof folder, "%s/again", p->root);
    create(p->ledger, "A");
    assert_int_equal(daybook_backup(p->ledger, p->backups, NULL, &older, &count, NULL), 0);
    create(p->ledger, "B");
    assert_int_equal(daybook_backup(p->ledger, p->backups, NULL, &newer, &count, NULL), 0);
    snprintf(file, sizeof file, "%s/%s/personal-9", p->backups, newer.name);
    assert_int_equal(folder_write_file(file, "x", 1, NULL), 0);
    assert_int_equal(daybook_restore(p->backups, folder, NULL, &restored, &count, NULL), 0);
    assert_int_equal(count, 1);
    assert_string_equal(restored.name, older.name);
}

static void what_is_no_manifest_of_ours_is_no_backup(void **state)
{
    struct place *p = *state;
    struct daybook_copy copy = {.ledger = "00112233445566778899aabbccddeeff", .events = 7, .made_us = 1};
    char path[SCRATCH_PATH_SIZE + 64], text[1000];
    static const char *const changes[][2] = {
        {"\"daybook_backup\": 1", "\"daybook_backup\": 2"}, {"\"events\": 7", "\"events\": 07"},
        {"\"events\": 7", "\"events\": -7"},                {"0011", "001G"},
        {"1970-01-01", "1970-02-30"},                       {"}\n", "}\n\n"},
        {"}\n", ""},                                        {"\"root\"", "\"ROOT\""},
    };
    assert_int_equal(folder_make(p->backups, NULL), 0);
    assert_int_equal(backup_write_manifest(p->backups, &copy, NULL), 0);
    assert_int_equal(backup_read(p->backups, &copy, NULL), 0);
    assert_int_equal(copy.events, 7);
    assert_int_equal(copy.made_us, 1);
    snprintf(path, sizeof path, "%s/backup.json", p->backups);
    int fd = open(path, O_RDONLY);
    ssize_t len = read(fd, text, sizeof text - 1);
    close(fd);
    text[len] = '\0';
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        char changed[1100];
        const char *at = strstr(text, changes[i][0]);
        assert_non_null(at);
        snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, changes[i][1],
                 at + strlen(changes[i][0]));
        assert_int_equal(unlink(path), 0);
        assert_int_equal(folder_write_file(path, changed, strlen(changed), NULL), 0);
        assert_int_equal(backup_read(p->backups, &copy, NULL), DAYBOOK_NOT_FOUND);
    }
}

/* ---- pull */

static struct daybook *copy_of(struct place *p, const char *name, char folder[SCRATCH_PATH_SIZE + 16])
{
    struct daybook_pulled pulled;
    struct daybook_error err = {0};
    snprintf(folder, SCRATCH_PATH_SIZE + 16, "%s/%s", p->root, name);
    struct daybook *copy = scratch_ledger(folder);
    if (daybook_pull(copy, p->folder, NULL, &pulled, &err))
        fail_msg("%s", err.message);
    assert_int_equal(pulled.before, 0);
    assert_int_equal(pulled.events, pulled.theirs);
    return copy;
}

/* Where two histories part is found wherever it lies among the tree's rows: copies are taken along the way, and each
 * goes on by itself. */
static void the_first_event_that_differs_is_found(void **state)
{
    struct place *p = *state;
    enum { COPIES = 24 };
    struct daybook *copies[COPIES];
    uint64_t sizes[COPIES];
    char folders[COPIES][SCRATCH_PATH_SIZE + 16];
    uint64_t random = random_seed();
    uint8_t root[32];
    for (int i = 0; i < COPIES; i++) {
        for (uint32_t orders = 1 + random_below(&random, 60); orders; orders--)
            assert_int_equal(create(p->ledger, "ACME"), 0);
        char name[16];
        snprintf(name, sizeof name, "copy%d", i);
        sizes[i] = root_at(p->ledger, ALL, root);
        copies[i] = copy_of(p, name, folders[i]);
    }
    assert_int_equal(create(p->ledger, "ACME"), 0);
    for (int i = 0; i < COPIES; i++) {
        struct daybook_pulled pulled;
        for (uint32_t orders = 1 + random_below(&random, 300); orders; orders--)
            assert_int_equal(create(copies[i], "Elsewhere"), 0);
        uint64_t events = root_at(copies[i], ALL, root);
        assert_int_equal(daybook_pull(copies[i], p->folder, NULL, &pulled, NULL), DAYBOOK_FOREIGN_LOG);
        assert_int_equal(pulled.differs_at, sizes[i] + 1);
        assert_int_equal(daybook_pull(p->ledger, folders[i], NULL, &pulled, NULL), DAYBOOK_FOREIGN_LOG);
        assert_int_equal(pulled.differs_at, sizes[i] + 1);
        assert_int_equal(root_at(copies[i], ALL, root), events);
        daybook_close(copies[i]);
    }
}

/* ---- folders */

static void paths_are_split_at_the_last_name(void **state)
{
    (void)state;
    static const struct {
        const char *path, *parent, *name;
    } rows[] = {
        {"a", ".", "a"},         {"a/", ".", "a"},          {"a/b", "a/", "b"},
        {"/a", "/", "a"},        {"/a/b//", "/a/", "b"},    {"./a", "./", "a"},
    };
    char out[FOLDER_PATH_MAX];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(folder_parent(out, rows[i].path, NULL), 0);
        assert_string_equal(out, rows[i].parent);
        assert_int_equal(folder_name(out, rows[i].path, NULL), 0);
        assert_string_equal(out, rows[i].name);
    }
    assert_int_equal(folder_parent(out, "", NULL), DAYBOOK_USAGE);
}

static void a_folder_lies_in_another_or_beside_it(void **state)
{
    struct place *p = *state;
    char path[SCRATCH_PATH_SIZE + 64];
    static const struct {
        const char *below;
        bool lies_in;
    } rows[] = {{"ledger", true},         {"ledger/x", true}, {"ledger/log", true}, {"ledger/../ledger/x", true},
                {"ledger/../x", false},   {"ledger2", false}, {"", false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(path, sizeof path, "%s/%s", p->root, rows[i].below);
        assert_int_equal(folder_lies_in(path, p->folder), rows[i].lies_in);
    }
}

static void what_was_abandoned_goes_and_what_is_in_the_making_stays(void **state)
{
    struct place *p = *state;
    struct folder_draft one = {.lock = -1}, other = {.lock = -1};
    char path[SCRATCH_PATH_SIZE + 32];
    assert_int_equal(folder_make(p->backups, NULL), 0);
    pid_t child = fork();
    if (child == 0) {
        char file[FOLDER_PATH_MAX];
        _exit(folder_begin(p->backups, ".t-", &one, NULL) || folder_join(file, one.path, "file", NULL) ||
              folder_write_file(file, "x", 1, NULL));
    }
    int status;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    assert_int_equal(entries_of(p->backups), 1);
    assert_int_equal(folder_begin(p->backups, ".t-", &one, NULL), 0);
    assert_int_equal(entries_of(p->backups), 1);
    assert_int_equal(folder_begin(p->backups, ".t-", &other, NULL), 0);
    assert_int_equal(entries_of(p->backups), 2);
    snprintf(path, sizeof path, "%s/done", p->backups);
    assert_int_equal(folder_finish(&one, path, NULL), 0);
    snprintf(path, sizeof path, "%s/ledger", p->root); /* is there, and not empty */
    assert_int_equal(folder_finish(&other, path, NULL), DAYBOOK_ALREADY_EXISTS);
    folder_abandon(&one);
    folder_abandon(&other);
    assert_int_equal(entries_of(p->backups), 1);
}

static void removing_a_folder_follows_no_link(void **state)
{
    struct place *p = *state;
    char link[SCRATCH_PATH_SIZE + 32];
    assert_int_equal(folder_make(p->backups, NULL), 0);
    snprintf(link, sizeof link, "%s/link", p->backups);
    assert_int_equal(symlink(p->folder, link), 0);
    assert_false(folder_is_free(p->backups));
    assert_int_equal(folder_remove(p->backups, NULL), 0);
    assert_int_equal(folder_remove(p->backups, NULL), 0);
    assert_true(folder_is_free(p->backups));
    assert_true(entries_of(p->folder) >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(backups_beside_writing_threads_are_states_of_the_log),
        TEST(progress_goes_forward_and_files_lie_in_the_backup),
        TEST(who_is_forgotten_meanwhile_is_not_in_the_backup),
        TEST(a_restored_ledger_is_written_to_and_kept_apart),
        TEST(what_cannot_be_read_is_named),
        TEST(a_backup_with_a_file_for_a_folder_is_passed_over),
        TEST(what_is_no_manifest_of_ours_is_no_backup),
        TEST(the_first_event_that_differs_is_found),
        TEST(paths_are_split_at_the_last_name),
        TEST(a_folder_lies_in_another_or_beside_it),
        TEST(what_was_abandoned_goes_and_what_is_in_the_making_stays),
        TEST(removing_a_folder_follows_no_link),
    };
    return cmocka_run_group_tests_name("backup", tests, NULL, NULL);
}
