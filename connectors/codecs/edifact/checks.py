"""What must agree between the head and the tail of an envelope, and what UNB may say."""

from __future__ import annotations

import re
from typing import Final

from connectors.codecs.base import Finding
from connectors.codecs.edifact import findings as codes
from connectors.codecs.edifact.envelope import Group, Interchange
from connectors.codecs.edifact.service import CHARSETS, part

_DATE: Final = re.compile(r"(?:\d\d)?\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])", re.ASCII)
_TIME: Final = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?", re.ASCII)
_COUNT: Final = re.compile(r"\d{1,9}", re.ASCII)
_VERSIONS: Final = frozenset("1234")

Elements = list[list[str]]


def check_header(interchange: Interchange) -> None:
    """Look at the UNB itself; nothing here stops messages from being read."""
    values = (
        (
            interchange.syntax in CHARSETS,
            codes.INTERCHANGE_CHARSET,
            "0001",
            "UNOA to UNOY",
            interchange.syntax,
        ),
        (
            interchange.version in _VERSIONS,
            codes.INTERCHANGE_SYNTAX,
            "0002",
            "1, 2, 3 or 4",
            interchange.version,
        ),
        (
            _DATE.fullmatch(interchange.date),
            codes.INTERCHANGE_VALUE,
            "0017",
            "a date YYMMDD",
            interchange.date,
        ),
        (_TIME.fullmatch(interchange.time), codes.INTERCHANGE_VALUE, "0019", "a time HHMM", interchange.time),
        (interchange.control, codes.INTERCHANGE_CUT, "0020", "a control reference", interchange.control),
    )
    for good, code, element, expected, found in values:
        if not good:
            is_what = f"is '{found}'" if found else "is missing"
            message = f"Data element {element} of UNB {is_what}, expected {expected}."
            _note(
                interchange.findings, code, message, f"UNB {element}", (expected, found), interchange.offset
            )


def check_group(group: Group, elements: Elements | None, offset: int) -> None:
    """Compare UNG and UNE; `elements` is None when the UNE is missing."""
    if not group.explicit:
        return
    place = f"group {group.control or '?'}"
    if elements is None:
        message = f"{_begun(place)} has no UNE trailer: the file may have been cut or edited."
        _note(group.findings, codes.GROUP_TRAILER_MISSING, message, place, ("UNE", ""), offset)
        return
    count, control = part(elements, 1), part(elements, 2)
    group.included = int(count) if _COUNT.fullmatch(count) else None
    if group.included != group.received:
        message = f"The trailer UNE counts '{count}' messages, but {group.received} are in {place}."
        _note(
            group.findings, codes.GROUP_COUNT_MISMATCH, message, place, (count, str(group.received)), offset
        )
    if control != group.control:
        message = f"The reference of UNG is '{group.control}', but the trailer UNE says '{control}'."
        _note(group.findings, codes.GROUP_CONTROL_MISMATCH, message, place, (group.control, control), offset)
    if not group.received:
        message = f"{_begun(place)} holds no message."
        _note(group.findings, codes.GROUP_EMPTY, message, place, ("UNH", "UNE"), offset)


def check_trailer(interchange: Interchange, elements: Elements | None, offset: int) -> None:
    """Compare UNB and UNZ; `elements` is None when the document ended before the UNZ."""
    place = f"interchange {interchange.control or '?'}"
    found = interchange.findings
    groups = [group for group in interchange.groups if group.explicit]
    if groups and len(groups) < len(interchange.groups):
        message = f"{_begun(place)} holds messages inside and outside of groups."
        _note(found, codes.GROUP_MIXED, message, place, ("groups only", "messages too"), offset)
    if elements is None:
        message = f"{_begun(place)} has no UNZ trailer: the file ends too early or was cut."
        _note(found, codes.INTERCHANGE_CUT, message, place, ("UNZ", ""), offset)
        return
    if not interchange.received:
        message = f"{_begun(place)} holds no message."
        _note(found, codes.INTERCHANGE_EMPTY, message, place, ("UNH", "UNZ"), offset)
    count, control = part(elements, 1), part(elements, 2)
    number = len(groups) if groups else interchange.received
    if not _COUNT.fullmatch(count) or int(count) != number:
        what = "groups" if groups else "messages"
        message = f"The trailer UNZ counts '{count}' {what}, but {number} are in {place}."
        _note(found, codes.INTERCHANGE_COUNT_MISMATCH, message, place, (count, str(number)), offset)
    if control != interchange.control:
        message = f"The reference of UNB is '{interchange.control}', but the trailer UNZ says '{control}'."
        _note(
            found, codes.INTERCHANGE_CONTROL_MISMATCH, message, place, (interchange.control, control), offset
        )


def _begun(place: str) -> str:
    """A place as a sentence begins; control references keep their case."""
    return place[:1].upper() + place[1:]


def _note(
    where: list[Finding], code: str, message: str, place: str, wanted_and_found: tuple[str, str], offset: int
) -> None:
    expected, found = wanted_and_found
    finding = Finding(
        code=code, message=message, place=place, expected=expected, found=found, offset=offset, fatal=False
    )
    where.append(finding)
