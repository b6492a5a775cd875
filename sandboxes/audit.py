"""Compares the partners' books with the truth of the scenario: what is missing, doubled, unexpected.

Only the partners' own books are read; nothing here asks the hub.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from sandboxes import audit_files, erp, fleet, goods, scenario, sftp, wms
from sandboxes.erp.books import books as erp_books
from sandboxes.erp.store import ErpStore
from sandboxes.findings import Audit
from sandboxes.portal import PortalBook
from sandboxes.scenario import Scenario
from sandboxes.sftp.books import books as sftp_books
from sandboxes.sftp.journal import Journal
from sandboxes.wms.books import books as wms_books
from sandboxes.wms.simulation import Habits
from sandboxes.wms.store import WmsStore

Books = Mapping[str, Any]
_CONFLICT = 409


@dataclass(frozen=True, slots=True, kw_only=True)
class AllBooks:
    """The books of every partner; `sftp` is ACME's."""

    erp: Books
    wms: Books
    sftp: Books
    retail: Books
    carrier: Books
    portal: Books


def read_books(directory: Path) -> AllBooks:
    """Read the partners' own files; works whether or not they run."""
    seed = fleet.read(directory)["seed"]
    ledger = ErpStore(directory / "erp" / erp.DATABASE)
    warehouse = WmsStore(directory / "wms" / wms.DATABASE, Habits(seed=seed))
    answers = PortalBook(directory / "portal")
    try:
        return AllBooks(
            erp=erp_books(ledger),
            wms=wms_books(warehouse),
            sftp=_file_books(directory / "sftp"),
            retail=_file_books(directory / "retail"),
            carrier=_file_books(directory / "carrier"),
            portal=answers.books(),
        )
    finally:
        for one in (ledger, warehouse, answers):
            one.close()


def _file_books(directory: Path) -> Books:
    journal = Journal(directory / sftp.DATABASE)
    try:
        return sftp_books(directory / "files", journal)
    finally:
        journal.close()


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
    audit_files.acme(found, story, books.sftp)
    audit_files.told(found, "ACME", _due_at(story, books, "acme"), books.sftp)
    audit_files.retailer(found, story, books.retail)
    audit_files.told(found, "retailer", _due_at(story, books, "retail"), books.retail)
    audit_files.carrier(found, _tracked(story, books), books.carrier)
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


def _due_at(story: Scenario, books: AllBooks, channel: str) -> audit_files.Due:
    """The receipts and credits that partners of a channel are to be told of."""
    orders = {one["order"] for one in story["returns"] if one["channel"] == channel and one["order"]}
    rmas = {rma for rma, order in _rmas(books).items() if order in orders}
    receipts = books.wms["receipts"]["by_rma"]
    memos = books.erp["credit_memos"]["by_number"]
    return audit_files.Due(
        receipts={number: pieces for rma in rmas for number, pieces in receipts.get(rma, {}).items()},
        credits={number: memo["amount"] for number, memo in memos.items() if memo["order"] in orders},
    )


def _tracked(story: Scenario, books: AllBooks) -> dict[str, str]:
    """RMA number → how the carrier tells of its parcel."""
    kinds = {one["order"]: one["tracked"] for one in story["returns"] if one["tracked"]}
    return {rma: kinds[order] for rma, order in _rmas(books).items() if order in kinds}


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
