#include "tools/commands.h"

const struct command import_commands[] = {{0}};
