/* Lines of JSON as trees: what plain reading takes is what jansson takes, and it makes the same of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "tests/unit/scratch.h"
#include "tools/json_node.h"

struct place {
    struct arena nodes, texts;
    char reason[JSON_NODE_REASON_SIZE];
};

static const struct json_node *read_text(struct place *p, struct daybook_text text)
{
    return json_node_read(text, &p->nodes, &p->texts, p->reason);
}

static void release(struct place *p)
{
    arena_release(&p->nodes);
    arena_release(&p->texts);
}

static void assert_text(struct daybook_text got, const char *expected)
{
    assert_int_equal(got.len, strlen(expected));
    assert_memory_equal(got.ptr, expected, got.len);
}

static void what_stands_in_a_line(void **state)
{
    (void)state;
    /* The second says the same with escapes and a fraction, which plain reading leaves to jansson. */
    static const char *const lines[] = {
        " {\"a\":\"x\\\\y\",\"b\" : [1,-20,true, false,null ,{}],\"c\":{\"d\":\"\\u738b\"},\"\":1.5}\t",
        "{\"a\":\"x\",\"b\":[1,-20,true,false,null,{}],\"c\":{\"d\":\"王\"},\"\":[]}",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct place p = {.reason = ""};
        const struct json_node *root = read_text(&p, text_of(lines[i]));
        assert_non_null(root);
        assert_int_equal(root->count, 4);
        assert_text(json_node_text(json_node_member(root, "a")), i == 0 ? "x\\y" : "x");
        const struct json_node *b = json_node_member(root, "b");
        assert_int_equal(b->kind, JSON_NODE_LIST);
        assert_int_equal(b->count, 6);
        static const enum json_node_kind kinds[] = {JSON_NODE_INTEGER, JSON_NODE_INTEGER, JSON_NODE_TRUE,
                                                    JSON_NODE_FALSE,   JSON_NODE_NULL,    JSON_NODE_OBJECT};
        const struct json_node *at = b->first;
        for (size_t j = 0; j < 6; j++, at = at->next)
            assert_int_equal(at->kind, kinds[j]);
        assert_null(at);
        assert_int_equal(b->first->integer, 1);
        assert_int_equal(b->first->next->integer, -20);
        assert_text(json_node_text(json_node_member(json_node_member(root, "c"), "d")), "王");
        assert_int_equal(json_node_member(root, "")->kind, i == 0 ? JSON_NODE_REAL : JSON_NODE_LIST);
        assert_null(json_node_member(root, "d"));
        assert_null(json_node_member(b, "a"));
        assert_null(json_node_member(NULL, "a"));
        assert_null(json_node_text(b).ptr);
        release(&p);
    }
}

/* The fast way is taken for what programs write. */
static void plain_lines(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        bool is_plain;
    } cases[] = {
        {"{}", true},
        {"{\"type\":\"order.created\",\"subject\":\"order/A-1\",\"data\":{\"items\":[{\"code\":\"P\"}]}}", true},
        {"{\"n\":123456789012345678}", true},
        {"{\"n\":1234567890123456789}", false},
        {"{\"n\":-0}", true},
        {"{\"n\":01}", false},
        {"{\"n\":1e2}", false},
        {"{\"n\":1.0}", false},
        {"{\"n\":-}", false},
        {"{\"n\":\"\\n\"}", false},
        {"{\"n\":\"\t\"}", false},
        {"{\"n\":\"\xff\"}", false},
        {"{\"n\":\"\xed\xa0\x80\"}", false},
        {"{\"n\":truer}", false},
        {"{\"n\":1,}", false},
        {"{\"n\":[1,]}", false},
        {"{\"n\":1,\"n\":2}", false},
        {"{\"n\":1} x", false},
        {"{\"n\":1", false},
        {"[]", false},
        {"{\"n\":[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]}", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena nodes = {0};
        if ((json_node_read_plain(text_of(cases[i].line), &nodes) != NULL) != cases[i].is_plain)
            fail_msg("%s", cases[i].line);
        arena_release(&nodes);
    }
}

static void why_not(void **state)
{
    (void)state;
    struct place p = {.reason = ""};
    assert_null(read_text(&p, DAYBOOK_TEXT("[1]")));
    assert_string_equal(p.reason, "It is no JSON object.");
    assert_null(read_text(&p, DAYBOOK_TEXT("{\"a\":1,\"a\":2}")));
    assert_string_equal(p.reason, "It is no JSON: duplicate object key near '\"a\"'.");
    assert_null(read_text(&p, DAYBOOK_TEXT("{\"a\":\"\0\"}")));
    assert_memory_equal(p.reason, "It is no JSON: ", 15);
    release(&p);
}

