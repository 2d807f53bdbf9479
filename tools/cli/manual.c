/* The man page, in roff's "man" macros, from the table of commands. */
#include "tools/cli/help.h"

#include <stdlib.h>
#include <string.h>

/* Text for roff: a backslash is spelled out, a hyphen stays one (options can be copied), and a line that would
 * begin as a request does not. */
static void put_roff(FILE *stream, const char *text)
{
    if (*text == '.' || *text == '\'')
        fputs("\\&", stream);
    for (; *text; text++) {
        if (*text == '\\')
            fputs("\\e", stream);
        else if (*text == '-')
            fputs("\\-", stream);
        else
            fputc(*text, stream);
    }
}

static void put_options(const struct context *ctx, FILE *stream, const struct option *options)
{
    for (; options && options->name; options++) {
        fputs(".TP\n\\fB", stream);
        put_roff(stream, options->name);
        fputs("\\fR", stream);
        if (options->value_name) {
            fputs(" \\fI", stream);
            put_roff(stream, options->value_name);
            fputs("\\fR", stream);
        }
        fputs(options->repeated ? " …\n" : "\n", stream);
        put_roff(stream, say(ctx, options->help_en, options->help_zh));
        if (options->choices)
            fprintf(stream, " (%s)", options->choices);
        fputs("\n", stream);
    }
}

static int put_command(const struct context *ctx, FILE *stream, const struct command *command)
{
    char *synopsis = NULL;
    size_t synopsis_size = 0;
    FILE *memory = open_memstream(&synopsis, &synopsis_size);

    if (!memory)
        return DAYBOOK_NO_MEMORY;
    help_write_synopsis(memory, command);
    if (fclose(memory) != 0) {
        free(synopsis);
        return DAYBOOK_NO_MEMORY;
    }
    fputs(".SS ", stream);
    put_roff(stream, synopsis);
    free(synopsis);
    fputs("\n", stream);
    put_roff(stream, say(ctx, command->summary_en, command->summary_zh));
    fputs("\n", stream);
    put_options(ctx, stream, command->options);
    if (command->example) {
        fputs(".PP\n.EX\n", stream);
        put_roff(stream, command->example);
        fputs("\n.EE\n", stream);
    }
    return 0;
}

int help_print_manual(struct context *ctx)
{
    FILE *stream = ctx->output.stream;
    const struct command *command;

    fprintf(stream, ".TH DAYBOOK 1 \"\" \"daybook %s\"\n", ctx->program->version);
    fprintf(stream, ".SH %s\ndaybook \\- %s\n", say(ctx, "NAME", "名称"),
            say(ctx, "an append\\-only, verifiable ledger of orders", "只增不改、可验证的订单账本"));
    fprintf(stream, ".SH %s\n.B daybook\n[OPTION …] COMMAND …\n", say(ctx, "SYNOPSIS", "概要"));
    fprintf(stream, ".SH %s\n", say(ctx, "OPTIONS", "通用选项"));
    put_options(ctx, stream, global_options);
    for (const struct command_group *group = command_groups; group->name; group++) {
        fprintf(stream, ".SH %s\n", say(ctx, group->title_en, group->title_zh));
        for (size_t i = 0; (command = program_command(ctx->program, i)); i++)
            if (strcmp(command->group, group->name) == 0 && put_command(ctx, stream, command) != 0)
                return daybook_fail(&ctx->error, DAYBOOK_NO_MEMORY, "There is not enough memory to write the manual.");
    }
    fprintf(stream, ".SH %s\n", say(ctx, "EXIT STATUS", "退出状态"));
    fprintf(stream, "%s\n",
            say(ctx,
                "0 done; 1 refused, nothing was written; 2 the command line is wrong; 3 the environment failed "
                "(I/O, disk full, damaged file).",
                "0 完成；1 拒绝，未写入任何内容；2 命令行有误；3 环境故障（读写、磁盘已满、文件损坏）。"));
    fprintf(stream, ".SH %s\n", say(ctx, "ENVIRONMENT", "环境变量"));
    fputs("DAYBOOK_LEDGER, DAYBOOK_ACTOR, DAYBOOK_LANG, LC_ALL, LC_MESSAGES, LANG, NO_COLOR\n", stream);
    return 0;
}
