"""Finding the delimiters of an interchange in its ISA segment, however it was mangled on the way.

The standard puts the element separator at byte 4 and the component separator and segment terminator
at bytes 105 and 106. Editors and mail collapse the padding, wrap lines, lose ISA16, put a blank or
a line break before or behind the terminator; so separators are counted instead of bytes, and the
terminator is what stands between ISA16 and the next segment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final, NamedTuple

HEADER_LIMIT: Final = 512
"""No ISA with all its padding, wrapping and line breaks is longer."""

_ISA_ELEMENTS: Final = 16
_ISA_LENGTH: Final = 106
_ISA_SEPARATORS: Final = (3, 6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103)
_UTF8_LEAD: Final = 0xC0  # no character of several bytes begins lower
_REPETITION_SINCE: Final = "00402"
_LINE_BREAKS: Final = re.compile(rb"[\r\n]+")


class Separators(NamedTuple):
    """Delimiters of decoded text."""

    element: str = "*"
    component: str = ":"
    repetition: str = ""
    segment: str = "~"


@dataclass(frozen=True)
class Delimiters:
    """Delimiters as bytes of the file; a terminator such as U+2026 takes several.

    A missing component or repetition separator is empty. CR LF as terminator is told as LF with
    `carriage_return`; a reader drops the CR.
    """

    element: bytes = b"*"
    component: bytes = b":"
    repetition: bytes = b""
    segment: bytes = b"~"
    carriage_return: bool = False

    @cached_property
    def foreign(self) -> tuple[tuple[bytes, bytes], ...]:
        """Delimiters outside ASCII with the control characters that stand for them in decoded text."""
        pairs = zip((self.element, self.component, self.repetition, self.segment), _STAND_INS, strict=True)
        return tuple((sign, stand_in) for sign, stand_in in pairs if not sign.isascii())

    @cached_property
    def text(self) -> Separators:
        """The delimiters as they are in decoded text."""
        swap = dict(self.foreign)
        signs = (self.element, self.component, self.repetition, self.segment)
        return Separators(*(swap.get(sign, sign).decode("ascii") for sign in signs))

    @cached_property
    def breaks_lines(self) -> bool:
        """Whether a line break ends a segment (else it is wrapping, and means nothing)."""
        return self.segment in {b"\n", b"\r"}


_STAND_INS: Final = (b"\x11", b"\x12", b"\x13", b"\x14")


class Header(NamedTuple):
    """An ISA segment: its 16 elements, `end` (offset behind its terminator), `length` in characters."""

    delimiters: Delimiters
    elements: tuple[str, ...]
    end: int
    length: int


def detect(data: bytes, start: int) -> Header | str:
    """Read the ISA at `start`; the answer is a sentence when it cannot be one."""
    element = _first_sign(data, start + 3)
    cuts = _cuts(data, start + 3, element)
    if len(cuts) < _ISA_ELEMENTS:
        return f"The ISA segment has {len(cuts)} elements, 16 are expected."
    behind = cuts[-1] + len(element)
    if _runs_over(data[start + 3 : behind], element) and not _is_fixed(data[start:behind], element):
        return "The ISA segment ends before its 16 elements are complete."
    component, segment, end = _tail(data, behind, element)
    if not segment:
        return "The ISA segment has no terminator."
    texts = [_text(data[a + len(element) : b]) for a, b in pairwise(cuts)]
    standards, version = texts[10], texts[11]
    repetition = standards.encode() if version >= _REPETITION_SINCE and _is_sign(standards) else b""
    carriage_return = segment == b"\n" and data[end - 2 : end - 1] == b"\r"
    delimiters = Delimiters(element, component, repetition, segment, carriage_return)
    # the shortest header a reader accepts as whole: ISA16 may be missing
    length = len(_decoded(data[start:behind])) + len(_decoded(component)) + 1
    return Header(delimiters, (*texts, component.decode("utf-8", "replace")), end, length)


def padded(header: Header) -> bool:
    """Whether the ISA kept the fixed width of the standard."""
    return header.length == _ISA_LENGTH


def _first_sign(data: bytes, at: int) -> bytes:
    """The character at a place: one byte, or all bytes of a UTF-8 character."""
    for size in (2, 3, 4):
        if data[at] < _UTF8_LEAD:  # ASCII, or a Latin-1 sign
            break
        try:
            data[at : at + size].decode("utf-8")
        except UnicodeDecodeError:
            continue
        return data[at : at + size]
    return data[at : at + 1]


def _cuts(data: bytes, at: int, element: bytes) -> list[int]:
    limit = at + HEADER_LIMIT
    cuts: list[int] = []
    while len(cuts) < _ISA_ELEMENTS and 0 <= at < limit:
        cuts.append(at)
        at = data.find(element, at + len(element), limit)
    return cuts


def _runs_over(data: bytes, element: bytes) -> bool:
    """Whether another segment begins before the ISA is complete: separators of others were counted."""
    following = rb"[^A-Za-z0-9 ](?<!" + re.escape(element) + rb")\s*(?:GS|ST|TA1|IEA|ISA)"
    return re.search(following + re.escape(element), data) is not None


def _is_fixed(head: bytes, element: bytes) -> bool:
    """Whether separators are where the standard has them: then an id may end in `-ST`."""
    text, sign = _decoded(head), _decoded(element)
    return all(text[at : at + 1] == sign for at in _ISA_SEPARATORS)


def _tail(data: bytes, at: int, element: bytes) -> tuple[bytes, bytes, int]:
    """Component separator, segment terminator and the offset behind it, from what follows ISA15."""
    following = re.compile(
        rb"(?:G[\r\n]*S|T[\r\n]*A[\r\n]*1|I[\r\n]*E[\r\n]*A|I[\r\n]*S[\r\n]*A|S[\r\n]*T)[\r\n]*"
        + re.escape(element)
    )
    match = following.search(data, at, at + 64)
    gap = data[at : match.start() if match else min(at + 2, len(data))]
    solid = gap.strip()
    line_end = _line_end(gap)
    if not solid:
        return b"", line_end, at + gap.find(line_end) + len(line_end)
    component = _first_sign(solid, 0)
    terminator = solid[len(component) :].removeprefix(component).strip()
    if not terminator or (line_end and terminator[:1].isalnum()):  # a letter is the next segment's
        if line_end:
            return component, line_end, at + gap.rfind(line_end) + len(line_end)
        # ISA16 is missing and the terminator stands in its place, unless the file ends here
        return (b"", component, at + gap.find(component) + len(component)) if match else (component, b"", at)
    sign = _first_sign(terminator, 0)
    return component, sign, at + gap.find(sign, gap.find(component) + len(component)) + len(sign)


def _line_end(gap: bytes) -> bytes:
    if b"\n" in gap:
        return b"\n"
    return b"\r" if b"\r" in gap else b""


def _text(raw: bytes) -> str:
    return _decoded(raw).strip()


def _decoded(raw: bytes) -> str:
    raw = _LINE_BREAKS.sub(b"", raw)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _is_sign(text: str) -> bool:
    return len(text) == 1 and not text.isalnum() and text.isascii() and text.isprintable()
