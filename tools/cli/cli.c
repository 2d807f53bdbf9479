/* The program around the commands: what must hold before one runs, and what is said when it fails. */
#include "tools/cli/command.h"
#include "tools/cli/display.h"
#include "tools/cli/help.h"
#include "tools/memory.h"

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

    fputs("daybook: ", stderr);
    if (shown)
        fputs(shown, stderr);
    else /* no memory to show what is not text: it is left out */
        for (const char *c = message; *c; c++)
            if ((unsigned char)*c >= ' ' && *c != '\177')
                fputc(*c, stderr);
    fputc('\n', stderr);
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

/* What the library says, it says in English; before it stands what kind of trouble it is. */
static const struct {
    int code;
    const char *chinese;
} kinds[] = {
    {DAYBOOK_NOT_FOUND, "没有找到"},
    {DAYBOOK_ALREADY_EXISTS, "已经存在"},
    {DAYBOOK_STATUS_FORBIDS, "订单当前状态不允许"},
    {DAYBOOK_DATE_IN_FUTURE, "日期在将来"},
    {DAYBOOK_BAD_VALUE, "内容不正确"},
    {DAYBOOK_TOO_LARGE, "内容太大"},
    {DAYBOOK_VERSION_CONFLICT, "订单已被他人修改"},
    {DAYBOOK_KEY_REUSED, "该 --key 已用于其他内容"},
    {DAYBOOK_AMBIGUOUS_LINE, "有多行是这个产品"},
    {DAYBOOK_CANNOT_VOID, "不能撤销"},
    {DAYBOOK_FOREIGN_LOG, "不是同一账本的日志"},
    {DAYBOOK_VERIFICATION_FAILED, "校验未通过"},
    {DAYBOOK_NO_HEADER, "找不到表头"},
    {DAYBOOK_NO_COLUMN, "缺少必需的列"},
    {DAYBOOK_BAD_ENCODING, "无法识别文件编码"},
    {DAYBOOK_BAD_TEXT, "文件含有非文本内容"},
    {DAYBOOK_BAD_CSV, "CSV 引号没有闭合"},
    {DAYBOOK_AMBIGUOUS_DATES, "无法判断日期的日月顺序"},
    {DAYBOOK_MIXED_DATE_ORDER, "日期的日月顺序不一致"},
    {DAYBOOK_NOT_A_WORKBOOK, "不是可读取的表格"},
    {DAYBOOK_USAGE, "用法不对"},
    {DAYBOOK_IO, "读写出错"},
    {DAYBOOK_DISK_FULL, "磁盘已满"},
    {DAYBOOK_READ_ONLY, "没有写入权限"},
    {DAYBOOK_NO_LEDGER, "此处没有账本"},
    {DAYBOOK_NEWER_FORMAT, "账本由更新的版本写成"},
    {DAYBOOK_DAMAGED, "文件已损坏"},
    {DAYBOOK_CLOCK_BEHIND, "时钟落后于账本"},
    {DAYBOOK_REMOTE_FILESYSTEM, "账本在远程文件系统上"},
};

static void print_in_language(const struct context *ctx, const struct daybook_error *error)
{
    char message[sizeof error->message + 100];
    const char *kind = NULL;
    for (size_t i = 0; ctx->language == LANGUAGE_ZH && i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].code == error->code)
            kind = kinds[i].chinese;
    bool is_chinese = strstr(error->message, "。") != NULL;
    snprintf(message, sizeof message, "%s%s%s", kind && !is_chinese ? kind : "", kind && !is_chinese ? "。" : "",
             error->message);
    print_message(message);
}

int cli_print_error(const struct context *ctx, const struct daybook_error *error)
{
    enum daybook_error_class class = daybook_code_class(error->code);

    print_in_language(ctx, error);
    if (class == DAYBOOK_CLASS_USAGE && ctx->command)
        help_print_usage(ctx, stderr);
    else if (class != DAYBOOK_CLASS_USAGE && (ctx->format == OUTPUT_JSON || ctx->format == OUTPUT_JSONL))
        print_error_json(ctx, error);
    return (int)class;
}

/* A closed descriptor 0, 1 or 2 would be given to the next file opened: messages would end up in the ledger. What
 * stands in for standard output cannot be written, so that a lost answer is an error. */
static void open_standard_files(void)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_RDWR) < 0)
            return;
}

static int run_command(struct context *ctx)
{
    int code, flush_code;

    if (ctx->version_wanted)
        code = output_print(&ctx->output, &ctx->error, "daybook %s", ctx->program->version);
    else if (ctx->family)
        code = help_print_family(ctx, ctx->family);
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
    memory_watch();
    /* Widths of characters are counted in UTF-8 whatever the environment says. */
    if (!setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        setlocale(LC_CTYPE, "C.UTF-8");
    if (!isatty(STDOUT_FILENO))
        setvbuf(stdout, NULL, _IOFBF, STDOUT_BUFFER_SIZE);
    code = context_parse(&ctx, program, argc, (const char *const *)argv);
    /* Without one, libsmartcols never comes to the end of a cell that is not ASCII. */
    if (!code && strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        code = daybook_fail(&ctx.error, DAYBOOK_NO_MEMORY,
                            "The locale C.UTF-8 cannot be used: out of memory, or the system does not have it.");
    if (!code) {
        output_init(&ctx.output, stdout, ctx.format, ctx.language);
        code = run_command(&ctx);
    }
    if (memory_was_refused() && (!code || daybook_code_class(code) != DAYBOOK_CLASS_ENVIRONMENT))
        code = daybook_fail(&ctx.error, DAYBOOK_NO_MEMORY,
                            say(&ctx, "There is not enough memory: the answer may not be whole.",
                                "内存不足，结果可能不完整。"));
    if (code)
        status = cli_print_error(&ctx, &ctx.error);
    context_release(&ctx);
    return status;
}
