/* From the shell's words to a command with checked values. */
#include "tools/cli/command.h"

#include "ledger/text.h"
#include "tools/cli/help.h"
#include "tools/cli/suggest.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAME_WORDS_MAX = 2,
};

struct given_list {
    struct given *first, *last;
};

const struct option global_options[] = {
    {"--ledger", ARGUMENT_FILE, "DIR", NULL, false, false, "the ledger (else $DAYBOOK_LEDGER, ./daybook.ledger)",
     "账本目录（默认 $DAYBOOK_LEDGER 或 ./daybook.ledger）"},
    {"--actor", ARGUMENT_TEXT, "NAME", NULL, false, false, "who does it (else $DAYBOOK_ACTOR, the login name)",
     "操作人（默认 $DAYBOOK_ACTOR 或登录名）"},
    {"--lang", ARGUMENT_CHOICE, "LANG", "en|zh", false, false, "the language", "语言"},
    {"--format", ARGUMENT_CHOICE, "FORMAT", "table|json|jsonl|csv", false, false, "the format of the answer",
     "输出格式"},
    {"--accept-clock", ARGUMENT_FLAG, NULL, NULL, false, false, "record although the clock is behind the log",
     "时钟落后于日志时仍然记录"},
    {"--unsafe-filesystem", ARGUMENT_FLAG, NULL, NULL, false, false, "open a ledger on a remote filesystem",
     "允许打开远程文件系统上的账本"},
    {"--help", ARGUMENT_FLAG, NULL, NULL, false, false, "what the command does, with an example", "命令说明与示例"},
    {"--version", ARGUMENT_FLAG, NULL, NULL, false, false, "the version of the program", "程序版本"},
    {0},
};

const char *say(const struct context *ctx, const char *english, const char *chinese)
{
    return language_pick(ctx->language, english, chinese);
}

const struct command *program_command(const struct program *program, size_t index)
{
    for (const struct command *const *table = program->tables; *table; table++)
        for (const struct command *command = *table; command->name; command++)
            if (index-- == 0)
                return command;
    for (const struct command *command = help_commands; command->name; command++)
        if (index-- == 0)
            return command;
    return NULL;
}

/* The first words, joined by blanks, as a command's name is; false when they do not fit. */
static bool join_words(int word_count, const char *const *words, char *out, size_t out_size)
{
    size_t used = 0;

    for (int i = 0; i < word_count; i++) {
        int length = snprintf(out + used, out_size - used, "%s%s", i ? " " : "", words[i]);

        if (length < 0 || (size_t)length >= out_size - used)
            return false;
        used += (size_t)length;
    }
    return true;
}

const struct command *program_find(const struct program *program, int word_count, const char *const *words,
                                   int *ret_used)
{
    for (int used = word_count < NAME_WORDS_MAX ? word_count : NAME_WORDS_MAX; used > 0; used--) {
        const struct command *command;
        char name[128];

        if (!join_words(used, words, name, sizeof name))
            continue;
        for (size_t i = 0; (command = program_command(program, i)); i++)
            if (strcmp(command->name, name) == 0) {
                *ret_used = used;
                return command;
            }
    }
    return NULL;
}

static size_t option_count(const struct command *command)
{
    size_t count = 0;

    while (command->options && command->options[count].name)
        count++;
    return count;
}

static size_t argument_count(const struct command *command)
{
    size_t count = 0;

    while (command->arguments && command->arguments[count].name)
        count++;
    return count;
}

/* The second words of the commands that begin with `first`: "delays, lead"; false when there are none. */
static bool list_family(const struct program *program, const char *first, char *out, size_t out_size)
{
    const struct command *command;
    size_t length = strlen(first), used = 0;

    for (size_t i = 0; (command = program_command(program, i)); i++)
        if (strncmp(command->name, first, length) == 0 && command->name[length] == ' ' && used < out_size)
            used += (size_t)snprintf(out + used, out_size - used, "%s%s", used ? ", " : "", command->name + length + 1);
    return used > 0;
}

bool program_has_family(const struct program *program, const char *first)
{
    char family[400];
    return list_family(program, first, family, sizeof family);
}

/* The nearest command to as many of the words as its name has; NULL when none is near. */
static const struct command *nearest_command(const struct program *program, int word_count, const char *const *words)
{
    const struct command *command, *nearest = NULL;
    size_t distance, nearest_distance = SUGGEST_TOO_FAR;

    for (size_t i = 0; (command = program_command(program, i)); i++) {
        int name_words = strchr(command->name, ' ') ? 2 : 1;
        char typed[128];

        if (!join_words(word_count < name_words ? word_count : name_words, words, typed, sizeof typed))
            continue;
        distance = suggest_distance(typed, command->name);
        if (distance < nearest_distance) {
            nearest_distance = distance;
            nearest = command;
        }
    }
    return nearest;
}

