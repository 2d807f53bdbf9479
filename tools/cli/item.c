/* Items and fields as they are typed after --item and --field. */
#include "tools/cli/item.h"

#include "ledger/decimal.h"
#include "ledger/text.h"

#include <stdlib.h>
#include <string.h>

enum { QUOTED_WIDTH_MAX = 60 };

/* Bytes of a colon at the start of `text`: ":" or "：" (U+FF1A); 0 when there is none. */
static size_t colon_size(struct daybook_text text)
{
    if (text.len >= 1 && *text.ptr == ':')
        return 1;
    return text.len >= 3 && memcmp(text.ptr, "\xEF\xBC\x9A", 3) == 0 ? 3 : 0;
}

/* Bytes of a digit at the start of `text`, ASCII or full-width (U+FF10..FF19); 0 when there is none. */
static size_t digit_size(struct daybook_text text)
{
    if (text.len >= 1 && *text.ptr >= '0' && *text.ptr <= '9')
        return 1;
    return text.len >= 3 && memcmp(text.ptr, "\xEF\xBC", 2) == 0 && (unsigned char)text.ptr[2] >= 0x90 &&
                   (unsigned char)text.ptr[2] <= 0x99
               ? 3
               : 0;
}

/* The same for what else a decimal is made of: "." "-" and "．" "－". */
static size_t mark_size(struct daybook_text text)
{
    if (text.len >= 1 && (*text.ptr == '.' || *text.ptr == '-'))
        return 1;
    return text.len >= 3 && (memcmp(text.ptr, "\xEF\xBC\x8E", 3) == 0 || memcmp(text.ptr, "\xEF\xBC\x8D", 3) == 0) ? 3
                                                                                                                   : 0;
}

static struct daybook_text from(struct daybook_text text, size_t at)
{
    return (struct daybook_text){text.ptr + at, text.len - at};
}

/* Cut `text` at its first colon. Without one, `ret_after` is absent. */
static void cut_at_colon(struct daybook_text text, struct daybook_text *ret_before, struct daybook_text *ret_after)
{
    *ret_after = DAYBOOK_TEXT_NONE;
    *ret_before = text_trim(text);
    for (size_t at = 0; at < text.len; at++) {
        size_t size = colon_size(from(text, at));

        if (size) {
            *ret_before = text_trim((struct daybook_text){text.ptr, at});
            *ret_after = text_trim(from(text, at + size));
            return;
        }
    }
}

/* A unit has no digits, and does not begin with what looks like more of the number ("1,200", "5+3"). */
static bool is_unit(struct daybook_text text)
{
    if (text.len > 0 && memchr("+,/*=<>_'", *text.ptr, 9))
        return false;
    for (size_t at = 0; at < text.len; at++)
        if (digit_size(from(text, at)))
            return false;
    return true;
}

/* "12.5 kg" into its decimal, at least `least`, and its unit. */
static int read_quantity(struct daybook_text text, int64_t least, struct daybook_decimal *ret_quantity,
                         struct daybook_text *ret_unit, struct daybook_error *err)
{
    struct daybook_decimal quantity = {0};
    struct daybook_text unit;
    size_t number_size = 0, size, normal_len = 0;
    char *normal;
    bool good;

    while ((size = digit_size(from(text, number_size)) + mark_size(from(text, number_size))) > 0)
        number_size += size;
    unit = text_trim(from(text, number_size));
    normal = text_nfkc((struct daybook_text){text.ptr, number_size}, &normal_len);
    if (!normal)
        return daybook_fail(err, DAYBOOK_NO_MEMORY, "There is not enough memory to read the quantity.");
    good = decimal_parse((struct daybook_text){normal, normal_len}, &quantity) && quantity.mantissa >= least &&
           is_unit(unit);
    free(normal);
    if (!good)
        return daybook_fail(err, DAYBOOK_USAGE,
                            "\"%.*s\" is no quantity; write a plain number %s with at most 18 digits, such as "
                            "12 or 0.5, and perhaps a unit without digits (12pcs).",
                            (int)text_prefix_of_width(text, QUOTED_WIDTH_MAX), text.ptr,
                            least > 0 ? "above 0" : "of 0 or more");
    *ret_quantity = quantity;
    *ret_unit = unit.len ? unit : DAYBOOK_TEXT_NONE;
    return 0;
}

