/* Forgetting: no byte of the value is left in any file, whoever reads or writes meanwhile, and whenever the process
 * that does it is killed. */
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "daybook/erase.h"
#include "ledger/event.h"
#include "ledger/ledger.h"
#include "ledger/text.h"
#include "ledger/verify.h"
#include "tests/unit/scratch.h"

enum { PATH_SIZE = SCRATCH_PATH_SIZE + 64, SHORT = 10, LONG = 20000, OTHERS = 40 };

/* ---- moments: calls that change the disk are counted, and the process is killed before the n-th */

static unsigned death; /* 0: never */

static void reach(void)
{
    if (death && --death == 0)
        kill(getpid(), SIGKILL);
}

#define MOMENT(type, name, parameters, arguments)                                                                      \
    type name parameters                                                                                               \
    {                                                                                                                  \
        type(*real) parameters;                                                                                        \
        *(void **)&real = dlsym(RTLD_NEXT, #name);                                                                     \
        reach();                                                                                                       \
        return real arguments;                                                                                         \
    }
MOMENT(int, mkdir, (const char *path, mode_t mode), (path, mode))
MOMENT(int, unlink, (const char *path), (path))
MOMENT(int, rmdir, (const char *path), (path))
MOMENT(int, chmod, (const char *path, mode_t mode), (path, mode))
MOMENT(int, fsync, (int fd), (fd))
MOMENT(int, fdatasync, (int fd), (fd))
MOMENT(int, ftruncate, (int fd, off_t size), (fd, size))
MOMENT(int, fallocate, (int fd, int mode, off_t at, off_t len), (fd, mode, at, len))
MOMENT(ssize_t, write, (int fd, const void *bytes, size_t len), (fd, bytes, len))
MOMENT(ssize_t, pwrite, (int fd, const void *bytes, size_t len, off_t at), (fd, bytes, len, at))
MOMENT(ssize_t, pwritev, (int fd, const struct iovec *parts, int count, off_t at), (fd, parts, count, at))

/* ---- bytes */

/* Some of a value, as a file could have it. */
struct needle {
    uint8_t bytes[64];
    size_t len;
};
static struct needle needles[400];
static size_t needle_count;
static bool found;

static void add_needle(const void *bytes, size_t len)
{
    assert_true(needle_count < sizeof needles / sizeof *needles && len <= sizeof needles->bytes);
    memcpy(needles[needle_count].bytes, bytes, len);
    needles[needle_count++].len = len;
}

/* ASCII in both orders of UTF-16. */
static void add_wide(const char *text, size_t len)
{
    uint8_t wide[2][64];
    memset(wide, 0, sizeof wide);
    for (size_t i = 0; i < len; i++)
        wide[0][2 * i] = wide[1][2 * i + 1] = (uint8_t)text[i];
    add_needle(wide[0], 2 * len);
    add_needle(wide[1], 2 * len);
}

/* Every part of the value that is long enough to stand nowhere by chance, as it is and as it is compared. */
static void look_for(const char *value)
{
    enum { PIECE = SHORT, STEP = 200 };
    size_t len = strlen(value), folded_len = 0;
    char *folded = text_fold(text_of(value), &folded_len);
    needle_count = 0;
    assert_non_null(folded);
    assert_true(len >= PIECE && folded_len >= PIECE);
    for (size_t at = 0; at + PIECE <= len; at += STEP)
        add_needle(value + at, PIECE);
    for (size_t at = 0; at + PIECE <= folded_len; at += STEP)
        add_needle(folded + at, PIECE);
    add_wide(value, PIECE);
    add_wide(folded, PIECE);
    free(folded);
}

static int look_into(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)place;
    int fd = kind == FTW_F && status->st_size ? open(path, O_RDONLY) : -1;
    if (fd < 0)
        return 0;
    size_t len = (size_t)status->st_size;
    const void *bytes = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
    assert_ptr_not_equal(bytes, MAP_FAILED);
    for (size_t i = 0; i < needle_count; i++)
        found |= memmem(bytes, len, needles[i].bytes, needles[i].len) != NULL;
    munmap((void *)(uintptr_t)bytes, len);
    close(fd);
    return 0;
}

/* Does any file in the folder have any of it? */
static bool is_on_disk(const char *folder)
{
    found = false;
    assert_int_equal(nftw(folder, look_into, 16, FTW_PHYS), 0);
    return found;
}

/* "Zy000000.Zy000001." .. : no two parts are alike. */
static char *value_of(size_t len)
{
    char *value = malloc(len + 32);
    assert_non_null(value);
    for (size_t at = 0; at < len; at += 9)
        snprintf(value + at, 32, "Zy%06zu.", at);
    value[len] = '\0';
    return value;
}

