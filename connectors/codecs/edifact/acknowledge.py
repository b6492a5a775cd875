"""CONTRL: what we say about the syntax of an interchange we received.

Positions are counted as the standard does: the segment tag is position 1 of a segment, so the first element
is 2; UNH is segment 1; a segment that is missing is told at the one in front of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from connectors.codecs.base import NOTHING, Finding
from connectors.codecs.edifact.envelope import Group, Interchange, Message
from connectors.codecs.edifact.findings import SEGMENT_MISSING, EdifactFinding
from connectors.codecs.edifact.service import CHARSETS, COMPONENT, ELEMENT
from connectors.codecs.edifact.writer import Style, interchange

ACKNOWLEDGEMENTS: Final = frozenset({"CONTRL"})
"""Messages that are acknowledgements themselves: they are never answered."""

Told: TypeAlias = Literal["rejected", "all"]

REJECTED: Final = "4"
ACKNOWLEDGED: Final = "7"
RECEIVED: Final = "8"
"""Values of 0083: 4 this level and all below; 7 this one, below it what is not rejected by name; 8 came."""

_SYNTAX_4: Final = "4"
_VERSIONS: Final = {_SYNTAX_4: "4:1:UN"}
_VERSION: Final = "D:3:UN"  # of syntax 3 and before
_ERROR: Final = re.compile(r"[0-9]{1,3}")
_MARKS: Final = ELEMENT + COMPONENT
_SEGMENTS_LIMIT: Final = 100  # UCS of one message; the first errors explain the rest
_ELEMENTS_LIMIT: Final = 99
_WIDTHS: Final = (6, 3, 3, 3, 6)  # of S009

_HEADERS: Final = {
    "UNB 0001": "UNB+2:1",
    "UNB 0002": "UNB+2:2",
    "UNB 0017": "UNB+5:1",
    "UNB 0019": "UNB+5:2",
    "UNB 0020": "UNB+6",
}
"""Where a finding about UNB is, by its place."""

_PLACES: Final = {
    "UCI.13": "UNZ",
    "UCI.28": "UNZ+3",
    "UCI.29": "UNZ+2",
    "UCF.13": "UNE",
    "UCF.28": "UNE+3",
    "UCF.29": "UNE+2",
    "UCM.14": "UNH+3",
    "UCM.26": "UNH+2",
    "UCM.28": "UNT+3",
    "UCM.29": "UNT+2",
}
"""Segment and position of what is wrong in an envelope, by the finding's code."""


class _Answer(NamedTuple):
    """What is written for one interchange."""

    received: Interchange
    style: Style
    charset: str
    told: Told

    def line(self, *values: str | Sequence[str]) -> str:
        """A segment with inner separators; values of several components are lists."""
        parts = [
            self.fit(one) if isinstance(one, str) else COMPONENT.join(map(self.fit, one)).rstrip(COMPONENT)
            for one in values
        ]
        return ELEMENT.join(parts).rstrip(ELEMENT)

    def fit(self, text: str) -> str:
        """Text of the other side, which may hold anything, made fit for what we write."""
        bad = {*self.style.blocked(text), *(char for char in text if not char.isprintable())}
        plain = "".join(" " if char in bad or char in _MARKS else char for char in text)
        return plain.encode(self.charset, "replace").decode(self.charset).strip()


def answered(received: Interchange) -> list[Message]:
    """Return the messages that are answered, in order: all but acknowledgements."""
    return [one for group in received.groups for one in _members(group)]


def _members(group: Group) -> list[Message]:
    return [one for one in group.messages if one.set not in ACKNOWLEDGEMENTS]


def acknowledge(  # noqa: PLR0913 - numbers and times come from the caller, each by its name
    received: Interchange,
    *,
    control: str | int,
    date: str,
    time: str,
    transaction: int = 1,
    error: str = "",
    receipt: bool = False,
    messages: Told = "rejected",
    envelope: Mapping[str, Any] = NOTHING,
) -> bytes:
    """Write an interchange with the CONTRL about a received one.

    UCI says 7 where anything can be processed, with a UCM 4 for each message that cannot, and 4 where nothing
    can. What is wrong with a message that is accepted all the same is told under a UCM 7. Sender and receiver
    are swapped; syntax, version, test flag and service characters are those received, unless `envelope` (as
    for `writer.write`) says otherwise. In syntax 4 it is a CONTRL 4:1:UN, before that D:3:UN; `version` in
    `envelope` is a partner's own (`2:2:UN:EAN002`).

    Args:
        received: With its messages, as a codec's `interchanges` has it once all records are read.
        control: UNB 0020 of the answer.
        date: CCYYMMDD.
        time: HHMM.
        transaction: UNH 0062 of the CONTRL.
        error: A value of 0085 that only the caller knows (`26` duplicate, `23` unknown sender): the
            interchange is rejected for it as a whole.
        receipt: Only say that it arrived (8), and nothing about what is in it.
        messages: Which messages get a UCM: `rejected` those about which there is something to say, or `all`.
        envelope: What to write differently.

    Returns:
        The document. Empty when UNB has no reference, because nobody would know what is answered, and for an
        interchange of CONTRLs only, because acknowledgements are not acknowledged.

    Raises:
        ValueError: `error` is no value of 0085.
    """
    if error and not _ERROR.fullmatch(error):
        raise ValueError(f"error must be a value of 0085 with one to three digits, found {error!r}")
    nothing_else = received.received and not answered(received)
    if not received.control.strip() or nothing_else:
        return b""
    level = received.version if received.version in {"1", "2", "3", "4"} else "3"
    outer = _envelope(received, level) | {"control": control, "date": date, "time": time} | dict(envelope)
    outer["delimiters"] = {**_delimiters(received), **envelope.get("delimiters", {})}
    charset = str(outer.get("charset") or CHARSETS[str(outer["syntax"])])
    answer = _Answer(received, Style.of(outer), charset, messages)
    for name in ("sender", "receiver"):
        outer[name] = answer.fit(str(outer[name])) or "UNKNOWN"
        outer[f"{name}_qualifier"] = answer.fit(str(outer[f"{name}_qualifier"]))
    version = str(envelope.get("version") or _VERSIONS.get(level, _VERSION)).split(":")
    reference = str(transaction)
    body = list(_body(answer, error, receipt=receipt))
    head = answer.line("UNH", reference, ["CONTRL", *version])
    tail = answer.line("UNT", str(len(body) + 2), reference)
    return interchange([head, *body, tail], 1, outer)


