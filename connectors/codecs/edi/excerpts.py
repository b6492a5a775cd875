"""The segment a finding is about, cut out of the file, with the place in it: for people who look at both."""

from __future__ import annotations

from typing import NamedTuple

from connectors.codecs import x12
from connectors.codecs.base import Finding
from connectors.codecs.edi.reading import Interchange
from connectors.codecs.edifact.service import Service, closing

_LONGEST = 2000  # bytes of a segment that are shown


class Excerpt(NamedTuple):
    """A segment as text, and the columns of the element (from, to) that is wrong; (0, 0): the whole of it."""

    text: str
    begin: int
    end: int


def excerpt_of(body: bytes, interchange: Interchange, finding: Finding) -> Excerpt | None:
    """The segment that stands where a finding points; None where there is none."""
    offset = finding.offset
    if offset is None or offset >= len(body):
        return None
    raw = _segment(body, offset, interchange)
    text = raw.decode("utf-8", "replace").replace("\r", "").replace("\n", "")
    element = getattr(finding, "element", 0)
    component = getattr(finding, "component", 0)
    begin, end = _element(text, element, component, interchange) if element else (0, 0)
    return Excerpt(text, begin, end)


def _segment(body: bytes, offset: int, interchange: Interchange) -> bytes:
    if isinstance(interchange, x12.Interchange):
        end = body.find(interchange.delimiters.segment, offset)
    else:
        end = closing(body, offset, interchange.service)
    return body[offset : end if 0 <= end <= offset + _LONGEST else offset + _LONGEST]


def _element(text: str, element: int, component: int, interchange: Interchange) -> tuple[int, int]:
    if isinstance(interchange, x12.Interchange):
        signs = interchange.delimiters
        marks, inner, release = signs.element.decode("utf-8", "replace"), signs.component.decode(), ""
    else:
        marks, inner, release = _signs(interchange.service)
    begin, end = _span(text, 0, len(text), marks, release, element)
    return _span(text, begin, end, inner, release, component - 1) if component and inner else (begin, end)


def _signs(service: Service) -> tuple[str, str, str]:
    return (
        service.element.decode("latin-1"),
        service.component.decode("latin-1"),
        service.release.decode("latin-1"),
    )


def _span(text: str, begin: int, end: int, mark: str, release: str, number: int) -> tuple[int, int]:
    """Where the part with a number (0 is the first) lies; behind the end for one that is not there."""
    at = begin
    while at < end and number:
        if release and text[at] == release:
            at += 2
            continue
        number -= text.startswith(mark, at)
        at += 1
    begin = min(at, end)
    while at < end and not text.startswith(mark, at):
        at += 2 if release and text[at] == release else 1
    return begin, min(at, end)
