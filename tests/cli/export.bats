#!/usr/bin/env bats
# export: what it writes can be imported again without an event, and is safe to open in a spreadsheet.

setup() {
    cd "$BATS_TEST_TMPDIR"
    export DAYBOOK="${DAYBOOK:-$BATS_TEST_DIRNAME/../../build/daybook}"
    export DAYBOOK_LEDGER="$PWD/ledger" DAYBOOK_ACTOR=tester DAYBOOK_LANG=en
    data="$BATS_TEST_DIRNAME/../data"
    check="$BATS_TEST_DIRNAME/check_import.py"
}

@test "exported tables come back without an event, in both languages, and anew as the same orders" {
    for table in northwind_lines.csv orders_zh_gbk.csv orders_paste_cr.tsv orders_semicolon.csv \
        orders_unicode_text.txt reimport_v2.csv; do
        echo "$table"
        python3 "$check" round-trip "$table"
    done
    python3 "$check" round-trip northwind_orders.csv --map ShippedDate=delivered_on
    python3 "$check" round-trip orders_us_messy.csv --partial
}

@test "orders made by hand come back without an event" {
    "$DAYBOOK" init
    "$DAYBOOK" field add Colour --kind text
    "$DAYBOOK" create --customer '=SUM(A1)' --item P-1:5:Bolt --item P-2:2.5kg --number A-1 --ordered 2025-03-03 \
        --expected 2025-03-20 --requested 2025-03-18 --ref "PO 7" --note $'"quoted", and\ntwo lines' --field Colour=-red
    "$DAYBOOK" ship A-1 --item P-1:2 --on 2025-03-05
    "$DAYBOOK" note A-1 "-1 is not a formula"
    "$DAYBOOK" create --customer Li --item P-1:5 --number A-2 --ordered 2025-03-03
    "$DAYBOOK" hold A-2
    "$DAYBOOK" create --customer Li --item P-9:1 --number A-3 --ordered 2025-03-03
    "$DAYBOOK" deliver A-3 --on 2025-03-09
    before=$("$DAYBOOK" log | wc -l)
    for lang in en zh; do
        "$DAYBOOK" --lang $lang export out.csv
        "$DAYBOOK" --format json import out.csv | tee result | grep -q '"unchanged": 3'
    done
    [ "$("$DAYBOOK" log | wc -l)" = "$before" ]
}

@test "a table is CSV with a byte order mark, and runs no formula" {
    "$DAYBOOK" init
    "$DAYBOOK" create --customer '=cmd|calc' --item P-1:5 --number A-1 --ordered 2025-03-03
    "$DAYBOOK" export out.csv
    [ "$(head -c 3 out.csv | od -An -tx1 | tr -d ' ')" = efbbbf ]
    grep -q "A-1,'=cmd|calc,,P-1,,5," out.csv
    [ "$(ls)" = "$(printf 'ledger\nout.csv')" ]
}

@test "filters choose orders, - is standard output, JSON lines are whole orders" {
    "$DAYBOOK" import "$data/orders_zh_gbk.csv" --init
    [ "$("$DAYBOOK" export - --status shipped | tail -n +2 | cut -d, -f1 | sort -u)" = DD-10257 ]
    "$DAYBOOK" export out.jsonl
    [ "$(wc -l <out.jsonl)" = 15 ]
    [ "$("$DAYBOOK" --format json show DD-10250 | python3 -c 'import json,sys; print(json.load(sys.stdin))')" = \
        "$(grep DD-10250 out.jsonl | python3 -c 'import json,sys; print(json.load(sys.stdin))')" ]
}

@test "a table that cannot be written leaves what was there" {
    "$DAYBOOK" import "$data/orders_zh_gbk.csv" --init
    run "$DAYBOOK" export nowhere/out.csv
    [ "$status" -eq 3 ]
    run "$DAYBOOK" export out.txt
    [ "$status" -eq 2 ]
    run "$DAYBOOK" export - >/dev/full
    echo old >out.csv
    run bash -c 'ulimit -f 1; trap "" XFSZ; "$DAYBOOK" export out.csv'
    [ "$status" -eq 3 ]
    [ "$(cat out.csv)" = old ]
    [ "$(ls)" = "$(printf 'ledger\nout.csv')" ]
}
