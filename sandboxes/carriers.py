"""The carrier: parcels of returns whose RMA number their sender knows travel, and it tells of them.

Parcels of ACME are told of as X12 214, those of the retailer as EDIFACT IFTSTA; one file says of all of
them that they were picked up, another that they were delivered.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sandboxes.outbox import Endpoints, Tell, books, drop
from sandboxes.scenario import Scenario

CARRIER = "QFRT"
_X12_EVENTS = {"picked_up": "AF", "delivered": "D1"}
_EDIFACT_EVENTS = {"picked_up": "13", "delivered": "21"}
_CONTROL = {"picked_up": 3001, "delivered": 3002}
_NEW_YORK, _BERLIN = ZoneInfo("America/New_York"), ZoneInfo("Europe/Berlin")
_LOOK_EVERY = 1.0

ANSWERED = {
    "214": [str(control) for control in _CONTROL.values()],
    "IFTSTA": [f"E{control}" for control in _CONTROL.values()],
}
"""What its files are acknowledged by: groups of 214s (997), interchanges of IFTSTAs (CONTRL)."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A parcel: its own number, what its sender calls the return, and the RMA number on its label."""

    number: str
    claim: str
    rma: str


def carry(endpoints: Endpoints, story: Scenario, tell: Tell, quiet: float) -> None:
    """Wait until all senders know their RMA numbers, or none has learnt one for `quiet` seconds; tell."""
    tracked = {one["id"]: one["tracked"] for one in story["returns"] if one["tracked"]}
    known: dict[str, str] = {}
    changed = time.monotonic()
    while len(known) < len(tracked) and time.monotonic() - changed < quiet:
        now = {claim: rma for claim, rma in _rma_numbers(endpoints).items() if claim in tracked}
        if len(now) > len(known):
            known, changed = now, time.monotonic()
        time.sleep(_LOOK_EVERY)
    for kind, write in (("214", write_x12), ("IFTSTA", write_edifact)):
        parcels = [
            Parcel(f"PRO{4410000 + number}", claim, known[claim])
            for number, (claim, told) in enumerate(tracked.items(), start=1)
            if told == kind and claim in known
        ]
        for event in _CONTROL if parcels else ():
            name = f"{CARRIER}_{kind}_{story['date'].replace('-', '')}_{event}.edi"
            dropped = drop(endpoints, "carrier", name, write(event, parcels, datetime.now(UTC)))
            tell({"step": "carrier", "name": name, "parcels": len(parcels), "dropped": dropped})


def _rma_numbers(endpoints: Endpoints) -> Mapping[str, str]:
    """Claim or announcement → RMA number, as the senders were told."""
    answers = {
        claim: told[0]["references"].get("RZ", "")
        for claim, told in books(endpoints, "sftp")["responses"].items()
        if told[0]["decision"] == "RA"
    }
    instructions = {
        announcement: told[0]["number"]
        for announcement, told in books(endpoints, "retail")["instructions"].items()
        if "12E" in told[0]["decisions"]
    }
    return {claim: rma for claim, rma in (answers | instructions).items() if rma}


def write_x12(event: str, parcels: Sequence[Parcel], now: datetime) -> str:
    """One interchange with a 214 per parcel: `picked_up` or `delivered`, just now."""
    control, moment = _CONTROL[event], now.astimezone(_NEW_YORK)
    day, clock = f"{moment:%Y%m%d}", f"{moment:%H%M}"
    parties = f"02*{CARRIER:<15}*ZZ*{'RETURNSHUB':<15}"
    segments = [
        f"ISA*00*{'':10}*00*{'':10}*{parties}*{day[2:]}*{clock}*U*00401*{control:09d}*0*P*>",
        f"GS*QM*{CARRIER}*RETURNSHUB*{day}*{clock}*{control}*X*004010",
    ]
    for number, parcel in enumerate(parcels, start=1):
        body = [
            f"B10*{parcel.number}**{CARRIER}",
            f"L11*{parcel.rma}*RZ",
            "LX*1",
            f"AT7*{_X12_EVENTS[event]}*NS***{day}*{clock}*ET",
            "MS1*COLUMBUS*OH*USA",
        ]
        segments += [f"ST*214*{number:04d}", *body, f"SE*{len(body) + 2}*{number:04d}"]
    return _lines([*segments, f"GE*{len(parcels)}*{control}", f"IEA*1*{control:09d}"], "~")


def write_edifact(event: str, parcels: Sequence[Parcel], now: datetime) -> str:
    """The same as an IFTSTA per parcel."""
    reference, moment = f"E{_CONTROL[event]}", now.astimezone(_BERLIN)
    segments = [f"UNB+UNOC:3+{CARRIER}+4299999000018:14+{moment:%y%m%d}:{moment:%H%M}+{reference}++IFTSTA"]
    for number, parcel in enumerate(parcels, start=1):
        body = [
            f"BGM+23+{reference}-{number}+9",
            f"DTM+137:{moment:%Y%m%d%H%M}:203",
            f"NAD+CA+{CARRIER}",
            f"CNI+1+{parcel.number}",
            f"STS+1+{_EDIFACT_EVENTS[event]}",
            f"RFF+CU:{parcel.rma}",
            f"DTM+334:{moment:%Y%m%d%H%M}:203",
        ]
        segments += [f"UNH+{number}+IFTSTA:D:96A:UN", *body, f"UNT+{len(body) + 2}+{number}"]
    return _lines([*segments, f"UNZ+{len(parcels)}+{reference}"], "'")


def _lines(segments: Iterable[str], terminator: str) -> str:
    return "".join(f"{segment}{terminator}\n" for segment in segments)
