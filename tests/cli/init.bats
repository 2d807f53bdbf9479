#!/usr/bin/env bats
# Making a ledger, and what it says of itself: init, schema, doctor.

setup() {
    export DAYBOOK_LEDGER=$BATS_TEST_TMPDIR/ledger DAYBOOK_ACTOR=wang LC_ALL=C.UTF-8 DAYBOOK_LANG=en TZ=UTC
}

daybook() {
    "$DAYBOOK" "$@"
}

# The command is refused with that exit status; its messages are in $stderr, and nothing is on standard output.
refuse() {
    local wanted=$1 status=0 stdout
    shift
    stdout=$(daybook "$@" 2>"$BATS_TEST_TMPDIR/stderr") || status=$?
    stderr=$(<"$BATS_TEST_TMPDIR/stderr")
    if [ "$status" -ne "$wanted" ] || [ -n "$stdout" ]; then
        echo "status $status, not $wanted: $stdout $stderr"
        return 1
    fi
}

@test "init says what it made and what to try next" {
    run daybook init --timezone Asia/Shanghai --numbers 'XS{yyyy}-{000}'
    [ "$status" -eq 0 ]
    [[ $output == *"$DAYBOOK_LEDGER"*"Asia/Shanghai"*'XS{yyyy}-{000}'* ]]
    [[ $output == *"daybook create"* ]]
    [ -d "$DAYBOOK_LEDGER/log" ]
}

