/* Parsing with a small table of its own: values, mistakes with suggestions, languages, help from the table. */
#include "tools/cli/command.h"
#include "tools/cli/suggest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int run_nothing(struct context *ctx)
{
    (void)ctx;
    return 0;
}

static const struct command test_commands[] = {
    {
        .name = "create",
        .group = "orders",
        .options =
            (const struct option[]){
                {"--customer", ARGUMENT_TEXT, "NAME", NULL, true, false, "whose order it is", "客户"},
                {"--item", ARGUMENT_ITEM, "CODE:QTY", NULL, false, true, "what is ordered", "产品"},
                {"--expected", ARGUMENT_DATE, "DATE", NULL, false, false, "when it is due", "交期"},
                {"--limit", ARGUMENT_COUNT, "N", NULL, false, false, "at most", "最多"},
                {"--kind", ARGUMENT_CHOICE, "KIND", "text|date", false, false, "the kind", "类型"},
                {"--dry-run", ARGUMENT_FLAG, NULL, NULL, false, false, "only look", "只看"},
                {0},
            },
        .summary_en = "Enter an order.",
        .summary_zh = "新建订单。",
        .example = "daybook create --customer ACME",
        .run = run_nothing,
    },
    {
        .name = "promise",
        .group = "orders",
        .arguments = (const struct argument[]){{.name = "NO", .kind = ARGUMENT_TEXT, .required = true},
                                               {.name = "DATE", .kind = ARGUMENT_DATE, .required = true},
                                               {.name = "MORE", .kind = ARGUMENT_TEXT, .repeated = true},
                                               {0}},
        .summary_en = "Change the promise.",
        .summary_zh = "更改交期。",
        .run = run_nothing,
    },
    {.name = "stats", .group = "reports", .summary_en = "All.", .summary_zh = "全部。", .run = run_nothing},
    {.name = "stats delays", .group = "reports", .summary_en = "Delays.", .summary_zh = "延误。", .run = run_nothing},
    {.name = "key new", .group = "audit", .summary_en = "New.", .summary_zh = "新建。", .run = run_nothing},
    {.name = "key show", .group = "audit", .summary_en = "Show.", .summary_zh = "显示。", .run = run_nothing},
    {0},
};

static const struct program program = {
    .version = "1.2.3",
    .tables = (const struct command *const[]){test_commands, NULL},
};

static int parse(struct context *ctx, const char *const *words)
{
    int count = 0;

    while (words[count])
        count++;
    return context_parse(ctx, &program, count, words);
}

/* Parse the words after "daybook". */
#define PARSE(ctx, ...) parse(ctx, (const char *const[]){"daybook", __VA_ARGS__, NULL})

static int clear_environment(void **state)
{
    (void)state;
    unsetenv("DAYBOOK_LEDGER");
    unsetenv("DAYBOOK_ACTOR");
    unsetenv("DAYBOOK_LANG");
    unsetenv("LC_MESSAGES");
    unsetenv("LANG");
    return setenv("LC_ALL", "C", 1);
}

static void test_options_and_values(void **state)
{
    struct context ctx;
    const struct given *item;

    (void)state;
    assert_int_equal(PARSE(&ctx, "--format", "json", "create", "--customer=ACME = Co", "--item", "P-1:10", "--actor",
                           "li", "--expected", "-3", "--item=P-2:1.5kg", "--limit", "7", "--dry-run",
                           "--ledger=/tmp/x"),
                     0);
    assert_string_equal(ctx.command->name, "create");
    assert_string_equal(context_string(&ctx, "--customer"), "ACME = Co");
    item = context_given(&ctx, "--item");
    assert_memory_equal(item->item.code.ptr, "P-1", item->item.code.len);
    assert_memory_equal(item->next->item.code.ptr, "P-2", item->next->item.code.len);
    assert_null(item->next->next);
    assert_int_equal(context_given(&ctx, "--expected")->when.number, -3);
    assert_int_equal(context_count(&ctx, "--limit", 1), 7);
    assert_true(context_flag(&ctx, "--dry-run"));
    assert_null(context_string(&ctx, "--kind"));
    assert_int_equal(ctx.format, OUTPUT_JSON);
    assert_string_equal(ctx.ledger_path, "/tmp/x");
    assert_memory_equal(ctx.actor.ptr, "li", 3);
    context_release(&ctx);
}

