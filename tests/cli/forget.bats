#!/usr/bin/env bats
# Forgetting: no byte is left, everything that was proven holds, and the certificate says so.

setup() {
    export DAYBOOK_LEDGER=$BATS_TEST_TMPDIR/ledger DAYBOOK_ACTOR=wang LC_ALL=C.UTF-8 DAYBOOK_LANG=en TZ=UTC
    cd "$BATS_TEST_TMPDIR"
    daybook init --timezone UTC >/dev/null
}

teardown() {
    [ -z "$follower" ] || kill "$follower"
}

daybook() {
    "$DAYBOOK" "$@"
}

# Fails when a file below the folder has the text: as UTF-8, as UTF-16 of either order, or as names are compared.
gone() {
    python3 - "$@" <<'PYTHON'
import os, sys, unicodedata
folder, text = sys.argv[1:]
forms = {form for t in (text, unicodedata.normalize("NFKC", text).casefold())
         for form in (t.encode(), t.encode("utf-16-le"), t.encode("utf-16-be"))}
for base, _, names in os.walk(folder):
    for name in names:
        with open(os.path.join(base, name), "rb") as file:
            data = file.read()
        if any(form in data for form in forms):
            sys.exit(f"{text} is in {os.path.join(base, name)}")
PYTHON
}

there() {
    ! gone "$@" 2>/dev/null
}

# A customer to be forgotten, ordinal 1, with orders of every kind, among others.
orders() {
    local i
    daybook create --customer "$1" --item P-1:5 --ordered 2026-01-05 --expected 2026-01-20 >/dev/null
    daybook ship SO-000001 --on 2026-01-22 >/dev/null
    daybook deliver SO-000001 --on 2026-01-25 >/dev/null
    for i in 1 2 3; do
        daybook create --customer "Other $i" --item P-2:1 --ordered 2026-01-05 --expected 2026-02-01 --note "of $i" >/dev/null
    done
    daybook create --customer "$1" --item P-1:7 --ordered 2026-01-06 --expected 2026-01-21 >/dev/null
}

figures() {
    daybook --format json stats delays | python3 -c 'import json, sys; a = json.load(sys.stdin); a.pop("basis"); print(a)'
}

# The command is refused with that exit status; its messages are in $stderr.
refuse() {
    local wanted=$1 status=0
    shift
    daybook "$@" >stdout 2>stderr || status=$?
    stderr=$(<stderr)
    [ "$status" -eq "$wanted" ] && [ ! -s stdout ]
}

@test "a customer is forgotten: no byte, the same figures, the old checkpoint holds" {
    local name='Ｚyxwvut 赵钱孙李'
    orders "$name"
    daybook list >/dev/null
    daybook history SO-000001 | grep -q "customer: → $name"
    daybook checkpoint >june.txt
    figures >before
    there ledger "$name"
    there ledger 'zyxwvut 赵钱孙李'
    daybook forget customer "$name" --reason 'Art. 17' >certificate
    gone ledger "$name"
    gone ledger 'zyxwvut'
    gone . 赵钱孙李 || [ "$(gone . 赵钱孙李 2>&1)" = "赵钱孙李 is in ./before" ]
    daybook verify --checkpoint june.txt
    figures >after
    cmp before after
    daybook history SO-000001 | grep -q 'customer: → customer/1'
    daybook --format json list --customer customer/1 | grep -q '"customer":"customer/1"'
    daybook --format json stats delays --by customer | grep -q 'customer/1'
    daybook rebuild --all >/dev/null
    gone ledger 赵钱孙李
    daybook verify
}

@test "long names, too" {
    local name
    name=$(printf 'Zyx%05d.' $(seq 2200))
    orders "$name"
    there ledger Zyx00001.Zyx00002
    there ledger Zyx02100.Zyx02101
    daybook forget customer "$name" --reason 'Art. 17' >/dev/null
    gone ledger Zyx00001.Zyx00002
    gone ledger Zyx02100.Zyx02101
    daybook verify
}

