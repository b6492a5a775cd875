"""What must agree between the head and the tail of an envelope."""

from __future__ import annotations

import re
from typing import Final

from connectors.codecs.base import Finding, excerpt
from connectors.codecs.x12 import findings as codes
from connectors.codecs.x12.delimiters import Header, padded
from connectors.codecs.x12.envelope import Group, Interchange

_DATE6: Final = re.compile(r"\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
_TIME4: Final = re.compile(r"([01]\d|2[0-3])[0-5]\d")
_CONTROL: Final = re.compile(r"\d{1,9}")
CONTROL_LENGTH: Final = 9
"""Characters of ST02."""


def check_header(interchange: Interchange, header: Header) -> None:
    """Look at the ISA itself; nothing here stops transactions from being read."""
    checks = (
        (
            _DATE6.fullmatch(interchange.date),
            codes.INTERCHANGE_DATE,
            "ISA09",
            "a date YYMMDD",
            interchange.date,
        ),
        (
            _TIME4.fullmatch(interchange.time),
            codes.INTERCHANGE_TIME,
            "ISA10",
            "a time HHMM",
            interchange.time,
        ),
        (
            _CONTROL.fullmatch(interchange.control),
            codes.INTERCHANGE_CONTROL_INVALID,
            "ISA13",
            "a control number of digits",
            interchange.control,
        ),
        (
            interchange.usage in {"P", "T", "I"},
            codes.INTERCHANGE_TEST_INVALID,
            "ISA15",
            "P (production), T (test) or I (information)",
            interchange.usage,
        ),
    )
    for good, code, place, expected, found in checks:
        if not good:
            _note(
                interchange.findings,
                code,
                f"{place} is '{found}', expected {expected}.",
                place,
                expected,
                found,
            )
    if not padded(header):
        message = (
            f"The ISA segment is {header.length} characters long, the standard has 106: padding was lost or "
            "added on the way. It was read by counting its elements."
        )
        _note(interchange.findings, codes.INTERCHANGE_STRUCTURE, message, "ISA", "106", str(header.length))


def check_group(group: Group, elements: tuple[str, ...] | None, offset: int) -> None:
    """Compare GS and GE; `elements` is None when the GE is missing."""
    place = f"group {group.control or '?'}"
    if not _CONTROL.fullmatch(group.control):
        expected = "a control number of digits, 9 at most"
        message = f"GS06 is '{group.control}', expected {expected}."
        where = group.findings
        _note(where, codes.GROUP_CONTROL_INVALID, message, place, expected, group.control, group.offset)
    if elements is None:
        message = f"{_begun(place)} has no GE trailer: the file may have been cut or edited."
        _note(group.findings, codes.GROUP_TRAILER_MISSING, message, place, "GE", "", offset)
        return
    count, control = _at(elements, 1), _at(elements, 2)
    group.included = int(count) if _CONTROL.fullmatch(count) else None
    if group.included != group.received:
        message = f"The trailer GE01 counts '{count}' transactions, but {group.received} are in {place}."
        _note(group.findings, codes.GROUP_COUNT_MISMATCH, message, place, count, str(group.received), offset)
    if _number(control) != _number(group.control):
        message = f"GS06 is '{group.control}', but the trailer GE02 says '{control}'."
        _note(group.findings, codes.GROUP_CONTROL_MISMATCH, message, place, group.control, control, offset)


def check_trailer(interchange: Interchange, elements: tuple[str, ...] | None, offset: int) -> None:
    """Compare ISA and IEA; `elements` is None when the document ended before the IEA."""
    place = f"interchange {interchange.control or '?'}"
    found = interchange.findings
    if elements is None:
        message = f"{_begun(place)} has no IEA trailer: the file ends too early or was cut."
        _note(found, codes.INTERCHANGE_CUT, message, place, "IEA", "", offset)
        return
    count, control = _at(elements, 1), _at(elements, 2)
    groups = sum(group.explicit for group in interchange.groups)
    if not _CONTROL.fullmatch(count) or int(count) != groups:
        message = f"The trailer IEA01 counts '{count}' groups, but {groups} are in {place}."
        _note(found, codes.INTERCHANGE_COUNT_MISMATCH, message, place, count, str(groups), offset)
    if _number(control) != _number(interchange.control):
        message = f"ISA13 is '{interchange.control}', but the trailer IEA02 says '{control}'."
        _note(found, codes.INTERCHANGE_CONTROL_MISMATCH, message, place, interchange.control, control, offset)


def doubtful_control(control: str, group: Group, offset: int) -> Finding:
    """What is wrong with an ST02 that cannot name one transaction of its group in an acknowledgement."""
    where = f"group {group.control or '?'}" if group.explicit else "what is outside of groups"
    code, reason, expected = codes.SET_CONTROL_REPEATED, f"occurs twice in {where}", "used once in its group"
    if len(control) > CONTROL_LENGTH:
        code, reason = codes.SET_CONTROL_INVALID, f"has {len(control)} characters"
        expected = f"of {CONTROL_LENGTH} characters at most"
    return codes.X12Finding(
        code=code,
        message=f"The transaction control number ST02 '{excerpt(control)}' {reason}.",
        place=f"transaction {excerpt(control)}",
        expected=f"a number {expected}",
        found=excerpt(control, 200),
        offset=offset,
        fatal=False,
    )


def _at(elements: tuple[str, ...], position: int) -> str:
    return elements[position].strip() if len(elements) > position else ""


def _number(control: str) -> str:
    """Control numbers are numbers: 1225 and 000001225 are the same."""
    return control.lstrip("0") or "0" if control.isdigit() else control


def _begun(place: str) -> str:
    """A place as a sentence begins; control references keep their case."""
    return place[:1].upper() + place[1:]


def _note(
    where: list[Finding],
    code: str,
    message: str,
    place: str,
    expected: str,
    found: str,
    offset: int | None = None,
) -> None:
    where.append(
        Finding(
            code=code,
            message=message,
            place=place,
            expected=expected,
            found=found,
            offset=offset,
            fatal=False,
        )
    )
