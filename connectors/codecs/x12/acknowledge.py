"""Functional acknowledgements: what a 997 says about an interchange we received."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, Final

from connectors.codecs.base import NOTHING, Finding
from connectors.codecs.x12.delimiters import Separators
from connectors.codecs.x12.envelope import Group, Interchange, Transaction
from connectors.codecs.x12.findings import X12Finding
from connectors.codecs.x12.writer import Style, Written, clean, interchange, segment_text

ACKNOWLEDGEMENTS: Final = frozenset({"FA"})
"""Functional groups that are acknowledgements themselves: they are never answered."""

_VERSION: Final = re.compile(r"[0-9]{5}")
_REPETITION_SINCE: Final = "00402"
_SEGMENTS_LIMIT: Final = 100  # AK3 of one transaction; the first errors explain the rest
_CODES_LIMIT: Final = 5


def answered(received: Interchange) -> list[Group]:
    """Return the groups that get a 997, in order: all but acknowledgements and those without a header."""
    return [group for group in received.groups if group.functional not in ACKNOWLEDGEMENTS and group.control]


def acknowledge(
    received: Interchange,
    *,
    control: int,
    group: int,
    date: str,
    time: str,
    transaction: int = 1,
    envelope: Mapping[str, Any] = NOTHING,
) -> bytes:
    """Write one interchange with a 997 for each functional group of a received one.

    Sender and receiver are swapped, version, test flag and delimiters are those received, unless `envelope`
    (as for `writer.write`) says otherwise. Groups of different versions are answered in groups of their own:
    the first takes control number `group`, further ones count on (see `groups_needed`).

    Args:
        received: From `envelopes`, with its transactions.
        control: ISA13 of the answer.
        group: GS06 of its first group.
        date: CCYYMMDD.
        time: HHMM or HHMMSS.
        transaction: ST02 of the first 997.
        envelope: What to write differently.

    Returns:
        The document; empty when nothing is to be answered.
    """
    if not answered(received):
        return b""
    outer = {**_envelope(received), "control": control, "date": date, "time": time, **envelope}
    # what we quote of bad data may hold anything
    outer["delimiters"] = {**_delimiters(received), **envelope.get("delimiters", {}), "replacement": " "}
    style = Style.of(outer)
    groups = []
    number = transaction
    for at, (version, members) in enumerate(_by_version(received)):
        sets = []
        for member in members:
            sets.append(_answer(member, f"{number:04d}", style))
            number += 1
        labels = {
            "group": group + at,
            "functional": "FA",
            "version": _fit(version, 12, "004010"),
            "group_sender": _fit(members[0].receiver or received.receiver, 15),
            "group_receiver": _fit(members[0].sender or received.sender, 15),
        }
        own = {name: value for name, value in envelope.items() if name != "group"}
        groups.append(({**labels, **own}, sets))
    return interchange(groups, outer)


def groups_needed(received: Interchange) -> int:
    """How many group control numbers an answer takes."""
    return len(_by_version(received))


def _by_version(received: Interchange) -> list[tuple[str, list[Group]]]:
    return [
        (version, list(members)) for version, members in groupby(answered(received), lambda one: one.version)
    ]


def _envelope(received: Interchange) -> dict[str, Any]:
    return {
        "sender": _fit(received.receiver, 15),
        "sender_qualifier": _fit(received.receiver_qualifier, 2, "ZZ"),
        "receiver": _fit(received.sender, 15),
        "receiver_qualifier": _fit(received.sender_qualifier, 2, "ZZ"),
        "test": received.usage if received.usage in {"P", "T", "I"} else "P",
        "interchange_version": received.version if _VERSION.fullmatch(received.version) else "00401",
    }


def _delimiters(received: Interchange) -> dict[str, str]:
    """Those of the received interchange if they can be written, else the usual ones."""
    signs = received.delimiters.text
    signs = signs._replace(component=signs.component or ":")
    if signs.repetition == "" and received.version >= _REPETITION_SINCE:
        signs = signs._replace(repetition="^")
    used = [sign for sign in signs if sign]
    plain = all(not sign.isalnum() and (sign.isprintable() or sign == "\n") for sign in used)
    if not plain or len(set(used)) != len(used):
        signs = Separators(repetition="^")
    return dict(zip(Separators._fields, signs, strict=True))


def _fit(text: str, width: int, instead: str = "UNKNOWN") -> str:
    """A name of the received envelope, which may be broken, made fit for ours."""
    return "".join(char for char in text if char.isprintable())[:width].strip() or instead


def _answer(group: Group, control: str, style: Style) -> Written:
    lines = [_line(style, "AK1", group.functional, group.control)]
    for transaction in group.transactions:
        lines += _transaction(transaction, style)
    lines.append(_line(style, "AK9", *_verdict(group)))
    head = _line(style, "ST", "997", control)
    tail = _line(style, "SE", str(len(lines) + 2), control)
    return Written("997", control, [head, *lines, tail])


def _transaction(transaction: Transaction, style: Style) -> Iterator[str]:
    yield _line(style, "AK2", transaction.set or "000", transaction.control or "0000")
    detailed = [one for one in transaction.findings if isinstance(one, X12Finding) and one.number]
    for _, members in list(_by_segment(detailed))[:_SEGMENTS_LIMIT]:
        yield from _segment(members, style)
    verdict = "R" if not transaction.accepted else "E" if transaction.findings else "A"
    reasons = _codes(transaction.findings, "AK502")
    if detailed or (verdict == "R" and not reasons):
        reasons = [*reasons, "5"] if "5" not in reasons else reasons
    yield _line(style, "AK5", verdict, *reasons[:_CODES_LIMIT])


def _by_segment(findings: Iterable[X12Finding]) -> Iterator[tuple[tuple[int, str, bool], list[X12Finding]]]:
    """Findings of one segment together, a missing one apart from errors of the one in its place."""
    for key, members in groupby(
        findings, lambda one: (one.number, one.segment, one.code.startswith("AK304"))
    ):
        yield key, list(members)


def _segment(members: list[X12Finding], style: Style) -> Iterator[str]:
    first = members[0]
    structural = first.code.startswith("AK304.")
    code = first.code.removeprefix("AK304.") if structural else "8"
    yield _line(style, "AK3", first.segment[:3], str(first.number), first.loop[:6], code)
    if structural:
        return
    for one in members:
        place = str(one.element)
        if one.component:
            place += f"{style.signs.component}{one.component}"
        bad = "" if one.found == "nothing" else clean(one.found[:99], "", style, [])
        reference = one.reference if one.reference.isdigit() else ""
        values = [place, reference, one.code.removeprefix("AK403."), bad.rstrip()]
        yield segment_text("AK4", values, style)


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
