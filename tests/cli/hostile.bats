#!/usr/bin/env bats
# A full disk, a folder that may not be written, files that are cut, flipped or newer: a sentence and exit 3 (or 1), and
# nothing changed.

setup() {
    export DAYBOOK_LEDGER=$BATS_TEST_TMPDIR/ledger DAYBOOK_ACTOR=wang LC_ALL=C.UTF-8 DAYBOOK_LANG=en TZ=UTC
    daybook init --timezone UTC >/dev/null
    for i in 1 2 3; do
        daybook create --customer "C$i" --item "P-$i:$i" --note "note $i" >/dev/null
    done
}

daybook() {
    "$DAYBOOK" "$@"
}

# The command ends with one of these exit statuses, with a sentence, and not by a signal.
ends_with() {
    local wanted=$1 status=0
    shift
    "$@" >/dev/null 2>"$BATS_TEST_TMPDIR/stderr" || status=$?
    if [[ " $wanted " != *" $status "* ]] || [ ! -s "$BATS_TEST_TMPDIR/stderr" ]; then
        echo "$* ended with $status, not one of $wanted: $(cat "$BATS_TEST_TMPDIR/stderr")"
        return 1
    fi
}

@test "a full disk: disk-full, what was answered is there, and nothing else" {
    local kilobytes
    kilobytes=$(($(stat -c %s "$DAYBOOK_LEDGER/log/data.mdb") / 1024))
    fill() {
        (ulimit -f "$kilobytes" && for i in $(seq 200); do
            daybook create --customer "Another $i" --item "Q-$i:1" --note "$i" >>"$BATS_TEST_TMPDIR/said" || exit $?
        done)
    }
    ends_with 3 fill
    grep -q 'disk is full' "$BATS_TEST_TMPDIR/stderr"
    daybook verify >/dev/null
    [ "$(daybook --format jsonl list | wc -l)" -eq $((3 + $(wc -l <"$BATS_TEST_TMPDIR/said"))) ]
    daybook create --customer C --item P:1 >/dev/null
    daybook verify >/dev/null
}

@test "a folder that may not be written is read, and refuses to record" {
    [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null || skip "needs root to become somebody else"
    case $DAYBOOK in *sanitize*) skip "the sanitizer's libraries are not for everybody" ;; esac
    local folder
    folder=$(mktemp -d)
    cp -r "$DAYBOOK_LEDGER" "$folder/ledger"
    cp "$DAYBOOK" "$folder/daybook"
    chmod -R a+rX,go-w "$folder"
    export DAYBOOK_LEDGER=$folder/ledger
    stranger() { setpriv --reuid=65534 --regid=65534 --clear-groups "$folder/daybook" "$@"; }
    ends_with 3 stranger list # somebody might write it, and the lock file cannot be used
    somebody() { stranger --unsafe-filesystem "$@"; } # a copy at rest
    [ "$(somebody --format jsonl list | wc -l)" -eq 3 ]
    somebody stats delays >/dev/null
    somebody verify >/dev/null
    ends_with 3 somebody --format json create --customer X --item P:1
    grep -q '"code":"read-only"' "$BATS_TEST_TMPDIR/stderr"
    ends_with 3 somebody --ledger "$folder/new" init
    rm -r "$folder"
}

@test "no ledger there, or a file in its place" {
    ends_with 3 daybook --ledger "$BATS_TEST_TMPDIR/none" list
    grep -q 'daybook init' "$BATS_TEST_TMPDIR/stderr"
    touch "$BATS_TEST_TMPDIR/file"
    ends_with 3 daybook --ledger "$BATS_TEST_TMPDIR/file" list
    ends_with 3 daybook --ledger "$BATS_TEST_TMPDIR/file" init
}

@test "a ledger of a newer format is left alone" {
    python3 - "$DAYBOOK_LEDGER/log" <<'END'
import sys
sys.path.append("/usr/lib/python3/dist-packages")
import lmdb
env = lmdb.open(sys.argv[1], max_dbs=16, map_size=1 << 28)
meta = env.open_db(b"meta", create=False)
with env.begin(write=True) as txn:
    txn.put(b"format", (2).to_bytes(8, "little"), db=meta)
END
    ends_with 3 daybook --format json list
    grep -q '"code":"newer-format"' "$BATS_TEST_TMPDIR/stderr"
    ends_with 3 daybook create --customer X --item P:1
}

@test "files that are cut" {
    local size
    for file in log/data.mdb personal-0/data.mdb; do
        for size in 0 100 4096 8192 20000; do
            cp -r "$DAYBOOK_LEDGER" "$BATS_TEST_TMPDIR/cut"
            truncate -s "$size" "$BATS_TEST_TMPDIR/cut/$file"
            ends_with "1 3" daybook --ledger "$BATS_TEST_TMPDIR/cut" verify
            ends_with "1 3" daybook --ledger "$BATS_TEST_TMPDIR/cut" create --customer X --item P:1
            rm -r "$BATS_TEST_TMPDIR/cut"
        done
    done
}

@test "flipped bits: verify names them, no command ends by a signal" {
    local seed command status
    for seed in $(seq 25); do
        rm -rf "$BATS_TEST_TMPDIR/flipped"
        cp -r "$DAYBOOK_LEDGER" "$BATS_TEST_TMPDIR/flipped"
        python3 - "$BATS_TEST_TMPDIR/flipped/log/data.mdb" "$seed" <<'END'
import random, sys
rng, path = random.Random(int(sys.argv[2])), sys.argv[1]
data = bytearray(open(path, "rb").read())
for _ in range(4):
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
open(path, "wb").write(data)
END
        for command in verify list log "history SO-000001" "stats delays" "create --customer X --item P:1"; do
            status=0
            # shellcheck disable=SC2086 # a command and its arguments
            daybook --ledger "$BATS_TEST_TMPDIR/flipped" $command >/dev/null 2>"$BATS_TEST_TMPDIR/stderr" || status=$?
            [ "$status" -le 3 ] || { echo "seed $seed: $command ended with $status: $(cat "$BATS_TEST_TMPDIR/stderr")"; return 1; }
        done
    done
}

@test "arguments that are no text, and a closed output" {
    ends_with 2 daybook create --customer $'\xff\xfe' --item P:1
    ends_with 2 daybook create --customer "" --item P:1
    ends_with "1 2" daybook create --customer X --item "P:1e400"
    for i in $(seq 300); do echo '{"type":"order.created","subject":"order/L-'"$i"'","data":{"customer":"C","items":[]}}'; done |
        daybook load - >/dev/null
    daybook log | head -n 1 >/dev/null
    [ "${PIPESTATUS[0]}" -eq 0 ]
    [ ! -w /dev/full ] || ends_with 3 bash -c '"$DAYBOOK" log >/dev/full'
}
