"""The fast path: one closure per expression, specialised by the shape of its path.

Closures raise `GiveUp` (or let `ValueRefused` pass) for anything that is not plain; they never report.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hub.mapping.binding import BoundExpression, Step, default_of
from hub.mapping.getters import Closure, Frame, GiveUp, Slots, always, source_reader
from hub.mapping.nodes import (
    Condition,
    Expression,
    Group,
    Leaf,
    Listing,
    Repeat,
    Target,
)
from hub.mapping.paths import satisfied
from hub.mapping.plan import MAX_VALUES, Plan, is_constant, weight
from hub.mapping.values import ABSENT, is_absent

_LEFT, _ROOT = 0, 1


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
        always(operand) if isinstance(operand, str) else source_reader(operand, "one", slots)
        for operand in step.operands
    ]


def _sources(bound: BoundExpression, slots: Slots) -> Closure:
    sources = [source_reader(source, bound.takes, slots) for source in bound.expression.sources]
    if len(sources) == 1:
        return sources[0]

    def run(frame: Frame) -> Any:
        for source in sources:
            value = source(frame)
            if value is not ABSENT:
                return value
        return ABSENT

    return run
