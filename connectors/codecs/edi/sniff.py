"""Which of the two standards some bytes are, however little of them is there."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from connectors.codecs.segmented.window import wide


class Standard(StrEnum):
    """The two standards of electronic data interchange that partners use."""

    X12 = "x12"
    EDIFACT = "edifact"


HEAD_SIZE: Final = 65_536
"""Bytes from the start of a file that are enough to tell."""

_PADDING: Final = b"\xef\xbb\xbf \t\r\n\x00\x1a'"
_HEADS: Final = (
    # what surely begins an interchange, then what only begins a group, a message or any segment
    (Standard.EDIFACT, re.compile(rb"UNA[\x00-\x7f]{6}\s{0,8}UN[BGH]|UNB[+\x1d]")),
    (Standard.X12, re.compile(rb"(?<![A-Za-z0-9])ISA([^\w\s]|_)[\s\S]{0,6}?\1")),
    (Standard.X12, re.compile(rb"(?<![A-Za-z0-9])(?:ST[^\w\s]\d{3}[^\w\s]|GS[^\w\s][A-Z]{2}[^\w\s])")),
    (Standard.EDIFACT, re.compile(rb"(?<![A-Za-z0-9])UN[GH][+\x1d]")),
)
_SEGMENTS: Final = (
    (Standard.X12, re.compile(rb"[A-Z][A-Z0-9]{1,2}[*|~^_][^\r\n]*")),
    (Standard.EDIFACT, re.compile(rb"[A-Z]{3}\+[^\r\n]*")),
)


def standard_of(head: bytes) -> Standard | None:
    """The standard of what begins with `head`; None when it is neither.

    The first head of an interchange decides; where there is none, that of a message, then the look of the
    first segment.
    """
    head = head[:HEAD_SIZE]
    if wide(head):
        head = head.replace(b"\x00", b"")  # near enough: all that decides is ASCII
    for pair in (_HEADS[:2], _HEADS[2:]):
        found = [(match.start(), which) for which, pattern in pair if (match := pattern.search(head))]
        if found:
            return min(found)[1]
    start = head.lstrip(_PADDING)
    return next((which for which, pattern in _SEGMENTS if pattern.match(start)), None)
