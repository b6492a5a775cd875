"""A document seen through a moving window.

All places are offsets from the start of the document, so nothing needs adjusting when the window moves.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from collections.abc import Iterator
from itertools import chain
from typing import Final, NamedTuple

from connectors.codecs.base import Body

_STEP: Final = 4096
"""Bytes looked at together for padding: a copy of all that is there would cost its length each time."""


class Window:
    """The part of a document from `keep` on, as far as it has been read."""

    def __init__(self, body: Body) -> None:
        self._chunks = _narrowed(iter((body,) if isinstance(body, bytes) else body))
        self.data = b""
        self.base = 0  # offset of `data`
        self.keep = 0  # what lies before may be dropped
        self.ended = False

    @property
    def end(self) -> int:
        """Offset behind what has been read."""
        return self.base + len(self.data)

    def fill(self) -> bool:
        """Read another chunk, several where much is held already; False at the end of the document.

        What is held may be looked at again for each: small chunks of something large would cost its square.
        """
        held = self.end - self.keep
        wanted = held // 4 if held > _STEP else 1
        some: list[bytes] = []
        for chunk in self._chunks:
            if chunk:
                some.append(bytes(chunk))
                wanted -= len(chunk)
                if wanted <= 0:
                    break
        if not some:
            self.ended = True
            return False
        self.data = b"".join([self.data[self.keep - self.base :], *some])
        self.base = self.keep
        return True

    def ensure(self, at: int, size: int) -> bool:
        """Read until `size` bytes from `at` on are there; False when there is not even one."""
        while self.end - at < size and self.fill():
            pass
        return self.end > at

    def past(self, at: int, signs: bytes, ahead: int) -> int:
        """Go past any of some signs, and let go of them; `ahead` bytes are read behind them."""
        while self.ensure(at, ahead):
            some = self.data[at - self.base : at - self.base + _STEP]
            solid = some.lstrip(signs)
            at = self.keep = at + len(some) - len(solid)
            if solid:
                break
        return at

    def slice(self, start: int, end: int) -> bytes:
        """Bytes of the document, which must lie in the window."""
        return self.data[start - self.base : end - self.base]


def wide(head: bytes) -> str:
    """The form of UTF-16 that a document is in, by its byte order mark or first letters; else empty."""
    if head.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return "utf-16"
    little, big = head[:4:2], head[1:4:2]
    if big == b"\0\0" and little in _LETTERS:
        return "utf-16-le"
    return "utf-16-be" if little == b"\0\0" and big in _LETTERS else ""


_LETTERS: Final = (b"IS", b"UN")  # ISA, UNA and UNB


def _narrowed(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The document as it came, or as UTF-8 when it came as UTF-16."""
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= len("IS") * 2:
            break
    charset = wide(head)
    if not charset:
        yield head
        yield from chunks
        return
    decoder = getincrementaldecoder(charset)("replace")
    for chunk in chain((head,), chunks):
        yield decoder.decode(chunk).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


class Segment(NamedTuple):
    """A segment of the envelope: its id, where it begins and ends, and whether a terminator ends it."""

    tag: bytes
    start: int
    end: int
    closed: bool


def blanks(terminator: bytes) -> bytes:
    """A pattern for white space behind a terminator.

    A terminator that is white space itself is none of it: a pattern that ran over many of them would look
    at each of them once more for every one before it.
    """
    signs = b"".join(bytes([sign]) for sign in b" \t\n\r\x0b\x0c" if bytes([sign]) != terminator)
    return b"[" + re.escape(signs) + b"]*"