static int fail_unknown_command(struct context *ctx, int word_count, const char *const *words)
{
    const struct command *nearest = nearest_command(ctx->program, word_count, words);
    char family[400];

    if ((word_count == 1 || !nearest) && list_family(ctx->program, words[0], family, sizeof family))
        return daybook_fail(&ctx->error, DAYBOOK_USAGE,
                            say(ctx, "\"%.100s\" needs another word after it: %s.", "“%.100s”后面还需要一个词：%s。"),
                            words[0], family);
    if (nearest)
        return daybook_fail(&ctx->error, DAYBOOK_USAGE,
                            say(ctx, "There is no such command: \"%.100s%s%.100s\". Did you mean \"%s\"?",
                                "没有这个命令：“%.100s%s%.100s”。是否想用“%s”？"),
                            words[0], strchr(nearest->name, ' ') && word_count > 1 ? " " : "",
                            strchr(nearest->name, ' ') && word_count > 1 ? words[1] : "", nearest->name);
    return daybook_fail(&ctx->error, DAYBOOK_USAGE,
                        say(ctx, "There is no command \"%.100s\"; \"daybook help\" lists them.",
                            "没有命令“%.100s”；“daybook help”列出全部命令。"),
                        words[0]);
}

static int fail_unknown_option(struct context *ctx, const char *typed)
{
    const struct option *tables[] = {ctx->command ? ctx->command->options : NULL, global_options};
    const char *nearest = NULL;
    size_t distance, nearest_distance = SUGGEST_TOO_FAR;

    for (size_t t = 0; t < 2; t++)
        for (const struct option *option = tables[t]; option && option->name; option++) {
            distance = suggest_distance(typed, option->name);
            if (distance < nearest_distance) {
                nearest_distance = distance;
                nearest = option->name;
            }
        }
    if (nearest)
        return daybook_fail(&ctx->error, DAYBOOK_USAGE,
                            say(ctx, "There is no option \"%.100s\" here. Did you mean \"%s\"?",
                                "这里没有选项“%.100s”。是否想用“%s”？"),
                            typed, nearest);
    return daybook_fail(&ctx->error, DAYBOOK_USAGE,
                        say(ctx, "There is no option \"%.100s\" here.", "这里没有选项“%.100s”。"), typed);
}

/* A word that begins like an option: "--x", "-x"; but not "-", and not a negative number. */
static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] && !(word[1] >= '0' && word[1] <= '9') && word[1] != '.';
}

static const struct option *find_option(const struct option *options, const char *name)
{
    for (; options && options->name; options++)
        if (strcmp(options->name, name) == 0)
            return options;
    return NULL;
}

/* Check a value by its kind; the message tells which option or argument it is about. */
static int parse_value(struct context *ctx, const char *name, enum argument_kind kind, const char *choices,
                       const char *value, struct given *ret)
{
    struct daybook_error reason = {0};
    int code = argument_parse(kind, choices, ctx->language, value, ret, &reason);

    return code ? daybook_fail(&ctx->error, code, "%s: %s", name, reason.message) : 0;
}

/* Keep a value in list `index`. The array has room for every word of the command line. */
static void keep(struct context *ctx, size_t index, const struct given *given)
{
    struct given *kept = &ctx->given[ctx->given_count++];
    struct given_list *list = &ctx->lists[index];

    *kept = *given;
    if (list->last)
        list->last->next = kept;
    else
        list->first = kept;
    list->last = kept;
}

static int take_command_option(struct context *ctx, const struct option *option, const char *value)
{
    size_t index = (size_t)(option - ctx->command->options);
    struct given given = {0};
    int code = parse_value(ctx, option->name, option->kind, option->choices, value, &given);

    if (code)
        return code;
    if (ctx->lists[index].first && !option->repeated && option->kind != ARGUMENT_FLAG)
        return daybook_fail(&ctx->error, DAYBOOK_USAGE, say(ctx, "%s is given twice.", "%s 给了两次。"), option->name);
    keep(ctx, index, &given);
    return 0;
}

/* The last one wins, so that an alias can set what a single call overrides. */
static int take_global_option(struct context *ctx, const struct option *option, const char *value)
{
    struct given given = {0};
    int code = parse_value(ctx, option->name, option->kind, option->choices, value, &given);

    if (code)
        return code;
    if (strcmp(option->name, "--ledger") == 0)
        ctx->ledger_path = value;
    else if (strcmp(option->name, "--actor") == 0)
        ctx->actor = given.text;
    else if (strcmp(option->name, "--lang") == 0)
        language_parse(value, &ctx->language);
    else if (strcmp(option->name, "--format") == 0)
        ctx->format_name = value;
    else if (strcmp(option->name, "--help") == 0)
        ctx->help_wanted = true;
    else if (strcmp(option->name, "--accept-clock") == 0)
        ctx->accept_clock = true;
    else if (strcmp(option->name, "--unsafe-filesystem") == 0)
        ctx->unsafe_filesystem = true;
    else
        ctx->version_wanted = true;
    return 0;
}

