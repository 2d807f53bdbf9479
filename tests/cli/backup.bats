#!/usr/bin/env bats
# Copies: backup, restore, pull.

setup() {
    export DAYBOOK_LEDGER=$BATS_TEST_TMPDIR/ledger DAYBOOK_ACTOR=wang LC_ALL=C.UTF-8 DAYBOOK_LANG=en TZ=UTC
    cd "$BATS_TEST_TMPDIR"
    data=$BATS_TEST_DIRNAME/../data
    daybook init >/dev/null
}

teardown() {
    end_writers
}

daybook() {
    "$DAYBOOK" "$@"
}

# What the log is; not who signed it, as each copy has a key of its own.
root() {
    daybook --ledger "${1:-$DAYBOOK_LEDGER}" checkpoint | head -n 4
}

size() {
    root "${1:-$DAYBOOK_LEDGER}" | sed -n 2p
}

# The first N events of a ledger, as lines.
first() {
    daybook --ledger "$1" log --to "$2"
}

# The command is refused with that exit status; its messages are in $stderr, and nothing is on standard output.
refuse() {
    local wanted=$1 status=0
    shift
    daybook "$@" >stdout 2>stderr || status=$?
    stderr=$(<stderr)
    [ "$status" -eq "$wanted" ] && [ ! -s stdout ]
}

# N orders of customers whose names differ.
orders() {
    for i in $(seq "$1"); do
        daybook create --customer "Customer $i-$RANDOM$RANDOM" --item "P-$i:1" --note "note $i" >/dev/null
    done
}

# Two processes that write until they are ended.
write_meanwhile() {
    for name in a b; do
        while [ ! -e stop ]; do
            daybook create --customer "$name $RANDOM" --item P-1:1 --note "$RANDOM" >/dev/null 2>&1
        done 3>&- &
    done
}

end_writers() {
    touch stop
    wait
}

# Wherever that word stands in a file, it is another one.
spoil() {
    LC_ALL=C sed -i "s/$2/X${2#?}/g" "$1"
    grep -qa "X${2#?}" "$1"
}

nowhere() {
    if grep -rqa "$@"; then return 1; fi
}

@test "a backup restored is the ledger as it was, and takes orders" {
    orders 3
    refuse 2 backup b --keep 0
    [ ! -e b ]
    daybook backup b
    root >before
    orders 1
    daybook --ledger r restore b
    root r | diff before -
    daybook --ledger r verify
    diff <(first r "$(size r)") <(first ledger "$(size r)")
    [ "$(daybook --ledger r create --customer ACME --item P-1:1)" = SO-000004 ]
    daybook --ledger r verify
}

@test "backup says in JSON what was made, and backup.json says the same in hexadecimal" {
    orders 1
    daybook backup b --format json >made
    python3 - <<'PYTHON'
import base64, json, os
made = json.load(open("made"))
said = json.load(open(made["backup"] + "/backup.json"))
assert os.listdir("b") == [os.path.basename(made["backup"])]
assert said["ledger"] == made["ledger"] and said["events"] == made["events"] == 7, (said, made)
assert bytes.fromhex(said["root"]) == base64.b64decode(made["root"]) and said["made_at"] == made["made_at"]
PYTHON
    [ "$(sed -n 's/.*"root": "\(.*\)",/\1/p' made)" = "$(root | sed -n 3p)" ]
}

@test "the backup of an empty ledger is one" {
    daybook backup b
    daybook --ledger r restore b
    root | diff - <(root r)
    [ "$(size r)" = 0 ]
    daybook --ledger r verify
}

