"""The retailer's announcements for returns: EDIFACT RETANN as EANCOM carries it on D.96A."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

SENDER = "4399999000015"
RECEIVER = "4299999000018"

Notice = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interchange:
    """One UNB … UNZ without groups; messages count from 1.

    `lines` writes a service string advice and a line feed behind every segment; without, neither.
    """

    reference: str
    sent: datetime
    notices: Sequence[Notice]
    lines: bool

    def text(self) -> str:
        """The interchange."""
        end = "'\n" if self.lines else "'"
        advice = f"UNA:+.? {end}" if self.lines else ""
        bodies = [
            segment
            for number, notice in enumerate(self.notices, start=1)
            for segment in message(str(number), notice)
        ]
        parties = f"{SENDER}:14+{RECEIVER}:14"
        head = f"UNB+UNOC:3+{parties}+{self.sent:%y%m%d}:{self.sent:%H%M}+{self.reference}++RETANN"
        tail = f"UNZ+{len(self.notices)}+{self.reference}"
        return advice + "".join(f"{segment}{end}" for segment in [head, *bodies, tail])


def message(reference: str, notice: Notice) -> list[str]:
    """One UNH … UNT.

    `notice`: claim, po, requested_at (datetime), reason (element 7007), lines [{sku, text, quantity}].
    """
    segments = [
        f"BGM+70E::9+{notice['claim']}+9",
        f"DTM+137:{notice['requested_at']:%Y%m%d}:102",
        f"RFF+ON:{notice['po']}",
        f"NAD+BY+{SENDER}::9++MARKT ?+ HAUS",
        f"NAD+SU+{RECEIVER}::9",
        *_lines(notice),
        "UNS+S",
        f"CNT+2:{len(notice['lines'])}",
    ]
    head = f"UNH+{reference}+RETANN:D:96A:EN:EAN001"
    return [head, *segments, f"UNT+{len(segments) + 2}+{reference}"]


def _lines(notice: Notice) -> Iterable[str]:
    for number, line in enumerate(notice["lines"], start=1):
        yield f"LIN+{number}++{line['sku']}:UP"
        yield f"IMD+F++:::{line['text']}"
        yield f"QTY+61:{line['quantity']}:PCE"
        yield f"CDI+1+{notice['reason']}"
