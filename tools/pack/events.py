"""Reads Daybook's stored events, and says what an order is after them. check.py holds the tables against this; what the
bytes mean is said in section 5 of README.txt."""
import base64, collections, datetime, decimal, hashlib

from verify import need

EPOCH, DAY = datetime.datetime(1970, 1, 1), datetime.date(1970, 1, 1).toordinal()
ORDER, CUSTOMER, PRODUCT, ACTOR, SOURCE, VIA = range(1, 7)
KINDS = {ORDER: "order", CUSTOMER: "customer", PRODUCT: "product", ACTOR: "actor", SOURCE: "source", VIA: "via"}
SIZES = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8}  # of MessagePack's long integers
ERASED = "\0"  # what stands for a personal value that is not in the pack; no text has it
TYPES = {  # by number: name, and what the elements of the data are called
    1: "ledger.opened id timezone numbers", 2: "ledger.changed timezone numbers",
    3: "actor.registered name department role", 4: "actor.changed name department role", 5: "via.registered name kind",
    6: "source.registered kind name identity", 7: "customer.registered name", 8: "customer.renamed name",
    9: "customer.merged into", 10: "product.registered code name", 11: "product.renamed code name",
    12: "field.defined name kind scope public required choices", 13: "workflow.changed rules",
    14: "calendar.changed days", 15: "type.registered name wire fields subject version",
    16: "personal-data-erased kind target reason", 17: "ledger.key-changed old new",
    32: "order.created order_no customer items ordered_on expected_on requested_on customer_ref fields",
    33: "order.amended customer items ordered_on expected_on requested_on customer_ref fields",
    34: "order.promise-changed expected_on reason", 35: "order.processing-started", 36: "order.production-started",
    37: "order.shipped carrier tracking items", 38: "order.delivered items", 39: "order.cancelled reason",
    40: "order.returned reason", 41: "order.reopened to reason", 42: "order.held reason", 43: "order.resumed",
    44: "order.note-added text kind", 45: "order.note-retracted target reason",
    46: "order.event-voided target reason replacement", 47: "order.moved status reason",
    48: "order.priority-set priority reason"}
STATUSES = ("pending", "processing", "in-production", "shipped", "delivered", "cancelled", "returned", "on-hold")
MOVES = {35: "processing", 36: "in-production", 39: "cancelled", 40: "returned"}
APPLY = {32: "created", 33: "amended", 34: "promise_changed", 37: "shipped", 38: "delivered", 39: "cancelled",
         41: "reopened", 42: "put_on_hold", 43: "resumed", 44: "note_added", 45: "note_retracted", 47: "moved",
         48: "priority_set"}


def unpack(data, at=0):
    """A MessagePack value (whole number, text, bytes, list or None), and where the next one begins."""
    kind, at = data[at], at + 1
    if kind < 0x80 or kind >= 0xE0:
        return kind if kind < 0x80 else kind - 256, at
    if kind == 0xC0:
        return None, at
    if kind in SIZES:
        return int.from_bytes(data[at:at + SIZES[kind]], "big", signed=kind >= 0xD0), at + SIZES[kind]
    head = {0xC4: 1, 0xC5: 2, 0xD9: 1, 0xDA: 2, 0xDC: 2}.get(kind, 0)
    need(head or 0x90 <= kind < 0xC0, "A stored event has not the form of one.")
    count = int.from_bytes(data[at:at + head], "big") if head else kind & (0x1F if kind >= 0xA0 else 0x0F)
    at += head
    if kind < 0xA0 or kind == 0xDC:
        found = []
        for _ in range(count):
            value, at = unpack(data, at)
            found.append(value)
        return found, at
    need(at + count <= len(data), "A stored event is cut off.")
    run = data[at:at + count]
    return run if kind in (0xC4, 0xC5) else run.decode(), at + count


def day(number):
    return None if number is None else str(datetime.date.fromordinal(DAY + number))


def number(pair):
    return decimal.Decimal(pair[0]).scaleb(-pair[1])


