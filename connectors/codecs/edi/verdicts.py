"""What a partner says about documents of ours: the same words for TA1, 997, 999 and CONTRL."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, NamedTuple, TypeAlias

from connectors.codecs.base import Finding
from connectors.codecs.edi.meanings import meaning

Kind: TypeAlias = Literal["TA1", "997", "999", "CONTRL"]


class Verdict(StrEnum):
    """What became of something. `RECEIVED`: it arrived, nothing readable is said about its content."""

    ACCEPTED = "accepted"
    ACCEPTED_WITH_ERRORS = "accepted_with_errors"
    PARTIALLY_ACCEPTED = "partially_accepted"
    REJECTED = "rejected"
    RECEIVED = "received"


class About(NamedTuple):
    """What is acknowledged: ISA13 or UNB 0020, GS06, GS01; empty where the acknowledgement does not say."""

    interchange: str = ""
    group: str = ""
    functional: str = ""


class Counts(NamedTuple):
    """AK902, AK903 and AK904; None where nothing readable is there."""

    included: int | None = None
    received: int | None = None
    accepted: int | None = None


_UNCOUNTED: Final = Counts()


@dataclass(frozen=True, slots=True, kw_only=True)
class AckError:
    """One thing that a partner found wrong.

    `code` is its place in the acknowledgement and the value there (`AK403.7`, `UCD.12`); `number` counts
    segments from ST or UNH, which is 1, and is 0 for what is about a whole transaction, group or interchange.
    CONTRL does not name segments of messages, and tells a missing one at the segment in front of it.
    """

    code: str
    message: str
    segment: str = ""
    number: int = 0
    loop: str = ""
    element: int = 0
    component: int = 0
    reference: str = ""
    found: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionVerdict:
    """What became of one transaction or message; `group` is the reference of its UNG, if it has one."""

    set: str
    control: str
    verdict: Verdict
    group: str = ""
    errors: tuple[AckError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupVerdict:
    """What a CONTRL says about one UNG; `others` is what became of its messages that it does not name."""

    control: str
    verdict: Verdict
    others: Verdict
    errors: tuple[AckError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """One TA1, 997, 999 or CONTRL.

    `sender`, `receiver`, `control` and `test` are of the interchange it came in. `others` is what became of
    transactions that it does not name: many partners name only those they rejected. `errors` are about the
    interchange or group as a whole, `notes` tell what of the acknowledgement could not be read.
    """

    kind: Kind
    sender: str
    receiver: str
    control: str
    test: bool
    about: About
    verdict: Verdict
    others: Verdict
    counts: Counts = _UNCOUNTED
    transactions: tuple[TransactionVerdict, ...] = ()
    groups: tuple[GroupVerdict, ...] = ()
    errors: tuple[AckError, ...] = ()
    notes: tuple[Finding, ...] = ()

    def verdict_of(self, control: str, group: str = "") -> Verdict:
        """What became of one of our transactions, by its control number or reference, named or not."""
        for one in self.transactions:
            if _same(one.control, control) and (not group or one.group in {"", group}):
                return one.verdict
        for whole in self.groups:
            if group and _same(whole.control, group):
                return whole.others
        return self.others


def _same(told: str, ours: str) -> bool:
    """Control numbers lose their zeros on the way; references hold letters."""
    return told == ours or (told.isdigit() and ours.isdigit() and told.lstrip("0") == ours.lstrip("0"))


def error(
    code: str,
    *,
    segment: str = "",
    number: int = 0,
    loop: str = "",
    place: tuple[int, int] = (0, 0),
    reference: str = "",
    found: str = "",
) -> AckError:
    """Make an error with its sentence; `place` is the element and the component (0: none)."""
    element, component = place
    name, _, value = code.partition(".")
    subject = _subject(name, segment, number, place, found)
    says = "A mandatory segment is missing behind" if code == "UCS.13" else ""
    sentence = f"{says} {subject.lower()}" if says else f"{subject} {meaning(code)}"
    return AckError(
        code=code,
        message=f"{sentence} ({name} {value})",
        segment=segment,
        number=number,
        loop=loop,
        element=element,
        component=component,
        reference=reference,
        found=found,
    )


_WHOLES: Final = {
    "TA105": "The interchange",
    "UCI": "The interchange",
    "AK905": "The group",
    "UCF": "The group",
    "UCM": "The message",
    "AK502": "The transaction",
    "IK502": "The transaction",
}


def _subject(name: str, segment: str, number: int, place: tuple[int, int], found: str) -> str:
    element, component = place
    quoted = f' "{found}"' if found else ""
    if not number and not segment:
        return _WHOLES.get(name, "Something")
    if not element:
        return f"{segment} at segment {number}" if segment and number else segment or f"Segment {number}"
    inside = f", component {component}" if component else ""
    there = f" in segment {number}" if number else ""
    where = f"{segment}{element:02d}" if segment else f"Element {element:02d}"
    return f"{where}{inside}{quoted}{there}"
