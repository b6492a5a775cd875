"""Expressions bound to their functions and code tables: checked once, ready to run.

Both ways of running a mapping, the reference interpreter and the generated code, start here, so
a function's arguments mean the same in both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from hub.mapping.functions import FUNCTIONS, Function
from hub.mapping.functions.base import ArgumentRefused, Param, Run, Shape, spread
from hub.mapping.limits import VALUE, size_of
from hub.mapping.lookups import Lookup
from hub.mapping.nodes import Call, Expression, Leaf, Literal, Path, Position, Source
from hub.mapping.values import ABSENT, ValueRefused, is_absent, plain, shown, text_of

_CANONICAL_TYPE = re.compile(r"[a-z_]+(\.[a-z_]+)*@[0-9]+")
_TYPED = ("json", "xlsx")
_TEXT_TYPES = ("x12/", "edifact/", "csv", "delimited", "xml")


@dataclass(frozen=True, slots=True)
class Step:
    """One bound call.

    Attributes:
        call: As written.
        function: What it calls.
        run: Value (and operand values) to value; over each element where a list goes through a
            function on one value.
        operands: What its operand arguments name; a `str` is a quoted text.
        many: Whether a list goes in, so that a default stands for a list.
        may_drop: Whether the result may be absent.
        lookups: Its code tables.
    """

    call: Call
    function: Function
    run: Run
    operands: tuple[Source | str, ...]
    many: bool
    may_drop: bool
    lookups: tuple[Lookup, ...] = ()

    @property
    def length(self) -> int:
        """Bytes of its quoted arguments, any of which may become part of a result."""
        return sum(
            size_of(argument.value) for argument in self.call.arguments if isinstance(argument, Literal)
        )


@dataclass(frozen=True, slots=True)
class BoundExpression:
    """An expression ready to run.

    Attributes:
        expression: As parsed.
        steps: Its calls in order, guards included.
        optional: Whether it may give nothing.
        takes: Shape of what the sources must give: one value, many, or any.
        gives: Shape of the result, never "source".
        finish: Result to what the target type wants; refuses groups and lists not asked for.
    """

    expression: Expression
    steps: tuple[Step, ...]
    optional: bool
    takes: Shape
    gives: Shape
    finish: Callable[[Any], Any]

    @property
    def weight(self) -> int:
        """How often each byte of a long text is counted: once as it is, and in each function."""
        return 1 + sum(max(1, step.function.cost // VALUE) for step in self.steps)

    @property
    def cost(self) -> int:
        """What the expression costs on a short text, in units of `hub.mapping.limits`."""
        return VALUE + sum(step.function.cost * (1 + len(step.operands)) + step.length for step in self.steps)


def _unknown_function(name: str) -> str:
    near = get_close_matches(name, FUNCTIONS, n=1, cutoff=0.7)
    meant = f", did you mean {near[0]}?" if near else ";"
    return f"unknown function{meant} known: {', '.join(sorted(FUNCTIONS))}"


def is_canonical(document_type: str) -> bool:
    """Whether a document type names one of our own facts (`return.requested@1`)."""
    return _CANONICAL_TYPE.fullmatch(document_type) is not None


@dataclass(frozen=True, slots=True)
class Binder:
    """Binds the expressions of one mapping.

    Attributes:
        lookups: Code tables by the name the mapping gives them.
        target_type: Decides how numbers leave: JSON and spreadsheets keep them, text formats take text,
            facts take decimal text.
    """

    lookups: Mapping[str, Lookup]
    target_type: str

    def bind(self, leaf: Leaf, *, items: bool = False) -> BoundExpression:
        """Bind a leaf; `items`: it feeds an `each`, so any number of values of any kind is fine.

        Raises:
            YamlError: An unknown function, wrong arguments, or functions that do not fit together.
        """
        expression = leaf.expression
        takes: Shape = "many" if items else _wanted(expression)
        shape: Shape = "many" if items or takes == "many" else "source"
        steps: list[Step] = []
        for call in expression.calls:
            try:
                step, shape = self._step(call, shape)
            except ArgumentRefused as error:
                raise leaf.node.error(f"{call.name}: {error}", call.at) from error
            steps.append(step)
        optional = any(step.function.name == "optional" for step in steps)
        gives = "one" if shape == "source" else shape
        finish = _FINISHERS[gives](self._scalar())
        if items:
            finish = _kept if gives == "many" else _listed
        return BoundExpression(expression, tuple(steps), optional, takes, gives, finish)

    def _step(self, call: Call, shape: Shape) -> tuple[Step, Shape]:
        """Bind one call to a value of some shape; returns it with the shape of its result."""
        function = FUNCTIONS.get(call.name)
        if function is None:
            raise ArgumentRefused(_unknown_function(call.name))
        params = spread(function.params, len(call.arguments))
        pairs = list(zip(params, call.arguments, strict=True))
        operands = tuple(
            argument.value if isinstance(argument, Literal) else argument
            for param, argument in pairs
            if param.kind == "operand"
        )
        arguments = [self._argument(param, raw) for param, raw in pairs if param.kind != "operand"]
        run = function.bind(*arguments)
        lookups = tuple(argument for argument in arguments if isinstance(argument, Lookup))
        many = shape == "many"
        if _is_guard(function):
            return Step(call, function, run, operands, many, may_drop=False, lookups=lookups), shape
        if shape == "map":
            raise ArgumentRefused("nothing can follow a function that gives a whole group")
        given = function.gives(len(call.arguments))
        if function.takes == "one" and shape == "many":
            run = _elementwise(run)
            return Step(call, function, run, operands, many, may_drop=True, lookups=lookups), "many"
        if function.takes == "many" and not many:
            run = _wrapped(run)
        may_drop = function.may_drop or bool(operands)
        return Step(call, function, run, operands, many, may_drop, lookups), given

    def _argument(self, param: Param, raw: Literal | Path | Position) -> Any:
        if not isinstance(raw, Literal):  # the parser reads paths only for operands
            raise ArgumentRefused(f"expected a text for {param.name}, found a path")
        value = raw.value
        if param.choices and value not in param.choices:
            raise ArgumentRefused(f"expected {' or '.join(param.choices)} for {param.name}, found '{value}'")
        if param.kind == "integer":
            if not re.fullmatch(r"[+-]?[0-9]{1,6}", value):
                raise ArgumentRefused(f"expected a whole number for {param.name}, found '{value}'")
            return int(value)
        if param.kind == "lookup":
            if value not in self.lookups:
                known = ", ".join(sorted(self.lookups)) or "none"
                raise ArgumentRefused(f"no lookup '{value}' in this mapping, known: {known}")
            return self.lookups[value]
        return value

    def _scalar(self) -> Callable[[Any], Any]:
        if self.target_type.partition("/")[0] in _TYPED:
            return _json_scalar
        return _text_scalar if self.target_type.startswith(_TEXT_TYPES) else _fact_scalar


def default_of(step: Step) -> Any:
    """The value that a `default(x)` step puts in place of nothing."""
    argument = step.call.arguments[0]
    value = argument.value if isinstance(argument, Literal) else ""
    return [value] if step.many else value


def _is_guard(function: Function) -> bool:
    """Whether a call leaves the shape alone and says nothing about what the source must give."""
    return function.name in ("optional", "default")


def _wanted(expression: Expression) -> Shape:
    """What the first function that is no guard takes."""
    for call in expression.calls:
        function = FUNCTIONS.get(call.name)
        if function is not None and not _is_guard(function):
            return function.takes
    return "one"


def _elementwise(run: Run) -> Run:
    def each(values: list[Any], *operands: Any) -> Any:
        results = [run(value, *operands) for value in values]
        return [result for result in results if not is_absent(result)] or ABSENT

    return each


def _wrapped(run: Run) -> Run:
    def one(value: Any, *operands: Any) -> Any:
        return run(value if value is ABSENT or isinstance(value, list) else [value], *operands)

    return one


def _json_scalar(value: Any) -> Any:
    if isinstance(value, str | bool):
        return value
    if isinstance(value, int | Decimal):
        text_of(value)  # refuses what is too long
        return value
    raise ValueRefused(f"expected a single value, found {_described(value)}")


def _fact_scalar(value: Any) -> Any:
    value = _json_scalar(value)
    return plain(value) if isinstance(value, Decimal) else value


def _text_scalar(value: Any) -> str:
    value = _fact_scalar(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def _described(value: Any) -> str:
    return f"the binary float {value!r}" if isinstance(value, float) else shown(value)


def _kept(value: Any) -> Any:
    return value


def _listed(value: Any) -> list[Any]:
    return [value]


def _tree(scalar: Callable[[Any], Any], value: Any) -> Any:
    """A whole group with its scalars finished; its size was checked by `copy`."""
    if isinstance(value, dict):
        return {str(name): _tree(scalar, item) for name, item in value.items() if not is_absent(item)}
    if isinstance(value, list):
        return [_tree(scalar, item) for item in value if not is_absent(item)]
    return scalar(value)


def _finish_many(scalar: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def finish(values: Any) -> Any:
        if not isinstance(values, list):
            return scalar(values)
        return [item if _is_coded(item) else scalar(item) for item in values if not is_absent(item)] or ABSENT

    return finish


def _is_coded(item: Any) -> bool:
    return isinstance(item, dict) and item.keys() == {"scheme", "code", "canonical", "raw"}


def _finish_any(scalar: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: _tree(scalar, value)


_FINISHERS: dict[Shape, Callable[[Callable[[Any], Any]], Callable[[Any], Any]]] = {
    "one": lambda scalar: scalar,
    "many": _finish_many,
    "map": lambda _scalar: _kept,
    "any": _finish_any,
}
