/* Event types of an application: registered once, appended under the guarantees of an entry, read without its code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daybook/order.h"
#include "daybook/type.h"
#include "ledger/verify.h"
#include "tests/unit/scratch.h"

struct place {
    char root[SCRATCH_PATH_SIZE], folder[SCRATCH_PATH_SIZE + 8];
    struct daybook *ledger;
};

static const struct daybook_type_field check_fields[] = {
    {"result", DAYBOOK_VALUE_TEXT, true},   {"inspector", DAYBOOK_VALUE_PERSONAL, false},
    {"count", DAYBOOK_VALUE_INTEGER, false}, {"share", DAYBOOK_VALUE_DECIMAL, false},
    {"next_on", DAYBOOK_VALUE_DAY, false},
};
static const struct daybook_type_definition check = {"quality.checked", 1000, 1, DAYBOOK_ORDER, check_fields, 5};

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    struct daybook_result result;
    struct daybook_draft draft;
    scratch_folder(p->root);
    snprintf(p->folder, sizeof p->folder, "%s/ledger", p->root);
    p->ledger = scratch_ledger(p->folder);
    daybook_draft_init(&draft, DAYBOOK_ORDER_CREATED);
    draft.order_no = DAYBOOK_TEXT("A-1");
    draft.customer = DAYBOOK_TEXT("Wang");
    *state = p;
    return record(p->ledger, &draft, 1, &result);
}

static int teardown(void **state)
{
    struct place *p = *state;
    struct verify_result result;
    daybook_close(p->ledger);
    int rc = verify_ledger(p->folder, &(struct verify_options){0}, &result, NULL);
    if (rc)
        print_error("verify: %s\n", result.problems[0].message);
    scratch_remove(p->root);
    free(p);
    return rc;
}

static int register_type(struct place *p, const struct daybook_type_definition *type, struct daybook_result *result)
{
    struct daybook_draft draft;
    daybook_draft_init(&draft, DAYBOOK_TYPE_REGISTERED);
    draft.definition = type;
    return record(p->ledger, &draft, 1, result);
}

static struct daybook_draft check_of(const char *order_no, const struct daybook_value *values, size_t count)
{
    struct daybook_draft draft;
    daybook_draft_init(&draft, 1000);
    draft.order_no = text_of(order_no);
    draft.values = values;
    draft.value_count = count;
    return draft;
}

static uint64_t last_seq(struct place *p)
{
    struct daybook_snapshot *snapshot;
    assert_int_equal(daybook_snapshot_begin(p->ledger, &snapshot, NULL), 0);
    uint64_t seq = daybook_last_seq(snapshot);
    daybook_snapshot_end(snapshot);
    return seq;
}

static int note_type(void *context, const struct daybook_type_definition *type, struct daybook_error *err)
{
    size_t *count = context;
    (void)err;
    assert_string_equal(type->name, "quality.checked");
    assert_int_equal(type->wire, 1000);
    assert_int_equal(type->version, ++*count);
    assert_int_equal(type->subject, DAYBOOK_ORDER);
    if (type->version > 1)
        return 0;
    assert_int_equal(type->field_count, 5);
    assert_string_equal(type->fields[1].name, "inspector");
    assert_int_equal(type->fields[1].kind, DAYBOOK_VALUE_PERSONAL);
    assert_true(type->fields[0].is_required);
    assert_false(type->fields[1].is_required);
    assert_int_equal(type->fields[4].kind, DAYBOOK_VALUE_DAY);
    return 0;
}

static void registered_once(void **state)
{
    struct place *p = *state;
    struct daybook_result result;
    size_t count = 0;
    assert_int_equal(register_type(p, &check, &result), 0);
    uint64_t seq = last_seq(p);
    assert_int_equal(result.last_seq, seq);
    assert_int_equal(register_type(p, &check, &result), 0);
    assert_int_equal(result.last_seq, 0);
    assert_int_equal(last_seq(p), seq);
    struct daybook_type_definition next = check;
    next.version = 2, next.field_count = 1;
    assert_int_equal(register_type(p, &next, &result), 0);
    assert_int_equal(last_seq(p), seq + 1);
    assert_int_equal(register_type(p, &check, &result), 0); /* an older program starts */
    assert_int_equal(last_seq(p), seq + 1);
    struct daybook_snapshot *snapshot;
    assert_int_equal(daybook_snapshot_begin(p->ledger, &snapshot, NULL), 0);
    assert_int_equal(daybook_types(snapshot, note_type, &count, NULL), 0);
    assert_int_equal(count, 2);
    daybook_snapshot_end(snapshot);
}

