#!/usr/bin/env bats
# What leaves the house: keys, signed checkpoints, witnesses, proofs.

setup() {
    export DAYBOOK_LEDGER=$BATS_TEST_TMPDIR/ledger DAYBOOK_ACTOR=wang LC_ALL=C.UTF-8 DAYBOOK_LANG=en TZ=UTC
    witness=$BATS_TEST_DIRNAME/witness.py
    cd "$BATS_TEST_TMPDIR"
    daybook init >/dev/null
    daybook create --customer 王小明 --item P-1:1 >/dev/null
}

daybook() {
    "$DAYBOOK" "$@"
}

# Refused with that exit status; messages are in $stderr, and nothing is on standard output.
refuse() {
    local wanted=$1 status=0
    shift
    daybook "$@" >stdout 2>stderr || status=$?
    stderr=$(<stderr)
    [ "$status" -eq "$wanted" ] && [ ! -s stdout ]
}

# Is the first signature of a note that of a verifier key? By openssl, from nothing but the two.
signed_by() {
    python3 - "$1" "$2" <<'PYTHON'
import base64, subprocess, sys
note, vkey = open(sys.argv[1], "rb").read(), sys.argv[2]
name, identity, key = vkey.split("+", 2)
text, lines = note[:note.rindex(b"\n\n") + 1], note[note.rindex(b"\n\n") + 2:].decode().splitlines()
blobs = [base64.b64decode(line.split(" ")[2]) for line in lines]
blob = next(b for b in blobs if b[:4].hex() == identity)
open("key.der", "wb").write(bytes.fromhex("302a300506032b6570032100") + base64.b64decode(key)[1:])
open("text", "wb").write(text)
open("signature", "wb").write(blob[4:])
sys.exit(subprocess.run(["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER", "-inkey", "key.der",
                         "-in", "text", "-sigfile", "signature"], stdout=subprocess.DEVNULL).returncode)
PYTHON
}

@test "the first key makes no event, and only its owner may read it" {
    local before
    before=$(daybook log | wc -l)
    daybook key new >key 2>/dev/null
    [ "$(daybook key show)" = "$(<key)" ]
    [ "$(daybook --format json key show | python3 -c 'import json, sys; print(json.load(sys.stdin)["key"])')" = "$(<key)" ]
    [ "$(stat -c %a ledger/checkpoint.key)" = 600 ]
    [ "$(<ledger/checkpoint.pub)" = "$(<key)" ]
    [ "$(daybook log | wc -l)" -eq "$before" ]
}

@test "a checkpoint is signed, makes the key, and is the same for the same tree" {
    daybook checkpoint >note
    signed_by note "$(daybook key show)"
    daybook checkpoint | diff - note
    diff note ledger/checkpoint.last
    [ "$(daybook --format json checkpoint | python3 -c 'import json, sys; print(json.load(sys.stdin)["checkpoint"], end="")')" = "$(<note)" ]
}

@test "a key that others may read signs nothing" {
    daybook key new >/dev/null 2>&1
    chmod 640 ledger/checkpoint.key
    refuse 1 checkpoint
    [[ $stderr == *"chmod 600"* ]]
    chmod 600 ledger/checkpoint.key
    daybook checkpoint >/dev/null
    echo nonsense >ledger/checkpoint.key
    refuse 1 checkpoint
}

@test "a file of keys that is damaged is named, with what to do" {
    daybook checkpoint >note
    cp ledger/checkpoint.pub kept
    echo nonsense >ledger/checkpoint.pub
    refuse 3 key show
    [[ $stderr == *"ledger/checkpoint.pub is no verifier key. Remove it"* ]]
    refuse 3 verify --checkpoint note
    rm ledger/checkpoint.pub
    daybook checkpoint | diff - note
    diff ledger/checkpoint.pub kept
    "$witness" note answer
    daybook witness add "$(<answer.key)" >/dev/null
    printf %s "$(<answer.key)" >ledger/witness.keys # the line feed is missing: passed over, it would be lost
    refuse 3 witness answer
    [[ $stderr == *"ledger/witness.keys has a line"* ]]
}

