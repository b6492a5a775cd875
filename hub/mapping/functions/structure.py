"""Functions on lists and groups."""

from __future__ import annotations

from typing import Any

from hub.mapping.functions.base import Run, function
from hub.mapping.limits import Meter, spend
from hub.mapping.values import ABSENT, ValueRefused, is_absent, shown

MAX_COPIED = 10_000
LOOK = 40
"""What it costs to look at a value before it is copied, which is counted once more."""

MAX_COPIED_DEPTH = 32


@function(
    "first",
    group="structure",
    makes="value",
    doc="The first of several values: says in the mapping that the others do not count.",
    takes="many",
    may_drop=True,
    examples=[(["A", "B"], "first", "A")],
)
def _first() -> Run:
    return lambda values: values[0] if values else ABSENT


@function(
    "only",
    group="structure",
    makes="value",
    doc="The one value of a list; several are refused.",
    takes="many",
    may_drop=True,
    examples=[(["A"], "only", "A"), (["A", "A"], "unique | only", "A")],
)
def _only() -> Run:
    def run(values: list[Any]) -> Any:
        if len(values) > 1:
            raise ValueRefused(f"expected one value, found {shown(values)}")
        return values[0] if values else ABSENT

    return run


@function(
    "count",
    group="structure",
    makes="value",
    doc="How many values there are, 0 when nothing is present.",
    takes="many",
    on_absent=True,
    examples=[(["A", "B"], "count", 2)],
)
def _count() -> Run:
    return lambda values: 0 if values is ABSENT else len(values)


@function(
    "values",
    group="structure",
    makes="value",
    doc="All values as a list; the functions that follow work on each of them.",
    takes="many",
    gives="many",
    examples=[(["a", "b"], "values | upper", ["A", "B"])],
)
def _values() -> Run:
    return lambda values: values


@function(
    "flatten",
    group="structure",
    makes="value",
    doc="Lists within a list become one list.",
    takes="many",
    gives="many",
    may_drop=True,
    examples=[(["A B", "C"], "values | split(' ') | flatten", ["A", "B", "C"])],
)
def _flatten() -> Run:
    def run(values: list[Any]) -> list[Any]:
        flat: list[Any] = []
        for value in values:
            flat.extend(value if isinstance(value, list) else [value])
        return [value for value in flat if not is_absent(value)]

    return run


@function(
    "unique",
    group="structure",
    makes="value",
    doc="Each value once, in the order of first appearance.",
    takes="many",
    gives="many",
    examples=[(["B", "A", "B"], "unique", ["B", "A"])],
)
def _unique() -> Run:
    def run(values: list[Any]) -> list[Any]:
        try:
            return list(dict.fromkeys(values))
        except TypeError:
            raise ValueRefused(f"expected single values, found {shown(values)}") from None

    return run


@function(
    "copy",
    group="structure",
    makes="value",
    doc="Takes a whole group or list over as it is, for `ext` and documents of the same shape.",
    takes="any",
    gives="any",
    examples=[("A", "copy", "A")],
)
def _copy() -> Run:
    return Copy()


class Copy:
    """Gives the value itself, when it is within bounds and holds no binary float."""

    def __call__(self, value: Any) -> Any:
        """Look at the whole value.

        Raises:
            ValueRefused: It is too large, or holds a binary float.
        """
        _, refused = _looked(value)
        if refused:
            raise ValueRefused(refused)
        return value

    def counted(self, meter: Meter, value: Any) -> Any:
        """The same, counting what was looked at, refused or not.

        Raises:
            ValueRefused: It is too large, or holds a binary float.
            TooMuch: No work is left.
        """
        seen, refused = _looked(value)
        spend(meter, LOOK * seen)
        if refused:
            raise ValueRefused(refused)
        return value


def _looked(value: Any) -> tuple[int, str]:
    """How many values were looked at, and why they cannot be copied."""
    too_large = f"a group of more than {MAX_COPIED} values or {MAX_COPIED_DEPTH} levels"
    seen, waiting = 0, [(value, 1)]
    while waiting:
        item, depth = waiting.pop()
        seen += 1
        if depth > MAX_COPIED_DEPTH:
            return seen, too_large
        if isinstance(item, float):
            return seen, f"a group with the binary float {item!r}"
        if isinstance(item, dict | list):
            if seen + len(waiting) + len(item) > MAX_COPIED:  # what waits would be seen
                return seen, too_large
            children = item.values() if isinstance(item, dict) else item
            waiting.extend([(child, depth + 1) for child in children])
    return seen, ""
