// The same from C++: two orders, then every order's number and status.
#include <daybook/order.h>

#include <iostream>
#include <stdexcept>
#include <string>

static void check(int rc, const daybook_error &error)
{
    if (rc)
        throw std::runtime_error(error.message);
}

int main()
try {
    daybook *ledger = nullptr;
    daybook_snapshot *snapshot = nullptr;
    daybook_error error{};
    check(daybook_init("orders.ledger", nullptr, &error), error);
    check(daybook_open("orders.ledger", nullptr, &ledger, &error), error);
    for (std::string customer : {"Hanari Carnes", "Toms Spezialitäten"}) {
        daybook_draft draft;
        daybook_draft_init(&draft, DAYBOOK_ORDER_CREATED);
        draft.customer = {customer.data(), customer.size()};
        daybook_entry entry{};
        entry.drafts = &draft;
        entry.draft_count = 1;
        entry.actor = DAYBOOK_TEXT("li.lei");
        entry.via = DAYBOOK_TEXT("orders");
        entry.via_kind = DAYBOOK_TEXT("program");
        daybook_result result{};
        check(daybook_append(ledger, &entry, 1, &result, &error), error);
        check(result.error.code, result.error);
    }
    check(daybook_snapshot_begin(ledger, &snapshot, &error), error);
    auto print = [](void *, const struct daybook_order *order, daybook_error *) {
        std::cout << std::string(order->order_no.ptr, order->order_no.len) << ' ' << order->status << '\n';
        return 0;
    };
    check(daybook_orders(snapshot, DAYBOOK_CUT_NOW, print, nullptr, &error), error);
    daybook_snapshot_end(snapshot);
    daybook_close(ledger);
} catch (const std::exception &failure) {
    std::cerr << failure.what() << '\n';
    return 1;
}
