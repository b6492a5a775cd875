"""Transactions that came without an interchange: cut out of a file, a mail, the example of a guide.

Nobody knows whose they are, so no flow processes them; people still want to see what they hold.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from connectors.codecs.x12.delimiters import Delimiters

LOOK_AHEAD: Final = 160
"""Bytes within which the first segment of a fragment ends."""

_HEAD: Final = re.compile(
    rb"(?:ST(?P<st>[^\w\s])\d{3}(?P=st)\w{1,9}(?:(?P=st)\w{0,35})?"
    rb"|GS(?P<gs>[^\w\s])[A-Z]{2}(?:(?P=gs)[^\r\n~'^]{0,35}?){7})"
    rb"[ \t]*(?P<end>\r?\n|[^\w\s])"
)
_LINE_BREAKS: Final = (b"\r\n", b"\n")


class Fragment(NamedTuple):
    """The delimiters of what begins with ST or GS, and the id of that segment."""

    delimiters: Delimiters
    tag: bytes


def detect(data: bytes, start: int) -> Fragment | None:
    """What begins at `start` if it is the head of a transaction or a group, else None."""
    match = _HEAD.match(data, start, start + LOOK_AHEAD)
    if match is None:
        return None
    element = match["st"] or match["gs"]
    segment = b"\n" if match["end"] in _LINE_BREAKS else match["end"]
    if segment == element:
        return None
    usual = next((sign for sign in (b":", b">") if sign not in {element, segment}), b"")
    return Fragment(
        Delimiters(element, usual, b"", segment, match["end"] == b"\r\n"), data[start : start + 2]
    )
