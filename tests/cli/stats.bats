#!/usr/bin/env bats
# The figures: promises kept and broken, lead time, ageing and slippage, by group and at any time.

setup() {
    export DAYBOOK_LEDGER=$BATS_TEST_TMPDIR/ledger DAYBOOK_ACTOR=wang LC_ALL=C.UTF-8 DAYBOOK_LANG=en TZ=UTC
    export HERE=$BATS_TEST_DIRNAME
    daybook init --timezone UTC >/dev/null
}

daybook() {
    "$DAYBOOK" "$@"
}

refuse() {
    local wanted=$1 code=$2 status=0 stdout stderr
    shift 2
    stdout=$(daybook --format json "$@" 2>"$BATS_TEST_TMPDIR/stderr") || status=$?
    stderr=$(<"$BATS_TEST_TMPDIR/stderr")
    if [ "$status" -ne "$wanted" ] || [ -n "$stdout" ] ||
        { [ "$wanted" -ne 2 ] && [[ $(tail -n 1 <<<"$stderr") != '{"error":{"code":"'"$code"'",'* ]]; }; then
        echo "$* gave status $status, not $wanted $code: $stdout $stderr"
        return 1
    fi
}

# order NO CUSTOMER ORDERED PROMISE [DELIVERED]: a day of March 2026 each, "-" for none
order() {
    local expected=()
    [ "$4" = - ] || expected=(--expected "2026-03-$4")
    daybook create --number "$1" --customer "$2" --item P-1:1 --ordered "2026-03-$3" "${expected[@]}" >/dev/null
    [ -z "${5:-}" ] || daybook deliver "$1" --on "2026-03-$5" >/dev/null
}

# Five orders promised on 10, 10, 10, 12 and not at all, delivered on 8, 10, 13, 15, 9.
five_orders() {
    order A-1 ACME 01 10 08
    order A-2 深圳市华强 01 10 10
    order A-3 ACME 01 10 13
    order A-4 深圳市华强 01 12 15
    order A-5 ACME 01 - 09
}

# stats WORDS… -- MEMBER…: what these members of the answer are, one line
figures() {
    local words=()
    while [ "$1" != -- ]; do
        words+=("$1")
        shift
    done
    shift
    daybook --format json stats "${words[@]}" 2>/dev/null | python3 -c '
import json, sys
answer, out = json.load(sys.stdin), []
for path in sys.argv[1:]:
    at = answer
    for name in path.split("."):
        at = at[int(name)] if isinstance(at, list) else at[name]
    out.append(json.dumps(at, ensure_ascii=False))
print(*out)' "$@"
}

# gives WANTED ASKED…: that is what figures says of it
gives() {
    local wanted=$1 got
    shift
    got=$(figures "$@") || return 1
    [ "$got" = "$wanted" ] || {
        echo "$* gives $got, not $wanted"
        return 1
    }
}

# The members of an answer, in order.
members() {
    daybook --format json stats "$@" | python3 -c 'import json, sys; print(*json.load(sys.stdin))'
}

@test "five orders: counts, rates and percentiles" {
    five_orders
    gives "5 5 4 2 2 0.5" delays -- orders delivered measured on_time late on_time_rate
    gives "1.0 -2 0 3" delays -- lateness_days.mean lateness_days.min lateness_days.p50 lateness_days.p90
    gives "3.0 10.0 14 0" delays -- late_days.mean lead_days.mean lead_days.max undated
    gives '{"due": 4, "kept": 2, "broken": 2, "kept_rate": 0.5, "cancelled_after_due": 0, "returned_late": 0}' \
        delays -- promises
    gives '"latest" "delivered" "days" [] "delays" null' \
        delays -- promise milestone calendar groups basis.view basis.as_of
}

