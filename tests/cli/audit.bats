#!/usr/bin/env bats
# Who changed what and when: history, blame and audit say exactly what each event changed, as it was known then.

setup() {
    export DAYBOOK_LEDGER=$BATS_TEST_TMPDIR/ledger DAYBOOK_ACTOR=li LC_ALL=C.UTF-8 DAYBOOK_LANG=en TZ=UTC
    daybook init --timezone Asia/Shanghai >/dev/null
    daybook create --customer ACME --item P-1:10pcs:Bolt --ordered 2026-03-02 --expected 2026-03-20 >/dev/null # seq 6
    daybook promise SO-000001 2026-03-25 --reason 'supplier late' --on 2026-03-10 >/dev/null                   # 7
    daybook --actor wang ship SO-000001 --carrier SF --on 2026-03-24 >/dev/null                                # 8, 9
}

daybook() {
    "$DAYBOOK" "$@"
}

# What python says of the entries `e`, one a line of the command's JSON lines.
holds() {
    local expression=$1
    shift
    daybook --format jsonl "$@" >"$BATS_TEST_TMPDIR/lines"
    python3 - "$expression" "$BATS_TEST_TMPDIR/lines" <<'END'
import json, sys
e = [json.loads(line) for line in open(sys.argv[2])]
def changes(entry):
    return {c["field"]: (c["from"], c["to"]) for c in entry["changes"]}
if not eval(sys.argv[1]):
    sys.exit(f"{sys.argv[1]}: {json.dumps(e, ensure_ascii=False)[:2000]}")
END
}

@test "history: every event with who, how known, both times, from and to" {
    holds '[(x["seq"], x["version"], x["type"], x["actor"], x["occurred_on"]) for x in e] == [
        (6, 1, "order.created", "li", "2026-03-02"), (7, 2, "order.promise-changed", "li", "2026-03-10"),
        (9, 3, "order.shipped", "wang", "2026-03-24")]' history SO-000001
    holds 'all("@" in x["via"] and x["recorded_at"].endswith("Z") and x["order_no"] == "SO-000001" for x in e)' history SO-000001
    holds 'changes(e[0]) == {"status": (None, "pending"), "customer": (None, "ACME"), "ordered_on": (None, "2026-03-02"),
        "expected_on": (None, "2026-03-20"), "first_expected_on": (None, "2026-03-20"), "items.1.code": (None, "P-1"),
        "items.1.quantity": (None, "10"), "items.1.unit": (None, "pcs"), "items.1.shipped": (None, "0"),
        "items.1.delivered": (None, "0")}' history SO-000001
    holds 'changes(e[1]) == {"expected_on": ("2026-03-20", "2026-03-25")} and e[1]["data"]["reason"] == "supplier late"' history SO-000001
    holds 'changes(e[2]) == {"status": ("pending", "shipped"), "shipped_on": (None, "2026-03-24"), "carrier": (None, "SF"),
        "items.1.shipped": ("0", "10")}' history SO-000001
}

@test "a void changes back what it takes back; both events say so" {
    daybook --actor wang undo SO-000001 --reason 'wrong order' >/dev/null
    holds 'e[3]["type"] == "order.event-voided" and e[3]["occurred_on"] is None and e[3]["data"]["target"] == 9' history SO-000001
    holds 'changes(e[3]) == {"status": ("shipped", "pending"), "shipped_on": ("2026-03-24", None), "carrier": ("SF", None),
        "items.1.shipped": ("10", "0")}' history SO-000001
    holds '[x["voided_by"] for x in e] == [None, None, 10, None]' history SO-000001
    daybook history SO-000001 >"$BATS_TEST_TMPDIR/screen"
    grep -q '(taken back by event 10)' "$BATS_TEST_TMPDIR/screen"
    grep -q 'takes back event 9' "$BATS_TEST_TMPDIR/screen"
    grep -q 'reason: → wrong order' "$BATS_TEST_TMPDIR/screen"
}

@test "a correction shows the mistake as it was believed, and the truth after it" {
    daybook deliver SO-000001 --on 2026-03-28 >/dev/null # 10
    daybook correct SO-000001 9 --on 2026-03-23 --reason typo >/dev/null
    holds '[x["seq"] for x in e] == [6, 7, 9, 10, 11, 12]' history SO-000001
    holds 'changes(e[5])["shipped_on"] == (None, "2026-03-23") and "status" not in changes(e[5])' history SO-000001
    holds 'e[-1]["shipped_on"] == "2026-03-23" and e[-1]["status"] == "delivered"' show SO-000001
    holds 'e[-1]["shipped_on"] == "2026-03-24"' show SO-000001 --as-of 10
    [ "$(daybook --format csv history SO-000001 --as-of 9 | grep -c order.shipped)" -eq 4 ]
}

