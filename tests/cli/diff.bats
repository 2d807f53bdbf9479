#!/usr/bin/env bats
# What is different between two moments, and which orders moved a figure: the difference of two states, with the events
# that made it.

setup() {
    export DAYBOOK_LEDGER=$BATS_TEST_TMPDIR/ledger DAYBOOK_ACTOR=li LC_ALL=C.UTF-8 DAYBOOK_LANG=en TZ=UTC
    daybook init --timezone Asia/Shanghai >/dev/null
}

daybook() {
    "$DAYBOOK" "$@"
}

# Three orders: the first promised, moved and shipped, the others late and on time.
three_orders() {
    daybook create --customer ACME --item P-1:10pcs:Bolt --ordered 2026-03-02 --expected 2026-03-20 >/dev/null # 6
    daybook promise SO-000001 2026-03-25 --reason 'supplier late' --on 2026-03-10 >/dev/null                   # 7
    daybook --actor wang ship SO-000001 --carrier SF --on 2026-03-24 >/dev/null                                # 8, 9
    daybook create --customer ACME --item P-1:1 --ordered 2026-03-02 --expected 2026-03-10 >/dev/null          # 10
    daybook deliver SO-000002 --on 2026-03-12 >/dev/null                                                       # 11
    daybook create --customer ACME --item P-1:1 --ordered 2026-03-02 --expected 2026-03-10 >/dev/null          # 12
    daybook deliver SO-000003 --on 2026-03-09 >/dev/null                                                       # 13
}

# What python says of the answer `d`.
holds() {
    local expression=$1
    shift
    daybook --format json diff "$@" >"$BATS_TEST_TMPDIR/answer"
    python3 - "$expression" "$BATS_TEST_TMPDIR/answer" <<'END'
import json, sys
d = json.load(open(sys.argv[2]))
def changes(n=0):
    return {c["field"]: (c["from"], c["to"], c["seq"], c["actor"]) for c in d["orders"][n]["changes"]}
if not eval(f"({sys.argv[1]})"):
    sys.exit(f"{sys.argv[1]}: {json.dumps(d, ensure_ascii=False)[:2000]}")
END
}

@test "each order with an event between, its fields from and to, and the event that did it" {
    three_orders
    holds 'd["from"]["seq"] == 6 and d["to"]["seq"] == 9 and [o["order_no"] for o in d["orders"]] == ["SO-000001"]' 6 9
    holds 'changes() == {"status": ("pending", "shipped", 9, "wang"), "expected_on": ("2026-03-20", "2026-03-25", 7, "li"),
        "shipped_on": (None, "2026-03-24", 9, "wang"), "carrier": (None, "SF", 9, "wang"),
        "items.1.shipped": ("0", "10", 9, "wang")}' 6 9
    holds '[o["order_no"] for o in d["orders"]] == ["SO-000002", "SO-000003"] and
        changes(0)["status"] == (None, "delivered", 11, "li") and changes(0)["customer"] == (None, "ACME", 10, "li")' 9 today
    holds 'd["from"]["seq"] == 0 and d["to"]["seq"] == 13 and len(d["orders"]) == 3' yesterday today
    holds 'd["orders"][0]["changes"][0]["type"] == "order.delivered" and
        d["orders"][0]["changes"][0]["recorded_at"].endswith("Z")' 12 9999
}

@test "moments: dates, seqs, nothing between, and the wrong way round" {
    three_orders
    holds 'd["orders"] == [] and d["from"] == d["to"]' 9 9
    holds 'd["orders"] == [] and d["to"]["seq"] == 13' today today
    root=$(daybook --format json stats delays --as-of 9 | python3 -c 'import json, sys; print(json.load(sys.stdin)["basis"]["root"])')
    holds "d['to']['root'] == '$root'" 3 9
    run daybook diff 9 6
    [ "$status" -eq 2 ]
    [[ "$output" == *'lies behind the second'* ]]
    run daybook diff today yesterday
    [ "$status" -eq 2 ]
    run daybook diff 9
    [ "$status" -eq 2 ]
}

@test "one order: only it, and only if something happened to it between" {
    three_orders
    holds '[o["order_no"] for o in d["orders"]] == ["SO-000002"]' 0 today --order SO-000002
    holds 'd["orders"] == []' 9 today --order SO-000001
    run daybook --format json diff 0 today --order SO-9
    [ "$status" -eq 1 ]
    [[ "$output" == *'"code":"not-found"'* ]]
}

