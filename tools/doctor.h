/* `daybook doctor`: is the ledger well, and what to do where it is not. */
#ifndef TOOLS_DOCTOR_H
#define TOOLS_DOCTOR_H

#include "tools/cli/command.h"

int run_doctor(struct context *ctx);

#endif
