"""May this return come back? Compares what is asked with the order, then asks the decision table.

Pure: the same return, order and table always give the same decision, with the same id. Days are
counted from the order to the request, so that a decision made late is the one that was due.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

import orjson

from hub.policy.tables import Decision, DecisionTable

APPROVED = "approved"
OUTCOMES = frozenset({APPROVED, "rejected", "needs_review"})
SAFE = {"outcome": "needs_review"}
"""What the table's last rule must answer: a case that nobody thought of is never approved."""

MIXED = "mixed"
"""The reason of a return whose lines' reasons lead to different outcomes."""

_NAMESPACE = uuid5(NAMESPACE_URL, "urn:returns-hub:authorization")

Tree = Mapping[str, Any]


class Finding(NamedTuple):
    """What comparing a return with its order showed; None is unknown."""

    passed: bool | None
    evidence: str

    @property
    def result(self) -> str:
        """The word that facts use."""
        return {True: "pass", False: "fail", None: "unknown"}[self.passed]


class _Line(NamedTuple):
    """A line of the return beside the line of the order it came from."""

    line_no: int
    sku: str
    requested: Decimal
    uom: str
    order_line: Tree | None

    @property
    def price(self) -> Decimal | None:
        if self.order_line is None or self.order_line.get("unit_price") is None:
            return None
        return Decimal(self.order_line["unit_price"])


def decide_authorization(return_: Tree, order: Tree | None, table: DecisionTable) -> dict[str, Any]:
    """Decide a return.

    Args:
        return_: The canonical return, with `requested_at` and `lines`.
        order: `{number, sold_to, date, currency, lines[{line, sku, quantity, uom, unit_price}]}`,
            None when the ERP knows no such order.
        table: `policies/authorization.csv`.

    Returns:
        The data of an `authorization.decided` fact.
    """
    ordered = _by_sku(order)
    lines = [_beside(line, ordered) for line in return_.get("lines", ())]
    findings = {
        "order_found": _order_found(return_, order),
        "all_lines_on_order": _lines_on_order(lines, order),
        "quantity_within_order": _quantity_within_order(lines, None if order is None else ordered),
    }
    inputs: dict[str, str | bool | Decimal | int | None] = {
        **{name: finding.passed for name, finding in findings.items()},
        "days_since_order": _days(return_, order),
        "value": _value(return_, order, lines),
        "return_type": return_.get("return_type"),
        "channel": return_.get("channel"),
    }
    decision = _decide(table, inputs, _reasons(return_))
    checks = [
        {"rule": name, "result": finding.result, "evidence": finding.evidence}
        for name, finding in findings.items()
    ]
    return _fact(return_, order, lines, decision, checks + _judged(table, decision))


def _fact(
    return_: Tree, order: Tree | None, lines: list[_Line], decision: Decision, checks: list[dict[str, Any]]
) -> dict[str, Any]:
    trace = decision.trace
    outcome = decision.outputs["outcome"]
    data: dict[str, Any] = {
        "decision_id": _identity(return_, order, lines, trace),
        "outcome": outcome,
        "policy": {"name": trace["table"], "version": trace["version"], "rule": decision.rule},
        "reasons": [decision.outputs["message"]],
        "checks": checks,
        "lines": [_decided(line, approved=outcome == APPROVED) for line in lines],
    }
    if response := decision.outputs.get("response_reason"):
        data["response_reason"] = {"scheme": "hub", "code": response, "canonical": response}
    if order is not None:
        data["references"] = [{"type": "order", "number": order["number"]}]
        data["order"] = dict(order)
    if currency := (order or return_).get("currency"):
        data["currency"] = currency
    return data


def _decided(line: _Line, *, approved: bool) -> dict[str, Any]:
    decided: dict[str, Any] = {
        "line_no": line.line_no,
        "authorized": format(line.requested, "f") if approved else "0",
    }
    if line.order_line:
        decided["order_line"] = line.order_line["line"]
        if "unit_price" in line.order_line:
            decided["unit_price"] = line.order_line["unit_price"]
    return decided


def _by_sku(order: Tree | None) -> dict[str, list[Tree]]:
    """The order's lines by item, those without one left out."""
    found: dict[str, list[Tree]] = {}
    for line in (order or {}).get("lines", ()):
        if line.get("sku"):
            found.setdefault(line["sku"], []).append(line)
    return found


def _beside(line: Tree, ordered: Mapping[str, list[Tree]]) -> _Line:
    """The order's line with the same item; among several, one that covers the quantity."""
    item = line.get("item") or {}
    # as the fold writes it: a source that says 2.0 asks for no more than one that says 2
    requested = Decimal(line.get("requested", "0")).normalize()
    sku = item.get("sku", "")
    same = ordered.get(sku, ())
    enough = (other for other in same if Decimal(other.get("quantity", "0")) >= requested)
    found = next(enough, same[0] if same else None)
    return _Line(int(line["line_no"]), sku, requested, line.get("uom", ""), found)