@test "a copy by log and load has the same root, and not the name" {
    orders Zyxwvut
    daybook log >early
    daybook forget customer Zyxwvut --reason 'Art. 17' >/dev/null
    daybook log | { ! grep -i zyxwvut; }
    daybook log >late
    daybook --ledger copy init >/dev/null
    daybook --ledger copy load late >/dev/null
    [ "$(daybook --ledger copy checkpoint | sed -n 2,3p)" = "$(daybook checkpoint | sed -n 2,3p)" ]
    gone copy Zyxwvut
    daybook --ledger copy verify
    daybook load early >/dev/null # the lines are known here, and bring nothing back
    gone ledger Zyxwvut
}

@test "a copy that was made before forgets when it hears of it" {
    orders Zyxwvut
    daybook --ledger copy init >/dev/null
    daybook log | daybook --ledger copy load - >/dev/null
    there copy Zyxwvut
    daybook forget customer Zyxwvut --reason 'Art. 17' >/dev/null
    daybook log | daybook --ledger copy load - >/dev/null
    gone copy Zyxwvut
    [ "$(daybook --ledger copy checkpoint | sed -n 2,3p)" = "$(daybook checkpoint | sed -n 2,3p)" ]
    daybook --ledger copy verify
}

@test "who follows the log goes on" {
    orders Zyxwvut
    "$DAYBOOK" log --follow >followed &
    follower=$!
    while [ "$(wc -l <followed)" -lt "$(daybook log | wc -l)" ]; do sleep 0.05; done
    daybook forget customer Zyxwvut --reason 'Art. 17' >/dev/null
    gone ledger Zyxwvut
    daybook note SO-000001 'still here' >/dev/null
    while ! grep -q 'still here' followed; do sleep 0.05; done
    daybook log >now
    [ "$(wc -l <followed)" -eq "$(wc -l <now)" ]
}

@test "the audit trail says who, when and why" {
    orders Zyxwvut
    daybook --actor li.lei forget customer Zyxwvut --reason 'Art. 17' >/dev/null
    daybook --format json audit --type personal-data-erased | python3 -c '
import json, sys
(e,) = json.load(sys.stdin)
assert e["order_no"] is None and e["version"] is None and e["actor"] == "li.lei", e
assert e["data"] == {"kind": "customer", "target": 1, "reason": "Art. 17"}, e
assert e["changes"] == [{"field": "kind", "from": None, "to": "customer"}, {"field": "target", "from": None, "to": "1"}], e'
    daybook audit | grep -q 'reason: → Art. 17'
}

