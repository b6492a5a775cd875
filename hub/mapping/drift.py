"""What changed in the shape of a source, and whether the mappings that read it can live with that.

A known shape comes from samples and accepted documents; a found one from a document or a batch. Only what
the known shape is sure of can drift: a field that was not always there may be missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from hub.mapping.pairs import pair
from hub.mapping.reads import Names, Read
from hub.mapping.shape import KINDS, SourceShape, flat, is_full, written

Kind: TypeAlias = Literal["added", "removed", "renamed", "retyped", "nulled", "new_code", "moved"]

SHOWN = 5
"""Codes and names that a description lists at most."""


@dataclass(frozen=True, slots=True)
class Touched:
    """A target field that a change reaches, and the expression that fills it."""

    mapping: str
    field: str
    expression: str


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between the known and the found shape.

    Attributes:
        kind: What happened to the field.
        path: Where it is known; where it was found when it is new.
        now: Where it is now, when it was renamed or moved.
        before: What was known, in words.
        after: What was found, in words.
        breaking: Whether a mapping reads it and cannot live with the change.
        touches: The target fields that read it.
    """

    kind: Kind
    path: str
    now: str
    before: str
    after: str
    breaking: bool = False
    touches: tuple[Touched, ...] = ()

    @property
    def message(self) -> str:
        """One sentence for people: `renamed to 'sku_no', read for lines[].item.sku`."""
        said = {
            "renamed": f"renamed to '{self.now}'",
            "moved": f"moved to '{self.now}'",
            "new_code": "has a code that its table does not know",
            "nulled": "is empty and never was",
            "retyped": "changed its type",
        }.get(self.kind, self.kind)
        fields = ", ".join(dict.fromkeys(touched.field for touched in self.touches))
        return f"{said}, read for {fields}" if fields else f"{said}, not read by any mapping"

    def error(self) -> dict[str, Any]:
        """The change as a dead letter lists its errors."""
        return {
            "path": self.path,
            "message": self.message,
            "expected": self.before,
            "found": self.after,
            "source": self.now or self.path,
            "expression": "; ".join(dict.fromkeys(touched.expression for touched in self.touches)),
        }

    def __str__(self) -> str:
        return f"{self.path}: {self.message} (expected {self.before}, found {self.after})"


Readers: TypeAlias = Mapping[str, Sequence[Read]]
"""What each mapping (`name@version`) reads."""


def compare(
    known: SourceShape, found: SourceShape, readers: Readers, *, lists: bool = True
) -> tuple[Change, ...]:
    """Every change from a known shape to a found one, breaking ones first, then by path.

    Args:
        known: From samples and accepted documents.
        found: Of one document, or of many.
        readers: The mappings that read this source.
        lists: Whether a list is another thing than its only element; it is not where the format cannot
            tell them apart (XML).
    """
    difference = _Difference(readers, lists=lists)
    difference.value(known, found, ())
    changes = difference.changes(full=is_full(known))
    return tuple(sorted(changes, key=lambda change: (not change.breaking, change.path, change.kind)))


