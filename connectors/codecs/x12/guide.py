"""Grammars of transaction sets, read from `connectors/codecs/guides/*.yaml` once per process.

A guide is two files: the dictionary of a release (elements, composites, code lists, segments) and the
structure of one set (order, requirement, repeat, loops). A mistake in either is a `GuideError` that
names the file and the entry.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any, Final, NamedTuple

import yaml

UNLIMITED: Final = 10**9
_KINDS: Final = frozenset({"AN", "ID", "DT", "TM", "R", "N0", "N1", "N2", "N3", "N4", "B"})


class GuideError(ValueError):
    """A grammar file says something that cannot be understood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """A data element in its place. A composite has `components` and no kind of its own."""

    reference: str
    kind: str = ""
    low: int = 0
    high: int = 0
    mandatory: bool = False
    codes: frozenset[str] = frozenset()
    components: tuple[Element, ...] = ()


class Note(NamedTuple):
    """A relation between elements: one of P R E C L, and their positions."""

    relation: str
    positions: tuple[int, ...]

    def __str__(self) -> str:
        return self.relation + "".join(f"{position:02d}" for position in self.positions)


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentDef:
    """The elements of a segment. `known` is false for one the dictionary does not define."""

    id: str
    elements: tuple[Element, ...] = ()
    notes: tuple[Note, ...] = ()
    known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A place in the structure: a segment, and the children of the loop it opens."""

    segment: SegmentDef
    mandatory: bool
    most: int
    children: tuple[Node, ...] = ()

    @property
    def id(self) -> str:
        """The segment id."""
        return self.segment.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """The grammar of one transaction set in one release."""

    name: str
    title: str
    set: str
    version: str
    functional: str
    structure: tuple[Node, ...]
    segments: dict[str, SegmentDef] = field(hash=False)

    def __hash__(self) -> int:
        return hash(self.name)

    def covers(self, version: str) -> bool:
        """Whether a GS08 such as 004010VICS is this release."""
        return version.startswith(self.version)


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    """All guides there are, as format names: `x12/180-004010`."""
    files = resources.files("connectors.codecs").joinpath("guides").iterdir()
    stems = [file.name.removesuffix(".yaml") for file in files if file.name.startswith("x12_")]
    sets = [stem.split("_")[1:] for stem in stems if stem.count("_") == 2]  # noqa: PLR2004 - x12_set_release
    return tuple(sorted(f"x12/{set_id}-{release}" for set_id, release in sets))


@lru_cache(maxsize=64)
def load(name: str) -> Guide:
    """Load a guide by its format name (`x12/180-004010`).

    Raises:
        KeyError: There is no such guide.
        GuideError: Its files are wrong.
    """
    if name not in names():
        raise KeyError(f"There is no guide '{name}'; known are {', '.join(names())}")
    file = name.replace("/", "_").replace("-", "_")
    data = _read(file)
    return parse(data, _read(_text(data, "dictionary", file)), file)


def find(set_id: str, version: str) -> Guide | None:
    """Return the guide for a set in a release, or None."""
    name = f"x12/{set_id}-{version[:6]}"
    return load(name) if name in names() else None


def parse(data: dict[str, Any], dictionary: dict[str, Any], place: str) -> Guide:
    """Build a guide from the content of its two files; `place` is named in errors."""
    segments = _segments(dictionary, place)
    structure = data.get("structure")
    if not isinstance(structure, list) or not structure:
        raise GuideError(f"{place}: 'structure' must be a list of segments, found {structure!r}")
    return Guide(
        name=_text(data, "guide", place),
        title=_text(data, "title", place),
        set=_text(data, "set", place),
        version=_text(data, "version", place),
        functional=_text(data, "functional", place),
        structure=tuple(_node(entry, segments, place) for entry in structure),
        segments=segments,
    )


def _read(file: str) -> dict[str, Any]:
    source = resources.files("connectors.codecs").joinpath("guides", f"{file}.yaml")
    # BaseLoader builds text, lists and maps only: "00" and "NO" stay what they say
    data = yaml.load(source.read_text("utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - builds no objects
    if not isinstance(data, dict):
        raise GuideError(f"{file}.yaml: expected a mapping, found {type(data).__name__}")
    return data


def _text(data: dict[str, Any], key: str, place: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value:
        raise GuideError(f"{place}: '{key}' must be a text, found {value!r}")
    return value


def _segments(dictionary: dict[str, Any], place: str) -> dict[str, SegmentDef]:
    codes = {number: frozenset(values) for number, values in dictionary.get("codes", {}).items()}
    simple: dict[str, Element] = {}
    for number, form in dictionary.get("elements", {}).items():
        simple[number] = _element(number, form, codes.get(number, frozenset()), place)
    composites: dict[str, Element] = {}
    for name, entries in dictionary.get("composites", {}).items():
        composites[name] = Element(
            reference=name, components=_uses(entries, simple, f"{place}, composite {name}")
        )
    uses = simple | composites
    notes = dictionary.get("notes", {})
    return {
        name: SegmentDef(
            id=name,
            elements=_uses(entries, uses, f"{place}, segment {name}"),
            notes=tuple(_note(note, f"{place}, notes of {name}") for note in notes.get(name, ())),
        )
        for name, entries in dictionary.get("segments", {}).items()
    }


def _element(number: str, form: str, codes: frozenset[str], place: str) -> Element:
    kind, _, lengths = form.partition(" ")
    low, _, high = lengths.partition("/")
    if kind not in _KINDS or not low.isdigit() or not high.isdigit() or int(low) > int(high):
        raise GuideError(
            f"{place}, element {number}: expected 'type min/max' as in 'AN 1/30', found {form!r}"
        )
    return Element(reference=number, kind=kind, low=int(low), high=int(high), codes=codes)


def _uses(entries: list[str], known: dict[str, Element], place: str) -> tuple[Element, ...]:
    found = []
    for entry in entries:
        number, _, requirement = entry.partition(" ")
        if number not in known or requirement not in {"M", "X", "O"}:
            raise GuideError(f"{place}: expected 'element M|X|O' of a defined element, found {entry!r}")
        base = known[number]
        found.append(
            Element(
                reference=base.reference,
                kind=base.kind,
                low=base.low,
                high=base.high,
                codes=base.codes,
                components=base.components,
                mandatory=requirement == "M",
            )
        )
    return tuple(found)


def _note(text: str, place: str) -> Note:
    relation, digits = text[:1], text[1:]
    if relation not in {"P", "R", "E", "C", "L"} or not digits.isdigit() or len(digits) % 2:
        raise GuideError(f"{place}: expected a relation such as P0304, found {text!r}")
    return Note(relation, tuple(int(digits[at : at + 2]) for at in range(0, len(digits), 2)))


def _node(entry: str | dict[str, Any], segments: dict[str, SegmentDef], place: str) -> Node:
    head, inside = next(iter(entry.items())) if isinstance(entry, dict) else (entry, [])
    parts = head.split()
    if len(parts) != 3 or parts[1] not in {"M", "O"} or not (parts[2] == "*" or parts[2].isdigit()):  # noqa: PLR2004
        raise GuideError(f"{place}: expected 'ID M|O max' as in 'N1 O 200', found {head!r}")
    name, requirement, most = parts
    return Node(
        segment=segments.get(name, SegmentDef(id=name, known=False)),
        mandatory=requirement == "M",
        most=UNLIMITED if most == "*" else int(most),
        children=tuple(_node(child, segments, f"{place}, loop {name}") for child in inside),
    )
