"""A ledger as plain lists. Nothing is indexed or kept up to date: every answer is found by going through the events
from the first one. The rules are those that the program promises; where it refuses, so does the twin, with the same
code. Days are datetime.date or None (nobody knows), quantities are Fraction.
"""
import datetime
import re
import unicodedata
from fractions import Fraction
from types import SimpleNamespace

STATUSES = ["pending", "processing", "in-production", "shipped", "delivered", "cancelled", "returned", "on-hold"]
MOVING = STATUSES[:4]
OPEN = MOVING + ["on-hold"]
ALLOWED = {
    "order.processing-started": ["pending"],
    "order.production-started": ["pending", "processing"],
    "order.shipped": MOVING + ["delivered"],
    "order.delivered": MOVING + ["delivered"],
    "order.cancelled": OPEN,
    "order.returned": ["shipped", "delivered"],
    "order.reopened": ["delivered", "cancelled", "returned"],
    "order.held": MOVING,
    "order.resumed": ["on-hold"],
    "order.promise-changed": OPEN,
    "order.amended": OPEN,
    "order.priority-set": OPEN,
}
# What `correct` may change of an event, besides its day.
CORRECTABLE = {
    "order.created": {"expected", "requested", "ordered", "customer", "ref", "item", "field"},
    "order.amended": {"expected", "requested", "ordered", "customer", "ref", "item", "field"},
    "order.promise-changed": {"expected"},
    "order.shipped": {"carrier", "tracking", "item"},
    "order.delivered": {"item"},
    "order.note-added": {"text", "kind"},
    "order.priority-set": {"priority"},
}
CONTENT = ("customer", "ordered", "expected", "requested", "ref", "own", "lines")
ANY = object()  # a value that the twin cannot know: equal to all
OCCURRED_TODAY = "today"  # nothing was said of the day


class Refused(Exception):
    def __init__(self, code, **members):
        super().__init__(code)
        self.code, self.members = code, members


def folded(kind, name):
    text = unicodedata.normalize("NFKC", name).strip()
    return text if kind in ("order", "source") else text.casefold()


def draft(type_, **said):
    return {"type": type_, "day": OCCURRED_TODAY, **said}


def order_now():
    """An order that nothing has happened to."""
    return SimpleNamespace(
        there=False, no=None, status=None, held_from=None, customer=None, ref=None, priority=None, ordered=None,
        own_promise=None, expected=None, first=None, requested=None, shipped_on=None, delivered_on=None,
        cancelled_on=None, carrier=None, tracking=None, own={}, lines={}, notes=[], moved=[], delivered_by=None,
        created=None, moves=[], last_promise=None)


