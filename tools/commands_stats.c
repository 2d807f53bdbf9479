#include "tools/commands.h"

const struct command stats_commands[] = {{0}};