static void test_arguments(void **state)
{
    struct context ctx;
    const struct given *more;

    (void)state;
    assert_int_equal(PARSE(&ctx, "promise", "-1", "+10", "a", "--", "--help", "b"), 0);
    assert_string_equal(context_string(&ctx, "NO"), "-1");
    assert_int_equal(context_given(&ctx, "DATE")->when.number, 10);
    more = context_given(&ctx, "MORE");
    assert_string_equal(more->string, "a");
    assert_string_equal(more->next->string, "--help");
    assert_string_equal(more->next->next->string, "b");
    assert_false(ctx.help_wanted);
    context_release(&ctx);
}

static void test_longest_name_wins(void **state)
{
    struct context ctx;

    (void)state;
    assert_int_equal(PARSE(&ctx, "stats", "delays"), 0);
    assert_string_equal(ctx.command->name, "stats delays");
    context_release(&ctx);
    assert_int_equal(PARSE(&ctx, "stats", "--lang", "zh"), 0);
    assert_string_equal(ctx.command->name, "stats");
    assert_int_equal(ctx.language, LANGUAGE_ZH);
    context_release(&ctx);
}

static void assert_refused(struct context *ctx, int code, const char *hint)
{
    assert_int_equal(code, DAYBOOK_USAGE);
    if (!strstr(ctx->error.message, hint))
        fail_msg("\"%s\" does not say \"%s\"", ctx->error.message, hint);
    context_release(ctx);
}

static void test_mistakes(void **state)
{
    struct context ctx;

    (void)state;
    assert_refused(&ctx, PARSE(&ctx, "craete"), "Did you mean \"create\"");
    assert_refused(&ctx, PARSE(&ctx, "key", "shwo"), "Did you mean \"key show\"");
    assert_refused(&ctx, PARSE(&ctx, "key"), "new, show");
    assert_refused(&ctx, PARSE(&ctx, "xyzzy"), "daybook help");
    assert_refused(&ctx, PARSE(&ctx, "create", "--custmer", "A"), "Did you mean \"--customer\"");
    assert_refused(&ctx, PARSE(&ctx, "--formt=json", "stats"), "Did you mean \"--format\"");
    assert_refused(&ctx, PARSE(&ctx, "create", "-x"), "-x");
    assert_refused(&ctx, PARSE(&ctx, "create"), "--customer is missing");
    assert_refused(&ctx, PARSE(&ctx, "create", "--customer", "--item", "P:1"), "--customer needs a value");
    assert_refused(&ctx, PARSE(&ctx, "create", "--customer"), "--customer needs a value");
    assert_refused(&ctx, PARSE(&ctx, "create", "--customer", "A", "--customer", "B"), "twice");
    assert_refused(&ctx, PARSE(&ctx, "create", "--customer", "A", "B"), "\"B\" is one word too many");
    assert_refused(&ctx, PARSE(&ctx, "create", "--dry-run=yes"), "takes no value");
    assert_refused(&ctx, PARSE(&ctx, "create", "--kind", "tex"), "text|date");
    assert_refused(&ctx, PARSE(&ctx, "create", "--limit", "-1"), "--limit");
    assert_refused(&ctx, PARSE(&ctx, "create", "--limit", "9223372036854775808"), "--limit");
    assert_refused(&ctx, PARSE(&ctx, "create", "--item", "P:1e400"), "--item");
    assert_refused(&ctx, PARSE(&ctx, "create", "--expected", "soon"), "YYYY-MM-DD");
    assert_refused(&ctx, PARSE(&ctx, "promise", "SO-1"), "DATE is missing");
    assert_refused(&ctx, PARSE(&ctx, "stats", "--format", "xml"), "table|json|jsonl|csv");
    assert_refused(&ctx, PARSE(&ctx, "stats", "--actor", " "), "actor");
    assert_refused(&ctx, PARSE(&ctx, "create", "--customer", "A\xC0\xAF"), "UTF-8");
    assert_refused(&ctx, PARSE(&ctx, "craete", "--lang", "zh"), "是否想用“create”");
}

