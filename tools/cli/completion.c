/* A bash completion from the table of commands: names of commands, options, choices; files otherwise. */
#include "tools/cli/help.h"

#include <string.h>

/* "a|b|c" as words. */
static void put_choices(FILE *stream, const char *choices)
{
    for (; *choices; choices++)
        fputc(*choices == '|' ? ' ' : *choices, stream);
}

static void put_option_names(FILE *stream, const struct option *options)
{
    for (; options && options->name; options++)
        fprintf(stream, " %s", options->name);
}

/* case rows that say which words follow an option, for one command's (or the global) options. */
static void put_choice_cases(FILE *stream, const char *command, const struct option *options)
{
    for (; options && options->name; options++)
        if (options->choices) {
            fprintf(stream, "    '%s %s') words='", command, options->name);
            put_choices(stream, options->choices);
            fputs("' ;;\n", stream);
        }
}

/* The options that take a value, as a case pattern: the word after them is no command. */
static void put_value_pattern(FILE *stream)
{
    const char *between = "";

    for (const struct option *option = global_options; option->name; option++)
        if (option->kind != ARGUMENT_FLAG) {
            fprintf(stream, "%s%s", between, option->name);
            between = "|";
        }
}

/* Functions of the script that find the command's words before the cursor. */
static void put_search(FILE *stream)
{
    fputs("# Completion of daybook(1) for bash; made by: daybook completion bash\n"
          "_daybook() {\n"
          "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} words= i\n"
          "  local -a typed=()\n"
          "  COMPREPLY=()\n"
          "  for ((i = 1; i < COMP_CWORD && ${#typed[@]} < 2; i++)); do\n"
          "    case ${COMP_WORDS[i]} in\n"
          "    ",
          stream);
    put_value_pattern(stream);
    fputs(") ((i++)) ;;\n"
          "    -*) [[ ${#typed[@]} -gt 0 ]] && break ;;\n"
          "    *) typed+=(\"${COMP_WORDS[i]}\") ;;\n"
          "    esac\n"
          "  done\n"
          "  local first=${typed[0]} both=\"${typed[0]} ${typed[1]}\" command=${typed[0]}\n"
          "  case $both in\n",
          stream);
}

static void put_commands(const struct context *ctx, FILE *stream)
{
    const struct command *command;
    const char *blank;

    for (size_t i = 0; (command = program_command(ctx->program, i)); i++)
        if (strchr(command->name, ' '))
            fprintf(stream, "  '%s') command=$both ;;\n", command->name);
    fputs("  esac\n  case \"$command $previous\" in\n", stream);
    for (size_t i = 0; (command = program_command(ctx->program, i)); i++)
        put_choice_cases(stream, command->name, command->options);
    fputs("  esac\n  case $previous in\n", stream);
    for (const struct option *option = global_options; option->name; option++)
        if (option->choices) {
            fprintf(stream, "  %s) words='", option->name);
            put_choices(stream, option->choices);
            fputs("' ;;\n", stream);
        }
    fputs("  esac\n  if [[ -z $words && $current == -* ]]; then\n    case $command in\n", stream);
    for (size_t i = 0; (command = program_command(ctx->program, i)); i++) {
        fprintf(stream, "    '%s') words='", command->name);
        put_option_names(stream, command->options);
        fputs("' ;;\n", stream);
    }
    fputs("    esac\n    words+='", stream);
    put_option_names(stream, global_options);
    fputs("'\n  elif [[ -z $words && -z $first ]]; then\n    words='", stream);
    for (size_t i = 0; (command = program_command(ctx->program, i)); i++)
        fprintf(stream, " %.*s", (int)strcspn(command->name, " "), command->name);
    fputs("'\n  elif [[ -z $words && ${#typed[@]} -eq 1 ]]; then\n    case $first in\n", stream);
    for (size_t i = 0; (command = program_command(ctx->program, i)); i++)
        if ((blank = strchr(command->name, ' ')))
            fprintf(stream, "    '%.*s') words+=' %s' ;;&\n", (int)(blank - command->name), command->name, blank + 1);
    fputs("    esac\n  fi\n  [[ -n $words ]] && COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n}\n"
          "complete -o default -F _daybook daybook\n",
          stream);
}

int help_print_completion(struct context *ctx)
{
    put_search(ctx->output.stream);
    put_commands(ctx, ctx->output.stream);
    return 0;
}
