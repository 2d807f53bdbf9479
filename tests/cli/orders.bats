#!/usr/bin/env bats
# What can happen to an order, what cannot, and how mistakes are taken back.

setup() {
    export DAYBOOK_LEDGER=$BATS_TEST_TMPDIR/ledger DAYBOOK_ACTOR=wang LC_ALL=C.UTF-8 DAYBOOK_LANG=en TZ=UTC
    daybook init --timezone UTC >/dev/null
}

daybook() {
    "$DAYBOOK" "$@"
}

# The command is refused with that exit status and, but for usage, that code on one line of JSON; $stderr keeps it.
refuse() {
    local wanted=$1 code=$2 status=0 stdout
    shift 2
    stdout=$(daybook --format json "$@" 2>"$BATS_TEST_TMPDIR/stderr") || status=$?
    stderr=$(<"$BATS_TEST_TMPDIR/stderr")
    if [ "$status" -ne "$wanted" ] || [ -n "$stdout" ] ||
        { [ "$wanted" -ne 2 ] && [[ $(tail -n 1 <<<"$stderr") != '{"error":{"code":"'"$code"'",'* ]]; }; then
        echo "$* gave status $status, not $wanted $code: $stdout $stderr"
        return 1
    fi
}

# The command answers with an order that holds each of the texts, up to "--", as one line of JSON.
gives() {
    local texts=() shown text
    while [ "$1" != -- ]; do
        texts+=("$1")
        shift
    done
    shift
    shown=$(daybook --format jsonl "$@") || return 1
    for text in "${texts[@]}"; do
        if [[ $shown != *"$text"* ]]; then
            echo "$* has no $text: $shown"
            return 1
        fi
    done
}

create() {
    daybook create --customer ACME --item P-1:10 "$@"
}

# A new order in that status; its number.
order_in() {
    local no step
    local -A steps=([pending]='' [processing]=start [in-production]=produce [shipped]=ship [delivered]=deliver
        [cancelled]='cancel --reason no' [returned]='deliver;return' [on-hold]=hold)
    no=$(create)
    IFS=';' read -ra list <<<"${steps[$1]}"
    for step in "${list[@]}"; do
        # shellcheck disable=SC2086 # a command and its options
        daybook ${step%% *} "$no" $([[ $step == *' '* ]] && echo "${step#* }") >/dev/null
    done
    echo "$no"
}

seq_of_last() {
    daybook --format jsonl note "$1" x | sed -E 's/.*"last_seq":([0-9]+).*/\1/'
}

@test "an order in JSON has all its members" {
    daybook --format json create --customer ACME --item P-1:10pcs:Bolt --item P-2:0.5 --expected 2099-01-20 \
        --requested 2099-01-10 --ordered 2026-01-05 --ref PO-7 --note 'mind the gap' >"$BATS_TEST_TMPDIR/order"
    python3 - "$BATS_TEST_TMPDIR/order" <<'END'
import json, re, sys
order = json.load(open(sys.argv[1]))
instant = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
created, updated = order.pop("created_at"), order.pop("updated_at")
note, = order.pop("notes")
assert re.fullmatch(instant, created) and created == updated == note.pop("recorded_at")
assert note == {"text": "mind the gap", "kind": "general", "actor": "wang"}
assert order == {
    "order_no": "SO-000001", "status": "pending", "customer": "ACME",
    "items": [{"line": 1, "code": "P-1", "name": "Bolt", "quantity": "10", "unit": "pcs", "expected_on": None,
               "shipped": "0", "delivered": "0", "fields": {}},
              {"line": 2, "code": "P-2", "name": None, "quantity": "0.5", "unit": None, "expected_on": None,
               "shipped": "0", "delivered": "0", "fields": {}}],
    "customer_ref": "PO-7", "ordered_on": "2026-01-05", "expected_on": "2099-01-20",
    "first_expected_on": "2099-01-20", "requested_on": "2099-01-10", "shipped_on": None, "delivered_on": None,
    "cancelled_on": None, "late_days": None, "overdue_days": None, "fields": {}, "version": 2, "last_seq": 8,
    "priority": None}
END
}

