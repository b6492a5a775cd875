"""What a function of the notation is, and the one registry of them.

A function module declares functions with `@function(…)` on a *binder*: it takes the arguments of
one call, checked and converted, once per mapping file, and returns the callable that runs per
value. Everything here is pure: no clock, no I/O, no state that could be seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from hub.mapping.limits import VALUE

Run: TypeAlias = Callable[..., Any]
"""`run(value)`, or `run(value, operands)` for a function with operands."""

Kind = Literal["text", "integer", "lookup", "operand"]
Shape = Literal["source", "one", "many", "map", "any"]
"""source: as it was found, no function ran yet · one: a single value · many: a list of values · map: a
group with fixed keys · any: whatever comes."""

Makes = Literal["text", "value", "same"]
"""text: always a text · value: a number, a truth value, a group, a list · same: the value that came."""


class ArgumentRefused(ValueError):  # noqa: N818 - the argument is refused
    """An argument cannot be used; found when the mapping is compiled."""


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter.

    Attributes:
        name: As documentation shows it.
        kind: text, integer, lookup (the name of a code table), operand (a path or a quoted text).
        needed: Whether a call must give it.
        many: Whether it takes all remaining arguments.
        choices: The only texts allowed, when not empty.
    """

    name: str
    kind: Kind = "text"
    needed: bool = True
    many: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """`value | call` gives `result`; run by the tests, shown in the documentation."""

    value: Any
    call: str
    result: Any


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the notation.

    Attributes:
        name: As it is called.
        group: text, decimal, dates, codes, structure, ids or guards.
        doc: What it does and what it refuses.
        params: Its parameters in order.
        takes: one value, many (a list), or any.
        gives: Shape of the result; `split` decides by its arguments.
        bind: Arguments to the callable that runs per value.
        examples: At least one, except where a code table is needed.
        on_absent: Whether it also runs when nothing is present.
        may_drop: Whether its result may be absent.
        makes: What its result is, so that no one has to look.
        cost: What one value costs, in units of `hub.mapping.limits`.
    """

    name: str
    group: str
    doc: str
    params: tuple[Param, ...]
    takes: Shape
    gives: Callable[[int], Shape]
    bind: Callable[..., Run]
    examples: tuple[Example, ...]
    on_absent: bool
    may_drop: bool
    makes: Makes = "text"
    cost: int = VALUE

    @property
    def signature(self) -> str:
        """`pad(width, with?, side?)`."""
        if not self.params:
            return self.name
        shown = [
            f"{param.name}{'…' if param.many else ''}{'' if param.needed else '?'}" for param in self.params
        ]
        return f"{self.name}({', '.join(shown)})"

    @property
    def has_operands(self) -> bool:
        """Whether bare arguments are paths."""
        return any(param.kind == "operand" for param in self.params)


FUNCTIONS: dict[str, Function] = {}
"""Every function by name, filled when `hub.mapping.functions` is imported."""


def function(  # noqa: PLR0913 - one keyword per attribute of a function
    name: str,
    *,
    group: str,
    doc: str,
    params: Sequence[Param] = (),
    takes: Shape = "one",
    gives: Shape | Callable[[int], Shape] = "one",
    examples: Sequence[tuple[Any, str, Any]] = (),
    on_absent: bool = False,
    may_drop: bool = False,
    makes: Makes = "text",
    cost: int = VALUE,
) -> Callable[[Callable[..., Run]], Callable[..., Run]]:
    """Register the decorated binder under `name`."""

    def register(bind: Callable[..., Run]) -> Callable[..., Run]:
        shape = gives if callable(gives) else _constant(gives)
        samples = tuple(Example(*example) for example in examples)
        FUNCTIONS[name] = Function(
            name, group, doc, tuple(params), takes, shape, bind, samples, on_absent, may_drop, makes, cost
        )
        return bind

    return register


def _constant(shape: Shape) -> Callable[[int], Shape]:
    return lambda _count: shape


def spread(params: Sequence[Param], count: int) -> Iterator[Param]:
    """The parameter of each of `count` arguments.

    Raises:
        ArgumentRefused: Too few or too many.
    """
    least = sum(param.needed for param in params)
    most = None if any(param.many for param in params) else len(params)
    if count < least or (most is not None and count > most):
        wanted = (
            str(least) if most == least else f"{least} to {most}" if most is not None else f"at least {least}"
        )
        raise ArgumentRefused(f"expected {wanted} argument{'' if wanted == '1' else 's'}, found {count}")
    for index in range(count):
        yield params[min(index, len(params) - 1)]
