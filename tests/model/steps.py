"""Steps become commands. A step is a list of small numbers drawn beforehand, which choose what is done, to whom and
with which values; what they mean depends on the ledger at that moment, so any step can be left out and those after it
still mean something. 0 always chooses the plainest.
"""
import contextlib
import datetime
import json
from fractions import Fraction
from types import SimpleNamespace

import figures
from twin import ALLOWED, CORRECTABLE, OCCURRED_TODAY, OPEN, STATUSES, Refused, decimal_text, draft

ACTORS = ["li.lei", "王芳", "Wang"]
CUSTOMERS = ["ACME", "acme", "深圳市华强电子", "Müller", "O'Neill \"Bros\"", "ＡＣＭＥ", "beta"]
PRODUCTS = ["P-1", "P-2", "p-1", "螺栓", "P 4"]
NUMBERS = ["A-1", "a-1", "SO-000003", "PO 7"]
QUANTITIES = ["1", "2", "5", "10", "2.5", "0.001"]
TEXTS = ["late", "客户要求", "a \"b\" 'c'\n$d"]
FIELDS = ["size", "Colour", "weight", "due", "batch"]
STEP_CHOICES = 24


class Draw:
    def __init__(self, choices):
        self.choices, self.used = choices, []

    def pick(self, below):
        at = len(self.used)
        self.used.append(self.choices[at] % below if at < len(self.choices) else 0)
        return self.used[at]

    def of(self, values):
        return values[self.pick(len(values))]

    def seldom(self, one_in):
        return self.pick(one_in) == one_in - 1


def random_steps(rng, count):
    return [[rng.randrange(10000) for _ in range(STEP_CHOICES)] for _ in range(count)]


# ---- words

def relative(days):
    return "today" if days == 0 else f"{days:+d}"


def draw_days(draw):
    return draw.pick(60) - 30 if draw.pick(2) else draw.pick(9) - 4


def draw_on(draw, words, twin, option="--on"):
    """The day of what happened: its words, and what the twin takes it for."""
    kind = draw.pick(8)
    if kind in (0, 7):
        return OCCURRED_TODAY
    if kind == 6:
        words += [option, "unknown"]
        return None
    days = draw_days(draw)
    days = days if kind == 5 else -abs(days)
    words += [option, relative(days)]
    return twin.today() + datetime.timedelta(days)


def draw_date(draw, words, twin, option):
    days = draw_days(draw)
    words += [option, relative(days)]
    return twin.today() + datetime.timedelta(days)


def draw_order(draw, twin):
    orders = [e.data["name"] for e in twin.events if e.type == "order.created"]
    orders = list(dict.fromkeys(orders[-1:] + orders))
    return "SO-000099" if draw.seldom(40) or not orders else draw.of(orders)


def draw_new_items(draw):
    items = []
    for _ in range(1 + draw.pick(3)):
        items.append({"code": draw.of(PRODUCTS), "quantity": Fraction(draw.of(QUANTITIES)), "line": 0,
                      "unit": "pcs" if draw.seldom(3) else None, "name": "Bolt" if draw.seldom(3) else None})
    return items


def item_words(item):
    line = f"#{item['line']}" if item["line"] else ""
    words = f"{item['code']}{line}:{decimal_text(item['quantity'])}{item.get('unit') or ''}"
    return ["--item", words + (f":{item['name']}" if item.get("name") else "")]


def draw_known_items(draw, twin, order, least):
    """Items of an order by code, or by code and line."""
    lines = twin.fold(twin.chain(order)).lines if order else {}
    items = []
    for _ in range(1 + draw.pick(2)):
        line = 0 if not lines or draw.seldom(6 if least else 3) else draw.of(list(lines))
        code = twin.called("product", lines[line].product) if line else draw.of(PRODUCTS)
        quantity = Fraction(draw.of(QUANTITIES)) if least or not draw.seldom(5) else Fraction(0)
        items.append({"code": code, "quantity": quantity, "line": 0 if draw.pick(3) == 0 else line})
    return items


