"""The search for envelope segments in a document seen through a window."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from connectors.codecs.edifact.service import Service, closing, escaped
from connectors.codecs.segmented.window import Segment, Window, blanks

_TAGS: Final = ("UNH", "UNT", "UNG", "UNE", "UNZ", "UNB")
_RESERVE: Final = 64
"""A UNA at the end of the window may be there in part; it must not be searched inside."""


class Scanner:
    """Finds the next envelope segment behind a terminator that is one."""

    def __init__(self, window: Window, service: Service, at: int, *, opened: bool = True) -> None:
        """Begin at a terminator, or, when nothing was `opened` yet, at a segment itself."""
        self._window = window
        self._first = None if opened else re.compile(rb"(UNH|UNG)")
        self._service = service
        self._pattern = control_pattern(service)
        self._at = at  # offset of a terminator, or of what stands for one

    def next(self) -> Segment | None:
        """The next envelope segment; None at the end of the document."""
        window = self._window
        while True:
            first = self._first
            match = self._search()
            if match is None:
                if not self._advance():
                    return None
                continue
            base = window.base
            start = base + match.start(1)
            close = closing(window.data, match.start(1), self._service)
            if close < 0 and not window.ended:
                self._at, self._first = base + match.start(), first
                window.fill()
                continue
            end = base + close if close >= 0 else self._last_solid(start)
            self._at = end
            return Segment(_bare(match[1]), start, end, close >= 0)

    def _search(self) -> re.Match[bytes] | None:
        data = self._window.data
        floor = at = self._at - self._window.base
        if self._first is not None:
            first, self._first = self._first, None
            return first.match(data, at)
        while (match := self._pattern.search(data, at)) is not None:
            if not escaped(data, match.start(), floor, self._service):
                return match
            at = match.start() + 1
        return None

    def _advance(self) -> bool:
        """Nothing in the window: go on from one of its last terminators, so that none is seen half."""
        window = self._window
        data, service = window.data, self._service
        floor = self._at - window.base
        last = data.rfind(service.segment, floor, max(floor, len(data) - _RESERVE))
        while last > floor and escaped(data, last, floor, service):
            last = data.rfind(service.segment, floor, last)
        if last > floor:
            self._at = window.base + last
        window.keep = min(window.keep, self._at)
        return window.fill()

    def _last_solid(self, start: int) -> int:
        rest = self._window.slice(start, self._window.end)
        return start + len(rest.rstrip(b" \t\r\n\x00\x1a"))


@lru_cache(maxsize=64)
def control_pattern(service: Service) -> re.Pattern[bytes]:
    """Terminator, white space, tag of an envelope segment; wrapping may have broken the line inside it."""
    gap = b"" if service.breaks_lines else rb"[\r\n]*"
    tags = b"|".join(gap.join(bytes([letter]) for letter in tag.encode()) for tag in _TAGS)
    una = rb"UNA(?=[\x00-\x7f]{6}\s{0,8}UNB)"
    head = rb"UNB(?=[+\x1d])"  # another interchange may use the usual characters
    element = re.escape(service.element)
    own = rb"(?:" + tags + rb")(?=" + gap + element + rb")"
    behind = re.escape(service.segment) + blanks(service.segment)
    return re.compile(behind + rb"(" + b"|".join((own, head, una)) + rb")")


def _bare(tag: bytes) -> bytes:
    return tag.replace(b"\r", b"").replace(b"\n", b"")