@test "what came to nothing is named, without a change" {
    three_orders
    daybook promise SO-000001 2026-03-25 >/dev/null                          # 14: said again
    daybook --actor wang deliver SO-000001 --on 2026-03-26 >/dev/null        # 15
    daybook --actor wang undo SO-000001 --reason 'wrong order' >/dev/null    # 16
    holds 'd["orders"] == [{"order_no": "SO-000001", "changes": []}]' 13 16
    [ "$(daybook --format csv diff 13 16 | sed 1d | cut -d, -f1-7)" = 'SO-000001,,,,,,' ]
    daybook diff 13 16 | grep -q '^SO-000001 *(nothing)'
    holds 'changes()["status"] == ("delivered", "shipped", 16, "wang") and changes()["delivered_on"] == ("2026-03-26", None, 16, "wang")' 15 16
}

@test "a correction: the truth takes the mistake's place; an order taken back is gone" {
    three_orders
    daybook correct SO-000001 9 --on 2026-03-23 --reason typo >/dev/null     # 14, 15
    holds 'changes() == {"shipped_on": ("2026-03-24", "2026-03-23", 15, "li")}' 13 15
    daybook correct SO-000003 12 --void --reason twice >/dev/null            # 16
    holds 'changes(1)["status"] == ("delivered", None, 16, "li") and d["orders"][1]["order_no"] == "SO-000003"' 13 today
    daybook create --customer ACME --item P-1:1 --expected 2026-03-10 >/dev/null # 17
    daybook undo SO-000004 >/dev/null
    holds 'd["orders"][1] == {"order_no": "SO-000004", "changes": []}' 15 today
}

@test "notes, own fields, names of the time" {
    three_orders
    daybook note SO-000001 'pallets please' >/dev/null # 14
    holds 'changes() == {"notes.14": (None, "pallets please", 14, "li")}' 13 14
    daybook field add 颜色 --kind text >/dev/null
    daybook amend SO-000001 --field 颜色=红 >/dev/null
    before=$(daybook --format jsonl log | wc -l)
    daybook amend SO-000001 --field 颜色=蓝 >/dev/null
    holds 'changes()["fields.颜色"][:2] == ("红", "蓝")' "$before" today
    daybook amend SO-000001 --field 颜色=红 >/dev/null
    holds 'd["orders"][0]["changes"] == []' "$before" today
    before=$(daybook --format jsonl log | wc -l)
    daybook amend SO-000001 --customer Beta >/dev/null
    daybook rename customer Beta 'Beta Ltd' >/dev/null
    holds 'changes()["customer"][:2] == ("ACME", "Beta Ltd")' "$before" today
}