def draw_fields(draw, words, twin, clears):
    fields = []
    known = [e.data["name"] for e in twin.events if e.type == "field.defined"]
    for _ in range(1 + draw.pick(2)):
        name = draw.of(FIELDS if draw.seldom(8) else known or FIELDS)
        value = draw.of(["red", "blue", "7", "2.50", "2026-02-28", "2026-02-30", "x=y"])
        value = "" if clears and draw.seldom(4) else value
        words += ["--field", f"{name}={value}"]
        fields.append((name, value or None))
    return fields


def draw_key(draw, words):
    if not draw.seldom(4):
        return None
    key = f"k{1 + draw.pick(5)}"
    words += ["--key", key]
    return key


def draw_expect(draw, words, twin, order):
    if not draw.seldom(6):
        return None
    expect = max(1, len(twin.chain(order)) - draw.pick(3))
    words += ["--expect", str(expect)]
    return expect


# ---- what the program looks at before it asks the ledger

def known_order(twin, order_no):
    order = twin.find("order", order_no)
    if not order:
        raise Refused("not-found")
    return order


def check_parts(twin, order, items):
    """CODE#LINE has to be that line; then the line's number stands for it."""
    lines = twin.fold(twin.chain(order)).lines
    checked = []
    for item in items:
        if item["line"] in lines and lines[item["line"]].product != twin.find("product", item["code"]):
            raise Refused("not-found")
        checked.append({**item, "code": None if item["line"] else item["code"]})
    return checked


def check_fields(twin, fields, creates=False):
    for name, value in fields:
        field = twin.find("field", name)
        if not field:
            raise Refused("not-found")
        if twin.field(field)["required"] and value is None:
            raise Refused("bad-value")
    if not creates:
        return fields
    given = [twin.find("field", name) for name, value in fields if value is not None]
    for field in range(1, twin.count("field") + 1):
        if twin.field(field)["required"] and field not in given:
            raise Refused("bad-value")
    return [(name, value) for name, value in fields if value is not None]


# ---- commands that write: what is said, and what the twin does with it

def write(actor, words, apply):
    return SimpleNamespace(kind="write", words=["--actor", actor, *words], apply=apply, lines=None)


def create(draw, twin, actor):
    words = ["create", "--customer", draw.of(CUSTOMERS)]
    d = draft("order.created", customer=words[-1], items=draw_new_items(draw))
    for item in d["items"]:
        words += item_words(item)
    d["expected"] = None if draw.seldom(5) else draw_date(draw, words, twin, "--expected")
    number = draw.of(NUMBERS) if draw.seldom(3) else None
    words += ["--number", number] if number else []
    if draw.seldom(3):
        d["ordered"] = d["day"] = draw_date(draw, words, twin, "--ordered")
    if draw.seldom(3):
        d["requested"] = draw_date(draw, words, twin, "--requested")
    if draw.seldom(4):
        d["ref"] = "PO-1"
        words += ["--ref", "PO-1"]
    notes = draw_note(draw, words, d)
    wants_fields = twin.count("field") and draw.pick(2)
    fields = draw_fields(draw, words, twin, False) if wants_fields else []
    key = draw_key(draw, words)

    def apply(twin):
        d["fields"] = check_fields(twin, fields, creates=True)
        return twin.record(actor, [d, *notes], number, key)
    return write(actor, words, apply)


def draw_note(draw, words, d):
    if not draw.seldom(6):
        return []
    words += ["--note", draw.of(TEXTS)]
    return [{**draft("order.note-added", text=words[-1]), "day": d["day"]}]


ACTIONS = {
    "ship": "order.shipped", "deliver": "order.delivered", "promise": "order.promise-changed",
    "start": "order.processing-started", "produce": "order.production-started", "cancel": "order.cancelled",
    "return": "order.returned", "reopen": "order.reopened", "hold": "order.held", "resume": "order.resumed",
    "priority": "order.priority-set",
}
REASONED = ("cancel", "return", "reopen", "hold", "promise", "priority")


