/* A line of JSON as a tree that lives in arenas. jansson makes a tree of its own objects, each allocated and freed, in
 * several times the time that recording an event takes; so plain lines (no escapes in texts, no fractions, no deep
 * nesting) are read here in one pass. jansson reads all others, and says what is wrong with those that are no JSON. */
#ifndef TOOLS_JSON_NODE_H
#define TOOLS_JSON_NODE_H

#include "daybook/value.h"
#include "ledger/arena.h"

enum json_node_kind {
    JSON_NODE_NULL,
    JSON_NODE_FALSE,
    JSON_NODE_TRUE,
    JSON_NODE_INTEGER,
    JSON_NODE_REAL, /* its value is not kept */
    JSON_NODE_TEXT,
    JSON_NODE_LIST,
    JSON_NODE_OBJECT,
};

struct json_node {
    enum json_node_kind kind;
    struct daybook_text name; /* of a member of an object */
    struct daybook_text text;
    int64_t integer;
    const struct json_node *first, *next; /* of a list or object: its elements, `count` of them */
    size_t count;
};

enum { JSON_NODE_REASON_SIZE = 200 };

/* The object that `text` is; NULL with a sentence in `reason` when it is none. Nodes go to `nodes`; texts stay in
 * `text`, or go to `texts`. */
const struct json_node *json_node_read(struct daybook_text text, struct arena *nodes, struct arena *texts,
                                       char reason[JSON_NODE_REASON_SIZE]);
/* The same for plain lines alone; NULL for all others. */
const struct json_node *json_node_read_plain(struct daybook_text text, struct arena *nodes);

/* NULL when `object` is NULL, no object, or has no such member. */
const struct json_node *json_node_member(const struct json_node *object, const char *name);
/* Absent when `node` is NULL or no text. */
struct daybook_text json_node_text(const struct json_node *node);

#endif
