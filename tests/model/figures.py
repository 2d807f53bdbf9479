"""Delay figures the slow way: days are counted one by one, percentiles are looked up in sorted lists.

An order is any object with: status, customer, codes, ordered, expected, first, requested, shipped_on, delivered_on,
cancelled_on, carrier, delivered_by, wanted (line -> quantity), parts(shipped) (a list of line, quantity, day) and
moves (a list of before, after, day of the event, actor, reason, days).
"""
import datetime
import math
from fractions import Fraction

DAY = datetime.timedelta(days=1)
ENDED = ("delivered", "cancelled", "returned")


def between(a, b, workdays):
    if not workdays:
        return (b - a).days
    if a > b:
        return -between(b, a, True)
    return sum((a + i * DAY).weekday() < 5 for i in range(1, (b - a).days + 1))


class Question:
    def __init__(self, promise="latest", milestone="delivered", tolerance=None, calendar="days", since=None,
                 until=None, today=None):
        self.promise, self.milestone, self.tolerance = promise, milestone, tolerance
        self.workdays, self.since, self.until = calendar == "workdays", since, until
        self.today = today or datetime.datetime.now(datetime.timezone.utc).date()
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
        parts = order.parts(self.milestone == "shipped")
        in_time = [(line, quantity) for line, quantity, day in parts if not self.past_due(order, day)]
        return all(sum(quantity for of, quantity in in_time if of == line) >= wanted
                   for line, wanted in order.wanted.items())


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
    waiting = [o for o in orders if o.status not in ENDED and not q.counts_as_reached(o) and q.past_due(o, q.today)]
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
        "overdue_open": sum(o.status not in ENDED and bool(o.expected) and o.expected < q.today for o in orders),
        "promises": {
            "due": due, "kept": len(on_time), "broken": due - len(on_time), "kept_rate": rounded(len(on_time), due),
            "cancelled_after_due": sum(o.status == "cancelled" and q.past_due(o, o.cancelled_on) for o in orders),
            "returned_late": sum(o.status == "returned" and q.past_due(o, q.reached(o)) for o in orders)}}
    if q.tolerance:
        figures["early"] = len(judged) - len(on_time) - len(late)
    return figures


KEYS = {
    "customer": lambda o, q: [o.customer],
    "product": lambda o, q: sorted(set(o.codes)),
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
                 "days": sum(m[5] for m in moves if m[at] == key)} for key in keys]
        return sorted(rows, key=lambda row: (-row["moves"], row[name] is not None, row[name] or ""))
    return {"moved": sum(bool(o.moves) for o in orders), "moves": len(moves), "days": sum(m[5] for m in moves),
            "by_reason": tally("reason", 4), "by_actor": tally("actor", 3),
            "moved_after_due": sum(bool(m[0]) and m[2] > m[0] for m in moves)}


def ageing(orders, today):
    out = dict.fromkeys(["not_due", "1-7", "8-30", "31-90", "over_90", "no_promise"], 0)
    for o in orders:
        past = o.expected and (today - o.expected).days
        if o.status not in ENDED:
            out["no_promise" if past is None else "not_due" if past < 1 else "1-7" if past < 8 else
                "8-30" if past < 31 else "31-90" if past < 91 else "over_90"] += 1
    return out
