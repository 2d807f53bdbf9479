#!/usr/bin/env bats
# import: the files of tests/data, what a second table changes, and what must never happen.

setup() {
    cd "$BATS_TEST_TMPDIR"
    export DAYBOOK="${DAYBOOK:-$BATS_TEST_DIRNAME/../../build/daybook}"
    export DAYBOOK_LEDGER="$PWD/ledger" DAYBOOK_ACTOR=tester DAYBOOK_LANG=en
    data="$BATS_TEST_DIRNAME/../data"
    check="$BATS_TEST_DIRNAME/check_import.py"
}

# A table of the arguments, a row each.
table() { printf '%s\n' "$@"; }
header='Order No,Customer,SKU,Qty,Order Date,Due Date,Ship Date,Actual Delivery,Status,Notes'

# import FILE …: the answer's member $1.
member() { python3 -c 'import json,sys; print(json.load(open("out"))[sys.argv[1]])' "$1"; }
import() { "$DAYBOOK" --format json import "$@" >out 2>err; }
# The types of an order's events, in order.
types() { "$DAYBOOK" --format jsonl history "$1" |
    python3 -c 'import json,sys; print(" ".join(json.loads(line)["type"].split(".")[1] for line in sys.stdin))'; }
order() { "$DAYBOOK" --format json show "$1" |
    python3 -c 'import json,sys; print(json.load(sys.stdin)[sys.argv[1]])' "$2"; }
line_count() { "$DAYBOOK" --format json show "$1" |
    python3 -c 'import json,sys; print(len(json.load(sys.stdin)["items"]))'; }
order_count() { "$DAYBOOK" --format json list --limit 1 |
    python3 -c 'import json,sys; print(json.load(sys.stdin)["total"])'; }
rejected() { python3 -c 'import json
print(*[(r["row"],r["column"],r["reason"]) for r in json.load(open("out"))["rejected"]])'; }

@test "tables that people keep are read as a careful reader reads them, and again bring nothing" {
    for expected in "$data"/*.expected.json; do
        case $expected in */reimport.expected.json | *.xlsx.*) continue ;; esac
        echo "$expected"
        python3 "$check" file "$(basename "$expected")"
    done
}

@test "a table a week later brings what changed" {
    python3 "$check" reimport
}

@test "a dry run before there is a ledger shows all, and makes none" {
    run "$DAYBOOK" import "$data/orders_zh_gbk.csv" --dry-run
    [ "$status" -eq 0 ]
    [[ $output == *"43 rows, 15 orders"* && $output == *"预计交货日期"*"expected_on"* && $output == *"15 new"* ]]
    [ ! -e ledger ]
    run "$DAYBOOK" import "$data/orders_zh_gbk.csv"
    [ "$status" -eq 3 ]
}

@test "a rejected row means that nothing is written, unless --partial" {
    run import "$data/orders_us_messy.csv" --init
    [ "$status" -eq 1 ]
    [ ! -e ledger ]
    [ "$(member created)" = 0 ]
    grep -q '"code": *"rows-rejected"' err
    import "$data/orders_us_messy.csv" --init --partial
    [ "$(member created)" = 13 ]
}

@test "a stale table cannot undo what was done since" {
    table "$header" 'A-1,Li,P-1,5,2025-03-03,2025-03-20,,,pending,' >a.csv
    import a.csv --init
    "$DAYBOOK" promise A-1 2025-04-01
    "$DAYBOOK" start A-1
    import a.csv
    [ "$(member unchanged)" = 1 ] && [ "$(member events)" = 0 ]
    [ "$(order A-1 expected_on)" = 2025-04-01 ]
}

@test "where both changed, the row is rejected, or --mine or --theirs decides" {
    table "$header" 'A-1,Li,P-1,5,2025-03-03,2025-03-20,,,pending,' >a.csv
    table "$header" 'A-1,Li,P-1,5,2025-03-03,2025-03-27,,,pending,' >b.csv
    import a.csv --init
    "$DAYBOOK" promise A-1 2025-04-01
    run import b.csv
    [ "$status" -eq 1 ]
    [ "$(rejected)" = "(2, 'Due Date', 'changed-since')" ]
    import b.csv --mine
    [ "$(member events)" = 0 ] && [ "$(order A-1 expected_on)" = 2025-04-01 ]
    import b.csv --theirs
    [ "$(order A-1 expected_on)" = 2025-03-27 ]
    import b.csv
    [ "$(member events)" = 0 ]
}

