"""What generated code notes about the fields it cannot fill, for the interpreter to explain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from hub.mapping.binding import BoundExpression
from hub.mapping.limits import FAULT, Meter, spend
from hub.mapping.nodes import Repeat

LISTED = 1_000
"""So many faults are told one by one; of further ones, how many list elements have any."""

Turns: TypeAlias = tuple[int, ...]
"""For each surrounding `each`, from the outermost: which of its elements, and which of those kept; from 1."""


@dataclass(frozen=True, slots=True)
class Spot:
    """An expression of the target as generated code knows it.

    Attributes:
        bound: The expression.
        items: Whether it feeds an `each`.
        parts: Its target path, cut where the number of a list's element belongs.
        repeats: The surrounding `each`, from the outermost.
    """

    bound: BoundExpression
    items: bool
    parts: tuple[str, ...]
    repeats: tuple[Repeat, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """An expression that has no answer in one element.

    Attributes:
        spot: The expression.
        turns: The element.
        indices: Of its target path, from 0.
    """

    spot: Spot
    turns: Turns
    indices: tuple[int, ...]

    @property
    def path(self) -> str:
        """Place in the result: `lines[1].reason`."""
        first, *rest = self.spot.parts
        return first + "".join(f"[{index}]{part}" for index, part in zip(self.indices, rest, strict=True))

    @property
    def unit(self) -> tuple[int, Turns]:
        """What is counted of faults that are not listed: the element, or a field outside of lists."""
        repeats = self.spot.repeats
        return id(repeats[-1] if repeats else self.spot), self.turns


class Faults:
    """The faults of one record.

    Attributes:
        listed: In the order of the target; `LISTED`, and what else the last element has.
        first_unlisted: The first one more.
    """

    def __init__(self) -> None:
        self.listed: list[Fault] = []
        self.first_unlisted: Fault | None = None
        self._units: set[tuple[int, Turns]] = set()

    @property
    def unlisted(self) -> int:
        """How many elements, and fields outside of lists, have faults that are not listed."""
        return len(self._units)

    def add(self, fault: Fault) -> bool:
        """Take one in; true when it is one too many to be listed."""
        full = len(self.listed) >= LISTED and fault.unit != self.listed[-1].unit
        if not (full or self._units):
            self.listed.append(fault)
            return False
        self.first_unlisted = self.first_unlisted or fault
        self._units.add(fault.unit)
        return True


def fault(meter: Meter, spot: Spot, turns: Turns, indices: tuple[int, ...]) -> bool:
    """Note a fault; true when its element need not be looked at further.

    Raises:
        TooMuch: Even that is more work than one record may make.
    """
    faults = meter[4]
    if faults is None:
        faults = meter[4] = Faults()
    over: bool = faults.add(Fault(spot, turns, indices))
    spend(meter, FAULT)
    return over


def remaining(made: dict[str, Any], constants: frozenset[str] | None) -> dict[str, Any] | None:
    """A group without the fields in error; None when only constants are left.

    Args:
        made: The group; None stands for a field that is left out.
        constants: Its fields that are constant; None when the group is there in any case.
    """
    for name in [name for name, value in made.items() if value is None]:
        del made[name]
    return made if constants is None or made.keys() - constants else None
