"""The values that travel through a mapping, and their exact text.

A value is text, a whole number, a decimal, a truth value, or a list or dict of these. Binary
floating point is refused: it cannot hold money. Nothing, empty text and empty lists are *absent*.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal
from enum import Enum
from itertools import islice
from typing import Any, Final, Literal

MAX_DIGITS = 40
"""Digits before or after the point; far beyond any quantity, far below a memory problem."""

MAX_TEXT = 4096
"""Characters that a function may make; text that comes from the source is not cut."""

EXACT = Context(prec=4 * MAX_DIGITS)
"""Wide enough that sums and products of allowed numbers are never rounded."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,2})?")


class Absence(Enum):
    """The type of `ABSENT`."""

    ABSENT = "absent"

    def __bool__(self) -> bool:
        return False


ABSENT: Final = Absence.ABSENT
Absent = Literal[Absence.ABSENT]


class ValueRefused(ValueError):  # noqa: N818 - it is an answer to the data, worded for its sender
    """A function cannot take this value; the message says what was expected and found."""


def is_absent(value: Any) -> bool:
    """Whether a source value counts as nothing."""
    return value is ABSENT or (not value and (value is None or isinstance(value, str | list)))


def shown(value: Any, limit: int = 60) -> str:
    """A value as error messages and traces show it: quoted, one line, bounded."""
    if value is ABSENT or value is None:
        return "nothing"
    if isinstance(value, dict):
        names = [str(name) for name in islice(value, 6) if name != "@"]
        return f"a group ({', '.join(names)}{', …' if len(value) > len(names) + 1 else ''})"
    if isinstance(value, list):
        few = [f"{len(item)} values" if isinstance(item, list) else shown(item, 20) for item in value[:3]]
        return f"{len(value)} values ({', '.join(few)}{', …' if len(value) > len(few) else ''})"
    text = text_of(value) if isinstance(value, str | int | Decimal) else repr(value)
    text = text.replace("\n", "\\n").replace("\r", "\\r")
    return f"'{text[:limit]}…'" if len(text) > limit else f"'{text}'"


def text_of(value: Any) -> str:
    """The exact text of a single value.

    Raises:
        ValueRefused: A group, a list, or a binary float.
    """
    if type(value) is str:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, int):
        if value.bit_length() > 4 * MAX_DIGITS:
            raise ValueRefused(f"a whole number of more than {MAX_DIGITS} digits")
        return str(value)
    if isinstance(value, str):
        return str(value)
    raise ValueRefused(f"expected a single value, found {_what(value)}")


def decimal_of(value: Any) -> Decimal:
    """The exact number that a value states; `1,5`, `1_0`, `NaN`, blanks and units are refused.

    Raises:
        ValueRefused: Not a plain decimal number of at most 40 digits on each side.
    """
    if isinstance(value, bool):
        raise ValueRefused(f"expected a number, found {shown(value)}")
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value):
            raise ValueRefused(f"expected a number, found {shown(value)}")
        number = Decimal(value)
        if value[-1] != "." and value.replace(".", "", 1).isdigit():
            return number  # the pattern bounds the digits of what has no exponent
    elif isinstance(value, int) and value.bit_length() <= 4 * MAX_DIGITS:
        number = Decimal(value)
    elif isinstance(value, Decimal):
        number = value
    else:
        raise ValueRefused(f"expected a number, found {_what(value)}")
    return bounded(number)


def bounded(number: Decimal) -> Decimal:
    """The number itself when it is finite and within `MAX_DIGITS` on both sides of the point."""
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or number.adjusted() >= MAX_DIGITS or exponent < -MAX_DIGITS:
        raise ValueRefused(f"expected a number of at most {MAX_DIGITS} digits on each side of the point")
    return number


def plain(number: Decimal) -> str:
    """A decimal as plain text: no exponent, no plus sign, no negative zero, digits kept (`2.50`)."""
    bounded(number)
    return format(number or abs(number), "f")


def made(text: str) -> str:
    """The text itself, when a function may make one of this length."""
    if len(text) > MAX_TEXT:
        raise ValueRefused(f"a text of {len(text)} characters, at most {MAX_TEXT} may be made")
    return text


def _what(value: Any) -> str:
    if isinstance(value, float):
        return f"a binary float {value!r}"
    if isinstance(value, dict | list) or value is ABSENT or value is None:
        return shown(value)
    return f"a {type(value).__name__}"
