"""The fast path: one closure per expression, specialised by the shape of its path.

A frame is a list: values left to make, the document, then element and position of each `each`
from the outside in. Closures raise `GiveUp` (or let `ValueRefused` pass) for anything that is not
plain; they never report.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from hub.mapping.binding import BoundExpression, Step, default_of
from hub.mapping.nodes import (
    Condition,
    Constant,
    Expression,
    Group,
    Leaf,
    Listing,
    Path,
    Position,
    Repeat,
    Source,
    Target,
)
from hub.mapping.paths import items_of, raw, satisfied, walk
from hub.mapping.plan import MAX_VALUES, Plan, is_constant, weight
from hub.mapping.values import ABSENT, is_absent

Frame: TypeAlias = list[Any]
Closure: TypeAlias = Callable[[Frame], Any]
Slots: TypeAlias = Mapping[str | None, int]

_LEFT, _ROOT = 0, 1
_SINGLE = (int, bool, Decimal, dict)


class GiveUp(Exception):  # noqa: N818 - the document is not plain: the interpreter takes over
    """Not the plain case."""


def new_frame(root: Any) -> Frame:
    """A frame for one document."""
    return [MAX_VALUES, root]


class Closures:
    """Compiles one plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def target(self) -> Closure:
        """The closure that makes the whole document."""
        return self._group(self._plan.document.target, {None: _ROOT}, root=True)

    def text(self, expression: Expression) -> Closure:
        """The closure of a `key` or `match` expression."""
        return _expression(self._plan.texts[expression], {None: _ROOT})

    def _target(self, target: Target, slots: Slots) -> Closure:
        if isinstance(target, Leaf):
            return _expression(self._plan.fields[target.expression], slots)
        if isinstance(target, Group):
            return self._group(target, slots)
        if isinstance(target, Repeat):
            return self._repeat(target, slots)
        return self._listing(target, slots)

    def _group(self, group: Group, slots: Slots, *, root: bool = False) -> Closure:
        fields = [(name, self._target(target, slots)) for name, target in group.fields]
        always = {name for name, target in group.fields if is_constant(target)}
        if root or is_constant(group):
            return _all_fields(fields)
        return _group_with_source(fields, frozenset(always))

    def _listing(self, listing: Listing, slots: Slots) -> Closure:
        items = [(isinstance(item, Repeat), self._target(item, slots)) for item in listing.items]

        def run(frame: Frame) -> Any:
            made: list[Any] = []
            for many, item in items:
                value = item(frame)
                if value is not ABSENT:
                    if many:
                        made.extend(value)
                    else:
                        made.append(value)
            return made or ABSENT

        return run

    def _repeat(self, repeat: Repeat, slots: Slots) -> Closure:
        slot = 2 * len(slots)
        inner = {**slots, repeat.name: slot}
        source = _expression(self._plan.sources[repeat.source.expression], slots)
        body = self._target(repeat.body, inner)
        keep = _conditions(repeat.where, inner)
        cost = weight(repeat.body)

        def run(frame: Frame) -> Any:
            values = source(frame)
            if values is ABSENT:
                return ABSENT
            frame[_LEFT] -= cost * len(values)
            if frame[_LEFT] < 0:
                raise GiveUp
            if len(frame) <= slot + 1:
                frame.extend([None] * (slot + 2 - len(frame)))
            made: list[Any] = []
            number = 0
            for element in values:
                frame[slot] = element
                if keep is not None and not keep(frame):
                    continue
                number += 1
                frame[slot + 1] = number
                value = body(frame)
                if value is not ABSENT:
                    made.append(value)
            return made or ABSENT

        return run


def _all_fields(fields: list[tuple[str, Closure]]) -> Closure:
    def run(frame: Frame) -> Any:
        made = {}
        for name, field in fields:
            value = field(frame)
            if value is not ABSENT:
                made[name] = value
        return made

    return run


def _group_with_source(fields: list[tuple[str, Closure]], constants: frozenset[str]) -> Closure:
    """A group that is left out when only its constants are there."""
    fixed = len(constants)

    def run(frame: Frame) -> Any:
        made = {}
        for name, field in fields:
            value = field(frame)
            if value is not ABSENT:
                made[name] = value
        return made if len(made) > fixed else ABSENT

    return run


def _conditions(conditions: tuple[Condition, ...], slots: Slots) -> Closure | None:
    if not conditions:
        return None
    placed = [(condition, slots[condition.path.variable]) for condition in conditions]
    return lambda frame: all(satisfied(condition, frame[slot]) for condition, slot in placed)


