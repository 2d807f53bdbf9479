/* Tables of orders: any bytes are read or refused, and what was read keeps its promises. The first byte chooses
 * options. */
#include <stdlib.h>
#include <string.h>

#include "ledger/text.h"
#include "tools/import/reading.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static bool is_day(int32_t day)
{
    return day == DAYBOOK_DAY_NONE || (day >= DAYBOOK_DAY_MIN && day <= DAYBOOK_DAY_MAX);
}

static bool is_text(struct daybook_text text)
{
    return !text.ptr || text_is_valid(text);
}

static void check_order(const struct reading_order *order, bool auto_number)
{
    require(order->order_no.ptr || auto_number);
    require(is_text(order->order_no) && is_text(order->customer) && is_text(order->customer_ref));
    require(is_day(order->ordered_on) && is_day(order->expected_on) && is_day(order->requested_on));
    require(is_day(order->shipped_on) && is_day(order->delivered_on));
    for (uint32_t i = 0; i < order->line_count; i++)
        require(is_text(order->lines[i].code) && is_text(order->lines[i].name) && is_day(order->lines[i].expected_on));
    for (uint32_t i = 0; i < order->note_count; i++)
        require(is_text(order->notes[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    if (size == 0)
        return 0;
    struct reading_options options = {.no_fields = input[0] & 1, .auto_number = input[0] & 2};
    if (input[0] & 4)
        options.encoding = "GB18030";
    struct reading *reading = NULL;
    struct daybook_error err = {0};
    int rc = reading_from_bytes(input + 1, size - 1, &options, &reading, &err);
    require(rc == err.code);
    for (size_t i = 0; !rc && i < reading->order_count; i++)
        check_order(&reading->orders[i], options.auto_number);
    for (size_t i = 0; !rc && i < reading->rejected_count; i++)
        require(reading->rejected[i].row > 0 && reading->rejected[i].reason);
    reading_free(reading);
    return 0;
}