static void test_environment(void **state)
{
    struct context ctx;

    (void)state;
    setenv("DAYBOOK_LEDGER", "/srv/ledger", 1);
    setenv("DAYBOOK_ACTOR", " 李雷 ", 1);
    setenv("LC_ALL", "zh_CN.UTF-8", 1);
    assert_int_equal(PARSE(&ctx, "stats"), 0);
    assert_string_equal(ctx.ledger_path, "/srv/ledger");
    assert_int_equal(ctx.actor.len, strlen("李雷"));
    assert_memory_equal(ctx.actor.ptr, "李雷", ctx.actor.len);
    assert_int_equal(ctx.language, LANGUAGE_ZH);
    assert_non_null(strchr(ctx.via, '@'));
    context_release(&ctx);
    setenv("DAYBOOK_LANG", "en", 1);
    assert_int_equal(PARSE(&ctx, "stats"), 0);
    assert_int_equal(ctx.language, LANGUAGE_EN);
    context_release(&ctx);
    clear_environment(NULL);
    assert_int_equal(PARSE(&ctx, "stats"), 0);
    assert_string_equal(ctx.ledger_path, "./daybook.ledger");
    assert_true(ctx.actor.len > 0);
    context_release(&ctx);
}

static void test_help_needs_nothing_else(void **state)
{
    struct context ctx;

    (void)state;
    assert_int_equal(PARSE(&ctx, "create", "--help"), 0);
    assert_true(ctx.help_wanted);
    context_release(&ctx);
    assert_int_equal(PARSE(&ctx, "-h"), 0);
    assert_null(ctx.command);
    context_release(&ctx);
    assert_int_equal(PARSE(&ctx, "completion", "bash"), 0);
    assert_string_equal(ctx.command->name, "completion bash");
    context_release(&ctx);
}

/* Every command is named in what is made from the table. */
static void test_texts_from_the_table(void **state)
{
    static const char *const asked[][2] = {{"help", NULL}, {"help", "--man"}, {"completion", "bash"}};

    (void)state;
    for (size_t a = 0; a < sizeof asked / sizeof *asked; a++) {
        const struct command *command;
        struct context ctx;
        char *text = NULL;
        size_t size = 0;
        FILE *stream = open_memstream(&text, &size);

        assert_non_null(stream);
        assert_int_equal(PARSE(&ctx, asked[a][0], asked[a][1]), 0);
        ctx.output = (struct output){.stream = stream};
        assert_int_equal(ctx.command->run(&ctx), 0);
        assert_int_equal(fclose(stream), 0);
        for (size_t i = 0; (command = program_command(&program, i)); i++)
            if (!strstr(text, command->name))
                fail_msg("%s %s does not name %s", asked[a][0], asked[a][1] ? asked[a][1] : "", command->name);
        context_release(&ctx);
        free(text);
    }
}

static void test_distance(void **state)
{
    (void)state;
    assert_int_equal(suggest_distance("history", "history"), 0);
    assert_int_equal(suggest_distance("hsitory", "history"), 1);
    assert_int_equal(suggest_distance("hstry", "history"), 2);
    assert_int_equal(suggest_distance("hist", "history"), 1);
    assert_int_equal(suggest_distance("订単编号", "订单编号"), 1);
    assert_int_equal(suggest_distance("abc", "xyz"), SUGGEST_TOO_FAR);
    assert_int_equal(suggest_distance("", "history"), SUGGEST_TOO_FAR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_and_values),   cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_longest_name_wins),    cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_environment),          cmocka_unit_test(test_help_needs_nothing_else),
        cmocka_unit_test(test_texts_from_the_table), cmocka_unit_test(test_distance),
    };

    return cmocka_run_group_tests(tests, clear_environment, NULL);
}
