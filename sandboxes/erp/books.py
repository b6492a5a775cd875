"""The ERP's books: how often each thing was posted, by the caller's key and by sales order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from sandboxes.erp.entities import CREDIT_MEMO_REQUEST, CUSTOMER_RETURN, MATERIAL_DOCUMENT, SALES_ORDER
from sandboxes.erp.store import ErpStore, Stored

_ALL = 10_000_000


def books(store: ErpStore) -> dict[str, Any]:
    """JSON-compatible; amounts and quantities are decimal text.

    Each section holds `count`, `by_key` (own key → document numbers), `duplicates` (keys with more than
    one document). Returns and credits add `by_order`, credits `by_number` (number → order and amount) as
    well, movements `quantity_by_material`.
    """
    returns = store.find(CUSTOMER_RETURN, limit=_ALL)
    movements = store.find(MATERIAL_DOCUMENT, limit=_ALL)
    credits_ = store.find(CREDIT_MEMO_REQUEST, limit=_ALL)
    order_of_return = {str(one.number): _order(one) for one in returns}
    return {
        "sales_orders": {"count": store.count(SALES_ORDER)},
        "customer_returns": {
            **_by_key(returns, "PurchaseOrderByCustomer"),
            "by_order": _by_order(returns),
        },
        "material_documents": {
            **_by_key(movements, "ReferenceDocument"),
            "quantity_by_material": _quantities(movements),
        },
        "credit_memos": {
            **_by_key(credits_, "PurchaseOrderByCustomer"),
            "by_order": _credits(credits_, order_of_return),
            "by_number": _by_number(credits_, order_of_return),
        },
    }


def _numbers(documents: Iterable[Stored], name: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for one in documents:
        found[one.header.get(name) or ""].append(str(one.number))
    return dict(found)


def _order(document: Stored) -> str:
    """The document it refers to: named by the header, else by its first item."""
    for part in (document.header, *document.items):
        if part.get("ReferenceSDDocument"):
            return str(part["ReferenceSDDocument"])
    return ""


def _by_order(documents: Iterable[Stored]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for one in documents:
        found[_order(one)].append(str(one.number))
    return dict(found)


def _by_key(documents: Iterable[Stored], name: str) -> dict[str, Any]:
    documents = list(documents)
    by_key = _numbers(documents, name)
    duplicates = sorted(key for key, numbers in by_key.items() if key and len(numbers) > 1)
    return {"count": len(documents), "by_key": by_key, "duplicates": duplicates}


def _quantities(documents: Iterable[Stored]) -> dict[str, str]:
    total: dict[str, Decimal] = defaultdict(Decimal)
    for one in documents:
        for item in one.items:
            total[item["Material"]] += Decimal(item["QuantityInEntryUnit"])
    return {material: f"{quantity:f}" for material, quantity in sorted(total.items())}


def _credits(documents: Iterable[Stored], order_of_return: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Count and amount per sales order. A memo may name the return instead of the order."""
    found: dict[str, list[Decimal]] = defaultdict(list)
    for one in documents:
        reference = _order(one)
        found[order_of_return.get(reference, reference)].append(_amount(one))
    return {
        order: {"count": len(amounts), "amount": f"{sum(amounts, Decimal()):f}"}
        for order, amounts in found.items()
    }


def _by_number(documents: Iterable[Stored], order_of_return: Mapping[str, str]) -> dict[str, dict[str, str]]:
    return {
        str(one.number): {
            "order": order_of_return.get(_order(one), _order(one)),
            "amount": f"{_amount(one):f}",
        }
        for one in documents
    }


def _amount(document: Stored) -> Decimal:
    total = document.header.get("TotalNetAmount")
    if total:
        return Decimal(total)
    return sum((Decimal(item.get("NetAmount") or 0) for item in document.items), Decimal())
