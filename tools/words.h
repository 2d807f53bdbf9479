/* What events and fields are called in a person's language; programs get their names in the schema. */
#ifndef TOOLS_WORDS_H
#define TOOLS_WORDS_H

#include "tools/cli/command.h"

/* "order.shipped", 发货. */
const char *word_of_type(const struct context *ctx, const char *type_name);
/* "items.1.quantity", 第1行 数量: into out, cut if need be. */
enum { WORD_SIZE = 200 };
void word_of_field(const struct context *ctx, struct daybook_text field, char out[WORD_SIZE]);

#endif
