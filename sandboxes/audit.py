"""Compares the partners' books with the truth of the scenario: what is missing, doubled, unexpected.

Only the partners' own books are read; nothing here asks the hub.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from sandboxes import erp, fleet, goods, scenario, sftp, wms
from sandboxes.erp.books import books as erp_books
from sandboxes.erp.store import ErpStore
from sandboxes.portal import PortalBook
from sandboxes.scenario import Scenario
from sandboxes.sftp.books import books as sftp_books
from sandboxes.sftp.journal import Journal
from sandboxes.wms.books import books as wms_books
from sandboxes.wms.simulation import Habits
from sandboxes.wms.store import WmsStore

Books = Mapping[str, Any]
_CONFLICT = 409


@dataclass(slots=True)
class Audit:
    """Findings as sentences; `pending` counts what the warehouse has still to report."""

    missing: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    pending: int = 0

    @property
    def ok(self) -> bool:
        """Nothing missing, doubled, unexpected or still to come."""
        return not (self.missing or self.doubled or self.unexpected or self.pending)

    def expect(self, what: str, expected: int | Decimal, found: int | Decimal) -> None:
        """Compare a number: fewer is missing, more is doubled (or unexpected, when none was due)."""
        if found < expected:
            self.missing.append(f"{what}: expected {expected}, found {found}")
        elif found > expected:
            (self.doubled if expected else self.unexpected).append(
                f"{what}: expected {expected}, found {found}"
            )

    def as_json(self) -> dict[str, Any]:
        """What `python -m sandboxes audit` prints."""
        return {
            "ok": self.ok,
            "missing": self.missing,
            "doubled": self.doubled,
            "unexpected": self.unexpected,
            "pending": self.pending,
            "counts": self.counts,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class AllBooks:
    """The books of every partner."""

    erp: Books
    wms: Books
    sftp: Books
    portal: Books


def read_books(directory: Path) -> AllBooks:
    """Read the partners' own files; works whether or not they run."""
    seed = fleet.read(directory)["seed"]
    ledger = ErpStore(directory / "erp" / erp.DATABASE)
    warehouse = WmsStore(directory / "wms" / wms.DATABASE, Habits(seed=seed))
    journal = Journal(directory / "sftp" / sftp.DATABASE)
    answers = PortalBook(directory / "portal")
    try:
        return AllBooks(
            erp=erp_books(ledger),
            wms=wms_books(warehouse),
            sftp=sftp_books(directory / "sftp" / "files", journal),
            portal=answers.books(),
        )
    finally:
        for one in (ledger, warehouse, journal, answers):
            one.close()


def audit(directory: Path) -> Audit:
    """Audit the sandboxes of a folder. Raises FileNotFoundError when nothing was played there."""
    return compare(scenario.load(directory), read_books(directory))


def compare(story: Scenario, books: AllBooks) -> Audit:
    """Compare books with the truth."""
    found = Audit(pending=books.wms["unsaid"])
    _returns(found, story, books)
    _warehouse(found, books)
    _movements(found, books)
    _credits(found, story, books)
    _partner(found, story, books.sftp)
    _portal(found, story, books.portal)
    return found


def _returns(found: Audit, story: Scenario, books: AllBooks) -> None:
    returns = books.erp["customer_returns"]
    by_order = dict(returns["by_order"])
    for one in story["returns"]:
        if one["order"]:
            count = len(by_order.pop(one["order"], []))
            found.expect(f"ERP customer returns of {one['id']} (order {one['order']})", one["rmas"], count)
    found.unexpected += [
        f"ERP customer returns of order {order or 'none'}: {by_order[order]}" for order in by_order
    ]
    _duplicates(found, "ERP customer return", returns)
    found.counts |= {"returns": len(story["returns"]), "rmas": returns["count"]}


def _duplicates(found: Audit, what: str, section: Books) -> None:
    for key in section["duplicates"]:
        found.doubled.append(f"{what} with reference {key}: {', '.join(section['by_key'][key])}")


def _rmas(books: AllBooks) -> dict[str, str]:
    """RMA number → sales order, as the ERP knows them."""
    by_order = books.erp["customer_returns"]["by_order"]
    return {rma: order for order, numbers in by_order.items() for rma in numbers}


def _warehouse(found: Audit, books: AllBooks) -> None:
    rmas, expected = _rmas(books), books.wms["expected_receipts"]["by_rma"]
    found.missing += [f"WMS expected receipt of RMA {rma}" for rma in rmas if rma not in expected]
    found.unexpected += [f"WMS expected receipt of RMA {rma}" for rma in expected if rma not in rmas]
    found.counts |= {
        "expected_receipts": len(expected),
        "receipts": books.wms["receipts"]["count"],
        "inspections": books.wms["inspections"]["count"],
    }


def _movements(found: Audit, books: AllBooks) -> None:
    movements, inspections = books.erp["material_documents"], books.wms["inspections"]
    _duplicates(found, "ERP material document", movements)
    posted = movements["quantity_by_material"]
    disputed = _disputed(books)
    for sku in sorted({*posted, *inspections["quantity_by_sku"]}):
        most = Decimal(inspections["quantity_by_sku"].get(sku, 0))
        least = most - disputed.get(sku, Decimal(0))
        quantity = Decimal(posted.get(sku, 0))
        if not least <= quantity <= most:
            found.expect(f"ERP stock movements of {sku}, pieces", most, quantity)
    found.counts["material_documents"] = movements["count"]


