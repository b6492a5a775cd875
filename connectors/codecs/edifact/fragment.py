"""Messages that came without an interchange around them: cut out of a file, a mail, a guide's example.

Nobody knows whose they are, so no flow processes them; people still want to see what they hold.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from connectors.codecs.edifact.service import Service, declared, usual

LOOK_AHEAD: Final = 160
"""Bytes within which the head of a fragment lies."""

_HEAD: Final = re.compile(rb"(?:UNA(?P<una>[\x00-\x7f]{6})\s{0,8})?(?P<tag>UNH|UNG)(?P<element>[^\w\s])")


class Fragment(NamedTuple):
    """The service characters of what begins with UNH or UNG, the id of that segment, and where it begins."""

    service: Service
    tag: bytes
    start: int


def detect(data: bytes, start: int) -> Fragment | None:
    """What begins at `start` if it is the head of a message or a group, else None."""
    match = _HEAD.match(data, start, start + LOOK_AHEAD)
    if match is None:
        return None
    service = declared(match["una"]) if match["una"] else usual(data, match.start("tag"))
    if isinstance(service, str) or service.element != match["element"]:
        return None
    return Fragment(service, match["tag"], match.start("tag"))
