"""One cell of a decision table: what people write, what zen-engine gets, and what it covers.

The engine accepts any text as a cell and lets a malformed one simply never match, so the notation
is a small closed one of our own, and every engine expression is produced here:

    (empty)          any value, also an absent one
    absent, present  whether the input has a value
    a, b             text: one of these; "a, b" in quotes is one value
    not a, b         text: present and none of these
    true, false      yes or no
    5, 7             number: one of these
    > 5   >= 5   < 5   <= 5
    5..7             number: from 5 to 7, both included
"""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

Value = str | bool | Decimal | None
"""What an input can be inside a table; `int` becomes Decimal before it gets here."""

TYPES = ("text", "bool", "number")

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_COMPARISON = re.compile(r"(>=|<=|>|<)\s*(\S+)")
_RANGE = re.compile(r"(\S+?)\s*\.\.\s*(\S+)")


class CellError(ValueError):
    """A cell that cannot be read; the message says what was expected and found."""


class Cell(Protocol):
    """A condition on one input."""

    @property
    def expression(self) -> str:
        """The condition as a zen-engine unary expression."""

    @property
    def landmarks(self) -> tuple[Value, ...]:
        """Values at which the answer may change; between two neighbours it cannot."""

    def covers(self, other: Cell) -> bool:
        """Whether every value that `other` accepts is surely accepted here too."""


@dataclass(frozen=True, slots=True)
class Anything:
    """The empty cell."""

    expression: str = ""
    landmarks: tuple[Value, ...] = ()

    def covers(self, other: Cell) -> bool:
        """Accepts whatever any cell accepts."""
        del other
        return True


@dataclass(frozen=True, slots=True)
class Presence:
    """`absent` or `present`."""

    present: bool
    landmarks: tuple[Value, ...] = ()

    @property
    def expression(self) -> str:
        """Null test."""
        return "$ != null" if self.present else "null"

    def covers(self, other: Cell) -> bool:
        """`present` covers every condition on a value; `absent` only itself."""
        if isinstance(other, Presence):
            return other.present == self.present
        return self.present and not isinstance(other, Anything)


@dataclass(frozen=True, slots=True)
class OneOf:
    """A list of values, or with `negated` every other value that is present."""

    values: frozenset[Value]
    negated: bool = False

    @property
    def expression(self) -> str:
        """Membership test; a negated one must not let an absent value through."""
        literals = ", ".join(sorted(_literal(value) for value in self.values))
        if self.negated:
            return f"$ != null and $ not in [{literals}]"
        return literals

    @property
    def landmarks(self) -> tuple[Value, ...]:
        """The listed values."""
        return tuple(self.values)

    def covers(self, other: Cell) -> bool:
        """By set inclusion."""
        if not isinstance(other, OneOf):
            return False
        if self.negated:
            return self.values <= other.values if other.negated else self.values.isdisjoint(other.values)
        return not other.negated and other.values <= self.values


@dataclass(frozen=True, slots=True)
class Interval:
    """Numbers between two bounds; None is unbounded."""

    low: Decimal | None = None
    high: Decimal | None = None
    low_closed: bool = True
    high_closed: bool = True

    @property
    def expression(self) -> str:
        """One or two comparisons."""
        parts = []
        if self.low is not None:
            parts.append(f"$ {'>=' if self.low_closed else '>'} {_literal(self.low)}")
        if self.high is not None:
            parts.append(f"$ {'<=' if self.high_closed else '<'} {_literal(self.high)}")
        return "$ != null and " + " and ".join(parts)

    @property
    def landmarks(self) -> tuple[Value, ...]:
        """The bounds."""
        return tuple(bound for bound in (self.low, self.high) if bound is not None)

    def holds(self, number: Decimal) -> bool:
        """Whether `number` lies inside."""
        above = self.low is None or number > self.low or (self.low_closed and number == self.low)
        below = self.high is None or number < self.high or (self.high_closed and number == self.high)
        return above and below

    def covers(self, other: Cell) -> bool:
        """By bounds, or by membership of listed numbers."""
        if isinstance(other, Interval):
            return self._reaches_low(other) and self._reaches_high(other)
        if isinstance(other, OneOf) and not other.negated:
            return all(isinstance(value, Decimal) and self.holds(value) for value in other.values)
        return False

    def _reaches_low(self, other: Interval) -> bool:
        if self.low is None or other.low is None:
            return self.low is None
        return self.low < other.low or (self.low == other.low and (self.low_closed or not other.low_closed))

    def _reaches_high(self, other: Interval) -> bool:
        if self.high is None or other.high is None:
            return self.high is None
        return self.high > other.high or (
            self.high == other.high and (self.high_closed or not other.high_closed)
        )


ANYTHING = Anything()


def parse(text: str, kind: str) -> Cell:
    """Read a condition cell of an input of type `kind` (text, bool or number).

    Raises:
        CellError: The text is none of the forms above.
    """
    text = text.strip()
    if not text:
        return ANYTHING
    if text in ("absent", "present"):
        return Presence(text == "present")
    if kind == "number":
        return _numbers(text)
    negated = kind == "text" and text.startswith("not ")
    values = _split(text.removeprefix("not ") if negated else text)
    return OneOf(frozenset(value_of(value, kind) for value in values), negated)


def value_of(text: str, kind: str) -> Value:
    """Read one value of type `kind`.

    Raises:
        CellError: The text is not such a value.
    """
    if kind == "bool":
        if text not in ("true", "false"):
            raise CellError(f"expected true or false, found {text!r}")
        return text == "true"
    if kind == "number":
        if not _NUMBER.fullmatch(text):
            raise CellError(f"expected a number such as 30 or 99.50, found {text!r}")
        return Decimal(text)
    if not text:
        raise CellError("expected a value, found nothing between two commas")
    return text


def _numbers(text: str) -> Cell:
    if comparison := _COMPARISON.fullmatch(text):
        operator, bound = comparison.group(1), _decimal(comparison.group(2))
        closed = operator.endswith("=")
        if operator.startswith(">"):
            return Interval(low=bound, low_closed=closed)
        return Interval(high=bound, high_closed=closed)
    if bounds := _RANGE.fullmatch(text):
        low, high = _decimal(bounds.group(1)), _decimal(bounds.group(2))
        if low > high:
            raise CellError(f"expected the smaller bound first, found {text!r}")
        return Interval(low, high)
    try:
        return OneOf(frozenset(_decimal(part) for part in _split(text)))
    except CellError:
        raise CellError(
            f"expected 5, > 5, >= 5, < 5, <= 5, 5..7, absent or present, found {text!r}"
        ) from None


def _decimal(text: str) -> Decimal:
    value = value_of(text, "number")
    assert isinstance(value, Decimal)  # noqa: S101 - value_of's answer for a number, told to the type checker
    return value


def _split(text: str) -> list[str]:
    try:
        (values,) = csv.reader([text], skipinitialspace=True, strict=True)
    except (csv.Error, ValueError):
        raise CellError(f"expected values separated by commas, found {text!r}") from None
    return [value.strip() for value in values]


def _literal(value: Value) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    return json.dumps(value, ensure_ascii=False)
