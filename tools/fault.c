/* LMDB trusts its pages: a flipped bit in one can send a reader outside of the file, and a file that is cut while it
 * is mapped raises SIGBUS. `verify` walks pages before it trusts them; everything else meets damage here. Only
 * faults at addresses where a ledger's file is mapped, and those in LMDB's own code, are taken for damage; a fault of
 * our own stays a crash. LMDB does not tell where it maps files, so the kernel is asked, with calls that are allowed in
 * a signal handler. */
#include "tools/fault.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include "daybook/error.h"

static void say_damaged(void)
{
    static const char sentence[] = "daybook: a file of the ledger is damaged. Run `daybook verify` to see where; "
                                   "`daybook rebuild --all` makes views anew.\n";
    if (write(STDERR_FILENO, sentence, sizeof sentence - 1) < 0)
        _exit(DAYBOOK_CLASS_ENVIRONMENT);
    _exit(DAYBOOK_CLASS_ENVIRONMENT);
}

static uintptr_t read_hex(const char **text)
{
    static const char digits[] = "0123456789abcdef";
    uintptr_t number = 0;
    for (const char *digit; **text && (digit = strchr(digits, **text)); (*text)++)
        number = number << 4 | (uintptr_t)(digit - digits);
    return number;
}

/* "7e7f6c200000-7f7f6c200000 r--s 00000000 fe:00 11534518    /orders/log/data.mdb" */
static bool line_maps(const char *line, const char *file, uintptr_t address)
{
    uintptr_t begin = read_hex(&line);
    line += *line == '-';
    return begin <= address && address < read_hex(&line) && strstr(line, file);
}

static bool is_mapped_from(const char *file, uintptr_t address)
{
    static char text[8192];
    size_t used = 0;
    ssize_t got;
    bool found = false;
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    while (!found && fd >= 0 && (got = read(fd, text + used, sizeof text - 1 - used)) > 0) {
        char *line = text, *end;
        text[used + (size_t)got] = '\0';
        for (; !found && (end = strchr(line, '\n')); line = end + 1) {
            *end = '\0';
            found = line_maps(line, file, address);
        }
        used = strlen(line);
        memmove(text, line, used);
    }
    if (fd >= 0)
        close(fd);
    return found;
}

/* Where the instruction stands that failed; 0 where we cannot tell. */
static uintptr_t instruction_of(const ucontext_t *context)
{
#if defined __x86_64__
    return (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
#elif defined __aarch64__
    return (uintptr_t)context->uc_mcontext.pc;
#else
    (void)context;
    return 0;
#endif
}

static void on_fault(int signal_number, siginfo_t *info, void *context)
{
    if (signal_number == SIGABRT || is_mapped_from("/data.mdb", (uintptr_t)info->si_addr) ||
        is_mapped_from("/liblmdb", instruction_of(context)))
        say_damaged();
    signal(signal_number, SIG_DFL); /* the instruction runs again, and this time it counts */
}

void fault_guard_install(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO;
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, NULL);
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGFPE, &action, NULL);
    sigaction(SIGABRT, &action, NULL); /* LMDB's own checks end in abort() */
    signal(SIGXFSZ, SIG_IGN);          /* a file size limit is an error like a full disk */
}
