/* What one cell says, by tables of the marks and words that people use. */
#include "tools/import/cells.h"

#include "ledger/decimal.h"
#include "ledger/text.h"
#include "tools/import/fold.h"
#include "tools/import/words.h"

#include <string.h>

static bool is_one_of(struct daybook_text text, const char *const *lower_case_words)
{
    enum { LONGEST = 24 };
    char folded[LONGEST];

    if (text.len >= 3 * LONGEST || !fold_short(text, folded, sizeof folded))
        return false;
    for (; *lower_case_words != NULL; lower_case_words++)
        if (strcmp(folded, *lower_case_words) == 0)
            return true;
    return false;
}

bool cell_is_absent(struct daybook_text text)
{
    static const char *const marks[] = {"-", "--", "—", "——", "–", "/", "n/a", "null", "无", "無", "待定", "tbd", NULL};

    /* nearly all cells are told by their first byte */
    return text.len == 0 ||
           (text.len <= 12 && strchr("-/nNtT\xE2\xE5\xE6\xE7\xEF", text.ptr[0]) != NULL && is_one_of(text, marks));
}

bool cell_is_error(struct daybook_text text)
{
    static const char *const errors[] = {"#n/a",   "#ref!", "#value!", "#div/0!", "#name?",
                                         "#null!", "#num!", "#spill!", "#calc!",  NULL};

    return text.len > 0 && text.ptr[0] == '#' && is_one_of(text, errors);
}

bool cell_is_unticked(struct daybook_text text)
{
    static const char *const boxes[] = {"false", "☐", "□", NULL};

    return text.len > 0 && strchr("fF\xE2\xEF", text.ptr[0]) != NULL && is_one_of(text, boxes);
}

/* The digits and marks that a number starts with, as ASCII, and what follows them. */
struct number_text {
    char chars[48];
    size_t len;
    bool negative;
    struct daybook_text rest;
};

static bool read_number_text(struct daybook_text text, struct number_text *number)
{
    const char *at = text.ptr;
    const char *end = text.ptr + text.len;

    *number = (struct number_text){.len = 0};
    while (at < end) {
        const char *start = at;
        uint32_t code = fold_next(&at, end);
        if (number->len == 0 && !number->negative && (code == '-' || code == 0x2212)) {
            number->negative = true;
        } else if ((code >= '0' && code <= '9') || code == '.' || code == ',') {
            if (number->len == sizeof number->chars)
                return false;
            number->chars[number->len++] = (char)code;
        } else {
            at = start;
            break;
        }
    }
    number->rest = text_trim((struct daybook_text){at, (size_t)(end - at)});
    return number->len > 0;
}

static size_t count_char(const struct number_text *number, char c)
{
    size_t count = 0;

    for (size_t i = 0; i < number->len; i++)
        count += number->chars[i] == c;
    return count;
}

void quantity_note_mark(struct daybook_text text, struct mark_evidence *evidence)
{
    struct number_text number;

    if (!read_number_text(text, &number))
        return;
    size_t commas = count_char(&number, ',');
    size_t dots = count_char(&number, '.');
    if (commas == 0 && dots == 0)
        return;
    size_t last = number.len - 1;
    while (number.chars[last] != ',' && number.chars[last] != '.')
        last--;
    char mark = number.chars[last];
    bool both = commas > 0 && dots > 0;
    bool repeated = !both && commas + dots > 1;
    /* "12,5" "1234,567" "0,125": what stands there is no group of thousands */
    bool no_group = number.len - last - 1 != 3 || last == 0 || last > 3 || number.chars[0] == '0';
    if (both || (!repeated && no_group)) {
        evidence->comma |= mark == ',';
        evidence->dot |= mark == '.';
    } else if (repeated) { /* a mark that comes twice parts groups, so the other one is the decimal mark */
        evidence->comma |= mark == '.';
        evidence->dot |= mark == ',';
    }
}

char quantity_mark(struct mark_evidence evidence, char delimiter)
{
    if (evidence.comma != evidence.dot)
        return evidence.comma ? ',' : '.';
    return delimiter == ';' ? ',' : '.';
}

/* Groups of thousands are 1-3 digits, then exactly 3 each. Writes the plain form that decimal_parse takes. */
static bool strip_groups(const struct number_text *number, char decimal_mark, char *out)
{
    const char *point = memchr(number->chars, decimal_mark, number->len);
    size_t whole_len = point != NULL ? (size_t)(point - number->chars) : number->len;
    size_t group_len = 0;
    bool grouped = false;
    size_t used = 0;

    if (number->negative)
        out[used++] = '-';
    for (size_t i = 0; i < whole_len; i++) {
        char c = number->chars[i];
        if (c >= '0' && c <= '9') {
            out[used++] = c;
            group_len++;
            continue;
        }
        bool good = grouped ? group_len == 3 : group_len >= 1 && group_len <= 3 && number->chars[0] != '0';
        if (!good)
            return false;
        grouped = true;
        group_len = 0;
    }
    if (grouped && group_len != 3)
        return false;
    for (size_t i = whole_len; i < number->len; i++) {
        char c = number->chars[i];
        if (i > whole_len && !(c >= '0' && c <= '9'))
            return false;
        out[used++] = i == whole_len ? '.' : c;
    }
    out[used] = '\0';
    return true;
}

