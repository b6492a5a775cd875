"""The fields of a sample, with the values they hold and the list that holds its lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hub.authoring.words import likeness
from hub.mapping.paths import SEGMENT
from hub.mapping.shape import SourceShape, flat, infer, written
from hub.mapping.values import is_absent

Way = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A field of the source.

    Attributes:
        way: Names that lead to it from the record, or from a line.
        line: Whether it stands in the lines.
        values: What it holds in the sample, at least one, in the sample's order.
        always: Whether it stood there every time.
        many: Whether it is a list of values.
    """

    way: Way
    line: bool
    values: tuple[Any, ...]
    always: bool
    many: bool = False

    @property
    def path(self) -> str:
        """As a mapping writes it; lines are called `line`."""
        return written(("line", *self.way) if self.line else self.way)


@dataclass(frozen=True, slots=True)
class Sources:
    """A sample taken apart.

    Attributes:
        lines: Names that lead to the list of lines, empty when there is none.
        fields: All fields with their values, other lists of groups left out.
    """

    lines: Way
    fields: tuple[Found, ...]


def sources(trees: Sequence[Any]) -> Sources:
    """Take the records of a sample apart."""
    shape = infer(trees)
    lists = [way for way, one in _places(shape, ()) if _is_lines(one)]
    named = [way for way in lists if likeness("lines", way[-1])]
    lines = max(named, key=lambda way: (likeness("lines", way[-1]), -len(way)), default=())
    if not named and len(lists) == 1:
        lines = lists[0]
    found = list(_fields(shape, (), trees, lines, line=False))
    if lines:
        elements = [item for tree in trees for item in _at(tree, lines) if isinstance(item, dict)]
        below = shape
        for name in lines:
            below = flat(below).fields[name]
        found += _fields(below, (), elements, (), line=True)
    return Sources(lines, tuple(found))


def _places(shape: SourceShape, way: Way) -> Iterator[tuple[Way, SourceShape]]:
    for name, child in shape.fields.items():
        yield (*way, name), child
        yield from _places(child, (*way, name))


def _is_lines(shape: SourceShape) -> bool:
    return shape.items is not None and "group" in shape.items.kinds


def _fields(shape: SourceShape, way: Way, trees: Sequence[Any], lines: Way, *, line: bool) -> Iterator[Found]:
    group = flat(shape)
    for name, child in group.fields.items():
        here = (*way, name)
        if here == lines or _is_lines(child):
            continue
        if child.fields:
            yield from _fields(child, here, trees, lines, line=line)
            continue
        found = [value for tree in trees for value in _at(tree, here)]
        values = [value for value in found if not is_absent(value) and not isinstance(value, dict | list)]
        if values:
            always = all(any(not is_absent(one) for one in _at(tree, here)) for tree in trees)
            yield Found(here, line, tuple(values), always, many=child.items is not None)


def _at(tree: Any, way: Way) -> list[Any]:
    """The values at a way, lists flattened."""
    current = tree if isinstance(tree, list) else [tree]
    for name in way:
        below = [item.get(name) for item in current if isinstance(item, dict) and name != SEGMENT]
        current = [value for one in below for value in (one if isinstance(one, list) else [one])]
    return current