@test "a second key is an event, and old checkpoints stay good" {
    daybook checkpoint >old
    local old_key
    old_key=$(daybook key show)
    daybook prove 2 >old.proof
    daybook key new >new_key 2>notes
    grep -q 'The key was replaced.*whoever has the old line' notes
    [ "$(daybook key show)" = "$(<new_key)" ]
    [ "$(<new_key)" != "$old_key" ]
    daybook log | tail -n 1 | grep -F '"type":"ledger.key-changed"' | grep -F "\"old\":\"$old_key\"" | grep -qF "\"new\":\"$(<new_key)\""
    daybook checkpoint >change
    signed_by change "$old_key"
    signed_by change "$(<new_key)"
    daybook note SO-000001 more >/dev/null
    daybook checkpoint >new
    signed_by new "$(<new_key)"
    [ "$(grep -c '^— ' new)" -eq 1 ]
    daybook verify --checkpoint old >/dev/null 2>stderr
    [ ! -s stderr ]
    daybook verify --checkpoint new >/dev/null
    daybook check-proof old.proof >/dev/null
    daybook verify >/dev/null
}

@test "a change of keys that was cut short is finished by the next who signs" {
    daybook checkpoint >/dev/null
    cp -r ledger before
    daybook key new >new_key 2>/dev/null
    # the event is there, and the files are as they were before it, but for the new key beside the old one
    mv ledger/checkpoint.key next
    cp before/checkpoint.* ledger
    mv next ledger/checkpoint.key.next
    daybook checkpoint >note
    signed_by note "$(<new_key)"
    [ "$(daybook key show)" = "$(<new_key)" ]
    [ ! -e ledger/checkpoint.key.next ]
    # a key without an event is nobody's, and is the next one to be taken
    cp ledger/checkpoint.key kept
    daybook key new >/dev/null 2>&1
    mv ledger/checkpoint.key waiting
    rm -r ledger
    cp -r before ledger
    sed "s/x/x/" waiting >ledger/checkpoint.key.next
    chmod 600 ledger/checkpoint.key.next
    daybook checkpoint >/dev/null
    [ "$(daybook key show)" = "$(<before/checkpoint.pub)" ]
    daybook key new >/dev/null 2>&1
    diff ledger/checkpoint.key waiting
}

@test "a fork is never signed" {
    daybook checkpoint >/dev/null
    cp -r ledger older
    daybook note SO-000001 'this happened' >/dev/null
    daybook checkpoint >signed
    # the older copy is put back, the key and what it signed stay, and another history begins
    rm -r ledger/log ledger/personal-0
    cp -r older/log older/personal-0 ledger
    refuse 1 checkpoint
    [[ $stderr == *"does not extend it: events were removed, or an older copy"*"Bring the newer copy back"* ]]
    daybook note SO-000001 'something else happened' >/dev/null
    refuse 1 --format json checkpoint
    [[ $stderr == *'"code":"foreign-log"'* ]]
    daybook note SO-000001 'and more' >/dev/null
    refuse 1 checkpoint
    # an event that was changed looks alike: what to look at comes first, and nothing is to be moved away before
    size=$(sed -n 2p signed)
    [[ $stderr == *"the first $size events are not those that were signed. Run \`daybook verify\`."*"evidence"*"(\`daybook key new\`)."* ]]
    refuse 1 prove 2
    refuse 1 key new
    refuse 1 verify --checkpoint signed
    daybook --ledger older checkpoint >/dev/null
}

@test "a ledger that becomes a copy of another makes a key of its own" {
    daybook --ledger copy init >/dev/null
    daybook --ledger copy checkpoint >/dev/null
    daybook log | daybook --ledger copy load - >/dev/null
    daybook --ledger copy checkpoint >note
    [ "$(head -n 3 note)" = "$(daybook checkpoint | head -n 3)" ]
    signed_by note "$(daybook --ledger copy key show)"
    [ "$(daybook --ledger copy key show)" != "$(daybook key show)" ]
    # what was signed with the key of a ledger that had events is not thrown away
    cp copy/checkpoint.* ledger
    daybook checkpoint >/dev/null
    sed -i 's/^daybook/other/' ledger/checkpoint.last
    daybook --ledger third init >/dev/null
    daybook --ledger third key new >/dev/null 2>&1
    cp third/checkpoint.key third/checkpoint.pub ledger
    refuse 1 checkpoint
    [[ $stderr == *"this ledger is"* ]]
}