int item_parse(struct daybook_text argument, struct item *ret, struct daybook_error *err)
{
    struct item item = {0};
    struct daybook_text rest, quantity;
    int code;

    cut_at_colon(argument, &item.code, &rest);
    if (item.code.len == 0 || !rest.ptr)
        return daybook_fail(err, DAYBOOK_USAGE,
                            "\"%.*s\" is no item; write CODE:QUANTITY, such as P-1:10 or P-1:10pcs:Bolt.",
                            (int)text_prefix_of_width(argument, QUOTED_WIDTH_MAX), argument.ptr);
    cut_at_colon(rest, &quantity, &item.name);
    if (item.name.len == 0)
        item.name = DAYBOOK_TEXT_NONE;
    code = read_quantity(quantity, 1, &item.quantity, &item.unit, err);
    if (code)
        return code;
    *ret = item;
    return 0;
}

/* "#12" at the end of a code: its number, and the code without it. */
static void cut_line(struct item_part *part)
{
    size_t at = part->whole.len;
    uint32_t line = 0, place = 1;

    part->code = part->whole;
    while (at > 0 && part->whole.len - at < 6 && part->whole.ptr[at - 1] >= '0' && part->whole.ptr[at - 1] <= '9') {
        line += place * (uint32_t)(part->whole.ptr[--at] - '0');
        place *= 10;
    }
    if (line == 0 || at == 0 || part->whole.ptr[at - 1] != '#')
        return;
    part->line = line;
    part->code.len = at - 1;
}

int item_part_parse(struct daybook_text argument, struct item_part *ret, struct daybook_error *err)
{
    struct item_part part = {0};
    struct daybook_text quantity, unit;
    int code;

    cut_at_colon(argument, &part.whole, &quantity);
    if (part.whole.len == 0 || !quantity.ptr)
        return daybook_fail(err, DAYBOOK_USAGE,
                            "\"%.*s\" is no item; write CODE:QUANTITY or CODE#LINE:QUANTITY, such as P-1#2:10.",
                            (int)text_prefix_of_width(argument, QUOTED_WIDTH_MAX), argument.ptr);
    code = read_quantity(quantity, 1, &part.quantity, &unit, err);
    if (code)
        return code;
    if (unit.ptr)
        return daybook_fail(err, DAYBOOK_USAGE, "\"%.*s\" has a unit; leave it out, the line's own is meant.",
                            (int)text_prefix_of_width(argument, QUOTED_WIDTH_MAX), argument.ptr);
    cut_line(&part);
    *ret = part;
    return 0;
}

int item_change_parse(struct daybook_text argument, struct item_change *ret, struct daybook_error *err)
{
    struct item_change change = {0};
    struct daybook_text rest, quantity;
    int code;

    cut_at_colon(argument, &change.part.whole, &rest);
    if (change.part.whole.len == 0 || !rest.ptr)
        return daybook_fail(err, DAYBOOK_USAGE,
                            "\"%.*s\" is no item; write CODE:QUANTITY or CODE#LINE:QUANTITY, such as P-1:10; 0 takes "
                            "the line out.",
                            (int)text_prefix_of_width(argument, QUOTED_WIDTH_MAX), argument.ptr);
    cut_at_colon(rest, &quantity, &change.name);
    if (change.name.len == 0)
        change.name = DAYBOOK_TEXT_NONE;
    code = read_quantity(quantity, 0, &change.part.quantity, &change.unit, err);
    if (code)
        return code;
    cut_line(&change.part);
    *ret = change;
    return 0;
}

int pair_parse(struct daybook_text argument, struct daybook_text *ret_key, struct daybook_text *ret_value,
               struct daybook_error *err)
{
    const char *equals = argument.len ? memchr(argument.ptr, '=', argument.len) : NULL;
    struct daybook_text key = DAYBOOK_TEXT_NONE;

    if (equals)
        key = text_trim((struct daybook_text){argument.ptr, (size_t)(equals - argument.ptr)});
    if (key.len == 0)
        return daybook_fail(err, DAYBOOK_USAGE, "\"%.*s\" is no pair; write NAME=VALUE, such as colour=red.",
                            (int)text_prefix_of_width(argument, QUOTED_WIDTH_MAX), argument.ptr);
    *ret_key = key;
    *ret_value = from(argument, (size_t)(equals - argument.ptr) + 1);
    return 0;
}
