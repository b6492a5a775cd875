"""What a mapping leaves out: source values nobody reads, target fields nobody fills."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hub.mapping.compile import CompiledMapping
from hub.mapping.interpret import Interpreter
from hub.mapping.nodes import Group, Leaf, Listing, Repeat, Target
from hub.mapping.paths import SEGMENT, Way
from hub.mapping.values import is_absent, shown

_MAX_DEPTH = 32


@dataclass(frozen=True, slots=True)
class Unused:
    """A source field that was not read.

    Attributes:
        path: Names joined by dots, list positions left out (`BLI.GF.01`).
        example: One value of it, as messages show it.
        times: How often it stands in the document.
    """

    path: str
    example: str
    times: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """The report; all parts empty is full coverage.

    Attributes:
        unused: Source fields of this document that the mapping does not read.
        missing: Required target fields that the mapping does not fill.
        unknown: Target fields that the mapping fills and the schema does not know.
    """

    unused: tuple[Unused, ...]
    missing: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def coverage(
    compiled: CompiledMapping,
    tree: Any,
    schema: Mapping[str, Any] | None = None,
    documents: Mapping[str, Mapping[str, Any]] | None = None,
) -> Coverage:
    """What a mapping leaves out for one document.

    Args:
        compiled: The mapping.
        tree: A document of its source type.
        schema: JSON Schema of the target; without it only the source is reported.
        documents: Other schemas that `$ref` may name, by their `$id` or file name.
    """
    unused = _unused(compiled, tree)
    if schema is None:
        return Coverage(unused)
    report = _TargetReport(schema, documents or {})
    report.compare(compiled.plan.document.target, schema, "", schema, 0)
    return Coverage(unused, tuple(report.missing), tuple(report.unknown))


def _unused(compiled: CompiledMapping, tree: Any) -> tuple[Unused, ...]:
    interpreter = Interpreter(compiled.plan, tree)
    interpreter.run()
    document = compiled.plan.document
    for leaf in [document.key, *(leaf for _, leaf in document.match)]:
        if leaf is not None:
            interpreter.text(leaf.expression, "key")
    examples: dict[str, str] = {}
    times: dict[str, int] = {}
    for way, value in _values(tree):
        if not any(way[:length] in interpreter.reads for length in range(1, len(way) + 1)):
            path = ".".join(part for part in way if isinstance(part, str))
            examples.setdefault(path, shown(value))
            times[path] = times.get(path, 0) + 1
    return tuple(Unused(path, examples[path], times[path]) for path in examples)


def _values(tree: Any) -> Iterator[tuple[Way, Any]]:
    """Every present single value of a tree with its place, segment numbers left out."""
    waiting: list[tuple[Way, Any]] = [((), tree)]
    while waiting:
        way, value = waiting.pop()
        if isinstance(value, dict):
            children = [((*way, name), child) for name, child in value.items() if name != SEGMENT]
            waiting.extend(reversed(children))
        elif isinstance(value, list):
            waiting.extend(reversed([((*way, index), child) for index, child in enumerate(value)]))
        elif not is_absent(value):
            yield way, value


class _TargetReport:
    """Compares the shape that a mapping makes with a JSON Schema."""

    def __init__(self, root: Mapping[str, Any], documents: Mapping[str, Mapping[str, Any]]) -> None:
        self._root = root
        self._documents = documents
        self.missing: list[str] = []
        self.unknown: list[str] = []

    def compare(
        self, target: Target, schema: Mapping[str, Any], path: str, home: Mapping[str, Any], depth: int
    ) -> None:
        """Report on one target; `home` is the schema document that `#/…` references mean."""
        schema, home = self._resolved(schema, home)
        if depth > _MAX_DEPTH or isinstance(target, Leaf):
            return
        if isinstance(target, Group):
            self._fields(target, schema, path, home, depth)
            return
        items = schema.get("items")
        if not isinstance(items, Mapping):
            return
        children = [target.body] if isinstance(target, Repeat) else list(_bodies(target))
        for child in children:
            self.compare(child, items, f"{path}[]", home, depth + 1)

    def _fields(
        self, group: Group, schema: Mapping[str, Any], path: str, home: Mapping[str, Any], depth: int
    ) -> None:
        parts = [(schema, home), *[self._resolved(part, home) for part in schema.get("allOf", ())]]
        filled = dict(group.fields)
        known: dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {}
        for part, part_home in parts:
            for name in part.get("required", ()):
                if name not in filled:
                    self.missing.append(_joined(path, name))
            known.update({name: (child, part_home) for name, child in part.get("properties", {}).items()})
        for name, target in filled.items():
            if name in known:
                child, child_home = known[name]
                self.compare(target, child, _joined(path, name), child_home, depth + 1)
            elif any(_closed(part) for part, _ in parts):
                self.unknown.append(_joined(path, name))

    def _resolved(self, schema: Any, home: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """The schema a chain of `$ref` leads to, with the document it stands in."""
        for _ in range(_MAX_DEPTH):
            reference = schema.get("$ref") if isinstance(schema, Mapping) else None
            if not isinstance(reference, str):
                break
            document, _, pointer = reference.partition("#")
            home = home if not document else self._document(document)
            schema = _pointed(home, pointer)
        return (schema if isinstance(schema, Mapping) else {}), home

    def _document(self, name: str) -> Mapping[str, Any]:
        found = self._documents.get(name) or self._documents.get(name.rsplit("/", 1)[-1])
        return found if found is not None else {}


def _bodies(listing: Listing) -> Iterator[Target]:
    for item in listing.items:
        yield item.body if isinstance(item, Repeat) else item


def _pointed(document: Any, pointer: str) -> Any:
    for part in pointer.strip("/").split("/") if pointer.strip("/") else ():
        document = (
            document.get(part.replace("~1", "/").replace("~0", "~"))
            if isinstance(document, Mapping)
            else None
        )
    return document


def _closed(schema: Mapping[str, Any]) -> bool:
    return schema.get("additionalProperties") is False or schema.get("unevaluatedProperties") is False


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
