"""The search for envelope segments in a document seen through a window."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from connectors.codecs.segmented.window import Segment, Window, blanks
from connectors.codecs.x12.delimiters import Delimiters

_TAGS: Final = ("ST", "SE", "GS", "GE", "TA1", "IEA", "BIN", "BDS")
_BINARY: Final = {b"BIN": 1, b"BDS": 2}
"""Binary segments, and which of their elements holds the length of the one behind it."""

_FIRST: Final = re.compile(rb"(ST|GS)")
"""The first segment of what came without an envelope."""


class Scanner:
    """Finds the next envelope segment behind a terminator, jumping over binary data."""

    def __init__(self, window: Window, delimiters: Delimiters, at: int, *, opened: bool = True) -> None:
        """Begin at a terminator, or, when nothing was `opened` yet, at a segment itself."""
        self._window = window
        self._following = control_pattern(delimiters).search
        self._search = self._following if opened else self._opening
        self._terminator = delimiters.segment
        self._element = delimiters.element
        self._at = at  # at the terminator of the segment before
        self.binary: list[tuple[int, int]] = []  # spans of binary segments since it was last emptied

    def next(self) -> Segment | None:
        """Return the next envelope segment, or None when the document ends before one."""
        window = self._window
        while True:
            search = self._search
            match = search(window.data, self._at - window.base)
            if match is None:
                if not self._advance():
                    return None
                continue
            base = window.base
            start = base + match.start(1)
            close = window.data.find(self._terminator, match.end())
            if close < 0 and not window.ended:
                self._at, self._search = base + match.start(), search
                window.fill()
                continue
            end = base + close if close >= 0 else self._last_solid(start)
            tag = match[1]
            if not tag.isalnum():
                tag = _bare(tag)
            if tag in _BINARY:
                self._jump(tag, start, end)
                continue
            self._at = end
            return Segment(tag, start, end, close >= 0)

    def _opening(self, data: bytes, at: int) -> re.Match[bytes] | None:
        self._search = self._following
        return _FIRST.match(data, at)

    def _advance(self) -> bool:
        """Nothing in the window: go on from its last terminator, so that none is seen half."""
        window = self._window
        last = window.data.rfind(self._terminator, self._at - window.base)
        if last >= 0:
            self._at = window.base + last
        window.keep = min(window.keep, self._at)
        return window.fill()

    def _jump(self, tag: bytes, start: int, end: int) -> None:
        """Step over a binary segment if its length leads to a terminator, else over its id only."""
        window = self._window
        self._at = end
        lead = _BINARY[tag]
        head = window.slice(start, end).split(self._element, lead + 1)
        if len(head) <= lead + 1 or not head[lead].strip().isdigit() or len(head[lead]) > 12:  # noqa: PLR2004 - petabytes
            return
        begin = end - len(head[lead + 1])
        stop = begin + int(head[lead])
        if stop <= end:
            return
        window.ensure(stop, len(self._terminator))
        if window.slice(stop, stop + len(self._terminator)) == self._terminator:
            self.binary.append((start, stop))
            self._at = stop

    def _last_solid(self, start: int) -> int:
        rest = self._window.slice(start, self._window.end)
        for size in range(len(self._terminator) - 1, 0, -1):  # it may end inside a terminator
            rest = rest.removesuffix(self._terminator[:size])
        return start + len(rest.rstrip(b" \t\r\n\x00\x1a"))


@lru_cache(maxsize=64)
def control_pattern(delimiters: Delimiters) -> re.Pattern[bytes]:
    """Terminator, white space, id of an envelope segment; wrapping may have broken the line inside the id.

    Not where a line break ends a segment: then no id goes on behind one.
    """
    gap = "" if delimiters.breaks_lines else r"[\r\n]*"
    tags = "|".join(gap.join(tag) for tag in _TAGS)
    element = re.escape(delimiters.element)
    isa = gap.join("ISA").encode() + rb"(?=" + gap.encode() + rb"[^A-Za-z0-9\s])"
    own = rb"(?:" + tags.encode() + rb")(?=" + gap.encode() + element + rb")"
    behind = re.escape(delimiters.segment) + blanks(delimiters.segment)
    return re.compile(behind + rb"(" + own + rb"|" + isa + rb")")


def _bare(tag: bytes) -> bytes:
    return tag.replace(b"\r", b"").replace(b"\n", b"")