/* ---- ledgers */

static int add_order(struct daybook *ledger, const char *customer, const char *note)
{
    struct daybook_draft drafts[2];
    struct daybook_result result;
    daybook_draft_init(&drafts[0], DAYBOOK_ORDER_CREATED);
    daybook_draft_init(&drafts[1], DAYBOOK_ORDER_NOTE_ADDED);
    drafts[0].customer = text_of(customer);
    drafts[1].text = text_of(note);
    return record(ledger, drafts, note ? 2 : 1, &result);
}

static const struct daybook_erase_request *by_name(enum daybook_erase_kind kind, const char *name)
{
    static struct daybook_erase_request request;
    request = (struct daybook_erase_request){.kind = kind,
                                             .name = text_of(name),
                                             .reason = DAYBOOK_TEXT("Art. 17"),
                                             .actor = DAYBOOK_TEXT("li.lei"),
                                             .via = DAYBOOK_TEXT("li.lei@host"),
                                             .via_kind = DAYBOOK_TEXT("os")};
    return &request;
}

static uint32_t find(struct daybook *ledger, const char *customer)
{
    struct daybook_snapshot *snapshot = NULL;
    uint32_t ordinal = 0;
    assert_int_equal(daybook_snapshot_begin(ledger, &snapshot, NULL), 0);
    assert_int_equal(daybook_find(snapshot, DAYBOOK_CUSTOMER, text_of(customer), &ordinal, NULL), 0);
    daybook_snapshot_end(snapshot);
    return ordinal;
}

static uint64_t last_seq(struct daybook *ledger)
{
    struct daybook_snapshot *snapshot = NULL;
    assert_int_equal(daybook_snapshot_begin(ledger, &snapshot, NULL), 0);
    uint64_t seq = daybook_last_seq(snapshot);
    daybook_snapshot_end(snapshot);
    return seq;
}

static void root_of(struct daybook *ledger, uint64_t size, uint8_t ret[32])
{
    struct daybook_snapshot *snapshot = NULL;
    assert_int_equal(daybook_snapshot_begin(ledger, &snapshot, NULL), 0);
    assert_int_equal(daybook_root(snapshot, size, ret, NULL), 0);
    daybook_snapshot_end(snapshot);
}

static void assert_verifies(const char *folder, uint64_t erased)
{
    struct verify_result result;
    struct daybook_error err = {0};
    if (verify_ledger(folder, NULL, &result, &err))
        fail_msg("%s: %s", folder, err.message);
    assert_int_equal(result.erased, erased);
}

static unsigned personal_folders(const char *folder)
{
    DIR *entries = opendir(folder);
    unsigned count = 0;
    assert_non_null(entries);
    for (struct dirent *entry; (entry = readdir(entries));)
        count += strncmp(entry->d_name, "personal-", 9) == 0;
    closedir(entries);
    return count;
}

/* Somebody to forget, with a note that says something else, among others. */
static void fill(struct daybook *ledger, const char *value)
{
    char name[40];
    assert_int_equal(add_order(ledger, value, "a note"), 0);
    for (unsigned i = 0; i < OTHERS; i++) {
        snprintf(name, sizeof name, "other customer %u", i);
        assert_int_equal(add_order(ledger, name, i % 2 ? "a note of theirs" : NULL), 0);
    }
}

static void assert_others(struct daybook *ledger)
{
    char name[40];
    for (unsigned i = 0; i < OTHERS; i++) {
        snprintf(name, sizeof name, "OTHER customer %u", i);
        assert_int_equal(find(ledger, name), i + 2);
    }
}

struct place {
    char root[SCRATCH_PATH_SIZE], folder[PATH_SIZE];
};

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    scratch_folder(p->root);
    snprintf(p->folder, sizeof p->folder, "%s/ledger", p->root);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;
    scratch_remove(p->root);
    free(p);
    return 0;
}

/* ---- nothing is left, and everything else is */

