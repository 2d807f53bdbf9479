/* Which language to speak, from what the person said or what the environment says. */
#include "tools/cli/language.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

bool language_parse(const char *name, enum language *ret)
{
    if (strcmp(name, "en") == 0)
        *ret = LANGUAGE_EN;
    else if (strcmp(name, "zh") == 0)
        *ret = LANGUAGE_ZH;
    else
        return false;
    return true;
}

enum language language_of_environment(void)
{
    static const char *const variables[] = {"DAYBOOK_LANG", "LC_ALL", "LC_MESSAGES", "LANG"};

    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *value = getenv(variables[i]);

        if (value && *value)
            return strncmp(value, "zh", 2) == 0 ? LANGUAGE_ZH : LANGUAGE_EN;
    }
    return LANGUAGE_EN;
}

const char *language_pick(enum language language, const char *english, const char *chinese)
{
    return language == LANGUAGE_ZH ? chinese : english;
}
