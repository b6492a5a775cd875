"""Functions of the notation on a short, plain text, written out as Python conditions.

A chain of conditions stands for an expression's functions: each either tests or assigns, and when one
fails the whole expression goes through its pipeline, which answers everything. So a condition may be
as narrow as it likes; it must only never hold with a value that the function would not give.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hub.mapping.binding import BoundExpression, Step
from hub.mapping.functions.numbers import ROUNDINGS, TRUTHS
from hub.mapping.generate_source import Writer
from hub.mapping.limits import VALUE
from hub.mapping.nodes import Literal
from hub.mapping.values import EXACT

_PLAIN_NUMBER = re.compile(r"(?:0|[1-9][0-9]{0,38})(?:\.[0-9]{1,38})?").fullmatch
"""A number that is its own exact text."""

_WHOLE_DIGITS = 40
"""A whole number of fewer digits is one."""

_PLAIN_PLACES = 6
"""Up to so many places `str` of a decimal has no exponent."""


@dataclass(slots=True)
class Chain:
    """Conditions under way.

    Attributes:
        writer: Where constants go.
        at: Name that has the value so far.
        to: Name that gets it.
        operands: Code of each operand in order, all known to be texts.
        conditions: What was written.
        is_text: Whether the value so far is known to be text.
        is_number: Whether it is known to be a plain number.
    """

    writer: Writer
    at: str
    to: str
    operands: list[str]
    conditions: list[str] = field(default_factory=list)
    is_text: bool = True
    is_number: bool = False

    def text(self, code: str, *, grows: bool = False) -> None:
        """A text that is not empty; one that may be longer than what came is counted."""
        self.conditions.append(f"({self.to} := {code})")
        self.at, self.is_number = self.to, False
        if grows:
            self.conditions.append(f"(len({self.to}) <= {VALUE} or grown(meter, {self.to}))")

    def value(self, code: str) -> None:
        """Anything but None."""
        self.conditions.append(f"({self.to} := {code}) is not None")
        self.at, self.is_text = self.to, False

    def number(self) -> None:
        """Test that the text is a plain number."""
        if not self.is_number:
            whole = f"{self.at}.isdecimal() and {self.at}.isascii() and {self.at}[0] != '0'"
            plain = f"{self.writer.constant(_PLAIN_NUMBER)}({self.at})"
            self.conditions.append(f"({whole} and len({self.at}) < {_WHOLE_DIGITS} or {plain})")
        self.is_number = True


def chained(bound: BoundExpression, chain: Chain) -> bool:
    """Write the functions of an expression into a chain; False when it cannot stand for them."""
    for step in bound.steps:
        if step.function.name in ("optional", "default"):
            continue
        if not chain.is_text or not _is_single(step):
            return False
        inline = INLINE.get(step.function.name)
        if inline is not None and inline(chain, step, _arguments(step)):
            continue
        if step.operands:
            return False
        _called(chain, step)
    return True


def _is_single(step: Step) -> bool:
    """Whether a step makes one present value of one present value."""
    gives = step.function.gives(len(step.call.arguments))
    return (
        step.function.takes == "one"
        and gives in ("one", "map")
        and not (step.many or step.function.on_absent)
    )


def _arguments(step: Step) -> list[str]:
    return [argument.value for argument in step.call.arguments if isinstance(argument, Literal)]


def _called(chain: Chain, step: Step) -> None:
    run = chain.writer.constant(getattr(step.run, "on_text", step.run))
    if step.function.makes == "value":
        chain.value(f"{run}({chain.at})")
    else:
        chain.text(f"{run}({chain.at})", grows=step.function.makes == "text")


def _trim(chain: Chain, _step: Step, _arguments: Sequence[str]) -> bool:
    chain.text(f"{chain.at}.strip()")
    return True


def _upper(chain: Chain, _step: Step, _arguments: Sequence[str]) -> bool:
    chain.text(f"{chain.at}.upper()", grows=True)
    return True


def _lower(chain: Chain, _step: Step, _arguments: Sequence[str]) -> bool:
    chain.text(f"{chain.at}.lower()", grows=True)
    return True


def _unpad(chain: Chain, _step: Step, arguments: Sequence[str]) -> bool:
    fill = arguments[0] if arguments else "0"
    strip = "rstrip" if arguments[1:] == ["right"] else "lstrip"
    chain.text(f"{chain.at}.{strip}({fill!r}) or {chain.at}[:1]")
    return True


def _slice(chain: Chain, _step: Step, arguments: Sequence[str]) -> bool:
    start, end = int(arguments[0]), int(arguments[1]) if arguments[1:] else None
    if start < 0 or (end is not None and end < 0):
        return False
    chain.text(f"{chain.at}[{start - 1}:{'' if end is None else end}]")
    return True


def _decimal(chain: Chain, _step: Step, arguments: Sequence[str]) -> bool:
    if list(arguments) == ["comma"]:
        return False
    chain.number()
    return True


def _round(chain: Chain, _step: Step, arguments: Sequence[str]) -> bool:
    places = int(arguments[0])
    if places > _PLAIN_PLACES:
        return False
    how = ROUNDINGS[arguments[1] if arguments[1:] else "half_up"]
    unit, exact = chain.writer.constant(Decimal(1).scaleb(-places)), chain.writer.constant(EXACT)
    number, text = chain.writer.constant(Decimal), chain.writer.constant(str)
    chain.number()
    chain.text(f"{text}({number}({chain.at}).quantize({unit}, {how!r}, {exact}))")
    return True


def _boolean(chain: Chain, _step: Step, arguments: Sequence[str]) -> bool:
    truths = {arguments[0]: True, arguments[1]: False} if arguments else TRUTHS
    at = chain.at if arguments else f"{chain.at}.lower()"
    chain.value(f"{chain.writer.constant(truths.get)}({at})")
    return True


def _lookup(chain: Chain, step: Step, _arguments: Sequence[str]) -> bool:
    entries = step.lookups[0].entries
    chain.text(f"{chain.writer.constant(entries.get)}({chain.at})", grows=True)
    return True


def _crosswalk(chain: Chain, step: Step, arguments: Sequence[str]) -> bool:
    if len(arguments) > 1:
        return False
    table = step.lookups[0]
    raw, canonical = chain.at, chain.writer.name("v")
    if raw == chain.to:  # it would be gone before it is told
        return False
    chain.conditions.append(
        f"({canonical} := {chain.writer.constant(table.entries.get)}({raw}.strip())) is not None"
    )
    chain.conditions.append(f"(len({canonical}) <= {VALUE} or weighed(meter, {canonical}))")
    coded = f"'scheme': {table.column!r}, 'code': {raw}.strip(), 'canonical': {canonical}, 'raw': {raw}"
    chain.value(f"{{{coded}}}")
    return True


def _concat(chain: Chain, step: Step, _arguments: Sequence[str]) -> bool:
    parts = [repr(part) if isinstance(part, str) else chain.operands.pop(0) for part in step.operands]
    chain.text(" + ".join([chain.at, *parts]), grows=True)
    return True


INLINE: Mapping[str, Callable[[Chain, Step, Sequence[Any]], bool]] = {
    "boolean": _boolean,
    "concat": _concat,
    "crosswalk": _crosswalk,
    "decimal": _decimal,
    "lookup": _lookup,
    "lower": _lower,
    "round": _round,
    "slice": _slice,
    "trim": _trim,
    "unpad": _unpad,
    "upper": _upper,
}