static void forget_value(struct place *p, size_t len)
{
    char *value = value_of(len);
    uint8_t before[32], after[32];
    struct daybook_erased erased = {0};
    struct daybook *ledger = scratch_ledger(p->folder);
    fill(ledger, value);
    look_for(value);
    assert_true(is_on_disk(p->folder)); /* or the search would find nothing at all */
    const uint64_t size = last_seq(ledger);
    root_of(ledger, size, before);
    assert_int_equal(daybook_erase(ledger, by_name(DAYBOOK_ERASE_CUSTOMER, value), &erased, NULL), 0);
    assert_false(is_on_disk(p->folder));
    assert_int_equal(erased.target, 1);
    assert_int_equal(erased.values, 1);
    assert_int_equal(erased.last_seq, size + 1);
    assert_int_equal(erased.mention_count, 0);
    assert_int_equal(erased.public_count, 0);
    assert_int_equal(personal_folders(p->folder), 1);
    root_of(ledger, size, after);
    assert_memory_equal(before, after, sizeof before);
    assert_int_equal(find(ledger, value), 0);
    assert_others(ledger);
    assert_verifies(p->folder, 1);
    assert_int_equal(daybook_erase(ledger, by_name(DAYBOOK_ERASE_CUSTOMER, value), &erased, NULL), DAYBOOK_NOT_FOUND);
    struct daybook_erase_request again = *by_name(DAYBOOK_ERASE_CUSTOMER, NULL);
    again.target = 1;
    assert_int_equal(daybook_erase(ledger, &again, &erased, NULL), 0);
    assert_int_equal(erased.last_seq, 0);
    assert_int_equal(last_seq(ledger), size + 1);
    assert_int_equal(add_order(ledger, value, NULL), 0); /* who comes again is somebody new */
    assert_int_equal(find(ledger, value), OTHERS + 2);
    assert_verifies(p->folder, 1);
    daybook_close(ledger);
    free(value);
}

static void test_short_value(void **state)
{
    forget_value(*state, SHORT);
}

static void test_long_value(void **state)
{
    forget_value(*state, LONG);
}

/* More than one transaction's worth of what stays. */
static void test_many_values(void **state)
{
    enum { NOTES = 1200, NOTE = 30000 };
    struct place *p = *state;
    struct daybook_erased erased;
    char *note = malloc(NOTE + 1), *value = value_of(SHORT);
    struct daybook *ledger = scratch_ledger(p->folder);
    fill(ledger, value);
    memset(note, 'n', NOTE);
    note[NOTE] = '\0';
    for (unsigned i = 0; i < NOTES; i++)
        assert_int_equal(add_order(ledger, "other customer 0", note), 0);
    look_for(value);
    assert_int_equal(daybook_erase(ledger, by_name(DAYBOOK_ERASE_CUSTOMER, value), &erased, NULL), 0);
    assert_false(is_on_disk(p->folder));
    assert_others(ledger);
    assert_verifies(p->folder, 1);
    daybook_close(ledger);
    free(note);
    free(value);
}

/* ---- killed */

static void copy_folder(const char *from, const char *to)
{
    char command[2 * PATH_SIZE + 40];
    scratch_remove(to);
    snprintf(command, sizeof command, "cp -r '%s' '%s'", from, to);
    assert_int_equal(system(command), 0);
}

/* True when it was killed before it was done. */
static bool erase_until(const char *folder, const char *value, unsigned moment)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        struct daybook *ledger = NULL;
        struct daybook_erased erased;
        if (daybook_open(folder, NULL, &ledger, NULL))
            _exit(1);
        death = moment;
        _exit(daybook_erase(ledger, by_name(DAYBOOK_ERASE_CUSTOMER, value), &erased, NULL) ? 2 : 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) ? WEXITSTATUS(status) == 0 : WTERMSIG(status) == SIGKILL);
    return !WIFEXITED(status);
}

/* The old state or the new, and nothing between; `ledger` was open already or not. */
static bool check_after_death(const char *folder, const char *value, struct daybook *ledger, uint64_t size)
{
    struct daybook_erased erased;
    const bool is_done = last_seq(ledger) > size;
    assert_int_equal(find(ledger, value), is_done ? 0 : 1);
    assert_others(ledger);
    assert_verifies(folder, is_done);
    assert_int_equal(add_order(ledger, "other customer 0", "a note"), 0);
    assert_int_equal(personal_folders(folder), 1);
    if (is_done)
        assert_false(is_on_disk(folder));
    else
        assert_int_equal(daybook_erase(ledger, by_name(DAYBOOK_ERASE_CUSTOMER, value), &erased, NULL), 0);
    assert_false(is_on_disk(folder));
    assert_others(ledger);
    assert_verifies(folder, 1);
    return is_done;
}

static void be_killed(struct place *p, size_t len)
{
    char *value = value_of(len), folder[PATH_SIZE];
    unsigned old = 0, new = 0, moment = 0;
    bool killed;
    snprintf(folder, sizeof folder, "%s/copy", p->root);
    struct daybook *ledger = scratch_ledger(p->folder);
    fill(ledger, value);
    const uint64_t size = last_seq(ledger);
    daybook_close(ledger);
    look_for(value);
    do {
        struct daybook *opened_before = NULL;
        copy_folder(p->folder, folder);
        if (++moment % 2)
            assert_int_equal(daybook_open(folder, NULL, &opened_before, NULL), 0);
        killed = erase_until(folder, value, moment);
        if (!killed)
            assert_false(is_on_disk(folder));
        ledger = opened_before;
        if (!ledger)
            assert_int_equal(daybook_open(folder, NULL, &ledger, NULL), 0);
        if (check_after_death(folder, value, ledger, size))
            new++;
        else
            old++;
        daybook_close(ledger);
    } while (killed);
    assert_true(old > 10);
    assert_true(new > 3); /* between the commit and the last deletion too */
    free(value);
}

