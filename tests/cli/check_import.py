#!/usr/bin/env python3
"""Imports the tables of tests/data and compares what the ledger then says with what a careful reader expects.

    check_import.py file NAME.expected.json    one table: orders, rejected rows; then the same again: no event
    check_import.py reimport                   two versions of one table, a week apart: which events the second brings
    check_import.py round-trip NAME ARGUMENT…  import, export as CSV, import that: no event

$DAYBOOK is the program; every run has a ledger of its own in a temporary folder."""
import json
import os
import subprocess
import sys
import tempfile

DATA = os.path.join(os.path.dirname(__file__), "..", "data")
failures = []


def check(what, expected, actual):
    if expected != actual:
        failures.append(f"{what}: expected {expected!r}, got {actual!r}")


def daybook(folder, *arguments):
    command = [os.environ["DAYBOOK"], "--ledger", os.path.join(folder, "ledger"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


def import_table(folder, name, *arguments):
    path = name if os.path.isabs(name) else os.path.join(DATA, name)
    done = daybook(folder, "--format", "json", "import", path, "--init", *arguments)
    if done.returncode not in (0, 1):
        sys.exit(f"import {name} ended with {done.returncode}: {done.stderr}")
    return done, json.loads(done.stdout) if done.stdout else None


def orders_of(folder):
    done = daybook(folder, "--format", "json", "list")
    if done.returncode:
        sys.exit(f"list ended with {done.returncode}: {done.stderr}")
    return {order["order_no"]: order for order in json.loads(done.stdout)["orders"]}


def log_of(folder):
    done = daybook(folder, "log")
    if done.returncode:
        sys.exit(f"log ended with {done.returncode}: {done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def compare_items(number, expected, actual):
    check(f"{number}: number of lines", len(expected), len(actual))
    for want, have in zip(expected, actual):
        for member in ("code", "name", "quantity"):
            if want[member] is not None:
                check(f"{number}: {member}", want[member], have[member])


def compare_orders(expected, actual):
    check("order numbers", sorted(order["order_no"] for order in expected), sorted(actual))
    for want in expected:
        number = want["order_no"]
        have = actual.get(number)
        if have is None:
            continue
        for member in ("customer", "ordered_on", "expected_on", "shipped_on", "delivered_on", "status"):
            check(f"{number}: {member}", want[member], have[member])
        notes = "\n".join(note["text"] for note in have["notes"]) or None
        check(f"{number}: note", want["note"], notes)
        compare_items(number, want["items"], have["items"])


def check_refused(folder, expected):
    done, _ = import_table(folder, expected["file"], *expected["args"])
    check("exit status", 1, done.returncode)
    error = json.loads(done.stderr.splitlines()[-1])["error"]
    check("reason", expected["refused"]["reason"], error["code"])
    if "columns" in expected["refused"]:
        check("columns", expected["refused"]["columns"], error.get("columns"))
    check("a ledger was made", False, os.path.exists(os.path.join(folder, "ledger")))


def check_again(folder, expected):
    before = len(log_of(folder))
    _, result = import_table(folder, expected["file"], *expected["args"])
    counts = {name: result[name] for name in ("created", "changed", "unchanged", "events")}
    check("again", {"created": 0, "changed": 0, "unchanged": len(expected["orders"]), "events": 0}, counts)
    check("events in the log after the second import", before, len(log_of(folder)))


def check_file(name):
    with open(os.path.join(DATA, name), encoding="utf-8") as file:
        expected = json.load(file)
    with tempfile.TemporaryDirectory() as folder:
        if "refused" in expected:
            check_refused(folder, expected)
            return
        done, result = import_table(folder, expected["file"], *expected["args"])
        check("exit status", 0, done.returncode)
        check("created", len(expected["orders"]), result["created"])
        rows = [(entry["row"], entry["column"], entry["reason"]) for entry in expected.get("rejected", [])]
        check("rejected", rows, [(entry["row"], entry["column"], entry["reason"]) for entry in result["rejected"]])
        if "skipped" in expected:
            check("skipped rows", sorted(entry["row"] for entry in expected["skipped"]),
                  sorted(entry["row"] for entry in result["skipped"]))
        check("recorded events", len(log_of(folder)), result["events"])
        compare_orders(expected["orders"], orders_of(folder))
        check_again(folder, expected)


def contains(whole, part):
    """Is `part` in `whole`: each member that it has, lists item by item, null as absent?"""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(contains(whole.get(key), value) for key, value in part.items())
    if isinstance(part, list):
        return isinstance(whole, list) and len(whole) == len(part) and all(map(contains, whole, part))
    return part is None or whole == part


def is_event(expected, event, codes):
    """Lines of an amendment name their product by the line's number; the log need not repeat its code."""
    if event["type"] != expected["type"] or event["subject"] != "order/" + expected["order_no"]:
        return False
    if "occurred_on" in expected and (event.get("time") or "")[:10] != (expected["occurred_on"] or ""):
        return False
    data = dict(event["data"])
    data["items"] = [{**item, "code": item.get("code") or codes.get((expected["order_no"], item.get("line")))}
                     for item in data.get("items") or []]
    return contains(data, expected.get("data", {}))


def check_reimport():
    with open(os.path.join(DATA, "reimport.expected.json"), encoding="utf-8") as file:
        expected = json.load(file)
    with tempfile.TemporaryDirectory() as folder:
        seen = 0
        for step in ("first", "again", "then"):
            seen = len(log_of(folder)) if step != "first" else 0
            _, result = import_table(folder, expected[step]["file"])
            counts = {name: value for name, value in expected[step].items()
                      if name not in ("file", "orders", "why") and not (step == "then" and name == "events")}
            check(step, counts, {name: result[name] for name in counts})
        orders = orders_of(folder)
        codes = {(number, item["line"]): item["code"] for number, order in orders.items() for item in order["items"]}
        events = [event for event in log_of(folder)[seen:] if event["subject"].startswith("order/")]
        check("number of events", len(expected["then"]["events"]), len(events))
        for want in expected["then"]["events"]:
            check(f"event {want}", 1, sum(is_event(want, event, codes) for event in events))
        compare_orders(expected["then"]["orders"], orders)


def check_round_trip(name, *arguments):
    with tempfile.TemporaryDirectory() as folder:
        import_table(folder, name, *arguments)
        for language in ("en", "zh"):
            before, orders = len(log_of(folder)), orders_of(folder)
            table = os.path.join(folder, f"out-{language}.csv")
            done = daybook(folder, "--lang", language, "export", table)
            check("export", (0, ""), (done.returncode, done.stderr))
            _, result = import_table(folder, table)
            counts = {member: result[member] for member in ("created", "changed", "unchanged", "events", "rejected")}
            check(f"import of the {language} export",
                  {"created": 0, "changed": 0, "unchanged": len(orders), "events": 0, "rejected": []}, counts)
            check("events in the log", before, len(log_of(folder)))
        fresh = os.path.join(folder, "fresh")
        os.mkdir(fresh)
        import_table(fresh, table)
        for number, order in orders_of(fresh).items():
            for member in ("customer", "ordered_on", "expected_on", "shipped_on", "delivered_on", "status", "fields"):
                check(f"{number} in a fresh ledger: {member}", orders[number][member], order[member])


if __name__ == "__main__":
    {"file": check_file, "reimport": check_reimport, "round-trip": check_round_trip}[sys.argv[1]](*sys.argv[2:])
    for failure in failures[:20]:
        print(failure)
    sys.exit(1 if failures else 0)
