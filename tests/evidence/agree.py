#!/usr/bin/env python3
"""The program and the second implementation (verifier.py) must say the same of random logs of every size.

    agree.py library         sizes 0 to 600, by the shared library that lies beside the program
    agree.py program SIZES   as many sizes of those, by the command line

Needs $DAYBOOK (the program) and $DAYBOOK_LEDGER (a fresh ledger, without events). The ledger is filled with random
events; then, for each size:
- proofs that are printed are, byte for byte, those that are made here of the stored bytes and the key;
- proofs made here, of a log of random bytes and with a key of our own, are good to the other side;
- the same changed at random are to both what they are to the other, good or bad.
$SEED repeats a run. Ends with exit 1 and what differs first."""
import base64
import ctypes
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

from verifier import Checkpoint, Consistency, Inclusion, Key, Log, Wrong, to_base64
from verify import Lmdb

PROGRAM, LEDGER = os.environ["DAYBOOK"], pathlib.Path(os.environ["DAYBOOK_LEDGER"])
SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(1 << 32))
SIZE_MAX = 600
chance = random.Random(SEED)


def daybook(*arguments, given=None):
    done = subprocess.run([PROGRAM, *arguments], input=given, capture_output=True)
    if done.returncode:
        raise SystemExit(f"daybook {' '.join(arguments)}: exit {done.returncode}: {done.stderr.decode()}")
    return done.stdout.decode()


# ---- the other side: the command line, or the library

class Program:
    def checkpoint(self):
        return daybook("checkpoint")

    def key(self):
        return daybook("key", "show").strip()

    def prove(self, seq, size):
        return daybook("prove", str(seq), "--size", str(size))

    def prove_consistency(self, old, size):
        return daybook("prove", "--consistency", str(old), "--size", str(size))

    def verdict(self, proof, key, old=None):
        """0 or 1, and why. A proof of consistency is held against the checkpoint that one has kept."""
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "proof"
            path.write_bytes(proof)
            arguments = [PROGRAM, "check-proof", path, "--key", key.vkey]
            if old:
                kept = pathlib.Path(folder) / "kept"
                kept.write_text(Checkpoint(key.name, *old).note(key))
                arguments += ["--checkpoint", kept]
            done = subprocess.run(arguments, capture_output=True)
        return done.returncode, done.stderr.decode()


class Text(ctypes.Structure):
    _fields_ = [("ptr", ctypes.c_char_p), ("len", ctypes.c_size_t)]

    @classmethod
    def of(cls, data):
        return cls(data, len(data))


class Options(ctypes.Structure):
    _fields_ = [("keys", ctypes.POINTER(Text)), ("key_count", ctypes.c_size_t), ("old_root", ctypes.c_char_p)]


class Library:
    """The functions of daybook/evidence.h."""

    def __init__(self):
        self.library = ctypes.CDLL(str(pathlib.Path(PROGRAM).with_name("libdaybook.so")))
        self.ledger = ctypes.c_void_p()
        self.call("daybook_open", bytes(LEDGER), None, ctypes.byref(self.ledger))

    def call(self, name, *arguments):
        error = ctypes.create_string_buffer(4096)  # a code and a sentence
        code = getattr(self.library, name)(*arguments, error)
        return code, error.raw[4:].partition(b"\0")[0].decode()

    def made(self, name, *sizes):
        text = ctypes.c_char_p()
        code, why = self.call(name, self.ledger, *(ctypes.c_uint64(size) for size in sizes), ctypes.byref(text))
        if code:
            raise SystemExit(f"SEED={SEED}: {name}{sizes}: {why}")
        return text.value.decode()

    def checkpoint(self):
        return self.made("daybook_checkpoint", 0)

    def key(self):
        return self.made("daybook_verifier_key")

    def prove(self, seq, size):
        return self.made("daybook_prove_event", seq, size)

    def prove_consistency(self, old, size):
        return self.made("daybook_prove_consistency", old, size)

    def verdict(self, proof, key, old=None):
        options = Options(ctypes.pointer(Text.of(key.vkey.encode())), 1, old and old[1])
        proven = ctypes.create_string_buffer(1 << 17)
        code, why = self.call("daybook_check_proof", Text.of(proof), ctypes.byref(options), proven)
        return int(code != 0), why


# ---- the ledger

