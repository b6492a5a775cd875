"""From the bytes of a message to the texts of its segments, undoing what editors and mail did."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from connectors.codecs.base import Finding
from connectors.codecs.edifact.envelope import Group, Interchange
from connectors.codecs.edifact.service import COMPONENT, ELEMENT, SEGMENT, Service, closing
from connectors.codecs.segmented.padding import unpadded

_BLANKS = " \t\r\n"
_LINE_END = re.compile(rb"\r\n|\n|\r")
_WRAPPED_AT_LEAST = 20
_UNTIDY = (
    "\n",
    "\r",
    f" {SEGMENT}",
    f"{SEGMENT} ",
    f"{SEGMENT}\t",
    f"{ELEMENT}{SEGMENT}",
    f"{COMPONENT}{SEGMENT}",
)
"""What `texts` tidies up, or a digest leaves out."""


class Texts(NamedTuple):
    """Segments with inner separators, release characters resolved; `foreign`: not in the charset told."""

    segments: list[str]
    foreign: bool


class Plain(NamedTuple):
    """The same as one text with terminators between segments, header and trailer left out."""

    content: str
    foreign: bool


@dataclass(slots=True, kw_only=True)
class Block:
    """The bytes of one message from UNH to UNT (or to where it was cut), not yet looked into.

    A block without an interchange is what was found outside of any.
    """

    interchange: Interchange | None
    group: Group
    control: str = ""  # 0062
    set: str = ""  # 0065
    version: str = ""  # version, release, agency and association's code, as in `D:96A:UN:EAN007`
    trailer: list[list[str]] = field(default_factory=list)  # elements of UNT, when there is one
    raw: bytes = b""
    offset: int = 0
    findings: list[Finding] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)  # of its segments, found out when the first is asked for

    @property
    def service(self) -> Service:
        """The service characters it was written with."""
        return self.interchange.service if self.interchange else Service()

    def texts(self, charset: str = "") -> Texts:
        """All segments, UNH and UNT included, without blanks and line breaks around them."""
        told = self.interchange.charset if self.interchange else ""
        raw = self.raw
        if (b"\n" in raw or b"\r" in raw) and not self.service.breaks_lines and wrapped(raw):
            raw = raw.replace(b"\r", b"").replace(b"\n", b"")
        text, foreign = decode(self.service.inner(raw), charset or told)
        parts = text.split(SEGMENT)
        if "\n" in text or "\r" in text or f"{SEGMENT} " in text or f"{SEGMENT}\t" in text:
            parts = [one.lstrip(_BLANKS).rstrip("\r\n") for one in parts]
        parts = unpadded(parts)
        return Texts([one for one in parts if one] if "" in parts else parts, foreign)

    def plain(self, charset: str = "") -> Plain | None:
        """What is between UNH and UNT, when nothing but line breaks is to be tidied there.

        None: it may be otherwise, `texts` knows. Whoever takes it must refuse segments without an id.
        """
        service = self.service
        breaks = b"\n" in self.raw or b"\r" in self.raw
        if breaks and service.release and re.search(re.escape(service.release) + rb"[\r\n]", self.raw):
            return None
        text, foreign = decode(
            service.inner(self.raw), charset or (self.interchange.charset if self.interchange else "")
        )
        if breaks:
            text = text.replace(f"{SEGMENT}\r\n", SEGMENT).replace(f"{SEGMENT}\n", SEGMENT)
        if any(odd in text for odd in _UNTIDY):
            return None
        start, end = text.find(SEGMENT), text.rfind(SEGMENT)
        return Plain(text[start + 1 : end], foreign) if start < end else None

    def offset_of(self, number: int) -> int:
        """Where a segment (1 is UNH) begins in the document, in bytes."""
        if not self.starts:
            self.starts = self._starts()
        return self.offset + (self.starts[number - 1] if number <= len(self.starts) else len(self.raw))

    def _starts(self) -> list[int]:
        raw, service = self.raw, self.service
        starts: list[int] = []
        at = 0
        while at < len(raw):
            end = closing(raw, at, service)
            piece = raw[at : end if end >= 0 else len(raw)]
            if not piece.isspace() and piece:
                starts.append(at + len(piece) - len(piece.lstrip()))
            at += len(piece) + 1
        return starts


def wrapped(raw: bytes) -> bool:
    """Whether lines were broken at a fixed column: all of one length but the first and the last.

    Who breaks lines counts bytes or characters. A line break inside a segment is data otherwise.
    """
    return _even(_LINE_END.split(raw)) or (
        not raw.isascii()
        and _even(_LINE_END.split(raw.decode("utf-8", "replace").encode("latin-1", "replace")))
    )


def _even(lines: Sequence[bytes]) -> bool:
    first, *inside = lines
    last = inside.pop() if inside else b""
    if not inside:
        return False
    width = len(inside[0])
    even = all(len(line) == width for line in inside)
    return even and width >= _WRAPPED_AT_LEAST and len(first) <= width and len(last) <= width


def decode(raw: bytes, charset: str) -> tuple[str, bool]:
    """Text of bytes: in the charset told, else UTF-8, else Latin-1, which takes anything.

    What is told to be plain ASCII often is not; that is no fault anybody minds.
    """
    if raw.isascii():
        return raw.decode("ascii"), False
    for name in (charset, "utf-8"):
        try:
            return raw.decode(name or "utf-8"), name != charset and charset not in {"ascii", ""}
        except (UnicodeDecodeError, LookupError):
            continue
    return raw.decode("latin-1"), charset not in {"ascii", ""}
