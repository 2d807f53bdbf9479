/* The program as a value: its tables of commands. */
#include "daybook/version.h"
#include "tools/commands.h"

static const struct command *const tables[] = {
    ledger_commands,
    order_commands,
    register_commands,
    read_commands,
    audit_commands,
    diff_commands,
    log_commands,
    evidence_commands,
    key_commands,
    prove_commands,
    stats_commands,
    view_commands,
    import_commands,
    undoing_commands,
    export_commands,
    backup_commands,
    forget_commands,
    pack_commands,
    NULL,
};

const struct program daybook_program = {DAYBOOK_VERSION, tables};
