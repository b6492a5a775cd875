"""Exact decimals; results are plain text (`2.50`) unless `number` or `integer` ends the line."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Decimal
from typing import Any

from hub.mapping.functions.base import ArgumentRefused, Param, Run, function
from hub.mapping.values import EXACT, MAX_DIGITS, ValueRefused, bounded, decimal_of, plain, shown, text_of

ROUNDINGS = {
    "half_up": ROUND_HALF_UP,
    "half_even": ROUND_HALF_EVEN,
    "down": ROUND_DOWN,
    "up": ROUND_UP,
}


@function(
    "decimal",
    group="decimal",
    cost=100,
    doc="A number as plain decimal text, its digits kept. `decimal(comma)` reads `1.234,50`.",
    params=[Param("separator", needed=False, choices=("point", "comma"))],
    examples=[
        ("+02.50", "decimal", "2.50"),
        ("1E3", "decimal", "1000"),
        ("1.234,5", "decimal(comma)", "1234.5"),
    ],
)
def _decimal(separator: str = "point") -> Run:
    if separator == "comma":
        return lambda value: plain(decimal_of(text_of(value).replace(".", "").replace(",", ".")))

    def run(value: Any) -> str:
        if (
            type(value) is str
            and value.isdigit()
            and value.isascii()
            and value[0] != "0"
            and len(value) < MAX_DIGITS
        ):
            return value
        return plain(decimal_of(value))

    return run


@function(
    "scale",
    group="decimal",
    cost=200,
    doc="Moves the decimal point: `scale(-2)` reads implied decimals, `scale(2)` writes them.",
    params=[Param("places", "integer")],
    examples=[("12345", "scale(-2)", "123.45"), ("123.45", "scale(2)", "12345")],
)
def _scale(places: int) -> Run:
    if abs(places) > MAX_DIGITS:
        raise ArgumentRefused(f"expected at most {MAX_DIGITS} places, found {places}")
    return lambda value: plain(bounded(decimal_of(value).scaleb(places, EXACT)))


@function(
    "round",
    group="decimal",
    cost=200,
    doc="Rounds to so many places: half_up (the default), half_even, down or up.",
    params=[Param("places", "integer"), Param("how", needed=False, choices=tuple(ROUNDINGS))],
    examples=[("2.345", "round(2)", "2.35"), ("2.345", "round(2, down)", "2.34"), ("7", "round(2)", "7.00")],
)
def _round(places: int, how: str = "half_up") -> Run:
    if not 0 <= places <= MAX_DIGITS:
        raise ArgumentRefused(f"expected 0 to {MAX_DIGITS} places, found {places}")
    unit = Decimal(1).scaleb(-places)
    return lambda value: plain(decimal_of(value).quantize(unit, ROUNDINGS[how], EXACT))


@function(
    "sum",
    group="decimal",
    cost=100,
    doc="Adds all values of a list, and the values at further paths.",
    params=[Param("more", "operand", needed=False, many=True)],
    takes="many",
    examples=[(["1.5", "2"], "sum", "3.5"), ("1", "sum('2')", "3")],
)
def _sum() -> Run:
    def run(values: Sequence[Any], operands: Sequence[Any] = ()) -> str:
        total = Decimal(0)
        for value in (*values, *operands):
            total = EXACT.add(total, decimal_of(value))
        return plain(total)

    return run


@function(
    "product",
    group="decimal",
    cost=100,
    doc="Multiplies all values of a list, and the values at further paths.",
    params=[Param("more", "operand", needed=False, many=True)],
    takes="many",
    examples=[("3", "product('2.50')", "7.50")],
)
def _product() -> Run:
    def run(values: Sequence[Any], operands: Sequence[Any] = ()) -> str:
        total = Decimal(1)
        for value in (*values, *operands):
            total = bounded(EXACT.multiply(total, decimal_of(value)))
        return plain(total)

    return run


@function(
    "number",
    group="decimal",
    makes="value",
    doc="An exact JSON number, for `json/…` targets that want one.",
    examples=[("2.50", "number", Decimal("2.50"))],
)
def _number() -> Run:
    return decimal_of


@function(
    "integer",
    group="decimal",
    makes="value",
    doc="A whole JSON number; `2.0` is whole, `2.5` is refused.",
    examples=[("007", "integer", 7), ("2.0", "integer", 2)],
)
def _integer() -> Run:
    def run(value: Any) -> int:
        number = decimal_of(value)
        if number != number.to_integral_value():
            raise ValueRefused(f"expected a whole number, found {shown(value)}")
        return int(number)

    return run


@function(
    "boolean",
    group="decimal",
    makes="value",
    doc="true or false: from true/false, yes/no, y/n, 1/0 in any case, or from exactly the two texts given.",
    params=[Param("true", needed=False), Param("false", needed=False)],
    examples=[("Y", "boolean", True), ("0", "boolean", False), ("02", "boolean('01', '02')", False)],
)
def _boolean(*words: str) -> Run:
    if len(words) == 1:
        raise ArgumentRefused("expected two texts (for true and false) or none, found one")
    texts = {words[0]: True, words[1]: False} if words else TRUTHS
    fold = not words

    def run(value: Any) -> bool:
        text = text_of(value)
        answer = texts.get(text.lower() if fold else text)
        if answer is None:
            raise ValueRefused(f"expected one of {', '.join(texts)}, found {shown(value)}")
        return answer

    return run


TRUTHS = {
    "true": True,
    "yes": True,
    "y": True,
    "1": True,
    "false": False,
    "no": False,
    "n": False,
    "0": False,
}