def _surplus(books: AllBooks) -> Iterator[tuple[str, str, Decimal]]:
    """(rma, sku, inspected quantity) where more was inspected than announced."""
    announced = books.wms["expected_receipts"]["quantities"]
    for rma, reports in books.wms["inspections"]["by_rma"].items():
        inspected: dict[str, Decimal] = {}
        for report in reports:
            for line in report["lines"]:
                inspected[line["sku"]] = inspected.get(line["sku"], Decimal(0)) + Decimal(line["quantity"])
        for sku, quantity in inspected.items():
            if quantity > Decimal(announced.get(rma, {}).get(sku, 0)):
                yield rma, sku, quantity


def _disputed(books: AllBooks) -> dict[str, Decimal]:
    """Pieces that may stay unposted: a surplus is disputed, and a person decides when it moves."""
    pieces: dict[str, Decimal] = {}
    for _, sku, quantity in _surplus(books):
        pieces[sku] = pieces.get(sku, Decimal(0)) + quantity
    return pieces


def _credits(found: Audit, story: Scenario, books: AllBooks) -> None:
    memos = books.erp["credit_memos"]
    _duplicates(found, "ERP credit memo request", memos)
    by_order = dict(memos["by_order"])
    surplus = {(rma, sku) for rma, sku, _ in _surplus(books)}
    rma_of_order = {order: rma for rma, order in _rmas(books).items()}
    total = Decimal(0)
    for one in story["returns"]:
        rma = rma_of_order.get(one["order"] or "", "")
        least, most = _due(one, rma, books.wms["inspections"]["by_rma"].get(rma, []), surplus)
        given = Decimal(by_order.pop(one["order"], {"amount": "0"})["amount"])
        total += given
        if not least <= given <= most:
            what = f"ERP credit for {one['id']} (order {one['order']}, RMA {rma or 'none'})"
            found.expect(what, least if given < least else most, given)
    found.unexpected += [f"ERP credit for order {order or 'none'}: {by_order[order]}" for order in by_order]
    found.counts["credit_memos"] = memos["count"]


def _due(
    one: Mapping[str, Any], rma: str, reports: list[dict[str, Any]], surplus: set[tuple[str, str]]
) -> tuple[Decimal, Decimal]:
    """The least and the most credit that the terms grant for what was inspected."""
    price = {line["sku"]: Decimal(line["unit_price"]) for line in one["lines"]}
    announced = {line["sku"]: Decimal(line["quantity"]) for line in one["lines"]}
    least = most = Decimal(0)
    for report in reports:
        for line in report["lines"]:
            sku = line["sku"]
            if sku not in price or not goods.credited(line["condition"], one["reason"]):
                continue
            if (rma, sku) in surplus:
                most += min(Decimal(line["quantity"]), announced[sku]) * price[sku]
                continue
            amount = Decimal(line["quantity"]) * price[sku]
            least, most = least + amount, most + amount
    return least, most


def _partner(found: Audit, story: Scenario, books: Books) -> None:
    groups = {group["control"]: group for file in story["files"] for group in file["groups"]}
    answered = books["acknowledgements"]
    for control, group in groups.items():
        statuses = {answer["status"] for answer in answered.get(control, [])}
        if not statuses:
            found.missing.append(f"ACME 997 for group {control}")
        elif not statuses <= set(group["statuses"]):
            expected = "/".join(group["statuses"])
            found.unexpected.append(
                f"ACME 997 for group {control}: expected {expected}, found {sorted(statuses)}"
            )
    found.unexpected += [
        f"ACME 997 for unknown group {control}" for control in answered if control not in groups
    ]
    responses = dict(books["responses"])
    for one in story["returns"]:
        if one["channel"] == "acme":
            _response(found, one, responses.pop(one["id"], []))
    found.unexpected += [f"ACME 180 response for unknown claim {claim}" for claim in responses]
    found.unexpected += [f"ACME file {name}: not readable as X12" for name in books["unread"]]
    found.counts |= {"acks": len(answered), "responses": len(books["responses"])}


def _response(found: Audit, one: Mapping[str, Any], told: list[dict[str, Any]]) -> None:
    found.expect(f"ACME 180 responses for {one['id']}", 1 if one["response"] else 0, len(told))
    for response in told:
        if one["response"] and response["decision"] != one["response"]:
            found.unexpected.append(
                f"ACME 180 response for {one['id']}: expected {one['response']}, found {response['decision']}"
            )


def _portal(found: Audit, story: Scenario, books: Books) -> None:
    truth = {one["id"]: one for one in story["returns"]}
    ids: dict[str, str] = {}
    for post in story["posts"]:
        reference = post["body"]["reference"]
        known = books["returns"].get(reference, {})
        if not known.get("return_id"):
            found.missing.append(f"portal answer for {reference}: last status {known.get('status')}")
            continue
        if known.get("outcome") not in (None, truth[reference]["outcome"]):
            expected, outcome = truth[reference]["outcome"], known["outcome"]
            found.unexpected.append(f"portal answer for {reference}: expected {expected}, found {outcome}")
        if ids.setdefault(known["return_id"], reference) != reference:
            found.unexpected.append(
                f"portal answer for {reference}: same return id as {ids[known['return_id']]}"
            )
        if post["conflict"] and set(books["conflicts"].get(post["key"], [])) - {None} != {_CONFLICT}:
            statuses = books["conflicts"].get(post["key"], [])
            found.unexpected.append(
                f"portal key {post['key']} with another body: expected 409, found {statuses}"
            )
    found.unexpected += [f"portal key {key}: repeats answered differently" for key in books["inconsistent"]]
    found.counts["portal_answers"] = len(ids)