static void test_killed(void **state)
{
    be_killed(*state, SHORT);
}

static void test_killed_with_long_value(void **state)
{
    be_killed(*state, LONG);
}

/* ---- others at work */

static void wait_for_byte(int fd)
{
    char byte;
    if (read(fd, &byte, 1) != 1)
        _exit(9);
}

/* In the child: a snapshot from before goes on as it was; what is read after it knows nothing. Writing goes on too. */
static void read_meanwhile(const char *folder, const char *value, int in, int out)
{
    struct daybook *ledger = NULL;
    struct daybook_snapshot *snapshot = NULL;
    uint32_t ordinal = 0;
    if (daybook_open(folder, NULL, &ledger, NULL) || daybook_snapshot_begin(ledger, &snapshot, NULL))
        _exit(1);
    if (write(out, "r", 1) != 1)
        _exit(2);
    wait_for_byte(in); /* it is forgotten now */
    if (daybook_find(snapshot, DAYBOOK_CUSTOMER, text_of(value), &ordinal, NULL) || ordinal != 1)
        _exit(3);
    daybook_snapshot_end(snapshot);
    if (daybook_snapshot_begin(ledger, &snapshot, NULL) ||
        daybook_find(snapshot, DAYBOOK_CUSTOMER, text_of(value), &ordinal, NULL) || ordinal != 0)
        _exit(4);
    daybook_snapshot_end(snapshot);
    if (add_order(ledger, "other customer 1", "after it") || personal_folders(folder) != 1)
        _exit(5);
    daybook_close(ledger);
    _exit(0);
}

static void test_open_readers(void **state)
{
    struct place *p = *state;
    char *value = value_of(LONG);
    int to_child[2], from_child[2], status = 0;
    struct daybook_snapshot *snapshot = NULL;
    struct daybook_erased erased;
    struct daybook *ledger = scratch_ledger(p->folder);
    uint32_t ordinal = 0;
    fill(ledger, value);
    look_for(value);
    assert_int_equal(pipe(to_child) | pipe(from_child), 0);
    pid_t child = fork();
    if (child == 0)
        read_meanwhile(p->folder, value, to_child[0], from_child[1]);
    wait_for_byte(from_child[0]);
    assert_int_equal(daybook_snapshot_begin(ledger, &snapshot, NULL), 0);
    assert_int_equal(daybook_erase(ledger, by_name(DAYBOOK_ERASE_CUSTOMER, value), &erased, NULL), 0);
    assert_false(is_on_disk(p->folder));
    assert_int_equal(write(to_child[1], "e", 1), 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0);
    assert_int_equal(daybook_find(snapshot, DAYBOOK_CUSTOMER, text_of(value), &ordinal, NULL), 0);
    assert_int_equal(ordinal, 1);
    daybook_snapshot_end(snapshot);
    assert_int_equal(find(ledger, value), 0);
    assert_false(is_on_disk(p->folder));
    daybook_close(ledger);
    assert_verifies(p->folder, 1);
    free(value);
}

enum { PROCESSES = 3, THREADS = 2, ORDERS = 25, FORGOTTEN = 6 };

struct author {
    struct daybook *ledger;
    unsigned number, failed;
};

static void *write_orders(void *argument)
{
    struct author *author = argument;
    char name[40], note[40];
    for (unsigned i = 0; i < ORDERS; i++) {
        snprintf(name, sizeof name, "of %u number %u", author->number, i);
        snprintf(note, sizeof note, "note %u.%u", author->number, i);
        author->failed += add_order(author->ledger, name, note) != 0;
    }
    return NULL;
}

static void write_in_process(const char *folder, unsigned number)
{
    struct author author = {.number = number};
    if (daybook_open(folder, NULL, &author.ledger, NULL))
        _exit(1);
    write_orders(&author);
    daybook_close(author.ledger);
    _exit(author.failed ? 2 : 0);
}

