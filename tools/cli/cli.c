/* The program around the commands: what must hold before one runs, and what is said when it fails. */
#include "tools/cli/command.h"
#include "tools/cli/display.h"
#include "tools/cli/help.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STDOUT_BUFFER_SIZE = 1 << 16 };

static void print_message(const char *message)
{
    char *shown = display_escape((struct daybook_text){message, strlen(message)});

    fprintf(stderr, "daybook: %s\n", shown ? shown : "");
    free(shown);
}

void cli_print_note(const char *format, ...)
{
    char message[1000];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    print_message(message);
}

/* {"error":{"code":…,"message":…,…}} on one line. */
static void print_error_json(const struct context *ctx, const struct daybook_error *error)
{
    json_t *document =
        json_pack("{s:{s:s,s:s}}", "error", "code", daybook_code_name(error->code), "message", error->message);

    if (document && ctx->error_members)
        json_object_update_missing(json_object_get(document, "error"), ctx->error_members);
    if (document && json_dumpf(document, stderr, JSON_COMPACT | JSON_REAL_PRECISION(15)) == 0)
        fputc('\n', stderr);
    json_decref(document);
}

int cli_print_error(const struct context *ctx, const struct daybook_error *error)
{
    enum daybook_error_class class = daybook_code_class(error->code);

    print_message(error->message);
    if (class == DAYBOOK_CLASS_USAGE && ctx->command)
        help_print_usage(ctx, stderr);
    else if (class != DAYBOOK_CLASS_USAGE && (ctx->format == OUTPUT_JSON || ctx->format == OUTPUT_JSONL))
        print_error_json(ctx, error);
    return (int)class;
}

/* A closed descriptor 0, 1 or 2 would be given to the next file opened: messages would end up in the ledger. */
static void open_standard_files(void)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDWR) < 0)
            return;
}

static int run_command(struct context *ctx)
{
    int code, flush_code;

    if (ctx->version_wanted)
        code = output_print(&ctx->output, &ctx->error, "daybook %s", ctx->program->version);
    else if (!ctx->command)
        code = help_print_commands(ctx);
    else if (ctx->help_wanted)
        code = help_print_command(ctx, ctx->command);
    else
        code = ctx->command->run(ctx);
    /* A full disk under the answer matters less than why the command failed. */
    flush_code = output_flush(&ctx->output, code ? NULL : &ctx->error);
    /* The reader has seen enough. */
    if (ctx->output.closed && (!code || code == ctx->output.failed_code))
        return 0;
    return code ? code : flush_code;
}

int cli_main(const struct program *program, int argc, char **argv)
{
    struct context ctx;
    int code, status = 0;

    open_standard_files();
    signal(SIGPIPE, SIG_IGN);
    /* Widths of characters are counted in UTF-8 whatever the environment says. */
    if (!setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        setlocale(LC_CTYPE, "C.UTF-8");
    if (!isatty(STDOUT_FILENO))
        setvbuf(stdout, NULL, _IOFBF, STDOUT_BUFFER_SIZE);
    code = context_parse(&ctx, program, argc, (const char *const *)argv);
    if (!code) {
        output_init(&ctx.output, stdout, ctx.format, ctx.language);
        code = run_command(&ctx);
    }
    if (code)
        status = cli_print_error(&ctx, &ctx.error);
    context_release(&ctx);
    return status;
}