def _order_found(return_: Tree, order: Tree | None) -> Finding:
    asked = ", ".join(f"{ref['type']} {ref['number']}" for ref in return_.get("references", ()))
    if order is None:
        return Finding(passed=False, evidence=f"no order for {asked or 'a return without references'}")
    return Finding(passed=True, evidence=f"order {order['number']} for {asked}")


def _lines_on_order(lines: list[_Line], order: Tree | None) -> Finding:
    if order is None:
        return Finding(passed=None, evidence="no order to compare with")
    if not lines:
        return Finding(passed=None, evidence="the return has no lines")
    missing = [
        f"line {line.line_no}: {line.sku or 'no item number'}" for line in lines if not line.order_line
    ]
    if missing:
        return Finding(passed=False, evidence=f"not on order {order['number']}: {'; '.join(missing)}")
    return Finding(passed=True, evidence=f"all {len(lines)} lines are on order {order['number']}")


def _quantity_within_order(lines: list[_Line], ordered: Mapping[str, list[Tree]] | None) -> Finding:
    """Compares per item, since an item may be spread over several lines on either side."""
    if ordered is None or not all(line.order_line for line in lines):
        return Finding(passed=None, evidence="no order line to compare with")
    over = []
    returned: dict[str, list[_Line]] = {}
    for line in lines:
        returned.setdefault(line.sku, []).append(line)
    for sku, asked in returned.items():
        bought = ordered[sku]
        units = {line.uom for line in asked} | {other.get("uom", "") for other in bought}
        if len(units) > 1:
            return Finding(passed=None, evidence=f"{sku}: units differ, {', '.join(sorted(units))}")
        wanted = sum((line.requested for line in asked), Decimal(0))
        had = sum((Decimal(other.get("quantity", "0")) for other in bought), Decimal(0))
        if wanted > had:
            over.append(f"{sku}: {wanted:f} returned, {had:f} ordered")
    if over:
        return Finding(passed=False, evidence="; ".join(over))
    return Finding(passed=True, evidence="no more than was ordered")


def _judged(table: DecisionTable, decision: Decision) -> list[dict[str, Any]]:
    """Checks whose limits only the table knows: passed when approved, failed when they decided."""
    checks = []
    for name in ("days_since_order", "value"):
        found = decision.trace["inputs"].get(name)
        if found is None or name not in table.conditioned:
            result = "unknown"
        elif decision.outputs["outcome"] == APPROVED:
            result = "pass"
        else:
            result = "fail" if name in decision.trace["conditions"] else "unknown"
        checks.append({"rule": name, "result": result, "evidence": f"{name} is {found or 'not known'}"})
    return checks


def _days(return_: Tree, order: Tree | None) -> int | None:
    """Calendar days, each date as its own side wrote it."""
    requested, ordered = return_.get("requested_at"), (order or {}).get("date")
    if not requested or not ordered:
        return None
    return (date.fromisoformat(requested[:10]) - date.fromisoformat(ordered[:10])).days


def _value(return_: Tree, order: Tree | None, lines: list[_Line]) -> Decimal | None:
    """Value at the order's prices; unknown when one is missing or the currencies differ."""
    currencies = {tree["currency"] for tree in (return_, order) if tree and tree.get("currency")}
    prices = [line.price for line in lines]
    if order is None or len(currencies) > 1 or None in prices:
        return None
    return sum((line.requested * line.price for line in lines if line.price is not None), Decimal(0))


def _reasons(return_: Tree) -> list[str]:
    """The canonical reasons of the lines, each once, in their order."""
    reasons = [(line.get("reason") or {}).get("canonical") for line in return_.get("lines", ())]
    return [reason for reason in dict.fromkeys(reasons) if reason]


def _decide(
    table: DecisionTable, inputs: Mapping[str, str | bool | Decimal | int | None], reasons: list[str]
) -> Decision:
    """One answer for the whole return: that of its reasons when they agree, else that for `mixed`."""
    if not reasons:
        return table.decide({**inputs, "reason": None})
    decisions = table.decide_each(inputs, "reason", reasons)
    if len({decision.outputs["outcome"] for decision in decisions}) > 1:
        return table.decide({**inputs, "reason": MIXED})
    return decisions[0]


def _identity(return_: Tree, order: Tree | None, lines: list[_Line], trace: Tree) -> str:
    """The same question under the same policy has the same answer, under the same id."""
    asked = [[line.line_no, line.sku, format(line.requested, "f"), line.uom] for line in lines]
    content = [str(return_.get("return_id", "")), asked, order, trace["inputs"], trace["digest"]]
    name = orjson.dumps(content, option=orjson.OPT_SORT_KEYS, default=_plain)
    return str(uuid5(_NAMESPACE, name.decode()))


def _plain(value: object) -> str:
    if isinstance(value, Decimal | UUID):
        return str(value)
    raise TypeError(f"expected JSON-compatible data, found {type(value).__name__}")
