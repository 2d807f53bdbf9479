#!/usr/bin/env python3
"""Random lives of orders, and what the reports must say of them, worked out a second time.

    stats_twin.py SEED     needs $DAYBOOK (the program) and $DAYBOOK_LEDGER (a fresh ledger in UTC, without events)

Everything is recomputed the slow way: days are counted one by one, percentiles are looked up in sorted lists. Ends
with exit 1 and the first differences when the program says otherwise.
"""
import datetime
import json
import math
import os
import random
import subprocess
import sys
from fractions import Fraction

PROGRAM, LEDGER = os.environ["DAYBOOK"], os.environ["DAYBOOK_LEDGER"]
DAY = datetime.timedelta(days=1)
TODAY = datetime.datetime.now(datetime.timezone.utc).date()
CUSTOMERS = ["ACME", "深圳市华强电子", "株式会社山田", "O'Neill \"Bros\"", "=1+1", "Müller"]
ENDED = ("delivered", "cancelled", "returned")


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
        self.moves = []

    def promise(self, day, actor=None, reason=None, on=None):
        if self.expected and day != self.expected:
            self.moves.append((self.expected, day, on or TODAY, actor, reason))
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


# ---- figures

def between(a, b, workdays):
    if not workdays:
        return (b - a).days
    if a > b:
        return -between(b, a, True)
    return sum((a + i * DAY).weekday() < 5 for i in range(1, (b - a).days + 1))


class Question:
    def __init__(self, promise="latest", milestone="delivered", tolerance=None, calendar="days", since=None,
                 until=None):
        self.promise, self.milestone, self.tolerance = promise, milestone, tolerance
        self.workdays, self.since, self.until = calendar == "workdays", since, until
        self.options = ["--promise", promise, "--milestone", milestone, "--calendar", calendar]
        self.options += ["--tolerance", f"{tolerance[0]},{tolerance[1]}"] if tolerance else []
        self.options += ["--since", str(since)] if since else []
        self.options += ["--until", str(until)] if until else []

    def due(self, order):
        return {"latest": order.expected, "first": order.first, "requested": order.requested}[self.promise]

    def reached(self, order):
        return order.shipped_on or order.delivered_on if self.milestone == "shipped" else order.delivered_on

    def counts_as_reached(self, order):
        return order.status == "delivered" or (self.milestone == "shipped" and order.status == "shipped")

    def lateness(self, order):
        if self.counts_as_reached(order) and self.reached(order) and self.due(order):
            return between(self.due(order), self.reached(order), self.workdays)
        return None

    def selects(self, order):
        day = self.reached(order)
        return bool(day and (self.since or day) <= day <= (self.until or day)) or not (self.since or self.until)

    def past_due(self, order, day):
        late = self.tolerance[1] if self.tolerance else 0
        return bool(day and self.due(order)) and between(self.due(order), day, self.workdays) > late

    def in_full(self, order):
        parts = order.shipped if self.milestone == "shipped" else order.delivered
        whole = set(range(1, len(order.codes) + 1))
        return set(parts) == whole and not any(self.past_due(order, day) for day in parts.values())


def rounded(part, whole):
    return float(round(Fraction(part, whole), 6)) if whole else None


def summary(values, names):
    values = sorted(values)
    out = {"mean": rounded(sum(values), len(values))}
    for name in names:
        percent = {"min": 0, "max": 100}[name] if name in ("min", "max") else int(name[1:])
        out[name] = values[max(1, math.ceil(Fraction(percent * len(values), 100))) - 1] if values else None
    return out