class Twin:
    def __init__(self, zone, today, bug=None):
        """`today` is a function: the day changes while tests run. `bug`: a mistake made on purpose."""
        self.zone, self.today, self.bug = zone, today, bug
        self.events, self.entries = [], 0
        self.said = []  # the commands that have recorded something

    # ---- registers

    def find(self, kind, name, until=None):
        """Who has or had the name last, merges followed."""
        found = 0
        for e in self.upto(until):
            given = e.data.get("name") if e.kind == kind else None
            if given is not None and folded(kind, given) == folded(kind, name):
                found = e.ordinal
        found = found or self.nameless(kind, name)
        return self.final(found, until) if kind == "customer" else found

    def nameless(self, kind, name):
        """Who is forgotten, by what is shown instead."""
        match = re.fullmatch(r"(customer|actor)/([1-9][0-9]*)", folded(kind, name))
        of = [e for e in self.events if match and e.kind == kind == match[1] and e.ordinal == int(match[2])]
        named = [e for e in of if "name" in e.data]
        return int(match[2]) if named and named[-1].data["name"] is None else 0

    def final(self, customer, until=None):
        for e in self.upto(until):
            if e.type == "customer.merged" and e.ordinal == customer:
                return self.final(e.data["into"], until)
        return customer

    def called(self, kind, ordinal, until=None, what="name"):
        if kind == "customer":
            ordinal = self.final(ordinal, until)
        name = None
        for e in self.upto(until):
            if e.kind == kind and e.ordinal == ordinal and e.data.get(what) is not None:
                name = e.data[what]
        return f"{kind}/{ordinal}" if name is None and what == "name" else name

    def count(self, kind):
        return max([e.ordinal for e in self.events if e.kind == kind], default=0)

    def field(self, ordinal):
        return next(e.data for e in self.events if e.type == "field.defined" and e.ordinal == ordinal)

    def upto(self, seq):
        return self.events if seq is None else self.events[:seq]

    def chain(self, order, until=None):
        return [e for e in self.upto(until) if e.kind == "order" and e.ordinal == order]

    # ---- recording

    def add(self, kind, ordinal, type_, day, data, filled=False):
        self.events.append(SimpleNamespace(
            seq=len(self.events) + 1, entry=self.entries, kind=kind, ordinal=ordinal, type=type_, day=day, data=data,
            filled=filled, actor=self.actor, recorded_on=self.today(), recorded_at=None, key=None))
        return self.events[-1]

    def register(self, kind, name, **more):
        known = self.find(kind, name)
        if not known:
            known = self.count(kind) + 1
            self.add(kind, known, f"{kind}.registered", self.today(), {"name": name.strip(), **more})
        return known

    def record(self, actor, drafts, order_no=None, key=None, expect=None, late=False, source=None):
        """One entry; returns the order's ordinal. Refused: nothing was recorded."""
        before, entries = len(self.events), self.entries
        self.entries += 1
        try:
            order = self.record_entry(actor, drafts, order_no, key, expect, late, source)
            if order is None:  # recorded before under the same key
                del self.events[before:]
                return self.repeated_order
            return order
        except Refused:
            del self.events[before:]
            self.entries = entries
            raise

    def record_entry(self, actor, drafts, order_no, key, expect, late, source):
        self.actor = self.find("actor", actor) or self.count("actor") + 1
        if not self.events:
            self.add("ledger", 1, "ledger.opened", self.today(), {})
        self.register("actor", actor)
        self.register("via", "this machine")
        if source:
            self.register("source", source)
        if drafts[0]["type"].split(".")[0] != "order":
            self.change_register(drafts[0])
            return 0
        order = self.find("order", order_no) if order_no else 0
        if order_no and not order and drafts[0]["type"] != "order.created":
            raise Refused("not-found")
        chain = self.chain(order)
        repeated = self.keyed(key, order, order_no)
        if repeated:
            chain = [e for e in chain if e.seq < repeated.seq]
        elif expect and expect != len(chain):
            raise Refused("version-conflict")
        order = order or self.count("order") + 1
        begun = len(self.events)
        try:
            mine = self.record_drafts(drafts, order, order_no, chain, late, bool(repeated))
        except Refused:
            if repeated:
                raise Refused("key-reused") from None
            raise
        if repeated:
            self.compare_repeated(repeated, mine)
            return None
        if key:
            next(e for e in self.events[begun:] if e.kind == "order").key = key
        return order

    def record_drafts(self, drafts, order, order_no, chain, late, repeated):
        mine = []
        for one in drafts:
            mine += self.record_draft(one, order, order_no, chain + mine, late)
        if not order_no and not repeated and drafts[0]["type"] == "order.created":
            taken = {e.data["name"] for e in self.events if e.type == "order.created" and e.data["name"]}
            mine[0].data["name"] = next(no for no in map("SO-{:06d}".format, range(1, 10000)) if no not in taken)
        return mine

    def keyed(self, key, order, order_no):
        """Under its key: among the events of the order that is named, else of all that could be meant."""
        found = [e for e in self.events if key and e.key == key and e.kind == "order"
                 and (e.ordinal == order if order_no else e.type == "order.created" and e.data["name"][:3] == "SO-")]
        return found[-1] if found else None

    def compare_repeated(self, repeated, now):
        then = [e for e in self.events if e.entry == repeated.entry and e.kind == "order"]
        same = len(then) == len(now)
        for a, b in zip(then, now):
            same = same and a.type == b.type and (b.filled or a.day == b.day)
            same = same and self.comparable(a) == self.comparable(b)
        if not same:
            raise Refused("key-reused")
        self.repeated_order = repeated.ordinal

    def comparable(self, e):
        data = {name: value for name, value in e.data.items() if value not in (None, [], {}) and name != "name"}
        if "customer" in data:
            data["customer"] = self.final(data["customer"])
        if e.type == "order.event-voided" and "replacement" in data:
            data["replacement"] = True
        data["lines"] = [{**line, "name": None} for line in data.get("lines", [])]
        return data

    # ---- registers change

    def change_register(self, d):
        kind, said = d["type"].split(".")[0], d
        if d["type"] == "field.defined":
            if self.find("field", d["name"]):
                raise Refused("already-exists")
            more = {name: d[name] for name in ("value_kind", "required", "public", "choices")}
            self.add("field", self.count("field") + 1, "field.defined", self.today(), {"name": d["name"], **more})
            return
        subject = self.find(kind, said["subject"])
        if not subject:
            raise Refused("not-found")
        if d["type"] == "customer.merged":
            into = self.find(kind, d["into"])
            if not into:
                raise Refused("not-found")
            if into == subject:
                raise Refused("bad-value")
            self.add(kind, subject, "customer.merged", self.today(), {"into": into})
            return
        holder = self.find(kind, d["name"])
        if holder and holder != subject and folded(kind, self.called(kind, holder)) == folded(kind, d["name"]):
            raise Refused("already-exists")
        self.add(kind, subject, d["type"], self.today(), {"name": d["name"].strip(), "title": d.get("title")})

    def forget(self, actor, name):
        customer = self.find("customer", name)
        if not customer:
            raise Refused("not-found")
        named = [e for e in self.events if e.kind == "customer" and self.final(e.ordinal) == customer
                 and e.data.get("name") is not None]
        if named:
            self.entries += 1
            self.actor = self.find("actor", actor) or self.count("actor") + 1
            self.register("actor", actor)
            self.register("via", "this machine")
            self.add("ledger", 1, "personal-data-erased", self.today(), {})
        for e in named:
            e.data["name"] = None
        return {"erased": f"customer/{customer}", "values": len(named), "seq": len(self.events) if named else None}

    # ---- orders change

    def record_draft(self, d, order, order_no, chain, late):
        now = self.fold(chain)
        data = self.resolve(d, now, chain, None)
        if d["type"] == "order.created":
            data["name"] = self.first_number(order, order_no)
        day = self.today() if d["day"] == OCCURRED_TODAY else d["day"]
        self.decide(d["type"], data, day, now, chain, late)
        voids = d["type"] == "order.event-voided"
        event = self.add("order", order, d["type"], None if voids else day, data, d["day"] == OCCURRED_TODAY)
        if not voids or d["instead"] is None:
            return [event]
        return [event, self.record_replacement(event, d, order, chain + [event], late)]

    def first_number(self, order, order_no):
        numbers = [e.data["name"] for e in self.chain(order) if e.type == "order.created"]
        return numbers[0] if numbers else order_no and folded("order", order_no)

    def record_replacement(self, void, d, order, chain, late):
        """What stood there, or stood there before (as_in), with what is said instead of parts of it."""
        of = next(e for e in chain if e.seq == (d["as_in"] or d["target"]))
        now = self.fold(chain)
        change = {**d["instead"], "type": of.type}
        said = self.resolve(change, now, chain, of.data)
        data = {**of.data, **{name: value for name, value in said.items() if value not in (None, [], {})}}
        if data.get("own"):
            data["own"] = dict(data["own"])
        day = of.day if change["day"] == OCCURRED_TODAY else change["day"]
        self.decide_in_place(of.type, data, day, now, late)
        event = self.add("order", order, of.type, day, data)
        void.data["replacement"] = event.seq
        return event

    def resolve(self, d, now, chain, replaced):
        data = {}
        if d.get("customer"):
            data["customer"] = self.register("customer", d["customer"])
        for name in ("ordered", "expected", "requested", "ref", "carrier", "tracking", "priority", "reason", "text",
                     "note_kind", "target", "to"):
            if d.get(name) is not None:
                data[name] = d[name]
        if d.get("items") and d["type"] in ("order.shipped", "order.delivered"):
            data["parts"] = [self.resolve_part(item, now) for item in d["items"]]
        elif d.get("items"):
            data["lines"] = self.resolve_lines(d, now, chain, replaced)
        if d.get("fields"):
            data["own"] = {field: value for field, value in [self.resolve_own(*pair) for pair in d["fields"]]}
        return data

    def resolve_own(self, name, value):
        """The field, and its value as it is shown; None clears it."""
        field = self.find("field", name)
        definition = self.field(field)
        if value is None:
            return field, None
        if definition["value_kind"] == "choice" and value not in definition["choices"]:
            raise Refused("bad-value")
        if definition["value_kind"] == "number":
            try:
                return field, decimal_text(Fraction(value))
            except ValueError:
                raise Refused("bad-value") from None
        if definition["value_kind"] == "date":
            try:
                return field, str(datetime.date.fromisoformat(value))
            except ValueError:
                raise Refused("bad-value") from None
        return field, value

    @staticmethod
    def line_with(now, product):
        lines = [line for line, said in now.lines.items() if said.product == product]
        if len(lines) > 1:
            raise Refused("ambiguous-line")
        return lines[0] if lines else 0

    def resolve_part(self, item, now):
        line = item["line"]
        if not line:
            product = self.find("product", item["code"])
            if not product:
                raise Refused("not-found")
            line = self.line_with(now, product)
            if not line:
                raise Refused("not-found")
        return line, item["quantity"]

    def resolve_lines(self, d, now, chain, replaced):
        created = d["type"] == "order.created"
        last = 0
        if not created or replaced is not None:
            last = max([line["line"] for e in chain for line in e.data.get("lines", [])], default=0)
        lines = []
        for item in d["items"]:
            product = self.register("product", item["code"], title=item.get("name")) if item.get("code") else None
            line, before = 0 if created else item.get("line") or 0, None
            was_said = line
            free = [one["line"] for one in (replaced or {}).get("lines", []) if product and one["product"] == product
                    and one["line"] not in [other["line"] for other in lines]]
            again = not line and bool(free)
            line = line or (free[0] if free else 0)
            if not created and not line and not item.get("new"):
                line = self.line_with(now, product)
            if not created and line:
                before = now.lines.get(line)
            if not created and was_said and not before and was_said != last + 1:
                raise Refused("not-found")
            if not before and (not product or item["quantity"] is None or item["quantity"] <= 0):
                raise Refused("bad-value")
            if not before and not again:
                last += 1
                line = last
            if before and before.product == product:
                product = None
            name = item.get("name")
            if name and product and self.called("product", product, what="title") == name:
                name = None
            lines.append({"line": line, "product": product, "quantity": item["quantity"], "unit": item.get("unit"),
                          "name": name, "expected": item.get("expected")})
        return lines

    def decide(self, type_, data, day, now, chain, late):
        voids = type_ == "order.event-voided"
        if type_ == "order.created":
            if now.there:
                raise Refused("already-exists")
        elif not now.there and not voids:
            raise Refused("not-found")
        allowed = ALLOWED.get(type_)
        own_only = type_ == "order.amended" and not any(data.get(name) for name in CONTENT if name != "own")
        if allowed and now.status not in allowed and not own_only:
            raise Refused("status-forbids")
        if voids:
            self.decide_void(data["target"], chain)
        if type_ == "order.note-retracted" and data["target"] not in [note.seq for note in now.notes]:
            raise Refused("not-found")
        if not data.get("parts") and (
                (type_ == "order.shipped" and now.status in STATUSES[3:] and complete(now, "shipped"))
                or (type_ == "order.delivered" and now.status == "delivered")):
            raise Refused("status-forbids")
        if type_ == "order.reopened" and data.get("to") not in (None, "pending") and (
                data["to"] != "shipped" or now.status != "delivered"):
            raise Refused("status-forbids")
        self.decide_in_place(type_, data, day, now, late)

    def decide_void(self, target, chain):
        of = [e for e in chain if e.seq == target]
        if not of:
            raise Refused("not-found")
        if of[0].type == "order.event-voided" or not self.stands(of[0], chain):
            raise Refused("cannot-void")

    def decide_in_place(self, type_, data, day, now, late):
        if any(quantity <= 0 for _, quantity in data.get("parts", [])):
            raise Refused("bad-value")
        if any(line not in now.lines for line, _ in data.get("parts", [])):
            raise Refused("not-found")
        if type_ == "order.amended" and not any(data.get(name) for name in CONTENT):
            raise Refused("bad-value")
        if not late and type_ in ("order.shipped", "order.delivered") and day and day > self.today():
            raise Refused("date-in-future")

    # ---- the fold

    @staticmethod
    def stands(event, chain):
        return event.type != "order.event-voided" and event.seq not in [
            e.data["target"] for e in chain if e.type == "order.event-voided"]

    def places(self, chain):
        """The events that count, each in the place of the one that it replaces."""
        voids = {e.data["target"]: e for e in chain if e.type == "order.event-voided"}
        replacements = {e.data.get("replacement") for e in voids.values()}
        for e in chain:
            if e.type == "order.event-voided" or e.seq in replacements:
                continue
            while e is not None and e.seq in voids:
                seq = voids[e.seq].data.get("replacement")
                e = next((other for other in chain if other.seq == seq), None)
            if e is not None:
                yield e

    def fold(self, chain, effective=None):
        now = order_now()
        for e in self.places(chain):
            if effective and (e.day or e.recorded_on) > effective:
                continue
            if now.there or e.type == "order.created":
                now = self.apply(now, e)
        return now

    def apply(self, now, e):
        data, type_ = e.data, e.type.removeprefix("order.")
        if type_ == "created":
            now = order_now()
            now.there, now.status, now.no, now.created = True, "pending", data["name"], e.recorded_at
            now.ordered = e.day or e.recorded_on
        if type_ in ("created", "amended"):
            self.take_content(now, e)
        elif type_ == "promise-changed":
            now.own_promise = data["expected"]
        elif type_ in ("processing-started", "production-started"):
            now.status = {"processing-started": "processing", "production-started": "in-production"}[type_]
        elif type_ == "shipped":
            self.ship(now, e)
        elif type_ == "delivered":
            self.move(now, e, "delivered")
            if now.status != "delivered" and complete(now, "delivered"):
                now.status, now.delivered_on, now.delivered_by = "delivered", e.day, e.actor
        elif type_ == "cancelled":
            now.status, now.cancelled_on = "cancelled", e.day
        elif type_ == "returned":
            now.status = "returned"
        elif type_ == "reopened":
            self.reopen(now, data.get("to"))
        elif type_ == "held":
            now.held_from = now.held_from if now.status == "on-hold" else now.status
            now.status = "on-hold"
        elif type_ == "resumed":
            now.status = now.held_from if now.status == "on-hold" else now.status
        elif type_ == "note-added":
            now.notes.append(e)
        elif type_ == "note-retracted":
            now.notes = [note for note in now.notes if note.seq != data["target"]]
        elif type_ == "priority-set":
            now.priority = data["priority"]
        self.settle_promise(now, e)
        return now

    @staticmethod
    def settle_promise(now, e):
        before = now.expected
        of_lines = [line.expected for line in now.lines.values() if line.expected]
        if e.type in ("order.created", "order.amended", "order.promise-changed"):
            now.expected = now.own_promise or (max(of_lines) if of_lines else None)
            now.first = now.first or now.expected
        if e.type != "order.created" and now.last_promise and now.expected != before:
            days = (now.expected - now.last_promise).days if now.expected else 0
            now.moves.append((before, now.expected, e.day or e.recorded_on, e.actor, e.data.get("reason"), days))
        now.last_promise = now.expected or now.last_promise

    @staticmethod
    def take_content(now, e):
        data = e.data
        now.customer = data.get("customer") or now.customer
        now.ordered = data.get("ordered") or now.ordered
        now.own_promise = data.get("expected") or now.own_promise
        now.requested = data.get("requested") or now.requested
        now.ref = data.get("ref") or now.ref
        for said in data.get("lines", []):
            line = now.lines.get(said["line"])
            if said["quantity"] == 0:
                now.lines.pop(said["line"], None)
            if said["quantity"] == 0 or (not line and not (said["product"] and said["quantity"] is not None)):
                continue
            if not line:
                line = SimpleNamespace(product=None, quantity=None, unit=None, name=None, expected=None,
                                       shipped=Fraction(0), delivered=Fraction(0))
                now.lines[said["line"]] = line
            for name in ("product", "quantity", "unit", "name", "expected"):
                if said[name] is not None:
                    setattr(line, name, said[name])
        for field, value in data.get("own", {}).items():
            now.own.pop(field, None) if value is None else now.own.update({field: value})

    @staticmethod
    def move(now, e, what):
        """`moved` is all that went, a list: line, what, quantity, day."""
        for number, line in now.lines.items():
            parts = [quantity for of, quantity in e.data.get("parts", []) if of == number]
            if not e.data.get("parts"):
                parts = [max(Fraction(0), line.quantity - getattr(line, what))]
            for quantity in parts:
                setattr(line, what, getattr(line, what) + quantity)
                now.moved.append((number, what, quantity, e.day))
            if what == "delivered" and line.shipped < line.delivered:
                now.moved.append((number, "shipped", line.delivered - line.shipped, e.day))
                line.shipped = line.delivered

    def ship(self, now, e):
        was_all = now.status in STATUSES[3:] and complete(now, "shipped")
        self.move(now, e, "shipped")
        now.carrier = e.data.get("carrier")
        now.tracking = e.data.get("tracking") or now.tracking
        if not was_all and complete(now, "shipped"):
            now.shipped_on = e.day
            now.status = "delivered" if now.status == "delivered" else "shipped"

    def reopen(self, now, to):
        to = to or ("shipped" if now.status == "delivered" else "pending")
        now.status, now.delivered_on, now.cancelled_on, now.delivered_by = to, None, None, None
        emptied = ["delivered"] if to == "shipped" else ["delivered", "shipped"]
        if self.bug == "reopen-keeps-quantities":
            emptied = []
        for what in emptied:
            for line in now.lines.values():
                setattr(line, what, Fraction(0))
        now.moved = [part for part in now.moved if part[1] not in emptied]
        if to == "pending":
            now.shipped_on = None

    # ---- answers

    def order_at(self, order, as_of=None, effective=None):
        chain = self.chain(order, as_of)
        now = self.fold(chain, effective)
        now.version, now.last_seq = len(chain), chain[-1].seq if chain else 0
        now.updated = chain[-1].recorded_at if chain else None
        return now

    def orders_at(self, as_of=None, effective=None):
        """All there are, with what figures want to know of each, by number."""
        orders = [self.order_at(n, as_of, effective) for n in range(1, self.count("order") + 1)]
        orders = [o for o in orders if o.there]
        for o in orders:
            self.prepare_figures(o, as_of)
        return sorted(orders, key=lambda o: o.no.encode())

    def prepare_figures(self, o, as_of):
        o.customer_ordinal = o.customer
        o.customer = self.called("customer", o.customer, as_of)
        o.codes = [self.called("product", line.product, as_of) for line in o.lines.values()]
        o.wanted = {number: line.quantity for number, line in o.lines.items()}
        o.parts = lambda shipped, moved=o.moved: [
            (line, quantity, day) for line, what, quantity, day in moved
            if what == ("shipped" if shipped else "delivered")]
        o.delivered_by = o.delivered_by and self.called("actor", o.delivered_by, as_of)
        o.moves = [(*move[:3], self.called("actor", move[3], as_of), *move[4:]) for move in o.moves]

    def json_of(self, o, question_day, as_of=None):
        """As `show` says it. `o` from order_at or orders_at."""
        if not o.there:
            return None
        customer = o.customer if isinstance(o.customer, str) else self.called("customer", o.customer, as_of)
        late = (o.delivered_on - o.expected).days if o.status == "delivered" and o.delivered_on and o.expected else None
        is_overdue = o.status in OPEN and o.expected and o.expected < question_day
        overdue = (question_day - o.expected).days if is_overdue else None
        return {
            "order_no": o.no, "status": o.status, "customer": customer,
            "items": [self.json_of_line(number, line, as_of) for number, line in o.lines.items()],
            "customer_ref": o.ref, "ordered_on": day_text(o.ordered), "expected_on": day_text(o.expected),
            "first_expected_on": day_text(o.first), "requested_on": day_text(o.requested),
            "shipped_on": day_text(o.shipped_on), "delivered_on": day_text(o.delivered_on),
            "cancelled_on": day_text(o.cancelled_on), "late_days": late, "overdue_days": overdue,
            "notes": [{"text": e.data["text"], "kind": e.data.get("note_kind", "general"),
                       "actor": self.called("actor", e.actor, as_of), "recorded_at": e.recorded_at or ANY}
                      for e in o.notes],
            "fields": {self.field(field)["name"]: value for field, value in o.own.items()},
            "version": o.version, "last_seq": o.last_seq, "created_at": o.created or ANY,
            "updated_at": o.updated or ANY, "priority": o.priority}

    def json_of_line(self, number, line, as_of):
        name = line.name or self.called("product", line.product, as_of, "title")
        return {"line": number, "code": self.called("product", line.product, as_of), "name": name,
                "quantity": decimal_text(line.quantity), "unit": line.unit, "expected_on": day_text(line.expected),
                "shipped": decimal_text(line.shipped), "delivered": decimal_text(line.delivered), "fields": {}}

    def fields_of(self, o, as_of):
        """Each field of an order by name, as history compares them."""
        if not o.there:
            return {}
        whole = self.json_of(o, o.ordered, as_of)
        out = {name: whole[name] for name in (
            "status", "customer", "customer_ref", "priority", "ordered_on", "expected_on", "first_expected_on",
            "requested_on", "shipped_on", "delivered_on", "cancelled_on")}
        out.update(carrier=o.carrier, tracking=o.tracking)
        out.update({f"fields.{name}": value for name, value in whole["fields"].items()})
        for item, line in zip(whole["items"], o.lines.values()):
            values = {**item, "name": line.name}
            out.update({f"items.{item['line']}.{name}": values[name] for name in (
                "code", "name", "quantity", "unit", "expected_on", "shipped", "delivered")})
        out.update({f"notes.{e.seq}": e.data["text"] for e in o.notes})
        return {name: value for name, value in out.items() if value is not None}

    def history(self, e):
        """One event as `history` and `audit` show it, but for its data. What went from something to the same under
        another name is not compared."""
        entry = {"seq": e.seq, "order_no": None, "version": None, "type": e.type,
                 "actor": self.called("actor", e.actor, e.seq), "recorded_at": e.recorded_at or ANY,
                 "occurred_on": day_text(e.day), "changes": ANY, "voided_by": None}
        if e.kind != "order":
            return entry
        chain = self.chain(e.ordinal)
        entry["order_no"] = next(other.data["name"] for other in chain if other.type == "order.created")
        entry["version"] = sum(other.seq <= e.seq for other in chain)
        before = self.fields_of(self.order_at(e.ordinal, e.seq - 1), e.seq)
        after = self.fields_of(self.order_at(e.ordinal, e.seq), e.seq)
        entry["changes"] = {name: (before.get(name), after.get(name)) for name in before.keys() | after.keys()
                            if before.get(name) != after.get(name)}
        entry["voided_by"] = next((v.seq for v in chain if v.type == "order.event-voided"
                                   and v.data["target"] == e.seq), None)
        return entry


def complete(now, what):
    return all(getattr(line, what) >= line.quantity for line in now.lines.values())


def day_text(day):
    return str(day) if day else None


def decimal_text(value):
    """A Fraction of at most 9 decimals, without trailing zeros."""
    if value.denominator == 1:
        return str(value.numerator)
    sign, value = ("-", -value) if value < 0 else ("", value)
    digits = f"{value.numerator * 10**9 // value.denominator:010d}"
    return f"{sign}{digits[:-9]}.{digits[-9:].rstrip('0')}"