def _expression(bound: BoundExpression, slots: Slots) -> Closure:
    source = _sources(bound, slots)
    steps = [step for step in bound.steps if step.function.name != "optional"]
    plain = not any(step.may_drop or step.operands or step.function.on_absent for step in steps)
    names = [step.function.name for step in steps]
    if plain and "default" not in names:
        return _plain_pipeline(source, [step.run for step in steps], bound)
    return _full_pipeline(source, [(step, _operands(step, slots)) for step in steps], bound)


def _plain_pipeline(source: Closure, runs: list[Callable[..., Any]], bound: BoundExpression) -> Closure:
    """Functions that always give a value: no checks in between."""
    optional, finish = bound.optional, bound.finish

    def run(frame: Frame) -> Any:
        value = source(frame)
        if value is ABSENT:
            if optional:
                return ABSENT
            raise GiveUp
        for step in runs:
            value = step(value)
        return value if type(value) is str else finish(value)

    return run


def _full_pipeline(
    source: Closure, steps: list[tuple[Step, list[Closure]]], bound: BoundExpression
) -> Closure:
    optional, finish = bound.optional, bound.finish

    def run(frame: Frame) -> Any:
        value = source(frame)
        for step, operands in steps:
            if step.function.name == "default":
                if value is ABSENT:
                    value = default_of(step)
                continue
            if value is ABSENT and not step.function.on_absent:
                continue
            value = _called(step, value, operands, frame)
        if value is not ABSENT:
            value = finish(value)
        if value is ABSENT and not optional:
            raise GiveUp
        return value

    return run


def _called(step: Step, value: Any, operands: list[Closure], frame: Frame) -> Any:
    if operands:
        given = [operand(frame) for operand in operands]
        if ABSENT in given:
            return ABSENT
        value = step.run(value, given)
    else:
        value = step.run(value)
    return ABSENT if step.may_drop and is_absent(value) else value


def _operands(step: Step, slots: Slots) -> list[Closure]:
    return [
        _always(operand) if isinstance(operand, str) else _source(operand, "one", slots)
        for operand in step.operands
    ]


def _sources(bound: BoundExpression, slots: Slots) -> Closure:
    sources = [_source(source, bound.takes, slots) for source in bound.expression.sources]
    if len(sources) == 1:
        return sources[0]

    def run(frame: Frame) -> Any:
        for source in sources:
            value = source(frame)
            if value is not ABSENT:
                return value
        return ABSENT

    return run


def _source(source: Source, takes: str, slots: Slots) -> Closure:
    if isinstance(source, Constant):
        return _always([source.value] if takes == "many" else source.value)
    if isinstance(source, Position):
        slot = max(slots.values()) + 1
        return (lambda frame: [frame[slot]]) if takes == "many" else (lambda frame: frame[slot])
    if takes == "many":
        return _many(source, slots[source.variable])
    if takes == "any":
        return _raw(source, slots[source.variable])
    return _one(source, slots[source.variable])


def _always(value: Any) -> Closure:
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
    return lambda frame: walk(frame[slot], selectors, steps) or ABSENT


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
    """`N1[01=BY].04` and `line[01=UP].02`: the shapes that fill EDI mappings; None for any other."""
    selectors = [*path.selectors, *[selector for step in path.steps for selector in step.selectors]]
    selector = selectors[0]
    simple = len(selectors) == len(selector.path) == len(selector.values) == 1 and not selector.negated
    if (
        not simple
        or not selector.values[0]
        or len(path.steps) != (1 if path.selectors else 2)
        or path.steps[-1].selectors
    ):
        return None
    qualifier, wanted, name = selector.path[0], selector.values[0], path.steps[-1].name
    group = None if path.selectors else path.steps[0].name

    def run(frame: Frame) -> Any:
        value = frame[slot]
        if type(value) is not dict:
            raise GiveUp
        if group is not None:
            value = value.get(group)
        kept: Any = ABSENT
        for item in value if type(value) is list else (value,):
            if type(item) is dict:
                found = item.get(qualifier)
                if found == wanted:
                    if kept is not ABSENT:
                        raise GiveUp
                    kept = item
                elif type(found) is not str and found is not None:
                    raise GiveUp
        return ABSENT if kept is ABSENT else _settled(kept.get(name))

    return run


def _one_selected(path: Path, slot: int) -> Closure:
    selectors, steps = path.selectors, path.steps

    def run(frame: Frame) -> Any:
        found = walk(frame[slot], selectors, steps)
        if len(found) == 1:
            return found[0]
        if found:
            raise GiveUp
        return ABSENT

    return run


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
