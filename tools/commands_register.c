#include "tools/commands.h"

const struct command register_commands[] = {{0}};