/* The option at argv[*at], and its value; *at then stands behind both. */
static int take_option(struct context *ctx, int argc, const char *const *argv, int *at)
{
    const char *word = strcmp(argv[*at], "-h") == 0 ? "--help" : argv[*at];
    const char *equals = strchr(word, '='), *value = equals ? equals + 1 : NULL;
    size_t length = equals ? (size_t)(equals - word) : strlen(word);
    const struct option *option, *global = NULL;
    char name[64];

    if (length >= sizeof name)
        return fail_unknown_option(ctx, word);
    memcpy(name, word, length);
    name[length] = '\0';
    option = ctx->command ? find_option(ctx->command->options, name) : NULL;
    if (!option)
        option = global = find_option(global_options, name);
    if (!option)
        return fail_unknown_option(ctx, name);
    (*at)++;
    if (option->kind == ARGUMENT_FLAG && value)
        return daybook_fail(&ctx->error, DAYBOOK_USAGE, say(ctx, "%s takes no value.", "%s 不带值。"), name);
    if (option->kind == ARGUMENT_FLAG)
        value = "";
    /* A value that looks like an option is a value forgotten; "--reason=--so" says it on purpose. */
    if (!value && *at < argc && strncmp(argv[*at], "--", 2) != 0)
        value = argv[(*at)++];
    if (!value)
        return daybook_fail(&ctx->error, DAYBOOK_USAGE, say(ctx, "%s needs a value: %s %s.", "%s 需要一个值：%s %s。"),
                            name, name, option->value_name);
    return global ? take_global_option(ctx, global, value) : take_command_option(ctx, option, value);
}

static int take_argument(struct context *ctx, const char *word)
{
    size_t options = option_count(ctx->command), count = argument_count(ctx->command);
    const struct argument *argument;
    struct given given = {0};
    int code;

    if (ctx->position >= count)
        return daybook_fail(&ctx->error, DAYBOOK_USAGE,
                            say(ctx, "\"%.100s\" is one word too many.", "多了一个词“%.100s”。"), word);
    argument = &ctx->command->arguments[ctx->position];
    code = parse_value(ctx, argument->name, argument->kind, argument->choices, word, &given);
    if (code)
        return code;
    keep(ctx, options + ctx->position, &given);
    if (!argument->repeated)
        ctx->position++;
    return 0;
}

static int check_complete(struct context *ctx)
{
    size_t options = option_count(ctx->command), arguments = argument_count(ctx->command);

    for (size_t i = 0; i < options + arguments; i++) {
        const struct option *option = i < options ? &ctx->command->options[i] : NULL;
        const struct argument *argument = option ? NULL : &ctx->command->arguments[i - options];

        if (!ctx->lists[i].first && (option ? option->required : argument->required))
            return daybook_fail(&ctx->error, DAYBOOK_USAGE, say(ctx, "%s is missing.", "缺少 %s。"),
                                option ? option->name : argument->name);
    }
    return 0;
}

/* Messages are in the language asked for even when the mistake stands before --lang. */
static void settle_language(struct context *ctx, int argc, const char *const *argv)
{
    ctx->language = language_of_environment();
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--lang") == 0 && i + 1 < argc)
            language_parse(argv[i + 1], &ctx->language);
        else if (strncmp(argv[i], "--lang=", 7) == 0)
            language_parse(argv[i] + 7, &ctx->language);
    }
}

static int settle_surroundings(struct context *ctx)
{
    static const char *const format_names[] = {
        [OUTPUT_TABLE] = "table", [OUTPUT_JSON] = "json", [OUTPUT_JSONL] = "jsonl", [OUTPUT_CSV] = "csv"};
    const char *ledger_path = getenv("DAYBOOK_LEDGER"), *actor = getenv("DAYBOOK_ACTOR");

    for (size_t i = 0; ctx->format_name && i < sizeof format_names / sizeof *format_names; i++)
        if (strcmp(ctx->format_name, format_names[i]) == 0)
            ctx->format = (enum output_format)i;
    if (!ctx->ledger_path)
        ctx->ledger_path = ledger_path && *ledger_path ? ledger_path : "./daybook.ledger";
    identity_login(ctx->login);
    identity_via(ctx->via);
    if (!ctx->actor.ptr && actor && *actor)
        ctx->actor = (struct daybook_text){actor, strlen(actor)};
    if (!ctx->actor.ptr)
        ctx->actor = (struct daybook_text){ctx->login, strlen(ctx->login)};
    ctx->actor = text_trim(ctx->actor);
    if (ctx->actor.len == 0 || !text_is_valid(ctx->actor))
        return daybook_fail(&ctx->error, DAYBOOK_USAGE,
                            say(ctx, "The actor (--actor or $DAYBOOK_ACTOR) is empty or is not UTF-8.",
                                "操作人（--actor 或 $DAYBOOK_ACTOR）为空或不是 UTF-8。"));
    return 0;
}

