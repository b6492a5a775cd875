"""YAML without surprises: text stays text, and every value knows where it was written.

`NO`, `03`, `12:30` and `on` mean what they say. Duplicate keys, anchors, aliases, tags, merge keys,
several documents and files beyond the bounds are refused with file, line and column. Used for
mappings, flows and system files alike.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import yaml

MAX_BYTES = 1_000_000
MAX_DEPTH = 32
MAX_NODES = 50_000

Plain: TypeAlias = str | list["Plain"] | dict[str, "Plain"]


class YamlError(ValueError):
    """A YAML file says something it must not; the place is 1-based.

    Attributes:
        file: Path as it was given to `load`.
        line: Line of the cause.
        column: Column of the cause.
        message: What was found and what was expected.
    """

    def __init__(self, file: str, line: int, column: int, message: str) -> None:
        super().__init__(f"{file}:{line}:{column}: {message}")
        self.file = file
        self.line = line
        self.column = column
        self.message = message


@dataclass(frozen=True, slots=True)
class Place:
    """A 1-based position in a file."""

    file: str
    line: int
    column: int

    def error(self, message: str) -> YamlError:
        """A `YamlError` at this place."""
        return YamlError(self.file, self.line, self.column, message)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Node:
    """One value with its place: a text, a list of nodes, or a dict of nodes.

    Attributes:
        value: `str`, `list[Node]` or `dict[str, Node]`; an empty value is the empty text.
        place: Where the value starts.
        keys: For a dict: where each key starts.
        offset: Columns from `place` to the first character of a one-line text (1 when quoted),
            or -1 when a column inside the text cannot be computed.
    """

    value: str | list[Node] | dict[str, Node]
    place: Place
    keys: Mapping[str, Place] = field(default_factory=dict)
    offset: int = 0

    @property
    def line(self) -> int:
        """1-based line."""
        return self.place.line

    @property
    def column(self) -> int:
        """1-based column."""
        return self.place.column

    def error(self, message: str, at: int = 0) -> YamlError:
        """A `YamlError` here, `at` characters into a one-line text."""
        column = self.column + self.offset + at if at and self.offset >= 0 else self.column
        return YamlError(self.place.file, self.line, column, message)

    def text(self) -> str:
        """The value when it is a text that is not empty, else `YamlError`."""
        if not isinstance(self.value, str):
            raise self.error(f"expected a text, found {_kind(self)}")
        if not self.value:
            raise self.error("expected a text, found nothing")
        return self.value

    def items(self) -> list[Node]:
        """The value when it is a list, else `YamlError`."""
        if not isinstance(self.value, list):
            raise self.error(f"expected a list, found {_kind(self)}")
        return self.value

    def fields(
        self, allowed: Collection[str] | None = None, required: Collection[str] = ()
    ) -> dict[str, Node]:
        """The value when it is a map with only the `allowed` and all `required` keys, else `YamlError`."""
        problems = self.key_problems(allowed, required)
        if problems:
            raise problems[0]
        assert isinstance(self.value, dict)  # noqa: S101 - key_problems refused everything else
        return self.value

    def key_problems(
        self, allowed: Collection[str] | None = None, required: Collection[str] = ()
    ) -> list[YamlError]:
        """What `fields` would refuse, all of it."""
        if not isinstance(self.value, dict):
            return [self.error(f"expected a map, found {_kind(self)}")]
        known = None if allowed is None else {*allowed, *required}
        problems = [
            self.keys[key].error(f"unknown key '{key}', expected one of: {', '.join(sorted(known))}")
            for key in self.value
            if known is not None and key not in known
        ]
        problems += [self.error(f"key '{key}' is missing") for key in required if key not in self.value]
        return problems

    def plain(self) -> Plain:
        """The value without places: texts, lists and dicts."""
        if isinstance(self.value, str):
            return self.value
        if isinstance(self.value, list):
            return [item.plain() for item in self.value]
        return {key: item.plain() for key, item in self.value.items()}


_HINT = "check the indentation and quotes of this line"


def load(path: Path, name: str | None = None) -> Node:
    """Read one YAML file; `name` is how errors call it (default: the path).

    Raises:
        YamlError: Unreadable, not UTF-8, too large, or anything this loader refuses.
    """
    shown = name or str(path)
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise YamlError(shown, 1, 1, f"cannot be read: {error.strerror}") from error
    if len(raw) > MAX_BYTES:
        raise YamlError(shown, 1, 1, f"larger than {MAX_BYTES} bytes")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise YamlError(shown, line, 1, f"expected UTF-8, found byte 0x{raw[error.start]:02x}") from error
    return loads(text, shown)


def loads(text: str, name: str = "<text>") -> Node:
    """Read YAML text; `name` is how errors call it.

    Raises:
        YamlError: As for `load`.
    """
    if len(text) > MAX_BYTES:
        raise YamlError(name, 1, 1, f"larger than {MAX_BYTES} characters")
    try:
        return _Builder(name, text).build()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        said = ", ".join(part for part in (error.context, error.problem) if part)
        raise YamlError(name, line, column, f"not YAML: {said}: {_HINT}") from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise YamlError(name, line, 1, f"not YAML: {error.reason}") from error


class _Builder:
    """Builds nodes from parser events, so anchors and tags are seen before anything acts on them."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._events: Iterator[yaml.Event] = iter(yaml.parse(text, Loader=yaml.BaseLoader))
        self._nodes = 0

    def build(self) -> Node:
        next(self._events)  # stream start
        if isinstance(next(self._events), yaml.StreamEndEvent):
            raise YamlError(self._name, 1, 1, "expected a map, found an empty file")
        root = self._node(next(self._events), 1)
        next(self._events)  # document end
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise self._place(after).error("expected one document, found another")
        return root

    def _node(self, event: yaml.Event, depth: int) -> Node:
        place = self._place(event)
        self._refuse(event, place, depth)
        if isinstance(event, yaml.ScalarEvent):
            return Node(event.value, place, offset=_offset(event))
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(item := next(self._events), yaml.SequenceEndEvent):
                items.append(self._node(item, depth + 1))
            return Node(items, place)
        return self._map(place, depth)

    def _map(self, place: Place, depth: int) -> Node:
        value: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            at = self._place(event)
            self._refuse(event, at, depth)
            if not isinstance(event, yaml.ScalarEvent):
                raise at.error("expected a text as key, found a list or map")
            key = event.value
            if key in value:
                raise at.error(f"duplicate key '{key}', first on line {keys[key].line}")
            if key == "<<":
                raise at.error("merge keys are refused: write the keys out")
            keys[key] = at
            value[key] = self._node(next(self._events), depth + 1)
        return Node(value, place, keys)

    def _refuse(self, event: yaml.Event, place: Place, depth: int) -> None:
        self._nodes += 1
        if isinstance(event, yaml.AliasEvent):
            raise place.error(f"alias '*{event.anchor}' is refused: write the value out")
        if anchor := getattr(event, "anchor", None):
            raise place.error(f"anchor '&{anchor}' is refused")
        if tag := getattr(event, "tag", None):
            raise place.error(f"tag '{tag}' is refused: all values are text")
        if depth > MAX_DEPTH:
            raise place.error(f"nested deeper than {MAX_DEPTH}")
        if self._nodes > MAX_NODES:
            raise place.error(f"more than {MAX_NODES} values")

    def _place(self, event: yaml.Event) -> Place:
        mark = event.start_mark
        if mark is None:  # PyYAML's parser sets it on every event
            return Place(self._name, 1, 1)
        return Place(self._name, mark.line + 1, mark.column + 1)


def _offset(event: yaml.ScalarEvent) -> int:
    start, end = event.start_mark, event.end_mark
    if start is None or end is None or start.line != end.line or event.style in ("|", ">"):
        return -1
    return 1 if event.style else 0


def _kind(node: Node) -> str:
    if isinstance(node.value, str):
        return f"the text '{node.value[:40]}'" if node.value else "nothing"
    return "a list" if isinstance(node.value, list) else "a map"
