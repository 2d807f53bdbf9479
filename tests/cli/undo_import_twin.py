#!/usr/bin/env python3
"""Two ledgers: one in which a random table was imported, undone and a second one imported, one that only ever had the
second. What people are shown must be the same in both: SEED= repeats a run, ROUNDS= sets how many there are."""
import csv
import json
import os
import random
import subprocess
import sys

DAYBOOK = os.environ["DAYBOOK"]
# What differs in honest ledgers: when and how often something was recorded.
OWN = {"version", "last_seq", "created_at", "updated_at", "recorded_at", "basis", "seq"}
HEADER = ["Order No", "Customer", "SKU", "Qty", "Order Date", "Due Date", "Ship Date", "Actual Delivery", "Notes", "Colour"]


def run(ledger, *arguments, status=0):
    done = subprocess.run([DAYBOOK, "--ledger", ledger, "--format", "json", *arguments], capture_output=True, text=True)
    assert done.returncode == status, f"{ledger}: {arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


def table(rng, name, numbered):
    rows = []
    for number in rng.sample(range(1, 30), rng.randint(1, 12)):
        day = rng.randint(1, 9)
        order = [f"X-{number}" if numbered else "", rng.choice(["Ann", "Bob", "Cy"])]
        shipped = day + 1 if rng.random() < 0.6 else None
        delivered = day + 2 if shipped and rng.random() < 0.6 else None
        dates = [f"2026-03-{d:02}" if d else "" for d in (day, day + rng.randint(0, 9), shipped, delivered)]
        for sku in rng.sample(["P-1", "P-2", "P-3"], rng.randint(1, 3) if numbered else 1):
            note = rng.choice(["", "call first", "pallets"])
            rows.append(order + [sku, str(rng.randint(1, 5))] + dates + [note, rng.choice(["red", "blue"])])
    with open(name, "w", newline="") as file:
        csv.writer(file).writerows([HEADER] + rows)


def plain(value, lines):
    if isinstance(value, list):
        return [plain(item, lines) for item in value]
    if isinstance(value, dict):
        return {k: plain(v, lines) for k, v in value.items() if k not in OWN and (lines or k != "line")}
    return value


def shown(ledger, lines):
    """Line numbers are never used twice in an order that stays, so there a line that comes again has another."""
    answers = [plain(json.loads(run(ledger, *command)), lines) for command in (
        ["list"], ["stats", "delays", "--by", "customer", "--by", "product"], ["stats", "delays", "--by", "actor"],
        ["stats", "slippage"], ["stats", "lead"], ["stats", "ageing"], ["list", "--effective", "2026-03-06"])]
    if os.path.exists("out.csv"):
        os.remove("out.csv")
    run(ledger, "export", "out.csv")
    with open("out.csv") as file:
        return answers + [file.read()]


def play(rng, place):
    os.makedirs(place)
    os.chdir(place)
    numbered = rng.random() < 0.7
    options = [] if numbered else ["--auto-number"]
    table(rng, "a.csv", numbered)
    table(rng, "b.csv", numbered)
    by_hand = [["create", "--number", f"X-{n}", "--customer", "Ann", "--item", f"P-{rng.randint(1, 3)}:2",
                "--ordered", "2026-03-01"] for n in rng.sample(range(1, 30), rng.randint(0, 8))] if numbered else []
    for ledger in ("both", "only"):
        run(ledger, "init", "--timezone", "UTC")
        for command in by_hand:
            run(ledger, *command)
    before = shown("both", True)
    answer = json.loads(run("both", "import", "a.csv", "--partial", *options))
    bad, bad_seq = shown("both", True), json.loads(run("both", "list"))["basis"]["seq"]
    undone = json.loads(run("both", "undo-import", "a.csv", "--reason", "wrong file"))
    assert undone["kept"] == [] and undone["orders"] == answer["created"] + answer["changed"], undone
    assert shown("both", True) == before, "after the undoing"
    assert plain(json.loads(run("both", "list", "--as-of", str(bad_seq))), True) == bad[0], "as of before it"
    mended = rng.choice(["a.csv", "b.csv"])
    for ledger in ("both", "only"):
        run(ledger, "import", mended, "--partial", *options)
    both, only = shown("both", not by_hand), shown("only", not by_hand)
    if not numbered and mended == "b.csv":  # numbers are never given twice, but to the same order
        both, only = [json.dumps(x["total"]) if "total" in x else x for x in both[1:-1]], [
            json.dumps(x["total"]) if "total" in x else x for x in only[1:-1]]
    assert both == only, f"after {mended}\n{both}\n{only}"
    again = json.loads(run("both", "import", mended, "--partial", *options))
    assert again["events"] == 0, again
    run("both", "rebuild", "--check")
    run("both", "verify")


def main():
    seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
    for i in range(int(os.environ.get("ROUNDS", 12))):
        print(f"SEED={seed + i}")
        play(random.Random(seed + i), os.path.join(os.path.abspath(sys.argv[1]), f"twin-{seed + i}"))


main()
