#!/usr/bin/env bats
# Views can be thrown away: deleted, damaged, half built, they come back to the same answers.

setup() {
    export DAYBOOK_LEDGER=$BATS_TEST_TMPDIR/ledger DAYBOOK_ACTOR=wang LC_ALL=C.UTF-8 DAYBOOK_LANG=en TZ=UTC
    daybook init --timezone UTC >/dev/null
}

daybook() {
    "$DAYBOOK" "$@"
}

# orders COUNT: as many, a third of them delivered
orders() {
    python3 -c '
import json, sys
for n in range(int(sys.argv[1])):
    events = [("created", {"customer": f"C-{n % 7}", "items": [{"code": f"P-{n % 5}", "quantity": "1"}],
                           "expected_on": "2026-03-10"})]
    events += [("delivered", {})] * (n % 3 == 0)
    for kind, data in events:
        print(json.dumps({"type": "order." + kind, "subject": f"order/V-{n}", "data": data,
                          "time": f"2026-03-{n % 28 + 1:02d}T00:00:00Z"}))' "$1" | daybook load - >/dev/null
}

answers() {
    daybook --format jsonl stats delays --by customer --by product
    daybook --format jsonl list
}

state_of() {
    daybook --format jsonl views | sed -n 's/.*"name":"'"$1"'".*"state":"\([a-z]*\)".*/\1/p'
}

@test "views: missing, current, behind, current again" {
    orders 20
    [ "$(state_of delays)" = missing ]
    daybook stats delays >/dev/null
    [ "$(state_of delays)" = current ]
    [ "$(state_of audit)" = computed ]
    daybook create --customer ACME --item P-1:1 >/dev/null
    [ "$(state_of delays)" = behind ]
    daybook stats delays >/dev/null
    [ "$(state_of delays)" = current ]
    run daybook --lang zh views
    [[ $output == *视图*delays*最新* ]]
}

@test "deleted views are made anew" {
    orders 100
    before=$(answers)
    rm -r "$DAYBOOK_LEDGER/views"
    [ "$(answers)" = "$before" ]
}

@test "rebuild names what it did; one view, all, none" {
    orders 10
    [[ $(daybook --format jsonl rebuild delays) == '{"name":"delays","result":"rebuilt",'*'"orders":10}' ]]
    [ "$(state_of orders)" = missing ]
    [ "$(daybook --format jsonl rebuild --all | wc -l)" -eq 2 ]
    [ "$(state_of orders)" = current ]
    run daybook rebuild nonsense
    [ "$status" -eq 1 ]
    run daybook rebuild delays --all
    [ "$status" -eq 2 ]
    run daybook rebuild --check --dry-run
    [ "$status" -eq 2 ]
}

@test "a dry run changes nothing" {
    orders 10
    run daybook --format jsonl rebuild --dry-run
    [[ $output == *'"result":"would-rebuild"'*'"orders":10'* ]]
    [ ! -e "$DAYBOOK_LEDGER/views" ]
}

@test "rebuild --check finds rows that are not what the log says" {
    orders 10
    daybook rebuild >/dev/null
    daybook rebuild --check
    # A row's status, in place: the facts of the first order, whose promise is 2026-03-10.
    python3 - "$DAYBOOK_LEDGER"/views/delays-v*/data.mdb <<'END'
import datetime, struct, sys
day = struct.pack("<i", (datetime.date(2026, 3, 10) - datetime.date(1970, 1, 1)).days)
with open(sys.argv[1], "r+b") as file:
    data = file.read()
    at = data.index(day)
    while at >= 0:
        file.seek(at)
        file.write(struct.pack("<i", 20000))
        at = data.find(day, at + 1)
END
    run daybook --format json rebuild --check
    [ "$status" -eq 1 ]
    [[ $output == *'"code":"verification-failed"'*delays* ]]
    daybook rebuild >/dev/null
    daybook rebuild --check
}

@test "views whose first pages are noise are made anew" {
    orders 200
    before=$(answers)
    for file in "$DAYBOOK_LEDGER"/views/*/data.mdb "$DAYBOOK_LEDGER"/views/*.current; do
        head -c 8192 /dev/urandom | dd of="$file" conv=notrunc status=none
    done
    daybook rebuild --all >/dev/null
    [ "$(answers)" = "$before" ]
    for file in "$DAYBOOK_LEDGER"/views/*/data.mdb; do
        : >"$file"
    done
    [ "$(answers)" = "$before" ]
}

@test "a rebuild that was killed is no harm" {
    local try
    orders 3000
    before=$(answers)
    for try in 1 2 3 4 5 6 7 8; do
        daybook rebuild --all >/dev/null &
        sleep 0.0$try
        kill -9 $! || true
        wait $! || true
    done
    [ "$(answers)" = "$before" ]
    daybook rebuild --all >/dev/null
    [ "$(answers)" = "$before" ]
    [ "$(find "$DAYBOOK_LEDGER/views" -name 'delays-v*' | wc -l)" -eq 1 ]
}

@test "two rebuilds at once" {
    orders 500
    before=$(answers)
    daybook rebuild >/dev/null &
    daybook rebuild >/dev/null
    wait $!
    [ "$(answers)" = "$before" ]
    daybook rebuild --check
}