static void clashes_are_refused(void **state)
{
    struct place *p = *state;
    struct daybook_result result;
    static const struct daybook_type_field other_kind[] = {{"result", DAYBOOK_VALUE_INTEGER, true}};
    static const struct daybook_type_field twice[] = {{"a", DAYBOOK_VALUE_TEXT, false},
                                                      {"a", DAYBOOK_VALUE_TEXT, false}};
    static const struct daybook_type_field bad_name[] = {{"Result", DAYBOOK_VALUE_TEXT, false}};
    static const struct daybook_type_field no_kind[] = {{"result", DAYBOOK_VALUE_OTHER, false}};
    assert_int_equal(register_type(p, &check, &result), 0);
    const struct {
        struct daybook_type_definition type;
        int code;
    } cases[] = {
        {{"quality.checked", 1001, 1, DAYBOOK_ORDER, check_fields, 5}, DAYBOOK_ALREADY_EXISTS},
        {{"quality.tested", 1000, 1, DAYBOOK_ORDER, check_fields, 5}, DAYBOOK_ALREADY_EXISTS},
        {{"quality.checked", 1000, 1, DAYBOOK_PRODUCT, check_fields, 5}, DAYBOOK_ALREADY_EXISTS},
        {{"quality.checked", 1000, 1, DAYBOOK_ORDER, check_fields, 4}, DAYBOOK_ALREADY_EXISTS},
        {{"quality.checked", 1000, 1, DAYBOOK_ORDER, other_kind, 1}, DAYBOOK_ALREADY_EXISTS},
        {{"order.shipped", 1002, 1, DAYBOOK_ORDER, NULL, 0}, DAYBOOK_BAD_VALUE},
        {{"quality.low", 999, 1, DAYBOOK_ORDER, NULL, 0}, DAYBOOK_BAD_VALUE},
        {{"Quality", 1002, 1, DAYBOOK_ORDER, NULL, 0}, DAYBOOK_BAD_VALUE},
        {{"", 1002, 1, DAYBOOK_ORDER, NULL, 0}, DAYBOOK_BAD_VALUE},
        {{"quality.none", 1002, 0, DAYBOOK_ORDER, NULL, 0}, DAYBOOK_BAD_VALUE},
        {{"quality.none", 1002, 1, DAYBOOK_KIND_COUNT, NULL, 0}, DAYBOOK_BAD_VALUE},
        {{"quality.none", 1002, 1, DAYBOOK_ORDER, twice, 2}, DAYBOOK_BAD_VALUE},
        {{"quality.none", 1002, 1, DAYBOOK_ORDER, bad_name, 1}, DAYBOOK_BAD_VALUE},
        {{"quality.none", 1002, 1, DAYBOOK_ORDER, no_kind, 1}, DAYBOOK_BAD_VALUE},
    };
    uint64_t before = last_seq(p);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(register_type(p, &cases[i].type, &result), cases[i].code);
    assert_int_equal(last_seq(p), before);
}