@test "several who sign at once sign one history" {
    daybook key new >/dev/null 2>&1
    for i in 1 2 3 4 5 6; do
        { daybook note SO-000001 "$i" >/dev/null && daybook checkpoint >"note.$i"; } &
    done
    wait
    for i in 1 2 3 4 5 6; do
        daybook verify --checkpoint "note.$i" >/dev/null 2>stderr
        [ ! -s stderr ]
    done
    daybook checkpoint >last
    diff last ledger/checkpoint.last
}

@test "without its key a ledger says what it is, unsigned" {
    daybook checkpoint >note
    rm ledger/checkpoint.key
    daybook checkpoint | diff - note # that was signed before
    daybook note SO-000001 more >/dev/null
    daybook checkpoint >unsigned 2>stderr
    [ "$(sed -n 2p unsigned)" -eq "$(daybook log | wc -l)" ]
    [ "$(wc -l <unsigned)" -eq 4 ]
    grep -q 'Not signed' stderr
    daybook verify --checkpoint unsigned >/dev/null 2>stderr
    grep -q 'No key of this ledger' stderr
    refuse 1 prove 2
    old=$(daybook key show)
    daybook key new >/dev/null 2>&1
    [ "$(daybook key show)" != "$old" ]
    daybook checkpoint >signed
    daybook verify --checkpoint note >/dev/null
}

@test "a false signature of a key of this ledger fails, whoever else signed" {
    daybook checkpoint >note
    python3 - <<'PYTHON'
import base64
lines = open("note", encoding="utf-8").read().splitlines()
blob = bytearray(base64.b64decode(lines[4].split(" ")[2]))
blob[40] ^= 1
lines[4] = " ".join(lines[4].split(" ")[:2] + [base64.b64encode(blob).decode()])
open("false", "w", encoding="utf-8").write("\n".join(lines) + "\n")
PYTHON
    refuse 1 verify --checkpoint false
    [[ $stderr == *"is false"* ]]
    echo '— others.example/log AAAAAAAAAAAA' >>note
    daybook verify --checkpoint note >/dev/null
}

@test "witnesses' signatures come back and are kept" {
    daybook checkpoint >note
    "$witness" note answer
    refuse 1 witness answer
    daybook witness add "$(<answer.key)" >/dev/null
    refuse 1 witness add "$(<answer.key)"
    refuse 1 witness add "$(daybook key show)"
    cat answer answer >twice
    daybook witness twice | grep -q 'Kept 1 cosignature of'
    cat note answer | diff - ledger/checkpoint.last
    daybook checkpoint | diff - ledger/checkpoint.last
    daybook verify --checkpoint ledger/checkpoint.last >/dev/null
    daybook prove 3 >proof
    (cd / && daybook --ledger nowhere check-proof "$BATS_TEST_TMPDIR/proof" --key "$(<"$BATS_TEST_TMPDIR/answer.key")" >/dev/null)
    refuse 1 witness answer
    daybook --format json witness list | grep -q '2023-11-14T22:13:20.000000Z'
    daybook note SO-000001 later >/dev/null
    daybook checkpoint >later
    refuse 1 witness answer
    [[ $stderr == *"of another one"* ]]
    "$witness" later answer2 1700000100
    daybook witness - <answer2
    diff ledger/checkpoint.last ledger/checkpoint.witnessed
}

