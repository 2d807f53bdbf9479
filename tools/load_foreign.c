/* A foreign CloudEvents line as a request to the ledger, by a table of types and their members. */
#include "tools/load_foreign.h"

#include <string.h>

#include "ledger/date.h"
#include "ledger/decimal.h"
#include "ledger/text.h"

enum member_kind { MEMBER_TEXT, MEMBER_DAY, MEMBER_QUANTITY, MEMBER_LINE, MEMBER_ITEMS };

/* One member of data, or of an item: where its value goes. */
struct member {
    const char *name;
    enum member_kind kind;
    size_t offset; /* in struct daybook_draft, or struct daybook_draft_item */
    bool required;
    const struct member *items; /* for MEMBER_ITEMS */
};

#define OF_DRAFT(name, kind, member, required)                                                                         \
    {                                                                                                                  \
        name, MEMBER_##kind, offsetof(struct daybook_draft, member), required, NULL                                    \
    }
#define OF_ITEM(name, kind, member, required)                                                                          \
    {                                                                                                                  \
        name, MEMBER_##kind, offsetof(struct daybook_draft_item, member), required, NULL                               \
    }
#define ITEMS(members)                                                                                                 \
    {                                                                                                                  \
        "items", MEMBER_ITEMS, offsetof(struct daybook_draft, items), false, members                                   \
    }

static const struct member new_items[] = {
    OF_ITEM("code", TEXT, code, true),
    OF_ITEM("name", TEXT, name, false),
    OF_ITEM("quantity", QUANTITY, quantity, true),
    OF_ITEM("unit", TEXT, unit, false),
    OF_ITEM("expected_on", DAY, expected_on, false),
    {0},
};
static const struct member changed_items[] = {
    OF_ITEM("line", LINE, line, false),
    OF_ITEM("code", TEXT, code, false),
    OF_ITEM("name", TEXT, name, false),
    OF_ITEM("quantity", QUANTITY, quantity, false),
    OF_ITEM("unit", TEXT, unit, false),
    OF_ITEM("expected_on", DAY, expected_on, false),
    {0},
};
static const struct member moved_items[] = {
    OF_ITEM("line", LINE, line, false),
    OF_ITEM("code", TEXT, code, false),
    OF_ITEM("quantity", QUANTITY, quantity, true),
    {0},
};
static const struct member created[] = {
    OF_DRAFT("customer", TEXT, customer, true),
    ITEMS(new_items),
    OF_DRAFT("expected_on", DAY, expected_on, false),
    OF_DRAFT("requested_on", DAY, requested_on, false),
    OF_DRAFT("ordered_on", DAY, ordered_on, false),
    OF_DRAFT("customer_ref", TEXT, customer_ref, false),
    {0},
};
static const struct member amended[] = {
    OF_DRAFT("customer", TEXT, customer, false),      ITEMS(changed_items),
    OF_DRAFT("expected_on", DAY, expected_on, false), OF_DRAFT("requested_on", DAY, requested_on, false),
    OF_DRAFT("ordered_on", DAY, ordered_on, false),   {0},
};
static const struct member shipped[] = {
    OF_DRAFT("carrier", TEXT, carrier, false),
    OF_DRAFT("tracking", TEXT, tracking, false),
    ITEMS(moved_items),
    {0},
};
static const struct member promised[] = {
    OF_DRAFT("expected_on", DAY, expected_on, true),
    OF_DRAFT("reason", TEXT, reason, false),
    {0},
};
static const struct member noted[] = {
    OF_DRAFT("text", TEXT, text, true),
    OF_DRAFT("kind", TEXT, category, false),
    {0},
};
static const struct member delivered[] = {ITEMS(moved_items), {0}};
static const struct member reasoned[] = {OF_DRAFT("reason", TEXT, reason, false), {0}};
static const struct member reopened[] = {OF_DRAFT("to", TEXT, status, false), {0}};
static const struct member nothing[] = {{0}};

static const struct foreign_type {
    const char *name;
    uint32_t type;
    const struct member *members;
} foreign_types[] = {
    {"order.created", DAYBOOK_ORDER_CREATED, created},
    {"order.amended", DAYBOOK_ORDER_AMENDED, amended},
    {"order.processing-started", DAYBOOK_ORDER_PROCESSING_STARTED, nothing},
    {"order.production-started", DAYBOOK_ORDER_PRODUCTION_STARTED, nothing},
    {"order.shipped", DAYBOOK_ORDER_SHIPPED, shipped},
    {"order.delivered", DAYBOOK_ORDER_DELIVERED, delivered},
    {"order.held", DAYBOOK_ORDER_HELD, reasoned},
    {"order.resumed", DAYBOOK_ORDER_RESUMED, nothing},
    {"order.cancelled", DAYBOOK_ORDER_CANCELLED, reasoned},
    {"order.returned", DAYBOOK_ORDER_RETURNED, reasoned},
    {"order.reopened", DAYBOOK_ORDER_REOPENED, reopened},
    {"order.promise-changed", DAYBOOK_ORDER_PROMISE_CHANGED, promised},
    {"order.note-added", DAYBOOK_ORDER_NOTE_ADDED, noted},
};

