/* Lines for `load`: any bytes are recorded or refused with the line that is to blame, and the ledger verifies after it.
 * The first byte says whether the lines are the input itself, or CloudEvents made from the schema table: any type, each
 * of its fields there or not, with a value of its kind or of another. */
#include <stdio.h>
#include <string.h>

#include "ledger/schema.h"
#include "tests/fuzz/program.h"

enum { LINES_MAX = 8, BYTES_MAX = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

struct lines {
    char bytes[BYTES_MAX];
    size_t len;
};

static void put(struct lines *lines, const char *text, size_t len)
{
    if (lines->len + len > BYTES_MAX)
        return;
    memcpy(lines->bytes + lines->len, text, len);
    lines->len += len;
}

static void put_text(struct lines *lines, const char *text)
{
    put(lines, text, strlen(text));
}

static void put_string(struct lines *lines, struct choices *c)
{
    char text[CHOSEN_TEXT_SIZE];
    struct daybook_text chosen = choose_text(c, text);
    put_text(lines, "\"");
    for (size_t i = 0; i < chosen.len; i++) {
        char escape[8];
        unsigned char byte = (unsigned char)chosen.ptr[i];
        bool escaped = byte < ' ' || byte == '"' || byte == '\\';
        snprintf(escape, sizeof escape, "\\u%04x", byte);
        put(lines, escaped ? escape : &chosen.ptr[i], escaped ? 6 : 1);
    }
    put_text(lines, "\"");
}

/* A value that is right somewhere, though perhaps not here. */
static void put_value(struct lines *lines, struct choices *c)
{
    static const char *const values[] = {
        "\"ACME\"", "\"P-1\"", "\"2026-01-05\"", "\"2026-01-05T12:00:00Z\"", "\"unknown\"", "\"shipped\"", "\"urgent\"",
        "\"12.50\"", "\"-1\"", "\"999999999999999999\"", "\"1e3\"", "\"\"", "0", "-1", "3", "1e400", "12.5",
        "18446744073709551616", "true", "null", "[]", "{}", "[[]]", "{\"code\":\"P-1\",\"quantity\":\"1\"}",
        "[{\"code\":\"P-1\",\"quantity\":\"10\"},{\"code\":\"P-2\",\"quantity\":\"2.5\",\"unit\":\"kg\"}]",
        "[{\"line\":1,\"quantity\":\"1\"}]",
        "[{\"code\":\"P-9\",\"quantity\":\"0\",\"name\":\"x\",\"fields\":{\"a\":\"b\"}}]",
        "{\"Colour\":\"red\",\"Weight\":\"12\"}", "[1,[\"a\",2],[[3]]]"};
    uint32_t which = choose(c, sizeof values / sizeof *values + 4);
    if (which < sizeof values / sizeof *values)
        put_text(lines, values[which]);
    else
        put_string(lines, c);
}

static void put_member(struct lines *lines, struct choices *c, const char *name, const char *usual)
{
    uint32_t how = choose(c, 16);
    if (how == 1)
        return; /* not there */
    put_text(lines, ",\"");
    put_text(lines, name);
    put_text(lines, "\":");
    if (how == 2 || !usual)
        put_value(lines, c);
    else
        put_text(lines, usual);
}

static void put_line(struct lines *lines, struct choices *c)
{
    static const char *const subjects[] = {"\"order/A-1\"", "\"order/A-2\"", "\"order/SO-000001\"", "\"order/\"",
                                           "\"customer/ACME\"", "\"product/P-1\"", "\"actor/li.lei\"", "\"ledger\""};
    char id[24], type[64];
    const struct schema_type *chosen = &schema_types[choose(c, (uint32_t)schema_type_count)];
    snprintf(id, sizeof id, "\"%u\"", choose(c, 4));
    snprintf(type, sizeof type, "\"%s\"", chosen->name);
    put_text(lines, "{\"specversion\":\"1.0\"");
    put_member(lines, c, "source", "\"/shop\"");
    put_member(lines, c, "id", id);
    put_member(lines, c, "type", type);
    put_member(lines, c, "subject", subjects[choose(c, sizeof subjects / sizeof *subjects)]);
    if (choose(c, 2))
        put_member(lines, c, "time", "\"2026-01-05T12:00:00Z\"");
    if (choose(c, 4) == 1)
        put_member(lines, c, "dateonly", "true");
    if (choose(c, 2))
        put_member(lines, c, "actor", "\"wang\"");
    put_text(lines, ",\"data\":{\"\":0");
    for (size_t i = 0; i < chosen->field_count; i++)
        if (choose(c, 2))
            put_member(lines, c, chosen->fields[i].name, NULL);
    put_text(lines, "}}\n");
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const char *const init[] = {"init", "--timezone", "Asia/Shanghai", NULL};
    static const char *const create[] = {"create", "--customer", "ACME", "--item", "P-1:10", "--note", "fragile", NULL};
    static const char *const field[] = {"field", "add", "Colour", "--kind", "text", NULL};
    static const char *const *const commands[] = {init, create, field, NULL};
    (void)argc, (void)argv;
    program_start();
    program_prepare(commands);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    static const char *const load[] = {"load", "lines.jsonl", NULL};
    static const char *const verify[] = {"verify", NULL};
    static struct lines lines;
    if (size == 0 || size > BYTES_MAX)
        return 0;
    struct choices choices = {input + 1, size - 1};
    lines.len = 0;
    if (input[0] & 1)
        put(&lines, (const char *)input + 1, size - 1);
    for (uint32_t left = input[0] & 1 ? 0 : 1 + choose(&choices, LINES_MAX); left > 0; left--)
        put_line(&lines, &choices);
    program_reset();
    program_write("lines.jsonl", lines.bytes, lines.len);
    program_run(load);
    require(program_run(verify) == 0);
    return 0;
}
