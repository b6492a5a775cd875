"""As much EDIFACT as a trading partner's own system needs: what it is told in CONTRL, RETINS, RECADV, INVOIC.

No checks. IFTSTAs are read too: that is what a carrier has said itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from sandboxes.sftp.documents import Credit, Receipt

Segment = list[list[str]]
"""Elements of components; the only component of the first element is the tag."""

_USUAL = ":+.? '"


@dataclass(slots=True)
class Instruction:
    """A RETINS: its own number, the announcement it answers and what it says about the goods."""

    number: str  # BGM, 1004
    announcement: str = ""  # RFF ARN
    decisions: set[str] = field(default_factory=set)  # CDI, 7007: 12E, 17E


@dataclass(slots=True)
class Interchange:
    """One UNB … UNZ with what we read out of it. `shipments` are RMA numbers (RFF CU), one per IFTSTA."""

    reference: str
    acknowledgements: dict[str, str] = field(default_factory=dict)  # 0020 of what is answered → 0083
    instructions: list[Instruction] = field(default_factory=list)
    credits: list[Credit] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    shipments: list[str] = field(default_factory=list)


def segments(text: str) -> Iterator[Segment]:
    """The segments of a file of one interchange; service characters are those of UNA, else the usual ones."""
    signs = list(_USUAL)
    if text.startswith("UNA"):
        signs, text = list(text[3:9]), text[9:]
    component, element, _, release, _, terminator = signs
    segment: Segment = [[""]]
    left = iter(text)
    for sign in left:
        if sign == release:
            segment[-1][-1] += next(left, "")
        elif sign == terminator:
            yield segment
            segment = [[""]]
        elif sign == element:
            segment.append([""])
        elif sign == component:
            segment[-1].append("")
        elif sign not in "\r\n":
            segment[-1][-1] += sign


def read(text: str) -> list[Interchange]:
    """All interchanges of a file."""
    found: list[Interchange] = []
    kind = ""
    for segment in segments(text):
        match segment:
            case [["UNB"], _, _, _, _, [reference, *_], *_]:
                found.append(Interchange(reference))
            case [["UNH"], _, [kind, *_], *_]:
                pass
            case _ if found and kind in _READERS:
                _READERS[kind](found[-1], segment)
            case _:
                pass
    return found


def _acknowledge(interchange: Interchange, segment: Segment) -> None:
    match segment:
        case [["UCI"], [reference, *_], _, _, [action, *_], *_]:
            interchange.acknowledgements[reference] = action
        case _:
            pass


def _instruct(interchange: Interchange, segment: Segment) -> None:
    match segment:
        case [["BGM"], _, [number, *_], *_]:
            interchange.instructions.append(Instruction(number))
        case [["RFF"], ["ARN", announcement, *_], *_]:
            interchange.instructions[-1].announcement = announcement
        case [["CDI"], _, [decision, *_], *_]:
            interchange.instructions[-1].decisions.add(decision)
        case _:
            pass


def _credit(interchange: Interchange, segment: Segment) -> None:
    match segment:
        case [["BGM"], _, [number, *_], *_]:
            interchange.credits.append(Credit(number))
        case [["MOA"], ["86", amount, *_], *_]:
            interchange.credits[-1].amount = Decimal(amount)
        case _:
            pass


def _receive(interchange: Interchange, segment: Segment) -> None:
    match segment:
        case [["BGM"], _, [number, *_], *_]:
            interchange.receipts.append(Receipt(number))
        case [["QTY"], ["48", pieces, *_], *_]:
            interchange.receipts[-1].pieces += Decimal(pieces)
        case _:
            pass


def _track(interchange: Interchange, segment: Segment) -> None:
    match segment:
        case [["RFF"], ["CU", rma, *_], *_]:
            interchange.shipments.append(rma)
        case _:
            pass


_READERS = {
    "CONTRL": _acknowledge,
    "RETINS": _instruct,
    "INVOIC": _credit,
    "RECADV": _receive,
    "IFTSTA": _track,
}
