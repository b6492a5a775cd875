"""Walking a decoded tree along a path: the meaning of paths, and where a value stands.

A step into a list goes into each of its elements. A path therefore has any number of *matches*;
nothing, empty text and empty lists are none. Two walkers: `matches` knows the place of each match
(errors, traces, coverage), `walk` gives values only (the fast path). They agree; a test says so.
Both count what they look at when they are given a meter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from hub.mapping.limits import VALUE, VISIT, Meter, new_meter, spend
from hub.mapping.nodes import Condition, Path, Selector, Step
from hub.mapping.values import ValueRefused, is_absent, text_of

SEGMENT = "@"
"""Key under which codecs leave the number of the segment or row of a group."""

_ELEMENT_DIGITS = 3

Way: TypeAlias = tuple[str | int, ...]
"""A concrete place from the root: names, and list indices from 0."""


@dataclass(frozen=True, slots=True)
class Match:
    """A value and its place."""

    value: Any
    way: Way


@dataclass(frozen=True, slots=True)
class Found:
    """All matches of a path, and the deepest place that was reached."""

    matches: tuple[Match, ...]
    deepest: Way


def matches(
    path: Path, bound: Mapping[str | None, Match], meter: Meter | None = None, visit: int = VISIT
) -> Found:
    """All matches of a path.

    Args:
        path: The path.
        bound: The document under None, and the `each` names.
        meter: Counts.
        visit: What it costs to look at an element.

    Raises:
        TooMuch: There are more to look at than the meter allows.
    """
    meter = new_meter() if meter is None else meter
    start = bound[path.variable]
    current = [match for match in _expand(start) if selected(match.value, path.selectors, meter)]
    deepest = start.way
    for step in path.steps:
        reached = [
            child
            for match in current
            if isinstance(match.value, dict)
            for child in _expand(Match(match.value.get(step.name), (*match.way, step.name)))
        ]
        spend(meter, visit * len(reached))
        kept = [match for match in reached if selected(match.value, step.selectors, meter)]
        if not kept:
            groups = [match.way for match in current if isinstance(match.value, dict)]
            return Found((), (*groups[0], step.name) if groups else deepest)
        current, deepest = kept, kept[0].way
    return Found(tuple(current), deepest)


def walk(
    start: Any, selectors: Sequence[Selector], steps: Sequence[Step], meter: Meter | None = None
) -> list[Any]:
    """The values of all matches.

    Raises:
        TooMuch: There are more to look at than the meter allows.
    """
    meter = new_meter() if meter is None else meter
    current = items_of(start)
    if selectors:
        current = [item for item in current if selected(item, selectors, meter)]
    for step in steps:
        name = step.name
        reached: list[Any] = []
        for item in current:
            if isinstance(item, dict):
                child = item.get(name)
                if isinstance(child, list):
                    reached.extend([one for one in child if one or not is_absent(one)])
                elif not is_absent(child):
                    reached.append(child)
        spend(meter, VISIT * len(reached))
        if step.selectors:
            reached = [item for item in reached if selected(item, step.selectors, meter)]
        if not reached:
            return []
        current = reached
    return current


def raw(start: Any, selectors: Sequence[Selector], steps: Sequence[Step], meter: Meter | None = None) -> Any:
    """What stands at a path as it is: a list stays a list even with one element; absent is None."""
    if steps and not steps[-1].selectors:
        groups = walk(start, selectors, steps[:-1], meter)
        if len(groups) == 1 and isinstance(groups[0], dict):
            value = groups[0].get(steps[-1].name)
            return None if is_absent(value) else value
    values = walk(start, selectors, steps, meter)
    return values if len(values) > 1 else values[0] if values else None


def items_of(value: Any) -> list[Any]:
    """The elements of a list that are present, or the present value itself as a list of one."""
    if isinstance(value, list):
        return [item for item in value if item or not is_absent(item)]
    return [] if is_absent(value) else [value]


def selected(item: Any, selectors: Sequence[Selector], meter: Meter | None = None) -> bool:
    """Whether a group satisfies all selectors."""
    if not isinstance(item, dict):
        return not selectors
    for selector in selectors:
        value = item.get(selector.path[0])
        if len(selector.path) == 1 and type(value) is str and value:
            kept = (value in selector.values) != selector.negated
        else:
            if meter is not None:
                spend(meter, 3 * VALUE)  # a walk of its own for every item
            steps = [Step(name, ()) for name in selector.path]
            values = walk(item, (), steps, meter)
            _count(meter, values)
            kept = _among(values, selector.values, selector.negated)
        if not kept:
            return False
    return True


def satisfied(condition: Condition, start: Any, meter: Meter | None = None) -> bool:
    """Whether a condition holds, its path starting at `start`."""
    values = walk(start, condition.path.selectors, condition.path.steps, meter)
    if condition.values is None:
        return bool(values)
    _count(meter, values)
    return _among(values, condition.values, condition.negated)


def _count(meter: Meter | None, values: Sequence[Any]) -> None:
    """What it costs to compare several values; of one it is in the price of the walk."""
    if meter is not None and len(values) > 1:
        spend(meter, VISIT * len(values))


def _among(values: Iterable[Any], wanted: Sequence[str], negated: bool) -> bool:  # noqa: FBT001 - it is the operator
    for value in values:
        if isinstance(value, dict | list):  # a group equals no text
            continue
        try:
            if text_of(value) in wanted:
                return not negated
        except ValueRefused:  # nor does a number of too many digits
            continue
    return negated


def _expand(match: Match) -> list[Match]:
    if isinstance(match.value, list):
        return [
            Match(item, (*match.way, index)) for index, item in enumerate(match.value) if not is_absent(item)
        ]
    return [] if is_absent(match.value) else [match]


def position(root: Any, way: Way, source_type: str) -> str:
    """A place in the words of its source: segment and element, row and column, or a JSON path."""
    anchor = _anchor(root, way)
    if anchor is not None:
        name, number, rest = anchor
        if source_type.startswith(("csv", "delimited", "xlsx")):
            return f"row {number}" + (f", column {rest[0]}" if rest else "")
        if source_type.partition("/")[0] == "xml":
            return f"line {number}, {dotted(way)}"
        words = f"{name} segment {number}" if name else "transaction"
        labels = ("element", "component")
        for label, part in zip(labels, rest, strict=False):
            if not (part.isascii() and part.isdigit() and len(part) <= _ELEMENT_DIGITS):
                break
            words += f", {label} {int(part)}"
        return words
    return dotted(way)


def dotted(way: Way) -> str:
    """`lines[2].quantity`."""
    text = ""
    for part in way:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _anchor(root: Any, way: Way) -> tuple[str, int, list[str]] | None:
    """The last numbered group on the way: its name, its number, and the names below it."""
    found: tuple[str, int, int] | None = None
    name, value = "", root
    for depth in range(len(way) + 1):
        if isinstance(value, dict) and isinstance(value.get(SEGMENT), int):
            found = (name, value[SEGMENT], depth)
        if depth == len(way):
            break
        part = way[depth]
        if isinstance(part, str):
            name = part
            value = value.get(part) if isinstance(value, dict) else None
        else:
            value = value[part] if isinstance(value, list) and part < len(value) else None
    if found is None:
        return None
    return found[0], found[1], [str(part) for part in way[found[2] :]]