class _Difference:
    """Collects what changed, group by group; what was lost and what is new wait to be paired."""

    def __init__(self, readers: Readers, *, lists: bool) -> None:
        self._readers = readers
        self._lists = lists
        self._changes: list[Change] = []
        self._lost: dict[Names, SourceShape] = {}
        self._new: dict[Names, SourceShape] = {}

    def value(self, known: SourceShape, found: SourceShape, way: Names) -> None:
        """Compare what stands at one place."""
        before, after = self._kinds(known), self._kinds(found)
        if after - before - {"null"}:
            self._add("retyped", way, words(known), words(found))
        if "null" in after - before:
            self._add("nulled", way, words(known), "nothing")
        self._codes(flat(known).codes, flat(found).codes, way)
        if "group" in before & after:
            self._group(flat(known), flat(found), way)

    def changes(self, *, full: bool) -> list[Change]:
        """All changes; what was lost and found again is one. A full shape cannot tell what is new."""
        pairs = pair(self._lost, self._new)
        for old, now in pairs.renamed:
            self._add("renamed", old, written(old), written(now), now)
        for old, now in pairs.moved:
            self._add("moved", old, written(old), written(now), now)
        for way, shape in pairs.lost.items():
            self._add("removed", way, words(shape), "nothing")
        for way, shape in pairs.new.items() if not full else ():
            self._add("added", way, "nothing", words(shape))
        return self._changes

    def _group(self, known: SourceShape, found: SourceShape, way: Names) -> None:
        for name, child in known.fields.items():
            if known.always(name) and not found.always(name):
                self._lost[(*way, name)] = child
        for name, child in found.fields.items():
            before = known.fields.get(name)
            if before is None:
                self._new[(*way, name)] = child
            elif before.kinds != {"null"}:
                self.value(before, child, (*way, name))
            elif child.kinds != {"null"}:
                # it was always empty, so that nothing is known of its values
                self._add("added", (*way, name), "nothing", words(child))

    def _kinds(self, shape: SourceShape) -> frozenset[str]:
        kinds = flat(shape).kinds
        return kinds if self._lists else kinds - {"list"}

    def _codes(self, known: frozenset[str] | None, found: frozenset[str] | None, way: Names) -> None:
        """Report texts that are new at this place and that a code table there does not know."""
        tables = [
            read for reads in self._readers.values() for read in reads if read.way == way and read.knows
        ]
        unknown: set[str] = set()
        breaking = False
        for read in tables:
            news = {
                code for code in (found or frozenset()) - (known or frozenset()) if not _knows(read, code)
            }
            unknown |= news
            breaking = breaking or (bool(news) and not read.spare)
        if unknown:
            self._add("new_code", way, _few(sorted(known or ())), _few(sorted(unknown)), breaking=breaking)

    def _add(
        self,
        kind: Kind,
        way: Names,
        before: str,
        after: str,
        now: Names = (),
        *,
        breaking: bool | None = None,
    ) -> None:
        reached = [
            (mapping, read) for mapping, reads in self._readers.items() for read in reads if read.touches(way)
        ]
        if breaking is None:
            aware = self._aware(now) if now else frozenset()
            breaking = any(_breaks(kind, read) for _, read in reached if _under(read, way) not in aware)
        touches = dict.fromkeys(Touched(mapping, read.target, read.expression) for mapping, read in reached)
        self._changes.append(
            Change(kind, written(way), written(now), before, after, breaking, tuple(touches))
        )

    def _aware(self, now: Names) -> frozenset[tuple[Names, str, str]]:
        """What looks at a new place already: such an expression has nothing to lose."""
        every = (_under(read, now) for reads in self._readers.values() for read in reads)
        return frozenset(under for under in every if under is not None)


def words(shape: SourceShape) -> str:
    """A shape in words, without values: `text or nothing`, `a list of groups (sku, quantity)`."""
    kinds = flat(shape).kinds
    listed = "list" in kinds
    named = [_PLURAL[kind] if listed else _SINGLE[kind] for kind in KINDS if kind in kinds - {"null", "list"}]
    said = " or ".join(named) or ("values" if listed else "nothing")
    fields = flat(shape).fields
    said += f" ({_few(list(fields))})" if fields else ""
    said = f"a list of {said}" if listed else said
    return f"{said} or nothing" if "null" in kinds and said != "nothing" else said


_SINGLE = {"text": "text", "number": "a number", "boolean": "true or false", "group": "a group"}
_PLURAL = {"text": "texts", "number": "numbers", "boolean": "truth values", "group": "groups"}


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")


def _knows(read: Read, code: str) -> bool:
    return read.knows is not None and read.knows(code)


def _under(read: Read, way: Names) -> tuple[Names, str, str] | None:
    """What an expression reads at or below a place, so that two places can be compared."""
    return (read.way[len(way) :], read.target, read.expression) if read.way[: len(way)] == way else None


def _breaks(kind: Kind, read: Read) -> bool:
    """Whether a reader cannot live with what happened to a place it reads."""
    return kind != "added" and not (kind in ("removed", "nulled") and read.tolerant)