def _envelope(received: Interchange, level: str) -> dict[str, Any]:
    return {
        "sender": _name(received.receiver),
        "sender_qualifier": _name(received.receiver_qualifier)[:4],
        "receiver": _name(received.sender),
        "receiver_qualifier": _name(received.sender_qualifier)[:4],
        "test": "T" if received.test else "P",
        "syntax": received.syntax if received.syntax in CHARSETS else "UNOC",
        "syntax_version": level,
    }


def _name(text: str) -> str:
    return "".join(char for char in text if char.isprintable())[:35].strip()


def _delimiters(received: Interchange) -> dict[str, str]:
    """Service characters of the received interchange if all of them can be seen, else the usual ones."""
    signs = {name: sign.decode("latin-1") for name, sign in received.service._asdict().items()}
    if not all(sign.isascii() and sign.isprintable() and not sign.isalnum() for sign in signs.values()):
        return {}
    return signs if signs["decimal"] in {".", ","} else {**signs, "decimal": "."}


def _body(answer: _Answer, error: str, *, receipt: bool) -> Iterator[str]:
    received = answer.received
    if error or receipt:
        yield _uci(answer, REJECTED if error else RECEIVED, [error])
        return
    accepted = any(one.accepted for one in answered(received))
    told = _first(received.findings)
    yield _uci(answer, ACKNOWLEDGED if accepted else REJECTED, _error(told) if told else [])
    for group in sorted(
        received.groups, key=lambda one: one.explicit
    ):  # messages outside of groups come first
        yield from _group(answer, group)


def _uci(answer: _Answer, action: str, error: Sequence[str | Sequence[str]]) -> str:
    received = answer.received
    sender = [_name(received.sender) or "UNKNOWN", _name(received.sender_qualifier)]
    receiver = [_name(received.receiver) or "UNKNOWN", _name(received.receiver_qualifier)]
    return answer.line("UCI", received.control[:14], sender, receiver, action, *error)


def _group(answer: _Answer, group: Group) -> Iterator[str]:
    messages = _members(group)
    told = [one for one in messages if answer.told == "all" or one.findings or not one.accepted]
    if group.explicit and (told or group.findings) and (messages or not group.messages):
        accepted = any(one.accepted for one in messages)
        found = _first(group.findings)
        error = _error(found) if found else []
        action = ACKNOWLEDGED if accepted else REJECTED
        sender, receiver = _name(group.sender), _name(group.receiver)
        yield answer.line("UCF", group.control[:14] or "0", sender, receiver, action, *error)
    for one in told:
        yield from _message(answer, one)


def _message(answer: _Answer, message: Message) -> Iterator[str]:
    found = _first(one for one in message.findings if one.code.startswith("UCM."))
    # what is mandatory in S009 is there, whatever came in
    given = [message.set, *message.version.split(":"), "", "", ""][:5]
    parts = [text[:width] for text, width in zip(given, _WIDTHS, strict=False)]
    kind = [text or instead for text, instead in zip(parts, ("0", "0", "0", "UN", ""), strict=False)]
    action = ACKNOWLEDGED if message.accepted else REJECTED
    error = _error(found) if found else []
    yield answer.line("UCM", message.control[:14] or "0", kind, action, *error)
    detailed = [one for one in message.findings if isinstance(one, EdifactFinding) and one.number]
    for at, (_, members) in enumerate(groupby(sorted(detailed, key=_position), key=_position)):
        if at < _SEGMENTS_LIMIT:
            yield from _segment(answer, list(members))


def _position(finding: EdifactFinding) -> tuple[int, str]:
    """Where UCS tells a finding: one for each error of a whole segment, one for those inside of it."""
    missing = finding.code == SEGMENT_MISSING
    whole = finding.code if finding.code.startswith("UCS.") else ""
    return finding.number - missing, f"{whole} {finding.segment}" if missing else whole


def _segment(answer: _Answer, members: Sequence[EdifactFinding]) -> Iterator[str]:
    first = members[0]
    number, _ = _position(first)
    if first.code.startswith("UCS."):
        yield answer.line("UCS", str(number), first.code.removeprefix("UCS."))
        return
    yield answer.line("UCS", str(number))
    for one in members[:_ELEMENTS_LIMIT]:
        place = [str(one.element + 1), str(one.component) if one.component else ""]
        yield answer.line("UCD", one.code.removeprefix("UCD."), place)


def _first(findings: Iterable[Finding]) -> Finding | None:
    """The one finding that there is room for: the first that stops something, else the first."""
    given = list(findings)
    return next((one for one in given if one.fatal), given[0] if given else None)


def _error(finding: Finding) -> list[str | Sequence[str]]:
    """0085, the segment of the envelope, and S011."""
    place = _HEADERS.get(finding.place) or _PLACES.get(finding.code, "")
    if finding.code == "UCM.13":
        place = "UNT" if finding.expected == "UNT" else "UNH+2"
    tag, _, position = place.partition("+")
    return [finding.code.partition(".")[2], tag, position.split(":")]
