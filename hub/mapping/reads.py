"""What a mapping reads of its source: every place, for which target field, and how strictly."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from hub.mapping.binding import BoundExpression, Step
from hub.mapping.lookups import Lookup
from hub.mapping.nodes import Condition, Group, Leaf, Literal, Path, Repeat, Target
from hub.mapping.plan import Plan
from hub.mapping.values import ValueRefused, is_absent

Names: TypeAlias = tuple[str, ...]
"""The names that lead to a place; lists add none."""

_CODED = ("lookup", "crosswalk")
_GUARDS = ("optional", "default")

# The places that the document (None) and each `each … as name` stand for.
_Scope: TypeAlias = Mapping[str | None, Sequence[Names]]


@dataclass(frozen=True, slots=True)
class Read:
    """One place that one expression reads.

    Attributes:
        way: The names that lead there.
        target: The field it is read for (`lines[].uom`), `key`, or `match.<type>`.
        expression: As written.
        tolerant: Whether nothing may be there: the expression is optional, has a default or looks elsewhere.
        whole: Whether everything below is taken as well.
        knows: Whether the code table it goes through knows a text, None when it goes through none (or through
            a cross reference).
        spare: Whether that table has a default for what it does not know.
    """

    way: Names
    target: str
    expression: str
    tolerant: bool = False
    whole: bool = False
    knows: Callable[[str], bool] | None = None
    spare: bool = False

    def touches(self, way: Names) -> bool:
        """Whether what happens at a place is seen by this reader."""
        return self.way[: len(way)] == way or (self.whole and way[: len(self.way)] == self.way)


def reads(plan: Plan) -> tuple[Read, ...]:
    """Every place a mapping reads: sources and operands, selectors, conditions, key and match."""
    return tuple(_all(plan))


def _all(plan: Plan) -> Iterator[Read]:
    document = plan.document
    root: _Scope = {None: [()]}
    named = [("key", document.key), *((f"match.{kind}", leaf) for kind, leaf in document.match)]
    for name, leaf in named:
        if leaf is not None:
            yield from _expression(plan, plan.texts[leaf.expression], root, name)
    yield from _target(plan, document.target, root, "")


def _target(plan: Plan, target: Target, scope: _Scope, path: str) -> Iterator[Read]:
    if isinstance(target, Leaf):
        yield from _expression(plan, plan.fields[target.expression], scope, path)
    elif isinstance(target, Group):
        for name, child in target.fields:
            yield from _target(plan, child, scope, f"{path}.{name}" if path else name)
    elif isinstance(target, Repeat):
        yield from _repeat(plan, target, scope, f"{path}[]")
    else:
        for item in target.items:
            below = path if isinstance(item, Repeat) else f"{path}[]"
            yield from _target(plan, item, scope, below)


def _repeat(plan: Plan, repeat: Repeat, scope: _Scope, path: str) -> Iterator[Read]:
    source = plan.sources[repeat.source.expression]
    yield from _expression(plan, source, scope, path)
    paths = [one for one in source.expression.sources if isinstance(one, Path)]
    inner: _Scope = {**scope, repeat.name: [way for one in paths for way in _ways(one, scope)]}
    for condition in repeat.where:
        yield from _condition(condition, inner, path)
    yield from _target(plan, repeat.body, inner, path)


def _condition(condition: Condition, scope: _Scope, path: str) -> Iterator[Read]:
    for way in [*_ways(condition.path, scope), *_selectors(condition.path, scope)]:
        yield Read(way, path, condition.text)


def _expression(plan: Plan, bound: BoundExpression, scope: _Scope, path: str) -> Iterator[Read]:
    text = bound.expression.text
    elsewhere = len(bound.expression.sources) > 1
    tolerant = bound.optional or elsewhere or any(step.function.name == "default" for step in bound.steps)
    knows, spare = _coded(plan, bound.steps)
    for source in bound.expression.sources:
        if isinstance(source, Path):
            for way in _ways(source, scope):
                yield Read(way, path, text, tolerant, bound.takes == "any", knows, spare)
    operands = [operand for step in bound.steps for operand in step.operands if isinstance(operand, Path)]
    for operand in operands:
        for way in _ways(operand, scope):
            yield Read(way, path, text, tolerant)
    for source in [*bound.expression.sources, *operands]:
        if isinstance(source, Path):
            for way in _selectors(source, scope):
                yield Read(way, path, text, tolerant)


def _ways(path: Path, scope: _Scope) -> Iterator[Names]:
    for start in scope[path.variable]:
        yield (*start, *(step.name for step in path.steps))


def _selectors(path: Path, scope: _Scope) -> Iterator[Names]:
    for start in scope[path.variable]:
        for selector in path.selectors:
            yield (*start, *selector.path)
        way = start
        for step in path.steps:
            way = (*way, step.name)
            for selector in step.selectors:
                yield (*way, *selector.path)


def _coded(plan: Plan, steps: Sequence[Step]) -> tuple[Callable[[str], bool] | None, bool]:
    """How the code table of an expression answers for a text of the source, and whether it has a default."""
    for number, step in enumerate(steps):
        table = step.call.arguments[0] if step.function.name in _CODED else None
        # rows of a cross reference come and go: an unknown number there is no new shape of the source
        if isinstance(table, Literal) and not plan.lookups[table.value].reference:
            before = [one for one in steps[:number] if one.function.name not in _GUARDS]
            if all(one.function.takes == "one" and not one.operands for one in before):
                return _Knows(before, plan.lookups[table.value]), len(step.call.arguments) > 1
    return None, False


@dataclass(frozen=True, slots=True)
class _Knows:
    """Asks a code table the way its expression does: after the functions that stand before it."""

    before: Sequence[Step]
    lookup: Lookup

    def __call__(self, code: str) -> bool:
        value: Any = code
        try:
            for step in self.before:
                value = step.run([value] if step.many and not isinstance(value, list) else value)
        except ValueRefused:
            return True  # a text that never gets as far as the table is no question of codes
        values = value if isinstance(value, list) else [value]
        # `crosswalk` takes blanks off; an unknown code with blanks is unknown without them too
        return all(str(one).strip() in self.lookup.entries for one in values if not is_absent(one))
