#!/usr/bin/env python3
"""Makes history_2026.jsonl: nine months of a small company, each command run by the real program at the moment it tells.

Recorded times are the program's own, so a story about what was known when needs a clock that can be set: `faketime`
(a Debian package that neither building nor testing needs). Run by hand; what it made is loaded by the demo and tests.

    useradd office; unshare --uts sh -c 'hostname desk3 && su office -c "tests/data/make_history.py build/daybook"' \
        > tests/data/history_2026.jsonl

The story: June was 16 of 17 on time when it was reported on the 30th. Then deliveries of June were entered late, a
delivery turned out to be of another order, a date had been misread, two promises had been typed wrong: 20 of 22.
"""
import datetime
import json
import os
import random
import subprocess
import sys
import tempfile

PROGRAM = os.path.abspath(sys.argv[1])
LEDGER = tempfile.mkdtemp() + "/ledger"
CUSTOMERS = ["东联机电", "安娜食品", "华兴电子", "海岛贸易", "汉纳实业"]
PRODUCTS = ["P-101:{}个:轴承", "P-205:{}件:法兰", "P-330:{}台:减速机"]
SALES, WAREHOUSE, FINANCE = "王芳", "李雷", "陈静"
DAY = datetime.timedelta(days=1)
LAST = datetime.date(2026, 11, 18)
random.seed(2026)
steps = []  # (moment, actor, arguments or a function that says them)


def day(month, number):
    return datetime.date(2026, month, number)


def at(date, hour, actor, *arguments):
    minute = random.randrange(60)
    steps.append((datetime.datetime.combine(date, datetime.time(hour, minute, len(steps) % 60)), actor, arguments))


def run(moment, actor, *arguments):
    environment = {**os.environ, "TZ": "Asia/Shanghai", "DAYBOOK_LEDGER": LEDGER, "DAYBOOK_LANG": "zh"}
    done = subprocess.run(["faketime", str(moment), PROGRAM, "--actor", actor, *arguments],
                          env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{moment} {arguments}: {done.stderr}")
    return done.stdout


def last_seq(number, event_type):
    """The order's last event of a type that stands, asked when the story is there."""
    def ask(moment):
        lines = run(moment, FINANCE, "--format", "jsonl", "history", number).splitlines()
        return [str(e["seq"]) for e in map(json.loads, lines) if e["type"] == event_type][-1]
    return ask


def order(number, ordered, promised, delivered, entered=None, moved_to=None):
    """An order from its first day to its delivery; `entered`: the delivery is typed in on that day only."""
    product = random.choice(PRODUCTS).format(random.choice([5, 10, 12, 20, 40]))
    at(ordered, 9, SALES, "create", "--number", number, "--customer", random.choice(CUSTOMERS), "--item", product,
       "--expected", str(promised))
    at(ordered + DAY, 10, WAREHOUSE, "produce", number)
    if moved_to:
        at(promised - 3 * DAY, 11, SALES, "promise", number, str(moved_to), "--reason", random.choice(["供应商延迟", "客户要求延后"]))
    if delivered:
        at(max(delivered - 2 * DAY, ordered + 2 * DAY), 15, WAREHOUSE, "ship", number, "--carrier", random.choice(["顺丰", "德邦"]))
        at(entered or delivered, 17, WAREHOUSE, "deliver", number, *(["--on", str(delivered)] if entered else []))


def ordinary_month(month, first_number):
    """Four orders; of every month but June nobody asks later."""
    for i in range(4):
        ordered = day(month, 3 + 5 * i)
        promised = ordered + random.randint(14, 20) * DAY
        slip = random.choice([0, 2, 4]) if i == 2 else random.choice([-4, -2, -1, 0, 3])
        delivered = promised + slip * DAY
        order(f"HD-26{month:02}{first_number + i:02}", ordered, promised, delivered if delivered <= LAST else None,
              moved_to=promised + 4 * DAY if i == 2 else None)


def june():
    for i in range(15):  # on time, and entered on the day
        ordered = day(5, 12) + i * DAY
        promised = day(6, 4) + i * DAY
        order(f"HD-2605{20 + i}", ordered, promised, promised - random.randint(0, 3) * DAY)
    # Promised for the 20th, and typed as the 26th: seemed on time.
    order("HD-260540", day(5, 28), day(6, 26), day(6, 23))
    at(day(7, 8), 10, SALES, "correct", "HD-260540", last_seq("HD-260540", "order.created"), "--expected", "2026-06-20",
       "--reason", "合同写的是6月20日")
    # Promised for the 26th, and typed as the 16th: seemed late, the only one.
    order("HD-260541", day(5, 29), day(6, 16), day(6, 24))
    at(day(7, 8), 11, SALES, "correct", "HD-260541", last_seq("HD-260541", "order.created"), "--expected", "2026-06-26",
       "--reason", "交期输错，应为6月26日")
    # The date on the receipt was misread: it came on the 21st, three days late.
    at(day(7, 3), 14, FINANCE, "correct", "HD-260534", last_seq("HD-260534", "order.delivered"), "--on", "2026-06-21",
       "--reason", "签收单日期看错")
    # It was another order that had arrived.
    at(day(7, 6), 9, WAREHOUSE, "correct", "HD-260533", last_seq("HD-260533", "order.delivered"), "--void", "--reason",
       "签收的是另一张订单")
    at(day(7, 7), 16, WAREHOUSE, "deliver", "HD-260533")
    for i in range(6):  # delivered in June, entered in July
        order(f"HD-2606{i + 30}", day(6, 2) + i * DAY, day(6, 25) + i * DAY, day(6, 23) + i * DAY,
              entered=day(7, 1) + i // 3 * DAY)


def main():
    for index, month in enumerate([3, 4, 7, 8, 9, 10, 11]):
        ordinary_month(month, 1)
        if index % 3 == 0:
            at(day(month, 24), 13, FINANCE, "note", f"HD-26{month:02}01", "发票已开", "--kind", "invoice")
    june()
    at(day(8, 25), 10, SALES, "cancel", "HD-260804", "--reason", "客户取消订单")
    run(datetime.datetime(2026, 3, 2, 8, 30), FINANCE, "init", "--timezone", "Asia/Shanghai", "--numbers", "HD-{yy}{mm}{00}")
    cancelled = False
    for moment, actor, arguments in sorted(steps, key=lambda step: step[0]):
        if moment.date() > LAST or (cancelled and "HD-260804" in arguments):
            continue
        run(moment, actor, *(a(moment) if callable(a) else a for a in arguments))
        cancelled |= arguments[0] == "cancel"
    sys.stdout.write(run(datetime.datetime(2026, 11, 18, 23, 0), FINANCE, "log"))


main()
