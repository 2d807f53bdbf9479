/* Headers are compared whole, never by a part: "order amount" and "delivery days" are no order numbers and no dates.
 * What may vary is put into one form first: brackets, "Order_Date" and "OrderDate", "date delivered" and "delivered
 * on". */
#include "tools/import/dictionary.h"

#include "ledger/text.h"
#include "tools/import/words.h"
#include "tools/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Joined as words_read does, in order of preference. */
static const struct {
    const char *zh, *en;
} lists[DICTIONARY_LISTS] = {
    [FIELD_ORDER_NO] =
        {"订单编号|订单号|单号|合同号|合同编号|销售单号|销售订单号|销售订单编号|订单号码|订单id|客户订单号|客户po|"
         "客户po号",
         "orderno|ordernumber|ordernum|ordernr|salesorderno|salesordernumber|sono|sonumber|purchaseorderno|"
         "purchaseordernumber|pono|ponumber|posono|orderid|salesorderid|soid|purchaseorderid|poid|ourref|"
         "ourreference|customerorderno|customerordernumber|customerpo|customerpono|customerponumber"},
    [FIELD_CUSTOMER] =
        {"客户|客户名称|客户姓名|客户名|厂家|购货单位|买方|客户编号|客户编码|客户代码|客户id",
         "customer|customername|client|clientname|buyer|buyername|company|companyname|customerno|customernumber|"
         "customercode|customerid|clientno|clientcode|clientid|buyerid|companyid"},
    [FIELD_CODE] =
        {"产品编号|产品编码|产品代码|料号|物料编码|物料编号|物料号|货号|款号|商品编号|商品编码|产品型号|型号|规格型号",
         "sku|skuno|skucode|skuid|productno|productnumber|productcode|productid|itemno|itemnumber|itemcode|itemid|"
         "partno|partnumber|partcode|partid|articleno|articlenumber|articlecode|articleid"},
    [FIELD_PRODUCT] =
        {"产品名称|产品|品名|商品|商品名称|货品名称|货品|货物名称|物料名称|物料",
         "product|productname|item|itemname|description|productdescription|itemdescription|partname|article|"
         "articlename"},
    [FIELD_SPEC] = {"规格|产品规格|商品规格|产品型号|型号|规格型号", "spec|specs|specification|size"},
    [FIELD_QUANTITY] =
        {"数量|订购数量|订单数量|订货量|订货数量|下单数量|销售数量|件数",
         "qty|quantity|qtyordered|quantityordered|orderqty|orderquantity|orderedqty|orderedquantity|pcs"},
    [FIELD_UNIT] = {"单位|计量单位|数量单位", "unit|uom|unitofmeasure"},
    [FIELD_SHIPPED_QTY] = {"已发数量|已发货数量|已出货数|已出货数量|已出库数量|已发数",
                           "qtyshipped|quantityshipped|shippedqty|shippedquantity"},
    [FIELD_DELIVERED_QTY] = {"已交数量|已交货数量|已交付数量|已交数",
                             "qtydelivered|quantitydelivered|deliveredqty|deliveredquantity"},
    [FIELD_CUSTOMER_REF] = {"客户订单号|客户订单编号|客户po|客户po号|客户单号",
                            "customerpo|customerpono|customerponumber|customerorderno|customerordernumber|customerref|"
                            "customerreference|clientpo|clientref|yourref|yourreference"},
    [FIELD_REQUESTED_ON] =
        {"客户要求交期|客户要求交货日期|要求交期|要求交货日期|要求交付日期|要求到货日期|需求日期",
         "requested|required|requesteddelivery|requireddelivery|requestdelivery|requestedship|requiredby|"
         "requestedby|customerrequested|request"},
    [FIELD_ORDERED_ON] =
        {"订单日期|下单日期|订货日期|接单日期|订购日期|签单日期|日期",
         "orderdate|dateordered|ordered|podate|sodate|purchasetimestamp|purchasedate|purchase|ordertime|"
         "orderreceived|orderreceiveddate|dateoforder|ordercreated|date"},
    [FIELD_EXPECTED_ON] =
        {"预计交货日期|预计交货|预计交付日期|预计交付|预计交期|预交日期|承诺交期|承诺交货日期|承诺日期|计划交期|"
         "计划交货日期|约定交期|合同交期|预计到货日期|预计到货|预计发货日期|交期|交货期|货期",
         "expected|expecteddelivery|estimated|estimateddelivery|promised|promiseddelivery|promise|promisedelivery|"
         "due|deliverydue|needby|neededby|shipby|deliverby|eta|scheduleddelivery|planneddelivery|expectedship|"
         "expectedshipment|expectedshipping|expectedarrival|estimatedarrival|estimatedship|promisedship|"
         "deliveryexpected|deliveryestimated|deliverypromised|scheduled|planned"},
    [FIELD_SHIPPED_ON] = {"发货日期|出货日期|出库日期|实际发货日期|实际发货|实际出货日期|发运日期",
                          "shipped|shipdate|shippingdate|shipmentdate|actualship|dispatched|dispatchdate|"
                          "deliveredcarrier|carrierdate|carrier|"
                          "actualshipment"},
    [FIELD_DELIVERED_ON] =
        {"实际交货日期|实际交货|实际交付日期|实际交付|实际到货|实际到货日期|实际交期|签收日期|送达日期|到货日期|"
         "收货日期",
         "actualdelivery|delivered|deliveryactual|actual|received|rcvd|deliveredcustomer|deliveredtocustomer|"
         "deliveredtoclient|actualarrival|arrivaldate|arrived"},
    [FIELD_STATUS] = {"状态|订单状态|进度|订单进度|完成情况|当前状态", "status|orderstatus|state|stage|orderstate"},
    [FIELD_NOTE] = {"备注|订单备注|备注说明|说明|附注",
                    "notes|note|ordernotes|ordernote|remarks|remark|comments|comment"},
    [DICTIONARY_DELIVERY] = {"交货日期|交付日期|交货", "deliverydate|dateofdelivery"},
};

