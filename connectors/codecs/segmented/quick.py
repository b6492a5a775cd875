"""Trees of messages by code made for their shape: what a builder has learnt of the messages it sees.

A message is cut into pieces at the loop that repeats (BLI of a 180, LIN of a RETANN). Pieces alike in their
segment ids, separators and empty elements have the same tree but for the texts in it. When enough of a
kind were found without fault by the full check, a Python function is made for it: it checks each text,
and builds the piece's part of the tree in one expression. Everything about structure, presence and
relations holds by the kind; only texts differ, so only they are checked. Whatever is unknown, odd or
wrong goes the long way.

Pieces can be judged apart because the loop's id is nowhere else in the guide: when its segment comes,
whatever was open before is left, and the root stands where it stood at the loop's last occurrence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final, NamedTuple, TypeAlias

from connectors.codecs.segmented.guide import Guide, Node, SegmentDef
from connectors.codecs.segmented.structure import Step

Tree: TypeAlias = dict[str, Any]
Make: TypeAlias = Callable[[list[str], int, Tree], Tree | None]
"""Texts of a piece, number of its first segment, the root: its part of the tree, None when a text is odd."""

_LEARN_AFTER: Final = 8
"""Pieces of a kind before code is made for it, which costs as much as some forty trees the long way."""
_VALUES_LIMIT: Final = 400  # of one piece
_TOTAL_LIMIT: Final = 20_000  # values of all pieces with code, a few MB
_SEEN_LIMIT: Final = 2_000  # kinds being counted
_ALIKE_LIMIT: Final = 16  # kinds of the same separators
_KNOWN_LIMIT: Final = 2_048  # texts of one element
_REPEATED_LIMIT: Final = 40  # characters; nothing that repeats is longer


class Marks(NamedTuple):
    """Separators of decoded text, each one character of ASCII.

    Attributes:
        segment: Ends a segment.
        element: Divides it.
        inner: Divides elements, each part being a text of its own; empty when elements are whole texts.
        kept: Other signs that are no data.
    """

    segment: str
    element: str
    inner: str = ""
    kept: str = ""


class Made(NamedTuple):
    """A function for a kind of piece, and how many segments and empty texts such a piece has."""

    make: Make
    segments: int
    empties: int


Table: TypeAlias = dict[bytes, list[Made]]
"""Functions by what is left of a piece without data."""


@dataclass(slots=True)
class Writing:
    """The code of one piece, as it is written: a name for every text, conditions, constants."""

    names: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)
    constants: dict[str, Any] = field(default_factory=dict)

    def take(self) -> str:
        """The name of the next text."""
        self.names.append(f"v{len(self.names)}")
        return self.names[-1]

    def require(self, condition: str) -> None:
        """Something that has to hold; conditions are tried in order."""
        self.conditions.append(condition)

    def constant(self, value: Any) -> str:
        """A name for a value of this program."""
        name = f"c{len(self.constants)}"
        self.constants[name] = value
        return name


Write: TypeAlias = Callable[[SegmentDef, str, Writing], str | None]
"""Writes the elements of one segment: takes a name for each text behind its id, requires what makes it right,
gives the entries of its dict. None: it is not for short ways."""


class Quick:
    """Code made for the pieces of one guide's messages, by what was learnt."""

    def __init__(self, guide: Guide, marks: Marks, write: Write) -> None:
        self._marks = marks
        self._write = write
        self._pivot, self._most = _pivot(guide)
        self._cut = f"{marks.segment}{self._pivot}{marks.element}"
        self._data = _data(marks)
        self._forget()

    def _forget(self) -> None:
        # messages without the loop; what is before it; its pieces; the last of them with what follows
        self._whole: Table = {}
        self._head: Table = {}
        self._loop: Table = {}
        self._last: Table = {}
        self._seen: dict[tuple[Any, ...], int] = {}
        self._size = 0

    def tree(self, content: str) -> tuple[Tree, int] | None:
        """The tree of a message and the number of its segments, header and trailer not counted.

        Args:
            content: Its segments, each but the last with its terminator, nothing around them.

        Returns:
            None when it has to go the long way.
        """
        (segment, element, inner, _), data = self._marks, self._data
        pieces = content.split(self._cut) if self._pivot else [content]
        last = len(pieces) - 1
        if last > self._most:
            return None
        root: Tree = {}
        nodes: list[Tree] = []
        number = 2
        table = self._table(0, last)
        for at, piece in enumerate(pieces):
            known = table.get(piece.encode("utf-8", "surrogatepass").translate(None, data))
            if known is None:
                return None
            flat = piece.replace(segment, element)
            texts = (flat.replace(inner, element) if inner else flat).split(element)
            empty = texts.count("")
            for make, segments, empties in known:  # noqa: B007 - one of them is used behind the loop
                if empties == empty and (node := make(texts, number, root)) is not None:
                    break
            else:
                return None
            number += segments
            if at:
                nodes.append(node)
            else:
                root = node
                if last:
                    root[self._pivot] = nodes
                table = self._loop
            if at + 1 >= last:
                table = self._last
        return root, number - 2

    def _table(self, at: int, last: int) -> Table:
        """Where a piece is looked up: `last` is the number of the last one, the first is 0."""
        if 0 < at < last:
            return self._loop
        return self._last if at else self._head if last else self._whole

    def _key(self, piece: str) -> bytes:
        """What is left of a piece without data: separators, and control characters."""
        return piece.encode("utf-8", "surrogatepass").translate(None, self._data)

    def _texts(self, piece: str) -> list[str]:
        segment, element, inner, _ = self._marks
        flat = piece.replace(segment, element)
        return (flat.replace(inner, element) if inner else flat).split(element)

    def learn(self, segments: Sequence[str], steps: Sequence[Step]) -> None:
        """Remember a message that the full check found without fault.

        Args:
            segments: Its segments as in `tree`.
            steps: Where the guide has each.
        """
        ids = [step.segment.id for step in steps]
        starts = [at for at, name in enumerate(ids) if name == self._pivot] if self._pivot else []
        content = self._marks.segment.join(segments)
        pieces = content.split(self._cut) if self._pivot else [content]
        bounds = [0, *starts, len(ids)]
        if 0 in starts or len(pieces) != len(bounds) - 1:
            return
        for at, (piece, (start, end)) in enumerate(zip(pieces, pairwise(bounds), strict=True)):
            self._sight(self._table(at, len(starts)), piece, segments[start:end], steps[start:end], start)

    def _sight(
        self, table: Table, piece: str, segments: Sequence[str], steps: Sequence[Step], first: int
    ) -> None:
        if self._size > _TOTAL_LIMIT:
            self._forget()
            return
        if len(self._seen) >= _SEEN_LIMIT:
            self._seen.clear()
        key, texts = self._key(piece), self._texts(piece)
        empties = [at for at, text in enumerate(texts) if not text]
        kind = (id(table), key, *empties, *(step.segment.id for step in steps))
        seen = self._seen[kind] = self._seen.get(kind, 0) + 1
        known = table.get(key, [])
        if seen == _LEARN_AFTER and len(texts) <= _VALUES_LIMIT and len(known) < _ALIKE_LIMIT:
            make = self._made(segments, steps, empties, first)
            if make is not None:
                table[key] = [*known, Made(make, len(segments), len(empties))]
                self._size += len(texts)

    def _made(
        self, segments: Sequence[str], steps: Sequence[Step], empties: Sequence[int], first: int
    ) -> Make | None:
        """The function of a piece; `first` segments are before it."""
        writing = Writing()
        if empties:  # how many there are has been asked
            writing.ids.append(f"not ({' or '.join(f'v{at}' for at in empties)})")
        code = _Displays(first)
        for at, (segment, step) in enumerate(zip(segments, steps, strict=True)):
            if at or not first:  # the id of a loop's first segment is where pieces are cut
                writing.ids.append(f"{writing.take()} == {step.segment.id!r}")
            written = self._write(step.segment, segment, writing)
            if written is None:
                return None
            own = f"'@': number + {at}"
            code.add(step, f"{own}, {written}" if written else own)
        if not first:
            return _compiled(writing, code.display(0, "'@': 1"), {})
        root = code.below(0)
        result = root.pop(self._pivot)[1:-1]  # the only one of its list
        return _compiled(writing, result, root)