/* Words before the command: only global options. Then the command itself. */
static int parse_command(struct context *ctx, int argc, const char *const *argv, int *at)
{
    int code, words = 0, used = 0;

    while (*at < argc && is_option(argv[*at])) {
        code = take_option(ctx, argc, argv, at);
        if (code)
            return code;
    }
    while (*at + words < argc && words < NAME_WORDS_MAX && !is_option(argv[*at + words]))
        words++;
    if (words == 0)
        return 0;
    ctx->command = program_find(ctx->program, words, argv + *at, &used);
    if (!ctx->command && words == 1 && *at + 1 < argc && strcmp(argv[*at + 1], "--help") == 0 &&
        program_has_family(ctx->program, argv[*at]))
        ctx->family = argv[(*at)++];
    else if (!ctx->command)
        return fail_unknown_command(ctx, words, argv + *at);
    if (ctx->family)
        return 0;
    *at += used;
    return 0;
}

static int parse_rest(struct context *ctx, int argc, const char *const *argv, int at)
{
    bool options_ended = false;
    int code = 0;

    while (!code && at < argc) {
        if (!options_ended && strcmp(argv[at], "--") == 0) {
            options_ended = true;
            at++;
        } else if (!options_ended && is_option(argv[at])) {
            code = take_option(ctx, argc, argv, &at);
        } else {
            code = take_argument(ctx, argv[at++]);
        }
    }
    return code;
}

int context_parse(struct context *ctx, const struct program *program, int argc, const char *const *argv)
{
    int code, at = 1;

    *ctx = (struct context){.program = program};
    settle_language(ctx, argc, argv);
    for (int i = 1; i < argc; i++)
        if (!text_is_valid((struct daybook_text){argv[i], strlen(argv[i])}))
            return daybook_fail(
                &ctx->error, DAYBOOK_USAGE,
                say(ctx, "Word %d of the command is not valid UTF-8.", "命令的第 %d 个词不是有效的 UTF-8。"), i);
    code = parse_command(ctx, argc, argv, &at);
    if (code)
        return code;
    if (ctx->command) {
        ctx->given = calloc((size_t)argc, sizeof *ctx->given);
        ctx->lists = calloc(option_count(ctx->command) + argument_count(ctx->command) + 1, sizeof *ctx->lists);
        if (!ctx->given || !ctx->lists)
            return daybook_fail(&ctx->error, DAYBOOK_NO_MEMORY, "There is not enough memory to read the command.");
        code = parse_rest(ctx, argc, argv, at);
        if (!code && !ctx->help_wanted && !ctx->version_wanted)
            code = check_complete(ctx);
    }
    return code ? code : settle_surroundings(ctx);
}

void context_release(struct context *ctx)
{
    output_release(&ctx->output);
    json_decref(ctx->error_members);
    free(ctx->given);
    free(ctx->lists);
}

/* What was given under a name of the command's row; NULL when it has none of that name. */
static const struct given_list *find_list(const struct context *ctx, const char *name)
{
    size_t options = option_count(ctx->command), arguments = argument_count(ctx->command);

    for (size_t i = 0; i < options; i++)
        if (strcmp(ctx->command->options[i].name, name) == 0)
            return &ctx->lists[i];
    for (size_t i = 0; i < arguments; i++)
        if (strcmp(ctx->command->arguments[i].name, name) == 0)
            return &ctx->lists[options + i];
    return NULL;
}

const struct given *context_given(const struct context *ctx, const char *name)
{
    const struct given_list *list = find_list(ctx, name);

    assert(list && "the command has no such option or argument");
    return list ? list->first : NULL;
}

const struct given *context_given_if(const struct context *ctx, const char *name)
{
    const struct given_list *list = find_list(ctx, name);

    return list ? list->first : NULL;
}

bool context_flag(const struct context *ctx, const char *name)
{
    return context_given(ctx, name) != NULL;
}

const char *context_string(const struct context *ctx, const char *name)
{
    const struct given *given = context_given(ctx, name);

    return given ? given->string : NULL;
}

struct daybook_text context_text(const struct context *ctx, const char *name)
{
    const struct given *given = context_given(ctx, name);

    return given ? given->text : DAYBOOK_TEXT_NONE;
}

uint64_t context_count(const struct context *ctx, const char *name, uint64_t otherwise)
{
    const struct given *given = context_given(ctx, name);

    return given ? given->count : otherwise;
}
