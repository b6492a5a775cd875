"""The scenario: orders, return notices, portal posts, and what must come of each; all from one seed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sandboxes import goods
from sandboxes.dice import Dice
from sandboxes.exports import announcements, files
from sandboxes.goods import Item, Reason

FILE = "scenario.json"
DEFAULT_RETURNS = 320
FEWEST = 20
_PORTAL_PERCENT = 30
_RETAIL_PERCENT = 10
_TRACKED_PERCENT = 20
_TWICE_PERCENT = 10
_MIND_PERCENT = 15

# what is special about a return, in how many of a hundred, and what must be decided
_SPECIAL = {"old": 3, "late": 3, "unknown_order": 2, "foreign_line": 2, "too_many": 2, "high_value": 2}
_OUTCOME = {
    "clear": "approved",
    "old": "rejected",
    "late": "rejected",
    "unknown_order": "needs_review",
    "foreign_line": "needs_review",
    "too_many": "needs_review",
    "high_value": "needs_review",
    "unknown_reason": "dead",
    "truncated": "dead",
}
_AGES = {"old": (400, 700), "late": (45, 300)}
_RESPONSE = {"approved": "RA", "rejected": "RD"}
_INSTRUCTION = {"approved": "12E", "rejected": "17E"}
_ID = {"acme": "CLM", "portal": "WEB-", "retail": "RA-"}

Scenario = dict[str, Any]
"""`seed, date, orders[], returns[], files[], announcements[], posts[]`; JSON, see `docs/sandboxes.md`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """One return while it is being made up."""

    position: int
    kind: str
    channel: str
    reason: Reason
    ordered: date
    requested: datetime
    lines: Sequence[tuple[Item, int, int]]  # item, ordered, returned

    @property
    def id(self) -> str:
        return f"{_ID[self.channel]}{self.position:06d}"

    @property
    def po(self) -> str:
        return f"{self.channel.upper()}-PO-{700000 + self.position}"

    @property
    def order(self) -> str:
        return str(500000 + self.position)

    @property
    def currency(self) -> str:
        return "USD" if self.channel == "acme" else "EUR"


