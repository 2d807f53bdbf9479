#include "tools/commands.h"

const struct command order_commands[] = {{0}};
