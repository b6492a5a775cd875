"""Is a document what its schema says? Every violation at once, each with its place, expected and found.

The schemas are read and compiled once per process, at first use, by jsonschema-rs with its linear-time
regular expressions; a property test proves that it agrees with the reference implementation.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final, NamedTuple, cast

import jsonschema_rs

RETURN: Final = "return"
_BASE: Final = "https://returns-hub.example/schemas/"
_SHOWN: Final = 80


class Violation(NamedTuple):
    """One thing that is wrong.

    Attributes:
        path: Where, for example `lines[0].uom`; `$` is the document itself.
        message: One sentence for people, without the path.
        expected: What the schema asks for.
        found: What stands there, shortened.
    """

    path: str
    message: str
    expected: str
    found: str


def schema_id(type_: str, version: int = 1) -> str:
    """The `$id` of a schema: a name, not an address to fetch."""
    return f"{_BASE}{type_}.v{version}.json"


@cache
def schemas() -> dict[tuple[str, int], dict[str, Any]]:
    """Every schema by (type, major version): fact types, `return`, `order` and the shared `common`."""
    found = {}
    for file in files("canonical").joinpath("schemas").iterdir():
        if file.name.endswith(".json"):
            name, _, version = file.name.removesuffix(".json").rpartition(".v")
            found[name, int(version)] = json.loads(file.read_text(encoding="utf-8"))
    return found


@cache
def _registry() -> jsonschema_rs.Registry:
    return jsonschema_rs.Registry([(schema["$id"], schema) for schema in schemas().values()])


@cache
def _validator(type_: str, version: int) -> jsonschema_rs.Draft202012Validator | None:
    schema = schemas().get((type_, version))
    if schema is None:
        return None
    return jsonschema_rs.Draft202012Validator(
        schema, registry=_registry(), validate_formats=True, pattern_options=jsonschema_rs.RegexOptions()
    )


def is_valid(type_: str, version: int, data: Mapping[str, Any]) -> bool:
    """Whether `violations` would find nothing; some microseconds."""
    validator = _validator(type_, version)
    if validator is None:
        return False
    try:
        return validator.is_valid(data if type(data) is dict else dict(data))
    except (TypeError, ValueError):  # not JSON at all: keys that are no text, foreign objects
        return False


def violations(type_: str, version: int, data: Mapping[str, Any]) -> list[Violation]:
    """Everything in `data` that its schema does not allow, sorted by path; empty when valid.

    Args:
        type_: A fact type, `return` for the projection, or `order` for what was looked up.
        version: Major version of the schema.
        data: JSON-compatible tree. What is not JSON is a violation, never an exception.
    """
    if is_valid(type_, version, data):
        return []
    validator = _validator(type_, version)
    if validator is None:
        known = ", ".join(f"{name} {major}" for name, major in sorted(schemas()) if name != "common")
        return [Violation("$", "no such document type and version", known, f"{type_} {version}")]
    try:
        found = [each for error in validator.iter_errors(dict(data)) for each in _explain(error)]
    except (TypeError, ValueError) as error:
        return [Violation("$", f"not JSON: {error}", "JSON", type(data).__name__)]
    return _first_of_each_path(found)


def _first_of_each_path(found: list[Violation]) -> list[Violation]:
    """One violation per place: a time that misses its pattern need not miss its calendar as well."""
    first: dict[str, Violation] = {}
    for each in sorted(found, key=lambda violation: violation.path):
        first.setdefault(each.path, each)
    return list(first.values())


def _explain(error: jsonschema_rs.ValidationError) -> Iterator[Violation]:
    place = list(error.instance_path)
    kind, details = error.kind.name, error.kind.as_dict()
    if kind == "required":
        name = details["property"]
        yield Violation(_path([*place, name]), "is required", "a value", "nothing")
    elif kind == "additionalProperties":
        holder = cast("dict[str, Any]", error.instance)
        for name in details["unexpected"]:
            yield Violation(_path([*place, name]), "is not known here", "nothing", _show(holder[name]))
    else:
        expected = _expected(kind, details)
        yield Violation(_path(place), f"expected {expected}", expected, _show(error.instance))


def _expected(kind: str, details: Mapping[str, Any]) -> str:
    say = _SAID.get(kind)
    return say(details) if say else kind


_SAID: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "type": lambda details: " or ".join(details["types"]),
    "enum": lambda details: "one of " + ", ".join(details["options"]),
    "const": lambda details: json.dumps(details["expected_value"]),
    "pattern": lambda details: _meaning(details["pattern"]),
    "format": lambda details: f"{details['format']} of the calendar",
    "propertyNames": lambda _: "lower case names",
    "anyOf": lambda details: f"at least one of {_alternatives(details)}",
    "minLength": lambda details: f"at least {details['limit']} characters",
    "maxLength": lambda details: f"at most {details['limit']} characters",
    "minItems": lambda details: f"at least {details['limit']} elements",
    "maxItems": lambda details: f"at most {details['limit']} elements",
    "minimum": lambda details: f"at least {details['limit']}",
    "maximum": lambda details: f"at most {details['limit']}",
}


def _alternatives(details: Mapping[str, Any]) -> str:
    errors = [error for branch in details["context"] for error in branch]
    return ", ".join(error.kind.as_dict().get("property", error.message) for error in errors)


def _meaning(pattern: str) -> str:
    return _pattern_titles().get(pattern, f"text matching {pattern}")


@cache
def _pattern_titles() -> dict[str, str]:
    """What each regular expression means, in the words of the schema that holds it."""
    titles: dict[str, str] = {}
    waiting: list[Any] = list(schemas().values())
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if "title" in node and "pattern" in node:
                titles[node["pattern"]] = node["title"]
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return titles


def _path(parts: list[str | int]) -> str:
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path or "$"


def _show(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