@test "create prints the number alone on a line" {
    [ "$(create --note x)" = SO-000001 ]
    [ "$(create --number 'ＰＯ－７')" = PO-7 ]
    refuse 1 already-exists create --customer ACME --item P-1:1 --number PO-7
}

@test "which status may follow which" {
    local status command no
    local -A options=([cancel]='--reason r' [promise]=2099-01-01 [amend]='--ref 7' [note]=text)
    # command: each status that allows it, and what it leads to ("=" where it stays)
    local rules='
        start    pending>processing
        produce  pending>in-production processing>in-production
        ship     pending>shipped processing>shipped in-production>shipped
        deliver  pending>delivered processing>delivered in-production>delivered shipped>delivered
        cancel   pending>cancelled processing>cancelled in-production>cancelled shipped>cancelled on-hold>cancelled
        return   shipped>returned delivered>returned
        reopen   delivered>shipped cancelled>pending returned>pending
        hold     pending>on-hold processing>on-hold in-production>on-hold shipped>on-hold
        resume   on-hold>pending
        promise  pending>= processing>= in-production>= shipped>= on-hold>=
        amend    pending>= processing>= in-production>= shipped>= on-hold>=
        note     pending>= processing>= in-production>= shipped>= delivered>= cancelled>= returned>= on-hold>='
    local count=0 allowed to
    for status in pending processing in-production shipped delivered cancelled returned on-hold; do
        no=$(order_in "$status")
        while read -r command allowed; do
            [ -n "$command" ] || continue
            to=
            [[ " $allowed " =~ \ $status\>([a-z=-]+)\  ]] && to=${BASH_REMATCH[1]}
            [ "$to" = = ] && to=$status
            # shellcheck disable=SC2086 # options are words
            if [ -z "$to" ]; then
                refuse 1 status-forbids "$command" "$no" ${options[$command]:-}
            else
                gives '"status":"'"$to"'"' -- "$command" "$no" ${options[$command]:-}
                [ "$to" = "$status" ] || no=$(order_in "$status")
            fi
            count=$((count + 1))
        done <<<"$rules"
    done
    [ "$count" -eq 96 ]
}

@test "resume goes back to where it was held" {
    local no
    for status in processing in-production shipped; do
        no=$(order_in "$status")
        daybook hold "$no" --reason 'not paid'
        gives '"status":"'"$status"'"' -- resume "$no"
    done
}

@test "a refusal names the order, its status and what is allowed" {
    create
    daybook cancel SO-000001 --reason no
    refuse 1 status-forbids ship SO-000001
    [[ $stderr == *SO-000001*cancelled*pending* ]]
}

@test "what is not there" {
    create
    refuse 1 not-found ship SO-000009
    refuse 1 not-found ship ''
    refuse 1 not-found ship SO-000001 --item P-9:1
    refuse 1 not-found ship SO-000001 --item P-1#2:1
    refuse 1 not-found ship SO-000001 --item '#2:1'
    refuse 1 not-found correct SO-000001 1 --reason r --void
    refuse 1 not-found correct SO-000001 99 --reason r --on 2026-01-01
    refuse 1 not-found note SO-000001 --retract 6
}

@test "partial shipments and deliveries" {
    daybook create --customer ACME --item P-1:10 --item P-2:5
    gives '"status":"pending"' '"shipped":"4"' '"shipped_on":null' -- ship SO-000001 --item P-1:4 --on 2026-01-02
    gives '"status":"pending"' '"shipped":"10"' -- ship SO-000001 --item P-1:6 --on 2026-01-03
    gives '"status":"shipped"' '"shipped":"5"' '"shipped_on":"2026-01-04"' -- \
        ship SO-000001 --item P-2:5 --on 2026-01-04
    refuse 1 status-forbids ship SO-000001
    gives '"status":"shipped"' '"shipped":"6"' '"shipped_on":"2026-01-04"' -- \
        ship SO-000001 --item P-2:1 --on 2026-01-05
    gives '"status":"shipped"' '"delivered":"9.5"' -- deliver SO-000001 --item P-1:9.5 --on 2026-01-06
    gives '"status":"delivered"' '"delivered":"10"' '"delivered_on":"2026-01-08"' -- deliver SO-000001 --on 2026-01-08
    refuse 1 status-forbids deliver SO-000001
    gives '"status":"shipped"' '"delivered":"0"' '"delivered_on":null' '"shipped_on":"2026-01-04"' -- reopen SO-000001
}

