"""Facts fill the buckets of the lines they name, by line number, else by item.

What matches no line, or comes in another unit, is kept and opens a case; it fills no bucket.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from canonical.amounts import millionths, plain
from canonical.cases import Cases
from canonical.facts import Fact
from canonical.history import History
from canonical.lines import Line, allocate
from canonical.progress import total
from canonical.vocabulary import (
    CLAIMED,
    CREDITED,
    DECIDED,
    DISPOSED,
    INSPECTED,
    POSTED,
    RECEIVED,
    REPLACED,
    REQUESTED,
    SHIPPED,
    CaseCode,
    Disposition,
    Outcome,
    ShipmentStatus,
)


@dataclass(slots=True)
class Book:
    """One fold's working state.

    Attributes:
        history: The facts that count.
        cases: Opened so far.
        lines: By number, in order of number.
        request: The request that counts.
        decision: The decision that counts: the last one.
        unmatched: Stated lines that match no line of the return.
    """

    history: History
    cases: Cases
    lines: dict[int, Line] = field(default_factory=dict)
    request: Fact | None = None
    decision: Fact | None = None
    unmatched: list[dict[str, Any]] = field(default_factory=list)

    def facts(self, type_: str) -> list[Fact]:
        """The facts of one type that count, in order."""
        return self.history.facts.get(type_, [])

    @property
    def outcome(self) -> str | None:
        """What was decided, when something was."""
        return None if self.decision is None else self.decision.data["outcome"]

    @property
    def return_required(self) -> bool:
        """Whether the goods must come back; they must unless the request says otherwise."""
        return self.request is None or self.request.data.get("return_required", True)

    @property
    def expected(self) -> str:
        """The bucket that says how much may come: what was authorized, until then what was requested."""
        return "authorized" if self.outcome == Outcome.APPROVED else "requested"


class _Kind(NamedTuple):
    """How facts of a type enter the lines: child list, bucket, fields that each child takes from the head."""

    type: str
    children: str
    bucket: str | None
    head: tuple[str, ...]


_KINDS: Final = (
    _Kind(RECEIVED, "receipts", "received", ("receipt_id", "received_at", "dock")),
    _Kind(INSPECTED, "inspections", "inspected", ("inspection_id", "inspected_at")),
    _Kind(DISPOSED, "dispositions", "dispositioned", ("disposition_id", "inspection_id", "decided_at")),
    _Kind(POSTED, "postings", None, ("system", "document", "posted_at", "disposition_id")),
    _Kind(CREDITED, "credits", "credited", ("system", "document", "posted_at", "disposition_id", "currency")),
    _Kind(REPLACED, "replacements", "replaced", ("system", "document", "ordered_at")),
)
_CLAIM: Final = _Kind(CLAIMED, "claims", "claimed", ("claim_id", "status", "updated_at"))
_NAMED: Final = frozenset(
    {RECEIVED, INSPECTED, DISPOSED, POSTED, SHIPPED}
)  # a replacement may be another item


def fill(history: History, cases: Cases) -> Book:
    """Open the lines of the request and fill their buckets from all facts that count."""
    book = Book(history, cases)
    _open_lines(book)
    _decide(book)
    for fact, stated in _shipped(book):
        for line, quantity, counted in _match(book, fact, stated):
            if counted:
                line.amounts["shipped"] += quantity
    for kind in _KINDS:
        for fact in book.facts(kind.type):
            for stated in fact.data["lines"]:
                _enter(book, kind, fact, fact.data, stated)
    for claim in latest(book.facts(CLAIMED), "claim_id"):
        for stated in claim.data.get("lines", ()):
            _enter(book, _CLAIM, claim.fact, claim.data, stated)
    return book


class Latest(NamedTuple):
    """The last news of one shipment or claim: newer values over older ones."""

    fact: Fact
    data: Mapping[str, Any]


def latest(facts: Iterable[Fact], name: str) -> list[Latest]:
    """Merge the news of each named thing, first seen first."""
    news: dict[str, Latest] = {}
    for fact in facts:
        known = news.get(fact.data[name])
        data = fact.data if known is None else {**known.data, **fact.data}
        news[fact.data[name]] = Latest(fact, data)
    return list(news.values())


def _open_lines(book: Book) -> None:
    requests = book.facts(REQUESTED)
    if not requests:
        return
    book.request = request = requests[-1]
    lines = {}
    for stated in request.data["lines"]:
        number = int(stated["line_no"])
        if number in lines:
            message = f"the request has line {number} more than once; the first counts"
            book.cases.open(CaseCode.DUPLICATE_LINE, message, request.id, number)
        else:
            lines[number] = Line(stated)
    book.lines = dict(sorted(lines.items()))


def _decide(book: Book) -> None:
    decisions = book.facts(DECIDED)
    if not decisions:
        return
    book.decision = decision = decisions[-1]
    outcome = decision.data["outcome"]
    if outcome == Outcome.APPROVED:
        _authorize(book, decision)
    if outcome != Outcome.NEEDS_REVIEW:
        for line in book.lines.values():
            amounts = line.amounts
            amounts["rejected"] = max(amounts["requested"] - amounts["authorized"], 0)


def _authorize(book: Book, decision: Fact) -> None:
    order = decision.data.get("order", {})
    skus = {each["line"]: each["sku"] for each in order.get("lines", ())}
    for stated in decision.data["lines"]:
        line = book.lines.get(stated["line_no"])
        if line is None:
            _leave_unmatched(book, decision, {**stated, "quantity": stated["authorized"]})
            continue
        line.amounts["authorized"] = millionths(stated["authorized"])
        for name in ("unit_price", "order_line"):
            if name in stated:
                line.decided[name] = stated[name]
        sku = skus.get(stated.get("order_line"))
        if sku is not None:
            line.know_as(sku)


def _shipped(book: Book) -> Iterator[tuple[Fact, Mapping[str, Any]]]:
    """What each shipment carries, as last stated, once the carrier has it."""
    for shipment in latest(book.facts(SHIPPED), "shipment_id"):
        if shipment.data["status"] != ShipmentStatus.LABEL_CREATED:
            for stated in shipment.data.get("lines", ()):
                yield shipment.fact, stated


def _enter(book: Book, kind: _Kind, fact: Fact, data: Mapping[str, Any], stated: Mapping[str, Any]) -> None:
    bucket = kind.bucket
    if stated.get("disposition") == Disposition.MISSING:
        bucket = "missing"
    for line, quantity, counted in _match(book, fact, stated):
        child = {name: data[name] for name in kind.head if name in data}
        child.update(stated)
        child.pop("line_no", None)
        child["quantity"] = plain(quantity)
        child["fact_id"] = str(fact.id)
        if not counted:
            child["counted"] = False
        elif bucket is not None:
            line.amounts[bucket] += quantity
        line.child(kind.children, child)


def _match(book: Book, fact: Fact, stated: Mapping[str, Any]) -> list[tuple[Line, int, bool]]:
    """The lines a stated line is about, with the share of each, and whether its unit lets it count."""
    quantity = millionths(stated["quantity"])
    line = book.lines.get(stated.get("line_no", 0))
    if line is not None:
        _compare_item(book, fact, stated, line)
        shares = [(line, quantity)]
    else:
        candidates = _lines_of(book, stated)
        if not candidates:
            _leave_unmatched(book, fact, stated)
            return []
        shares = allocate(candidates, quantity, lambda line: _room(book, fact.type, line))
    return [(line, share, _same_unit(book, fact, stated, line)) for line, share in shares]


def _room(book: Book, type_: str, line: Line) -> int:
    """What the step before left for this one, on one of several lines of the same item."""
    amounts = line.amounts
    if type_ == POSTED:
        return total(line.children.get("dispositions", ())) - total(line.children.get("postings", ()))
    before, after = {
        SHIPPED: (book.expected, "shipped"),
        INSPECTED: ("received", "inspected"),
        DISPOSED: ("inspected", "dispositioned"),
    }.get(type_, (book.expected, "received"))
    return amounts[before] - amounts[after]


def _lines_of(book: Book, stated: Mapping[str, Any]) -> list[Line]:
    """Lines of that item; those in the same unit, when there are any."""
    sku = stated.get("sku")
    lines = [line for line in book.lines.values() if sku in line.identities]
    return [line for line in lines if line.stated["uom"] == stated.get("uom")] or lines


def _compare_item(book: Book, fact: Fact, stated: Mapping[str, Any], line: Line) -> None:
    sku = stated.get("sku")
    if sku is None or fact.type not in _NAMED or "sku" not in line.item or sku in line.identities:
        return
    message = f"expected item {line.item['sku']} on line {line.number}, found {sku}"
    book.cases.open(CaseCode.ITEM_MISMATCH, message, fact.id, line.number)


def _same_unit(book: Book, fact: Fact, stated: Mapping[str, Any], line: Line) -> bool:
    unit = stated.get("uom")
    if unit is None or unit == line.stated["uom"]:
        return True
    message = f"expected a quantity in {line.stated['uom']}, found {stated['quantity']} {unit}"
    book.cases.open(CaseCode.UNIT_MISMATCH, message, fact.id, line.number)
    return False


def _leave_unmatched(book: Book, fact: Fact, stated: Mapping[str, Any]) -> None:
    entry: dict[str, Any] = {"type": fact.type, "fact_id": str(fact.id)}
    document = next((fact.data[name] for name in _DOCUMENTS if name in fact.data), None)
    if document is not None:
        entry["document"] = document
    if "line_no" in stated:
        entry["line_no"] = int(stated["line_no"])
    entry.update({name: stated[name] for name in ("sku", "quantity", "uom") if name in stated})
    book.unmatched.append(entry)
    if book.request is not None:  # without a request nothing can match, and one case says so
        what = " ".join(str(entry[name]) for name in ("line_no", "sku", "quantity", "uom") if name in entry)
        message = f"{fact.type} {document}: expected one of lines {list(book.lines)}, found {what}"
        book.cases.open(CaseCode.UNMATCHED_LINE, message, fact.id, entry.get("line_no"))


_DOCUMENTS: Final = (
    "receipt_id",
    "disposition_id",
    "inspection_id",
    "decision_id",
    "document",
    "claim_id",
    "shipment_id",
)
