#include "tools/commands.h"

const struct command evidence_commands[] = {{0}};