@test "delivered without being shipped counts as shipped" {
    create
    gives '"shipped":"10","delivered":"10"' '"shipped_on":null' -- deliver SO-000001 --on 2026-01-02
}

@test "lines of one code are told apart by their numbers" {
    daybook create --customer ACME --item P-1:10 --item P-1:3 --item 'P-1#2:7'
    refuse 1 ambiguous-line ship SO-000001 --item P-1:1
    gives '"line":2,"code":"P-1","name":null,"quantity":"3","unit":null,"expected_on":null,"shipped":"3"' -- \
        ship SO-000001 --item '#2:3'
    gives '"line":1,"code":"P-1","name":null,"quantity":"10","unit":null,"expected_on":null,"shipped":"1"' -- \
        ship SO-000001 --item P-1#1:1
    # a product of that very code comes first
    gives '"code":"P-1#2","name":null,"quantity":"7","unit":null,"expected_on":null,"shipped":"7"' -- \
        ship SO-000001 --item P-1#2:7
    refuse 1 not-found ship SO-000001 --item P-9#1:1
}

@test "amending lines: changed, added, taken out; numbers are not used again" {
    daybook create --customer ACME --item P-1:10 --item P-2:5
    gives '"line":1,"code":"P-1","name":null,"quantity":"12"' -- amend SO-000001 --item P-1:12
    gives '"items":[{"line":1,' -- amend SO-000001 --item P-2:0
    gives '"line":3,"code":"P-3","name":"Nut","quantity":"2","unit":"kg"' -- amend SO-000001 --item P-3:2kg:Nut
    gives '"line":3,"code":"P-3","name":"Nut","quantity":"4"' -- amend SO-000001 --item P-3#3:4
    refuse 1 bad-value amend SO-000001 --item P-4:0
    refuse 1 bad-value amend SO-000001
    gives '"customer":"Globex"' '"customer_ref":"7"' '"ordered_on":"2026-01-01"' '"requested_on":"2026-02-01"' -- \
        amend SO-000001 --customer Globex --ref 7 --ordered 2026-01-01 --requested 2026-02-01
}

@test "promises: the first stays on record, the same again is recorded" {
    create --expected 2026-02-01
    gives '"expected_on":"2026-02-10","first_expected_on":"2026-02-01"' '"version":2' -- \
        promise SO-000001 2026-02-10 --reason 'steel is late'
    gives '"expected_on":"2026-02-10","first_expected_on":"2026-02-01"' '"version":3' -- promise SO-000001 2026-02-10
}

@test "late and overdue days" {
    create --expected yesterday
    gives '"late_days":null,"overdue_days":1' -- note SO-000001 x
    gives '"late_days":1,"overdue_days":null' -- deliver SO-000001
    create --expected 2026-02-10
    gives '"late_days":-12,"overdue_days":null' -- deliver SO-000002 --on 2026-01-29
    create --expected today
    gives '"late_days":null,"overdue_days":null' -- note SO-000003 x
    gives '"late_days":null,"overdue_days":null' -- deliver SO-000003 --on unknown
}

@test "days: unknown, in the future, that do not exist" {
    create
    gives '"status":"shipped"' '"shipped_on":null' -- ship SO-000001 --on unknown
    refuse 1 date-in-future deliver SO-000001 --on +1
    gives '"delivered_on":"2024-02-29"' -- deliver SO-000001 --on 2024-02-29
    create
    for day in 2025-02-29 2026-04-31 0000-01-01 10000-01-01 2026-1-1 2026/01/01 '' tomorrow2; do
        refuse 2 usage ship SO-000002 --on "$day"
    done
    refuse 2 usage promise SO-000002 unknown
    refuse 2 usage promise SO-000002 +99999999
    refuse 1 date-in-future ship SO-000002 --on 9999-12-31
    gives '"shipped_on":"0001-01-01"' -- ship SO-000002 --on 0001-01-01
    gives '"expected_on":"9999-12-31"' -- promise SO-000002 9999-12-31
}

