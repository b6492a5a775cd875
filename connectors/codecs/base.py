"""Bytes to plain trees and back: the words every codec shares.

A codec is pure: no clock, no network, no files but its own grammars. It never raises on what a
partner sent; what is wrong is told in `Finding`s, so that one broken record never stops the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, runtime_checkable

Tree: TypeAlias = Any
"""A decoded document: dicts, lists, str, int, Decimal, bool, None. Never a float."""

Body: TypeAlias = bytes | Iterable[bytes]
"""A document as a whole or in chunks of any size; how it is cut never changes what is read."""

NOTHING: Mapping[str, Any] = {}
"""No options, no envelope."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing wrong in a document, told so that its sender can find it.

    `code` is stable and taken from the format's own vocabulary where it has one (`AK304.3` is the
    997's "mandatory segment missing"). `offset` counts bytes from the start of the document.
    A `fatal` finding means: this record must not be processed.
    """

    code: str
    message: str
    place: str = ""
    expected: str = ""
    found: str = ""
    offset: int | None = None
    fatal: bool = True

    @property
    def said(self) -> str:
        """The message with its place, which is not said twice."""
        named = not self.place or self.message.lower().startswith(self.place.lower())
        return self.message if named else f"{self.place}: {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One business record of a document.

    `tree` is None exactly when a finding is fatal. `digest` is the sha256 (hex) of the record's own
    content: envelope numbers, white space and key order do not change it; for an undecodable
    record it is that of its bytes. `index` counts from 0.
    """

    index: int
    tree: Tree
    digest: str
    findings: tuple[Finding, ...] = ()
    envelope: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Decoded:
    """The records of a document, read as they are asked for.

    `findings` are about the document as a whole (a missing trailer); the list is complete only
    when `records` is exhausted. `records` can be iterated once.
    """

    records: Iterator[Record]
    findings: list[Finding] = field(default_factory=list)


class EncodeError(ValueError):
    """This tree can never be written in this format; the message names every offending place."""


@runtime_checkable
class Codec(Protocol):
    """Translates between bytes of one format and trees. Stateless and thread-safe."""

    @property
    def media_type(self) -> str:
        """What the encoded bytes are, for a Content-Type header."""

    def decode(self, body: Body, options: Mapping[str, Any] = NOTHING) -> Decoded:
        """Read a document. Never raises for what the document holds."""

    def encode(self, tree: Tree, envelope: Mapping[str, Any] = NOTHING) -> bytes:
        """Write a document.

        Raises:
            EncodeError: The tree or the envelope cannot be written.
        """


def whole(body: Body) -> bytes:
    """The document in one piece."""
    return body if isinstance(body, bytes) else b"".join(body)


def printable(text: str) -> str:
    """Text that quotes what came in, fit for a terminal and a log: control characters as escapes."""
    return (
        text
        if text.isprintable()
        else "".join(
            sign if sign.isprintable() else sign.encode("unicode_escape").decode("ascii") for sign in text
        )
    )


def excerpt(data: bytes | str, size: int = 40) -> str:
    """The beginning of some data, printable, for a message."""
    text = data[: size * 4].decode("utf-8", "replace") if isinstance(data, bytes) else data
    shown = "".join(char if char.isprintable() else "." for char in text[:size])
    return shown + ("…" if len(text) > size else "")
