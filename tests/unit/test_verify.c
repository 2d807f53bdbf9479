/* verify against changes made with LMDB alone: each table, each kind of change; it must tell, and tell where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <lmdb.h>

#include "daybook/erase.h"
#include "ledger/event.h"
#include "ledger/verify.h"
#include "tests/unit/scratch.h"

enum { ORDERS = 150, VALUE_SIZE_MAX = 70000, LAST = -1 };

static char folder[SCRATCH_PATH_SIZE + 2];

/* Over 256 events, so that the tree has a row; a key, a void with a replacement, notes, several customers. */
static int make_ledger(void **state)
{
    (void)state;
    char parent[SCRATCH_PATH_SIZE];
    scratch_folder(parent);
    snprintf(folder, sizeof folder, "%s/l", parent);
    struct daybook *ledger = scratch_ledger(folder);
    struct daybook_result result;
    for (int i = 0; i < ORDERS; i++) {
        char customer[20];
        struct daybook_draft drafts[2];
        struct daybook_draft_item item = {
            .code = DAYBOOK_TEXT("P-1"), .has_quantity = true, .quantity = {1, 0}, .expected_on = DAYBOOK_DAY_NONE};
        snprintf(customer, sizeof customer, "Customer %d", i % 7);
        daybook_draft_init(&drafts[0], DAYBOOK_ORDER_CREATED);
        drafts[0].customer = text_of(customer);
        drafts[0].items = &item;
        drafts[0].item_count = 1;
        daybook_draft_init(&drafts[1], DAYBOOK_ORDER_NOTE_ADDED);
        drafts[1].text = DAYBOOK_TEXT("call before delivery");
        struct daybook_entry entry = {.drafts = drafts,
                                      .draft_count = 2,
                                      .actor = DAYBOOK_TEXT("wang"),
                                      .via = DAYBOOK_TEXT("wang@desk"),
                                      .via_kind = DAYBOOK_TEXT("os"),
                                      .key = i == 3 ? DAYBOOK_TEXT("once") : DAYBOOK_TEXT_NONE};
        assert_int_equal(daybook_append(ledger, &entry, 1, &result, NULL), 0);
        assert_int_equal(result.error.code, 0);
    }
    struct daybook_draft shipped, voided;
    daybook_draft_init(&shipped, DAYBOOK_ORDER_SHIPPED);
    shipped.order_no = DAYBOOK_TEXT("SO-000001");
    assert_int_equal(record(ledger, &shipped, 1, &result), 0);
    daybook_draft_init(&voided, DAYBOOK_ORDER_EVENT_VOIDED);
    voided.order_no = DAYBOOK_TEXT("SO-000001");
    voided.target = result.last_seq;
    voided.replacement = &shipped;
    shipped.occurred = DAYBOOK_OCCURRED_ON;
    shipped.occurred_on = 20000;
    assert_int_equal(record(ledger, &voided, 1, &result), 0);
    daybook_close(ledger);
    return 0;
}

static int remove_ledger(void **state)
{
    (void)state;
    *strrchr(folder, '/') = '\0';
    scratch_remove(folder);
    return 0;
}

/* ---- changes behind the ledger's back */

enum how { DELETE, FLIP, ADD };

struct row {
    uint8_t key[600], value[VALUE_SIZE_MAX];
    size_t key_len, value_len;
};

static MDB_env *open_env(const char *name)
{
    char path[SCRATCH_PATH_SIZE + 30];
    MDB_env *env = NULL;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 8), 0);
    assert_int_equal(mdb_env_set_mapsize(env, 1 << 26), 0);
    assert_int_equal(mdb_env_open(env, path, 0, 0660), 0);
    return env;
}

static void get_row(MDB_cursor *cursor, int index, struct row *row)
{
    MDB_val key, value;
    assert_int_equal(mdb_cursor_get(cursor, &key, &value, index == LAST ? MDB_LAST : MDB_FIRST), 0);
    for (int i = 0; i < index; i++)
        assert_int_equal(mdb_cursor_get(cursor, &key, &value, MDB_NEXT), 0);
    assert_true(key.mv_size <= sizeof row->key && value.mv_size <= sizeof row->value);
    memcpy(row->key, key.mv_data, row->key_len = key.mv_size);
    memcpy(row->value, value.mv_data, row->value_len = value.mv_size);
}