@test "names are those of the time: a later rename does not rewrite history" {
    daybook rename customer ACME 'ACME Ltd' >/dev/null
    daybook rename product P-1 P-100 >/dev/null
    holds 'changes(e[0])["customer"] == (None, "ACME") and changes(e[0])["items.1.code"] == (None, "P-1")' history SO-000001
    holds 'e[0]["customer"] == "ACME Ltd" and e[0]["items"][0]["code"] == "P-100"' show SO-000001
    holds 'changes(e[0]) == {"name": ("ACME", "ACME Ltd")} and e[0]["order_no"] is None and e[0]["version"] is None' \
        audit --type customer.renamed
    daybook log --from 6 --to 6 | grep -q '"customer":"ACME"'
    [ "$(daybook --format jsonl audit --customer 'ACME Ltd' | wc -l)" -eq 5 ]
}

@test "blame: each field, with the event that set it" {
    [ "$(daybook --format csv blame SO-000001 | cut -d, -f1-6 | sed 1d | grep -E '^(status|expected_on|carrier|customer),')" = \
        "status,shipped,9,order.shipped,wang,2026-03-24
customer,ACME,6,order.created,li,2026-03-02
expected_on,2026-03-25,7,order.promise-changed,li,2026-03-10
carrier,SF,9,order.shipped,wang,2026-03-24" ]
    daybook --actor wang undo SO-000001 >/dev/null
    daybook --format csv blame SO-000001 | grep -q '^status,pending,6,'
    [ "$(daybook --format csv blame SO-000001 | grep -c '^carrier,')" -eq 0 ]
}

@test "audit: by person, order, type, field, time, the latest few" {
    daybook create --customer Beta --item P-2:1 >/dev/null
    holds '[x["seq"] for x in e] == list(range(1, 13))' audit
    holds '{x["actor"] for x in e} == {"wang"} and [x["type"] for x in e] == ["actor.registered", "order.shipped"]' audit --actor wang
    holds '[x["seq"] for x in e] == [6, 7, 9]' audit --order SO-000001
    holds '[x["seq"] for x in e] == [9]' audit --type order.shipped
    holds '[x["seq"] for x in e] == [6, 7]' audit --field expected_on
    holds '[x["seq"] for x in e] == [6, 9, 12]' audit --field status
    holds '[x["seq"] for x in e] == [11, 12]' audit --limit 2
    holds '[x["seq"] for x in e] == [7, 8, 9]' audit --since 7 --until 9
    holds 'len(e) == 12' audit --since today --until today
    holds 'e == []' audit --until yesterday
    [ "$(daybook audit --until yesterday)" = '(no events)' ]
    holds 'e == []' audit --limit 0
    run daybook audit --actor nobody
    [ "$status" -eq 1 ]
    run daybook audit --type order.eaten
    [ "$status" -eq 2 ]
}

@test "in Chinese: events and fields have their names" {
    daybook --lang zh history SO-000001 >"$BATS_TEST_TMPDIR/screen"
    grep -q '更改交期' "$BATS_TEST_TMPDIR/screen"
    grep -q '承诺交期：2026-03-20 → 2026-03-25' "$BATS_TEST_TMPDIR/screen"
    grep -q '第1行 数量：→ 10' "$BATS_TEST_TMPDIR/screen"
}

@test "today and list: what needs a person" {
    daybook create --customer Due --item P-1:1 --expected +2 >/dev/null
    daybook create --customer Late --item P-1:1 --ordered 2026-01-01 --expected 2026-01-05 >/dev/null
    daybook --format json today | python3 -c '
import json, sys
t = json.load(sys.stdin)
names = lambda k: [o["customer"] for o in t[k]]
assert names("overdue") == ["Late", "ACME"] and names("due_this_week") == ["Due"], t
assert names("promises_moved") == ["ACME"] and len(t["stuck"]) == 3 and len(t["new"]) == 3, t'
    [ "$(daybook --format csv today | cut -d, -f1 | sed 1d | sort | uniq -c | tr -s ' \n' ' ')" = \
        ' 1 due_this_week 3 new 2 overdue 1 promises_moved 3 stuck ' ]
    [ "$(daybook --format csv list --overdue | sed 1d | wc -l)" -eq 2 ]
    [ "$(daybook --format csv list --due-within 3 | cut -d, -f2 | sed 1d)" = Due ]
    [ "$(daybook --format csv list --search bolt --sort expected_on | cut -d, -f1 | sed 1d | tr '\n' ' ')" = \
        'SO-000003 SO-000001 SO-000002 ' ]
    [ "$(daybook --format json list --limit 1 | python3 -c 'import json, sys; a = json.load(sys.stdin); print(len(a["orders"]), a["total"])')" = '1 3' ]
    daybook show SO-000001 --for-customer | grep -q 'Order SO-000001: shipped'
}
