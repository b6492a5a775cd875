"""Grammars of messages made of segments, read from `connectors/codecs/guides/*.yaml` once per process.

A guide is two files: the dictionary of a release (elements, composites, code lists, segments) and the
structure of one message (order, requirement, repeat, loops). Either may be `based_on` another one and say
only what is different. A mistake is a `GuideError` that names the file and the entry. What X12 and
EDIFACT write differently is in their `Family`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib import resources
from typing import Any, Final, NamedTuple

import yaml

UNLIMITED: Final = 10**9
_SECTIONS: Final = ("elements", "composites", "codes", "segments", "notes")


class GuideError(ValueError):
    """A grammar file says something that cannot be understood."""


class Faults(NamedTuple):
    """What a format's acknowledgement calls the faults of structure."""

    missing: str
    unrecognized: str
    unexpected: str
    not_in_set: str
    out_of_order: str
    too_often: str
    loop_too_often: str


class Family(NamedTuple):
    """How guides of one format are written.

    Attributes:
        prefix: Of format and file names (`x12` for `x12/180-004010`).
        kind: What a message type is called in sentences (`set`).
        whole: What one message is called in sentences (`transaction`).
        forms: What the form of a data element looks like, for messages.
        form: Reads the form of a data element, `ID 2/3` or `an..3`: its kind and least and most
            characters; None when it cannot be read.
        requirements: Letters of requirement; the first one means mandatory.
        segment_id: What every segment id looks like.
        release: Reads the release out of a message's version (`004010` of `004010VICS`, `D:96A` of
            `D:96A:EN:EAN001`).
        age: A text by which releases sort from the oldest to the newest.
        faults: Codes of structural faults.
    """

    prefix: str
    kind: str
    whole: str
    forms: str
    form: Callable[[str], tuple[str, int, int] | None]
    requirements: str
    segment_id: re.Pattern[str]
    release: Callable[[str], str]
    age: Callable[[str], str]
    faults: Faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """A data element in its place. A composite has `components` and no kind of its own.

    `reference` is its number, empty where the dictionary does not know it; `repeat` is how often it may
    be there, separated by the repetition separator.
    """

    reference: str
    kind: str = ""
    low: int = 0
    high: int = 0
    mandatory: bool = False
    codes: frozenset[str] = frozenset()
    components: tuple[Element, ...] = ()
    repeat: int = 1


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
    """The grammar of one message type in one release.

    `versions` are further releases which it reads as its own: what they have beside it is in it too.
    """

    family: Family = field(repr=False)
    name: str
    title: str
    set: str
    version: str
    functional: str
    structure: tuple[Node, ...] = field(repr=False)
    segments: dict[str, SegmentDef] = field(hash=False, repr=False)
    versions: tuple[str, ...] = ()

    def __hash__(self) -> int:
        return hash(self.name)

    def covers(self, version: str) -> bool:
        """Whether a version such as 004010VICS is of this release or of one that it reads as its own."""
        return version.startswith(self.version) or self.family.release(version) in self.versions


@lru_cache(maxsize=256)
def empty(family: Family, name: str, message: str) -> Guide:
    """What stands for the guide of a message type of which nothing is known."""
    return Guide(
        family=family,
        name=name,
        title=f"{message}, read without a guide",
        set=message,
        version="",
        functional="",
        structure=(),
        segments={},
    )


@lru_cache(maxsize=8)
def names(family: Family) -> tuple[str, ...]:
    """All guides of a family, as format names: `x12/180-004010`."""
    files = resources.files("connectors.codecs").joinpath("guides").iterdir()
    stems = [file.name.removesuffix(".yaml") for file in files if file.name.endswith(".yaml")]
    parts = [stem.split("_") for stem in stems]
    sets = [part[1:] for part in parts if part[0] == family.prefix and len(part) == 3]  # noqa: PLR2004 - family_set_release
    return tuple(sorted(f"{family.prefix}/{set_id}-{release}" for set_id, release in sets))


@lru_cache(maxsize=256)
def load(family: Family, name: str) -> Guide:
    """Load a guide by its format name.

    Raises:
        KeyError: There is no such guide.
        GuideError: Its files are wrong.
    """
    if name not in names(family):
        raise KeyError(f"There is no guide '{name}'; known are {', '.join(names(family))}")
    file = name.replace("/", "_").replace("-", "_")
    data = structure(file)
    if data.get("guide") != name:
        raise GuideError(f"{file}: 'guide' must be '{name}', found {data.get('guide')!r}")
    return parse(family, data, dictionary(_text(data, "dictionary", file)), file)