static void change(const char *env_name, const char *table, int index, enum how how)
{
    static struct row row;
    MDB_env *env = open_env(env_name);
    MDB_txn *txn = NULL;
    MDB_cursor *cursor = NULL;
    MDB_dbi dbi;
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, table, 0, &dbi), 0);
    assert_int_equal(mdb_cursor_open(txn, dbi, &cursor), 0);
    get_row(cursor, index, &row);
    if (how == DELETE) {
        assert_int_equal(mdb_cursor_del(cursor, 0), 0);
    } else {
        unsigned flags = 0;
        mdb_dbi_flags(txn, dbi, &flags);
        if (how == FLIP)
            row.value[row.value_len / 2] ^= 4;
        else if (flags & MDB_INTEGERKEY)
            row.key[2] ^= 0x40; /* a number far away */
        else
            row.key[row.key_len - 1] ^= 0x20;
        MDB_val key = {row.key_len, row.key}, value = {row.value_len, row.value};
        assert_int_equal(mdb_put(txn, dbi, &key, &value, 0), 0);
    }
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

static void swap_events(int index)
{
    static struct row first, second;
    MDB_env *env = open_env("log");
    MDB_txn *txn = NULL;
    MDB_cursor *cursor = NULL;
    MDB_dbi dbi;
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, "events", 0, &dbi), 0);
    assert_int_equal(mdb_cursor_open(txn, dbi, &cursor), 0);
    get_row(cursor, index, &first);
    get_row(cursor, index + 1, &second);
    mdb_cursor_close(cursor);
    MDB_val key_a = {first.key_len, first.key}, value_b = {second.value_len, second.value};
    MDB_val key_b = {second.key_len, second.key}, value_a = {first.value_len, first.value};
    assert_int_equal(mdb_put(txn, dbi, &key_a, &value_b, 0), 0);
    assert_int_equal(mdb_put(txn, dbi, &key_b, &value_a, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

static struct verify_result verified(int expected)
{
    static struct verify_result result;
    struct daybook_error err = {0};
    int rc = verify_ledger(folder, NULL, &result, &err);
    if (rc != expected)
        fail_msg("%s instead of %s: %s", daybook_code_name(rc), daybook_code_name(expected), err.message);
    return result;
}

static bool tells(const struct verify_result *result, const char *words)
{
    for (size_t i = 0; i < result->problem_count && i < VERIFY_PROBLEMS_MAX; i++)
        if (strstr(result->problems[i].message, words))
            return true;
    return false;
}

/* ---- tests */

static void test_untouched(void **state)
{
    (void)state;
    struct verify_result result = verified(0);
    /* opened, actors wang and li.lei, two vias, 7 customers, a product; two events an order; shipped, voided,
     * shipped */
    assert_int_equal(result.events, 13 + 2 * ORDERS + 3);
    assert_int_equal(result.subjects, 13 + ORDERS);
    assert_int_equal(result.personal_values, 2 + 2 + 7 + ORDERS);
    assert_int_equal(result.erased, 0);
    assert_int_equal(result.problem_count, 0);
}

static void test_earlier_root(void **state)
{
    (void)state;
    struct daybook *ledger = NULL;
    struct daybook_snapshot *snapshot = NULL;
    struct verify_result result;
    uint8_t root[TREE_HASH_SIZE];
    assert_int_equal(verify_ledger(folder, &(struct verify_options){.earlier_size = 100}, &result, NULL), 0);
    assert_int_equal(daybook_open(folder, NULL, &ledger, NULL), 0);
    assert_int_equal(daybook_snapshot_begin(ledger, &snapshot, NULL), 0);
    assert_int_equal(daybook_root(snapshot, 100, root, NULL), 0);
    assert_true(result.has_earlier_root);
    assert_memory_equal(result.earlier_root.bytes, root, sizeof root);
    daybook_snapshot_end(snapshot);
    daybook_close(ledger);
}

static void test_each_table(void **state)
{
    (void)state;
    static const struct {
        const char *env, *table;
        int row;
        enum how how;
        const char *words;
    } changes[] = {
        {"log", "events", 41, FLIP, "Event 42 is not what was recorded"},
        {"log", "events", 41, DELETE, "Event 42 is missing"},
        {"log", "events", LAST, DELETE, "The table of heads"},
        {"log", "events", 41, ADD, "are missing"},
        {"log", "heads", 20, FLIP, "The table of heads"},
        {"log", "heads", 20, DELETE, "The table of heads"},
        {"log", "heads", 20, ADD, "heads has 164 rows; the events account for 163"},
        {"log", "names", 20, FLIP, "in the table of names"},
        {"log", "names", 20, DELETE, "leads to 0 in the table of names"},
        {"log", "names", 20, ADD, "The table of names has"},
        {"log", "keys", 0, FLIP, "The table of keys has 1 rows; the events account for 0"},
        {"log", "keys", 0, ADD, "The table of keys has 2 rows; the events account for 1"},
        {"log", "voids", 0, FLIP, "The table of voids does not have"},
        {"log", "voids", 0, DELETE, "The table of voids does not have"},
        {"log", "voids", 0, ADD, "The table of voids has 2 rows"},
        {"log", "tree", 0, FLIP, "among the events 1 to 256"},
        {"log", "tree", 0, DELETE, "among the events 1 to 256"},
        {"log", "tree", 0, ADD, "The table of tree has 2 rows; the events account for 1"},
        {"personal-0", "values", 20, FLIP, "does not fit its commitment"},
        {"personal-0", "values", 20, ADD, "The table of personal values has"},
        {"personal-0", "names", 3, FLIP, "in the table of names"},
        {"personal-0", "names", 3, DELETE, "in the table of names"},
        {"personal-0", "names", 3, ADD, "The table of personal names has"},
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        make_ledger(NULL);
        change(changes[i].env, changes[i].table, changes[i].row, changes[i].how);
        struct verify_result result = verified(DAYBOOK_VERIFICATION_FAILED);
        if (!tells(&result, changes[i].words))
            fail_msg("%s, row %d, change %d: \"%s\" is not told, but \"%s\"", changes[i].table, changes[i].row,
                     changes[i].how, changes[i].words, result.problems[0].message);
        remove_ledger(NULL);
    }
}

static void test_swapped_events(void **state)
{
    (void)state;
    swap_events(60);
    struct verify_result result = verified(DAYBOOK_VERIFICATION_FAILED);
    assert_true(tells(&result, "Event 61 is not what was recorded"));
    assert_true(tells(&result, "Event 62 is not what was recorded"));
}

/* Who changes an event and its check as well is found by the tree. */
static void test_forged_event(void **state)
{
    (void)state;
    static struct row row;
    MDB_env *env = open_env("log");
    MDB_txn *txn = NULL;
    MDB_cursor *cursor = NULL;
    MDB_dbi dbi;
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, "events", 0, &dbi), 0);
    assert_int_equal(mdb_cursor_open(txn, dbi, &cursor), 0);
    get_row(cursor, 19, &row);
    struct daybook_event event;
    struct daybook_data data;
    struct event_scratch scratch = {0};
    static uint8_t forged[DAYBOOK_EVENT_SIZE_MAX];
    size_t len = 0;
    assert_int_equal(event_read(20, row.value, row.value_len, &event, NULL), 0);
    assert_int_equal(event_read_data(&event, &scratch, &data, NULL), 0);
    event.occurred_on++;
    assert_int_equal(event_write(&event, &data, forged, &len, NULL), 0);
    MDB_val key = {row.key_len, row.key}, value = {len, forged};
    assert_int_equal(mdb_cursor_put(cursor, &key, &value, MDB_CURRENT), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
    event_scratch_release(&scratch);
    struct verify_result result = verified(DAYBOOK_VERIFICATION_FAILED);
    assert_true(tells(&result, "among the events 1 to 256"));
}

static void rename_customer(struct daybook *ledger, const char *from, const char *to)
{
    struct daybook_draft draft;
    struct daybook_result result;
    daybook_draft_init(&draft, DAYBOOK_CUSTOMER_RENAMED);
    draft.subject = text_of(from);
    draft.name = text_of(to);
    assert_int_equal(record(ledger, &draft, 1, &result), 0);
}

/* A name counts once, however often it is given. */
static void test_names_given_again(void **state)
{
    (void)state;
    struct daybook *ledger = NULL;
    assert_int_equal(daybook_open(folder, NULL, &ledger, NULL), 0);
    rename_customer(ledger, "Customer 1", "Newer name");
    rename_customer(ledger, "Newer name", "Customer 1");
    rename_customer(ledger, "Customer 1", "Newer name");
    daybook_close(ledger);
    assert_int_equal(verified(0).problem_count, 0);
    change("personal-0", "names", 3, ADD);
    struct verify_result result = verified(DAYBOOK_VERIFICATION_FAILED);
    assert_true(tells(&result, "The table of personal names has 13 rows; the events account for 12"));
}

/* A value may only be missing when a later event says that it was erased. */
static void test_missing_value(void **state)
{
    (void)state;
    change("personal-0", "values", 30, DELETE); /* a note */
    struct verify_result result = verified(DAYBOOK_VERIFICATION_FAILED);
    assert_int_equal(result.erased, 1);
    assert_true(tells(&result, "The \"text\" of event 55 is missing, and no event says that it was erased"));
}

static void erase(enum daybook_erase_kind kind, const char *name, uint64_t target)
{
    struct daybook *ledger = NULL;
    struct daybook_erased erased;
    struct daybook_erase_request request = {.kind = kind,
                                            .name = name ? text_of(name) : DAYBOOK_TEXT_NONE,
                                            .target = target,
                                            .reason = DAYBOOK_TEXT("Art. 17"),
                                            .actor = DAYBOOK_TEXT("li.lei"),
                                            .via = DAYBOOK_TEXT("li.lei@host"),
                                            .via_kind = DAYBOOK_TEXT("os")};
    assert_int_equal(daybook_open(folder, NULL, &ledger, NULL), 0);
    assert_int_equal(daybook_erase(ledger, &request, &erased, NULL), 0);
    daybook_close(ledger);
}

static void test_erased_values(void **state)
{
    (void)state;
    erase(DAYBOOK_ERASE_NOTE, NULL, 55);
    erase(DAYBOOK_ERASE_CUSTOMER, "Customer 1", 0);
    erase(DAYBOOK_ERASE_ACTOR, "wang", 0);
    assert_int_equal(verified(0).erased, 4); /* the actor's via as well */
    change("personal-3", "values", 30, DELETE); /* another note */
    assert_true(tells((struct verify_result[]){verified(DAYBOOK_VERIFICATION_FAILED)}, "no event says that it was"));
}

static void test_identity(void **state)
{
    (void)state;
    MDB_env *env = open_env("log");
    MDB_txn *txn = NULL;
    MDB_dbi dbi;
    MDB_val key = {7, (void *)(uintptr_t) "numbers"}, value = {6, (void *)(uintptr_t) "X{000}"};
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, "meta", 0, &dbi), 0);
    assert_int_equal(mdb_put(txn, dbi, &key, &value, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
    struct verify_result result = verified(DAYBOOK_VERIFICATION_FAILED);
    assert_true(tells(&result, "\"numbers\" is not what event 1 says"));
}

static void test_no_ledger(void **state)
{
    (void)state;
    struct verify_result result;
    assert_int_equal(verify_ledger("/nowhere", NULL, &result, NULL), DAYBOOK_NO_LEDGER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_untouched, make_ledger, remove_ledger),
        cmocka_unit_test_setup_teardown(test_earlier_root, make_ledger, remove_ledger),
        cmocka_unit_test(test_each_table),
        cmocka_unit_test_setup_teardown(test_swapped_events, make_ledger, remove_ledger),
        cmocka_unit_test_setup_teardown(test_forged_event, make_ledger, remove_ledger),
        cmocka_unit_test_setup_teardown(test_names_given_again, make_ledger, remove_ledger),
        cmocka_unit_test_setup_teardown(test_missing_value, make_ledger, remove_ledger),
        cmocka_unit_test_setup_teardown(test_erased_values, make_ledger, remove_ledger),
        cmocka_unit_test_setup_teardown(test_identity, make_ledger, remove_ledger),
        cmocka_unit_test(test_no_ledger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