@test "neither key nor views nor lock files lie in a backup, but the public key and two files to read do" {
    orders 1
    daybook rebuild --all >/dev/null
    echo secret >ledger/checkpoint.key
    echo public >ledger/checkpoint.pub
    daybook backup b
    (cd b/* && find . -type f | LC_ALL=C sort) >files
    printf './%s\n' README.txt backup.json checkpoint.pub log/data.mdb personal-0/data.mdb verify.py | diff - files
    daybook --ledger r restore b
    [ "$(cat r/checkpoint.pub)" = public ]
    [ ! -e r/checkpoint.key ]
}

@test "backups made while others write each verify and are what the log was" {
    orders 2
    write_meanwhile
    for i in 1 2 3 4 5 6; do
        daybook backup b
    done
    end_writers
    [ "$(ls b | wc -l)" = 6 ]
    for backup in b/*; do
        daybook --ledger r restore "$backup"
        daybook --ledger r verify
        size=$(size r)
        [ "$size" = "${backup##*-}" ]
        diff <(first r "$size") <(first ledger "$size")
        root r >note
        daybook verify --checkpoint note >/dev/null
        rm -r r
    done
    daybook verify
}

@test "a writer that was killed between its two commits leaves nothing in a backup" {
    orders 2
    python3 - <<'PYTHON'
import sys
sys.path.append("/usr/lib/python3/dist-packages")
import lmdb, os, struct
env = lmdb.open("ledger/personal-0", max_dbs=4, map_size=1 << 30)
values, names = env.open_db(b"values", create=False), env.open_db(b"names", create=False)
with env.begin(write=True) as txn:
    txn.put(struct.pack(">QH", 1000, 0), os.urandom(16) + b"never recorded", db=values)
    txn.put(b"\x02nobody", struct.pack("<I", 77), db=names)
env.close()
PYTHON
    daybook backup b
    nowhere "never recorded" b
    nowhere nobody b
    daybook --ledger r restore b
    daybook --ledger r verify
    root | diff - <(root r)
    [ "$(daybook --ledger r customers --format jsonl | wc -l)" -ge 1 ]
}

@test "what was deleted from a page of personal data is not in a backup" {
    orders 20
    python3 - <<'PYTHON'
import sys
sys.path.append("/usr/lib/python3/dist-packages")
import lmdb, os, struct
env = lmdb.open("ledger/personal-0", max_dbs=4, map_size=1 << 30)
values = env.open_db(b"values", create=False)
with env.begin(write=True) as txn:
    txn.put(struct.pack(">QH", 1000, 0), os.urandom(16) + b"never recorded", db=values)
with env.begin(write=True) as txn:
    txn.delete(struct.pack(">QH", 1000, 0), db=values)
env.close()
PYTHON
    grep -qa "never recorded" ledger/personal-0/data.mdb
    daybook backup b
    nowhere "never recorded" b
    grep -rqa "note 8" b
    daybook --ledger r restore b
    root | diff - <(root r)
}

@test "--keep removes the oldest of this ledger, and nothing else" {
    orders 1
    for i in 1 2 3; do daybook backup b; done
    newest=$(ls b | tail -n 1)
    mkdir b/20200101T000000.000000Z-5 b/mine
    echo x >b/2020.txt
    daybook backup b --keep 2 --format json | grep -q '"removed": 2'
    ls b | LC_ALL=C sort >left
    [ "$(wc -l <left)" = 5 ]
    for name in 20200101T000000.000000Z-5 mine 2020.txt "$newest"; do grep -qx "$name" left; done
    daybook backup b --keep 1
    [ "$(ls -d b/2*-7 | wc -l)" = 1 ]
}

@test "backups of another ledger in the folder: refused" {
    daybook backup b
    daybook --ledger other init >/dev/null
    refuse 1 --ledger other backup b --format json
    [[ $stderr == *'"code":"foreign-log"'* ]]
    [ "$(ls -A b | wc -l)" = 1 ]
}

@test "a clock that went back does not make the new backup the oldest" {
    daybook backup b
    mv b/* b/20990101T000000.000000Z-0
    sed -i 's/"made_at": ".*"/"made_at": "2099-01-01T00:00:00.000000Z"/' b/*/backup.json
    orders 1
    daybook backup b --keep 1
    [ "$(ls b)" = 20990101T000000.000001Z-7 ]
}

@test "a backup in the ledger itself is refused, also through a link" {
    ln -s ledger link
    for dir in ledger ledger/b ledger/log/b link/b link "$PWD/ledger/./b"; do
        refuse 1 backup "$dir" --format json
        [[ $stderr == *'"code":"bad-value"'* ]]
    done
    [ "$(ls ledger | wc -l)" = 2 ]
    daybook backup ledger-backups
    refuse 3 backup no/such/folder
    [ ! -e no ]
}

@test "a damaged ledger gives no backup" {
    orders 40
    daybook backup b
    python3 - <<'PYTHON'
import sys
sys.path.append("/usr/lib/python3/dist-packages")
import lmdb, struct
env = lmdb.open("ledger/log", max_dbs=32, map_size=1 << 30)
events = env.open_db(b"events", integerkey=True, create=False)
with env.begin(write=True, db=events) as txn:
    key = struct.pack("<Q", 17)
    row = bytearray(txn.get(key))
    row[-1] ^= 1
    txn.put(key, bytes(row))
env.close()
PYTHON
    refuse 1 backup b --keep 1 --format json
    [[ $stderr == *'"code":"verification-failed"'* ]]
    [ "$(ls -A b | wc -l)" = 1 ]
    refuse 1 backup c
    [ ! -e c ]
}

@test "restore never goes over anything" {
    orders 1
    daybook backup b
    root >before
    refuse 1 restore b --format json
    [[ $stderr == *'"code":"already-exists"'* ]]
    root | diff before -
    mkdir full empty
    touch full/file
    refuse 1 --ledger full restore b
    [ "$(ls -A full)" = file ]
    refuse 1 --ledger full/file restore b
    daybook --ledger empty restore b
    root empty | diff before -
}

@test "restore warns of a fork on standard error, and its JSON is one document" {
    orders 1
    daybook backup b
    daybook --ledger r restore b --format json >out 2>err
    grep -q fork err
    python3 -c 'import json; d = json.load(open("out")); assert d["events"] == 7 and d["passed_over"] == 0, d'
}

@test "restore takes the newest that verifies, or the very one" {
    orders 1
    daybook backup b
    orders 1
    daybook backup b
    older=$(ls b | head -n 1) newer=$(ls b | tail -n 1)
    daybook --ledger r1 restore b
    [ "$(size r1)" = 10 ]
    daybook --ledger r2 restore "b/$older"
    [ "$(size r2)" = 7 ]
    spoil "b/$newer/log/data.mdb" P-1
    daybook --ledger r3 restore b 2>err
    [ "$(size r3)" = 7 ]
    grep -q "1 newer" err
    refuse 1 --ledger r4 restore "b/$newer"
    spoil "b/$older/personal-0/data.mdb" note
    refuse 1 --ledger r4 restore b
    [ ! -e r4 ]
    [ -z "$(ls -A | grep restore)" ]
}

@test "a backup whose data is older than it says is refused" {
    orders 1
    daybook backup b
    orders 1
    daybook backup b
    older=$(ls b | head -n 1) newer=$(ls b | tail -n 1)
    cp -r "b/$newer" c
    cp -r "b/$older/log" "b/$older/personal-0" c
    refuse 1 --ledger r restore c --format json
    [[ $stderr == *'"code":"verification-failed"'* ]]
    [ ! -e r ]
}

@test "what is no backup is not restored" {
    mkdir none
    refuse 1 --ledger r restore none --format json
    [[ $stderr == *'"code":"not-found"'* ]]
    refuse 1 --ledger r restore ledger
    refuse 3 --ledger r restore missing
    daybook backup b
    backup=b/$(ls b)
    rm "$backup/log/data.mdb"
    refuse 3 --ledger r restore "$backup"
    mkfifo "$backup/log/data.mdb"
    refuse 3 --ledger r restore "$backup"
    [ ! -e r ]
}

@test "a backup from a folder that may not be written restores" {
    orders 1
    daybook backup b
    chmod -R a-w b
    daybook --ledger r restore b
    chmod -R u+w b
    daybook --ledger r verify
}

@test "backup and restore killed at any moment leave nothing that counts, and work when repeated" {
    daybook import "$data/northwind_orders.csv" >/dev/null
    root >before
    for i in $(seq 12); do
        timeout -s KILL "0.0$((RANDOM % 10))$((RANDOM % 10))" "$DAYBOOK" backup b >/dev/null 2>&1 || true
        timeout -s KILL "0.0$((RANDOM % 10))$((RANDOM % 10))" "$DAYBOOK" --ledger k restore b >/dev/null 2>&1 || true
        if [ -e k ]; then
            root k | diff before -
            rm -r k
        fi
    done
    daybook backup b --keep 1
    [ "$(ls -A b | wc -l)" = 1 ]
    daybook --ledger r restore b
    daybook --ledger k restore b
    [ -z "$(ls -A | grep restore)" ]
    daybook --ledger r verify
    root r | diff before -
    daybook verify
}

@test "a full disk is said, and leaves nothing" {
    daybook import "$data/northwind_orders.csv" >/dev/null
    daybook backup b
    mkdir small
    unshare -rm true || skip "no filesystem may be mounted here"
    unshare -rm sh -c '
        mount -t tmpfs -o size=600k none small
        "$DAYBOOK" backup small/c --format json 2>backup-said
        echo $? >>backup-said
        "$DAYBOOK" --ledger small/r restore b --format json 2>restore-said
        echo $? >>restore-said
        ls -A small >left'
    for said in backup-said restore-said; do
        grep -q '"code":"disk-full"' $said
        [ "$(tail -n 1 $said)" = 3 ]
    done
    [ ! -s left ]
}

@test "two backups at once into one folder are both whole" {
    daybook import "$data/northwind_orders.csv" >/dev/null
    daybook backup b &
    daybook backup b
    wait $!
    [ "$(ls -A b | wc -l)" = 2 ]
    for backup in b/*; do
        rm -rf r
        daybook --ledger r restore "$backup"
    done
}

@test "verify.py in a backup agrees by itself" {
    orders 2
    daybook backup b
    python3 -I b/*/verify.py >out
    grep -qF "root $(root | sed -n 3p)" out
    spoil "$(ls -d b/*/log)/data.mdb" P-1
    ! python3 -I b/*/verify.py >out
    nowhere -F "root $(root | sed -n 3p)" out
    grep -q '^NOT VERIFIED: ' out
}

@test "pull into an empty ledger makes the same ledger" {
    orders 2
    daybook --ledger c init --timezone Asia/Shanghai --numbers 'X-{000}' >/dev/null
    daybook --ledger c pull ledger --format json >out
    python3 -c 'import json; d = json.load(open("out")); assert (d["taken"], d["events"], d["theirs"]) == (11, 11, 11), d'
    root | diff - <(root c)
    diff <(first ledger 11) <(first c 11)
    daybook --ledger c verify
    [ "$(daybook --ledger c create --customer ACME --item P-1:1)" = SO-000003 ]
}

@test "pull brings only what is new, and says when nothing is" {
    orders 2
    cp -r ledger c
    orders 3
    daybook --ledger c pull ledger | grep -q "Took 10 events"
    root | diff - <(root c)
    daybook --ledger c verify
    daybook --ledger c pull ledger | grep -q "the same 21 events"
    daybook --ledger c pull c | grep -q "the same 21 events"
    daybook --ledger c create --customer ACME --item P-1:1 >/dev/null
    daybook --ledger c pull ledger | grep -q "the first 21 of these 23"
    daybook pull c
    root | diff - <(root c)
}

@test "pull from a backup, and from the newest of several" {
    orders 1
    cp -r ledger c
    orders 1
    daybook backup b
    cp -r c d
    older=b/$(ls b)
    orders 1
    daybook backup b
    chmod -R a-w b
    daybook --ledger c pull b
    root | diff - <(root c)
    daybook --ledger d pull "$older"
    [ "$(size d)" = "${older##*-}" ]
    chmod -R u+w b
    daybook --ledger c verify
    daybook --ledger d verify
}

# Both go on separately from the same two orders; the next event is the first that differs.
@test "pull refuses a history that went another way, and says from which event on" {
    orders 2
    cp -r ledger c
    common=$(size)
    orders 30
    daybook --ledger c create --customer Elsewhere --item P-1:1 >/dev/null
    for pair in "ledger c" "c ledger"; do
        root "${pair% *}" >before
        refuse 1 --ledger "${pair% *}" pull "${pair#* }" --format json
        [[ $stderr == *'"code":"foreign-log"'* && $stderr == *"\"seq\":$((common + 1))"[,}]* ]]
        root "${pair% *}" | diff before -
    done
    daybook --ledger other init >/dev/null
    daybook --ledger other create --customer ACME --item P-1:1 >/dev/null
    refuse 1 pull other --format json
    [[ $stderr == *'"seq":1}'* || $stderr == *'"seq":1,'* ]]
}

@test "pull refuses what is damaged, and takes nothing of it" {
    orders 1
    cp -r ledger c
    orders 300
    cp -r ledger d
    root c >before
    spoil d/log/data.mdb P-299
    refuse 3 --ledger c pull d --format json
    [[ $stderr == *'"code":"damaged"'* ]]
    root c | diff before -
    rm -r d
    cp -r ledger d
    python3 - <<'PYTHON'
import sys
sys.path.append("/usr/lib/python3/dist-packages")
import lmdb
env = lmdb.open("d/log", max_dbs=32, map_size=1 << 30)
tree = env.open_db(b"tree", integerkey=True, create=False)
with env.begin(write=True, db=tree) as txn:
    key, row = next((bytes(k), bytes(v)) for k, v in txn.cursor())
    txn.put(key, bytes([row[0] ^ 1]) + row[1:])
env.close()
PYTHON
    refuse 1 --ledger c pull d --format json
    [[ $stderr == *'"code":"verification-failed"'* ]]
    root c | diff before -
    rm -r d
    cp -r ledger d
    spoil d/personal-0/data.mdb "note 150"
    refuse 1 --ledger c pull d --format json
    [[ $stderr == *'"code":"verification-failed"'* ]]
    root c | diff before -
    rm -r d/log
    refuse 3 --ledger c pull d
    refuse 3 --ledger c pull nothing
    daybook --ledger c pull ledger
    daybook --ledger c verify
}

@test "pull from a ledger that is written to takes whole entries" {
    orders 1
    daybook --ledger c init >/dev/null
    write_meanwhile
    for i in $(seq 8); do
        daybook --ledger c pull ledger >/dev/null
        root c >note
        daybook verify --checkpoint note >/dev/null
    done
    end_writers
    daybook --ledger c pull ledger
    daybook --ledger c verify
    root | diff - <(root c)
}

@test "two pulls at once into one ledger are one history" {
    daybook import "$data/northwind_orders.csv" >/dev/null
    daybook --ledger c init >/dev/null
    daybook --ledger c pull ledger &
    daybook --ledger c pull ledger
    wait $!
    root | diff - <(root c)
    daybook --ledger c verify
}

@test "pull killed at any moment goes on where it was" {
    for i in 1 2 3; do
        sed "s/^[0-9]*,/$i&/" "$data/northwind_orders.csv" >orders.csv
        daybook import orders.csv >/dev/null
    done
    for i in $(seq 6); do
        rm -rf c
        daybook --ledger c init >/dev/null
        for j in 1 2 3; do
            timeout -s KILL "0.0$((RANDOM % 10))$((RANDOM % 10))" "$DAYBOOK" --ledger c pull ledger >/dev/null 2>&1 || true
        done
        root c >note
        daybook verify --checkpoint note >/dev/null || [ "$(sed -n 2p note)" = 0 ]
        daybook --ledger c pull ledger
        root | diff - <(root c)
        daybook --ledger c verify >/dev/null
    done
}

@test "a lock on the folder of backups does not hold a backup up, and a link to it is as good" {
    orders 1
    mkdir far
    ln -s far b
    timeout 20 flock b "$DAYBOOK" backup b
    daybook backup b --keep 1
    [ "$(ls -A far | wc -l)" = 1 ]
    daybook --ledger r restore b
}

@test "a copy that pulls, or loads, forgets what the ledger has forgotten" {
    orders 2
    daybook create --customer 王小明 --item P-1:1 --note "ask 王小明 first" >/dev/null
    cp -r ledger c
    cp -r ledger d
    note=$(daybook log | grep note-added | tail -n 1 | sed 's/.*"sequence":"0*\([0-9]*\)".*/\1/')
    daybook forget customer 王小明 --reason 'Art. 17' >/dev/null
    daybook forget note "$note" --reason 'Art. 17' >/dev/null
    orders 1
    nowhere 王小明 ledger
    grep -rqa 王小明 c
    daybook --ledger c pull ledger
    daybook log | daybook --ledger d load - >/dev/null
    for copy in c d; do
        nowhere 王小明 $copy
        root | diff - <(root $copy)
        daybook --ledger $copy verify
        diff <(first ledger "$(size)") <(first $copy "$(size)")
    done
}

@test "what was forgotten is in older backups until they are removed, and a restored one forgets when it pulls" {
    daybook create --customer 王小明 --item P-1:1 >/dev/null
    daybook backup b
    daybook forget customer 王小明 --reason 'Art. 17' >/dev/null
    grep -rqa 王小明 b
    daybook --ledger r restore b
    daybook --ledger r pull ledger
    nowhere 王小明 r
    daybook --ledger r verify
    daybook backup b --keep 1
    nowhere 王小明 b
    rm -r r
    daybook --ledger r restore b
    root | diff - <(root r)
    daybook --ledger r verify
}

@test "backups made while people are forgotten agree with themselves" {
    for i in $(seq 8); do
        daybook create --customer "Forgettable-$i" --item P-1:1 >/dev/null
    done
    (for i in $(seq 8); do daybook forget customer "Forgettable-$i" --reason x >/dev/null; done; touch stop) 3>&- &
    while [ ! -e stop ]; do
        daybook backup b
    done
    wait
    daybook backup b
    nowhere Forgettable "b/$(ls b | tail -n 1)"
    for backup in b/*; do
        daybook --ledger r restore "$backup"
        root r >note
        daybook verify --checkpoint note >/dev/null
        daybook --ledger r log --from 1 | grep -c '"type":"personal-data-erased"' >erased || true
        for i in $(seq "$(cat erased)"); do nowhere "Forgettable-$i" "$backup"; done
        rm -r r
    done
}

@test "a pull that is killed while it forgets has forgotten in the end" {
    daybook import "$data/northwind_orders.csv" >/dev/null
    daybook create --customer 王小明 --item P-1:1 >/dev/null
    cp -r ledger before
    daybook forget customer 王小明 --reason x >/dev/null
    for i in $(seq 8); do
        rm -rf c
        cp -r before c
        timeout -s KILL "0.0$((RANDOM % 6))$((RANDOM % 10))" "$DAYBOOK" --ledger c pull ledger >/dev/null 2>&1 || true
        daybook --ledger c verify >/dev/null
        daybook --ledger c pull ledger
        daybook --ledger c create --customer ACME --item P-1:1 >/dev/null
        nowhere 王小明 c
        [ "$(ls -d c/personal-* | wc -l)" = 1 ]
        daybook --ledger c verify >/dev/null
    done
}

@test "a limited address space is shared by two ledgers" {
    [[ $DAYBOOK != */sanitize/* ]] || skip "the sanitizers need more"
    cp -r ledger behind
    daybook create --customer ACME --item P-1:1 >/dev/null
    for kilobytes in 170000 200000 250000 300000 350000 400000 500000; do
        rm -rf r
        cp -r behind r
        (ulimit -v "$kilobytes" && daybook backup b >/dev/null && daybook --ledger r pull ledger >/dev/null)
    done
}