@test "the certificate is a note signed by the ledger's key, and does not say the name" {
    orders Zyxwvut
    daybook checkpoint >before
    daybook forget customer Zyxwvut --reason 'Art. 17' >certificate
    daybook checkpoint >after
    ! grep -i zyxwvut certificate
    grep -qx 'erased customer/1' certificate
    grep -qx 'values 1' certificate
    grep -qx "event $(sed -n 2p after)" certificate
    grep -qx "before $(sed -n 2p before) $(sed -n 3p before)" certificate
    grep -qx "after $(sed -n 2p after) $(sed -n 3p after)" certificate
    cp ledger/checkpoint.pub vkey
    python3 - <<'PYTHON'
import base64, hashlib
name, key_id, key = open("vkey").read().strip().split("+", 2)
key = base64.b64decode(key)
assert key[0] == 1 and hashlib.sha256(name.encode() + b"\n" + key).digest()[:4].hex() == key_id
text, signatures = open("certificate").read().rsplit("\n\n", 1)
dash, signer, signature = signatures.split()
signature = base64.b64decode(signature)
assert (dash, signer, signature[:4].hex()) == ("—", name, key_id)
open("text", "w").write(text + "\n")
open("signature", "wb").write(signature[4:])
der = bytes.fromhex("302a300506032b6570032100") + key[1:]
open("key.pem", "w").write("-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(der).decode() + "\n-----END PUBLIC KEY-----\n")
PYTHON
    openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in text -sigfile signature
    daybook check-proof certificate | grep -q "unchanged: daybook/.* signed it"
    daybook --ledger nowhere check-proof certificate --key "$(<vkey)" >/dev/null
    sed 's/^values 1/values 2/' certificate >bad
    refuse 1 check-proof bad
    head -n 9 certificate >bad && echo >>bad
    refuse 1 check-proof bad
    daybook --ledger other init >/dev/null
    daybook --ledger other key new >other_key 2>/dev/null
    refuse 1 check-proof certificate --key "$(<other_key)"
}

@test "all names of a customer go, and those of customers merged into it" {
    daybook create --customer 'Zyx One' --item P-1:1 >/dev/null
    daybook rename customer 'Zyx One' 'Zyx Two' >/dev/null
    daybook create --customer 'Zyx Three' --item P-1:1 >/dev/null
    daybook merge customer 'Zyx Three' 'Zyx Two' >/dev/null
    daybook forget customer 'zyx three' --reason gone --format json | grep -q '"values": 3'
    gone ledger Zyx
    daybook show SO-000002 | grep -q customer/1
    daybook verify
}

@test "an actor is forgotten with the vias that bear its name" {
    daybook --actor zyxwvut create --customer ACME --item P-1:1 >/dev/null
    daybook log | sed 's/"actor":"zyxwvut"/"actor":"x"/' >/dev/null
    daybook forget actor zyxwvut --reason left >/dev/null
    gone ledger zyxwvut
    daybook --format json history SO-000001 | grep -q '"actor": *"actor/'
    daybook --actor zyxwvut note SO-000001 'back again' >/dev/null
    daybook --format json audit --actor zyxwvut | grep -q 'note-added'
    daybook verify
}

@test "a note is forgotten with what it was corrected from and to" {
    daybook create --customer ACME --item P-1:1 >/dev/null
    daybook note SO-000001 'call 555-0199-zyx' >/dev/null
    seq=$(daybook --format json audit --type order.note-added | python3 -c 'import json, sys; print(json.load(sys.stdin)[-1]["seq"])')
    daybook correct SO-000001 "$seq" --text 'call 555-0188-zyx' --reason typo >/dev/null
    there ledger 555-0199
    there ledger 555-0188
    daybook forget note "$seq" --reason 'a private number' >/dev/null
    gone ledger 555-0199
    gone ledger 555-0188
    daybook show SO-000001 | grep -q '(erased)'
    daybook history SO-000001 | grep -q ': → (erased)$'
    daybook --format json history SO-000001 | { ! grep -q erased; } # null, as nothing is there
    daybook verify
}

@test "what still says the name is told, by seq" {
    orders Zyxwvut
    daybook note SO-000002 'as zyxwvut wanted' >/dev/null
    daybook field add badge --kind text --public >/dev/null
    daybook create --customer Other --item P-1:1 --field badge=Zyxwvut >/dev/null
    daybook forget customer Zyxwvut --reason 'Art. 17' --format json >answer
    python3 - <<'PYTHON'
import json
a = json.load(open("answer"))
assert a["mention_count"] == 1 and len(a["mentions"]) == 1, a
assert a["public_count"] == 1 and len(a["public"]) == 1, a
open("seq", "w").write(str(a["mentions"][0]))
PYTHON
    daybook forget note "$(<seq)" --reason 'Art. 17' 2>notes
    daybook show SO-000002 | grep -q '(erased)'
    daybook log | grep -qi zyxwvut # the public field
}

@test "where it still stands is told with the command that erases it, whatever it stands in" {
    orders Zyxwvut
    daybook note SO-000002 'as zyxwvut wanted' >/dev/null
    daybook forget customer Zyxwvut --reason 'Art. 17' 2>notes >certificate
    seq=$(daybook --format json audit --type order.note-added | python3 -c 'import json, sys; print(json.load(sys.stdin)[-1]["seq"])')
    grep -qF "stands in 1 other text (event $seq): \`daybook forget note $seq --reason R\` erases it." notes
    ! grep -qi zyxwvut certificate notes
    grep -q 'Backups and copies made before have it still' notes
    daybook create --customer Wxyzabc --item P-1:1 >/dev/null
    daybook create --customer 'Wxyzabc & Sons' --item P-1:1 >/dev/null     # another customer's name
    daybook --actor wxyzabc note SO-000002 'Wxyzabc called' >/dev/null     # an actor's, and a note
    daybook cancel SO-000003 --reason 'as Wxyzabc said' >/dev/null         # a reason
    daybook field add contact --kind text >/dev/null                       # an own field
    daybook create --customer Other --item P-1:1 --field contact='Mr Wxyzabc' >/dev/null
    printf 'order_no,customer,code,quantity\nX-1,Other,P-1,2\n' >'wxyzabc orders.csv'
    daybook import 'wxyzabc orders.csv' >/dev/null                         # a file's name
    daybook rename customer Other 'The Wxyzabc' >/dev/null
    daybook forget customer Wxyzabc --reason 'Art. 17' 2>notes >/dev/null
    grep -q 'stands in 7 other texts' notes
    [ "$(grep -c '^daybook:   daybook forget' notes)" -eq 7 ]
    sed -n "s/^daybook:   //p" notes >commands
    . ./commands >/dev/null 2>&1
    daybook log | { ! grep -qi wxyzabc; }
    gone ledger Wxyzabc
    daybook verify
}

@test "who is not there, or is forgotten already" {
    orders Zyxwvut
    refuse 1 forget customer Nobody --reason x
    refuse 1 forget note 1 --reason x
    refuse 1 forget note 100000 --reason x
    refuse 1 forget customer Zyxwvut --reason 'asked by Zyxwvut'
    [[ "$stderr" == *"reason"* ]]
    refuse 2 forget customer Zyxwvut
    there ledger Zyxwvut
    # a stand-in is nobody's who still has a name: one digit mistyped would be another customer
    refuse 1 forget customer customer/2 --reason x
    [[ "$stderr" == *"customer/2 has a name still"*"Other 1"* ]]
    refuse 1 forget actor actor/1 --reason x
    [[ "$stderr" == *"meant: wang"* ]]
    refuse 1 forget customer customer/99 --reason x
    there ledger Zyxwvut
    daybook forget customer Zyxwvut --reason 'Art. 17' >/dev/null
    gone ledger Zyxwvut
    size=$(daybook log | wc -l)
    refuse 1 forget customer Zyxwvut --reason x
    [ "$(daybook forget customer customer/1 --reason x)" = "customer/1 is forgotten already." ]
    [ "$(daybook log | wc -l)" -eq "$size" ]
}

@test "what a killed process left is deleted by the next write" {
    orders Zyxwvut
    daybook forget customer Zyxwvut --reason 'Art. 17' >/dev/null
    cp -r ledger/personal-1 ledger/personal-0
    mkdir ledger/personal-2
    echo half >ledger/personal-2/data.mdb
    daybook verify
    daybook doctor | grep -q '2 folders of personal data are left over' || daybook doctor | grep -qi 'left over'
    daybook note SO-000001 'a write' >/dev/null
    [ "$(ls -d ledger/personal-*)" = ledger/personal-1 ]
    daybook verify
}

@test "permissions stay as the owner set them" {
    orders Zyxwvut
    chmod 2770 ledger/personal-0
    chmod 660 ledger/personal-0/*
    daybook forget customer Zyxwvut --reason 'Art. 17' >/dev/null
    [ "$(stat -c %a ledger/personal-1)" = 2770 ]
    [ "$(stat -c %a ledger/personal-1/data.mdb)" = 660 ]
}

@test "a sheet that still has the name does not bring it back" {
    orders Zyxwvut
    daybook export old.csv >/dev/null
    grep -q Zyxwvut old.csv
    daybook forget customer Zyxwvut --reason 'Art. 17' >/dev/null
    daybook export new.csv >/dev/null
    grep -q customer/1 new.csv
    size=$(daybook log | wc -l)
    daybook import old.csv >/dev/null
    daybook import new.csv >/dev/null
    gone ledger Zyxwvut
    daybook log --from $((size + 1)) | { ! grep -v 'source.registered'; }
}

@test "an order for who is forgotten: by the name a new customer, by the number the same one" {
    orders Zyxwvut
    daybook forget customer Zyxwvut --reason 'Art. 17' >/dev/null
    daybook create --customer Zyxwvut --item P-1:1 >/dev/null
    daybook create --customer customer/1 --item P-1:1 >/dev/null
    [ "$(daybook list --customer customer/1 --format json | grep -o '"customer":"customer/1"' | wc -l)" -eq 3 ]
    daybook customers --format json | python3 -c '
import json, sys
names = {c["ordinal"]: c["name"] for c in json.load(sys.stdin)["customers"]}
assert names[1] == "customer/1" and names[5] == "Zyxwvut", names'
}