/* 12件 and 10 pcs have a unit; 10万, 100左右 and 10k are other quantities, 0x10 and 1e400 none. */
static bool is_unit(struct daybook_text text)
{
    enum { UNIT_MAX = 40 };
    static const char *const multiples[] = {
        "十",   "百",   "千",   "万",   "萬",   "亿",       "億",      "多",  "余",     "餘",    "几", "幾", "半",
        "左右", "上下", "以上", "以下", "以内", "thousand", "million", "or ", "approx", "about", "ca", NULL};
    static const char *const weights[] = {"千克", "千米", "千瓦", "case", "can", "carton", NULL};
    char folded[UNIT_MAX];
    const char *at = text.ptr;

    if (!fold_short(text, folded, sizeof folded))
        return false;
    uint32_t first = fold_next(&at, text.ptr + text.len);
    bool letter = (first >= 'A' && first <= 'Z') || (first >= 'a' && first <= 'z') || first >= 0xC0;
    if (!letter || strcmp(folded, "k") == 0 || (first >= 0x2000 && first <= 0x2BFF) ||
        strpbrk(folded, "0123456789+-*=%~?\n") != NULL)
        return false;
    for (size_t i = 0; weights[i] != NULL; i++)
        if (strncmp(folded, weights[i], strlen(weights[i])) == 0)
            return true;
    for (size_t i = 0; multiples[i] != NULL; i++)
        if (strncmp(folded, multiples[i], strlen(multiples[i])) == 0)
            return false;
    return true;
}

bool quantity_read(struct daybook_text text, char decimal_mark, struct daybook_decimal *ret,
                   struct daybook_text *ret_unit)
{
    struct number_text number;
    char plain[sizeof number.chars + 2];

    if (!read_number_text(text, &number) || (number.rest.len > 0 && !is_unit(number.rest)))
        return false;
    if (!strip_groups(&number, decimal_mark, plain) || !decimal_parse((struct daybook_text){plain, strlen(plain)}, ret))
        return false;
    *ret_unit = number.rest;
    return true;
}

static const struct {
    struct status_meaning meaning;
    const char *words[24]; /* as words_read joins them */
} statuses[] = {
    {{"pending", STATUS_PENDING, false},
     {"pending", "待处理", "待确认", "待审核", "未开始", "待排产", "新订单", "new", "open", "created"}},
    {{"processing", STATUS_PROCESSING, false},
     {"processing", "处理中", "进行中", "已确认", "备货中", "待发货", "inprocess", "inprogress", "confirmed",
      "approved", "invoiced"}},
    {{"processing", STATUS_PROCESSING, true}, {"部分发货"}},
    {{"in-production", STATUS_IN_PRODUCTION, false}, {"inproduction", "生产中", "排产中", "加工中", "制作中", "wip"}},
    {{"shipped", STATUS_SHIPPED, false},
     {"shipped", "已发货", "已发", "已出货", "已出库", "运输中", "在途", "配送中", "dispatched", "intransit"}},
    {{"delivered", STATUS_DELIVERED, false},
     {"delivered", "已完成", "已交货", "已交付", "已送达", "已签收", "complete", "completed", "done", "received",
      "fulfilled"}},
    {{"cancelled", STATUS_CANCELLED, false}, {"cancelled", "canceled", "已取消", "作废", "撤单", "交易关闭", "void"}},
    {{"returned", STATUS_RETURNED, false}, {"returned", "退货", "已退货", "拒收", "客户拒收", "refused"}},
    {{"on-hold", STATUS_ON_HOLD, false}, {"onhold", "暂停", "挂起", "搁置", "suspended"}},
};

bool status_read(struct daybook_text text, struct status_meaning *ret)
{
    struct words words;

    if (!words_read(text, &words))
        return false;
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        for (size_t j = 0; statuses[i].words[j] != NULL; j++) {
            if (strcmp(words.bytes, statuses[i].words[j]) == 0) {
                *ret = statuses[i].meaning;
                return true;
            }
        }
    }
    return false;
}

bool status_by_name(const char *name, struct status_meaning *ret)
{
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        if (!statuses[i].meaning.keep_word && strcmp(name, statuses[i].meaning.name) == 0) {
            *ret = statuses[i].meaning;
            return true;
        }
    }
    return false;
}
