/* One value on the command line: what kind it is, and whether it is one. */
#ifndef TOOLS_CLI_ARGUMENT_H
#define TOOLS_CLI_ARGUMENT_H

#include "daybook/error.h"
#include "daybook/value.h"
#include "tools/cli/item.h"
#include "tools/cli/language.h"
#include "tools/cli/when.h"

enum argument_kind {
    ARGUMENT_FLAG, /* an option without a value */
    ARGUMENT_TEXT,
    ARGUMENT_FILE, /* completed as a file name */
    ARGUMENT_DATE,
    ARGUMENT_DATE_OR_UNKNOWN,
    ARGUMENT_TIME,
    ARGUMENT_COUNT,       /* a whole number, 0 or more */
    ARGUMENT_DECIMAL,     /* a plain decimal, also negative */
    ARGUMENT_CHOICE,      /* one of `choices`, "a|b|c" */
    ARGUMENT_ITEM,        /* CODE:QTY[UNIT][:NAME] */
    ARGUMENT_ITEM_PART,   /* CODE:QTY or CODE#LINE:QTY */
    ARGUMENT_ITEM_CHANGE, /* CODE:QTY[UNIT][:NAME] or CODE#LINE:…; QTY may be 0 */
    ARGUMENT_PAIR,        /* NAME=VALUE */
};

struct pair {
    struct daybook_text key, value;
};

/* One value that was given. All texts point into the program's arguments. */
struct given {
    const char *string; /* as typed, NUL-terminated; "" for a flag */
    struct daybook_text text;
    union {
        struct when when; /* DATE, DATE_OR_UNKNOWN, TIME: ask when_day or when_moment what it means */
        uint64_t count;
        struct daybook_decimal decimal;
        struct item item;
        struct item_part item_part;
        struct item_change item_change;
        struct pair pair;
    };
    const struct given *next; /* of the same repeated option or argument; NULL at the end */
};

/* Fill `ret` (but `next`) from `string`. DAYBOOK_USAGE with what is allowed. `choices` for ARGUMENT_CHOICE only. */
int argument_parse(enum argument_kind kind, const char *choices, enum language language, const char *string,
                   struct given *ret, struct daybook_error *err);

#endif
