"""What an audit finds, as sentences."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any


@dataclass(slots=True)
class Audit:
    """Findings as sentences; `pending` counts what the warehouse has still to report."""

    missing: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    pending: int = 0

    @property
    def ok(self) -> bool:
        """Nothing missing, doubled, unexpected or still to come."""
        return not (self.missing or self.doubled or self.unexpected or self.pending)

    def expect(self, what: str, expected: int | Decimal, found: int | Decimal) -> None:
        """Compare a number: fewer is missing, more is doubled (or unexpected, when none was due)."""
        if found < expected:
            self.missing.append(f"{what}: expected {expected}, found {found}")
        elif found > expected:
            (self.doubled if expected else self.unexpected).append(
                f"{what}: expected {expected}, found {found}"
            )

    def as_json(self) -> dict[str, Any]:
        """What `python -m sandboxes audit` prints."""
        return {
            "ok": self.ok,
            "missing": self.missing,
            "doubled": self.doubled,
            "unexpected": self.unexpected,
            "pending": self.pending,
            "counts": self.counts,
        }