@test "members come in the order that scripts know" {
    five_orders
    local counts="orders open delivered cancelled returned measured undated on_time late early"
    local days="on_time_rate in_full_rate lateness_days late_days lead_days overdue_open promises"
    [ "$(members delays --tolerance 1,1)" = "promise milestone calendar $counts $days groups basis" ]
    [ "$(members delays)" = "promise milestone calendar ${counts% early} $days groups basis" ]
    [ "$(members slippage)" = "milestone calendar moved moves days by_reason by_actor moved_after_due groups basis" ]
    [ "$(members ageing)" = "milestone calendar not_due 1-7 8-30 31-90 over_90 no_promise groups basis" ]
}

@test "a ledger without orders has figures, and nothing to divide by" {
    gives "0 null null null null" \
        delays -- orders on_time_rate lateness_days.mean lateness_days.p50 promises.kept_rate
    gives "0 null []" lead -- orders lead_days.mean histogram
    gives "0 []" slippage -- moved by_reason
}

@test "rates have six decimals" {
    order A-1 ACME 01 10 09
    order A-2 ACME 01 10 10
    order A-3 ACME 01 10 11
    gives 0.666667 delays -- on_time_rate
    daybook --format json stats delays | grep -q '"on_time_rate": 0.666667,'
}

@test "a tolerance makes the early early, and forgives the late" {
    five_orders
    gives "1 1 2" delays --tolerance 1,0 -- early on_time late
    gives "0 4 0 1.0" delays --tolerance 2,3 -- early on_time late on_time_rate
    gives "1 1 2 1 3" delays --tolerance 0,2 -- early on_time late promises.kept promises.broken
    for bad in 1 '1,' ',1' 1,2,3 -1,2 a,b 1,99999 ''; do
        refuse 2 usage stats delays "--tolerance=$bad"
    done
    refuse 2 usage stats lead --tolerance 1,1
}

@test "working days: promised Friday, come Sunday is on time; Monday is one late" {
    order A-1 ACME 02 06 08
    order A-2 ACME 02 06 09
    gives "2 3 2" delays -- lateness_days.min lateness_days.max late
    gives '"workdays" 0 1 1' delays --calendar workdays -- calendar lateness_days.min lateness_days.max late
    gives "4 5" lead --calendar workdays -- lead_days.min lead_days.max
}

@test "the first promise, the latest, and what the customer wished for" {
    daybook create --number A-1 --customer ACME --item P-1:1 --ordered 2026-03-01 --expected 2026-03-10 \
        --requested 2026-03-08
    daybook promise A-1 2026-03-14 --reason supplier
    daybook deliver A-1 --on 2026-03-13
    gives "-1.0 1" delays -- lateness_days.mean on_time
    gives '"first" 3.0 0' delays --promise first -- promise lateness_days.mean on_time
    gives "5.0 0" delays --promise requested -- lateness_days.mean on_time
}

@test "shipped is a milestone too, and is named when nothing else can be measured" {
    order A-1 ACME 01 10
    daybook ship A-1 --on 2026-03-09 >/dev/null
    gives "0 1" delays -- measured open
    [[ $(daybook stats delays 2>&1) == *"--milestone shipped"* ]]
    [[ $(daybook --lang zh stats delays 2>&1) == *"--milestone shipped"* ]]
    [[ $(figures delays -- hint) == *"--milestone shipped"* ]]
    gives '"shipped" 1 1 8' delays --milestone shipped -- milestone measured on_time lead_days.max
    [[ $(daybook stats delays --milestone shipped 2>&1) != *"--milestone shipped"* ]]
}

@test "since and until keep what reached the milestone between them" {
    five_orders
    gives "2 1" delays --since 2026-03-10 --until 2026-03-13 -- orders late
    gives '2 {"customer": "ACME"} 2' delays --until 2026-03-09 --by customer -- orders groups.0.by groups.0.orders
    gives "0 []" delays --since 2027-01-01 --by customer -- orders groups
}