static void read_back(void **state)
{
    struct place *p = *state;
    struct daybook_result result;
    const struct daybook_value given[] = {
        {.kind = DAYBOOK_VALUE_TEXT, .text = DAYBOOK_TEXT("failed")}, /* by position, what follows by name */
        {.name = DAYBOOK_TEXT("next_on"), .kind = DAYBOOK_VALUE_DAY, .day = 20000},
        {.name = DAYBOOK_TEXT("inspector"), .kind = DAYBOOK_VALUE_PERSONAL, .text = DAYBOOK_TEXT("Zhou")},
        {.name = DAYBOOK_TEXT("share"), .kind = DAYBOOK_VALUE_DECIMAL, .decimal = {125, 1}},
    };
    struct daybook_draft draft = check_of("A-1", given, 4);
    struct daybook_snapshot *snapshot;
    struct daybook_event event;
    struct daybook_value values[6];
    struct daybook_text name;
    assert_int_equal(record(p->ledger, &draft, 1, &result), DAYBOOK_BAD_VALUE); /* not registered */
    assert_int_equal(register_type(p, &check, &result), 0);
    assert_int_equal(record(p->ledger, &draft, 1, &result), 0);
    assert_int_equal(daybook_snapshot_begin(p->ledger, &snapshot, NULL), 0);
    assert_int_equal(daybook_event(snapshot, result.last_seq, &event, NULL), 0);
    assert_int_equal(event.type, 1000);
    assert_int_equal(event.version, 1);
    assert_int_equal(event.kind, DAYBOOK_ORDER);
    assert_int_equal(event.ordinal, 1);
    assert_int_equal(event.nth, 2);
    assert_int_equal(daybook_values(&event, &check, values, 6, NULL), 0);
    assert_int_equal(values[0].kind, DAYBOOK_VALUE_TEXT);
    assert_memory_equal(values[0].text.ptr, "failed", 6);
    assert_int_equal(values[0].name.len, 6); /* result */
    assert_int_equal(values[1].kind, DAYBOOK_VALUE_PERSONAL);
    assert_int_equal(daybook_personal_value(snapshot, event.seq, &values[1].personal, &name, NULL), 0);
    assert_int_equal(name.len, 4);
    assert_memory_equal(name.ptr, "Zhou", 4);
    assert_null(memmem(event.bytes, event.len, "Zhou", 4)); /* the log does not have it */
    assert_int_equal(values[2].kind, DAYBOOK_VALUE_ABSENT);
    assert_int_equal(values[3].decimal.mantissa, 125);
    assert_int_equal(values[4].kind, DAYBOOK_VALUE_DAY);
    assert_int_equal(values[4].day, 20000);
    assert_int_equal(values[5].kind, DAYBOOK_VALUE_ABSENT);
    assert_int_equal(daybook_values(&event, NULL, values, 5, NULL), 0);
    assert_int_equal(values[4].kind, DAYBOOK_VALUE_INTEGER);
    assert_null(values[0].name.ptr);
    assert_int_equal(daybook_event(snapshot, 1, &event, NULL), 0);
    assert_int_equal(daybook_values(&event, &check, values, 5, NULL), DAYBOOK_USAGE);
    daybook_snapshot_end(snapshot);
}

