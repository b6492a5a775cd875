"""Service characters and the head of an interchange: UNA, if there is one, and UNB.

Without UNA the usual characters hold; some systems end segments with line breaks instead, without saying so.
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

HEADER_LIMIT: Final = 1024
"""No UNA and UNB with all their line breaks are longer."""

HEAD: Final = re.compile(rb"UNA[\x00-\x7f]{6}\s{0,8}UNB|UNB[+\x1d]")
"""Where an interchange begins."""

_UNA_LENGTH: Final = 9
_BREAKS: Final = re.compile(rb"[\r\n]+")
_FIRST_INSIDE: Final = re.compile(rb"\s*(?:UNH|UNG|UNZ)[+\x1d]")
_RUNS_OVER: Final = re.compile(rb"[\r\n]\s*(?:UNH|UNG|UNT|UNZ|UNB)[^A-Za-z0-9\s]")

ELEMENT: Final = "\x1d"
COMPONENT: Final = "\x1f"
REPETITION: Final = "\x1c"
SEGMENT: Final = "\x1e"
_INNER: Final = bytes(map(ord, (COMPONENT, ELEMENT, REPETITION, SEGMENT)))

CHARSETS: Final = {
    "UNOA": "ascii",
    "UNOB": "ascii",
    "UNOC": "iso8859-1",
    "UNOD": "iso8859-2",
    "UNOE": "iso8859-5",
    "UNOF": "iso8859-7",
    "UNOG": "iso8859-3",
    "UNOH": "iso8859-4",
    "UNOI": "iso8859-6",
    "UNOJ": "iso8859-8",
    "UNOK": "iso8859-9",
    "UNOL": "iso8859-15",
    "UNOW": "utf-8",
    "UNOX": "utf-8",
    "UNOY": "utf-8",
}
"""Character sets by syntax identifier (data element 0001)."""


class _Signs(NamedTuple):
    component: bytes = b":"
    element: bytes = b"+"
    decimal: bytes = b"."
    release: bytes = b"?"
    repetition: bytes = b""
    segment: bytes = b"'"


class Service(_Signs):
    """Service characters as bytes of the file; a missing release or repetition character is empty."""

    @cached_property
    def breaks_lines(self) -> bool:
        """Whether a line break ends a segment."""
        return self.segment in {b"\n", b"\r"}

    def inner(self, raw: bytes) -> bytes:
        """Bytes with the separators of this program (`ELEMENT` …) and release characters resolved."""
        table = _table(self)
        if not self.release or self.release not in raw:
            return raw.translate(table)
        # plain text and released characters take turns
        parts = _released(self.release).split(raw)
        parts[::2] = [part.translate(table) for part in parts[::2]]
        return b"".join(parts)


LEVEL_B: Final = Service(b"\x1f", b"\x1d", b".", b"", b"", b"\x1c")
"""The separators of syntax level B in interchanges without UNA that use them."""


@lru_cache(maxsize=64)
def _table(service: Service) -> bytes:
    table = bytearray(range(256))
    for inner in _INNER:
        table[inner] = 0x1A  # no data, whoever wrote it
    signs = (service.component, service.element, service.repetition, service.segment)
    for sign, inner in zip(signs, _INNER, strict=True):
        if sign:
            table[ord(sign)] = inner
    return bytes(table)


@lru_cache(maxsize=64)
def _released(release: bytes) -> re.Pattern[bytes]:
    return re.compile(re.escape(release) + rb"([\s\S])")


class Header(NamedTuple):
    """UNA and UNB: the elements of UNB, each a list of components, and `end` behind its terminator."""

    service: Service
    elements: list[list[str]]
    end: int

    def at(self, element: int, component: int = 1) -> str:
        """One component of UNB; empty when it is not there."""
        return part(self.elements, element, component)


def part(elements: list[list[str]], element: int, component: int = 1) -> str:
    """A component of a segment that was taken apart; empty when it is not there."""
    values = elements[element] if len(elements) > element else []
    return values[component - 1].strip() if len(values) >= component else ""


def apart(raw: bytes, service: Service) -> list[list[str]]:
    """The elements of an envelope segment, the tag at position 0, each a list of components."""
    text = service.inner(_BREAKS.sub(b"", raw)).decode("latin-1")
    return [element.split(COMPONENT) for element in text.split(ELEMENT)]


def detect(data: bytes, start: int) -> Header | str:
    """Read the head of an interchange at `start`; the answer is a sentence when it cannot be one."""
    at = start
    if data[start : start + 3] == b"UNA":
        found = declared(data[start + 3 : start + _UNA_LENGTH])
        if isinstance(found, str):
            return found
        service = found
        at = data.index(b"UNB", start + _UNA_LENGTH)
        if data[at + 3 : at + 4] != service.element:
            sign = service.element.decode("ascii")
            return f"UNA says that '{sign}' separates elements, but it does not follow UNB."
    else:
        service = usual(data, start)
    end = closing(data, at, service)
    if not 0 <= end < start + HEADER_LIMIT:
        return "The UNB segment has no terminator."
    if _RUNS_OVER.search(data, at, end):
        return "The UNB segment has no terminator: the next segment begins inside of it."
    elements = apart(data[at:end], service)
    if len(elements) < 5:  # noqa: PLR2004 - UNB with four composites; a missing reference is told, and read over
        return f"UNB ends behind element {len(elements) - 1}, at least 5 are expected."
    if elements[1][1:2] == ["4"] and data[start : start + 3] != b"UNA":
        service = service._replace(repetition=b"*")
    return Header(service, elements, end + 1)


def declared(signs: bytes) -> Service | str:
    """The service characters that the six signs of a UNA declare, or why they cannot be."""
    component, element, decimal, release, repetition, segment = (signs[at : at + 1] for at in range(6))
    service = Service(component, element, decimal, release.strip(b" "), repetition.strip(b" "), segment)
    used = [sign for sign in service[:2] + service[3:] if sign]
    if len(set(used)) != len(used) or any(sign.isalnum() for sign in used):
        return f"The service characters of UNA are not distinct signs: '{signs.decode('ascii')}'."
    return service


def usual(data: bytes, start: int) -> Service:
    """The service characters of what begins at `start` without a UNA."""
    if data[start + 3 : start + 4] == LEVEL_B.element:
        return LEVEL_B
    first = _FIRST_INSIDE.search(data, start, start + HEADER_LIMIT)
    if first is None or b"'" in data[start : first.end()]:
        return Service()
    gap = data[first.start() : first.end()]
    line_end = b"\n" if b"\n" in gap else b"\r" if b"\r" in gap else b"'"
    return Service(segment=line_end)


def closing(data: bytes, at: int, service: Service) -> int:
    """Where the terminator of the segment at a place is; -1 when it is not there."""
    end = data.find(service.segment, at)
    while end >= 0 and escaped(data, end, at, service):
        end = data.find(service.segment, end + 1)
    return end


def escaped(data: bytes, at: int, floor: int, service: Service) -> bool:
    """Whether a release character takes its meaning from the sign at a place; looks back to `floor`."""
    if not service.release:
        return False
    before = at
    while before > floor and data[before - 1 : before] == service.release:
        before -= 1
    return (at - before) % 2 == 1
