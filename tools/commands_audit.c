#include "tools/commands.h"

const struct command audit_commands[] = {{0}};