static void bad_values_are_refused(void **state)
{
    struct place *p = *state;
    struct daybook_result result;
    const struct daybook_value ok = {.kind = DAYBOOK_VALUE_TEXT, .text = DAYBOOK_TEXT("passed")};
    const struct daybook_value bad[] = {
        {.name = DAYBOOK_TEXT("colour"), .kind = DAYBOOK_VALUE_TEXT, .text = DAYBOOK_TEXT("red")},
        {.name = DAYBOOK_TEXT("count"), .kind = DAYBOOK_VALUE_TEXT, .text = DAYBOOK_TEXT("3")},
        {.name = DAYBOOK_TEXT("inspector"), .kind = DAYBOOK_VALUE_TEXT, .text = DAYBOOK_TEXT("\xff")},
        {.name = DAYBOOK_TEXT("result"), .kind = DAYBOOK_VALUE_TEXT, .text = DAYBOOK_TEXT("\xff")},
        {.name = DAYBOOK_TEXT("result"), .kind = DAYBOOK_VALUE_ABSENT},
        {.name = DAYBOOK_TEXT("share"), .kind = DAYBOOK_VALUE_DECIMAL, .decimal = {10, 1}},
        {.name = DAYBOOK_TEXT("next_on"), .kind = DAYBOOK_VALUE_DAY, .day = DAYBOOK_DAY_NONE},
        {.name = DAYBOOK_TEXT("count"), .kind = DAYBOOK_VALUE_OTHER},
    };
    assert_int_equal(register_type(p, &check, &result), 0);
    uint64_t before = last_seq(p);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct daybook_value values[] = {ok, bad[i]};
        struct daybook_draft draft = check_of("A-1", values, 2);
        assert_int_equal(record(p->ledger, &draft, 1, &result), DAYBOOK_BAD_VALUE);
    }
    struct daybook_draft nowhere = check_of("A-9", &ok, 1), nameless = check_of(NULL, &ok, 1);
    assert_int_equal(record(p->ledger, &nowhere, 1, &result), DAYBOOK_NOT_FOUND);
    assert_int_equal(record(p->ledger, &nameless, 1, &result), DAYBOOK_BAD_VALUE);
    const struct daybook_value many[] = {ok, {0}, {0}, {0}, {0}, {0}};
    struct daybook_draft too_many = check_of("A-1", many, 6);
    assert_int_equal(record(p->ledger, &too_many, 1, &result), DAYBOOK_BAD_VALUE);
    assert_int_equal(last_seq(p), before);
}

/* A registration, an order, a note and a check in one entry: all, once, or nothing. */
static void one_entry(void **state)
{
    struct place *p = *state;
    struct daybook_value value = {.kind = DAYBOOK_VALUE_TEXT, .text = DAYBOOK_TEXT("passed")};
    struct daybook_draft drafts[4];
    struct daybook_result result, again;
    daybook_draft_init(&drafts[0], DAYBOOK_TYPE_REGISTERED);
    drafts[0].definition = &check;
    daybook_draft_init(&drafts[1], DAYBOOK_ORDER_CREATED);
    drafts[1].order_no = DAYBOOK_TEXT("A-2"), drafts[1].customer = DAYBOOK_TEXT("Wang");
    drafts[2] = check_of(NULL, &value, 1);
    daybook_draft_init(&drafts[3], DAYBOOK_ORDER_NOTE_ADDED);
    drafts[3].text = DAYBOOK_TEXT("good");
    struct daybook_entry entry = {.drafts = drafts,
                                  .draft_count = 4,
                                  .actor = DAYBOOK_TEXT("li.lei"),
                                  .via = DAYBOOK_TEXT("test"),
                                  .via_kind = DAYBOOK_TEXT("test"),
                                  .key = DAYBOOK_TEXT("k1")};
    uint64_t before = last_seq(p);
    value.kind = DAYBOOK_VALUE_INTEGER;
    assert_int_equal(daybook_append(p->ledger, &entry, 1, &result, NULL), 0);
    assert_int_equal(result.error.code, DAYBOOK_BAD_VALUE);
    assert_int_equal(last_seq(p), before);
    assert_int_equal(record(p->ledger, &drafts[2], 1, &result), DAYBOOK_BAD_VALUE); /* it was not registered either */
    value.kind = DAYBOOK_VALUE_TEXT;
    assert_int_equal(daybook_append(p->ledger, &entry, 1, &result, NULL), 0);
    assert_int_equal(result.error.code, 0);
    before = last_seq(p);
    assert_int_equal(daybook_append(p->ledger, &entry, 1, &again, NULL), 0);
    assert_int_equal(again.error.code, 0);
    assert_true(again.repeated);
    assert_int_equal(again.first_seq, result.first_seq);
    assert_int_equal(again.last_seq, result.last_seq);
    value.text = DAYBOOK_TEXT("failed");
    assert_int_equal(daybook_append(p->ledger, &entry, 1, &again, NULL), 0);
    assert_int_equal(again.error.code, DAYBOOK_KEY_REUSED);
    assert_int_equal(last_seq(p), before);
}

