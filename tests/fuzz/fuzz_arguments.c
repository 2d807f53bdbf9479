/* The command line: whatever the words are, the program ends with one of its four statuses, and the ledger verifies.
 * The input is a list of words, one a line; mutations put in words that the tables of commands know. */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/program.h"
#include "tools/commands.h"

enum { WORDS_MAX = 24, BYTES_MAX = 2000 };

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);
size_t LLVMFuzzerCustomMutator(uint8_t *input, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerMutate(uint8_t *input, size_t size, size_t max_size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const char table[] = "order_no,customer,product,qty,order date,expected\n"
                                "T-1,ACME,P-1,3,2026-01-05,2026-01-20\n"
                                "T-2,万泰,P-2,4,2026-01-06,2026-01-21\n";
    static const char lines[] = "{\"specversion\":\"1.0\",\"source\":\"/shop\",\"id\":\"1\",\"type\":\"order.created\","
                                "\"subject\":\"order/L-1\",\"data\":{\"customer\":\"ACME\"}}\n";
    static const char *const init[] = {"init", "--timezone", "Asia/Shanghai", NULL};
    static const char *const create[] = {"create", "--customer", "ACME", "--item", "P-1:10", "--item", "P-2:2.5",
                                         "--expected", "2026-01-20", "--note", "fragile", NULL};
    static const char *const ship[] = {"ship", "SO-000001", "--item", "P-1:4", "--on", "2026-01-10", NULL};
    static const char *const field[] = {"field", "add", "Colour", "--kind", "text", NULL};
    static const char *const views[] = {"stats", "delays", NULL};
    static const char *const *const commands[] = {init, create, ship, field, views, NULL};
    (void)argc, (void)argv;
    program_start();
    program_write("t.csv", table, sizeof table - 1);
    program_write("l.jsonl", lines, sizeof lines - 1);
    program_prepare(commands);
    return 0;
}

/* ---- mutation: words of the program's own */

static const char *own_word(unsigned int *random)
{
    static const char *const values[] = {"SO-000001", "t.csv", "l.jsonl",    "ACME",      "P-1:4",   "P-1#1:4",
                                         "json",      "csv",   "2026-01-20", "yesterday", "unknown", "3",
                                         "@2",        "zh",    "Colour=red", "-5d",       "--"};
    size_t count = 0;
    while (program_command(&daybook_program, count))
        count++;
    const struct command *command = program_command(&daybook_program, (size_t)rand_r(random) % count);
    const struct option *options = rand_r(random) % 4 ? command->options : global_options;
    size_t option_count = 0;
    while (options && options[option_count].name)
        option_count++;
    switch (rand_r(random) % 3) {
    case 0:
        return command->name;
    case 1:
        if (option_count)
            return options[(size_t)rand_r(random) % option_count].name;
        /* fall through */
    default:
        return values[(size_t)rand_r(random) % (sizeof values / sizeof *values)];
    }
}

/* The word goes in at the beginning of some line. */
size_t LLVMFuzzerCustomMutator(uint8_t *input, size_t size, size_t max_size, unsigned int seed)
{
    if (rand_r(&seed) % 3 == 0)
        return LLVMFuzzerMutate(input, size, max_size);
    const char *word = own_word(&seed);
    size_t len = strlen(word), at = size ? (size_t)rand_r(&seed) % size : 0;
    while (at > 0 && at < size && input[at - 1] != '\n')
        at++;
    if (size + len + 1 > max_size)
        return LLVMFuzzerMutate(input, size, max_size);
    memmove(input + at + len + 1, input + at, size - at);
    for (size_t i = 0; i < len; i++)
        input[at + i] = (uint8_t)(word[i] == ' ' ? '\n' : word[i]); /* a name of two words is two */
    input[at + len] = '\n';
    return size + len + 1;
}

/* ---- a run */

/* Other folders are not the fuzzer's to write into, and following a log has no end. */
static bool is_harmless(const char *word)
{
    return !strchr(word, '/') && strcmp(word, "--follow") != 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    static const char *const verify[] = {"verify", "--ledger", "daybook.ledger", NULL};
    char bytes[BYTES_MAX + 1];
    const char *words[WORDS_MAX + 1] = {NULL};
    size_t count = 0;
    if (size > BYTES_MAX)
        return -1;
    memcpy(bytes, input, size);
    bytes[size] = '\0';
    for (char *rest = bytes, *word; count < WORDS_MAX && (word = strsep(&rest, "\n"));)
        words[count++] = word;
    if (count && !words[count - 1][0])
        words[--count] = NULL; /* the last line's end begins no word */
    for (size_t i = 0; i < count; i++)
        if (!is_harmless(words[i]))
            return -1;
    program_reset();
    program_run(words);
    require(program_run(verify) == 0);
    return 0;
}
