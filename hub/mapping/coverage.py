"""What a mapping leaves out of a document: source values nobody reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hub.mapping.compile import CompiledMapping
from hub.mapping.interpret import Interpreter
from hub.mapping.paths import SEGMENT, Way
from hub.mapping.values import is_absent, shown


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


def unused(compiled: CompiledMapping, tree: Any) -> tuple[Unused, ...]:
    """The source fields that a mapping does not read of one document of its source type."""
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
