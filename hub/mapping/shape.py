"""The shape of documents: which fields stand where, what kinds of value they hold, and which codes.

A shape is what drift, `check` and the scaffolding know of a source without a schema. It is inferred
from decoded trees and merged like a set: the order and the grouping of the documents do not matter.
It is bounded whatever a partner sends: of a larger shape the fields nearest to the root are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final

from hub.mapping.paths import SEGMENT
from hub.mapping.values import is_absent

MAX_DEPTH = 32
"""Steps from the root, lists included; what lies deeper is not looked at."""

MAX_PATHS = 2_000
"""Fields and list elements of one shape."""

MAX_CODES, MAX_CODE = 50, 40
"""Distinct texts, and characters of each, up to which a field counts as a closed set of codes."""

MAX_NAME = 200
"""Characters of a field's name; fields with longer names are not looked at."""

KINDS: Final = ("text", "number", "boolean", "null", "group", "list")

_BARE = re.compile(r"[^\s.,|()\[\]=!'\"]+")


@dataclass(frozen=True, slots=True)
class SourceShape:
    """What stood at one place of the documents seen so far.

    Attributes:
        kinds: Of text, number, boolean, null, group, list. As everywhere in a mapping, empty text and
            empty lists are no value: they count as null.
        fields: Shapes of a group's fields; `@`, where codecs leave the segment's number, left out.
        items: Shape of a list's elements, None when there was no list.
        seen: How often a value, null included, stood there.
        codes: The distinct texts while they are few and short (`MAX_CODES`, `MAX_CODE`), else None.
        groups: How often it was a group; a field that was seen as often is always there.
    """

    kinds: frozenset[str] = frozenset()
    fields: Mapping[str, SourceShape] = field(default_factory=dict)
    items: SourceShape | None = None
    seen: int = 0
    codes: frozenset[str] | None = frozenset()
    groups: int = 0

    def always(self, name: str) -> bool:
        """Whether a field of this group was there each time."""
        return name in self.fields and self.fields[name].seen >= self.groups


EMPTY: Final = SourceShape()
"""The shape of no documents: merging it changes nothing."""


def infer(trees: Iterable[Any]) -> SourceShape:
    """Look at decoded trees; inferring from two sets and merging is inferring from both at once."""
    shape, growing = EMPTY, _Growing()
    for tree in trees:
        growing.add(tree)
        if growing.size() > 2 * MAX_PATHS:
            shape, growing = merge(shape, growing.shape()), _Growing()
    return merge(shape, growing.shape())


def merge(left: SourceShape, right: SourceShape) -> SourceShape:
    """The shape of the documents of both; associative and commutative."""
    return _bounded(_merged(left, right))


def flat(shape: SourceShape) -> SourceShape:
    """A place as paths see it: a list's elements, and a value that stands there without a list, are one."""
    if shape.items is None:
        return shape
    items = flat(shape.items)
    outside = shape.seen if shape.kinds - {"list"} else 0
    return replace(_merged(replace(shape, items=None, seen=outside), items), items=None)


def ways(shape: SourceShape) -> Iterator[tuple[tuple[str, ...], SourceShape]]:
    """Every field with the names that lead to it, lists flattened, a group before its fields."""
    for name, child in flat(shape).fields.items():
        below = flat(child)
        yield (name,), below
        for way, deeper in ways(below):
            yield (name, *way), deeper


def paths(shape: SourceShape) -> Iterator[tuple[str, SourceShape]]:
    """Every field with its path as a mapping would write it (`lines.sku`, `'Return No'`)."""
    for way, found in ways(shape):
        yield written(way), found


def written(way: Iterable[str]) -> str:
    """Names joined as a path of the notation, quoted where they must be."""
    return ".".join(name if _BARE.fullmatch(name) else "'" + name.replace("'", "''") + "'" for name in way)


def to_json(shape: SourceShape) -> dict[str, Any]:
    """A shape as plain JSON, equal for equal shapes; parts that are empty are left out."""
    tree: dict[str, Any] = {"kinds": sorted(shape.kinds), "seen": shape.seen}
    if shape.fields:
        tree["fields"] = {name: to_json(shape.fields[name]) for name in sorted(shape.fields)}
    if shape.items is not None:
        tree["items"] = to_json(shape.items)
    if shape.groups:
        tree["groups"] = shape.groups
    if shape.codes is None or shape.codes:
        tree["codes"] = None if shape.codes is None else sorted(shape.codes)
    return tree