@test "quantities: 18 digits and no more" {
    gives '"quantity":"123456789012345678"' -- create --customer ACME --item P-1:123456789012345678
    gives '"quantity":"0.000000001"' -- create --customer ACME --item P-1:0.000000001
    local quantity
    for quantity in 1234567890123456789 12345678901234567890123456789012345678 0.0000000001 0 -1 +1 1e400 1,200 0x10 \
        nan '' pcs; do
        refuse 2 usage create --customer ACME --item "P-1:$quantity"
        refuse 2 usage ship SO-000001 --item "P-1:$quantity"
    done
    refuse 2 usage amend SO-000001 --item P-1:1234567890123456789
}

@test "texts from outside: not UTF-8, very long, full of control characters" {
    local long
    long=$(head -c 120000 /dev/zero | tr '\0' x)
    refuse 2 usage create --customer $'\xff\xfe' --item P-1:1
    refuse 2 usage create --customer ACME --item $'P\xc0\x80:1'
    refuse 1 too-large create --customer "$long" --item P-1:1
    refuse 1 too-large create --customer ACME --item "$long:1"
    refuse 1 too-large create --customer ACME --item P-1:1 --ref "$long"
    refuse 1 too-large create --customer ACME --item P-1:1 --number "$long"
    refuse 1 too-large create --customer ACME --item P-1:1 --note "$long"
    refuse 1 not-found ship "$long"
    refuse 2 usage create --customer ' ' --item P-1:1
    refuse 1 bad-value create --customer ACME --item P-1:1 --number ' '
    create
    gives '"text":"a\u001B[31m\nb'$'\xe2\x80\xae"' -- note SO-000001 $'a\e[31m\nb\xe2\x80\xae'
    # 32,767 bytes are the most that can be kept
    gives '"kind":"general"' -- note SO-000001 "${long:0:32767}"
    refuse 1 too-large note SO-000001 "${long:0:32768}"
}

@test "more lines than an event can hold go on in the next" {
    local i items=() long
    for ((i = 1; i <= 3000; i++)); do
        items+=(--item "P:$i")
    done
    # of 40 bytes a line at most: 750 in an event
    gives '"line":750,"code":"P","name":null,"quantity":"750"' '"line":751,' \
        '"line":3000,"code":"P","name":null,"quantity":"3000"' '"version":5' '"text":"large"' -- \
        create --customer ACME "${items[@]}" --note large --key k
    gives '"line":3000,' '"version":5' -- create --customer ACME "${items[@]}" --note large --key k
    refuse 1 key-reused create --customer ACME "${items[@]}" --item P:1 --note large --key k
    [ "$(daybook undo SO-000001)" = 'SO-000001: undone (pending -> -)' ]
    long=$(head -c 32767 /dev/zero | tr '\0' x)
    refuse 1 too-large create --customer ACME --item "P:1:$long" --item "P:1:$long" --ref "$long"
    [ "$(create)" = SO-000002 ]
}

@test "usage: exit 2, and no line of JSON" {
    create
    refuse 2 usage create --customer ACME
    refuse 2 usage create --item P-1:1
    refuse 2 usage cancel SO-000001
    refuse 2 usage cancel SO-000001 --reason ' '
    refuse 2 usage ship
    refuse 2 usage ship SO-000001 SO-000002
    refuse 2 usage ship SO-000001 --carier DHL
    [[ $stderr == *--carrier* && $stderr != *'{"error"'* ]]
    refuse 2 usage ship SO-000001 --expect 0
    refuse 2 usage ship SO-000001 --expect x
    refuse 2 usage note SO-000001
    refuse 2 usage note SO-000001 ' '
    refuse 2 usage note SO-000001 text --retract 6
    refuse 2 usage start SO-000001 --note ''
}

@test "a note with a command is one entry with it" {
    create
    gives '"status":"shipped"' '"notes":[{"text":"two boxes","kind":"general","actor":"wang"' '"version":3' -- \
        ship SO-000001 --note 'two boxes'
    gives '"status":"pending"' '"notes":[]' '"version":5' -- undo SO-000001
}

