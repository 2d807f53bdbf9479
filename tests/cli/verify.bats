#!/usr/bin/env bats
# Evidence: checkpoint and verify.

setup() {
    export DAYBOOK_LEDGER=$BATS_TEST_TMPDIR/ledger DAYBOOK_ACTOR=wang LC_ALL=C.UTF-8 DAYBOOK_LANG=en TZ=UTC
    cd "$BATS_TEST_TMPDIR"
    daybook init >/dev/null
}

daybook() {
    "$DAYBOOK" "$@"
}

# verify is refused with that exit status; its messages are in $stderr, and nothing is on standard output.
refuse() {
    local wanted=$1 status=0
    shift
    daybook "$@" >stdout 2>stderr || status=$?
    stderr=$(<stderr)
    [ "$status" -eq "$wanted" ] && [ ! -s stdout ]
}

# Change a row of a table behind the ledger's back: Python over txn and db.
tamper() {
    python3 - "$1" "$2" <<'PYTHON'
import sys
sys.path.append("/usr/lib/python3/dist-packages")
import lmdb
env = lmdb.open("ledger/log", max_dbs=32, map_size=1 << 30)
db = env.open_db(sys.argv[1].encode(), integerkey=sys.argv[1] != "names", create=False)
with env.begin(write=True, db=db) as txn:
    keys = [bytes(k) for k, _ in txn.cursor()]
    exec(sys.argv[2])
env.close()
PYTHON
}

@test "a checkpoint is origin, size, root and an empty line" {
    daybook create --customer ACME --item P-1:1 >/dev/null
    daybook checkpoint >note
    [ "$(sed -n 1p note)" = "daybook/$(daybook log --to 1 | sed 's/.*"source":"\/daybook\/\([0-9a-f]*\)".*/\1/')" ]
    [ "$(sed -n 2p note)" -eq "$(daybook log | wc -l)" ]
    daybook log | python3 -c '
import base64, hashlib, json, sys
def root(leaves):
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root(leaves[:half]) + root(leaves[half:])).digest()
stored = [base64.b64decode(json.loads(line)["stored"]) for line in sys.stdin]
lines = open("note").read().split("\n")
assert lines[2] == base64.b64encode(root(stored)).decode() and lines[3] == ""'
}

@test "the checkpoint of an empty ledger is the root of nothing" {
    daybook checkpoint >note
    [ "$(sed -n 2p note)" = 0 ]
    [ "$(sed -n 3p note)" = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" ]
    daybook verify --checkpoint note
}

@test "a good ledger verifies, also against an earlier checkpoint" {
    daybook create --customer ACME --item P-1:1 >/dev/null
    daybook checkpoint >note
    daybook create --customer ACME --item P-1:1 >/dev/null
    run daybook verify --checkpoint note
    [ "$status" -eq 0 ]
    [[ $output == *"Verified: "* ]]
    [[ $(daybook --format jsonl verify) == *'"events":'*'"erased":0'* ]]
}

@test "a name that was another's before verifies: renamed away from, merged away, of a product" {
    for customer in A B C; do
        daybook create --customer "$customer" --item "P-$customer:1" >/dev/null
    done
    daybook rename customer A X
    daybook rename customer B A
    daybook merge customer C X
    daybook rename customer A C
    daybook rename product P-A P-X
    daybook rename product P-B P-A
    daybook verify
}

@test "a flipped bit is named" {
    daybook create --customer ACME --item P-1:1 >/dev/null
    tamper events 'v = bytearray(txn.get(keys[3])); v[20] ^= 1; txn.put(keys[3], bytes(v))'
    refuse 1 --format json verify
    [[ $stderr == *"Event 4 "* ]]
    [[ $stderr != *"Restore a backup. Restore"* ]]
    [[ $(tail -n 1 stderr) == '{"error":{"code":"verification-failed",'*'"problems":[{"seq":4,'* ]]
}

@test "a removed event, a swapped pair, a cut end are seen" {
    daybook create --customer ACME --item P-1:1 >/dev/null
    daybook create --customer ACME --item P-1:1 >/dev/null
    cp -r ledger good
    for change in 'txn.delete(keys[3])' 'a, b = txn.get(keys[2]), txn.get(keys[3]); txn.put(keys[2], b); txn.put(keys[3], a)' \
        'txn.delete(keys[-1])'; do
        rm -rf ledger
        cp -r good ledger
        tamper events "$change"
        refuse 1 verify
    done
}

@test "what is computed from the events is compared, too" {
    daybook create --customer ACME --item P-1:1 >/dev/null
    tamper heads 'v = bytearray(txn.get(keys[0])); v[8] ^= 1; txn.put(keys[0], bytes(v))'
    refuse 1 verify
    [[ $stderr == *"table of heads"* ]]
}

@test "a log that was written anew does not fit the checkpoint that was kept" {
    daybook create --customer ACME --item P-1:1 >/dev/null
    daybook checkpoint >note
    sed "3s/.*/$(head -c 32 /dev/zero | base64)/" note >forged
    refuse 1 verify --checkpoint forged # a key of this ledger is to have signed that: it is the file that was altered
    [[ $stderr == *"signature of the checkpoint is false: forged was altered"* ]]
    head -n 4 note >unsigned
    sed "3s/.*/$(head -c 32 /dev/zero | base64)/" unsigned >forged
    refuse 1 verify --checkpoint forged
    [[ $stderr == *"are not those of the checkpoint"* ]]
    sed '2s/.*/999/' unsigned >longer
    refuse 1 verify --checkpoint longer
    [[ $stderr == *"events were removed"* ]]
    sed '1s/.*/daybook\/other/' unsigned >other
    refuse 1 verify --checkpoint other
    [[ $stderr == *"another ledger"* ]]
}

@test "a malformed checkpoint is refused" {
    daybook create --customer ACME --item P-1:1 >/dev/null
    daybook checkpoint >note
    local size
    size=$(sed -n 2p note)
    for change in "2s/.*/0$size/" '2s/.*/-1/' '3s/=$//' '3s/$/ /' '3d' '4d' '$a no signature' '1s/^/\r/'; do
        sed "$change" note >bad
        refuse 1 verify --checkpoint bad
        [[ $stderr == *"is no checkpoint"* ]]
    done
    head -c -2 note >bad
    refuse 1 verify --checkpoint bad
    refuse 3 verify --checkpoint no-such-file
}

@test "a page that is damaged is named, with exit 3" {
    daybook create --customer ACME --item P-1:1 >/dev/null
    python3 - <<'PYTHON'
with open("ledger/log/data.mdb", "r+b") as f:
    data = bytearray(f.read())
    for page in range(2, len(data) // 4096):
        data[page * 4096 + 10] ^= 0x40  # the kind of every page
    f.seek(0)
    f.write(data)
PYTHON
    refuse 3 --format json verify
    [[ $(tail -n 1 stderr) == *'"code":"damaged"'*"page "* ]]
}

@test "a folder that is no ledger is refused" {
    refuse 3 --ledger nowhere verify
    refuse 3 --ledger nowhere checkpoint
}