def act(draw, twin, actor):
    """What the order's status allows, mostly."""
    order_no = draw_order(draw, twin)
    order = twin.find("order", order_no)
    status = twin.fold(twin.chain(order)).status
    allowed = [verb for verb in [*ACTIONS, "ship", "deliver", "ship", "deliver"] if status in ALLOWED[ACTIONS[verb]]]
    verb = draw.of(list(ACTIONS) if draw.seldom(8) or not allowed else allowed)
    words = [verb, order_no]
    d = draft(ACTIONS[verb])
    if verb == "promise":
        d["expected"] = twin.today() + datetime.timedelta(days := draw_days(draw))
        words.append(relative(days))
    if verb == "priority":
        d["priority"] = draw.of(["urgent", "normal"])
        words.append(d["priority"])
    items = draw_known_items(draw, twin, order, 1) if verb in ("ship", "deliver") and draw.pick(2) else []
    for item in items:
        words += item_words(item)
    if verb == "ship" and draw.pick(2):
        d["carrier"] = draw.of(["SF", "德邦"])
        words += ["--carrier", d["carrier"]]
        if draw.pick(2):
            d["tracking"] = "T1"
            words += ["--tracking", "T1"]
    if verb == "cancel" or (verb in REASONED and draw.pick(2)):
        d["reason"] = draw.of(TEXTS)
        words += ["--reason", d["reason"]]
    d["day"] = draw_on(draw, words, twin)
    return write_order(draw, twin, actor, words, order_no, d, items)


def write_order(draw, twin, actor, words, order_no, d, items, fields=(), noted=True):
    key, expect = draw_key(draw, words), draw_expect(draw, words, twin, twin.find("order", order_no))
    notes = draw_note(draw, words, d) if noted else []

    def apply(twin):
        order = known_order(twin, order_no)
        d["items"], d["fields"] = check_parts(twin, order, items), check_fields(twin, fields)
        return twin.record(actor, [d, *notes], order_no, key, expect)
    return write(actor, words, apply)


def amend(draw, twin, actor):
    order_no = draw_order(draw, twin)
    words = ["amend", order_no]
    d = draft("order.amended")
    wanted = 1 << draw.pick(5) | 1 << draw.pick(5)
    items = draw_known_items(draw, twin, twin.find("order", order_no), 0) if wanted & 1 else []
    for item in items:
        words += item_words(item)
    if wanted & 2:
        d["customer"] = draw.of(CUSTOMERS)
        words += ["--customer", d["customer"]]
    for bit, name in ((4, "ordered"), (8, "requested")):
        if wanted & bit:
            d[name] = draw_date(draw, words, twin, f"--{name}")
    fields = draw_fields(draw, words, twin, True) if wanted & 16 and twin.count("field") else []
    d["day"] = draw_on(draw, words, twin)
    return write_order(draw, twin, actor, words, order_no, d, items, fields)


def note(draw, twin, actor):
    order_no = draw_order(draw, twin)
    words = ["note", order_no]
    noted = [e.seq for e in twin.chain(twin.find("order", order_no)) if e.type == "order.note-added"]
    if noted and draw.pick(2):
        d = draft("order.note-retracted", target=draw.of(noted))
        words += ["--retract", str(d["target"])]
    else:
        d = draft("order.note-added", text=draw.of(TEXTS))
        words.append(d["text"])
        if draw.pick(2):
            d["note_kind"] = draw.of(["packaging", "invoice"])
            words += ["--kind", d["note_kind"]]
    d["day"] = draw_on(draw, words, twin)
    return write_order(draw, twin, actor, words, order_no, d, [], noted=False)


def undo(draw, twin, actor):
    order_no = draw_order(draw, twin)
    words = ["undo", order_no]
    reason = draw.of([None, *TEXTS])
    words += ["--reason", reason] if reason else []
    expect = draw_expect(draw, words, twin, twin.find("order", order_no))

    def apply(twin):
        chain = twin.chain(known_order(twin, order_no))
        standing = [e for e in chain if twin.stands(e, chain)]
        last = [e for e in standing if e.entry == standing[-1].entry]
        if not last:
            raise Refused("cannot-void")
        if last[-1].actor != twin.find("actor", actor):
            raise Refused("not-yours")
        drafts = []
        for e in reversed(last):
            corrected = [v.data["target"] for v in chain if v.data.get("replacement") == e.seq]
            drafts.append(draft("order.event-voided", target=e.seq, reason=reason,
                                as_in=corrected[0] if corrected else None, instead=draft(None) if corrected else None))
        return twin.record(actor, drafts, order_no, None, expect)
    return write(actor, words, apply)