@test "notes: kinds, and taken back" {
    local no seq
    create
    gives '"text":"双层纸箱","kind":"packaging"' -- note SO-000001 双层纸箱 --kind packaging
    seq=$(seq_of_last SO-000001)
    gives '"notes":[{"text":"双层纸箱","kind":"packaging"' '}],"fields"' -- note SO-000001 --retract "$seq" --reason typo
    refuse 1 not-found note SO-000001 --retract "$seq"
    create
    refuse 1 not-found note SO-000002 --retract "$((seq - 1))"
}

@test "--key: the same again changes nothing, something else is refused" {
    [ "$(create --key a)" = SO-000001 ]
    [ "$(create --key a)" = SO-000001 ]
    refuse 1 key-reused create --customer ACME --item P-1:11 --key a
    gives '"version":2' -- ship SO-000001 --key b --carrier DHL
    gives '"version":2' -- ship SO-000001 --key b --carrier DHL
    refuse 1 key-reused ship SO-000001 --key b --carrier UPS
    refuse 1 key-reused deliver SO-000001 --key b
    daybook deliver SO-000001
    gives '"status":"delivered"' '"version":3' -- ship SO-000001 --key b --carrier DHL
    gives '"version":4' -- note SO-000001 x --key c --expect 3 --on 2026-01-01
    gives '"version":4' -- note SO-000001 x --key c --expect 3 --on 2026-01-01
    [ "$(create)" = SO-000002 ]
}

@test "--key of a correction that names a new product or customer" {
    create
    correction=(correct SO-000001 6 --reason typo --item NEW-1:2 --customer 'New & Co' --key k)
    gives '"version":3' '"customer":"New & Co"' -- "${correction[@]}"
    gives '"version":3' '"customer":"New & Co"' -- "${correction[@]}"
    refuse 1 key-reused "${correction[@]}" --expected today
    refuse 1 key-reused correct SO-000001 6 --reason typo --void --key k
}

@test "--key with a note, repeated after the order has gone on" {
    create
    gives '"version":3' -- start SO-000001 --on 2026-01-01 --note 'in time' --key k
    daybook ship SO-000001
    gives '"version":4' '"status":"shipped"' -- start SO-000001 --on 2026-01-01 --note 'in time' --key k
    refuse 1 key-reused start SO-000001 --on 2026-01-01 --note 'too late' --key k
}

@test "--expect: refused unless the order is at that version" {
    create
    refuse 1 version-conflict ship SO-000001 --expect 2
    gives '"version":2' -- ship SO-000001 --expect 1
    refuse 1 version-conflict undo SO-000001 --expect 1
    refuse 1 version-conflict deliver SO-000001 --expect 99999999999
    gives '"version":3' -- undo SO-000001 --expect 2
}

@test "undo: entry by entry, back to nothing" {
    create
    daybook start SO-000001
    daybook ship SO-000001 --note x
    gives '"status":"processing"' '"version":6' -- undo SO-000001
    gives '"status":"pending"' '"version":7' -- undo SO-000001 --reason 'wrong order'
    gives '"status":null' '"order_no":"SO-000001"' '"version":8' -- undo SO-000001
    refuse 1 cannot-void undo SO-000001
    refuse 1 not-found ship SO-000001
}

@test "undo is for one's own entries" {
    create
    daybook --actor li start SO-000001
    refuse 1 not-yours undo SO-000001
    [[ $stderr == *li* ]]
    gives '"status":"pending"' -- --actor li undo SO-000001
    refuse 1 not-yours --actor li undo SO-000001
    refuse 1 not-yours --actor nobody undo SO-000001
    daybook undo SO-000001
}

@test "an order whose creation was taken back can be created again under its number" {
    create --note x
    daybook undo SO-000001
    gives '"customer":"Globex"' '"notes":[]' '"version":5' -- create --customer Globex --item P-2:1 --number SO-000001
    [ "$(create)" = SO-000002 ]
}

@test "correct: the day of a shipment does not touch what came after" {
    local seq
    create
    gives '"shipped_on":"2026-01-09"' -- ship SO-000001 --on 2026-01-09 --carrier DHL --tracking 7
    seq=$(seq_of_last SO-000001)
    seq=$((seq - 1))
    daybook deliver SO-000001 --on 2026-01-12
    gives '"status":"delivered"' '"shipped_on":"2026-01-08"' '"delivered_on":"2026-01-12"' -- \
        correct SO-000001 "$seq" --reason typo --on 2026-01-08
    refuse 1 cannot-void correct SO-000001 "$seq" --reason typo --on 2026-01-07
    gives '"shipped_on":null' '"status":"delivered"' -- \
        correct SO-000001 "$((seq + 4))" --reason 'nobody knows' --on unknown
    refuse 1 date-in-future correct SO-000001 "$((seq + 6))" --reason r --on +1
}

