#!/usr/bin/env python3
"""Random commands to the real program, each a process of its own, and a twin that says what must come of them.

    model.py                $SEQUENCES sequences, or as many as begin within $SECONDS_MAX, from $SEED on
    model.py --canary       the twin makes a mistake on purpose, which must be found and come down to a few steps

Needs $DAYBOOK, the program. After each command the answer is compared, a refusal with its code; in between lists,
figures, histories at any cut; in the end the whole log, its views, its proofs, and a copy of it. A sequence that fails
is made as short as it goes and printed as a shell script. Each sequence has a seed of its own: SEED and SEQUENCES=1
repeat it.
"""
import collections
import datetime
import json
import os
import random
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import zoneinfo

from steps import command_of, random_steps
from twin import ANY, Refused, Twin

PROGRAM = os.path.abspath(os.environ["DAYBOOK"])
SCRATCH = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
ZONES = ["UTC", "Asia/Shanghai", "America/New_York"]
STEPS = 40
FEW = 6
SHRINK_S = float(os.environ.get("SHRINK_S") or 60)
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("DAYBOOK")}


class Differs(Exception):
    pass


def difference(got, want, at=""):
    """Where the two first differ, in words; None when they do not."""
    if want is ANY:
        return None
    if isinstance(want, dict) and isinstance(got, dict):
        for name in want:
            found = difference(got.get(name, "nothing"), want[name], f"{at}.{name}" if at else name)
            if found:
                return found
        return None
    if isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        return next(filter(None, (difference(g, w, f"{at}[{i}]") for i, (g, w) in enumerate(zip(got, want)))), None)
    if isinstance(want, float) and isinstance(got, (int, float)):
        return None if abs(want - got) < 1e-9 else f"{at}: {got!r}, not {want!r}"
    return None if got == want else f"{at}: {got!r}, not {want!r}"


