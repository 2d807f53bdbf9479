/* Compound arguments: CODE:QTY[UNIT][:NAME], CODE#LINE:QTY[UNIT][:NAME], KEY=VALUE.
 *
 * All texts point into the argument. A colon may be the full-width one (：). A quantity is a plain decimal above 0
 * (full-width digits too); what follows it is a unit, which has no digits: 12件, "10 pcs", but not 1e400 or 1,200. */
#ifndef TOOLS_CLI_ITEM_H
#define TOOLS_CLI_ITEM_H

#include "daybook/error.h"
#include "daybook/value.h"

/* "P-1:10pcs:Hexagon bolt". */
struct item {
    struct daybook_text code;
    struct daybook_decimal quantity;
    struct daybook_text unit; /* ptr NULL: none */
    struct daybook_text name; /* ptr NULL: none */
};

/* "P-1:10", "P-1#2:10", "#2:10". A code may itself end in #2: `whole` is what stands before the colon, so that a
 * product of that very code comes first. */
struct item_part {
    struct daybook_text whole;
    struct daybook_text code; /* without #LINE; empty for "#2:10" */
    uint32_t line;            /* 0: not said */
    struct daybook_decimal quantity;
};

/* "P-1:10pcs:Hexagon bolt", "P-1#2:10", "#2:0": a line as it should be; a quantity of 0 takes it out. */
struct item_change {
    struct item_part part;
    struct daybook_text unit, name; /* ptr NULL: none */
};

/* All of these: 0, or DAYBOOK_USAGE with what is wrong and what is allowed; DAYBOOK_NO_MEMORY. */
int item_parse(struct daybook_text argument, struct item *ret, struct daybook_error *err);
int item_part_parse(struct daybook_text argument, struct item_part *ret, struct daybook_error *err);
int item_change_parse(struct daybook_text argument, struct item_change *ret, struct daybook_error *err);
/* Cut at the first "="; the key is trimmed and not empty, the value is as typed and may be empty. */
int pair_parse(struct daybook_text argument, struct daybook_text *ret_key, struct daybook_text *ret_value,
               struct daybook_error *err);

#endif
