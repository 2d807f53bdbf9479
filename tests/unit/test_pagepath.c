/* A writer meets a damaged page: it refuses, or does not need that page; the damage never spreads to others. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/verify.h"
#include "tests/unit/scratch.h"

enum { PAGE = 4096, ORDERS = 400, FILE_SIZE_MAX = 1 << 20, PATH_SIZE = SCRATCH_PATH_SIZE + 40 };
enum { RECORDED = 0, REFUSED = 1, OTHERWISE = 2 };

static char parent[SCRATCH_PATH_SIZE], folder[PATH_SIZE], log_file[PATH_SIZE], personal_file[PATH_SIZE];

static int record_order(struct daybook *ledger, int number)
{
    struct daybook_draft drafts[2];
    struct daybook_result result;
    char customer[40];
    snprintf(customer, sizeof customer, "Customer %d", number * 7919 % ORDERS);
    daybook_draft_init(&drafts[0], DAYBOOK_ORDER_CREATED);
    drafts[0].customer = text_of(customer);
    daybook_draft_init(&drafts[1], DAYBOOK_ORDER_NOTE_ADDED);
    drafts[1].text = text_of("packed by hand");
    return record(ledger, drafts, 2, &result);
}

static int make_ledger(void **state)
{
    (void)state;
    scratch_folder(parent);
    snprintf(folder, sizeof folder, "%s/l", parent);
    snprintf(log_file, sizeof log_file, "%s/l/log/data.mdb", parent);
    snprintf(personal_file, sizeof personal_file, "%s/l/personal-0/data.mdb", parent);
    struct daybook *ledger = scratch_ledger(folder);
    for (int i = 0; i < ORDERS; i++)
        assert_int_equal(record_order(ledger, i), 0);
    daybook_close(ledger);
    return 0;
}

static int remove_ledger(void **state)
{
    (void)state;
    scratch_remove(parent);
    return 0;
}

static size_t read_file(const char *path, uint8_t *into)
{
    int fd = open(path, O_RDONLY);
    ssize_t got = read(fd, into, FILE_SIZE_MAX);
    assert_true(got > 0 && got < FILE_SIZE_MAX);
    close(fd);
    return (size_t)got;
}

static void write_file(const char *path, const uint8_t *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_TRUNC);
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
    close(fd);
}

static void page_io(const char *path, off_t page, void *bytes, bool write)
{
    int fd = open(path, O_RDWR);
    assert_int_equal(write ? pwrite(fd, bytes, PAGE, page * PAGE) : pread(fd, bytes, PAGE, page * PAGE), PAGE);
    close(fd);
}

/* In a process of its own, as it may read outside of the map before it writes. */
static int write_in_child(void)
{
    int how = 0;
    pid_t child = fork();
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL); /* cmocka's way of going on would write its report twice */
        signal(SIGBUS, SIG_DFL);
        signal(SIGABRT, SIG_DFL);
        struct daybook *ledger = NULL;
        struct daybook_error err = {0};
        int rc = daybook_open(folder, NULL, &ledger, &err);
        for (int i = 0; i < 3 && !rc; i++)
            rc = record_order(ledger, ORDERS + i);
        daybook_close(ledger);
        _exit(rc == 0 ? RECORDED : rc == DAYBOOK_DAMAGED ? REFUSED : OTHERWISE);
    }
    assert_int_equal(waitpid(child, &how, 0), child);
    return WIFEXITED(how) ? WEXITSTATUS(how) : OTHERWISE;
}

/* With the page as it was (if it is not in other use by now), the file is whole: whatever the writer did or did not, it
 * touched nothing else. */
static int try_flip(const char *path, off_t page, unsigned byte, unsigned bit)
{
    struct verify_result result;
    struct daybook_error err = {0};
    uint8_t sound[PAGE], broken[PAGE], after[PAGE];
    page_io(path, page, sound, false);
    memcpy(broken, sound, PAGE);
    broken[byte] ^= (uint8_t)(1 << bit);
    page_io(path, page, broken, true);
    int how = write_in_child();
    page_io(path, page, after, false);
    if (memcmp(after, broken, PAGE) == 0)
        page_io(path, page, sound, true);
    if (verify_ledger(folder, NULL, &result, &err))
        fail_msg("bit %u of byte %u of page %lld of %s, answer %d: %s", bit, byte, (long long)page, path, how,
                 err.message);
    return how;
}

static void test_header_of_every_page(void **state)
{
    (void)state;
    static uint8_t log[FILE_SIZE_MAX], personal[FILE_SIZE_MAX];
    static const unsigned bytes[] = {0, 1, 10, 11, 12, 13, 14, 15};
    size_t log_size = read_file(log_file, log), personal_size = read_file(personal_file, personal);
    const char *files[] = {log_file, personal_file};
    const size_t sizes[] = {log_size, personal_size};
    unsigned answers[3] = {0};
    uint64_t seed = random_seed();
    for (int i = 0; i < 2; i++)
        for (size_t page = 2; page < sizes[i] / PAGE; page++) {
            unsigned byte = bytes[random_below(&seed, sizeof bytes / sizeof *bytes)];
            answers[try_flip(files[i], (off_t)page, byte, random_below(&seed, 8))]++;
            write_file(log_file, log, log_size);
            write_file(personal_file, personal, personal_size);
        }
    print_message("recorded %u, refused %u, otherwise %u\n", answers[0], answers[1], answers[2]);
    assert_true(answers[RECORDED] > 5 && answers[REFUSED] > 5);
}

/* As a view that another process has replaced, or personal data after a forgetting. */
static void test_file_that_has_no_name_any_more(void **state)
{
    (void)state;
    struct daybook *ledger = NULL;
    assert_int_equal(daybook_open(folder, NULL, &ledger, NULL), 0);
    assert_int_equal(unlink(log_file), 0);
    assert_int_equal(record_order(ledger, ORDERS), 0);
    daybook_close(ledger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_header_of_every_page, make_ledger, remove_ledger),
        cmocka_unit_test_setup_teardown(test_file_that_has_no_name_any_more, make_ledger, remove_ledger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
