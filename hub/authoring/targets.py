"""A target's fields as its schema has them, references followed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from canonical.validation import schemas


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a target.

    Attributes:
        name: Its name in the group.
        kind: group, list (of groups), texts (a list), coded, moment, day, number, unit, flag, position, whole
            or text.
        required: Whether the group must have it.
        doc: What it means, in the schema's words.
        values: The only values it can have, empty when it is open.
        fields: Of a group, or of a list's elements.
    """

    name: str
    kind: str
    required: bool
    doc: str
    values: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()


def fields_of(target_type: str) -> tuple[Field, ...]:
    """The fields of a target type such as `return.requested@1`.

    Raises:
        LookupError: It has no schema; the message lists those that have.
    """
    name, _, version = target_type.partition("@")
    schema = schemas().get((name, int(version))) if version.isdigit() else None
    if schema is None or name == "common":
        known = ", ".join(f"{one}@{number}" for one, number in sorted(schemas()) if one != "common")
        raise LookupError(f"expected a target with a schema ({known}), found '{target_type}'")
    return tuple(_fields(schema, schema))


def _fields(schema: Mapping[str, Any], home: Mapping[str, Any]) -> Iterator[Field]:
    for name, written in schema.get("properties", {}).items():
        found, inner = _resolved(written, home)
        doc = str(written.get("description") or found.get("description") or "")
        required = name in schema.get("required", ())
        values = tuple(str(value) for value in found.get("enum", ()) if value is not None)
        kind = _kind(found, name)
        below: tuple[Field, ...] = ()
        if kind == "group":
            below = tuple(_fields(found, inner))
        elif kind == "list":
            items, home_of_items = _resolved(found.get("items", {}), inner)
            below = tuple(_fields(items, home_of_items))
            kind = "list" if below else "texts"
        yield Field(name, kind, required, doc, values, below)


def _kind(schema: Mapping[str, Any], name: str) -> str:
    kind, title = str(schema.get("type")), str(schema.get("title", ""))
    if kind == "object":
        return "coded" if {"scheme", "code", "canonical"} <= schema.get("properties", {}).keys() else "group"
    if title.startswith(("plain decimal", "UN/ECE")):
        return "number" if title.startswith("plain") else "unit"
    if name == "line_no":
        return "position"
    by_format = {"date-time": "moment", "date": "day"}.get(str(schema.get("format")))
    return by_format or {"array": "list", "boolean": "flag", "integer": "whole"}.get(kind, "text")


def _resolved(
    schema: Mapping[str, Any], home: Mapping[str, Any]
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Where a chain of references leads, with the document it stands in."""
    while reference := schema.get("$ref"):
        document, _, pointer = str(reference).partition("#")
        if document:
            home = schemas()["common", 1]
        schema = home["$defs"][pointer.rpartition("/")[2]]
    return schema, home
