#!/usr/bin/env bats
# The log as lines: log and load.

setup() {
    export DAYBOOK_LEDGER=$BATS_TEST_TMPDIR/ledger DAYBOOK_ACTOR=wang LC_ALL=C.UTF-8 DAYBOOK_LANG=en TZ=UTC
    cd "$BATS_TEST_TMPDIR"
    daybook init --timezone Asia/Shanghai >/dev/null
}

daybook() {
    "$DAYBOOK" "$@"
}

# Foreign lines: order NO is made, started, shipped; ids n-1, n-2, n-3.
foreign() {
    printf '{"specversion":"1.0","source":"/shop","id":"%s-1","type":"order.created","subject":"order/%s","time":"2026-01-05T12:00:00Z","actor":"li.lei","data":{"customer":"ACME","items":[{"code":"P-1","quantity":"10"},{"code":"P-2","quantity":"2.5","unit":"kg"}],"expected_on":"2026-01-20"}}\n' "$1" "$1"
    printf '{"specversion":"1.0","source":"/shop","id":"%s-2","type":"order.processing-started","subject":"order/%s","time":"2026-01-06T00:00:00Z","dateonly":true,"data":{}}\n' "$1" "$1"
    printf '{"specversion":"1.0","source":"/shop","id":"%s-3","type":"order.shipped","subject":"order/%s","data":{"carrier":"SF","items":[{"code":"P-2","quantity":"1"}]}}\n' "$1" "$1"
}

events() {
    daybook log | wc -l
}

# What the log is; not who signed it, as each copy has a key of its own.
root() {
    daybook --ledger "${1:-$DAYBOOK_LEDGER}" checkpoint | head -n 4
}

# The command is refused with that exit status; its messages are in $stderr.
refuse() {
    local wanted=$1 status=0
    shift
    daybook "$@" >stdout 2>stderr || status=$?
    stderr=$(<stderr)
    [ "$status" -eq "$wanted" ] && [ ! -s stdout ]
}

# A Python condition over e, the events that `log` prints.
holds() {
    daybook log | python3 -c "
import json, sys
e = [json.loads(line) for line in sys.stdin]
assert $1, e"
}

@test "a log line has the members of CloudEvents, and the seq as a string of 20 digits" {
    daybook create --customer ACME --item P-1:10:Lamp --ordered 2026-01-05
    holds 'all(x["specversion"] == "1.0" and x["sequence"] == "%020d" % (i + 1) and x["id"] == x["source"][9:] + "/%d" % (i + 1) for i, x in enumerate(e))'
    holds '[x["subject"] for x in e if x["type"] == "order.created"] == ["order/SO-000001"]'
    holds 'e[-1]["actor"] == "wang" and e[-1]["data"]["items"] == [{"line": 1, "code": "P-1", "quantity": "10"}]'
    holds 'e[-1]["dateonly"] is True and e[-1]["time"].endswith("T00:00:00Z")'
}

@test "a personal value stands with its salt, and stored is the leaf" {
    daybook create --customer 王小明 --item P-1:1
    holds '[(x["data"]["name"], x["data"]["salts"][0]["value"]) for x in e if x["type"] == "customer.registered"] == [("王小明", "王小明")]'
    daybook log | python3 -c '
import base64, hashlib, json, sys
for e in map(json.loads, sys.stdin):
    stored = base64.b64decode(e["stored"])
    for pair in e["data"].get("salts", []):
        assert hashlib.sha256(base64.b64decode(pair["salt"]) + pair["value"].encode()).digest() in stored'
}

@test "--from and --to choose events; beyond the end there are none" {
    daybook create --customer ACME --item P-1:1
    [ "$(daybook log --from 2 --to 4 | wc -l)" -eq 3 ]
    [ "$(daybook log --from 1000 | wc -l)" -eq 0 ]
    [ "$(daybook log --from 2 --to 2)" = "$(daybook log | sed -n 2p)" ]
}

@test "every format but CSV has the events" {
    daybook create --customer ACME --item P-1:1
    [ "$(daybook --format jsonl log)" = "$(daybook log)" ]
    daybook --format json log | python3 -c 'import json, sys; assert json.load(sys.stdin)[0]["type"] == "ledger.opened"'
    refuse 2 --format csv log
}

@test "a reader who has seen enough is no error" {
    foreign A | daybook load - >/dev/null
    daybook log | head -1 >/dev/null
    [ "${PIPESTATUS[0]}" -eq 0 ]
}

