"""What generated code calls: everything that is not a look into a dict or a method of a text.

In generated code None stands for an absent value. These functions answer any value, however odd;
they raise `GiveUp` (or let `ValueRefused` pass) where the interpreter would report an error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from hub.mapping.binding import BoundExpression, default_of
from hub.mapping.limits import VALUE, VISIT, Meter, cost_of_list, cost_of_text, cost_of_tree, spend
from hub.mapping.nodes import Condition, Path
from hub.mapping.paths import items_of, raw, satisfied
from hub.mapping.values import ABSENT, MAX_TEXT, is_absent

Pipeline: TypeAlias = Callable[..., Any]
"""`run(meter, value, *operands)`: what an expression makes of what its source gave; None when absent."""

EMPTY: dict[str, Any] = {}
"""Stands for what has no names: a text, a number, nothing."""

_SINGLE = (int, bool, Decimal, dict)
_PIPED = 2 * VALUE
"""What it costs not to be written out."""

_SHORT = 8
"""So few elements cost nothing worth counting."""


class GiveUp(Exception):  # noqa: N818 - the document is not plain: the interpreter takes over
    """Not the plain case."""


def pipeline(bound: BoundExpression, *, found: bool = True, counted: bool = True) -> Pipeline:
    """Everything after the source.

    Args:
        bound: The expression.
        found: Whether the value stands in the source, where empty text and lists are nothing.
        counted: Whether the result is part of the target, so that its size is counted.
    """
    steps = [(step, len(step.operands)) for step in bound.steps if step.function.name != "optional"]
    weight = bound.weight
    settles = found and bound.takes == "one"

    def run(meter: Meter, value: Any, *operands: Any) -> Any:
        value = settle(meter, value) if settles else value
        spend(meter, _PIPED + (cost_of_text(value, weight) if type(value) is str else 0))
        value = ABSENT if value is None else value
        at = 0
        for step, count in steps:
            given, at = operands[at : at + count], at + count
            if step.function.name == "default":
                value = default_of(step) if value is ABSENT else value
            elif value is not ABSENT or step.function.on_absent:
                if type(value) is list:
                    spend(meter, len(value) * step.function.cost)
                value = _called(step.run, value, given)
                value = ABSENT if step.may_drop and is_absent(value) else value
        value = value if value is ABSENT else bound.finish(value)
        if value is not ABSENT:
            return _counted(meter, value) if counted else value
        if bound.optional:
            return None
        raise GiveUp

    return run


def _called(run: Callable[..., Any], value: Any, operands: Sequence[Any]) -> Any:
    if not operands:
        return run(value)
    return ABSENT if any(operand is None for operand in operands) else run(value, list(operands))


def _counted(meter: Meter, value: Any) -> Any:
    if type(value) is str:
        spend(meter, cost_of_text(value))
    elif isinstance(value, list | dict):
        spend(meter, cost_of_tree(value))
    return value


def settle(meter: Meter, value: Any) -> Any:
    """The one value that stands at a place: of a list its only element; None when there is none."""
    if type(value) is str:
        return value or None
    if value is None or type(value) in _SINGLE:
        return value
    found = many(meter, value)
    if found is None:
        return None
    if len(found) > 1:
        raise GiveUp
    return found[0]


def many(meter: Meter, value: Any) -> list[Any] | None:
    """The values at a place as a list; None when there is none."""
    if type(value) is list:
        spend(meter, VISIT * len(value))
    return items_of(value) or None


def counted(meter: Meter, values: Any, weight: int) -> Any:
    """Values on their way into a pipeline, their texts counted."""
    if values is not None:
        spend(meter, cost_of_list(values, weight))
    return values


def whole(meter: Meter, start: Any, path: Path) -> Any:
    """What stands at a path as it is; None when there is nothing."""
    return raw(start, path.selectors, path.steps, meter)


def group(meter: Meter, value: Any) -> Any:
    """The group at a place, `EMPTY` when there is none, None when there are several."""
    if isinstance(value, dict):
        return value
    if type(value) is not list:
        return EMPTY
    spend(meter, VISIT * len(value))
    groups = [item for item in value if isinstance(item, dict)]
    return groups[0] if len(groups) == 1 else None if groups else EMPTY


def bare(value: Any) -> dict[str, Any]:
    """What an element that is no group offers to paths: no names; a list within a list is not plain."""
    if isinstance(value, list):
        raise GiveUp
    return value if isinstance(value, dict) else EMPTY


def elements(meter: Meter, value: Any) -> list[Any]:
    """What an `each` goes through when it is not simply a list."""
    return many(meter, value) or []


def any_present(values: list[Any]) -> bool:
    """Whether a list holds anything: only then may a mandatory `each` end with no element."""
    return any(not is_absent(value) for value in values)


def all_short(values: list[Any]) -> bool:
    """Whether these are a few short texts: what becomes of them costs no more than a value."""
    if len(values) > _SHORT:
        return False
    long = [None for value in values if type(value) is not str or len(value) > VALUE]
    return not long


def holds(meter: Meter, condition: Condition, start: Any) -> bool:
    """Whether a `where` keeps an element; any shape of path."""
    return satisfied(condition, start, meter)


def grown(meter: Meter, text: str) -> bool:
    """Count a text that a function made; always true, so that it can stand in a chain of conditions."""
    if len(text) > MAX_TEXT:
        raise GiveUp
    spend(meter, len(text))
    return True