static int count_checks(void *context, const struct daybook_event *event, const struct daybook_data *data,
                        struct daybook_error *err)
{
    size_t *count = context;
    (void)err;
    *count += event->type == 1000 && data->value_count >= 1;
    return 0;
}

static size_t checks_of(struct place *p)
{
    struct daybook_snapshot *snapshot;
    size_t count = 0;
    assert_int_equal(daybook_snapshot_begin(p->ledger, &snapshot, NULL), 0);
    assert_int_equal(
        daybook_fold_order(snapshot, DAYBOOK_TEXT("A-1"), DAYBOOK_CUT_NOW, count_checks, &count, NULL), 0);
    daybook_snapshot_end(snapshot);
    return count;
}

static void taken_back(void **state)
{
    struct place *p = *state;
    const struct daybook_value value = {.kind = DAYBOOK_VALUE_TEXT, .text = DAYBOOK_TEXT("failed")};
    struct daybook_draft draft = check_of("A-1", &value, 1), voiding, replacement = draft;
    struct daybook_result result;
    assert_int_equal(register_type(p, &check, &result), 0);
    assert_int_equal(record(p->ledger, &draft, 1, &result), 0);
    assert_int_equal(checks_of(p), 1);
    daybook_draft_init(&voiding, DAYBOOK_ORDER_EVENT_VOIDED);
    voiding.order_no = DAYBOOK_TEXT("A-1");
    voiding.target = result.last_seq;
    voiding.replacement = &replacement;
    assert_int_equal(record(p->ledger, &voiding, 1, &result), DAYBOOK_CANNOT_VOID);
    voiding.replacement = NULL;
    assert_int_equal(record(p->ledger, &voiding, 1, &result), 0);
    assert_int_equal(checks_of(p), 0);
}

/* Registers and the ledger itself have events of applications too, and go on being read. */
static void other_subjects(void **state)
{
    struct place *p = *state;
    static const struct daybook_type_definition rated = {"customer.rated", 1001, 1, DAYBOOK_CUSTOMER, check_fields, 1};
    static const struct daybook_type_definition audited = {"ledger.audited", 1002, 1, DAYBOOK_LEDGER, NULL, 0};
    const struct daybook_value value = {.kind = DAYBOOK_VALUE_TEXT, .text = DAYBOOK_TEXT("good")};
    struct daybook_draft draft = check_of(NULL, &value, 1), rename;
    struct daybook_result result;
    assert_int_equal(register_type(p, &rated, &result), 0);
    assert_int_equal(register_type(p, &audited, &result), 0);
    draft.type = 1001;
    draft.subject = DAYBOOK_TEXT("Nobody");
    assert_int_equal(record(p->ledger, &draft, 1, &result), DAYBOOK_NOT_FOUND);
    draft.subject = DAYBOOK_TEXT("wang");
    assert_int_equal(record(p->ledger, &draft, 1, &result), 0);
    daybook_draft_init(&rename, DAYBOOK_CUSTOMER_RENAMED);
    rename.subject = DAYBOOK_TEXT("Wang"), rename.name = DAYBOOK_TEXT("Wang Ltd");
    assert_int_equal(record(p->ledger, &rename, 1, &result), 0);
    draft.subject = DAYBOOK_TEXT("Wang Ltd");
    assert_int_equal(record(p->ledger, &draft, 1, &result), 0);
    daybook_draft_init(&draft, 1002);
    for (int i = 0; i < 3; i++)
        assert_int_equal(record(p->ledger, &draft, 1, &result), 0);
    assert_int_equal(register_type(p, &audited, &result), 0);
    assert_int_equal(result.last_seq, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(registered_once, setup, teardown),
        cmocka_unit_test_setup_teardown(clashes_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(read_back, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_values_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(one_entry, setup, teardown),
        cmocka_unit_test_setup_teardown(taken_back, setup, teardown),
        cmocka_unit_test_setup_teardown(other_subjects, setup, teardown),
    };
    return cmocka_run_group_tests_name("application", tests, NULL, NULL);
}
