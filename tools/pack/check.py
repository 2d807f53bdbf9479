#!/usr/bin/env python3
"""Checks the Daybook audit pack that it lies in, by Python 3.8 or later and the file verify.py beside it, nothing else.

    python3 check.py [--key VKEY] [--checkpoint EARLIER.txt]

Give the key as the ledger's keeper has told it to you by another way; the one in the pack can be anybody's. An earlier
checkpoint is one that you or others outside have kept. README.txt says what is checked, and why. Exit 0: all holds."""
import argparse, csv, datetime, decimal, hashlib, itertools, json, os, re, sys
from collections import Counter

sys.dont_write_bytecode = True  # nothing is added to the pack
from verify import Tree, Wrong, need, read, read_checkpoint, read_key, unbase64

EPOCH, DAY = datetime.datetime(1970, 1, 1), datetime.date(1970, 1, 1).toordinal()
GUARDED = re.compile(r"'+[=+\-@\t\r]")
CREATED = 32  # the type order.created
SIZES = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8}  # of MessagePack's long integers
decimal.getcontext().prec = 60
csv.field_size_limit(1 << 30)


def table(name):
    """The rows of a CSV file; one apostrophe is taken off what a spreadsheet would run as a formula."""
    with open(name, encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            yield {key: value[1:] if value[:1] == "'" and GUARDED.match(value) else value for key, value in row.items()}


def number_at(event, at):
    """A MessagePack whole number, or None for nil; and where the next element begins."""
    kind, size = event[at], SIZES.get(event[at], 0)
    need(size or kind < 0x80 or kind >= 0xE0 or kind == 0xC0, "A stored event has not the form of one.")
    number = int.from_bytes(event[at + 1:at + 1 + size], "big", signed=kind >= 0xD0)
    return number if size else None if kind == 0xC0 else kind if kind < 0x80 else kind - 256, at + 1 + size


def text_at(event, at):
    """A MessagePack string of up to 65,535 bytes."""
    kind, size = event[at], {0xD9: 1, 0xDA: 2}.get(event[at], 0)
    need(size or kind & 0xE0 == 0xA0, "A stored event has not the form of one.")
    length = int.from_bytes(event[at + 1:at + 1 + size], "big") if size else kind & 0x1F
    return event[at + 1 + size:at + 1 + size + length].decode()


def described(event):
    """Of a stored event, a MessagePack array of 15: type, kind and ordinal of its subject, its place among the
    subject's events, how many events back the one before it is, the two times as the tables write them, and the order
    number that it gave, None unless it created an order."""
    need(event[:1] == b"\x9f", "A stored event is no array of 15.")
    at, found, order_no = 1, [], None
    for _ in range(12):
        number, at = number_at(event, at)
        found.append(number)
    wire, _, kind, ordinal, nth, back, _, _, recorded, occurred = found[:10]
    if wire == CREATED:
        if event[at] == 0x92:  # it was imported: the source, and then the row
            _, at = number_at(event, at + 1)
        _, at = number_at(event, at)
        order_no = text_at(event, at + 1)  # the first of its fields
    recorded = (EPOCH + datetime.timedelta(microseconds=recorded)).isoformat(timespec="microseconds") + "Z"
    occurred = "" if occurred is None else str(datetime.date.fromordinal(DAY + occurred))
    return wire, kind, ordinal, nth, back, recorded, occurred, order_no


def hashes(lines):
    found = [unbase64(line) for line in lines]
    need(all(node and len(node) == 32 for node in found), "A proof has a hash that is none.")
    return found


def included(event, index, size, hashes):
    """The root that follows when this is the index-th of `size` events (RFC 6962), from 0; None when it cannot be."""
    if not 0 <= index < size:
        return None
    node, last = hashlib.sha256(b"\0" + event).digest(), size - 1
    for other in hashes:
        if last == 0:
            return None
        left = index & 1 or index == last
        node = hashlib.sha256(b"\1" + (other + node if left else node + other)).digest()
        while left and index and not index & 1:
            index, last = index >> 1, last >> 1
        index, last = index >> 1, last >> 1
    return node if last == 0 else None


def consistent(old, size, old_root, hashes):
    """The root of `size` events that follows when the first `old` of them have old_root; None when it cannot be."""
    if old == size:
        return None if hashes else old_root
    hashes = ([old_root] if old & (old - 1) == 0 else []) + hashes
    index, last = old - 1, size - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    was = now = hashes[0] if hashes else b""
    for other in hashes[1:]:
        if last == 0:
            return None
        if index & 1 or index == last:
            was, now = (hashlib.sha256(b"\1" + other + node).digest() for node in (was, now))
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            now = hashlib.sha256(b"\1" + now + other).digest()
        index, last = index >> 1, last >> 1
    return now if last == 0 and was == old_root else None


class Pack:
    def __init__(self, key, earlier):
        self.basis = json.loads(read("basis.json"))
        self.keys = [read_key(key if key else read("checkpoint.pub").strip())]
        self.note = read("checkpoint.txt")
        self.earlier = read_checkpoint(read(earlier), self.keys) if earlier else None
        self.orders = {}  # of the period, by ordinal: number and events

    def say(self, english, chinese):
        print(chinese if self.basis["language"] == "zh" else english)

    def files(self):
        listed = {line[66:]: line[:64] for line in read("SHA256SUMS").split("\n")[:-1]}
        for name, wanted in listed.items():
            digest = hashlib.sha256()
            with open(name, "rb") as file:
                for piece in iter(lambda: file.read(1 << 20), b""):
                    digest.update(piece)
            need(digest.hexdigest() == wanted, f"{name} is not the file that was put here.")
        there = {os.path.relpath(os.path.join(folder, name)) for folder, _, names in os.walk(".") for name in names}
        for name in sorted(there - set(listed) - {"SHA256SUMS", "made.txt"}):
            self.say(f"     (not of this pack, not checked: {name})", f"     （不属于本包，未检查：{name}）")
        self.say(f"ok   {len(listed)} files are as they were put here", f"通过 {len(listed)} 个文件与放入时一致")

    def seal(self):
        origin, self.size, self.root = read_checkpoint(self.note, self.keys)
        need(origin == self.basis["origin"], "checkpoint.txt is of another ledger than basis.json.")
        self.say(f"ok   checkpoint.txt: {self.size} events of {origin}, signed by this key",
                 f"通过 checkpoint.txt：{origin} 的 {self.size} 个事件，由此公钥签署")

    def neighbour(self, name, index, outside):
        """The event beside the period, which must be in the ledger and recorded outside."""
        head, _, note = read(name).partition("\n\n")
        lines = head.split("\n")
        need(lines[0] == "c2sp.org/tlog-proof@v1" and lines[2] == f"index {index}" and note == self.note,
             f"{name} is not the proof that it should be.")
        event = unbase64(lines[1][len("extra "):])
        need(included(event, index, self.size, hashes(lines[3:])) == self.root,
             f"{name}: the event is not in the ledger.")
        need(outside(described(event)[5]), f"{name}: the event belongs to the period.")

    def events(self):
        """The stored events of the period give the ledger's root, and events.csv says what they say."""
        basis, tree, names = self.basis, Tree(), {}
        tree.size, tree.stack = basis["before"]["size"], [bytes.fromhex(node) for node in basis["before"]["subtrees"]]
        need(len(tree.stack) == bin(tree.size).count("1"), "basis.json does not say what was before the period.")
        with open("stored-events.txt", encoding="ascii") as stored:
            for line, row in itertools.zip_longest(stored, table("events.csv")):
                need(line and row, "events.csv and stored-events.txt do not have equally many events.")
                self.compare_earlier(tree)
                event, seq = unbase64(line.rstrip("\n")), tree.size + 1
                wire, kind, ordinal, nth, _, recorded, occurred, created = described(event)
                of_order = kind == 1
                need((row["seq"], row["recorded_at"], row["occurred_on"], row["version"]) ==
                     (str(seq), recorded, occurred, str(nth) if of_order else ""),
                     f"events.csv does not say of event {seq} what is stored.")
                need(basis["begins_at"] <= recorded <= basis["ends_at"], f"Event {seq} is not of the period.")
                need(created in (None, row["order_no"]),
                     f"Event {seq} created order {created}, and not {row['order_no']}.")
                need(names.setdefault(wire, row["type"]) == row["type"], f"The type of event {seq} is another.")
                if of_order:
                    order = self.orders.setdefault(ordinal, [row["order_no"], []])
                    need(order[0] == row["order_no"] != "", f"Event {seq} is of another order.")
                    order[1].append(seq)
                tree.append(event)
        self.compare_earlier(tree)
        need(len(set(names.values())) == len(names), "events.csv calls two types of events by one name.")
        need(tree.size == basis["end"]["size"], "The period does not end where basis.json says.")
        head, _, note = read("consistency.txt").partition("\n\n")
        lines = head.split("\n")
        need(lines[0] == f"old {tree.size}" and note == self.note,
             "consistency.txt is not the proof that it should be.")
        need(tree.size == 0 or consistent(tree.size, self.size, tree.root(), hashes(lines[1:])) ==
             self.root, "The events of the period are not those of the signed ledger.")
        if basis["before"]["size"]:
            self.neighbour("before-first.txt", basis["before"]["size"] - 1, lambda at: at < basis["begins_at"])
        if tree.size < self.size:
            self.neighbour("after-last.txt", tree.size, lambda at: at > basis["ends_at"])
        count = tree.size - basis["before"]["size"]
        self.say(f"ok   the {count} events of the period are all there, and in the ledger that was signed",
                 f"通过 期间的 {count} 个事件齐全，且在所签署的账本之中")

    def compare_earlier(self, tree):
        if self.earlier and self.earlier[1] == tree.size:
            need(self.earlier[2] == tree.root(),
                 f"The first {tree.size} events are not what the earlier checkpoint says.")
            self.earlier = None
            self.say(f"ok   the first {tree.size} events are those of the earlier checkpoint",
                     f"通过 前 {tree.size} 个事件与更早的检查点一致")

    def totals(self):
        """All control totals, computed again from the tables."""
        found, populated = Counter(), {number: len(seqs) for number, seqs in self.orders.values()}
        need(len(populated) == len(self.orders), "Two orders have the same number.")
        seqs = []
        for row in table("events.csv"):
            seqs = [seqs[0] if seqs else int(row["seq"]), int(row["seq"])]
            found["events.csv", "rows", ""] += 1
            found["events.csv", "rows of type", row["type"]] += 1
            found["events.csv", "sum of changes", ""] += int(row["changes"])
        if seqs:
            found["events.csv", "smallest seq", ""], found["events.csv", "largest seq", ""] = seqs
        for row in table("orders.csv"):
            found["orders.csv", "rows", ""] += 1
            found["orders.csv", "rows of status", row["status"]] += 1
            for name in ("events_in_period", "lines"):
                found["orders.csv", f"sum of {name}", ""] += int(row[name])
            need(populated.pop(row["order_no"], None) == int(row["events_in_period"]),
                 f"orders.csv and events.csv do not agree about order {row['order_no']}.")
        need(not populated, f"{len(populated)} orders are missing in orders.csv, such as {next(iter(populated), '')}.")
        for row in table("order-lines.csv"):
            found["order-lines.csv", "rows", ""] += 1
            for name in ("quantity", "shipped", "delivered"):
                found["order-lines.csv", f"sum of {name}", row["unit"]] += decimal.Decimal(row[name])
        for name in ("changes.csv", "recorded-later.csv") + (("sample.csv",) if self.basis["sample"] else ()):
            found[name, "rows", ""] = sum(1 for _ in table(name))
        with open("stored-events.txt", encoding="ascii") as file:
            found["stored-events.txt", "rows", ""] = sum(1 for _ in file)
        said = {tuple(row.values())[:3]: decimal.Decimal(row["total"]) for row in table("control-totals.csv")}
        for key in sorted(set(said) | set(found)):
            need(said.get(key) == found[key],
                 f"control-totals.csv: {' '.join(key)} is {found[key]}, not {said.get(key)}.")
        self.say(f"ok   {len(said)} control totals are what the tables come to", f"通过 {len(said)} 项合计与各表一致")

    def draw(self):
        """The sample, drawn again."""
        sample, ranks = self.basis["sample"], []
        for row in table("orders.csv"):
            rank = hashlib.sha256(f"{sample['seed']}:{row['order_no']}".encode()).hexdigest()
            need(row["rank"] == rank, f"The rank of order {row['order_no']} is not {row['rank']}.")
            ranks.append((rank, row["order_no"]))
        drawn = [(row["rank"], row["order_no"]) for row in table("sample.csv")]
        need(drawn == sorted(ranks)[:sample["wanted"]], "sample.csv is not the sample that this seed draws.")
        self.say(f"ok   the seed {sample['seed']} draws these {len(drawn)} of {len(ranks)} orders: is it your seed?",
                 f"通过 种子 {sample['seed']} 从 {len(ranks)} 个订单中抽出这 {len(drawn)} 个：它是您的种子吗？")

    def proofs(self):
        """Every event of every order drawn is in the ledger, and in its history."""
        count = 0
        for draw in table("sample.csv"):
            number, folder = draw["order_no"], draw["folder"]
            proof, history, chain = json.loads(read(folder + "/proof.json")), {}, []
            for row in table(folder + "/history.csv"):
                history[int(row["seq"])] = row["recorded_at"], row["occurred_on"], row["order_no"]
            need(proof["checkpoint"] == self.note, f"Order {number}: the proof is over another checkpoint.")
            for item in proof["events"]:
                event, index = unbase64(item["event"]), item["leaf_index"]
                need(included(event, index, self.size, hashes(item["hashes"])) == self.root,
                     f"Order {number}: event {index + 1} is not in the ledger.")
                _, kind, ordinal, nth, back, recorded, occurred, created = described(event)
                need(kind == 1 and nth == len(chain) + 1 and back == (index + 1 - chain[-1] if chain else 0),
                     f"Order {number}: event {index + 1} does not follow the one before it.")
                need(chain or created == number, f"Order {number}: the first event is of another order.")
                need(history.get(index + 1) == (recorded, occurred, number),
                     f"Order {number}: history.csv does not say of event {index + 1} what is stored.")
                chain.append(index + 1)
            need(sorted(history) == chain, f"Order {number}: history.csv has other events than the proof.")
            begin, end = self.basis["before"]["size"], self.basis["end"]["size"]
            need(self.orders[ordinal] == [number, [seq for seq in chain if begin < seq <= end]],
                 f"Order {number}: its events of the period are not those of events.csv.")
            count += len(chain)
        self.say(f"ok   each of the {count} events in the sample's histories is proven, and none between is missing",
                 f"通过 样本历史中的 {count} 个事件均已证明，中间无一缺失")


def main():
    parser = argparse.ArgumentParser(description="Checks a Daybook audit pack.")
    parser.add_argument("--key", metavar="VKEY", help="the ledger's public key, as its keeper has told it to you")
    parser.add_argument("--checkpoint", metavar="FILE", help="an earlier checkpoint that was kept outside")
    args = parser.parse_args()
    earlier = args.checkpoint and os.path.abspath(args.checkpoint)
    os.chdir(os.path.dirname(os.path.abspath(__file__)))
    try:
        pack = Pack(args.key, earlier)
        for check in pack.files, pack.seal, pack.events, pack.totals:
            check()
        if pack.basis["sample"]:
            pack.draw()
            pack.proofs()
        need(not pack.earlier, "The earlier checkpoint is of a moment outside the period: ask for "
             f"`daybook prove --consistency {pack.earlier and pack.earlier[1]}`, or for `daybook verify --checkpoint` in "
             "your presence.")
        if not args.key:
            pack.say("     (the key came with the pack: give the one that you had from elsewhere as --key)",
                     "     （公钥来自本包：请用 --key 给出从别处取得的公钥）")
        pack.say("Everything that was checked holds.", "所检查的一切均成立。")
    except (Wrong, OSError) as error:
        print(f"NOT AS IT SHOULD BE: {error}")
        return 1
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, decimal.DecimalException) as error:
        print(f"NOT AS IT SHOULD BE: a file is damaged: {error!r}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
