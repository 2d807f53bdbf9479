"""A second implementation of Daybook's evidence, made from the published formats alone: RFC 6962 (trees and proofs), RFC
8032 (Ed25519), and of c2sp.org signed-note, tlog-checkpoint, tlog-proof, tlog-witness and tlog-cosignature. It shares
with the program not a line, with the script that lies beside backups (tools/backup/verify.py) the signature's
arithmetic and Base64.

What is read is judged strictly: whatever is not in its one form raises Wrong."""
import base64
import functools
import hashlib
import json
import pathlib
import re
import struct
import sys
from dataclasses import dataclass, field

sys.dont_write_bytecode = True  # nothing is built outside build/
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools" / "backup"))
import verify  # noqa: E402
from verify import BASE, L, Wrong, encode, multiply, need, unbase64  # noqa: E402

signed = functools.lru_cache(maxsize=None)(verify.signed)  # tests ask the same again and again

ED25519, COSIGNATURE = 1, 4
HASHES_MAX = 63  # of a tree with as many leaves as a signed 64-bit size can say


# ---- the tree

def leaf_hash(data):
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(n):
    """The largest power of two below n."""
    return 1 << (n - 1).bit_length() - 1


class Log:
    """Leaves, and what RFC 6962 says about the first n of them, in the words of its recursions."""

    def __init__(self, leaves):
        self.hashes = [leaf_hash(leaf) for leaf in leaves]
        self.subtree = functools.lru_cache(maxsize=None)(self.subtree)

    def subtree(self, first, size):
        if size == 1:
            return self.hashes[first]
        k = split(size)
        return node_hash(self.subtree(first, k), self.subtree(first + k, size - k))

    def root(self, size):
        return self.subtree(0, size) if size else hashlib.sha256(b"").digest()

    def inclusion(self, index, size, first=0):
        if size == 1:
            return []
        k = split(size)
        if index < k:
            return self.inclusion(index, k, first) + [self.subtree(first + k, size - k)]
        return self.inclusion(index - k, size - k, first + k) + [self.subtree(first, k)]

    def consistency(self, old, size):
        return self._consistency(old, size, 0, True) if 0 < old < size else []

    def _consistency(self, old, size, first, known):
        if old == size:
            return [] if known else [self.subtree(first, size)]
        k = split(size)
        if old <= k:
            return self._consistency(old, k, first, known) + [self.subtree(first + k, size - k)]
        return self._consistency(old - k, size - k, first + k, False) + [self.subtree(first, k)]


def check_inclusion(index, size, leaf, hashes, root):
    need(0 <= index < size, f"There is no leaf {index} in a tree of {size}.")
    fn, sn, r = index, size - 1, leaf
    for p in hashes:
        need(sn, "The path is too long.")
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    need(sn == 0, "The path is too short.")
    need(r == root, "The path leads to another root.")


def check_consistency(old, size, old_root, root, hashes):
    need(0 <= old <= size, f"A tree of {size} does not extend one of {old}.")
    if old in (0, size):
        need(not hashes, "There is nothing to prove.")
        need(old_root == (root if old else hashlib.sha256(b"").digest()), "The old root is another.")
        return
    chain = ([old_root] if old & (old - 1) == 0 else []) + list(hashes)
    need(chain, "The path is too short.")
    fn, sn = old - 1, size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = chain[0]
    for c in chain[1:]:
        need(sn, "The path is too long.")
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    need(sn == 0, "The path is too short.")
    need(fr == old_root, "The path leads to another old root.")
    need(sr == root, "The path leads to another root.")


# ---- texts

def to_base64(data):
    return base64.b64encode(data).decode()


def from_base64(text, size=None):
    data = unbase64(text)
    need(data is not None and size in (None, len(data)), f"'{text}' is no Base64 of what it should be.")
    return data


def from_decimal(text):
    need(re.fullmatch("0|[1-9][0-9]{0,18}", text) and int(text) < 1 << 63, f"'{text}' is no number in its one form.")
    return int(text)


def lines_of(text):
    """The lines of a text, each of which ends with LF."""
    need(not re.search("[\x00-\x09\x0b-\x1f]", text), "There is a control character that is no LF.")
    need(text.endswith("\n"), "The last line does not end.")
    return text[:-1].split("\n")


