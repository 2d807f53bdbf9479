/* The two languages that people read here. Text stands in pairs where it is used: a catalogue (gettext) would
 * need installed locales, which a small system lacks. */
#ifndef TOOLS_CLI_LANGUAGE_H
#define TOOLS_CLI_LANGUAGE_H

#include <stdbool.h>

enum language {
    LANGUAGE_EN,
    LANGUAGE_ZH,
};

/* "en" or "zh" exactly; false for anything else. */
bool language_parse(const char *name, enum language *ret);

/* The first of $DAYBOOK_LANG, $LC_ALL, $LC_MESSAGES, $LANG that is not empty decides: Chinese if it begins "zh". */
enum language language_of_environment(void);

/* One of the two; both are checked as formats where the result is one. */
const char *language_pick(enum language language, const char *english, const char *chinese)
    __attribute__((format_arg(2), format_arg(3)));

#endif