def build(seed: int, returns: int = DEFAULT_RETURNS, today: date | None = None) -> Scenario:
    """Make the scenario up; the same arguments give the same scenario. Raises ValueError when too small."""
    if returns < FEWEST:
        raise ValueError(f"returns: expected at least {FEWEST} for every case to occur, found {returns}")
    today = today or datetime.now(UTC).date()
    dice = Dice(seed)
    kinds = _kinds(dice, returns)
    channels = _channels(dice, kinds)
    drafts = [
        _draft(dice, position, kind, channel, today)
        for position, (kind, channel) in enumerate(zip(kinds, channels, strict=True), start=1)
    ]
    drafts = _truncated_last(drafts)
    acme = [_notice(dice, draft) for draft in drafts if draft.channel == "acme"]
    retail = [_announcement(draft) for draft in drafts if draft.channel == "retail"]
    portal = [_post(dice, draft) for draft in drafts if draft.channel == "portal"]
    if portal:
        portal[len(portal) // 2]["conflict"] = True
    return {
        "seed": seed,
        "date": today.isoformat(),
        "orders": [_order(dice, draft) for draft in drafts if draft.kind != "unknown_order"],
        "returns": [_truth(dice, draft) for draft in drafts],
        "files": files(acme, today),
        "announcements": announcements(retail, today),
        "posts": portal,
    }


def _kinds(dice: Dice, returns: int) -> list[str]:
    special = [kind for kind, percent in _SPECIAL.items() for _ in range(max(1, returns * percent // 100))]
    special += ["unknown_reason", "truncated"]
    return dice.shuffled("kinds", of=special + ["clear"] * (returns - len(special)))


def _channels(dice: Dice, kinds: Sequence[str]) -> list[str]:
    # the two that are dead are ACME's: a portal is told at once when it sends nonsense
    free = [position for position, kind in enumerate(kinds) if _OUTCOME[kind] != "dead"]
    web = round(len(kinds) * _PORTAL_PERCENT / 100)
    shuffled = dice.shuffled("channels", of=free)
    portal = set(shuffled[:web])
    # EDIFACT has no word for a change of mind; an old order comes first, so that one is refused
    sayable = [position for position in shuffled[web:] if kinds[position] != "late"]
    old = [position for position in sayable if kinds[position] == "old"][:1]
    retail = list(dict.fromkeys([*old, *sayable]))[: round(len(kinds) * _RETAIL_PERCENT / 100)]
    channels = dict.fromkeys(portal, "portal") | dict.fromkeys(retail, "retail")
    return [channels.get(position, "acme") for position in range(len(kinds))]


def _truncated_last(drafts: list[_Draft]) -> list[_Draft]:
    """The cut transaction is the last one of the last file."""
    return sorted(drafts, key=lambda draft: draft.kind == "truncated")


def _draft(dice: Dice, position: int, kind: str, channel: str, today: date) -> _Draft:
    mind = kind == "late" or (kind == "clear" and dice.chance(position, "mind", percent=_MIND_PERCENT))
    mind = mind and channel in goods.CHANGES_OF_MIND
    faults = goods.IN_EDIFACT if channel == "retail" else goods.FAULTS
    reason = dice.pick(position, "reason", of=goods.CHANGES_OF_MIND[channel] if mind else faults)
    youngest, oldest = _AGES.get(kind, (3, 25 if mind else 300))
    requested = today - timedelta(days=1)  # never ahead of anybody's clock
    clock = time(6 + position % 3, dice.number(position, "minute", low=0, high=59), tzinfo=UTC)
    return _Draft(
        position=position,
        kind=kind,
        channel=channel,
        reason=goods.UNKNOWN if kind == "unknown_reason" else reason,
        ordered=requested - timedelta(days=dice.number(position, "age", low=youngest, high=oldest)),
        requested=datetime.combine(requested, clock),
        lines=_lines(dice, position, kind),
    )


def _lines(dice: Dice, position: int, kind: str) -> list[tuple[Item, int, int]]:
    if kind == "high_value":
        item = dice.pick(position, "item", of=goods.EXPENSIVE)
        return [(item, 40, 20)]
    items = dice.shuffled(position, "items", of=goods.ITEMS)[: dice.number(position, "lines", low=1, high=3)]
    lines = []
    for item in items:
        returned = dice.number(position, item.sku, "returned", low=1, high=3)
        ordered = returned + dice.number(position, item.sku, "kept", low=0, high=5)
        lines.append((item, ordered, returned))
    if kind == "too_many":
        item, ordered, _ = lines[0]
        lines[0] = (item, ordered, ordered + 3)
    if kind == "foreign_line":
        item, _, returned = lines[-1]
        lines[-1] = (item, 0, returned)
    return lines


def _order(dice: Dice, draft: _Draft) -> dict[str, Any]:
    """A_SalesOrder as it is seeded; what is returned but was never ordered is not on it."""
    lines = [(item, ordered) for item, ordered, _ in draft.lines if ordered]
    if not lines:  # the only line is foreign: something else was ordered
        others = [item for item in goods.ITEMS if item != draft.lines[0][0]]
        lines = [(dice.pick(draft.position, "ordered instead", of=others), 2)]
    items = [
        {
            "SalesOrderItem": str(number * 10),
            "Material": item.sku,
            "SalesOrderItemText": item.text,
            "RequestedQuantity": str(ordered),
            "RequestedQuantityUnit": "EA",
            "NetPriceAmount": f"{item.price:.2f}",
            "NetAmount": f"{item.price * ordered:.2f}",
            "TransactionCurrency": draft.currency,
        }
        for number, (item, ordered) in enumerate(lines, start=1)
    ]
    midnight = datetime.combine(draft.ordered, time(), tzinfo=UTC)
    return {
        "SalesOrder": draft.order,
        "SalesOrderType": "OR",
        "SoldToParty": _customer(draft),
        "PurchaseOrderByCustomer": draft.po,
        "SalesOrderDate": f"/Date({int(midnight.timestamp()) * 1000})/",
        "TransactionCurrency": draft.currency,
        "TotalNetAmount": f"{sum((item.price * ordered for item, ordered in lines), Decimal()):.2f}",
        "to_Item": items,
    }


def _customer(draft: _Draft) -> str:
    return goods.ACME if draft.channel == "acme" else str(17100010 + draft.position % 12)


def _notice(dice: Dice, draft: _Draft) -> dict[str, Any]:
    return {
        "claim": draft.id,
        "kind": draft.kind,
        "po": draft.po,
        "requested_at": draft.requested,
        "customer": f"S{draft.position % 40:03d}",
        "reason": draft.reason.x12,
        "reason_in_header": dice.chance(draft.position, "header", percent=30),
        "lines": [
            {"sku": item.sku, "text": item.text.upper(), "quantity": returned}
            for item, _, returned in draft.lines
        ],
    }


def _announcement(draft: _Draft) -> dict[str, Any]:
    return {
        "claim": draft.id,
        "po": draft.po,
        "requested_at": draft.requested,
        "reason": draft.reason.edifact,
        "lines": [
            {"sku": item.sku, "text": item.text.upper(), "quantity": returned}
            for item, _, returned in draft.lines
        ],
    }


def _post(dice: Dice, draft: _Draft) -> dict[str, Any]:
    """One request to the intake API: the key, the body, and how often it is sent."""
    body = {
        "reference": draft.id,
        "customer": {"number": _customer(draft), "name": f"Customer {_customer(draft)}"},
        "order_number": draft.order,
        "po_number": draft.po,
        "requested_at": draft.requested.isoformat(),
        "resolution": "credit",
        "currency": draft.currency,
        "lines": [
            {"sku": item.sku, "quantity": str(returned), "uom": "EA", "reason": draft.reason.portal}
            for item, _, returned in draft.lines
        ],
    }
    twice = dice.chance(draft.position, "twice", percent=_TWICE_PERCENT)
    return {"key": f"portal-{draft.id}", "body": body, "times": 2 if twice else 1, "conflict": False}


def _tracked(dice: Dice, draft: _Draft) -> str | None:
    """What the carrier tells of the parcel in: IFTSTA of the retailer's, 214 of some of ACME's."""
    if _OUTCOME[draft.kind] != "approved" or draft.channel == "portal":
        return None
    if draft.channel == "retail":
        return "IFTSTA"
    return "214" if dice.chance(draft.position, "tracked", percent=_TRACKED_PERCENT) else None


def _truth(dice: Dice, draft: _Draft) -> dict[str, Any]:
    outcome = _OUTCOME[draft.kind]
    lines = [
        {"line_no": number, "sku": item.sku, "quantity": str(returned), "unit_price": f"{item.price:.2f}"}
        for number, (item, _, returned) in enumerate(draft.lines, start=1)
    ]
    value = sum((item.price * returned for item, _, returned in draft.lines), Decimal())
    return {
        "id": draft.id,
        "channel": draft.channel,
        "order": None if draft.kind == "unknown_order" else draft.order,
        "po": draft.po,
        "reason": draft.reason.name,
        "outcome": outcome,
        "why": draft.kind,
        "rmas": 1 if outcome == "approved" else 0,
        "response": _RESPONSE.get(outcome) if draft.channel == "acme" else None,
        "instruction": _INSTRUCTION.get(outcome) if draft.channel == "retail" else None,
        "tracked": _tracked(dice, draft),
        "value": f"{value:.2f}",
        "currency": draft.currency,
        "lines": lines,
    }


def save(scenario: Mapping[str, Any], directory: Path) -> None:
    """Write `scenario.json`, the expected facts beside the inputs."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / FILE).write_text(json.dumps(scenario, indent=1), encoding="utf-8")


def load(directory: Path) -> Scenario:
    """Read `scenario.json`. Raises FileNotFoundError when nothing was played here yet."""
    path = directory / FILE
    if not path.exists():
        raise FileNotFoundError(f"{path}: expected the scenario of an earlier `play`, found no such file")
    scenario: Scenario = json.loads(path.read_text(encoding="utf-8"))
    return scenario