@test "lines, CSV, tables and Chinese say the same" {
    three_orders
    [ "$(daybook --format jsonl diff 9 today | python3 -c 'import json, sys; print([json.loads(l)["order_no"] for l in sys.stdin])')" = \
        "['SO-000002', 'SO-000003']" ]
    [ "$(daybook --format csv diff 6 9 | cut -d, -f1-7 | sed 1d)" = "SO-000001,status,pending,shipped,9,wang,order.shipped
SO-000001,expected_on,2026-03-20,2026-03-25,7,li,order.promise-changed
SO-000001,shipped_on,,2026-03-24,9,wang,order.shipped
SO-000001,carrier,,SF,9,wang,order.shipped
SO-000001,items.1.shipped,0,10,9,wang,order.shipped" ]
    daybook diff 6 9 >"$BATS_TEST_TMPDIR/screen"
    [ "$(grep -c SO-000001 "$BATS_TEST_TMPDIR/screen")" -eq 1 ]
    grep -q '^1 order(s), 5 change(s), between event 6 and event 9$' "$BATS_TEST_TMPDIR/screen"
    daybook --lang zh diff 6 9 | grep -q '承诺交期 *2026-03-20 *2026-03-25'
}

@test "a figure: the orders that moved it, why, and the sums" {
    three_orders
    daybook --actor wang correct SO-000002 11 --on 2026-03-10 --reason 输错日期 >/dev/null # 14, 15, 16: wang is known
    daybook deliver SO-000001 --on 2026-03-26 >/dev/null
    daybook note SO-000003 hello >/dev/null
    holds '(d["from"]["on_time"], d["from"]["measured"], d["from"]["rate"]) == (1, 2, 0.5)' 13 today --figure on-time
    holds '(d["to"]["on_time"], d["to"]["measured"], d["to"]["rate"]) == (2, 3, 0.666667)' 13 today --figure on-time
    holds 'd["difference"] == {"on_time": 1, "measured": 1, "rate": 0.166667} and d["figure"] == "on-time"' 13 today --figure on-time
    holds '[(o["order_no"], o["from"], o["to"], o["on_time"], o["measured"]) for o in d["orders"]] ==
        [("SO-000001", "open", "late", 0, 1), ("SO-000002", "late", "on-time", 1, 0)]' 13 today --figure on-time
    holds '[(e["type"], e["actor"], e["reason"]) for e in d["orders"][1]["events"]] ==
        [("order.event-voided", "wang", "输错日期"), ("order.delivered", "wang", None)]' 13 today --figure on-time
    daybook diff 13 today --figure on-time >"$BATS_TEST_TMPDIR/screen"
    [ "$(head -n 1 "$BATS_TEST_TMPDIR/screen")" = 'on-time as of event 13: 1 / 2 = 50.0%' ]
    grep -q '^SO-000002 *late *on time *+1 *0 *2 / 3 = 66.7%' "$BATS_TEST_TMPDIR/screen"
    grep -q '^Difference *+1 *+1' "$BATS_TEST_TMPDIR/screen"
    daybook --lang zh diff 13 today --figure on-time | grep -q '^SO-000002 *延迟 *准时'
    [ "$(daybook --format csv diff 13 today --figure on-time | sed 1d | cut -d, -f1-6,10)" = \
        'SO-000001,open,late,0,1,0.333333,
SO-000002,late,on-time,1,0,0.666667,输错日期
SO-000002,,,,,,' ]
}

@test "a promise moved before delivery is among the reasons; what others said is not" {
    three_orders
    daybook promise SO-000001 2026-04-01 --reason 'customer agreed' >/dev/null # 14
    daybook note SO-000001 'call first' >/dev/null                             # 15
    daybook deliver SO-000001 --on 2026-03-30 >/dev/null                       # 16
    holds '[e["seq"] for e in d["orders"][0]["events"]] == [14, 16] and d["orders"][0]["to"] == "on-time" and
        d["orders"][0]["events"][0]["reason"] == "customer agreed"' 13 today --figure on-time
    holds '[e["seq"] for e in d["orders"][0]["events"]] == [16] and d["orders"][0]["to"] == "late"' 13 today --figure on-time --promise first
    holds 'd["orders"] == [] and d["difference"] == {"on_time": 0, "measured": 0, "rate": None}' 0 6 --figure on-time
    holds 'd["difference"] == {"open": -1} and d["orders"][0]["open"] == -1' 13 today --figure open
    holds 'd["from"]["measured"] == 2 and d["difference"]["measured"] == 0' 13 today --figure late --until 2026-03-15
}

@test "options of a figure need one; a figure is of all orders" {
    three_orders
    run daybook diff 0 today --promise first
    [ "$status" -eq 2 ]
    run daybook diff 0 today --figure on-time --order SO-000001
    [ "$status" -eq 2 ]
    run daybook diff 0 today --figure luck
    [ "$status" -eq 2 ]
}

@test "random work on real orders: changes, figures and sums, as worked out from the audit trail" {
    local seed
    for seed in 1 2; do
        DAYBOOK_LEDGER=$BATS_TEST_TMPDIR/$seed
        daybook init --timezone UTC >/dev/null
        daybook import "$BATS_TEST_DIRNAME/../data/northwind_orders.csv" --map ShippedDate=delivered_on >/dev/null
        "$BATS_TEST_DIRNAME/diff_twin.py" $seed
    done
}

@test "June was 94 % on time when it was reported and is 91 % now: exactly these events, people and reasons" {
    export DAYBOOK_LEDGER=$BATS_TEST_TMPDIR/history
    daybook init >/dev/null
    daybook load tests/data/history_2026.jsonl >/dev/null
    local june="--since 2026-06-01 --until 2026-06-30"
    # shellcheck disable=SC2086 # options
    holds 'd["from"]["on_time"], d["from"]["measured"], d["to"]["on_time"], d["to"]["measured"]) == (16, 17, 20, 22' \
        2026-06-30 2026-11-23 --figure on-time $june
    # shellcheck disable=SC2086
    run daybook --format csv diff 2026-06-30 2026-11-23 --figure on-time $june
    [ "$status" -eq 0 ]
    grep -q '^HD-260534,on-time,late,.*陈静.*签收单日期看错' <<<"$output"
    grep -q '^HD-260533,on-time,outside,.*签收的是另一张订单' <<<"$output"
    grep -q '^HD-260541,late,on-time,' <<<"$output"
    [ "$(grep -c '^HD-26063[0-5],outside,on-time,.*order.delivered' <<<"$output")" -eq 6 ]
}
