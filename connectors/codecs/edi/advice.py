"""Refusals for business reasons, as trees: 824 for X12 and APERAK for EDIFACT.

A 997 or a CONTRL says that a document could be read. What is missing or wrong for the business although the
standard allows it is told with these. They are written like any other document, by the codec of their guide
(`x12/824-004010`, `edifact/aperak-d96a`). What they quote may hold delimiters: X12 needs
`delimiters.replacement` in the envelope for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from connectors.codecs.base import NOTHING, Tree

Problem: TypeAlias = Literal["missing", "invalid", "date", "range", "duplicate", "mismatch", "other"]

_X12_CODES: Final[Mapping[str, str]] = {
    "missing": "007",
    "invalid": "848",
    "date": "009",
    "range": "008",
    "duplicate": "006",
    "mismatch": "011",
    "other": "024",
}
"""TED01 (data element 647) by kind of problem."""

_EDIFACT_CODES: Final[Mapping[str, str]] = {
    "missing": "13",
    "invalid": "12",
    "date": "12",
    "range": "12",
    "duplicate": "26",
    "mismatch": "28",
    "other": "18",
}
"""ERC 9321 by kind of problem. Its list is what partners agree on; without that these are values of 0085."""

_TED_TEXT: Final = 60
_NTE_TEXT: Final = 80
_NTE_LIMIT: Final = 100
_FTX_TEXT: Final = 70
_FTX_LIMIT: Final = 5
_COPY: Final = 99
_REFERENCE: Final = 35
_DATE: Final = 8
_PARTY: Final = 17
_GLN: Final = "14"
_COMPOSITE_SINCE: Final = "00405"
_ERRORS_LIMIT: Final = 999  # ERC of one APERAK


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviceError:
    """One thing that is wrong for the business.

    `number` is the segment's place in the original (ST or UNH is 1; 0 is the whole document); `component` is
    0 for a whole element; `reference` the data element's number, `found` its content. `line` is what the
    sender calls the line (APERAK). `code` is the partner's own, and goes before that of the `problem`.
    """

    message: str
    problem: Problem = "invalid"
    segment: str = ""
    number: int = 0
    element: int = 0
    component: int = 0
    reference: str = ""
    found: str = ""
    line: str = ""
    code: str = ""


def application_advice_824(  # noqa: PLR0913 - one keyword per fact that only the caller has
    original: Mapping[str, str],
    errors: Sequence[AdviceError],
    *,
    reference: str,
    date: str,
    time: str = "",
    document: str = "",
    verdict: Literal["TA", "TC", "TE", "TP", "TR"] = "TR",
    release: str = "004010",
) -> Tree:
    """Make the tree of an 824 about one transaction.

    Args:
        original: The envelope of its record.
        errors: What is wrong; each becomes a TED with its sentence in NTE.
        reference: BGN02, the number of this 824.
        date: CCYYMMDD.
        time: HHMM or HHMMSS.
        document: The sender's number of the original, as its BGN02 has it; OTI03 is ST02 without one.
        verdict: OTI01: accepted (TA), with a change (TC) or an error (TE), in part (TP), or rejected (TR).
        release: Of the 824: from 004050 on the place in a segment is a composite.

    Returns:
        The tree for `x12/824-004010` (or the guide of another release).
    """
    begin = _node("11", reference, date, time, "", document)
    about = _node(
        verdict,
        "TN",
        document or original.get("transaction", "") or "0000",
        _code(original.get("group_sender"), 15),
        _code(original.get("group_receiver"), 15),
        _day(original.get("date")),
        original.get("time", "")[:8] if _day(original.get("date")) else "",
        original.get("group", ""),
        original.get("transaction", "") if original.get("group") else "",
        original.get("set", ""),
        original.get("version", ""),
    )
    if errors:
        about["TED"] = [_technical(error, composite=release >= _COMPOSITE_SINCE) for error in errors]
    return {"BGN": begin, "OTI": [about]}


def _technical(error: AdviceError, *, composite: bool) -> dict[str, Any]:
    place: Any = str(error.element or "")
    named: Any = error.reference if error.reference.isdigit() else ""
    if composite:
        place = _node(place, str(error.component or "")) if place else ""
        named = _node(named) if named else ""
    sentence = _plain(error.message)
    ted = _node(
        error.code or _X12_CODES[error.problem],
        _cut(sentence, _TED_TEXT),
        error.segment if error.number else "",
        str(error.number or ""),
        place if error.number else "",
        named if error.number else "",
        _plain(error.found)[:_COPY],
    )
    notes = _pieces(sentence, _NTE_TEXT, _NTE_LIMIT)
    return {**ted, "NTE": [_node("ERN", piece) for piece in notes]} if notes else ted


def aperak(  # noqa: PLR0913 - as above
    original: Mapping[str, str],
    errors: Sequence[AdviceError],
    *,
    reference: str,
    date: str,
    time: str = "",
    document: str = "",
    name: str = "",
    codes: Mapping[str, str] = NOTHING,
) -> Tree:
    """Make the tree of an APERAK about one message.

    Args:
        original: The envelope of its record.
        errors: What is wrong; each becomes an ERC with its sentence in FTX. Without any it is accepted.
        reference: BGM 1004, the number of this APERAK.
        date: CCYYMMDD.
        time: HHMM.
        document: The sender's number of the original, as its BGM has it.
        name: BGM 1001; 313 (application error) with errors and 312 (acknowledgement) without, unless the
            partner has another.
        codes: Values of ERC 9321 by kind of problem, as agreed with the partner.

    Returns:
        The tree for `edifact/aperak-d96a`. RFF names the original: ACE its document, ACW its UNH, AGO its
        UNB.

    Raises:
        ValueError: There are more errors than an APERAK can hold.
    """
    if len(errors) > _ERRORS_LIMIT:
        raise ValueError(f"An APERAK tells {_ERRORS_LIMIT} errors at most, found {len(errors)}")
    kind = name or ("313" if errors else "312")
    references = [
        ("ACE", document),
        ("ACW", original.get("transaction", "")),
        ("AGO", original.get("control", "")),
    ]
    parties = [
        ("MS", original.get("receiver", ""), original.get("receiver_qualifier", "")),
        ("MR", original.get("sender", ""), original.get("sender_qualifier", "")),
    ]
    tree: dict[str, Any] = {
        "BGM": _node(_node(kind), reference, "11", "RE" if errors else "AP"),
        "DTM": [_node(_node("137", f"{date}{time[:4]}", "203" if time else "102"))],
        "RFF": [_node(_node(qualifier, value[:_REFERENCE])) for qualifier, value in references if value],
        "NAD": [_party(*one) for one in parties if one[1] and len(one[1]) <= _PARTY],
        "ERC": [_error(error, codes) for error in errors],
    }
    return {key: value for key, value in tree.items() if value}


def _party(role: str, identification: str, qualifier: str) -> dict[str, Any]:
    return _node(role, _node(identification, "", "9" if qualifier == _GLN else ""))


def _error(error: AdviceError, codes: Mapping[str, str]) -> dict[str, Any]:
    code = error.code or codes.get(error.problem, _EDIFACT_CODES[error.problem])
    sentence = f"{_plain(error.message)}{_place(error)}"
    pieces = _pieces(sentence, _FTX_TEXT, _FTX_LIMIT)
    made = _node(_node(code))
    if pieces:
        made["FTX"] = _node("AAO", "", "", _node(*pieces))
    if error.line:
        made["RFF"] = _node(_node("LI", error.line[:_REFERENCE]))
    return made


def _place(error: AdviceError) -> str:
    """Where in the original it is, for there is no element that says so."""
    if not error.number:
        return ""
    element = f", element {error.element:02d}" if error.element else ""
    component = f", component {error.component}" if error.element and error.component else ""
    return f" (segment {error.number} {error.segment}".rstrip() + f"{element}{component})"


def _node(*values: Any) -> dict[str, Any]:
    """A segment or a composite: what is empty is absent."""
    return {f"{at:02d}": value for at, value in enumerate(values, 1) if value not in ("", {})}


def _plain(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _cut(text: str, size: int) -> str:
    return text if len(text) <= size else f"{text[: size - 3].rstrip()}..."


def _pieces(text: str, size: int, most: int) -> list[str]:
    """A sentence in lines that fit, broken between words; one that is too long for all of them says so."""
    pieces: list[str] = []
    rest = text
    while rest and len(pieces) < most:
        at = rest.rfind(" ", 1, size + 1) if len(rest) > size else len(rest)
        at = at if at > 0 else size
        pieces.append(rest[:at].rstrip())
        rest = rest[at:].lstrip()
    if rest:
        pieces[-1] = _cut(f"{pieces[-1]} {rest}", size)
    return pieces


def _code(text: str | None, width: int) -> str:
    """An application's code, which has two characters at least."""
    given = (text or "").strip()
    return given if 2 <= len(given) <= width else ""  # noqa: PLR2004 - data elements 142 and 124


def _day(text: str | None) -> str:
    given = text or ""
    return given if len(given) == _DATE and given.isdigit() else ""
