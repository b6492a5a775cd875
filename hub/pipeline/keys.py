"""The numbers a return can be found by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from canonical.facts import Fact

_FACT_KEYS = {"receipt_id": "receipt", "inspection_id": "inspection", "order_number": "replacement"}


def return_keys(state: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (kind, value) of the numbers in a return's header and its serials.

    Kinds are `rma_number`, `origin.<system>`, `external_id.<system>`, `reference.<type>` and
    `serial`; together with those of `fact_keys` they are what an intake mapping's `match:` can name.
    """
    if state.get("rma_number"):
        yield "rma_number", state["rma_number"]
    origin = state.get("origin") or {}
    if origin.get("id"):
        yield f"origin.{origin.get('system', '')}", origin["id"]
    for external in state.get("external_ids") or ():
        yield f"external_id.{external.get('system', '')}", external["value"]
    for reference in state.get("references") or ():
        yield f"reference.{reference.get('type', '')}", reference["number"]
    for line in state.get("lines") or ():
        for serial in line.get("serials") or ():
            yield "serial", serial


def fact_keys(fact: Fact) -> Iterator[tuple[str, str]]:
    """Yield (kind, value) of the numbers one fact brings: receipts, inspections, documents by system."""
    for field, kind in _FACT_KEYS.items():
        if fact.data.get(field):
            yield kind, str(fact.data[field])
    if fact.data.get("document"):
        yield f"document.{fact.data.get('system', '')}", str(fact.data["document"])