@test "--follow shows what is recorded meanwhile" {
    daybook create --customer ACME --item P-1:1
    local from follower
    from=$(($(events) + 1))
    "$DAYBOOK" log --from "$from" --follow >followed &
    follower=$!
    daybook start SO-000001
    for _ in $(seq 50); do
        [ -s followed ] && break
        sleep 0.1
    done
    kill "$follower"
    grep -q '"order.processing-started"' followed
}

@test "a copy made of the log has the same root, and says the same" {
    foreign A | daybook load - >/dev/null
    daybook create --customer 王小明 --item P-1:3 --note 'call before' >/dev/null
    daybook init --ledger copy >/dev/null 2>&1 || daybook --ledger copy init >/dev/null
    daybook log | daybook --ledger copy load - >/dev/null
    [ "$(root copy)" = "$(root)" ]
    [ "$(daybook --ledger copy log)" = "$(daybook log)" ]
    daybook --ledger copy verify
}

@test "a copy is brought up to date by loading the longer log" {
    daybook --ledger copy init >/dev/null
    foreign A | daybook load - >/dev/null
    daybook log | daybook --ledger copy load - >/dev/null
    foreign B | daybook load - >/dev/null
    daybook log | daybook --ledger copy load - >/dev/null
    [ "$(root copy)" = "$(root)" ]
}

@test "another ledger's log is refused by a ledger with events of its own" {
    daybook --ledger other init >/dev/null
    daybook --ledger other create --customer X --item P:1 >/dev/null
    daybook create --customer ACME --item P-1:1 >/dev/null
    daybook --ledger other log >other.jsonl
    refuse 1 --format json load other.jsonl
    [[ $(tail -n 1 stderr) == *'"code":"bad-line"'*'"line":1,"kept":0'* ]]
}

@test "a line of a log that was tampered with is refused" {
    daybook create --customer ACME --item P-1:1 --ref PO-7 >/dev/null
    daybook --ledger copy init >/dev/null
    for change in 's/PO-7/PO-8/' 's/"ACME"/"ACMF"/g' 's/order\.created/order.amended/' 's/"sequence":"0000/"sequence":"0001/' \
        's/"stored":"n/"stored":"o/' 's/"recordedtime":"20/"recordedtime":"21/'; do
        daybook log | sed "$change" >changed.jsonl
        refuse 1 --ledger copy load changed.jsonl
        [ "$(daybook --ledger copy log | wc -l)" -eq 0 ] # all of it is one entry
    done
}

@test "foreign events are recorded as they say" {
    foreign A | daybook --format json load - | python3 -c '
import json, sys
assert json.load(sys.stdin)["lines"] == 3'
    holds '[x["type"] for x in e if x["subject"] == "order/A"] == ["order.created", "order.processing-started", "order.shipped"]'
    holds '[(x["time"], x["actor"]) for x in e if x["type"] == "order.created"] == [("2026-01-05T12:00:00.000000Z", "li.lei")]'
    holds '(e[-2]["time"], e[-2]["dateonly"], e[-2]["actor"]) == ("2026-01-06T00:00:00Z", True, "wang")'
    holds '"time" not in e[-1] and e[-1]["data"] == {"carrier": "SF", "items": [{"line": 2, "code": "P-2", "quantity": "1"}]}'
}

@test "an instant falls on the day of the ledger's zone, a bare date on itself" {
    printf '%s\n' '{"type":"order.created","subject":"order/A","time":"2026-01-05T20:00:00Z","data":{"customer":"C"}}' \
        '{"type":"order.created","subject":"order/B","time":"2026-01-05T20:00:00Z","dateonly":true,"data":{"customer":"C"}}' | daybook load -
    [[ $(daybook --format jsonl history A) == *'"occurred_on":"2026-01-06"'* ]]
    [[ $(daybook --format jsonl history B) == *'"occurred_on":"2026-01-05"'* ]]
}

@test "the same lines again give nothing, wherever they stand" {
    { foreign A; foreign B; } | daybook load - >/dev/null
    local before
    before=$(root)
    { foreign B; echo; foreign A; } | daybook --format json load - | python3 -c '
import json, sys
said = json.load(sys.stdin)
assert said["repeated"] == 6 and said["events"] == 0, said'
    [ "$(root)" = "$before" ]
}