class Event:
    """A stored event. Its personal values are in it as texts, once they fit their commitments, else as ERASED."""
    __slots__ = "seq type kind ordinal nth back actor via recorded occurred source row data name".split()

    def __init__(self, seq, stored, values):
        fields, end = unpack(stored)
        need(isinstance(fields, list) and len(fields) == 15 and end == len(stored), f"Event {seq} is no event.")
        self.seq, (self.type, _, self.kind, self.ordinal, self.nth, self.back) = seq, fields[:6]
        self.actor, self.via, recorded, occurred = fields[6:10]
        self.source, self.row = fields[12] or (0, 0)
        self.recorded = (EPOCH + datetime.timedelta(microseconds=recorded)).isoformat(timespec="microseconds") + "Z"
        self.occurred = day(occurred)
        self.name, *names = TYPES.get(self.type, "").split() or [""]
        self.data = self.opened(fields[13], values, [0])
        self.data += [None] * (len(names) - len(self.data))

    def opened(self, value, values, slot):
        if isinstance(value, list):
            return [self.opened(element, values, slot) for element in value]
        if not isinstance(value, bytes):
            return value
        salt, text = values.get((self.seq, slot[0]), (None, ERASED))
        need(text is ERASED or hashlib.sha256(base64.b64decode(salt) + text.encode()).digest() == value,
             f"personal-values.csv: '{text}' is not what event {self.seq} holds.")
        values.pop((self.seq, slot[0]), None)
        slot[0] += 1
        return text

    def says(self):
        """The data by the names of its elements."""
        return dict(zip(TYPES.get(self.type, "").split()[1:], self.data))


class Order:
    """What an order is after some of its events: the rules by which Daybook computes it."""

    def __init__(self, events):
        self.fields, self.lines, self.notes, self.own_promise, self.held = {}, {}, {}, None, None
        for event in counting(events):
            if self.fields or event.type == 32:
                said = event.says()
                if event.type in APPLY:
                    getattr(self, APPLY[event.type])(event, said)
                self.fields["status"] = MOVES.get(event.type, self.fields["status"])

    def flat(self):
        """All fields by the names that changes.csv gives them; customers and products as (kind, ordinal)."""
        flat = dict(self.fields)
        for line, item in self.lines.items():
            flat.update((f"items.{line}.{name}", value) for name, value in item.items())
        flat.update((f"notes.{seq}", text) for seq, text in self.notes.items())
        return {name: value for name, value in flat.items() if value is not None}

    def created(self, event, said):
        self.__init__([])
        self.fields = {"status": "pending", "ordered_on": event.occurred or "~" + event.recorded[:10]}
        self.amended(event, said)

    def amended(self, event, said):
        for name in ("ordered_on", "requested_on"):
            if said[name] is not None:
                self.fields[name] = day(said[name])
        if said["customer"]:
            self.fields["customer"] = CUSTOMER, said["customer"]
        if said["customer_ref"] is not None:
            self.fields["customer_ref"] = said["customer_ref"]
        for change in said["items"] or []:
            self.change_line(*(change + [None] * 7)[:6])
        self.promise_changed(event, said)

    def change_line(self, line, product, quantity, unit, name, expected):
        quantity = quantity and number(quantity)
        if quantity is not None and not quantity:
            self.lines.pop(line, None)
        elif line in self.lines or product and quantity is not None:
            item = self.lines.setdefault(line, {"shipped": decimal.Decimal(), "delivered": decimal.Decimal()})
            change = {"code": product and (PRODUCT, product), "quantity": quantity, "unit": unit, "name": name,
                      "expected_on": day(expected)}
            item.update((key, value) for key, value in change.items() if value is not None)

    def promise_changed(self, _, said):
        self.own_promise = day(said["expected_on"]) or self.own_promise
        promise = self.own_promise or max((item.get("expected_on", "") for item in self.lines.values()), default="")
        self.fields["expected_on"] = promise or None
        self.fields["first_expected_on"] = self.fields.get("first_expected_on") or promise or None

    def is_complete(self, moved):
        return all(item[moved] >= item["quantity"] for item in self.lines.values())

    def move(self, parts, moved):
        """What a shipment or delivery names, or else all that is missing."""
        for line, quantity in parts or ():
            if line in self.lines:
                self.lines[line][moved] += number(quantity)
        for item in self.lines.values():
            if not parts:
                item[moved] = max(item[moved], item["quantity"])
            if moved == "delivered":
                item["shipped"] = max(item["shipped"], item["delivered"])

    def shipped(self, event, said):
        was = STATUSES.index(self.fields["status"]) >= STATUSES.index("shipped") and self.is_complete("shipped")
        self.move(said["items"], "shipped")
        self.fields["carrier"] = said["carrier"]
        self.fields["tracking"] = said["tracking"] if said["tracking"] is not None else self.fields.get("tracking")
        if not was and self.is_complete("shipped"):
            self.fields["shipped_on"] = event.occurred
            if self.fields["status"] != "delivered":
                self.fields["status"] = "shipped"

    def delivered(self, event, said):
        self.move(said["items"], "delivered")
        if self.fields["status"] != "delivered" and self.is_complete("delivered"):
            self.fields.update(status="delivered", delivered_on=event.occurred)

    def cancelled(self, event, _):
        self.fields.update(cancelled_on=event.occurred)

    def reopened(self, _, said):
        shipped = said["to"] == "shipped" if said["to"] is not None else self.fields["status"] == "delivered"
        for item in self.lines.values():
            item["delivered"] = decimal.Decimal()
            if not shipped:
                item["shipped"] = decimal.Decimal()
        self.fields.update(status="shipped" if shipped else "pending", delivered_on=None, cancelled_on=None)
        if not shipped:
            self.fields["shipped_on"] = None

    def put_on_hold(self, *_):
        if self.fields["status"] != "on-hold":
            self.held = self.fields["status"]
        self.fields["status"] = "on-hold"

    def resumed(self, *_):
        if self.fields["status"] == "on-hold":
            self.fields["status"] = self.held

    def note_added(self, event, said):
        self.notes[event.seq] = said["text"]

    def note_retracted(self, _, said):
        self.notes.pop(said["target"], None)

    def moved(self, _, said):
        if said["status"] in STATUSES:
            self.fields["status"] = said["status"]

    def priority_set(self, _, said):
        self.fields["priority"] = said["priority"]