/* 1 for the first of words parted by '|'; 0 when it is none of them. */
static unsigned rank_in(const char *words, const char *word)
{
    size_t len = strlen(word);
    unsigned rank = 1;

    for (const char *at = words; at != NULL && len > 0; rank++) {
        if (strncmp(at, word, len) == 0 && (at[len] == '|' || at[len] == '\0'))
            return rank;
        at = strchr(at, '|');
        at = at != NULL ? at + 1 : NULL;
    }
    return 0;
}

static bool find(const char *word, bool dates_only, struct dictionary_match *match)
{
    bool found = false;

    for (int list = 0; list < DICTIONARY_LISTS; list++) {
        bool of_dates = list == DICTIONARY_DELIVERY || field_is_date((enum field)list);
        if (dates_only && !of_dates)
            continue;
        unsigned rank = rank_in(lists[list].zh, word);
        if (rank == 0)
            rank = rank_in(lists[list].en, word);
        match->rank[list] = (unsigned char)rank;
        found |= rank != 0;
    }
    return found;
}

static bool is_any(const struct words *words, unsigned word, const char *const *literals)
{
    for (; *literals != NULL; literals++)
        if (words_word_is(words, word, *literals))
            return true;
    return false;
}

/* "order_delivered_customer_date", "Date Delivered", "Delivered On" without what only says that it is a date. */
static bool find_reduced(const struct words *words, struct dictionary_match *match)
{
    static const char *const noise[] = {"date", "on", "at", "time", "timestamp", "datetime", "the", NULL};
    char reduced[WORDS_BYTES_MAX];
    size_t used = 0;

    for (unsigned i = 0; i < words->count; i++) {
        if (is_any(words, i, noise) || (i == 0 && words_word_is(words, i, "order")))
            continue;
        size_t len = words->starts[i + 1] - words->starts[i];
        memcpy(reduced + used, words->bytes + words->starts[i], len);
        used += len;
    }
    reduced[used] = '\0';
    return used < strlen(words->bytes) && find(reduced, true, match);
}

/* 下单时间 and 发货日 say 日期 in other words; 备注1, 备注2 are notes. */
static bool find_variant(const struct words *words, struct dictionary_match *match)
{
    static const struct {
        const char *ending, *instead;
    } endings[] = {{"时间", "日期"}, {"日", "日期"}};
    char variant[WORDS_BYTES_MAX + 8];
    size_t len = strlen(words->bytes);

    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t ending_len = strlen(endings[i].ending);
        if (len <= ending_len || strcmp(words->bytes + len - ending_len, endings[i].ending) != 0)
            continue;
        snprintf(variant, sizeof variant, "%.*s%s", (int)(len - ending_len), words->bytes, endings[i].instead);
        if (find(variant, true, match))
            return true;
    }
    memcpy(variant, words->bytes, len + 1);
    while (len > 0 && variant[len - 1] >= '0' && variant[len - 1] <= '9')
        variant[--len] = '\0';
    if (len == strlen(words->bytes) || !find(variant, false, match) || match->rank[FIELD_NOTE] == 0)
        return false;
    unsigned char rank = match->rank[FIELD_NOTE];
    *match = (struct dictionary_match){.rank = {[FIELD_NOTE] = rank}};
    return true;
}

