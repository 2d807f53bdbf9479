/* LMDB trusts its pages: a flipped bit in one can send a reader outside of the file, and a file that is cut while it
 * is mapped raises SIGBUS. `verify` walks pages before it trusts them; everything else meets damage here. Only
 * faults at addresses of mapped ledgers (or next to them) are taken for damage; a fault of our own stays a crash. */
#include "tools/fault.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "daybook/error.h"
#include "ledger/env.h"

static void say_damaged(void)
{
    static const char sentence[] = "daybook: a file of the ledger is damaged. Run `daybook verify` to see where; "
                                   "`daybook rebuild --all` makes views anew.\n";
    if (write(STDERR_FILENO, sentence, sizeof sentence - 1) < 0)
        _exit(DAYBOOK_CLASS_ENVIRONMENT);
    _exit(DAYBOOK_CLASS_ENVIRONMENT);
}

static void on_fault(int signal_number, siginfo_t *info, void *context)
{
    (void)context;
    if (signal_number == SIGABRT || env_maps_address(info->si_addr))
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
    sigaction(SIGABRT, &action, NULL); /* LMDB's own checks end in abort() */
    signal(SIGXFSZ, SIG_IGN);          /* a file size limit is an error like a full disk */
}
