/* A line of JSON as a tree: plain ones in one pass, all others by jansson. */
#include "tools/json_node.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "ledger/text.h"
#include "tools/memory.h"

enum {
    DEPTH_MAX = 16,
    MEMBERS_MAX = 64, /* of a plain object: each is compared with those before it */
    DIGITS_MAX = 18,
};

const struct json_node *json_node_member(const struct json_node *object, const char *name)
{
    size_t len = strlen(name);
    if (!object || object->kind != JSON_NODE_OBJECT)
        return NULL;
    for (const struct json_node *at = object->first; at; at = at->next)
        if (at->name.len == len && memcmp(at->name.ptr, name, len) == 0)
            return at;
    return NULL;
}

struct daybook_text json_node_text(const struct json_node *node)
{
    return node && node->kind == JSON_NODE_TEXT ? node->text : DAYBOOK_TEXT_NONE;
}

/* ---- plain lines */

struct plain {
    const char *at, *end;
    struct arena *nodes;
};

static bool read_plain(struct plain *p, unsigned depth, struct json_node *into);

static void skip_space(struct plain *p)
{
    while (p->at < p->end && (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r'))
        p->at++;
}

static bool take(struct plain *p, char c)
{
    skip_space(p);
    if (p->at == p->end || *p->at != c)
        return false;
    p->at++;
    return true;
}

/* Is none of 8 bytes a quote, a backslash, a control character or beyond ASCII? */
static bool are_ordinary(const char *at)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    uint64_t bytes;
    memcpy(&bytes, at, sizeof bytes);
    uint64_t quotes = bytes ^ ones * '"', backslashes = bytes ^ ones * '\\';
    return ((bytes | (bytes - ones * ' ') | (quotes - ones) | (backslashes - ones)) & tops) == 0;
}

/* What stands between quotes, when there is no escape in it. */
static bool read_plain_text(struct plain *p, struct daybook_text *ret)
{
    if (!take(p, '"'))
        return false;
    const char *start = p->at;
    unsigned char seen = 0;
    while (p->end - p->at >= 8 && are_ordinary(p->at))
        p->at += 8;
    for (; p->at < p->end && *p->at != '"'; p->at++) {
        if (*p->at == '\\' || (unsigned char)*p->at < ' ')
            return false;
        seen |= (unsigned char)*p->at;
    }
    if (p->at == p->end)
        return false;
    *ret = (struct daybook_text){start, (size_t)(p->at++ - start)};
    return seen < 0x80 || text_is_valid(*ret);
}

static bool read_plain_integer(struct plain *p, int64_t *ret)
{
    bool is_negative = *p->at == '-';
    const char *digits = p->at += is_negative;
    int64_t value = 0;
    for (; p->at < p->end && *p->at >= '0' && *p->at <= '9' && p->at - digits <= DIGITS_MAX; p->at++)
        value = value * 10 + (*p->at - '0');
    size_t count = (size_t)(p->at - digits);
    if (count == 0 || count > DIGITS_MAX || (count > 1 && *digits == '0') ||
        (p->at < p->end && (*p->at == '.' || *p->at == 'e' || *p->at == 'E')))
        return false;
    *ret = is_negative ? -value : value;
    return true;
}

static bool read_plain_word(struct plain *p, enum json_node_kind *ret)
{
    static const struct {
        const char *word;
        enum json_node_kind kind;
    } words[] = {{"true", JSON_NODE_TRUE}, {"false", JSON_NODE_FALSE}, {"null", JSON_NODE_NULL}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t len = strlen(words[i].word);
        if ((size_t)(p->end - p->at) >= len && memcmp(p->at, words[i].word, len) == 0) {
            p->at += len;
            *ret = words[i].kind;
            return true;
        }
    }
    return false;
}

static bool is_repeated(const struct json_node *object, const struct json_node *member)
{
    for (const struct json_node *at = object->first; at != member; at = at->next)
        if (text_equals(at->name, member->name))
            return true;
    return false;
}

/* The elements of a list or object, behind its bracket. */
static bool read_plain_elements(struct plain *p, unsigned depth, char closing, struct json_node *into)
{
    const struct json_node **link = &into->first;
    bool is_object = into->kind == JSON_NODE_OBJECT;
    if (take(p, closing))
        return true;
    do {
        struct json_node *element = arena_alloc(p->nodes, sizeof *element);
        if (!element || (is_object && into->count == MEMBERS_MAX))
            return false;
        *link = element;
        link = &element->next;
        into->count++;
        if (is_object && (!read_plain_text(p, &element->name) || !take(p, ':') || is_repeated(into, element)))
            return false;
        if (!read_plain(p, depth + 1, element))
            return false;
    } while (take(p, ','));
    return take(p, closing);
}

static bool read_plain(struct plain *p, unsigned depth, struct json_node *into)
{
    skip_space(p);
    if (p->at == p->end || depth > DEPTH_MAX)
        return false;
    switch (*p->at) {
    case '"':
        into->kind = JSON_NODE_TEXT;
        return read_plain_text(p, &into->text);
    case '{':
        p->at++;
        into->kind = JSON_NODE_OBJECT;
        return read_plain_elements(p, depth, '}', into);
    case '[':
        p->at++;
        into->kind = JSON_NODE_LIST;
        return read_plain_elements(p, depth, ']', into);
    case 't':
    case 'f':
    case 'n':
        return read_plain_word(p, &into->kind);
    default:
        into->kind = JSON_NODE_INTEGER;
        return read_plain_integer(p, &into->integer);
    }
}

const struct json_node *json_node_read_plain(struct daybook_text text, struct arena *nodes)
{
    struct plain p = {text.ptr, text.ptr + text.len, nodes};
    struct json_node *root = arena_alloc(nodes, sizeof *root);
    if (!root || !read_plain(&p, 0, root) || root->kind != JSON_NODE_OBJECT)
        return NULL;
    skip_space(&p);
    return p.at == p.end ? root : NULL;
}

/* ---- all others */

struct copying {
    struct arena *nodes, *texts;
    bool failed;
};

static struct daybook_text copy_text(struct copying *c, struct daybook_text text)
{
    struct daybook_text ret = arena_text(c->texts, text);
    c->failed |= text.ptr && !ret.ptr;
    return ret;
}

static struct json_node *copy(struct copying *c, const json_t *json, struct daybook_text name);

static void copy_elements(struct copying *c, const json_t *json, struct json_node *into)
{
    const struct json_node **link = &into->first;
    void *member = json_object_iter((json_t *)(uintptr_t)json);
    into->count = json_is_array(json) ? json_array_size(json) : json_object_size(json);
    for (size_t i = 0; i < into->count && !c->failed; i++) {
        struct daybook_text name = DAYBOOK_TEXT_NONE;
        if (member)
            name = (struct daybook_text){json_object_iter_key(member), strlen(json_object_iter_key(member))};
        struct json_node *element = copy(c, member ? json_object_iter_value(member) : json_array_get(json, i), name);
        if (!element)
            return;
        *link = element;
        link = &element->next;
        if (member)
            member = json_object_iter_next((json_t *)(uintptr_t)json, member);
    }
}

static struct json_node *copy(struct copying *c, const json_t *json, struct daybook_text name)
{
    static const enum json_node_kind kinds[] = {
        [JSON_OBJECT] = JSON_NODE_OBJECT,   [JSON_ARRAY] = JSON_NODE_LIST, [JSON_STRING] = JSON_NODE_TEXT,
        [JSON_INTEGER] = JSON_NODE_INTEGER, [JSON_REAL] = JSON_NODE_REAL,  [JSON_TRUE] = JSON_NODE_TRUE,
        [JSON_FALSE] = JSON_NODE_FALSE,     [JSON_NULL] = JSON_NODE_NULL,
    };
    struct json_node *node = arena_alloc(c->nodes, sizeof *node);
    c->failed |= !node;
    if (c->failed)
        return NULL;
    node->kind = kinds[json_typeof(json)];
    node->name = copy_text(c, name);
    node->integer = json_integer_value(json);
    if (json_is_string(json))
        node->text = copy_text(c, (struct daybook_text){json_string_value(json), json_string_length(json)});
    copy_elements(c, json, node);
    return node;
}

const struct json_node *json_node_read(struct daybook_text text, struct arena *nodes, struct arena *texts,
                                       char reason[JSON_NODE_REASON_SIZE])
{
    const struct json_node *root = json_node_read_plain(text, nodes);
    if (root)
        return root;
    json_error_t error;
    json_t *json = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, &error);
    struct copying c = {nodes, texts, false};
    if (json_is_object(json))
        root = copy(&c, json, DAYBOOK_TEXT_NONE);
    if (c.failed || !json_is_object(json))
        root = NULL;
    if (c.failed)
        memory_note(NULL, text);
    if (!json)
        snprintf(reason, JSON_NODE_REASON_SIZE, "It is no JSON: %s.", error.text);
    else
        snprintf(reason, JSON_NODE_REASON_SIZE, "It is no JSON object.");
    json_decref(json);
    return root;
}
