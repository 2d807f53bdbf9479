/* `daybook check-proof`. */
#ifndef TOOLS_CHECK_PROOF_H
#define TOOLS_CHECK_PROOF_H

#include "tools/cli/command.h"

int run_check_proof(struct context *ctx);

#endif
