/* The ledger that the crowd begins with, and the files that it reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/crash/deeds.h"
#include "tests/unit/scratch.h"

static void make_ledger(const char *path)
{
    struct daybook *ledger = scratch_ledger(path);
    for (uint32_t i = 0; i < BASE_ORDERS; i++) {
        char number[24];
        struct daybook_result result;
        struct daybook_draft draft;
        struct daybook_draft_item item = {.code = DAYBOOK_TEXT("LW-1"),
                                          .has_quantity = true,
                                          .quantity = quantity(1),
                                          .expected_on = DAYBOOK_DAY_NONE};
        snprintf(number, sizeof number, "BASE-%u", i);
        daybook_draft_init(&draft, DAYBOOK_ORDER_CREATED);
        draft.order_no = text_of(number);
        draft.customer = DAYBOOK_TEXT("customer-0");
        draft.items = &item;
        draft.item_count = 1;
        assert_int_equal(record(ledger, &draft, 1, &result), 0);
    }
    daybook_close(ledger);
}

/* Daybook's own init leaves the copy without events, so that it takes those of the ledger. */
static void make_copy(const char *path)
{
    daybook_close(scratch_ledger(path));
}

static void make_table(const char *path, uint32_t file)
{
    FILE *table = fopen(path, "we");
    assert_non_null(table);
    fputs("Order No,Customer,Item,Qty,Order Date\n", table);
    for (uint32_t i = 0; i < FILE_ORDERS; i++)
        fprintf(table, "T%u-%u,importer-%u,LW-2,%u,2026-01-05\n", file, i, i % 5, i + 1);
    fclose(table);
}

static void make_lines(const char *path, uint32_t file)
{
    static const char envelope[] =
        "{\"specversion\":\"1.0\",\"id\":\"%s-%u-%u\",\"source\":\"/shop\",\"type\":\"order.%s\","
        "\"subject\":\"order/F%u-%u\",\"data\":";
    FILE *lines = fopen(path, "we");
    assert_non_null(lines);
    for (uint32_t i = 0; i < FILE_ORDERS; i++) {
        fprintf(lines, envelope, "order", file, i, "created", file, i);
        fprintf(lines, "{\"customer\":\"loader-%u\",\"items\":[{\"code\":\"LW-3\",\"quantity\":\"%u\"}]}}\n", i % 5,
                i + 1);
        fprintf(lines, envelope, "note", file, i, "note-added", file, i);
        fprintf(lines, "{\"text\":\"line %u-%u\"}}\n", file, i);
    }
    fclose(lines);
}

void deeds_prepare(const char *root)
{
    const struct actor actor = {.root = root};
    char path[PATH_SIZE_MAX], name[32];
    deeds_path(&actor, "ledger", path);
    scratch_remove(path);
    make_ledger(path);
    deeds_path(&actor, "copy", path);
    scratch_remove(path);
    make_copy(path);
    deeds_path(&actor, "log.jsonl", path);
    unlink(path);
    for (uint32_t i = 0; i < FILES; i++) {
        snprintf(name, sizeof name, "table-%u.csv", i);
        deeds_path(&actor, name, path);
        make_table(path, i);
        snprintf(name, sizeof name, "lines-%u.jsonl", i);
        deeds_path(&actor, name, path);
        make_lines(path, i);
    }
}
