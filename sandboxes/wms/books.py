"""The warehouse's books: what was announced to it, and what it has reported so far."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from sandboxes.wms.store import WmsStore


def books(store: WmsStore) -> dict[str, Any]:
    """JSON-compatible; quantities are decimal text.

    `expected_receipts` gives `by_rma` (rma → times announced) and `quantities` (rma → sku → pieces);
    a repeated PUT replaces and is no duplicate. `receipts` gives, by rma, what arrived: receipt → pieces;
    `inspections`, by rma, what was inspected: each `{id, lines}`. `unsaid` counts reports that are planned
    but not visible yet.
    """
    announcements = store.announcements()
    expected = {one["rma"]: one["puts"] for one in announcements}
    receipts, inspections = store.reports("receipt"), store.reports("inspection")
    by_rma: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in inspections:
        lines = [{**line, "quantity": str(line["quantity"])} for line in one["lines"]]
        by_rma[one["rma"]].append({"id": one["inspection_id"], "lines": lines})
    arrived: dict[str, dict[str, str]] = defaultdict(dict)
    for one in receipts:
        if one["rma"] is not None:
            pieces = sum((Decimal(line["quantity"]) for line in one["lines"]), Decimal())
            arrived[one["rma"]][one["receipt_id"]] = f"{pieces:f}"
    return {
        "expected_receipts": {
            "count": len(expected),
            "by_rma": expected,
            "quantities": {one["rma"]: _announced(one["lines"]) for one in announcements},
        },
        "receipts": {
            "count": len(receipts),
            "by_rma": dict(arrived),
            "without_rma": [one["receipt_id"] for one in receipts if one["rma"] is None],
            "said_again": [one["receipt_id"] for one in receipts if one["said"] > 1],
        },
        "inspections": {
            "count": len(inspections),
            "by_rma": dict(by_rma),
            "quantity_by_sku": _quantities(inspections),
        },
        "unsaid": store.unsaid(),
    }


def _announced(lines: list[dict[str, Any]]) -> dict[str, str]:
    total: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        total[line["sku"]] += Decimal(line["quantity"])
    return {sku: f"{quantity:f}" for sku, quantity in total.items()}


def _quantities(inspections: list[dict[str, Any]]) -> dict[str, str]:
    total: dict[str, Decimal] = defaultdict(Decimal)
    for one in inspections:
        for line in one["lines"]:
            total[line["sku"]] += Decimal(line["quantity"])
    return {sku: f"{quantity:f}" for sku, quantity in sorted(total.items())}