/* Everything that reading one line needs. */
struct reading {
    struct arena *arena;
    struct daybook_error *err;
};

static int bad(struct reading *r, const char *name, const char *wanted)
{
    return daybook_fail(r->err, DAYBOOK_BAD_VALUE, "\"%.100s\" must be %s.", name, wanted);
}

static bool is_kind(const struct json_node *node, enum json_node_kind kind)
{
    return node && node->kind == kind;
}

/* A member that is there as text; absent for one that is not there or null. */
static int read_text(struct reading *r, const struct json_node *object, const char *name, struct daybook_text *ret)
{
    const struct json_node *value = json_node_member(object, name);
    if (value && value->kind != JSON_NODE_NULL && value->kind != JSON_NODE_TEXT)
        return bad(r, name, "text");
    *ret = json_node_text(value);
    return 0;
}

static int read_members(struct reading *r, const struct json_node *object, const struct member *members, void *into);

static int read_items(struct reading *r, const struct json_node *value, const struct member *members,
                      struct daybook_draft *draft)
{
    if (!is_kind(value, JSON_NODE_LIST))
        return bad(r, "items", "a list");
    struct daybook_draft_item *items = arena_alloc(r->arena, value->count * sizeof *items + 1), *into = items;
    if (!items)
        return daybook_fail(r->err, DAYBOOK_NO_MEMORY, "Out of memory for a line.");
    for (const struct json_node *item = value->first; item; item = item->next, into++) {
        into->expected_on = DAYBOOK_DAY_NONE;
        if (item->kind != JSON_NODE_OBJECT)
            return bad(r, "items", "a list of objects");
        int rc = read_members(r, item, members, into);
        if (rc)
            return rc;
        into->is_new = into->line == 0;
        into->has_quantity = is_kind(json_node_member(item, "quantity"), JSON_NODE_TEXT);
    }
    draft->items = items;
    draft->item_count = value->count;
    return 0;
}

static int read_member(struct reading *r, const struct member *member, const struct json_node *value, void *into)
{
    void *at = (char *)into + member->offset;
    switch (member->kind) {
    case MEMBER_TEXT:
        if (value->kind != JSON_NODE_TEXT)
            return bad(r, member->name, "text");
        *(struct daybook_text *)at = value->text;
        return 0;
    case MEMBER_DAY:
        return value->kind == JSON_NODE_TEXT && date_parse_iso(value->text, at)
                   ? 0
                   : bad(r, member->name, "a date, YYYY-MM-DD");
    case MEMBER_QUANTITY:
        return value->kind == JSON_NODE_TEXT && decimal_parse(value->text, at)
                   ? 0
                   : bad(r, member->name, "a plain decimal in quotes, such as \"2.5\"");
    case MEMBER_LINE:
        if (value->kind != JSON_NODE_INTEGER || value->integer < 1 || value->integer > UINT32_MAX)
            return bad(r, member->name, "the number of a line");
        *(uint32_t *)at = (uint32_t)value->integer;
        return 0;
    case MEMBER_ITEMS:
        return read_items(r, value, member->items, into);
    }
    return 0;
}

static bool is_name(struct daybook_text text, const char *name)
{
    size_t len = strlen(name);
    return text.len == len && memcmp(text.ptr, name, len) == 0;
}

static const struct member *find_member(const struct member *members, struct daybook_text name)
{
    while (members->name && !is_name(name, members->name))
        members++;
    return members->name ? members : NULL;
}

/* Members that nobody knows are refused: what was written would be lost without a word. */
static int read_members(struct reading *r, const struct json_node *object, const struct member *members, void *into)
{
    for (const struct json_node *value = object ? object->first : NULL; value; value = value->next) {
        const struct member *member = find_member(members, value->name);
        if (!member)
            return daybook_fail(r->err, DAYBOOK_BAD_VALUE, "There is no member \"%.*s\" here.",
                                (int)(value->name.len < 100 ? value->name.len : 100), value->name.ptr);
        int rc = value->kind == JSON_NODE_NULL ? 0 : read_member(r, member, value, into);
        if (rc)
            return rc;
    }
    for (; members->name; members++) {
        if (!members->required)
            continue;
        const struct json_node *value = json_node_member(object, members->name);
        if (!value || value->kind == JSON_NODE_NULL)
            return daybook_fail(r->err, DAYBOOK_BAD_VALUE, "\"%s\" is missing.", members->name);
    }
    return 0;
}

