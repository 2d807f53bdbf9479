/* Stored bytes: whatever they are, reading them ends well, and what is taken as valid can be read and is written the
 * same way again. The first byte says whether the check is made to fit, which no mutation would find. */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "ledger/event.h"

enum { SEQ = 1000, CHECK_SIZE = 5 };

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

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

static void try_bytes(const uint8_t *bytes, size_t len)
{
    struct event_scratch scratch = {0};
    struct daybook_event event;
    struct daybook_data data;
    uint16_t slots = 0;
    bool valid = event_validate(SEQ, bytes, len, NULL) == 0;
    bool read = event_read(SEQ, bytes, len, &event, NULL) == 0;
    require(read || !valid);
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
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    if (size == 0 || size > DAYBOOK_EVENT_SIZE_MAX)
        return 0;
    bool fits = input[0] & 1;
    size_t len = size - 1;
    uint8_t *bytes = malloc(len + CHECK_SIZE); /* exactly as long as it is: a read beyond it shows */
    if (!bytes)
        return 0;
    memcpy(bytes, input + 1, len);
    if (fits)
        add_check(bytes, len);
    else
        bytes = realloc(bytes, len + !len);
    if (bytes)
        try_bytes(bytes, fits ? len + CHECK_SIZE : len);
    free(bytes);
    return 0;
}
