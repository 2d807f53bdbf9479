/* What events and fields are called in a person's language. */
#include "tools/words.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/text.h"

struct word {
    const char *name, *chinese;
};

static const struct word types[] = {
    {"ledger.opened", "账本启用"},
    {"actor.registered", "登记操作人"},
    {"via.registered", "登记来源"},
    {"source.registered", "登记导入文件"},
    {"customer.registered", "登记客户"},
    {"customer.renamed", "客户改名"},
    {"customer.merged", "合并客户"},
    {"product.registered", "登记产品"},
    {"product.renamed", "产品改名"},
    {"field.defined", "定义字段"},
    {"order.created", "新建订单"},
    {"order.amended", "修改订单"},
    {"order.promise-changed", "更改交期"},
    {"order.processing-started", "开始处理"},
    {"order.production-started", "开始生产"},
    {"order.shipped", "发货"},
    {"order.delivered", "送达"},
    {"order.cancelled", "取消"},
    {"order.returned", "退货"},
    {"order.reopened", "重新打开"},
    {"order.held", "暂停"},
    {"order.resumed", "恢复"},
    {"order.note-added", "添加备注"},
    {"order.note-retracted", "撤回备注"},
    {"order.event-voided", "撤销记录"},
    {"order.priority-set", "设定优先级"},
};

static const struct word fields[] = {
    {"status", "状态"},
    {"customer", "客户"},
    {"customer_ref", "客户单号"},
    {"priority", "优先级"},
    {"ordered_on", "下单日期"},
    {"expected_on", "承诺交期"},
    {"first_expected_on", "最初承诺"},
    {"requested_on", "要求交期"},
    {"shipped_on", "发货日期"},
    {"delivered_on", "送达日期"},
    {"cancelled_on", "取消日期"},
    {"carrier", "承运商"},
    {"tracking", "运单号"},
    {"code", "产品编号"},
    {"name", "名称"},
    {"quantity", "数量"},
    {"unit", "单位"},
    {"shipped", "已发数量"},
    {"delivered", "已交数量"},
    {"reason", "原因"},
    {"notes", "备注"},
    {"kind", "类别"},
};

static const char *look_up(const struct word *words, size_t count, struct daybook_text name)
{
    for (size_t i = 0; i < count; i++)
        if (text_equals(name, (struct daybook_text){words[i].name, strlen(words[i].name)}))
            return words[i].chinese;
    return NULL;
}

const char *word_of_type(const struct context *ctx, const char *type_name)
{
    const char *chinese =
        look_up(types, sizeof types / sizeof *types, (struct daybook_text){type_name, strlen(type_name)});
    return say(ctx, type_name, chinese ? chinese : type_name);
}

/* A field is "NAME", "items.LINE.NAME", "fields.OWN", "items.LINE.fields.OWN" or "notes.SEQ"; own names are the
 * user's. */
void word_of_field(const struct context *ctx, struct daybook_text field, char out[WORD_SIZE])
{
    static const char items[] = "items.", own[] = "fields.";
    struct daybook_text rest = field;
    char line[40] = "";
    if (rest.len > sizeof items && memcmp(rest.ptr, items, sizeof items - 1) == 0) {
        const char *dot = memchr(rest.ptr + sizeof items, '.', rest.len - sizeof items);
        if (dot) {
            snprintf(line, sizeof line, "第%lu行 ", strtoul(rest.ptr + sizeof items - 1, NULL, 10));
            rest = (struct daybook_text){dot + 1, rest.len - (size_t)(dot + 1 - rest.ptr)};
        }
    }
    if (rest.len >= sizeof own && memcmp(rest.ptr, own, sizeof own - 1) == 0)
        rest = (struct daybook_text){rest.ptr + sizeof own - 1, rest.len - sizeof own + 1};
    const char *dot = memchr(rest.ptr, '.', rest.len);
    size_t stem = dot ? (size_t)(dot - rest.ptr) : rest.len;
    const char *chinese = look_up(fields, sizeof fields / sizeof *fields, (struct daybook_text){rest.ptr, stem});
    if (ctx->language == LANGUAGE_ZH && chinese)
        snprintf(out, WORD_SIZE, "%s%s", line, chinese);
    else if (ctx->language == LANGUAGE_ZH)
        snprintf(out, WORD_SIZE, "%s%.*s", line, (int)rest.len, rest.ptr);
    else
        snprintf(out, WORD_SIZE, "%.*s", (int)field.len, field.ptr);
}