static void test_writers(void **state)
{
    struct place *p = *state;
    pid_t children[PROCESSES];
    pthread_t threads[THREADS];
    struct author authors[THREADS];
    char name[40];
    struct daybook_erased erased;
    struct daybook *ledger = scratch_ledger(p->folder);
    for (unsigned i = 0; i < FORGOTTEN; i++) {
        snprintf(name, sizeof name, "Zyxwvut %u", i);
        assert_int_equal(add_order(ledger, name, NULL), 0);
    }
    for (unsigned i = 0; i < PROCESSES; i++)
        if ((children[i] = fork()) == 0)
            write_in_process(p->folder, i);
    for (unsigned i = 0; i < THREADS; i++) {
        authors[i] = (struct author){ledger, PROCESSES + i, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, write_orders, &authors[i]), 0);
    }
    for (unsigned i = 0; i < FORGOTTEN; i++) {
        snprintf(name, sizeof name, "Zyxwvut %u", i);
        assert_int_equal(daybook_erase(ledger, by_name(DAYBOOK_ERASE_CUSTOMER, name), &erased, NULL), 0);
        assert_int_equal(erased.values, 1);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(authors[i].failed, 0);
    }
    for (unsigned i = 0; i < PROCESSES; i++) {
        int status = 0;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0);
    }
    for (unsigned author = 0; author < PROCESSES + THREADS; author++)
        for (unsigned i = 0; i < ORDERS; i++) {
            snprintf(name, sizeof name, "of %u number %u", author, i);
            assert_int_not_equal(find(ledger, name), 0);
        }
    needle_count = 0;
    add_needle("Zyxwvut", 7);
    add_needle("zyxwvut", 7);
    assert_false(is_on_disk(p->folder));
    assert_int_equal(personal_folders(p->folder), 1);
    daybook_close(ledger);
    assert_verifies(p->folder, FORGOTTEN);
}

/* ---- whose it is */

static int rename_customer(struct daybook *ledger, const char *old, const char *new)
{
    struct daybook_draft draft;
    struct daybook_result result;
    daybook_draft_init(&draft, DAYBOOK_CUSTOMER_RENAMED);
    draft.subject = text_of(old);
    draft.name = text_of(new);
    return record(ledger, &draft, 1, &result);
}

static int merge(struct daybook *ledger, const char *old, const char *into)
{
    struct daybook_draft draft;
    struct daybook_result result;
    daybook_draft_init(&draft, DAYBOOK_CUSTOMER_MERGED);
    draft.subject = text_of(old);
    draft.customer = text_of(into);
    return record(ledger, &draft, 1, &result);
}

static void test_all_names(void **state)
{
    struct place *p = *state;
    struct daybook_erased erased;
    struct daybook *ledger = scratch_ledger(p->folder);
    assert_int_equal(add_order(ledger, "first name", NULL), 0);
    assert_int_equal(rename_customer(ledger, "first name", "second name"), 0);
    assert_int_equal(add_order(ledger, "also called", NULL), 0);
    assert_int_equal(add_order(ledger, "and called", NULL), 0);
    assert_int_equal(merge(ledger, "and called", "also called"), 0);
    assert_int_equal(merge(ledger, "also called", "second name"), 0);
    assert_int_equal(add_order(ledger, "somebody else", NULL), 0);
    assert_int_equal(daybook_erase(ledger, by_name(DAYBOOK_ERASE_CUSTOMER, "And  CALLED"), &erased, NULL), 0);
    assert_int_equal(erased.target, 1);
    assert_int_equal(erased.values, 4);
    needle_count = 0;
    add_needle("first name", 10);
    add_needle("second name", 11);
    add_needle("also called", 11);
    add_needle("and called", 10);
    assert_false(is_on_disk(p->folder));
    assert_int_equal(find(ledger, "somebody else"), 4);
    daybook_close(ledger);
    assert_verifies(p->folder, 4);
}

/* A name that went from one customer to another is the first one's again once the other is forgotten. */
static void test_name_of_two(void **state)
{
    struct place *p = *state;
    struct daybook_erased erased;
    struct daybook *ledger = scratch_ledger(p->folder);
    assert_int_equal(add_order(ledger, "Wang", NULL), 0);
    assert_int_equal(rename_customer(ledger, "Wang", "Wang & Sons"), 0);
    assert_int_equal(add_order(ledger, "Other", NULL), 0);
    assert_int_equal(rename_customer(ledger, "Other", "Wang"), 0);
    assert_int_equal(find(ledger, "Wang"), 2);
    assert_int_equal(daybook_erase(ledger, by_name(DAYBOOK_ERASE_CUSTOMER, "Wang"), &erased, NULL), 0);
    assert_int_equal(erased.target, 2);
    assert_int_equal(erased.values, 2);
    assert_int_equal(erased.mention_count, 2); /* both names of the first have it in them */
    assert_int_equal(find(ledger, "Wang"), 1);
    assert_verifies(p->folder, 2);
    daybook_close(ledger);
}

