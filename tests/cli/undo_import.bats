#!/usr/bin/env bats
# undo-import: what one import brought is taken back, all of it on record, and the mended file comes in as if it were
# the first.

setup() {
    cd "$BATS_TEST_TMPDIR"
    export DAYBOOK="${DAYBOOK:-$BATS_TEST_DIRNAME/../../build/daybook}"
    export DAYBOOK_LEDGER="$PWD/ledger" DAYBOOK_ACTOR=tester DAYBOOK_LANG=en
    "$DAYBOOK" init --timezone UTC
    printf '%s\n' "$header" 'N-1,Ann,P-1,3,2026-03-01,2026-03-09,2026-03-04,' 'N-2,Bob,P-2,4,2026-03-02,2026-03-09,,call first' \
        >订单.csv
    printf '%s\n' "$header" 'N-1,Ann,P-1,5,2026-03-01,2026-03-09,2026-03-05,' >mended.csv
}
header='Order No,Customer,SKU,Qty,Order Date,Due Date,Ship Date,Notes'

member() { python3 -c 'import json,sys; print(json.load(open("out"))[sys.argv[1]])' "$1"; }
code() { tail -n 1 err | python3 -c 'import json,sys; print(json.load(sys.stdin)["error"]["code"])'; }
json() { "$DAYBOOK" --format json "$@" >out 2>err; }
undo() { json undo-import "$@" --reason 错文件; }
numbers() { "$DAYBOOK" --format json list "$@" | python3 -c 'import json,sys
print(*[o["order_no"] for o in json.load(sys.stdin)["orders"]])'; }
last_seq() { "$DAYBOOK" log | wc -l; }
order() { "$DAYBOOK" --format json show "$1" |
    python3 -c 'import json,sys; print(json.load(sys.stdin)[sys.argv[1]])' "$2"; }
types() { "$DAYBOOK" --format jsonl history "$1" |
    python3 -c 'import json,sys; print(" ".join(json.loads(line)["type"].split(".")[1] for line in sys.stdin))'; }

@test "an import is undone, the mended file comes in as if it were the first, and all of it is on record" {
    json import 订单.csv
    before=$(last_seq)
    undo 订单.csv
    [ "$(member orders)" = 2 ] && [ "$(member removed)" = 2 ] && [ "$(member voided)" = 4 ] && [ "$(member kept)" = "[]" ]
    [[ $(member source) == *"'file': '订单.csv'"*"$(sha256sum 订单.csv | cut -d' ' -f1)"* ]]
    [ -z "$(numbers)" ]
    [ "$(numbers --as-of "$before")" = "N-1 N-2" ]
    cp mended.csv 订单.csv
    json import 订单.csv
    [ "$(member created)" = 1 ]
    [ "$(numbers)" = N-1 ]
    [[ $(order N-1 items) == *"'quantity': '5'"* && $(order N-1 shipped_on) == 2026-03-05 ]]
    [ "$(types N-1)" = "created shipped event-voided event-voided created shipped" ]
    [ "$("$DAYBOOK" log | grep -c '"reason":"错文件"')" = 4 ]
    [ "$("$DAYBOOK" --format json stats delays --by customer | python3 -c 'import json,sys
print([g["by"]["customer"] for g in json.load(sys.stdin)["groups"]])')" = "['Ann']" ]
    [[ $("$DAYBOOK" customers) == *Bob* ]] # who was registered stays registered
    "$DAYBOOK" verify
    "$DAYBOOK" rebuild --check
}

@test "the same file again brings everything again, also orders without a number under the numbers they had" {
    printf '%s\n' 'Customer,SKU,Qty,Order Date' 'Ann,P-5,3,2026-03-01' 'Bob,P-6,4,2026-03-02' >auto.csv
    json import 订单.csv
    json import auto.csv --auto-number
    all=$(numbers)
    undo 订单.csv
    undo auto.csv
    [ -z "$(numbers)" ]
    json import 订单.csv
    [ "$(member created)" = 2 ] && [ "$(member events)" = 4 ]
    json import auto.csv --auto-number
    [ "$(member created)" = 2 ]
    [ "$(numbers)" = "$all" ]
    [[ $(order SO-000002 customer) == Bob && $(order N-2 notes) == *"call first"* ]]
    json import auto.csv --auto-number
    [ "$(member events)" = 0 ]
    undo auto.csv
    [ "$(member voided)" = 2 ]
    "$DAYBOOK" verify
}

@test "nothing left to undo is said, and nothing recorded" {
    json import 订单.csv
    undo 订单.csv
    before=$(last_seq)
    undo 订单.csv
    [ "$(member orders)" = 0 ] && [ "$(last_seq)" = "$before" ]
    [[ $("$DAYBOOK" undo-import 订单.csv --reason r) == "订单.csv: nothing of that import is left to undo." ]]
}

@test "a dry run writes nothing" {
    json import 订单.csv
    before=$(last_seq)
    undo 订单.csv --dry-run
    [ "$(member voided)" = 4 ] && [ "$(last_seq)" = "$before" ]
    [[ $("$DAYBOOK" undo-import 订单.csv --reason r --dry-run) == *"4 event(s) would be taken back; 2 order(s) gone"* ]]
}

@test "an import is named by its file, its file's name, or its SHA-256" {
    sha=$(sha256sum 订单.csv | cut -d' ' -f1)
    json import 订单.csv
    run undo "${sha:0:7}"
    [ "$status" -eq 1 ] && [ "$(code)" = not-found ]
    undo "${sha:0:8}" --dry-run
    [ "$(member voided)" = 4 ]
    undo "$sha" --dry-run
    [ "$(member voided)" = 4 ]
    mv 订单.csv elsewhere.csv
    undo 订单.csv --dry-run
    [ "$(member voided)" = 4 ]
    undo elsewhere.csv --dry-run
    [ "$(member voided)" = 4 ]
    cp mended.csv 订单.csv # mended before it is undone
    undo 订单.csv --dry-run
    [ "$(member voided)" = 4 ]
    json import 订单.csv
    undo 订单.csv --dry-run # the second: its content decides
    [[ $(member source) == *"$(sha256sum 订单.csv | cut -d' ' -f1)"* ]]
    rm 订单.csv
    run undo 订单.csv
    [ "$status" -eq 1 ] && [ "$(code)" = bad-value ]
    [[ $(tail -n 1 err) == *"$sha"* && $(tail -n 1 err) == *'"sources"'* ]]
    run undo nothing.csv
    [ "$status" -eq 1 ] && [ "$(code)" = not-found ]
}

@test "orders that others worked on since are not lost: refused, or left as they are" {
    json import 订单.csv
    "$DAYBOOK" note N-2 'made a call'
    before=$(last_seq)
    run undo 订单.csv
    [ "$status" -eq 1 ] && [ "$(code)" = cannot-void ] && [ "$(last_seq)" = "$before" ]
    [ "$(member kept)" = "[{'order_no': 'N-2', 'reason': 'later-events', 'events': [$before]}]" ]
    [[ $(tail -n 1 err) == *"created: N-2."* ]]
    undo 订单.csv --partial
    [ "$(member orders)" = 1 ] && [ "$(numbers)" = N-2 ]
    [[ $(order N-2 notes) == *"call first"*"made a call"* ]]
    "$DAYBOOK" undo N-2
    undo 订单.csv
    [ "$(member voided)" = 2 ] && [ -z "$(numbers)" ]
}

@test "an order that was there before is as it was, with what others did to it since" {
    "$DAYBOOK" create --number N-1 --customer Ann --item P-1:2 --expected 2026-03-20
    "$DAYBOOK" note N-1 first
    json import 订单.csv
    [ "$(order N-1 status)" = shipped ]
    "$DAYBOOK" note N-1 second
    undo 订单.csv
    [ "$(member removed)" = 1 ] && [ "$(member orders)" = 2 ]
    [[ $(order N-1 status) == pending && $(order N-1 expected_on) == 2026-03-20 && $(order N-1 shipped_on) == None ]]
    [[ $(order N-1 items) == *"'quantity': '2'"* && $(order N-1 notes) == *first*second* ]]
    json import 订单.csv
    [[ $(order N-1 status) == shipped && $(order N-1 expected_on) == 2026-03-09 ]]
}

@test "what an import corrected stands again, as the import before it said, and goes with that one" {
    "$DAYBOOK" create --number N-1 --customer Ann --item P-1:3
    cp 订单.csv first.csv
    sed 's/2026-03-04/2026-03-06/' first.csv >second.csv
    json import first.csv
    json import second.csv
    [ "$(order N-1 shipped_on)" = 2026-03-06 ]
    undo second.csv
    [ "$(order N-1 shipped_on)" = 2026-03-04 ]
    json import first.csv
    [ "$(member events)" = 0 ]
    json import second.csv
    [ "$(order N-1 shipped_on)" = 2026-03-06 ]
    undo second.csv
    undo first.csv
    [[ $(order N-1 shipped_on) == None && $(order N-1 status) == pending ]]
    json import first.csv
    [ "$(order N-1 shipped_on)" = 2026-03-04 ]
    "$DAYBOOK" verify
}

@test "a correction goes although what it corrected was undone before it" {
    "$DAYBOOK" create --number N-1 --customer Ann --item P-1:3
    sed 's/2026-03-04/2026-03-06/' 订单.csv >second.csv
    json import 订单.csv
    json import second.csv
    undo 订单.csv
    [ "$(order N-1 shipped_on)" = 2026-03-06 ]
    undo second.csv
    [[ $(order N-1 shipped_on) == None && $(order N-1 status) == pending ]]
    json import 订单.csv
    [ "$(order N-1 shipped_on)" = 2026-03-04 ]
}

@test "what was there before two imports stands again, in whichever order they are undone" {
    for first in 订单.csv second.csv; do
        "$DAYBOOK" create --number N-1 --customer Ann --item P-1:3 --ordered 2026-03-01 || true
        "$DAYBOOK" ship N-1 --on 2026-03-02 || true
        sed 's/2026-03-04/2026-03-06/' 订单.csv >second.csv
        json import 订单.csv
        [ "$(order N-1 shipped_on)" = 2026-03-04 ]
        json import second.csv
        [ "$(order N-1 shipped_on)" = 2026-03-06 ]
        undo $first
        [ $first = second.csv ] || undo second.csv
        [ $first = 订单.csv ] || undo 订单.csv
        [ "$(order N-1 shipped_on)" = 2026-03-02 ]
    done
    "$DAYBOOK" verify
}

@test "a line that comes again is a new line of an order that stayed" {
    "$DAYBOOK" create --number N-1 --customer Ann --item P-1:3
    printf '%s\n' "$header" 'N-1,Ann,P-1,3,2026-03-01,,,' 'N-1,Ann,P-9,1,2026-03-01,,,' >lines.csv
    json import lines.csv
    undo lines.csv
    json import lines.csv
    [ "$(member rejected)" = "[]" ]
    [[ $(order N-1 items) == *"'line': 3, 'code': 'P-9'"* ]]
    "$DAYBOOK" verify
}

@test "an order too long for one event is undone and comes again, line by line the same" {
    printf '%s\n' "$header" >long.csv
    for i in {1..1500}; do echo "L-1,Ann,P-$i,1,2026-03-01,,,"; done >>long.csv
    json import long.csv
    before=$(order L-1 items)
    undo long.csv
    json import long.csv
    [ "$(member created)" = 1 ]
    [ "$(order L-1 items)" = "$before" ]
}

@test "killed, and repeated" {
    python3 - <<'PYTHON'
with open("many.csv", "w") as out:
    print("Order No,Customer,SKU,Qty,Order Date,Status", file=out)
    for i in range(30000):
        print(f"M-{i},Customer {i % 50},P-{i % 90},{i % 90 + 1},2025-03-03,shipped", file=out)
PYTHON
    json import many.csv
    "$DAYBOOK" undo-import many.csv --reason r >/dev/null &
    pid=$!
    while kill -0 "$pid" && [ "$("$DAYBOOK" log --from 60000 | grep -c -m 1 event-voided)" = 0 ]; do
        sleep 0.02
    done
    kill -9 "$pid" || true
    wait "$pid" || true
    undo many.csv
    [ -z "$(numbers --limit 1)" ]
    [ "$("$DAYBOOK" log | grep -c '"type":"order.event-voided"')" = 60000 ]
    "$DAYBOOK" verify
}

@test "others write meanwhile" {
    printf '%s\n' "$header" >many.csv
    for i in {1..400}; do echo "M-$i,Ann,P-1,1,2026-03-01,,,"; done >>many.csv
    json import many.csv
    for i in {1..20}; do "$DAYBOOK" create --customer Cy --item P-1:1; done >/dev/null &
    undo many.csv
    wait
    [ "$(member orders)" = 400 ]
    [ "$("$DAYBOOK" --format json list | python3 -c 'import json,sys; print(json.load(sys.stdin)["total"])')" = 20 ]
}

@test "random tables: imported, undone, and another or the same one imported, is as if there had been but one" {
    python3 "$BATS_TEST_DIRNAME/undo_import_twin.py" .
}