def correct(draw, twin, actor):
    order_no = draw_order(draw, twin)
    order = twin.find("order", order_no)
    seqs = [e.seq for e in twin.chain(order)]
    target = draw.of(seqs[::-1]) if seqs and not draw.seldom(30) else 1 + draw.pick(len(twin.events) + 2)
    words = ["correct", order_no, str(target), "--reason", draw.of(TEXTS)]
    d = draft("order.event-voided", target=target, reason=words[-1], as_in=None, instead=None)
    event = next((e for e in twin.chain(order) if e.seq == target), None)
    items, fields, said = [], [], set()
    if draw.pick(3) == 0:
        words.append("--void")
    else:
        items, fields, said = draw_correction(draw, twin, order, event, words, d)
    key, expect = draw_key(draw, words), draw_expect(draw, words, twin, order)

    def apply(twin):
        known_order(twin, order_no)
        event = next((e for e in twin.chain(order) if e.seq == target), None)
        if event and said - CORRECTABLE.get(event.type, set()):
            raise Refused("usage")
        if not event and d["instead"]:
            raise Refused("not-found")
        if d["instead"]:
            d["instead"]["items"] = check_parts(twin, order, items)
            d["instead"]["fields"] = check_fields(twin, fields)
        return twin.record(actor, [d], order_no, key, expect)
    return write(actor, words, apply)


def draw_correction(draw, twin, order, event, words, d):
    """What should have been recorded: mostly of what the event has."""
    d["instead"] = instead = draft(None)
    fitting = sorted(CORRECTABLE.get(event.type, set()) - {"priority"}) if event else []
    said = {draw.of(fitting) for _ in range(draw.pick(3))} if fitting else set()
    said |= {"carrier"} if draw.seldom(25) else set()
    items, fields = [], []
    for name in sorted(said):
        if name in ("expected", "requested", "ordered"):
            instead[name] = draw_date(draw, words, twin, f"--{name}")
        elif name == "item":
            created = event.type == "order.created"
            items = draw_new_items(draw) if created else draw_known_items(draw, twin, order, 1)
            for item in items:
                words += item_words(item)
        elif name == "field":
            fields = draw_fields(draw, words, twin, False)
        else:
            value = {"customer": draw.of(CUSTOMERS), "kind": "invoice"}.get(name) or draw.of(["SF", "X"])
            instead["note_kind" if name == "kind" else name] = value
            words += [f"--{name}", value]
    instead["day"] = draw_on(draw, words, twin)
    if not said and instead["day"] == OCCURRED_TODAY:
        instead["day"] = draw_date(draw, words, twin, "--on")
    return items, fields, said


def rename(draw, twin, actor):
    kind = draw.of(["customer", "product"])
    names = CUSTOMERS if kind == "customer" else PRODUCTS
    names = [twin.called(kind, n) for n in range(1, twin.count(kind) + 1)] + names
    old, new = draw.of(names), draw.of(names[::-1])
    words = ["rename", kind, old, new]
    title = "Screw" if kind == "product" and draw.pick(2) else None
    words += ["--name", title] if title else []
    d = draft(f"{kind}.renamed", subject=old, name=new, title=title)
    return write(actor, words, lambda twin: twin.record(actor, [d]))


def merge(draw, twin, actor):
    names = [twin.called("customer", n) for n in range(1, twin.count("customer") + 1)] + CUSTOMERS
    old, into = draw.of(names), draw.of(names)
    d = draft("customer.merged", subject=old, into=into)
    return write(actor, ["merge", "customer", old, into], lambda twin: twin.record(actor, [d]))


def forget(draw, twin, actor):
    names = [twin.called("customer", n) for n in range(1, twin.count("customer") + 1)] + CUSTOMERS
    name = draw.of(names)
    words = ["--actor", actor, "forget", "customer", name, "--reason", "Art. 17"]
    return SimpleNamespace(kind="told", words=words, apply=lambda twin: twin.forget(actor, name), lines=None)


