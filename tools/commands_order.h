/* The commands that write orders, over several files; the table that names them is in commands_order.c. */
#ifndef TOOLS_COMMANDS_ORDER_H
#define TOOLS_COMMANDS_ORDER_H

#include "tools/cli/command.h"

/* Options that several commands have, as the members of a row. */
#define OPTION_KEY                                                                                                     \
    .name = "--key", .kind = ARGUMENT_TEXT, .value_name = "KEY",                                                       \
    .help_en = "repeating the command with the same key changes nothing", .help_zh = "以同一键重复命令不会重复记录"
#define OPTION_EXPECT                                                                                                  \
    .name = "--expect", .kind = ARGUMENT_COUNT, .value_name = "VERSION",                                               \
    .help_en = "refuse unless the order is at this version", .help_zh = "订单不在此版本时拒绝"

extern const struct option create_options[];
int run_create(struct context *ctx);

extern const struct option undo_options[], correct_options[];
int run_undo(struct context *ctx);
int run_correct(struct context *ctx);

#endif