def foreign_events():
    """Lives of orders, with texts of every length that makes a difference to LMDB's pages."""
    order = 0
    while True:
        order += 1
        subject = f"order/R-{order}"
        texts = ["", "王小明", "x" * chance.choice([1, 40, 300, 3000, 9000])]
        yield {"type": "order.created", "subject": subject, "time": "2026-01-05T08:00:00Z",
               "actor": f"a{chance.randrange(5)}", "data": {
                   "customer": f"Customer {chance.randrange(40)}", "customer_ref": chance.choice(texts) or "-",
                   "items": [{"code": f"P-{chance.randrange(30)}", "quantity": str(chance.randrange(1, 99))}]}}
        for kind, data in [("note-added", {"text": chance.choice(texts) or "-"}), ("processing-started", {}),
                           ("shipped", {"tracking": chance.choice(texts) or "-"}), ("delivered", {})]:
            if chance.random() < 0.7:
                yield {"type": "order." + kind, "subject": subject, "time": "2026-01-06T08:00:00Z", "data": data}


def fill():
    """Grows the ledger in pieces of random length to SIZE_MAX events or more; gives the stored bytes of all."""
    source, stored = foreign_events(), []
    while len(stored) < SIZE_MAX:
        lines = [json.dumps(next(source)) for _ in range(chance.choice([1, 7, 60, 150]))]
        daybook("load", "-", given="\n".join(lines).encode() + b"\n")
        stored = [base64.b64decode(json.loads(line)["stored"]) for line in daybook("log").splitlines()]
    rows = list(Lmdb(LEDGER / "log" / "data.mdb").rows(b"events", True))
    expect("what lies in the file", "what `log` prints", [(seq, leaf) for seq, leaf in enumerate(stored, 1)], rows)
    return stored


def expect(what, other, ours, theirs):
    if ours != theirs:
        raise SystemExit(f"SEED={SEED}: {what} and {other} differ:\n{ours}\n{theirs}")


# ---- theirs to us

def compare_prints(other, log, stored, key, size):
    """What the other side prints of the first size events, and what it would be if it were ours."""
    note = Checkpoint(key.name, size, log.root(size)).note(key)
    if size == 0:  # to the library, that is all
        return
    index, old = chance.randrange(size), older(size)
    proof = Inclusion(index, stored[index], log.inclusion(index, size), note)
    printed = other.prove(index + 1, size)
    expect(f"our proof of event {index + 1} in {size}", "theirs", proof.file, printed)
    Inclusion.of_file(printed).check([key])
    proof = Consistency(old, log.consistency(old, size), note)
    printed = other.prove_consistency(old, size)
    expect(f"our proof from {old} to {size}", "theirs", proof.file, printed)
    Consistency.of_file(printed).check([key], log.root(old))


def compare_json(log, stored, key, size):
    """JSON says the same, and nothing that is not so."""
    note = Checkpoint(key.name, size, log.root(size)).note(key)
    index, old = chance.randrange(size), older(size)
    printed = daybook("prove", str(index + 1), "--size", str(size), "--format", "json")
    proof = Inclusion(index, stored[index], log.inclusion(index, size), note)
    expect(f"our proof of event {index + 1} in {size}", "theirs in JSON", proof, Inclusion.of_json(printed, [key]))
    printed = daybook("prove", "--consistency", str(old), "--size", str(size), "--format", "json")
    proof = Consistency(old, log.consistency(old, size), note)
    expect(f"our proof from {old} to {size}", "theirs in JSON", proof, Consistency.of_json(printed, [key]))


def compare_orders(log, stored, key):
    """The proof of an order is one of each of its events; a note is shown with what its commitment was made of."""
    note = Checkpoint(key.name, len(stored), log.root(len(stored))).note(key)
    events = [json.loads(line) for line in daybook("log").splitlines()]
    subjects = {event["subject"] for event in events if event["subject"].startswith("order/")}
    for subject in chance.sample(sorted(subjects), 3):
        indexes = [n for n, event in enumerate(events) if event["subject"] == subject]
        proofs = [Inclusion(n, stored[n], log.inclusion(n, len(stored)), note).file for n in indexes]
        expect(f"our proof of {subject}", "theirs", "".join(proofs), daybook("prove", "order", subject[len("order/"):]))
    notes = [n for n, event in enumerate(events) if event["type"] == "order.note-added"]
    for n in chance.sample(notes, 3):
        printed = daybook("prove", str(n + 1), "--format", "json", "--show", "text")
        Inclusion.of_json(printed, [key])
        shown = [value["value"] for value in json.loads(printed)["shown"]]
        expect("the text of a note", "what its proof shows", [events[n]["data"]["text"]], shown)


def older(size):
    """A size that is not larger: often one of those where proofs of consistency have another form."""
    return min(size, chance.choice([0, size, chance.randrange(size + 1), 1 << chance.randrange(10)]))


# ---- ours to them

