"""Functions on text; positions count from 1, both ends included."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hub.mapping.functions.base import ArgumentRefused, Param, Run, function
from hub.mapping.values import ABSENT, MAX_TEXT, ValueRefused, made, text_of

MAX_PIECES = 10_000
"""Pieces that `split` may make of one text."""

_SIDES = ("left", "right")


@function(
    "trim",
    group="text",
    doc="Removes blanks at both ends; only blanks are nothing.",
    may_drop=True,
    examples=[(" A 1 ", "trim", "A 1")],
)
def _trim() -> Run:
    return lambda value: text_of(value).strip()


@function("upper", group="text", doc="Capital letters.", examples=[("ea", "upper", "EA")])
def _upper() -> Run:
    return lambda value: text_of(value).upper()


@function("lower", group="text", doc="Small letters.", examples=[("EA", "lower", "ea")])
def _lower() -> Run:
    return lambda value: text_of(value).lower()


@function(
    "pad",
    group="text",
    doc="Fills up to `width` characters, with zeros at the left unless told otherwise.",
    params=[
        Param("width", "integer"),
        Param("with", needed=False),
        Param("side", needed=False, choices=_SIDES),
    ],
    examples=[("10", "pad(6)", "000010"), ("A", "pad(3, ' ', right)", "A  ")],
)
def _pad(width: int, fill: str = "0", side: str = "left") -> Run:
    if not 1 <= width <= MAX_TEXT:
        raise ArgumentRefused(f"expected a width from 1 to {MAX_TEXT}, found {width}")
    _one_character(fill)
    if side == "left":
        return lambda value: text_of(value).rjust(width, fill)
    return lambda value: text_of(value).ljust(width, fill)


@function(
    "unpad",
    group="text",
    doc="Removes leading zeros (or another character, or trailing ones); one character always stays.",
    params=[Param("with", needed=False), Param("side", needed=False, choices=_SIDES)],
    examples=[("000010", "unpad", "10"), ("000", "unpad", "0"), ("A..", "unpad('.', right)", "A")],
)
def _unpad(fill: str = "0", side: str = "left") -> Run:
    _one_character(fill)

    def run(value: Any) -> str:
        text = text_of(value)
        left = text.lstrip(fill) if side == "left" else text.rstrip(fill)
        return left or text[:1]

    return run


@function(
    "split",
    group="text",
    doc="Cuts at a separator: all pieces as a list, or piece number `piece` (nothing when there are fewer).",
    params=[Param("separator"), Param("piece", "integer", needed=False)],
    gives=lambda count: "one" if count > 1 else "many",
    may_drop=True,
    examples=[("A/B/C", "split('/', 2)", "B"), ("A B", "split(' ')", ["A", "B"])],
)
def _split(separator: str, piece: int | None = None) -> Run:
    if not separator:
        raise ArgumentRefused("expected a separator, found the empty text")
    if piece is None:
        return lambda value: _pieces(text_of(value), separator)
    number = piece
    if number < 1:
        raise ArgumentRefused(f"pieces count from 1, found {number}")

    def run(value: Any) -> Any:
        pieces = text_of(value).split(separator, number)
        return pieces[number - 1] or ABSENT if len(pieces) >= number else ABSENT

    return run


@function(
    "join",
    group="text",
    doc="Makes one text of a list, with a separator between.",
    params=[Param("separator")],
    takes="many",
    examples=[(["A", "B"], "join('-')", "A-B")],
)
def _join(separator: str) -> Run:
    return lambda values: made(separator.join([text_of(value) for value in values]))


@function(
    "replace",
    group="text",
    doc="Replaces every occurrence of a text.",
    may_drop=True,
    params=[Param("text"), Param("with")],
    examples=[("4006381-33", "replace('-', '')", "400638133")],
)
def _replace(old: str, new: str) -> Run:
    if not old:
        raise ArgumentRefused("expected a text to replace, found the empty text")
    if len(new) <= len(old):
        return lambda value: text_of(value).replace(old, new)

    def run(value: Any) -> str:
        return made(made(text_of(value)).replace(old, new))

    return run


@function(
    "slice",
    group="text",
    doc="Characters `start` to `end`, counted from 1 and both included; negative counts from the end.",
    params=[Param("start", "integer"), Param("end", "integer", needed=False)],
    may_drop=True,
    examples=[
        ("20261101", "slice(1, 4)", "2026"),
        ("INV-0042", "slice(5)", "0042"),
        ("INV-0042", "slice(-2)", "42"),
    ],
)
def _slice(start: int, end: int | None = None) -> Run:
    if start == 0 or end == 0:
        raise ArgumentRefused("characters count from 1, found 0")
    first = start - 1 if start > 0 else start
    last = None if end in (None, -1) else end + 1 if end is not None and end < 0 else end
    part = slice(first, last)
    return lambda value: text_of(value)[part] or ABSENT


@function(
    "concat",
    group="text",
    doc="Appends texts (quoted) and values at paths (bare); nothing when one of the paths gives nothing.",
    params=[Param("part", "operand", many=True)],
    examples=[("RMA", "concat('-', '7')", "RMA-7")],
)
def _concat() -> Run:
    def run(value: Any, operands: Sequence[Any]) -> str:
        return made(text_of(value) + "".join([text_of(operand) for operand in operands]))

    return run


def _pieces(text: str, separator: str) -> list[str]:
    pieces = text.split(separator, MAX_PIECES)
    if len(pieces) > MAX_PIECES:
        raise ValueRefused(f"a text of more than {MAX_PIECES} pieces")
    return pieces


def _one_character(fill: str) -> None:
    if len(fill) != 1:
        raise ArgumentRefused(f"expected one character, found '{fill}'")
