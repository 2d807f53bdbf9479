/* The program: its tables of commands. */
#include "tools/commands.h"
#include "tools/fault.h"

int main(int argc, char **argv)
{
    static const struct command *const tables[] = {
        ledger_commands,   order_commands, register_commands, read_commands,   audit_commands,  log_commands,
        evidence_commands, stats_commands, view_commands,     import_commands, export_commands, NULL,
    };
    const struct program program = {"0.1.0", tables};
    fault_guard_install();
    return cli_main(&program, argc, argv);
}
