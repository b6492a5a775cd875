"""What is sold and sent back in the scenario: items, customers, reasons and the terms of credit."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

ACME = "17100001"
"""ACME's customer number in the ERP."""


@dataclass(frozen=True, slots=True)
class Item:
    """One article; `sku` is its UPC and its material number in the ERP."""

    sku: str
    text: str
    price: Decimal


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason under its names: canonical, X12 element 1293 for ACME, the portal's code, EDIFACT 7007."""

    name: str
    x12: str
    portal: str
    edifact: str = ""


_NAMES = (
    "Cordless drill 18 V", "Drill bit set, 19 pieces", "Angle grinder 125 mm", "Work lamp LED 30 W",
    "Socket set 1/2 inch", "Tape measure 5 m", "Spirit level 60 cm", "Jigsaw 650 W",
    "Circular saw 190 mm", "Heat gun 2000 W", "Cable reel 25 m", "Extension lead 5 m",
    "Tool box large", "Torque wrench 40-200 Nm", "Wet and dry vacuum 20 l", "Pressure washer 130 bar",
    "Paint sprayer", "Safety goggles", "Ear defenders", "Work gloves, 12 pairs",
    "Step ladder, 6 treads", "Sander 300 W", "Router 1200 W", "Multimeter",
    "Laser level", "Soldering station", "Bench vice 125 mm", "Clamp set, 4 pieces",
    "Chisel set, 6 pieces", "Staple gun",
)  # fmt: skip


def _upc(number: int) -> str:
    """A UPC with its check digit."""
    digits = f"{61414100000 + number:011d}"
    total = 3 * sum(map(int, digits[::2])) + sum(map(int, digits[1::2]))
    return f"{digits}{-total % 10}"


ITEMS = tuple(
    Item(_upc(position), name, Decimal(490 + position * position * 43) / 100)
    for position, name in enumerate(_NAMES, start=1)
)
EXPENSIVE = ITEMS[-6:]

FAULTS = (
    Reason("damaged", "DA", "DAMAGED", "4"),
    Reason("damaged_in_transit", "DT", "DAMAGED_IN_TRANSIT"),
    Reason("defective", "DR", "DEFECTIVE", "17"),
    Reason("recall", "RE", "RECALL"),
    Reason("wrong_item", "WG", "WRONG_ITEM", "6"),
    Reason("not_as_expected", "NA", "NOT_AS_EXPECTED"),
    Reason("excess_inventory", "EI", "EXCESS_INVENTORY"),
)
# EDIFACT has words for few reasons: a retailer names no others
IN_EDIFACT = tuple(reason for reason in FAULTS if reason.edifact)
# X12 has no code for goods that are simply no longer needed: only the portal can say so
CHANGES_OF_MIND = {
    "acme": (Reason("ordering_error", "CO", "ORDERING_ERROR"),),
    "portal": (
        Reason("ordering_error", "CO", "ORDERING_ERROR"),
        Reason("no_longer_needed", "", "NO_LONGER_NEEDED"),
    ),
}
UNKNOWN = Reason("unknown", "ZZ", "ZZ")

# The terms both sides signed: goods that work, or can be made to, are credited; broken ones only
# when they were announced as broken.
CREDITED_CONDITIONS = frozenset("ABCD")
CREDITED_WHEN_BROKEN = frozenset(
    {
        "damaged",
        "damaged_in_transit",
        "defective",
        "defective_in_store",
        "packaging_defective",
        "beyond_code_date",
        "recall",
        "warranty",
    }
)


def credited(condition: str, reason: str) -> bool:
    """Whether the terms grant a credit for a piece in this condition, sent back for this reason."""
    return condition in CREDITED_CONDITIONS or (condition == "E" and reason in CREDITED_WHEN_BROKEN)
