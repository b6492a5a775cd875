"""Cases that show only in the whole: things out of order, and more of something than there can be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from canonical import history
from canonical.amounts import UNIT, millionths, plain
from canonical.buckets import Book
from canonical.facts import Fact
from canonical.progress import progress
from canonical.vocabulary import (
    AUTHORIZED,
    CANCELLED,
    CLOSED,
    CREDITED,
    DECIDED,
    DISPOSED,
    INSPECTED,
    POSTED,
    RECEIVED,
    REPLACED,
    CaseCode,
    ClaimStatus,
    Outcome,
)

_CENT: Final = UNIT // 100
_TERMINAL_CLAIMS: Final = frozenset({ClaimStatus.DENIED, ClaimStatus.CREDITED})
_MOVES: Final = (RECEIVED, INSPECTED, DISPOSED, POSTED, CREDITED, REPLACED)


def check(return_: Mapping[str, Any], book: Book) -> None:
    """Open the cases of a return whose header, lines and child lists are complete."""
    if book.request is None:
        _orphaned(book)
    else:
        _authorization(return_, book)
        _revision(book)
    if any(type_ in book.history.facts for type_ in _MOVES):
        _receipts(return_, book)
        _chain(book)
        _currencies(return_, book)
        for line in return_["lines"]:
            _quantities(line, book)
            _compensation(line, return_, book)
        _credit_total(return_, book)
    _end(return_, book)


def _orphaned(book: Book) -> None:
    receipts = book.facts(RECEIVED)
    if receipts:
        message = "goods arrived for which nobody has asked"
        book.cases.open(CaseCode.UNMATCHED_RECEIPT, message, receipts[0].id)
    elif book.history.facts:
        message = f"expected a return.requested, found only {', '.join(book.history.facts)}"
        book.cases.open(CaseCode.REQUEST_MISSING, message)


def _authorization(return_: Mapping[str, Any], book: Book) -> None:
    authorized = book.facts(AUTHORIZED)
    approved = book.outcome == Outcome.APPROVED
    if authorized and not approved:
        message = f"RMA {return_['rma_number']} exists; expected an approval, found {book.outcome or 'none'}"
        book.cases.open(CaseCode.AUTHORIZED_WITHOUT_APPROVAL, message, authorized[0].id)
    for fact in authorized[1:]:
        _compare_rma(return_, fact, book)
    for line in return_["lines"]:
        if millionths(line["authorized"]) > millionths(line["requested"]) and book.decision:
            message = f"{line['authorized']} authorized of {line['requested']} requested"
            book.cases.open(CaseCode.OVER_AUTHORIZED, message, book.decision.id, line["line_no"])
    if not approved and not authorized:
        for fact in book.facts(RECEIVED)[:1]:
            message = f"goods arrived; expected an approval, found {book.outcome or 'none'}"
            book.cases.open(CaseCode.RECEIPT_WITHOUT_AUTHORIZATION, message, fact.id)


def _compare_rma(return_: Mapping[str, Any], fact: Fact, book: Book) -> None:
    number = fact.data.get("rma_number")
    if number is not None and number != return_.get("rma_number", number):
        message = f"expected RMA {return_['rma_number']}, found {number}"
        book.cases.open(CaseCode.CONFLICTING_RMA, message, fact.id)


def _revision(book: Book) -> None:
    """The request was changed later than somebody decided on it or made an RMA of it."""
    request = book.request
    if request is None or request.id not in book.history.revisions:
        return
    for type_ in (DECIDED, AUTHORIZED):
        facts = book.facts(type_)
        if facts and max(map(history.recorded, facts)) < history.recorded(request):
            message = f"the request was revised after {type_}; expected a newer {type_}"
            book.cases.open(CaseCode.REVISED_AFTER_DECISION, message, request.id)


def _receipts(return_: Mapping[str, Any], book: Book) -> None:
    expires = return_.get("expires_at")
    limit = None if expires is None else datetime.fromisoformat(expires)
    for fact in book.facts(RECEIVED):
        _compare_rma(return_, fact, book)
        if limit is not None and history.utc(fact.occurred_at) > limit:
            message = f"expected by {expires}, received {fact.data['received_at']}"
            book.cases.open(CaseCode.RECEIVED_AFTER_EXPIRY, message, fact.id)


def _chain(book: Book) -> None:
    """Each step names the one before it."""
    inspections = {fact.data["inspection_id"] for fact in book.facts(INSPECTED)}
    dispositions = {fact.data["disposition_id"] for fact in book.facts(DISPOSED)}
    for fact in book.facts(DISPOSED):
        _expect(book, fact, "inspection_id", inspections, CaseCode.DISPOSITION_WITHOUT_INSPECTION)
    for fact in book.facts(POSTED):
        _expect(book, fact, "disposition_id", dispositions, CaseCode.POSTED_WITHOUT_DISPOSITION)
    for fact in book.facts(CREDITED):
        if "disposition_id" in fact.data or book.return_required:
            _expect(book, fact, "disposition_id", dispositions, CaseCode.CREDIT_WITHOUT_DISPOSITION)


def _expect(book: Book, fact: Fact, name: str, known: set[str], code: CaseCode) -> None:
    if fact.data.get(name) not in known:
        message = (
            f"{fact.type}: expected {name} of a fact of this return, found {fact.data.get(name, 'none')}"
        )
        book.cases.open(code, message, fact.id)


def _currencies(return_: Mapping[str, Any], book: Book) -> None:
    currency = return_.get("currency")
    for fact in (*book.facts(DISPOSED), *book.facts(CREDITED)):
        found = fact.data.get("currency", currency)
        if currency is not None and found != currency:
            message = f"expected amounts in {currency}, found {found}"
            book.cases.open(CaseCode.CURRENCY_MISMATCH, message, fact.id)


def _quantities(line: Mapping[str, Any], book: Book) -> None:
    """Each step can take at most what the step before it left."""
    _bound(line, book, "receipts", "received", book.expected, CaseCode.OVER_RECEIVED)
    _bound(line, book, "inspections", "inspected", "received", CaseCode.OVER_INSPECTED)
    _bound(line, book, "dispositions", "dispositioned", "inspected", CaseCode.OVER_DISPOSITIONED)
    _bound(line, book, "replacements", "replaced", book.expected, CaseCode.OVER_REPLACED)
    decided: dict[str, int] = {}
    for each in _counted(line["dispositions"]):
        name = each["disposition_id"]
        decided[name] = decided.get(name, 0) + millionths(each["quantity"])
    moved: dict[tuple[str, str, str], int] = {}
    for each in _counted(line["postings"]):
        step = (each["disposition_id"], each["from_status"], each["to_status"])
        moved[step] = moved.get(step, 0) + millionths(each["quantity"])
        limit = decided.get(each["disposition_id"], 0)
        if moved[step] > limit:
            message = f"{plain(moved[step])} moved {step[1]} to {step[2]} of {plain(limit)} dispositioned"
            book.cases.open(CaseCode.OVER_POSTED, message, each["fact_id"], line["line_no"])


def _bound(
    line: Mapping[str, Any], book: Book, children: str, bucket: str, limit: str, code: CaseCode
) -> None:
    most = millionths(line[limit])
    if millionths(line[bucket]) > most:
        message = f"{line[bucket]} {bucket} of {line[limit]} {limit}"
        book.cases.open(code, message, _tipping(line[children], most), line["line_no"])


def _tipping(children: Iterable[Mapping[str, Any]], most: int) -> str | None:
    """The fact whose quantity goes beyond."""
    total = 0
    fact_id = None
    for child in _counted(children):
        total += millionths(child["quantity"])
        fact_id = child["fact_id"]
        if total > most:
            break
    return fact_id


def _counted(children: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    return (child for child in children if child.get("counted", True))


def _compensation(line: Mapping[str, Any], return_: Mapping[str, Any], book: Book) -> None:
    """What was credited or replaced, against what came back (or may stay, when nothing need come back)."""
    basis = "received" if book.return_required else book.expected
    most = millionths(line[basis])
    credited, replaced = millionths(line["credited"]), millionths(line["replaced"])
    if credited > most:
        message = f"{line['credited']} credited of {line[basis]} {basis}"
        fact_id = _tipping(line["credits"], most)
        book.cases.open(CaseCode.OVER_CREDITED, message, fact_id, line["line_no"])
    elif credited and replaced and credited + replaced > most:
        message = f"{line['credited']} credited and {line['replaced']} replaced of {line[basis]} {basis}"
        fact_id = line["credits"][-1]["fact_id"]
        book.cases.open(CaseCode.DOUBLE_COMPENSATION, message, fact_id, line["line_no"])
    value = _value(line, most)
    amount = _amount(line["credits"], return_)
    if value is not None and amount > value:
        message = f"{plain(amount)} credited of a value of {plain(value)}"
        book.cases.open(CaseCode.OVER_CREDITED, message, line["credits"][-1]["fact_id"], line["line_no"])


def _value(line: Mapping[str, Any], quantity: int) -> int | None:
    """Value of a quantity with the line's tax, rounded up to the cent; None when no price is known."""
    if "unit_price" not in line:
        return None
    value = -(-millionths(line["unit_price"]) * quantity // UNIT)
    return -(-value // _CENT) * _CENT + millionths(line.get("tax", "0"))


def _amount(credits_: Iterable[Mapping[str, Any]], return_: Mapping[str, Any]) -> int:
    currency = return_.get("currency")
    return sum(
        millionths(each["amount"]) for each in credits_ if each["currency"] == (currency or each["currency"])
    )


def _credit_total(return_: Mapping[str, Any], book: Book) -> None:
    """Documents may credit more than their lines say."""
    documents = [fact.data for fact in book.facts(CREDITED)]
    basis = "received" if book.return_required else book.expected
    values = [_value(line, millionths(line[basis])) for line in return_["lines"]]
    if not documents or not values or None in values:
        return
    value = sum(each for each in values if each is not None)
    value += sum(millionths(data.get("tax", "0")) for data in documents)
    amount = _amount(documents, return_)
    if amount > value:
        message = f"{plain(amount)} credited by all documents of a value of {plain(value)} with tax"
        book.cases.open(CaseCode.OVER_CREDITED, message, book.facts(CREDITED)[-1].id)


def _end(return_: Mapping[str, Any], book: Book) -> None:
    ending = return_.get("ending")
    if ending is None:
        return
    ended = max((*book.facts(CANCELLED), *book.facts(CLOSED)), key=history.order)
    work = _open_work(return_, book) if ending["state"] == "closed" else _done_work(return_)
    if work:
        book.cases.open(CaseCode.ENDED_EARLY, f"{ending['state']} although {work}", ended.id)
    for type_ in (RECEIVED, POSTED, CREDITED, REPLACED):
        for fact in book.facts(type_):
            if history.order(fact) > history.order(ended):
                message = f"{fact.type} after the return was {ending['state']}"
                book.cases.open(CaseCode.MOVED_AFTER_END, message, fact.id)


def _open_work(return_: Mapping[str, Any], book: Book) -> str:
    lines = [progress(each, book.expected, return_required=book.return_required) for each in return_["lines"]]
    if any(line.received > line.dispositioned for line in lines):
        return "not all that was received has a disposition"
    if any(line.received and line.due > line.settled for line in lines):
        return "not all that is due was credited or replaced"
    if any(claim["status"] not in _TERMINAL_CLAIMS for claim in return_["claims"]):
        return "a claim is open"
    return ""


def _done_work(return_: Mapping[str, Any]) -> str:
    for done in ("received", "credited", "replaced"):
        if any(line[done] != "0" for line in return_["lines"]):
            return f"something was {done}"
    return ""
