/* What happens to an order: one command for each kind of event, all of one shape. */
#include "tools/commands_order.h"
#include "tools/commands.h"
#include "tools/order_request.h"

#include <string.h>

/* The event that a command records, and the word for it in the answer. */
static const struct action {
    const char *command;
    uint32_t type;
    const char *done_en, *done_zh;
} actions[] = {
    {"start", DAYBOOK_ORDER_PROCESSING_STARTED, "started", "开始处理"},
    {"produce", DAYBOOK_ORDER_PRODUCTION_STARTED, "in production", "开始生产"},
    {"ship", DAYBOOK_ORDER_SHIPPED, "shipment recorded", "已记录发货"},
    {"deliver", DAYBOOK_ORDER_DELIVERED, "delivery recorded", "已记录送达"},
    {"cancel", DAYBOOK_ORDER_CANCELLED, "cancelled", "已取消"},
    {"return", DAYBOOK_ORDER_RETURNED, "returned", "已退货"},
    {"reopen", DAYBOOK_ORDER_REOPENED, "reopened", "已重开"},
    {"hold", DAYBOOK_ORDER_HELD, "on hold", "已暂停"},
    {"resume", DAYBOOK_ORDER_RESUMED, "resumed", "已恢复"},
    {"promise", DAYBOOK_ORDER_PROMISE_CHANGED, "promise recorded", "已记录承诺交期"},
    {"priority", DAYBOOK_ORDER_PRIORITY_SET, "priority set", "已设优先级"},
    {"amend", DAYBOOK_ORDER_AMENDED, "amended", "已修改"},
    {"note", DAYBOOK_ORDER_NOTE_ADDED, "noted", "已添加备注"},
};

static const struct action *action_of(const struct command *command)
{
    const struct action *action = actions;
    while (strcmp(action->command, command->name) != 0)
        action++;
    return action;
}

static int run_action(struct context *ctx)
{
    const struct action *action = action_of(ctx->command);
    struct order_request request = {0};
    int rc = order_request_begin(&request, ctx);
    if (!rc)
        rc = order_request_read(&request, action->type);
    if (!rc)
        rc = order_request_send(&request);
    if (!rc)
        rc = order_request_answer(&request, say(ctx, action->done_en, action->done_zh));
    order_request_end(&request);
    return rc;
}

static int retract_note(struct context *ctx, uint64_t seq)
{
    struct order_request request = {0};
    int rc = order_request_begin(&request, ctx);
    if (!rc)
        rc = order_request_read(&request, DAYBOOK_ORDER_NOTE_RETRACTED);
    if (!rc) {
        request.drafts[0].target = seq;
        rc = order_request_send(&request);
    }
    if (!rc)
        rc = order_request_answer(&request, say(ctx, "note taken back", "已撤回备注"));
    order_request_end(&request);
    return rc;
}

static int run_note(struct context *ctx)
{
    const struct given *text = context_given(ctx, "TEXT"), *retract = context_given(ctx, "--retract");
    if (!text == !retract)
        return daybook_fail(&ctx->error, DAYBOOK_USAGE,
                            say(ctx, "Say either the text of a note or --retract with the seq of one.",
                                "请给出备注内容，或用 --retract 指明要撤回的备注。"));
    if (retract && context_given(ctx, "--kind"))
        return daybook_fail(&ctx->error, DAYBOOK_USAGE, say(ctx, "--kind is for a new note.", "--kind 只用于新备注。"));
    if (text && context_given(ctx, "--reason"))
        return daybook_fail(&ctx->error, DAYBOOK_USAGE,
                            say(ctx, "--reason is for --retract.", "--reason 只与 --retract 同用。"));
    return retract ? retract_note(ctx, retract->count) : run_action(ctx);
}

#define ORDER .name = "NO", .kind = ARGUMENT_TEXT, .required = true
static const struct argument order_argument[] = {{ORDER}, {0}};

#define ON                                                                                                             \
    .name = "--on", .kind = ARGUMENT_DATE_OR_UNKNOWN, .value_name = "DATE",                                            \
    .help_en = "the day that it happened on, or unknown; today unless said",                                           \
    .help_zh = "发生日期，或 unknown；默认为今天"