@test "init as JSON has nothing else on standard output" {
    run bash -c '"$DAYBOOK" --format json init --timezone UTC 2>"$BATS_TEST_TMPDIR/stderr" | python3 -c "
import json, sys
made = json.load(sys.stdin)
assert made[\"timezone\"] == \"UTC\" and made[\"numbers\"] == \"SO-{000000}\" and len(made[\"id\"]) == 32"'
    [ "$status" -eq 0 ]
    grep -q 'daybook create' "$BATS_TEST_TMPDIR/stderr"
}

@test "a second init is refused and changes nothing" {
    daybook init
    daybook create --customer ACME --item P-1:1
    refuse 1 --format json init
    [[ $(tail -n 1 <<<"$stderr") == '{"error":{"code":"already-exists",'* ]]
    [ "$(daybook create --customer ACME --item P-1:1)" = SO-000002 ]
}

@test "an unknown zone and a bad pattern make no ledger" {
    refuse 1 init --timezone Mars/Olympus
    refuse 1 init --timezone ../../etc/passwd
    refuse 1 init --numbers 'SO-{hh}'
    refuse 1 init --numbers 'SO'
    [ ! -e "$DAYBOOK_LEDGER/log" ]
}

@test "where there is no ledger, commands say so: exit 3" {
    local words
    for words in doctor schema customers 'create --customer A --item P:1' 'ship SO-000001'; do
        # shellcheck disable=SC2086 # a list of words
        refuse 3 --format json $words
        [[ $(tail -n 1 <<<"$stderr") == '{"error":{"code":"no-ledger",'* ]]
    done
    [ ! -e "$DAYBOOK_LEDGER" ]
}

@test "a folder that cannot be made: exit 3" {
    : >"$BATS_TEST_TMPDIR/file"
    refuse 3 --ledger "$BATS_TEST_TMPDIR/file/ledger" init
}

@test "numbers follow the pattern, day by day in the ledger's zone" {
    daybook init --timezone UTC --numbers 'XS{yyyy}{mm}{dd}-{000}'
    local first
    first=$(daybook create --customer ACME --item P-1:1)
    [[ $first =~ ^XS[0-9]{8}-001$ ]]
    [ "$(daybook create --customer ACME --item P-1:1)" = "${first%001}002" ]
}

@test "a number that somebody took is passed over" {
    daybook init
    [ "$(daybook create --customer ACME --item P-1:1 --number SO-000001)" = SO-000001 ]
    [ "$(daybook create --customer ACME --item P-1:1)" = SO-000002 ]
}

@test "schema lists types, fields, and own fields" {
    daybook init
    daybook field add colour --kind choice --choices red,blue
    daybook --format json schema | python3 -c '
import json, sys
schema = json.load(sys.stdin)
types = {t["type"]: t for t in schema["types"]}
shipped = types["order.shipped"]
assert (shipped["wire"], shipped["version"], shipped["subject"]) == (37, 1, "order")
assert [f["name"] for f in shipped["fields"]] == ["carrier", "tracking", "items"]
assert types["order.resumed"]["fields"] == []
reason = types["order.cancelled"]["fields"][0]
assert reason == {"name": "reason", "kind": "personal", "required": False, "since": 1}
assert schema["fields"] == [{"name": "colour", "kind": "choice", "required": False, "public": False,
                             "choices": ["red", "blue"]}]'
    daybook --format csv schema | grep -q '^order.created,32,1,order,customer,customer,true,1'
    daybook --format jsonl schema | grep -q '^{"type":"order.resumed","wire":43,'
    daybook schema | grep -qE '^colour +choice +false'
    daybook --lang zh schema | head -n 1 | grep -q '事件'
}

@test "doctor knows the ledger" {
    daybook init --timezone Asia/Shanghai
    daybook create --customer ACME --item P-1:1
    daybook --format json doctor | python3 -c '
import json, sys
d = json.load(sys.stdin)
# ledger, actor, via, customer, product, order
assert d["last_seq"] == 6 and d["format"] == 1 and d["personal_generation"] == 0
assert d["timezone"] == "Asia/Shanghai" and len(d["id"]) == 32 and "LMDB" in d["lmdb"]
assert d["log_bytes"] > 0 and d["personal_bytes"] > 0 and d["views_bytes"] is None and d["free_bytes"] > 0
assert d["readers"] >= 1 and d["read_only"] is False
assert d["last_recorded_at"] <= d["clock"]'
    daybook doctor | grep -q 'Asia/Shanghai'
    daybook --lang zh doctor | grep -q '时区'
    daybook --format csv doctor | grep -q '^last_seq,6'
}

@test "doctor of an empty ledger has no last event" {
    daybook init
    daybook --format jsonl doctor | grep -q '"last_seq":0,"last_recorded_at":null'
}

@test "doctor says what is wrong and what to do" {
    daybook init
    mkdir "$DAYBOOK_LEDGER/personal-7"
    run daybook doctor
    [ "$status" -eq 0 ]
    [[ $output == *'! 1 folders of personal data are left over'* ]]
    rmdir "$DAYBOOK_LEDGER/personal-7"
    daybook doctor | grep -q 'Nothing is wrong around the ledger'
    daybook doctor | grep -q 'The events themselves were not looked at: `daybook verify`'
}

@test "doctor finds a damaged file: exit 3" {
    daybook init
    daybook create --customer ACME --item P-1:1
    printf 'not a ledger at all, but text that somebody saved here' >"$DAYBOOK_LEDGER/log/data.mdb"
    refuse 3 doctor
}

@test "doctor says when the signing key could not sign" {
    daybook init --timezone UTC >/dev/null
    daybook create --customer ACME --item P-1:1 >/dev/null
    daybook checkpoint >/dev/null
    chmod 644 "$DAYBOOK_LEDGER/checkpoint.key"
    daybook doctor | grep -q '^! Others may read the signing key .*chmod 600'
    rm "$DAYBOOK_LEDGER/checkpoint.key"
    daybook doctor | grep -q '^! .*checkpoint.key'
}

@test "no ledger is made among the remains of another" {
    daybook init --timezone UTC >/dev/null
    daybook create --customer ACME --item P-1:1 >/dev/null
    daybook checkpoint >/dev/null
    rm -r "$DAYBOOK_LEDGER/log"
    refuse 1 init
    [[ $stderr == *'remains of a ledger whose log is missing'*'daybook restore'* ]]
    [ ! -e "$DAYBOOK_LEDGER/log" ]
}

@test "an event that was changed is not shown, and nothing is recorded on top of it" {
    daybook init --timezone UTC >/dev/null
    daybook create --customer ACME --item P-1:1 --ref UNTOUCHED >/dev/null
    sed -i 's/UNTOUCHED/TOUCHED++/' "$DAYBOOK_LEDGER/log/data.mdb"
    refuse 3 show SO-000001
    [[ $stderr == *'is not what was recorded: its bytes do not fit its check'*'daybook verify'* ]]
    refuse 3 history SO-000001
    refuse 3 note SO-000001 'packed'
    daybook log >/dev/null 2>&1 && return 1
    run daybook verify
    [ "$status" -eq 1 ]
}
