/* The commands that write orders, over several files; the table that names them is in commands_order.c. */
#ifndef TOOLS_COMMANDS_ORDER_H
#define TOOLS_COMMANDS_ORDER_H

#include "tools/cli/command.h"

extern const struct option create_options[];
int run_create(struct context *ctx);

extern const struct option undo_options[], correct_options[];
int run_undo(struct context *ctx);
int run_correct(struct context *ctx);

#endif
