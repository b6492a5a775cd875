"""Watches the records of one source: most have a shape that was seen before, and cost microseconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hub.mapping.compile import CompiledMapping
from hub.mapping.drift import Change, compare
from hub.mapping.nodes import Step
from hub.mapping.paths import SEGMENT, walk
from hub.mapping.reads import Names, reads
from hub.mapping.shape import MAX_DEPTH, SourceShape, infer, merge

REMEMBERED = 10_000
"""Shapes, and codes of a place, that are remembered as good; then remembering begins anew."""

_KINDS: Mapping[type, type | None] = {int: Decimal, float: Decimal, type(None): None}


class Guard:
    """Knows the shape of one source; may be shared by threads.

    Attributes:
        samples: What the samples of the mapping show.
        known: That, and what was accepted.
        digest: Names what was accepted.
    """

    def __init__(
        self, mapping: CompiledMapping, samples: SourceShape, accepted: SourceShape, digest: str = ""
    ) -> None:
        self.samples = samples
        self.known = merge(samples, accepted)
        self.digest = digest
        self._readers = {mapping.ref: reads(mapping.plan)}
        # one element of XML looks like no list
        self._lists = not mapping.source_type.startswith("xml")
        coded = {read.way for read in self._readers[mapping.ref] if read.knows}
        self._codes: dict[Names, set[Any]] = {way: set() for way in sorted(coded)}
        self._steps = [(self._codes[way], [Step(name, ()) for name in way]) for way in self._codes]
        self._good: set[int] = set()

    def changes(self, tree: Any) -> tuple[Change, ...]:
        """What in a record is other than known, breaking changes first."""
        mark = hash(_mark(tree, 0))
        codes = [(good, _codes(tree, steps)) for good, steps in self._steps]
        if mark in self._good and all(good >= found for good, found in codes):
            return ()
        found = self.compare(self.known, infer([tree]))
        if not found:
            _remember(self._good, mark)
            for good, texts in codes:
                _remember(good, *texts)
        return found

    def compare(self, known: SourceShape, found: SourceShape) -> tuple[Change, ...]:
        """The changes from one shape of this source to another."""
        return compare(known, found, self._readers, lists=self._lists)

    def learn(self, shape: SourceShape) -> None:
        """Take a shape as known from now on."""
        self.known = merge(self.known, shape)

    def private(self, shape: SourceShape) -> SourceShape:
        """A shape as it may be stored: without texts, which may be about people, but for codes."""
        return _without_texts(shape, (), frozenset(self._codes))


def _remember(good: set[Any], *more: Any) -> None:
    if len(good) >= REMEMBERED:
        good.clear()
    good.update(more)


def _mark(value: Any, depth: int) -> Any:
    """What two values of the same shape have in common, and, but for the order of fields, no others."""
    kind = type(value)
    if kind is str:
        return str if value else None
    if kind is dict and depth < MAX_DEPTH:
        return tuple([(name, _mark(child, depth + 1)) for name, child in value.items() if name != SEGMENT])
    if kind is list and depth < MAX_DEPTH:
        return frozenset([_mark(item, depth + 1) for item in value]) if value else None
    return _KINDS.get(kind, kind)


def _codes(tree: Any, steps: Sequence[Step]) -> set[Any]:
    """The single values at a place."""
    return {value for value in walk(tree, (), steps) if not isinstance(value, dict | list)}


def _without_texts(shape: SourceShape, way: Names, kept: frozenset[Names]) -> SourceShape:
    fields = {name: _without_texts(child, (*way, name), kept) for name, child in shape.fields.items()}
    items = _without_texts(shape.items, way, kept) if shape.items is not None else None
    return replace(shape, fields=fields, items=items, codes=shape.codes if way in kept else frozenset())