class _Displays:
    """The dicts of a piece as code, each inside the one it hangs under."""

    def __init__(self, first: int) -> None:
        self._node = first  # nodes are numbered in the whole message
        self._own: dict[int, str] = {}
        self._children: dict[int, dict[str, list[int]]] = {}
        self._many: set[tuple[int, str]] = set()

    def add(self, step: Step, own: str) -> None:
        """The next segment: where it hangs, the entries of its elements."""
        self._node += 1
        self._own[self._node] = own
        self._children.setdefault(step.parent, {}).setdefault(step.segment.id, []).append(self._node)
        if step.many:
            self._many.add((step.parent, step.segment.id))

    def display(self, node: int, own: str) -> str:
        """A node with all that hangs under it."""
        return "{" + ", ".join([own, *(f"{key!r}: {code}" for key, code in self.below(node).items())]) + "}"

    def below(self, node: int) -> dict[str, str]:
        """What hangs under a node by its key: an object, or a list of them."""
        found = {}
        for key, nodes in self._children.get(node, {}).items():
            codes = [self.display(one, self._own[one]) for one in nodes]
            found[key] = f"[{', '.join(codes)}]" if (node, key) in self._many else codes[0]
        return found


def _compiled(writing: Writing, result: str, others: Mapping[str, str]) -> Make:
    """The function of a piece; its text holds nothing of a message but positions, and ids of the guide.

    Args:
        writing: Names, conditions and constants.
        result: What it gives.
        others: What it leaves at the root.
    """
    lines = [
        "def make(texts, number, root):",
        f"    [{', '.join(writing.names)}] = texts",
        f"    if not ({' and '.join([*writing.ids, *writing.conditions]) or True}): return None",
        *(f"    root[{key!r}] = {value}" for key, value in others.items()),
        f"    return {result}",
    ]
    scope: dict[str, Any] = dict(writing.constants)
    exec(compile("\n".join(lines), "<quick>", "exec"), scope)  # noqa: S102 - written above, from the guide alone
    make: Make = scope["make"]
    return make


