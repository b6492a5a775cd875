"""ACME's export of return notices: X12 180 (004010) as text, one interchange after the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

SENDER = "ACME"
RECEIVER = "RETURNSHUB"
_VERSION = "004010"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interchange:
    """One ISA … IEA with one group; `control` numbers both, transactions count from 0001."""

    control: int
    sent: datetime
    transactions: Sequence[Mapping[str, Any]]

    def text(self) -> str:
        """The interchange, a line feed behind every segment."""
        bodies = [
            segment
            for position, one in enumerate(self.transactions, start=1)
            for segment in transaction(f"{position:04d}", one)
        ]
        day, clock = f"{self.sent:%Y%m%d}", f"{self.sent:%H%M}"
        parties = f"ZZ*{SENDER:<15}*ZZ*{RECEIVER:<15}"
        return _lines(
            [
                f"ISA*00*{'':10}*00*{'':10}*{parties}*{day[2:]}*{clock}*U*00401*{self.control:09d}*0*P*>",
                f"GS*AN*{SENDER}*{RECEIVER}*{day}*{clock}*{self.control}*X*{_VERSION}",
                *bodies,
                f"GE*{len(self.transactions)}*{self.control}",
                f"IEA*1*{self.control:09d}",
            ]
        )


def _lines(segments: Iterable[str]) -> str:
    return "".join(f"{segment}~\n" for segment in segments)


def transaction(control: str, notice: Mapping[str, Any]) -> list[str]:
    """One ST … SE.

    `notice`: claim, po, requested_at (datetime), customer, reason (X12 1293), reason_in_header (bool),
    lines [{sku, text, quantity}].
    """
    reason = f"RDR**{notice['reason']}"
    moment = notice["requested_at"]
    header = [f"BGN*00*{notice['claim']}*{moment:%Y%m%d}*{moment:%H%M}"]
    if notice["reason_in_header"]:
        header.append(reason)
    header += [f"PRF*{notice['po']}", f"N1*BY*ACME HARDWARE*92*{notice['customer']}"]
    lines: list[str] = []
    for line in notice["lines"]:
        lines += [f"BLI*UP*{line['sku']}*{line['quantity']}*EA", f"PID*F****{line['text']}"]
        if not notice["reason_in_header"]:
            lines.append(reason)
    count = len(header) + len(lines) + 2
    return [f"ST*180*{control}", *header, *lines, f"SE*{count}*{control}"]
