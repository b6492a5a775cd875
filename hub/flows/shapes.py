"""What the canonical schemas know about a dotted name: does it exist, is it always there, which values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from canonical.validation import RETURN, schemas

_COMMON = ("common", 1)


@dataclass(frozen=True, slots=True)
class Shape:
    """A scalar of a document.

    Attributes:
        required: It and everything above it is required, so it is always there.
        values: The only values it can have, as YAML writes them; None when it is open.
    """

    required: bool
    values: tuple[str, ...] | None


@cache
def of_fact(fact: str, name: str) -> Shape | None:
    """The scalar `name` (dotted) of a fact's data; None when its schema has none of that name."""
    return _walk(schemas().get((fact, 1)), name)


@cache
def of_return(name: str) -> Shape | None:
    """The scalar `name` (dotted) of a return's header."""
    return _walk(schemas().get((RETURN, 1)), name)


def _walk(schema: Mapping[str, Any] | None, name: str) -> Shape | None:
    required = True
    for step in name.split("."):
        if schema is None:
            return None
        below = _resolve(schema).get("properties", {})
        if step not in below:
            return None
        required = required and step in _resolve(schema).get("required", ())
        schema = _resolve(below[step])
    if schema is None or schema.get("type") in ("object", "array"):
        return None
    return Shape(required, _values(schema))


def _values(schema: Mapping[str, Any]) -> tuple[str, ...] | None:
    if schema.get("type") == "boolean":
        return ("true", "false")
    values = schema.get("enum")
    return None if values is None else tuple(str(value) for value in values if value is not None)


def _resolve(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow a reference to a definition, in this file or in the shared one."""
    reference = schema.get("$ref")
    if reference is None:
        return schema
    definitions: Mapping[str, Any] = schemas()[_COMMON]["$defs"]
    return _resolve(definitions[str(reference).rpartition("/")[2]])
