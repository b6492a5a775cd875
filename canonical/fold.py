"""Facts of one return in, the Return out: pure, total, whatever order the facts arrived in.

    fold : facts  ->  Return          (no I/O, no clock, never raises)

Read it top-down: `history` decides which facts count, `buckets` fills the lines, here the header is composed,
`checks` opens the cases, `status` derives the statuses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from canonical import checks, history, status
from canonical.buckets import Book, fill, latest
from canonical.cases import Cases
from canonical.facts import Fact
from canonical.vocabulary import (
    AUTHORIZED,
    CANCELLED,
    CLAIMED,
    CLOSED,
    NOTIFIED,
    RECEIVED,
    REOPENED,
    REPLACED,
    SHIPPED,
)

_NOBODY: Final = UUID(int=0)
_REQUEST_TEXTS: Final = ("origin", "return_type", "channel", "requested_resolution", "requested_at", "ext")
_REQUEST_LISTS: Final = ("external_ids", "parties", "risk_flags")
_DECISION: Final = ("decision_id", "outcome", "reasons", "response_reason", "policy", "checks")
_NOT_IN_HEADER: Final = frozenset({"lines", "ext"})
_ENDINGS: Final = {CANCELLED: ("cancelled", "cancelled_at"), CLOSED: ("closed", "closed_at")}


def fold(facts: Iterable[Fact]) -> dict[str, Any]:
    """The Return that the facts add up to.

    Args:
        facts: Facts of one return, in any order, repeated or not; broken ones open a case.

    Returns:
        A JSON-compatible tree, valid against `schemas/return.v1.json`. Quantities and money are decimal
        strings; lists and buckets are always there, unknown values are absent. Nested values are those of
        the facts, not copies: read them, never write to them. No facts at all give a return of version 0
        under the nil UUID.
    """
    cases = Cases()
    book = fill(history.read(facts, cases), cases)
    return_ = _header(book)
    return_id = book.history.return_id or _NOBODY
    return_["lines"] = [line.tree(return_id) for line in book.lines.values()]
    _children(return_, book)
    checks.check(return_, book)
    return_["unmatched"] = book.unmatched
    return_["cases"] = cases.found
    return_.update(status.derive(return_))
    return return_


def _header(book: Book) -> dict[str, Any]:
    read = book.history
    request: Mapping[str, Any] = book.request.data if book.request else {}
    header: dict[str, Any] = {
        "return_id": str(read.return_id or _NOBODY),
        "version": read.version,
        "status": "",  # the four are derived last, and stand here to be read first
        "logistics_status": "",
        "financial_status": "",
        "claim_status": "",
    }
    _place(header, book)
    for name in _REQUEST_TEXTS:
        if name in request:
            header[name] = request[name]
    for name in _REQUEST_LISTS:
        header[name] = request.get(name, [])
    header["return_required"] = book.return_required
    header["references"] = _references(book, request)
    _currency(header, book, request)
    _decision(header, book)
    _authorization(header, book)
    _arrival(header, book)
    _ending(header, book)
    return header


def _place(header: dict[str, Any], book: Book) -> None:
    """Entity and site: what the request says, else the first fact that says it."""
    if book.request and book.request.entity and book.request.site:
        header["entity"] = book.request.entity
        header["site"] = book.request.site
        return
    first = [book.request] if book.request else []
    for name in ("entity", "site"):
        others = (fact for facts in book.history.facts.values() for fact in facts)
        value = next((getattr(fact, name) for fact in (*first, *others) if getattr(fact, name)), "")
        if value:
            header[name] = value


def _references(book: Book, request: Mapping[str, Any]) -> list[Any]:
    references = list(request.get("references", ()))
    if book.decision is None:
        return references
    data = book.decision.data
    added = list(data.get("references", ()))
    if "order" in data:
        added.append({"type": "order", "number": data["order"]["number"]})
    for reference in added:
        if not any(_covers(known, reference) for known in references):
            references.append(reference)
    return references


def _covers(known: Mapping[str, Any], reference: Mapping[str, Any]) -> bool:
    return all(known.get(name) == reference[name] for name in ("type", "number", "line") if name in reference)


def _currency(header: dict[str, Any], book: Book, request: Mapping[str, Any]) -> None:
    decision: Mapping[str, Any] = book.decision.data if book.decision else {}
    for source in (request, decision, decision.get("order", {})):
        if "currency" in source:
            header["currency"] = source["currency"]
            return


def _decision(header: dict[str, Any], book: Book) -> None:
    if book.decision is None:
        return
    data = book.decision.data
    decision = {name: data[name] for name in _DECISION if name in data}
    decision.setdefault("reasons", [])
    decision.setdefault("checks", [])
    decision["decided_at"] = history.utc(book.decision.occurred_at).isoformat()
    decision["fact_id"] = str(book.decision.id)
    header["decision"] = decision
    if "order" in data:
        header["order"] = {name: value for name, value in data["order"].items() if name != "lines"}


def _authorization(header: dict[str, Any], book: Book) -> None:
    """The first RMA is the anchor; another one opens a case."""
    authorized = book.facts(AUTHORIZED)
    if authorized:
        data = authorized[0].data
        for name in ("rma_number", "authorized_at", "expires_at", "return_to_site"):
            if name in data:
                header[name] = data[name]


def _arrival(header: dict[str, Any], book: Book) -> None:
    for fact in reversed(book.facts(SHIPPED)):
        if "expected_at" in fact.data:
            header["expected_receipt_at"] = fact.data["expected_at"]
            break
    receipts = book.facts(RECEIVED)
    if receipts:
        header["first_received_at"] = receipts[0].data["received_at"]


def _ending(header: dict[str, Any], book: Book) -> None:
    """The last of cancelled, closed and reopened says whether it has ended."""
    turns = [fact for type_ in (CANCELLED, CLOSED, REOPENED) for fact in book.facts(type_)]
    last = max(turns, key=history.order, default=None)
    if last is None or last.type == REOPENED:
        return
    state, at = _ENDINGS[last.type]
    data = last.data
    header["closed_at"] = data[at]
    ending = {"state": state, "reason": data["reason"], "role": data["role"], "at": data[at]}
    if "note" in data:
        ending["note"] = data["note"]
    header["ending"] = ending | {"fact_id": str(last.id)}


def _children(return_: dict[str, Any], book: Book) -> None:
    return_["shipments"] = [
        _news(each.data, each.fact) for each in latest(book.facts(SHIPPED), "shipment_id")
    ]
    return_["replacements"] = [_news(fact.data, fact) for fact in book.facts(REPLACED)]
    return_["claims"] = [_news(each.data, each.fact) for each in latest(book.facts(CLAIMED), "claim_id")]
    return_["notifications"] = [_news(fact.data, fact) for fact in book.facts(NOTIFIED)]


def _news(data: Mapping[str, Any], fact: Fact) -> dict[str, Any]:
    news = {name: value for name, value in data.items() if name not in _NOT_IN_HEADER}
    news["fact_id"] = str(fact.id)
    return news