@test "groups: sorted by key, nested, null for a carrier that nobody named" {
    five_orders
    gives '{"customer": "ACME"} 3 {"customer": "深圳市华强"} 1' \
        delays --by customer -- groups.0.by groups.0.orders groups.1.by groups.1.late
    daybook create --number B-1 --customer ACME --item P-2:1 --item P-1:1 >/dev/null
    daybook ship B-1 --carrier 顺丰 >/dev/null
    gives '{"carrier": null} 5 {"carrier": "顺丰"} 1' \
        delays --by carrier -- groups.0.by groups.0.orders groups.1.by groups.1.orders
    gives '{"product": "P-1", "status": "shipped"} {"product": "P-2", "status": "shipped"}' \
        delays --by product --by status -- groups.1.by groups.2.by
    gives '{"month": "2026-03"} 5' delays --by month -- groups.0.by groups.0.orders
    gives '{"actor": "wang"} 5' delays --by actor -- groups.0.by groups.0.orders
    refuse 2 usage stats delays --by customer --by product --by month --by status --by actor
    refuse 2 usage stats delays --by colour
}

@test "groups follow renames and merges, and names of the moment asked for" {
    five_orders
    seq=$(daybook --format jsonl log | wc -l)
    daybook rename customer ACME 'ACME, Inc.'
    gives '{"customer": "ACME, Inc."} 3' delays --by customer -- groups.0.by groups.0.orders
    daybook merge customer 深圳市华强 'ACME, Inc.'
    gives '{"customer": "ACME, Inc."} 5 2' delays --by customer -- groups.0.by groups.0.orders groups.0.late
    gives '{"customer": "ACME"} 2' delays --by customer --as-of "$seq" -- groups.0.by groups.1.orders
}

@test "groups by an own field, in the order or in its lines" {
    daybook field add region --kind text
    daybook create --number A-1 --customer ACME --item P-1:1 --field region=华东 >/dev/null
    daybook create --number A-2 --customer ACME --item P-1:1 >/dev/null
    daybook create --number A-3 --customer ACME --item P-1:1 --field region=华东 >/dev/null
    gives '{"field:region": null} 1 {"field:region": "华东"} 2' \
        delays --by field:region -- groups.0.by groups.0.orders groups.1.by groups.1.orders
    refuse 1 not-found stats delays --by field:colour
}

@test "groups sorted by a figure: largest first, nothing to measure last" {
    order A-1 A 01 10 12
    order B-1 B 01 10 17
    order C-1 C 01 10
    order D-1 D 01 10 17
    names() {
        figures delays --by customer --sort "$1" -- groups.{0,1,2,3}.by.customer
    }
    [ "$(names lateness_days.mean)" = '"B" "D" "A" "C"' ]
    [ "$(names key)" = '"A" "B" "C" "D"' ]
    refuse 2 usage stats delays --by customer --sort groups
}

@test "tables for people: a total, percentages, Chinese" {
    five_orders
    run daybook stats delays --by customer
    [[ ${lines[0]} == Customer*"On time %"* ]]
    [[ ${lines[3]} == Total*5*"50.0%"* ]]
    run daybook --lang zh stats delays --by customer
    [[ ${lines[0]} == 客户*准时率* ]]
    [[ ${lines[3]} == 合计*"50.0%"* ]]
    run daybook --lang zh stats delays
    [[ $output == *准时率*"50.0%"* ]]
}

@test "CSV has every figure, a row for each group and none for the sum" {
    five_orders
    daybook --format csv stats delays --by customer >"$BATS_TEST_TMPDIR/out.csv"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/out.csv")" -eq 3 ]
    head -n 1 "$BATS_TEST_TMPDIR/out.csv" | grep -q 'customer,orders,.*,on_time_rate,.*promises.returned_late'
    [ "$(daybook --format csv stats delays | wc -l)" -eq 2 ]
}

