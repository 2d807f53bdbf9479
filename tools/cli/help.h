/* What the table of commands says to a person, to bash and to man(1). */
#ifndef TOOLS_CLI_HELP_H
#define TOOLS_CLI_HELP_H

#include "tools/cli/command.h"

/* "help" and "completion bash"; every program has them. */
extern const struct command help_commands[];

/* All commands by group. These three return 0 or a code, with ctx->error filled. */
int help_print_commands(struct context *ctx);
/* One command: usage, summary, options, example. */
/* The commands of two words that begin with this one. */
int help_print_family(struct context *ctx, const char *first);
int help_print_command(struct context *ctx, const struct command *command);
/* The same as a man page of the whole program, in roff. */
int help_print_manual(struct context *ctx);
/* A bash completion for "daybook". */
int help_print_completion(struct context *ctx);

/* "usage: daybook create --customer NAME …", one line, and where to read more. */
void help_print_usage(const struct context *ctx, FILE *stream);
/* "daybook create --customer NAME --item CODE:QTY… [OPTION…]" without a line end. */
void help_write_synopsis(FILE *stream, const struct command *command);

struct command_group {
    const char *name;
    const char *title_en, *title_zh;
};
/* In the order of help; ends with a row without name. */
extern const struct command_group command_groups[];

#endif
