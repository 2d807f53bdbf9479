#include "tools/commands.h"

const struct command export_commands[] = {{0}};
