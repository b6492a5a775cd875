"""Says what is wrong with the fields that generated code could not fill."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from hub.mapping.errors import FieldError
from hub.mapping.faults import Fault, Faults, Turns
from hub.mapping.interpret import Interpreter, Scope, is_made
from hub.mapping.limits import EXPLAINED, TooMuch
from hub.mapping.nodes import Path, Repeat
from hub.mapping.paths import Match
from hub.mapping.plan import Plan
from hub.mapping.values import is_absent

_Elements: TypeAlias = Callable[[int], Match]
"""What an `each` goes through, counted from 0."""

_Key: TypeAlias = tuple[int, Turns]


class Mistaken(Exception):  # noqa: N818 - about the generated code, no fault of a document
    """The interpreter finds nothing wrong with a field that generated code could not fill."""


class Explainer:
    """Evaluates faults again, each in its element; make a new one per document.

    Args:
        plan: What was run.
        root: The document.
    """

    def __init__(self, plan: Plan, root: Any) -> None:
        self._plan = plan
        self._interpreter = Interpreter(plan, root, work=EXPLAINED)
        self._scopes: dict[_Key, Scope] = {}
        self._elements: dict[_Key, _Elements] = {}

    def errors(self, faults: Faults, *, complete: bool = True) -> tuple[FieldError, ...]:
        """All errors in the order of the target, and a word on those that are too many to be listed.

        Args:
            faults: What generated code noted.
            complete: Whether it came to the end of the document.

        Raises:
            Mistaken: One of them is none.
        """
        found: list[FieldError] = []
        for fault in faults.listed:
            try:
                found.append(self._error(fault))
            except TooMuch:
                said = "in error; the record is too large to say why"
                found += [_without_cause(one, said) for one in faults.listed[len(found) :]]
                break
        if faults.first_unlisted is not None:
            least = "" if complete else "at least "
            said = f"from here on {least}{faults.unlisted} more elements are in error and not listed"
            found.append(_without_cause(faults.first_unlisted, said))
        return tuple(found)

    def _error(self, fault: Fault) -> FieldError:
        spot = fault.spot
        scope = self._scope(spot.repeats, fault.turns)
        error = self._interpreter.error_of(spot.bound, scope, fault.path, items=spot.items)
        if error is None:
            raise Mistaken(fault.path)
        return error

    def _scope(self, repeats: Sequence[Repeat], turns: Turns) -> Scope:
        """What an expression in an element can see."""
        if not repeats:
            return self._interpreter.scope()
        *surrounding, repeat = repeats
        *before, turn, number = turns
        key = (id(repeat), turns)
        if key not in self._scopes:
            outer = self._scope(surrounding, tuple(before))
            list_key = (id(repeat), tuple(before))
            if list_key not in self._elements:
                self._elements[list_key] = self._of(repeat, outer)
            element = self._elements[list_key](turn - 1)
            self._scopes[key] = Scope({**outer.bound, repeat.name: element}, number)
        return self._scopes[key]

    def _of(self, repeat: Repeat, scope: Scope) -> _Elements:
        bound = self._plan.sources[repeat.source.expression]
        source, *others = bound.expression.sources
        if isinstance(source, Path) and not (others or is_made(bound)):
            plain = _in_a_list(source, scope)
            if plain is not None:
                return plain
        return self._interpreter.elements(repeat, scope).__getitem__


def _in_a_list(path: Path, scope: Scope) -> _Elements | None:
    """The elements of the one list at a name: their places are made only when they are asked for."""
    start = scope.bound[path.variable]
    if path.selectors or len(path.steps) != 1 or path.steps[0].selectors or not isinstance(start.value, dict):
        return None
    name = path.steps[0].name
    values = start.value.get(name)
    if not isinstance(values, list):
        return None
    present = [index for index, value in enumerate(values) if value or not is_absent(value)]
    return lambda turn: Match(values[present[turn]], (*start.way, name, present[turn]))


def _without_cause(fault: Fault, said: str) -> FieldError:
    expression = fault.spot.bound.expression
    source = expression.sources[0]
    text = source.text if isinstance(source, Path) else ""
    return FieldError(fault.path, said, expression.text, text, None, "")