def _pivot(guide: Guide) -> tuple[str, int]:
    """The loop at which messages are cut, the largest at the root whose id is nowhere else; else ""."""
    found: Node | None = None
    for node in guide.structure:
        if not node.children or node.most == 1 or _uses(guide.structure, node.id) != 1:
            continue
        if found is None or _size(node) > _size(found):
            found = node
    return (found.id, found.most) if found else ("", 0)


def _uses(nodes: Sequence[Node], name: str) -> int:
    return sum((node.id == name) + _uses(node.children, name) for node in nodes)


def _size(node: Node) -> int:
    return 1 + sum(map(_size, node.children))


def _data(marks: Marks) -> bytes:
    """Bytes that say nothing about the kind of a piece: all but separators and control characters."""
    signs = "".join(marks).encode("ascii")
    return bytes(sign for sign in range(0x20, 0x100) if sign != 0x7F and sign not in signs)  # noqa: PLR2004 - delete


class Known(dict[str, str]):
    """Texts found right before, with what becomes of them; new ones are asked for once.

    `[text]` is never a KeyError: it gives "" for what has to be looked at closely.
    """

    def __init__(self, accepts: Callable[[str], object], result: Callable[[str], str] = str) -> None:
        super().__init__()
        self._accepts = accepts
        self._result = result

    def __missing__(self, text: str) -> str:
        if self._accepts(text) is None:
            return ""
        made = self._result(text)
        if len(self) < _KNOWN_LIMIT and len(text) < _REPEATED_LIMIT:
            self[text] = made
        return made