class Sequence:
    """One ledger and its twin."""

    def __init__(self, zone, bug):
        self.folder = tempfile.mkdtemp(prefix="daybook-model-", dir=SCRATCH)
        self.ledger = os.path.join(self.folder, "ledger")
        self.zone = zone
        self.twin = Twin(zone, lambda: datetime.datetime.now(zoneinfo.ZoneInfo(zone)).date(), bug)
        self.script, self.used, self.outcomes = [], [], collections.Counter()
        self.run(["init", "--timezone", zone])

    def run(self, words, lines=None, ledger=None):
        command = [PROGRAM, "--ledger", ledger or self.ledger, "--format", "json", *words]
        self.script.append(self.script_line(words, lines, ledger))
        done = subprocess.run(command, input=lines or "", capture_output=True, text=True, env=ENVIRONMENT, timeout=300)
        if done.returncode not in (0, 1, 2):
            raise Differs(f"exit {done.returncode}: {done.stderr[-2000:]}")
        if done.returncode:
            return Refused("usage") if done.returncode == 2 else Refused(**self.error_of(done.stderr))
        return done.stdout

    @staticmethod
    def script_line(words, lines, ledger):
        line = shlex.join(["daybook", *(["--ledger", "$copy"] if ledger else []), *words]).replace("'$copy'", '"$copy"')
        return line + (f" <<'END'\n{lines}END" if lines else "")

    @staticmethod
    def error_of(stderr):
        try:
            error = json.loads(stderr.splitlines()[-1])["error"]
            return {name: error[name] for name in error if name != "message"}
        except (IndexError, ValueError, KeyError):
            raise Differs(f"no error in JSON: {stderr[-2000:]}") from None

    # ---- one step

    def step(self, step):
        command = command_of(step, self.twin)
        self.used.append(command.used)
        if command.kind == "read":
            want = command.expected
        else:
            try:
                want = command.apply(self.twin)
            except Refused as refusal:
                want = refusal
        answer = self.run(command.words, command.lines)
        self.outcomes[want.code if isinstance(want, Refused) else "asked" if command.kind == "read" else "done"] += 1
        if isinstance(want, Refused):
            self.check_refusal(answer, want)
        elif isinstance(answer, Refused):
            raise Differs(f"refused: {answer.code}; the twin allows it")
        elif command.kind == "read":
            self.check(self.tidy(command.words[0], json.loads(answer)), want)
        elif command.kind == "told":
            self.check(json.loads(answer), want)
        else:
            self.check_write(json.loads(answer), want)
            self.twin.said.append(command)

    def check_refusal(self, answer, want):
        if not isinstance(answer, Refused):
            raise Differs(f"not refused; the twin says {want.code}")
        if answer.code != want.code:
            raise Differs(f"refused: {answer.code}; the twin says {want.code}")
        self.check(answer.members, want.members)
        self.script[-1] += f"  # refused: {want.code}" if "\n" not in self.script[-1] else ""

    def check(self, got, want):
        found = difference(got, want)
        if found:
            raise Differs(found)

    def check_write(self, answer, order):
        if order == 0:  # a register's event
            self.check(answer, {"seq": len(self.twin.events)})
            return
        chain = self.twin.chain(order)
        for e in chain:
            if e.entry == chain[-1].entry and e.recorded_at is None:
                e.recorded_at = answer.get("updated_at")
        now = self.twin.order_at(order)
        want = self.twin.json_of(now, self.twin.today())
        if want is None:
            want = {"order_no": chain[0].data["name"], "status": None, "version": now.version,
                    "last_seq": now.last_seq}
        self.check(answer, want)

    @staticmethod
    def tidy(command, answer):
        """Changes by field; where only a name was changed, there is nothing to compare."""
        if command not in ("audit", "history"):
            return answer
        for entry in answer:
            if entry["order_no"]:
                entry["changes"] = {c["field"]: (c["from"], c["to"]) for c in entry["changes"] if c["from"] != c["to"]}
        return answer

    # ---- in the end

    def must(self, words, lines=None, ledger=None):
        answer = self.run(words, lines, ledger)
        if isinstance(answer, Refused):
            raise Differs(f"refused: {answer.code} {answer.members}")
        return answer

    def finish(self):
        """Everything there is, in every form."""
        if not self.twin.events:
            return
        audit = self.tidy("audit", json.loads(self.must(["audit"])))
        self.learn_times(audit)
        self.check(audit, [self.twin.history(e) for e in self.twin.events])
        orders = [self.twin.json_of(o, self.twin.today()) for o in self.twin.orders_at()]
        self.check(json.loads(self.must(["list"])), {"orders": orders, "basis": {"seq": len(self.twin.events)}})
        checked = json.loads(self.must(["rebuild", "--check"]))
        self.check(checked, {"views": [{"name": name, "result": "same", "events": len(self.twin.events)}
                                       for name in ("delays", "orders")]})
        verified = json.loads(self.must(["verify"]))
        self.check(verified, {"events": len(self.twin.events)})
        self.compare_copy(verified["root"])

    def learn_times(self, audit):
        last = {}
        if len(audit) != len(self.twin.events):
            raise Differs(f"{len(audit)} events, not {len(self.twin.events)}")
        for entry, e in zip(audit, self.twin.events):
            at = entry["recorded_at"]
            if last.get(e.entry, at) != at or any(at <= other for n, other in last.items() if n < e.entry):
                raise Differs(f"event {e.seq} was recorded at {at}, beside {last}")
            last = {e.entry: at}
            e.recorded_at = at

    def compare_copy(self, root):
        copy = os.path.join(self.folder, "copy")
        lines = self.must(["--format", "jsonl", "log"])
        self.must(["init"], ledger=copy)
        self.must(["load", "-"], lines, ledger=copy)
        self.script[-1] = self.script[-3] + ' | daybook --ledger "$copy" load -'
        self.check(json.loads(self.must(["verify"], ledger=copy)), {"root": root})

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def run(steps, zone, bug=None):
    """What differs, and the script up to there; or None and the sequence."""
    sequence = Sequence(zone, bug)
    day = sequence.twin.today()
    try:
        for step in steps:
            sequence.step(step)
        sequence.finish()
        return None, sequence
    except Differs as differs:
        if sequence.twin.today() != day:
            return None, sequence  # midnight: the twin and the program may have seen different days
        return str(differs), sequence
    finally:
        sequence.close()


