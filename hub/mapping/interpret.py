"""The reference interpreter: what a mapping means, step by step, with every place remembered.

It is slow and complete. Generated code maps documents and notes which fields are in error; this
interpreter evaluates those again, one by one, and says what is wrong. For `explain` it runs the whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from hub.mapping.binding import BoundExpression, Step, default_of
from hub.mapping.errors import FieldError, FieldTrace, TraceStep
from hub.mapping.limits import (
    EVALUATED,
    PATIENCE,
    REACHED,
    VISIT,
    WORK,
    TooMuch,
    cost_of_list,
    cost_of_text,
    cost_of_tree,
    new_meter,
    spend,
)
from hub.mapping.nodes import (
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
from hub.mapping.paths import Found, Match, Way, matches, position, raw, satisfied
from hub.mapping.plan import Plan, cost, is_constant
from hub.mapping.values import ABSENT, ValueRefused, is_absent, shown


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression can see.

    Attributes:
        bound: The document under None, and the elements of the surrounding `each` by name.
        position: Number of the innermost element.
    """

    bound: Mapping[str | None, Match]
    position: int = 0


@dataclass(frozen=True, slots=True)
class _Sourced:
    """What the sources of an expression gave."""

    value: Any
    source: str
    way: Way | None


class Interpreter:
    """Runs one plan over one document; make a new one per document.

    Args:
        plan: What to run.
        root: The document.
        work: What it may cost when only errors are wanted, where each expression costs `EVALUATED`;
            without it everything is remembered, and it may cost as much as for generated code.

    Attributes:
        traces: One per evaluated expression, in order; those with errors when only these are wanted.
        reads: Every place that was read, with the selectors' places; empty when only errors are wanted.
    """

    def __init__(self, plan: Plan, root: Any, *, work: int | None = None) -> None:
        self._plan = plan
        self._root = root
        spent = cost(plan, plan.document.target) if work is None else WORK - work
        self._meter = new_meter(spent, PATIENCE)
        self._brief = work is not None
        self._visit = VISIT if work is None else REACHED
        self._now = ("", "")
        self._costs: dict[int, int] = {}
        self.traces: list[FieldTrace] = []
        self.reads: set[Way] = set()

    @property
    def errors(self) -> tuple[FieldError, ...]:
        """Everything wrong so far."""
        return tuple(trace.error for trace in self.traces if trace.error)

    def run(self) -> dict[str, Any]:
        """The whole document; fields in error are left out."""
        try:
            value = self._group(self._plan.document.target, self.scope(), "")
        except TooMuch as error:
            self._stopped(str(error))
            return {}
        return {} if value is ABSENT else value

    def scope(self) -> Scope:
        """The outermost scope."""
        return Scope({None: Match(self._root, ())})

    def text(self, expression: Expression, target_path: str) -> Any:
        """A `key` or `match` expression: text, or ABSENT."""
        try:
            return self._evaluate(self._plan.texts[expression], self.scope(), target_path)
        except TooMuch as error:
            self._stopped(str(error))
            return ABSENT

    def error_of(
        self, bound: BoundExpression, scope: Scope, path: str, *, items: bool = False
    ) -> FieldError | None:
        """What is wrong with one expression in a scope.

        Raises:
            TooMuch: It costs more than is left.
        """
        self._evaluate(bound, scope, path, items=items)
        return self.traces.pop().error if self.traces else None

    def elements(self, repeat: Repeat, scope: Scope) -> list[Match]:
        """What an `each` goes through.

        Raises:
            TooMuch: There are more than what is left allows.
        """
        bound = self._plan.sources[repeat.source.expression]
        values: Any = []
        if is_made(bound):
            values, _ = self._piped(bound, self._sourced(bound, scope).value, scope, [])
        return self._elements(bound, [] if values is ABSENT else values, scope)

    def _target(self, target: Target, scope: Scope, path: str) -> Any:
        if isinstance(target, Leaf):
            return self._evaluate(self._plan.fields[target.expression], scope, path)
        if isinstance(target, Group):
            return self._group(target, scope, path)
        if isinstance(target, Repeat):
            return self._repeat(target, scope, path)
        return self._listing(target, scope, path)

    def _group(self, group: Group, scope: Scope, path: str) -> Any:
        made: dict[str, Any] = {}
        present = not path
        for name, target in group.fields:
            value = self._target(target, scope, f"{path}.{name}" if path else name)
            if value is not ABSENT:
                made[name] = value
                present = present or not is_constant(target)
        return made if present or is_constant(group) else ABSENT

    def _listing(self, listing: Listing, scope: Scope, path: str) -> Any:
        made: list[Any] = []
        for item in listing.items:
            if isinstance(item, Repeat):
                value = self._repeat(item, scope, path, len(made))
                made += [] if value is ABSENT else value
            else:
                value = self._target(item, scope, f"{path}[{len(made)}]")
                made += [] if value is ABSENT else [value]
        return made or ABSENT

    def _repeat(self, repeat: Repeat, scope: Scope, path: str, start: int = 0) -> Any:
        bound = self._plan.sources[repeat.source.expression]
        values = self._evaluate(bound, scope, path, items=True)
        if values is ABSENT:
            return ABSENT
        made: list[Any] = []
        number = 0
        spent = self._costs.get(id(repeat)) or self._cost(repeat)
        self._costs[id(repeat)] = spent
        for element in self._elements(bound, values, scope):
            self._now = (path, repeat.source.expression.text)
            spend(self._meter, spent)
            inner = Scope({**scope.bound, repeat.name: element}, number + 1)
            if not all(self._holds(condition, inner) for condition in repeat.where):
                continue
            number += 1
            value = self._target(repeat.body, inner, f"{path}[{start + number - 1}]")
            made += [] if value is ABSENT else [value]
        return made or ABSENT

    def _cost(self, repeat: Repeat) -> int:
        """Of one element; when only errors are wanted, each of its expressions is counted by itself."""
        return REACHED if self._brief else VISIT + cost(self._plan, repeat.body)

    def _elements(self, bound: BoundExpression, values: list[Any], scope: Scope) -> list[Match]:
        """The elements with their places, which are known when no function made them anew."""
        if not is_made(bound):
            for source in bound.expression.sources:
                if isinstance(source, Path) and (found := self._matches(source, scope).matches):
                    return list(found)
        way = self._sourced(bound, scope).way or ()
        return [Match(value, way) for value in values if not is_absent(value)]

    def _holds(self, condition: Any, scope: Scope) -> bool:
        self._note(condition.path, scope)
        return satisfied(condition, scope.bound[condition.path.variable].value, self._meter)

    def _stopped(self, message: str) -> None:
        path, text = self._now
        self.traces.append(_refused(path, text, message))

    def _evaluate(self, bound: BoundExpression, scope: Scope, path: str, *, items: bool = False) -> Any:
        self._now = (path, bound.expression.text)
        if self._brief:
            spend(self._meter, EVALUATED)
        steps: list[TraceStep] = []
        sourced = _Sourced(ABSENT, "", None)
        value, message = ABSENT, ""
        try:
            sourced = self._sourced(bound, scope)
            value, message = self._piped(bound, sourced.value, scope, steps)
            if value is not ABSENT and not items:
                spend(self._meter, cost_of_text(value) if isinstance(value, str) else cost_of_tree(value))
            if value is ABSENT and not bound.optional and not message:
                message = "nothing present"
        except ValueRefused as error:
            value, message = ABSENT, str(error)
        if message or not self._brief:
            self.traces.append(self._trace(bound, sourced, steps, path, value, message))
        return value

    def _sourced(self, bound: BoundExpression, scope: Scope) -> _Sourced:
        for source in () if self._brief else bound.expression.sources:
            self._note(source, scope, groups=bound.takes == "any")
        deepest: _Sourced = _Sourced(ABSENT, "", None)
        for source in bound.expression.sources:
            if isinstance(source, Constant):
                return _Sourced([source.value] if bound.takes == "many" else source.value, "", None)
            if isinstance(source, Position):
                return _Sourced(
                    [scope.position] if bound.takes == "many" else scope.position, source.text, None
                )
            found = self._matches(source, scope)
            if found.matches:
                value = self._shaped(source, found.matches, bound, scope)
                return _Sourced(value, source.text, found.matches[0].way)
            deepest = _Sourced(ABSENT, source.text, found.deepest)
        return deepest

    def _matches(self, path: Path, scope: Scope) -> Found:
        return matches(path, scope.bound, self._meter, self._visit)

    def _shaped(self, path: Path, found: tuple[Match, ...], bound: BoundExpression, scope: Scope) -> Any:
        if bound.takes == "many":
            values = [match.value for match in found]
            spend(self._meter, cost_of_list(values, bound.weight))
            return values
        if bound.takes == "any":
            return raw(scope.bound[path.variable].value, path.selectors, path.steps, self._meter)
        if len(found) == 1 and isinstance(found[0].value, str):
            spend(self._meter, cost_of_text(found[0].value, bound.weight))
        return found[0].value if len(found) == 1 else _Several([match.value for match in found])

    def _piped(
        self, bound: BoundExpression, value: Any, scope: Scope, steps: list[TraceStep]
    ) -> tuple[Any, str]:
        """The value after all functions, and a message when an operand was missing."""
        if isinstance(value, _Several):
            raise ValueRefused(f"expected one match, found {shown(list(value))}")
        message = ""
        for step in bound.steps:
            if step.function.name == "default":
                value = default_of(step) if value is ABSENT else value
            elif value is not ABSENT or step.function.on_absent:
                value, missing = self._called(step, value, scope)
                message = message or missing
            else:
                continue
            if step.function.name != "optional":
                steps.append(TraceStep(step.call.text, None if value is ABSENT else value))
        if value is ABSENT:
            return ABSENT, "" if bound.optional else message
        return bound.finish(value), ""

    def _called(self, step: Step, value: Any, scope: Scope) -> tuple[Any, str]:
        if isinstance(value, list):
            spend(self._meter, len(value) * step.function.cost)
        operands: list[Any] = []
        for operand in step.operands:
            given = operand if isinstance(operand, str) else self._operand(operand, scope)
            if given is ABSENT:
                text = operand if isinstance(operand, str) else operand.text
                return ABSENT, f"nothing present at {text}, an operand of {step.function.name}"
            operands.append(given)
        result = step.run(value, operands) if operands else step.run(value)
        return (ABSENT if step.may_drop and is_absent(result) else result), ""

    def _operand(self, operand: Source, scope: Scope) -> Any:
        if isinstance(operand, Constant):
            return operand.value
        if isinstance(operand, Position):
            return scope.position
        self._note(operand, scope)
        found = self._matches(operand, scope).matches
        if len(found) > 1:
            raise ValueRefused(
                f"expected one match at {operand.text}, found {shown([m.value for m in found])}"
            )
        return found[0].value if found else ABSENT

    def _trace(
        self,
        bound: BoundExpression,
        sourced: _Sourced,
        steps: list[TraceStep],
        path: str,
        value: Any,
        message: str,
    ) -> FieldTrace:
        kind = self._plan.document.source_type
        place = "" if sourced.way is None else position(self._root, sourced.way, kind)
        found = None if sourced.value is ABSENT else _listed(sourced.value)
        text = bound.expression.text
        trace = FieldTrace(
            path, text, sourced.source, found, place, tuple(steps), None if value is ABSENT else value, None
        )
        if not message:
            return trace
        return replace(trace, error=FieldError(path, message, text, sourced.source, found, place))

    def _note(self, source: Source, scope: Scope, *, groups: bool = False) -> None:
        """Remember what a path read, for the coverage report; a group only when it is taken whole."""
        if self._brief or not isinstance(source, Path):
            return
        start = scope.bound[source.variable].way
        for match in matches(source, scope.bound).matches:
            if groups or not isinstance(match.value, dict):
                self.reads.add(match.way)
            at = len(start)
            for selector in source.selectors:
                self.reads.add((*start, *selector.path))
            for step in source.steps:
                at += 2 if at + 1 < len(match.way) and isinstance(match.way[at + 1], int) else 1
                for selector in step.selectors:
                    self.reads.add((*match.way[:at], *selector.path))


class _Several(list[Any]):
    """More matches than wanted; refused once the trace has them."""


def is_made(bound: BoundExpression) -> bool:
    """Whether functions make the elements of an `each` anew."""
    return any(step.function.name != "optional" for step in bound.steps)


def _refused(path: str, text: str, message: str) -> FieldTrace:
    return FieldTrace(path, text, "", None, "", (), None, FieldError(path, message, text, "", None, ""))


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, _Several) else value