def find(family: Family, set_id: str, version: str) -> Guide | None:
    """Return the guide that reads a message type in a version as its own, or None."""
    return next((one for one in _of_set(family, set_id) if one.covers(version)), None)


@lru_cache(maxsize=1024)
def nearest(family: Family, set_id: str, version: str) -> Guide | None:
    """Return the guide that comes closest to a version: the newest one not later, else the oldest.

    What it then says of a release it does not cover (`Guide.covers`) is a good guess and no more, so whoever
    tells it must say by which guide (`Guide.name`). None when there is no guide for the message type.
    """
    guides = _of_set(family, set_id)
    exact = find(family, set_id, version)
    if exact is not None or not guides:
        return exact
    age = family.age(family.release(version))
    earlier = [one for one in guides if family.age(one.version) <= age]
    return earlier[-1] if earlier else guides[0]


@lru_cache(maxsize=256)
def _of_set(family: Family, set_id: str) -> tuple[Guide, ...]:
    """The guides for a message type, the oldest first."""
    start = f"{family.prefix}/{set_id}-".lower()
    guides = [load(family, name) for name in names(family) if name.startswith(start)]
    return tuple(sorted(guides, key=lambda one: family.age(one.version)))


def parse(family: Family, data: dict[str, Any], dictionary: dict[str, Any], place: str) -> Guide:
    """Build a guide from the content of its two files; `place` is named in errors."""
    segments = _segments(family, dictionary, place)
    structure = data.get("structure")
    if not isinstance(structure, list) or not structure:
        raise GuideError(f"{place}: 'structure' must be a list of segments, found {structure!r}")
    marks = f"{family.requirements[0]}{family.requirements[-1]}"
    return Guide(
        family=family,
        name=_text(data, "guide", place),
        title=_text(data, "title", place),
        set=_text(data, "set", place),
        version=_text(data, "version", place),
        functional=_text(data, "functional", place),
        structure=_nodes(structure, segments, marks, place),
        segments=segments,
        versions=tuple(data.get("versions", dictionary.get("versions", ()))),
    )


def dictionary(file: str) -> dict[str, Any]:
    """The content of a dictionary's file; what it is based on is put under it, entry by entry.

    Raises:
        GuideError: The file, or one it is based on, is wrong.
    """
    merged: dict[str, Any] = {}
    for data in _layers(file, {*_SECTIONS, "release", "versions", "based_on"}):
        for section in _SECTIONS:
            given = data.get(section, {})
            if not isinstance(given, dict):
                raise GuideError(f"{file}: '{section}' must be a mapping, found {type(given).__name__}")
            merged.setdefault(section, {}).update(given)
        # neither the release nor what else it reads is that of another release
        merged.update({key: data[key] for key in ("release", "versions") if key in data})
        if "versions" not in data:
            merged.pop("versions", None)
    return merged


def structure(file: str) -> dict[str, Any]:
    """The content of a structure's file; what it does not say is as in the one it is based on.

    Raises:
        GuideError: The file, or one it is based on, is wrong.
    """
    keys = {"title", "set", "functional", "dictionary", "structure"}
    merged: dict[str, Any] = {}
    for data in _layers(file, {*keys, "guide", "version", "versions", "based_on"}):
        merged = {key: value for key, value in merged.items() if key in keys} | data
    return merged


def _layers(file: str, keys: Collection[str]) -> list[dict[str, Any]]:
    """A file and those it is based on, the bottom one first."""
    seen: list[str] = []
    layers: list[dict[str, Any]] = []
    while True:
        if file in seen:
            raise GuideError(f"{seen[0]}: 'based_on' goes in a circle: {' -> '.join([*seen, file])}")
        data = _read(file, seen[-1] if seen else "")
        unknown = sorted(set(data) - set(keys))
        if unknown:
            raise GuideError(f"{file}: expected {', '.join(sorted(keys))}, found '{unknown[0]}'")
        seen.append(file)
        layers.insert(0, data)
        if "based_on" not in data:
            return layers
        file = _text(data, "based_on", file)


