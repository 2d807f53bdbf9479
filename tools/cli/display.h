/* Data from outside, made safe to show: a terminal obeys control characters, whoever wrote them. */
#ifndef TOOLS_CLI_DISPLAY_H
#define TOOLS_CLI_DISPLAY_H

#include "daybook/value.h"

/* `text` as one line in fresh memory (the caller frees; NULL when there is none): line ends become "↵", a tab a
 * blank, other control characters (C0, DEL, C1), marks that reverse the writing direction and bytes that are no
 * UTF-8 are spelled out, as "<U+001B>" or "<FF>". */
char *display_escape(struct daybook_text text);

#endif
