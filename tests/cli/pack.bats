#!/usr/bin/env bats
# What an auditor is given: complete, the same each time, and to be checked without Daybook; anything altered is found.

# A ledger of three times: seqs 1 to 15 were recorded before 2024, then the first half of 2024, then July.
setup() {
    export LC_ALL=C.UTF-8 DAYBOOK_LANG=en TZ=UTC DAYBOOK_ACTOR=li.lei DAYBOOK_LEDGER=$BATS_TEST_TMPDIR/now
    local tests=$BATS_TEST_DIRNAME
    cd "$BATS_TEST_TMPDIR"
    daybook init --timezone Asia/Shanghai >/dev/null
    daybook create --customer ACME --item P-1:10pcs:Bolt --item P-2:0.5kg --ordered 2023-12-01 --number A-1 >/dev/null  # 4-7
    daybook create --customer ACME --item P-1:3pcs --ordered 2023-12-02 --number A-2 >/dev/null                         # 8
    before=$(last_seq)
    daybook ship A-1 --on 2024-01-15 >/dev/null
    daybook create --customer '=cmd|calc' --item P-1:7pcs --ordered 2024-02-01 --number ../../x >/dev/null
    daybook create --customer 王小明 --item P-3:1.25 --ordered 2024-02-02 --number 订单-7 --note '他说"好", 很好' >/dev/null
    daybook create --customer ACME --item P-1:1pcs --ordered 2024-02-03 --number "'=cmd" >/dev/null
    daybook create --customer ACME --item P-1:1pcs --ordered 2024-02-03 --number =cmd >/dev/null
    daybook undo =cmd --reason 'entered twice' >/dev/null
    daybook cancel A-2 --reason "no money" --on 2024-06-30 >/dev/null
    end=$(last_seq)
    daybook deliver A-1 --on 2024-06-29 >/dev/null
    daybook create --customer ACME --item P-1:1pcs --ordered 2024-07-01 --number A-9 >/dev/null
    daybook log | python3 "$tests/shift_log.py" 1=2023-12-31T15:59:00.000000Z "$((before + 1))=2023-12-31T16:00:00.000000Z" \
        "$((end + 1))=2024-06-30T16:00:00.000000Z" >shifted
    export DAYBOOK_LEDGER=$BATS_TEST_TMPDIR/ledger
    daybook init >/dev/null
    daybook load shifted >/dev/null
}

daybook() {
    "$DAYBOOK" "$@"
}

last_seq() {
    daybook log | tail -n 1 | python3 -c 'import json, sys; print(int(json.load(sys.stdin)["sequence"]))'
}

make_pack() {
    daybook audit-pack --since 2024-01-01 --until 2024-06-30 "$@" >/dev/null
}

# check.py ends with the status and, in its last line, with the text.
checked() {
    local status_wanted=$1 text=$2
    shift 2
    run python3 pack/check.py "$@"
    [ "$status" -eq "$status_wanted" ] && [[ "${lines[-1]}" == *"$text"* ]] || {
        echo "$output"
        return 1
    }
}

@test "two packs are the same, but for the date of making" {
    make_pack --sample 3 --seed 7 pack
    make_pack --sample 3 --seed 7 again/
    run diff -rq pack again
    [ "$output" = 'Files pack/made.txt and again/made.txt differ' ]
    (cd pack && sha256sum --quiet -c SHA256SUMS)
    [ "$(cd pack && find . -type f | grep -vc -e made.txt -e SHA256SUMS)" -eq "$(wc -l <pack/SHA256SUMS)" ]
    [ -z "$(ls -A | grep '^\.audit')" ]
}