@test "correct: what an order says" {
    gives '"last_seq":6' -- create --customer ACME --item P-1:10:Bolt --expected 2026-02-01 --ref 7
    daybook ship SO-000001 --item P-1:4
    gives '"customer":"Globex"' '"quantity":"4","unit":"kg"' '"shipped":"4"' '"expected_on":"2026-03-01"' \
        '"first_expected_on":"2026-03-01"' '"customer_ref":"7"' -- \
        correct SO-000001 6 --reason typo --customer Globex --item P-1:4kg:Bolt --expected 2026-03-01
}

@test "correct: a note's text, and an event that should not be" {
    local seq
    create
    daybook note SO-000001 helo
    gives '"notes":[{"text":"hello","kind":"general"' '}],"fields"' -- correct SO-000001 7 --reason typo --text hello
    seq=$(seq_of_last SO-000001)
    gives '"notes":[{"text":"hello"' '}],"fields"' '"version":6' -- correct SO-000001 "$seq" --reason r --void
    refuse 1 cannot-void correct SO-000001 "$((seq + 1))" --reason r --void
}

@test "correct: what does not fit is refused" {
    create
    daybook ship SO-000001
    refuse 2 usage correct SO-000001 7 --on 2026-01-01
    refuse 2 usage correct SO-000001 7 --reason r
    refuse 2 usage correct SO-000001 7 --reason r --void --on 2026-01-01
    refuse 2 usage correct SO-000001 7 --reason r --customer Globex
    [[ $stderr == *order.shipped*--customer* ]]
    refuse 2 usage correct SO-000001 6 --reason r --carrier DHL
    refuse 2 usage correct SO-000001 x --reason r --void
    gives '"version":3' -- note SO-000001 x
}

@test "a correction that is undone leaves what it had corrected" {
    create
    daybook ship SO-000001 --on 2026-01-09 --carrier SF
    daybook correct SO-000001 7 --reason typo --on 2026-01-08 --carrier DHL
    gives '"status":"shipped"' '"shipped_on":"2026-01-09"' '"version":6' -- undo SO-000001 --reason 'it was right'
    daybook --format csv blame SO-000001 | grep -q '^carrier,SF,'
    daybook verify >/dev/null
}

@test "for people: one line, in both languages; for programs: CSV" {
    create
    [ "$(daybook ship SO-000001)" = 'SO-000001: shipment recorded (pending -> shipped)' ]
    [ "$(daybook --lang zh deliver SO-000001)" = 'SO-000001：已记录送达（已发货 → 已送达）' ]
    [ "$(daybook note SO-000001 x)" = 'SO-000001: noted (delivered)' ]
    [ "$(daybook --format csv note SO-000001 x | tail -n 1 | tr -d '\r')" = 'SO-000001,delivered,5,10' ]
}

@test "two who undo at once: each takes back one entry" {
    local i
    create
    for i in 1 2 3 4 5 6; do
        daybook note SO-000001 "$i"
    done
    for i in 1 2 3 4; do
        daybook undo SO-000001 >"$BATS_TEST_TMPDIR/undo.$i" 2>&1 &
    done
    wait
    gives '"notes":[{"text":"1"' '{"text":"2"' '{"text":"x"' '"version":12' -- note SO-000001 x
}

@test "priority: urgent or normal, while the order is open; undone like anything else" {
    create
    gives '"priority":"urgent"' '"status":"pending"' -- priority SO-000001 urgent --reason 'line is down'
    [[ $(daybook --format csv history SO-000001 | tail -n 2) == *priority,,urgent*reason,,'line is down'* ]]
    gives '"priority":"normal"' -- priority SO-000001 normal
    gives '"priority":"urgent"' -- undo SO-000001
    refuse 2 usage priority SO-000001 high
    daybook deliver SO-000001 >/dev/null
    refuse 1 status-forbids priority SO-000001 normal
}
