/* --help, in both languages, from the table of commands. */
#include "tools/cli/help.h"

#include "ledger/text.h"

#include <string.h>

const struct command_group command_groups[] = {
    {"orders", "Orders", "订单"},
    {"audit", "Audit", "审计"},
    {"reports", "Reports", "报表"},
    {"files", "Files", "文件"},
    {"keeping", "Keeping it", "维护"},
    {"help", "Help", "帮助"},
    {0},
};

static int run_help(struct context *ctx)
{
    const struct given *word = context_given(ctx, "COMMAND");
    const struct command *command;
    const char *words[2] = {NULL, NULL};
    int count = 0, used = 0;

    if (context_flag(ctx, "--man"))
        return help_print_manual(ctx);
    if (!word)
        return help_print_commands(ctx);
    for (; word && count < 2; word = word->next)
        words[count++] = word->string;
    command = program_find(ctx->program, count, words, &used);
    if (!command && count == 1 && program_has_family(ctx->program, words[0]))
        return help_print_family(ctx, words[0]);
    if (!command)
        return daybook_fail(&ctx->error, DAYBOOK_USAGE,
                            say(ctx, "There is no such command; \"daybook help\" lists them.",
                                "没有这个命令；“daybook help”列出全部命令。"));
    return help_print_command(ctx, command);
}

const struct command help_commands[] = {
    {
        .name = "help",
        .group = "help",
        .arguments = (const struct argument[]){{.name = "COMMAND", .kind = ARGUMENT_TEXT, .repeated = true}, {0}},
        .options = (const struct option[]){{"--man", ARGUMENT_FLAG, NULL, NULL, false, false,
                                            "print a man page: daybook help --man | man -l -",
                                            "输出手册页：daybook help --man | man -l -"},
                                           {0}},
        .summary_en = "List the commands, or explain one.",
        .summary_zh = "列出全部命令，或说明其中一个。",
        .example = "daybook help help",
        .run = run_help,
    },
    {
        .name = "completion bash",
        .group = "help",
        .summary_en = "Print a bash completion, to be read by: source <(daybook completion bash)",
        .summary_zh = "输出 bash 补全脚本，用法：source <(daybook completion bash)",
        .example = "daybook completion bash",
        .run = help_print_completion,
    },
    {0},
};

/* `text`, then blanks up to `width` columns of the terminal. */
static void put_padded(FILE *stream, const char *text, size_t width)
{
    size_t used = text_width((struct daybook_text){text, strlen(text)});

    fprintf(stream, "  %s%*s", text, used < width ? (int)(width - used) : 0, "");
}

int help_print_family(struct context *ctx, const char *first)
{
    const struct command *command;
    size_t length = strlen(first);

    for (size_t i = 0; (command = program_command(ctx->program, i)); i++)
        if (strncmp(command->name, first, length) == 0 && command->name[length] == ' ')
            fprintf(ctx->output.stream, "%-20s  %s\n", command->name,
                    say(ctx, command->summary_en, command->summary_zh));
    return 0;
}

int help_print_commands(struct context *ctx)
{
    FILE *stream = ctx->output.stream;
    const struct command *command;
    size_t width = 0;

    for (size_t i = 0; (command = program_command(ctx->program, i)); i++)
        if (strlen(command->name) > width)
            width = strlen(command->name);
    fprintf(stream, "%s\n",
            say(ctx, "daybook keeps orders as an append-only, verifiable ledger of events.",
                "daybook 以只增不改、可验证的事件账本管理订单。"));
    fprintf(stream, "\n%sdaybook [--ledger DIR] [--actor NAME] [--lang en|zh] [--format table|json|jsonl|csv] %s\n",
            say(ctx, "usage: ", "用法："), say(ctx, "COMMAND …", "命令 …"));
    for (const struct command_group *group = command_groups; group->name; group++) {
        bool titled = false;

        for (size_t i = 0; (command = program_command(ctx->program, i)); i++) {
            if (strcmp(command->group, group->name) != 0)
                continue;
            if (!titled)
                fprintf(stream, "\n%s\n", say(ctx, group->title_en, group->title_zh));
            titled = true;
            put_padded(stream, command->name, width);
            fprintf(stream, "  %s\n", say(ctx, command->summary_en, command->summary_zh));
        }
    }
    fprintf(stream, "\n%s\n",
            say(ctx, "\"daybook COMMAND --help\" explains one, with an example.",
                "“daybook 命令 --help”说明一个命令并给出示例。"));
    return 0;
}

void help_write_synopsis(FILE *stream, const struct command *command)
{
    bool optional = false;

    fprintf(stream, "daybook %s", command->name);
    for (const struct argument *argument = command->arguments; argument && argument->name; argument++)
        fprintf(stream, argument->required ? " %s%s" : " [%s%s]", argument->name, argument->repeated ? "…" : "");
    for (const struct option *option = command->options; option && option->name; option++) {
        if (option->required)
            fprintf(stream, " %s %s%s", option->name, option->value_name, option->repeated ? " …" : "");
        optional |= !option->required;
    }
    if (optional)
        fputs(" [OPTION …]", stream);
}

void help_print_usage(const struct context *ctx, FILE *stream)
{
    fputs(say(ctx, "usage: ", "用法："), stream);
    help_write_synopsis(stream, ctx->command);
    fprintf(stream, say(ctx, "   (\"daybook %s --help\" explains it)\n", "  （“daybook %s --help”有说明）\n"),
            ctx->command->name);
}

/* "--item CODE:QTY …" */
static void name_option(const struct option *option, char *out, size_t out_size)
{
    snprintf(out, out_size, "%s%s%s%s", option->name, option->value_name ? " " : "",
             option->value_name ? option->value_name : "", option->repeated ? " …" : "");
}

static void put_options(const struct context *ctx, FILE *stream, const char *title, const struct option *options)
{
    size_t width = 0;
    char name[128];

    if (!options || !options->name)
        return;
    for (const struct option *option = options; option->name; option++) {
        size_t used;

        name_option(option, name, sizeof name);
        used = text_width((struct daybook_text){name, strlen(name)});
        width = used > width ? used : width;
    }
    fprintf(stream, "\n%s\n", title);
    for (const struct option *option = options; option->name; option++) {
        name_option(option, name, sizeof name);
        put_padded(stream, name, width);
        fprintf(stream, "  %s", say(ctx, option->help_en, option->help_zh));
        if (option->choices)
            fprintf(stream, " (%s)", option->choices);
        fputs(option->required ? say(ctx, "; required\n", "；必填\n") : "\n", stream);
    }
}

int help_print_command(struct context *ctx, const struct command *command)
{
    FILE *stream = ctx->output.stream;

    fprintf(stream, "%s\n\n%s", say(ctx, command->summary_en, command->summary_zh), say(ctx, "usage: ", "用法："));
    help_write_synopsis(stream, command);
    fputs("\n", stream);
    put_options(ctx, stream, say(ctx, "Options", "选项"), command->options);
    put_options(ctx, stream, say(ctx, "For every command", "通用选项"), global_options);
    if (command->example)
        fprintf(stream, "\n%s\n  %s\n", say(ctx, "Example", "示例"), command->example);
    return 0;
}