def delays(orders, q):
    early, late_from = q.tolerance or (math.inf, 0)
    judged = [(o, q.lateness(o)) for o in orders if q.lateness(o) is not None]
    on_time = [o for o, days in judged if -early <= days <= late_from]
    late = [days for _, days in judged if days > late_from]
    leads = [between(o.ordered, q.reached(o), q.workdays) for o in orders
             if q.counts_as_reached(o) and q.reached(o)]
    waiting = [o for o in orders if o.status not in ENDED and not q.counts_as_reached(o) and q.past_due(o, TODAY)]
    due = len(judged) + len(waiting)
    figures = {
        "orders": len(orders), "open": sum(o.status not in ENDED for o in orders),
        **{status: sum(o.status == status for o in orders) for status in ENDED},
        "measured": len(judged),
        "undated": sum(q.counts_as_reached(o) and not q.reached(o) for o in orders),
        "on_time": len(on_time), "late": len(late),
        "on_time_rate": rounded(len(on_time), len(judged)),
        "in_full_rate": rounded(sum(q.in_full(o) for o in on_time), len(judged)),
        "lateness_days": summary([days for _, days in judged], ["min", "p50", "p85", "p90", "p95", "p99", "max"]),
        "late_days": summary(late, ["p50", "p85", "p90", "max"]),
        "lead_days": summary(leads, ["p50", "p85", "p90", "max"]),
        "overdue_open": sum(o.status not in ENDED and bool(o.expected) and o.expected < TODAY for o in orders),
        "promises": {
            "due": due, "kept": len(on_time), "broken": due - len(on_time), "kept_rate": rounded(len(on_time), due),
            "cancelled_after_due": sum(o.status == "cancelled" and q.past_due(o, o.cancelled_on) for o in orders),
            "returned_late": sum(o.status == "returned" and q.past_due(o, q.reached(o)) for o in orders)}}
    if q.tolerance:
        figures["early"] = len(judged) - len(on_time) - len(late)
    return figures


KEYS = {
    "customer": lambda o, q: [o.customer],
    "product": lambda o, q: sorted(o.codes),
    "month": lambda o, q: [str(q.reached(o))[:7]] if q.reached(o) else [],
    "ordered-month": lambda o, q: [str(o.ordered)[:7]],
    "actor": lambda o, q: [o.delivered_by] if o.delivered_by else [],
    "carrier": lambda o, q: [o.carrier],
    "status": lambda o, q: [o.status],
}


def grouped(orders, q, by):
    groups = {}
    for o in orders:
        keys = [()]
        for name in by:
            keys = [key + (more,) for key in keys for more in KEYS[name](o, q)]
        for key in keys:
            groups.setdefault(key, []).append(o)
    order = sorted(groups, key=lambda key: [(part is not None, part or "") for part in key])
    return [{"by": dict(zip(by, key)), **delays(groups[key], q)} for key in order]


def slippage(orders):
    moves = [move for o in orders for move in o.moves]

    def tally(name, at):
        keys = {move[at] for move in moves}
        rows = [{name: key, "moves": sum(m[at] == key for m in moves),
                 "days": sum((m[1] - m[0]).days for m in moves if m[at] == key)} for key in keys]
        return sorted(rows, key=lambda row: (-row["moves"], row[name] is not None, row[name] or ""))
    return {"moved": sum(bool(o.moves) for o in orders), "moves": len(moves),
            "days": sum((o.expected - o.first).days for o in orders if o.moves),
            "by_reason": tally("reason", 4), "by_actor": tally("actor", 3),
            "moved_after_due": sum(m[2] > m[0] for m in moves)}


def ageing(orders):
    out = dict.fromkeys(["not_due", "1-7", "8-30", "31-90", "over_90", "no_promise"], 0)
    for o in orders:
        past = o.expected and (TODAY - o.expected).days
        if o.status not in ENDED:
            out["no_promise" if past is None else "not_due" if past < 1 else "1-7" if past < 8 else
                "8-30" if past < 31 else "31-90" if past < 91 else "over_90"] += 1
    return out


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
    compare(["ageing"], {**ageing(orders), "groups": []})
    if differences:
        sys.exit(f"seed {seed}, {len(differences)} differences:\n" + "\n".join(differences[:10]))


if __name__ == "__main__":
    main(int(sys.argv[1]))