@test "the orders that figures are made of" {
    five_orders
    [ "$(daybook --format json stats delays --orders | python3 -c '
import json, sys
answer = json.load(sys.stdin)
print(answer["total"], answer["basis"]["view"], *[(o["order_no"], o["lateness_days"]) for o in answer["orders"]])')" = \
        "5 delays ('A-1', -2) ('A-2', 0) ('A-3', 3) ('A-4', 3) ('A-5', None)" ]
    [ "$(daybook --format jsonl stats ageing --orders | wc -l)" -eq 0 ]
    [ "$(daybook --format jsonl stats lead --orders --since 2026-03-10 | wc -l)" -eq 3 ]
    refuse 2 usage stats delays --orders --by customer
}

@test "lead time: distribution and histogram" {
    five_orders
    order A-6 ACME 05 12 12
    gives "6 9.5 8 14" lead -- orders lead_days.mean lead_days.p50 lead_days.max
    gives '{"days": 7, "orders": 2} {"days": 8, "orders": 1}' lead -- histogram.0 histogram.1
    gives "2 11.5" lead --by customer -- groups.1.orders groups.1.lead_days.mean
}

@test "ageing of open orders, at a day" {
    order A-1 ACME 01 10
    order A-2 ACME 01 09
    order A-3 ACME 01 02
    order A-4 ACME 01 01
    order A-5 ACME 01 -
    order A-6 ACME 01 05 06
    daybook create --customer ACME --item P-1:1 --ordered 2025-11-01 --expected 2025-12-09 >/dev/null
    daybook create --customer ACME --item P-1:1 --ordered 2025-11-01 --expected 2025-12-10 >/dev/null
    order A-9 ACME 01 11
    ages() { figures ageing "$@" -- not_due 1-7 8-30 31-90 over_90 no_promise; }
    [ "$(ages --effective 2026-03-10)" = "2 1 2 1 1 1" ]
    [ "$(ages --effective 2026-03-05)" = "4 2 0 2 0 1" ]
}

@test "slippage: moves, how far, why, by whom, and those after the promise was broken" {
    order A-1 ACME 01 10
    order A-2 ACME 01 10
    daybook promise A-1 2026-03-15 --reason supplier --on 2026-03-09
    daybook promise A-1 2026-03-20 --reason supplier --on 2026-03-16
    daybook --actor li promise A-2 2026-03-08 --on 2026-03-05
    daybook promise A-2 2026-03-08 --reason again --on 2026-03-06
    gives "2 3 8 1" slippage -- moved moves days moved_after_due
    gives '[{"reason": "supplier", "moves": 2, "days": 10}, {"reason": null, "moves": 1, "days": -2}]' \
        slippage -- by_reason
    gives '[{"actor": "wang", "moves": 2, "days": 10}, {"actor": "li", "moves": 1, "days": -2}]' slippage -- by_actor
    gives 3 slippage --by customer -- groups.0.moves
    [ "$(daybook --format jsonl stats slippage --orders | wc -l)" -eq 2 ]
    daybook undo A-1
    gives "2 3 0" slippage -- moves days moved_after_due
}

@test "as of a seq is a ledger that ends there" {
    "$HERE/stats_twin.py" 5
    then_said() {
        daybook --format jsonl stats delays --by customer --by status --effective 2024-09-01 "$@"
        daybook --format jsonl stats slippage "$@"
    }
    total=$(daybook --format jsonl log | wc -l)
    for part in 10 2; do
        last=$((total / part))
        export DAYBOOK_LEDGER=$BATS_TEST_TMPDIR/ledger
        daybook --format jsonl log >"$BATS_TEST_TMPDIR/log.jsonl"
        whole=$(then_said --as-of $last | sed 's/"as_of":"[0-9]*"/"as_of":null/')
        export DAYBOOK_LEDGER=$BATS_TEST_TMPDIR/short-$part
        daybook init --timezone UTC >/dev/null
        head -n $last "$BATS_TEST_TMPDIR/log.jsonl" | daybook load - >/dev/null
        [ "$whole" = "$(then_said)" ]
    done
}

@test "random lives of orders: every figure as worked out a second time" {
    local seed
    for seed in 101 102 103; do
        DAYBOOK_LEDGER=$BATS_TEST_TMPDIR/$seed
        daybook init --timezone UTC >/dev/null
        "$HERE/stats_twin.py" $seed
    done
}