/* ---- the same as jansson, whatever stands there */

static bool same(const struct json_node *node, const json_t *json)
{
    static const enum json_node_kind kinds[] = {
        [JSON_OBJECT] = JSON_NODE_OBJECT,   [JSON_ARRAY] = JSON_NODE_LIST, [JSON_STRING] = JSON_NODE_TEXT,
        [JSON_INTEGER] = JSON_NODE_INTEGER, [JSON_REAL] = JSON_NODE_REAL,  [JSON_TRUE] = JSON_NODE_TRUE,
        [JSON_FALSE] = JSON_NODE_FALSE,     [JSON_NULL] = JSON_NODE_NULL,
    };
    if (!json || node->kind != kinds[json_typeof(json)])
        return false;
    if (json_is_string(json) && (node->text.len != json_string_length(json) ||
                                 memcmp(node->text.ptr, json_string_value(json), node->text.len) != 0))
        return false;
    if (json_is_integer(json) && node->integer != json_integer_value(json))
        return false;
    if (node->count != (json_is_object(json) ? json_object_size(json) : json_array_size(json)))
        return false;
    size_t index = 0;
    for (const struct json_node *at = node->first; at; at = at->next, index++)
        if (!same(at, json_is_object(json) ? json_object_getn(json, at->name.ptr, at->name.len)
                                           : json_array_get(json, index)))
            return false;
    return index == node->count;
}

static void add_random(uint64_t *random, char *out, size_t *len, unsigned depth)
{
    static const char *const leaves[] = {"1",    "-7",   "true", "false",      "null",     "\"\"",      "\"text\"",
                                         "0.5",  "1e3",  "12",   "\"\\u00e9\"", "\"王\"",  "\"a\\\"b\"", "\"c\""};
    uint32_t what = random_below(random, depth < 4 && *len < 300 ? 6 : 4);
    if (what < 4) {
        const char *leaf = leaves[random_below(random, sizeof leaves / sizeof *leaves)];
        memcpy(out + *len, leaf, strlen(leaf));
        *len += strlen(leaf);
        return;
    }
    bool is_object = depth == 0 || what == 4;
    out[(*len)++] = is_object ? '{' : '[';
    uint32_t count = random_below(random, 4);
    for (uint32_t i = 0; i < count; i++) {
        if (i)
            out[(*len)++] = ',';
        if (is_object) {
            const char member[] = {'"', (char)('a' + random_below(random, 6)), '"', ':'};
            memcpy(out + *len, member, sizeof member);
            *len += sizeof member;
        }
        if (random_below(random, 8) == 0)
            out[(*len)++] = ' ';
        add_random(random, out, len, depth + 1);
    }
    out[(*len)++] = is_object ? '}' : ']';
}

static void read_as_by_jansson(void **state)
{
    (void)state;
    static const char changes[] = "{}[]\",:\\ 0123456789-+.eEtfn\t\x01\x7f\xc3\xed\xff/u";
    uint64_t random = random_seed();
    unsigned plain = 0, others = 0, refused = 0;
    for (int i = 0; i < 60000; i++) {
        char line[4096] = "{\"x\":";
        size_t len = 5;
        add_random(&random, line, &len, 0);
        line[len++] = '}';
        for (uint32_t n = random_below(&random, 3); n; n--)
            line[random_below(&random, (uint32_t)len)] = changes[random_below(&random, sizeof changes)];
        char *exact = malloc(len); /* a sanitizer sees a read beyond it */
        memcpy(exact, line, len);
        struct daybook_text text = {exact, len};
        struct place p = {.reason = ""};
        struct arena nodes = {0};
        json_t *json = json_loadb(exact, len, JSON_REJECT_DUPLICATES, NULL);
        const struct json_node *fast = json_node_read_plain(text, &nodes), *any = read_text(&p, text);
        if ((fast && !same(fast, json)) || (any != NULL) != json_is_object(json) || (any && !same(any, json)))
            fail_msg("%.*s", (int)len, line);
        plain += fast != NULL;
        others += !fast && any;
        refused += !any;
        json_decref(json);
        arena_release(&nodes);
        release(&p);
        free(exact);
    }
    assert_true(plain > 1000 && others > 1000 && refused > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_stands_in_a_line),
        cmocka_unit_test(plain_lines),
        cmocka_unit_test(why_not),
        cmocka_unit_test(read_as_by_jansson),
    };
    return cmocka_run_group_tests_name("json_node", tests, NULL, NULL);
}