static void test_actor(void **state)
{
    struct place *p = *state;
    struct daybook_erased erased;
    struct daybook *ledger = scratch_ledger(p->folder);
    assert_int_equal(add_order(ledger, "A", "ask li.lei"), 0); /* by li.lei, via li.lei@host */
    struct daybook_erase_request request = *by_name(DAYBOOK_ERASE_ACTOR, "LI.LEI");
    request.actor = DAYBOOK_TEXT("wang");
    request.via = DAYBOOK_TEXT("wang@host");
    assert_int_equal(daybook_erase(ledger, &request, &erased, NULL), 0);
    assert_int_equal(erased.values, 2);
    assert_int_equal(erased.mention_count, 1);
    request = *by_name(DAYBOOK_ERASE_NOTE, NULL);
    request.target = erased.mentions[0];
    request.actor = DAYBOOK_TEXT("wang");
    request.via = DAYBOOK_TEXT("wang@host");
    assert_int_equal(daybook_erase(ledger, &request, &erased, NULL), 0);
    assert_int_equal(erased.values, 1);
    needle_count = 0;
    add_needle("li.lei", 6);
    assert_false(is_on_disk(p->folder));
    daybook_close(ledger);
    assert_verifies(p->folder, 3);
}

/* Who is forgotten asks for it from a place that the ledger has not seen yet. */
static void test_actor_from_elsewhere(void **state)
{
    struct place *p = *state;
    struct daybook_erased erased;
    struct daybook *ledger = scratch_ledger(p->folder);
    assert_int_equal(add_order(ledger, "A", NULL), 0); /* by li.lei, via li.lei@host */
    const uint64_t size = last_seq(ledger);
    struct daybook_erase_request request = *by_name(DAYBOOK_ERASE_ACTOR, "li.lei");
    request.via = DAYBOOK_TEXT("li.lei@elsewhere");
    assert_int_equal(daybook_erase(ledger, &request, &erased, NULL), 0);
    assert_int_equal(erased.values, 3);
    assert_int_equal(erased.last_seq, size + 3); /* the new via, the old one's erasure, the actor's */
    assert_int_equal(erased.mention_count, 0);
    needle_count = 0;
    add_needle("li.lei", 6);
    assert_false(is_on_disk(p->folder));
    daybook_close(ledger);
    assert_verifies(p->folder, 3);
}

static void test_refused(void **state)
{
    struct place *p = *state;
    struct daybook_error err;
    struct daybook_erased erased;
    struct daybook *ledger = scratch_ledger(p->folder);
    assert_int_equal(daybook_erase(ledger, by_name(DAYBOOK_ERASE_CUSTOMER, "Li"), &erased, &err), DAYBOOK_NOT_FOUND);
    assert_int_equal(add_order(ledger, "Li", "a note"), 0);
    const uint64_t size = last_seq(ledger);
    struct daybook_erase_request request = *by_name(DAYBOOK_ERASE_CUSTOMER, "Li");
    request.reason = DAYBOOK_TEXT("asked by LI, in writing");
    assert_int_equal(daybook_erase(ledger, &request, &erased, &err), DAYBOOK_BAD_VALUE);
    request = *by_name(DAYBOOK_ERASE_NOTE, NULL);
    for (request.target = 0; request.target <= size + 1; request.target++)
        if (request.target != 3 && request.target != size) { /* the via's name, the note */
            int rc = daybook_erase(ledger, &request, &erased, &err);
            assert_true(rc == DAYBOOK_NOT_FOUND || rc == DAYBOOK_BAD_VALUE);
        }
    request = *by_name(DAYBOOK_ERASE_CUSTOMER, NULL);
    for (uint64_t i = 0; i < 3; i++) {
        request.target = (uint64_t[]){0, 2, (uint64_t)1 << 32 | 1}[i];
        assert_int_equal(daybook_erase(ledger, &request, &erased, &err), DAYBOOK_NOT_FOUND);
    }
    struct daybook_draft draft; /* nobody else may say that it was done */
    struct daybook_result result;
    daybook_draft_init(&draft, DAYBOOK_PERSONAL_DATA_ERASED);
    draft.category = DAYBOOK_TEXT("customer");
    draft.target = 1;
    assert_int_equal(record(ledger, &draft, 1, &result), DAYBOOK_BAD_VALUE);
    assert_int_equal(last_seq(ledger), size);
    assert_int_equal(find(ledger, "Li"), 1);
    request = *by_name(DAYBOOK_ERASE_CUSTOMER, "Li");
    request.reason = DAYBOOK_TEXT("on a list of lice"); /* within other words it is not said */
    assert_int_equal(daybook_erase(ledger, &request, &erased, &err), 0);
    assert_verifies(p->folder, 1);
    daybook_close(ledger);
}