def field_add(draw, twin, actor):
    kind = draw.of(["text", "choice", "number", "date"])
    words = ["field", "add", draw.of(FIELDS), "--kind", kind]
    words += ["--choices", "red, blue"] if kind == "choice" else []
    required = draw.seldom(8)
    words += ["--required"] if required else []
    public = kind == "text" and draw.pick(2) == 1
    words += ["--public"] if public else []
    d = draft("field.defined", name=words[2], value_kind=kind, required=required, public=public,
              choices=["red", "blue"])
    return write(actor, words, lambda twin: twin.record(actor, [d]))


def again(draw, twin, actor):
    """What was recorded before, said once more: as after an answer that was lost, mostly under its key."""
    said = [command for command in twin.said if "--key" in command.words or draw.seldom(8)]
    return draw.of(said[::-1]) if said else create(draw, twin, actor)


# ---- foreign events, several in one process

def load(draw, twin, actor):
    lines, drafts = [], []
    before, entries = len(twin.events), twin.entries

    def record(twin, one):
        twin.record(one["actor"] or actor, [one], one["order_no"], one["key"], late=True, source=one["source"])

    for _ in range(1 + draw.pick(5)):
        numbers = [e.data["name"] for e in twin.events if e.type == "order.created"]
        line, one = draw_foreign(draw, twin, draw.of([f"F-{twin.count('order') + 1}", *numbers[::-1]]))
        lines.append(line)
        drafts.append(one)
        with contextlib.suppress(Refused):
            record(twin, one)
    del twin.events[before:]  # that was to draw each line with those before it in mind
    twin.entries = entries

    def apply(twin):
        counts = {"lines": 0, "events": 0, "repeated": 0, "doubts": 0}
        for number, one in enumerate(drafts, 1):
            before = len(twin.events)
            try:
                record(twin, one)
            except Refused:
                raise Refused("bad-line", line=number, kept=counts["lines"]) from None
            more = len(twin.events) - before
            counts["lines"] += 1
            counts["events"] += more
            counts["repeated"] += not more
            moves = one["type"] in ("order.shipped", "order.delivered")
            counts["doubts"] += bool(more and moves and one["day"] and one["day"] > twin.today())
        return counts
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    return SimpleNamespace(kind="told", words=["--actor", actor, "load", "-"], apply=apply, lines=text)


FOREIGN = ["order.note-added", "order.processing-started", "order.shipped", "order.delivered", "order.amended",
           "order.promise-changed", "order.cancelled", "order.returned", "order.reopened", "order.held",
           "order.resumed"]


def draw_foreign(draw, twin, order_no):
    order = twin.find("order", order_no)
    status = twin.fold(twin.chain(order)).status
    types = [type_ for type_ in FOREIGN if draw.seldom(30) or status in ALLOWED.get(type_, STATUSES)]
    type_ = draw.of(types or FOREIGN) if order else "order.created"
    d, data = draft(type_, order_no=order_no, actor=draw.of([None, *ACTORS]), key=None, source=None), {}
    line = {"type": type_, "subject": f"order/{order_no}", "data": data}
    if d["actor"]:
        line["actor"] = d["actor"]
    d["day"] = None if draw.seldom(6) else twin.today() + datetime.timedelta(draw_days(draw) - 3)
    if d["day"]:
        line.update(time=f"{d['day']}T00:00:00Z", dateonly=True)
    if draw.seldom(4):
        d["source"], line["source"] = "/shop", "/shop"
        if draw.pick(2):
            line["id"] = draw.of(["1", "2"])
            d["key"] = f"/shop\n{line['id']}"
    if type_ == "order.created":
        d["customer"] = data["customer"] = draw.of(CUSTOMERS)
    if type_ in ("order.created", "order.amended"):
        draw_foreign_items(draw, twin, d, data)
    if type_ in ("order.created", "order.promise-changed") or (type_ == "order.amended" and draw.pick(2)):
        d["expected"] = twin.today() + datetime.timedelta(draw_days(draw))
        data["expected_on"] = str(d["expected"])
    if type_ == "order.note-added":
        d["text"] = data["text"] = draw.of(TEXTS)
    if type_ in ("order.shipped", "order.delivered") and draw.pick(2):
        d["items"] = draw_known_items(draw, twin, order, 1)
        data["items"] = [{"line": item["line"], "quantity": decimal_text(item["quantity"])} if item["line"] else
                         {"code": item["code"], "quantity": decimal_text(item["quantity"])} for item in d["items"]]
    if type_ == "order.reopened" and draw.pick(2):
        d["to"] = data["to"] = draw.of(["pending", "shipped"])
    return line, d


