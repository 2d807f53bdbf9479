/* The page walk against files with flipped bits and cut ends: it never ends the process, and what it lets pass is
 * harmless to whoever maps the file. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/pagewalk.h"
#include "ledger/verify.h"
#include "tests/unit/scratch.h"

enum { PAGE = 4096, ORDERS = 120, PATH_SIZE = SCRATCH_PATH_SIZE + 40 };

static char parent[SCRATCH_PATH_SIZE], folder[PATH_SIZE], log_file[PATH_SIZE], personal_file[PATH_SIZE];

/* Several leaves, branches, and rows that need overflow pages in both files. */
static int make_ledger(void **state)
{
    (void)state;
    scratch_folder(parent);
    snprintf(folder, sizeof folder, "%s/l", parent);
    snprintf(log_file, sizeof log_file, "%s/l/log/data.mdb", parent);
    snprintf(personal_file, sizeof personal_file, "%s/l/personal-0/data.mdb", parent);
    struct daybook *ledger = scratch_ledger(folder);
    static char long_text[20000];
    memset(long_text, 'x', sizeof long_text);
    for (int i = 0; i < ORDERS; i++) {
        struct daybook_draft drafts[2];
        struct daybook_result result;
        size_t len = i % 20 == 0 ? sizeof long_text : 20;
        daybook_draft_init(&drafts[0], DAYBOOK_ORDER_CREATED);
        drafts[0].customer = DAYBOOK_TEXT("ACME");
        drafts[0].customer_ref = (struct daybook_text){long_text, len};
        daybook_draft_init(&drafts[1], DAYBOOK_ORDER_NOTE_ADDED);
        drafts[1].text = (struct daybook_text){long_text, len};
        assert_int_equal(record(ledger, drafts, 2, &result), 0);
    }
    daybook_close(ledger);
    return 0;
}

static int remove_ledger(void **state)
{
    (void)state;
    scratch_remove(parent);
    return 0;
}

static off_t size_of(const char *path)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    return status.st_size;
}

static void flip(const char *path, off_t offset, unsigned bit)
{
    uint8_t byte;
    int fd = open(path, O_RDWR);
    assert_int_equal(pread(fd, &byte, 1, offset), 1);
    byte ^= (uint8_t)(1 << bit);
    assert_int_equal(pwrite(fd, &byte, 1, offset), 1);
    close(fd);
}

/* True when the damage was seen. */
static bool check_flip(const char *path, off_t offset, unsigned bit)
{
    struct verify_result result;
    struct daybook_error err = {0};
    flip(path, offset, bit);
    int rc = pagewalk_file(path, &err);
    if (rc != 0 && rc != DAYBOOK_DAMAGED)
        fail_msg("bit %u of byte %lld: %s", bit, (long long)offset, err.message);
    if (rc)
        assert_non_null(strstr(err.message, "page "));
    if (rc == 0)
        verify_ledger(folder, NULL, &result, NULL); /* maps the file: must come back, whatever it says */
    flip(path, offset, bit);
    return rc != 0;
}

static void test_whole_files(void **state)
{
    (void)state;
    assert_int_equal(pagewalk_file(log_file, NULL), 0);
    assert_int_equal(pagewalk_file(personal_file, NULL), 0);
    assert_int_equal(verify_ledger(folder, NULL, &(struct verify_result){0}, NULL), 0);
}

/* A page that is in use says its own number; one that is not is never read. */
static void test_page_numbers(void **state)
{
    (void)state;
    unsigned seen = 0, pages = (unsigned)(size_of(log_file) / PAGE);
    for (unsigned page = 2; page < pages; page++)
        seen += check_flip(log_file, (off_t)page * PAGE, 1);
    assert_true(pages > 20 && seen > 10);
}

static void test_headers(void **state)
{
    (void)state;
    uint64_t seed = random_seed();
    const char *files[] = {log_file, personal_file};
    for (int i = 0; i < 300; i++) {
        const char *file = files[i % 2];
        off_t page = random_below(&seed, (uint32_t)(size_of(file) / PAGE));
        check_flip(file, page * PAGE + random_below(&seed, 32), random_below(&seed, 8));
    }
}

static void test_anywhere(void **state)
{
    (void)state;
    uint64_t seed = random_seed();
    const char *files[] = {log_file, personal_file};
    for (int i = 0; i < 300; i++) {
        const char *file = files[i % 2];
        check_flip(file, random_below(&seed, (uint32_t)size_of(file)), random_below(&seed, 8));
    }
}

static void test_cuts(void **state)
{
    (void)state;
    struct daybook_error err;
    const off_t cuts[] = {PAGE, 1, PAGE / 2, PAGE + 1, 7 * PAGE};
    off_t size = size_of(log_file);
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts && size > cuts[i]; i++) {
        size -= cuts[i];
        assert_int_equal(truncate(log_file, size), 0);
        assert_int_equal(pagewalk_file(log_file, &err), DAYBOOK_DAMAGED);
    }
    for (off_t left = 2 * PAGE; left >= 0; left -= 200) {
        assert_int_equal(truncate(log_file, left), 0);
        assert_int_equal(pagewalk_file(log_file, &err), DAYBOOK_DAMAGED);
    }
    assert_int_equal(verify_ledger(folder, NULL, &(struct verify_result){0}, &err), DAYBOOK_DAMAGED);
}

static void test_other_files(void **state)
{
    (void)state;
    assert_int_equal(pagewalk_file("/dev/null", NULL), DAYBOOK_DAMAGED);
    assert_int_equal(pagewalk_file("/nowhere", NULL), DAYBOOK_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_whole_files, make_ledger, remove_ledger),
        cmocka_unit_test_setup_teardown(test_page_numbers, make_ledger, remove_ledger),
        cmocka_unit_test_setup_teardown(test_headers, make_ledger, remove_ledger),
        cmocka_unit_test_setup_teardown(test_anywhere, make_ledger, remove_ledger),
        cmocka_unit_test_setup_teardown(test_cuts, make_ledger, remove_ledger),
        cmocka_unit_test(test_other_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