# ---- making a failure short

def shorter(steps):
    """The steps without some, most of them left out first; then with plainer values."""
    size = len(steps) // 2
    while size >= 1:
        for at in range(0, len(steps), size):
            yield steps[:at] + steps[at + size:]
        size //= 2
    for i, step in enumerate(steps):
        for j in range(len(step)):
            yield steps[:i] + [step[:j]] + steps[i + 1:]
        for j, choice in enumerate(step):
            for plainer in sorted({0, choice // 2, choice - 1}) if choice else ():
                yield steps[:i] + [step[:j] + [plainer] + step[j + 1:]] + steps[i + 1:]


def shrink(steps, zone, bug, enough):
    """Again and again the first shorter one that still differs; `enough` steps are few enough."""
    until, tries, tried = time.monotonic() + SHRINK_S, 0, set()
    improved = True
    while improved and len(steps) > enough and time.monotonic() < until:
        improved = False
        for candidate in shorter(steps):
            if str(candidate) in tried or time.monotonic() > until:
                continue
            tried.add(str(candidate))
            tries += 1
            what, sequence = run(candidate, zone, bug)
            if what and weight(sequence.used) < weight(steps):
                steps, improved = sequence.used, True
                break
    return steps, tries


def weight(steps):
    return len(steps), sum(map(len, steps)), sum(map(sum, steps))


def tell(seed, zone, steps, bug=None, enough=0):
    steps, tries = shrink(run(steps, zone, bug)[1].used, zone, bug, enough)
    what, sequence = run(steps, zone, bug)
    print(f"SEED={seed}: differs. After {tries} tries, {len(steps)} steps are left:\n")
    print('export DAYBOOK_LEDGER=$(mktemp -d)/ledger; copy=$DAYBOOK_LEDGER.copy')
    print("\n".join(sequence.script))
    print(f"# the last answer differs: {what}\n# steps: {json.dumps(steps)}")
    return len(steps)


# ---- the runs

def sequence_of(seed):
    rng = random.Random(seed)
    return rng.choice(ZONES), random_steps(rng, STEPS)


def main():
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(2**32))
    seconds = float(os.environ.get("SECONDS_MAX") or "inf")
    sequences = int(os.environ.get("SEQUENCES") or (40 if seconds == float("inf") else 10**9))
    begun, done, outcomes = time.monotonic(), 0, collections.Counter()
    print(f"# SEED={seed}", flush=True)
    while done < sequences and time.monotonic() - begun < seconds:
        zone, steps = sequence_of(seed + done)
        what, sequence = run(steps, zone)
        outcomes += sequence.outcomes
        if what:
            tell(seed + done, zone, steps)
            return 1
        done += 1
    told = ", ".join(f"{count} {what}" for what, count in outcomes.most_common())
    print(f"# {done} sequences, {done * STEPS} steps: {told}")
    return 0 if outcomes["done"] > sum(outcomes.values()) / 3 else "too much is refused to be a test"


def canary():
    """Does a mistake get found, and does it come down to a few steps?"""
    seed = int(os.environ.get("SEED") or 1)
    for attempt in range(200):
        zone, steps = sequence_of(seed + attempt)
        if run(steps, zone, "reopen-keeps-quantities")[0]:
            left = tell(seed + attempt, zone, steps, "reopen-keeps-quantities", FEW)
            return 0 if left <= FEW else f"{left} steps are left"
    return "the mistake was not found"


if __name__ == "__main__":
    sys.exit(canary() if sys.argv[1:] == ["--canary"] else main())