static int read_type(struct reading *r, const struct json_node *line, const struct foreign_type **ret)
{
    struct daybook_text name;
    int rc = read_text(r, line, "type", &name);
    if (rc)
        return rc;
    for (size_t i = 0; i < sizeof foreign_types / sizeof *foreign_types; i++)
        if (name.ptr && is_name(name, foreign_types[i].name)) {
            *ret = &foreign_types[i];
            return 0;
        }
    return daybook_fail(r->err, DAYBOOK_BAD_VALUE, "The type \"%.*s\" is none that can be loaded.",
                        (int)(name.len < 100 ? name.len : 100), name.ptr ? name.ptr : "");
}

static int read_subject(struct reading *r, const struct json_node *line, struct daybook_text *ret_order_no)
{
    static const char prefix[] = "order/";
    struct daybook_text subject;
    int rc = read_text(r, line, "subject", &subject);
    if (rc)
        return rc;
    if (subject.len < sizeof prefix || memcmp(subject.ptr, prefix, sizeof prefix - 1) != 0)
        return bad(r, "subject", "order/ and the order's number");
    *ret_order_no = (struct daybook_text){subject.ptr + sizeof prefix - 1, subject.len - (sizeof prefix - 1)};
    return 0;
}

static int read_time(struct reading *r, const struct json_node *line, const struct zone *zone,
                     struct daybook_draft *draft)
{
    struct daybook_text time;
    const struct json_node *date_only = json_node_member(line, "dateonly");
    int64_t instant_us;
    int rc = read_text(r, line, "time", &time);
    if (rc)
        return rc;
    bool is_date_only = is_kind(date_only, JSON_NODE_TRUE);
    if (date_only && !is_date_only && date_only->kind != JSON_NODE_FALSE)
        return bad(r, "dateonly", "true or false");
    draft->occurred = time.ptr ? DAYBOOK_OCCURRED_ON : DAYBOOK_OCCURRED_UNKNOWN;
    if (!time.ptr)
        return 0;
    if (!instant_parse(time, &instant_us))
        return bad(r, "time", "an instant such as 2026-01-19T08:00:00Z");
    if (is_date_only) {
        bool is_date = date_parse_iso((struct daybook_text){time.ptr, 10}, &draft->occurred_on);
        return is_date ? 0 : bad(r, "time", "an instant such as 2026-01-19T08:00:00Z");
    }
    draft->occurred_us = instant_us;
    draft->occurred_on = zone_day(zone, instant_us);
    return 0;
}

/* Two sources may use the same ids: the key is made of both, which no line feed in a source can mix up. */
static int read_key(struct reading *r, const struct json_node *line, struct daybook_entry *entry)
{
    struct daybook_text id, source;
    int rc = read_text(r, line, "id", &id);
    if (!rc)
        rc = read_text(r, line, "source", &source);
    if (rc)
        return rc;
    if (source.len && memchr(source.ptr, '\n', source.len))
        return bad(r, "source", "on one line");
    if (id.len) {
        entry->key =
            arena_printf(r->arena, "%.*s\n%.*s", (int)source.len, source.ptr ? source.ptr : "", (int)id.len, id.ptr);
        if (!entry->key.ptr)
            return daybook_fail(r->err, DAYBOOK_NO_MEMORY, "Out of memory for a line.");
    }
    if (!source.len)
        return 0;
    struct daybook_source_name *name = arena_alloc(r->arena, sizeof *name);
    if (!name)
        return daybook_fail(r->err, DAYBOOK_NO_MEMORY, "Out of memory for a line.");
    *name = (struct daybook_source_name){DAYBOOK_TEXT("load"), DAYBOOK_TEXT_NONE, source};
    entry->source = name;
    return 0;
}

int load_foreign_entry(const struct json_node *line, uint64_t line_number, const struct zone *zone, struct arena *arena,
                       struct daybook_entry *entry, struct daybook_error *err)
{
    struct reading r = {arena, err};
    const struct foreign_type *type = NULL;
    struct daybook_draft *draft = arena_alloc(arena, sizeof *draft);
    if (!draft)
        return daybook_fail(err, DAYBOOK_NO_MEMORY, "Out of memory for a line.");
    *entry =
        (struct daybook_entry){.drafts = draft, .draft_count = 1, .late_dates_allowed = true, .after_previous = true};
    int rc = read_type(&r, line, &type);
    if (rc)
        return rc;
    daybook_draft_init(draft, type->type);
    rc = read_subject(&r, line, &draft->order_no);
    if (!rc)
        rc = read_time(&r, line, zone, draft);
    if (!rc)
        rc = read_key(&r, line, entry);
    if (!rc)
        rc = read_text(&r, line, "actor", &entry->actor);
    const struct json_node *data = json_node_member(line, "data");
    if (!rc && data && data->kind != JSON_NODE_NULL)
        rc = data->kind == JSON_NODE_OBJECT ? read_members(&r, data, type->members, draft)
                                            : bad(&r, "data", "an object");
    else if (!rc)
        rc = read_members(&r, NULL, type->members, draft);
    draft->cause_row = entry->source && line_number <= UINT32_MAX ? (uint32_t)line_number : 0;
    return rc;
}
