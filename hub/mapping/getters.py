"""Reading one source of an expression: a closure per shape of path.

A frame is a list: values left to make, the document, then element and position of each `each`
from the outside in. `slots` says where the document and each name stand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from hub.mapping.nodes import Constant, Path, Position, Source
from hub.mapping.paths import items_of, raw, walk
from hub.mapping.values import ABSENT

Frame: TypeAlias = list[Any]
Closure: TypeAlias = Callable[[Frame], Any]
Slots: TypeAlias = Mapping[str | None, int]

_SINGLE = (int, bool, Decimal, dict)


class GiveUp(Exception):  # noqa: N818 - the document is not plain: the interpreter takes over
    """Not the plain case."""


def source_reader(source: Source, takes: str, slots: Slots) -> Closure:
    """The closure that gives what a source has: one value, a list (`many`), or it as it is (`any`)."""
    if isinstance(source, Constant):
        return always([source.value] if takes == "many" else source.value)
    if isinstance(source, Position):
        slot = max(slots.values()) + 1
        return (lambda frame: [frame[slot]]) if takes == "many" else (lambda frame: frame[slot])
    if takes == "many":
        return _many(source, slots[source.variable])
    if takes == "any":
        return _raw(source, slots[source.variable])
    return _one(source, slots[source.variable])


def always(value: Any) -> Closure:
    """The same value whatever the frame."""
    return lambda _frame: value


def _many(path: Path, slot: int) -> Closure:
    selectors, steps = path.selectors, path.steps
    if len(steps) == 1 and not selectors and not steps[0].selectors:
        name = steps[0].name

        def run(frame: Frame) -> Any:
            start = frame[slot]
            if type(start) is not dict:
                raise GiveUp
            return items_of(start.get(name)) or ABSENT

        return run
    return _unless_missing(path, slot, lambda frame: walk(frame[slot], selectors, steps) or ABSENT)


def _unless_missing(path: Path, slot: int, run: Closure) -> Closure:
    """`run`, spared when the first name of the path is not there: most optional segments are not."""
    if path.selectors or not path.steps:
        return run
    first = path.steps[0].name

    def look(frame: Frame) -> Any:
        start = frame[slot]
        return ABSENT if type(start) is dict and first not in start else run(frame)

    return look


def _raw(path: Path, slot: int) -> Closure:
    def run(frame: Frame) -> Any:
        value = raw(frame[slot], path.selectors, path.steps)
        return ABSENT if value is None else value

    return run


def _one(path: Path, slot: int) -> Closure:
    steps = path.steps
    if path.selectors or any(step.selectors for step in steps):
        return _one_qualified(path, slot) or _one_selected(path, slot)
    if len(steps) == 1:
        return _one_step(steps[0].name, slot)
    if len(steps) == 2:  # noqa: PLR2004 - the two shapes that matter: a field, and a segment's element
        return _two_steps(steps[0].name, steps[1].name, slot)
    return _one_selected(path, slot)


def _one_step(name: str, slot: int) -> Closure:
    def run(frame: Frame) -> Any:
        value = frame[slot]
        if type(value) is not dict:
            raise GiveUp
        value = value.get(name)
        if type(value) is str:
            return value or ABSENT
        return _settled(value)

    return run


def _two_steps(first: str, second: str, slot: int) -> Closure:
    def run(frame: Frame) -> Any:
        value = frame[slot]
        if type(value) is not dict:
            raise GiveUp
        value = value.get(first)
        if value is None:
            return ABSENT
        if type(value) is not dict:
            if type(value) is not list or len(value) != 1 or type(value[0]) is not dict:
                return _several_steps(value, second)
            value = value[0]
        value = value.get(second)
        if type(value) is str:
            return value or ABSENT
        return _settled(value)

    return run


def _several_steps(value: Any, name: str) -> Any:
    found = [
        item for group in items_of(value) if isinstance(group, dict) for item in items_of(group.get(name))
    ]
    return _settled(found)


def _one_qualified(path: Path, slot: int) -> Closure | None:
    """`N1[01=BY].04` and `line[01=UP|SK].02`: the shapes that fill EDI mappings; None for any other."""
    selectors = [*path.selectors, *[selector for step in path.steps for selector in step.selectors]]
    selector = selectors[0]
    simple = len(selectors) == len(selector.path) == 1 and not selector.negated
    if (
        not simple
        or "" in selector.values
        or len(path.steps) != (1 if path.selectors else 2)
        or path.steps[-1].selectors
    ):
        return None
    qualifier, wanted, name = selector.path[0], frozenset(selector.values), path.steps[-1].name
    group = None if path.selectors else path.steps[0].name

    def run(frame: Frame) -> Any:
        value = frame[slot]
        if type(value) is not dict:
            raise GiveUp
        if group is not None:
            value = value.get(group)
        kept = _only(value if type(value) is list else (value,), qualifier, wanted)
        return ABSENT if kept is None else _settled(kept.get(name))

    return run


def _only(items: Iterable[Any], qualifier: str, wanted: frozenset[str]) -> dict[str, Any] | None:
    """The one group that is qualified so; None when none is."""
    kept = None
    for item in items:
        if type(item) is dict:
            found = item.get(qualifier)
            if type(found) is not str:
                if found is not None:
                    raise GiveUp
            elif found in wanted:
                if kept is not None:
                    raise GiveUp
                kept = item
    return kept


def _one_selected(path: Path, slot: int) -> Closure:
    selectors, steps = path.selectors, path.steps

    def run(frame: Frame) -> Any:
        found = walk(frame[slot], selectors, steps)
        if len(found) == 1:
            return found[0]
        if found:
            raise GiveUp
        return ABSENT

    return _unless_missing(path, slot, run)


def _settled(value: Any) -> Any:
    """What is not text: nothing, a number, a group, or a list of one."""
    if type(value) is str:
        return value or ABSENT
    if value is None:
        return ABSENT
    if type(value) in _SINGLE:
        return value
    found = items_of(value)
    if len(found) > 1:
        raise GiveUp
    return found[0] if found else ABSENT
