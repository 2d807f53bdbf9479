/* Checks each value once, at the border, so that commands find it ready. */
#include "tools/cli/argument.h"

#include "ledger/decimal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int parse_count(enum language language, const char *string, uint64_t *ret, struct daybook_error *err)
{
    unsigned long long number;

    errno = 0;
    number = strtoull(string, NULL, 10);
    if (!*string || string[strspn(string, "0123456789")] || errno || number > INT64_MAX)
        return daybook_fail(
            err, DAYBOOK_USAGE,
            language_pick(language, "\"%.100s\" is no whole number of 0 or more.", "“%.100s”不是自然数。"), string);
    *ret = number;
    return 0;
}

static int check_choice(const char *choices, enum language language, const char *string, struct daybook_error *err)
{
    size_t length = strlen(string);

    for (const char *at = choices; *at; at += strcspn(at, "|"), at += *at == '|')
        if (strcspn(at, "|") == length && strncmp(at, string, length) == 0)
            return 0;
    return daybook_fail(err, DAYBOOK_USAGE,
                        language_pick(language, "\"%.100s\" is none of %s.", "“%.100s”不在可选值之内：%s。"), string,
                        choices);
}

int argument_parse(enum argument_kind kind, const char *choices, enum language language, const char *string,
                   struct given *ret, struct daybook_error *err)
{
    struct given given = {.string = string, .text = {string, strlen(string)}};
    int code = 0;

    switch (kind) {
    case ARGUMENT_FLAG:
    case ARGUMENT_TEXT:
    case ARGUMENT_FILE:
        break;
    case ARGUMENT_DATE:
    case ARGUMENT_DATE_OR_UNKNOWN:
        code = when_parse_date(given.text, kind == ARGUMENT_DATE_OR_UNKNOWN, &given.when, err);
        break;
    case ARGUMENT_TIME:
        code = when_parse_time(given.text, &given.when, err);
        break;
    case ARGUMENT_COUNT:
        code = parse_count(language, string, &given.count, err);
        break;
    case ARGUMENT_DECIMAL:
        if (!decimal_parse(given.text, &given.decimal))
            code = daybook_fail(err, DAYBOOK_USAGE,
                                language_pick(language, "\"%.100s\" is no plain decimal.", "“%.100s”不是普通小数。"),
                                string);
        break;
    case ARGUMENT_CHOICE:
        code = check_choice(choices, language, string, err);
        break;
    case ARGUMENT_ITEM:
        code = item_parse(given.text, &given.item, err);
        break;
    case ARGUMENT_ITEM_PART:
        code = item_part_parse(given.text, &given.item_part, err);
        break;
    case ARGUMENT_ITEM_CHANGE:
        code = item_change_parse(given.text, &given.item_change, err);
        break;
    case ARGUMENT_PAIR:
        code = pair_parse(given.text, &given.pair.key, &given.pair.value, err);
        break;
    }
    if (!code)
        *ret = given;
    return code;
}
