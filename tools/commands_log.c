#include "tools/commands.h"

const struct command log_commands[] = {{0}};