@test "what is in it is what the ledger says" {
    make_pack --sample 3 --seed 7 pack
    daybook --format csv audit --since 2024-01-01 --until 2024-06-30 | cmp - pack/changes.csv
    daybook log --from $((before + 1)) --to "$end" >period
    daybook --format json list --as-of "$end" >orders
    python3 - "$end" <<'END'
import csv, collections, decimal, json, sys
def table(name):
    return list(csv.DictReader(open("pack/" + name, encoding="utf-8-sig", newline="")))
said = {(r["file"], r["figure"], r["of"]): r["total"] for r in table("control-totals.csv")}
log = [json.loads(line) for line in open("period")]
events = table("events.csv")
assert [(e["seq"], e["type"], e["actor"], e["recorded_at"]) for e in events] == \
    [(str(int(l["sequence"])), l["type"], l["actor"], l["recordedtime"]) for l in log]
assert [l["stored"] for l in log] == open("pack/stored-events.txt").read().split()
assert int(said["events.csv", "rows", ""]) == len(log) and int(said["events.csv", "largest seq", ""]) == int(sys.argv[1])
for name, count in collections.Counter(l["type"] for l in log).items():
    assert int(said["events.csv", "rows of type", name]) == count
# Every order of the log's lines, taken back or not; the state of those that are there.
touched = {l["subject"][len("order/"):] for l in log if l["subject"].startswith("order/")}
unguarded = {"'=cmd": "=cmd", "''=cmd": "'=cmd", "'=cmd|calc": "=cmd|calc"}
orders = {unguarded.get(o["order_no"], o["order_no"]): o for o in table("orders.csv")}
assert set(orders) == touched == {"A-1", "A-2", "../../x", "订单-7", "=cmd", "'=cmd"}
known = {o["order_no"]: o for o in json.load(open("orders"))["orders"]}
sums, statuses = collections.defaultdict(decimal.Decimal), collections.Counter()
for number in touched:
    row, order = orders[number], known.get(number)
    assert row["status"] == (order["status"] if order else "taken-back")
    statuses[row["status"]] += 1
    if order:
        assert unguarded.get(row["customer"], row["customer"]) == order["customer"]
        assert int(row["lines"]) == len(order["items"]) and (row["shipped_on"] or None) == order["shipped_on"]
    for item in order["items"] if order else []:
        sums[item["unit"] or ""] += decimal.Decimal(item["quantity"])
assert statuses == {"shipped": 1, "cancelled": 1, "taken-back": 1, "pending": 3}, statuses
for status, count in statuses.items():
    assert int(said["orders.csv", "rows of status", status]) == count
assert dict(sums) == {"pcs": 21, "kg": decimal.Decimal("0.5"), "": decimal.Decimal("1.25")}, sums
for unit, total in sums.items():
    assert decimal.Decimal(said["order-lines.csv", "sum of quantity", unit]) == total
assert [orders["A-1"][c] for c in ("events_before", "events_in_period", "events_after")] == ["1", "1", "1"]
# Cut-off: the delivery of 29 June was recorded in July.
assert [(r["type"], r["order_no"], r["recorded_local"]) for r in table("recorded-later.csv")] == \
    [("order.delivered", "A-1", "2024-07-01 00:00:00")]
assert events[0]["recorded_local"] == "2024-01-01 00:00:00"
END
}

@test "the sample can be drawn again, as the README says and without it" {
    make_pack --sample 3 --seed 'Müller 7' pack
    python3 - >drawn <<'END'
import hashlib
orders = ["A-1", "A-2", "../../x", "订单-7", "=cmd", "'=cmd"]
for rank, number in sorted((hashlib.sha256(b"M\xc3\xbcller 7:" + o.encode()).hexdigest(), o) for o in orders)[:3]:
    print(rank, number)
END
    # Columns 3 and 2 of sample.csv, the guard of a formula taken off.
    tail -n +2 pack/sample.csv | tr -d '\r' | awk -F, "{ sub(/^'/, \"\", \$2); print \$3, \$2 }" | diff drawn -
    sed -n '/^  import csv/,/^  print/p' pack/README.txt | cut -c3- >snippet.py
    (cd pack && python3 ../snippet.py) | python3 -c '
import ast, re, sys
for line in sys.stdin:
    rank, number = ast.literal_eval(line)
    print(rank, re.sub("^\x27(\x27*=)", r"\1", number))' | diff drawn -
    (cd pack && [ "$(sed -n "s/^  \(printf %s.*sha256sum\)$/\1/p" README.txt | sed 's/ORDER-NUMBER/A-1/' | bash | cut -c1-64)" = \
        "$(grep ^A-1, orders.csv | tr -d '\r' | sed 's/.*,//')" ])
    # More than there are: all of them.
    make_pack --sample 100 --seed 7 all
    [ "$(ls all/sample | wc -l)" -eq 6 ]
}

