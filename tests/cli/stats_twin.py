#!/usr/bin/env python3
"""Random lives of orders, and what the reports must say of them, worked out a second time.

    stats_twin.py SEED     needs $DAYBOOK (the program) and $DAYBOOK_LEDGER (a fresh ledger in UTC, without events)

The figures are those of tests/model/figures.py. Ends with exit 1 and the first differences when the program says
otherwise.
"""
import datetime
import json
import os
import pathlib
import random
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "model"))
from figures import DAY, ENDED, KEYS, Question, ageing, delays, grouped, slippage  # noqa: E402

PROGRAM, LEDGER = os.environ["DAYBOOK"], os.environ["DAYBOOK_LEDGER"]
TODAY = datetime.datetime.now(datetime.timezone.utc).date()
CUSTOMERS = ["ACME", "深圳市华强电子", "株式会社山田", "O'Neill \"Bros\"", "=1+1", "Müller"]


# ---- lives

class Order:
    def __init__(self, number, rng):
        self.no = f"T-{number:04d}"
        self.status, self.carrier, self.delivered_by = "pending", None, None
        self.customer = rng.choice(CUSTOMERS)
        self.codes = rng.sample(["P-1", "P-2", "螺栓", "P-4"], rng.randint(1, 3))
        self.ordered = datetime.date(2024, 1, 1) + rng.randrange(500) * DAY
        self.first = self.expected = self.requested = None
        self.shipped_on = self.delivered_on = self.cancelled_on = None
        self.shipped, self.delivered = {}, {}  # line -> day, None where it is unknown
        self.wanted = dict.fromkeys(range(1, len(self.codes) + 1), 2)
        self.moves = []

    def parts(self, shipped):
        return [(line, 2, day) for line, day in (self.shipped if shipped else self.delivered).items()]

    def promise(self, day, actor=None, reason=None, on=None):
        if self.expected and day != self.expected:
            self.moves.append((self.expected, day, on or TODAY, actor, reason, (day - self.expected).days))
        self.expected = day
        self.first = self.first or day

    def ship(self, lines, day, carrier):
        whole = set(range(1, len(self.codes) + 1))
        for line in (lines or whole) - set(self.shipped):
            self.shipped[line] = day
        self.carrier = carrier
        if set(self.shipped) == whole:
            self.status, self.shipped_on = "shipped", day

    def deliver(self, lines, day, actor):
        whole = set(range(1, len(self.codes) + 1))
        for line in (lines or whole) - set(self.delivered):
            self.delivered[line] = day
            self.shipped.setdefault(line, day)
        if set(self.delivered) == whole:
            self.status, self.delivered_on, self.delivered_by = "delivered", day, actor

    def reopen(self):
        to_shipped = self.status == "delivered"
        self.status = "shipped" if to_shipped else "pending"
        self.delivered_on = self.cancelled_on = self.delivered_by = None
        self.delivered = {}
        if not to_shipped:
            self.shipped, self.shipped_on = {}, None


def possible(order, rng):
    """What may happen next to an order, some of it more often than other."""
    if order.status in ENDED:
        return ["reopened"] + ["returned"] * (order.status == "delivered") + ["nothing"] * 8
    todo = ["promise-changed", "amended", "shipped-part", "delivered-part", "delivered", "cancelled", "nothing"]
    todo += {"pending": ["processing-started"] * 4, "processing": ["shipped"] * 6}.get(order.status, [])
    return todo + (["delivered"] * 9 + ["returned"] if order.status == "shipped" else [])


def live(order, day, kind, rng):
    """One event in an order's life: applies it, and returns it as a line for `load`."""
    actor, data = rng.choice(["li.lei", "王芳", "zhang"]), {}
    on = None if rng.random() < 0.05 else day
    whole = set(range(1, len(order.codes) + 1))
    name = kind.removesuffix("-part")
    if kind == "processing-started":
        order.status = "processing"
    elif name == "shipped" or name == "delivered":
        left = whole - set(order.shipped if name == "shipped" else order.delivered)
        lines = {rng.choice(sorted(left))} if kind != name and len(left) > 1 else None
        if not left or (kind != name and not lines) or (name == "shipped" and order.status == "shipped"):
            return None
        if lines:
            data["items"] = [{"line": line, "quantity": "2"} for line in lines]
        if name == "shipped":
            carrier = rng.choice(["SF", "德邦", None])
            data.update({"carrier": carrier} if carrier else {})
            order.ship(lines, on, carrier)
        else:
            order.deliver(lines, on, actor)
    elif kind == "cancelled":
        order.status, order.cancelled_on = "cancelled", on
    elif kind == "returned":
        order.status = "returned"
    elif kind == "reopened":
        order.reopen()
    elif kind == "promise-changed":
        until, reason = day + rng.randrange(-5, 20) * DAY, rng.choice(["supplier", "客户要求", None])
        data.update({"expected_on": str(until)}, **({"reason": reason} if reason else {}))
        order.promise(until, actor, reason, on)
    elif kind == "amended":
        until = day + rng.randrange(1, 30) * DAY
        data["expected_on"] = str(until)
        order.promise(until, actor, None, on)
    return event(order, kind if name == kind else name, on, actor, data)