def draw_foreign_items(draw, twin, d, data):
    lines = twin.fold(twin.chain(twin.find("order", d["order_no"]))).lines
    d["items"] = []
    for item in draw_new_items(draw):
        item["new"] = True
        item["expected"] = twin.today() + datetime.timedelta(draw_days(draw)) if draw.seldom(3) else None
        if lines and d["type"] == "order.amended" and draw.pick(2):
            item.update(line=draw.of(list(lines)), new=False, code=None, name=None,
                        quantity=draw.of([item["quantity"], Fraction(0), None]))
        d["items"].append(item)
    data["items"] = [{name: value for name, value in {
        "line": item["line"] or None, "code": item["code"], "name": item["name"], "unit": item["unit"],
        "quantity": None if item["quantity"] is None else decimal_text(item["quantity"]),
        "expected_on": item["expected"] and str(item["expected"])}.items() if value is not None}
        for item in d["items"]]


# ---- questions

def read(words, expected, options=None):
    return SimpleNamespace(kind="read", words=[*words, *(options or [])], expected=expected, lines=None)


def draw_cut(draw, twin):
    """Options, seq, day, and the day of the question."""
    options, as_of, effective, day = [], None, None, twin.today()
    kind = draw.pick(5)
    if kind in (1, 3):
        as_of = draw.pick(len(twin.events) + 2)
        options += ["--as-of", str(as_of)]
    instants = [e for e in twin.events if e.recorded_at]
    if kind == 4 and instants:
        of = draw.of(instants[::-1])
        as_of = max(e.seq for e in twin.events if e.entry == of.entry)
        options += ["--as-of", of.recorded_at]
    if as_of:
        day = twin.events[min(as_of, len(twin.events)) - 1].recorded_on
    if kind in (2, 3):
        days = draw_days(draw)
        effective = day = twin.today() + datetime.timedelta(days)
        options += ["--effective", relative(days)]
    return options, as_of, effective, day


def ask_list(draw, twin):
    options, as_of, effective, day = draw_cut(draw, twin)
    orders = twin.orders_at(as_of, effective)
    words = ["list"]
    if draw.seldom(3):
        status = draw.of(STATUSES)
        words += ["--status", status]
        orders = [o for o in orders if o.status == status]
    if draw.seldom(4):
        words.append("--overdue")
        orders = [o for o in orders if o.status in OPEN and o.expected and o.expected < day]
    if draw.seldom(4):
        product = draw.of(PRODUCTS)
        words += ["--product", product]
        wanted = twin.find("product", product)
        if not wanted:
            return read(words, Refused("not-found"), options)
        orders = [o for o in orders if wanted in [line.product for line in o.lines.values()]]
    if draw.seldom(4) and as_of is None:
        customer = draw.of(CUSTOMERS)
        words += ["--customer", customer]
        wanted = twin.find("customer", customer)
        if not wanted:
            return read(words, Refused("not-found"), options)
        orders = [o for o in orders if twin.final(o.customer_ordinal) == wanted]
    ranks = {None: lambda o: 0, "status": lambda o: STATUSES.index(o.status),
             "expected_on": lambda o: o.expected or datetime.date.max,
             "delivered_on": lambda o: o.delivered_on or datetime.date.max,
             "updated_at": lambda o: o.last_seq, "customer": lambda o: o.customer.encode()}
    sort = draw.of(list(ranks))
    words += ["--sort", sort] if sort else []
    orders = sorted(orders, key=ranks[sort])
    total = len(orders)
    if draw.seldom(5):
        words += ["--limit", "2"]
        orders = orders[:2]
    return read(words, {"orders": [twin.json_of(o, day, as_of) for o in orders], "total": total}, options)


