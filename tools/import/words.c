/* Splitting and joining: "OrderDate" -> order|date, "订单 日期" -> 订单|日期. Tables compare the joined form. */
#include "tools/import/words.h"

#include "ledger/text.h"
#include "tools/import/fold.h"
#include "tools/memory.h"

#include <stdlib.h>
#include <string.h>

/* Only characters of the words that we look for. */
static const struct {
    const char *traditional, *simplified;
} simplifications[] = {
    {"訂", "订"}, {"單", "单"}, {"編", "编"}, {"號", "号"}, {"戶", "户"}, {"稱", "称"}, {"產", "产"}, {"數", "数"},
    {"備", "备"}, {"註", "注"}, {"貨", "货"}, {"預", "预"}, {"計", "计"}, {"實", "实"}, {"際", "际"}, {"狀", "状"},
    {"態", "态"}, {"規", "规"}, {"發", "发"}, {"廠", "厂"}, {"買", "买"}, {"購", "购"}, {"應", "应"}, {"說", "说"},
    {"説", "说"}, {"額", "额"}, {"價", "价"}, {"總", "总"}, {"類", "类"}, {"聯", "联"}, {"繫", "系"}, {"係", "系"},
    {"電", "电"}, {"話", "话"}, {"郵", "邮"}, {"進", "进"}, {"處", "处"}, {"確", "确"}, {"認", "认"}, {"審", "审"},
    {"開", "开"}, {"運", "运"}, {"輸", "输"}, {"達", "达"}, {"簽", "签"}, {"關", "关"}, {"閉", "闭"}, {"暫", "暂"},
    {"掛", "挂"}, {"擱", "搁"}, {"無", "无"}, {"製", "制"}, {"庫", "库"}, {"銷", "销"}, {"間", "间"}, {"時", "时"},
    {"項", "项"}, {"碼", "码"}, {"給", "给"}, {"絡", "络"}, {"傳", "传"}, {"員", "员"}, {"約", "约"}, {"諾", "诺"},
    {"屆", "届"}, {"採", "采"}, {"錄", "录"}, {"機", "机"}, {"個", "个"}, {"務", "务"}, {"況", "况"}, {"絕", "绝"},
    {"廢", "废"}, {"齊", "齐"}, {"當", "当"}, {"內", "内"}, {"準", "准"}, {"箋", "笺"},
};

static const char *simplify(const char *start, size_t len)
{
    for (size_t i = 0; i < sizeof simplifications / sizeof *simplifications; i++)
        if (len == strlen(simplifications[i].traditional) && memcmp(start, simplifications[i].traditional, len) == 0)
            return simplifications[i].simplified;
    return NULL;
}

enum character_class { SEPARATOR, LOWER, UPPER, DIGIT, IDEOGRAPH };

static enum character_class class_of(uint32_t code)
{
    if (code < 0x80) {
        if (code >= 'a' && code <= 'z')
            return LOWER;
        if (code >= 'A' && code <= 'Z')
            return UPPER;
        return code >= '0' && code <= '9' ? DIGIT : SEPARATOR;
    }
    bool punctuation = (code >= 0x2000 && code <= 0x206F) || (code >= 0x3000 && code <= 0x303F) ||
                       (code >= 0x80 && code <= 0xBF) || (code >= 0xFE00 && code <= 0xFE6F) || code == 0xFEFF;
    if (punctuation)
        return SEPARATOR;
    return code >= 0x2E80 ? IDEOGRAPH : LOWER;
}

static bool add(struct words *words, bool new_word, const char *bytes, size_t len)
{
    size_t used = words->starts[words->count];

    if (used + len >= WORDS_BYTES_MAX)
        return false;
    if (new_word || words->count == 0) {
        if (words->count == WORDS_MAX)
            return false;
        words->count++;
    }
    memcpy(words->bytes + used, bytes, len);
    words->starts[words->count] = (unsigned)(used + len);
    words->bytes[used + len] = '\0';
    return true;
}

/* Between "order" and "Date", between letters and ideographs; "SKUs" and "P2P" stay whole. */
static bool starts_word(enum character_class before, enum character_class now)
{
    return before == SEPARATOR || (before == LOWER && now == UPPER) || ((before == IDEOGRAPH) != (now == IDEOGRAPH));
}

static bool split(const char *at, const char *end, struct words *words)
{
    enum character_class before = SEPARATOR;

    while (at < end) {
        const char *start = at;
        uint32_t code = fold_next(&at, end);
        enum character_class now = class_of(code);
        size_t len = (size_t)(at - start);
        char lower = (char)(code + 32);
        const char *simple = now == IDEOGRAPH ? simplify(start, len) : NULL;
        bool fits = true;

        if (code == '#')
            fits = add(words, true, "no", 2);
        else if (now == UPPER)
            fits = add(words, starts_word(before, now), &lower, 1);
        else if (now != SEPARATOR)
            fits = add(words, starts_word(before, now), simple != NULL ? simple : start,
                       simple != NULL ? strlen(simple) : len);
        if (!fits)
            return false;
        before = now;
    }
    return true;
}

bool words_read(struct daybook_text text, struct words *ret)
{
    enum { INPUT_MAX = 4 * WORDS_BYTES_MAX };
    struct words words = {.count = 0};
    size_t len = 0;
    char *normal = NULL;
    bool fits = false;

    if (text.len <= INPUT_MAX) {
        normal = text_nfkc(text, &len);
        memory_note(normal, text);
    }
    if (normal != NULL)
        fits = split(normal, normal + len, &words);
    free(normal);
    *ret = fits ? words : (struct words){.count = 0};
    return fits;
}

bool words_word_is(const struct words *words, unsigned word, const char *literal)
{
    size_t len = words->starts[word + 1] - words->starts[word];

    return strlen(literal) == len && memcmp(words->bytes + words->starts[word], literal, len) == 0;
}
