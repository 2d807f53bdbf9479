/* Commands are rows of a table; parsing, --help, completion and the man page are all made from it.
 *
 *     static int run_greet(struct context *ctx) { … }
 *     const struct command greet_commands[] = {
 *         {
 *             .name = "greet",
 *             .group = "orders",
 *             .arguments = (const struct argument[]){{.name = "NAME", .kind = ARGUMENT_TEXT, .required = true}, {0}},
 *             .summary_en = "Say hello.",
 *             .summary_zh = "问好。",
 *             .example = "daybook greet Li",
 *             .run = run_greet,
 *         },
 *         {0},
 *     };
 *
 * Arrays of arguments, options and commands end with a row whose name is NULL. A name may be two words
 * ("stats delays"); the longest name that fits wins. */
#ifndef TOOLS_CLI_COMMAND_H
#define TOOLS_CLI_COMMAND_H

#include "tools/cli/argument.h"
#include "tools/cli/identity.h"
#include "tools/cli/output.h"

struct context;

/* What stands where it stands, without a "--name". Required ones come first; only the last may be repeated. */
struct argument {
    const char *name; /* as help shows it: "NO" */
    enum argument_kind kind;
    const char *choices; /* "text|number|date", for ARGUMENT_CHOICE */
    bool required, repeated;
};

struct option {
    const char *name; /* "--item" */
    enum argument_kind kind;
    const char *value_name; /* "CODE:QTY"; NULL for a flag */
    const char *choices;    /* for ARGUMENT_CHOICE */
    bool required, repeated;
    const char *help_en, *help_zh;
};

/* What the command does with a ledger; who opens it looks here. */
enum ledger_use {
    LEDGER_NONE,
    LEDGER_READ,
    LEDGER_WRITE,
};

struct command {
    const char *name;
    const char *group;                /* "orders", "audit", "reports", "files", "keeping", "help" */
    const struct argument *arguments; /* NULL: none */
    const struct option *options;     /* NULL: only the global ones */
    const char *summary_en, *summary_zh;
    const char *example; /* a shell line that works; a test runs it */
    enum ledger_use ledger_use;
    /* 0, or the code that daybook_fail(&ctx->error, …) returned: its class becomes the exit status. */
    int (*run)(struct context *ctx);
};

struct program {
    const char *version;
    const struct command *const *tables; /* each ends with a row without name, the list with NULL */
};

struct context {
    const struct program *program;
    const struct command *command;
    const char *family; /* help is wanted for all commands that begin with this word */
    enum language language;
    enum output_format format;
    const char *ledger_path; /* --ledger, $DAYBOOK_LEDGER, "./daybook.ledger" */
    bool accept_clock, unsafe_filesystem;
    struct daybook_text actor;   /* --actor, $DAYBOOK_ACTOR, the login name; a claim */
    char via[IDENTITY_VIA_SIZE]; /* "login@host": how the claim is known */
    struct output output;
    struct daybook_error error;
    json_t *error_members; /* NULL, or an object: more members for {"error":{…}}; the context's to free */
    /* Private: */
    bool help_wanted, version_wanted;
    char login[IDENTITY_LOGIN_SIZE];
    const char *format_name;
    struct given *given;
    struct given_list *lists; /* one for each option, then one for each argument */
    size_t given_count, position;
};

/* The whole program: parse, run, report. Returns the exit status. */
int cli_main(const struct program *program, int argc, char **argv);

/* Text in the language asked for; also as a format: daybook_fail(&ctx->error, …, say(ctx, "No %s.", "没有%s。"), x). */
const char *say(const struct context *ctx, const char *english, const char *chinese)
    __attribute__((format_arg(2), format_arg(3)));

/* What was given for an option ("--item") or argument ("NO") of the command's row; NULL when nothing was.
 * Repeated ones go on at ->next. A name that is not in the row is a mistake in the program (assert). */
const struct given *context_given(const struct context *ctx, const char *name);
/* The same where several commands share the code: NULL, too, when this one's row does not have the name. */
const struct given *context_given_if(const struct context *ctx, const char *name);
bool context_flag(const struct context *ctx, const char *name);
/* As typed; NULL, or text with ptr NULL, when nothing was given. */
const char *context_string(const struct context *ctx, const char *name);
struct daybook_text context_text(const struct context *ctx, const char *name);
/* For ARGUMENT_COUNT. */
uint64_t context_count(const struct context *ctx, const char *name, uint64_t otherwise);

/* A remark on standard error ("daybook: …"), escaped; not an error. */
void cli_print_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The message on standard error; with --format json or jsonl, unless it is a usage error, then also one line of JSON.
 * cli_main does this for what `run` returns. Returns the exit status. */
int cli_print_error(const struct context *ctx, const struct daybook_error *error);

/* The steps of cli_main, for tests and for help. */
int context_parse(struct context *ctx, const struct program *program, int argc, const char *const *argv);
void context_release(struct context *ctx);
/* The n-th command of all tables; NULL beyond the last. */
const struct command *program_command(const struct program *program, size_t index);
/* The command of these words (the longest name that fits), how many they are; NULL when there is none. */
const struct command *program_find(const struct program *program, int word_count, const char *const *words,
                                   int *ret_used);
/* Are there commands of two words that begin with this one ("stats")? */
bool program_has_family(const struct program *program, const char *first);

extern const struct option global_options[];

#endif
