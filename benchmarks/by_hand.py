"""What `thirty_fields/shipment.yaml` says, written by hand: how fast Python alone could be."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Tree = dict[str, Any]

_CENT = Decimal("0.01")
_UNITS = {"EA": "EA", "KG": "KGM", "CA": "CA"}
_TRUTHS = {"true": True, "yes": True, "false": False, "no": False}


def shipment(source: Tree) -> Tree:
    """Map one document; KeyError and ValueError where the mapping would report an error."""
    return {
        "number": source["number"],
        "kind": source["kind"].upper(),
        "status": source["status"].strip(),
        "channel": "portal",
        "priority": source.get("priority") or "normal",
        "created": _rfc3339(source["created"]),
        "ordered": datetime.strptime(source["ordered"], "%Y%m%d").date().isoformat(),  # noqa: DTZ007 - a date
        "promised": date.fromisoformat(source["promised"]).isoformat(),
        "currency": source["currency"],
        "total": format(Decimal(source["total"]), "f"),
        "tax": format(Decimal(source["tax"]), "f"),
        "freight": format(Decimal(source["freight"]).quantize(_CENT, ROUND_HALF_UP), "f"),
        "weight": format(Decimal(source["weight"]), "f"),
        "express": _TRUTHS[source["express"].lower()],
        "sold_to": _sold_to(source["sold_to"]),
        "ship_from": {
            "site": source["ship_from"]["site"],
            "dock": source["ship_from"]["dock"],
            "zone": source["ship_from"]["zone"][:2],
        },
        "references": {
            "order": source["order_number"],
            "po": source["po_number"],
            "claim": source["claim"],
            "note": source["note"],
            "label": f"{source['number']}-{source['claim']}",
        },
        "lines": [_line(position, line) for position, line in enumerate(source["lines"], start=1)],
    }


def _sold_to(party: Tree) -> Tree:
    return {
        "number": party["number"].lstrip("0"),
        "name": party["name"].strip(),
        "email": party["email"].lower(),
        "phone": party["phone"],
        "street": party["street"],
        "city": party["city"],
        "zip": party["zip"],
        "country": party["country"].upper(),
    }


def _line(position: int, line: Tree) -> Tree:
    return {
        "line_no": position,
        "sku": line["sku"],
        "quantity": format(Decimal(line["quantity"]), "f"),
        "uom": _UNITS[line["uom"]],
        "price": format(Decimal(line["price"]), "f"),
        "text": line["text"].strip(),
    }


def _rfc3339(text: str) -> str:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"expected a time with offset, found {text}")
    return moment.isoformat().replace("+00:00", "Z")