@test "an older version of a table after a newer one is a change back" {
    table "$header" 'A-1,Li,P-1,5,2025-03-03,2025-03-20,,,pending,' >a.csv
    table "$header" 'A-1,Li,P-1,5,2025-03-03,2025-03-27,,,pending,' >b.csv
    import a.csv --init
    import b.csv
    import a.csv
    [ "$(order A-1 expected_on)" = 2025-03-20 ]
    [ "$(types A-1)" = "created promise-changed promise-changed" ]
}

@test "a day that is filled in later corrects the event" {
    table "$header" 'A-1,Li,P-1,5,2025-03-03,2025-03-20,,,delivered,' >a.csv
    table "$header" 'A-1,Li,P-1,5,2025-03-03,2025-03-20,,2025-03-19,delivered,' >b.csv
    import a.csv --init
    [ "$(order A-1 delivered_on)" = None ]
    import b.csv
    [ "$(order A-1 delivered_on)" = 2025-03-19 ] && [ "$(order A-1 status)" = delivered ]
    [ "$(types A-1)" = "created delivered event-voided delivered" ]
    import b.csv
    [ "$(member events)" = 0 ]
}

@test "promises come before the delivery that closes the order; afterwards they are refused" {
    table "$header" 'A-1,Li,P-1,5,2025-03-03,2025-03-20,,,pending,' >a.csv
    table "$header" 'A-1,Li,P-1,6,2025-03-03,2025-03-22,,2025-03-21,delivered,late' >b.csv
    table "$header" 'A-1,Li,P-1,6,2025-03-03,2025-03-25,,2025-03-21,delivered,paid' >c.csv
    import a.csv --init
    import b.csv
    [ "$(types A-1)" = "created amended promise-changed note-added delivered" ]
    run import c.csv
    [ "$status" -eq 1 ]
    [ "$(rejected)" = "(2, 'Due Date', 'order-closed')" ]
}

@test "a status never goes back" {
    table "$header" 'A-1,Li,P-1,5,2025-03-03,,,,shipped,' >a.csv
    table "$header" 'A-1,Li,P-1,5,2025-03-03,,,,processing,' >b.csv
    import a.csv --init
    run import b.csv
    [ "$status" -eq 1 ]
    [ "$(rejected)" = "(2, 'Status', 'status-goes-back')" ]
}

@test "statuses bring the events that they are reached through" {
    table "$header" 'A-1,Li,P-1,5,2025-03-03,,,,returned,' 'A-2,Li,P-1,5,2025-03-03,,,,on hold,' \
        'A-3,Li,P-1,5,2025-03-03,,2025-03-05,2025-03-07,returned,' 'A-4,Li,P-1,5,2025-03-03,,2025-03-05,,cancelled,' \
        'A-5,Li,P-1,5,2025-03-03,,,,WIP,' >a.csv
    import a.csv --init
    [ "$(types A-1)" = "created shipped returned" ]
    [ "$(types A-2)" = "created held" ]
    [ "$(types A-3)" = "created shipped delivered returned" ]
    [ "$(types A-4)" = "created shipped cancelled" ]
    [ "$(types A-5)" = "created production-started" ]
    import a.csv
    [ "$(member events)" = 0 ]
}

@test "lines have days, promises and quantities of their own" {
    h='Order No,Customer,SKU,Qty,Qty Shipped,Order Date,Due Date,Actual Delivery,Status'
    table "$h" 'A-1,Li,P-1,5,,2025-03-03,2025-03-20,2025-03-19,' 'A-1,Li,P-2,7,3,2025-03-03,2025-03-25,,' >a.csv
    table "$h" 'A-1,Li,P-1,5,,2025-03-03,2025-03-20,2025-03-19,' \
        'A-1,Li,P-2,7,5,2025-03-03,2025-03-28,2025-03-27,' >b.csv
    import a.csv --init
    [ "$(types A-1)" = "created shipped delivered" ]
    [ "$(order A-1 status)" = pending ] && [ "$(order A-1 expected_on)" = 2025-03-25 ]
    import a.csv
    [ "$(member events)" = 0 ]
    import b.csv
    [ "$(types A-1)" = "created shipped delivered amended shipped delivered" ]
    [ "$(order A-1 delivered_on)" = 2025-03-27 ] && [ "$(order A-1 expected_on)" = 2025-03-28 ]
    import b.csv
    [ "$(member events)" = 0 ]
}

@test "orders without numbers are matched, the nth of equals" {
    table 'Customer,SKU,Qty,Order Date' 'Li,P-1,5,2025-03-03' 'Li,P-1,6,2025-03-03' 'Wu,P-1,5,2025-03-03' >a.csv
    table 'Customer,SKU,Qty,Order Date' 'Li,P-1,5,2025-03-03' 'Li,P-1,8,2025-03-03' 'Wu,P-1,5,2025-03-03' \
        'Wu,P-2,1,2025-03-03' >b.csv
    import a.csv --init --auto-number
    [ "$(member created)" = 3 ]
    import a.csv --auto-number
    [ "$(member events)" = 0 ]
    import b.csv --auto-number
    [ "$(member created)" = 1 ] && [ "$(member changed)" = 1 ]
}

