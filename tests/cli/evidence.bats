#!/usr/bin/env bats
# Evidence in the hands of outsiders: what checks it here has not a line in common with the program.

setup() {
    export DAYBOOK_LEDGER=$BATS_TEST_TMPDIR/ledger DAYBOOK_ACTOR=wang LC_ALL=C.UTF-8 DAYBOOK_LANG=en TZ=UTC
    export PYTHONDONTWRITEBYTECODE=1
    EVIDENCE=$BATS_TEST_DIRNAME/../evidence
    cd "$BATS_TEST_TMPDIR"
    daybook init >/dev/null
}

daybook() {
    "$DAYBOOK" "$@"
}

# The script that lies beside backups: what it prints is in `said`.
script() {
    python3 -I "$BATS_TEST_DIRNAME/../../tools/backup/verify.py" "$@" >said
}

# It must say so, with exit 1, after that change (Python over txn and db) to a table of that environment.
caught() {
    local sentence=$1 environment=$2 table=$3 change=$4
    rm -rf copy
    cp -r ledger copy
    python3 - "copy/$environment" "$table" "$change" <<'PYTHON'
import struct, sys
sys.path.append("/usr/lib/python3/dist-packages")
import lmdb
env = lmdb.open(sys.argv[1], max_dbs=32, map_size=1 << 30)
db = env.open_db(sys.argv[2].encode(), integerkey=sys.argv[2] == "events", create=False)
with env.begin(write=True, db=db) as txn:
    rows = [(bytes(k), bytes(v)) for k, v in txn.cursor()]
    exec(sys.argv[3])
env.close()
PYTHON
    local status=0
    script copy --checkpoint note || status=$?
    cat said
    [ "$status" -eq 1 ]
    grep -q "^NOT VERIFIED: .*$sentence" said
}

# One event of each size that LMDB keeps in another way, and personal values.
orders() {
    local n
    for n in 1 2 3 4; do
        daybook create --customer "张三 $n" --item "P-$n:$n" --note "a note $n" >/dev/null
        daybook ship "SO-00000$n" --tracking "$(printf "%$((n * n * 500))s" x)" >/dev/null
    done
}

@test "the script beside backups: the same root, now and at an earlier checkpoint" {
    daybook checkpoint >empty
    script ledger --checkpoint empty
    orders
    daybook checkpoint >note
    orders_then=$(sed -n 2p note)
    script ledger --checkpoint note
    grep -qxF "size $orders_then" said
    grep -qxF "root $(sed -n 3p note)" said
    daybook create --customer ACME --item P-1:1 >/dev/null
    script ledger --checkpoint note
    grep -qF "The first $orders_then are what the checkpoint of $(head -1 note) says." said
    script ledger --checkpoint empty
    ! grep -qxF "root $(sed -n 3p note)" said
}

@test "the script beside backups says what was changed" {
    orders
    daybook checkpoint >note
    script ledger --checkpoint note
    caught 'first [0-9]* events are not what they were' log events 'k, v = rows[4]; txn.put(k, v[:-1] + bytes([v[-1] ^ 1]))'
    caught 'first [0-9]* events are not what they were' log events \
        '(a, x), (b, y) = [row for row in rows if b"\xc4\x20" not in row[1]][1:3]; txn.put(a, y); txn.put(b, x)'
    caught 'Event 5 is missing; the next is 6' log events 'txn.delete(rows[4][0])'
    caught '1 are missing at the end' log events 'txn.delete(rows[-1][0])'
    caught 'Event 1 is missing; the next is 2' log events 'txn.delete(rows[0][0])'
    caught 'personal value of event 2 is not' personal-0 values 'txn.put(rows[0][0], rows[0][1] + b"x")'
    caught 'personal value of event 2 is not' personal-0 values 'txn.put(rows[0][0], rows[1][1])'
    caught 'personal value of event 1 is not' personal-0 values 'txn.put(struct.pack(">QH", 1, 0), rows[0][1])'
}

@test "the script beside backups: a file damaged at random is a sentence" {
    orders
    daybook checkpoint >note
    "$EVIDENCE/damage.py" ledger note "${DAMAGES:-400}"
}

@test "a second implementation agrees on logs of every size from 0 to 600" {
    [[ $DAYBOOK != */sanitize/* ]] || skip "a library with sanitizers cannot be loaded into Python"
    "$EVIDENCE/agree.py" library
}

@test "a second implementation agrees with what the commands print and say" {
    [[ $DAYBOOK != */sanitize/* ]] || SIZES=15
    "$EVIDENCE/agree.py" program "${SIZES:-60}"
}

@test "what was erased is gone from no root: the script, an old checkpoint, and the certificate as a signed note" {
    orders
    daybook checkpoint >note
    script ledger --checkpoint note
    daybook forget customer '张三 2' --reason 'Art. 17' >certificate
    [ ! -e ledger/personal-0 ]
    script ledger --checkpoint note
    daybook checkpoint >after
    python3 - "$EVIDENCE" <<'PYTHON'
import pathlib, sys
sys.path.insert(0, sys.argv[1])
from verifier import Checkpoint, Key, open_note, to_base64
key = Key.of_vkey(pathlib.Path("ledger/checkpoint.pub").read_text().strip())
said = dict(line.split(" ", 1) for line in open_note(pathlib.Path("certificate").read_text(), [key])[0].splitlines())
for when, file in (("before", "note"), ("after", "after")):
    checkpoint = Checkpoint.of_note(pathlib.Path(file).read_text(), [key])
    assert said[when] == f"{checkpoint.size} {to_base64(checkpoint.root)}", (said, checkpoint)
PYTHON
}
