/* A fault where a ledger's file is mapped is damage, and said; any other is a crash, and stays one. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/scratch.h"
#include "tools/fault.h"

enum { ORDERS = 2000 };

static void make_orders(const char *folder)
{
    static struct daybook_entry entries[ORDERS];
    static struct daybook_result results[ORDERS];
    struct daybook_draft draft;
    struct daybook_draft_item item = {
        .code = DAYBOOK_TEXT("LW-1"), .has_quantity = true, .quantity = quantity(1), .expected_on = DAYBOOK_DAY_NONE};
    struct daybook *ledger = scratch_ledger(folder);
    daybook_draft_init(&draft, DAYBOOK_ORDER_CREATED);
    draft.customer = DAYBOOK_TEXT("acme");
    draft.items = &item;
    draft.item_count = 1;
    for (int i = 0; i < ORDERS; i++)
        entries[i] = (struct daybook_entry){.drafts = &draft,
                                            .draft_count = 1,
                                            .actor = DAYBOOK_TEXT("li.lei"),
                                            .via = DAYBOOK_TEXT("li.lei@host"),
                                            .via_kind = DAYBOOK_TEXT("os")};
    assert_int_equal(daybook_append(ledger, entries, ORDERS, results, NULL), 0);
    daybook_close(ledger);
}

static int pass_over(void *context, const struct daybook_event *event, struct daybook_error *err)
{
    (void)context, (void)event, (void)err;
    return 0;
}

/* The file is cut while it is read. */
static void read_cut_file(const char *folder)
{
    struct daybook *ledger = NULL;
    struct daybook_snapshot *snapshot = NULL;
    char data[SCRATCH_PATH_SIZE + 40];
    snprintf(data, sizeof data, "%s/log/data.mdb", folder);
    if (daybook_open(folder, NULL, &ledger, NULL) || daybook_snapshot_begin(ledger, &snapshot, NULL) ||
        truncate(data, 3 * 4096))
        _exit(90);
    daybook_follow(snapshot, 1, pass_over, NULL, NULL);
    _exit(91);
}

static void crash(const char *folder)
{
    struct daybook *ledger = NULL;
    if (daybook_open(folder, NULL, &ledger, NULL))
        _exit(90);
    volatile uintptr_t nowhere = 8;
    *(volatile int *)nowhere = 1;
    _exit(91);
}

static int status_of(void (*act)(const char *), const char *folder)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        fault_guard_install();
        act(folder);
    }
    waitpid(child, &status, 0);
    return status;
}

static void faults(void **state)
{
    (void)state;
    char root[SCRATCH_PATH_SIZE], folder[SCRATCH_PATH_SIZE + 8];
    scratch_folder(root);
    snprintf(folder, sizeof folder, "%s/ledger", root);
    make_orders(folder);
    int crashed = status_of(crash, folder);
    assert_true(WIFSIGNALED(crashed));
    assert_int_equal(WTERMSIG(crashed), SIGSEGV);
    int cut = status_of(read_cut_file, folder);
    assert_true(WIFEXITED(cut));
    assert_int_equal(WEXITSTATUS(cut), DAYBOOK_CLASS_ENVIRONMENT);
    scratch_remove(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(faults)};
    return cmocka_run_group_tests_name("fault", tests, NULL, NULL);
}