class Reading:
    """Events by their subjects, and what the tables must say of them."""

    def __init__(self):
        self.chains = collections.defaultdict(list)  # by kind and ordinal, in ascending order
        self.states = {}

    def name(self, kind, ordinal, seq, part="name"):
        """What the subject was called when event `seq` was recorded."""
        found = None
        for event in self.chains.get((kind, ordinal), ()):
            if event.seq > seq:
                break
            if event.name == "customer.merged":
                return self.name(kind, event.data[0], seq)
            found = event.says().get(part) or found
        return found if found not in (None, ERASED) else "" if kind == PRODUCT else f"{KINDS[kind]}/{ordinal}"

    def shown(self, value, seq):
        """As changes.csv writes it."""
        if isinstance(value, tuple):
            return self.name(*value, seq, "code" if value[0] == PRODUCT else "name")
        if isinstance(value, decimal.Decimal):
            return format(value.normalize(), "f") if value else "0"
        return "" if value is None or value == ERASED or isinstance(value, list) else str(value)

    def envelope(self, event):
        number = "" if event.kind != ORDER else [other.data[0] for other in self.chains[ORDER, event.ordinal]
                                                 if other.name == "order.created"][-1]
        return {"seq": str(event.seq), "recorded_at": event.recorded, "occurred_on": event.occurred or "",
                "order_no": number, "actor": self.name(ACTOR, event.actor, event.seq),
                "via": self.name(VIA, event.via, event.seq), "type": event.name}

    def state(self, order, count):
        """The fields of an order after so many events; the last answer is kept, as it is the next one's beginning."""
        if self.states.get(order, (-1,))[0] != count:
            self.states[order] = count, Order(self.chains[ORDER, order][:count]).flat()
        return self.states[order][1]

    def element(self, event, name, seq):
        value = event.says().get(name)
        return self.shown((CUSTOMER, value) if name == "into" and value else value, seq)

    def said_before(self, event, name):
        """What the subject's events before this one said last under that name."""
        if event.kind not in KINDS:
            return "" if event.name == "personal-data-erased" else None
        before = self.chains[event.kind, event.ordinal][:event.nth - 1]
        return next(filter(None, (self.element(other, name, event.seq) for other in reversed(before))), "")

    def changed(self, event):
        """The fields that an event changed, without own fields: name, from, to (from None: not known here)."""
        said = event.says()
        if event.kind == ORDER:
            before, after = self.state(event.ordinal, event.nth - 1), self.state(event.ordinal, event.nth)
            rows = [(name, self.shown(before.get(name), event.seq), self.shown(after.get(name), event.seq))
                    for name in {**before, **after} if before.get(name) != after.get(name)]
        else:
            rows = [(name, self.said_before(event, name), self.element(event, name, event.seq))
                    for name, value in said.items() if value is not None and name != "reason"]
        if said.get("reason") not in (None, ERASED):
            rows.append(("reason", "", said["reason"]))
        return rows


def counting(events):
    """Those that were not taken back; what replaces another one counts in its place."""
    at, places = {event.seq: i for i, event in enumerate(events)}, list(range(len(events)))
    for i, event in enumerate(events):
        if event.type != 46:
            continue
        target, _, instead = event.data[:3]
        places[i], target = None, at.get(target)
        instead = at.get(event.seq + instead) if instead else None
        if target is not None and target in places[:i]:
            places[places.index(target)] = instead
            if instead is not None:
                places[instead] = None
    return [events[i] for i in places if i is not None]