#define NOTE                                                                                                           \
    .name = "--note", .kind = ARGUMENT_TEXT, .value_name = "TEXT", .help_en = "a note that belongs to it",             \
    .help_zh = "附加备注"
#define REASON .name = "--reason", .kind = ARGUMENT_TEXT, .value_name = "REASON", .help_en = "why", .help_zh = "原因"
#define PART                                                                                                           \
    .name = "--item", .kind = ARGUMENT_ITEM_PART, .value_name = "CODE:QTY", .repeated = true,                          \
    .help_en = "only so much of a line (CODE#LINE:QTY when several have the code)",                                    \
    .help_zh = "仅该行的部分数量（同一代码有多行时写 CODE#LINE:QTY）"

static const struct option plain_options[] = {{ON}, {OPTION_KEY}, {OPTION_EXPECT}, {NOTE}, {0}};
static const struct option reason_options[] = {{REASON}, {ON}, {OPTION_KEY}, {OPTION_EXPECT}, {NOTE}, {0}};
static const struct option cancel_options[] = {
    {REASON, .required = true}, {ON}, {OPTION_KEY}, {OPTION_EXPECT}, {NOTE}, {0}};
static const struct option note_options[] = {
    {"--kind", ARGUMENT_TEXT, "KIND", NULL, false, false, "general, packaging, invoice ..",
     "general、packaging、invoice 等"},
    {"--retract", ARGUMENT_COUNT, "SEQ", NULL, false, false, "take that note back", "撤回该备注"},
    {REASON},
    {ON},
    {OPTION_KEY},
    {OPTION_EXPECT},
    {0},
};
static const struct option ship_options[] = {
    {"--carrier", ARGUMENT_TEXT, "CARRIER", NULL, false, false, "who carries it", "承运商"},
    {"--tracking", ARGUMENT_TEXT, "NUMBER", NULL, false, false, "their number", "运单号"},
    {PART},
    {ON},
    {OPTION_KEY},
    {OPTION_EXPECT},
    {NOTE},
    {0},
};
static const struct option deliver_options[] = {{PART}, {ON}, {OPTION_KEY}, {OPTION_EXPECT}, {NOTE}, {0}};
static const struct option amend_options[] = {
    {"--customer", ARGUMENT_TEXT, "NAME", NULL, false, false, "who ordered", "客户"},
    {"--item", ARGUMENT_ITEM_CHANGE, "CODE:QTY", NULL, false, true,
     "a line's quantity, or a new line; 0 takes it out (CODE#LINE:QTY when several have the code)",
     "改一行的数量或新增一行；0 表示删除（同一代码有多行时写 CODE#LINE:QTY）"},
    {"--ordered", ARGUMENT_DATE, "DATE", NULL, false, false, "the day it was ordered on", "下单日期"},
    {"--requested", ARGUMENT_DATE, "DATE", NULL, false, false, "the customer's wish", "客户要求的交期"},
    {"--ref", ARGUMENT_TEXT, "NUMBER", NULL, false, false, "the customer's own number", "客户单号"},
    {"--field", ARGUMENT_PAIR, "NAME=VALUE", NULL, false, true, "an own field; an empty value clears it",
     "自定义字段；值为空则清除"},
    {ON},
    {OPTION_KEY},
    {OPTION_EXPECT},
    {NOTE},
    {0},
};

#define ACTION(command, takes, english, chinese, shown)                                                                \
    .name = command, .group = "orders", .arguments = order_argument, .options = takes, .summary_en = english,          \
    .summary_zh = chinese, .example = shown, .ledger_use = LEDGER_WRITE, .run = run_action