@test "a proof of an event stands alone; altered anywhere, it is refused" {
    daybook note SO-000001 '少放一箱' >/dev/null
    local key
    key=$(daybook key show 2>/dev/null || { daybook key new 2>/dev/null; })
    for seq in $(seq 1 "$(daybook log | wc -l)"); do
        daybook prove "$seq" >proof
        daybook --ledger nowhere check-proof proof --key "$key" | grep -q "^Event $seq: "
    done
    daybook --format json prove 7 --show text >proof.json
    daybook --ledger nowhere check-proof proof.json --key "$key" | grep -q 'text: 少放一箱'
    python3 - "$key" <<'PYTHON'
import os, random, subprocess, sys
program, key, rng = os.environ["DAYBOOK"], sys.argv[1], random.Random(5)
for name in "proof", "proof.json":
    good = open(name, "rb").read()
    for _ in range(60):
        bad = bytearray(good)
        at = rng.randrange(len(bad))
        bad[at] ^= 1 << rng.randrange(7)
        open("bad", "wb").write(bad)
        done = subprocess.run([program, "check-proof", "bad", "--key", key], capture_output=True, text=True)
        # a blank more in JSON, or another witness's name, changes nothing that is claimed
        assert done.returncode == 1 or (name == "proof.json" and bytes([good[at]]) in b" \n"), (name, at, done)
PYTHON
    for change in '2d' '$d' '3s/^/ /' '$s/$/\r/' '5d' '1s/v1/v2/'; do
        sed "$change" proof >bad
        refuse 1 check-proof bad
    done
    daybook init --timezone UTC >/dev/null 2>&1 || true
    daybook --ledger other init >/dev/null
    daybook --ledger other key new >other_key 2>/dev/null
    refuse 1 check-proof proof --key "$(<other_key)"
    refuse 1 --ledger other check-proof proof
    refuse 1 check-proof proof --key nonsense
    daybook --ledger nowhere check-proof proof --key ledger/checkpoint.pub >/dev/null
    refuse 1 check-proof proof --key proof
    refuse 3 --ledger nowhere check-proof proof
    [[ $stderr == *"--key VKEY"* ]]
    refuse 3 check-proof no-such-file --key "$key"
}

@test "a personal value is shown where it is asked for, and only there" {
    daybook note SO-000001 '少放一箱' >/dev/null
    daybook --format json prove 7 >plain
    ! grep -q shown plain
    refuse 2 prove 7 --show text
    refuse 1 --format json prove 7 --show reason
    refuse 1 --format json prove 1 --show text
    refuse 1 --format json prove 7 --show text --show reason
    refuse 1 --format json prove order SO-000001 --show texts
    [[ $stderr == *'no personal value "texts"'* ]]
    daybook --format json prove 7 --show text >shown
    sed 's/少放一箱/多放一箱/' shown >bad
    refuse 1 check-proof bad
    sed 's/"field": "text"/"field": "reason"/' shown >bad
    refuse 1 check-proof bad
    python3 - <<'PYTHON'
import json
for change in ("more", "pair", "twice", "size", "index"):
    proof = json.load(open("shown"))
    if change == "more":
        proof["claim"] = "it is all true"
    if change == "pair":
        proof["hashes event"] = "two names that are known, in one that is not"
    if change == "size":
        proof["tree_size"] += 1
    if change == "index":
        proof["leaf_index"] -= 1
    text = json.dumps(proof)
    open("bad." + change, "w").write(text[:-1] + ', "kind": "inclusion"}' if change == "twice" else text)
PYTHON
    for bad in bad.*; do
        refuse 1 check-proof "$bad"
    done
}

