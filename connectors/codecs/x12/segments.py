"""From the bytes of a transaction to the texts of its segments, undoing what editors and mail did."""

from __future__ import annotations

from dataclasses import dataclass, field

from connectors.codecs.base import Finding
from connectors.codecs.segmented.padding import unpadded
from connectors.codecs.x12.delimiters import Delimiters
from connectors.codecs.x12.envelope import Group, Interchange


@dataclass(slots=True, kw_only=True)
class Block:
    """The bytes of one transaction from ST to SE (or to where it was cut), not yet looked into.

    A block without a group is what was found outside any interchange. `binary` holds the spans
    (relative to `raw`) of binary segments, inside of which delimiters mean nothing.
    """

    interchange: Interchange | None
    group: Group
    set: str = ""
    control: str = ""
    own_version: str = ""
    raw: bytes = b""
    offset: int = 0
    trailer: tuple[str, ...] = ()  # elements of SE, when there is one
    binary: list[tuple[int, int]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)  # of its segments, found out when the first is asked for

    @property
    def version(self) -> str:
        """The release it says it is of: ST03, which came with 5010, else GS08."""
        return self.own_version or self.group.version

    @property
    def charset(self) -> str:
        """What its text is read as where nothing else is agreed."""
        try:
            self.raw.decode("utf-8")
        except UnicodeDecodeError:
            return "latin-1"
        return "ascii" if self.raw.isascii() else "utf-8"

    def segments(self, charset: str = "") -> list[str]:
        """All segments, ST and SE included, without blanks and line breaks around them."""
        delimiters = self.interchange.delimiters if self.interchange else Delimiters()
        return split(self.raw, delimiters, self.binary, charset)

    def plain(self, charset: str = "") -> str | None:
        """What is between the segments ST and SE, when nothing but line breaks is to be tidied there.

        None: it may be otherwise, `segments` knows. Whoever takes it must refuse segments without an id.
        """
        delimiters = self.interchange.delimiters if self.interchange else Delimiters()
        if self.binary or delimiters.foreign:
            return None
        text = decode(self.raw, charset)
        if "\n" in text or "\r" in text:
            text = _unwrap(text, breaks_lines=delimiters.breaks_lines)
        signs = delimiters.text
        if (signs.component and signs.component + signs.segment in text) or f" {signs.segment}" in text:
            return None
        start, end = text.find(signs.segment), text.rfind(signs.segment)
        return text[start + 1 : end] if start < end else None

    def offset_of(self, number: int) -> int:
        """Where a segment (1 is ST) begins in the document, in bytes."""
        if not self.starts:
            self.starts = self._starts()
        return self.offset + (self.starts[number - 1] if number <= len(self.starts) else len(self.raw))

    def _starts(self) -> list[int]:
        delimiters = self.interchange.delimiters if self.interchange else Delimiters()
        starts: list[int] = []
        at = 0
        for piece in pieces(self.raw, delimiters.segment, self.binary):
            if piece and not piece.isspace():
                starts.append(at + len(piece) - len(piece.lstrip()))
            at += len(piece) + len(delimiters.segment)
        return starts


def pieces(raw: bytes, terminator: bytes, binary: list[tuple[int, int]]) -> list[bytes]:
    """Bytes between terminators, not looking for them inside binary data."""
    if not binary:
        return raw.split(terminator)
    found: list[bytes] = []
    begin = 0
    for start, end in binary:
        *whole, opening = raw[begin:start].split(terminator)
        found += [*whole, opening + raw[start:end]]
        begin = end + len(terminator)
    return [*found, *raw[begin:].split(terminator)]


def split(
    raw: bytes, delimiters: Delimiters, binary: list[tuple[int, int]] | None = None, charset: str = ""
) -> list[str]:
    """Segment texts of some bytes; see `Block.segments`."""
    if binary:
        return [_clean_binary(piece) for piece in pieces(raw, delimiters.segment, binary) if piece.strip()]
    for sign, stand_in in delimiters.foreign:
        raw = raw.replace(sign, stand_in)
    text = decode(raw, charset)
    signs = delimiters.text
    if "\n" in text or "\r" in text:
        text = _unwrap(text, breaks_lines=delimiters.breaks_lines)
    parts = text.split(signs.segment)
    if f"{signs.segment} " in text or f"{signs.segment}\t" in text:
        parts = [part.lstrip(" \t") for part in parts]
    parts = unpadded(parts)
    if signs.component and signs.component + signs.segment in text:
        # an empty component at the end of a segment says nothing; whole files come with one on every line
        parts = [part.rstrip(signs.component) for part in parts]
    return [part for part in parts if part] if "" in parts else parts


def decode(raw: bytes, charset: str = "") -> str:
    """Text of bytes: the partner's charset if known, else UTF-8, else Latin-1, which takes anything."""
    if charset:
        return raw.decode(charset, "replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _unwrap(text: str, *, breaks_lines: bool) -> str:
    """Drop line breaks that end nothing: those behind a terminator, and those of 80-column wrapping."""
    if not breaks_lines:
        return text.replace("\r", "").replace("\n", "")
    return text.replace("\r\n", "\n").rstrip("\r\n")


def _clean_binary(piece: bytes) -> str:
    return piece.lstrip(b" \t\r\n").decode("latin-1")
