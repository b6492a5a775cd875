"""What partners are told of in X12 and in EDIFACT alike."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(slots=True)
class Credit:
    """A credit memo and its amount: 812 (BCD02, BCD04 with implied decimals), INVOIC 381 (BGM, MOA 86)."""

    number: str
    amount: Decimal = Decimal(0)


@dataclass(slots=True)
class Receipt:
    """A receipt and how many pieces arrived: 861 (BRA01, RCD02), RECADV (BGM, QTY 48)."""

    number: str
    pieces: Decimal = Decimal(0)
