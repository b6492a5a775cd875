"""What generated code calls: everything that is not a look into a dict or a method of a text.

In generated code None stands for an absent value. These functions answer any value, however odd;
they raise `GiveUp` (or let `ValueRefused` pass) where the interpreter reports an error, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from hub.mapping.binding import BoundExpression, Step, default_of
from hub.mapping.faults import Faults
from hub.mapping.functions.structure import Copy
from hub.mapping.limits import (
    VALUE,
    VISIT,
    Meter,
    cost_of_list,
    cost_of_text,
    cost_of_tree,
    size_of,
    spend,
)
from hub.mapping.nodes import Condition, Path
from hub.mapping.paths import items_of, raw, satisfied
from hub.mapping.values import ABSENT, MAX_TEXT, ValueRefused, is_absent

Pipeline: TypeAlias = Callable[..., Any]
"""`run(meter, value, *operands)`: what an expression makes of what its source gave; None when absent."""

EMPTY: dict[str, Any] = {}
"""Stands for what has no names: a text, a number, nothing."""

_SINGLE = (int, bool, Decimal, dict)
_PIPED = 2 * VALUE
"""What it costs not to be written out."""

_SHORT = 8
"""So few elements cost nothing worth counting."""


SEVERAL = object()
"""Stands for an operand with more matches than one, which is an error only once it is needed."""


class GiveUp(Exception):  # noqa: N818 - an answer to the document: the interpreter explains it
    """A field is in error."""


class InError(GiveUp):
    """Fields of the document are in error.

    Attributes:
        faults: Which.
        value: The result without them.
    """

    def __init__(self, faults: Faults, value: dict[str, Any]) -> None:
        super().__init__("fields are in error")
        self.faults = faults
        self.value = value


NOT_PLAIN = (GiveUp, ValueRefused, KeyError)
"""What says that a field is in error: generated code looks up what must be there without asking first."""


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
                value = _called(meter, step, value, given)
                value = ABSENT if step.may_drop and is_absent(value) else value
        value = value if value is ABSENT else bound.finish(value)
        if value is not ABSENT:
            return _counted(meter, value) if counted else value
        if bound.optional:
            return None
        raise GiveUp

    return run


def _called(meter: Meter, step: Step, value: Any, operands: Sequence[Any]) -> Any:
    for given in operands:  # in their order, as the interpreter reads them
        if given is None:
            return ABSENT
        if given is SEVERAL:
            raise GiveUp
        if type(given) is str and len(given) > VALUE:
            spend(meter, cost_of_text(given, 2))
    if isinstance(step.run, Copy):
        return step.run.counted(meter, value)
    made = step.run(value, list(operands)) if operands else step.run(value)
    if type(made) is list:
        spend(meter, VISIT * len(made))
    return made


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


def operand(meter: Meter, value: Any) -> Any:
    """The same for an operand: `SEVERAL` where there are several."""
    try:
        return settle(meter, value)
    except GiveUp:
        return SEVERAL


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


def bare(meter: Meter, value: Any) -> dict[str, Any]:
    """What an element that is no group offers to paths: a list, what its groups have together."""
    if not isinstance(value, list):
        return value if isinstance(value, dict) else EMPTY
    groups = [item for item in value if isinstance(item, dict)]
    spend(meter, VISIT * len(value))
    return groups[0] if len(groups) == 1 else _together(meter, groups)


def _together(meter: Meter, groups: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One group with the matches that a path finds at each name of several."""
    found: dict[str, list[Any]] = {}
    for one in groups:
        spend(meter, VALUE + VALUE // 2 * len(one))
        for name, value in one.items():
            items = items_of(value)
            if len(items) > 1:
                spend(meter, VISIT * len(items))
            if items:
                found.setdefault(name, []).extend(items)
    return {
        name: values[0] if len(values) == 1 and type(values[0]) is not list else values
        for name, values in found.items()
    }


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
    spend(meter, size_of(text))
    return True


def weighed(meter: Meter, text: str) -> bool:
    """Count a long text that a table gave; always true."""
    spend(meter, size_of(text))
    return True
