/* Stored events: whatever the bytes are, reading them ends well, and what is taken as valid is what msgpack-c would
 * take, can be read and is written the same way again. The first byte says where the bytes come from: the input itself,
 * the input with a check made to fit (which no mutation would find), an event made from the schema table, or such an
 * event with bytes changed. */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "ledger/event.h"
#include "tests/fuzz/generate.h"
#include "tests/unit/event_reference.h"

enum { SEQ = 1000, CHECK_SIZE = 5 };
enum source { RAW, RAW_CHECKED, GENERATED, PATCHED, SOURCE_COUNT };

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static void add_check(uint8_t *bytes, size_t len)
{
    uint32_t check = (uint32_t)XXH3_64bits_withSeed(bytes, len, SEQ);
    bytes[len] = 0xce;
    for (size_t i = 1; i < CHECK_SIZE; i++)
        bytes[len + i] = (uint8_t)(check >> (32 - 8 * i));
}

static int see_personal(void *context, const char *field, uint16_t slot, const struct daybook_personal *personal)
{
    uint16_t *next = context;
    require(field && slot == (*next)++ && personal->commitment);
    return 0;
}

/* Is it valid? */
static bool try_bytes(const uint8_t *bytes, size_t len)
{
    struct event_scratch scratch = {0};
    struct daybook_event event;
    struct daybook_data data;
    uint16_t slots = 0;
    bool valid = event_validate(SEQ, bytes, len, NULL) == 0;
    bool read = event_read(SEQ, bytes, len, &event, NULL) == 0;
    require(read || !valid);
    require(valid == event_reference_validates(SEQ, bytes, len));
    const struct schema_type *type = read ? schema_by_wire(event.type) : NULL;
    int rc = read ? event_read_data(&event, &scratch, &data, NULL) : DAYBOOK_DAMAGED;
    if (type && rc == 0)
        data_each_personal(type, &data, see_personal, &slots);
    if (valid && type && event.version <= type->version) {
        static uint8_t again[DAYBOOK_EVENT_SIZE_MAX];
        size_t again_len = 0;
        require(rc == 0 && data_validate(type, &data, NULL) == 0);
        if (!scratch.has_unknown) {
            require(event_write(&event, &data, again, &again_len, NULL) == 0);
            require(again_len == len && memcmp(again, bytes, len) == 0);
        }
    }
    event_scratch_release(&scratch);
    return valid;
}

/* In memory that is exactly as long as they are: a read beyond them shows. */
static bool try_copy(const uint8_t *bytes, size_t len, bool make_check_fit)
{
    uint8_t *copy = malloc(len + CHECK_SIZE);
    if (!copy)
        return false;
    memcpy(copy, bytes, len);
    if (make_check_fit)
        add_check(copy, len);
    uint8_t *exact = realloc(copy, len + (make_check_fit ? CHECK_SIZE : !len));
    bool valid = try_bytes(exact, make_check_fit ? len + CHECK_SIZE : len);
    free(exact);
    return valid;
}

/* An event that the schema allows can be written, and what is written is valid. */
static void try_generated(struct choices choices, bool patched)
{
    static uint8_t bytes[DAYBOOK_EVENT_SIZE_MAX];
    struct daybook_event event;
    struct daybook_data data;
    size_t len = 0;
    const struct schema_type *type = generate_event(&choices, &event, &data);
    event.seq = SEQ;
    require(data_validate(type, &data, NULL) == 0);
    require(event_write(&event, &data, bytes, &len, NULL) == 0);
    for (uint32_t patches = patched ? 1 + choose(&choices, 4) : 0; patches > 0; patches--)
        bytes[choose(&choices, (uint32_t)(len - CHECK_SIZE))] = choose_byte(&choices);
    bool valid = try_copy(bytes, len - CHECK_SIZE, true);
    require(valid || patched);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    if (size == 0 || size > DAYBOOK_EVENT_SIZE_MAX)
        return 0;
    enum source source = (enum source)(input[0] % SOURCE_COUNT);
    if (source == RAW || source == RAW_CHECKED)
        try_copy(input + 1, size - 1, source == RAW_CHECKED);
    else
        try_generated((struct choices){input + 1, size - 1}, source == PATCHED);
    return 0;
}