# ---- keys

@functools.lru_cache(maxsize=None)
def expanded(seed):
    """The secret number, the secret prefix and the public key that a seed stands for."""
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & (1 << 254) - 8 | 1 << 254
    return scalar, digest[32:], encode(multiply(scalar, BASE))


def ed25519_sign(seed, message):
    scalar, prefix, public = expanded(seed)
    r = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % L
    point = encode(multiply(r, BASE))
    k = int.from_bytes(hashlib.sha512(point + public + message).digest(), "little") % L
    return point + ((r + k * scalar) % L).to_bytes(32, "little")


@dataclass(frozen=True)
class Key:
    """Whose signature, of which kind; with a seed, it can sign."""
    name: str
    public: bytes
    kind: int = ED25519
    seed: bytes = field(default=None, repr=False)

    @classmethod
    def of_seed(cls, name, seed, kind=ED25519):
        return cls(name, expanded(seed)[2], kind, seed)

    @classmethod
    def of_vkey(cls, vkey):
        parts = vkey.split("+", 2)
        need(len(parts) == 3 and re.fullmatch(r"[^\s+]+", parts[0]), "A verifier key is name+id+key.")
        data = from_base64(parts[2], 33)
        key = cls(parts[0], data[1:], data[0])
        need(key.kind in (ED25519, COSIGNATURE) and key.id.hex() == parts[1], "The key's id is another.")
        return key

    @classmethod
    def of_skey(cls, skey):
        """A line PRIVATE+KEY+name+id+base64(kind, seed)."""
        need(skey.startswith("PRIVATE+KEY+"), "This is no private key.")
        parts = skey[len("PRIVATE+KEY+"):].split("+", 2)
        data = from_base64(parts[2], 33)
        key = cls.of_seed(parts[0], data[1:], data[0])
        need(key.kind == ED25519 and key.id.hex() == parts[1], "The key's id is another.")
        return key

    @property
    def id(self):
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    @property
    def vkey(self):
        return f"{self.name}+{self.id.hex()}+{to_base64(bytes([self.kind]) + self.public)}"

    @property
    def skey(self):
        return f"PRIVATE+KEY+{self.name}+{self.id.hex()}+{to_base64(bytes([self.kind]) + self.seed)}"

    def sign(self, text, time=None):
        """The line of a signature; a witness says when."""
        if self.kind == COSIGNATURE:
            data = struct.pack(">Q", time) + ed25519_sign(self.seed, cosigned(text, time))
        else:
            data = ed25519_sign(self.seed, text.encode())
        return f"— {self.name} {to_base64(self.id + data)}\n"

    def accepts(self, text, data):
        if self.kind == COSIGNATURE:
            return len(data) == 72 and signed(cosigned(text, int.from_bytes(data[:8], "big")), data[8:], self.public)
        return len(data) == 64 and signed(text.encode(), data, self.public)


def cosigned(text, time):
    return f"cosignature/v1\ntime {time}\n{text}".encode()


# ---- notes

def open_note(note, keys):
    """The text of a note, and the keys that have signed it; there must be one, and none whose signature is wrong."""
    lines_of(note)
    text, gap, signatures = note.rpartition("\n\n")
    need(gap and signatures, "A note is a text, an empty line and signatures.")
    text, signers = text + "\n", []
    for line in lines_of(signatures):
        match = re.fullmatch(r"— ([^\s+]+) ([^ ]+)", line)
        need(match, f"'{line}' is no signature.")
        data = from_base64(match[2])
        need(len(data) > 4, f"'{line}' is no signature.")
        for key in keys:
            if (key.name, key.id) == (match[1], data[:4]):
                need(key.accepts(text, data[4:]), f"The signature of {key.name} is not one of this text.")
                signers.append(key)
    need(signers, "None of the keys has signed it.")
    return text, signers


@dataclass(frozen=True)
class Checkpoint:
    origin: str
    size: int
    root: bytes

    @property
    def text(self):
        return f"{self.origin}\n{self.size}\n{to_base64(self.root)}\n"

    def note(self, *keys):
        return self.text + "\n" + "".join(key.sign(self.text) for key in keys)

    @classmethod
    def of_text(cls, text):
        lines = lines_of(text)
        need(len(lines) == 3 and lines[0], "A checkpoint is origin, size and root.")
        return cls(lines[0], from_decimal(lines[1]), from_base64(lines[2], 32))

    @classmethod
    def of_note(cls, note, keys):
        """A checkpoint is of a log whose key, called as its origin, has signed it."""
        text, signers = open_note(note, keys)
        checkpoint = cls.of_text(text)
        need(any((key.name, key.kind) == (checkpoint.origin, ED25519) for key in signers), "Its log has not signed it.")
        return checkpoint