static bool match_text(struct daybook_text text, struct dictionary_match *match)
{
    struct words words;

    *match = (struct dictionary_match){{0}};
    return words_read(text, &words) &&
           (find(words.bytes, false, match) || find_reduced(&words, match) || find_variant(&words, match));
}

/* A bracket that makes another thing of the column: days instead of a date, money instead of a count. */
static bool changes_meaning(struct daybook_text bracket)
{
    static const char *const meanings[] = {"days", "day", "amount", "price", "type", "received", "rejected",
                                           "usd",  "eur", "rmb",    "cny",   "天",   "天数",     "金额",
                                           "单价", "元",  "类型",   "实收",  "拒收", NULL};
    struct words words;

    if (!words_read(bracket, &words))
        return false;
    for (unsigned i = 0; i < words.count; i++)
        if (is_any(&words, i, meanings))
            return true;
    return false;
}

enum { PART_MAX = 256 };

/* "Delivery (actual)" -> base "Delivery ", bracket "actual". False when there is no bracket. Both have room for
 * PART_MAX. */
static bool split_bracket(const char *header, char *base, char *bracket)
{
    static const struct {
        const char *open, *close;
    } pairs[] = {{"(", ")"}, {"[", "]"}, {"{", "}"}, {"【", "】"}, {"<", ">"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const char *open = strstr(header, pairs[i].open);
        const char *close = open != NULL ? strstr(open, pairs[i].close) : NULL;
        if (close == NULL)
            continue;
        const char *inside = open + strlen(pairs[i].open);
        const char *after = close + strlen(pairs[i].close);
        snprintf(base, PART_MAX, "%.*s %s", (int)(open - header), header, after);
        snprintf(bracket, PART_MAX, "%.*s", (int)(close - inside), inside);
        return true;
    }
    return false;
}

static struct daybook_text as_text(const char *string)
{
    return (struct daybook_text){string, strlen(string)};
}

static bool match_bracketed(const char *header, struct dictionary_match *match)
{
    char base[PART_MAX], bracket[PART_MAX], both[2 * PART_MAX + 2];

    if (!split_bracket(header, base, bracket))
        return false;
    snprintf(both, sizeof both, "%s %s", bracket, base);
    if (match_text(as_text(both), match))
        return true;
    return !changes_meaning(as_text(bracket)) && match_text(as_text(base), match);
}

bool dictionary_match(struct daybook_text header, struct dictionary_match *ret)
{
    size_t len = 0;
    bool fits = header.len > 0 && header.len < PART_MAX, found = false;
    char *normal = fits ? text_nfkc(header, &len) : NULL;

    if (fits)
        memory_note(normal, header);
    *ret = (struct dictionary_match){{0}};
    if (normal != NULL && len < PART_MAX) {
        const char *dot = strrchr(normal, '.');
        found = match_text(as_text(normal), ret) || match_bracketed(normal, ret);
        if (!found && dot != NULL)
            found = match_text(as_text(dot + 1), ret) || match_bracketed(dot + 1, ret);
    }
    free(normal);
    return found;
}

bool dictionary_is_counter(struct daybook_text header)
{
    struct words words;

    return words_read(header, &words) &&
           rank_in("序号|序|行号|项次|no|rowno|row|lineno|linenumber|line", words.bytes) != 0;
}

bool dictionary_is_contact(struct daybook_text header)
{
    static const char *const english[] = {"contact", "phone", "telephone", "tel",     "mobile", "cell",     "cellphone",
                                          "email",   "mail",  "fax",       "address", "wechat", "whatsapp", NULL};
    static const char *const chinese[] = {"联系人", "联系方式", "电话",   "手机", "邮箱", "邮件",
                                          "地址",   "收货人",   "收件人", "传真", "微信", NULL};
    struct words words;

    if (!words_read(header, &words))
        return false;
    for (unsigned i = 0; i < words.count; i++)
        if (is_any(&words, i, english))
            return true;
    for (size_t i = 0; chinese[i] != NULL; i++)
        if (strstr(words.bytes, chinese[i]) != NULL)
            return true;
    return false;
}
