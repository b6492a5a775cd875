"""JSON Schemas as forms: the canonical ones, and those that stand beside mappings."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import jsonschema_rs

from canonical.validation import schemas
from hub.flows.forms import ANY, Form, anything

_KINDS = {"string": "text", "object": "group", "array": "list"}
_FORMATS = {"date-time": "moment", "date": "date"}
_LONGEST_CHAIN = 32
_RULES = ("pattern", "minLength", "maxLength", "title")
_NUMBERS, _WORDS = ("0", "12.5"), ("A", "2026-11-01")


class SchemaUnreadable(ValueError):  # noqa: N818 - reads as what happened
    """A schema file is no JSON object; the message says why."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A schema and the document it stands in, which `#/…` references mean."""

    schema: Mapping[str, Any]
    home: Mapping[str, Any]


@cache
def canonical(type_: str, version: int) -> Form | None:
    """The form of a fact's data, of `return` or of `order`; None when there is no such type."""
    schema = schemas().get((type_, version))
    return None if schema is None else of_schema(schema)


def read_schema(path: Path) -> Form:
    """The form of a schema file.

    Raises:
        SchemaUnreadable: It is no JSON, or not an object.
    """
    try:
        schema = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SchemaUnreadable(f"expected a JSON Schema: {error}") from error
    if not isinstance(schema, dict):
        raise SchemaUnreadable(f"expected a JSON Schema, found a {type(schema).__name__}")
    # without `$schema`: a dialect of its own would be fetched
    if not jsonschema_rs.meta.is_valid({key: value for key, value in schema.items() if key != "$schema"}):
        raise SchemaUnreadable("expected a JSON Schema, found an object that is none")
    return of_schema(schema)


def of_schema(schema: Mapping[str, Any]) -> Form:
    """The form that a JSON Schema describes; fields it does not list are taken for mistakes.

    A schema opens a group with `additionalProperties: true` or a schema of them.
    """
    return _form(_Place(schema, schema))


def _form(place: _Place) -> Form:
    parts = list(_parts(place))
    branches = [branch for part in parts for branch in _branches(part)]
    fields: dict[str, _Place] = {}
    for part in [*branches, *parts]:
        for name, schema in _map(part.schema.get("properties")).items():
            fields[name] = _Place(_map(schema), part.home)
    rest = next((p for p in parts if isinstance(p.schema.get("additionalProperties"), Mapping)), None)
    other = _Place(rest.schema["additionalProperties"], rest.home) if rest else None
    opened = other is not None or any(p.schema.get("additionalProperties") is True for p in parts)
    items = next((_Place(_map(p.schema["items"]), p.home) for p in parts if "items" in p.schema), None)

    def child(name: str) -> Form:
        below = fields.get(name, other)
        return ANY if below is None else _form(below)

    return Form(
        kinds=_kinds(parts) or _common_kinds(branches),
        names=tuple(fields),
        required=frozenset(name for part in parts for name in part.schema.get("required", ())),
        closed=bool(fields) and not opened,
        child=child,
        item=lambda: ANY if items is None else _form(items),
        values=_values(parts),
        meaning=_meaning(parts),
        refuses=_refusal(parts),
    )


def _parts(place: _Place) -> Iterator[_Place]:
    """The schema itself, what it refers to, and all of `allOf`: all of them hold."""
    waiting = [place]
    for _ in range(_LONGEST_CHAIN):
        if not waiting:
            return
        current = waiting.pop()
        yield current
        reference = current.schema.get("$ref")
        if isinstance(reference, str):
            waiting.append(_referred(reference, current.home))
        waiting += [_Place(_map(part), current.home) for part in current.schema.get("allOf", ())]


def _branches(place: _Place) -> Iterator[_Place]:
    """Alternatives: their fields may stand there."""
    for word in ("anyOf", "oneOf"):
        for branch in place.schema.get(word, ()):
            yield from _parts(_Place(_map(branch), place.home))


def _referred(reference: str, home: Mapping[str, Any]) -> _Place:
    document, _, pointer = reference.partition("#")
    if document:
        name = document.rsplit("/", 1)[-1]
        known = {f"{type_}.v{version}.json": schema for (type_, version), schema in schemas().items()}
        home = known.get(name, {})
    found: Any = home
    for step in pointer.strip("/").split("/") if pointer.strip("/") else ():
        found = _map(found).get(step.replace("~1", "/").replace("~0", "~"))
    return _Place(_map(found), home)


def _kinds(parts: list[_Place]) -> frozenset[str]:
    for part in parts:
        said = part.schema.get("type")
        if said is not None:
            return frozenset(_KINDS.get(kind, kind) for kind in ([said] if isinstance(said, str) else said))
    values = _values(parts)
    if values is not None and not any("$ref" in part.schema for part in parts):
        return frozenset({"text"})  # words without a type
    return frozenset({"group"}) if any("properties" in part.schema for part in parts) else frozenset()


def _common_kinds(branches: list[_Place]) -> frozenset[str]:
    found = [_kinds([branch]) for branch in branches if "$ref" not in branch.schema]
    return frozenset().union(*found) if found and all(found) else frozenset()


def _values(parts: list[_Place]) -> frozenset[str] | None:
    for part in parts:
        said = [part.schema["const"]] if "const" in part.schema else part.schema.get("enum")
        if said is not None:
            return frozenset(str(value) for value in said if value is not None)
    return None


def _meaning(parts: list[_Place]) -> str:
    for part in parts:
        form, pattern = part.schema.get("format"), part.schema.get("pattern")
        if form in _FORMATS:
            return _FORMATS[form]
        if isinstance(pattern, str) and _is_numeric(pattern):
            return "decimal"
    return ""


def _refusal(parts: list[_Place]) -> Callable[[str], str]:
    """What the rules for texts say of one: those that `type` and `enum` do not cover."""
    schema: dict[str, Any] = {}
    for part in reversed(parts):
        schema |= {word: part.schema[word] for word in _RULES if word in part.schema}
    return partial(_refused, json.dumps(schema)) if schema.keys() - {"title"} else anything


def _refused(written: str, text: str) -> str:
    schema = json.loads(written)
    if _rules(written).is_valid(text):
        return ""
    if "title" in schema and "pattern" in schema:
        return str(schema["title"])
    if len(text) > schema.get("maxLength", len(text)):
        return f"at most {schema['maxLength']} characters"
    if len(text) < schema.get("minLength", 0):
        return f"at least {schema['minLength']} characters"
    return f"text matching {schema.get('pattern')}"


@cache
def _rules(written: str) -> jsonschema_rs.Draft202012Validator:
    """A validator with regular expressions that run in linear time: they come from a file."""
    schema = {word: rule for word, rule in json.loads(written).items() if word != "title"}
    return jsonschema_rs.Draft202012Validator(schema, pattern_options=jsonschema_rs.RegexOptions())


@cache
def _is_numeric(pattern: str) -> bool:
    """Whether a pattern takes numbers and no words, as those of quantities and money do."""
    try:
        compiled = re.compile(pattern)
    except re.error:
        return False
    return all(compiled.search(text) for text in _NUMBERS) and not any(map(compiled.search, _WORDS))


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
