#include "tools/commands.h"

const struct command read_commands[] = {{0}};