def _read(file: str, said: str = "") -> dict[str, Any]:
    source = resources.files("connectors.codecs").joinpath("guides", f"{file}.yaml")
    if not source.is_file():
        who = f"{said}: 'based_on' names" if said else "a guide names"
        raise GuideError(f"{who} '{file}', and there is no {file}.yaml among the guides")
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


def _segments(family: Family, dictionary: dict[str, Any], place: str) -> dict[str, SegmentDef]:
    letters = family.requirements
    codes = {number: frozenset(values) for number, values in dictionary.get("codes", {}).items()}
    simple: dict[str, Element] = {}
    for number, form in dictionary.get("elements", {}).items():
        simple[number] = _element(family, number, form, codes.get(number, frozenset()), place)
    composites: dict[str, Element] = {}
    for name, entries in dictionary.get("composites", {}).items():
        uses = _uses(entries, simple, letters, f"{place}, composite {name}")
        composites[name] = Element(reference=name, components=uses)
    known = simple | composites
    notes = dictionary.get("notes", {})
    return {
        name: SegmentDef(
            id=name,
            elements=_uses(entries, known, letters, f"{place}, segment {name}"),
            notes=tuple(_note(note, f"{place}, notes of {name}") for note in notes.get(name, ())),
        )
        for name, entries in dictionary.get("segments", {}).items()
    }


def _element(family: Family, number: str, form: str, codes: Collection[str], place: str) -> Element:
    read = family.form(form)
    if read is None:
        wanted = (
            "'type min/max' as in 'AN 1/30'" if family.prefix == "x12" else "a form as in 'an..35' or 'n3'"
        )
        raise GuideError(f"{place}, element {number}: expected {wanted}, found {form!r}")
    kind, low, high = read
    known = number if number.isdigit() else ""  # a place such as W1404 stands for a number nobody told us
    return Element(reference=known, kind=kind, low=low, high=high, codes=frozenset(codes))


def _uses(entries: list[str], known: dict[str, Element], letters: str, place: str) -> tuple[Element, ...]:
    found = []
    for entry in entries:
        number, requirement, repeat = [*entry.split(), "", ""][:3]
        times = repeat or "1"
        if number not in known or len(requirement) != 1 or requirement not in letters or not times.isdigit():
            wanted = f"'element {'|'.join(letters)}' of a defined element"
            raise GuideError(f"{place}: expected {wanted}, found {entry!r}")
        mandatory = requirement == letters[0]
        found.append(replace(known[number], mandatory=mandatory, repeat=int(times)))
    return tuple(found)


def _note(text: str, place: str) -> Note:
    relation, digits = text[:1], text[1:]
    if relation not in {"P", "R", "E", "C", "L"} or not digits.isdigit() or len(digits) % 2:
        raise GuideError(f"{place}: expected a relation such as P0304, found {text!r}")
    return Note(relation, tuple(int(digits[at : at + 2]) for at in range(0, len(digits), 2)))


def _nodes(entries: list[Any], segments: dict[str, SegmentDef], marks: str, place: str) -> tuple[Node, ...]:
    nodes = tuple(_node(entry, segments, marks, place) for entry in entries)
    ids = [node.id for node in nodes]
    twice = next((name for name in ids if ids.count(name) > 1), None)
    if twice:
        raise GuideError(f"{place}: {twice} is there twice, and a tree could not tell one from the other")
    return nodes


def _node(entry: str | dict[str, Any], segments: dict[str, SegmentDef], marks: str, place: str) -> Node:
    head, inside = next(iter(entry.items())) if isinstance(entry, dict) else (entry, [])
    parts = head.split()
    if len(parts) != 3 or parts[1] not in marks or not (parts[2] == "*" or parts[2].isdigit()):  # noqa: PLR2004 - id, requirement, most
        wanted = f"'ID {'|'.join(marks)} max' as in 'N1 {marks[1]} 200'"
        raise GuideError(f"{place}: expected {wanted}, found {head!r}")
    name, requirement, most = parts
    return Node(
        segment=segments.get(name, SegmentDef(id=name, known=False)),
        mandatory=requirement == marks[0],
        most=UNLIMITED if most == "*" else int(most),
        children=_nodes(inside, segments, marks, f"{place}, loop {name}"),
    )