@test "folders of the sample stay in the pack, whatever an order is called" {
    make_pack --sample 6 --seed 7 pack
    ls pack/sample | sort >names
    [ "$(cut -c1-4 names | tr -d '\n')" = '001-002-003-004-005-006-' ]
    ! cut -c5- names | grep '[^A-Za-z0-9_-]'
    grep -q ______x names
    [ ! -e x ] && [ ! -e "$BATS_TEST_TMPDIR/../x" ]
    for folder in pack/sample/*; do
        number=$(tail -n +2 pack/sample.csv | tr -d '\r' | awk -F, -v folder="${folder#pack/}" "\$4 == folder { sub(/^'/, \"\", \$2); print \$2 }")
        daybook history "$number" | cmp - "$folder/history.txt"
        daybook --format csv history "$number" | cmp - "$folder/history.csv"
    done
}

@test "check.py holds; with the key from elsewhere, with an earlier checkpoint" {
    make_pack --sample 3 --seed 7 pack
    checked 0 'Everything that was checked holds.' --key "$(cat ledger/checkpoint.pub)"
    [[ "${lines[-2]}" == 'NOT CHECKED: recorded_local, '* ]]
    # Under the key of the pack alone nothing is vouched for.
    checked 0 "It holds under the key that came with the pack, which can be anybody's"
    [ ! -e pack/__pycache__ ]
    # A checkpoint from inside the period, as somebody may have kept it.
    (cd pack && python3 - >../earlier.txt <<'END'
import base64, json, sys
sys.dont_write_bytecode = True
from verify import Tree
tree, before = Tree(), json.load(open("basis.json"))["before"]
tree.size, tree.stack = before["size"], [bytes.fromhex(node) for node in before["subtrees"]]
for line in open("stored-events.txt"):
    tree.append(base64.b64decode(line))
    if tree.size == before["size"] + 4:
        print(f"{json.load(open('basis.json'))['origin']}\n{tree.size}\n{base64.b64encode(tree.root()).decode()}\n\n", end="")
END
    )
    checked 1 'not signed by the key' --checkpoint earlier.txt
    cp pack/checkpoint.txt pack.txt
    checked 1 'outside the period' --checkpoint pack.txt
    # Another ledger's key.
    checked 1 'not signed by the key' --key 'daybook.example/test+dc12ec4c+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4'
}

@test "the proofs are those that check-proof checks, without a ledger" {
    local key file
    make_pack --sample 3 --seed 7 pack
    key=$(daybook key show)
    [ "$key" = "$(cat pack/checkpoint.pub)" ]
    for file in pack/before-first.txt pack/after-last.txt pack/consistency.txt pack/sample/*/proof.json; do
        daybook --ledger nowhere check-proof "$file" --key "$key" >/dev/null
    done
    make_pack --sample 6 --seed 7 all
    daybook --format json prove order A-1 | cmp - all/sample/*A-1/proof.json
    daybook prove --consistency "$end" | cmp - pack/consistency.txt
    daybook prove "$before" | cmp - pack/before-first.txt
    daybook verify --checkpoint pack/checkpoint.txt >/dev/null
}

@test "whatever is changed in a pack is found, even with checksums made anew" {
    make_pack --sample 6 --seed 7 original
    # Each line: what is wrong then, a file, and an edit of its lines `l` (stored events e, documents j).
    while IFS='|' read -r wrong file edit; do
        rm -rf pack && cp -r original pack
        (cd pack && python3 - "$file" "$edit" <<'END'
import base64, glob, hashlib, json, sys
name = sorted(glob.glob(sys.argv[1]))[0]
l = open(name, encoding="utf-8", newline="").read().split("\n")
j = json.loads("\n".join(l)) if name.endswith(".json") else None
def flip(line):
    data = bytearray(base64.b64decode(line))
    data[-1] ^= 1
    return base64.b64encode(data).decode()
exec(sys.argv[2])
text = json.dumps(j) if j else "\n".join(l)
assert text != open(name, encoding="utf-8", newline="").read()
open(name, "w", encoding="utf-8", newline="").write(text)
names = [line.split("  ", 1)[1].rstrip("\n") for line in open("SHA256SUMS")]
open("SHA256SUMS", "w").writelines(f"{hashlib.sha256(open(n, 'rb').read()).hexdigest()}  {n}\n" for n in names)
END
        )
        checked 1 "$wrong" || {
            echo "$file: $edit"
            return 1
        }
    done <<'END'
not those of the signed ledger|stored-events.txt|l[3] = flip(l[3])
equally many events|stored-events.txt|del l[-2]
does not say of event|events.csv|del l[2]
does not say of event|events.csv|l[2] = l[2].replace("2023-12-31T16", "2023-12-31T17")
does not say of event|events.csv|l[1] = l[1].replace("2024-01-15", "2024-01-14")
is of another order|events.csv|i = [k for k, x in enumerate(l) if ",A-2," in x][0]; l[i] = l[i].replace(",A-2,", ",A-3,"); l[1] = l[1].replace(",A-1,", ",,")
created order 订单-7, and not 订单-8|events.csv|l = [x.replace("订单-7", "订单-8") for x in l]
The type of event|events.csv|l[1] = l[1].replace("order.shipped", "product.registered")
The type of event|events.csv|l[2:] = [x.replace("order.created", "order.shipped") if ",A-9," not in x and "=cmd" in x else x for x in l[2:]]
orders.csv and events.csv do not agree|orders.csv|l[1] = l[1].replace("A-1,", "A-3,")
orders are missing in orders.csv|orders.csv|del l[1]
The rank of order A-1 is not|orders.csv|l[1] = l[1][:-2] + ("0" if l[1][-2] != "0" else "1") + l[1][-1:]
sum of quantity|order-lines.csv|l[1] = l[1].replace(",10,", ",11,")
rows of type|control-totals.csv|l = [x.replace("order.created,4", "order.created,3") for x in l]
is not the sample|sample.csv|l[1], l[2] = l[2], l[1]
of this checkpoint|checkpoint.txt|l[1] = str(int(l[1]) - 1)
is not the proof that it should be|consistency.txt|l[0] = "old 3"
not those of the signed ledger|consistency.txt|l[1] = flip(l[1])
not in the ledger|before-first.txt|l[1] = "extra " + flip(l[1][6:])
not of the period|basis.json|j["begins_at"] = "2024-02-01T00:00:00.000000Z"
belongs to the period|basis.json|j["begins_at"] = "2023-12-01T00:00:00.000000Z"
not those of the signed ledger|basis.json|j["before"]["subtrees"][0] = "00" + j["before"]["subtrees"][0][2:]
not in the ledger|sample/*/proof.json|j["events"][0]["event"] = flip(j["events"][0]["event"])
not in the ledger|sample/*/proof.json|j["events"][0]["leaf_index"] += 1
not in the ledger|sample/*A-1/proof.json|j["events"][0]["leaf_index"] += 32
a hash that is none|sample/*A-1/proof.json|j["events"][0]["hashes"][0] = "AAAA"
other events than the proof|sample/*A-1/proof.json|del j["events"][2]
does not follow|sample/*A-1/proof.json|del j["events"][1]
does not follow|sample/*A-1/proof.json|del j["events"][0]
over another checkpoint|sample/*/proof.json|j["checkpoint"] = j["checkpoint"].replace("21", "20", 1)
does not say of event|sample/*A-1/history.csv|l = [x.replace("2024-06-29", "2024-07-01") for x in l]
did not change these fields|sample/*A-1/history.csv|del l[2]
does not say of event|sample/*A-1/history.txt|del l[-4:]
does not say of event|sample/*A-1/history.txt|l = [x.replace("ACME", "Acne") for x in l]
does not say of event|sample/*A-1/history.txt|l = [x.replace("li.lei", "cfo") for x in l]
does not say of event|events.csv|l[2] = l[2].replace("li.lei", "cfo", 1)
is not what event|personal-values.csv|l[1] = l[1][:-2] + "x" + l[1][-1:]
values that no event here holds|personal-values.csv|l.insert(1, l[1].replace(l[1].split(",")[0], "1", 1))
is missing|other-events.csv|del l[1]
not in the ledger|other-events.csv|i = l[1].split(","); i[1] = flip(i[1]); l[1] = ",".join(i)
events say something else|orders.csv|l[1] = l[1].replace("2023-12-01", "2023-12-02", 1)
other events than the proof|sample/*A-2/history.csv|l.insert(3, l[1].replace("8,", "9,", 1))
END
}

# What somebody would change who has something to hide: the same everywhere it is shown, with checksums made anew.
@test "a customer, a login, a promise and a reason that are changed in every table and history are found" {
    daybook promise A-9 2024-07-20 --reason 'no steel' >/dev/null
    daybook promise A-9 2024-08-20 --reason 'no coal' >/dev/null
    daybook cancel A-9 --reason 'given up' >/dev/null
    daybook audit-pack --since 2024-07-01 --until today --sample 6 --seed 7 original >/dev/null
    while IFS='|' read -r wrong files from to; do
        rm -rf pack && cp -r original pack
        (cd pack && grep -q -e "$from" $files && sed -i "s/$from/$to/g" $files &&
            find . -type f ! -name SHA256SUMS ! -name made.txt | sed 's/^..//' | sort | xargs sha256sum >../sums && mv ../sums SHA256SUMS)
        checked 1 "$wrong" --key "$(cat ledger/checkpoint.pub)" || {
            echo "$files: $from"
            return 1
        }
    done <<END
orders.csv: the events say something else of A-|orders.csv|,ACME,|,Globex,
events.csv does not say of event|events.csv changes.csv|$(id -un)@$(uname -n)|cfo@bank
changes.csv: event|orders.csv changes.csv sample/*A-9/history.txt sample/*A-9/history.csv|2024-07-20|2024-07-10
changes.csv: event|orders.csv changes.csv sample/*A-9/history.txt sample/*A-9/history.csv|given up|their wish
is not what event|personal-values.csv changes.csv sample/*A-9/history.txt sample/*A-9/history.csv|given up|their wish
END
}

@test "the rules of an order are the same in Python: what is taken back, replaced, renamed, merged, forgotten" {
    local seq
    daybook create --customer Merge --item P-1:10pcs --item P-2:0.5kg --number R-1 --expected 2024-02-01 --note $'two\nlines: x' >/dev/null
    daybook ship R-1 --item P-1:4 --carrier DHL --tracking 1 >/dev/null && daybook ship R-1 >/dev/null
    daybook deliver R-1 --item P-2:0.5 >/dev/null && daybook deliver R-1 >/dev/null
    daybook reopen R-1 --reason again >/dev/null && daybook undo R-1 --reason no >/dev/null
    daybook return R-1 --reason back >/dev/null && daybook reopen R-1 >/dev/null
    daybook create --customer Gone --item P-1:3pcs --number R-2 >/dev/null
    daybook hold R-2 --reason wait >/dev/null && daybook resume R-2 >/dev/null && daybook start R-2 >/dev/null
    daybook amend R-2 --ref X --item P-1:7 --item P-9:1.25 >/dev/null && daybook amend R-2 --item P-9:0 >/dev/null
    daybook promise R-2 2025-02-02 >/dev/null && daybook promise R-2 2025-02-03 >/dev/null
    seq=$(daybook --format csv audit --type order.promise-changed | tail -n 1 | cut -d, -f1)
    daybook correct R-2 "$seq" --expected 2025-02-05 --reason typo >/dev/null
    daybook priority R-2 urgent >/dev/null
    daybook rename product P-1 P-1b >/dev/null && daybook rename customer ACME Acme2 >/dev/null
    daybook merge customer Merge Acme2 >/dev/null && daybook forget customer Gone --reason 'Art. 17' >/dev/null
    daybook audit-pack --since 2024-01-01 --until today --sample 9 --seed 7 pack >/dev/null
    checked 0 'Everything that was checked holds.' --key "$(cat ledger/checkpoint.pub)"
    rm -r pack
    daybook audit-pack --since today --until today --sample 9 --seed 7 pack >/dev/null
    checked 0 'Everything that was checked holds.' --key "$(cat ledger/checkpoint.pub)"
}

@test "a file that is another, or missing, or one more" {
    make_pack pack
    echo mine >pack/notes.txt
    checked 0 'It holds under the key that came with the pack'
    [[ "$output" == *"not of this pack, not checked: notes.txt"* ]]
    sed -i 's/DAYBOOK/daybook/' pack/README.txt
    checked 1 'README.txt is not the file that was put here.'
    rm pack/README.txt
    checked 1 README.txt
}

@test "what leaves out the period's first or last event is found by its neighbours" {
    make_pack original
    # The keeper narrows the period: as if it had begun with its second event.
    daybook audit-pack --since 2024-06-01 --until 2024-06-30 pack >/dev/null
    cp original/basis.json . && (cd pack && python3 - <<'END'
import hashlib, json
j, whole = json.load(open("basis.json")), json.load(open("../basis.json"))
j["begins_at"] = whole["begins_at"]
json.dump(j, open("basis.json", "w"))
names = [line.split("  ", 1)[1].rstrip("\n") for line in open("SHA256SUMS")]
open("SHA256SUMS", "w").writelines(f"{hashlib.sha256(open(n, 'rb').read()).hexdigest()}  {n}\n" for n in names)
END
    )
    checked 1 'before-first.txt: the event belongs to the period.'
}

@test "a period without events, a ledger without events, a period that is not over" {
    run daybook audit-pack --since 2024-07-02 --until 2024-07-03 --sample 2 --seed 7 pack
    [[ "${lines[1]}" == 'Nothing was recorded in this period'* ]] && [ "${#lines[@]}" -eq 2 ]
    checked 0 'It holds under the key that came with the pack'
    grep -q 'nothing was recorded in it' pack/README.txt
    [ "$(cat pack/stored-events.txt | wc -c)" -eq 0 ] && [ -z "$(ls pack/sample)" ]
    daybook --ledger empty init >/dev/null
    rm -r pack
    run daybook --ledger empty audit-pack --since 2024-01-01 --until +1 pack
    [[ "${lines[2]}" == 'The period is not over yet'* ]]
    checked 0 'It holds under the key that came with the pack'
    grep -q 'The period was not over then' pack/made.txt
}

@test "an imported event is traced to its file and row" {
    printf 'Order No,Customer,Item No,Qty\nT-1,ACME,P-1,4\nT-2,ACME,P-1,5\n' >table.csv
    daybook import table.csv >/dev/null
    daybook audit-pack --since today --until today --sample 1 --seed 7 pack
    python3 - "$(sha256sum table.csv | cut -c1-64)" <<'END'
import csv, sys
rows = list(csv.DictReader(open("pack/events.csv", encoding="utf-8-sig", newline="")))
assert [(r["source"], r["source_row"]) for r in rows if r["order_no"] == "T-2"] == [("table.csv", "3")]
source = [r["seq"] for r in rows if r["type"] == "source.registered"]
changes = csv.DictReader(open("pack/changes.csv", encoding="utf-8-sig", newline=""))
assert [r["to"] for r in changes if r["seq"] in source and r["field"] == "identity"] == [sys.argv[1]]
END
    checked 0 'It holds under the key that came with the pack'
}

@test "who was forgotten is in no file; the evidence is the same" {
    make_pack --sample 6 --seed 7 known
    grep -rq 王小明 known && grep -rq 很好 known
    daybook forget customer 王小明 --reason 'Art. 17' >/dev/null
    note=$(daybook --format csv audit --type order.note-added | grep 订单-7 | head -n 1 | cut -d, -f1)
    daybook forget note "$note" --reason 'Art. 17' >/dev/null
    make_pack --sample 6 --seed 7 pack
    ! grep -rq -e 王小明 -e 很好 pack
    grep -q '^订单-7,pending,customer/[0-9]*,' pack/orders.csv
    cmp known/stored-events.txt pack/stored-events.txt
    cmp known/order-lines.csv pack/order-lines.csv
    checked 0 'It holds under the key that came with the pack'
}

@test "a maker that is killed leaves no folder of that name, and its remains go with the next one" {
    for ((i = 0; i < 8; i++)); do
        rm -rf pack
        timeout -s KILL "0.0$((i * 2))" "$DAYBOOK" audit-pack --since 2024-01-01 --until 2024-06-30 --sample 6 --seed 7 pack || true
        [ ! -e pack ] || (cd pack && sha256sum --quiet -c SHA256SUMS && [ -e made.txt ])
    done
    rm -rf pack
    mkdir .audit-pack-00000000 # of one that was killed
    make_pack pack
    [ -z "$(ls -A | grep '^\.audit')" ]
}

@test "refusals: what is there already, a sample without a seed, dates the wrong way around; nothing is left" {
    mkdir pack && touch pack/mine
    run daybook audit-pack --since 2024-01-01 --until 2024-06-30 pack
    [ "$status" -eq 1 ] && [[ "$output" == *"something in pack already"* ]] && [ "$(ls -A pack)" = mine ]
    for arguments in '--sample 3' '--seed 7' '--sample 0 --seed 7' "--sample 3 --seed ''" "--sample 3 --seed it\\'s"; do
        eval "run daybook audit-pack --since 2024-01-01 --until 2024-06-30 $arguments new"
        [ "$status" -eq 2 ] || { echo "$arguments: $status"; return 1; }
    done
    run daybook audit-pack --since 2024-06-30 --until 2024-01-01 new
    [ "$status" -eq 2 ]
    run daybook audit-pack --since 2024-06-30 --until 9999-12-31 new
    [ "$status" -eq 2 ] && [[ "$output" == *"earlier"* ]]
    run daybook audit-pack --since 2024-01-01 --until 2024-06-30 pack/mine
    [ "$status" -eq 1 ]
    run daybook audit-pack --since 2024-01-01 --until 2024-06-30 ledger/new
    [ "$status" -eq 2 ] && [[ "$output" == *"ledger's folder"* ]]
    run daybook audit-pack --since 2024-01-01 --until 2024-06-30 missing/new
    [ "$status" -eq 3 ]
    [ ! -e new ] && [ ! -e ledger/new ] && [ -z "$(ls -A | grep '^\.audit')" ]
    # An empty folder may take it.
    mkdir empty
    make_pack empty && [ -s empty/README.txt ]
}

@test "in Chinese" {
    daybook --lang zh audit-pack --since 2024-01-01 --until 2024-06-30 --sample 2 --seed 种子 pack
    grep -q '^  种子$' pack/README.txt
    grep -q 'printf %s .种子:订单号' pack/README.txt
    ! grep -n '[{}@]' pack/README.txt | grep -v "=+@-\|+ - @"
    checked 0 '在本包自带的公钥下成立'
    checked 0 '所检查的一切均成立。' --key "$(cat ledger/checkpoint.pub)"
    sed -i 's/A-1,/A-3,/' pack/orders.csv
    checked 1 '检查不通过（与应有的不符）：orders.csv'
    make_pack english
    ! grep -n '{[a-z]*}' english/README.txt
}