/* ---- copies */

enum { SLOTS = 4 };

struct copying {
    struct daybook_snapshot *from;
    struct daybook *to;
};

/* The event with the personal values that are there. */
static int copy_event(void *context, const struct daybook_event *event, struct daybook_error *err)
{
    const struct copying *c = context;
    const uint8_t *bytes, *salts[SLOTS] = {0};
    struct daybook_text values[SLOTS] = {0};
    size_t len, taken;
    int rc = store_event(c->from->log, event->seq, &bytes, &len, err);
    for (uint16_t slot = 0; slot < SLOTS && !rc; slot++)
        rc = personal_value(c->from->personal, event->seq, slot, &salts[slot], &values[slot], err);
    const struct daybook_carried carried = {
        .seq = event->seq, .bytes = bytes, .len = len, .salts = salts, .values = values, .value_count = SLOTS};
    return rc ? rc : daybook_carry(c->to, &carried, 1, &taken, err);
}

/* A copy that was made before, with the value, loses it when it hears of the forgetting. */
static void test_carried(void **state)
{
    struct place *p = *state;
    char *value = value_of(LONG), folder[PATH_SIZE];
    struct daybook_erased erased;
    struct copying c = {0};
    struct daybook *ledger = scratch_ledger(p->folder);
    fill(ledger, value);
    look_for(value);
    snprintf(folder, sizeof folder, "%s/copy", p->root);
    copy_folder(p->folder, folder);
    assert_int_equal(daybook_open(folder, NULL, &c.to, NULL), 0);
    assert_int_equal(daybook_erase(ledger, by_name(DAYBOOK_ERASE_CUSTOMER, value), &erased, NULL), 0);
    assert_true(is_on_disk(folder));
    assert_int_equal(daybook_snapshot_begin(ledger, &c.from, NULL), 0);
    assert_int_equal(daybook_follow(c.from, 1, copy_event, &c, NULL), 0);
    daybook_snapshot_end(c.from);
    assert_false(is_on_disk(folder));
    assert_int_equal(personal_folders(folder), 1);
    assert_others(c.to);
    daybook_close(c.to);
    daybook_close(ledger);
    assert_verifies(folder, 1);
    free(value);
}

/* A copy that knows the via, and hears of the actor when its name is gone. */
static void test_carried_via(void **state)
{
    struct place *p = *state;
    char folder[PATH_SIZE];
    struct daybook_erased erased;
    struct daybook_result result;
    struct daybook_draft draft;
    struct copying c = {0};
    struct daybook *ledger = scratch_ledger(p->folder);
    struct daybook_entry entry = {.drafts = &draft,
                                  .draft_count = 1,
                                  .actor = DAYBOOK_TEXT("buyer"),
                                  .via = DAYBOOK_TEXT("zhao.min@desk3"),
                                  .via_kind = DAYBOOK_TEXT("os")};
    daybook_draft_init(&draft, DAYBOOK_ORDER_CREATED);
    draft.customer = DAYBOOK_TEXT("A");
    assert_int_equal(daybook_append(ledger, &entry, 1, &result, NULL), 0);
    snprintf(folder, sizeof folder, "%s/copy", p->root);
    copy_folder(p->folder, folder);
    assert_int_equal(daybook_open(folder, NULL, &c.to, NULL), 0);
    entry.actor = DAYBOOK_TEXT("zhao.min");
    assert_int_equal(daybook_append(ledger, &entry, 1, &result, NULL), 0);
    assert_int_equal(daybook_erase(ledger, by_name(DAYBOOK_ERASE_ACTOR, "zhao.min"), &erased, NULL), 0);
    assert_int_equal(erased.values, 2);
    needle_count = 0;
    add_needle("zhao.min", 8);
    assert_false(is_on_disk(p->folder));
    assert_true(is_on_disk(folder));
    assert_int_equal(daybook_snapshot_begin(ledger, &c.from, NULL), 0);
    assert_int_equal(daybook_follow(c.from, 1, copy_event, &c, NULL), 0);
    daybook_snapshot_end(c.from);
    assert_false(is_on_disk(folder));
    assert_int_equal(last_seq(c.to), last_seq(ledger));
    daybook_close(c.to);
    daybook_close(ledger);
    assert_verifies(p->folder, 2);
    assert_verifies(folder, 2);
}

