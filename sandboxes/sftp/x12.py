"""As much X12 as a trading partner's own system needs: what it is told in 997, 180, 812, 824 and 861.

No checks. 214s are read too: that is what a carrier has said itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from sandboxes.sftp.documents import Credit, Receipt

_ISA = 106  # characters of an interchange header with its terminator

Segment = list[str]


@dataclass(slots=True)
class Acknowledgement:
    """A 997: which group it answers and what it says about its transactions."""

    functional: str
    group: str
    status: str = ""  # AK901: A, E, P, R
    transactions: dict[str, str] = field(default_factory=dict)  # ST02 → AK501


@dataclass(slots=True)
class Response:
    """A 180 that came back: the claim it answers and what was decided."""

    claim: str
    purpose: str = ""  # BGN01
    decision: str = ""  # RDR01: RA, RD
    references: dict[str, str] = field(default_factory=dict)  # N9 qualifier → value


@dataclass(slots=True)
class Advice:
    """An 824: which claim the business could not take."""

    claim: str  # OTI03
    verdict: str  # OTI01


@dataclass(slots=True)
class Interchange:
    """One ISA … IEA with what we read out of it. `shipments` are RMA numbers (L11 RZ), one per 214."""

    control: str
    acknowledgements: list[Acknowledgement] = field(default_factory=list)
    responses: list[Response] = field(default_factory=list)
    credits: list[Credit] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    advices: list[Advice] = field(default_factory=list)
    shipments: list[str] = field(default_factory=list)


def segments(text: str) -> Iterator[Segment]:
    """The segments of a file; each interchange tells its own separators."""
    at = text.find("ISA")
    while at >= 0 and len(text) >= at + _ISA:
        element, terminator = text[at + 3], text[at + _ISA - 1]
        end = text.find(f"{terminator}IEA{element}", at)
        end = len(text) if end < 0 else text.find(terminator, end + 1)
        end = len(text) if end < 0 else end
        for raw in text[at:end].split(terminator):
            if raw.strip():
                yield raw.strip().split(element)
        at = text.find("ISA", end)


def read(text: str) -> list[Interchange]:
    """All interchanges of a file."""
    found: list[Interchange] = []
    transaction = ""
    for segment in segments(text):
        name = segment[0]
        if name == "ISA":
            found.append(Interchange(segment[13]))
        elif name == "ST":
            transaction = segment[1]
        elif found and transaction in _READERS:
            _READERS[transaction](found[-1], segment)
    return found


def _acknowledge(interchange: Interchange, segment: Segment) -> None:
    match segment:
        case ["AK1", functional, group, *_]:
            interchange.acknowledgements.append(Acknowledgement(functional, group))
        case ["AK2", _, transaction, *_]:
            interchange.acknowledgements[-1].transactions[transaction] = ""
        case ["AK5", status, *_]:
            answered = interchange.acknowledgements[-1].transactions
            answered[next(reversed(answered))] = status
        case ["AK9", status, *_]:
            interchange.acknowledgements[-1].status = status
        case _:
            pass


def _respond(interchange: Interchange, segment: Segment) -> None:
    match segment:
        case ["BGN", purpose, claim, *_]:
            interchange.responses.append(Response(claim, purpose))
        case ["RDR", decision, *_] if decision and not interchange.responses[-1].decision:
            interchange.responses[-1].decision = decision
        case ["N9", qualifier, value, *_]:
            interchange.responses[-1].references.setdefault(qualifier, value)
        case _:
            pass


def _credit(interchange: Interchange, segment: Segment) -> None:
    match segment:
        case ["BCD", _, number, _, amount, *_]:
            interchange.credits.append(Credit(number, Decimal(amount).scaleb(-2)))
        case _:
            pass


def _receive(interchange: Interchange, segment: Segment) -> None:
    match segment:
        case ["BRA", number, *_]:
            interchange.receipts.append(Receipt(number))
        case ["RCD", _, pieces, *_]:
            interchange.receipts[-1].pieces += Decimal(pieces)
        case _:
            pass


def _advise(interchange: Interchange, segment: Segment) -> None:
    match segment:
        case ["OTI", verdict, _, claim, *_]:
            interchange.advices.append(Advice(claim, verdict))
        case _:
            pass


def _track(interchange: Interchange, segment: Segment) -> None:
    match segment:
        case ["L11", rma, "RZ", *_]:
            interchange.shipments.append(rma)
        case _:
            pass


_READERS = {
    "997": _acknowledge,
    "180": _respond,
    "812": _credit,
    "824": _advise,
    "861": _receive,
    "214": _track,
}
