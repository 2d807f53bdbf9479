#!/usr/bin/env bats
# The main job from end to end, as a person types it.

setup() {
    export DAYBOOK_LEDGER=$BATS_TEST_TMPDIR/ledger DAYBOOK_ACTOR=li LC_ALL=C.UTF-8 DAYBOOK_LANG=en TZ=UTC
}

daybook() {
    "$DAYBOOK" "$@"
}

# Members of the JSON on standard input, one after the other.
members() {
    python3 -c 'import json, sys; d = json.load(sys.stdin); print(*[d[k] for k in sys.argv[1:]])' "$@"
}

@test "a table in GBK: looked at before any ledger exists, imported, and again" {
    daybook import tests/data/orders_zh_gbk.csv --dry-run >"$BATS_TEST_TMPDIR/page"
    grep -q '15 orders' "$BATS_TEST_TMPDIR/page"
    grep -q '订单编号.*order_no' "$BATS_TEST_TMPDIR/page"
    [ ! -e "$DAYBOOK_LEDGER" ]
    [ "$(daybook --format json import tests/data/orders_zh_gbk.csv --init | members created rejected)" = '15 []' ]
    [ "$(daybook --format json import tests/data/orders_zh_gbk.csv | members created unchanged events)" = '0 15 0' ]
}

@test "a promise moved, a shipment taken back: history and blame name who" {
    daybook init --timezone Asia/Shanghai >/dev/null
    NO=$(daybook create --customer 万泰酒业 --item 'LW-1:12:蓝纹奶酪' --expected +10)
    daybook promise "$NO" +15 --reason 供应商延迟
    daybook --actor 王芳 ship "$NO" --carrier 顺丰 --tracking SF123
    daybook --actor 王芳 undo "$NO" --reason 点错了
    [ "$(daybook --format jsonl history "$NO" | python3 -c '
import json, sys
for x in map(json.loads, sys.stdin):
    print(x["type"], x["actor"], "@" in x["via"], x["recorded_at"][:2], len(x["changes"]) > 0)')" = "order.created li True 20 True
order.promise-changed li True 20 True
order.shipped 王芳 True 20 True
order.event-voided 王芳 True 20 True" ]
    daybook blame "$NO" | grep -q 'status .*order.created .*li'
    daybook blame "$NO" | grep -q 'expected_on .*order.promise-changed .*li'
    run daybook show "$NO" --as-of yesterday
    [ "$status" -eq 1 ]
    [[ $output == *'not yet known'* ]]
}

@test "830 orders: delays by customer, with and without the delivery column" {
    daybook import tests/data/northwind_orders.csv --init --map ShippedDate=delivered_on >/dev/null 2>&1
    [ "$(daybook --format json stats delays --by customer | members orders delivered open late)" = '830 809 21 37' ]
    [ "$(daybook --format json stats delays --by customer | python3 -c '
import json, sys; g = json.load(sys.stdin)["groups"]; print(len(g), sum(x["late"] for x in g))')" = '89 37' ]
    rm -r "$DAYBOOK_LEDGER"
    daybook import tests/data/northwind_orders.csv --init >/dev/null 2>&1
    [ "$(daybook --format json stats delays --milestone shipped 2>/dev/null | members orders measured late)" = '830 809 37' ]
    daybook stats delays 2>&1 | grep -q -- '--milestone shipped'
}

@test "as of a seq, and as it was on a day, equal a fold of the shortened log" {
    daybook init --timezone Asia/Shanghai >/dev/null
    daybook import tests/data/northwind_lines.csv --map 'Shipped Date=delivered_on' >/dev/null
    daybook --ledger "$BATS_TEST_TMPDIR/short" init >/dev/null
    daybook log --to 3000 | daybook --ledger "$BATS_TEST_TMPDIR/short" load - >/dev/null
    figures() { daybook "$@" | python3 -c 'import json, sys; d = json.load(sys.stdin); d.pop("basis"); print(json.dumps(d))'; }
    [ "$(figures --format json stats delays --by month --as-of 3000)" = \
        "$(figures --ledger "$BATS_TEST_TMPDIR/short" --format json stats delays --by month)" ]
    [ "$(daybook --format json stats delays --effective 1996-12-31 | members orders)" -lt 830 ]
}

@test "log | load into a fresh ledger gives the same size and root, signed by its own key; views may go" {
    daybook import tests/data/orders_semicolon.csv --init >/dev/null 2>&1
    daybook --ledger "$BATS_TEST_TMPDIR/copy" init >/dev/null
    daybook log | daybook --ledger "$BATS_TEST_TMPDIR/copy" load - >/dev/null
    [ "$(daybook checkpoint | head -3)" = "$(daybook --ledger "$BATS_TEST_TMPDIR/copy" checkpoint | head -3)" ]
    before=$(daybook --format json list && daybook --format json stats delays --by product && daybook --format json audit)
    rm -r "$DAYBOOK_LEDGER/views"
    [ "$before" = "$(daybook --format json list && daybook --format json stats delays --by product && daybook --format json audit)" ]
    daybook rebuild --check
}