def event(order, kind, on, actor, data):
    line = {"type": f"order.{kind}", "subject": f"order/{order.no}", "actor": actor, "data": data}
    return {**line, "time": f"{on}T12:00:00Z"} if on else line


def create(order, rng):
    data = {"customer": order.customer, "ordered_on": str(order.ordered),
            "items": [{"code": code, "quantity": "2"} for code in order.codes]}
    if rng.random() < 0.85:
        order.promise(order.ordered + rng.randrange(1, 40) * DAY)
        data["expected_on"] = str(order.expected)
    if rng.random() < 0.5:
        order.requested = order.ordered + rng.randrange(1, 40) * DAY
        data["requested_on"] = str(order.requested)
    return event(order, "created", order.ordered, "li.lei", data)


def lives(count, seed):
    """Orders as they end, and all their events, those of several orders mixed."""
    rng = random.Random(seed)
    orders, events = [], []
    for number in range(count):
        order = Order(number, rng)
        mine, day = [create(order, rng)], order.ordered
        for _ in range(rng.randrange(1, 9)):
            kind = rng.choice(possible(order, rng))
            day += rng.choice([-9, -1, 0, 1, 2, 5, 8]) * DAY  # entered late, now and then
            mine += [x for x in [live(order, day, kind, rng) if kind != "nothing" else None] if x]
        orders.append(order)
        events.append(mine)
    mixed = []
    while any(events):
        mixed.append(rng.choice([mine for mine in events if mine]).pop(0))
    return orders, mixed


# ---- comparing

differences = []


def ask(*words):
    run = subprocess.run([PROGRAM, "--ledger", LEDGER, "--format", "json", "stats", *words], capture_output=True,
                         text=True)
    if run.returncode:
        sys.exit(f"stats {' '.join(words)}: exit {run.returncode}: {run.stderr}")
    answer = json.loads(run.stdout)
    return {name: answer[name] for name in answer if name not in ("basis", "promise", "milestone", "calendar", "hint")}


def compare(words, want):
    got = ask(*words)
    for name in want.keys() | got.keys():
        if want.get(name, "-") != got.get(name, "-"):
            differences.append(f"{' '.join(words)}: {name}: {got.get(name, '-')}, not {want.get(name, '-')}")


def main(seed):
    orders, events = lives(150, seed)
    lines = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in events)
    load = subprocess.run([PROGRAM, "--ledger", LEDGER, "load", "-"], input=lines, capture_output=True, text=True)
    if load.returncode:
        sys.exit(f"seed {seed}: load: {load.stderr}")
    middle = datetime.date(2024, 8, 1)
    questions = [Question(promise, milestone, tolerance, calendar)
                 for promise in ("latest", "first", "requested") for milestone in ("delivered", "shipped")
                 for tolerance in (None, (3, 2)) for calendar in ("days", "workdays")]
    questions += [Question(since=middle), Question(until=middle), Question(milestone="shipped", since=middle,
                                                                           until=middle + 90 * DAY)]
    for q in questions:
        chosen = [o for o in orders if q.selects(o)]
        compare(["delays", *q.options], {**delays(chosen, q), "groups": []})
    for by in [[name] for name in KEYS] + [["status", "product"], ["carrier", "customer"], ["product", "month"],
                                           ["ordered-month", "actor", "product", "status"]]:
        q = random.Random(seed).choice(questions)
        chosen = [o for o in orders if q.selects(o)]
        words = [word for name in by for word in ("--by", name)]
        compare(["delays", *words, *q.options], {**delays(chosen, q), "groups": grouped(chosen, q, by)})
    compare(["slippage"], {**slippage(orders), "groups": []})
    compare(["ageing"], {**ageing(orders, TODAY), "groups": []})
    if differences:
        sys.exit(f"seed {seed}, {len(differences)} differences:\n" + "\n".join(differences[:10]))


if __name__ == "__main__":
    main(int(sys.argv[1]))