/* However many were forgotten meanwhile, a copy moves its personal data once. */
static void test_carried_at_once(void **state)
{
    struct place *p = *state;
    char folder[PATH_SIZE], moved[PATH_SIZE + 32], name[40];
    struct daybook_erased erased;
    struct daybook_carried carried[FORGOTTEN] = {0};
    struct daybook_text reasons[FORGOTTEN];
    const uint8_t *salts[FORGOTTEN];
    struct daybook_snapshot *from = NULL;
    struct daybook *ledger = scratch_ledger(p->folder), *copy = NULL;
    needle_count = 0;
    for (unsigned i = 0; i < FORGOTTEN; i++) {
        snprintf(name, sizeof name, "somebody %u", i);
        add_needle(name, strlen(name));
        assert_int_equal(add_order(ledger, name, NULL), 0);
    }
    assert_int_equal(add_order(ledger, "another", NULL), 0);
    snprintf(folder, sizeof folder, "%s/copy", p->root);
    copy_folder(p->folder, folder);
    const uint64_t size = last_seq(ledger);
    for (unsigned i = 0; i < FORGOTTEN; i++) {
        snprintf(name, sizeof name, "somebody %u", i);
        assert_int_equal(daybook_erase(ledger, by_name(DAYBOOK_ERASE_CUSTOMER, name), &erased, NULL), 0);
    }
    assert_int_equal(daybook_snapshot_begin(ledger, &from, NULL), 0);
    for (unsigned i = 0; i < FORGOTTEN; i++) {
        carried[i].seq = size + 1 + i;
        carried[i].values = &reasons[i];
        carried[i].salts = &salts[i];
        carried[i].value_count = 1;
        assert_int_equal(personal_value(from->personal, carried[i].seq, 0, &salts[i], &reasons[i], NULL), 0);
        assert_int_equal(store_event(from->log, carried[i].seq, &carried[i].bytes, &carried[i].len, NULL), 0);
    }
    size_t taken = 0;
    assert_int_equal(daybook_open(folder, NULL, &copy, NULL), 0);
    assert_int_equal(daybook_carry(copy, carried, FORGOTTEN, &taken, NULL), 0);
    assert_int_equal(taken, FORGOTTEN);
    daybook_snapshot_end(from);
    assert_false(is_on_disk(folder));
    assert_int_equal(find(copy, "another"), FORGOTTEN + 1);
    assert_int_equal(personal_folders(folder), 1);
    snprintf(moved, sizeof moved, "%s/personal-1", folder);
    assert_int_equal(access(moved, F_OK), 0);
    daybook_close(copy);
    daybook_close(ledger);
    assert_verifies(folder, FORGOTTEN);
}

/* An ordinal that no actor can have is not cut down to one that somebody has. */
static void test_carried_from_nowhere(void **state)
{
    struct place *p = *state;
    struct daybook *ledger = scratch_ledger(p->folder);
    static uint8_t bytes[DAYBOOK_EVENT_SIZE_MAX];
    size_t taken = 0;
    assert_int_equal(add_order(ledger, "A", NULL), 0);
    const struct daybook_data data = {.category = DAYBOOK_TEXT("actor"), .target = (uint64_t)1 << 32 | 1};
    struct daybook_event event = {.seq = last_seq(ledger) + 1,
                                  .type = DAYBOOK_PERSONAL_DATA_ERASED,
                                  .version = 1,
                                  .kind = DAYBOOK_LEDGER,
                                  .ordinal = 1,
                                  .nth = 2,
                                  .actor = 1,
                                  .via = 1,
                                  .recorded_us = ledger_clock_us() + 1000000,
                                  .occurred_on = DAYBOOK_DAY_NONE,
                                  .occurred_us = DAYBOOK_INSTANT_NONE};
    event.prev = (uint32_t)event.seq - 1; /* seq 1 opened the ledger */
    struct daybook_carried carried = {.seq = event.seq, .bytes = bytes};
    assert_int_equal(event_write(&event, &data, bytes, &carried.len, NULL), 0);
    assert_int_equal(daybook_carry(ledger, &carried, 1, &taken, NULL), 0);
    assert_int_equal(taken, 1);
    needle_count = 0;
    add_needle("li.lei", 6);
    assert_true(is_on_disk(p->folder));
    assert_verifies(p->folder, 0);
    daybook_close(ledger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_short_value, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_value, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_values, setup, teardown),
        cmocka_unit_test_setup_teardown(test_killed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_killed_with_long_value, setup, teardown),
        cmocka_unit_test_setup_teardown(test_open_readers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_writers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_all_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_name_of_two, setup, teardown),
        cmocka_unit_test_setup_teardown(test_actor, setup, teardown),
        cmocka_unit_test_setup_teardown(test_actor_from_elsewhere, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_carried, setup, teardown),
        cmocka_unit_test_setup_teardown(test_carried_via, setup, teardown),
        cmocka_unit_test_setup_teardown(test_carried_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_carried_from_nowhere, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