@test "a proof of consistency is checked against the checkpoint that was kept" {
    daybook checkpoint >old
    local key size
    key=$(daybook key show)
    size=$(sed -n 2p old)
    for i in 1 2 3 4; do daybook note SO-000001 "$i" >/dev/null; done
    daybook prove 2 >event.proof
    refuse 2 check-proof event.proof --checkpoint old
    refuse 2 check-proof event.proof --checkpoint nofile
    for form in table json; do
        daybook --format "$form" prove --consistency "$size" >proof
        daybook check-proof proof >/dev/null
        daybook --ledger nowhere check-proof proof --key "$key" --checkpoint old | grep -q "begins with $size events"
    done
    daybook prove --consistency "$size" --size 7 >proof
    [ "$(grep -A1 '^daybook/' proof | sed -n 2p)" = 7 ]
    daybook check-proof proof --checkpoint old | grep -q '^Their root is .*, as in the checkpoint that you gave.$'
    # an older checkpoint that nobody signed may have come from whoever made the proof
    daybook check-proof proof --checkpoint old >/dev/null 2>stderr
    [ ! -s stderr ]
    sed '/^—/d' old >unsigned
    daybook check-proof proof --checkpoint unsigned 2>stderr >/dev/null
    grep -q 'unsigned is not signed by that key' stderr
    # from a power of two on, the older root is not in the file
    daybook prove --consistency 4 >four
    refuse 1 check-proof four --key "$key"
    [[ $stderr == *"--checkpoint OLD"* ]]
    daybook check-proof four >/dev/null
    for change in '1s/.*/old 5/' '2d' '$d' '2s/^./=/' '3{p}'; do
        sed "$change" proof >bad
        refuse 1 check-proof bad --key "$key"
    done
    daybook prove --consistency "$size" >by_number
    daybook prove --consistency old | diff - by_number
    refuse 1 prove --consistency proof
    refuse 2 prove SO-000001
    [[ $stderr == *"daybook prove order SO-000001"* ]]
    refuse 2 prove -- -1
    refuse 1 prove --consistency 99
    # none is a number of events, too
    daybook prove --consistency 0 --size 0 >proof
    [ "$(sed -n 4,5p proof)" = $'0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' ]
    daybook check-proof proof >/dev/null
    refuse 1 prove 2 --size 0
    [ "$(sed -n 2p ledger/checkpoint.last)" -gt 0 ]
    refuse 1 prove 2 --size 99
    refuse 2 prove
    refuse 2 prove 2 --consistency 2
}

@test "an order's whole chain is in one file, and a gap in it is seen" {
    daybook create --customer ACME --item P-2:2 >/dev/null
    daybook ship SO-000001 >/dev/null
    daybook note SO-000002 between >/dev/null
    daybook cancel SO-000002 --reason 'no more' >/dev/null
    daybook deliver SO-000001 >/dev/null
    daybook prove order SO-000001 >proof
    daybook --ledger nowhere check-proof proof --key "$(daybook key show)" | grep -q 'first 3 events of order SO-000001, none missing'
    [ "$(grep -c '^c2sp.org/tlog-proof@v1$' proof)" -eq 3 ]
    awk '/^c2sp/ { n++ } n != 2' proof >gap
    refuse 1 check-proof gap
    [[ $stderr == *"one is missing"* ]]
    awk '/^c2sp/ { n++ } n != 1' proof >gap
    refuse 1 check-proof gap
    { cat proof; daybook prove 7; } >foreign
    refuse 1 check-proof foreign
    awk '/^c2sp/ { n++ } n != 3' proof >shorter
    daybook check-proof shorter | grep -q 'first 2 events'
    daybook --format json prove order SO-000002 --show reason --show text >proof.json
    daybook check-proof proof.json | grep -q 'reason: no more'
    sed 's/"order_no": "SO-000002"/"order_no": "SO-000001"/' proof.json >bad
    refuse 1 check-proof bad
    refuse 1 prove order SO-000009
}

@test "doctor says when the last checkpoint was made and whether anybody outside has it" {
    daybook doctor | grep -q 'No checkpoint has come back'
    daybook checkpoint >note
    daybook --format json doctor | python3 -c '
import json, sys
facts = json.load(sys.stdin)
assert facts["checkpoint_size"] == int(open("note").read().split("\n")[1]), facts
assert facts["checkpoint_signed_at"] and facts["checkpoint_witnessed_at"] is None, facts
assert any("rewrite" in p for p in facts["problems"]), facts'
    "$witness" note answer "$(date +%s)"
    daybook witness add "$(<answer.key)" >/dev/null
    daybook witness answer >/dev/null
    daybook --format json doctor | python3 -c '
import json, sys
facts = json.load(sys.stdin)
assert facts["checkpoint_witnessed_at"] and not any("rewrite" in p for p in facts["problems"]), facts'
}
