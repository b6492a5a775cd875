"""Where do inspected goods go, and what is credited? Money is computed here, in Decimal.

Pure: the same return, inspection and table give the same decision, with the same id. The invariant
kept here: over all inspections of a return line, no more than its authorized quantity is credited,
and no more than that quantity's value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hub.policy.tables import Decision, DecisionTable

SAFE = {"credit": False}
"""What the table's last rule must answer: a case that nobody thought of is never credited."""

_CENT = Decimal("0.01")
_PREFIX = "D-"
_NONE = Decimal(0)

Tree = Mapping[str, Any]


@dataclass(slots=True)
class _Account:
    """What of one return line may still be credited."""

    line: Tree
    quantity: Decimal  # authorized and not credited yet
    amount: Decimal | None  # its value; None when the price is not known

    def take(self, quantity: Decimal) -> Decimal | None:
        """Book a credited quantity; returns its amount, never more than is left."""
        self.quantity -= quantity
        if self.amount is None:
            return None
        amount = min(_money(quantity * Decimal(self.line["unit_price"])), self.amount)
        self.amount -= amount
        return amount


@dataclass(slots=True)
class _Accounts:
    """The accounts of a return's lines, opened when a line is first met."""

    return_: Tree
    disposition_id: str
    opened: dict[int, _Account] = field(default_factory=dict)

    def of(self, inspected: Tree) -> list[_Account]:
        """The accounts of the lines that it may be about: by number, else by item."""
        return [self._opened(line) for line in self.return_.get("lines", ()) if _same(line, inspected)]

    def _opened(self, line: Tree) -> _Account:
        number = int(line["line_no"])
        if number not in self.opened:
            self.opened[number] = self._open(line)
        return self.opened[number]

    def _open(self, line: Tree) -> _Account:
        authorized = Decimal(line.get("authorized", "0"))
        earlier = [
            part
            for part in line.get("dispositions", ())
            if part.get("credit") and part.get("disposition_id") != self.disposition_id
        ]
        quantity = authorized - sum((Decimal(part["quantity"]) for part in earlier), _NONE)
        if "unit_price" not in line:
            return _Account(line, quantity, None)
        credited = sum((Decimal(part.get("credit_amount", "0")) for part in earlier), _NONE)
        return _Account(
            line, quantity, max(_money(authorized * Decimal(line["unit_price"])) - credited, _NONE)
        )


def decide_disposition(return_: Tree, inspection: Tree, table: DecisionTable) -> dict[str, Any]:
    """Decide what happens to the goods of one inspection.

    Args:
        return_: The canonical return, with the dispositions that were decided before.
        inspection: The data of the `inspection.recorded` fact.
        table: `policies/disposition.csv`.

    Returns:
        The data of a `disposition.decided` fact. `credit` tells whether any line is credited;
        `credit_amount` is left out when nothing is, or when a price is not known.
    """
    disposition_id = _PREFIX + inspection["inspection_id"]
    accounts = _Accounts(return_, disposition_id)
    lines: list[dict[str, Any]] = []
    for inspected in inspection.get("lines", ()):
        lines += _line(return_, accounts.of(inspected), inspected, table)
    data: dict[str, Any] = {
        "disposition_id": disposition_id,
        "inspection_id": inspection["inspection_id"],
        "decided_at": inspection["inspected_at"],
        "policy": {"name": table.name, "version": table.version},
        "credit": any(line["credit"] for line in lines),
        "lines": lines,
    }
    if currency := return_.get("currency"):
        data["currency"] = currency
    amounts = [line.get("credit_amount") for line in lines if line["credit"]]
    if amounts and None not in amounts:
        data["credit_amount"] = format(sum((Decimal(amount) for amount in amounts if amount), _NONE), "f")
    return data


def _line(
    return_: Tree, accounts: list[_Account], inspected: Tree, table: DecisionTable
) -> list[dict[str, Any]]:
    """Parts per line of the return: what was authorized there, and last what arrived beyond it."""
    left = Decimal(inspected["quantity"])
    parts = []
    for account in accounts:
        quantity = min(left, max(account.quantity, _NONE))
        if quantity > 0:
            decision = _decide(return_, account, inspected, table, over=False)
            parts.append(_part(account, inspected, decision, quantity))
            left -= quantity
    if left > 0:
        first = accounts[0] if accounts else None
        decision = _decide(return_, first, inspected, table, over=first is not None)
        parts.append(_part(first, inspected, decision, left))
    return parts


def _decide(
    return_: Tree, account: _Account | None, inspected: Tree, table: DecisionTable, *, over: bool
) -> Decision:
    line = account.line if account else {}
    return table.decide(
        {
            "matched": account is not None,
            "over_authorized": over,
            "condition": inspected["condition"],
            "reason": (line.get("reason") or {}).get("canonical"),
            "hazmat": bool((line.get("item") or {}).get("hazmat_class"))
            or "hazmat" in return_.get("risk_flags", ()),
        }
    )


def _part(account: _Account | None, inspected: Tree, decision: Decision, quantity: Decimal) -> dict[str, Any]:
    outputs = decision.outputs
    part: dict[str, Any] = {
        "sku": inspected["sku"],
        "quantity": format(quantity, "f"),
        "uom": inspected["uom"],
        "disposition": outputs["disposition"],
        "condition": inspected["condition"],
        "rule": decision.rule,
        "inventory_status": outputs["inventory_status"],
        "credit": bool(outputs["credit"]),
    }
    if account is not None:
        part["line_no"] = int(account.line["line_no"])
    elif "line_no" in inspected:
        part["line_no"] = int(inspected["line_no"])
    if account is not None and outputs["credit"]:
        amount = account.take(quantity)
        if amount is not None:
            part["credit_amount"] = format(amount, "f")
    return part


def _same(line: Tree, inspected: Tree) -> bool:
    """Whether the goods can be that line's: another item or unit under its number is not."""
    if "line_no" in inspected and int(inspected["line_no"]) != int(line["line_no"]):
        return False
    sku = (line.get("item") or {}).get("sku")
    if sku is None and "line_no" not in inspected:
        return False
    return sku in (None, inspected["sku"]) and line.get("uom") in (None, inspected["uom"])


def _money(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, rounding=ROUND_HALF_UP)
