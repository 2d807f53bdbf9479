#include "tools/commands.h"

const struct command ledger_commands[] = {{0}};