@test "a product that stands in two lines is told apart by its own fields" {
    h='Order No,Customer,SKU,Qty,Colour'
    table "$h" 'A-1,Li,P-1,5,red' 'A-1,Li,P-1,6,blue' >a.csv
    table "$h" 'A-1,Li,P-1,7,blue' 'A-1,Li,P-1,5,red' 'A-1,Li,P-1,1,green' >b.csv
    import a.csv --init
    import b.csv
    [ "$(types A-1)" = "created amended" ]
    [ "$("$DAYBOOK" --format json show A-1 | python3 -c '
import json,sys
print(*[(i["fields"]["Colour"], i["quantity"]) for i in json.load(sys.stdin)["items"]])')" = \
        "('red', '5') ('blue', '7') ('green', '1')" ]
    import b.csv
    [ "$(member events)" = 0 ]
}

@test "a note that was taken back does not return" {
    table "$header" 'A-1,Li,P-1,5,2025-03-03,,,,pending,urgent' >a.csv
    import a.csv --init
    seq=$("$DAYBOOK" log | python3 -c 'import json,sys
print(*[int(e["sequence"]) for e in map(json.loads, sys.stdin) if e["type"] == "order.note-added"])')
    "$DAYBOOK" note A-1 --retract "$seq"
    import a.csv
    [ "$(member events)" = 0 ]
}

@test "shipments on days to come are taken, and pointed out" {
    table "$header" 'A-1,Li,P-1,5,2025-03-03,,2999-01-01,,shipped,' >a.csv
    import a.csv --init
    [[ $(member doubts) == *"still to come"* ]]
    [ "$(order A-1 shipped_on)" = 2999-01-01 ]
}

@test "a cell of ten megabytes is refused by its row" {
    table "$header" >a.csv
    { printf 'A-1,Li,P-1,5,2025-03-03,,,,pending,'; head -c 10000000 /dev/zero | tr '\0' x; echo; } >>a.csv
    run import a.csv --init
    [ "$status" -eq 1 ]
    [ "$(rejected)" = "(2, 'Notes', 'too-large')" ]
    [ "$(stat -c %s out)" -lt 100000 ]
}

@test "an order of five thousand lines is one order" {
    table 'Order No,Customer,SKU,Product,Qty' >a.csv
    for ((i = 0; i < 5000; i++)); do echo "A-1,Li,P-$i,Product number $i,$i.5"; done >>a.csv
    import a.csv --init
    [ "$(line_count A-1)" = 5000 ]
    import a.csv
    [ "$(member events)" = 0 ]
}

@test "two hundred thousand rows fit in memory" {
    if ! grep -q __asan "$DAYBOOK"; then
        python3 - >a.csv <<'EOF'
print("Order No,Customer,SKU,Qty,Order Date,Due Date,Actual Delivery,Status,Notes")
for i in range(200000):
    print(f"N-{i},Customer {i % 500},P-{i % 900},{i % 90 + 1},2025-03-03,2025-03-20,2025-03-19,delivered,")
EOF
        "$DAYBOOK" init
        peak_kib=$(python3 -c '
import os, resource, subprocess
with open("out", "w") as out:
    subprocess.run([os.environ["DAYBOOK"], "--format", "json", "import", "a.csv"], stdout=out, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)')
        [ "$(member created)" = 200000 ]
        [ "$peak_kib" -lt 400000 ]
        import a.csv
        [ "$(member events)" = 0 ]
    else
        skip "the sanitizers need more"
    fi
}

@test "an import that is killed is completed by importing again" {
    python3 - >a.csv <<'EOF'
print("Order No,Customer,SKU,Qty,Order Date,Status")
for i in range(60000):
    print(f"N-{i},Customer {i % 50},P-{i % 90},{i % 90 + 1},2025-03-03,shipped")
EOF
    "$DAYBOOK" init
    "$DAYBOOK" import a.csv >/dev/null &
    pid=$!
    while kill -0 "$pid" && [ "$(order_count)" = 0 ]; do
        sleep 0.02
    done
    kill -9 "$pid" || true
    wait "$pid" || true
    import a.csv
    "$DAYBOOK" verify
    [ "$("$DAYBOOK" log | grep -c '"type":"order.created"')" = 60000 ]
    [ "$("$DAYBOOK" log | grep -c '"type":"order.shipped"')" = 60000 ]
}