@test "an id that was used for something else is refused" {
    foreign A | daybook load - >/dev/null
    foreign A | sed 's/"SF"/"DHL"/' >again.jsonl
    refuse 1 --format json load again.jsonl
    [[ $(tail -n 1 stderr) == *'"line":3,"kept":2'* ]]
}

@test "a bad line ends it; those before are kept, those after are not" {
    while IFS= read -r bad; do
        rm -rf other
        daybook --ledger other init >/dev/null
        { foreign A; printf '%s\n' "$bad"; foreign B; } >bad.jsonl
        refuse 1 --ledger other --format json load bad.jsonl
        [[ $(tail -n 1 stderr) == '{"error":{"code":"bad-line",'*'"line":4,"kept":3}}' ]]
        [ "$(daybook --ledger other log | grep -c '"subject":"order/A"')" -eq 3 ]
        [ "$(daybook --ledger other log | grep -c '"subject":"order/B"')" -eq 0 ]
    done <<'LINES'
no JSON
[]
{"type":"order.created","type":"order.created","subject":"order/C","data":{"customer":"C"}}
{"type":"order.exploded","subject":"order/C","data":{}}
{"type":"order.created","subject":"C","data":{"customer":"C"}}
{"type":"order.created","subject":"order/C","data":{}}
{"type":"order.created","subject":"order/C","data":{"customer":"C","colour":"red"}}
{"type":"order.created","subject":"order/C","data":{"customer":"C","expected_on":"2026-02-30"}}
{"type":"order.created","subject":"order/C","data":{"customer":"C","items":[{"code":"P","quantity":"1e3"}]}}
{"type":"order.created","subject":"order/C","time":"yesterday","data":{"customer":"C"}}
{"type":"order.created","subject":"order/A","data":{"customer":"C"}}
{"type":"order.delivered","subject":"order/NO-SUCH","data":{}}
LINES
}

@test "a line of more than a megabyte is refused" {
    { foreign A; head -c 2000000 /dev/zero | tr '\0' 'x'; } >long.jsonl
    refuse 1 --format json load long.jsonl
    [[ $(tail -n 1 stderr) == *'"line":4,"kept":3'* ]]
}

@test "a shipment that is still to come is taken, and told" {
    daybook create --customer ACME --item P-1:1 >/dev/null
    echo '{"type":"order.shipped","subject":"order/SO-000001","time":"2199-01-01T00:00:00Z","data":{}}' |
        daybook --format json load - | grep -q '"doubts": *1'
}

@test "lines that come slowly are kept without waiting for the rest" {
    { foreign A; sleep 3; } | daybook load - >/dev/null &
    local status=1
    for _ in $(seq 30); do
        if daybook log | grep -q '"order.shipped"'; then
            status=0
            break
        fi
        sleep 0.1
    done
    wait
    [ "$status" -eq 0 ]
}

@test "killed in the middle: what is there is a prefix, and the rest can be loaded" {
    for i in $(seq 1000); do
        foreign "N-$i"
    done >many.jsonl
    mkfifo lines
    "$DAYBOOK" load - <lines >/dev/null &
    local loader=$!
    { head -n 2000 many.jsonl; sleep 3; } >lines &
    for _ in $(seq 50); do
        [ "$(events)" -gt 10 ] && break
        sleep 0.05
    done
    kill -9 "$loader"
    wait
    [ "$(events)" -gt 10 ]
    daybook verify
    daybook load many.jsonl
    daybook verify
    [ "$(daybook log | grep -c '"subject":"order/N-')" -eq 3000 ]
}

@test "a log that was cut off in the middle of an entry: what is loaded is whole" {
    daybook create --customer acme --item P-1:1 >/dev/null # one entry, many events
    daybook log >"$BATS_TEST_TMPDIR/lines"
    head -c -100 "$BATS_TEST_TMPDIR/lines" >"$BATS_TEST_TMPDIR/cut"
    daybook --ledger "$BATS_TEST_TMPDIR/copy" init --timezone UTC >/dev/null
    refuse 1 --ledger "$BATS_TEST_TMPDIR/copy" load "$BATS_TEST_TMPDIR/cut"
    daybook --ledger "$BATS_TEST_TMPDIR/copy" verify >/dev/null
    daybook --ledger "$BATS_TEST_TMPDIR/copy" load "$BATS_TEST_TMPDIR/lines" >/dev/null
    [ "$(root "$BATS_TEST_TMPDIR/copy")" = "$(root)" ]
}