# ---- proofs

@dataclass(frozen=True)
class Inclusion:
    index: int
    event: bytes
    hashes: list
    note: str

    @property
    def file(self):
        return (f"c2sp.org/tlog-proof@v1\nextra {to_base64(self.event)}\nindex {self.index}\n" +
                "".join(to_base64(h) + "\n" for h in self.hashes) + "\n" + self.note)

    @classmethod
    def of_file(cls, text):
        head, gap, note = text.partition("\n\n")
        lines = lines_of(head + "\n")
        need(gap and len(lines) >= 3 and lines[0] == "c2sp.org/tlog-proof@v1", "This is no proof of version 1.")
        need(lines[1].startswith("extra ") and lines[2].startswith("index "), "A proof has an event and an index.")
        need(len(lines) <= 3 + HASHES_MAX, "There are too many hashes.")
        return cls(from_decimal(lines[2][6:]), from_base64(lines[1][6:]), [from_base64(h, 32) for h in lines[3:]], note)

    @classmethod
    def of_json(cls, text, keys):
        """The same in JSON, where what follows from the rest is said again and must agree."""
        said = json.loads(text)
        proof = cls(said["leaf_index"], from_base64(said["event"]), [from_base64(h, 32) for h in said["hashes"]],
                    said["checkpoint"])
        checkpoint = Checkpoint.of_note(proof.note, keys)
        need(said["kind"] == "inclusion", "It is of another kind.")
        need(said["tree_size"] == checkpoint.size, "It names another size.")
        need(from_base64(said["root_hash"], 32) == checkpoint.root, "It names another root.")
        need(from_base64(said["leaf_hash"], 32) == leaf_hash(proof.event), "It names another leaf.")
        for shown in said.get("shown", []):
            committed = b"\xc4\x20" + commitment(from_base64(shown["salt"], 16), shown["value"])  # as msgpack has it
            need(committed in proof.event, f"The event committed to another {shown['field']}.")
        return proof

    def check(self, keys):
        checkpoint = Checkpoint.of_note(self.note, keys)
        check_inclusion(self.index, checkpoint.size, leaf_hash(self.event), self.hashes, checkpoint.root)
        return checkpoint


@dataclass(frozen=True)
class Consistency:
    old: int
    hashes: list
    note: str

    @property
    def file(self):
        return f"old {self.old}\n" + "".join(to_base64(h) + "\n" for h in self.hashes) + "\n" + self.note

    @classmethod
    def of_file(cls, text):
        head, gap, note = text.partition("\n\n")
        lines = lines_of(head + "\n")
        need(gap and lines[0].startswith("old "), "This is no proof of consistency.")
        need(len(lines) <= 1 + HASHES_MAX, "There are too many hashes.")
        return cls(from_decimal(lines[0][4:]), [from_base64(h, 32) for h in lines[1:]], note)

    @classmethod
    def of_json(cls, text, keys):
        said = json.loads(text)
        proof = cls(said["old_size"], [from_base64(h, 32) for h in said["hashes"]], said["checkpoint"])
        checkpoint = Checkpoint.of_note(proof.note, keys)
        need(said["kind"] == "consistency", "It is of another kind.")
        need(said["tree_size"] == checkpoint.size, "It names another size.")
        need(from_base64(said["root_hash"], 32) == checkpoint.root, "It names another root.")
        return proof

    def check(self, keys, old_root):
        """Does it lead from the old root, known from elsewhere, to the one of its checkpoint?"""
        checkpoint = Checkpoint.of_note(self.note, keys)
        check_consistency(self.old, checkpoint.size, old_root, checkpoint.root, self.hashes)
        return checkpoint


# ---- personal values

def commitment(salt, value):
    need(len(salt) == 16, "A salt has 16 bytes.")
    return hashlib.sha256(salt + value.encode()).digest()
