/* Damaged files: bits flipped, words changed, pages copied over others, files cut or longer than they were. `verify`
 * names what it finds in this process, without any fault, as it walks pages before it trusts them. Commands that trust
 * them run in a child with the program's guard against faults: they end with one of the four statuses, in time, and
 * never by a signal. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fuzz/program.h"
#include "tools/fault.h"

enum { PATCHES_MAX = 8, FILE_SIZE_MAX = 1 << 20, PAGE_SIZE = 4096, SECONDS_MAX = 20, SANITIZER_STATUS = 99 };
enum patch { FLIP_BIT, SET_BYTE, SET_WORD, COPY_PAGE, CLEAR_PAGE, CUT, GROW, PATCH_COUNT };

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);
const char *__asan_default_options(void);

/* What a sanitizer finds in the child must not look like one of the program's statuses. */
const char *__asan_default_options(void)
{
    /* A small process forks faster. What a damaged number asks too much memory for is refused, as it is elsewhere. */
    return "exitcode=99:quarantine_size_mb=2:allocator_may_return_null=1";
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const char *const init[] = {"init", "--timezone", "Asia/Shanghai", NULL};
    static const char *const import[] = {"import", "t.csv", NULL};
    static const char *const create[] = {"create", "--customer", "ACME", "--item", "P-1:10", "--item", "P-2:2.5",
                                         "--expected", "2026-01-20", "--note", "fragile", NULL};
    static const char *const ship[] = {"ship", "SO-000001", "--item", "P-1:4", "--on", "2026-01-10", NULL};
    static const char *const undo[] = {"undo", "SO-000001", "--reason", "typed twice", NULL};
    static const char *const orders[] = {"list", NULL};
    static const char *const delays[] = {"stats", "delays", NULL};
    static const char *const *const commands[] = {init, create, ship, undo, import, orders, delays, NULL};
    enum { ROWS = 90 };
    char table[ROWS * 64], *end = table;
    (void)argc, (void)argv;
    program_start();
    end = stpcpy(end, "order_no,customer,product,qty,order date,expected,delivered\n");
    for (int row = 0; row < ROWS; row++)
        end += snprintf(end, 64, "T-%d,Customer %d,P-%d,%d,2025-01-%02d,2025-02-%02d,2025-02-%02d\n", row, row % 40,
                        row % 7, 1 + row % 9, 1 + row % 28, 1 + row % 20, 1 + row % 27);
    program_write("t.csv", table, (size_t)(end - table));
    program_prepare(commands);
    return 0;
}

/* ---- damage */

static size_t apply(struct choices *c, uint8_t *bytes, size_t len)
{
    size_t at = choose_number(c) % (len + !len), pages = len / PAGE_SIZE, page = at / PAGE_SIZE;
    enum patch patch = (enum patch)choose(c, PATCH_COUNT);
    if (patch == CUT)
        return at;
    if (patch == GROW) {
        size_t more = choose_number(c) % (FILE_SIZE_MAX - len + 1);
        memset(bytes + len, choose_byte(c), more);
        return len + more;
    }
    if (len < PAGE_SIZE && patch != FLIP_BIT)
        patch = SET_BYTE;
    if (len == 0)
        return 0;
    if (patch == FLIP_BIT)
        bytes[at] ^= (uint8_t)(1u << choose(c, 8));
    else if (patch == SET_BYTE)
        bytes[at] = choose_byte(c);
    else if (patch == SET_WORD)
        bytes[at & ~(size_t)1] = choose_byte(c), bytes[at | 1] = choose_byte(c);
    else if (patch == COPY_PAGE && page < pages)
        memmove(bytes + page * PAGE_SIZE, bytes + choose(c, (uint32_t)pages) * PAGE_SIZE, PAGE_SIZE);
    else if (patch == CLEAR_PAGE && page < pages)
        memset(bytes + page * PAGE_SIZE, 0, PAGE_SIZE);
    return len;
}

static void damage(struct choices *c)
{
    static uint8_t bytes[FILE_SIZE_MAX];
    size_t file_count = 0;
    while (program_file(file_count))
        file_count++;
    const struct program_file *file = program_file(choose(c, (uint32_t)file_count));
    size_t len = file->len;
    require(len <= FILE_SIZE_MAX);
    memcpy(bytes, file->bytes, len);
    for (uint32_t left = 1 + choose(c, PATCHES_MAX); left > 0; left--)
        len = apply(c, bytes, len);
    program_write(file->path, bytes, len);
}

/* ---- use */

/* Longer than its status, and shorter than for ever. */
static void use_in_child(const char *const *arguments)
{
    int how = 0;
    pid_t child = fork(), ended;
    require(child >= 0);
    if (child == 0) {
        alarm(SECONDS_MAX);
        fault_guard_install();
        _exit(program_run(arguments));
    }
    while ((ended = waitpid(child, &how, 0)) < 0 && errno == EINTR)
        continue; /* the fuzzer's own clock */
    require(ended == child);
    require(WIFEXITED(how) && WEXITSTATUS(how) < SANITIZER_STATUS);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    static const char *const verify[] = {"verify", NULL};
    static const char *const uses[][8] = {
        {"list", "--format", "json", NULL},
        {"stats", "delays", "--by", "customer", NULL},
        {"stats", "delays", "--as-of", "200", NULL},
        {"history", "SO-000001", NULL},
        {"log", NULL},
        {"doctor", NULL},
        {"create", "--customer", "Customer 3", "--item", "P-1:1", "--note", "new", NULL},
        {"rebuild", "--all", NULL},
    };
    struct choices choices = {input, size};
    program_reset();
    uint32_t use = choose(&choices, sizeof uses / sizeof *uses);
    damage(&choices);
    program_run(verify);
    use_in_child(uses[use]);
    return 0;
}
