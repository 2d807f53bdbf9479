#!/bin/bash
# A tour of the program on real orders: a company's log of nine months, spreadsheets that become events, people who work
# and make mistakes; and the log becomes orders, delays and an audit trail. Makes the same ledger at each run.
set -euo pipefail
cd "$(dirname "$0")/.."

ledger=build/demo.ledger
daybook=build/daybook
export DAYBOOK_LEDGER=$ledger DAYBOOK_LANG=${DAYBOOK_LANG:-en}
unset DAYBOOK_ACTOR

step() {
    printf '\n\033[1m== %s\033[0m\n' "$1"
}

# The command as a person would type it, then what it says.
run() {
    printf '$ daybook'
    printf ' %q' "$@" | sed "s/\\$'\([^']*\)'/\1/g"
    printf '\n'
    "$daybook" "$@"
}

rm -rf "$ledger"

step "A small company has kept its orders here since March 2026: its log, event by event as it was recorded"
run init --timezone Asia/Shanghai
run load tests/data/history_2026.jsonl

step "June was reported as 94 % on time. Which events made it 91 %, whose, and why? The lines add up"
run diff 2026-06-30 today --figure on-time --since 2026-06-01 --until 2026-06-30

step "It takes over a spreadsheet of 830 real orders (Northwind, 1996 to 1998)"
run --actor import import tests/data/northwind_orders.csv --map ShippedDate=delivered_on

step "The same file again: nothing happens twice"
run --actor import import tests/data/northwind_orders.csv --map ShippedDate=delivered_on

step "A Chinese order table as Excel saves it (GBK, titles above, totals below)"
run --actor 王敏 import tests/data/orders_zh_gbk.csv

reported=$("$daybook" --format json stats delays | sed -n 's/.*"seq": *\([0-9]*\),.*/\1/p')

step "People work with it, and make mistakes"
run --actor 王芳 promise DD-10254 2024-08-20 --on 2024-07-29 --reason 供应商延迟
run --actor 王芳 ship DD-10254 --carrier 顺丰 --tracking SF1024 --on 2024-08-16
run --actor 王芳 undo DD-10254 --reason 点错了订单
run --actor 王芳 ship DD-10259 --carrier 顺丰 --tracking SF1024 --on 2024-08-16
run --actor 李雷 deliver DD-10257 --on 2024-08-30
seq=$("$daybook" --format jsonl history DD-10257 | sed -n 's/^{"seq":\([0-9]*\),.*"order\.delivered".*/\1/p')
run --actor 李雷 correct DD-10257 "$seq" --on 2024-08-12 --reason 日期看错了行
run --actor 王敏 note DD-10250 "退款已付，发票作废" --kind invoice

step "Orders: the Chinese ones, as they are now"
run list --search DD-

step "Delays: was what was promised kept? By year and month"
run stats delays --by month

step "What moved the rate since the imports, and why"
run diff "$reported" today --figure on-time

step "Delays by customer, those with the most late orders"
run stats delays --by customer --sort late | head -n 16

step "The history of one order: who, how known, when, from what to what"
run history DD-10257

step "The audit trail of one person"
run audit --actor 王芳 --field status

step "The same figures as of an earlier day: what was true at the end of 1997"
run stats delays --effective 1997-12-31

step "And who says so? Every event is a leaf of a Merkle tree"
run checkpoint
run verify

cat <<END

The ledger is in $ledger. Try next:

  export DAYBOOK_LEDGER=$ledger PATH=\$PWD/build:\$PATH
  daybook today
  daybook show DD-10254
  daybook blame DD-10257
  daybook create --customer ACME --item P-1:10 --expected +14
  daybook log | tail -n 1
  daybook help
END
