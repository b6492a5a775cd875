"""Acknowledgements of an interchange we received: 997 and 999 about its groups, TA1 about itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from connectors.codecs.base import NOTHING, Finding
from connectors.codecs.x12.delimiters import Separators
from connectors.codecs.x12.envelope import Group, Interchange, Transaction
from connectors.codecs.x12.findings import X12Finding
from connectors.codecs.x12.writer import Style, Written, clean, interchange, segment_text

ACKNOWLEDGEMENTS: Final = frozenset({"FA"})
"""Functional groups that are acknowledgements themselves: they are never answered."""

Kind: TypeAlias = Literal["997", "999"]

IMPLEMENTATION: Final = "005010X231A1"
"""Version of a 999 (GS08 and ST03); there is none before release 005010."""

_VERSION: Final = re.compile(r"[0-9]{5}")
_NUMBER: Final = re.compile(r"[0-9]{1,9}")
_NOTE: Final = re.compile(r"[0-9]{3}")
_CONVENTION: Final = re.compile(r"[0-9]{6}X[0-9A-Z]+")
_REPETITION_SINCE: Final = "00402"
_IMPLEMENTATION_SINCE: Final = "00501"
_SEGMENTS_LIMIT: Final = 100  # AK3 of one transaction; the first errors explain the rest
_CODES_LIMIT: Final = 5

_WEIGHT: Final = ("023", "001", "021", "024", "018", "014", "015", "020", "022")
"""A TA1 has room for one code: what may have cost data is told before what was only written oddly."""


class _Form(NamedTuple):
    """How the two sets name the same things."""

    set: str
    segment: str
    element: str
    trailer: str


_FORMS: Final = {"997": _Form("997", "AK3", "AK4", "AK5"), "999": _Form("999", "IK3", "IK4", "IK5")}


def answered(received: Interchange) -> list[Group]:
    """Return the groups that are answered, in order: all but acknowledgements and those without a number.

    None of what came without an ISA is: nobody knows whom to answer.
    """
    groups = () if received.bare else received.groups
    return [group for group in groups if group.functional not in ACKNOWLEDGEMENTS and _numbered(group)]


def _numbered(group: Group) -> bool:
    """Whether anything of its control number can be told: signs and control characters become blanks."""
    return any(char.isalnum() for char in group.control)


def acknowledge(  # noqa: PLR0913 - numbers and times come from the caller, each by its name
    received: Interchange,
    *,
    control: int,
    group: int,
    date: str,
    time: str,
    transaction: int = 1,
    kind: Kind = "997",
    envelope: Mapping[str, Any] = NOTHING,
) -> bytes:
    """Write one interchange with a 997 or a 999 for each functional group of a received one.

    Sender and receiver are swapped, version, test flag and delimiters are those received, unless `envelope`
    (as for `writer.write`) says otherwise. Groups of different versions are answered with 997s in groups of
    their own: the first takes control number `group`, further ones count on (see `groups_needed`). A 999 is
    always of version `IMPLEMENTATION` and names the group's own in AK103, so one group holds all of them.

    Args:
        received: From `envelopes`, with its transactions.
        control: ISA13 of the answer.
        group: GS06 of its first group.
        date: CCYYMMDD.
        time: HHMM or HHMMSS.
        transaction: ST02 of the first 997 or 999.
        kind: The set that answers: 997, or 999 where both sides agreed on it.
        envelope: What to write differently.

    Returns:
        The document; empty when nothing is to be answered.
    """
    if not answered(received):
        return b""
    outer = _outer(received, kind) | {"control": control, "date": date, "time": time} | dict(envelope)
    outer["delimiters"] = _delimiters(received, outer, envelope)
    style = Style.of(outer)
    groups = []
    number = transaction
    for at, (version, members) in enumerate(_by_version(received, kind)):
        labels = {
            "group": group + at,
            "functional": "FA",
            "version": _fit(version, 12, "004010"),
            "group_sender": _fit(members[0].receiver or received.receiver, 15),
            "group_receiver": _fit(members[0].sender or received.sender, 15),
        }
        labels |= {name: value for name, value in envelope.items() if name != "group"}
        sets = []
        for member in members:
            sets.append(_answer(member, f"{number:04d}", style, _FORMS[kind], str(labels["version"])))
            number += 1
        groups.append((labels, sets))
    return interchange(groups, outer)


def groups_needed(received: Interchange, kind: Kind = "997") -> int:
    """How many group control numbers an answer takes."""
    return len(_by_version(received, kind))


def interchange_acknowledgement(
    received: Interchange,
    *,
    control: int,
    date: str,
    time: str,
    note: str = "",
    envelope: Mapping[str, Any] = NOTHING,
) -> bytes:
    """Write an interchange that holds nothing but a TA1 about a received one.

    TA104 is A when nothing was found about the interchange itself, E when something was and its complete
    transactions are good all the same, R when there is none in it or `note` says why it is refused.

    Args:
        received: From `envelopes`; its findings are those on ISA and IEA.
        control: ISA13 of the answer.
        date: CCYYMMDD.
        time: HHMM or HHMMSS.
        note: TA105 of a reason that only the caller knows (`025` duplicate control number, `009` unknown
            receiver): the interchange is rejected for it.
        envelope: What to write differently, as for `writer.write`.

    Returns:
        The document. Empty when ISA13 cannot be read, because nobody would know what is answered, and for an
        interchange of TA1s only, because acknowledgements are not acknowledged. A date or a time that is none
        is told as zeros.

    Raises:
        ValueError: `note` is not three digits.
    """
    if note and not _NOTE.fullmatch(note):
        raise ValueError(f"note must be a code of TA105 with three digits, found {note!r}")
    number = received.control.strip()
    if not _NUMBER.fullmatch(number) or (received.acknowledgements and not received.groups):
        return b""
    verdict, code = ("R", note) if note.strip("0") else _interchange_verdict(received)
    outer = _outer(received, "997") | {"control": control, "date": date, "time": time} | dict(envelope)
    outer["delimiters"] = _delimiters(received, outer, envelope)
    day = received.date if re.fullmatch(r"[0-9]{6}", received.date) else "000000"
    moment = received.time if re.fullmatch(r"[0-9]{4}", received.time) else "0000"
    line = _line(Style.of(outer), "TA1", number.zfill(9), day, moment, verdict, code)
    return interchange([], outer, head=[line])


def _interchange_verdict(received: Interchange) -> tuple[str, str]:
    codes = _codes(received.findings, "TA105")
    if not codes:
        return "A", "000"
    told = min(codes, key=lambda code: _WEIGHT.index(code) if code in _WEIGHT else len(_WEIGHT))
    return ("E" if any(group.received for group in received.groups) else "R"), told


def _by_version(received: Interchange, kind: Kind) -> list[tuple[str, list[Group]]]:
    groups = answered(received)
    if kind == "999":
        return [(IMPLEMENTATION, groups)] if groups else []
    return [(version, list(members)) for version, members in groupby(groups, lambda one: one.version)]


def _outer(received: Interchange, kind: Kind) -> dict[str, Any]:
    version = received.version if _VERSION.fullmatch(received.version) else "00401"
    return {
        "sender": _fit(received.receiver, 15),
        "sender_qualifier": _fit(received.receiver_qualifier, 2, "ZZ"),
        "receiver": _fit(received.sender, 15),
        "receiver_qualifier": _fit(received.sender_qualifier, 2, "ZZ"),
        "test": received.usage if received.usage in {"P", "T", "I"} else "P",
        "interchange_version": max(version, _IMPLEMENTATION_SINCE) if kind == "999" else version,
    }


def _delimiters(
    received: Interchange, outer: Mapping[str, Any], envelope: Mapping[str, Any]
) -> dict[str, str]:
    """Those of the received interchange if they can be written, else the usual ones.

    What we quote of bad data may hold anything: delimiters in it are replaced.
    """
    signs = received.delimiters.text
    signs = signs._replace(component=signs.component or ":")
    if signs.repetition == "" and str(outer["interchange_version"]) >= _REPETITION_SINCE:
        signs = signs._replace(repetition="^")
    used = [sign for sign in signs if sign]
    plain = all(not sign.isalnum() and (sign.isprintable() or sign == "\n") for sign in used)
    if not plain or len(set(used)) != len(used):
        signs = Separators(repetition="^")
    own = dict(zip(Separators._fields, signs, strict=True))
    return {**own, **envelope.get("delimiters", {}), "replacement": " "}


def _fit(text: str, width: int, instead: str = "UNKNOWN") -> str:
    """A name of the received envelope, which may be broken, made fit for ours."""
    return "".join(char for char in text if char.isprintable())[:width].strip() or instead


def _answer(group: Group, control: str, style: Style, form: _Form, version: str) -> Written:
    implemented = form.set == "999"
    lines = [_line(style, "AK1", group.functional, group.control, group.version if implemented else "")]
    for transaction in group.transactions:
        lines += _transaction(transaction, style, form)
    lines.append(_line(style, "AK9", *_verdict(group)))
    head = _line(style, "ST", form.set, control, version if implemented else "")
    tail = _line(style, "SE", str(len(lines) + 2), control)
    return Written(form.set, control, [head, *lines, tail])


def _transaction(transaction: Transaction, style: Style, form: _Form) -> Iterator[str]:
    # a plain release is GS08, not a convention that ST03 named
    convention = transaction.version if _CONVENTION.fullmatch(transaction.version) else ""
    told = convention if form.set == "999" else ""
    yield _line(style, "AK2", transaction.set or "000", transaction.control or "0000", told)
    detailed = [one for one in transaction.findings if isinstance(one, X12Finding) and one.number]
    for _, members in list(_by_segment(detailed))[:_SEGMENTS_LIMIT]:
        yield from _segment(members, style, form)
    verdict = "R" if not transaction.accepted else "E" if transaction.findings else "A"
    reasons = _codes(transaction.findings, "AK502")
    if detailed or (verdict == "R" and not reasons):
        reasons = [*reasons, "5"] if "5" not in reasons else reasons
    yield _line(style, form.trailer, verdict, *reasons[:_CODES_LIMIT])


def _by_segment(findings: Iterable[X12Finding]) -> Iterator[tuple[tuple[int, str, bool], list[X12Finding]]]:
    """Findings of one segment together, a missing one apart from errors of the one in its place."""
    for key, members in groupby(
        findings, lambda one: (one.number, one.segment, one.code.startswith("AK304"))
    ):
        yield key, list(members)


def _segment(members: list[X12Finding], style: Style, form: _Form) -> Iterator[str]:
    first = members[0]
    structural = first.code.startswith("AK304.")
    code = first.code.removeprefix("AK304.") if structural else "8"
    yield _line(style, form.segment, first.segment[:3], str(first.number), first.loop[:6], code)
    if structural:
        return
    for one in members:
        place = str(one.element)
        if one.component:
            place += f"{style.signs.component}{one.component}"
        bad = "" if one.found == "nothing" else clean(one.found[:99], "", style, [])
        reference = one.reference if one.reference.isdigit() else ""
        values = [place, reference, one.code.removeprefix("AK403."), bad.rstrip()]
        yield segment_text(form.element, values, style)


def _verdict(group: Group) -> list[str]:
    received, accepted = group.received, group.accepted
    noted = bool(group.findings) or any(transaction.findings for transaction in group.transactions)
    included = received if group.included is None else group.included
    if not accepted and (received or included):
        verdict = "R"
    elif accepted < received:
        verdict = "P"
    else:
        verdict = "E" if noted else "A"
    findings = [*group.findings, *(one for member in group.transactions for one in member.findings)]
    counts = [str(included), str(received), str(accepted)]
    return [verdict, *counts, *_codes(findings, "AK905")[:_CODES_LIMIT]]


def _codes(findings: Iterable[Finding], kind: str) -> list[str]:
    """Codes of one kind, each once, in the order they came up."""
    found = [finding.code.partition(".") for finding in findings]
    return list(dict.fromkeys(code for name, _, code in found if name == kind))


def _line(style: Style, name: str, *values: str) -> str:
    return segment_text(name, [clean(value, "", style, []) for value in values], style)