def altered(proof):
    """The bytes with something changed, and never the same."""
    data, at, kind = proof, chance.randrange(len(proof)), chance.randrange(8)
    lines = proof.split(b"\n")
    row, other = (chance.randrange(len(lines)) for _ in range(2))
    if kind == 0:
        data = proof[:at] + chance.choice([b"A", b"/", b"=", b"0", b"\r", b"\n", b" ", b"\0", b"\xff"]) + proof[at + 1:]
    elif kind == 1:
        data = proof[:at] + bytes([proof[at] ^ 1 << chance.randrange(8)]) + proof[at + 1:]
    elif kind == 2:
        data = proof[:at] + proof[at + 1:]
    elif kind == 3:
        data = proof[:at]
    else:
        if kind == 4:
            lines[row], lines[other] = lines[other], lines[row]
        elif kind == 5:
            lines.insert(other, lines[row])
        elif kind == 6:
            del lines[row]
        else:
            row = chance.choice([n for n, line in enumerate(lines) if line.split(b" ")[-1].isdigit()])
            head, gap, number = lines[row].rpartition(b" ")
            lines[row] = head + gap + str(max(0, int(number) + chance.choice([-1, 1, 1 << 62]))).encode()
        data = b"\n".join(lines)
    return data if data != proof else altered(proof)


def our_verdict(kind, proof, *known):
    try:
        kind.of_file(proof.decode()).check(*known)
    except (Wrong, UnicodeDecodeError) as wrong:
        return 1, str(wrong)
    return 0, "good"


def compare_verdicts(other, log, leaves, key, size, times):
    """Proofs in a log of random bytes, as they are and changed, sometimes with signatures that nobody here knows."""
    checkpoint = Checkpoint(key.name, size, log.root(size))
    lines = [key.sign(checkpoint.text)]
    for n in range(chance.choice([0, 0, 0, 1, 16])):
        witness = Key(f"w{n}.example/witness", chance.randbytes(32), chance.choice([1, 4]))
        signature = chance.randbytes(72 if witness.kind == 4 else 64)
        lines.append(f"— {witness.name} {to_base64(witness.id + signature)}\n")
    chance.shuffle(lines)
    note = checkpoint.text + "\n" + "".join(lines)
    old = older(size)
    proofs = [(Consistency(old, log.consistency(old, size), note), ([key], log.root(old)), (key, (old, log.root(old))))]
    if size:
        index = chance.randrange(size)
        proofs.append((Inclusion(index, leaves[index], log.inclusion(index, size), note), ([key],), (key,)))
    for proof, ours, theirs in proofs:
        whole = proof.file.encode()
        for data in [whole] + [altered(whole) for _ in range(times)]:
            (verdict, why), (said, because) = our_verdict(type(proof), data, *ours), other.verdict(data, *theirs)
            if verdict != said or (data == whole and verdict):
                raise SystemExit(f"SEED={SEED}: {'our own proof' if data == whole else 'changed'}: to us '{why}', "
                                 f"to them '{because}':\n{data}")


def main():
    is_library = sys.argv[1] == "library"
    sizes = range(SIZE_MAX + 1) if is_library else sorted(chance.sample(range(1, SIZE_MAX + 1), int(sys.argv[2])))
    other = Library() if is_library else Program()
    nothing = other.checkpoint()  # and the key is made
    key = Key.of_skey((LEDGER / "checkpoint.key").read_text().strip())
    expect("the public half of checkpoint.key", "theirs", key.vkey, other.key())
    expect("the public half of checkpoint.key", "checkpoint.pub", key.vkey,
           (LEDGER / "checkpoint.pub").read_text().strip())
    stored = fill()
    log = Log(stored)
    expect("our checkpoint of nothing", "theirs", Checkpoint(key.name, 0, log.root(0)).note(key), nothing)
    all_of_it = Checkpoint(key.name, len(stored), log.root(len(stored)))
    expect("our checkpoint of all", "theirs", all_of_it.note(key), other.checkpoint())
    if not is_library:
        compare_orders(log, stored, key)
    leaves = [chance.randbytes(chance.randrange(300)) for _ in range(SIZE_MAX)]
    random_log, random_key = Log(leaves), Key.of_seed("random.example/log", chance.randbytes(32))
    for size in sizes:
        compare_prints(other, log, stored, key, size)
        compare_verdicts(other, random_log, leaves, random_key, size, 1)
        if not is_library:
            compare_json(log, stored, key, size)
    print(f"{len(sizes)} sizes up to {max(sizes)}: agreed (SEED={SEED})")


if __name__ == "__main__":
    main()