def from_json(tree: Any) -> SourceShape:
    """The shape that `to_json` wrote.

    Raises:
        ValueError: It is something else.
    """
    if not isinstance(tree, Mapping) or not {"kinds", "seen"} <= tree.keys():
        raise ValueError("expected a shape {kinds, seen, …}, found something else")
    unknown = set(tree["kinds"]) - set(KINDS)
    if unknown:
        raise ValueError(f"expected kinds of {', '.join(KINDS)}, found {', '.join(sorted(unknown))}")
    codes = tree.get("codes", ())
    return SourceShape(
        kinds=frozenset(tree["kinds"]),
        fields={name: from_json(child) for name, child in tree.get("fields", {}).items()},
        items=from_json(tree["items"]) if "items" in tree else None,
        seen=tree["seen"],
        codes=None if codes is None else frozenset(codes),
        groups=tree.get("groups", 0),
    )


def is_full(shape: SourceShape) -> bool:
    """Whether a shape is as large as it may be, so that it cannot learn new fields."""
    return sum(1 for _ in _nodes(shape, ())) >= MAX_PATHS


def kind_of(value: Any) -> str:
    """Which of `KINDS` a value is."""
    if is_absent(value):
        return "null"
    if isinstance(value, Mapping):
        return "group"
    if isinstance(value, list):
        return "list"
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float | Decimal) else "text"


class _Growing:
    """A shape while documents are added to it."""

    __slots__ = ("codes", "fields", "groups", "items", "kinds", "seen")

    def __init__(self) -> None:
        self.kinds: set[str] = set()
        self.fields: dict[str, _Growing] = {}
        self.items: _Growing | None = None
        self.seen = self.groups = 0
        self.codes: set[str] | None = set()

    def add(self, value: Any, depth: int = 0) -> None:
        kind = kind_of(value)
        self.seen += 1
        self.kinds.add(kind)
        self.groups += kind == "group"
        if kind == "text":
            self._code(value)
        elif kind == "group" and depth < MAX_DEPTH:
            for name, child in value.items():
                if name != SEGMENT and len(str(name)) <= MAX_NAME:
                    self.fields.setdefault(str(name), _Growing()).add(child, depth + 1)
        elif kind == "list" and depth < MAX_DEPTH:
            if self.items is None:
                self.items = _Growing()
            for item in value:
                self.items.add(item, depth + 1)

    def size(self) -> int:
        """Fields and list elements, itself included."""
        below = sum(child.size() for child in self.fields.values())
        return 1 + below + (self.items.size() if self.items else 0)

    def shape(self) -> SourceShape:
        """What was found, not yet bounded in size."""
        return SourceShape(
            kinds=frozenset(self.kinds),
            fields={name: child.shape() for name, child in self.fields.items()},
            items=self.items.shape() if self.items else None,
            seen=self.seen,
            codes=None if self.codes is None else frozenset(self.codes),
            groups=self.groups,
        )

    def _code(self, value: Any) -> None:
        if self.codes is None:
            return
        if not isinstance(value, str) or len(value) > MAX_CODE:
            self.codes = None
            return
        self.codes.add(value)
        if len(self.codes) > MAX_CODES:
            self.codes = None


def _merged(left: SourceShape, right: SourceShape) -> SourceShape:
    fields = dict(left.fields)
    for name, child in right.fields.items():
        fields[name] = _merged(fields[name], child) if name in fields else child
    items = left.items if right.items is None else right.items
    if left.items and right.items:
        items = _merged(left.items, right.items)
    codes = None if left.codes is None or right.codes is None else left.codes | right.codes
    return SourceShape(
        kinds=left.kinds | right.kinds,
        fields=fields,
        items=items,
        seen=left.seen + right.seen,
        codes=None if codes is None or len(codes) > MAX_CODES else codes,
        groups=left.groups + right.groups,
    )


# Where a node stands: (1, name) for a field, (0, "") for the elements of a list.
_Way = tuple[tuple[int, str], ...]


def _bounded(shape: SourceShape) -> SourceShape:
    """At most `MAX_PATHS` nodes: the first ones by depth, then by name.

    The smallest of a union are the smallest of each part's smallest, so bounding early or late, and in
    any order, gives the same shape.
    """
    found = list(_nodes(shape, ()))
    if len(found) <= MAX_PATHS:
        return shape
    found.sort(key=lambda way: (len(way), way))
    return _kept(shape, (), frozenset(found[:MAX_PATHS]))


def _nodes(shape: SourceShape, way: _Way) -> Iterator[_Way]:
    for step, child in _children(shape):
        yield (*way, step)
        yield from _nodes(child, (*way, step))


def _children(shape: SourceShape) -> Iterator[tuple[tuple[int, str], SourceShape]]:
    if shape.items is not None:
        yield (0, ""), shape.items
    for name, child in shape.fields.items():
        yield (1, name), child


def _kept(shape: SourceShape, way: _Way, wanted: frozenset[_Way]) -> SourceShape:
    children = {
        step: _kept(child, (*way, step), wanted) for step, child in _children(shape) if (*way, step) in wanted
    }
    items = children.pop((0, ""), None)
    return replace(shape, fields={name: child for (_, name), child in children.items()}, items=items)
