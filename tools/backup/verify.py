#!/usr/bin/env python3
"""Checks a Daybook ledger, or a backup of one, by Python 3.8 or later and nothing else: no part of Daybook is used.

    python3 verify.py [FOLDER] [--checkpoint FILE] [--key VKEY]

From FOLDER/log/data.mdb (FOLDER: where this file lies, unless said) it reads the stored events and says whether they
are 1, 2, 3 … without a gap, what the root of their Merkle tree is (RFC 6962), whether each personal value that is
there fits its commitment, and whether all this is what a checkpoint kept elsewhere says, or else the folder's own
backup.json. Who signed the checkpoint, a key tells: --key, else FOLDER/checkpoint.pub. Have both from outside: who can
change a ledger can change what lies beside it. Exit 0: nothing is wrong. Nobody may write to it meanwhile."""
import argparse, base64, hashlib, mmap, os, re, struct, sys


class Wrong(Exception):
    """What is wrong, as a sentence."""


def need(holds, sentence):
    if not holds:
        raise Wrong(sentence)


class Lmdb:
    """A file of LMDB's data version 1. Pages: two metas, of which the newer counts, and B-trees below them."""

    def __init__(self, path):
        self.path = path
        with open(path, "rb") as file:
            need(os.fstat(file.fileno()).st_size >= 1024, f"{path} is too short.")
            self.file = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.page_size, = struct.unpack_from("<I", self.file, 40)
        need(self.page_size in (1 << n for n in range(9, 16)), f"{path}: the first page is damaged.")
        # Page header, magic, version, address and size of the map, the free pages' tree, the main tree, end, number.
        metas = [struct.unpack_from("<16xII16x48x48sQQ", self.file, n * self.page_size) for n in (0, 1)]
        need(all(meta[:2] == (0xBEEFC0DE, 1) for meta in metas), f"{path} is no LMDB file, or its start is damaged.")
        self.trees = {b"": max(metas, key=lambda meta: meta[4])[2]}
        self.trees.update(self.rows(b""))

    def rows(self, table, numbered=False):
        """Yields each key and value of a table in ascending order."""
        wrong = f"{self.path}: table '{table.decode()}' is "
        need(len(self.trees.get(table, b"")) == 48, wrong + "not there.")
        flags, depth, entries, root = struct.unpack("<4xHH24xQQ", self.trees[table])
        need(depth <= 32 and flags == (8 if numbered else 0), wrong + "damaged.")
        last = None
        for key, value in self.walk(root, depth) if depth else ():
            need(len(key) == 8 or not numbered, wrong + "damaged.")
            key = int.from_bytes(key, "little") if numbered else key
            need(last is None or key > last, wrong + f"out of order after {last!r}.")
            last, entries = key, entries - 1
            yield key, value
        need(entries == 0, wrong + "not of the size that it says.")

    def walk(self, number, depth):
        """The rows below a page; in leaves lie keys and values, in branches the numbers of pages."""
        at, lower, _ = self.page(number, 2 if depth == 1 else 1)
        page, damaged = self.file[at:at + self.page_size], f"{self.path}: page {number} is damaged."
        need(18 <= lower <= self.page_size, damaged)
        for offset in struct.unpack_from(f"<{lower // 2 - 8}H", page, 16):
            low, high, flags, key_size = struct.unpack_from("<4H", page, offset)
            if depth > 1:
                yield from self.walk(low | high << 16 | flags << 32, depth - 1)
                continue
            middle, size = offset + 8 + key_size, low | high << 16
            if flags & 1:  # the value has pages of its own
                at, _, pages = self.page(struct.unpack_from("<Q", page, middle)[0], 4)
                value = self.file[at + 16:at + 16 + size] if size <= pages * self.page_size - 16 else b""
            else:
                value = page[middle:middle + size]
            need(offset >= lower and len(value) == size, damaged)
            yield page[offset + 8:middle], value

    def page(self, number, kind):
        """Where a page begins, and the last two fields of its header."""
        at = number * self.page_size
        need(2 <= number and at + self.page_size <= len(self.file), f"{self.path}: page {number} is not there.")
        stored, flags, lower, upper = struct.unpack_from("<Q2xHHH", self.file, at)
        need(stored == number and flags & 0x2F == kind, f"{self.path}: page {number} is damaged.")
        return at, lower, lower | upper << 16