def ask_show(draw, twin):
    options, as_of, effective, day = draw_cut(draw, twin)
    order_no = draw_order(draw, twin)
    order = twin.find("order", order_no)
    now = twin.order_at(order, as_of, effective) if order else None
    expected = now and twin.json_of(now, day, as_of)
    if not expected:
        unknown_yet = order and options and not now.version
        expected = Refused("not-yet-known" if unknown_yet else "not-found")
    return read(["show", order_no], expected, options)


def ask_delays(draw, twin):
    options, as_of, effective, day = draw_cut(draw, twin)
    q = figures.Question(draw.of(["latest", "first", "requested"]), draw.of(["delivered", "shipped"]),
                         draw.of([None, (3, 2)]), draw.of(["days", "workdays"]), today=day,
                         since=twin.today() - datetime.timedelta(9) if draw.seldom(5) else None)
    by = [draw.of(list(figures.KEYS)) for _ in range(draw.pick(3))]
    by = list(dict.fromkeys(by))
    orders = [o for o in twin.orders_at(as_of, effective) if q.selects(o)]
    expected = {**figures.delays(orders, q), "groups": figures.grouped(orders, q, by) if by else []}
    return read(["stats", "delays", *[word for name in by for word in ("--by", name)], *q.options], expected, options)


def ask_slippage(draw, twin):
    options, as_of, effective, _ = draw_cut(draw, twin)
    return read(["stats", "slippage"], figures.slippage(twin.orders_at(as_of, effective)), options)


def ask_ageing(draw, twin):
    options, as_of, effective, day = draw_cut(draw, twin)
    return read(["stats", "ageing"], figures.ageing(twin.orders_at(as_of, effective), day), options)


def ask_history(draw, twin):
    order_no = draw_order(draw, twin)
    chain = twin.chain(twin.find("order", order_no))
    return read(["history", order_no], [twin.history(e) for e in chain] or Refused("not-found"))


def ask_audit(draw, twin):
    events, words = twin.events, ["audit"]
    if draw.pick(3):
        actor = draw.of(ACTORS)
        words += ["--actor", actor]
        if not twin.find("actor", actor):
            return read(words, Refused("not-found"))
        events = [e for e in events if e.actor == twin.find("actor", actor)]
    if draw.seldom(3):
        words += ["--type", "order.event-voided"]
        events = [e for e in events if e.type == "order.event-voided"]
    if draw.seldom(3):
        words += ["--limit", "5"]
        events = events[-5:]
    return read(words, [twin.history(e) for e in events])


def ask_registers(draw, twin):
    kind = draw.of(["customer", "product"])
    ordinals = [n for n in range(1, twin.count(kind) + 1) if kind == "product" or twin.final(n) == n]
    rows = [{"ordinal": n, "name": twin.called(kind, n)} if kind == "customer" else
            {"ordinal": n, "code": twin.called(kind, n), "name": twin.called(kind, n, what="title")}
            for n in ordinals]
    return read([f"{kind}s"], {f"{kind}s": rows, "total": len(rows)})


QUESTIONS = [ask_show, ask_list, ask_list, ask_delays, ask_delays, ask_history, ask_audit, ask_slippage, ask_ageing,
             ask_registers]
WRITES = [create, create, act, act, act, act, act, act, act, act, act, amend, amend, amend, note, undo, undo, correct,
          correct, correct, correct, rename, merge, forget, field_add, load, load, again, again]


def command_of(step, twin):
    """What the step comes to at this moment; `used` is the step in its smallest numbers."""
    draw = Draw(step)
    command = draw_command(draw, twin)
    while draw.used and draw.used[-1] == 0:
        draw.used.pop()
    command.used = draw.used
    return command


def draw_command(draw, twin):
    if twin.events and draw.pick(4) == 3:
        return draw.of(QUESTIONS)(draw, twin)
    actor = draw.of(ACTORS[:1] * 4 + ACTORS)
    if not twin.events:
        return create(draw, twin, actor)
    return draw.of(WRITES)(draw, twin, actor)
