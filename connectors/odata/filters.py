"""`$filter` expressions, quoted; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(/[A-Za-z_][A-Za-z0-9_]*)*")

Version = Literal[2, 4]
Value = str | bool | int | Decimal | datetime


def literal(value: Value, version: Version = 2) -> str:
    """A value as OData writes it: quotes doubled, decimals exact, times by version.

    Raises:
        ValueError: a time without an offset.
    """
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}" + ("M" if version == 2 else "")  # noqa: PLR2004 - OData's own version number
    if isinstance(value, int):
        return str(value)
    if value.tzinfo is None:
        raise ValueError(f"expected a time with an offset, found {value.isoformat()}")
    text = value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return f"datetimeoffset'{text}'" if version == 2 else text  # noqa: PLR2004 - as above


def eq(field: str, value: Value, version: Version = 2) -> str:
    """`field eq value`."""
    return f"{_field(field)} eq {literal(value, version)}"


def at_least(field: str, value: Value, version: Version = 2) -> str:
    """`field ge value`."""
    return f"{_field(field)} ge {literal(value, version)}"


def any_of(field: str, values: Sequence[Value], version: Version = 2) -> str:
    """`field eq a or field eq b …`; an empty choice would match everything and is refused."""
    if not values:
        raise ValueError(f"expected at least one value for {field}, found none")
    return " or ".join(eq(field, value, version) for value in values)


def all_of(*terms: str | None) -> str:
    """Terms joined by `and`, each in parentheses when there are several; empty ones are left out."""
    present = [term for term in terms if term]
    return present[0] if len(present) == 1 else " and ".join(f"({term})" for term in present)


def chunks(keys: Sequence[str], size: int, longest: int = 3000) -> Iterator[list[str]]:
    """Keys in groups that fit one address: at most `size`, at most `longest` encoded characters."""
    group: list[str] = []
    room = longest
    for key in keys:
        need = 3 * len(key.encode())  # every byte quoted, at worst
        if group and (len(group) == size or need > room):
            yield group
            group, room = [], longest
        group.append(key)
        room -= need
    if group:
        yield group


def _field(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"expected a property name, found {name!r}")
    return name