class Tree:
    """The roots of the perfect subtrees, one for each 1 of the size in binary."""

    def __init__(self):
        self.size, self.stack = 0, []

    def append(self, leaf):
        node, n = hashlib.sha256(b"\0" + leaf).digest(), self.size
        while n & 1:
            node, n = hashlib.sha256(b"\1" + self.stack.pop() + node).digest(), n >> 1
        self.stack.append(node)
        self.size += 1

    def root(self):
        if not self.stack:
            return hashlib.sha256(b"").digest()
        node = self.stack[-1]
        for left in self.stack[-2::-1]:
            node = hashlib.sha256(b"\1" + left + node).digest()
        return node


# ---- Ed25519 (RFC 8032): points of -x² + y² = 1 + dx²y² as (x, y, z, xy), all over z

P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]), (p[1] + p[0]) * (q[1] + q[0])
    c, d = 2 * D * p[3] * q[3], 2 * p[2] * q[2]
    return (b - a) * (d - c) % P, (d + c) * (b + a) % P, (d - c) * (d + c) % P, (b - a) * (b + a) % P


def multiply(n, p):
    product = (0, 1, 1, 0)
    while n:
        product, p, n = add(product, p) if n & 1 else product, add(p, p), n >> 1
    return product


def encode(p):
    x, y = (value * pow(p[2], -1, P) % P for value in p[:2])
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decode(encoded):
    """The point that 32 bytes stand for in their one form, or None."""
    y, odd = int.from_bytes(encoded, "little") & (1 << 255) - 1, encoded[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    x = x if x & 1 == odd else P - x
    return (x, y, 1, x * y % P) if y < P and x < P and x * x % P == square else None


BASE = decode((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def signed(message, signature, public_key):
    """Is it this key's signature? S above the group's order is refused, else there would be two for one message."""
    point, s = decode(public_key), int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or point is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public_key + message).digest(), "little") % L
    minus = (P - point[0], point[1], 1, P - point[3])
    return encode(add(multiply(s, BASE), multiply(k, minus))) == signature[:32]


# ---- signed notes

def read(path):
    with open(path, encoding="utf-8", newline="") as file:  # newline: a CR is an error, to be seen
        return file.read()


def unbase64(text):
    """Base64 has one form only, padded and without anything else in it; else None."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return data if base64.b64encode(data).decode() == text else None


def read_key(vkey):
    """The name and the public key of a verifier key: name+id+base64."""
    name, _, rest = vkey.partition("+")
    key = unbase64(rest.partition("+")[2]) or b""
    number = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]
    need(re.fullmatch(r"\S+", name) and len(key) == 33 and key[0] == 1 and rest[:9] == number.hex() + "+",
         f"'{vkey}' is no verifier key.")
    return name, number, key[1:]


def read_checkpoint(note, keys):
    """Origin, size and root that a checkpoint names, once it is signed by one of the keys if there are any."""
    text, _, lines = note.rpartition("\n\n")
    match = re.fullmatch(r"([^\n]+)\n(0|[1-9][0-9]{0,18})\n([^\n]+)", text)
    root = unbase64(match[3]) if match else None
    need(root and len(root) == 32 and "\r" not in note and lines[-1:] in ("", "\n"),
         "The checkpoint's text has not the form of one.")
    signers = []
    for line in lines.split("\n")[:-1]:
        signature = re.fullmatch(r"— ([^\s+]+) (\S+)", line)
        data = signature and unbase64(signature[2])
        need(data and len(data) > 4, "The checkpoint has a line that is no signature.")
        for name, number, key in keys:
            if (name, number) == (signature[1], data[:4]):
                need(signed(text.encode() + b"\n", data[4:], key), f"The signature of {name} is not of this checkpoint.")
                signers.append(name)
    need(not keys or match[1] in signers, f"The checkpoint is not signed by the key of {match[1]}.")
    return match[1], int(match[2]), root


# ---- a ledger

def verify(folder, checkpoint):
    """Prints what the ledger is; what is wrong is raised."""
    log = Lmdb(os.path.join(folder, "log", "data.mdb"))
    generation = int.from_bytes(dict(log.rows(b"meta")).get(b"personal", b""), "little")
    values = Lmdb(os.path.join(folder, f"personal-{generation}", "data.mdb")).rows(b"values")
    key, value = next(values, (None, None))
    tree, root_then, fitting = Tree(), None, 0
    for seq, event in log.rows(b"events", True):
        need(seq == tree.size + 1, f"Event {tree.size + 1} is missing; the next is {seq}.")
        if checkpoint and checkpoint[1] == tree.size:
            root_then = tree.root()
        tree.append(event)
        committed = 0
        while key and key[:8] == seq.to_bytes(8, "big"):
            committed = event.find(b"\xc4\x20" + hashlib.sha256(value).digest(), committed) + 1
            need(committed, f"A personal value of event {seq} is not what it was.")
            key, value = next(values, (None, None))
            fitting += 1
    stray = int.from_bytes(key[:8], "big") if key else tree.size + 1
    need(stray > tree.size, f"There is a personal value of event {stray}, but no such event.")
    print(f"size {tree.size}\nroot {base64.b64encode(tree.root()).decode()}")
    print(f"Every event from 1 to {tree.size} is there.")
    print(f"Each of the {fitting} personal values that are there is the one that its event committed to.")
    if checkpoint:
        source, size, root = checkpoint
        need(size <= tree.size, f"By {source} there are {size} events: {size - tree.size} are missing at the end.")
        need((tree.root() if size == tree.size else root_then) == root,
             f"The first {size} events are not what they were: {source} has another root.")
        print(f"The first {size} are what {source} says.")


def main():
    parser = argparse.ArgumentParser(description="Checks a Daybook ledger or a backup of one.")
    parser.add_argument("folder", nargs="?", default=os.path.dirname(os.path.abspath(__file__)), metavar="FOLDER")
    parser.add_argument("--checkpoint", metavar="FILE", help="a checkpoint of this ledger that was kept elsewhere")
    parser.add_argument("--key", metavar="VKEY", help="whose checkpoint it must be; else that of FOLDER/checkpoint.pub")
    args = parser.parse_args()
    try:
        checkpoint, inside = None, os.path.join(args.folder, "backup.json")
        if args.checkpoint:
            public = os.path.join(args.folder, "checkpoint.pub")
            vkeys = [args.key] if args.key else read(public).split() if os.path.exists(public) else []
            origin, size, root = read_checkpoint(read(args.checkpoint), [read_key(vkey) for vkey in vkeys])
            checkpoint = f"the checkpoint of {origin}", size, root
            print(f"{args.checkpoint} is signed by {origin}." if vkeys else
                  f"Whether the signature of {args.checkpoint} is good is not known: there is no key.")
        elif os.path.exists(inside):
            match = re.search(r'"events": ([0-9]{1,19}),\s*"root": "([0-9a-f]{64})"', read(inside))
            need(match, f"{inside} is damaged.")
            checkpoint = "backup.json", int(match[1]), bytes.fromhex(match[2])
        verify(args.folder, checkpoint)
        if not args.checkpoint:
            print("Only a checkpoint that was kept elsewhere shows that nothing was rewritten: --checkpoint FILE.")
    except (Wrong, OSError, ValueError, struct.error) as error:
        said = f"{error.filename}: {error.strerror}." if isinstance(error, OSError) else str(error)
        print("NOT VERIFIED:", "A file of it is damaged." if isinstance(error, struct.error) else said)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
