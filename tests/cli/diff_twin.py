#!/usr/bin/env python3
"""Random work on a ledger of many orders, and what `diff` must say of it, worked out from the audit trail alone.

    diff_twin.py SEED     needs $DAYBOOK (the program) and $DAYBOOK_LEDGER (a ledger with orders)

States are put together by applying each event's changes one after the other; what is on time is told from those states.
Ends with exit 1 and the first differences when the program says otherwise.
"""
import datetime
import json
import os
import random
import subprocess
import sys

PROGRAM, LEDGER = os.environ["DAYBOOK"], os.environ["DAYBOOK_LEDGER"]
PEOPLE = ["li", "wang", "zhao"]


def run(*args):
    return subprocess.run([PROGRAM, "--ledger", LEDGER, *map(str, args)], capture_output=True, text=True)


def said(*args):
    done = run("--format", "jsonl", *args)
    if done.returncode:
        sys.exit(f"{args}: exit {done.returncode}: {done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def document(*args):
    done = run("--format", "json", *args)
    if done.returncode:
        sys.exit(f"{args}: exit {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


# ---- work; what the rules refuse is no matter

def day(rng):
    return f"{rng.choice([1996, 1997, 1998])}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"


def work(rng, orders):
    no = rng.choice(orders)
    seqs = [entry["seq"] for entry in said("history", no)]
    reason = rng.choice(["typo", "供应商延迟", "asked by customer"])
    deeds = [
        ("promise", no, day(rng), "--reason", reason),
        ("deliver", no, "--on", day(rng)),
        ("correct", no, rng.choice(seqs), "--on", day(rng), "--reason", reason),
        ("correct", no, rng.choice(seqs), "--void", "--reason", reason),
        ("correct", no, seqs[0], "--expected", day(rng), "--reason", reason),
        ("undo", no, "--reason", reason),
        ("note", no, "packed in straw"),
        ("note", no, "--retract", rng.choice(seqs)),
        ("reopen", no),
        ("return", no),
        ("cancel", no, "--reason", reason),
        ("amend", no, "--ref", f"PO-{rng.randint(1, 3)}"),
        ("create", "--customer", "ACME", "--item", "P-1:2", "--expected", day(rng)),
    ]
    done = run("--actor", rng.choice(PEOPLE), *rng.choice(deeds))
    if done.returncode not in (0, 1, 2):
        sys.exit(f"exit {done.returncode}: {done.stderr}")


# ---- a second opinion

def states(entries, end):
    """Fields of every order after the events up to `end`."""
    orders = {}
    for entry in entries:
        if entry["seq"] > end or entry["order_no"] is None:
            continue
        fields = orders.setdefault(entry["order_no"], {})
        for change in entry["changes"]:
            if change["to"] is None:
                fields.pop(change["field"], None)
            else:
                fields[change["field"]] = change["to"]
    return orders


def expected_changes(entries, start, end):
    before, after, setters, touched = states(entries, start), states(entries, end), {}, set()
    for entry in entries:
        if entry["order_no"] and start < entry["seq"] <= end:
            touched.add(entry["order_no"])
            for change in entry["changes"]:
                setters[entry["order_no"], change["field"]] = (entry["seq"], entry["actor"])
    changes = {no: {} for no in touched}
    for no in touched:
        old, new = before.get(no, {}), after.get(no, {})
        for field in old.keys() | new.keys():
            if old.get(field) != new.get(field):
                changes[no][field] = (old.get(field), new.get(field), *setters[no, field])
    return changes


def counts(fields, tolerance_late):
    """(on time, measured) of one order."""
    if fields.get("status") != "delivered" or "delivered_on" not in fields or "expected_on" not in fields:
        return 0, 0
    late = datetime.date.fromisoformat(fields["delivered_on"]) - datetime.date.fromisoformat(fields["expected_on"])
    return int(late.days <= tolerance_late), 1


def rate(on_time, measured):
    return on_time / measured if measured else None


def close(a, b):
    return a is None and b is None or a is not None and b is not None and abs(a - b) < 1e-6


# ---- comparing

def check_orders(entries, start, end):
    want = expected_changes(entries, start, end)
    answer = document("diff", start, end)
    assert answer["from"]["seq"] == start and answer["to"]["seq"] == end
    got = {order["order_no"]: {c["field"]: (c["from"], c["to"], c["seq"], c["actor"]) for c in order["changes"]}
           for order in answer["orders"]}
    for no in want.keys() | got.keys():
        if want.get(no) != got.get(no):
            sys.exit(f"diff {start} {end}, {no}: {got.get(no)} instead of {want.get(no)}")
    for no in list(want)[:3]:
        alone = document("diff", start, end, "--order", no)["orders"]
        assert alone == [order for order in answer["orders"] if order["order_no"] == no], no


def check_figure(entries, start, end, *options, tolerance_late=0):
    answer = document("diff", start, end, "--figure", "on-time", *options)
    for side, seq in (("from", start), ("to", end)):
        stats = document("stats", "delays", "--as-of", seq, *options)
        told = answer[side]
        assert (told["on_time"], told["measured"]) == (stats["on_time"], stats["measured"]), (side, told, stats)
        assert told["rate"] == stats["on_time_rate"], (side, told, stats)
    on_time, measured = answer["from"]["on_time"], answer["from"]["measured"]
    before, after = states(entries, start), states(entries, end)
    by_seq = {entry["seq"]: entry for entry in entries}
    for order in answer["orders"]:
        on_time += order["on_time"]
        measured += order["measured"]
        assert close(order["rate_after"], rate(on_time, measured)), order
        assert order["events"], order
        for event in order["events"]:
            entry = by_seq[event["seq"]]
            assert start < event["seq"] <= end and entry["order_no"] == order["order_no"], order
            assert event["reason"] == entry["data"].get("reason"), (event, entry)
            assert all(event[name] == entry[name] for name in ("type", "actor", "recorded_at")), (event, entry)
    assert (on_time, measured) == (answer["to"]["on_time"], answer["to"]["measured"]), answer
    difference = answer["difference"]
    assert difference["on_time"] == on_time - answer["from"]["on_time"]
    assert difference["measured"] == measured - answer["from"]["measured"]
    if answer["from"]["measured"] and measured:
        assert close(difference["rate"], rate(on_time, measured) - rate(answer["from"]["on_time"], answer["from"]["measured"]))
    want = {}
    for no in before.keys() | after.keys():
        old, new = (counts(state.get(no, {}), tolerance_late) for state in (before, after))
        if old != new:
            want[no] = (new[0] - old[0], new[1] - old[1])
    got = {order["order_no"]: (order["on_time"], order["measured"]) for order in answer["orders"]}
    if got != want:
        sys.exit(f"diff {start} {end} --figure on-time {options}: {got} instead of {want}")
    return len(got)


def check_sums(start, end, figure, member, *options):
    """However it is asked: both ends are what `stats delays` says, and the lines add up to the difference."""
    answer = document("diff", start, end, "--figure", figure, *options)
    for name in (member, "measured") if "rate" in answer["from"] else (member,):
        ends = [document("stats", "delays", "--as-of", seq, *options)[name] for seq in (start, end)]
        assert [answer["from"][name], answer["to"][name]] == ends, (figure, options, name)
        assert sum(order[name] for order in answer["orders"]) == ends[1] - ends[0] == answer["difference"][name]


def main():
    rng = random.Random(int(sys.argv[1]))
    orders = sorted(rng.sample([o["order_no"] for o in said("list")], 25))
    marks = [len(said("log"))]
    for _ in range(4):
        for _ in range(35):
            work(rng, orders)
        marks.append(len(said("log")))
    entries = said("audit")
    last, lines = marks[-1], 0
    spans = list(zip(marks, marks[1:])) + [(marks[0], last), (0, last), (last, last), (marks[0] // 2, marks[2])]
    spans += [tuple(sorted(rng.sample(range(marks[0], last + 1), 2))) for _ in range(3)]
    for start, end in spans:
        check_orders(entries, start, end)
        lines += check_figure(entries, start, end)
    check_figure(entries, marks[0], last, "--tolerance", "3650,20", tolerance_late=20)
    for figure in ("on-time", "late", "orders", "open", "delivered", "cancelled", "returned"):
        check_sums(marks[1], last, figure, figure.replace("-", "_"))
    for options in (["--since", "1997-01-01", "--until", "1997-12-31"], ["--promise", "first"], ["--milestone", "shipped"],
                    ["--calendar", "workdays", "--tolerance", "5,1"]):
        check_sums(0, marks[2], "on-time", "on_time", *options)
        check_sums(marks[0], last, "late", "late", *options)
    if lines < 850:
        sys.exit(f"only {lines} lines: the work moved nothing")


main()
