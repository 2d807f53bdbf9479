#include "tools/commands.h"

const struct command view_commands[] = {{0}};