const struct command order_commands[] = {
    {
        .name = "create",
        .group = "orders",
        .options = create_options,
        .summary_en = "Record a new order and print its number.",
        .summary_zh = "记录新订单并输出订单号。",
        .example = "daybook create --customer ACME --item P-1:10pcs --expected +14",
        .ledger_use = LEDGER_WRITE,
        .run = run_create,
    },
    {ACTION("start", plain_options, "Work on the order has begun.", "开始处理订单。", "daybook start SO-000001")},
    {ACTION("produce", plain_options, "It is being made.", "开始生产。", "daybook produce SO-000001")},
    {ACTION("ship", ship_options, "All of it, or the items named, has left.", "全部或所列产品已发货。",
            "daybook ship SO-000001 --carrier DHL --tracking 123")},
    {ACTION("deliver", deliver_options, "All of it, or the items named, has arrived.", "全部或所列产品已送达。",
            "daybook deliver SO-000001 --on yesterday")},
    {ACTION("cancel", cancel_options, "It will not be delivered.", "取消订单。",
            "daybook cancel SO-000001 --reason 'ordered twice'")},
    {ACTION("return", reason_options, "It came back.", "订单已退货。", "daybook return SO-000001 --reason damaged")},
    {ACTION("reopen", reason_options, "A delivered order is shipped again; a cancelled or returned one pending.",
            "重开订单：已送达的回到已发货，已取消或已退货的回到待处理。", "daybook reopen SO-000001")},
    {ACTION("hold", reason_options, "Nothing is done for now.", "暂停订单。",
            "daybook hold SO-000001 --reason 'no payment yet'")},
    {ACTION("resume", plain_options, "Go on where it was held.", "恢复订单。", "daybook resume SO-000001")},
    {
        .name = "promise",
        .group = "orders",
        .arguments = (const struct argument[]){{ORDER}, {.name = "DATE", .kind = ARGUMENT_DATE, .required = true}, {0}},
        .options = reason_options,
        .summary_en = "Promise another day of delivery; the first promise stays on record.",
        .summary_zh = "更改承诺交期；最初的承诺保留在案。",
        .example = "daybook promise SO-000001 +7 --reason 'steel is late'",
        .ledger_use = LEDGER_WRITE,
        .run = run_action,
    },
    {
        .name = "priority",
        .group = "orders",
        .arguments =
            (const struct argument[]){
                {ORDER}, {.name = "LEVEL", .kind = ARGUMENT_CHOICE, .choices = "normal|urgent", .required = true}, {0}},
        .options = reason_options,
        .summary_en = "Say how urgent the order is.",
        .summary_zh = "设定订单的优先级（加急）。",
        .example = "daybook priority SO-000001 urgent --reason 'line is down'",
        .ledger_use = LEDGER_WRITE,
        .run = run_action,
    },
    {ACTION("amend", amend_options, "Change what the order says.", "修改订单内容。",
            "daybook amend SO-000001 --item P-1:12")},
    {
        .name = "note",
        .group = "orders",
        .arguments = (const struct argument[]){{ORDER}, {.name = "TEXT", .kind = ARGUMENT_TEXT}, {0}},
        .options = note_options,
        .summary_en = "Add a note, or take one back.",
        .summary_zh = "添加或撤回备注。",
        .example = "daybook note SO-000001 'call before delivery'",
        .ledger_use = LEDGER_WRITE,
        .run = run_note,
    },
    {
        .name = "undo",
        .group = "orders",
        .arguments = order_argument,
        .options = undo_options,
        .summary_en = "Take the order's last entry back, if it is yours.",
        .summary_zh = "撤销订单的最后一次记录（须为本人所记）。",
        .example = "daybook undo SO-000001 --reason 'wrong order'",
        .ledger_use = LEDGER_WRITE,
        .run = run_undo,
    },
    {
        .name = "correct",
        .group = "orders",
        .arguments = (const struct argument[]){{ORDER}, {.name = "SEQ", .kind = ARGUMENT_COUNT, .required = true}, {0}},
        .options = correct_options,
        .summary_en = "Take one mistaken event back, or record it as it should have been.",
        .summary_zh = "撤销一条错误记录，或按正确内容重记。",
        .example = "daybook correct SO-000001 6 --reason typo --ordered yesterday",
        .ledger_use = LEDGER_WRITE,
        .run = run_correct,
    },
    {0},
};
