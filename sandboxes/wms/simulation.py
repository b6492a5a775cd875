"""What happens in the warehouse after goods are announced: when they arrive, how many, in what condition.

Everything follows from the seed and the RMA number, except two events that happen once in a
warehouse's life: the `OVER_AT`-th announcement arrives with too many pieces, and after the
`UNMATCHED_AT`-th a parcel without any RMA stands at the dock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandboxes.dice import Dice

OVER_AT = 7
UNMATCHED_AT = 11
_DEFECTS = {"D": ["scratched", "dented"], "E": ["broken"]}
_DOCKS = ("D01", "D02", "D03", "D04")

Line = Mapping[str, Any]
"""`line_no`, `sku`, `quantity` (Decimal), `uom`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How this warehouse works; percentages are of announcements. Delays are (shortest, longest) seconds."""

    seed: int = 1
    arrives: tuple[float, float] = (0.5, 3.0)
    inspects: tuple[float, float] = (0.3, 2.0)
    partial: int = 15
    repeated: int = 8
    early_inspection: int = 8
    without_line_number: int = 10
    conditions: tuple[tuple[str, int], ...] = (("A", 76), ("B", 9), ("C", 6), ("D", 5), ("E", 4))


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One thing the warehouse will say: visible `after` so many seconds; said again after `again` more."""

    kind: str  # receipt | inspection
    suffix: str  # tells the reports of one announcement apart
    after: float
    again: float | None
    body: dict[str, Any]


def plan(habits: Habits, ordinal: int, rma: str, lines: Sequence[Line]) -> list[Report]:
    """All that will be reported about the `ordinal`-th announcement (from 1)."""
    dice = Dice(habits.seed)
    reports: list[Report] = []
    moment = 0.0
    for part, quantities in enumerate(_parts(dice, habits, ordinal, rma, lines), start=1):
        moment += dice.milliseconds(rma, part, "arrives", low=habits.arrives[0], high=habits.arrives[1])
        received = [
            {**line, "quantity": quantity}
            for line, quantity in zip(lines, quantities, strict=True)
            if quantity > 0
        ]
        reports.append(_receipt(dice, habits, rma, part, moment, received))
        reports.append(_inspection(dice, habits, rma, part, moment, received))
    if ordinal == UNMATCHED_AT:
        reports.append(_stray(dice, rma, moment, lines[0]))
    return reports


def _parts(dice: Dice, habits: Habits, ordinal: int, rma: str, lines: Sequence[Line]) -> list[list[Decimal]]:
    """Quantities per delivery and line: all at once, in two deliveries, or one piece too many."""
    announced = [Decimal(line["quantity"]) for line in lines]
    if ordinal == OVER_AT:
        return [[announced[0] + 1, *announced[1:]]]
    if sum(announced) < 2 or not dice.chance(rma, "partial", percent=habits.partial):  # noqa: PLR2004 -- two parts
        return [announced]
    first = [quantity // 2 for quantity in announced]
    if not any(first):
        first = [announced[0], *(Decimal(0) for _ in announced[1:])]
    return [first, [whole - part for whole, part in zip(announced, first, strict=True)]]


def _receipt(
    dice: Dice, habits: Habits, rma: str, part: int, moment: float, received: Sequence[Line]
) -> Report:
    nameless = dice.chance(rma, part, "nameless", percent=habits.without_line_number)
    lines = [
        {
            "line_no": None if nameless else line["line_no"],
            "sku": line["sku"],
            "quantity": line["quantity"],
            "uom": line["uom"],
            "lot": f"L{dice.number(rma, line['sku'], 'lot', low=10000, high=99999)}",
        }
        for line in received
    ]
    again = None
    if dice.chance(rma, part, "again", percent=habits.repeated):
        again = dice.milliseconds(rma, part, "again after", low=1.0, high=4.0)
    body = {"rma": rma, "dock": dice.pick(rma, part, "dock", of=_DOCKS), "lines": lines}
    return Report(kind="receipt", suffix=str(part), after=moment, again=again, body=body)


def _inspection(
    dice: Dice, habits: Habits, rma: str, part: int, moment: float, received: Sequence[Line]
) -> Report:
    pause = dice.milliseconds(rma, part, "inspects", low=habits.inspects[0], high=habits.inspects[1])
    early = dice.chance(rma, part, "early", percent=habits.early_inspection)
    lines = []
    for line in received:
        condition = _condition(dice, habits, rma, part, line["sku"])
        defects = _DEFECTS.get(condition, [])
        lines.append(
            {
                "line_no": line["line_no"],
                "sku": line["sku"],
                "quantity": line["quantity"],
                "uom": line["uom"],
                "condition": condition,
                "defects": [dice.pick(rma, line["sku"], "defect", of=defects)] if defects else [],
            }
        )
    # an early inspection is seen before its receipt: two systems of one warehouse, two clocks
    after = max(0.0, moment - pause) if early else moment + pause
    return Report(
        kind="inspection", suffix=str(part), after=after, again=None, body={"rma": rma, "lines": lines}
    )


def _condition(dice: Dice, habits: Habits, rma: str, part: int, sku: str) -> str:
    drawn = dice.number(rma, part, sku, "condition", low=1, high=sum(share for _, share in habits.conditions))
    for condition, share in habits.conditions:
        drawn -= share
        if drawn <= 0:
            return condition
    return habits.conditions[-1][0]


def _stray(dice: Dice, rma: str, moment: float, line: Line) -> Report:
    """A parcel that names no RMA; nobody inspects it before somebody knows whose it is."""
    one = {"line_no": None, "sku": line["sku"], "quantity": Decimal(1), "uom": line["uom"]}
    body = {"rma": None, "dock": dice.pick(rma, "stray", of=_DOCKS), "lines": [one]}
    return Report(kind="receipt", suffix="stray", after=moment + 0.5, again=None, body=body)
