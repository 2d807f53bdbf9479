#!/usr/bin/env python3
"""Checks the Daybook audit pack that it lies in, by Python 3.8 or later and the file verify.py beside it, nothing else.

    python3 check.py [--key VKEY] [--checkpoint EARLIER.txt]

Give the key as the ledger's keeper has told it to you by another way; the one in the pack can be anybody's. An earlier
checkpoint is one that you or others outside have kept. README.txt says what is checked, and why. Exit 0: all holds."""
import argparse, csv, datetime, decimal, hashlib, itertools, json, os, re, sys
from collections import Counter, defaultdict

sys.dont_write_bytecode = True  # nothing is added to the pack
from events import KINDS, ORDER, SOURCE, Event, Order, Reading
from verify import Tree, Wrong, need, read, read_checkpoint, read_key, unbase64

GUARDED = re.compile(r"'+[=+\-@\t\r]")
decimal.getcontext().prec = 60
csv.field_size_limit(1 << 30)


def table(name):
    """The rows of a CSV file; one apostrophe is taken off what a spreadsheet would run as a formula."""
    with open(name, encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            yield {key: value[1:] if value[:1] == "'" and GUARDED.match(value) else value for key, value in row.items()}


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


def same(stored, shown):
    """Is it the value that is stored? "~" begins a day in UTC of which the local one is shown."""
    return stored == shown or stored[:1] == "~" and shown != "" and abs(
        datetime.date.fromisoformat(stored[1:]) - datetime.date.fromisoformat(shown)) <= datetime.timedelta(1)


def row_of_line(row):
    return tuple(row.values())


class Pack(Reading):
    def __init__(self, key, earlier):
        super().__init__()
        self.basis = json.loads(read("basis.json"))
        self.keys = [read_key(key if key else read("checkpoint.pub").strip())]
        self.note = read("checkpoint.txt")
        self.earlier = read_checkpoint(read(earlier), self.keys) if earlier else None
        self.values = {(int(row["seq"]), int(row["slot"])): (row["salt"], row["value"])
                       for row in table("personal-values.csv")}
        self.period = []  # events
        self.orders = {}  # of the period, by ordinal: number and events
        self.unchecked = Counter()

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
        self.say(f"ok   {len(listed)} files are those of SHA256SUMS, which is not signed",
                 f"通过 {len(listed)} 个文件与 SHA256SUMS 一致（该文件未签名）")

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
        need(outside(Event(index + 1, event, {}).recorded), f"{name}: the event belongs to the period.")

    def events(self):
        """The stored events of the period give the ledger's root, and events.csv says what they say."""
        basis, tree, names = self.basis, Tree(), {}
        tree.size, tree.stack = basis["before"]["size"], [bytes.fromhex(node) for node in basis["before"]["subtrees"]]
        need(len(tree.stack) == bin(tree.size).count("1"), "basis.json does not say what was before the period.")
        with open("stored-events.txt", encoding="ascii") as stored:
            for line, row in itertools.zip_longest(stored, table("events.csv")):
                need(line and row, "events.csv and stored-events.txt do not have equally many events.")
                self.compare_earlier(tree)
                stored_event, seq = unbase64(line.rstrip("\n")), tree.size + 1
                event = Event(seq, stored_event, self.values)
                of_order = event.kind == ORDER
                need((row["seq"], row["recorded_at"], row["occurred_on"], row["version"]) ==
                     (str(seq), event.recorded, event.occurred or "", str(event.nth) if of_order else ""),
                     f"events.csv does not say of event {seq} what is stored.")
                need(basis["begins_at"] <= event.recorded <= basis["ends_at"], f"Event {seq} is not of the period.")
                created = event.data[0] if event.name == "order.created" else row["order_no"]
                need(created == row["order_no"], f"Event {seq} created order {created}, and not {row['order_no']}.")
                need(names.setdefault(event.type, row["type"]) == row["type"] and event.name in ("", row["type"]),
                     f"The type of event {seq} is another.")
                if of_order:
                    order = self.orders.setdefault(event.ordinal, [row["order_no"], []])
                    need(order[0] == row["order_no"] != "", f"Event {seq} is of another order.")
                    order[1].append(seq)
                self.period.append(event)
                self.chains[event.kind, event.ordinal].append(event)
                tree.append(stored_event)
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

    def others(self):
        """Events outside the period, of the same orders, people and things: in the ledger, and none is left out."""
        for row in table("other-events.csv"):
            seq, stored = int(row["seq"]), unbase64(row["event"])
            need(included(stored, seq - 1, self.size, hashes(row["hashes"].split())) == self.root,
                 f"other-events.csv: event {seq} is not in the ledger.")
            event = Event(seq, stored, self.values)
            self.chains[event.kind, event.ordinal].append(event)
        for (kind, ordinal), chain in self.chains.items():
            chain.sort(key=lambda event: event.seq)
            for i, event in enumerate(chain if kind in KINDS else ()):
                need(event.nth == i + 1 and event.back == (event.seq - chain[i - 1].seq if i else 0),
                     f"other-events.csv: an event of {KINDS[kind]}/{ordinal} is missing.")
        need(not self.values, f"personal-values.csv has values that no event here holds: {[*self.values][:3]}.")
        self.say("ok   each personal value is the one that its event holds the hash of",
                 "通过 每个个人数据值都与其事件中的哈希一致")

    def compare(self, event, rows, file):
        """The rows of an event in changes.csv or a history.csv say what is stored, but for what is counted here."""
        envelope = self.envelope(event)
        if not event.name:
            self.unchecked["events of applications", "应用程序的事件"] += 1
            envelope["type"] = rows[0]["type"]
        need(all({**row, **envelope} == row for row in rows),
             f"{file} does not say of event {event.seq} what is stored.")
        said = [(row["field"], row["from"], row["to"]) for row in rows]
        own = [row for row in said if row[0].startswith("fields.") or ".fields." in row[0]]
        self.unchecked["rows of own fields of orders", "订单自定义字段的行"] += len(own)
        wanted = self.changed(event) if event.name else said
        need(sorted(name for name, _, _ in wanted or () if wanted or own) ==
             sorted(row[0] for row in said if row not in own and (row[0] or wanted)),
             f"{file}: event {event.seq} did not change these fields.")
        for name, before, after in wanted:
            need(any(row[0] == name and before in (None, row[1]) and same(after, row[2]) for row in said),
                 f"{file}: event {event.seq} changed {name} from '{before or ''}' to '{after}'.")

    def tables(self):
        """events.csv, changes.csv, orders.csv and order-lines.csv say what the events say."""
        grouped = itertools.groupby(table("changes.csv"), lambda row: row["seq"])
        for event, row, group in itertools.zip_longest(self.period, table("events.csv"), grouped):
            need(event and row and group, "changes.csv has other events than events.csv.")
            rows, envelope = list(group[1]), self.envelope(event)
            envelope["type"] = envelope["type"] or row["type"]
            envelope["source_row"] = str(event.row or "")
            envelope["source"] = self.name(SOURCE, event.source, event.seq) if event.source else ""
            envelope["subject"] = row["subject"]
            envelope["takes_back"] = str(event.data[0]) if event.name == "order.event-voided" else ""
            back = [other.seq for other in self.chains[event.kind, event.ordinal]
                    if other.name == "order.event-voided" and other.data[0] == event.seq]
            envelope["taken_back_by"] = str(back[0]) if back else ""
            need({**row, **envelope} == row, f"events.csv does not say of event {event.seq} what is stored.")
            need(row["changes"] == str(len(rows)),
                 f"changes.csv has other rows of event {event.seq} than events.csv says.")
            self.compare(event, rows, "changes.csv")
        lines = defaultdict(list)
        for row in table("order-lines.csv"):
            lines[row["order_no"]].append(row)
        ordinals, end = {number: ordinal for ordinal, (number, _) in self.orders.items()}, self.basis["end"]["size"]
        for row in table("orders.csv"):
            number = row["order_no"]
            chain = self.chains[ORDER, ordinals[number]]
            known = [event for event in chain if event.seq <= end]
            order = Order(known)
            said = {name: self.shown(value, end) for name, value in order.fields.items()}
            said["status"] = said.get("status", "taken-back")
            said.update(lines=str(len(order.lines)), first_seq=str(known[0].seq), last_seq=str(known[-1].seq),
                        events_before=str(len(known) - len(self.orders[ordinals[number]][1])),
                        events_after=str(len(chain) - len(known)))
            need(all(same(said.get(name, ""), row[name]) for name in row if name not in
                     ("order_no", "events_in_period", "rank")), f"orders.csv: the events say something else of {number}.")
            need([row_of_line(row) for row in lines.pop(number, [])] == [
                (number, str(line), self.shown(item["code"], end),
                 item.get("name") or self.name(*item["code"], end), self.shown(item["quantity"], end),
                 item.get("unit", ""), self.shown(item["shipped"], end), self.shown(item["delivered"], end),
                 item.get("expected_on", "")) for line, item in order.lines.items()],
                f"order-lines.csv: the events say something else of {number}.")
        self.say("ok   names, dates, quantities, statuses and changes in the tables are those of the events",
                 "通过 各表中的名称、日期、数量、状态与变更均与事件一致")

    def readable(self, folder, rows):
        """history.txt, which people read, has the lines that history.csv stands for."""
        plain = lambda text: re.sub(r"\W|_", "", text)
        blocks = re.split(r"\n(?! {6})", read(folder + "/history.txt").rstrip("\n"))
        need(len(blocks) == len(rows), f"{folder}/history.txt has other events than history.csv.")
        for block, of_event in zip(blocks, rows.values()):
            head, who, *changes = block.split("\n")
            row, changes = of_event[0], [line for line in changes if re.search("[:：] ?.*", line)]
            wanted = [row for row in of_event if row["field"]]
            good = head.split()[0] == row["seq"] and plain(row["order_no"]) in plain(head) and \
                row["occurred_on"] in head and len(changes) == len(wanted)
            good = good and (max(len(row["via"]), len(row["actor"])) > 30 or row["via"] in who and row["actor"] in who)
            for line, change in zip(changes, wanted):
                value, sides = plain(re.split("[:：]", line, 1)[1]), (change["from"], change["to"])
                said = {plain("".join(sides))} | {  # what was forgotten is empty in the table
                    plain((sides[0] or before) + (sides[1] or behind))
                    for mark in ("erased", "已删除") for before in ("", mark) for behind in ("", mark)}
                good = good and (value in said or len(value) > 100)
            need(good, f"{folder}/history.txt does not say of event {row['seq']} what history.csv says.")

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
            proof, history, chain = json.loads(read(folder + "/proof.json")), defaultdict(list), []
            for row in table(folder + "/history.csv"):
                history[int(row["seq"])].append(row)
            need(proof["checkpoint"] == self.note, f"Order {number}: the proof is over another checkpoint.")
            for item in proof["events"]:
                event, index = unbase64(item["event"]), item["leaf_index"]
                need(included(event, index, self.size, hashes(item["hashes"])) == self.root,
                     f"Order {number}: event {index + 1} is not in the ledger.")
                event = Event(index + 1, event, {})
                need(event.kind == ORDER and event.nth == len(chain) + 1 and
                     event.back == (index + 1 - chain[-1] if chain else 0),
                     f"Order {number}: event {index + 1} does not follow the one before it.")
                chain.append(index + 1)
            need(sorted(history) == chain, f"Order {number}: history.csv has other events than the proof.")
            begin, end = self.basis["before"]["size"], self.basis["end"]["size"]
            known = self.chains[ORDER, event.ordinal]
            need([other.seq for other in known] == chain, f"Order {number}: other-events.csv has other events.")
            for event in known:
                self.compare(event, history[event.seq], folder + "/history.csv")
            self.readable(folder, history)
            need(self.orders[event.ordinal] == [number, [seq for seq in chain if begin < seq <= end]],
                 f"Order {number}: its events of the period are not those of events.csv.")
            count += len(chain)
        self.say(f"ok   each of the {count} events in the sample's histories is proven, and none between is missing",
                 f"通过 样本历史中的 {count} 个事件均已证明，中间无一缺失")

    def rest(self):
        """What no step has looked at."""
        counted = [(f"{count} {names[0]}", f"{count} {names[1]}") for names, count in self.unchecked.items() if count]
        english, chinese = zip(("recorded_local", "recorded_local"), ("subject", "subject"), ("recorded-later.csv", "recorded-later.csv"),
                               ("words and local times of history.txt", "history.txt 的措辞与当地时间"),
                               *counted)
        self.say("NOT CHECKED: " + ", ".join(english), "未检查：" + "、".join(chinese))


def refuse(sentence):
    """Details are in English; that something is wrong is said in the pack's language, too."""
    with open("basis.json", encoding="utf-8") as file:
        chinese = '"language": "zh"' in file.read()
    print(f"检查不通过（与应有的不符）：{sentence}" if chinese else f"NOT AS IT SHOULD BE: {sentence}")
    return 1


def main():
    parser = argparse.ArgumentParser(description="Checks a Daybook audit pack.")
    parser.add_argument("--key", metavar="VKEY", help="the ledger's public key, as its keeper has told it to you")
    parser.add_argument("--checkpoint", metavar="FILE", help="an earlier checkpoint that was kept outside")
    args = parser.parse_args()
    earlier = args.checkpoint and os.path.abspath(args.checkpoint)
    os.chdir(os.path.dirname(os.path.abspath(__file__)))
    try:
        pack = Pack(args.key, earlier)
        steps = [pack.files, pack.seal, pack.events, pack.totals, pack.others, pack.tables]
        for step in steps + ([pack.draw, pack.proofs] if pack.basis["sample"] else []):
            step()
        need(not pack.earlier, "The earlier checkpoint is of a moment outside the period: ask for "
             f"`daybook prove --consistency {pack.earlier and pack.earlier[1]}`, or for `daybook verify --checkpoint` in "
             "your presence.")
        pack.rest()
        if args.key:
            pack.say("Everything that was checked holds.", "所检查的一切均成立。")
        else:
            pack.say("It holds under the key that came with the pack, which can be anybody's: "
                     "give the ledger's as --key.",
                     "在本包自带的公钥下成立，但该公钥可能出自任何人：请用 --key 给出从别处取得的公钥。")
    except (Wrong, OSError) as error:
        return refuse(error)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        return refuse(f"a file is damaged: {error!r}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
